// SPDX-License-Identifier: GPL-2.0
/*
 * libila: the family's numbers, by its name
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

static void ila_family_note_group(struct ila *ila, const char *name,
				  uint32_t id)
{
	if (!strcmp(name, ILA_MCGRP_CONFIG))
		ila->group_config = id;
	else if (!strcmp(name, ILA_MCGRP_MISS))
		ila->group_miss = id;
}

static void ila_family_group(struct ila *ila, const struct nlattr *group)
{
	const char *name = NULL;
	const struct nlattr *attr;
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME &&
		    !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
			name = mnl_attr_get_str(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID &&
		    !mnl_attr_validate(attr, MNL_TYPE_U32))
			id = mnl_attr_get_u32(attr);
	}
	if (name)
		ila_family_note_group(ila, name, id);
}

static int ila_family_answer(struct ila *ila, const struct nlmsghdr *nlh,
			     void *data)
{
	const struct nlattr *attr, *group;
	uint16_t *family = data;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_FAMILY_ID:
			if (mnl_attr_validate(attr, MNL_TYPE_U16))
				return ila_answer_bad(ila);
			*family = mnl_attr_get_u16(attr);
			break;
		case CTRL_ATTR_MCAST_GROUPS:
			mnl_attr_for_each_nested(group, attr)
				ila_family_group(ila, group);
			break;
		}
	}
	return 0;
}

/**
 * ila_family_resolve() - learn the numbers of family and groups
 * @ila: handle
 *
 * Return: 0; -ENOENT: there is no such family.
 */
int ila_family_resolve(struct ila *ila)
{
	struct nlmsghdr *nlh = ila_head(ila->request, GENL_ID_CTRL,
					CTRL_CMD_GETFAMILY, NLM_F_ACK);
	uint16_t family = 0;
	int err;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, ILA_GENL_NAME);
	ila->family = GENL_ID_CTRL;
	err = ila_exchange(ila, nlh, ila_family_answer, &family);
	ila->family = family;
	if (err)
		return err;
	return family ? 0 : ila_answer_bad(ila);
}

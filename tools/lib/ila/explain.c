// SPDX-License-Identifier: GPL-2.0
/*
 * libila: what would become of an address
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

static const struct ila_field ila_explain_fields[] = {
	{ ILA_ATTR_EXPLAIN, offsetof(struct ila_explanation, by),
	  0 },
	{ ILA_ATTR_WHY, offsetof(struct ila_explanation, why),
	  0 },
	{ ILA_ATTR_ADDRESS, offsetof(struct ila_explanation, address),
	  ILA_EXPLAINED_ADDRESS },
	{ ILA_ATTR_DOMAIN, offsetof(struct ila_explanation, domain),
	  ILA_EXPLAINED_DOMAIN },
	{ ILA_ATTR_LOCATOR, offsetof(struct ila_explanation, locator),
	  ILA_EXPLAINED_LOCATOR },
	{ ILA_ATTR_LOCATOR_MATCH, offsetof(struct ila_explanation, match),
	  ILA_EXPLAINED_MATCH },
	{ ILA_ATTR_CSUM_MODE, offsetof(struct ila_explanation, csum_mode),
	  ILA_EXPLAINED_CSUM_MODE },
	{ ILA_ATTR_IDENT_TYPE, offsetof(struct ila_explanation, ident_type),
	  ILA_EXPLAINED_IDENT_TYPE },
	{ ILA_ATTR_MISS, offsetof(struct ila_explanation, miss),
	  ILA_EXPLAINED_MISS },
	{ ILA_ATTR_TRANSLATED, offsetof(struct ila_explanation, translated),
	  ILA_EXPLAINED_TRANSLATED },
	{ ILA_ATTR_IFINDEX, offsetof(struct ila_explanation, ifindex),
	  ILA_EXPLAINED_IFINDEX },
	{ ILA_ATTR_GATEWAY, offsetof(struct ila_explanation, gateway),
	  ILA_EXPLAINED_GATEWAY },
	{ ILA_ATTR_STRAY, offsetof(struct ila_explanation, stray),
	  ILA_EXPLAINED_STRAY },
	{ 0 }
};

/* All records there are, whatever they say of MORE */
static int ila_explain_records(const struct nlmsghdr *nlh,
			       struct ila_explanation *explanation)
{
	struct ila_mapping *record;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != ILA_ATTR_MAPPING)
			continue;
		if (mnl_attr_get_payload_len(attr) < sizeof(*record) ||
		    explanation->n == ILA_MAPPING_LOCATORS)
			return -EBADMSG;
		record = &explanation->records[explanation->n++];
		memcpy(record, mnl_attr_get_payload(attr), sizeof(*record));
	}
	return 0;
}

static int ila_explain_answer(struct ila *ila, const struct nlmsghdr *nlh,
			      void *data)
{
	struct ila_explanation *explanation = data;

	if (ila_fields_get(nlh, ila_explain_fields, explanation,
			   &explanation->set) ||
	    ila_explain_records(nlh, explanation))
		return ila_answer_bad(ila);
	return 0;
}

/**
 * ila_explain() - what would become of a packet to an address
 * @ila: handle
 * @address: destination of a packet that this node sends or receives
 * @explanation: gets the answer
 *
 * Return: 0; -EPERM.
 */
int ila_explain(struct ila *ila, const struct in6_addr *address,
		struct ila_explanation *explanation)
{
	struct nlmsghdr *nlh = ila_prepare(ila, ILA_CMD_EXPLAIN);

	mnl_attr_put(nlh, ILA_ATTR_ADDRESS, sizeof(*address), address);
	memset(explanation, 0, sizeof(*explanation));
	return ila_exchange(ila, nlh, ila_explain_answer, explanation);
}

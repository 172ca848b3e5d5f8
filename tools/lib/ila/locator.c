// SPDX-License-Identifier: GPL-2.0
/*
 * libila: locators
 */
#include <string.h>

#include "internal.h"

enum {
	ILA_LOCATOR_KEY = 1 << 0,
	ILA_LOCATOR_BODY = 1 << 1,
};

static const struct ila_field ila_locator_fields[] = {
	{ ILA_ATTR_LOCATOR, offsetof(struct ila_locator, locator), ILA_LOCATOR_KEY },
	{ ILA_ATTR_DOMAIN, offsetof(struct ila_locator, domain), ILA_LOCATOR_KEY },
	{ ILA_ATTR_SIR_PREFIX, offsetof(struct ila_locator, sir_prefix),
	  ILA_LOCATOR_BODY },
	{ ILA_ATTR_COUNT, offsetof(struct ila_locator, mappings), ILA_LOCATOR_BODY },
	{ ILA_ATTR_STATE, offsetof(struct ila_locator, state), ILA_LOCATOR_BODY },
	{ ILA_ATTR_PACKETS, offsetof(struct ila_locator, packets), ILA_LOCATOR_BODY },
	{ ILA_ATTR_BYTES, offsetof(struct ila_locator, bytes), ILA_LOCATOR_BODY },
	{ 0 }
};

static struct nlmsghdr *ila_locator_prepare(struct ila *ila, uint8_t cmd,
					    uint32_t domain, __be64 locator)
{
	const struct ila_locator key = { .locator = locator, .domain = domain };
	struct nlmsghdr *nlh = ila_prepare(ila, cmd);

	ila_fields_put(nlh, ila_locator_fields, &key, ILA_LOCATOR_KEY);
	return nlh;
}

/**
 * ila_locator_get() - look a locator up
 * @ila: handle
 * @domain: identifier namespace
 * @locator: locator
 * @answer: gets what is known of it
 *
 * Return: 0; -ENOENT: nothing has this locator; -EPERM.
 */
int ila_locator_get(struct ila *ila, uint32_t domain, __be64 locator,
		    struct ila_locator *answer)
{
	struct nlmsghdr *nlh = ila_locator_prepare(ila, ILA_CMD_LOCATOR_GET,
						   domain, locator);
	uint32_t set;

	memset(answer, 0, sizeof(*answer));
	return ila_query(ila, nlh, ila_locator_fields, answer, &set);
}

struct ila_locator_dump {
	ila_locator_cb cb;
	void *data;
};

static int ila_locator_answer(struct ila *ila, const struct nlmsghdr *nlh,
			      void *data)
{
	const struct ila_locator_dump *dump = data;
	struct ila_locator locator = { 0 };
	uint32_t set;

	if (ila_fields_get(nlh, ila_locator_fields, &locator, &set))
		return ila_answer_bad(ila);
	return dump->cb(&locator, dump->data);
}

/**
 * ila_locator_dump() - all locators, one by one
 * @ila: handle
 * @cb: takes each locator; a negative value stops
 * @data: for @cb
 *
 * Return: 0; ILA_CHANGED: locators changed meanwhile; what @cb stopped with;
 * -EPERM.
 */
int ila_locator_dump(struct ila *ila, ila_locator_cb cb, void *data)
{
	struct ila_locator_dump dump = { .cb = cb, .data = data };

	return ila_exchange(ila, ila_prepare_dump(ila, ILA_CMD_LOCATOR_GET),
			    ila_locator_answer, &dump);
}

/**
 * ila_locator_move() - all mappings of a locator get another one, at once
 * @ila: handle
 * @domain: identifier namespace
 * @from: the locator they have
 * @to: the locator they get
 *
 * Return: 0; -ENOENT: nothing has @from; -EINVAL: @to can not be a locator, or
 * goes with another SIR prefix; -EPERM.
 */
int ila_locator_move(struct ila *ila, uint32_t domain, __be64 from, __be64 to)
{
	struct nlmsghdr *nlh = ila_locator_prepare(ila, ILA_CMD_LOCATOR_MOVE,
						   domain, from);

	mnl_attr_put(nlh, ILA_ATTR_LOCATOR_TO, sizeof(to), &to);
	return ila_exchange(ila, nlh, NULL, NULL);
}

/**
 * ila_locator_down() - do not use a locator
 * @ila: handle
 * @domain: identifier namespace
 * @locator: locator; mappings with others use these, those without miss
 *
 * Return: 0; -ENOENT: nothing has this locator; -EPERM.
 */
int ila_locator_down(struct ila *ila, uint32_t domain, __be64 locator)
{
	return ila_exchange(ila, ila_locator_prepare(ila, ILA_CMD_LOCATOR_DOWN,
						     domain, locator),
			    NULL, NULL);
}

/**
 * ila_locator_up() - use a locator again
 * @ila: handle
 * @domain: identifier namespace
 * @locator: locator
 *
 * Return: 0; -ENOENT: nothing has this locator; -EPERM.
 */
int ila_locator_up(struct ila *ila, uint32_t domain, __be64 locator)
{
	return ila_exchange(ila, ila_locator_prepare(ila, ILA_CMD_LOCATOR_UP,
						     domain, locator),
			    NULL, NULL);
}

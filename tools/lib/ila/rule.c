// SPDX-License-Identifier: GPL-2.0
/*
 * libila: rules
 */
#include <string.h>

#include "internal.h"

/* What a rule's request has */
enum {
	ILA_RULE_KEY = 1 << 0,
	ILA_RULE_BODY = 1 << 1,
	ILA_RULE_TYPE = 1 << 2,
};

const struct ila_field ila_rule_fields[] = {
	{ ILA_ATTR_LOCATOR_MATCH, offsetof(struct ila_rule, match), ILA_RULE_KEY },
	{ ILA_ATTR_IFINDEX, offsetof(struct ila_rule, ifindex), ILA_RULE_KEY },
	{ ILA_ATTR_LOCATOR, offsetof(struct ila_rule, locator), ILA_RULE_BODY },
	{ ILA_ATTR_CSUM_MODE, offsetof(struct ila_rule, csum_mode), ILA_RULE_BODY },
	{ ILA_ATTR_DOMAIN, offsetof(struct ila_rule, domain), ILA_RULE_BODY },
	{ ILA_ATTR_STRAY, offsetof(struct ila_rule, stray), ILA_RULE_BODY },
	{ ILA_ATTR_IDENT_TYPE, offsetof(struct ila_rule, ident_type), ILA_RULE_TYPE },
	{ 0 }
};

/**
 * ila_rule_clear() - what a rule is of which nothing is known
 * @rule: rule
 */
void ila_rule_clear(struct ila_rule *rule)
{
	memset(rule, 0, sizeof(*rule));
	rule->csum_mode = ILA_CSUM_NO_ACTION;
	rule->ident_type = ILA_RULE_OPAQUE;
}

/**
 * ila_rule_init() - a rule with the defaults of ip
 * @rule: gets them: no-action, every identifier, any device, domain 0, stray
 *	packets are forwarded
 * @match: the upper half that matches
 * @locator: the upper half that is written
 */
void ila_rule_init(struct ila_rule *rule, __be64 match, __be64 locator)
{
	ila_rule_clear(rule);
	rule->match = match;
	rule->locator = locator;
}

/**
 * ila_rule_add() - add a rule
 * @ila: handle
 * @rule: rule
 *
 * Return: 0; -EEXIST: there is one for this match and device; -EINVAL; -ENODEV;
 * -EPERM; -ENOMEM.
 */
int ila_rule_add(struct ila *ila, const struct ila_rule *rule)
{
	struct nlmsghdr *nlh = ila_prepare(ila, ILA_CMD_RULE_ADD);
	uint32_t set = ILA_RULE_KEY | ILA_RULE_BODY;

	if (rule->ident_type != ILA_RULE_OPAQUE)
		set |= ILA_RULE_TYPE;
	ila_fields_put(nlh, ila_rule_fields, rule, set);
	return ila_exchange(ila, nlh, NULL, NULL);
}

static struct nlmsghdr *ila_rule_prepare(struct ila *ila, uint8_t cmd,
					 __be64 match, int32_t ifindex)
{
	const struct ila_rule key = { .match = match, .ifindex = ifindex };
	struct nlmsghdr *nlh = ila_prepare(ila, cmd);

	ila_fields_put(nlh, ila_rule_fields, &key, ILA_RULE_KEY);
	return nlh;
}

/**
 * ila_rule_get() - look a rule up
 * @ila: handle
 * @match: the upper half it matches
 * @ifindex: its input device, 0 for any
 * @rule: gets the rule
 *
 * Return: 0; -ESRCH: there is none; -EPERM.
 */
int ila_rule_get(struct ila *ila, __be64 match, int32_t ifindex,
		 struct ila_rule *rule)
{
	struct nlmsghdr *nlh = ila_rule_prepare(ila, ILA_CMD_RULE_GET, match,
						ifindex);
	uint32_t set;

	ila_rule_clear(rule);
	return ila_query(ila, nlh, ila_rule_fields, rule, &set);
}

/**
 * ila_rule_del() - delete a rule
 * @ila: handle
 * @match: the upper half it matches
 * @ifindex: its input device, 0 for any
 *
 * Return: 0; -ENOENT: there is none; -EPERM.
 */
int ila_rule_del(struct ila *ila, __be64 match, int32_t ifindex)
{
	struct nlmsghdr *nlh = ila_rule_prepare(ila, ILA_CMD_RULE_DEL, match,
						ifindex);

	return ila_exchange(ila, nlh, NULL, NULL);
}

struct ila_rule_dump {
	ila_rule_cb cb;
	void *data;
};

static int ila_rule_answer(struct ila *ila, const struct nlmsghdr *nlh,
			   void *data)
{
	const struct ila_rule_dump *dump = data;
	struct ila_rule rule;
	uint32_t set;

	ila_rule_clear(&rule);
	if (ila_fields_get(nlh, ila_rule_fields, &rule, &set))
		return ila_answer_bad(ila);
	return dump->cb(&rule, dump->data);
}

/**
 * ila_rule_dump() - all rules, one by one
 * @ila: handle
 * @cb: takes each rule; a negative value stops
 * @data: for @cb
 *
 * Return: 0; ILA_CHANGED: rules changed meanwhile; what @cb stopped with;
 * -EPERM.
 */
int ila_rule_dump(struct ila *ila, ila_rule_cb cb, void *data)
{
	struct ila_rule_dump dump = { .cb = cb, .data = data };

	return ila_exchange(ila, ila_prepare_dump(ila, ILA_CMD_RULE_GET),
			    ila_rule_answer, &dump);
}

/**
 * ila_rule_flush() - delete all rules
 * @ila: handle
 *
 * Return: 0; -EPERM.
 */
int ila_rule_flush(struct ila *ila)
{
	return ila_exchange(ila, ila_prepare(ila, ILA_CMD_FLUSH), NULL, NULL);
}

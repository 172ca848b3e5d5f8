// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: rule
 */
#include <errno.h>

#include "ilactl.h"

static int rule_show(const struct ila_rule *rule, void *data)
{
	(void)data;
	show(&form_rule, rule);
	return ferror(stdout) ? -EPIPE : 0;
}

static int rule_list(struct words *words)
{
	struct ila *ila;

	if (words_end(words))
		return FAIL_USAGE;
	ila = kernel(words);
	if (!ila)
		return FAIL_KERNEL;
	show_start();
	return show_stop(words, ila_rule_dump(ila, rule_show, NULL));
}

static int rule_add(struct words *words)
{
	struct ila_rule rule;
	struct ila *ila;
	int err = parse_rule(words, &rule);

	if (err)
		return err;
	ila = kernel(words);
	if (!ila)
		return FAIL_KERNEL;
	err = ila_rule_add(ila, &rule);
	return err ? fail(words, "rule add", err, "'rule delete' it first") : 0;
}

static int rule_delete(struct words *words)
{
	struct ila_rule rule;
	struct ila *ila;
	int err;

	ila_rule_init(&rule, 0, 0);
	err = parse(words, &form_rule_key, &rule);
	if (err)
		return err;
	ila = kernel(words);
	if (!ila)
		return FAIL_KERNEL;
	err = ila_rule_del(ila, rule.match, rule.ifindex);
	return err ? fail(words, "rule delete", err, "'rule list' shows those that there are") : 0;
}

static int rule_flush(struct words *words)
{
	struct ila *ila;
	int err;

	if (words_end(words))
		return FAIL_USAGE;
	ila = kernel(words);
	if (!ila)
		return FAIL_KERNEL;
	err = ila_rule_flush(ila);
	return err ? fail(words, "rule flush", err, NULL) : 0;
}

const struct verb verbs_rule[] = {
	{ "list", .run = rule_list },
	{ "show", .run = rule_list },
	{ "add", .run = rule_add, .form = &form_rule, .usage =
	  "loc_match PREFIX loc PREFIX [dev DEVICE] [csum-mode MODE]\n"
	  "    [ident-type TYPE] [stray POLICY] [domain NUMBER]" },
	{ "delete", .run = rule_delete, .form = &form_rule_key,
	  .usage = "loc_match PREFIX [dev DEVICE]" },
	{ "flush", .run = rule_flush },
	{ 0 }
};

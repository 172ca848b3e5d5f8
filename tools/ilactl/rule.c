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
	int err = words_end(words) ?: kernel_open(words, &ila);

	if (err)
		return err;
	show_start();
	return show_stop(words, ila_rule_dump(ila, rule_show, NULL));
}

static int rule_add(struct words *words)
{
	struct ila_rule rule;
	struct ila *ila;
	int err = parse_rule(words, &rule) ?: kernel_open(words, &ila);

	if (err)
		return err;
	err = ila_rule_add(ila, &rule);
	return err ? fail(words, "rule add", err, "'rule delete' it first") : 0;
}

static int rule_delete(struct words *words)
{
	struct ila_rule rule;
	struct ila *ila;
	int err;

	ila_rule_init(&rule, 0, 0);
	err = parse(words, &form_rule_key, &rule) ?: kernel_open(words, &ila);
	if (err)
		return err;
	err = ila_rule_del(ila, rule.match, rule.ifindex);
	return err ? fail(words, "rule delete", err, "'rule list' shows those that there are") : 0;
}

static int rule_count(const struct ila_rule *rule, void *data)
{
	uint32_t *count = data;

	(void)rule;
	++*count;
	return 0;
}

/* The kernel does not tell: there are as many as there were just before */
static int rule_flush(struct words *words)
{
	uint32_t count = 0;
	struct ila *ila;
	int err = words_end(words) ?: kernel_open(words, &ila);

	if (err)
		return err;
	err = ila_rule_dump(ila, rule_count, &count);
	if (err >= 0)
		err = ila_rule_flush(ila);
	return err ? fail(words, "rule flush", err, NULL) :
		     show_deleted(words, count);
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

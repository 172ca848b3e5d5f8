// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: all the rules there shall be
 *
 * There are few, so they are kept. What is there already is left alone; a rule
 * that differs has to go before the new one comes, and comes back if the new
 * one is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ilactl.h"

#define RULE_TEXT	256

/**
 * struct ruleset - rules
 * @wanted: those that there shall be
 * @n_wanted: how many
 * @there: those that there are
 * @n_there: how many
 */
struct ruleset {
	struct ila_rule *wanted;
	size_t n_wanted;
	struct ila_rule *there;
	size_t n_there;
};

/* One more at the end. Return: 0 or -ENOMEM. */
static int rules_append(struct ila_rule **rules, size_t *n,
			const struct ila_rule *rule)
{
	struct ila_rule *more = *rules;

	/* room for the next power of two */
	if (!(*n & (*n - 1))) {
		more = realloc(more, (*n ? 2 * *n : 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		*rules = more;
	}
	more[(*n)++] = *rule;
	return 0;
}

static const struct ila_rule *rules_find(const struct ila_rule *rules, size_t n,
					 const struct ila_rule *like)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (rules[i].match == like->match &&
		    rules[i].ifindex == like->ifindex)
			return &rules[i];
	}
	return NULL;
}

static bool rule_same(const struct ila_rule *a, const struct ila_rule *b)
{
	return a->locator == b->locator && a->domain == b->domain &&
	       a->csum_mode == b->csum_mode &&
	       a->ident_type == b->ident_type && a->stray == b->stray;
}

/* Which rule, in an error */
static const char *rule_text(const struct ila_rule *rule, char text[RULE_TEXT])
{
	char half[ILA_TEXT_LEN];

	snprintf(text, RULE_TEXT, "rule loc_match %s",
		 ila_locator_text(rule->match, half));
	return text;
}

/**
 * ruleset_new() - no rules yet
 *
 * Return: the set, or NULL: there is no memory left.
 */
struct ruleset *ruleset_new(void)
{
	return calloc(1, sizeof(struct ruleset));
}

/**
 * ruleset_free() - the set is not needed any more
 * @set: set, or NULL
 */
void ruleset_free(struct ruleset *set)
{
	if (!set)
		return;
	free(set->wanted);
	free(set->there);
	free(set);
}

/**
 * ruleset_want() - one more that there shall be
 * @set: set
 * @words: where that is said
 * @rule: rule
 *
 * Return: 0, FAIL_USAGE or FAIL_KERNEL.
 */
int ruleset_want(struct ruleset *set, const struct words *words,
		 const struct ila_rule *rule)
{
	if (rules_find(set->wanted, set->n_wanted, rule))
		return refuse(words, "a rule further up has this loc_match and dev; leave one out");
	if (rules_append(&set->wanted, &set->n_wanted, rule))
		return fail_text(words, "the rule", strerror(ENOMEM), NULL);
	return 0;
}

static int ruleset_note(const struct ila_rule *rule, void *data)
{
	struct ruleset *set = data;

	return rules_append(&set->there, &set->n_there, rule);
}

static int ruleset_put(const struct words *words, struct ila *ila,
		       const struct ila_rule *rule, const struct ila_rule *old)
{
	char text[RULE_TEXT];
	int err = 0;

	if (old)
		err = ila_rule_del(ila, old->match, old->ifindex);
	if (!err)
		err = ila_rule_add(ila, rule);
	if (!err)
		return 0;
	fail(words, rule_text(rule, text), err, NULL);
	if (old && ila_rule_add(ila, old))
		fail_text(words, text, "the rule that was there could not be put back", NULL);
	return FAIL_KERNEL;
}

/**
 * ruleset_add() - all that shall be there is there
 * @set: set
 * @words: who asks
 *
 * Return: 0 or FAIL_KERNEL.
 */
int ruleset_add(struct ruleset *set, const struct words *words)
{
	struct ila *ila = kernel(words);
	const struct ila_rule *old;
	size_t i;
	int err;

	err = ila_rule_dump(ila, ruleset_note, set);
	if (err < 0)
		return fail(words, "the rules that there are", err, NULL);
	for (i = 0; i < set->n_wanted; i++) {
		old = rules_find(set->there, set->n_there, &set->wanted[i]);
		if (old && rule_same(old, &set->wanted[i]))
			continue;
		if (ruleset_put(words, ila, &set->wanted[i], old))
			return FAIL_KERNEL;
	}
	return 0;
}

/**
 * ruleset_sweep() - nothing else is there
 * @set: set, after ruleset_add()
 * @words: who asks
 *
 * Return: 0 or FAIL_KERNEL.
 */
int ruleset_sweep(struct ruleset *set, const struct words *words)
{
	struct ila *ila = kernel(words);
	const struct ila_rule *rule;
	char text[RULE_TEXT];
	int err;

	for (rule = set->there; rule < set->there + set->n_there; rule++) {
		if (rules_find(set->wanted, set->n_wanted, rule))
			continue;
		err = ila_rule_del(ila, rule->match, rule->ifindex);
		if (err && err != -ENOENT)
			return fail(words, rule_text(rule, text), err, NULL);
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: all the rules there shall be
 *
 * There are few, so they are kept. What is there already is left alone; a rule
 * that differs has to go before the new one comes, and comes back if the new
 * one is refused.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "ilactl.h"

#define RULE_TEXT	256

/**
 * struct kept - a rule
 * @rule: it
 * @line: of the file, if it is from there
 */
struct kept {
	struct ila_rule rule;
	unsigned long line;
};

/**
 * struct rules - rules
 * @kept: they
 * @n: how many
 */
struct rules {
	struct kept *kept;
	size_t n;
};

/**
 * struct ruleset - rules
 * @wanted: those that there shall be; sorted by ruleset_check()
 * @there: those that there are; sorted by ruleset_add()
 * @file: where the former are from
 */
struct ruleset {
	struct rules wanted;
	struct rules there;
	const char *file;
};

/* Return: 0 or -ENOMEM */
static int rules_append(struct rules *rules, const struct ila_rule *rule,
			unsigned long line)
{
	struct kept *kept = array_room(rules->kept, rules->n, sizeof(*kept));

	if (!kept)
		return -ENOMEM;
	rules->kept = kept;
	kept[rules->n++] = (struct kept){ .rule = *rule, .line = line };
	return 0;
}

static int kept_compare(const void *a, const void *b)
{
	const struct ila_rule *one = &((const struct kept *)a)->rule;
	const struct ila_rule *other = &((const struct kept *)b)->rule;
	int order = memcmp(&one->match, &other->match, sizeof(one->match));

	return order ?: (one->ifindex > other->ifindex) -
			(one->ifindex < other->ifindex);
}

static int kept_compare_lines(const void *a, const void *b)
{
	const struct kept *one = a, *other = b;

	return kept_compare(a, b) ?: (one->line > other->line) -
				     (one->line < other->line);
}

static void rules_sort(struct rules *rules)
{
	if (rules->n)
		qsort(rules->kept, rules->n, sizeof(*rules->kept),
		      kept_compare_lines);
}

static const struct ila_rule *rules_find(const struct rules *rules,
					 const struct kept *like)
{
	const struct kept *found = NULL;

	if (rules->n)
		found = bsearch(like, rules->kept, rules->n,
				sizeof(*rules->kept), kept_compare);
	return found ? &found->rule : NULL;
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
	char half[ILA_TEXT_LEN], device[IF_NAMESIZE];
	bool named = rule->ifindex && if_indextoname(rule->ifindex, device);

	snprintf(text, RULE_TEXT, "rule loc_match %s%s%s",
		 ila_locator_text(rule->match, half), named ? " dev " : "",
		 named ? device : "");
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
	free(set->wanted.kept);
	free(set->there.kept);
	free(set);
}

/**
 * ruleset_want() - one more that there shall be
 * @set: set
 * @words: where that is said
 * @rule: rule
 *
 * Return: 0 or FAIL_KERNEL.
 */
int ruleset_want(struct ruleset *set, const struct words *words,
		 const struct ila_rule *rule)
{
	set->file = words->file;
	return rules_append(&set->wanted, rule, words->line) ?
	       fail_text(words, "the rule", strerror(ENOMEM), NULL) : 0;
}

/**
 * ruleset_check() - is each rule there once?
 * @set: set, after the last ruleset_want()
 *
 * Return: 0 or FAIL_USAGE.
 */
int ruleset_check(struct ruleset *set)
{
	struct words where = { .file = set->file };
	struct kept *kept = set->wanted.kept;
	size_t i;

	rules_sort(&set->wanted);
	for (i = 1; i < set->wanted.n; i++) {
		if (kept_compare(&kept[i - 1], &kept[i]))
			continue;
		where.line = kept[i].line;
		return refuse(&where, "line %lu has this loc_match and dev, too; leave one out",
			      kept[i - 1].line);
	}
	return 0;
}

static int ruleset_note(const struct ila_rule *rule, void *data)
{
	struct ruleset *set = data;

	return rules_append(&set->there, rule, 0);
}

static int ruleset_put(const struct words *words, struct ila *ila,
		       const struct ila_rule *rule, const struct ila_rule *old,
		       struct restored *done)
{
	char text[RULE_TEXT];
	int err = old ? ila_rule_del(ila, old->match, old->ifindex) : 0;

	if (err && err != -ENOENT)
		return fail(words, rule_text(rule, text), err, NULL);
	err = ila_rule_add(ila, rule);
	if (!err) {
		done->rules_written++;
		return 0;
	}
	fail(words, rule_text(rule, text), err, NULL);
	if (old && ila_rule_add(ila, old)) {
		done->rules_deleted++;
		fail_text(words, text, "the rule that was there could not be put back", NULL);
	}
	return FAIL_KERNEL;
}

/**
 * ruleset_add() - all that shall be there is there
 * @set: set, after ruleset_check()
 * @words: who asks
 * @done: counts what changes
 *
 * Return: 0 or FAIL_KERNEL.
 */
int ruleset_add(struct ruleset *set, const struct words *words,
		struct restored *done)
{
	struct ila *ila = kernel(words);
	const struct ila_rule *old;
	const struct kept *kept;
	int err;

	err = ila_rule_dump(ila, ruleset_note, set);
	if (err < 0)
		return fail(words, "the rules that there are", err, NULL);
	rules_sort(&set->there);
	for (kept = set->wanted.kept; kept < set->wanted.kept + set->wanted.n;
	     kept++) {
		old = rules_find(&set->there, kept);
		if (old && rule_same(old, &kept->rule))
			continue;
		err = ruleset_put(words, ila, &kept->rule, old, done);
		if (err)
			return err;
	}
	return 0;
}

/**
 * ruleset_sweep() - nothing else is there
 * @set: set, after ruleset_add()
 * @words: who asks
 * @done: counts what changes
 *
 * Return: 0 or FAIL_KERNEL.
 */
int ruleset_sweep(struct ruleset *set, const struct words *words,
		  struct restored *done)
{
	struct ila *ila = kernel(words);
	const struct kept *kept;
	char text[RULE_TEXT];
	int err;

	for (kept = set->there.kept; kept < set->there.kept + set->there.n;
	     kept++) {
		if (rules_find(&set->wanted, kept))
			continue;
		err = ila_rule_del(ila, kept->rule.match, kept->rule.ifindex);
		if (err && err != -ENOENT)
			return fail(words, rule_text(&kept->rule, text), err,
				    NULL);
		done->rules_deleted += !err;
	}
	return 0;
}

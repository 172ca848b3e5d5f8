// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: which command is it?
 */
#include <string.h>

#include "ilactl.h"

const struct verb verbs[] = {
	{ "map", .sub = verbs_map },
	{ "locator", .sub = verbs_locator },
	{ "rule", .sub = verbs_rule },
	{ "stats", .run = run_stats, .extra = "--reset-view\n--openmetrics", .usage =
	  "[--reset-view | --openmetrics]" },
	{ "monitor", .run = run_monitor, .extra = "config\nmiss", .usage = "[config | miss]" },
	{ "explain", .run = run_explain, .form = &form_question, .usage = "ADDRESS" },
	{ "route", .run = run_route, .form = &form_route, .extra = "--apply", .usage =
	  "PREFIX [via ADDRESS] [dev DEVICE] [csum-mode MODE] [ident-type TYPE]\n"
	  "    [src ADDRESS] [table TABLE] [metric NUMBER] [--apply]" },
	{ "encode", .run = run_encode, .form = &form_encode, .usage =
	  "ADDRESS LOCATOR [csum-mode MODE] [ident-type TYPE] [identifier ID]\n"
	  "    [vnid NUMBER] [ipv4 ADDRESS]" },
	{ "decode", .run = run_decode, .form = &form_decode, .usage =
	  "ADDRESS [sir PREFIX] [csum-mode MODE] [ident-type TYPE]" },
	{ "save", .run = run_save },
	{ "restore", .run = run_restore, .extra = "--diff", .usage = "[--diff] [FILE]" },
	{ "config", .sub = verbs_config },
	{ 0 }
};

/* The names of verbs, for nearest() */
static const char *verb_name(const void *from, unsigned int i)
{
	const struct verb *among = from;

	return among[i].name;
}

/**
 * verb_find() - the verb that a word stands for
 * @among: those that can be there
 * @word: word
 *
 * Return: the verb, or NULL.
 */
const struct verb *verb_find(const struct verb *among, const char *word)
{
	const struct verb *verb;

	for (verb = among; verb->name; verb++) {
		if (abbreviates(word, verb->name))
			return verb;
	}
	return NULL;
}

/**
 * verb_run() - do what words say
 * @among: words that can be the first one
 * @words: words
 *
 * Return: 0, FAIL_USAGE or FAIL_KERNEL.
 */
int verb_run(const struct verb *among, struct words *words)
{
	const char *word = words_next(words);
	const struct verb *verb = word ? verb_find(among, word) : among;

	if (!verb)
		return refuse_word(words, "command", word,
				   nearest(word, verb_name, among));
	return verb->sub ? verb_run(verb->sub, words) : verb->run(words);
}

static void verb_usage_of(const struct verb *among, const char *before, FILE *to)
{
	const struct verb *verb;

	for (verb = among; verb->name; verb++) {
		if (verb->sub)
			verb_usage_of(verb->sub, verb->name, to);
		else
			fprintf(to, "  %s%s%s%s%s\n", before, *before ? " " : "",
				verb->name, verb->usage ? " " : "",
				verb->usage ?: "");
	}
}

/**
 * verb_usage() - all commands
 * @to: where to write
 */
void verb_usage(FILE *to)
{
	verb_usage_of(verbs, "", to);
}

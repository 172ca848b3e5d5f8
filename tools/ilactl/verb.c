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
	  "ADDRESS LOCATOR [csum-mode MODE] [ident-type TYPE]\n"
	  "    [identifier ID | [type TYPE] [vnid NUMBER] [ipv4 ADDRESS]]" },
	{ "decode", .run = run_decode, .form = &form_decode, .usage =
	  "ADDRESS [sir PREFIX] [csum-mode MODE] [ident-type TYPE]" },
	{ "save", .run = run_save },
	{ "restore", .run = run_restore, .extra = "--add\n--diff",
	  .usage = "[--add] [--diff] [FILE]" },
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

static bool verb_helps(const char *word)
{
	return word && (!strcmp(word, "help") ||
			(*word == '-' && option_is(word, "help")));
}

static void verb_usage_of(const struct words *words, FILE *to)
{
	const struct verb *verb = words->verb;

	fprintf(to, "usage: ilactl %s%s%s%s%s\n", words->group ?: "",
		words->group ? " " : "", verb->name, verb->usage ? " " : "",
		verb->usage ?: "");
}

static bool verb_alike(const struct verb *a, const struct verb *b)
{
	return b->run && (a->run == b->run || (a->usage && a->usage == b->usage));
}

/* Those that take the same share a line */
static void verb_list(const struct verb *among, const char *group, FILE *to)
{
	const struct verb *verb;

	for (verb = among; verb->name; verb++) {
		if (verb->sub) {
			verb_list(verb->sub, verb->name, to);
			continue;
		}
		fprintf(to, "  %s%s%s", group ?: "", group ? " " : "", verb->name);
		for (; verb_alike(verb, verb + 1); verb++)
			fprintf(to, "|%s", verb[1].name);
		fprintf(to, "%s%s\n", verb->usage ? " " : "", verb->usage ?: "");
	}
}

/* The command itself. Return: as it does. */
static int verb_do(const struct verb *verb, struct words *words)
{
	int err;

	words->verb = verb;
	if (verb_helps(words_peek(words))) {
		verb_usage_of(words, stdout);
		return 0;
	}
	progress_command(true);
	err = verb->run(words);
	progress_command(false);
	return err;
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

	if (verb_helps(word)) {
		verb_list(among, words->group, stdout);
		return 0;
	}
	if (!verb)
		return refuse_word(words, "command", word,
				   nearest(word, verb_name, among));
	if (!verb->sub)
		return verb_do(verb, words);
	words->group = verb->name;
	return verb_run(verb->sub, words);
}

/**
 * verb_usage() - all commands
 * @to: where to write
 */
void verb_usage(FILE *to)
{
	verb_list(verbs, NULL, to);
}

/**
 * refuse_arguments() - what was refused are arguments of a verb: tell those it has
 * @words: the command; of a file's lines one is enough
 *
 * Return: FAIL_USAGE.
 */
int refuse_arguments(const struct words *words)
{
	if (words->verb && !words->file)
		verb_usage_of(words, stderr);
	return FAIL_USAGE;
}

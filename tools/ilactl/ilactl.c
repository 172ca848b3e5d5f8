// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: show and change Identifier-Locator Addressing; see ilactl(8)
 */
#include <string.h>

#include "ilactl.h"

static int print_help(void)
{
	puts("usage: ilactl [OPTION]... COMMAND\n"
	     "       ilactl [OPTION]... -b FILE\n\n"
	     "  -j, -json     JSON            -p, -pretty      indented\n"
	     "  -s, -stats    more            -o, -oneline     an object a line\n"
	     "  -t, -timestamp                -c[=always|auto|never], -color\n"
	     "  -N, -netns NETNS              -b, -batch FILE  commands of a file, - for stdin\n"
	     "  -V, -Version                  -h, -help\n");
	verb_usage(stdout);
	return 0;
}

/* A switch, and what it switches */
struct option_flag {
	const char *name;
	bool *flag;
};

static const struct option_flag option_flags[] = {
	{ "json", &options.json },
	{ "pretty", &options.pretty },
	{ "stats", &options.stats },
	{ "statistics", &options.stats },
	{ "timestamp", &options.stamp },
	{ "oneline", &options.oneline },
};

static int option_color(const struct words *words, const char *option)
{
	const char *when = strchr(option, '=');

	if (color_set(when ? when + 1 : "always"))
		return refuse(words, "'%s': colours are always, auto or never there", option);
	return 0;
}

static int option_value(struct words *words, const char *option,
			int (*use)(const char *value))
{
	const char *value = words_next(words);

	return value ? use(value) : refuse(words, "%s wants a value", option);
}

static int option_netns(struct words *words)
{
	return option_value(words, "-netns", kernel_enter);
}

static const char *batch_file;

static int option_batch(const char *value)
{
	batch_file = value;
	return 0;
}

static int option(struct words *words)
{
	const char *word = words_next(words);
	const char *name = word + 1 + (word[1] == '-');
	size_t i;

	for (i = 0; i < LENGTH(option_flags); i++) {
		if (abbreviates(name, option_flags[i].name)) {
			*option_flags[i].flag = true;
			return 0;
		}
	}
	if (abbreviates(name, "batch"))
		return option_value(words, word, option_batch);
	if (!strcmp(name, "N") || abbreviates(name, "netns"))
		return option_netns(words);
	if (*name == 'c')
		return option_color(words, word);
	return refuse_word(words, "option", word, NULL);
}

static bool option_ends(const char *name)
{
	return abbreviates(name, "help") || abbreviates(name, "Version");
}

/* Half a list must not pass for a whole one */
static int end(int err)
{
	kernel_close();
	if (!fflush(stdout) && !ferror(stdout))
		return err;
	return fail_text(NULL, "output", "it can not be written", NULL);
}

int main(int argc, char **argv)
{
	struct words words = { .word = argv, .n = argc, .at = 1 };
	const char *word;
	int err;

	color_set("auto");
	while ((word = words_peek(&words)) && word[0] == '-' && word[1]) {
		if (!strcmp(word, "--complete")) {
			words_next(&words);
			return end(complete(&words));
		}
		word += 1 + (word[1] == '-');
		if (option_ends(word)) {
			if (*word != 'V')
				return end(print_help());
			puts("ilactl " ILACTL_VERSION);
			return end(0);
		}
		err = option(&words);
		if (err)
			return end(err);
	}
	if (batch_file)
		err = words_end(&words) ?: run_batch(batch_file);
	else if (!word)
		err = print_help() ?: FAIL_USAGE;
	else if (!strcmp(word, "help"))
		err = print_help();
	else
		err = verb_run(verbs, &words);
	return end(err);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: show and change Identifier-Locator Addressing; see ilactl(8)
 */
#include <errno.h>
#include <string.h>

#include "ilactl.h"

static int print_help(FILE *to)
{
	fputs("usage: ilactl [OPTION]... COMMAND\n"
	      "       ilactl [OPTION]... -b FILE\n\n"
	      "  -j, -json     JSON            -p, -pretty      indented\n"
	      "  -s, -stats    more            -o, -oneline     an object a line\n"
	      "  -t, -timestamp                -c[=always|auto|never], -color\n"
	      "  -n, -netns NETNS              -b, -batch FILE  commands of a file, - for stdin\n"
	      "  -V, -Version                  -h, -help\n\n", to);
	verb_usage(to);
	return 0;
}

/* Half a list must not pass for a whole one */
static int end(int err)
{
	bool failed;

	kernel_close();
	errno = 0;
	failed = fflush(stdout);
	if (!failed && !ferror(stdout))
		return err;
	return fail_text(NULL, "output",
			 errno ? strerror(errno) : "it can not be written", NULL);
}

static int run(struct words *words)
{
	const char *word;
	int err;

	while ((word = option_peek(words))) {
		if (!strcmp(word, "--complete")) {
			words_next(words);
			return complete(words);
		}
		if (option_is(word, "help"))
			return print_help(stdout);
		if (option_is(word, "Version")) {
			puts("ilactl " ILACTL_VERSION);
			return 0;
		}
		err = option_take(words);
		if (err)
			return err;
	}
	if (options.batch)
		return words_end(words) ?: run_batch(options.batch);
	word = words_peek(words);
	if (!word)
		return print_help(stderr) ?: FAIL_USAGE;
	return strcmp(word, "help") ? verb_run(verbs, words) : print_help(stdout);
}

int main(int argc, char **argv)
{
	struct words words = { .word = argv, .n = argc, .at = 1 };

	color_set("auto");
	return end(run(&words));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: -b: a file of commands
 */
#include <string.h>

#include "ilactl.h"

/* What was saved are commands, too, and an end */
static int batch_line(struct words *words)
{
	if (!words->n || (words->n == 1 && !strcmp(words->word[0], "end")))
		return 0;
	return verb_run(verbs, words);
}

/**
 * run_batch() - do the commands of a file, until one fails
 * @name: of the file, "-": standard input
 *
 * Return: 0, FAIL_USAGE or FAIL_KERNEL.
 */
int run_batch(const char *name)
{
	struct source *source = source_open(NULL, name);
	struct words words;
	int err;

	if (!source)
		return FAIL_USAGE;
	interrupt_watch();
	source_progress(source, "batch", true);
	do {
		err = source_line(source, &words) ?: batch_line(&words);
		fflush(stdout);
	} while (!err);
	source_close(source);
	if (err > 0)
		fprintf(stderr, "ilactl: stopped there: the lines before it were done\n");
	interrupt_end();
	return err < 0 ? 0 : err;
}

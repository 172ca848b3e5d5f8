// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: -b: a file of commands
 */
#include "ilactl.h"

static int batch_line(struct words *words)
{
	return words->n ? verb_run(verbs, words) : 0;
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
	source_progress(source, "batch", true);
	do {
		err = source_line(source, &words) ?: batch_line(&words);
		fflush(stdout);
	} while (!err);
	source_close(source);
	if (err > 0)
		fprintf(stderr, "ilactl: stopped there: the lines before it were done\n");
	return err < 0 ? 0 : err;
}

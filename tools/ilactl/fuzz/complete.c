// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: fuzzing of --complete, and with it of options
 */
#include "fuzz.h"

/* A namespace, or a file of commands, is none of the fuzzer's business */
static bool leaves(const struct words *words)
{
	unsigned int i;

	for (i = 0; i < words->n && words->word[i][0] == '-'; i++) {
		if (words->word[i][1] && (option_is(words->word[i], "netns") ||
					  option_is(words->word[i], "batch")))
			return i + 1 < words->n;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz_line line;

	memset(&options, 0, sizeof(options));
	if (fuzz_line(&line, data, len) && !leaves(&line.words))
		complete(&line.words);
	return 0;
}

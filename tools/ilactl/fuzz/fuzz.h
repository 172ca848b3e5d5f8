/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ilactl: what the targets of its fuzzing share
 */
#ifndef _ILACTL_FUZZ_H
#define _ILACTL_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "../ilactl.h"

#define FUZZ_LEN	4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A line, its words, and whose they are */
struct fuzz_line {
	char text[FUZZ_LEN + 1];
	char *word[WORDS_MAX];
	struct words words;
};

/* Return: false if nobody would parse it */
static inline bool fuzz_line(struct fuzz_line *line, const void *data,
			     size_t len)
{
	if (len > FUZZ_LEN || memchr(data, '\0', len) || memchr(data, '\n', len))
		return false;
	memcpy(line->text, data, len);
	line->text[len] = '\0';
	line->words = (struct words){ .word = line->word, .file = "fuzz" };
	line->words.n = words_split(line->text, line->word);
	return line->words.n <= WORDS_MAX;
}

#endif /* _ILACTL_FUZZ_H */

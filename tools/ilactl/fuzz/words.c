// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: fuzzing of words: each is a part of the line, and what may have been
 * meant is one of the names
 */
#include "fuzz.h"

static const char * const names[] = { "add", "change", "replace", "timeout", "neutral-map-auto" };

static const char *name_of(const void *from, unsigned int i)
{
	const char * const *list = from;

	return i < LENGTH(names) ? list[i] : NULL;
}

static void check(const char *word)
{
	const char *meant = nearest(word, name_of, names);
	size_t i;

	if (!*word || *word == '#' || word[strcspn(word, WORDS_BLANK)])
		abort();
	for (i = 0; i < LENGTH(names); i++) {
		if (abbreviates(word, names[i]) && strstr(names[i], word) != names[i])
			abort();
		if (meant == names[i])
			return;
	}
	if (meant)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz_line line;
	const char *word;

	if (!fuzz_line(&line, data, len))
		return 0;
	while ((word = words_next(&line.words)))
		check(word);
	words_end(&line.words);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: words, of the command line or of a line of a file
 */
#include <string.h>

#include "ilactl.h"

/**
 * words_split() - take a line apart
 * @text: the line, which ends at a # that begins a word; is written to
 * @word: gets the words
 *
 * Return: how many, or WORDS_MAX + 1 if there are too many.
 */
unsigned int words_split(char *text, char *word[WORDS_MAX])
{
	unsigned int n = 0;

	for (text += strspn(text, WORDS_BLANK); *text && *text != '#';
	     text += strspn(text, WORDS_BLANK)) {
		if (n == WORDS_MAX)
			return WORDS_MAX + 1;
		word[n++] = text;
		text += strcspn(text, WORDS_BLANK);
		if (*text)
			*text++ = '\0';
	}
	return n;
}

/**
 * words_peek() - the next word, which stays the next one
 * @words: words
 *
 * Return: the word, or NULL.
 */
const char *words_peek(const struct words *words)
{
	return words->at < words->n ? words->word[words->at] : NULL;
}

/**
 * words_next() - take the next word
 * @words: words
 *
 * Return: the word, or NULL.
 */
const char *words_next(struct words *words)
{
	return words->at < words->n ? words->word[words->at++] : NULL;
}

/**
 * words_next_is() - take the next word if it is this one
 * @words: words
 * @name: the word
 *
 * Return: true if it was.
 */
bool words_next_is(struct words *words, const char *name)
{
	const char *word = words_peek(words);

	if (!word || strcmp(word, name))
		return false;
	words->at++;
	return true;
}

/**
 * words_end() - there must be no more words
 * @words: words
 *
 * Return: 0 or FAIL_USAGE.
 */
int words_end(const struct words *words)
{
	const char *word = words_peek(words);

	if (!word)
		return 0;
	refuse(words, "'%s' is one word too many", word);
	return refuse_arguments(words);
}

/**
 * abbreviates() - does a word stand for a name, as with ip?
 * @word: word
 * @name: name
 *
 * Return: true if the name begins with it.
 */
bool abbreviates(const char *word, const char *name)
{
	return *word && !strncmp(word, name, strlen(word));
}

/* Letters to change, add, leave out or swap to make one of the other; both are
 * short. Row by row of the usual table; @row[i] is for the first i letters of
 * @a.
 */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[32], last[32] = { 0 }, before[32] = { 0 };
	unsigned int len = strlen(a), i, j;

	for (i = 0; i <= len; i++)
		row[i] = i;
	for (j = 1; b[j - 1]; j++) {
		memcpy(before, last, sizeof(before));
		memcpy(last, row, sizeof(last));
		row[0] = j;
		for (i = 1; i <= len; i++) {
			row[i] = last[i - 1] + (a[i - 1] != b[j - 1]);
			if (row[i] > last[i] + 1)
				row[i] = last[i] + 1;
			if (row[i] > row[i - 1] + 1)
				row[i] = row[i - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && row[i] > before[i - 2] + 1)
				row[i] = before[i - 2] + 1;
		}
	}
	return row[len];
}

/**
 * nearest() - what may have been meant?
 * @word: what was said
 * @name: gives the names that there are, then NULL
 * @from: for @name
 *
 * In a short word one letter is a lot.
 *
 * Return: the name most like it, or NULL if none is.
 */
const char *nearest(const char *word,
		    const char *(*name)(const void *from, unsigned int i),
		    const void *from)
{
	const char *best = NULL, *candidate;
	size_t len = strlen(word);
	unsigned int least = len > 4 ? 3 : 2, i, d;

	if (len < 2 || len > 30)
		return NULL;
	for (i = 0; (candidate = name(from, i)); i++) {
		d = distance(word, candidate);
		if (d < least && d < strlen(candidate)) {
			least = d;
			best = candidate;
		}
	}
	return best;
}

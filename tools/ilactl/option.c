// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: what stands in front of the command
 */
#include <string.h>

#include "ilactl.h"

#define OPTION_LEN	16

static int option_batch(const char *value)
{
	options.batch = value;
	return 0;
}

static int option_netns(const char *value)
{
	options.netns = value;
	return kernel_enter(value);
}

/**
 * struct option - an option
 * @name: its name, and what it abbreviates
 * @flag: the switch that it turns on
 * @use: or takes the word behind it; NULL: whoever asks knows what to do
 */
struct option {
	const char *name;
	bool *flag;
	int (*use)(const char *value);
};

static const struct option all[] = {
	{ "json", .flag = &options.json },
	{ "pretty", .flag = &options.pretty },
	{ "stats", .flag = &options.stats },
	{ "statistics", .flag = &options.stats },
	{ "timestamp", .flag = &options.stamp },
	{ "oneline", .flag = &options.oneline },
	{ .name = "color" },
	{ "netns", .use = option_netns },
	{ "batch", .use = option_batch },
	{ .name = "help" },
	{ .name = "Version" },
};

/* Nothing but a colour has a value behind a = */
static const struct option *option_find(const char *word)
{
	const char *value = strchr(word, '=');
	char name[OPTION_LEN];
	size_t len, i;

	word += 1 + (word[1] == '-');
	len = strcspn(word, "=");
	if (len >= sizeof(name))
		return NULL;
	memcpy(name, word, len);
	name[len] = '\0';
	if (!strcmp(name, "N"))
		strcpy(name, "netns");
	for (i = 0; i < LENGTH(all); i++) {
		if (abbreviates(name, all[i].name))
			return value && strcmp(all[i].name, "color") ? NULL : &all[i];
	}
	return NULL;
}

/**
 * option_peek() - is the next word an option?
 * @words: words
 *
 * Return: the word, or NULL.
 */
const char *option_peek(const struct words *words)
{
	const char *word = words_peek(words);

	return word && word[0] == '-' && word[1] ? word : NULL;
}

/**
 * option_is() - is it this option?
 * @word: word that begins with -
 * @name: of the option
 *
 * Return: true if so.
 */
bool option_is(const char *word, const char *name)
{
	const struct option *option = option_find(word);

	return option && !strcmp(option->name, name);
}

/**
 * option_take() - take an option, and do what it says
 * @words: words, the next of which is one
 *
 * Return: 0, FAIL_USAGE or FAIL_KERNEL.
 */
int option_take(struct words *words)
{
	const char *word = words_next(words), *value = strchr(word, '=');
	const struct option *option = option_find(word);

	if (!option)
		return refuse_word(words, "option", word, NULL);
	if (option->flag)
		*option->flag = true;
	if (option->use) {
		value = words_next(words);
		return value ? option->use(value) :
			       refuse(words, "-%s wants a value", option->name);
	}
	if (!strcmp(option->name, "color") && color_set(value ? value + 1 : "always"))
		return refuse(words, "'%s': colours are always, auto or never there", word);
	return 0;
}

/**
 * option_names() - tell which options there are, a line each
 */
void option_names(void)
{
	size_t i;

	for (i = 0; i < LENGTH(all); i++)
		printf("-%s\n", all[i].name);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: --complete: what can come next, a line each, for a shell
 *
 * The tables that commands are read by say it, and the system which devices,
 * locators and network namespaces there are. Whoever may not ask it gets words
 * only. Nothing is said where a file's name can come.
 */
#include <dirent.h>
#include <net/if.h>
#include <string.h>

#include "ilactl.h"

/* The namespace that was asked for can not be entered: this one is not meant */
static bool blind;

static void complete_verbs(const struct verb *among)
{
	for (; among->name; among++)
		puts(among->name);
	puts("help");
}

static void complete_names(const struct field *field)
{
	unsigned int i;

	for (i = 0; field_value_name(field, i); i++)
		puts(field_value_name(field, i));
}

static void complete_devices(void)
{
	struct if_nameindex *devices = blind ? NULL : if_nameindex(), *device;

	for (device = devices; device && device->if_index; device++)
		puts(device->if_name);
	if (devices)
		if_freenameindex(devices);
}

static int complete_locator(const struct ila_locator *locator, void *data)
{
	char text[ILA_TEXT_LEN];

	(void)data;
	puts(ila_locator_text(locator->locator, text));
	return 0;
}

static void complete_locators(void)
{
	struct ila *ila = blind ? NULL : ila_open();

	if (ila)
		ila_locator_dump(ila, complete_locator, NULL);
	ila_close(ila);
}

static void complete_netns(void)
{
	DIR *dir = opendir(NETNS_DIR);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			puts(entry->d_name);
	}
	if (dir)
		closedir(dir);
}

static void complete_value(const struct field *field)
{
	switch (field->kind) {
	case KIND_NAME:
		complete_names(field);
		break;
	case KIND_DEVICE:
		complete_devices();
		break;
	case KIND_HALF:
	case KIND_PLACES:
		complete_locators();
		break;
	case KIND_SWITCH:
		puts("on\noff");
		break;
	default:
		break;
	}
}

/* What a form's arguments can go on with behind the word @last. Return: false if
 * it has to be a value.
 */
static bool complete_form(const struct form *form, const char *last)
{
	const struct field *field;

	for (field = form->fields; field->name; field++) {
		if (field->flags & (FIELD_BARE | FIELD_ANSWER) ||
		    strcmp(last, field->name))
			continue;
		complete_value(field);
		return false;
	}
	for (field = form->fields; field->name; field++) {
		if (field->flags & FIELD_BARE)
			complete_value(field);
		else if (!(field->flags & FIELD_ANSWER))
			puts(field->name);
	}
	return true;
}

static void complete_arguments(const struct verb *verb, struct words *words)
{
	const char *last = "", *word;

	while ((word = words_next(words)))
		last = word;
	if ((!verb->form || complete_form(verb->form, last)) && verb->extra)
		puts(verb->extra);
}

static void complete_command(struct words *words)
{
	const struct verb *among = verbs, *verb;

	do {
		if (!words_peek(words)) {
			complete_verbs(among);
			return;
		}
		verb = verb_find(among, words_next(words));
		among = verb ? verb->sub : NULL;
	} while (among);
	if (verb)
		complete_arguments(verb, words);
}

/**
 * complete() - tell what can come behind some words
 * @words: words in front of the one that is looked for
 *
 * Return: 0.
 */
int complete(struct words *words)
{
	const char *word;
	int err;

	while ((word = option_peek(words))) {
		if (words->at + 1 == words->n && option_is(word, "netns")) {
			complete_netns();
			return 0;
		}
		err = option_take(words);
		if (err == FAIL_USAGE)
			return 0;
		blind |= err == FAIL_KERNEL;
	}
	if (options.batch)
		return 0;
	if (!words_peek(words))
		option_names();
	complete_command(words);
	return 0;
}

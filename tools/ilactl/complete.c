// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: --complete: what can come next, a line each, for a shell
 *
 * The tables that commands are read by say it, and the system which devices and
 * locators there are. Whoever may not ask it gets words only.
 */
#include <net/if.h>
#include <string.h>

#include "ilactl.h"

static void complete_verbs(const struct verb *among)
{
	for (; among->name; among++)
		puts(among->name);
}

static const struct verb *complete_verb(const struct verb *among,
					const char *word)
{
	for (; among->name; among++) {
		if (abbreviates(word, among->name))
			return among;
	}
	return NULL;
}

static void complete_names(enum ila_names names)
{
	unsigned int value;

	for (value = 0; value < 256; value++) {
		if (ila_name(names, value))
			puts(ila_name(names, value));
	}
}

static void complete_devices(void)
{
	struct if_nameindex *all = if_nameindex(), *device;

	for (device = all; device && device->if_index; device++)
		puts(device->if_name);
	if (all)
		if_freenameindex(all);
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
	struct ila *ila = ila_open();

	if (ila)
		ila_locator_dump(ila, complete_locator, NULL);
	ila_close(ila);
}

static void complete_value(const struct field *field)
{
	switch (field->kind) {
	case KIND_NAME:
		complete_names(field->names);
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

/* What a form's arguments can go on with behind the word @last */
static void complete_form(const struct form *form, const char *last)
{
	const struct field *field;

	for (field = form->fields; field->name; field++) {
		if (field->flags & (FIELD_BARE | FIELD_ANSWER) ||
		    strcmp(last, field->name))
			continue;
		complete_value(field);
		return;
	}
	for (field = form->fields; field->name; field++) {
		if (field->flags & FIELD_BARE)
			complete_value(field);
		else if (!(field->flags & FIELD_ANSWER))
			puts(field->name);
	}
}

/**
 * complete() - tell what can come behind some words
 * @words: words in front of the one that is looked for, options left out
 *
 * Return: 0.
 */
int complete(struct words *words)
{
	const struct verb *among = verbs, *verb = NULL;
	const char *word = "";

	while (among && words_peek(words)) {
		word = words_next(words);
		verb = complete_verb(among, word);
		if (!verb)
			return 0;
		among = verb->sub;
	}
	if (among) {
		complete_verbs(among);
		return 0;
	}
	while (words_peek(words))
		word = words_next(words);
	if (verb && verb->form)
		complete_form(verb->form, word);
	return 0;
}

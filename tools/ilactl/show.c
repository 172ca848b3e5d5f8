// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: objects as rows, lines of words or JSON
 *
 * Rows come out as they come in, however many. So columns grow: each is as wide
 * as the widest value so far.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "ilactl.h"

struct options options;

static unsigned int shown, widths[FIELDS_MAX];

/* Of those that are in use: the compatible mode's is longer than them */
static unsigned int names_widest(enum ila_names names)
{
	unsigned int value, widest = 0, len;
	const char *name;

	for (value = 0; value < 64; value++) {
		name = ila_name(names, value);
		len = name ? strlen(name) : 0;
		if (widest < len)
			widest = len;
	}
	return widest;
}

/* Most values of such a kind are no longer */
static unsigned int column_usual(const struct field *field)
{
	switch (field->kind) {
	case KIND_ADDRESS:
		return 22;
	case KIND_HALF:
	case KIND_PLACES:
		return 15;
	case KIND_NAME:
		return names_widest(field->names);
	case KIND_TEXT:
		return 19;
	default:
		return 0;
	}
}

static bool column_there(const struct field *field)
{
	return options.stats || !(field->flags & FIELD_MORE);
}

static bool column_right(const struct field *field)
{
	return (field->kind == KIND_NUMBER || field->kind == KIND_SECONDS) &&
	       !(field->flags & FIELD_LEFT);
}

static const struct field *column_last(const struct form *form)
{
	const struct field *field, *last = form->fields;

	for (field = form->fields; field->name; field++) {
		if (column_there(field))
			last = field;
	}
	return last;
}

static void cell(const struct field *field, unsigned int width, bool last,
		 enum color color, const char *text)
{
	int pad = (int)width - (int)strlen(text);
	bool right = column_right(field);

	if (pad < 0)
		pad = 0;
	printf("%*s%s%s%s", right ? pad : 0, "", color_start(color), text,
	       color_stop(color));
	if (!last)
		printf("%*s  ", right ? 0 : pad, "");
}

static void titles(const struct form *form)
{
	const struct field *field, *last = column_last(form);
	char title[32];
	size_t i;

	for (field = form->fields; field->name; field++) {
		if (!column_there(field))
			continue;
		for (i = 0; field->name[i] && i < sizeof(title) - 1; i++)
			title[i] = toupper((unsigned char)field->name[i]);
		title[i] = '\0';
		widths[field - form->fields] = column_usual(field);
		if (widths[field - form->fields] < i)
			widths[field - form->fields] = i;
		cell(field, widths[field - form->fields], field == last,
		     COLOR_NONE, title);
	}
	putchar('\n');
}

static void row_line(const struct form *form, const void *object,
		     unsigned int line)
{
	const struct field *field, *last = column_last(form);
	unsigned int *width;
	char text[VALUE_LEN];
	const char *value;

	for (field = form->fields; field->name; field++) {
		if (!column_there(field))
			continue;
		width = &widths[field - form->fields];
		value = line && line >= value_lines(field, object) ? "" :
			value_text(field, object, line, true, text);
		if (*width < strlen(value))
			*width = strlen(value);
		cell(field, *width, field == last || (line && value == text),
		     value == text ? color_of(field, object) : COLOR_NONE, value);
		/* nothing but the places of a mapping has more lines */
		if (line && value_lines(field, object) > 1)
			break;
	}
	putchar('\n');
}

static void row(const struct form *form, const void *object)
{
	const struct field *field;
	unsigned int line, lines = 1;

	if (!shown)
		titles(form);
	for (field = form->fields; field->name; field++) {
		if (value_lines(field, object) > lines)
			lines = value_lines(field, object);
	}
	for (line = 0; line < lines; line++)
		row_line(form, object, line);
}

static bool upright_there(const struct form *form, const struct field *field,
			  const void *object)
{
	const struct mapping *mapping = value_at(field, object);

	return value_there(form, field, object) && column_there(field) &&
	       !(field->kind == KIND_PLACES && !mapping->n) &&
	       !(field->flags & FIELD_SPARE && value_usual(field, object));
}

static void upright(const struct form *form, const void *object)
{
	const struct field *field;
	char text[VALUE_LEN];
	unsigned int line;
	const char *value;

	for (field = form->fields; field->name; field++) {
		if (!upright_there(form, field, object))
			continue;
		for (line = 0; line < value_lines(field, object); line++) {
			enum color color;

			value = value_text(field, object, line, true, text);
			color = value == text ? color_of(field, object) : COLOR_NONE;
			printf("%-12s  %s%s%s\n", line ? "" : field->name,
			       color_start(color), value, color_stop(color));
		}
	}
}

static bool words_there(const struct form *form, const struct field *field,
			const void *object)
{
	const struct mapping *mapping = value_at(field, object);

	if (field->kind == KIND_PLACES)
		return mapping->n;
	if (!value_there(form, field, object))
		return false;
	if (form->has_set && !(field->flags & FIELD_SPARE))
		return true;
	return field->flags & FIELD_BARE || !value_usual(field, object);
}

/**
 * show_words() - an object as words, which parse() takes but for answers
 * @form: kind of @object
 * @object: the object
 * @to: where to write
 */
void show_words(const struct form *form, const void *object, FILE *to)
{
	const struct field *field;
	const char *before = "";
	char text[VALUE_LEN];
	enum color color;
	unsigned int line;

	for (field = form->fields; field->name; field++) {
		if (!words_there(form, field, object) || !column_there(field))
			continue;
		if (!(field->flags & FIELD_BARE)) {
			fprintf(to, "%s%s", before, field->name);
			before = " ";
		}
		color = to == stdout ? color_of(field, object) : COLOR_NONE;
		for (line = 0; line < value_lines(field, object); line++) {
			fputs(before, to);
			fputs(color_start(color), to);
			fputs(value_text(field, object, line, false, text), to);
			fputs(color_stop(color), to);
			before = " ";
		}
	}
}

/**
 * show_start() - there are objects to show
 */
void show_start(void)
{
	shown = 0;
	if (options.json)
		putchar('[');
}

/**
 * show() - show an object
 * @form: kind of @object
 * @object: the object
 */
void show(const struct form *form, const void *object)
{
	if (options.json) {
		fputs(shown ? ",\n" : options.pretty ? "\n" : "", stdout);
		json_show(form, object, NULL, stdout);
	} else if (options.oneline) {
		show_words(form, object, stdout);
		putchar('\n');
	} else if (form->upright) {
		upright(form, object);
	} else {
		row(form, object);
	}
	shown++;
	progress_count();
}

/**
 * show_stop() - there are no more objects to show
 * @words: the command
 * @result: of the dump
 *
 * Return: 0 or FAIL_KERNEL; of output that can not be written main() tells.
 */
int show_stop(const struct words *words, int result)
{
	progress_stop();
	if (options.json)
		puts(shown && options.pretty ? "\n]" : "]");
	if (ferror(stdout))
		return FAIL_KERNEL;
	if (result < 0)
		return fail(words, "showing all", result, NULL);
	if (result == ILA_CHANGED) {
		fflush(stdout);
		progress_hide();
		fputs("ilactl: something changed meanwhile and may be missing\n",
		      stderr);
	}
	return 0;
}

static const struct field deleted_fields[] = {
	{ .name = "deleted", .kind = KIND_NUMBER, .size = sizeof(uint32_t),
	  .flags = FIELD_WANTED },
	{ 0 }
};

static const struct form form_deleted = {
	.name = "count", .fields = deleted_fields, .upright = true
};

/**
 * show_deleted() - show how many a flush has deleted
 * @words: the command
 * @count: how many
 *
 * Return: 0 or FAIL_KERNEL.
 */
int show_deleted(const struct words *words, uint32_t count)
{
	show_start();
	show(&form_deleted, &count);
	return show_stop(words, 0);
}

/**
 * mapping_of() - a mapping of records
 * @mapping: gets them
 * @records: the records
 * @n: how many
 */
void mapping_of(struct mapping *mapping, const struct ila_mapping *records,
		unsigned int n)
{
	memcpy(mapping->record, records, n * sizeof(*records));
	mapping->n = n;
}

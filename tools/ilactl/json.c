// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: objects as JSON
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "ilactl.h"

static json_t *json_checked(json_t *json)
{
	if (!json) {
		refuse(NULL, "there is no memory left");
		exit(FAIL_KERNEL);
	}
	return json;
}

static void json_put(json_t *to, const char *name, json_t *value)
{
	if (json_object_set_new_nocheck(to, name, json_checked(value)))
		json_checked(NULL);
}

static json_t *json_places(const struct mapping *mapping)
{
	json_t *places = json_checked(json_array()), *place;
	char text[ILA_TEXT_LEN];
	unsigned int i;

	for (i = 0; i < mapping->n; i++) {
		const struct ila_mapping *record = &mapping->record[i];

		place = json_checked(json_object());
		ila_locator_text(record->locator, text);
		json_put(place, "locator", json_string(text));
		json_put(place, "priority", json_integer(record->priority));
		json_put(place, "weight", json_integer(record->weight));
		if (json_array_append_new(places, place))
			json_checked(NULL);
	}
	return places;
}

static json_t *json_state(uint32_t state)
{
	json_t *names = json_checked(json_array());
	const char *name;

	while ((name = value_next_state(&state))) {
		if (json_array_append_new(names, json_string(name)))
			json_checked(NULL);
	}
	return names;
}

/* A name can be any octets, JSON is UTF-8 */
static json_t *json_device(const struct field *field, const void *object)
{
	char text[VALUE_LEN];
	json_t *name = json_string(value_text(field, object, 0, true, text));

	return name ?: json_sprintf("if%u", (unsigned int)value_number(field, object));
}

static json_t *json_value(const struct field *field, const void *object)
{
	char text[VALUE_LEN];

	switch (field->kind) {
	case KIND_NUMBER:
	case KIND_SECONDS:
		return json_integer(value_number(field, object));
	case KIND_SWITCH:
		return json_boolean(value_number(field, object));
	case KIND_STATE:
		return json_state(value_number(field, object));
	case KIND_PLACES:
		return json_places(value_at(field, object));
	case KIND_DEVICE:
		return json_device(field, object);
	default:
		return json_string(value_text(field, object, 0,
					      field->kind == KIND_NAME, text));
	}
}

/* JSON has no use for an array of locators that says there are none */
static void json_field(json_t *to, const struct field *field,
		       const void *object)
{
	const struct mapping *mapping = value_at(field, object);
	char name[32];
	size_t i;

	for (i = 0; field->name[i] && i < sizeof(name) - 1; i++)
		name[i] = field->name[i] == '-' ? '_' : field->name[i];
	name[i] = '\0';
	if (field->kind != KIND_PLACES)
		json_put(to, name, json_value(field, object));
	else if (mapping->record[0].flags & ILA_MAPPING_LOCAL)
		json_put(to, "local", json_true());
	else if (mapping->n)
		json_put(to, "locators", json_value(field, object));
}

static void json_stamp(json_t *to)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	json_put(to, "time", json_real(now.tv_sec + now.tv_usec / 1e6));
}

/**
 * json_show() - an object as JSON
 * @form: kind of @object
 * @object: the object
 * @event: what became of it, or NULL
 * @to: where to write
 */
void json_show(const struct form *form, const void *object, const char *event,
	       FILE *to)
{
	json_t *json = json_checked(json_object());
	size_t flags = options.pretty ? JSON_INDENT(4) : JSON_COMPACT;
	const struct field *field;

	if (event && options.stamp)
		json_stamp(json);
	if (event)
		json_put(json, "event", json_string(event));
	for (field = form->fields; field->name; field++) {
		if (value_there(form, field, object) &&
		    !(field->flags & FIELD_SPARE && value_usual(field, object)))
			json_field(json, field, object);
	}
	json_dumpf(json, to, flags | JSON_REAL_PRECISION(16));
	json_decref(json);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: a member of an object, as text
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "ilactl.h"

/**
 * value_at() - where a member is
 * @field: the member
 * @object: of this
 *
 * Return: its address.
 */
const void *value_at(const struct field *field, const void *object)
{
	return (const char *)object + field->offset;
}

/**
 * value_number() - a member that is an integer
 * @field: the member; its size says which integer
 * @object: of this
 *
 * Return: it; of others than integers the first octets, 0 if all are.
 */
uint64_t value_number(const struct field *field, const void *object)
{
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} v = { 0 };

	memcpy(&v, value_at(field, object), field->size < 8 ? field->size : 8);
	switch (field->size) {
	case 1:
		return v.u8;
	case 2:
		return v.u16;
	case 4:
		return v.u32;
	default:
		return v.u64;
	}
}

/**
 * value_there() - does the object have this member?
 * @form: kind of @object
 * @field: the member
 * @object: of this
 *
 * Return: true if so.
 */
bool value_there(const struct form *form, const struct field *field,
		 const void *object)
{
	uint32_t set = ~0;

	if (form->has_set)
		memcpy(&set, object, sizeof(set));
	return !field->set || set & field->set;
}

static bool value_is_number(const struct field *field)
{
	return field->kind != KIND_ADDRESS && field->kind != KIND_PREFIX &&
	       field->kind != KIND_PLACES && field->kind != KIND_TEXT;
}

/**
 * value_usual() - is it what it is if nothing is said?
 * @field: the member
 * @object: of this
 *
 * Return: true if so.
 */
bool value_usual(const struct field *field, const void *object)
{
	return value_is_number(field) && !(field->flags & FIELD_WANTED) &&
	       value_number(field, object) == field->usual;
}

/**
 * value_lines() - how many lines it takes in a column
 * @field: the member
 * @object: of this
 *
 * Return: how many, at least 1.
 */
unsigned int value_lines(const struct field *field, const void *object)
{
	const struct mapping *mapping = value_at(field, object);

	return field->kind == KIND_PLACES && mapping->n ? mapping->n : 1;
}

/* Text
 */

/* LOCATOR[,PRIORITY[,WEIGHT]], as it is parsed */
static void place_text(const struct mapping *mapping, unsigned int i,
		       char text[VALUE_LEN])
{
	const struct ila_mapping *record = &mapping->record[i];
	char half[ILA_TEXT_LEN];

	if (record->flags & ILA_MAPPING_LOCAL) {
		strcpy(text, "local");
		return;
	}
	ila_locator_text(record->locator, half);
	if (record->weight != 1)
		snprintf(text, VALUE_LEN, "%s,%u,%u", half, record->priority,
			 record->weight);
	else if (record->priority)
		snprintf(text, VALUE_LEN, "%s,%u", half, record->priority);
	else
		strcpy(text, half);
}

/* The two largest units */
static void seconds_text(uint32_t s, bool people, char text[VALUE_LEN])
{
	if (!people || s < 60)
		snprintf(text, VALUE_LEN, "%u%s", s, people ? "s" : "");
	else if (s < 3600)
		snprintf(text, VALUE_LEN, "%um%02us", s / 60, s % 60);
	else if (s < 86400)
		snprintf(text, VALUE_LEN, "%uh%02um", s / 3600, s / 60 % 60);
	else
		snprintf(text, VALUE_LEN, "%ud%02uh", s / 86400, s / 3600 % 24);
}

static void name_text(const struct field *field, unsigned int value,
		      char text[VALUE_LEN])
{
	const char *name = ila_name(field->names, value);

	if (name)
		snprintf(text, VALUE_LEN, "%s", name);
	else
		snprintf(text, VALUE_LEN, "%u", value);
}

/**
 * value_next_state() - what a locator's state says, one by one
 * @state: the state, ILA_LOCATOR_; loses what was told
 *
 * Return: the name of one that has any, or NULL if there are no more.
 */
const char *value_next_state(uint32_t *state)
{
	const char *name = NULL;
	uint32_t bit;

	while (*state && !name) {
		bit = *state & -*state;
		*state -= bit;
		name = ila_name(ILA_NAMES_STATE, bit);
	}
	return name;
}

static void state_text(uint32_t state, char text[VALUE_LEN])
{
	const char *name;
	size_t n = 0;

	strcpy(text, "up");
	while ((name = value_next_state(&state)))
		n += snprintf(text + n, VALUE_LEN - n, "%s%s", n ? "," : "",
			      name);
}

/* As ip does where the device has gone; and where a line of a file would not
 * have the name as a word
 */
static void device_text(unsigned int ifindex, bool people, char text[VALUE_LEN])
{
	if (!if_indextoname(ifindex, text) ||
	    (!people && (text[0] == '#' || text[strcspn(text, WORDS_BLANK)])))
		snprintf(text, VALUE_LEN, "if%u", ifindex);
}

static void prefix_text(const struct field *field, const void *object,
			char text[VALUE_LEN])
{
	inet_ntop(AF_INET6, value_at(field, object), text, INET6_ADDRSTRLEN);
	snprintf(text + strlen(text), VALUE_LEN - strlen(text), "/%u",
		 ((const uint8_t *)object)[field->extra]);
}

/**
 * value_text() - a member as text
 * @field: the member
 * @object: of this
 * @line: of several
 * @people: with units, not to be parsed again
 * @text: room for it
 *
 * Return: the text.
 */
const char *value_text(const struct field *field, const void *object,
		       unsigned int line, bool people, char text[VALUE_LEN])
{
	const void *at = value_at(field, object);
	uint32_t ipv4;
	__be64 half;

	if (people && field->none && value_usual(field, object))
		return field->none;
	switch ((enum kind)field->kind) {
	case KIND_ADDRESS:
		inet_ntop(AF_INET6, at, text, VALUE_LEN);
		break;
	case KIND_PREFIX:
		prefix_text(field, object, text);
		break;
	case KIND_HALF:
	case KIND_IDENTIFIER:
		memcpy(&half, at, sizeof(half));
		ila_locator_text(half, text);
		break;
	case KIND_NUMBER:
		snprintf(text, VALUE_LEN, "%" PRIu64, value_number(field, object));
		break;
	case KIND_HEX:
		snprintf(text, VALUE_LEN, "%04" PRIx64, value_number(field, object));
		break;
	case KIND_IPV4:
		ipv4 = htonl(value_number(field, object));
		inet_ntop(AF_INET, &ipv4, text, VALUE_LEN);
		break;
	case KIND_SECONDS:
		seconds_text(value_number(field, object), people, text);
		break;
	case KIND_SWITCH:
		strcpy(text, value_number(field, object) ? "on" : "off");
		break;
	case KIND_NAME:
		name_text(field, value_number(field, object), text);
		break;
	case KIND_STATE:
		state_text(value_number(field, object), text);
		break;
	case KIND_DEVICE:
		device_text(value_number(field, object), people, text);
		break;
	case KIND_PLACES:
		place_text(at, line, text);
		break;
	case KIND_TEXT:
		return *(const char * const *)at ?: "";
	}
	return text;
}

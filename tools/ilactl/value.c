// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: a member of an object, as text and back
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "ilactl.h"

static const void *value_at(const struct field *field, const void *object)
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

static void value_put_number(const struct field *field, void *object, uint64_t value)
{
	char *to = (char *)object + field->offset;
	uint8_t u8 = value;
	uint16_t u16 = value;
	uint32_t u32 = value;

	switch (field->size) {
	case 1:
		memcpy(to, &u8, 1);
		break;
	case 2:
		memcpy(to, &u16, 2);
		break;
	case 4:
		memcpy(to, &u32, 4);
		break;
	default:
		memcpy(to, &value, 8);
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

/* Only what has a name: the others are for JSON and its readers */
static void state_text(uint32_t state, char text[VALUE_LEN])
{
	unsigned int bit;
	const char *name;
	size_t n = 0;

	strcpy(text, "up");
	for (bit = 0; bit < 32; bit++) {
		name = state & 1U << bit ?
		       ila_name(ILA_NAMES_STATE, 1U << bit) : NULL;
		if (name)
			n += snprintf(text + n, VALUE_LEN - n, "%s%s",
				      n ? "," : "", name);
	}
}

/* As ip does where the device has gone */
static void device_text(unsigned int ifindex, char text[VALUE_LEN])
{
	if (!if_indextoname(ifindex, text))
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
		device_text(value_number(field, object), text);
		break;
	case KIND_PLACES:
		place_text(at, line, text);
		break;
	case KIND_TEXT:
		return *(const char * const *)at ?: "";
	}
	return text;
}

/* Parsing. Return: 0, or -1: it is none.
 */

static int number_of(const char *word, const char *units, uint64_t *value)
{
	char *end;

	if (*word < '0' || *word > '9')
		return -1;
	*value = strtoull(word, &end, 0);
	if (end - word > 19)
		return -1;
	return *end && !(*units && end[0] && strchr(units, *end) && !end[1]);
}

static int number_parse(const struct field *field, const char *word,
			void *object)
{
	uint64_t value, max = ~0ULL >> (64 - 8 * field->size);

	if (number_of(word, "", &value) || value > max)
		return -1;
	value_put_number(field, object, value);
	return 0;
}

static int seconds_parse(const struct field *field, const char *word,
			 void *object)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char last = *word ? word[strlen(word) - 1] : '\0';
	uint64_t value;
	size_t i;

	if (number_of(word, "smhd", &value) || value > UINT32_MAX)
		return -1;
	for (i = 0; i < LENGTH(units); i++) {
		if (units[i].unit == last)
			value *= units[i].seconds;
	}
	if (value > UINT32_MAX)
		return -1;
	value_put_number(field, object, value);
	return 0;
}

/* A name, or a number that has one or has none yet */
static int name_parse(const struct field *field, const char *word, void *object)
{
	int value = ila_value(field->names, word);

	if (value < 0)
		return number_parse(field, word, object);
	if (field->none && (uint64_t)value == field->usual)
		return -1;
	value_put_number(field, object, value);
	return 0;
}

static int switch_parse(const struct field *field, const char *word,
			void *object)
{
	bool on = !strcmp(word, "on") || !strcmp(word, "1");

	if (!on && strcmp(word, "off") && strcmp(word, "0"))
		return -1;
	value_put_number(field, object, on);
	return 0;
}

static int device_parse(const struct field *field, const char *word,
			void *object)
{
	uint64_t ifindex = if_nametoindex(word);

	if (!ifindex && (strncmp(word, "if", 2) ||
			 number_of(word + 2, "", &ifindex) || ifindex > INT32_MAX))
		return -1;
	value_put_number(field, object, ifindex);
	return 0;
}

static int prefix_parse(const struct field *field, const char *word,
			void *object)
{
	const char *slash = strchr(word, '/');
	char address[INET6_ADDRSTRLEN];
	uint64_t len = 128;

	if (slash && (number_of(slash + 1, "", &len) || len > 128))
		return -1;
	if (!slash)
		slash = word + strlen(word);
	if ((size_t)(slash - word) >= sizeof(address))
		return -1;
	memcpy(address, word, slash - word);
	address[slash - word] = '\0';
	if (inet_pton(AF_INET6, address, (char *)object + field->offset) != 1)
		return -1;
	((uint8_t *)object)[field->extra] = len;
	return 0;
}

static int half_parse(const struct field *field, const char *word, void *object)
{
	__be64 half;

	if (field->kind == KIND_HALF ? ila_locator_parse(word, &half) :
				       ila_identifier_parse(word, &half))
		return -1;
	memcpy((char *)object + field->offset, &half, sizeof(half));
	return 0;
}

/* LOCATOR[,PRIORITY[,WEIGHT]], or "local"; after those there are */
static int place_parse(const char *word, struct mapping *mapping)
{
	struct ila_mapping *record = &mapping->record[mapping->n];
	uint64_t priority = 0, weight = 1;
	char text[VALUE_LEN], *rest = text;
	size_t len = strlen(word);

	if (len >= sizeof(text) || mapping->n == ILA_MAPPING_LOCATORS)
		return -1;
	if (!strcmp(word, "local")) {
		if (mapping->n)
			return -1;
		record->flags = ILA_MAPPING_LOCAL;
		record->weight = 0;
		mapping->n = 1;
		return 0;
	}
	memcpy(text, word, len + 1);
	if (ila_locator_parse(strsep(&rest, ","), &record->locator) ||
	    (rest && number_of(strsep(&rest, ","), "", &priority)) ||
	    (rest && number_of(rest, "", &weight)) ||
	    priority > UINT8_MAX || weight > UINT8_MAX)
		return -1;
	record->priority = priority;
	record->weight = weight;
	mapping->n++;
	return 0;
}

static int ipv4_parse(const struct field *field, const char *word, void *object)
{
	uint32_t ipv4;

	if (inet_pton(AF_INET, word, &ipv4) != 1)
		return -1;
	value_put_number(field, object, ntohl(ipv4));
	return 0;
}

/**
 * value_parse() - a member from text
 * @field: the member
 * @word: the text, as value_text() makes it without units; times can have one
 * @object: gets it; of several, the next one
 *
 * Return: 0, or -1: it is none.
 */
int value_parse(const struct field *field, const char *word, void *object)
{
	switch ((enum kind)field->kind) {
	case KIND_ADDRESS:
		return -(inet_pton(AF_INET6, word,
				   (char *)object + field->offset) != 1);
	case KIND_PREFIX:
		return prefix_parse(field, word, object);
	case KIND_HALF:
	case KIND_IDENTIFIER:
		return half_parse(field, word, object);
	case KIND_NUMBER:
		return number_parse(field, word, object);
	case KIND_IPV4:
		return ipv4_parse(field, word, object);
	case KIND_SECONDS:
		return seconds_parse(field, word, object);
	case KIND_SWITCH:
		return switch_parse(field, word, object);
	case KIND_NAME:
		return name_parse(field, word, object);
	case KIND_DEVICE:
		return device_parse(field, word, object);
	case KIND_PLACES:
		return place_parse(word, (struct mapping *)((char *)object + field->offset));
	case KIND_HEX:
	case KIND_STATE:
	case KIND_TEXT:
		break;
	}
	return -1;
}

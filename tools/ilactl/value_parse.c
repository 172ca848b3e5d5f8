// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: a member of an object, from text
 *
 * Functions return 0, or -1: it is none.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "ilactl.h"

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

	if (len >= sizeof(text) || mapping->n == ILA_MAPPING_LOCATORS ||
	    mapping->record[0].flags & ILA_MAPPING_LOCAL)
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

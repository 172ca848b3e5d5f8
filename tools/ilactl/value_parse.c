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

/* Return: what is behind the number, NULL: it is none. */
static const char *number_end(const char *word, int base, uint64_t *value)
{
	char *end;

	if (*word < '0' || *word > '9')
		return NULL;
	*value = strtoull(word, &end, base);
	return end - word > 19 ? NULL : end;
}

static int number_of(const char *word, uint64_t *value)
{
	const char *end = number_end(word, 0, value);

	return end && !*end ? 0 : -1;
}

static int number_parse(const struct field *field, const char *word,
			void *object)
{
	uint64_t value, max = ~0ULL >> (64 - 8 * field->size);

	if (number_of(word, &value) || value > max)
		return -1;
	value_put_number(field, object, value);
	return 0;
}

/* Always decimal: 0x1d is no day */
static int seconds_parse(const struct field *field, const char *word,
			 void *object)
{
	static const struct {
		const char *unit;
		uint32_t seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	uint64_t value;
	const char *unit = number_end(word, 10, &value);
	size_t i;

	if (!unit || value > UINT32_MAX)
		return -1;
	for (i = 0; i < LENGTH(units) && strcmp(unit, units[i].unit); i++)
		;
	if (i == LENGTH(units) || value * units[i].seconds > UINT32_MAX)
		return -1;
	value_put_number(field, object, value * units[i].seconds);
	return 0;
}

/* Types have three bits, and not all of them a name */
static bool name_known(const struct field *field, uint64_t value)
{
	if (field->names == ILA_NAMES_IDENT_TYPE && value <= ILA_ATYPE_RSVD_2)
		return true;
	return value <= UINT8_MAX && ila_name(field->names, value) &&
	       !(field->none && value == field->usual);
}

/* A name, or its number */
static int name_parse(const struct field *field, const char *word, void *object)
{
	int named = ila_value(field->names, word);
	uint64_t value = named;

	if (field->none && !strcmp(word, field->none)) {
		value_put_number(field, object, field->usual);
		return 0;
	}
	if ((named < 0 && number_of(word, &value)) || !name_known(field, value))
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

/* A name, ifN, or what stands for any */
static int device_parse(const struct field *field, const char *word,
			void *object)
{
	uint64_t ifindex = if_nametoindex(word);

	if (!ifindex && !(field->none && !strcmp(word, field->none)) &&
	    (strncmp(word, "if", 2) || number_of(word + 2, &ifindex) ||
	     !ifindex || ifindex > INT32_MAX))
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

	if (slash && (number_of(slash + 1, &len) || len > 128))
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

	if (ila_locator_parse(word, &half))
		return -1;
	memcpy((char *)object + field->offset, &half, sizeof(half));
	return 0;
}

/* 0 is what there is where there is none */
static int identifier_parse(const struct field *field, const char *word,
			    void *object)
{
	__be64 identifier;

	if (ila_identifier_parse(word, &identifier) || !identifier)
		return -1;
	memcpy((char *)object + field->offset, &identifier, sizeof(identifier));
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
	    (rest && number_of(strsep(&rest, ","), &priority)) ||
	    (rest && number_of(rest, &weight)) ||
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
		return half_parse(field, word, object);
	case KIND_IDENTIFIER:
		return identifier_parse(field, word, object);
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

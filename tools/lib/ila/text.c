// SPDX-License-Identifier: GPL-2.0
/*
 * libila: halves of addresses as text
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static int ila_colons(const char *text)
{
	int n = 0;

	while ((text = strchr(text, ':'))) {
		text++;
		n++;
	}
	return n;
}

/* Four groups, with @before or @behind to make an address of them; or an
 * address already
 */
static int ila_half_parse(const char *before, const char *text,
			  const char *behind, __be64 half[2])
{
	char whole[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (strstr(text, "::")) {
		before = "";
		behind = "";
	} else if (ila_colons(text) != 3) {
		return -EINVAL;
	}
	if (strlen(before) + strlen(text) + strlen(behind) >= sizeof(whole))
		return -EINVAL;
	/* files have many of them, and printf() takes its time */
	stpcpy(stpcpy(stpcpy(whole, before), text), behind);
	if (inet_pton(AF_INET6, whole, &address) != 1)
		return -EINVAL;
	memcpy(half, &address, sizeof(address));
	return 0;
}

/**
 * ila_locator_parse() - a locator, SIR prefix or other upper half from text
 * @text: four groups, "2001:db8:a:1"; or a prefix, "2001:db8:a:1::",
 *	"2001:db8:a:1::/64"
 * @locator: gets it
 *
 * Return: 0; -EINVAL: it is none.
 */
int ila_locator_parse(const char *text, __be64 *locator)
{
	char prefix[INET6_ADDRSTRLEN];
	size_t len = strlen(text);
	__be64 half[2];

	if (len >= sizeof(prefix))
		return -EINVAL;
	memcpy(prefix, text, len + 1);
	if (len >= 5 && !strcmp(prefix + len - 5, "::/64"))
		prefix[len - 3] = '\0';
	if (ila_half_parse("", prefix, "::", half) || half[1])
		return -EINVAL;
	*locator = half[0];
	return 0;
}

/**
 * ila_identifier_parse() - an identifier from text
 * @text: four groups, "2000:0:0:b"; or the end of an address, "::2000:0:0:b",
 *	"::b"
 * @identifier: gets it
 *
 * Return: 0; -EINVAL: it is none.
 */
int ila_identifier_parse(const char *text, __be64 *identifier)
{
	__be64 half[2];

	if (ila_half_parse("::", text, "", half) || half[0])
		return -EINVAL;
	*identifier = half[1];
	return 0;
}

/**
 * ila_locator_text() - an upper or lower half as four groups
 * @locator: the half
 * @text: gets them, "2001:db8:a:1"
 *
 * Return: @text.
 */
const char *ila_locator_text(__be64 locator, char text[ILA_TEXT_LEN])
{
	uint16_t group[4];

	memcpy(group, &locator, sizeof(group));
	snprintf(text, ILA_TEXT_LEN, "%x:%x:%x:%x", ntohs(group[0]),
		 ntohs(group[1]), ntohs(group[2]), ntohs(group[3]));
	return text;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * libila: tests of text
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "../internal.h"
#include "tap.h"

static void locator_is(const char *text, uint64_t value)
{
	__be64 locator = 0;

	tap_check(!ila_locator_parse(text, &locator));
	tap_check(locator == htobe64(value));
}

static void identifier_is(const char *text, uint64_t value)
{
	__be64 identifier = 0;

	tap_check(!ila_identifier_parse(text, &identifier));
	tap_check(identifier == htobe64(value));
}

static void test_locators(void)
{
	locator_is("2001:db8:a:1", 0x20010db8000a0001);
	locator_is("2001:db8:a:1::", 0x20010db8000a0001);
	locator_is("2001:db8:a:1::/64", 0x20010db8000a0001);
	locator_is("2001:0DB8:000A:0001", 0x20010db8000a0001);
	locator_is("2001:db8::", 0x20010db800000000);
	locator_is("2001:db8::/64", 0x20010db800000000);
	locator_is("2001:db8::1:0:0:0:0", 0x20010db800000001);
	locator_is("0:0:0:0", 0);
	locator_is("::", 0);
	locator_is("ffff:ffff:ffff:ffff", 0xffffffffffffffff);
}

static void test_identifiers(void)
{
	identifier_is("2000:0:0:b", 0x200000000000000b);
	identifier_is("::2000:0:0:b", 0x200000000000000b);
	identifier_is("::b", 0xb);
	identifier_is("::", 0);
	identifier_is("::192.0.2.1", 0xc0000201);
}

static void test_refused(void)
{
	static const char * const locators[] = {
		"", ":", ":::", "2001", "2001:db8:a", "2001:db8:a:1:2",
		"2001:db8:a:1::b", "2001:db8:a:1::/63", "2001:db8:a:1::/640",
		"2001:db8:a:1:", ":2001:db8:a:1", "2001:db8:a:12345",
		"2001:db8:a:g", " 2001:db8:a:1", "2001:db8:a:1 ", "::/64x",
		"1:2:3:4:5:6:7:8", "1:2:3:1.2.3.4", "2001:db8:a:1/64", "/64",
		"1111111111111111111111111111111111111111111111111111111111",
		"0001:0002:0003:00000000000000000000000000000000000000004",
	};
	__be64 half;
	size_t i;

	for (i = 0; i < MNL_ARRAY_SIZE(locators); i++)
		tap_check(ila_locator_parse(locators[i], &half) == -EINVAL);
	tap_check(ila_identifier_parse("2001::b", &half) == -EINVAL);
	tap_check(ila_identifier_parse("2000::/64", &half) == -EINVAL);
	tap_check(ila_identifier_parse("1:2:3", &half) == -EINVAL);
	tap_check(ila_identifier_parse("", &half) == -EINVAL);
}

static void test_printed(void)
{
	char text[ILA_TEXT_LEN];

	tap_check(ila_locator_text(htobe64(0x20010db8000a0001), text) == text);
	tap_check(!strcmp(text, "2001:db8:a:1"));
	ila_locator_text(htobe64(0xffffffffffffffff), text);
	tap_check(!strcmp(text, "ffff:ffff:ffff:ffff"));
	ila_locator_text(0, text);
	tap_check(!strcmp(text, "0:0:0:0"));
}

int main(void)
{
	static const struct tap_case cases[] = {
		{ "locators", test_locators },
		{ "identifiers", test_identifiers },
		{ "what is neither", test_refused },
		{ "printed", test_printed },
	};

	return tap_run(cases, MNL_ARRAY_SIZE(cases));
}

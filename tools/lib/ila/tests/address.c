// SPDX-License-Identifier: GPL-2.0
/*
 * libila: tests of the arithmetic as the library offers it; what it computes is
 * tested with the module
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "../internal.h"
#include "tap.h"

static struct in6_addr address(const char *text)
{
	struct in6_addr a;

	tap_check(inet_pton(AF_INET6, text, &a) == 1);
	return a;
}

static __be64 locator(const char *text)
{
	__be64 half = 0;

	tap_check(!ila_locator_parse(text, &half));
	return half;
}

static int same(const struct in6_addr *a, const char *text)
{
	struct in6_addr b = address(text);

	return !memcmp(a, &b, sizeof(b));
}

static void test_halves(void)
{
	struct in6_addr a = address("2001:db8:5:1:2000::b");

	tap_check(ila_address_upper(&a) == htobe64(0x20010db800050001));
	tap_check(ila_address_lower(&a) == htobe64(0x200000000000000b));
}

static void test_send_and_restore(void)
{
	struct in6_addr a = address("2001:db8:5:1:2000::b"), wire, sir;

	tap_check(!ila_address_send(&a, locator("2001:db8:b:1"),
				    ILA_CSUM_NEUTRAL_MAP_AUTO,
				    ILA_ATYPE_USE_FORMAT, &wire));
	tap_check(same(&wire, "2001:db8:b:1:2000::5"));
	tap_check(!ila_address_restore(&wire, locator("2001:db8:5:1"),
				       ILA_CSUM_NEUTRAL_MAP_AUTO,
				       ILA_ATYPE_USE_FORMAT, &sir));
	tap_check(same(&sir, "2001:db8:5:1:2000::b"));
}

static int why(const char *sir, uint8_t csum_mode, uint8_t ident_type)
{
	struct in6_addr a = address(sir), before = a;
	int why = ila_address_send(&a, locator("2001:db8:b:1"), csum_mode,
				   ident_type, &a);

	tap_check(!why || !memcmp(&a, &before, sizeof(a)));
	return why;
}

static void test_why(void)
{
	const char *plain = "2001:db8:5:1::b";

	tap_check(why(plain, ILA_CSUM_NO_ACTION, ILA_ATYPE_USE_FORMAT) ==
		  ILA_WHY_TYPE);
	tap_check(why(plain, ILA_CSUM_NO_ACTION, ILA_ATYPE_LUID) ==
		  ILA_WHY_NOTHING);
	tap_check(why("2001:db8:5:1:3000::b", ILA_CSUM_NEUTRAL_MAP,
		      ILA_ATYPE_LUID) == ILA_WHY_C_BIT);
	tap_check(why("2001:db8:5:1:2000::ffff", ILA_CSUM_NEUTRAL_MAP,
		      ILA_ATYPE_LUID) == ILA_WHY_LOW16);
	tap_check(why(plain, 17, ILA_ATYPE_LUID) == -EINVAL);
	tap_check(why(plain, ILA_CSUM_ROUTE, ILA_ATYPE_LUID) == -EINVAL);
}

static void test_plain_mapping(void)
{
	struct in6_addr a = address("2001:db8:5:1:2000::b"), wire;
	struct ila_mapping record;

	ila_mapping_init(&record, &a, locator("2001:db8:b:1"));
	tap_check(!ila_mapping_check(&record));
	tap_check(ila_mapping_send(&record, &wire) == -EINVAL);
	record.csum_mode = ILA_CSUM_NO_ACTION;
	tap_check(!ila_mapping_send(&record, &wire));
	tap_check(same(&wire, "2001:db8:b:1:2000::b"));
	record.flags = ILA_MAPPING_LOCAL;
	tap_check(ila_mapping_send(&record, &wire) == -EINVAL);
}

/* A tenant's address: there and back by its identifier */
static void test_tenant_mapping(void)
{
	struct in6_addr a = address("fd00:1:2:3::c000:201"), wire;
	struct ila_mapping record;

	ila_mapping_init(&record, &a, locator("2001:db8:b:1"));
	record.csum_mode = ILA_CSUM_NEUTRAL_MAP;
	record.ident_type = ILA_ATYPE_VIRT_UNI_V6;
	record.identifier = ila_identifier(ILA_ATYPE_VIRT_UNI_V6, 7,
					   0xc0000201);
	tap_check(record.identifier == htobe64(0x60000007c0000201));
	tap_check(!ila_mapping_check(&record));
	tap_check(!ila_mapping_send(&record, &wire));
	tap_check(ila_address_upper(&wire) == record.locator);
	tap_check(ila_wire_identifier(&wire, ILA_CSUM_NEUTRAL_MAP, &a) ==
		  record.identifier);
	tap_check(ila_wire_identifier(&wire, ILA_CSUM_NEUTRAL_MAP, NULL) ==
		  ila_address_lower(&wire));

	record.identifier = ila_identifier(ILA_ATYPE_VIRT_UNI_V6, 7, 1);
	tap_check(ila_mapping_check(&record));
	tap_check(ila_mapping_send(&record, &wire) == -EINVAL);
}

static bool refused(struct ila_mapping record, const char *words)
{
	const char *said = ila_mapping_refused(&record);

	return said && strstr(said, words);
}

#define REFUSED(words, ...) ({						\
	struct ila_mapping r = record;					\
									\
	__VA_ARGS__;							\
	tap_check(refused(r, words));					\
})

/* What the kernel would say */
static void test_refused(void)
{
	struct in6_addr a = address("2001:db8:5:1:2000::b");
	struct ila_mapping record;

	ila_mapping_init(&record, &a, locator("2001:db8:b:1"));
	tap_check(!ila_mapping_refused(&record));
	REFUSED("unknown flags", r.flags = 128);
	REFUSED("origin", r.origin = ILA_ORIGIN_MAX + 1);
	REFUSED("csum mode is unknown", r.csum_mode = 17);
	REFUSED("of this type", r.ident_type = 6);
	REFUSED("timeout", r.timeout = 0x40000000);
	REFUSED("reserved must be 0", r.reserved = 1);
	REFUSED("link-local", r.locator = locator("fe80:0:0:0"));
	REFUSED("unspecified", r.locator = 0);
	REFUSED("SIR prefix itself", r.locator = locator("2001:db8:5:1"));
	REFUSED("not that of the identifier", r.ident_type = ILA_ATYPE_VIRT_V4);
	REFUSED("reserved", memset(r.address, 0, sizeof(r.address)));
	REFUSED("end in ffff", memset(&r.address[14], 0xff, 2);
		r.csum_mode = ILA_CSUM_NEUTRAL_MAP_AUTO);
	REFUSED("C-bit", r.address[8] |= 0x10;
		r.csum_mode = ILA_CSUM_NEUTRAL_MAP);
	REFUSED("needs an identifier", r.flags = ILA_MAPPING_LOCAL);
	REFUSED("has no locator", r.flags = ILA_MAPPING_LOCAL;
		r.identifier = htobe64(0xa000000000010000));
	tap_check(!refused(record, ""));
	/* without a type of its own, that of the identifier */
	record.identifier = htobe64(0xa000000000010000);
	tap_check(!ila_mapping_refused(&record));
	record.identifier |= htobe64(1);
	tap_check(ila_mapping_refused(&record));
}

int main(void)
{
	static const struct tap_case cases[] = {
		{ "halves", test_halves },
		{ "send and restore", test_send_and_restore },
		{ "why not", test_why },
		{ "mapping of a SIR address", test_plain_mapping },
		{ "mapping of a tenant's address", test_tenant_mapping },
		{ "what the kernel would refuse", test_refused },
	};

	return tap_run(cases, MNL_ARRAY_SIZE(cases));
}

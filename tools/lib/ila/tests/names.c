// SPDX-License-Identifier: GPL-2.0
/*
 * libila: tests of names
 */
#include <errno.h>
#include <string.h>

#include "../internal.h"
#include "tap.h"

static void is(enum ila_names names, unsigned int value, const char *name)
{
	const char *found = ila_name(names, value);

	tap_check(found && !strcmp(found, name));
	tap_check(ila_value(names, name) == (int)value);
}

/* The words of ip, which scripts have */
static void test_ip(void)
{
	is(ILA_NAMES_CSUM_MODE, ILA_CSUM_ADJUST_TRANSPORT, "adj-transport");
	is(ILA_NAMES_CSUM_MODE, ILA_CSUM_NEUTRAL_MAP, "neutral-map");
	is(ILA_NAMES_CSUM_MODE, ILA_CSUM_NEUTRAL_MAP_AUTO, "neutral-map-auto");
	is(ILA_NAMES_CSUM_MODE, ILA_CSUM_NO_ACTION, "no-action");
	is(ILA_NAMES_IDENT_TYPE, ILA_ATYPE_IID, "iid");
	is(ILA_NAMES_IDENT_TYPE, ILA_ATYPE_LUID, "luid");
	is(ILA_NAMES_IDENT_TYPE, ILA_ATYPE_VIRT_V4, "virt-v4");
	is(ILA_NAMES_IDENT_TYPE, ILA_ATYPE_VIRT_UNI_V6, "virt-uni-v6");
	is(ILA_NAMES_IDENT_TYPE, ILA_ATYPE_VIRT_MULTI_V6, "virt-multi-v6");
	is(ILA_NAMES_IDENT_TYPE, ILA_ATYPE_NONLOCAL_ADDR, "nonlocal-addr");
	is(ILA_NAMES_IDENT_TYPE, ILA_ATYPE_USE_FORMAT, "use-format");
	is(ILA_NAMES_HOOK, ILA_HOOK_ROUTE_INPUT, "input");
	is(ILA_NAMES_HOOK, ILA_HOOK_ROUTE_OUTPUT, "output");
}

static void test_stats(void)
{
	unsigned int i;

	tap_check(!ila_name(ILA_NAMES_STAT, ILA_STAT_UNSPEC));
	for (i = 1; i <= ILA_STAT_MAX; i++)
		tap_check(ila_name(ILA_NAMES_STAT, i));
	is(ILA_NAMES_STAT, ILA_STAT_OUT_CBIT, "IlaOutCBit");
}

/* No name stands for two numbers */
static void test_both_ways(void)
{
	unsigned int names, value;
	const char *name;

	for (names = ILA_NAMES_COMMAND; names <= ILA_NAMES_STAT; names++) {
		for (value = 0; value < 256; value++) {
			name = ila_name(names, value);
			if (name)
				is(names, value, name);
		}
	}
}

static void test_unknown(void)
{
	tap_check(!ila_name(ILA_NAMES_CSUM_MODE, 17));
	tap_check(!ila_name(ILA_NAMES_STAT + 1, 0));
	tap_check(!ila_name((enum ila_names)-1, 0));
	tap_check(ila_value(ILA_NAMES_MISS, "unknown") == -EINVAL);
	tap_check(ila_value(ILA_NAMES_MISS, "") == -EINVAL);
	tap_check(ila_value(ILA_NAMES_STAT + 1, "drop") == -EINVAL);
}

int main(void)
{
	static const struct tap_case cases[] = {
		{ "words of ip", test_ip },
		{ "every counter has a name", test_stats },
		{ "names and numbers go both ways", test_both_ways },
		{ "unknown ones", test_unknown },
	};

	return tap_run(cases, MNL_ARRAY_SIZE(cases));
}

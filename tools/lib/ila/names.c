// SPDX-License-Identifier: GPL-2.0
/*
 * libila: names of numbers, as ip and /proc/net/ila_stat have them
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "internal.h"

struct ila_word {
	unsigned int value;
	const char *name;
};

static const struct ila_word ila_commands[] = {
	{ ILA_CMD_RULE_ADD,		"rule-add" },
	{ ILA_CMD_RULE_GET,		"rule-get" },
	{ ILA_CMD_RULE_DEL,		"rule-del" },
	{ ILA_CMD_MAPPING_NEW,		"mapping-new" },
	{ ILA_CMD_MAPPING_CHANGE,	"mapping-change" },
	{ ILA_CMD_MAPPING_REPLACE,	"mapping-replace" },
	{ ILA_CMD_MAPPING_DEL,		"mapping-del" },
	{ ILA_CMD_MAPPING_GET,		"mapping-get" },
	{ ILA_CMD_MAPPING_FLUSH,	"mapping-flush" },
	{ ILA_CMD_LOCATOR_GET,		"locator-get" },
	{ ILA_CMD_LOCATOR_MOVE,		"locator-move" },
	{ ILA_CMD_LOCATOR_DOWN,		"locator-down" },
	{ ILA_CMD_LOCATOR_UP,		"locator-up" },
	{ ILA_CMD_CONFIG_GET,		"config-get" },
	{ ILA_CMD_CONFIG_SET,		"config-set" },
	{ ILA_CMD_STATS_GET,		"stats-get" },
	{ ILA_CMD_EXPLAIN,		"explain" },
	{ ILA_CMD_MISS,			"miss" },
	{ 0 }
};

static const struct ila_word ila_csum_modes[] = {
	{ ILA_CSUM_ADJUST_TRANSPORT,		"adj-transport" },
	{ ILA_CSUM_NEUTRAL_MAP,			"neutral-map" },
	{ ILA_CSUM_NO_ACTION,			"no-action" },
	{ ILA_CSUM_NEUTRAL_MAP_AUTO,		"neutral-map-auto" },
	{ ILA_CSUM_ADJUST_TRANSPORT_COMPAT,	"adj-transport-compat" },
	{ ILA_CSUM_ROUTE,			"route" },
	{ 0 }
};

static const struct ila_word ila_ident_types[] = {
	{ ILA_ATYPE_IID,		"iid" },
	{ ILA_ATYPE_LUID,		"luid" },
	{ ILA_ATYPE_VIRT_V4,		"virt-v4" },
	{ ILA_ATYPE_VIRT_UNI_V6,	"virt-uni-v6" },
	{ ILA_ATYPE_VIRT_MULTI_V6,	"virt-multi-v6" },
	{ ILA_ATYPE_NONLOCAL_ADDR,	"nonlocal-addr" },
	{ ILA_ATYPE_USE_FORMAT,		"use-format" },
	{ ILA_ATYPE_ROUTE,		"route" },
	{ 0 }
};

static const struct ila_word ila_hooks[] = {
	{ ILA_HOOK_ROUTE_OUTPUT,	"output" },
	{ ILA_HOOK_ROUTE_INPUT,		"input" },
	{ 0 }
};

static const struct ila_word ila_strays[] = {
	{ ILA_STRAY_FORWARD,		"forward" },
	{ ILA_STRAY_UNREACHABLE,	"unreachable" },
	{ ILA_STRAY_DROP,		"drop" },
	{ 0 }
};

static const struct ila_word ila_origins[] = {
	{ ILA_ORIGIN_STATIC,	"static" },
	{ ILA_ORIGIN_AGENT,	"agent" },
	{ ILA_ORIGIN_REDIRECT,	"redirect" },
	{ 0 }
};

static const struct ila_word ila_misses[] = {
	{ ILA_MISS_AUTO,	"auto" },
	{ ILA_MISS_FORWARD,	"forward" },
	{ ILA_MISS_UNREACHABLE,	"unreachable" },
	{ ILA_MISS_DROP,	"drop" },
	{ 0 }
};

static const struct ila_word ila_states[] = {
	{ ILA_LOCATOR_DOWN,	"down" },
	{ ILA_LOCATOR_OWN,	"own" },
	{ 0 }
};

static const struct ila_word ila_reasons[] = {
	{ ILA_REASON_REQUEST,	"request" },
	{ ILA_REASON_EXPIRED,	"expired" },
	{ ILA_REASON_DEVICE,	"device" },
	{ 0 }
};

static const struct ila_word ila_explains[] = {
	{ ILA_EXPLAIN_NONE,	"none" },
	{ ILA_EXPLAIN_RULE,	"rule" },
	{ ILA_EXPLAIN_ROUTE,	"route" },
	{ ILA_EXPLAIN_MAPPING,	"mapping" },
	{ ILA_EXPLAIN_MISS,	"miss" },
	{ ILA_EXPLAIN_INPUT,	"input" },
	{ 0 }
};

static const struct ila_word ila_whys[] = {
	{ ILA_WHY_NOTHING,	"nothing" },
	{ ILA_WHY_NO_MAPPING,	"no-mapping" },
	{ ILA_WHY_EXPIRED,	"expired" },
	{ ILA_WHY_DOWN,		"down" },
	{ ILA_WHY_OWN,		"own" },
	{ ILA_WHY_NO_ROUTE,	"no-route" },
	{ ILA_WHY_LOOP,		"loop" },
	{ ILA_WHY_TYPE,		"type" },
	{ ILA_WHY_C_BIT,	"c-bit" },
	{ ILA_WHY_LOW16,	"low16" },
	{ 0 }
};

static const struct ila_word ila_stat_words[] = {
	{ ILA_STAT_IN_TRANSLATED,	"IlaInTranslated" },
	{ ILA_STAT_OUT_TRANSLATED,	"IlaOutTranslated" },
	{ ILA_STAT_IN_ERRORS_RESTORED,	"IlaInErrorsRestored" },
	{ ILA_STAT_IN_ERRORS_IGNORED,	"IlaInErrorsIgnored" },
	{ ILA_STAT_IN_ND,		"IlaInNd" },
	{ ILA_STAT_IN_TYPE,		"IlaInType" },
	{ ILA_STAT_IN_TRUNCATED,	"IlaInTruncated" },
	{ ILA_STAT_IN_NOMEM,		"IlaInNoMem" },
	{ ILA_STAT_IN_STRAY,		"IlaInStray" },
	{ ILA_STAT_OUT_ND,		"IlaOutNd" },
	{ ILA_STAT_OUT_CBIT,		"IlaOutCBit" },
	{ ILA_STAT_OUT_LOW16,		"IlaOutLow16" },
	{ ILA_STAT_OUT_TRUNCATED,	"IlaOutTruncated" },
	{ ILA_STAT_OUT_NOMEM,		"IlaOutNoMem" },
	{ ILA_STAT_OUT_LOOP,		"IlaOutLoop" },
	{ ILA_STAT_OUT_NOROUTE,		"IlaOutNoRoute" },
	{ ILA_STAT_OUT_TOOBIG,		"IlaOutTooBig" },
	{ ILA_STAT_OUT_OFFLOADED,	"IlaOutOffloaded" },
	{ ILA_STAT_OUT_TYPE,		"IlaOutType" },
	{ ILA_STAT_MISS_FORWARDED,	"IlaMissForwarded" },
	{ ILA_STAT_MISS_DROPPED,	"IlaMissDropped" },
	{ ILA_STAT_OUT_FAILED_OVER,	"IlaOutFailedOver" },
	{ ILA_STAT_MAPPINGS_EXPIRED,	"IlaMappingsExpired" },
	{ ILA_STAT_OUT_FASTPATH,	"IlaOutFastpath" },
	{ 0 }
};

static_assert(MNL_ARRAY_SIZE(ila_stat_words) == ILA_STAT_MAX + 1,
	      "every counter has a name");

static const struct ila_word * const ila_vocabularies[] = {
	[ILA_NAMES_COMMAND]	= ila_commands,
	[ILA_NAMES_CSUM_MODE]	= ila_csum_modes,
	[ILA_NAMES_IDENT_TYPE]	= ila_ident_types,
	[ILA_NAMES_HOOK]	= ila_hooks,
	[ILA_NAMES_STRAY]	= ila_strays,
	[ILA_NAMES_ORIGIN]	= ila_origins,
	[ILA_NAMES_MISS]	= ila_misses,
	[ILA_NAMES_STATE]	= ila_states,
	[ILA_NAMES_REASON]	= ila_reasons,
	[ILA_NAMES_EXPLAIN]	= ila_explains,
	[ILA_NAMES_WHY]		= ila_whys,
	[ILA_NAMES_STAT]	= ila_stat_words,
};

/* The last one if there are none of this kind */
static const struct ila_word *ila_words(enum ila_names names)
{
	static const struct ila_word none = { 0 };

	if ((size_t)names >= MNL_ARRAY_SIZE(ila_vocabularies))
		return &none;
	return ila_vocabularies[names];
}

/**
 * ila_name() - the name of a number
 * @names: of which kind
 * @value: the number
 *
 * Return: the name, or NULL if it has none.
 */
const char *ila_name(enum ila_names names, unsigned int value)
{
	const struct ila_word *word;

	for (word = ila_words(names); word->name; word++) {
		if (word->value == value)
			return word->name;
	}
	return NULL;
}

/**
 * ila_value() - the number of a name
 * @names: of which kind
 * @name: the name
 *
 * Return: the number; -EINVAL: there is no such name.
 */
int ila_value(enum ila_names names, const char *name)
{
	const struct ila_word *word;

	for (word = ila_words(names); word->name; word++) {
		if (!strcmp(word->name, name))
			return word->value;
	}
	return -EINVAL;
}

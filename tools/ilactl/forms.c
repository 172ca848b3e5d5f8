// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: the objects, member by member
 */
#include <stddef.h>

#include "ilactl.h"

#define M(name_, kind_, member, ...) \
	FIELD(name_, kind_, struct ila_mapping, member, __VA_ARGS__)
#define DOMAIN_OF(type) \
	FIELD("domain", KIND_NUMBER, type, domain, .flags = FIELD_LEFT)
#define ADDRESS_OF_MAPPING \
	M("address", KIND_ADDRESS, address, .flags = FIELD_BARE | FIELD_WANTED)
#define IDENTIFIER_OF_MAPPING \
	M("identifier", KIND_IDENTIFIER, identifier, .flags = FIELD_SPARE, \
	  .none = "-")

/* Offsets are into the first record, with which a struct mapping begins */
static const struct field mapping_fields[] = {
	ADDRESS_OF_MAPPING,
	{ .name = "locator", .kind = KIND_PLACES, .flags = FIELD_BARE | FIELD_WANTED },
	IDENTIFIER_OF_MAPPING,
	M("csum-mode", KIND_NAME, csum_mode, .names = ILA_NAMES_CSUM_MODE,
	  .usual = ILA_CSUM_ROUTE),
	M("ident-type", KIND_NAME, ident_type, .names = ILA_NAMES_IDENT_TYPE,
	  .usual = ILA_ATYPE_ROUTE),
	M("origin", KIND_NAME, origin, .names = ILA_NAMES_ORIGIN),
	M("timeout", KIND_SECONDS, timeout, .none = "-"),
	DOMAIN_OF(struct ila_mapping),
	M("idle", KIND_SECONDS, idle, .flags = FIELD_ANSWER | FIELD_MORE),
	M("generation", KIND_NUMBER, generation, .flags = FIELD_ANSWER | FIELD_MORE),
	{ 0 }
};

const struct form form_mapping = { .name = "mapping", .fields = mapping_fields };

/* As list shows it, or as much of that as names one */
static const struct field mapping_key_fields[] = {
	ADDRESS_OF_MAPPING,
	{ .name = "locator", .kind = KIND_PLACES, .flags = FIELD_BARE },
	IDENTIFIER_OF_MAPPING,
	DOMAIN_OF(struct ila_mapping),
	{ 0 }
};

const struct form form_mapping_key = { .name = "mapping", .fields = mapping_key_fields };

#define F(name_, kind_, member, bit, ...) \
	FIELD(name_, kind_, struct ila_filter, member, .set = bit, __VA_ARGS__)

static const struct field filter_fields[] = {
	F("prefix", KIND_PREFIX, address, ILA_FILTER_PREFIX,
	  .extra = offsetof(struct ila_filter, prefix_len)),
	F("locator", KIND_HALF, locator, ILA_FILTER_LOCATOR),
	F("domain", KIND_NUMBER, domain, ILA_FILTER_DOMAIN),
	F("origin", KIND_NAME, origin, ILA_FILTER_ORIGIN, .names = ILA_NAMES_ORIGIN),
	F("idle", KIND_SECONDS, idle, ILA_FILTER_IDLE),
	{ 0 }
};

const struct form form_filter = { .name = "filter", .fields = filter_fields, .has_set = true };

#define R(name_, kind_, member, ...) \
	FIELD(name_, kind_, struct ila_rule, member, __VA_ARGS__)
#define MATCH_OF_RULE \
	R("loc_match", KIND_HALF, match, .flags = FIELD_WANTED)
#define DEVICE_OF_RULE \
	R("dev", KIND_DEVICE, ifindex, .flags = FIELD_SPARE, .none = "any")

static const struct field rule_fields[] = {
	MATCH_OF_RULE,
	R("loc", KIND_HALF, locator, .flags = FIELD_WANTED),
	DEVICE_OF_RULE,
	R("csum-mode", KIND_NAME, csum_mode, .names = ILA_NAMES_CSUM_MODE,
	  .usual = ILA_CSUM_NO_ACTION),
	R("ident-type", KIND_NAME, ident_type, .names = ILA_NAMES_IDENT_TYPE,
	  .usual = ILA_RULE_OPAQUE, .none = "any"),
	R("stray", KIND_NAME, stray, .names = ILA_NAMES_STRAY),
	DOMAIN_OF(struct ila_rule),
	{ 0 }
};

const struct form form_rule = { .name = "rule", .fields = rule_fields };

static const struct field rule_key_fields[] = { MATCH_OF_RULE, DEVICE_OF_RULE, { 0 } };

const struct form form_rule_key = { .name = "rule", .fields = rule_key_fields };

#define L(name_, kind_, member, ...) \
	FIELD(name_, kind_, struct ila_locator, member, __VA_ARGS__)

static const struct field locator_fields[] = {
	L("locator", KIND_HALF, locator, .flags = FIELD_BARE | FIELD_WANTED),
	L("sir", KIND_HALF, sir_prefix, .flags = FIELD_ANSWER | FIELD_SPARE,
	  .none = "-"),
	L("state", KIND_STATE, state, .flags = FIELD_ANSWER),
	L("mappings", KIND_NUMBER, mappings, .flags = FIELD_ANSWER),
	L("packets", KIND_NUMBER, packets, .flags = FIELD_ANSWER),
	L("bytes", KIND_NUMBER, bytes, .flags = FIELD_ANSWER),
	DOMAIN_OF(struct ila_locator),
	{ 0 }
};

const struct form form_locator = { .name = "locator", .fields = locator_fields };

static const struct field locator_key_fields[] = {
	L("locator", KIND_HALF, locator, .flags = FIELD_BARE | FIELD_WANTED),
	DOMAIN_OF(struct ila_locator),
	{ 0 }
};

const struct form form_locator_key = { .name = "locator", .fields = locator_key_fields };

static const struct field move_fields[] = {
	FIELD("locator", KIND_HALF, struct move, locator,
	      .flags = FIELD_BARE | FIELD_WANTED),
	FIELD("to", KIND_HALF, struct move, to, .flags = FIELD_BARE | FIELD_WANTED),
	DOMAIN_OF(struct move),
	{ 0 }
};

const struct form form_move = { .name = "move", .fields = move_fields };

#define C(name_, kind_, member, bit, ...) \
	FIELD(name_, kind_, struct ila_config, member, .set = bit, __VA_ARGS__)

static const struct field config_fields[] = {
	C("miss", KIND_NAME, miss, ILA_CONFIG_MISS, .names = ILA_NAMES_MISS),
	C("miss-rate", KIND_NUMBER, miss_rate, ILA_CONFIG_MISS_RATE),
	C("counting", KIND_SWITCH, counting, ILA_CONFIG_COUNTING),
	C("fastpath", KIND_SWITCH, fastpath, ILA_CONFIG_FASTPATH),
	C("limit", KIND_NUMBER, limit, ILA_CONFIG_LIMIT),
	C("mappings", KIND_NUMBER, mappings, ILA_CONFIG_MAPPINGS, .flags = FIELD_ANSWER),
	C("generation", KIND_NUMBER, generation, ILA_CONFIG_GENERATION,
	  .flags = FIELD_ANSWER),
	{ 0 }
};

const struct form form_config = {
	.name = "setting", .fields = config_fields, .has_set = true, .upright = true
};

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: explain
 */
#include <stddef.h>
#include <string.h>

#include "ilactl.h"

/**
 * struct explained - an explanation
 * @it: libila's, which begins with what is set
 * @mapping: its mapping
 */
struct explained {
	struct ila_explanation it;
	struct mapping mapping;
};

#define E(name_, kind_, member, bit, ...) \
	FIELD(name_, kind_, struct explained, it.member, .set = bit, __VA_ARGS__)

static const struct field explain_fields[] = {
	E("address", KIND_ADDRESS, address, 0),
	E("by", KIND_NAME, by, 0, .names = ILA_NAMES_EXPLAIN),
	E("why", KIND_NAME, why, 0, .names = ILA_NAMES_WHY, .flags = FIELD_SPARE),
	E("loc_match", KIND_HALF, match, ILA_EXPLAINED_MATCH),
	{ .name = "mapping", .kind = KIND_PLACES,
	  .offset = offsetof(struct explained, mapping) },
	E("locator", KIND_HALF, locator, ILA_EXPLAINED_LOCATOR),
	E("csum-mode", KIND_NAME, csum_mode, ILA_EXPLAINED_CSUM_MODE,
	  .names = ILA_NAMES_CSUM_MODE),
	E("ident-type", KIND_NAME, ident_type, ILA_EXPLAINED_IDENT_TYPE,
	  .names = ILA_NAMES_IDENT_TYPE),
	E("domain", KIND_NUMBER, domain, ILA_EXPLAINED_DOMAIN),
	E("miss", KIND_NAME, miss, ILA_EXPLAINED_MISS, .names = ILA_NAMES_MISS),
	E("stray", KIND_NAME, stray, ILA_EXPLAINED_STRAY, .names = ILA_NAMES_STRAY),
	E("translated", KIND_ADDRESS, translated, ILA_EXPLAINED_TRANSLATED),
	E("via", KIND_ADDRESS, gateway, ILA_EXPLAINED_GATEWAY),
	E("dev", KIND_DEVICE, ifindex, ILA_EXPLAINED_IFINDEX, .flags = FIELD_SPARE),
	{ 0 }
};

static const struct field question_fields[] = {
	{ .name = "address", .kind = KIND_ADDRESS, .flags = FIELD_BARE | FIELD_WANTED },
	{ 0 }
};

const struct form form_question = { .name = "question", .fields = question_fields };

static const struct form form_explain = {
	.name = "explanation", .fields = explain_fields, .has_set = true, .upright = true
};

/* For people: what it means, and what could be done */
static const char *explain_means(const struct ila_explanation *it)
{
	static const char * const why[] = {
		[ILA_WHY_NO_MAPPING] = "it has no mapping: 'map add' makes one",
		[ILA_WHY_EXPIRED] = "its mapping's time is over: 'map replace' makes a new one",
		[ILA_WHY_DOWN] = "its locators are down: 'locator up' takes them up",
		[ILA_WHY_OWN] = "its locator is this node's own, by a rule",
		[ILA_WHY_NO_ROUTE] = "no locator of its has a route: 'ip -6 route get' it",
		[ILA_WHY_LOOP] = "its locator's route is an ILA route itself",
		[ILA_WHY_TYPE] = "identifiers of its type are not translated here",
		[ILA_WHY_C_BIT] = "it has the C-bit, as no SIR address must: it is dropped",
		[ILA_WHY_LOW16] = "it ends in ffff, which can not be restored: it is dropped",
	};

	if (it->why && it->why < LENGTH(why))
		return why[it->why];
	switch (it->by) {
	case ILA_EXPLAIN_NONE:
		return "no rule, ILA route or table route is for it: 'route' makes a table route";
	case ILA_EXPLAIN_RULE:
		return "received, it is restored by a rule";
	case ILA_EXPLAIN_ROUTE:
		return "sent, it is translated by a route with a locator";
	case ILA_EXPLAIN_MAPPING:
		return "sent, it is translated by its mapping";
	case ILA_EXPLAIN_INPUT:
		return "received, it is restored by an input route";
	default:
		return NULL;
	}
}

int run_explain(struct words *words)
{
	struct explained explained = { 0 };
	struct in6_addr address;
	const char *means;
	struct ila *ila;
	int err = parse(words, &form_question, &address) ?: kernel_open(words, &ila);

	if (err)
		return err;
	err = ila_explain(ila, &address, &explained.it);
	if (err)
		return fail(words, "explain", err, NULL);
	explained.it.address = address;
	mapping_of(&explained.mapping, explained.it.records, explained.it.n);
	show_start();
	show(&form_explain, &explained);
	means = explain_means(&explained.it);
	if (means && !options.json && !options.oneline)
		printf("%s\n", means);
	return show_stop(words, 0);
}

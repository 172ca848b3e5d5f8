// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: counters as OpenMetrics
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "ilactl.h"

static const char * const counter_help[COUNTERS] = {
	[ILA_STAT_IN_TRANSLATED] = "Packets restored by rules and input routes.",
	[ILA_STAT_OUT_TRANSLATED] = "Packets translated by output routes.",
	[ILA_STAT_IN_ERRORS_RESTORED] = "ICMPv6 errors whose quote was restored.",
	[ILA_STAT_IN_ERRORS_IGNORED] = "ICMPv6 errors whose quote could not be.",
	[ILA_STAT_IN_ND] = "Neighbour discovery to a locator, left alone.",
	[ILA_STAT_IN_TYPE] = "Received, of a type that is left alone.",
	[ILA_STAT_IN_TRUNCATED] = "Received and dropped: headers cut short.",
	[ILA_STAT_IN_NOMEM] = "Received and dropped: no memory.",
	[ILA_STAT_IN_STRAY] = "Received and dropped: not here.",
	[ILA_STAT_OUT_ND] = "Neighbour discovery by an output route, left alone.",
	[ILA_STAT_OUT_CBIT] = "Dropped: a SIR address with the C-bit.",
	[ILA_STAT_OUT_LOW16] = "Dropped: the identifier ends in ffff.",
	[ILA_STAT_OUT_TRUNCATED] = "Dropped: headers cut short.",
	[ILA_STAT_OUT_NOMEM] = "Dropped: no memory.",
	[ILA_STAT_OUT_LOOP] = "Dropped: the locator's route is an ILA route.",
	[ILA_STAT_OUT_NOROUTE] = "Dropped: no route to the locator.",
	[ILA_STAT_OUT_TOOBIG] = "Dropped: larger than the path to the locator takes.",
	[ILA_STAT_OUT_OFFLOADED] = "Seen of connections that a flow table has.",
	[ILA_STAT_OUT_TYPE] = "Sent, of a type that is left alone.",
	[ILA_STAT_MISS_FORWARDED] = "Without a mapping, sent on as they are.",
	[ILA_STAT_MISS_DROPPED] = "Dropped: without a mapping.",
	[ILA_STAT_OUT_FAILED_OVER] = "Sent to another locator than the first.",
	[ILA_STAT_MAPPINGS_EXPIRED] = "Mappings whose time was over.",
	[ILA_STAT_OUT_FASTPATH] = "Forwarded by the fast path.",
};

/* IlaInNd: ila_in_nd */
static const char *metric_name(const char *name, char text[VALUE_LEN])
{
	size_t n = 0;

	for (; *name && n < VALUE_LEN - 2; name++) {
		if (isupper((unsigned char)*name) && n && !isupper((unsigned char)name[-1]))
			text[n++] = '_';
		text[n++] = tolower((unsigned char)*name);
	}
	text[n] = '\0';
	return text;
}

static void metric_head(const char *name, const char *type, const char *help)
{
	printf("# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

static void metric_gauge(const char *name, const char *help, uint64_t value)
{
	metric_head(name, "gauge", help);
	printf("%s %" PRIu64 "\n", name, value);
}

/**
 * struct locators - all locators: the format wants them once for each number
 * @locator: they
 * @n: how many
 */
struct locators {
	struct ila_locator *locator;
	size_t n;
};

static int locators_note(const struct ila_locator *locator, void *data)
{
	struct locators *all = data;
	struct ila_locator *more = array_room(all->locator, all->n, sizeof(*more));

	if (!more)
		return -ENOMEM;
	all->locator = more;
	more[all->n++] = *locator;
	return 0;
}

static uint64_t locator_packets(const struct ila_locator *locator)
{
	return locator->packets;
}

static uint64_t locator_bytes(const struct ila_locator *locator)
{
	return locator->bytes;
}

static uint64_t locator_mappings(const struct ila_locator *locator)
{
	return locator->mappings;
}

static uint64_t locator_is_up(const struct ila_locator *locator)
{
	return !(locator->state & ILA_LOCATOR_DOWN);
}

static void metrics_locators(const struct locators *all)
{
	static const struct {
		const char *name;
		const char *suffix;
		uint64_t (*value)(const struct ila_locator *locator);
		const char *type;
		const char *help;
	} families[] = {
		{ "ila_locator_packets", "_total", locator_packets, "counter",
		  "Packets that were sent to a locator." },
		{ "ila_locator_bytes", "_total", locator_bytes, "counter",
		  "Bytes of these packets." },
		{ "ila_locator_mappings", "", locator_mappings, "gauge",
		  "Mappings that have a locator." },
		{ "ila_locator_up", "", locator_is_up, "gauge",
		  "Whether a locator is used." },
	};
	const struct ila_locator *locator;
	char text[ILA_TEXT_LEN];
	size_t i;

	for (i = 0; i < LENGTH(families); i++) {
		metric_head(families[i].name, families[i].type, families[i].help);
		for (locator = all->locator; locator < all->locator + all->n; locator++)
			printf("%s%s{locator=\"%s\",domain=\"%" PRIu32 "\"} %" PRIu64 "\n",
			       families[i].name, families[i].suffix,
			       ila_locator_text(locator->locator, text),
			       locator->domain, families[i].value(locator));
	}
}

/**
 * openmetrics() - write counters and locators in the OpenMetrics text format
 * @words: the command
 * @ila: handle
 * @stats: the counters
 *
 * Return: 0 or FAIL_KERNEL.
 */
int openmetrics(const struct words *words, struct ila *ila,
		const uint64_t stats[COUNTERS])
{
	struct locators all = { 0 };
	struct ila_config config;
	char name[VALUE_LEN];
	unsigned int i;
	int err = ila_config_get(ila, &config);

	if (!err)
		err = ila_locator_dump(ila, locators_note, &all);
	if (err < 0) {
		free(all.locator);
		return fail(words, "stats", err, NULL);
	}
	for (i = 1; i < COUNTERS; i++) {
		metric_name(ila_name(ILA_NAMES_STAT, i), name);
		metric_head(name, "counter", counter_help[i]);
		printf("%s_total %" PRIu64 "\n", name, stats[i]);
	}
	metric_gauge("ila_mappings", "Mappings that there are.", config.mappings);
	metric_gauge("ila_mappings_limit", "Most mappings there may be.", config.limit);
	metrics_locators(&all);
	free(all.locator);
	puts("# EOF");
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: stats
 *
 * Nothing resets the kernel's counters. What --reset-view remembers is how they
 * were, in a file that goes with the machine's next start, a network namespace
 * each.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ilactl.h"

#define COUNTERS	(ILA_STAT_MAX + 1)
#define VIEW_PATH	128

/**
 * struct counter - a counter as it is shown
 * @name: of the counter
 * @value: since there is the namespace
 * @since: since the view was reset
 */
struct counter {
	const char *name;
	uint64_t value;
	uint64_t since;
};

static const struct field counter_fields[] = {
	FIELD("counter", KIND_TEXT, struct counter, name, .flags = FIELD_BARE),
	FIELD("value", KIND_NUMBER, struct counter, value, .flags = FIELD_BARE),
	{ 0 }
};

static const struct field view_fields[] = {
	FIELD("counter", KIND_TEXT, struct counter, name, .flags = FIELD_BARE),
	FIELD("since", KIND_NUMBER, struct counter, since, .flags = FIELD_BARE),
	FIELD("value", KIND_NUMBER, struct counter, value, .flags = FIELD_BARE),
	{ 0 }
};

static const struct form form_counter = { .name = "counter", .fields = counter_fields };
static const struct form form_view = { .name = "counter", .fields = view_fields };

/* The view
 */

static int view_path(char path[VIEW_PATH])
{
	const char *dir = getuid() ? getenv("XDG_RUNTIME_DIR") : NULL;
	struct stat st;
	int n;

	if (stat("/proc/self/ns/net", &st))
		return -errno;
	n = snprintf(path, VIEW_PATH, "%s/ilactl.%ju", dir ?: "/run",
		     (uintmax_t)st.st_ino);
	return n < VIEW_PATH ? 0 : -ENAMETOOLONG;
}

/* Another namespace may have had its number: then some counter was further */
static bool view_read(const uint64_t stats[COUNTERS], uint64_t view[COUNTERS])
{
	char path[VIEW_PATH];
	unsigned int i;
	ssize_t n = -1;
	int fd;

	fd = view_path(path) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		n = read(fd, view, COUNTERS * sizeof(*view));
		close(fd);
	}
	if (n != (ssize_t)(COUNTERS * sizeof(*view)))
		return false;
	for (i = 0; i < COUNTERS; i++) {
		if (view[i] > stats[i])
			return false;
	}
	return true;
}

/* Whole or not at all */
static int view_write(const struct words *words, const uint64_t stats[COUNTERS])
{
	char path[VIEW_PATH], fresh[VIEW_PATH + 8];
	int fd, err = view_path(path);
	ssize_t n = -1;

	if (err)
		return fail_text(words, "the view", strerror(-err), NULL);
	snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path);
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd >= 0) {
		n = write(fd, stats, COUNTERS * sizeof(*stats));
		close(fd);
	}
	if (n == (ssize_t)(COUNTERS * sizeof(*stats)) && !rename(fresh, path))
		return 0;
	err = errno;
	unlink(fresh);
	return fail_text(words, path, strerror(err), NULL);
}

static int stats_show(const struct words *words, const uint64_t stats[COUNTERS])
{
	uint64_t view[COUNTERS] = { 0 };
	bool viewed = view_read(stats, view);
	struct counter counter = { 0 };
	unsigned int i;

	show_start();
	for (i = 1; i < COUNTERS; i++) {
		counter.name = ila_name(ILA_NAMES_STAT, i);
		counter.value = stats[i];
		counter.since = stats[i] - view[i];
		show(viewed ? &form_view : &form_counter, &counter);
	}
	return show_stop(words, 0);
}

/* OpenMetrics
 */

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

/* A family of samples: one number of each locator */
struct family {
	const char *name;
	const char *suffix;
	uint64_t (*value)(const struct ila_locator *locator);
};

static int metric_locator(const struct ila_locator *locator, void *data)
{
	const struct family *family = data;
	char text[ILA_TEXT_LEN];

	printf("%s%s{locator=\"%s\",domain=\"%" PRIu32 "\"} %" PRIu64 "\n",
	       family->name, family->suffix,
	       ila_locator_text(locator->locator, text), locator->domain,
	       family->value(locator));
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

static int metrics_locators(struct ila *ila)
{
	static const struct {
		struct family family;
		const char *type;
		const char *help;
	} all[] = {
		{ { "ila_locator_packets", "_total", locator_packets }, "counter",
		  "Packets that were sent to a locator." },
		{ { "ila_locator_bytes", "_total", locator_bytes }, "counter",
		  "Bytes of these packets." },
		{ { "ila_locator_mappings", "", locator_mappings }, "gauge",
		  "Mappings that have a locator." },
		{ { "ila_locator_up", "", locator_is_up }, "gauge",
		  "Whether a locator is used." },
	};
	size_t i;
	int err;

	for (i = 0; i < LENGTH(all); i++) {
		metric_head(all[i].family.name, all[i].type, all[i].help);
		err = ila_locator_dump(ila, metric_locator, (void *)&all[i].family);
		if (err < 0)
			return err;
	}
	return 0;
}

static int metrics(const struct words *words, struct ila *ila,
		   const uint64_t stats[COUNTERS])
{
	struct ila_config config;
	char name[VALUE_LEN];
	unsigned int i;
	int err = ila_config_get(ila, &config);

	if (err)
		return fail(words, "stats", err, NULL);
	for (i = 1; i < COUNTERS; i++) {
		metric_name(ila_name(ILA_NAMES_STAT, i), name);
		metric_head(name, "counter", ila_name(ILA_NAMES_STAT, i));
		printf("%s_total %" PRIu64 "\n", name, stats[i]);
	}
	metric_gauge("ila_mappings", "Mappings that there are.", config.mappings);
	metric_gauge("ila_mappings_limit", "Most mappings there may be.", config.limit);
	err = metrics_locators(ila);
	if (err < 0)
		return fail(words, "stats", err, NULL);
	puts("# EOF");
	return 0;
}

int run_stats(struct words *words)
{
	bool reset = words_next_is(words, "--reset-view");
	bool open = words_next_is(words, "--openmetrics");
	uint64_t stats[COUNTERS];
	struct ila *ila;
	int err;

	if (words_end(words))
		return FAIL_USAGE;
	ila = kernel(words);
	if (!ila)
		return FAIL_KERNEL;
	err = ila_stats(ila, stats, COUNTERS);
	if (err)
		return fail(words, "stats", err, NULL);
	if (reset)
		return view_write(words, stats);
	return open ? metrics(words, ila, stats) : stats_show(words, stats);
}

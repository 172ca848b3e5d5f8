// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: route
 *
 * Routes are ip's business, and what ip does can be seen and kept. So the table
 * route is a command of ip, and to install it is to run that, in the network
 * namespace that was entered.
 */
#include <endian.h>
#include <errno.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ilactl.h"

enum {
	ROUTE_GATEWAY = 1 << 0,
	ROUTE_DEVICE = 1 << 1,
	ROUTE_SOURCE = 1 << 2,
	ROUTE_TABLE = 1 << 3,
	ROUTE_METRIC = 1 << 4,
};

/**
 * struct route - a table route
 * @set: ROUTE_, what there is of those that need not be
 * @prefix: it is for
 * @via: gateway, for what has no mapping
 * @source: that local senders use
 * @ifindex: device
 * @table: routing table
 * @metric: preference
 * @prefix_len: of @prefix
 * @csum_mode: ILA_CSUM_
 * @ident_type: ILA_ATYPE_
 */
struct route {
	uint32_t set;
	struct in6_addr prefix;
	struct in6_addr via;
	struct in6_addr source;
	int32_t ifindex;
	uint32_t table;
	uint32_t metric;
	uint8_t prefix_len;
	uint8_t csum_mode;
	uint8_t ident_type;
};

#define T(name_, kind_, member, bit, ...) \
	FIELD(name_, kind_, struct route, member, .set = bit, __VA_ARGS__)

static const struct field route_fields[] = {
	T("prefix", KIND_PREFIX, prefix, 0, .flags = FIELD_BARE | FIELD_WANTED,
	  .extra = offsetof(struct route, prefix_len)),
	T("csum-mode", KIND_NAME, csum_mode, 0, .names = ILA_NAMES_CSUM_MODE),
	T("ident-type", KIND_NAME, ident_type, 0, .names = ILA_NAMES_IDENT_TYPE),
	T("via", KIND_ADDRESS, via, ROUTE_GATEWAY),
	T("dev", KIND_DEVICE, ifindex, ROUTE_DEVICE),
	T("src", KIND_ADDRESS, source, ROUTE_SOURCE),
	T("table", KIND_NUMBER, table, ROUTE_TABLE),
	T("metric", KIND_NUMBER, metric, ROUTE_METRIC),
	{ 0 }
};

const struct form form_route = { .name = "route", .fields = route_fields, .has_set = true };

#define ROUTE_WORDS	32
/* With the longest path that kernel_enter() takes */
#define ROUTE_LEN	(512 + ROUTE_WORDS * VALUE_LEN)

/* What ip gets to see: after its own words those of the fields, and between
 * prefix and the rest what makes it a table route
 */
static unsigned int route_words(const struct route *route,
				char text[ROUTE_WORDS][VALUE_LEN],
				char *argv[ROUTE_WORDS])
{
	static const char * const begin[] = { "ip", "-6", "route", "add" };
	static const char * const encap[] = { "encap", "ila", "0:0:0:0" };
	const struct field *field;
	unsigned int n = 0, i;

	for (i = 0; i < LENGTH(begin); i++)
		strcpy(text[n++], begin[i]);
	for (field = route_fields; field->name; field++) {
		if (!value_there(&form_route, field, route))
			continue;
		if (!(field->flags & FIELD_BARE))
			strcpy(text[n++], field->name);
		value_text(field, route, 0, false, text[n++]);
		for (i = 0; field->flags & FIELD_BARE && i < LENGTH(encap); i++)
			strcpy(text[n++], encap[i]);
	}
	for (i = 0; i < n; i++)
		argv[i] = text[i];
	argv[n] = NULL;
	return n;
}

static int route_apply(const struct words *words, char **argv)
{
	int err, status;
	pid_t pid;

	err = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (err)
		return fail_text(words, argv[0], strerror(err), "it is of iproute2");
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return fail_text(words, argv[0], strerror(errno), NULL);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return fail_text(words, "ip refused the route", "see above", NULL);
	return 0;
}

/* --apply may stand anywhere */
static bool route_take_apply(struct words *words)
{
	unsigned int i, n = words->n;

	for (i = words->at; i < n; i++) {
		if (strcmp(words->word[i], "--apply"))
			continue;
		memmove(&words->word[i], &words->word[i + 1],
			(n - i - 1) * sizeof(*words->word));
		words->n--;
		return true;
	}
	return false;
}

struct shown_route {
	const char *command;
};

static const struct field shown_fields[] = {
	FIELD("command", KIND_TEXT, struct shown_route, command, .flags = FIELD_BARE),
	{ 0 }
};

static const struct form form_shown = { .name = "route", .fields = shown_fields };

/* ip, in the namespace that was asked for; its -n takes names only */
static size_t route_ip(char *text, size_t len)
{
	if (!options.netns)
		return snprintf(text, len, "ip");
	if (!strchr(options.netns, '/'))
		return snprintf(text, len, "ip -n %s", options.netns);
	return snprintf(text, len, "nsenter --net=%s ip", options.netns);
}

static int route_show(const struct words *words, char **argv, unsigned int n)
{
	char command[ROUTE_LEN];
	const struct shown_route shown = { command };
	size_t len = route_ip(command, sizeof(command));
	unsigned int i;

	for (i = 1; i < n; i++)
		len += snprintf(command + len, sizeof(command) - len, " %s", argv[i]);
	if (!options.json) {
		puts(command);
		return 0;
	}
	show_start();
	show(&form_shown, &shown);
	return show_stop(words, 0);
}

/* Of a prefix that is longer than a SIR prefix, or has bits behind its length, a
 * table route would take others than were meant
 */
static int route_check(const struct words *words, const struct route *route)
{
	const uint64_t upper = be64toh(ila_address_upper(&route->prefix));

	if (route->prefix_len > 64 || ila_address_lower(&route->prefix) ||
	    (route->prefix_len < 64 && upper << route->prefix_len))
		return refuse(words, "prefix: /64 or shorter, and only zeros behind it");
	if (!(route->set & (ROUTE_GATEWAY | ROUTE_DEVICE)))
		return refuse(words, "where does go what has no mapping? say via, dev or both");
	return 0;
}

int run_route(struct words *words)
{
	struct route route = {
		.csum_mode = ILA_CSUM_NEUTRAL_MAP_AUTO,
		.ident_type = ILA_ATYPE_LUID,
	};
	char text[ROUTE_WORDS][VALUE_LEN], *argv[ROUTE_WORDS];
	bool apply = route_take_apply(words);
	int err = parse(words, &form_route, &route) ?: route_check(words, &route);
	unsigned int n;

	if (err)
		return err;
	n = route_words(&route, text, argv);
	return apply ? route_apply(words, argv) : route_show(words, argv, n);
}

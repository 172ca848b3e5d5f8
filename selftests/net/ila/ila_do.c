// SPDX-License-Identifier: GPL-2.0
/*
 * What shell tests ask of the ila module. An answer is a line for each object,
 * of names and values in turn.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <libila.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"ila_do map new|change|replace ADDRESS LOCATOR[,PRIORITY[,WEIGHT]]...\n"
	"           [csum-mode M] [ident-type T] [timeout S] [origin O]\n"
	"           [domain N] [identifier I]\n"
	"ila_do map del|get ADDRESS [domain N]\n"
	"ila_do map list|flush [address A] [prefix P/LEN] [locator L]\n"
	"           [domain N] [origin O] [idle S] [sweep GENERATION]\n"
	"ila_do local new|del ADDRESS IDENTIFIER [timeout S] [domain N]\n"
	"ila_do rule flush\n"
	"ila_do locator list | get|down|up L [domain N] | move L TO [domain N]\n"
	"ila_do config get | set [miss P] [miss-rate N] [counting N] [fastpath N] [limit N]\n"
	"ila_do stats | explain ADDRESS | watch config|miss";

static struct ila *ila;
static char **words;

/* Words
 */

static _Noreturn void misused(void)
{
	if (*words)
		warnx("what is %s?", *words);
	errx(2, "usage:\n%s", usage);
}

static const char *word(void)
{
	if (!*words)
		misused();
	return *words++;
}

static bool next_is(const char *name)
{
	if (!*words || strcmp(*words, name))
		return false;
	words++;
	return true;
}

static void no_more_words(void)
{
	if (*words)
		misused();
}

static uint32_t to_number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (!*text || *end || value > UINT32_MAX)
		errx(2, "%s is not a number", text);
	return value;
}

static uint32_t number(void)
{
	return to_number(word());
}

static unsigned int name(enum ila_names names)
{
	const char *text = word();
	int value = ila_value(names, text);

	return value < 0 ? to_number(text) : (unsigned int)value;
}

static struct in6_addr to_address(const char *text)
{
	struct in6_addr address;

	if (inet_pton(AF_INET6, text, &address) != 1)
		errx(2, "%s is not an address", text);
	return address;
}

static struct in6_addr address(void)
{
	return to_address(word());
}

static __be64 to_locator(const char *text)
{
	__be64 value;

	if (ila_locator_parse(text, &value))
		errx(2, "%s is not a locator", text);
	return value;
}

static __be64 locator(void)
{
	return to_locator(word());
}

static __be64 identifier(void)
{
	const char *text = word();
	__be64 value;

	if (ila_identifier_parse(text, &value))
		errx(2, "what is %s?", text);
	return value;
}

static uint32_t domain(void)
{
	uint32_t value = next_is("domain") ? number() : 0;

	no_more_words();
	return value;
}

/* Answers
 */

static void want(int result)
{
	if (result < 0)
		errx(1, "%s", ila_error(ila));
}

static void put_number(const char *what, uint64_t value)
{
	printf("%s %" PRIu64 " ", what, value);
}

static void put_name(const char *what, enum ila_names names, unsigned int value)
{
	const char *text = ila_name(names, value);

	if (text)
		printf("%s %s ", what, text);
	else
		put_number(what, value);
}

static void put_address(const char *what, const void *value)
{
	char text[INET6_ADDRSTRLEN];

	printf("%s %s ", what, inet_ntop(AF_INET6, value, text, sizeof(text)));
}

static void put_half(const char *what, __be64 value)
{
	char text[ILA_TEXT_LEN];

	printf("%s %s ", what, ila_locator_text(value, text));
}

static void end_line(void)
{
	putchar('\n');
	fflush(stdout);
}

static void put_locators(const struct ila_mapping *records, unsigned int n)
{
	char text[ILA_TEXT_LEN];
	unsigned int i;

	for (i = 0; i < n; i++)
		printf("at %s,%u,%u ", ila_locator_text(records[i].locator, text),
		       records[i].priority, records[i].weight);
}

static void put_mapping(const struct ila_mapping *records, unsigned int n)
{
	put_address("address", records->address);
	if (records->flags & ILA_MAPPING_LOCAL)
		printf("local ");
	else
		put_locators(records, n);
	if (records->identifier)
		put_half("identifier", records->identifier);
	put_name("csum-mode", ILA_NAMES_CSUM_MODE, records->csum_mode);
	put_name("ident-type", ILA_NAMES_IDENT_TYPE, records->ident_type);
	put_name("origin", ILA_NAMES_ORIGIN, records->origin);
	put_number("domain", records->domain);
	put_number("timeout", records->timeout);
	put_number("idle", records->idle);
	put_number("generation", records->generation);
}

static int show_mapping(const struct ila_mapping *records, unsigned int n,
			void *data)
{
	(void)data;
	put_mapping(records, n);
	end_line();
	return 0;
}

/* map
 */

/* LOCATOR[,PRIORITY[,WEIGHT]]. Without a weight it is 0: they are alike. */
static void read_place(struct ila_mapping *record)
{
	char *text = strdup(word()), *rest = text;

	record->locator = to_locator(strsep(&rest, ","));
	record->priority = rest ? to_number(strsep(&rest, ",")) : 0;
	record->weight = rest ? to_number(rest) : 0;
	free(text);
}

static void read_mapping_key(struct ila_mapping *record)
{
	if (next_is("csum-mode"))
		record->csum_mode = name(ILA_NAMES_CSUM_MODE);
	else if (next_is("ident-type"))
		record->ident_type = name(ILA_NAMES_IDENT_TYPE);
	else if (next_is("timeout"))
		record->timeout = number();
	else if (next_is("origin"))
		record->origin = name(ILA_NAMES_ORIGIN);
	else if (next_is("domain"))
		record->domain = number();
	else if (next_is("identifier"))
		record->identifier = identifier();
	else
		misused();
}

static unsigned int read_mapping(struct ila_mapping *records)
{
	struct in6_addr sir = address();
	struct ila_mapping like;
	unsigned int n = 0, i;

	ila_mapping_init(&like, &sir, 0);
	do {
		if (n == ILA_MAPPING_LOCATORS)
			errx(2, "too many locators");
		records[n] = like;
		read_place(&records[n++]);
	} while (*words && strchr(*words, ':'));
	while (*words)
		read_mapping_key(&like);
	for (i = 0; i < n; i++) {
		like.locator = records[i].locator;
		like.priority = records[i].priority;
		like.weight = records[i].weight;
		records[i] = like;
	}
	return n;
}

static void read_filter_key(struct ila_filter *filter)
{
	if (next_is("address")) {
		filter->address = address();
		filter->set |= ILA_FILTER_ADDRESS;
	} else if (next_is("prefix")) {
		char *text = strdup(word()), *len = text;

		filter->address = to_address(strsep(&len, "/"));
		filter->prefix_len = len ? to_number(len) : 128;
		filter->set |= ILA_FILTER_PREFIX;
		free(text);
	} else if (next_is("locator")) {
		filter->locator = locator();
		filter->set |= ILA_FILTER_LOCATOR;
	} else if (next_is("domain")) {
		filter->domain = number();
		filter->set |= ILA_FILTER_DOMAIN;
	} else if (next_is("origin")) {
		filter->origin = name(ILA_NAMES_ORIGIN);
		filter->set |= ILA_FILTER_ORIGIN;
	} else if (next_is("idle")) {
		filter->idle = number();
		filter->set |= ILA_FILTER_IDLE;
	} else if (next_is("sweep")) {
		filter->sweep = number();
		filter->set |= ILA_FILTER_SWEEP;
	} else {
		misused();
	}
}

static struct ila_filter read_filter(void)
{
	struct ila_filter filter = { 0 };

	while (*words)
		read_filter_key(&filter);
	return filter;
}

static void map_write(int (*write)(struct ila *ila,
				   const struct ila_mapping *records,
				   unsigned int n))
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	unsigned int n = read_mapping(records);

	want(write(ila, records, n));
}

static void map_del(void)
{
	struct in6_addr sir = address();
	struct ila_mapping record;

	ila_mapping_init(&record, &sir, 0);
	record.domain = domain();
	want(ila_mapping_del(ila, &record));
}

static void map_get(void)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	struct in6_addr sir = address();
	int n = ila_mapping_get(ila, domain(), &sir, records);

	want(n);
	show_mapping(records, n, NULL);
}

static void map_flush(void)
{
	struct ila_filter filter = read_filter();
	uint32_t deleted;

	want(ila_mapping_flush(ila, &filter, &deleted));
	put_number("deleted", deleted);
	end_line();
}

static void do_map(void)
{
	if (next_is("new")) {
		map_write(ila_mapping_new);
	} else if (next_is("change")) {
		map_write(ila_mapping_change);
	} else if (next_is("replace")) {
		map_write(ila_mapping_replace);
	} else if (next_is("del")) {
		map_del();
	} else if (next_is("get")) {
		map_get();
	} else if (next_is("list")) {
		struct ila_filter filter = read_filter();

		want(ila_mapping_dump(ila, &filter, show_mapping, NULL));
	} else if (next_is("flush")) {
		map_flush();
	} else {
		misused();
	}
}

static void do_local(void)
{
	bool del = next_is("del");
	struct ila_mapping record;
	struct in6_addr own;

	if (!del && !next_is("new"))
		misused();
	own = address();
	ila_mapping_init(&record, &own, 0);
	record.flags = ILA_MAPPING_LOCAL;
	record.weight = 0;
	record.identifier = identifier();
	while (*words)
		read_mapping_key(&record);
	want(del ? ila_mapping_del(ila, &record) :
		   ila_mapping_new(ila, &record, 1));
}

/* locator
 */

static int show_locator(const struct ila_locator *loc, void *data)
{
	(void)data;
	put_half("locator", loc->locator);
	put_half("sir", loc->sir_prefix);
	put_number("domain", loc->domain);
	put_number("mappings", loc->mappings);
	put_number("packets", loc->packets);
	put_number("bytes", loc->bytes);
	if (loc->state & ILA_LOCATOR_DOWN)
		printf("down ");
	if (loc->state & ILA_LOCATOR_OWN)
		printf("own ");
	end_line();
	return 0;
}

static void locator_move(void)
{
	__be64 from = locator(), to = locator();

	want(ila_locator_move(ila, domain(), from, to));
}

static void locator_one(int (*change)(struct ila *ila, uint32_t domain,
				      __be64 locator))
{
	__be64 value = locator();
	struct ila_locator loc;

	if (change) {
		want(change(ila, domain(), value));
		return;
	}
	want(ila_locator_get(ila, domain(), value, &loc));
	show_locator(&loc, NULL);
}

static void do_locator(void)
{
	if (next_is("list"))
		want(ila_locator_dump(ila, show_locator, NULL));
	else if (next_is("get"))
		locator_one(NULL);
	else if (next_is("down"))
		locator_one(ila_locator_down);
	else if (next_is("up"))
		locator_one(ila_locator_up);
	else if (next_is("move"))
		locator_move();
	else
		misused();
}

/* config, stats, explain
 */

static void put_config(const struct ila_config *config)
{
	put_name("miss", ILA_NAMES_MISS, config->miss);
	put_number("miss-rate", config->miss_rate);
	put_number("counting", config->counting);
	put_number("fastpath", config->fastpath);
	put_number("limit", config->limit);
	put_number("mappings", config->mappings);
	put_number("generation", config->generation);
	end_line();
}

static void read_config_key(struct ila_config *config)
{
	if (next_is("miss")) {
		config->miss = name(ILA_NAMES_MISS);
		config->set |= ILA_CONFIG_MISS;
	} else if (next_is("miss-rate")) {
		config->miss_rate = number();
		config->set |= ILA_CONFIG_MISS_RATE;
	} else if (next_is("counting")) {
		config->counting = number();
		config->set |= ILA_CONFIG_COUNTING;
	} else if (next_is("fastpath")) {
		config->fastpath = number();
		config->set |= ILA_CONFIG_FASTPATH;
	} else if (next_is("limit")) {
		config->limit = number();
		config->set |= ILA_CONFIG_LIMIT;
	} else {
		misused();
	}
}

static void do_config(void)
{
	struct ila_config config = { 0 };

	if (next_is("get")) {
		want(ila_config_get(ila, &config));
		put_config(&config);
	} else if (next_is("set")) {
		while (*words)
			read_config_key(&config);
		want(ila_config_set(ila, &config));
	} else {
		misused();
	}
}

static void do_rule(void)
{
	if (!next_is("flush"))
		misused();
	want(ila_rule_flush(ila));
}

static void do_stats(void)
{
	uint64_t stats[ILA_STAT_MAX + 1];
	unsigned int i;

	want(ila_stats(ila, stats, ILA_STAT_MAX + 1));
	for (i = 1; i <= ILA_STAT_MAX; i++) {
		put_number(ila_name(ILA_NAMES_STAT, i), stats[i]);
		end_line();
	}
}

static void put_way(const struct ila_explanation *it)
{
	char device[IF_NAMESIZE];

	if (it->set & ILA_EXPLAINED_TRANSLATED)
		put_address("translated", &it->translated);
	if (it->set & ILA_EXPLAINED_IFINDEX && it->ifindex &&
	    if_indextoname(it->ifindex, device))
		printf("dev %s ", device);
	if (it->set & ILA_EXPLAINED_GATEWAY)
		put_address("via", &it->gateway);
}

static void do_explain(void)
{
	struct in6_addr daddr = address();
	struct ila_explanation it;

	want(ila_explain(ila, &daddr, &it));
	put_name("by", ILA_NAMES_EXPLAIN, it.by);
	put_name("why", ILA_NAMES_WHY, it.why);
	if (it.set & ILA_EXPLAINED_MISS)
		put_name("miss", ILA_NAMES_MISS, it.miss);
	if (it.set & ILA_EXPLAINED_STRAY)
		put_name("stray", ILA_NAMES_STRAY, it.stray);
	if (it.set & ILA_EXPLAINED_DOMAIN)
		put_number("domain", it.domain);
	if (it.set & ILA_EXPLAINED_LOCATOR)
		put_half("locator", it.locator);
	if (it.set & ILA_EXPLAINED_CSUM_MODE)
		put_name("csum-mode", ILA_NAMES_CSUM_MODE, it.csum_mode);
	put_way(&it);
	put_locators(it.records, it.n);
	end_line();
}

/* watch
 */

static void put_event(const struct ila_event *event)
{
	switch (event->cmd) {
	case ILA_CMD_MAPPING_NEW:
	case ILA_CMD_MAPPING_CHANGE:
	case ILA_CMD_MAPPING_REPLACE:
	case ILA_CMD_MAPPING_DEL:
		put_mapping(event->mapping.records, event->mapping.n);
		break;
	case ILA_CMD_LOCATOR_MOVE:
		put_half("locator", event->locator.locator);
		put_half("to", event->locator.to);
		break;
	case ILA_CMD_LOCATOR_DOWN:
	case ILA_CMD_LOCATOR_UP:
		put_half("locator", event->locator.locator);
		break;
	case ILA_CMD_RULE_ADD:
	case ILA_CMD_RULE_DEL:
		put_half("loc_match", event->rule.match);
		break;
	case ILA_CMD_MISS:
		put_address("address", &event->miss.address);
		put_number("lost", event->miss.lost);
		put_number("domain", event->miss.domain);
		break;
	}
}

static int show_event(const struct ila_event *event, void *data)
{
	(void)data;
	printf("%s ", ila_name(ILA_NAMES_COMMAND, event->cmd));
	if (event->cmd == ILA_CMD_MAPPING_DEL || event->cmd == ILA_CMD_RULE_DEL)
		put_name("reason", ILA_NAMES_REASON, event->reason);
	put_event(event);
	end_line();
	return 0;
}

/* The first line says that whatever happens from now on will be told */
static void do_watch(void)
{
	unsigned int groups = next_is("miss") ? ILA_EVENTS_MISS :
			      next_is("config") ? ILA_EVENTS_CONFIG : 0;
	struct ila_events *events;
	int result;

	no_more_words();
	events = ila_events_open(ila, groups);
	if (!events)
		errx(1, "%s", ila_error(ila));
	puts("watching");
	fflush(stdout);
	do {
		result = ila_events_read(events, show_event, NULL);
		if (result == -ENOBUFS)
			puts("lost");
	} while (!result || result == -ENOBUFS);
	errx(1, "%s", strerror(-result));
}

int main(int argc, char **argv)
{
	(void)argc;
	words = argv + 1;
	ila = ila_open();
	if (!ila)
		err(1, "ila_open");
	if (next_is("map"))
		do_map();
	else if (next_is("local"))
		do_local();
	else if (next_is("rule"))
		do_rule();
	else if (next_is("locator"))
		do_locator();
	else if (next_is("config"))
		do_config();
	else if (next_is("stats"))
		do_stats();
	else if (next_is("explain"))
		do_explain();
	else if (next_is("watch"))
		do_watch();
	else
		misused();
	ila_close(ila);
	return 0;
}

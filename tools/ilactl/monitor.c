// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: monitor
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "ilactl.h"

/* What comes while a screen scrolls should be kept */
#define MONITOR_BUFFER	(8 << 20)

/**
 * struct gone - an object that has gone, and why
 * @reason: ILA_REASON_
 * @mapping: the mapping
 * @rule: or the rule
 */
struct gone {
	struct mapping mapping;
	struct ila_rule rule;
	uint8_t reason;
};

#define REASON_OF \
	FIELD("reason", KIND_NAME, struct gone, reason, \
	      .names = ILA_NAMES_REASON, .usual = ~0ULL)

static const struct field gone_mapping_fields[] = {
	FIELD("address", KIND_ADDRESS, struct gone, mapping.record[0].address,
	      .flags = FIELD_BARE),
	{ .name = "locator", .kind = KIND_PLACES, .flags = FIELD_BARE },
	FIELD("identifier", KIND_IDENTIFIER, struct gone,
	      mapping.record[0].identifier, .flags = FIELD_SPARE),
	FIELD("domain", KIND_NUMBER, struct gone, mapping.record[0].domain, .flags = 0),
	REASON_OF,
	{ 0 }
};

static const struct form form_gone_mapping = { .name = "mapping", .fields = gone_mapping_fields };

static const struct field gone_rule_fields[] = {
	FIELD("loc_match", KIND_HALF, struct gone, rule.match, .flags = FIELD_WANTED),
	FIELD("dev", KIND_DEVICE, struct gone, rule.ifindex, .flags = FIELD_SPARE),
	REASON_OF,
	{ 0 }
};

static const struct form form_gone_rule = { .name = "rule", .fields = gone_rule_fields };

static const struct field miss_fields[] = {
	FIELD("address", KIND_ADDRESS, struct ila_event, miss.address,
	      .flags = FIELD_BARE),
	FIELD("lost", KIND_NUMBER, struct ila_event, miss.lost, .flags = 0),
	FIELD("domain", KIND_NUMBER, struct ila_event, miss.domain, .flags = 0),
	{ 0 }
};

static const struct form form_miss = { .name = "miss", .fields = miss_fields };

static const struct field nothing_fields[] = { { 0 } };

static const struct form form_nothing = { .name = "event", .fields = nothing_fields };

/* As the time of "ip -ts monitor" */
static void monitor_stamp(void)
{
	struct timeval now;
	char text[32];

	gettimeofday(&now, NULL);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", localtime(&now.tv_sec));
	printf("[%s.%06ld] ", text, (long)now.tv_usec);
}

static void monitor_tell(const char *event, const struct form *form,
			 const void *object)
{
	if (options.json) {
		json_show(form, object, event, stdout);
	} else {
		if (options.stamp)
			monitor_stamp();
		printf("%s%s", event, form->fields->name ? " " : "");
		show_words(form, object, stdout);
	}
	putchar('\n');
}

static void monitor_mapping(const struct ila_event *event, const char *name)
{
	struct gone gone = { .reason = event->reason };

	mapping_of(&gone.mapping, event->mapping.records, event->mapping.n);
	if (event->cmd == ILA_CMD_MAPPING_DEL)
		monitor_tell(name, &form_gone_mapping, &gone);
	else
		monitor_tell(name, &form_mapping, &gone.mapping);
}

static void monitor_rule(const struct ila_event *event, const char *name)
{
	const struct gone gone = { .rule = event->rule, .reason = event->reason };

	if (event->cmd == ILA_CMD_RULE_DEL)
		monitor_tell(name, &form_gone_rule, &gone);
	else
		monitor_tell(name, &form_rule, &event->rule);
}

static void monitor_locator(const struct ila_event *event, const char *name)
{
	const struct move move = {
		.locator = event->locator.locator,
		.to = event->locator.to,
		.domain = event->locator.domain,
	};

	monitor_tell(name, event->cmd == ILA_CMD_LOCATOR_MOVE ?
		     &form_move : &form_locator_key, &move);
}

/* Events are told as the commands that would do the same */
static const char *monitor_name(uint8_t cmd)
{
	static const struct {
		uint8_t cmd;
		const char *name;
	} names[] = {
		{ ILA_CMD_RULE_ADD,		"rule add" },
		{ ILA_CMD_RULE_DEL,		"rule delete" },
		{ ILA_CMD_MAPPING_NEW,		"map add" },
		{ ILA_CMD_MAPPING_CHANGE,	"map change" },
		{ ILA_CMD_MAPPING_REPLACE,	"map replace" },
		{ ILA_CMD_MAPPING_DEL,		"map delete" },
		{ ILA_CMD_LOCATOR_MOVE,		"locator move" },
		{ ILA_CMD_LOCATOR_DOWN,		"locator down" },
		{ ILA_CMD_LOCATOR_UP,		"locator up" },
		{ ILA_CMD_CONFIG_SET,		"config set" },
		{ ILA_CMD_MISS,			"miss" },
	};
	size_t i;

	for (i = 0; i < LENGTH(names); i++) {
		if (names[i].cmd == cmd)
			return names[i].name;
	}
	return NULL;
}

static int monitor_event(const struct ila_event *event, void *data)
{
	const char *name = monitor_name(event->cmd);

	(void)data;
	switch (event->cmd) {
	case ILA_CMD_RULE_ADD:
	case ILA_CMD_RULE_DEL:
		monitor_rule(event, name);
		break;
	case ILA_CMD_MAPPING_NEW:
	case ILA_CMD_MAPPING_CHANGE:
	case ILA_CMD_MAPPING_REPLACE:
	case ILA_CMD_MAPPING_DEL:
		monitor_mapping(event, name);
		break;
	case ILA_CMD_LOCATOR_MOVE:
	case ILA_CMD_LOCATOR_DOWN:
	case ILA_CMD_LOCATOR_UP:
		monitor_locator(event, name);
		break;
	case ILA_CMD_CONFIG_SET:
		monitor_tell(name, &form_config, &event->config);
		break;
	case ILA_CMD_MISS:
		monitor_tell(name, &form_miss, event);
		break;
	}
	return 0;
}

static bool monitor_idle(struct ila_events *events)
{
	struct pollfd fd = { .fd = ila_events_fd(events), .events = POLLIN };

	return !poll(&fd, 1, 0);
}

/* Once a buffer was full the kernel throws all events away until everything in
 * it was read, and says so only at the beginning. So that nothing is missing
 * behind it, "lost" is told at the end.
 */
static int monitor_read(const struct words *words, struct ila_events *events)
{
	bool lost = false;
	int err;

	do {
		err = ila_events_read(events, monitor_event, NULL);
		if (err == -ENOBUFS) {
			lost = true;
			err = 0;
		}
		if (lost && monitor_idle(events)) {
			monitor_tell("lost", &form_nothing, NULL);
			lost = false;
		}
		fflush(stdout);
	} while (!err && !ferror(stdout));
	return err ? fail_text(words, "monitor", strerror(-err), NULL) : 0;
}

int run_monitor(struct words *words)
{
	unsigned int groups = ILA_EVENTS_CONFIG | ILA_EVENTS_MISS;
	const char *word = words_next(words);
	int bytes = MONITOR_BUFFER, err;
	struct ila_events *events;
	struct ila *ila;

	if (word && abbreviates(word, "config"))
		groups = ILA_EVENTS_CONFIG;
	else if (word && abbreviates(word, "miss"))
		groups = ILA_EVENTS_MISS;
	else if (word)
		words->at--;
	err = words_end(words) ?: kernel_open(words, &ila);
	if (err)
		return err;
	events = ila_events_open(ila, groups);
	if (!events)
		return fail(words, "monitor", -errno, NULL);
	/* without the right to more, as much as anybody can have */
	if (setsockopt(ila_events_fd(events), SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
		       sizeof(bytes)))
		setsockopt(ila_events_fd(events), SOL_SOCKET, SO_RCVBUF, &bytes,
			   sizeof(bytes));
	err = monitor_read(words, events);
	ila_events_close(events);
	return err;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * libila: tests of events, well-formed and not
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mock.h"
#include "tap.h"

#define FUZZ_ROUNDS	20000

static uint64_t buf[16384];
static int kernel;

static struct ila_events *open_events(void)
{
	struct ila_events *events;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd))
		abort();
	kernel = fd[1];
	events = ila_events_adopt(mnl_socket_fdopen(fd[0]), MOCK_FAMILY);
	if (!events)
		abort();
	return events;
}

static void close_events(struct ila_events *events)
{
	close(kernel);
	ila_events_close(events);
}

static void emit(const struct nlmsghdr *nlh)
{
	if (send(kernel, nlh, nlh->nlmsg_len, MSG_NOSIGNAL) < 0)
		abort();
}

/* Events told, as far as they are kept */
static struct told {
	unsigned int n;
	unsigned int records;
	struct ila_event last;
	struct ila_mapping record;
	uint32_t lost;
	int result;
} told;

static int tell(const struct ila_event *event, void *data)
{
	struct told *t = data;

	t->n++;
	t->last = *event;
	if (event->cmd >= ILA_CMD_MAPPING_NEW &&
	    event->cmd <= ILA_CMD_MAPPING_DEL) {
		t->records += event->mapping.n;
		t->record = event->mapping.records[event->mapping.n - 1];
	} else if (event->cmd == ILA_CMD_MISS) {
		t->lost += event->miss.lost;
	}
	return t->result;
}

static int next(struct ila_events *events)
{
	memset(&told, 0, sizeof(told));
	return ila_events_read(events, tell, &told);
}

static void test_rule(struct ila_events *events)
{
	struct nlmsghdr *nlh = ila_head(buf, MOCK_FAMILY, ILA_CMD_RULE_DEL, 0);
	uint64_t match = htobe64(1);

	mnl_attr_put(nlh, ILA_ATTR_LOCATOR_MATCH, sizeof(match), &match);
	mnl_attr_put_u8(nlh, ILA_ATTR_REASON, ILA_REASON_DEVICE);
	emit(nlh);
	tap_check(!next(events) && told.n == 1);
	tap_check(told.last.cmd == ILA_CMD_RULE_DEL);
	tap_check(told.last.reason == ILA_REASON_DEVICE);
	tap_check(told.last.rule.match == match);
	tap_check(told.last.rule.ident_type == ILA_RULE_OPAQUE);
}

/* More than the buffer takes at first, in sets of two */
static void test_mappings(struct ila_events *events)
{
	struct nlmsghdr *nlh = ila_head(buf, MOCK_FAMILY, ILA_CMD_MAPPING_DEL,
					0);
	struct ila_mapping record = { 0 };
	unsigned int i;

	mnl_attr_put_u8(nlh, ILA_ATTR_REASON, ILA_REASON_EXPIRED);
	for (i = 0; i < 2000; i++) {
		record.locator = htobe64(i);
		record.flags = i % 2 ? 0 : ILA_MAPPING_MORE;
		mock_put_record(nlh, &record);
	}
	emit(nlh);
	tap_check(!next(events) && told.n == 1000 && told.records == 2000);
	tap_check(told.last.reason == ILA_REASON_EXPIRED);
	tap_check(told.record.locator == htobe64(1999));
}

static void test_locator(struct ila_events *events)
{
	struct nlmsghdr *nlh = ila_head(buf, MOCK_FAMILY, ILA_CMD_LOCATOR_MOVE,
					0);
	uint64_t from = htobe64(1), to = htobe64(2);

	mnl_attr_put(nlh, ILA_ATTR_LOCATOR, sizeof(from), &from);
	mnl_attr_put(nlh, ILA_ATTR_LOCATOR_TO, sizeof(to), &to);
	mnl_attr_put_u32(nlh, ILA_ATTR_DOMAIN, 3);
	emit(nlh);
	tap_check(!next(events) && told.n == 1);
	tap_check(told.last.locator.locator == from);
	tap_check(told.last.locator.to == to);
	tap_check(told.last.locator.domain == 3);
}

static void test_config(struct ila_events *events)
{
	struct nlmsghdr *nlh = ila_head(buf, MOCK_FAMILY, ILA_CMD_CONFIG_SET,
					0);

	mnl_attr_put_u32(nlh, ILA_ATTR_LIMIT, 5);
	emit(nlh);
	tap_check(!next(events) && told.n == 1);
	tap_check(told.last.config.set == ILA_CONFIG_LIMIT);
	tap_check(told.last.config.limit == 5);
}

static void test_miss(struct ila_events *events)
{
	struct nlmsghdr *nlh = ila_head(buf, MOCK_FAMILY, ILA_CMD_MISS, 0);
	struct in6_addr address = { .s6_addr = { 0x20, [15] = 1 } };

	mnl_attr_put(nlh, ILA_ATTR_ADDRESS, sizeof(address), &address);
	address.s6_addr[15] = 2;
	mnl_attr_put(nlh, ILA_ATTR_ADDRESS, sizeof(address), &address);
	mnl_attr_put_u32(nlh, ILA_ATTR_LOST, 7);
	emit(nlh);
	tap_check(!next(events) && told.n == 2 && told.lost == 7);
	tap_check(told.last.miss.address.s6_addr[15] == 2);
}

static void test_miss_lost(struct ila_events *events)
{
	struct nlmsghdr *nlh = ila_head(buf, MOCK_FAMILY, ILA_CMD_MISS, 0);

	mnl_attr_put_u32(nlh, ILA_ATTR_LOST, 7);
	emit(nlh);
	tap_check(!next(events) && told.n == 1 && told.lost == 7);
	tap_check(IN6_IS_ADDR_UNSPECIFIED(&told.last.miss.address));
}

/* Neither another family's nor a later module's */
static void test_others(struct ila_events *events)
{
	emit(ila_head(buf, MOCK_FAMILY + 1, ILA_CMD_CONFIG_SET, 0));
	tap_check(!next(events) && !told.n);
	emit(ila_head(buf, MOCK_FAMILY, 99, 0));
	tap_check(!next(events) && !told.n);
	tap_check(next(events) == -EAGAIN);
}

static void test_stop(struct ila_events *events)
{
	emit(ila_head(buf, MOCK_FAMILY, ILA_CMD_CONFIG_SET, 0));
	memset(&told, 0, sizeof(told));
	told.result = -ECANCELED;
	tap_check(ila_events_read(events, tell, &told) == -ECANCELED);
	tap_check(next(events) == -EAGAIN);
}

static void test_events(void)
{
	struct ila_events *events = open_events();

	test_rule(events);
	test_mappings(events);
	test_locator(events);
	test_config(events);
	test_miss(events);
	test_miss_lost(events);
	test_others(events);
	test_stop(events);
	close_events(events);
}

static void test_short(void)
{
	struct ila_events *events = open_events();
	struct nlmsghdr *nlh = ila_head(buf, MOCK_FAMILY, ILA_CMD_MAPPING_NEW,
					0);
	struct ila_mapping record = { .flags = ILA_MAPPING_MORE };

	mock_put_record(nlh, &record);
	emit(nlh);
	tap_check(next(events) == -EBADMSG && !told.n);
	nlh = ila_head(buf, MOCK_FAMILY, ILA_CMD_MISS, 0);
	mnl_attr_put_u32(nlh, ILA_ATTR_ADDRESS, 1);
	emit(nlh);
	tap_check(next(events) == -EBADMSG && !told.n);
	nlh = ila_head(buf, MOCK_FAMILY, ILA_CMD_CONFIG_SET, 0);
	mnl_attr_put_u8(nlh, ILA_ATTR_LIMIT, 1);
	emit(nlh);
	tap_check(next(events) == -EBADMSG && !told.n);
	close_events(events);
}

/* A message with a little of everything, some bytes of it wrong. What is told
 * of it does not matter; the sanitizers say what does.
 */
static void test_fuzz(void)
{
	static const uint8_t cmds[] = {
		ILA_CMD_RULE_DEL, ILA_CMD_MAPPING_NEW, ILA_CMD_LOCATOR_MOVE,
		ILA_CMD_CONFIG_SET, ILA_CMD_MISS,
	};
	struct ila_events *events = open_events();
	static const struct ila_mapping records[2];
	struct nlmsghdr *nlh;
	unsigned int i, k;
	uint32_t len;

	for (i = 0; i < FUZZ_ROUNDS; i++) {
		nlh = ila_head(buf, MOCK_FAMILY, cmds[i % sizeof(cmds)], 0);
		for (k = 0; k < 12; k++)
			mnl_attr_put(nlh, rand() % (ILA_ATTR_EXT_MAX + 2),
				     rand() % (sizeof(*records) + 9), records);
		mock_put_record(nlh, records);
		len = nlh->nlmsg_len;
		for (k = rand() % 6; k; k--)
			((uint8_t *)buf)[rand() % len] = rand();
		if (send(kernel, buf, len - rand() % 8, MSG_NOSIGNAL) < 0)
			abort();
		next(events);
	}
	tap_check(next(events) == -EAGAIN);
	close_events(events);
}

int main(void)
{
	static const struct tap_case cases[] = {
		{ "events", test_events },
		{ "events too short", test_short },
		{ "events with bytes wrong", test_fuzz },
	};

	return tap_run(cases, MNL_ARRAY_SIZE(cases));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * libila: tests of requests and answers
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "mock.h"
#include "tap.h"

static struct mock mock;

static uint32_t u32_of(const struct nlmsghdr *nlh, uint16_t type)
{
	uint32_t value = 0;

	if (mock_attr(nlh, type))
		memcpy(&value, mock_attr(nlh, type), sizeof(value));
	return value;
}

/* Rules
 */

static void rule_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = mock_answer(kernel, request, ILA_CMD_RULE_GET,
					   0);
	uint64_t match = htobe64(1), to = htobe64(2);

	if (u32_of(request, ILA_ATTR_IFINDEX) != 7) {
		mock_end(kernel, request, -ESRCH, "no such rule", 0);
		return;
	}
	mnl_attr_put(nlh, ILA_ATTR_LOCATOR, sizeof(to), &to);
	mnl_attr_put(nlh, ILA_ATTR_LOCATOR_MATCH, sizeof(match), &match);
	mnl_attr_put_u32(nlh, ILA_ATTR_IFINDEX, 7);
	mnl_attr_put_u8(nlh, ILA_ATTR_CSUM_MODE, ILA_CSUM_NEUTRAL_MAP);
	mnl_attr_put_u8(nlh, ILA_ATTR_STRAY, ILA_STRAY_DROP);
	mnl_attr_put_u32(nlh, ILA_ATTR_DOMAIN, 9);
	mnl_attr_put_u32(nlh, 200, 1);	/* of a later module */
	mock_send(kernel, nlh);
	mock_end(kernel, request, 0, NULL, 0);
}

static void test_rule(void)
{
	struct ila *ila = mock_open(&mock, rule_kernel, NULL);
	struct ila_rule rule;

	tap_check(!ila_rule_get(ila, htobe64(1), 7, &rule));
	tap_check(rule.match == htobe64(1) && rule.locator == htobe64(2));
	tap_check(rule.ifindex == 7 && rule.domain == 9);
	tap_check(rule.csum_mode == ILA_CSUM_NEUTRAL_MAP);
	tap_check(rule.stray == ILA_STRAY_DROP);
	tap_check(rule.ident_type == ILA_RULE_OPAQUE);
	tap_check(ila_rule_get(ila, htobe64(1), 0, &rule) == -ESRCH);
	tap_check(!strcmp(ila_error(ila), "no such rule"));
	mock_close(&mock, ila);
}

/* Takes rules that say their type, as few as there are */
static void typed_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	const uint8_t *type = mock_attr(request, ILA_ATTR_IDENT_TYPE);

	mock_end(kernel, request, type && *type == ILA_ATYPE_LUID ? 0 : -EINVAL,
		 NULL, 0);
}

static void test_rule_type(void)
{
	struct ila *ila = mock_open(&mock, typed_kernel, NULL);
	struct ila_rule rule;

	ila_rule_init(&rule, 1, 2);
	tap_check(ila_rule_add(ila, &rule) == -EINVAL);
	tap_check(!strcmp(ila_error(ila), "Invalid argument"));
	rule.ident_type = ILA_ATYPE_LUID;
	tap_check(!ila_rule_add(ila, &rule));
	mock_close(&mock, ila);
}

/* Refusals
 */

/* An old kernel sends the whole request back, before its words */
static void echo_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(kernel->answer);
	size_t rest = request->nlmsg_len - sizeof(*request);
	struct nlmsgerr *end;

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_ACK_TLVS;
	nlh->nlmsg_seq = request->nlmsg_seq;
	end = mnl_nlmsg_put_extra_header(nlh, sizeof(*end) + rest);
	end->error = -EINVAL;
	memcpy(&end->msg, request, request->nlmsg_len);
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "words behind an echo");
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, 20);
	mock_send(kernel, nlh);
}

static void test_echo(void)
{
	struct ila *ila = mock_open(&mock, echo_kernel, NULL);

	tap_check(ila_locator_down(ila, 0, htobe64(1)) == -EINVAL);
	tap_check(!strcmp(ila_error(ila), "words behind an echo"));
	tap_check(ila->refused_at == 20);
	mock_close(&mock, ila);
}

static void unable_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	mock_end(kernel, request, -EOPNOTSUPP, NULL, 0);
}

static void test_unable(void)
{
	struct ila *ila = mock_open(&mock, unable_kernel, NULL);

	tap_check(ila_rule_flush(ila) == -EOPNOTSUPP);
	tap_check(strstr(ila_error(ila), "does not know"));
	mock_close(&mock, ila);
}

static void silent_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	mock_end(kernel, request, 0, NULL, 0);
}

static void test_no_answer(void)
{
	struct ila *ila = mock_open(&mock, silent_kernel, NULL);
	struct in6_addr any = IN6ADDR_ANY_INIT;
	struct ila_mapping found[ILA_MAPPING_LOCATORS];
	struct ila_config config;

	tap_check(ila_config_get(ila, &config) == -EBADMSG);
	tap_check(ila_mapping_get(ila, 0, &any, found) == -EBADMSG);
	tap_check(ila_mapping_new(ila, found, 0) == -EINVAL);
	tap_check(ila_mapping_new(ila, found, 9) == -EINVAL);
	mock_close(&mock, ila);
}

/* Mappings
 */

static struct ila_mapping record_of(uint8_t n, uint8_t flags)
{
	struct ila_mapping record = {
		.address = { 0x20, 1, [15] = n },
		.locator = htobe64(n),
		.idle = n,
		.generation = 5,
		.flags = flags,
	};

	return record;
}

/* Keeps what was written last and shows it */
static struct ila_mapping written[ILA_MAPPING_LOCATORS];
static unsigned int written_n;

static void keep_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = mock_answer(kernel, request,
					   ILA_CMD_MAPPING_GET, 0);
	const struct nlattr *attr;
	unsigned int i;

	if (mock_cmd(request) == ILA_CMD_MAPPING_GET) {
		for (i = 0; i < written_n; i++)
			mock_put_record(nlh, &written[i]);
		mock_send(kernel, nlh);
	} else {
		written_n = 0;
		mnl_attr_for_each(attr, request, GENL_HDRLEN)
			memcpy(&written[written_n++],
			       mnl_attr_get_payload(attr), sizeof(*written));
	}
	mock_end(kernel, request, 0, NULL, 0);
}

static void test_mapping(void)
{
	struct ila *ila = mock_open(&mock, keep_kernel, NULL);
	struct ila_mapping set[] = { record_of(1, 0), record_of(2, 1) };
	struct ila_mapping found[ILA_MAPPING_LOCATORS];
	struct in6_addr any = IN6ADDR_ANY_INIT;

	tap_check(!ila_mapping_replace(ila, set, 2));
	tap_check(written_n == 2);
	tap_check(written[0].flags == ILA_MAPPING_MORE && !written[1].flags);
	tap_check(!written[0].idle && !written[1].generation);
	tap_check(ila_mapping_get(ila, 0, &any, found) == 2);
	tap_check(found[1].locator == htobe64(2));
	mock_close(&mock, ila);
}

static void test_mapping_del(void)
{
	struct ila *ila = mock_open(&mock, keep_kernel, NULL);
	struct ila_mapping record = record_of(3, ILA_MAPPING_MORE), key;

	record.identifier = htobe64(4);
	record.domain = 5;
	tap_check(!ila_mapping_del(ila, &record));
	memset(&key, 0, sizeof(key));
	memcpy(key.address, record.address, sizeof(key.address));
	key.domain = 5;
	tap_check(!memcmp(&written[0], &key, sizeof(key)));

	record.flags = ILA_MAPPING_LOCAL;
	tap_check(!ila_mapping_del(ila, &record));
	key.flags = ILA_MAPPING_LOCAL;
	key.identifier = htobe64(4);
	tap_check(!memcmp(&written[0], &key, sizeof(key)));
	mock_close(&mock, ila);
}

/* Dumps: three messages of a single mapping, one of two locators, and a single
 * one. The filter's IDLE says what goes wrong.
 */
enum { ALL_WELL, CHANGED, BROKEN, UNFINISHED, SHORT, STALE };

static void dump_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	uint32_t what = u32_of(request, ILA_ATTR_IDLE);
	struct ila_mapping record;
	struct nlmsghdr *nlh;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		nlh = mock_answer(kernel, request, ILA_CMD_MAPPING_GET,
				  NLM_F_MULTI);
		if (what == STALE)
			nlh->nlmsg_seq--;
		record = record_of(3 * i, 0);
		mock_put_record(nlh, &record);
		record = record_of(3 * i + 1, ILA_MAPPING_MORE);
		mock_put_record(nlh, &record);
		record = record_of(3 * i + 1, 0);
		if (what != UNFINISHED)
			mock_put_record(nlh, &record);
		record = record_of(3 * i + 2, 0);
		mnl_attr_put(nlh, ILA_ATTR_MAPPING,
			     sizeof(record) - (what == SHORT), &record);
		if (what == CHANGED && i == 1)
			nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
		if (what == UNFINISHED)
			nlh->nlmsg_len -= ILA_RECORD_LEN;
		mock_send(kernel, nlh);
	}
	mock_done(kernel, request, what == BROKEN ? -ENOMEM : 0, 0);
}

struct shown {
	unsigned int sets;
	unsigned int records;
	unsigned int in_order;
	unsigned int stop_at;
};

static int show(const struct ila_mapping *records, unsigned int n, void *data)
{
	struct shown *shown = data;

	shown->in_order += records[0].address[15] == shown->sets &&
			   n == 1 + (shown->sets % 3 == 1);
	shown->records += n;
	return ++shown->sets == shown->stop_at ? -ECANCELED : 0;
}

static int dump(struct ila *ila, uint32_t what, struct shown *shown)
{
	const struct ila_filter filter = {
		.set = ILA_FILTER_IDLE,
		.idle = what,
	};
	unsigned int stop_at = shown->stop_at;

	memset(shown, 0, sizeof(*shown));
	shown->stop_at = stop_at;
	return ila_mapping_dump(ila, &filter, show, shown);
}

static void test_dump(void)
{
	struct ila *ila = mock_open(&mock, dump_kernel, NULL);
	struct shown shown = { 0 };

	tap_check(!dump(ila, ALL_WELL, &shown));
	tap_check(shown.sets == 9 && shown.records == 12 &&
		  shown.in_order == 9);
	tap_check(dump(ila, CHANGED, &shown) == ILA_CHANGED);
	tap_check(shown.sets == 9);
	tap_check(dump(ila, BROKEN, &shown) == -ENOMEM);
	tap_check(!strcmp(ila_error(ila), "the dump broke"));
	tap_check(dump(ila, UNFINISHED, &shown) == -EBADMSG);
	tap_check(dump(ila, SHORT, &shown) == -EBADMSG);
	tap_check(!dump(ila, STALE, &shown) && !shown.sets);
	mock_close(&mock, ila);
}

/* What is left of a dump does not get in the way of what comes next */
static void test_dump_stopped(void)
{
	struct ila *ila = mock_open(&mock, dump_kernel, NULL);
	struct shown shown = { .stop_at = 2 };

	tap_check(dump(ila, ALL_WELL, &shown) == -ECANCELED);
	tap_check(shown.sets == 2);
	shown.stop_at = 0;
	tap_check(!dump(ila, ALL_WELL, &shown));
	tap_check(shown.sets == 9);
	mock_close(&mock, ila);
}

static int use_own_handle(const struct ila_mapping *records, unsigned int n,
			  void *data)
{
	(void)records;
	(void)n;
	return ila_rule_flush(data);
}

static void test_busy(void)
{
	struct ila *ila = mock_open(&mock, dump_kernel, NULL);

	tap_check(ila_mapping_dump(ila, NULL, use_own_handle, ila) == -EBUSY);
	tap_check(strstr(ila_error(ila), "another handle"));
	tap_check(mock.requests == 1);
	mock_close(&mock, ila);
}

/* Filters, locators, configuration, counters, explanations
 */

static void filter_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = mock_answer(kernel, request,
					   ILA_CMD_MAPPING_FLUSH, 0);
	const uint8_t *len = mock_attr(request, ILA_ATTR_PREFIX_LEN);
	const uint8_t *origin = mock_attr(request, ILA_ATTR_ORIGIN);
	const uint8_t *address = mock_attr(request, ILA_ATTR_ADDRESS);
	uint32_t count = 0;

	count += len && *len == 48;
	count += origin && *origin == ILA_ORIGIN_REDIRECT;
	count += address && address[0] == 0x20;
	count += u32_of(request, ILA_ATTR_SWEEP) == 77;
	count += u32_of(request, ILA_ATTR_DOMAIN) == 88;
	count += u32_of(request, ILA_ATTR_IDLE) == 99;
	count += !!mock_attr(request, ILA_ATTR_LOCATOR);
	mnl_attr_put_u32(nlh, ILA_ATTR_COUNT, count);
	mock_send(kernel, nlh);
	mock_end(kernel, request, 0, NULL, 0);
}

static void test_filter(void)
{
	struct ila *ila = mock_open(&mock, filter_kernel, NULL);
	struct ila_filter filter = {
		.address.s6_addr = { 0x20 },
		.locator = 1,
		.domain = 88,
		.idle = 99,
		.sweep = 77,
		.prefix_len = 48,
		.origin = ILA_ORIGIN_REDIRECT,
	};
	uint32_t count = 1;

	tap_check(!ila_mapping_flush(ila, &filter, &count) && count == 0);
	tap_check(!ila_mapping_flush(ila, NULL, &count) && count == 0);
	filter.set = ILA_FILTER_ADDRESS;
	tap_check(!ila_mapping_flush(ila, &filter, &count) && count == 1);
	filter.set = ILA_FILTER_PREFIX;
	tap_check(!ila_mapping_flush(ila, &filter, &count) && count == 2);
	filter.set = (ILA_FILTER_SWEEP << 1) - 1;
	tap_check(!ila_mapping_flush(ila, &filter, &count) && count == 7);
	tap_check(!ila_mapping_flush(ila, &filter, NULL));
	mock_close(&mock, ila);
}

static void locator_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = mock_answer(kernel, request,
					   ILA_CMD_LOCATOR_GET, 0);
	const uint64_t *to = mock_attr(request, ILA_ATTR_LOCATOR_TO);
	uint64_t locator = htobe64(3), prefix = htobe64(4);

	if (mock_cmd(request) == ILA_CMD_LOCATOR_GET) {
		mnl_attr_put(nlh, ILA_ATTR_LOCATOR, sizeof(locator), &locator);
		mnl_attr_put(nlh, ILA_ATTR_SIR_PREFIX, sizeof(prefix), &prefix);
		mnl_attr_put_u32(nlh, ILA_ATTR_DOMAIN, 5);
		mnl_attr_put_u32(nlh, ILA_ATTR_COUNT, 6);
		mnl_attr_put_u32(nlh, ILA_ATTR_STATE, ILA_LOCATOR_OWN);
		mnl_attr_put_u64(nlh, ILA_ATTR_PACKETS, 1ULL << 40);
		mnl_attr_put_u64(nlh, ILA_ATTR_BYTES, 1ULL << 50);
		mock_send(kernel, nlh);
	}
	if (request->nlmsg_flags & NLM_F_DUMP)
		mock_done(kernel, request, 0, NLM_F_DUMP_INTR);
	else
		mock_end(kernel, request, to && !memcmp(to, &prefix, 8) ?
			 -EXDEV : 0, NULL, 0);
}

static int check_locator(const struct ila_locator *locator, void *data)
{
	++*(int *)data;
	tap_check(locator->locator == htobe64(3));
	tap_check(locator->sir_prefix == htobe64(4));
	tap_check(locator->domain == 5 && locator->mappings == 6);
	tap_check(locator->state == ILA_LOCATOR_OWN);
	tap_check(locator->packets == 1ULL << 40);
	tap_check(locator->bytes == 1ULL << 50);
	return 0;
}

static void test_locator(void)
{
	struct ila *ila = mock_open(&mock, locator_kernel, NULL);
	struct ila_locator locator;
	int n = 0;

	tap_check(!ila_locator_get(ila, 5, htobe64(3), &locator));
	check_locator(&locator, &n);
	tap_check(ila_locator_dump(ila, check_locator, &n) == ILA_CHANGED);
	tap_check(n == 2);
	tap_check(ila_locator_move(ila, 0, 1, htobe64(4)) == -EXDEV);
	tap_check(!ila_locator_up(ila, 0, 1));
	mock_close(&mock, ila);
}

static void config_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = mock_answer(kernel, request,
					   ILA_CMD_CONFIG_GET, 0);
	struct nlattr *nest;

	if (mock_cmd(request) == ILA_CMD_CONFIG_GET) {
		mnl_attr_put_u8(nlh, ILA_ATTR_MISS, ILA_MISS_DROP);
		mnl_attr_put_u32(nlh, ILA_ATTR_LIMIT, 1000);
		mnl_attr_put_u32(nlh, ILA_ATTR_COUNT, 7);
		mnl_attr_put_u32(nlh, ILA_ATTR_GENERATION, 8);
		mock_send(kernel, nlh);
	} else if (mock_cmd(request) == ILA_CMD_STATS_GET) {
		nest = mnl_attr_nest_start(nlh, ILA_ATTR_STATS);
		/* a pad, where 64-bit numbers have to be aligned */
		mnl_attr_put(nlh, 0, 0, NULL);
		mnl_attr_put_u64(nlh, ILA_STAT_OUT_TRANSLATED, 1ULL << 33);
		mnl_attr_put_u64(nlh, ILA_STAT_MAX + 1, 1);
		mnl_attr_nest_end(nlh, nest);
		mock_send(kernel, nlh);
	}
	mock_end(kernel, request, mock_attr(request, ILA_ATTR_GENERATION) ?
		 -EINVAL : 0, NULL, 0);
}

static void test_config(void)
{
	struct ila *ila = mock_open(&mock, config_kernel, NULL);
	uint64_t stats[ILA_STAT_MAX + 1];
	struct ila_config config;

	tap_check(!ila_config_get(ila, &config));
	tap_check(config.set == (ILA_CONFIG_MISS | ILA_CONFIG_LIMIT |
				 ILA_CONFIG_MAPPINGS | ILA_CONFIG_GENERATION));
	tap_check(config.miss == ILA_MISS_DROP && config.limit == 1000 &&
		  config.mappings == 7 && config.generation == 8);
	tap_check(!ila_config_set(ila, &config));

	tap_check(!ila_stats(ila, stats, ILA_STAT_MAX + 1));
	tap_check(stats[ILA_STAT_OUT_TRANSLATED] == 1ULL << 33);
	tap_check(!stats[ILA_STAT_IN_TRANSLATED] && !stats[ILA_STAT_MAX]);
	tap_check(!ila_stats(ila, stats, 1));
	mock_close(&mock, ila);
}

static void explain_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = mock_answer(kernel, request, ILA_CMD_EXPLAIN, 0);
	struct ila_mapping record = record_of(1, 0);

	mnl_attr_put_u8(nlh, ILA_ATTR_EXPLAIN, ILA_EXPLAIN_MAPPING);
	mnl_attr_put_u8(nlh, ILA_ATTR_WHY, ILA_WHY_DOWN);
	mnl_attr_put(nlh, ILA_ATTR_ADDRESS, 16,
		     mock_attr(request, ILA_ATTR_ADDRESS));
	mock_put_record(nlh, &record);
	mock_put_record(nlh, &record);
	mnl_attr_put_u32(nlh, ILA_ATTR_IFINDEX, 3);
	mock_send(kernel, nlh);
	mock_end(kernel, request, 0, NULL, 0);
}

static void test_explain(void)
{
	struct ila *ila = mock_open(&mock, explain_kernel, NULL);
	struct in6_addr address = { .s6_addr = { 0x20, [15] = 1 } };
	struct ila_explanation explanation;

	tap_check(!ila_explain(ila, &address, &explanation));
	tap_check(explanation.by == ILA_EXPLAIN_MAPPING);
	tap_check(explanation.why == ILA_WHY_DOWN);
	tap_check(explanation.set == (ILA_EXPLAINED_ADDRESS |
				      ILA_EXPLAINED_IFINDEX));
	tap_check(!memcmp(&explanation.address, &address, sizeof(address)));
	tap_check(explanation.n == 2 &&
		  explanation.records[1].locator == htobe64(1));
	tap_check(explanation.ifindex == 3);
	mock_close(&mock, ila);
}

/* Answers with some bytes wrong, then an end that is right
 */

#define FUZZ_ROUNDS	5000

static void fuzz_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = mock_answer(kernel, request, mock_cmd(request),
					   NLM_F_MULTI);
	static const struct ila_mapping records[2];
	unsigned int k;
	size_t len;

	for (k = 0; k < 12; k++)
		mnl_attr_put(nlh, rand() % (ILA_ATTR_EXT_MAX + 2),
			     rand() % (sizeof(*records) + 9), records);
	mock_put_record(nlh, records);
	len = nlh->nlmsg_len;
	for (k = rand() % 6; k; k--)
		((uint8_t *)nlh)[rand() % len] = rand();
	if (rand() % 4 == 0)
		nlh->nlmsg_type = rand() % 2 ? NLMSG_ERROR : NLMSG_DONE;
	if (rand() % 4 == 0)
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
	send(kernel->fd, nlh, len, MSG_NOSIGNAL);
	mock_end(kernel, request, 0, NULL, 0);
}

static int ignore_rule(const struct ila_rule *rule, void *data)
{
	(void)rule;
	(void)data;
	return 0;
}

static void test_fuzz(void)
{
	struct ila *ila = mock_open(&mock, fuzz_kernel, NULL);
	struct ila_mapping found[ILA_MAPPING_LOCATORS];
	struct in6_addr any = IN6ADDR_ANY_INIT;
	struct ila_explanation explanation;
	struct shown shown = { 0 };
	uint64_t stats[3];
	unsigned int i;

	for (i = 0; i < FUZZ_ROUNDS; i++) {
		ila_mapping_get(ila, 0, &any, found);
		ila_mapping_dump(ila, NULL, show, &shown);
		ila_rule_dump(ila, ignore_rule, NULL);
		ila_explain(ila, &any, &explanation);
		ila_stats(ila, stats, MNL_ARRAY_SIZE(stats));
		ila_family_resolve(ila);
		ila->family = MOCK_FAMILY;
	}
	tap_check(mock.requests == 6 * FUZZ_ROUNDS);
	mock_close(&mock, ila);
}

int main(void)
{
	static const struct tap_case cases[] = {
		{ "a rule", test_rule },
		{ "a rule's type", test_rule_type },
		{ "words behind an echo", test_echo },
		{ "a command that is not known", test_unable },
		{ "an answer that does not come", test_no_answer },
		{ "a mapping", test_mapping },
		{ "a mapping deleted", test_mapping_del },
		{ "a dump", test_dump },
		{ "a dump stopped", test_dump_stopped },
		{ "a callback with its own handle", test_busy },
		{ "filters", test_filter },
		{ "locators", test_locator },
		{ "configuration and counters", test_config },
		{ "an explanation", test_explain },
		{ "answers with bytes wrong", test_fuzz },
	};

	return tap_run(cases, MNL_ARRAY_SIZE(cases));
}

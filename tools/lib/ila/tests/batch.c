// SPDX-License-Identifier: GPL-2.0
/*
 * libila: tests of batches
 *
 * The kernel here takes mappings whose priority is not BAD. Locators say how
 * many mappings were added before, which is what the kernel should see.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"
#include "tap.h"

#define BAD		9
#define BAD_SILENT	10	/* and the kernel does not say which it is */
#define MANY		5000
#define GENERATION	41

static struct mock mock;

/* What the kernel has seen */
static struct seen {
	uint64_t next;		/* lowest number that may come */
	uint64_t mappings;
	unsigned int messages;
	unsigned int out_of_order;
	unsigned int split;
	size_t longest;
	uint32_t generation;
	uint32_t sweep;
	uint8_t origin;
} seen;

static struct ila_mapping record_at(const struct nlattr *attr)
{
	struct ila_mapping record;

	memcpy(&record, mnl_attr_get_payload(attr), sizeof(record));
	return record;
}

/* Refuses the message for its first bad record, if it has one */
static int refuse(struct mock *kernel, const struct nlmsghdr *request)
{
	const struct nlattr *attr;
	uint32_t offset;
	uint8_t priority;

	mnl_attr_for_each(attr, request, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != ILA_ATTR_MAPPING)
			continue;
		priority = record_at(attr).priority;
		offset = (const uint8_t *)attr - (const uint8_t *)request;
		if (priority == BAD || priority == BAD_SILENT) {
			mock_end(kernel, request, -EEXIST, "bad priority",
				 priority == BAD ? offset : 0);
			return 1;
		}
	}
	return 0;
}

static void take(const struct nlmsghdr *request)
{
	struct ila_mapping record = { 0 };
	const struct nlattr *attr;
	int within = 0;

	mnl_attr_for_each(attr, request, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != ILA_ATTR_MAPPING)
			continue;
		record = record_at(attr);
		if (!within && be64toh(record.locator) < seen.next)
			seen.out_of_order++;
		if (within && be64toh(record.locator) != seen.next)
			seen.out_of_order++;
		seen.next = be64toh(record.locator);
		within = record.flags & ILA_MAPPING_MORE;
		if (within)
			continue;
		seen.mappings++;
		seen.next++;
	}
	seen.split += within;
}

static void note(const struct nlmsghdr *request)
{
	const uint32_t *generation = mock_attr(request, ILA_ATTR_GENERATION);

	seen.messages++;
	if (request->nlmsg_len > seen.longest)
		seen.longest = request->nlmsg_len;
	seen.generation = generation ? *generation : 0;
}

static void answer_u32(struct mock *kernel, const struct nlmsghdr *request,
		       uint16_t type, uint32_t value)
{
	struct nlmsghdr *nlh = mock_answer(kernel, request, mock_cmd(request),
					   0);

	mnl_attr_put_u32(nlh, type, value);
	mock_send(kernel, nlh);
}

static void flush(struct mock *kernel, const struct nlmsghdr *request)
{
	const uint32_t *sweep = mock_attr(request, ILA_ATTR_SWEEP);
	const uint8_t *origin = mock_attr(request, ILA_ATTR_ORIGIN);

	seen.sweep = sweep ? *sweep : 0;
	seen.origin = origin ? *origin : 0;
	answer_u32(kernel, request, ILA_ATTR_COUNT, 3);
}

static void table_kernel(struct mock *kernel, const struct nlmsghdr *request)
{
	switch (mock_cmd(request)) {
	case ILA_CMD_CONFIG_GET:
		answer_u32(kernel, request, ILA_ATTR_GENERATION, GENERATION);
		break;
	case ILA_CMD_MAPPING_FLUSH:
		flush(kernel, request);
		break;
	default:
		note(request);
		if (refuse(kernel, request))
			return;
		take(request);
	}
	mock_end(kernel, request, 0, NULL, 0);
}

static struct ila *open_table(void)
{
	memset(&seen, 0, sizeof(seen));
	return mock_open(&mock, table_kernel, NULL);
}

/* Mapping number @i, of @n locators */
static int add(struct ila_batch *batch, uint64_t i, unsigned int n,
	       uint8_t priority)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	struct in6_addr address = { .s6_addr = { 0x20, 1 } };
	unsigned int k;

	memcpy(&address.s6_addr[8], &i, sizeof(i));
	for (k = 0; k < n; k++)
		ila_mapping_init(&records[k], &address, htobe64(i));
	records[n / 2].priority = priority;
	return ila_batch_add(batch, records, n);
}

static unsigned int locators(uint64_t i)
{
	return 1 + (i * 7 + i / 3) % ILA_MAPPING_LOCATORS;
}

static void test_many(void)
{
	struct ila *ila = open_table();
	struct ila_batch *batch = ila_batch_new(ila, ILA_CMD_MAPPING_NEW);
	uint64_t i;

	for (i = 0; i < MANY; i++)
		tap_check(!add(batch, i, locators(i), 0));
	tap_check(!ila_batch_flush(batch));
	tap_check(!ila_batch_flush(batch));
	tap_check(ila_batch_applied(batch) == MANY);
	tap_check(!ila_batch_refused(batch));
	tap_check(seen.mappings == MANY);
	tap_check(!seen.out_of_order && !seen.split && !seen.generation);
	tap_check(seen.longest <= ILA_BATCH_LEN);
	tap_check(seen.messages < 20);
	ila_batch_free(batch);
	mock_close(&mock, ila);
}

static void test_stops(void)
{
	struct ila *ila = open_table();
	struct ila_batch *batch = ila_batch_new(ila, ILA_CMD_MAPPING_NEW);
	const struct ila_refusal *refusal;
	uint64_t i;

	for (i = 0; i < MANY; i++) {
		if (add(batch, i, 1, i == 3000 ? BAD : 0))
			break;
	}
	tap_check(i < MANY);
	tap_check(ila_batch_flush(batch) == -EEXIST);
	tap_check(add(batch, i, 1, 0) == -EEXIST);
	refusal = ila_batch_refused(batch);
	tap_check(refusal && refusal->error == -EEXIST);
	tap_check(refusal && refusal->index == 3000 && refusal->n == 1);
	tap_check(refusal && refusal->records[0].locator == htobe64(3000));
	tap_check(refusal && !strcmp(refusal->text, "bad priority"));
	tap_check(ila_batch_applied(batch) == seen.mappings);
	tap_check(seen.mappings <= 3000 && seen.mappings > 1000);
	tap_check(!strcmp(ila_error(ila), "bad priority"));
	ila_batch_free(batch);
	mock_close(&mock, ila);
}

/* Refusals that a callback has seen */
static struct refusals {
	unsigned int n;
	unsigned int wrong;
	unsigned int stop_at;
	const uint8_t *bad;
} refusals;

static int leave_out(const struct ila_refusal *refusal, void *data)
{
	struct refusals *r = data;

	r->wrong += !r->bad[refusal->index];
	r->wrong += refusal->n != locators(refusal->index);
	r->wrong += refusal->records[0].locator != htobe64(refusal->index);
	return ++r->n == r->stop_at ? -ECANCELED : 0;
}

/* Add MANY, bad ones where @bad is set */
static void load(struct ila_batch *batch, const uint8_t *bad)
{
	uint64_t i;

	memset(&refusals, 0, sizeof(refusals));
	refusals.bad = bad;
	ila_batch_on_refusal(batch, leave_out, &refusals);
	for (i = 0; i < MANY; i++)
		tap_check(!add(batch, i, locators(i), bad[i] ? BAD : 0));
	tap_check(!ila_batch_flush(batch));
}

/* Bad ones wherever @chance of 100 has it, and at the ends */
static void leave_out_some(int chance)
{
	struct ila *ila = open_table();
	struct ila_batch *batch = ila_batch_new(ila, ILA_CMD_MAPPING_NEW);
	uint8_t bad[MANY] = { 0 };
	unsigned int i, count = 0;

	for (i = 0; i < MANY; i++) {
		bad[i] = i == 0 || i == MANY - 1 || rand() % 100 < chance;
		count += bad[i];
	}
	load(batch, bad);
	tap_check(refusals.n == count && !refusals.wrong);
	tap_check(ila_batch_applied(batch) == MANY - count);
	tap_check(seen.mappings == MANY - count);
	tap_check(!seen.out_of_order && !seen.split);
	tap_check(seen.messages < 20 + 3 * count);
	ila_batch_free(batch);
	mock_close(&mock, ila);
}

static void test_leave_out(void)
{
	leave_out_some(0);
	leave_out_some(1);
	leave_out_some(50);
	leave_out_some(100);
}

static void test_callback_stops(void)
{
	struct ila *ila = open_table();
	struct ila_batch *batch = ila_batch_new(ila, ILA_CMD_MAPPING_NEW);
	static const uint8_t bad[10] = { [2] = 1, [3] = 1 };
	uint64_t i;

	memset(&refusals, 0, sizeof(refusals));
	refusals.bad = bad;
	refusals.stop_at = 2;
	ila_batch_on_refusal(batch, leave_out, &refusals);
	for (i = 0; i < 10; i++)
		tap_check(!add(batch, i, locators(i), bad[i] ? BAD : 0));
	tap_check(ila_batch_flush(batch) == -ECANCELED);
	tap_check(ila_batch_applied(batch) == seen.mappings);
	tap_check(ila_batch_refused(batch)->index == 3);
	ila_batch_free(batch);
	mock_close(&mock, ila);
}

/* An error that is not about one mapping: nobody is asked */
static void test_silent(void)
{
	struct ila *ila = open_table();
	struct ila_batch *batch = ila_batch_new(ila, ILA_CMD_MAPPING_REPLACE);

	memset(&refusals, 0, sizeof(refusals));
	ila_batch_on_refusal(batch, leave_out, &refusals);
	tap_check(!add(batch, 0, 2, 0));
	tap_check(!ila_batch_flush(batch));
	tap_check(!add(batch, 1, 1, 0));
	tap_check(!add(batch, 2, 1, BAD_SILENT));
	tap_check(ila_batch_flush(batch) == -EEXIST);
	tap_check(!refusals.n && ila_batch_applied(batch) == 1);
	tap_check(ila_batch_refused(batch)->n == 0);
	tap_check(ila_batch_refused(batch)->index == 1);
	ila_batch_free(batch);
	mock_close(&mock, ila);
}

static void test_wrong_use(void)
{
	struct ila *ila = open_table();
	struct ila_batch *batch;
	struct ila_mapping record = { 0 };
	uint32_t swept;

	tap_check(!ila_batch_new(ila, ILA_CMD_MAPPING_GET) && errno == EINVAL);
	batch = ila_batch_new(ila, ILA_CMD_MAPPING_DEL);
	tap_check(ila_batch_add(batch, &record, 0) == -EINVAL);
	tap_check(ila_batch_add(batch, &record, 9) == -EINVAL);
	tap_check(!ila_batch_add(batch, &record, 1));
	tap_check(ila_generation_finish(batch, &swept) == -EINVAL);
	tap_check(!seen.messages);
	ila_batch_free(batch);
	ila_batch_free(NULL);
	mock_close(&mock, ila);
}

static struct ila_batch *begin(struct ila *ila)
{
	const struct ila_filter scope = {
		.set = ILA_FILTER_ORIGIN,
		.origin = ILA_ORIGIN_AGENT,
	};

	return ila_generation_begin(ila, &scope);
}

static void test_generation(void)
{
	struct ila *ila = open_table();
	static const uint8_t bad[MANY];
	struct ila_batch *batch = begin(ila);
	uint32_t swept = 0;

	load(batch, bad);
	tap_check(seen.generation == GENERATION + 1);
	tap_check(seen.mappings == MANY && seen.longest <= ILA_BATCH_LEN);
	tap_check(!ila_generation_finish(batch, &swept));
	tap_check(swept == 3 && seen.sweep == GENERATION + 1);
	tap_check(seen.origin == ILA_ORIGIN_AGENT);
	ila_batch_free(batch);
	mock_close(&mock, ila);
}

/* A mapping that was left out would be swept: not what anybody wanted */
static void test_generation_incomplete(void)
{
	struct ila *ila = open_table();
	static const uint8_t bad[MANY] = { [17] = 1 };
	struct ila_batch *batch = begin(ila);

	load(batch, bad);
	tap_check(seen.generation == GENERATION + 1);
	tap_check(seen.mappings == MANY - 1 && refusals.n == 1);
	tap_check(ila_generation_finish(batch, NULL) == -ECANCELED);
	tap_check(!seen.sweep);
	ila_batch_free(batch);
	mock_close(&mock, ila);
}

int main(void)
{
	static const struct tap_case cases[] = {
		{ "many", test_many },
		{ "a refusal stops", test_stops },
		{ "refused ones are left out", test_leave_out },
		{ "the callback stops", test_callback_stops },
		{ "no mapping to blame", test_silent },
		{ "wrong use", test_wrong_use },
		{ "a generation", test_generation },
		{ "a generation with a refusal", test_generation_incomplete },
	};

	return tap_run(cases, MNL_ARRAY_SIZE(cases));
}

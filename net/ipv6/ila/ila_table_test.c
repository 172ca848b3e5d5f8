// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the hash table, against an array that is searched from end to
 * end
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/random.h>

/* The functions are the module's, the table is the test's own */
#include "table.c"

#define KEYS	600
#define STEPS	60000

/**
 * struct entry - one key, and whether it is in the table
 * @node: what the table knows
 * @there: it is in the table
 * @always: it is there for the whole of a walk
 * @seen: how often a walk returned it
 */
struct entry {
	struct ila_node node;
	bool there;
	bool always;
	unsigned int seen;
};

struct model {
	struct ila_table table;
	struct entry *entries;
	unsigned int n;
	u64 random;
};

static u32 model_random(struct model *model, u32 below)
{
	model->random = model->random * 6364136223846793005ULL +
			1442695040888963407ULL;
	return (model->random >> 33) % below;
}

/* Keys that differ in little: in the low bits, in the upper half, in the domain */
static void model_key(struct entry *entry, unsigned int i)
{
	entry->node.key.upper = cpu_to_be64(0x20010db800000000ULL + i % 3);
	entry->node.key.ident = cpu_to_be64(0x2000000000000000ULL + i / 6);
	entry->node.domain = i / 3 % 2;
}

static struct model *model_new(struct kunit *test, u64 seed)
{
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	model->entries = kunit_kcalloc(test, KEYS, sizeof(*model->entries),
				       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->entries);
	model->random = seed;
	for (i = 0; i < KEYS; i++)
		model_key(&model->entries[i], i);
	return model;
}

static void model_insert(struct kunit *test, struct model *model,
			 struct entry *entry)
{
	KUNIT_ASSERT_EQ(test, ila_table_reserve(&model->table, 1), 0);
	ila_table_insert(&model->table, &entry->node);
	entry->there = true;
	model->n++;
}

static void model_remove(struct model *model, struct entry *entry)
{
	ila_table_remove(&model->table, &entry->node);
	entry->there = false;
	model->n--;
}

static void model_toggle(struct kunit *test, struct model *model,
			 struct entry *entry)
{
	if (entry->there)
		model_remove(model, entry);
	else
		model_insert(test, model, entry);
}

static struct entry *model_find(struct model *model, const struct entry *entry)
{
	return (struct entry *)ila_table_find(&model->table, &entry->node.key,
					      entry->node.domain);
}

static void model_compare(struct kunit *test, struct model *model)
{
	struct entry *entry;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, model->table.n, model->n);
	for (i = 0; i < KEYS; i++) {
		entry = &model->entries[i];
		KUNIT_EXPECT_PTR_EQ(test, model_find(model, entry),
				    entry->there ? entry : NULL);
	}
}

static void model_end(struct model *model)
{
	unsigned int i;

	for (i = 0; i < KEYS; i++)
		if (model->entries[i].there)
			model_remove(model, &model->entries[i]);
}

/* Insert and remove at random, more of the one or of the other for a while */
static void ila_test_table_random(struct kunit *test)
{
	struct model *model = model_new(test, 1);
	struct entry *entry;
	bool grow = true;
	int step;

	for (step = 0; step < STEPS; step++) {
		if (!model_random(model, 2000))
			grow = !grow;
		entry = &model->entries[model_random(model, KEYS)];
		if (entry->there == grow && model_random(model, 4))
			continue;
		model_toggle(test, model, entry);
		if (!model_random(model, 50))
			ila_table_shrink(&model->table);
		KUNIT_ASSERT_PTR_EQ(test, model_find(model, entry),
				    entry->there ? entry : NULL);
		if (!(step % 500))
			model_compare(test, model);
	}
	model_compare(test, model);
	model_end(model);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(model->table.array));
}

/* As full as it gets: every bucket but one overflows into the next ones, around
 * the end of the array
 */
static void ila_test_table_full(struct kunit *test)
{
	struct model *model = model_new(test, 2);
	const unsigned int max = (1 << ILA_TABLE_BITS_MIN) * ILA_BUCKET_NODES;
	struct ila_buckets *array;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ila_table_reserve(&model->table, 1), 0);
	array = rcu_dereference_protected(model->table.array, 1);
	for (i = 0; i < max; i++) {
		ila_table_insert(&model->table, &model->entries[i].node);
		model->entries[i].there = true;
		model->n++;
		model_compare(test, model);
	}
	KUNIT_EXPECT_PTR_EQ(test, rcu_dereference_protected(model->table.array, 1),
			    array);
	/* take them away in another order */
	for (i = 0; i < max; i++) {
		model_remove(model, &model->entries[i * 5 % max]);
		if (i + 1 < max)
			model_compare(test, model);
	}
}

/* Small and busy: in the end every bucket was passed by somebody. Searches for
 * what is not there must end nevertheless.
 */
static void ila_test_table_churn(struct kunit *test)
{
	struct model *model = model_new(test, 7);
	const unsigned int max = (1 << ILA_TABLE_BITS_MIN) * ILA_BUCKET_FULL;
	struct entry *entry;
	unsigned int i;
	int step;

	for (step = 0; step < 400000; step++) {
		entry = &model->entries[model_random(model, 3 * max)];
		if (!entry->there && model->n == max)
			entry = NULL;
		if (entry)
			model_toggle(test, model, entry);
		entry = &model->entries[model_random(model, KEYS)];
		KUNIT_ASSERT_PTR_EQ(test, model_find(model, entry),
				    entry->there ? entry : NULL);
		for (i = 0; !(step % 1000) && i < KEYS; i++)
			model_find(model, &model->entries[i]);
	}
	model_compare(test, model);
	model_end(model);
}

static void ila_test_table_swap(struct kunit *test)
{
	struct model *model = model_new(test, 3);
	struct ila_node other;
	unsigned int i;

	for (i = 0; i < KEYS; i++)
		model_insert(test, model, &model->entries[i]);
	for (i = 0; i < KEYS; i++) {
		other = model->entries[i].node;
		ila_table_swap(&model->table, &model->entries[i].node, &other);
		KUNIT_EXPECT_PTR_EQ(test, (void *)model_find(model, &model->entries[i]),
				    (void *)&other);
		ila_table_swap(&model->table, &other, &model->entries[i].node);
	}
	model_compare(test, model);
	model_end(model);
}

/* What a walk has to be careful with comes between two of its steps */
static void model_disturb(struct kunit *test, struct model *model)
{
	struct entry *entry;
	int i;

	for (i = model_random(model, 40); i; i--) {
		entry = &model->entries[model_random(model, KEYS)];
		if (!entry->always)
			model_toggle(test, model, entry);
	}
	if (!model_random(model, 3))
		ila_table_shrink(&model->table);
	if (!model_random(model, 5))
		KUNIT_ASSERT_EQ(test, ila_table_reserve(&model->table, 4 * KEYS), 0);
}

/* Every node that is there all the time is returned once, whatever happens */
static void ila_test_table_walk(struct kunit *test)
{
	struct model *model = model_new(test, 4);
	struct ila_cursor cursor;
	struct ila_node *node;
	unsigned int i;
	int round;

	for (i = 0; i < KEYS; i++) {
		model->entries[i].always = i % 3 == 0;
		if (i % 2 == 0 || model->entries[i].always)
			model_insert(test, model, &model->entries[i]);
	}
	for (round = 0; round < 20; round++) {
		cursor = (struct ila_cursor) {};
		for (i = 0; i < KEYS; i++)
			model->entries[i].seen = 0;
		while ((node = ila_table_next(&model->table, &cursor))) {
			container_of(node, struct entry, node)->seen++;
			if (round)
				model_disturb(test, model);
		}
		for (i = 0; i < KEYS; i++)
			if (model->entries[i].always)
				KUNIT_EXPECT_EQ(test, model->entries[i].seen, 1);
			else
				KUNIT_EXPECT_LE(test, model->entries[i].seen, 1);
	}
	model_end(model);
}

struct scan {
	struct model *model;
	unsigned int seen;
};

/* Remove every second one of those that are seen */
static void scan_see(struct ila_node *node, void *data)
{
	struct entry *entry = container_of(node, struct entry, node);
	struct scan *scan = data;

	entry->seen++;
	if (scan->seen++ % 2)
		model_remove(scan->model, entry);
}

/* In parts, with removals: each is seen once, and the end is reached */
static void ila_test_table_scan(struct kunit *test)
{
	struct model *model = model_new(test, 5);
	struct scan scan = { .model = model };
	unsigned int i, parts = 0;
	u64 at = 0;

	for (i = 0; i < KEYS; i++)
		model_insert(test, model, &model->entries[i]);
	do {
		at = ila_table_scan(&model->table, at, 50, scan_see, &scan);
		parts++;
	} while (at && parts < KEYS);
	KUNIT_EXPECT_GE(test, parts, KEYS / 100);
	for (i = 0; i < KEYS; i++)
		KUNIT_EXPECT_EQ(test, model->entries[i].seen, 1);
	model_compare(test, model);
	model_end(model);
}

/* An empty table answers everything, and remove of the last one empties it */
static void ila_test_table_empty(struct kunit *test)
{
	struct model *model = model_new(test, 6);
	struct ila_cursor cursor = {};

	model_compare(test, model);
	KUNIT_EXPECT_NULL(test, ila_table_next(&model->table, &cursor));
	KUNIT_EXPECT_EQ(test, ila_table_scan(&model->table, 0, 1, NULL, NULL), 0);
	ila_table_shrink(&model->table);
	model_insert(test, model, &model->entries[0]);
	model_remove(model, &model->entries[0]);
	model_compare(test, model);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(model->table.array));
}

/* Neighbouring keys spread over whatever bits of the hash are used: the upper
 * ones for buckets, the lower ones for tags and in messages
 */
static void ila_test_table_spread(struct kunit *test)
{
	struct ila_addr key = { .upper = cpu_to_be64(0x20010db800050001ULL) };
	unsigned int *upper, *lower, shift, i;
	u64 hash;

	upper = kunit_kcalloc(test, 256, sizeof(*upper), GFP_KERNEL);
	lower = kunit_kcalloc(test, 256, sizeof(*lower), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, upper);
	KUNIT_ASSERT_NOT_NULL(test, lower);
	for (shift = 0; shift < 56; shift += 4) {
		memset(upper, 0, 256 * sizeof(*upper));
		memset(lower, 0, 256 * sizeof(*lower));
		for (i = 0; i < 4096; i++) {
			key.ident = cpu_to_be64((u64)i << shift);
			hash = ila_table_hash(&key, 0);
			upper[hash >> 56]++;
			lower[hash & 0xff]++;
		}
		/* 16 in the mean; multiplication spreads evenly or less so */
		for (i = 0; i < 256; i++) {
			KUNIT_EXPECT_LE(test, upper[i], 160);
			KUNIT_EXPECT_LE(test, lower[i], 160);
		}
	}
}

static struct kunit_case ila_table_cases[] = {
	KUNIT_CASE(ila_test_table_spread),
	KUNIT_CASE(ila_test_table_empty),
	KUNIT_CASE(ila_test_table_random),
	KUNIT_CASE(ila_test_table_full),
	KUNIT_CASE(ila_test_table_churn),
	KUNIT_CASE(ila_test_table_swap),
	KUNIT_CASE(ila_test_table_walk),
	KUNIT_CASE(ila_test_table_scan),
	{}
};

static int ila_table_suite_init(struct kunit_suite *suite)
{
	get_random_bytes(ila_table_seed, sizeof(ila_table_seed));
	ila_table_seed[0] |= 1;
	ila_table_seed[1] |= 1;
	ila_table_seed[3] |= 1;
	return 0;
}

/* Arrays are freed by functions of this module */
static void ila_table_suite_exit(struct kunit_suite *suite)
{
	rcu_barrier();
}

static struct kunit_suite ila_table_suite = {
	.name = "ila_table",
	.suite_init = ila_table_suite_init,
	.suite_exit = ila_table_suite_exit,
	.test_cases = ila_table_cases,
};

kunit_test_suite(ila_table_suite);

MODULE_DESCRIPTION("KUnit tests of the hash table");
MODULE_LICENSE("GPL");

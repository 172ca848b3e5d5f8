// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the hash table of mappings, against an array that is searched
 * from end to end
 */
#include <kunit/test.h>
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/random.h>
#include <net/ila.h>

/* The functions are the module's, the table and its seed are the test's own */
#include "maps.c"

u64 ila_table_seed[4];

#define KEYS	600
#define TARGETS	6
#define STEPS	60000

/**
 * struct entry - one address, and whether it has a mapping
 * @map: what there should be
 * @there: it has
 * @always: it has for the whole of a walk
 * @seen: how often a walk returned it
 */
struct entry {
	struct ila_map map;
	bool there;
	bool always;
	unsigned int seen;
};

/**
 * struct model - a table and what should be in it
 * @maps: the table
 * @targets: two for each upper half and domain
 * @entries: all addresses that are used
 * @n: how many of them have a mapping
 * @random: state of the generator
 */
struct model {
	struct ila_maps maps;
	struct ila_target *targets[2 * TARGETS];
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

/* Addresses that differ in little: in the upper half, in the domain, in the low
 * bits; of every identifier there are six.
 */
static void model_target(struct ila_target *target, unsigned int i)
{
	target->upper = cpu_to_be64(0x20010db800000000ULL + i % 3);
	target->domain = i / 3 % 2;
}

static void model_key(struct model *model, unsigned int i)
{
	struct ila_node *node = &model->entries[i].map.node;

	node->key.upper = model->targets[i % TARGETS]->upper;
	node->key.ident = cpu_to_be64(0x2000000000000000ULL + i / TARGETS);
	node->domain = model->targets[i % TARGETS]->domain;
}

/* Everything about a mapping that is not its address, at random */
static void model_fill(struct model *model, struct entry *entry)
{
	unsigned int i = (entry - model->entries) % TARGETS +
			 model_random(model, 2) * TARGETS;

	entry->map.ref = (unsigned long)model->targets[i] |
			 model_random(model, ILA_TARGET_ALIGN);
	entry->map.used = model_random(model, 1 << 30);
	entry->map.detail = (struct ila_map_detail) {
		.expires = model_random(model, 1 << 30),
		.changed = model_random(model, 1 << 30),
		.generation = model_random(model, 1 << 30),
		.ident_type = model_random(model, 256),
		.origin = model_random(model, 256),
	};
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
	for (i = 0; i < 2 * TARGETS; i++) {
		model->targets[i] = ila_target_alloc(sizeof(struct ila_target));
		KUNIT_ASSERT_NOT_NULL(test, model->targets[i]);
		KUNIT_ASSERT_EQ(test, 0, (unsigned long)model->targets[i] %
					 ILA_TARGET_ALIGN);
		model_target(model->targets[i], i);
	}
	for (i = 0; i < KEYS; i++)
		model_key(model, i);
	return model;
}

static unsigned long model_find(struct model *model, const struct entry *entry,
				struct ila_place *place)
{
	return ila_maps_find(&model->maps, &entry->map.node.key,
			     entry->map.node.domain, place);
}

static void model_insert(struct kunit *test, struct model *model,
			 struct entry *entry)
{
	model_fill(model, entry);
	KUNIT_ASSERT_EQ(test, ila_maps_reserve(&model->maps, 1), 0);
	ila_maps_insert(&model->maps, &entry->map);
	entry->there = true;
	model->n++;
}

static void model_remove(struct kunit *test, struct model *model,
			 struct entry *entry)
{
	struct ila_place place;

	KUNIT_ASSERT_NE(test, model_find(model, entry, &place), 0UL);
	ila_maps_remove(&model->maps, &place);
	entry->there = false;
	model->n--;
}

static void model_toggle(struct kunit *test, struct model *model,
			 struct entry *entry)
{
	if (entry->there)
		model_remove(test, model, entry);
	else
		model_insert(test, model, entry);
}

/* Change one that is there: its reference, or all of it */
static void model_change(struct kunit *test, struct model *model,
			 struct entry *entry)
{
	const struct ila_map old = entry->map;
	struct ila_place place;

	KUNIT_ASSERT_EQ(test, model_find(model, entry, &place), old.ref);
	model_fill(model, entry);
	if (model_random(model, 2)) {
		ila_maps_rewrite(&model->maps, &place, &entry->map);
		return;
	}
	ila_place_change(&place, entry->map.ref);
	entry->map.used = old.used;
	entry->map.detail = old.detail;
}

static bool maps_equal(const struct ila_map *a, const struct ila_map *b)
{
	return ila_node_is(&a->node, &b->node.key, b->node.domain) &&
	       a->ref == b->ref && a->used == b->used &&
	       a->detail.expires == b->detail.expires &&
	       a->detail.changed == b->detail.changed &&
	       a->detail.generation == b->detail.generation &&
	       a->detail.ident_type == b->detail.ident_type &&
	       a->detail.origin == b->detail.origin;
}

static void model_check(struct kunit *test, struct model *model,
			const struct entry *entry)
{
	const struct ila_node *node = &entry->map.node;
	struct ila_place place;
	struct ila_map map;

	KUNIT_ASSERT_EQ(test, model_find(model, entry, &place),
			entry->there ? entry->map.ref : 0UL);
	KUNIT_ASSERT_EQ(test, ila_maps_get(&model->maps, &node->key,
					   node->domain, &map), entry->there);
	if (!entry->there)
		return;
	KUNIT_ASSERT_TRUE(test, maps_equal(&map, &entry->map));
	ila_place_get(&place, &map);
	KUNIT_ASSERT_TRUE(test, maps_equal(&map, &entry->map));
}

static void model_compare(struct kunit *test, struct model *model)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, model->maps.n, model->n);
	for (i = 0; i < KEYS; i++)
		model_check(test, model, &model->entries[i]);
}

static void model_end(struct kunit *test, struct model *model)
{
	unsigned int i;

	for (i = 0; i < KEYS; i++)
		if (model->entries[i].there)
			model_remove(test, model, &model->entries[i]);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(model->maps.array));
	for (i = 0; i < 2 * TARGETS; i++)
		kfree(model->targets[i]);
}

/* Insert, remove and change at random, more of the one or of the other for a
 * while
 */
static void ila_test_maps_random(struct kunit *test)
{
	struct model *model = model_new(test, 1);
	struct entry *entry;
	bool grow = true;
	int step;

	for (step = 0; step < STEPS; step++) {
		if (!model_random(model, 2000))
			grow = !grow;
		entry = &model->entries[model_random(model, KEYS)];
		if (entry->there && !model_random(model, 3))
			model_change(test, model, entry);
		else if (entry->there != grow || !model_random(model, 4))
			model_toggle(test, model, entry);
		if (!model_random(model, 50))
			ila_maps_shrink(&model->maps);
		model_check(test, model, entry);
		if (!(step % 500))
			model_compare(test, model);
	}
	model_compare(test, model);
	model_end(test, model);
}

/* As full as it gets: every bucket but one overflows into the next ones, around
 * the end of the array
 */
static void ila_test_maps_full(struct kunit *test)
{
	struct model *model = model_new(test, 2);
	const unsigned int max = (1 << ILA_MAPS_BITS_MIN) * ILA_BUCKET_MAPS;
	struct ila_maps_array *array;
	struct entry *entry;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ila_maps_reserve(&model->maps, 1), 0);
	array = ila_maps_own(&model->maps);
	for (i = 0; i < max; i++) {
		entry = &model->entries[i];
		model_fill(model, entry);
		ila_maps_insert(&model->maps, &entry->map);
		entry->there = true;
		model->n++;
		model_compare(test, model);
	}
	KUNIT_EXPECT_PTR_EQ(test, ila_maps_own(&model->maps), array);
	/* take them away in another order */
	for (i = 0; i < max; i++) {
		model_remove(test, model, &model->entries[i * 5 % max]);
		model_compare(test, model);
	}
	model_end(test, model);
}

/* Small and busy: in the end every bucket was passed by somebody. Searches for
 * what is not there must end nevertheless.
 */
static void ila_test_maps_churn(struct kunit *test)
{
	struct model *model = model_new(test, 7);
	const unsigned int max = (1 << ILA_MAPS_BITS_MIN) * ILA_MAPS_FULL / 4;
	struct entry *entry;
	unsigned int i;
	int step;

	for (step = 0; step < 200000; step++) {
		entry = &model->entries[model_random(model, 3 * max)];
		if (entry->there || model->n < max)
			model_toggle(test, model, entry);
		model_check(test, model,
			    &model->entries[model_random(model, KEYS)]);
		for (i = 0; !(step % 1000) && i < KEYS; i++)
			model_check(test, model, &model->entries[i]);
	}
	model_compare(test, model);
	model_end(test, model);
}

/* Two mappings in turn in one place, until its sequence number comes round */
static void ila_test_maps_wrap(struct kunit *test)
{
	struct model *model = model_new(test, 8);
	struct ila_place place;
	unsigned int i;
	u32 seq;

	/* a third one keeps the array */
	for (i = 1; i < 3; i++)
		model_insert(test, model, &model->entries[i]);
	model_find(model, &model->entries[1], &place);
	place.bucket->state |= -3 * ILA_BUCKET_SEQ;
	for (i = 0; i < 8; i++) {
		seq = place.bucket->state;
		ila_maps_rewrite(&model->maps, &place, &model->entries[1].map);
		KUNIT_EXPECT_EQ(test, place.bucket->state,
				seq + ILA_BUCKET_SEQ);
		KUNIT_EXPECT_EQ(test, place.bucket->state & ILA_BUCKET_PASSED,
				seq & ILA_BUCKET_PASSED);
		model_compare(test, model);
	}
	model_end(test, model);
}

/* Who found a mapping knows when its place was given to another one */
static void ila_test_maps_reuse(struct kunit *test)
{
	struct model *model = model_new(test, 9);
	struct ila_place place, other;
	unsigned int i;

	model_insert(test, model, &model->entries[0]);
	model_insert(test, model, &model->entries[1]);
	model_find(model, &model->entries[1], &place);
	KUNIT_EXPECT_TRUE(test, ila_place_is_same(&place));
	model_change(test, model, &model->entries[1]);
	model_remove(test, model, &model->entries[1]);
	for (i = 2; i < KEYS; i++) {
		/* no more than fits into the array that there is */
		model_insert(test, model, &model->entries[i]);
		model_find(model, &model->entries[i], &other);
		if (other.bucket == place.bucket && other.slot == place.slot)
			break;
		model_remove(test, model, &model->entries[i]);
	}
	KUNIT_ASSERT_LT(test, i, KEYS);
	KUNIT_EXPECT_FALSE(test, ila_place_is_same(&place));
	model_end(test, model);
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
		else
			model_change(test, model, entry);
	}
	if (!model_random(model, 3))
		ila_maps_shrink(&model->maps);
	if (!model_random(model, 5))
		KUNIT_ASSERT_EQ(test, ila_maps_reserve(&model->maps, 4 * KEYS), 0);
}

static struct entry *model_entry(struct model *model, const struct ila_map *map)
{
	unsigned int i;

	for (i = 0; i < KEYS; i++)
		if (maps_equal(&model->entries[i].map, map))
			return &model->entries[i];
	return NULL;
}

/* Every mapping that is there all the time is returned once, whatever happens */
static void ila_test_maps_walk(struct kunit *test)
{
	struct model *model = model_new(test, 4);
	struct ila_cursor cursor;
	struct entry *entry;
	struct ila_map map;
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
		while (ila_maps_next(&model->maps, &cursor, &map)) {
			entry = model_entry(model, &map);
			KUNIT_ASSERT_NOT_NULL(test, entry);
			entry->seen++;
			if (round)
				model_disturb(test, model);
		}
		for (i = 0; i < KEYS; i++)
			if (model->entries[i].always)
				KUNIT_EXPECT_EQ(test, model->entries[i].seen, 1);
			else
				KUNIT_EXPECT_LE(test, model->entries[i].seen, 1);
	}
	model_end(test, model);
}

struct scan {
	struct kunit *test;
	struct model *model;
	unsigned int seen;
};

/* Remove every second one of those that are seen */
static void scan_see(const struct ila_place *place, void *data)
{
	struct scan *scan = data;
	struct entry *entry;
	struct ila_map map;

	ila_place_get(place, &map);
	entry = model_entry(scan->model, &map);
	KUNIT_ASSERT_NOT_NULL(scan->test, entry);
	entry->seen++;
	if (scan->seen++ % 2) {
		ila_maps_remove(&scan->model->maps, place);
		entry->there = false;
		scan->model->n--;
	}
}

/* In parts, with removals: each is seen once, and the end is reached */
static void ila_test_maps_scan(struct kunit *test)
{
	struct model *model = model_new(test, 5);
	struct scan scan = { .test = test, .model = model };
	unsigned int i, parts = 0;
	u64 at = 0;

	for (i = 0; i < KEYS; i++)
		model_insert(test, model, &model->entries[i]);
	do {
		at = ila_maps_scan(&model->maps, at, 50, scan_see, &scan);
		parts++;
	} while (at && parts < KEYS);
	KUNIT_EXPECT_GE(test, parts, KEYS / 100);
	for (i = 0; i < KEYS; i++)
		KUNIT_EXPECT_EQ(test, model->entries[i].seen, 1);
	model_compare(test, model);
	model_end(test, model);
}

/* An empty table answers everything, and remove of the last one empties it */
static void ila_test_maps_empty(struct kunit *test)
{
	struct model *model = model_new(test, 6);
	struct ila_cursor cursor = {};
	struct ila_map map;

	model_compare(test, model);
	KUNIT_EXPECT_FALSE(test, ila_maps_next(&model->maps, &cursor, &map));
	KUNIT_EXPECT_EQ(test, ila_maps_scan(&model->maps, 0, 1, NULL, NULL), 0);
	ila_maps_shrink(&model->maps);
	model_insert(test, model, &model->entries[0]);
	model_remove(test, model, &model->entries[0]);
	model_compare(test, model);
	model_end(test, model);
}

/* A packet that finds its mapping where it belongs reads one cache line */
static void ila_test_maps_line(struct kunit *test)
{
	KUNIT_EXPECT_LE(test, sizeof(struct ila_map_bucket), 64);
	KUNIT_EXPECT_EQ(test, sizeof(struct ila_map_detail), 16);
}

/* Whoever knows the multiplier of a hash can have all keys in one place */
static void ila_test_maps_seed(struct kunit *test)
{
	u64 inverse = 1, upper, places[64] = {};
	unsigned int i, used = 0;

	for (i = 0; i < 6; i++)
		inverse *= 2 - GOLDEN_RATIO_64 * inverse;
	for (i = 0; i < 4096; i++) {
		upper = i * inverse;
		upper = ila_upper_hash((__force __be64)upper) >> 52;
		places[upper / 64] |= 1ULL << upper % 64;
	}
	for (i = 0; i < ARRAY_SIZE(places); i++)
		used += hweight64(places[i]);
	KUNIT_EXPECT_GT(test, used, 16);
}

static struct kunit_case ila_maps_cases[] = {
	KUNIT_CASE(ila_test_maps_line),
	KUNIT_CASE(ila_test_maps_empty),
	KUNIT_CASE(ila_test_maps_random),
	KUNIT_CASE(ila_test_maps_full),
	KUNIT_CASE(ila_test_maps_churn),
	KUNIT_CASE(ila_test_maps_wrap),
	KUNIT_CASE(ila_test_maps_reuse),
	KUNIT_CASE(ila_test_maps_walk),
	KUNIT_CASE(ila_test_maps_scan),
	KUNIT_CASE(ila_test_maps_seed),
	{}
};

static int ila_maps_suite_init(struct kunit_suite *suite)
{
	get_random_bytes(ila_table_seed, sizeof(ila_table_seed));
	ila_table_seed[0] |= 1;
	ila_table_seed[1] |= 1;
	ila_table_seed[3] |= 1;
	return 0;
}

/* Arrays are freed by functions of this module */
static void ila_maps_suite_exit(struct kunit_suite *suite)
{
	rcu_barrier();
}

static struct kunit_suite ila_maps_suite = {
	.name = "ila_maps",
	.suite_init = ila_maps_suite_init,
	.suite_exit = ila_maps_suite_exit,
	.test_cases = ila_maps_cases,
};

kunit_test_suite(ila_maps_suite);

MODULE_DESCRIPTION("KUnit tests of the hash table of mappings");
MODULE_LICENSE("GPL");

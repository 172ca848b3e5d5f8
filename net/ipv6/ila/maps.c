// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: the hash table of mappings, its writer's side
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <net/ila_maps.h>

/* Mappings that four buckets have in the mean when the array is made anew. More
 * take less memory, and more of them are not in their own bucket.
 */
#define ILA_MAPS_FULL		9

#define ILA_MAPS_BITS_MIN	2
#define ILA_MAPS_BITS_MAX	25

/* Buckets whose targets are asked for before they are looked at */
#define ILA_MAPS_AHEAD		8

/**
 * ila_target_alloc() - memory for something that begins with an ila_target
 * @size: its size
 *
 * Process context.
 *
 * Return: zeros, for kfree(), or NULL.
 */
void *ila_target_alloc(size_t size)
{
	/* sizes that are powers of two are aligned to themselves */
	size = roundup_pow_of_two(max_t(size_t, size, ILA_TARGET_ALIGN));
	return kzalloc(size, GFP_KERNEL_ACCOUNT);
}

/* Only the writer asks */
static struct ila_maps_array *ila_maps_own(const struct ila_maps *maps)
{
	return rcu_dereference_protected(maps->array, 1);
}

static void ila_slot_node(const struct ila_map_bucket *bucket, unsigned int slot,
			  struct ila_node *node)
{
	const struct ila_target *target = ila_ref_target(bucket->refs[slot]);

	node->key.upper = target->upper;
	node->key.ident = bucket->idents[slot];
	node->domain = target->domain;
}

static u64 ila_slot_hash(const struct ila_map_bucket *bucket, unsigned int slot)
{
	struct ila_node node;

	ila_slot_node(bucket, slot, &node);
	return ila_node_hash(&node);
}

/**
 * ila_place_get() - copy a mapping
 * @place: where it is; for the table's writer
 * @map: the copy
 */
void ila_place_get(const struct ila_place *place, struct ila_map *map)
{
	ila_slot_node(place->bucket, place->slot, &map->node);
	map->ref = place->bucket->refs[place->slot];
	map->used = READ_ONCE(place->bucket->used[place->slot]);
	map->detail = *ila_place_detail(place);
}

/**
 * ila_maps_get() - copy the mapping of an address
 * @maps: the table
 * @key: the address
 * @domain: its domain
 * @map: the copy
 *
 * RCU read side, or the table's writer. If the mapping is just changed, parts of
 * the copy can be older than others.
 *
 * Return: whether there is such a mapping.
 */
bool ila_maps_get(const struct ila_maps *maps, const struct ila_addr *key,
		  u32 domain, struct ila_map *map)
{
	struct ila_map_detail *detail;
	struct ila_place place;

	map->node.key = *key;
	map->node.domain = domain;
	do {
		map->ref = ila_maps_find(maps, key, domain, &place);
		if (!map->ref)
			return false;
		detail = ila_place_detail(&place);
		map->used = READ_ONCE(place.bucket->used[place.slot]);
		map->detail = (struct ila_map_detail) {
			.expires = READ_ONCE(detail->expires),
			.changed = READ_ONCE(detail->changed),
			.generation = READ_ONCE(detail->generation),
			.ident_type = READ_ONCE(detail->ident_type),
			.origin = READ_ONCE(detail->origin),
		};
	} while (!ila_place_is_same(&place));
	return true;
}

/* Writing into an array
 */

static void ila_bucket_pass(struct ila_map_bucket *bucket, int change)
{
	/* a count that was once too high to tell stays so */
	if ((bucket->state & ILA_BUCKET_PASSED) != ILA_BUCKET_PASSED)
		WRITE_ONCE(bucket->state, bucket->state + change);
}

static void ila_detail_write(struct ila_map_detail *to,
			     const struct ila_map_detail *from)
{
	WRITE_ONCE(to->expires, from->expires);
	WRITE_ONCE(to->changed, from->changed);
	WRITE_ONCE(to->generation, from->generation);
	WRITE_ONCE(to->ident_type, from->ident_type);
	WRITE_ONCE(to->origin, from->origin);
}

/* Put a mapping where none is. Whoever reads the place meanwhile may have found
 * another one there.
 */
static void ila_place_write(const struct ila_place *place,
			    const struct ila_map *map)
{
	struct ila_map_bucket *bucket = place->bucket;

	/* the reference is 0: first that, then the sequence number ... */
	smp_wmb();
	WRITE_ONCE(bucket->state, bucket->state + ILA_BUCKET_SEQ);
	/* ... then what is new; pairs with ila_place_is_same() */
	smp_wmb();
	WRITE_ONCE(bucket->idents[place->slot], map->node.key.ident);
	WRITE_ONCE(bucket->used[place->slot], map->used);
	ila_detail_write(ila_place_detail(place), &map->detail);
	/* ... and then the reference; pairs with ila_bucket_find() */
	smp_store_release(&bucket->refs[place->slot], map->ref);
}

/* Before a place is written: nobody may read for as long as it takes the sequence
 * number to come round.
 */
static void ila_place_prepare(const struct ila_place *place)
{
	if (place->bucket->state >= (u32)-ILA_BUCKET_SEQ)
		synchronize_rcu();
}

/* Find the first free place on the way of a mapping. There always is one. */
static void ila_array_room(const struct ila_maps_array *array, u64 hash,
			   struct ila_place *place)
{
	unsigned long i;

	place->array = array;
	for (i = hash >> array->shift;; i = (i + 1) & array->mask) {
		place->bucket = &array->buckets[i];
		for (place->slot = 0; place->slot < ILA_BUCKET_MAPS; place->slot++)
			if (!place->bucket->refs[place->slot])
				return;
		/* readers go on from here before they could find it */
		ila_bucket_pass(place->bucket, 1);
	}
}

/* Arrays
 */

static void ila_array_destroy(struct ila_maps_array *array)
{
	kvfree(array->details);
	kvfree(array->buckets);
	kfree(array);
}

static void ila_array_free_rcu(struct rcu_head *rcu)
{
	ila_array_destroy(container_of(rcu, struct ila_maps_array, rcu));
}

static void *ila_array_zeros(size_t n, size_t size)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;

	/* more than kvmalloc() would give */
	if (n > INT_MAX / size)
		return __vmalloc(array_size(n, size), gfp | __GFP_ZERO);
	return kvcalloc(n, size, gfp);
}

static struct ila_maps_array *ila_array_new(unsigned int bits)
{
	struct ila_maps_array *array;

	array = kzalloc(sizeof(*array), GFP_KERNEL_ACCOUNT);
	if (!array)
		return NULL;
	array->shift = 64 - bits;
	array->mask = (1UL << bits) - 1;
	array->buckets = ila_array_zeros(1UL << bits, sizeof(*array->buckets));
	array->details = ila_array_zeros(1UL << bits, ILA_BUCKET_MAPS *
						      sizeof(*array->details));
	if (array->buckets && array->details)
		return array;
	ila_array_destroy(array);
	return NULL;
}

static void ila_bucket_copy(const struct ila_place *from,
			    const struct ila_maps_array *array)
{
	struct ila_place to;
	struct ila_map map;

	ila_place_get(from, &map);
	ila_array_room(array, ila_node_hash(&map.node), &to);
	ila_place_write(&to, &map);
}

static void ila_bucket_prefetch(const struct ila_map_bucket *bucket)
{
	unsigned int i;

	for (i = 0; i < ILA_BUCKET_MAPS; i++)
		prefetch(ila_ref_target(bucket->refs[i]));
}

static void ila_array_copy_all(const struct ila_maps_array *from,
			       const struct ila_maps_array *to)
{
	struct ila_place at = { .array = from };
	unsigned long i;

	for (i = 0; i <= from->mask; i++) {
		at.bucket = &from->buckets[i];
		if (i + ILA_MAPS_AHEAD <= from->mask)
			ila_bucket_prefetch(at.bucket + ILA_MAPS_AHEAD);
		for (at.slot = 0; at.slot < ILA_BUCKET_MAPS; at.slot++)
			if (at.bucket->refs[at.slot])
				ila_bucket_copy(&at, to);
		if (!(i % 64))
			cond_resched();
	}
}

/* Readers of the old array find in it what they would find in the new one: all
 * mappings are in both, and none leaves before the new one is shown. That a
 * mapping was used in this very moment may be forgotten.
 */
static int ila_maps_resize(struct ila_maps *maps, unsigned int bits)
{
	struct ila_maps_array *new, *old = ila_maps_own(maps);

	if (bits > ILA_MAPS_BITS_MAX)
		return -ENOMEM;
	new = ila_array_new(bits);
	if (!new)
		return -ENOMEM;
	if (old)
		ila_array_copy_all(old, new);
	rcu_assign_pointer(maps->array, new);
	if (old)
		call_rcu(&old->rcu, ila_array_free_rcu);
	return 0;
}

static unsigned int ila_maps_bits(u64 n)
{
	u64 buckets = div_u64(4 * n + ILA_MAPS_FULL - 1, ILA_MAPS_FULL);

	return max_t(unsigned int, order_base_2(buckets), ILA_MAPS_BITS_MIN);
}

/**
 * ila_maps_reserve() - make sure that mappings can be inserted
 * @maps: the table
 * @more: how many mappings
 *
 * Process context; the table's writer. Places are others afterwards.
 *
 * Return: 0, or -ENOMEM; then the table is as it was.
 */
int ila_maps_reserve(struct ila_maps *maps, unsigned int more)
{
	const struct ila_maps_array *array = ila_maps_own(maps);
	u64 n = (u64)maps->n + more;

	if (array && 4 * n <= (u64)(array->mask + 1) * ILA_MAPS_FULL)
		return 0;
	return ila_maps_resize(maps, ila_maps_bits(n));
}

/**
 * ila_maps_insert() - insert a mapping
 * @maps: the table, with room by ila_maps_reserve()
 * @map: the mapping; there is none with its address
 *
 * Process context; the table's writer.
 */
void ila_maps_insert(struct ila_maps *maps, const struct ila_map *map)
{
	struct ila_place place;

	ila_array_room(ila_maps_own(maps), ila_node_hash(&map->node), &place);
	ila_place_prepare(&place);
	ila_place_write(&place, map);
	WRITE_ONCE(maps->n, maps->n + 1);
	maps->seq++;
}

/**
 * ila_maps_rewrite() - put another mapping of the same address in one's place
 * @maps: the table
 * @place: where the old one is
 * @map: the new one
 *
 * Process context; the table's writer. For a moment there is none.
 */
void ila_maps_rewrite(struct ila_maps *maps, const struct ila_place *place,
		      const struct ila_map *map)
{
	ila_place_prepare(place);
	WRITE_ONCE(place->bucket->refs[place->slot], 0);
	ila_place_write(place, map);
	maps->seq++;
}

static void ila_maps_empty(struct ila_maps *maps)
{
	struct ila_maps_array *array = ila_maps_own(maps);

	RCU_INIT_POINTER(maps->array, NULL);
	call_rcu(&array->rcu, ila_array_free_rcu);
}

/**
 * ila_maps_remove() - remove a mapping
 * @maps: the table
 * @place: where it is; its target is read until an RCU grace period has passed
 *
 * The table's writer. With the last mapping the table gives up its memory.
 */
void ila_maps_remove(struct ila_maps *maps, const struct ila_place *place)
{
	const struct ila_maps_array *array = place->array;
	u64 hash = ila_slot_hash(place->bucket, place->slot);
	struct ila_map_bucket *bucket;
	unsigned long i;

	WRITE_ONCE(place->bucket->refs[place->slot], 0);
	for (i = hash >> array->shift;; i = (i + 1) & array->mask) {
		bucket = &array->buckets[i];
		if (bucket == place->bucket)
			break;
		ila_bucket_pass(bucket, -1);
	}
	WRITE_ONCE(maps->n, maps->n - 1);
	maps->seq++;
	if (!maps->n)
		ila_maps_empty(maps);
}

/**
 * ila_maps_shrink() - give memory back after mappings were removed
 * @maps: the table
 *
 * Process context; the table's writer, not between ila_maps_reserve() and what
 * that was for. Does nothing where it is not worth it, or without memory for the
 * smaller array.
 */
void ila_maps_shrink(struct ila_maps *maps)
{
	const struct ila_maps_array *array = ila_maps_own(maps);

	if (!array)
		return;
	if (!maps->n)
		ila_maps_empty(maps);
	else if (array->shift < 64 - ILA_MAPS_BITS_MIN &&
		 maps->n < (array->mask + 1) / 4)
		ila_maps_resize(maps, ila_maps_bits(2ULL * maps->n));
}

/* Walking
 */

/* Of the mappings that belong into one bucket, wherever they are: the first one
 * behind the cursor
 */
static bool ila_array_next(const struct ila_maps_array *array,
			   unsigned long home, struct ila_cursor *cursor,
			   struct ila_place *next)
{
	struct ila_place at = { .array = array };
	struct ila_cursor best = {}, node;
	unsigned long i = home;

	do {
		at.bucket = &array->buckets[i];
		for (at.slot = 0; at.slot < ILA_BUCKET_MAPS; at.slot++) {
			if (!at.bucket->refs[at.slot])
				continue;
			ila_slot_node(at.bucket, at.slot, &node.node);
			node.hash = ila_node_hash(&node.node);
			if (node.hash >> array->shift != home ||
			    !ila_cursor_before(cursor, node.hash, &node.node) ||
			    (best.started &&
			     ila_cursor_before(&best, node.hash, &node.node)))
				continue;
			best = node;
			best.started = true;
			*next = at;
		}
		i = (i + 1) & array->mask;
	} while (at.bucket->state & ILA_BUCKET_PASSED && i != home);
	if (best.started)
		*cursor = best;
	return best.started;
}

/**
 * ila_maps_next() - walk a table
 * @maps: the table
 * @cursor: where to go on; zeros to begin with. Moves behind what is returned
 * @map: a copy of the next mapping
 *
 * The table's writer. Between two calls mappings may come and go, and the array
 * may be made anew; every one that is there all the time is returned once.
 *
 * Return: false behind the last one.
 */
bool ila_maps_next(const struct ila_maps *maps, struct ila_cursor *cursor,
		   struct ila_map *map)
{
	const struct ila_maps_array *array = ila_maps_own(maps);
	struct ila_place place;
	unsigned long i;

	if (!array)
		return false;
	for (i = cursor->hash >> array->shift; i <= array->mask; i++) {
		if (ila_array_next(array, i, cursor, &place)) {
			ila_place_get(&place, map);
			return true;
		}
		if (!(i % 64))
			cond_resched();
	}
	return false;
}

/**
 * ila_maps_places() - how many mappings a table could have as it is
 * @maps: the table
 *
 * The table's writer.
 *
 * Return: that, or 0 without a table.
 */
unsigned long ila_maps_places(const struct ila_maps *maps)
{
	const struct ila_maps_array *array = ila_maps_own(maps);

	return array ? (array->mask + 1) * ILA_BUCKET_MAPS : 0;
}

/**
 * ila_maps_scan() - see a part of a table's mappings, in no order
 * @maps: the table
 * @from: where to begin: 0, or where the last scan ended
 * @max: see no more than about so many mappings
 * @see: called for each; may remove or change this mapping, and no other
 * @data: for @see
 *
 * The table's writer. A mapping that moved, since the array was made anew between
 * two scans, may be missed until the next time.
 *
 * Return: where to go on, 0 if the end was reached.
 */
u64 ila_maps_scan(struct ila_maps *maps, u64 from, unsigned int max,
		  void (*see)(const struct ila_place *place, void *data),
		  void *data)
{
	struct ila_maps_array *array = ila_maps_own(maps);
	struct ila_place at = { .array = array };
	unsigned long i, end;

	if (!array)
		return 0;
	i = from >> array->shift;
	end = min(array->mask, i + max / ILA_BUCKET_MAPS);
	for (; i <= end; i++) {
		at.bucket = &array->buckets[i];
		if (i + ILA_MAPS_AHEAD <= array->mask)
			ila_bucket_prefetch(at.bucket + ILA_MAPS_AHEAD);
		for (at.slot = 0; at.slot < ILA_BUCKET_MAPS; at.slot++) {
			if (!at.bucket->refs[at.slot])
				continue;
			see(&at, data);
			/* with the last mapping, the array has gone too */
			if (!maps->n)
				return 0;
		}
	}
	return i > array->mask ? 0 : (u64)i << array->shift;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hash table of mappings, by the million
 *
 * A packet reads one cache line of it: a bucket has room for three mappings, and
 * of each all that a packet wants to know: the identifier, a reference to its
 * target, and when it was last used. The upper half of the address and the domain
 * are the same for all mappings of a target; they stand there, where few cache
 * lines serve all packets. What only user space wants to know lies beside the
 * buckets, in details. A mapping that does not fit into its bucket goes to the
 * next one that has room; each bucket on the way counts it.
 *
 * Readers need RCU and nothing else, there is one writer at a time. A mapping
 * never changes its place within one array, and a larger or smaller array is
 * filled before it is shown to anybody. A mapping changes by one store, of the
 * reference. When a place gets another mapping, the bucket's sequence number says
 * so to those who are just reading it.
 */
#ifndef _NET_ILA_MAPS_H
#define _NET_ILA_MAPS_H

#include <linux/log2.h>
#include <net/ila_table.h>

/**
 * struct ila_target - what a mapping refers to
 * @node: for a table of targets
 * @upper: the upper half of the address of every mapping that refers to it
 *	directly
 * @domain: the domain of every such mapping
 * @kind: ILA_TARGET_
 *
 * Aligned to ILA_TARGET_ALIGN, lasts until an RCU grace period after the last
 * mapping that refers to it. @domain and @upper do not change while there are
 * such mappings.
 */
struct ila_target {
	struct ila_node node;
	__be64 upper;
	u32 domain;
	u8 kind;
};

enum {
	ILA_TARGET_LOCATOR,	/* a locator */
	ILA_TARGET_SET,		/* several locators, or one with priority or weight */
	ILA_TARGET_EXACT,	/* either, and an identifier for the whole address */
};

/* References: the lower bits are flags. 0 is none. */
#define ILA_TARGET_ALIGN	64
#define ILA_REF_CSUM		7	/* 0: the route's, or see ila_csum_modes */
#define ILA_REF_TYPED		BIT(3)	/* the route is not asked for the type */
#define ILA_REF_EXPIRES		BIT(4)	/* see the details */
#define ILA_REF_WEIGHT		BIT(5)	/* one locator, without a set, of weight 1 */

#define ILA_BUCKET_MAPS		3

/**
 * struct ila_map_bucket - a cache line of mappings
 * @state: how many mappings were to be here or before, and are behind (255:
 *	nobody knows); and above these 8 bits, the sequence number
 * @used: when each was last used, about, or made
 * @idents: the lower half of each address
 * @refs: the references
 */
struct ila_map_bucket {
	u32 state;
	u32 used[ILA_BUCKET_MAPS];
	__be64 idents[ILA_BUCKET_MAPS];
	unsigned long refs[ILA_BUCKET_MAPS];
} __aligned(ILA_TARGET_ALIGN);

#define ILA_BUCKET_SEQ		256
#define ILA_BUCKET_PASSED	255

/**
 * struct ila_map_detail - what packets do not want to know of a mapping
 * @expires: when its life ends, with ILA_REF_EXPIRES
 * @changed: when it was made, or got another target
 * @generation: as user space says
 * @ident_type: ILA_ATYPE_, or ILA_ATYPE_ROUTE
 * @origin: ILA_ORIGIN_
 */
struct ila_map_detail {
	u32 expires;
	u32 changed;
	u32 generation;
	u8 ident_type;
	u8 origin;
};

/**
 * struct ila_maps_array - an array of buckets
 * @shift: 64 less the number of bits of an index
 * @mask: the number of buckets less one
 * @buckets: the buckets
 * @details: ILA_BUCKET_MAPS for each
 * @rcu: frees it
 *
 * The index is the upper bits of the hash, as in struct ila_buckets.
 */
struct ila_maps_array {
	unsigned int shift;
	unsigned long mask;
	struct ila_map_bucket *buckets;
	struct ila_map_detail *details;
	struct rcu_head rcu;
};

/**
 * struct ila_maps - a hash table of mappings
 * @array: its buckets, NULL if it is empty
 * @n: how many mappings there are
 * @seq: counts changes
 *
 * All zeros is an empty table.
 */
struct ila_maps {
	struct ila_maps_array __rcu *array;
	unsigned int n;
	unsigned int seq;
};

/**
 * struct ila_place - where a mapping is
 * @array: in which array
 * @bucket: in which bucket
 * @slot: where in it
 * @seq: what the bucket's state was
 */
struct ila_place {
	const struct ila_maps_array *array;
	struct ila_map_bucket *bucket;
	unsigned int slot;
	u32 seq;
};

/**
 * struct ila_map - a copy of a mapping
 * @node: address and domain; of a local identifier, 0 and the identifier
 * @ref: target and flags
 * @used: when it was last used, about, or made
 * @detail: the rest
 */
struct ila_map {
	struct ila_node node;
	unsigned long ref;
	u32 used;
	struct ila_map_detail detail;
};

void *ila_target_alloc(size_t size);
int ila_maps_reserve(struct ila_maps *maps, unsigned int more);
void ila_maps_insert(struct ila_maps *maps, const struct ila_map *map);
void ila_maps_rewrite(struct ila_maps *maps, const struct ila_place *place,
		      const struct ila_map *map);
void ila_maps_remove(struct ila_maps *maps, const struct ila_place *place);
void ila_maps_shrink(struct ila_maps *maps);
bool ila_maps_next(const struct ila_maps *maps, struct ila_cursor *cursor,
		   struct ila_map *map);
unsigned long ila_maps_places(const struct ila_maps *maps);
u64 ila_maps_scan(struct ila_maps *maps, u64 from, unsigned int max,
		  void (*see)(const struct ila_place *place, void *data),
		  void *data);
bool ila_maps_get(const struct ila_maps *maps, const struct ila_addr *key,
		  u32 domain, struct ila_map *map);
void ila_place_get(const struct ila_place *place, struct ila_map *map);

static inline struct ila_target *ila_ref_target(unsigned long ref)
{
	return (struct ila_target *)(ref & -(unsigned long)ILA_TARGET_ALIGN);
}

static inline struct ila_map_detail *
ila_place_detail(const struct ila_place *place)
{
	unsigned long i = place->bucket - place->array->buckets;

	return &place->array->details[i * ILA_BUCKET_MAPS + place->slot];
}

/**
 * ila_place_change() - change a mapping
 * @place: where it is
 * @ref: its new reference
 *
 * The table's writer. Readers find the old reference or the new one; the old
 * target is read until an RCU grace period has passed.
 */
static inline void ila_place_change(const struct ila_place *place,
				    unsigned long ref)
{
	/* the target, and details that the flags speak of, are written */
	smp_store_release(&place->bucket->refs[place->slot], ref);
}

/* Is what was read of a place still that of one mapping? */
static inline bool ila_place_is_same(const struct ila_place *place)
{
	/* pairs with the barriers in ila_place_write() */
	smp_rmb();
	return likely(!((READ_ONCE(place->bucket->state) ^ place->seq) &
			-ILA_BUCKET_SEQ));
}

/* Search one bucket. Return: the reference, 0 if it is not there. */
static inline unsigned long
ila_bucket_find(struct ila_place *place, const struct ila_addr *key, u32 domain)
{
	struct ila_map_bucket *bucket = place->bucket;
	const struct ila_target *target;
	unsigned int i;
	unsigned long ref;

again:
	/* in this order: sequence number, reference, identifier; pairs with
	 * the barriers in ila_place_write()
	 */
	place->seq = smp_load_acquire(&bucket->state);
	for (i = 0; i < ILA_BUCKET_MAPS; i++) {
		/* pairs with the release in ila_place_write() */
		ref = smp_load_acquire(&bucket->refs[i]);
		if (READ_ONCE(bucket->idents[i]) != key->ident || !ref)
			continue;
		target = ila_ref_target(ref);
		if (unlikely(target->upper != key->upper ||
			     target->domain != domain))
			continue;
		if (!ila_place_is_same(place))
			goto again;
		place->slot = i;
		return ref;
	}
	return 0;
}

/**
 * ila_maps_find_hash() - look an address up whose hash is known
 * @maps: the table
 * @key: the address
 * @domain: its domain
 * @hash: ila_table_hash() of both
 * @place: where it is
 *
 * RCU read side, or the table's writer.
 *
 * Return: the reference, or 0 if there is no mapping.
 */
static inline unsigned long
ila_maps_find_hash(const struct ila_maps *maps, const struct ila_addr *key,
		   u32 domain, u64 hash, struct ila_place *place)
{
	const struct ila_maps_array *array = rcu_dereference_raw(maps->array);
	unsigned long i, home, ref;

	if (unlikely(!array))
		return 0;
	place->array = array;
	home = hash >> array->shift;
	i = home;
	do {
		place->bucket = &array->buckets[i];
		ref = ila_bucket_find(place, key, domain);
		if (likely(ref))
			return ref;
		if (likely(!(place->seq & ILA_BUCKET_PASSED)))
			return 0;
		i = (i + 1) & array->mask;
		/* each bucket may have been passed by somebody */
	} while (likely(i != home));
	return 0;
}

static inline unsigned long
ila_maps_find(const struct ila_maps *maps, const struct ila_addr *key,
	      u32 domain, struct ila_place *place)
{
	return ila_maps_find_hash(maps, key, domain,
				  ila_table_hash(key, domain), place);
}

/* Have the bucket near when it will be searched */
static inline void ila_maps_prefetch(const struct ila_maps *maps, u64 hash)
{
	const struct ila_maps_array *array = rcu_dereference_raw(maps->array);

	if (array)
		prefetch(&array->buckets[hash >> array->shift]);
}

/* The same for the writer, who needs the details, too */
static inline void ila_maps_prefetch_all(const struct ila_maps *maps, u64 hash)
{
	const struct ila_maps_array *array = rcu_dereference_raw(maps->array);
	unsigned long i;

	if (!array)
		return;
	i = hash >> array->shift;
	prefetchw(&array->buckets[i]);
	prefetchw(&array->details[i * ILA_BUCKET_MAPS]);
}

#endif /* _NET_ILA_MAPS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hash table of locators and other things that mappings refer to
 *
 * A bucket is a cache line: a byte of the hash for each entry in it, and the
 * entries' addresses. So a search costs one line here and one for the entry
 * itself. Entries that do not fit into their bucket go to the next one that has
 * room; each bucket on the way counts them.
 *
 * Readers need RCU and nothing else: an entry never changes its place within
 * one array of buckets, and a larger or smaller array is filled before it is
 * shown to anybody. There is one writer at a time.
 */
#ifndef _NET_ILA_TABLE_H
#define _NET_ILA_TABLE_H

#include <linux/bitops.h>
#include <linux/prefetch.h>
#include <linux/rcupdate.h>
#include <net/ila_addr.h>

/**
 * struct ila_node - what entries of a table begin with
 * @key: an address, or what stands in its place
 * @domain: its identifier namespace
 */
struct ila_node {
	struct ila_addr key;
	u32 domain;
};

#define ILA_BUCKET_NODES	7

/* Buckets to have near before they, or their nodes, are looked at */
#define ILA_TABLE_AHEAD		8

/**
 * struct ila_bucket - a cache line of a table
 * @tags: a byte of the hash of each node; and in the last one, how many nodes
 *	were to be here or before, and are behind (255: nobody knows)
 * @nodes: the nodes
 */
struct ila_bucket {
	u8 tags[ILA_BUCKET_NODES + 1];
	struct ila_node __rcu *nodes[ILA_BUCKET_NODES];
} __aligned(8);

/**
 * struct ila_buckets - an array of buckets
 * @shift: 64 less the number of bits of an index
 * @mask: the number of buckets less one
 * @buckets: the buckets
 * @rcu: frees it
 *
 * The index is the upper bits of the hash. So the order of hashes is that of
 * the buckets, whatever their number.
 */
struct ila_buckets {
	unsigned int shift;
	unsigned long mask;
	struct ila_bucket *buckets;
	struct rcu_head rcu;
};

/**
 * struct ila_table - a hash table
 * @array: its buckets, NULL if it is empty
 * @n: how many nodes there are
 * @seq: counts changes
 *
 * All zeros is an empty table.
 */
struct ila_table {
	struct ila_buckets __rcu *array;
	unsigned int n;
	unsigned int seq;
};

/**
 * struct ila_cursor - a place in the order of a table
 * @hash: of the node it is behind
 * @node: the key of that node; the node itself need not exist any more
 * @started: it is behind any node at all
 */
struct ila_cursor {
	u64 hash;
	struct ila_node node;
	bool started;
};

extern u64 ila_table_seed[4];

void ila_table_init(void);
int ila_table_reserve(struct ila_table *table, unsigned int more);
void ila_table_insert(struct ila_table *table, struct ila_node *node);
void ila_table_swap(struct ila_table *table, struct ila_node *old,
		    struct ila_node *new);
void ila_table_remove(struct ila_table *table, struct ila_node *node);
void ila_table_shrink(struct ila_table *table);
struct ila_node *ila_table_next(const struct ila_table *table,
				struct ila_cursor *cursor);
u64 ila_table_scan(const struct ila_table *table, u64 from, unsigned int max,
		   void (*see)(struct ila_node *node, void *data), void *data);

/* The seeds are secret and odd, so that addresses that fall together are not
 * easily chosen. Products are good in their upper bits; the buckets' tags are of
 * the lower.
 */
static inline u64 ila_table_hash(const struct ila_addr *key, u32 domain)
{
	u64 hash = (__force u64)key->upper;

	hash *= ila_table_seed[0];
	hash ^= hash >> 32;
	hash = (hash ^ (__force u64)key->ident) * ila_table_seed[1];
	hash ^= hash >> 32;
	hash = (hash + ila_table_seed[2] + domain) * ila_table_seed[3];
	return hash ^ hash >> 32;
}

static inline u64 ila_node_hash(const struct ila_node *node)
{
	return ila_table_hash(&node->key, node->domain);
}

/* All eight tags of a bucket, the first one in the lowest byte */
static inline u64 ila_bucket_tags(const struct ila_bucket *bucket)
{
	return le64_to_cpu((__force __le64)READ_ONCE(*(const u64 *)bucket->tags));
}

/* A bit in each byte of @tags that is @tag; perhaps in some above such a byte */
static inline u64 ila_tags_equal(u64 tags, u8 tag)
{
	const u64 ones = 0x0101010101010101ULL, nodes = ~0ULL >> 8;

	tags ^= tag * ones;
	return (tags - ones) & ~tags & (ones << 7) & nodes;
}

static inline bool ila_node_is(const struct ila_node *node,
			       const struct ila_addr *key, u32 domain)
{
	return node->key.ident == key->ident && node->key.upper == key->upper &&
	       node->domain == domain;
}

/* The order of nodes: by hash, and for the sake of completeness by key */
static inline int ila_node_order(u64 hash_a, const struct ila_node *a,
				 u64 hash_b, const struct ila_node *b)
{
	if (hash_a != hash_b)
		return hash_a < hash_b ? -1 : 1;
	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	return memcmp(&a->key, &b->key, sizeof(a->key));
}

static inline bool ila_cursor_before(const struct ila_cursor *cursor, u64 hash,
				     const struct ila_node *node)
{
	return !cursor->started ||
	       ila_node_order(cursor->hash, &cursor->node, hash, node) < 0;
}

/**
 * ila_table_find_hash() - look a key up whose hash is known
 * @table: the table
 * @key: the key
 * @domain: its domain
 * @hash: ila_table_hash() of both
 *
 * RCU read side, or the table's writer.
 *
 * Return: the node, or NULL.
 */
static inline struct ila_node *
ila_table_find_hash(const struct ila_table *table, const struct ila_addr *key,
		    u32 domain, u64 hash)
{
	const struct ila_buckets *array = rcu_dereference_raw(table->array);
	const struct ila_bucket *bucket;
	unsigned long i, home;
	struct ila_node *node;
	u64 tags, equal;

	if (unlikely(!array))
		return NULL;
	home = hash >> array->shift;
	i = home;
	do {
		bucket = &array->buckets[i];
		tags = ila_bucket_tags(bucket);
		for (equal = ila_tags_equal(tags, hash); equal;
		     equal &= equal - 1) {
			node = rcu_dereference_raw(bucket->nodes[__ffs64(equal) / 8]);
			if (node && likely(ila_node_is(node, key, domain)))
				return node;
		}
		if (likely(!(tags >> 56)))
			return NULL;
		i = (i + 1) & array->mask;
		/* each bucket may have been passed by somebody */
	} while (likely(i != home));
	return NULL;
}

static inline struct ila_node *ila_table_find(const struct ila_table *table,
					      const struct ila_addr *key,
					      u32 domain)
{
	return ila_table_find_hash(table, key, domain,
				   ila_table_hash(key, domain));
}

/* Have the bucket near when it will be searched */
static inline void ila_table_prefetch(const struct ila_table *table, u64 hash)
{
	const struct ila_buckets *array = rcu_dereference_raw(table->array);

	if (array)
		prefetch(&array->buckets[hash >> array->shift]);
}

#endif /* _NET_ILA_TABLE_H */

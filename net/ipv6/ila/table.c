// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: the hash table of locators and others, its
 * writer's side
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/prefetch.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <net/ila_table.h>

/* Nodes that a bucket has in the mean when the array is made anew */
#define ILA_BUCKET_FULL		5

#define ILA_TABLE_BITS_MIN	2
#define ILA_TABLE_BITS_MAX	25

u64 ila_table_seed[4] __read_mostly;

/**
 * ila_table_init() - choose the hash function
 *
 * Once, before the first table is used.
 */
void __init ila_table_init(void)
{
	int i;

	get_random_bytes(ila_table_seed, sizeof(ila_table_seed));
	for (i = 0; i < ARRAY_SIZE(ila_table_seed); i++)
		ila_table_seed[i] |= 1;
}

/* Only the writer asks */
static struct ila_buckets *ila_table_array(const struct ila_table *table)
{
	return rcu_dereference_protected(table->array, 1);
}

static struct ila_node *ila_bucket_node(const struct ila_bucket *bucket, int n)
{
	return rcu_dereference_protected(bucket->nodes[n], 1);
}

static void ila_bucket_pass(struct ila_bucket *bucket, int change)
{
	u8 passed = bucket->tags[ILA_BUCKET_NODES];

	/* a count that was once too high to tell stays so */
	if (passed != 255)
		WRITE_ONCE(bucket->tags[ILA_BUCKET_NODES], passed + change);
}

/* Put a node into the first free place on its way. There always is one. */
static void ila_array_insert(struct ila_buckets *array, struct ila_node *node,
			     u64 hash)
{
	struct ila_bucket *bucket;
	unsigned long i;
	int n;

	for (i = hash >> array->shift;; i = (i + 1) & array->mask) {
		bucket = &array->buckets[i];
		for (n = 0; n < ILA_BUCKET_NODES; n++) {
			if (ila_bucket_node(bucket, n))
				continue;
			WRITE_ONCE(bucket->tags[n], (u8)hash);
			rcu_assign_pointer(bucket->nodes[n], node);
			return;
		}
		/* readers go on from here before they could find it */
		ila_bucket_pass(bucket, 1);
	}
}

/* Find the place of a node. If it is to leave, the buckets on its way are told.
 */
static struct ila_node __rcu **ila_array_place(struct ila_buckets *array,
					       const struct ila_node *node,
					       bool leaves)
{
	u64 hash = ila_node_hash(node);
	struct ila_bucket *bucket;
	unsigned long i;
	int n;

	for (i = hash >> array->shift;; i = (i + 1) & array->mask) {
		bucket = &array->buckets[i];
		for (n = 0; n < ILA_BUCKET_NODES; n++)
			if (ila_bucket_node(bucket, n) == node)
				return &bucket->nodes[n];
		if (leaves)
			ila_bucket_pass(bucket, -1);
	}
}

static void ila_array_free(struct rcu_head *rcu)
{
	struct ila_buckets *array = container_of(rcu, struct ila_buckets, rcu);

	kvfree(array->buckets);
	kfree(array);
}

static struct ila_buckets *ila_array_alloc(unsigned int bits)
{
	struct ila_buckets *array;

	array = kzalloc(sizeof(*array), GFP_KERNEL_ACCOUNT);
	if (!array)
		return NULL;
	array->buckets = kvcalloc(1UL << bits, sizeof(*array->buckets),
				  GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!array->buckets) {
		kfree(array);
		return NULL;
	}
	array->shift = 64 - bits;
	array->mask = (1UL << bits) - 1;
	return array;
}

static void ila_bucket_copy(const struct ila_bucket *bucket,
			    struct ila_buckets *to)
{
	struct ila_node *node;
	int n;

	for (n = 0; n < ILA_BUCKET_NODES; n++) {
		node = ila_bucket_node(bucket, n);
		if (node)
			ila_array_insert(to, node, ila_node_hash(node));
	}
}

static void ila_bucket_prefetch(const struct ila_bucket *bucket)
{
	int n;

	for (n = 0; n < ILA_BUCKET_NODES; n++)
		prefetch(ila_bucket_node(bucket, n));
}

/* Nodes are all over the memory, and every one is needed for its hash */
static void ila_array_copy(const struct ila_buckets *from,
			   struct ila_buckets *to)
{
	unsigned long i;

	for (i = 0; i <= from->mask; i++) {
		if (i + ILA_TABLE_AHEAD <= from->mask)
			ila_bucket_prefetch(&from->buckets[i + ILA_TABLE_AHEAD]);
		ila_bucket_copy(&from->buckets[i], to);
		if (!(i % 64))
			cond_resched();
	}
}

/* Readers of the old array find in it what they would find in the new one: all
 * nodes are in both, and none leaves before the new one is shown.
 */
static int ila_table_resize(struct ila_table *table, unsigned int bits)
{
	struct ila_buckets *new, *old = ila_table_array(table);

	if (bits > ILA_TABLE_BITS_MAX)
		return -ENOMEM;
	new = ila_array_alloc(bits);
	if (!new)
		return -ENOMEM;
	if (old)
		ila_array_copy(old, new);
	rcu_assign_pointer(table->array, new);
	if (old)
		call_rcu(&old->rcu, ila_array_free);
	return 0;
}

static unsigned int ila_table_bits(unsigned long n)
{
	unsigned int bits = order_base_2(DIV_ROUND_UP(n, ILA_BUCKET_FULL));

	return max_t(unsigned int, bits, ILA_TABLE_BITS_MIN);
}

/**
 * ila_table_reserve() - make sure that nodes can be inserted
 * @table: the table
 * @more: how many nodes
 *
 * Process context; the table's writer.
 *
 * Return: 0, or -ENOMEM; then the table is as it was.
 */
int ila_table_reserve(struct ila_table *table, unsigned int more)
{
	const struct ila_buckets *array = ila_table_array(table);
	unsigned long n = (unsigned long)table->n + more;

	if (array && n <= (array->mask + 1) * ILA_BUCKET_FULL)
		return 0;
	return ila_table_resize(table, ila_table_bits(n));
}

/**
 * ila_table_insert() - insert a node
 * @table: the table, with room by ila_table_reserve()
 * @node: the node; there is none with its key
 *
 * The table's writer.
 */
void ila_table_insert(struct ila_table *table, struct ila_node *node)
{
	ila_array_insert(ila_table_array(table), node, ila_node_hash(node));
	WRITE_ONCE(table->n, table->n + 1);
	table->seq++;
}

/**
 * ila_table_swap() - replace a node
 * @table: the table
 * @old: a node in it; still read until an RCU grace period has passed
 * @new: a node of the same key
 *
 * The table's writer. Readers find either of them, and never none.
 */
void ila_table_swap(struct ila_table *table, struct ila_node *old,
		    struct ila_node *new)
{
	rcu_assign_pointer(*ila_array_place(ila_table_array(table), old, false),
			   new);
	table->seq++;
}

static void ila_table_empty(struct ila_table *table)
{
	struct ila_buckets *array = ila_table_array(table);

	RCU_INIT_POINTER(table->array, NULL);
	call_rcu(&array->rcu, ila_array_free);
}

/**
 * ila_table_remove() - remove a node
 * @table: the table
 * @node: a node in it; still read until an RCU grace period has passed
 *
 * The table's writer. With the last node the table gives up its memory.
 */
void ila_table_remove(struct ila_table *table, struct ila_node *node)
{
	struct ila_buckets *array = ila_table_array(table);

	RCU_INIT_POINTER(*ila_array_place(array, node, true), NULL);
	WRITE_ONCE(table->n, table->n - 1);
	table->seq++;
	if (!table->n)
		ila_table_empty(table);
}

/**
 * ila_table_shrink() - give memory back after nodes were removed
 * @table: the table
 *
 * Process context; the table's writer, not between ila_table_reserve() and what
 * that was for. Does nothing where it is not worth it, or without memory for the
 * smaller array.
 */
void ila_table_shrink(struct ila_table *table)
{
	const struct ila_buckets *array = ila_table_array(table);

	if (!array)
		return;
	if (!table->n)
		ila_table_empty(table);
	else if (array->shift < 64 - ILA_TABLE_BITS_MIN &&
		 table->n < (array->mask + 1) / 2)
		ila_table_resize(table, ila_table_bits(2UL * table->n));
}

/* Of the nodes that belong into one bucket, wherever they are: the first one
 * behind the cursor
 */
static struct ila_node *ila_array_next(const struct ila_buckets *array,
				       unsigned long home,
				       const struct ila_cursor *cursor)
{
	struct ila_node *node, *next = NULL;
	const struct ila_bucket *bucket;
	unsigned long i = home;
	u64 hash, next_hash = 0;
	int n;

	do {
		bucket = &array->buckets[i];
		for (n = 0; n < ILA_BUCKET_NODES; n++) {
			node = ila_bucket_node(bucket, n);
			if (!node)
				continue;
			hash = ila_node_hash(node);
			if (hash >> array->shift != home ||
			    !ila_cursor_before(cursor, hash, node))
				continue;
			if (next && ila_node_order(next_hash, next, hash, node) < 0)
				continue;
			next = node;
			next_hash = hash;
		}
		i = (i + 1) & array->mask;
	} while (bucket->tags[ILA_BUCKET_NODES] && i != home);
	return next;
}

/**
 * ila_table_next() - walk a table
 * @table: the table
 * @cursor: where to go on; zeros to begin with. Moves behind what is returned
 *
 * The table's writer. Between two calls nodes may come and go, and the array may
 * be made anew; every node that is there all the time is returned once.
 *
 * Return: the next node, or NULL behind the last one.
 */
struct ila_node *ila_table_next(const struct ila_table *table,
				struct ila_cursor *cursor)
{
	const struct ila_buckets *array = ila_table_array(table);
	struct ila_node *node;
	unsigned long i;

	if (!array)
		return NULL;
	for (i = cursor->hash >> array->shift; i <= array->mask; i++) {
		node = ila_array_next(array, i, cursor);
		if (node) {
			cursor->hash = ila_node_hash(node);
			cursor->node = *node;
			cursor->started = true;
			return node;
		}
		if (!(i % 64))
			cond_resched();
	}
	return NULL;
}

/**
 * ila_table_scan() - see a part of a table's nodes, in no order
 * @table: the table
 * @from: where to begin: 0, or where the last scan ended
 * @max: see no more than about so many nodes
 * @see: called for each; may remove this node, and no other
 * @data: for @see
 *
 * The table's writer. A node that moved, since the array was made anew between
 * two scans, may be missed until the next time.
 *
 * Return: where to go on, 0 if the end was reached.
 */
u64 ila_table_scan(const struct ila_table *table, u64 from, unsigned int max,
		   void (*see)(struct ila_node *node, void *data), void *data)
{
	struct ila_buckets *array = ila_table_array(table);
	unsigned long i, end;
	struct ila_node *node;
	int n;

	if (!array)
		return 0;
	i = from >> array->shift;
	end = min(array->mask, i + max / ILA_BUCKET_NODES);
	for (; i <= end; i++) {
		if (i + ILA_TABLE_AHEAD <= array->mask)
			ila_bucket_prefetch(&array->buckets[i + ILA_TABLE_AHEAD]);
		for (n = 0; n < ILA_BUCKET_NODES; n++) {
			node = ila_bucket_node(&array->buckets[i], n);
			if (!node)
				continue;
			see(node, data);
			/* with the last node, the array has gone too */
			if (!table->n)
				return 0;
		}
	}
	return i > array->mask ? 0 : (u64)i << array->shift;
}

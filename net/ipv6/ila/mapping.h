/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mappings: "this address is at that locator", and, for the other direction,
 * "this identifier is that address"
 */
#ifndef _ILA_MAPPING_H
#define _ILA_MAPPING_H

#include "locator.h"

/* A last use that is younger is not written again: seconds */
#define ILA_USED_STEP	4

/**
 * struct ila_map - a mapping, or a local identifier
 * @node: in the namespace's table. Of a mapping, the key is its address; of a local
 *	identifier, 0 and the identifier
 * @expires: when its life ends, 0: never
 * @locator: where it is; or the set of locators, see @flags; NULL: is local
 * @used: when it was last used, about, or made
 * @changed: when it was made, or got another locator
 * @generation: as user space says
 * @csum_mode: ILA_CSUM_, or ILA_CSUM_ROUTE
 * @ident_type: ILA_ATYPE_, or ILA_ATYPE_ROUTE
 * @origin: ILA_ORIGIN_
 * @flags: ILA_MAP_
 *
 * Packets read it without a lock. What is not @locator, @expires, @used,
 * @changed, @generation or @origin never changes.
 */
struct ila_map {
	struct ila_node node;
	u32 expires;
	union {
		struct ila_locator __rcu *locator;
		struct ila_set __rcu *set;
	};
	u32 used;
	u32 changed;
	u32 generation;
	u8 csum_mode;
	u8 ident_type;
	u8 origin;
	u8 flags;
};

#define ILA_MAP_SET	BIT(0)	/* several locators */
#define ILA_MAP_EXACT	BIT(1)	/* has another identifier; ila_map_exact */
#define ILA_MAP_WEIGHT	BIT(2)	/* one locator, without a set, of weight 1 */

/**
 * struct ila_map_exact - a mapping whose address is not in SIR form
 * @map: the mapping
 * @ident: what stands for the address on the wire
 * @address: of a local identifier, what it is restored to
 * @vnid: type 3: the virtual network it is in
 */
struct ila_map_exact {
	struct ila_map map;
	__be64 ident;
	struct ila_addr address;
	struct ila_vnid *vnid;
};

/**
 * struct ila_member - one of several locators
 * @locator: the locator
 * @priority: the highest ones are used
 * @weight: share among these
 */
struct ila_member {
	struct ila_locator *locator;
	u8 priority;
	u8 weight;
};

/**
 * struct ila_set - locators of a mapping
 * @node: in the namespace's table; the key is a hash of the rest
 * @n: number of locators
 * @users: mappings
 * @rcu: frees it
 * @members: the locators
 *
 * Mappings with the same locators share it. It never changes.
 */
struct ila_set {
	struct ila_node node;
	unsigned int n;
	unsigned int users;
	struct rcu_head rcu;
	struct ila_member members[];
};

static inline bool ila_map_is_local(const struct ila_map *map)
{
	return !rcu_access_pointer(map->locator);
}

static inline struct ila_map_exact *ila_map_exact(const struct ila_map *map)
{
	return container_of((struct ila_map *)map, struct ila_map_exact, map);
}

/* Has it died, even if it is still there? */
static inline bool ila_map_expired(const struct ila_map *map, u32 now)
{
	u32 expires = READ_ONCE(map->expires);

	return unlikely(expires) && ila_is_past(expires, now);
}

/* For how long it was not used; it may have been since @now */
static inline u32 ila_map_idle(const struct ila_map *map, u32 now)
{
	return max_t(s32, now - READ_ONCE(map->used), 0);
}

static inline void ila_map_use(struct ila_map *map, u32 now)
{
	if (unlikely(now - READ_ONCE(map->used) >= ILA_USED_STEP))
		WRITE_ONCE(map->used, now);
}

/**
 * ila_map_find() - the mapping of an address
 * @ilan: the namespace
 * @address: the address
 * @domain: its domain
 *
 * RCU read side, or the namespace's mutex held.
 *
 * Return: the mapping, which can have expired, or NULL.
 */
static inline struct ila_map *ila_map_find(const struct ila_net *ilan,
					   const struct ila_addr *address,
					   u32 domain)
{
	return (struct ila_map *)ila_table_find(&ilan->mappings, address, domain);
}

/* Prefetching
 *
 * With many mappings the bucket that a packet needs is in no cache. It is asked
 * for when the packet is received, and is there when its table route was found.
 */

/* The place of a prefix in @ahead of its namespace */
static inline unsigned int ila_ahead_place(__be64 upper)
{
	return hash_64((__force u64)upper, ILA_AHEAD_BITS);
}

/* Prefixes with the same place take it from each other once a second at most,
 * as all CPUs read it.
 */
static inline void ila_ahead_note(struct ila_net *ilan, __be64 upper,
				  u32 domain, u32 now)
{
	struct ila_ahead *ahead = &ilan->ahead[ila_ahead_place(upper)];

	if (likely(READ_ONCE(ahead->upper) == upper &&
		   READ_ONCE(ahead->domain) == domain) ||
	    READ_ONCE(ahead->since) == now)
		return;
	WRITE_ONCE(ahead->upper, upper);
	WRITE_ONCE(ahead->domain, domain);
	WRITE_ONCE(ahead->since, now);
}

/**
 * ila_map_prefetch() - ask for the bucket of an address, if it is likely to have
 *	a mapping
 * @ilan: the namespace
 * @address: the destination of a packet that was received
 *
 * RCU read side.
 */
static inline void ila_map_prefetch(const struct ila_net *ilan,
				    const struct ila_addr *address)
{
	const struct ila_ahead *ahead;

	ahead = &ilan->ahead[ila_ahead_place(address->upper)];
	if (READ_ONCE(ahead->upper) == address->upper)
		ila_table_prefetch(&ilan->mappings,
				   ila_table_hash(address,
						  READ_ONCE(ahead->domain)));
}

/**
 * struct ila_filter - which mappings are meant
 * @address: those whose address begins as this one ...
 * @prefix_len: ... in so many bits
 * @locator: those that have it
 * @domain: those in it
 * @idle: those that were not used for so many seconds
 * @sweep: those of any other generation
 * @origin: those of it
 * @has: which of the above there are, ILA_FILTER_
 */
struct ila_filter {
	struct ila_addr address;
	__be64 locator;
	u32 domain;
	u32 idle;
	u32 sweep;
	u8 prefix_len;
	u8 origin;
	u8 has;
};

#define ILA_FILTER_ADDRESS	BIT(0)
#define ILA_FILTER_LOCATOR	BIT(1)
#define ILA_FILTER_DOMAIN	BIT(2)
#define ILA_FILTER_IDLE		BIT(3)
#define ILA_FILTER_SWEEP	BIT(4)
#define ILA_FILTER_ORIGIN	BIT(5)

/**
 * struct ila_dead - mappings to be freed when nobody reads them any more
 * @rcu: for that
 * @n: how many
 * @max: room for so many
 * @maps: the mappings
 */
struct ila_dead {
	struct rcu_head rcu;
	unsigned int n;
	unsigned int max;
	struct ila_map *maps[];
};

/* mapping.c */
int ila_map_init(void);
void ila_map_exit(void);
struct ila_map *ila_map_alloc(bool exact);
void ila_map_free(struct ila_map *map);
void ila_map_set_expires(struct ila_net *ilan, struct ila_map *map,
			 u32 expires);
void ila_map_release(struct ila_net *ilan, struct ila_map *map);
void ila_map_remove(struct ila_net *ilan, struct ila_map *map,
		    struct ila_dead *dead);
unsigned int ila_map_records(const struct ila_map *map, u32 now,
			     struct ila_mapping *records);
bool ila_filter_matches(const struct ila_filter *filter,
			const struct ila_map *map, u32 now);
int ila_map_flush(struct ila_net *ilan, const struct ila_filter *filter,
		  unsigned int *flushed);
unsigned int ila_map_expire(struct ila_net *ilan, unsigned int max);
struct ila_dead *ila_dead_alloc(unsigned int max);
void ila_dead_free(struct ila_dead *dead);

/* set.c */
struct ila_set *ila_set_get(struct ila_net *ilan, struct ila_member *members,
			    unsigned int n);
void ila_set_put(struct ila_net *ilan, struct ila_set *set);

/* exact.c */
struct ila_vnid *ila_vnid_get(struct ila_net *ilan, __be64 ident,
			      const struct ila_addr *address, u32 domain,
			      struct netlink_ext_ack *extack);
void ila_vnid_put(struct ila_net *ilan, struct ila_vnid *vnid);
struct ila_map *ila_local_find(const struct ila_net *ilan,
			       const struct ila_addr *wire, u8 csum_mode,
			       u32 domain);
struct ila_map *ila_exact_restore(const struct ila_net *ilan,
				  const struct ila_addr *wire, u8 csum_mode,
				  u32 domain, struct ila_xlat *x);

/* change.c */
struct genl_info;
int ila_mapping_change(struct ila_net *ilan, struct genl_info *info);

#endif /* _ILA_MAPPING_H */

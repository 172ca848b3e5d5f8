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
 * struct ila_exact - what a mapping whose address is not in SIR form refers to, or
 *	a local identifier
 * @target: as such
 * @to: the locator, or the set of them; NULL: a local identifier
 * @ident: what stands for the address on the wire
 * @address: the address; of a local identifier, what it is restored to
 * @vnid: type 3: the virtual network it is in
 * @rcu: frees it
 *
 * Belongs to one mapping, and never changes, but for @to when locators move.
 */
struct ila_exact {
	struct ila_target target;
	struct ila_target __rcu *to;
	__be64 ident;
	struct ila_addr address;
	struct ila_vnid *vnid;
	struct rcu_head rcu;
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
 * @target: in the namespace's table; the key is a hash of the rest
 * @n: number of locators
 * @users: mappings
 * @rcu: frees it
 * @members: the locators
 *
 * Mappings with the same locators share it. It never changes.
 */
struct ila_set {
	struct ila_target target;
	unsigned int n;
	unsigned int users;
	struct rcu_head rcu;
	struct ila_member members[];
};

static inline struct ila_locator *ila_target_locator(struct ila_target *target)
{
	return container_of(target, struct ila_locator, target);
}

static inline struct ila_set *ila_target_set(struct ila_target *target)
{
	return container_of(target, struct ila_set, target);
}

static inline struct ila_exact *ila_target_exact(struct ila_target *target)
{
	return container_of(target, struct ila_exact, target);
}

/* Return: the identifier that stands for the whole address, and more; or NULL */
static inline struct ila_exact *ila_ref_exact(unsigned long ref)
{
	struct ila_target *target = ila_ref_target(ref);

	return target->kind == ILA_TARGET_EXACT ? ila_target_exact(target) :
						  NULL;
}

/* Where a mapping leads. Return: a locator or a set; or NULL, it is local. */
static inline struct ila_target *ila_ref_to(unsigned long ref)
{
	const struct ila_exact *exact = ila_ref_exact(ref);

	return exact ? rcu_dereference_raw(exact->to) : ila_ref_target(ref);
}

static inline bool ila_is_expired(unsigned long ref, u32 expires, u32 now)
{
	return ref & ILA_REF_EXPIRES && ila_is_past(expires, now);
}

/* Has a mapping died, even if it is still there? */
static inline bool ila_place_expired(const struct ila_place *place,
				     unsigned long ref, u32 now)
{
	if (likely(!(ref & ILA_REF_EXPIRES)))
		return false;
	return ila_is_expired(ref, READ_ONCE(ila_place_detail(place)->expires),
			      now);
}

/**
 * ila_maps_find_alive() - look an address up
 * @maps: the table
 * @key: the address
 * @domain: its domain
 * @now: the time
 * @place: where it is
 *
 * RCU read side.
 *
 * Return: the reference; 0 if there is no mapping, or its life has ended.
 */
static __always_inline unsigned long
ila_maps_find_alive(const struct ila_maps *maps, const struct ila_addr *key,
		    u32 domain, u32 now, struct ila_place *place)
{
	unsigned long ref;
	bool expired;

	do {
		ref = ila_maps_find(maps, key, domain, place);
		if (likely(!(ref & ILA_REF_EXPIRES)))
			return ref;
		expired = ila_place_expired(place, ref, now);
		/* or that was of another one, which took the place */
	} while (!ila_place_is_same(place));
	return expired ? 0 : ref;
}

static inline bool ila_map_expired(const struct ila_map *map, u32 now)
{
	return ila_is_expired(map->ref, map->detail.expires, now);
}

/* For how long it was not used; it may have been since @now */
static inline u32 ila_map_idle(const struct ila_map *map, u32 now)
{
	return max_t(s32, now - map->used, 0);
}

static inline void ila_place_use(const struct ila_place *place, u32 now)
{
	u32 *used = &place->bucket->used[place->slot];

	if (unlikely(now - READ_ONCE(*used) >= ILA_USED_STEP))
		WRITE_ONCE(*used, now);
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

/* mapping.c */
void ila_target_attach(struct ila_target *target);
void ila_target_detach(struct ila_target *target, bool left);
void ila_target_put(struct ila_net *ilan, struct ila_target *target);
bool ila_target_same(struct ila_target *old, struct ila_target *new);
void ila_map_remove(struct ila_net *ilan, struct ila_maps *maps,
		    const struct ila_place *place);
unsigned int ila_map_records(const struct ila_map *map, u32 now,
			     struct ila_mapping *records);
bool ila_filter_matches(const struct ila_filter *filter,
			const struct ila_map *map, u32 now);
unsigned int ila_map_flush(struct ila_net *ilan,
			   const struct ila_filter *filter);
unsigned int ila_map_expire(struct ila_net *ilan, unsigned int max);

/* set.c */
struct ila_set *ila_set_get(struct ila_net *ilan, struct ila_member *members,
			    unsigned int n);
void ila_set_put(struct ila_net *ilan, struct ila_set *set);

/* exact.c */
struct ila_vnid *ila_vnid_get(struct ila_net *ilan, __be64 ident,
			      const struct ila_addr *address, u32 domain,
			      struct netlink_ext_ack *extack);
void ila_vnid_put(struct ila_net *ilan, struct ila_vnid *vnid);
const struct ila_exact *ila_local_find(const struct ila_net *ilan,
				       const struct ila_addr *wire,
				       u8 csum_mode, u32 domain,
				       struct ila_place *place);
const struct ila_exact *ila_exact_restore(const struct ila_net *ilan,
					  const struct ila_addr *wire,
					  u8 csum_mode, u32 domain,
					  struct ila_xlat *x,
					  struct ila_place *place);

/* change.c */
struct genl_info;
int ila_mapping_change(struct ila_net *ilan, struct genl_info *info);

#endif /* _ILA_MAPPING_H */

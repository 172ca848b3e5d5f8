// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: mappings, their life and death
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "event.h"
#include "mapping.h"

/* Mappings that one step of a long work takes */
#define ILA_MAP_STEP	4096

/* What writers may follow of a mapping that is not in SIR form */
static struct ila_target *ila_exact_to(const struct ila_exact *exact)
{
	return rcu_dereference_protected(exact->to, 1);
}

static void ila_target_tally(struct ila_target *target, int change, bool left)
{
	struct ila_set *set = ila_target_set(target);
	unsigned int i;

	switch (target->kind) {
	case ILA_TARGET_LOCATOR:
		ila_locator_tally(ila_target_locator(target), change, left);
		break;
	case ILA_TARGET_SET:
		for (i = 0; i < set->n; i++)
			ila_locator_tally(set->members[i].locator, change,
					  left);
		break;
	case ILA_TARGET_EXACT:
		target = ila_exact_to(ila_target_exact(target));
		if (target)
			ila_target_tally(target, change, left);
		break;
	}
}

/**
 * ila_target_attach() - have a mapping refer to a target
 * @target: the target, a use of which is the mapping's now
 *
 * The namespace's mutex is held.
 */
void ila_target_attach(struct ila_target *target)
{
	ila_target_tally(target, 1, false);
}

/**
 * ila_target_detach() - a mapping refers to a target no longer
 * @target: the target, a use of which still is to be given up
 * @left: nobody finds it there any more; false if it is there by another reference
 *
 * The namespace's mutex is held.
 */
void ila_target_detach(struct ila_target *target, bool left)
{
	ila_target_tally(target, -1, left);
}

static void ila_exact_put(struct ila_net *ilan, struct ila_exact *exact)
{
	struct ila_target *to = ila_exact_to(exact);

	if (exact->vnid)
		ila_vnid_put(ilan, exact->vnid);
	if (to)
		ila_target_put(ilan, to);
	kfree_rcu(exact, rcu);
}

/**
 * ila_target_put() - give up a use of a target
 * @ilan: the namespace, its mutex held
 * @target: the target; it lasts until an RCU grace period has passed
 */
void ila_target_put(struct ila_net *ilan, struct ila_target *target)
{
	switch (target->kind) {
	case ILA_TARGET_LOCATOR:
		ila_locator_put(ilan, ila_target_locator(target));
		break;
	case ILA_TARGET_SET:
		ila_set_put(ilan, ila_target_set(target));
		break;
	case ILA_TARGET_EXACT:
		ila_exact_put(ilan, ila_target_exact(target));
		break;
	}
}

static bool ila_exact_same(const struct ila_exact *old,
			   const struct ila_exact *new)
{
	struct ila_target *old_to = ila_exact_to(old);
	struct ila_target *new_to = ila_exact_to(new);

	return old->ident == new->ident &&
	       !memcmp(&old->address, &new->address, sizeof(old->address)) &&
	       (old_to == new_to ||
		(old_to && new_to && ila_target_same(old_to, new_to)));
}

/**
 * ila_target_same() - does a target lead where another one does?
 * @old: what a mapping refers to; a locator that was moved stands for that one
 *	where it is
 * @new: what it shall refer to
 *
 * The namespace's mutex is held.
 *
 * Return: true if so.
 */
bool ila_target_same(struct ila_target *old, struct ila_target *new)
{
	if (old == new)
		return true;
	if (old->kind != new->kind)
		return false;
	if (old->kind == ILA_TARGET_LOCATOR)
		return ila_locator_current(ila_target_locator(old)) ==
		       ila_target_locator(new);
	return old->kind == ILA_TARGET_EXACT &&
	       ila_exact_same(ila_target_exact(old), ila_target_exact(new));
}

/**
 * ila_map_remove() - remove a mapping
 * @ilan: the namespace, its mutex held
 * @maps: the table
 * @place: where it is
 */
void ila_map_remove(struct ila_net *ilan, struct ila_maps *maps,
		    const struct ila_place *place)
{
	unsigned long ref = place->bucket->refs[place->slot];
	struct ila_target *target = ila_ref_target(ref);

	ilan->n_expiring -= !!(ref & ILA_REF_EXPIRES);
	ila_maps_remove(maps, place);
	ila_target_detach(target, true);
	ila_target_put(ilan, target);
}

/**
 * ila_map_records() - a mapping as user space sees it
 * @map: the mapping; the namespace's mutex is held, or RCU read side
 * @now: the time
 * @records: the answer, room for ILA_MAPPING_LOCATORS
 *
 * Return: how many records there are.
 */
unsigned int ila_map_records(const struct ila_map *map, u32 now,
			     struct ila_mapping *records)
{
	bool expires = map->ref & ILA_REF_EXPIRES && map->detail.expires;
	const struct ila_exact *exact = ila_ref_exact(map->ref);
	struct ila_target *to = ila_ref_to(map->ref);
	const struct ila_locator *loc;
	const struct ila_set *set;
	unsigned int i, n = 1;

	records[0] = (struct ila_mapping) {
		.timeout = expires ? max_t(s32, map->detail.expires - now, 1) : 0,
		.idle = ila_map_idle(map, now),
		.generation = map->detail.generation,
		.domain = map->node.domain,
		.csum_mode = ila_ref_csum_mode(map->ref),
		.ident_type = map->detail.ident_type,
		.origin = map->detail.origin,
	};
	memcpy(records[0].address, exact ? &exact->address : &map->node.key,
	       sizeof(map->node.key));
	if (exact)
		records[0].identifier = exact->ident;
	if (!to) {
		records[0].flags = ILA_MAPPING_LOCAL;
		return 1;
	}
	if (to->kind == ILA_TARGET_LOCATOR) {
		loc = ila_locator_current(ila_target_locator(to));
		records[0].locator = ila_locator_value(loc);
		records[0].weight = !!(map->ref & ILA_REF_WEIGHT);
		return 1;
	}
	set = ila_target_set(to);
	for (n = set->n, i = n; i-- > 0; ) {
		records[i] = records[0];
		loc = ila_locator_current(set->members[i].locator);
		records[i].locator = ila_locator_value(loc);
		records[i].priority = set->members[i].priority;
		records[i].weight = set->members[i].weight;
		records[i].flags = i < n - 1 ? ILA_MAPPING_MORE : 0;
	}
	return n;
}

/* Filters
 */

static bool ila_addr_in(const struct ila_addr *address,
			const struct ila_filter *filter)
{
	return ipv6_prefix_equal((const struct in6_addr *)address,
				 (const struct in6_addr *)&filter->address,
				 filter->prefix_len);
}

static bool ila_map_has_locator(const struct ila_map *map, __be64 locator)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	unsigned int n = ila_map_records(map, 0, records);

	while (n--)
		if (records[n].locator == locator)
			return true;
	return false;
}

static const struct ila_addr *ila_map_address(const struct ila_map *map)
{
	const struct ila_exact *exact = ila_ref_exact(map->ref);

	return exact ? &exact->address : &map->node.key;
}

/**
 * ila_filter_matches() - is a mapping meant?
 * @filter: the filter
 * @map: the mapping; the namespace's mutex is held
 * @now: the time
 *
 * Return: true if so. What has expired is never meant.
 */
bool ila_filter_matches(const struct ila_filter *filter,
			const struct ila_map *map, u32 now)
{
	u8 has = filter->has;

	if (ila_map_expired(map, now))
		return false;
	if (!has)
		return true;
	if (has & ILA_FILTER_DOMAIN && map->node.domain != filter->domain)
		return false;
	if (has & ILA_FILTER_ORIGIN && map->detail.origin != filter->origin)
		return false;
	if (has & ILA_FILTER_SWEEP && map->detail.generation == filter->sweep)
		return false;
	if (has & ILA_FILTER_IDLE && ila_map_idle(map, now) < filter->idle)
		return false;
	if (has & ILA_FILTER_ADDRESS &&
	    !ila_addr_in(ila_map_address(map), filter))
		return false;
	return !(has & ILA_FILTER_LOCATOR) ||
	       (ila_ref_to(map->ref) &&
		ila_map_has_locator(map, filter->locator));
}

/* Removing many
 */

/**
 * struct ila_sweep - what ila_maps_scan() is to remove
 * @ilan: the namespace
 * @maps: the table
 * @filter: what is meant; NULL: what has expired
 * @flushed: those that were meant, for those who listen
 * @ended: those whose time was over
 * @now: the time
 * @meant: how many were
 * @expired: how many others had
 */
struct ila_sweep {
	struct ila_net *ilan;
	struct ila_maps *maps;
	const struct ila_filter *filter;
	struct ila_event flushed;
	struct ila_event ended;
	u32 now;
	unsigned int meant;
	unsigned int expired;
};

/* Whoever refers to a locator that was moved is told of the new one, by and by.
 * Return: that, with a use of it; or NULL if there is nothing to do.
 */
static struct ila_locator *ila_target_moved(struct ila_target *target)
{
	struct ila_locator *loc = ila_target_locator(target), *current_loc;

	if (target->kind != ILA_TARGET_LOCATOR)
		return NULL;
	current_loc = ila_locator_current(loc);
	if (likely(current_loc == loc))
		return NULL;
	current_loc->users++;
	return current_loc;
}

static void ila_map_collapse(struct ila_net *ilan,
			     const struct ila_place *place, unsigned long ref)
{
	struct ila_exact *exact = ila_ref_exact(ref);
	struct ila_target *to = ila_ref_to(ref);
	struct ila_locator *loc = to ? ila_target_moved(to) : NULL;

	if (likely(!loc))
		return;
	if (exact)
		rcu_assign_pointer(exact->to, &loc->target);
	else
		ila_place_change(place, (unsigned long)&loc->target |
					(ref & (ILA_TARGET_ALIGN - 1)));
	ila_target_put(ilan, to);
}

static void ila_map_sweep(const struct ila_place *place, void *data)
{
	struct ila_sweep *sweep = data;
	struct ila_map map;
	bool meant;

	ila_place_get(place, &map);
	meant = sweep->filter &&
		ila_filter_matches(sweep->filter, &map, sweep->now);
	if (!meant && !ila_map_expired(&map, sweep->now)) {
		ila_map_collapse(sweep->ilan, place, map.ref);
		return;
	}
	sweep->meant += meant;
	sweep->expired += !meant;
	ila_event_map(meant ? &sweep->flushed : &sweep->ended, &map, sweep->now);
	ila_map_remove(sweep->ilan, sweep->maps, place);
}

static void ila_sweep_begin(struct ila_sweep *sweep)
{
	sweep->now = ila_now();
	ila_event_begin(&sweep->flushed, sweep->ilan, ILA_CMD_MAPPING_DEL);
	ila_event_begin(&sweep->ended, sweep->ilan, ILA_CMD_MAPPING_DEL);
	sweep->ended.reason = ILA_REASON_EXPIRED;
}

static void ila_sweep_end(struct ila_sweep *sweep)
{
	ila_event_end(&sweep->flushed);
	ila_event_end(&sweep->ended);
	this_cpu_add(sweep->ilan->stats->mibs[ILA_STAT_MAPPINGS_EXPIRED],
		     sweep->expired);
}

static void ila_map_flush_table(struct ila_sweep *sweep, struct ila_maps *maps)
{
	u64 at = 0;

	sweep->maps = maps;
	do {
		at = ila_maps_scan(maps, at, ILA_MAP_STEP, ila_map_sweep, sweep);
		cond_resched();
	} while (at);
	ila_maps_shrink(maps);
}

/**
 * ila_map_flush() - remove mappings and local identifiers
 * @ilan: the namespace, its mutex held
 * @filter: those that are meant; what has expired goes with them
 *
 * Process context. Takes as long as there are mappings, meant or not.
 *
 * Return: how many were meant.
 */
unsigned int ila_map_flush(struct ila_net *ilan,
			   const struct ila_filter *filter)
{
	struct ila_sweep sweep = { .ilan = ilan, .filter = filter };

	ila_sweep_begin(&sweep);
	ila_map_flush_table(&sweep, &ilan->mappings);
	ila_map_flush_table(&sweep, &ilan->locals);
	ila_sweep_end(&sweep);
	return sweep.meant;
}

/* A part of a table: as many places as are asked for, or what has all of a large
 * table seen in a thousand such steps
 */
static void ila_map_expire_table(struct ila_sweep *sweep, struct ila_maps *maps,
				 u64 *at, unsigned int max)
{
	unsigned long left = max_t(unsigned long, max, ila_maps_places(maps) >> 10);

	sweep->maps = maps;
	do {
		*at = ila_maps_scan(maps, *at, ILA_MAP_STEP, ila_map_sweep, sweep);
		left -= min_t(unsigned long, left, ILA_MAP_STEP);
		cond_resched();
	} while (*at && left);
	ila_maps_shrink(maps);
}

/**
 * ila_map_expire() - remove what has expired, in a part of the tables
 * @ilan: the namespace, its mutex held
 * @max: look at about so many, or a thousandth
 *
 * Process context. Also has mappings of locators that have moved point at where
 * these are now.
 *
 * Return: how many there were.
 */
unsigned int ila_map_expire(struct ila_net *ilan, unsigned int max)
{
	struct ila_sweep sweep = { .ilan = ilan };

	ila_sweep_begin(&sweep);
	ila_map_expire_table(&sweep, &ilan->mappings,
			     &ilan->gc_at[ILA_GC_MAPPINGS], max);
	ila_map_expire_table(&sweep, &ilan->locals,
			     &ilan->gc_at[ILA_GC_LOCALS], max);
	ila_sweep_end(&sweep);
	return sweep.expired;
}

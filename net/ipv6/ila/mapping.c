// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: mappings, their life and death
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "event.h"
#include "mapping.h"

/* Mappings that one step of a long work takes: their memory is freed together */
#define ILA_MAP_STEP	4096

static struct kmem_cache *ila_map_cache;

/**
 * ila_map_init() - before the first mapping
 *
 * Return: 0 or -ENOMEM.
 */
int __init ila_map_init(void)
{
	BUILD_BUG_ON(offsetof(struct ila_map_exact, map));
	ila_map_cache = KMEM_CACHE(ila_map, SLAB_ACCOUNT);
	return ila_map_cache ? 0 : -ENOMEM;
}

/**
 * ila_map_exit() - after the last one was freed
 */
void ila_map_exit(void)
{
	kmem_cache_destroy(ila_map_cache);
}

/**
 * ila_map_alloc() - memory for a mapping
 * @exact: it is to be an ila_map_exact
 *
 * Process context.
 *
 * Return: the mapping, of which nothing is set but ILA_MAP_EXACT; or NULL.
 */
struct ila_map *ila_map_alloc(bool exact)
{
	struct ila_map_exact *new;
	struct ila_map *map;

	if (likely(!exact)) {
		map = kmem_cache_alloc(ila_map_cache, GFP_KERNEL);
		if (map)
			map->flags = 0;
		return map;
	}
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->map.flags = ILA_MAP_EXACT;
	return &new->map;
}

/**
 * ila_map_free() - free a mapping that no packet can find
 * @map: the mapping
 */
void ila_map_free(struct ila_map *map)
{
	if (map->flags & ILA_MAP_EXACT)
		kfree(ila_map_exact(map));
	else
		kmem_cache_free(ila_map_cache, map);
}

/**
 * ila_dead_alloc() - get ready to free mappings
 * @max: how many
 *
 * Process context.
 *
 * Return: for ila_map_remove() and then ila_dead_free(), or NULL.
 */
struct ila_dead *ila_dead_alloc(unsigned int max)
{
	struct ila_dead *dead;

	dead = kvmalloc(struct_size(dead, maps, max), GFP_KERNEL_ACCOUNT);
	if (dead) {
		dead->n = 0;
		dead->max = max;
	}
	return dead;
}

static void ila_dead_free_rcu(struct rcu_head *rcu)
{
	struct ila_dead *dead = container_of(rcu, struct ila_dead, rcu);
	unsigned int i;

	for (i = 0; i < dead->n; i++)
		ila_map_free(dead->maps[i]);
	kvfree(dead);
}

/**
 * ila_dead_free() - free mappings when no packet has them any more
 * @dead: the mappings, or NULL
 */
void ila_dead_free(struct ila_dead *dead)
{
	if (!dead)
		return;
	if (dead->n)
		call_rcu(&dead->rcu, ila_dead_free_rcu);
	else
		kvfree(dead);
}

/**
 * ila_map_set_expires() - set the end of a life
 * @ilan: the namespace, its mutex held
 * @map: the mapping
 * @expires: by ila_now(), 0: never
 */
void ila_map_set_expires(struct ila_net *ilan, struct ila_map *map, u32 expires)
{
	ilan->n_expiring += !!expires - !!map->expires;
	WRITE_ONCE(map->expires, expires);
}

/* What writers may follow of a mapping */
static struct ila_locator *ila_map_locator(const struct ila_map *map)
{
	return rcu_dereference_protected(map->locator, 1);
}

static struct ila_set *ila_map_set(const struct ila_map *map)
{
	return rcu_dereference_protected(map->set, 1);
}

/**
 * ila_map_release() - give up what a mapping refers to
 * @ilan: the namespace, its mutex held
 * @map: a mapping that is not in a table
 */
void ila_map_release(struct ila_net *ilan, struct ila_map *map)
{
	struct ila_set *set = ila_map_set(map);
	unsigned int i;

	if (map->flags & ILA_MAP_EXACT && ila_map_exact(map)->vnid)
		ila_vnid_put(ilan, ila_map_exact(map)->vnid);
	if (map->flags & ILA_MAP_SET) {
		for (i = 0; i < set->n; i++)
			ila_locator_current(set->members[i].locator)->mappings--;
		ila_set_put(ilan, set);
	} else if (ila_map_locator(map)) {
		ila_locator_detach(ilan, ila_map_locator(map));
	}
	ilan->n_expiring -= !!map->expires;
}

static struct ila_table *ila_map_table(struct ila_net *ilan,
				       const struct ila_map *map)
{
	return ila_map_is_local(map) ? &ilan->locals : &ilan->mappings;
}

/**
 * ila_map_remove() - remove a mapping
 * @ilan: the namespace, its mutex held
 * @map: the mapping
 * @dead: where it goes, with room for it
 */
void ila_map_remove(struct ila_net *ilan, struct ila_map *map,
		    struct ila_dead *dead)
{
	ila_table_remove(ila_map_table(ilan, map), &map->node);
	ila_map_release(ilan, map);
	dead->maps[dead->n++] = map;
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
	const struct ila_locator *loc = rcu_dereference_raw(map->locator);
	const struct ila_set *set = rcu_dereference_raw(map->set);
	u32 expires = READ_ONCE(map->expires);
	unsigned int i, n = 1;

	records[0] = (struct ila_mapping) {
		.timeout = expires ? max_t(s32, expires - now, 1) : 0,
		.idle = ila_map_idle(map, now),
		.generation = READ_ONCE(map->generation),
		.domain = map->node.domain,
		.csum_mode = map->csum_mode,
		.ident_type = map->ident_type,
		.origin = READ_ONCE(map->origin),
	};
	memcpy(records[0].address, &map->node.key, sizeof(map->node.key));
	if (map->flags & ILA_MAP_EXACT)
		records[0].identifier = ila_map_exact(map)->ident;
	if (!loc) {
		memcpy(records[0].address, &ila_map_exact(map)->address,
		       sizeof(records[0].address));
		records[0].flags = ILA_MAPPING_LOCAL;
		return 1;
	}
	if (!(map->flags & ILA_MAP_SET)) {
		loc = ila_locator_current((struct ila_locator *)loc);
		records[0].locator = ila_locator_value(loc);
		records[0].weight = !!(map->flags & ILA_MAP_WEIGHT);
		return 1;
	}
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
	return ila_map_is_local(map) ? &ila_map_exact(map)->address :
				       &map->node.key;
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
	if (has & ILA_FILTER_ORIGIN && map->origin != filter->origin)
		return false;
	if (has & ILA_FILTER_SWEEP && map->generation == filter->sweep)
		return false;
	if (has & ILA_FILTER_IDLE && ila_map_idle(map, now) < filter->idle)
		return false;
	if (has & ILA_FILTER_ADDRESS &&
	    !ila_addr_in(ila_map_address(map), filter))
		return false;
	return !(has & ILA_FILTER_LOCATOR) ||
	       (!ila_map_is_local(map) &&
		ila_map_has_locator(map, filter->locator));
}

/* Removing many
 */

/**
 * struct ila_sweep - what ila_table_scan() is to remove
 * @ilan: the namespace
 * @filter: what is meant; NULL: what has expired
 * @dead: where it goes
 * @event: for those who listen
 * @now: the time
 * @n: how many were meant
 */
struct ila_sweep {
	struct ila_net *ilan;
	const struct ila_filter *filter;
	struct ila_dead *dead;
	struct ila_event event;
	u32 now;
	unsigned int n;
};

/* Mappings of a locator that was moved are told of the new one, by and by */
static void ila_map_collapse(struct ila_net *ilan, struct ila_map *map)
{
	struct ila_locator *loc = ila_map_locator(map), *current_loc;

	if (!loc || map->flags & ILA_MAP_SET)
		return;
	current_loc = ila_locator_current(loc);
	if (likely(current_loc == loc))
		return;
	current_loc->users++;
	rcu_assign_pointer(map->locator, current_loc);
	ila_locator_put(ilan, loc);
}

static void ila_map_sweep(struct ila_node *node, void *data)
{
	struct ila_map *map = (struct ila_map *)node;
	struct ila_sweep *sweep = data;
	bool meant;

	meant = sweep->filter &&
		ila_filter_matches(sweep->filter, map, sweep->now);
	if (!meant && !ila_map_expired(map, sweep->now)) {
		ila_map_collapse(sweep->ilan, map);
		return;
	}
	sweep->n += meant;
	ila_event_map(&sweep->event, map, sweep->now);
	ila_map_remove(sweep->ilan, map, sweep->dead);
}

/* Room for the next step: new, or what is there, when it is empty */
static struct ila_dead *ila_dead_next(struct ila_dead *dead)
{
	struct ila_dead *next = ila_dead_alloc(dead->max);

	if (next) {
		ila_dead_free(dead);
		return next;
	}
	synchronize_rcu();
	while (dead->n)
		ila_map_free(dead->maps[--dead->n]);
	return dead;
}

static void ila_map_flush_table(struct ila_sweep *sweep,
				struct ila_table *table)
{
	u64 at = 0;

	do {
		at = ila_table_scan(table, at, ILA_MAP_STEP, ila_map_sweep,
				    sweep);
		if (sweep->dead->n)
			sweep->dead = ila_dead_next(sweep->dead);
		cond_resched();
	} while (at);
	ila_table_shrink(table);
}

/**
 * ila_map_flush() - remove mappings and local identifiers
 * @ilan: the namespace, its mutex held
 * @filter: those that are meant; what has expired goes with them
 * @flushed: how many were meant
 *
 * Process context. Takes as long as there are mappings, meant or not.
 *
 * Return: 0, or -ENOMEM, then nothing is removed.
 */
int ila_map_flush(struct ila_net *ilan, const struct ila_filter *filter,
		  unsigned int *flushed)
{
	struct ila_sweep sweep = {
		.ilan = ilan,
		.filter = filter,
		.now = ila_now(),
		.dead = ila_dead_alloc(ILA_MAP_STEP + ILA_BUCKET_NODES),
	};

	if (!sweep.dead)
		return -ENOMEM;
	ila_event_begin(&sweep.event, ilan, ILA_CMD_MAPPING_DEL);
	sweep.event.reason = ILA_REASON_REQUEST;
	ila_map_flush_table(&sweep, &ilan->mappings);
	ila_map_flush_table(&sweep, &ilan->locals);
	*flushed = sweep.n;
	ila_event_end(&sweep.event);
	ila_dead_free(sweep.dead);
	return 0;
}

static unsigned int ila_map_expire_table(struct ila_sweep *sweep,
					 struct ila_table *table, u64 *at,
					 unsigned int max)
{
	unsigned int before = table->n;

	*at = ila_table_scan(table, *at, max, ila_map_sweep, sweep);
	before -= table->n;
	this_cpu_add(sweep->ilan->stats->mibs[ILA_STAT_MAPPINGS_EXPIRED],
		     before);
	ila_table_shrink(table);
	return before;
}

/**
 * ila_map_expire() - remove what has expired, in a part of the tables
 * @ilan: the namespace, its mutex held
 * @max: look at no more than about so many
 *
 * Process context. Also has mappings of locators that have moved point at where
 * these are now.
 *
 * Return: how many there were.
 */
unsigned int ila_map_expire(struct ila_net *ilan, unsigned int max)
{
	struct ila_sweep sweep = {
		.ilan = ilan,
		.now = ila_now(),
		.dead = ila_dead_alloc(2 * (max + ILA_BUCKET_NODES)),
	};
	unsigned int expired;

	if (!sweep.dead)
		return 0;
	ila_event_begin(&sweep.event, ilan, ILA_CMD_MAPPING_DEL);
	sweep.event.reason = ILA_REASON_EXPIRED;
	expired = ila_map_expire_table(&sweep, &ilan->mappings,
				       &ilan->gc_at[ILA_GC_MAPPINGS], max);
	expired += ila_map_expire_table(&sweep, &ilan->locals,
					&ilan->gc_at[ILA_GC_LOCALS], max);
	ila_event_end(&sweep.event);
	ila_dead_free(sweep.dead);
	return expired;
}

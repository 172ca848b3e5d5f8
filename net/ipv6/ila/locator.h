/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locators: where the identifiers of mappings are
 *
 * All mappings to a locator share one object, so that it can be moved, taken
 * down and counted as one, and its route is looked up once for all.
 */
#ifndef _ILA_LOCATOR_H
#define _ILA_LOCATOR_H

#include <linux/u64_stats_sync.h>
#include <net/ila.h>

#include "route.h"

/* Seconds for which an error may still quote where a mapping was before */
#define ILA_GRACE	60

/* Checksum modes that a mapping may have */
#define ILA_CSUM_MODES	5

/* Checksum modes, as references have them */
static const u8 ila_csum_modes[ILA_CSUM_MODES + 1] = {
	ILA_CSUM_ROUTE,
	ILA_CSUM_ADJUST_TRANSPORT,
	ILA_CSUM_NEUTRAL_MAP,
	ILA_CSUM_NO_ACTION,
	ILA_CSUM_NEUTRAL_MAP_AUTO,
	ILA_CSUM_ADJUST_TRANSPORT_COMPAT,
};

static inline u8 ila_ref_csum_mode(unsigned long ref)
{
	return ila_csum_modes[ref & ILA_REF_CSUM];
}

/* Of a valid mode, or ILA_CSUM_ROUTE. Return: how references have it */
static inline u8 ila_csum_flag(u8 csum_mode)
{
	u8 flag = 0;

	while (ila_csum_modes[flag] != csum_mode)
		flag++;
	return flag;
}

/**
 * struct ila_locator_cpu - what one CPU has of a locator
 * @kept: the route to it
 * @packets: sent there
 * @bytes: sent there
 * @syncp: for the two
 */
struct ila_locator_cpu {
	struct ila_kept kept;
	u64_stats_t packets;
	u64_stats_t bytes;
	struct u64_stats_sync syncp;
};

/**
 * struct ila_locator - a locator that mappings use
 * @target: in the namespace's table; the key is the locator and 0. Its upper half
 *	is the SIR prefix of its mappings
 * @state: ILA_LOCATOR_; its mappings miss unless 0
 * @xlat: what becomes of its mappings' addresses, by checksum mode
 * @has_sir: SIR prefix and @xlat are valid
 * @listed: it is in a table
 * @pinned: being down counts as a use
 * @moved: the one that its mappings are at now, or NULL; never changes back
 * @cpu: route and counters
 * @users: mappings and sets that point here; locators that moved here; its
 *	being down
 * @mappings: how many there are, those that moved here included
 * @left: when a mapping last ceased to refer to it, for cond_synchronize_rcu()
 * @since: when it was moved, or had no user any more
 * @aliases: locators that moved here
 * @fresh: in the list of those whose SIR prefix a message gave that is not applied
 *	yet
 * @alias: in the list of the one it moved to, or of those to be freed
 * @rcu: frees it
 *
 * Without a user it stays for ILA_GRACE, for errors that quote it.
 */
struct ila_locator {
	struct ila_target target;
	u32 state;
	struct ila_locator __rcu *moved;
	struct ila_locator_cpu __percpu *cpu;
	struct ila_xlat xlat[ILA_CSUM_MODES];
	bool has_sir;
	bool listed;
	bool pinned;
	unsigned int users;
	unsigned int mappings;
	unsigned long left;
	u32 since;
	struct list_head aliases;
	struct list_head fresh;
	union {
		struct list_head alias;
		struct rcu_head rcu;
	};
};

static inline __be64 ila_locator_value(const struct ila_locator *loc)
{
	return loc->target.node.key.upper;
}

/* Others are only kept for a while */
static inline bool ila_locator_in_use(const struct ila_locator *loc)
{
	return loc->mappings || loc->pinned;
}

/**
 * ila_locator_current() - where the mappings of a locator are now
 * @loc: the locator
 *
 * RCU read side. However many locators move, one follows one pointer; or two,
 * in the moment of a move.
 *
 * Return: the locator, or the one it was moved to.
 */
static inline struct ila_locator *
ila_locator_current(struct ila_locator *loc)
{
	struct ila_locator *next;

	while (unlikely(next = rcu_dereference_raw(loc->moved)))
		loc = next;
	return loc;
}

/**
 * ila_locator_find() - look a locator up that mappings use
 * @ilan: the namespace
 * @locator: its 64 bits
 *
 * RCU read side, or the namespace's mutex held.
 *
 * Return: the locator, or NULL.
 */
static inline struct ila_locator *
ila_locator_find(const struct ila_net *ilan, __be64 locator)
{
	const struct ila_addr key = { .upper = locator };

	return (struct ila_locator *)ila_table_find(&ilan->locators, &key, 0);
}

/* The same among those that were moved away and are not forgotten yet */
static inline struct ila_locator *
ila_locator_find_moved(const struct ila_net *ilan, __be64 locator)
{
	const struct ila_addr key = { .upper = locator };

	return (struct ila_locator *)ila_table_find(&ilan->moved, &key, 0);
}

/* The same among both */
static inline struct ila_locator *
ila_locator_find_any(const struct ila_net *ilan, __be64 locator)
{
	struct ila_locator *loc = ila_locator_find(ilan, locator);

	if (loc)
		return loc;
	/* pairs with the barrier in ila_locator_relist() */
	smp_rmb();
	return ila_locator_find_moved(ilan, locator);
}

/**
 * struct ila_traffic - what was sent to a locator
 * @packets: packets
 * @bytes: their bytes
 */
struct ila_traffic {
	u64 packets;
	u64 bytes;
};

struct ila_locator *ila_locator_get(struct ila_net *ilan, __be64 locator,
				    u32 domain, const __be64 *sir,
				    struct netlink_ext_ack *extack);
void ila_locator_settle(struct ila_net *ilan, bool applied);
void ila_locator_put(struct ila_net *ilan, struct ila_locator *loc);
void ila_locator_tally(struct ila_locator *loc, int change, bool left);
int ila_locator_move(struct ila_net *ilan, __be64 locator, __be64 to_locator,
		     u32 domain, struct netlink_ext_ack *extack);
int ila_locator_set_down(struct ila_net *ilan, __be64 locator, u32 domain,
			 bool down, struct netlink_ext_ack *extack);
void ila_locator_rules_changed(struct ila_net *ilan, __be64 locator);
void ila_locator_traffic(const struct ila_locator *loc,
			 struct ila_traffic *traffic);
void ila_locator_reap(struct ila_net *ilan, unsigned int max);
void ila_locator_bury(struct list_head *retired);
void ila_locator_retire_all(struct ila_net *ilan);
void ila_locator_forget_all(struct list_head *retired);

/* Account for a packet. BH is off. */
static inline void ila_locator_count(const struct ila_locator *loc,
				     unsigned int packets, unsigned int bytes)
{
	struct ila_locator_cpu *cpu = this_cpu_ptr(loc->cpu);

	u64_stats_update_begin(&cpu->syncp);
	u64_stats_add(&cpu->packets, packets);
	u64_stats_add(&cpu->bytes, bytes);
	u64_stats_update_end(&cpu->syncp);
}

#endif /* _ILA_LOCATOR_H */

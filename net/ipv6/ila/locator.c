// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: locators that mappings use
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "locator.h"
#include "rule.h"

static void ila_locator_forget(struct ila_locator *loc)
{
	int cpu;

	for_each_possible_cpu(cpu)
		ila_kept_forget(&per_cpu_ptr(loc->cpu, cpu)->kept);
}

static struct ila_locator *ila_locator_moved(const struct ila_locator *loc)
{
	return rcu_dereference_protected(loc->moved, 1);
}

/* After an RCU grace period in which nobody could find it */
static void ila_locator_free(struct ila_locator *loc)
{
	ila_locator_forget(loc);
	free_percpu(loc->cpu);
	kfree(loc);
}

static struct ila_locator *ila_locator_alloc(__be64 locator, u32 domain)
{
	struct ila_locator *loc;
	int cpu;

	loc = ila_target_alloc(sizeof(*loc));
	if (!loc)
		return NULL;
	loc->cpu = alloc_percpu_gfp(struct ila_locator_cpu, GFP_KERNEL_ACCOUNT);
	if (!loc->cpu) {
		kfree(loc);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(loc->cpu, cpu)->syncp);
	loc->target.node.key.upper = locator;
	loc->target.domain = domain;
	loc->target.kind = ILA_TARGET_LOCATOR;
	loc->since = ila_now();
	loc->left = get_completed_synchronize_rcu();
	INIT_LIST_HEAD(&loc->aliases);
	INIT_LIST_HEAD(&loc->alias);
	INIT_LIST_HEAD(&loc->fresh);
	return loc;
}

static void ila_locator_set_sir(struct ila_locator *loc, __be64 sir)
{
	int i;

	WRITE_ONCE(loc->target.upper, sir);
	for (i = 0; i < ILA_CSUM_MODES; i++) {
		loc->xlat[i] = (struct ila_xlat) {
			.to = ila_locator_value(loc),
			.csum_mode = ila_csum_modes[i + 1],
		};
		ila_xlat_fix(&loc->xlat[i], sir);
	}
	WRITE_ONCE(loc->has_sir, true);
}

static bool ila_rule_names(const struct ila_net *ilan, __be64 locator)
{
	const struct ila_rule_key first = { .match = locator, .ifindex = 1 };
	const struct ila_rule *next;

	if (ila_rule_find(ilan, &first))
		return true;
	next = ila_rule_next(ilan, &first);
	return next && next->key.match == locator;
}

static struct ila_locator *ila_locator_new(struct ila_net *ilan, __be64 locator,
					   u32 domain,
					   struct netlink_ext_ack *extack)
{
	struct ila_locator *loc;

	if (!ila_claim_agrees(ilan, locator, domain)) {
		NL_SET_ERR_MSG(extack,
			       "LOCATOR is in another DOMAIN by a rule or a route");
		return ERR_PTR(-EEXIST);
	}
	if (ila_table_reserve(&ilan->locators, 1))
		return ERR_PTR(-ENOMEM);
	loc = ila_locator_alloc(locator, domain);
	if (!loc)
		return ERR_PTR(-ENOMEM);
	if (ila_rule_names(ilan, locator))
		loc->state = ILA_LOCATOR_OWN;
	loc->listed = true;
	ilan->n_unused++;
	ila_table_insert(&ilan->locators, &loc->target.node);
	return loc;
}

/* Nobody can find it any more, or will when this RCU grace period is over */
static void ila_locator_retire(struct ila_net *ilan, struct ila_locator *loc)
{
	struct ila_locator *to = ila_locator_moved(loc);

	if (to) {
		list_del(&loc->alias);
		ila_locator_put(ilan, to);
	}
	list_add(&loc->alias, &ilan->retired);
	ila_gc_kick(ilan);
}

/* Do only locators use it that moved here, and who took it down? No mapping is in
 * preparation then; one may have been given up in the same message.
 */
static bool ila_locator_is_unreferred(const struct ila_locator *loc)
{
	unsigned int n = loc->users - loc->pinned;
	const struct ila_locator *alias;

	list_for_each_entry(alias, &loc->aliases, alias)
		n--;
	return !n;
}

/* And have these no mappings either? */
static bool ila_locator_is_idle(const struct ila_locator *loc)
{
	return !ila_locator_in_use(loc) && ila_locator_is_unreferred(loc);
}

static int ila_locator_check(struct ila_net *ilan, struct ila_locator *loc,
			     u32 domain, const __be64 *sir,
			     struct netlink_ext_ack *extack)
{
	if (loc->target.domain != domain) {
		NL_SET_ERR_MSG(extack, "LOCATOR is in another DOMAIN already");
		return -EEXIST;
	}
	if (!sir)
		return 0;
	if (loc->has_sir && loc->target.upper != *sir && !loc->mappings &&
	    ila_locator_is_unreferred(loc)) {
		/* it is kept since it is down; of those packets that found its
		 * last mapping some may be on their way
		 */
		cond_synchronize_rcu(loc->left);
		WRITE_ONCE(loc->has_sir, false);
	}
	if (!loc->has_sir) {
		ila_locator_set_sir(loc, *sir);
		if (list_empty(&loc->fresh))
			list_add(&loc->fresh, &ilan->fresh);
	}
	if (loc->target.upper == *sir)
		return 0;
	NL_SET_ERR_MSG(extack,
		       "LOCATOR goes with another SIR prefix already; it takes a locator for each");
	return -EINVAL;
}

/**
 * ila_locator_settle() - end what began with ila_locator_get()
 * @ilan: the namespace, its mutex held
 * @applied: mappings use these locators now; else everything was given up, and
 *	so are the SIR prefixes that were noted
 */
void ila_locator_settle(struct ila_net *ilan, bool applied)
{
	struct ila_locator *loc, *next;

	list_for_each_entry_safe(loc, next, &ilan->fresh, fresh) {
		if (!applied)
			WRITE_ONCE(loc->has_sir, false);
		list_del_init(&loc->fresh);
	}
}

/* Is it of no use to what is asked, and to nobody else either? */
static bool ila_locator_is_left(const struct ila_locator *loc, u32 domain,
				const __be64 *sir)
{
	if (loc->target.domain == domain &&
	    (!loc->has_sir || (sir && loc->target.upper == *sir)))
		return false;
	return ila_locator_is_idle(loc);
}

/* Make way for another one of the same name. With the last of those that moved
 * here, the locator itself retires.
 */
static void ila_locator_leave(struct ila_net *ilan, struct ila_locator *loc)
{
	struct ila_locator *alias, *next;

	ila_table_remove(&ilan->locators, &loc->target.node);
	loc->listed = false;
	if (!loc->users) {
		ilan->n_unused--;
		ila_locator_retire(ilan, loc);
		return;
	}
	list_for_each_entry_safe(alias, next, &loc->aliases, alias) {
		ila_table_remove(&ilan->moved, &alias->target.node);
		alias->listed = false;
		ilan->n_unused--;
		ila_locator_retire(ilan, alias);
	}
}

/* While nothing used it, its name may have got into another domain */
static bool ila_locator_agrees(const struct ila_net *ilan,
			       const struct ila_locator *loc)
{
	return !ila_locator_is_idle(loc) ||
	       ila_claim_agrees(ilan, ila_locator_value(loc), loc->target.domain);
}

/**
 * ila_locator_get() - find a locator for a mapping, or make it
 * @ilan: the namespace, its mutex held
 * @locator: its 64 bits
 * @domain: the domain that it has to be in
 * @sir: the SIR prefix that it has to go with, or NULL: any
 * @extack: says why not
 *
 * Process context.
 *
 * Return: the locator, for ila_locator_put(); or an ERR_PTR: -EEXIST if it is in
 * another domain, -EINVAL if it goes with another SIR prefix, -ENOMEM.
 */
struct ila_locator *ila_locator_get(struct ila_net *ilan, __be64 locator,
				    u32 domain, const __be64 *sir,
				    struct netlink_ext_ack *extack)
{
	struct ila_locator *loc = ila_locator_find(ilan, locator);
	int err;

	if (loc && ila_locator_is_left(loc, domain, sir)) {
		ila_locator_leave(ilan, loc);
		loc = NULL;
	}
	if (!loc || !ila_locator_agrees(ilan, loc)) {
		loc = ila_locator_new(ilan, locator, domain, extack);
		if (IS_ERR(loc))
			return loc;
	}
	err = ila_locator_check(ilan, loc, domain, sir, extack);
	if (err)
		return ERR_PTR(err);
	if (!loc->users++)
		ilan->n_unused--;
	return loc;
}

/**
 * ila_locator_put() - give up a use of a locator
 * @ilan: the namespace, its mutex held
 * @loc: the locator
 */
void ila_locator_put(struct ila_net *ilan, struct ila_locator *loc)
{
	if (--loc->users)
		return;
	if (!loc->listed) {
		ila_locator_retire(ilan, loc);
		return;
	}
	ilan->n_unused++;
	if (!ila_locator_moved(loc))
		loc->since = ila_now();
	ila_gc_kick(ilan);
}

/**
 * ila_locator_tally() - a mapping begins or ceases to refer to a locator
 * @loc: the locator, a use of which is the mapping's
 * @change: 1 or -1
 * @left: nobody finds the mapping there any more
 *
 * The namespace's mutex is held.
 */
void ila_locator_tally(struct ila_locator *loc, int change, bool left)
{
	loc = ila_locator_current(loc);
	loc->mappings += change;
	if (left)
		loc->left = get_state_synchronize_rcu();
}

/* What becomes of locators
 *
 * A packet finds the mapping first, and then sees what has become of its locators,
 * one after another. If it were slow it could see together what never was: a mapping
 * at a locator that it had left before that was moved; one locator that is not up
 * yet, and another that is down already. So what comes later waits for packets that
 * may not have seen what was before. Most of the time there is nothing to wait for.
 */
static void ila_locator_await(const struct ila_net *ilan,
			      const struct ila_locator *loc, bool falls)
{
	cond_synchronize_rcu(loc->left);
	if (falls)
		cond_synchronize_rcu(ilan->risen);
}

/* Mappings work that did not work before */
static void ila_locator_rise(struct ila_net *ilan)
{
	ilan->risen = get_state_synchronize_rcu();
}

static void ila_locator_set_state(struct ila_net *ilan, struct ila_locator *loc,
				  u32 flag, bool on)
{
	u32 state = on ? loc->state | flag : loc->state & ~flag;

	if (state == loc->state)
		return;
	ila_locator_await(ilan, loc, on && !loc->state);
	WRITE_ONCE(loc->state, state);
	if (!state)
		ila_locator_rise(ilan);
}

/* Moving
 */

/* Where an error quotes it, it is found among these for a while */
static void ila_locator_list_moved(struct ila_net *ilan,
				   struct ila_locator *loc)
{
	struct ila_locator *old;

	old = ila_locator_find_moved(ilan, ila_locator_value(loc));
	if (!old) {
		ila_table_insert(&ilan->moved, &loc->target.node);
		return;
	}
	ila_table_swap(&ilan->moved, &old->target.node, &loc->target.node);
	old->listed = false;
	if (!old->users) {
		ilan->n_unused--;
		ila_locator_retire(ilan, old);
	}
}

/* One store moves all mappings; those of locators that moved here before, too.
 * The latter then are told where to go straight away.
 */
static void ila_locator_redirect(struct ila_net *ilan, struct ila_locator *from,
				 struct ila_locator *to)
{
	struct ila_locator *alias;

	WRITE_ONCE(from->since, ila_now());
	rcu_assign_pointer(from->moved, to);
	if (from->state && !to->state)
		ila_locator_rise(ilan);

	to->mappings += from->mappings;
	from->mappings = 0;
	list_for_each_entry(alias, &from->aliases, alias) {
		rcu_assign_pointer(alias->moved, to);
		to->users++;
		from->users--;
	}
	list_splice_init(&from->aliases, &to->aliases);
	list_add(&from->alias, &to->aliases);
	/* it still is down to packets that have found it and not the other */
	if (from->pinned) {
		from->pinned = false;
		from->users--;
	}
	if (!from->users)
		ilan->n_unused++;
}

/* It is in one of the tables all the time */
static void ila_locator_relist(struct ila_net *ilan, struct ila_locator *loc)
{
	ila_locator_list_moved(ilan, loc);
	/* pairs with the barrier in ila_locator_find_any() */
	smp_wmb();
	ila_table_remove(&ilan->locators, &loc->target.node);
}

/* Find a locator that a request is about */
static struct ila_locator *ila_locator_named(const struct ila_net *ilan,
					     __be64 locator, u32 domain,
					     struct netlink_ext_ack *extack)
{
	struct ila_locator *loc = ila_locator_find(ilan, locator);

	if (loc && ila_locator_in_use(loc) && loc->target.domain == domain)
		return loc;
	NL_SET_ERR_MSG(extack, "no mapping of this DOMAIN uses LOCATOR");
	return ERR_PTR(-ENOENT);
}

/**
 * ila_locator_move() - move all mappings of a locator to another one
 * @ilan: the namespace, its mutex held
 * @locator: where they are
 * @to_locator: where they shall be
 * @domain: the domain of both
 * @extack: says why not
 *
 * Process context; may wait for an RCU grace period. No packet sees some of them
 * moved and others not.
 *
 * Return: 0, -ENOENT if no mapping uses @locator, -EINVAL if both are one or if
 * they go with different SIR prefixes, -EEXIST if the other one is in another
 * domain, -ENOMEM.
 */
int ila_locator_move(struct ila_net *ilan, __be64 locator, __be64 to_locator,
		     u32 domain, struct netlink_ext_ack *extack)
{
	struct ila_locator *from, *to;

	from = ila_locator_named(ilan, locator, domain, extack);
	if (IS_ERR(from))
		return PTR_ERR(from);
	if (locator == to_locator) {
		NL_SET_ERR_MSG(extack, "LOCATOR and LOCATOR_TO are the same");
		return -EINVAL;
	}
	if (from->has_sir && from->target.upper == to_locator) {
		NL_SET_ERR_MSG(extack, "LOCATOR_TO is the SIR prefix itself");
		return -EINVAL;
	}
	to = ila_locator_get(ilan, to_locator, domain,
			     from->has_sir ? &from->target.upper : NULL, extack);
	if (IS_ERR(to))
		return PTR_ERR(to);
	/* not before: that may have emptied the table */
	if (ila_table_reserve(&ilan->moved, 1)) {
		ila_locator_put(ilan, to);
		ila_locator_settle(ilan, false);
		return -ENOMEM;
	}

	ila_locator_settle(ilan, true);
	ila_locator_await(ilan, from, to->state && !from->state);
	ila_locator_redirect(ilan, from, to);
	ila_locator_relist(ilan, from);
	ilan->mappings.seq++;
	ila_gc_kick(ilan);
	return 0;
}

/**
 * ila_locator_set_down() - take a locator down or up
 * @ilan: the namespace, its mutex held
 * @locator: the locator
 * @domain: its domain
 * @down: down; else up
 * @extack: says why not
 *
 * Process context; may wait for an RCU grace period. What is down stays so without
 * mappings, too.
 *
 * Return: 0, or -ENOENT if no mapping uses it.
 */
int ila_locator_set_down(struct ila_net *ilan, __be64 locator, u32 domain,
			 bool down, struct netlink_ext_ack *extack)
{
	struct ila_locator *loc;

	loc = ila_locator_named(ilan, locator, domain, extack);
	if (IS_ERR(loc))
		return PTR_ERR(loc);
	if (loc->pinned == down)
		return 0;
	loc->pinned = down;
	ila_locator_set_state(ilan, loc, ILA_LOCATOR_DOWN, down);
	if (down)
		loc->users++;
	else
		ila_locator_put(ilan, loc);
	return 0;
}

/**
 * ila_locator_rules_changed() - see whether a locator is this node's own
 * @ilan: the namespace, its mutex held
 * @locator: what a rule matches, that was added or deleted
 *
 * Process context; may wait for an RCU grace period.
 */
void ila_locator_rules_changed(struct ila_net *ilan, __be64 locator)
{
	struct ila_locator *loc = ila_locator_find(ilan, locator);

	if (loc)
		ila_locator_set_state(ilan, loc, ILA_LOCATOR_OWN,
				      ila_rule_names(ilan, locator));
}

/**
 * ila_locator_traffic() - read the counters of a locator
 * @loc: the locator
 * @traffic: the answer
 */
void ila_locator_traffic(const struct ila_locator *loc,
			 struct ila_traffic *traffic)
{
	const struct ila_locator_cpu *cpu;
	unsigned int start;
	u64 packets, bytes;
	int i;

	memset(traffic, 0, sizeof(*traffic));
	for_each_possible_cpu(i) {
		cpu = per_cpu_ptr(loc->cpu, i);
		do {
			start = u64_stats_fetch_begin(&cpu->syncp);
			packets = u64_stats_read(&cpu->packets);
			bytes = u64_stats_read(&cpu->bytes);
		} while (u64_stats_fetch_retry(&cpu->syncp, start));
		traffic->packets += packets;
		traffic->bytes += bytes;
	}
}

/* The end
 */

static bool ila_locator_is_over(const struct ila_locator *loc, u32 now)
{
	return !loc->users && ila_is_past(loc->since + ILA_GRACE, now);
}

struct ila_reap {
	struct ila_net *ilan;
	struct ila_table *table;
	u32 now;
};

static void ila_locator_see(struct ila_node *node, void *data)
{
	struct ila_locator *loc = (struct ila_locator *)node;
	const struct ila_reap *reap = data;

	if (!ila_locator_is_over(loc, reap->now))
		return;
	ila_table_remove(reap->table, node);
	reap->ilan->n_unused--;
	ila_locator_retire(reap->ilan, loc);
}

/**
 * ila_locator_reap() - take locators that are over out of their tables
 * @ilan: the namespace, its mutex held
 * @max: look at no more than about so many
 */
void ila_locator_reap(struct ila_net *ilan, unsigned int max)
{
	struct ila_reap reap = { .ilan = ilan, .now = ila_now() };

	reap.table = &ilan->locators;
	ilan->gc_at[ILA_GC_LOCATORS] =
		ila_table_scan(reap.table, ilan->gc_at[ILA_GC_LOCATORS], max,
			       ila_locator_see, &reap);
	reap.table = &ilan->moved;
	ilan->gc_at[ILA_GC_MOVED] =
		ila_table_scan(reap.table, ilan->gc_at[ILA_GC_MOVED], max,
			       ila_locator_see, &reap);
	ila_table_shrink(&ilan->locators);
	ila_table_shrink(&ilan->moved);
}

/**
 * ila_locator_bury() - free locators
 * @retired: those of which an RCU grace period ago the last one could be found
 *
 * Process context.
 */
void ila_locator_bury(struct list_head *retired)
{
	struct ila_locator *loc, *next;

	list_for_each_entry_safe(loc, next, retired, alias) {
		ila_locator_free(loc);
		cond_resched();
	}
}

/**
 * ila_locator_retire_all() - take all locators out of their tables
 * @ilan: a namespace without mappings, its mutex held
 */
void ila_locator_retire_all(struct ila_net *ilan)
{
	struct ila_table *tables[] = { &ilan->moved, &ilan->locators };
	struct ila_locator *loc;
	struct ila_cursor cursor;
	int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		cursor = (struct ila_cursor) {};
		while ((loc = (struct ila_locator *)ila_table_next(tables[i],
								   &cursor))) {
			loc->listed = false;
			if (loc->pinned)
				loc->users--;
			ila_table_remove(tables[i], &loc->target.node);
			if (!loc->users)
				ila_locator_retire(ilan, loc);
		}
	}
	ilan->n_unused = 0;
}

static void ila_locator_free_rcu(struct rcu_head *rcu)
{
	struct ila_locator *loc = container_of(rcu, struct ila_locator, rcu);

	free_percpu(loc->cpu);
	kfree(loc);
}

/**
 * ila_locator_forget_all() - drop all routes now, and free locators later
 * @retired: locators of a namespace that is dead since an RCU grace period
 *
 * Process context.
 *
 * Packets may still find them, by tunnel states; but none keeps a route there.
 * dst_release() needs the namespace.
 */
void ila_locator_forget_all(struct list_head *retired)
{
	struct ila_locator *loc, *next;

	list_for_each_entry_safe(loc, next, retired, alias) {
		ila_locator_forget(loc);
		call_rcu(&loc->rcu, ila_locator_free_rcu);
		cond_resched();
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: removing what has had its time
 *
 * A little at a time, however much there is: what has expired is not used any
 * more anyway.
 */
#include <linux/workqueue.h>

#include "ahead.h"
#include "mapping.h"

/* Entries of each table that one step looks at */
#define ILA_GC_STEP	8192

/* With so many expired among them, the next step is not far */
#define ILA_GC_MANY	(ILA_GC_STEP / 8)

static bool ila_gc_needed(const struct ila_net *ilan)
{
	return !ilan->dead && (ilan->n_expiring || ilan->n_unused ||
			       ilan->moved.n || !list_empty(&ilan->retired));
}

static void ila_gc_step(struct work_struct *work)
{
	struct ila_net *ilan = container_of(to_delayed_work(work),
					    struct ila_net, gc);
	unsigned int expired = 0;
	bool again;

	mutex_lock(&ilan->mutex);
	if (!ilan->dead) {
		if (ilan->n_expiring || ilan->moved.n)
			expired = ila_map_expire(ilan, ILA_GC_STEP);
		if (ilan->n_unused || ilan->moved.n)
			ila_locator_reap(ilan, ILA_GC_STEP);
		again = ila_ahead_reap(ilan);
		ila_hooks_update(ilan);
		if (list_empty(&ilan->buried) && !list_empty(&ilan->retired)) {
			list_splice_init(&ilan->retired, &ilan->buried);
			queue_rcu_work(system_long_wq, &ilan->bury);
		}
		if (again || ila_gc_needed(ilan))
			mod_delayed_work(system_long_wq, &ilan->gc,
					 expired > ILA_GC_MANY ? HZ / 10 : HZ);
	}
	mutex_unlock(&ilan->mutex);
}

/* A grace period after they were retired. No worker waits for it: with a thousand
 * namespaces a thousand would.
 */
static void ila_gc_bury(struct work_struct *work)
{
	struct ila_net *ilan = container_of(to_rcu_work(work), struct ila_net,
					    bury);
	LIST_HEAD(buried);

	mutex_lock(&ilan->mutex);
	list_splice_init(&ilan->buried, &buried);
	mutex_unlock(&ilan->mutex);
	ila_locator_bury(&buried);
}

/**
 * ila_gc_kick() - have a look before long
 * @ilan: the namespace, its mutex held or in an RCU read side section: after the
 *	grace period in which it died, nothing is kicked
 */
void ila_gc_kick(struct ila_net *ilan)
{
	if (!READ_ONCE(ilan->dead))
		queue_delayed_work(system_long_wq, &ilan->gc, HZ);
}

/**
 * ila_gc_init() - prepare the collector of a namespace
 * @ilan: the namespace
 */
void ila_gc_init(struct ila_net *ilan)
{
	INIT_LIST_HEAD(&ilan->retired);
	INIT_LIST_HEAD(&ilan->buried);
	INIT_LIST_HEAD(&ilan->fresh);
	INIT_DELAYED_WORK(&ilan->gc, ila_gc_step);
	INIT_RCU_WORK(&ilan->bury, ila_gc_bury);
	ilan->risen = get_completed_synchronize_rcu();
}

/**
 * ila_gc_end() - collect everything, and no more
 * @ilan: a namespace that is dead since an RCU grace period
 *
 * Process context. Tunnel states can still be read, which look into the tables;
 * what they find stays until they have done. But no route may be left.
 */
void ila_gc_end(struct ila_net *ilan)
{
	const struct ila_filter all = {};
	LIST_HEAD(retired);

	cancel_delayed_work_sync(&ilan->gc);
	flush_rcu_work(&ilan->bury);
	mutex_lock(&ilan->mutex);
	ila_map_flush(ilan, &all);
	ila_locator_retire_all(ilan);
	list_splice_init(&ilan->retired, &retired);
	/* of those that were empty, something may have been in preparation */
	ila_maps_shrink(&ilan->mappings);
	ila_maps_shrink(&ilan->locals);
	ila_table_shrink(&ilan->locators);
	ila_table_shrink(&ilan->moved);
	ila_table_shrink(&ilan->sets);
	ila_table_shrink(&ilan->vnids);
	mutex_unlock(&ilan->mutex);

	ila_locator_forget_all(&retired);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: locators that rules and routes name
 */
#include <linux/rculist.h>
#include <linux/slab.h>
#include <net/ila.h>
#include <net/netlink.h>

static struct hlist_head *ila_locator_head(struct ila_net *ilan, __be64 locator)
{
	return (struct hlist_head *)ila_locator_bucket(ilan, locator);
}

static bool ila_locator_alike(const struct ila_locator *a,
			      const struct ila_locator *b)
{
	return !a->learn && !b->learn && a->sir == b->sir &&
	       a->locator == b->locator && a->csum_mode == b->csum_mode &&
	       a->origin == b->origin && a->formatted == b->formatted;
}

/* Find an entry to share; refuse a locator that is in another domain */
static struct ila_locator *ila_locator_find(struct ila_net *ilan,
					    const struct ila_locator *like,
					    struct netlink_ext_ack *extack)
{
	struct ila_locator *loc, *found = NULL;

	hlist_for_each_entry(loc, ila_locator_head(ilan, like->locator), node) {
		if (loc->locator != like->locator)
			continue;
		if (loc->domain != like->domain) {
			NL_SET_ERR_MSG(extack,
				       "DOMAIN is not the one that the locator is in already");
			return ERR_PTR(-EEXIST);
		}
		if (ila_locator_alike(loc, like))
			found = loc;
	}
	return found;
}

/**
 * ila_locator_get() - make a locator known in a namespace
 * @ilan: the namespace
 * @like: what is known of it
 * @extack: says why not
 *
 * Process context; takes the namespace's lock.
 *
 * Return: an entry that lasts until ila_locator_put(), or an ERR_PTR: -EEXIST
 * if the locator is in another domain, -ENOMEM.
 */
struct ila_locator *ila_locator_get(struct ila_net *ilan,
				    const struct ila_locator *like,
				    struct netlink_ext_ack *extack)
{
	struct ila_locator *loc, *new;

	new = kmemdup(like, sizeof(*like), GFP_KERNEL_ACCOUNT);
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->users = 0;
	new->sir_state = new->learn ? ILA_SIR_UNKNOWN : ILA_SIR_KNOWN;

	spin_lock_bh(&ilan->lock);
	loc = ila_locator_find(ilan, like, extack);
	if (!loc) {
		loc = new;
		new = NULL;
		hlist_add_head_rcu(&loc->node,
				   ila_locator_head(ilan, loc->locator));
		WRITE_ONCE(ilan->n_locators, ilan->n_locators + 1);
	}
	if (!IS_ERR(loc))
		loc->users++;
	spin_unlock_bh(&ilan->lock);

	kfree(new);
	return loc;
}

/**
 * ila_locator_put() - give up a reference of ila_locator_get()
 * @ilan: the namespace
 * @loc: the entry
 *
 * Any context but hard interrupts. The hooks, if no longer needed, go away by
 * themselves a little later.
 */
void ila_locator_put(struct ila_net *ilan, struct ila_locator *loc)
{
	spin_lock_bh(&ilan->lock);
	if (!--loc->users) {
		hlist_del_rcu(&loc->node);
		WRITE_ONCE(ilan->n_locators, ilan->n_locators - 1);
		if (!ilan->n_locators && !ilan->dead)
			schedule_work(&ilan->unhook);
		kfree_rcu(loc, rcu);
	}
	spin_unlock_bh(&ilan->lock);
}

/**
 * ila_locator_known() - do rules or routes name a locator?
 * @ilan: the namespace
 * @locator: the locator
 *
 * RCU read side.
 *
 * Return: true if so.
 */
bool ila_locator_known(const struct ila_net *ilan, __be64 locator)
{
	const struct ila_locator *loc;

	hlist_for_each_entry_rcu(loc, ila_locator_bucket(ilan, locator), node)
		if (loc->locator == locator)
			return true;
	return false;
}

/**
 * ila_locator_learn() - see a SIR prefix that goes with a locator
 * @ilan: the namespace
 * @loc: a locator whose route does not say the prefix
 * @sir: the prefix of a packet that was sent there
 *
 * With a second prefix it is no longer possible to tell what a quoted address
 * was. Writes at most twice in a locator's life. BH is off.
 */
void ila_locator_learn(struct ila_net *ilan, struct ila_locator *loc,
		       __be64 sir)
{
	/* pairs with the releases below: the prefix is there when it is known */
	int state = smp_load_acquire(&loc->sir_state);

	if (likely(state == ILA_SIR_AMBIGUOUS ||
		   (state == ILA_SIR_KNOWN && loc->sir == sir)))
		return;

	spin_lock(&ilan->lock);
	if (loc->sir_state == ILA_SIR_UNKNOWN) {
		loc->sir = sir;
		/* pairs with the acquires of readers */
		smp_store_release(&loc->sir_state, ILA_SIR_KNOWN);
	} else if (loc->sir != sir) {
		WRITE_ONCE(loc->sir_state, ILA_SIR_AMBIGUOUS);
	}
	spin_unlock(&ilan->lock);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: what rules and routes say of locators
 */
#include <linux/rculist.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "locator.h"

static struct hlist_head *ila_claim_head(struct ila_net *ilan, __be64 locator)
{
	return (struct hlist_head *)ila_claim_bucket(ilan, locator);
}

static bool ila_claim_alike(const struct ila_claim *a,
			    const struct ila_claim *b)
{
	return !a->learn && !b->learn && a->sir == b->sir &&
	       a->locator == b->locator && a->csum_mode == b->csum_mode &&
	       a->origin == b->origin && a->formatted == b->formatted;
}

/* Find an entry to share; refuse a locator that is in another domain */
static struct ila_claim *ila_claim_find(struct ila_net *ilan,
					const struct ila_claim *like,
					struct netlink_ext_ack *extack)
{
	struct ila_claim *claim, *found = NULL;
	const struct ila_locator *loc;

	loc = ila_locator_find(ilan, like->locator);
	if (loc && ila_locator_in_use(loc) && loc->target.domain != like->domain) {
		NL_SET_ERR_MSG(extack,
			       "DOMAIN is not the one that mappings to the locator are in");
		return ERR_PTR(-EEXIST);
	}
	hlist_for_each_entry(claim, ila_claim_head(ilan, like->locator), node) {
		if (claim->locator != like->locator)
			continue;
		if (claim->domain != like->domain) {
			NL_SET_ERR_MSG(extack,
				       "DOMAIN is not the one that the locator is in already");
			return ERR_PTR(-EEXIST);
		}
		if (ila_claim_alike(claim, like))
			found = claim;
	}
	return found;
}

/**
 * ila_claim_get() - make a locator known in a namespace
 * @ilan: the namespace
 * @like: what is known of it
 * @extack: says why not
 *
 * Process context, the namespace's mutex held.
 *
 * Return: an entry that lasts until ila_claim_put(), or an ERR_PTR: -EEXIST
 * if the locator is in another domain, -ENOMEM.
 */
struct ila_claim *ila_claim_get(struct ila_net *ilan,
				const struct ila_claim *like,
				struct netlink_ext_ack *extack)
{
	struct ila_claim *claim, *new;

	lockdep_assert_held(&ilan->mutex);
	new = kmemdup(like, sizeof(*like), GFP_KERNEL_ACCOUNT);
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->users = 0;
	new->sir_state = new->learn ? ILA_SIR_UNKNOWN : ILA_SIR_KNOWN;

	spin_lock_bh(&ilan->lock);
	claim = ila_claim_find(ilan, like, extack);
	if (!claim) {
		claim = new;
		new = NULL;
		hlist_add_head_rcu(&claim->node,
				   ila_claim_head(ilan, claim->locator));
		WRITE_ONCE(ilan->n_claims, ilan->n_claims + 1);
	}
	if (!IS_ERR(claim))
		claim->users++;
	spin_unlock_bh(&ilan->lock);

	kfree(new);
	return claim;
}

/**
 * ila_claim_put() - give up a reference of ila_claim_get()
 * @ilan: the namespace
 * @claim: the entry
 *
 * Any context but hard interrupts. The hooks, if no longer needed, go away by
 * themselves a little later.
 */
void ila_claim_put(struct ila_net *ilan, struct ila_claim *claim)
{
	spin_lock_bh(&ilan->lock);
	if (!--claim->users) {
		hlist_del_rcu(&claim->node);
		WRITE_ONCE(ilan->n_claims, ilan->n_claims - 1);
		if (!ilan->n_claims && !ilan->dead)
			schedule_work(&ilan->unhook);
		kfree_rcu(claim, rcu);
	}
	spin_unlock_bh(&ilan->lock);
}

/**
 * ila_claim_agrees() - may a locator be in a domain, as far as claims say?
 * @ilan: the namespace, its mutex held
 * @locator: the locator
 * @domain: the domain
 *
 * Return: false if a rule or a route has it in another one.
 */
bool ila_claim_agrees(const struct ila_net *ilan, __be64 locator, u32 domain)
{
	const struct ila_claim *claim;
	bool agrees = true;

	rcu_read_lock();
	hlist_for_each_entry_rcu(claim, ila_claim_bucket(ilan, locator), node)
		if (claim->locator == locator && claim->domain != domain)
			agrees = false;
	rcu_read_unlock();
	return agrees;
}

/**
 * ila_claim_known() - do rules or routes name a locator?
 * @ilan: the namespace
 * @locator: the locator
 *
 * RCU read side.
 *
 * Return: true if so.
 */
bool ila_claim_known(const struct ila_net *ilan, __be64 locator)
{
	const struct ila_claim *claim;

	hlist_for_each_entry_rcu(claim, ila_claim_bucket(ilan, locator), node)
		if (claim->locator == locator)
			return true;
	return false;
}

/**
 * ila_claim_learn() - see a SIR prefix that goes with a locator
 * @ilan: the namespace
 * @claim: a locator whose route does not say the prefix
 * @sir: the prefix of a packet that was sent there
 *
 * With a second prefix it is no longer possible to tell what a quoted address
 * was. Writes at most twice in a locator's life. BH is off.
 */
void ila_claim_learn(struct ila_net *ilan, struct ila_claim *claim,
		     __be64 sir)
{
	/* pairs with the releases below: the prefix is there when it is known */
	int state = smp_load_acquire(&claim->sir_state);

	if (likely(state == ILA_SIR_AMBIGUOUS ||
		   (state == ILA_SIR_KNOWN && claim->sir == sir)))
		return;

	spin_lock(&ilan->lock);
	if (claim->sir_state == ILA_SIR_UNKNOWN) {
		claim->sir = sir;
		/* pairs with the acquires of readers */
		smp_store_release(&claim->sir_state, ILA_SIR_KNOWN);
	} else if (claim->sir != sir) {
		WRITE_ONCE(claim->sir_state, ILA_SIR_AMBIGUOUS);
	}
	spin_unlock(&ilan->lock);
}

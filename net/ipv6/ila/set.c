// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: several locators of one mapping
 */
#include <linux/bitrev.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "hit.h"

static siphash_aligned_key_t ila_set_keys[2];

static void ila_set_hash(const struct ila_member *members, unsigned int n,
			 struct ila_addr *key)
{
	u64 words[2 * ILA_MAPPING_LOCATORS];
	unsigned int i;

	net_get_random_once(ila_set_keys, sizeof(ila_set_keys));
	for (i = 0; i < n; i++) {
		words[2 * i] = (unsigned long)members[i].locator;
		words[2 * i + 1] = members[i].priority << 8 | members[i].weight;
	}
	key->upper = (__force __be64)siphash(words, n * 16, &ila_set_keys[0]);
	key->ident = (__force __be64)siphash(words, n * 16, &ila_set_keys[1]);
}

static struct ila_set *ila_set_new(struct ila_net *ilan,
				   const struct ila_member *members,
				   unsigned int n, const struct ila_addr *key)
{
	struct ila_set *set;

	if (ila_table_reserve(&ilan->sets, 1))
		return NULL;
	set = ila_target_alloc(struct_size(set, members, n));
	if (!set)
		return NULL;
	set->target.node.key = *key;
	set->target.kind = ILA_TARGET_SET;
	set->n = n;
	memcpy(set->members, members, n * sizeof(*members));
	ila_table_insert(&ilan->sets, &set->target.node);
	return set;
}

/**
 * ila_set_get() - the set of these locators
 * @ilan: the namespace, its mutex held
 * @members: the locators, of ila_locator_get(); these uses are the set's now, or
 *	given up
 * @n: how many, at most ILA_MAPPING_LOCATORS
 *
 * Process context.
 *
 * Return: a set, for ila_set_put(), or NULL without memory.
 */
struct ila_set *ila_set_get(struct ila_net *ilan, struct ila_member *members,
			    unsigned int n)
{
	struct ila_addr key;
	struct ila_set *set;
	bool found;

	/* 128 bits of a keyed hash: equal means the same */
	ila_set_hash(members, n, &key);
	set = (struct ila_set *)ila_table_find(&ilan->sets, &key, 0);
	found = set;
	if (!found)
		set = ila_set_new(ilan, members, n, &key);
	if (found || !set)
		while (n--)
			ila_locator_put(ilan, members[n].locator);
	if (set)
		set->users++;
	return set;
}

/**
 * ila_set_put() - give up a use of a set
 * @ilan: the namespace, its mutex held
 * @set: the set
 */
void ila_set_put(struct ila_net *ilan, struct ila_set *set)
{
	unsigned int i;

	if (--set->users)
		return;
	ila_table_remove(&ilan->sets, &set->target.node);
	for (i = 0; i < set->n; i++)
		ila_locator_put(ilan, set->members[i].locator);
	kfree_rcu(set, rcu);
}

/* Choosing
 */

/* Weight 0 is for a priority that has no other weights */
static bool ila_member_weighs(const struct ila_set *set, unsigned int i)
{
	const struct ila_member *members = set->members;
	unsigned int j;

	if (members[i].weight)
		return true;
	for (j = 0; j < set->n; j++)
		if (members[j].priority == members[i].priority &&
		    members[j].weight)
			return false;
	return true;
}

static bool ila_member_works(const struct ila_set *set, unsigned int i,
			     u32 tried)
{
	struct ila_locator *loc = ila_locator_current(set->members[i].locator);

	return !(tried & BIT(i)) && !READ_ONCE(loc->state) &&
	       ila_member_weighs(set, i);
}

/* Choose by weight, among those of a mask. Return: which one, -1 for none. */
static int ila_set_draw(const struct ila_set *set, u32 among, u32 hash)
{
	u32 total = 0, weight, point;
	unsigned int i;
	bool weighed;

	for (i = 0; i < set->n; i++)
		if (among & BIT(i))
			total += set->members[i].weight;
	weighed = total;
	if (!weighed)
		total = hweight32(among);
	if (!total)
		return -1;
	point = reciprocal_scale(hash, total);
	for (i = 0; i < set->n; i++) {
		if (!(among & BIT(i)))
			continue;
		weight = weighed ? set->members[i].weight : 1;
		if (point < weight)
			return i;
		point -= weight;
	}
	return -1;
}

/* The locator for a flow, of the highest priority that has one that works. Where
 * a flow goes does not depend on whether other locators work. Return: which
 * member, or -1 if none works.
 */
static int ila_set_choose(const struct ila_set *set, u32 hash, u32 tried)
{
	u32 works = 0, all = 0;
	int priority = -1, choice;
	unsigned int i;

	for (i = 0; i < set->n; i++) {
		if (!ila_member_works(set, i, tried))
			continue;
		works |= BIT(i);
		priority = max_t(int, priority, set->members[i].priority);
	}
	if (!works)
		return -1;
	for (i = 0; i < set->n; i++)
		if (set->members[i].priority == priority)
			all |= BIT(i);
	choice = ila_set_draw(set, all, hash);
	if (works & BIT(choice))
		return choice;
	return ila_set_draw(set, all & works, bitrev32(hash));
}

/**
 * ila_hit_next_of() - ila_hit_next() for a mapping that does not refer to a
 *	locator itself
 * @hit: the mapping
 * @to: where it leads, a set or a locator
 * @net: the namespace
 * @skb: the packet, or NULL
 *
 * Return: false if no locator is left.
 */
bool ila_hit_next_of(struct ila_hit *hit, struct ila_target *to,
		     const struct net *net, struct sk_buff *skb)
{
	const struct ila_set *set = ila_target_set(to);
	u32 hash;
	int choice;

	if (to->kind == ILA_TARGET_LOCATOR) {
		hit->last = 1;
		hit->loc = ila_locator_current(ila_target_locator(to));
		return !hit->tried && !READ_ONCE(hit->loc->state);
	}
	hash = skb ? skb_get_hash_net(net, skb) : 0;
	do {
		hit->tried |= hit->last;
		choice = ila_set_choose(set, hash, hit->tried);
		if (choice < 0)
			return false;
		hit->last = BIT(choice);
		hit->loc = ila_locator_current(set->members[choice].locator);
		/* it may have moved since to where it does not work */
	} while (unlikely(READ_ONCE(hit->loc->state)));
	return true;
}

/**
 * ila_hit_states() - what keeps a packet from a mapping's locators
 * @hit: the mapping
 *
 * RCU read side.
 *
 * Return: ILA_LOCATOR_ flags of those that would have a share.
 */
u32 ila_hit_states(const struct ila_hit *hit)
{
	struct ila_target *to = ila_ref_to(hit->ref);
	const struct ila_set *set = ila_target_set(to);
	const struct ila_locator *loc;
	u32 states = 0;
	unsigned int i;

	if (to->kind == ILA_TARGET_LOCATOR) {
		loc = ila_locator_current(ila_target_locator(to));
		return READ_ONCE(loc->state);
	}
	for (i = 0; i < set->n; i++) {
		loc = ila_locator_current(set->members[i].locator);
		if (ila_member_weighs(set, i))
			states |= READ_ONCE(loc->state);
	}
	return states;
}

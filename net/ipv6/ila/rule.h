/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xlat rules: "a destination that starts with P shall start with Q"
 */
#ifndef _ILA_RULE_H
#define _ILA_RULE_H

#include <linux/netdevice.h>
#include <linux/rbtree.h>
#include <net/ila.h>

/**
 * struct ila_rule_key - what tells one rule from another
 * @match: upper half of the destination
 * @ifindex: input device, 0 for any
 */
struct ila_rule_key {
	__be64 match;
	int ifindex;
};

/**
 * struct ila_rule - "destination prefix P becomes Q"
 * @key: its key
 * @xlat: what to do
 * @ident_type: as configured
 * @stray: ILA_STRAY_
 * @plain: restores by neutral-map-auto, whatever the device and the identifier, and
 *	asks nothing afterwards
 * @domain: identifier namespace
 * @claim: what it says of its locator
 * @sorted: in the tree that dumps walk
 * @rcu: frees it
 */
struct ila_rule {
	struct ila_rule_key key;
	struct ila_xlat xlat;
	u8 ident_type;
	u8 stray;
	bool plain;
	u32 domain;
	struct ila_claim *claim;
	struct rb_node sorted;
	struct rcu_head rcu;
};

/**
 * struct ila_rule_slot - a place in the table
 * @rule: the rule, NULL where a search ends
 */
struct ila_rule_slot {
	const struct ila_rule __rcu *rule;
};

/**
 * struct ila_rules - the xlat rules of a namespace
 * @shift: 64 less the number of bits of a slot's index
 * @mask: number of slots less one
 * @used: slots that are or were in use: half of them at most
 * @n: rules
 * @n_dev: rules that name a device
 * @sorted: the same rules, for dumps
 * @rcu: frees it
 * @slots: by hash of the match, and on from there up to the first empty slot
 *
 * Packets have one cache line to look at, and mostly find the slot empty; else they
 * look at the rule. A namespace has few rules, one for each locator it is at. Slots
 * are not used again: a new table is made when they run out.
 */
struct ila_rules {
	unsigned int shift;
	unsigned long mask;
	unsigned int used;
	unsigned int n;
	unsigned int n_dev;
	struct rb_root sorted;
	struct rcu_head rcu;
	struct ila_rule_slot slots[];
};

int ila_rule_add(struct ila_net *ilan, const struct ila_rule *like,
		 struct netlink_ext_ack *extack);
int ila_rule_del(struct ila_net *ilan, const struct ila_rule_key *key);
void ila_rules_init(struct ila_net *ilan);
void ila_rule_flush(struct ila_net *ilan, int ifindex);
struct ila_rule *ila_rule_find(const struct ila_net *ilan,
			       const struct ila_rule_key *key);
const struct ila_rule *ila_rule_lookup(const struct ila_net *ilan,
				       const struct sk_buff *skb,
				       const struct net_device *dev);
struct ila_rule *ila_rule_next(const struct ila_net *ilan,
			       const struct ila_rule_key *after);

/* Where the search for a match begins */
static inline unsigned long ila_rule_hash(const struct ila_rules *rules,
					  __be64 match)
{
	return ila_upper_hash(match) >> rules->shift;
}

/**
 * ila_slot_rule() - the rule in a slot
 * @slot: the slot
 *
 * RCU read side. What is read of the table afterwards is no older than the rule.
 *
 * Return: the rule, or NULL.
 */
static inline const struct ila_rule *
ila_slot_rule(const struct ila_rule_slot *slot)
{
	const struct ila_rule *rule = rcu_dereference(slot->rule);

	if (rule)
		smp_rmb(); /* pairs with the release in ila_rules_place() */
	return rule;
}

/* Was the rule there all the time from when it was read until now? One for a device
 * that goes before it could be gone, and this one before that.
 */
static inline bool ila_slot_still(const struct ila_rule_slot *slot,
				  const struct ila_rule *rule)
{
	smp_rmb(); /* pairs with the mutex of those who take rules away */
	return likely(rcu_access_pointer(slot->rule) == rule);
}

/**
 * ila_slot_decides() - is the rule in a slot a packet's, if it is for any device?
 * @slot: where the search for the packet's rule begins
 * @rule: what is there
 * @rules: the namespace's rules
 * @match: the upper half of the packet's destination
 * @skb: the packet
 *
 * Return: true if so; else there has to be a search.
 */
static inline bool ila_slot_decides(const struct ila_rule_slot *slot,
				    const struct ila_rule *rule,
				    const struct ila_rules *rules, __be64 match,
				    const struct sk_buff *skb)
{
	return rule->key.match == match && !READ_ONCE(rules->n_dev) &&
	       ila_slot_still(slot, rule) &&
	       !ipv6_l3mdev_skb(IP6CB(skb)->flags);
}

#endif /* _ILA_RULE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xlat rules: "a destination that starts with P shall start with Q"
 */
#ifndef _ILA_RULE_H
#define _ILA_RULE_H

#include <linux/hash.h>
#include <linux/netdevice.h>
#include <linux/rbtree.h>
#include <linux/rhashtable.h>
#include <net/ila.h>

/**
 * struct ila_rule_key - what tells one rule from another
 * @match: upper half of the destination
 * @ifindex: input device, 0 for any
 * @pad: zero
 */
struct ila_rule_key {
	__be64 match;
	int ifindex;
	u32 pad;
};

/**
 * struct ila_rule - "destination prefix P becomes Q"
 * @node: in the hash table
 * @key: its key
 * @xlat: what to do
 * @ident_type: as configured
 * @stray: ILA_STRAY_
 * @domain: identifier namespace
 * @locator: its entry among the locators
 * @sorted: in the tree that dumps walk
 * @rcu: frees it
 */
struct ila_rule {
	struct rhash_head node;
	struct ila_rule_key key;
	struct ila_xlat xlat;
	u8 ident_type;
	u8 stray;
	u32 domain;
	struct ila_locator *locator;
	struct rb_node sorted;
	struct rcu_head rcu;
};

/**
 * struct ila_rules - the xlat rules of a namespace
 * @table: for packets, by key
 * @sorted: the same rules, for dumps
 * @n_dev: how many rules name a device
 * @n: how many rules there are
 */
struct ila_rules {
	struct rhashtable table;
	struct rb_root sorted;
	unsigned int n_dev;
	unsigned int n;
};

int ila_rule_add(struct ila_net *ilan, const struct ila_rule *like,
		 struct netlink_ext_ack *extack);
int ila_rule_del(struct ila_net *ilan, const struct ila_rule_key *key);
void ila_rule_flush(struct ila_net *ilan, int ifindex);
struct ila_rule *ila_rule_find(const struct ila_net *ilan,
			       const struct ila_rule_key *key);
struct ila_rule *ila_rule_next(const struct ila_net *ilan,
			       const struct ila_rule_key *after);

/* Only an administrator chooses keys, so the hash need not be secret; but it
 * must spread prefixes that differ in any few bits over its low bits.
 */
static inline u32 ila_rule_hash(const void *data, u32 len, u32 seed)
{
	const struct ila_rule_key *key = data;
	u64 hash = (__force u64)key->match ^ (u32)key->ifindex ^ seed;

	hash = (hash ^ hash >> 32) * GOLDEN_RATIO_64;
	return hash ^ hash >> 32;
}

static inline int ila_rule_cmp(struct rhashtable_compare_arg *arg,
			       const void *obj)
{
	const struct ila_rule_key *key = arg->key;
	const struct ila_rule *rule = obj;

	return key->match != rule->key.match ||
	       key->ifindex != rule->key.ifindex;
}

static const struct rhashtable_params ila_rule_params = {
	.key_len = sizeof(struct ila_rule_key),
	.key_offset = offsetof(struct ila_rule, key),
	.head_offset = offsetof(struct ila_rule, node),
	.hashfn = ila_rule_hash,
	.obj_cmpfn = ila_rule_cmp,
	.automatic_shrinking = true,
};

/**
 * ila_rule_lookup() - the rule for a received packet
 * @rules: the namespace's rules
 * @skb: the packet
 * @dev: the device it came from
 *
 * A rule for the device goes before one for any device. An l3 master device
 * shows packets for a second time, after the device under it did: only rules
 * that name it apply then. The caller is in an RCU read side section.
 *
 * Return: the rule, or NULL.
 */
static inline const struct ila_rule *
ila_rule_lookup(struct ila_rules *rules, const struct sk_buff *skb,
		const struct net_device *dev)
{
	struct ila_rule_key key = {
		.match = ((struct ila_addr *)&ipv6_hdr(skb)->daddr)->upper,
	};
	const struct ila_rule *rule;

	if (unlikely(READ_ONCE(rules->n_dev))) {
		key.ifindex = dev->ifindex;
		rule = rhashtable_lookup(&rules->table, &key, ila_rule_params);
		if (rule)
			return rule;
		key.ifindex = 0;
	}
	rule = rhashtable_lookup(&rules->table, &key, ila_rule_params);
	if (rule && unlikely(ipv6_l3mdev_skb(IP6CB(skb)->flags)))
		return NULL;
	return rule;
}

#endif /* _ILA_RULE_H */

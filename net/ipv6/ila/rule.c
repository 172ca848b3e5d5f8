// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: xlat rules
 *
 * A hash table serves packets, a tree the same rules to dumps: a cursor in a
 * tree stays valid whatever is added or deleted meanwhile.
 */
#include <linux/log2.h>
#include <linux/slab.h>
#include <net/netlink.h>
#include <net/net_namespace.h>

#include "event.h"
#include "locator.h"
#include "rule.h"

/* By match; rules for a device before the one for any */
static int ila_rule_order(const struct ila_rule_key *a,
			  const struct ila_rule_key *b)
{
	u64 match_a = be64_to_cpu(a->match), match_b = be64_to_cpu(b->match);
	u32 dev_a = a->ifindex - 1, dev_b = b->ifindex - 1;

	if (match_a != match_b)
		return match_a < match_b ? -1 : 1;
	return dev_a == dev_b ? 0 : dev_a < dev_b ? -1 : 1;
}

static int ila_rule_order_node(const void *key, const struct rb_node *node)
{
	return ila_rule_order(key, &rb_entry(node, struct ila_rule, sorted)->key);
}

static bool ila_rule_less(struct rb_node *a, const struct rb_node *b)
{
	return ila_rule_order(&rb_entry(a, struct ila_rule, sorted)->key,
			      &rb_entry(b, struct ila_rule, sorted)->key) < 0;
}

static struct ila_rules *ila_rules_locked(const struct ila_net *ilan)
{
	return rcu_dereference_protected(ilan->rules,
					 lockdep_is_held(&ilan->mutex));
}

/**
 * ila_rule_find() - the rule with a key
 * @ilan: the namespace, its mutex held
 * @key: the key
 *
 * Return: the rule, or NULL.
 */
struct ila_rule *ila_rule_find(const struct ila_net *ilan,
			       const struct ila_rule_key *key)
{
	struct ila_rules *rules = ila_rules_locked(ilan);
	struct rb_node *node;

	node = rb_find(key, &rules->sorted, ila_rule_order_node);
	return node ? rb_entry(node, struct ila_rule, sorted) : NULL;
}

/**
 * ila_rule_next() - walk the rules in order
 * @ilan: the namespace, its mutex held
 * @after: a key; the rule itself need not exist any more
 *
 * Return: the first rule behind @after, or NULL.
 */
struct ila_rule *ila_rule_next(const struct ila_net *ilan,
			       const struct ila_rule_key *after)
{
	struct ila_rules *rules = ila_rules_locked(ilan);
	struct ila_rule *rule, *next = NULL;
	struct rb_node *node;

	for (node = rules->sorted.rb_node; node; ) {
		rule = rb_entry(node, struct ila_rule, sorted);
		if (ila_rule_order(&rule->key, after) > 0) {
			next = rule;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return next;
}

/**
 * ila_rule_lookup() - the rule for a received packet
 * @ilan: the namespace
 * @skb: the packet
 * @dev: the device it came from
 *
 * A rule for the device goes before one for any device. An l3 master device
 * shows packets for a second time, after the device under it did: only rules
 * that name it apply then. RCU read side.
 *
 * Return: the rule, or NULL.
 */
const struct ila_rule *ila_rule_lookup(const struct ila_net *ilan,
				       const struct sk_buff *skb,
				       const struct net_device *dev)
{
	__be64 match = ila_daddr(skb)->upper;
	const struct ila_rules *rules = rcu_dereference(ilan->rules);
	const struct ila_rule_slot *slot, *any_slot = NULL;
	const struct ila_rule *rule, *any;
	unsigned long i;

again:
	any = NULL;
	for (i = ila_rule_hash(rules, match);; i = (i + 1) & rules->mask) {
		slot = &rules->slots[i];
		rule = ila_slot_rule(slot);
		if (!rule)
			break;
		if (rule->key.match != match)
			continue;
		if (rule->key.ifindex == dev->ifindex)
			return rule;
		if (rule->key.ifindex)
			continue;
		any = rule;
		any_slot = slot;
	}
	if (any && !ila_slot_still(any_slot, any))
		goto again;
	if (any && ipv6_l3mdev_skb(IP6CB(skb)->flags))
		return NULL;
	return any;
}

/* In the slot of a rule that was deleted: matches no device */
static const struct ila_rule ila_rule_gone = { .key.ifindex = -1 };

static struct ila_rule_slot *ila_rule_slot(struct ila_rules *rules,
					   const struct ila_rule_key *key,
					   const struct ila_rule *rule)
{
	unsigned long i = ila_rule_hash(rules, key->match);

	while (rcu_access_pointer(rules->slots[i].rule) != rule)
		i = (i + 1) & rules->mask;
	return &rules->slots[i];
}

/* Readers see the number of rules with a device no later than the rule */
static void ila_rules_place(struct ila_rules *rules,
			    const struct ila_rule *rule)
{
	struct ila_rule_slot *slot = ila_rule_slot(rules, &rule->key, NULL);

	rcu_assign_pointer(slot->rule, rule);
	rules->used++;
}

/* A table with room for half as many rules again, lest it be made anew with every
 * rule that comes for one that goes. The old one is for the caller to free.
 */
static struct ila_rules *ila_rules_grow(const struct ila_rules *old)
{
	unsigned int bits = max(4, ilog2(old->n + old->n / 2 + 1) + 2);
	struct ila_rules *rules;
	unsigned int placed = 0;
	struct rb_node *node;

	rules = kvzalloc(struct_size(rules, slots, 1UL << bits),
			 GFP_KERNEL_ACCOUNT);
	if (!rules)
		return NULL;
	rules->shift = 64 - bits;
	rules->mask = (1UL << bits) - 1;
	rules->n = old->n;
	rules->n_dev = old->n_dev;
	rules->sorted = old->sorted;
	for (node = rb_first(&rules->sorted); node; node = rb_next(node)) {
		ila_rules_place(rules, rb_entry(node, struct ila_rule, sorted));
		if (!(++placed % 1024))
			cond_resched();
	}
	return rules;
}

/* Instead of no table, so that packets need not ask whether there is one */
static struct ila_rules ila_no_rules __read_mostly = {
	.shift = 63,
	.mask = 1,
	.used = 2,
	.slots = { {}, {} },
};

static void ila_rules_replace(struct ila_net *ilan, struct ila_rules *rules)
{
	struct ila_rules *old = ila_rules_locked(ilan);

	rcu_assign_pointer(ilan->rules, rules);
	if (old != &ila_no_rules)
		kvfree_rcu(old, rcu);
}

/**
 * ila_rules_init() - begin without rules
 * @ilan: the namespace, which nobody knows yet
 */
void ila_rules_init(struct ila_net *ilan)
{
	RCU_INIT_POINTER(ilan->rules, &ila_no_rules);
}

/* Return: the rules, with room for one more, or NULL without memory */
static struct ila_rules *ila_rules_reserve(struct ila_net *ilan)
{
	struct ila_rules *rules, *old = ila_rules_locked(ilan);

	if (old->used <= old->mask / 2)
		return old;
	rules = ila_rules_grow(old);
	if (rules)
		ila_rules_replace(ilan, rules);
	return rules;
}

/* Free the table with the last rule */
static void ila_rules_shrink(struct ila_net *ilan)
{
	if (!ila_rules_locked(ilan)->n)
		ila_rules_replace(ilan, &ila_no_rules);
}

static void ila_rule_remove(struct ila_net *ilan, struct ila_rules *rules,
			    struct ila_rule *rule, u8 reason)
{
	struct ila_rule_slot *slot = ila_rule_slot(rules, &rule->key, rule);

	rcu_assign_pointer(slot->rule, &ila_rule_gone);
	rb_erase(&rule->sorted, &rules->sorted);
	WRITE_ONCE(rules->n_dev, rules->n_dev - !!rule->key.ifindex);
	rules->n--;
	ilan->rule_seq++;
	ila_locator_rules_changed(ilan, rule->key.match);
	ila_event_rule(ilan, ILA_CMD_RULE_DEL, rule, reason);
	ila_claim_put(ilan, rule->claim);
	kfree_rcu(rule, rcu);
}

static void ila_rule_insert(struct ila_net *ilan, struct ila_rules *rules,
			    struct ila_rule *rule)
{
	rb_add(&rule->sorted, &rules->sorted, ila_rule_less);
	WRITE_ONCE(rules->n_dev, rules->n_dev + !!rule->key.ifindex);
	rules->n++;
	ilan->rule_seq++;
	ila_rules_place(rules, rule);
	ila_locator_rules_changed(ilan, rule->key.match);
	ila_event_rule(ilan, ILA_CMD_RULE_ADD, rule, ILA_REASON_REQUEST);
}

static bool ila_dev_exists(struct net *net, int ifindex)
{
	bool exists;

	rcu_read_lock();
	exists = dev_get_by_index_rcu(net, ifindex);
	rcu_read_unlock();
	return exists;
}

static struct ila_claim *ila_rule_claim(struct ila_net *ilan,
					const struct ila_rule *rule,
					struct netlink_ext_ack *extack)
{
	const struct ila_claim like = {
		.locator = rule->key.match,
		.sir = rule->xlat.to,
		.domain = rule->domain,
		.csum_mode = rule->xlat.csum_mode,
		.origin = ILA_CLAIM_RULE,
		.formatted = rule->xlat.by == ILA_BY_TYPE,
	};

	return ila_claim_get(ilan, &like, extack);
}

/* Everything that can fail comes before packets can see the rule */
static int ila_rule_add_locked(struct ila_net *ilan, struct ila_rule *rule,
			       struct netlink_ext_ack *extack)
{
	struct ila_rules *rules;
	int err;

	if (ilan->dead)
		return -ENODEV;
	if (rule->key.ifindex && !ila_dev_exists(ilan->net, rule->key.ifindex)) {
		NL_SET_ERR_MSG(extack, "IFINDEX names no device");
		return -ENODEV;
	}
	if (ila_rule_find(ilan, &rule->key)) {
		NL_SET_ERR_MSG(extack,
			       "a rule for this LOCATOR_MATCH and IFINDEX exists");
		return -EEXIST;
	}
	rule->claim = ila_rule_claim(ilan, rule, extack);
	if (IS_ERR(rule->claim))
		return PTR_ERR(rule->claim);
	err = ila_hooks_update(ilan);
	if (err) {
		NL_SET_ERR_MSG(extack, "netfilter hooks can not be registered");
		goto put_claim;
	}
	rules = ila_rules_reserve(ilan);
	if (!rules) {
		err = -ENOMEM;
		goto put_claim;
	}
	ila_rule_insert(ilan, rules, rule);
	return 0;

put_claim:
	ila_claim_put(ilan, rule->claim);
	return err;
}

/**
 * ila_rule_add() - add a rule
 * @ilan: the namespace
 * @like: the rule, validated
 * @extack: says why not
 *
 * Process context; takes the namespace's mutex.
 *
 * Return: 0; -EEXIST if there is a rule with this key or the locator is in
 * another domain, -ENODEV if there is no such device, -ENOMEM.
 */
int ila_rule_add(struct ila_net *ilan, const struct ila_rule *like,
		 struct netlink_ext_ack *extack)
{
	struct ila_rule *rule;
	int err;

	rule = kmemdup(like, sizeof(*like), GFP_KERNEL_ACCOUNT);
	if (!rule)
		return -ENOMEM;
	ila_xlat_fix(&rule->xlat, rule->key.match);
	rule->plain = !rule->key.ifindex && rule->xlat.keeps_sum &&
		      rule->xlat.csum_mode == ILA_CSUM_NEUTRAL_MAP_AUTO &&
		      rule->stray == ILA_STRAY_FORWARD;

	mutex_lock(&ilan->mutex);
	err = ila_rule_add_locked(ilan, rule, extack);
	mutex_unlock(&ilan->mutex);
	if (err)
		kfree(rule);
	return err;
}

/**
 * ila_rule_del() - delete a rule
 * @ilan: the namespace
 * @key: its key
 *
 * Process context; takes the namespace's mutex.
 *
 * Return: 0, or -ENOENT.
 */
int ila_rule_del(struct ila_net *ilan, const struct ila_rule_key *key)
{
	struct ila_rule *rule;
	int err = -ENOENT;

	mutex_lock(&ilan->mutex);
	rule = ila_rule_find(ilan, key);
	if (rule) {
		ila_rule_remove(ilan, ila_rules_locked(ilan), rule,
				ILA_REASON_REQUEST);
		ila_hooks_update(ilan);
		ila_rules_shrink(ilan);
		err = 0;
	}
	mutex_unlock(&ilan->mutex);
	return err;
}

/**
 * ila_rule_flush() - delete rules
 * @ilan: the namespace
 * @ifindex: those that name this device, or 0: all
 *
 * Process context; takes the namespace's mutex.
 */
void ila_rule_flush(struct ila_net *ilan, int ifindex)
{
	struct ila_rules *rules;
	struct rb_node *node, *next;
	struct ila_rule *rule;

	mutex_lock(&ilan->mutex);
	rules = ila_rules_locked(ilan);
	if (ifindex && !rules->n_dev)
		goto unlock;
	for (node = rb_first(&rules->sorted); node; node = next) {
		next = rb_next(node);
		rule = rb_entry(node, struct ila_rule, sorted);
		if (!ifindex || rule->key.ifindex == ifindex)
			ila_rule_remove(ilan, rules, rule, ifindex ?
					ILA_REASON_DEVICE : ILA_REASON_REQUEST);
		cond_resched();
	}
	ila_hooks_update(ilan);
	ila_rules_shrink(ilan);
unlock:
	mutex_unlock(&ilan->mutex);
}

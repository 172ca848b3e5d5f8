// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: xlat rules
 *
 * A hash table serves packets, a tree the same rules to dumps: a cursor in a
 * tree stays valid whatever is added or deleted meanwhile.
 */
#include <linux/slab.h>
#include <net/netlink.h>
#include <net/net_namespace.h>

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

static struct ila_rules *ila_rules_make(struct ila_net *ilan)
{
	struct ila_rules *rules = ila_rules_locked(ilan);
	int err;

	if (rules)
		return rules;
	rules = kzalloc(sizeof(*rules), GFP_KERNEL_ACCOUNT);
	if (!rules)
		return ERR_PTR(-ENOMEM);
	err = rhashtable_init(&rules->table, &ila_rule_params);
	if (err) {
		kfree(rules);
		return ERR_PTR(err);
	}
	rcu_assign_pointer(ilan->rules, rules);
	return rules;
}

/* Free the table with the last rule */
static void ila_rules_shrink(struct ila_net *ilan)
{
	struct ila_rules *rules = ila_rules_locked(ilan);

	if (!rules || rules->n)
		return;
	RCU_INIT_POINTER(ilan->rules, NULL);
	if (!ilan->dead)	/* then nobody looks any more */
		synchronize_rcu();
	rhashtable_destroy(&rules->table);
	kfree(rules);
}

static void ila_rule_remove(struct ila_net *ilan, struct ila_rules *rules,
			    struct ila_rule *rule)
{
	rhashtable_remove_fast(&rules->table, &rule->node, ila_rule_params);
	rb_erase(&rule->sorted, &rules->sorted);
	WRITE_ONCE(rules->n_dev, rules->n_dev - !!rule->key.ifindex);
	rules->n--;
	ilan->rule_seq++;
	ila_locator_put(ilan, rule->locator);
	kfree_rcu(rule, rcu);
}

static int ila_rule_insert(struct ila_net *ilan, struct ila_rules *rules,
			   struct ila_rule *rule,
			   struct netlink_ext_ack *extack)
{
	int err;

	if (rhashtable_lookup_fast(&rules->table, &rule->key, ila_rule_params)) {
		NL_SET_ERR_MSG(extack,
			       "a rule for this LOCATOR_MATCH and IFINDEX exists");
		return -EEXIST;
	}
	err = rhashtable_insert_fast(&rules->table, &rule->node,
				     ila_rule_params);
	if (err) {
		NL_SET_ERR_MSG(extack, "no room for another rule");
		return err;
	}
	rb_add(&rule->sorted, &rules->sorted, ila_rule_less);
	WRITE_ONCE(rules->n_dev, rules->n_dev + !!rule->key.ifindex);
	rules->n++;
	ilan->rule_seq++;
	return 0;
}

static bool ila_dev_exists(struct net *net, int ifindex)
{
	bool exists;

	rcu_read_lock();
	exists = dev_get_by_index_rcu(net, ifindex);
	rcu_read_unlock();
	return exists;
}

static struct ila_locator *ila_rule_locator(struct ila_net *ilan,
					    const struct ila_rule *rule,
					    struct netlink_ext_ack *extack)
{
	const struct ila_locator like = {
		.locator = rule->key.match,
		.sir = rule->xlat.to,
		.domain = rule->domain,
		.csum_mode = rule->xlat.csum_mode,
		.origin = ILA_ORIGIN_RULE,
		.formatted = rule->xlat.formatted,
	};

	return ila_locator_get(ilan, &like, extack);
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
	rules = ila_rules_make(ilan);
	if (IS_ERR(rules))
		return PTR_ERR(rules);

	rule->locator = ila_rule_locator(ilan, rule, extack);
	if (IS_ERR(rule->locator)) {
		err = PTR_ERR(rule->locator);
		goto shrink;
	}
	err = ila_hooks_update(ilan);
	if (err) {
		NL_SET_ERR_MSG(extack, "netfilter hooks can not be registered");
		goto put_locator;
	}
	err = ila_rule_insert(ilan, rules, rule, extack);
	if (err)
		goto put_locator;
	return 0;

put_locator:
	ila_locator_put(ilan, rule->locator);
shrink:
	ila_rules_shrink(ilan);
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
 * another domain, -ENODEV if there is no such device, -ENOMEM, -E2BIG, -EBUSY.
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

	mutex_lock(&ilan->mutex);
	err = ila_rule_add_locked(ilan, rule, extack);
	mutex_unlock(&ilan->mutex);
	if (err)
		kfree(rule);
	return err;
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

	return rules ? rhashtable_lookup_fast(&rules->table, key,
					      ila_rule_params) : NULL;
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

	for (node = rules ? rules->sorted.rb_node : NULL; node; ) {
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
		ila_rule_remove(ilan, ila_rules_locked(ilan), rule);
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
	if (!rules || (ifindex && !rules->n_dev))
		goto unlock;
	for (node = rb_first(&rules->sorted); node; node = next) {
		next = rb_next(node);
		rule = rb_entry(node, struct ila_rule, sorted);
		if (!ifindex || rule->key.ifindex == ifindex)
			ila_rule_remove(ilan, rules, rule);
		cond_resched();
	}
	ila_hooks_update(ilan);
	ila_rules_shrink(ilan);
unlock:
	mutex_unlock(&ilan->mutex);
}

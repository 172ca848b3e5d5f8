// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: netfilter hooks
 *
 * Received packets are translated before anything that remembers addresses
 * sees them (defragmentation, connection tracking, early demux). The second
 * hook, on packets this node makes itself, is for its ICMPv6 errors only.
 */
#include <linux/etherdevice.h>
#include <linux/icmpv6.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv6.h>
#include <net/dst_metadata.h>
#include <net/ila.h>

#include "ahead.h"
#include "mapping.h"
#include "rewrite.h"
#include "rule.h"

/* br_netfilter shows bridged frames to this hook as if they were received by
 * the bridge device. Those for the bridge's own address are, and will not pass
 * here again; the others are not our business.
 */
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
static inline bool ila_was_bridged(const struct sk_buff *skb)
{
	return nf_bridge_info_exists(skb);
}

static noinline bool ila_only_bridged(const struct sk_buff *skb)
{
	const struct nf_bridge_info *nf_bridge = nf_bridge_info_get(skb);

	return nf_bridge->in_prerouting && nf_bridge->pkt_otherhost &&
	       !ether_addr_equal(eth_hdr(skb)->h_dest, skb->dev->dev_addr);
}
#else
static inline bool ila_was_bridged(const struct sk_buff *skb)
{
	return false;
}

static inline bool ila_only_bridged(const struct sk_buff *skb)
{
	return false;
}
#endif

static inline bool ila_is_bridged(const struct sk_buff *skb)
{
	return unlikely(ila_was_bridged(skb)) && ila_only_bridged(skb);
}

/* Does the restored destination live elsewhere? See ILA_STRAY_ */
static bool ila_is_stray(struct net *net, struct sk_buff *skb)
{
	struct dst_entry *dst;
	bool stray;

	/* a group has no place that it could have left */
	if (ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr))
		return false;
	dst = ila_route_received(net, skb);
	stray = dst->error || ila_lwt_sends(dst) ||
		(dst_dev(dst) == skb->dev &&
		 !(dst_rt6_info(dst)->rt6i_flags & RTF_LOCAL));
	dst_release(dst);
	return stray;
}

/* Return: a verdict for netfilter; the packet is gone with NF_STOLEN */
static noinline unsigned int
ila_receive_untranslated(const struct ila_net *ilan, struct sk_buff *skb,
			 enum ila_verdict verdict)
{
	if (verdict == ILA_LEFT_ND || verdict == ILA_LEFT_TYPE) {
		ila_left(ilan, skb, verdict, true);
		return NF_ACCEPT;
	}
	/* left alone it would be routed until its hops end */
	ila_drop(ilan, skb, verdict, true);
	return NF_STOLEN;
}

static noinline unsigned int ila_receive_stray(const struct ila_net *ilan,
					       const struct ila_rule *rule,
					       struct sk_buff *skb)
{
	if (!ila_is_stray(ilan->net, skb))
		return NF_ACCEPT;
	if (rule->stray == ILA_STRAY_UNREACHABLE)
		icmpv6_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
	ila_drop(ilan, skb, ILA_REFUSED_STRAY, true);
	return NF_STOLEN;
}

/* A rule that obeys types may find that an identifier stands for an address that
 * is not of the rule's prefix. @exact is for what then is to be done.
 */
static const struct ila_xlat *ila_receive_xlat(const struct ila_net *ilan,
					       const struct ila_rule *rule,
					       const struct sk_buff *skb,
					       struct ila_xlat *exact)
{
	const struct ila_xlat *x = &rule->xlat;
	struct ila_place place;

	if (likely(x->by != ILA_BY_TYPE))
		return x;
	if (!ila_exact_restore(ilan, ila_daddr(skb),
			       x->csum_mode, rule->domain, exact, &place))
		return x;
	ila_place_use(&place, ila_now());
	return exact;
}

/* Over loopback a packet brings the route it was sent by. Segment routing that has
 * taken a header off still asks its own, and then looks for the packet's.
 */
static void ila_forget_route(struct sk_buff *skb)
{
	const struct lwtunnel_state *lwt = skb_dst(skb)->lwtstate;

	if (!lwt || lwt->type != LWTUNNEL_ENCAP_SEG6_LOCAL)
		skb_dst_drop(skb);
}

static __always_inline unsigned int
ila_receive_rewritten(const struct ila_net *ilan, const struct ila_rule *rule,
		      struct sk_buff *skb, enum ila_verdict verdict)
{
	if (unlikely(verdict != ILA_OK))
		return ila_receive_untranslated(ilan, skb, verdict);

	ila_count(ilan, ILA_STAT_IN_TRANSLATED);
	if (unlikely(skb_valid_dst(skb)))
		ila_forget_route(skb);
	if (unlikely(rule->stray != ILA_STRAY_FORWARD))
		return ila_receive_stray(ilan, rule, skb);
	return NF_ACCEPT;
}

static noinline unsigned int ila_receive_closely(const struct ila_net *ilan,
						 const struct ila_rule *rule,
						 struct sk_buff *skb)
{
	enum ila_verdict verdict;
	struct ila_xlat exact;

	if (ila_is_bridged(skb))
		return NF_ACCEPT;
	verdict = ila_rewrite_closely(skb, ila_receive_xlat(ilan, rule, skb,
							    &exact));
	return ila_receive_rewritten(ilan, rule, skb, verdict);
}

/* Of the next header nothing has to be known */
static noinline unsigned int ila_receive_quick(const struct ila_net *ilan,
					       const struct ila_rule *rule,
					       struct sk_buff *skb)
{
	if (ila_is_bridged(skb))
		return NF_ACCEPT;
	return ila_receive_rewritten(ilan, rule, skb,
				     ila_rewrite_sum(skb, &rule->xlat));
}

/* What a plain rule does to a packet whose header is its own */
static __always_inline unsigned int
ila_receive_plain(const struct ila_net *ilan, const struct ila_rule *rule,
		  struct sk_buff *skb)
{
	struct ila_addr *daddr = ila_daddr(skb);

	daddr->upper = rule->xlat.to;
	daddr->ident = ila_ident_add(daddr->ident, rule->xlat.adj, true);
	ila_count(ilan, ILA_STAT_IN_TRANSLATED);
	return NF_ACCEPT;
}

static noinline unsigned int ila_receive_cloned(const struct ila_net *ilan,
						const struct ila_rule *rule,
						struct sk_buff *skb)
{
	if (unlikely(!ila_own_header(skb)))
		return ila_receive_untranslated(ilan, skb, ILA_REFUSED_NOMEM);
	return ila_receive_plain(ilan, rule, skb);
}

static __always_inline unsigned int
ila_receive_unruled(struct ila_net *ilan, struct sk_buff *skb,
		    const struct nf_hook_state *state)
{
	/* asked only whether there is one, in one instruction */
	if (data_race(ilan->ahead))
		ila_ahead_receive(ilan, skb, state);
	return NF_ACCEPT;
}

/* Where the first look did not tell */
static noinline unsigned int
ila_receive_search(struct ila_net *ilan, struct sk_buff *skb,
		   const struct nf_hook_state *state)
{
	const struct ila_rule *rule = ila_rule_lookup(ilan, skb, state->in);

	if (!rule)
		return ila_receive_unruled(ilan, skb, state);
	return rule->xlat.quick ? ila_receive_quick(ilan, rule, skb) :
				  ila_receive_closely(ilan, rule, skb);
}

/* Packets that can be ICMPv6 errors, whatever their destination; and others, for which
 * ila_may_look_at() is true in vain
 */
static noinline unsigned int
ila_receive_icmp(struct ila_net *ilan, struct sk_buff *skb,
		 const struct nf_hook_state *state)
{
	const struct ila_rule *rule;
	unsigned int ret = NF_ACCEPT;

	if (!ila_looks_at(ipv6_hdr(skb)->nexthdr))
		return ila_receive_search(ilan, skb, state);
	ila_ahead_prefetch(ilan, ila_daddr(skb));
	rule = ila_rule_lookup(ilan, skb, state->in);
	if (rule)
		ret = ila_receive_closely(ilan, rule, skb);
	if (ret == NF_ACCEPT && !ila_is_bridged(skb))
		ila_icmp_restore(ilan, skb, state->in);
	return ret;
}

/* Every packet comes here; what is called is called last */
static unsigned int ila_receive(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	const __be64 match = ila_daddr(skb)->upper;
	const struct ila_rule_slot *slot;
	const struct ila_rules *rules;
	const struct ila_rule *rule;
	struct ila_net *ilan = priv;

	if (unlikely(ila_may_look_at(ipv6_hdr(skb)->nexthdr)))
		return ila_receive_icmp(ilan, skb, state);
	rules = rcu_dereference(ilan->rules);
	slot = &rules->slots[ila_rule_hash(rules, match)];
	rule = ila_slot_rule(slot);
	if (!rule)
		return ila_receive_unruled(ilan, skb, state);
	if (likely(ila_slot_decides(slot, rule, rules, match, skb))) {
		if (likely(rule->plain && !ila_was_bridged(skb) &&
			   !skb->_skb_refdst && !trace_ila_translate_enabled()))
			return likely(!skb_shared(skb) && !skb->cloned) ?
			       ila_receive_plain(ilan, rule, skb) :
			       ila_receive_cloned(ilan, rule, skb);
		if (rule->xlat.quick && !rule->key.ifindex)
			return ila_receive_quick(ilan, rule, skb);
	}
	return ila_receive_search(ilan, skb, state);
}

static unsigned int ila_send_error(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	if (unlikely(ipv6_hdr(skb)->nexthdr == IPPROTO_ICMPV6))
		ila_icmp_restore(priv, skb, state->out);
	return NF_ACCEPT;
}

/* Before defragmentation and connection tracking, so that they see SIR */
static const struct nf_hook_ops ila_hooks[] = {
	{
		.hook = ila_receive,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP6_PRI_CONNTRACK_DEFRAG - 1,
	}, {
		.hook = ila_send_error,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP6_PRI_CONNTRACK_DEFRAG - 1,
	},
};

/**
 * ila_hooks_update() - have the hooks exactly while there is use for them
 * @ilan: the namespace, its mutex held
 *
 * Return: 0, or a negative error if they could not be registered.
 */
int ila_hooks_update(struct ila_net *ilan)
{
	bool wanted = !ilan->dead && (READ_ONCE(ilan->n_claims) ||
				      ilan->locators.n || ilan->moved.n);
	int err;

	lockdep_assert_held(&ilan->mutex);
	if (wanted == ilan->hooked)
		return 0;
	if (wanted) {
		err = nf_register_net_hooks(ilan->net, ilan->hooks,
					    ARRAY_SIZE(ilan->hooks));
		if (err)
			return err;
	} else {
		nf_unregister_net_hooks(ilan->net, ilan->hooks,
					ARRAY_SIZE(ilan->hooks));
	}
	ilan->hooked = wanted;
	return 0;
}

static void ila_unhook(struct work_struct *work)
{
	struct ila_net *ilan = container_of(work, struct ila_net, unhook);

	mutex_lock(&ilan->mutex);
	ila_hooks_update(ilan);
	mutex_unlock(&ilan->mutex);
}

/**
 * ila_hooks_init() - prepare the hooks of a namespace
 * @ilan: the namespace
 */
void ila_hooks_init(struct ila_net *ilan)
{
	int i;

	BUILD_BUG_ON(ARRAY_SIZE(ila_hooks) != ARRAY_SIZE(ilan->hooks));
	for (i = 0; i < ARRAY_SIZE(ila_hooks); i++) {
		ilan->hooks[i] = ila_hooks[i];
		ilan->hooks[i].priv = ilan;
	}
	INIT_WORK(&ilan->unhook, ila_unhook);
}

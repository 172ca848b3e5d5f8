// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: the fast path
 *
 * The route of a locator is kept, and so is the table route of a prefix: what is left
 * of a packet's way is the way. Where a namespace asks for it, the first hook gives a
 * packet to an address below such a prefix a route of ours, and by that it comes back
 * and goes straight to the locator's next hop. Network cards hand over packets many
 * at a time, and all of them pass the hook before the first comes back: the memory of
 * their mappings is waited for together.
 *
 * Nothing may come of it but speed. So a packet goes the long way unless it is
 * plain in every respect that ip6_forward() and the table route's output care for,
 * and there is nobody in the namespace who would see it on the way: no hook of
 * netfilter but ours on the way in, none on the way through, no IPsec policy, no
 * rule for routes. Hooks on the way out see it as ever. Whatever has to be said to
 * a sender is said on the long way.
 */
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/xfrm.h>

#include "ahead.h"
#include "fast.h"
#include "hit.h"
#include "rewrite.h"
#include "send.h"

/* Forwarding
 */

/* Are packets to be forwarded, and nothing else to be done to them? And is there
 * nobody on the way who would see them? The locator's next hop has those in
 * POST_ROUTING see it on either way; AppArmor has one there in every namespace.
 */
static bool ila_fast_applies(struct net *net)
{
	return !rcu_access_pointer(net->nf.hooks_ipv6[NF_INET_FORWARD]) &&
	       READ_ONCE(net->ipv6.devconf_all->forwarding) &&
	       !READ_ONCE(net->ipv6.devconf_all->proxy_ndp) &&
	       !ila_has_policy(net, XFRM_POLICY_FWD) &&
	       !ila_has_policy(net, XFRM_POLICY_OUT);
}

/* Global unicast 2000::/3, or unique local fc00::/7: not to be looked at twice */
static bool ila_fast_source(const struct in6_addr *saddr)
{
	return (saddr->s6_addr[0] & 0xe0) == 0x20 ||
	       (saddr->s6_addr[0] & 0xfe) == 0xfc;
}

static bool ila_fast_is_plain(struct sk_buff *skb)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);

#ifdef CONFIG_NET_SWITCHDEV
	if (skb->offload_l3_fwd_mark)
		return false;
#endif
	return skb->pkt_type == PACKET_HOST && !skb->sk &&
	       !skb->ignore_df && !skb_has_extensions(skb) &&
	       !skb_metadata_len(skb) &&
	       hdr->hop_limit > 1 && !ila_looks_at(hdr->nexthdr) &&
	       ila_fast_source(&hdr->saddr) &&
	       !(skb_is_gso(skb) && !skb_shinfo(skb)->gso_type);
}

static bool ila_fast_fits(const struct sk_buff *skb,
			  const struct dst_entry *dst)
{
	unsigned int mtu;

	if (skb->len <= IPV6_MIN_MTU)
		return true;
	/* of packets that are forwarded, nobody asks for what was learned of their
	 * address; but if the route says that it is to be asked
	 */
	if (dst_metric_locked(dst, RTAX_MTU) && ila_dst_has_exceptions(dst))
		return false;
	mtu = ip6_dst_mtu_maybe_forward(dst, true);
	return !ila_too_big(skb, max_t(unsigned int, mtu, IPV6_MIN_MTU));
}

/* Send a packet whose translation is known. Return: false if it is as it was. */
static __always_inline bool ila_fast_send(struct ila_net *ilan, struct net *net,
					  struct sk_buff *skb,
					  const struct ila_locator *loc,
					  const struct ila_xlat *x,
					  struct dst_entry *route)
{
	struct dst_entry *dst = ila_kept_dst(&this_cpu_ptr(loc->cpu)->kept, net);

	if (!dst || ila_checksum_is_due(x, skb) ||
	    !ila_fast_fits(skb, route) || !ila_fast_fits(skb, dst))
		return false;

	skb_forward_csum(skb);
	if (unlikely(ila_rewrite(skb, x) != ILA_OK))
		return false;
	ipv6_hdr(skb)->hop_limit--;
	ip6_route_count_forwarded(net, route, skb);
	ila_count(ilan, ILA_STAT_OUT_FASTPATH);
	ila_count_sent(ilan, loc, skb);
	skb_clear_tstamp(skb);
	ila_way_go(net, NULL, skb, dst, true);
	return true;
}

/* Where there is something to choose or to make */
static noinline bool ila_fast_closely(struct ila_net *ilan, struct net *net,
				      struct sk_buff *skb, unsigned long ref,
				      struct dst_entry *route)
{
	const struct ila_tunnel *tunnel = ila_dst_tunnel(route);
	struct ila_hit hit = { .ref = ref };

	return ila_hit_next(&hit, net, skb) &&
	       ila_hit_xlat(&hit, tunnel->route_csum, tunnel->ident_type,
			    ila_daddr(skb)) == ILA_OK &&
	       ila_fast_send(ilan, net, skb, hit.loc, hit.x, route);
}

/* Return: true if the packet is gone; else it is as it was */
static __always_inline bool ila_fast_forward(struct ila_net *ilan,
					     struct net *net,
					     struct sk_buff *skb,
					     struct dst_entry *route, u32 now)
{
	const struct ila_tunnel *tunnel = ila_dst_tunnel(route);
	const struct ila_addr *daddr = ila_daddr(skb);
	const struct ila_locator *loc;
	const struct ila_xlat *x;
	unsigned long ref;

	ref = ila_hit_ref(ilan, daddr, tunnel->domain, now);
	if (!ref)
		return false;
	loc = ila_hit_plain(ref, tunnel, daddr, &x);
	if (unlikely(!loc))
		return ila_fast_closely(ilan, net, skb, ref, route);
	return ila_fast_send(ilan, net, skb, loc, x, route);
}

/* The long way, from where this one began. What is kept for the prefix is not taken
 * for the route: something may have been learned of this one address.
 */
static noinline int ila_fast_leave(struct net *net, struct sk_buff *skb)
{
	IP6CB(skb)->flags &= ~IP6SKB_MULTIPATH;
	skb_dst_drop(skb);
	skb_dst_set(skb, ila_route_received(net, skb));
	return dst_input(skb);
}

/* The input of the entry: BH is off, RCU read side, the same as at the hook */
static int ila_fast_input(struct sk_buff *skb)
{
	struct net *net = dev_net(skb->dev);
	struct ila_net *ilan = ila_net_find(net);
	__be64 upper = ila_daddr(skb)->upper;
	struct ila_ahead *ahead = ila_ahead_place(ilan->ahead, upper);
	struct dst_entry *route = ila_ahead_route(ahead, net, upper);
	u32 now = ila_now();

	if (likely(route && dst_dev(route) != skb->dev) &&
	    likely(ila_fast_forward(ilan, net, skb, route, now))) {
		ila_ahead_use(ahead, now);
		return NET_RX_SUCCESS;
	}
	return ila_fast_leave(net, skb);
}

/**
 * ila_fast_receive() - have a packet come back by the fast path, if it may
 * @ilan: the namespace
 * @skb: the packet, received, without extension headers; its destination alone
 *	decides on its route
 * @net: the namespace
 *
 * RCU read side, BH off.
 *
 * Return: true if it will.
 */
bool ila_fast_receive(const struct ila_net *ilan, struct sk_buff *skb,
		      struct net *net)
{
	struct dst_entry *entry = rcu_dereference(ilan->fast);

	if (!entry || !ila_fast_applies(net) || !ila_fast_is_plain(skb))
		return false;
	/* or the next packet to this address is given the entry, unasked */
	IP6CB(skb)->flags |= IP6SKB_MULTIPATH;
	skb_dst_set_noref(skb, entry);
	return true;
}

/* On and off
 */

/**
 * ila_fast_on() - turn the fast path on
 * @ilan: the namespace, its mutex held
 *
 * Return: 0 or -ENOMEM.
 */
int ila_fast_on(struct ila_net *ilan)
{
	struct rt6_info *entry;

	if (ila_fast_is_on(ilan))
		return 0;
	/* in no table, and of no device of the namespace */
	entry = ip6_dst_alloc(ilan->net, blackhole_netdev, DST_NOCOUNT);
	if (!entry)
		return -ENOMEM;
	entry->dst.input = ila_fast_input;
	rcu_assign_pointer(ilan->fast, &entry->dst);
	return 0;
}

/**
 * ila_fast_off() - turn the fast path off
 * @ilan: the namespace, its mutex held
 *
 * Return: what is to be given to ila_fast_put() when an RCU grace period is over and
 * all packets have come back; or NULL.
 */
struct dst_entry *ila_fast_off(struct ila_net *ilan)
{
	return rcu_replace_pointer(ilan->fast, NULL,
				   lockdep_is_held(&ilan->mutex));
}

/**
 * ila_fast_put() - give up what ila_fast_off() returned
 * @entry: it, or NULL
 */
void ila_fast_put(struct dst_entry *entry)
{
	if (!entry)
		return;
	/* a packet may yet hold it, where IPsec put it off: then that drops it */
	dst_dev_put(entry);
	dst_release(entry);
}

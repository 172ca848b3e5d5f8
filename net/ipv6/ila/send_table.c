// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: sending by table routes
 *
 * The mapping of the destination says the locator, and the locator's own route
 * the way. Without a mapping, and where no locator can be reached, the route's
 * miss policy says what to do.
 */
#include <linux/icmpv6.h>
#include <linux/skbuff.h>
#include <net/ip6_route.h>
#include <net/xfrm.h>

#include "ahead.h"
#include "event.h"
#include "hit.h"
#include "rewrite.h"
#include "send.h"

/* No mapping
 */

/* A route without a gateway on a link that has neighbours would look for each
 * identifier that somebody tries there. Groups are no neighbours.
 */
static u8 ila_miss_auto(const struct dst_entry *dst)
{
	const struct rt6_info *rt = dst_rt6_info(dst);

	if (rt->rt6i_flags & RTF_GATEWAY ||
	    ipv6_addr_is_multicast(&rt->rt6i_dst.addr) ||
	    dst_dev(dst)->flags & (IFF_NOARP | IFF_LOOPBACK))
		return ILA_MISS_FORWARD;
	return ILA_MISS_UNREACHABLE;
}

/**
 * ila_miss_policy() - what a table route does without a mapping
 * @tunnel: the route's tunnel state
 * @dst: the route
 *
 * Return: ILA_MISS_, not AUTO.
 */
u8 ila_miss_policy(const struct ila_tunnel *tunnel, const struct dst_entry *dst)
{
	return tunnel->miss ?: READ_ONCE(tunnel->ilan->config.miss) ?:
	       ila_miss_auto(dst);
}

static noinline int ila_output_miss(struct lwtunnel_state *lwt, struct net *net,
				    struct sock *sk, struct sk_buff *skb)
{
	struct ila_tunnel *tunnel = ila_tunnel(lwt);
	u8 policy = ila_miss_policy(tunnel, skb_dst(skb));
	struct ila_net *ilan = tunnel->ilan;

	if (unlikely(READ_ONCE(ilan->config.miss_rate)))
		ila_misses_note(ilan, ila_daddr(skb), tunnel->domain);
	if (policy == ILA_MISS_FORWARD) {
		ila_count(ilan, ILA_STAT_MISS_FORWARDED);
		return ila_output_plain(net, sk, skb);
	}
	if (policy == ILA_MISS_UNREACHABLE) {
		/* of what is sent here, the stack has not said the device yet */
		if (!ila_is_forwarded(sk, skb))
			skb->dev = dst_dev(skb_dst(skb));
		icmpv6_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
	}
	ila_drop(ilan, skb, ILA_REFUSED_MISS, false);
	return -EHOSTUNREACH;
}

static noinline int ila_output_unmapped(struct lwtunnel_state *lwt,
					struct net *net, struct sock *sk,
					struct sk_buff *skb)
{
	/* somebody else's header: who sent it has asked nothing */
	if (unlikely(!ila_dst_leads(skb)))
		return ila_output_plain(net, sk, skb);
	if (ila_tunnel(lwt)->ident_type == ILA_ATYPE_USE_FORMAT &&
	    !ila_ident_type_ok(ila_ident_type(ila_daddr(skb)->ident)))
		return ila_send_refused(lwt, net, sk, skb, ILA_LEFT_TYPE);
	return ila_output_miss(lwt, net, sk, skb);
}

/* A mapping
 */

static int ila_output_by(struct lwtunnel_state *lwt, struct net *net,
			 struct sock *sk, struct sk_buff *skb,
			 const struct ila_locator *loc,
			 const struct ila_way *way)
{
	int ret;

	if (!ila_way_translate(lwt, net, sk, skb, way, &ret))
		return ret;
	ila_count_sent(ila_tunnel(lwt)->ilan, loc, skb);
	return ila_way_go(net, sk, skb, way->dst, way->noref);
}

/* Return: 0, or a negative error if there is no way to the locator */
static int ila_output_way(const struct ila_tunnel *tunnel, struct net *net,
			  struct sock *sk, struct sk_buff *skb,
			  const struct ila_hit *hit, struct ila_way *way)
{
	way->x = hit->x;
	return ila_way_get(tunnel, way, &hit->loc->cpu->kept, net, sk, skb);
}

/* There was no way: another locator, or none at all */
static int ila_output_again(struct lwtunnel_state *lwt, struct net *net,
			    struct sock *sk, struct sk_buff *skb,
			    struct ila_hit *hit, struct ila_way *way, int err)
{
	struct ila_tunnel *tunnel = ila_tunnel(lwt);

	for (; err; err = ila_output_way(tunnel, net, sk, skb, hit, way)) {
		if (way->verdict != ILA_OK)
			return ila_send_refused(lwt, net, sk, skb,
						way->verdict);
		if (ila_route_refuses(err))
			return ila_output_noroute(tunnel->ilan, sk, skb, err);
		if (!ila_hit_next(hit, net, skb))
			return ila_output_miss(lwt, net, sk, skb);
		ila_hit_xlat(hit, tunnel->route_csum, tunnel->ident_type,
			     ila_daddr(skb));
	}
	ila_count(tunnel->ilan, ILA_STAT_OUT_FAILED_OVER);
	return ila_output_by(lwt, net, sk, skb, hit->loc, way);
}

/* Whatever there is to choose, to make, to look up, or to refuse */
static noinline int ila_output_closely(struct lwtunnel_state *lwt,
				       struct net *net, struct sock *sk,
				       struct sk_buff *skb, unsigned long ref)
{
	struct ila_tunnel *tunnel = ila_tunnel(lwt);
	struct ila_hit hit = { .ref = ref };
	enum ila_verdict verdict;
	struct ila_way way;
	int err;

	if (!ila_hit_next(&hit, net, skb))
		return ila_output_miss(lwt, net, sk, skb);
	verdict = ila_hit_xlat(&hit, tunnel->route_csum, tunnel->ident_type,
			       ila_daddr(skb));
	if (verdict != ILA_OK)
		return ila_send_refused(lwt, net, sk, skb, verdict);
	if (ila_checksum_is_due(hit.x, skb) &&
	    !ila_checksum_now(lwt, net, sk, skb, ila_output_table, &err))
		return err;
	err = ila_output_way(tunnel, net, sk, skb, &hit, &way);
	if (err)
		return ila_output_again(lwt, net, sk, skb, &hit, &way, err);
	return ila_output_by(lwt, net, sk, skb, hit.loc, &way);
}

/**
 * ila_output_table() - send by a table route
 * @lwt: the route's tunnel state
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet, which is taken
 *
 * BH off, RCU read side. Most packets have a mapping to one locator, whose route
 * is kept.
 *
 * Return: 0, NET_XMIT_ or an error for the sender.
 */
int ila_output_table(struct lwtunnel_state *lwt, struct net *net,
		     struct sock *sk, struct sk_buff *skb)
{
	struct ila_tunnel *tunnel = ila_tunnel(lwt);
	struct ila_net *ilan = tunnel->ilan;
	const struct ila_locator *loc;
	const struct ila_xlat *x;
	enum ila_verdict verdict;
	struct dst_entry *dst;
	u32 now = ila_now();
	unsigned long ref;
	int err;

	ref = ila_hit_ref(ilan, ila_daddr(skb), tunnel->domain, now);
	if (unlikely(!ref))
		return ila_output_unmapped(lwt, net, sk, skb);
	if (ila_is_forwarded(sk, skb))
		ila_ahead_note(ilan, net, skb, tunnel->domain, now);
	loc = ila_hit_plain(ref, tunnel, ila_daddr(skb), &x);
	if (unlikely(!loc || !ila_is_plain(x, skb)))
		return ila_output_closely(lwt, net, sk, skb, ref);
	dst = ila_way_kept(net, sk, &loc->cpu->kept);
	if (unlikely(!dst))
		return ila_output_closely(lwt, net, sk, skb, ref);
	err = ila_way_check(lwt, sk, skb, dst);
	if (unlikely(err))
		return err;
	verdict = ila_rewrite_quick(skb, x);
	if (unlikely(verdict != ILA_OK))
		return ila_send_refused(lwt, net, sk, skb, verdict);
	ila_count_sent(ilan, loc, skb);
	return ila_way_go(net, sk, skb, dst, true);
}

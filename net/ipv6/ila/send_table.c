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

#include "event.h"
#include "fast.h"
#include "hit.h"
#include "rewrite.h"
#include "send.h"

static const struct ila_addr *ila_daddr(const struct sk_buff *skb)
{
	return (const struct ila_addr *)&ipv6_hdr(skb)->daddr;
}

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

/* Send a packet as it is, where its own route leads */
static int ila_output_left(struct lwtunnel_state *lwt, struct net *net,
			   struct sock *sk, struct sk_buff *skb,
			   enum ila_verdict verdict)
{
	ila_left(ila_tunnel(lwt)->ilan, skb, verdict, false);
	return lwt->orig_output(net, sk, skb);
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
		return lwt->orig_output(net, sk, skb);
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

/* A mapping
 */

/* Keep a route for the other addresses of the locator, if it is theirs too. It
 * may have changed since it was looked up, so that is done again: what is kept
 * was the answer at a time for which it can be checked.
 */
static noinline void ila_keep_route(const struct ila_locator *loc,
				    struct net *net, struct sock *sk,
				    struct sk_buff *skb,
				    const struct ila_addr *daddr,
				    const struct dst_entry *dst)
{
	struct ila_sernums at;
	struct dst_entry *again;

	ila_route_sernums(net, dst, &at);
	if (!ila_route_cacheable(dst) ||
	    !ila_route_covers(ila_locator_value(loc), net, dst))
		return;
	again = ila_route(net, sk, skb, daddr);
	if (IS_ERR(again))
		return;
	if (again == dst)
		ila_locator_keep_dst(loc, again, &at);
	else
		dst_release(again);
}

/**
 * struct ila_way - where a packet is sent
 * @dst: the route
 * @noref: the packet gets no reference of it
 * @verdict: ILA_OK, or why it can not be sent anywhere
 */
struct ila_way {
	struct dst_entry *dst;
	bool noref;
	enum ila_verdict verdict;
};

/* Return: 0, or a negative error if there is no way to the locator */
static int ila_way_find(const struct ila_tunnel *tunnel, struct ila_hit *hit,
			struct net *net, struct sock *sk, struct sk_buff *skb,
			struct ila_way *way)
{
	bool keeps = !ila_route_varies(net) && !READ_ONCE(tunnel->ilan->dead) &&
		     !(sk && sk->sk_bound_dev_if);
	struct ila_addr daddr;

	way->verdict = ILA_OK;
	if (likely(keeps)) {
		way->dst = ila_locator_dst(hit->loc, net);
		way->noref = true;
		if (likely(way->dst))
			return 0;
	}
	way->verdict = ila_xlat_addr(&hit->xlat, ila_daddr(skb), &daddr);
	if (way->verdict != ILA_OK)
		return -EINVAL;
	way->noref = false;
	way->dst = ila_route(net, sk, skb, &daddr);
	if (IS_ERR(way->dst))
		return PTR_ERR(way->dst);
	if (ila_lwt_sends(xfrm_dst_path(way->dst))) {
		dst_release(way->dst);
		return -ELOOP;
	}
	if (keeps)
		ila_keep_route(hit->loc, net, sk, skb, &daddr, way->dst);
	return 0;
}

static void ila_way_release(const struct ila_way *way)
{
	if (!way->noref)
		dst_release(way->dst);
}

static int ila_output_by(struct lwtunnel_state *lwt, struct net *net,
			 struct sock *sk, struct sk_buff *skb,
			 const struct ila_hit *hit, const struct ila_way *way)
{
	struct ila_net *ilan = ila_tunnel(lwt)->ilan;
	enum ila_verdict verdict;
	int err;

	err = ila_check_mtu(ilan, sk, skb, way->dst);
	if (unlikely(err)) {
		ila_way_release(way);
		return err;
	}
	verdict = ila_rewrite(skb, &hit->xlat);
	if (unlikely(verdict != ILA_OK)) {
		ila_way_release(way);
		if (verdict == ILA_LEFT_ND)
			return ila_output_left(lwt, net, sk, skb, verdict);
		ila_drop(ilan, skb, verdict, false);
		return -EINVAL;
	}

	ila_count_sent(ilan, hit->loc, skb);
	skb_dst_drop(skb);
	if (way->noref)
		skb_dst_set_noref(skb, way->dst);
	else
		skb_dst_set(skb, way->dst);
	return dst_output(net, sk, skb);
}

/* Not translated, for what its identifier is */
static noinline int ila_output_refused(struct lwtunnel_state *lwt,
				       struct net *net, struct sock *sk,
				       struct sk_buff *skb,
				       enum ila_verdict verdict)
{
	if (verdict == ILA_LEFT_TYPE)
		return ila_output_left(lwt, net, sk, skb, verdict);
	ila_drop(ila_tunnel(lwt)->ilan, skb, verdict, false);
	return -EINVAL;
}

/* There was no way: another locator, or none at all */
static noinline int ila_output_again(struct lwtunnel_state *lwt, struct net *net,
				     struct sock *sk, struct sk_buff *skb,
				     struct ila_hit *hit, struct ila_way *way,
				     int err)
{
	struct ila_tunnel *tunnel = ila_tunnel(lwt);

	for (; err; err = ila_way_find(tunnel, hit, net, sk, skb, way)) {
		if (way->verdict != ILA_OK)
			return ila_output_refused(lwt, net, sk, skb,
						  way->verdict);
		if (err == -ELOOP) {
			ila_drop(tunnel->ilan, skb, ILA_REFUSED_LOOP, false);
			return err;
		}
		if (ila_route_refuses(err))
			return ila_output_noroute(tunnel->ilan, sk, skb, err);
		if (!ila_hit_next(hit, skb))
			return ila_output_miss(lwt, net, sk, skb);
		ila_hit_xlat(hit, tunnel->xlat.csum_mode, tunnel->ident_type,
			     ila_daddr(skb));
	}
	ila_count(tunnel->ilan, ILA_STAT_OUT_FAILED_OVER);
	return ila_output_by(lwt, net, sk, skb, hit, way);
}

static noinline int ila_output_unmapped(struct lwtunnel_state *lwt,
					struct net *net, struct sock *sk,
					struct sk_buff *skb)
{
	if (ila_tunnel(lwt)->ident_type == ILA_ATYPE_USE_FORMAT &&
	    !ila_ident_type_ok(ila_ident_type(ila_daddr(skb)->ident)))
		return ila_output_left(lwt, net, sk, skb, ILA_LEFT_TYPE);
	return ila_output_miss(lwt, net, sk, skb);
}

/**
 * ila_output_table() - send by a table route
 * @lwt: the route's tunnel state
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet, which is taken
 *
 * BH off, RCU read side.
 *
 * Return: 0 or an error for the sender.
 */
int ila_output_table(struct lwtunnel_state *lwt, struct net *net,
		     struct sock *sk, struct sk_buff *skb)
{
	struct ila_tunnel *tunnel = ila_tunnel(lwt);
	enum ila_verdict verdict;
	struct ila_hit hit;
	struct ila_way way;
	int err;

	if (unlikely(!ila_hit_find(tunnel->ilan, ila_daddr(skb), tunnel->domain,
				   &hit)))
		return ila_output_unmapped(lwt, net, sk, skb);
	if (unlikely(ila_fast_is_on(tunnel->ilan)) && ila_is_forwarded(sk, skb))
		ila_fast_learn(tunnel->ilan, net, skb);
	if (unlikely(!ila_hit_next(&hit, skb)))
		return ila_output_miss(lwt, net, sk, skb);
	verdict = ila_hit_xlat(&hit, tunnel->xlat.csum_mode, tunnel->ident_type,
			       ila_daddr(skb));
	if (unlikely(verdict != ILA_OK))
		return ila_output_refused(lwt, net, sk, skb, verdict);
	err = ila_checksum_now(lwt, net, sk, skb, &hit.xlat, ila_output_table);
	if (unlikely(err <= 0))
		return err;
	err = ila_way_find(tunnel, &hit, net, sk, skb, &way);
	if (unlikely(err))
		return ila_output_again(lwt, net, sk, skb, &hit, &way,
					err);
	return ila_output_by(lwt, net, sk, skb, &hit, &way);
}

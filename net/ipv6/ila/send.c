// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: sending by routes that translate
 */
#include <linux/icmpv6.h>
#include <linux/skbuff.h>
#include <net/gso.h>
#include <net/ip6_route.h>
#include <net/xfrm.h>

#include "rewrite.h"
#include "send.h"

/**
 * ila_consumed() - what a tunnel's operation may return
 * @err: an error of a function that took the packet
 *
 * Return: another error for the one with which lwtunnel would free it again.
 */
int ila_consumed(int err)
{
	return err == -EOPNOTSUPP ? -EHOSTUNREACH : err;
}

/**
 * ila_output_plain() - send a packet by its route as if that did not translate
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet, which is taken
 *
 * The tunnel state's orig_output may be of IPv4: such routes can share the nexthop.
 *
 * Return: 0, NET_XMIT_ or an error for the sender.
 */
int ila_output_plain(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	bool own = dev_recursion_level() &&
		   ((sk == skb->sk && ila_is_ipv6_sk(sk)) ||
		    ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr));
	int ret;

	if (likely(!own))
		return ip6_output(net, sk, skb);
	/* What a device sends by another one is not for members on this node, nor is
	 * its path MTU for the socket to ignore. To lwtunnel_output() this is that.
	 */
	dev_xmit_recursion_dec();
	ret = ip6_output(net, sk, skb);
	dev_xmit_recursion_inc();
	return ret;
}

/**
 * ila_output_noroute() - a packet can not be sent to its locator
 * @ilan: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet, which is taken
 * @err: why: what ila_route() said
 *
 * The sender of a forwarded packet gets an ICMPv6 error.
 *
 * Return: @err.
 */
int ila_output_noroute(const struct ila_net *ilan, const struct sock *sk,
		       struct sk_buff *skb, int err)
{
	if (ila_is_forwarded(sk, skb) && err != -EINVAL)
		icmpv6_send(skb, ICMPV6_DEST_UNREACH,
			    err == -EACCES ? ICMPV6_ADM_PROHIBITED :
					     ICMPV6_NOROUTE, 0);
	ila_drop(ilan, skb, ILA_REFUSED_NOROUTE, false);
	return err;
}

/**
 * ila_too_big() - is a packet too big for a path?
 * @skb: the packet
 * @mtu: of the path
 *
 * Return: true if so.
 */
bool ila_too_big(const struct sk_buff *skb, unsigned int mtu)
{
	if (skb->len <= mtu)
		return false;
	if (IP6CB(skb)->frag_max_size > mtu)
		return true;
	if (skb->ignore_df || IP6CB(skb)->flags & IP6SKB_FAKEJUMBO)
		return false;
	return !skb_is_gso(skb) || !skb_gso_validate_network_len(skb, mtu);
}

/* Behind this point the SIR route, and with it the path MTU learned for the SIR
 * address, is forgotten. Fragments of a datagram still have to obey it, if it is the
 * smaller one.
 */
static void ila_limit_fragments(const struct sock *sk, struct sk_buff *skb,
				unsigned int mtu)
{
	unsigned int sir_mtu = dst_mtu(skb_dst(skb));
	u16 *limit = &IP6CB(skb)->frag_max_size;

	if (likely(sir_mtu >= mtu) || skb->len <= sir_mtu || !skb->ignore_df ||
	    skb_is_gso(skb))
		return;
	if (ila_is_ipv6_sk(sk) && !ip6_sk_accept_pmtu(sk))
		return;
	sir_mtu = max_t(unsigned int, sir_mtu, IPV6_MIN_MTU);
	*limit = min_not_zero(*limit, (u16)sir_mtu);
}

/**
 * ila_check_mtu() - does a packet fit the path to the locator?
 * @ilan: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet, not translated yet, larger than what every link takes
 * @dst: its route to the locator
 *
 * That can be narrower than the route of the SIR address promised. To be said
 * before the packet is rewritten, so that it is the SIR address that a Packet
 * Too Big quotes and that the path MTU is filed under.
 *
 * Return: 0; or -EMSGSIZE, and the packet is gone.
 */
int ila_check_mtu(const struct ila_net *ilan, const struct sock *sk,
		  struct sk_buff *skb, const struct dst_entry *dst)
{
	bool forwarded = ila_is_forwarded(sk, skb);
	unsigned int mtu;

	mtu = forwarded ? ip6_dst_mtu_maybe_forward(dst, true) : dst_mtu(dst);
	mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	if (likely(!ila_too_big(skb, mtu))) {
		if (!forwarded)
			ila_limit_fragments(sk, skb, mtu);
		return 0;
	}

	if (forwarded)
		icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
	else
		skb_dst_update_pmtu_no_confirm(skb, mtu);
	ila_drop(ilan, skb, ILA_REFUSED_TOOBIG, false);
	return -EMSGSIZE;
}

/* The device of a packet that is sent here is said when it is output. GSO of what is in
 * another header asks it before.
 */
static void ila_say_device(struct sk_buff *skb)
{
	if (!skb->dev)
		skb->dev = dst_dev(skb_dst(skb));
}

/* Keep a route for other packets, if it is theirs too. It may have changed since it
 * was looked up, so that is done again: what is kept was the answer at a time for
 * which it can be checked.
 */
static void ila_way_keep(struct ila_kept *kept, const struct ila_way *way,
			 struct net *net, struct sock *sk, struct sk_buff *skb,
			 const struct ila_addr *daddr, bool exact)
{
	struct dst_entry *again;
	struct ila_sernums at;

	ila_route_sernums(net, way->dst, &at);
	/* a policy that comes later than that makes them other ones */
	if (!ila_way_keeps(net, sk) || !ila_route_cacheable(way->dst) ||
	    !ila_route_covers(daddr, exact ? 128 : 64, net, way->dst))
		return;
	again = ila_route(net, sk, skb, daddr);
	if (IS_ERR(again))
		return;
	if (again == way->dst)
		ila_kept_set(kept, again, &at);
	else
		dst_release(again);
}

/* Look the route up. Return: as ila_way_get(). */
static int ila_way_find(const struct ila_tunnel *tunnel, struct ila_way *way,
			struct ila_kept *kept, struct net *net,
			struct sock *sk, struct sk_buff *skb)
{
	struct ila_addr daddr;

	way->noref = false;
	way->verdict = ila_xlat_addr(way->x, ila_daddr(skb), &daddr);
	if (way->verdict != ILA_OK)
		return -EINVAL;
	way->dst = ila_route(net, sk, skb, &daddr);
	if (IS_ERR(way->dst))
		return PTR_ERR(way->dst);
	if (ila_lwt_sends(xfrm_dst_path(way->dst))) {
		dst_release(way->dst);
		way->verdict = ILA_REFUSED_LOOP;
		return -ELOOP;
	}
	if (!READ_ONCE(tunnel->ilan->dead))
		ila_way_keep(kept, way, net, sk, skb, &daddr, tunnel->exact);
	return 0;
}

/**
 * ila_way_get() - the route of a packet that is to be translated
 * @tunnel: the tunnel state it is sent by
 * @way: what becomes of it; and the answer
 * @kept: where the route is kept
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet
 *
 * BH off, RCU read side.
 *
 * Return: 0; or a negative error, and the way's verdict says if the packet is not
 * to be sent anywhere.
 */
int ila_way_get(const struct ila_tunnel *tunnel, struct ila_way *way,
		struct ila_kept __percpu *kept, struct net *net,
		struct sock *sk, struct sk_buff *skb)
{
	way->noref = true;
	way->verdict = ILA_OK;
	way->dst = ila_way_kept(net, sk, kept);
	return way->dst ? 0 : ila_way_find(tunnel, way, this_cpu_ptr(kept), net,
					   sk, skb);
}

/**
 * ila_send_refused() - a packet is not translated
 * @lwt: the route's tunnel state
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet, which is taken
 * @verdict: why
 *
 * Return: what became of it.
 */
int ila_send_refused(struct lwtunnel_state *lwt, struct net *net,
		     struct sock *sk, struct sk_buff *skb,
		     enum ila_verdict verdict)
{
	struct ila_net *ilan = ila_tunnel(lwt)->ilan;

	if (verdict == ILA_LEFT_ND || verdict == ILA_LEFT_TYPE) {
		ila_left(ilan, skb, verdict, false);
		return ila_output_plain(net, sk, skb);
	}
	ila_drop(ilan, skb, verdict, false);
	return verdict == ILA_REFUSED_LOOP ? -ELOOP : -EINVAL;
}

static void ila_way_release(const struct ila_way *way)
{
	if (!way->noref)
		dst_release(way->dst);
}

/**
 * ila_way_translate() - translate a packet that is to go a way
 * @lwt: the route's tunnel state
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet
 * @way: the way
 * @ret: what became of a packet that is gone
 *
 * Return: true; or false if the packet is gone, and the way's reference with it.
 */
bool ila_way_translate(struct lwtunnel_state *lwt, struct net *net,
		       struct sock *sk, struct sk_buff *skb,
		       const struct ila_way *way, int *ret)
{
	enum ila_verdict verdict;

	*ret = way->dst ? ila_way_check(lwt, sk, skb, way->dst) : 0;
	if (*ret)
		goto gone;
	verdict = ila_rewrite(skb, way->x);
	if (verdict == ILA_OK) {
		/* IPsec cuts trains */
		if (skb_is_gso(skb) && skb->encapsulation && way->dst &&
		    dst_xfrm(way->dst))
			ila_say_device(skb);
		return true;
	}
	*ret = ila_send_refused(lwt, net, sk, skb, verdict);
gone:
	ila_way_release(way);
	return false;
}

/* By the route's own gateway */
static __always_inline int ila_output_gateway(struct net *net, struct sock *sk,
					      struct sk_buff *skb)
{
	return likely(!sk) ? ip6_output(net, sk, skb) :
			     ila_output_plain(net, sk, skb);
}

/* With a gateway the next hop is known: it is the gateway */
static bool ila_output_has_gateway(const struct sk_buff *skb)
{
	return dst_rt6_info(skb_dst(skb))->rt6i_flags & RTF_GATEWAY;
}

static int ila_output_by(struct lwtunnel_state *lwt, struct net *net,
			 struct sock *sk, struct sk_buff *skb,
			 const struct ila_way *way)
{
	const struct ila_tunnel *tunnel = ila_tunnel(lwt);
	__be64 sir = ila_daddr(skb)->upper;
	int ret;

	if (!ila_way_translate(lwt, net, sk, skb, way, &ret))
		return ret;
	ila_count_translated(tunnel->ilan, skb);
	if (!way->x->fixed && tunnel->claim)
		ila_claim_learn(tunnel->ilan, tunnel->claim, sir);
	if (!way->dst)
		return ila_output_gateway(net, sk, skb);
	return ila_way_go(net, sk, skb, way->dst, way->noref);
}

/* Whatever there is to make, to look up, to learn, or to refuse */
static noinline int ila_output_closely(struct lwtunnel_state *lwt,
				       struct net *net, struct sock *sk,
				       struct sk_buff *skb)
{
	const struct ila_tunnel *tunnel = ila_tunnel(lwt);
	struct ila_way way = { .x = &tunnel->xlat };
	int err;

	if (ila_checksum_is_due(way.x, skb) &&
	    !ila_checksum_now(lwt, net, sk, skb, ila_output_closely, &err))
		return err;
	if (ila_output_has_gateway(skb))
		return ila_output_by(lwt, net, sk, skb, &way);
	err = ila_way_get(tunnel, &way, tunnel->kept, net, sk, skb);
	if (!err)
		return ila_output_by(lwt, net, sk, skb, &way);
	if (way.verdict != ILA_OK)
		return ila_send_refused(lwt, net, sk, skb, way.verdict);
	return ila_output_noroute(tunnel->ilan, sk, skb, err);
}

/* To the locator that the route says */
static __always_inline int ila_output_fixed(struct lwtunnel_state *lwt,
					    struct net *net, struct sock *sk,
					    struct sk_buff *skb)
{
	const struct ila_tunnel *tunnel = ila_tunnel(lwt);
	struct dst_entry *dst = NULL;
	enum ila_verdict verdict;
	int err;

	/* the sum and the place are those of the route's own addresses */
	if (unlikely(!ila_dst_leads(skb)))
		return ila_output_plain(net, sk, skb);
	if (!ila_output_has_gateway(skb)) {
		dst = ila_way_kept(net, sk, tunnel->kept);
		if (unlikely(!dst))
			return ila_output_closely(lwt, net, sk, skb);
	}
	if (unlikely(!ila_is_plain(&tunnel->xlat, skb)))
		return ila_output_closely(lwt, net, sk, skb);
	if (dst) {
		err = ila_way_check(lwt, sk, skb, dst);
		if (unlikely(err))
			return err;
	}
	verdict = ila_rewrite_quick(skb, &tunnel->xlat);
	if (unlikely(verdict != ILA_OK))
		return ila_send_refused(lwt, net, sk, skb, verdict);
	ila_count_translated(tunnel->ilan, skb);
	if (!dst)
		return ila_output_gateway(net, sk, skb);
	return ila_way_go(net, sk, skb, dst, true);
}

/* Segment a packet and send the pieces. Return: what became of the first that was not
 * sent; or NET_XMIT_CN if others were, since a socket takes any error for none. If
 * pieces are too big all are, but for the last one.
 */
static int ila_output_segments(struct lwtunnel_state *lwt, struct net *net,
			       struct sock *sk, struct sk_buff *skb,
			       ila_send_fn *send)
{
	struct sk_buff *segs, *seg, *next;
	bool has_dev = skb->dev, own = sk && sk == skb->sk, sent = false;
	int ret = 0, err;

	BUILD_BUG_ON(sizeof(*IP6CB(skb)) > SKB_GSO_CB_OFFSET);
	ila_say_device(skb);
	/* that ends with it */
	IP6CB(skb)->flags &= ~IP6SKB_FAKEJUMBO;
	segs = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segs)) {
		ila_drop(ila_tunnel(lwt)->ilan, skb, ILA_REFUSED_NOMEM, false);
		return -ENOMEM;
	}
	consume_skb(skb);

	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		/* to filters it says where a packet has come from */
		if (!has_dev)
			seg->dev = NULL;
		/* of some sockets only the last one is still theirs */
		err = send(lwt, net, own && !seg->sk ? NULL : sk, seg);
		ret = ret ?: err;
		sent |= !net_xmit_eval(err);
	}
	return sent && ret && ret != -EMSGSIZE ? NET_XMIT_CN : ret;
}

/**
 * ila_checksum_now() - make the checksum of a packet, or of its segments; it is due
 * @lwt: the route's tunnel state
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet
 * @send: how to send the segments
 * @ret: what became of a packet that is gone
 *
 * Return: true if the packet can be sent; false if it is gone.
 */
bool ila_checksum_now(struct lwtunnel_state *lwt, struct net *net,
		      struct sock *sk, struct sk_buff *skb, ila_send_fn *send,
		      int *ret)
{
	if (skb_is_gso(skb)) {
		*ret = ila_output_segments(lwt, net, sk, skb, send);
		return false;
	}
	if (!skb_checksum_help(skb))
		return true;
	ila_drop(ila_tunnel(lwt)->ilan, skb, ILA_REFUSED_NOMEM, false);
	*ret = -ENOMEM;
	return false;
}

/**
 * ila_output() - send by an ILA route
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet, which is taken
 *
 * BH off, RCU read side.
 *
 * Return: 0, NET_XMIT_ or an error for the sender.
 */
int ila_output(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	struct lwtunnel_state *lwt = skb_dst(skb)->lwtstate;
	const struct ila_tunnel *tunnel = ila_tunnel(lwt);

	if (skb->protocol != htons(ETH_P_IPV6)) {
		kfree_skb(skb);
		return -EINVAL;
	}
	if (tunnel->table)
		return ila_consumed(ila_output_table(lwt, net, sk, skb));
	return ila_consumed(ila_output_fixed(lwt, net, sk, skb));
}

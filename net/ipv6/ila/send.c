// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: sending by routes that translate
 */
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/addrconf.h>
#include <net/gso.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/xfrm.h>

#include "rewrite.h"
#include "send.h"

/* The route to a translated address
 */

/**
 * ila_has_policy() - is there any IPsec policy, of the namespace or of a socket?
 * @net: the namespace
 * @dir: XFRM_POLICY_OUT or _FWD
 *
 * Return: true if so.
 */
bool ila_has_policy(const struct net *net, int dir)
{
#ifdef CONFIG_XFRM
	return READ_ONCE(net->xfrm.policy_count[dir]) ||
	       READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_MAX + dir]) ||
	       READ_ONCE(net->xfrm.policy_default[dir]) ==
	       XFRM_USERPOLICY_BLOCK;
#else
	return false;
#endif
}

/**
 * ila_route_varies() - could another flow to an address get another route?
 * @net: the namespace
 *
 * Return: true if so; then no route is kept.
 */
bool ila_route_varies(struct net *net)
{
	return fib6_has_custom_rules(net) || fib6_routes_require_src(net) ||
	       ila_has_policy(net, XFRM_POLICY_OUT);
}

/* Do routes of one metric compete, by flow or by the state of neighbours? */
static bool ila_route_competes(const struct fib6_info *from)
{
	const struct fib6_node *fn = rcu_dereference(from->fib6_node);
	const struct fib6_info *other;

	if (!fn || from->nh || READ_ONCE(from->fib6_nsiblings) ||
	    from->fib6_flags & (RTF_ADDRCONF | RTF_DEFAULT))
		return true;
	for (other = rcu_dereference(fn->leaf); other;
	     other = rcu_dereference(other->fib6_next))
		if (other != from && other->fib6_metric == from->fib6_metric)
			return true;
	return false;
}

/**
 * ila_route_is_common() - is a route that of every flow to its address?
 * @dst: the route, in a namespace in which they do not vary
 *
 * RCU read side.
 *
 * Return: true if so.
 */
bool ila_route_is_common(const struct dst_entry *dst)
{
	const struct fib6_info *from;

	if (dst_xfrm(dst))
		return false;
	/* then it can lose its carrier, and nothing says so */
	if (ip6_ignore_linkdown(dst_dev(dst)))
		return false;
	from = rcu_dereference(dst_rt6_info(dst)->from);
	return from && !ila_route_competes(from);
}

/**
 * ila_route_cacheable() - may a route be kept by a tunnel state or a locator?
 * @dst: the route, by ila_route(), in a namespace in which they do not vary
 *
 * RCU read side. Never what refers to a tunnel state.
 *
 * Return: true if so.
 */
bool ila_route_cacheable(const struct dst_entry *dst)
{
	return !dst->lwtstate && ila_route_is_common(dst);
}

static struct dst_entry *ila_route_input(struct net *net, struct sk_buff *skb,
					 struct flowi6 *fl6)
{
	fl6->flowi6_iif = skb->dev->ifindex;
	return ip6_route_input_lookup(net, skb->dev, fl6, skb,
				      RT6_LOOKUP_F_HAS_SADDR);
}

static struct dst_entry *ila_route_output(struct net *net, struct sock *sk,
					  struct sk_buff *skb,
					  struct flowi6 *fl6)
{
	if (sk && !sk_fullsock(sk))
		sk = NULL;
	if (sk)
		fl6->flowi6_oif = sk->sk_bound_dev_if;
	fl6->flowi6_uid = sock_net_uid(net, sk);
	fl6->flowi6_l3mdev = l3mdev_master_ifindex_rcu(dst_dev(skb_dst(skb)));
	return ip6_route_output(net, sk, fl6);
}

static void ila_flow(const struct sk_buff *skb, const struct ila_addr *daddr,
		     struct flowi6 *fl6)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	const __be16 *ports;
	struct ila_l4 l4;
	__be16 buf[2];
	int type;

	ila_l4_find(skb, &l4);
	*fl6 = (struct flowi6) {
		.daddr = *(const struct in6_addr *)daddr,
		.saddr = hdr->saddr,
		.flowlabel = ip6_flowinfo(hdr),
		.flowi6_mark = skb->mark,
		.flowi6_proto = l4.proto,
	};
	switch (l4.proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		ports = skb_header_pointer(skb, l4.offset, sizeof(buf), buf);
		if (ports) {
			fl6->fl6_sport = ports[0];
			fl6->fl6_dport = ports[1];
		}
		break;
	case IPPROTO_ICMPV6:
		type = ila_l4_icmp_type(skb, &l4);
		fl6->fl6_icmp_type = type < 0 ? 0 : type;
		break;
	}
}

/**
 * ila_route() - the route of a packet that is about to be translated
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet
 * @daddr: its destination afterwards
 *
 * RCU read side, BH off.
 *
 * Return: the route, IPsec included, with a reference; or an ERR_PTR.
 */
struct dst_entry *ila_route(struct net *net, struct sock *sk,
			    struct sk_buff *skb, const struct ila_addr *daddr)
{
	struct dst_entry *dst;
	struct flowi6 fl6;
	int err;

	ila_flow(skb, daddr, &fl6);
	if (ila_is_forwarded(sk, skb))
		dst = ila_route_input(net, skb, &fl6);
	else
		dst = ila_route_output(net, sk, skb, &fl6);
	if (dst->error) {
		err = dst->error;
		dst_release(dst);
		return ERR_PTR(err);
	}
	if (IP6CB(skb)->flags & IP6SKB_XFRM_TRANSFORMED)
		return dst;
	return xfrm_lookup(net, dst, flowi6_to_flowi(&fl6), sk, 0);
}

/* Sending
 */

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
	if (skb->ignore_df)
		return false;
	return !skb_is_gso(skb) || !skb_gso_validate_network_len(skb, mtu);
}

/* Behind this point the SIR route, and with it the path MTU learned for the SIR
 * address, is forgotten. Fragments of a datagram still have to obey it.
 */
static void ila_limit_fragments(const struct sock *sk, struct sk_buff *skb)
{
	unsigned int mtu = dst_mtu(skb_dst(skb));

	if (likely(skb->len <= mtu) || !skb->ignore_df || skb_is_gso(skb))
		return;
	if (sk && sk_fullsock(sk) && sk->sk_family == AF_INET6 &&
	    !ip6_sk_accept_pmtu(sk))
		return;
	IP6CB(skb)->frag_max_size = max_t(unsigned int, mtu, IPV6_MIN_MTU);
}

/**
 * ila_check_mtu() - does a packet fit the path to the locator?
 * @ilan: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet, not translated yet
 * @dst: the route to the locator
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

	if (skb->len <= IPV6_MIN_MTU)
		return 0;
	mtu = forwarded ? ip6_dst_mtu_maybe_forward(dst, true) : dst_mtu(dst);
	mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	if (likely(!ila_too_big(skb, mtu))) {
		if (!forwarded)
			ila_limit_fragments(sk, skb);
		return 0;
	}

	if (forwarded)
		icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
	else
		skb_dst_update_pmtu_no_confirm(skb, mtu);
	ila_drop(ilan, skb, ILA_REFUSED_TOOBIG, false);
	return -EMSGSIZE;
}

static struct dst_entry *ila_cache_get(struct ila_tunnel *tunnel,
				       struct net *net, const struct sock *sk)
{
	if (!tunnel->caches || ila_route_varies(net) ||
	    READ_ONCE(tunnel->ilan->dead) || (sk && sk->sk_bound_dev_if))
		return NULL;
	return dst_cache_get(&tunnel->cache);
}

static void ila_cache_set(struct ila_tunnel *tunnel, struct net *net,
			  const struct sock *sk, struct dst_entry *dst)
{
	static const struct in6_addr any;

	if (tunnel->caches && !ila_route_varies(net) &&
	    !READ_ONCE(tunnel->ilan->dead) && !(sk && sk->sk_bound_dev_if) &&
	    ila_route_cacheable(dst))
		dst_cache_set_ip6(&tunnel->cache, dst, &any);
}

/* Find the route of the translated address. The packet is gone if the answer
 * is an ERR_PTR.
 */
static noinline struct dst_entry *
ila_output_lookup(struct ila_tunnel *tunnel, struct net *net, struct sock *sk,
		  struct sk_buff *skb)
{
	const struct ila_addr *old;
	enum ila_verdict verdict;
	struct dst_entry *dst;
	struct ila_addr new;

	old = (const struct ila_addr *)&ipv6_hdr(skb)->daddr;
	verdict = ila_xlat_addr(&tunnel->xlat, old, &new);
	if (verdict != ILA_OK) {
		ila_drop(tunnel->ilan, skb, verdict, false);
		return ERR_PTR(-EINVAL);
	}
	dst = ila_route(net, sk, skb, &new);
	if (IS_ERR(dst))
		return ERR_PTR(ila_output_noroute(tunnel->ilan, sk, skb,
						  PTR_ERR(dst)));
	if (ila_lwt_sends(xfrm_dst_path(dst))) {
		dst_release(dst);
		ila_drop(tunnel->ilan, skb, ILA_REFUSED_LOOP, false);
		return ERR_PTR(-ELOOP);
	}
	ila_cache_set(tunnel, net, sk, dst);
	return dst;
}

/**
 * ila_count_offloaded() - count a packet whose others go past us
 * @ilan: the namespace
 * @skb: the packet
 *
 * nft flow tables send by themselves; the packets of a flow that do come tell of
 * it.
 */
void ila_count_offloaded(const struct ila_net *ilan,
			 const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (ct && unlikely(test_bit(IPS_OFFLOAD_BIT, &ct->status)))
		ila_count(ilan, ILA_STAT_OUT_OFFLOADED);
#endif
}

static int ila_output_one(struct lwtunnel_state *lwt, struct net *net,
			  struct sock *sk, struct sk_buff *skb)
{
	const struct rt6_info *rt = dst_rt6_info(skb_dst(skb));
	struct ila_tunnel *tunnel = ila_tunnel(lwt);
	struct ila_net *ilan = tunnel->ilan;
	struct dst_entry *dst = NULL;
	enum ila_verdict verdict;
	__be64 sir;
	int err;

	/* with a gateway the next hop is known: it is the gateway */
	if (!(rt->rt6i_flags & RTF_GATEWAY)) {
		dst = ila_cache_get(tunnel, net, sk);
		if (unlikely(!dst)) {
			dst = ila_output_lookup(tunnel, net, sk, skb);
			if (IS_ERR(dst))
				return PTR_ERR(dst);
		}
		err = ila_check_mtu(ilan, sk, skb, dst);
		if (unlikely(err)) {
			dst_release(dst);
			return err;
		}
	}

	sir = ((const struct ila_addr *)&ipv6_hdr(skb)->daddr)->upper;
	verdict = ila_rewrite(skb, &tunnel->xlat);
	if (unlikely(verdict != ILA_OK)) {
		dst_release(dst);
		if (verdict != ILA_LEFT_ND) {
			ila_drop(ilan, skb, verdict, false);
			return -EINVAL;
		}
		ila_left(ilan, skb, verdict, false);
		return lwt->orig_output(net, sk, skb);
	}

	ila_count(ilan, ILA_STAT_OUT_TRANSLATED);
	ila_count_offloaded(ilan, skb);
	if (unlikely(!tunnel->xlat.fixed && tunnel->claim))
		ila_claim_learn(ilan, tunnel->claim, sir);

	if (!dst)
		return lwt->orig_output(net, sk, skb);
	skb_dst_drop(skb);
	skb_dst_set(skb, dst);
	return dst_output(net, sk, skb);
}

/* Segment a packet and send the pieces */
static int ila_output_segments(struct lwtunnel_state *lwt, struct net *net,
			       struct sock *sk, struct sk_buff *skb,
			       ila_send_fn *send)
{
	struct sk_buff *segs, *seg, *next;
	int ret = 0, err;

	BUILD_BUG_ON(sizeof(*IP6CB(skb)) > SKB_GSO_CB_OFFSET);
	segs = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segs)) {
		ila_drop(ila_tunnel(lwt)->ilan, skb, ILA_REFUSED_NOMEM, false);
		return -ENOMEM;
	}
	consume_skb(skb);

	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		err = send(lwt, net, sk, seg);
		if (err && !ret)
			ret = err;
	}
	return ret;
}

/**
 * ila_checksum_now() - make the checksum of a packet, or of its segments
 * @lwt: the route's tunnel state
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet
 * @x: what is to become of it
 * @send: how to send the segments
 *
 * Return: 1 if the packet can be sent; else it is gone, and this is what became
 * of it.
 */
int ila_checksum_now(struct lwtunnel_state *lwt, struct net *net,
		     struct sock *sk, struct sk_buff *skb,
		     const struct ila_xlat *x, ila_send_fn *send)
{
	if (likely(!ila_checksum_is_due(x, skb)))
		return 1;
	if (skb_is_gso(skb))
		return ila_output_segments(lwt, net, sk, skb, send);
	if (!skb_checksum_help(skb))
		return 1;
	ila_drop(ila_tunnel(lwt)->ilan, skb, ILA_REFUSED_NOMEM, false);
	return -ENOMEM;
}

/**
 * ila_output() - send by an ILA route
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet, which is taken
 *
 * BH off, RCU read side.
 *
 * Return: 0 or an error for the sender.
 */
int ila_output(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	struct lwtunnel_state *lwt = skb_dst(skb)->lwtstate;
	struct ila_tunnel *tunnel = ila_tunnel(lwt);
	int err;

	if (skb->protocol != htons(ETH_P_IPV6)) {
		kfree_skb(skb);
		return -EINVAL;
	}
	if (tunnel->table)
		return ila_consumed(ila_output_table(lwt, net, sk, skb));
	err = ila_checksum_now(lwt, net, sk, skb, &tunnel->xlat,
			       ila_output_one);
	if (unlikely(err <= 0))
		return ila_consumed(err);
	return ila_consumed(ila_output_one(lwt, net, sk, skb));
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sending by a route with a locator, and by a table route, share
 */
#ifndef _ILA_SEND_H
#define _ILA_SEND_H

#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack.h>

#include "locator.h"
#include "lwt.h"
#include "rewrite.h"
#include "route.h"

typedef int ila_send_fn(struct lwtunnel_state *lwt, struct net *net,
			struct sock *sk, struct sk_buff *skb);

/* Came by ip6_forward(), not from a socket or out of a tunnel device */
static inline bool ila_is_forwarded(const struct sock *sk,
				    const struct sk_buff *skb)
{
	return !sk && skb->dev && IP6CB(skb)->iif;
}

/* Where the address changes and the checksum does not, the checksum has to be
 * there first: made later, by a device that looks at the packet's addresses for
 * its pseudo header, it would be one for the wrong address.
 */
static inline bool ila_checksum_is_due(const struct ila_xlat *x,
				       struct sk_buff *skb)
{
	if (x->csum_mode != ILA_CSUM_NO_ACTION &&
	    x->csum_mode != ILA_CSUM_ADJUST_TRANSPORT_COMPAT)
		return false;
	return (skb->ip_summed == CHECKSUM_PARTIAL || skb_is_gso(skb)) &&
	       !skb_csum_is_sctp(skb);
}

/**
 * struct ila_way - what becomes of a packet, and where it is sent
 * @x: the translation
 * @dst: the route; or NULL: the packet's own
 * @noref: the packet gets no reference of it
 * @verdict: of ila_way_get(): ILA_OK, or why the packet is sent nowhere
 */
struct ila_way {
	const struct ila_xlat *x;
	struct dst_entry *dst;
	bool noref;
	enum ila_verdict verdict;
};

/* send.c */
int ila_output_plain(struct net *net, struct sock *sk, struct sk_buff *skb);
bool ila_too_big(const struct sk_buff *skb, unsigned int mtu);
int ila_output_noroute(const struct ila_net *ilan, const struct sock *sk,
		       struct sk_buff *skb, int err);
int ila_check_mtu(const struct ila_net *ilan, const struct sock *sk,
		  struct sk_buff *skb, const struct dst_entry *dst);
int ila_way_get(const struct ila_tunnel *tunnel, struct ila_way *way,
		struct ila_kept __percpu *kept, struct net *net,
		struct sock *sk, struct sk_buff *skb);
bool ila_way_translate(struct lwtunnel_state *lwt, struct net *net,
		       struct sock *sk, struct sk_buff *skb,
		       const struct ila_way *way, int *ret);
int ila_send_refused(struct lwtunnel_state *lwt, struct net *net,
		     struct sock *sk, struct sk_buff *skb,
		     enum ila_verdict verdict);
bool ila_checksum_now(struct lwtunnel_state *lwt, struct net *net,
		      struct sock *sk, struct sk_buff *skb, ila_send_fn *send,
		      int *ret);

/**
 * ila_count_offloaded() - count a packet whose others go past us
 * @ilan: the namespace
 * @skb: the packet
 *
 * nft flow tables send by themselves; the packets of a flow that do come tell of
 * it.
 */
static inline void ila_count_offloaded(const struct ila_net *ilan,
				       const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (ct && unlikely(test_bit(IPS_OFFLOAD_BIT, &ct->status)))
		ila_count(ilan, ILA_STAT_OUT_OFFLOADED);
#endif
}

/* Account for a packet that was translated */
static inline void ila_count_translated(const struct ila_net *ilan,
					const struct sk_buff *skb)
{
	ila_count(ilan, ILA_STAT_OUT_TRANSLATED);
	ila_count_offloaded(ilan, skb);
}

/* The same, if it was by a mapping. BH is off. */
static inline void ila_count_sent(const struct ila_net *ilan,
				  const struct ila_locator *loc,
				  const struct sk_buff *skb)
{
	ila_count_translated(ilan, skb);
	if (likely(READ_ONCE(ilan->config.counting)))
		ila_locator_count(loc, max_t(unsigned int, 1,
					     skb_shinfo(skb)->gso_segs),
				  skb_is_gso(skb) ? ila_l4_gso_len(skb) :
						    skb->len);
}

/* Does the answer for a packet hold for others? */
static inline bool ila_way_keeps(struct net *net, const struct sock *sk)
{
	return likely(!ila_route_varies(net) && !(sk && sk->sk_bound_dev_if));
}

/* Is it the answer for this packet? A policy of the namespace gives all tables new
 * serial numbers when it comes, so what was kept without one holds without a look;
 * that of a socket does not.
 */
static inline bool ila_way_is_kept(struct net *net, const struct sock *sk)
{
	return likely(!ila_tables_vary(net)) &&
	       (likely(!sk) || ila_way_keeps(net, sk));
}

/* The route that is kept, without a reference; or NULL */
static inline struct dst_entry *ila_way_kept(struct net *net,
					     const struct sock *sk,
					     struct ila_kept __percpu *kept)
{
	struct dst_entry *dst;

	if (!ila_way_is_kept(net, sk))
		return NULL;
	dst = ila_kept_dst(this_cpu_ptr(kept), net);
	if (likely(READ_ONCE(net->ipv6.devconf_all->forwarding)))
		return dst;
	return dst && ila_gateway_lives(dst) ? dst : NULL;
}

/* Is a packet to be translated by ila_rewrite_quick(), and no more? */
static inline bool ila_is_plain(const struct ila_xlat *x, struct sk_buff *skb)
{
	if (ila_looks_at(ipv6_hdr(skb)->nexthdr))
		return false;
	return x->keeps_sum || (x->quick && !ila_checksum_is_due(x, skb));
}

/* Return: 0; or a negative error, and the packet, too big, is gone */
static inline int ila_way_check(struct lwtunnel_state *lwt,
				const struct sock *sk, struct sk_buff *skb,
				const struct dst_entry *dst)
{
	return skb->len <= IPV6_MIN_MTU ? 0 :
	       ila_check_mtu(ila_tunnel(lwt)->ilan, sk, skb, dst);
}

static __always_inline int ila_way_go(struct net *net, struct sock *sk,
				      struct sk_buff *skb,
				      struct dst_entry *dst, bool noref)
{
	skb_dst_drop(skb);
	if (noref)
		skb_dst_set_noref(skb, dst);
	else
		skb_dst_set(skb, dst);
	return dst_output(net, sk, skb);
}

/* send_table.c */
ila_send_fn ila_output_table;

#endif /* _ILA_SEND_H */

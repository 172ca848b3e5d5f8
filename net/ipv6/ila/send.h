/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sending by a route with a locator, and by a table route, share
 */
#ifndef _ILA_SEND_H
#define _ILA_SEND_H

#include "lwt.h"

typedef int ila_send_fn(struct lwtunnel_state *lwt, struct net *net,
			struct sock *sk, struct sk_buff *skb);

/* Came by ip6_forward(), not from a socket or out of a tunnel device */
static inline bool ila_is_forwarded(const struct sock *sk,
				    const struct sk_buff *skb)
{
	return !sk && skb->dev && IP6CB(skb)->iif;
}

/* send.c */
bool ila_route_varies(struct net *net);
bool ila_route_cacheable(const struct dst_entry *dst);
struct dst_entry *ila_route(struct net *net, struct sock *sk,
			    struct sk_buff *skb, const struct ila_addr *daddr);
int ila_output_noroute(const struct ila_net *ilan, const struct sock *sk,
		       struct sk_buff *skb, int err);
int ila_check_long(const struct ila_net *ilan, const struct sock *sk,
		   struct sk_buff *skb, const struct dst_entry *dst);
void ila_count_offloaded(const struct ila_net *ilan,
			 const struct sk_buff *skb);
int ila_checksum_now(struct lwtunnel_state *lwt, struct net *net,
		     struct sock *sk, struct sk_buff *skb, ila_send_fn *send);

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
static inline int ila_check_mtu(const struct ila_net *ilan,
				const struct sock *sk, struct sk_buff *skb,
				const struct dst_entry *dst)
{
	if (skb->len <= IPV6_MIN_MTU)
		return 0;
	return ila_check_long(ilan, sk, skb, dst);
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

/* send_table.c */
ila_send_fn ila_output_table;

#endif /* _ILA_SEND_H */

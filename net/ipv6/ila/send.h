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
int ila_check_mtu(const struct ila_net *ilan, const struct sock *sk,
		  struct sk_buff *skb, const struct dst_entry *dst);
void ila_count_offloaded(const struct ila_net *ilan,
			 const struct sk_buff *skb);
int ila_checksum_now(struct lwtunnel_state *lwt, struct net *net,
		     struct sock *sk, struct sk_buff *skb,
		     const struct ila_xlat *x, ila_send_fn *send);

/* send_table.c */
ila_send_fn ila_output_table;

#endif /* _ILA_SEND_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sending by a route with a locator, and by a table route, share
 */
#ifndef _ILA_SEND_H
#define _ILA_SEND_H

#include <linux/skbuff.h>

#include "locator.h"
#include "lwt.h"

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

/* send.c */
bool ila_route_varies(struct net *net);
bool ila_has_policy(const struct net *net, int dir);
bool ila_route_is_common(const struct dst_entry *dst);
bool ila_route_cacheable(const struct dst_entry *dst);
bool ila_too_big(const struct sk_buff *skb, unsigned int mtu);
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

/* Account for a packet that was translated by a mapping. BH is off. */
static inline void ila_count_sent(const struct ila_net *ilan,
				  const struct ila_locator *loc,
				  const struct sk_buff *skb)
{
	ila_count(ilan, ILA_STAT_OUT_TRANSLATED);
	ila_count_offloaded(ilan, skb);
	if (likely(READ_ONCE(ilan->config.counting)))
		ila_locator_count(loc, max_t(unsigned int, 1,
					     skb_shinfo(skb)->gso_segs),
				  skb_is_gso(skb) ? ila_l4_gso_len(skb) :
						    skb->len);
}

/* send_table.c */
ila_send_fn ila_output_table;

#endif /* _ILA_SEND_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* What is counted of a packet when it is forwarded, before it is output */
#ifndef _COMPAT_NET_IP6_ROUTE_H
#define _COMPAT_NET_IP6_ROUTE_H

#include_next <net/ip6_route.h>
#include <net/ipv6.h>

static inline void ip6_route_count_forwarded(struct net *net,
					     struct dst_entry *dst,
					     const struct sk_buff *skb)
{
	__IP6_INC_STATS(net, ip6_dst_idev(dst), IPSTATS_MIB_OUTFORWDATAGRAMS);
#ifndef HAVE_IPSTATS_MIB_OUTREQUESTS
	/* before 6.7 its octets were counted here, and once more by output */
	__IP6_ADD_STATS(net, ip6_dst_idev(dst), IPSTATS_MIB_OUTOCTETS,
			skb->len);
#endif
}

#endif /* _COMPAT_NET_IP6_ROUTE_H */

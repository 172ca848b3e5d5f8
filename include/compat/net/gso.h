/* SPDX-License-Identifier: GPL-2.0 */
/* Segmentation had no header of its own before it moved here. Linux 6.1 takes Ethernet
 * before IPv6 for granted where it takes the jumbo header of Big TCP off, and writes it
 * over TCP's where there is none. In a tunnel, nothing makes that right.
 */
#ifndef _COMPAT_NET_GSO_H
#define _COMPAT_NET_GSO_H

#ifdef HAVE_NET_GSO_H
#include_next <net/gso.h>
#else
#include <linux/err.h>
#include <linux/netdevice.h>
#include <net/ipv6.h>

static inline struct sk_buff *compat_gso_segment(struct sk_buff *skb,
						 netdev_features_t features)
{
	int nexthdr = ipv6_has_hopopt_jumbo(skb);

	if (skb->encapsulation &&
	    skb->len - skb_inner_network_offset(skb) > GRO_LEGACY_MAX_SIZE)
		return ERR_PTR(-EPROTONOSUPPORT);
	if (nexthdr) {
		if (skb_cow_head(skb, 0))
			return ERR_PTR(-ENOMEM);
		memmove(skb->data + sizeof(struct hop_jumbo_hdr), skb->data,
			sizeof(struct ipv6hdr));
		__skb_pull(skb, sizeof(struct hop_jumbo_hdr));
		skb_reset_network_header(skb);
		ipv6_hdr(skb)->nexthdr = nexthdr;
	}
	return skb_gso_segment(skb, features);
}

#define skb_gso_segment compat_gso_segment
#endif

#endif /* _COMPAT_NET_GSO_H */

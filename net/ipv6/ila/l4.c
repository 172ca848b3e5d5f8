// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: finding the transport header
 */
#include <linux/icmpv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ila.h>

/* More extension headers than RFC 8200 has any use for */
#define ILA_EXTENSIONS_MAX	16

/* Look at one extension header. Return: its length, 0 where the walk ends. */
static unsigned int ila_l4_step(const struct sk_buff *skb, struct ila_l4 *l4)
{
	u8 buf[sizeof(struct frag_hdr)];
	const struct ipv6_opt_hdr *opt;
	const struct ipv6_rt_hdr *rt;
	const struct frag_hdr *frag;

	opt = skb_header_pointer(skb, l4->offset, sizeof(buf), buf);
	if (!opt) {
		l4->truncated = true;
		return 0;
	}

	switch (l4->proto) {
	case NEXTHDR_FRAGMENT:
		frag = (const struct frag_hdr *)opt;
		if (frag->frag_off & htons(IP6_OFFSET))
			return 0;
		l4->proto = frag->nexthdr;
		return sizeof(*frag);
	case NEXTHDR_AUTH:
		l4->proto = opt->nexthdr;
		return ipv6_authlen(opt);
	case NEXTHDR_ROUTING:
		/* the checksum is made for the last destination, not for this */
		rt = (const struct ipv6_rt_hdr *)opt;
		if (rt->segments_left)
			return 0;
		fallthrough;
	default:
		l4->proto = opt->nexthdr;
		return ipv6_optlen(opt);
	}
}

/**
 * ila_l4_walk() - find the transport header behind extension headers
 * @skb: the packet
 * @l4: where to start, and the answer
 *
 * Only looks; nothing is pulled, so pointers into the packet stay valid.
 */
void ila_l4_walk(const struct sk_buff *skb, struct ila_l4 *l4)
{
	unsigned int len;
	int n;

	for (n = 0; ila_is_extension(l4->proto); n++) {
		if (n == ILA_EXTENSIONS_MAX) {
			l4->truncated = true;
			len = 0;
		} else {
			l4->behind = !n && l4->proto == NEXTHDR_FRAGMENT ?
				     ILA_BEHIND_FRAGMENT : ILA_BEHIND_EXTENSIONS;
			len = ila_l4_step(skb, l4);
		}
		if (!len) {
			l4->proto = IPPROTO_NONE;
			return;
		}
		l4->offset += len;
	}
}

/**
 * ila_l4_icmp_type() - the type of an ICMPv6 message
 * @skb: the packet
 * @l4: its transport header
 *
 * Return: the type, or -1 if the packet is not ICMPv6 or has no type.
 */
int ila_l4_icmp_type(const struct sk_buff *skb, const struct ila_l4 *l4)
{
	const u8 *type;
	u8 buf;

	if (l4->proto != IPPROTO_ICMPV6)
		return -1;
	type = skb_header_pointer(skb, l4->offset, sizeof(buf), &buf);
	return type ? *type : -1;
}

/**
 * ila_l4_gso_len() - the bytes of the packets that a GSO packet stands for
 * @skb: the packet, from its IPv6 header on
 *
 * Return: their bytes, each with its headers.
 */
unsigned int ila_l4_gso_len(const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int more = max_t(unsigned int, 1, info->gso_segs) - 1;
	const struct tcphdr *tcp;
	struct ila_l4 l4;
	struct tcphdr buf;

	ila_l4_find(skb, &l4);
	if (skb->encapsulation)
		l4.offset = skb_inner_transport_offset(skb);
	if (!(info->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)))
		return skb->len + more * (l4.offset + sizeof(struct udphdr));
	tcp = skb_header_pointer(skb, l4.offset, sizeof(buf), &buf);
	return skb->len + more * (l4.offset + (tcp ? __tcp_hdrlen(tcp) : 0));
}

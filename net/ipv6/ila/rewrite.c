// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: rewriting packets, with checksums
 */
#include <linux/dccp.h>
#include <linux/icmpv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/mip6.h>
#include <net/ndisc.h>

#include "rewrite.h"

/* Does a checksum field hold the sum of the pseudo header only, to which a device
 * or segmentation adds the rest? So does the field that CHECKSUM_PARTIAL is
 * about, and the outer one of a UDP tunnel's packet that is yet to be segmented.
 * Any other field is complete, also under CHECKSUM_PARTIAL.
 */
static __always_inline bool ila_check_is_seed(const struct sk_buff *skb,
					      unsigned int offset)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return false;
	if (skb_checksum_start_offset(skb) + skb->csum_offset == offset)
		return true;
	return skb_is_gso(skb) &&
	       skb_shinfo(skb)->gso_type & SKB_GSO_UDP_TUNNEL_CSUM;
}

/* Has the packet a checksum state that knows the address? */
static bool ila_sum_matters(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_COMPLETE ||
	       skb->ip_summed == CHECKSUM_UNNECESSARY;
}

/* Bring it in line with the address; @change was added to the sum over the packet */
static void ila_sum_changed(struct sk_buff *skb, const struct ila_xlat *x,
			    u32 change)
{
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = csum_add(skb->csum, (__force __wsum)change);
	else if (x->csum_mode != ILA_CSUM_ADJUST_TRANSPORT)
		/* what the device verified is no longer what is there */
		__skb_reset_checksum_unnecessary(skb);
}

/* Where transport checksums are that cover addresses, from the header's start */
static const u8 ila_check_offset[256] = {
	[IPPROTO_TCP]		= offsetof(struct tcphdr, check),
	[IPPROTO_UDP]		= offsetof(struct udphdr, check),
	[IPPROTO_ICMPV6]	= offsetof(struct icmp6hdr, icmp6_cksum),
	[IPPROTO_UDPLITE]	= offsetof(struct udphdr, check),
	[IPPROTO_DCCP]		= offsetof(struct dccp_hdr, dccph_checksum),
	[IPPROTO_MH]		= offsetof(struct ip6_mh, ip6mh_cksum),
};

/* A peer in need of compatibility knows three protocols only */
static bool ila_compat_adjusts(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_ICMPV6;
}

/* Add to the sum that a transport checksum stands for.
 * Return: what that adds to the sum over the packet.
 */
static __always_inline u32 ila_check_add(struct sk_buff *skb,
					 unsigned int offset, u8 proto, u32 diff)
{
	__sum16 *check = (__sum16 *)(skb->data + offset);

	if (ila_check_is_seed(skb, offset)) {
		*check = ~csum_fold(csum_add((__force __wsum)diff,
					     csum_unfold(*check)));
		return 0;
	}
	/* UDP without a checksum stays without */
	if (!*check && proto == IPPROTO_UDP)
		return 0;
	csum_replace_by_diff(check, (__force __wsum)diff);
	if (!*check && (proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE))
		*check = CSUM_MANGLED_0;
	return ~diff;
}

/* Translate the address, and no more; but have @len bytes of the packet ready
 * for the caller to write to.
 */
static __always_inline enum ila_verdict
ila_write(struct sk_buff *skb, const struct ila_xlat *x, __be64 ident,
	  unsigned int len)
{
	struct ila_addr *daddr;

	if (unlikely(ila_make_writable(skb, len)))
		return ILA_REFUSED_NOMEM;
	trace_ila_translate(skb, x, ident);
	daddr = ila_daddr(skb);
	daddr->upper = x->to;
	daddr->ident = ident;
	return ILA_OK;
}

/* Translate the address; there is no transport checksum that has to follow */
static enum ila_verdict ila_write_only(struct sk_buff *skb,
				       const struct ila_xlat *x)
{
	const struct ila_addr old = *ila_daddr(skb);
	__be64 ident = old.ident;
	enum ila_verdict verdict;

	verdict = ila_xlat_ident(x, old.upper, &ident);
	if (unlikely(verdict != ILA_OK))
		return verdict;
	verdict = ila_write(skb, x, ident, 0);
	if (verdict == ILA_OK && unlikely(ila_sum_matters(skb)) &&
	    !ila_xlat_keeps_sum(x, old.ident))
		ila_sum_changed(skb, x, ila_xlat_diff(x, old.upper));
	return verdict;
}

/* Translate, and have the transport checksum at @offset follow; @diff is what
 * changes the sum over the address
 */
static __always_inline enum ila_verdict
ila_write_check(struct sk_buff *skb, const struct ila_xlat *x, __be64 ident,
		u32 diff, unsigned int offset, u8 proto)
{
	enum ila_verdict verdict;
	u32 change;

	if (unlikely(offset + sizeof(__sum16) > skb->len))
		return ILA_REFUSED_TRUNCATED;
	verdict = ila_write(skb, x, ident, offset + sizeof(__sum16));
	if (unlikely(verdict != ILA_OK))
		return verdict;

	change = ila_check_add(skb, offset, proto,
			       x->csum_mode == ILA_CSUM_ADJUST_TRANSPORT ?
			       diff : ~diff);
	if (ila_sum_matters(skb))
		ila_sum_changed(skb, x, ila_sum_add(diff, change));
	return ILA_OK;
}

/* Where a checksum has to follow, from the transport header's start; or 0 */
static u8 ila_check_of(const struct ila_xlat *x, u8 proto)
{
	if (unlikely(x->csum_mode == ILA_CSUM_ADJUST_TRANSPORT_COMPAT &&
		     !ila_compat_adjusts(proto)))
		return 0;
	return ila_check_offset[proto];
}

/* ila_write_only() for what ila_rewrite_address() can translate, in fewer
 * instructions
 */
static enum ila_verdict ila_rewrite_unadjusted(struct sk_buff *skb,
					       const struct ila_xlat *x)
{
	__be64 ident = ila_daddr(skb)->ident;
	enum ila_verdict verdict;

	verdict = ila_rewrite_address(skb, x, ila_csum_mode_neutral(x->csum_mode));
	if (verdict == ILA_OK && unlikely(ila_sum_matters(skb)) &&
	    !ila_xlat_keeps_sum(x, ident))
		ila_sum_changed(skb, x, x->diff);
	return verdict;
}

/**
 * ila_rewrite_sum() - ila_rewrite_quick() where a sum may have to follow
 * @skb: the packet, without extension headers, not ICMPv6
 * @x: the translation
 *
 * Return: as ila_rewrite().
 */
enum ila_verdict ila_rewrite_sum(struct sk_buff *skb, const struct ila_xlat *x)
{
	u8 proto = ipv6_hdr(skb)->nexthdr, check;

	if (!ila_csum_mode_adjust(x->csum_mode))
		return ila_rewrite_unadjusted(skb, x);
	check = ila_check_of(x, proto);
	if (unlikely(!check))
		return ila_rewrite_unadjusted(skb, x);
	return ila_write_check(skb, x, ila_daddr(skb)->ident, x->diff,
			       skb_network_offset(skb) +
			       sizeof(struct ipv6hdr) + check, proto);
}

static bool ila_is_nd(const struct sk_buff *skb, const struct ila_l4 *l4)
{
	int type;

	if (likely(l4->proto != IPPROTO_ICMPV6))
		return false;
	type = ila_l4_icmp_type(skb, l4);
	return type >= NDISC_ROUTER_SOLICITATION && type <= NDISC_REDIRECT;
}

/**
 * ila_rewrite_closely() - ila_rewrite() for packets that need a closer look
 * @skb: the packet
 * @x: the translation
 *
 * A peer in need of compatibility does not look behind extension headers; but
 * it translates before it fragments.
 *
 * Return: as ila_rewrite().
 */
enum ila_verdict ila_rewrite_closely(struct sk_buff *skb,
				     const struct ila_xlat *x)
{
	const struct ila_addr *daddr = ila_daddr(skb);
	__be64 ident = daddr->ident;
	enum ila_verdict verdict;
	struct ila_l4 l4;
	u8 check;

	ila_l4_find(skb, &l4);
	if (unlikely(ila_is_nd(skb, &l4)))
		return ILA_LEFT_ND;
	if (!ila_csum_mode_adjust(x->csum_mode) ||
	    (x->csum_mode == ILA_CSUM_ADJUST_TRANSPORT_COMPAT &&
	     l4.behind == ILA_BEHIND_EXTENSIONS))
		return ila_write_only(skb, x);
	if (unlikely(l4.truncated))
		return ILA_REFUSED_TRUNCATED;
	check = ila_check_of(x, l4.proto);
	if (!check)
		return ila_write_only(skb, x);
	verdict = ila_xlat_ident(x, daddr->upper, &ident);
	if (verdict != ILA_OK)
		return verdict;
	return ila_write_check(skb, x, ident, ila_xlat_diff(x, daddr->upper),
			       l4.offset + check, l4.proto);
}

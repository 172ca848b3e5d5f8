// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: rewriting the destination of a packet
 *
 * The order is always the same: look, make writable what will change, only
 * then take pointers, change, keep skb->csum true. Offsets survive a pull or a
 * copy of the packet's head, pointers do not.
 */
#include <linux/icmpv6.h>
#include <linux/skbuff.h>
#include <net/checksum.h>
#include <net/ila.h>
#include <net/ndisc.h>
#include <trace/events/ila.h>

static bool ila_is_nd(const struct sk_buff *skb, const struct ila_l4 *l4)
{
	int type;

	if (likely(l4->proto != IPPROTO_ICMPV6))
		return false;
	type = ila_l4_icmp_type(skb, l4);
	return type >= NDISC_ROUTER_SOLICITATION && type <= NDISC_REDIRECT;
}

/**
 * ila_check_is_seed() - does a checksum field await completion?
 * @skb: the packet
 * @offset: the field, from skb->data
 *
 * Return: true if the field holds the sum of the pseudo header only, to which
 * a device or segmentation adds the rest: the field that CHECKSUM_PARTIAL is
 * about, or the outer one of a UDP tunnel's packet that is yet to be segmented.
 * Any other field is complete, also under CHECKSUM_PARTIAL.
 */
bool ila_check_is_seed(const struct sk_buff *skb, unsigned int offset)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return false;
	if (skb_checksum_start_offset(skb) + skb->csum_offset == offset)
		return true;
	return skb_is_gso(skb) &&
	       skb_shinfo(skb)->gso_type & SKB_GSO_UDP_TUNNEL_CSUM;
}

/* Find the transport checksum that has to follow the address. *@offset stays
 * -1 where there is none: protocol without, later fragment, UDP without.
 */
static enum ila_verdict ila_find_check(const struct sk_buff *skb,
				       const struct ila_xlat *x,
				       const struct ila_l4 *l4, int *offset)
{
	const __sum16 *check;
	__sum16 buf;
	int at;

	if (unlikely(l4->truncated))
		return ILA_REFUSED_TRUNCATED;
	at = ila_l4_check_offset(l4, x->csum_mode);
	if (at < 0)
		return ILA_OK;
	check = skb_header_pointer(skb, at, sizeof(buf), &buf);
	if (unlikely(!check))
		return ILA_REFUSED_TRUNCATED;
	if (l4->proto == IPPROTO_UDP && !*check && !ila_check_is_seed(skb, at))
		return ILA_OK;
	*offset = at;
	return ILA_OK;
}

static void ila_check_replace(struct sk_buff *skb, unsigned int offset,
			      u8 proto, u32 diff)
{
	__sum16 *check = (__sum16 *)(skb->data + offset);

	if (ila_check_is_seed(skb, offset)) {
		*check = ~csum_fold(csum_add((__force __wsum)diff,
					     csum_unfold(*check)));
		return;
	}
	csum_replace_by_diff(check, (__force __wsum)diff);
	if (!*check && (proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE))
		*check = CSUM_MANGLED_0;
}

/* Bring checksums in line with an address whose sum grew by @diff */
static void ila_follow(struct sk_buff *skb, const struct ila_xlat *x,
		       int check, u8 proto, u32 diff)
{
	u32 change = diff;

	if (check >= 0) {
		u32 follow = x->csum_mode == ILA_CSUM_ADJUST_TRANSPORT ?
			     diff : ~diff;

		ila_check_replace(skb, check, proto, follow);
		change = ila_sum_sub(diff, follow);
	}
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = csum_add(skb->csum, (__force __wsum)change);
	else if (x->csum_mode != ILA_CSUM_ADJUST_TRANSPORT)
		/* what the device verified is no longer what is there */
		__skb_reset_checksum_unnecessary(skb);
}

/* The part that everything comes down to: @check is the offset of the transport
 * checksum that has to follow, or negative
 */
static __always_inline enum ila_verdict
ila_write(struct sk_buff *skb, const struct ila_xlat *x, int check, u8 proto)
{
	struct ila_addr *daddr = (struct ila_addr *)&ipv6_hdr(skb)->daddr;
	__be64 upper = daddr->upper, old = daddr->ident, new = old;
	enum ila_verdict verdict;

	verdict = ila_xlat_ident(x, upper, &new);
	if (unlikely(verdict != ILA_OK))
		return verdict;
	if (unlikely(ila_make_writable(skb, check < 0 ? 0 :
					    check + sizeof(__sum16))))
		return ILA_REFUSED_NOMEM;

	daddr = (struct ila_addr *)&ipv6_hdr(skb)->daddr;
	daddr->upper = x->to;
	daddr->ident = new;
	if (!ila_xlat_keeps_sum(x, old))
		ila_follow(skb, x, check, proto, ila_xlat_diff(x, upper));

	trace_ila_translate(skb, upper, old, x->restore);
	return ILA_OK;
}

/* As ila_rewrite(), for packets of which more than the address matters */
static noinline enum ila_verdict ila_rewrite_l4(struct sk_buff *skb,
						const struct ila_xlat *x)
{
	enum ila_verdict verdict;
	struct ila_l4 l4;
	int check = -1;

	ila_l4_find(skb, &l4);
	if (unlikely(ila_is_nd(skb, &l4)))
		return ILA_LEFT_ND;
	if (ila_csum_mode_adjust(x->csum_mode)) {
		verdict = ila_find_check(skb, x, &l4, &check);
		if (unlikely(verdict != ILA_OK))
			return verdict;
	}
	return ila_write(skb, x, check, l4.proto);
}

/**
 * ila_rewrite() - translate the destination of a packet
 * @skb: the packet, its IPv6 header in the linear part
 * @x: the translation
 *
 * A packet is translated whole or not at all. Without checksum-neutral mapping
 * and without a way to write the transport checksum, the packet's checksum
 * stays as made for the address before. Pointers into the packet are invalid
 * afterwards.
 *
 * Return: ILA_OK; ILA_LEFT_ND, ILA_LEFT_TYPE: the packet is as it was and may
 * go on; ILA_REFUSED_CBIT, ILA_REFUSED_LOW16, ILA_REFUSED_TRUNCATED,
 * ILA_REFUSED_NOMEM: the packet is as it was and should not go on.
 */
enum ila_verdict ila_rewrite(struct sk_buff *skb, const struct ila_xlat *x)
{
	if (ila_csum_mode_adjust(x->csum_mode) ||
	    unlikely(ila_looks_at(ipv6_hdr(skb)->nexthdr)))
		return ila_rewrite_l4(skb, x);
	return ila_write(skb, x, -1, 0);
}

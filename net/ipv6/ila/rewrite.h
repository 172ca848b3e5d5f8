/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rewriting the destination of a packet
 *
 * The order is always the same: look, make writable what will change, only
 * then take pointers, change, keep skb->csum true. Offsets survive a pull or a
 * copy of the packet's head, pointers do not.
 */
#ifndef _ILA_REWRITE_H
#define _ILA_REWRITE_H

#include <net/ila.h>
#include <trace/events/ila.h>

void ila_sum_changed(struct sk_buff *skb, const struct ila_xlat *x, u32 change);
enum ila_verdict ila_rewrite_l4(struct sk_buff *skb, const struct ila_xlat *x);
enum ila_verdict ila_rewrite_adjust(struct sk_buff *skb,
				    const struct ila_xlat *x,
				    unsigned int offset, u8 proto);

/* Has the packet a checksum state that knows the address? */
static inline bool ila_sum_matters(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_COMPLETE ||
	       skb->ip_summed == CHECKSUM_UNNECESSARY;
}

/* Translate the address, and no more; but have @len bytes of the packet ready
 * for the caller to write to.
 */
static __always_inline enum ila_verdict
ila_write(struct sk_buff *skb, const struct ila_xlat *x, unsigned int len)
{
	struct ila_addr *daddr = (struct ila_addr *)&ipv6_hdr(skb)->daddr;
	__be64 upper = daddr->upper, ident = daddr->ident, new = ident;
	enum ila_verdict verdict;

	verdict = ila_xlat_ident(x, upper, &new);
	if (unlikely(verdict != ILA_OK))
		return verdict;
	if (unlikely(ila_make_writable(skb, len)))
		return ILA_REFUSED_NOMEM;

	daddr = (struct ila_addr *)&ipv6_hdr(skb)->daddr;
	daddr->upper = x->to;
	daddr->ident = new;
	trace_ila_translate(skb, upper, ident, x->restore);
	return ILA_OK;
}

/* Translate the address; there is no transport checksum that has to follow */
static __always_inline enum ila_verdict
ila_write_sum(struct sk_buff *skb, const struct ila_xlat *x)
{
	const struct ila_addr *daddr = (struct ila_addr *)&ipv6_hdr(skb)->daddr;
	__be64 upper = daddr->upper, ident = daddr->ident;
	enum ila_verdict verdict;

	verdict = ila_write(skb, x, 0);
	if (verdict == ILA_OK && unlikely(ila_sum_matters(skb)) &&
	    !ila_xlat_keeps_sum(x, ident))
		ila_sum_changed(skb, x, ila_xlat_diff(x, upper));
	return verdict;
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
static __always_inline enum ila_verdict ila_rewrite(struct sk_buff *skb,
						    const struct ila_xlat *x)
{
	u8 proto = ipv6_hdr(skb)->nexthdr;

	if (unlikely(ila_looks_at(proto)))
		return ila_rewrite_l4(skb, x);
	if (ila_csum_mode_adjust(x->csum_mode))
		return ila_rewrite_adjust(skb, x, skb_network_offset(skb) +
					  sizeof(struct ipv6hdr), proto);
	return ila_write_sum(skb, x);
}

#endif /* _ILA_REWRITE_H */

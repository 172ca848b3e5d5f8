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

enum ila_verdict ila_rewrite_sum(struct sk_buff *skb, const struct ila_xlat *x);
enum ila_verdict ila_rewrite_closely(struct sk_buff *skb,
				     const struct ila_xlat *x);

/* Write the address of a packet whose translation is quick, and no more */
static __always_inline enum ila_verdict
ila_rewrite_address(struct sk_buff *skb, const struct ila_xlat *x, bool neutral)
{
	enum ila_verdict verdict;
	struct ila_addr *daddr;
	__be64 ident;

	/* first, so that nothing has to be kept while it is done */
	if (unlikely(!ila_own_header(skb)))
		return ILA_REFUSED_NOMEM;

	daddr = ila_daddr(skb);
	ident = daddr->ident;
	if (neutral) {
		verdict = ila_xlat_neutral(x, x->adj, &ident);
		if (unlikely(verdict != ILA_OK))
			return verdict;
	}
	trace_ila_translate(skb, x, ident);
	daddr->upper = x->to;
	daddr->ident = ident;
	return ILA_OK;
}

/* ila_rewrite() for what most packets need, in few instructions */
static __always_inline enum ila_verdict
ila_rewrite_quick(struct sk_buff *skb, const struct ila_xlat *x)
{
	return likely(x->keeps_sum) ? ila_rewrite_address(skb, x, true) :
				      ila_rewrite_sum(skb, x);
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
	if (likely(x->quick && !ila_looks_at(ipv6_hdr(skb)->nexthdr)))
		return ila_rewrite_quick(skb, x);
	return ila_rewrite_closely(skb, x);
}

#endif /* _ILA_REWRITE_H */

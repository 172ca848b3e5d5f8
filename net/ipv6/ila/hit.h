/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finding the mapping of a packet, and one of its locators
 */
#ifndef _ILA_HIT_H
#define _ILA_HIT_H

#include "mapping.h"

/**
 * struct ila_hit - what was found
 * @ref: the mapping's reference
 * @loc: its locator, or the one chosen
 * @tried: those chosen before, which did not do, a bit each
 * @last: the one chosen, its bit
 * @xlat: what becomes of the packet
 */
struct ila_hit {
	unsigned long ref;
	struct ila_locator *loc;
	u32 tried;
	u32 last;
	struct ila_xlat xlat;
};

/* set.c */
bool ila_hit_next_of(struct ila_hit *hit, struct ila_target *to,
		     struct sk_buff *skb);
u32 ila_hit_states(const struct ila_hit *hit);

/**
 * ila_hit_find() - look a destination up
 * @ilan: the namespace
 * @daddr: the destination
 * @domain: its domain
 * @hit: the answer; its locator is for ila_hit_next()
 *
 * RCU read side.
 *
 * Return: true if there is a mapping that lives.
 */
static inline bool ila_hit_find(struct ila_net *ilan,
				const struct ila_addr *daddr, u32 domain,
				struct ila_hit *hit)
{
	struct ila_place place;
	u32 now = ila_now();

	hit->ref = ila_maps_find(&ilan->mappings, daddr, domain, &place);
	if (unlikely(!hit->ref || ila_place_expired(&place, hit->ref, now)))
		return false;
	ila_place_use(&place, now);
	ila_ahead_note(ilan, daddr->upper, domain, now);
	hit->tried = 0;
	hit->last = 0;
	return true;
}

/**
 * ila_hit_next() - choose a locator that works, by the flow
 * @hit: of ila_hit_find()
 * @skb: the packet; NULL: any flow
 *
 * RCU read side. Called again, it chooses another one.
 *
 * Return: false if none is left.
 */
static inline bool ila_hit_next(struct ila_hit *hit, struct sk_buff *skb)
{
	struct ila_target *to = ila_ref_target(hit->ref);

	hit->tried |= hit->last;
	if (unlikely(to->kind != ILA_TARGET_LOCATOR))
		return ila_hit_next_of(hit, ila_ref_to(hit->ref), skb);
	hit->last = 1;
	hit->loc = ila_locator_current(ila_target_locator(to));
	return likely(!hit->tried && !READ_ONCE(hit->loc->state));
}

/* The address is not in SIR form: all of it is replaced */
static inline void ila_hit_exact(struct ila_hit *hit,
				 const struct ila_exact *exact, u8 csum_mode,
				 const struct ila_addr *daddr)
{
	struct ila_addr to;

	ila_exact_send(daddr, ila_locator_value(hit->loc), exact->ident,
		       csum_mode, &to);
	hit->xlat = (struct ila_xlat) {
		.to = to.upper,
		.ident = to.ident,
		.diff = ila_exact_diff(daddr, &to),
		.csum_mode = csum_mode,
		.fixed = true,
		.by = ILA_BY_ADDRESS,
	};
}

/* What the type of an identifier has to say, if the route obeys it */
static inline enum ila_verdict ila_format_verdict(__be64 ident)
{
	if (!ila_ident_type_ok(ila_ident_type(ident)))
		return ILA_LEFT_TYPE;
	return ila_ident_c_bit(ident) ? ILA_REFUSED_CBIT : ILA_OK;
}

/**
 * ila_hit_xlat() - what becomes of the packet
 * @hit: with a locator
 * @csum_mode: of the table route
 * @ident_type: of the table route
 * @daddr: the destination
 *
 * Sets the translation. RCU read side.
 *
 * Return: ILA_OK; ILA_LEFT_TYPE or ILA_REFUSED_CBIT if it must not be.
 */
static inline enum ila_verdict
ila_hit_xlat(struct ila_hit *hit, u8 csum_mode, u8 ident_type,
	     const struct ila_addr *daddr)
{
	const struct ila_exact *exact = ila_ref_exact(hit->ref);
	const struct ila_locator *loc = hit->loc;
	enum ila_verdict verdict = ILA_OK;

	if (unlikely(hit->ref & ILA_REF_CSUM))
		csum_mode = ila_ref_csum_mode(hit->ref);
	if (unlikely(exact)) {
		ila_hit_exact(hit, exact, csum_mode, daddr);
		return ILA_OK;
	}
	if (!(hit->ref & ILA_REF_TYPED) && ident_type == ILA_ATYPE_USE_FORMAT)
		verdict = ila_format_verdict(daddr->ident);
	hit->xlat = (struct ila_xlat) {
		.to = ila_locator_value(loc),
		.diff = loc->diff,
		.adj = loc->adj[csum_mode == ILA_CSUM_NEUTRAL_MAP],
		.csum_mode = csum_mode,
		.fixed = true,
	};
	return verdict;
}

#endif /* _ILA_HIT_H */

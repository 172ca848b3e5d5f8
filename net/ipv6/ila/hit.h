/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finding the mapping of a packet, and one of its locators
 */
#ifndef _ILA_HIT_H
#define _ILA_HIT_H

#include "lwt.h"
#include "mapping.h"

/**
 * struct ila_hit - a mapping, and which of its locators
 * @ref: the mapping's reference; the rest is 0 at first
 * @loc: its locator, or the one chosen
 * @tried: those chosen before, which did not do, a bit each
 * @last: the one chosen, its bit
 * @x: what becomes of the packet
 * @exact: if that is for this address alone
 */
struct ila_hit {
	unsigned long ref;
	struct ila_locator *loc;
	u32 tried;
	u32 last;
	const struct ila_xlat *x;
	struct ila_xlat exact;
};

/* set.c */
bool ila_hit_next_of(struct ila_hit *hit, struct ila_target *to,
		     const struct net *net, struct sk_buff *skb);
u32 ila_hit_states(const struct ila_hit *hit);

/**
 * ila_hit_ref() - look a destination up
 * @ilan: the namespace
 * @daddr: the destination
 * @domain: its domain
 * @now: ila_now()
 *
 * RCU read side.
 *
 * Return: the reference of a mapping that lives, or 0.
 */
static __always_inline unsigned long
ila_hit_ref(struct ila_net *ilan, const struct ila_addr *daddr, u32 domain,
	    u32 now)
{
	struct ila_place place;
	unsigned long ref;

	ref = ila_maps_find_alive(&ilan->mappings, daddr, domain, now, &place);
	if (unlikely(!ref))
		return 0;
	ila_place_use(&place, now);
	return ref;
}

/**
 * ila_hit_next() - choose a locator that works, by the flow
 * @hit: with a reference, of ila_hit_ref()
 * @net: the namespace
 * @skb: the packet; NULL: any flow
 *
 * RCU read side. Called again, it chooses another one.
 *
 * Return: false if none is left.
 */
static inline bool ila_hit_next(struct ila_hit *hit, const struct net *net,
				struct sk_buff *skb)
{
	struct ila_target *to = ila_ref_target(hit->ref);

	hit->tried |= hit->last;
	if (unlikely(to->kind != ILA_TARGET_LOCATOR))
		return ila_hit_next_of(hit, ila_ref_to(hit->ref), net, skb);
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
	hit->exact = (struct ila_xlat) {
		.to = to.upper,
		.ident = to.ident,
		.diff = ila_exact_diff(daddr, &to),
		.csum_mode = csum_mode,
		.fixed = true,
		.by = ILA_BY_ADDRESS,
	};
	hit->x = &hit->exact;
}

/* What the type of an identifier has to say, if the route obeys it */
static inline enum ila_verdict ila_format_verdict(__be64 ident)
{
	if (!ila_ident_type_ok(ila_ident_type(ident)))
		return ILA_LEFT_TYPE;
	return ila_ident_c_bit(ident) ? ILA_REFUSED_CBIT : ILA_OK;
}

/* What a mapping that refers to a locator makes of an address in SIR form */
static inline const struct ila_xlat *
ila_ref_xlat(unsigned long ref, const struct ila_locator *loc, u8 route_csum)
{
	return &loc->xlat[((ref & ILA_REF_CSUM) ?: route_csum) - 1];
}

/* May the address be translated, as far as its type goes? */
static inline enum ila_verdict
ila_ref_verdict(unsigned long ref, u8 ident_type, const struct ila_addr *daddr)
{
	if (ident_type != ILA_ATYPE_USE_FORMAT || ref & ILA_REF_TYPED)
		return ILA_OK;
	return ila_format_verdict(daddr->ident);
}

/**
 * ila_hit_xlat() - what becomes of the packet
 * @hit: with a locator
 * @route_csum: of the table route, as references have it
 * @ident_type: of the table route
 * @daddr: the destination
 *
 * Sets the translation. RCU read side.
 *
 * Return: ILA_OK; ILA_LEFT_TYPE or ILA_REFUSED_CBIT if it must not be.
 */
static inline enum ila_verdict
ila_hit_xlat(struct ila_hit *hit, u8 route_csum, u8 ident_type,
	     const struct ila_addr *daddr)
{
	const struct ila_exact *exact = ila_ref_exact(hit->ref);

	if (exact) {
		ila_hit_exact(hit, exact,
			      ila_csum_modes[(hit->ref & ILA_REF_CSUM) ?:
					     route_csum], daddr);
		return ILA_OK;
	}
	hit->x = ila_ref_xlat(hit->ref, hit->loc, route_csum);
	return ila_ref_verdict(hit->ref, ident_type, daddr);
}

/**
 * ila_hit_plain() - the locator of a mapping, where there is nothing to choose
 * @ref: the mapping's reference
 * @tunnel: the table route
 * @daddr: the destination
 * @x: what becomes of the packet
 *
 * RCU read side.
 *
 * Return: the locator; or NULL: have a closer look, with ila_hit_next().
 */
static __always_inline struct ila_locator *
ila_hit_plain(unsigned long ref, const struct ila_tunnel *tunnel,
	      const struct ila_addr *daddr, const struct ila_xlat **x)
{
	struct ila_target *to = ila_ref_target(ref);
	struct ila_locator *loc;

	if (unlikely(to->kind != ILA_TARGET_LOCATOR))
		return NULL;
	loc = ila_locator_current(ila_target_locator(to));
	if (unlikely(READ_ONCE(loc->state) ||
		     ila_ref_verdict(ref, tunnel->ident_type, daddr) != ILA_OK))
		return NULL;
	*x = ila_ref_xlat(ref, loc, tunnel->route_csum);
	return loc;
}

#endif /* _ILA_HIT_H */

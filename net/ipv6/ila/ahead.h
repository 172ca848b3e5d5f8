/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the next packet to a prefix will need
 */
#ifndef _ILA_AHEAD_H
#define _ILA_AHEAD_H

#include "mapping.h"
#include "route.h"

struct nf_hook_state;

#define ILA_AHEAD_BITS		3

/**
 * struct ila_ahead - a prefix under which a table route has found a mapping
 * @route: the table route
 * @upper: the prefix, the upper half of the addresses
 * @domain: the domain of their mappings
 * @used: when it last found one
 *
 * Of one CPU, and written by the packets there; but the collector takes away @route.
 */
struct ila_ahead {
	struct ila_kept route;
	__be64 upper;
	u32 domain;
	u32 used;
};

struct ila_ahead_cpu {
	struct ila_ahead prefixes[1 << ILA_AHEAD_BITS];
};

/* ahead.c */
int ila_ahead_init(struct ila_net *ilan);
bool ila_ahead_reap(struct ila_net *ilan);
void ila_ahead_learn(struct ila_net *ilan, struct ila_ahead *ahead,
		     struct net *net, struct sk_buff *skb, u32 domain, u32 now);
void ila_ahead_receive(struct ila_net *ilan, struct sk_buff *skb,
		       const struct nf_hook_state *state);

/* Where a prefix is, if it is anywhere */
static inline struct ila_ahead *
ila_ahead_place(struct ila_ahead_cpu __percpu *cpu, __be64 upper)
{
	return &raw_cpu_ptr(cpu)->prefixes[ila_upper_hash(upper) >>
					   (64 - ILA_AHEAD_BITS)];
}

/**
 * ila_ahead_prefetch() - ask for the bucket of an address that may have a mapping
 * @ilan: the namespace
 * @daddr: the destination of a packet that was received
 *
 * With many mappings it is in no cache; it is there when the packet was routed. RCU
 * read side.
 *
 * Return: what is known of the prefix, or NULL.
 */
static inline struct ila_ahead *ila_ahead_prefetch(const struct ila_net *ilan,
						   const struct ila_addr *daddr)
{
	struct ila_ahead_cpu __percpu *cpu = READ_ONCE(ilan->ahead);
	struct ila_ahead *ahead;

	if (!cpu)
		return NULL;
	ahead = ila_ahead_place(cpu, daddr->upper);
	if (READ_ONCE(ahead->upper) != daddr->upper)
		return NULL;
	ila_maps_prefetch(&ilan->mappings,
			  ila_table_hash(daddr, READ_ONCE(ahead->domain)));
	return ahead;
}

/**
 * ila_ahead_route() - the table route that is kept for a prefix
 * @ahead: its place
 * @net: the namespace
 * @upper: the prefix
 *
 * BH off, RCU read side. It is not what was learned of one of the addresses.
 *
 * Return: the route, without a reference; or NULL, and it is to be looked up.
 */
static inline struct dst_entry *ila_ahead_route(const struct ila_ahead *ahead,
						const struct net *net,
						__be64 upper)
{
	struct dst_entry *dst = NULL;

	ila_kept_begin();
	/* another packet may have brought another prefix since */
	if (likely(READ_ONCE(ahead->upper) == upper))
		dst = ila_kept_dst(&ahead->route, net);
	ila_kept_end();
	return dst;
}

/* It is in use */
static inline void ila_ahead_use(struct ila_ahead *ahead, u32 now)
{
	if (unlikely(READ_ONCE(ahead->used) != now))
		WRITE_ONCE(ahead->used, now);
}

/**
 * ila_ahead_note() - a table route has found a mapping for a forwarded packet
 * @ilan: the namespace
 * @net: the same
 * @skb: the packet, its table route set
 * @domain: of the route
 * @now: ila_now()
 *
 * BH off, RCU read side.
 */
static __always_inline void ila_ahead_note(struct ila_net *ilan, struct net *net,
					   struct sk_buff *skb, u32 domain,
					   u32 now)
{
	__be64 upper = ila_daddr(skb)->upper;
	struct ila_ahead *ahead = ila_ahead_place(ilan->ahead, upper);

	if (likely(READ_ONCE(ahead->domain) == domain &&
		   ila_ahead_route(ahead, net, upper)))
		ila_ahead_use(ahead, now);
	else
		ila_ahead_learn(ilan, ahead, net, skb, domain, now);
}

#endif /* _ILA_AHEAD_H */

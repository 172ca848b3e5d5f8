// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: ICMPv6 errors
 *
 * An error that is raised between translation and restoration quotes a packet
 * that its sender never sent. To have the sender recognise it (and learn path
 * MTUs from it), the quoted destination is restored by every node on the way
 * back that knows the locator.
 */
#include <linux/icmpv6.h>
#include <linux/skbuff.h>
#include <net/checksum.h>
#include <net/ila.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>

#include "lwt.h"
#include "mapping.h"

/* How many entries of one locator are tried before the quote is left alone */
#define ILA_CANDIDATES_MAX	8

/**
 * struct ila_quote - what an ICMPv6 error quotes
 * @skb: the error
 * @dev: the device it came from or goes to
 * @offset: of the quoted packet, from skb->data
 * @hdr: its IPv6 header
 */
struct ila_quote {
	const struct sk_buff *skb;
	const struct net_device *dev;
	unsigned int offset;
	const struct ipv6hdr *hdr;
};

/* The flow that the quoted packet belongs to, as if it was sent to @daddr */
static void ila_quote_flow(const struct ila_quote *quote,
			   const struct ila_addr *daddr, struct flowi6 *fl6)
{
	const struct ipv6hdr *hdr = quote->hdr;
	__be16 buf[2];
	const __be16 *ports;

	*fl6 = (struct flowi6) {
		.daddr = *(const struct in6_addr *)daddr,
		.saddr = hdr->saddr,
		.flowlabel = ip6_flowinfo(hdr),
		.flowi6_proto = hdr->nexthdr,
		.flowi6_mark = quote->skb->mark,
		.flowi6_l3mdev = l3mdev_master_ifindex_rcu(quote->dev),
	};
	if (hdr->nexthdr != IPPROTO_TCP && hdr->nexthdr != IPPROTO_UDP)
		return;
	ports = skb_header_pointer(quote->skb, quote->offset + sizeof(*hdr),
				   sizeof(buf), buf);
	if (ports) {
		fl6->fl6_sport = ports[0];
		fl6->fl6_dport = ports[1];
	}
}

/* Does a packet to fl6->daddr meet the route that named this locator? */
static bool ila_route_confirms(struct net *net, const struct ila_claim *claim,
			       struct flowi6 *fl6)
{
	struct dst_entry *dst = ip6_route_output(net, NULL, fl6);
	bool confirms = ila_lwt_names(dst, claim);

	dst_release(dst);
	return confirms;
}

/**
 * ila_quote_candidate() - what one entry makes of a quoted destination
 * @net: the namespace
 * @claim: the entry
 * @quote: the quoted packet
 * @sir: the answer
 *
 * Return: true if the entry stands behind the answer: it is a rule, or a packet
 * to this address takes the very route that named the locator.
 */
static bool ila_quote_candidate(struct net *net, const struct ila_claim *claim,
				const struct ila_quote *quote,
				struct ila_addr *sir)
{
	const struct ila_addr *ila = (const struct ila_addr *)&quote->hdr->daddr;
	struct ila_xlat x = {
		.csum_mode = claim->csum_mode,
		.restore = true,
		.by = claim->formatted ? ILA_BY_TYPE : ILA_BY_PREFIX,
	};
	struct flowi6 fl6;

	/* pairs with the release in ila_claim_learn() */
	if (smp_load_acquire(&claim->sir_state) != ILA_SIR_KNOWN)
		return false;
	x.to = claim->sir;
	if (ila_xlat_addr(&x, ila, sir) != ILA_OK)
		return false;
	if (claim->origin == ILA_CLAIM_RULE)
		return true;
	/* our route would have set the C-bit: that was sent to the locator */
	if (claim->origin == ILA_CLAIM_SEND &&
	    claim->csum_mode == ILA_CSUM_NEUTRAL_MAP && !ila_ident_c_bit(ila->ident))
		return false;
	ila_quote_flow(quote, claim->origin == ILA_CLAIM_SEND ? sir : ila, &fl6);
	return ila_route_confirms(net, claim, &fl6);
}

/* By mappings
 */

/* Is, or was until not long ago, a locator one of a mapping's? */
static bool ila_locator_is_of(const struct ila_map *map,
			      struct ila_locator *its, struct ila_locator *loc,
			      u32 now)
{
	struct ila_locator *is = ila_locator_current(its);

	if (loc == is || !ila_is_past(map->detail.changed + ILA_GRACE, now))
		return true;
	if (ila_locator_current(loc) != is)
		return false;
	/* pairs with rcu_assign_pointer() in ila_locator_redirect() */
	smp_rmb();
	return !ila_is_past(READ_ONCE(loc->since) + ILA_GRACE, now);
}

static bool ila_map_was_at(const struct ila_map *map, struct ila_locator *loc)
{
	struct ila_target *to = ila_ref_to(map->ref);
	const struct ila_set *set = ila_target_set(to);
	u32 now = ila_now();
	unsigned int i;

	if (to->kind == ILA_TARGET_LOCATOR)
		return ila_locator_is_of(map, ila_target_locator(to), loc, now);
	for (i = 0; i < set->n; i++)
		if (ila_locator_is_of(map, set->members[i].locator, loc, now))
			return true;
	return false;
}

/* The checksum mode in which a mapping is sent to, by its table route if it does
 * not say. Return: ILA_CSUM_, or -1 if there is no such route.
 */
static int ila_map_mode(struct net *net, const struct ila_map *map,
			const struct ila_quote *quote,
			const struct ila_addr *address)
{
	const struct ila_tunnel *tunnel;
	struct dst_entry *dst;
	struct flowi6 fl6;
	int mode = -1;

	if (map->ref & ILA_REF_CSUM)
		return ila_ref_csum_mode(map->ref);
	ila_quote_flow(quote, address, &fl6);
	dst = ip6_route_output(net, NULL, &fl6);
	tunnel = ila_dst_tunnel(dst);
	if (tunnel && tunnel->table && tunnel->domain == map->node.domain)
		mode = tunnel->xlat.csum_mode;
	dst_release(dst);
	return mode;
}

/* Was the identifier adjusted in the same way? */
static bool ila_modes_agree(int a, int b)
{
	if (!ila_csum_mode_neutral(a))
		return a >= 0 && !ila_csum_mode_neutral(b);
	return a == b;
}

/* What a quoted destination was, if it was sent in a mode. Return: whether there
 * is a mapping of that address, of which a copy is in @map.
 */
static bool ila_quote_undo(const struct ila_net *ilan,
			   const struct ila_locator *loc,
			   const struct ila_addr *wire, u8 mode,
			   struct ila_addr *address, struct ila_map *map)
{
	const struct ila_xlat x = {
		.to = READ_ONCE(loc->target.upper),
		.csum_mode = mode,
		.restore = true,
	};
	const struct ila_exact *local;
	struct ila_place place;

	local = ila_local_find(ilan, wire, mode, loc->target.domain, &place);
	if (local)
		*address = local->address;
	else if (!READ_ONCE(loc->has_sir) ||
		 ila_xlat_addr(&x, wire, address) != ILA_OK)
		return false;
	return ila_maps_get(&ilan->mappings, address, loc->target.domain, map);
}

static bool ila_quote_mapping(const struct ila_net *ilan,
			      const struct ila_quote *quote,
			      struct ila_locator *loc, u8 mode,
			      struct ila_addr *address)
{
	const struct ila_addr *wire = (struct ila_addr *)&quote->hdr->daddr;
	struct ila_map map;

	if (mode == ILA_CSUM_NEUTRAL_MAP && !ila_ident_c_bit(wire->ident))
		return false;
	return ila_quote_undo(ilan, loc, wire, mode, address, &map) &&
	       ila_map_was_at(&map, loc) &&
	       ila_modes_agree(ila_map_mode(ilan->net, &map, quote, address),
			       mode);
}

/* Several answers are none */
static bool ila_quote_settle(struct ila_addr *sir, bool *found,
			     const struct ila_addr *candidate)
{
	if (*found && memcmp(sir, candidate, sizeof(*sir)))
		return false;
	*sir = *candidate;
	*found = true;
	return true;
}

static bool ila_quote_mappings(const struct ila_net *ilan,
			       const struct ila_quote *quote,
			       struct ila_addr *sir, bool *found)
{
	static const u8 modes[] = {
		ILA_CSUM_NEUTRAL_MAP, ILA_CSUM_NEUTRAL_MAP_AUTO,
		ILA_CSUM_NO_ACTION,
	};
	__be64 locator = ((const struct ila_addr *)&quote->hdr->daddr)->upper;
	struct ila_addr candidate;
	struct ila_locator *loc;
	int i;

	loc = ila_locator_find_any(ilan, locator);
	for (i = 0; loc && i < ARRAY_SIZE(modes); i++)
		if (ila_quote_mapping(ilan, quote, loc, modes[i], &candidate) &&
		    !ila_quote_settle(sir, found, &candidate))
			return false;
	return true;
}

/* Find the one address that a quoted destination was before it was translated */
static bool ila_quote_restore(const struct ila_net *ilan,
			      const struct ila_quote *quote,
			      struct ila_addr *sir)
{
	__be64 locator = ((const struct ila_addr *)&quote->hdr->daddr)->upper;
	const struct ila_claim *claim;
	struct ila_addr candidate;
	bool found = false;
	int n = 0;

	hlist_for_each_entry_rcu(claim, ila_claim_bucket(ilan, locator), node) {
		if (claim->locator != locator)
			continue;
		if (++n > ILA_CANDIDATES_MAX)
			return false;
		if (!ila_quote_candidate(ilan->net, claim, quote, &candidate))
			continue;
		if (!ila_quote_settle(sir, &found, &candidate))
			return false;
	}
	return ila_quote_mappings(ilan, quote, sir, &found) && found;
}

static bool ila_quote_is_known(const struct ila_net *ilan, __be64 locator)
{
	return ila_claim_known(ilan, locator) ||
	       ila_locator_find_any(ilan, locator);
}

/* Write the restored destination and keep the error's own checksum true */
static void ila_quote_write(struct sk_buff *skb, unsigned int icmp,
			    unsigned int daddr, const struct ila_addr *sir)
{
	struct ila_addr *quoted = (struct ila_addr *)(skb->data + daddr);
	unsigned int offset = icmp + offsetof(struct icmp6hdr, icmp6_cksum);
	__wsum diff = csum_sub(csum_partial(sir, sizeof(*sir), 0),
			       csum_partial(quoted, sizeof(*quoted), 0));

	*quoted = *sir;
	/* one that is yet to be computed will cover the quote as it is then */
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		csum_replace_by_diff((__sum16 *)(skb->data + offset), diff);
}

/**
 * ila_icmp_restore() - restore what an ICMPv6 error quotes
 * @ilan: the namespace
 * @skb: a packet, its IPv6 header in the linear part
 * @dev: the device it came from or goes to
 *
 * Errors that quote no locator known here, or too little of the packet, or an
 * address that cannot be told for certain, are left as they are. The quote and
 * the checksum cancel each other out in skb->csum. The caller is in an RCU read
 * side section.
 */
void ila_icmp_restore(struct ila_net *ilan, struct sk_buff *skb,
		      const struct net_device *dev)
{
	struct ila_quote quote = { .skb = skb, .dev = dev };
	struct ila_addr sir;
	struct ipv6hdr buf;
	unsigned int daddr;
	struct ila_l4 l4;
	int type;

	ila_l4_find(skb, &l4);
	type = ila_l4_icmp_type(skb, &l4);
	if (type < 0 || !icmpv6_is_err(type))
		return;
	quote.offset = l4.offset + sizeof(struct icmp6hdr);
	daddr = quote.offset + offsetof(struct ipv6hdr, daddr);
	quote.hdr = skb_header_pointer(skb, quote.offset, sizeof(buf), &buf);
	if (!quote.hdr || quote.hdr->version != 6 ||
	    !ila_quote_is_known(ilan, ((struct ila_addr *)&quote.hdr->daddr)->upper))
		return;

	if (!ila_quote_restore(ilan, &quote, &sir) ||
	    ila_make_writable(skb, daddr + sizeof(sir))) {
		ila_count(ilan, ILA_STAT_IN_ERRORS_IGNORED);
		return;
	}
	ila_quote_write(skb, l4.offset, daddr, &sir);
	ila_count(ilan, ILA_STAT_IN_ERRORS_RESTORED);
}

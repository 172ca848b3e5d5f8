// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: routes that translate
 *
 * A route of hook type output translates what is sent by it, SIR to ILA; or
 * ILA to SIR, for the one address whose own identifier has the C-bit. A route
 * of hook type input translates what is received by it, ILA to SIR.
 */
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/dst_cache.h>
#include <net/gso.h>
#include <net/ila.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/lwtunnel.h>
#include <net/netlink.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/xfrm.h>

#include "rewrite.h"

/**
 * struct ila_tunnel - what an ILA route does
 * @xlat: the translation
 * @ilan: the namespace it is in
 * @locator: its entry among the locators; NULL if it is not known which
 * @list: in the namespace's list, if it @caches
 * @cache: route of the translated address, if it @caches
 * @domain: identifier namespace
 * @ident_type: as configured
 * @hook_type: ILA_HOOK_
 * @exact: the route is for one address, so there is one translated address
 * @caches: the route of that address is kept
 */
struct ila_tunnel {
	struct ila_xlat xlat;
	struct ila_net *ilan;
	struct ila_locator *locator;
	struct list_head list;
	struct dst_cache cache;
	u32 domain;
	u8 ident_type;
	u8 hook_type;
	bool exact;
	bool caches;
};

static struct ila_tunnel *ila_tunnel(const struct lwtunnel_state *lwt)
{
	return (struct ila_tunnel *)lwt->data;
}

static const struct ila_tunnel *ila_dst_tunnel(const struct dst_entry *dst)
{
	if (!dst->lwtstate || dst->lwtstate->type != LWTUNNEL_ENCAP_ILA)
		return NULL;
	return ila_tunnel(dst->lwtstate);
}

static bool ila_lws_names(const struct lwtunnel_state *lwt,
			  const struct ila_locator *loc)
{
	return lwt && lwt->type == LWTUNNEL_ENCAP_ILA &&
	       ila_tunnel(lwt)->locator == loc;
}

static int ila_nexthop_names(struct fib6_nh *nh, void *loc)
{
	return ila_lws_names(nh->fib_nh_lws, loc);
}

/**
 * ila_lwt_names() - does a route, or another leg of it, name a locator?
 * @dst: the route
 * @loc: the locator's entry
 *
 * A flow's leg depends on more than an error quotes. RCU read side.
 *
 * Return: true if so.
 */
bool ila_lwt_names(const struct dst_entry *dst, const struct ila_locator *loc)
{
	const struct fib6_info *from, *leg;

	if (ila_lws_names(dst->lwtstate, loc))
		return true;
	from = rcu_dereference(dst_rt6_info(dst)->from);
	if (!from)
		return false;
	if (from->nh)
		return nexthop_for_each_fib6_nh(from->nh, ila_nexthop_names,
						(void *)loc);
	if (!READ_ONCE(from->fib6_nsiblings))
		return false;
	list_for_each_entry_rcu(leg, &from->fib6_siblings, fib6_siblings) {
		if (ila_lws_names(leg->fib6_nh->fib_nh_lws, loc))
			return true;
		/* a leg that is being removed leads to nowhere but itself */
		if (!READ_ONCE(from->fib6_nsiblings))
			break;
	}
	return false;
}

/**
 * ila_lwt_sends() - does a route translate what is sent by it?
 * @dst: the route
 *
 * Return: true if so.
 */
bool ila_lwt_sends(const struct dst_entry *dst)
{
	const struct ila_tunnel *tunnel = ila_dst_tunnel(dst);

	return tunnel && tunnel->hook_type == ILA_HOOK_ROUTE_OUTPUT;
}

/* The route to a translated address
 */

/* Is there any IPsec policy, of the namespace or of a socket, for output? */
static bool ila_has_output_policy(const struct net *net)
{
#ifdef CONFIG_XFRM
	return READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_OUT]) ||
	       READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_MAX +
						XFRM_POLICY_OUT]) ||
	       READ_ONCE(net->xfrm.policy_default[XFRM_POLICY_OUT]) ==
	       XFRM_USERPOLICY_BLOCK;
#else
	return false;
#endif
}

/* Could another flow to the same address get another route? */
static bool ila_route_varies(struct net *net)
{
	return fib6_has_custom_rules(net) || fib6_routes_require_src(net) ||
	       ila_has_output_policy(net);
}

/* Do routes of one metric compete, by flow or by the state of neighbours? */
static bool ila_route_competes(const struct fib6_info *from)
{
	const struct fib6_node *fn = rcu_dereference(from->fib6_node);
	const struct fib6_info *other;

	if (!fn || from->nh || READ_ONCE(from->fib6_nsiblings) ||
	    from->fib6_flags & (RTF_ADDRCONF | RTF_DEFAULT))
		return true;
	for (other = rcu_dereference(fn->leaf); other;
	     other = rcu_dereference(other->fib6_next))
		if (other != from && other->fib6_metric == from->fib6_metric)
			return true;
	return false;
}

/* As above, of one route; and never keep what refers to a tunnel state */
static bool ila_route_cacheable(const struct dst_entry *dst)
{
	const struct fib6_info *from;

	if (dst->lwtstate || dst_xfrm(dst))
		return false;
	from = rcu_dereference(dst_rt6_info(dst)->from);
	return from && !ila_route_competes(from);
}

static struct dst_entry *ila_route_input(struct net *net, struct sk_buff *skb,
					 struct flowi6 *fl6)
{
	fl6->flowi6_iif = skb->dev->ifindex;
	return ip6_route_input_lookup(net, skb->dev, fl6, skb,
				      RT6_LOOKUP_F_HAS_SADDR);
}

static struct dst_entry *ila_route_output(struct net *net, struct sock *sk,
					  struct sk_buff *skb,
					  struct flowi6 *fl6)
{
	if (sk && !sk_fullsock(sk))
		sk = NULL;
	if (sk)
		fl6->flowi6_oif = sk->sk_bound_dev_if;
	fl6->flowi6_uid = sock_net_uid(net, sk);
	fl6->flowi6_l3mdev = l3mdev_master_ifindex_rcu(dst_dev(skb_dst(skb)));
	return ip6_route_output(net, sk, fl6);
}

static void ila_flow(const struct sk_buff *skb, const struct ila_addr *daddr,
		     struct flowi6 *fl6)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	const __be16 *ports;
	struct ila_l4 l4;
	__be16 buf[2];
	int type;

	ila_l4_find(skb, &l4);
	*fl6 = (struct flowi6) {
		.daddr = *(const struct in6_addr *)daddr,
		.saddr = hdr->saddr,
		.flowlabel = ip6_flowinfo(hdr),
		.flowi6_mark = skb->mark,
		.flowi6_proto = l4.proto,
	};
	switch (l4.proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		ports = skb_header_pointer(skb, l4.offset, sizeof(buf), buf);
		if (ports) {
			fl6->fl6_sport = ports[0];
			fl6->fl6_dport = ports[1];
		}
		break;
	case IPPROTO_ICMPV6:
		type = ila_l4_icmp_type(skb, &l4);
		fl6->fl6_icmp_type = type < 0 ? 0 : type;
		break;
	}
}

/* Came by ip6_forward(), not from a socket or out of a tunnel device */
static bool ila_is_forwarded(const struct sock *sk, const struct sk_buff *skb)
{
	return !sk && skb->dev && IP6CB(skb)->iif;
}

/* Return: the route a packet of this flow takes, IPsec included, or ERR_PTR */
static struct dst_entry *ila_route(struct net *net, struct sock *sk,
				   struct sk_buff *skb,
				   const struct ila_addr *daddr)
{
	struct dst_entry *dst;
	struct flowi6 fl6;
	int err;

	ila_flow(skb, daddr, &fl6);
	if (ila_is_forwarded(sk, skb))
		dst = ila_route_input(net, skb, &fl6);
	else
		dst = ila_route_output(net, sk, skb, &fl6);
	if (dst->error) {
		err = dst->error;
		dst_release(dst);
		return ERR_PTR(err);
	}
	if (IP6CB(skb)->flags & IP6SKB_XFRM_TRANSFORMED)
		return dst;
	return xfrm_lookup(net, dst, flowi6_to_flowi(&fl6), sk, 0);
}

/* Sending
 */

/* With this value lwtunnel would free the packet, which is gone already */
static int ila_consumed(int err)
{
	return err == -EOPNOTSUPP ? -EHOSTUNREACH : err;
}

/* A refusal for which the sender of a forwarded packet gets an ICMPv6 error */
static int ila_output_noroute(const struct ila_net *ilan,
			      const struct sock *sk, struct sk_buff *skb,
			      int err)
{
	if (ila_is_forwarded(sk, skb) && err != -EINVAL)
		icmpv6_send(skb, ICMPV6_DEST_UNREACH,
			    err == -EACCES ? ICMPV6_ADM_PROHIBITED :
					     ICMPV6_NOROUTE, 0);
	ila_drop(ilan, skb, ILA_REFUSED_NOROUTE, false);
	return err;
}

static bool ila_too_big(const struct sk_buff *skb, unsigned int mtu)
{
	if (skb->len <= mtu)
		return false;
	if (IP6CB(skb)->frag_max_size > mtu)
		return true;
	if (skb->ignore_df)
		return false;
	return !skb_is_gso(skb) || !skb_gso_validate_network_len(skb, mtu);
}

/* Behind this point the SIR route, and with it the path MTU learned for the SIR
 * address, is forgotten. Fragments of a datagram still have to obey it.
 */
static void ila_limit_fragments(const struct sock *sk, struct sk_buff *skb)
{
	unsigned int mtu = dst_mtu(skb_dst(skb));

	if (likely(skb->len <= mtu) || !skb->ignore_df || skb_is_gso(skb))
		return;
	if (sk && sk_fullsock(sk) && sk->sk_family == AF_INET6 &&
	    !ip6_sk_accept_pmtu(sk))
		return;
	IP6CB(skb)->frag_max_size = max_t(unsigned int, mtu, IPV6_MIN_MTU);
}

/* The path to the locator can be narrower than the route of the SIR address
 * promised. Say so before the packet is rewritten, so that it is the SIR
 * address that a Packet Too Big quotes and that the path MTU is filed under.
 */
static int ila_check_mtu(const struct ila_net *ilan, const struct sock *sk,
			 struct sk_buff *skb, const struct dst_entry *dst)
{
	bool forwarded = ila_is_forwarded(sk, skb);
	unsigned int mtu;

	if (skb->len <= IPV6_MIN_MTU)
		return 0;
	mtu = forwarded ? ip6_dst_mtu_maybe_forward(dst, true) : dst_mtu(dst);
	mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	if (likely(!ila_too_big(skb, mtu))) {
		if (!forwarded)
			ila_limit_fragments(sk, skb);
		return 0;
	}

	if (forwarded)
		icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
	else
		skb_dst_update_pmtu_no_confirm(skb, mtu);
	ila_drop(ilan, skb, ILA_REFUSED_TOOBIG, false);
	return -EMSGSIZE;
}

static struct dst_entry *ila_cache_get(struct ila_tunnel *tunnel,
				       struct net *net, const struct sock *sk)
{
	if (!tunnel->caches || ila_route_varies(net) ||
	    READ_ONCE(tunnel->ilan->dead) || (sk && sk->sk_bound_dev_if))
		return NULL;
	return dst_cache_get(&tunnel->cache);
}

static void ila_cache_set(struct ila_tunnel *tunnel, struct net *net,
			  const struct sock *sk, struct dst_entry *dst)
{
	static const struct in6_addr any;

	if (tunnel->caches && !ila_route_varies(net) &&
	    !READ_ONCE(tunnel->ilan->dead) && !(sk && sk->sk_bound_dev_if) &&
	    ila_route_cacheable(dst))
		dst_cache_set_ip6(&tunnel->cache, dst, &any);
}

/* Find the route of the translated address. The packet is gone if the answer
 * is an ERR_PTR.
 */
static noinline struct dst_entry *
ila_output_lookup(struct ila_tunnel *tunnel, struct net *net, struct sock *sk,
		  struct sk_buff *skb)
{
	const struct ila_addr *old;
	enum ila_verdict verdict;
	struct dst_entry *dst;
	struct ila_addr new;

	old = (const struct ila_addr *)&ipv6_hdr(skb)->daddr;
	verdict = ila_xlat_addr(&tunnel->xlat, old, &new);
	if (verdict != ILA_OK) {
		ila_drop(tunnel->ilan, skb, verdict, false);
		return ERR_PTR(-EINVAL);
	}
	dst = ila_route(net, sk, skb, &new);
	if (IS_ERR(dst))
		return ERR_PTR(ila_output_noroute(tunnel->ilan, sk, skb,
						  PTR_ERR(dst)));
	if (ila_lwt_sends(xfrm_dst_path(dst))) {
		dst_release(dst);
		ila_drop(tunnel->ilan, skb, ILA_REFUSED_LOOP, false);
		return ERR_PTR(-ELOOP);
	}
	ila_cache_set(tunnel, net, sk, dst);
	return dst;
}

/* nft flow tables send past us; the packets of a flow that do come tell of it */
static void ila_count_offloaded(const struct ila_net *ilan,
				const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (ct && unlikely(test_bit(IPS_OFFLOAD_BIT, &ct->status)))
		ila_count(ilan, ILA_STAT_OUT_OFFLOADED);
#endif
}

static int ila_output_one(struct lwtunnel_state *lwt, struct net *net,
			  struct sock *sk, struct sk_buff *skb)
{
	const struct rt6_info *rt = dst_rt6_info(skb_dst(skb));
	struct ila_tunnel *tunnel = ila_tunnel(lwt);
	struct ila_net *ilan = tunnel->ilan;
	struct dst_entry *dst = NULL;
	enum ila_verdict verdict;
	__be64 sir;
	int err;

	/* with a gateway the next hop is known: it is the gateway */
	if (!(rt->rt6i_flags & RTF_GATEWAY)) {
		dst = ila_cache_get(tunnel, net, sk);
		if (unlikely(!dst)) {
			dst = ila_output_lookup(tunnel, net, sk, skb);
			if (IS_ERR(dst))
				return PTR_ERR(dst);
		}
		err = ila_check_mtu(ilan, sk, skb, dst);
		if (unlikely(err)) {
			dst_release(dst);
			return err;
		}
	}

	sir = ((const struct ila_addr *)&ipv6_hdr(skb)->daddr)->upper;
	verdict = ila_rewrite(skb, &tunnel->xlat);
	if (unlikely(verdict != ILA_OK)) {
		dst_release(dst);
		if (verdict != ILA_LEFT_ND) {
			ila_drop(ilan, skb, verdict, false);
			return -EINVAL;
		}
		ila_left(ilan, skb, verdict, false);
		return lwt->orig_output(net, sk, skb);
	}

	ila_count(ilan, ILA_STAT_OUT_TRANSLATED);
	ila_count_offloaded(ilan, skb);
	if (unlikely(!tunnel->xlat.fixed && tunnel->locator))
		ila_locator_learn(ilan, tunnel->locator, sir);

	if (!dst)
		return lwt->orig_output(net, sk, skb);
	skb_dst_drop(skb);
	skb_dst_set(skb, dst);
	return dst_output(net, sk, skb);
}

/* Segment a packet and send the pieces */
static int ila_output_segments(struct lwtunnel_state *lwt, struct net *net,
			       struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff *segs, *seg, *next;
	int ret = 0, err;

	BUILD_BUG_ON(sizeof(*IP6CB(skb)) > SKB_GSO_CB_OFFSET);
	segs = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segs)) {
		ila_drop(ila_tunnel(lwt)->ilan, skb, ILA_REFUSED_NOMEM, false);
		return -ENOMEM;
	}
	consume_skb(skb);

	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		err = ila_output_one(lwt, net, sk, seg);
		if (err && !ret)
			ret = err;
	}
	return ret;
}

/* Where the address changes and the checksum does not, the checksum has to be
 * there first: made later, by a device that looks at the packet's addresses for
 * its pseudo header, it would be one for the wrong address.
 */
static bool ila_checksum_is_due(const struct ila_xlat *x, struct sk_buff *skb)
{
	if (x->csum_mode != ILA_CSUM_NO_ACTION &&
	    x->csum_mode != ILA_CSUM_ADJUST_TRANSPORT_COMPAT)
		return false;
	return (skb->ip_summed == CHECKSUM_PARTIAL || skb_is_gso(skb)) &&
	       !skb_csum_is_sctp(skb);
}

static int ila_output(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	struct lwtunnel_state *lwt = skb_dst(skb)->lwtstate;
	struct ila_tunnel *tunnel = ila_tunnel(lwt);

	if (skb->protocol != htons(ETH_P_IPV6)) {
		kfree_skb(skb);
		return -EINVAL;
	}
	if (unlikely(ila_checksum_is_due(&tunnel->xlat, skb))) {
		if (skb_is_gso(skb))
			return ila_consumed(ila_output_segments(lwt, net, sk,
								skb));
		if (skb_checksum_help(skb)) {
			ila_drop(tunnel->ilan, skb, ILA_REFUSED_NOMEM, false);
			return -ENOMEM;
		}
	}
	return ila_consumed(ila_output_one(lwt, net, sk, skb));
}

/* Receiving
 */

static int ila_input(struct sk_buff *skb)
{
	struct lwtunnel_state *lwt = skb_dst(skb)->lwtstate;
	struct ila_tunnel *tunnel = ila_tunnel(lwt);
	enum ila_verdict verdict;

	if (skb->protocol != htons(ETH_P_IPV6)) {
		kfree_skb(skb);
		return -EINVAL;
	}
	verdict = ila_rewrite(skb, &tunnel->xlat);
	if (likely(verdict == ILA_OK)) {
		ila_count(tunnel->ilan, ILA_STAT_IN_TRANSLATED);
		return ila_consumed(lwt->orig_input(skb));
	}
	if (verdict == ILA_LEFT_ND) {
		ila_left(tunnel->ilan, skb, verdict, true);
		return ila_consumed(lwt->orig_input(skb));
	}
	ila_drop(tunnel->ilan, skb, verdict, true);
	return -EINVAL;
}

/* Configuration
 */

static const struct nla_policy ila_lwt_policy[ILA_ATTR_EXT_MAX + 1] = {
	[ILA_ATTR_LOCATOR]	= { .type = NLA_U64 },
	[ILA_ATTR_CSUM_MODE]	= { .type = NLA_U8 },
	[ILA_ATTR_IDENT_TYPE]	= { .type = NLA_U8 },
	[ILA_ATTR_HOOK_TYPE]	= { .type = NLA_U8 },
	[ILA_ATTR_DOMAIN]	= { .type = NLA_U32 },
};

/* The address that a route is for; what is beyond the prefix length is zero */
static const struct ila_addr *ila_route_addr(const struct fib6_config *cfg)
{
	return (const struct ila_addr *)&cfg->fc_dst;
}

static int ila_parse_type(struct nlattr *tb[], const struct fib6_config *cfg,
			  struct ila_tunnel *tunnel,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *attr = tb[ILA_ATTR_IDENT_TYPE];
	u8 type;

	type = attr ? nla_get_u8(attr) : ILA_ATYPE_USE_FORMAT;
	tunnel->ident_type = type;
	if (type == ILA_ATYPE_USE_FORMAT) {
		/* the type field is the 3 bits behind the prefix */
		if (cfg->fc_dst_len < 64 + 3) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "IDENT_TYPE use-format needs a prefix of 67 bits or more");
			return -EINVAL;
		}
		type = ila_ident_type(ila_route_addr(cfg)->ident);
	}
	if (type != ILA_ATYPE_LUID) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "IDENT_TYPE of a route must be luid, given or in the identifier");
		return -EINVAL;
	}
	return 0;
}

static int ila_parse_hook(struct nlattr *tb[], struct ila_tunnel *tunnel,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *attr = tb[ILA_ATTR_HOOK_TYPE];

	tunnel->hook_type = attr ? nla_get_u8(attr) : ILA_HOOK_ROUTE_OUTPUT;
	if (tunnel->hook_type > ILA_HOOK_ROUTE_INPUT) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "HOOK_TYPE must be output or input");
		return -EINVAL;
	}
	return 0;
}

/* Also tells the direction, for which the hook type must be known */
static int ila_parse_csum(struct nlattr *tb[], const struct fib6_config *cfg,
			  struct ila_tunnel *tunnel,
			  struct netlink_ext_ack *extack)
{
	const struct ila_addr *addr = ila_route_addr(cfg);
	struct nlattr *attr = tb[ILA_ATTR_CSUM_MODE];
	u8 mode;

	mode = attr ? nla_get_u8(attr) : ILA_CSUM_NO_ACTION;
	if (!ila_csum_mode_valid(mode)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "CSUM_MODE is unknown");
		return -EINVAL;
	}
	tunnel->xlat.csum_mode = mode;
	tunnel->xlat.restore = tunnel->hook_type == ILA_HOOK_ROUTE_INPUT;
	if (tunnel->xlat.restore || !ila_csum_mode_neutral(mode))
		return 0;

	if (mode == ILA_CSUM_NEUTRAL_MAP && ila_ident_c_bit(addr->ident)) {
		if (!tunnel->exact) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "CSUM_MODE neutral-map takes a C-bit in a /128 only");
			return -EINVAL;
		}
		tunnel->xlat.restore = true;
		return 0;
	}
	if (tunnel->exact && ila_ident_low16(addr->ident) == 0xffff) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "CSUM_MODE is neutral, but identifiers that end in ffff can not be restored");
		return -EINVAL;
	}
	return 0;
}

static int ila_parse_locator(struct nlattr *tb[], struct ila_tunnel *tunnel,
			     struct netlink_ext_ack *extack)
{
	struct nlattr *attr = tb[ILA_ATTR_LOCATOR];

	tunnel->xlat.to = nla_get_be64(attr);
	if (tunnel->xlat.restore && !ila_prefix_ok(tunnel->xlat.to)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "LOCATOR must not be unspecified, loopback, multicast or link-local");
		return -EINVAL;
	}
	if (!tunnel->xlat.to) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "LOCATOR 0 means a table route, which this version does not have");
		return -EINVAL;
	}
	return 0;
}

static int ila_parse(struct nlattr *nla, const struct fib6_config *cfg,
		     struct ila_tunnel *tunnel, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[ILA_ATTR_EXT_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, ILA_ATTR_EXT_MAX, nla,
					  ila_lwt_policy, extack);
	if (err)
		return err;
	if (!tb[ILA_ATTR_LOCATOR]) {
		NL_SET_ERR_MSG(extack, "LOCATOR is missing");
		return -EINVAL;
	}

	tunnel->exact = cfg->fc_dst_len == 128;
	err = ila_parse_type(tb, cfg, tunnel, extack) ?:
	      ila_parse_hook(tb, tunnel, extack) ?:
	      ila_parse_csum(tb, cfg, tunnel, extack) ?:
	      ila_parse_locator(tb, tunnel, extack);
	if (err)
		return err;
	if (tb[ILA_ATTR_DOMAIN])
		tunnel->domain = nla_get_u32(tb[ILA_ATTR_DOMAIN]);
	if (cfg->fc_dst_len >= 64)
		ila_xlat_fix(&tunnel->xlat, ila_route_addr(cfg)->upper);
	return 0;
}

/* Tell the namespace which locator goes with which SIR prefix, if it shows */
static int ila_tunnel_attach(struct ila_tunnel *tunnel,
			     const struct fib6_config *cfg,
			     struct netlink_ext_ack *extack)
{
	__be64 upper = cfg->fc_dst_len >= 64 ? ila_route_addr(cfg)->upper : 0;
	struct ila_net *ilan = tunnel->ilan;
	struct ila_locator like = {
		.locator = tunnel->xlat.to,
		.sir = upper,
		.domain = tunnel->domain,
		.csum_mode = tunnel->xlat.csum_mode,
		.origin = ILA_ORIGIN_SEND,
		.learn = !upper,
	};
	int err;

	if (tunnel->xlat.restore) {
		if (!upper)
			return 0;
		like.locator = upper;
		like.sir = tunnel->xlat.to;
		like.origin = ILA_ORIGIN_RECEIVE;
		like.learn = false;
	}
	tunnel->locator = ila_locator_get(ilan, &like, extack);
	if (IS_ERR(tunnel->locator)) {
		err = PTR_ERR(tunnel->locator);
		tunnel->locator = NULL;
		return err;
	}

	mutex_lock(&ilan->mutex);
	err = ila_hooks_update(ilan);
	mutex_unlock(&ilan->mutex);
	if (err)
		NL_SET_ERR_MSG(extack, "netfilter hooks can not be registered");
	return err;
}

static void ila_destroy_state(struct lwtunnel_state *lwt)
{
	struct ila_tunnel *tunnel = ila_tunnel(lwt);
	struct ila_net *ilan = tunnel->ilan;

	if (tunnel->caches) {
		/* under the lock, lest the namespace go between the two */
		spin_lock_bh(&ilan->lock);
		dst_cache_reset_now(&tunnel->cache);
		list_del(&tunnel->list);
		spin_unlock_bh(&ilan->lock);
		dst_cache_destroy(&tunnel->cache);
	}
	if (tunnel->locator)
		ila_locator_put(ilan, tunnel->locator);
	ila_net_put(ilan);
}

static int ila_build_state(struct net *net, struct nlattr *nla,
			   unsigned int family, const void *config,
			   struct lwtunnel_state **ts,
			   struct netlink_ext_ack *extack)
{
	const struct fib6_config *cfg = config;
	struct lwtunnel_state *lwt;
	struct ila_tunnel *tunnel;
	int err;

	if (family != AF_INET6) {
		NL_SET_ERR_MSG_ATTR(extack, nla, "ILA routes are IPv6 routes");
		return -EINVAL;
	}
	lwt = lwtunnel_state_alloc(sizeof(*tunnel));
	if (!lwt)
		return -ENOMEM;
	lwt->type = LWTUNNEL_ENCAP_ILA;
	tunnel = ila_tunnel(lwt);
	err = ila_parse(nla, cfg, tunnel, extack);
	if (err)
		goto free;
	/* one direction only: the other one is none of the route's business */
	lwt->flags |= tunnel->hook_type == ILA_HOOK_ROUTE_OUTPUT ?
		      LWTUNNEL_STATE_OUTPUT_REDIRECT :
		      LWTUNNEL_STATE_INPUT_REDIRECT;

	tunnel->ilan = ila_net_get(net);
	if (IS_ERR(tunnel->ilan)) {
		err = PTR_ERR(tunnel->ilan);
		goto free;
	}
	tunnel->caches = tunnel->exact &&
			 tunnel->hook_type == ILA_HOOK_ROUTE_OUTPUT;
	if (tunnel->caches) {
		err = dst_cache_init(&tunnel->cache, GFP_KERNEL_ACCOUNT);
		if (err)
			goto put_net;
		spin_lock_bh(&tunnel->ilan->lock);
		list_add(&tunnel->list, &tunnel->ilan->tunnels);
		spin_unlock_bh(&tunnel->ilan->lock);
	}
	err = ila_tunnel_attach(tunnel, cfg, extack);
	if (err) {
		ila_destroy_state(lwt);
		goto free;
	}
	*ts = lwt;
	return 0;

put_net:
	ila_net_put(tunnel->ilan);
free:
	kfree(lwt);
	return err;
}

static int ila_fill_encap(struct sk_buff *skb, struct lwtunnel_state *lwt)
{
	const struct ila_tunnel *tunnel = ila_tunnel(lwt);

	if (nla_put_be64(skb, ILA_ATTR_LOCATOR, tunnel->xlat.to, ILA_ATTR_PAD) ||
	    nla_put_u8(skb, ILA_ATTR_CSUM_MODE, tunnel->xlat.csum_mode) ||
	    nla_put_u8(skb, ILA_ATTR_IDENT_TYPE, tunnel->ident_type) ||
	    nla_put_u8(skb, ILA_ATTR_HOOK_TYPE, tunnel->hook_type) ||
	    (tunnel->domain &&
	     nla_put_u32(skb, ILA_ATTR_DOMAIN, tunnel->domain)))
		return -EMSGSIZE;
	return 0;
}

static int ila_encap_size(struct lwtunnel_state *lwt)
{
	return nla_total_size_64bit(sizeof(u64)) +	/* LOCATOR */
	       nla_total_size(sizeof(u8)) +		/* CSUM_MODE */
	       nla_total_size(sizeof(u8)) +		/* IDENT_TYPE */
	       nla_total_size(sizeof(u8)) +		/* HOOK_TYPE */
	       nla_total_size(sizeof(u32));		/* DOMAIN */
}

static int ila_cmp_encap(struct lwtunnel_state *lwt_a,
			 struct lwtunnel_state *lwt_b)
{
	const struct ila_tunnel *a = ila_tunnel(lwt_a), *b = ila_tunnel(lwt_b);

	return a->xlat.to != b->xlat.to ||
	       a->xlat.csum_mode != b->xlat.csum_mode ||
	       a->ident_type != b->ident_type ||
	       a->hook_type != b->hook_type || a->domain != b->domain;
}

/**
 * ila_lwt_forget_routes() - drop the routes that tunnel states have cached
 * @ilan: a namespace that is dead since an RCU grace period
 *
 * dst_release() needs the namespace, which the tunnel states may outlive.
 */
void ila_lwt_forget_routes(struct ila_net *ilan)
{
	struct ila_tunnel *tunnel;

	spin_lock_bh(&ilan->lock);
	list_for_each_entry(tunnel, &ilan->tunnels, list)
		dst_cache_reset_now(&tunnel->cache);
	spin_unlock_bh(&ilan->lock);
}

static const struct lwtunnel_encap_ops ila_encap_ops = {
	.build_state = ila_build_state,
	.destroy_state = ila_destroy_state,
	.output = ila_output,
	.input = ila_input,
	.fill_encap = ila_fill_encap,
	.get_encap_size = ila_encap_size,
	.cmp_encap = ila_cmp_encap,
	.owner = THIS_MODULE,
};

/**
 * ila_lwt_init() - offer ILA routes
 *
 * Return: 0, or -EEXIST if another module does already.
 */
int __init ila_lwt_init(void)
{
	return lwtunnel_encap_add_ops(&ila_encap_ops, LWTUNNEL_ENCAP_ILA) ?
	       -EEXIST : 0;
}

/**
 * ila_lwt_exit() - offer them no longer
 */
void ila_lwt_exit(void)
{
	lwtunnel_encap_del_ops(&ila_encap_ops, LWTUNNEL_ENCAP_ILA);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: routes that translate
 *
 * A route of hook type output translates what is sent by it, SIR to ILA; or
 * ILA to SIR, for the one address whose own identifier has the C-bit. A route
 * of hook type input translates what is received by it, ILA to SIR.
 */
#include <linux/skbuff.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/netlink.h>

#include "ahead.h"
#include "locator.h"
#include "lwt.h"
#include "rewrite.h"

static bool ila_lws_names(const struct lwtunnel_state *lwt,
			  const struct ila_claim *claim)
{
	return lwt && lwt->type == LWTUNNEL_ENCAP_ILA &&
	       ila_tunnel(lwt)->claim == claim;
}

static int ila_nexthop_names(struct fib6_nh *nh, void *claim)
{
	return ila_lws_names(nh->fib_nh_lws, claim);
}

/**
 * ila_lwt_names() - does a route, or another leg of it, name a locator?
 * @dst: the route
 * @claim: what a route says of the locator
 *
 * A flow's leg depends on more than an error quotes. RCU read side.
 *
 * Return: true if so.
 */
bool ila_lwt_names(const struct dst_entry *dst, const struct ila_claim *claim)
{
	const struct fib6_info *from, *leg;

	if (ila_lws_names(dst->lwtstate, claim))
		return true;
	from = rcu_dereference(dst_rt6_info(dst)->from);
	if (!from)
		return false;
	if (from->nh)
		return nexthop_for_each_fib6_nh(from->nh, ila_nexthop_names,
						(void *)claim);
	if (!READ_ONCE(from->fib6_nsiblings))
		return false;
	list_for_each_entry_rcu(leg, &from->fib6_siblings, fib6_siblings) {
		if (ila_lws_names(leg->fib6_nh->fib_nh_lws, claim))
			return true;
		/* a leg that is being removed leads to nowhere but itself */
		if (!READ_ONCE(from->fib6_nsiblings) ||
		    !READ_ONCE(leg->fib6_nsiblings))
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
	/* a socket that knows this route may have been sent something else */
	if (unlikely(!ila_dst_leads(skb)))
		return ila_consumed(lwt->orig_input(skb));
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
	[ILA_ATTR_MISS]		= { .type = NLA_U8 },
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
	/* of a table route, each packet says */
	if (type == ILA_ATYPE_USE_FORMAT && tunnel->table)
		return 0;
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

static int ila_parse_hook(struct nlattr *tb[], const struct fib6_config *cfg,
			  struct ila_tunnel *tunnel,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *attr = tb[ILA_ATTR_HOOK_TYPE];

	tunnel->hook_type = attr ? nla_get_u8(attr) : ILA_HOOK_ROUTE_OUTPUT;
	if (tunnel->hook_type > ILA_HOOK_ROUTE_INPUT) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "HOOK_TYPE must be output or input");
		return -EINVAL;
	}
	/* A nexthop object: neither type nor prefix. The last route that was made by
	 * it would say where all go on: ahead, up, or to IPv4.
	 */
	if (tunnel->hook_type == ILA_HOOK_ROUTE_INPUT && !cfg->fc_type &&
	    !cfg->fc_dst_len) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "HOOK_TYPE input is for routes with a prefix, not for nexthop objects");
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
	if (tunnel->table || tunnel->xlat.restore ||
	    !ila_csum_mode_neutral(mode))
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
	return 0;
}

static int ila_parse_miss(struct nlattr *tb[], struct ila_tunnel *tunnel,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *attr = tb[ILA_ATTR_MISS];

	if (!attr)
		return 0;
	tunnel->miss = nla_get_u8(attr);
	if (tunnel->miss > ILA_MISS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "MISS is unknown");
		return -EINVAL;
	}
	if (!tunnel->table) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "MISS is for table routes, those with LOCATOR 0");
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

	tunnel->table = !nla_get_be64(tb[ILA_ATTR_LOCATOR]);
	tunnel->exact = !tunnel->table && cfg->fc_dst_len == 128;
	err = ila_parse_type(tb, cfg, tunnel, extack) ?:
	      ila_parse_hook(tb, cfg, tunnel, extack) ?:
	      ila_parse_csum(tb, cfg, tunnel, extack) ?:
	      ila_parse_locator(tb, tunnel, extack) ?:
	      ila_parse_miss(tb, tunnel, extack);
	if (err)
		return err;
	if (tb[ILA_ATTR_DOMAIN])
		tunnel->domain = nla_get_u32(tb[ILA_ATTR_DOMAIN]);
	tunnel->route_csum = ila_csum_flag(tunnel->xlat.csum_mode);
	if (cfg->fc_dst_len >= 64)
		ila_xlat_fix(&tunnel->xlat, ila_route_addr(cfg)->upper);
	return 0;
}

/* Tell the namespace which locator goes with which SIR prefix, if it shows; or that
 * there is a table route
 */
static int ila_tunnel_attach(struct ila_tunnel *tunnel,
			     const struct fib6_config *cfg,
			     struct netlink_ext_ack *extack)
{
	__be64 upper = cfg->fc_dst_len >= 64 ? ila_route_addr(cfg)->upper : 0;
	struct ila_net *ilan = tunnel->ilan;
	struct ila_claim like = {
		.locator = tunnel->xlat.to,
		.sir = upper,
		.domain = tunnel->domain,
		.csum_mode = tunnel->xlat.csum_mode,
		.origin = ILA_CLAIM_SEND,
		.learn = !upper,
	};
	int err;

	if (tunnel->table)
		return ila_ahead_init(ilan);
	if (tunnel->xlat.restore) {
		if (!upper)
			return 0;
		like.locator = upper;
		like.sir = tunnel->xlat.to;
		like.origin = ILA_CLAIM_RECEIVE;
		like.learn = false;
	}
	mutex_lock(&ilan->mutex);
	tunnel->claim = ila_claim_get(ilan, &like, extack);
	if (IS_ERR(tunnel->claim)) {
		err = PTR_ERR(tunnel->claim);
		tunnel->claim = NULL;
		goto unlock;
	}
	err = ila_hooks_update(ilan);
	if (err)
		NL_SET_ERR_MSG(extack, "netfilter hooks can not be registered");
unlock:
	mutex_unlock(&ilan->mutex);
	return err;
}

static void ila_tunnel_forget(const struct ila_tunnel *tunnel)
{
	int cpu;

	for_each_possible_cpu(cpu)
		ila_kept_forget(per_cpu_ptr(tunnel->kept, cpu));
}

static void ila_destroy_state(struct lwtunnel_state *lwt)
{
	struct ila_tunnel *tunnel = ila_tunnel(lwt);
	struct ila_net *ilan = tunnel->ilan;

	if (tunnel->kept) {
		/* under the lock, lest the namespace go between the two */
		spin_lock_bh(&ilan->lock);
		ila_tunnel_forget(tunnel);
		list_del(&tunnel->list);
		spin_unlock_bh(&ilan->lock);
		free_percpu(tunnel->kept);
	}
	if (tunnel->claim)
		ila_claim_put(ilan, tunnel->claim);
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
	if (!tunnel->table && tunnel->hook_type == ILA_HOOK_ROUTE_OUTPUT) {
		tunnel->kept = alloc_percpu_gfp(struct ila_kept,
						GFP_KERNEL_ACCOUNT);
		if (!tunnel->kept) {
			err = -ENOMEM;
			goto put_net;
		}
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
	     nla_put_u32(skb, ILA_ATTR_DOMAIN, tunnel->domain)) ||
	    (tunnel->miss && nla_put_u8(skb, ILA_ATTR_MISS, tunnel->miss)))
		return -EMSGSIZE;
	return 0;
}

static int ila_encap_size(struct lwtunnel_state *lwt)
{
	return nla_total_size_64bit(sizeof(u64)) +	/* LOCATOR */
	       nla_total_size(sizeof(u8)) +		/* CSUM_MODE */
	       nla_total_size(sizeof(u8)) +		/* IDENT_TYPE */
	       nla_total_size(sizeof(u8)) +		/* HOOK_TYPE */
	       nla_total_size(sizeof(u32)) +		/* DOMAIN */
	       nla_total_size(sizeof(u8));		/* MISS */
}

static int ila_cmp_encap(struct lwtunnel_state *lwt_a,
			 struct lwtunnel_state *lwt_b)
{
	const struct ila_tunnel *a = ila_tunnel(lwt_a), *b = ila_tunnel(lwt_b);

	return a->xlat.to != b->xlat.to ||
	       a->xlat.csum_mode != b->xlat.csum_mode ||
	       a->ident_type != b->ident_type ||
	       a->hook_type != b->hook_type || a->domain != b->domain ||
	       a->miss != b->miss;
}

/**
 * ila_lwt_forget_routes() - drop the routes that tunnel states keep
 * @ilan: a namespace that is dead since an RCU grace period
 *
 * dst_release() needs the namespace, which the tunnel states may outlive.
 */
void ila_lwt_forget_routes(struct ila_net *ilan)
{
	struct ila_tunnel *tunnel;

	spin_lock_bh(&ilan->lock);
	list_for_each_entry(tunnel, &ilan->tunnels, list)
		ila_tunnel_forget(tunnel);
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

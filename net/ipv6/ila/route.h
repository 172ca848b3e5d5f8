/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Routes of translated addresses, looked up and kept
 *
 * A route is kept for a CPU, and used without a reference: it is looked at in an
 * RCU read side section with BH off, and not freed before that is over.
 */
#ifndef _ILA_ROUTE_H
#define _ILA_ROUTE_H

#include <linux/percpu.h>
#include <net/dst.h>
#include <net/ip6_fib.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/xfrm.h>

struct ila_addr;

/**
 * struct ila_sernums - serial numbers of routing tables
 * @cookie: where a route is, for ip6_dst_check()
 * @local: of the local table
 */
struct ila_sernums {
	u32 cookie;
	int local;
};

/**
 * struct ila_kept - a route that one CPU keeps
 * @dst: the route, or NULL
 * @at: serial numbers from before it was looked up
 *
 * Only @dst is taken away by others. What belongs together is read and written
 * between ila_kept_begin() and ila_kept_end().
 */
struct ila_kept {
	struct dst_entry *dst;
	struct ila_sernums at;
};

/* With BH off a CPU is one packet's; but on PREEMPT_RT others may come between */
static inline void ila_kept_begin(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_disable();
}

static inline void ila_kept_end(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_enable();
}

/* Packets come with sockets of any family, where they are in another header or have been
 * routed by a device.
 */
static inline bool ila_is_ipv6_sk(const struct sock *sk)
{
	return sk && sk_fullsock(sk) && sk->sk_family == AF_INET6;
}

/* Addresses of this node come before every other route */
static inline int ila_local_sernum(const struct net *net)
{
#ifdef CONFIG_IPV6_MULTIPLE_TABLES
	return READ_ONCE(net->ipv6.fib6_local_tbl->tb6_root.fn_sernum);
#else
	return 0;
#endif
}

/* Does a route hold, as far as can be seen from here? That is what ip6_dst_check()
 * looks at in a route that does not expire and is of no nexthop object.
 */
static inline bool ila_dst_holds(const struct dst_entry *dst, u32 cookie)
{
	const struct rt6_info *rt = dst_rt6_info(dst);
	const struct fib6_info *from = rcu_dereference(rt->from);
	u32 now;

	return likely(from && !rt->sernum &&
		      !((rt->rt6i_flags | from->fib6_flags) & RTF_EXPIRES) &&
		      READ_ONCE(dst->obsolete) == DST_OBSOLETE_FORCE_CHK &&
		      fib6_get_cookie_safe(from, &now) && now == cookie);
}

/* It may lose its carrier, and so its place, and no serial number says so */
static inline bool ila_dst_minds_carrier(const struct dst_entry *dst)
{
	const struct inet6_dev *idev = READ_ONCE(dst_rt6_info(dst)->rt6i_idev);

	return unlikely(!idev ||
			READ_ONCE(idev->cnf.ignore_routes_with_linkdown));
}

/**
 * ila_kept_dst() - the route that is kept
 * @kept: where
 * @net: the namespace
 *
 * RCU read side. As long as that lasts, so does the route.
 *
 * Return: the route, without a reference; or NULL if there is none, or another may
 * be the answer now.
 */
static inline struct dst_entry *ila_kept_dst(const struct ila_kept *kept,
					     const struct net *net)
{
	struct dst_entry *dst;
	u32 cookie;
	int local;

	ila_kept_begin();
	dst = READ_ONCE(kept->dst);
	local = READ_ONCE(kept->at.local);
	cookie = READ_ONCE(kept->at.cookie);
	ila_kept_end();
	if (unlikely(!dst || local != ila_local_sernum(net)) ||
	    ila_dst_minds_carrier(dst))
		return NULL;
	return ila_dst_holds(dst, cookie) ? dst : dst_check(dst, cookie);
}

/* Does the route that a packet has lead to its address? Not if a socket has kept it
 * from packets to another one, or has written the header itself.
 */
static inline bool ila_dst_leads(const struct sk_buff *skb)
{
	const struct rt6_info *rt = dst_rt6_info(skb_dst(skb));

	return ipv6_prefix_equal(&ipv6_hdr(skb)->daddr, &rt->rt6i_dst.addr,
				 rt->rt6i_dst.plen);
}

/* Has something been learned of one of the addresses that a kept route is for? Such a
 * route is of no nexthop object.
 */
static inline bool ila_dst_has_exceptions(const struct dst_entry *dst)
{
	const struct fib6_info *from = rcu_dereference(dst_rt6_info(dst)->from);

	return !from ||
	       rcu_access_pointer(from->fib6_nh->rt6i_exception_bucket);
}

/**
 * ila_has_policy() - is there any IPsec policy, of the namespace or of a socket?
 * @net: the namespace
 * @dir: XFRM_POLICY_OUT or _FWD
 *
 * Return: true if so.
 */
static inline bool ila_has_policy(const struct net *net, int dir)
{
#ifdef CONFIG_XFRM
	return (READ_ONCE(net->xfrm.policy_count[dir]) |
		READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_MAX + dir])) ||
	       READ_ONCE(net->xfrm.policy_default[dir]) ==
	       XFRM_USERPOLICY_BLOCK;
#else
	return false;
#endif
}

/* Do tables or routes depend on more than the destination? */
static inline bool ila_tables_vary(struct net *net)
{
	return fib6_has_custom_rules(net) || fib6_routes_require_src(net);
}

/**
 * ila_route_varies() - could another flow to an address get another route?
 * @net: the namespace
 *
 * Return: true if so; then no route is kept.
 */
static inline bool ila_route_varies(struct net *net)
{
	return ila_tables_vary(net) || ila_has_policy(net, XFRM_POLICY_OUT);
}

bool ila_route_is_common(const struct dst_entry *dst);
bool ila_route_cacheable(const struct dst_entry *dst);
bool ila_route_covers(const struct ila_addr *addr, int plen,
		      const struct net *net, const struct dst_entry *dst);
bool ila_gateway_lives(const struct dst_entry *dst);
struct dst_entry *ila_route_received(struct net *net, struct sk_buff *skb);
struct dst_entry *ila_route(struct net *net, struct sock *sk,
			    struct sk_buff *skb, const struct ila_addr *daddr);
void ila_route_sernums(const struct net *net, const struct dst_entry *dst,
		       struct ila_sernums *at);
void ila_kept_set(struct ila_kept *kept, struct dst_entry *dst,
		  const struct ila_sernums *at);
void ila_kept_forget(struct ila_kept *kept);

#endif /* _ILA_ROUTE_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: routes of translated addresses
 */
#include <linux/skbuff.h>
#include <net/dst_metadata.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/ndisc.h>
#include <net/xfrm.h>

#include "route.h"
#include "send.h"

/* Looking up
 */

static struct dst_entry *ila_route_input(struct net *net, struct sk_buff *skb,
					 struct flowi6 *fl6)
{
	fl6->flowi6_iif = skb->dev->ifindex;
	return ip6_route_input_lookup(net, skb->dev, fl6, skb,
				      RT6_LOOKUP_F_HAS_SADDR);
}

/* Which socket has a say in where a packet goes? Not that of what is in the packet, in
 * another header; it can be of any family and namespace.
 */
static struct sock *ila_route_sk(const struct net *net, struct sock *sk,
				 const struct sk_buff *skb)
{
	if (!ila_is_ipv6_sk(sk) || skb->inner_network_header ||
	    !net_eq(sock_net(sk), net))
		return NULL;
	return sk;
}

static struct dst_entry *ila_route_output(struct net *net, struct sock *sk,
					  struct sk_buff *skb,
					  struct flowi6 *fl6)
{
	if (sk)
		fl6->flowi6_oif = sk->sk_bound_dev_if;
	fl6->flowi6_uid = sock_net_uid(net, sk);
	fl6->flowi6_l3mdev = l3mdev_master_ifindex_rcu(dst_dev(skb_dst(skb)));
	return ip6_route_output(net, sk, fl6);
}

/**
 * ila_route_received() - look up the route of a packet as it was received
 * @net: the namespace
 * @skb: the packet
 *
 * By its IPv6 header, without IPsec. RCU read side.
 *
 * Return: the route, with a reference; it can be one of an error.
 */
struct dst_entry *ila_route_received(struct net *net, struct sk_buff *skb)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	struct flowi6 fl6 = {
		.flowi6_mark = skb->mark,
		.flowi6_proto = hdr->nexthdr,
		.flowlabel = ip6_flowinfo(hdr),
		.daddr = hdr->daddr,
		.saddr = hdr->saddr,
	};
	const struct ip_tunnel_info *tunnel = skb_tunnel_info(skb);
	struct flow_keys keys;

	if (tunnel && !(tunnel->mode & IP_TUNNEL_INFO_TX))
		fl6.flowi6_tun_key.tun_id = tunnel->key.tun_id;
	fib6_rules_early_flow_dissect(net, skb, &fl6, &keys);
	return ila_route_input(net, skb, &fl6);
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

/**
 * ila_route() - the route of a packet that is about to be translated
 * @net: the namespace
 * @sk: who sends it, or NULL
 * @skb: the packet
 * @daddr: its destination afterwards
 *
 * RCU read side, BH off.
 *
 * Return: the route, IPsec included, with a reference; or an ERR_PTR.
 */
struct dst_entry *ila_route(struct net *net, struct sock *sk,
			    struct sk_buff *skb, const struct ila_addr *daddr)
{
	struct dst_entry *dst;
	struct flowi6 fl6;
	int err;

	ila_flow(skb, daddr, &fl6);
	if (ila_is_forwarded(sk, skb)) {
		dst = ila_route_input(net, skb, &fl6);
	} else {
		sk = ila_route_sk(net, sk, skb);
		dst = ila_route_output(net, sk, skb, &fl6);
	}
	if (dst->error) {
		err = dst->error;
		dst_release(dst);
		return ERR_PTR(err);
	}
	if (IP6CB(skb)->flags & IP6SKB_XFRM_TRANSFORMED)
		return dst;
	return xfrm_lookup_route(net, dst, flowi6_to_flowi(&fl6), sk, 0);
}

/* Keeping
 */

/* Do routes of one metric compete, by flow or by the state of neighbours? Or is there
 * a better one, which may come to life again?
 */
static bool ila_route_competes(const struct fib6_info *from)
{
	const struct fib6_node *fn = rcu_dereference(from->fib6_node);
	const struct fib6_info *other;

	if (!fn || from->nh || READ_ONCE(from->fib6_nsiblings) ||
	    from->fib6_flags & (RTF_ADDRCONF | RTF_DEFAULT))
		return true;
	for (other = rcu_dereference(fn->leaf); other;
	     other = rcu_dereference(other->fib6_next))
		if (other != from && other->fib6_metric <= from->fib6_metric)
			return true;
	return false;
}

/**
 * ila_route_is_common() - is a route that of every flow to its address?
 * @dst: the route, in a namespace in which they do not vary
 *
 * RCU read side.
 *
 * Return: true if so.
 */
bool ila_route_is_common(const struct dst_entry *dst)
{
	const struct fib6_info *from;

	if (dst_xfrm(dst) || ila_dst_minds_carrier(dst))
		return false;
	from = rcu_dereference(dst_rt6_info(dst)->from);
	return from && !ila_route_competes(from);
}

/**
 * ila_route_cacheable() - may a route be kept by a tunnel state or a locator?
 * @dst: the route, by ila_route(), in a namespace in which they do not vary
 *
 * RCU read side. Never what refers to a tunnel state.
 *
 * Return: true if so.
 */
bool ila_route_cacheable(const struct dst_entry *dst)
{
	return !dst->lwtstate && ila_route_is_common(dst);
}

/* Does an address have a bit set? The first one is 0. */
static bool ila_addr_bit(const struct ila_addr *addr, int bit)
{
	u64 half = be64_to_cpu(bit < 64 ? addr->upper : addr->ident);

	return half >> (63 - bit % 64) & 1;
}

/* Do routes exist for a part of a prefix only? @fn is a node on the way to it, the
 * addresses below it share its bits. Or one for all of it that is better, but does
 * not live?
 */
static bool ila_node_splits(const struct fib6_node *fn,
			    const struct ila_addr *addr, int plen)
{
	const struct fib6_info *leaf;

	if (fn->fn_bit == plen)
		return rcu_access_pointer(fn->left) ||
		       rcu_access_pointer(fn->right);
	while (fn && fn->fn_bit < plen) {
		fn = ila_addr_bit(addr, fn->fn_bit) ? rcu_dereference(fn->right) :
						      rcu_dereference(fn->left);
		if (fn && fn->fn_flags & RTN_RTINFO)
			break;
	}
	if (!fn)
		return false;
	leaf = rcu_dereference(fn->leaf);
	if (!leaf)
		return true;
	/* else what is below it has no bearing on the prefix either */
	return ipv6_prefix_equal(&leaf->fib6_dst.addr,
				 (const struct in6_addr *)addr,
				 min_t(int, fn->fn_bit, plen));
}

/**
 * ila_route_covers() - is a route that of every address below a prefix?
 * @addr: an address below it
 * @plen: its length, 64 or 128
 * @net: the namespace
 * @dst: a route to one of its addresses
 *
 * Not if there are routes for parts of it, or more specific ones that do not live;
 * nor, of many addresses, what was learned of one. RCU read side.
 *
 * Return: true if so. When a route for a part of it appears,
 * ila_kept_dst() knows: the serial numbers of a routing table's nodes
 * change up to the root.
 */
bool ila_route_covers(const struct ila_addr *addr, int plen,
		      const struct net *net, const struct dst_entry *dst)
{
	const struct rt6_info *rt = dst_rt6_info(dst);
	const struct fib6_info *from = rcu_dereference(rt->from);
	const struct fib6_node *fn;

	if (!from || from->fib6_dst.plen > plen ||
	    (rt->rt6i_flags & RTF_CACHE && plen < 128))
		return false;
	fn = rcu_dereference(from->fib6_node);
	if (!fn || ila_node_splits(fn, addr, plen))
		return false;
#ifdef CONFIG_IPV6_MULTIPLE_TABLES
	/* addresses of this node are there, and come first */
	return from->fib6_table == net->ipv6.fib6_local_tbl ||
	       !ila_node_splits(&net->ipv6.fib6_local_tbl->tb6_root, addr, plen);
#else
	return true;
#endif
}

/**
 * ila_gateway_lives() - would a host send by a route?
 * @dst: the route
 *
 * Hosts leave a route to a gateway that does not answer for another one, routers do
 * not. RCU read side, BH off.
 *
 * Return: true if so, as far as a route without rivals goes.
 */
bool ila_gateway_lives(const struct dst_entry *dst)
{
	const struct rt6_info *rt = dst_rt6_info(dst);
	const struct neighbour *neigh;

	if (!(rt->rt6i_flags & RTF_GATEWAY))
		return true;
	neigh = __ipv6_neigh_lookup_noref(dst_dev(dst), &rt->rt6i_gateway);
	return neigh && READ_ONCE(neigh->nud_state) & NUD_VALID;
}

/**
 * ila_route_sernums() - the state of the routing tables
 * @net: the namespace
 * @dst: a route
 * @at: the answer
 *
 * What is read of the tables afterwards is at least as new.
 */
void ila_route_sernums(const struct net *net, const struct dst_entry *dst,
		       struct ila_sernums *at)
{
	at->local = ila_local_sernum(net);
	at->cookie = rt6_get_cookie(dst_rt6_info(dst));
	/* pairs with the barrier before the kernel changes them */
	smp_rmb();
}

/**
 * ila_kept_forget() - keep a route no longer
 * @kept: where it is, if there is one
 */
void ila_kept_forget(struct ila_kept *kept)
{
	/* others may read it: written only if need be */
	if (READ_ONCE(kept->dst))
		dst_release(xchg(&kept->dst, NULL));
}

/**
 * ila_kept_set() - keep a route
 * @kept: where
 * @dst: the route; its reference goes here
 * @at: ila_route_sernums() from before it was looked up
 *
 * The namespace was not dead when this RCU read side section began: when it dies,
 * what there is after a grace period is taken away. BH is off.
 */
void ila_kept_set(struct ila_kept *kept, struct dst_entry *dst,
		  const struct ila_sernums *at)
{
	ila_kept_begin();
	ila_kept_forget(kept);
	WRITE_ONCE(kept->at.local, at->local);
	WRITE_ONCE(kept->at.cookie, at->cookie);
	dst_release(xchg(&kept->dst, dst));
	ila_kept_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: the fast path
 *
 * A packet that is forwarded by a table route is looked up three times: its route,
 * the mapping, the route of the locator. The last one is kept, and what is left is
 * the first. Where a namespace asks for it, the table route of a prefix is kept
 * too. The first hook gives a packet to an address below it a route of ours, so
 * that IPv6 looks for none, and by that it comes back and goes straight to the
 * locator's next hop. Network cards hand over packets many at a time, and all of
 * them pass the hook before the first comes back: the memory of their mappings is
 * waited for together.
 *
 * Nothing may come of it but speed. So a packet goes the long way unless it is
 * plain in every respect that ip6_forward() and the table route's output care for,
 * and there is nobody in the namespace who would see it on the way: no hook of
 * netfilter but ours on the way in, none on the way through, no IPsec policy, no
 * rule for routes. Hooks on the way out see it as ever. Whatever has to be said to
 * a sender is said on the long way.
 */
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/slab.h>
#include <net/fib_notifier.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/xfrm.h>

#include "fast.h"
#include "hit.h"
#include "rewrite.h"
#include "send.h"

/**
 * struct ila_fast_route - the table route of a prefix
 * @kept: the route
 * @upper: the prefix
 * @since: when it was looked up
 *
 * Of one CPU.
 */
struct ila_fast_route {
	struct ila_kept kept;
	__be64 upper;
	u32 since;
};

struct ila_fast_cpu {
	struct ila_fast_route routes[1 << ILA_AHEAD_BITS];
};

/**
 * struct ila_fast - the table routes that are kept
 * @ilan: the namespace
 * @fib: tells when routes change: one that is deleted must not be kept
 * @cpu: the routes
 * @stale: one may be kept that was being deleted when they were last looked at
 * @entry: by it packets come back from IPv6; it leads nowhere else
 */
struct ila_fast {
	struct ila_net *ilan;
	struct notifier_block fib;
	struct ila_fast_cpu __percpu *cpu;
	bool stale;
	struct rt6_info *entry;
};

static struct ila_fast_route *ila_fast_route(const struct ila_fast *fast,
					     __be64 upper)
{
	return &this_cpu_ptr(fast->cpu)->routes[ila_ahead_place(upper)];
}

/* Keeping routes
 */

static struct dst_entry *ila_fast_lookup(struct net *net, struct sk_buff *skb)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	struct flowi6 fl6 = {
		.flowi6_iif = skb->dev->ifindex,
		.flowi6_mark = skb->mark,
		.flowi6_proto = hdr->nexthdr,
		.flowlabel = ip6_flowinfo(hdr),
		.daddr = hdr->daddr,
		.saddr = hdr->saddr,
	};

	return ip6_route_input_lookup(net, skb->dev, &fl6, skb,
				      RT6_LOOKUP_F_HAS_SADDR);
}

/* As for the route of a locator: what is kept was the answer at a time for which
 * that can be checked, and is the answer for every address under the prefix.
 */
static noinline void ila_fast_keep(struct ila_fast_route *route,
				   struct net *net, struct sk_buff *skb,
				   __be64 upper)
{
	struct dst_entry *dst = skb_dst(skb), *again;
	struct ila_sernums at;

	ila_route_sernums(net, dst, &at);
	if (!ila_route_is_common(dst) || !ila_route_covers(upper, net, dst))
		return;
	again = ila_fast_lookup(net, skb);
	if (again != dst) {
		dst_release(again);
		return;
	}
	ila_kept_begin();
	route->upper = upper;
	ila_kept_set(&route->kept, again, &at);
	ila_kept_end();
}

/**
 * ila_fast_learn() - keep the table route of a packet that is forwarded
 * @ilan: the namespace
 * @net: the same
 * @skb: the packet, its table route set
 *
 * BH is off, RCU read side.
 */
void ila_fast_learn(struct ila_net *ilan, struct net *net, struct sk_buff *skb)
{
	__be64 upper = ila_daddr(skb)->upper;
	struct ila_fast *fast = rcu_dereference(ilan->fast);
	struct ila_fast_route *route;
	u32 now = ila_now();

	/* addresses of a link have routes for each device */
	if (!fast || READ_ONCE(ilan->dead) || ila_route_varies(net) ||
	    rt6_need_strict(&ipv6_hdr(skb)->daddr))
		return;
	route = ila_fast_route(fast, upper);
	/* two prefixes in one place do not take it from each other all the time */
	if (ila_kept_dst(&route->kept, net) &&
	    (route->upper == upper || route->since == now))
		return;
	route->since = now;
	ila_fast_keep(route, net, skb, upper);
}

/* Forwarding
 */

/* Is there nobody on the way who would see the packet? The locator's next hop has
 * those in POST_ROUTING see it on either way; AppArmor has one there in every
 * namespace.
 */
static bool ila_fast_is_alone(const struct net *net)
{
	const struct nf_hook_entries *in;

	in = rcu_dereference(net->nf.hooks_ipv6[NF_INET_PRE_ROUTING]);
	return in && in->num_hook_entries == 1 &&
	       !rcu_access_pointer(net->nf.hooks_ipv6[NF_INET_FORWARD]);
}

/* Are packets to be forwarded, and nothing else to be done to them? */
static bool ila_fast_applies(struct net *net, const struct net_device *dev)
{
	return READ_ONCE(net->ipv6.devconf_all->forwarding) &&
	       !READ_ONCE(net->ipv6.devconf_all->proxy_ndp) &&
	       !ila_has_policy(net, XFRM_POLICY_FWD) &&
	       !ila_route_varies(net) &&
	       !(dev->flags & IFF_LOOPBACK) &&
	       !netif_is_l3_slave(dev) && !netif_is_l3_master(dev) &&
	       !netif_has_l3_rx_handler(dev);
}

/* Global unicast 2000::/3, or unique local fc00::/7: not to be looked at twice */
static bool ila_fast_source(const struct in6_addr *saddr)
{
	return (saddr->s6_addr[0] & 0xe0) == 0x20 ||
	       (saddr->s6_addr[0] & 0xfe) == 0xfc;
}

static bool ila_fast_is_plain(struct sk_buff *skb)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);

#ifdef CONFIG_NET_SWITCHDEV
	if (skb->offload_l3_fwd_mark)
		return false;
#endif
	return skb->pkt_type == PACKET_HOST && !skb->sk && !skb_dst(skb) &&
	       !skb->ignore_df && !skb_has_extensions(skb) &&
	       !skb_metadata_len(skb) &&
	       hdr->hop_limit > 1 && !ila_looks_at(hdr->nexthdr) &&
	       ila_fast_source(&hdr->saddr) &&
	       !(skb_is_gso(skb) && !skb_shinfo(skb)->gso_type);
}

static bool ila_fast_fits(const struct sk_buff *skb,
			  const struct dst_entry *dst)
{
	unsigned int mtu;

	if (skb->len <= IPV6_MIN_MTU)
		return true;
	mtu = ip6_dst_mtu_maybe_forward(dst, true);
	return !ila_too_big(skb, max_t(unsigned int, mtu, IPV6_MIN_MTU));
}

/* Send a packet whose translation is known. Return: false if it is as it was. */
static __always_inline bool ila_fast_send(struct ila_net *ilan, struct net *net,
					  struct sk_buff *skb,
					  const struct ila_locator *loc,
					  const struct ila_xlat *x,
					  struct dst_entry *route)
{
	struct dst_entry *dst = ila_kept_dst(&this_cpu_ptr(loc->cpu)->kept, net);

	if (!dst || ila_checksum_is_due(x, skb) ||
	    !ila_fast_fits(skb, route) || !ila_fast_fits(skb, dst))
		return false;

	skb_forward_csum(skb);
	if (unlikely(ila_rewrite(skb, x) != ILA_OK))
		return false;
	ipv6_hdr(skb)->hop_limit--;
	ip6_route_count_forwarded(net, route, skb);
	ila_count(ilan, ILA_STAT_OUT_FASTPATH);
	ila_count_sent(ilan, loc, skb);
	skb_clear_tstamp(skb);
	ila_way_go(net, NULL, skb, dst, true);
	return true;
}

/* Where there is something to choose or to make */
static noinline bool ila_fast_closely(struct ila_net *ilan, struct net *net,
				      struct sk_buff *skb, unsigned long ref,
				      struct dst_entry *route)
{
	const struct ila_tunnel *tunnel = ila_dst_tunnel(route);
	struct ila_hit hit = { .ref = ref };

	return ila_hit_next(&hit, net, skb) &&
	       ila_hit_xlat(&hit, tunnel->route_csum, tunnel->ident_type,
			    ila_daddr(skb)) == ILA_OK &&
	       ila_fast_send(ilan, net, skb, hit.loc, hit.x, route);
}

/* Return: true if the packet is gone; else it is as it was */
static __always_inline bool ila_fast_forward(struct ila_net *ilan,
					     struct net *net,
					     struct sk_buff *skb,
					     struct dst_entry *route)
{
	const struct ila_tunnel *tunnel = ila_dst_tunnel(route);
	const struct ila_addr *daddr = ila_daddr(skb);
	const struct ila_locator *loc;
	const struct ila_xlat *x;
	unsigned long ref;

	ref = ila_hit_ref(ilan, daddr, tunnel->domain);
	if (!ref)
		return false;
	loc = ila_hit_plain(ref, tunnel, daddr, &x);
	if (unlikely(!loc))
		return ila_fast_closely(ilan, net, skb, ref, route);
	return ila_fast_send(ilan, net, skb, loc, x, route);
}

/* The kept table route of a packet; or NULL, and it is to be looked up */
static struct dst_entry *ila_fast_kept(const struct ila_net *ilan,
				       const struct net *net,
				       const struct sk_buff *skb)
{
	const struct ila_fast *fast = rcu_dereference(ilan->fast);
	__be64 upper = ila_daddr(skb)->upper;
	const struct ila_fast_route *route;
	struct dst_entry *dst = NULL;

	if (unlikely(!fast))
		return NULL;
	ila_kept_begin();
	route = ila_fast_route(fast, upper);
	/* another packet may have brought another prefix since */
	if (likely(route->upper == upper))
		dst = ila_kept_dst(&route->kept, net);
	ila_kept_end();
	return dst;
}

/* The long way, from where this one began. What is kept for the prefix is not taken
 * for the route: something may have been learned of this one address.
 */
static noinline int ila_fast_leave(struct net *net, struct sk_buff *skb)
{
	IP6CB(skb)->flags &= ~IP6SKB_MULTIPATH;
	skb_dst_drop(skb);
	skb_dst_set(skb, ila_fast_lookup(net, skb));
	return dst_input(skb);
}

/* The input of the entry: BH is off, RCU read side, the same as at the hook */
static int ila_fast_input(struct sk_buff *skb)
{
	struct net *net = dev_net(skb->dev);
	struct ila_net *ilan = ila_net_find(net);
	struct dst_entry *route = ila_fast_kept(ilan, net, skb);

	if (likely(route && dst_dev(route) != skb->dev) &&
	    likely(ila_fast_forward(ilan, net, skb, route)))
		return NET_RX_SUCCESS;
	return ila_fast_leave(net, skb);
}

/**
 * ila_fast_receive() - have a packet come back by the fast path, if it may
 * @ilan: the namespace
 * @skb: the packet, received, without extension headers
 * @state: of the hook
 *
 * RCU read side. BH is off, unless others had hooks and put the packet off.
 */
void ila_fast_receive(struct ila_net *ilan, struct sk_buff *skb,
		      const struct nf_hook_state *state)
{
	const struct ila_fast *fast = rcu_dereference(ilan->fast);
	__be64 upper = ila_daddr(skb)->upper;
	const struct ila_fast_route *route;

	if (!fast || !ila_fast_is_alone(state->net))
		return;
	route = ila_fast_route(fast, upper);
	if (route->upper != upper || !READ_ONCE(route->kept.dst) ||
	    !ila_fast_applies(state->net, state->in) || !ila_fast_is_plain(skb))
		return;
	/* or the next packet to this address is given the entry, unasked */
	IP6CB(skb)->flags |= IP6SKB_MULTIPATH;
	skb_dst_set_noref(skb, &fast->entry->dst);
}

/* On and off
 */

static void ila_fast_forget(struct ila_fast *fast, bool all)
{
	struct ila_fast_route *route;
	int cpu, i;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < 1 << ILA_AHEAD_BITS; i++) {
			route = &per_cpu_ptr(fast->cpu, cpu)->routes[i];
			if (all || !ila_kept_dst(&route->kept, fast->ilan->net))
				ila_kept_forget(&route->kept);
		}
	}
}

/* One that was deleted goes at once. A packet may just be keeping it, or it is
 * about to be replaced: so once more later.
 */
static int ila_fast_fib_event(struct notifier_block *nb, unsigned long event,
			      void *ptr)
{
	struct ila_fast *fast = container_of(nb, struct ila_fast, fib);
	const struct fib_notifier_info *info = ptr;

	/* when it registers, it is told of every route there is */
	if (info->family != AF_INET6 ||
	    rcu_access_pointer(fast->ilan->fast) != fast)
		return NOTIFY_DONE;
	rcu_read_lock();
	ila_fast_forget(fast, false);
	rcu_read_unlock();
	WRITE_ONCE(fast->stale, true);
	ila_gc_kick(fast->ilan);
	return NOTIFY_DONE;
}

/**
 * ila_fast_reap() - give up routes that have been deleted
 * @ilan: the namespace, its mutex held
 *
 * Return: true if there may be more of them before long.
 */
bool ila_fast_reap(struct ila_net *ilan)
{
	struct ila_fast *fast;
	bool stale = false;

	rcu_read_lock();
	fast = rcu_dereference(ilan->fast);
	if (fast) {
		stale = xchg(&fast->stale, false);
		ila_fast_forget(fast, false);
	}
	rcu_read_unlock();
	return stale;
}

/* Return: a route that is in no table and keeps no device of the namespace */
static struct rt6_info *ila_fast_entry(struct net *net)
{
	struct rt6_info *entry = ip6_dst_alloc(net, blackhole_netdev, DST_NOCOUNT);

	if (entry)
		entry->dst.input = ila_fast_input;
	return entry;
}

/* A packet may yet hold the entry, where IPsec put it off: then that drops it */
static void ila_fast_free(struct ila_fast *fast)
{
	if (fast->entry) {
		dst_dev_put(&fast->entry->dst);
		dst_release(&fast->entry->dst);
	}
	free_percpu(fast->cpu);
	kfree(fast);
}

static struct ila_fast *ila_fast_alloc(struct ila_net *ilan)
{
	struct ila_fast *fast = kzalloc(sizeof(*fast), GFP_KERNEL_ACCOUNT);

	if (!fast)
		return NULL;
	fast->ilan = ilan;
	fast->fib.notifier_call = ila_fast_fib_event;
	fast->cpu = alloc_percpu_gfp(struct ila_fast_cpu, GFP_KERNEL_ACCOUNT);
	fast->entry = ila_fast_entry(ilan->net);
	if (fast->cpu && fast->entry)
		return fast;
	ila_fast_free(fast);
	return NULL;
}

static int ila_fast_on(struct ila_net *ilan)
{
	struct ila_fast *fast = ila_fast_alloc(ilan);
	int err;

	if (!fast)
		return -ENOMEM;
	err = register_fib_notifier(ilan->net, &fast->fib, NULL, NULL);
	if (err) {
		ila_fast_free(fast);
		return err;
	}
	rcu_assign_pointer(ilan->fast, fast);
	return 0;
}

static void ila_fast_off(struct ila_net *ilan)
{
	struct ila_fast *fast;

	fast = rcu_replace_pointer(ilan->fast, NULL,
				   lockdep_is_held(&ilan->config_mutex));
	/* nobody keeps a route any more when this is over */
	synchronize_rcu();
	unregister_fib_notifier(ilan->net, &fast->fib);
	ila_fast_forget(fast, true);
	ila_fast_free(fast);
}

/**
 * ila_fast_set() - turn the fast path on or off
 * @ilan: the namespace, its config_mutex held
 * @on: on
 *
 * Process context.
 *
 * Return: 0, -ENOMEM, or -EBUSY if routes change too fast to be followed.
 */
int ila_fast_set(struct ila_net *ilan, bool on)
{
	if (on == ila_fast_is_on(ilan))
		return 0;
	if (on)
		return ila_fast_on(ilan);
	ila_fast_off(ilan);
	return 0;
}

/**
 * ila_fast_end() - turn it off for ever
 * @ilan: a namespace that is dead since an RCU grace period
 */
void ila_fast_end(struct ila_net *ilan)
{
	mutex_lock(&ilan->config_mutex);
	ila_fast_set(ilan, false);
	mutex_unlock(&ilan->config_mutex);
}

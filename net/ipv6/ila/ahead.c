// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: what the next packet to a prefix will need
 *
 * A packet that is forwarded by a table route is looked up three times: its route,
 * the mapping, the route of the locator. The last one is kept with the locator. Here
 * the first is kept, for its prefix, and the hook gives it to packets to addresses
 * below that, so that IPv6 looks for none. And there is the domain, so that the hook
 * can ask for the memory of the mapping.
 */
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <net/ip6_route.h>

#include "ahead.h"
#include "fast.h"

/* Seconds for which a route is kept that is not used */
#define ILA_AHEAD_IDLE	60

/* Does the destination alone say how a packet is routed? Hosts look at the state of
 * neighbours, too.
 */
static bool ila_ahead_routes(struct net *net)
{
	return READ_ONCE(net->ipv6.devconf_all->forwarding) &&
	       !ila_tables_vary(net);
}

/* Keeping routes
 */

/* As for the route of a locator: what is kept was the answer at a time for which
 * that can be checked, and is the answer for every address under the prefix.
 *
 * Return: the route, with a reference; or NULL if it is not to be kept.
 */
static struct dst_entry *ila_ahead_keepable(struct net *net, struct sk_buff *skb)
{
	struct dst_entry *dst = skb_dst(skb), *again;

	if (!ila_route_is_common(dst) || !ila_route_covers(ila_daddr(skb), 64, net, dst))
		return NULL;
	again = ila_route_received(net, skb);
	if (again == dst)
		return again;
	dst_release(again);
	return NULL;
}

/* Is it the place of this prefix? */
static bool ila_ahead_is_of(const struct ila_ahead *ahead, __be64 upper,
			    u32 domain)
{
	return ahead->upper == upper && ahead->domain == domain;
}

/* Have the place for a prefix. Two with one place do not take it from each other all
 * the time, and what must not be kept is not tried again before something changes.
 *
 * Return: true if its route is to be kept.
 */
static bool ila_ahead_take(struct ila_ahead *ahead, __be64 upper, u32 domain,
			   const struct ila_sernums *at, u32 now)
{
	bool takes = true;

	ila_kept_begin();
	if (ila_ahead_is_of(ahead, upper, domain)) {
		takes = ahead->used != now || READ_ONCE(ahead->route.dst) ||
			ahead->route.at.cookie != at->cookie ||
			ahead->route.at.local != at->local;
	} else if (ahead->used == now) {
		takes = false;
	} else {
		ila_kept_forget(&ahead->route);
		WRITE_ONCE(ahead->upper, upper);
		WRITE_ONCE(ahead->domain, domain);
	}
	if (takes)
		WRITE_ONCE(ahead->used, now);
	ila_kept_end();
	return takes;
}

/**
 * ila_ahead_learn() - remember the prefix of a packet, and its table route
 * @ilan: the namespace
 * @ahead: the place of the prefix
 * @net: the namespace
 * @skb: the packet, forwarded, its table route set
 * @domain: of the route
 * @now: ila_now()
 *
 * BH off, RCU read side.
 */
void ila_ahead_learn(struct ila_net *ilan, struct ila_ahead *ahead,
		     struct net *net, struct sk_buff *skb, u32 domain, u32 now)
{
	__be64 upper = ila_daddr(skb)->upper;
	struct dst_entry *dst = NULL;
	struct ila_sernums at;

	/* what was learned of one address says nothing of others */
	if (READ_ONCE(ilan->dead) ||
	    dst_rt6_info(skb_dst(skb))->rt6i_flags & RTF_CACHE)
		return;
	ila_route_sernums(net, skb_dst(skb), &at);
	if (!ila_ahead_take(ahead, upper, domain, &at, now))
		return;
	/* addresses of a link have routes for each device */
	if (ila_ahead_routes(net) && !rt6_need_strict(&ipv6_hdr(skb)->daddr))
		dst = ila_ahead_keepable(net, skb);

	ila_kept_begin();
	if (likely(ila_ahead_is_of(ahead, upper, domain)))
		ila_kept_set(&ahead->route, dst, &at);
	else
		dst_release(dst);
	ila_kept_end();
	if (dst)
		ila_gc_kick(ilan);
}

/* Giving them
 */

/* Or something could change what the route depends on, before the packet is routed */
static bool ila_ahead_is_alone(const struct net *net)
{
	const struct nf_hook_entries *hooks;

	hooks = rcu_dereference(net->nf.hooks_ipv6[NF_INET_PRE_ROUTING]);
	return hooks && hooks->num_hook_entries == 1;
}

static bool ila_ahead_applies(struct net *net, const struct net_device *dev,
			      const struct sk_buff *skb)
{
	return ila_ahead_is_alone(net) && ila_ahead_routes(net) &&
	       !skb_dst(skb) && !(dev->flags & IFF_LOOPBACK) &&
	       !netif_is_l3_slave(dev) && !netif_is_l3_master(dev) &&
	       !netif_has_l3_rx_handler(dev);
}

/**
 * ila_ahead_receive() - prepare a packet that may have a mapping
 * @ilan: the namespace
 * @skb: the packet, received, its next header no extension header nor ICMPv6
 * @state: of the hook
 *
 * RCU read side. BH is off, unless others had hooks and put the packet off.
 */
void ila_ahead_receive(struct ila_net *ilan, struct sk_buff *skb,
		       const struct nf_hook_state *state)
{
	const struct ila_addr *daddr = ila_daddr(skb);
	struct net *net = state->net;
	struct dst_entry *dst;
	struct ila_ahead *ahead;

	ahead = ila_ahead_prefetch(ilan, daddr);
	if (!ahead || !ila_ahead_applies(net, state->in, skb))
		return;
	if (ila_fast_is_on(ilan) && READ_ONCE(ahead->route.dst) &&
	    ila_fast_receive(ilan, skb, net))
		return;
	dst = ila_ahead_route(ahead, net, daddr->upper);
	if (likely(dst && !ila_dst_has_exceptions(dst)))
		skb_dst_set_noref(skb, dst);
}

/* Beginning and end
 */

/**
 * ila_ahead_init() - have a place for prefixes
 * @ilan: the namespace, of which a table route is about to be
 *
 * Process context.
 *
 * Return: 0 or -ENOMEM.
 */
int ila_ahead_init(struct ila_net *ilan)
{
	struct ila_ahead_cpu __percpu *cpu;

	if (READ_ONCE(ilan->ahead))
		return 0;
	cpu = alloc_percpu_gfp(struct ila_ahead_cpu, GFP_KERNEL_ACCOUNT);
	if (!cpu)
		return -ENOMEM;
	/* pairs with the address that packets make of it */
	if (cmpxchg_release(&ilan->ahead, NULL, cpu))
		free_percpu(cpu);
	return 0;
}

/* Is a route to be kept for longer? */
static bool ila_ahead_stays(const struct ila_net *ilan,
			    const struct ila_ahead *ahead, u32 now)
{
	const struct dst_entry *dst = ila_kept_dst(&ahead->route, ilan->net);

	return dst && !ilan->dead && ila_route_is_common(dst) &&
	       !ila_is_past(READ_ONCE(ahead->used) + ILA_AHEAD_IDLE, now);
}

/**
 * ila_ahead_reap() - give up routes that have been deleted, or are not used; all, if
 *	the namespace is dead
 * @ilan: the namespace, its mutex held
 *
 * Return: true if there are others, which may be before long.
 */
bool ila_ahead_reap(struct ila_net *ilan)
{
	struct ila_ahead_cpu __percpu *all = READ_ONCE(ilan->ahead);
	struct ila_ahead *ahead;
	u32 now = ila_now();
	bool stays = false;
	int cpu, i;

	if (!all)
		return false;
	rcu_read_lock();
	for_each_possible_cpu(cpu) {
		for (i = 0; i < 1 << ILA_AHEAD_BITS; i++) {
			ahead = &per_cpu_ptr(all, cpu)->prefixes[i];
			if (ila_ahead_stays(ilan, ahead, now))
				stays = true;
			else
				ila_kept_forget(&ahead->route);
		}
	}
	rcu_read_unlock();
	return stays;
}

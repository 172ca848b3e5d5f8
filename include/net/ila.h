/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Identifier-Locator Addressing: what the files of the module share
 */
#ifndef _NET_ILA_H
#define _NET_ILA_H

#include <linux/ipv6.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/ila_addr.h>
#include <net/ila_maps.h>
#include <net/ipv6.h>

struct dst_entry;
struct ila_ahead_cpu;
struct ila_misses;
struct ila_rules;
struct net;
struct net_device;
struct netlink_ext_ack;
struct seq_file;

struct ila_mib {
	unsigned long mibs[__ILA_STAT_MAX];
};

/**
 * struct ila_config - what may be set for a namespace
 * @limit: most mappings there may be, local identifiers included
 * @miss_rate: events a second for addresses without a mapping
 * @miss: ILA_MISS_, for table routes that do not say
 * @counting: count packets by locator
 * @fastpath: forward past routing where nobody would see it
 */
struct ila_config {
	u32 limit;
	u32 miss_rate;
	u8 miss;
	bool counting;
	bool fastpath;
};

/* The tables in which something can become old */
enum {
	ILA_GC_MAPPINGS,
	ILA_GC_LOCALS,
	ILA_GC_LOCATORS,
	ILA_GC_MOVED,
	__ILA_GC_MAX
};

#define ILA_CLAIM_HASH_BITS	10

/* Hash of an upper half, of which the upper bits are good. Whoever has a network
 * namespace of his own chooses those that are in its tables, hence the seed.
 */
static inline u64 ila_upper_hash(__be64 upper)
{
	return (__force u64)upper * ila_table_seed[0];
}

/**
 * struct ila_net - what a namespace that uses ILA has
 * @rules: xlat rules
 * @rule_seq: counts changes of the rules
 * @ahead: what packets are likely to need; NULL until there is a table route, which
 *	needs no mutex
 * @stats: counters
 * @config: what was set
 * @mappings: address to locator
 * @locals: received identifier to address
 * @locators: those that mappings use; struct ila_locator, its domain as key 0
 * @moved: locators whose mappings have moved, likewise
 * @sets: several locators of one mapping; struct ila_set
 * @vnids: virtual networks and their prefixes; struct ila_vnid
 * @retired: locators to be freed
 * @buried: those that wait for the end of a grace period
 * @fresh: locators whose SIR prefix a message gave that is not applied yet
 * @risen: when a locator last began to work, for cond_synchronize_rcu()
 * @generation: newest one of a mapping
 * @n_expiring: mappings and local identifiers with a lifetime
 * @n_unused: locators in tables that nobody uses
 * @net: the namespace; not to be followed once @dead
 * @users: the namespace itself, and every tunnel state made in it
 * @mutex: protects all of the above, @hooked, and writes to @claims and @fast
 * @lock: protects @claims, @tunnels and @dead; taken with BH off
 * @claims: what rules and routes say of locators, by locator
 * @tunnels: tunnel states that may hold a route of this namespace
 * @n_claims: entries of @claims
 * @dead: the namespace is going: no hooks, and no route is cached any more
 * @hooked: the netfilter hooks are registered
 * @hooks: the netfilter hooks
 * @unhook: takes the hooks away when the last locator has gone
 * @gc: removes what has had its time
 * @bury: frees what is in @buried
 * @gc_at: where in each table it goes on
 * @misses: addresses without a mapping, for events; NULL if nobody asked
 * @fast: the route by which packets come to the fast path; NULL if it is off
 * @rcu: frees it
 *
 * Made when the namespace is first told anything of ILA. Tunnel states can
 * outlive their namespace (a packet somewhere holds the route), so this can
 * too; the routes they have cached cannot, nor can any mapping.
 */
struct ila_net {
	struct ila_rules __rcu *rules;
	unsigned int rule_seq;
	struct ila_ahead_cpu __percpu *ahead;
	struct ila_mib __percpu *stats;
	struct ila_config config;
	struct ila_maps mappings;
	struct ila_maps locals;
	struct ila_table locators;
	struct ila_table moved;
	struct ila_table sets;
	struct ila_table vnids;
	struct list_head retired;
	struct list_head buried;
	struct list_head fresh;
	unsigned long risen;
	u32 generation;
	unsigned int n_expiring;
	unsigned int n_unused;
	struct net *net;
	refcount_t users;
	struct mutex mutex;	/* see above */
	spinlock_t lock;	/* see above */
	struct hlist_head claims[1 << ILA_CLAIM_HASH_BITS];
	struct list_head tunnels;
	unsigned int n_claims;
	bool dead;
	bool hooked;
	struct nf_hook_ops hooks[2];
	struct work_struct unhook;
	struct delayed_work gc;
	struct rcu_work bury;
	u64 gc_at[__ILA_GC_MAX];
	struct ila_misses *misses;
	struct dst_entry __rcu *fast;
	struct rcu_head rcu;
};

/* The clock of lifetimes: seconds, never 0, which stands for "no time" */
static inline u32 ila_now(void)
{
	return (u32)ktime_get_seconds() ?: 1;
}

/* Is a time on that clock over? With the last of its second: nothing ends early */
static inline bool ila_is_past(u32 time, u32 now)
{
	return (s32)(now - time) > 0;
}

static inline struct ila_addr *ila_daddr(const struct sk_buff *skb)
{
	return (struct ila_addr *)&ipv6_hdr(skb)->daddr;
}

static inline void ila_count(const struct ila_net *ilan, enum ila_stat stat)
{
	this_cpu_inc(ilan->stats->mibs[stat]);
}

/* main.c */
struct ila_net *ila_net_get(struct net *net);
struct ila_net *ila_net_find(const struct net *net);
void ila_net_put(struct ila_net *ilan);
u32 ila_limit_max(const struct net *net);

/* hook.c */
int ila_hooks_update(struct ila_net *ilan);
void ila_hooks_init(struct ila_net *ilan);

/* l4.c */

/**
 * struct ila_l4 - where a packet's transport header is
 * @offset: from skb->data
 * @proto: its protocol, or IPPROTO_NONE where there is none to look at: a later
 *	fragment, or a checksum made for another destination than the header's
 * @truncated: the headers before it are cut short or too many
 * @behind: what stands before it
 */
struct ila_l4 {
	unsigned int offset;
	u8 proto;
	bool truncated;
	enum {
		ILA_BEHIND_IPV6,
		ILA_BEHIND_FRAGMENT,	/* a fragment header only */
		ILA_BEHIND_EXTENSIONS,
	} behind;
};

void ila_l4_walk(const struct sk_buff *skb, struct ila_l4 *l4);
int ila_l4_icmp_type(const struct sk_buff *skb, const struct ila_l4 *l4);
unsigned int ila_l4_gso_len(const struct sk_buff *skb);

#define ILA_EXTENSIONS	(BIT_ULL(NEXTHDR_HOP) | BIT_ULL(NEXTHDR_DEST) | \
			 BIT_ULL(NEXTHDR_ROUTING) | BIT_ULL(NEXTHDR_AUTH) | \
			 BIT_ULL(NEXTHDR_FRAGMENT))

/* Extension headers that the transport header can stand behind */
static inline bool ila_is_extension(u8 nexthdr)
{
	return nexthdr < 64 && (ILA_EXTENSIONS >> nexthdr & 1);
}

#define ILA_LOOKED_AT	(ILA_EXTENSIONS | BIT_ULL(NEXTHDR_ICMP))

/* Next headers for which ILA has to look into the packet in every mode */
static inline bool ila_looks_at(u8 nexthdr)
{
	return nexthdr < 64 && (ILA_LOOKED_AT >> nexthdr & 1);
}

/* The same in one comparison, and true also for some from 64 on */
static inline bool ila_may_look_at(u8 nexthdr)
{
	return ILA_LOOKED_AT >> (nexthdr & 63) & 1;
}

/**
 * ila_l4_find() - find a packet's transport header
 * @skb: the packet, its IPv6 header in the linear part
 * @l4: the answer
 */
static inline void ila_l4_find(const struct sk_buff *skb, struct ila_l4 *l4)
{
	l4->offset = skb_network_offset(skb) + sizeof(struct ipv6hdr);
	l4->proto = ipv6_hdr(skb)->nexthdr;
	l4->truncated = false;
	l4->behind = ILA_BEHIND_IPV6;
	if (unlikely(ila_is_extension(l4->proto)))
		ila_l4_walk(skb, l4);
}

/**
 * ila_own_header() - make the IPv6 header of a packet its own
 * @skb: the packet
 *
 * Pointers into the packet are invalid afterwards.
 *
 * Return: true; or false without memory, or for a packet that somebody else
 * holds too.
 */
static inline bool ila_own_header(struct sk_buff *skb)
{
	if (unlikely(skb_shared(skb)))
		return false;
	if (!skb_cloned(skb) ||
	    skb_clone_writable(skb, skb_network_offset(skb) +
			       sizeof(struct ipv6hdr)))
		return true;
	return !pskb_expand_head(skb, 0, 0, GFP_ATOMIC);
}

/**
 * ila_make_writable() - make the first bytes of a packet linear and its own
 * @skb: the packet
 * @len: how many bytes, from skb->data; what is linear already is meant too
 *
 * Pointers into the packet are invalid afterwards.
 *
 * Return: 0, -ENOMEM, or -EBUSY for a packet that somebody else holds too.
 */
static inline int ila_make_writable(struct sk_buff *skb, unsigned int len)
{
	if (unlikely(skb_shared(skb)))
		return -EBUSY;
	if (likely(len <= skb_headlen(skb) && !skb_cloned(skb)))
		return 0;
	return skb_ensure_writable(skb, max_t(unsigned int, len,
					      skb_network_offset(skb) +
					      sizeof(struct ipv6hdr)));
}

/* icmp.c */
void ila_icmp_restore(struct ila_net *ilan, struct sk_buff *skb,
		      const struct net_device *dev);

/* claim.c */

/**
 * struct ila_claim - what a rule or a route says of a locator
 * @node: in the namespace's table
 * @locator: its 64 bits
 * @sir: the SIR prefix that goes with it
 * @sir_state: what @sir is worth; read before it
 * @domain: identifier namespace
 * @users: rules and routes, under the namespace's lock
 * @csum_mode: ILA_CSUM_
 * @origin: what names it
 * @formatted: only identifiers of types 1 to 5 are translated
 * @learn: the SIR prefix is not in the configuration, traffic tells it
 * @rcu: frees it
 */
struct ila_claim {
	struct hlist_node node;
	__be64 locator;
	__be64 sir;
	enum {
		ILA_SIR_UNKNOWN,
		ILA_SIR_KNOWN,
		ILA_SIR_AMBIGUOUS,
	} sir_state;
	u32 domain;
	unsigned int users;
	u8 csum_mode;
	u8 origin;
	bool formatted;
	bool learn;
	struct rcu_head rcu;
};

enum {
	ILA_CLAIM_RULE,	/* receives: every identifier behind it is ours */
	ILA_CLAIM_RECEIVE,	/* a route from ILA to SIR */
	ILA_CLAIM_SEND,	/* a route from SIR to ILA */
};

struct ila_claim *ila_claim_get(struct ila_net *ilan,
				const struct ila_claim *like,
				struct netlink_ext_ack *extack);
void ila_claim_put(struct ila_net *ilan, struct ila_claim *claim);
bool ila_claim_known(const struct ila_net *ilan, __be64 locator);
void ila_claim_learn(struct ila_net *ilan, struct ila_claim *claim,
		     __be64 sir);

/**
 * ila_claim_bucket() - where the entries of a locator are
 * @ilan: the namespace
 * @locator: the locator
 *
 * Return: the list's head, for RCU readers or under the namespace's lock.
 */
static inline const struct hlist_head *
ila_claim_bucket(const struct ila_net *ilan, __be64 locator)
{
	return &ilan->claims[ila_upper_hash(locator) >>
			     (64 - ILA_CLAIM_HASH_BITS)];
}

bool ila_claim_agrees(const struct ila_net *ilan, __be64 locator, u32 domain);

/* gc.c */
void ila_gc_init(struct ila_net *ilan);
void ila_gc_kick(struct ila_net *ilan);
void ila_gc_end(struct ila_net *ilan);

/* lwt.c */
int ila_lwt_init(void);
void ila_lwt_exit(void);
bool ila_lwt_names(const struct dst_entry *dst, const struct ila_claim *claim);
bool ila_lwt_sends(const struct dst_entry *dst);
void ila_lwt_forget_routes(struct ila_net *ilan);

/* stats.c */
unsigned long ila_stat_sum(const struct ila_net *ilan, enum ila_stat stat);
int ila_stats_show(struct seq_file *seq, void *v);
void ila_left(const struct ila_net *ilan, const struct sk_buff *skb,
	      enum ila_verdict verdict, bool in);
void ila_drop(const struct ila_net *ilan, struct sk_buff *skb,
	      enum ila_verdict verdict, bool in);

#endif /* _NET_ILA_H */

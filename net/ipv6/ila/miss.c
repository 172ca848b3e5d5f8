// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: events for the multicast group "miss"
 *
 * A packet whose address has no mapping leaves the address in a small table, and
 * a work item tells of those that are there: no memory is allocated, nothing
 * waits, and an address that comes again and again is told once.
 */
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "event.h"
#include "netlink.h"

#define ILA_MISSES		64

/* How often is told, of how many */
#define ILA_MISSES_PERIOD	(HZ / 10)

/**
 * struct ila_misses - addresses without a mapping
 * @lock: protects the rest; only ever tried for by packets
 * @ilan: the namespace
 * @work: tells
 * @lost: how many there were beside those that are told
 * @n: how many there are in @slots
 * @credit: how many may be told, times HZ
 * @refilled: when @credit was last brought up to date
 * @slots: the addresses, where their hash says
 */
struct ila_misses {
	spinlock_t lock;	/* see above */
	struct ila_net *ilan;
	struct delayed_work work;
	u32 lost;
	unsigned int n;
	u64 credit;
	unsigned long refilled;
	struct ila_node slots[ILA_MISSES];
	bool used[ILA_MISSES];
};

/* A token bucket, one second deep */
static bool ila_misses_allow(struct ila_misses *misses, u32 rate)
{
	unsigned long now = jiffies;
	u64 most = (u64)rate * HZ;

	misses->credit = min_t(u64, most, misses->credit +
			       (u64)rate * min_t(unsigned long,
						 now - misses->refilled, HZ));
	misses->refilled = now;
	if (misses->credit < HZ)
		return false;
	misses->credit -= HZ;
	return true;
}

static void ila_misses_put(struct ila_misses *misses, u32 rate,
			   const struct ila_node *node)
{
	unsigned int i = ila_table_hash(&node->key, node->domain) >> 32;

	i %= ILA_MISSES;
	if (misses->used[i] &&
	    ila_node_is(&misses->slots[i], &node->key, node->domain))
		return;
	if (misses->used[i] || !ila_misses_allow(misses, rate)) {
		misses->lost++;
		return;
	}
	misses->slots[i] = *node;
	misses->used[i] = true;
	if (!misses->n++)
		schedule_delayed_work(&misses->work, ILA_MISSES_PERIOD);
}

/**
 * ila_misses_note() - an address has no mapping
 * @ilan: the namespace
 * @address: the address
 * @domain: its domain
 *
 * RCU read side, BH off. Gives up rather than wait.
 */
void ila_misses_note(struct ila_net *ilan, const struct ila_addr *address,
		     u32 domain)
{
	const struct ila_node node = { .key = *address, .domain = domain };
	u32 rate = READ_ONCE(ilan->config.miss_rate);
	/* pairs with the release in ila_misses_set_rate() */
	struct ila_misses *misses = smp_load_acquire(&ilan->misses);

	if (!misses || !rate || READ_ONCE(ilan->dead) ||
	    !spin_trylock(&misses->lock))
		return;
	ila_misses_put(misses, rate, &node);
	spin_unlock(&misses->lock);
}

/* Take what there is. Return: how many addresses. */
static unsigned int ila_misses_take(struct ila_misses *misses,
				    struct ila_node *nodes, u32 *lost)
{
	unsigned int i, n = 0;

	spin_lock_bh(&misses->lock);
	for (i = 0; i < ILA_MISSES; i++)
		if (misses->used[i])
			nodes[n++] = misses->slots[i];
	memset(misses->used, 0, sizeof(misses->used));
	*lost = misses->lost;
	misses->lost = 0;
	misses->n = 0;
	spin_unlock_bh(&misses->lock);
	return n;
}

static int ila_put_misses(struct sk_buff *skb, const struct ila_node *nodes,
			  unsigned int n, u32 lost)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (nla_put(skb, ILA_ATTR_ADDRESS, sizeof(nodes[i].key),
			    &nodes[i].key))
			return -EMSGSIZE;
	return lost ? nla_put_u32(skb, ILA_ATTR_LOST, lost) : 0;
}

static void ila_misses_tell(struct work_struct *work)
{
	struct ila_misses *misses = container_of(to_delayed_work(work),
						 struct ila_misses, work);
	struct net *net = misses->ilan->net;
	struct ila_node *nodes;
	struct sk_buff *skb;
	unsigned int n;
	void *hdr;
	u32 lost;

	nodes = kmalloc_array(ILA_MISSES, sizeof(*nodes), GFP_KERNEL);
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!nodes || !skb)
		goto free;
	n = ila_misses_take(misses, nodes, &lost);
	hdr = genlmsg_put(skb, 0, 0, &ila_genl_family, 0, ILA_CMD_MISS);
	if (!hdr || ila_put_misses(skb, nodes, n, lost))
		goto free;
	genlmsg_end(skb, hdr);
	genlmsg_multicast_netns(&ila_genl_family, net, skb, 0, ILA_GROUP_MISS,
				GFP_KERNEL);
	skb = NULL;
free:
	nlmsg_free(skb);
	kfree(nodes);
}

static struct ila_misses *ila_misses_alloc(struct ila_net *ilan)
{
	struct ila_misses *misses;

	misses = kzalloc(sizeof(*misses), GFP_KERNEL_ACCOUNT);
	if (!misses)
		return NULL;
	misses->ilan = ilan;
	misses->refilled = jiffies;
	spin_lock_init(&misses->lock);
	INIT_DELAYED_WORK(&misses->work, ila_misses_tell);
	return misses;
}

/**
 * ila_misses_set_rate() - how many addresses without a mapping are told
 * @ilan: the namespace, its mutex held
 * @rate: a second; 0: none
 *
 * Return: 0 or -ENOMEM.
 */
int ila_misses_set_rate(struct ila_net *ilan, u32 rate)
{
	struct ila_misses *misses;

	if (rate && !ilan->misses) {
		misses = ila_misses_alloc(ilan);
		if (!misses)
			return -ENOMEM;
		/* pairs with the acquire in ila_misses_note() */
		smp_store_release(&ilan->misses, misses);
	}
	WRITE_ONCE(ilan->config.miss_rate, rate);
	return 0;
}

/**
 * ila_misses_end() - tell no more, ever
 * @ilan: a namespace that is dead since an RCU grace period
 */
void ila_misses_end(struct ila_net *ilan)
{
	struct ila_misses *misses = ilan->misses;

	if (!misses)
		return;
	WRITE_ONCE(ilan->config.miss_rate, 0);
	cancel_delayed_work_sync(&misses->work);
}

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

/* In how many of its places an address is looked for: so many are never lost for
 * want of room
 */
#define ILA_MISSES_PROBES	8

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
 * @slots: the addresses, where their hash says, or a little behind
 * @used: which of @slots are
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

/* Return: where an address is or can be; or ILA_MISSES, the table is too full */
static unsigned int ila_misses_find(const struct ila_misses *misses,
				    const struct ila_node *node)
{
	unsigned int first = ila_table_hash(&node->key, node->domain) >> 32;
	unsigned int n, i;

	for (n = 0; n < ILA_MISSES_PROBES; n++) {
		i = (first + n) % ILA_MISSES;
		if (!misses->used[i] ||
		    ila_node_is(&misses->slots[i], &node->key, node->domain))
			return i;
	}
	return ILA_MISSES;
}

static void ila_misses_put(struct ila_misses *misses, u32 rate,
			   const struct ila_node *node)
{
	unsigned int i = ila_misses_find(misses, node);

	if (i < ILA_MISSES && misses->used[i])
		return;
	if (i == ILA_MISSES || !ila_misses_allow(misses, rate)) {
		if (!misses->lost++ && !misses->n)
			schedule_delayed_work(&misses->work, ILA_MISSES_PERIOD);
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

/* Put what there is of one domain, whichever comes first, into a message.
 * Return: whether there is more.
 */
static bool ila_misses_take(struct ila_misses *misses, struct sk_buff *skb)
{
	const struct ila_node *first = NULL, *node;
	unsigned int i;

	for (i = 0; i < ILA_MISSES; i++) {
		node = &misses->slots[i];
		if (!misses->used[i] || (first && node->domain != first->domain))
			continue;
		if (!first && node->domain)
			nla_put_u32(skb, ILA_ATTR_DOMAIN, node->domain);
		first = first ?: node;
		nla_put(skb, ILA_ATTR_ADDRESS, sizeof(node->key), &node->key);
		misses->used[i] = false;
		misses->n--;
	}
	if (misses->lost)
		nla_put_u32(skb, ILA_ATTR_LOST, misses->lost);
	misses->lost = 0;
	return misses->n;
}

static void ila_misses_tell(struct work_struct *work)
{
	struct ila_misses *misses = container_of(to_delayed_work(work),
						 struct ila_misses, work);
	struct net *net = misses->ilan->net;
	struct sk_buff *skb;
	bool more;
	void *hdr;

	do {
		skb = genlmsg_new(ILA_MISSES * nla_total_size(sizeof(struct ila_addr)) +
				  2 * nla_total_size(sizeof(u32)), GFP_KERNEL);
		if (!skb) {
			schedule_delayed_work(&misses->work, HZ);
			return;
		}
		hdr = genlmsg_put(skb, 0, 0, &ila_genl_family, 0, ILA_CMD_MISS);
		spin_lock_bh(&misses->lock);
		more = ila_misses_take(misses, skb);
		spin_unlock_bh(&misses->lock);
		genlmsg_end(skb, hdr);
		genlmsg_multicast_netns(&ila_genl_family, net, skb, 0,
					ILA_GROUP_MISS, GFP_KERNEL);
	} while (more);
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
	/* whoever asks now shall not wait for a second */
	if (rate && !ilan->config.miss_rate) {
		spin_lock_bh(&ilan->misses->lock);
		ilan->misses->credit = (u64)rate * HZ;
		ilan->misses->refilled = jiffies;
		spin_unlock_bh(&ilan->misses->lock);
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

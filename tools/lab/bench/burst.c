// SPDX-License-Identifier: GPL-2.0
/*
 * burst: a wire by which packets come as from a network card, many at a time
 *
 * Devices of type "burst" are two ends of a wire, in the order in which they are
 * made. What the first one sends is held back until there are 32 packets, as a card
 * holds its interrupt back, and then received by the second one, by NAPI and GRO.
 * What the second one sends is lost. For one CPU; an end must not go without the
 * other, nor while packets are sent.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/rtnetlink.h>

#define BURST 32

/**
 * struct burst_end - an end of a wire
 * @other: the other one
 * @napi: of the second one
 * @queue: of the second one: what is to be received
 */
struct burst_end {
	struct net_device *other;
	struct napi_struct napi;
	struct sk_buff_head queue;
};

static struct net_device *burst_first;

static int burst_poll(struct napi_struct *napi, int budget)
{
	struct burst_end *end = container_of(napi, struct burst_end, napi);
	struct sk_buff *skb;
	int done = 0;

	while (done < budget) {
		skb = __skb_dequeue(&end->queue);
		if (!skb)
			break;
		napi_gro_receive(napi, skb);
		done++;
	}
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

static netdev_tx_t burst_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct burst_end *end = netdev_priv(dev), *other;

	if (!end->other) {
		dev_kfree_skb(skb);
		return NETDEV_TX_OK;
	}
	/* it takes what it refuses */
	if (__dev_forward_skb(end->other, skb))
		return NETDEV_TX_OK;
	other = netdev_priv(end->other);
	__skb_queue_tail(&other->queue, skb);
	if (skb_queue_len(&other->queue) >= BURST)
		napi_schedule(&other->napi);
	return NETDEV_TX_OK;
}

static int burst_init(struct net_device *dev)
{
	struct burst_end *end = netdev_priv(dev), *first;

	__skb_queue_head_init(&end->queue);
	netif_napi_add(dev, &end->napi, burst_poll);
	if (!burst_first) {
		burst_first = dev;
		return 0;
	}
	first = netdev_priv(burst_first);
	first->other = dev;
	burst_first = NULL;
	return 0;
}

static int burst_open(struct net_device *dev)
{
	struct burst_end *end = netdev_priv(dev);

	napi_enable(&end->napi);
	return 0;
}

static int burst_stop(struct net_device *dev)
{
	struct burst_end *end = netdev_priv(dev);

	napi_disable(&end->napi);
	__skb_queue_purge(&end->queue);
	return 0;
}

static const struct net_device_ops burst_ops = {
	.ndo_init	= burst_init,
	.ndo_open	= burst_open,
	.ndo_stop	= burst_stop,
	.ndo_start_xmit	= burst_xmit,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

static void burst_setup(struct net_device *dev)
{
	ether_setup(dev);
	eth_hw_addr_random(dev);
	dev->netdev_ops = &burst_ops;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->needs_free_netdev = true;
}

static struct rtnl_link_ops burst_link_ops = {
	.kind		= "burst",
	.priv_size	= sizeof(struct burst_end),
	.setup		= burst_setup,
};

/* It stays: a wire of which one end went would still be sent to */
static int __init burst_start(void)
{
	return rtnl_link_register(&burst_link_ops);
}

module_init(burst_start);
MODULE_DESCRIPTION("A wire that delivers packets many at a time");
MODULE_LICENSE("GPL");

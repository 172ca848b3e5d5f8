// SPDX-License-Identifier: GPL-2.0
/*
 * pulse: how long forwarding stands still
 *
 * A timer sends a packet every @period nanoseconds by device @from of the initial
 * network namespace. Device @to, in the network namespace of who loads this, gets
 * them. As packets of a network card do, they come by interrupt, whatever a process
 * does in the kernel meanwhile. @gap is the longest time between two that arrive,
 * @late the longest that one is on its way; both may be set to 0.
 */
#include <linux/etherdevice.h>
#include <linux/hrtimer.h>
#include <linux/inet.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

static char *from, *to, *daddr, *mac;
static ulong period = 20000;
static ulong gap, late, packets;

module_param(from, charp, 0444);
module_param(to, charp, 0444);
module_param(daddr, charp, 0444);
module_param(mac, charp, 0444);
module_param(period, ulong, 0444);
module_param(gap, ulong, 0644);
module_param(late, ulong, 0644);
module_param(packets, ulong, 0644);

/* What is sent, a packet of no protocol */
struct pulse_frame {
	struct ethhdr eth;
	struct ipv6hdr ip;
	u64 sent;
} __packed;

static struct pulse_frame pulse_frame;
static struct hrtimer pulse_timer;
static struct net_device *pulse_from;
static u64 pulse_last;

static enum hrtimer_restart pulse_send(struct hrtimer *timer)
{
	struct sk_buff *skb = netdev_alloc_skb(pulse_from, sizeof(pulse_frame));

	if (skb) {
		pulse_frame.sent = ktime_get_ns();
		skb_put_data(skb, &pulse_frame, sizeof(pulse_frame));
		skb->protocol = htons(ETH_P_IPV6);
		skb_reset_mac_header(skb);
		skb_set_network_header(skb, ETH_HLEN);
		dev_queue_xmit(skb);
	}
	hrtimer_forward_now(timer, ns_to_ktime(period));
	return HRTIMER_RESTART;
}

static int pulse_receive(struct sk_buff *skb, struct net_device *dev,
			 struct packet_type *type, struct net_device *orig)
{
	u64 now = ktime_get_ns(), sent;
	struct ipv6hdr ip;

	/* a router speaks of its groups and its neighbours, too */
	if (!skb_copy_bits(skb, 0, &ip, sizeof(ip)) &&
	    ip.nexthdr == IPPROTO_NONE &&
	    !skb_copy_bits(skb, sizeof(ip), &sent, sizeof(sent))) {
		if (packets++)
			gap = max_t(ulong, gap, now - pulse_last);
		late = max_t(ulong, late, now - sent);
		pulse_last = now;
	}
	kfree_skb(skb);
	return NET_RX_SUCCESS;
}

static struct packet_type pulse_type = {
	.type	= htons(ETH_P_IPV6),
	.func	= pulse_receive,
};

static int __init pulse_fill(void)
{
	struct pulse_frame *frame = &pulse_frame;

	if (!daddr || !in6_pton(daddr, -1, frame->ip.daddr.s6_addr, -1, NULL) ||
	    !in6_pton("2001:db8:99::2", -1, frame->ip.saddr.s6_addr, -1, NULL) ||
	    !mac || !mac_pton(mac, frame->eth.h_dest))
		return -EINVAL;
	frame->eth.h_proto = htons(ETH_P_IPV6);
	frame->ip.version = 6;
	frame->ip.nexthdr = IPPROTO_NONE;
	frame->ip.hop_limit = 64;
	frame->ip.payload_len = htons(sizeof(frame->sent));
	return 0;
}

static int __init pulse_init(void)
{
	int err = pulse_fill();

	if (err || !from || !to)
		return -EINVAL;
	pulse_from = dev_get_by_name(&init_net, from);
	pulse_type.dev = dev_get_by_name(current->nsproxy->net_ns, to);
	if (!pulse_from || !pulse_type.dev) {
		dev_put(pulse_from);
		dev_put(pulse_type.dev);
		return -ENODEV;
	}
	dev_add_pack(&pulse_type);
	hrtimer_init(&pulse_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	pulse_timer.function = pulse_send;
	hrtimer_start(&pulse_timer, ns_to_ktime(period), HRTIMER_MODE_REL_SOFT);
	return 0;
}

static void __exit pulse_exit(void)
{
	hrtimer_cancel(&pulse_timer);
	dev_remove_pack(&pulse_type);
	dev_put(pulse_from);
	dev_put(pulse_type.dev);
}

module_init(pulse_init);
module_exit(pulse_exit);
MODULE_DESCRIPTION("How long forwarding stands still");
MODULE_LICENSE("GPL");

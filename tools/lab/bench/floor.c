// SPDX-License-Identifier: GPL-2.0
/*
 * floor: a netfilter hook that does nothing
 *
 * Where a hook of ours is, in the network namespace of who loads this. No module
 * that looks at each packet can cost less.
 */
#include <linux/module.h>
#include <linux/netfilter_ipv6.h>
#include <linux/nsproxy.h>
#include <net/net_namespace.h>

static struct net *floor_net;

static unsigned int floor_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	return NF_ACCEPT;
}

static const struct nf_hook_ops floor_ops = {
	.hook		= floor_hook,
	.pf		= NFPROTO_IPV6,
	.hooknum	= NF_INET_PRE_ROUTING,
	.priority	= NF_IP6_PRI_CONNTRACK_DEFRAG - 1,
};

static int __init floor_init(void)
{
	int err;

	floor_net = get_net(current->nsproxy->net_ns);
	err = nf_register_net_hook(floor_net, &floor_ops);
	if (err)
		put_net(floor_net);
	return err;
}

static void __exit floor_exit(void)
{
	nf_unregister_net_hook(floor_net, &floor_ops);
	put_net(floor_net);
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_DESCRIPTION("A netfilter hook that does nothing");
MODULE_LICENSE("GPL");

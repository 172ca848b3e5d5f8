// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of routes that translate: lwtunnel frees the packet for whom it gets
 * EOPNOTSUPP from, and whoever has the packet by then may give that answer, too.
 * No device does, so a filter and a receiver are made up here. Needs the module, as it
 * is loaded.
 */
#include <kunit/test.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <net/addrconf.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/lwtunnel.h>
#include <net/netlink.h>

#include <linux/ila.h>

/* There is nobody to load it; it may have been loaded before */
static bool lwt_no_module;

/* Take the packet, and say what would have it freed once more */
static unsigned int lwt_refuse_output(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	return NF_DROP_ERR(-EOPNOTSUPP);
}

static const struct nf_hook_ops lwt_filter = {
	.hook = lwt_refuse_output,
	.pf = NFPROTO_IPV6,
	.hooknum = NF_INET_POST_ROUTING,
	.priority = INT_MIN,
};

static int lwt_refuse_input(struct sk_buff *skb)
{
	kfree_skb(skb);
	return -EOPNOTSUPP;
}

/* RTA_ENCAP, as a request has it */
static void lwt_put_encap(struct sk_buff *msg, u64 locator, u8 hook)
{
	struct nlattr *nest = nla_nest_start(msg, RTA_ENCAP);

	nla_put_be64(msg, ILA_ATTR_LOCATOR, cpu_to_be64(locator), ILA_ATTR_PAD);
	nla_put_u8(msg, ILA_ATTR_CSUM_MODE, ILA_CSUM_NO_ACTION);
	nla_put_u8(msg, ILA_ATTR_IDENT_TYPE, ILA_ATYPE_LUID);
	nla_put_u8(msg, ILA_ATTR_HOOK_TYPE, hook);
	nla_nest_end(msg, nest);
}

static const struct in6_addr lwt_address = {
	.s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 5, 0, 1, 0x20, [15] = 1 },
};

/* A route of our own that leads to who refuses */
static struct dst_entry *lwt_route(struct kunit *test, u64 locator, u8 hook)
{
	struct fib6_config cfg = {
		.fc_dst = lwt_address,
		.fc_dst_len = 64,
	};
	struct lwtunnel_state *lwt;
	struct sk_buff *msg;
	struct rt6_info *rt;
	int err;

	msg = alloc_skb(256, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, msg);
	lwt_put_encap(msg, locator, hook);
	err = lwtunnel_build_state(&init_net, LWTUNNEL_ENCAP_ILA,
				   (struct nlattr *)msg->data, AF_INET6, &cfg,
				   &lwt, NULL);
	kfree_skb(msg);
	if (err == -EOPNOTSUPP && lwt_no_module)
		kunit_skip(test, "the module can not be loaded");
	KUNIT_ASSERT_EQ(test, err, 0);

	rt = ip6_dst_alloc(&init_net, init_net.loopback_dev, 0);
	KUNIT_ASSERT_NOT_NULL(test, rt);
	rt->rt6i_flags = RTF_GATEWAY;
	rt->rt6i_idev = in6_dev_get(init_net.loopback_dev);
	KUNIT_ASSERT_NOT_NULL(test, rt->rt6i_idev);
	lwt->orig_input = lwt_refuse_input;
	rt->dst.lwtstate = lwtstate_get(lwt);
	return &rt->dst;
}

static struct sk_buff *lwt_packet(struct kunit *test, struct dst_entry *dst)
{
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct ipv6hdr *hdr;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 64);
	skb_reset_network_header(skb);
	hdr = skb_put_zero(skb, sizeof(*hdr) + 8);
	hdr->version = 6;
	hdr->payload_len = htons(8);
	hdr->nexthdr = IPPROTO_NONE;
	hdr->hop_limit = 64;
	hdr->daddr = lwt_address;
	skb->protocol = htons(ETH_P_IPV6);
	skb->dev = init_net.loopback_dev;
	skb_dst_set(skb, dst);
	return skb;
}

/* Of the three references to a packet, one is given up, and not two */
static void lwt_test(struct kunit *test, u64 locator, u8 hook)
{
	struct dst_entry *dst = lwt_route(test, locator, hook);
	struct sk_buff *skb = lwt_packet(test, dst);
	int err;

	KUNIT_ASSERT_EQ(test, nf_register_net_hook(&init_net, &lwt_filter), 0);
	refcount_add(2, &skb->users);
	rcu_read_lock();
	local_bh_disable();
	if (hook == ILA_HOOK_ROUTE_OUTPUT)
		err = lwtunnel_output(&init_net, NULL, skb);
	else
		err = lwtunnel_input(skb);
	local_bh_enable();
	rcu_read_unlock();
	nf_unregister_net_hook(&init_net, &lwt_filter);
	KUNIT_EXPECT_EQ(test, refcount_read(&skb->users), 2);
	KUNIT_EXPECT_LT(test, err, 0);
	kfree_skb(skb);
	kfree_skb(skb);
}

static void ila_test_refused_output(struct kunit *test)
{
	lwt_test(test, 0x20010db8000a0001ULL, ILA_HOOK_ROUTE_OUTPUT);
}

static void ila_test_refused_miss(struct kunit *test)
{
	lwt_test(test, 0, ILA_HOOK_ROUTE_OUTPUT);
}

static void ila_test_refused_input(struct kunit *test)
{
	lwt_test(test, 0x20010db8000a0001ULL, ILA_HOOK_ROUTE_INPUT);
}

static int ila_lwt_suite_init(struct kunit_suite *suite)
{
	lwt_no_module = request_module("ila");
	return 0;
}

static struct kunit_case ila_lwt_cases[] = {
	KUNIT_CASE(ila_test_refused_output),
	KUNIT_CASE(ila_test_refused_miss),
	KUNIT_CASE(ila_test_refused_input),
	{}
};

static struct kunit_suite ila_lwt_suite = {
	.name = "ila_lwt",
	.suite_init = ila_lwt_suite_init,
	.test_cases = ila_lwt_cases,
};

kunit_test_suite(ila_lwt_suite);

MODULE_DESCRIPTION("KUnit tests of routes that translate");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: namespaces, and the module's life
 */
#include <linux/genetlink.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/ila.h>
#include <net/lwtunnel.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "ahead.h"
#include "event.h"
#include "fast.h"
#include "mapping.h"
#include "netlink.h"
#include "rule.h"

/* Mappings there may be, by default: in a namespace of the machine's own, and in
 * one that belongs to a user namespace and can not have more
 */
#define ILA_LIMIT		0x4000000
#define ILA_LIMIT_UNPRIVILEGED	0x10000

static unsigned int ila_net_id __read_mostly;

/* All that a namespace costs which does not use ILA */
struct ila_pernet {
	struct ila_net *ilan;
};

/* Two users of a namespace may both be its first */
static DEFINE_MUTEX(ila_net_mutex);

/**
 * ila_net_find() - what a namespace has
 * @net: the namespace
 *
 * Return: its data, valid as long as @net is, or NULL if it never used ILA.
 */
struct ila_net *ila_net_find(const struct net *net)
{
	const struct ila_pernet *pernet = net_generic(net, ila_net_id);

	/* pairs with the release in ila_net_get() */
	return smp_load_acquire(&pernet->ilan);
}

/**
 * ila_limit_max() - how many mappings a namespace may be allowed
 * @net: the namespace
 *
 * Return: the number, which is the default, too.
 */
u32 ila_limit_max(const struct net *net)
{
	return net->user_ns == &init_user_ns ? ILA_LIMIT :
					       ILA_LIMIT_UNPRIVILEGED;
}

static struct ila_net *ila_net_alloc(struct net *net)
{
	struct ila_net *ilan;

	ilan = kzalloc(sizeof(*ilan), GFP_KERNEL_ACCOUNT);
	if (!ilan)
		return NULL;
	ilan->stats = alloc_percpu_gfp(struct ila_mib, GFP_KERNEL_ACCOUNT);
	if (!ilan->stats) {
		kfree(ilan);
		return NULL;
	}
	ilan->net = net;
	ilan->rule_seq = 1;
	ilan->config.limit = ila_limit_max(net);
	ilan->config.counting = true;
	refcount_set(&ilan->users, 1);
	mutex_init(&ilan->mutex);
	spin_lock_init(&ilan->lock);
	INIT_LIST_HEAD(&ilan->tunnels);
	ila_rules_init(ilan);
	ila_hooks_init(ilan);
	ila_gc_init(ilan);
	return ilan;
}

/**
 * ila_net_get() - what a namespace has, made if need be
 * @net: the namespace
 *
 * Process context.
 *
 * Return: its data, with a reference for the caller; or ERR_PTR(-ENOMEM).
 */
struct ila_net *ila_net_get(struct net *net)
{
	struct ila_pernet *pernet = net_generic(net, ila_net_id);
	struct ila_net *ilan;

	mutex_lock(&ila_net_mutex);
	ilan = pernet->ilan;
	if (!ilan) {
		ilan = ila_net_alloc(net);
		/* pairs with the acquire in ila_net_find() */
		smp_store_release(&pernet->ilan, ilan);
	}
	if (ilan)
		refcount_inc(&ilan->users);
	mutex_unlock(&ila_net_mutex);
	return ilan ?: ERR_PTR(-ENOMEM);
}

static void ila_net_free(struct rcu_head *rcu)
{
	struct ila_net *ilan = container_of(rcu, struct ila_net, rcu);

	free_percpu(ilan->stats);
	free_percpu(ilan->ahead);
	kfree(ilan->misses);
	kfree(ilan);
}

/**
 * ila_net_put() - give up a reference of ila_net_get()
 * @ilan: the namespace's data
 *
 * Any context.
 */
void ila_net_put(struct ila_net *ilan)
{
	if (refcount_dec_and_test(&ilan->users))
		call_rcu(&ilan->rcu, ila_net_free);
}

static int __net_init ila_net_init(struct net *net)
{
	if (!proc_create_net_single("ila_stat", 0444, net->proc_net,
				    ila_stats_show, NULL))
		return -ENOMEM;
	return 0;
}

/* No packet enters by our hooks any more, and no route is cached any more */
static void __net_exit ila_net_pre_exit(struct net *net)
{
	struct ila_net *ilan = ila_net_find(net);

	if (!ilan)
		return;
	mutex_lock(&ilan->mutex);
	spin_lock_bh(&ilan->lock);
	WRITE_ONCE(ilan->dead, true);
	spin_unlock_bh(&ilan->lock);
	ila_hooks_update(ilan);
	mutex_unlock(&ilan->mutex);
}

/* A grace period later, and with the devices gone, so that no notifier comes */
static void __net_exit ila_net_exit(struct net *net)
{
	struct ila_pernet *pernet = net_generic(net, ila_net_id);
	struct ila_net *ilan = pernet->ilan;

	remove_proc_entry("ila_stat", net->proc_net);
	if (!ilan)
		return;
	cancel_work_sync(&ilan->unhook);
	ila_rule_flush(ilan, 0);
	ila_misses_end(ilan);
	mutex_lock(&ilan->mutex);
	ila_fast_put(ila_fast_off(ilan));
	ila_ahead_reap(ilan);
	mutex_unlock(&ilan->mutex);
	ila_gc_end(ilan);
	ila_lwt_forget_routes(ilan);
	pernet->ilan = NULL;
	ila_net_put(ilan);
}

static struct pernet_operations ila_net_ops = {
	.init = ila_net_init,
	.pre_exit = ila_net_pre_exit,
	.exit = ila_net_exit,
	.id = &ila_net_id,
	.size = sizeof(struct ila_pernet),
};

/* A rule goes with the device that it names */
static int ila_netdev_event(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct ila_net *ilan;

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	ilan = ila_net_find(dev_net(dev));
	if (ilan)
		ila_rule_flush(ilan, dev->ifindex);
	return NOTIFY_DONE;
}

static struct notifier_block ila_netdev_notifier = {
	.notifier_call = ila_netdev_event,
};

static int __init ila_init(void)
{
	int err;

	ila_table_init();
	err = register_pernet_subsys(&ila_net_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&ila_netdev_notifier);
	if (err)
		goto unregister_pernet;
	err = genl_register_family(&ila_genl_family);
	if (err)
		goto unregister_notifier;
	/* the last one: there may be routes from now on */
	err = ila_lwt_init();
	if (err)
		goto unregister_family;
	return 0;

unregister_family:
	genl_unregister_family(&ila_genl_family);
unregister_notifier:
	unregister_netdevice_notifier(&ila_netdev_notifier);
unregister_pernet:
	unregister_pernet_subsys(&ila_net_ops);
	rcu_barrier();
	return err;
}

static void __exit ila_exit(void)
{
	ila_lwt_exit();
	genl_unregister_family(&ila_genl_family);
	unregister_netdevice_notifier(&ila_netdev_notifier);
	unregister_pernet_subsys(&ila_net_ops);
	/* for ila_net_free(), and tables */
	rcu_barrier();
}

module_init(ila_init);
module_exit(ila_exit);

MODULE_DESCRIPTION("Identifier-Locator Addressing for IPv6");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(ILA_GENL_NAME);
MODULE_ALIAS_RTNL_LWT(ILA);

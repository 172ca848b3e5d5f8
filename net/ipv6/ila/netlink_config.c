// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: generic netlink, configuration and counters
 */
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <net/genetlink.h>

#include "event.h"
#include "fast.h"
#include "netlink.h"

/* For commands that take no attributes */
const struct nla_policy ila_nothing_policy[ILA_ATTR_UNSPEC + 2] = {
	[ILA_ATTR_UNSPEC + 1]	= { .type = NLA_REJECT },
};

const struct nla_policy ila_config_policy[ILA_ATTR_FASTPATH + 1] = {
	[ILA_ATTR_MISS]		= NLA_POLICY_MAX(NLA_U8, ILA_MISS_MAX),
	[ILA_ATTR_MISS_RATE]	= { .type = NLA_U32 },
	[ILA_ATTR_COUNTING]	= NLA_POLICY_MAX(NLA_U8, 1),
	[ILA_ATTR_FASTPATH]	= NLA_POLICY_MAX(NLA_U8, 1),
	[ILA_ATTR_LIMIT]	= { .type = NLA_U32 },
};

static int ila_put_settings(struct sk_buff *msg,
			    const struct ila_config *config)
{
	if (nla_put_u8(msg, ILA_ATTR_MISS, config->miss) ||
	    nla_put_u32(msg, ILA_ATTR_MISS_RATE, config->miss_rate) ||
	    nla_put_u8(msg, ILA_ATTR_COUNTING, config->counting) ||
	    nla_put_u8(msg, ILA_ATTR_FASTPATH, config->fastpath) ||
	    nla_put_u32(msg, ILA_ATTR_LIMIT, config->limit))
		return -EMSGSIZE;
	return 0;
}

/**
 * ila_put_config() - put the configuration into a message
 * @msg: the message
 * @ilan: the namespace, its mutex held
 *
 * Return: 0 or -EMSGSIZE.
 */
int ila_put_config(struct sk_buff *msg, const struct ila_net *ilan)
{
	if (ila_put_settings(msg, &ilan->config) ||
	    nla_put_u32(msg, ILA_ATTR_COUNT,
			ilan->mappings.n + ilan->locals.n) ||
	    nla_put_u32(msg, ILA_ATTR_GENERATION, ilan->generation))
		return -EMSGSIZE;
	return 0;
}

/* Of a namespace that was never told anything of ILA */
static int ila_put_defaults(struct sk_buff *msg, const struct net *net)
{
	const struct ila_config config = {
		.limit = ila_limit_max(net),
		.counting = true,
	};

	if (ila_put_settings(msg, &config) ||
	    nla_put_u32(msg, ILA_ATTR_COUNT, 0) ||
	    nla_put_u32(msg, ILA_ATTR_GENERATION, 0))
		return -EMSGSIZE;
	return 0;
}

/**
 * ila_cmd_config_get() - CONFIG_GET
 * @skb: the request
 * @info: the request
 *
 * Return: 0 or -ENOMEM.
 */
int ila_cmd_config_get(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct ila_net *ilan = ila_net_find(net);
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &ila_genl_family, 0,
				ILA_CMD_CONFIG_GET);
	if (ilan) {
		mutex_lock(&ilan->mutex);
		err = ila_put_config(msg, ilan);
		mutex_unlock(&ilan->mutex);
	} else {
		err = ila_put_defaults(msg, net);
	}
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static int ila_check_limit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[ILA_ATTR_LIMIT];
	u32 most = ila_limit_max(genl_info_net(info));

	if (!attr || nla_get_u32(attr) <= most)
		return 0;
	if (netlink_capable(skb, CAP_NET_ADMIN) &&
	    nla_get_u32(attr) <= ila_limit_max(&init_net))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "LIMIT is more than this namespace may have");
	return -EPERM;
}

static int ila_configure(struct ila_net *ilan, struct nlattr *attrs[])
{
	struct ila_config *config = &ilan->config;
	int err = 0;

	if (attrs[ILA_ATTR_MISS_RATE])
		err = ila_misses_set_rate(ilan,
					  nla_get_u32(attrs[ILA_ATTR_MISS_RATE]));
	if (err)
		return err;
	if (attrs[ILA_ATTR_MISS])
		WRITE_ONCE(config->miss, nla_get_u8(attrs[ILA_ATTR_MISS]));
	if (attrs[ILA_ATTR_COUNTING])
		WRITE_ONCE(config->counting,
			   nla_get_u8(attrs[ILA_ATTR_COUNTING]));
	if (attrs[ILA_ATTR_LIMIT])
		config->limit = nla_get_u32(attrs[ILA_ATTR_LIMIT]);
	if (attrs[ILA_ATTR_FASTPATH])
		config->fastpath = nla_get_u8(attrs[ILA_ATTR_FASTPATH]);
	ila_event_config(ilan);
	return 0;
}

/* What can fail is done first; turning the fast path off can not. So it is turned on
 * before the setting says so, and off after that. The mutex is held.
 */
static int ila_configure_all(struct ila_net *ilan, struct nlattr *attrs[],
			     struct dst_entry **off)
{
	struct nlattr *attr = attrs[ILA_ATTR_FASTPATH];
	bool was_on = ila_fast_is_on(ilan);
	int err = 0;

	if (ilan->dead)
		return -ENODEV;
	if (attr && nla_get_u8(attr))
		err = ila_fast_on(ilan);
	if (err)
		return err;
	err = ila_configure(ilan, attrs);
	if (attr && (err ? !was_on : !nla_get_u8(attr)))
		*off = ila_fast_off(ilan);
	return err;
}

/**
 * ila_cmd_config_set() - CONFIG_SET
 * @skb: the request
 * @info: the request
 *
 * Return: 0, -EPERM for a limit that is too high, -ENOMEM.
 */
int ila_cmd_config_set(struct sk_buff *skb, struct genl_info *info)
{
	struct dst_entry *off = NULL;
	struct ila_net *ilan;
	int err;

	err = ila_check_limit(skb, info);
	if (err)
		return err;
	ilan = ila_net_get(genl_info_net(info));
	if (IS_ERR(ilan))
		return PTR_ERR(ilan);
	mutex_lock(&ilan->mutex);
	err = ila_configure_all(ilan, info->attrs, &off);
	mutex_unlock(&ilan->mutex);
	if (off) {
		synchronize_rcu();
		ila_fast_put(off);
	}
	ila_net_put(ilan);
	return err;
}

static int ila_put_stats(struct sk_buff *msg, const struct ila_net *ilan)
{
	struct nlattr *nest = nla_nest_start(msg, ILA_ATTR_STATS);
	int stat;

	if (!nest)
		return -EMSGSIZE;
	for (stat = ILA_STAT_UNSPEC + 1; stat <= ILA_STAT_MAX; stat++)
		if (nla_put_u64_64bit(msg, stat, ila_stat_sum(ilan, stat),
				      ILA_STAT_UNSPEC))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/**
 * ila_cmd_stats_get() - STATS_GET
 * @skb: the request
 * @info: the request
 *
 * Return: 0 or -ENOMEM.
 */
int ila_cmd_stats_get(struct sk_buff *skb, struct genl_info *info)
{
	const struct ila_net *ilan = ila_net_find(genl_info_net(info));
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &ila_genl_family, 0,
				ILA_CMD_STATS_GET);
	if (ila_put_stats(msg, ilan)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

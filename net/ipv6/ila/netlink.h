/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink: what its files share
 */
#ifndef _ILA_NETLINK_H
#define _ILA_NETLINK_H

#include <net/genetlink.h>
#include <net/ila.h>
#include <net/netlink.h>

struct ila_rule;
struct netlink_callback;
struct sk_buff;

extern struct genl_family ila_genl_family;

/* netlink.c */
int ila_put_rule(struct sk_buff *msg, const struct ila_rule *rule, bool whole);

/* netlink_mapping.c */
extern const struct nla_policy ila_mapping_policy[ILA_ATTR_GENERATION + 1];
extern const struct nla_policy ila_filter_policy[ILA_ATTR_SWEEP + 1];
int ila_cmd_mapping(struct sk_buff *skb, struct genl_info *info);
int ila_cmd_mapping_get(struct sk_buff *skb, struct genl_info *info);
int ila_cmd_mapping_flush(struct sk_buff *skb, struct genl_info *info);
int ila_mapping_dump_start(struct netlink_callback *cb);
int ila_mapping_dump(struct sk_buff *msg, struct netlink_callback *cb);
int ila_mapping_dump_done(struct netlink_callback *cb);

/* netlink_locator.c */
extern const struct nla_policy ila_locator_policy[ILA_ATTR_LOCATOR_TO + 1];
int ila_cmd_locator_get(struct sk_buff *skb, struct genl_info *info);
int ila_cmd_locator_move(struct sk_buff *skb, struct genl_info *info);
int ila_cmd_locator_set(struct sk_buff *skb, struct genl_info *info);
int ila_locator_dump(struct sk_buff *msg, struct netlink_callback *cb);

/* netlink_config.c */
extern const struct nla_policy ila_nothing_policy[ILA_ATTR_UNSPEC + 2];
extern const struct nla_policy ila_config_policy[ILA_ATTR_FASTPATH + 1];
int ila_put_config(struct sk_buff *msg, const struct ila_net *ilan);
int ila_cmd_config_get(struct sk_buff *skb, struct genl_info *info);
int ila_cmd_config_set(struct sk_buff *skb, struct genl_info *info);
int ila_cmd_stats_get(struct sk_buff *skb, struct genl_info *info);

/* explain.c */
extern const struct nla_policy ila_explain_policy[ILA_ATTR_ADDRESS + 1];
int ila_cmd_explain(struct sk_buff *skb, struct genl_info *info);

/**
 * ila_missing() - an attribute that a request needs is not there
 * @info: the request
 * @type: ILA_ATTR_
 * @text: what to say, a constant
 *
 * Return: -EINVAL.
 */
static inline int ila_missing(struct genl_info *info, int type,
			      const char *text)
{
	struct netlink_ext_ack *extack = info->extack;

	NL_SET_ERR_ATTR_MISS(extack, NULL, type);
	if (extack)
		extack->_msg = text;
	return -EINVAL;
}

#endif /* _ILA_NETLINK_H */

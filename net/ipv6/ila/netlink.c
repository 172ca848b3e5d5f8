// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: generic netlink
 *
 * ADD, DEL, GET and FLUSH are the commands that stock iproute2 speaks. They
 * keep the leniency of old (unknown attributes and too long ones pass); the
 * commands from 32 on check everything.
 */
#include <linux/genetlink.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "event.h"
#include "netlink.h"
#include "rule.h"

/* The loose policy of the old commands */
static const struct nla_policy ila_policy[ILA_ATTR_MAX + 1] = {
	[ILA_ATTR_LOCATOR]		= { .type = NLA_U64 },
	[ILA_ATTR_LOCATOR_MATCH]	= { .type = NLA_U64 },
	[ILA_ATTR_IFINDEX]		= { .type = NLA_S32 },
	[ILA_ATTR_CSUM_MODE]		= { .type = NLA_U8 },
	[ILA_ATTR_IDENT_TYPE]		= { .type = NLA_U8 },
};

static const struct nla_policy ila_rule_policy[ILA_ATTR_EXT_MAX + 1] = {
	[ILA_ATTR_LOCATOR]		= NLA_POLICY_EXACT_LEN(sizeof(__be64)),
	[ILA_ATTR_LOCATOR_MATCH]	= NLA_POLICY_EXACT_LEN(sizeof(__be64)),
	[ILA_ATTR_IFINDEX]		= { .type = NLA_S32 },
	[ILA_ATTR_CSUM_MODE]		= { .type = NLA_U8 },
	[ILA_ATTR_IDENT_TYPE]		= { .type = NLA_U8 },
	[ILA_ATTR_DOMAIN]		= { .type = NLA_U32 },
	[ILA_ATTR_STRAY]		= NLA_POLICY_MAX(NLA_U8, ILA_STRAY_MAX),
};

static const struct nla_policy ila_key_policy[ILA_ATTR_IFINDEX + 1] = {
	[ILA_ATTR_LOCATOR_MATCH]	= NLA_POLICY_EXACT_LEN(sizeof(__be64)),
	[ILA_ATTR_IFINDEX]		= { .type = NLA_S32 },
};

/* Requests
 */

static int ila_parse_key(struct genl_info *info, struct ila_rule_key *key)
{
	struct nlattr **attrs = info->attrs;

	memset(key, 0, sizeof(*key));
	if (!attrs[ILA_ATTR_LOCATOR_MATCH]) {
		NL_SET_ERR_MSG(info->extack, "LOCATOR_MATCH is missing");
		NL_SET_ERR_ATTR_MISS(info->extack, NULL,
				     ILA_ATTR_LOCATOR_MATCH);
		return -EINVAL;
	}
	key->match = nla_get_be64(attrs[ILA_ATTR_LOCATOR_MATCH]);
	if (attrs[ILA_ATTR_IFINDEX])
		key->ifindex = nla_get_s32(attrs[ILA_ATTR_IFINDEX]);
	return 0;
}

static int ila_check_key(struct genl_info *info, const struct ila_rule_key *key)
{
	if (!ila_prefix_ok(key->match)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[ILA_ATTR_LOCATOR_MATCH],
				    "LOCATOR_MATCH must not be unspecified, loopback, multicast or link-local");
		return -EINVAL;
	}
	if (key->ifindex < 0) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ILA_ATTR_IFINDEX],
				    "IFINDEX must not be negative");
		return -EINVAL;
	}
	return 0;
}

static int ila_parse_locator(struct genl_info *info, struct ila_rule *rule)
{
	struct nlattr *attr = info->attrs[ILA_ATTR_LOCATOR];

	if (!attr) {
		NL_SET_ERR_MSG(info->extack, "LOCATOR is missing");
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, ILA_ATTR_LOCATOR);
		return -EINVAL;
	}
	rule->xlat.to = nla_get_be64(attr);
	if (!ila_prefix_ok(rule->xlat.to)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "LOCATOR must not be unspecified, loopback, multicast or link-local");
		return -EINVAL;
	}
	return 0;
}

static int ila_parse_csum(struct genl_info *info, struct ila_rule *rule)
{
	struct nlattr *attr = info->attrs[ILA_ATTR_CSUM_MODE];

	rule->xlat.csum_mode = attr ? nla_get_u8(attr) : ILA_CSUM_NO_ACTION;
	if (!ila_csum_mode_valid(rule->xlat.csum_mode)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "CSUM_MODE is unknown");
		return -EINVAL;
	}
	return 0;
}

/* A rule that is not told a type takes every identifier for what it matches,
 * whatever its bits; it only shows as use-format, as it always did.
 */
static int ila_parse_type(struct genl_info *info, struct ila_rule *rule)
{
	struct nlattr *attr = info->attrs[ILA_ATTR_IDENT_TYPE];

	rule->ident_type = attr ? nla_get_u8(attr) : ILA_ATYPE_USE_FORMAT;
	if (rule->ident_type > ILA_ATYPE_RSVD_2 &&
	    rule->ident_type != ILA_ATYPE_USE_FORMAT) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "IDENT_TYPE is unknown");
		return -EINVAL;
	}
	rule->xlat.by = attr && rule->ident_type == ILA_ATYPE_USE_FORMAT ?
			ILA_BY_TYPE : ILA_BY_PREFIX;
	return 0;
}

static int ila_parse_rule(struct genl_info *info, struct ila_rule *rule)
{
	memset(rule, 0, sizeof(*rule));
	rule->xlat.restore = true;
	return ila_parse_key(info, &rule->key) ?:
	       ila_check_key(info, &rule->key) ?:
	       ila_parse_locator(info, rule) ?:
	       ila_parse_csum(info, rule) ?:
	       ila_parse_type(info, rule);
}

static int ila_install_rule(struct genl_info *info, const struct ila_rule *rule)
{
	struct ila_net *ilan = ila_net_get(genl_info_net(info));
	int err;

	if (IS_ERR(ilan))
		return PTR_ERR(ilan);
	err = ila_rule_add(ilan, rule, info->extack);
	ila_net_put(ilan);
	return err;
}

static int ila_cmd_add(struct sk_buff *skb, struct genl_info *info)
{
	struct ila_rule rule;

	return ila_parse_rule(info, &rule) ?: ila_install_rule(info, &rule);
}

static int ila_cmd_rule_add(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct ila_rule rule;
	int err;

	err = ila_parse_rule(info, &rule);
	if (err)
		return err;
	if (attrs[ILA_ATTR_DOMAIN])
		rule.domain = nla_get_u32(attrs[ILA_ATTR_DOMAIN]);
	if (attrs[ILA_ATTR_STRAY])
		rule.stray = nla_get_u8(attrs[ILA_ATTR_STRAY]);
	return ila_install_rule(info, &rule);
}

static int ila_cmd_del(struct sk_buff *skb, struct genl_info *info)
{
	struct ila_net *ilan = ila_net_find(genl_info_net(info));
	struct ila_rule_key key;
	int err;

	err = ila_parse_key(info, &key);
	if (err)
		return err;
	err = ilan ? ila_rule_del(ilan, &key) : -ENOENT;
	if (err)
		NL_SET_ERR_MSG(info->extack,
			       "no rule for this LOCATOR_MATCH and IFINDEX");
	return err;
}

static int ila_cmd_flush(struct sk_buff *skb, struct genl_info *info)
{
	struct ila_net *ilan = ila_net_find(genl_info_net(info));

	if (ilan)
		ila_rule_flush(ilan, 0);
	return 0;
}

/* Answers
 */

/**
 * ila_put_rule() - put a rule into a message
 * @msg: the message
 * @rule: the rule
 * @whole: with what the old commands do not tell
 *
 * The old command keeps its attributes and their order.
 *
 * Return: 0 or -EMSGSIZE.
 */
int ila_put_rule(struct sk_buff *msg, const struct ila_rule *rule, bool whole)
{
	if (nla_put_be64(msg, ILA_ATTR_LOCATOR, rule->xlat.to, ILA_ATTR_PAD) ||
	    nla_put_be64(msg, ILA_ATTR_LOCATOR_MATCH, rule->key.match,
			 ILA_ATTR_PAD) ||
	    nla_put_s32(msg, ILA_ATTR_IFINDEX, rule->key.ifindex) ||
	    nla_put_u8(msg, ILA_ATTR_CSUM_MODE, rule->xlat.csum_mode))
		return -EMSGSIZE;
	/* where it was not said, only the old commands say use-format */
	if ((!whole || rule->xlat.by == ILA_BY_TYPE ||
	     rule->ident_type != ILA_ATYPE_USE_FORMAT) &&
	    nla_put_u8(msg, ILA_ATTR_IDENT_TYPE, rule->ident_type))
		return -EMSGSIZE;
	if (!whole)
		return 0;
	if (rule->domain && nla_put_u32(msg, ILA_ATTR_DOMAIN, rule->domain))
		return -EMSGSIZE;
	return nla_put_u8(msg, ILA_ATTR_STRAY, rule->stray);
}

/* One rule as a message */
static int ila_fill_rule(struct sk_buff *msg, const struct ila_rule *rule,
			 u32 portid, u32 seq, int flags, u8 cmd,
			 struct netlink_callback *cb)
{
	void *hdr = genlmsg_put(msg, portid, seq, &ila_genl_family, flags, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);
	if (ila_put_rule(msg, rule, cmd == ILA_CMD_RULE_GET)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

/* Answer for one rule. Return: 0, -ESRCH without the rule, -ENOMEM. */
static int ila_reply_rule(struct genl_info *info, struct ila_net *ilan,
			  const struct ila_rule_key *key)
{
	const struct ila_rule *rule;
	struct sk_buff *msg;
	int err = -ESRCH;

	msg = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&ilan->mutex);
	rule = ila_rule_find(ilan, key);
	if (rule)
		err = ila_fill_rule(msg, rule, info->snd_portid, info->snd_seq,
				    0, info->genlhdr->cmd, NULL);
	mutex_unlock(&ilan->mutex);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

static int ila_cmd_get(struct sk_buff *skb, struct genl_info *info)
{
	struct ila_net *ilan = ila_net_find(genl_info_net(info));
	struct ila_rule_key key;
	int err;

	err = ila_parse_key(info, &key);
	if (err)
		return err;
	err = ilan ? ila_reply_rule(info, ilan, &key) : -ESRCH;
	if (err == -ESRCH)
		NL_SET_ERR_MSG(info->extack,
			       "no rule for this LOCATOR_MATCH and IFINDEX");
	return err;
}

/* Where a dump goes on: behind this rule */
struct ila_dump {
	struct ila_rule_key after;
};

static int ila_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	const struct genlmsghdr *hdr = nlmsg_data(cb->nlh);
	struct ila_net *ilan = ila_net_find(sock_net(msg->sk));
	struct ila_dump *dump = (struct ila_dump *)cb->ctx;
	const struct ila_rule *rule;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	/* the old command always ignored them */
	if (hdr->cmd == ILA_CMD_RULE_GET && nlmsg_attrlen(cb->nlh, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(cb->extack, "a dump of all rules takes no attributes");
		return -EINVAL;
	}
	if (!ilan)
		return 0;

	mutex_lock(&ilan->mutex);
	cb->seq = ilan->rule_seq;
	while ((rule = ila_rule_next(ilan, &dump->after))) {
		if (ila_fill_rule(msg, rule, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, NLM_F_MULTI, hdr->cmd, cb))
			break;
		dump->after = rule->key;
	}
	mutex_unlock(&ilan->mutex);
	return msg->len;
}

/* A message of mappings */
#define ILA_OP_MAPPINGS(command)			\
	{						\
		.cmd = command,				\
		.policy = ila_mapping_policy,		\
		.maxattr = ILA_ATTR_GENERATION,		\
		.doit = ila_cmd_mapping,		\
		.flags = GENL_UNS_ADMIN_PERM,		\
	}

static const struct genl_ops ila_ops[] = {
	{
		.cmd = ILA_CMD_ADD,
		.validate = GENL_DONT_VALIDATE_STRICT | GENL_DONT_VALIDATE_DUMP,
		.doit = ila_cmd_add,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_DEL,
		.validate = GENL_DONT_VALIDATE_STRICT | GENL_DONT_VALIDATE_DUMP,
		.doit = ila_cmd_del,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_GET,
		.validate = GENL_DONT_VALIDATE_STRICT | GENL_DONT_VALIDATE_DUMP,
		.doit = ila_cmd_get,
		.dumpit = ila_dump,
	}, {
		.cmd = ILA_CMD_FLUSH,
		.validate = GENL_DONT_VALIDATE_STRICT | GENL_DONT_VALIDATE_DUMP,
		.doit = ila_cmd_flush,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_RULE_ADD,
		.policy = ila_rule_policy,
		.maxattr = ILA_ATTR_EXT_MAX,
		.doit = ila_cmd_rule_add,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_RULE_GET,
		.policy = ila_key_policy,
		.maxattr = ARRAY_SIZE(ila_key_policy) - 1,
		.doit = ila_cmd_get,
		.dumpit = ila_dump,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_RULE_DEL,
		.policy = ila_key_policy,
		.maxattr = ARRAY_SIZE(ila_key_policy) - 1,
		.doit = ila_cmd_del,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	ILA_OP_MAPPINGS(ILA_CMD_MAPPING_NEW),
	ILA_OP_MAPPINGS(ILA_CMD_MAPPING_CHANGE),
	ILA_OP_MAPPINGS(ILA_CMD_MAPPING_REPLACE),
	ILA_OP_MAPPINGS(ILA_CMD_MAPPING_DEL),
	{
		.cmd = ILA_CMD_MAPPING_GET,
		.policy = ila_filter_policy,
		.maxattr = ILA_ATTR_SWEEP,
		.doit = ila_cmd_mapping_get,
		.start = ila_mapping_dump_start,
		.dumpit = ila_mapping_dump,
		.done = ila_mapping_dump_done,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_MAPPING_FLUSH,
		.policy = ila_filter_policy,
		.maxattr = ILA_ATTR_SWEEP,
		.doit = ila_cmd_mapping_flush,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_LOCATOR_GET,
		.policy = ila_locator_policy,
		.maxattr = ILA_ATTR_DOMAIN,
		.doit = ila_cmd_locator_get,
		.dumpit = ila_locator_dump,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_LOCATOR_MOVE,
		.policy = ila_locator_policy,
		.maxattr = ILA_ATTR_LOCATOR_TO,
		.doit = ila_cmd_locator_move,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_LOCATOR_DOWN,
		.policy = ila_locator_policy,
		.maxattr = ILA_ATTR_DOMAIN,
		.doit = ila_cmd_locator_set,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_LOCATOR_UP,
		.policy = ila_locator_policy,
		.maxattr = ILA_ATTR_DOMAIN,
		.doit = ila_cmd_locator_set,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_CONFIG_GET,
		.policy = ila_nothing_policy,
		.maxattr = ARRAY_SIZE(ila_nothing_policy) - 1,
		.doit = ila_cmd_config_get,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_CONFIG_SET,
		.policy = ila_config_policy,
		.maxattr = ILA_ATTR_FASTPATH,
		.doit = ila_cmd_config_set,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_STATS_GET,
		.policy = ila_nothing_policy,
		.maxattr = ARRAY_SIZE(ila_nothing_policy) - 1,
		.doit = ila_cmd_stats_get,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = ILA_CMD_EXPLAIN,
		.policy = ila_explain_policy,
		.maxattr = ILA_ATTR_ADDRESS,
		.doit = ila_cmd_explain,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

static const struct genl_multicast_group ila_groups[] = {
	[ILA_GROUP_CONFIG] = {
		.name = ILA_MCGRP_CONFIG,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
	[ILA_GROUP_MISS] = {
		.name = ILA_MCGRP_MISS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family ila_genl_family __ro_after_init = {
	.name = ILA_GENL_NAME,
	.version = ILA_GENL_VERSION,
	.maxattr = ILA_ATTR_MAX,
	.policy = ila_policy,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = ila_ops,
	.n_ops = ARRAY_SIZE(ila_ops),
	.mcgrps = ila_groups,
	.n_mcgrps = ARRAY_SIZE(ila_groups),
	.resv_start_op = ILA_CMD_MAX + 1,
};

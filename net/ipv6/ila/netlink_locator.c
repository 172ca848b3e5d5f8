// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: generic netlink, locators
 */
#include <net/genetlink.h>

#include "event.h"
#include "locator.h"
#include "netlink.h"

const struct nla_policy ila_locator_policy[ILA_ATTR_LOCATOR_TO + 1] = {
	[ILA_ATTR_LOCATOR]	= NLA_POLICY_EXACT_LEN(sizeof(__be64)),
	[ILA_ATTR_LOCATOR_TO]	= NLA_POLICY_EXACT_LEN(sizeof(__be64)),
	[ILA_ATTR_DOMAIN]	= { .type = NLA_U32 },
};

static u32 ila_info_domain(const struct genl_info *info)
{
	const struct nlattr *domain = info->attrs[ILA_ATTR_DOMAIN];

	return domain ? nla_get_u32(domain) : 0;
}

static int ila_put_locator(struct sk_buff *msg, const struct ila_locator *loc)
{
	struct ila_traffic traffic;

	ila_locator_traffic(loc, &traffic);
	if (nla_put_be64(msg, ILA_ATTR_LOCATOR, ila_locator_value(loc),
			 ILA_ATTR_PAD) ||
	    nla_put_u32(msg, ILA_ATTR_DOMAIN, loc->target.domain) ||
	    (loc->has_sir && loc->mappings &&
	     nla_put_be64(msg, ILA_ATTR_SIR_PREFIX, loc->target.upper,
			  ILA_ATTR_PAD)) ||
	    nla_put_u32(msg, ILA_ATTR_COUNT, loc->mappings) ||
	    nla_put_u32(msg, ILA_ATTR_STATE, loc->state) ||
	    nla_put_u64_64bit(msg, ILA_ATTR_PACKETS, traffic.packets,
			      ILA_ATTR_PAD) ||
	    nla_put_u64_64bit(msg, ILA_ATTR_BYTES, traffic.bytes, ILA_ATTR_PAD))
		return -EMSGSIZE;
	return 0;
}

static int ila_reply_locator(struct genl_info *info, struct ila_net *ilan,
			     __be64 locator)
{
	const struct ila_locator *loc;
	struct sk_buff *msg;
	int err = -ENOENT;
	void *hdr;

	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &ila_genl_family, 0,
				ILA_CMD_LOCATOR_GET);
	mutex_lock(&ilan->mutex);
	loc = ila_locator_find(ilan, locator);
	if (loc && ila_locator_in_use(loc) &&
	    loc->target.domain == ila_info_domain(info))
		err = ila_put_locator(msg, loc);
	mutex_unlock(&ilan->mutex);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/**
 * ila_cmd_locator_get() - LOCATOR_GET of one
 * @skb: the request
 * @info: the request
 *
 * Return: 0, -EINVAL, -ENOENT if no mapping uses it, -ENOMEM.
 */
int ila_cmd_locator_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[ILA_ATTR_LOCATOR];
	struct ila_net *ilan = ila_net_find(genl_info_net(info));
	int err;

	if (!attr)
		return ila_missing(info, ILA_ATTR_LOCATOR, "LOCATOR is missing");
	err = ilan ? ila_reply_locator(info, ilan, nla_get_be64(attr)) :
		     -ENOENT;
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "no mapping of this DOMAIN uses LOCATOR");
	return err;
}

/**
 * ila_cmd_locator_move() - LOCATOR_MOVE
 * @skb: the request
 * @info: the request
 *
 * Return: 0, or as ila_locator_move(), or -EINVAL.
 */
int ila_cmd_locator_move(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *from = info->attrs[ILA_ATTR_LOCATOR];
	struct nlattr *to = info->attrs[ILA_ATTR_LOCATOR_TO];
	struct ila_net *ilan = ila_net_find(genl_info_net(info));
	u32 domain = ila_info_domain(info);
	int err;

	if (!from)
		return ila_missing(info, ILA_ATTR_LOCATOR, "LOCATOR is missing");
	if (!to)
		return ila_missing(info, ILA_ATTR_LOCATOR_TO, "LOCATOR_TO is missing");
	if (!ila_prefix_ok(nla_get_be64(to))) {
		NL_SET_ERR_MSG_ATTR(info->extack, to,
				    "LOCATOR_TO must not be unspecified, loopback, multicast or link-local");
		return -EINVAL;
	}
	if (!ilan) {
		NL_SET_ERR_MSG_ATTR(info->extack, from,
				    "no mapping of this DOMAIN uses LOCATOR");
		return -ENOENT;
	}
	mutex_lock(&ilan->mutex);
	err = ila_locator_move(ilan, nla_get_be64(from), nla_get_be64(to),
			       domain, info->extack);
	if (!err)
		ila_event_locator(ilan, info->genlhdr->cmd, nla_get_be64(from),
				  domain, nla_get_be64(to));
	mutex_unlock(&ilan->mutex);
	return err;
}

/**
 * ila_cmd_locator_set() - LOCATOR_DOWN, LOCATOR_UP
 * @skb: the request
 * @info: the request
 *
 * Return: 0, -EINVAL, or -ENOENT if no mapping uses it.
 */
int ila_cmd_locator_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[ILA_ATTR_LOCATOR];
	struct ila_net *ilan = ila_net_find(genl_info_net(info));
	u32 domain = ila_info_domain(info);
	u8 cmd = info->genlhdr->cmd;
	int err;

	if (!attr)
		return ila_missing(info, ILA_ATTR_LOCATOR, "LOCATOR is missing");
	if (!ilan) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "no mapping of this DOMAIN uses LOCATOR");
		return -ENOENT;
	}
	mutex_lock(&ilan->mutex);
	err = ila_locator_set_down(ilan, nla_get_be64(attr), domain,
				   cmd == ILA_CMD_LOCATOR_DOWN, info->extack);
	if (!err)
		ila_event_locator(ilan, cmd, nla_get_be64(attr), domain, 0);
	mutex_unlock(&ilan->mutex);
	return err;
}

static int ila_fill_locator(struct sk_buff *msg, const struct ila_locator *loc,
			    struct netlink_callback *cb)
{
	void *hdr;

	hdr = genlmsg_put(msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &ila_genl_family, NLM_F_MULTI, ILA_CMD_LOCATOR_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (ila_put_locator(msg, loc)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

/**
 * ila_locator_dump() - a part of LOCATOR_GET of all
 * @msg: where to
 * @cb: the dump
 *
 * Return: the length, 0 at the end; or -EINVAL if it has attributes.
 */
int ila_locator_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct ila_net *ilan = ila_net_find(sock_net(msg->sk));
	struct ila_cursor *cursor = (struct ila_cursor *)cb->ctx;
	const struct ila_locator *loc;
	struct ila_cursor before;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	/* not before the first part, where some kernels have no place for text */
	if (nlmsg_attrlen(cb->nlh, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(cb->extack,
			       "a dump of all locators takes no attributes");
		return -EINVAL;
	}
	if (!ilan)
		return 0;
	mutex_lock(&ilan->mutex);
	cb->seq = ilan->locators.seq + 1;
	for (before = *cursor; ; before = *cursor) {
		loc = (struct ila_locator *)ila_table_next(&ilan->locators,
							   cursor);
		if (!loc)
			break;
		if (ila_locator_in_use(loc) && ila_fill_locator(msg, loc, cb)) {
			*cursor = before;
			break;
		}
	}
	mutex_unlock(&ilan->mutex);
	return msg->len;
}

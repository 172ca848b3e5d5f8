// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: generic netlink, mappings
 */
#include <linux/slab.h>
#include <net/genetlink.h>

#include "mapping.h"
#include "netlink.h"

/* Mappings that a dump looks at before others may have the mutex */
#define ILA_DUMP_STEP	4096

const struct nla_policy ila_mapping_policy[ILA_ATTR_GENERATION + 1] = {
	[ILA_ATTR_MAPPING]	= NLA_POLICY_EXACT_LEN(sizeof(struct ila_mapping)),
	[ILA_ATTR_GENERATION]	= { .type = NLA_U32 },
};

const struct nla_policy ila_filter_policy[ILA_ATTR_SWEEP + 1] = {
	[ILA_ATTR_LOCATOR]	= NLA_POLICY_EXACT_LEN(sizeof(__be64)),
	[ILA_ATTR_DOMAIN]	= { .type = NLA_U32 },
	[ILA_ATTR_ADDRESS]	= NLA_POLICY_EXACT_LEN(sizeof(struct ila_addr)),
	[ILA_ATTR_PREFIX_LEN]	= NLA_POLICY_MAX(NLA_U8, 128),
	[ILA_ATTR_ORIGIN]	= NLA_POLICY_MAX(NLA_U8, ILA_ORIGIN_MAX),
	[ILA_ATTR_IDLE]		= { .type = NLA_U32 },
	[ILA_ATTR_SWEEP]	= { .type = NLA_U32 },
};

/**
 * ila_cmd_mapping() - MAPPING_NEW, _CHANGE, _REPLACE, _DEL
 * @skb: the request
 * @info: the request
 *
 * Return: 0 or a negative error.
 */
int ila_cmd_mapping(struct sk_buff *skb, struct genl_info *info)
{
	struct ila_net *ilan = ila_net_get(genl_info_net(info));
	int err;

	if (IS_ERR(ilan))
		return PTR_ERR(ilan);
	err = ila_mapping_change(ilan, info);
	ila_net_put(ilan);
	return err;
}

/* Which mappings a request means */
static int ila_parse_filter(struct nlattr *attrs[], struct ila_filter *filter,
			    struct netlink_ext_ack *extack)
{
	memset(filter, 0, sizeof(*filter));
	if (attrs[ILA_ATTR_ADDRESS]) {
		nla_memcpy(&filter->address, attrs[ILA_ATTR_ADDRESS],
			   sizeof(filter->address));
		filter->prefix_len = 128;
		filter->has |= ILA_FILTER_ADDRESS;
	}
	if (attrs[ILA_ATTR_PREFIX_LEN]) {
		if (!attrs[ILA_ATTR_ADDRESS]) {
			NL_SET_ERR_MSG_ATTR(extack, attrs[ILA_ATTR_PREFIX_LEN],
					    "PREFIX_LEN goes with ADDRESS");
			return -EINVAL;
		}
		filter->prefix_len = nla_get_u8(attrs[ILA_ATTR_PREFIX_LEN]);
	}
	if (attrs[ILA_ATTR_LOCATOR]) {
		filter->locator = nla_get_be64(attrs[ILA_ATTR_LOCATOR]);
		filter->has |= ILA_FILTER_LOCATOR;
	}
	if (attrs[ILA_ATTR_DOMAIN]) {
		filter->domain = nla_get_u32(attrs[ILA_ATTR_DOMAIN]);
		filter->has |= ILA_FILTER_DOMAIN;
	}
	if (attrs[ILA_ATTR_ORIGIN]) {
		filter->origin = nla_get_u8(attrs[ILA_ATTR_ORIGIN]);
		filter->has |= ILA_FILTER_ORIGIN;
	}
	if (attrs[ILA_ATTR_IDLE]) {
		filter->idle = nla_get_u32(attrs[ILA_ATTR_IDLE]);
		filter->has |= ILA_FILTER_IDLE;
	}
	if (attrs[ILA_ATTR_SWEEP]) {
		filter->sweep = nla_get_u32(attrs[ILA_ATTR_SWEEP]);
		filter->has |= ILA_FILTER_SWEEP;
	}
	return 0;
}

static int ila_put_mapping(struct sk_buff *msg, const struct ila_map *map,
			   u32 now)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	unsigned int n = ila_map_records(map, now, records), i;

	if (skb_tailroom(msg) < n * nla_total_size(sizeof(*records)))
		return -EMSGSIZE;
	for (i = 0; i < n; i++)
		nla_put(msg, ILA_ATTR_MAPPING, sizeof(*records), &records[i]);
	return 0;
}

/* Find the mapping that MAPPING_GET asks for. The mutex is held. */
static bool ila_mapping_asked(const struct ila_net *ilan,
			      struct nlattr *attrs[], struct ila_map *map)
{
	struct nlattr *domain = attrs[ILA_ATTR_DOMAIN];
	struct ila_addr address;

	nla_memcpy(&address, attrs[ILA_ATTR_ADDRESS], sizeof(address));
	return ila_maps_get(&ilan->mappings, &address,
			    domain ? nla_get_u32(domain) : 0, map) &&
	       !ila_map_expired(map, ila_now());
}

static int ila_reply_mapping(struct genl_info *info, struct ila_net *ilan)
{
	struct ila_map map;
	struct sk_buff *msg;
	int err = -ENOENT;
	void *hdr;

	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &ila_genl_family, 0,
				ILA_CMD_MAPPING_GET);
	mutex_lock(&ilan->mutex);
	if (ila_mapping_asked(ilan, info->attrs, &map))
		err = ila_put_mapping(msg, &map, ila_now());
	mutex_unlock(&ilan->mutex);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/**
 * ila_cmd_mapping_get() - MAPPING_GET of one address
 * @skb: the request
 * @info: the request
 *
 * Return: 0, -EINVAL, -ENOENT without a mapping, -ENOMEM.
 */
int ila_cmd_mapping_get(struct sk_buff *skb, struct genl_info *info)
{
	struct ila_net *ilan = ila_net_find(genl_info_net(info));
	struct nlattr **attrs = info->attrs;
	int err;

	if (!attrs[ILA_ATTR_ADDRESS])
		return ila_missing(info, ILA_ATTR_ADDRESS, "ADDRESS is missing");
	if (attrs[ILA_ATTR_PREFIX_LEN] || attrs[ILA_ATTR_LOCATOR] ||
	    attrs[ILA_ATTR_ORIGIN] || attrs[ILA_ATTR_IDLE] ||
	    attrs[ILA_ATTR_SWEEP]) {
		NL_SET_ERR_MSG(info->extack, "filters are for dumps");
		return -EINVAL;
	}
	err = ilan ? ila_reply_mapping(info, ilan) : -ENOENT;
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[ILA_ATTR_ADDRESS],
				    "ADDRESS has no mapping in this DOMAIN");
	return err;
}

/**
 * ila_cmd_mapping_flush() - MAPPING_FLUSH
 * @skb: the request
 * @info: the request
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int ila_cmd_mapping_flush(struct sk_buff *skb, struct genl_info *info)
{
	struct ila_net *ilan = ila_net_find(genl_info_net(info));
	struct ila_filter filter;
	unsigned int count = 0;
	struct sk_buff *msg;
	void *hdr;
	int err;

	err = ila_parse_filter(info->attrs, &filter, info->extack);
	if (err)
		return err;
	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	if (ilan) {
		mutex_lock(&ilan->mutex);
		count = ila_map_flush(ilan, &filter);
		mutex_unlock(&ilan->mutex);
	}
	hdr = genlmsg_put_reply(msg, info, &ila_genl_family, 0,
				info->genlhdr->cmd);
	nla_put_u32(msg, ILA_ATTR_COUNT, count);
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* Dumps
 */

/**
 * struct ila_mapping_cursor - where a dump is
 * @filter: what is wanted
 * @cursor: behind this one
 * @locals: among the local identifiers, which come after the mappings
 * @parsed: @filter is valid
 */
struct ila_mapping_cursor {
	struct ila_filter filter;
	struct ila_cursor cursor;
	bool locals;
	bool parsed;
};

static struct ila_mapping_cursor **ila_dump_state(struct netlink_callback *cb)
{
	return (struct ila_mapping_cursor **)cb->ctx;
}

/**
 * ila_mapping_dump_start() - MAPPING_GET, many
 * @cb: the dump
 *
 * Return: 0 or -ENOMEM.
 */
int ila_mapping_dump_start(struct netlink_callback *cb)
{
	*ila_dump_state(cb) = kzalloc(sizeof(struct ila_mapping_cursor),
				      GFP_KERNEL);
	return *ila_dump_state(cb) ? 0 : -ENOMEM;
}

/* Not before the first part, where some kernels have no place for text */
static int ila_dump_parse(struct ila_mapping_cursor *dump,
			  struct netlink_callback *cb)
{
	int err;

	if (dump->parsed)
		return 0;
	err = ila_parse_filter(genl_info_dump(cb)->attrs, &dump->filter,
			       cb->extack);
	dump->parsed = !err;
	return err;
}

/**
 * ila_mapping_dump_done() - the end of a dump
 * @cb: the dump
 *
 * Return: 0.
 */
int ila_mapping_dump_done(struct netlink_callback *cb)
{
	kfree(*ila_dump_state(cb));
	return 0;
}

/* The next one, of the mappings and then of the local identifiers */
static bool ila_dump_next(const struct ila_net *ilan,
			  struct ila_mapping_cursor *dump, struct ila_map *map)
{
	if (!dump->locals) {
		if (ila_maps_next(&ilan->mappings, &dump->cursor, map))
			return true;
		dump->locals = true;
		dump->cursor = (struct ila_cursor) {};
	}
	return ila_maps_next(&ilan->locals, &dump->cursor, map);
}

/* Fill a message, or look at so many. Return: -EMSGSIZE: it is full; -EAGAIN:
 * there are more; 0: there are none.
 */
static int ila_dump_fill(struct sk_buff *msg, const struct ila_net *ilan,
			 struct ila_mapping_cursor *dump)
{
	struct ila_cursor before;
	u32 now = ila_now();
	struct ila_map map;
	bool locals;
	int step;

	for (step = 0; step < ILA_DUMP_STEP; step++) {
		before = dump->cursor;
		locals = dump->locals;
		if (!ila_dump_next(ilan, dump, &map))
			return 0;
		if (!ila_filter_matches(&dump->filter, &map, now))
			continue;
		if (ila_put_mapping(msg, &map, now)) {
			dump->cursor = before;
			dump->locals = locals;
			return -EMSGSIZE;
		}
	}
	return -EAGAIN;
}

/* Changes of both tables, and not 0: then the core does not compare */
static unsigned int ila_dump_seq(const struct ila_net *ilan)
{
	return ilan->mappings.seq + ilan->locals.seq + 1;
}

/**
 * ila_mapping_dump() - a part of a dump
 * @msg: where to
 * @cb: the dump
 *
 * Return: the length, 0 at the end; or -EINVAL, -EMSGSIZE.
 */
int ila_mapping_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct ila_net *ilan = ila_net_find(sock_net(msg->sk));
	struct ila_mapping_cursor *dump = *ila_dump_state(cb);
	unsigned int empty, before = cb->prev_seq;
	void *hdr;
	int more;

	more = ila_dump_parse(dump, cb);
	if (more || !ilan)
		return more;
	hdr = genlmsg_put(msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &ila_genl_family, NLM_F_MULTI, ILA_CMD_MAPPING_GET);
	if (!hdr)
		return -EMSGSIZE;
	empty = msg->len;
	do {
		mutex_lock(&ilan->mutex);
		cb->seq = ila_dump_seq(ilan);
		before = before ?: cb->seq;
		genl_dump_check_consistent(cb, hdr);
		more = ila_dump_fill(msg, ilan, dump);
		mutex_unlock(&ilan->mutex);
		cond_resched();
	} while (more == -EAGAIN);
	if (msg->len == empty) {
		genlmsg_cancel(msg, hdr);
		/* then the message that ends the dump says that it changed */
		cb->prev_seq = before;
		return more;
	}
	genlmsg_end(msg, hdr);
	return msg->len;
}

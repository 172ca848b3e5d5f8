// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: what would become of a packet, and why
 *
 * Answers for a destination what the data path would do with it here and now,
 * by the same functions, and changes nothing.
 */
#include <net/genetlink.h>
#include <net/ip6_route.h>

#include "hit.h"
#include "lwt.h"
#include "netlink.h"
#include "rule.h"

const struct nla_policy ila_explain_policy[ILA_ATTR_ADDRESS + 1] = {
	[ILA_ATTR_ADDRESS]	= NLA_POLICY_EXACT_LEN(sizeof(struct ila_addr)),
};

/**
 * struct ila_answer - what is found out of a destination
 * @msg: where it is told
 * @net: the namespace
 * @ilan: what it has, or NULL
 * @daddr: the destination
 * @refused: the route to its locator says no: that is not for the miss policy
 */
struct ila_answer {
	struct sk_buff *msg;
	struct net *net;
	struct ila_net *ilan;
	struct ila_addr daddr;
	bool refused;
};

static int ila_answer_by(struct ila_answer *answer, u8 by, u8 why)
{
	return nla_put_u8(answer->msg, ILA_ATTR_EXPLAIN, by) ?:
	       nla_put_u8(answer->msg, ILA_ATTR_WHY, why);
}

static int ila_answer_addr(struct ila_answer *answer,
			   const struct ila_addr *translated)
{
	return nla_put(answer->msg, ILA_ATTR_TRANSLATED, sizeof(*translated),
		       translated);
}

static int ila_answer_way(struct ila_answer *answer,
			  const struct dst_entry *dst)
{
	const struct rt6_info *rt = dst_rt6_info(dst);
	int err;

	err = nla_put_s32(answer->msg, ILA_ATTR_IFINDEX, dst_dev(dst)->ifindex);
	if (!err && rt->rt6i_flags & RTF_GATEWAY)
		err = nla_put(answer->msg, ILA_ATTR_GATEWAY,
			      sizeof(rt->rt6i_gateway), &rt->rt6i_gateway);
	return err;
}

static u8 ila_why_refused(enum ila_verdict verdict)
{
	switch (verdict) {
	case ILA_OK:
		return ILA_WHY_NOTHING;
	case ILA_REFUSED_CBIT:
		return ILA_WHY_C_BIT;
	case ILA_REFUSED_LOW16:
		return ILA_WHY_LOW16;
	default:
		return ILA_WHY_TYPE;
	}
}

static struct dst_entry *ila_answer_lookup(struct ila_answer *answer,
					   const struct ila_addr *daddr)
{
	struct flowi6 fl6 = {
		.daddr = *(const struct in6_addr *)daddr,
	};

	return ip6_route_output(answer->net, NULL, &fl6);
}

/* Where a translated destination goes. Return: ILA_WHY_, if nowhere. */
static int ila_answer_translated(struct ila_answer *answer,
				 const struct ila_addr *daddr, u8 *why)
{
	struct dst_entry *dst = ila_answer_lookup(answer, daddr);
	int err;

	if (dst->error)
		*why = ILA_WHY_NO_ROUTE;
	else if (ila_lwt_sends(dst))
		*why = ILA_WHY_LOOP;
	err = ila_answer_addr(answer, daddr) ?:
	      (*why ? 0 : ila_answer_way(answer, dst));
	dst_release(dst);
	return err;
}

/* Received
 */

static const struct ila_rule *ila_answer_rule(const struct ila_answer *answer)
{
	const struct ila_rule_key any = { .match = answer->daddr.upper };
	const struct ila_rule_key first = { .match = any.match, .ifindex = 1 };
	const struct ila_rule *rule;

	rule = ila_rule_find(answer->ilan, &any) ?:
	       ila_rule_find(answer->ilan, &first) ?:
	       ila_rule_next(answer->ilan, &first);
	return rule && rule->key.match == any.match ? rule : NULL;
}

static int ila_explain_rule(struct ila_answer *answer,
			    const struct ila_rule *rule)
{
	struct ila_xlat x = rule->xlat;
	enum ila_verdict verdict;
	struct ila_place place;
	struct ila_addr to;

	if (x.by == ILA_BY_TYPE)
		ila_exact_restore(answer->ilan, &answer->daddr, x.csum_mode,
				  rule->domain, &x, &place);
	verdict = ila_xlat_addr(&x, &answer->daddr, &to);
	if (ila_answer_by(answer, ILA_EXPLAIN_RULE, ila_why_refused(verdict)) ||
	    ila_put_rule(answer->msg, rule, true))
		return -EMSGSIZE;
	return verdict == ILA_OK ? ila_answer_addr(answer, &to) : 0;
}

/* By a route: sent, or received if that is where the route translates
 */

static int ila_explain_fixed(struct ila_answer *answer,
			     const struct dst_entry *dst,
			     const struct ila_tunnel *tunnel)
{
	enum ila_verdict verdict;
	struct ila_addr to;
	u8 by, why;
	int err;

	verdict = ila_xlat_addr(&tunnel->xlat, &answer->daddr, &to);
	why = ila_why_refused(verdict);
	by = tunnel->hook_type == ILA_HOOK_ROUTE_INPUT ? ILA_EXPLAIN_INPUT :
							 ILA_EXPLAIN_ROUTE;
	if (nla_put_be64(answer->msg, ILA_ATTR_LOCATOR, tunnel->xlat.to,
			 ILA_ATTR_PAD) ||
	    nla_put_u8(answer->msg, ILA_ATTR_CSUM_MODE,
		       tunnel->xlat.csum_mode) ||
	    nla_put_u8(answer->msg, ILA_ATTR_IDENT_TYPE, tunnel->ident_type) ||
	    nla_put_u32(answer->msg, ILA_ATTR_DOMAIN, tunnel->domain))
		return -EMSGSIZE;
	if (why)
		err = 0;
	else if (by == ILA_EXPLAIN_INPUT ||
		 dst_rt6_info(dst)->rt6i_flags & RTF_GATEWAY)
		err = ila_answer_addr(answer, &to) ?:
		      ila_answer_way(answer, dst);
	else
		err = ila_answer_translated(answer, &to, &why);
	return err ?: ila_answer_by(answer, by, why);
}

static int ila_answer_mapping(struct ila_answer *answer,
			      const struct ila_map *map)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	unsigned int n = ila_map_records(map, ila_now(), records), i;

	for (i = 0; i < n; i++)
		if (nla_put(answer->msg, ILA_ATTR_MAPPING, sizeof(*records),
			    &records[i]))
			return -EMSGSIZE;
	return 0;
}

/* Of several locators, one that is down could be taken up */
static u8 ila_why_not_chosen(const struct ila_hit *hit)
{
	return ila_hit_states(hit) == ILA_LOCATOR_OWN ? ILA_WHY_OWN :
							ILA_WHY_DOWN;
}

/* Try the locators one after another, as a packet does */
static int ila_answer_hit(struct ila_answer *answer,
			  const struct ila_tunnel *tunnel, struct ila_hit *hit,
			  u8 *why)
{
	enum ila_verdict verdict;
	struct dst_entry *dst;
	struct ila_addr to;

	for (*why = 0; ila_hit_next(hit, NULL, NULL);) {
		verdict = ila_hit_xlat(hit, tunnel->route_csum,
				       tunnel->ident_type, &answer->daddr);
		if (verdict == ILA_OK)
			verdict = ila_xlat_addr(hit->x, &answer->daddr, &to);
		*why = ila_why_refused(verdict);
		if (*why)
			return 0;
		dst = ila_answer_lookup(answer, &to);
		*why = dst->error ? ILA_WHY_NO_ROUTE : 0;
		answer->refused = ila_route_refuses(dst->error);
		dst_release(dst);
		if (answer->refused)
			return 0;
		if (!*why)
			return ila_answer_translated(answer, &to, why);
	}
	if (!*why)
		*why = ila_why_not_chosen(hit);
	return 0;
}

static u8 ila_why_no_hit(const struct ila_answer *answer,
			 const struct ila_tunnel *tunnel,
			 bool expired)
{
	if (expired)
		return ILA_WHY_EXPIRED;
	if (tunnel->ident_type == ILA_ATYPE_USE_FORMAT &&
	    !ila_ident_type_ok(ila_ident_type(answer->daddr.ident)))
		return ILA_WHY_TYPE;
	return ILA_WHY_NO_MAPPING;
}

/* Is it for the miss policy to say what is done? */
static bool ila_why_misses(const struct ila_answer *answer, u8 why)
{
	return why == ILA_WHY_NO_MAPPING || why == ILA_WHY_EXPIRED ||
	       why == ILA_WHY_DOWN || why == ILA_WHY_OWN ||
	       (why == ILA_WHY_NO_ROUTE && !answer->refused);
}

static int ila_explain_table(struct ila_answer *answer,
			     const struct dst_entry *dst,
			     const struct ila_tunnel *tunnel)
{
	struct ila_hit hit = {};
	struct ila_map map;
	u8 why, by, miss;
	int err = 0;
	bool found;

	if (nla_put_u32(answer->msg, ILA_ATTR_DOMAIN, tunnel->domain))
		return -EMSGSIZE;
	found = ila_maps_get(&tunnel->ilan->mappings, &answer->daddr,
			     tunnel->domain, &map);
	hit.ref = map.ref;
	if (!found || ila_map_expired(&map, ila_now()))
		why = ila_why_no_hit(answer, tunnel, found);
	else
		err = ila_answer_mapping(answer, &map) ?:
		      ila_answer_hit(answer, tunnel, &hit, &why);
	if (err)
		return err;
	if (hit.loc &&
	    (nla_put_be64(answer->msg, ILA_ATTR_LOCATOR,
			  ila_locator_value(hit.loc), ILA_ATTR_PAD) ||
	     (hit.x && nla_put_u8(answer->msg, ILA_ATTR_CSUM_MODE,
				  hit.x->csum_mode))))
		return -EMSGSIZE;
	by = why ? ILA_EXPLAIN_MISS : ILA_EXPLAIN_MAPPING;
	/* a type that is left alone goes on; what is refused is dropped */
	miss = ila_why_misses(answer, why) ? ila_miss_policy(tunnel, dst) :
	       why == ILA_WHY_TYPE ? ILA_MISS_FORWARD : ILA_MISS_DROP;
	if (why && (ila_answer_way(answer, dst) ||
		    nla_put_u8(answer->msg, ILA_ATTR_MISS, miss)))
		return -EMSGSIZE;
	return ila_answer_by(answer, by, why);
}

static int ila_explain_route(struct ila_answer *answer)
{
	struct dst_entry *dst = ila_answer_lookup(answer, &answer->daddr);
	const struct ila_tunnel *tunnel = dst->error ? NULL :
						       ila_dst_tunnel(dst);
	int err;

	if (!tunnel)
		err = ila_answer_by(answer, ILA_EXPLAIN_NONE, 0) ?:
		      (dst->error ? 0 : ila_answer_way(answer, dst));
	else if (tunnel->table)
		err = ila_explain_table(answer, dst, tunnel);
	else
		err = ila_explain_fixed(answer, dst, tunnel);
	dst_release(dst);
	return err;
}

static int ila_explain(struct ila_answer *answer)
{
	const struct ila_rule *rule;
	int err;

	if (nla_put(answer->msg, ILA_ATTR_ADDRESS, sizeof(answer->daddr),
		    &answer->daddr))
		return -EMSGSIZE;
	if (answer->ilan) {
		mutex_lock(&answer->ilan->mutex);
		rule = ila_answer_rule(answer);
		err = rule ? ila_explain_rule(answer, rule) : 0;
		mutex_unlock(&answer->ilan->mutex);
		if (rule)
			return err;
	}
	rcu_read_lock();
	local_bh_disable();
	err = ila_explain_route(answer);
	local_bh_enable();
	rcu_read_unlock();
	return err;
}

/**
 * ila_cmd_explain() - EXPLAIN
 * @skb: the request
 * @info: the request
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int ila_cmd_explain(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[ILA_ATTR_ADDRESS];
	struct ila_answer answer = {
		.net = genl_info_net(info),
		.ilan = ila_net_find(genl_info_net(info)),
	};
	void *hdr;
	int err;

	if (!attr)
		return ila_missing(info, ILA_ATTR_ADDRESS, "ADDRESS is missing");
	nla_memcpy(&answer.daddr, attr, sizeof(answer.daddr));
	answer.msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!answer.msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(answer.msg, info, &ila_genl_family, 0,
				ILA_CMD_EXPLAIN);
	err = ila_explain(&answer);
	if (err) {
		nlmsg_free(answer.msg);
		return err;
	}
	genlmsg_end(answer.msg, hdr);
	return genlmsg_reply(answer.msg, info);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: events for the multicast group "config"
 *
 * An event has the command of the request that made the change, and the same
 * attributes. Who could not be told gets ENOBUFS from its socket.
 */
#include <net/genetlink.h>
#include <net/netlink.h>

#include "event.h"
#include "mapping.h"
#include "netlink.h"
#include "rule.h"

/* As much as goes into one event of mappings */
#define ILA_EVENT_SIZE	(8 * 1024 - 512)

static bool ila_event_wanted(const struct ila_net *ilan)
{
	return genl_has_listeners(&ila_genl_family, ilan->net,
				  ILA_GROUP_CONFIG);
}

static void ila_event_lost(const struct ila_net *ilan)
{
	genl_set_err(&ila_genl_family, ilan->net, 0, ILA_GROUP_CONFIG, -ENOBUFS);
}

static void ila_event_send(const struct ila_net *ilan, struct sk_buff *skb,
			   void *hdr)
{
	genlmsg_end(skb, hdr);
	genlmsg_multicast_netns(&ila_genl_family, ilan->net, skb, 0,
				ILA_GROUP_CONFIG, GFP_KERNEL);
}

/* Return: a message with a header, or NULL if nobody is or can be told */
static struct sk_buff *ila_event_new(const struct ila_net *ilan, u8 cmd,
				     size_t size, void **hdr)
{
	struct sk_buff *skb;

	if (!ila_event_wanted(ilan))
		return NULL;
	skb = genlmsg_new(size, GFP_KERNEL);
	if (!skb) {
		ila_event_lost(ilan);
		return NULL;
	}
	*hdr = genlmsg_put(skb, 0, 0, &ila_genl_family, 0, cmd);
	return skb;
}

/**
 * ila_event_begin() - get ready to tell of mappings
 * @event: what the other functions want; its reason is REQUEST
 * @ilan: the namespace, its mutex held until ila_event_end()
 * @cmd: ILA_CMD_MAPPING_
 */
void ila_event_begin(struct ila_event *event, struct ila_net *ilan, u8 cmd)
{
	*event = (struct ila_event) {
		.ilan = ilan,
		.cmd = cmd,
		.reason = ILA_REASON_REQUEST,
		.wanted = !ilan->dead && ila_event_wanted(ilan),
	};
}

static bool ila_event_open(struct ila_event *event)
{
	if (event->skb)
		return true;
	event->skb = ila_event_new(event->ilan, event->cmd, ILA_EVENT_SIZE,
				   &event->hdr);
	if (!event->skb)
		return false;
	if (event->cmd == ILA_CMD_MAPPING_DEL)
		nla_put_u8(event->skb, ILA_ATTR_REASON, event->reason);
	return true;
}

/**
 * ila_event_add() - tell of one mapping
 * @event: of ila_event_begin()
 * @map: the mapping
 * @now: the time
 */
void ila_event_add(struct ila_event *event, const struct ila_map *map, u32 now)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	unsigned int n = ila_map_records(map, now, records), i;

	if (event->skb &&
	    skb_tailroom(event->skb) < n * nla_total_size(sizeof(*records)))
		ila_event_end(event);
	if (!ila_event_open(event))
		return;
	for (i = 0; i < n; i++)
		nla_put(event->skb, ILA_ATTR_MAPPING, sizeof(*records),
			&records[i]);
}

/**
 * ila_event_end() - send what has been told
 * @event: of ila_event_begin(), which may be used again
 */
void ila_event_end(struct ila_event *event)
{
	if (event->skb)
		ila_event_send(event->ilan, event->skb, event->hdr);
	event->skb = NULL;
}

/**
 * ila_event_rule() - tell of a rule
 * @ilan: the namespace, its mutex held
 * @cmd: ILA_CMD_RULE_ADD or ILA_CMD_RULE_DEL
 * @rule: the rule
 * @reason: ILA_REASON_, if it was deleted
 */
void ila_event_rule(struct ila_net *ilan, u8 cmd, const struct ila_rule *rule,
		    u8 reason)
{
	struct sk_buff *skb;
	void *hdr;

	if (ilan->dead)
		return;
	skb = ila_event_new(ilan, cmd, NLMSG_DEFAULT_SIZE, &hdr);
	if (!skb)
		return;
	if (ila_put_rule(skb, rule, true) ||
	    (cmd == ILA_CMD_RULE_DEL &&
	     nla_put_u8(skb, ILA_ATTR_REASON, reason)))
		nlmsg_free(skb);
	else
		ila_event_send(ilan, skb, hdr);
}

/**
 * ila_event_locator() - tell of a locator
 * @ilan: the namespace, its mutex held
 * @cmd: ILA_CMD_LOCATOR_MOVE, _DOWN or _UP
 * @locator: the locator
 * @domain: its domain
 * @to: where it was moved, or 0
 */
void ila_event_locator(struct ila_net *ilan, u8 cmd, __be64 locator, u32 domain,
		       __be64 to)
{
	struct sk_buff *skb;
	void *hdr;

	skb = ila_event_new(ilan, cmd, NLMSG_DEFAULT_SIZE, &hdr);
	if (!skb)
		return;
	if (nla_put_be64(skb, ILA_ATTR_LOCATOR, locator, ILA_ATTR_PAD) ||
	    nla_put_u32(skb, ILA_ATTR_DOMAIN, domain) ||
	    (to && nla_put_be64(skb, ILA_ATTR_LOCATOR_TO, to, ILA_ATTR_PAD)))
		nlmsg_free(skb);
	else
		ila_event_send(ilan, skb, hdr);
}

/**
 * ila_event_config() - tell of the configuration
 * @ilan: the namespace, its mutex held
 */
void ila_event_config(struct ila_net *ilan)
{
	struct sk_buff *skb;
	void *hdr;

	skb = ila_event_new(ilan, ILA_CMD_CONFIG_SET, NLMSG_DEFAULT_SIZE, &hdr);
	if (!skb)
		return;
	if (ila_put_config(skb, ilan))
		nlmsg_free(skb);
	else
		ila_event_send(ilan, skb, hdr);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Telling those who listen
 */
#ifndef _ILA_EVENT_H
#define _ILA_EVENT_H

#include <net/ila.h>

struct ila_locator;
struct ila_map;
struct ila_rule;
struct sk_buff;

/* Multicast groups, in the order of the family's */
enum {
	ILA_GROUP_CONFIG,
	ILA_GROUP_MISS,
};

/**
 * struct ila_event - changes to mappings that are to be told
 * @ilan: the namespace
 * @skb: the message that is being made, or NULL
 * @hdr: its generic netlink header
 * @cmd: ILA_CMD_
 * @reason: ILA_REASON_, if they are deleted
 * @wanted: somebody listens
 */
struct ila_event {
	struct ila_net *ilan;
	struct sk_buff *skb;
	void *hdr;
	u8 cmd;
	u8 reason;
	bool wanted;
};

void ila_event_begin(struct ila_event *event, struct ila_net *ilan, u8 cmd);
void ila_event_add(struct ila_event *event, const struct ila_map *map, u32 now);
void ila_event_end(struct ila_event *event);
void ila_event_rule(struct ila_net *ilan, u8 cmd, const struct ila_rule *rule,
		    u8 reason);
void ila_event_locator(struct ila_net *ilan, u8 cmd, __be64 locator, u32 domain,
		       __be64 to);
void ila_event_config(struct ila_net *ilan);

static inline void ila_event_map(struct ila_event *event,
				 const struct ila_map *map, u32 now)
{
	if (unlikely(event->wanted))
		ila_event_add(event, map, now);
}

/* miss.c */
int ila_misses_set_rate(struct ila_net *ilan, u32 rate);
void ila_misses_end(struct ila_net *ilan);
void ila_misses_note(struct ila_net *ilan, const struct ila_addr *address,
		     u32 domain);

#endif /* _ILA_EVENT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ILA routes
 */
#ifndef _ILA_LWT_H
#define _ILA_LWT_H

#include <net/ila.h>
#include <net/lwtunnel.h>

#include "route.h"

/**
 * struct ila_tunnel - what an ILA route does
 * @xlat: the translation
 * @ilan: the namespace it is in
 * @claim: what it says of its locator; NULL if it is not known which that is
 * @kept: the route of its locator, for each CPU; NULL if it needs none
 * @domain: identifier namespace
 * @ident_type: as configured
 * @hook_type: ILA_HOOK_
 * @route_csum: the checksum mode, as references of mappings have it
 * @exact: there is one address, and so one translated address
 * @table: a table route: mappings say the locator
 * @miss: ILA_MISS_, what it does where there is none
 * @list: in the namespace's list, if it has @kept
 */
struct ila_tunnel {
	struct ila_xlat xlat;
	struct ila_net *ilan;
	struct ila_claim *claim;
	struct ila_kept __percpu *kept;
	u32 domain;
	u8 ident_type;
	u8 hook_type;
	u8 route_csum;
	bool exact;
	bool table;
	u8 miss;
	struct list_head list;
};

static inline struct ila_tunnel *ila_tunnel(const struct lwtunnel_state *lwt)
{
	return (struct ila_tunnel *)lwt->data;
}

static inline const struct ila_tunnel *
ila_dst_tunnel(const struct dst_entry *dst)
{
	if (!dst->lwtstate || dst->lwtstate->type != LWTUNNEL_ENCAP_ILA)
		return NULL;
	return ila_tunnel(dst->lwtstate);
}

/* send_table.c */
u8 ila_miss_policy(const struct ila_tunnel *tunnel,
		   const struct dst_entry *dst);

/* send.c */
int ila_output(struct net *net, struct sock *sk, struct sk_buff *skb);
int ila_consumed(int err);

/* What a route lookup said: is there one, and it, or IPsec, says no? */
static inline bool ila_route_refuses(int err)
{
	return err && err != -ENETUNREACH && err != -EHOSTUNREACH;
}

#endif /* _ILA_LWT_H */

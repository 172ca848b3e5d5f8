/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Forwarding by table routes without the stages between
 */
#ifndef _ILA_FAST_H
#define _ILA_FAST_H

#include <net/ila.h>

int ila_fast_on(struct ila_net *ilan);
struct dst_entry *ila_fast_off(struct ila_net *ilan);
void ila_fast_put(struct dst_entry *entry);
bool ila_fast_receive(const struct ila_net *ilan, struct sk_buff *skb,
		      struct net *net);

/* Is it asked for? For packets: RCU read side. */
static inline bool ila_fast_is_on(const struct ila_net *ilan)
{
	return rcu_access_pointer(ilan->fast);
}

#endif /* _ILA_FAST_H */

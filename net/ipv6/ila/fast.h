/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Forwarding by table routes without looking the route up
 */
#ifndef _ILA_FAST_H
#define _ILA_FAST_H

#include <net/ila.h>

struct nf_hook_state;

int ila_fast_set(struct ila_net *ilan, bool on);
void ila_fast_end(struct ila_net *ilan);
bool ila_fast_reap(struct ila_net *ilan);
void ila_fast_learn(struct ila_net *ilan, struct net *net,
		    struct sk_buff *skb);
void ila_fast_receive(struct ila_net *ilan, struct sk_buff *skb,
		      const struct nf_hook_state *state);

/* Is it asked for? For packets: RCU read side. */
static inline bool ila_fast_is_on(const struct ila_net *ilan)
{
	return rcu_access_pointer(ilan->fast);
}

#endif /* _ILA_FAST_H */

/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ila

#if !defined(_TRACE_ILA_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_ILA_H

#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tracepoint.h>
#include <net/ila_addr.h>

TRACE_DEFINE_ENUM(ILA_LEFT_ND);
TRACE_DEFINE_ENUM(ILA_LEFT_TYPE);
TRACE_DEFINE_ENUM(ILA_REFUSED_CBIT);
TRACE_DEFINE_ENUM(ILA_REFUSED_LOW16);
TRACE_DEFINE_ENUM(ILA_REFUSED_TRUNCATED);
TRACE_DEFINE_ENUM(ILA_REFUSED_NOMEM);
TRACE_DEFINE_ENUM(ILA_REFUSED_STRAY);
TRACE_DEFINE_ENUM(ILA_REFUSED_LOOP);
TRACE_DEFINE_ENUM(ILA_REFUSED_NOROUTE);
TRACE_DEFINE_ENUM(ILA_REFUSED_TOOBIG);
TRACE_DEFINE_ENUM(ILA_REFUSED_MISS);

#define show_ila_verdict(verdict)				\
	__print_symbolic(verdict,				\
		{ ILA_LEFT_ND,		 "left_nd" },		\
		{ ILA_LEFT_TYPE,	 "left_type" },		\
		{ ILA_REFUSED_CBIT,	 "c_bit" },		\
		{ ILA_REFUSED_LOW16,	 "low16" },		\
		{ ILA_REFUSED_TRUNCATED, "truncated" },		\
		{ ILA_REFUSED_NOMEM,	 "nomem" },		\
		{ ILA_REFUSED_STRAY,	 "stray" },		\
		{ ILA_REFUSED_LOOP,	 "loop" },		\
		{ ILA_REFUSED_NOROUTE,	 "noroute" },		\
		{ ILA_REFUSED_TOOBIG,	 "toobig" },		\
		{ ILA_REFUSED_MISS,	 "miss" })

/* A packet's destination is about to be rewritten */
TRACE_EVENT(ila_translate,
	TP_PROTO(const struct sk_buff *skb, const struct ila_xlat *x,
		 __be64 ident),

	TP_ARGS(skb, x, ident),

	TP_STRUCT__entry(
		__field(const void *, skbaddr)
		__field(bool, restore)
		__array(__u8, old, 16)
		__array(__u8, new, 16)
	),

	TP_fast_assign(
		__entry->skbaddr = skb;
		__entry->restore = x->restore;
		memcpy(__entry->old, &ipv6_hdr(skb)->daddr, 16);
		memcpy(__entry->new, &x->to, 8);
		memcpy(__entry->new + 8, &ident, 8);
	),

	TP_printk("skbaddr=%p %s old=%pI6c new=%pI6c", __entry->skbaddr,
		  __entry->restore ? "restore" : "send",
		  __entry->old, __entry->new)
);

/* A packet was left alone or dropped */
TRACE_EVENT(ila_refuse,
	TP_PROTO(const struct sk_buff *skb, enum ila_verdict verdict, bool in),

	TP_ARGS(skb, verdict, in),

	TP_STRUCT__entry(
		__field(const void *, skbaddr)
		__field(int, verdict)
		__field(bool, in)
		__array(__u8, daddr, 16)
	),

	TP_fast_assign(
		__entry->skbaddr = skb;
		__entry->verdict = verdict;
		__entry->in = in;
		memcpy(__entry->daddr, &ipv6_hdr(skb)->daddr, 16);
	),

	TP_printk("skbaddr=%p %s daddr=%pI6c reason=%s", __entry->skbaddr,
		  __entry->in ? "in" : "out", __entry->daddr,
		  show_ila_verdict(__entry->verdict))
);

#endif /* _TRACE_ILA_H */

#include <trace/define_trace.h>

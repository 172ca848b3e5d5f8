// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: counters, and packets that go no further
 */
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <net/ila.h>
#include <trace/events/ila.h>

static const char * const ila_stat_names[] = {
	[ILA_STAT_IN_TRANSLATED]	= "IlaInTranslated",
	[ILA_STAT_OUT_TRANSLATED]	= "IlaOutTranslated",
	[ILA_STAT_IN_ERRORS_RESTORED]	= "IlaInErrorsRestored",
	[ILA_STAT_IN_ERRORS_IGNORED]	= "IlaInErrorsIgnored",
	[ILA_STAT_IN_ND]		= "IlaInNd",
	[ILA_STAT_IN_TYPE]		= "IlaInType",
	[ILA_STAT_IN_TRUNCATED]		= "IlaInTruncated",
	[ILA_STAT_IN_NOMEM]		= "IlaInNoMem",
	[ILA_STAT_IN_STRAY]		= "IlaInStray",
	[ILA_STAT_OUT_ND]		= "IlaOutNd",
	[ILA_STAT_OUT_CBIT]		= "IlaOutCBit",
	[ILA_STAT_OUT_LOW16]		= "IlaOutLow16",
	[ILA_STAT_OUT_TRUNCATED]	= "IlaOutTruncated",
	[ILA_STAT_OUT_NOMEM]		= "IlaOutNoMem",
	[ILA_STAT_OUT_LOOP]		= "IlaOutLoop",
	[ILA_STAT_OUT_NOROUTE]		= "IlaOutNoRoute",
	[ILA_STAT_OUT_TOOBIG]		= "IlaOutTooBig",
	[ILA_STAT_OUT_OFFLOADED]	= "IlaOutOffloaded",
	[ILA_STAT_OUT_TYPE]		= "IlaOutType",
	[ILA_STAT_MISS_FORWARDED]	= "IlaMissForwarded",
	[ILA_STAT_MISS_DROPPED]		= "IlaMissDropped",
	[ILA_STAT_OUT_FAILED_OVER]	= "IlaOutFailedOver",
	[ILA_STAT_MAPPINGS_EXPIRED]	= "IlaMappingsExpired",
	[ILA_STAT_OUT_FASTPATH]		= "IlaOutFastpath",
};

/* Which counter a verdict has, for received and for sent packets */
static const enum ila_stat ila_verdict_stats[][2] = {
	[ILA_OK]		= { ILA_STAT_OUT_TRANSLATED, ILA_STAT_IN_TRANSLATED },
	[ILA_LEFT_ND]		= { ILA_STAT_OUT_ND, ILA_STAT_IN_ND },
	[ILA_LEFT_TYPE]		= { ILA_STAT_OUT_TYPE, ILA_STAT_IN_TYPE },
	[ILA_REFUSED_CBIT]	= { ILA_STAT_OUT_CBIT, ILA_STAT_OUT_CBIT },
	[ILA_REFUSED_LOW16]	= { ILA_STAT_OUT_LOW16, ILA_STAT_OUT_LOW16 },
	[ILA_REFUSED_TRUNCATED]	= { ILA_STAT_OUT_TRUNCATED, ILA_STAT_IN_TRUNCATED },
	[ILA_REFUSED_NOMEM]	= { ILA_STAT_OUT_NOMEM, ILA_STAT_IN_NOMEM },
	[ILA_REFUSED_STRAY]	= { ILA_STAT_IN_STRAY, ILA_STAT_IN_STRAY },
	[ILA_REFUSED_LOOP]	= { ILA_STAT_OUT_LOOP, ILA_STAT_OUT_LOOP },
	[ILA_REFUSED_NOROUTE]	= { ILA_STAT_OUT_NOROUTE, ILA_STAT_OUT_NOROUTE },
	[ILA_REFUSED_TOOBIG]	= { ILA_STAT_OUT_TOOBIG, ILA_STAT_OUT_TOOBIG },
	[ILA_REFUSED_MISS]	= { ILA_STAT_MISS_DROPPED, ILA_STAT_MISS_DROPPED },
};

static const enum skb_drop_reason ila_drop_reasons[] = {
	[ILA_REFUSED_CBIT]	= SKB_DROP_REASON_IP_INADDRERRORS,
	[ILA_REFUSED_LOW16]	= SKB_DROP_REASON_IP_INADDRERRORS,
	[ILA_REFUSED_TRUNCATED]	= SKB_DROP_REASON_HDR_TRUNC,
	[ILA_REFUSED_NOMEM]	= SKB_DROP_REASON_NOMEM,
	[ILA_REFUSED_STRAY]	= SKB_DROP_REASON_IP_INADDRERRORS,
	[ILA_REFUSED_LOOP]	= SKB_DROP_REASON_IP_OUTNOROUTES,
	[ILA_REFUSED_NOROUTE]	= SKB_DROP_REASON_IP_OUTNOROUTES,
	[ILA_REFUSED_TOOBIG]	= SKB_DROP_REASON_PKT_TOO_BIG,
	[ILA_REFUSED_MISS]	= SKB_DROP_REASON_IP_OUTNOROUTES,
};

/**
 * ila_stat_sum() - the value of a counter
 * @ilan: the namespace, or NULL: one that never used ILA
 * @stat: the counter
 *
 * Return: the sum over all CPUs.
 */
unsigned long ila_stat_sum(const struct ila_net *ilan, enum ila_stat stat)
{
	unsigned long sum = 0;
	int cpu;

	if (!ilan)
		return 0;
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(ilan->stats, cpu)->mibs[stat]);
	return sum;
}

/**
 * ila_stats_show() - print a namespace's counters
 * @seq: /proc/net/ila_stat
 * @v: not used
 *
 * Return: 0.
 */
int ila_stats_show(struct seq_file *seq, void *v)
{
	const struct ila_net *ilan = ila_net_find(seq->private);
	int stat;

	BUILD_BUG_ON(ARRAY_SIZE(ila_stat_names) != __ILA_STAT_MAX);
	for (stat = ILA_STAT_UNSPEC + 1; stat < __ILA_STAT_MAX; stat++)
		seq_printf(seq, "%-24s\t%lu\n", ila_stat_names[stat],
			   ila_stat_sum(ilan, stat));
	return 0;
}

/**
 * ila_left() - account for a packet that was left alone
 * @ilan: the namespace
 * @skb: the packet
 * @verdict: why
 * @in: on the receiving side
 */
void ila_left(const struct ila_net *ilan, const struct sk_buff *skb,
	      enum ila_verdict verdict, bool in)
{
	ila_count(ilan, ila_verdict_stats[verdict][in]);
	trace_ila_refuse(skb, verdict, in);
}

/**
 * ila_drop() - account for a packet that was refused, and free it
 * @ilan: the namespace
 * @skb: the packet
 * @verdict: why
 * @in: on the receiving side
 */
void ila_drop(const struct ila_net *ilan, struct sk_buff *skb,
	      enum ila_verdict verdict, bool in)
{
	ila_left(ilan, skb, verdict, in);
	kfree_skb_reason(skb, ila_drop_reasons[verdict]);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * libila: configuration and counters of a network namespace
 */
#include <string.h>

#include "internal.h"

#define ILA_CONFIG_SETTABLE	(ILA_CONFIG_MISS | ILA_CONFIG_MISS_RATE | \
				 ILA_CONFIG_COUNTING | ILA_CONFIG_FASTPATH | \
				 ILA_CONFIG_LIMIT)

const struct ila_field ila_config_fields[] = {
	{ ILA_ATTR_MISS, offsetof(struct ila_config, miss), ILA_CONFIG_MISS },
	{ ILA_ATTR_MISS_RATE, offsetof(struct ila_config, miss_rate),
	  ILA_CONFIG_MISS_RATE },
	{ ILA_ATTR_COUNTING, offsetof(struct ila_config, counting),
	  ILA_CONFIG_COUNTING },
	{ ILA_ATTR_FASTPATH, offsetof(struct ila_config, fastpath),
	  ILA_CONFIG_FASTPATH },
	{ ILA_ATTR_LIMIT, offsetof(struct ila_config, limit), ILA_CONFIG_LIMIT },
	{ ILA_ATTR_COUNT, offsetof(struct ila_config, mappings), ILA_CONFIG_MAPPINGS },
	{ ILA_ATTR_GENERATION, offsetof(struct ila_config, generation),
	  ILA_CONFIG_GENERATION },
	{ 0 }
};

/**
 * ila_config_get() - how the namespace is configured
 * @ila: handle
 * @config: gets it
 *
 * Return: 0; -EPERM.
 */
int ila_config_get(struct ila *ila, struct ila_config *config)
{
	memset(config, 0, sizeof(*config));
	return ila_query(ila, ila_prepare(ila, ILA_CMD_CONFIG_GET),
			 ila_config_fields, config, &config->set);
}

/**
 * ila_config_set() - configure the namespace
 * @ila: handle
 * @config: what its set says is set, all at once; what only answers have is
 *	left out, so an answer can be sent again
 *
 * Return: 0; -EINVAL; -EPERM.
 */
int ila_config_set(struct ila *ila, const struct ila_config *config)
{
	struct nlmsghdr *nlh = ila_prepare(ila, ILA_CMD_CONFIG_SET);

	ila_fields_put(nlh, ila_config_fields, config,
		       config->set & ILA_CONFIG_SETTABLE);
	return ila_exchange(ila, nlh, NULL, NULL);
}

struct ila_stats_answer {
	uint64_t *stats;
	unsigned int n;
};

static int ila_stats_nest(const struct nlattr *nest,
			  const struct ila_stats_answer *answer)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		/* type 0 pads, where numbers of 64 bits have to be aligned */
		if (!mnl_attr_get_type(attr) ||
		    mnl_attr_get_type(attr) >= answer->n)
			continue;
		if (mnl_attr_validate(attr, MNL_TYPE_U64))
			return -1;
		answer->stats[mnl_attr_get_type(attr)] = mnl_attr_get_u64(attr);
	}
	return 0;
}

static int ila_stats_take(struct ila *ila, const struct nlmsghdr *nlh,
			  void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == ILA_ATTR_STATS &&
		    ila_stats_nest(attr, data))
			return ila_answer_bad(ila);
	}
	return 0;
}

/**
 * ila_stats() - counters of the namespace
 * @ila: handle
 * @stats: gets them, by ILA_STAT_; 0 for those that the kernel does not have
 * @n: room there, ILA_STAT_MAX + 1 for all that this header knows
 *
 * Return: 0; -EPERM.
 */
int ila_stats(struct ila *ila, uint64_t *stats, unsigned int n)
{
	struct ila_stats_answer answer = { .stats = stats, .n = n };

	memset(stats, 0, n * sizeof(*stats));
	return ila_exchange(ila, ila_prepare(ila, ILA_CMD_STATS_GET),
			    ila_stats_take, &answer);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: config
 */
#include "ilactl.h"

static int config_show(struct words *words)
{
	struct ila_config config;
	struct ila *ila;
	int err = words_end(words) ?: kernel_open(words, &ila);

	if (err)
		return err;
	err = ila_config_get(ila, &config);
	if (err)
		return fail(words, "config show", err, NULL);
	show_start();
	show(&form_config, &config);
	return show_stop(words, 0);
}

static int config_set(struct words *words)
{
	struct ila_config config;
	struct ila *ila;
	int err = parse_config(words, &config) ?: kernel_open(words, &ila);

	if (err)
		return err;
	err = ila_config_set(ila, &config);
	return err ? fail(words, "config set", err, NULL) : 0;
}

/**
 * config_merge() - settings, and others over them
 * @config: the settings
 * @over: the others
 */
void config_merge(struct ila_config *config, const struct ila_config *over)
{
	if (over->set & ILA_CONFIG_MISS)
		config->miss = over->miss;
	if (over->set & ILA_CONFIG_MISS_RATE)
		config->miss_rate = over->miss_rate;
	if (over->set & ILA_CONFIG_COUNTING)
		config->counting = over->counting;
	if (over->set & ILA_CONFIG_FASTPATH)
		config->fastpath = over->fastpath;
	if (over->set & ILA_CONFIG_LIMIT)
		config->limit = over->limit;
	config->set |= over->set;
}

const struct verb verbs_config[] = {
	{ "show", .run = config_show },
	{ "set", .run = config_set, .form = &form_config, .usage =
	  "[miss POLICY] [miss-rate NUMBER] [counting on | off]\n"
	  "    [fastpath on | off] [limit NUMBER]" },
	{ 0 }
};

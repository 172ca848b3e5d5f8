// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: save
 *
 * All that was configured, as commands: settings but for the limit, which is
 * for the machine to say, rules, mappings, and which locators are down; and an
 * end, so that half a file does not pass for a whole one. Not what comes of it by
 * itself: counters, idle times, generations.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "ilactl.h"

#define SAVED_SETTINGS \
	(ILA_CONFIG_MISS | ILA_CONFIG_MISS_RATE | ILA_CONFIG_COUNTING | \
	 ILA_CONFIG_FASTPATH)

static int save_statement(const struct statement *statement)
{
	statement_write(statement, stdout);
	return ferror(stdout) ? -EPIPE : 0;
}

static int save_config(struct ila *ila, uint32_t *mappings)
{
	struct statement statement = { .kind = STATEMENT_CONFIG };
	int err = ila_config_get(ila, &statement.config);

	if (err)
		return err;
	*mappings = statement.config.mappings;
	statement.config.set &= SAVED_SETTINGS;
	return save_statement(&statement);
}

static int save_rule(const struct ila_rule *rule, void *data)
{
	const struct statement statement = {
		.kind = STATEMENT_RULE,
		.rule = *rule,
	};

	(void)data;
	return save_statement(&statement);
}

static int save_mapping(const struct ila_mapping *records, unsigned int n,
			void *data)
{
	struct statement statement;

	(void)data;
	statement.kind = STATEMENT_MAPPING;
	mapping_of(&statement.mapping, records, n);
	progress_count();
	return save_statement(&statement);
}

static int save_locator(const struct ila_locator *locator, void *data)
{
	const struct statement statement = {
		.kind = STATEMENT_DOWN,
		.locator = *locator,
	};

	(void)data;
	/* without a mapping it could not be taken down again */
	if (!locator->mappings || !(locator->state & ILA_LOCATOR_DOWN))
		return 0;
	return save_statement(&statement);
}

static int save_all(struct ila *ila)
{
	const struct statement end = { .kind = STATEMENT_END };
	uint32_t mappings = 0;
	int result = save_config(ila, &mappings), changed;

	if (result < 0)
		return result;
	changed = ila_rule_dump(ila, save_rule, NULL);
	if (changed < 0)
		return changed;
	progress_start("save", mappings, true);
	result = ila_mapping_dump(ila, NULL, save_mapping, NULL);
	progress_stop();
	if (result < 0)
		return result;
	changed |= result;
	result = ila_locator_dump(ila, save_locator, NULL);
	if (result < 0)
		return result;
	return save_statement(&end) ?: changed | result;
}

/* Each dump says of itself whether it is of one moment. Events say the same of all
 * of them: some are there by the end, or so many that some are not any more.
 */
static int save_watched(struct ila *ila)
{
	struct ila_events *events = ila_events_open(ila, ILA_EVENTS_CONFIG);
	struct pollfd news = { .events = POLLIN };
	int result = events ? save_all(ila) : -errno;

	if (!result) {
		news.fd = ila_events_fd(events);
		result = poll(&news, 1, 0) ? ILA_CHANGED : 0;
	}
	ila_events_close(events);
	return result;
}

int run_save(struct words *words)
{
	struct ila *ila;
	int result;

	if (words_end(words))
		return FAIL_USAGE;
	if (options.json)
		return refuse(words, "what is saved are commands; 'map list' and others have JSON");
	if (kernel_open(words, &ila))
		return FAIL_KERNEL;
	/* what restore reads has no colours, whatever was asked for */
	color_set("never");
	puts("# ilactl save");
	/* with -s words have what only answers have */
	options.stats = false;
	result = save_watched(ila);
	if (ferror(stdout))
		return FAIL_KERNEL;
	if (result < 0)
		return fail(words, "save", result, NULL);
	if (result == ILA_CHANGED)
		return fail_text(words, "save", "something changed meanwhile",
				 "this may be no moment's picture: save again");
	return 0;
}

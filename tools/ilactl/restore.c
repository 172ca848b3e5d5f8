// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: restore
 *
 * Afterwards there is what the file says and nothing else. Mappings stream
 * through; what is there already stays as it is all the time. Nothing is deleted
 * before everything else has succeeded. A file that can be read twice is read
 * once to find mistakes, which then change nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ilactl.h"

/* No message has as many mappings */
#define LINES	4096

/**
 * struct restore - what is being restored
 * @where: for errors: the command, then the line
 * @ila: handle
 * @batch: mappings on their way
 * @difference: what is there already, NULL: write it again
 * @rules: those there shall be
 * @down: locators that shall be
 * @n_down: how many
 * @config: settings
 * @lines: of the last mappings that were given to @batch, by their number
 * @added: how many that were
 * @done: what came of it
 */
struct restore {
	struct words where;
	struct ila *ila;
	struct ila_batch *batch;
	struct difference *difference;
	struct ruleset *rules;
	struct ila_locator *down;
	size_t n_down;
	struct ila_config config;
	unsigned long lines[LINES];
	uint64_t added;
	struct restored {
		uint64_t mappings;
		uint64_t written;
		uint32_t deleted;
	} done;
};

static const struct field restored_fields[] = {
	FIELD("mappings", KIND_NUMBER, struct restored, mappings, .flags = FIELD_WANTED),
	FIELD("written", KIND_NUMBER, struct restored, written, .flags = FIELD_WANTED),
	FIELD("deleted", KIND_NUMBER, struct restored, deleted, .flags = FIELD_WANTED),
	{ 0 }
};

static const struct form form_restored = {
	.name = "result", .fields = restored_fields, .upright = true
};

/* What a line says shall be there
 */

/* The batch has stopped: why, and what that means */
static int restore_refused(struct restore *r, int err)
{
	const struct ila_refusal *refusal = ila_batch_refused(r->batch);
	char what[200], address[VALUE_LEN] = "the mappings up to here";

	if (refusal && refusal->n) {
		r->where.line = r->lines[refusal->index % LINES];
		value_text(form_mapping.fields, refusal->records, 0, false, address);
	}
	snprintf(what, sizeof(what), "%s", address);
	fail_text(&r->where, what,
		  refusal ? refusal->text : strerror(-err),
		  "correct it and restore again");
	r->where.file = NULL;
	snprintf(what, sizeof(what), "restore stopped: %llu mappings were written",
		 (unsigned long long)ila_batch_applied(r->batch));
	return fail_text(&r->where, what, "nothing was deleted", NULL);
}

static int restore_mapping(struct restore *r, const struct mapping *mapping)
{
	int err;

	r->done.mappings++;
	if (r->difference && difference_is_there(r->difference, mapping))
		return 0;
	r->lines[r->added++ % LINES] = r->where.line;
	err = ila_batch_add(r->batch, mapping->record, mapping->n);
	return err ? restore_refused(r, err) : 0;
}

static int restore_down(struct restore *r, const struct ila_locator *locator)
{
	struct ila_locator *down = r->down;

	down = realloc(down, (r->n_down + 1) * sizeof(*down));
	if (!down)
		return fail_text(&r->where, "the locator", strerror(ENOMEM), NULL);
	r->down = down;
	down[r->n_down++] = *locator;
	return 0;
}

static int restore_line(struct restore *r, struct words *words)
{
	struct statement statement;
	int err = statement_parse(words, &statement);

	if (err)
		return err;
	r->where = *words;
	switch (statement.kind) {
	case STATEMENT_NOTHING:
		return 0;
	case STATEMENT_MAPPING:
		return restore_mapping(r, &statement.mapping);
	case STATEMENT_RULE:
		return ruleset_want(r->rules, words, &statement.rule);
	case STATEMENT_DOWN:
		return restore_down(r, &statement.locator);
	case STATEMENT_CONFIG:
		r->config = statement.config;
		return 0;
	}
	return 0;
}

static int restore_lines(struct restore *r, struct source *source)
{
	struct words words;
	int err;

	do {
		err = source_line(source, &words) ?: restore_line(r, &words);
	} while (!err);
	return err < 0 ? 0 : err;
}

static int check_lines(struct source *source)
{
	struct statement statement;
	struct words words;
	int err;

	do {
		err = source_line(source, &words) ?:
		      statement_parse(&words, &statement);
	} while (!err);
	return err < 0 ? 0 : err;
}

/* The end
 */

static bool restore_is_down(const struct restore *r,
			    const struct ila_locator *locator)
{
	size_t i;

	for (i = 0; i < r->n_down; i++) {
		if (r->down[i].locator == locator->locator &&
		    r->down[i].domain == locator->domain)
			return true;
	}
	return false;
}

/* Those that are down and shall not be; of those that no mapping has a saved
 * file says nothing
 */
struct ups {
	const struct restore *restore;
	struct ila_locator *locator;
	size_t n;
};

static int ups_note(const struct ila_locator *locator, void *data)
{
	struct ups *ups = data;
	struct ila_locator *more;

	if (!locator->mappings || !(locator->state & ILA_LOCATOR_DOWN) ||
	    restore_is_down(ups->restore, locator))
		return 0;
	more = realloc(ups->locator, (ups->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	ups->locator = more;
	more[ups->n++] = *locator;
	return 0;
}

static int restore_locators(struct restore *r)
{
	struct ups ups = { .restore = r };
	char what[64], text[ILA_TEXT_LEN];
	const struct ila_locator *loc;
	int err = 0;
	size_t i;

	for (i = 0; i < r->n_down && !err; i++) {
		loc = &r->down[i];
		err = ila_locator_down(r->ila, loc->domain, loc->locator);
		snprintf(what, sizeof(what), "locator down %s",
			 ila_locator_text(loc->locator, text));
	}
	if (err)
		return fail(&r->where, what, err, "a mapping must have it");
	err = ila_locator_dump(r->ila, ups_note, &ups);
	for (i = 0; i < ups.n && err >= 0; i++) {
		err = ila_locator_up(r->ila, ups.locator[i].domain,
				     ups.locator[i].locator);
		/* may have gone with its mappings */
		if (err == -ENOENT)
			err = 0;
	}
	free(ups.locator);
	return err < 0 ? fail(&r->where, "taking locators up", err, NULL) : 0;
}

static int restore_sweep(struct restore *r)
{
	int err;

	if (r->difference)
		return difference_sweep(r->difference, &r->where,
					&r->done.deleted);
	err = ila_generation_finish(r->batch, &r->done.deleted);
	return err ? fail(&r->where, "deleting what is not in the file", err,
			  NULL) : 0;
}

static int restore_finish(struct restore *r)
{
	int err = ila_batch_flush(r->batch);

	if (err)
		return restore_refused(r, err);
	r->where.file = NULL;
	r->done.written = ila_batch_applied(r->batch);
	err = ruleset_add(r->rules, &r->where) ?: restore_sweep(r) ?:
	      ruleset_sweep(r->rules, &r->where) ?: restore_locators(r);
	if (err || !r->config.set)
		return err;
	err = ila_config_set(r->ila, &r->config);
	return err ? fail(&r->where, "config set", err, NULL) : 0;
}

static int restore_begin(struct restore *r, bool difference)
{
	r->ila = kernel(&r->where);
	if (!r->ila)
		return FAIL_KERNEL;
	r->rules = ruleset_new();
	if (difference) {
		r->difference = difference_open(&r->where);
		if (!r->difference)
			return FAIL_KERNEL;
		r->batch = ila_batch_new(r->ila, ILA_CMD_MAPPING_REPLACE);
	} else {
		r->batch = ila_generation_begin(r->ila, NULL);
	}
	return r->batch && r->rules ? 0 :
	       fail(&r->where, "restore", -errno, NULL);
}

static int restore_file(struct restore *r, struct source *source,
			bool difference)
{
	int err;

	if (source_rewind(source)) {
		source_progress(source, "check", false);
		err = check_lines(source);
		if (err)
			return err;
		source_rewind(source);
	}
	err = restore_begin(r, difference);
	source_progress(source, "restore", false);
	err = err ?: restore_lines(r, source) ?: restore_finish(r);
	progress_stop();
	ila_batch_free(r->batch);
	difference_close(r->difference);
	ruleset_free(r->rules);
	free(r->down);
	return err;
}

int run_restore(struct words *words)
{
	bool difference = words_next_is(words, "--diff");
	const char *name = words_next(words) ?: "-";
	struct restore r = { .where = *words };
	struct source *source;
	int err;

	if (!difference)
		difference = words_next_is(words, "--diff");
	if (words_end(words))
		return FAIL_USAGE;
	source = source_open(words, name);
	if (!source)
		return FAIL_USAGE;
	err = restore_file(&r, source, difference);
	source_close(source);
	if (err)
		return err;
	show_start();
	show(&form_restored, &r.done);
	return show_stop(words, 0);
}

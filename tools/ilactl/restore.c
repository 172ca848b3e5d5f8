// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: restore
 *
 * Afterwards there is what the file says and, but with --add, nothing else.
 * Mappings stream through; what is there already stays as it is all the time.
 * Nothing is deleted before everything else has succeeded, and the file has its
 * end. A file that can be read twice is read once to find mistakes, which then
 * change nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ilactl.h"

/* No message has as many mappings */
#define LINES	4096

/**
 * struct down - a locator that shall be down
 * @locator: it
 * @line: that says so
 */
struct down {
	struct ila_locator locator;
	unsigned long line;
};

/**
 * struct restore - what is being restored
 * @where: for errors: the command, then the line
 * @add: what the file does not have stays
 * @ended: the file has had its end
 * @ila: handle
 * @batch: mappings on their way; NULL: the file is only read
 * @difference: what is there already, NULL: write it again
 * @rules: those there shall be
 * @down: locators that shall be
 * @n_down: how many
 * @config: settings
 * @limit: of mappings, that there is
 * @lines: of the last mappings that were given to @batch, by their number
 * @added: how many that were
 * @failed: something does not go, but that is no reason to stop
 * @done: what came of it
 */
struct restore {
	struct words where;
	bool add;
	bool ended;
	struct ila *ila;
	struct ila_batch *batch;
	struct difference *difference;
	struct ruleset *rules;
	struct down *down;
	size_t n_down;
	struct ila_config config;
	uint32_t limit;
	unsigned long lines[LINES];
	uint64_t added;
	bool failed;
	struct restored done;
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

static bool restore_has_changed(const struct restored *done)
{
	return done->written || done->deleted || done->rules_written ||
	       done->rules_deleted || done->locators || done->settings;
}

/* Whatever has stopped it, and was said: how far did it get? */
static void restore_stopped(const struct restored *done)
{
	progress_stop();
	if (!restore_has_changed(done)) {
		fputs("ilactl: restore stopped: nothing was changed\n", stderr);
		return;
	}
	fprintf(stderr, "ilactl: restore stopped: mappings: %llu written, %u deleted; ",
		(unsigned long long)done->written, done->deleted);
	fprintf(stderr,
		"rules: %u written, %u deleted; locators: %u set; settings: %s\n",
		done->rules_written, done->rules_deleted, done->locators,
		done->settings ? "set" : "as they were");
}

/* What a line says shall be there
 */

static const char *restore_hint(const struct ila_refusal *refusal)
{
	switch (refusal->error) {
	case -ENOSPC:
		return "'config set limit' allows more";
	case -EINVAL:
	case -EEXIST:
		/* the rest was looked for, and SIR prefix and domain are left */
		return "what is there uses this locator otherwise: delete that first";
	default:
		return NULL;
	}
}

/* The batch has stopped: why */
static int restore_refused(struct restore *r, int err)
{
	const struct ila_refusal *refusal = ila_batch_refused(r->batch);
	char address[VALUE_LEN];

	if (!refusal || !refusal->n)
		return fail(&r->where, "the mappings up to here", err, NULL);
	r->where.line = r->lines[refusal->index % LINES];
	return fail_text(&r->where,
			 value_text(form_mapping.fields, refusal->records, 0,
				    false, address),
			 refusal->text, restore_hint(refusal));
}

static int restore_check(const struct words *words,
			 const struct mapping *mapping)
{
	char address[VALUE_LEN];
	const char *why = NULL;
	unsigned int i;

	for (i = 0; i < mapping->n && !why; i++)
		why = ila_mapping_refused(&mapping->record[i]);
	return why ? refuse(words, "%s: %s",
			    value_text(form_mapping.fields, mapping, 0, false,
				       address), why) : 0;
}

static int restore_mapping(struct restore *r, const struct mapping *mapping)
{
	int err = restore_check(&r->where, mapping);

	r->done.mappings++;
	if (err || !r->batch)
		return err;
	if (r->difference && difference_is_there(r->difference, mapping))
		return 0;
	r->lines[r->added++ % LINES] = r->where.line;
	err = ila_batch_add(r->batch, mapping->record, mapping->n);
	return err ? restore_refused(r, err) : 0;
}

static int restore_down(struct restore *r, const struct ila_locator *locator)
{
	struct down *down = array_room(r->down, r->n_down, sizeof(*down));

	if (!down)
		return fail_text(&r->where, "the locator", strerror(ENOMEM), NULL);
	r->down = down;
	down[r->n_down++] = (struct down){
		.locator = *locator,
		.line = r->where.line,
	};
	return 0;
}

/* The mappings may need a larger limit */
static int restore_raise(struct restore *r)
{
	const struct ila_config config = {
		.set = ILA_CONFIG_LIMIT,
		.limit = r->config.limit,
	};
	int err;

	if (!r->batch || !(r->config.set & ILA_CONFIG_LIMIT) ||
	    config.limit <= r->limit)
		return 0;
	err = ila_config_set(r->ila, &config);
	if (err)
		return fail(&r->where, "config set limit", err, NULL);
	r->limit = config.limit;
	r->done.settings++;
	return 0;
}

static int restore_config(struct restore *r, const struct ila_config *config)
{
	config_merge(&r->config, config);
	return restore_raise(r);
}

static int restore_line(struct restore *r, struct words *words)
{
	struct statement statement;
	int err = statement_parse(words, &statement);

	if (err)
		return err;
	r->where = *words;
	if (r->ended && statement.kind != STATEMENT_NOTHING)
		return refuse(words, "there is more behind the end");
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
		return restore_config(r, &statement.config);
	case STATEMENT_END:
		r->ended = true;
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
	if (err > 0)
		return err;
	if (!r->ended && !r->add)
		return refuse(&words, "there is no 'end': cut off? 'restore --add' does without");
	return ruleset_check(r->rules);
}

/* Locators
 */

static int down_compare(const void *a, const void *b)
{
	const struct ila_locator *one = &((const struct down *)a)->locator;
	const struct ila_locator *other = &((const struct down *)b)->locator;
	int order = memcmp(&one->locator, &other->locator,
			   sizeof(one->locator));

	return order ?: (one->domain > other->domain) -
			(one->domain < other->domain);
}

static int restore_downs(struct restore *r)
{
	char what[64], text[ILA_TEXT_LEN];
	const struct ila_locator *locator;
	const struct down *down;
	int err;

	for (down = r->down; down < r->down + r->n_down; down++) {
		locator = &down->locator;
		err = ila_locator_down(r->ila, locator->domain, locator->locator);
		r->done.locators += !err;
		if (!err)
			continue;
		r->where.line = down->line;
		snprintf(what, sizeof(what), "locator down %s",
			 ila_locator_text(locator->locator, text));
		fail(&r->where, what, err, "a mapping must have it; the rest goes on");
		if (err != -ENOENT)
			return FAIL_KERNEL;
		r->failed = true;
	}
	if (r->n_down)
		qsort(r->down, r->n_down, sizeof(*r->down), down_compare);
	return 0;
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
	const struct down like = { .locator = *locator };
	struct ups *ups = data;
	struct ila_locator *more;

	if (!locator->mappings || !(locator->state & ILA_LOCATOR_DOWN))
		return 0;
	if (ups->restore->n_down &&
	    bsearch(&like, ups->restore->down, ups->restore->n_down,
		    sizeof(like), down_compare))
		return 0;
	more = array_room(ups->locator, ups->n, sizeof(*more));
	if (!more)
		return -ENOMEM;
	ups->locator = more;
	more[ups->n++] = *locator;
	return 0;
}

static int restore_ups(struct restore *r)
{
	struct ups ups = { .restore = r };
	int err = ila_locator_dump(r->ila, ups_note, &ups);
	size_t i;

	for (i = 0; i < ups.n && err >= 0; i++) {
		err = ila_locator_up(r->ila, ups.locator[i].domain,
				     ups.locator[i].locator);
		r->done.locators += !err;
		/* may have gone with its mappings */
		if (err == -ENOENT)
			err = 0;
	}
	free(ups.locator);
	return err < 0 ? fail(&r->where, "taking locators up", err, NULL) : 0;
}

/* The end
 */

static int restore_sweep(struct restore *r)
{
	int err;

	if (r->difference)
		return difference_sweep(r->difference, &r->where, &r->done);
	err = ila_generation_finish(r->batch, &r->done.deleted);
	return err ? fail(&r->where, "deleting what is not in the file", err,
			  NULL) : 0;
}

static int restore_settings(struct restore *r)
{
	int err;

	if (!r->config.set)
		return 0;
	err = ila_config_set(r->ila, &r->config);
	if (err)
		return fail(&r->where, "config set", err, NULL);
	r->done.settings++;
	return 0;
}

static int restore_finish(struct restore *r)
{
	int err = ila_batch_flush(r->batch);

	if (err)
		return restore_refused(r, err);
	err = restore_downs(r);
	r->where.file = NULL;
	err = err ?: ruleset_add(r->rules, &r->where, &r->done);
	if (!err && !r->add)
		err = restore_sweep(r) ?:
		      ruleset_sweep(r->rules, &r->where, &r->done) ?:
		      restore_ups(r);
	return err ?: restore_settings(r);
}

static int restore_begin(struct restore *r, bool difference)
{
	struct ila_config config;
	int err = kernel_open(&r->where, &r->ila);

	if (err)
		return err;
	r->rules = ruleset_new();
	if (!r->rules)
		return fail_text(&r->where, "restore", strerror(ENOMEM), NULL);
	if (difference) {
		r->difference = difference_open(&r->where);
		if (!r->difference)
			return FAIL_KERNEL;
	}
	err = ila_config_get(r->ila, &config);
	if (err)
		return fail(&r->where, "restore", err, NULL);
	r->limit = config.limit;
	r->batch = difference || r->add ?
		   ila_batch_new(r->ila, ILA_CMD_MAPPING_REPLACE) :
		   ila_generation_begin(r->ila, NULL);
	return r->batch ? 0 : fail(&r->where, "restore", -errno, NULL);
}

static void restore_free(struct restore *r)
{
	ila_batch_free(r->batch);
	difference_close(r->difference);
	ruleset_free(r->rules);
	free(r->down);
}

/* Read it for mistakes, and to have its settings before its mappings */
static int restore_read(struct restore *r, struct source *source)
{
	struct restore check = { .where = r->where, .add = r->add };
	int err;

	if (!source_rewind(source))
		return 0;
	check.rules = ruleset_new();
	if (!check.rules)
		return fail_text(&r->where, "restore", strerror(ENOMEM), NULL);
	source_progress(source, "check", false);
	err = restore_lines(&check, source);
	r->config = check.config;
	restore_free(&check);
	source_rewind(source);
	return err;
}

static int restore_write(struct restore *r, struct source *source)
{
	int err;

	source_progress(source, "restore", false);
	err = restore_raise(r) ?: restore_lines(r, source) ?: restore_finish(r);
	progress_stop();
	r->done.written = ila_batch_applied(r->batch);
	return err;
}

static int restore_file(struct restore *r, struct source *source,
			bool difference)
{
	int err = restore_read(r, source) ?: restore_begin(r, difference) ?:
		  restore_write(r, source);

	if (err)
		restore_stopped(&r->done);
	restore_free(r);
	return err;
}

static int restore_show(const struct words *words, const struct restore *r)
{
	int err;

	show_start();
	show(&form_restored, &r->done);
	err = show_stop(words, 0);
	return err ?: r->failed ? FAIL_KERNEL : 0;
}

int run_restore(struct words *words)
{
	struct restore r = { .where = *words };
	const char *name = NULL;
	bool difference = false;
	struct source *source;
	int err;

	for (;;) {
		if (words_next_is(words, "--diff"))
			difference = true;
		else if (words_next_is(words, "--add"))
			r.add = true;
		else if (!name && words_peek(words))
			name = words_next(words);
		else
			break;
	}
	if (words_end(words))
		return FAIL_USAGE;
	if (!name && isatty(STDIN_FILENO))
		return refuse(words, "name a file: standard input is a terminal");
	source = source_open(words, name ?: "-");
	if (!source)
		return FAIL_USAGE;
	interrupt_watch();
	err = restore_file(&r, source, difference) ?: restore_show(words, &r);
	source_close(source);
	interrupt_end();
	return err;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: locator
 */
#include <errno.h>

#include "ilactl.h"

#define LOCATOR_HINT	"'locator list' shows those that mappings have"

static int locator_show(const struct ila_locator *locator, void *data)
{
	(void)data;
	show(&form_locator, locator);
	return ferror(stdout) ? -EPIPE : 0;
}

static int locator_list(struct words *words)
{
	struct ila *ila;
	int err = words_end(words) ?: kernel_open(words, &ila);

	if (err)
		return err;
	show_start();
	return show_stop(words, ila_locator_dump(ila, locator_show, NULL));
}

static int locator_move(struct words *words)
{
	struct move move = { 0 };
	struct ila *ila;
	int err = parse(words, &form_move, &move) ?: kernel_open(words, &ila);

	if (err)
		return err;
	err = ila_locator_move(ila, move.domain, move.locator, move.to);
	return err ? fail(words, "locator move", err, LOCATOR_HINT) : 0;
}

static int locator_set(struct words *words, const char *what,
		       int (*set)(struct ila *ila, uint32_t domain,
				  __be64 locator))
{
	struct ila_locator locator = { 0 };
	struct ila *ila;
	int err = parse(words, &form_locator_key, &locator) ?: kernel_open(words, &ila);

	if (err)
		return err;
	err = set(ila, locator.domain, locator.locator);
	return err ? fail(words, what, err, LOCATOR_HINT) : 0;
}

static int locator_up(struct words *words)
{
	return locator_set(words, "locator up", ila_locator_up);
}

static int locator_down(struct words *words)
{
	return locator_set(words, "locator down", ila_locator_down);
}

const struct verb verbs_locator[] = {
	{ "list", .run = locator_list },
	{ "show", .run = locator_list },
	{ "move", .run = locator_move, .form = &form_move,
	  .usage = "LOCATOR LOCATOR [domain NUMBER]" },
	{ "up", .run = locator_up, .form = &form_locator_key,
	  .usage = "LOCATOR [domain NUMBER]" },
	{ "down", .run = locator_down, .form = &form_locator_key,
	  .usage = "LOCATOR [domain NUMBER]" },
	{ 0 }
};

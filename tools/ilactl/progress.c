// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: how far something is, for who watches
 *
 * A line on standard error if that is a terminal, from a second on. What a
 * command of a batch does is a step of the batch: it is the batch's line.
 */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "ilactl.h"

#define PROGRESS_AFTER	1000	/* ms until there is a line */
#define PROGRESS_EVERY	200	/* ms between lines */

static struct {
	const char *what;
	uint64_t total;		/* 0: not known */
	uint64_t done;
	uint64_t count;
	uint64_t started;
	uint64_t told;
	bool of_command;
} progress;

static bool in_command;

/* Looked at with each step, so it has to be the cheap one */
static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* Is it somebody else's? */
static bool progress_foreign(void)
{
	return progress.what && progress.of_command != in_command;
}

/**
 * progress_command() - a command begins or ends
 * @begins: which of them
 */
void progress_command(bool begins)
{
	in_command = begins;
}

/**
 * progress_start() - something starts that may take long
 * @what: verb
 * @total: how far it is to go, in the unit of progress_step(); 0: not known
 * @shows: on standard output: if that is a terminal, it is to be seen by itself
 */
void progress_start(const char *what, uint64_t total, bool shows)
{
	if (progress_foreign())
		return;
	progress_stop();
	if (!isatty(STDERR_FILENO) || (shows && isatty(STDOUT_FILENO)))
		return;
	progress.what = what;
	progress.total = total;
	progress.done = 0;
	progress.count = 0;
	progress.started = now_ms();
	progress.told = 0;
	progress.of_command = in_command;
}

static void progress_tell(uint64_t now)
{
	uint64_t passed = now - progress.started;

	fprintf(stderr, "\r%s: %" PRIu64 ", %" PRIu64 "/s", progress.what,
		progress.count, progress.count * 1000 / passed);
	if (progress.done && progress.total >= progress.done)
		fprintf(stderr, ", %" PRIu64 "%%, %" PRIu64 " s left",
			progress.done * 100 / progress.total,
			(progress.total - progress.done) * passed /
			progress.done / 1000);
	fputs("\033[K", stderr);
	fflush(stderr);
	progress.told = now;
}

/**
 * progress_step() - one more
 * @done: how far that is of the total
 */
void progress_step(uint64_t done)
{
	uint64_t now;

	if (!progress.what || progress_foreign())
		return;
	progress.count++;
	progress.done = done;
	now = now_ms();
	if (now - progress.started >= PROGRESS_AFTER &&
	    now - progress.told >= PROGRESS_EVERY)
		progress_tell(now);
}

/**
 * progress_count() - one more, of as many
 */
void progress_count(void)
{
	progress_step(progress.count + 1);
}

/**
 * progress_hide() - there is something to say: away with the line
 */
void progress_hide(void)
{
	if (progress.told)
		fputs("\r\033[K", stderr);
	progress.told = 0;
}

/**
 * progress_stop() - it is over
 */
void progress_stop(void)
{
	if (progress_foreign())
		return;
	progress_hide();
	progress.what = NULL;
}

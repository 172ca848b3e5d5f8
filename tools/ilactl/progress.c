// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: how far something is, for who watches
 *
 * A line on standard error if that is a terminal, from a second on.
 */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "ilactl.h"

#define PROGRESS_EVERY	1024	/* steps between looks at the clock */
#define PROGRESS_MS	200	/* between lines */

static struct {
	const char *what;
	uint64_t total;		/* 0: not known */
	uint64_t done;
	uint64_t count;
	uint64_t started;
	uint64_t told;
} progress;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/**
 * progress_start() - something starts that may take long
 * @what: verb
 * @total: how far it is to go, in the unit of progress_step(); 0: not known
 * @shows: on standard output: if that is a terminal, it is to be seen by itself
 */
void progress_start(const char *what, uint64_t total, bool shows)
{
	progress_stop();
	if (!isatty(STDERR_FILENO) || (shows && isatty(STDOUT_FILENO)))
		return;
	progress.what = what;
	progress.total = total;
	progress.done = 0;
	progress.count = 0;
	progress.started = now_ms();
	progress.told = 0;
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

	progress.count++;
	if (!progress.what || progress.count % PROGRESS_EVERY)
		return;
	progress.done = done;
	now = now_ms();
	if (now - progress.started >= 1000 &&
	    now - progress.told >= PROGRESS_MS)
		progress_tell(now);
}

/**
 * progress_count() - one more, of as many
 */
void progress_count(void)
{
	progress_step(progress.count);
}

/**
 * progress_stop() - it is over, or there is something to say: away with the line
 */
void progress_stop(void)
{
	if (progress.told)
		fputs("\r\033[K", stderr);
	progress.what = NULL;
	progress.told = 0;
}

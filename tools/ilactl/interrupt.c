// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: signals that end it, where there is something to say before
 *
 * The first one is noted, and found between two lines; the next one ends it.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "ilactl.h"

static const int interrupt_signals[] = { SIGINT, SIGTERM };

static atomic_int interrupt_noted;
static unsigned int interrupt_watchers;

static void interrupt_note(int number)
{
	interrupt_noted = number;
}

/**
 * interrupt_watch() - from now on, signals are noted; calls nest
 */
void interrupt_watch(void)
{
	/* does not restart: who waits for a line wants to know */
	const struct sigaction note = {
		.sa_handler = interrupt_note,
		.sa_flags = SA_RESETHAND,
	};
	struct sigaction old;
	size_t i;

	if (interrupt_watchers++)
		return;
	for (i = 0; i < LENGTH(interrupt_signals); i++) {
		sigaction(interrupt_signals[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(interrupt_signals[i], &note, NULL);
	}
}

/**
 * interrupted() - is it to end?
 *
 * Return: true if there was a signal.
 */
bool interrupted(void)
{
	return interrupt_noted;
}

/**
 * interrupt_end() - all was said: if there was a signal, end by it
 */
void interrupt_end(void)
{
	if (--interrupt_watchers || !interrupt_noted)
		return;
	fflush(stdout);
	signal(interrupt_noted, SIG_DFL);
	raise(interrupt_noted);
}

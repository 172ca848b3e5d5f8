// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: stats
 *
 * Nothing resets the kernel's counters. What --reset-view remembers is how they
 * were, in a file that goes with the machine's next start, a network namespace
 * each.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ilactl.h"

#define VIEW_PATH	128

/**
 * struct counter - a counter as it is shown
 * @name: of the counter
 * @value: since there is the namespace
 * @since: since the view was reset
 */
struct counter {
	const char *name;
	uint64_t value;
	uint64_t since;
};

static const struct field counter_fields[] = {
	FIELD("counter", KIND_TEXT, struct counter, name, .flags = FIELD_BARE),
	FIELD("value", KIND_NUMBER, struct counter, value, .flags = FIELD_BARE),
	{ 0 }
};

static const struct field view_fields[] = {
	FIELD("counter", KIND_TEXT, struct counter, name, .flags = FIELD_BARE),
	FIELD("since", KIND_NUMBER, struct counter, since, .flags = FIELD_BARE),
	FIELD("value", KIND_NUMBER, struct counter, value, .flags = FIELD_BARE),
	{ 0 }
};

static const struct form form_counter = { .name = "counter", .fields = counter_fields };
static const struct form form_view = { .name = "counter", .fields = view_fields };

/* The view
 */

/* By the namespace's cookie, which no other one ever has */
static int view_path(char path[VIEW_PATH])
{
	const char *dir = getuid() ? getenv("XDG_RUNTIME_DIR") : NULL;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), n, err = 0;
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		err = -errno;
	if (fd >= 0)
		close(fd);
	n = snprintf(path, VIEW_PATH, "%s/ilactl.%" PRIu64, dir ?: "/run", cookie);
	return err ?: n < VIEW_PATH ? 0 : -ENAMETOOLONG;
}

/* A module that was loaded anew counts anew: then some counter was further */
static bool view_read(const uint64_t stats[COUNTERS], uint64_t view[COUNTERS])
{
	char path[VIEW_PATH];
	unsigned int i;
	ssize_t n = -1;
	int fd;

	fd = view_path(path) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		n = read(fd, view, COUNTERS * sizeof(*view));
		close(fd);
	}
	if (n != (ssize_t)(COUNTERS * sizeof(*view)))
		return false;
	for (i = 0; i < COUNTERS; i++) {
		if (view[i] > stats[i])
			return false;
	}
	return true;
}

/* Whole or not at all */
static int view_write(const struct words *words, const uint64_t stats[COUNTERS])
{
	char path[VIEW_PATH], fresh[VIEW_PATH + 8];
	int fd, err = view_path(path);
	ssize_t n;

	if (err)
		return fail_text(words, "the view", strerror(-err), NULL);
	snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path);
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return fail_text(words, path, strerror(errno), NULL);
	n = write(fd, stats, COUNTERS * sizeof(*stats));
	if (n < 0)
		err = errno;
	else if (n < (ssize_t)(COUNTERS * sizeof(*stats)))
		err = ENOSPC;
	close(fd);
	if (!err && rename(fresh, path))
		err = errno;
	if (!err)
		return 0;
	unlink(fresh);
	return fail_text(words, path, strerror(err), NULL);
}

static int stats_show(const struct words *words, const uint64_t stats[COUNTERS])
{
	uint64_t view[COUNTERS] = { 0 };
	bool viewed = view_read(stats, view);
	struct counter counter = { 0 };
	unsigned int i;

	show_start();
	for (i = 1; i < COUNTERS; i++) {
		counter.name = ila_name(ILA_NAMES_STAT, i);
		counter.value = stats[i];
		counter.since = stats[i] - view[i];
		show(viewed ? &form_view : &form_counter, &counter);
	}
	return show_stop(words, 0);
}

int run_stats(struct words *words)
{
	bool reset = words_next_is(words, "--reset-view");
	bool open = !reset && words_next_is(words, "--openmetrics");
	uint64_t stats[COUNTERS];
	struct ila *ila;
	int err = words_end(words) ?: kernel_open(words, &ila);

	if (err)
		return err;
	err = ila_stats(ila, stats, COUNTERS);
	if (err)
		return fail(words, "stats", err, NULL);
	if (reset)
		return view_write(words, stats);
	return open ? openmetrics(words, ila, stats) : stats_show(words, stats);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: the module, of one network namespace
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "ilactl.h"

static struct ila *ila;

/**
 * kernel() - the handle, opened at first need
 * @words: what needs it
 *
 * Return: the handle, or NULL, and has said why.
 */
struct ila *kernel(const struct words *words)
{
	if (ila)
		return ila;
	ila = ila_open();
	if (!ila)
		fail_text(words, "there is no ILA here", strerror(errno),
			  errno == ENOENT ? "'modprobe ila' says why" : NULL);
	return ila;
}

/**
 * kernel_open() - the handle, for who goes on only with it
 * @words: what needs it
 * @to: gets it
 *
 * Return: 0 or FAIL_KERNEL.
 */
int kernel_open(const struct words *words, struct ila **to)
{
	*to = kernel(words);
	return *to ? 0 : FAIL_KERNEL;
}

/**
 * kernel_close() - give the handle up
 */
void kernel_close(void)
{
	ila_close(ila);
	ila = NULL;
}

/**
 * kernel_enter() - from now on, another network namespace
 * @netns: its name, or a path with a slash
 *
 * Return: 0, FAIL_KERNEL.
 */
int kernel_enter(const char *netns)
{
	char path[256];
	int fd, n;

	n = snprintf(path, sizeof(path), "%s%s",
		     strchr(netns, '/') ? "" : NETNS_DIR, netns);
	if (n >= (int)sizeof(path))
		return fail_text(NULL, netns, strerror(ENAMETOOLONG), NULL);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_text(NULL, path, strerror(errno),
				 "'ip netns' lists those that have names");
	if (setns(fd, CLONE_NEWNET)) {
		n = errno;
		close(fd);
		return fail_text(NULL, path, strerror(n), NULL);
	}
	close(fd);
	return 0;
}

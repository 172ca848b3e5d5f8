/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libila: the kernel's side of a socket, as a thread
 */
#ifndef _LIBILA_MOCK_H
#define _LIBILA_MOCK_H

#include <pthread.h>

#include "../internal.h"

#define MOCK_FAMILY	0x123

struct mock;

typedef void (*mock_handler)(struct mock *mock, const struct nlmsghdr *nlh);

/**
 * struct mock - a kernel
 * @fd: its end of the socket
 * @handler: answers requests
 * @data: of the test
 * @thread: runs @handler
 * @requests: how many there were
 * @buf: the request
 * @answer: the answer being made
 */
struct mock {
	int fd;
	mock_handler handler;
	void *data;
	pthread_t thread;
	unsigned int requests;
	uint64_t buf[32768];
	uint64_t answer[8192];
};

struct ila *mock_open(struct mock *mock, mock_handler handler, void *data);
void mock_close(struct mock *mock, struct ila *ila);

uint8_t mock_cmd(const struct nlmsghdr *nlh);
const void *mock_attr(const struct nlmsghdr *nlh, uint16_t type);
struct nlmsghdr *mock_answer(struct mock *mock, const struct nlmsghdr *request,
			     uint8_t cmd, uint16_t flags);
void mock_send(struct mock *mock, const struct nlmsghdr *nlh);
void mock_end(struct mock *mock, const struct nlmsghdr *request, int err,
	      const char *text, uint32_t offset);
void mock_done(struct mock *mock, const struct nlmsghdr *request, int err,
	       uint16_t flags);
void mock_put_record(struct nlmsghdr *nlh, const struct ila_mapping *record);

#endif /* _LIBILA_MOCK_H */

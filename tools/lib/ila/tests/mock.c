// SPDX-License-Identifier: GPL-2.0
/*
 * libila: the kernel's side of a socket, as a thread
 *
 * A socket pair that keeps datagrams apart takes the place of netlink.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mock.h"

static void *mock_run(void *data)
{
	struct mock *mock = data;

	while (recv(mock->fd, mock->buf, sizeof(mock->buf), 0) > 0) {
		mock->requests++;
		mock->handler(mock, (const void *)mock->buf);
	}
	return NULL;
}

struct ila *mock_open(struct mock *mock, mock_handler handler, void *data)
{
	struct ila *ila;
	int fd[2];

	memset(mock, 0, sizeof(*mock));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd))
		abort();
	ila = ila_adopt(mnl_socket_fdopen(fd[0]));
	if (!ila)
		abort();
	ila->family = MOCK_FAMILY;
	mock->fd = fd[1];
	mock->handler = handler;
	mock->data = data;
	if (pthread_create(&mock->thread, NULL, mock_run, mock))
		abort();
	return ila;
}

void mock_close(struct mock *mock, struct ila *ila)
{
	ila_close(ila);
	pthread_join(mock->thread, NULL);
	close(mock->fd);
}

uint8_t mock_cmd(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	return genl->cmd;
}

/* The payload of the first attribute of this type, or NULL */
const void *mock_attr(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == type)
			return mnl_attr_get_payload(attr);
	}
	return NULL;
}

struct nlmsghdr *mock_answer(struct mock *mock, const struct nlmsghdr *request,
			     uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = ila_head(mock->answer, MOCK_FAMILY, cmd, flags);

	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = request->nlmsg_seq;
	return nlh;
}

/* The handle may be closed before it has read all */
void mock_send(struct mock *mock, const struct nlmsghdr *nlh)
{
	if (send(mock->fd, nlh, nlh->nlmsg_len, MSG_NOSIGNAL) < 0 &&
	    errno != EPIPE)
		abort();
}

static void mock_put_extack(struct nlmsghdr *nlh, const char *text,
			    uint32_t offset)
{
	if (text)
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	if (offset)
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, offset);
	if (text || offset)
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
}

void mock_end(struct mock *mock, const struct nlmsghdr *request, int err,
	      const char *text, uint32_t offset)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(mock->answer);
	struct nlmsgerr *end;

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_CAPPED;
	nlh->nlmsg_seq = request->nlmsg_seq;
	end = mnl_nlmsg_put_extra_header(nlh, sizeof(*end));
	end->error = err;
	end->msg = *request;
	mock_put_extack(nlh, text, offset);
	mock_send(mock, nlh);
}

void mock_done(struct mock *mock, const struct nlmsghdr *request, int err,
	       uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(mock->answer);

	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = NLM_F_MULTI | flags;
	nlh->nlmsg_seq = request->nlmsg_seq;
	*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = err;
	mock_put_extack(nlh, err ? "the dump broke" : NULL, 0);
	mock_send(mock, nlh);
}

void mock_put_record(struct nlmsghdr *nlh, const struct ila_mapping *record)
{
	mnl_attr_put(nlh, ILA_ATTR_MAPPING, sizeof(*record), record);
}

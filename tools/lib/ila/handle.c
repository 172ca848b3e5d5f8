// SPDX-License-Identifier: GPL-2.0
/*
 * libila: handles, requests and their answers
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/**
 * ila_fail() - note the words for a failure
 * @ila: handle
 * @err: negative errno value
 * @text: the words, NULL for those of @err
 *
 * Return: @err.
 */
int ila_fail(struct ila *ila, int err, const char *text)
{
	if (text)
		snprintf(ila->error, sizeof(ila->error), "%s", text);
	else if (strerror_r(-err, ila->error, sizeof(ila->error)))
		snprintf(ila->error, sizeof(ila->error), "error %d", -err);
	return err;
}

/**
 * ila_error() - the words for the last failure
 * @ila: handle
 *
 * Return: the kernel's words if it had any, else the system's for the errno
 * value; valid until the handle is used again. Empty before any failure.
 */
const char *ila_error(const struct ila *ila)
{
	return ila->error;
}

/**
 * ila_adopt() - a handle around a socket
 * @socket: the socket, which the handle owns from now on
 *
 * Return: the handle, without a family yet, or NULL with errno ENOMEM and
 * @socket closed.
 */
struct ila *ila_adopt(struct mnl_socket *socket)
{
	struct ila *ila = malloc(sizeof(*ila));

	if (!ila) {
		mnl_socket_close(socket);
		errno = ENOMEM;
		return NULL;
	}
	memset(ila, 0, offsetof(struct ila, answer));
	ila->socket = socket;
	return ila;
}

/**
 * ila_open() - open the ILA of the network namespace one is in
 *
 * Loads the module if it is not there and the system allows that. The handle
 * stays with the namespace, wherever its user goes.
 *
 * Return: the handle, or NULL with errno: ENOENT without the module, ENOMEM, or
 * what opening a netlink socket gives.
 */
struct ila *ila_open(void)
{
	struct mnl_socket *socket = ila_socket_open();
	struct ila *ila = socket ? ila_adopt(socket) : NULL;
	int err;

	if (!ila)
		return NULL;
	err = ila_family_resolve(ila);
	if (err) {
		ila_close(ila);
		errno = -err;
		return NULL;
	}
	return ila;
}

/**
 * ila_close() - close a handle
 * @ila: handle, or NULL. Batches that were made from it are freed before;
 *	events may live on.
 */
void ila_close(struct ila *ila)
{
	if (!ila)
		return;
	mnl_socket_close(ila->socket);
	free(ila);
}

/* Requests
 */

/**
 * ila_head() - start a message
 * @buf: where, aligned as a netlink message
 * @type: of netlink: the family
 * @cmd: of generic netlink
 * @flags: NLM_F_ beside NLM_F_REQUEST
 *
 * Return: the message, to which attributes can be added.
 */
struct nlmsghdr *ila_head(void *buf, uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = ILA_GENL_VERSION;
	return nlh;
}

/**
 * ila_prepare() - start a request in the handle's buffer
 * @ila: handle
 * @cmd: ILA_CMD_
 *
 * Return: the message.
 */
struct nlmsghdr *ila_prepare(struct ila *ila, uint8_t cmd)
{
	return ila_head(ila->request, ila->family, cmd, NLM_F_ACK);
}

/**
 * ila_prepare_dump() - start a request for a dump in the handle's buffer
 * @ila: handle
 * @cmd: ILA_CMD_
 *
 * Return: the message.
 */
struct nlmsghdr *ila_prepare_dump(struct ila *ila, uint8_t cmd)
{
	return ila_head(ila->request, ila->family, cmd, NLM_F_DUMP);
}

/* Answers
 */

/* What the kernel says of a refusal, in attributes from @offset on */
static void ila_note_extack(struct ila *ila, const struct nlmsghdr *nlh,
			    size_t offset)
{
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(attr, nlh, offset) {
		switch (mnl_attr_get_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			if (!mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
				ila_fail(ila, 0, mnl_attr_get_str(attr));
			break;
		case NLMSGERR_ATTR_OFFS:
			if (!mnl_attr_validate(attr, MNL_TYPE_U32))
				ila->refused_at = mnl_attr_get_u32(attr);
			break;
		}
	}
}

static int ila_refusal_note(struct ila *ila, const struct nlmsghdr *nlh,
			    int err, size_t offset)
{
	if (!err)
		return 0;
	if (err == -EOPNOTSUPP && ila->family != GENL_ID_CTRL)
		ila_fail(ila, err, "the module ila that is loaded does not know this command");
	else
		ila_fail(ila, err, NULL);
	ila_note_extack(ila, nlh, offset);
	return err;
}

/* The end of a request: what became of it. A request that is not capped comes
 * back between the error and the attributes.
 */
static int ila_end_error(struct ila *ila, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *end = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*end);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*end))
		return ila_answer_bad(ila);
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) &&
	    end->msg.nlmsg_len > MNL_NLMSG_HDRLEN)
		offset += MNL_ALIGN(end->msg.nlmsg_len - MNL_NLMSG_HDRLEN);
	if (offset > mnl_nlmsg_get_payload_len(nlh))
		offset = mnl_nlmsg_get_payload_len(nlh);
	return ila_refusal_note(ila, nlh, end->error, offset);
}

/* The end of a dump: likewise */
static int ila_end_done(struct ila *ila, const struct nlmsghdr *nlh)
{
	const int *end = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*end))
		return 0;
	return ila_refusal_note(ila, nlh, *end, MNL_ALIGN(sizeof(*end)));
}

/**
 * struct ila_course - of a request
 * @ila: handle
 * @cb: takes the answers, or NULL
 * @data: for @cb
 * @result: the first error
 * @changed: a dump's table changed meanwhile
 * @ended: there is no more to come
 */
struct ila_course {
	struct ila *ila;
	ila_answer_cb cb;
	void *data;
	int result;
	bool changed;
	bool ended;
};

/* An error in the middle does not end the course: what the kernel still has to
 * say would be in the way of the next request.
 */
static void ila_course_take(struct ila_course *course,
			    const struct nlmsghdr *nlh)
{
	struct ila *ila = course->ila;
	int err = 0;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		course->changed = true;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		course->ended = true;
		err = ila_end_error(ila, nlh);
	} else if (nlh->nlmsg_type == NLMSG_DONE) {
		course->ended = true;
		err = ila_end_done(ila, nlh);
	} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && course->cb &&
		   !course->result) {
		err = course->cb(ila, nlh, course->data);
	}
	if (err < 0 && !course->result)
		course->result = err;
}

/**
 * ila_message_ok() - is there a whole message?
 * @nlh: where it starts
 * @len: what is left of the datagram
 *
 * libmnl takes lengths of 2 GiB and more for negative ones.
 *
 * Return: true if so.
 */
bool ila_message_ok(const struct nlmsghdr *nlh, int len)
{
	return len >= (int)sizeof(*nlh) && nlh->nlmsg_len <= (uint32_t)len &&
	       mnl_nlmsg_ok(nlh, len);
}

/* Answers to an earlier request, which was given up, are passed over */
static void ila_course_datagram(struct ila_course *course, int len)
{
	const struct nlmsghdr *nlh = (const void *)course->ila->answer;

	while (!course->ended && ila_message_ok(nlh, len)) {
		if (nlh->nlmsg_seq == course->ila->seq)
			ila_course_take(course, nlh);
		nlh = mnl_nlmsg_next(nlh, &len);
	}
}

static int ila_course_run(struct ila_course *course,
			  const struct nlmsghdr *nlh)
{
	struct ila *ila = course->ila;
	ssize_t n = ila_socket_send(ila->socket, nlh, nlh->nlmsg_len);

	while (n >= 0 && !course->ended) {
		n = ila_socket_receive(ila->socket, ila->answer,
				       sizeof(ila->answer));
		if (n == -EINTR)
			n = 0;
		else if (n > 0)
			ila_course_datagram(course, n);
	}
	if (n < 0)
		return ila_fail(ila, n, NULL);
	return course->result ?: course->changed ? ILA_CHANGED : 0;
}

/**
 * ila_exchange() - send a request and read what the kernel says to it
 * @ila: handle
 * @nlh: the request, from ila_head() or one of its kin
 * @cb: takes each answer, or NULL. A negative value is the exchange's result,
 *	and @cb is not called again.
 * @data: for @cb
 *
 * Return: 0; ILA_CHANGED for a dump whose table changed; what @cb returned; a
 * negative errno value, with words. -EBUSY: the handle is in an exchange.
 */
int ila_exchange(struct ila *ila, struct nlmsghdr *nlh, ila_answer_cb cb,
		 void *data)
{
	struct ila_course course = { .ila = ila, .cb = cb, .data = data };
	int result;

	if (ila->busy)
		return ila_fail(ila, -EBUSY, "a callback needs another handle than its own");
	ila->busy = true;
	ila->refused_at = 0;
	nlh->nlmsg_seq = ++ila->seq;
	result = ila_course_run(&course, nlh);
	ila->busy = false;
	return result;
}

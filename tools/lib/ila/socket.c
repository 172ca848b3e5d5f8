// SPDX-License-Identifier: GPL-2.0
/*
 * libila: netlink sockets
 */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

/* An older kernel than the option is no reason not to go on */
static void ila_socket_enable(struct mnl_socket *socket, int option)
{
	int on = 1;

	mnl_socket_setsockopt(socket, option, &on, sizeof(on));
}

/**
 * ila_socket_open() - a bound socket to generic netlink
 *
 * Refusals come with the kernel's words and without a copy of the request,
 * which can be 100 KB.
 *
 * Return: the socket, or NULL with errno.
 */
struct mnl_socket *ila_socket_open(void)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_GENERIC,
						     SOCK_CLOEXEC);
	int err;

	if (!socket)
		return NULL;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID)) {
		err = errno;
		mnl_socket_close(socket);
		errno = err;
		return NULL;
	}
	ila_socket_enable(socket, NETLINK_EXT_ACK);
	ila_socket_enable(socket, NETLINK_CAP_ACK);
	return socket;
}

/**
 * ila_socket_send() - send a message to the kernel
 * @socket: the socket
 * @buf: the message
 * @len: its length
 *
 * The kernel handles the message within this call.
 *
 * Return: @len, or a negative errno value.
 */
ssize_t ila_socket_send(const struct mnl_socket *socket, const void *buf,
			size_t len)
{
	ssize_t n;

	do {
		n = send(mnl_socket_get_fd(socket), buf, len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* A process with CAP_NET_ADMIN could send here too */
static bool ila_socket_from_kernel(const struct msghdr *msg)
{
	const struct sockaddr_nl *from = msg->msg_name;

	return !msg->msg_namelen || from->nl_pid == 0;
}

/**
 * ila_socket_receive() - read a datagram of the kernel
 * @socket: the socket
 * @buf: where to, aligned as a netlink message
 * @len: room there
 *
 * Return: its length; -EMSGSIZE: it did not fit and is lost; -EAGAIN: there is
 * none, and the socket does not block; -EINTR; -ENOBUFS: others were lost;
 * -ECONNRESET: the other side has gone, which the kernel never is.
 */
ssize_t ila_socket_receive(const struct mnl_socket *socket, void *buf,
			   size_t len)
{
	struct sockaddr_nl from;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg;
	ssize_t n;

	do {
		memset(&msg, 0, sizeof(msg));
		msg.msg_name = &from;
		msg.msg_namelen = sizeof(from);
		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		n = recvmsg(mnl_socket_get_fd(socket), &msg, 0);
	} while (n > 0 && !ila_socket_from_kernel(&msg));
	if (n < 0)
		return -errno;
	if (!n)
		return -ECONNRESET;
	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

static size_t ila_socket_size(int fd, int option)
{
	socklen_t len = sizeof(int);
	int bytes = 0;

	if (getsockopt(fd, SOL_SOCKET, option, &bytes, &len) || bytes < 0)
		return 0;
	return bytes;
}

/**
 * ila_socket_raise() - have a socket's buffer take so much, if that is allowed
 * @socket: the socket
 * @option: SO_SNDBUF or SO_RCVBUF
 * @force: SO_SNDBUFFORCE or SO_RCVBUFFORCE, which pass over the limit of the
 *	system but need CAP_NET_ADMIN in the initial user namespace
 * @bytes: how much
 *
 * Never makes it smaller.
 *
 * Return: what it takes now, in bytes.
 */
size_t ila_socket_raise(const struct mnl_socket *socket, int option, int force,
			int bytes)
{
	int fd = mnl_socket_get_fd(socket);
	size_t now = ila_socket_size(fd, option);

	if (now >= (size_t)bytes)
		return now;
	if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes));
	return ila_socket_size(fd, option);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * libila: events
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

/* A load of a million mappings makes 60 MB of events */
#define ILA_EVENTS_RCVBUF	(8 * 1024 * 1024)

/**
 * struct ila_events - somebody who listens
 * @socket: member of the groups
 * @family: netlink message type
 * @len: of @buf
 * @buf: a datagram; grows as needed
 */
struct ila_events {
	struct mnl_socket *socket;
	uint16_t family;
	size_t len;
	void *buf;
};

/**
 * ila_events_close() - listen no more
 * @events: events, or NULL
 */
void ila_events_close(struct ila_events *events)
{
	if (!events)
		return;
	mnl_socket_close(events->socket);
	free(events->buf);
	free(events);
}

/**
 * ila_events_adopt() - events around a socket
 * @socket: the socket, which the events own from now on
 * @family: netlink message type
 *
 * Return: the events, or NULL with errno ENOMEM and @socket closed.
 */
struct ila_events *ila_events_adopt(struct mnl_socket *socket, uint16_t family)
{
	struct ila_events *events = calloc(1, sizeof(*events));

	if (!events) {
		mnl_socket_close(socket);
		errno = ENOMEM;
		return NULL;
	}
	events->socket = socket;
	events->family = family;
	ila_socket_raise(socket, SO_RCVBUF, SO_RCVBUFFORCE, ILA_EVENTS_RCVBUF);
	return events;
}

static int ila_events_join(const struct ila_events *events, uint32_t group)
{
	if (!group)
		return -EOPNOTSUPP;
	if (mnl_socket_setsockopt(events->socket, NETLINK_ADD_MEMBERSHIP,
				  &group, sizeof(group)))
		return -errno;
	return 0;
}

static int ila_events_join_all(const struct ila_events *events,
			       const struct ila *ila, unsigned int groups)
{
	int err = groups & ~(ILA_EVENTS_CONFIG | ILA_EVENTS_MISS) ? -EINVAL : 0;

	if (!err && groups & ILA_EVENTS_CONFIG)
		err = ila_events_join(events, ila->group_config);
	if (!err && groups & ILA_EVENTS_MISS)
		err = ila_events_join(events, ila->group_miss);
	return err;
}

/**
 * ila_events_open() - listen to what changes from now on
 * @ila: handle, needed for this call only
 * @groups: ILA_EVENTS_
 *
 * Events are of the network namespace one is in now. They need no more of @ila
 * and may be read by another thread.
 *
 * Return: the events, or NULL with words and errno: EPERM; EOPNOTSUPP: the
 * module has no such group; EINVAL: unknown @groups; ENOMEM.
 */
struct ila_events *ila_events_open(struct ila *ila, unsigned int groups)
{
	struct mnl_socket *socket = ila_socket_open();
	struct ila_events *events = socket ?
				    ila_events_adopt(socket, ila->family) :
				    NULL;
	int err;

	if (!events) {
		err = -errno;
		errno = -ila_fail(ila, err, NULL);
		return NULL;
	}
	err = ila_events_join_all(events, ila, groups);
	if (err) {
		ila_events_close(events);
		errno = -ila_fail(ila, err, NULL);
		return NULL;
	}
	return events;
}

/**
 * ila_events_fd() - what to poll for events
 * @events: events
 *
 * Return: a file descriptor, readable when there are events or when some were
 * lost. Its O_NONBLOCK and SO_RCVBUF are the caller's to set.
 */
int ila_events_fd(const struct ila_events *events)
{
	return mnl_socket_get_fd(events->socket);
}

/* What an event is, by its command
 */

static const struct ila_field ila_event_locator_fields[] = {
	{ ILA_ATTR_LOCATOR, offsetof(struct ila_event, locator.locator), 0 },
	{ ILA_ATTR_LOCATOR_TO, offsetof(struct ila_event, locator.to), 0 },
	{ ILA_ATTR_DOMAIN, offsetof(struct ila_event, locator.domain), 0 },
	{ 0 }
};

static const struct ila_field ila_event_miss_fields[] = {
	{ ILA_ATTR_LOST, offsetof(struct ila_event, miss.lost), 0 },
	{ ILA_ATTR_DOMAIN, offsetof(struct ila_event, miss.domain), 0 },
	{ 0 }
};

static const struct ila_field ila_event_reason_fields[] = {
	{ ILA_ATTR_REASON, offsetof(struct ila_event, reason), 0 },
	{ 0 }
};

/* A message and whom to tell of it */
struct ila_telling {
	struct ila_event event;
	ila_event_cb cb;
	void *data;
};

static int ila_event_tell(struct ila_telling *telling)
{
	int err = telling->cb(&telling->event, telling->data);

	return err < 0 ? err : 0;
}

static int ila_event_tell_set(const struct ila_mapping *records, unsigned int n,
			      void *data)
{
	struct ila_telling *telling = data;

	telling->event.mapping.records = records;
	telling->event.mapping.n = n;
	return ila_event_tell(telling);
}

static int ila_event_rule(struct ila_telling *telling,
			  const struct nlmsghdr *nlh)
{
	struct ila_rule *rule = &telling->event.rule;
	uint32_t set;

	ila_rule_clear(rule);
	return ila_fields_get(nlh, ila_rule_fields, rule, &set) ?:
	       ila_event_tell(telling);
}

static int ila_event_mapping(struct ila_telling *telling,
			     const struct nlmsghdr *nlh)
{
	return ila_sets_each(nlh, ila_event_tell_set, telling);
}

static int ila_event_locator(struct ila_telling *telling,
			     const struct nlmsghdr *nlh)
{
	uint32_t set;

	return ila_fields_get(nlh, ila_event_locator_fields, &telling->event,
			      &set) ?:
	       ila_event_tell(telling);
}

static int ila_event_config(struct ila_telling *telling,
			    const struct nlmsghdr *nlh)
{
	struct ila_config *config = &telling->event.config;

	return ila_fields_get(nlh, ila_config_fields, config, &config->set) ?:
	       ila_event_tell(telling);
}

/* Each address is an event; what was lost goes with the first, or alone */
static int ila_event_miss(struct ila_telling *telling,
			  const struct nlmsghdr *nlh)
{
	struct ila_event *event = &telling->event;
	const struct nlattr *attr;
	uint32_t set;
	int err = ila_fields_get(nlh, ila_event_miss_fields, event, &set);

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (err || mnl_attr_get_type(attr) != ILA_ATTR_ADDRESS)
			continue;
		if (mnl_attr_get_payload_len(attr) < sizeof(struct in6_addr))
			return -EBADMSG;
		memcpy(&event->miss.address, mnl_attr_get_payload(attr),
		       sizeof(struct in6_addr));
		err = ila_event_tell(telling);
		event->miss.lost = 0;
	}
	if (!err && event->miss.lost)
		err = ila_event_tell(telling);
	return err;
}

static int ila_event_dispatch(struct ila_telling *telling,
			      const struct nlmsghdr *nlh)
{
	switch (telling->event.cmd) {
	case ILA_CMD_RULE_ADD:
	case ILA_CMD_RULE_DEL:
		return ila_event_rule(telling, nlh);
	case ILA_CMD_MAPPING_NEW:
	case ILA_CMD_MAPPING_CHANGE:
	case ILA_CMD_MAPPING_REPLACE:
	case ILA_CMD_MAPPING_DEL:
		return ila_event_mapping(telling, nlh);
	case ILA_CMD_LOCATOR_MOVE:
	case ILA_CMD_LOCATOR_DOWN:
	case ILA_CMD_LOCATOR_UP:
		return ila_event_locator(telling, nlh);
	case ILA_CMD_CONFIG_SET:
		return ila_event_config(telling, nlh);
	case ILA_CMD_MISS:
		return ila_event_miss(telling, nlh);
	default:	/* of a later module */
		return 0;
	}
}

static int ila_event_message(const struct ila_events *events,
			     const struct nlmsghdr *nlh, ila_event_cb cb,
			     void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct ila_telling telling;
	uint32_t set;

	if (nlh->nlmsg_type != events->family ||
	    mnl_nlmsg_get_payload_len(nlh) < GENL_HDRLEN)
		return 0;
	memset(&telling, 0, sizeof(telling));
	telling.cb = cb;
	telling.data = data;
	telling.event.cmd = genl->cmd;
	return ila_fields_get(nlh, ila_event_reason_fields, &telling.event,
			      &set) ?:
	       ila_event_dispatch(&telling, nlh);
}

/* Reading
 */

static int ila_events_grow(struct ila_events *events, size_t len)
{
	void *buf;

	if (len <= events->len)
		return 0;
	buf = realloc(events->buf, len);
	if (!buf)
		return -ENOMEM;
	events->buf = buf;
	events->len = len;
	return 0;
}

/* One datagram, whatever its size. Return: its length, or as ila_events_read(). */
static ssize_t ila_events_receive(struct ila_events *events)
{
	ssize_t n = recv(ila_events_fd(events), NULL, 0, MSG_PEEK | MSG_TRUNC);
	int err = n < 0 ? -errno : ila_events_grow(events, MNL_ALIGN(n));

	if (err)
		return err;
	return ila_socket_receive(events->socket, events->buf, events->len);
}

/**
 * ila_events_read() - the next events
 * @events: events
 * @cb: takes each event; a negative value has the others that came together
 *	with it passed over
 * @data: for @cb
 *
 * Waits for events, unless the file descriptor does not block. Reads what came
 * together, which is at least one event, and returns.
 *
 * Return: 0; -ENOBUFS: events were lost because they were not read fast enough;
 * what they told has to be looked up, and reading goes on behind them; -EAGAIN:
 * there are none; -EINTR: by a signal; -ENOMEM; -EBADMSG; what @cb stopped with.
 */
int ila_events_read(struct ila_events *events, ila_event_cb cb, void *data)
{
	ssize_t n = ila_events_receive(events);
	const struct nlmsghdr *nlh = events->buf;
	int err = 0, len = n;

	if (n < 0)
		return n;
	while (!err && ila_message_ok(nlh, len)) {
		err = ila_event_message(events, nlh, cb, data);
		nlh = mnl_nlmsg_next(nlh, &len);
	}
	return err;
}

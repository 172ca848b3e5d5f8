/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libila: what its files share
 */
#ifndef _LIBILA_INTERNAL_H
#define _LIBILA_INTERNAL_H

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <sys/types.h>

#include "libila.h"

#define ILA_ERROR_LEN		sizeof(((struct ila_refusal *)0)->text)
#define ILA_REQUEST_LEN		1024	/* all but batches, which have their own */
#define ILA_ANSWER_LEN		65536	/* the kernel makes dumps of 32 KiB */
#define ILA_BATCH_LEN		(96 * 1024)

#define ILA_HEAD_LEN		(MNL_NLMSG_HDRLEN + GENL_HDRLEN)
#define ILA_RECORD_LEN		(MNL_ATTR_HDRLEN + sizeof(struct ila_mapping))

/**
 * struct ila - a handle
 * @socket: bound to nothing but itself; not the one of events
 * @family: netlink message type
 * @group_config: multicast group, 0 if the family has none
 * @group_miss: multicast group, 0 if the family has none
 * @seq: of the last request
 * @refused_at: offset of the attribute that the last request was refused for,
 *	or 0
 * @busy: an exchange is going on
 * @error: words of the last failure
 * @request: the request being made
 * @answer: the datagram being read
 */
struct ila {
	struct mnl_socket *socket;
	uint16_t family;
	uint32_t group_config;
	uint32_t group_miss;
	uint32_t seq;
	uint32_t refused_at;
	bool busy;
	char error[ILA_ERROR_LEN];
	uint64_t request[ILA_REQUEST_LEN / sizeof(uint64_t)];
	uint64_t answer[ILA_ANSWER_LEN / sizeof(uint64_t)];
};

/* socket.c */
struct mnl_socket *ila_socket_open(void);
ssize_t ila_socket_send(const struct mnl_socket *socket, const void *buf,
			size_t len);
ssize_t ila_socket_receive(const struct mnl_socket *socket, void *buf,
			   size_t len);
size_t ila_socket_raise(const struct mnl_socket *socket, int option, int force,
			int bytes);

/* handle.c */
typedef int (*ila_answer_cb)(struct ila *ila, const struct nlmsghdr *nlh,
			     void *data);

struct ila *ila_adopt(struct mnl_socket *socket);
int ila_fail(struct ila *ila, int err, const char *text);
struct nlmsghdr *ila_head(void *buf, uint16_t type, uint8_t cmd,
			  uint16_t flags);
struct nlmsghdr *ila_prepare(struct ila *ila, uint8_t cmd);
struct nlmsghdr *ila_prepare_dump(struct ila *ila, uint8_t cmd);
bool ila_message_ok(const struct nlmsghdr *nlh, int len);
int ila_exchange(struct ila *ila, struct nlmsghdr *nlh, ila_answer_cb cb,
		 void *data);

/* family.c */
int ila_family_resolve(struct ila *ila);

/**
 * struct ila_field - an attribute and the member of a struct it goes with
 * @attr: ILA_ATTR_, which gives the size of both; 0 ends a table
 * @offset: of the member
 * @flag: in the struct's set: there or asked for
 */
struct ila_field {
	uint16_t attr;
	uint16_t offset;
	uint32_t flag;
};

/* field.c */
void ila_fields_put(struct nlmsghdr *nlh, const struct ila_field *fields,
		    const void *from, uint32_t set);
int ila_fields_get(const struct nlmsghdr *nlh, const struct ila_field *fields,
		   void *to, uint32_t *set);
int ila_query(struct ila *ila, struct nlmsghdr *nlh,
	      const struct ila_field *fields, void *to, uint32_t *set);
int ila_answer_bad(struct ila *ila);

/* rule.c, config.c */
extern const struct ila_field ila_rule_fields[];
extern const struct ila_field ila_config_fields[];
void ila_rule_clear(struct ila_rule *rule);

/* mapping.c */
void ila_record_write(void *record, unsigned int cmd,
		      const struct ila_mapping *m, bool more);
int ila_sets_each(const struct nlmsghdr *nlh, ila_mapping_cb cb, void *data);

/* events.c */
struct ila_events *ila_events_adopt(struct mnl_socket *socket, uint16_t family);

#endif /* _LIBILA_INTERNAL_H */

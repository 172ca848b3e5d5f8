// SPDX-License-Identifier: GPL-2.0
/*
 * libila: attributes to members of structs and back, by tables
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

static const uint8_t ila_attr_sizes[ILA_ATTR_EXT_MAX + 1] = {
	[ILA_ATTR_LOCATOR]		= sizeof(__be64),
	[ILA_ATTR_LOCATOR_MATCH]	= sizeof(__be64),
	[ILA_ATTR_IFINDEX]		= sizeof(int32_t),
	[ILA_ATTR_CSUM_MODE]		= sizeof(uint8_t),
	[ILA_ATTR_IDENT_TYPE]		= sizeof(uint8_t),
	[ILA_ATTR_DOMAIN]		= sizeof(uint32_t),
	[ILA_ATTR_STRAY]		= sizeof(uint8_t),
	[ILA_ATTR_MISS]			= sizeof(uint8_t),
	[ILA_ATTR_ADDRESS]		= sizeof(struct in6_addr),
	[ILA_ATTR_PREFIX_LEN]		= sizeof(uint8_t),
	[ILA_ATTR_ORIGIN]		= sizeof(uint8_t),
	[ILA_ATTR_IDLE]			= sizeof(uint32_t),
	[ILA_ATTR_GENERATION]		= sizeof(uint32_t),
	[ILA_ATTR_SWEEP]		= sizeof(uint32_t),
	[ILA_ATTR_LOCATOR_TO]		= sizeof(__be64),
	[ILA_ATTR_SIR_PREFIX]		= sizeof(__be64),
	[ILA_ATTR_COUNT]		= sizeof(uint32_t),
	[ILA_ATTR_STATE]		= sizeof(uint32_t),
	[ILA_ATTR_PACKETS]		= sizeof(uint64_t),
	[ILA_ATTR_BYTES]		= sizeof(uint64_t),
	[ILA_ATTR_LIMIT]		= sizeof(uint32_t),
	[ILA_ATTR_MISS_RATE]		= sizeof(uint32_t),
	[ILA_ATTR_COUNTING]		= sizeof(uint8_t),
	[ILA_ATTR_LOST]			= sizeof(uint32_t),
	[ILA_ATTR_REASON]		= sizeof(uint8_t),
	[ILA_ATTR_EXPLAIN]		= sizeof(uint8_t),
	[ILA_ATTR_WHY]			= sizeof(uint8_t),
	[ILA_ATTR_TRANSLATED]		= sizeof(struct in6_addr),
	[ILA_ATTR_GATEWAY]		= sizeof(struct in6_addr),
	[ILA_ATTR_FASTPATH]		= sizeof(uint8_t),
};

/**
 * ila_fields_put() - add the members that are asked for to a message
 * @nlh: message
 * @fields: table
 * @from: struct
 * @set: flags of those to add
 */
void ila_fields_put(struct nlmsghdr *nlh, const struct ila_field *fields,
		    const void *from, uint32_t set)
{
	const struct ila_field *field;

	for (field = fields; field->attr; field++) {
		if (set & field->flag)
			mnl_attr_put(nlh, field->attr,
				     ila_attr_sizes[field->attr],
				     (const char *)from + field->offset);
	}
}

static const struct ila_field *
ila_field_find(const struct ila_field *fields, uint16_t attr)
{
	while (fields->attr && fields->attr != attr)
		fields++;
	return fields->attr ? fields : NULL;
}

/**
 * ila_fields_get() - take members from a message
 * @nlh: message; what is not in the table is passed over
 * @fields: table
 * @to: struct; members that are not in the message stay as they are
 * @set: gets the flags of those that are
 *
 * Return: 0; -EBADMSG: an attribute is too short.
 */
int ila_fields_get(const struct nlmsghdr *nlh, const struct ila_field *fields,
		   void *to, uint32_t *set)
{
	const struct ila_field *field;
	const struct nlattr *attr;

	*set = 0;
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		field = ila_field_find(fields, mnl_attr_get_type(attr));
		if (!field)
			continue;
		if (mnl_attr_get_payload_len(attr) < ila_attr_sizes[field->attr])
			return -EBADMSG;
		memcpy((char *)to + field->offset, mnl_attr_get_payload(attr),
		       ila_attr_sizes[field->attr]);
		*set |= field->flag;
	}
	return 0;
}

/**
 * ila_answer_bad() - fail because the kernel's answer makes no sense
 * @ila: handle
 *
 * Return: -EBADMSG.
 */
int ila_answer_bad(struct ila *ila)
{
	return ila_fail(ila, -EBADMSG, "the kernel's answer is malformed");
}

struct ila_query {
	const struct ila_field *fields;
	void *to;
	uint32_t *set;
	bool answered;
};

static int ila_query_answer(struct ila *ila, const struct nlmsghdr *nlh,
			    void *data)
{
	struct ila_query *query = data;

	query->answered = true;
	if (ila_fields_get(nlh, query->fields, query->to, query->set))
		return ila_answer_bad(ila);
	return 0;
}

/**
 * ila_query() - send a request and take its one answer
 * @ila: handle
 * @nlh: the request
 * @fields: table for the answer
 * @to: struct for the answer
 * @set: gets the flags of what was in the answer
 *
 * Return: 0, or a negative errno value, with words.
 */
int ila_query(struct ila *ila, struct nlmsghdr *nlh,
	      const struct ila_field *fields, void *to, uint32_t *set)
{
	struct ila_query query = { .fields = fields, .to = to, .set = set };
	int err = ila_exchange(ila, nlh, ila_query_answer, &query);

	if (err)
		return err;
	return query.answered ? 0 : ila_answer_bad(ila);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * libila: mappings, one by one; dumps and flushes
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "internal.h"

static_assert(sizeof(struct ila_mapping) == 56, "part of the ABI");
static_assert(sizeof(struct ila_mapping) % MNL_ALIGNTO == 0, "no padding");
static_assert(ILA_HEAD_LEN + ILA_MAPPING_LOCATORS * ILA_RECORD_LEN <=
	      ILA_REQUEST_LEN, "a mapping fits in a request");

/* An address is one prefix of 128 bits */
static const struct ila_field ila_filter_fields[] = {
	{ ILA_ATTR_ADDRESS, offsetof(struct ila_filter, address),
	  ILA_FILTER_ADDRESS | ILA_FILTER_PREFIX },
	{ ILA_ATTR_PREFIX_LEN, offsetof(struct ila_filter, prefix_len),
	  ILA_FILTER_PREFIX },
	{ ILA_ATTR_LOCATOR, offsetof(struct ila_filter, locator), ILA_FILTER_LOCATOR },
	{ ILA_ATTR_DOMAIN, offsetof(struct ila_filter, domain), ILA_FILTER_DOMAIN },
	{ ILA_ATTR_ORIGIN, offsetof(struct ila_filter, origin), ILA_FILTER_ORIGIN },
	{ ILA_ATTR_IDLE, offsetof(struct ila_filter, idle), ILA_FILTER_IDLE },
	{ ILA_ATTR_SWEEP, offsetof(struct ila_filter, sweep), ILA_FILTER_SWEEP },
	{ 0 }
};

static const struct ila_field ila_count_fields[] = {
	{ ILA_ATTR_COUNT, 0, 1 },
	{ 0 }
};

/* Records as attributes
 */

/* As much of a record as tells which mapping it is */
static struct ila_mapping ila_record_key(const struct ila_mapping *m)
{
	struct ila_mapping key = {
		.domain = m->domain,
		.flags = m->flags & ILA_MAPPING_LOCAL,
	};

	memcpy(key.address, m->address, sizeof(key.address));
	if (key.flags)
		key.identifier = m->identifier;
	return key;
}

/**
 * ila_record_write() - a record as an attribute
 * @record: where, ILA_RECORD_LEN bytes, of any alignment
 * @cmd: ILA_CMD_MAPPING_ of the request it is for
 * @m: the record
 * @more: another one of the same mapping follows
 *
 * Leaves out what a request must not have, so that the answers to one can be
 * sent again.
 */
void ila_record_write(void *record, unsigned int cmd,
		      const struct ila_mapping *m, bool more)
{
	const struct nlattr head = {
		.nla_len = ILA_RECORD_LEN,
		.nla_type = ILA_ATTR_MAPPING,
	};
	struct ila_mapping body;

	body = cmd == ILA_CMD_MAPPING_DEL ? ila_record_key(m) : *m;
	body.idle = 0;
	body.generation = 0;
	body.flags &= ~ILA_MAPPING_MORE;
	if (more)
		body.flags |= ILA_MAPPING_MORE;
	memcpy(record, &head, sizeof(head));
	memcpy((char *)record + sizeof(head), &body, sizeof(body));
}

/**
 * ila_sets_each() - the mappings in a message, one by one
 * @nlh: message
 * @cb: takes the records of each; a negative value stops
 * @data: for @cb
 *
 * Return: 0; what @cb stopped with; -EBADMSG.
 */
int ila_sets_each(const struct nlmsghdr *nlh, ila_mapping_cb cb, void *data)
{
	struct ila_mapping set[ILA_MAPPING_LOCATORS];
	const struct nlattr *attr;
	unsigned int n = 0;
	int err;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != ILA_ATTR_MAPPING)
			continue;
		if (mnl_attr_get_payload_len(attr) < sizeof(*set) ||
		    n == ILA_MAPPING_LOCATORS)
			return -EBADMSG;
		memcpy(&set[n], mnl_attr_get_payload(attr), sizeof(*set));
		if (set[n++].flags & ILA_MAPPING_MORE)
			continue;
		err = cb(set, n, data);
		if (err < 0)
			return err;
		n = 0;
	}
	return n ? -EBADMSG : 0;
}

/* One mapping
 */

/**
 * ila_mapping_init() - a record with what most mappings have
 * @record: gets it: checksum mode and identifier type of the route, no timeout,
 *	domain 0, origin static, priority 0, weight 1
 * @address: SIR address
 * @locator: where it is
 */
void ila_mapping_init(struct ila_mapping *record,
		      const struct in6_addr *address, __be64 locator)
{
	memset(record, 0, sizeof(*record));
	memcpy(record->address, address, sizeof(record->address));
	record->locator = locator;
	record->csum_mode = ILA_CSUM_ROUTE;
	record->ident_type = ILA_ATYPE_ROUTE;
	record->weight = 1;
}

static int ila_mapping_write(struct ila *ila, uint8_t cmd,
			     const struct ila_mapping *records, unsigned int n)
{
	struct nlmsghdr *nlh = ila_prepare(ila, cmd);
	unsigned int i;

	if (!n || n > ILA_MAPPING_LOCATORS)
		return ila_fail(ila, -EINVAL, "a mapping has 1 to 8 locators");
	for (i = 0; i < n; i++) {
		ila_record_write(mnl_nlmsg_get_payload_tail(nlh), cmd,
				 &records[i], i + 1 < n);
		nlh->nlmsg_len += ILA_RECORD_LEN;
	}
	return ila_exchange(ila, nlh, NULL, NULL);
}

/**
 * ila_mapping_new() - add a mapping
 * @ila: handle
 * @records: its records
 * @n: how many
 *
 * Return: 0; -EEXIST: there is one; -EINVAL; -ENOSPC: the limit is reached;
 * -ENOMEM; -EPERM.
 */
int ila_mapping_new(struct ila *ila, const struct ila_mapping *records,
		    unsigned int n)
{
	return ila_mapping_write(ila, ILA_CMD_MAPPING_NEW, records, n);
}

/**
 * ila_mapping_change() - change a mapping
 * @ila: handle
 * @records: what its records shall be
 * @n: how many
 *
 * Return: 0; -ENOENT: there is none; -EINVAL; -ENOMEM; -EPERM.
 */
int ila_mapping_change(struct ila *ila, const struct ila_mapping *records,
		       unsigned int n)
{
	return ila_mapping_write(ila, ILA_CMD_MAPPING_CHANGE, records, n);
}

/**
 * ila_mapping_replace() - add a mapping, or change the one there is
 * @ila: handle
 * @records: what its records shall be
 * @n: how many
 *
 * Return: 0; -EINVAL; -ENOSPC: the limit is reached; -ENOMEM; -EPERM.
 */
int ila_mapping_replace(struct ila *ila, const struct ila_mapping *records,
			unsigned int n)
{
	return ila_mapping_write(ila, ILA_CMD_MAPPING_REPLACE, records, n);
}

/**
 * ila_mapping_del() - delete a mapping with all its locators
 * @ila: handle
 * @record: says which by address and domain, and for ILA_MAPPING_LOCAL by
 *	identifier; the rest does not matter
 *
 * Return: 0; -ENOENT: there is none; -EPERM.
 */
int ila_mapping_del(struct ila *ila, const struct ila_mapping *record)
{
	return ila_mapping_write(ila, ILA_CMD_MAPPING_DEL, record, 1);
}

/* Where the records of one mapping go */
struct ila_mapping_found {
	struct ila_mapping *records;
	unsigned int n;
};

static int ila_mapping_keep(const struct ila_mapping *records, unsigned int n,
			    void *data)
{
	struct ila_mapping_found *found = data;

	memcpy(found->records, records, n * sizeof(*records));
	found->n = n;
	return 0;
}

static int ila_mapping_get_answer(struct ila *ila, const struct nlmsghdr *nlh,
				  void *data)
{
	if (ila_sets_each(nlh, ila_mapping_keep, data))
		return ila_answer_bad(ila);
	return 0;
}

/**
 * ila_mapping_get() - look a mapping up
 * @ila: handle
 * @domain: identifier namespace
 * @address: its address
 * @records: gets its records, up to ILA_MAPPING_LOCATORS
 *
 * Local identifiers are found by a dump only.
 *
 * Return: the number of records; -ENOENT: there is none; -EPERM.
 */
int ila_mapping_get(struct ila *ila, uint32_t domain,
		    const struct in6_addr *address,
		    struct ila_mapping records[ILA_MAPPING_LOCATORS])
{
	const struct ila_filter key = { .address = *address, .domain = domain };
	struct nlmsghdr *nlh = ila_prepare(ila, ILA_CMD_MAPPING_GET);
	struct ila_mapping_found found = { .records = records };
	int err;

	ila_fields_put(nlh, ila_filter_fields, &key,
		       ILA_FILTER_ADDRESS | ILA_FILTER_DOMAIN);
	err = ila_exchange(ila, nlh, ila_mapping_get_answer, &found);
	if (err)
		return err;
	return found.n ? (int)found.n : ila_answer_bad(ila);
}

/* Many
 */

static void ila_filter_put(struct nlmsghdr *nlh,
			   const struct ila_filter *filter)
{
	if (filter)
		ila_fields_put(nlh, ila_filter_fields, filter, filter->set);
}

struct ila_mapping_dump {
	ila_mapping_cb cb;
	void *data;
	bool stopped;
};

static int ila_mapping_dump_set(const struct ila_mapping *records,
				unsigned int n, void *data)
{
	struct ila_mapping_dump *dump = data;
	int err = dump->cb(records, n, dump->data);

	dump->stopped = err < 0;
	return err;
}

static int ila_mapping_dump_answer(struct ila *ila, const struct nlmsghdr *nlh,
				   void *data)
{
	const struct ila_mapping_dump *dump = data;
	int err = ila_sets_each(nlh, ila_mapping_dump_set, data);

	return err && !dump->stopped ? ila_answer_bad(ila) : err;
}

/**
 * ila_mapping_dump() - mappings, one by one, then local identifiers
 * @ila: handle
 * @filter: which, NULL for all
 * @cb: takes the records of each; a negative value stops
 * @data: for @cb
 *
 * Return: 0; ILA_CHANGED: mappings changed meanwhile; what @cb stopped with;
 * -EINVAL; -EPERM.
 */
int ila_mapping_dump(struct ila *ila, const struct ila_filter *filter,
		     ila_mapping_cb cb, void *data)
{
	struct ila_mapping_dump dump = { .cb = cb, .data = data };
	struct nlmsghdr *nlh = ila_prepare_dump(ila, ILA_CMD_MAPPING_GET);

	ila_filter_put(nlh, filter);
	return ila_exchange(ila, nlh, ila_mapping_dump_answer, &dump);
}

/**
 * ila_mapping_flush() - delete mappings and local identifiers
 * @ila: handle
 * @filter: which, NULL for all
 * @deleted: gets how many, may be NULL
 *
 * Return: 0; -EINVAL; -EPERM.
 */
int ila_mapping_flush(struct ila *ila, const struct ila_filter *filter,
		      uint32_t *deleted)
{
	struct nlmsghdr *nlh = ila_prepare(ila, ILA_CMD_MAPPING_FLUSH);
	uint32_t count = 0, set;
	int err;

	ila_filter_put(nlh, filter);
	err = ila_query(ila, nlh, ila_count_fields, &count, &set);
	if (deleted)
		*deleted = count;
	return err;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: applying a message of mappings, all or none
 *
 * Whatever can fail is done first: checking, allocating, finding locators,
 * making room in the table. The rest is pointers.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/ila_record.h>
#include <net/netlink.h>

#include "event.h"
#include "mapping.h"
#include "netlink.h"

/**
 * struct ila_change - what becomes of one mapping
 * @node: its key and domain
 * @hash: of both
 * @attr: its first record in the message
 * @n: how many records there are: locators
 * @next: another one that falls together with it, index and 1
 * @superseded: a later one in the message is about the same mapping
 * @local: it is a local identifier
 * @old: the reference of what is there, 0 without
 * @expired: of what is there, the time is over
 * @new: the reference it gets, with a use of its target; 0: it goes
 */
struct ila_change {
	struct ila_node node;
	u64 hash;
	const struct nlattr *attr;
	unsigned int n;
	unsigned int next;
	bool superseded;
	bool local;
	bool expired;
	unsigned long old;
	unsigned long new;
};

/**
 * struct ila_message - a message of mappings
 * @ilan: the namespace
 * @extack: where to say what is wrong
 * @cmd: ILA_CMD_MAPPING_
 * @generation: of what is written
 * @now: the time
 * @n: number of changes
 * @n_new: mappings that come newly
 * @n_new_locals: local identifiers that do
 * @heads: the first change of each hash, index and 1
 * @mask: number of @heads less one
 * @changes: the changes
 */
struct ila_message {
	struct ila_net *ilan;
	struct netlink_ext_ack *extack;
	u8 cmd;
	u32 generation;
	u32 now;
	unsigned int n;
	unsigned int n_new;
	unsigned int n_new_locals;
	unsigned int *heads;
	unsigned int mask;
	struct ila_change *changes;
};

/* Records are aligned as netlink attributes are, and that is not enough */
static void ila_record_get(const struct nlattr *attr, struct ila_mapping *record)
{
	memcpy(record, nla_data(attr), sizeof(*record));
}

static int ila_refuse(struct netlink_ext_ack *extack, const struct nlattr *attr,
		      const char *why, int err)
{
	NL_SET_BAD_ATTR(extack, attr);
	if (extack && why)
		extack->_msg = why;
	return err;
}

/* Of one mapping's records, all but the locator agree */
static bool ila_records_agree(const struct ila_mapping *a,
			      const struct ila_mapping *b)
{
	struct ila_mapping c = *b;

	c.locator = a->locator;
	c.priority = a->priority;
	c.weight = a->weight;
	c.flags ^= (c.flags ^ a->flags) & ILA_MAPPING_MORE;
	return !memcmp(a, &c, sizeof(c));
}

/* Reading the message
 */

static const struct nlattr *ila_next_record(const struct nlattr *attr, int *rem)
{
	while (nla_ok(attr, *rem)) {
		if (nla_type(attr) == ILA_ATTR_MAPPING)
			return attr;
		attr = nla_next(attr, rem);
	}
	return NULL;
}

static unsigned int ila_count_records(const struct genl_info *info)
{
	const struct nlattr *attr = genlmsg_data(info->genlhdr);
	int rem = nlmsg_attrlen(info->nlhdr, GENL_HDRLEN);
	unsigned int n = 0;

	while ((attr = ila_next_record(attr, &rem))) {
		n++;
		attr = nla_next(attr, &rem);
	}
	return n;
}

static void ila_change_key(struct ila_change *change,
			   const struct ila_mapping *r)
{
	change->local = r->flags & ILA_MAPPING_LOCAL;
	if (change->local)
		change->node.key = (struct ila_addr) { .ident = r->identifier };
	else
		change->node.key = *ila_record_addr(r);
	change->node.domain = r->domain;
	change->hash = ila_table_hash(&change->node.key, r->domain);
}

/* Read one mapping: a record, and those that belong to it. @attr is the first
 * one, and then the last one.
 */
static int ila_read_change(struct ila_message *msg, struct ila_change *change,
			   const struct nlattr **attr, int *rem)
{
	struct ila_mapping first, r;
	const char *why;

	ila_record_get(*attr, &first);
	r = first;
	memset(change, 0, sizeof(*change));
	change->attr = *attr;
	ila_change_key(change, &r);
	for (change->n = 1;; change->n++) {
		why = msg->cmd == ILA_CMD_MAPPING_DEL ? ila_record_check_key(&r) :
							ila_record_check(&r);
		if (why)
			return ila_refuse(msg->extack, *attr, why, -EINVAL);
		if (!(r.flags & ILA_MAPPING_MORE))
			return 0;
		if (change->n == ILA_MAPPING_LOCATORS)
			return ila_refuse(msg->extack, *attr,
					  "a mapping has 8 locators at most",
					  -EINVAL);
		*attr = nla_next(*attr, rem);
		if (!nla_ok(*attr, *rem) || nla_type(*attr) != ILA_ATTR_MAPPING)
			return ila_refuse(msg->extack, change->attr,
					  "more locators were announced than there are",
					  -EINVAL);
		ila_record_get(*attr, &r);
		if (!ila_records_agree(&first, &r))
			return ila_refuse(msg->extack, *attr,
					  "a mapping's records differ in more than locator, priority and weight",
					  -EINVAL);
	}
}

static int ila_read_message(struct ila_message *msg,
			    const struct genl_info *info)
{
	const struct nlattr *attr = genlmsg_data(info->genlhdr);
	int rem = nlmsg_attrlen(info->nlhdr, GENL_HDRLEN);
	int err;

	while ((attr = ila_next_record(attr, &rem))) {
		err = ila_read_change(msg, &msg->changes[msg->n], &attr, &rem);
		if (err)
			return err;
		attr = nla_next(attr, &rem);
		if (!(++msg->n % 32))
			cond_resched();
	}
	return 0;
}

/* Preparing
 */

static struct ila_maps *ila_change_maps(struct ila_message *msg,
					const struct ila_change *change)
{
	return change->local ? &msg->ilan->locals : &msg->ilan->mappings;
}

/* An earlier change of the same message that is about the same mapping */
static struct ila_change *ila_change_earlier(struct ila_message *msg,
					     struct ila_change *change)
{
	unsigned int *head = &msg->heads[change->hash & msg->mask], i;
	struct ila_change *other;

	for (i = *head; i; i = other->next) {
		other = &msg->changes[i - 1];
		if (other->hash == change->hash &&
		    other->local == change->local &&
		    ila_node_is(&other->node, &change->node.key,
				change->node.domain))
			break;
	}
	change->next = *head;
	*head = change - msg->changes + 1;
	return i ? other : NULL;
}

/* What the tables will need room for */
static void ila_change_tally(struct ila_message *msg,
			     const struct ila_change *change, int one)
{
	if (change->old)
		return;
	if (change->local)
		msg->n_new_locals += one;
	else
		msg->n_new += one;
}

static void ila_change_undo(struct ila_message *msg, struct ila_change *change)
{
	if (change->superseded || !change->new)
		return;
	change->superseded = true;
	ila_target_put(msg->ilan, ila_ref_target(change->new));
	ila_change_tally(msg, change, -1);
}

/* A local mapping is found by its identifier, but who deletes it says all of it */
static bool ila_change_is_meant(const struct ila_change *change)
{
	const struct ila_exact *exact = ila_ref_exact(change->old);
	struct ila_mapping r;

	if (!change->local)
		return true;
	ila_record_get(change->attr, &r);
	return !memcmp(&exact->address, ila_record_addr(&r),
		       sizeof(exact->address));
}

/* Find what is there, and whether that is as the command wants it */
static int ila_change_find(struct ila_message *msg, struct ila_change *change)
{
	struct ila_change *earlier = ila_change_earlier(msg, change);
	struct ila_place place;
	bool exists;

	change->old = ila_maps_find_hash(ila_change_maps(msg, change),
					 &change->node.key, change->node.domain,
					 change->hash, &place);
	change->expired = change->old &&
			  ila_place_expired(&place, change->old, msg->now);
	exists = change->old && !change->expired;
	if (exists && msg->cmd == ILA_CMD_MAPPING_DEL)
		exists = ila_change_is_meant(change);
	if (earlier)
		exists = msg->cmd != ILA_CMD_MAPPING_DEL;
	if (exists && msg->cmd == ILA_CMD_MAPPING_NEW)
		return ila_refuse(msg->extack, change->attr,
				  "there is a mapping already", -EEXIST);
	if (!exists && (msg->cmd == ILA_CMD_MAPPING_CHANGE ||
			msg->cmd == ILA_CMD_MAPPING_DEL))
		return ila_refuse(msg->extack, change->attr,
				  "there is no such mapping", -ENOENT);
	if (earlier)
		ila_change_undo(msg, earlier);
	return 0;
}

/* One locator of common weight, 0 or 1, needs none: the mapping points to it */
static bool ila_change_needs_set(const struct ila_change *change,
				 const struct ila_mapping *r)
{
	return change->n > 1 || r->priority || r->weight > 1;
}

static struct ila_locator *ila_record_locator(struct ila_message *msg,
					      const struct ila_mapping *r)
{
	__be64 sir = ila_record_addr(r)->upper;

	return ila_locator_get(msg->ilan, r->locator, r->domain,
			       r->identifier ? NULL : &sir, msg->extack);
}

/* Records of one mapping follow each other */
static void ila_change_record(const struct ila_change *change, unsigned int i,
			      struct ila_mapping *record)
{
	const char *attr = (const char *)change->attr +
			   i * nla_total_size(sizeof(*record));

	ila_record_get((const struct nlattr *)attr, record);
}

static struct ila_target *ila_change_set(struct ila_message *msg,
					 const struct ila_change *change)
{
	struct ila_member members[ILA_MAPPING_LOCATORS];
	struct ila_locator *loc;
	struct ila_mapping r;
	struct ila_set *set;
	unsigned int i;

	for (i = 0; i < change->n; i++) {
		ila_change_record(change, i, &r);
		loc = ila_record_locator(msg, &r);
		if (IS_ERR(loc)) {
			while (i--)
				ila_locator_put(msg->ilan, members[i].locator);
			return ERR_CAST(loc);
		}
		members[i] = (struct ila_member) {
			.locator = loc,
			.priority = r.priority,
			.weight = r.weight,
		};
	}
	set = ila_set_get(msg->ilan, members, change->n);
	if (!set)
		return ERR_PTR(-ENOMEM);
	/* all its locators go with this prefix, and this domain */
	if (!r.identifier) {
		set->target.upper = change->node.key.upper;
		set->target.domain = change->node.domain;
	}
	return &set->target;
}

/* Return: where it shall lead, with a use of it; NULL: it is local */
static struct ila_target *ila_change_to(struct ila_message *msg,
					const struct ila_change *change,
					const struct ila_mapping *r)
{
	struct ila_locator *loc;

	if (change->local)
		return NULL;
	if (ila_change_needs_set(change, r))
		return ila_change_set(msg, change);
	loc = ila_record_locator(msg, r);
	return IS_ERR(loc) ? ERR_CAST(loc) : &loc->target;
}

static struct ila_vnid *ila_record_vnid(struct ila_message *msg,
					const struct ila_mapping *r)
{
	if (ila_ident_type(r->identifier) != ILA_ATYPE_VIRT_UNI_V6)
		return NULL;
	return ila_vnid_get(msg->ilan, r->identifier, ila_record_addr(r),
			    r->domain, msg->extack);
}

/* Have an identifier stand before @to, whose use goes here in any case */
static struct ila_target *ila_change_exact(struct ila_message *msg,
					   const struct ila_change *change,
					   const struct ila_mapping *r,
					   struct ila_target *to)
{
	struct ila_exact *exact = ila_target_alloc(sizeof(*exact));
	int err = -ENOMEM;

	if (!exact)
		goto put;
	exact->vnid = ila_record_vnid(msg, r);
	if (IS_ERR(exact->vnid)) {
		err = PTR_ERR(exact->vnid);
		kfree(exact);
		goto put;
	}
	exact->target.upper = change->node.key.upper;
	exact->target.domain = change->node.domain;
	exact->target.kind = ILA_TARGET_EXACT;
	exact->ident = r->identifier;
	exact->address = *ila_record_addr(r);
	RCU_INIT_POINTER(exact->to, to);
	return &exact->target;

put:
	if (to)
		ila_target_put(msg->ilan, to);
	return ERR_PTR(err);
}

static unsigned long ila_change_flags(const struct ila_change *change,
				      const struct ila_mapping *r)
{
	unsigned long flags = ila_csum_flag(r->csum_mode);

	if (r->ident_type != ILA_ATYPE_ROUTE)
		flags |= ILA_REF_TYPED;
	if (r->timeout)
		flags |= ILA_REF_EXPIRES;
	if (r->weight && !ila_change_needs_set(change, r))
		flags |= ILA_REF_WEIGHT;
	return flags;
}

/* Find or make what the mapping shall refer to */
static int ila_change_target(struct ila_message *msg,
			     struct ila_change *change)
{
	struct ila_target *target;
	struct ila_mapping r;

	ila_record_get(change->attr, &r);
	target = ila_change_to(msg, change, &r);
	if (!IS_ERR(target) && r.identifier)
		target = ila_change_exact(msg, change, &r, target);
	if (IS_ERR(target))
		return PTR_ERR(target);
	change->new = (unsigned long)target | ila_change_flags(change, &r);
	ila_change_tally(msg, change, 1);
	return 0;
}

static int ila_change_prepare(struct ila_message *msg,
			      struct ila_change *change)
{
	int err;

	err = ila_change_find(msg, change);
	if (err || msg->cmd == ILA_CMD_MAPPING_DEL)
		return err;
	err = ila_change_target(msg, change);
	return err ? ila_refuse(msg->extack, change->attr, NULL, err) : 0;
}

/* Name the first mapping that is one too many */
static int ila_message_limit(struct ila_message *msg)
{
	struct ila_net *ilan = msg->ilan;
	u64 n = (u64)ilan->mappings.n + ilan->locals.n;
	unsigned int i;

	if (!msg->n_new && !msg->n_new_locals)
		return 0;
	if (n + msg->n_new + msg->n_new_locals <= ilan->config.limit)
		return 0;
	for (i = 0; i < msg->n; i++)
		if (!msg->changes[i].old && !msg->changes[i].superseded &&
		    ++n > ilan->config.limit)
			break;
	return ila_refuse(msg->extack, msg->changes[i].attr,
			  "more mappings than the namespace's LIMIT", -ENOSPC);
}

/* Room in the tables */
static int ila_message_reserve(struct ila_message *msg)
{
	struct ila_net *ilan = msg->ilan;
	int err = ila_message_limit(msg);

	if (err)
		return err;
	if ((msg->n_new && ila_maps_reserve(&ilan->mappings, msg->n_new)) ||
	    (msg->n_new_locals &&
	     ila_maps_reserve(&ilan->locals, msg->n_new_locals)))
		return -ENOMEM;
	return ila_hooks_update(ilan);
}

/* Nothing below fails.
 */

/* A mapping as it shall be, if nothing was there before */
static void ila_change_map(const struct ila_message *msg,
			   const struct ila_change *change, struct ila_map *map)
{
	struct ila_mapping r;

	ila_record_get(change->attr, &r);
	*map = (struct ila_map) {
		.node = change->node,
		.ref = change->new,
		.used = msg->now,
		.detail = {
			.expires = r.timeout ? (msg->now + r.timeout) ?: 1 : 0,
			.changed = msg->now,
			.generation = msg->generation,
			.ident_type = r.ident_type,
			.origin = r.origin,
		},
	};
}

/* Change a mapping that lives. Return: whether others want to know. */
static bool ila_change_alter(struct ila_message *msg,
			     struct ila_change *change,
			     const struct ila_place *place, struct ila_map *map)
{
	struct ila_map_detail *detail = ila_place_detail(place);
	unsigned long old = place->bucket->refs[place->slot];
	bool same = ila_target_same(ila_ref_target(old),
				    ila_ref_target(map->ref));
	bool tell = !same || (old ^ map->ref) & (ILA_TARGET_ALIGN - 1) ||
		    detail->ident_type != map->detail.ident_type ||
		    detail->origin != map->detail.origin;

	map->used = READ_ONCE(place->bucket->used[place->slot]);
	if (same)
		map->detail.changed = detail->changed;
	/* with a reference that knows of no end, this is not looked at */
	if (map->detail.expires)
		WRITE_ONCE(detail->expires, map->detail.expires);
	WRITE_ONCE(detail->changed, map->detail.changed);
	WRITE_ONCE(detail->generation, map->detail.generation);
	WRITE_ONCE(detail->ident_type, map->detail.ident_type);
	WRITE_ONCE(detail->origin, map->detail.origin);
	if (old != map->ref)
		ila_place_change(place, map->ref);
	if (tell)
		ila_change_maps(msg, change)->seq++;
	return tell;
}

/* Give up what a mapping referred to */
static void ila_change_leave(struct ila_message *msg,
			     const struct ila_change *change)
{
	struct ila_target *old = ila_ref_target(change->old);

	msg->ilan->n_expiring -= !!(change->old & ILA_REF_EXPIRES);
	ila_target_detach(old, !ila_target_same(old,
						ila_ref_target(change->new)));
	ila_target_put(msg->ilan, old);
}

static bool ila_change_place(struct ila_message *msg, struct ila_change *change,
			     struct ila_place *place)
{
	return ila_maps_find_hash(ila_change_maps(msg, change),
				  &change->node.key, change->node.domain,
				  change->hash, place);
}

static void ila_change_write(struct ila_message *msg, struct ila_change *change,
			     struct ila_event *event)
{
	struct ila_maps *maps = ila_change_maps(msg, change);
	struct ila_place place;
	struct ila_map map;
	bool tell = true;

	ila_change_map(msg, change, &map);
	ila_target_attach(ila_ref_target(change->new));
	msg->ilan->n_expiring += !!(change->new & ILA_REF_EXPIRES);
	if (!ila_change_place(msg, change, &place))
		ila_maps_insert(maps, &map);
	else if (change->expired)
		ila_maps_rewrite(maps, &place, &map);
	else
		tell = ila_change_alter(msg, change, &place, &map);
	if (change->old)
		ila_change_leave(msg, change);
	if (tell)
		ila_event_map(event, &map, msg->now);
}

static void ila_change_remove(struct ila_message *msg,
			      struct ila_change *change,
			      struct ila_event *event)
{
	struct ila_place place;
	struct ila_map map;

	ila_change_place(msg, change, &place);
	ila_place_get(&place, &map);
	ila_event_map(event, &map, msg->now);
	ila_map_remove(msg->ilan, ila_change_maps(msg, change), &place);
}

static void ila_message_apply(struct ila_message *msg)
{
	struct ila_change *change;
	struct ila_event event;
	unsigned int i;

	ila_event_begin(&event, msg->ilan, msg->cmd);
	for (i = 0; i < msg->n; i++) {
		change = &msg->changes[i];
		if (change->superseded)
			continue;
		if (!(i % 32))
			cond_resched();
		if (msg->cmd == ILA_CMD_MAPPING_DEL)
			ila_change_remove(msg, change, &event);
		else
			ila_change_write(msg, change, &event);
	}
	ila_event_end(&event);
}

static int ila_message_prepare(struct ila_message *msg)
{
	struct ila_net *ilan = msg->ilan;
	unsigned int i;
	int err = 0;

	/* the buckets are in memory, and may be here when they are looked at */
	for (i = 0; i < msg->n; i++) {
		if (i + ILA_TABLE_AHEAD < msg->n)
			ila_maps_prefetch_all(&ilan->mappings,
					      msg->changes[i + ILA_TABLE_AHEAD].hash);
		err = ila_change_prepare(msg, &msg->changes[i]);
		if (err)
			break;
		if (!(i % 32))
			cond_resched();
	}
	if (!err)
		err = ila_message_reserve(msg);
	if (!err)
		return 0;
	while (i--)
		ila_change_undo(msg, &msg->changes[i]);
	return err;
}

static int ila_message_commit(struct ila_message *msg)
{
	struct ila_net *ilan = msg->ilan;
	int err = -ENODEV;

	mutex_lock(&ilan->mutex);
	msg->now = ila_now();
	if (!ilan->dead)
		err = ila_message_prepare(msg);
	ila_locator_settle(ilan, !err);
	if (!err) {
		ila_message_apply(msg);
		/* they go round, and 0 is none */
		if (msg->generation &&
		    (!ilan->generation ||
		     (s32)(msg->generation - ilan->generation) > 0))
			ilan->generation = msg->generation;
	}
	ila_maps_shrink(&ilan->mappings);
	ila_maps_shrink(&ilan->locals);
	ila_hooks_update(ilan);
	if (ilan->n_expiring)
		ila_gc_kick(ilan);
	mutex_unlock(&ilan->mutex);
	return err;
}

/**
 * ila_mapping_change() - apply a message of mappings
 * @ilan: the namespace
 * @info: the message: MAPPING_NEW, _CHANGE, _REPLACE or _DEL
 *
 * Process context; takes the namespace's mutex.
 *
 * Return: 0; or an error, of which the extended ack names the mapping, and then
 * nothing has changed: -EINVAL, -EEXIST, -ENOENT, -ENOSPC, -ENOMEM.
 */
int ila_mapping_change(struct ila_net *ilan, struct genl_info *info)
{
	struct nlattr *generation = info->attrs[ILA_ATTR_GENERATION];
	unsigned int n = ila_count_records(info);
	struct ila_message msg = {
		.ilan = ilan,
		.extack = info->extack,
		.cmd = info->genlhdr->cmd,
		.generation = generation ? nla_get_u32(generation) : 0,
	};
	int err = -ENOMEM;

	if (!n)
		return ila_missing(info, ILA_ATTR_MAPPING, "MAPPING is missing");
	msg.mask = roundup_pow_of_two(n) * 2 - 1;
	msg.changes = kvmalloc_array(n, sizeof(*msg.changes), GFP_KERNEL_ACCOUNT);
	msg.heads = kvcalloc(msg.mask + 1, sizeof(*msg.heads),
			     GFP_KERNEL_ACCOUNT);
	if (msg.changes && msg.heads)
		err = ila_read_message(&msg, info) ?: ila_message_commit(&msg);
	kvfree(msg.heads);
	kvfree(msg.changes);
	return err;
}

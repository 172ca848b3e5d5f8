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
 * @tell: something changes that others want to know
 * @local: it is a local identifier
 * @old: what is there
 * @new: what takes its place; NULL: @old stays and changes
 * @locator: then, its locator, unless it is local or has several
 */
struct ila_change {
	struct ila_node node;
	u64 hash;
	const struct nlattr *attr;
	unsigned int n;
	unsigned int next;
	bool superseded;
	bool tell;
	bool local;
	struct ila_map *old;
	struct ila_map *new;
	struct ila_locator *locator;
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
 * @n_gone: mappings that go, or are replaced
 * @dead: where they go
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
	unsigned int n_gone;
	struct ila_dead *dead;
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
		if (!(++msg->n % 1024))
			cond_resched();
	}
	return 0;
}

/* Preparing
 */

static struct ila_table *ila_change_table(struct ila_message *msg,
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

/* What the tables will need room for, and will not */
static void ila_change_tally(struct ila_message *msg,
			     const struct ila_change *change, int one)
{
	if (change->old)
		msg->n_gone += one;
	else if (change->local)
		msg->n_new_locals += one;
	else
		msg->n_new += one;
}

static void ila_change_undo(struct ila_message *msg, struct ila_change *change)
{
	if (change->superseded)
		return;
	change->superseded = true;
	if (change->locator)
		ila_locator_put(msg->ilan, change->locator);
	if (change->new) {
		ila_map_release(msg->ilan, change->new);
		ila_map_free(change->new);
		ila_change_tally(msg, change, -1);
	}
}

/* Find what is there, and whether that is as the command wants it */
static int ila_change_find(struct ila_message *msg, struct ila_change *change)
{
	struct ila_change *earlier = ila_change_earlier(msg, change);
	bool exists;

	change->old = (struct ila_map *)
		ila_table_find_hash(ila_change_table(msg, change),
				    &change->node.key, change->node.domain,
				    change->hash);
	exists = change->old && !ila_map_expired(change->old, msg->now);
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

/* May a mapping stay in place and get another locator only? */
static bool ila_change_in_place(const struct ila_message *msg,
				const struct ila_change *change,
				const struct ila_mapping *r)
{
	const struct ila_map *old = change->old;

	if (!old || ila_change_needs_set(change, r) ||
	    old->flags & ILA_MAP_SET ||
	    !(old->flags & ILA_MAP_WEIGHT) != !r->weight ||
	    old->csum_mode != r->csum_mode || old->ident_type != r->ident_type ||
	    ila_map_expired(old, msg->now))
		return false;
	if (!(old->flags & ILA_MAP_EXACT))
		return !r->identifier;
	return ila_map_exact(old)->ident == r->identifier &&
	       (!change->local || !memcmp(&ila_map_exact(old)->address,
					  r->address, sizeof(r->address)));
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

static int ila_change_set(struct ila_message *msg, struct ila_change *change)
{
	struct ila_member members[ILA_MAPPING_LOCATORS];
	struct ila_set *set = ERR_PTR(-EINVAL);
	struct ila_locator *loc;
	struct ila_mapping r;
	unsigned int i;

	for (i = 0; i < change->n; i++) {
		ila_change_record(change, i, &r);
		loc = ila_record_locator(msg, &r);
		if (IS_ERR(loc)) {
			set = ERR_CAST(loc);
			goto put;
		}
		members[i] = (struct ila_member) {
			.locator = loc,
			.priority = r.priority,
			.weight = r.weight,
		};
	}
	set = ila_set_get(msg->ilan, members, change->n);
	if (!set)
		return -ENOMEM;
	for (i = 0; i < set->n; i++)
		ila_locator_attach(set->members[i].locator);
	RCU_INIT_POINTER(change->new->set, set);
	change->new->flags |= ILA_MAP_SET;
	return 0;

put:
	while (i--)
		ila_locator_put(msg->ilan, members[i].locator);
	return PTR_ERR(set);
}

static int ila_change_locator(struct ila_message *msg,
			      struct ila_change *change,
			      const struct ila_mapping *r)
{
	struct ila_locator *loc;

	if (change->local)
		return 0;
	if (ila_change_needs_set(change, r))
		return ila_change_set(msg, change);
	loc = ila_record_locator(msg, r);
	if (IS_ERR(loc))
		return PTR_ERR(loc);
	ila_locator_attach(loc);
	RCU_INIT_POINTER(change->new->locator, loc);
	if (r->weight)
		change->new->flags |= ILA_MAP_WEIGHT;
	return 0;
}

static int ila_change_exact(struct ila_message *msg, struct ila_change *change,
			    const struct ila_mapping *r)
{
	struct ila_map_exact *new = ila_map_exact(change->new);
	struct ila_vnid *vnid;

	new->ident = r->identifier;
	new->address = *ila_record_addr(r);
	if (ila_ident_type(r->identifier) != ILA_ATYPE_VIRT_UNI_V6)
		return 0;
	vnid = ila_vnid_get(msg->ilan, r->identifier, &new->address, r->domain,
			    msg->extack);
	if (IS_ERR(vnid))
		return PTR_ERR(vnid);
	new->vnid = vnid;
	return 0;
}

static void ila_map_fill(struct ila_map *map, const struct ila_message *msg,
			 const struct ila_change *change,
			 const struct ila_mapping *r)
{
	u8 flags = map->flags;

	*map = (struct ila_map) {
		.node = change->node,
		.used = msg->now,
		.changed = msg->now,
		.generation = msg->generation,
		.csum_mode = r->csum_mode,
		.ident_type = r->ident_type,
		.origin = r->origin,
		.flags = flags,
	};
}

static u32 ila_expires(const struct ila_message *msg, const struct ila_mapping *r)
{
	return r->timeout ? (msg->now + r->timeout) ?: 1 : 0;
}

static int ila_change_new(struct ila_message *msg, struct ila_change *change,
			  const struct ila_mapping *r)
{
	int err;

	change->new = ila_map_alloc(r->identifier);
	if (!change->new)
		return -ENOMEM;
	ila_map_fill(change->new, msg, change, r);
	err = r->identifier ? ila_change_exact(msg, change, r) : 0;
	if (!err)
		err = ila_change_locator(msg, change, r);
	if (err) {
		ila_map_release(msg->ilan, change->new);
		ila_map_free(change->new);
		change->new = NULL;
		return err;
	}
	ila_map_set_expires(msg->ilan, change->new, ila_expires(msg, r));
	ila_change_tally(msg, change, 1);
	change->tell = true;
	return 0;
}

static bool ila_change_same_set(const struct ila_message *msg,
				const struct ila_change *change)
{
	const struct ila_map *old = change->old, *new = change->new;

	return old && old->flags & ILA_MAP_SET && old->flags == new->flags &&
	       rcu_access_pointer(old->set) == rcu_access_pointer(new->set) &&
	       old->csum_mode == new->csum_mode &&
	       old->ident_type == new->ident_type &&
	       !ila_map_expired(old, msg->now) &&
	       (!(old->flags & ILA_MAP_EXACT) ||
		ila_map_exact(old)->ident == ila_map_exact(new)->ident);
}

/* Several locators, and the same as before: the old mapping may stay */
static void ila_change_keep(struct ila_message *msg, struct ila_change *change)
{
	ila_map_release(msg->ilan, change->new);
	ila_map_free(change->new);
	ila_change_tally(msg, change, -1);
	change->new = NULL;
	change->tell = false;
}

static int ila_change_prepare(struct ila_message *msg,
			      struct ila_change *change)
{
	struct ila_mapping r;
	int err;

	err = ila_change_find(msg, change);
	if (err)
		return err;
	if (msg->cmd == ILA_CMD_MAPPING_DEL) {
		msg->n_gone++;
		return 0;
	}
	ila_record_get(change->attr, &r);
	if (!ila_change_in_place(msg, change, &r)) {
		err = ila_change_new(msg, change, &r);
		if (!err && ila_change_same_set(msg, change))
			ila_change_keep(msg, change);
	} else if (!change->local) {
		change->locator = ila_record_locator(msg, &r);
		if (IS_ERR(change->locator)) {
			err = PTR_ERR(change->locator);
			change->locator = NULL;
		}
	}
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
		if (msg->changes[i].new && !msg->changes[i].old &&
		    !msg->changes[i].superseded && ++n > ilan->config.limit)
			break;
	return ila_refuse(msg->extack, msg->changes[i].attr,
			  "more mappings than the namespace's LIMIT", -ENOSPC);
}

/* Room in the tables, and for what goes */
static int ila_message_reserve(struct ila_message *msg)
{
	struct ila_net *ilan = msg->ilan;
	int err = ila_message_limit(msg);

	if (err)
		return err;
	if (msg->n_gone) {
		msg->dead = ila_dead_alloc(msg->n_gone);
		if (!msg->dead)
			return -ENOMEM;
	}
	if ((msg->n_new && ila_table_reserve(&ilan->mappings, msg->n_new)) ||
	    (msg->n_new_locals &&
	     ila_table_reserve(&ilan->locals, msg->n_new_locals)))
		return -ENOMEM;
	return ila_hooks_update(ilan);
}

/* Nothing below fails.
 */

static void ila_change_stay(struct ila_message *msg, struct ila_change *change,
			    const struct ila_mapping *r)
{
	struct ila_locator *from, *to = change->locator;
	struct ila_net *ilan = msg->ilan;
	struct ila_map *map = change->old;

	change->tell = map->origin != r->origin || !map->expires != !r->timeout;
	ila_map_set_expires(ilan, map, ila_expires(msg, r));
	WRITE_ONCE(map->origin, r->origin);
	WRITE_ONCE(map->generation, msg->generation);
	if (!to)
		return;
	from = rcu_dereference_protected(map->locator, 1);
	if (from == to) {
		ila_locator_put(ilan, to);
		return;
	}
	if (ila_locator_current(from) != to) {
		WRITE_ONCE(map->changed, msg->now);
		change->tell = true;
	}
	ila_locator_attach(to);
	rcu_assign_pointer(map->locator, to);
	ila_locator_detach(ilan, from);
	ilan->mappings.seq++;
}

static void ila_change_write(struct ila_message *msg, struct ila_change *change)
{
	struct ila_table *table = ila_change_table(msg, change);
	struct ila_mapping r;

	if (change->new && !change->old) {
		ila_table_insert(table, &change->new->node);
	} else if (change->new) {
		ila_table_swap(table, &change->old->node, &change->new->node);
		ila_map_release(msg->ilan, change->old);
		msg->dead->maps[msg->dead->n++] = change->old;
	} else {
		ila_record_get(change->attr, &r);
		ila_change_stay(msg, change, &r);
	}
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
		if (!(i % 1024))
			cond_resched();
		if (msg->cmd == ILA_CMD_MAPPING_DEL) {
			ila_event_map(&event, change->old, msg->now);
			ila_map_remove(msg->ilan, change->old, msg->dead);
			continue;
		}
		ila_change_write(msg, change);
		if (change->tell)
			ila_event_map(&event, change->new ?: change->old,
				      msg->now);
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
			ila_table_prefetch(&ilan->mappings,
					   msg->changes[i + ILA_TABLE_AHEAD].hash);
		err = ila_change_prepare(msg, &msg->changes[i]);
		if (err)
			break;
		if (!(i % 1024))
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
		ilan->generation = max(ilan->generation, msg->generation);
	}
	ila_table_shrink(&ilan->mappings);
	ila_table_shrink(&ilan->locals);
	ila_hooks_update(ilan);
	if (ilan->n_expiring)
		ila_gc_kick(ilan);
	mutex_unlock(&ilan->mutex);
	ila_dead_free(msg->dead);
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

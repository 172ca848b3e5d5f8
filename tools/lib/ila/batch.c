// SPDX-License-Identifier: GPL-2.0
/*
 * libila: mappings in bulk
 *
 * Records gather in a buffer that is one message, its header in front. The
 * kernel applies a message whole or not at all. It does so within send(), and
 * its verdict is there when that returns: to have several messages under way
 * would save nothing, and those behind a refused one would be applied.
 *
 * If the caller has records left out that are refused, the rest is sent again.
 * A header is shorter than a record, so a message can start at any of them, its
 * header over what was sent before.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

#define ILA_GENERATION_LEN	(MNL_ATTR_HDRLEN + sizeof(uint32_t))
#define ILA_BATCH_HEADROOM	(ILA_HEAD_LEN + ILA_GENERATION_LEN)
#define ILA_BATCH_ROOM		((ILA_BATCH_LEN - ILA_BATCH_HEADROOM) / \
				 ILA_RECORD_LEN)

/* What the kernel keeps of a socket's buffer for itself */
#define ILA_SNDBUF_OVERHEAD	32

static_assert(ILA_BATCH_HEADROOM <= ILA_RECORD_LEN, "fits over a record");

/**
 * struct ila_batch - mappings on their way
 * @ila: handle
 * @cmd: ILA_CMD_MAPPING_
 * @generation: of what is written, 0: says nothing of it
 * @scope: what @generation sweeps
 * @cb: asked about refusals, or NULL
 * @data: for @cb
 * @err: why it has stopped, or 0
 * @added: mappings, ever
 * @applied: mappings, ever
 * @first: the number of the first mapping in the buffer
 * @n: records in the buffer
 * @room: records that a message may have
 * @size: records that the next message shall have: fewer after refusals, so
 *	that little is sent again
 * @refused: there was a refusal, and @refusal is the last
 * @refusal: it
 * @nth: of each record: its mapping's number, less @first
 * @buf: headroom and records
 */
struct ila_batch {
	struct ila *ila;
	unsigned int cmd;
	uint32_t generation;
	struct ila_filter scope;
	ila_refusal_cb cb;
	void *data;
	int err;
	uint64_t added;
	uint64_t applied;
	uint64_t first;
	unsigned int n;
	unsigned int room;
	unsigned int size;
	bool refused;
	struct ila_refusal refusal;
	uint16_t nth[ILA_BATCH_ROOM];
	uint64_t buf[ILA_BATCH_LEN / sizeof(uint64_t)];
};

/* Records from and up to, but without, a last one */
struct ila_range {
	unsigned int from;
	unsigned int to;
};

static uint8_t *ila_batch_record(struct ila_batch *batch, unsigned int i)
{
	return (uint8_t *)batch->buf + ILA_BATCH_HEADROOM + i * ILA_RECORD_LEN;
}

static bool ila_batch_more(struct ila_batch *batch, unsigned int i)
{
	const uint8_t *record = ila_batch_record(batch, i);

	return record[MNL_ATTR_HDRLEN + offsetof(struct ila_mapping, flags)] &
	       ILA_MAPPING_MORE;
}

/* The records of the mapping that record @i is of, within @message */
static struct ila_range ila_batch_set(struct ila_batch *batch,
				      const struct ila_range *message,
				      unsigned int i)
{
	struct ila_range set = { .from = i, .to = i };

	while (set.from > message->from && ila_batch_more(batch, set.from - 1))
		set.from--;
	while (ila_batch_more(batch, set.to))
		set.to++;
	set.to++;
	return set;
}

/* Making one
 */

/* How many records a message may have before the socket refuses it */
static unsigned int ila_batch_room(const struct ila *ila)
{
	size_t limit = ila_socket_raise(ila->socket, SO_SNDBUF, SO_SNDBUFFORCE,
					2 * ILA_BATCH_LEN);
	size_t least = ILA_BATCH_HEADROOM +
		       ILA_MAPPING_LOCATORS * ILA_RECORD_LEN;

	if (limit < least + ILA_SNDBUF_OVERHEAD)
		limit = least;
	else
		limit -= ILA_SNDBUF_OVERHEAD;
	if (limit > ILA_BATCH_LEN)
		limit = ILA_BATCH_LEN;
	return (limit - ILA_BATCH_HEADROOM) / ILA_RECORD_LEN;
}

static struct ila_batch *ila_batch_alloc(struct ila *ila, unsigned int cmd)
{
	struct ila_batch *batch = malloc(sizeof(*batch));

	if (!batch) {
		errno = -ila_fail(ila, -ENOMEM, NULL);
		return NULL;
	}
	memset(batch, 0, offsetof(struct ila_batch, nth));
	batch->ila = ila;
	batch->cmd = cmd;
	batch->room = ila_batch_room(ila);
	batch->size = batch->room;
	return batch;
}

/**
 * ila_batch_new() - start to write many mappings
 * @ila: handle
 * @cmd: ILA_CMD_MAPPING_NEW, _CHANGE, _REPLACE or _DEL
 *
 * Return: the batch, or NULL with words and errno: ENOMEM; EINVAL: another
 * @cmd.
 */
struct ila_batch *ila_batch_new(struct ila *ila, unsigned int cmd)
{
	if (cmd < ILA_CMD_MAPPING_NEW || cmd > ILA_CMD_MAPPING_DEL) {
		errno = -ila_fail(ila, -EINVAL, "this command writes no mappings");
		return NULL;
	}
	return ila_batch_alloc(ila, cmd);
}

/**
 * ila_batch_free() - end a batch
 * @batch: batch, or NULL. What was not flushed is not sent.
 */
void ila_batch_free(struct ila_batch *batch)
{
	free(batch);
}

/**
 * ila_batch_on_refusal() - ask somebody about mappings that are refused
 * @batch: batch
 * @cb: is told of each. 0: leave it out and go on; a negative value stops the
 *	batch with that error
 * @data: for @cb
 *
 * Without a callback the first refusal stops the batch. So does, with one, an
 * error that is not about one mapping.
 */
void ila_batch_on_refusal(struct ila_batch *batch, ila_refusal_cb cb,
			  void *data)
{
	batch->cb = cb;
	batch->data = data;
}

/**
 * ila_batch_applied() - how many mappings the kernel has
 * @batch: batch
 *
 * Return: number of mappings applied. If the batch has stopped and nothing was
 * left out before, these are the first so many that were added.
 */
uint64_t ila_batch_applied(const struct ila_batch *batch)
{
	return batch->applied;
}

/**
 * ila_batch_refused() - the last refusal
 * @batch: batch
 *
 * Return: the refusal, until the batch is used again, or NULL.
 */
const struct ila_refusal *ila_batch_refused(const struct ila_batch *batch)
{
	return batch->refused ? &batch->refusal : NULL;
}

/* Sending
 */

static size_t ila_batch_head_len(const struct ila_batch *batch)
{
	return ILA_HEAD_LEN + (batch->generation ? ILA_GENERATION_LEN : 0);
}

static int ila_batch_post(struct ila_batch *batch,
			  const struct ila_range *message)
{
	uint8_t *head = ila_batch_record(batch, message->from) -
			ila_batch_head_len(batch);
	struct nlmsghdr *nlh = ila_head(head, batch->ila->family, batch->cmd,
					NLM_F_ACK);

	if (batch->generation)
		mnl_attr_put_u32(nlh, ILA_ATTR_GENERATION, batch->generation);
	nlh->nlmsg_len += (message->to - message->from) * ILA_RECORD_LEN;
	return ila_exchange(batch->ila, nlh, NULL, NULL);
}

/* The next message: never ends within a mapping */
static struct ila_range ila_batch_next(struct ila_batch *batch,
				       unsigned int from)
{
	struct ila_range message = { .from = from, .to = from + batch->size };

	if (message.to >= batch->n)
		message.to = batch->n;
	else
		message.to = ila_batch_set(batch, &message, message.to - 1).to;
	return message;
}

static unsigned int ila_batch_count(struct ila_batch *batch,
				    const struct ila_range *message)
{
	unsigned int i, count = 0;

	for (i = message->from; i < message->to; i++)
		count += !ila_batch_more(batch, i);
	return count;
}

/* Which mapping of the message did the kernel point at? None: from == to */
static struct ila_range ila_batch_culprit(struct ila_batch *batch,
					  const struct ila_range *message)
{
	struct ila_range none = { .from = message->from, .to = message->from };
	size_t at = batch->ila->refused_at, head = ila_batch_head_len(batch);
	unsigned int i;

	if (at < head)
		return none;
	i = message->from + (at - head) / ILA_RECORD_LEN;
	return i < message->to ? ila_batch_set(batch, message, i) : none;
}

static void ila_batch_note(struct ila_batch *batch, int err,
			   const struct ila_range *culprit)
{
	struct ila_refusal *refusal = &batch->refusal;
	unsigned int i;

	batch->refused = true;
	refusal->error = err;
	refusal->index = batch->first + batch->nth[culprit->from];
	refusal->n = culprit->to - culprit->from;
	for (i = 0; i < refusal->n; i++)
		memcpy(&refusal->records[i],
		       ila_batch_record(batch, culprit->from + i) +
		       MNL_ATTR_HDRLEN, sizeof(refusal->records[i]));
	memcpy(refusal->text, batch->ila->error, sizeof(refusal->text));
}

/* Those before it take its place */
static void ila_batch_leave_out(struct ila_batch *batch,
				struct ila_range *message,
				const struct ila_range *culprit)
{
	unsigned int hole = culprit->to - culprit->from;
	unsigned int n = culprit->from - message->from;

	memmove(ila_batch_record(batch, message->from + hole),
		ila_batch_record(batch, message->from), n * ILA_RECORD_LEN);
	memmove(&batch->nth[message->from + hole], &batch->nth[message->from],
		n * sizeof(*batch->nth));
	message->from += hole;
}

/* A message was refused. Return: 0 with the mapping left out, or why not. */
static int ila_batch_refusal(struct ila_batch *batch, int err,
			     struct ila_range *message)
{
	struct ila_range culprit = ila_batch_culprit(batch, message);

	ila_batch_note(batch, err, &culprit);
	if (!batch->refusal.n || !batch->cb)
		return err;
	err = batch->cb(&batch->refusal, batch->data);
	if (err < 0)
		return err;
	ila_batch_leave_out(batch, message, &culprit);
	batch->size = batch->size / 2 ?: 1;
	return 0;
}

static int ila_batch_send(struct ila_batch *batch)
{
	struct ila_range message = { 0 };
	unsigned int from = 0;
	int err;

	while (from < batch->n) {
		message = ila_batch_next(batch, from);
		err = ila_batch_post(batch, &message);
		if (err) {
			err = ila_batch_refusal(batch, err, &message);
			if (err)
				return err;
			from = message.from;
			continue;
		}
		batch->applied += ila_batch_count(batch, &message);
		batch->size *= 2;
		if (batch->size > batch->room)
			batch->size = batch->room;
		from = message.to;
	}
	return 0;
}

/**
 * ila_batch_flush() - send what has gathered
 * @batch: batch
 *
 * Return: 0: all that was added is applied, but for what a callback left out;
 * else the error that stopped the batch, from the kernel as for one mapping or
 * from the callback. A batch that has stopped takes and sends no more.
 */
int ila_batch_flush(struct ila_batch *batch)
{
	if (!batch->err)
		batch->err = ila_batch_send(batch);
	batch->first = batch->added;
	batch->n = 0;
	return batch->err;
}

/**
 * ila_batch_add() - write a mapping, now or when the batch is flushed
 * @batch: batch
 * @records: its records, as for the function of the same command
 * @n: how many, 1 to ILA_MAPPING_LOCATORS; for a deletion 1 will do
 *
 * Return: 0; -EINVAL: not so many; as ila_batch_flush(), which can be about a
 * mapping that was added before.
 */
int ila_batch_add(struct ila_batch *batch, const struct ila_mapping *records,
		  unsigned int n)
{
	unsigned int i;

	if (batch->err)
		return batch->err;
	if (!n || n > ILA_MAPPING_LOCATORS)
		return ila_fail(batch->ila, -EINVAL,
				"a mapping has 1 to 8 locators");
	if (batch->cmd == ILA_CMD_MAPPING_DEL)
		n = 1;
	if (batch->n + n > batch->room && ila_batch_flush(batch))
		return batch->err;
	for (i = 0; i < n; i++) {
		batch->nth[batch->n] = batch->added - batch->first;
		ila_record_write(ila_batch_record(batch, batch->n++),
				 batch->cmd, &records[i], i + 1 < n);
	}
	batch->added++;
	return 0;
}

/* Generations
 */

/**
 * ila_generation_begin() - start to load all the mappings there shall be
 * @ila: handle
 * @scope: the mappings that this load is the truth about; those of them that it
 *	does not write go when it is finished. NULL: all of the namespace. Its
 *	SWEEP is not used.
 *
 * Mappings that are there already are replaced in place, so nothing is missing
 * at any time. To abandon the load, free the batch: what it wrote stays, and
 * nothing goes.
 *
 * Two programs that load at the same time must have scopes that do not overlap:
 * different origins, domains or prefixes.
 *
 * Return: a batch, or NULL with words and errno: ENOMEM, EPERM.
 */
struct ila_batch *ila_generation_begin(struct ila *ila,
				       const struct ila_filter *scope)
{
	struct ila_config config;
	struct ila_batch *batch;
	int err = ila_config_get(ila, &config);

	if (err) {
		errno = -err;
		return NULL;
	}
	batch = ila_batch_alloc(ila, ILA_CMD_MAPPING_REPLACE);
	if (!batch)
		return NULL;
	batch->generation = config.generation + 1 ?: 1;
	if (scope)
		batch->scope = *scope;
	return batch;
}

/**
 * ila_generation_finish() - flush a load, and delete what it did not write
 * @batch: batch, from ila_generation_begin(); the caller frees it
 * @swept: gets how many mappings were deleted, may be NULL
 *
 * Return: 0; -ECANCELED: mappings were refused, so nothing was deleted;
 * -EINVAL: not such a batch; else as ila_batch_flush(), nothing was deleted.
 */
int ila_generation_finish(struct ila_batch *batch, uint32_t *swept)
{
	struct ila_filter filter = batch->scope;
	int err;

	if (!batch->generation)
		return ila_fail(batch->ila, -EINVAL, "this batch has no generation");
	err = ila_batch_flush(batch);
	if (err)
		return err;
	if (batch->refused)
		return ila_fail(batch->ila, -ECANCELED,
				"mappings were refused, so none were deleted");
	filter.set |= ILA_FILTER_SWEEP;
	filter.sweep = batch->generation;
	return ila_mapping_flush(batch->ila, &filter, swept);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: the mappings that there are, to leave alone what is as it shall be
 *
 * A table of all mappings in the kernel at the beginning: the key itself, and a
 * hash of the rest. 32 octets a mapping, half of the places taken. What is not
 * seen in the file in the end is looked for in the kernel once more, and goes;
 * what others made or changed meanwhile stays.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ilactl.h"

/* One's own handle: dumps call back while theirs is in use */
struct sweep {
	struct difference *difference;
	struct ila_batch *batch;
};

/**
 * struct seen - a mapping
 * @key: address, or identifier of a local one
 * @domain: identifier namespace
 * @local: the other direction
 * @wanted: the file has it, too
 * @left: seconds that it lives, 0: for ever; the kernel has no more than fit
 * @rest: hash of all else; 0: this place is free
 */
struct seen {
	uint8_t key[16];
	uint32_t domain;
	uint32_t local : 1;
	uint32_t wanted : 1;
	uint32_t left : 30;
	uint64_t rest;
};

static_assert(sizeof(struct seen) == 32, "a million are 64 MB");

/**
 * struct difference - what is there
 * @seen: a power of two of places
 * @mask: that, less 1
 * @n: how many are taken
 * @secret: so that nobody can choose keys that are in one another's way
 */
struct difference {
	struct seen *seen;
	size_t mask;
	size_t n;
	uint64_t secret[2];
};

static uint64_t mix(const struct difference *d, uint64_t hash, uint64_t word)
{
	__uint128_t product = (__uint128_t)(hash ^ word ^ d->secret[0]) *
			      (d->secret[1] | 1);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static void seen_of(const struct difference *d, const struct mapping *mapping,
		    struct seen *seen)
{
	const struct ila_mapping *first = &mapping->record[0], *record;
	uint64_t upper, lower;

	memset(seen, 0, sizeof(*seen));
	seen->domain = first->domain;
	seen->local = !!(first->flags & ILA_MAPPING_LOCAL);
	seen->left = first->timeout;
	memcpy(&upper, &first->address[0], 8);
	memcpy(&lower, &first->address[8], 8);
	if (seen->local)
		memcpy(seen->key, &first->identifier, 8);
	else
		memcpy(seen->key, first->address, 16);
	seen->rest = mix(d, mix(d, mix(d, 0, upper), lower), first->identifier);
	seen->rest = mix(d, seen->rest, first->csum_mode |
			 first->ident_type << 8 | first->origin << 16 |
			 !first->timeout << 24);
	for (record = first; record < first + mapping->n; record++) {
		seen->rest = mix(d, seen->rest, record->locator);
		seen->rest = mix(d, seen->rest,
				 record->priority << 8 | record->weight);
	}
	seen->rest |= 1;
}

/* Where it is, or would be */
static struct seen *seen_find(const struct difference *d,
			      const struct seen *like)
{
	uint64_t upper, lower, i;
	struct seen *seen;

	memcpy(&upper, &like->key[0], 8);
	memcpy(&lower, &like->key[8], 8);
	i = mix(d, mix(d, mix(d, like->local, upper), lower), like->domain);
	for (;; i++) {
		seen = &d->seen[i & d->mask];
		if (!seen->rest ||
		    (!memcmp(seen->key, like->key, sizeof(seen->key)) &&
		     seen->domain == like->domain && seen->local == like->local))
			return seen;
	}
}

static int difference_grow(struct difference *d, size_t size)
{
	struct seen *old = d->seen;
	size_t n = d->seen ? d->mask + 1 : 0, i;

	d->seen = calloc(size, sizeof(*d->seen));
	if (!d->seen) {
		d->seen = old;
		return -ENOMEM;
	}
	d->mask = size - 1;
	for (i = 0; i < n; i++) {
		if (old[i].rest)
			*seen_find(d, &old[i]) = old[i];
	}
	free(old);
	return 0;
}

static int difference_note(const struct ila_mapping *records, unsigned int n,
			   void *data)
{
	struct difference *d = data;
	struct mapping mapping;
	struct seen seen, *place;
	int err;

	progress_count();
	if (2 * d->n > d->mask) {
		err = difference_grow(d, 2 * (d->mask + 1));
		if (err)
			return err;
	}
	mapping_of(&mapping, records, n);
	seen_of(d, &mapping, &seen);
	place = seen_find(d, &seen);
	d->n += !place->rest;
	*place = seen;
	return 0;
}

/* Places for so many, and a few that come while one looks */
static size_t difference_size(uint32_t mappings)
{
	size_t size = 1024;

	while (size / 2 <= mappings)
		size *= 2;
	return size;
}

/**
 * difference_open() - look at what is there
 * @words: who asks
 *
 * Return: it, or NULL, and has said why.
 */
struct difference *difference_open(const struct words *words)
{
	struct ila *ila = kernel(words);
	struct ila_config config = { 0 };
	struct difference *d;
	int err;

	if (!ila)
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d) {
		fail_text(words, "the mappings that there are",
			  strerror(ENOMEM), NULL);
		return NULL;
	}
	if (!ila_config_get(ila, &config))
		progress_start("compare", config.mappings, false);
	err = getrandom(d->secret, sizeof(d->secret), 0) < 0 ? -errno :
	      difference_grow(d, difference_size(config.mappings));
	if (!err)
		err = ila_mapping_dump(ila, NULL, difference_note, d);
	if (err < 0) {
		fail_text(words, "the mappings that there are",
			  err == -ENOMEM ? strerror(ENOMEM) : ila_error(ila), NULL);
		difference_close(d);
		return NULL;
	}
	return d;
}

/**
 * difference_close() - it is not needed any more
 * @difference: it, or NULL
 */
void difference_close(struct difference *difference)
{
	if (!difference)
		return;
	free(difference->seen);
	free(difference);
}

/**
 * difference_is_there() - is a mapping there as it shall be?
 * @difference: what is there; notes that this shall be
 * @mapping: mapping
 *
 * Return: true if so, and for more than half of the time that it shall live;
 * false: it is to be written, and taken to be so.
 */
bool difference_is_there(struct difference *difference,
			 const struct mapping *mapping)
{
	struct seen seen, *place;
	bool there;

	seen_of(difference, mapping, &seen);
	place = seen_find(difference, &seen);
	if (!place->rest)
		return false;
	there = place->rest == seen.rest && place->left >= seen.left / 2;
	if (!there)
		*place = seen;
	place->wanted = true;
	return there;
}

static int sweep_one(const struct ila_mapping *records, unsigned int n,
		     void *data)
{
	struct sweep *sweep = data;
	const struct seen *place;
	struct mapping mapping;
	struct seen seen;

	mapping_of(&mapping, records, n);
	seen_of(sweep->difference, &mapping, &seen);
	place = seen_find(sweep->difference, &seen);
	if (place->rest != seen.rest || place->wanted)
		return 0;
	return ila_batch_add(sweep->batch, records, 1);
}

/* It may have gone by itself meanwhile */
static int sweep_refused(const struct ila_refusal *refusal, void *data)
{
	(void)data;
	return refusal->error == -ENOENT ? 0 : refusal->error;
}

/**
 * difference_sweep() - delete what was there and shall not be
 * @difference: what was there
 * @words: who asks
 * @done: counts them
 *
 * Return: 0 or FAIL_KERNEL.
 */
int difference_sweep(struct difference *difference, const struct words *words,
		     struct restored *done)
{
	struct sweep sweep = { .difference = difference };
	struct ila *ila = kernel(words), *other = ila_open();
	const char *why = strerror(errno);
	int err = -ENOMEM;

	sweep.batch = other ? ila_batch_new(other, ILA_CMD_MAPPING_DEL) : NULL;
	if (sweep.batch) {
		ila_batch_on_refusal(sweep.batch, sweep_refused, NULL);
		err = ila_mapping_dump(ila, NULL, sweep_one, &sweep);
		why = ila_error(ila);
		/* also if it is this that stopped the dump */
		if (ila_batch_flush(sweep.batch)) {
			err = -ECANCELED;
			why = ila_error(other);
		}
		done->deleted = ila_batch_applied(sweep.batch);
	}
	if (err < 0)
		fail_text(words, "deleting what is not in the file", why, NULL);
	ila_batch_free(sweep.batch);
	ila_close(other);
	return err < 0 ? FAIL_KERNEL : 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Random changes to the mapping table, and the same changes to an array: what
 * the kernel answers to each of them, and what it has afterwards, must be what
 * the array says.
 *
 *	ila_model [SEED [STEPS]]
 *
 * Everything follows from the seed, so a failure can be had again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libila.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KSFT_SKIP	4

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(a, b)	__attribute__((format(printf, a, b)))

#define KEYS		21000	/* mappings there can be */
#define HOMES		6	/* pairs of a domain and a SIR prefix */
#define PER_HOME	8	/* locators of each */
#define PLACES		(HOMES * PER_HOME)
#define MESSAGE		1000	/* records that surely are one message */

#define STEPS		16500	/* a million changes, about */
#define COMPARE_EVERY	500	/* steps between comparisons of all there is */

enum kind {
	SIR,		/* an address in SIR form */
	EXACT,		/* a tenant's address, type 3 */
	LOCAL_TENANT,	/* the other direction, type 3 */
	LOCAL_ANY,	/* the same, type 5 */
};

/* What is wrong with a request, all by itself */
enum wrong {
	NOTHING,
	RESERVED,
	ORIGIN,
	CSUM_MODE,
	IDENT_TYPE,
	FLAGS,
	TIMEOUT,
	LINK_LOCAL,
	OWN_PREFIX,
	__WRONG_MAX,
};

/**
 * struct at - one of the locators of a mapping
 * @place: its number
 * @priority: as in struct ila_mapping
 * @weight: as in struct ila_mapping
 */
struct at {
	unsigned char place;
	unsigned char priority;
	unsigned char weight;
};

/**
 * struct entry - a mapping as it is, or as it shall be
 * @key: its number
 * @n: how many locators it has; 1 for a local identifier
 * @csum_mode: as in struct ila_mapping
 * @ident_type: as in struct ila_mapping
 * @origin: as in struct ila_mapping
 * @there: it exists
 * @other: a local identifier's address is the other one that it can have
 * @wrong: why it can not be
 * @generation: that wrote it
 * @timeout: as in struct ila_mapping
 * @written: when that was said
 * @at: its locators
 */
struct entry {
	unsigned int key;
	unsigned char n;
	unsigned char csum_mode;
	unsigned char ident_type;
	unsigned char origin;
	bool there;
	bool other;
	enum wrong wrong;
	uint32_t generation;
	uint32_t timeout;
	time_t written;
	struct at at[ILA_MAPPING_LOCATORS];
};

/**
 * struct place - a locator
 * @mappings: that have it, once for each time they do
 * @in_sir_form: of these
 * @down: it was taken down
 * @own: this node has a rule for it
 */
struct place {
	unsigned int mappings;
	unsigned int in_sir_form;
	bool down;
	bool own;
};

static const uint32_t domains[] = { 0, 1, 0x80000005 };

static struct ila *ila;
static struct entry entries[KEYS];
static struct place places[PLACES];
static unsigned int total;
static uint32_t newest;		/* generation */
static struct ila_config config;
static time_t begun;

/* What a message is about, and marks of what was seen in it or in a dump */
static struct entry message[MESSAGE];
static unsigned int marks[KEYS], mark;

static uint64_t seed, state;
static unsigned int step, failures;
static uint64_t changes, compared;
static char doing[200];

static __printf(1, 2) void fail(const char *format, ...)
{
	va_list args;

	if (failures++ > 20)
		return;
	printf("# seed %llu step %u, %s: ", (unsigned long long)seed, step,
	       doing);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Chance
 */

static uint32_t chance(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL >> 32) % n;
}

static bool one_in(uint32_t n)
{
	return !chance(n);
}

/* Names of things
 */

static uint64_t be64(uint64_t value)
{
	return __builtin_bswap64(value);
}

static enum kind key_kind(unsigned int key)
{
	static const enum kind kinds[10] = {
		[0] = EXACT, [1] = EXACT, [2] = LOCAL_TENANT, [3] = LOCAL_ANY,
	};

	return kinds[key / HOMES % ARRAY_SIZE(kinds)];
}

static bool key_is_local(unsigned int key)
{
	return key_kind(key) >= LOCAL_TENANT;
}

static unsigned int key_home(unsigned int key)
{
	return key % HOMES;
}

static uint32_t home_domain(unsigned int home)
{
	return domains[home / 2];
}

/* All domains have the same prefixes: those are not what tells them apart */
static uint64_t home_prefix(unsigned int home)
{
	return 0x20010db800050001ULL + home % 2;
}

static unsigned int place_home(unsigned int place)
{
	return place / PER_HOME;
}

static uint64_t place_locator(unsigned int place)
{
	return 0x20010db8000a0000ULL + place;
}

static uint16_t key_low16(unsigned int key)
{
	return key % 97 ? key * 40503 >> 3 : 0xffff;
}

static uint32_t key_low32(unsigned int key)
{
	return key << 16 | key_low16(key);
}

static uint64_t key_identifier(unsigned int key)
{
	switch (key_kind(key)) {
	case SIR:
		return be64(ila_identifier(key % 5 ? 1 : 2, key,
					   key_low32(key)));
	case LOCAL_ANY:
		return be64(ila_identifier(5, key, 0));
	default:
		return be64(ila_identifier(3, 1 + key_home(key),
					   key_low32(key)));
	}
}

static void put_address(void *to, uint64_t upper, uint64_t lower)
{
	upper = be64(upper);
	lower = be64(lower);
	memcpy(to, &upper, 8);
	memcpy((char *)to + 8, &lower, 8);
}

static void entry_address(const struct entry *e, void *to)
{
	unsigned int home = key_home(e->key);

	switch (key_kind(e->key)) {
	case SIR:
		put_address(to, home_prefix(home), key_identifier(e->key));
		break;
	case LOCAL_ANY:
		put_address(to, 0x20010db8000f0000ULL + e->other, e->key);
		break;
	default:
		put_address(to, 0x20010db8000e0000ULL + home,
			    key_low32(e->key));
	}
}

/* Which mapping is this? KEYS: none of ours. */
static unsigned int record_key(const struct ila_mapping *r)
{
	uint64_t identifier = be64(r->identifier);
	struct in6_addr address;
	unsigned int key;

	memcpy(&address, r->address, sizeof(address));
	if (!identifier)
		identifier = be64(ila_address_lower(&address));
	if (identifier >> 61 == 3)
		key = identifier >> 16 & 0xffff;
	else
		key = identifier >> 32 & 0xfffffff;
	return key < KEYS && key_identifier(key) == identifier ? key : KEYS;
}

/* Requests
 */

static void record_spoil(struct ila_mapping *r, const struct entry *e)
{
	switch (e->wrong) {
	case RESERVED:
		r->reserved = 1;
		break;
	case ORIGIN:
		r->origin = ILA_ORIGIN_MAX + 1;
		break;
	case CSUM_MODE:
		r->csum_mode = 4 + chance(60);
		break;
	case IDENT_TYPE:
		r->ident_type = 6 + chance(2);
		break;
	case FLAGS:
		r->flags |= 1 << (2 + chance(6));
		break;
	case TIMEOUT:
		r->timeout = 0x40000000;
		break;
	case LINK_LOCAL:
		r->locator = be64(0xfe80000000000000ULL);
		break;
	case OWN_PREFIX:
		r->locator = key_kind(e->key) == SIR ?
			     be64(home_prefix(key_home(e->key))) :
			     be64(0xff02000000000000ULL);
		break;
	default:
		break;
	}
}

static void entry_record(const struct entry *e, unsigned int i,
			 struct ila_mapping *r)
{
	struct in6_addr address;

	entry_address(e, &address);
	ila_mapping_init(r, &address, 0);
	r->weight = 0;
	if (key_kind(e->key) != SIR)
		r->identifier = be64(key_identifier(e->key));
	r->domain = home_domain(key_home(e->key));
	r->timeout = e->timeout;
	r->csum_mode = e->csum_mode;
	r->ident_type = e->ident_type;
	r->origin = e->origin;
	if (key_is_local(e->key)) {
		r->flags = ILA_MAPPING_LOCAL;
		return;
	}
	r->locator = be64(place_locator(e->at[i].place));
	r->priority = e->at[i].priority;
	r->weight = e->at[i].weight;
}

/* Return: how many records */
static unsigned int entry_records(const struct entry *e, unsigned int cmd,
				  struct ila_mapping *records)
{
	unsigned int i;

	for (i = 0; i < e->n; i++)
		entry_record(e, i, &records[i]);
	if (e->wrong && cmd == ILA_CMD_MAPPING_DEL) {
		records[0].flags = ILA_MAPPING_LOCAL;
		records[0].identifier = 0;
	} else if (e->wrong) {
		record_spoil(&records[chance(e->n)], e);
	}
	return e->n;
}

/* What a mapping may be
 */

static unsigned char some_place(unsigned int key)
{
	unsigned int home = key_home(key);

	/* what is not in SIR form goes with any prefix of the domain */
	if (key_kind(key) == EXACT && one_in(4))
		home ^= 1;
	return home * PER_HOME + chance(PER_HOME);
}

static void entry_places(struct entry *e)
{
	unsigned int i;

	e->n = 1;
	memset(e->at, 0, sizeof(e->at));
	if (key_is_local(e->key))
		return;
	if (one_in(4))
		e->n = 1 + chance(ILA_MAPPING_LOCATORS);
	for (i = 0; i < e->n; i++) {
		e->at[i].place = some_place(e->key);
		if (e->n == 1 && !one_in(5))
			continue;
		e->at[i].priority = chance(3);
		e->at[i].weight = chance(3);
	}
}

static unsigned char some_ident_type(unsigned int key)
{
	const unsigned char types[] = {
		ILA_ATYPE_ROUTE, ILA_ATYPE_ROUTE, ILA_ATYPE_USE_FORMAT,
		key_identifier(key) >> 61,
	};

	return types[chance(ARRAY_SIZE(types))];
}

static void entry_fill(struct entry *e, unsigned int key)
{
	static const unsigned char csum_modes[] = {
		ILA_CSUM_ROUTE, ILA_CSUM_ROUTE, ILA_CSUM_ADJUST_TRANSPORT,
		ILA_CSUM_NEUTRAL_MAP, ILA_CSUM_NO_ACTION,
		ILA_CSUM_NEUTRAL_MAP_AUTO, ILA_CSUM_ADJUST_TRANSPORT_COMPAT,
	};

	memset(e, 0, sizeof(*e));
	e->key = key;
	e->csum_mode = csum_modes[chance(ARRAY_SIZE(csum_modes))];
	e->ident_type = some_ident_type(key);
	e->origin = chance(ILA_ORIGIN_MAX + 1);
	e->other = key_kind(key) == LOCAL_ANY && chance(2);
	e->timeout = one_in(5) ? 1000 + chance(1000000) : 0;
	entry_places(e);
}

/* An identifier that ends in ffff does not come back in neutral modes */
static bool entry_low16(const struct entry *e)
{
	return key_low16(e->key) == 0xffff && key_kind(e->key) != LOCAL_ANY &&
	       (e->csum_mode == ILA_CSUM_NEUTRAL_MAP ||
		e->csum_mode == ILA_CSUM_NEUTRAL_MAP_AUTO ||
		(e->csum_mode == ILA_CSUM_ROUTE && key_kind(e->key) != SIR));
}

static bool entry_malformed(const struct entry *e, unsigned int cmd)
{
	return e->wrong || (cmd != ILA_CMD_MAPPING_DEL && entry_low16(e));
}

/* Give a mapping a locator that belongs to others, who use it now */
static void entry_misplace(struct entry *e)
{
	unsigned int home = key_home(e->key), place = chance(PLACES);
	bool same_domain = place_home(place) / 2 == home / 2;

	if (key_is_local(e->key) || place_home(place) == home ||
	    (same_domain ? key_kind(e->key) != SIR : !places[place].mappings) ||
	    (same_domain && !places[place].in_sir_form))
		return;
	e->at[chance(e->n)].place = place;
}

/* Changes to the array
 */

static void entry_count(const struct entry *e, int one)
{
	unsigned int i;

	total += one;
	if (key_is_local(e->key))
		return;
	for (i = 0; i < e->n; i++) {
		places[e->at[i].place].mappings += one;
		if (key_kind(e->key) == SIR)
			places[e->at[i].place].in_sir_form += one;
	}
}

static void entry_remove(struct entry *e)
{
	if (e->there)
		entry_count(e, -1);
	e->there = false;
}

static void entry_write(const struct entry *want, uint32_t generation)
{
	struct entry *e = &entries[want->key];

	entry_remove(e);
	*e = *want;
	e->there = true;
	e->generation = generation;
	e->written = now();
	entry_count(e, 1);
}

static void entry_apply(const struct entry *want, unsigned int cmd,
			uint32_t generation)
{
	if (cmd == ILA_CMD_MAPPING_DEL)
		entry_remove(&entries[want->key]);
	else
		entry_write(want, generation);
	changes++;
}

/* What the kernel is to answer
 */

static int expect_places(const struct entry *e)
{
	unsigned int i, there, home = key_home(e->key);

	if (key_is_local(e->key))
		return 0;
	for (i = 0; i < e->n; i++) {
		there = place_home(e->at[i].place);
		if (there / 2 != home / 2)
			return -EEXIST;
		if (there != home && key_kind(e->key) == SIR)
			return -EINVAL;
	}
	return 0;
}

static int expect_entry(const struct entry *e, unsigned int cmd)
{
	bool exists = entries[e->key].there;

	/* of a local identifier, all of it */
	if (cmd == ILA_CMD_MAPPING_DEL && entries[e->key].other != e->other)
		exists = false;
	if (marks[e->key] == mark)
		exists = cmd != ILA_CMD_MAPPING_DEL;
	marks[e->key] = mark;
	if (cmd == ILA_CMD_MAPPING_NEW && exists)
		return -EEXIST;
	if ((cmd == ILA_CMD_MAPPING_CHANGE || cmd == ILA_CMD_MAPPING_DEL) &&
	    !exists)
		return -ENOENT;
	return cmd == ILA_CMD_MAPPING_DEL ? 0 : expect_places(e);
}

static unsigned int count_new(unsigned int n)
{
	unsigned int i, count = 0;

	mark++;
	for (i = 0; i < n; i++) {
		if (marks[message[i].key] != mark)
			count += !entries[message[i].key].there;
		marks[message[i].key] = mark;
	}
	return count;
}

/* Return: 0, or the error, with the index of the mapping that it is about: n if
 * it is about none.
 */
static int expect_message(unsigned int cmd, unsigned int n, unsigned int *index)
{
	unsigned int new;
	int err;

	for (*index = 0; *index < n; ++*index)
		if (entry_malformed(&message[*index], cmd))
			return -EINVAL;
	mark++;
	for (*index = 0; *index < n; ++*index) {
		err = expect_entry(&message[*index], cmd);
		if (err)
			return err;
	}
	if (cmd == ILA_CMD_MAPPING_DEL)
		return 0;
	new = count_new(n);
	return new && total + new > config.limit ? -ENOSPC : 0;
}

/* Operations: messages
 */

static void expect(int got, int want)
{
	if (got != want)
		fail("answered %d (%s), not %d", got, ila_error(ila), want);
}

static int send_one(unsigned int cmd)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	unsigned int n = entry_records(&message[0], cmd, records);

	switch (cmd) {
	case ILA_CMD_MAPPING_NEW:
		return ila_mapping_new(ila, records, n);
	case ILA_CMD_MAPPING_CHANGE:
		return ila_mapping_change(ila, records, n);
	case ILA_CMD_MAPPING_REPLACE:
		return ila_mapping_replace(ila, records, n);
	default:
		return ila_mapping_del(ila, records);
	}
}

static void batch_fill(struct ila_batch *batch, unsigned int cmd,
		       unsigned int n)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	unsigned int i, m;

	for (i = 0; i < n; i++) {
		m = entry_records(&message[i], cmd, records);
		if (ila_batch_add(batch, records, m))
			fail("does not take mapping %u: %s", i, ila_error(ila));
	}
}

static void check_refusal(const struct ila_batch *batch, int err,
			  unsigned int index)
{
	const struct ila_refusal *refusal = ila_batch_refused(batch);

	if (!refusal)
		fail("no refusal, wants %d", err);
	else if (refusal->error != err)
		fail("refused with %d (%s), not %d", refusal->error,
		     refusal->text, err);
	else if (err != -ENOSPC && (!refusal->n || refusal->index != index))
		fail("refuses mapping %u (%s), not %u",
		     (unsigned int)refusal->index, refusal->text, index);
}

static int send_batch(unsigned int cmd, unsigned int n, int want,
		      unsigned int index)
{
	struct ila_batch *batch = ila_batch_new(ila, cmd);
	int err;

	batch_fill(batch, cmd, n);
	err = ila_batch_flush(batch);
	if (err && err == want)
		check_refusal(batch, err, index);
	ila_batch_free(batch);
	return err;
}

/* One message, which is applied whole or not at all */
static void do_message(unsigned int cmd, unsigned int n)
{
	unsigned int index, i;
	int want, got;

	want = expect_message(cmd, n, &index);
	got = n == 1 && chance(2) ? send_one(cmd) :
				    send_batch(cmd, n, want, index);
	expect(got, want);
	for (i = 0; i < n && !want; i++)
		entry_apply(&message[i], cmd, 0);
}

/* A batch of which the mappings that are refused are left out
 */

static int refusals[MESSAGE];

static int note_refusal(const struct ila_refusal *refusal, void *data)
{
	(void)data;
	refusals[refusal->index] = refusal->error;
	return 0;
}

static int expect_alone(const struct entry *e, unsigned int cmd)
{
	mark++;
	return entry_malformed(e, cmd) ? -EINVAL : expect_entry(e, cmd);
}

static void do_leave_out(unsigned int cmd, unsigned int n)
{
	struct ila_batch *batch = ila_batch_new(ila, cmd);
	unsigned int i, applied = 0;
	int want;

	memset(refusals, 0, sizeof(refusals));
	ila_batch_on_refusal(batch, note_refusal, NULL);
	batch_fill(batch, cmd, n);
	expect(ila_batch_flush(batch), 0);
	for (i = 0; i < n; i++) {
		want = expect_alone(&message[i], cmd);
		if (refusals[i] != want)
			fail("mapping %u answered %d, not %d", i, refusals[i],
			     want);
		if (want)
			continue;
		applied++;
		entry_apply(&message[i], cmd, 0);
	}
	if (ila_batch_applied(batch) != applied)
		fail("%u applied, not %u",
		     (unsigned int)ila_batch_applied(batch), applied);
	ila_batch_free(batch);
}

/* A mapping, or one that can not be there yet, or one that must be */
static unsigned int some_key(unsigned int cmd)
{
	unsigned int tries, key = chance(KEYS);
	bool there = cmd != ILA_CMD_MAPPING_NEW;

	for (tries = 0; tries < 100; tries++, key = chance(KEYS)) {
		if (cmd == ILA_CMD_MAPPING_REPLACE)
			break;
		if (entries[key].there == there)
			break;
	}
	return key;
}

static unsigned int make_message(unsigned int cmd, unsigned int most, bool well)
{
	unsigned int n = 1 + chance(most), records = 0, i;
	struct entry *e;

	for (i = 0; i < n && records + ILA_MAPPING_LOCATORS <= MESSAGE; i++) {
		e = &message[i];
		entry_fill(e, some_key(cmd));
		/* mostly, to go through */
		while (entry_low16(e) && !one_in(50))
			e->csum_mode = ILA_CSUM_NO_ACTION;
		records += e->n;
	}
	n = i;
	if (one_in(4))
		entry_fill(&message[chance(n)], message[chance(n)].key);
	e = &message[chance(n)];
	if (one_in(10) || !well)
		entry_fill(e, chance(KEYS));
	if (one_in(10))
		e->wrong = chance(__WRONG_MAX);
	if (key_is_local(e->key) && e->wrong == OWN_PREFIX)
		e->wrong = LINK_LOCAL;
	return n;
}

static unsigned int some_cmd(void)
{
	static const unsigned char cmds[] = {
		ILA_CMD_MAPPING_NEW, ILA_CMD_MAPPING_NEW,
		ILA_CMD_MAPPING_CHANGE, ILA_CMD_MAPPING_REPLACE,
		ILA_CMD_MAPPING_REPLACE, ILA_CMD_MAPPING_DEL,
	};

	return cmds[chance(ARRAY_SIZE(cmds))];
}

static unsigned int some_size(void)
{
	return one_in(3) ? 1 : one_in(2) ? 40 : MESSAGE;
}

static void op_message(void)
{
	unsigned int cmd = some_cmd();
	unsigned int n = make_message(cmd, some_size(), true);

	if (one_in(10))
		entry_misplace(&message[chance(n)]);
	sprintf(doing, "%s of %u", ila_name(ILA_NAMES_COMMAND, cmd), n);
	do_message(cmd, n);
}

static void op_leave_out(void)
{
	unsigned int cmd = some_cmd();
	unsigned int n = make_message(cmd, 60, false);

	sprintf(doing, "%s of %u, leaving out",
		ila_name(ILA_NAMES_COMMAND, cmd), n);
	do_leave_out(cmd, n);
}

static void set_limit(uint32_t limit)
{
	const struct ila_config set = {
		.set = ILA_CONFIG_LIMIT,
		.limit = limit,
	};

	expect(ila_config_set(ila, &set), 0);
	config.limit = limit;
}

/* About as much as there may be, or a little more */
static void op_limit(void)
{
	uint32_t most = config.limit;
	unsigned int n = make_message(ILA_CMD_MAPPING_REPLACE, 60, true);

	sprintf(doing, "replace of %u near the limit", n);
	set_limit(total + chance(n + 1));
	do_message(ILA_CMD_MAPPING_REPLACE, n);
	set_limit(most);
}

/* Operations: filters
 */

static void some_filter(struct ila_filter *filter)
{
	const struct entry *e = &entries[some_key(ILA_CMD_MAPPING_DEL)];

	memset(filter, 0, sizeof(*filter));
	entry_address(e, &filter->address);
	filter->set = 1 << chance(7) | 1 << chance(7);
	filter->locator = be64(place_locator(e->at[0].place));
	filter->domain = home_domain(key_home(one_in(4) ? chance(KEYS) : e->key));
	filter->idle = one_in(2) ? 0 : 1 << 20;
	filter->sweep = newest - chance(3);
	filter->prefix_len = one_in(4) ? chance(129) : 84 + chance(45);
	filter->origin = chance(ILA_ORIGIN_MAX + 1);
	if (filter->set & ILA_FILTER_PREFIX)
		filter->set &= ~ILA_FILTER_ADDRESS;
}

static bool prefix_equal(const void *a, const void *b, unsigned int bits)
{
	const unsigned char *x = a, *y = b;
	unsigned int bytes = bits / 8;

	if (memcmp(x, y, bytes))
		return false;
	return !(bits % 8) || !((x[bytes] ^ y[bytes]) >> (8 - bits % 8));
}

static bool entry_is_at(const struct entry *e, __be64 locator)
{
	unsigned int i;

	if (key_is_local(e->key))
		return false;
	for (i = 0; i < e->n; i++)
		if (be64(place_locator(e->at[i].place)) == locator)
			return true;
	return false;
}

static bool filter_matches(const struct ila_filter *f, const struct entry *e)
{
	struct in6_addr address;

	if (!e->there)
		return false;
	entry_address(e, &address);
	if (f->set & ILA_FILTER_ADDRESS && !prefix_equal(&address, &f->address, 128))
		return false;
	if (f->set & ILA_FILTER_PREFIX &&
	    !prefix_equal(&address, &f->address, f->prefix_len))
		return false;
	if (f->set & ILA_FILTER_LOCATOR && !entry_is_at(e, f->locator))
		return false;
	if (f->set & ILA_FILTER_DOMAIN &&
	    home_domain(key_home(e->key)) != f->domain)
		return false;
	if (f->set & ILA_FILTER_ORIGIN && e->origin != f->origin)
		return false;
	if (f->set & ILA_FILTER_IDLE && f->idle)
		return false;
	return !(f->set & ILA_FILTER_SWEEP) || e->generation != f->sweep;
}

static unsigned int remove_matching(const struct ila_filter *filter)
{
	unsigned int key, n = 0;

	for (key = 0; key < KEYS; key++) {
		if (!filter_matches(filter, &entries[key]))
			continue;
		entry_remove(&entries[key]);
		n++;
	}
	changes += n;
	return n;
}

static void expect_deleted(uint32_t got, uint32_t want)
{
	if (got != want)
		fail("%u deleted, not %u", got, want);
}

static void op_flush(void)
{
	struct ila_filter filter;
	uint32_t deleted = 0;

	some_filter(&filter);
	if (one_in(40))
		filter.set = 0;
	sprintf(doing, "flush by %x, prefix %u", filter.set, filter.prefix_len);
	expect(ila_mapping_flush(ila, &filter, &deleted), 0);
	expect_deleted(deleted, remove_matching(&filter));
}

static void op_generation(void)
{
	unsigned int n = make_message(ILA_CMD_MAPPING_REPLACE, MESSAGE, true);
	struct ila_batch *batch;
	struct ila_filter scope;
	unsigned int index, i;
	uint32_t swept = 0;
	bool finish = !one_in(4);
	int want, got;

	some_filter(&scope);
	scope.set &= ~ILA_FILTER_SWEEP;
	sprintf(doing, "generation %u of %u, scope %x, %s", newest + 1, n,
		scope.set, finish ? "finished" : "abandoned");
	want = expect_message(ILA_CMD_MAPPING_REPLACE, n, &index);
	batch = ila_generation_begin(ila, &scope);
	batch_fill(batch, ILA_CMD_MAPPING_REPLACE, n);
	got = finish ? ila_generation_finish(batch, &swept) :
		       ila_batch_flush(batch);
	expect(got, want);
	ila_batch_free(batch);
	if (want)
		return;
	newest++;
	for (i = 0; i < n; i++)
		entry_apply(&message[i], ILA_CMD_MAPPING_REPLACE, newest);
	if (!finish)
		return;
	scope.set |= ILA_FILTER_SWEEP;
	scope.sweep = newest;
	expect_deleted(swept, remove_matching(&scope));
}

/* Operations: locators
 */

static bool place_used(unsigned int place)
{
	return places[place].mappings || places[place].down;
}

static void move_places(unsigned int from, unsigned int to)
{
	unsigned int key, i;

	for (key = 0; key < KEYS; key++) {
		if (!entries[key].there || key_is_local(key))
			continue;
		for (i = 0; i < entries[key].n; i++)
			if (entries[key].at[i].place == from)
				entries[key].at[i].place = to;
	}
	places[to].mappings += places[from].mappings;
	places[to].in_sir_form += places[from].in_sir_form;
	places[from] = (struct place) { .own = places[from].own };
}

/* Return: the answer; 1 if it depends on what was before */
static int expect_move(unsigned int from, unsigned int to)
{
	unsigned int home = place_home(from), other = place_home(to);

	if (!place_used(from))
		return -ENOENT;
	if (from == to)
		return -EINVAL;
	if (other / 2 != home / 2)
		return places[to].mappings ? -EEXIST : 1;
	if (other != home)
		return places[to].in_sir_form && places[from].in_sir_form ?
		       -EINVAL : 1;
	return 0;
}

static void op_move(void)
{
	unsigned int from = chance(PLACES);
	unsigned int to = one_in(4) ? chance(PLACES) :
			  place_home(from) * PER_HOME + chance(PER_HOME);
	int want = expect_move(from, to);

	if (want == 1)
		return;
	sprintf(doing, "move of %u to %u", from, to);
	expect(ila_locator_move(ila, home_domain(place_home(from)),
				be64(place_locator(from)),
				be64(place_locator(to))), want);
	if (!want)
		move_places(from, to);
}

static void op_down_up(void)
{
	unsigned int place = chance(PLACES);
	bool down = chance(2), elsewhere = one_in(10);
	uint32_t domain = elsewhere ? 77 : home_domain(place_home(place));
	int want = elsewhere || !place_used(place) ? -ENOENT : 0;

	sprintf(doing, "%s of %u", down ? "down" : "up", place);
	expect((down ? ila_locator_down : ila_locator_up)
	       (ila, domain, be64(place_locator(place))), want);
	if (!want)
		places[place].down = down;
}

static void op_rule(void)
{
	unsigned int place = chance(PLACES), home = place_home(place);
	bool own = places[place].own;
	struct ila_rule rule;

	sprintf(doing, "%s of a rule for %u", own ? "deletion" : "addition",
		place);
	ila_rule_init(&rule, be64(place_locator(place)),
		      be64(home_prefix(home)));
	rule.domain = home_domain(home);
	expect(own ? ila_rule_del(ila, rule.match, 0) :
		     ila_rule_add(ila, &rule), 0);
	places[place].own = !own;
}

/* Comparing
 */

static bool timeout_fits(const struct entry *e, uint32_t timeout)
{
	uint32_t passed = now() - e->written + 2;

	if (!e->timeout)
		return !timeout;
	return timeout <= e->timeout + 1 && timeout + passed >= e->timeout;
}

static void compare_record(const struct entry *e, unsigned int i,
			   const struct ila_mapping *got)
{
	struct ila_mapping want;

	entry_record(e, i, &want);
	want.generation = e->generation;
	want.idle = got->idle;
	want.timeout = got->timeout;
	if (i + 1 < e->n)
		want.flags |= ILA_MAPPING_MORE;
	if (memcmp(got, &want, sizeof(want)))
		fail("mapping %u, record %u differs", e->key, i);
	if (!timeout_fits(e, got->timeout))
		fail("mapping %u has timeout %u, had %u %ld s ago", e->key,
		     got->timeout, e->timeout, (long)(now() - e->written));
	if (got->idle > now() - begun + 1)
		fail("mapping %u was idle for %u s", e->key, got->idle);
}

static void compare_entry(const struct entry *e,
			  const struct ila_mapping *records, unsigned int n)
{
	unsigned int i;

	compared++;
	if (n != e->n)
		fail("mapping %u has %u records, not %u", e->key, n, e->n);
	for (i = 0; i < n && n == e->n; i++)
		compare_record(e, i, &records[i]);
}

static int compare_dumped(const struct ila_mapping *records, unsigned int n,
			  void *data)
{
	unsigned int key = record_key(&records[0]);

	if (key == KEYS || !filter_matches(data, &entries[key])) {
		fail("mapping %u is there", key);
		return 0;
	}
	if (marks[key] == mark)
		fail("mapping %u is there twice", key);
	marks[key] = mark;
	compare_entry(&entries[key], records, n);
	return 0;
}

static void compare_dump(const struct ila_filter *filter)
{
	unsigned int key;

	mark++;
	expect(ila_mapping_dump(ila, filter, compare_dumped, (void *)filter), 0);
	for (key = 0; key < KEYS; key++)
		if (filter_matches(filter, &entries[key]) && marks[key] != mark)
			fail("mapping %u is missing", key);
}

static int compare_locator(const struct ila_locator *got, void *data)
{
	unsigned int i = be64(got->locator) - place_locator(0);
	const struct place *place = &places[i];
	bool *seen = data;
	uint32_t want;

	if (i >= PLACES || !place_used(i)) {
		fail("locator %u is there, %u mappings", i, got->mappings);
		return 0;
	}
	seen[i] = true;
	want = (place->down ? ILA_LOCATOR_DOWN : 0) |
	       (place->own ? ILA_LOCATOR_OWN : 0);
	if (got->mappings != place->mappings || got->state != want ||
	    got->domain != home_domain(place_home(i)))
		fail("locator %u has %u mappings, state %u; not %u, %u", i,
		     got->mappings, got->state, place->mappings, want);
	if (place->in_sir_form &&
	    be64(got->sir_prefix) != home_prefix(place_home(i)))
		fail("locator %u goes with another SIR prefix", i);
	return 0;
}

static void compare_locators(void)
{
	bool seen[PLACES] = { false };
	unsigned int i;

	expect(ila_locator_dump(ila, compare_locator, seen), 0);
	for (i = 0; i < PLACES; i++)
		if (place_used(i) && !seen[i])
			fail("locator %u is missing", i);
}

static void compare_config(void)
{
	struct ila_config got = { 0 };

	expect(ila_config_get(ila, &got), 0);
	if (got.mappings != total || got.generation != newest)
		fail("%u mappings, generation %u; not %u, %u", got.mappings,
		     got.generation, total, newest);
}

static void compare_all(void)
{
	struct ila_filter filter = { 0 };

	sprintf(doing, "comparing");
	compare_dump(&filter);
	compare_locators();
	compare_config();
	some_filter(&filter);
	sprintf(doing, "dump by %x", filter.set);
	compare_dump(&filter);
}

static void op_get(void)
{
	const struct entry *e = &entries[chance(KEYS)];
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	struct in6_addr address;
	bool there = e->there && !key_is_local(e->key);
	int n;

	sprintf(doing, "get of %u", e->key);
	entry_address(e, &address);
	n = ila_mapping_get(ila, home_domain(key_home(e->key)), &address,
			    records);
	if (n < 0 || !there)
		expect(n, there ? (int)e->n : -ENOENT);
	else
		compare_entry(e, records, n);
}

/* All of it
 */

static void one_step(void)
{
	static const struct {
		unsigned int share;
		void (*op)(void);
	} ops[] = {
		{ 600, op_message },
		{ 40, op_leave_out },
		{ 30, op_limit },
		{ 20, op_generation },
		{ 40, op_flush },
		{ 30, op_move },
		{ 40, op_down_up },
		{ 20, op_rule },
		{ 180, op_get },
	};
	unsigned int i = 0, at = chance(1000);

	while (at >= ops[i].share)
		at -= ops[i++].share;
	ops[i].op();
}

static void run(unsigned int steps)
{
	for (step = 1; step <= steps && !failures; step++) {
		one_step();
		if (!(step % COMPARE_EVERY))
			compare_all();
	}
	compare_all();
}

static void finish(void)
{
	unsigned int i;
	uint32_t deleted = 0;

	sprintf(doing, "after all");
	expect(ila_mapping_flush(ila, NULL, &deleted), 0);
	expect_deleted(deleted, total);
	for (i = 0; i < KEYS; i++)
		entry_remove(&entries[i]);
	for (i = 0; i < PLACES; i++) {
		if (!places[i].down)
			continue;
		expect(ila_locator_up(ila, home_domain(place_home(i)),
				      be64(place_locator(i))), 0);
		places[i].down = false;
	}
	compare_all();
}

static void skip(const char *why)
{
	printf("TAP version 13\n1..0 # SKIP %s\n", why);
	exit(KSFT_SKIP);
}

static void begin(void)
{
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (unshare(CLONE_NEWNET))
		skip("needs root");
	if (system("modprobe -q ila"))
		skip("there is no ila module");
	ila = ila_open();
	if (!ila || ila_config_get(ila, &config))
		skip("the module has no mappings");
	for (i = 0; i < KEYS; i++)
		entries[i].key = i;
	begun = now();
}

static void verdict(unsigned int number, const char *name)
{
	printf("%sok %u %s\n", failures ? "not " : "", number, name);
}

int main(int argc, char **argv)
{
	unsigned int steps = argc > 2 ? strtoul(argv[2], NULL, 0) : STEPS;

	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	state = seed * 0x9e3779b97f4a7c15ULL + 1;
	begin();
	printf("TAP version 13\n1..2\n# ila_model %llu %u\n",
	       (unsigned long long)seed, steps);
	run(steps);
	printf("# %llu changes, %llu mappings compared, %ld s\n",
	       (unsigned long long)changes, (unsigned long long)compared,
	       (long)(now() - begun));
	verdict(1, "random changes: answers and tables as in the array");
	finish();
	verdict(2, "everything deleted: nothing is left");
	ila_close(ila);
	return failures ? 1 : 0;
}

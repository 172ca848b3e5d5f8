// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of net/ila_addr.h and net/ila_exact.h: KUnit in the kernel, a plain
 * program in user space
 *
 * Expected values come from the published vectors or from a model that is
 * written for clearness: 16-bit words in network order, added one by one.
 */
#ifdef __KERNEL__
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>
#else
#include "ila_addr_test_user.h"
#endif
#include <net/ila_addr.h>

#define SIR	0x20010db800000001ULL
#define LOC	0x20010db8aaaa0002ULL

/* The model */

struct model_addr {
	u16 w[8];
};

static u16 model_add(u16 a, u16 b)
{
	u32 s = (u32)a + b;

	return (s & 0xffff) + (s >> 16);
}

static u16 model_sum(const u16 *w, int n)
{
	u16 s = 0;

	while (n--)
		s = model_add(s, *w++);
	return s;
}

static struct model_addr model_addr(u64 upper, u64 ident)
{
	struct model_addr a;
	int i;

	for (i = 0; i < 4; i++) {
		a.w[i] = upper >> (48 - 16 * i);
		a.w[4 + i] = ident >> (48 - 16 * i);
	}
	return a;
}

static u64 model_ident(const struct model_addr *a)
{
	return (u64)a->w[4] << 48 | (u64)a->w[5] << 32 |
	       (u64)a->w[6] << 16 | a->w[7];
}

static u64 model_upper(const struct model_addr *a)
{
	return (u64)a->w[0] << 48 | (u64)a->w[1] << 32 |
	       (u64)a->w[2] << 16 | a->w[3];
}

/* Are two sums the same to a checksum? */
static bool model_same(u16 a, u16 b)
{
	return a % 0xffff == b % 0xffff;
}

/* Write another upper half; neutral if @neutral, with the C-bit if @c_bit */
static struct model_addr model_translate(struct model_addr a, u64 upper,
					 bool neutral, bool c_bit, bool restore)
{
	struct model_addr b = model_addr(upper, model_ident(&a));
	u16 adj = model_add(model_sum(a.w, 4), ~model_sum(b.w, 4));

	if (!neutral)
		return b;
	if (c_bit) {
		b.w[4] ^= 0x1000;
		adj = model_add(adj, restore ? 0x1000 : 0xefff);
	}
	b.w[7] = model_add(b.w[7], adj);
	if (restore && b.w[7] == 0xffff)
		b.w[7] = 0;
	return b;
}

/* Replace all of an address; neutral if @neutral, with the C-bit if @c_bit */
static struct model_addr model_exact(struct model_addr a, u64 locator,
				     u64 identifier, bool neutral, bool c_bit)
{
	struct model_addr b = model_addr(locator, identifier);

	if (!neutral)
		return b;
	if (c_bit)
		b.w[4] |= 0x1000;
	b.w[7] = 0;
	b.w[7] = model_add(model_sum(a.w, 8), ~model_sum(b.w, 8));
	return b;
}

/* The code under test, in the model's terms */

static struct ila_addr addr_of(u64 upper, u64 ident)
{
	struct ila_addr a = {
		.upper = cpu_to_be64(upper),
	};

	a.ident = cpu_to_be64(ident);
	return a;
}

static struct ila_xlat xlat_to(u64 to, u8 csum_mode, bool restore)
{
	struct ila_xlat x = {
		.to = cpu_to_be64(to),
		.csum_mode = csum_mode,
		.restore = restore,
	};

	return x;
}

static u64 upper_of(const struct ila_addr *a)
{
	return be64_to_cpu(a->upper);
}

static u64 ident_of(const struct ila_addr *a)
{
	return be64_to_cpu(a->ident);
}

/* A sum's word in network order */
static u16 word_of(u16 raw)
{
	return be16_to_cpu((__force __be16)raw);
}

static u16 sum_of(const struct ila_addr *a)
{
	return word_of(ila_sum_fold(ila_sum_add(ila_sum_half(a->upper),
						ila_sum_half(a->ident))));
}

/* A transport checksum after the sum it covers grew by @diff */
static u16 check_after(u16 check, u32 diff)
{
	u16 raw = (__force u16)cpu_to_be16(~check);

	return ~word_of(ila_sum_fold(ila_sum_add(raw, diff)));
}

struct neutral_vector {
	u64 sir, loc, ident, ila_ident;
	u8 mode;
};

static const struct neutral_vector neutral_vectors[] = {
	/* A, and its variants by the low 16 bits */
	{ SIR, LOC, 0x2000000000010087, 0x30000000000145db,
	  ILA_CSUM_NEUTRAL_MAP },
	{ SIR, LOC, 0x2000000000010000, 0x3000000000014554,
	  ILA_CSUM_NEUTRAL_MAP },
	{ SIR, LOC, 0x2000000000010001, 0x3000000000014555,
	  ILA_CSUM_NEUTRAL_MAP },
	{ SIR, LOC, 0x200000000001baab, 0x300000000001ffff,
	  ILA_CSUM_NEUTRAL_MAP },
	{ SIR, LOC, 0x200000000001baac, 0x3000000000010001,
	  ILA_CSUM_NEUTRAL_MAP },
	/* B */
	{ SIR, LOC, 0x2000000000010087, 0x20000000000155db,
	  ILA_CSUM_NEUTRAL_MAP_AUTO },
	/* K1, K2 */
	{ 0x3333000000000001, 0x2001000000870000, 0x2000000000010087,
	  0x3000000000010333,
	  ILA_CSUM_NEUTRAL_MAP },
	{ 0x3333000000000001, 0x2001000000870001, 0x2000000000020087,
	  0x2000000000021332,
	  ILA_CSUM_NEUTRAL_MAP_AUTO },
	/* seen on the wire between two hosts of the kernel tree's module */
	{ 0x3333000000000001, 0x2222000000000002, 0x2000000000001111,
	  0x3000000000001221,
	  ILA_CSUM_NEUTRAL_MAP },
	{ 0x3333000000000001, 0x2222000000000002, 0x2000000000001111,
	  0x2000000000002221,
	  ILA_CSUM_NEUTRAL_MAP_AUTO },
	{ 0x3333000700080009, 0x2222000000000002, 0x0000000000001234,
	  0x000000000000235b,
	  ILA_CSUM_NEUTRAL_MAP_AUTO },
};

static void ila_test_neutral_vectors(struct kunit *test)
{
	const struct neutral_vector *v = neutral_vectors;
	struct ila_addr a, b, c;
	struct ila_xlat x;
	int i, fixed;

	for (i = 0; i < ARRAY_SIZE(neutral_vectors) * 2; i++) {
		v = &neutral_vectors[i / 2];
		fixed = i % 2;
		a = addr_of(v->sir, v->ident);
		x = xlat_to(v->loc, v->mode, false);
		if (fixed)
			ila_xlat_fix(&x, a.upper);
		KUNIT_ASSERT_EQ(test, ila_xlat_addr(&x, &a, &b), ILA_OK);
		KUNIT_EXPECT_EQ(test, upper_of(&b), v->loc);
		KUNIT_EXPECT_EQ(test, ident_of(&b), v->ila_ident);
		KUNIT_EXPECT_TRUE(test, ila_xlat_keeps_sum(&x, a.ident));

		x = xlat_to(v->sir, v->mode, true);
		if (fixed)
			ila_xlat_fix(&x, b.upper);
		KUNIT_EXPECT_TRUE(test, ila_xlat_keeps_sum(&x, b.ident));
		KUNIT_ASSERT_EQ(test, ila_xlat_addr(&x, &b, &c), ILA_OK);
		KUNIT_EXPECT_EQ(test, upper_of(&c), v->sir);
		KUNIT_EXPECT_EQ(test, ident_of(&c), v->ident);
	}
}

/* ffff can not be sent, and its address restores to the one ending in 0000 */
static void ila_test_zero_class(struct kunit *test)
{
	static const u8 modes[] = {
		ILA_CSUM_NEUTRAL_MAP, ILA_CSUM_NEUTRAL_MAP_AUTO,
	};
	struct ila_addr a = addr_of(SIR, 0x200000000001ffff), b;
	struct ila_xlat x;
	int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		x = xlat_to(LOC, modes[i], false);
		KUNIT_EXPECT_EQ(test, ila_xlat_addr(&x, &a, &b),
				ILA_REFUSED_LOW16);
	}
	a = addr_of(LOC, 0x3000000000014554);
	x = xlat_to(SIR, ILA_CSUM_NEUTRAL_MAP, true);
	KUNIT_ASSERT_EQ(test, ila_xlat_addr(&x, &a, &b), ILA_OK);
	KUNIT_EXPECT_EQ(test, ident_of(&b), 0x2000000000010000ULL);

	x = xlat_to(LOC, ILA_CSUM_NO_ACTION, false);
	a = addr_of(SIR, 0x200000000001ffff);
	KUNIT_ASSERT_EQ(test, ila_xlat_addr(&x, &a, &b), ILA_OK);
	KUNIT_EXPECT_EQ(test, ident_of(&b), 0x200000000001ffffULL);
}

/* Vector C, and the transport checksums of D and E */
static void ila_test_transport_vectors(struct kunit *test)
{
	struct ila_addr a = addr_of(SIR, 0x2000000000010087), b;
	struct ila_xlat x = xlat_to(LOC, ILA_CSUM_NO_ACTION, false);
	u32 there = ila_xlat_diff(&x, a.upper), back;

	KUNIT_ASSERT_EQ(test, ila_xlat_addr(&x, &a, &b), ILA_OK);
	KUNIT_EXPECT_EQ(test, upper_of(&b), LOC);
	KUNIT_EXPECT_EQ(test, ident_of(&b), 0x2000000000010087ULL);
	KUNIT_EXPECT_FALSE(test, ila_xlat_keeps_sum(&x, a.ident));

	KUNIT_EXPECT_EQ(test, word_of(ila_sum_fold(there)), 0xaaab);
	KUNIT_EXPECT_EQ(test, sum_of(&a), 0x4e42);
	KUNIT_EXPECT_EQ(test, check_after(0x826a, there), 0xd7be);
	KUNIT_EXPECT_EQ(test, check_after(0xaaab, there), 0x0000);

	x = xlat_to(SIR, ILA_CSUM_ADJUST_TRANSPORT, true);
	back = ila_xlat_diff(&x, b.upper);
	KUNIT_EXPECT_EQ(test, check_after(0xd7be, back), 0x826a);
	KUNIT_EXPECT_EQ(test, check_after(0xffff, back), 0xaaab);
	ila_xlat_fix(&x, b.upper);
	KUNIT_EXPECT_EQ(test, ila_xlat_diff(&x, b.upper), back);
}

/* Vector F: the checksum of an error whose quote is restored */
static void ila_test_icmp_vector(struct kunit *test)
{
	struct ila_addr ila = addr_of(LOC, 0x2000000000010087);
	struct ila_addr sir = addr_of(SIR, 0x2000000000010087);
	u32 diff = ila_sum_diff(ila.upper, sir.upper);

	KUNIT_EXPECT_EQ(test, check_after(0xba2d, diff), 0x64d9);
	ila = addr_of(LOC, 0x30000000000145db);
	KUNIT_EXPECT_TRUE(test, model_same(sum_of(&ila), sum_of(&sir)));
}

/* Round trips of every low word, for several pairs of prefixes, both ways */
static void ila_test_low16(struct kunit *test)
{
	static const u64 prefixes[][2] = {
		{ SIR, LOC }, { LOC, SIR }, { SIR, SIR },
		{ 0x2001000000000000, 0x2000000000000001 },
		{ 0x20010db8ffffffff, 0x20010db800000000 },
		{ 0xfd00123456789abc, 0x2a00fedcba987654 },
	};
	struct ila_addr a, b, c;
	struct model_addr m;
	struct ila_xlat there, back;
	int p, bad = 0;
	bool c_bit;
	u32 low;
	u8 mode;

	for (p = 0; p < ARRAY_SIZE(prefixes) * 2; p++) {
		c_bit = p % 2;
		mode = c_bit ? ILA_CSUM_NEUTRAL_MAP : ILA_CSUM_NEUTRAL_MAP_AUTO;
		there = xlat_to(prefixes[p / 2][1], mode, false);
		back = xlat_to(prefixes[p / 2][0], mode, true);
		ila_xlat_fix(&back, there.to);
		for (low = 0; low < 0xffff; low++) {
			a = addr_of(prefixes[p / 2][0], 0x2000000000010000 | low);
			m = model_translate(model_addr(prefixes[p / 2][0],
						       ident_of(&a)),
					    prefixes[p / 2][1], true, c_bit,
					    false);
			if (ila_xlat_addr(&there, &a, &b) != ILA_OK ||
			    ident_of(&b) != model_ident(&m) ||
			    upper_of(&b) != model_upper(&m) ||
			    !model_same(sum_of(&a), sum_of(&b)) ||
			    ila_xlat_addr(&back, &b, &c) != ILA_OK ||
			    memcmp(&a, &c, sizeof(a)))
				bad++;
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* Every first nibble (type and C-bit), in every mode, sent and received */
static void ila_test_nibbles(struct kunit *test)
{
	static const u8 modes[] = {
		ILA_CSUM_ADJUST_TRANSPORT, ILA_CSUM_NEUTRAL_MAP,
		ILA_CSUM_NO_ACTION, ILA_CSUM_NEUTRAL_MAP_AUTO,
		ILA_CSUM_ADJUST_TRANSPORT_COMPAT,
	};
	enum ila_verdict verdict, expected;
	struct model_addr m;
	struct ila_addr a, b;
	struct ila_xlat x;
	int i;

	for (i = 0; i < 16 * ARRAY_SIZE(modes) * 4; i++) {
		u8 nibble = i % 16, mode = modes[i / 16 % ARRAY_SIZE(modes)];
		u64 ident = (u64)nibble << 60 | 0x0123456789abcde;
		bool restore = i / (16 * ARRAY_SIZE(modes)) % 2;
		bool formatted = i / (16 * ARRAY_SIZE(modes)) / 2;
		bool c_bit = nibble & 1, flips, neutral;

		a = addr_of(restore ? LOC : SIR, ident);
		x = xlat_to(restore ? SIR : LOC, mode, restore);
		x.by = formatted ? ILA_BY_TYPE : ILA_BY_PREFIX;
		flips = mode == ILA_CSUM_NEUTRAL_MAP;
		neutral = mode == ILA_CSUM_NEUTRAL_MAP_AUTO ||
			  (flips && (!restore || c_bit));

		expected = ILA_OK;
		if (flips && !restore && c_bit)
			expected = ILA_REFUSED_CBIT;
		if (formatted && (nibble < 2 || nibble > 11))
			expected = ILA_LEFT_TYPE;

		verdict = ila_xlat_addr(&x, &a, &b);
		KUNIT_EXPECT_EQ(test, verdict, expected);
		KUNIT_EXPECT_EQ(test, ila_ident_type(a.ident), nibble >> 1);
		KUNIT_EXPECT_EQ(test, ila_ident_c_bit(a.ident), c_bit);
		if (verdict != ILA_OK)
			continue;
		m = model_translate(model_addr(upper_of(&a), ident),
				    upper_of(&b), neutral, flips, restore);
		KUNIT_EXPECT_EQ(test, ident_of(&b), model_ident(&m));
		KUNIT_EXPECT_EQ(test, ila_xlat_keeps_sum(&x, a.ident), neutral);
		/* said of all identifiers at once, when it is true of each */
		ila_xlat_fix(&x, a.upper);
		KUNIT_EXPECT_EQ(test, x.keeps_sum,
				!formatted && neutral && !(flips && restore));
	}
}

/* Random addresses against the model, sums included */
static void ila_test_random(struct kunit *test)
{
	u64 s = 0x9e3779b97f4a7c15, v[3];
	struct ila_addr a, b, c;
	struct ila_xlat x;
	int i, j, bad = 0;
	u16 word, diff;
	u32 sum;

	for (i = 0; i < 100000; i++) {
		for (j = 0; j < 3; j++) {
			s ^= s << 13;
			s ^= s >> 7;
			s ^= s << 17;
			v[j] = s;
		}
		v[2] &= ~0x1000000000000001ULL;
		a = addr_of(v[0], v[2]);
		x = xlat_to(v[1], i % 2 ? ILA_CSUM_NEUTRAL_MAP :
					  ILA_CSUM_NEUTRAL_MAP_AUTO, false);
		if (ila_xlat_addr(&x, &a, &b) != ILA_OK ||
		    !model_same(sum_of(&a), sum_of(&b)))
			bad++;
		x.to = a.upper;
		x.restore = true;
		if (ila_xlat_addr(&x, &b, &c) != ILA_OK ||
		    memcmp(&a, &c, sizeof(a)))
			bad++;

		sum = ila_sum_diff(a.upper, b.upper);
		diff = word_of(ila_sum_fold(sum));
		word = model_add(model_sum(model_addr(v[1], 0).w, 4),
				 ~model_sum(model_addr(v[0], 0).w, 4));
		if (!model_same(word, diff))
			bad++;
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* What may be written over a received packet's upper half */
static void ila_test_prefixes(struct kunit *test)
{
	static const struct {
		u64 prefix;
		bool ok;
	} cases[] = {
		{ 0x20010db800000001, true },	{ 0xfd00000000000001, true },
		{ 0xfec0000000000000, true },	{ 0x0000000000000001, true },
		{ 0x0000000000000000, false },	{ 0xff02000000000000, false },
		{ 0xff3e000000000000, false },	{ 0xfe80000000000000, false },
		{ 0xfebfffffffffffff, false },	{ 0xfe7fffffffffffff, true },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ(test,
				ila_prefix_ok(cpu_to_be64(cases[i].prefix)),
				cases[i].ok);
}

/* Every mode that there is for packets */
static const u8 exact_modes[] = {
	ILA_CSUM_ADJUST_TRANSPORT, ILA_CSUM_NEUTRAL_MAP,
	ILA_CSUM_NO_ACTION, ILA_CSUM_NEUTRAL_MAP_AUTO,
	ILA_CSUM_ADJUST_TRANSPORT_COMPAT,
};

static bool mode_neutral(u8 mode)
{
	return mode == ILA_CSUM_NEUTRAL_MAP ||
	       mode == ILA_CSUM_NEUTRAL_MAP_AUTO;
}

static struct ila_addr exact_send(const struct ila_addr *from, u64 locator,
				  u64 identifier, u8 mode)
{
	struct ila_addr to;

	ila_exact_send(from, cpu_to_be64(locator), cpu_to_be64(identifier),
		       mode, &to);
	return to;
}

static u64 exact_key(const struct ila_addr *wire, u8 mode,
		     const struct ila_addr *tenant)
{
	return be64_to_cpu(ila_exact_key(wire, mode,
					 ila_exact_prefix_sum(tenant)));
}

static enum ila_exact_error exact_check(const struct ila_addr *address,
					u64 identifier, u8 type, u8 mode)
{
	return ila_exact_check(address, cpu_to_be64(identifier), type, mode);
}

/* Is @wire what the model sends, with sums that are as they must be? */
static bool exact_sent_right(const struct ila_addr *from, u64 locator,
			     u64 identifier, u8 mode,
			     const struct ila_addr *wire)
{
	bool neutral = mode_neutral(mode);
	struct model_addr a, m;
	u16 diff, sum;

	a = model_addr(upper_of(from), ident_of(from));
	m = model_exact(a, locator, identifier, neutral,
			mode == ILA_CSUM_NEUTRAL_MAP);
	diff = word_of(ila_sum_fold(ila_exact_diff(from, wire)));
	sum = word_of(ila_sum_fold(ila_sum_addr(wire)));

	return upper_of(wire) == model_upper(&m) &&
	       ident_of(wire) == model_ident(&m) &&
	       ila_exact_adjusted(wire->ident, mode) == neutral &&
	       sum == model_sum(m.w, 8) &&
	       model_same(model_add(model_sum(a.w, 8), diff), sum) &&
	       (!neutral || model_same(diff, 0));
}

/* Where the words of an identifier are: examples of the types' layouts */
static void ila_test_exact_layout(struct kunit *test)
{
	static const struct {
		u8 type;
		u32 vnid, low32;
		u64 ident;
	} cases[] = {
		{ 2, 0x0abcdef, 0x0a010203, 0x40abcdef0a010203 },
		{ 3, 0x0123456, 0x0a0b0c0d, 0x601234560a0b0c0d },
		{ 4, 0x0123456, 0x5abcdef1, 0x801234565abcdef1 },
		{ 5, 0x0123456, 0x789a0000, 0xa0123456789a0000 },
		{ 3, 0xfffffff, 0xffffffff, 0x6fffffffffffffff },
		{ 4, 0x0000000, 0x00000001, 0x8000000000000001 },
		{ 5, 0x8000001, 0x80000000, 0xa800000180000000 },
	};
	struct ila_addr group;
	__be64 ident;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ident = ila_ident_make(cases[i].type, cases[i].vnid,
				       cases[i].low32);
		KUNIT_EXPECT_EQ(test, be64_to_cpu(ident), cases[i].ident);
		KUNIT_EXPECT_EQ(test, ila_ident_type(ident), cases[i].type);
		KUNIT_EXPECT_EQ(test, ila_exact_vnid(ident), cases[i].vnid);
		KUNIT_EXPECT_EQ(test, ila_exact_scope(ident),
				cases[i].low32 >> 28);
		ident |= cpu_to_be64(ILA_C_BIT);
		KUNIT_EXPECT_EQ(test, ila_exact_vnid(ident), cases[i].vnid);
	}
	/* a VNID that is too long stays out of C-bit and type */
	ident = ila_ident_make(3, 0xf0000001, 0);
	KUNIT_EXPECT_EQ(test, be64_to_cpu(ident), 0x6000000100000000ULL);

	ila_multicast_group(cpu_to_be64(0x801234565abcdef1), &group);
	KUNIT_EXPECT_EQ(test, upper_of(&group), 0xff05000000000000ULL);
	KUNIT_EXPECT_EQ(test, ident_of(&group), 0x000000000abcdef1ULL);
}

struct exact_vector {
	u64 upper, low, ident, wire_ident, literal;
	u16 sum;
	u8 mode;
};

/* To LOC; "literal" is what comparing upper halves only would give */
static const struct exact_vector exact_vectors[] = {
	{ 0, 0x000000000a010203, 0x40abcdef0a010203,
	  0x50abcdef0a010b02, 0x50abcdef0a01199d, 0x0c04,
	  ILA_CSUM_NEUTRAL_MAP },
	{ 0x20010db800770088, 0x99aabbcc0a0b0c0d, 0x601234560a0b0c0d,
	  0x701234560a0b136e, 0x701234560a0b525f, 0x9a47,
	  ILA_CSUM_NEUTRAL_MAP },
	{ 0xff05000000000000, 0x000000000abcdef1, 0x801234565abcdef1,
	  0x901234565abcf128, 0x901234565abcf591, 0xe8b3,
	  ILA_CSUM_NEUTRAL_MAP },
	{ 0x20010db8ffff0001, 0x0000000000001234, 0xa0123456789a0000,
	  0xb0123456789a0a85, 0, 0x3fee,
	  ILA_CSUM_NEUTRAL_MAP },
	{ 0x20010db8ffff0001, 0x0000000000001234, 0xa0123456789a0000,
	  0xa0123456789a1a85, 0, 0x3fee,
	  ILA_CSUM_NEUTRAL_MAP_AUTO },
};

static void ila_test_exact_vectors(struct kunit *test)
{
	const struct exact_vector *v = exact_vectors;
	struct ila_addr a, b;
	u8 type;

	for (; v < exact_vectors + ARRAY_SIZE(exact_vectors); v++) {
		type = v->ident >> 61;
		a = addr_of(v->upper, v->low);
		KUNIT_EXPECT_EQ(test, sum_of(&a), v->sum);

		b = exact_send(&a, LOC, v->ident, v->mode);
		KUNIT_EXPECT_EQ(test, upper_of(&b), LOC);
		KUNIT_EXPECT_EQ(test, ident_of(&b), v->wire_ident);
		KUNIT_EXPECT_EQ(test, sum_of(&b), v->sum);
		KUNIT_EXPECT_TRUE(test, ila_exact_adjusted(b.ident, v->mode));

		/* type 2 is not for here: it does not come back */
		KUNIT_EXPECT_EQ(test, exact_check(&a, v->ident, type, v->mode),
				type == 2 ? ILA_EXACT_TYPE : ILA_EXACT_OK);
		KUNIT_EXPECT_EQ(test, exact_key(&b, v->mode, &a),
				type == 2 ? v->wire_ident : v->ident);

		/* in place */
		b = a;
		ila_exact_send(&b, cpu_to_be64(LOC), cpu_to_be64(v->ident),
			       v->mode, &b);
		KUNIT_EXPECT_EQ(test, ident_of(&b), v->wire_ident);
	}
}

/* Comparing upper halves only is not neutral, and does not pass for it */
static void ila_test_exact_literal(struct kunit *test)
{
	const struct exact_vector *v = exact_vectors;
	struct ila_addr a, b;
	__be64 ident;
	u16 adj;

	for (; v < exact_vectors + ARRAY_SIZE(exact_vectors); v++) {
		if (!v->literal)
			continue;
		a = addr_of(v->upper, v->low);
		b = addr_of(LOC, v->literal);
		adj = ila_neutral_adj(a.upper, b.upper, true, false);
		ident = ila_ident_add(cpu_to_be64(v->ident | ILA_C_BIT), adj,
				      false);
		KUNIT_EXPECT_EQ(test, be64_to_cpu(ident), v->literal);
		KUNIT_EXPECT_FALSE(test, model_same(sum_of(&b), v->sum));
		KUNIT_EXPECT_FALSE(test, exact_key(&b, v->mode, &a) ==
					 v->ident);
	}
}

/* A transport checksum in every mode: vector D's packet, sent to an address of
 * type 5 instead
 */
static void ila_test_exact_transport(struct kunit *test)
{
	struct ila_addr d = addr_of(SIR, 0x2000000000010087), a, b;
	u16 rest = model_add(0x7d95, ~sum_of(&d)), check;
	int i;

	a = addr_of(0x20010db8ffff0001, 0x1234);
	check = ~model_add(rest, sum_of(&a));
	KUNIT_EXPECT_EQ(test, check_after(0x826a, ila_exact_diff(&d, &a)),
			check);
	for (i = 0; i < ARRAY_SIZE(exact_modes); i++) {
		u8 mode = exact_modes[i];
		u16 there, back;

		b = exact_send(&a, LOC, 0xa0123456789a0000, mode);
		there = check_after(check, ila_exact_diff(&a, &b));
		back = check_after(there, ila_exact_diff(&b, &a));
		KUNIT_EXPECT_TRUE(test,
				  model_same(there,
					     ~model_add(rest, sum_of(&b))));
		KUNIT_EXPECT_TRUE(test, model_same(back, check));
		KUNIT_EXPECT_EQ(test, model_same(there, check),
				mode_neutral(mode));
	}
}

/* Every low word in every mode; ffff is refused where it would not come back */
static void ila_test_exact_low16(struct kunit *test)
{
	static const struct {
		u64 upper, low, ident;
	} cases[] = {
		{ 0x20010db800770088, 0x99aabbcc0a0b0000, 0x601234560a0b0000 },
		{ 0xff05000000000000, 0x000000000abc0000, 0x801234565abc0000 },
		/* sums that carry much, and next to nothing */
		{ 0x2fffffffffffffff, 0xffffffffffff0000, 0x6fffffffffff0000 },
		{ 0x2000000000000000, 0x0000000000000000, 0x6000000000000000 },
		{ 0xff0e000000000000, 0x000000000fff0000, 0x8fffffffefff0000 },
		{ 0xff03000000000000, 0x0000000000000000, 0x8000000030000000 },
	};
	int i, bad = 0, refused = 0;
	struct ila_addr a, b, tenant;
	enum ila_exact_error error;
	u64 ident, key;
	u32 low;
	u8 mode;

	for (i = 0; i < ARRAY_SIZE(cases) * ARRAY_SIZE(exact_modes); i++) {
		int c = i / ARRAY_SIZE(exact_modes);

		mode = exact_modes[i % ARRAY_SIZE(exact_modes)];
		tenant = addr_of(cases[c].upper, cases[c].low | 0x12345678);
		for (low = 0; low <= 0xffff; low++) {
			a = addr_of(cases[c].upper, cases[c].low | low);
			ident = cases[c].ident | low;
			b = exact_send(&a, LOC, ident, mode);
			if (!exact_sent_right(&a, LOC, ident, mode, &b))
				bad++;

			key = exact_key(&b, mode, &tenant);
			error = exact_check(&a, ident, ident >> 61, mode);
			if (low == 0xffff && mode_neutral(mode)) {
				refused += error == ILA_EXACT_LOW16;
				ident &= ~0xffffULL;
			} else if (error != ILA_EXACT_OK) {
				bad++;
			}
			if (key != ident)
				bad++;
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, refused, ARRAY_SIZE(cases) * 2);
}

/* Every first nibble as received, in every mode */
static void ila_test_exact_nibbles(struct kunit *test)
{
	struct ila_addr wire, tenant = addr_of(0x20010db800770088,
					       0x99aabbcc00000000);
	u64 ident, expected;
	int i;

	for (i = 0; i < 16 * ARRAY_SIZE(exact_modes); i++) {
		u8 nibble = i % 16, mode = exact_modes[i / 16];
		u8 type = nibble >> 1;
		bool c_bit = nibble & 1, adjusted;

		ident = (u64)nibble << 60 | 0x0123456589abcde;
		wire = addr_of(LOC, ident);
		adjusted = mode == ILA_CSUM_NEUTRAL_MAP_AUTO ||
			   (mode == ILA_CSUM_NEUTRAL_MAP && c_bit);
		KUNIT_EXPECT_EQ(test, ila_exact_adjusted(wire.ident, mode),
				adjusted);

		expected = ident;
		if (type >= 3 && type <= 5) {
			if (adjusted && mode == ILA_CSUM_NEUTRAL_MAP)
				expected &= ~ILA_C_BIT;
			if (type == 5)
				expected &= ~0xffffULL;
		}
		/* the low word is checked by sending again */
		if (adjusted && (type == 3 || type == 4)) {
			struct ila_addr a = tenant, b;
			u64 key = exact_key(&wire, mode, &tenant);

			if (type == 3)
				a.ident |= cpu_to_be64(key & 0xffffffff);
			else
				ila_multicast_group(cpu_to_be64(key), &a);
			KUNIT_EXPECT_EQ(test, key >> 16, expected >> 16);
			KUNIT_EXPECT_TRUE(test, model_same(sum_of(&a),
							   sum_of(&wire)));
			b = exact_send(&a, LOC, key, mode);
			KUNIT_EXPECT_EQ(test, ident_of(&b), ident);
			continue;
		}
		KUNIT_EXPECT_EQ(test, exact_key(&wire, mode, &tenant),
				expected);
	}
}

/* Every type given with every first nibble */
static void ila_test_exact_types(struct kunit *test)
{
	struct ila_addr unicast = addr_of(0x20010db800770088,
					  0x99aabbcc5abc0000);
	struct ila_addr group = addr_of(0xff05000000000000, 0x0abc0000);
	enum ila_exact_error expected;
	int nibble, type;

	for (nibble = 0; nibble < 16; nibble++) {
		u64 ident = (u64)nibble << 60 | 0x01234565abc0000;

		for (type = 0; type < 256; type++) {
			if (type < 3 || type > 5)
				expected = ILA_EXACT_TYPE;
			else if (type != nibble >> 1)
				expected = ILA_EXACT_TYPE_FIELD;
			else if (nibble & 1)
				expected = ILA_EXACT_C_BIT;
			else
				expected = ILA_EXACT_OK;
			KUNIT_EXPECT_EQ(test,
					exact_check(type == 4 ? &group :
								&unicast,
						    ident, type,
						    ILA_CSUM_NEUTRAL_MAP),
					expected);
		}
	}
}

/* Every scope and every set of flags */
static void ila_test_exact_scopes(struct kunit *test)
{
	enum ila_exact_error expected;
	struct ila_addr a, b;
	u64 flags, scope;

	for (flags = 0; flags < 16; flags++) {
		for (scope = 0; scope < 16; scope++) {
			u64 ident = 0x801234560abcdef1 | scope << 28;

			a = addr_of(0xff00000000000000 | flags << 52 |
				    scope << 48, 0x0abcdef1);
			expected = ILA_EXACT_OK;
			if (scope < 3 || scope == 15)
				expected = ILA_EXACT_SCOPE;
			if (flags)
				expected = ILA_EXACT_FLAGS;
			KUNIT_EXPECT_EQ(test,
					exact_check(&a, ident, 4,
						    ILA_CSUM_NEUTRAL_MAP),
					expected);
			if (flags)
				continue;
			ila_multicast_group(cpu_to_be64(ident), &b);
			KUNIT_EXPECT_FALSE(test, memcmp(&a, &b, sizeof(a)));
			KUNIT_EXPECT_EQ(test,
					ila_exact_scope(cpu_to_be64(ident)),
					scope);
		}
	}
}

struct exact_case {
	u64 upper, low, ident;
	u8 type, mode, error;
};

#define TENANT	0x20010db800770088ULL
#define LOW	0x99aabbcc0a0b0c0dULL
#define IDENT3	0x601234560a0b0c0dULL
#define GROUP	0xff05000000000000ULL
#define IDENT4	0x801234565abcdef1ULL
#define IDENT5	0xa0123456789a0000ULL

static const struct exact_case exact_cases[] = {
	{ TENANT, LOW, IDENT3, 3, ILA_CSUM_NEUTRAL_MAP, ILA_EXACT_OK },
	{ TENANT, LOW, IDENT3, 3, ILA_CSUM_ROUTE, ILA_EXACT_OK },
	{ TENANT, LOW, IDENT3, 2, 1, ILA_EXACT_TYPE },
	{ TENANT, LOW, IDENT3, ILA_ATYPE_USE_FORMAT, 1, ILA_EXACT_TYPE },
	{ TENANT, LOW, IDENT3, ILA_ATYPE_ROUTE, 1, ILA_EXACT_TYPE },
	{ TENANT, LOW, IDENT3, 4, 1, ILA_EXACT_TYPE_FIELD },
	{ TENANT, LOW, IDENT3, 5, 1, ILA_EXACT_TYPE_FIELD },
	{ TENANT, LOW, IDENT3 | ILA_C_BIT, 3, 1, ILA_EXACT_C_BIT },
	{ TENANT, LOW, IDENT3 | ILA_C_BIT, 3, 2, ILA_EXACT_C_BIT },
	{ TENANT, LOW, IDENT3 ^ 1, 3, 1, ILA_EXACT_IDENT_LOW32 },
	{ TENANT, LOW, IDENT3 ^ 1 << 16, 3, 1, ILA_EXACT_IDENT_LOW32 },
	{ TENANT, LOW, IDENT3 ^ 1ULL << 31, 3, 1, ILA_EXACT_IDENT_LOW32 },
	{ TENANT, LOW, IDENT3 ^ 1ULL << 32, 3, 1, ILA_EXACT_OK },

	/* ffff: every mode that is or can be neutral, types 3 and 4 */
	{ TENANT, 0xffff, 0x600000010000ffff, 3, 0, ILA_EXACT_OK },
	{ TENANT, 0xffff, 0x600000010000ffff, 3, 1, ILA_EXACT_LOW16 },
	{ TENANT, 0xffff, 0x600000010000ffff, 3, 2, ILA_EXACT_OK },
	{ TENANT, 0xffff, 0x600000010000ffff, 3, 3, ILA_EXACT_LOW16 },
	{ TENANT, 0xffff, 0x600000010000ffff, 3, 64, ILA_EXACT_OK },
	{ TENANT, 0xffff, 0x600000010000ffff, 3, 255, ILA_EXACT_LOW16 },
	{ GROUP, 0xffff, 0x800000015000ffff, 4, 0, ILA_EXACT_OK },
	{ GROUP, 0xffff, 0x800000015000ffff, 4, 1, ILA_EXACT_LOW16 },
	{ GROUP, 0xffff, 0x800000015000ffff, 4, 2, ILA_EXACT_OK },
	{ GROUP, 0xffff, 0x800000015000ffff, 4, 3, ILA_EXACT_LOW16 },
	{ GROUP, 0xffff, 0x800000015000ffff, 4, 64, ILA_EXACT_OK },
	{ GROUP, 0xffff, 0x800000015000ffff, 4, 255, ILA_EXACT_LOW16 },
	{ TENANT, 0xffff, IDENT5, 5, ILA_CSUM_NEUTRAL_MAP, ILA_EXACT_OK },
	{ TENANT, 0xffff, IDENT5, 5, ILA_CSUM_ROUTE, ILA_EXACT_OK },
	{ TENANT, 0x0000, 0x6000000100000000, 3, 1, ILA_EXACT_OK },
	{ TENANT, 0xfffe, 0x600000010000fffe, 3, 1, ILA_EXACT_OK },

	/* groups */
	{ GROUP, 0x0abcdef1, IDENT4, 4, 1, ILA_EXACT_OK },
	{ GROUP, 0x0fffffff, 0x801234565fffffff, 4, 2, ILA_EXACT_OK },
	{ GROUP, 0, 0x8012345650000000, 4, 1, ILA_EXACT_OK },
	{ 0xfe05000000000000, 0x0abcdef1, IDENT4, 4, 1, ILA_EXACT_NOT_GROUP },
	{ TENANT, 0x5abcdef1, IDENT4, 4, 1, ILA_EXACT_NOT_GROUP },
	{ 0, 0, 0x8012345600000000, 4, 1, ILA_EXACT_NOT_GROUP },
	{ 0xff15000000000000, 0x0abcdef1, IDENT4, 4, 1, ILA_EXACT_FLAGS },
	{ 0xff35004020010db8, 0x0abcdef1, IDENT4, 4, 1, ILA_EXACT_FLAGS },
	{ 0xff02000000000000, 1, 0x8012345620000001, 4, 1, ILA_EXACT_SCOPE },
	{ 0xff05000000000001, 0x0abcdef1, IDENT4, 4, 1, ILA_EXACT_GROUP_LONG },
	{ 0xff05800000000000, 0x0abcdef1, IDENT4, 4, 1, ILA_EXACT_GROUP_LONG },
	{ GROUP, 0x1abcdef1, IDENT4, 4, 1, ILA_EXACT_GROUP_LONG },
	{ GROUP, 0x10abcdef1, IDENT4, 4, 1, ILA_EXACT_GROUP_LONG },
	{ GROUP, 1ULL << 63, IDENT4, 4, 1, ILA_EXACT_GROUP_LONG },
	{ GROUP, 0x5abcdef1, IDENT4, 4, 1, ILA_EXACT_GROUP_LONG },
	{ 0xff0e000000000000, 0x0abcdef1, IDENT4, 4, 1, ILA_EXACT_IDENT_SCOPE },
	{ GROUP, 0x0abcdef0, IDENT4, 4, 1, ILA_EXACT_IDENT_GROUP },
	{ GROUP, 0x02bcdef1, IDENT4, 4, 1, ILA_EXACT_IDENT_GROUP },

	/* unicast */
	{ GROUP, 0x0a0b0c0d, IDENT3, 3, 1, ILA_EXACT_MULTICAST },
	{ GROUP, 0x0a0b0c0d, IDENT5, 5, 1, ILA_EXACT_MULTICAST },
	{ 0xffffffffffffffff, LOW, IDENT5, 5, 1, ILA_EXACT_MULTICAST },
	{ 0xfe80000000000000, LOW, IDENT3, 3, 1, ILA_EXACT_LINK_LOCAL },
	{ 0xfebfffffffffffff, LOW, IDENT5, 5, 1, ILA_EXACT_LINK_LOCAL },
	{ 0xfec0000000000000, LOW, IDENT5, 5, 1, ILA_EXACT_OK },
	{ 0xfe7f000000000000, LOW, IDENT5, 5, 1, ILA_EXACT_OK },
	{ 0xfd00000000000001, LOW, IDENT5, 5, 1, ILA_EXACT_OK },
	{ 0x0064ff9b00000000, LOW, IDENT5, 5, 1, ILA_EXACT_OK },
	{ 0, 0, IDENT5, 5, 1, ILA_EXACT_RESERVED },
	{ 0, 1, IDENT5, 5, 1, ILA_EXACT_RESERVED },
	{ 0, 0x0000ffff0a0b0c0d, IDENT3, 3, 1, ILA_EXACT_RESERVED },
	{ TENANT, LOW, IDENT5, 5, 1, ILA_EXACT_OK },
	{ TENANT, LOW, IDENT5 | 1, 5, 1, ILA_EXACT_IDENT_LOW16 },
	{ TENANT, LOW, IDENT5 | 0x8000, 5, 2, ILA_EXACT_IDENT_LOW16 },
	{ TENANT, LOW, IDENT5 | 0xffff, 5, 0, ILA_EXACT_IDENT_LOW16 },
};

static void ila_test_exact_check(struct kunit *test)
{
	const struct exact_case *c = exact_cases;
	struct ila_addr a;
	u32 seen = 0;

	for (; c < exact_cases + ARRAY_SIZE(exact_cases); c++) {
		a = addr_of(c->upper, c->low);
		KUNIT_EXPECT_EQ(test,
				exact_check(&a, c->ident, c->type, c->mode),
				c->error);
		seen |= 1U << c->error;
	}
	KUNIT_EXPECT_EQ(test, seen, (2U << ILA_EXACT_IDENT_LOW16) - 1);
}

/* One short line for each reason, no two the same */
static void ila_test_exact_texts(struct kunit *test)
{
	const char *text;
	int i, j;

	for (i = ILA_EXACT_OK; i <= ILA_EXACT_IDENT_LOW16; i++) {
		text = ila_exact_error_text(i);
		KUNIT_EXPECT_TRUE(test, text && *text && !strchr(text, '\n'));
		KUNIT_EXPECT_TRUE(test, text && strlen(text) < 80);
		for (j = ILA_EXACT_OK; j < i; j++)
			KUNIT_EXPECT_TRUE(test,
					  strcmp(text, ila_exact_error_text(j)));
	}
}

/* A random address, and an identifier of @type that may stand for it */
static u64 exact_random(u8 type, const u64 *v, struct ila_addr *a)
{
	u64 ident = (u64)type << 61 | (v[0] & 0x0fffffffffffffff);

	switch (type) {
	case ILA_ATYPE_VIRT_MULTI_V6:
		ident &= ~0xf0000001ULL;
		ident |= (3 + v[1] % 12) << 28;
		ila_multicast_group(cpu_to_be64(ident), a);
		return ident;
	case ILA_ATYPE_VIRT_UNI_V6:
		ident &= ~1ULL;
		*a = addr_of(v[1] >> 3 | 1ULL << 61,
			     (v[2] & ~0xffffffffULL) | (ident & 0xffffffff));
		return ident;
	default:
		*a = addr_of(v[1] >> 3 | 1ULL << 61, v[2]);
		return ident & ~0xffffULL;
	}
}

/* Random addresses and identifiers against the model, there and back */
static void ila_test_exact_random(struct kunit *test)
{
	u64 s = 0x9e3779b97f4a7c15, v[4], ident;
	struct ila_addr a, b;
	int i, j, bad = 0;
	u8 type, mode;

	for (i = 0; i < 150000; i++) {
		for (j = 0; j < ARRAY_SIZE(v); j++) {
			s ^= s << 13;
			s ^= s >> 7;
			s ^= s << 17;
			v[j] = s;
		}
		type = 3 + i % 3;
		mode = exact_modes[i / 3 % ARRAY_SIZE(exact_modes)];
		ident = exact_random(type, v, &a);
		if (exact_check(&a, ident, type, mode) != ILA_EXACT_OK)
			bad++;
		b = exact_send(&a, v[3], ident, mode);
		if (!exact_sent_right(&a, v[3], ident, mode, &b) ||
		    exact_key(&b, mode, &a) != ident)
			bad++;
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static struct kunit_case ila_addr_cases[] = {
	KUNIT_CASE(ila_test_neutral_vectors),
	KUNIT_CASE(ila_test_zero_class),
	KUNIT_CASE(ila_test_transport_vectors),
	KUNIT_CASE(ila_test_icmp_vector),
	KUNIT_CASE(ila_test_low16),
	KUNIT_CASE(ila_test_nibbles),
	KUNIT_CASE(ila_test_random),
	KUNIT_CASE(ila_test_prefixes),
	KUNIT_CASE(ila_test_exact_layout),
	KUNIT_CASE(ila_test_exact_vectors),
	KUNIT_CASE(ila_test_exact_literal),
	KUNIT_CASE(ila_test_exact_transport),
	KUNIT_CASE(ila_test_exact_low16),
	KUNIT_CASE(ila_test_exact_nibbles),
	KUNIT_CASE(ila_test_exact_types),
	KUNIT_CASE(ila_test_exact_scopes),
	KUNIT_CASE(ila_test_exact_check),
	KUNIT_CASE(ila_test_exact_texts),
	KUNIT_CASE(ila_test_exact_random),
	{}
};

static struct kunit_suite ila_addr_suite = {
	.name = "ila_addr",
	.test_cases = ila_addr_cases,
};

kunit_test_suite(ila_addr_suite);

MODULE_DESCRIPTION("Tests of Identifier-Locator Addressing's arithmetic");
MODULE_LICENSE("GPL");

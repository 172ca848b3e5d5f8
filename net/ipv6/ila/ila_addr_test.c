// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of net/ila_addr.h: KUnit in the kernel, a plain program in user space
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
		x.formatted = formatted;
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

static struct kunit_case ila_addr_cases[] = {
	KUNIT_CASE(ila_test_neutral_vectors),
	KUNIT_CASE(ila_test_zero_class),
	KUNIT_CASE(ila_test_transport_vectors),
	KUNIT_CASE(ila_test_icmp_vector),
	KUNIT_CASE(ila_test_low16),
	KUNIT_CASE(ila_test_nibbles),
	KUNIT_CASE(ila_test_random),
	KUNIT_CASE(ila_test_prefixes),
	{}
};

static struct kunit_suite ila_addr_suite = {
	.name = "ila_addr",
	.test_cases = ila_addr_cases,
};

kunit_test_suite(ila_addr_suite);

MODULE_DESCRIPTION("Tests of Identifier-Locator Addressing's arithmetic");
MODULE_LICENSE("GPL");

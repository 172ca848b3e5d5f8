/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of KUnit as ila_addr_test.c uses, for user space
 */
#ifndef _ILA_ADDR_TEST_USER_H
#define _ILA_ADDR_TEST_USER_H

#include <endian.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define __force
#define cpu_to_be16(x)	htobe16(x)
#define be16_to_cpu(x)	be16toh(x)
#define ARRAY_SIZE(a)	((int)(sizeof(a) / sizeof((a)[0])))

struct kunit {
	int failed;
};

struct kunit_case {
	void (*run)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char *name;
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(f)	{ .run = f, .name = #f }

#define KUNIT_EXPECT(test, cond, ...)					\
	do {								\
		if (!(cond)) {						\
			(test)->failed++;				\
			printf("# %s:%d: ", __FILE__, __LINE__);	\
			printf(__VA_ARGS__);				\
		}							\
	} while (0)

#define KUNIT_EXPECT_EQ(test, a, b)					\
	do {								\
		unsigned long long _a = (a), _b = (b);			\
		KUNIT_EXPECT(test, _a == _b, "%s is %#llx, not %#llx\n", \
			     #a, _a, _b);				\
	} while (0)

#define KUNIT_ASSERT_EQ(test, a, b)	KUNIT_EXPECT_EQ(test, a, b)
#define KUNIT_EXPECT_TRUE(test, a)	KUNIT_EXPECT_EQ(test, !!(a), 1)
#define KUNIT_EXPECT_FALSE(test, a)	KUNIT_EXPECT_EQ(test, !!(a), 0)

#define MODULE_DESCRIPTION(x)	struct kunit_unused
#define MODULE_LICENSE(x)	struct kunit_unused

static inline int kunit_run(const struct kunit_suite *suite)
{
	int n = 0, failed = 0, i;

	while (suite->test_cases[n].run)
		n++;
	printf("TAP version 13\n1..%d\n", n);
	for (i = 0; i < n; i++) {
		struct kunit test = {};

		suite->test_cases[i].run(&test);
		printf("%sok %d %s\n", test.failed ? "not " : "", i + 1,
		       suite->test_cases[i].name);
		failed += !!test.failed;
	}
	return !n || failed;
}

extern struct kunit_suite *kunit_main_suite;

#define kunit_test_suite(suite)	struct kunit_suite *kunit_main_suite = &(suite)

int main(void)
{
	return kunit_run(kunit_main_suite);
}

#endif /* _ILA_ADDR_TEST_USER_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libila: TAP for its tests
 */
#ifndef _LIBILA_TAP_H
#define _LIBILA_TAP_H

#include <stdio.h>

/**
 * struct tap_case - one test
 * @name: shown
 * @run: calls tap_check(); the case passes if all of them hold
 */
struct tap_case {
	const char *name;
	void (*run)(void);
};

static int tap_failures;

#define tap_check(condition) \
	tap_note(!!(condition), #condition, __FILE__, __LINE__)

static inline void tap_note(int holds, const char *text, const char *file,
			    int line)
{
	if (holds)
		return;
	tap_failures++;
	printf("# %s:%d: %s\n", file, line, text);
}

/* Return: what main() returns */
static inline int tap_run(const struct tap_case *cases, int n)
{
	int i, failed = 0;

	printf("TAP version 13\n1..%d\n", n);
	for (i = 0; i < n; i++) {
		tap_failures = 0;
		cases[i].run();
		failed += !!tap_failures;
		printf("%sok %d %s\n", tap_failures ? "not " : "", i + 1,
		       cases[i].name);
	}
	return !!failed;
}

#endif /* _LIBILA_TAP_H */

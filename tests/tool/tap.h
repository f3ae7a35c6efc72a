/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TESTS_TOOL_TAP_H
#define TESTS_TOOL_TAP_H

#include <stdio.h>

static int tap_count, tap_failed;

#define ok(condition, ...) do {							\
	int good_ = !!(condition);						\
										\
	printf("%sok %d - ", good_ ? "" : "not ", ++tap_count);			\
	printf(__VA_ARGS__);							\
	printf("\n");								\
	if (!good_) {								\
		tap_failed++;							\
		printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);	\
	}									\
} while (0)

static inline int tap_end(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif

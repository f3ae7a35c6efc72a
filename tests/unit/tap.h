/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TAP, and memory in which a byte too far is a fault.
 *
 * Every test runs twice: with an unreadable page directly behind the last
 * byte of its input, then with one directly before the first.
 */
#ifndef TAP_H
#define TAP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../kmod/sip/codec.h"
#include "../../kmod/sip/edit.h"
#include "../../kmod/sip/sdp.h"

#define ARENA	(256 * 1024)

static int tap_n, tap_failed;
static char *tap_arena;
static int tap_begin;	/* the input stands at the arena's begin */

static inline int tap_ok(int good, const char *what, const char *file, int line)
{
	printf("%s %d - ", good ? "ok" : "not ok", ++tap_n);
	/* Inputs are names of tests too: on one line, without TAP's '#'. */
	for (; *what; what++)
		putchar(*what < ' ' || *what > '~' || *what == '#' ? '.' : *what);
	printf("%s\n", tap_begin ? " (guard before)" : "");
	if (!good) {
		printf("# at %s:%d\n", file, line);
		tap_failed++;
	}
	return good;
}

#define ok(cond, what)	tap_ok(!!(cond), what, __FILE__, __LINE__)

#define is_num(a, b, what)						\
	do {								\
		long long a_ = (a), b_ = (b);				\
		if (!ok(a_ == b_, what))				\
			printf("# got %lld, not %lld\n", a_, b_);	\
	} while (0)

static inline int tap_span(const char *data, struct sip_span s,
			   const char *text, const char *what,
			   const char *file, int line)
{
	int good = s.len == strlen(text) && !memcmp(data + s.off, text, s.len);

	if (!tap_ok(good, what, file, line))
		printf("# got '%.*s', not '%s'\n", (int)s.len, data + s.off,
		       text);
	return good;
}

#define is_span(data, s, text, what)					\
	tap_span(data, s, text, what, __FILE__, __LINE__)

/* Put bytes against the guard page. One input at a time. */
static inline const char *put(const char *data, size_t len)
{
	char *to;

	if (!tap_arena) {
		long page = sysconf(_SC_PAGESIZE);
		char *p = mmap(NULL, ARENA + 2 * page, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED ||
		    mprotect(p + page, ARENA, PROT_READ | PROT_WRITE)) {
			printf("Bail out! no memory\n");
			exit(1);
		}
		tap_arena = p + page;
	}
	if (len > ARENA)
		len = ARENA;
	to = tap_begin ? tap_arena : tap_arena + ARENA - len;
	memmove(to, data, len);
	return to;
}

static inline struct sip_span all(const char *text)
{
	struct sip_span s = { 0, (u32)strlen(text) };

	return s;
}

/* A text as data[], and @s all of it. */
#define PUT(data, s, text)						\
	const char *data = put(text, strlen(text));			\
	struct sip_span s = all(text)

static inline int tap_run(void (*const *tests)(void))
{
	int i;

	for (tap_begin = 0; tap_begin < 2; tap_begin++)
		for (i = 0; tests[i]; i++)
			tests[i]();
	printf("1..%d\n", tap_n);
	return tap_failed ? 1 : 0;
}

#define TAP_MAIN(...)							\
	int main(void)							\
	{								\
		void (*const tests[])(void) = { __VA_ARGS__, NULL };	\
									\
		setvbuf(stdout, NULL, _IOLBF, 0);			\
		return tap_run(tests);					\
	}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the targets share. libFuzzer hands each input over in a heap block of
 * exactly its size, so that ASan sees a byte too far on either side; what a
 * target makes of it lies in such blocks too.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "libfuzzer.h"
#include "../unit/walk.h"

/* Longer inputs find nothing new, and a start line stays under its limit. */
#define INPUT_MAX	3500

/* What has to hold of every input; libFuzzer keeps the one that breaks it. */
#define need(cond)							\
	do {								\
		if (!(cond))						\
			need_failed(#cond, __FILE__, __LINE__);		\
	} while (0)

static inline void need_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* A heap block of exactly @len bytes; free() it. */
static inline char *exact(const char *data, size_t len)
{
	char *p = malloc(len ? len : 1);

	if (!p)
		abort();
	memcpy(p, data, len);
	return p;
}

static inline bool same_bytes(const char *a, struct sip_span s, const char *b,
			      struct sip_span t)
{
	return s.len == t.len && !memcmp(a + s.off, b + t.off, s.len);
}

static inline bool same_span(struct sip_span s, struct sip_span t)
{
	return s.len == t.len && (!s.len || s.off == t.off);
}

#endif

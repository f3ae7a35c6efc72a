/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Eight bytes at a time. What nearly every message looks like is read so, and
 * whatever is not that goes to the code that reads any.
 */
#ifndef SIPALG_SIP_WORD_H
#define SIPALG_SIP_WORD_H

#include "types.h"

/*
 * The first byte has to be the lowest one; on machines of 32 bits nothing is
 * gained. The unit tests ask for the general code alone, to compare.
 */
#if defined(__LP64__) && !defined(SIP_GENERAL_ONLY)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SIP_WORDS	1
#endif
#endif
#ifndef SIP_WORDS
#define SIP_WORDS	0
#endif

#define SIP_ONES	(~0ULL / 255)
#define SIP_HIGH	(SIP_ONES << 7)

static inline u64 sip_word(const char *p)
{
	u64 w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/*
 * memset() to 0 of a length that is known, up to 160: in pieces that are stores.
 * As one call, it is "rep stos", which begins slowly.
 */
static __always_inline void sip_zero(void *p, size_t n)
{
	char *to = p;

	if (n > 120)
		memset(to + 120, 0, n - 120);
	if (n > 80)
		memset(to + 80, 0, n > 120 ? 40 : n - 80);
	if (n > 40)
		memset(to + 40, 0, n > 80 ? 40 : n - 40);
	memset(to, 0, n > 40 ? 40 : n);
}

/*
 * Bit 7 of each byte that is below @limit (up to 128), or that is @byte.
 * A borrow can mark more bytes, but only behind one that is marked rightly:
 * the lowest mark is always true, and 0 means none.
 */
static inline u64 sip_below(u64 w, u8 limit)
{
	return (w - SIP_ONES * limit) & ~w & SIP_HIGH;
}

static inline u64 sip_equals(u64 w, char byte)
{
	return sip_below(w ^ SIP_ONES * (u8)byte, 1);
}

/* Which byte the lowest mark is in; there has to be one. */
static inline u32 sip_mark(u64 marks)
{
	return (u32)__builtin_ctzll(marks) >> 3;
}

/* Are the first @n bytes of two words the same? @n: 1 to 8 */
static inline bool sip_same_head(u64 a, u64 b, u32 n)
{
	return !((a ^ b) << (64 - 8 * n));
}

/* How many digits does the word begin with? 8 where there are no others. */
static inline u32 sip_digits(u64 w)
{
	u64 t = w ^ SIP_ONES * '0';

	t = ((t + SIP_ONES * 0x76) | t) & SIP_HIGH;
	return t ? sip_mark(t) : 8;
}

/* The number that the first @n bytes are, all of them digits; @n: 1 to 8 */
static inline u32 sip_digits_value(u64 w, u32 n)
{
	u64 t = (w ^ SIP_ONES * '0') << (64 - 8 * n);

	t = (t * 10 + (t >> 8)) & 0x00ff00ff00ff00ffULL;
	t = (t * 100 + (t >> 16)) & 0x0000ffff0000ffffULL;
	return (u32)(t * 10000 + (t >> 32));
}

/*
 * Bit 7 of the bytes up to LF, and of some above 0x8a: the first of them is
 * where to look again. It costs less than to be exact, and nearly all are LF.
 */
static inline u64 sip_maybe_lf(u64 w)
{
	return (w - SIP_ONES * ('\n' + 1)) & SIP_HIGH;
}

/* Are @n bytes there, from @p on? The difference is no pointer to compare. */
static inline bool sip_has(const char *p, const char *stop, unsigned long n)
{
	return (unsigned long)p <= (unsigned long)stop - n;
}

/*
 * The next @byte, @stop if there is none; on any machine. A word of its own at
 * a time: lines are most of a message, and memchr() is often a byte loop.
 */
static inline const char *sip_seek_any(const char *p, const char *stop, char byte)
{
	const unsigned long ones = ~0UL / 255;
	unsigned long w;

	for (; sip_has(p, stop, sizeof(w)); p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		w ^= ones * (u8)byte;
		if ((w - ones) & ~w & (ones << 7))
			break;
	}
	while (p < stop && *p != byte)
		p++;
	return p;
}

/*
 * The next @byte, @stop if there is none. The last word reaches back over bytes
 * that are known to be others.
 */
static __always_inline const char *sip_seek(const char *p, const char *stop, char byte)
{
	u64 marks;

	if (!SIP_WORDS || !sip_has(p, stop, 8))
		return sip_seek_any(p, stop, byte);
	for (;;) {
		marks = sip_equals(sip_word(p), byte);
		if (marks)
			return p + sip_mark(marks);
		p += 8;
		if (p == stop)
			return stop;
		if (!sip_has(p, stop, 8))
			p = stop - 8;
	}
}

/* The same of two bytes: whichever comes first. */
static __always_inline const char *sip_seek2(const char *p, const char *stop,
					     char byte, char other)
{
	u64 w, marks;

	if (!SIP_WORDS || !sip_has(p, stop, 8)) {
		while (p < stop && *p != byte && *p != other)
			p++;
		return p;
	}
	for (;;) {
		w = sip_word(p);
		marks = sip_equals(w, byte) | sip_equals(w, other);
		if (marks)
			return p + sip_mark(marks);
		p += 8;
		if (p == stop)
			return stop;
		if (!sip_has(p, stop, 8))
			p = stop - 8;
	}
}

/*
 * The next LF, @stop if there is none. Inlined where each line comes by, so
 * that its constants stay in registers.
 */
static __always_inline const char *sip_line_end(const char *p, const char *stop)
{
#if SIP_WORDS
	u64 marks;

again:
	if (!sip_has(p, stop, 32))
		goto rest;
	do {
		marks = sip_maybe_lf(sip_word(p));
		if (marks)
			goto look;
		marks = sip_maybe_lf(sip_word(p + 8));
		if (marks) {
			p += 8;
			goto look;
		}
		marks = sip_maybe_lf(sip_word(p + 16));
		if (marks) {
			p += 16;
			goto look;
		}
		marks = sip_maybe_lf(sip_word(p + 24));
		if (marks) {
			p += 24;
			goto look;
		}
		p += 32;
	} while (sip_has(p, stop, 32));
rest:
	for (; sip_has(p, stop, 8); p += 8) {
		marks = sip_maybe_lf(sip_word(p));
		if (marks)
			goto look;
	}
	while (p < stop && *p != '\n')
		p++;
	return p;
look:
	p += sip_mark(marks);
	if (likely(*p == '\n'))
		return p;
	p++;
	goto again;
#else
	return sip_seek_any(p, stop, '\n');
#endif
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets for tests: built byte by byte from nothing (a wire), put into memory
 * in every shape that the network stack hands around (a layout), and compared.
 */
#ifndef SIPALG_KUNIT_WIRE_H
#define SIPALG_KUNIT_WIRE_H

#include <kunit/test.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#define WIRE_MAX	(65535 + 64 + 64)
#define HEADROOM	64
#define SADDR4		0xc0000202	/* 192.0.2.2 */
#define DADDR4		0xc0000263	/* 192.0.2.99 */

/* What a packet is, apart from its payload. */
enum check {
	CHECK_RIGHT,
	CHECK_WRONG,
	CHECK_ZERO,
	CHECK_PSEUDO,	/* of the pseudo header: the device does the rest */
};

struct form {
	const char *name;
	u8 pf;
	u8 l4proto;
	u8 options;		/* bytes between IP and transport header */
	u8 trailing_ip;		/* bytes of the IP packet behind the datagram */
	u8 trailing_skb;	/* bytes of the skb behind the IP packet */
	enum check check;
};

struct wire {
	u8 *data;
	unsigned int len;
	unsigned int ip_len;
	unsigned int l4off;
	unsigned int payload_off;
};

/* How it lies in memory. */
struct layout {
	const char *name;
	bool tight;		/* no room behind the last byte */
	unsigned int linear;	/* bytes in the linear part, 0: all */
	unsigned int frag;	/* bytes per page fragment, 0: none */
	unsigned int list;	/* bytes per skb of the frag_list, 0: none */
	bool cloned;
};

extern const struct form forms[];
extern const unsigned int n_forms;
extern const struct layout layouts[];
extern const unsigned int n_layouts;

/* Plain ones, of which nothing special is wanted */
extern const struct form form_udp4, form_udp6, form_tcp4, form_tcp6;
extern const struct layout layout_linear;

/* A parameter of a test: one layout after the other. */
const void *layout_gen_params(const void *prev, char *desc);

/* Of the packet's bytes; gone with the test. */
void wire_init(struct kunit *test, struct wire *w);
void wire_build(struct wire *w, const struct form *f, const char *text,
		unsigned int len);

struct sk_buff *skb_build(struct kunit *test, const struct wire *w,
			  const struct form *f, const struct layout *l);

/* A text of which the first bytes are always the same, and the rest is not. */
char *text_build(struct kunit *test, unsigned int len,
		 unsigned int first_changed);

/* Where two packets differ, or -1. */
int differ_at(const struct sk_buff *skb, const struct wire *w);
void expect_same(struct kunit *test, const struct sk_buff *skb,
		 const struct wire *w, const char *what, const char *form);

static inline void put16(u8 *to, u16 v)
{
	to[0] = v >> 8;
	to[1] = v;
}

static inline u16 get16(const u8 *from)
{
	return from[0] << 8 | from[1];
}

/* The sum of RFC 1071, added to; of big endian pairs, one at a time. */
u32 sum_add(u32 sum, const u8 *data, unsigned int len);

struct sipalg_packet;

/* A new payload, of which the first bytes are what they were. Return: 0, or why not. */
int replace_payload(struct sipalg_packet *p, const char *text, unsigned int len,
		    unsigned int first_changed);

#endif

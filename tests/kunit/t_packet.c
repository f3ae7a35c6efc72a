// SPDX-License-Identifier: GPL-2.0
/*
 * Packets in every layout, edited, and then compared byte for byte with a
 * packet that was built from nothing.
 */

#include <kunit/test.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/checksum.h>

#include "../../kmod/packet.h"
#include "wire.h"

/* What the receiver will find, whichever way the checksum is kept. */
static void expect_summed(struct kunit *test, struct sk_buff *skb,
			  unsigned int l4off, u8 before)
{
	u8 now = skb->ip_summed;

	switch (before) {
	case CHECKSUM_COMPLETE:
		if (now == CHECKSUM_COMPLETE)
			KUNIT_EXPECT_EQ(test, csum_fold(skb->csum),
					csum_fold(skb_checksum(skb, 0, skb->len, 0)));
		else
			KUNIT_EXPECT_EQ(test, now, CHECKSUM_NONE);
		break;
	case CHECKSUM_PARTIAL:
		KUNIT_EXPECT_EQ(test, now, CHECKSUM_PARTIAL);
		KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb),
				(int)l4off);
		break;
	default:
		KUNIT_EXPECT_EQ(test, now, before);
	}
}

struct change {
	unsigned int from;	/* length before */
	unsigned int to;	/* length after */
	unsigned int first;	/* first changed byte */
};

/* Every way to grow and to shrink, at odd and even places. */
static const struct change changes[] = {
	{ 300, 300, 0 }, { 300, 300, 1 }, { 300, 300, 299 }, { 300, 300, 300 },
	{ 300, 301, 0 }, { 300, 301, 17 }, { 300, 301, 300 },
	{ 300, 299, 0 }, { 300, 299, 100 }, { 300, 299, 299 },
	{ 301, 302, 301 }, { 301, 303, 3 }, { 301, 300, 2 }, { 301, 20, 19 },
	{ 300, 0, 0 }, { 0, 300, 0 }, { 1, 2, 1 }, { 2, 1, 1 }, { 0, 0, 0 },
	{ 500, 1700, 250 }, { 500, 3100, 33 }, { 1400, 900, 251 },
	{ 1471, 1473, 1000 }, { 900, 901, 0 },
	/* "the same" beyond the end of one of them, or of both */
	{ 300, 200, 250 }, { 300, 400, 350 }, { 200, 200, 250 },
};

/* One packet, one change, and everything that must be true afterwards. */
static void replace_one(struct kunit *test, const struct layout *l,
			const struct form *f, const struct change *c, u8 summed,
			struct wire *before, struct wire *after)
{
	char *old = text_build(test, c->from, c->from);
	char *new = text_build(test, c->to, c->first);
	struct sk_buff *skb, *clone = NULL;
	struct sipalg_packet p;

	wire_build(before, f, old, c->from);
	wire_build(after, f, new, c->to);
	skb = skb_build(test, before, f, l);
	if (f->check != CHECK_PSEUDO)
		skb->ip_summed = summed;
	if (summed == CHECKSUM_COMPLETE)
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	if (l->cloned)
		clone = skb_clone(skb, GFP_KERNEL);
	expect_same(test, skb, before, "what the test made", f->name);

	KUNIT_ASSERT_EQ(test, sipalg_packet_init(&p, skb, f->pf), SIPALG_R_OK);
	KUNIT_EXPECT_EQ(test, p.payload_off, before->payload_off);
	KUNIT_EXPECT_EQ(test, p.payload_len, c->from);
	expect_same(test, skb, before, "the packet after init", f->name);

	KUNIT_EXPECT_EQ(test, replace_payload(&p, new, c->to, c->first),
			0);
	KUNIT_EXPECT_PTR_EQ(test, p.skb, skb);
	KUNIT_EXPECT_EQ(test, p.payload_off, after->payload_off);
	KUNIT_EXPECT_EQ(test, p.payload_len, c->to);
	expect_same(test, skb, after, "the new packet", f->name);
	expect_summed(test, skb, after->l4off, summed);
	KUNIT_EXPECT_FALSE(test, skb_is_nonlinear(skb));
	if (clone)
		expect_same(test, clone, before, "the clone", f->name);

	kfree_skb(clone);
	kfree_skb(skb);
	kunit_kfree(test, old);
	kunit_kfree(test, new);
}

static void packet_replace(struct kunit *test)
{
	static const u8 ways[] = { CHECKSUM_NONE, CHECKSUM_UNNECESSARY,
				   CHECKSUM_COMPLETE };
	const struct layout *l = test->param_value;
	struct wire before, after;
	unsigned int f, c, s;

	wire_init(test, &before);
	wire_init(test, &after);
	for (f = 0; f < n_forms; f++) {
		for (c = 0; c < ARRAY_SIZE(changes); c++) {
			if (forms[f].check == CHECK_PSEUDO) {
				replace_one(test, l, &forms[f], &changes[c],
					    CHECKSUM_PARTIAL, &before, &after);
				continue;
			}
			for (s = 0; s < ARRAY_SIZE(ways); s++)
				replace_one(test, l, &forms[f], &changes[c],
					    ways[s], &before, &after);
		}
	}
}

/* A longer text and then the old one again: not a bit is different. */
static void packet_replace_twice(struct kunit *test)
{
	const struct layout *l = test->param_value;
	char *old = text_build(test, 700, 700);
	char *new = text_build(test, 1801, 51);
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;
	unsigned int f;

	wire_init(test, &wire);
	for (f = 0; f < n_forms; f++) {
		wire_build(&wire, &forms[f], old, 700);
		skb = skb_build(test, &wire, &forms[f], l);
		KUNIT_ASSERT_EQ(test,
				sipalg_packet_init(&p, skb, forms[f].pf),
				SIPALG_R_OK);
		KUNIT_EXPECT_EQ(test, replace_payload(&p, new, 1801, 51),
				0);
		KUNIT_EXPECT_GE(test, differ_at(skb, &wire), 0);
		KUNIT_EXPECT_EQ(test, replace_payload(&p, old, 700, 51),
				0);
		expect_same(test, skb, &wire, "the packet", forms[f].name);
		kfree_skb(skb);
	}
}

/*
 * Every value of one word of the payload, so that every checksum comes up,
 * 0 and 0xffff among them.
 */
static void packet_every_checksum(struct kunit *test)
{
	char *text = text_build(test, 8, 8);
	struct wire wire;
	struct sipalg_packet p;
	struct sk_buff *skb;
	unsigned int i, zeros = 0;
	u16 check;

	wire_init(test, &wire);
	wire_build(&wire, &form_udp4, text, 8);
	skb = skb_build(test, &wire, &form_udp4, &layout_linear);
	KUNIT_ASSERT_EQ(test, sipalg_packet_init(&p, skb, NFPROTO_IPV4),
			SIPALG_R_OK);
	for (i = 0; i <= 0xffff; i++) {
		put16(text + 4, i);
		wire_build(&wire, &form_udp4, text, 8);
		KUNIT_ASSERT_EQ(test, replace_payload(&p, text, 8, 4), 0);
		check = get16(skb->data + wire.l4off + 6);
		KUNIT_ASSERT_EQ(test, check, get16(wire.data + wire.l4off + 6));
		if (check == 0xffff)
			zeros++;
	}
	/* It must not say "no checksum" when it happens to be 0 */
	KUNIT_EXPECT_EQ(test, zeros, 1);
	kfree_skb(skb);
}

/* The packet, and what we know of it, after a refusal. */
static void expect_untouched(struct kunit *test, const struct sipalg_packet *p,
			     const struct wire *w, unsigned int len,
			     const char *form)
{
	expect_same(test, p->skb, w, "the packet after an error", form);
	KUNIT_EXPECT_EQ(test, p->l4off, w->l4off);
	KUNIT_EXPECT_EQ(test, p->payload_off, w->payload_off);
	KUNIT_EXPECT_EQ(test, p->payload_len, len);
}

/*
 * Lets the first allocation fail, then the second, ... until the edit needed
 * no more: each failure must leave the packet as it was.
 */
static void packet_no_memory(struct kunit *test)
{
	const struct layout *l = test->param_value;
	char *old = text_build(test, 700, 700);
	char *new = text_build(test, 4000, 51);
	struct wire before, after;
	struct sk_buff *skb, *clone = NULL;
	struct sipalg_packet p;
	unsigned int f, nth, failed;
	int err, fired;

	wire_init(test, &before);
	wire_init(test, &after);
	for (f = 0; f < n_forms; f++) {
		wire_build(&before, &forms[f], old, 700);
		wire_build(&after, &forms[f], new, 4000);
		failed = 0;
		for (nth = 1, fired = 1; fired; nth++) {
			KUNIT_ASSERT_LT(test, nth, 20);
			skb = skb_build(test, &before, &forms[f], l);
			if (l->cloned)
				clone = skb_clone(skb, GFP_KERNEL);
			KUNIT_ASSERT_EQ(test,
					sipalg_packet_init(&p, skb, forms[f].pf),
					SIPALG_R_OK);
			current->fail_nth = nth;
			err = replace_payload(&p, new, 4000, 51);
			/* It may have hit kmemleak's or KASAN's own memory */
			fired = !current->fail_nth;
			current->fail_nth = 0;
			if (err) {
				failed++;
				KUNIT_EXPECT_TRUE(test, fired);
				KUNIT_EXPECT_EQ(test, err, -ENOMEM);
				expect_untouched(test, &p, &before, 700,
						 forms[f].name);
			} else {
				expect_same(test, skb, &after, "the new packet",
					    forms[f].name);
			}
			if (clone)
				expect_same(test, clone, &before, "the clone",
					    forms[f].name);
			kfree_skb(clone);
			kfree_skb(skb);
		}
		/* At least the room for 3300 bytes more had to be found */
		KUNIT_EXPECT_GT(test, failed, 0);
	}
}

/* The longest datagram there can be, and one byte more. */
static void packet_too_long(struct kunit *test)
{
	const struct layout *l = test->param_value;
	char *new = text_build(test, 65536, 0);
	char *old = text_build(test, 300, 300);
	struct wire before, after;
	struct sipalg_packet p;
	struct sk_buff *skb;
	unsigned int f, max;

	wire_init(test, &before);
	wire_init(test, &after);
	for (f = 0; f < n_forms; f++) {
		max = 65535 - 8 - forms[f].options - forms[f].trailing_ip;
		if (forms[f].pf == NFPROTO_IPV4)
			max -= 20;
		wire_build(&before, &forms[f], old, 300);
		skb = skb_build(test, &before, &forms[f], l);
		KUNIT_ASSERT_EQ(test, sipalg_packet_init(&p, skb, forms[f].pf),
				SIPALG_R_OK);
		KUNIT_EXPECT_EQ(test, replace_payload(&p, new, 65536, 0),
				-EMSGSIZE);
		KUNIT_EXPECT_EQ(test,
				replace_payload(&p, new, UINT_MAX, 0),
				-EMSGSIZE);
		KUNIT_EXPECT_EQ(test,
				replace_payload(&p, new, max + 1, 0),
				-EMSGSIZE);
		expect_untouched(test, &p, &before, 300, forms[f].name);
		KUNIT_EXPECT_EQ(test, replace_payload(&p, new, max, 0),
				0);
		wire_build(&after, &forms[f], new, max);
		expect_same(test, skb, &after, "the longest packet",
			    forms[f].name);
		kfree_skb(skb);
	}
}

/* What is no plain UDP datagram is not edited. */
static void packet_not_replaced(struct kunit *test)
{
	static const struct form partial = { "partial", NFPROTO_IPV4,
					     .check = CHECK_PSEUDO };
	char *text = text_build(test, 300, 300);
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;

	wire_init(test, &wire);
	wire_build(&wire, &form_tcp4, text, 300);
	skb = skb_build(test, &wire, &form_tcp4, &layout_linear);
	KUNIT_ASSERT_EQ(test, sipalg_packet_init(&p, skb, NFPROTO_IPV4),
			SIPALG_R_OK);
	KUNIT_EXPECT_EQ(test, replace_payload(&p, text, 200, 0),
			-EOPNOTSUPP);
	expect_untouched(test, &p, &wire, 300, "TCP");
	kfree_skb(skb);

	/* A checksum for a header further in, as of a tunnel */
	wire_build(&wire, &partial, text, 300);
	skb = skb_build(test, &wire, &partial, &layout_linear);
	KUNIT_ASSERT_EQ(test, sipalg_packet_init(&p, skb, NFPROTO_IPV4),
			SIPALG_R_OK);
	skb->csum_start += 36;
	KUNIT_EXPECT_EQ(test, replace_payload(&p, text, 200, 0),
			-EOPNOTSUPP);
	skb->csum_start -= 36;
	skb->csum_offset = 16;
	KUNIT_EXPECT_EQ(test, replace_payload(&p, text, 200, 0),
			-EOPNOTSUPP);
	skb->csum_offset = 6;
	expect_untouched(test, &p, &wire, 300, "partial");

	/* Datagrams merged after the packet was looked at */
	skb_shinfo(skb)->gso_size = 100;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	KUNIT_EXPECT_EQ(test, replace_payload(&p, text, 200, 0),
			-EOPNOTSUPP);
	expect_untouched(test, &p, &wire, 300, "merged");
	kfree_skb(skb);
}

/* Cut at every byte: never read beyond the end, never taken for whole. */
static void packet_truncated(struct kunit *test)
{
	const struct layout *l = test->param_value;
	char *text = text_build(test, 150, 150);
	struct form const *form;
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;
	unsigned int f;

	wire_init(test, &wire);
	for (f = 0; f < n_forms + 2; f++) {
		form = f < n_forms ? &forms[f] :
		       f == n_forms ? &form_tcp4 : &form_tcp6;
		wire_build(&wire, form, text, 150);
		for (wire.len = 0; wire.len < wire.ip_len; wire.len++) {
			skb = skb_build(test, &wire, form, l);
			KUNIT_EXPECT_EQ_MSG(test,
					    sipalg_packet_init(&p, skb, form->pf),
					    SIPALG_R_TRUNCATED,
					    "%s, %u bytes of %u", form->name,
					    wire.len, wire.ip_len);
			kfree_skb(skb);
		}
	}
}

/* Headers that lie, one byte at a time. */
struct lie {
	const char *name;
	const struct form *form;
	unsigned int at;	/* byte of the packet */
	u8 value;
	enum sipalg_reason reason;
	unsigned int payload_len;	/* if that is OK */
};

static const struct form frag6 = { "IPv6", NFPROTO_IPV6, .options = 8 };

static const struct lie lies[] = {
	{ "the truth", &form_udp4, 0, 0x45, SIPALG_R_OK, 64 },
	{ "header length 4", &form_udp4, 0, 0x44, SIPALG_R_TRUNCATED },
	{ "version 5", &form_udp4, 0, 0x55, SIPALG_R_TRUNCATED },
	{ "IPv6 for IPv4", &form_udp4, 0, 0x65, SIPALG_R_TRUNCATED },
	{ "IP length 93", &form_udp4, 3, 93, SIPALG_R_TRUNCATED },
	{ "IP length 91", &form_udp4, 3, 91, SIPALG_R_TRUNCATED },
	{ "IP length 27", &form_udp4, 3, 27, SIPALG_R_TRUNCATED },
	{ "IP length 19", &form_udp4, 3, 19, SIPALG_R_TRUNCATED },
	{ "IP length 0", &form_udp4, 3, 0, SIPALG_R_TRUNCATED },
	{ "first fragment", &form_udp4, 6, 0x20, SIPALG_R_TRUNCATED },
	{ "later fragment", &form_udp4, 7, 1, SIPALG_R_TRUNCATED },
	{ "far fragment", &form_udp4, 6, 0x10, SIPALG_R_TRUNCATED },
	{ "DF off", &form_udp4, 6, 0, SIPALG_R_OK, 64 },
	{ "ICMP", &form_udp4, 9, IPPROTO_ICMP, SIPALG_R_NOT_SIP },
	{ "UDP-Lite", &form_udp4, 9, IPPROTO_UDPLITE, SIPALG_R_NOT_SIP },
	{ "UDP length 7", &form_udp4, 25, 7, SIPALG_R_TRUNCATED },
	{ "UDP length 0", &form_udp4, 25, 0, SIPALG_R_TRUNCATED },
	{ "UDP length 73", &form_udp4, 25, 73, SIPALG_R_TRUNCATED },
	{ "UDP length 71", &form_udp4, 25, 71, SIPALG_R_OK, 63 },
	{ "UDP length 8", &form_udp4, 25, 8, SIPALG_R_OK, 0 },
	{ "UDP length 65352", &form_udp4, 24, 0xff, SIPALG_R_TRUNCATED },

	{ "the truth", &form_udp6, 0, 0x60, SIPALG_R_OK, 64 },
	{ "IPv4 for IPv6", &form_udp6, 0, 0x45, SIPALG_R_TRUNCATED },
	{ "IPv6 length 73", &form_udp6, 5, 73, SIPALG_R_TRUNCATED },
	{ "IPv6 length 71", &form_udp6, 5, 71, SIPALG_R_TRUNCATED },
	{ "IPv6 length 7", &form_udp6, 5, 7, SIPALG_R_TRUNCATED },
	{ "IPv6 length 0", &form_udp6, 5, 0, SIPALG_R_TRUNCATED },
	{ "ESP", &form_udp6, 6, IPPROTO_ESP, SIPALG_R_NOT_SIP },
	{ "UDP length 73", &form_udp6, 45, 73, SIPALG_R_TRUNCATED },
	{ "UDP length 7", &form_udp6, 45, 7, SIPALG_R_TRUNCATED },
	{ "extension header", &frag6, 41, 0, SIPALG_R_OK, 64 },
	{ "its length 255", &frag6, 41, 255, SIPALG_R_TRUNCATED },
	{ "atomic fragment", &frag6, 6, IPPROTO_FRAGMENT, SIPALG_R_OK, 64 },

	{ "the truth", &form_tcp4, 32, 0x50, SIPALG_R_OK, 64 },
	{ "options", &form_tcp4, 32, 0x80, SIPALG_R_OK, 52 },
	{ "all options", &form_tcp4, 32, 0xf0, SIPALG_R_OK, 24 },
	{ "header length 4", &form_tcp4, 32, 0x40, SIPALG_R_TRUNCATED },
	{ "IP length 80", &form_tcp4, 3, 80, SIPALG_R_OK, 40 },
	{ "IP length 39", &form_tcp4, 3, 39, SIPALG_R_TRUNCATED },
	{ "options", &form_tcp6, 52, 0x80, SIPALG_R_OK, 52 },
};

static void packet_lies(struct kunit *test)
{
	const struct layout *l = test->param_value;
	char *text = text_build(test, 64, 0);
	enum sipalg_reason reason;
	const struct lie *lie;
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;

	wire_init(test, &wire);
	for (lie = lies; lie < lies + ARRAY_SIZE(lies); lie++) {
		memset(text, 0, 64);
		wire_build(&wire, lie->form, text, 64);
		if (lie->at == 6 && lie->value == IPPROTO_FRAGMENT)
			put16(wire.data + 42, 0);
		wire.data[lie->at] = lie->value;
		skb = skb_build(test, &wire, lie->form, l);
		reason = sipalg_packet_init(&p, skb, lie->form->pf);
		KUNIT_EXPECT_EQ_MSG(test, reason, lie->reason, "%s: %s",
				    lie->form->name, lie->name);
		if (reason == SIPALG_R_OK)
			KUNIT_EXPECT_EQ_MSG(test, p.payload_len,
					    lie->payload_len, "%s: %s",
					    lie->form->name, lie->name);
		kfree_skb(skb);
	}
}

/* An IP header that is too short, with a UDP header right behind it. */
static void packet_short_header(struct kunit *test)
{
	char *text = text_build(test, 64, 0);
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;
	unsigned int ihl;

	wire_init(test, &wire);
	for (ihl = 2; ihl < 5; ihl++) {
		wire_build(&wire, &form_udp4, text, 64);
		wire.data[0] = 0x40 | ihl;
		put16(wire.data + ihl * 4 + 4, 8);
		skb = skb_build(test, &wire, &form_udp4, &layout_linear);
		KUNIT_EXPECT_EQ(test,
				sipalg_packet_init(&p, skb, NFPROTO_IPV4),
				SIPALG_R_TRUNCATED);
		kfree_skb(skb);
	}
}

static void packet_fragment6(struct kunit *test)
{
	static const struct {
		u16 frag_off;
		enum sipalg_reason reason;
	} cases[] = {
		{ 0, SIPALG_R_OK },
		{ 6, SIPALG_R_OK },	/* reserved bits */
		{ 1, SIPALG_R_TRUNCATED },
		{ 8, SIPALG_R_TRUNCATED },
		{ 9, SIPALG_R_TRUNCATED },
		{ 0xfff8, SIPALG_R_TRUNCATED },
	};
	char *text = text_build(test, 64, 0);
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;
	unsigned int i;

	wire_init(test, &wire);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		wire_build(&wire, &frag6, text, 64);
		wire.data[6] = IPPROTO_FRAGMENT;
		put16(wire.data + 42, cases[i].frag_off);
		skb = skb_build(test, &wire, &frag6, &layout_linear);
		KUNIT_EXPECT_EQ_MSG(test,
				    sipalg_packet_init(&p, skb, NFPROTO_IPV6),
				    cases[i].reason, "offset %x",
				    cases[i].frag_off);
		kfree_skb(skb);
	}
}

/* Several packets in one skb. */
static void packet_merged(struct kunit *test)
{
	char *text = text_build(test, 1000, 0);
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;

	wire_init(test, &wire);
	wire_build(&wire, &form_udp4, text, 1000);
	skb = skb_build(test, &wire, &form_udp4, &layout_linear);
	KUNIT_EXPECT_EQ(test, sipalg_packet_init(&p, skb, NFPROTO_ARP),
			SIPALG_R_NOT_SIP);
	skb_shinfo(skb)->gso_size = 100;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	KUNIT_EXPECT_EQ(test, sipalg_packet_init(&p, skb, NFPROTO_IPV4),
			SIPALG_R_GSO);
	kfree_skb(skb);

	/* TCP is a stream: that is just more of it, also beyond 64 KiB */
	wire_build(&wire, &form_tcp4, text, 1000);
	put16(wire.data + 2, 0);
	skb = skb_build(test, &wire, &form_tcp4, &layout_linear);
	skb_shinfo(skb)->gso_size = 100;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
	KUNIT_EXPECT_EQ(test, sipalg_packet_init(&p, skb, NFPROTO_IPV4),
			SIPALG_R_OK);
	KUNIT_EXPECT_EQ(test, p.payload_len, 1000);
	kfree_skb(skb);

	wire_build(&wire, &form_tcp6, text, 1000);
	put16(wire.data + 4, 0);
	skb = skb_build(test, &wire, &form_tcp6, &layout_linear);
	skb_shinfo(skb)->gso_size = 100;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV6;
	KUNIT_EXPECT_EQ(test, sipalg_packet_init(&p, skb, NFPROTO_IPV6),
			SIPALG_R_OK);
	KUNIT_EXPECT_EQ(test, p.payload_len, 1000);
	kfree_skb(skb);
}

static void packet_peek(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 2, 16, 64, 149, 150, 151, 900 };
	const struct layout *l = test->param_value;
	char *text = text_build(test, 150, 0);
	u8 *buf = kunit_kzalloc(test, 900, GFP_KERNEL);
	unsigned int f, i, n, data_len;
	const u8 *seen, *data;
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;

	wire_init(test, &wire);
	for (f = 0; f < n_forms; f++) {
		wire_build(&wire, &forms[f], text, 150);
		skb = skb_build(test, &wire, &forms[f], l);
		KUNIT_ASSERT_EQ(test, sipalg_packet_init(&p, skb, forms[f].pf),
				SIPALG_R_OK);
		data = skb->data;
		data_len = skb->data_len;
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			n = min(sizes[i], 150U);
			memset(buf, 0xff, 900);
			seen = sipalg_packet_peek(&p, sizes[i], buf);
			KUNIT_ASSERT_NOT_NULL(test, seen);
			KUNIT_EXPECT_EQ(test, memcmp(seen, text, n), 0);
			/* No more than the payload */
			KUNIT_EXPECT_TRUE(test, n == 900 || buf[n] == 0xff);
		}
		KUNIT_EXPECT_NULL(test, sipalg_packet_peek(&p, 0, buf));
		/* Nothing moved for it */
		KUNIT_EXPECT_PTR_EQ(test, (const u8 *)skb->data, data);
		KUNIT_EXPECT_EQ(test, skb->data_len, data_len);
		kfree_skb(skb);

		wire_build(&wire, &forms[f], text, 0);
		skb = skb_build(test, &wire, &forms[f], l);
		KUNIT_ASSERT_EQ(test, sipalg_packet_init(&p, skb, forms[f].pf),
				SIPALG_R_OK);
		KUNIT_EXPECT_NULL(test, sipalg_packet_peek(&p, 8, buf));
		kfree_skb(skb);
	}
}

static void packet_payload(struct kunit *test)
{
	unsigned int failed = 0;
	const struct layout *l = test->param_value;
	char *text = text_build(test, 700, 0);
	struct sipalg_packet p;
	const char *seen;
	struct sk_buff *skb, *clone = NULL;
	struct wire wire;
	unsigned int f;

	wire_init(test, &wire);
	for (f = 0; f < n_forms; f++) {
		wire_build(&wire, &forms[f], text, 700);
		skb = skb_build(test, &wire, &forms[f], l);
		if (l->cloned)
			clone = skb_clone(skb, GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, sipalg_packet_init(&p, skb, forms[f].pf),
				SIPALG_R_OK);
		if (skb_is_nonlinear(skb)) {
			current->fail_nth = 1;
			seen = sipalg_packet_payload(&p);
			/* No memory is needed where there is tailroom */
			failed += !current->fail_nth;
			current->fail_nth = 0;
			KUNIT_EXPECT_TRUE(test, !seen || !memcmp(seen, text, 700));
			expect_untouched(test, &p, &wire, 700, forms[f].name);
		}
		seen = sipalg_packet_payload(&p);
		KUNIT_ASSERT_NOT_NULL(test, seen);
		KUNIT_EXPECT_EQ(test, memcmp(seen, text, 700), 0);
		expect_untouched(test, &p, &wire, 700, forms[f].name);
		if (clone)
			expect_same(test, clone, &wire, "the clone",
				    forms[f].name);
		kfree_skb(clone);
		kfree_skb(skb);
	}
	if (l->linear && l->cloned)
		KUNIT_EXPECT_GT(test, failed, 0);
}

static struct kunit_case packet_cases[] = {
	KUNIT_CASE_PARAM(packet_replace, layout_gen_params),
	KUNIT_CASE_PARAM(packet_replace_twice, layout_gen_params),
	KUNIT_CASE_PARAM(packet_no_memory, layout_gen_params),
	KUNIT_CASE_PARAM(packet_too_long, layout_gen_params),
	KUNIT_CASE_PARAM(packet_truncated, layout_gen_params),
	KUNIT_CASE_PARAM(packet_lies, layout_gen_params),
	KUNIT_CASE_PARAM(packet_peek, layout_gen_params),
	KUNIT_CASE_PARAM(packet_payload, layout_gen_params),
	KUNIT_CASE(packet_every_checksum),
	KUNIT_CASE(packet_not_replaced),
	KUNIT_CASE(packet_short_header),
	KUNIT_CASE(packet_fragment6),
	KUNIT_CASE(packet_merged),
	{}
};

static struct kunit_suite packet_suite = {
	.name = "packet",
	.test_cases = packet_cases,
};

kunit_test_suite(packet_suite);

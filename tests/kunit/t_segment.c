// SPDX-License-Identifier: GPL-2.0
/*
 * TCP segments in every layout: read, rewritten, copied; and then compared
 * with what they have to say, checksum included.
 */
#include <kunit/test.h>
#include <linux/sched.h>
#include <linux/tcp.h>

#include "../../kmod/segment.h"
#include "wire.h"

#define SEQ	0xfffffff0
#define ACK	0x12345678
#define MSS	1000

/* Timestamps, then SACK with two blocks, and what fills it up. */
static const u8 options[] = {
	1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4,
	5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 7, 1, 1,
};

static const struct form tcp_forms[] = {
	{ "IPv4", NFPROTO_IPV4, IPPROTO_TCP },
	{ "IPv4, options", NFPROTO_IPV4, IPPROTO_TCP, .options = 8 },
	{ "IPv4, padding", NFPROTO_IPV4, IPPROTO_TCP, .trailing_skb = 6 },
	{ "IPv6", NFPROTO_IPV6, IPPROTO_TCP },
	{ "IPv6, extension header", NFPROTO_IPV6, IPPROTO_TCP, .options = 8 },
};

static u32 get32(const u8 *at)
{
	return (u32)get16(at) << 16 | get16(at + 2);
}

static void put32(u8 *at, u32 v)
{
	put16(at, v >> 16);
	put16(at + 2, v);
}

static u32 pseudo_sum(const u8 *ip, u8 pf, unsigned int len)
{
	u8 rest[4] = { 0, IPPROTO_TCP, len >> 8, len };
	u32 sum = sum_add(0, rest, sizeof(rest));

	return pf == NFPROTO_IPV4 ? sum_add(sum, ip + 12, 8) : sum_add(sum, ip + 8, 32);
}

/* The segment with the options, its checksum right. */
static void tcp_build(struct kunit *test, struct wire *w, const struct form *f,
		      const char *text, unsigned int len)
{
	unsigned int room = sizeof(options) + len, tcp_len = 20 + room;
	char *buf = kunit_kzalloc(test, room + 1, GFP_KERNEL);
	u8 *th;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memcpy(buf, options, sizeof(options));
	memcpy(buf + sizeof(options), text, len);
	wire_build(w, f, buf, room);
	w->payload_off += sizeof(options);
	th = w->data + w->l4off;
	put32(th + 4, SEQ);
	put32(th + 8, ACK);
	th[12] = (5 + sizeof(options) / 4) << 4;
	th[13] = SIP_TCP_ACK;
	put16(th + 14, 0x1234);
	put16(th + 16, ~sum_add(pseudo_sum(w->data, f->pf, tcp_len), th, tcp_len));
	kunit_kfree(test, buf);
}

/* Lengths and checksums are right, whichever way the latter is kept. */
static void expect_sound(struct kunit *test, const struct sk_buff *skb,
			 const struct form *f, unsigned int l4off,
			 unsigned int tcp_len, const char *what)
{
	u8 *data = kunit_kzalloc(test, skb->len, GFP_KERNEL);
	unsigned int want;
	u32 sum;

	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_ASSERT_EQ(test, skb_copy_bits(skb, 0, data, skb->len), 0);
	want = l4off + tcp_len - (f->pf == NFPROTO_IPV4 ? 0 : 40);
	KUNIT_EXPECT_EQ_MSG(test, get16(data + (f->pf == NFPROTO_IPV4 ? 2 : 4)), want,
			    "%s: the length of %s", f->name, what);
	if (f->pf == NFPROTO_IPV4)
		KUNIT_EXPECT_EQ(test, sum_add(0, data, 20 + f->options), 0xffff);
	sum = pseudo_sum(data, f->pf, tcp_len);
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		KUNIT_EXPECT_EQ_MSG(test, (u32)get16(data + l4off + 16), sum,
				    "%s: the sum of the pseudo header of %s", f->name, what);
		KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb), (int)l4off);
		KUNIT_EXPECT_EQ(test, skb->csum_offset, offsetof(struct tcphdr, check));
	} else {
		KUNIT_EXPECT_EQ_MSG(test, sum_add(sum, data + l4off, tcp_len), 0xffff,
				    "%s: the checksum of %s", f->name, what);
	}
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		KUNIT_EXPECT_EQ(test, csum_fold(skb->csum),
				csum_fold(skb_checksum(skb, 0, skb->len, 0)));
	kunit_kfree(test, data);
}

static void expect_text(struct kunit *test, const struct sk_buff *skb,
			unsigned int at, const char *text, unsigned int len)
{
	unsigned int i;
	char byte;

	for (i = 0; i < len; i++) {
		if (skb_copy_bits(skb, at + i, &byte, 1) || byte != text[i]) {
			KUNIT_FAIL(test, "byte %u of %u differs\n", i, len);
			return;
		}
	}
}

static void expect_gso(struct kunit *test, const struct sk_buff *skb, u8 pf,
		       unsigned int len)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);

	if (len <= MSS) {
		KUNIT_EXPECT_EQ(test, shinfo->gso_size, 0);
		return;
	}
	KUNIT_EXPECT_EQ(test, shinfo->gso_size, MSS);
	KUNIT_EXPECT_EQ(test, shinfo->gso_segs, DIV_ROUND_UP(len, MSS));
	KUNIT_EXPECT_EQ(test, shinfo->gso_type,
			pf == NFPROTO_IPV4 ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6);
}

static struct sk_buff *make(struct kunit *test, const struct layout *l,
			    const struct form *f, struct wire *w,
			    const char *text, unsigned int len,
			    struct sipalg_segment *s)
{
	struct sk_buff *skb;

	tcp_build(test, w, f, text, len);
	skb = skb_build(test, w, f, l);
	KUNIT_ASSERT_EQ(test, sipalg_segment_init(s, skb, f->pf, 0), SIPALG_R_OK);
	KUNIT_ASSERT_EQ(test, s->packet.payload_off, w->payload_off);
	return skb;
}

static void segment_read(struct kunit *test)
{
	const struct layout *l = test->param_value;
	char *text = text_build(test, 300, 300);
	struct sipalg_segment s;
	struct sk_buff *skb;
	struct wire w;
	unsigned int f;

	wire_init(test, &w);
	for (f = 0; f < ARRAY_SIZE(tcp_forms); f++) {
		skb = make(test, l, &tcp_forms[f], &w, text, 300, &s);
		KUNIT_EXPECT_EQ(test, s.seg.len, 300);
		KUNIT_EXPECT_EQ(test, s.seg.seq, SEQ);
		KUNIT_EXPECT_EQ(test, s.seg.ack, ACK);
		KUNIT_EXPECT_EQ(test, s.seg.win, 0x1234);
		KUNIT_EXPECT_EQ(test, s.seg.flags, SIP_TCP_ACK);
		KUNIT_EXPECT_TRUE(test, s.seg.has_ts);
		KUNIT_EXPECT_EQ(test, s.seg.tsval, 0x102);
		KUNIT_EXPECT_EQ(test, s.seg.tsecr, 0x304);
		KUNIT_ASSERT_EQ(test, s.seg.nsack, 2);
		KUNIT_EXPECT_EQ(test, s.seg.sack[1].left, 5);
		KUNIT_EXPECT_EQ(test, s.seg.sack[1].right, 7);
		KUNIT_EXPECT_EQ(test, sipalg_segment_data(&s), 0);
		KUNIT_EXPECT_EQ(test, memcmp(s.seg.data, text, 300), 0);
		kfree_skb(skb);
	}
}

static void header_one(struct kunit *test, const struct layout *l,
		       const struct form *f, u8 summed, u8 nsack)
{
	char *text = text_build(test, 301, 301);
	struct sk_buff *skb, *clone = NULL;
	struct sipalg_segment s;
	struct wire w;
	u8 head[20];

	wire_init(test, &w);
	skb = make(test, l, f, &w, text, 301, &s);
	skb->ip_summed = summed;
	if (summed == CHECKSUM_COMPLETE)
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	if (l->cloned)
		clone = skb_clone(skb, GFP_KERNEL);
	s.seg.seq = 5;
	s.seg.ack = 0xfedcba98;
	s.seg.nsack = nsack;
	s.seg.sack[0].left = 0xabcdef01;
	KUNIT_ASSERT_EQ(test, sipalg_segment_set_header(&s), 0);
	expect_sound(test, skb, f, w.l4off, 20 + sizeof(options) + 301, "a new header");
	expect_text(test, skb, w.payload_off, text, 301);
	KUNIT_EXPECT_TRUE(test, skb->ip_summed == summed);
	if (clone)
		expect_same(test, clone, &w, "the clone", f->name);
	KUNIT_ASSERT_EQ(test, skb_copy_bits(skb, w.l4off, head, 20), 0);
	KUNIT_EXPECT_EQ(test, get32(head + 4), 5);
	KUNIT_EXPECT_EQ(test, get32(head + 8), 0xfedcba98);
	KUNIT_EXPECT_EQ(test, sipalg_segment_init(&s, skb, f->pf, 0), SIPALG_R_OK);
	KUNIT_EXPECT_EQ(test, s.seg.nsack, nsack);
	if (nsack)
		KUNIT_EXPECT_EQ(test, s.seg.sack[0].left, 0xabcdef01);
	kfree_skb(clone);
	kfree_skb(skb);
	kunit_kfree(test, text);
	kunit_kfree(test, w.data);
}

static void segment_header(struct kunit *test)
{
	static const u8 ways[] = { CHECKSUM_NONE, CHECKSUM_UNNECESSARY,
				   CHECKSUM_COMPLETE };
	unsigned int f, s, n;

	for (f = 0; f < ARRAY_SIZE(tcp_forms); f++)
		for (s = 0; s < ARRAY_SIZE(ways); s++)
			for (n = 0; n < 3; n++)
				header_one(test, test->param_value, &tcp_forms[f],
					   ways[s], n);
}

struct change {
	unsigned int from;
	unsigned int to;
};

static const struct change changes[] = {
	{ 300, 300 }, { 300, 301 }, { 300, 299 }, { 300, 0 }, { 300, 1 },
	{ 0, 300 }, { 999, 1001 }, { 300, 3500 }, { 1, 32768 }, { 1400, 20 },
};

/* @inside: from the middle of the packet itself, as what is passed on is. */
static void rewrite_one(struct kunit *test, const struct layout *l,
			const struct form *f, const struct change *c, bool inside)
{
	char *old = text_build(test, c->from, c->from);
	char *new = text_build(test, c->to, 0);
	unsigned int skip = inside ? c->from / 3 : 0;
	unsigned int to = inside ? c->from - skip : c->to;
	const char *text = inside ? old + skip : new;
	struct sk_buff *skb, *clone = NULL;
	struct sipalg_segment s;
	struct wire w;

	wire_init(test, &w);
	skb = make(test, l, f, &w, old, c->from, &s);
	if (l->cloned)
		clone = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, sipalg_segment_data(&s), 0);
	s.seg.data = inside ? s.seg.data + skip : new;
	s.seg.len = to;
	s.seg.seq = 9;
	s.seg.flags = SIP_TCP_ACK | SIP_TCP_PSH | SIP_TCP_FIN;
	KUNIT_ASSERT_EQ(test, sipalg_segment_rewrite(&s, MSS), 0);
	expect_sound(test, skb, f, w.l4off, 20 + sizeof(options) + to, "a new packet");
	expect_text(test, skb, w.payload_off, text, to);
	expect_gso(test, skb, f->pf, to);
	KUNIT_EXPECT_EQ(test, skb->len, w.payload_off + to);
	if (clone)
		expect_same(test, clone, &w, "the clone", f->name);
	KUNIT_EXPECT_EQ(test, sipalg_segment_init(&s, skb, f->pf, 0), SIPALG_R_OK);
	KUNIT_EXPECT_EQ(test, s.seg.seq, 9);
	KUNIT_EXPECT_EQ(test, s.seg.len, to);
	KUNIT_EXPECT_EQ(test, s.seg.flags, SIP_TCP_ACK | SIP_TCP_PSH | SIP_TCP_FIN);
	kfree_skb(clone);
	kfree_skb(skb);
	kunit_kfree(test, old);
	kunit_kfree(test, new);
	kunit_kfree(test, w.data);
}

static void segment_rewrite(struct kunit *test)
{
	unsigned int f, c;

	for (f = 0; f < ARRAY_SIZE(tcp_forms); f++) {
		for (c = 0; c < ARRAY_SIZE(changes); c++) {
			rewrite_one(test, test->param_value, &tcp_forms[f], &changes[c], false);
			rewrite_one(test, test->param_value, &tcp_forms[f], &changes[c], true);
		}
	}
}

/* A packet of another length on the same way; the model stays what it is. */
static void segment_copy(struct kunit *test)
{
	static const unsigned int lens[] = { 0, 1, 300, 1001, 3000, 32768 };
	const struct layout *l = test->param_value;
	char *text = text_build(test, 300, 300), *big = text_build(test, 32768, 7);
	struct sip_stream_seg seg = {
		.data = big, .seq = 77, .ack = 88, .win = 99, .has_ts = true,
		.tsval = 5, .tsecr = 6, .flags = SIP_TCP_ACK | SIP_TCP_PSH, .nsack = 3,
	};
	struct sipalg_segment s, t;
	struct sk_buff *skb, *copy;
	unsigned int f, i;
	struct wire w;

	wire_init(test, &w);
	for (f = 0; f < ARRAY_SIZE(tcp_forms); f++) {
		u8 pf = tcp_forms[f].pf;

		skb = make(test, l, &tcp_forms[f], &w, text, 300, &s);
		skb->mark = 0x1234;
		KUNIT_ASSERT_EQ(test, sipalg_segment_data(&s), 0);
		for (i = 0; i < ARRAY_SIZE(lens); i++) {
			seg.len = lens[i];
			copy = sipalg_segment_copy(&s, &seg, MSS);
			KUNIT_ASSERT_NOT_NULL(test, copy);
			KUNIT_EXPECT_EQ(test, copy->mark, 0x1234);
			KUNIT_ASSERT_EQ(test, sipalg_segment_init(&t, copy, pf, 1), SIPALG_R_OK);
			KUNIT_EXPECT_EQ(test, t.seg.len, lens[i]);
			KUNIT_EXPECT_EQ(test, t.seg.seq, 77);
			KUNIT_EXPECT_EQ(test, t.seg.ack, 88);
			KUNIT_EXPECT_EQ(test, t.seg.win, 99);
			KUNIT_EXPECT_EQ(test, t.seg.tsecr, 6);
			KUNIT_EXPECT_EQ(test, t.seg.nsack, 3);
			KUNIT_EXPECT_EQ(test, t.seg.flags, SIP_TCP_ACK | SIP_TCP_PSH);
			expect_sound(test, copy, &tcp_forms[f], w.l4off, t.head_len + lens[i],
				     "a copy");
			expect_text(test, copy, t.packet.payload_off, big, lens[i]);
			expect_gso(test, copy, pf, lens[i]);
			kfree_skb(copy);
			current->fail_nth = 1;
			copy = sipalg_segment_copy(&s, &seg, MSS);
			current->fail_nth = 0;
			KUNIT_EXPECT_NULL(test, copy);
		}
		expect_same(test, skb, &w, "the model", tcp_forms[f].name);
		kfree_skb(skb);
	}
}

/* One allocation after the other fails: then the packet is as it was. */
static void segment_no_memory(struct kunit *test)
{
	const struct layout *l = test->param_value;
	char *text = text_build(test, 700, 700), *big = text_build(test, 9000, 7);
	struct sipalg_segment s;
	struct sk_buff *skb, *clone;
	unsigned int f, nth, what;
	struct wire w;
	int err;

	wire_init(test, &w);
	for (f = 0; f < ARRAY_SIZE(tcp_forms); f++) {
		for (what = 0; what < 3; what++) {
			for (nth = 1, err = -ENOMEM; err; nth++) {
				skb = make(test, l, &tcp_forms[f], &w, text, 700, &s);
				clone = l->cloned ? skb_clone(skb, GFP_KERNEL) : NULL;
				s.seg.seq = 1;
				current->fail_nth = nth;
				if (what == 0)
					err = sipalg_segment_data(&s);
				else if (what == 1)
					err = sipalg_segment_set_header(&s);
				else
					s.seg.data = big, s.seg.len = 9000,
					err = sipalg_segment_rewrite(&s, MSS);
				current->fail_nth = 0;
				if (err) {
					KUNIT_EXPECT_EQ(test, err, -ENOMEM);
					expect_same(test, skb, &w, "what failed", tcp_forms[f].name);
				}
				if (clone)
					expect_same(test, clone, &w, "the clone", tcp_forms[f].name);
				kfree_skb(clone);
				kfree_skb(skb);
				KUNIT_ASSERT_LT(test, nth, 20);
			}
		}
	}
}

/* Options that lie about their length, and a header that ends within one. */
static void segment_lies(struct kunit *test)
{
	struct sipalg_segment s;
	struct sk_buff *skb;
	unsigned int at, v;
	struct wire w;

	wire_init(test, &w);
	for (at = 0; at < sizeof(options); at++) {
		for (v = 0; v < 256; v += 5) {
			tcp_build(test, &w, &tcp_forms[0], "text", 4);
			w.data[w.l4off + 20 + at] = v;
			skb = skb_build(test, &w, &tcp_forms[0], &layout_linear);
			KUNIT_EXPECT_EQ(test, sipalg_segment_init(&s, skb, NFPROTO_IPV4, 0), SIPALG_R_OK);
			KUNIT_EXPECT_LE(test, s.seg.nsack, SIP_STREAM_SACKS);
			s.seg.nsack = min_t(u8, s.seg.nsack, 1);
			KUNIT_EXPECT_EQ(test, sipalg_segment_set_header(&s), 0);
			KUNIT_EXPECT_EQ(test, skb->len, w.len);
			kfree_skb(skb);
		}
	}
	tcp_build(test, &w, &tcp_forms[0], "text", 4);
	for (v = 0; v < 16; v++) {
		w.data[w.l4off + 12] = v << 4;
		skb = skb_build(test, &w, &tcp_forms[0], &layout_linear);
		if (v < 5 || v * 4 > 20 + sizeof(options) + 4)
			KUNIT_EXPECT_NE(test, sipalg_segment_init(&s, skb, NFPROTO_IPV4, 0), SIPALG_R_OK);
		else
			KUNIT_EXPECT_EQ(test, sipalg_segment_init(&s, skb, NFPROTO_IPV4, 0), SIPALG_R_OK);
		kfree_skb(skb);
	}
}

static struct kunit_case segment_cases[] = {
	KUNIT_CASE_PARAM(segment_read, layout_gen_params),
	KUNIT_CASE_PARAM(segment_header, layout_gen_params),
	KUNIT_CASE_PARAM(segment_rewrite, layout_gen_params),
	KUNIT_CASE_PARAM(segment_copy, layout_gen_params),
	KUNIT_CASE_PARAM(segment_no_memory, layout_gen_params),
	KUNIT_CASE(segment_lies),
	{}
};

static struct kunit_suite segment_suite = {
	.name = "segment",
	.test_cases = segment_cases,
};

kunit_test_suite(segment_suite);

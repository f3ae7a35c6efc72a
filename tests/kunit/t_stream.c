// SPDX-License-Identifier: GPL-2.0
/*
 * Connections and their memory: how much of it one may have, and all of them;
 * and that nothing is left.
 */
#include <linux/sched.h>
#include <linux/tcp.h>

#include "../../kmod/flow.h"
#include "../../kmod/stream.h"
#include "gateway.h"

#define START	1000

/**
 * struct line - a connection of a phone, as a hook sees it
 * @g: the gateway
 * @ct: the connection
 * @flow: of it
 * @state: of the hook
 * @seq: by direction, the next byte
 */
struct line {
	struct gateway *g;
	struct nf_conn *ct;
	struct sipalg_flow *flow;
	struct nf_hook_state state;
	u32 seq[2];
};

static unsigned int sent;

/* What was emitted on the way of the packet in hand. */
static int count_sent(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	sent++;
	kfree_skb(skb);
	return 0;
}

/* A segment comes by. Return: how many bytes go on in its packet. */
static unsigned int segment(struct line *l, u8 dir, u8 flags, const char *text, unsigned int len)
{
	struct gateway *g = l->g;
	struct sipalg_segment s;
	struct sk_buff *skb;
	bool gone;
	__be32 *at;
	u8 *th;

	wire_build(&g->wire, &form_tcp4, text, len);
	th = g->wire.data + g->wire.l4off;
	at = (__be32 *)(th + 4);
	at[0] = htonl(l->seq[dir]);
	at[1] = htonl(l->seq[!dir]);
	th[13] = flags;
	put16(th + 14, 65535);
	skb = skb_build(g->test, &g->wire, &form_tcp4, &layout_linear);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	local_bh_disable();
	rcu_read_lock();
	if ((flags & (SIP_TCP_SYN | SIP_TCP_ACK)) == SIP_TCP_SYN)
		l->flow = sipalg_stream_begin(&g->sn, skb, l->ct, l->flow, g->rule);
	gone = sipalg_stream_packet(&g->sn, skb, &l->state, l->ct,
				    dir ? IP_CT_ESTABLISHED_REPLY : IP_CT_ESTABLISHED, l->flow,
				    g->rule);
	rcu_read_unlock();
	local_bh_enable();
	if (gone || sipalg_segment_init(&s, skb, NFPROTO_IPV4, dir) != SIPALG_R_OK)
		s.seg.len = 0;
	kfree_skb(skb);
	l->seq[dir] += len + !!(flags & (SIP_TCP_SYN | SIP_TCP_FIN));
	return s.seg.len;
}

static void handshake(struct line *l)
{
	segment(l, 0, SIP_TCP_SYN, "", 0);
	segment(l, 1, SIP_TCP_SYN | SIP_TCP_ACK, "", 0);
	segment(l, 0, SIP_TCP_ACK, "", 0);
}

/* Each one from a port of its own, before its handshake. */
static struct line line_closed(struct gateway *g, unsigned int port)
{
	struct line l = {
		.g = g,
		.state = { .hook = NF_INET_POST_ROUTING, .pf = NFPROTO_IPV4,
			   .net = &init_net, .okfn = count_sent },
		.seq = { START, 2 * START },
	};
	char src[32], out[32];

	snprintf(src, sizeof(src), PHONE ":%u", port);
	snprintf(out, sizeof(out), PUBLIC ":%u", port);
	l.ct = gateway_flow(g, src, out, PROXY ":5060", PROXY ":5060");
	l.ct->tuplehash[0].tuple.dst.protonum = IPPROTO_TCP;
	l.ct->tuplehash[1].tuple.dst.protonum = IPPROTO_TCP;
	l.flow = sipalg_flow(l.ct);
	return l;
}

static struct line line_new(struct gateway *g, unsigned int port)
{
	struct line l = line_closed(g, port);

	handshake(&l);
	return l;
}

static struct sipalg_stream *stream_of(struct line *l)
{
	return rcu_dereference_protected(l->flow->stream, true);
}

/* The start of a message with a body of so many bytes, then bytes of it. */
static unsigned int begin_message(struct line *l, unsigned int length)
{
	char text[128];
	int n = snprintf(text, sizeof(text),
			 "MESSAGE sip:a@b SIP/2.0\r\nContent-Length: %u\r\n\r\n", length);

	return segment(l, 0, SIP_TCP_ACK, text, n);
}

static char *body(struct kunit *test, unsigned int len)
{
	char *text = kunit_kzalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	memset(text, 'x', len);
	return text;
}

static void expect_empty(struct gateway *g)
{
	KUNIT_EXPECT_EQ(g->test, atomic_long_read(&g->sn.stream_bytes), 0L);
	KUNIT_EXPECT_EQ(g->test, atomic_read(&g->sn.nstreams), 0);
}

/* A message that would need more than a stream may have: it passes unchanged. */
static void stream_bound_of_one(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	char *text = body(test, 1000);
	struct line l;
	unsigned int i;

	g->sn.limits.stream_bytes = 20000;
	l = line_new(g, 40000);
	KUNIT_ASSERT_NOT_NULL(test, stream_of(&l));
	KUNIT_EXPECT_EQ(test, begin_message(&l, 10000), 0);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, segment(&l, 0, SIP_TCP_ACK, text, 1000), 0);
	KUNIT_EXPECT_GT(test, stream_of(&l)->bytes, 5000);
	for (i = 0; i < 5; i++)
		segment(&l, 0, SIP_TCP_ACK, text, 1000);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_STREAM_MEMORY), 0);
	/* This one does not fit. */
	begin_message(&l, 30000);
	for (i = 0; i < 30; i++) {
		segment(&l, 0, SIP_TCP_ACK, text, 1000);
		KUNIT_EXPECT_LE(test, stream_of(&l)->bytes, 20000);
		KUNIT_EXPECT_EQ(test, (long)stream_of(&l)->bytes,
				atomic_long_read(&g->sn.stream_bytes));
	}
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_STREAM_MEMORY), 1);
	KUNIT_EXPECT_EQ(test, stream_of(&l)->stream.half[0].phase, SIP_STREAM_LEFT);
	KUNIT_EXPECT_EQ(test, stream_of(&l)->stream.half[1].phase, SIP_STREAM_SIP);
	sipalg_streams_flush(&g->sn);
	expect_empty(g);
}

/* And of all: who comes late gets nothing, and the others keep what they have. */
static void stream_bound_of_all(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	char *text = body(test, 1000);
	struct line l[8];
	unsigned int i, k;

	g->sn.limits.streams_bytes = 30000;
	for (i = 0; i < ARRAY_SIZE(l); i++) {
		l[i] = line_new(g, 40000 + i);
		begin_message(&l[i], 6000);
		for (k = 0; k < 3; k++)
			segment(&l[i], 0, SIP_TCP_ACK, text, 1000);
		KUNIT_EXPECT_LE(test, atomic_long_read(&g->sn.stream_bytes), 30000L);
	}
	KUNIT_EXPECT_EQ(test, stream_of(&l[0])->stream.half[0].phase, SIP_STREAM_SIP);
	KUNIT_EXPECT_EQ(test, stream_of(&l[7])->stream.half[0].phase, SIP_STREAM_LEFT);
	KUNIT_EXPECT_GE(test, gateway_count(g, SIPALG_R_STREAM_MEMORY), 3);
	for (k = 0; k < 3; k++)
		segment(&l[0], 0, SIP_TCP_ACK, text, 1000);
	KUNIT_EXPECT_EQ(test, stream_of(&l[0])->stream.half[0].messages, 1);
	sipalg_streams_flush(&g->sn);
	expect_empty(g);
}

/* More connections than there may be are left alone. */
static void stream_bound_of_connections(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct line l;
	unsigned int i;

	g->sn.limits.streams = 5;
	for (i = 0; i < 8; i++) {
		l = line_new(g, 40000 + i);
		KUNIT_EXPECT_EQ(test, !!stream_of(&l), i < 5);
		KUNIT_EXPECT_EQ(test, !begin_message(&l, 10), i < 5);
	}
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_STREAM_LIMIT), 3);
	sipalg_streams_flush(&g->sn);
	expect_empty(g);
	l = line_new(g, 40010);
	KUNIT_EXPECT_NOT_NULL(test, stream_of(&l));
	sipalg_streams_flush(&g->sn);
	expect_empty(g);
}

/* NAT asks for the extension itself where it rewrites a signalling flow. */
static void stream_after_nat(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct line l = line_new(g, 40000);

	sipalg_streams_flush(&g->sn);
	KUNIT_EXPECT_NULL(test, stream_of(&l));
	/* It has one now, as after nf_nat_setup_info(). */
	segment(&l, 0, SIP_TCP_SYN, "", 0);
	KUNIT_EXPECT_NOT_NULL(test, stream_of(&l));
	sipalg_streams_flush(&g->sn);
	expect_empty(g);
}

/* Fails one allocation after the other, from the SYN to the end of a message. */
static void stream_no_memory(struct kunit *test)
{
	unsigned int nth, what, failures = 0;
	char *text = body(test, 3000);

	for (what = 0; what < 4; what++) {
		bool failed = true;

		for (nth = 1; failed; nth++) {
			struct gateway *g = gateway_new(test);
			struct line l = line_closed(g, 40000);
			unsigned int step;

			for (step = 0; step < 4; step++) {
				if (step == what)
					current->fail_nth = nth;
				if (step == 0)
					handshake(&l);
				else if (step == 1)
					begin_message(&l, 6000);
				else
					segment(&l, 0, SIP_TCP_ACK, text, 3000);
				if (step == what) {
					failed = !current->fail_nth;
					current->fail_nth = 0;
				}
			}
			failures += failed;
			sipalg_streams_flush(&g->sn);
			expect_empty(g);
			gateway_free(g);
			KUNIT_ASSERT_LT(test, nth, 100);
		}
	}
	KUNIT_EXPECT_GE(test, failures, 4);
}

static struct kunit_case stream_cases[] = {
	KUNIT_CASE(stream_bound_of_one),
	KUNIT_CASE(stream_bound_of_all),
	KUNIT_CASE(stream_bound_of_connections),
	KUNIT_CASE(stream_after_nat),
	KUNIT_CASE(stream_no_memory),
	{}
};

static struct kunit_suite stream_suite = {
	.name = "stream",
	.test_cases = stream_cases,
};

kunit_test_suite(stream_suite);

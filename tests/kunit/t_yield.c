// SPDX-License-Identifier: GPL-2.0
/*
 * What happens at a limit, and what time brings to those who wait for it.
 */

#include <kunit/test.h>

#include "gateway.h"

#define RTP	PUBLIC ":4000"
#define CONTACT	PUBLIC ":5060"

static const char *offer(struct gateway *g)
{
	return sdp(g, PHONE, 4000, "");
}

static const char *answer(struct gateway *g)
{
	return sdp(g, FAR, 30000, "");
}

/* Another call on the flow of this one. Call-IDs have to stay where they are. */
static struct leg leg_number(const struct leg *like, unsigned int n)
{
	char *id = kunit_kzalloc(like->g->test, 16, GFP_KERNEL);
	struct leg l = *like;

	KUNIT_ASSERT_NOT_NULL(l.g->test, id);
	snprintf(id, 16, "number-%u", n);
	l.call_id = id;
	return l;
}

static void invite(struct leg *l, unsigned int port)
{
	EXPECT_TRANSLATED(l->g->test,
			  a_asks(l, "INVITE", 1, "", sdp(l->g, PHONE, port, "")));
}

static void call_up(struct leg *l, unsigned int port)
{
	invite(l, port);
	EXPECT_TRANSLATED(l->g->test, b_says(l, 200, "INVITE", 1, "b", answer(l->g)));
	a_asks(l, "ACK", 1, "b", NULL);
}

/* The oldest of those that nobody answered goes, and its media with it. */
static void yield_unanswered(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l[6] = { leg_out(g, "first") };
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(l); i++)
		l[i] = leg_number(&l[0], i);
	g->sn.limits.dialogs = 4;
	call_up(&l[0], 4000);
	invite(&l[1], 4100);
	invite(&l[2], 4200);
	b_says(&l[2], 183, "INVITE", 1, "b", answer(g));
	call_up(&l[3], 4300);
	EXPECT_OPEN(g, PUBLIC ":4200", FAR);
	EXPECT_COUNTS(g, 4, 4, 0, 9);

	invite(&l[4], 4400);
	KUNIT_EXPECT_NULL(test, leg_dialog(&l[1], ""));
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_EVICTED), 1);
	EXPECT_COUNTS(g, 4, 4, 0, 9);
	/* Its messages go on, and are understood; they open nothing. */
	EXPECT_TRANSLATED(test, b_says(&l[1], 180, "INVITE", 1, "b", NULL));
	EXPECT_SENT(g, "Via: SIP/2.0/UDP " PHONE ":5060;");
	EXPECT_TRANSLATED(test, b_says(&l[1], 200, "INVITE", 1, "b", answer(g)));
	EXPECT_CLOSED(g, PUBLIC ":4100", FAR);

	b_says(&l[4], 200, "INVITE", 1, "b", answer(g));
	invite(&l[5], 4500);
	KUNIT_EXPECT_NULL(test, leg_dialog(&l[2], "b"));
	EXPECT_CLOSED(g, PUBLIC ":4200", FAR);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_EVICTED), 2);
	b_says(&l[5], 200, "INVITE", 1, "b", answer(g));

	/* Now all are answered: none gives way. */
	KUNIT_EXPECT_EQ(test, a_asks(&l[1], "INVITE", 2, "", offer(g)),
			SIPALG_R_LIMIT_CALLS);
	EXPECT_NOT_SENT(g, PUBLIC);
	EXPECT_OPEN(g, PUBLIC ":4000", FAR);
	EXPECT_OPEN(g, PUBLIC ":4300", FAR);
	EXPECT_OPEN(g, PUBLIC ":4400", FAR);
	EXPECT_OPEN(g, PUBLIC ":4500", FAR);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_EVICTED), 2);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_LIMIT_CALLS), 1);
}

/* What is over goes first, and is not counted as somebody's loss. */
static void yield_over(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l[4] = { leg_out(g, "first") };
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(l); i++)
		l[i] = leg_number(&l[0], i);
	g->sn.limits.dialogs = 3;
	invite(&l[0], 4000);
	call_up(&l[1], 4100);
	invite(&l[2], 4200);
	b_says(&l[2], 486, "INVITE", 1, "b", NULL);
	invite(&l[3], 4300);
	KUNIT_EXPECT_NULL(test, leg_dialog(&l[2], "b"));
	EXPECT_STATE(&l[0], "", SIPALG_DIALOG_TRYING);
	EXPECT_STATE(&l[1], "b", SIPALG_DIALOG_CONFIRMED);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_EVICTED), 0);
}

/* A fork takes room from another call, and never from its own. */
static void yield_to_fork(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg a = leg_out(g, "forks"), b = leg_out(g, "other");

	g->sn.limits.dialogs = 3;
	invite(&a, 4000);
	invite(&b, 4100);
	b_says(&a, 183, "INVITE", 1, "b", answer(g));
	b_says(&a, 183, "INVITE", 1, "c", sdp(g, "198.51.100.20", 30000, ""));
	b_says(&a, 183, "INVITE", 1, "d", sdp(g, "198.51.100.21", 30000, ""));
	KUNIT_EXPECT_NULL(test, leg_dialog(&b, ""));
	EXPECT_COUNTS(g, 1, 3, 0, 3);
	KUNIT_EXPECT_EQ(test, b_says(&a, 183, "INVITE", 1, "e", answer(g)),
			SIPALG_R_LIMIT_CALLS);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, RTP, "198.51.100.20");
	EXPECT_OPEN(g, RTP, "198.51.100.21");
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_EVICTED), 1);
}

/* The same for bindings: contact, RTP and RTCP of one call are three. */
static void yield_bindings(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg a = leg_out(g, "a"), b = leg_out(g, "b"), c = leg_out(g, "c");

	g->sn.limits.bindings = 5;
	invite(&a, 4000);
	call_up(&b, 4100);
	EXPECT_COUNTS(g, 2, 2, 0, 5);
	invite(&c, 4200);
	KUNIT_EXPECT_NULL(test, leg_dialog(&a, ""));
	EXPECT_COUNTS(g, 2, 2, 0, 5);
	b_says(&c, 200, "INVITE", 1, "b", answer(g));
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_EVICTED), 1);
	KUNIT_EXPECT_EQ(test, a_asks(&a, "INVITE", 2, "", sdp(g, PHONE, 4300, "")),
			SIPALG_R_LIMIT_BINDINGS);
	EXPECT_OPEN(g, PUBLIC ":4100", FAR);
	EXPECT_OPEN(g, PUBLIC ":4200", FAR);
	EXPECT_COUNTS(g, 2, 2, 0, 5);
}

/* Many at once, as in a flood: those who are talking do not notice. */
static void yield_flood(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg up = leg_out(g, "up");
	unsigned int i;

	g->sn.limits.dialogs = 20;
	call_up(&up, 4000);
	for (i = 0; i < 300; i++) {
		struct leg l = leg_number(&up, i);

		invite(&l, 5000 + 2 * i);
		KUNIT_ASSERT_LE(test, gateway_counts(g).dialogs, 20);
	}
	EXPECT_STATE(&up, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_COUNTS(g, 20, 20, 0, 1 + 2 * 20);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_EVICTED), 281);
}

/* The 487 never comes: 64 * T1 after the CANCEL it is over (RFC 3261 9.1). */
static void yield_lost_487(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "cancelled");

	invite(&l, 4000);
	b_says(&l, 183, "INVITE", 1, "b", answer(g));
	b_says(&l, 183, "INVITE", 1, "c", answer(g));
	a_asks(&l, "CANCEL", 1, "", NULL);
	b_says(&l, 200, "CANCEL", 1, "proxy", NULL);
	wait_seconds(20);
	/* Neither a repeated CANCEL nor ringing gives it more time. */
	a_asks(&l, "CANCEL", 1, "", NULL);
	b_says(&l, 180, "INVITE", 1, "b", NULL);
	EXPECT_OPEN(g, RTP, FAR);
	wait_seconds(13);
	EXPECT_ENDED(&l, "b", SIPALG_END_CANCEL);
	EXPECT_ENDED(&l, "c", SIPALG_END_CANCEL);
	EXPECT_CLOSED(g, RTP, FAR);
	wait_seconds(SIPALG_LINGER_SECONDS + 1);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* 408 to a request within the call, and then nothing: it is over in 64 * T1. */
static void yield_timed_out(struct kunit *test)
{
	static const char *const methods[] = { "INVITE", "UPDATE" };
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "lost");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(methods); i++) {
		call_up(&l, 4000);
		a_asks(&l, methods[i], 2, "b", offer(g));
		b_says(&l, 408, methods[i], 2, "b", NULL);
		wait_seconds(20);
		/* The next one is answered. */
		a_asks(&l, methods[i], 3, "b", offer(g));
		b_says(&l, 200, methods[i], 3, "b", answer(g));
		age_seconds(g, 3600);
		EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
		a_asks(&l, methods[i], 4, "b", offer(g));
		b_says(&l, 408, methods[i], 4, "b", NULL);
		EXPECT_OPEN(g, RTP, FAR);
		wait_seconds(33);
		EXPECT_ENDED(&l, "b", SIPALG_END_LOST);
		EXPECT_CLOSED(g, RTP, FAR);
		wait_seconds(33);
		EXPECT_COUNTS(g, 0, 0, 0, 0);
	}
}

/* Held for hours, and resumed from the far side: all is where it was. */
static void yield_long_hold(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "hold");
	struct sipalg_binding *b;

	call_up(&l, 4000);
	b = gateway_binding(g, SIPALG_OUTER, RTP);
	b_asks(&l, "INVITE", 5, "b", sdp(g, "0.0.0.0", 30000, "a=sendonly\r\n"));
	EXPECT_SENT(g, "c=IN IP4 0.0.0.0\r\n");
	a_says(&l, 200, "INVITE", 5, "b", sdp(g, PHONE, 4000, "a=recvonly\r\n"));
	b_asks(&l, "ACK", 5, "b", NULL);
	age_seconds(g, 8 * 3600);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, CONTACT, PROXY);
	EXPECT_OPEN(g, RTP, FAR);
	KUNIT_EXPECT_PTR_EQ(test, gateway_binding(g, SIPALG_OUTER, RTP), b);
	b_asks(&l, "INVITE", 6, "b", answer(g));
	EXPECT_TRANSLATED(test, a_says(&l, 200, "INVITE", 6, "b", offer(g)));
	EXPECT_SENT(g, "m=audio 4000 ");
	b_asks(&l, "ACK", 6, "b", NULL);
	/* Each answer to an INVITE counts from then on. */
	age_seconds(g, 11 * 3600);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, CONTACT, PROXY);
	a_asks(&l, "BYE", 2, "b", NULL);
	b_says(&l, 200, "BYE", 2, "b", NULL);
	EXPECT_CLOSED(g, RTP, FAR);
	wait_seconds(33);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* The fork that rings on while another one talks. */
static void yield_hurried(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "hurried");

	invite(&l, 4000);
	b_says(&l, 183, "INVITE", 1, "c", sdp(g, "198.51.100.20", 30000, ""));
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	wait_seconds(20);
	b_says(&l, 183, "INVITE", 1, "c", sdp(g, "198.51.100.20", 30000, ""));
	EXPECT_OPEN(g, RTP, "198.51.100.20");
	wait_seconds(13);
	EXPECT_ENDED(&l, "c", SIPALG_END_REPLACED);
	EXPECT_CLOSED(g, RTP, "198.51.100.20");
	EXPECT_OPEN(g, RTP, FAR);
}

/* The only fork gives up, and the next one takes a minute. */
static void yield_next_fork(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "next");

	invite(&l, 4000);
	b_says(&l, 183, "INVITE", 1, "b", answer(g));
	b_says(&l, 199, "INVITE", 1, "b", NULL);
	EXPECT_STATE(&l, "", SIPALG_DIALOG_TRYING);
	EXPECT_CLOSED(g, RTP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	wait_seconds(60);
	EXPECT_OPEN(g, CONTACT, PROXY);
	b_says(&l, 200, "INVITE", 1, "c", answer(g));
	EXPECT_STATE(&l, "c", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
}

/* Everything that makes a call's sessions change hands. */
static void script_sessions(struct gateway *g)
{
	struct leg l = leg_out(g, "script");

	a_asks(&l, "INVITE", 1, "", offer(g));
	b_says(&l, 183, "INVITE", 1, "b", answer(g));
	a_asks(&l, "UPDATE", 2, "b", sdp(g, PHONE, 4100, ""));
	b_says(&l, 200, "UPDATE", 2, "b", answer(g));
	b_says(&l, 183, "INVITE", 1, "c", sdp(g, PROXY, 30000, ""));
	EXPECT_OPEN(g, RTP, PROXY);
	EXPECT_CLOSED(g, RTP, FAR);
	b_says(&l, 199, "INVITE", 1, "c", NULL);
	b_says(&l, 199, "INVITE", 1, "b", NULL);
	EXPECT_CLOSED(g, PUBLIC ":4100", FAR);
	EXPECT_CLOSED(g, RTP, PROXY);
	b_says(&l, 200, "INVITE", 1, "d", answer(g));
	a_asks(&l, "ACK", 1, "d", NULL);
	EXPECT_OPEN(g, RTP, FAR);
	a_asks(&l, "INVITE", 3, "d", sdp(g, PHONE, 4100, ""));
	b_says(&l, 183, "INVITE", 3, "d", answer(g));
	a_asks(&l, "PRACK", 4, "d", sdp(g, PHONE, 4200, ""));
	b_says(&l, 200, "PRACK", 4, "d", answer(g));
	EXPECT_OPEN(g, PUBLIC ":4200", FAR);
	EXPECT_CLOSED(g, RTP, FAR);
	b_says(&l, 500, "INVITE", 3, "d", NULL);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, PUBLIC ":4100", FAR);
	EXPECT_CLOSED(g, PUBLIC ":4200", FAR);
	a_asks(&l, "BYE", 5, "d", NULL);
	b_says(&l, 200, "BYE", 5, "d", NULL);
	EXPECT_ENDED(&l, "d", SIPALG_END_BYE);
	age_seconds(g, 33);
	age_seconds(g, 33);
}

static void yield_no_memory(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, without_memory(test, script_sessions), 15);
}

static struct kunit_case yield_cases[] = {
	KUNIT_CASE(yield_unanswered),
	KUNIT_CASE(yield_over),
	KUNIT_CASE(yield_to_fork),
	KUNIT_CASE(yield_bindings),
	KUNIT_CASE(yield_flood),
	KUNIT_CASE(yield_lost_487),
	KUNIT_CASE(yield_timed_out),
	KUNIT_CASE(yield_long_hold),
	KUNIT_CASE(yield_hurried),
	KUNIT_CASE(yield_next_fork),
	KUNIT_CASE(yield_no_memory),
	{}
};

static struct kunit_suite yield_suite = {
	.name = "yield",
	.test_cases = yield_cases,
};

kunit_test_suite(yield_suite);

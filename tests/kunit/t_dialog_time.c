// SPDX-License-Identifier: GPL-2.0
/*
 * How long calls last that say nothing more.
 */

#include "dialog.h"

static void dialog_early_timeout(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "early"), m = leg_out(g, "silent");

	a_asks(&l, "INVITE", 1, "", offer(g));
	a_asks(&m, "INVITE", 1, "", sdp(g, PHONE, 5000, ""));
	age_seconds(g, 200);
	/* It rings: that is worth some more time. */
	b_says(&l, 180, "INVITE", 1, "b", NULL);
	wait_seconds(42);
	EXPECT_ENDED(&m, "", SIPALG_END_TIMEOUT);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_EARLY);
	age_seconds(g, 199);
	EXPECT_ENDED(&l, "b", SIPALG_END_TIMEOUT);
	expect_forgotten(g);
}

static void dialog_session_expires(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "timer");

	a_asks(&l, "INVITE", 1, "", offer(g));
	l.headers = "Session-Expires: 120;refresher=uac\r\n";
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	a_asks(&l, "ACK", 1, "b", NULL);
	KUNIT_ASSERT_NOT_NULL(test, leg_dialog(&l, "b"));
	KUNIT_EXPECT_EQ(test, leg_dialog(&l, "b")->session_expires, 120);
	age_seconds(g, 110);
	/* Refreshed by a re-INVITE */
	a_asks(&l, "INVITE", 2, "b", offer(g));
	l.headers = "Session-Expires: 120\r\n";
	b_says(&l, 200, "INVITE", 2, "b", answer(g));
	a_asks(&l, "ACK", 2, "b", NULL);
	age_seconds(g, 110);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	wait_seconds(44);
	EXPECT_ENDED(&l, "b", SIPALG_END_TIMEOUT);
	EXPECT_CLOSED(g, RTP, FAR);
	expect_forgotten(g);
}

/* The refresh may as well be an UPDATE (RFC 4028 9). */
static void dialog_session_update(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "update-timer");
	unsigned int i;

	a_asks(&l, "INVITE", 1, "", offer(g));
	l.headers = "Session-Expires: 120;refresher=uac\r\n";
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	a_asks(&l, "ACK", 1, "b", NULL);
	for (i = 2; i < 6; i++) {
		age_seconds(g, 100);
		a_asks(&l, "UPDATE", i, "b", NULL);
		l.headers = "Session-Expires: 120;refresher=uac\r\n";
		b_says(&l, 200, "UPDATE", i, "b", NULL);
		EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	}
	EXPECT_OPEN(g, RTP, FAR);
	age_seconds(g, 160);
	EXPECT_ENDED(&l, "b", SIPALG_END_TIMEOUT);
	expect_forgotten(g);
}

/* A call without a session timer lasts half a day. */
static void dialog_long_call(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "long");

	call_up(&l);
	age_seconds(g, 11 * 3600);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, CONTACT, PROXY);
	age_seconds(g, 3600 + 33);
	EXPECT_ENDED(&l, "b", SIPALG_END_TIMEOUT);
	expect_forgotten(g);
}

static struct kunit_case dialog_time_cases[] = {
	KUNIT_CASE(dialog_early_timeout),
	KUNIT_CASE(dialog_session_expires),
	KUNIT_CASE(dialog_session_update),
	KUNIT_CASE(dialog_long_call),
	{}
};

static struct kunit_suite dialog_time_suite = {
	.name = "dialog_time",
	.test_cases = dialog_time_cases,
};

kunit_test_suite(dialog_time_suite);

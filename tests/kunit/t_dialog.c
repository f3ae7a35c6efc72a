// SPDX-License-Identifier: GPL-2.0
/*
 * Calls, message by message: what state they are in, and what is open.
 */

#include "dialog.h"

static void dialog_answered(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "answered");

	EXPECT_TRANSLATED(test, a_asks(&l, "INVITE", 1, "", offer(g)));
	EXPECT_SENT(g, "Via: SIP/2.0/UDP " PUBLIC ":5060;branch=z9hG4bK1\r\n");
	EXPECT_SENT(g, "Contact: <sip:a@" PUBLIC ":5060>\r\n");
	EXPECT_SENT(g, "c=IN IP4 " PUBLIC "\r\n");
	EXPECT_SENT(g, "m=audio 4000 RTP/AVP 0 8\r\n");
	EXPECT_NOT_SENT(g, PHONE);
	EXPECT_STATE(&l, "", SIPALG_DIALOG_TRYING);
	/* Contact, RTP, RTCP; nobody was named yet who may send media */
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	EXPECT_OPEN(g, CONTACT, PROXY);
	EXPECT_CLOSED(g, CONTACT, FAR);
	EXPECT_CLOSED(g, RTP, PROXY);
	EXPECT_CLOSED(g, RTP, FAR);

	EXPECT_TRANSLATED(test, b_says(&l, 100, "INVITE", 1, "", NULL));
	EXPECT_SENT(g, "Via: SIP/2.0/UDP " PHONE ":5060;");
	EXPECT_STATE(&l, "", SIPALG_DIALOG_TRYING);
	b_says(&l, 180, "INVITE", 1, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_EARLY);
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	EXPECT_SENT(g, "c=IN IP4 " FAR "\r\n");
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_TRANSLATED(test, a_asks(&l, "ACK", 1, "b", NULL));
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, RTCP, FAR);
	EXPECT_CLOSED(g, RTP, PROXY);

	a_asks(&l, "BYE", 2, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	b_says(&l, 200, "BYE", 2, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	EXPECT_CLOSED(g, RTP, FAR);
	expect_forgotten(g);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_DIALOGS), 1);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_DIALOGS_ENDED), 1);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_STALE), 0);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_BINDINGS), 3);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_BINDINGS_GONE), 3);
}

/* The caller is outside; the phone answers, and hangs up. */
static void dialog_from_outside(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_in(g, "from-outside");

	a_asks(&l, "INVITE", 7, "", answer(g));
	EXPECT_COUNTS(g, 1, 1, 0, 0);
	EXPECT_TRANSLATED(test, b_says(&l, 200, "INVITE", 7, "b", offer(g)));
	EXPECT_SENT(g, "c=IN IP4 " PUBLIC "\r\n");
	EXPECT_SENT(g, "Contact: <sip:b@" PUBLIC ":5060>\r\n");
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, CONTACT, PROXY);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	a_asks(&l, "ACK", 7, "b", NULL);
	b_asks(&l, "BYE", 1, "b", NULL);
	a_says(&l, 200, "BYE", 1, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

/* Repeated messages become the same bytes, and change nothing. */
static void dialog_repeated(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "repeated");
	const char *o = offer(g), *a = answer(g);
	char *first = kunit_kzalloc(test, MESSAGE_MAX, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, first);
	for (i = 0; i < 4; i++) {
		EXPECT_TRANSLATED(test, a_asks(&l, "INVITE", 1, "", o));
		if (i)
			KUNIT_EXPECT_STREQ(test, g->out, first);
		strscpy(first, g->out, MESSAGE_MAX);
		EXPECT_COUNTS(g, 1, 1, 0, 3);
	}
	for (i = 0; i < 4; i++) {
		EXPECT_TRANSLATED(test, b_says(&l, 200, "INVITE", 1, "b", a));
		if (i)
			KUNIT_EXPECT_STREQ(test, g->out, first);
		strscpy(first, g->out, MESSAGE_MAX);
		EXPECT_COUNTS(g, 1, 1, 0, 3);
		EXPECT_OPEN(g, RTP, FAR);
	}
	for (i = 0; i < 2; i++)
		a_asks(&l, "BYE", 2, "b", NULL);
	for (i = 0; i < 3; i++)
		b_says(&l, 200, "BYE", 2, "b", NULL);
	/* Late ones find it over, and open nothing. */
	b_says(&l, 200, "INVITE", 1, "b", a);
	a_asks(&l, "INVITE", 1, "", o);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	EXPECT_CLOSED(g, RTP, FAR);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_DIALOGS_ENDED), 1);
	wait_seconds(SIPALG_LINGER_SECONDS + 33);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* Three phones ring: each has a dialog, and sends its own early media. */
static void dialog_forks(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "forks");

	a_asks(&l, "INVITE", 1, "", offer(g));
	b_says(&l, 180, "INVITE", 1, "b", NULL);
	b_says(&l, 183, "INVITE", 1, "c", sdp(g, "198.51.100.20", 30000, ""));
	b_says(&l, 183, "INVITE", 1, "d", sdp(g, "198.51.100.21", 30000, ""));
	EXPECT_COUNTS(g, 1, 3, 0, 3);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_EARLY);
	EXPECT_STATE(&l, "c", SIPALG_DIALOG_EARLY);
	EXPECT_STATE(&l, "d", SIPALG_DIALOG_EARLY);
	EXPECT_OPEN(g, RTP, "198.51.100.20");
	EXPECT_OPEN(g, RTP, "198.51.100.21");
	EXPECT_CLOSED(g, RTP, FAR);

	/* One gives up (RFC 6228): the others ring on. */
	b_says(&l, 199, "INVITE", 1, "c", NULL);
	EXPECT_ENDED(&l, "c", SIPALG_END_FAILURE);
	EXPECT_CLOSED(g, RTP, "198.51.100.20");
	EXPECT_OPEN(g, RTP, "198.51.100.21");
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_EARLY);

	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_STATE(&l, "d", SIPALG_DIALOG_EARLY);
	EXPECT_OPEN(g, RTP, FAR);
	/* 64 * T1 for a 2xx of its own */
	wait_seconds(34);
	EXPECT_ENDED(&l, "d", SIPALG_END_REPLACED);
	EXPECT_CLOSED(g, RTP, "198.51.100.21");
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	wait_seconds(34);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	EXPECT_OPEN(g, RTP, FAR);
	call_down(&l, 2);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

/* Two phones answer at once: both dialogs are up, until one gets its BYE. */
static void dialog_two_answers(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "two-answers");

	a_asks(&l, "INVITE", 1, "", offer(g));
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	b_says(&l, 200, "INVITE", 1, "c", sdp(g, "198.51.100.20", 30000, ""));
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_STATE(&l, "c", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, RTP, "198.51.100.20");
	a_asks(&l, "BYE", 2, "c", NULL);
	b_says(&l, 200, "BYE", 2, "c", NULL);
	EXPECT_ENDED(&l, "c", SIPALG_END_BYE);
	EXPECT_CLOSED(g, RTP, "198.51.100.20");
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, CONTACT, PROXY);
	call_down(&l, 2);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

/* A final failure ends all forks, whichever tag it has. */
static void dialog_failure(struct kunit *test)
{
	static const u16 statuses[] = { 302, 404, 486, 503, 603 };
	struct gateway *g = gateway_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct leg l = leg_out(g, "failure");

		a_asks(&l, "INVITE", 1, "", offer(g));
		b_says(&l, 183, "INVITE", 1, "b", answer(g));
		b_says(&l, 180, "INVITE", 1, "c", NULL);
		EXPECT_OPEN(g, RTP, FAR);
		b_says(&l, statuses[i], "INVITE", 1, "b", NULL);
		EXPECT_ENDED(&l, "b", SIPALG_END_FAILURE);
		EXPECT_ENDED(&l, "c", SIPALG_END_FAILURE);
		KUNIT_EXPECT_EQ(test, leg_dialog(&l, "c")->status, statuses[i]);
		a_asks(&l, "ACK", 1, "b", NULL);
		expect_forgotten(g);
	}
}

static void dialog_cancel(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "cancel");

	a_asks(&l, "INVITE", 1, "", offer(g));
	b_says(&l, 183, "INVITE", 1, "b", answer(g));
	a_asks(&l, "CANCEL", 1, "", NULL);
	b_says(&l, 200, "CANCEL", 1, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_EARLY);
	EXPECT_OPEN(g, RTP, FAR);
	b_says(&l, 487, "INVITE", 1, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_CANCEL);
	EXPECT_CLOSED(g, RTP, FAR);
	a_asks(&l, "ACK", 1, "b", NULL);
	expect_forgotten(g);
}

/* The answer was on its way already: the call is up (RFC 3261 9.1). */
static void dialog_cancel_too_late(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "too-late");

	a_asks(&l, "INVITE", 1, "", offer(g));
	b_says(&l, 180, "INVITE", 1, "b", NULL);
	a_asks(&l, "CANCEL", 1, "", NULL);
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	b_says(&l, 200, "CANCEL", 1, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	call_down(&l, 2);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

static void dialog_bye_challenged(struct kunit *test)
{
	static const u16 statuses[] = { 401, 407 };
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "bye-challenged");
	unsigned int i;

	call_up(&l);
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		a_asks(&l, "BYE", 2 + i, "b", NULL);
		b_says(&l, statuses[i], "BYE", 2 + i, "b", NULL);
		EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
		EXPECT_OPEN(g, RTP, FAR);
	}
	/* Nobody hung up */
	age_seconds(g, 300);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	call_down(&l, 4);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

/* Any other answer to a BYE ends the call. */
static void dialog_bye_refused(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "bye-refused");

	call_up(&l);
	b_asks(&l, "BYE", 100, "b", NULL);
	a_says(&l, 100, "BYE", 100, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	a_says(&l, 481, "BYE", 100, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

static void dialog_bye_unanswered(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "bye-unanswered");

	call_up(&l);
	a_asks(&l, "BYE", 2, "b", NULL);
	wait_seconds(30);
	/* One more does not give it more time. */
	a_asks(&l, "BYE", 2, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	wait_seconds(3);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE_TIMEOUT);
	EXPECT_CLOSED(g, RTP, FAR);
	expect_forgotten(g);
}

#define EXPECT_STALE(g, call) do {					\
	u64 before__ = gateway_count(g, SIPALG_R_STALE);		\
									\
	call;								\
	KUNIT_EXPECT_EQ_MSG((g)->test, gateway_count(g, SIPALG_R_STALE),	\
			    before__ + 1, "%s", #call);			\
} while (0)

/* What does not fit is translated, but changes nothing. */
static void dialog_stale(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "stale"), other = l;

	call_up(&l);
	call_down(&l, 10);
	wait_seconds(33);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	call_up(&l);
	a_asks(&l, "INFO", 10, "b", NULL);
	/* Old numbers */
	EXPECT_STALE(g, a_asks(&l, "BYE", 9, "b", NULL));
	EXPECT_STALE(g, b_says(&l, 200, "BYE", 9, "b", NULL));
	EXPECT_STALE(g, a_asks(&l, "INVITE", 8, "b", sdp(g, PHONE, 6000, "")));
	EXPECT_STALE(g, b_says(&l, 200, "INVITE", 8, "b", sdp(g, PROXY, 1111, "")));
	EXPECT_STALE(g, b_says(&l, 486, "INVITE", 8, "b", NULL));
	/* Wrong tags: of A, of B */
	other.a_tag = "x";
	EXPECT_STALE(g, a_asks(&other, "BYE", 11, "b", NULL));
	EXPECT_STALE(g, a_asks(&l, "BYE", 11, "y", NULL));
	EXPECT_STALE(g, b_asks(&l, "BYE", 11, "y", NULL));
	/* A response to nothing, and one from the side that asked */
	EXPECT_STALE(g, b_says(&l, 200, "BYE", 11, "b", NULL));
	a_asks(&l, "BYE", 11, "b", NULL);
	EXPECT_STALE(g, a_says(&l, 200, "BYE", 11, "b", NULL));
	/* Another Call-ID */
	other = l;
	other.call_id = "stale2";
	EXPECT_STALE(g, a_asks(&other, "BYE", 11, "b", NULL));
	EXPECT_STALE(g, b_says(&other, 200, "BYE", 11, "b", NULL));

	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, RTP, PROXY);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	b_says(&l, 200, "BYE", 11, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

/* Somebody who knows all the tags, but is not who is called. */
static void dialog_stranger(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "stranger"), evil = l;

	evil.ct = gateway_flow(g, "198.51.100.66:5060", "198.51.100.66:5060",
			       CONTACT, PHONE ":5060");
	evil.a_dir = IP_CT_DIR_REPLY;
	a_asks(&l, "INVITE", 1, "", offer(g));
	EXPECT_STALE(g, b_says(&evil, 200, "INVITE", 1, "b",
			       sdp(g, "198.51.100.66", 1000, "")));
	EXPECT_STATE(&l, "", SIPALG_DIALOG_TRYING);
	EXPECT_CLOSED(g, RTP, "198.51.100.66");
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	EXPECT_STALE(g, b_asks(&evil, "INVITE", 5, "b",
			       sdp(g, "198.51.100.66", 1000, "")));
	EXPECT_STALE(g, b_asks(&evil, "BYE", 6, "b", NULL));
	a_says(&evil, 200, "BYE", 6, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, RTP, "198.51.100.66");
	call_down(&l, 2);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

/* The host in the other side's Contact speaks for it as well. */
static void dialog_contact_speaks(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "contact"), direct = l;

	l.contact[1] = FAR ":5060";
	direct.ct = gateway_flow(g, FAR ":5060", FAR ":5060", CONTACT, PHONE ":5060");
	direct.a_dir = IP_CT_DIR_REPLY;
	call_up(&l);
	EXPECT_OPEN(g, CONTACT, FAR);
	b_asks(&direct, "BYE", 9, "b", NULL);
	a_says(&direct, 200, "BYE", 9, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

static void dialog_retry(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "retry");

	a_asks(&l, "INVITE", 1, "", offer(g));
	b_says(&l, 407, "INVITE", 1, "x", NULL);
	EXPECT_ENDED(&l, "x", SIPALG_END_FAILURE);
	a_asks(&l, "ACK", 1, "x", NULL);
	EXPECT_COUNTS(g, 1, 1, 0, 0);
	EXPECT_TRANSLATED(test, a_asks(&l, "INVITE", 2, "", offer(g)));
	EXPECT_SENT(g, "m=audio 4000 ");
	EXPECT_COUNTS(g, 1, 2, 0, 3);
	b_says(&l, 180, "INVITE", 2, "b", NULL);
	/* The first one's 407, once more */
	b_says(&l, 407, "INVITE", 1, "x", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_EARLY);
	b_says(&l, 200, "INVITE", 2, "b", answer(g));
	a_asks(&l, "ACK", 2, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, CONTACT, PROXY);
	wait_seconds(33);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	call_down(&l, 3);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

/*
 * Two phones behind the gateway, and a proxy outside that keeps Call-ID and
 * tags: two legs, which are two calls.
 */
static void dialog_two_legs(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg out = leg_out(g, "legs"), in = out;

	in.ct = gateway_flow(g, PROXY ":5060", PROXY ":5060", PUBLIC ":1024",
			     OTHER ":5060");
	a_asks(&out, "INVITE", 1, "", offer(g));
	a_asks(&in, "INVITE", 1, "", sdp(g, PUBLIC, 4000, ""));
	EXPECT_COUNTS(g, 2, 2, 0, 3);
	b_says(&in, 180, "INVITE", 1, "b", NULL);
	EXPECT_STATE(&in, "b", SIPALG_DIALOG_EARLY);
	EXPECT_STATE(&out, "", SIPALG_DIALOG_TRYING);
	b_says(&out, 180, "INVITE", 1, "b", NULL);
	EXPECT_TRANSLATED(test, b_says(&in, 200, "INVITE", 1, "b",
				       sdp(g, OTHER, 4000, "")));
	/* Port 4000 is taken: the gateway finds another. */
	EXPECT_NOT_SENT(g, "m=audio 4000 ");
	EXPECT_SENT(g, "c=IN IP4 " PUBLIC "\r\n");
	b_says(&out, 200, "INVITE", 1, "b", sdp(g, PUBLIC, 20000, ""));
	EXPECT_STATE(&in, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_STATE(&out, "b", SIPALG_DIALOG_CONFIRMED);
	/* Each sends to the other by its outer address. */
	EXPECT_OPEN(g, RTP, PUBLIC);
	EXPECT_COUNTS(g, 2, 2, 0, 6);
	a_asks(&out, "BYE", 2, "b", NULL);
	a_asks(&in, "BYE", 2, "b", NULL);
	b_says(&in, 200, "BYE", 2, "b", NULL);
	EXPECT_ENDED(&in, "b", SIPALG_END_BYE);
	EXPECT_STATE(&out, "b", SIPALG_DIALOG_CONFIRMED);
	b_says(&out, 200, "BYE", 2, "b", NULL);
	EXPECT_ENDED(&out, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

/* Without NAT nothing is written anew, but the ports are opened. */
static void dialog_without_nat(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "no-nat");

	l.ct = gateway_flow(g, PHONE ":5060", PHONE ":5060", PROXY ":5060",
			    PROXY ":5060");
	EXPECT_UNCHANGED(test, a_asks(&l, "INVITE", 1, "", offer(g)));
	EXPECT_UNCHANGED(test, b_says(&l, 200, "INVITE", 1, "b",
				      sdp(g, PROXY, 30000, "")));
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, PHONE ":4000", PROXY);
	EXPECT_OPEN(g, PHONE ":4001", PROXY);
	EXPECT_CLOSED(g, PHONE ":4000", FAR);
	EXPECT_OPEN(g, PHONE ":5060", PROXY);
	call_down(&l, 2);
	EXPECT_CLOSED(g, PHONE ":4000", PROXY);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

static void dialog_subscription(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "subscription");

	l.headers = "Event: presence\r\nExpires: 600\r\n";
	a_asks(&l, "SUBSCRIBE", 1, "", NULL);
	EXPECT_STATE(&l, "", SIPALG_DIALOG_TRYING);
	EXPECT_OPEN(g, CONTACT, PROXY);
	/* The first NOTIFY may be faster than the 200 (RFC 6665 4.4.1). */
	l.headers = "Event: presence\r\nSubscription-State: active;expires=600\r\n";
	b_asks(&l, "NOTIFY", 50, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	a_says(&l, 200, "NOTIFY", 50, "b", NULL);
	l.headers = "Expires: 600\r\n";
	b_says(&l, 200, "SUBSCRIBE", 1, "b", NULL);
	EXPECT_COUNTS(g, 1, 1, 0, 1);
	age_seconds(g, 590);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	l.headers = "Event: presence\r\nSubscription-State: terminated;reason=timeout\r\n";
	b_asks(&l, "NOTIFY", 51, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_forgotten(g);
}

static void dialog_subscription_expires(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "expires");

	a_asks(&l, "SUBSCRIBE", 1, "", NULL);
	l.headers = "Expires: 100\r\n";
	b_says(&l, 200, "SUBSCRIBE", 1, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	age_seconds(g, 90);
	a_asks(&l, "SUBSCRIBE", 2, "b", NULL);
	l.headers = "Expires: 100\r\n";
	b_says(&l, 200, "SUBSCRIBE", 2, "b", NULL);
	age_seconds(g, 90);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, CONTACT, PROXY);
	wait_seconds(50);
	EXPECT_ENDED(&l, "b", SIPALG_END_TIMEOUT);
	expect_forgotten(g);
}

/* At a limit, the message is left alone and nothing is there of it. */
static void dialog_limits(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "limits");
	unsigned int n;

	for (n = 0; n < 3; n++) {
		g->sn.limits.bindings = n;
		KUNIT_EXPECT_EQ(test, a_asks(&l, "INVITE", 1, "", offer(g)),
				SIPALG_R_LIMIT_BINDINGS);
		EXPECT_COUNTS(g, 0, 0, 0, 0);
	}
	g->sn.limits.bindings = 3;
	g->sn.limits.dialogs = 0;
	KUNIT_EXPECT_EQ(test, a_asks(&l, "INVITE", 1, "", offer(g)),
			SIPALG_R_LIMIT_CALLS);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	g->sn.limits.dialogs = 3;
	EXPECT_TRANSLATED(test, a_asks(&l, "INVITE", 1, "", offer(g)));
	g->sn.limits.forks = 2;
	b_says(&l, 180, "INVITE", 1, "b", NULL);
	b_says(&l, 180, "INVITE", 1, "c", NULL);
	EXPECT_COUNTS(g, 1, 2, 0, 3);
	KUNIT_EXPECT_EQ(test, b_says(&l, 183, "INVITE", 1, "d", answer(g)),
			SIPALG_R_LIMIT_CALLS);
	g->sn.limits.forks = 8;
	b_says(&l, 183, "INVITE", 1, "d", answer(g));
	EXPECT_COUNTS(g, 1, 3, 0, 3);
	KUNIT_EXPECT_EQ(test, b_says(&l, 183, "INVITE", 1, "e", answer(g)),
			SIPALG_R_LIMIT_CALLS);
	EXPECT_COUNTS(g, 1, 3, 0, 3);
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
}

/* No dialog, no media: nothing of a description that cannot be read. */
static void dialog_bad_sdp(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "bad");

	KUNIT_EXPECT_EQ(test, a_asks(&l, "INVITE", 1, "", "nonsense\r\n"),
			SIPALG_R_BAD_SDP);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	call_up(&l);
	KUNIT_EXPECT_EQ(test, a_asks(&l, "INVITE", 2, "b", "nonsense\r\n"),
			SIPALG_R_BAD_SDP);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	EXPECT_OPEN(g, RTP, FAR);
}

/* Turned off in the middle of everything */
static void dialog_flush(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg trying = leg_out(g, "trying"), early = leg_out(g, "early");
	struct leg up = leg_out(g, "up"), over = leg_out(g, "over");

	a_asks(&trying, "INVITE", 1, "", sdp(g, PHONE, 5000, ""));
	a_asks(&early, "INVITE", 1, "", sdp(g, PHONE, 6000, ""));
	b_says(&early, 183, "INVITE", 1, "b", answer(g));
	b_says(&early, 183, "INVITE", 1, "c", answer(g));
	call_up(&up);
	a_asks(&up, "INVITE", 2, "b", offer(g));
	a_asks(&over, "INVITE", 1, "", sdp(g, PHONE, 7000, ""));
	b_says(&over, 486, "INVITE", 1, "b", NULL);
	EXPECT_COUNTS(g, 4, 5, 0, 7);
	sipalg_tables_flush(&g->sn);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_DIALOGS_ENDED), 5);
	/* And on again */
	g->sn.closing = false;
	call_up(&up);
	call_down(&up, 2);
	expect_forgotten(g);
}

/* A call with all that it can have. */
static void script_call(struct gateway *g)
{
	struct leg l = leg_out(g, "script");

	a_asks(&l, "INVITE", 1, "", sdp(g, PHONE, 4000, "a=rtcp:4700\r\n"
					"m=video 4002 RTP/AVP 31\r\n"));
	EXPECT_SENT(g, "a=rtcp:4700\r\n");
	EXPECT_SENT(g, "m=video 4002 ");
	EXPECT_OPEN(g, CONTACT, PROXY);
	b_says(&l, 183, "INVITE", 1, "c", sdp(g, PROXY, 30000, "m=video 0 RTP/AVP 31\r\n"));
	b_says(&l, 200, "INVITE", 1, "b", sdp(g, FAR, 30000, "m=video 30002 RTP/AVP 31\r\n"));
	a_asks(&l, "ACK", 1, "b", NULL);
	EXPECT_OPEN(g, PUBLIC ":4002", FAR);
	EXPECT_OPEN(g, RTP, FAR);
	b_asks(&l, "INVITE", 9, "b", sdp(g, FAR, 30000, "a=sendonly\r\n"));
	a_says(&l, 200, "INVITE", 9, "b", sdp(g, PHONE, 4100, "a=recvonly\r\n"));
	b_asks(&l, "ACK", 9, "b", NULL);
	EXPECT_OPEN(g, PUBLIC ":4100", FAR);
	EXPECT_CLOSED(g, RTP, FAR);
	b_asks(&l, "BYE", 10, "b", NULL);
	a_says(&l, 200, "BYE", 10, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	age_seconds(g, 33);
	age_seconds(g, 33);
}

static void script_subscription(struct gateway *g)
{
	struct leg l = leg_out(g, "script");

	a_asks(&l, "SUBSCRIBE", 1, "", NULL);
	b_asks(&l, "NOTIFY", 1, "b", NULL);
	EXPECT_OPEN(g, CONTACT, PROXY);
	a_says(&l, 200, "NOTIFY", 1, "b", NULL);
	b_says(&l, 200, "SUBSCRIBE", 1, "b", NULL);
	l.headers = "Subscription-State: terminated\r\n";
	b_asks(&l, "NOTIFY", 2, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	age_seconds(g, 33);
}

static void dialog_no_memory(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, without_memory(test, script_call), 20);
	KUNIT_EXPECT_GT(test, without_memory(test, script_subscription), 5);
}

static struct kunit_case dialog_cases[] = {
	KUNIT_CASE(dialog_answered),
	KUNIT_CASE(dialog_from_outside),
	KUNIT_CASE(dialog_repeated),
	KUNIT_CASE(dialog_forks),
	KUNIT_CASE(dialog_two_answers),
	KUNIT_CASE(dialog_failure),
	KUNIT_CASE(dialog_cancel),
	KUNIT_CASE(dialog_cancel_too_late),
	KUNIT_CASE(dialog_bye_challenged),
	KUNIT_CASE(dialog_bye_refused),
	KUNIT_CASE(dialog_bye_unanswered),
	KUNIT_CASE(dialog_stale),
	KUNIT_CASE(dialog_stranger),
	KUNIT_CASE(dialog_contact_speaks),
	KUNIT_CASE(dialog_retry),
	KUNIT_CASE(dialog_two_legs),
	KUNIT_CASE(dialog_without_nat),
	KUNIT_CASE(dialog_subscription),
	KUNIT_CASE(dialog_subscription_expires),
	KUNIT_CASE(dialog_limits),
	KUNIT_CASE(dialog_bad_sdp),
	KUNIT_CASE(dialog_flush),
	KUNIT_CASE(dialog_no_memory),
	{}
};

static struct kunit_suite dialog_suite = {
	.name = "dialog",
	.test_cases = dialog_cases,
};

kunit_test_suite(dialog_suite);

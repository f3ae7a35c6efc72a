// SPDX-License-Identifier: GPL-2.0
/*
 * What is only shown: it is counted right, and may be missing.
 */

#include <kunit/test.h>

#include "../../kmod/probe.h"
#include "gateway.h"

#define CONTACT PUBLIC ":5060"

static void expect_classes(struct gateway *g, int trying, int ringing, int answered,
			   int held, int subscriptions)
{
	const int want[SIPALG_CLASSES] = {
		[SIPALG_CLASS_TRYING] = trying,
		[SIPALG_CLASS_RINGING] = ringing,
		[SIPALG_CLASS_ANSWERED] = answered,
		[SIPALG_CLASS_HELD] = held,
		[SIPALG_CLASS_SUBSCRIPTION] = subscriptions,
	};
	unsigned int i;

	for (i = SIPALG_CLASS_TRYING; i < SIPALG_CLASSES; i++)
		KUNIT_EXPECT_EQ_MSG(g->test, sipalg_class_read(&g->sn, i), want[i],
				    "Class %u", i);
}

static void call_up(struct leg *l)
{
	struct gateway *g = l->g;

	a_asks(l, "INVITE", 1, "", sdp(g, PHONE, 4000, ""));
	b_says(l, 180, "INVITE", 1, "b", NULL);
	b_says(l, 200, "INVITE", 1, "b", sdp(g, FAR, 30000, ""));
	a_asks(l, "ACK", 1, "b", NULL);
}

/* In all ways that a dialog can end, nothing stays counted. */
static void sight_classes(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "one"), busy = leg_out(g, "two");
	struct leg watch = leg_out(g, "three");

	a_asks(&l, "INVITE", 1, "", sdp(g, PHONE, 4000, ""));
	expect_classes(g, 1, 0, 0, 0, 0);
	b_says(&l, 100, "INVITE", 1, "", NULL);
	expect_classes(g, 1, 0, 0, 0, 0);
	b_says(&l, 180, "INVITE", 1, "b", NULL);
	b_says(&l, 181, "INVITE", 1, "c", NULL);
	expect_classes(g, 0, 2, 0, 0, 0);
	b_says(&l, 200, "INVITE", 1, "b", sdp(g, FAR, 30000, ""));
	expect_classes(g, 0, 1, 1, 0, 0);
	b_says(&l, 199, "INVITE", 1, "c", NULL);
	expect_classes(g, 0, 0, 1, 0, 0);
	a_asks(&l, "INVITE", 2, "b", sdp(g, PHONE, 4000, "a=sendonly\r\n"));
	expect_classes(g, 0, 0, 1, 0, 0);
	b_says(&l, 200, "INVITE", 2, "b", sdp(g, FAR, 30000, "a=recvonly\r\n"));
	expect_classes(g, 0, 0, 0, 1, 0);
	a_asks(&watch, "SUBSCRIBE", 1, "", NULL);
	a_asks(&busy, "INVITE", 1, "", sdp(g, PHONE, 6000, ""));
	expect_classes(g, 1, 0, 0, 1, 1);
	b_says(&busy, 486, "INVITE", 1, "b", NULL);
	expect_classes(g, 0, 0, 0, 1, 1);
	a_asks(&l, "BYE", 3, "b", NULL);
	b_says(&l, 200, "BYE", 3, "b", NULL);
	expect_classes(g, 0, 0, 0, 0, 1);
	age_seconds(g, 600);
	age_seconds(g, 600);
	expect_classes(g, 0, 0, 0, 0, 0);
	call_up(&l);
	expect_classes(g, 0, 0, 1, 0, 0);
	sipalg_tables_flush(&g->sn);
	expect_classes(g, 0, 0, 0, 0, 0);
}

/* From audio to fax and back holds nothing. */
static void sight_fax(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "fax");
	struct sipalg_dialog *d;

	call_up(&l);
	d = leg_dialog(&l, "b");
	KUNIT_ASSERT_NOT_NULL(test, d);
	b_asks(&l, "INVITE", 9, "b", "v=0\r\no=- 1 1 IN IP4 " FAR "\r\ns=-\r\nc=IN IP4 " FAR
	       "\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\nm=image 30004 udptl t38\r\n");
	a_says(&l, 200, "INVITE", 9, "b", "v=0\r\no=- 1 1 IN IP4 " PHONE "\r\ns=-\r\nc=IN IP4 "
	       PHONE "\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\nm=image 4004 udptl t38\r\n");
	KUNIT_EXPECT_EQ(test, d->sight.held, SIPALG_PARTY_NONE);
	b_asks(&l, "INVITE", 10, "b", sdp(g, FAR, 30000, ""));
	a_says(&l, 200, "INVITE", 10, "b", sdp(g, PHONE, 4000, ""));
	KUNIT_EXPECT_EQ(test, d->sight.held, SIPALG_PARTY_NONE);
	KUNIT_EXPECT_EQ(test, d->sight.reinvites, 2);
	/* Not counted again */
	b_asks(&l, "INVITE", 10, "b", sdp(g, FAR, 30000, ""));
	KUNIT_EXPECT_EQ(test, d->sight.reinvites, 2);
}

static unsigned int missing;

/* What is only shown never stops a message, and what follows gets on without it. */
static void script_refer(struct gateway *g)
{
	struct leg l = leg_out(g, "refer");
	struct sipalg_dialog *d;

	call_up(&l);
	l.contact[0] = "";
	l.headers = "Refer-To: <sip:dave@example.com>\r\n";
	EXPECT_TRANSLATED(g->test, a_asks(&l, "REFER", 2, "b", NULL));
	d = leg_dialog(&l, "b");
	KUNIT_ASSERT_NOT_NULL(g->test, d);
	if (!d->sight.referral)
		missing++;
	else
		KUNIT_EXPECT_STREQ(g->test, d->sight.referral->text + d->sight.referral->target,
				   "sip:dave@example.com");
	b_says(&l, 202, "REFER", 2, "b", NULL);
	l.headers = "Event: refer\r\nSubscription-State: terminated\r\n";
	b_asks(&l, "NOTIFY", 7, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	a_says(&l, 200, "NOTIFY", 7, "b", NULL);
	a_asks(&l, "BYE", 3, "b", NULL);
	b_says(&l, 200, "BYE", 3, "b", NULL);
	age_seconds(g, 33);
	age_seconds(g, 33);
	expect_classes(g, 0, 0, 0, 0, 0);
}

static struct sipalg_probe probe_of(struct gateway *g)
{
	struct sipalg_probe probe;

	KUNIT_ASSERT_NOT_NULL(g->test, gateway_binding(g, SIPALG_INNER, PHONE ":5060"));
	sipalg_probe_read(gateway_binding(g, SIPALG_INNER, PHONE ":5060"),
			  (const struct sip_host[]){ host(PROXY) }, &probe);
	return probe;
}

static void script_options(struct gateway *g)
{
	struct leg l = leg_out(g, "options");
	struct sipalg_probe probe;

	call_up(&l);
	EXPECT_TRANSLATED(g->test, b_asks(&l, "OPTIONS", 5, "b", NULL));
	a_says(&l, 200, "OPTIONS", 5, "b", NULL);
	probe = probe_of(g);
	if (!probe.by[SIPALG_BY_REGISTRAR].time)
		missing++;
	else
		KUNIT_EXPECT_EQ(g->test, probe.by[SIPALG_BY_REGISTRAR].status, 200);
	a_asks(&l, "BYE", 2, "b", NULL);
	b_says(&l, 200, "BYE", 2, "b", NULL);
	age_seconds(g, 33);
	age_seconds(g, 33);
}

static void script_watch(struct gateway *g)
{
	struct leg l = leg_out(g, "watch");
	struct sipalg_dialog *d;

	l.headers = "Event: presence;id=1\r\nExpires: 600\r\n";
	a_asks(&l, "SUBSCRIBE", 1, "", NULL);
	d = leg_dialog(&l, "");
	KUNIT_ASSERT_NOT_NULL(g->test, d);
	if (!d->sight.referral)
		missing++;
	b_says(&l, 200, "SUBSCRIBE", 1, "b", NULL);
	/* It is learned again. */
	l.headers = "Event: presence\r\nSubscription-State: active;expires=60\r\n";
	b_asks(&l, "NOTIFY", 2, "b", NULL);
	if (d->sight.referral) {
		KUNIT_EXPECT_STREQ(g->test, d->sight.referral->text, "presence");
		KUNIT_EXPECT_EQ(g->test, d->sight.referral->expires, 60);
	}
	l.headers = "Event: presence\r\nSubscription-State: terminated\r\n";
	b_asks(&l, "NOTIFY", 3, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	age_seconds(g, 33);
	expect_classes(g, 0, 0, 0, 0, 0);
}

static void sight_no_memory(struct kunit *test)
{
	void (*const scripts[])(struct gateway *g) = {
		script_refer, script_options, script_watch,
	};
	unsigned int i, tries;

	for (i = 0; i < ARRAY_SIZE(scripts); i++) {
		missing = 0;
		/* An interrupt's allocation may have been the one that failed. */
		for (tries = 0; !missing && tries < 3; tries++)
			without_memory(test, scripts[i]);
		/* Where a slab was full, its page's allocation fails as well: twice then. */
		KUNIT_EXPECT_GE_MSG(test, missing, 1, "Script %u", i);
	}
}

static void sight_unanswered(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "options");
	const u8 by = SIPALG_BY_REGISTRAR;
	struct sipalg_probe probe;

	call_up(&l);
	b_asks(&l, "OPTIONS", 5, "b", NULL);
	probe = probe_of(g);
	KUNIT_EXPECT_EQ(test, sipalg_probe_unanswered(&probe.by[by]), 0);
	wait_seconds(33);
	KUNIT_EXPECT_EQ(test, sipalg_probe_unanswered(&probe.by[by]), 1);
	b_asks(&l, "OPTIONS", 6, "b", NULL);
	b_asks(&l, "OPTIONS", 6, "b", NULL);
	a_says(&l, 100, "OPTIONS", 6, "b", NULL);
	a_says(&l, 200, "OPTIONS", 5, "b", NULL);
	probe = probe_of(g);
	KUNIT_EXPECT_EQ(test, sipalg_probe_unanswered(&probe.by[by]), 1);
	KUNIT_EXPECT_EQ(test, probe.by[by].status, 0);
	a_says(&l, 404, "OPTIONS", 6, "b", NULL);
	probe = probe_of(g);
	KUNIT_EXPECT_EQ(test, sipalg_probe_unanswered(&probe.by[by]), 0);
	KUNIT_EXPECT_EQ(test, probe.by[by].status, 404);
	KUNIT_EXPECT_EQ(test, probe.by[!by].time, 0);
}

/* What an answered call has only for being shown. */
static void sight_sizes(struct kunit *test)
{
	KUNIT_EXPECT_LE(test, sizeof(struct sipalg_sight), 24);
	KUNIT_EXPECT_LE(test, sizeof_field(struct sipalg_media_end, codecs), 16);
}

static struct kunit_case sight_cases[] = {
	KUNIT_CASE(sight_classes),
	KUNIT_CASE(sight_fax),
	KUNIT_CASE(sight_unanswered),
	KUNIT_CASE(sight_no_memory),
	KUNIT_CASE(sight_sizes),
	{}
};

static struct kunit_suite sight_suite = {
	.name = "sight",
	.test_cases = sight_cases,
};

kunit_test_suite(sight_suite);

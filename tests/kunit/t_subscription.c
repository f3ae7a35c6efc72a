// SPDX-License-Identifier: GPL-2.0
/*
 * Subscriptions, message by message: SUBSCRIBE, REFER and their NOTIFY.
 */

#include <kunit/test.h>

#include "gateway.h"

#define CONTACT	PUBLIC ":5060"

static void notify(struct leg *l, u32 cseq, const char *tag, const char *headers)
{
	l->headers = headers;
	b_asks(l, "NOTIFY", cseq, tag, NULL);
	a_says(l, 200, "NOTIFY", cseq, tag, NULL);
}

/* SUBSCRIBE and its 200; further ones renew it. */
static void subscribe(struct leg *l, u32 cseq, const char *headers)
{
	a_asks(l, "SUBSCRIBE", cseq, cseq == 1 ? "" : "b", NULL);
	l->headers = headers;
	b_says(l, 200, "SUBSCRIBE", cseq, "b", NULL);
}

/* Nothing is open, and after a while nothing is known. */
static void expect_over(struct gateway *g)
{
	EXPECT_CLOSED(g, CONTACT, PROXY);
	age_seconds(g, SIPALG_LINGER_SECONDS + 1);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* The last word on how long it lasts counts, be it shorter or longer. */
static void subscription_time(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "time");

	subscribe(&l, 1, "Expires: 3600\r\n");
	notify(&l, 1, "b", "Subscription-State: active;expires=100\r\n");
	age_seconds(g, 100);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, CONTACT, PROXY);
	notify(&l, 2, "b", "Subscription-State: active ; x=y;EXPIRES = 300\r\n");
	age_seconds(g, 300);
	EXPECT_OPEN(g, CONTACT, PROXY);
	age_seconds(g, SIPALG_BYE_SECONDS + 1);
	EXPECT_ENDED(&l, "b", SIPALG_END_TIMEOUT);
	expect_over(g);
}

/* A NOTIFY that is first, and the only one to tell a time */
static void subscription_notify_first(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "first");

	a_asks(&l, "SUBSCRIBE", 1, "", NULL);
	notify(&l, 1, "b", "Subscription-State: pending;expires=60\r\n");
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	age_seconds(g, 60 + SIPALG_BYE_SECONDS + 1);
	EXPECT_ENDED(&l, "b", SIPALG_END_TIMEOUT);
	expect_over(g);
}

/* Words that only begin like it end nothing. */
static void subscription_words(struct kunit *test)
{
	static const char * const words[] = {
		"Subscription-State: terminate\r\n",
		"Subscription-State: terminatedly\r\n",
		"Subscription-State: active;reason=terminated\r\n",
		"Subscription-State: \r\n",
		"Subscription-State: ;expires=\r\n",
	};
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "words");
	unsigned int i;

	subscribe(&l, 1, "Expires: 600\r\n");
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		notify(&l, 1 + i, "b", words[i]);
		EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	}
	notify(&l, 10, "b", "Subscription-State: TERMINATED\r\n ; reason=x\r\n");
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_over(g);
}

static void subscription_forks(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "forks");

	subscribe(&l, 1, "Expires: 600\r\n");
	/* Their numbers have nothing to do with each other. */
	notify(&l, 90, "b", "Subscription-State: active\r\n");
	notify(&l, 5, "c", "Subscription-State: active\r\n");
	EXPECT_COUNTS(g, 1, 2, 0, 1);
	EXPECT_STATE(&l, "c", SIPALG_DIALOG_CONFIRMED);
	notify(&l, 91, "b", "Subscription-State: terminated\r\n");
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	EXPECT_OPEN(g, CONTACT, PROXY);
	/* What is over does not begin anew by a late repetition. */
	notify(&l, 91, "b", "Subscription-State: active\r\n");
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	notify(&l, 6, "c", "Subscription-State: terminated\r\n");
	notify(&l, 7, "d", "Subscription-State: active\r\n");
	/* Nobody has the binding; it is only still understood. */
	EXPECT_COUNTS(g, 1, 2, 0, 1);
	expect_over(g);
}

/* As many as may fork, and not one more */
static void subscription_fork_limit(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "limit");
	unsigned int i, limit = g->sn.limits.forks;
	char tag[8];

	subscribe(&l, 1, "Expires: 600\r\n");
	for (i = 0; i < limit + 3; i++) {
		snprintf(tag, sizeof(tag), "t%u", i);
		notify(&l, 1, tag, "Subscription-State: active\r\n");
	}
	EXPECT_COUNTS(g, 1, limit, 0, 1);
	sipalg_tables_flush(&g->sn);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* Refusals of a renewal: some end it, others say nothing about it. */
static void subscription_refused(struct kunit *test)
{
	static const struct {
		u16 status;
		bool over;
	} answers[] = {
		{ 401, false }, { 407, false }, { 423, false }, { 500, false },
		{ 503, false }, { 404, true }, { 405, true }, { 410, true },
		{ 416, true }, { 480, true }, { 481, true }, { 485, true },
		{ 486, false }, { 489, true }, { 501, true }, { 604, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		struct gateway *g = gateway_new(test);
		struct leg l = leg_out(g, "refused");

		subscribe(&l, 1, "Expires: 600\r\n");
		a_asks(&l, "SUBSCRIBE", 2, "b", NULL);
		b_says(&l, answers[i].status, "SUBSCRIBE", 2, "b", NULL);
		if (answers[i].over) {
			EXPECT_ENDED(&l, "b", answers[i].status == 481 ?
				     SIPALG_END_LOST : SIPALG_END_FAILURE);
			EXPECT_CLOSED(g, CONTACT, PROXY);
		} else {
			EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
			EXPECT_OPEN(g, CONTACT, PROXY);
		}
		gateway_free(g);
	}
}

/* The subscriber does not know it any more. */
static void subscription_unknown(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "unknown");

	subscribe(&l, 1, "Expires: 600\r\n");
	l.headers = "Subscription-State: active\r\n";
	b_asks(&l, "NOTIFY", 1, "b", NULL);
	a_says(&l, 503, "NOTIFY", 1, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	b_asks(&l, "NOTIFY", 2, "b", NULL);
	a_says(&l, 481, "NOTIFY", 2, "b", NULL);
	EXPECT_ENDED(&l, "b", SIPALG_END_FAILURE);
	expect_over(g);
}

/* Of a REFER outside of any call, and of one that was not taken */
static void subscription_refer(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "refer");

	a_asks(&l, "REFER", 1, "", NULL);
	EXPECT_OPEN(g, CONTACT, PROXY);
	b_says(&l, 202, "REFER", 1, "b", NULL);
	notify(&l, 1, "b", "Subscription-State: active;expires=60\r\n");
	/* Another one that is refused says nothing about the first. */
	a_asks(&l, "REFER", 2, "b", NULL);
	b_says(&l, 480, "REFER", 2, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	notify(&l, 2, "b", "Subscription-State: terminated\r\n");
	EXPECT_ENDED(&l, "b", SIPALG_END_BYE);
	expect_over(g);
	l = leg_out(g, "refused");
	a_asks(&l, "REFER", 1, "", NULL);
	b_says(&l, 603, "REFER", 1, "b", NULL);
	expect_over(g);
}

static void call_with_refer(struct leg *l, u16 status)
{
	a_asks(l, "INVITE", 1, "", NULL);
	b_says(l, 200, "INVITE", 1, "b", NULL);
	a_asks(l, "ACK", 1, "b", NULL);
	a_asks(l, "REFER", 2, "b", NULL);
	b_says(l, status, "REFER", 2, "b", NULL);
}

static void call_down(struct leg *l)
{
	a_asks(l, "BYE", 3, "b", NULL);
	b_says(l, 200, "BYE", 3, "b", NULL);
	EXPECT_ENDED(l, "b", SIPALG_END_BYE);
}

/* Within a call: what the transfer came to may be told after the BYE. */
static void subscription_transfer(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "transfer");

	call_with_refer(&l, 202);
	notify(&l, 1, "b", "Subscription-State: active;expires=60\r\n");
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	call_down(&l);
	EXPECT_OPEN(g, CONTACT, PROXY);
	age_seconds(g, SIPALG_LINGER_SECONDS + 3);
	EXPECT_CLOSED(g, CONTACT, PROXY);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	/* It was told before, or there was no transfer: nothing to wait for. */
	l = leg_out(g, "told");
	call_with_refer(&l, 202);
	notify(&l, 1, "b", "Subscription-State: terminated\r\n");
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	call_down(&l);
	expect_over(g);
	l = leg_out(g, "declined");
	call_with_refer(&l, 603);
	call_down(&l);
	expect_over(g);
}

static void script_forks(struct gateway *g)
{
	struct leg l = leg_out(g, "script");

	subscribe(&l, 1, "Expires: 600\r\n");
	notify(&l, 1, "b", "Subscription-State: active\r\n");
	notify(&l, 1, "c", "Subscription-State: active\r\n");
	notify(&l, 2, "b", "Subscription-State: terminated\r\n");
	notify(&l, 2, "c", "Subscription-State: terminated\r\n");
	age_seconds(g, 33);
}

static void subscription_no_memory(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, without_memory(test, script_forks), 5);
}

static struct kunit_case subscription_cases[] = {
	KUNIT_CASE(subscription_time),
	KUNIT_CASE(subscription_notify_first),
	KUNIT_CASE(subscription_words),
	KUNIT_CASE(subscription_forks),
	KUNIT_CASE(subscription_fork_limit),
	KUNIT_CASE(subscription_refused),
	KUNIT_CASE(subscription_unknown),
	KUNIT_CASE(subscription_refer),
	KUNIT_CASE(subscription_transfer),
	KUNIT_CASE(subscription_no_memory),
	{}
};

static struct kunit_suite subscription_suite = {
	.name = "subscription",
	.test_cases = subscription_cases,
};

kunit_test_suite(subscription_suite);

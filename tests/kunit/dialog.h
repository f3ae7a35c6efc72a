/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of dialogs share: one call of the phone, up and down.
 */
#ifndef TESTS_KUNIT_DIALOG_H
#define TESTS_KUNIT_DIALOG_H

#include <kunit/test.h>

#include "gateway.h"

/* What the phone offers, and what the other side answers. */
static inline const char *offer(struct gateway *g)
{
	return sdp(g, PHONE, 4000, "");
}

static inline const char *answer(struct gateway *g)
{
	return sdp(g, FAR, 30000, "");
}

#define RTP	PUBLIC ":4000"
#define RTCP	PUBLIC ":4001"
#define CONTACT	PUBLIC ":5060"

/* INVITE, 180, 200, ACK: the phone's call is up. */
static inline void call_up(struct leg *l)
{
	struct gateway *g = l->g;

	EXPECT_TRANSLATED(g->test, a_asks(l, "INVITE", 1, "", offer(g)));
	b_says(l, 180, "INVITE", 1, "b", NULL);
	EXPECT_TRANSLATED(g->test, b_says(l, 200, "INVITE", 1, "b", answer(g)));
	a_asks(l, "ACK", 1, "b", NULL);
}

static inline void call_down(struct leg *l, u32 cseq)
{
	a_asks(l, "BYE", cseq, "b", NULL);
	b_says(l, 200, "BYE", cseq, "b", NULL);
}

/* What is over is forgotten after half a minute. */
static inline void expect_forgotten(struct gateway *g)
{
	EXPECT_COUNTS(g, gateway_counts(g).calls, gateway_counts(g).dialogs, 0, 0);
	KUNIT_EXPECT_GT(g->test, gateway_counts(g).calls, 0);
	wait_seconds(SIPALG_LINGER_SECONDS + 1);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

#endif

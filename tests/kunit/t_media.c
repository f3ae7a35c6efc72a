// SPDX-License-Identifier: GPL-2.0
/*
 * Offers and answers (RFC 3264): what is open after each of them.
 */

#include <kunit/test.h>

#include "gateway.h"

#define RTP	PUBLIC ":4000"
#define RTCP	PUBLIC ":4001"

static const char *offer(struct gateway *g)
{
	return sdp(g, PHONE, 4000, "");
}

static const char *answer(struct gateway *g)
{
	return sdp(g, FAR, 30000, "");
}

static struct leg call_up(struct gateway *g, const char *offered,
			  const char *answered)
{
	struct leg l = leg_out(g, "media");

	EXPECT_TRANSLATED(g->test, a_asks(&l, "INVITE", 1, "", offered));
	b_says(&l, 200, "INVITE", 1, "b", answered);
	a_asks(&l, "ACK", 1, "b", NULL);
	return l;
}

static void call_down(struct leg *l)
{
	struct gateway *g = l->g;

	a_asks(l, "BYE", 90, "b", NULL);
	b_says(l, 200, "BYE", 90, "b", NULL);
	EXPECT_COUNTS(g, 1, 1, 0, 0);
	EXPECT_CLOSED(g, RTP, FAR);
}

/* The line that is agreed now. */
static struct sipalg_line *agreed(struct leg *l, unsigned int i)
{
	struct sipalg_dialog *d = leg_dialog(l, "b");

	KUNIT_ASSERT_NOT_NULL(l->g->test, d);
	KUNIT_ASSERT_NOT_NULL(l->g->test, d->agreed);
	KUNIT_ASSERT_LT(l->g->test, i, d->agreed->n);
	return &d->agreed->line[i];
}

/* Hold by direction, by either side, and off again. */
static void media_hold(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, offer(g), answer(g));

	a_asks(&l, "INVITE", 2, "b", sdp(g, PHONE, 4000, "a=sendonly\r\n"));
	EXPECT_OPEN(g, RTP, FAR);
	b_says(&l, 200, "INVITE", 2, "b", sdp(g, FAR, 30000, "a=recvonly\r\n"));
	a_asks(&l, "ACK", 2, "b", NULL);
	KUNIT_EXPECT_EQ(test, agreed(&l, 0)->end[0].direction, SDP_SENDONLY);
	KUNIT_EXPECT_EQ(test, agreed(&l, 0)->end[1].direction, SDP_RECVONLY);
	/* RTCP still flows, and the call may be taken back at any time. */
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, RTCP, FAR);
	b_asks(&l, "INVITE", 70, "b", sdp(g, FAR, 30000, "a=inactive\r\n"));
	a_says(&l, 200, "INVITE", 70, "b", sdp(g, PHONE, 4000, "a=inactive\r\n"));
	b_asks(&l, "ACK", 70, "b", NULL);
	KUNIT_EXPECT_EQ(test, agreed(&l, 0)->end[1].direction, SDP_INACTIVE);
	a_asks(&l, "INVITE", 3, "b", offer(g));
	b_says(&l, 200, "INVITE", 3, "b", answer(g));
	KUNIT_EXPECT_EQ(test, agreed(&l, 0)->end[0].direction, SDP_SENDRECV);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	EXPECT_OPEN(g, RTP, FAR);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_BINDINGS), 3);
	call_down(&l);
}

/* The old way (RFC 2543): c=0.0.0.0 keeps the port for later. */
static void media_hold_by_zero(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, offer(g), answer(g));

	a_asks(&l, "INVITE", 2, "b", sdp(g, "0.0.0.0", 4000, ""));
	EXPECT_SENT(g, "c=IN IP4 0.0.0.0\r\n");
	b_says(&l, 200, "INVITE", 2, "b", answer(g));
	KUNIT_EXPECT_TRUE(test, agreed(&l, 0)->end[0].held);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	b_asks(&l, "INVITE", 9, "b", sdp(g, "0.0.0.0", 30000, ""));
	a_says(&l, 200, "INVITE", 9, "b", sdp(g, "0.0.0.0", 4000, ""));
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	a_asks(&l, "INVITE", 3, "b", offer(g));
	EXPECT_SENT(g, "m=audio 4000 ");
	b_says(&l, 200, "INVITE", 3, "b", answer(g));
	KUNIT_EXPECT_FALSE(test, agreed(&l, 0)->end[0].held);
	EXPECT_OPEN(g, RTP, FAR);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_BINDINGS), 3);
	call_down(&l);
}

/* A refused offer leaves what was agreed before; its own ports close. */
static void media_refused(struct kunit *test)
{
	static const u16 statuses[] = { 488, 491, 401, 408 };
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, offer(g), answer(g));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		a_asks(&l, "INVITE", 2 + i, "b",
		       sdp(g, PHONE, 6000, "m=video 6002 RTP/AVP 31\r\n"));
		EXPECT_SENT(g, "m=video 6002 ");
		EXPECT_COUNTS(g, 1, 1, 0, 7);
		b_says(&l, 100, "INVITE", 2 + i, "b", NULL);
		b_says(&l, statuses[i], "INVITE", 2 + i, "b", NULL);
		a_asks(&l, "ACK", 2 + i, "b", NULL);
		EXPECT_COUNTS(g, 1, 1, 0, 3);
		EXPECT_OPEN(g, RTP, FAR);
		EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	}
	/* From the other side */
	b_asks(&l, "INVITE", 5, "b", sdp(g, "198.51.100.77", 31000, ""));
	EXPECT_CLOSED(g, RTP, "198.51.100.77");
	a_says(&l, 491, "INVITE", 5, "b", NULL);
	EXPECT_OPEN(g, RTP, FAR);
	/* The same by UPDATE */
	a_asks(&l, "UPDATE", 50, "b", sdp(g, PHONE, 6000, ""));
	EXPECT_COUNTS(g, 1, 1, 0, 5);
	b_says(&l, 500, "UPDATE", 50, "b", NULL);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	EXPECT_OPEN(g, RTP, FAR);
	call_down(&l);
}

/* An answer to a re-INVITE in a provisional response may be withdrawn. */
static void media_refused_late(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, offer(g), answer(g));

	b_asks(&l, "INVITE", 5, "b", sdp(g, "198.51.100.77", 31000, ""));
	a_says(&l, 183, "INVITE", 5, "b", sdp(g, PHONE, 6000, ""));
	/* Both may speak now */
	EXPECT_OPEN(g, PUBLIC ":6000", "198.51.100.77");
	EXPECT_OPEN(g, RTP, FAR);
	a_says(&l, 486, "INVITE", 5, "b", NULL);
	EXPECT_CLOSED(g, PUBLIC ":6000", "198.51.100.77");
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	call_down(&l);
}

/* Both sides offer at once: both are refused (RFC 3261 14.1). */
static void media_glare(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, offer(g), answer(g));

	a_asks(&l, "INVITE", 2, "b", sdp(g, PHONE, 6000, ""));
	b_asks(&l, "INVITE", 2, "b", sdp(g, FAR, 31000, ""));
	b_says(&l, 491, "INVITE", 2, "b", NULL);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	a_says(&l, 491, "INVITE", 2, "b", NULL);
	EXPECT_OPEN(g, RTP, FAR);
	b_asks(&l, "INVITE", 3, "b", sdp(g, FAR, 31000, ""));
	a_says(&l, 200, "INVITE", 3, "b", offer(g));
	KUNIT_EXPECT_EQ(test, agreed(&l, 0)->end[1].at.port, 31000);
	call_down(&l);
}

/* Media move: to another port of the phone, to another host outside. */
static void media_moves(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, offer(g), answer(g));

	a_asks(&l, "INVITE", 2, "b", sdp(g, PHONE, 5000, ""));
	/* Until it is agreed, the old one counts. */
	EXPECT_OPEN(g, RTP, FAR);
	b_says(&l, 200, "INVITE", 2, "b", sdp(g, PROXY, 32000, ""));
	EXPECT_CLOSED(g, RTP, FAR);
	EXPECT_CLOSED(g, RTP, PROXY);
	EXPECT_OPEN(g, PUBLIC ":5000", PROXY);
	EXPECT_CLOSED(g, PUBLIC ":5000", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	/* By UPDATE */
	b_asks(&l, "UPDATE", 3, "b", answer(g));
	a_says(&l, 200, "UPDATE", 3, "b", offer(g));
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, PUBLIC ":5000", PROXY);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	call_down(&l);
}

static void media_mux(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, sdp(g, PHONE, 4000, "a=rtcp-mux\r\n"),
			       sdp(g, FAR, 30000, "a=rtcp-mux\r\n"));

	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, RTCP, FAR);
	/* The second port was only for the case of a refusal. */
	EXPECT_COUNTS(g, 1, 1, 0, 2);
	call_down(&l);
}

static void media_mux_refused(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, sdp(g, PHONE, 4000, "a=rtcp-mux\r\n"), answer(g));

	EXPECT_OPEN(g, RTCP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	call_down(&l);
}

/* The answerer is inside, and muxes: it needs one port. */
static void media_mux_inside(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_in(g, "mux");

	a_asks(&l, "INVITE", 1, "", sdp(g, FAR, 30000, "a=rtcp-mux\r\n"));
	b_says(&l, 200, "INVITE", 1, "b", sdp(g, PHONE, 4000, "a=rtcp-mux\r\n"));
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, RTCP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 2);
}

/* Two early answers, of which one muxes: each fork as it answered. */
static void media_mux_forks(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "media");

	a_asks(&l, "INVITE", 1, "", sdp(g, PHONE, 4000, "a=rtcp-mux\r\n"));
	b_says(&l, 183, "INVITE", 1, "c", sdp(g, PROXY, 30000, "a=rtcp-mux\r\n"));
	EXPECT_OPEN(g, RTP, PROXY);
	EXPECT_CLOSED(g, RTCP, PROXY);
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, RTCP, FAR);
	EXPECT_CLOSED(g, RTCP, PROXY);
	wait_seconds(34);
	EXPECT_CLOSED(g, RTP, PROXY);
	EXPECT_OPEN(g, RTCP, FAR);
	wait_seconds(34);
	call_down(&l);
}

static const char *audio_video(struct gateway *g, const char *at,
			       unsigned int port, unsigned int video)
{
	char line[64];

	snprintf(line, sizeof(line), "m=video %u RTP/AVP 31\r\n", video);
	return sdp(g, at, port, line);
}

static void media_port_0(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, audio_video(g, PHONE, 4000, 4002),
			       audio_video(g, FAR, 30000, 0));

	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, PUBLIC ":4002", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	/* Video is added, ... */
	b_asks(&l, "INVITE", 2, "b", audio_video(g, FAR, 30000, 30002));
	a_says(&l, 200, "INVITE", 2, "b", audio_video(g, PHONE, 4000, 4002));
	EXPECT_OPEN(g, PUBLIC ":4002", FAR);
	EXPECT_OPEN(g, PUBLIC ":4003", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 5);
	/* ... and removed by an offer with port 0. */
	a_asks(&l, "INVITE", 2, "b", audio_video(g, PHONE, 4000, 0));
	EXPECT_OPEN(g, PUBLIC ":4002", FAR);
	b_says(&l, 200, "INVITE", 2, "b", audio_video(g, FAR, 30000, 0));
	EXPECT_CLOSED(g, PUBLIC ":4002", FAR);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	call_down(&l);
}

/* A fork takes the line that the one before refused. */
static void media_port_0_forks(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "media");

	a_asks(&l, "INVITE", 1, "", audio_video(g, PHONE, 4000, 4002));
	b_says(&l, 183, "INVITE", 1, "c", audio_video(g, PROXY, 30000, 0));
	EXPECT_CLOSED(g, PUBLIC ":4002", PROXY);
	b_says(&l, 180, "INVITE", 1, "b", NULL);
	b_says(&l, 200, "INVITE", 1, "b", audio_video(g, FAR, 30000, 30002));
	EXPECT_OPEN(g, PUBLIC ":4002", FAR);
	EXPECT_CLOSED(g, PUBLIC ":4002", PROXY);
	wait_seconds(68);
	EXPECT_OPEN(g, PUBLIC ":4002", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 5);
	call_down(&l);
}

/* The offer comes in the 200, the answer in the ACK. */
static void media_late_offer(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "media");

	a_asks(&l, "INVITE", 1, "", NULL);
	EXPECT_COUNTS(g, 1, 1, 0, 1);
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_TRANSLATED(test, a_asks(&l, "ACK", 1, "b", offer(g)));
	EXPECT_SENT(g, "c=IN IP4 " PUBLIC "\r\n");
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	/* Once more, and then the same in a re-INVITE */
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	a_asks(&l, "ACK", 1, "b", offer(g));
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	b_asks(&l, "INVITE", 4, "b", NULL);
	a_says(&l, 200, "INVITE", 4, "b", sdp(g, PHONE, 5000, ""));
	EXPECT_COUNTS(g, 1, 1, 0, 5);
	b_asks(&l, "ACK", 4, "b", sdp(g, PROXY, 31000, ""));
	EXPECT_OPEN(g, PUBLIC ":5000", PROXY);
	EXPECT_CLOSED(g, RTP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	call_down(&l);
}

/* And the offer of an inside phone that is called */
static void media_late_offer_inside(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_in(g, "late");

	a_asks(&l, "INVITE", 1, "", NULL);
	b_says(&l, 200, "INVITE", 1, "b", offer(g));
	EXPECT_SENT(g, "m=audio 4000 ");
	EXPECT_CLOSED(g, RTP, FAR);
	a_asks(&l, "ACK", 1, "b", answer(g));
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
}

/* Reliable provisional responses: 183 offers, PRACK answers (RFC 3262 5). */
static void media_prack(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "media");

	a_asks(&l, "INVITE", 1, "", NULL);
	l.headers = "Require: 100rel\r\nRSeq: 1\r\n";
	b_says(&l, 183, "INVITE", 1, "b", answer(g));
	l.headers = "RAck: 1 1 INVITE\r\n";
	a_asks(&l, "PRACK", 2, "b", offer(g));
	EXPECT_OPEN(g, RTP, FAR);
	b_says(&l, 200, "PRACK", 2, "b", NULL);
	/* A new offer in a PRACK, answered in its 200 */
	l.headers = "Require: 100rel\r\nRSeq: 2\r\n";
	b_says(&l, 180, "INVITE", 1, "b", NULL);
	l.headers = "RAck: 2 1 INVITE\r\n";
	a_asks(&l, "PRACK", 3, "b", sdp(g, PHONE, 5000, ""));
	b_says(&l, 200, "PRACK", 3, "b", sdp(g, FAR, 31000, ""));
	EXPECT_OPEN(g, PUBLIC ":5000", FAR);
	EXPECT_CLOSED(g, RTP, FAR);
	b_says(&l, 200, "INVITE", 1, "b", NULL);
	a_asks(&l, "ACK", 1, "b", NULL);
	EXPECT_STATE(&l, "b", SIPALG_DIALOG_CONFIRMED);
	EXPECT_OPEN(g, PUBLIC ":5000", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	call_down(&l);
}

/* RTCP where a=rtcp says (RFC 3605). */
static void media_rtcp_attribute(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, sdp(g, PHONE, 4000, "a=rtcp:4700 IN IP4 " PHONE "\r\n"),
			       sdp(g, FAR, 30000, "a=rtcp:30001 IN IP4 " PROXY "\r\n"));

	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, RTP, PROXY);
	EXPECT_OPEN(g, PUBLIC ":4700", PROXY);
	EXPECT_CLOSED(g, RTCP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	call_down(&l);
}

/* Other hosts' media are not ours to translate or to open. */
static void media_foreign(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "media");

	a_asks(&l, "INVITE", 1, "", sdp(g, OTHER, 4000, ""));
	EXPECT_SENT(g, "c=IN IP4 " OTHER "\r\n");
	EXPECT_COUNTS(g, 1, 1, 0, 1);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_FOREIGN_MEDIA), 1);
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	EXPECT_CLOSED(g, RTP, FAR);
	a_asks(&l, "INVITE", 2, "b", sdp(g, PHONE, 80, ""));
	EXPECT_SENT(g, "m=audio 80 ");
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_LOW_PORT), 1);
	EXPECT_COUNTS(g, 1, 1, 0, 1);
}

/* An answer with more lines than the offer opens nothing for them. */
static void media_too_many_lines(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_in(g, "media");

	a_asks(&l, "INVITE", 1, "", answer(g));
	b_says(&l, 200, "INVITE", 1, "b", audio_video(g, PHONE, 4000, 4002));
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, PUBLIC ":4002", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	/* And one with fewer */
	a_asks(&l, "INVITE", 2, "b", audio_video(g, FAR, 30000, 30002));
	b_says(&l, 200, "INVITE", 2, "b", offer(g));
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
}

/* Running media end with the call, and only then. */
static void media_flows(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, offer(g), answer(g));
	struct nf_conn *ct = gateway_flow(g, PHONE ":4000", RTP, FAR ":30000",
					  FAR ":30000");
	struct sipalg_binding *b = gateway_binding(g, SIPALG_OUTER, RTP);

	KUNIT_ASSERT_NOT_NULL(test, b);
	flow_confirm(g, ct);
	KUNIT_EXPECT_TRUE(test, sipalg_binding_add_flow(b, ct));
	a_asks(&l, "INVITE", 2, "b", sdp(g, PHONE, 4000, "a=sendonly\r\n"));
	b_says(&l, 200, "INVITE", 2, "b", sdp(g, FAR, 30000, "a=recvonly\r\n"));
	KUNIT_EXPECT_PTR_EQ(test, b, gateway_binding(g, SIPALG_OUTER, RTP));
	a_asks(&l, "INVITE", 3, "b", sdp(g, PHONE, 6000, ""));
	b_says(&l, 488, "INVITE", 3, "b", NULL);
	a_asks(&l, "BYE", 4, "b", NULL);
	KUNIT_EXPECT_FALSE(test, nf_ct_is_dying(ct));
	b_says(&l, 200, "BYE", 4, "b", NULL);
	KUNIT_EXPECT_TRUE(test, nf_ct_is_dying(ct));
}

/* "m=audio PORT/N": pairs in a row, each with its RTCP (RFC 8866 5.14). */
static void media_port_count(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, sdp(g, PHONE, 3000, "m=video 4000/2 RTP/AVP 31\r\n"),
			       sdp(g, FAR, 0, "m=video 30000/2 RTP/AVP 31\r\n"));
	const char *body;

	EXPECT_OPEN(g, PUBLIC ":4000", FAR);
	EXPECT_OPEN(g, PUBLIC ":4003", FAR);
	EXPECT_CLOSED(g, PUBLIC ":4002", PROXY);
	EXPECT_CLOSED(g, PUBLIC ":4004", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 5);
	/* One more, at the end of the row; where that is taken, nothing. */
	a_asks(&l, "INVITE", 2, "b", sdp(g, PHONE, 3000, "m=video 4000/3 RTP/AVP 31\r\n"));
	EXPECT_SENT(g, "m=video 4000/3 ");
	b_says(&l, 200, "INVITE", 2, "b", sdp(g, FAR, 0, "m=video 30000 RTP/AVP 31\r\n"));
	EXPECT_OPEN(g, PUBLIC ":4005", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 7);
	a_asks(&l, "INVITE", 3, "b", sdp(g, PHONE, 3000, "m=video 4000 RTP/AVP 31\r\n"));
	b_says(&l, 200, "INVITE", 3, "b", sdp(g, FAR, 0, "m=video 30000 RTP/AVP 31\r\n"));
	EXPECT_CLOSED(g, PUBLIC ":4002", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	/* The second pair may be another line's, as in a bundle. */
	body = sdp(g, PHONE, 3000, "m=text 4002 RTP/AVP 98\r\nm=video 4000/2 RTP/AVP 31\r\n");
	EXPECT_TRANSLATED(test, a_asks(&l, "INVITE", 4, "b", body));
	b_says(&l, 488, "INVITE", 4, "b", NULL);
	call_down(&l);
}

/* More ports than a message may have, and ports beyond the last one */
static void media_port_count_limit(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "media");
	const char *body;

	body = sdp(g, PHONE, 4000, "m=video 5000/64 RTP/AVP 31\r\n");
	KUNIT_EXPECT_EQ(test, a_asks(&l, "INVITE", 1, "", body), SIPALG_R_TOO_MANY_MEDIA);
	body = sdp(g, PHONE, 4000, "m=video 65530/4 RTP/AVP 31\r\n");
	KUNIT_EXPECT_EQ(test, a_asks(&l, "INVITE", 1, "", body), SIPALG_R_BAD_SDP);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	body = sdp(g, PHONE, 4000, "m=video 5000/63 RTP/AVP 31\r\n");
	EXPECT_TRANSLATED(test, a_asks(&l, "INVITE", 1, "", body));
	EXPECT_SENT(g, "m=video 5000/63 ");
	/* The last port of all has no RTCP above it. */
	EXPECT_TRANSLATED(test, a_asks(&l, "INVITE", 1, "", sdp(g, PHONE, 65535, "")));
}

/* Alternatives: all are translated, and the answer to one is for each. */
static void media_parts(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, two_parts(g, "session", offer(g),
					    sdp(g, PHONE, 5000, "")), answer(g));

	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_OPEN(g, PUBLIC ":5001", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 5);
	a_asks(&l, "INVITE", 2, "b", two_parts(g, "session", sdp(g, PHONE, 5000, ""),
					       sdp(g, PHONE, 6000, "")));
	EXPECT_SENT(g, "m=audio 6000 ");
	EXPECT_NOT_SENT(g, "IP4 " PHONE);
	EXPECT_COUNTS(g, 1, 1, 0, 7);
	b_says(&l, 200, "INVITE", 2, "b", two_parts(g, "session", answer(g),
						    sdp(g, PROXY, 31000, "")));
	EXPECT_OPEN(g, PUBLIC ":5000", FAR);
	EXPECT_CLOSED(g, PUBLIC ":5000", PROXY);
	EXPECT_OPEN(g, PUBLIC ":6000", PROXY);
	EXPECT_CLOSED(g, PUBLIC ":6000", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 5);
	call_down(&l);
}

/* Early media with a description of their own (RFC 3959) */
static void media_early_session(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = leg_out(g, "media");

	a_asks(&l, "INVITE", 1, "", two_parts(g, "early-session", offer(g),
					      sdp(g, PHONE, 5000, "")));
	EXPECT_SENT(g, "m=audio 5000 ");
	EXPECT_NOT_SENT(g, "IP4 " PHONE);
	EXPECT_COUNTS(g, 1, 1, 0, 5);
	l.headers = "Content-Disposition: early-session\r\n";
	b_says(&l, 183, "INVITE", 1, "b", answer(g));
	EXPECT_OPEN(g, PUBLIC ":5000", FAR);
	EXPECT_CLOSED(g, RTP, FAR);
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, PUBLIC ":5000", FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	/* There is none in an answered call. */
	l.headers = "Content-Disposition: early-session\r\n";
	a_asks(&l, "INVITE", 2, "b", sdp(g, PHONE, 6000, ""));
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	call_down(&l);
}

/* A message that would be left alone at the first allocation that it makes */
#define EXPECT_NO_ALLOCATION(g, send) do {				\
	(g)->failed = false;						\
	(g)->fail_nth = 1;						\
	(g)->fail_message = (g)->nsent + 1;				\
	KUNIT_EXPECT_NE((g)->test, (int)(send), (int)SIPALG_R_NO_MEMORY);	\
	(g)->fail_message = 0;						\
	KUNIT_EXPECT_FALSE((g)->test, (g)->failed);			\
} while (0)

/* Session timers repeat what is agreed: that costs no memory (RFC 4028). */
static void media_refresh(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, offer(g), answer(g));
	unsigned int i;

	g->roomy = true;
	for (i = 2; i < 5; i++) {
		EXPECT_NO_ALLOCATION(g, a_asks(&l, "INVITE", i, "b", offer(g)));
		EXPECT_NO_ALLOCATION(g, b_says(&l, 200, "INVITE", i, "b", answer(g)));
		EXPECT_NO_ALLOCATION(g, a_asks(&l, "ACK", i, "b", NULL));
		EXPECT_NO_ALLOCATION(g, b_asks(&l, "UPDATE", i, "b", answer(g)));
		EXPECT_NO_ALLOCATION(g, a_says(&l, 200, "UPDATE", i, "b", offer(g)));
		EXPECT_OPEN(g, RTP, FAR);
	}
	/* It is refused, or both come at once. */
	EXPECT_NO_ALLOCATION(g, a_asks(&l, "INVITE", 6, "b", offer(g)));
	b_asks(&l, "INVITE", 6, "b", answer(g));
	b_says(&l, 491, "INVITE", 6, "b", NULL);
	a_says(&l, 491, "INVITE", 6, "b", NULL);
	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	/* The answer is another one: first withdrawn, then kept. */
	a_asks(&l, "INVITE", 7, "b", offer(g));
	b_says(&l, 183, "INVITE", 7, "b", sdp(g, PROXY, 31000, ""));
	EXPECT_OPEN(g, RTP, PROXY);
	EXPECT_OPEN(g, RTP, FAR);
	b_says(&l, 488, "INVITE", 7, "b", NULL);
	EXPECT_CLOSED(g, RTP, PROXY);
	EXPECT_OPEN(g, RTP, FAR);
	a_asks(&l, "INVITE", 8, "b", offer(g));
	b_says(&l, 200, "INVITE", 8, "b", sdp(g, PROXY, 31000, ""));
	EXPECT_OPEN(g, RTP, PROXY);
	EXPECT_CLOSED(g, RTP, FAR);
	b_says(&l, 200, "INVITE", 8, "b", sdp(g, PROXY, 31000, ""));
	EXPECT_OPEN(g, RTP, PROXY);
	EXPECT_COUNTS(g, 1, 1, 0, 3);
	call_down(&l);
}

/* RTCP below the ports that anybody may have gets no pinhole. */
static void media_rtcp_low(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct leg l = call_up(g, sdp(g, PHONE, 4000, "a=rtcp:53 IN IP4 " PHONE "\r\n"),
			       answer(g));

	EXPECT_OPEN(g, RTP, FAR);
	EXPECT_CLOSED(g, PUBLIC ":53", FAR);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_LOW_PORT), 1);
	EXPECT_COUNTS(g, 1, 1, 0, 2);
	call_down(&l);
}

/* Several descriptions, early ones, several pairs: one allocation after the other. */
static void script_parts(struct gateway *g)
{
	struct leg l = leg_out(g, "parts");
	const char *body;

	body = sdp(g, PHONE, 4000, "m=video 4002/2 RTP/AVP 31\r\n");
	body = two_parts(g, "early-session", body, sdp(g, PHONE, 5000, ""));
	a_asks(&l, "INVITE", 1, "", body);
	body = sdp(g, FAR, 31000, "m=video 1024 RTP/AVP 31\r\n");
	body = two_parts(g, "early-session", answer(g), body);
	b_says(&l, 183, "INVITE", 1, "b", body);
	EXPECT_OPEN(g, PUBLIC ":5000", FAR);
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	EXPECT_OPEN(g, RTP, FAR);
	a_asks(&l, "INVITE", 2, "b", two_parts(g, "session", offer(g),
					       sdp(g, PHONE, 6000, "")));
	b_says(&l, 200, "INVITE", 2, "b", answer(g));
	EXPECT_OPEN(g, PUBLIC ":6000", FAR);
	a_asks(&l, "UPDATE", 3, "b", two_parts(g, "session", offer(g),
					       sdp(g, PHONE, 6000, "")));
	b_says(&l, 200, "UPDATE", 3, "b", sdp(g, PROXY, 31000, ""));
	EXPECT_OPEN(g, RTP, PROXY);
	a_asks(&l, "BYE", 4, "b", NULL);
	b_says(&l, 200, "BYE", 4, "b", NULL);
	EXPECT_COUNTS(g, 1, 1, 0, 0);
	age_seconds(g, 33);
}

static void media_parts_no_memory(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, without_memory(test, script_parts), 15);
}

/* Late offers and refusals, and one allocation after the other fails. */
static void script(struct gateway *g)
{
	struct leg l = leg_out(g, "script");

	a_asks(&l, "INVITE", 1, "", NULL);
	b_says(&l, 200, "INVITE", 1, "b", answer(g));
	a_asks(&l, "ACK", 1, "b", offer(g));
	EXPECT_OPEN(g, RTP, FAR);
	a_asks(&l, "INVITE", 2, "b", audio_video(g, PHONE, 4000, 4002));
	b_says(&l, 488, "INVITE", 2, "b", NULL);
	a_asks(&l, "UPDATE", 3, "b", sdp(g, PHONE, 5000, ""));
	b_says(&l, 200, "UPDATE", 3, "b", answer(g));
	EXPECT_OPEN(g, PUBLIC ":5000", FAR);
	EXPECT_CLOSED(g, RTP, FAR);
	a_asks(&l, "BYE", 4, "b", NULL);
	b_says(&l, 200, "BYE", 4, "b", NULL);
	EXPECT_COUNTS(g, 1, 1, 0, 0);
	age_seconds(g, 33);
}

static void media_no_memory(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, without_memory(test, script), 10);
}

static struct kunit_case media_cases[] = {
	KUNIT_CASE(media_hold),
	KUNIT_CASE(media_hold_by_zero),
	KUNIT_CASE(media_refused),
	KUNIT_CASE(media_refused_late),
	KUNIT_CASE(media_glare),
	KUNIT_CASE(media_moves),
	KUNIT_CASE(media_mux),
	KUNIT_CASE(media_mux_refused),
	KUNIT_CASE(media_mux_inside),
	KUNIT_CASE(media_mux_forks),
	KUNIT_CASE(media_port_0),
	KUNIT_CASE(media_port_0_forks),
	KUNIT_CASE(media_late_offer),
	KUNIT_CASE(media_late_offer_inside),
	KUNIT_CASE(media_prack),
	KUNIT_CASE(media_rtcp_attribute),
	KUNIT_CASE(media_foreign),
	KUNIT_CASE(media_too_many_lines),
	KUNIT_CASE(media_flows),
	KUNIT_CASE(media_port_count),
	KUNIT_CASE(media_port_count_limit),
	KUNIT_CASE(media_parts),
	KUNIT_CASE(media_early_session),
	KUNIT_CASE(media_refresh),
	KUNIT_CASE(media_rtcp_low),
	KUNIT_CASE(media_parts_no_memory),
	KUNIT_CASE(media_no_memory),
	{}
};

static struct kunit_suite media_suite = {
	.name = "media",
	.test_cases = media_cases,
};

kunit_test_suite(media_suite);

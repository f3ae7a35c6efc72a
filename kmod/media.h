/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Offers and answers: what two sides agreed to send where.
 */
#ifndef SIPALG_MEDIA_H
#define SIPALG_MEDIA_H

#include <linux/overflow.h>

#include "mem.h"
#include "sip/codec.h"
#include "sip/sdp.h"
#include "sip/translate.h"

struct sipalg_binding;
struct sipalg_ctx;
struct sipalg_dialog;
struct sipalg_net;

/* Pairs of ports in a message: "port/N" has N of them, others one a line. */
#define SIPALG_MEDIA_ENDS (2 * SDP_MAX_MEDIA)
#define SIPALG_CODECS 16	/* of a line, for showing; the first ones */

/**
 * struct sipalg_media_end - where one side wants one media line sent to
 * @at: as the side wrote it; port 0: the line is refused
 * @rtcp: where it wants RTCP; equal to @at where it is muxed
 * @rtp_binding: leads to @at, or NULL where @at is no host of ours
 * @rtcp_binding: leads to @rtcp, or NULL
 * @kind: enum sdp_kind
 * @direction: enum sdp_direction
 * @mux: a=rtcp-mux was there
 * @held: c= was 0.0.0.0; @at is still the address from before
 * @early: of early media's own description (RFC 3959)
 * @part: which description of the message it is, of several
 * @index: which media line of that
 * @pair: which pair of ports of that
 * @codecs: the m= line's formats, as sdp_codecs() has them
 */
struct sipalg_media_end {
	struct sip_endpoint at;
	struct sip_endpoint rtcp;
	struct sipalg_binding *rtp_binding;
	struct sipalg_binding *rtcp_binding;
	u8 kind;
	u8 direction;
	bool mux;
	bool held;
	bool early;
	u8 part;
	u8 index;
	u8 pair;
	u8 codecs[SIPALG_CODECS];
};

struct sipalg_line {
	struct sipalg_media_end end[2];
};

/**
 * struct sipalg_session - an offer and, sooner or later, its answer
 * @cseq: of the offerer's transaction (or the inviter's for a late offer)
 * @offerer: side that offered
 * @answered: the answer has been filled in
 * @late: the offer came in a response
 * @n: lines; more than media lines where one has several pairs of ports
 * @line: end[] by side; the offerer's says which line it is
 */
struct sipalg_session {
	u32 cseq;
	u8 offerer;
	bool answered;
	bool late;
	u8 n;
	struct sipalg_line line[];
};

/**
 * struct sipalg_media_plan - what a message's session descriptions would do
 * @present: there is one, early ones not counted
 * @answer: they are answers
 * @refresh: an offer of what is agreed already: no room is needed for it
 * @n: ends, of all of them
 * @nearly: how many of these are of early media
 * @line: the first end of each media line of the description at hand
 * @end: of the message's sender, with bindings found or made
 * @session: room for a new offer, or for an answer other than the agreed one;
 *	or NULL
 * @early: room for early media, NULL where there is some already
 */
struct sipalg_media_plan {
	bool present;
	bool answer;
	bool refresh;
	u8 n;
	u8 nearly;
	u8 line[SDP_MAX_MEDIA];
	struct sipalg_media_end end[SIPALG_MEDIA_ENDS];
	struct sipalg_session *session;
	struct sipalg_session *early;
};

/**
 * struct sipalg_media_role - what a message's session description is
 * @answer: an answer, else an offer
 * @session: what it answers, or the offer that it repeats; or NULL
 */
struct sipalg_media_role {
	bool answer;
	struct sipalg_session *session;
};

/* Of so many lines; or NULL. One that goes back has nothing any more. */
static inline struct sipalg_session *sipalg_session_alloc(unsigned int n, gfp_t gfp)
{
	struct sipalg_session *s = sipalg_mem_get(struct_size(s, line, n), gfp);

	if (s)
		s->n = n;
	return s;
}

static inline void sipalg_session_free(struct sipalg_session *s)
{
	if (s)
		sipalg_mem_put(s, struct_size(s, line, s->n));
}

void sipalg_media_role(const struct sipalg_ctx *ctx, struct sipalg_media_role *role);
/* The session's line that this end belongs to, be it of either side. */
struct sipalg_line *sipalg_session_line(const struct sipalg_session *s,
					const struct sipalg_media_end *key);

static inline void sipalg_media_init(struct sipalg_media_plan *plan)
{
	plan->present = false;
	plan->refresh = false;
	plan->n = 0;
	plan->nearly = 0;
	plan->session = NULL;
	plan->early = NULL;
}

/*
 * Read the message's session descriptions, find or make their bindings, and
 * add the edits. Return: SIPALG_R_OK or why the message must be left alone.
 */
enum sipalg_reason sipalg_media_plan(struct sipalg_ctx *ctx);
/* The edits of the session description at hand, whose lines are planned. */
void sipalg_media_edit(struct sipalg_ctx *ctx);
/* Forget the plan: bindings that it made go again. */
void sipalg_media_abort(struct sipalg_ctx *ctx);
/* The message has left: the plan becomes an offer or an answer. */
void sipalg_media_commit(struct sipalg_ctx *ctx);

/* A transaction of @side ended, an INVITE or not: with a 2xx, or in failure. */
void sipalg_media_agree(struct sipalg_dialog *d, u8 side, u32 cseq, bool invite);
void sipalg_media_refuse(struct sipalg_dialog *d, u8 side, u32 cseq, bool invite);
/* Answered: no fork needs the lines that this dialog refused any more. */
void sipalg_media_trim(struct sipalg_dialog *d);
/*
 * What an inside phone told another one directly: @to is the dialog of the
 * callee's leg, @from that of the caller's, which sees the messages.
 */
void sipalg_media_mirror(struct sipalg_dialog *to, const struct sipalg_dialog *from);
/* The dialog has come back: what is in the way of its media goes. */
void sipalg_media_open(const struct sipalg_dialog *d);
/* The dialog is over: close everything. */
void sipalg_media_close(struct sipalg_dialog *d);

/* A fork gets the offer of the INVITE that forked. False: no memory. */
bool sipalg_media_fork(struct sipalg_dialog *to);
/* The only fork gave up: the INVITE's offer waits for another one's answer. */
void sipalg_media_unanswer(struct sipalg_dialog *d);

/*
 * May @host send to this media binding? @outbound: may what is bound there send
 * to @host by it? With the call's lock.
 */
bool sipalg_media_admits(const struct sipalg_binding *b, const struct sip_host *host,
			 bool outbound);
/*
 * May this end, whose host is admitted, begin to send to the binding? Where the
 * rule says so, the first one is chosen by that. With the call's lock.
 */
bool sipalg_media_latch(struct sipalg_binding *b, const struct sip_endpoint *from);
/* Is its port offered in a call that nobody has answered? With the call's lock. */
bool sipalg_media_is_offered(const struct sipalg_binding *b);
/* Is @at the very endpoint that the other side named for what comes from it? */
bool sipalg_media_leads_to(const struct sipalg_binding *b, const struct sip_endpoint *at);

/* The endpoint that the other side reads: outer where there is a binding. */
void sipalg_media_outer(const struct sipalg_media_end *end, struct sip_endpoint *at);

#endif

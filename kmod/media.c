// SPDX-License-Identifier: GPL-2.0
/*
 * Offers and answers (RFC 3264) as sessions of a dialog.
 *
 * A session is an offer until it is agreed; a refused one is dropped, and
 * what was agreed before still holds (RFC 6141). Bindings count the media
 * lines that refer to them, and go with the last.
 */
#include <linux/slab.h>

#include "ctx.h"
#include "net.h"

static void ref(struct sipalg_media_end *end)
{
	if (end->rtp_binding)
		end->rtp_binding->users++;
	if (end->rtcp_binding)
		end->rtcp_binding->users++;
}

static void drop(struct sipalg_binding **slot)
{
	struct sipalg_binding *b = *slot;

	*slot = NULL;
	if (b && !--b->users)
		sipalg_binding_destroy(b);
}

static void unref(struct sipalg_media_end *end)
{
	drop(&end->rtp_binding);
	drop(&end->rtcp_binding);
}

static void session_free(struct sipalg_session *s)
{
	unsigned int i;

	if (!s)
		return;
	for (i = 0; i < s->n; i++) {
		unref(&s->line[i].end[0]);
		unref(&s->line[i].end[1]);
	}
	kfree(s);
}

void sipalg_media_outer(const struct sipalg_media_end *end, struct sip_endpoint *at)
{
	if (end->rtp_binding)
		sipalg_end_get(end->rtp_binding, SIPALG_OUTER, at);
	else
		*at = end->at;
}

static void outer_rtcp(const struct sipalg_media_end *end, struct sip_endpoint *at)
{
	if (end->rtcp_binding)
		sipalg_end_get(end->rtcp_binding, SIPALG_OUTER, at);
	else
		*at = end->rtcp;
}

void sipalg_media_close(struct sipalg_dialog *d)
{
	session_free(d->agreed);
	session_free(d->offer[0]);
	session_free(d->offer[1]);
	d->agreed = NULL;
	d->offer[0] = NULL;
	d->offer[1] = NULL;
}

/* The session of a transaction: offered, or agreed already. */
static struct sipalg_session **session_of(struct sipalg_dialog *d, u8 side, u32 cseq)
{
	if (d->offer[side] && d->offer[side]->cseq == cseq)
		return &d->offer[side];
	if (d->agreed && d->agreed->offerer == side && d->agreed->cseq == cseq)
		return &d->agreed;
	return NULL;
}

void sipalg_media_agree(struct sipalg_dialog *d, u8 side, u32 cseq)
{
	struct sipalg_session *s = d->offer[side];

	if (!s || s->cseq != cseq || !s->answered)
		return;
	d->offer[side] = NULL;
	session_free(d->agreed);
	d->agreed = s;
}

void sipalg_media_refuse(struct sipalg_dialog *d, u8 side, u32 cseq)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct sipalg_session *s = d->offer[i];
		bool own = i == side;

		/* The other side's offer may have been in a response to this one. */
		if (s && s->cseq == cseq && own != s->late) {
			d->offer[i] = NULL;
			session_free(s);
		}
	}
}

static struct sipalg_session *session_copy(const struct sipalg_session *from)
{
	struct sipalg_session *s;
	unsigned int i;

	s = kmemdup(from, struct_size(from, line, from->n), GFP_ATOMIC);
	if (!s)
		return NULL;
	for (i = 0; i < s->n; i++) {
		/* A fork shares the offer; the answer is its own. */
		memset(&s->line[i].end[!s->offerer], 0,
		       sizeof(s->line[i].end[!s->offerer]));
		ref(&s->line[i].end[s->offerer]);
	}
	s->answered = false;
	return s;
}

bool sipalg_media_fork(struct sipalg_dialog *to, const struct sipalg_dialog *from)
{
	const struct sipalg_session *s = from->offer[0] ?: from->agreed;

	if (!s || s->offerer != 0)
		return true;
	to->offer[0] = session_copy(s);
	return to->offer[0];
}

/* Which session a message's description belongs to, and whether as an answer. */
static bool is_answer(const struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	u32 cseq = ctx->msg.cseq;

	switch (ctx->msg.method) {
	case SIP_ACK:
		return true;
	case SIP_PRACK:
		if (sipalg_is_request(ctx)) {
			struct sipalg_session *s = d->offer[!ctx->side];

			return s && !s->answered;
		}
		return true;
	default:
		return !sipalg_is_request(ctx) && session_of(d, !ctx->side, cseq);
	}
}

/* PRACK answers the INVITE's late offer, which has the INVITE's number. */
static u32 cseq_of(const struct sipalg_ctx *ctx)
{
	struct sipalg_session *s = ctx->dialog->offer[!ctx->side];

	if (ctx->msg.method == SIP_PRACK && sipalg_is_request(ctx) && s)
		return s->cseq;
	return ctx->msg.cseq;
}

static bool carries_media(const struct sipalg_ctx *ctx)
{
	if (!ctx->dialog || ctx->stale || ctx->call->method != SIP_INVITE)
		return false;
	switch (ctx->msg.method) {
	case SIP_INVITE:
	case SIP_UPDATE:
	case SIP_PRACK:
		return ctx->msg.status < 300;
	case SIP_ACK:
		return session_of(ctx->dialog, !ctx->side, ctx->msg.cseq);
	default:
		return false;
	}
}

/* What this line was agreed to be, for a side that holds the call. */
static const struct sipalg_media_end *agreed_end(const struct sipalg_ctx *ctx, u32 i)
{
	const struct sipalg_session *s = ctx->dialog->agreed;

	return s && i < s->n ? &s->line[i].end[ctx->side] : NULL;
}

static struct sipalg_binding *find(struct sipalg_ctx *ctx,
				   const struct sip_endpoint *inner, u8 proto)
{
	struct sipalg_end_key key;

	sipalg_end_key_set(&key, SIPALG_INNER, inner, proto, ctx->zone);
	return sipalg_binding_find(ctx->sn, &key, &ctx->path.src_out.host,
				   ctx->call, false);
}

static bool wants_rtcp(const struct sdp_media *m, const struct sipalg_media_end *end)
{
	return m->proto == SDP_PROTO_RTP &&
	       !sip_endpoint_equal(&end->at, &end->rtcp);
}

/*
 * RTCP comes back after a time on RTP's port: to the port above, if that is
 * still free. The call is worth more than its reports.
 */
static struct sipalg_binding *bind_next(struct sipalg_ctx *ctx,
					const struct sipalg_binding *rtp,
					const struct sip_endpoint *inner, u8 proto)
{
	struct sipalg_binding *b = find(ctx, inner, proto);
	struct sip_endpoint outer;

	if (b)
		return b;
	sipalg_end_get(rtp, SIPALG_OUTER, &outer);
	outer.port++;
	b = sipalg_make(ctx, SIPALG_BINDING_RTCP, inner, &outer, proto,
			!ctx->src_nat);
	return IS_ERR(b) ? NULL : b;
}

/* RTP's binding, and RTCP's where it has to be the port above. */
static enum sipalg_reason bind_rtp(struct sipalg_ctx *ctx, const struct sdp_media *m,
				   struct sipalg_media_end *end, u8 proto)
{
	bool pair = wants_rtcp(m, end) && !m->rtcp_port;
	struct sipalg_binding *b = find(ctx, &end->at, proto);

	if (!b)
		b = sipalg_allocate(ctx, SIPALG_BINDING_MEDIA, &end->at, proto,
				    pair ? &end->rtcp_binding : NULL);
	else if (pair)
		end->rtcp_binding = bind_next(ctx, b, &end->rtcp, proto);
	if (IS_ERR(b))
		return sipalg_reason_of(PTR_ERR(b));
	end->rtp_binding = b;
	return SIPALG_R_OK;
}

/* RTCP on a port of its own choice (RFC 3605). */
static enum sipalg_reason bind_rtcp(struct sipalg_ctx *ctx, const struct sdp_media *m,
				    struct sipalg_media_end *end)
{
	struct sipalg_binding *b;

	if (!wants_rtcp(m, end) || !m->rtcp_port ||
	    !sip_host_equal(&end->rtcp.host, &ctx->path.src_in.host))
		return SIPALG_R_OK;
	b = find(ctx, &end->rtcp, IPPROTO_UDP);
	if (!b)
		b = sipalg_allocate(ctx, SIPALG_BINDING_RTCP, &end->rtcp,
				    IPPROTO_UDP, NULL);
	if (IS_ERR(b))
		return sipalg_reason_of(PTR_ERR(b));
	end->rtcp_binding = b;
	return SIPALG_R_OK;
}

/* Does the other side's line, if this is its answer, agree to one port? */
static bool is_muxed(const struct sipalg_ctx *ctx, u32 i, bool answer)
{
	struct sipalg_session **s;

	if (!answer || !ctx->sdp.media[i].rtcp_mux)
		return false;
	s = session_of(ctx->dialog, !ctx->side, cseq_of(ctx));
	return s && i < (*s)->n && (*s)->line[i].end[!ctx->side].mux;
}

static void plan_held(const struct sipalg_ctx *ctx, u32 i,
		      struct sipalg_media_end *end)
{
	const struct sipalg_media_end *old = agreed_end(ctx, i);

	end->held = true;
	if (!old)
		return;
	end->at = old->at;
	end->rtcp = old->rtcp;
	end->rtp_binding = old->rtp_binding;
	end->rtcp_binding = old->rtcp_binding;
}

static enum sipalg_reason plan_line(struct sipalg_ctx *ctx, u32 i, bool answer)
{
	const struct sdp_media *m = &ctx->sdp.media[i];
	const struct sdp_conn *conn = sdp_media_conn(&ctx->sdp, m);
	struct sipalg_media_end *end = &ctx->media.end[i];
	u8 proto = m->proto == SDP_PROTO_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	enum sipalg_reason ret;

	memset(end, 0, sizeof(*end));
	end->kind = m->kind;
	end->direction = m->direction;
	end->mux = m->rtcp_mux;
	sdp_codecs(ctx->msg.data, m, end->codecs, SIPALG_CODECS);
	end->at.host = conn->addr;
	end->at.port = m->port;
	end->rtcp = end->at;
	if (!m->port)
		return SIPALG_R_OK;
	if (m->proto == SDP_PROTO_RTP && !is_muxed(ctx, i, answer)) {
		end->rtcp.port = m->rtcp_port ?: m->port + 1;
		if (m->rtcp.addr.family)
			end->rtcp.host = m->rtcp.addr;
	}
	if (sdp_host_is_any(&conn->addr)) {
		plan_held(ctx, i, end);
		return SIPALG_R_OK;
	}
	if (!sipalg_sender_is_near(ctx))
		return SIPALG_R_OK;
	if (!sip_host_equal(&conn->addr, &ctx->path.src_in.host)) {
		sipalg_count(ctx->sn, SIPALG_R_FOREIGN_MEDIA);
		return SIPALG_R_OK;
	}
	if (m->port < 1024) {
		sipalg_count(ctx->sn, SIPALG_R_LOW_PORT);
		return SIPALG_R_OK;
	}
	ret = bind_rtp(ctx, m, end, proto);
	return ret != SIPALG_R_OK ? ret : bind_rtcp(ctx, m, end);
}

static void put_host(struct sipalg_ctx *ctx, struct sip_span at)
{
	char text[SIP_HOSTPORT_MAX];
	u32 n = sip_host_print(text, &ctx->path.src_out.host, 0, false);

	sip_edits_add(&ctx->edits, ctx->msg.data, at, text, n);
}

/* A connection line may stand twice. */
static void put_conn(struct sipalg_ctx *ctx, const struct sdp_conn *c)
{
	put_host(ctx, c->text);
	if (c->twin.len)
		put_host(ctx, c->twin);
}

static void put_port(struct sipalg_ctx *ctx, struct sip_span at,
		     const struct sipalg_binding *b)
{
	struct sip_endpoint outer;

	sipalg_end_get(b, SIPALG_OUTER, &outer);
	sip_edits_add_number(&ctx->edits, ctx->msg.data, at, outer.port);
}

static bool is_own(const struct sipalg_ctx *ctx, const struct sdp_conn *c)
{
	return c->text.len && sip_host_equal(&c->addr, &ctx->path.src_in.host);
}

/*
 * The session's c= counts for all lines without one of their own. It changes
 * unless one of them would then lead to a port that nobody opened.
 */
static bool may_change_conn(const struct sipalg_ctx *ctx)
{
	bool bound = false, unbound = false;
	u32 i;

	for (i = 0; i < ctx->sdp.nmedia; i++) {
		const struct sdp_media *m = &ctx->sdp.media[i];

		if (m->has_conn || !m->port)
			continue;
		if (ctx->media.end[i].rtp_binding)
			bound = true;
		else
			unbound = true;
	}
	return bound || !unbound;
}

/* ICE: the candidate that is c= and m= has to stay so (RFC 8839 4.3.2). */
static void put_candidates(struct sipalg_ctx *ctx)
{
	u32 i;

	for (i = 0; i < ctx->sdp.ncands; i++) {
		const struct sdp_candidate *c = &ctx->sdp.cands[i];
		struct sip_endpoint at = { .host = c->addr, .port = c->port };
		const struct sipalg_media_end *end;
		struct sipalg_binding *b = NULL;

		if (c->media >= ctx->media.n || !c->udp)
			continue;
		end = &ctx->media.end[c->media];
		if (sip_endpoint_equal(&at, &end->at))
			b = end->rtp_binding;
		else if (sip_endpoint_equal(&at, &end->rtcp))
			b = end->rtcp_binding;
		if (!b)
			continue;
		put_host(ctx, c->addr_text);
		put_port(ctx, c->port_text, b);
	}
}

static void put_edits(struct sipalg_ctx *ctx)
{
	const struct sdp *sdp = &ctx->sdp;
	u32 i;

	if (is_own(ctx, &sdp->origin))
		put_host(ctx, sdp->origin.text);
	if (is_own(ctx, &sdp->conn) && may_change_conn(ctx))
		put_conn(ctx, &sdp->conn);
	for (i = 0; i < sdp->nmedia; i++) {
		const struct sipalg_media_end *end = &ctx->media.end[i];
		const struct sdp_media *m = &sdp->media[i];

		if (!end->rtp_binding || end->held)
			continue;
		put_port(ctx, m->port_text, end->rtp_binding);
		if (m->has_conn)
			put_conn(ctx, &m->conn);
		if (m->rtcp_port && end->rtcp_binding)
			put_port(ctx, m->rtcp_text, end->rtcp_binding);
		else if (m->rtcp_port == m->port)
			put_port(ctx, m->rtcp_text, end->rtp_binding);
		if (m->rtcp_port && is_own(ctx, &m->rtcp))
			put_host(ctx, m->rtcp.text);
	}
	put_candidates(ctx);
}

/* A new offer needs room; a repeated one has it already. */
static bool plan_session(struct sipalg_ctx *ctx)
{
	struct sipalg_session **s = session_of(ctx->dialog, ctx->side, ctx->msg.cseq);

	if (s && (*s)->n == ctx->media.n)
		return true;
	ctx->media.session = kzalloc(struct_size(ctx->media.session, line,
						 ctx->media.n), GFP_ATOMIC);
	return ctx->media.session;
}

enum sipalg_reason sipalg_media_plan(struct sipalg_ctx *ctx)
{
	enum sipalg_reason ret;
	struct sip_span part;
	bool answer;
	u32 pos = 0;
	u32 i;

	ctx->media.present = false;
	ctx->media.session = NULL;
	if (!ctx->msg.body.len || !carries_media(ctx) ||
	    !sip_body_next(&ctx->msg, &pos, &part))
		return SIPALG_R_OK;
	ret = sdp_parse(ctx->msg.data, part, &ctx->sdp);
	if (ret != SIPALG_R_OK)
		return ret;
	answer = is_answer(ctx);
	ctx->media.present = true;
	ctx->media.n = ctx->sdp.nmedia;
	for (i = 0; i < ctx->sdp.nmedia; i++) {
		ret = plan_line(ctx, i, answer);
		if (ret != SIPALG_R_OK)
			return ret;
	}
	if (!answer && !plan_session(ctx))
		return SIPALG_R_NO_MEMORY;
	if (ctx->src_nat)
		put_edits(ctx);
	return ctx->edits.failed ? SIPALG_R_TOO_MANY_EDITS : SIPALG_R_OK;
}

void sipalg_media_abort(struct sipalg_ctx *ctx)
{
	kfree(ctx->media.session);
	ctx->media.session = NULL;
	ctx->media.present = false;
}

static void fill(struct sipalg_session *s, u8 side, const struct sipalg_media_plan *plan)
{
	u32 i;

	for (i = 0; i < s->n && i < plan->n; i++) {
		struct sipalg_media_end *end = &s->line[i].end[side];
		struct sipalg_media_end old = *end;

		*end = plan->end[i];
		ref(end);
		unref(&old);
	}
}

/* Entries of the flows to be that belong to somebody else would be in the way. */
static void clear_way(const struct sipalg_media_end *end,
		      const struct sipalg_media_end *peer)
{
	struct sip_endpoint at;

	if (!peer->at.port || peer->held)
		return;
	if (end->rtp_binding) {
		sipalg_media_outer(peer, &at);
		sipalg_binding_clear_way(end->rtp_binding, &at);
	}
	if (end->rtcp_binding) {
		outer_rtcp(peer, &at);
		sipalg_binding_clear_way(end->rtcp_binding, &at);
	}
}

static bool is_refused(const struct sipalg_line *l)
{
	return !l->end[0].at.port || !l->end[1].at.port;
}

/* What the answer made needless. */
static void trim_line(struct sipalg_line *l)
{
	/* A line that one side refuses needs no port of the other. */
	if (is_refused(l)) {
		unref(&l->end[0]);
		unref(&l->end[1]);
	} else if (l->end[0].mux && l->end[1].mux) {
		drop(&l->end[0].rtcp_binding);
		drop(&l->end[1].rtcp_binding);
	}
}

static void trim(struct sipalg_session *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		trim_line(&s->line[i]);
}

void sipalg_media_trim(struct sipalg_dialog *d)
{
	if (d->agreed)
		trim(d->agreed);
}

static void commit_answer(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	u32 cseq = cseq_of(ctx);
	struct sipalg_session **slot = session_of(d, !ctx->side, cseq);
	struct sipalg_session *s = slot ? *slot : NULL;
	u32 i;

	if (!s)
		return;
	fill(s, ctx->side, &ctx->media);
	s->answered = true;
	for (i = 0; i < s->n; i++) {
		if (is_refused(&s->line[i]))
			continue;
		clear_way(&s->line[i].end[0], &s->line[i].end[1]);
		clear_way(&s->line[i].end[1], &s->line[i].end[0]);
	}
	/* Until the call is answered, a fork may want what this one does not. */
	if (d->state == SIPALG_DIALOG_CONFIRMED)
		trim(s);
	/* Only a re-INVITE's answer may still be withdrawn (RFC 6141). */
	if (d->state != SIPALG_DIALOG_CONFIRMED || sipalg_is_request(ctx))
		sipalg_media_agree(d, !ctx->side, cseq);
}

static void commit_offer(struct sipalg_ctx *ctx)
{
	struct sipalg_session *s = ctx->media.session;
	struct sipalg_dialog *d = ctx->dialog;
	u8 side = ctx->side;

	if (!s) {
		struct sipalg_session **old = session_of(d, side, ctx->msg.cseq);

		if (old)
			fill(*old, side, &ctx->media);
		return;
	}
	ctx->media.session = NULL;
	s->cseq = ctx->msg.cseq;
	s->offerer = side;
	s->late = !sipalg_is_request(ctx);
	s->n = ctx->media.n;
	fill(s, side, &ctx->media);
	session_free(d->offer[side]);
	d->offer[side] = s;
}

void sipalg_media_commit(struct sipalg_ctx *ctx)
{
	if (!ctx->media.present)
		return;
	if (is_answer(ctx))
		commit_answer(ctx);
	else
		commit_offer(ctx);
}

/* Is RTCP's binding in use, or kept for another fork only? */
static bool has_rtcp(const struct sipalg_line *l, unsigned int side)
{
	return l->end[side].rtcp_binding && !(l->end[0].mux && l->end[1].mux);
}

static bool session_admits(const struct sipalg_session *s,
			   const struct sipalg_binding *b,
			   const struct sip_host *host)
{
	unsigned int i, side;

	if (!s || !s->answered)
		return false;
	for (i = 0; i < s->n; i++) {
		for (side = 0; side < 2; side++) {
			const struct sipalg_media_end *end = &s->line[i].end[side];
			const struct sipalg_media_end *peer = &s->line[i].end[!side];
			bool rtcp = end->rtcp_binding == b &&
				    has_rtcp(&s->line[i], side);
			struct sip_endpoint at;

			if (is_refused(&s->line[i]) ||
			    (end->rtp_binding != b && !rtcp))
				continue;
			sipalg_media_outer(peer, &at);
			if (sip_host_equal(&at.host, host))
				return true;
			outer_rtcp(peer, &at);
			if (rtcp && sip_host_equal(&at.host, host))
				return true;
		}
	}
	return false;
}

bool sipalg_media_admits(struct sipalg_binding *b, const struct sip_host *host)
{
	struct sipalg_call *call = b->call;
	const struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list) {
		if (session_admits(d->agreed, b, host) ||
		    session_admits(d->offer[0], b, host) ||
		    session_admits(d->offer[1], b, host))
			return true;
	}
	return false;
}

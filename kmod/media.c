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

/* Where others still use it, who was let in by this line alone is not any more. */
static void drop(struct sipalg_binding **slot)
{
	struct sipalg_binding *b = *slot;

	*slot = NULL;
	if (!b)
		return;
	if (--b->users)
		sipalg_binding_prune(b, sipalg_media_admits);
	else
		sipalg_binding_destroy(b);
}

static void unref(struct sipalg_media_end *end)
{
	drop(&end->rtp_binding);
	drop(&end->rtcp_binding);
}

/* Of a session that the dialog does not have any more. */
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

/* Running flows of hosts that nothing admits any more end. */
static void prune(const struct sipalg_media_end *end)
{
	if (end->rtp_binding)
		sipalg_binding_prune(end->rtp_binding, sipalg_media_admits);
	if (end->rtcp_binding)
		sipalg_binding_prune(end->rtcp_binding, sipalg_media_admits);
}

static void session_prune(const struct sipalg_session *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		prune(&s->line[i].end[0]);
		prune(&s->line[i].end[1]);
	}
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

static void let_go(struct sipalg_session **slot)
{
	struct sipalg_session *s = *slot;

	*slot = NULL;
	session_free(s);
}

void sipalg_media_close(struct sipalg_dialog *d)
{
	let_go(&d->agreed);
	let_go(&d->kept);
	let_go(&d->offer[0]);
	let_go(&d->offer[1]);
}

static bool is_session(const struct sipalg_session *s, u8 offerer, u32 cseq, bool late)
{
	return s && s->offerer == offerer && s->cseq == cseq && s->late == late;
}

/*
 * The session of a transaction, offered, or agreed already. A late offer has
 * the other side's number, which may be equal to one of the offerer's own.
 */
static struct sipalg_session *session_of(const struct sipalg_dialog *d,
					 u8 offerer, u32 cseq, bool late)
{
	if (is_session(d->offer[offerer], offerer, cseq, late))
		return d->offer[offerer];
	if (is_session(d->agreed, offerer, cseq, late))
		return d->agreed;
	return NULL;
}

static bool is_inviting(const struct sipalg_dialog *d)
{
	return d->invite[0].active || d->invite[1].active;
}

/*
 * An offer becomes what is agreed. What an UPDATE or PRACK changes while an
 * INVITE is pending is kept: a re-INVITE that fails brings it back (RFC 6141),
 * and a fork takes the INVITE's offer from it.
 */
static void settle(struct sipalg_dialog *d, u8 side, bool keep)
{
	struct sipalg_session *old = d->agreed;

	d->agreed = d->offer[side];
	d->offer[side] = NULL;
	if (keep && old && !d->kept && is_inviting(d)) {
		d->kept = old;
		session_prune(old);
	} else {
		session_free(old);
	}
}

void sipalg_media_agree(struct sipalg_dialog *d, u8 side, u32 cseq, bool invite)
{
	struct sipalg_session *s = d->offer[side];

	if (s && s->cseq == cseq && s->answered)
		settle(d, side, !invite);
	if (invite)
		let_go(&d->kept);
}

void sipalg_media_refuse(struct sipalg_dialog *d, u8 side, u32 cseq, bool invite)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct sipalg_session *s = d->offer[i];
		bool own = i == side;

		/* The other side's offer may have been in a response to this one. */
		if (s && s->cseq == cseq && own != s->late)
			let_go(&d->offer[i]);
	}
	if (invite && d->kept) {
		struct sipalg_session *s = d->agreed;

		d->agreed = d->kept;
		d->kept = NULL;
		session_free(s);
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

/* The offer of the INVITE that began the call, wherever it is by now. */
static const struct sipalg_session *first_offer(const struct sipalg_call *call, u32 cseq)
{
	const struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list) {
		const struct sipalg_session *s = session_of(d, 0, cseq, false);

		if (!s && is_session(d->kept, 0, cseq, false))
			s = d->kept;
		if (s)
			return s;
	}
	return NULL;
}

bool sipalg_media_fork(struct sipalg_dialog *to)
{
	const struct sipalg_session *s = first_offer(to->call, to->invite[0].cseq);

	if (!s)
		return true;
	to->offer[0] = session_copy(s);
	return to->offer[0];
}

void sipalg_media_unanswer(struct sipalg_dialog *d)
{
	struct sipalg_session **slot[] = { &d->offer[0], &d->agreed, &d->kept };
	struct sipalg_session *s = NULL;
	unsigned int i;

	for (i = 0; !s && i < ARRAY_SIZE(slot); i++) {
		if (is_session(*slot[i], 0, d->invite[0].cseq, false))
			swap(s, *slot[i]);
	}
	sipalg_media_close(d);
	if (!s)
		return;
	s->answered = false;
	for (i = 0; i < s->n; i++) {
		unref(&s->line[i].end[1]);
		memset(&s->line[i].end[1], 0, sizeof(s->line[i].end[1]));
	}
	d->offer[0] = s;
	session_prune(s);
}

/* The late offer, which has the INVITE's number, that waits for PRACK's answer. */
static struct sipalg_session *pracked(const struct sipalg_ctx *ctx)
{
	const struct sipalg_dialog *d = ctx->dialog;
	struct sipalg_session *s;

	s = session_of(d, !ctx->side, d->invite[ctx->side].cseq, true);
	return s && !s->answered ? s : NULL;
}

/* Is a message's description an answer? If not, it is an offer. */
static bool is_answer(const struct sipalg_ctx *ctx)
{
	switch (ctx->msg.method) {
	case SIP_ACK:
		return true;
	case SIP_INVITE:
		/* Also where that was settled in the meantime (RFC 3261 13.2.1). */
		return !sipalg_is_request(ctx) &&
		       ctx->dialog->invite[!ctx->side].offered;
	case SIP_PRACK:
		return !sipalg_is_request(ctx) || pracked(ctx);
	default:
		return !sipalg_is_request(ctx);
	}
}

/* What this answer belongs to, NULL: nothing any more. */
static struct sipalg_session *session_answered(const struct sipalg_ctx *ctx)
{
	if (ctx->msg.method == SIP_PRACK && sipalg_is_request(ctx))
		return pracked(ctx);
	return session_of(ctx->dialog, !ctx->side, ctx->msg.cseq,
			  ctx->msg.method == SIP_ACK);
}

/* The offer, where it came before. */
static struct sipalg_session *session_offered(const struct sipalg_ctx *ctx)
{
	return session_of(ctx->dialog, ctx->side, ctx->msg.cseq,
			  !sipalg_is_request(ctx));
}

static bool carries_media(const struct sipalg_ctx *ctx)
{
	if (!ctx->dialog || ctx->call->method != SIP_INVITE)
		return false;
	switch (ctx->msg.method) {
	case SIP_INVITE:
	case SIP_UPDATE:
	case SIP_PRACK:
		return ctx->msg.status < 300;
	case SIP_ACK:
		return session_answered(ctx);
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

static void copy_codecs(const struct sipalg_ctx *ctx, const struct sdp_media *m,
			struct sipalg_media_end *end)
{
	u32 n = min_t(u32, m->fmts.len, SIPALG_CODECS - 1);

	memcpy(end->codecs, ctx->msg.data + m->fmts.off, n);
	end->codecs[n] = '\0';
}

/* Does the other side's line, if this is its answer, agree to one port? */
static bool is_muxed(const struct sipalg_ctx *ctx, u32 i, bool answer)
{
	const struct sipalg_session *s;

	if (!answer || !ctx->sdp.media[i].rtcp_mux)
		return false;
	s = session_answered(ctx);
	return s && i < s->n && s->line[i].end[!ctx->side].mux;
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
	copy_codecs(ctx, m, end);
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

/*
 * A new offer needs room; a repeated one has it already, or was settled since.
 */
static bool plan_session(struct sipalg_ctx *ctx)
{
	const struct sipalg_session *s = session_offered(ctx);

	if (s ? s->n == ctx->media.n : sipalg_dialog_is_repeated(ctx))
		return true;
	ctx->media.session = kzalloc(struct_size(ctx->media.session, line,
						 ctx->media.n), GFP_ATOMIC);
	return ctx->media.session;
}

static enum sipalg_reason plan_lines(struct sipalg_ctx *ctx)
{
	u32 i;

	ctx->media.answer = is_answer(ctx);
	ctx->media.n = ctx->sdp.nmedia;
	for (i = 0; i < ctx->sdp.nmedia; i++) {
		enum sipalg_reason ret = plan_line(ctx, i, ctx->media.answer);

		if (ret != SIPALG_R_OK)
			return ret;
	}
	return SIPALG_R_OK;
}

enum sipalg_reason sipalg_media_plan(struct sipalg_ctx *ctx)
{
	enum sipalg_reason ret;
	struct sip_span part;
	u32 pos = 0;

	ctx->media.present = false;
	ctx->media.session = NULL;
	if (!ctx->msg.body.len || !carries_media(ctx) ||
	    !sip_body_next(&ctx->msg, &pos, &part))
		return SIPALG_R_OK;
	ret = sdp_parse(ctx->msg.data, part, &ctx->sdp);
	if (ret != SIPALG_R_OK)
		return ret;
	ret = plan_lines(ctx);
	/* One that is out of date names what is known, or is of no use. */
	if (ret != SIPALG_R_OK)
		return ctx->stale ? SIPALG_R_OK : ret;
	ctx->media.present = !ctx->stale;
	if (ctx->media.present && !ctx->media.answer && !plan_session(ctx))
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

static void open_line(const struct sipalg_line *l)
{
	if (!is_refused(l)) {
		clear_way(&l->end[0], &l->end[1]);
		clear_way(&l->end[1], &l->end[0]);
	}
	/* Another answer than before may name another host. */
	prune(&l->end[0]);
	prune(&l->end[1]);
}

static void commit_answer(struct sipalg_ctx *ctx)
{
	struct sipalg_session *s = session_answered(ctx);
	struct sipalg_dialog *d = ctx->dialog;
	u32 i;

	if (!s)
		return;
	fill(s, ctx->side, &ctx->media);
	s->answered = true;
	for (i = 0; i < s->n; i++)
		open_line(&s->line[i]);
	/* Until the call is answered, a fork may want what this one does not. */
	if (d->state == SIPALG_DIALOG_CONFIRMED)
		trim(s);
	/* The INVITE's responses that tell the offer once more are no offers. */
	if (ctx->msg.method == SIP_PRACK && s->late)
		d->invite[ctx->side].offered = true;
	/* Only a re-INVITE's answer may still be withdrawn (RFC 6141). */
	if (d->state != SIPALG_DIALOG_CONFIRMED || sipalg_is_request(ctx))
		sipalg_media_agree(d, !ctx->side, s->cseq,
				   ctx->msg.method == SIP_ACK);
}

static void commit_offer(struct sipalg_ctx *ctx)
{
	struct sipalg_session *s = ctx->media.session;
	struct sipalg_dialog *d = ctx->dialog;
	u8 side = ctx->side;

	if (!s) {
		s = session_offered(ctx);
		if (s)
			fill(s, side, &ctx->media);
		return;
	}
	ctx->media.session = NULL;
	s->cseq = ctx->msg.cseq;
	s->offerer = side;
	s->late = !sipalg_is_request(ctx);
	s->n = ctx->media.n;
	fill(s, side, &ctx->media);
	/* A re-INVITE that was answered by a reliable 1xx is in force. */
	if (d->offer[side] && d->offer[side]->answered)
		settle(d, side, true);
	let_go(&d->offer[side]);
	d->offer[side] = s;
}

void sipalg_media_commit(struct sipalg_ctx *ctx)
{
	if (!ctx->media.present)
		return;
	if (ctx->media.answer)
		commit_answer(ctx);
	else
		commit_offer(ctx);
}

/* Is RTCP's binding in use, or kept for another fork only? */
static bool has_rtcp(const struct sipalg_line *l, unsigned int side)
{
	return l->end[side].rtcp_binding && !(l->end[0].mux && l->end[1].mux);
}

/* Is @at where the peer wants this to be sent to, or at least its host? */
static bool is_peer(const struct sip_endpoint *peer, const struct sip_endpoint *at,
		    bool exactly)
{
	return exactly ? sip_endpoint_equal(peer, at) :
			 sip_host_equal(&peer->host, &at->host);
}

static bool session_admits(const struct sipalg_session *s,
			   const struct sipalg_binding *b,
			   const struct sip_endpoint *from, bool exactly)
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
			if (is_peer(&at, from, exactly))
				return true;
			outer_rtcp(peer, &at);
			if (rtcp && is_peer(&at, from, exactly))
				return true;
		}
	}
	return false;
}

static bool call_admits(const struct sipalg_binding *b,
			const struct sip_endpoint *from, bool exactly)
{
	const struct sipalg_dialog *d;

	list_for_each_entry(d, &b->call->dialogs, list) {
		if (session_admits(d->agreed, b, from, exactly) ||
		    session_admits(d->offer[0], b, from, exactly) ||
		    session_admits(d->offer[1], b, from, exactly))
			return true;
	}
	return false;
}

bool sipalg_media_admits(const struct sipalg_binding *b, const struct sip_host *host)
{
	const struct sip_endpoint at = { .host = *host };

	return call_admits(b, &at, false);
}

bool sipalg_media_leads_to(const struct sipalg_binding *b, const struct sip_endpoint *at)
{
	return call_admits(b, at, true);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What a session description would do: where each of its lines leads, and the
 * bindings for those that lead to the sender. Nothing is decided here: whatever
 * is made goes again if the message does not get through.
 */

#include "ctx.h"
#include "net.h"

/*
 * struct line - a media line on its way into the plan
 * @m: as it was parsed
 * @end: its first pair of ports in the plan
 * @n: pairs
 * @step: from one port of its kind to the next
 * @proto: IPPROTO_UDP or IPPROTO_TCP
 */
struct line {
	const struct sdp_media *m;
	struct sipalg_media_end *end;
	u16 n;
	u8 step;
	u8 proto;
};

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
		return true;
	default:
		return false;
	}
}

/* What this line was agreed to be, for a side that holds the call. */
static const struct sipalg_media_end *agreed_end(const struct sipalg_ctx *ctx,
						 const struct sipalg_media_end *key)
{
	const struct sipalg_line *l = sipalg_session_line(ctx->dialog->agreed, key);

	return l ? &l->end[ctx->side] : NULL;
}

static struct sipalg_binding *find(struct sipalg_ctx *ctx,
				   const struct sip_endpoint *inner, u8 proto)
{
	struct sipalg_end_key key;

	sipalg_end_key_set(&key, SIPALG_INNER, inner, proto, ctx->zone);
	return sipalg_binding_find(ctx->sn, &key, sipalg_outer_host(ctx, &inner->host),
				   ctx->call, false);
}

static u16 outer_port(const struct sipalg_binding *b)
{
	struct sip_endpoint outer;

	sipalg_end_get(b, SIPALG_OUTER, &outer);
	return outer.port;
}

static bool wants_rtcp(const struct line *l)
{
	return l->m->proto == SDP_PROTO_RTP &&
	       !sip_endpoint_equal(&l->end->at, &l->end->rtcp);
}

/* Is RTCP on the port above RTP's, said or unsaid? */
static bool has_pairs(const struct line *l)
{
	const struct sipalg_media_end *end = l->end;

	return wants_rtcp(l) && end->rtcp.port == end->at.port + 1 &&
	       sip_host_equal(&end->at.host, &end->rtcp.host);
}

/* All ports anew, in a row. */
static enum sipalg_reason bind_run(struct sipalg_ctx *ctx, struct line *l)
{
	const struct sipalg_run run = {
		.type = SIPALG_BINDING_MEDIA,
		.proto = l->proto,
		.n = l->n,
		.step = l->step,
		.rtcp = has_pairs(l),
	};
	struct sipalg_binding *b, **made;
	unsigned int i;

	b = sipalg_allocate(ctx, &l->end->at, &run);
	if (IS_ERR(b))
		return sipalg_reason_of(ctx, PTR_ERR(b));
	made = &ctx->made[ctx->nmade - l->n * (1 + run.rtcp)];
	for (i = 0; i < l->n; i++) {
		l->end[i].rtp_binding = *made++;
		if (run.rtcp)
			l->end[i].rtcp_binding = *made++;
	}
	return SIPALG_R_OK;
}

/* The binding of a port next to one that is bound: there, or to be made there. */
static struct sipalg_binding *bind_at(struct sipalg_ctx *ctx, u8 type,
				      const struct sip_endpoint *inner,
				      unsigned int port, u8 proto)
{
	struct sip_endpoint outer = { .host = *sipalg_outer_host(ctx, &inner->host) };
	struct sipalg_binding *b = find(ctx, inner, proto);

	if (b || port > 65535)
		return b;
	outer.port = port;
	b = sipalg_make(ctx, type, inner, &outer, proto, !ctx->src_nat);
	return IS_ERR(b) ? NULL : b;
}

/*
 * The first port is bound already: the others belong next to it. RTCP comes
 * back after a time on RTP's port: where the port above is taken by now, the
 * call is worth more than its reports.
 */
static enum sipalg_reason bind_known(struct sipalg_ctx *ctx, struct line *l,
				     struct sipalg_binding *b)
{
	unsigned int i, port = outer_port(b);

	for (i = 0; i < l->n; i++, port += l->step) {
		struct sipalg_media_end *end = &l->end[i];

		b = bind_at(ctx, SIPALG_BINDING_MEDIA, &end->at, port, l->proto);
		if (!b || outer_port(b) != port)
			return SIPALG_R_NO_PORT;
		end->rtp_binding = b;
		if (has_pairs(l))
			end->rtcp_binding = bind_at(ctx, SIPALG_BINDING_RTCP,
						    &end->rtcp, port + 1, l->proto);
	}
	return SIPALG_R_OK;
}

/* RTCP on a port of its own choice (RFC 3605). */
static enum sipalg_reason bind_rtcp(struct sipalg_ctx *ctx, struct line *l)
{
	const struct sipalg_run run = {
		.type = SIPALG_BINDING_RTCP,
		.proto = IPPROTO_UDP,
		.n = 1,
		.step = 1,
	};
	struct sipalg_media_end *end = l->end;
	struct sipalg_binding *b;

	if (!wants_rtcp(l) || has_pairs(l) ||
	    !sipalg_is_media_host(ctx, &end->rtcp.host))
		return SIPALG_R_OK;
	if (end->rtcp.port < SIPALG_PORT_LOW) {
		sipalg_count(ctx->sn, SIPALG_R_LOW_PORT);
		return SIPALG_R_OK;
	}
	b = find(ctx, &end->rtcp, IPPROTO_UDP);
	if (!b)
		b = sipalg_allocate(ctx, &end->rtcp, &run);
	if (IS_ERR(b))
		return sipalg_reason_of(ctx, PTR_ERR(b));
	end->rtcp_binding = b;
	return SIPALG_R_OK;
}

/* Does the other side's line, if this is its answer, agree to one port? */
static bool is_muxed(const struct sipalg_ctx *ctx, const struct line *l,
		     const struct sipalg_session *offer)
{
	const struct sipalg_line *other;

	if (!offer || !l->m->rtcp_mux || l->end->early)
		return false;
	other = sipalg_session_line(offer, l->end);
	return other && other->end[!ctx->side].mux;
}

static void plan_held(const struct sipalg_ctx *ctx, struct sipalg_media_end *end)
{
	const struct sipalg_media_end *old = agreed_end(ctx, end);

	end->held = true;
	if (!old)
		return;
	end->at = old->at;
	end->rtcp = old->rtcp;
	end->rtp_binding = old->rtp_binding;
	end->rtcp_binding = old->rtcp_binding;
}

/* Where the line leads, as it is written. */
static void read_line(const struct sipalg_ctx *ctx, const struct line *l,
		      const struct sipalg_session *offer)
{
	struct sipalg_media_end *end = l->end;
	const struct sdp_media *m = l->m;

	end->kind = m->kind;
	end->direction = m->direction;
	end->mux = m->rtcp_mux;
	sdp_codecs(ctx->msg.data, m, end->codecs, SIPALG_CODECS);
	end->at.host = sdp_media_conn(&ctx->sdp, m)->addr;
	end->at.port = m->port;
	end->rtcp = end->at;
	if (!m->port || m->proto != SDP_PROTO_RTP || is_muxed(ctx, l, offer))
		return;
	/* There is none above the last one. */
	if (m->rtcp_port || m->port < 65535)
		end->rtcp.port = m->rtcp_port ?: m->port + 1;
	if (m->rtcp.addr.family)
		end->rtcp.host = m->rtcp.addr;
}

/* "49170/2": the ports of the other pairs follow (RFC 8866 5.14). */
static bool spread(const struct line *l)
{
	unsigned int i;

	if (l->end->at.port + (l->n - 1) * l->step + has_pairs(l) > 65535)
		return false;
	for (i = 1; i < l->n; i++) {
		l->end[i] = *l->end;
		l->end[i].pair = i;
		l->end[i].at.port += i * l->step;
		if (has_pairs(l))
			l->end[i].rtcp.port += i * l->step;
		else
			l->end[i].rtcp = l->end[i].at;
	}
	return true;
}

static enum sipalg_reason bind_line(struct sipalg_ctx *ctx, struct line *l)
{
	const struct sdp_media *m = l->m;
	struct sipalg_binding *b;
	enum sipalg_reason ret;

	if (!m->port)
		return SIPALG_R_OK;
	if (sdp_host_is_any(&l->end->at.host)) {
		unsigned int i;

		for (i = 0; i < l->n; i++)
			plan_held(ctx, &l->end[i]);
		return SIPALG_R_OK;
	}
	if (ctx->observe || !sipalg_sender_is_near(ctx))
		return SIPALG_R_OK;
	if (!sipalg_is_media_host(ctx, &l->end->at.host)) {
		sipalg_count(ctx->sn, SIPALG_R_FOREIGN_MEDIA);
		return SIPALG_R_OK;
	}
	if (m->port < SIPALG_PORT_LOW) {
		sipalg_count(ctx->sn, SIPALG_R_LOW_PORT);
		return SIPALG_R_OK;
	}
	if (m->proto == SDP_PROTO_NEITHER)
		return SIPALG_R_OK;
	b = find(ctx, &l->end->at, l->proto);
	ret = b ? bind_known(ctx, l, b) : bind_run(ctx, l);
	return ret != SIPALG_R_OK ? ret : bind_rtcp(ctx, l);
}

static enum sipalg_reason plan_line(struct sipalg_ctx *ctx, u32 i,
				    const struct sipalg_media_end *part,
				    const struct sipalg_session *offer)
{
	struct sipalg_media_plan *plan = &ctx->media;
	const struct sdp_media *m = &ctx->sdp.media[i];
	struct line l = {
		.m = m,
		.end = &plan->end[plan->n],
		.n = m->port ? m->count : 1,
		.step = m->proto == SDP_PROTO_RTP ? 2 : 1,
		.proto = m->proto == SDP_PROTO_TCP ? IPPROTO_TCP : IPPROTO_UDP,
	};

	if (l.n > SIPALG_MEDIA_ENDS - plan->n)
		return SIPALG_R_TOO_MANY_MEDIA;
	*l.end = *part;
	l.end->index = i;
	read_line(ctx, &l, offer);
	if (!spread(&l))
		return SIPALG_R_BAD_SDP;
	plan->line[i] = plan->n;
	plan->n += l.n;
	if (l.end->early)
		plan->nearly += l.n;
	return bind_line(ctx, &l);
}

/* One session description: its lines, and what becomes of its text. */
static enum sipalg_reason plan_part(struct sipalg_ctx *ctx,
				    const struct sip_part *text,
				    const struct sipalg_media_end *part,
				    const struct sipalg_session *offer)
{
	enum sipalg_reason ret;
	u32 i;

	ret = sdp_parse(ctx->msg.data, text->body, &ctx->sdp);
	if (ret == SIPALG_R_OK && ctx->sdp.nmedia > ctx->rule->option[SIPALG_O_MAX_MEDIA])
		return SIPALG_R_TOO_MANY_MEDIA;
	for (i = 0; ret == SIPALG_R_OK && i < ctx->sdp.nmedia; i++)
		ret = plan_line(ctx, i, part, offer);
	if (ret == SIPALG_R_OK && !ctx->observe)
		sipalg_media_edit(ctx);
	return ret;
}

/*
 * All of a message's session descriptions. Several are alternatives, or of
 * different media; they are told apart by their number, early ones apart.
 */
static enum sipalg_reason plan_parts(struct sipalg_ctx *ctx,
				     const struct sipalg_session *offer)
{
	struct sipalg_media_end part = {};
	struct sipalg_media_plan *plan = &ctx->media;
	enum sipalg_reason ret = SIPALG_R_OK;
	unsigned int n[2] = {};
	struct sip_parts parts;
	struct sip_part text;

	sip_parts_init(&parts, &ctx->msg);
	while (ret == SIPALG_R_OK && sip_parts_next(&parts, &text)) {
		/* Without lines they need no room; but there is an end to it. */
		if (n[text.early] == SIPALG_MEDIA_ENDS)
			return SIPALG_R_TOO_MANY_MEDIA;
		part.early = text.early;
		part.part = n[text.early]++;
		ret = plan_part(ctx, &text, &part, offer);
	}
	plan->present = n[false];
	return ret;
}

/* Does the plan say what is agreed for the sender's side? */
static bool is_agreed(const struct sipalg_ctx *ctx)
{
	const struct sipalg_session *s = ctx->dialog->agreed;
	const struct sipalg_media_plan *plan = &ctx->media;
	unsigned int i;

	if (!s || plan->nearly || s->n != plan->n)
		return false;
	for (i = 0; i < s->n; i++) {
		if (memcmp(&s->line[i].end[ctx->side], &plan->end[i],
			   sizeof(plan->end[i])))
			return false;
	}
	return true;
}

/*
 * A request that offers what is agreed, as session timers do (RFC 4028): the
 * agreed session takes its number. Not while anything else is on its way.
 */
static bool is_refresh(const struct sipalg_ctx *ctx)
{
	const struct sipalg_dialog *d = ctx->dialog;

	return d->state == SIPALG_DIALOG_CONFIRMED && sipalg_is_request(ctx) &&
	       !d->offer[0] && !d->offer[1] && !d->kept &&
	       !d->invite[!ctx->side].active && !d->update[!ctx->side].active &&
	       is_agreed(ctx);
}

/* An offer that is new; a repeated one has its place, or was settled since. */
static bool is_new_offer(const struct sipalg_ctx *ctx,
			 const struct sipalg_media_role *role, unsigned int n)
{
	return role->session ? role->session->n != n : !sipalg_dialog_is_repeated(ctx);
}

/* An answer that changes what is agreed, to an offer that did not, may be withdrawn. */
static bool is_new_answer(const struct sipalg_ctx *ctx,
			  const struct sipalg_media_role *role)
{
	const struct sipalg_dialog *d = ctx->dialog;

	return role->session && role->session == d->agreed &&
	       d->state == SIPALG_DIALOG_CONFIRMED && !sipalg_is_request(ctx) &&
	       !is_agreed(ctx);
}

static enum sipalg_reason plan_room(struct sipalg_ctx *ctx,
				    const struct sipalg_media_role *role)
{
	const struct sipalg_session *early = ctx->dialog->early;
	struct sipalg_media_plan *plan = &ctx->media;
	unsigned int n = plan->n - plan->nearly;
	bool needed = false;

	if (plan->present && role->answer) {
		needed = is_new_answer(ctx, role);
		n = needed ? role->session->n : n;
	} else if (plan->present) {
		plan->refresh = !role->session && is_refresh(ctx);
		needed = !plan->refresh && is_new_offer(ctx, role, n);
	}
	if (needed) {
		plan->session = sipalg_session_alloc(n, GFP_ATOMIC);
		if (!plan->session)
			return SIPALG_R_NO_MEMORY;
	}
	/* What the other side says is the answer, however many lines it has. */
	if (plan->nearly && (!early || (early->offerer == ctx->side &&
					early->n != plan->nearly))) {
		plan->early = sipalg_session_alloc(plan->nearly, GFP_ATOMIC);
		if (!plan->early)
			return SIPALG_R_NO_MEMORY;
	}
	return SIPALG_R_OK;
}

enum sipalg_reason sipalg_media_plan(struct sipalg_ctx *ctx)
{
	struct sipalg_media_role role;
	enum sipalg_reason ret;

	sipalg_media_init(&ctx->media);
	if (!ctx->msg.body.len || !carries_media(ctx) ||
	    !(ctx->rule->option[SIPALG_O_HEADERS] & SIPALG_HEADERS_SDP))
		return SIPALG_R_OK;
	sipalg_media_role(ctx, &role);
	if (ctx->msg.method == SIP_ACK && !role.session)
		return SIPALG_R_OK;
	ctx->media.answer = role.answer;
	ret = plan_parts(ctx, role.answer ? role.session : NULL);
	if (ret == SIPALG_R_OK && !ctx->stale)
		ret = plan_room(ctx, &role);
	if (ret == SIPALG_R_OK && ctx->edits.failed)
		ret = SIPALG_R_TOO_MANY_EDITS;
	if (!ctx->stale)
		return ret;
	/* One that is out of date names what is known, or is of no use. */
	if (ret != SIPALG_R_OK)
		sip_edits_init(&ctx->edits);
	sipalg_media_init(&ctx->media);
	return SIPALG_R_OK;
}

void sipalg_media_abort(struct sipalg_ctx *ctx)
{
	sipalg_session_free(ctx->media.session);
	sipalg_session_free(ctx->media.early);
	sipalg_media_init(&ctx->media);
}

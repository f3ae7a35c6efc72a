// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a session description's text, once each of its lines has a
 * place in the plan. The sender's own addresses go out as outer ones; the
 * receiver's, which only ICE repeats, come in as inner ones.
 */
#include "ctx.h"

static void put_host(struct sipalg_ctx *ctx, struct sip_span at,
		     const struct sip_host *host)
{
	u32 n = sip_host_print(sip_edits_room(&ctx->edits), host, 0, false);

	sip_edits_take(&ctx->edits, ctx->msg.data, at, n);
}

/* A connection line may stand twice. */
static void put_conn(struct sipalg_ctx *ctx, const struct sdp_conn *c)
{
	put_host(ctx, c->text, &ctx->path.src_out.host);
	if (c->twin.len)
		put_host(ctx, c->twin, &ctx->path.src_out.host);
}

static void put_number(struct sipalg_ctx *ctx, struct sip_span at, u16 port)
{
	sip_edits_add_number(&ctx->edits, ctx->msg.data, at, port);
}

static u16 port_of(const struct sipalg_binding *b, u16 port)
{
	struct sip_endpoint outer;

	if (!b)
		return port;
	sipalg_end_get(b, SIPALG_OUTER, &outer);
	return outer.port;
}

static bool is_own(const struct sipalg_ctx *ctx, const struct sdp_conn *c)
{
	return c->text.len && sipalg_is_media_host(ctx, &c->addr);
}

static const struct sipalg_media_end *end_of(const struct sipalg_ctx *ctx, u32 i)
{
	return &ctx->media.end[ctx->media.line[i]];
}

static bool is_bound(const struct sipalg_ctx *ctx, u32 i)
{
	const struct sipalg_media_end *end = end_of(ctx, i);

	return end->rtp_binding && !end->held;
}

/*
 * The session's c= counts for all lines without one of their own. It changes
 * unless all of these lead to ports that nobody opened.
 */
static bool conn_changes(const struct sipalg_ctx *ctx)
{
	bool bound = false, unbound = false;
	u32 i;

	if (!is_own(ctx, &ctx->sdp.conn))
		return false;
	for (i = 0; i < ctx->sdp.nmedia; i++) {
		const struct sdp_media *m = &ctx->sdp.media[i];

		if (m->has_conn || !m->port)
			continue;
		if (is_bound(ctx, i))
			bound = true;
		else
			unbound = true;
	}
	return bound || !unbound;
}

/* a=rtcp with our own address: it is bound, or RTP's binding counts. */
static bool has_own_rtcp(const struct sipalg_ctx *ctx, const struct sdp_media *m,
			 const struct sipalg_media_end *end)
{
	return is_own(ctx, &m->rtcp) &&
	       (end->rtcp_binding || sip_endpoint_equal(&end->at, &end->rtcp));
}

static void put_line(struct sipalg_ctx *ctx, u32 i)
{
	const struct sipalg_media_end *end = end_of(ctx, i);
	const struct sdp_media *m = &ctx->sdp.media[i];

	if (!end->rtp_binding)
		return;
	/* A line on hold has no address, but may keep its port. */
	if (m->port == end->at.port)
		put_number(ctx, m->port_text, port_of(end->rtp_binding, m->port));
	if (end->held)
		return;
	if (m->has_conn)
		put_conn(ctx, &m->conn);
	if (m->rtcp_port == m->port)
		put_number(ctx, m->rtcp_text, port_of(end->rtp_binding, m->port));
	else if (m->rtcp_port)
		put_number(ctx, m->rtcp_text,
			   port_of(end->rtcp_binding, m->rtcp_port));
	if (has_own_rtcp(ctx, m, end))
		put_host(ctx, m->rtcp.text, &ctx->path.src_out.host);
}

/* Where RTP and RTCP of a line go by default: as it was written, and now. */
struct defaults {
	struct sip_endpoint rtp[2];
	struct sip_endpoint rtcp[2];
};

static void get_defaults(const struct sipalg_ctx *ctx, u32 i, bool conn_changed,
			 struct defaults *d)
{
	const struct sipalg_media_end *end = end_of(ctx, i);
	const struct sdp_media *m = &ctx->sdp.media[i];
	bool moves = m->has_conn ? is_bound(ctx, i) : conn_changed;

	d->rtp[0] = end->at;
	d->rtp[1] = end->at;
	d->rtcp[0] = end->rtcp;
	d->rtcp[1] = end->rtcp;
	if (moves) {
		d->rtp[1].host = ctx->path.src_out.host;
		d->rtp[1].port = port_of(end->rtp_binding, end->at.port);
	}
	if (m->rtcp.text.len ? is_bound(ctx, i) && has_own_rtcp(ctx, m, end) : moves)
		d->rtcp[1].host = ctx->path.src_out.host;
	if (end->rtcp_binding || m->rtcp_port)
		d->rtcp[1].port = port_of(end->rtcp_binding, end->rtcp.port);
	else
		d->rtcp[1].port = d->rtp[1].port + 1;
}

static void put_endpoint(struct sipalg_ctx *ctx, const struct sdp_candidate *c,
			 const struct sip_endpoint *to)
{
	put_host(ctx, c->addr_text, &to->host);
	put_number(ctx, c->port_text, to->port);
}

/*
 * ICE: where c=, m= and a=rtcp lead by default has to be one of the candidates,
 * or the peer takes it for a mismatch (RFC 8839 4.2.5); so it moves with them.
 */
static void put_candidate(struct sipalg_ctx *ctx, const struct sdp_candidate *c,
			  bool conn_changed)
{
	bool udp = ctx->sdp.media[c->media].proto != SDP_PROTO_TCP;
	struct sip_endpoint at = { .host = c->addr, .port = c->port };
	struct defaults d;

	if (c->remote || c->udp != udp || end_of(ctx, c->media)->held)
		return;
	get_defaults(ctx, c->media, conn_changed, &d);
	if (sip_endpoint_equal(&at, &d.rtp[0]))
		put_endpoint(ctx, c, &d.rtp[1]);
	else if (sip_endpoint_equal(&at, &d.rtcp[0]))
		put_endpoint(ctx, c, &d.rtcp[1]);
}

static void put_own(struct sipalg_ctx *ctx)
{
	bool conn_changed = conn_changes(ctx);
	const struct sdp *sdp = &ctx->sdp;
	u32 i;

	if (is_own(ctx, &sdp->origin))
		put_host(ctx, sdp->origin.text, &ctx->path.src_out.host);
	if (conn_changed)
		put_conn(ctx, &sdp->conn);
	for (i = 0; i < sdp->nmedia; i++)
		put_line(ctx, i);
	for (i = 0; i < sdp->ncands; i++)
		put_candidate(ctx, &sdp->cands[i], conn_changed);
}

/* The receiver looks for these among its own candidates (RFC 8839 5.2). */
static void put_remote(struct sipalg_ctx *ctx)
{
	u32 i;

	for (i = 0; i < ctx->sdp.ncands; i++) {
		const struct sdp_candidate *c = &ctx->sdp.cands[i];
		struct sip_endpoint at = { .host = c->addr, .port = c->port };
		struct sipalg_end_key key;
		struct sipalg_binding *b;

		if (!c->remote || !c->addr.family)
			continue;
		sipalg_end_key_set(&key, SIPALG_OUTER, &at, IPPROTO_UDP,
				   ctx->outer_zone);
		b = sipalg_binding_find(ctx->sn, &key, &ctx->path.dst_out.host,
					ctx->call, false);
		if (!b)
			continue;
		sipalg_end_get(b, SIPALG_INNER, &at);
		put_endpoint(ctx, c, &at);
	}
}

void sipalg_media_edit(struct sipalg_ctx *ctx)
{
	if (ctx->src_nat)
		put_own(ctx);
	if (ctx->dst_nat)
		put_remote(ctx);
}

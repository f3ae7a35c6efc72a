// SPDX-License-Identifier: GPL-2.0
/* Session descriptions: which media lines get ports, and which addresses change. */
#include <stdlib.h>

#include "explain.h"

#define LOW_PORT	1024	/* below it nothing is opened */
#define MEDIA_MAX	64	/* in all session descriptions of a message */

/* A message's session description is of media in these only. */
static bool carries_media(const struct sip_msg *m)
{
	switch (m->method) {
	case SIP_INVITE:
	case SIP_UPDATE:
	case SIP_PRACK:
		return m->status < 300;
	case SIP_ACK:
		return true;
	default:
		return false;
	}
}

static bool is_own(const struct explain *e, const struct sdp_conn *c)
{
	return c->text.len && e->from.host.family && sip_host_equal(&c->addr, &e->from.host);
}

/* Why no port is opened for a line; NULL: it is. */
static const char *why_unmapped(const struct explain *e, const struct sdp *sdp,
				const struct sdp_media *m)
{
	const struct sdp_conn *c = sdp_media_conn(sdp, m);

	if (!m->port)
		return "it is refused: its port is 0";
	if (!c->addr.family)
		return c->text.len ? "its address is a name" : "it has no address";
	if (sdp_host_is_any(&c->addr))
		return "it is on hold: what was agreed stays open";
	if (e->is_in)
		return "it is where the sender waits: ports of the receiver lead there";
	if (!e->from.host.family)
		return "the sender is not known: see --from";
	if (!is_own(e, c))
		return "its address is of another host";
	if (m->port < LOW_PORT)
		return "its port is under 1024";
	return m->proto == SDP_PROTO_NEITHER ? "it is neither over UDP nor over TCP" : NULL;
}

static uint16_t rtcp_port(const struct sdp_media *m)
{
	if (m->proto != SDP_PROTO_RTP || !m->port)
		return 0;
	if (m->rtcp_port)
		return m->rtcp_port == m->port ? 0 : m->rtcp_port;
	return m->port < UINT16_MAX ? m->port + 1 : 0;
}

static struct explain_media *add_media(struct explain *e, const struct sdp *sdp,
				       const struct sdp_media *m)
{
	struct explain_media *l = reallocarray(e->media, e->nmedia + 1, sizeof(*l));

	if (!l)
		return NULL;
	e->media = l;
	l += e->nmedia++;
	*l = (struct explain_media){
		.text = m->port_text,
		.addr = sdp_media_conn(sdp, m)->text,
		.kind = sdp_kind_name(m->kind),
		.why = why_unmapped(e, sdp, m),
		.port = m->port,
		.count = m->count,
		.rtcp_port = rtcp_port(m),
	};
	return l;
}

/* An address of a line: what it becomes, if it does. */
static bool put_addr(struct explain *e, struct sip_span text, const char *field, const char *use,
		     const char *why)
{
	struct explain_place *p = explain_add(e, text, field, use);
	u32 len;

	if (!p)
		return false;
	p->why = why;
	if (!why && e->to.host.family && !explain_has_nat(e))
		p->why = "it is the same outside";
	if (p->why || !e->to.host.family)
		return true;
	len = sip_host_print(p->becomes, &e->to.host, 0, false);
	p->becomes[len] = '\0';
	sip_edits_add(&e->edits, e->data, text, p->becomes, len);
	return true;
}

static const char *why_left(const struct explain *e, const struct sdp_conn *c, bool moves)
{
	if (!c->addr.family)
		return "it is a name";
	if (sdp_host_is_any(&c->addr))
		return "it names no host";
	if (e->is_in)
		return e->to.host.family && sip_host_equal(&c->addr, &e->to.host) ?
		       "only the gateway knows whose port it is" : "it is of another host";
	if (!e->from.host.family)
		return "the sender is not known: see --from";
	if (!is_own(e, c)) {
		if (e->to.host.family && sip_host_equal(&c->addr, &e->to.host))
			return "it is the outside address already";
		return "it is of another host";
	}
	return moves ? NULL : "no port is opened where it counts";
}

static bool put_conn(struct explain *e, const struct sdp_conn *c, const char *field,
		     const char *use, bool moves)
{
	const char *why = why_left(e, c, moves);

	if (!c->text.len)
		return true;
	return put_addr(e, c->text, field, use, why) &&
	       (!c->twin.len || put_addr(e, c->twin, field, use, why));
}

/* A session's c= changes unless all lines for which it counts are left. */
static bool session_moves(const struct sdp *sdp, const struct explain_media *lines)
{
	bool bound = false, unbound = false;

	for (unsigned int i = 0; i < sdp->nmedia; i++) {
		if (sdp->media[i].has_conn || !sdp->media[i].port)
			continue;
		if (lines[i].why)
			unbound = true;
		else
			bound = true;
	}
	return bound || !unbound;
}

/* ICE: the candidates that are where the line leads by default move with it. */
static bool put_candidate(struct explain *e, const struct sdp *sdp, const struct sdp_candidate *c,
			  const struct explain_media *lines)
{
	const struct explain_media *l = &lines[c->media];
	const struct sdp_conn conn = { .text = c->addr_text, .addr = c->addr };
	bool is_tcp = sdp->media[c->media].proto == SDP_PROTO_TCP;
	const char *why;

	if (c->remote)
		return put_addr(e, c->addr_text, "a=remote-candidates",
				"a candidate of the other side",
				e->is_in ? "only the gateway knows whose port it is" :
					   "it is the receiver's");
	why = why_left(e, &conn, true);
	if (!why && (l->why || c->udp == is_tcp ||
		     (c->port != l->port && c->port != l->rtcp_port)))
		why = "it is not where its media line leads";
	return put_addr(e, c->addr_text, "a=candidate", "where media can go", why);
}

static bool put_lines(struct explain *e, const struct sdp *sdp, const struct explain_media *lines)
{
	bool good = put_conn(e, &sdp->origin, "o=", "who made the description", true) &&
		    put_conn(e, &sdp->conn, "c=", "where media goes", session_moves(sdp, lines));

	for (unsigned int i = 0; good && i < sdp->nmedia; i++) {
		const struct sdp_media *m = &sdp->media[i];

		if (m->has_conn)
			good = put_conn(e, &m->conn, "c=", "where its media goes", !lines[i].why);
		if (good)
			good = put_conn(e, &m->rtcp, "a=rtcp", "where its RTCP goes",
					!lines[i].why);
	}
	for (unsigned int i = 0; good && i < sdp->ncands; i++)
		good = put_candidate(e, sdp, &sdp->cands[i], lines);
	return good;
}

static enum sipalg_reason body(struct explain *e, struct sip_span part)
{
	static struct sdp sdp;
	enum sipalg_reason r = sdp_parse(e->data, part, &sdp);
	size_t first = e->nmedia;
	size_t pairs = 0;

	if (r != SIPALG_R_OK) {
		e->bad = explain_bad_sdp(e->data, part);
		return r;
	}
	for (unsigned int i = 0; i < sdp.nmedia; i++) {
		if (!add_media(e, &sdp, &sdp.media[i]))
			return SIPALG_R_NO_MEMORY;
	}
	for (size_t i = 0; i < e->nmedia; i++)
		pairs += e->media[i].port ? e->media[i].count : 1;
	if (pairs > MEDIA_MAX)
		return SIPALG_R_TOO_MANY_MEDIA;
	return put_lines(e, &sdp, e->media + first) ? SIPALG_R_OK : SIPALG_R_NO_MEMORY;
}

enum sipalg_reason explain_bodies(struct explain *e)
{
	enum sipalg_reason r = SIPALG_R_OK;
	struct sip_parts parts;
	struct sip_part part;

	if (!carries_media(&e->msg))
		return r;
	sip_parts_init(&parts, &e->msg);
	while (r == SIPALG_R_OK && sip_parts_next(&parts, &part))
		r = body(e, part.body);
	return r == SIPALG_R_OK && e->edits.failed ? SIPALG_R_TOO_MANY_EDITS : r;
}

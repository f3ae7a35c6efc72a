/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read all that a message has through every function, and say whether each
 * span that comes back is within the message.
 */
#ifndef WALK_H
#define WALK_H

#include "tap.h"

static u32 walk_limit;
static int walk_bad;

static inline void walk_in(struct sip_span s, struct sip_span within)
{
	if (!s.len)
		return;
	if (s.off < within.off || s.len > within.len ||
	    s.off - within.off > within.len - s.len)
		walk_bad++;
}

static inline void walk_uri(const char *d, struct sip_span s)
{
	struct sip_span value;
	struct sip_uri u;

	if (sip_uri_parse(d, s, &u))
		return;
	walk_in(u.user, s);
	walk_in(u.hostport, s);
	walk_in(u.host, u.hostport);
	walk_in(u.params, s);
	walk_in(u.headers, s);
	if ((u.scheme == SIP_SCHEME_SIP || u.scheme == SIP_SCHEME_SIPS) &&
	    !u.host.len)
		walk_bad++;
	if (sip_param(d, u.params, "lr", &value))
		walk_in(value, u.params);
}

static inline void walk_nameaddrs(const char *d, struct sip_span s)
{
	struct sip_span rest = s, value;
	struct sip_nameaddr na;
	u32 left = s.len + 1;

	while (sip_nameaddr_next(d, &rest, &na) == 1) {
		walk_in(na.uri, s);
		walk_in(na.params, s);
		walk_in(rest, s);
		if (na.star ? na.uri.len : !na.uri.len)
			walk_bad++;
		if (rest.len >= left)
			walk_bad++;
		left = rest.len;
		walk_uri(d, na.uri);
		if (sip_param(d, na.params, "expires", &value))
			walk_in(value, na.params);
	}
}

static inline void walk_vias(const char *d, struct sip_span s)
{
	struct sip_span rest = s;
	struct sip_via v;

	while (sip_via_next(d, &rest, &v) == 1) {
		walk_in(v.hostport, s);
		walk_in(v.host, v.hostport);
		walk_in(v.params, s);
		walk_in(v.port_text, s);
		walk_in(v.maddr, v.params);
		walk_in(v.branch, v.params);
		walk_in(v.received, v.params);
		walk_in(v.rport, v.params);
	}
}

static inline void walk_conn(const struct sdp_conn *c, struct sip_span s)
{
	walk_in(c->text, s);
	walk_in(c->twin, s);
	if (!c->text.len && c->addr.family)
		walk_bad++;
}

static inline void walk_codecs(const char *d, const struct sdp_media *m)
{
	char text[16 * SDP_CODEC_TEXT];
	u8 codes[16];

	sdp_codecs_print(text, codes, sdp_codecs(d, m, codes, 16));
}

static inline void walk_sdp(const char *d, struct sip_span s, struct sdp *sdp)
{
	u32 i;

	if (sdp_parse(d, s, sdp) != SIPALG_R_OK)
		return;
	if (sdp->nmedia > SDP_MAX_MEDIA || sdp->ncands > SDP_MAX_CANDIDATES) {
		walk_bad++;
		return;
	}
	walk_conn(&sdp->origin, s);
	walk_conn(&sdp->conn, s);
	for (i = 0; i < sdp->nmedia; i++) {
		walk_conn(&sdp->media[i].conn, s);
		walk_conn(&sdp->media[i].rtcp, s);
		walk_in(sdp->media[i].port_text, s);
		walk_in(sdp->media[i].rtcp_text, s);
		walk_in(sdp->media[i].fmts, s);
		walk_in(sdp->media[i].attrs, s);
		walk_codecs(d, &sdp->media[i]);
	}
	for (i = 0; i < sdp->ncands; i++) {
		walk_in(sdp->cands[i].addr_text, s);
		walk_in(sdp->cands[i].port_text, s);
		if (sdp->cands[i].media >= sdp->nmedia)
			walk_bad++;
	}
}

static inline void walk_message(const struct sip_msg *m)
{
	struct sip_span whole = { 0, m->len };
	u32 i, seen = 0, parts = 0;
	struct sip_parts bodies;
	struct sip_part part;
	static struct sdp sdp;
	int id;

	if (m->len > walk_limit || sip_span_is(m->data, m->call_id, ""))
		walk_bad++;
	walk_in(m->method_name, whole);
	walk_in(m->ruri, whole);
	walk_in(m->reason, whole);
	walk_in(m->body, whole);
	walk_in(m->call_id, whole);
	walk_in(m->from_tag, whole);
	walk_in(m->to_tag, whole);
	if (m->body.off + m->body.len != m->len)
		walk_bad++;
	for (id = 0; id < SIP_HDR_COUNT; id++) {
		const struct sip_hdr *h = sip_hdr_first(m, id);

		for (; h; h = sip_hdr_next(m, h), seen++)
			if (h->id != id)
				walk_bad++;
	}
	if (seen != m->nhdrs)
		walk_bad++;
	walk_uri(m->data, m->ruri);
	for (i = 0; i < m->nhdrs; i++) {
		walk_in(m->hdrs[i].value, (struct sip_span){ 0, m->body.off });
		walk_nameaddrs(m->data, m->hdrs[i].value);
		walk_vias(m->data, m->hdrs[i].value);
		walk_uri(m->data, m->hdrs[i].value);
	}
	sip_parts_init(&bodies, m);
	while (sip_parts_next(&bodies, &part)) {
		walk_in(part.body, m->body);
		walk_sdp(m->data, part.body, &sdp);
		if (parts++ > m->body.len)
			exit(99);
	}
	walk_sdp(m->data, m->body, &sdp);
}

/* Return: what sip_parse() says; walk_bad counts what is not consistent. */
static inline int walk(const char *data, u32 len)
{
	static struct sip_msg m;
	bool like = sip_looks_like(data, len);
	int r;

	walk_limit = len;
	r = sip_parse(&m, data, len);
	if ((r == SIPALG_R_OK && !like) || (r == SIPALG_R_NOT_SIP && like) ||
	    r < 0 || r >= SIPALG_R_COUNT)
		walk_bad++;
	if (r == SIPALG_R_OK)
		walk_message(&m);
	return r;
}

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * Session descriptions: one pass over the lines.
 */
#include "sdp.h"
#include "scan.h"

/*
 * Where the pass is: the current line's bytes [pos, end), without its end and
 * trailing white space, and what the session says for all its media.
 */
struct walk {
	const char *data;
	u32 pos;
	u32 end;
	struct sdp *sdp;
	struct sdp_media *media;	/* NULL before the first m= */
	bool has_conn;
	bool setup_active;
	u8 direction;
};

/* The next word of the line; empty at its end. */
static struct sip_span word(struct walk *w)
{
	u32 from = sip_skip_ws(w->data, w->pos, w->end);

	w->pos = sip_word_end(w->data, from, w->end);
	return sip_span(from, w->pos);
}

static inline bool is(const struct walk *w, struct sip_span s, const char *text)
{
	return sip_nocase(w->data + s.off, s.len, text);
}

static inline bool begins(const struct walk *w, struct sip_span s,
			  const char *text)
{
	u32 len = (u32)__builtin_strlen(text);

	return s.len >= len && sip_same(w->data + s.off, text, len);
}

static bool port(const struct walk *w, struct sip_span s, u16 *v)
{
	u32 n;

	if (sip_number(w->data, s, &n) || n > 65535)
		return false;
	*v = (u16)n;
	return true;
}

static bool same_text(const struct walk *w, struct sip_span a,
		      struct sip_span b)
{
	return a.len == b.len &&
	       !memcmp(w->data + a.off, w->data + b.off, a.len);
}

/* "IN IP4 192.0.2.1"; another network's address is none that we can read. */
static bool connection(struct walk *w, struct sdp_conn *c)
{
	struct sip_span net, type, addr;
	bool ours = true;

	memset(c, 0, sizeof(*c));
	if (w->end - w->pos > 7 && !memcmp(w->data + w->pos, "IN IP4 ", 7)) {
		w->pos += 7;
	} else {
		net = word(w);
		type = word(w);
		ours = is(w, net, "in") && type.len;
	}
	addr = word(w);
	if (!addr.len)
		return false;
	if (!ours)
		return true;
	addr = sip_span(addr.off, sip_find(w->data, addr.off, sip_span_end(addr),
					   '/'));
	if (!addr.len)
		return false;
	c->text = addr;
	/* Most of them are the origin's, which has been read. */
	if (same_text(w, addr, w->sdp->origin.text))
		c->addr = w->sdp->origin.addr;
	else
		sip_host_parse(w->data, addr, &c->addr);
	return true;
}

static enum sipalg_reason line_c(struct walk *w)
{
	struct sdp_conn *c = w->media ? &w->media->conn : &w->sdp->conn;
	bool *has = w->media ? &w->media->has_conn : &w->has_conn;
	struct sdp_conn conn;

	if (!connection(w, &conn))
		return SIPALG_R_BAD_SDP;
	if (!*has) {
		*c = conn;
		*has = true;
		return SIPALG_R_OK;
	}
	/* A third one could not be shown to whoever replaces them. */
	if (c->twin.len || !same_text(w, c->text, conn.text))
		return SIPALG_R_BAD_SDP;
	c->twin = conn.text;
	return SIPALG_R_OK;
}

/* The last word of the line, taken off it. */
static struct sip_span last_word(struct walk *w)
{
	const char *from = w->data + w->pos, *stop = w->data + w->end, *p;

	while (stop > from && sip_is_ws(stop[-1]))
		stop--;
	for (p = stop; p > from && !sip_is_ws(p[-1]); p--)
		;
	w->end = (u32)(p - w->data);
	return sip_span(w->end, (u32)(stop - w->data));
}

/* Most say so in these letters. */
static bool ends_in_ip4(struct walk *w)
{
	return w->end - w->pos >= 8 &&
	       !memcmp(w->data + w->end - 8, " IN IP4 ", 8);
}

/*
 * Read from its end: user names with spaces are about. An origin that cannot
 * be read harms nobody, it only names somebody.
 */
static void line_o(struct walk *w)
{
	struct sip_span addr = last_word(w), type, net;

	if (w->sdp->origin.text.len)
		return;
	if (!ends_in_ip4(w)) {
		type = last_word(w);
		net = last_word(w);
		if (!type.len || !is(w, net, "in"))
			return;
	}
	w->sdp->origin.text = addr;
	sip_host_parse(w->data, addr, &w->sdp->origin.addr);
}

static u8 kind_of(const struct walk *w, struct sip_span s)
{
	if (is(w, s, "audio"))
		return SDP_KIND_AUDIO;
	if (is(w, s, "video"))
		return SDP_KIND_VIDEO;
	if (is(w, s, "image"))
		return SDP_KIND_IMAGE;
	if (is(w, s, "text"))
		return SDP_KIND_TEXT;
	if (is(w, s, "message"))
		return SDP_KIND_MESSAGE;
	if (is(w, s, "application"))
		return SDP_KIND_APPLICATION;
	return SDP_KIND_OTHER;
}

static bool has_rtp(const struct walk *w, struct sip_span s)
{
	for (; s.len > 3; s.off++, s.len--)
		if (begins(w, s, "rtp/"))
			return true;
	return false;
}

/* The first word says what runs over IP, except for RTP alone. */
static u8 proto_of(const struct walk *w, struct sip_span s)
{
	if (begins(w, s, "rtp/"))
		return SDP_PROTO_RTP;
	if (is(w, s, "tcp") || begins(w, s, "tcp/"))
		return SDP_PROTO_TCP;
	if (begins(w, s, "udp/"))
		return has_rtp(w, s) ? SDP_PROTO_RTP : SDP_PROTO_UDP;
	if (is(w, s, "udp") || is(w, s, "udptl") || is(w, s, "dtls/sctp"))
		return SDP_PROTO_UDP;
	if (is(w, s, "sctp") || begins(w, s, "sctp/") ||
	    is(w, s, "dccp") || begins(w, s, "dccp/"))
		return SDP_PROTO_NEITHER;
	return SDP_PROTO_OTHER;
}

/* "49170" or "49170/2" */
static bool media_port(const struct walk *w, struct sip_span s,
		       struct sdp_media *m)
{
	u32 end = sip_span_end(s), i = sip_find(w->data, s.off, end, '/');

	m->port_text = sip_span(s.off, i);
	m->count = 1;
	if (!port(w, m->port_text, &m->port))
		return false;
	if (i == end)
		return true;
	return port(w, sip_span(i + 1, end), &m->count) && m->count;
}

/* @next: first byte behind the line */
static enum sipalg_reason line_m(struct walk *w, u32 next)
{
	struct sip_span kind = word(w), number = word(w), proto = word(w);
	struct sdp_media *m;

	if (!proto.len)
		return SIPALG_R_BAD_SDP;
	if (w->sdp->nmedia == SDP_MAX_MEDIA)
		return SIPALG_R_TOO_MANY_MEDIA;
	m = &w->sdp->media[w->sdp->nmedia++];
	memset(m, 0, sizeof(*m));
	if (!media_port(w, number, m))
		return SIPALG_R_BAD_SDP;
	m->kind = kind_of(w, kind);
	m->proto = proto_of(w, proto);
	m->direction = w->direction;
	m->setup_active = w->setup_active;
	m->fmts = sip_trim(w->data, w->pos, w->end);
	m->attrs = sip_span(next, next);
	w->media = m;
	return SIPALG_R_OK;
}

/* "rtcp:53020 IN IP6 2001:db8::1" or "rtcp:53020" */
static enum sipalg_reason attr_rtcp(struct walk *w)
{
	struct sdp_media *m = w->media;
	struct sip_span number = word(w);

	if (!m)
		return SIPALG_R_OK;
	if (m->rtcp_text.len || !port(w, number, &m->rtcp_port))
		return SIPALG_R_BAD_SDP;
	m->rtcp_text = number;
	if (w->pos < w->end && !connection(w, &m->rtcp))
		return SIPALG_R_BAD_SDP;
	return SIPALG_R_OK;
}

/*
 * Room for one more. A line that cannot be read is nothing that a peer could
 * use either: it does not get here.
 */
static enum sipalg_reason add_candidate(struct walk *w, struct sip_span component,
					struct sip_span addr, struct sip_span number,
					bool udp, bool remote)
{
	struct sdp_candidate *c = &w->sdp->cands[w->sdp->ncands];
	u32 n;

	if (sip_number(w->data, component, &n) || n > 65535)
		return SIPALG_R_OK;
	if (w->sdp->ncands == SDP_MAX_CANDIDATES)
		return SIPALG_R_TOO_MANY_MEDIA;
	memset(c, 0, sizeof(*c));
	if (!port(w, number, &c->port))
		return SIPALG_R_OK;
	c->media = (u8)(w->sdp->nmedia - 1);
	c->component = (u16)n;
	c->udp = udp;
	c->remote = remote;
	c->addr_text = addr;
	c->port_text = number;
	sip_host_parse(w->data, addr, &c->addr);
	w->sdp->ncands++;
	return SIPALG_R_OK;
}

/* "candidate:1 1 UDP 2130706431 192.0.2.1 8998 typ host [raddr A rport P]" */
static enum sipalg_reason attr_candidate(struct walk *w)
{
	struct sip_span foundation = word(w), component = word(w);
	struct sip_span transport = word(w), priority = word(w);
	struct sip_span addr = word(w), number = word(w), typ = word(w);
	struct sip_span type = word(w);

	if (!w->media || !foundation.len || !priority.len || !type.len ||
	    !is(w, typ, "typ"))
		return SIPALG_R_OK;
	return add_candidate(w, component, addr, number,
			     is(w, transport, "udp"), false);
}

/* "remote-candidates:1 192.0.2.3 45664 2 192.0.2.3 45665" */
static enum sipalg_reason attr_remote_candidates(struct walk *w)
{
	struct sip_span component, addr, number;
	enum sipalg_reason r = SIPALG_R_OK;

	while (w->media && r == SIPALG_R_OK) {
		component = word(w);
		addr = word(w);
		number = word(w);
		if (!number.len)
			break;
		r = add_candidate(w, component, addr, number, true, true);
	}
	return r;
}

static void set_direction(struct walk *w, u8 direction)
{
	if (w->media)
		w->media->direction = direction;
	else
		w->direction = direction;
}

static void attr_setup(struct walk *w)
{
	struct sip_span value = word(w);
	bool active = is(w, value, "active") || is(w, value, "actpass");

	if (w->media)
		w->media->setup_active = active;
	else
		w->setup_active = active;
}

/* Attributes without a value. */
static void flag(struct walk *w, struct sip_span name)
{
	if (is(w, name, "sendrecv"))
		set_direction(w, SDP_SENDRECV);
	else if (is(w, name, "sendonly"))
		set_direction(w, SDP_SENDONLY);
	else if (is(w, name, "recvonly"))
		set_direction(w, SDP_RECVONLY);
	else if (is(w, name, "inactive"))
		set_direction(w, SDP_INACTIVE);
	else if (w->media && is(w, name, "rtcp-mux"))
		w->media->rtcp_mux = true;
	else if (w->media && is(w, name, "bundle-only"))
		w->media->bundle_only = true;
}

/* Attributes with one, which begins at @w->pos. */
static enum sipalg_reason attribute(struct walk *w, struct sip_span name)
{
	if (is(w, name, "rtcp"))
		return attr_rtcp(w);
	if (is(w, name, "candidate"))
		return attr_candidate(w);
	if (is(w, name, "remote-candidates"))
		return attr_remote_candidates(w);
	if (is(w, name, "setup"))
		attr_setup(w);
	else if (!w->media && is(w, name, "group"))
		w->sdp->bundle |= is(w, word(w), "bundle");
	else if (is(w, name, "ice-ufrag"))
		w->sdp->ice = true;
	return SIPALG_R_OK;
}

/*
 * Does this line, of two bytes or more, say nothing to us? Most attributes are
 * rtpmap, fmtp and ptime: their first letters rule them out.
 */
static inline bool passed_over(const char *p, u32 len)
{
	switch (p[0]) {
	case 'c':
	case 'm':
	case 'o':
		return false;
	case 'a':
		break;
	default:
		return true;
	}
	if (len < 6)
		return true;
	switch (p[2] | 0x20) {
	case 'r':
		/* rtcp, recvonly, remote-candidates; not rtpmap */
		return (p[4] | 0x20) == 'p';
	case 'b':
	case 'c':
	case 'g':
	case 'i':
	case 's':
		return false;
	default:
		return true;
	}
}

static enum sipalg_reason line_a(struct walk *w)
{
	struct sip_span name;

	if (w->end - w->pos < 4)
		return SIPALG_R_OK;
	name = sip_span(w->pos, sip_find(w->data, w->pos, w->end, ':'));
	if (sip_span_end(name) == w->end) {
		flag(w, name);
		return SIPALG_R_OK;
	}
	w->pos = sip_span_end(name) + 1;
	return attribute(w, name);
}

/* One line; @next is the first byte behind it. */
static enum sipalg_reason line(struct walk *w, char type, u32 next)
{
	switch (type) {
	case 'a':
		return line_a(w);
	case 'c':
		return line_c(w);
	case 'm':
		return line_m(w, next);
	case 'o':
		line_o(w);
		return SIPALG_R_OK;
	default:
		return SIPALG_R_OK;
	}
}

static void section_end(struct walk *w, u32 pos)
{
	if (w->media)
		w->media->attrs.len = pos - w->media->attrs.off;
}

static void init(struct walk *w, const char *data, struct sdp *sdp)
{
	memset(w, 0, sizeof(*w));
	w->data = data;
	w->sdp = sdp;
	w->direction = SDP_SENDRECV;
	memset(sdp, 0, offsetof(struct sdp, media));
}

enum sipalg_reason sdp_parse(const char *data, struct sip_span s,
			     struct sdp *sdp)
{
	u32 pos = s.off, end = sip_span_end(s), next;
	enum sipalg_reason r;
	struct walk w;

	if (s.len < 2 || data[pos] != 'v' || data[pos + 1] != '=')
		return SIPALG_R_BAD_SDP;
	init(&w, data, sdp);
	for (; pos < end; pos = next) {
		u32 lf = sip_find_lf(data, pos, end);

		next = lf < end ? lf + 1 : end;
		if (lf - pos < 2 || data[pos + 1] != '=' ||
		    passed_over(data + pos, lf - pos))
			continue;
		if (data[pos] == 'm')
			section_end(&w, pos);
		w.pos = pos + 2;
		w.end = lf;
		/* The '=' in front of them is no white space. */
		while (sip_is_ws(data[w.end - 1]))
			w.end--;
		r = line(&w, data[pos], next);
		if (r != SIPALG_R_OK)
			return r;
	}
	section_end(&w, end);
	return SIPALG_R_OK;
}

bool sdp_host_is_any(const struct sip_host *h)
{
	static const u8 any[16];

	if (!h->family)
		return false;
	return !memcmp(h->addr, any, h->family == 4 ? 4 : 16);
}

const char *sdp_kind_name(enum sdp_kind kind)
{
	static const char *const names[] = {
		[SDP_KIND_OTHER] = "other",
		[SDP_KIND_AUDIO] = "audio",
		[SDP_KIND_VIDEO] = "video",
		[SDP_KIND_IMAGE] = "image",
		[SDP_KIND_TEXT] = "text",
		[SDP_KIND_MESSAGE] = "message",
		[SDP_KIND_APPLICATION] = "application",
	};

	return (u32)kind <= SDP_KIND_APPLICATION ? names[kind] : "other";
}

const char *sdp_direction_name(enum sdp_direction direction)
{
	static const char *const names[] = {
		[SDP_SENDRECV] = "sendrecv",
		[SDP_SENDONLY] = "sendonly",
		[SDP_RECVONLY] = "recvonly",
		[SDP_INACTIVE] = "inactive",
	};

	return (u32)direction <= SDP_INACTIVE ? names[direction] : "sendrecv";
}

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

/* Begin a media section; there is room. @next: the first byte behind its line */
static struct sdp_media *section(struct walk *w, u32 next)
{
	struct sdp_media *m = &w->sdp->media[w->sdp->nmedia++];

	sip_zero(m, sizeof(*m));
	m->direction = w->direction;
	m->setup_active = w->setup_active;
	m->attrs = sip_span(next, next);
	w->media = m;
	return m;
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
	m = section(w, next);
	if (!media_port(w, number, m))
		return SIPALG_R_BAD_SDP;
	m->kind = kind_of(w, kind);
	m->proto = proto_of(w, proto);
	m->fmts = sip_trim(w->data, w->pos, w->end);
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

/*
 * The lines that nearly every description has are read from their words; @p is
 * their first byte, and @stop behind the last one that is no white space.
 * All of these return false where the line is another one: line() reads it.
 */

/* "c=IN IP4 192.0.2.1", the first one of its section. */
static bool usual_c(struct walk *w, const char *p, const char *stop)
{
	struct sdp_conn *c = w->media ? &w->media->conn : &w->sdp->conn;
	bool *has = w->media ? &w->media->has_conn : &w->has_conn;
	const struct sdp_conn *o = &w->sdp->origin;
	const char *q = w->data + o->text.off;
	u32 len = (u32)(stop - p) - 9;

	if (!sip_has(p, stop, 16) || memcmp(p, "c=IN IP4", 8) || p[8] != ' ' || *has)
		return false;
	p += 9;
	/* Most of them are the origin's, which has been read. */
	if (o->addr.family == 4 && len == o->text.len && len >= 8 &&
	    sip_word(p) == sip_word(q) && sip_word(stop - 8) == sip_word(q + len - 8))
		memcpy(c->addr.addr, o->addr.addr, 4);
	else if (sip_v4(p, stop, c->addr.addr) != stop)
		return false;
	c->addr.family = 4;
	c->text.off = (u32)(p - w->data);
	c->text.len = len;
	*has = true;
	return true;
}

/* "o=... IN IP4 192.0.2.1", the first one. Its last space is looked for. */
static bool usual_o(struct walk *w, const char *p, const char *stop)
{
	struct sdp_conn *o = &w->sdp->origin;
	const char *q = stop - 8;
	u64 marks;

	if (!sip_has(p, stop, 26) || o->text.len)
		return false;
	marks = sip_below(sip_word(q), ' ' + 1);
	if (!marks) {
		q -= 8;
		marks = sip_below(sip_word(q), ' ' + 1);
	}
	/* Of the marks the highest one may be false: no address follows it then. */
	if (!marks)
		return false;
	q += 8 - ((u32)__builtin_clzll(marks) >> 3);
	if (memcmp(q - 8, " IN IP4 ", 8) || sip_v4(q, stop, o->addr.addr) != stop) {
		memset(o->addr.addr, 0, 4);
		return false;
	}
	o->addr.family = 4;
	o->text.off = (u32)(q - w->data);
	o->text.len = (u32)(stop - q);
	return true;
}

/* "m=audio 49170 RTP/AVP 0" or "m=video ..." */
static bool usual_m(struct walk *w, const char *p, const char *stop, u32 next)
{
	struct sdp_media *m;
	u32 n, port;
	u64 digits;
	u8 kind;

	if (!sip_has(p, stop, 19) || w->sdp->nmedia == SDP_MAX_MEDIA)
		return false;
	if (!memcmp(p, "m=audio ", 8))
		kind = SDP_KIND_AUDIO;
	else if (!memcmp(p, "m=video ", 8))
		kind = SDP_KIND_VIDEO;
	else
		return false;
	p += 8;
	digits = sip_word(p);
	n = sip_digits(digits);
	if (!n || n > 5 || p[n] != ' ')
		return false;
	port = sip_digits_value(digits, n);
	if (port > 65535 || !sip_has(p + n, stop, 10) ||
	    memcmp(p + n + 1, "RTP/AVP ", 8) || (u8)p[n + 9] <= ' ')
		return false;
	m = section(w, next);
	m->kind = kind;
	m->proto = SDP_PROTO_RTP;
	m->port = (u16)port;
	m->count = 1;
	m->port_text.off = (u32)(p - w->data);
	m->port_text.len = n;
	m->fmts = sip_span(m->port_text.off + n + 9, (u32)(stop - w->data));
	return true;
}

/* "a=sendrecv" */
static bool usual_a(struct walk *w, const char *p, const char *stop)
{
	u8 direction;

	if (stop - p != 10)
		return false;
	if (!memcmp(p + 2, "sendrecv", 8))
		direction = SDP_SENDRECV;
	else if (!memcmp(p + 2, "sendonly", 8))
		direction = SDP_SENDONLY;
	else if (!memcmp(p + 2, "recvonly", 8))
		direction = SDP_RECVONLY;
	else if (!memcmp(p + 2, "inactive", 8))
		direction = SDP_INACTIVE;
	else
		return false;
	set_direction(w, direction);
	return true;
}

static void section_end(struct walk *w, u32 pos)
{
	if (w->media)
		w->media->attrs.len = pos - w->media->attrs.off;
}

static sip_rare enum sipalg_reason other_line(struct walk *w, const char *p,
					      const char *stop, u32 next)
{
	w->pos = (u32)(p + 2 - w->data);
	w->end = (u32)(stop - w->data);
	switch (*p) {
	case 'a':
		return line_a(w);
	case 'c':
		return line_c(w);
	case 'm':
		return line_m(w, next);
	default:
		line_o(w);
		return SIPALG_R_OK;
	}
}

/* One line that may matter. @next: the first byte behind it */
static __always_inline enum sipalg_reason line(struct walk *w, const char *p,
					       const char *lf, u32 next)
{
	const char *stop = lf;
	bool done;

	/* The '=' in front of them is no white space. */
	while (sip_is_ws(stop[-1]))
		stop--;
	if (*p == 'm')
		section_end(w, (u32)(p - w->data));
	if (!SIP_WORDS)
		return other_line(w, p, stop, next);
	if (*p == 'a')
		done = usual_a(w, p, stop);
	else if (*p == 'c')
		done = usual_c(w, p, stop);
	else if (*p == 'm')
		done = usual_m(w, p, stop, next);
	else
		done = usual_o(w, p, stop);
	return done ? SIPALG_R_OK : other_line(w, p, stop, next);
}

/* Of the letters from 'a' on, those with bits. */
static inline bool is_one_of(u32 letters, char c)
{
	u32 bit = (u32)(u8)c - 'a';

	return bit < 26 && letters >> bit & 1;
}

#define LETTER(c)	(1u << ((c) - 'a'))

/*
 * Does this line, of two bytes or more, say nothing to us? Most attributes are
 * rtpmap, fmtp and ptime: their first letters rule them out.
 */
static inline bool passed_over(const char *p, const char *lf)
{
	if (p[0] != 'a')
		return !is_one_of(LETTER('c') | LETTER('m') | LETTER('o'), p[0]);
	/* rtcp, recvonly and remote-candidates; not rtpmap */
	return lf - p < 6 ||
	       !is_one_of(LETTER('b') | LETTER('c') | LETTER('g') | LETTER('i') |
			  LETTER('r') | LETTER('s'), p[2] | 0x20) ||
	       ((p[2] | 0x20) == 'r' && (p[4] | 0x20) == 'p');
}

static void init(struct walk *w, const char *data, struct sdp *sdp)
{
	sip_zero(w, sizeof(*w));
	w->data = data;
	w->sdp = sdp;
	w->direction = SDP_SENDRECV;
	sip_zero(sdp, offsetof(struct sdp, media));
}

enum sipalg_reason sdp_parse(const char *data, struct sip_span s,
			     struct sdp *sdp)
{
	const char *p = data + s.off, *stop = p + s.len, *lf, *next;
	enum sipalg_reason r;
	struct walk w;

	if (s.len < 2 || p[0] != 'v' || p[1] != '=')
		return SIPALG_R_BAD_SDP;
	init(&w, data, sdp);
	for (; p < stop; p = next) {
		lf = sip_line_end(p, stop);
		next = lf < stop ? lf + 1 : stop;
		if (lf - p < 2 || p[1] != '=' || passed_over(p, lf))
			continue;
		r = line(&w, p, lf, (u32)(next - data));
		if (r != SIPALG_R_OK)
			return r;
	}
	section_end(&w, (u32)(stop - data));
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

// SPDX-License-Identifier: GPL-2.0
/*
 * Messages: the start line, the header fields, and what they say in one.
 */
#include "scan.h"

/* A start line longer than this is nobody's. */
#define START_MAX	4096

struct start {
	u16 status;
	u32 end;			/* first byte behind the line */
	struct sip_span method;
	struct sip_span ruri;
	struct sip_span reason;
};

/* "SIP/2.0 200 OK"; the reason and the space in front of it may be missing. */
static enum sipalg_reason status_line(struct start *st, const char *data,
				      struct sip_span s)
{
	const char *p = data + s.off;
	u32 i;

	if (s.len < 11 || !sip_nocase(p, 8, "sip/2.0 "))
		return SIPALG_R_MALFORMED;
	for (i = 8; i < 11; i++)
		if (!sip_is_digit(p[i]))
			return SIPALG_R_MALFORMED;
	if (s.len > 11 && p[11] != ' ')
		return SIPALG_R_MALFORMED;
	st->status = (u16)((p[8] - '0') * 100 + (p[9] - '0') * 10 + p[10] - '0');
	if (st->status < 100 || st->status > 699)
		return SIPALG_R_MALFORMED;
	if (s.len > 12)
		st->reason = sip_trim(data, s.off + 12, sip_span_end(s));
	return SIPALG_R_OK;
}

/*
 * "INVITE sip:bob@example.com SIP/2.0", with as many spaces as the sender
 * likes. @from: behind the method
 */
static enum sipalg_reason request_line(struct start *st, const char *data,
				       u32 from, u32 end)
{
	u32 i;

	if (end - from < 8 || data[end - 4] != '/' || data[end - 8] != ' ' ||
	    !sip_nocase(data + end - 7, 3, "sip"))
		return SIPALG_R_NOT_SIP;
	st->ruri = sip_trim(data, from, end - 8);
	end = sip_span_end(st->ruri);
	i = sip_skip(data, st->ruri.off, end, SIP_C_SCHEME);
	if (i == st->ruri.off || i == end || data[i] != ':')
		return SIPALG_R_MALFORMED;
	return sip_is_word(data, i, end) ? SIPALG_R_OK : SIPALG_R_MALFORMED;
}

/*
 * What does not look like SIP at all is NOT_SIP; a line in the form of a
 * start line that is wrong within, another version's included, is MALFORMED.
 */
static enum sipalg_reason start_line(struct start *st, const char *data,
				     u32 len)
{
	enum sipalg_reason r;
	struct sip_span s;
	u32 i, lf;

	memset(st, 0, sizeof(*st));
	if (len > START_MAX)
		len = START_MAX;
	i = sip_skip(data, 0, len, SIP_C_TOKEN);
	if (!i || i == len)
		return SIPALG_R_NOT_SIP;
	if (data[i] != ' ' && (data[i] != '/' || !sip_nocase(data, i, "sip")))
		return SIPALG_R_NOT_SIP;
	lf = sip_find_lf(data, i, len);
	if (lf == len)
		return SIPALG_R_NOT_SIP;
	st->end = lf + 1;
	s = sip_trim(data, 0, lf);
	if (data[i] == '/')
		return status_line(st, data, s);
	st->method = sip_span(0, i);
	r = request_line(st, data, i, sip_span_end(s));
	if (r == SIPALG_R_OK && memcmp(data + sip_span_end(s) - 4, "/2.0", 4))
		return SIPALG_R_MALFORMED;
	return r;
}

/*
 * Two lengths, be they equal, are an attempt to have two parsers see two
 * messages; nobody sends that by chance.
 */
static enum sipalg_reason content_length(struct sip_msg *m)
{
	const struct sip_hdr *h = sip_hdr_first(m, SIP_HDR_CONTENT_LENGTH);
	u32 n;

	if (!h)
		return SIPALG_R_OK;
	if (h->next || sip_number(m->data, h->value, &n) || n > m->body.len)
		return SIPALG_R_BAD_LENGTH;
	m->has_length = true;
	m->body.len = n;
	m->len = sip_span_end(m->body);
	return SIPALG_R_OK;
}

/*
 * "4711 INVITE", of at most seven digits and a method that is known, of eight at most. Both words
 * are within the message, but not within the value alone.
 */
static bool usual_cseq(struct sip_msg *m, struct sip_span s, const char *stop)
{
	const char *p = m->data + s.off, *name;
	u32 n, len;
	u64 w;

	if (!SIP_WORDS || !sip_has(p, stop, 8))
		return false;
	w = sip_word(p);
	n = sip_digits(w);
	len = s.len - n - 1;
	name = p + n + 1;
	if (!n || n == 8 || n + 1 >= s.len || len > 8 || p[n] != ' ' ||
	    !sip_has(name, stop, 8))
		return false;
	m->cseq = sip_digits_value(w, n);
	if (!m->status)
		return m->method && len == m->method_name.len &&
		       sip_same_head(sip_word(name), sip_word(m->data), len);
	m->method = (u8)sip_method_of(sip_word(name), len);
	m->method_name = sip_span(s.off + n + 1, sip_span_end(s));
	return m->method;
}

static sip_rare bool other_cseq(struct sip_msg *m, struct sip_span s)
{
	u32 end = sip_span_end(s);
	u32 i = sip_word_end(m->data, s.off, end);
	struct sip_span name;

	if (sip_number(m->data, sip_span(s.off, i), &m->cseq))
		return false;
	i = sip_skip_ws(m->data, i, end);
	name = sip_span(i, end);
	if (!name.len || sip_skip(m->data, i, end, SIP_C_TOKEN) != end)
		return false;
	if (m->status) {
		m->method_name = name;
		m->method = (u8)sip_method_lookup(m->data, name);
		return true;
	}
	return name.len == m->method_name.len &&
	       !memcmp(m->data + i, m->data + m->method_name.off, name.len);
}

static enum sipalg_reason mandatory(struct sip_msg *m, const char *stop)
{
	const struct sip_hdr *from, *to, *id, *seq;

	if (!m->first[SIP_HDR_VIA] || !m->first[SIP_HDR_FROM] ||
	    !m->first[SIP_HDR_TO] || !m->first[SIP_HDR_CALL_ID] ||
	    !m->first[SIP_HDR_CSEQ])
		return SIPALG_R_NO_MANDATORY;
	from = &m->hdrs[m->first[SIP_HDR_FROM] - 1];
	to = &m->hdrs[m->first[SIP_HDR_TO] - 1];
	id = &m->hdrs[m->first[SIP_HDR_CALL_ID] - 1];
	seq = &m->hdrs[m->first[SIP_HDR_CSEQ] - 1];
	/* None of these may be there twice. */
	if (from->next | to->next | id->next | seq->next)
		return SIPALG_R_MALFORMED;
	if (!usual_cseq(m, seq->value, stop) && !other_cseq(m, seq->value))
		return SIPALG_R_MALFORMED;
	m->call_id = id->value;
	if (!id->value.len ||
	    !sip_is_word(m->data, id->value.off, sip_span_end(id->value)) ||
	    !sip_party(m->data, from->value, &m->from, &m->from_tag) ||
	    !sip_party(m->data, to->value, &m->to, &m->to_tag))
		return SIPALG_R_MALFORMED;
	return SIPALG_R_OK;
}

/*
 * "INVITE sip:bob@example.com SIP/2.0", with a method of at most eight letters
 * that is known and a space at both places: the first byte up to SP that the
 * URI is followed by is that space, or it is not usual.
 * @m: gets what it says, if it is not NULL
 * Return: the first byte behind the line, 0 where it is not that.
 */
static __always_inline u32 usual_request(struct sip_msg *m, const char *data,
					 const char *stop)
{
	const char *p = data;
	u64 w = sip_word(p), marks;
	u32 n, method;

	marks = sip_equals(w, ' ');
	n = marks ? sip_mark(marks) : 8;
	if (!n || p[n] != ' ')
		return 0;
	method = sip_method_of(w, n);
	p += n + 1;
	if (!method || memcmp(p, "sip:", 4))
		return 0;
	for (p += 4; sip_has(p, stop, 10); p += 8) {
		marks = sip_below(sip_word(p), ' ' + 1);
		if (!marks)
			continue;
		p += sip_mark(marks);
		if (!sip_has(p, stop, 10) || *p != ' ' || p[9] != '\n' ||
		    memcmp(p + 1, "SIP/2.0\r", 8))
			return 0;
		if (m) {
			m->status = 0;
			m->method = (u8)method;
			m->method_name = sip_span(0, n);
			m->ruri = sip_span(n + 1, (u32)(p - data));
			m->reason = sip_span(0, 0);
		}
		return (u32)(p - data) + 10;
	}
	return 0;
}

/* "SIP/2.0 200 OK", with one space at both places, as usual_request(). */
static __always_inline u32 usual_status(struct sip_msg *m, const char *data,
					const char *stop)
{
	const char *p = data, *lf;
	u32 a = (u32)(u8)p[8] - '0', b = (u32)(u8)p[9] - '0', c = (u32)(u8)p[10] - '0';

	if (a < 1 || a > 6 || b > 9 || c > 9 || p[11] != ' ' || (u8)p[12] <= ' ')
		return 0;
	lf = sip_line_end(p + 12, stop);
	if (lf == stop || lf[-1] != '\r' || (u8)lf[-2] <= ' ')
		return 0;
	if (m) {
		m->status = (u16)(a * 100 + b * 10 + c);
		m->method = 0;
		m->method_name = sip_span(0, 0);
		m->ruri = sip_span(0, 0);
		m->reason = sip_span(12, (u32)(lf - p) - 1);
	}
	return (u32)(lf - p) + 1;
}

/* Return: the first byte behind the start line, 0 where it is not a usual one. */
static __always_inline u32 usual_start(struct sip_msg *m, const char *data, u32 len)
{
	const char *stop = data + (len < START_MAX ? len : START_MAX);

	if (!SIP_WORDS || len < 24)
		return 0;
	if (!memcmp(data, "SIP/2.0 ", 8))
		return usual_status(m, data, stop);
	return usual_request(m, data, stop);
}

static sip_rare bool other_looks_like(const char *data, u32 len)
{
	struct start st;

	return start_line(&st, data, len) == SIPALG_R_OK;
}

bool sip_looks_like(const char *data, u32 len)
{
	return usual_start(NULL, data, len) || other_looks_like(data, len);
}

static sip_rare enum sipalg_reason other_start(struct sip_msg *m, u32 len, u32 *pos)
{
	struct start st;
	enum sipalg_reason r = start_line(&st, m->data, len);

	if (r != SIPALG_R_OK)
		return r;
	m->status = st.status;
	m->ruri = st.ruri;
	m->reason = st.reason;
	m->method_name = st.method;
	m->method = (u8)sip_method_lookup(m->data, st.method);
	*pos = st.end;
	return SIPALG_R_OK;
}

enum sipalg_reason sip_parse(struct sip_msg *m, const char *data, u32 len)
{
	const size_t from_first = offsetof(struct sip_msg, first);
	enum sipalg_reason r;
	u32 pos;

	m->data = data;
	m->len = len;
	pos = usual_start(m, data, len);
	if (!pos) {
		r = other_start(m, len, &pos);
		if (r != SIPALG_R_OK)
			return r;
	}
	m->has_length = false;
	m->present = 0;
	sip_zero((char *)m + from_first, offsetof(struct sip_msg, hdrs) - from_first);
	r = sip_index_fields(m, pos);
	if (r == SIPALG_R_OK)
		r = content_length(m);
	if (r == SIPALG_R_OK)
		r = mandatory(m, data + len);
	return r;
}

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

bool sip_looks_like(const char *data, u32 len)
{
	struct start st;

	return start_line(&st, data, len) == SIPALG_R_OK;
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

/* "4711 INVITE" */
static bool cseq(struct sip_msg *m)
{
	struct sip_span s = sip_hdr_first(m, SIP_HDR_CSEQ)->value;
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

/* From or To: one element, and its tag. */
static bool party(const struct sip_msg *m, enum sip_hdr_id id,
		  struct sip_nameaddr *na, struct sip_span *tag)
{
	struct sip_span rest = sip_hdr_first(m, id)->value;
	u32 from, end;

	if (sip_nameaddr_next(m->data, &rest, na) != 1 || na->star || rest.len)
		return false;
	/* Most have the tag and nothing else. */
	from = na->params.off + 4;
	end = sip_span_end(na->params);
	if (na->params.len > 4 && sip_same4(m->data + na->params.off, "tag=") &&
	    sip_skip(m->data, from, end, SIP_C_TOKEN) == end) {
		*tag = sip_span(from, end);
		return true;
	}
	if (!sip_param(m->data, na->params, "tag", tag))
		*tag = sip_span(0, 0);
	return true;
}

static bool call_id(struct sip_msg *m)
{
	struct sip_span s = sip_hdr_first(m, SIP_HDR_CALL_ID)->value;
	u32 end = sip_span_end(s);

	m->call_id = s;
	return s.len && sip_is_word(m->data, s.off, end);
}

static enum sipalg_reason mandatory(struct sip_msg *m)
{
	static const u8 once[] = {
		SIP_HDR_CALL_ID, SIP_HDR_CSEQ, SIP_HDR_FROM, SIP_HDR_TO
	};
	u32 i;

	if (!m->first[SIP_HDR_VIA])
		return SIPALG_R_NO_MANDATORY;
	for (i = 0; i < sizeof(once); i++)
		if (!m->first[once[i]])
			return SIPALG_R_NO_MANDATORY;
	for (i = 0; i < sizeof(once); i++)
		if (sip_hdr_first(m, once[i])->next)
			return SIPALG_R_MALFORMED;
	if (!cseq(m) || !call_id(m) ||
	    !party(m, SIP_HDR_FROM, &m->from, &m->from_tag) ||
	    !party(m, SIP_HDR_TO, &m->to, &m->to_tag))
		return SIPALG_R_MALFORMED;
	return SIPALG_R_OK;
}

enum sipalg_reason sip_parse(struct sip_msg *m, const char *data, u32 len)
{
	enum sipalg_reason r;
	struct start st;

	r = start_line(&st, data, len);
	if (r != SIPALG_R_OK)
		return r;
	memset(m, 0, offsetof(struct sip_msg, hdrs));
	m->data = data;
	m->len = len;
	m->status = st.status;
	m->ruri = st.ruri;
	m->reason = st.reason;
	m->method_name = st.method;
	if (!st.status)
		m->method = (u8)sip_method_lookup(data, st.method);
	r = sip_index_fields(m, st.end);
	if (r == SIPALG_R_OK)
		r = content_length(m);
	if (r == SIPALG_R_OK)
		r = mandatory(m);
	return r;
}

const struct sip_hdr *sip_hdr_first(const struct sip_msg *m, enum sip_hdr_id id)
{
	return m->first[id] ? &m->hdrs[m->first[id] - 1] : NULL;
}

const struct sip_hdr *sip_hdr_next(const struct sip_msg *m,
				   const struct sip_hdr *h)
{
	return h->next ? &m->hdrs[h->next - 1] : NULL;
}

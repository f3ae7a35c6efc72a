// SPDX-License-Identifier: GPL-2.0
/*
 * Messages: the start line, the header fields, and what they say in one.
 */
#include "scan.h"

/* A start line longer than this is nobody's; a field's name likewise. */
#define START_MAX	4096
#define FIELD_NAME_MAX	256

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
 * The name is found by its colon; that it is a token is checked here only for
 * names that nobody knows: those that are known are tokens.
 */
static __always_inline int field(const char *data, u32 *pos, u32 end,
				 enum sip_hdr_id *id, struct sip_span *name,
				 struct sip_span *value)
{
	u32 from = *pos, i = from, colon, limit, lf;

	if (i < end && (u8)data[i] <= '\r') {
		i += data[i] == '\r';
		if (i < end && data[i] == '\n') {
			*pos = i + 1;
			return 0;
		}
	}
	/* Lines of a MIME part that have none are not searched to the end. */
	limit = end - from > FIELD_NAME_MAX ? from + FIELD_NAME_MAX : end;
	colon = sip_find(data, from, limit, ':');
	if (colon == limit)
		return -EINVAL;
	i = colon;
	while (i > from && (u8)data[i - 1] <= ' ' &&
	       (data[i - 1] == ' ' || data[i - 1] == '\t'))
		i--;
	if (i == from)
		return -EINVAL;
	*name = sip_span(from, i);
	*id = sip_hdr_id_of(data + from, i - from);
	if (*id == SIP_HDR_OTHER && !sip_is_token(data, from, i))
		return -EINVAL;
	lf = colon;
	do {
		lf = sip_find_lf(data, lf + 1, end);
		if (lf == end)
			return -EINVAL;
		i = lf + 1;
	} while (i < end && (u8)data[i] <= ' ' &&
		 (data[i] == ' ' || data[i] == '\t'));
	*pos = i;
	/* The colon is no white space: this stops there. */
	while (sip_is_ws(data[lf - 1]))
		lf--;
	i = colon + 1;
	if (i < lf && data[i] == ' ')
		i++;
	*value = sip_span(sip_skip_ws(data, i, lf), lf);
	return 1;
}

int sip_field_next(const char *data, u32 *pos, u32 end, enum sip_hdr_id *id,
		   struct sip_span *name, struct sip_span *value)
{
	return field(data, pos, end, id, name, value);
}

/*
 * What nearly every field is: a name of at most 16 bytes that is known, its
 * colon right behind it, and a line that is not folded.
 * Return: the first byte behind it, or NULL if it is none of these.
 */
static __always_inline const char *usual_field(const char *p, const char *stop,
					       u32 *id, const char **from,
					       const char **to)
{
	const u64 ones = ~0ULL / 255, high = ones << 7;
	const u64 colons = ones * ':';
	const struct sip_name *name;
	const char *v;
	u32 len, slot;
	u64 w, t;

	if (stop - p < 24)
		return NULL;
	memcpy(&w, p, 8);
	t = w ^ colons;
	t = (t - ones) & ~t & high;
	if (t) {
		len = (u32)__builtin_ctzll(t) >> 3;
		slot = SIP_HDR_SLOT((u8)p[0] | 0x20, (u8)p[len / 2] | 0x20, len);
		name = &sip_hdr_names[sip_hdr_slots[slot]];
		memcpy(&t, name->text, 8);
		w = (w ^ t) & ~((t & ones * 0x40) >> 1);
		if (name->len != len || w << (64 - 8 * len))
			return NULL;
	} else {
		memcpy(&w, p + 8, 8);
		t = w ^ colons;
		t = (t - ones) & ~t & high;
		if (!t)
			return NULL;
		len = 8 + ((u32)__builtin_ctzll(t) >> 3);
		slot = SIP_HDR_SLOT((u8)p[0] | 0x20, (u8)p[len / 2] | 0x20, len);
		name = &sip_hdr_names[sip_hdr_slots[slot]];
		if (name->len != len || !sip_same8(p, name->text) ||
		    !sip_same8(p + len - 8, name->text + len - 8))
			return NULL;
	}
	slot = sip_hdr_slots[slot];
	*id = slot < SIP_HDR_COUNT ? slot : SIP_HDR_OTHER;
	v = p + len + 1;
	if (*v == ' ')
		v++;
	p = sip_lf(v, stop);
	if (p == stop || (u8)*v <= ' ' || p[-1] != '\r' || (u8)p[-2] <= ' ' ||
	    stop - p < 2 || p[1] == ' ' || p[1] == '\t')
		return NULL;
	*from = v;
	*to = p - 1;
	return p + 1;
}

/* Index the header fields from @pos on, and set where the body begins. */
static enum sipalg_reason index_fields(struct sip_msg *m, u32 pos)
{
	u16 last[SIP_HDR_COUNT], n = 0;
	struct sip_span name, value;
	const char *data = m->data;
	const char *stop = data + m->len, *from, *to, *p;
	struct sip_hdr *h = m->hdrs;
	enum sip_hdr_id id;
	u32 end = m->len;
	int ret;

	for (;;) {
		p = usual_field(data + pos, stop, &id, &from, &to);
		if (p) {
			pos = (u32)(p - data);
			value = sip_span((u32)(from - data), (u32)(to - data));
		} else {
			ret = field(data, &pos, end, &id, &name, &value);
			if (ret < 0)
				return SIPALG_R_MALFORMED;
			if (!ret)
				break;
		}
		if (n == SIP_MAX_HDRS)
			return SIPALG_R_TOO_MANY_HEADERS;
		h->id = (u16)id;
		h->next = 0;
		h->value = value;
		h++;
		n++;
		if (m->first[id])
			m->hdrs[last[id] - 1].next = n;
		else
			m->first[id] = n;
		last[id] = n;
	}
	m->nhdrs = n;
	m->body = sip_span(pos, m->len);
	return SIPALG_R_OK;
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
	r = index_fields(m, st.end);
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

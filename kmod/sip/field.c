// SPDX-License-Identifier: GPL-2.0
/*
 * Header fields: where each begins and ends, and which it is.
 */
#include "scan.h"

/* A field's name longer than this is nobody's. */
#define FIELD_NAME_MAX	256

/*
 * The name is found by its colon; that it is a token is checked here only for
 * names that nobody knows: those that are known are tokens.
 */
int sip_field_next(const char *data, u32 *pos, u32 end, enum sip_hdr_id *id,
		   struct sip_span *name, struct sip_span *value)
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

/**
 * struct usual - a name that most messages have, as two words
 * @text: with its colon; in lower case, and 0xff behind it
 * @any: the bits that do not count, which are set in @text: the case of letters,
 *	and all behind the colon
 * @skip: to behind the colon and the space that follows it
 * @next: another one whose first four letters are the same, 0 for none
 * @id: SIP_HDR_OTHER where nobody asks for it. Its upper half is 0, as the
 *	"next" of a header field that is the last one of its kind.
 */
struct usual {
	u8 text[16];
	u8 any[16];
	u32 id;
	u16 skip;
	u16 next;
};

#define AT(s, i)	((s)[(i) < sizeof(s) ? (i) : 0])
#define ANY(s, i)	((i) >= sizeof(s) - 1 ? 0xff : AT(s, i) & 0x40 ? 0x20 : 0)
#define TEXT(s, i)	((i) >= sizeof(s) - 1 ? 0xff : AT(s, i) | ANY(s, i))
#define FOUR(of, s, i)	of(s, i), of(s, (i) + 1), of(s, (i) + 2), of(s, (i) + 3)
#define EACH(of, s)	FOUR(of, s, 0), FOUR(of, s, 4), FOUR(of, s, 8), FOUR(of, s, 12)
#define USUAL(s, id, next)	{ { EACH(TEXT, s) }, { EACH(ANY, s) }, id, sizeof(s), next }

/* By the first four letters; the factor is one that gives each its own slot. */
#define HASH(letters)	((u32)((letters) * 0xff527cfbU) >> 26)
#define SLOT(a, b, c, d) HASH((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)

enum {
	USUAL_LENGTH = 64,
	USUAL_TYPE,
	USUAL_EVENTS,
	USUAL_BY,
	USUAL_COUNT
};

static const struct usual usual[USUAL_COUNT] = {
	[SLOT('v', 'i', 'a', ':')] =
		USUAL("Via:", SIP_HDR_VIA, 0),
	[SLOT('f', 'r', 'o', 'm')] =
		USUAL("From:", SIP_HDR_FROM, 0),
	[SLOT('t', 'o', ':', ' ')] =
		USUAL("To:", SIP_HDR_TO, 0),
	[SLOT('c', 'a', 'l', 'l')] =
		USUAL("Call-ID:", SIP_HDR_CALL_ID, 0),
	[SLOT('c', 's', 'e', 'q')] =
		USUAL("CSeq:", SIP_HDR_CSEQ, 0),
	[SLOT('c', 'o', 'n', 't')] =
		USUAL("Contact:", SIP_HDR_CONTACT, USUAL_LENGTH),
	[SLOT('r', 'o', 'u', 't')] =
		USUAL("Route:", SIP_HDR_ROUTE, 0),
	[SLOT('r', 'e', 'c', 'o')] =
		USUAL("Record-Route:", SIP_HDR_RECORD_ROUTE, 0),
	[SLOT('p', 'a', 't', 'h')] =
		USUAL("Path:", SIP_HDR_PATH, 0),
	[SLOT('m', 'a', 'x', '-')] =
		USUAL("Max-Forwards:", SIP_HDR_OTHER, 0),
	[SLOT('a', 'l', 'l', 'o')] =
		USUAL("Allow:", SIP_HDR_OTHER, USUAL_EVENTS),
	[SLOT('a', 'c', 'c', 'e')] =
		USUAL("Accept:", SIP_HDR_OTHER, 0),
	[SLOT('s', 'u', 'p', 'p')] =
		USUAL("Supported:", SIP_HDR_OTHER, 0),
	[SLOT('u', 's', 'e', 'r')] =
		USUAL("User-Agent:", SIP_HDR_OTHER, 0),
	[SLOT('s', 'e', 'r', 'v')] =
		USUAL("Server:", SIP_HDR_OTHER, 0),
	[SLOT('s', 'e', 's', 's')] =
		USUAL("Session-Expires:", SIP_HDR_SESSION_EXPIRES, 0),
	[SLOT('e', 'x', 'p', 'i')] =
		USUAL("Expires:", SIP_HDR_EXPIRES, 0),
	[SLOT('r', 'e', 'q', 'u')] =
		USUAL("Require:", SIP_HDR_REQUIRE, 0),
	[SLOT('e', 'v', 'e', 'n')] =
		USUAL("Event:", SIP_HDR_EVENT, 0),
	[SLOT('d', 'a', 't', 'e')] =
		USUAL("Date:", SIP_HDR_OTHER, 0),
	[SLOT('a', 'u', 't', 'h')] =
		USUAL("Authorization:", SIP_HDR_AUTHORIZATION, 0),
	[SLOT('r', 'e', 'a', 's')] =
		USUAL("Reason:", SIP_HDR_REASON, 0),
	[SLOT('m', 'i', 'n', '-')] =
		USUAL("Min-SE:", SIP_HDR_OTHER, 0),
	[SLOT('r', 'e', 'm', 'o')] =
		USUAL("Remote-Party-ID:", SIP_HDR_REMOTE_PARTY_ID, 0),
	[SLOT('r', 'e', 'f', 'e')] =
		USUAL("Refer-To:", SIP_HDR_REFER_TO, USUAL_BY),
	[SLOT('o', 'r', 'g', 'a')] =
		USUAL("Organization:", SIP_HDR_OTHER, 0),
	[SLOT('p', 'r', 'i', 'v')] =
		USUAL("Privacy:", SIP_HDR_OTHER, 0),
	[SLOT('s', 'u', 'b', 'j')] =
		USUAL("Subject:", SIP_HDR_OTHER, 0),
	[SLOT('t', 'i', 'm', 'e')] =
		USUAL("Timestamp:", SIP_HDR_OTHER, 0),
	[SLOT('h', 'i', 's', 't')] =
		USUAL("History-Info:", SIP_HDR_HISTORY_INFO, 0),
	[SLOT('d', 'i', 'v', 'e')] =
		USUAL("Diversion:", SIP_HDR_DIVERSION, 0),
	[SLOT('r', 's', 'e', 'q')] =
		USUAL("RSeq:", SIP_HDR_RSEQ, 0),
	[SLOT('r', 'a', 'c', 'k')] =
		USUAL("RAck:", SIP_HDR_RACK, 0),
	[SLOT('a', 'l', 'e', 'r')] =
		USUAL("Alert-Info:", SIP_HDR_ALERT_INFO, 0),
	[SLOT('r', 'e', 'p', 'l')] =
		USUAL("Reply-To:", SIP_HDR_REPLY_TO, 0),
	[SLOT('u', 'n', 's', 'u')] =
		USUAL("Unsupported:", SIP_HDR_OTHER, 0),
	[SLOT('w', 'a', 'r', 'n')] =
		USUAL("Warning:", SIP_HDR_OTHER, 0),
	[USUAL_LENGTH] = USUAL("Content-Length:", SIP_HDR_CONTENT_LENGTH, USUAL_TYPE),
	[USUAL_TYPE] = USUAL("Content-Type:", SIP_HDR_CONTENT_TYPE, 0),
	[USUAL_EVENTS] = USUAL("Allow-Events:", SIP_HDR_OTHER, 0),
	[USUAL_BY] = USUAL("Referred-By:", SIP_HDR_REFERRED_BY, 0),
};

static __always_inline bool is_name(const struct usual *u, u64 a, u64 b)
{
	const char *text = (const char *)u->text, *any = (const char *)u->any;

	return !(((a | sip_word(any)) ^ sip_word(text)) |
		 ((b | sip_word(any + 8)) ^ sip_word(text + 8)));
}

/*
 * The name at @p, of which 16 bytes can be read; NULL if it is no usual one.
 * An empty slot is found by NUL bytes alone, and skips none: no value is there.
 */
static __always_inline const struct usual *usual_name(const char *p)
{
	u64 a = sip_word(p), b = sip_word(p + 8);
	const struct usual *u = &usual[HASH((u32)a | 0x20202020)];

	while (unlikely(!is_name(u, a, b))) {
		if (!u->next)
			return NULL;
		u = &usual[u->next];
	}
	return u;
}

/*
 * What nearly every field is: a usual name, its colon right behind it, then a
 * space and a value in one line that ends in CRLF. White space around the
 * value, and a line behind it that may be part of it, are for other_field().
 * Return: the LF, or NULL if it is none of these.
 */
static __always_inline const char *usual_field(const char *p, const char *stop,
					       struct sip_hdr *h, u32 *id,
					       const char *data)
{
	const struct usual *u;
	const char *lf;

	if (!SIP_WORDS || !sip_has(p, stop, 18))
		return NULL;
	u = usual_name(p);
	if (!u)
		return NULL;
	p += u->skip;
	if (p[-1] != ' ' || (u8)*p <= ' ')
		return NULL;
	lf = sip_line_end(p, stop);
	if (!sip_has(lf, stop, 3) || lf[-1] != '\r' || (u8)lf[-2] <= ' ')
		return NULL;
	/* Its id, and that no other one follows. */
	memcpy(h, &u->id, sizeof(u->id));
	*id = u->id;
	h->value.off = (u32)(p - data);
	h->value.len = (u32)(lf - p) - 1;
	return lf;
}

/*
 * One that is not usual.
 * Return: the position behind it; @empty: it was the empty line. 0: neither.
 */
static sip_rare u32 other_field(const struct sip_msg *m, u32 pos,
				struct sip_hdr *h, bool *empty)
{
	struct sip_span name;
	enum sip_hdr_id id;
	int ret;

	ret = sip_field_next(m->data, &pos, m->len, &id, &name, &h->value);
	h->id = (u16)id;
	h->next = 0;
	*empty = !ret;
	return ret < 0 ? 0 : pos;
}

/* Field @n of the message, from 1 on, is there: it follows the last of its kind. */
static __always_inline void link(struct sip_msg *m, u32 id, u32 n)
{
	if (likely(!m->first[id])) {
		m->first[id] = (u16)n;
		m->present |= SIP_HDR_BIT(id);
	} else {
		m->hdrs[m->last[id] - 1].next = (u16)n;
	}
	m->last[id] = (u16)n;
}

enum sipalg_reason sip_index_fields(struct sip_msg *m, u32 pos)
{
	const char *data = m->data, *stop = data + m->len;
	const char *p = data + pos, *lf;
	struct sip_hdr *h = m->hdrs, extra;
	u32 n = 0, id;
	bool empty = false;

	for (;;) {
		if (likely(n < SIP_MAX_HDRS)) {
			lf = usual_field(p, stop, h, &id, data);
			if (likely(lf && (u8)lf[1] > ' ')) {
				p = lf + 1;
				h++;
				n++;
				link(m, id, n);
				continue;
			}
			/* This one and the empty line; another one may be folded. */
			if (lf && lf[1] == '\r' && lf[2] == '\n') {
				p = lf + 3;
				n++;
				link(m, id, n);
				break;
			}
		} else {
			h = &extra;
		}
		pos = other_field(m, (u32)(p - data), h, &empty);
		if (!pos)
			return SIPALG_R_MALFORMED;
		p = data + pos;
		if (empty)
			break;
		if (n == SIP_MAX_HDRS)
			return SIPALG_R_TOO_MANY_HEADERS;
		n++;
		link(m, h->id, n);
		h++;
	}
	m->nhdrs = (u16)n;
	m->body = sip_span((u32)(p - data), m->len);
	return SIPALG_R_OK;
}

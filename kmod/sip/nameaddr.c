// SPDX-License-Identifier: GPL-2.0
/*
 * name-addr and addr-spec: the elements of Contact, Route, From and their like.
 */
#include "scan.h"

static bool bare_uri(const char *data, struct sip_span s)
{
	u32 i = sip_skip(data, s.off, sip_span_end(s), SIP_C_SCHEME);

	if (i == s.off || i == sip_span_end(s) || data[i] != ':')
		return false;
	return sip_is_word(data, i, sip_span_end(s));
}

/*
 * Over the display name. Names with dots, colons and brackets without quotes
 * are about, so all that a '<' follows is a name.
 * Return: the place of '<', ';', ',' or @end; behind @end where the quotes do
 * not end.
 */
static u32 display_name(const char *data, u32 pos, u32 end)
{
	for (;;) {
		pos = sip_until(data, pos, end, SIP_C_ADDR);
		if (pos == end || data[pos] != '"')
			return pos;
		pos = sip_skip_quoted(data, pos, end);
		if (!pos)
			return end + 1;
	}
}

static u32 bracketed(const char *data, u32 pos, u32 end,
		     struct sip_nameaddr *na)
{
	u32 from = pos + 1;

	pos = sip_find(data, from, end, '>');
	if (pos == end)
		return 0;
	na->uri = sip_trim(data, from, pos);
	return na->uri.len ? sip_skip_ws(data, pos + 1, end) : 0;
}

/*
 * What most elements begin with: a quoted name or none, and a URI in brackets
 * without white space next to them.
 * Return: behind the '>', or NULL if it is not that.
 */
static __always_inline const char *usual_uri(const char *data, const char *p,
					     const char *stop,
					     struct sip_span *uri)
{
	const char *from;

	if (!SIP_WORDS)
		return NULL;
	if (*p == '"') {
		p = sip_seek2(p + 1, stop, '"', '\\');
		if (stop - p < 3 || *p != '"')
			return NULL;
		p++;
		p += *p == ' ';
	}
	if (*p != '<')
		return NULL;
	from = p + 1;
	p = sip_seek(from, stop, '>');
	if (p == stop || (u8)*from <= ' ' || (u8)p[-1] <= ' ' || p == from)
		return NULL;
	uri->off = (u32)(from - data);
	uri->len = (u32)(p - from);
	return p + 1;
}

/*
 * Of the bytes that stand in a tag, words of others than these: up to ',', and
 * ';'. Where there is none, neither list nor parameter nor string ends or begins.
 */
static inline u64 not_plain(u64 w)
{
	return sip_below(w, '-') | sip_equals(w, ';');
}

/* ";tag=1928301774" and nothing else, up to @stop; @p: its ';' */
static __always_inline bool usual_tag(const char *p, const char *stop)
{
	/* The last word, and so the tag, has to begin behind the ';'. */
	if (!sip_has(p, stop, 9) || *p != ';' || memcmp(p + 1, "tag=", 4))
		return false;
	for (p += 5; sip_has(p, stop, 8); p += 8)
		if (not_plain(sip_word(p)))
			return false;
	return p == stop || !not_plain(sip_word(stop - 8));
}

static sip_rare bool other_party(const char *data, struct sip_span s,
				 struct sip_nameaddr *na, struct sip_span *tag)
{
	if (sip_nameaddr_next(data, &s, na) != 1 || na->star || s.len)
		return false;
	if (!sip_param(data, na->params, "tag", tag))
		*tag = sip_span(0, 0);
	return true;
}

bool sip_party(const char *data, struct sip_span s, struct sip_nameaddr *na,
	       struct sip_span *tag)
{
	const size_t from_star = offsetof(struct sip_nameaddr, star);
	const char *p = data + s.off, *stop = p + s.len;
	u32 from;

	p = s.len ? usual_uri(data, p, stop, &na->uri) : NULL;
	if (!p)
		return other_party(data, s, na, tag);
	if (p == stop) {
		na->params = sip_span(0, 0);
		*tag = sip_span(0, 0);
	} else if (usual_tag(p, stop)) {
		from = (u32)(p - data) + 1;
		na->params.off = from;
		na->params.len = (u32)(stop - p) - 1;
		tag->off = from + 4;
		tag->len = na->params.len - 4;
	} else {
		return other_party(data, s, na, tag);
	}
	/* With the padding: of a message, each byte is set. */
	memset((char *)na + from_star, 0, sizeof(*na) - from_star);
	return true;
}

/* Return: the position behind it and its white space, 0 where it breaks the grammar. */
static sip_rare u32 any_uri(const char *data, u32 pos, u32 end, struct sip_nameaddr *na)
{
	u32 from = pos;

	if (data[pos] == '*') {
		u32 i = sip_skip_ws(data, pos + 1, end);

		if (i == end || data[i] == ',' || data[i] == ';')
			na->star = true;
	}
	pos = display_name(data, pos, end);
	if (pos > end)
		return 0;
	if (pos < end && data[pos] == '<')
		return bracketed(data, pos, end, na);
	if (!na->star) {
		na->uri = sip_trim(data, from, pos);
		if (!bare_uri(data, na->uri))
			return 0;
	}
	return pos;
}

/* Return: the end of the element, 0 if it breaks the grammar. */
static u32 element(const char *data, u32 pos, u32 end, struct sip_nameaddr *na)
{
	const char *p = usual_uri(data, data + pos, data + end, &na->uri);
	u32 from;

	if (p)
		pos = sip_skip_ws(data, (u32)(p - data), end);
	else
		pos = any_uri(data, pos, end, na);
	if (!pos)
		return 0;
	if (pos == end || data[pos] == ',')
		return pos;
	if (data[pos] != ';')
		return 0;
	from = pos + 1;
	pos = sip_list_end(data, from, end);
	if (pos)
		na->params = sip_trim(data, from, pos);
	return pos;
}

int sip_nameaddr_next(const char *data, struct sip_span *rest,
		      struct sip_nameaddr *na)
{
	u32 pos = rest->off, end = sip_span_end(*rest);

	while (pos < end && (data[pos] == ',' || sip_is_ws(data[pos])))
		pos++;
	*rest = sip_span(end, end);
	if (pos == end)
		return 0;
	sip_zero(na, sizeof(*na));
	pos = element(data, pos, end, na);
	if (!pos)
		return -EINVAL;
	*rest = sip_span(pos, end);
	return 1;
}

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

/* Return: the end of the element, 0 if it breaks the grammar. */
static u32 element(const char *data, u32 pos, u32 end, struct sip_nameaddr *na)
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
	if (pos < end && data[pos] == '<') {
		pos = bracketed(data, pos, end, na);
		if (!pos)
			return 0;
	} else if (!na->star) {
		na->uri = sip_trim(data, from, pos);
		if (!bare_uri(data, na->uri))
			return 0;
	}
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
	memset(na, 0, sizeof(*na));
	pos = element(data, pos, end, na);
	if (!pos)
		return -EINVAL;
	*rest = sip_span(pos, end);
	return 1;
}

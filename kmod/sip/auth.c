// SPDX-License-Identifier: GPL-2.0
/*
 * Signatures: only whether they cover what a translation would change.
 */
#include "sip.h"

static bool is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
}

/* The end of the element that begins at @i: a comma outside quotes. */
static u32 element_end(const char *data, u32 i, u32 end)
{
	bool quoted = false;

	for (; i < end; i++) {
		if (quoted && data[i] == '\\') {
			i++;
			continue;
		}
		if (data[i] == '"')
			quoted = !quoted;
		else if (data[i] == ',' && !quoted)
			break;
	}
	return i < end ? i : end;
}

/* "qop = auth-int", with or without quotes. */
static bool is_auth_int(const char *data, struct sip_span s)
{
	struct sip_span word = { s.off, 3 };
	u32 end = s.off + s.len;
	u32 i = s.off + 3;

	if (s.len < 12 || !sip_span_is_nocase(data, word, "qop"))
		return false;
	while (i < end && (is_separator(data[i]) || data[i] == '=' || data[i] == '"'))
		i++;
	word.off = i;
	word.len = end - i < 8 ? end - i : 8;
	return sip_span_is_nocase(data, word, "auth-int");
}

bool sip_digest_covers_body(const char *data, struct sip_span s)
{
	u32 end = s.off + s.len;
	u32 i = s.off;

	/* The scheme ("Digest") comes first, with only white space behind it. */
	while (i < end && !is_separator(data[i]))
		i++;
	while (i < end) {
		struct sip_span element;

		while (i < end && is_separator(data[i]))
			i++;
		element.off = i;
		i = element_end(data, i, end);
		element.len = i - element.off;
		if (is_auth_int(data, element))
			return true;
	}
	return false;
}

bool sip_is_signed(const struct sip_msg *m)
{
	static const u8 credentials[] = {
		SIP_HDR_AUTHORIZATION, SIP_HDR_PROXY_AUTHORIZATION
	};
	const struct sip_hdr *h;
	u32 i;

	if (!(m->present & (SIP_HDR_BIT(SIP_HDR_IDENTITY) |
			    SIP_HDR_BIT(SIP_HDR_AUTHORIZATION) |
			    SIP_HDR_BIT(SIP_HDR_PROXY_AUTHORIZATION))))
		return false;
	/* RFC 4474 signs Contact and body; RFC 8224's PASSporT has dots. */
	h = sip_hdr_first(m, SIP_HDR_IDENTITY);
	if (h && !memchr(m->data + h->value.off, '.', h->value.len))
		return true;
	for (i = 0; i < sizeof(credentials); i++) {
		for (h = sip_hdr_first(m, credentials[i]); h; h = sip_hdr_next(m, h)) {
			if (m->body.len && sip_digest_covers_body(m->data, h->value))
				return true;
		}
	}
	return false;
}

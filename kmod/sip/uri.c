// SPDX-License-Identifier: GPL-2.0
/*
 * SIP URIs (RFC 3261 19.1), and the scheme of all others.
 */
#include "scan.h"

static u32 scheme(const char *data, struct sip_span s, u8 *id)
{
	u32 end = sip_span_end(s);
	u32 colon = sip_skip(data, s.off, end, SIP_C_SCHEME);
	const char *p = data + s.off;
	u32 len = colon - s.off;

	if (!len || colon == end || data[colon] != ':')
		return 0;
	if (sip_nocase(p, len, "sip"))
		*id = SIP_SCHEME_SIP;
	else if (sip_nocase(p, len, "sips"))
		*id = SIP_SCHEME_SIPS;
	else if (sip_nocase(p, len, "tel"))
		*id = SIP_SCHEME_TEL;
	else
		*id = SIP_SCHEME_OTHER;
	return colon + 1;
}

/* Return: the position behind host and port, 0 where they break the grammar. */
static u32 hostport(const char *data, u32 pos, u32 end, struct sip_uri *u)
{
	u32 from = pos;

	pos = sip_scan_host(data, pos, end, &u->host);
	if (!pos)
		return 0;
	u->port = 0;
	if (pos < end && data[pos] == ':')
		pos = sip_scan_port(data, pos + 1, end, &u->port);
	if (!pos || (pos < end && data[pos] != ';' && data[pos] != '?'))
		return 0;
	u->hostport = sip_span(from, pos);
	return pos;
}

/*
 * Find the '@' that ends the user part, or @end where there is none.
 *
 * A user part may contain ';', '?' and '/', a password (behind the first ':')
 * must not: that is how "a;b@host" has a user, and "host:5060;x=a@b" has none.
 * But senders forget to escape, so what is no host with port either is taken
 * for a user part still.
 */
static u32 user_end(const char *data, u32 pos, u32 end, struct sip_uri *u)
{
	u32 at = sip_until(data, pos, end, SIP_C_NOTUSER);
	u32 i;

	if (at == end || data[at] != '@')
		return end;
	for (i = pos; i < at && data[i] != ':'; i++)
		;
	for (; i < at; i++)
		if (data[i] == ';' || data[i] == '?' || data[i] == '/')
			return hostport(data, pos, end, u) ? end : at;
	return at;
}

static void params_headers(const char *data, u32 pos, u32 end,
			   struct sip_uri *u)
{
	u32 i = sip_find(data, pos, end, '?');

	if (pos < end && data[pos] == ';')
		u->params = sip_span(pos + 1, i);
	if (i < end)
		u->headers = sip_span(i + 1, end);
}

/*
 * "sip:alice@192.0.2.1:5060;transport=udp", user, port and parameters or not,
 * with a user part of letters, digits and "-._", or '+' in front of them, and no
 * IPv6 address. Without a user part nothing may follow the port that could make
 * all in front of an '@' one.
 */
static __always_inline bool usual_uri(const char *data, struct sip_span s,
				      struct sip_uri *u)
{
	const char *p = data + s.off, *stop = p + s.len, *at, *host;
	u32 port = 0, digit;

	if (s.len < 11 || memcmp(p, "sip:", 4) || (u8)stop[-1] <= ' ')
		return false;
	p += 4;
	for (at = p + (*p == '+'); at < stop && sip_is(*at, SIP_C_HOST); at++)
		;
	host = p;
	if (at < stop && *at == '@' && at > p)
		host = at + 1;
	p = sip_host_or_v4(host, stop, &u->addr);
	if (p == host)
		return false;
	u->host.off = (u32)(host - data);
	u->host.len = (u32)(p - host);
	if (p < stop && *p == ':') {
		for (p++; p < stop; p++) {
			digit = (u32)(u8)*p - '0';
			if (digit > 9)
				break;
			port = port * 10 + digit;
			if (port > 65535)
				return false;
		}
		if (!port)
			return false;
	}
	if (p < stop && (*p != ';' || *at != '@'))
		return false;
	u->hostport.off = u->host.off;
	u->hostport.len = (u32)(p - host);
	u->port = (u16)port;
	u->scheme = SIP_SCHEME_SIP;
	if (host != data + s.off + 4)
		u->user = sip_span(s.off + 4, u->host.off - 1);
	if (p < stop)
		params_headers(data, (u32)(p - data), sip_span_end(s), u);
	return true;
}

static sip_rare int other_uri(const char *data, struct sip_span s, struct sip_uri *u)
{
	u32 pos, end, at;

	sip_zero(u, sizeof(*u));
	s = sip_trim(data, s.off, sip_span_end(s));
	end = sip_span_end(s);
	pos = scheme(data, s, &u->scheme);
	if (!pos)
		return -EINVAL;
	if (u->scheme != SIP_SCHEME_SIP && u->scheme != SIP_SCHEME_SIPS)
		return 0;
	at = user_end(data, pos, end, u);
	if (at != end) {
		if (at == pos)
			return -EINVAL;
		u->user = sip_span(pos, at);
		pos = at + 1;
	}
	pos = hostport(data, pos, end, u);
	if (!pos)
		return -EINVAL;
	sip_host_parse(data, u->host, &u->addr);
	params_headers(data, pos, end, u);
	return 0;
}

int sip_uri_parse(const char *data, struct sip_span s, struct sip_uri *u)
{
	if (SIP_WORDS) {
		sip_zero(u, sizeof(*u));
		if (usual_uri(data, s, u))
			return 0;
	}
	return other_uri(data, s, u);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Via: "SIP / 2.0 / UDP host : port ; parameters".
 */
#include "scan.h"

/* A token with white space around it; 0 where there is none. */
static u32 token(const char *data, u32 pos, u32 end, struct sip_span *s)
{
	u32 stop;

	pos = sip_skip_ws(data, pos, end);
	stop = sip_word_end(data, pos, end);
	stop = sip_skip(data, pos, stop, SIP_C_TOKEN);
	*s = sip_span(pos, stop);
	return s->len ? sip_skip_ws(data, stop, end) : 0;
}

static u32 slash(const char *data, u32 pos, u32 end)
{
	return pos && pos < end && data[pos] == '/' ? pos + 1 : 0;
}

static u8 transport(const char *p, u32 len)
{
	if (sip_nocase(p, len, "udp"))
		return SIP_TRANSPORT_UDP;
	if (sip_nocase(p, len, "tcp"))
		return SIP_TRANSPORT_TCP;
	if (sip_nocase(p, len, "tls"))
		return SIP_TRANSPORT_TLS;
	if (sip_nocase(p, len, "sctp"))
		return SIP_TRANSPORT_SCTP;
	if (sip_nocase(p, len, "ws"))
		return SIP_TRANSPORT_WS;
	if (sip_nocase(p, len, "wss"))
		return SIP_TRANSPORT_WSS;
	return SIP_TRANSPORT_OTHER;
}

/* As nearly everybody writes it; 0: it is to be read with more care. */
static u32 usual_protocol(const char *data, u32 pos, u32 end, struct sip_via *v)
{
	const char *p = data + pos;

	if (end - pos < 13 || memcmp(p, "SIP/2.0/", 8) || p[11] != ' ' || sip_is_ws(p[12]))
		return 0;
	if (!memcmp(p + 8, "UDP", 3))
		v->transport = SIP_TRANSPORT_UDP;
	else if (!memcmp(p + 8, "TCP", 3))
		v->transport = SIP_TRANSPORT_TCP;
	else
		return 0;
	return pos + 12;
}

/* Return: the position of sent-by, 0 if there is no sent-protocol. */
static u32 protocol(const char *data, u32 pos, u32 end, struct sip_via *v)
{
	struct sip_span name, version, how;
	u32 stop = usual_protocol(data, pos, end, v);

	if (stop)
		return stop;
	pos = slash(data, token(data, pos, end, &name), end);
	if (!pos)
		return 0;
	pos = slash(data, token(data, pos, end, &version), end);
	if (!pos)
		return 0;
	pos = token(data, pos, end, &how);
	/* White space has to separate transport and host. */
	if (!pos || pos == sip_span_end(how))
		return 0;
	if (sip_nocase(data + name.off, name.len, "sip") &&
	    sip_nocase(data + version.off, version.len, "2.0"))
		v->transport = transport(data + how.off, how.len);
	return pos;
}

static u32 sent_by(const char *data, u32 pos, u32 end, struct sip_via *v)
{
	u32 colon, digits;

	pos = sip_scan_host(data, pos, end, &v->host);
	if (!pos)
		return 0;
	sip_host_parse(data, v->host, &v->addr);
	v->hostport = v->host;
	colon = sip_skip_ws(data, pos, end);
	if (colon == end || data[colon] != ':')
		return colon;
	digits = sip_skip_ws(data, colon + 1, end);
	pos = sip_scan_port(data, digits, end, &v->port);
	if (!pos)
		return 0;
	v->port_text = sip_span(digits, pos);
	if (colon == sip_span_end(v->host) && digits == colon + 1)
		v->hostport = sip_span(v->host.off, pos);
	else
		v->port_apart = true;
	return sip_skip_ws(data, pos, end);
}

/* The first of each name counts. */
static void via_params(const char *data, struct sip_via *v)
{
	struct sip_span rest = v->params, name, value;

	while (sip_param_next(data, &rest, &name, &value)) {
		const char *p = data + name.off;

		if (name.len == 6 && !v->branch.len &&
		    sip_nocase(p, 6, "branch")) {
			v->branch = value;
		} else if (name.len == 8 && !v->received.len &&
			   sip_nocase(p, 8, "received")) {
			v->received = value;
			sip_host_parse(data, value, &v->received_addr);
		} else if (name.len == 5 && !v->maddr.len &&
			   sip_nocase(p, 5, "maddr")) {
			v->maddr = value;
		} else if (name.len == 5 && !v->has_rport &&
			   sip_nocase(p, 5, "rport")) {
			v->has_rport = true;
			v->rport = value;
		}
	}
}

static int element(const char *data, u32 pos, u32 end, struct sip_via *v)
{
	sip_zero(v, sizeof(*v));
	pos = protocol(data, pos, end, v);
	if (pos)
		pos = sent_by(data, pos, end, v);
	if (!pos)
		return -EINVAL;
	if (pos == end)
		return 1;
	if (data[pos] != ';')
		return -EINVAL;
	v->params = sip_trim(data, pos + 1, end);
	via_params(data, v);
	return 1;
}

/*
 * Where a parameter ends: at @stop or its ';'. NULL: there is a byte up to ','
 * in it, so that more than one element, a string or white space may be.
 */
static __always_inline const char *usual_param_end(const char *p, const char *stop)
{
	u64 w, marks;

	while (sip_has(p, stop, 8)) {
		w = sip_word(p);
		marks = sip_below(w, '-') | sip_equals(w, ';');
		if (marks) {
			p += sip_mark(marks);
			return *p == ';' ? p : NULL;
		}
		p += 8;
	}
	for (; p < stop && *p != ';'; p++)
		if ((u8)*p < '-')
			return NULL;
	return p;
}

/* ";branch=z9hG4bK74bf9;rport", in whichever order, each once, no others. */
static bool usual_params(const char *data, const char *p, const char *stop,
			 struct sip_via *v)
{
	const char *from;

	v->params = sip_span((u32)(p - data) + 1, (u32)(stop - data));
	while (p < stop) {
		from = p + 1;
		p = usual_param_end(from, stop);
		if (!p || p - from < 5)
			return false;
		if (!memcmp(from, "rport", 5) && !v->has_rport &&
		    (p - from == 5 || from[5] == '=')) {
			v->has_rport = true;
			from += p - from == 5 ? 5 : 6;
			v->rport = sip_span((u32)(from - data), (u32)(p - data));
		} else if (p - from > 7 && !memcmp(from, "branch=", 7) && !v->branch.len) {
			v->branch = sip_span((u32)(from - data) + 7, (u32)(p - data));
		} else if (p - from > 9 && !memcmp(from, "received=", 9) &&
			   !v->received.len) {
			v->received = sip_span((u32)(from - data) + 9, (u32)(p - data));
			sip_host_parse(data, v->received, &v->received_addr);
		} else {
			return false;
		}
	}
	return true;
}

/*
 * "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK74bf9;rport" as the only element:
 * nothing in it can be a comma.
 */
static __always_inline bool usual_via(const char *data, const char *p,
				      const char *stop, struct sip_via *v)
{
	const char *host;
	u64 digits;
	u32 n;

	if (!sip_has(p, stop, 24) || memcmp(p, "SIP/2.0/", 8) || p[11] != ' ')
		return false;
	if (!memcmp(p + 8, "UDP", 3))
		v->transport = SIP_TRANSPORT_UDP;
	else if (!memcmp(p + 8, "TCP", 3))
		v->transport = SIP_TRANSPORT_TCP;
	else
		return false;
	host = p + 12;
	p = sip_host_or_v4(host, stop, &v->addr);
	if (p == host)
		return false;
	v->host = sip_span((u32)(host - data), (u32)(p - data));
	v->hostport = v->host;
	if (sip_has(p, stop, 9) && *p == ':') {
		digits = sip_word(p + 1);
		n = sip_digits(digits);
		if (!n || n > 5)
			return false;
		v->port_text = sip_span((u32)(p - data) + 1, (u32)(p - data) + 1 + n);
		v->hostport.len += n + 1;
		p += n + 1;
		n = sip_digits_value(digits, n);
		if (!n || n > 65535)
			return false;
		v->port = (u16)n;
	}
	return p == stop || (*p == ';' && usual_params(data, p, stop, v));
}

int sip_via_next(const char *data, struct sip_span *rest, struct sip_via *v)
{
	u32 pos = rest->off, end = sip_span_end(*rest), stop;

	while (pos < end && (data[pos] == ',' || sip_is_ws(data[pos])))
		pos++;
	*rest = sip_span(end, end);
	if (pos == end)
		return 0;
	if (SIP_WORDS) {
		sip_zero(v, sizeof(*v));
		if (usual_via(data, data + pos, data + end, v))
			return 1;
	}
	stop = sip_list_end(data, pos, end);
	if (!stop)
		return -EINVAL;
	*rest = sip_span(stop, end);
	return element(data, pos, stop, v);
}

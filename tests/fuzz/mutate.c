// SPDX-License-Identifier: GPL-2.0
/*
 * A mutator that knows lines. Changes of single bytes mostly die in the first
 * line of a message; these keep it one, and bend what is inside: lines are
 * exchanged, repeated, folded, written in another case or in their compact
 * form, hosts and numbers are exchanged, and Content-Length is made to fit
 * again, most times.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "libfuzzer.h"

struct text {
	char *b;
	size_t n;
	size_t max;
};

struct line {
	size_t at;
	size_t len;		/* with its line end */
};

static uint64_t state;

static size_t below(size_t n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return n ? (size_t)(state >> 33) % n : 0;
}

#define PICK(list)	(list)[below(sizeof(list) / sizeof((list)[0]))]

static const char *const hosts[] = {
	"10.0.0.1", "10.255.0.10", "198.51.100.7", "0.0.0.0", "255.255.255.255",
	"10.0.0.256", "10.00.0.1", "[fd00::1]", "[2600:1::2]", "[::ffff:10.0.0.1]",
	"[fd00::10.0.0.1]", "[FD00:0:0::1]", "fd00::1", "host.example", "a",
	"127.0.0.1", "10.0.0.1:22", "10.0.0.1:445", "10.0.0.1:0",
};

static const char *const numbers[] = {
	"0", "1", "9", "22", "445", "5060", "5061", "7777", "05060", "20000",
	"25060", "65535", "65536", "4294967295", "4294967296", "4294967328",
	"18446744073709551648", "-1", "+5", "",
};

static const char *const fields[] = {
	"Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;rport",
	"Via: SIP / 2.0 / TCP 198.51.100.7 : 5060 ;received=10.0.0.9;rport=25060",
	"v:SIP/2.0/TLS [fd00::1]:5061;maddr=[fd00::1];ttl=1",
	"Contact: <sip:a@10.0.0.1:5060;transport=tcp>;expires=60, <sip:10.0.0.2>",
	"m: \"A, \\\"B\\\" <x>\" <sips:a;b@10.0.0.1?Route=%3csip:10.0.0.1%3e>;q=1",
	"Contact: *", "Contact: <sip:[fd00::1];maddr=fd00::1>",
	"Contact: <sip:10.0.0.1:5062;maddr=192.0.2.9>, <sip:h;maddr=192.0.2.9>",
	"Via: SIP/2.0/UDP host.example;received=fd00::1;rport=5060",
	"Via: SIP/2.0/UDP 10.0.0.1;maddr=10.0.0.1;received=198.51.100.7;rport=1",
	"Contact: <sip:a@host.example:22;maddr=10.0.0.1>",
	"Contact: sip:a@10.0.0.1;q=0.5, tel:+123, <mailto:x@10.0.0.1>",
	"Route: <sip:10.0.0.1;lr>, <sip:198.51.100.7:7777;lr>",
	"Record-Route: <sip:10.0.0.1:5060;lr;ftag=1>",
	"Path: <sip:10.0.0.1;lr;ob>", "Service-Route: <sip:198.51.100.7;lr>",
	"Refer-To: <sip:c@10.0.0.3?Replaces=1%40h%3bto-tag%3d1>",
	"P-Asserted-Identity: \"A\" <sip:+1@10.0.0.1>, <tel:+1>",
	"Remote-Party-ID: <sip:a@10.0.0.1>;party=calling",
	"Diversion: <sip:a@10.0.0.1>;reason=no-answer",
	"History-Info: <sip:a@10.0.0.1?Reason=SIP%3bcause%3d302>;index=1",
	"Call-Info: <http://10.0.0.1/x.png>;purpose=icon",
	"Content-Type: application/sdp",
	"c: multipart/mixed;boundary=\"b\"",
	"Content-Type: multipart/signed; boundary=b",
	"Content-Encoding: gzip", "Content-Transfer-Encoding: base64",
	"Content-Transfer-Encoding: 8bit", "Content-Length: 0", "l: 4294967328",
	"Authorization: Digest qop=auth-int, uri=\"sip:10.0.0.1\"",
	"Identity: abc", "Supported: path,\r\n outbound", "X:",
	"X-Contact: <sip:a@10.0.0.1>", "Subject: a\r\n\tb\r\n Contact: <sip:10.0.0.1>",
	"--b", "--b--", "",
};

static const char *const descriptions[] = {
	"v=0", "o=- 1 1 IN IP4 10.0.0.1", "o=a b c 1 1 IN IP6 fd00::1", "s=-",
	"c=IN IP4 10.0.0.1", "c=IN IP4 198.51.100.7/127/3", "c=IN IP6 fd00::1",
	"c=IN IP4 0.0.0.0", "c=IN IP4 host.example", "c=ATM NSAP 47", "t=0 0",
	"m=audio 4000 RTP/AVP 0 8 101", "m=video 4002/2 RTP/SAVPF 96",
	"m=image 4004 udptl t38", "m=audio 0 RTP/AVP 0", "m=text 9 TCP/MSRP *",
	"m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
	"m=message 22 TCP/MSRP *", "m=x-data 4006 UDP/BFCP *",
	"m=audio 65536 RTP/AVP 0", "m=audio 4000/0 RTP/AVP 0",
	"a=rtcp:4001", "a=rtcp:4001 IN IP4 10.0.0.1", "a=rtcp-mux",
	"a=sendonly", "a=inactive", "a=recvonly", "a=sendrecv", "a=bundle-only",
	"a=group:BUNDLE 1 2", "a=mid:1", "a=setup:actpass", "a=ice-ufrag:x",
	"a=candidate:1 1 UDP 2130706431 10.0.0.1 4000 typ host",
	"a=candidate:2 2 udp 1 198.51.100.7 4001 typ srflx raddr 10.0.0.1 rport 4001",
	"a=candidate:3 1 TCP 1 fd00::1 9 typ host tcptype active",
	"a=remote-candidates:1 10.0.0.1 4000", "a=rtpmap:0 PCMU/8000",
	"--b", "--b--",
};

static bool splice(struct text *t, size_t at, size_t del, const char *ins,
		   size_t n)
{
	if (t->n - del + n > t->max)
		return false;
	memmove(t->b + at + n, t->b + at + del, t->n - at - del);
	memcpy(t->b + at, ins, n);
	t->n = t->n - del + n;
	return true;
}

static struct line line_at(const struct text *t, size_t at)
{
	struct line l = { at, 0 };
	const char *lf;

	while (l.at && t->b[l.at - 1] != '\n')
		l.at--;
	lf = memchr(t->b + l.at, '\n', t->n - l.at);
	l.len = (lf ? (size_t)(lf - t->b) + 1 : t->n) - l.at;
	return l;
}

static struct line any_line(const struct text *t)
{
	return line_at(t, below(t->n));
}

static void repeat_line(struct text *t)
{
	struct line from = any_line(t), to = any_line(t);
	char copy[512];

	if (from.len > sizeof(copy))
		return;
	memcpy(copy, t->b + from.at, from.len);
	splice(t, to.at, 0, copy, from.len);
}

static void drop_line(struct text *t)
{
	struct line l = any_line(t);

	splice(t, l.at, l.len, "", 0);
}

static void move_line(struct text *t)
{
	struct line from = any_line(t), to;
	char copy[512];

	if (from.len > sizeof(copy))
		return;
	memcpy(copy, t->b + from.at, from.len);
	splice(t, from.at, from.len, "", 0);
	to = any_line(t);
	splice(t, to.at, 0, copy, from.len);
}

/* A new one, or instead of one; mostly of the kind that stands there. */
static void stock_line(struct text *t)
{
	struct line l = any_line(t);
	bool sdp = l.len > 1 && t->b[l.at + 1] == '=';
	char text[256];
	int n;

	if (!below(10))
		sdp = !sdp;
	n = snprintf(text, sizeof(text), "%s%s",
		     sdp ? PICK(descriptions) : PICK(fields),
		     below(8) ? "\r\n" : "\n");
	splice(t, l.at, below(3) ? 0 : l.len, text, (size_t)n);
}

static void fold(struct text *t)
{
	struct line l = any_line(t);
	size_t i, n = below(l.len);

	for (i = 0; i < l.len; i++) {
		size_t at = l.at + (n + i) % l.len;
		char c = t->b[at];

		if (c != ' ' && c != ':' && c != ';' && c != ',')
			continue;
		splice(t, at + 1, 0, below(2) ? "\r\n " : "\n\t ", 3);
		return;
	}
}

static void recase(struct text *t)
{
	struct line l = any_line(t);
	size_t i, end = below(3) ? l.len : below(l.len);

	for (i = 0; i < end; i++) {
		char *c = t->b + l.at + i;

		if (*c == ':' && below(2))
			return;
		if (below(2))
			*c = (char)(isupper((uint8_t)*c) ? tolower((uint8_t)*c) :
							   toupper((uint8_t)*c));
	}
}

static void compact(struct text *t)
{
	static const struct {
		const char *name, *other;
	} v[] = {
		{ "Via", "v" }, { "From", "f" }, { "To", "t" }, { "Call-ID", "i" },
		{ "Contact", "m" }, { "Content-Length", "l" }, { "Refer-To", "r" },
		{ "Content-Type", "c" }, { "Content-Encoding", "e" },
		{ "Referred-By", "b" }, { "Session-Expires", "x" },
	};
	struct line l = any_line(t);
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		size_t n = strlen(v[i].name);

		if (l.len > n && !strncasecmp(t->b + l.at, v[i].name, n) &&
		    t->b[l.at + n] == ':')
			splice(t, l.at, n, v[i].other, 1);
		else if (l.len > 1 && t->b[l.at] == v[i].other[0] &&
			 t->b[l.at + 1] == ':')
			splice(t, l.at, 1, v[i].name, n);
		else
			continue;
		return;
	}
}

static void line_end(struct text *t)
{
	struct line l = any_line(t);
	size_t end = l.at + l.len;

	if (l.len > 1 && t->b[end - 2] == '\r')
		splice(t, end - 2, 1, "", 0);
	else if (l.len)
		splice(t, end - 1, 0, "\r", 1);
}

/* A run of these characters in some line, at least @min long. */
static size_t run_of(const struct text *t, struct line l, const char *chars,
		     size_t min, size_t *at)
{
	size_t i, n, start = below(l.len);

	for (i = 0; i < l.len; i++) {
		*at = l.at + (start + i) % l.len;
		if (*at > l.at && strchr(chars, t->b[*at - 1]) && t->b[*at - 1])
			continue;
		for (n = 0; *at + n < l.at + l.len && t->b[*at + n] &&
		     strchr(chars, t->b[*at + n]); n++)
			;
		if (n >= min)
			return n;
	}
	return 0;
}

static void other_host(struct text *t)
{
	struct line l = any_line(t);
	const char *host = PICK(hosts);
	size_t at, n = run_of(t, l, "0123456789.:[]abcdefABCDEF", 7, &at);

	if (n)
		splice(t, at, n, host, strlen(host));
}

static void other_number(struct text *t)
{
	struct line l = any_line(t);
	const char *number = PICK(numbers);
	size_t at, n = run_of(t, l, "0123456789", 1, &at);

	if (n)
		splice(t, at, n, number, strlen(number));
}

/* One more element in a comma list. */
static void element(struct text *t)
{
	struct line l = any_line(t);
	char *colon = memchr(t->b + l.at, ':', l.len);
	char copy[256];
	size_t n;

	if (!colon)
		return;
	n = l.at + l.len - (size_t)(colon - t->b) - 1;
	while (n && isspace((uint8_t)colon[n]))
		n--;
	if (!n || n + 1 > sizeof(copy))
		return;
	memcpy(copy, colon + 1, n);
	copy[n] = ',';
	splice(t, (size_t)(colon - t->b) + 1, 0, copy, n + 1);
}

/* Any change, but within a line. */
static void inside(struct text *t)
{
	struct line l = any_line(t);
	uint8_t copy[600];
	size_t n = l.len;

	if (!n || n > 500)
		return;
	memcpy(copy, t->b + l.at, n);
	n = LLVMFuzzerMutate(copy, n, sizeof(copy));
	splice(t, l.at, l.len, (char *)copy, n);
}

static void fit_length(struct text *t)
{
	size_t i, end = 0, from = 0, digits = 0;
	char number[16];
	int n;

	for (i = 0; i < t->n && !end; i += line_at(t, i).len) {
		struct line l = line_at(t, i);
		const char *p = t->b + l.at;

		if (*p == '\n' || (l.len == 2 && *p == '\r')) {
			end = l.at + l.len;
		} else if ((l.len > 15 && !strncasecmp(p, "content-length:", 15)) ||
			   (l.len > 2 && !strncasecmp(p, "l:", 2))) {
			from = l.at + (*(p + 1) == ':' ? 2 : 15);
			while (from < l.at + l.len && t->b[from] == ' ')
				from++;
			for (digits = 0; from + digits < l.at + l.len &&
			     isdigit((uint8_t)t->b[from + digits]); digits++)
				;
		}
	}
	if (!end || !from)
		return;
	n = snprintf(number, sizeof(number), "%zu", t->n - end);
	splice(t, from, digits, number, (size_t)n);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	static void (*const ways[])(struct text *) = {
		repeat_line, drop_line, move_line, stock_line, stock_line,
		stock_line, fold, recase, compact, line_end, other_host,
		other_host, other_number, element, inside, inside, inside,
	};
	struct text t = { (char *)data, size, max };
	size_t n;

	state = seed;
	below(1);
	if (!size || !below(6))
		t.n = LLVMFuzzerMutate(data, size, max);
	else
		for (n = 1 + below(4); n && t.n; n--)
			PICK(ways)(&t);
	if (below(8))
		fit_length(&t);
	return t.n;
}

/* The lines of the one up to somewhere, then those of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b,
				 size_t nb, uint8_t *out, size_t max,
				 unsigned int seed)
{
	struct text first = { (char *)a, na, na }, second = { (char *)b, nb, nb };
	struct text t = { (char *)out, 0, max };
	size_t to, from;

	state = seed;
	to = na ? any_line(&first).at : 0;
	from = nb ? any_line(&second).at : 0;
	splice(&t, 0, 0, first.b, to);
	splice(&t, t.n, 0, second.b + from, nb - from);
	if (below(8))
		fit_length(&t);
	return t.n;
}

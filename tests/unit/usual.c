// SPDX-License-Identifier: GPL-2.0
/*
 * What most messages look like is read in words, by paths of its own. Here the
 * same messages are read twice: as always, and by the general code alone, which
 * is the pure layer compiled once more (see the Makefile). Of messages that are
 * bent in every way, both have to say the same, to the last byte of the structs.
 */
#include "general.h"

#define HEAD	"Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bK776asdhds;rport\r\n" \
		"Max-Forwards: 70\r\n"					\
		"From: \"Alice\" <sip:alice@203.0.113.10>;tag=1928301774\r\n"
#define TAIL	"Call-ID: a84b4c76e66710e2b2f1@10.0.0.11\r\n"

static const char *const seeds[] = {
	"INVITE sip:bob@203.0.113.10 SIP/2.0\r\n" HEAD
	"To: <sip:bob@203.0.113.10>\r\n" TAIL
	"CSeq: 314159 INVITE\r\n"
	"Contact: <sip:alice@10.0.0.11:5060;transport=udp>;+sip.instance=\"<urn:a,b>\"\r\n"
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE\r\n"
	"Session-Expires: 1800;refresher=uac\r\n"
	"User-Agent: Telephone 1.0.2.3456\r\n"
	"Content-Type: application/sdp\r\nContent-Length: 276\r\n\r\n"
	"v=0\r\no=alice 2890844526 2890844526 IN IP4 10.0.0.11\r\ns=-\r\n"
	"c=IN IP4 10.0.0.11\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\n"
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
	"a=rtcp:40001 IN IP4 10.0.0.12\r\na=sendonly\r\n"
	"m=video 40002/2 RTP/AVP 31 96 200 096\r\na=rtpmap:96 VP8/90000\r\nc=IN IP4 10.0.0.13/127\r\n"
	"a=ptime:20\r\na=sendrecv\r\n",
	"SIP/2.0 180 Ringing\r\n" HEAD "To: <sip:bob@203.0.113.10>;tag=a6c85cf\r\n"
	TAIL "CSeq: 314159 INVITE\r\n"
	"Record-Route: <sip:192.0.2.1;lr>, <sip:p@[2001:db8::1]:5062;lr>\r\n"
	"Contact: sip:bob@203.0.113.10:5060\r\nServer: Exchange 4.2\r\nContent-Length: 0\r\n\r\n",
	"BYE sip:bob@203.0.113.10:5060 SIP/2.0\r\n" HEAD
	"To: Bob <sip:bob@example.com;user=phone>;x=\"a\\\"b\";tag=a6c85cf\r\n" TAIL
	"CSeq: 314160 BYE\r\nReason: Q.850;cause=16\r\nContent-Length: 0\r\n\r\n",
	"SIP/2.0 200 OK\nv: SIP/2.0/TCP host.example.com;received=192.0.2.9;rport=5061\n"
	"f: \"A, \\\"B\" <sips:a@b>;tag=9\nt: <tel:+1-201>;tag=x.y~z\n"
	"i: 1@2\nCSeq: 1 BYE\nl: 0\n\n",
	"REGISTER sip:203.0.113.10 SIP/2.0\r\n" HEAD "To: <sip:alice@203.0.113.10>\r\n"
	TAIL "CSeq: 1826 REGISTER\r\nContact: <sip:alice@10.0.0.11:5060>;expires=3600,\r\n"
	" <sip:alice@10.0.0.12>\r\nContact: *\r\nSubject:\r\nExpires: 0\r\n"
	"Content-Type: multipart/mixed;boundary=b1\r\n\r\n"
	"--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\n"
	"c=IN IP6 2001:db8::7\r\nt=0 0\r\nm=audio 49170 RTP/SAVP 0\r\na=recvonly\r\n"
	"a=candidate:1 1 UDP 2130706431 192.0.2.1 8998 typ host\r\na=rtcp-mux\r\n"
	"m=image 5000 udptl t38\r\na=inactive\r\n--b1--\r\n",
};

/* What breaks lines, values, names and numbers. */
static const char *const odd[] = {
	"\r", "\n", "\r\n", "\r\n ", "\r\n\t", "\t", " ", "  ", "\"", "\\", "<", ">",
	",", ";", ":", "=", "@", "?", "*", "/", "[", "]", ".", "-", "0", "9", "00",
	"256", "65536", "4294967296", "\x80", "\xff", "\x8a", "\x01", "\x1a", "tag=",
	";tag=2", "sip:", "<sip:a@b>", "\r\n\r\n", "Content-Length: 4\r\n", "To: a\r\n",
	"a=sendrecv\r\n", "c=IN IP4 1.2.3.4\r\n", "Via:\r\n", "m=audio 1 RTP/AVP 0\r\n",
	"=\"", "x-y: z\r\n", "(c)", "%20", "+", "_", "'", "{", "v=0\r\n", "IN IP4 ",
};

#define SIZE(a)	(sizeof(a) / sizeof(*(a)))

static u32 state;

static u32 below(u32 n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

/* One change of @text, which has room for it. */
static size_t bend(char *text, size_t len)
{
	const char *what = odd[below(SIZE(odd))];
	size_t n = strlen(what), at = below((u32)len + 1), cut;

	switch (below(7)) {
	case 0:	/* put something in */
		memmove(text + at + n, text + at, len - at);
		memcpy(text + at, what, n);
		return len + n;
	case 1:	/* put it over what is there */
		if (at + n > len)
			return at;
		memcpy(text + at, what, n);
		return len;
	case 2:	/* take something out */
		cut = 1 + below(below(4) ? 3 : 40);
		if (at + cut > len)
			return at;
		memmove(text + at, text + at + cut, len - at - cut);
		return len - cut;
	case 3:	/* any byte */
		if (at < len)
			text[at] = (char)below(256);
		return len;
	case 4:	/* another case */
		if (at < len)
			text[at] ^= 0x20;
		return len;
	case 5:	/* NUL, or the end of the message here */
		if (below(3) || at == len)
			return below(8) ? len : at;
		text[at] = 0;
		return len;
	default: /* some bytes twice */
		cut = 1 + below(24);
		if (at + cut > len)
			return len;
		memmove(text + at + cut, text + at, len - at);
		return len + cut;
	}
}

static union {
	struct sip_msg m;
	struct sdp sdp;
} mine, other;
static u32 differs, reached;
static char message[8192], first_bad[8192];
static size_t message_len, first_len;

/* Before both readers write it: what neither of them sets is the same. */
static void blank(void *a, void *b, size_t n)
{
	memset(a, 0xa5, n);
	memset(b, 0xa5, n);
}

static void same(bool good)
{
	if (good)
		return;
	if (!differs++) {
		memcpy(first_bad, message, message_len);
		first_len = message_len;
	}
}

static void uris(const char *d, struct sip_span s)
{
	static const char *const names[] = { "transport", "lr", "maddr", "tag", "expires" };
	struct sip_span p, q;
	struct sip_uri a, b;
	size_t i;
	int r;

	blank(&a, &b, sizeof(a));
	r = sip_uri_parse(d, s, &a);
	same(r == general_sip_uri_parse(d, s, &b));
	same(r || !memcmp(&a, &b, sizeof(a)));
	for (i = 0; i < SIZE(names); i++) {
		blank(&p, &q, sizeof(p));
		r = sip_param(d, s, names[i], &p);
		same(r == (s.len && general_sip_param_of(d, s, names[i], (u32)strlen(names[i]),
							 &q)));
		same(!r || !memcmp(&p, &q, sizeof(p)));
	}
}

static void hosts(const char *d, struct sip_span s)
{
	struct sip_host a, b;

	blank(&a, &b, sizeof(a));
	sip_host_parse(d, s, &a);
	general_sip_host_parse(d, s, &b);
	same(!memcmp(&a, &b, sizeof(a)));
}

static void elements(const char *d, struct sip_span s)
{
	struct sip_span p = s, q = s;
	struct sip_nameaddr a, b;
	struct sip_via v, w;
	int r;

	do {
		blank(&a, &b, sizeof(a));
		r = sip_nameaddr_next(d, &p, &a);
		same(r == general_sip_nameaddr_next(d, &q, &b));
		same(!memcmp(&p, &q, sizeof(p)));
		same(r != 1 || !memcmp(&a, &b, sizeof(a)));
		if (r == 1) {
			uris(d, a.uri);
			uris(d, a.params);
		}
	} while (r == 1);
	p = s;
	q = s;
	do {
		blank(&v, &w, sizeof(v));
		r = sip_via_next(d, &p, &v);
		same(r == general_sip_via_next(d, &q, &w));
		same(!memcmp(&p, &q, sizeof(p)));
		same(r != 1 || !memcmp(&v, &w, sizeof(v)));
		if (r == 1)
			hosts(d, v.host);
	} while (r == 1);
}

static void descriptions(const char *d, struct sip_span s)
{
	struct sdp *a = &mine.sdp, *b = &other.sdp;
	u8 codes[16], more[16];
	int r;
	u32 i;

	memset(a, 0xa5, offsetof(struct sdp, cands) + 8 * sizeof(a->cands[0]));
	memset(b, 0xa5, offsetof(struct sdp, cands) + 8 * sizeof(a->cands[0]));
	r = sdp_parse(d, s, a);
	same(r == (int)general_sdp_parse(d, s, b));
	if (r != SIPALG_R_OK)
		return;
	same(!memcmp(a, b, offsetof(struct sdp, media) + a->nmedia * sizeof(a->media[0])));
	for (i = 0; i < a->nmedia; i++) {
		blank(codes, more, sizeof(codes));
		same(sdp_codecs(d, &a->media[i], codes, 16) ==
		     general_sdp_codecs(d, &b->media[i], more, 16));
		same(!memcmp(codes, more, sizeof(codes)));
	}
	same(a->ncands == b->ncands &&
	     !memcmp(a->cands, b->cands, a->ncands * sizeof(a->cands[0])));
	reached++;
}

static void bodies(const struct sip_msg *m)
{
	struct sip_span whole = { m->body.off, m->body.len };
	struct sip_parts v, w;
	struct sip_part a, b;
	const char *d = m->data;
	struct sip_span found[8];
	u32 n = 0, i;
	bool more;

	sip_parts_init(&v, m);
	general_sip_parts_init(&w, m);
	do {
		blank(&a, &b, sizeof(a));
		more = sip_parts_next(&v, &a);
		same(more == general_sip_parts_next(&w, &b));
		if (!more)
			break;
		same(a.early == b.early && !memcmp(&a.body, &b.body, sizeof(a.body)));
		if (n < SIZE(found))
			found[n++] = a.body;
	} while (true);
	/* The message is where the descriptions go to: it is no longer needed. */
	for (i = 0; i < n; i++)
		descriptions(d, found[i]);
	descriptions(d, whole);
}

static void compare(const char *d, u32 len)
{
	struct sip_msg *m = &mine.m;
	struct sip_hdr hdrs[SIP_MAX_HDRS];
	int r;
	u32 i, n;

	same(sip_looks_like(d, len) == general_sip_looks_like(d, len));
	blank(m, &other.m, sizeof(*m));
	r = sip_parse(m, d, len);
	same(r == (int)general_sip_parse(&other.m, d, len));
	if (r != SIPALG_R_OK)
		return;
	n = m->nhdrs;
	same(!memcmp(m, &other.m, offsetof(struct sip_msg, hdrs)));
	same(!memcmp(m->hdrs, other.m.hdrs, n * sizeof(m->hdrs[0])));
	uris(d, m->ruri);
	memcpy(hdrs, m->hdrs, n * sizeof(hdrs[0]));
	bodies(m);
	for (i = 0; i < n; i++)
		elements(d, hdrs[i].value);
	reached++;
}

static void bent(size_t seed, u32 rounds)
{
	u32 i, n;

	for (i = 0; i < rounds; i++) {
		message_len = strlen(seeds[seed]);
		memcpy(message, seeds[seed], message_len);
		for (n = below(4); n; n--)
			message_len = bend(message, message_len);
		compare(put(message, message_len), (u32)message_len);
	}
}

static void variants(void)
{
	char what[80];
	size_t i;

	state = 2463534242u;
	for (i = 0; i < SIZE(seeds); i++) {
		differs = 0;
		reached = 0;
		bent(i, 12000);
		snprintf(what, sizeof(what), "12000 variants of message %zu are read alike", i);
		if (!ok(!differs, what))
			printf("# %u differences, the first one in:\n# %.*s\n", differs,
			       (int)first_len, first_bad);
		ok(reached > 6000, "most of them are messages");
	}
}

/* Each line of each message with each oddity at each place. */
static void lines(void)
{
	size_t i, at, k, n;

	differs = 0;
	reached = 0;
	for (i = 0; i < SIZE(seeds); i++) {
		size_t len = strlen(seeds[i]);

		for (at = 0; at <= len; at++) {
			k = (at * 7 + i) % SIZE(odd);
			n = strlen(odd[k]);
			memcpy(message, seeds[i], at);
			memcpy(message + at, odd[k], n);
			memcpy(message + at + n, seeds[i] + at, len - at);
			message_len = len + n;
			compare(put(message, message_len), (u32)message_len);
			/* And ended there. */
			message_len = at;
			compare(put(message, at), (u32)at);
		}
	}
	if (!ok(!differs, "something odd, or the end, at each place is read alike"))
		printf("# %u differences, the first one in:\n# %.*s\n", differs,
		       (int)first_len, first_bad);
}

TAP_MAIN(variants, lines)

// SPDX-License-Identifier: GPL-2.0
/*
 * What others fell to, as far as a parser is concerned: each attack is tried,
 * and what must not happen does not. What needs packets is in tests/netns.
 */
#include "walk.h"
#include "../../kmod/sip/translate.h"

static struct sip_edits e;
static struct sip_msg m;
static struct sdp sdp;

#define HEAD	"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n"		\
		"From: <sip:x>\r\nTo: <sip:x>\r\nCall-ID: 1\r\n"		\
		"CSeq: 1 OPTIONS\r\n"

static enum sipalg_reason parse(const char *text)
{
	memset(&m, 0xa5, sizeof(m));
	return sip_parse(&m, put(text, strlen(text)), (u32)strlen(text));
}

static enum sipalg_reason describe(const char *text)
{
	const char *data = put(text, strlen(text));

	memset(&sdp, 0xa5, sizeof(sdp));
	return sdp_parse(data, all(text), &sdp);
}

/* CVE-2026-23457: a length that becomes another one when it is narrowed. */
static void content_length_that_lies(void)
{
	static const char *const lengths[] = {
		"4294967328",			/* 2^32 + 32 */
		"4294967296", "4294967300", "18446744073709551620",
		"340282366920938463463374607431768211460", "65540", "2147483652",
		"-1", "-4294967292", "--4", "+4", "4-", "4.", "4e0", "0x4", "4;4",
		"4,4", "4 4", "4\r\n 4", "\"4\"", "", "\t", "\xb4", "4\xff",
		"5",				/* longer than the payload */
		"4\r\nContent-Length: 4", "4\r\nl:4", "4\r\nl:0", "4\r\nL :",
	};
	char text[1024];
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		sprintf(text, HEAD "Content-Length: %s\r\n\r\nbody", lengths[i]);
		is_num(parse(text), SIPALG_R_BAD_LENGTH, lengths[i]);
	}
	is_num(parse(HEAD "l: 0000000000000000000000004\r\n\r\nbody"),
	       SIPALG_R_OK, "zeros in front are none of it");
	is_num(m.body.len, 4, "and the body has its length");
}

/* 2026: the number that is written back has to fit where it goes. */
static void content_length_rewritten(void)
{
	static const struct {
		u32 was, grow;
	} v[] = {
		{ 9, 1 }, { 99, 1 }, { 999, 8000 }, { 0, 1 }, { 10, 0 }, { 5000, 5000 },
	};
	static char text[32768], body[16384], out[32768], more[SIP_EDIT_TEXT + 1];
	size_t i;
	u32 n, len;

	memset(more, 'y', sizeof(more));
	memset(body, 'x', sizeof(body));
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		n = (u32)sprintf(text, HEAD "Content-Length:%u\r\n\r\n%.*s",
				 v[i].was, (int)v[i].was, body);
		is_num(sip_parse(&m, put(text, n), n), SIPALG_R_OK, "a message");
		sip_edits_init(&e);
		ok(sip_edits_add(&e, m.data, ((struct sip_span){ m.body.off, 0 }), more,
				 v[i].grow), "its body grows");
		ok(sip_edits_body_length(&e, &m), "and the length");
		len = sip_edits_apply(&e, m.data, n, out);
		is_num(sip_parse(&m, put(out, len), len), SIPALG_R_OK, "again one");
		is_num(m.body.len, v[i].was + v[i].grow, "as long as it is");
		is_num(m.len, len, "with nothing behind it");
	}
	sip_edits_init(&e);
	ok(!sip_edits_add(&e, m.data, ((struct sip_span){ 0, 0 }), more,
			  SIP_EDIT_TEXT + 1),
	   "more than fits is refused");
}

/* 2026: the last byte is a digit, and behind it is nobody's memory. */
static void numbers_without_a_terminator(void)
{
	static const char *const texts[] = {
		"1", "5060", "65535", "65536", "4294967295", "4294967296",
		"99999999999999999999",
	};
	struct sip_span rest;
	struct sip_uri u;
	struct sip_via v;
	char text[256];
	size_t i;
	u32 n;
	u16 port;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		unsigned long long want = strtoull(texts[i], NULL, 10);
		bool fits = want < 65536;

		PUT(d, s, texts[i]);
		is_num(sip_number(d, s, &n), want >> 32 ? -EINVAL : 0, texts[i]);
		sprintf(text, "sip:h:%s", texts[i]);
		{
			PUT(t, whole, text);
			is_num(!sip_uri_parse(t, whole, &u), fits, text);
			ok(!fits || u.port == want, "the URI's port");
		}
		sprintf(text, "SIP/2.0/UDP h:%s", texts[i]);
		{
			PUT(t, whole, text);
			rest = whole;
			is_num(sip_via_next(t, &rest, &v) == 1, fits, text);
			ok(!fits || v.port == want, "the Via's port");
		}
		sprintf(text, "v=0\nm=audio %s RTP/AVP", texts[i]);
		is_num(describe(text) == SIPALG_R_OK, fits, text);
		sprintf(text, "v=0\nm=audio 1 RTP/AVP\na=rtcp:%s", texts[i]);
		is_num(describe(text) == SIPALG_R_OK, fits, text);
		port = sdp.media[0].rtcp_port;
		ok(!fits || port == want, "RTCP's port");
		sprintf(text, "v=0\nm=audio 2/%s RTP/AVP", texts[i]);
		is_num(describe(text) == SIPALG_R_OK, fits, text);
	}
	is_num(parse("SIP/2.0 200"), SIPALG_R_NOT_SIP, "a status at the end");
	is_num(parse(HEAD "Content-Length: 1"), SIPALG_R_MALFORMED,
	       "a length at the end");
	is_num(parse(HEAD "CSeq: 1"), SIPALG_R_MALFORMED, "a CSeq at the end");
}

static void nothing_of(const struct sdp_conn *c)
{
	is_num(c->text.len, 0, "no address");
	is_num(c->twin.len, 0, "nor a second one");
	is_num(c->addr.family, 0, "of no family");
	ok(!sdp_host_is_any(&c->addr), "and not 0.0.0.0");
}

/* CVE-2026-31427: an address that no line gave was written all the same. */
static void no_media_no_address(void)
{
	static const char *const texts[] = {
		"v=0", "v=0\r\n", "v=0\r\ns=-\r\nt=0 0\r\n",
		"v=0\r\nm=audio 0 RTP/AVP 0\r\n",
		"v=0\r\nm=unknown 4000 what/ever x\r\n",
		"v=0\r\nm=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 0\r\n",
		"v=0\r\no=\r\nm=audio 1 RTP/AVP\r\n",
		"v=0\r\nc=XX YYY Z\r\no=- 1 1 XX YYY Z\r\nm=audio 1 RTP/AVP\r\n",
	};
	size_t i;
	u32 k;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		is_num(describe(texts[i]), SIPALG_R_OK, texts[i]);
		nothing_of(&sdp.origin);
		nothing_of(&sdp.conn);
		for (k = 0; k < sdp.nmedia; k++) {
			nothing_of(sdp_media_conn(&sdp, &sdp.media[k]));
			nothing_of(&sdp.media[k].rtcp);
			is_num(sdp.media[k].rtcp_port, 0, "no port for RTCP");
		}
	}
	is_num(describe("v=0\r\nm=unknown 4000 what/ever x\r\n"), SIPALG_R_OK,
	       "unknown media");
	is_num(sdp.media[0].kind, SDP_KIND_OTHER, "are of no kind");
	is_num(sdp.media[0].proto, SDP_PROTO_OTHER, "and over nothing we know");
}

static struct sip_endpoint asked[8];
static u32 nasked;

static enum sipalg_reason note(void *priv, const struct sip_ask *ask,
			       struct sip_answer *answer)
{
	(void)priv;
	(void)answer;
	if (nasked < 8)
		asked[nasked++] = ask->at;
	return SIPALG_R_UNCHANGED;
}

static u32 ask_about(const char *field)
{
	static const struct sip_resolver r = { .resolve = note };
	char text[1024];

	sprintf(text, HEAD "%s\r\n\r\n", field);
	nasked = 0;
	sip_edits_init(&e);
	is_num(parse(text), SIPALG_R_OK, field);
	is_num(sip_translate(&m, &r, &e), SIPALG_R_OK, "asked");
	is_num(e.n, 0, "nothing is changed without an answer");
	return nasked;
}

/* Slipstreaming: a low port is seen as what it is, never as another. */
static void contact_with_a_low_port(void)
{
	static const struct {
		const char *field;
		u32 port;	/* 0: is not asked about at all */
	} v[] = {
		{ "Contact: <sip:a@10.0.0.1:22>", 22 },
		{ "Contact: sip:a@10.0.0.1:445;x", 445 },
		{ "Contact: <sip:a@10.0.0.1:0000022>", 22 },
		{ "Contact: <sip:a@10.0.0.1:0>", 0 },
		{ "Contact: <sip:a@10.0.0.1:65558>", 0 },	/* 2^16 + 22 */
		{ "Contact: <sip:a@10.0.0.1:4294967318>", 0 },	/* 2^32 + 22 */
		{ "Contact: <sip:a@10.0.0.1:-22>", 0 },
		{ "Contact: <sip:a@10.0.0.1: 22>", 0 },
		{ "Contact: <sip:a@10.0.0.1:22:5060>", 0 },
		{ "Contact: <sip:a@10.0.0.1:5060@10.0.0.2:22>", 0 },
		{ "Contact: <sip:a@10.0.0.1:>", 0 },
		{ "Via: SIP/2.0/TCP 10.0.0.1:445", 445 },
		{ "Via: SIP/2.0/TCP 10.0.0.1:65981", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		is_num(ask_about(v[i].field), v[i].port != 0, "who is asked about");
		is_num(nasked ? asked[0].port : 0, v[i].port, "with the port");
	}
}

/* CVE-2018-15454. */
static void via_of_nowhere(void)
{
	static const u8 none[16];

	is_num(ask_about("Via: SIP/2.0/UDP 0.0.0.0"), 1, "is an address");
	is_num(asked[0].host.family, 4, "as any other");
	ok(!memcmp(asked[0].host.addr, none, 16), "and reported as it is");
	is_num(ask_about("Via: SIP/2.0/UDP 0.0.0"), 0, "a name is none");
	is_num(ask_about("Via: SIP/2.0/UDP 0"), 0, "nor is a number");
}

/* NAT slipstreaming: SIP is SIP from its first byte or not at all. */
static void a_message_inside_of_another_protocol(void)
{
	static const char register_[] = "REGISTER sip:x SIP/2.0\r\n";
	char text[256];
	u32 i;

	for (i = 0; i < 2; i++) {
		const char *first = i ? "POST / HTTP/1.1\r\n\r\n" : "\r\n\r\n";

		sprintf(text, "%s%s", first, register_);
		ok(!sip_looks_like(put(text, strlen(text)), (u32)strlen(text)),
		   "behind something else it is none");
	}
	for (i = 1; i < sizeof(register_) - 9; i++)
		ok(!sip_looks_like(put(register_ + i, sizeof(register_) - 1 - i),
				   (u32)sizeof(register_) - 1 - i) ||
		   i < 8, "nor is the rest of one");
	ok(!sip_looks_like(put("POST sip:x HTTP/1.1\r\n", 21), 21), "HTTP");
	ok(!sip_looks_like(put("POST sip:x SIP/2.0 HTTP/1.1\r\n", 29), 29),
	   "HTTP that knows SIP");
}

/* Only "*" alone takes all bindings away; what looks like it names nobody. */
static void contact_star(void)
{
	static const struct {
		const char *text;
		int first, star;
	} v[] = {
		{ "*", 1, 1 }, { " * ", 1, 1 }, { "*;q=1", 1, 1 }, { "<*>", 1, 0 },
		{ "\"*\" <sip:a>", 1, 0 }, { "* <sip:a>", 1, 0 }, { "**", -EINVAL, 0 },
		{ "*a", -EINVAL, 0 }, { "*@10.0.0.1", -EINVAL, 0 }, { "*:*", -EINVAL, 0 },
	};
	struct sip_nameaddr na;
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		PUT(d, s, v[i].text);
		is_num(sip_nameaddr_next(d, &s, &na), v[i].first, v[i].text);
		ok(v[i].first != 1 || na.star == v[i].star, "is it the star?");
	}
	is_num(ask_about("Contact: *, <sip:10.0.0.1>"), 1,
	       "the star is nobody's address");
}

/* Two parsers, two opinions: the header that a second one would have taken. */
static void two_of_what_there_is_one(void)
{
	is_num(parse(HEAD "i: 2\r\n\r\n"), SIPALG_R_MALFORMED, "Call-ID");
	is_num(parse(HEAD "f: <sip:y>\r\n\r\n"), SIPALG_R_MALFORMED, "From");
	is_num(parse(HEAD "t: <sip:y>\r\n\r\n"), SIPALG_R_MALFORMED, "To");
	is_num(parse(HEAD "CSEQ: 2 OPTIONS\r\n\r\n"), SIPALG_R_MALFORMED, "CSeq");
	is_num(parse(HEAD "Subject: x\r\n i: 2\r\n\r\n"), SIPALG_R_OK,
	       "but a folded line is none of its own");
	is_num(parse(HEAD "Subject: x\r i: 2\r\n\r\n"), SIPALG_R_OK,
	       "nor is what follows CR alone");
	is_num(m.nhdrs, 6, "as many fields as lines");
}

TAP_MAIN(content_length_that_lies, content_length_rewritten,
	 numbers_without_a_terminator, no_media_no_address,
	 contact_with_a_low_port, via_of_nowhere,
	 a_message_inside_of_another_protocol, contact_star,
	 two_of_what_there_is_one)

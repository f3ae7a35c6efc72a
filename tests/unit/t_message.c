// SPDX-License-Identifier: GPL-2.0
/* sip_looks_like(), sip_parse(), the header fields and the methods. */
#include "tap.h"

static struct sip_msg m;

static enum sipalg_reason parse_n(const char *text, size_t len)
{
	memset(&m, 0xa5, sizeof(m));
	return sip_parse(&m, put(text, len), (u32)len);
}

static enum sipalg_reason parse(const char *text)
{
	return parse_n(text, strlen(text));
}

#define VIA	"Via: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1\r\n"
#define FROM	"From: <sip:a@h>;tag=1\r\n"
#define TO	"To: <sip:b@h>\r\n"
#define ID	"Call-ID: x@y\r\n"
#define SEQ	"CSeq: 7 OPTIONS\r\n"
#define MUST	VIA FROM TO ID SEQ
#define OPT	"OPTIONS sip:b@h SIP/2.0\r\n"

static void looks_like(void)
{
	static const struct {
		const char *text;
		bool sip;
	} v[] = {
		{ "INVITE sip:b@h SIP/2.0\r\n", true },
		{ "INVITE sip:b@h sip/2.0\n", true },
		{ "INVITE  sip:b@h  SIP/2.0 \r\n", true },
		{ "FOO-.!%*_+`'~ tel:+1 SIP/2.0\r\n", true },
		{ "SIP/2.0 200 OK\r\n", true },
		{ "sip/2.0 180 \r\n", true },
		{ "SIP/2.0 200\r\n", true },
		{ "INVITE sip:b@h SIP/2.0", false },
		{ "INVITE sip:b@h SIP/3.0\r\n", false },
		{ "INVITE sip:b@h SIP/2.00\r\n", false },
		{ "INVITE b SIP/2.0\r\n", false },
		{ "INVITE SIP/2.0\r\n", false },
		{ "INVITE  SIP/2.0\r\n", false },
		{ "INVITE <sip:b@h> SIP/2.0\r\n", false },
		{ "INVITE sip:b@h x SIP/2.0\r\n", false },
		{ "INVITE\tsip:b@h SIP/2.0\r\n", false },
		{ " INVITE sip:b@h SIP/2.0\r\n", false },
		{ "\r\nINVITE sip:b@h SIP/2.0\r\n", false },
		{ "GET / HTTP/1.1\r\n", false },
		{ "SIP/2.0 99 OK\r\n", false },
		{ "SIP/2.0 700 OK\r\n", false },
		{ "SIP/2.0 2000 OK\r\n", false },
		{ "SIP/2.0 20x OK\r\n", false },
		{ "SIP/2.1 200 OK\r\n", false },
		{ "SIP/2.0  200 OK\r\n", false },
		{ "\r\n\r\n", false },
		{ "", false },
	};
	char long_line[5000];
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		PUT(d, s, v[i].text);
		ok(sip_looks_like(d, s.len) == v[i].sip, v[i].text);
	}
	memset(long_line, 'a', sizeof(long_line));
	memcpy(long_line, "INVITE sip:", 11);
	memcpy(long_line + 4096 - 10, " SIP/2.0\r\n", 10);
	ok(sip_looks_like(put(long_line, 4096), 4096), "4096 bytes of line");
	memset(long_line, 'a', sizeof(long_line));
	memcpy(long_line, "INVITE sip:", 11);
	memcpy(long_line + 4097 - 10, " SIP/2.0\r\n", 10);
	ok(!sip_looks_like(put(long_line, 4097), 4097), "4097 bytes of line");
}

static void start_lines(void)
{
	is_num(parse("OPTIONS   sip:b@h;x=y?z   sip/2.0  \r\n" MUST "\r\n"),
	       SIPALG_R_OK, "odd spaces in the request line");
	is_span(m.data, m.ruri, "sip:b@h;x=y?z", "Request-URI");
	is_span(m.data, m.method_name, "OPTIONS", "method's name");
	is_num(m.method, SIP_OPTIONS, "method");
	is_num(m.status, 0, "a request has no status");
	is_num(m.reason.len, 0, "and no reason");
	is_num(parse("SIP/2.0 603 Not, today: no\r\n" MUST "\r\n"),
	       SIPALG_R_OK, "response");
	is_num(m.status, 603, "status");
	is_span(m.data, m.reason, "Not, today: no", "reason phrase");
	is_num(m.method, SIP_OPTIONS, "the method is CSeq's");
	is_span(m.data, m.method_name, "OPTIONS", "and its name");
	is_num(m.ruri.len, 0, "no Request-URI");
	is_num(parse("SIP/2.0 100 \r\n" MUST "\r\n"), SIPALG_R_OK,
	       "no reason phrase");
	is_num(m.reason.len, 0, "is an empty one");
	is_num(parse("SIP/2.0 100\n" MUST "\r\n"), SIPALG_R_OK,
	       "no space behind the status");
	is_num(parse("options sip:b@h SIP/2.0\r\n" MUST "\r\n"),
	       SIPALG_R_MALFORMED, "methods have a case");
	is_num(parse("OPTIONS sip:b@h SIP/7.0\r\n" MUST "\r\n"),
	       SIPALG_R_MALFORMED, "another version");
	is_num(parse("SIP/1.0 200 OK\r\n" MUST "\r\n"),
	       SIPALG_R_MALFORMED, "another version in a response");
	is_num(parse("GET / HTTP/1.1\r\n" MUST "\r\n"), SIPALG_R_NOT_SIP,
	       "HTTP");
	is_num(parse("\r\n\r\n"), SIPALG_R_NOT_SIP, "keep-alive");
	is_num(parse_n("\0\1\0\0\x21\x12\xa4\x42", 8), SIPALG_R_NOT_SIP, "STUN");
}

static void forms(void)
{
	const struct sip_hdr *h;

	is_num(parse(OPT "v :SIP/2.0/UDP a\r\nVIA \t : SIP/2.0/UDP b\n"
		     "fROM:<sip:a@h> ; tag = q\r\nT\t:\r\n <sip:b@h>\r\n\t;TAG=2\r\n"
		     "i:\r\n\tc1\r\ncseq:\r\n 0007\r\n OPTIONS  \r\n"
		     "X-Odd: \"never closed\r\nvia:SIP/2.0/UDP c\r\nL:  2  \r\n"
		     "X-Empty:\r\n\r\nabcd"),
	       SIPALG_R_OK, "compact, folded, any case, LF, spaces");
	is_num(m.cseq, 7, "CSeq's number");
	is_span(m.data, m.call_id, "c1", "Call-ID");
	is_span(m.data, m.from_tag, "q", "From's tag");
	is_span(m.data, m.to_tag, "2", "To's tag");
	is_span(m.data, m.body, "ab", "body as long as Content-Length says");
	is_num(m.len, (long)m.body.off + 2, "the rest is not counted");
	ok(m.has_length, "has a Content-Length");
	is_num(m.nhdrs, 10, "header fields");
	h = sip_hdr_first(&m, SIP_HDR_VIA);
	is_span(m.data, h->value, "SIP/2.0/UDP a", "first Via");
	h = sip_hdr_next(&m, h);
	is_span(m.data, h->value, "SIP/2.0/UDP b", "second Via");
	h = sip_hdr_next(&m, h);
	is_span(m.data, h->value, "SIP/2.0/UDP c", "third Via");
	ok(!sip_hdr_next(&m, h), "no fourth");
	ok(!sip_hdr_first(&m, SIP_HDR_CONTACT), "no Contact");
	is_span(m.data, sip_hdr_first(&m, SIP_HDR_TO)->value,
		"<sip:b@h>\r\n\t;TAG=2", "a folded value is as it came");
	is_span(m.data, m.hdrs[9].value, "", "an empty value");
	is_num(parse(OPT MUST "\nrest"), SIPALG_R_OK, "LF for an empty line");
	is_span(m.data, m.body, "rest", "no Content-Length: to the end");
	ok(!m.has_length, "has none");
	is_num(m.to_tag.len, 0, "no tag in To");
}

static void framing(void)
{
	is_num(parse(OPT MUST), SIPALG_R_MALFORMED, "no empty line");
	is_num(parse(OPT " x: y\r\n" MUST "\r\n"), SIPALG_R_MALFORMED,
	       "white space at the first field");
	is_num(parse(OPT MUST "no colon\r\n\r\n"), SIPALG_R_MALFORMED,
	       "a line without a colon");
	is_num(parse(OPT MUST ": x\r\n\r\n"), SIPALG_R_MALFORMED, "no name");
	is_num(parse(OPT MUST "a@b: x\r\n\r\n"), SIPALG_R_MALFORMED,
	       "no token for a name");
	is_num(parse(OPT MUST "a\r\n : x\r\n\r\n"), SIPALG_R_MALFORMED,
	       "a fold in front of the colon");
	is_num(parse(OPT MUST "X-Any: \x01\xff <<\"(,;@\r\n\r\n"), SIPALG_R_OK,
	       "garbage in an unknown field");
	is_num(parse_n(OPT MUST "X: a\0b\r\n\r\n",
		       strlen(OPT MUST) + sizeof("X: a\0b\r\n\r\n") - 1),
	       SIPALG_R_OK, "NUL in an unknown field");
	is_num(parse(OPT MUST "Contact: <<<\r\n\r\n"), SIPALG_R_OK,
	       "a broken Contact is its reader's concern");
}

static void must(void)
{
	static const char *const part[] = { VIA, FROM, TO, ID, SEQ };
	static const char *const bad[] = {
		"From: \r\n", "From: \"a <sip:a@h>\r\n", "From: <sip:a@h\r\n",
		"From: *\r\n", "From: <sip:a@h>, <sip:b@h>\r\n", "From: a\r\n",
		"To: <>\r\n", "To: <sip:b@h> x\r\n", "Call-ID: \r\n",
		"Call-ID: a b\r\n", "CSeq: 7\r\n", "CSeq: OPTIONS 7\r\n",
		"CSeq: 4294967296 OPTIONS\r\n", "CSeq: -1 OPTIONS\r\n",
		"CSeq: 7 OPTIONS x\r\n", "CSeq: 7 INVITE\r\n", "CSeq: \r\n",
		"CSeq: 7 OPTION\r\n", "CSeq: 7 options\r\n",
	};
	static const u8 instead[] = { 1, 1, 1, 1, 1, 1, 2, 2, 3, 3,
				      4, 4, 4, 4, 4, 4, 4, 4, 4 };
	char text[1024];
	size_t i, j;

	for (i = 0; i < 5; i++) {
		strcpy(text, OPT);
		for (j = 0; j < 5; j++)
			if (j != i)
				strcat(text, part[j]);
		strcat(text, "\r\n");
		is_num(parse(text), SIPALG_R_NO_MANDATORY, "one is missing");
		strcpy(text, OPT MUST);
		strcat(text, part[i]);
		strcat(text, "\r\n");
		is_num(parse(text), i ? SIPALG_R_MALFORMED : SIPALG_R_OK,
		       "one is there twice");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(text, OPT);
		for (j = 0; j < 5; j++)
			strcat(text, j == instead[i] ? bad[i] : part[j]);
		strcat(text, "\r\n");
		is_num(parse(text), SIPALG_R_MALFORMED, bad[i]);
	}
	is_num(parse(OPT VIA FROM TO ID "CSeq: 4294967295 OPTIONS\r\n\r\n"),
	       SIPALG_R_OK, "the largest CSeq");
	is_num(m.cseq, 4294967295LL, "is read");
	is_num(parse("FOO sip:b@h SIP/2.0\r\n" VIA FROM TO ID
		     "CSeq: 1 FOO\r\n\r\n"), SIPALG_R_OK, "unknown method");
	is_num(m.method, SIP_METHOD_OTHER, "is another");
	is_span(m.data, m.method_name, "FOO", "with its name");
}

static void lengths(void)
{
	static const struct {
		const char *field;
		int reason;
		u32 body;
	} v[] = {
		{ "Content-Length: 4\r\n", SIPALG_R_OK, 4 },
		{ "Content-Length: 0\r\n", SIPALG_R_OK, 0 },
		{ "l:\r\n 0003\r\n", SIPALG_R_OK, 3 },
		{ "", SIPALG_R_OK, 4 },
		{ "Content-Length: 5\r\n", SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: 4294967328\r\n", SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: 4294967296\r\n", SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: 18446744073709551617\r\n",
		  SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: 99999999999999999999999999999999999\r\n",
		  SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: -1\r\n", SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: +1\r\n", SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: 0x1\r\n", SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: 1 2\r\n", SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: 1, 1\r\n", SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length:\r\n", SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: 1\r\nl: 2\r\n", SIPALG_R_BAD_LENGTH, 0 },
		{ "Content-Length: 4\r\nContent-Length: 4\r\n",
		  SIPALG_R_BAD_LENGTH, 0 },
	};
	char text[1024];
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		snprintf(text, sizeof(text), OPT MUST "%s\r\nbody", v[i].field);
		is_num(parse(text), v[i].reason, v[i].field);
		if (v[i].reason == SIPALG_R_OK)
			is_num(m.body.len, v[i].body, "body's length");
	}
}

static void many(void)
{
	static char text[8192];
	int i, n;

	for (n = SIP_MAX_HDRS; n <= SIP_MAX_HDRS + 1; n++) {
		strcpy(text, OPT MUST);
		for (i = 5; i < n; i++)
			strcat(text, "Route: <sip:p>\r\n");
		strcat(text, "\r\n");
		is_num(parse(text), n == SIP_MAX_HDRS ? SIPALG_R_OK :
		       SIPALG_R_TOO_MANY_HEADERS, "as many fields as fit");
	}
}

/* Every name finds its id, in any case, and no near miss does. */
static void names(void)
{
	static const struct {
		char c;
		int id;
	} compact[] = {
		{ 'v', SIP_HDR_VIA }, { 'f', SIP_HDR_FROM }, { 't', SIP_HDR_TO },
		{ 'i', SIP_HDR_CALL_ID }, { 'm', SIP_HDR_CONTACT },
		{ 'l', SIP_HDR_CONTENT_LENGTH }, { 'c', SIP_HDR_CONTENT_TYPE },
		{ 'e', SIP_HDR_CONTENT_ENCODING }, { 'k', 0 }, { 's', 0 },
		{ 'o', SIP_HDR_EVENT }, { 'u', 0 }, { 'r', SIP_HDR_REFER_TO },
		{ 'b', SIP_HDR_REFERRED_BY }, { 'j', 0 },
		{ 'x', SIP_HDR_SESSION_EXPIRES }, { 'y', SIP_HDR_IDENTITY },
		{ 'd', 0 }, { 'n', 0 }, { 'a', 0 }, { 'z', 0 }, { '!', 0 },
	};
	char text[1024], name[64];
	int id, form;
	size_t i, n;

	for (id = 1; id < SIP_HDR_COUNT; id++) {
		for (form = 0; form < 5; form++) {
			strcpy(name, sip_hdr_name(id));
			n = strlen(name);
			for (i = 0; i < n; i++)
				if (name[i] >= 'a' && form == 1)
					name[i] -= 32;
				else if (name[i] >= 'A' && name[i] <= 'Z' &&
					 form == 2)
					name[i] += 32;
			if (form == 3)
				name[n - 1] ^= 1;
			if (form == 4)
				strcat(name, "s");
			snprintf(text, sizeof(text), OPT "%s: 1\r\n" MUST "\r\n",
				 name);
			parse(text);
			is_num(m.hdrs[0].id, form < 3 ? id : 0, name);
		}
	}
	for (i = 0; i < sizeof(compact) / sizeof(compact[0]); i++)
		for (form = 0; form < 2; form++) {
			snprintf(name, sizeof(name), "%c",
				 compact[i].c & (form ? ~0x20 : ~0));
			snprintf(text, sizeof(text), OPT "%s: 1\r\n" MUST "\r\n",
				 form && compact[i].c == '!' ? "!" : name);
			parse(text);
			is_num(m.hdrs[0].id, compact[i].id, name);
		}
	ok(!strcmp(sip_hdr_name(SIP_HDR_RECORD_ROUTE), "Record-Route"),
	   "a header's name");
	ok(sip_hdr_name(SIP_HDR_OTHER) && sip_hdr_name(9999),
	   "every number has one");
}

static void methods(void)
{
	char text[1024];
	int i;

	for (i = 1; i < SIP_METHOD_COUNT; i++) {
		const char *name = sip_method_name(i);

		snprintf(text, sizeof(text), "%s sip:b@h SIP/2.0\r\n" VIA FROM
			 TO ID "CSeq: 1 %s\r\n\r\n", name, name);
		is_num(parse(text), SIPALG_R_OK, name);
		is_num(m.method, i, name);
		snprintf(text, sizeof(text), "SIP/2.0 200 x\r\n" VIA FROM TO ID
			 "CSeq: 1 %sX\r\n\r\n", name);
		is_num(parse(text), SIPALG_R_OK, name);
		is_num(m.method, 0, "one letter more is another");
	}
	ok(!strcmp(sip_method_name(SIP_INVITE), "INVITE"), "INVITE");
	ok(!strcmp(sip_method_name(0), "?"), "no method");
	ok(!strcmp(sip_method_name(99), "?"), "none of the methods");
}

/* Fields, and whether they sign what a translation would change. */
static void signatures(void)
{
	static const struct {
		const char *fields;
		bool is_signed;
	} v[] = {
		{ "", false },
		{ "Identity: \"abc=\"\r\n", true },
		{ "Identity: eyJ.eyJ.abc;info=<https://x>\r\n", false },
		{ "Authorization: Digest qop=auth-int\r\n", true },
		{ "Proxy-Authorization: Digest realm=\"x\", qop=auth-int\r\n", true },
		{ "Authorization: Digest qop=auth\r\nAuthorization: Digest qop=auth-int\r\n",
		  true },
		{ "Authorization: Digest qop=auth, realm=\"qop=auth-int\"\r\n", false },
		{ "WWW-Authenticate: Digest qop=\"auth-int\"\r\n", false },
	};
	char text[1024];
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		snprintf(text, sizeof(text), "INVITE sip:b@h SIP/2.0\r\n" VIA FROM TO ID
			 "CSeq: 1 INVITE\r\n%s\r\nv=0\r\n", v[i].fields);
		is_num(parse(text), SIPALG_R_OK, v[i].fields);
		is_num(sip_is_signed(&m), v[i].is_signed, v[i].fields);
	}
	is_num(parse("BYE sip:b@h SIP/2.0\r\n" VIA FROM TO ID "CSeq: 1 BYE\r\n"
		     "Authorization: Digest qop=auth-int\r\n\r\n"), SIPALG_R_OK, "no body");
	is_num(sip_is_signed(&m), false, "auth-int of nothing signs no address");
}

TAP_MAIN(looks_like, start_lines, forms, framing, must, lengths, many, names,
	 methods, signatures)

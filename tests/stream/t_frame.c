// SPDX-License-Identifier: GPL-2.0
/* Where a message ends: every vector whole, and cut at every byte. */
#include "../unit/tap.h"
#include "../../kmod/sip/frame.h"

#define MAX	2000
#define BYE	"BYE sip:a@h SIP/2.0\r\n"
#define OK	"SIP/2.0 200 OK\r\n"

struct vector {
	const char *text;
	enum sip_framing r;
	u32 total;		/* of SIP_FRAME_WHOLE */
	u32 at;			/* not SIP: known after so many bytes */
};

static const struct vector vectors[] = {
	{ BYE "\r\n", SIP_FRAME_WHOLE, 23, 0 },
	{ OK "\r\n", SIP_FRAME_WHOLE, 18, 0 },
	{ "sip/2.0 200\n\n", SIP_FRAME_WHOLE, 13, 0 },
	{ BYE "\n", SIP_FRAME_WHOLE, 22, 0 },
	{ OK "Content-Length: 4\r\n\r\nbodyBYE", SIP_FRAME_WHOLE, 41, 0 },
	{ OK "l:4\n\nbody", SIP_FRAME_WHOLE, 25, 0 },
	{ OK "L \t:  4 \r\n\r\nbody", SIP_FRAME_WHOLE, 32, 0 },
	{ OK "CONTENT-length:\r\n 4\r\n\r\nbody", SIP_FRAME_WHOLE, 43, 0 },
	{ OK "l: 4\r\n \r\n\r\nbody", SIP_FRAME_WHOLE, 31, 0 },
	{ OK "S: x\r\n l: 9\r\nl: 1\r\n\r\nb", SIP_FRAME_WHOLE, 38, 0 },
	{ OK "l: 1\r\nContent-Length: 1\r\n\r\nb", SIP_FRAME_WHOLE, 44, 0 },
	{ OK "l: 0000000001\r\n\r\nb", SIP_FRAME_WHOLE, 34, 0 },
	{ OK "no colon\r\nl: 1\r\n\r\nb", SIP_FRAME_WHOLE, 35, 0 },
	{ OK "Content-Lengths: 1\r\nxl: 2\r\nll: 3\r\n\r\nb",
	  SIP_FRAME_WHOLE, 52, 0 },
	{ OK "c: a/b\r\nl: 0\r\n\r\n", SIP_FRAME_WHOLE, 32, 0 },
	{ OK "a\rb: c\r\n\r\n", SIP_FRAME_WHOLE, 26, 0 },
	{ "x.y-z urn:service:sos SIP/2.0\r\n\r\n", SIP_FRAME_WHOLE, 33, 0 },
	{ "BYE  sip:a  SIP/2.0 \r\n\r\n", SIP_FRAME_WHOLE, 24, 0 },
	{ OK "l: 1\r\nl: 2\r\n\r\nbb", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK "l: \r\n\r\n", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK "l: -1\r\n\r\n", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK "l: 1, 1\r\n\r\n", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK "l: 1 1\r\n\r\n", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK "l: 0x1\r\n\r\n", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK "l: 4294967296\r\n\r\n", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK "l: 4294967297\r\n\r\n", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK "l: 99999999999999999999999\r\n\r\n", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK "c: a/b\r\n\r\nbody", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK "Content-Type: a/b\r\n\r\n", SIP_FRAME_BAD_LENGTH, 0, 0 },
	{ OK " l: 1\r\n\r\nb", SIP_FRAME_BAD_LENGTH, 0, 17 },
	{ OK "\tl: 1\r\n\r\nb", SIP_FRAME_BAD_LENGTH, 0, 17 },
	{ OK "l: 4294967295\r\n\r\n", SIP_FRAME_TOO_LONG, 0, 0 },
	{ OK "l: 1980\r\n\r\n", SIP_FRAME_TOO_LONG, 0, 0 },
	{ OK "l: 1973\r\n\r\n", SIP_FRAME_MORE, 0, 0 },
	{ BYE "l: 3\r\n\r\nab", SIP_FRAME_MORE, 0, 0 },
	{ BYE "l: 3\r\n", SIP_FRAME_MORE, 0, 0 },
	{ "BYE sip:a@h SIP/2.0", SIP_FRAME_MORE, 0, 0 },
	{ "GET / HTTP/1.1\r\n", SIP_FRAME_NOT_SIP, 0, 5 },
	{ "POST / HTTP/1.1\r\n", SIP_FRAME_NOT_SIP, 0, 6 },
	{ "POST http://a/ HTTP/1.1\r\n", SIP_FRAME_NOT_SIP, 0, 16 },
	{ "CONNECT a:443 HTTP/1.1\r\n", SIP_FRAME_NOT_SIP, 0, 15 },
	{ "CONNECT a.b:443 SHTTP/1.1\r\n", SIP_FRAME_NOT_SIP, 0, 18 },
	{ "OPTIONS * RTSP/1.0\r\n", SIP_FRAME_NOT_SIP, 0, 9 },
	{ "OPTIONS rtsp://a RTSP/1.0\r\n", SIP_FRAME_NOT_SIP, 0, 18 },
	{ "HTTP/1.1 200 OK\r\n", SIP_FRAME_NOT_SIP, 0, 5 },
	{ "\x16\x03\x01", SIP_FRAME_NOT_SIP, 0, 1 },
	{ "PRI * HTTP/2.0\r\n", SIP_FRAME_NOT_SIP, 0, 5 },
	{ "SIP/3.0 200 OK\r\n", SIP_FRAME_NOT_SIP, 0, 5 },
	{ "SIP/2.0 2x0 OK\r\n", SIP_FRAME_NOT_SIP, 0, 10 },
	{ "SIP/2.0 2000 OK\r\n", SIP_FRAME_NOT_SIP, 0, 12 },
	{ "SIP/2.0 999 OK\r\n", SIP_FRAME_NOT_SIP, 0, 16 },
	{ "BYE sip:a@h SIP/2.1\r\n", SIP_FRAME_NOT_SIP, 0, 19 },
	{ "BYE sip:a@h SIP/2.0x\r\n", SIP_FRAME_NOT_SIP, 0, 20 },
	{ "BYE sip:a@h\r\n", SIP_FRAME_NOT_SIP, 0, 13 },
	{ "BYE <sip:a@h> SIP/2.0\r\n", SIP_FRAME_NOT_SIP, 0, 5 },
	{ "BYE\r\n", SIP_FRAME_NOT_SIP, 0, 4 },
	{ " BYE sip:a@h SIP/2.0\r\n", SIP_FRAME_NOT_SIP, 0, 1 },
	{ "v=0\r\n", SIP_FRAME_NOT_SIP, 0, 2 },
	{ "\r\n\r\nBYE", SIP_FRAME_WHOLE, 4, 0 },
};

static void vector_whole(const struct vector *v)
{
	u32 len = (u32)strlen(v->text);
	const char *data = put(v->text, len);
	struct sip_frame f = { 0 };

	ok(sip_frame_scan(&f, data, len, MAX) == v->r, v->text);
	if (v->r == SIP_FRAME_WHOLE)
		is_num(f.total, v->total, "its length");
}

/* The same in any two parts, and byte by byte, and not later than needed. */
static bool same_in_parts(const struct vector *v, u32 step)
{
	u32 len = (u32)strlen(v->text), n = step < len ? step : len;
	struct sip_frame f = { 0 };
	enum sip_framing r;

	for (;; n = step == 1 && n < len ? n + 1 : len) {
		r = sip_frame_scan(&f, put(v->text, n), n, MAX);
		if (r != SIP_FRAME_MORE)
			break;
		if (n == len)
			return v->r == SIP_FRAME_MORE;
	}
	if (step == 1 && v->at && n != v->at)
		return false;
	return r == v->r && (f.kind == SIP_FRAME_CRLF ||
			     r != SIP_FRAME_WHOLE || f.total == v->total);
}

static void all_vectors(void)
{
	u32 i, n;
	bool same;

	for (i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		const struct vector *v = &vectors[i];

		vector_whole(v);
		same = true;
		for (n = 1; n <= strlen(v->text); n++)
			same = same && same_in_parts(v, n);
		ok(same, "the same, cut at every byte");
	}
}

static void stun(void)
{
	static const char good[] = "\0\1\0\10!\022\244B12345678901212345678";
	static const char bad[] = "\0\1\0\7!\022\244B123456789012";
	static const char cookie[] = "\1\1\0\0!\022\244C123456789012";
	struct sip_frame f = { 0 };

	ok(sip_frame_scan(&f, put(good, 7), 7, MAX) == SIP_FRAME_MORE,
	   "STUN needs its first eight bytes");
	ok(sip_frame_scan(&f, put(good, 8), 8, MAX) == SIP_FRAME_WHOLE,
	   "and no more");
	is_num(f.total, 28, "it says how long it is");
	is_num(f.kind, SIP_FRAME_STUN, "it is STUN");
	memset(&f, 0, sizeof(f));
	ok(sip_frame_scan(&f, put(bad, 4), 4, MAX) == SIP_FRAME_NOT_SIP,
	   "not a length of STUN");
	memset(&f, 0, sizeof(f));
	ok(sip_frame_scan(&f, put(cookie, 8), 8, MAX) == SIP_FRAME_NOT_SIP,
	   "not the magic cookie");
}

static void limits(void)
{
	static char text[SIP_FRAME_LINE_MAX + 100];
	struct sip_frame f = { 0 };
	u32 n;

	memset(text, 'A', sizeof(text));
	for (n = 1; n < 100; n++)
		if (sip_frame_scan(&f, text, n, MAX) == SIP_FRAME_NOT_SIP)
			break;
	is_num(n, SIP_FRAME_METHOD_MAX + 1, "a method has an end");
	memcpy(text, "BYE sip:", 8);
	memset(&f, 0, sizeof(f));
	ok(sip_frame_scan(&f, put(text, sizeof(text)), sizeof(text), MAX) ==
	   SIP_FRAME_NOT_SIP, "a start line has an end");
	memset(&f, 0, sizeof(f));
	memcpy(text, BYE "Subject: ", 30);
	ok(sip_frame_scan(&f, put(text, MAX - 1), MAX - 1, MAX) ==
	   SIP_FRAME_MORE, "header fields may go on");
	ok(sip_frame_scan(&f, put(text, MAX), MAX, MAX) == SIP_FRAME_TOO_LONG,
	   "but not beyond the limit");
}

/* Whole or byte by byte, the scanner says of a start line what the parser says. */
static void agrees_with_parser(void)
{
	static const char alphabet[] = "SIP/2.0 :sipaB\r\t  200 ";
	u32 i, j, n, seed = 1, lines = 0, differ = 0;
	char text[40];

	for (i = 0; i < 300000; i++) {
		struct sip_frame f = { 0 }, g = { 0 };
		enum sip_framing r = SIP_FRAME_MORE;
		u32 len = 1 + (seed >> 9) % 30;

		memcpy(text, i & 1 ? "BYE sip:a SIP/2.0 \r\n          " :
		       "SIP/2.0 200 OK\r\n              ", 30);
		for (j = 0; j < 1 + i % 3; j++) {
			seed = seed * 1664525 + 1013904223;
			text[(seed >> 8) % 20] =
				alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		text[len] = '\n';
		len = (u32)((char *)memchr(text, '\n', 40) + 1 - text);
		if (len == 1 || text[0] == '\r')
			continue;
		sip_frame_scan(&f, text, len, MAX);
		for (n = 1; n <= len && r == SIP_FRAME_MORE; n++)
			r = sip_frame_scan(&g, text, n, MAX);
		lines += sip_frame_started(&f);
		differ += sip_frame_started(&f) != sip_looks_like(text, len) ||
			  sip_frame_started(&g) != sip_looks_like(text, len);
	}
	ok(lines > 1000, "some lines were start lines");
	is_num(differ, 0, "to the parser too, and only those");
}

TAP_MAIN(all_vectors, stun, limits, agrees_with_parser)

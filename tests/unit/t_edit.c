// SPDX-License-Identifier: GPL-2.0
/* Edits: collected, applied, parsed again. */
#include "tap.h"

static struct sip_edits e;
static struct sip_msg m;
static const char *data;
static char out[65536];

static void begin(const char *text)
{
	data = put(text, strlen(text));
	memset(&e, 0xa5, sizeof(e));
	sip_edits_init(&e);
}

static bool add(u32 off, u32 len, const char *text)
{
	return sip_edits_add(&e, data, (struct sip_span){ off, len }, text,
			     (u32)strlen(text));
}

static void result(u32 len, const char *want)
{
	u32 n;

	is_num(e.failed, 0, "not failed");
	memset(out, '?', sizeof(out));
	n = sip_edits_apply(&e, data, len, out);
	is_num(n, (long long)len + e.growth, "as long as growth says");
	is_num(out[n], '?', "and nothing behind");
	is_span(out, ((struct sip_span){ 0, n }), want, want);
	memset(out, '?', sizeof(out));
	memcpy(out, data, len);
	sip_edits_apply_here(&e, out, len);
	is_num(out[n > len ? n : len], '?', "in place, nothing behind either");
	is_span(out, ((struct sip_span){ 0, n }), want, want);
}

static void order(void)
{
	begin("0123456789");
	ok(add(8, 1, "EIGHT"), "replace");
	ok(add(0, 2, "x"), "before it");
	ok(add(4, 2, ""), "remove between");
	ok(add(9, 1, "!"), "next to one");
	ok(add(2, 1, "two"), "next to another");
	ok(add(10, 0, "end"), "insert at the end");
	is_num(e.n, 6, "six of them");
	is_num(e.growth, 6, "growth");
	result(10, "xtwo367EIGHT!end");
	begin("0123456789");
	result(10, "0123456789");
	ok(add(3, 3, "345"), "what is there already");
	is_num(e.n, 0, "is not recorded");
	ok(add(3, 0, ""), "nothing for nothing");
	is_num(e.n, 0, "neither");
	result(10, "0123456789");
	begin("0123456789");
	ok(add(3, 2, "R"), "replace");
	ok(add(3, 0, "I"), "insert in front");
	ok(add(3, 0, "J"), "and another");
	ok(add(5, 0, "K"), "insert behind");
	result(10, "012IJRK56789");
	begin("0123");
	ok(add(0, 0, "<") && add(0, 4, "x"), "insert, then replace");
	result(4, "<x");
}

static void overlap(void)
{
	static const struct sip_span bad[] = {
		{ 3, 4 }, { 4, 1 }, { 2, 2 }, { 6, 2 }, { 0, 10 }, { 4, 0 },
		{ 5, 3 }, { 5, 0 }, { 3, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin("0123456789");
		ok(add(3, 4, "x") && add(9, 1, "y"), "two edits");
		ok(!sip_edits_add(&e, data, bad[i], "zz", 2), "an overlap");
		ok(e.failed, "failed");
		ok(!add(0, 1, "a"), "for good");
		ok(!sip_edits_add_number(&e, data, (struct sip_span){ 0, 1 }, 9),
		   "numbers too");
	}
	begin("0123");
	ok(!sip_edits_add(&e, data, (struct sip_span){ 2, 0xffffffffu }, "a", 1),
	   "a span past the end of numbers");
}

static void full(void)
{
	static char text[SIP_EDIT_TEXT + 1], big[2000];
	u32 i;

	memset(text, 'x', sizeof(text));
	memset(big, '.', sizeof(big) - 1);
	begin(big);
	ok(sip_edits_add(&e, data, (struct sip_span){ 0, 1 }, text,
			 SIP_EDIT_TEXT), "all the room for text");
	ok(sip_edits_add(&e, data, (struct sip_span){ 1, 1 }, text, 0),
	   "no text needs none");
	ok(!sip_edits_add(&e, data, (struct sip_span){ 2, 1 }, text, 1),
	   "no room for text");
	begin(big);
	ok(!sip_edits_add(&e, data, (struct sip_span){ 0, 1 }, text,
			  SIP_EDIT_TEXT + 1), "more than there is room");
	begin(big);
	for (i = 0; i < SIP_MAX_EDITS; i++)
		if (!add(i * 2, 1, "y"))
			break;
	is_num(i, SIP_MAX_EDITS, "as many edits as fit");
	ok(!e.failed, "are good");
	ok(!add(i * 2, 1, "y"), "one more is not");
	ok(e.failed, "and fails");
}

static void numbers(void)
{
	begin("Port: 5060 0");
	ok(sip_edits_add_number(&e, data, (struct sip_span){ 6, 4 }, 4294967295u),
	   "the largest");
	ok(sip_edits_add_number(&e, data, (struct sip_span){ 11, 1 }, 0),
	   "the same");
	is_num(e.n, 1, "is not recorded");
	ok(sip_edits_add_number(&e, data, (struct sip_span){ 0, 1 }, 0), "zero");
	result(12, "0ort: 4294967295 0");
}

#define HEAD	"SIP/2.0 200 OK\r\nVia: x\r\nFrom: <sip:a@h>\r\n" \
		"To: <sip:a@h>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"

static void message(const char *text)
{
	begin(text);
	is_num(sip_parse(&m, data, (u32)strlen(text)), SIPALG_R_OK, "a message");
}

static void again(u32 len, u32 body)
{
	static char copy[65536];
	u32 n = sip_edits_apply(&e, data, len, copy);
	const char *to = put(copy, n);

	is_num(sip_parse(&m, to, n), SIPALG_R_OK, "the new message");
	is_num(m.body.len, body, "has the new body's length");
	is_num(n, (long long)len + e.growth, "and grew");
}

static void body_length(void)
{
	static const char text[] = HEAD "l: 9\r\n\r\nbody=here trailing";

	message(text);
	ok(add(m.body.off + 5, 4, "everywhere"), "grow in the body");
	ok(add(8, 3, "2000"), "grow outside");
	ok(sip_edits_body_length(&e, &m), "correct the length");
	result(sizeof(text) - 1, "SIP/2.0 2000 OK\r\nVia: x\r\n"
	       "From: <sip:a@h>\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\n"
	       "CSeq: 1 INVITE\r\nl: 15\r\n\r\nbody=everywhere trailing");
	message(text);
	ok(add(m.body.off, 9, ""), "no body is left");
	ok(sip_edits_body_length(&e, &m), "correct the length");
	again(m.len, 0);
	message(text);
	ok(add(m.body.off, 0, "12") && add(12, 2, "Fine"),
	   "insert at its begin");
	ok(sip_edits_body_length(&e, &m), "correct the length");
	again(m.len, 11);
	message(text);
	ok(add(m.len, 0, "12"), "insert at its end");
	ok(sip_edits_body_length(&e, &m), "correct the length");
	again(m.len, 11);
	message(text);
	ok(add(m.body.off, 2, "BO") && add(8, 1, "20"), "the same size");
	ok(sip_edits_body_length(&e, &m), "nothing to correct");
	is_num(e.n, 2, "so nothing is");
	message(HEAD "\r\nbody");
	ok(add(m.body.off, 2, "BODY"), "grow without Content-Length");
	ok(sip_edits_body_length(&e, &m), "nothing to correct");
	is_num(e.n, 1, "so nothing is");
	again(m.len, 6);
	message(text);
	ok(!sip_edits_add(&e, data, (struct sip_span){ 3, 0xffffffffu }, "", 0) &&
	   !sip_edits_body_length(&e, &m), "a failed list stays failed");
}

TAP_MAIN(order, overlap, full, numbers, body_length)

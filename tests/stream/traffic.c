// SPDX-License-Identifier: GPL-2.0
/*
 * What an application says: messages of all sorts, and how each is translated.
 */
#include "sim.h"

u32 rnd(struct rng *r, u32 n)
{
	u64 x;

	if (r->left) {
		u32 v = 0, i;

		for (i = n > 256 ? 2 : 1; i && r->left; i--, r->left--)
			v = v << 8 | *r->bytes++;
		return v % n;
	}
	x = r->state += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	x ^= x >> 31;
	return (u32)(((x >> 32) * n) >> 32);
}

bool chance(struct rng *r, u32 percent)
{
	return percent && rnd(r, 100) < percent;
}

static void room(char **buf, u32 *cap, u32 need)
{
	if (need <= *cap)
		return;
	*cap = need * 2;
	*buf = realloc(*buf, *cap);
	if (!*buf)
		abort();
}

static void say(struct traffic *t, const char *data, u32 len)
{
	room(&t->text, &t->cap, t->len + len);
	memcpy(t->text + t->len, data, len);
	t->len += len;
}

static void says(struct traffic *t, const char *text)
{
	say(t, text, (u32)strlen(text));
}

/* The second line of a message says what its translation is. */
u32 traffic_translate(const char *data, u32 len, char *out)
{
	const char *p = memchr(data, '\n', len);
	u32 n, at, i;

	p += 1 + strlen("X-Edit: ");
	n = (u32)(p[1] - '0') * 100 + (u32)(p[2] - '0') * 10 + (u32)(p[3] - '0');
	at = (u32)(p + 6 - data);
	memcpy(out, data, at);
	switch (*p) {
	case '=':
		return 0;
	case '~':
		for (i = at; i < len; i++)
			out[i] = data[i] ^ 0x20;
		return len;
	case '+':
		for (i = 0; i < n; i++)
			out[at + i] = (char)('a' + (len + i) % 26);
		memcpy(out + at + n, data + at, len - at);
		return len + n;
	default:
		memcpy(out + at, data + at + n, len - at - n);
		return len - n;
	}
}

static void filler(struct traffic *t, struct rng *r, u32 len)
{
	static const char tricky[] =
		"REGISTER sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
		"POST / HTTP/1.1\r\n\r\nINVITE sip:b SIP/2.0\r\nl: 7\r\n\r\n";
	u32 from = rnd(r, 60), n;

	while (len) {
		n = len < sizeof(tricky) - 1 - from ? len :
			(u32)sizeof(tricky) - 1 - from;
		say(t, tricky + from, n);
		len -= n;
		from = 0;
	}
}

static void content_length(struct traffic *t, struct rng *r, u32 len)
{
	static const char *const form[] = {
		"Content-Length: %u", "l: %u", "L:%u", "content-length : %u",
		"CONTENT-LENGTH:\r\n  %u", "Content-Length:%u   ",
		"l\t:\t%u", "Content-Length: %u\r\nl: %u"
	};
	char line[80];

	if (!len && chance(r, 30))
		return;
	snprintf(line, sizeof(line), form[rnd(r, 8)], len, len);
	says(t, line);
	says(t, chance(r, 10) ? "\n" : "\r\n");
}

static u32 body_length(struct rng *r, bool big)
{
	if (big && chance(r, 40))
		return rnd(r, 65000);
	if (chance(r, 50))
		return 0;
	return chance(r, 80) ? rnd(r, 300) : rnd(r, 3000);
}

static void sip(struct traffic *t, struct rng *r)
{
	static const char ops[] = "==~+++-";
	char line[100], op = ops[rnd(r, sizeof(ops) - 1)];
	u32 n = rnd(r, chance(r, 20) ? GROWTH : 40);
	u32 body = body_length(r, t->big);

	says(t, chance(r, 50) ? "SIP/2.0 200 OK\r\n" :
	     chance(r, 50) ? "INVITE sip:bob@example.com SIP/2.0\r\n" :
	     "x-token urn:service:sos SIP/2.0\n");
	snprintf(line, sizeof(line), "X-Edit: %c%03u\r\n", op, n);
	says(t, line);
	if (op == '-') {
		says(t, "P: ");
		filler(t, r, 0);
		for (; n; n--)
			says(t, "p");
		says(t, "\r\n");
	}
	if (chance(r, 20))
		says(t, "Subject: folded\r\n Content-Length: 9999\r\n");
	content_length(t, r, body);
	says(t, chance(r, 10) ? "\n" : "\r\n");
	filler(t, r, body);
}

static void stun(struct traffic *t, struct rng *r)
{
	u32 n = 4 * rnd(r, 20);
	char head[8] = { (char)rnd(r, 2), 1, 0, (char)n, 0x21, 0x12,
			 (char)0xa4, 0x42 };

	say(t, head, 8);
	filler(t, r, n + 12);
}

/* After this nothing is looked at any more. */
static void bad(struct traffic *t, struct rng *r, struct unit *u)
{
	static const struct { u8 reason; const char *text; } kinds[] = {
		{ SIP_STREAM_R_FRAMING, "GET / HTTP/1.1\r\n\r\n" },
		{ SIP_STREAM_R_FRAMING, "v=0\r\no=x\r\n" },
		{ SIP_STREAM_R_LENGTH, "BYE sip:a SIP/2.0\r\nl: 1x\r\n\r\n" },
		{ SIP_STREAM_R_LENGTH,
		  "BYE sip:a SIP/2.0\r\nl: 1\r\nContent-length: 2\r\n\r\nxx" },
		{ SIP_STREAM_R_LENGTH,
		  "BYE sip:a SIP/2.0\r\nContent-Type: a/b\r\n\r\nbody" },
		{ SIP_STREAM_R_TOO_LONG,
		  "BYE sip:a SIP/2.0\r\nl: 4294967295\r\n\r\n" },
		{ SIP_STREAM_R_FRAMING, "\1\1\0\0notstun" },
	};
	u32 i = rnd(r, sizeof(kinds) / sizeof(*kinds));

	u->kind = UNIT_BAD;
	u->reason = kinds[i].reason;
	say(t, kinds[i].text, (u32)strlen(kinds[i].text));
	if (i == 6)
		say(t, "\1\1\0\0notstun", 11);
	filler(t, r, rnd(r, 200));
}

static void translate(struct traffic *t, struct unit *u)
{
	const char *data = t->text + u->off;
	u32 n = 0;

	room(&t->xlat, &t->xcap, t->xlen + u->len + GROWTH);
	if (u->kind == UNIT_SIP)
		n = traffic_translate(data, u->len, t->xlat + t->xlen);
	if (!n) {
		memcpy(t->xlat + t->xlen, data, u->len);
		n = u->len;
	}
	u->xoff = t->xlen;
	u->xlen = n;
	t->xlen += n;
}

static void raw(struct traffic *t, struct rng *r)
{
	says(t, chance(r, 50) ? "POST / HTTP/1.1\r\n\r\n" :
	     chance(r, 30) ? "CONNECT a:443 HTTP/1.1\r\n\r\n" : "\x16\x03\x01");
	filler(t, r, rnd(r, 2000));
}

void traffic_make(struct traffic *t, struct rng *r, enum size size)
{
	u32 n = chance(r, 5) ? 0 : 1 + rnd(r, size == SIZE_BIG ? 12 : 7), i;
	bool goes_bad = chance(r, 6), had_sip = false;

	t->len = 0;
	t->xlen = 0;
	t->n = 0;
	t->next = 0;
	t->big = size == SIZE_BIG;
	if (size == SIZE_MANY)
		n = MAX_UNITS / 2 + rnd(r, MAX_UNITS / 2);
	t->not_sip = n && chance(r, 4);
	for (i = 0; i < n; i++) {
		struct unit *u = &t->unit[t->n++];

		u->off = t->len;
		u->kind = UNIT_SIP;
		if (t->not_sip) {
			u->kind = UNIT_RAW;
			raw(t, r);
		} else if (goes_bad && had_sip && i == n - 1) {
			bad(t, r, u);
		} else if (chance(r, 15)) {
			u->kind = UNIT_CRLF;
			says(t, chance(r, 50) ? "\r\n\r\n" : "\n");
		} else if (had_sip && chance(r, 15)) {
			u->kind = UNIT_STUN;
			stun(t, r);
		} else {
			sip(t, r);
			had_sip = true;
		}
		u->len = t->len - u->off;
		translate(t, u);
	}
}

void traffic_free(struct traffic *t)
{
	free(t->text);
	free(t->xlat);
	memset(t, 0, sizeof(*t));
}

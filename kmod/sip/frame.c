// SPDX-License-Identifier: GPL-2.0
/*
 * Where a message ends: a start line that can be refused at its first wrong
 * byte, and header fields of which only two matter.
 */
#include "frame.h"
#include "scan.h"

/* What the byte at @scan belongs to. The order is that of a message. */
enum stage {
	STAGE_METHOD,		/* a token: a method, or "SIP" of a status line */
	STAGE_STATUS,		/* "SIP/2.0 200", compared byte by byte */
	STAGE_REASON,		/* the rest of a status line */
	STAGE_GAP,		/* spaces before the URI */
	STAGE_SCHEME,
	STAGE_URI,		/* from the colon on */
	STAGE_VERSION,		/* spaces and "SIP/2.0" behind the URI */
	STAGE_LINE_END,		/* white space behind it */
	STAGE_FIELDS,
	STAGE_BODY
};

static const char version[] = "SIP/2.0";

#define VERSION_LEN	(sizeof(version) - 1)

/* The byte at index @i of "SIP/2.0", in either case. */
static bool is_version_byte(char c, u32 i)
{
	return sip_same(&c, version + i, 1);
}

/* The byte at index @i of "SIP/2.0 200" and what follows it. */
static bool is_status_byte(char c, u32 i)
{
	if (i < VERSION_LEN)
		return is_version_byte(c, i);
	if (i == VERSION_LEN)
		return c == ' ';
	if (i < VERSION_LEN + 4)
		return sip_is_digit(c);
	return sip_is_ws(c);
}

/* A method ends with a space; "SIP" is followed by a slash. */
static bool method_byte(struct sip_frame *f, const char *data, u32 i)
{
	char c = data[i];

	if (sip_is(c, SIP_C_TOKEN))
		return i < SIP_FRAME_METHOD_MAX;
	if (c == '/') {
		f->stage = STAGE_STATUS;
		return i == 3 && sip_same(data, version, 3);
	}
	f->stage = STAGE_GAP;
	return i && c == ' ';
}

/* @f->line is where the word behind the URI begins, 0 before it. */
static bool version_byte(struct sip_frame *f, const char *data, u32 i)
{
	char c = data[i];

	if (!f->line && sip_is_ws(c))
		return true;
	if (!f->line) {
		f->line = i;
		if (data[i - 1] != ' ')
			return false;
	}
	i -= f->line;
	if (i + 1 == VERSION_LEN)
		f->stage = STAGE_LINE_END;
	return is_version_byte(c, i);
}

/* One byte of the start line that is not its end. False: not one. */
static bool start_byte(struct sip_frame *f, const char *data, u32 i)
{
	char c = data[i];

	switch (f->stage) {
	case STAGE_METHOD:
		return method_byte(f, data, i);
	case STAGE_STATUS:
		if (i == VERSION_LEN + 4)
			f->stage = STAGE_REASON;
		return is_status_byte(c, i);
	case STAGE_REASON:
		return true;
	case STAGE_GAP:
		if (sip_is_ws(c))
			return true;
		f->stage = STAGE_SCHEME;
		return sip_is(c, SIP_C_SCHEME);
	case STAGE_SCHEME:
		if (c == ':')
			f->stage = STAGE_URI;
		return c == ':' || sip_is(c, SIP_C_SCHEME);
	case STAGE_URI:
		if (sip_is_ws(c))
			f->stage = STAGE_VERSION;
		return true;
	case STAGE_VERSION:
		return version_byte(f, data, i);
	default:
		return sip_is_ws(c);
	}
}

/* Byte by byte, so that it is refused at its first wrong one. */
static bool start_goes_on(struct sip_frame *f, const char *data, u32 len)
{
	u32 i;

	for (i = f->scan; i < len; i++)
		if (i == SIP_FRAME_LINE_MAX || !start_byte(f, data, i))
			return false;
	f->scan = len;
	return true;
}

/* The same with all of it at hand: then the parser has the only word. */
static bool is_start(const char *data, u32 lf)
{
	return lf < SIP_FRAME_LINE_MAX && sip_looks_like(data, lf + 1) &&
	       sip_skip(data, 0, SIP_FRAME_METHOD_MAX + 1, SIP_C_TOKEN) <=
	       SIP_FRAME_METHOD_MAX;
}

static enum sip_framing start_line(struct sip_frame *f, const char *data,
				   u32 len)
{
	u32 lf = sip_find_lf(data, f->scan, len);

	if (lf == len)
		return start_goes_on(f, data, len) ? SIP_FRAME_MORE :
						     SIP_FRAME_NOT_SIP;
	if (!is_start(data, lf))
		return SIP_FRAME_NOT_SIP;
	f->stage = STAGE_FIELDS;
	f->scan = lf + 1;
	f->line = lf + 1;
	return SIP_FRAME_WHOLE;
}

/* Nearly all fields are none of the two, nor of their compact forms. */
static bool may_matter(const char *p)
{
	char first = p[0] | 0x20, second = p[1];

	if (first == 'c')
		return (second | 0x20) == 'o' || !sip_is(second, SIP_C_TOKEN);
	return first == 'l' && !sip_is(second, SIP_C_TOKEN);
}

/* A field that may matter, up to its line's end at @lf. False: a length that is bad. */
static bool field(struct sip_frame *f, const char *data, u32 from, u32 lf)
{
	u32 colon = sip_find(data, from, lf, ':'), end, n;

	if (colon == lf)
		return true;
	for (end = colon; sip_is_ws(data[end - 1]); end--)
		;
	switch (sip_hdr_lookup(data, sip_span(from, end))) {
	case SIP_HDR_CONTENT_TYPE:
		f->has_type = true;
		return true;
	case SIP_HDR_CONTENT_LENGTH:
		break;
	default:
		return true;
	}
	if (sip_number(data, sip_trim(data, colon + 1, lf), &n) ||
	    (f->has_length && n != f->length))
		return false;
	f->has_length = true;
	f->length = n;
	return true;
}

/* 1: the empty line, @f->line is behind it. 0: not one. -1: cannot say yet. */
static int empty_line(struct sip_frame *f, const char *data, u32 len)
{
	u32 i = f->line;

	if (i < len && data[i] == '\r')
		i++;
	if (i >= len)
		return -1;
	if (data[i] != '\n')
		return 0;
	f->line = i + 1;
	return 1;
}

/*
 * The fields that are there, each in one line, as long as nothing is to be
 * decided: the first line that is another one, or not known to end, is left.
 */
static void usual_fields(struct sip_frame *f, const char *data, u32 len)
{
	const char *p = data + f->line, *stop = data + len, *lf;

	/* Half a line is known already. */
	if (f->scan != f->line)
		return;
	while (sip_has(p, stop, 2) && (u8)*p > ' ') {
		lf = sip_line_end(p, stop);
		if (!sip_has(lf, stop, 2) || lf[1] == ' ' || lf[1] == '\t')
			break;
		/* It will be refused again. */
		if (may_matter(p) &&
		    !field(f, data, (u32)(p - data), (u32)(lf - data)))
			break;
		p = lf + 1;
	}
	f->line = (u32)(p - data);
	f->scan = f->line;
}

/*
 * A field ends at the line's end that is not followed by white space. White
 * space behind the start line is no field of anybody's: another parser might
 * take what follows for one, so the end of the message is in doubt.
 */
static enum sip_framing fields(struct sip_frame *f, const char *data, u32 len)
{
	u32 lf;
	int ret;

	usual_fields(f, data, len);
	for (;;) {
		ret = empty_line(f, data, len);
		if (ret < 0)
			return SIP_FRAME_MORE;
		if (ret)
			break;
		if (data[f->line] == ' ' || data[f->line] == '\t')
			return SIP_FRAME_BAD_LENGTH;
		lf = sip_find_lf(data, f->scan, len);
		f->scan = lf;
		if (lf == len || lf + 1 == len)
			return SIP_FRAME_MORE;
		f->scan = lf + 1;
		if (data[lf + 1] == ' ' || data[lf + 1] == '\t')
			continue;
		if (may_matter(data + f->line) && !field(f, data, f->line, lf))
			return SIP_FRAME_BAD_LENGTH;
		f->line = lf + 1;
	}
	if (f->has_type && !f->has_length)
		return SIP_FRAME_BAD_LENGTH;
	f->stage = STAGE_BODY;
	return SIP_FRAME_WHOLE;
}

static enum sip_framing message(struct sip_frame *f, const char *data, u32 len,
				u32 max)
{
	enum sip_framing r = SIP_FRAME_WHOLE;

	if (f->stage < STAGE_FIELDS)
		r = start_line(f, data, len);
	if (r == SIP_FRAME_WHOLE && f->stage == STAGE_FIELDS) {
		r = fields(f, data, len < max ? len : max);
		if (r == SIP_FRAME_MORE && len >= max)
			return SIP_FRAME_TOO_LONG;
		if (r == SIP_FRAME_WHOLE) {
			if (f->length > max - f->line)
				return SIP_FRAME_TOO_LONG;
			f->total = f->line + f->length;
		}
	}
	if (r == SIP_FRAME_WHOLE && len < f->total)
		return SIP_FRAME_MORE;
	return r;
}

/* RFC 8489: two bits of zero, a length in words, the magic cookie. */
static enum sip_framing stun(struct sip_frame *f, const char *data, u32 len)
{
	static const u8 cookie[4] = { 0x21, 0x12, 0xa4, 0x42 };

	if (len > 3 && data[3] & 3)
		return SIP_FRAME_NOT_SIP;
	if (len > 4 && memcmp(data + 4, cookie, len < 8 ? len - 4 : 4))
		return SIP_FRAME_NOT_SIP;
	if (len < 8)
		return SIP_FRAME_MORE;
	f->total = 20 + ((u32)(u8)data[2] << 8) + (u8)data[3];
	return SIP_FRAME_WHOLE;
}

static enum sip_framing crlf(struct sip_frame *f, const char *data, u32 len)
{
	u32 i = 0;

	while (i < len && (data[i] == '\r' || data[i] == '\n'))
		i++;
	f->total = i;
	return SIP_FRAME_WHOLE;
}

enum sip_framing sip_frame_scan(struct sip_frame *f, const char *data, u32 len,
				u32 max)
{
	if (f->kind == SIP_FRAME_NOTHING) {
		if (data[0] == '\r' || data[0] == '\n')
			f->kind = SIP_FRAME_CRLF;
		else if (data[0] == 0 || data[0] == 1)
			f->kind = SIP_FRAME_STUN;
		else
			f->kind = SIP_FRAME_SIP;
	}
	if (f->kind == SIP_FRAME_SIP)
		return message(f, data, len, max);
	if (f->kind == SIP_FRAME_STUN)
		return stun(f, data, len);
	return crlf(f, data, len);
}

bool sip_frame_started(const struct sip_frame *f)
{
	return f->kind == SIP_FRAME_SIP && f->stage >= STAGE_FIELDS;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parsers share. Positions are offsets into the message; "end" is the
 * first one that must not be read. White space is SP, HT, CR and LF, because a
 * folded line stays in its value as it came.
 */
#ifndef SIPALG_SIP_SCAN_H
#define SIPALG_SIP_SCAN_H

#include "sip.h"

#define SIP_C_WS	0x01	/* SP HT CR LF */
#define SIP_C_TOKEN	0x02	/* RFC 3261: token */
#define SIP_C_HOST	0x04	/* of a host name; '_' is in use */
#define SIP_C_REF	0x08	/* between '[' and ']' */
#define SIP_C_NOTUSER	0x10	/* cannot stand in a user part, in anyone's mind */
#define SIP_C_ADDR	0x20	/* ends a display name or a bare URI: " , ; < */
#define SIP_C_PARAM	0x40	/* ends a parameter's name or value: " , ; = */
#define SIP_C_SCHEME	0x80	/* of a URI's scheme */

extern const u8 sip_class[256];

static inline bool sip_is(char c, u8 class)
{
	return sip_class[(u8)c] & class;
}

static inline bool sip_is_digit(char c)
{
	return (u8)(c - '0') <= 9;
}

static inline struct sip_span sip_span(u32 from, u32 to)
{
	struct sip_span s = { from, to - from };

	return s;
}

static inline u32 sip_span_end(struct sip_span s)
{
	return s.off + s.len;
}

/* First position from @pos on that has none (or any) of the classes. */
static inline u32 sip_skip(const char *data, u32 pos, u32 end, u8 class)
{
	while (pos < end && sip_is(data[pos], class))
		pos++;
	return pos;
}

static inline u32 sip_until(const char *data, u32 pos, u32 end, u8 class)
{
	while (pos < end && !sip_is(data[pos], class))
		pos++;
	return pos;
}

/* From @pos to before @end, without the white space at its ends. */
static inline struct sip_span sip_trim(const char *data, u32 pos, u32 end)
{
	pos = sip_skip(data, pos, end, SIP_C_WS);
	while (end > pos && sip_is(data[end - 1], SIP_C_WS))
		end--;
	return sip_span(pos, end);
}

/*
 * Where the next LF is, @end if there is none. A word at a time: the lines of
 * a message are most of its bytes, and the kernel's memchr() is a byte loop on
 * most architectures.
 */
static inline u32 sip_find_lf(const char *data, u32 pos, u32 end)
{
	const unsigned long ones = ~0UL / 255;
	unsigned long w;

	while (end - pos >= sizeof(w)) {
		memcpy(&w, data + pos, sizeof(w));
		w ^= ones * '\n';
		w = (w - ones) & ~w & (ones << 7);
		if (w) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			return pos + ((u32)__builtin_ctzl(w) >> 3);
#else
			break;
#endif
		}
		pos += sizeof(w);
	}
	while (pos < end && data[pos] != '\n')
		pos++;
	return pos;
}

/* Behind the quoted string that begins at @pos; 0 where it does not end. */
u32 sip_skip_quoted(const char *data, u32 pos, u32 end);

/**
 * sip_list_end() - where an element of a comma list ends
 * Return: the place of the comma outside of quotes, or @end; 0 where a quoted
 * string does not end.
 */
u32 sip_list_end(const char *data, u32 pos, u32 end);

/* Do these bytes spell @text (in lower case) in any case of letters? */
bool sip_nocase(const char *p, u32 len, const char *text);

/**
 * sip_field_next() - the next header field, of a message or of a MIME part
 * @pos: start of a line; behind the field (or the empty line) on return
 * @name: as written
 * @value: without the white space around it
 * Return: 1 for a field, 0 for the empty line, -EINVAL if it is neither.
 */
int sip_field_next(const char *data, u32 *pos, u32 end, struct sip_span *name,
		   struct sip_span *value);

/* The id of a header field's name, which has to be a token. */
enum sip_hdr_id sip_hdr_lookup(const char *data, struct sip_span name);

/* The id of a method's name. */
enum sip_method sip_method_lookup(const char *data, struct sip_span name);

/* One of a ";"-separated list, taken off @rest. False at the end. */
bool sip_param_next(const char *data, struct sip_span *rest,
		    struct sip_span *name, struct sip_span *value);

/*
 * A host (with its brackets) or a port that begins at @pos.
 * Return: the position behind it, 0 where there is none.
 */
u32 sip_scan_host(const char *data, u32 pos, u32 end, struct sip_span *host);
u32 sip_scan_port(const char *data, u32 pos, u32 end, u16 *port);

#endif

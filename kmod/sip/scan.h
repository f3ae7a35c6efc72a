/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parsers share. Positions are offsets into the message; "end" is the
 * first one that must not be read. White space is SP, HT, CR and LF, because a
 * folded line stays in its value as it came.
 */
#ifndef SIPALG_SIP_SCAN_H
#define SIPALG_SIP_SCAN_H

#include "sip.h"
#include "word.h"

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

/* Most bytes are no white space, and above it: one comparison says so. */
static inline bool sip_is_ws(char c)
{
	return (u8)c <= ' ' && sip_is(c, SIP_C_WS);
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

/*
 * Where the word at @pos ends. Nearly all words end within eight bytes, at
 * the first one up to SP.
 */
static inline u32 sip_word_end(const char *data, u32 pos, u32 end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const unsigned long ones = ~0UL / 255;
	unsigned long w;

	for (; end - pos >= sizeof(w); pos += sizeof(w)) {
		memcpy(&w, data + pos, sizeof(w));
		w = (w - ones * (' ' + 1)) & ~w & (ones << 7);
		if (!w)
			continue;
		pos += (u32)__builtin_ctzl(w) >> 3;
		break;
	}
#endif
	while (pos < end && !sip_is_ws(data[pos]))
		pos++;
	return pos;
}

static inline u32 sip_skip_ws(const char *data, u32 pos, u32 end)
{
	while (pos < end && sip_is_ws(data[pos]))
		pos++;
	return pos;
}

/* From @pos to before @end, without the white space at its ends. */
static inline struct sip_span sip_trim(const char *data, u32 pos, u32 end)
{
	while (end > pos && sip_is_ws(data[end - 1]))
		end--;
	return sip_span(sip_skip_ws(data, pos, end), end);
}

/* Where the next @byte is, @end if there is none. */
static inline u32 sip_find(const char *data, u32 pos, u32 end, char byte)
{
	return (u32)(sip_seek(data + pos, data + end, byte) - data);
}

/* The next LF; @stop if there is none. */
const char *sip_lf(const char *p, const char *stop);

/* The next LF; @end if there is none. */
static inline u32 sip_find_lf(const char *data, u32 pos, u32 end)
{
	return (u32)(sip_lf(data + pos, data + end) - data);
}

/* Are these eight bytes letters and '-' only? */
static inline bool sip_letters8(const char *p)
{
	const u64 ones = ~0ULL / 255, high = ones << 7;
	u64 w, lower, letter, dash;

	memcpy(&w, p, 8);
	if (w & high)
		return false;
	/* No byte of these sums and differences carries into the next one. */
	lower = w | ones * 0x20;
	letter = (lower + ones * (0x80 - 'a')) & ~(lower + ones * (0x7f - 'z'));
	dash = high - (w ^ ones * '-');
	return ((letter | dash) & high) == high;
}

/* Are these bytes a token? Names of header fields are letters and '-'. */
static inline bool sip_is_token(const char *data, u32 pos, u32 end)
{
	if (end - pos >= 8 && end - pos <= 16 && sip_letters8(data + pos) &&
	    sip_letters8(data + end - 8))
		return true;
	return sip_skip(data, pos, end, SIP_C_TOKEN) == end;
}

/*
 * Is there no white space from @pos to before @end? Words without a byte up
 * to SP are passed at once, the last one reaching back.
 */
static inline bool sip_is_word(const char *data, u32 pos, u32 end)
{
	const char *p = data + pos, *stop = data + end;

	if (SIP_WORDS && end - pos >= 8) {
		while (sip_has(p, stop, 8) && !sip_below(sip_word(p), ' ' + 1))
			p += 8;
		if (!sip_has(p, stop, 8) && !sip_below(sip_word(stop - 8), ' ' + 1))
			return true;
	}
	while (p < stop && !sip_is_ws(*p))
		p++;
	return p == stop;
}

/*
 * Are these bytes the same but for the case of letters? @text is letters,
 * digits and any of "-./": of those, only letters have the bit 0x40, so that
 * it says where 0x20 may differ.
 */
static inline bool sip_same8(const char *p, const char *text)
{
	u64 a, b;

	memcpy(&a, p, 8);
	memcpy(&b, text, 8);
	return !((a ^ b) & ~((b & 0x4040404040404040ULL) >> 1));
}

static inline bool sip_same4(const char *p, const char *text)
{
	u32 a, b;

	memcpy(&a, p, 4);
	memcpy(&b, text, 4);
	return !((a ^ b) & ~((b & 0x40404040) >> 1));
}

static inline bool sip_same(const char *p, const char *text, u32 len)
{
	u32 i;

	if (len >= 8) {
		for (i = 0; i + 8 < len; i += 8)
			if (!sip_same8(p + i, text + i))
				return false;
		return sip_same8(p + len - 8, text + len - 8);
	}
	if (len >= 4)
		return sip_same4(p, text) &&
		       sip_same4(p + len - 4, text + len - 4);
	for (i = 0; i < len; i++)
		if ((p[i] ^ text[i]) & ~((text[i] & 0x40) >> 1))
			return false;
	return true;
}

/* As sip_same(), and as long. The length of a literal costs nothing. */
static inline bool sip_nocase(const char *p, u32 len, const char *text)
{
	return len == __builtin_strlen(text) && sip_same(p, text, len);
}

/* Behind the quoted string that begins at @pos; 0 where it does not end. */
u32 sip_skip_quoted(const char *data, u32 pos, u32 end);

/* The next @byte outside of quotes, @end if none; behind it for open quotes. */
u32 sip_find_unquoted(const char *data, u32 pos, u32 end, char byte);

/**
 * sip_list_end() - where an element of a comma list ends
 * Return: the place of the comma outside of quotes, or @end; 0 where a quoted
 * string does not end.
 */
u32 sip_list_end(const char *data, u32 pos, u32 end);

/**
 * sip_field_next() - the next header field, of a message or of a MIME part
 * @pos: start of a line; behind the field (or the empty line) on return
 * @id: what it is
 * @name: as written
 * @value: without the white space around it
 * Return: 1 for a field, 0 for the empty line, -EINVAL if it is neither.
 */
int sip_field_next(const char *data, u32 *pos, u32 end, enum sip_hdr_id *id,
		   struct sip_span *name, struct sip_span *value);

/* Index the header fields from @pos on, and set where the body begins. */
enum sipalg_reason sip_index_fields(struct sip_msg *m, u32 pos);

struct sip_name {
	u8 len;
	char text[23];
};

extern const struct sip_name sip_hdr_names[SIP_HDR_COUNT];
extern const u8 sip_hdr_slots[256];
extern const u8 sip_hdr_compact[26];

/* Of the first letter, the one in the middle, and the length. */
#define SIP_HDR_SLOT(first, mid, len)	(((first) + 3 * (mid) + 8 * (len)) & 255)

/* The id of a name that is not empty, inlined where each field comes by. */
static __always_inline enum sip_hdr_id sip_hdr_id_of(const char *p, u32 len)
{
	u32 first = (u8)p[0] | 0x20, mid = (u8)p[len / 2] | 0x20, id;

	id = sip_hdr_slots[SIP_HDR_SLOT(first, mid, len)];
	if (sip_hdr_names[id].len == len &&
	    sip_same(p, sip_hdr_names[id].text, len))
		return id;
	return len == 1 && first - 'a' < 26 ? sip_hdr_compact[first - 'a'] :
					      SIP_HDR_OTHER;
}

/* The id of a header field's name; it must not be empty. */
enum sip_hdr_id sip_hdr_lookup(const char *data, struct sip_span name);

extern const struct sip_name sip_methods[SIP_METHOD_COUNT];
extern const u8 sip_method_slots[32];

/* Of the first letter, the last one, and the length. */
#define SIP_METHOD_SLOT(first, last, len) (((first) + 2 * (last) + 14 * (len)) & 31)

/* The id of a method's name, of @len bytes; @len may be 0. */
static inline enum sip_method sip_method_id(const char *p, u32 len)
{
	u32 id = len ? sip_method_slots[SIP_METHOD_SLOT((u8)p[0], (u8)p[len - 1], len)] : 0;

	return sip_methods[id].len == len && !memcmp(p, sip_methods[id].text, len) ?
	       id : SIP_METHOD_OTHER;
}

/* The same of a name of 1 to 8 bytes, where @w begins with it. */
static __always_inline enum sip_method sip_method_of(u64 w, u32 len)
{
	const struct sip_name *name;
	u32 first = (u8)w, last = (u8)(w >> (8 * len - 8)), id;

	id = sip_method_slots[SIP_METHOD_SLOT(first, last, len)];
	name = &sip_methods[id];
	return name->len == len && sip_same_head(w, sip_word(name->text), len) ?
	       id : SIP_METHOD_OTHER;
}

/* The id of a method's name. */
enum sip_method sip_method_lookup(const char *data, struct sip_span name);

/**
 * sip_party() - From's or To's one element, and its tag
 * @s: the field's value
 * @tag: empty where there is none
 * Return: false where it breaks the grammar.
 */
bool sip_party(const char *data, struct sip_span s, struct sip_nameaddr *na,
	       struct sip_span *tag);

/* One of a ";"-separated list, taken off @rest. False at the end. */
bool sip_param_next(const char *data, struct sip_span *rest,
		    struct sip_span *name, struct sip_span *value);

/*
 * A host (with its brackets) or a port that begins at @pos.
 * Return: the position behind it, 0 where there is none.
 */
u32 sip_scan_host(const char *data, u32 pos, u32 end, struct sip_span *host);
u32 sip_scan_port(const char *data, u32 pos, u32 end, u16 *port);

/* Behind the IPv4 address that begins at @p, whatever follows; NULL: none does. */
const char *sip_v4(const char *p, const char *stop, u8 *addr);

/*
 * The same, or a name: a host without brackets. What has no ':' in it is no
 * IPv6 address. @h: all zero; Return: behind it, @p where there is none.
 */
static inline const char *sip_host_or_v4(const char *p, const char *stop,
					 struct sip_host *h)
{
	const char *q = sip_v4(p, stop, h->addr);

	if (q && (q == stop || !sip_is(*q, SIP_C_HOST))) {
		h->family = 4;
		return q;
	}
	memset(h->addr, 0, 4);
	while (p < stop && sip_is(*p, SIP_C_HOST))
		p++;
	return p;
}

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * Formats of media lines, a byte each: enough to show what the ends can do.
 */
#include "codec.h"
#include "scan.h"

#define PT_MAX		127	/* RFC 3550: seven bits */
#define PT_STATIC	34	/* the last one that RFC 3551 gave away */
#define FMTS_MAX	64	/* of a line; more are ignored */

/* 0 is no codec. */
enum codec {
	C_NONE, C_PCMU, C_PCMA, C_GSM, C_G723, C_DVI4, C_LPC, C_G722, C_L16,
	C_QCELP, C_CN, C_MPA, C_G728, C_G729, C_CELB, C_JPEG, C_NV, C_H261,
	C_MPV, C_MP2T, C_H263, C_TELEPHONE_EVENT, C_OPUS, C_ILBC, C_SPEEX,
	C_SILK, C_AMR, C_AMR_WB, C_EVS, C_G7221, C_G719, C_G726_16, C_G726_24,
	C_G726_32, C_G726_40, C_GSM_EFR, C_EVRC, C_BV16, C_BV32, C_ISAC,
	C_MP4A_LATM, C_MPEG4_GENERIC, C_CLEARMODE, C_VP8, C_VP9, C_AV1,
	C_H264, C_H265, C_H263_1998, C_RED, C_ULPFEC, C_FLEXFEC_03, C_RTX,
	C_T140, C_T38, C_WEBRTC_DATACHANNEL, C_ANY,
	C_COUNT
};

struct name {
	u8 len;
	char text[19];
};

#define NAME(s)	{ sizeof(s) - 1, s }

static const struct name names[C_COUNT] = {
	[C_NONE] = NAME("?"),
	[C_PCMU] = NAME("PCMU"),
	[C_PCMA] = NAME("PCMA"),
	[C_GSM] = NAME("GSM"),
	[C_G723] = NAME("G723"),
	[C_DVI4] = NAME("DVI4"),
	[C_LPC] = NAME("LPC"),
	[C_G722] = NAME("G722"),
	[C_L16] = NAME("L16"),
	[C_QCELP] = NAME("QCELP"),
	[C_CN] = NAME("CN"),
	[C_MPA] = NAME("MPA"),
	[C_G728] = NAME("G728"),
	[C_G729] = NAME("G729"),
	[C_CELB] = NAME("CelB"),
	[C_JPEG] = NAME("JPEG"),
	[C_NV] = NAME("nv"),
	[C_H261] = NAME("H261"),
	[C_MPV] = NAME("MPV"),
	[C_MP2T] = NAME("MP2T"),
	[C_H263] = NAME("H263"),
	[C_TELEPHONE_EVENT] = NAME("telephone-event"),
	[C_OPUS] = NAME("opus"),
	[C_ILBC] = NAME("iLBC"),
	[C_SPEEX] = NAME("speex"),
	[C_SILK] = NAME("SILK"),
	[C_AMR] = NAME("AMR"),
	[C_AMR_WB] = NAME("AMR-WB"),
	[C_EVS] = NAME("EVS"),
	[C_G7221] = NAME("G7221"),
	[C_G719] = NAME("G719"),
	[C_G726_16] = NAME("G726-16"),
	[C_G726_24] = NAME("G726-24"),
	[C_G726_32] = NAME("G726-32"),
	[C_G726_40] = NAME("G726-40"),
	[C_GSM_EFR] = NAME("GSM-EFR"),
	[C_EVRC] = NAME("EVRC"),
	[C_BV16] = NAME("BV16"),
	[C_BV32] = NAME("BV32"),
	[C_ISAC] = NAME("isac"),
	[C_MP4A_LATM] = NAME("MP4A-LATM"),
	[C_MPEG4_GENERIC] = NAME("mpeg4-generic"),
	[C_CLEARMODE] = NAME("CLEARMODE"),
	[C_VP8] = NAME("VP8"),
	[C_VP9] = NAME("VP9"),
	[C_AV1] = NAME("AV1"),
	[C_H264] = NAME("H264"),
	[C_H265] = NAME("H265"),
	[C_H263_1998] = NAME("H263-1998"),
	[C_RED] = NAME("red"),
	[C_ULPFEC] = NAME("ulpfec"),
	[C_FLEXFEC_03] = NAME("flexfec-03"),
	[C_RTX] = NAME("rtx"),
	[C_T140] = NAME("t140"),
	[C_T38] = NAME("t38"),
	[C_WEBRTC_DATACHANNEL] = NAME("webrtc-datachannel"),
	[C_ANY] = NAME("*"),
};

/*
 * A perfect hash of the first letter, the last, the one in the middle, and the
 * length: two names in one slot are an initializer given twice.
 */
#define SLOT(first, last, mid, len) \
	((85 * (first) + 121 * (last) + 17 * (mid) + 17 * (len)) & 127)

static const u8 slots[128] = {
	[SLOT('p', 'u', 'm', 4)] = C_PCMU,
	[SLOT('p', 'a', 'm', 4)] = C_PCMA,
	[SLOT('g', 'm', 's', 3)] = C_GSM,
	[SLOT('g', '3', '2', 4)] = C_G723,
	[SLOT('d', '4', 'i', 4)] = C_DVI4,
	[SLOT('l', 'c', 'p', 3)] = C_LPC,
	[SLOT('g', '2', '2', 4)] = C_G722,
	[SLOT('l', '6', '1', 3)] = C_L16,
	[SLOT('q', 'p', 'e', 5)] = C_QCELP,
	[SLOT('c', 'n', 'n', 2)] = C_CN,
	[SLOT('m', 'a', 'p', 3)] = C_MPA,
	[SLOT('g', '8', '2', 4)] = C_G728,
	[SLOT('g', '9', '2', 4)] = C_G729,
	[SLOT('c', 'b', 'l', 4)] = C_CELB,
	[SLOT('j', 'g', 'e', 4)] = C_JPEG,
	[SLOT('n', 'v', 'v', 2)] = C_NV,
	[SLOT('h', '1', '6', 4)] = C_H261,
	[SLOT('m', 'v', 'p', 3)] = C_MPV,
	[SLOT('m', 't', '2', 4)] = C_MP2T,
	[SLOT('h', '3', '6', 4)] = C_H263,
	[SLOT('t', 't', 'n', 15)] = C_TELEPHONE_EVENT,
	[SLOT('o', 's', 'u', 4)] = C_OPUS,
	[SLOT('i', 'c', 'b', 4)] = C_ILBC,
	[SLOT('s', 'x', 'e', 5)] = C_SPEEX,
	[SLOT('s', 'k', 'l', 4)] = C_SILK,
	[SLOT('a', 'r', 'm', 3)] = C_AMR,
	[SLOT('a', 'b', '-', 6)] = C_AMR_WB,
	[SLOT('e', 's', 'v', 3)] = C_EVS,
	[SLOT('g', '1', '2', 5)] = C_G7221,
	[SLOT('g', '9', '1', 4)] = C_G719,
	[SLOT('g', '6', '6', 7)] = C_G726_16,
	[SLOT('g', '4', '6', 7)] = C_G726_24,
	[SLOT('g', '2', '6', 7)] = C_G726_32,
	[SLOT('g', '0', '6', 7)] = C_G726_40,
	[SLOT('g', 'r', '-', 7)] = C_GSM_EFR,
	[SLOT('e', 'c', 'r', 4)] = C_EVRC,
	[SLOT('b', '6', '1', 4)] = C_BV16,
	[SLOT('b', '2', '3', 4)] = C_BV32,
	[SLOT('i', 'c', 'a', 4)] = C_ISAC,
	[SLOT('m', 'm', '-', 9)] = C_MP4A_LATM,
	[SLOT('m', 'c', 'g', 13)] = C_MPEG4_GENERIC,
	[SLOT('c', 'e', 'r', 9)] = C_CLEARMODE,
	[SLOT('v', '8', 'p', 3)] = C_VP8,
	[SLOT('v', '9', 'p', 3)] = C_VP9,
	[SLOT('a', '1', 'v', 3)] = C_AV1,
	[SLOT('h', '4', '6', 4)] = C_H264,
	[SLOT('h', '5', '6', 4)] = C_H265,
	[SLOT('h', '8', '-', 9)] = C_H263_1998,
	[SLOT('r', 'd', 'e', 3)] = C_RED,
	[SLOT('u', 'c', 'f', 6)] = C_ULPFEC,
	[SLOT('f', '3', 'e', 10)] = C_FLEXFEC_03,
	[SLOT('r', 'x', 't', 3)] = C_RTX,
	[SLOT('t', '0', '4', 4)] = C_T140,
	[SLOT('t', '8', '3', 3)] = C_T38,
	[SLOT('w', 'l', 't', 18)] = C_WEBRTC_DATACHANNEL,
	[SLOT('*', '*', '*', 1)] = C_ANY,
};

/* RFC 3551, tables 4 and 5. */
static const u8 static_types[PT_STATIC + 1] = {
	[0] = C_PCMU,
	[3] = C_GSM,
	[4] = C_G723,
	[5] = C_DVI4,
	[6] = C_DVI4,
	[7] = C_LPC,
	[8] = C_PCMA,
	[9] = C_G722,
	[10] = C_L16,
	[11] = C_L16,
	[12] = C_QCELP,
	[13] = C_CN,
	[14] = C_MPA,
	[15] = C_G728,
	[16] = C_DVI4,
	[17] = C_DVI4,
	[18] = C_G729,
	[25] = C_CELB,
	[26] = C_JPEG,
	[28] = C_NV,
	[31] = C_H261,
	[32] = C_MPV,
	[33] = C_MP2T,
	[34] = C_H263,
};

static u8 lookup(const char *data, struct sip_span s)
{
	const char *p = data + s.off;
	u8 id;

	if (!s.len)
		return C_NONE;
	id = slots[SLOT((u32)((u8)p[0] | 0x20), (u32)((u8)p[s.len - 1] | 0x20),
			(u32)((u8)p[s.len / 2] | 0x20), s.len)];
	if (names[id].len != s.len || !sip_same(p, names[id].text, s.len))
		return C_NONE;
	return id;
}

/*
 * struct payloads - the payload types that the standard does not name
 * @wanted: a bit for each that is in the m= line
 * @map: what those are
 */
struct payloads {
	u64 wanted[2];
	u8 map[PT_MAX + 1];
};

/*
 * The payload type at @p, if white space or the end follows its digits.
 * Return: behind it, NULL for anything else.
 */
static inline const char *payload_type(const char *p, const char *stop, u32 *pt)
{
	const char *from = p;

	for (*pt = 0; p < stop && sip_is_digit(*p) && *pt <= PT_MAX; p++)
		*pt = *pt * 10 + (u32)(*p - '0');
	return p > from && *pt <= PT_MAX && (p == stop || sip_is_ws(*p)) ? p : NULL;
}

/* "a=rtpmap:101 telephone-event/8000" */
static inline void read_rtpmap(const char *data, const char *p, const char *lf,
			       struct payloads *types)
{
	u32 pos, end = (u32)(lf - data), pt;

	if (lf - p < 10 || memcmp(p, "a=rtpmap", 8) || p[8] != ':')
		return;
	p = payload_type(p + 9, lf, &pt);
	if (!p || !(types->wanted[pt >> 6] >> (pt & 63) & 1))
		return;
	pos = sip_skip_ws(data, (u32)(p - data), end);
	end = sip_word_end(data, pos, end);
	types->map[pt] = lookup(data, sip_span(pos, sip_find(data, pos, end, '/')));
}

static void read_rtpmaps(const char *data, struct sip_span attrs,
			 struct payloads *types)
{
	const char *p = data + attrs.off, *stop = p + attrs.len, *lf;

	for (; p < stop; p = lf + 1) {
		lf = sip_line_end(p, stop);
		read_rtpmap(data, p, lf, types);
	}
}

static bool add(u8 *codes, u32 n, u8 code)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (codes[i] == code)
			return false;
	codes[n] = code;
	return true;
}

/*
 * The m= line's formats. A payload type is itself, until its name is known; what
 * is none is a name, of a subtype that has no payload types.
 * Return: how many; @types: those of them that are to be looked for.
 */
static u32 read_formats(const char *data, struct sip_span fmts, u8 *raw,
			struct payloads *types)
{
	const char *p = data + fmts.off, *stop = p + fmts.len, *end;
	u32 n = 0, pt, from;

	while (n < FMTS_MAX && p < stop) {
		end = payload_type(p, stop, &pt);
		if (end) {
			raw[n] = pt <= PT_STATIC ? static_types[pt] : C_NONE;
			if (raw[n] == C_NONE) {
				raw[n] = (u8)(SDP_CODEC_NUMBER | pt);
				types->wanted[pt >> 6] |= 1ULL << (pt & 63);
				types->map[pt] = C_NONE;
			}
			n++;
		} else {
			from = (u32)(p - data);
			pt = sip_word_end(data, from, sip_span_end(fmts));
			end = data + pt;
			raw[n] = sip_number(data, sip_span(from, pt), &pt) ?
				 lookup(data, sip_span(from, (u32)(end - data))) : C_NONE;
			n += raw[n] != C_NONE;
		}
		for (p = end; p < stop && sip_is_ws(*p); p++)
			;
	}
	return n;
}

u32 sdp_codecs(const char *data, const struct sdp_media *m, u8 *codes, u32 max)
{
	u32 n = 0, i, nraw;
	struct payloads types;
	u8 raw[FMTS_MAX];

	memset(types.wanted, 0, sizeof(types.wanted));
	nraw = read_formats(data, m->fmts, raw, &types);
	/* Lines that name their payload types by the standard need no more. */
	if (types.wanted[0] | types.wanted[1])
		read_rtpmaps(data, m->attrs, &types);
	for (i = 0; i < nraw && n < max; i++) {
		u8 code = raw[i];

		if (code & SDP_CODEC_NUMBER && types.map[code & PT_MAX])
			code = types.map[code & PT_MAX];
		n += add(codes, n, code);
	}
	return n;
}

static u32 print_number(char *buf, u32 number)
{
	u32 n = 0;

	if (number >= 100)
		buf[n++] = '1';
	if (number >= 10)
		buf[n++] = (char)('0' + number / 10 % 10);
	buf[n++] = (char)('0' + number % 10);
	return n;
}

u32 sdp_codecs_print(char *buf, const u8 *codes, u32 n)
{
	u32 i, len = 0;

	for (i = 0; i < n && codes[i]; i++) {
		u8 id = codes[i] < C_COUNT ? codes[i] : C_NONE;

		if (i)
			buf[len++] = ' ';
		if (codes[i] & SDP_CODEC_NUMBER) {
			len += print_number(buf + len, codes[i] & PT_MAX);
			continue;
		}
		memcpy(buf + len, names[id].text, names[id].len);
		len += names[id].len;
	}
	return len;
}

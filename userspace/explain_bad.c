// SPDX-License-Identifier: GPL-2.0
/*
 * Where a message breaks the grammar. The parser says only that it does; it is
 * asked again, with one thing after the other mended.
 */
#include <stdlib.h>

#include "explain.h"
#include "../kmod/sip/scan.h"

/* Header fields that have to be there, and what is one. */
static const struct {
	enum sip_hdr_id id;
	const char *good;
} mandatory[] = {
	{ SIP_HDR_CALL_ID, "Call-ID: x" },
	{ SIP_HDR_CSEQ, "CSeq: 1 " },
	{ SIP_HDR_FROM, "From: <sip:x>" },
	{ SIP_HDR_TO, "To: <sip:x>" },
	{ SIP_HDR_VIA, "Via: SIP/2.0/UDP x" },
};

#define MANDATORY	(sizeof(mandatory) / sizeof(mandatory[0]))

static uint32_t line_end(const struct explain *e, uint32_t pos)
{
	return sip_trim(e->data, pos, sip_find(e->data, pos, e->len, '\n')).len + pos;
}

/* Is all well with @field in its place? */
static bool is_mended(const struct explain *e, struct sip_span at, const char *field,
		      struct sip_span method)
{
	static struct sip_msg m;
	uint32_t rest = e->len - sip_span_end(at), n = at.off;
	enum sipalg_reason r;
	char *text;

	text = malloc(e->len + strlen(field) + method.len);
	if (!text)
		return false;
	memcpy(text, e->data, n);
	memcpy(text + n, field, strlen(field));
	n += strlen(field);
	memcpy(text + n, e->data + method.off, method.len);
	n += method.len;
	memcpy(text + n, e->data + sip_span_end(at), rest);
	r = sip_parse(&m, text, n + rest);
	free(text);
	return r == SIPALG_R_OK;
}

/* A mandatory field that is there twice, or that makes no sense. */
static bool is_bad(const struct explain *e, enum sip_hdr_id id, struct sip_span at,
		   unsigned int *seen)
{
	/* A response repeats no method: its CSeq takes any. */
	struct sip_span method = sip_span(0, sip_find(e->data, 0, e->len, ' '));

	if (sip_find(e->data, method.off, sip_span_end(method), '/') != method.len)
		method.len = 0;
	for (unsigned int i = 0; i < MANDATORY; i++) {
		if (mandatory[i].id != id)
			continue;
		if (seen[i]++ && id != SIP_HDR_VIA)
			return true;
		if (id != SIP_HDR_CSEQ)
			method.len = 0;
		else if (!method.len)
			return is_mended(e, at, "CSeq: 1 INVITE", method);
		return is_mended(e, at, mandatory[i].good, method);
	}
	return false;
}

/* The header fields, until one is found. Return: -EINVAL if that is not one at all. */
static int walk(struct explain *e, uint32_t pos, unsigned int *seen)
{
	struct sip_span name, value;
	enum sip_hdr_id id;
	unsigned int n = 0;
	uint32_t begin;
	int found;

	while (begin = pos,
	       (found = sip_field_next(e->data, &pos, e->len, &id, &name, &value)) == 1) {
		struct sip_span field = sip_span(begin, sip_span_end(value));
		bool bad = e->reason == SIPALG_R_MALFORMED ? is_bad(e, id, field, seen) :
			   e->reason == SIPALG_R_BAD_LENGTH ? id == SIP_HDR_CONTENT_LENGTH :
			   e->reason == SIPALG_R_TOO_MANY_HEADERS ? n == SIP_MAX_HDRS : false;

		if (bad) {
			e->bad = field;
			return 1;
		}
		for (unsigned int i = 0; i < MANDATORY && e->reason == SIPALG_R_NO_MANDATORY; i++)
			seen[i] += mandatory[i].id == id;
		n++;
	}
	if (found < 0 && begin == e->len)
		e->missing = "empty line behind the header fields";
	else if (found < 0)
		e->bad = sip_span(begin, line_end(e, begin));
	return found;
}

void explain_find_bad(struct explain *e)
{
	uint32_t pos = sip_find(e->data, 0, e->len, '\n');
	unsigned int seen[MANDATORY] = { 0 };

	if (!e->len)
		return;
	if (!sip_looks_like(e->data, e->len) || pos == e->len) {
		e->bad = sip_span(0, line_end(e, 0));
		return;
	}
	if (walk(e, pos + 1, seen) != 0)
		return;
	if (e->reason == SIPALG_R_MALFORMED)
		e->bad = sip_span(0, line_end(e, 0));
	for (unsigned int i = 0; i < MANDATORY && e->reason == SIPALG_R_NO_MANDATORY; i++) {
		if (!seen[i])
			e->missing = sip_hdr_name(mandatory[i].id);
	}
}

/* The first line with which what is there so far cannot be understood. */
struct sip_span explain_bad_sdp(const char *data, struct sip_span part)
{
	static struct sdp sdp;
	uint32_t pos, end;

	for (pos = part.off; pos < sip_span_end(part); pos = end + 1) {
		end = sip_find(data, pos, sip_span_end(part), '\n');
		if (sdp_parse(data, sip_span(part.off, end), &sdp) != SIPALG_R_OK)
			return sip_trim(data, pos, end);
	}
	return part;
}

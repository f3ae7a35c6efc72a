// SPDX-License-Identifier: GPL-2.0
/*
 * Bodies: find the session descriptions, in multipart bodies too (RFC 5621).
 */
#include "scan.h"

#define MAX_DEPTH	4
#define MAX_BOUNDARY	70	/* RFC 2046 5.1.1 */
/* Each call walks from the top, so their number has to have an end. */
#define MAX_PARTS	8

enum type { TYPE_OTHER, TYPE_SDP, TYPE_MULTIPART };

/*
 * struct walk - the way through a multipart body
 * @depth: how many of @boundary are open
 * @sdp: start of the session description that the walk is in, 0 for none
 * @type: what the part's header fields say so far
 * @encoded: they say that it is encoded
 * @inner: the boundary that they name
 */
struct walk {
	const struct sip_msg *m;
	u32 depth;
	u32 sdp;
	enum type type;
	bool encoded;
	struct sip_span inner;
	struct sip_span boundary[MAX_DEPTH];
};

static bool boundary_param(const char *data, struct sip_span params,
			   struct sip_span *b)
{
	u32 i;

	if (!sip_param(data, params, "boundary", b))
		return false;
	if (b->len > 2 && data[b->off] == '"' &&
	    data[sip_span_end(*b) - 1] == '"')
		*b = sip_span(b->off + 1, sip_span_end(*b) - 1);
	for (i = 0; i < b->len; i++)
		if (data[b->off + i] == '\\' || data[b->off + i] == '"')
			return false;
	return b->len && b->len <= MAX_BOUNDARY;
}

/* "application/sdp", "multipart/mixed; boundary=x" */
static enum type media_type(const char *data, struct sip_span s,
			    struct sip_span *boundary)
{
	struct sip_span type, subtype;
	u32 end = sip_span_end(s), i, semi;

	semi = sip_find(data, s.off, end, ';');
	i = sip_find(data, s.off, semi, '/');
	if (i == semi)
		return TYPE_OTHER;
	type = sip_trim(data, s.off, i);
	subtype = sip_trim(data, i + 1, semi);
	if (sip_nocase(data + type.off, type.len, "application"))
		return sip_nocase(data + subtype.off, subtype.len, "sdp") ? TYPE_SDP :
								  TYPE_OTHER;
	if (!sip_nocase(data + type.off, type.len, "multipart") || semi == end ||
	    sip_nocase(data + subtype.off, subtype.len, "signed"))
		return TYPE_OTHER;
	if (!boundary_param(data, sip_span(semi + 1, end), boundary))
		return TYPE_OTHER;
	return TYPE_MULTIPART;
}

static bool identity(const char *data, struct sip_span s)
{
	return !s.len || sip_nocase(data + s.off, s.len, "identity") ||
	       sip_nocase(data + s.off, s.len, "7bit") ||
	       sip_nocase(data + s.off, s.len, "8bit") ||
	       sip_nocase(data + s.off, s.len, "binary");
}

/* One header field of a part. */
static void part_field(struct walk *w, enum sip_hdr_id id,
		       struct sip_span name, struct sip_span value)
{
	const char *data = w->m->data;

	if (id == SIP_HDR_CONTENT_TYPE)
		w->type = media_type(data, value, &w->inner);
	else if (id == SIP_HDR_CONTENT_ENCODING ||
		 sip_nocase(data + name.off, name.len,
			    "content-transfer-encoding"))
		w->encoded |= !identity(data, value);
}

/*
 * Is this line a delimiter? Then every part within is closed with it.
 * Return: 1 for "--boundary", 2 for "--boundary--", 0 for another line.
 */
static u32 delimiter(struct walk *w, u32 pos, u32 end)
{
	const char *data = w->m->data;
	struct sip_span s;
	u32 i;

	if (end - pos < 3 || data[pos] != '-' || data[pos + 1] != '-')
		return 0;
	s = sip_span(pos + 2, sip_span_end(sip_trim(data, pos, end)));
	for (i = w->depth; i; i--) {
		struct sip_span b = w->boundary[i - 1];

		if (s.len < b.len || memcmp(data + s.off, data + b.off, b.len))
			continue;
		if (s.len == b.len) {
			w->depth = i;
			return 1;
		}
		if (s.len == b.len + 2 &&
		    !memcmp(data + s.off + b.len, "--", 2)) {
			w->depth = i - 1;
			return 2;
		}
	}
	return 0;
}

/*
 * Read a part's header fields. Return: where its body begins. A part whose
 * fields are no fields is passed over, from the line on that breaks them.
 */
static u32 part_begin(struct walk *w, u32 pos, u32 end)
{
	struct sip_span name, value;
	enum sip_hdr_id id;
	int ret;

	w->type = TYPE_OTHER;
	w->encoded = false;
	/* A name can begin with '-': a delimiter is none. */
	while ((ret = pos < end && w->m->data[pos] == '-' ? -EINVAL :
		sip_field_next(w->m->data, &pos, end, &id, &name, &value)) == 1)
		part_field(w, id, name, value);
	if (ret < 0 || w->encoded)
		return pos;
	if (w->type == TYPE_SDP)
		w->sdp = pos;
	if (w->type == TYPE_MULTIPART && w->depth < MAX_DEPTH)
		w->boundary[w->depth++] = w->inner;
	return pos;
}

/* The line break in front of a delimiter belongs to it. */
static struct sip_span part_span(const struct walk *w, u32 line)
{
	const char *data = w->m->data;

	if (line > w->sdp && data[line - 1] == '\n')
		line--;
	if (line > w->sdp && data[line - 1] == '\r')
		line--;
	return sip_span(w->sdp, line);
}

/* The first session description of a multipart body that begins at @from. */
static bool multipart_next(struct walk *w, u32 from, struct sip_span *part)
{
	u32 pos = w->m->body.off, end = sip_span_end(w->m->body);
	u32 parts = 0, what, lf;

	while (w->depth && pos < end && parts < MAX_PARTS) {
		lf = sip_find_lf(w->m->data, pos, end);
		what = delimiter(w, pos, lf);
		if (what && w->sdp) {
			*part = part_span(w, pos);
			if (w->sdp >= from && part->len)
				return true;
			w->sdp = 0;
			parts++;
		}
		pos = lf < end ? lf + 1 : end;
		if (what == 1)
			pos = part_begin(w, pos, end);
	}
	/* The last delimiter is missing: what came is the part. */
	if (pos < end || !w->sdp || w->sdp < from)
		return false;
	*part = sip_span(w->sdp, end);
	return part->len;
}

bool sip_body_next(const struct sip_msg *m, u32 *pos, struct sip_span *part)
{
	const struct sip_hdr *h = sip_hdr_first(m, SIP_HDR_CONTENT_TYPE);
	const struct sip_hdr *e = sip_hdr_first(m, SIP_HDR_CONTENT_ENCODING);
	struct walk w;

	if (!h || h->next || !m->body.len || *pos >= sip_span_end(m->body))
		return false;
	if (e && (e->next || !identity(m->data, e->value)))
		return false;
	memset(&w, 0, sizeof(w));
	w.m = m;
	switch (media_type(m->data, h->value, &w.boundary[0])) {
	case TYPE_SDP:
		*part = m->body;
		*pos = sip_span_end(m->body);
		return true;
	case TYPE_MULTIPART:
		w.depth = 1;
		if (!multipart_next(&w, *pos, part))
			return false;
		*pos = sip_span_end(*part);
		return true;
	default:
		return false;
	}
}

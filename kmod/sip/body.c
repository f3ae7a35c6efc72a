// SPDX-License-Identifier: GPL-2.0
/*
 * Bodies: find the session descriptions, in multipart bodies too (RFC 5621).
 */
#include "scan.h"

#define MAX_BOUNDARY	70	/* RFC 2046 5.1.1 */

enum type { TYPE_OTHER, TYPE_SDP, TYPE_MULTIPART };

/*
 * struct fields - what a part's header fields say
 * @type: enum type
 * @encoded: the part is encoded
 * @early: it is a session description of early media
 * @boundary: of a multipart body
 */
struct fields {
	enum type type;
	bool encoded;
	bool early;
	struct sip_span boundary;
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

/* "early-session; handling=optional" (RFC 3959) */
static bool is_early(const char *data, struct sip_span s)
{
	u32 semi = sip_find(data, s.off, sip_span_end(s), ';');

	s = sip_trim(data, s.off, semi);
	return sip_nocase(data + s.off, s.len, "early-session");
}

/* One header field of a part. */
static void part_field(const char *data, struct fields *f, enum sip_hdr_id id,
		       struct sip_span name, struct sip_span value)
{
	if (id == SIP_HDR_CONTENT_TYPE)
		f->type = media_type(data, value, &f->boundary);
	else if (id == SIP_HDR_CONTENT_ENCODING ||
		 sip_nocase(data + name.off, name.len,
			    "content-transfer-encoding"))
		f->encoded |= !identity(data, value);
	else if (id == SIP_HDR_CONTENT_DISPOSITION)
		f->early = is_early(data, value);
}

/*
 * Is this line a delimiter? Then every part within is closed with it.
 * Return: 1 for "--boundary", 2 for "--boundary--", 0 for another line.
 */
static u32 delimiter(struct sip_parts *w, u32 pos, u32 end)
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
 * Read a part's header fields; @w->pos becomes where its body begins. A part
 * whose fields are no fields is passed over, from the line on that breaks them.
 */
static void part_begin(struct sip_parts *w)
{
	u32 end = sip_span_end(w->m->body);
	struct fields f = { .type = TYPE_OTHER };
	const char *data = w->m->data;
	struct sip_span name, value;
	enum sip_hdr_id id;
	int ret;

	/* A name can begin with '-': a delimiter is none. */
	while ((ret = w->pos < end && data[w->pos] == '-' ? -EINVAL :
		sip_field_next(data, &w->pos, end, &id, &name, &value)) == 1)
		part_field(data, &f, id, name, value);
	if (ret < 0 || f.encoded)
		return;
	if (f.type == TYPE_SDP) {
		w->sdp = w->pos;
		w->early = f.early;
	}
	if (f.type == TYPE_MULTIPART && w->depth < SIP_PARTS_DEPTH)
		w->boundary[w->depth++] = f.boundary;
}

/* The line break in front of a delimiter belongs to it. */
static struct sip_span part_span(const struct sip_parts *w, u32 line)
{
	const char *data = w->m->data;

	if (line > w->sdp && data[line - 1] == '\n')
		line--;
	if (line > w->sdp && data[line - 1] == '\r')
		line--;
	return sip_span(w->sdp, line);
}

/* The session description that the walk was in is over. */
static bool take(struct sip_parts *w, struct sip_span part, struct sip_part *p)
{
	w->sdp = 0;
	p->body = part;
	p->early = w->early;
	return part.len;
}

/* Of a multipart body: to where the next session description ends. */
static sip_rare bool next_part(struct sip_parts *w, u32 end, struct sip_part *part)
{
	u32 what, lf;
	bool found;

	while (w->depth && w->pos < end) {
		lf = sip_find_lf(w->m->data, w->pos, end);
		what = delimiter(w, w->pos, lf);
		found = what && w->sdp && take(w, part_span(w, w->pos), part);
		w->pos = lf < end ? lf + 1 : end;
		if (what == 1)
			part_begin(w);
		if (found)
			return true;
	}
	return false;
}

bool sip_parts_next(struct sip_parts *w, struct sip_part *part)
{
	u32 end = sip_span_end(w->m->body);

	if (w->depth && next_part(w, end, part))
		return true;
	/* The last delimiter is missing: what came is the part. */
	return w->sdp && w->pos == end && take(w, sip_span(w->sdp, end), part);
}

void sip_parts_init(struct sip_parts *w, const struct sip_msg *m)
{
	const struct sip_hdr *h = sip_hdr_first(m, SIP_HDR_CONTENT_TYPE);
	const struct sip_hdr *e, *d;
	enum type type;

	sip_zero(w, sizeof(*w));
	w->m = m;
	w->pos = m->body.off;
	if (!h || h->next || !m->body.len)
		return;
	e = sip_hdr_first(m, SIP_HDR_CONTENT_ENCODING);
	if (e && (e->next || !identity(m->data, e->value)))
		return;
	if (sip_nocase(m->data + h->value.off, h->value.len, "application/sdp"))
		type = TYPE_SDP;
	else
		type = media_type(m->data, h->value, &w->boundary[0]);
	if (type == TYPE_SDP) {
		w->sdp = m->body.off;
		w->pos = sip_span_end(m->body);
		d = sip_hdr_first(m, SIP_HDR_CONTENT_DISPOSITION);
		w->early = d && is_early(m->data, d->value);
	} else if (type == TYPE_MULTIPART) {
		w->depth = 1;
	}
}

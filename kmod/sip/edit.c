// SPDX-License-Identifier: GPL-2.0
/*
 * Replacements: collected while the message is read, applied in one copy.
 */
#include "edit.h"
#include "scan.h"

void sip_edits_init(struct sip_edits *e)
{
	e->n = 0;
	e->used = 0;
	e->failed = false;
	e->growth = 0;
}

/*
 * Where a new edit belongs. Edits mostly come in the order of the message, so
 * the search begins at the end. Insertions stay in the order they came, and in
 * front of a replacement at the same place.
 */
static u32 place(const struct sip_edits *e, struct sip_span s)
{
	u32 i = e->n;

	while (i && (e->edit[i - 1].off > s.off ||
		     (e->edit[i - 1].off == s.off && e->edit[i - 1].len && !s.len)))
		i--;
	return i;
}

static bool overlaps(const struct sip_edits *e, u32 i, struct sip_span s)
{
	if (i && e->edit[i - 1].off + e->edit[i - 1].len > s.off)
		return true;
	return i < e->n && sip_span_end(s) > e->edit[i].off;
}

bool sip_edits_add(struct sip_edits *e, const char *data, struct sip_span s,
		   const char *text, u32 len)
{
	struct sip_edit *at;
	u32 i;

	if (e->failed)
		return false;
	if (s.len == len && !memcmp(data + s.off, text, len))
		return true;
	i = place(e, s);
	if (e->n == SIP_MAX_EDITS || len > (u32)SIP_EDIT_TEXT - e->used ||
	    s.off + s.len < s.off || overlaps(e, i, s)) {
		e->failed = true;
		return false;
	}
	at = &e->edit[i];
	memmove(at + 1, at, (e->n - i) * sizeof(*at));
	at->off = s.off;
	at->len = s.len;
	at->text = e->used;
	at->text_len = (u16)len;
	memcpy(e->text + e->used, text, len);
	e->used = (u16)(e->used + len);
	e->growth += (s32)len - (s32)s.len;
	e->n++;
	return true;
}

bool sip_edits_add_number(struct sip_edits *e, const char *data,
			  struct sip_span s, u32 number)
{
	char buf[10];
	u32 at = sizeof(buf);

	do {
		buf[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return sip_edits_add(e, data, s, buf + at, sizeof(buf) - at);
}

bool sip_edits_body_length(struct sip_edits *e, const struct sip_msg *m)
{
	const struct sip_hdr *h = sip_hdr_first(m, SIP_HDR_CONTENT_LENGTH);
	u32 i, len = m->body.len;

	if (e->failed)
		return false;
	for (i = 0; i < e->n; i++)
		if (e->edit[i].off >= m->body.off)
			len += e->edit[i].text_len - e->edit[i].len;
	if (!h || len == m->body.len)
		return true;
	return sip_edits_add_number(e, m->data, h->value, len);
}

u32 sip_edits_apply(const struct sip_edits *e, const char *src, u32 len,
		    char *dst)
{
	u32 i, from = 0, to = 0;

	for (i = 0; i < e->n; i++) {
		const struct sip_edit *at = &e->edit[i];

		memcpy(dst + to, src + from, at->off - from);
		to += at->off - from;
		memcpy(dst + to, e->text + at->text, at->text_len);
		to += at->text_len;
		from = at->off + at->len;
	}
	memcpy(dst + to, src + from, len - from);
	return to + len - from;
}

/*
 * What stands between two edits moves by what the edits before it add up to.
 * Pieces that move to the right go last first, the others first first: none
 * is overwritten before it has moved.
 */
static void move_piece(const struct sip_edits *e, u32 i, char *data, u32 len,
		       s32 shift)
{
	u32 from = i ? e->edit[i - 1].off + e->edit[i - 1].len : 0;
	u32 end = i < e->n ? e->edit[i].off : len;

	if (shift && from < end)
		memmove(data + from + shift, data + from, end - from);
}

static s32 growth_of(const struct sip_edit *at)
{
	return (s32)at->text_len - (s32)at->len;
}

void sip_edits_apply_here(const struct sip_edits *e, char *data, u32 len)
{
	s32 shift = 0;
	u32 i;

	for (i = 0; i <= e->n; i++) {
		if (shift < 0)
			move_piece(e, i, data, len, shift);
		if (i < e->n)
			shift += growth_of(&e->edit[i]);
	}
	for (i = e->n; ; i--) {
		if (shift > 0)
			move_piece(e, i, data, len, shift);
		if (!i)
			break;
		shift -= growth_of(&e->edit[i - 1]);
	}
	for (i = 0; i < e->n; i++) {
		const struct sip_edit *at = &e->edit[i];

		memcpy(data + at->off + shift, e->text + at->text, at->text_len);
		shift += growth_of(at);
	}
}

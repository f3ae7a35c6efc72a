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
	e->grows = false;
	e->shrinks = false;
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

static s32 growth_of(const struct sip_edit *at)
{
	return (s32)at->text_len - (s32)at->len;
}

static bool fail(struct sip_edits *e)
{
	e->failed = true;
	return false;
}

/* Room in the list for what cannot just stand at its end; NULL: there is none. */
static sip_rare struct sip_edit *insert(struct sip_edits *e, struct sip_span s)
{
	u32 i = place(e, s);

	if (overlaps(e, i, s))
		return NULL;
	memmove(&e->edit[i + 1], &e->edit[i], (e->n - i) * sizeof(e->edit[0]));
	return &e->edit[i];
}

/* The text is there: note that it is to replace @s. */
static __always_inline bool note(struct sip_edits *e, struct sip_span s, u32 len)
{
	struct sip_edit *at = &e->edit[e->n];

	if (e->n == SIP_MAX_EDITS || len > (u32)SIP_EDIT_TEXT - e->used ||
	    s.off + s.len < s.off)
		return fail(e);
	if (e->n && at[-1].off + at[-1].len > s.off) {
		at = insert(e, s);
		if (!at)
			return fail(e);
	}
	at->off = s.off;
	at->len = s.len;
	at->text = e->used;
	at->text_len = (u16)len;
	e->used = (u16)(e->used + len);
	e->growth += (s32)len - (s32)s.len;
	e->grows |= len > s.len;
	e->shrinks |= len < s.len;
	e->n++;
	return true;
}

bool sip_edits_take(struct sip_edits *e, const char *data, struct sip_span s,
		    u32 len)
{
	if (e->failed)
		return false;
	if (s.len == len && !memcmp(data + s.off, sip_edits_room(e), len))
		return true;
	return note(e, s, len);
}

bool sip_edits_add(struct sip_edits *e, const char *data, struct sip_span s,
		   const char *text, u32 len)
{
	if (e->failed)
		return false;
	if (s.len == len && !memcmp(data + s.off, text, len))
		return true;
	if (len > (u32)SIP_EDIT_TEXT - e->used)
		return fail(e);
	memcpy(sip_edits_room(e), text, len);
	return note(e, s, len);
}

bool sip_edits_add_number(struct sip_edits *e, const char *data,
			  struct sip_span s, u32 number)
{
	return sip_edits_take(e, data, s,
			      sip_number_print(sip_edits_room(e), number));
}

bool sip_edits_body_length(struct sip_edits *e, const struct sip_msg *m)
{
	const struct sip_hdr *h = sip_hdr_first(m, SIP_HDR_CONTENT_LENGTH);
	u32 i, len = m->body.len;

	if (e->failed)
		return false;
	for (i = e->n; i && e->edit[i - 1].off >= m->body.off; i--)
		len += e->edit[i - 1].text_len - e->edit[i - 1].len;
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

/* New text is an address, a port or a number, mostly: two moves write it. */
static void write_text(const struct sip_edits *e, const struct sip_edit *at, char *to)
{
	const char *text = e->text + at->text;
	u32 len = at->text_len;

	if (len >= 8 && len <= 16) {
		u64 a, b;

		memcpy(&a, text, 8);
		memcpy(&b, text + len - 8, 8);
		memcpy(to, &a, 8);
		memcpy(to + len - 8, &b, 8);
		return;
	}
	memcpy(to, text, len);
}

/* No byte moves to the right: what stands before is written before it. */
static void apply_shrinking(const struct sip_edits *e, char *data, u32 len)
{
	s32 shift = 0;
	u32 i;

	for (i = 0; i < e->n; i++) {
		const struct sip_edit *at = &e->edit[i];

		move_piece(e, i, data, len, shift);
		write_text(e, at, data + at->off + shift);
		shift += growth_of(at);
	}
	move_piece(e, i, data, len, shift);
}

/* None to the left: the same from the end. */
static void apply_growing(const struct sip_edits *e, char *data, u32 len)
{
	s32 shift = e->growth;
	u32 i;

	for (i = e->n; i; i--) {
		const struct sip_edit *at = &e->edit[i - 1];

		move_piece(e, i, data, len, shift);
		shift -= growth_of(at);
		write_text(e, at, data + at->off + shift);
	}
}

static void apply_mixed(const struct sip_edits *e, char *data, u32 len)
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
		write_text(e, &e->edit[i], data + e->edit[i].off + shift);
		shift += growth_of(&e->edit[i]);
	}
}

void sip_edits_apply_here(const struct sip_edits *e, char *data, u32 len)
{
	if (!e->grows)
		apply_shrinking(e, data, len);
	else if (!e->shrinks)
		apply_growing(e, data, len);
	else
		apply_mixed(e, data, len);
}

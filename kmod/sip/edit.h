/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The list of replacements for one message: collected in any order, kept in
 * the order of their places, applied in one copy.
 */
#ifndef SIPALG_SIP_EDIT_H
#define SIPALG_SIP_EDIT_H

#include "sip.h"

#define SIP_MAX_EDITS		512
#define SIP_EDIT_TEXT		16384	/* bytes of new text in all */

/**
 * struct sip_edit - replace @len bytes at @off by @text_len bytes of text
 */
struct sip_edit {
	u32 off;
	u32 len;
	u16 text;
	u16 text_len;
};

/**
 * struct sip_edits - replacements, sorted by place, not overlapping
 * @grows: some make the message longer, so that no byte moves to the left
 *	where @shrinks is not set
 * @shrinks: some make it shorter
 * @failed: an edit did not fit or overlapped; nothing may be applied then
 * @growth: bytes the message grows by (negative: shrinks)
 */
struct sip_edits {
	u16 n;
	u16 used;
	bool failed;
	bool grows;
	bool shrinks;
	s32 growth;
	struct sip_edit edit[SIP_MAX_EDITS];
	char text[SIP_EDIT_TEXT + SIP_HOSTPORT_MAX];
};

void sip_edits_init(struct sip_edits *e);

/**
 * sip_edits_add() - replace a span of the message by new text
 * @e: the list
 * @data: the message; a replacement equal to what is there is not recorded
 * @s: what to replace; an empty span inserts
 * @text: new bytes, copied
 * @len: how many
 * Return: true if the list is still good. An overlap, a full list or no room
 * for the text sets @e->failed for good.
 */
bool sip_edits_add(struct sip_edits *e, const char *data, struct sip_span s,
		   const char *text, u32 len);

/*
 * As sip_edits_add(), with what was written to sip_edits_room(), which has room
 * for SIP_HOSTPORT_MAX bytes.
 */
bool sip_edits_take(struct sip_edits *e, const char *data, struct sip_span s,
		    u32 len);

static inline char *sip_edits_room(struct sip_edits *e)
{
	return e->text + e->used;
}

/* As sip_edits_add(), with a decimal number as text. */
bool sip_edits_add_number(struct sip_edits *e, const char *data,
			  struct sip_span s, u32 number);

/**
 * sip_edits_body_length() - correct Content-Length for edits within the body
 * @e: the list, complete but for this
 * @m: the message
 * Does nothing where the message has no Content-Length or the body kept its size.
 */
bool sip_edits_body_length(struct sip_edits *e, const struct sip_msg *m);

/**
 * sip_edits_apply() - write the new message
 * @e: the list; must not be @failed
 * @src: the old bytes
 * @len: how many (may reach beyond the message: the rest is copied)
 * @dst: room for @len + @e->growth bytes, not overlapping @src
 * Return: the bytes written.
 */
u32 sip_edits_apply(const struct sip_edits *e, const char *src, u32 len,
		    char *dst);

/**
 * sip_edits_apply_here() - make the old message the new one, where it stands
 * @e: the list; must not be @failed
 * @data: the old bytes, with room for @e->growth more behind them
 * @len: how many
 */
void sip_edits_apply_here(const struct sip_edits *e, char *data, u32 len);

#endif

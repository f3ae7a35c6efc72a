/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Formats of media lines by name, a byte each.
 */
#ifndef SIPALG_SIP_CODEC_H
#define SIPALG_SIP_CODEC_H

#include "sdp.h"

/* Set in a code that is a payload type without a name that we know. */
#define SDP_CODEC_NUMBER	0x80

/* What a code takes at most as text, with a space. */
#define SDP_CODEC_TEXT		19

/**
 * sdp_codecs() - what a media line offers, in its order
 * @data: the message
 * @m: the line
 * @codes: gets a byte for each format; one that has the name of an earlier one
 *	is left out, and so is what is neither a payload type nor a known word
 * @max: room in @codes
 * Return: how many were written.
 */
u32 sdp_codecs(const char *data, const struct sdp_media *m, u8 *codes, u32 max);

/*
 * As text, "PCMU PCMA 97"; 0 ends @codes before @n. @buf has room for @n times
 * SDP_CODEC_TEXT; no NUL. Return: the bytes written.
 */
u32 sdp_codecs_print(char *buf, const u8 *codes, u32 n);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a SIP message ends in a stream of bytes (RFC 3261 18.3).
 *
 * The scanner is given the bytes from the start of a unit, again and again
 * with more of them behind; it goes on where it stopped, so that a message
 * that comes byte by byte costs no more than one that comes whole. A unit is
 * a SIP message, a STUN message (RFC 5626 keep-alives), or CR and LF between
 * messages.
 *
 * Where Content-Length is missing, the body is empty: over TCP it must be
 * there if there is a body. A message that names a Content-Type but no length
 * has a body of which nobody knows the end; that is SIP_FRAME_BAD_LENGTH, so
 * that it is never translated in part. Content-Length twice is bad if the
 * values differ. A line without a colon does not disturb the framing: whether
 * the message is translated is for the parser to decide.
 */
#ifndef SIPALG_SIP_FRAME_H
#define SIPALG_SIP_FRAME_H

#include "types.h"

/* A start line or a method longer than this is nobody's. */
#define SIP_FRAME_LINE_MAX	4096
#define SIP_FRAME_METHOD_MAX	64

enum sip_framing {
	SIP_FRAME_MORE,		/* nothing is wrong so far; more bytes needed */
	SIP_FRAME_WHOLE,	/* the unit is @total bytes long */
	SIP_FRAME_NOT_SIP,	/* no unit can begin with these bytes */
	SIP_FRAME_BAD_LENGTH,	/* a message whose end cannot be known */
	SIP_FRAME_TOO_LONG	/* a message longer than the limit */
};

enum sip_frame_kind {
	SIP_FRAME_NOTHING,
	SIP_FRAME_SIP,
	SIP_FRAME_STUN,
	SIP_FRAME_CRLF
};

/**
 * struct sip_frame - how far a unit was scanned; all zero at its first byte
 * @kind: enum sip_frame_kind
 * @stage: where in the message @scan is
 * @has_length: there was a Content-Length
 * @has_type: there was a Content-Type
 * @scan: the first byte that was not looked at
 * @line: where the start line's last word, or the current field, begins
 * @length: Content-Length's value
 * @total: bytes of the unit, 0 as long as that is not known
 */
struct sip_frame {
	u8 kind;
	u8 stage;
	bool has_length;
	bool has_type;
	u32 scan;
	u32 line;
	u32 length;
	u32 total;
};

/**
 * sip_frame_scan() - look at the bytes of a unit
 * @f: what is known from the call before
 * @data: the unit's first byte
 * @len: how many bytes are there, at least one; never fewer than before
 * @max: a message may have so many bytes
 *
 * Return: for a SIP message, SIP_FRAME_WHOLE when all its bytes are there;
 * for the others as soon as @f->total is known, because nobody has to wait for
 * their bytes.
 */
enum sip_framing sip_frame_scan(struct sip_frame *f, const char *data, u32 len,
				u32 max);

/* Has the start line been seen to its end, and was it one? */
bool sip_frame_started(const struct sip_frame *f);

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * What the sender of a half says: bytes are cut into messages, and each gets
 * its place.
 */
#include "stream_priv.h"

/* What is held has room for so much at first, and takes so much at a time. */
#define HOLD_FIRST	1000
#define HOLD_STEP	2048

/* What is held gets its place, as it is. */
static void place_held(struct sip_stream *s, struct sip_stream_half *h)
{
	struct sip_stream_bytes *b = h->held;

	if (!b)
		return;
	h->held = NULL;
	if (s->observed) {
		h->out_nxt += b->len;
		stream_bytes_free(s, b);
		return;
	}
	stream_keep(s, h, b, b->in, b->len);
	stream_send_kept(s, h, b);
}

void stream_leave(struct sip_stream *s, struct sip_stream_half *h,
		  enum sip_stream_reason reason)
{
	if (h->phase == SIP_STREAM_LEFT)
		return;
	h->left_at = stream_place(h);
	h->phase = SIP_STREAM_LEFT;
	h->reason = (u8)reason;
	h->skip = 0;
	place_held(s, h);
}

/* Bytes that pass as they are. */
static void pass(struct sip_stream *s, struct sip_stream_half *h,
		 const char *data, u32 len)
{
	stream_send(s, h, h->out_nxt, data, len, false);
	h->in_nxt += len;
	h->out_nxt += len;
}

static bool hold_room(struct sip_stream *s, struct sip_stream_half *h, u32 room)
{
	struct sip_stream_bytes *b = h->held, *n;

	if (b && stream_bytes_room(b) >= room)
		return true;
	if (h->frame.total > room)
		room = h->frame.total;
	else if (!h->frame.total)
		room = room < HOLD_FIRST / 2 ? HOLD_FIRST :
			u32_min(2 * room, s->limits->message + HOLD_STEP);
	n = stream_bytes(s, room);
	if (!n)
		return false;
	if (b) {
		n->in = b->in;
		n->len = b->len;
		memcpy(n->data, b->data, b->len);
		stream_bytes_free(s, b);
	} else {
		n->in = h->in_nxt;
		n->len = 0;
		h->held_first = s->now;
	}
	h->held = n;
	return true;
}

/* Return: how many were taken; none if there is no memory. */
static u32 hold(struct sip_stream *s, struct sip_stream_half *h,
		const char *data, u32 len)
{
	u32 has = h->held ? h->held->len : 0;

	if (h->frame.total)
		len = u32_min(len, h->frame.total - has);
	else if (has)
		len = u32_min(len, HOLD_STEP);
	if (!hold_room(s, h, has + len)) {
		stream_leave(s, h, SIP_STREAM_R_MEMORY);
		return 0;
	}
	memcpy(h->held->data + has, data, len);
	h->held->len += len;
	h->held_since = s->now;
	h->in_nxt += len;
	return len;
}

/* Give back the last bytes that were taken. */
static void unhold(struct sip_stream_half *h, u32 len)
{
	h->held->len -= len;
	h->in_nxt -= len;
}

/* Hand it out. Return: what replaces it, or NULL. */
static struct sip_stream_bytes *translate(struct sip_stream *s,
					  struct sip_stream_half *h,
					  const char *data, u32 len)
{
	struct sip_stream_bytes *b;
	bool translated;

	s->may_reserve = len + s->limits->growth;
	translated = s->ops->message(s, stream_dir(s, h), data, len);
	h->messages++;
	b = s->reserved;
	s->reserved = NULL;
	s->may_reserve = 0;
	if (!translated && b) {
		stream_bytes_free(s, b);
		b = NULL;
	}
	return b;
}

/* A message is complete. Return: has it got its place? */
static bool message(struct sip_stream *s, struct sip_stream_half *h,
		    const char *data, u32 len)
{
	struct sip_stream_bytes *b;

	if (h->nkept >= s->limits->kept) {
		stream_leave(s, h, SIP_STREAM_R_LIMIT);
		return false;
	}
	b = translate(s, h, data, len);
	if (b && h->held) {
		stream_keep(s, h, b, h->held->in, len);
		stream_bytes_free(s, h->held);
		h->held = NULL;
		stream_send_kept(s, h, b);
	} else if (b) {
		stream_keep(s, h, b, h->in_nxt, len);
		h->in_nxt += len;
		stream_send_kept(s, h, b);
	} else if (!s->no_memory) {
		if (h->held)
			place_held(s, h);
		else
			pass(s, h, data, len);
	}
	if (!s->no_memory)
		return true;
	s->no_memory = false;
	stream_leave(s, h, SIP_STREAM_R_MEMORY);
	return false;
}

/*
 * A connection that does not begin as SIP is not SIP for good, whatever its
 * other direction looks like: else a browser could be made to talk SIP.
 */
static void lost(struct sip_stream *s, struct sip_stream_half *h,
		 enum sip_framing why)
{
	if (!h->decided && why == SIP_FRAME_NOT_SIP)
		stream_leave_both(s, SIP_STREAM_R_NOT_SIP);
	else if (why == SIP_FRAME_NOT_SIP)
		stream_leave(s, h, SIP_STREAM_R_FRAMING);
	else if (why == SIP_FRAME_TOO_LONG)
		stream_leave(s, h, SIP_STREAM_R_TOO_LONG);
	else
		stream_leave(s, h, SIP_STREAM_R_LENGTH);
}

/* STUN comes after SIP; or in answer to STUN that came after SIP. */
static bool stun_may_come(struct sip_stream *s, const struct sip_stream_half *h)
{
	return h->decided || stream_other(s, h)->decided;
}

static enum sip_framing scan(struct sip_stream *s, struct sip_stream_half *h,
			     const char *data, u32 len)
{
	enum sip_framing r;

	r = sip_frame_scan(&h->frame, data, len, s->limits->message);
	if (sip_frame_started(&h->frame))
		h->decided = true;
	if (h->frame.kind == SIP_FRAME_STUN && !stun_may_come(s, h))
		return SIP_FRAME_NOT_SIP;
	return r;
}

/* The first bytes of a unit. Return: how many of them are done with. */
static u32 unit_begins(struct sip_stream *s, struct sip_stream_half *h,
		       const char *data, u32 len)
{
	enum sip_framing r;
	u32 total;

	memset(&h->frame, 0, sizeof(h->frame));
	r = scan(s, h, data, len);
	total = h->frame.total;
	if (r == SIP_FRAME_MORE)
		return hold(s, h, data, len);
	if (r != SIP_FRAME_WHOLE) {
		lost(s, h, r);
		return 0;
	}
	if (h->frame.kind != SIP_FRAME_SIP) {
		h->skip = total;
		return 0;
	}
	return message(s, h, data, total) ? total : 0;
}

/*
 * More bytes of the unit that is held. In doubt, more of them are taken than
 * it has; the rest is given back, and those are the last ones that came, which
 * the sender has not been told anything about.
 */
static u32 unit_goes_on(struct sip_stream *s, struct sip_stream_half *h,
			const char *data, u32 len)
{
	u32 n = hold(s, h, data, len), over;
	enum sip_framing r;

	if (!n)
		return 0;
	r = scan(s, h, h->held->data, h->held->len);
	if (r == SIP_FRAME_MORE)
		return n;
	if (r != SIP_FRAME_WHOLE) {
		unhold(h, n);
		lost(s, h, r);
		return 0;
	}
	if (h->held->len > h->frame.total) {
		over = h->held->len - h->frame.total;
		unhold(h, over);
		n -= over;
	}
	if (h->frame.kind == SIP_FRAME_SIP) {
		message(s, h, h->held->data, h->held->len);
	} else if (h->nkept >= s->limits->kept) {
		stream_leave(s, h, SIP_STREAM_R_LIMIT);
	} else {
		h->skip = h->frame.total - h->held->len;
		place_held(s, h);
	}
	return n;
}

/* Bytes that were never seen before, in their order. */
static void consume(struct sip_stream *s, struct sip_stream_half *h,
		    const char *data, u32 len)
{
	u32 n;

	while (len && h->phase == SIP_STREAM_SIP) {
		if (h->skip) {
			n = u32_min(len, h->skip);
			h->skip -= n;
			pass(s, h, data, n);
		} else if (h->held) {
			n = unit_goes_on(s, h, data, len);
		} else {
			n = unit_begins(s, h, data, len);
		}
		data += n;
		len -= n;
	}
	if (len)
		pass(s, h, data, len);
}

/* FIN comes behind all bytes; what is held goes out before it. */
static void consume_fin(struct sip_stream *s, struct sip_stream_half *h)
{
	stream_leave(s, h, SIP_STREAM_R_CLOSED);
	stream_send(s, h, h->out_nxt, NULL, 0, true);
}

/* In LEFT: all have their place. */
static void data_left(struct sip_stream *s, struct sip_stream_half *h, u32 in,
		      const char *data, u32 len, bool fin)
{
	stream_again(s, h, in, data, len);
	if (fin)
		stream_send(s, h, in + len + stream_delta(h), NULL, 0, true);
}

/* What was seen is sent again, or held already; the rest is new. */
static void data_sip(struct sip_stream *s, struct sip_stream_half *h, u32 in,
		     const char *data, u32 len, bool fin)
{
	u32 place = stream_place(h), n = 0;

	if (seq_before(in, place)) {
		n = u32_min(len, place - in);
		stream_again(s, h, in, data, n);
	}
	if (seq_before(in + n, h->in_nxt))
		n = u32_min(len, h->in_nxt - in);
	if (n < len)
		consume(s, h, data + n, len - n);
	if (fin && in + len == h->in_nxt)
		consume_fin(s, h);
}

void stream_run_queue(struct sip_stream *s, struct sip_stream_half *h)
{
	struct sip_stream_bytes *b;

	while ((b = stream_queue_take(h))) {
		if (h->phase == SIP_STREAM_LEFT)
			data_left(s, h, b->in, b->data, b->len, b->fin);
		else if (!seq_before(b->in + b->len, h->in_nxt))
			data_sip(s, h, b->in, b->data, b->len, b->fin);
		stream_send_flush(s);
		stream_bytes_free(s, b);
	}
}

void stream_leave_both(struct sip_stream *s, enum sip_stream_reason reason)
{
	stream_leave(s, &s->half[0], reason);
	stream_leave(s, &s->half[1], reason);
}

/*
 * Tell the sender what we have, if it would wait for that: with nothing else
 * in flight it hears nothing from the receiver.
 */
static void take_custody(struct sip_stream *s, struct sip_stream_half *h)
{
	if (s->observed || !h->held || h->una != h->out_nxt)
		return;
	h->acked = h->in_nxt;
	stream_send_ack(s, h);
}

void stream_data(struct sip_stream *s, struct sip_stream_half *h,
		 struct sip_stream_seg *seg)
{
	bool fin = seg->flags & SIP_TCP_FIN;
	u32 end = seg->seq + seg->len;

	if (stream_has_orphan(h) && !seq_before(seg->seq, bytes_in_end(h->kept)))
		stream_send_again(s, h, h->kept);
	if (h->phase == SIP_STREAM_LEFT) {
		data_left(s, h, seg->seq, seg->data, seg->len, fin);
		return;
	}
	if (seq_after(seg->seq, h->in_nxt)) {
		stream_queue_add(s, h, seg);
		stream_send_ack(s, h);
		return;
	}
	data_sip(s, h, seg->seq, seg->data, seg->len, fin);
	stream_run_queue(s, h);
	if (seq_after(end, stream_place(h)))
		take_custody(s, h);
}

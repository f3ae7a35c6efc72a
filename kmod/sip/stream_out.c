// SPDX-License-Identifier: GPL-2.0
/*
 * Segments out: packets of our own, and what rides on the packet in hand.
 */
#include "stream_priv.h"

static void fill(struct sip_stream *s, struct sip_stream_half *h,
		 struct sip_stream_seg *seg, u32 seq)
{
	const struct sip_stream_half *o = stream_other(s, h);

	memset(seg, 0, sizeof(*seg));
	seg->dir = stream_dir(s, h);
	seg->seq = seq;
	seg->ack = o->acked;
	seg->win = h->win;
	seg->flags = SIP_TCP_ACK;
	seg->has_ts = s->has_ts;
	seg->tsval = h->tsval;
	seg->tsecr = o->tsval;
}

void stream_send_flush(struct sip_stream *s)
{
	if (!s->has_next)
		return;
	s->has_next = false;
	s->ops->emit(s, &s->next);
}

/* Do these bytes follow the ones that wait, in the same packet? */
static bool follows(const struct sip_stream *s, const char *data)
{
	const struct sip_stream_seg *hand = s->hand, *n = &s->next;

	return n->data >= hand->data && n->data < hand->data + hand->len &&
	       data == n->data + n->len;
}

static bool join(struct sip_stream *s, u32 out, const char *data, u32 len,
		 bool fin)
{
	struct sip_stream_seg *n = &s->next;

	if (!s->has_next || n->seq + n->len != out)
		return false;
	if (len && !follows(s, data))
		return false;
	n->len += len;
	if (fin)
		n->flags |= SIP_TCP_FIN;
	return true;
}

/*
 * The last one rides on the packet in hand, if that goes the same way: most
 * messages cost no packet of our own.
 */
void stream_send(struct sip_stream *s, struct sip_stream_half *h, u32 out,
		 const char *data, u32 len, bool fin)
{
	bool rides = s->hand && s->hand->dir == stream_dir(s, h);
	struct sip_stream_seg seg;

	if (s->observed)
		return;
	h->sent = seq_max(h->sent, out + len + fin);
	if (rides && join(s, out, data, len, fin))
		return;
	fill(s, h, &seg, out);
	seg.data = data;
	seg.len = len;
	if (len)
		seg.flags |= SIP_TCP_PSH;
	if (fin)
		seg.flags |= SIP_TCP_FIN;
	if (!rides) {
		s->ops->emit(s, &seg);
		return;
	}
	stream_send_flush(s);
	s->next = seg;
	s->has_next = true;
}

/* So much of a kept message is known to have arrived. */
static u32 arrived(const struct sip_stream_half *h,
		   const struct sip_stream_bytes *b)
{
	return seq_after(h->una, b->out) ? h->una - b->out : 0;
}

/* How much the receiver takes from @out on. */
static u32 window(const struct sip_stream_half *h, u32 out)
{
	return seq_after(h->edge, out) ? h->edge - out : 0;
}

static void send_part(struct sip_stream *s, struct sip_stream_half *h,
		      struct sip_stream_bytes *b, u32 from, u32 end)
{
	u32 n;

	for (; from < end; from += n) {
		n = u32_min(end - from, SIP_STREAM_EMIT_MAX);
		stream_send(s, h, b->out + from, b->data + from, n, false);
	}
}

/* So much was sent; what is missing follows when the receiver lets it. */
static void note_sent(struct sip_stream_half *h, struct sip_stream_bytes *b,
		      u32 sent)
{
	b->sent = sent;
	if (sent < b->len)
		h->unsent = true;
}

void stream_send_kept(struct sip_stream *s, struct sip_stream_half *h,
		      struct sip_stream_bytes *b)
{
	u32 from = arrived(h, b), n;

	if (from < b->sent)
		from = b->sent;
	n = u32_min(b->len - from, window(h, b->out + from));
	send_part(s, h, b, from, from + n);
	note_sent(h, b, from + n);
}

/* What goes out against the window counts as not sent: it will be dropped. */
void stream_send_again(struct sip_stream *s, struct sip_stream_half *h,
		       struct sip_stream_bytes *b)
{
	u32 from = arrived(h, b);
	u32 win = u32_min(window(h, b->out + from), STREAM_RESEND);
	u32 n = win < STREAM_PROBE ? STREAM_PROBE : win;

	send_part(s, h, b, from, from + u32_min(b->len - from, n));
	note_sent(h, b, from + u32_min(b->len - from, win));
}

void stream_send_rest(struct sip_stream *s, struct sip_stream_half *h)
{
	struct sip_stream_bytes *b;

	h->unsent = false;
	for (b = h->kept; b; b = b->next)
		if (b->sent < b->len)
			stream_send_kept(s, h, b);
}

void stream_send_ack(struct sip_stream *s, struct sip_stream_half *h)
{
	struct sip_stream_half *o = stream_other(s, h);
	struct sip_stream_seg seg;

	if (s->observed)
		return;
	fill(s, o, &seg, o->sent);
	if (s->sack)
		seg.nsack = stream_queue_sacks(h, seg.sack, s->has_ts ?
					       SIP_STREAM_SACKS - 1 :
					       SIP_STREAM_SACKS);
	s->ops->emit(s, &seg);
}

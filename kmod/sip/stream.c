// SPDX-License-Identifier: GPL-2.0
/*
 * A TCP connection that carries SIP: its beginning, its segments, its end.
 */
#include "stream_priv.h"

/* RFC 7323: more than this is taken for this. */
#define SCALE_MAX	14
#define PATIENCE	8	/* how many time-outs a message may take that comes in drops */

struct sip_stream_bytes *stream_bytes(struct sip_stream *s, u32 room)
{
	u32 size = (u32)sizeof(struct sip_stream_bytes) + room;
	struct sip_stream_bytes *b = s->ops->alloc(s, size);

	if (b) {
		memset(b, 0, sizeof(*b));
		b->size = size;
	}
	return b;
}

void stream_bytes_free(struct sip_stream *s, struct sip_stream_bytes *b)
{
	s->ops->free(s, b, b->size);
}

void sip_stream_init(struct sip_stream *s, const struct sip_stream_ops *ops,
		     const struct sip_stream_limits *limits)
{
	memset(s, 0, sizeof(*s));
	s->ops = ops;
	s->limits = limits;
}

char *sip_stream_reserve(struct sip_stream *s, u32 len)
{
	if (!len || len > s->may_reserve || s->reserved)
		return NULL;
	s->reserved = stream_bytes(s, len);
	if (!s->reserved) {
		s->no_memory = true;
		return NULL;
	}
	s->reserved->len = len;
	return s->reserved->data;
}

static void half_init(struct sip_stream_half *h,
		      const struct sip_stream_seg *seg)
{
	memset(h, 0, sizeof(*h));
	h->in_nxt = seg->seq + 1;
	h->out_nxt = h->in_nxt;
	h->acked = h->in_nxt;
	h->una = h->in_nxt;
	h->edge = h->in_nxt;
	h->sent = h->in_nxt;
	h->scale = seg->wscale;
	h->win = seg->win;
	h->tsval = seg->tsval;
}

/* Options hold if both ends have them; a window in a SYN is not scaled. */
static void established(struct sip_stream *s, const struct sip_stream_seg *answer)
{
	struct sip_stream_half *a = &s->half[0], *b = &s->half[1];

	s->state = SIP_STREAM_OPEN;
	s->has_ts = s->has_ts && answer->has_ts;
	s->sack = s->sack && answer->sack_ok;
	if (a->scale == SIP_STREAM_NO_SCALE || b->scale == SIP_STREAM_NO_SCALE) {
		a->scale = 0;
		b->scale = 0;
	}
	a->scale = (u8)u32_min(a->scale, SCALE_MAX);
	b->scale = (u8)u32_min(b->scale, SCALE_MAX);
	a->edge += b->win;
	b->edge += a->win;
}

/*
 * A SYN is sent again as often as its sender likes; a new one is a new
 * connection as long as there was no answer. An end that remembers an older
 * connection answers with other things first, which are not of this one. Once
 * it is open, SYNs are old, or not meant to be taken.
 */
static void handshake(struct sip_stream *s, const struct sip_stream_seg *seg)
{
	bool answer = seg->flags & SIP_TCP_ACK;

	if (s->half[0].phase == SIP_STREAM_LEFT || s->state == SIP_STREAM_OPEN)
		return;
	if (seg->len || (seg->flags & (SIP_TCP_FIN | SIP_TCP_RST)) ||
	    answer != !!seg->dir) {
		stream_leave_both(s, SIP_STREAM_R_LATE);
	} else if (!answer) {
		half_init(&s->half[0], seg);
		s->has_ts = seg->has_ts;
		s->sack = seg->sack_ok;
		s->state = SIP_STREAM_SYN;
	} else if (s->state != SIP_STREAM_SYN) {
		stream_leave_both(s, SIP_STREAM_R_LATE);
	} else if (seg->ack == s->half[0].in_nxt) {
		half_init(&s->half[1], seg);
		established(s, seg);
	}
}

/* Is a RST near enough to be taken by the receiver? */
static bool is_close(const struct sip_stream_half *h, u32 in)
{
	return !seq_before(in, h->acked) &&
	       !seq_after(in, h->in_nxt + (65535U << 14));
}

/* Those who are left alone wait for nothing. */
static void run_queues(struct sip_stream *s)
{
	u32 i;

	for (i = 0; i < 2; i++)
		if (s->half[i].queue && s->half[i].phase == SIP_STREAM_LEFT)
			stream_run_queue(s, &s->half[i]);
}

static void reset(struct sip_stream *s, struct sip_stream_half *h,
		  struct sip_stream_seg *seg)
{
	if (h->phase == SIP_STREAM_SIP && is_close(h, seg->seq)) {
		stream_leave_both(s, SIP_STREAM_R_CLOSED);
		run_queues(s);
	}
	stream_send_flush(s);
	seg->seq = stream_map_seq(h, seg->seq);
}

/*
 * Nothing of the segment is to be sent. It still carries an acknowledgment
 * and a window; but where the receiver waits for one, a segment that says
 * nothing new counts as a duplicate, which it was not when it had data. @probe:
 * it wants to be answered.
 */
static bool strip(const struct sip_stream *s, struct sip_stream_half *h,
		  struct sip_stream_seg *seg, bool probe, bool news)
{
	const struct sip_stream_half *o = &s->half[!seg->dir];
	bool quiet = s->hand->ack == o->sent;

	seg->seq = h->sent - probe;
	seg->data = NULL;
	seg->len = 0;
	seg->flags &= (u8)~(SIP_TCP_FIN | SIP_TCP_PSH);
	return probe || news || quiet;
}

/* What was to be sent last rides on the packet in hand. */
static void ride(struct sip_stream *s, struct sip_stream_seg *seg)
{
	const struct sip_stream_seg *n = &s->next;

	s->has_next = false;
	seg->seq = n->seq;
	seg->data = n->data;
	seg->len = n->len;
	seg->flags &= (u8)~SIP_TCP_FIN;
	seg->flags |= n->flags & SIP_TCP_FIN;
	if (n->data != s->hand->data)
		seg->flags |= SIP_TCP_PSH;
}

static enum sip_stream_verdict verdict(const struct sip_stream_seg *was,
				       const struct sip_stream_seg *seg)
{
	if (seg->len != was->len || seg->flags != was->flags ||
	    (seg->len && seg->data != was->data))
		return SIP_STREAM_REWRITE;
	if (seg->seq != was->seq || seg->ack != was->ack ||
	    seg->nsack != was->nsack ||
	    memcmp(seg->sack, was->sack, seg->nsack * sizeof(*seg->sack)))
		return SIP_STREAM_HEADER;
	return SIP_STREAM_PASS;
}

/* The acknowledgment first: it may make room, and answers to what is sent. */
static bool take(struct sip_stream *s, struct sip_stream_half *h,
		 struct sip_stream_seg *seg)
{
	struct sip_stream_half *o = &s->half[!seg->dir];
	bool data = seg->len || (seg->flags & SIP_TCP_FIN);
	bool probe = h->held && seg->len <= 1 && data &&
		     seq_before(seg->seq, h->acked) &&
		     !seq_before(seg->seq, stream_place(h));
	u32 acked = o->acked;
	u16 win = h->win;
	bool says = true, news;

	if (seg->has_ts && seq_after(seg->tsval, h->tsval))
		h->tsval = seg->tsval;
	if (seg->flags & SIP_TCP_URG)
		stream_leave_both(s, SIP_STREAM_R_URGENT);
	if (seg->flags & SIP_TCP_ACK)
		says = stream_ack(s, o, seg);
	news = seg->nsack || acked != o->acked || win != h->win;
	if (seg->flags & SIP_TCP_RST) {
		reset(s, h, seg);
		return true;
	}
	if (data)
		stream_data(s, h, seg);
	else
		seg->seq = stream_map_seq(h, seg->seq);
	if (s->has_next) {
		ride(s, seg);
		return true;
	}
	return data ? strip(s, h, seg, probe, news) : says;
}

/*
 * The packet goes on whatever is found in it. Bytes that the receiver has and
 * we have not went by unseen: what follows them cannot be told apart.
 */
static void observe(struct sip_stream *s, struct sip_stream_half *h,
		    struct sip_stream_seg *seg)
{
	struct sip_stream_half *o = &s->half[!seg->dir];

	if (seg->flags & SIP_TCP_URG)
		stream_leave_both(s, SIP_STREAM_R_URGENT);
	if ((seg->flags & SIP_TCP_ACK) && seq_after(seg->ack, o->acked)) {
		o->acked = seg->ack;
		/* Its FIN counts for one. */
		if (seq_after(seg->ack, o->in_nxt + 1))
			stream_leave(s, o, SIP_STREAM_R_MEMORY);
	}
	if (seg->flags & SIP_TCP_RST) {
		if (is_close(h, seg->seq))
			stream_leave_both(s, SIP_STREAM_R_CLOSED);
	} else if (seg->len || (seg->flags & SIP_TCP_FIN)) {
		stream_data(s, h, seg);
	}
	run_queues(s);
}

enum sip_stream_verdict sip_stream_segment(struct sip_stream *s,
					   struct sip_stream_seg *seg)
{
	struct sip_stream_half *h = &s->half[seg->dir];
	struct sip_stream_seg was;
	bool goes_on;

	if (sip_stream_is_plain(s))
		return SIP_STREAM_PASS;
	if (seg->flags & SIP_TCP_SYN) {
		handshake(s, seg);
		return SIP_STREAM_PASS;
	}
	if (s->state == SIP_STREAM_NEW)
		stream_leave_both(s, SIP_STREAM_R_LATE);
	if (s->state != SIP_STREAM_OPEN)
		return SIP_STREAM_PASS;
	if (s->observed) {
		observe(s, h, seg);
		return SIP_STREAM_PASS;
	}
	was = *seg;
	s->hand = &was;
	goes_on = take(s, h, seg);
	s->hand = NULL;
	run_queues(s);
	return goes_on ? verdict(&was, seg) : SIP_STREAM_DROP;
}

bool sip_stream_waits(const struct sip_stream *s)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		const struct sip_stream_half *h = &s->half[i];

		if (h->held || h->queue || stream_has_orphan(h))
			return true;
	}
	return false;
}

bool sip_stream_expire(struct sip_stream *s, u32 limit)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		struct sip_stream_half *h = &s->half[i];

		if (h->queue && s->now - h->queue_since >= limit)
			stream_queue_drop(s, h);
		if (h->held && (s->now - h->held_since >= limit ||
				s->now - h->held_first >= PATIENCE * limit))
			stream_leave(s, h, SIP_STREAM_R_STALLED);
		else if (stream_has_orphan(h))
			stream_send_again(s, h, h->kept);
	}
	run_queues(s);
	return sip_stream_waits(s);
}

void sip_stream_leave(struct sip_stream *s, enum sip_stream_reason reason)
{
	stream_leave_both(s, reason);
	run_queues(s);
}

bool sip_stream_drained(const struct sip_stream *s)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		const struct sip_stream_half *h = &s->half[i];

		if (h->kept || h->held || h->queue)
			return false;
	}
	return true;
}

u32 sip_stream_offset(const struct sip_stream *s, u8 dir)
{
	return stream_delta(&s->half[dir]);
}

u32 sip_stream_memory(const struct sip_stream *s, u8 dir)
{
	const struct sip_stream_half *h = &s->half[dir];
	const struct sip_stream_bytes *b;
	u32 n = h->held ? h->held->size : 0;

	for (b = h->kept; b; b = b->next)
		n += b->size;
	for (b = h->queue; b; b = b->next)
		n += b->size;
	return n;
}

bool sip_stream_origin(const struct sip_stream *s, u8 dir, u32 out, u32 *in)
{
	const struct sip_stream_half *h = &s->half[dir];

	if (s->state != SIP_STREAM_OPEN)
		return false;
	*in = seq_max(stream_map_ack(h, out), h->acked);
	/* Where nothing is kept any more, nobody counts either. */
	return (h->phase == SIP_STREAM_LEFT && !h->kept) ||
	       (!seq_before(out, h->una) && !seq_after(out, h->sent));
}

void sip_stream_free(struct sip_stream *s)
{
	struct sip_stream_bytes *b;
	u32 i;

	for (i = 0; i < 2; i++) {
		struct sip_stream_half *h = &s->half[i];

		stream_queue_drop(s, h);
		while ((b = h->kept)) {
			h->kept = b->next;
			stream_bytes_free(s, b);
		}
		if (h->held)
			stream_bytes_free(s, h->held);
		memset(h, 0, sizeof(*h));
		h->phase = SIP_STREAM_LEFT;
	}
}

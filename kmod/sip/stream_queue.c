// SPDX-License-Identifier: GPL-2.0
/*
 * Segments from behind a hole. They are the sender's as long as they are here.
 */
#include "stream_priv.h"

static bool fits(const struct sip_stream *s, const struct sip_stream_half *h,
		 const struct sip_stream_seg *seg)
{
	return h->nqueue < s->limits->queue &&
	       seg->seq + seg->len - h->in_nxt <= s->limits->ahead;
}

void stream_queue_add(struct sip_stream *s, struct sip_stream_half *h,
		      const struct sip_stream_seg *seg)
{
	struct sip_stream_bytes **at = &h->queue, *b;
	bool fin = seg->flags & SIP_TCP_FIN;

	if (!fits(s, h, seg))
		return;
	for (; (b = *at) && !seq_after(b->in, seg->seq); at = &b->next)
		if (!seq_before(b->in + b->len + b->fin,
				seg->seq + seg->len + fin))
			return;
	b = stream_bytes(s, seg->len);
	if (!b)
		return;
	if (!h->queue)
		h->queue_since = s->now;
	memcpy(b->data, seg->data, seg->len);
	b->in = seg->seq;
	b->len = seg->len;
	b->fin = fin;
	b->next = *at;
	*at = b;
	h->nqueue++;
}

struct sip_stream_bytes *stream_queue_take(struct sip_stream_half *h)
{
	struct sip_stream_bytes *b = h->queue;

	if (!b || (h->phase == SIP_STREAM_SIP && seq_after(b->in, h->in_nxt)))
		return NULL;
	h->queue = b->next;
	h->nqueue--;
	return b;
}

void stream_queue_drop(struct sip_stream *s, struct sip_stream_half *h)
{
	struct sip_stream_bytes *b;

	while ((b = h->queue)) {
		h->queue = b->next;
		stream_bytes_free(s, b);
	}
	h->nqueue = 0;
}

/* RFC 2018: those that begin first; with more, the sender asks again. */
u8 stream_queue_sacks(const struct sip_stream_half *h,
		      struct sip_stream_sack *sack, u8 max)
{
	const struct sip_stream_bytes *b;
	u8 n = 0;

	for (b = h->queue; b; b = b->next) {
		u32 end = b->in + b->len + b->fin;

		if (n && !seq_after(b->in, sack[n - 1].right)) {
			sack[n - 1].right = seq_max(sack[n - 1].right, end);
			continue;
		}
		if (n == max)
			break;
		sack[n].left = b->in;
		sack[n].right = end;
		n++;
	}
	return n;
}

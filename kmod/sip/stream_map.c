// SPDX-License-Identifier: GPL-2.0
/*
 * Places: which sequence number of the one end is which of the other. The kept
 * messages are the only places where the offset changes.
 */
#include "stream_priv.h"

void stream_keep(struct sip_stream *s, struct sip_stream_half *h,
		 struct sip_stream_bytes *b, u32 in, u32 in_len)
{
	s->kept = true;
	b->in = in;
	b->in_len = in_len;
	b->out = h->out_nxt;
	b->sent = 0;
	b->next = NULL;
	if (h->kept)
		h->kept_last->next = b;
	else
		h->kept = b;
	h->kept_last = b;
	h->nkept++;
	h->out_nxt += b->len;
}

void stream_forget(struct sip_stream *s, struct sip_stream_half *h)
{
	struct sip_stream_bytes *b;

	while ((b = h->kept) && !seq_before(h->una, bytes_out_end(b))) {
		h->kept = b->next;
		h->nkept--;
		stream_bytes_free(s, b);
	}
	if (!h->kept)
		h->unsent = false;
}

/* Before the first kept message. What is older was acknowledged long ago. */
static u32 first_delta(const struct sip_stream_half *h)
{
	return h->kept ? h->kept->out - h->kept->in : stream_delta(h);
}

void stream_again(struct sip_stream *s, struct sip_stream_half *h, u32 in,
		  const char *data, u32 len)
{
	u32 delta = first_delta(h), n;
	struct sip_stream_bytes *b;

	for (b = h->kept; b && len; b = b->next) {
		if (seq_before(in, b->in)) {
			n = u32_min(len, b->in - in);
			stream_send(s, h, in + delta, data, n, false);
			in += n;
			data += n;
			len -= n;
		}
		if (len && seq_before(in, bytes_in_end(b))) {
			n = u32_min(len, bytes_in_end(b) - in);
			stream_send_again(s, h, b);
			in += n;
			data += n;
			len -= n;
		}
		delta = bytes_out_end(b) - bytes_in_end(b);
	}
	if (len)
		stream_send(s, h, in + delta, data, len, false);
}

static u32 map_forth(const struct sip_stream_half *h, u32 in)
{
	const struct sip_stream_bytes *b;
	u32 delta = first_delta(h);

	for (b = h->kept; b && seq_after(in, b->in); b = b->next) {
		if (seq_before(in, bytes_in_end(b)))
			return b->out;
		delta = bytes_out_end(b) - bytes_in_end(b);
	}
	return in + delta;
}

/*
 * A packet without data names the byte that comes next. It must not name one
 * that the receiver would find outside of its window, or what it acknowledges
 * is not heard: not more than we sent, and not what was acknowledged already.
 * That happens, because an acknowledgment from within a kept message shuts the
 * sender's window below what it has sent.
 * A probe is the last byte that was acknowledged, and must remain so. Nothing
 * else is: with probes, all has been acknowledged.
 */
u32 stream_map_seq(const struct sip_stream_half *h, u32 in)
{
	bool probe = in + 1 == h->acked;
	u32 out;

	if (probe || seq_before(in, h->acked))
		in = h->acked;
	if (h->phase == SIP_STREAM_LEFT && !h->kept)
		return in + stream_delta(h) - probe;
	if (h->phase == SIP_STREAM_SIP && !seq_before(in, stream_place(h)))
		return h->sent - probe;
	out = seq_max(map_forth(h, in), h->una);
	if (seq_after(out, h->sent))
		out = h->sent;
	return out - probe;
}

/* @up: within a kept message, its end instead of its start. */
static u32 map_back(const struct sip_stream_half *h, u32 out, bool up)
{
	const struct sip_stream_bytes *b;
	u32 delta = first_delta(h);

	for (b = h->kept; b && seq_after(out, b->out); b = b->next) {
		if (seq_before(out, bytes_out_end(b)))
			return up ? bytes_in_end(b) : b->in;
		delta = bytes_out_end(b) - bytes_in_end(b);
	}
	return out - delta;
}

u32 stream_map_ack(const struct sip_stream_half *h, u32 out)
{
	return map_back(h, out, false);
}

static bool map_sack(const struct sip_stream_half *h,
		     struct sip_stream_sack *k)
{
	if (h->phase == SIP_STREAM_SIP || h->kept) {
		if (seq_before(k->left, h->una) || seq_after(k->right, h->sent))
			return false;
	}
	k->left = map_back(h, k->left, true);
	k->right = map_back(h, k->right, false);
	return seq_before(k->left, k->right);
}

void stream_map_sacks(const struct sip_stream_half *h,
		      struct sip_stream_seg *seg)
{
	u8 i, n = 0;

	for (i = 0; i < seg->nsack; i++) {
		struct sip_stream_sack k = seg->sack[i];

		if (map_sack(h, &k))
			seg->sack[n++] = k;
	}
	seg->nsack = n;
}

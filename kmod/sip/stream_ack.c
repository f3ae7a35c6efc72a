// SPDX-License-Identifier: GPL-2.0
/*
 * What the receiver of a half says: acknowledgments, its window, SACK.
 */
#include "stream_priv.h"

/* Nothing is kept, and nothing will be: an addition, as long as it lives. */
static void ack_left(struct sip_stream_half *h, struct sip_stream_half *o,
		     struct sip_stream_seg *seg)
{
	seg->ack -= stream_delta(h);
	if (seg->nsack)
		stream_map_sacks(h, seg);
	h->acked = seq_max(h->acked, seg->ack);
	o->win = seg->win;
}

/* The receiver's window, as far as what we keep is concerned. */
static void take_window(struct sip_stream_half *h, struct sip_stream_half *o,
			const struct sip_stream_seg *seg)
{
	h->edge = seg->ack + ((u32)seg->win << o->scale);
	o->win = seg->win;
}

/*
 * All of what was sent has arrived: then the sender may forget what is held,
 * and does not have to wait for that any longer.
 */
static u32 acked_by(const struct sip_stream_half *h, u32 out)
{
	u32 in;

	if (h->held && out == h->out_nxt)
		return h->in_nxt;
	in = stream_map_ack(h, out);
	return seq_max(in, h->acked);
}

bool stream_ack(struct sip_stream *s, struct sip_stream_half *h,
		struct sip_stream_seg *seg)
{
	struct sip_stream_half *o = stream_other(s, h);
	u32 out = seg->ack, was_edge = h->edge;
	bool advances, news;
	u16 was_win = o->win;

	if (h->phase == SIP_STREAM_LEFT && !h->kept) {
		ack_left(h, o, seg);
		return true;
	}
	if (seq_after(out, h->sent)) {
		/* What was never sent; the sender shall not hear of it. */
		seg->ack = h->acked;
		seg->nsack = 0;
		return true;
	}
	if (seq_before(out, h->una)) {
		/* Overtaken on its way: it is as old to the sender. */
		seg->ack = stream_map_ack(h, out);
		stream_map_sacks(h, seg);
		return true;
	}
	advances = out != h->una;
	h->una = out;
	take_window(h, o, seg);
	stream_forget(s, h);
	seg->ack = acked_by(h, out);
	news = seg->ack != h->acked || seg->win != was_win;
	h->acked = seg->ack;
	if (seg->nsack)
		stream_map_sacks(h, seg);
	if (h->unsent && (advances || seq_after(h->edge, was_edge)))
		stream_send_rest(s, h);
	return news || seg->nsack || !advances;
}

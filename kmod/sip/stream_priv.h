/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the stream share. See stream.h for the words used here.
 */
#ifndef SIPALG_SIP_STREAM_PRIV_H
#define SIPALG_SIP_STREAM_PRIV_H

#include "stream.h"

/* A round of retransmission begins with so much; the rest follows the acks. */
#define STREAM_RESEND	8192

/* What is sent against a shut window, to have it named again. */
#define STREAM_PROBE	512

static inline bool seq_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool seq_after(u32 a, u32 b)
{
	return seq_before(b, a);
}

static inline u32 seq_max(u32 a, u32 b)
{
	return seq_before(a, b) ? b : a;
}

static inline u32 u32_min(u32 a, u32 b)
{
	return a < b ? a : b;
}

static inline u8 stream_dir(const struct sip_stream *s,
			    const struct sip_stream_half *h)
{
	return h != s->half;
}

static inline struct sip_stream_half *
stream_other(struct sip_stream *s, const struct sip_stream_half *h)
{
	return &s->half[!stream_dir(s, h)];
}

/* Where, in the sender's space, what has no place in the other begins. */
static inline u32 stream_place(const struct sip_stream_half *h)
{
	return h->in_nxt - (h->held ? h->held->len : 0);
}

/* From in to out, behind all kept messages. */
static inline u32 stream_delta(const struct sip_stream_half *h)
{
	return h->out_nxt - stream_place(h);
}

static inline u32 bytes_in_end(const struct sip_stream_bytes *b)
{
	return b->in + b->in_len;
}

static inline u32 bytes_out_end(const struct sip_stream_bytes *b)
{
	return b->out + b->len;
}

/* A kept message that the sender has forgotten; see invariant 5. */
static inline bool stream_has_orphan(const struct sip_stream_half *h)
{
	return h->kept && !seq_after(bytes_in_end(h->kept), h->acked);
}

/* stream_out.c: what is sent */

/* Bytes at an out place, of the packet in hand or of ours. */
void stream_send(struct sip_stream *s, struct sip_stream_half *h, u32 out,
		 const char *data, u32 len, bool fin);

/* So that no bytes of the packet in hand or of the queue wait any more. */
void stream_send_flush(struct sip_stream *s);

/* A kept message: what was not sent yet, as far as the window goes. */
void stream_send_kept(struct sip_stream *s, struct sip_stream_half *h,
		      struct sip_stream_bytes *b);

/* A kept message again, from what the receiver lacks: the first part of it. */
void stream_send_again(struct sip_stream *s, struct sip_stream_half *h,
		       struct sip_stream_bytes *b);

/* All kept messages that were not sent completely. */
void stream_send_rest(struct sip_stream *s, struct sip_stream_half *h);

/* To the sender: what is acknowledged, and what is in the queue. */
void stream_send_ack(struct sip_stream *s, struct sip_stream_half *h);

/* stream_map.c: places */

/* Give a message its place, and keep it. @in: where it came from */
void stream_keep(struct sip_stream *s, struct sip_stream_half *h,
		 struct sip_stream_bytes *b, u32 in, u32 in_len);

/* Forget what the receiver has acknowledged. */
void stream_forget(struct sip_stream *s, struct sip_stream_half *h);

/* Bytes that have their place go out again: gaps as they are, kept as kept. */
void stream_again(struct sip_stream *s, struct sip_stream_half *h, u32 in,
		  const char *data, u32 len);

/* The sequence number of a packet without data. */
u32 stream_map_seq(const struct sip_stream_half *h, u32 in);

/* The acknowledgment that an out place amounts to. */
u32 stream_map_ack(const struct sip_stream_half *h, u32 out);

/* SACK blocks of the receiver. */
void stream_map_sacks(const struct sip_stream_half *h,
		      struct sip_stream_seg *seg);

/* stream_ack.c: what the receiver says */

/* Return: does the packet, if it has no data, say anything to the sender? */
bool stream_ack(struct sip_stream *s, struct sip_stream_half *h,
		struct sip_stream_seg *seg);

/* stream_data.c: what the sender says */

void stream_data(struct sip_stream *s, struct sip_stream_half *h,
		 struct sip_stream_seg *seg);

/* What of the queue can be looked at now. */
void stream_run_queue(struct sip_stream *s, struct sip_stream_half *h);

/* Leave a half alone: what is held goes out. */
void stream_leave(struct sip_stream *s, struct sip_stream_half *h,
		  enum sip_stream_reason reason);
void stream_leave_both(struct sip_stream *s, enum sip_stream_reason reason);

/* stream_queue.c: behind a hole */

void stream_queue_add(struct sip_stream *s, struct sip_stream_half *h,
		      const struct sip_stream_seg *seg);
struct sip_stream_bytes *stream_queue_take(struct sip_stream_half *h);
void stream_queue_drop(struct sip_stream *s, struct sip_stream_half *h);
u8 stream_queue_sacks(const struct sip_stream_half *h,
		      struct sip_stream_sack *sack, u8 max);

/* Memory. */
struct sip_stream_bytes *stream_bytes(struct sip_stream *s, u32 room);
void stream_bytes_free(struct sip_stream *s, struct sip_stream_bytes *b);

static inline u32 stream_bytes_room(const struct sip_stream_bytes *b)
{
	return b->size - (u32)sizeof(*b);
}

#endif

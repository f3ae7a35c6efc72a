/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SIP over TCP, seen from the middle: segments in, segments out.
 *
 * A stream is one TCP connection; a half is what one of its ends sends. The
 * "sender" of a half speaks in its own sequence numbers ("in"), the
 * "receiver" sees ours ("out"), which differ by what translated messages grew
 * or shrank. Both halves work alike and know little of each other.
 *
 * What a half knows
 *
 *   in:   ...acknowledged | kept messages and gaps | held    | queue
 *                                                  |         |
 *                                      place (see below)   in_nxt
 *
 * - kept: messages that we send from memory of our own, because their bytes
 *   are not those that the sender would send again: translated ones, and those
 *   of which we acknowledged a part. Each has its place in both spaces. What
 *   lies between two of them was passed on as it came, at the offset that the
 *   kept ones before it make: gaps need no memory. A message that came whole
 *   in one segment and needs no translation is part of a gap.
 * - held: the start of a message that is not complete, also in our memory. It
 *   has no place in the out space yet; "place" is where it begins.
 * - queue: segments from behind a hole, to be looked at when it is filled.
 *
 * Invariants
 *
 *  1. Everything before place has its place in the out space for good. The
 *     same in byte always gets the same out place, and the receiver is never
 *     sent two different bytes for one out place by us.
 *  2. acked, the highest acknowledgment that the sender has seen, only grows.
 *  3. We acknowledge on our own only what is held, and only when the receiver
 *     has acknowledged everything before place. So what the sender has
 *     forgotten and the receiver has not is one piece: the held bytes, or,
 *     when they got their place, a start of the first kept message. It is in
 *     our memory until the receiver has acknowledged it.
 *  4. The segment that completes a message is acknowledged by its receiver
 *     only, when it has all of the message; an acknowledgment from within a
 *     kept message is never more than acked to the sender. Therefore the
 *     sender sends that segment again if the message is lost, and that makes
 *     us send the message again: we need no timer of our own, and the pace,
 *     the patience and the end of retransmission are the sender's.
 *  5. A kept message that was given up on (timeout, FIN) may be acknowledged
 *     completely: an orphan, which no retransmission brings back. Because of
 *     3 there is at most one in a half, and it is the first of its list. It
 *     goes in front of every segment that the sender still sends, and out of
 *     sip_stream_expire(), until the receiver has it.
 *  6. The queue is never acknowledged, except as SACK blocks, which bind
 *     nobody; it may be dropped at any time.
 *  7. Messages begin where the last one ended, or never (see frame.h).
 *
 * Phases of a half
 *
 *   SIP    bytes are looked at. As long as no start line was complete ("not
 *          decided"), a byte that cannot be one turns both halves to LEFT.
 *   LEFT   never looked at again: new bytes pass at the offset that was
 *          reached. What is kept is still sent and acknowledged as before.
 *          With nothing kept a packet costs an addition.
 *
 * A half turns to LEFT when its framing is lost, a message stalls or exceeds
 * the limit, memory or the number of kept messages runs out, or FIN came; the
 * whole stream does when it is not SIP, at RST, at urgent data, and when asked
 * to. What is held gets its place then, unchanged, and goes out at once; that
 * needs no memory: it stays where it is.
 *
 * The rest, and why
 *
 * - Nagle: a sender that waits for its first part to be acknowledged gets that
 *   from us, at once when nothing else is in flight, else with the receiver's
 *   acknowledgment of what was before.
 * - Windows are passed on as they are. A sender may thus overrun the window by
 *   what its messages in flight grew; the receiver drops that, and it is sent
 *   again. Correcting the windows would shut them for a message that is longer
 *   than the receiver's window, which we have to take whole. What we send from
 *   memory respects the window, and goes on as acknowledgments and window
 *   updates come; a retransmission of the sender's goes out even against a
 *   shut window, as a probe.
 * - An acknowledgment that advances within a kept message, and would look like
 *   a duplicate to the sender, is not passed on. Real duplicates are.
 * - SACK stays on: blocks are translated, those that name no whole kept message
 *   are cut or removed, and so are D-SACKs, which only tune. Our own
 *   acknowledgments name what is in the queue, because a sender that has
 *   SACK counts no duplicate without it.
 * - Timestamps: packets that we make carry the latest ones of their direction.
 * - Probes (zero window, keep-alive) lie before acked; they go to the receiver
 *   at the place that corresponds, so that it answers.
 * - SYN: passed as it is. Streams are followed from their SYN or not at all;
 *   not after a simultaneous open or data in a SYN.
 *
 * Who owns what: the caller the struct and the packet; the stream all memory
 * that it got from alloc(), until sip_stream_free(). The data of an emitted
 * segment belongs to the stream and is good during emit() only; that which
 * sip_stream_segment() puts into the packet in hand until the next call for
 * this stream. All calls for one stream have to be serialised by the caller.
 */
#ifndef SIPALG_SIP_STREAM_H
#define SIPALG_SIP_STREAM_H

#include "frame.h"

/* As in the TCP header. */
#define SIP_TCP_FIN	0x01
#define SIP_TCP_SYN	0x02
#define SIP_TCP_RST	0x04
#define SIP_TCP_PSH	0x08
#define SIP_TCP_ACK	0x10
#define SIP_TCP_URG	0x20

#define SIP_STREAM_SACKS	4
#define SIP_STREAM_NO_SCALE	255

/* No emitted segment has more bytes than this. */
#define SIP_STREAM_EMIT_MAX	32768

struct sip_stream_sack {
	u32 left;
	u32 right;
};

/**
 * struct sip_stream_seg - a TCP segment
 * @data: payload
 * @len: its bytes; may be more than an MSS, both ways (GRO, GSO)
 * @seq: sequence number
 * @ack: acknowledgment number, if @flags has SIP_TCP_ACK
 * @tsval: of the timestamp option
 * @tsecr: of the timestamp option
 * @sack: the blocks of the SACK option
 * @win: window as it is in the header, not scaled
 * @dir: 0 for what the end sends that sent the first SYN, 1 for the other
 * @flags: SIP_TCP_*
 * @nsack: how many of @sack are there
 * @has_ts: a timestamp option is there
 * @wscale: only with SYN: the window scale option, or SIP_STREAM_NO_SCALE
 * @sack_ok: only with SYN: SACK-permitted is there
 */
struct sip_stream_seg {
	const char *data;
	u32 len;
	u32 seq;
	u32 ack;
	u32 tsval;
	u32 tsecr;
	struct sip_stream_sack sack[SIP_STREAM_SACKS];
	u16 win;
	u8 dir;
	u8 flags;
	u8 nsack;
	bool has_ts;
	u8 wscale;
	bool sack_ok;
};

/* What becomes of the packet in hand. */
enum sip_stream_verdict {
	SIP_STREAM_PASS,	/* it goes on as it is */
	SIP_STREAM_HEADER,	/* with @seq, @ack and @sack of the segment */
	SIP_STREAM_REWRITE,	/* with all that the segment says now */
	SIP_STREAM_DROP		/* not at all */
};

/* Why a half is left alone. */
enum sip_stream_reason {
	SIP_STREAM_R_NONE,	/* it is not, or it has ended */
	SIP_STREAM_R_NOT_SIP,	/* the connection does not begin as SIP */
	SIP_STREAM_R_FRAMING,	/* nonsense where a message must begin */
	SIP_STREAM_R_LENGTH,	/* a message whose end cannot be known */
	SIP_STREAM_R_TOO_LONG,	/* a message longer than the limit */
	SIP_STREAM_R_STALLED,	/* a message did not come to its end in time */
	SIP_STREAM_R_MEMORY,	/* no memory */
	SIP_STREAM_R_LIMIT,	/* too many messages not acknowledged */
	SIP_STREAM_R_CLOSED,	/* FIN or RST */
	SIP_STREAM_R_URGENT,	/* urgent data */
	SIP_STREAM_R_LATE,	/* not seen from its beginning */
	SIP_STREAM_R_ASKED,	/* sip_stream_leave() */
	SIP_STREAM_R_COUNT
};

struct sip_stream;

/**
 * struct sip_stream_ops - what the surroundings do for a stream
 * @alloc: memory, or NULL: there is none, or a limit is reached. Never sleeps
 * @free: gives back what @alloc gave; @size as it was
 * @message: a whole message. To have it replaced, get room for the new text
 *	from sip_stream_reserve() before anything is committed, write all of
 *	it, and return true. To leave it as it is, return false
 * @emit: send a packet of its own, before the one in hand. Its options are
 *	timestamps, if @has_ts, and @nsack SACK blocks
 */
struct sip_stream_ops {
	void *(*alloc)(struct sip_stream *s, u32 size);
	void (*free)(struct sip_stream *s, void *p, u32 size);
	bool (*message)(struct sip_stream *s, u8 dir, const char *data, u32 len);
	void (*emit)(struct sip_stream *s, const struct sip_stream_seg *seg);
};

/**
 * struct sip_stream_limits - bounds of each half
 * @message: bytes of a message
 * @growth: bytes that a translation may add
 * @kept: messages that are kept
 * @queue: segments in the queue; 0 has each segment behind a hole sent again
 * @ahead: how far from the first hole a segment may be to be queued
 */
struct sip_stream_limits {
	u32 message;
	u32 growth;
	u32 kept;
	u32 queue;
	u32 ahead;
};

/*
 * Bytes in our memory: a kept message, the held start of one, or a segment in
 * the queue. @in_len and @out are those of a kept one.
 */
struct sip_stream_bytes {
	struct sip_stream_bytes *next;
	u32 size;		/* of the allocation */
	u32 in;			/* place in the sender's space */
	u32 in_len;
	u32 out;		/* place in the receiver's space */
	u32 len;		/* of @data */
	u32 sent;		/* so many of them were sent in the last round */
	bool fin;		/* in the queue: FIN follows */
	char data[];
};

/**
 * struct sip_stream_half - what one end sends
 * @kept: in the order of their places
 * @kept_last: the last of them
 * @held: the start of a message
 * @queue: in the order of their places
 * @in_nxt: in: the first byte that was not looked at; in LEFT only good for
 *	the offset
 * @out_nxt: out: the place of the first byte that has none yet
 * @acked: in: the highest acknowledgment that the sender was sent
 * @una: out: the highest acknowledgment of the receiver
 * @edge: out: where the receiver's window ends
 * @sent: out: behind the highest byte that the receiver was sent
 * @left_at: in: the first byte that was not looked at, when LEFT began
 * @skip: so many bytes of a STUN message are to come
 * @frame: of the message that is held
 * @nkept: how many
 * @nqueue: how many
 * @held_since: @now at the latest held byte
 * @held_first: @now at the first one
 * @queue_since: @now at the first segment in the queue
 * @messages: how many were handed out
 * @tsval: the sender's latest timestamp
 * @win: the sender's latest window
 * @scale: the sender's window scale
 * @phase: SIP_STREAM_SIP or _LEFT
 * @reason: enum sip_stream_reason
 * @decided: a start line was seen
 * @unsent: some of @kept was not sent yet, for the window's sake
 */
struct sip_stream_half {
	struct sip_stream_bytes *kept;
	struct sip_stream_bytes *kept_last;
	struct sip_stream_bytes *held;
	struct sip_stream_bytes *queue;
	u32 in_nxt;
	u32 out_nxt;
	u32 acked;
	u32 una;
	u32 edge;
	u32 sent;
	u32 left_at;
	u32 skip;
	struct sip_frame frame;
	u32 nkept;
	u32 nqueue;
	u32 held_since;
	u32 held_first;
	u32 queue_since;
	u32 messages;
	u32 tsval;
	u16 win;
	u8 scale;
	u8 phase;
	u8 reason;
	bool decided;
	bool unsent;
};

enum { SIP_STREAM_SIP, SIP_STREAM_LEFT };

/* How far the handshake is. */
enum sip_stream_state {
	SIP_STREAM_NEW,
	SIP_STREAM_SYN,		/* the first SYN was seen */
	SIP_STREAM_OPEN		/* and the answer to it */
};

/**
 * struct sip_stream - one connection
 * @half: by direction
 * @ops: what the surroundings do
 * @limits: bounds
 * @now: the caller's clock, in its own units; set before each call
 * @state: enum sip_stream_state
 * @has_ts: its packets have timestamps
 * @sack: both ends do SACK
 * @kept: something was kept at some time
 * @observed: set before the first packet: the connection is followed, and no
 *	packet of it is changed, held or made. What the sender has said of a
 *	message is copied until that is complete
 * The rest is of one call only.
 */
struct sip_stream {
	struct sip_stream_half half[2];
	const struct sip_stream_ops *ops;
	const struct sip_stream_limits *limits;
	u32 now;
	u8 state;
	bool has_ts;
	bool sack;
	bool kept;
	bool observed;

	bool no_memory;				/* reserve() failed */
	u32 may_reserve;
	struct sip_stream_bytes *reserved;
	const struct sip_stream_seg *hand;	/* the packet in hand */
	struct sip_stream_seg next;		/* what may ride on it */
	bool has_next;
};

/**
 * sip_stream_init() - a stream, before its first packet
 * @s: the stream; sip_stream_free() must be called in the end
 * @ops: must outlive it
 * @limits: must outlive it
 */
void sip_stream_init(struct sip_stream *s, const struct sip_stream_ops *ops,
		     const struct sip_stream_limits *limits);

/**
 * sip_stream_segment() - a packet of the connection, checksum verified
 * @s: the stream
 * @seg: the packet in hand. On return, what is to become of it
 *
 * Packets are emitted before this returns; then the one in hand follows, as
 * the verdict says. SIP_STREAM_HEADER: payload, flags and window are as they
 * were; SACK blocks may be fewer. SIP_STREAM_REWRITE: the payload is @seg->data,
 * which may lie in the packet itself, and FIN and PSH are as in @seg->flags; all
 * other flags, the window and the options but SACK are as they were.
 */
enum sip_stream_verdict sip_stream_segment(struct sip_stream *s,
					   struct sip_stream_seg *seg);

/*
 * Left alone, and never anything else: it passes as it is for ever, and nobody
 * has to look at it.
 */
static inline bool sip_stream_is_plain(const struct sip_stream *s)
{
	return s->half[0].phase == SIP_STREAM_LEFT &&
	       s->half[1].phase == SIP_STREAM_LEFT && !s->kept;
}

/**
 * sip_stream_reserve() - room for a translated message
 * @s: the stream, within ops->message() only
 * @len: its length; at most what it was and limits->growth
 * Return: where to write it, or NULL: then the message must be left as it is.
 */
char *sip_stream_reserve(struct sip_stream *s, u32 len);

/* Is there something that sip_stream_expire() may have to do? */
bool sip_stream_waits(const struct sip_stream *s);

/**
 * sip_stream_expire() - to be called every second or so while it waits
 * @s: the stream
 * @limit: messages of which nothing more came for so long, and queues that wait
 *	for so long, are given up; and messages that take many times as long
 * Return: sip_stream_waits().
 */
bool sip_stream_expire(struct sip_stream *s, u32 limit);

/**
 * sip_stream_leave() - leave both halves alone from now on
 * @s: the stream
 * @reason: why
 */
void sip_stream_leave(struct sip_stream *s, enum sip_stream_reason reason);

/**
 * sip_stream_drained() - is all that is left of it a constant offset?
 * @s: the stream
 * Once it is, after sip_stream_leave(), it stays so, and
 * sip_stream_offset() says how the connection goes on without us.
 */
bool sip_stream_drained(const struct sip_stream *s);

/* What has to be added to this direction's sequence numbers. */
u32 sip_stream_offset(const struct sip_stream *s, u8 dir);

/* Bytes of memory that a half holds, for those who look. */
u32 sip_stream_memory(const struct sip_stream *s, u8 dir);

/**
 * sip_stream_origin() - a number that we sent, as its sender counts
 * @s: the stream
 * @dir: of the sender
 * @out: a place that the receiver was sent, and has not acknowledged
 * @in: filled in; a place that the sender does not know to have arrived
 * Return: false if @out is no such place.
 */
bool sip_stream_origin(const struct sip_stream *s, u8 dir, u32 out, u32 *in);

/* Give back all memory. Nothing is sent. */
void sip_stream_free(struct sip_stream *s);

#endif

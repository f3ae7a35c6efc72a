/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two TCP ends, a stream between them, and a network that loses, reorders and
 * duplicates: one schedule of what may happen, from a seed.
 */
#ifndef SIPALG_TEST_SIM_H
#define SIPALG_TEST_SIM_H

#include <stdio.h>
#include <stdlib.h>
#include "../../kmod/sip/stream.h"

/* Where all chance comes from: a seed, or first the bytes of a fuzzer. */
struct rng {
	u64 state;
	const u8 *bytes;
	size_t left;
};

u32 rnd(struct rng *r, u32 n);			/* 0 to n - 1 */
bool chance(struct rng *r, u32 percent);

/* What one end's application says. */
enum unit_kind { UNIT_SIP, UNIT_CRLF, UNIT_STUN, UNIT_RAW, UNIT_BAD };

struct unit {
	u32 off, len;		/* in the stream as it is written */
	u32 xoff, xlen;		/* its translation, in @xlat */
	u8 kind;
	u8 reason;		/* of UNIT_BAD: why the stream is left alone */
};

#define MAX_UNITS	1000

/* Of a schedule: some messages, long ones, or very many. */
enum size { SIZE_SOME, SIZE_BIG, SIZE_MANY };

struct traffic {
	char *text, *xlat;
	u32 len, cap, xcap, xlen;
	struct unit unit[MAX_UNITS];
	u32 n;
	u32 next;		/* the unit that is handed out next */
	bool not_sip;
	bool big;
};

void traffic_make(struct traffic *t, struct rng *r, enum size size);
void traffic_free(struct traffic *t);
u32 traffic_translate(const char *data, u32 len, char *out);
#define GROWTH	600

struct packet {
	struct packet *next;
	struct sip_stream_seg seg;
	char data[];
};

struct range {
	u32 from, to;
};

#define MAX_RANGES	24

struct ranges {
	struct range r[MAX_RANGES];
	u32 n;
};

/* One end's TCP. Sequence numbers are absolute and wrap. */
struct tcp {
	struct sim *sim;
	u8 id;
	/* how it is */
	u32 mss, rcvbuf, max_flight;
	bool nagle, sack, ts, delack, cuts, probe_byte;
	u8 wscale, peer_scale;
	/* sending */
	struct traffic *app;
	u32 written;		/* by the application */
	bool closes, sack_on, ts_on;
	u32 iss, una, nxt, max, wnd, wl1, wl2, cwnd, recover;
	u32 dupacks;
	bool in_recovery, fin_out;
	struct ranges sacked;
	u32 rto;
	/* receiving */
	u32 irs, rcv_nxt, edge, read, fin_at, ts_recent, last_ack_sent, tsval;
	bool fin_known, got_fin;
	char *in;
	u32 in_cap;
	struct ranges ahead;
	struct range dsack;
	bool has_dsack;
	u32 unacked;
	u8 state;
	bool dead, resets;
	u32 challenged_at;
	/* timers, 0 is off */
	u32 rto_at, delack_at, persist_at, write_at, read_at, keep_at, reset_at;
};

enum { TCP_CLOSED, TCP_SYN_SENT, TCP_SYN_RCVD, TCP_OPEN };

void tcp_connect(struct tcp *t);
void tcp_input(struct tcp *t, const struct sip_stream_seg *seg);
void tcp_timers(struct tcp *t);
u32 tcp_next_timer(const struct tcp *t);
bool tcp_done(const struct tcp *t);

struct link {
	u8 loss, dup, reorder;	/* percent */
	u32 delay, jitter;
};

struct event {
	u32 at, order;
	u8 where;		/* 0, 1: the ends; 2, 3: the middle, from 0 or 1 */
	struct packet *p;
};

#define MAX_EVENTS	262144

struct sim {
	struct traffic traffic[2];
	struct rng rng;			/* and all else: anew each time */
	u64 seed;
	bool verbose, direct;
	u32 now, order, steps;
	struct link link[2][2];		/* [end][0: to the middle, 1: from it] */
	struct event *heap;
	u32 nheap;
	struct tcp tcp[2];
	struct sip_stream_limits limits;
	struct sip_stream stream;
	/* the middle */
	u32 emit_mss[2];
	bool gone;			/* only the offsets are left */
	u32 offset[2];
	u32 leave_at, expire_at, expire_limit, mem_limit, fail_percent;
	u32 allowed;			/* reasons that may come up */
	u32 memory, max_memory, blocks;
	u32 handed[2];
	bool asked;
	struct { u8 phase, reason; u32 left_at, messages; } final[2];
	struct { u64 packets, emitted, lost; } count;
	const char *failure;
};

/* Send, through the network. @end: of the link; @from: the middle sends */
void net_send(struct sim *s, u8 end, bool from, const struct sip_stream_seg *seg);

void fail(struct sim *s, const char *why);

/* Return: NULL, or what went wrong. */
const char *sim_run(struct sim *s, u64 seed, const u8 *bytes, size_t len);
/* May change what a schedule is about to be. */
extern void (*sim_tuner)(struct sim *s);

#endif

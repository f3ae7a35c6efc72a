// SPDX-License-Identifier: GPL-2.0
/*
 * The network, the middle with the stream in it, and one whole schedule.
 */
#include <stdarg.h>
#include "sim.h"

#define MAX_STEPS	3000000
#define MAX_TIME	4000000

void (*sim_tuner)(struct sim *s);

void fail(struct sim *s, const char *why)
{
	if (!s->failure)
		s->failure = why;
}

static void note(struct sim *s, const char *what, const struct sip_stream_seg *g)
{
	const struct tcp *a = &s->tcp[g->dir], *b = &s->tcp[!g->dir];
	u32 i;

	if (!s->verbose)
		return;
	printf("%7u %-10s %c seq %d len %u ack %d win %u%s%s%s%s", s->now, what,
	       g->dir ? '<' : '>', (int)(g->seq - a->iss - 1), g->len,
	       (int)(g->ack - b->iss - 1), g->win,
	       g->flags & SIP_TCP_SYN ? " SYN" : "",
	       g->flags & SIP_TCP_FIN ? " FIN" : "",
	       g->flags & SIP_TCP_RST ? " RST" : "",
	       g->flags & SIP_TCP_URG ? " URG" : "");
	for (i = 0; i < g->nsack; i++)
		printf(" [%d,%d)", (int)(g->sack[i].left - b->iss - 1),
		       (int)(g->sack[i].right - b->iss - 1));
	printf("\n");
}

/* The events that are to come, the next one first. */
static bool earlier(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void push(struct sim *s, struct event e)
{
	u32 i = s->nheap++;

	if (s->nheap >= MAX_EVENTS) {
		fail(s, "too many packets under way");
		s->nheap--;
		free(e.p);
		return;
	}
	for (; i && earlier(&e, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = e;
}

static struct event pop(struct sim *s)
{
	struct event first = s->heap[0], last = s->heap[--s->nheap];
	u32 i = 0, c;

	while ((c = 2 * i + 1) < s->nheap) {
		if (c + 1 < s->nheap && earlier(&s->heap[c + 1], &s->heap[c]))
			c++;
		if (!earlier(&s->heap[c], &last))
			break;
		s->heap[i] = s->heap[c];
		i = c;
	}
	s->heap[i] = last;
	return first;
}

static void deliver(struct sim *s, const struct link *l, u8 where,
		    const struct sip_stream_seg *seg)
{
	struct packet *p = malloc(sizeof(*p) + seg->len);
	struct event e;

	if (!p)
		abort();
	p->seg = *seg;
	if (seg->len)
		memcpy(p->data, seg->data, seg->len);
	p->seg.data = p->data;
	e.at = s->now + l->delay;
	if (chance(&s->rng, l->reorder))
		e.at += rnd(&s->rng, l->jitter);
	e.order = s->order++;
	e.where = where;
	e.p = p;
	push(s, e);
}

void net_send(struct sim *s, u8 end, bool from, const struct sip_stream_seg *seg)
{
	const struct link *l = &s->link[end][from];
	u8 where = from ? end : 2 + end;

	note(s, from ? "    out" : "in", seg);
	s->count.packets++;
	if (chance(&s->rng, l->loss)) {
		s->count.lost++;
		return;
	}
	deliver(s, l, where, seg);
	if (chance(&s->rng, l->dup))
		deliver(s, l, where, seg);
}

/* What the kernel does with what the stream emits: cut into segments. */
static void forward(struct sim *s, const struct sip_stream_seg *seg)
{
	struct sip_stream_seg part = *seg;
	u32 mss = s->emit_mss[seg->dir], off;

	if (seg->len <= mss) {
		net_send(s, !seg->dir, true, seg);
		return;
	}
	for (off = 0; off < seg->len; off += part.len) {
		part.data = seg->data + off;
		part.seq = seg->seq + off;
		part.len = seg->len - off < mss ? seg->len - off : mss;
		part.flags = seg->flags;
		if (off + part.len < seg->len)
			part.flags &= (u8)~(SIP_TCP_FIN | SIP_TCP_PSH);
		net_send(s, !seg->dir, true, &part);
	}
}

static struct sim *sim_of(struct sip_stream *st)
{
	return (struct sim *)((char *)st - offsetof(struct sim, stream));
}

static void *op_alloc(struct sip_stream *st, u32 size)
{
	struct sim *s = sim_of(st);
	u32 *p;

	if (chance(&s->rng, s->fail_percent) || s->memory + size > s->mem_limit)
		return NULL;
	p = malloc(size);
	if (!p)
		abort();
	s->memory += size;
	s->blocks++;
	if (s->memory > s->max_memory)
		s->max_memory = s->memory;
	return p;
}

static void op_free(struct sip_stream *st, void *p, u32 size)
{
	struct sim *s = sim_of(st);

	s->memory -= size;
	s->blocks--;
	free(p);
}

/* It must be the next message of the stream, and nothing else. */
static bool op_message(struct sip_stream *st, u8 dir, const char *data, u32 len)
{
	struct sim *s = sim_of(st);
	struct traffic *t = &s->traffic[dir];
	const struct unit *u;
	char *out;
	u32 n;

	s->handed[dir]++;
	while (t->next < t->n && t->unit[t->next].kind != UNIT_SIP)
		t->next++;
	if (t->next == t->n) {
		fail(s, "a message that nobody sent");
		return false;
	}
	u = &t->unit[t->next++];
	if (len != u->len || memcmp(data, t->text + u->off, len)) {
		fail(s, "not the message that was sent");
		return false;
	}
	out = malloc(len + GROWTH);
	if (!out)
		abort();
	n = traffic_translate(data, len, out);
	if (n) {
		char *to = sip_stream_reserve(st, n);

		if (to)
			memcpy(to, out, n);
		n = to ? n : 0;
	}
	free(out);
	return n;
}

static void op_emit(struct sip_stream *st, const struct sip_stream_seg *seg)
{
	struct sim *s = sim_of(st);

	s->count.emitted++;
	if (seg->len > SIP_STREAM_EMIT_MAX)
		fail(s, "more emitted at once than promised");
	forward(s, seg);
}

static const struct sip_stream_ops ops = {
	.alloc = op_alloc,
	.free = op_free,
	.message = op_message,
	.emit = op_emit,
};

/* The kernel's own sequence adjustment, after the stream has gone. */
static void adjust(struct sim *s, struct sip_stream_seg *seg)
{
	u32 i, back = s->offset[!seg->dir];

	if (seg->flags & SIP_TCP_SYN)
		return;
	seg->seq += s->offset[seg->dir];
	seg->ack -= back;
	for (i = 0; i < seg->nsack; i++) {
		seg->sack[i].left -= back;
		seg->sack[i].right -= back;
	}
}

static void finals(struct sim *s)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		const struct sip_stream_half *h = &s->stream.half[i];

		s->final[i].phase = h->phase;
		s->final[i].reason = h->reason;
		s->final[i].left_at = s->stream.state == SIP_STREAM_OPEN ?
			h->left_at : s->tcp[i].iss + 1;
		s->final[i].messages = h->messages;
	}
}

/* Two halves' promises that hold after each call. */
static void check(struct sim *s)
{
	u32 i;

	if (s->direct || s->gone || s->stream.state != SIP_STREAM_OPEN)
		return;
	for (i = 0; i < 2; i++) {
		const struct sip_stream_half *h = &s->stream.half[i];
		const struct tcp *to = &s->tcp[!i];

		if (h->phase == SIP_STREAM_SIP && to->state == TCP_OPEN &&
		    (s32)(h->una - to->rcv_nxt) > 0)
			fail(s, "una is more than the receiver has");
		if (h->kept && (s32)(h->acked - (h->kept->in + h->kept->in_len)) > 0)
			fail(s, "custody of more than the first kept message");
		if (h->phase == SIP_STREAM_LEFT && h->held)
			fail(s, "held although left alone");
		if (h->nqueue > s->limits.queue || h->nkept > s->limits.kept + 1)
			fail(s, "over the limit");
	}
}

/* Where, in the translated stream, an offset of the original one is. */
static u32 oracle(const struct traffic *t, u32 off, bool up)
{
	u32 i;

	for (i = 0; i < t->n; i++) {
		const struct unit *u = &t->unit[i];

		if (off >= u->off + u->len)
			continue;
		if (off == u->off)
			return u->xoff;
		if (u->len == u->xlen &&
		    !memcmp(t->text + u->off, t->xlat + u->xoff, u->len))
			return u->xoff + (off - u->off);
		return u->xoff + (up ? u->xlen : 0);
	}
	return t->xlen + (off - t->len);
}

/*
 * A block that the sender gets must be within one of those that the receiver
 * sent: outwards, where a message is translated, because none of its bytes is
 * another's.
 */
static void check_sacks(struct sim *s, const struct sip_stream_seg *was,
			const struct sip_stream_seg *seg)
{
	const struct tcp *a = &s->tcp[!seg->dir];
	const struct traffic *t = &s->traffic[!seg->dir];
	u32 i, j;

	if (s->stream.half[!seg->dir].phase != SIP_STREAM_SIP)
		return;
	for (i = 0; i < seg->nsack; i++) {
		u32 first = a->iss + 1;
		u32 l = oracle(t, seg->sack[i].left - first, false);
		u32 r = oracle(t, seg->sack[i].right - first, true);

		for (j = 0; j < was->nsack; j++)
			if ((s32)(first + l - was->sack[j].left) >= 0 &&
			    (s32)(first + r - was->sack[j].right) <= 0)
				break;
		if (j == was->nsack)
			fail(s, "SACK of what the receiver does not have");
	}
}

static void middle(struct sim *s, struct sip_stream_seg *seg)
{
	struct sip_stream_seg was = *seg;
	enum sip_stream_verdict v;

	if (s->direct) {
		forward(s, seg);
		return;
	}
	if (s->gone) {
		adjust(s, seg);
		forward(s, seg);
		return;
	}
	s->stream.now = s->now;
	v = sip_stream_segment(&s->stream, seg);
	check(s);
	if (v == SIP_STREAM_DROP)
		return;
	check_sacks(s, &was, seg);
	if (v == SIP_STREAM_PASS) {
		*seg = was;
	} else if (v == SIP_STREAM_HEADER) {
		was.seq = seg->seq;
		was.ack = seg->ack;
		was.nsack = seg->nsack;
		memcpy(was.sack, seg->sack, sizeof(was.sack));
		*seg = was;
	}
	forward(s, seg);
}

static void leave(struct sim *s)
{
	u32 i;

	if (!s->asked) {
		s->asked = true;
		sip_stream_leave(&s->stream, SIP_STREAM_R_ASKED);
		check(s);
	}
	sip_stream_expire(&s->stream, s->expire_limit);
	if (!sip_stream_drained(&s->stream)) {
		s->leave_at = s->now + 50;
		return;
	}
	s->leave_at = 0;
	s->gone = true;
	finals(s);
	for (i = 0; i < 2; i++)
		s->offset[i] = sip_stream_offset(&s->stream, (u8)i);
	sip_stream_free(&s->stream);
}

static void middle_timers(struct sim *s)
{
	s->stream.now = s->now;
	if (s->leave_at && s->now >= s->leave_at)
		leave(s);
	if (s->expire_at && s->now >= s->expire_at) {
		if (!s->gone)
			sip_stream_expire(&s->stream, s->expire_limit);
		check(s);
		s->expire_at = s->now + 1000;
	}
}

static u32 sooner(u32 a, u32 b)
{
	return !a ? b : !b ? a : a < b ? a : b;
}

/* Return: is there anything to come? */
static bool step(struct sim *s)
{
	u32 at = sooner(tcp_next_timer(&s->tcp[0]), tcp_next_timer(&s->tcp[1]));
	struct event e;

	at = sooner(at, s->leave_at);
	at = sooner(at, s->expire_at);
	if (s->nheap && (!at || s->heap[0].at <= at)) {
		e = pop(s);
		s->now = e.at;
		if (e.where < 2) {
			note(s, "        to", &e.p->seg);
			tcp_input(&s->tcp[e.where], &e.p->seg);
		} else {
			note(s, "  mid", &e.p->seg);
			middle(s, &e.p->seg);
		}
		free(e.p);
		return true;
	}
	if (!at)
		return false;
	if (at > s->now)
		s->now = at;
	tcp_timers(&s->tcp[0]);
	tcp_timers(&s->tcp[1]);
	middle_timers(s);
	return true;
}

static void make_links(struct sim *s)
{
	struct rng *r = &s->rng;
	u32 kind = rnd(r, 4), i, j;

	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++) {
			struct link *l = &s->link[i][j];

			l->delay = 1 + rnd(r, 20);
			l->jitter = 1 + rnd(r, 60);
			if (kind) {
				l->loss = (u8)rnd(r, kind > 1 ? 12 : 4);
				l->dup = (u8)rnd(r, kind > 1 ? 10 : 3);
				l->reorder = (u8)rnd(r, kind > 2 ? 60 : 20);
			}
		}
}

static void make_end(struct sim *s, u8 id, bool big)
{
	struct rng *r = &s->rng;
	struct tcp *t = &s->tcp[id];
	char *in = t->in;
	u32 cap = t->in_cap;

	memset(t, 0, sizeof(*t));
	t->in = in;
	t->in_cap = cap;
	t->sim = s;
	t->id = id;
	t->app = &s->traffic[id];
	t->mss = big ? 536 + rnd(r, 4000) : 40 + rnd(r, 1400);
	if (!big && chance(r, 3))
		t->mss = 1 + rnd(r, 8);
	t->cuts = chance(r, 25);
	t->rcvbuf = chance(r, 70) ? 65535 : (big ? 2000 : 30) + rnd(r, 3000);
	t->max_flight = t->mss * (1 + rnd(r, 30));
	t->cwnd = t->mss * (1 + rnd(r, 10));
	if (t->cwnd > t->max_flight)
		t->cwnd = t->max_flight;
	t->nagle = chance(r, 50);
	t->sack = chance(r, 75);
	t->ts = chance(r, 75);
	t->delack = chance(r, 50);
	t->probe_byte = chance(r, 50);
	t->wscale = chance(r, 25) ? SIP_STREAM_NO_SCALE : (u8)rnd(r, 8);
	while (t->wscale != SIP_STREAM_NO_SCALE && t->rcvbuf < 4U << t->wscale)
		t->wscale--;
	t->iss = chance(r, 50) ? rnd(r, ~0U) : 0U - 1 - rnd(r, 4000);
	t->tsval = chance(r, 50) ? rnd(r, ~0U) : 0U - rnd(r, 4000);
	t->rto = 200;
	if (chance(r, 10))
		t->keep_at = 1 + rnd(r, 2000);
	if (chance(r, 4))
		t->reset_at = 1 + rnd(r, 1500);
}

static void make_middle(struct sim *s)
{
	struct rng *r = &s->rng;
	u32 i;

	s->allowed = 1U << SIP_STREAM_R_NONE | 1U << SIP_STREAM_R_CLOSED;
	s->limits.message = 70000;
	s->limits.growth = GROWTH;
	s->limits.kept = chance(r, 90) ? 1000 : rnd(r, 4);
	s->limits.queue = chance(r, 20) ? 0 : rnd(r, 64);
	s->limits.ahead = 1 << 17;
	s->mem_limit = ~0U;
	if (s->limits.kept < 1000)
		s->allowed |= 1U << SIP_STREAM_R_LIMIT;
	if (chance(r, 8)) {
		s->fail_percent = 1 + rnd(r, 30);
		s->allowed |= 1U << SIP_STREAM_R_MEMORY;
	} else if (chance(r, 5)) {
		s->mem_limit = rnd(r, 5000);
		s->allowed |= 1U << SIP_STREAM_R_MEMORY;
	}
	if (chance(r, 15))
		s->leave_at = 1 + rnd(r, 2000);
	s->expire_at = 1000;
	s->expire_limit = ~0U;
	if (chance(r, 10)) {
		s->expire_limit = rnd(r, 2000);
		s->allowed |= 1U << SIP_STREAM_R_STALLED;
	}
	for (i = 0; i < 2; i++)
		s->emit_mss[i] = 100 + rnd(r, 1400);
	if (chance(r, 10))
		s->emit_mss[rnd(r, 2)] = 65535;
	sip_stream_init(&s->stream, &ops, &s->limits);
}

/* Where the translation ends, and why, must be where and why it may. */
static void check_left(struct sim *s, u32 dir, u32 left)
{
	const struct traffic *t = &s->traffic[dir];
	u8 why = s->final[dir].reason;
	u32 i;

	if (why == SIP_STREAM_R_NOT_SIP) {
		if (!s->traffic[0].not_sip && !s->traffic[1].not_sip)
			fail(s, "left alone as if it were not SIP");
		return;
	}
	if (why == SIP_STREAM_R_ASKED) {
		if (!s->asked)
			fail(s, "left alone but not asked to");
		return;
	}
	if (why == SIP_STREAM_R_CLOSED && left == t->len)
		return;
	if (s->allowed & 1U << why &&
	    (why != SIP_STREAM_R_CLOSED || s->tcp[0].dead || s->tcp[1].dead))
		return;
	for (i = 0; i < t->n; i++)
		if (t->unit[i].kind == UNIT_BAD && t->unit[i].off == left &&
		    t->unit[i].reason == why)
			return;
	fail(s, "left alone for no reason");
}

static void check_received(struct sim *s, u32 dir)
{
	const struct traffic *t = &s->traffic[dir];
	const struct tcp *to = &s->tcp[!dir];
	u32 left = s->final[dir].phase == SIP_STREAM_LEFT && !s->direct ?
		s->final[dir].left_at - s->tcp[dir].iss - 1 : t->len;
	u32 i, at = 0, n, got = to->rcv_nxt - to->irs - 1 - to->got_fin;
	bool dead = s->tcp[0].dead || s->tcp[1].dead, raw;

	if (s->tcp[dir].state != TCP_OPEN || to->state != TCP_OPEN)
		return;
	if (!s->direct && s->final[dir].phase == SIP_STREAM_LEFT)
		check_left(s, dir, left);
	else if (!s->direct && !dead && t->not_sip)
		fail(s, "not SIP, and not left alone");
	for (i = 0; i < t->n && at < got; i++, at += n) {
		const struct unit *u = &t->unit[i];
		const char *want;

		raw = s->direct || u->off >= left;
		if (!raw && u->off + u->len > left && u->kind != UNIT_CRLF &&
		    u->kind != UNIT_STUN)
			fail(s, "left alone within a message");
		want = raw ? t->text + u->off : t->xlat + u->xoff;
		n = raw ? u->len : u->xlen;
		if (memcmp(to->in + at, want, got - at < n ? got - at : n)) {
			fail(s, "not the bytes that were to arrive");
			return;
		}
		if (got - at < n && !dead) {
			fail(s, "not all bytes arrived");
			return;
		}
	}
	if (!dead && i < t->n)
		fail(s, "not all messages arrived");
	if (at < got)
		fail(s, "more bytes arrived than were sent");
}

static void cleanup(struct sim *s)
{
	while (s->nheap)
		free(pop(s).p);
	if (!s->gone)
		finals(s);
	sip_stream_free(&s->stream);
	if (s->blocks || s->memory)
		fail(s, "memory was not given back");
}

static void make(struct sim *s)
{
	struct rng *r = &s->rng;
	u32 kind = rnd(r, 1000);
	enum size size = kind < 980 ? SIZE_SOME :
			 kind < 997 ? SIZE_BIG : SIZE_MANY;
	bool big = size != SIZE_SOME;

	make_links(s);
	traffic_make(&s->traffic[0], r, size);
	traffic_make(&s->traffic[1], r, size);
	make_end(s, 0, big);
	make_end(s, 1, big);
	make_middle(s);
	if (sim_tuner)
		sim_tuner(s);
	tcp_connect(&s->tcp[0]);
}

/* Keeps the buffers of the schedule before. */
static void renew(struct sim *s)
{
	struct event *heap = s->heap ? s->heap : malloc(MAX_EVENTS * sizeof(*heap));
	char *in[2] = { s->tcp[0].in, s->tcp[1].in };
	u32 cap[2] = { s->tcp[0].in_cap, s->tcp[1].in_cap }, i;
	bool verbose = s->verbose, direct = s->direct;

	if (!heap)
		abort();
	memset(&s->rng, 0, sizeof(*s) - offsetof(struct sim, rng));
	s->heap = heap;
	s->verbose = verbose;
	s->direct = direct;
	for (i = 0; i < 2; i++) {
		s->tcp[i].in = in[i];
		s->tcp[i].in_cap = cap[i];
	}
}

const char *sim_run(struct sim *s, u64 seed, const u8 *bytes, size_t len)
{
	bool over = false;

	renew(s);
	s->seed = seed;
	s->rng.state = seed * 0xd1342543de82ef95ULL ^ seed << 32;
	s->rng.state = (u64)rnd(&s->rng, ~0U) << 32 | rnd(&s->rng, ~0U);
	s->rng.bytes = bytes;
	s->rng.left = len;
	s->now = 1;
	make(s);
	while (!s->failure && !over) {
		if (!step(s) || s->now > MAX_TIME || ++s->steps > MAX_STEPS)
			break;
		over = tcp_done(&s->tcp[0]) && tcp_done(&s->tcp[1]);
	}
	cleanup(s);
	if (!s->failure && !over && !s->tcp[0].dead && !s->tcp[1].dead)
		fail(s, "it came to no end");
	if (!s->failure) {
		check_received(s, 0);
		check_received(s, 1);
	}
	return s->failure;
}

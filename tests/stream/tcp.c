// SPDX-License-Identifier: GPL-2.0
/*
 * One end of a TCP connection, as RFC 9293 has it, with Nagle's algorithm,
 * delayed acknowledgments, fast retransmit (NewReno or by SACK), a
 * retransmission timer, window and keep-alive probes, and PAWS.
 */
#include "sim.h"

#define RTO_MIN		200
#define RTO_MAX		3000
#define DELACK		40

static bool before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static bool after(u32 a, u32 b)
{
	return before(b, a);
}

static u32 least(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* A set of ranges, in order, apart from each other. */
static void ranges_add(struct ranges *s, u32 from, u32 to)
{
	u32 i = 0, j;

	while (i < s->n && before(s->r[i].to, from))
		i++;
	for (j = i; j < s->n && !after(s->r[j].from, to); j++) {
		if (before(s->r[j].from, from))
			from = s->r[j].from;
		if (after(s->r[j].to, to))
			to = s->r[j].to;
	}
	if (i == MAX_RANGES)
		return;
	if (i == j && s->n == MAX_RANGES)
		s->n--;		/* the last one has to come again */
	if (j < s->n)
		memmove(s->r + i + 1, s->r + j, (s->n - j) * sizeof(*s->r));
	s->n = s->n - (j - i) + 1;
	s->r[i].from = from;
	s->r[i].to = to;
}

static void ranges_cut(struct ranges *s, u32 until)
{
	u32 i = 0;

	while (i < s->n && !after(s->r[i].to, until))
		i++;
	memmove(s->r, s->r + i, (s->n - i) * sizeof(*s->r));
	s->n -= i;
	if (s->n && before(s->r[0].from, until))
		s->r[0].from = until;
}

static u32 data_end(const struct tcp *t)
{
	return t->iss + 1 + t->written;
}

static bool may_fin(const struct tcp *t)
{
	return t->closes && t->written == t->app->len;
}

static u32 free_space(const struct tcp *t)
{
	u32 used = t->rcv_nxt - (t->irs + 1) - t->got_fin - t->read;

	return used < t->rcvbuf ? t->rcvbuf - used : 0;
}

/* The right edge never moves to the left. */
static u16 window(struct tcp *t)
{
	u32 win = free_space(t);

	win = least(win >> t->wscale << t->wscale, 65535U << t->wscale);
	if (after(t->rcv_nxt + win, t->edge))
		t->edge = t->rcv_nxt + win;
	win = before(t->rcv_nxt, t->edge) ? t->edge - t->rcv_nxt : 0;
	win = least((win + (1U << t->wscale) - 1) >> t->wscale, 65535);
	if (after(t->rcv_nxt + (win << t->wscale), t->edge))
		t->edge = t->rcv_nxt + (win << t->wscale);
	return (u16)win;
}

static void add_sacks(struct tcp *t, struct sip_stream_seg *seg)
{
	u32 i, max = t->ts_on ? 3 : 4;

	if (!t->sack_on)
		return;
	if (t->has_dsack) {
		seg->sack[seg->nsack].left = t->dsack.from;
		seg->sack[seg->nsack++].right = t->dsack.to;
		t->has_dsack = false;
	}
	for (i = 0; i < t->ahead.n && seg->nsack < max; i++) {
		seg->sack[seg->nsack].left = t->ahead.r[i].from;
		seg->sack[seg->nsack++].right = t->ahead.r[i].to;
	}
}

static void transmit(struct tcp *t, u32 seq, u32 len, u8 flags)
{
	struct sip_stream_seg seg;

	memset(&seg, 0, sizeof(seg));
	seg.dir = t->id;
	seg.seq = seq;
	seg.flags = flags | SIP_TCP_ACK;
	seg.ack = t->rcv_nxt;
	seg.win = window(t);
	seg.has_ts = t->ts_on;
	seg.tsval = t->tsval + t->sim->now;
	seg.tsecr = t->ts_recent;
	seg.len = len;
	if (len)
		seg.data = t->app->text + (seq - t->iss - 1);
	add_sacks(t, &seg);
	t->last_ack_sent = t->rcv_nxt;
	t->unacked = 0;
	t->delack_at = 0;
	net_send(t->sim, t->id, false, &seg);
}

/* The last sequence number that the peer can accept. */
static void send_ack(struct tcp *t)
{
	u32 seq = t->max;

	if (after(seq, t->una + t->wnd))
		seq = t->una + t->wnd;
	transmit(t, seq, 0, 0);
}

/* An answer to what cannot be: not too often, lest two ends go on for ever. */
static void send_challenge(struct tcp *t, const struct sip_stream_seg *seg)
{
	if (!seg->len && t->sim->now - t->challenged_at < 50)
		return;
	t->challenged_at = t->sim->now;
	send_ack(t);
}

static void send_syn(struct tcp *t)
{
	struct sip_stream_seg seg;
	bool answer = t->state == TCP_SYN_RCVD;

	memset(&seg, 0, sizeof(seg));
	seg.dir = t->id;
	seg.seq = t->iss;
	seg.flags = SIP_TCP_SYN;
	seg.win = (u16)least(t->rcvbuf, 65535);
	seg.has_ts = answer ? t->ts_on : t->ts;
	seg.tsval = t->tsval + t->sim->now;
	seg.sack_ok = answer ? t->sack_on : t->sack;
	seg.wscale = t->wscale;
	if (answer) {
		seg.flags |= SIP_TCP_ACK;
		seg.ack = t->rcv_nxt;
		seg.tsecr = t->ts_recent;
	}
	t->edge = t->rcv_nxt + seg.win;
	t->rto_at = t->sim->now + t->rto;
	net_send(t->sim, t->id, false, &seg);
}

void tcp_connect(struct tcp *t)
{
	t->state = TCP_SYN_SENT;
	t->una = t->iss;
	t->nxt = t->iss + 1;
	t->max = t->nxt;
	send_syn(t);
}

static void send_rst(struct tcp *t, u32 seq)
{
	struct sip_stream_seg seg;

	memset(&seg, 0, sizeof(seg));
	seg.dir = t->id;
	seg.seq = seq;
	seg.flags = SIP_TCP_RST;
	net_send(t->sim, t->id, false, &seg);
}

/* How long the next segment may be. */
static u32 cut(struct tcp *t, u32 len)
{
	len = least(len, t->mss);
	if (t->cuts && len > 1)
		len = 1 + rnd(&t->sim->rng, len);
	return len;
}

/* Behind what the peer has already. */
static void skip_sacked(struct tcp *t)
{
	u32 i;

	for (i = 0; i < t->sacked.n; i++)
		if (!before(t->nxt, t->sacked.r[i].from) &&
		    before(t->nxt, t->sacked.r[i].to))
			t->nxt = t->sacked.r[i].to;
}

static void sent(struct tcp *t, u32 until)
{
	t->nxt = until;
	if (after(until, t->max))
		t->max = until;
	if (!t->rto_at)
		t->rto_at = t->sim->now + t->rto;
	t->persist_at = 0;
}

static bool nagle_waits(const struct tcp *t, u32 len)
{
	return t->nagle && len < t->mss && t->nxt == t->max &&
	       after(t->nxt, t->una) && !may_fin(t);
}

static u32 until_sacked(const struct tcp *t, u32 len)
{
	u32 i;

	for (i = 0; i < t->sacked.n; i++)
		if (after(t->sacked.r[i].from, t->nxt))
			len = least(len, t->sacked.r[i].from - t->nxt);
	return len;
}

static void output(struct tcp *t)
{
	u32 end = data_end(t), edge, len, room;
	bool fin;

	if (t->state != TCP_OPEN || t->dead)
		return;
	for (;;) {
		skip_sacked(t);
		edge = t->una + least(t->wnd, t->cwnd);
		room = after(edge, t->nxt) ? edge - t->nxt : 0;
		len = before(t->nxt, end) ? end - t->nxt : 0;
		fin = may_fin(t) && !after(t->nxt, end);
		if (!len && !fin)
			return;
		if (len && !room)
			break;
		/* A silly small segment only now and then. */
		if (room < len && room < t->mss && t->nxt != t->una &&
		    !chance(&t->sim->rng, 20))
			return;
		len = cut(t, until_sacked(t, least(len, room)));
		fin = fin && t->nxt + len == end;
		if (fin && len && chance(&t->sim->rng, 30))
			fin = false;
		if (!fin && nagle_waits(t, len))
			return;
		transmit(t, t->nxt, len, fin ? SIP_TCP_FIN : len ? SIP_TCP_PSH : 0);
		sent(t, t->nxt + len + fin);
		t->fin_out |= fin;
	}
	if (t->una == t->max && !t->persist_at)
		t->persist_at = t->sim->now + t->rto;
}

/* The first thing that the peer lacks. */
static void retransmit_one(struct tcp *t)
{
	u32 save = t->nxt, len, end = data_end(t);
	bool fin;

	t->nxt = t->una;
	skip_sacked(t);
	len = before(t->nxt, end) ? end - t->nxt : 0;
	len = cut(t, until_sacked(t, least(len, t->max - t->nxt)));
	fin = t->fin_out && t->nxt + len == end;
	if (len || fin)
		transmit(t, t->nxt, len, fin ? SIP_TCP_FIN : SIP_TCP_PSH);
	t->nxt = save;
	t->rto_at = t->sim->now + t->rto;
}

static void take_sacks(struct tcp *t, const struct sip_stream_seg *seg)
{
	u32 i;

	for (i = 0; i < seg->nsack; i++) {
		u32 l = seg->sack[i].left, r = seg->sack[i].right;

		if (!before(l, r)) {
			fail(t->sim, "a SACK block that is empty");
			return;
		}
		if (!after(l, t->una))
			continue;
		if (after(r, t->max)) {
			fail(t->sim, "a SACK block of what was never sent");
			return;
		}
		ranges_add(&t->sacked, l, r);
	}
}

static void advance(struct tcp *t, u32 ack)
{
	t->una = ack;
	if (before(t->nxt, ack))
		t->nxt = ack;
	ranges_cut(&t->sacked, ack);
	t->dupacks = 0;
	t->rto = RTO_MIN;
	t->rto_at = t->una == t->max ? 0 : t->sim->now + t->rto;
	t->cwnd = least(t->cwnd + t->mss, t->max_flight);
	if (t->in_recovery && !before(ack, t->recover))
		t->in_recovery = false;
	else if (t->in_recovery)
		retransmit_one(t);
}

static void duplicate(struct tcp *t)
{
	if (++t->dupacks != 3 || t->in_recovery)
		return;
	t->in_recovery = true;
	t->recover = t->max;
	t->cwnd = t->cwnd / 2 > t->mss ? t->cwnd / 2 : t->mss;
	retransmit_one(t);
}

static void take_window(struct tcp *t, const struct sip_stream_seg *seg)
{
	if (before(seg->seq, t->wl1) ||
	    (seg->seq == t->wl1 && before(seg->ack, t->wl2)))
		return;
	t->wl1 = seg->seq;
	t->wl2 = seg->ack;
	t->wnd = (u32)seg->win << t->peer_scale;
	if (t->wnd && t->persist_at)
		t->persist_at = 0;
}

static void take_ack(struct tcp *t, const struct sip_stream_seg *seg)
{
	u32 wnd = t->wnd;

	if (after(seg->ack, t->max)) {
		fail(t->sim, "an acknowledgment of what was never sent");
		return;
	}
	if (before(seg->ack, t->una))
		return;
	if (t->sack_on)
		take_sacks(t, seg);
	take_window(t, seg);
	if (seg->ack != t->una)
		advance(t, seg->ack);
	else if (t->una != t->max && !seg->len && wnd == t->wnd &&
		 !(seg->flags & SIP_TCP_FIN) && (!t->sack_on || seg->nsack))
		duplicate(t);
	output(t);
}

/* Bytes of the stream that arrived; whatever comes twice must be the same. */
static void store(struct tcp *t, u32 seq, const char *data, u32 len)
{
	u32 off = seq - (t->irs + 1), i;
	struct ranges *a = &t->ahead;

	if (off + len > t->in_cap) {
		t->in_cap = 2 * (off + len);
		t->in = realloc(t->in, t->in_cap);
		if (!t->in)
			abort();
	}
	for (i = 0; i < a->n; i++) {
		u32 l = a->r[i].from, r = a->r[i].to;

		if (before(l, seq))
			l = seq;
		if (after(r, seq + len))
			r = seq + len;
		if (before(l, r) && memcmp(t->in + (l - t->irs - 1),
					   data + (l - seq), r - l))
			fail(t->sim, "one place with two different bytes");
	}
	memcpy(t->in + off, data, len);
	ranges_add(a, seq, seq + len);
}

static void in_order(struct tcp *t)
{
	struct ranges *a = &t->ahead;

	if (a->n && !after(a->r[0].from, t->rcv_nxt)) {
		t->rcv_nxt = a->r[0].to;
		ranges_cut(a, t->rcv_nxt);
	}
	if (t->fin_known && t->rcv_nxt == t->fin_at) {
		t->rcv_nxt++;
		t->got_fin = true;
	}
	if (!t->read_at)
		t->read_at = t->sim->now + 1;
}

static void take_data(struct tcp *t, const struct sip_stream_seg *seg)
{
	u32 seq = seg->seq, len = seg->len, was = t->rcv_nxt, n;
	const char *data = seg->data;
	bool fin = seg->flags & SIP_TCP_FIN, late = false;

	if (before(seq, t->rcv_nxt)) {
		n = least(len, t->rcv_nxt - seq);
		late = n;
		t->dsack.from = seq;
		t->dsack.to = seq + n;
		t->has_dsack = n;
		if (n == len && seq + len != t->rcv_nxt)
			fin = false;
		seq += n;
		data += n;
		len -= n;
	}
	if (after(seq + len, t->edge)) {
		len = after(t->edge, seq) ? t->edge - seq : 0;
		fin = false;
	}
	if (fin) {
		if (t->fin_known && t->fin_at != seq + len)
			fail(t->sim, "two different places of FIN");
		t->fin_known = true;
		t->fin_at = seq + len;
	}
	if (t->fin_known && after(seq + len, t->fin_at))
		fail(t->sim, "bytes behind FIN");
	if (len)
		store(t, seq, data, len);
	n = t->ahead.n;
	in_order(t);
	if (late || n > 1 || t->rcv_nxt == was || t->got_fin || !t->delack ||
	    ++t->unacked >= 2)
		send_ack(t);
	else if (!t->delack_at)
		t->delack_at = t->sim->now + DELACK;
}

/* RFC 9293 3.10.7.4 */
static bool acceptable(const struct tcp *t, const struct sip_stream_seg *seg)
{
	u32 len = seg->len + !!(seg->flags & SIP_TCP_FIN);
	u32 wnd = after(t->edge, t->rcv_nxt) ? t->edge - t->rcv_nxt : 0;
	bool first, last;

	if (!len && !wnd)
		return seg->seq == t->rcv_nxt;
	first = seg->seq - t->rcv_nxt < wnd;
	if (!len)
		return first;
	last = seg->seq + len - 1 - t->rcv_nxt < wnd;
	return wnd && (first || last ||
		       (before(seg->seq, t->rcv_nxt) &&
			after(seg->seq + len, t->rcv_nxt + wnd)));
}

static bool too_old(struct tcp *t, const struct sip_stream_seg *seg)
{
	if (!t->ts_on)
		return false;
	if (!seg->has_ts) {
		if (!(seg->flags & SIP_TCP_RST))
			fail(t->sim, "a segment without timestamps");
		return false;
	}
	if (before(seg->tsval, t->ts_recent))
		return true;
	if (!after(seg->seq, t->last_ack_sent))
		t->ts_recent = seg->tsval;
	return false;
}

static void input_syn(struct tcp *t, const struct sip_stream_seg *seg)
{
	t->irs = seg->seq;
	t->rcv_nxt = seg->seq + 1;
	t->last_ack_sent = t->rcv_nxt;
	t->ts_recent = seg->tsval;
	t->ts_on = t->ts && seg->has_ts;
	t->sack_on = t->sack && seg->sack_ok;
	t->peer_scale = seg->wscale;
	if (t->wscale == SIP_STREAM_NO_SCALE || seg->wscale == SIP_STREAM_NO_SCALE) {
		t->wscale = 0;
		t->peer_scale = 0;
	}
	t->wnd = seg->win;
	t->wl1 = seg->seq;
	t->wl2 = seg->ack;
}

static void opened(struct tcp *t)
{
	t->state = TCP_OPEN;
	t->una = t->iss + 1;
	t->nxt = t->una;
	t->max = t->una;
	t->rto = RTO_MIN;
	t->rto_at = 0;
	t->write_at = t->sim->now + 1 + rnd(&t->sim->rng, 30);
}

static void handshake(struct tcp *t, const struct sip_stream_seg *seg)
{
	bool ack = seg->flags & SIP_TCP_ACK;

	if (t->state == TCP_CLOSED && !ack) {
		u8 scale = t->wscale;

		input_syn(t, seg);
		t->wscale = scale;
		t->state = TCP_SYN_RCVD;
		send_syn(t);
		input_syn(t, seg);
	} else if (t->state == TCP_SYN_SENT && ack) {
		input_syn(t, seg);
		t->edge = t->rcv_nxt + least(t->rcvbuf, 65535);
		opened(t);
		send_ack(t);
	} else if (t->state == TCP_SYN_RCVD && !ack) {
		/* It was lost; it comes again by the timer. */
	} else if (t->state == TCP_OPEN) {
		send_ack(t);
	}
}

static void input_rst(struct tcp *t, const struct sip_stream_seg *seg)
{
	if (t->state != TCP_OPEN)
		return;
	if (seg->seq == t->rcv_nxt)
		t->dead = true;
	else if (acceptable(t, seg))
		send_ack(t);
}

void tcp_input(struct tcp *t, const struct sip_stream_seg *seg)
{
	if (t->dead) {
		if (!(seg->flags & SIP_TCP_RST) && (seg->flags & SIP_TCP_ACK))
			send_rst(t, seg->ack);
		return;
	}
	if (seg->flags & SIP_TCP_RST) {
		input_rst(t, seg);
		return;
	}
	if (seg->flags & SIP_TCP_SYN) {
		handshake(t, seg);
		return;
	}
	if (t->state == TCP_SYN_RCVD && seg->ack == t->iss + 1)
		opened(t);
	if (t->state != TCP_OPEN)
		return;
	if (too_old(t, seg) || !acceptable(t, seg)) {
		send_challenge(t, seg);
		return;
	}
	take_ack(t, seg);
	if (seg->len || (seg->flags & SIP_TCP_FIN))
		take_data(t, seg);
}

/* An application that reads now and then. */
static void app_reads(struct tcp *t)
{
	u32 have = t->rcv_nxt - t->irs - 1 - t->got_fin - t->read;
	u32 was = free_space(t), n = have;

	t->read_at = 0;
	if (have > 1 && chance(&t->sim->rng, 40))
		n = 1 + rnd(&t->sim->rng, have);
	t->read += n;
	if (n < have)
		t->read_at = t->sim->now + 1 + rnd(&t->sim->rng, 60);
	if (n && was < t->rcvbuf / 2)
		send_ack(t);
}

static void app_writes(struct tcp *t)
{
	u32 left = t->app->len - t->written, n = left;

	t->write_at = 0;
	if (left > 1 && chance(&t->sim->rng, 60))
		n = 1 + rnd(&t->sim->rng, chance(&t->sim->rng, 50) ?
			    least(left, 400) : left);
	t->written += n;
	if (n < left)
		t->write_at = t->sim->now + 1 +
			rnd(&t->sim->rng, chance(&t->sim->rng, 80) ? 10 : 400);
	else
		t->closes = true;
	output(t);
}

static void timeout(struct tcp *t)
{
	t->rto = least(2 * t->rto, RTO_MAX);
	t->rto_at = t->sim->now + t->rto;
	if (t->state != TCP_OPEN) {
		send_syn(t);
		return;
	}
	t->sacked.n = 0;
	t->in_recovery = false;
	t->dupacks = 0;
	t->cwnd = t->mss;
	t->nxt = t->una;
	if (t->wnd)
		output(t);
	if (t->nxt == t->una)
		retransmit_one(t);
}

/* A window probe, of the two kinds that there are. */
static void probe(struct tcp *t)
{
	t->persist_at = 0;
	if (t->wnd || t->una != t->max || !before(t->nxt, data_end(t)))
		return;
	t->rto = least(2 * t->rto, RTO_MAX);
	t->persist_at = t->sim->now + t->rto;
	if (!t->probe_byte) {
		transmit(t, t->una - 1, 0, 0);
		return;
	}
	transmit(t, t->nxt, 1, SIP_TCP_PSH);
	sent(t, t->nxt + 1);
}

static void keep_alive(struct tcp *t)
{
	bool byte = t->probe_byte && t->una != t->iss + 1;

	t->keep_at = 0;
	if (t->state == TCP_OPEN && t->una == t->max && !t->fin_out)
		transmit(t, t->una - 1, byte, 0);
}

static void reset(struct tcp *t)
{
	t->reset_at = 0;
	if (t->state != TCP_OPEN)
		return;
	t->dead = true;
	t->resets = true;
	send_rst(t, t->max);
}

static bool due(const struct tcp *t, u32 at)
{
	return at && at <= t->sim->now;
}

void tcp_timers(struct tcp *t)
{
	if (t->dead)
		return;
	if (due(t, t->rto_at))
		timeout(t);
	if (due(t, t->delack_at))
		send_ack(t);
	if (due(t, t->persist_at))
		probe(t);
	if (due(t, t->write_at))
		app_writes(t);
	if (due(t, t->read_at))
		app_reads(t);
	if (due(t, t->keep_at))
		keep_alive(t);
	if (due(t, t->reset_at))
		reset(t);
}

u32 tcp_next_timer(const struct tcp *t)
{
	const u32 at[] = { t->rto_at, t->delack_at, t->persist_at, t->write_at,
			   t->read_at, t->keep_at, t->reset_at };
	u32 i, first = 0;

	if (t->dead)
		return 0;
	for (i = 0; i < sizeof(at) / sizeof(*at); i++)
		if (at[i] && (!first || at[i] < first))
			first = at[i];
	return first;
}

bool tcp_done(const struct tcp *t)
{
	return t->dead || (t->state == TCP_OPEN && t->fin_out &&
			   t->una == t->max && t->got_fin &&
			   t->read == t->rcv_nxt - t->irs - 2);
}

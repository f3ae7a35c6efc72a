// SPDX-License-Identifier: GPL-2.0
/*
 * TCP connections behind the hooks: their life, their packets, their memory.
 */
#include <linux/delay.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_seqadj.h>

#include "compat/compat.h"
#include "event.h"
#include "flow.h"
#include "icmp.h"
#include "inspect.h"
#include "net.h"
#include "policy.h"
#include "source.h"
#include "stream.h"

#define GC_SECONDS	5
#define HELD_ANY	67108864	/* of a host: the option's highest value */
#define LEAVE_MSECS	10000	/* what was translated is given so long to arrive */

/*
 * What belongs to one call of the machine.
 *
 * @segment: the packet in hand, NULL for the timer
 * @same: packets in front of it, for the same way
 * @made: packets with a way of their own
 */
struct stream_call {
	struct sipalg_segment *segment;
	const struct nf_hook_state *state;
	enum ip_conntrack_info ctinfo;
	struct sipalg_rule *rule;
	unsigned int mss;
	struct sk_buff_head same;
	struct sk_buff_head made;
};

static struct sipalg_stream *stream_of(struct sip_stream *s)
{
	return container_of(s, struct sipalg_stream, stream);
}

/* Who began the connection is named. */
static void tell_limit(struct sipalg_net *sn, const struct nf_conn *ct,
		       enum sipalg_limit limit)
{
	struct sipalg_path path;

	sipalg_path_of(&path, ct, IP_CT_DIR_ORIGINAL);
	sipalg_event_limit(sn, limit, &path.src_in.host);
}

static void *no_memory(const struct sipalg_stream *st, enum sipalg_limit limit)
{
	tell_limit(st->sn, st->ct, limit);
	return NULL;
}

/* Memory of a stream, of those of a host and of all of them has bounds. */
static void *stream_alloc(struct sip_stream *s, u32 size)
{
	struct sipalg_stream *st = stream_of(s);
	struct sipalg_net *sn = st->sn;
	void *p = NULL;

	st->source_full = false;
	if (st->bytes + size > st->bytes_max)
		return no_memory(st, SIPALG_LIMIT_HELD_STREAM);
	st->source_full = !sipalg_source_hold(st->source, size, st->source_max);
	if (st->source_full)
		return no_memory(st, SIPALG_LIMIT_HELD_SOURCE);
	if (atomic_long_add_return(size, &sn->stream_bytes) <=
	    READ_ONCE(sn->limits.streams_bytes))
		p = kmalloc(size, GFP_ATOMIC | __GFP_NOWARN);
	else
		tell_limit(sn, st->ct, SIPALG_LIMIT_HELD);
	if (!p) {
		atomic_long_sub(size, &sn->stream_bytes);
		sipalg_source_release(st->source, size);
		return NULL;
	}
	st->bytes += size;
	return p;
}

static void stream_free(struct sip_stream *s, void *p, u32 size)
{
	struct sipalg_stream *st = stream_of(s);

	st->bytes -= size;
	sipalg_source_release(st->source, size);
	atomic_long_sub(size, &st->sn->stream_bytes);
	kfree(p);
}

static bool stream_message(struct sip_stream *s, u8 dir, const char *data, u32 len)
{
	struct sipalg_stream *st = stream_of(s);
	struct stream_call *call = st->call;

	if (!call->segment || dir != call->segment->seg.dir)
		return false;
	return sipalg_inspect_stream(st->sn, call->state, st->ct, call->ctinfo,
				     st->flow, call->rule, s, data, len);
}

static void stream_emit(struct sip_stream *s, const struct sip_stream_seg *seg)
{
	struct sipalg_stream *st = stream_of(s);
	struct stream_call *call = st->call;
	struct sk_buff_head *to = &call->made;
	struct sk_buff *skb;

	if (call->segment && call->segment->seg.dir == seg->dir) {
		skb = sipalg_segment_copy(call->segment, seg, call->mss);
		to = &call->same;
	} else {
		skb = sipalg_segment_make(st->sn->net, st->ct, &st->way[seg->dir], seg);
	}
	/* Lost, as packets may be. */
	if (skb)
		__skb_queue_tail(to, skb);
}

static const struct sip_stream_ops ops = {
	.alloc = stream_alloc,
	.free = stream_free,
	.message = stream_message,
	.emit = stream_emit,
};

static void call_begin(struct sipalg_stream *st, struct stream_call *call)
{
	lockdep_assert_held(&st->lock);
	__skb_queue_head_init(&call->same);
	__skb_queue_head_init(&call->made);
	st->stream.now = jiffies;
	st->call = call;
}

static const u8 reasons[SIP_STREAM_R_COUNT] = {
	[SIP_STREAM_R_NOT_SIP] = SIPALG_R_STREAM_NOT_SIP,
	[SIP_STREAM_R_FRAMING] = SIPALG_R_STREAM_FRAMING,
	[SIP_STREAM_R_LENGTH] = SIPALG_R_STREAM_LENGTH,
	[SIP_STREAM_R_TOO_LONG] = SIPALG_R_STREAM_TOO_LONG,
	[SIP_STREAM_R_STALLED] = SIPALG_R_STREAM_STALLED,
	[SIP_STREAM_R_MEMORY] = SIPALG_R_STREAM_MEMORY,
	[SIP_STREAM_R_LIMIT] = SIPALG_R_STREAM_LIMIT,
	[SIP_STREAM_R_URGENT] = SIPALG_R_STREAM_URGENT,
	[SIP_STREAM_R_LATE] = SIPALG_R_STREAM_LATE,
};

static u32 counter_of(const struct sipalg_stream *st, u8 reason)
{
	if (reason == SIP_STREAM_R_MEMORY && st->source_full)
		return SIPALG_R_STREAM_HELD_SOURCE;
	return reasons[reason];
}

/* A half that is left alone is counted once. */
static void count_left(struct sipalg_stream *st)
{
	unsigned int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		u8 reason = st->stream.half[dir].reason;

		if (reason == st->reason[dir])
			continue;
		/* One connection is not SIP, not two halves. */
		if (reasons[reason] && (reason != SIP_STREAM_R_NOT_SIP || !dir))
			sipalg_count(st->sn, counter_of(st, reason));
		if (reason == SIP_STREAM_R_LIMIT)
			tell_limit(st->sn, st->ct, SIPALG_LIMIT_STREAM_MESSAGES);
		st->reason[dir] = reason;
	}
}

static bool is_left(const struct sip_stream *s)
{
	return s->half[0].phase == SIP_STREAM_LEFT && s->half[1].phase == SIP_STREAM_LEFT;
}

static bool is_over(const struct sipalg_stream *st)
{
	return is_left(&st->stream) && sip_stream_drained(&st->stream);
}

/*
 * conntrack sees packets as they come, the one end's numbers next to the
 * other's. They may differ, so it has to be liberal; but it judges a RST by
 * the highest number acknowledged even then. That is made the one which the end
 * that may send a RST has been told.
 */
static void tell_conntrack(struct sipalg_stream *st)
{
	struct ip_ct_tcp *tcp = &st->ct->proto.tcp;
	unsigned int dir;

	if (!st->liberal)
		return;
	spin_lock(&st->ct->lock);
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		tcp->seen[dir].flags |= IP_CT_TCP_FLAG_BE_LIBERAL;
		tcp->seen[dir].td_maxack = st->stream.half[!dir].acked;
	}
	spin_unlock(&st->ct->lock);
}

static void call_end(struct sipalg_stream *st)
{
	st->call = NULL;
	if (!st->dead)
		tell_conntrack(st);
	count_left(st);
	if (sip_stream_waits(&st->stream) && !timer_pending(&st->timer))
		mod_timer(&st->timer, jiffies + HZ);
	if (is_over(st) && !sip_stream_offset(&st->stream, 0) &&
	    !sip_stream_offset(&st->stream, 1))
		WRITE_ONCE(st->bypass, true);
}

/* Without the lock: packets may come back to us from there. */
static void call_send(struct sipalg_net *sn, struct stream_call *call)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&call->same)))
		call->state->okfn(call->state->net, call->state->sk, skb);
	while ((skb = __skb_dequeue(&call->made)))
		sipalg_segment_send(sn->net, skb);
}

static void stream_timer(struct timer_list *t)
{
	struct sipalg_stream *st = compat_timer_of(st, t, timer);
	struct stream_call call = {};

	rcu_read_lock();
	spin_lock_bh(&st->lock);
	call_begin(st, &call);
	if (!st->dead)
		sip_stream_expire(&st->stream, st->stall * HZ);
	call_end(st);
	if (st->dead)
		timer_delete(&st->timer);
	spin_unlock_bh(&st->lock);
	call_send(st->sn, &call);
	rcu_read_unlock();
}

/* Counted before it is there, so that there are never too many. */
static bool streams_up(struct sipalg_net *sn, const struct nf_conn *ct)
{
	if (atomic_inc_return(&sn->nstreams) <= READ_ONCE(sn->limits.streams))
		return true;
	atomic_dec(&sn->nstreams);
	sipalg_count(sn, SIPALG_R_STREAM_LIMIT);
	tell_limit(sn, ct, SIPALG_LIMIT_STREAMS);
	return false;
}

/* Why a connection that begins with this packet is not followed; OK: it is. */
static enum sipalg_reason unfit(const struct sk_buff *skb, u8 pf)
{
	struct sipalg_segment s;

	if (sipalg_segment_init(&s, (struct sk_buff *)skb, pf, 0) != SIPALG_R_OK ||
	    (s.seg.flags & (SIP_TCP_SYN | SIP_TCP_ACK)) != SIP_TCP_SYN)
		return SIPALG_R_STREAM_LATE;
	return s.bound ? SIPALG_R_STREAM_OPTIONS : SIPALG_R_OK;
}

static struct sipalg_stream *stream_new(struct sipalg_net *sn, struct nf_conn *ct)
{
	struct sipalg_stream *st = kzalloc(sizeof(*st), GFP_ATOMIC);

	/* Its sequence numbers outlive us. NAT may have asked for room already. */
	if (!st || (!nfct_seqadj(ct) && !nfct_seqadj_ext_add(ct))) {
		kfree(st);
		return NULL;
	}
	sip_stream_init(&st->stream, &ops, &sn->limits.stream);
	spin_lock_init(&st->lock);
	refcount_set(&st->ref, 1);
	timer_setup(&st->timer, stream_timer, 0);
	st->sn = sn;
	st->bytes_max = READ_ONCE(sn->limits.stream_bytes);
	st->stall = READ_ONCE(sn->limits.stall);
	/* Its extensions may just have moved; until it is gone they do not again. */
	st->flow = sipalg_flow(ct);
	nf_conntrack_get(&ct->ct_general);
	st->ct = ct;
	st->start = ktime_get_real_ns() / NSEC_PER_MSEC;
	return st;
}

struct sipalg_flow *sipalg_stream_begin(struct sipalg_net *sn, const struct sk_buff *skb,
					struct nf_conn *ct, struct sipalg_flow *flow,
					const struct sipalg_rule *rule)
{
	enum sipalg_reason why = unfit(skb, nf_ct_l3num(ct));
	struct sipalg_stream *st;

	if (why != SIPALG_R_OK) {
		sipalg_count(sn, why);
		return flow;
	}
	if (READ_ONCE(sn->leaving) || !streams_up(sn, ct))
		return flow;
	st = stream_new(sn, ct);
	if (!st) {
		atomic_dec(&sn->nstreams);
		sipalg_count(sn, SIPALG_R_STREAM_MEMORY);
		return sipalg_flow(ct);
	}
	st->stream.observed = rule->action == SIPALG_ACTION_OBSERVE;
	spin_lock_bh(&sn->streams_lock);
	st->id = sipalg_new_id(sn);
	list_add_tail_rcu(&st->list, &sn->streams);
	spin_unlock_bh(&sn->streams_lock);
	rcu_assign_pointer(st->flow->stream, st);
	sipalg_count(sn, SIPALG_R_STREAMS);
	return st->flow;
}

/* The machine reads the bytes unless it has long left them alone. */
static bool wants_data(const struct sipalg_stream *st, u8 dir)
{
	const struct sip_stream_half *h = &st->stream.half[dir];

	return h->phase == SIP_STREAM_SIP || h->nkept;
}

/* What we acknowledge must be right, also where conntrack does not look. */
static bool is_corrupt(const struct sipalg_stream *st, const struct stream_call *call)
{
	const struct sipalg_packet *p = &call->segment->packet;

	return !READ_ONCE(st->sn->net->ct.sysctl_checksum) &&
	       nf_checksum(p->skb, call->state->hook, p->l4off, IPPROTO_TCP, p->pf);
}

static void learn_source(struct sipalg_stream *st)
{
	struct sipalg_path path;

	sipalg_path_of(&path, st->ct, IP_CT_DIR_ORIGINAL);
	st->source = sipalg_source_stream(st->sn, &path.src_in.host, sipalg_inner_zone(st->ct),
					  st->bytes);
}

static void learn_limits(struct sipalg_stream *st, const struct sipalg_rule *r)
{
	st->bytes_max = min(READ_ONCE(st->sn->limits.stream_bytes), r->option[SIPALG_O_MAX_HELD]);
	st->stall = r->option[SIPALG_O_STALL_SECONDS];
	st->source_max = r->option[SIPALG_O_MAX_HELD_SOURCE];
	if (!st->source && st->source_max < HELD_ANY)
		learn_source(st);
}

/* Nothing becomes of the packet. One that cannot be read is missed. */
static void observe(struct sipalg_stream *st, struct stream_call *call)
{
	struct sipalg_segment *s = call->segment;

	if (s->seg.len && wants_data(st, s->seg.dir) &&
	    (sipalg_segment_data(s) || is_corrupt(st, call)))
		return;
	if (call->rule->action == SIPALG_ACTION_BYPASS)
		sip_stream_leave(&st->stream, SIP_STREAM_R_ASKED);
	sip_stream_segment(&st->stream, &s->seg);
}

/* True: the packet must not go on. */
static bool run(struct sipalg_stream *st, struct stream_call *call)
{
	struct sipalg_segment *s = call->segment;
	enum sip_stream_verdict verdict;

	learn_limits(st, call->rule);
	if (st->stream.observed) {
		observe(st, call);
		return false;
	}
	/* No memory to read it, or not to be trusted: as good as lost. */
	if (s->seg.len && wants_data(st, s->seg.dir) &&
	    (sipalg_segment_data(s) || is_corrupt(st, call)))
		return true;
	if (s->seg.flags & SIP_TCP_SYN)
		st->way[!s->seg.dir].mss = s->mss;
	sipalg_segment_learn(&st->way[s->seg.dir], s, call->state);
	call->mss = sipalg_segment_room(s, st->way[s->seg.dir].mss);
	if (call->rule->action == SIPALG_ACTION_BYPASS)
		sip_stream_leave(&st->stream, SIP_STREAM_R_ASKED);
	verdict = sip_stream_segment(&st->stream, &s->seg);
	if (verdict != SIP_STREAM_PASS)
		st->liberal = true;
	switch (verdict) {
	case SIP_STREAM_HEADER:
		return sipalg_segment_set_header(s);
	case SIP_STREAM_REWRITE:
		return sipalg_segment_rewrite(s, call->mss);
	case SIP_STREAM_DROP:
		return true;
	default:
		return false;
	}
}

bool sipalg_stream_packet(struct sipalg_net *sn, struct sk_buff *skb,
			  const struct nf_hook_state *state, struct nf_conn *ct,
			  enum ip_conntrack_info ctinfo, struct sipalg_flow *flow,
			  struct sipalg_rule *rule)
{
	struct sipalg_segment segment;
	struct stream_call call = {
		.segment = &segment,
		.state = state,
		.ctinfo = ctinfo,
		.rule = rule,
	};
	struct sipalg_stream *st = rcu_dereference(flow->stream);
	bool gone = false;

	if (!st || READ_ONCE(st->bypass) ||
	    sipalg_segment_init(&segment, skb, state->pf,
				CTINFO2DIR(ctinfo)) != SIPALG_R_OK)
		return false;
	spin_lock_bh(&st->lock);
	call_begin(st, &call);
	if (st->paused)
		gone = true;
	else if (!st->dead && !st->bypass)
		gone = run(st, &call);
	call_end(st);
	spin_unlock_bh(&st->lock);
	call_send(sn, &call);
	return gone;
}

void sipalg_stream_error(struct sk_buff *skb, u8 pf, u8 dir,
			 struct sipalg_flow *flow)
{
	struct sipalg_stream *st = rcu_dereference(flow->stream);
	struct sipalg_icmp icmp;
	u32 seq;

	if (!st || READ_ONCE(st->bypass) || !sipalg_icmp_init(&icmp, skb, pf))
		return;
	spin_lock_bh(&st->lock);
	if (!st->dead && sip_stream_origin(&st->stream, !dir, icmp.seq, &seq)) {
		if (icmp.mtu)
			sipalg_segment_learn_mtu(&st->way[!dir], pf, icmp.mtu);
		if (seq != icmp.seq)
			sipalg_icmp_set_seq(&icmp, seq);
	}
	spin_unlock_bh(&st->lock);
}

void sipalg_stream_put(struct sipalg_stream *st)
{
	if (refcount_dec_and_test(&st->ref))
		kfree(st);
}

static void stream_free_rcu(struct rcu_head *rcu)
{
	struct sipalg_stream *st = container_of(rcu, struct sipalg_stream, rcu);

	nf_ct_put(st->ct);
	sipalg_stream_put(st);
}

/* True for the one caller that has taken it out. */
static bool stream_remove(struct sipalg_stream *st)
{
	struct sipalg_net *sn = st->sn;
	bool was;

	spin_lock_bh(&sn->streams_lock);
	spin_lock(&st->lock);
	was = st->dead;
	st->dead = true;
	if (!was) {
		list_del_rcu(&st->list);
		/* Its entry may still have packets, in a queue to user space. */
		RCU_INIT_POINTER(st->flow->stream, NULL);
		sip_stream_free(&st->stream);
		sipalg_source_stream_over(st->source);
		st->source = NULL;
		sipalg_segment_forget(&st->way[0]);
		sipalg_segment_forget(&st->way[1]);
		timer_delete(&st->timer);
	}
	spin_unlock(&st->lock);
	spin_unlock_bh(&sn->streams_lock);
	if (was)
		return false;
	atomic_dec(&sn->nstreams);
	call_rcu(&st->rcu, stream_free_rcu);
	return true;
}

/* Gone from conntrack's tables, or it never got there. */
static bool is_gone(const struct nf_conn *ct)
{
	if (nf_ct_is_dying(ct))
		return true;
	if (nf_ct_is_confirmed(ct))
		return nf_ct_is_expired(ct);
	return refcount_read(&ct->ct_general.use) == 1;
}

/* Entries end without telling us; their streams are swept up. */
static void streams_gc(struct work_struct *work)
{
	struct sipalg_net *sn = container_of(to_delayed_work(work),
					     struct sipalg_net, streams_work);
	struct sipalg_stream *st;

	rcu_read_lock();
	list_for_each_entry_rcu(st, &sn->streams, list) {
		if (is_gone(st->ct))
			stream_remove(st);
	}
	rcu_read_unlock();
	schedule_delayed_work(&sn->streams_work, GC_SECONDS * HZ);
}

void sipalg_streams_init(struct sipalg_net *sn)
{
	INIT_LIST_HEAD(&sn->streams);
	spin_lock_init(&sn->streams_lock);
	INIT_DELAYED_WORK(&sn->streams_work, streams_gc);
}

void sipalg_streams_start(struct sipalg_net *sn)
{
	WRITE_ONCE(sn->leaving, false);
	schedule_delayed_work(&sn->streams_work, GC_SECONDS * HZ);
}

static void stream_leave(struct sipalg_stream *st)
{
	struct stream_call call = {};

	spin_lock_bh(&st->lock);
	call_begin(st, &call);
	if (!st->dead)
		sip_stream_leave(&st->stream, SIP_STREAM_R_ASKED);
	call_end(st);
	spin_unlock_bh(&st->lock);
	call_send(st->sn, &call);
}

int sipalg_stream_kill(struct sipalg_stream *st)
{
	struct stream_call call = {};
	int err = -ENOENT;

	spin_lock_bh(&st->lock);
	call_begin(st, &call);
	if (!st->dead && !is_left(&st->stream)) {
		st->killed = true;
		sip_stream_leave(&st->stream, SIP_STREAM_R_ASKED);
		sipalg_event_stream(st, SIPALG_EVENT_STREAM_KILLED);
		err = 0;
	}
	call_end(st);
	spin_unlock_bh(&st->lock);
	call_send(st->sn, &call);
	return err;
}

static bool is_drained(struct sipalg_stream *st)
{
	bool ok;

	spin_lock_bh(&st->lock);
	ok = st->dead || sip_stream_drained(&st->stream);
	spin_unlock_bh(&st->lock);
	return ok;
}

static bool all_drained(struct sipalg_net *sn)
{
	struct sipalg_stream *st;
	bool ok = true;

	rcu_read_lock();
	list_for_each_entry_rcu(st, &sn->streams, list)
		ok = ok && is_drained(st);
	rcu_read_unlock();
	return ok;
}

static void stream_pause(struct sipalg_stream *st)
{
	spin_lock_bh(&st->lock);
	st->paused = sip_stream_offset(&st->stream, 0) ||
		     sip_stream_offset(&st->stream, 1);
	spin_unlock_bh(&st->lock);
}

/*
 * Its receiver does not take what we have, and nobody else has it: better both
 * ends know than that one waits for bytes that will never come.
 */
static void stream_reset(struct sipalg_stream *st)
{
	const struct sip_stream *s = &st->stream;
	unsigned int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		const struct sip_stream_half *h = &s->half[dir], *o = &s->half[!dir];
		struct sip_stream_seg seg = {
			.dir = dir,
			.seq = h->una,
			.ack = o->acked,
			.flags = SIP_TCP_RST | SIP_TCP_ACK,
			.has_ts = s->has_ts,
			.tsval = h->tsval,
			.tsecr = o->tsval,
		};

		stream_emit(&st->stream, &seg);
	}
	nf_ct_kill(st->ct);
}

/* The kernel's own adjustment takes the offsets over. */
static void stream_hand_over(struct sipalg_stream *st)
{
	struct nf_conn_seqadj *adj = nfct_seqadj(st->ct);
	struct stream_call call = {};
	unsigned int dir;

	spin_lock_bh(&st->lock);
	call_begin(st, &call);
	if (!st->dead && !sip_stream_drained(&st->stream)) {
		stream_reset(st);
	} else if (st->paused && adj) {
		spin_lock(&st->ct->lock);
		for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
			u32 offset = sip_stream_offset(&st->stream, dir);

			adj->seq[dir].offset_before = offset;
			adj->seq[dir].offset_after = offset;
		}
		spin_unlock(&st->ct->lock);
		set_bit(IPS_SEQ_ADJUST_BIT, &st->ct->status);
	}
	st->paused = false;
	WRITE_ONCE(st->bypass, true);
	st->call = NULL;
	spin_unlock_bh(&st->lock);
	call_send(st->sn, &call);
}

static void all_streams(struct sipalg_net *sn,
			void (*what)(struct sipalg_stream *st))
{
	struct sipalg_stream *st;

	rcu_read_lock();
	list_for_each_entry_rcu(st, &sn->streams, list)
		what(st);
	rcu_read_unlock();
}

void sipalg_streams_leave(struct sipalg_net *sn)
{
	unsigned long end = jiffies + msecs_to_jiffies(LEAVE_MSECS);

	cancel_delayed_work_sync(&sn->streams_work);
	WRITE_ONCE(sn->leaving, true);
	/* Who did not see that has its stream in the list by then. */
	synchronize_net();
	all_streams(sn, stream_leave);
	while (!all_drained(sn) && time_before(jiffies, end))
		msleep(20);
	/*
	 * A packet must not be adjusted twice, nor not at all: for a moment,
	 * those that need it are lost, and come again.
	 */
	all_streams(sn, stream_pause);
	synchronize_net();
	all_streams(sn, stream_hand_over);
}

void sipalg_streams_flush(struct sipalg_net *sn)
{
	struct sipalg_stream *st;

	cancel_delayed_work_sync(&sn->streams_work);
	rcu_read_lock();
	list_for_each_entry_rcu(st, &sn->streams, list)
		stream_remove(st);
	rcu_read_unlock();
}

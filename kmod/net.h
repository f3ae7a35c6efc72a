/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network namespace has: its tables, limits, locks and counters.
 *
 * Locks, in the order in which they are taken:
 *	sipalg_mutex		enabling and disabling; process context
 *	net->streams_lock	the list of TCP connections
 *	stream->lock		one of them
 *	net->locks[]		all of a call, or all registrations of an address
 *				of record; picked by the hash of Call-ID or AOR
 *	net->yield.lock		the lists of what gives way; under it, the lock of
 *				another call is only tried
 *	net->port_locks[]	finding a free outer port; picked by the port
 *	binding->lock		the next of kin of one binding
 * The tables themselves are read under RCU.
 */
#ifndef SIPALG_NET_H
#define SIPALG_NET_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/netns/generic.h>

#include "../include/sipalg.h"
#include "../include/sipalg_reasons.h"
#include "sight.h"
#include "sip/stream.h"

#define SIPALG_LOCKS 256

/*
 * Entries that may share a key: legs of a Call-ID, bindings of an address. They
 * are walked one by one, and who sends to us must not choose how many.
 */
#define SIPALG_SAME_KEY 64

struct sipalg_policy;

/* Of one CPU; only the sums over all of them mean something. */
struct sipalg_stats {
	u64 n[SIPALG_R_COUNT];
	u32 class[SIPALG_CLASSES];
};

/* In a cache line of its own: two calls have one in common only if they share the lock. */
struct sipalg_lock {
	spinlock_t lock;
} ____cacheline_aligned_in_smp;

/**
 * struct sipalg_limits - what bounds a namespace
 * @dialogs: dialogs, those that linger included
 * @registrations: registered contacts
 * @bindings: bindings of all types
 * @message: bytes of a message
 * @forks: dialogs that one INVITE may have
 * @peers: hosts that may send to one signalling binding
 * @streams: TCP connections
 * @stream_bytes: memory that one of them may have
 * @streams_bytes: and all of them
 * @stall: seconds that a message over TCP may take to come to its end
 * @stream: bounds of each half of them
 */
struct sipalg_limits {
	u32 dialogs;
	u32 registrations;
	u32 bindings;
	u32 message;
	u16 forks;
	u16 peers;
	u32 streams;
	u32 stream_bytes;
	long streams_bytes;
	u32 stall;
	struct sip_stream_limits stream;
};

/**
 * struct sipalg_yield - dialogs that give way at a limit, the oldest first
 * @lock: protects the lists
 * @over: they have ended
 * @unanswered: trying or early
 */
struct sipalg_yield {
	spinlock_t lock;
	struct list_head over;
	struct list_head unanswered;
};

/**
 * struct sipalg_net - one namespace
 * @net: the namespace; outlives this
 * @enabled: hooks are registered and the tables exist; sipalg_mutex
 * @closing: the tables are about to go: timers do nothing, and media flows
 *	are let go instead of closed
 * @leaving: no new ones are followed
 * @media_min: outer media ports are at least this where the inner is taken
 * @media_max: and at most this
 * @policy_generation: of the latest one
 * @policy: never NULL once the namespace has begun
 * @ops: its own copy of the hooks, whose private data is this
 * @locks: see above
 * @port_locks: see above
 * @stats: counters; each is only ever added to
 * @secret: key of the hashes, so that nobody can aim at a bucket
 * @limits: see there
 * @ends: bindings by either of their ends
 * @calls: calls by the hash of their Call-ID
 * @registrations: contacts by the hash of their address of record
 * @sources: hosts that a rule counts
 * @yield: what gives way at a limit
 * @ncalls: calls that are in @calls
 * @ndialogs: dialogs
 * @nregistrations: contacts in @registrations
 * @nbindings: bindings in @ends
 * @next_id: the next id of a dialog, binding or registration
 * @nstreams: TCP connections in @streams
 * @stream_bytes: memory that they have
 * @streams: struct sipalg_stream, oldest first; read under RCU
 * @streams_lock: protects @streams
 * @streams_work: looks for those whose entry has gone
 * @sources_work: forgets those that were quiet
 * @limit_told: jiffies when listeners were told last that a limit was reached
 */
struct sipalg_net {
	struct net *net;
	bool enabled;
	bool closing;
	bool leaving;
	u16 media_min;
	u16 media_max;
	u32 policy_generation;
	struct sipalg_policy __rcu *policy;
	struct nf_hook_ops *ops;
	struct sipalg_lock *locks;	/* SIPALG_LOCKS of them: a call, or an AOR */
	struct sipalg_lock *port_locks;	/* as many: who takes a port */
	struct sipalg_stats __percpu *stats;
	siphash_key_t secret;
	struct sipalg_limits limits;
	struct rhltable ends ____cacheline_aligned_in_smp;
	struct rhltable calls ____cacheline_aligned_in_smp;
	struct rhltable registrations ____cacheline_aligned_in_smp;
	struct rhashtable sources;
	/*
	 * Above is what each message reads, and here what is written: by messages
	 * that begin, answer or end something, and none of those in between.
	 */
	struct sipalg_yield yield ____cacheline_aligned_in_smp;
	atomic_t ncalls;
	atomic_t ndialogs;
	atomic_t nregistrations;
	atomic_t nbindings;
	atomic_t next_id;
	atomic_t nstreams ____cacheline_aligned_in_smp;
	atomic_long_t stream_bytes;
	struct list_head streams;
	spinlock_t streams_lock;	/* the list */
	struct delayed_work streams_work;
	struct delayed_work sources_work;
	unsigned long limit_told[SIPALG_LIMIT_COUNT];
};

extern unsigned int sipalg_net_id;

static inline struct sipalg_net *sipalg_net(const struct net *net)
{
	return net_generic(net, sipalg_net_id);
}

static inline void sipalg_count(struct sipalg_net *sn, enum sipalg_reason r)
{
	this_cpu_inc(sn->stats->n[r]);
}

/* The lock of everything whose name hashes to this. */
static inline spinlock_t *sipalg_lock(struct sipalg_net *sn, u64 hash)
{
	return &sn->locks[hash % SIPALG_LOCKS].lock;
}

static inline u32 sipalg_new_id(struct sipalg_net *sn)
{
	return atomic_inc_return(&sn->next_id);
}

/* An id came back: new ones are higher. */
static inline void sipalg_id_taken(struct sipalg_net *sn, u32 id)
{
	int old = atomic_read(&sn->next_id);

	while ((u32)old < id && !atomic_try_cmpxchg(&sn->next_id, &old, id))
		;
}

/* Sum of a counter over all CPUs; and living dialogs of a class. */
u64 sipalg_stats_read(const struct sipalg_net *sn, enum sipalg_reason r);
u32 sipalg_class_read(const struct sipalg_net *sn, enum sipalg_class class);

/*
 * What a namespace needs from its first use to its end. Process context.
 *
 * sipalg_tables_init: once; again does nothing. Return: 0 or -ENOMEM.
 * sipalg_tables_flush: forget everything. No packet is in a hook any more, and
 *	@closing is set from here on. Owners go before what they own. May sleep.
 * sipalg_tables_clean: at the end, after a flush.
 */
int sipalg_tables_init(struct sipalg_net *sn);
void sipalg_tables_flush(struct sipalg_net *sn);
void sipalg_tables_clean(struct sipalg_net *sn);

/*
 * Turn a namespace on or off. Process context, may sleep.
 * Return: 0, -EALREADY, -ENOMEM or what a hook's registration says.
 */
int sipalg_net_enable(struct sipalg_net *sn);
int sipalg_net_disable(struct sipalg_net *sn);

#endif

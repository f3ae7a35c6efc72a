/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hosts that send to us, as far as a rule limits what one of them may do: how
 * many messages in a second, how many dialogs and registrations at a time, how
 * much memory for what comes over TCP.
 *
 * Where no rule limits that, there are none.
 */
#ifndef SIPALG_SOURCE_H
#define SIPALG_SOURCE_H

#include <linux/atomic.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>

#include "policy.h"
#include "sip/sip.h"

#define SIPALG_SOURCES_MAX	65536

struct sipalg_net;

/* What a source is found by; no padding. */
struct sipalg_source_key {
	u8 addr[16];
	u16 zone;
	u8 family;
	u8 zero;
};

/**
 * struct sipalg_bucket - messages that may come
 * @tokens: as many, times HZ
 * @last: jiffies, when it was filled
 */
struct sipalg_bucket {
	u32 tokens;
	u32 last;
};

/**
 * struct sipalg_source - a host
 * @node: in the namespace's table
 * @key: who it is
 * @rcu: freed a grace period after it left the table
 * @lock: protects the buckets
 * @dead: it has left the table; @lock
 * @seen: jiffies, of its latest message
 * @dialogs: that it began and that live
 * @registrations: that it has
 * @streams: its TCP connections, as far as a rule limits their memory
 * @held: bytes of memory that these have
 * @all: of all its messages
 * @method: by enum sipalg_method
 */
struct sipalg_source {
	struct rhash_head node;
	struct sipalg_source_key key;
	struct rcu_head rcu;
	spinlock_t lock;
	bool dead;
	unsigned long seen;
	atomic_t dialogs;
	atomic_t registrations;
	atomic_t streams;
	atomic_t held;
	struct sipalg_bucket all;
	struct sipalg_bucket method[SIPALG_METHOD_COUNT];
};

int sipalg_sources_init(struct sipalg_net *sn);
/* Each time that the namespace is enabled, and disabled; the latter may sleep. */
void sipalg_sources_start(struct sipalg_net *sn);
void sipalg_sources_stop(struct sipalg_net *sn);
void sipalg_sources_clean(struct sipalg_net *sn);

/**
 * sipalg_source_allows() - may this host send another message?
 * @sn: the namespace
 * @r: the rule
 * @host: who
 * @zone: where it is
 * @method: enum sipalg_method; of a response, that of its request
 * Where it cannot be said (no memory, too many hosts) it may. Under RCU.
 */
bool sipalg_source_allows(struct sipalg_net *sn, const struct sipalg_rule *r,
			  const struct sip_host *host, u16 zone, u8 method);

/**
 * sipalg_source_take() - one more dialog or registration of a host
 * @sn: the namespace
 * @limit: how many it may have
 * @registration: which of the two
 * @host: who
 * @zone: where it is
 * @taken: gets the source that the caller has to give back, or NULL where
 *	there is no limit or nothing can be counted
 * Return: false: it has as many as it may. Under RCU.
 */
bool sipalg_source_take(struct sipalg_net *sn, u32 limit, bool registration,
			const struct sip_host *host, u16 zone,
			struct sipalg_source **taken);
/* NULL is fine. */
void sipalg_source_give(struct sipalg_source *s, bool registration);

/**
 * sipalg_source_stream() - count the memory of a TCP connection for its host
 * @sn: the namespace
 * @host: who began it
 * @zone: where it is
 * @held: bytes that it has already
 * Return: the source, to be given back with sipalg_source_stream_over() when
 *	it has none any more, or NULL: it cannot be counted. Under RCU.
 */
struct sipalg_source *sipalg_source_stream(struct sipalg_net *sn,
					   const struct sip_host *host, u16 zone, u32 held);
void sipalg_source_stream_over(struct sipalg_source *s);

/* Bytes of one of its connections: may it have them? What it got it gives back. */
bool sipalg_source_hold(struct sipalg_source *s, u32 size, u32 limit);
void sipalg_source_release(struct sipalg_source *s, u32 size);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP connections that carry SIP: the stream machine of sip/stream.h behind
 * the hooks.
 *
 * A stream belongs to a conntrack entry, of which it holds a reference; the
 * entry's flow points to it. It goes when the entry has gone.
 */
#ifndef SIPALG_STREAM_H
#define SIPALG_STREAM_H

#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <net/netfilter/nf_conntrack.h>

#include "segment.h"
#include "sip/stream.h"

struct sipalg_flow;
struct sipalg_net;
struct sipalg_rule;
struct sipalg_source;
struct stream_call;

/**
 * struct sipalg_stream - one connection
 * @stream: the machine; it and what follows down to @call are protected by
 *	@lock
 * @way: by direction, how its packets travel
 * @reason: by direction, the reason that was counted
 * @mss: by direction, what the receiver announced
 * @bytes: of memory that the machine has
 * @bytes_max: and may have, as its rule says
 * @source: who began it, where a rule limits the memory of all that it began,
 *	or NULL
 * @source_max: what those may have, likewise
 * @source_full: they had it, when memory was refused last
 * @stall: seconds that a message may take, likewise
 * @killed: the operator wants it left alone
 * @liberal: conntrack was told not to look at numbers too closely
 * @paused: all packets are dropped for a moment: the kernel takes over
 * @dead: it has left the namespace's list
 * @call: the packet that is being looked at, or NULL
 * @lock: see above; nests inside nothing, and the lock of a call in it
 * @bypass: its packets need nothing any more
 * @list: in the namespace, in the order of @id
 * @rcu: given up a grace period after it left the list
 * @ref: of the list until then, and of dumps that go on behind it
 * @timer: looks for what waits too long
 * @sn: the namespace
 * @ct: the connection, a reference
 * @flow: in an extension of @ct
 * @id: for people
 * @start: likewise, milliseconds since the epoch
 */
struct sipalg_stream {
	struct sip_stream stream;
	struct sipalg_segment_way way[IP_CT_DIR_MAX];
	u8 reason[IP_CT_DIR_MAX];
	u32 bytes;
	u32 bytes_max;
	struct sipalg_source *source;
	u32 source_max;
	bool source_full;
	u32 stall;
	bool killed;
	bool liberal;
	bool paused;
	bool dead;
	struct stream_call *call;
	spinlock_t lock;
	bool bypass;
	struct list_head list;
	struct rcu_head rcu;
	refcount_t ref;
	struct timer_list timer;
	struct sipalg_net *sn;
	struct nf_conn *ct;
	struct sipalg_flow *flow;
	u32 id;
	u64 start;
};

/**
 * sipalg_stream_begin() - follow a connection from its SYN
 * @sn: the namespace
 * @skb: the packet that begins it
 * @ct: its entry, not confirmed
 * @flow: of the entry
 * @rule: that counts for it: one that only observes does so until it ends
 * Where there is no memory or no room, or this is no SYN, it is left alone.
 * Return: the flow, which may have moved: the entry gets an extension.
 */
struct sipalg_flow *sipalg_stream_begin(struct sipalg_net *sn, const struct sk_buff *skb,
					struct nf_conn *ct, struct sipalg_flow *flow,
					const struct sipalg_rule *rule);

/**
 * sipalg_stream_packet() - a packet of a followed connection
 * @sn: the namespace
 * @skb: the packet, its addresses final; may be reallocated inside
 * @state: of the hook
 * @ct: its entry
 * @ctinfo: its direction
 * @flow: of the entry
 * @rule: that counts for it
 * Return: true if the packet is gone: held back, or lost.
 */
bool sipalg_stream_packet(struct sipalg_net *sn, struct sk_buff *skb,
			  const struct nf_hook_state *state, struct nf_conn *ct,
			  enum ip_conntrack_info ctinfo, struct sipalg_flow *flow,
			  struct sipalg_rule *rule);

/**
 * sipalg_stream_error() - an ICMP error on its way to an end of a connection
 * @skb: the packet, its addresses final; may be reallocated inside
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @dir: its direction
 * @flow: of the connection
 * It quotes a segment as we sent it; the end believes only in what it sent.
 */
void sipalg_stream_error(struct sk_buff *skb, u8 pf, u8 dir,
			 struct sipalg_flow *flow);

/* Frees it with the last reference; a grace period has passed by then. */
void sipalg_stream_put(struct sipalg_stream *st);

/*
 * It is left alone from now on, as the operator wants it. Under RCU.
 * Return: 0, or -ENOENT: it is already, or it has ended.
 */
int sipalg_stream_kill(struct sipalg_stream *st);

/* Once; and each time that the namespace is enabled. */
void sipalg_streams_init(struct sipalg_net *sn);
void sipalg_streams_start(struct sipalg_net *sn);

/*
 * Let all connections go on without us: what is held goes out, what is on its
 * way gets some time, then the kernel carries the offsets on; a connection
 * whose receiver takes nothing all that time is reset. Hooks are still on; may
 * sleep for seconds.
 */
void sipalg_streams_leave(struct sipalg_net *sn);

/* Forget them. Hooks are off; may sleep. */
void sipalg_streams_flush(struct sipalg_net *sn);

#endif

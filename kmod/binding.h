/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bindings: an inner address and port, what it is called outside, and who may
 * send to it.
 *
 * One table finds a binding by either end. Two bindings may share an end: an
 * inside port that is mapped on two uplinks, or two phones that a NAT gave the
 * same outer port towards different registrars. Who the peer is decides then.
 *
 * A media binding belongs to a call and lives while a media line of the call
 * refers to it; its peers are what the other side of that line said. A
 * signalling binding lives on leases, one for each host that may send to it:
 * registrations and calls hold them, transactions take them for a while.
 */
#ifndef SIPALG_BINDING_H
#define SIPALG_BINDING_H

#include <linux/list.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <net/netfilter/nf_conntrack.h>

#include "../include/sipalg.h"
#include "sip/translate.h"

struct sipalg_call;
struct sipalg_net;
struct sipalg_probe;
struct sipalg_rule;

#define SIPALG_FLOWS_MAX 4

enum sipalg_side { SIPALG_INNER, SIPALG_OUTER };

/**
 * struct sipalg_end_key - what an end is found by; no padding
 */
struct sipalg_end_key {
	__be16 port;
	u16 zone;
	u8 proto;
	u8 pf;
	u8 side;
	u8 zero;
	union nf_inet_addr addr;
};

/* What is before the address is hashed and compared as two words. */
static_assert(offsetof(struct sipalg_end_key, addr) == 2 * sizeof(u32));

/* That of a binding of IPv4 has only the first word of the address. */
struct sipalg_end {
	struct rhlist_head node;
	struct sipalg_end_key key;
};

/**
 * struct sipalg_lease - a host may send to a signalling binding
 * @list: in the binding
 * @host: who
 * @holds: registrations and calls that want it to
 * @timed: it may until @until in any case
 * @until: jiffies
 * @probe: OPTIONS between the two, or NULL
 */
struct sipalg_lease {
	struct list_head list;
	struct sip_host host;
	u32 holds;
	bool timed;
	unsigned long until;
	struct sipalg_probe *probe;
};

/**
 * struct sipalg_signalling - what only a signalling binding has
 * @binding: of which it is part
 * @leases: struct sipalg_lease
 * @master: the flow that it was made for, a reference; what comes in by the
 *	binding is related to it
 * @callers: the rule that says who else may send to it, a reference, or NULL
 * @openers: registrations that let those in
 * @timer: looks for leases that ended, and for having none
 * All but the timer under the binding's lock.
 */
struct sipalg_signalling {
	struct sipalg_binding *binding;
	struct list_head leases;
	struct nf_conn *master;
	struct sipalg_rule *callers;
	u16 openers;
	struct timer_list timer;
};

/**
 * struct sipalg_binding - inner <-> outer
 * @lock: protects @dead, @nflows, @flow and @flows
 * @id: for people
 * @dead: it has left the table and lets nobody through any more
 * @stale: its outer address is no longer ours: no new flow may leave by it
 * @killed: media: the operator closed it, for good; changes under the call's lock
 * @type: enum sipalg_binding_type
 * @nflows: media: how many conntrack entries it let through, a reference each
 * @users: media: lines that refer to it; protected by the call's lock
 * @verbatim: signalling: the inside host writes its outer address itself:
 *	translate no text
 * @bare: signalling: the inside host writes no port (which is 5060 then)
 * @sn: the namespace
 * @call: media: whose it is; valid under RCU; protected by the call's lock
 * @flow: media: the entry, if it is one
 * @flows: media: SIPALG_FLOWS_MAX of them, if there are several
 * @rcu: freed a grace period after it left the table
 * @latched: media, until it is dead: the one end that may send to it, family 0:
 *	none was chosen; protected by the call's lock
 * @named: media, likewise: hash of where the other side says that it is
 * @ends: both ends, by enum sipalg_side, as large as the addresses are; the keys
 *	do not change. Behind them struct sipalg_signalling, or nothing.
 * There are two for each line of each call: bytes count.
 */
struct sipalg_binding {
	spinlock_t lock;
	u32 id;
	bool dead;
	bool stale;
	bool killed;
	u8 type;
	u8 nflows;
	union {
		u16 users;
		struct {
			bool verbatim;
			bool bare;
		};
	};
	struct sipalg_net *sn;
	struct sipalg_call *call;
	union {
		struct nf_conn *flow;
		struct nf_conn **flows;
	};
	union {
		struct rcu_head rcu;
		struct {
			struct sip_endpoint latched;
			u32 named;
		};
	};
	unsigned long ends[];
};

/* How much of struct sipalg_end there is. */
static inline size_t sipalg_end_size(u8 pf)
{
	return pf == NFPROTO_IPV4 ?
	       ALIGN(offsetof(struct sipalg_end, key.addr) + sizeof(__be32),
		     __alignof__(struct sipalg_end)) :
	       sizeof(struct sipalg_end);
}

static inline struct sipalg_end *sipalg_binding_end(const struct sipalg_binding *b,
						    unsigned int side)
{
	struct sipalg_end *first = (struct sipalg_end *)b->ends;

	return (void *)first + side * sipalg_end_size(first->key.pf);
}

static inline const struct sipalg_end_key *sipalg_binding_key(const struct sipalg_binding *b,
							      unsigned int side)
{
	return &sipalg_binding_end(b, side)->key;
}

static inline struct sipalg_binding *sipalg_binding_of(struct sipalg_end *end)
{
	void *first = (void *)end - end->key.side * sipalg_end_size(end->key.pf);

	return container_of(first, struct sipalg_binding, ends);
}

/* Of a signalling binding. */
static inline struct sipalg_signalling *sipalg_binding_own(const struct sipalg_binding *b)
{
	const struct sipalg_end *first = (const struct sipalg_end *)b->ends;

	return (void *)first + 2 * sipalg_end_size(first->key.pf);
}

/* Of a media binding, with its lock: the first of its flows. */
static inline struct nf_conn **sipalg_binding_flows(struct sipalg_binding *b)
{
	return b->nflows > 1 ? b->flows : &b->flow;
}

int sipalg_bindings_init(struct sipalg_net *sn);
/* A local address went, or came. Closes flows that NAT gave the address. */
void sipalg_bindings_moved(struct sipalg_net *sn, const struct sip_host *host,
			   bool gone);
/* Remove all that is left when calls and registrations are gone; may sleep. */
void sipalg_bindings_flush(struct sipalg_net *sn);
void sipalg_bindings_clean(struct sipalg_net *sn);

void sipalg_end_key_set(struct sipalg_end_key *key, enum sipalg_side side,
			const struct sip_endpoint *at, u8 proto, u16 zone);
void sipalg_end_get(const struct sipalg_binding *b, enum sipalg_side side,
		    struct sip_endpoint *at);
/* The end's key, with all of the address. */
void sipalg_end_key_get(const struct sipalg_binding *b, enum sipalg_side side,
			struct sipalg_end_key *key);
/* Does a flow begin at this end? */
bool sipalg_end_begins(const struct sipalg_binding *b, enum sipalg_side side,
		       const struct nf_conn *ct);

/**
 * sipalg_binding_find() - the binding of an end, of those with this type
 * @sn: the namespace
 * @key: the end
 * @other: an endpoint's host that the other end must have, or NULL
 * @call: media: must belong to this call, NULL: any
 * @signalling: which sort
 * Caller holds rcu_read_lock().
 */
struct sipalg_binding *sipalg_binding_find(struct sipalg_net *sn,
					   const struct sipalg_end_key *key,
					   const struct sip_host *other,
					   const struct sipalg_call *call,
					   bool signalling);

/* All bindings of an end, under RCU: a list for rhl_for_each_entry_rcu(). */
struct rhlist_head *sipalg_binding_lookup(struct sipalg_net *sn,
					  enum sipalg_side side,
					  const struct sip_endpoint *at,
					  u8 proto, u16 zone);

/* The flow that a signalling binding was made for, with a reference, or NULL. */
struct nf_conn *sipalg_binding_master(struct sipalg_binding *b);
void sipalg_binding_set_master(struct sipalg_binding *b, struct nf_conn *ct);

/**
 * sipalg_binding_create() - make one, at exactly these ends
 * @sn: the namespace
 * @type: enum sipalg_binding_type
 * @inner: inner end
 * @outer: outer end
 * @proto: IPPROTO_UDP or IPPROTO_TCP
 * @zones: conntrack zones of the ends
 * @call: owner of a media binding
 * @shared: the outer end may be somebody else's as well (told apart by peer)
 * Return: the binding, or an ERR_PTR: -EADDRINUSE, -ENOMEM, -ENOSPC (limit).
 * It is in the table at once, but lets nobody through yet.
 */
struct sipalg_binding *sipalg_binding_create(struct sipalg_net *sn, u8 type,
					     const struct sip_endpoint *inner,
					     const struct sip_endpoint *outer,
					     u8 proto, const u16 zones[2],
					     struct sipalg_call *call,
					     bool shared);

/* Take it out of the table, close its flows, free it after a grace period. */
void sipalg_binding_destroy(struct sipalg_binding *b);

/*
 * As sipalg_binding_destroy(), of a binding that nobody holds: who made it has
 * no use for it after all, but others may have found it.
 */
void sipalg_binding_discard(struct sipalg_binding *b);

/**
 * sipalg_binding_hold() - let a host send to a signalling binding
 * @b: the binding, under RCU; lasts while it is held
 * @host: who
 * Return: 0, -ENOMEM, -ENOSPC (limit of hosts), -ENOENT (it died meanwhile).
 */
int sipalg_binding_hold(struct sipalg_binding *b, const struct sip_host *host);

/**
 * sipalg_binding_drop() - a hold ends
 * @b: the binding; goes with the last of all leases
 * @host: as it was held for
 * @linger: seconds that the binding stays in the table then, for nobody's use
 */
void sipalg_binding_drop(struct sipalg_binding *b, const struct sip_host *host,
			 u32 linger);

/* Let @host send for so many seconds. Return: as sipalg_binding_hold(). */
int sipalg_binding_lease(struct sipalg_binding *b, const struct sip_host *host,
			 u32 seconds);
/* May this host send to the signalling binding now? */
bool sipalg_binding_leased(struct sipalg_binding *b, const struct sip_host *host);
/*
 * A registration lets in whom its rule names as callers; of several, the last
 * one says who that is. And lets them in no longer.
 */
void sipalg_binding_open(struct sipalg_binding *b, struct sipalg_rule *r);
void sipalg_binding_shut(struct sipalg_binding *b);
/* Is this host one of those? */
bool sipalg_binding_has_caller(struct sipalg_binding *b, const struct sip_host *host);
/* The hosts that may, up to so many, the oldest first. Return: how many. */
unsigned int sipalg_binding_peers(struct sipalg_binding *b,
				  struct sip_host hosts[], unsigned int max);

/*
 * Remember a conntrack entry that a media binding lets through. False: it has
 * as many as it may, or it is dead. Takes a reference on the entry.
 */
bool sipalg_binding_add_flow(struct sipalg_binding *b, struct nf_conn *ct);

/*
 * Close the flows that the binding let through; those that are not confirmed
 * yet stay in its list. While the namespace closes, they are only let go.
 */
void sipalg_binding_kill_flows(struct sipalg_binding *b);

/**
 * sipalg_binding_prune() - close those of its flows that nothing admits any more
 * @b: media, with its call's lock
 * @admits: may this host send to it? Or, outbound, be sent to by it?
 */
void sipalg_binding_prune(struct sipalg_binding *b,
			  bool (*admits)(const struct sipalg_binding *b,
					 const struct sip_host *host, bool outbound));

/* It is about to be freed, and so are its flows. */
void sipalg_binding_free_flows(struct sipalg_binding *b);

/* The other end of one of its flows that went both ways. False: there is none. */
bool sipalg_binding_heard(struct sipalg_binding *b, struct sip_endpoint *peer);
/* A media binding forgets its flows, which go on. */
void sipalg_binding_let_flows_go(struct sipalg_binding *b);

/*
 * A conntrack entry of these two endpoints that is none of the binding's
 * would shadow it: remove it.
 */
void sipalg_binding_clear_way(struct sipalg_binding *b,
			      const struct sip_endpoint *peer);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls and their dialogs.
 *
 * A call is what one request began: a Call-ID, the From tag of who began it,
 * and the two hosts between which it passes us. A call between two inside
 * phones through an outside proxy is two calls here, one for each leg. A call
 * has a dialog for each To tag (each fork) that answered.
 *
 * Subscriptions are calls whose method is SUBSCRIBE, NOTIFY or REFER.
 *
 * All of a call is protected by its lock, which is picked by the hash of the
 * Call-ID, so that the legs of a call share it.
 */
#ifndef SIPALG_CALL_H
#define SIPALG_CALL_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/timer.h>

#include "../include/sipalg.h"
#include "media.h"
#include "sight.h"
#include "sip/sip.h"

struct nf_conn;
struct sipalg_ctx;
struct sipalg_source;
struct sipalg_rule;
struct sipalg_net;

#define SIPALG_LINGER_SECONDS		32	/* retransmissions still come */
#define SIPALG_BYE_SECONDS		32	/* 64 * T1 */

/**
 * struct sipalg_transaction - the last request of its kind, of one side
 * @seen: there was one
 * @active: it waits for its final response
 * @initial: it was sent outside of a dialog, and may fork
 * @offered: it had an offer, or its response's was answered already
 * @cseq: its number
 * @via: hash of the topmost Via, whose branch is the same if it is sent again
 */
struct sipalg_transaction {
	u32 cseq;
	u32 via:28;
	bool seen:1;
	bool active:1;
	bool initial:1;
	bool offered:1;
};

/**
 * struct sipalg_dialog - one dialog, or one about to be
 * @list: in the call
 * @call: its call, which outlives it
 * @id: for people
 * @state: enum sipalg_dialog_state
 * @reason: enum sipalg_end_reason
 * @status: last final status
 * @known: by side: a request of that side was seen, with @cseq
 * @cseq: by side: the highest request number that was accepted
 * @yield: in the namespace's list of what gives way at a limit
 * @invite: by side: its last INVITE (or SUBSCRIBE, ...) that may still be answered;
 *	both may have one (RFC 3261 14.1)
 * @update: by side: its last UPDATE
 * @prack: by side: its last PRACK
 * @bye: by side: its last BYE
 * @cancelled: the INVITE that began it was cancelled
 * @hurried: the INVITE was answered, but not by this dialog as far as we could see
 * @lost: a request within it timed out
 * @refer: a REFER within the call was accepted; its last NOTIFY, which may come
 *	after the BYE, has not been seen
 * @killed: the operator closed its media; its messages still pass, until BYE
 * @listens: silence ends it, see idle.c
 * @start: wall clock, ms
 * @answer: the same, 0 before
 * @end: the same, of a dialog that is over
 * @deadline: jiffies, when it is given up
 * @session_expires: seconds, 0 none
 * @heard: until then: jiffies, when its media were heard last
 * @look: likewise, when they are listened for again
 * @heard_sum: what was found then
 * @agreed: media as agreed
 * @kept: media as agreed before an UPDATE or PRACK changed them during an INVITE
 * @offer: by side: media as offered, and not yet agreed
 * @early: early media that have their own description, until it is answered
 * @sight: what is only shown
 * @source: where it counts as one of those that a host began, or NULL
 * @b_tag: the To tag of the first response; NULL while trying
 * @counted: it counts for its rule
 */
struct sipalg_dialog {
	struct list_head list;
	struct list_head yield;
	struct sipalg_call *call;
	u32 id;
	u8 state;
	u8 reason;
	u16 status;
	bool known[2];
	bool cancelled:1;
	bool hurried:1;
	bool lost:1;
	bool refer:1;
	bool killed:1;
	bool listens:1;
	bool counted:1;
	u8 b_tag_len;
	u32 session_expires;
	u32 cseq[2];
	struct sipalg_transaction invite[2];
	struct sipalg_transaction update[2];
	struct sipalg_transaction prack[2];
	struct sipalg_transaction bye[2];
	u64 start;
	u64 answer;
	union {
		u64 end;
		struct {
			u32 heard;
			u32 look;
		};
	};
	unsigned long deadline;
	struct sipalg_session *agreed;
	struct sipalg_session *kept;
	struct sipalg_session *offer[2];
	struct sipalg_session *early;
	struct sipalg_sight sight;
	struct sipalg_source *source;
	char *b_tag;
	u32 heard_sum;
};

/**
 * struct sipalg_hosts - some hosts, of which most are one that is known anyhow
 * @other: those that are not, SIPALG_HOSTS of them; NULL: there are none
 * @how: two bits for each, enum sipalg_hosts_how
 * @tag: for whoever has it
 */
struct sipalg_hosts {
	struct sip_host *other;
	u8 how;
	u8 tag;
};

#define SIPALG_HOSTS 4

/* The host in this place, where the one that is known is @usual; family 0: none. */
const struct sip_host *sipalg_hosts_get(const struct sipalg_hosts *h, unsigned int i,
					const struct sip_host *usual);
/* False: there is no memory, and all is as before. */
bool sipalg_hosts_set(struct sipalg_hosts *h, unsigned int i, const struct sip_host *host,
		      const struct sip_host *usual);
void sipalg_hosts_clear(struct sipalg_hosts *h);

enum sipalg_reach_kind { SIPALG_REACH_CONTACT, SIPALG_REACH_PROXY };

/**
 * struct sipalg_reach - a way to a host of a call, from outside
 * @next: of the call
 * @binding: leads there; we hold it for each of @leased
 * @leased: who may come by it: the host that the other side's messages come
 *	from, its target, its route, and the host that the call began with, which
 *	is the usual one. The tag says whose it is: see sipalg_reach_tag().
 */
struct sipalg_reach {
	struct sipalg_reach *next;
	struct sipalg_binding *binding;
	struct sipalg_hosts leased;
};

/**
 * struct sipalg_call - one leg of a call
 * @node: in the namespace's table
 * @hash: siphash of the Call-ID, the table's key
 * @sn: the namespace
 * @rcu: freed a grace period after it left the table
 * @dialogs: until then: struct sipalg_dialog
 * @timer: the earliest deadline, or earlier
 * @master: the conntrack entry of its latest signalling, a reference
 * @rule: that it began under, a reference
 * @reach: how its hosts are reached; mostly one is inside, and has one
 * @learned: see sipalg_call_target() and sipalg_call_route()
 * @id: for people: that of its first dialog
 * @ndialogs: how many
 * @zone: conntrack zone
 * @method: enum sip_method that began it
 * @dead: it has left the table, or never got there
 * @bare: by side: the Contact had no port
 * @call_id_len: of the texts, in their order
 * @a_tag_len: likewise
 * @a_uri_len: likewise
 * @b_uri_len: likewise; a URI may have a NUL in it, and its end is not the first
 * @host: by side: the hosts as they are on their own networks
 * @text: Call-ID, From tag, From URI and To URI, one after the other, each
 *	with a NUL behind it
 * There is one for each call: bytes count.
 */
struct sipalg_call {
	struct rhlist_head node;
	u64 hash;
	struct sipalg_net *sn;
	union {
		struct rcu_head rcu;
		struct list_head dialogs;
	};
	struct timer_list timer;
	struct nf_conn *master;
	struct sipalg_rule *rule;
	struct sipalg_reach *reach;
	struct sipalg_hosts learned;
	u32 id;
	u16 ndialogs;
	u16 zone;
	u8 method;
	bool dead;
	bool bare[2];
	u8 call_id_len;
	u8 a_tag_len;
	u8 a_uri_len;
	u8 b_uri_len;
	struct sip_host host[2];
	char text[];
};

#define SIPALG_TAG_MAX 255	/* of a Call-ID and a tag; longer ones begin no call */

static inline const char *sipalg_call_id(const struct sipalg_call *call)
{
	return call->text;
}

static inline const char *sipalg_call_a_tag(const struct sipalg_call *call)
{
	return call->text + call->call_id_len + 1;
}

static inline const char *sipalg_call_a_uri(const struct sipalg_call *call)
{
	return sipalg_call_a_tag(call) + call->a_tag_len + 1;
}

static inline const char *sipalg_call_b_uri(const struct sipalg_call *call)
{
	return sipalg_call_a_uri(call) + call->a_uri_len + 1;
}

static inline u8 sipalg_reach_tag(u8 side, enum sipalg_reach_kind kind)
{
	return side | kind << 1;
}

static inline u8 sipalg_reach_side(const struct sipalg_reach *r)
{
	return r->leased.tag & 1;
}

/* How this side's Contact, or its own Record-Route, is reached; or NULL. */
struct sipalg_reach *sipalg_call_reach(const struct sipalg_call *call, u8 side,
				       enum sipalg_reach_kind kind);
void sipalg_call_add_reach(struct sipalg_call *call, u8 side, enum sipalg_reach_kind kind,
			   struct sipalg_reach *r);

/* The side's host in its latest Contact; family 0: none was seen. */
static inline const struct sip_host *sipalg_call_target(const struct sipalg_call *call,
							unsigned int side)
{
	return sipalg_hosts_get(&call->learned, side, &call->host[side]);
}

/* The proxy next to us in the side's Record-Route, likewise. */
static inline const struct sip_host *sipalg_call_route(const struct sipalg_call *call,
						       unsigned int side)
{
	return sipalg_hosts_get(&call->learned, 2 + side, &call->host[side]);
}

static inline bool sipalg_call_set_target(struct sipalg_call *call, unsigned int side,
					  const struct sip_host *host)
{
	return sipalg_hosts_set(&call->learned, side, host, &call->host[side]);
}

static inline bool sipalg_call_set_route(struct sipalg_call *call, unsigned int side,
					 const struct sip_host *host)
{
	return sipalg_hosts_set(&call->learned, 2 + side, host, &call->host[side]);
}

int sipalg_calls_init(struct sipalg_net *sn);
/* End all calls; their tables stay. Hooks are off; may sleep. */
void sipalg_calls_flush(struct sipalg_net *sn);
void sipalg_calls_clean(struct sipalg_net *sn);

/* Of a request's topmost Via field, 28 bits. */
u32 sipalg_via_hash(const struct sipalg_ctx *ctx);
u64 sipalg_hash(const struct sipalg_net *sn, const char *text, u32 len);

/*
 * The table's part of the pipeline, in call.c. All with the lock of the
 * Call-ID held.
 *
 * sipalg_call_find: the call, dialog and side that a message belongs to, or
 *	none (NULL), into ctx.
 * sipalg_call_prepare: where the message begins a call or a fork, make it,
 *	out of everybody's sight. Return: SIPALG_R_OK or why not.
 * sipalg_call_abort: undo that.
 * sipalg_call_publish: put what was prepared into the table.
 */
void sipalg_call_find(struct sipalg_ctx *ctx);
enum sipalg_reason sipalg_call_prepare(struct sipalg_ctx *ctx);
void sipalg_call_abort(struct sipalg_ctx *ctx);
void sipalg_call_publish(struct sipalg_ctx *ctx);

/* It is over, and does not count any more for the limits of its rule. */
void sipalg_call_uncount(struct sipalg_dialog *d);
/* The call's timer has to fire at @when or before. */
void sipalg_call_arm(struct sipalg_call *call, unsigned long when);
/* Forget a dialog, and with the last one its call. With the call's lock. */
void sipalg_call_forget(struct sipalg_dialog *d);

/*
 * A call that comes back (restore.c), in process context.
 *
 * sipalg_call_new: out of everybody's sight, or NULL.
 * sipalg_dialog_new: one of its dialogs, counted; an ERR_PTR. Under RCU.
 * sipalg_call_is_known: -EEXIST: there is such a call. -ENOSPC: too many.
 * sipalg_call_add: put it into the table. Return: 0, as above, -ENOMEM.
 * sipalg_call_undo: it was not added after all: everything of it goes.
 */
struct sipalg_call *sipalg_call_new(struct sipalg_net *sn, const char *call_id,
				    const char *a_tag, const char *a_uri, const char *b_uri);
struct sipalg_dialog *sipalg_dialog_new(struct sipalg_call *call, gfp_t gfp);
int sipalg_call_is_known(const struct sipalg_call *call);
int sipalg_call_add(struct sipalg_call *call);
void sipalg_call_undo(struct sipalg_call *call);

/*
 * What gives way at a limit, in yield.c: dialogs that are over, then those that
 * were not answered, the oldest first; answered ones never.
 *
 * sipalg_yield_update: the dialog's state has changed, or it is new.
 * sipalg_yield_forget: it is about to be freed.
 * sipalg_yield_make_room: let a dialog of another call go; where @bindings are
 *	needed, one that may have some. Return: whether there was one.
 */
void sipalg_yield_update(struct sipalg_dialog *d);
void sipalg_yield_forget(struct sipalg_dialog *d);
bool sipalg_yield_make_room(struct sipalg_ctx *ctx, bool bindings);

/*
 * The states, in dialog.c: the step that a message means, after it has left.
 */
void sipalg_dialog_step(struct sipalg_ctx *ctx);
/* Does this response answer a request that was seen, and this request fit? */
bool sipalg_dialog_fits(const struct sipalg_ctx *ctx);
/* Is it a request that was seen before? */
bool sipalg_dialog_is_repeated(const struct sipalg_ctx *ctx);
/* Over: close its media, keep it in sight for a while. */
void sipalg_dialog_end(struct sipalg_dialog *d, u8 reason);
/*
 * The operator's end: its media close, and what leads to its Contacts stays for
 * as long as it would have, or until its BYE is answered.
 */
void sipalg_dialog_kill(struct sipalg_dialog *d);
/* A message of a dialog that was killed has left. */
void sipalg_dialog_step_killed(struct sipalg_ctx *ctx);
/*
 * The message goes on, but could not be taken in. If it was the answer of a call,
 * it comes again for as long as nobody acknowledges it, and what was offered does
 * not stay open for longer than that.
 */
void sipalg_dialog_missed(struct sipalg_ctx *ctx);
/* Its deadline has come. False: it can be forgotten. */
bool sipalg_dialog_timeout(struct sipalg_dialog *d);

/* Who may call the Contact of an inside host during the call. */
void sipalg_call_lease(struct sipalg_ctx *ctx);
void sipalg_call_unlease(struct sipalg_call *call);
/* What leads to the Contacts lets them be called for some more seconds. */
void sipalg_call_linger(struct sipalg_call *call);

#endif

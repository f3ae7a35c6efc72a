/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One message on its way through the pipeline.
 *
 * There is one context per CPU, in use from the hook's entry to its end with
 * bottom halves off; it is far too large for a stack.
 */
#ifndef SIPALG_CTX_H
#define SIPALG_CTX_H

#include "binding.h"
#include "call.h"
#include "flow.h"
#include "media.h"
#include "packet.h"
#include "policy.h"
#include "registration.h"
#include "sip/edit.h"
#include "sip/sdp.h"
#include "sip/stream.h"
#include "sip/translate.h"

#define SIPALG_MESSAGE_MAX	65536
#define SIPALG_CTX_MADE		(2 * SIPALG_MEDIA_ENDS + 32)
#define SIPALG_CTX_CONTACTS	SIPALG_REGISTER_CONTACTS
#define SIPALG_PORT_LOW		1024	/* no pinhole below */

/**
 * struct sipalg_contact - an own Contact that the message names
 * @at: as it was written
 * @outer: what it becomes
 * @uri: the URI, in the message
 * @params: its parameters, in the message
 * @bare: without a port
 * @path: it is none, but stands in Path
 * @inner: where that is, as the sender itself knows it
 * @proto: IPPROTO_UDP or IPPROTO_TCP
 * @binding: leads there; NULL where a rule only observes
 * @held: we hold a lease of it for the receiver, which its owner takes over
 * @registration: of REGISTER: what it belongs to
 * @made: that was made by this message
 */
struct sipalg_contact {
	struct sip_endpoint at;
	struct sip_endpoint outer;
	struct sip_endpoint inner;
	struct sip_span uri;
	struct sip_span params;
	u8 proto;
	bool bare;
	bool path;
	struct sipalg_binding *binding;
	struct sipalg_registration *registration;
	bool held;
	bool made;
};

/**
 * struct sipalg_ctx - see above
 * @sn: the namespace
 * @packet: the packet
 * @ct: its conntrack entry
 * @flow: what we know of the entry
 * @rule: that counts for it
 * @stream: TCP: the connection, else NULL
 * @observe: what the message says is noted, but nothing is changed or opened
 * @dir: the packet's direction
 * @proto: IPPROTO_UDP or IPPROTO_TCP
 * @out_dev: the device by which the message leaves, NULL where it stays here
 * @zone: conntrack zone of the inside
 * @outer_zone: and of the outside, where outer ports are shared
 * @src_nat: the sender is behind our NAT
 * @dst_nat: the receiver is behind our NAT
 * @path: the four endpoints
 * @flow_set: flags of the flow that this message sets ...
 * @flow_clear: ... and clears, if it gets through
 * @hash: of the Call-ID; picks the lock
 * @call: what it belongs to, or NULL
 * @dialog: likewise
 * @side: of the dialog, who sent this message
 * @twin: of two inside phones that a proxy connected and that speak directly
 *	now: the dialog of the callee's leg, where @dialog is the caller's
 * @new_call: @call was made by this message
 * @new_dialog: @dialog was made by this message
 * @new_tag: the dialog's B tag, if it becomes known by this message
 * @stale: it fits nothing: it must change no state
 * @media: what its session description would do
 * @nmade: how many of @made are used
 * @made: bindings that this message made
 * @ncontacts: how many of @contacts are used
 * @contacts: own Contacts in it
 * @reach: room for the way to the first of them, if the call needs it
 * @target: the host that its first Contact names, family 0: none
 * @proxy: leads to the own Record-Route that the other side sends to, or NULL
 * @killed: but it is of a dialog whose media the operator closed
 * @star: "Contact: *"
 * @msg: the message
 * @sdp: its session description, of several the one at hand
 * @edits: what becomes of it
 */
struct sipalg_ctx {
	struct sipalg_net *sn;
	struct sipalg_packet packet;
	struct nf_conn *ct;
	struct sipalg_flow *flow;
	struct sipalg_rule *rule;
	struct sip_stream *stream;
	bool observe;
	enum ip_conntrack_dir dir;
	u8 proto;
	const struct net_device *out_dev;
	u16 zone;
	u16 outer_zone;
	bool src_nat;
	bool dst_nat;
	struct sipalg_path path;
	u8 flow_set;
	u8 flow_clear;
	u64 hash;
	struct sipalg_call *call;
	struct sipalg_dialog *dialog;
	u8 side;
	struct sipalg_dialog *twin;
	bool new_call;
	bool new_dialog;
	bool stale;
	bool killed;
	bool star;
	char *new_tag;
	struct sipalg_media_plan media;
	u16 nmade;
	u16 ncontacts;
	struct sipalg_binding *made[SIPALG_CTX_MADE];
	struct sipalg_contact contacts[SIPALG_CTX_CONTACTS];
	struct sipalg_reach *reach;
	struct sip_host target;
	struct sipalg_binding *proxy;
	struct sip_msg msg;
	struct sdp sdp;
	struct sip_edits edits;
};

static inline bool sipalg_is_request(const struct sipalg_ctx *ctx)
{
	return !ctx->msg.status;
}

/* The side whose request this is, or which this responds to. */
static inline u8 sipalg_requester(const struct sipalg_ctx *ctx)
{
	return sipalg_is_request(ctx) ? ctx->side : !ctx->side;
}

/*
 * Does the sender's address stand for an inside host, or for one of a plain
 * firewall, where both sides count as inside?
 */
static inline bool sipalg_sender_is_near(const struct sipalg_ctx *ctx)
{
	return ctx->src_nat || !ctx->dst_nat;
}

/*
 * Whose media the sender may speak of: its own, and those of hosts that the
 * operator let it have. All get the outer address of the signalling, so they are
 * of its family.
 */
static inline bool sipalg_is_media_host(const struct sipalg_ctx *ctx,
					const struct sip_host *host)
{
	return sip_host_equal(host, &ctx->path.src_in.host) ||
	       (host->family == ctx->path.src_in.host.family &&
		sipalg_prefixes_have(&ctx->rule->inner, host));
}

/* What a host on the sender's side is called outside: without NAT, as it is. */
static inline const struct sip_host *sipalg_outer_host(const struct sipalg_ctx *ctx,
						       const struct sip_host *inner)
{
	return ctx->src_nat ? &ctx->path.src_out.host : inner;
}

/* The resolver that asks the flow and the bindings; in signalling.c. */
enum sipalg_reason sipalg_resolve(void *priv, const struct sip_ask *ask,
				  struct sip_answer *answer);

/* What sipalg_resolve() need not be asked for; see struct sip_resolver. */
u64 sipalg_resolve_skips(const struct sipalg_ctx *ctx);

/* The one that translates nothing, and notes what a phone registers; likewise. */
enum sipalg_reason sipalg_observe(void *priv, const struct sip_ask *ask,
				  struct sip_answer *answer);

/**
 * struct sipalg_run - ports in a row
 * @type: enum sipalg_binding_type
 * @proto: IPPROTO_UDP or IPPROTO_TCP
 * @n: how many
 * @step: from one to the next
 * @rtcp: each of them with a binding for RTCP at the port above
 */
struct sipalg_run {
	u8 type;
	u8 proto;
	u8 n;
	u8 step;
	bool rtcp;
};

/**
 * sipalg_allocate() - bindings at free outer ports, which lie as the inner do;
 *	in port.c
 * @ctx: notes the bindings in @made, in the order of their ports
 * @inner: the first inner end; its port is tried first
 * @run: which
 * Return: the first binding; an ERR_PTR as sipalg_binding_create() where none of
 * a bounded number of tries found all ports free.
 */
struct sipalg_binding *sipalg_allocate(struct sipalg_ctx *ctx,
				       const struct sip_endpoint *inner,
				       const struct sipalg_run *run);

/* Is there a socket of this very host on this address and port? */
bool sipalg_is_local(const struct sipalg_ctx *ctx, const struct sip_endpoint *at,
		     u8 proto);

/* Make a binding at exactly this outer end, and note it. */
struct sipalg_binding *sipalg_make(struct sipalg_ctx *ctx, u8 type,
				   const struct sip_endpoint *inner,
				   const struct sip_endpoint *outer, u8 proto,
				   bool shared);

/* What an ERR_PTR of the above means for the message. */
enum sipalg_reason sipalg_reason_of(const struct sipalg_ctx *ctx, int err);

#endif

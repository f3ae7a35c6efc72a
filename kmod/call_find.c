// SPDX-License-Identifier: GPL-2.0
/*
 * Which call, dialog and side a message belongs to.
 */
#include <linux/hash.h>

#include "call_priv.h"
#include "compat/unaligned.h"
#include "ctx.h"
#include "net.h"

static bool same(const struct sipalg_ctx *ctx, struct sip_span s,
		 const char *text, u32 len)
{
	return s.len == len && !memcmp(ctx->msg.data + s.off, text, len);
}

static bool has_b_tag(const struct sipalg_ctx *ctx, const struct sipalg_dialog *d,
		      struct sip_span tag)
{
	return d->b_tag && same(ctx, tag, d->b_tag, d->b_tag_len);
}

/*
 * How well the message's hosts fit the call's, seen from @side as the sender:
 * 0 not at all. An inside host has to be the very one: two legs of a call
 * differ in nothing else.
 */
static unsigned int fit(const struct sipalg_ctx *ctx,
			const struct sipalg_call *call, u8 side)
{
	bool src = sip_host_equal(&ctx->path.src_in.host, &call->host[side]);
	bool dst = sip_host_equal(&ctx->path.dst_out.host, &call->host[!side]);

	if ((ctx->src_nat && !src) || (ctx->dst_nat && !dst))
		return 0;
	return src + dst;
}

/* The dialog of a call in which @tag is B's. */
static struct sipalg_dialog *dialog_by_tag(const struct sipalg_ctx *ctx,
					   struct sipalg_call *call,
					   struct sip_span tag)
{
	struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list) {
		if (has_b_tag(ctx, d, tag))
			return d;
	}
	return NULL;
}

static u64 mix(u64 hash, u64 word)
{
	return (rol64(hash, 29) ^ word) * GOLDEN_RATIO_64;
}

u32 sipalg_via_hash(const struct sipalg_ctx *ctx)
{
	struct sip_span via = sip_hdr_first(&ctx->msg, SIP_HDR_VIA)->value;
	const char *p = ctx->msg.data + via.off;
	u64 hash = ctx->sn->secret.key[0] + via.len;
	u32 i;

	/* It is only compared with that of one other message: no table, so no jhash. */
	for (i = 0; i + 8 <= via.len; i += 8)
		hash = mix(hash, get_unaligned((const u64 *)(p + i)));
	for (; i < via.len; i++)
		hash = mix(hash, (u8)p[i]);
	return hash >> 36;
}

bool call_is_initial(const struct sipalg_ctx *ctx, const struct sipalg_call *call)
{
	const struct sip_msg *m = &ctx->msg;

	return !m->status && m->method == call->method && !m->to_tag.len;
}

struct sipalg_dialog *call_dialog_by_cseq(const struct sipalg_ctx *ctx,
					  struct sipalg_call *call, bool trying)
{
	struct sipalg_dialog *d, *answered = NULL, *over = NULL;

	list_for_each_entry(d, &call->dialogs, list) {
		if (!d->invite[0].initial || d->invite[0].cseq != ctx->msg.cseq ||
		    (trying && d->b_tag))
			continue;
		if (d->state < SIPALG_DIALOG_CONFIRMED)
			return d;
		if (d->state == SIPALG_DIALOG_CONFIRMED)
			answered = answered ?: d;
		else if (!call_is_initial(ctx, call) || d->invite[0].via == sipalg_via_hash(ctx))
			over = d;
	}
	return answered ?: over;
}

/*
 * Messages of the INVITE that may have a tag of B that no dialog has: the
 * failure that a proxy chose of those of several forks, its ACK, and what
 * answers a CANCEL.
 */
static bool is_of_all_forks(const struct sip_msg *m, const struct sipalg_call *call)
{
	if (!m->status)
		return m->method == SIP_ACK;
	return m->method == SIP_CANCEL ||
	       (m->method == call->method && m->status >= 300);
}

static struct sipalg_dialog *dialog_untagged(struct sipalg_call *call)
{
	struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list) {
		if (!d->b_tag)
			return d;
	}
	return NULL;
}

/*
 * The dialog of a message whose request came from @requester; @to is the tag
 * of the other side. Where B's tag is new, it is that of the dialog without.
 */
static struct sipalg_dialog *dialog_find(const struct sipalg_ctx *ctx,
					 struct sipalg_call *call, u8 requester)
{
	const struct sip_msg *m = &ctx->msg;
	struct sipalg_dialog *d;

	if (requester) {
		d = dialog_by_tag(ctx, call, m->from_tag);
		/* A NOTIFY may be the first to tell B's tag (RFC 6665 4.4.1). */
		return d || m->method != SIP_NOTIFY ? d : dialog_untagged(call);
	}
	if (!m->to_tag.len)
		return call_dialog_by_cseq(ctx, call, false);
	d = dialog_by_tag(ctx, call, m->to_tag);
	if (!d && m->status)
		d = call_dialog_by_cseq(ctx, call, true);
	if (!d && is_of_all_forks(m, call))
		d = call_dialog_by_cseq(ctx, call, false);
	return d;
}

/* 0 or 1: whose request the tags say it is; -1: they are not of this call. */
static int requester_of(const struct sipalg_ctx *ctx, const struct sipalg_call *call)
{
	const struct sip_msg *m = &ctx->msg;

	if (same(ctx, m->from_tag, sipalg_call_a_tag(call), call->a_tag_len))
		return 0;
	if (same(ctx, m->to_tag, sipalg_call_a_tag(call), call->a_tag_len))
		return 1;
	return -1;
}

/*
 * Is the sender one that the call has heard of: the host that it passed us to
 * or from, one that its Contact named, or the proxy next to us on its route? A
 * stranger may know the tags, but changes nothing.
 */
static bool is_known(const struct sipalg_ctx *ctx, const struct sipalg_call *call)
{
	const struct sip_host *src = &ctx->path.src_in.host;

	return sip_host_equal(src, &call->host[ctx->side]) ||
	       sip_host_equal(src, sipalg_call_target(call, ctx->side)) ||
	       sip_host_equal(src, sipalg_call_route(call, ctx->side));
}

/*
 * A message within a dialog whose proxy left the path: it goes from one inside
 * phone to the other, and there is a leg of the call for each of them. Only
 * phones that have such a leg are meant.
 */
static void find_direct(struct sipalg_ctx *ctx, struct rhlist_head *list)
{
	const struct sipalg_path *path = &ctx->path;
	bool request = sipalg_is_request(ctx);
	/* The requester and the responder; so end[side], by whose request, is A. */
	const struct sip_host *end[2];
	struct sipalg_call *call, *leg[2] = {}; /* A's and B's */
	struct sipalg_dialog *d, *twin;
	const struct sip_msg *m = &ctx->msg;
	struct rhlist_head *pos;
	int side = -1;

	end[!request] = &path->src_in.host;
	end[request] = &path->dst_out.host;

	rhl_for_each_entry_rcu(call, pos, list, node) {
		int n;

		if (call->dead || call->zone != ctx->zone ||
		    !same(ctx, m->call_id, sipalg_call_id(call), call->call_id_len))
			continue;
		n = requester_of(ctx, call);
		if (n < 0)
			continue;
		side = n;
		if (sip_host_equal(end[side], &call->host[0]))
			leg[0] = call;
		else if (sip_host_equal(end[!side], &call->host[1]))
			leg[1] = call;
	}
	if (!leg[0] || !leg[1])
		return;
	d = dialog_find(ctx, leg[0], side);
	twin = dialog_find(ctx, leg[1], side);
	if (!d || !twin)
		return;
	ctx->call = leg[0];
	ctx->dialog = d;
	ctx->twin = twin;
	ctx->side = request ? side : !side;
}

void sipalg_call_find(struct sipalg_ctx *ctx)
{
	const struct sip_msg *m = &ctx->msg;
	struct rhlist_head *list, *pos;
	unsigned int best = 0;
	struct sipalg_call *call;

	ctx->call = NULL;
	ctx->dialog = NULL;
	ctx->twin = NULL;
	list = rhltable_lookup(&ctx->sn->calls, &ctx->hash, call_params);
	rhl_for_each_entry_rcu(call, pos, list, node) {
		int requester;
		unsigned int n;
		u8 side;

		if (call->dead || call->zone != ctx->zone ||
		    !same(ctx, m->call_id, sipalg_call_id(call), call->call_id_len))
			continue;
		requester = requester_of(ctx, call);
		if (requester < 0)
			continue;
		side = m->status ? !requester : requester;
		n = fit(ctx, call, side);
		/* What begins a call names both of its hosts. */
		if (n <= best || (n < 2 && !m->to_tag.len))
			continue;
		best = n;
		ctx->call = call;
		ctx->side = side;
		ctx->dialog = dialog_find(ctx, call, requester);
	}
	if (!ctx->call && ctx->src_nat && ctx->dst_nat && m->to_tag.len)
		find_direct(ctx, list);
	ctx->stale = !ctx->call || (!ctx->twin && !is_known(ctx, ctx->call));
}

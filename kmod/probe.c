// SPDX-License-Identifier: GPL-2.0
/*
 * Availability: which OPTIONS were answered.
 */
#include <linux/slab.h>

#include "ctx.h"
#include "net.h"
#include "probe.h"

#define ANSWER_SECONDS	32	/* 64 * T1: no transaction lasts longer */

static struct sipalg_lease *lease_of(struct sipalg_binding *b,
				     const struct sip_host *host)
{
	struct sipalg_lease *l;

	lockdep_assert_held(&b->lock);
	list_for_each_entry(l, &sipalg_binding_own(b)->leases, list) {
		if (sip_host_equal(&l->host, host))
			return l;
	}
	return NULL;
}

static bool is_same(const struct sipalg_ctx *ctx, const struct sipalg_asked *asked)
{
	return asked->time && asked->cseq == ctx->msg.cseq &&
	       asked->call_id == ctx->hash;
}

static void note_request(const struct sipalg_ctx *ctx, struct sipalg_asked *asked)
{
	if (is_same(ctx, asked))
		return;
	if (asked->pending && asked->unanswered < U16_MAX)
		asked->unanswered++;
	asked->time = ktime_to_ms(ktime_get_real());
	asked->sent = jiffies;
	asked->call_id = ctx->hash;
	asked->cseq = ctx->msg.cseq;
	asked->pending = true;
}

static void note_response(const struct sipalg_ctx *ctx, struct sipalg_asked *asked)
{
	if (ctx->msg.status < 200 || !asked->pending || !is_same(ctx, asked))
		return;
	asked->pending = false;
	asked->unanswered = 0;
	asked->status = ctx->msg.status;
	asked->rtt = jiffies_to_msecs(jiffies - asked->sent);
}

/* False: no lease for the two. Without memory, nothing is kept of it. */
static bool note(const struct sipalg_ctx *ctx, struct sipalg_binding *b,
		 const struct sip_host *host, u8 by)
{
	struct sipalg_lease *l;

	spin_lock_bh(&b->lock);
	l = lease_of(b, host);
	if (l && !l->probe && sipalg_is_request(ctx))
		l->probe = kzalloc(sizeof(*l->probe), GFP_ATOMIC | __GFP_NOWARN);
	if (!l || !l->probe)
		goto out;
	if (sipalg_is_request(ctx))
		note_request(ctx, &l->probe->by[by]);
	else
		note_response(ctx, &l->probe->by[by]);
out:
	spin_unlock_bh(&b->lock);
	return l;
}

/* @phone: what may be one; @host: whom it talks to. */
static bool note_phone(const struct sipalg_ctx *ctx, const struct sip_endpoint *phone,
		       const struct sip_host *host, bool phone_sends)
{
	u8 by = phone_sends == sipalg_is_request(ctx) ? SIPALG_BY_PHONE :
							SIPALG_BY_REGISTRAR;
	struct rhlist_head *list, *pos;
	struct sipalg_end *end;

	list = sipalg_binding_lookup(ctx->sn, SIPALG_INNER, phone, ctx->proto, ctx->zone);
	rhl_for_each_entry_rcu(end, pos, list, node) {
		struct sipalg_binding *b = sipalg_binding_of(end);

		if (b->type == SIPALG_BINDING_SIGNALLING && note(ctx, b, host, by))
			return true;
	}
	return false;
}

void sipalg_probe_message(struct sipalg_ctx *ctx)
{
	const struct sipalg_path *path = &ctx->path;

	if (sipalg_sender_is_near(ctx) &&
	    note_phone(ctx, &path->src_in, &path->dst_in.host, true))
		return;
	if (ctx->dst_nat || !ctx->src_nat)
		note_phone(ctx, &path->dst_out, &path->src_out.host, false);
}

void sipalg_probe_read(struct sipalg_binding *b, const struct sip_host *host,
		       struct sipalg_probe *probe)
{
	struct sipalg_lease *l;

	memset(probe, 0, sizeof(*probe));
	spin_lock_bh(&b->lock);
	l = lease_of(b, host);
	if (l && l->probe)
		*probe = *l->probe;
	spin_unlock_bh(&b->lock);
}

u16 sipalg_probe_unanswered(const struct sipalg_asked *asked)
{
	bool late = asked->pending &&
		    time_after(jiffies, asked->sent + ANSWER_SECONDS * HZ);

	return asked->unanswered + (late && asked->unanswered < U16_MAX);
}

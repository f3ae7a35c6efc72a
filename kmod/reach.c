// SPDX-License-Identifier: GPL-2.0
/*
 * How the hosts of a call are reached from outside: through the bindings of
 * their Contacts and of their own Record-Route, by whom the other side named.
 */
#include <linux/slab.h>

#include "ctx.h"

static void learn_host(struct sipalg_ctx *ctx, struct sip_span element,
		       struct sip_host *host)
{
	struct sip_uri uri;

	if (!sip_uri_parse(ctx->msg.data, element, &uri) && uri.addr.family)
		*host = uri.addr;
}

/*
 * Where the sender's side of the call may also speak from: its Contact, and
 * the proxy that is next to us. Of a request that is the first of the
 * Record-Route's, of a response the last (RFC 3261 16.6, 12.1).
 */
static void learn_hosts(struct sipalg_ctx *ctx)
{
	const struct sip_msg *m = &ctx->msg;
	struct sip_nameaddr na, route = {};
	const struct sip_hdr *h;
	struct sip_span rest;

	if (m->status >= 300)
		return;
	if (ctx->target.family)
		ctx->call->target[ctx->side] = ctx->target;
	for (h = sip_hdr_first(m, SIP_HDR_RECORD_ROUTE); h; h = sip_hdr_next(m, h)) {
		rest = h->value;
		while (sip_nameaddr_next(m->data, &rest, &na) == 1) {
			route = na;
			if (!m->status)
				goto found;
		}
	}
found:
	if (route.uri.len)
		learn_host(ctx, route.uri, &ctx->call->route[ctx->side]);
	/* Whom the other side was seen to speak to may speak back. */
	if (!m->status && m->to_tag.len && sipalg_sender_is_near(ctx) &&
	    !sip_host_equal(&ctx->path.dst_out.host, &ctx->call->host[!ctx->side]))
		ctx->call->target[!ctx->side] = ctx->path.dst_out.host;
}

/* Who may come by there: where that changed, the new before the old. */
static void lease(struct sipalg_reach *r, unsigned int i, const struct sip_host *host)
{
	struct sip_host *now = &r->leased[i];

	if (!host->family || sip_host_equal(host, now) ||
	    sipalg_binding_hold(r->binding, host))
		return;
	if (now->family)
		sipalg_binding_drop(r->binding, now, 0);
	*now = *host;
}

static void lease_reach(struct sipalg_call *call, struct sipalg_reach *r, u8 side,
			const struct sip_host *peer)
{
	if (!r)
		return;
	lease(r, 0, peer);
	lease(r, 1, &call->target[!side]);
	lease(r, 2, &call->route[!side]);
	lease(r, 3, &call->host[!side]);
}

static void lease_side(struct sipalg_call *call, u8 side, const struct sip_host *peer)
{
	lease_reach(call, call->contact[side], side, peer);
	lease_reach(call, call->proxy[side], side, peer);
}

static void unlease(const struct sipalg_reach *r)
{
	unsigned int i;

	for (i = 0; i < SIPALG_CALL_LEASES; i++) {
		if (r->leased[i].family)
			sipalg_binding_drop(r->binding, &r->leased[i], 0);
	}
}

static void forget(struct sipalg_reach **slot)
{
	struct sipalg_reach *r = *slot;

	*slot = NULL;
	if (!r)
		return;
	unlease(r);
	kfree(r);
}

/* It leads to @b from now on, and this host is held. */
static void lead_to(struct sipalg_reach *r, struct sipalg_binding *b,
		    const struct sip_host *host)
{
	const struct sipalg_reach old = *r;

	memset(r, 0, sizeof(*r));
	r->binding = b;
	r->leased[0] = *host;
	if (old.binding)
		unlease(&old);
}

/* The hold that the plan took for the receiver becomes the call's. */
static void take_contact(struct sipalg_ctx *ctx)
{
	struct sipalg_reach **r = &ctx->call->contact[ctx->side];
	struct sipalg_contact *c = &ctx->contacts[0];

	if (!ctx->ncontacts)
		return;
	ctx->call->bare[ctx->side] = c->bare;
	if (*r && c->binding == (*r)->binding)
		return;
	if (!*r)
		swap(*r, ctx->reach);
	lead_to(*r, c->binding, &ctx->path.dst_in.host);
	c->held = false;
	sipalg_binding_set_master(c->binding, ctx->ct);
}

/* The plan's short lease keeps it for this; without memory, that is all. */
static void take_proxy(struct sipalg_ctx *ctx)
{
	struct sipalg_reach **r = &ctx->call->proxy[ctx->side];

	if (!ctx->proxy || (*r && ctx->proxy == (*r)->binding))
		return;
	if (!*r)
		*r = kzalloc(sizeof(**r), GFP_ATOMIC);
	if (!*r)
		return;
	if (!sipalg_binding_hold(ctx->proxy, &ctx->path.dst_in.host))
		lead_to(*r, ctx->proxy, &ctx->path.dst_in.host);
	else if (!(*r)->binding)
		forget(r);
}

void sipalg_call_lease(struct sipalg_ctx *ctx)
{
	struct sipalg_call *call = ctx->call;
	u8 side = ctx->side;

	learn_hosts(ctx);
	/*
	 * Without a way in, the plan's hold ends with this message. What the
	 * dialog's own flow carries needs none.
	 */
	if (!call->rule->option[SIPALG_O_DIALOG_PINHOLES])
		return;
	take_contact(ctx);
	take_proxy(ctx);
	lease_side(call, side, &ctx->path.dst_in.host);
	lease_side(call, !side, &ctx->path.src_out.host);
}

void sipalg_call_unlease(struct sipalg_call *call)
{
	unsigned int side;

	for (side = 0; side < 2; side++) {
		forget(&call->contact[side]);
		forget(&call->proxy[side]);
	}
}

static void linger(const struct sipalg_reach *r)
{
	unsigned int i;

	for (i = 0; r && i < SIPALG_CALL_LEASES; i++) {
		if (r->leased[i].family)
			sipalg_binding_lease(r->binding, &r->leased[i],
					     SIPALG_LINGER_SECONDS);
	}
}

void sipalg_call_linger(struct sipalg_call *call)
{
	unsigned int side;

	for (side = 0; side < 2; side++) {
		linger(call->contact[side]);
		linger(call->proxy[side]);
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * How the hosts of a call are reached from outside: through the bindings of
 * their Contacts and of their own Record-Route, by whom the other side named.
 */
#include <linux/slab.h>

#include "ctx.h"

enum sipalg_hosts_how { NONE, USUAL, OTHER };

static const struct sip_host nobody;

const struct sip_host *sipalg_hosts_get(const struct sipalg_hosts *h, unsigned int i,
					const struct sip_host *usual)
{
	switch (h->how >> 2 * i & 3) {
	case USUAL:
		return usual;
	case OTHER:
		return &h->other[i];
	default:
		return &nobody;
	}
}

bool sipalg_hosts_set(struct sipalg_hosts *h, unsigned int i, const struct sip_host *host,
		      const struct sip_host *usual)
{
	u8 how = NONE;

	if (host->family)
		how = sip_host_equal(host, usual) ? USUAL : OTHER;
	if (how == OTHER) {
		if (!h->other)
			h->other = kcalloc(SIPALG_HOSTS, sizeof(*host), GFP_ATOMIC);
		if (!h->other)
			return false;
		h->other[i] = *host;
	}
	h->how = (h->how & ~(3 << 2 * i)) | how << 2 * i;
	return true;
}

void sipalg_hosts_clear(struct sipalg_hosts *h)
{
	kfree(h->other);
	memset(h, 0, sizeof(*h));
}

/* Without memory, what was known before still is. */
static void learn_route(struct sipalg_ctx *ctx, struct sip_span element)
{
	struct sip_uri uri;

	if (!sip_uri_parse(ctx->msg.data, element, &uri) && uri.addr.family)
		sipalg_call_set_route(ctx->call, ctx->side, &uri.addr);
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
		sipalg_call_set_target(ctx->call, ctx->side, &ctx->target);
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
		learn_route(ctx, route.uri);
	/* Whom the other side was seen to speak to may speak back. */
	if (!m->status && m->to_tag.len && sipalg_sender_is_near(ctx) &&
	    !sip_host_equal(&ctx->path.dst_out.host, &ctx->call->host[!ctx->side]))
		sipalg_call_set_target(ctx->call, !ctx->side, &ctx->path.dst_out.host);
}

/*
 * Who may come by there: where that changed, the new before the old. Without
 * memory it stays as it is.
 */
static noinline void lease_anew(struct sipalg_reach *r, unsigned int i,
				const struct sip_host *host,
				const struct sip_host *usual)
{
	const struct sip_host old = *sipalg_hosts_get(&r->leased, i, usual);

	if (sipalg_binding_hold(r->binding, host))
		return;
	if (!sipalg_hosts_set(&r->leased, i, host, usual))
		sipalg_binding_drop(r->binding, host, 0);
	else if (old.family)
		sipalg_binding_drop(r->binding, &old, 0);
}

/* With nearly every message, nothing has changed. */
static inline void lease(struct sipalg_reach *r, unsigned int i,
			 const struct sip_host *host, const struct sip_host *usual)
{
	const struct sip_host *old = sipalg_hosts_get(&r->leased, i, usual);

	if (host != old && host->family && !sip_host_equal(host, old))
		lease_anew(r, i, host, usual);
}

struct sipalg_reach *sipalg_call_reach(const struct sipalg_call *call, u8 side,
				       enum sipalg_reach_kind kind)
{
	struct sipalg_reach *r;

	for (r = call->reach; r; r = r->next) {
		if (r->leased.tag == sipalg_reach_tag(side, kind))
			return r;
	}
	return NULL;
}

void sipalg_call_add_reach(struct sipalg_call *call, u8 side, enum sipalg_reach_kind kind,
			   struct sipalg_reach *r)
{
	r->leased.tag = sipalg_reach_tag(side, kind);
	r->next = call->reach;
	call->reach = r;
}

/* Those who come by there are hosts of the other side. */
static const struct sip_host *usual_of(const struct sipalg_call *call,
				       const struct sipalg_reach *r)
{
	return &call->host[!sipalg_reach_side(r)];
}

static void lease_reach(struct sipalg_call *call, struct sipalg_reach *r,
			const struct sip_host *peer)
{
	const struct sip_host *usual = usual_of(call, r);
	u8 side = sipalg_reach_side(r);

	lease(r, 0, peer, usual);
	lease(r, 1, sipalg_call_target(call, !side), usual);
	lease(r, 2, sipalg_call_route(call, !side), usual);
	lease(r, 3, usual, usual);
}

static void unlease(struct sipalg_reach *r, const struct sip_host *usual)
{
	unsigned int i;

	for (i = 0; i < SIPALG_HOSTS; i++) {
		const struct sip_host *host = sipalg_hosts_get(&r->leased, i, usual);

		if (host->family)
			sipalg_binding_drop(r->binding, host, 0);
	}
	sipalg_hosts_clear(&r->leased);
}

static void forget(struct sipalg_call *call, struct sipalg_reach *r)
{
	struct sipalg_reach **at = &call->reach;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	unlease(r, usual_of(call, r));
	kfree(r);
}

/*
 * It leads to @b from now on, and this host is held. Where there is no memory to
 * remember whom, that lasts for a while, in which the next message tries again.
 */
static void lead_to(struct sipalg_call *call, struct sipalg_reach *r,
		    struct sipalg_binding *b, const struct sip_host *host)
{
	const struct sip_host *usual = usual_of(call, r);
	struct sipalg_reach old = *r;

	r->binding = b;
	r->leased = (struct sipalg_hosts){ .tag = old.leased.tag };
	if (!sipalg_hosts_set(&r->leased, 0, host, usual)) {
		sipalg_binding_lease(b, host, SIPALG_LINGER_SECONDS);
		sipalg_binding_drop(b, host, 0);
		forget(call, r);
	}
	if (old.binding)
		unlease(&old, usual);
}

/* The hold that the plan took for the receiver becomes the call's. */
static void take_contact(struct sipalg_ctx *ctx)
{
	struct sipalg_contact *c = &ctx->contacts[0];
	struct sipalg_call *call = ctx->call;
	struct sipalg_reach *r;

	if (!ctx->ncontacts)
		return;
	call->bare[ctx->side] = c->bare;
	r = sipalg_call_reach(call, ctx->side, SIPALG_REACH_CONTACT);
	if (r && c->binding == r->binding)
		return;
	if (!r) {
		swap(r, ctx->reach);
		sipalg_call_add_reach(call, ctx->side, SIPALG_REACH_CONTACT, r);
	}
	lead_to(call, r, c->binding, &ctx->path.dst_in.host);
	c->held = false;
	sipalg_binding_set_master(c->binding, ctx->ct);
}

/* The plan's short lease keeps it for this; without memory, that is all. */
static void take_proxy(struct sipalg_ctx *ctx)
{
	const struct sip_host *host = &ctx->path.dst_in.host;
	struct sipalg_call *call = ctx->call;
	struct sipalg_reach *r;

	if (!ctx->proxy)
		return;
	r = sipalg_call_reach(call, ctx->side, SIPALG_REACH_PROXY);
	if ((r && ctx->proxy == r->binding) || sipalg_binding_hold(ctx->proxy, host))
		return;
	if (!r) {
		r = kzalloc(sizeof(*r), GFP_ATOMIC);
		if (!r) {
			sipalg_binding_drop(ctx->proxy, host, 0);
			return;
		}
		sipalg_call_add_reach(call, ctx->side, SIPALG_REACH_PROXY, r);
	}
	lead_to(call, r, ctx->proxy, host);
}

void sipalg_call_lease(struct sipalg_ctx *ctx)
{
	struct sipalg_call *call = ctx->call;
	struct sipalg_reach *r;

	learn_hosts(ctx);
	/*
	 * Without a way in, the plan's hold ends with this message. What the
	 * dialog's own flow carries needs none.
	 */
	if (!call->rule->option[SIPALG_O_DIALOG_PINHOLES])
		return;
	take_contact(ctx);
	take_proxy(ctx);
	for (r = call->reach; r; r = r->next)
		lease_reach(call, r, sipalg_reach_side(r) == ctx->side ?
			    &ctx->path.dst_in.host : &ctx->path.src_out.host);
}

void sipalg_call_unlease(struct sipalg_call *call)
{
	while (call->reach)
		forget(call, call->reach);
}

static void linger(const struct sipalg_reach *r, const struct sip_host *usual)
{
	unsigned int i;

	for (i = 0; i < SIPALG_HOSTS; i++) {
		const struct sip_host *host = sipalg_hosts_get(&r->leased, i, usual);

		if (host->family)
			sipalg_binding_lease(r->binding, host, SIPALG_LINGER_SECONDS);
	}
}

void sipalg_call_linger(struct sipalg_call *call)
{
	const struct sipalg_reach *r;

	for (r = call->reach; r; r = r->next)
		linger(r, usual_of(call, r));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Which hosts in the text are ours, and what they are called on the other side.
 *
 * Outbound, a sender behind our NAT is known to itself by its inner address:
 * that becomes the outer one. Inbound, the receiver's outer address becomes
 * the inner one, as it once wrote it. Only the sender's or the receiver's own
 * addresses are ever translated, never those of third hosts.
 */
#include "ctx.h"
#include "net.h"

#define PORT_LOW	1024	/* no pinhole below */
#define LEASE_SHORT	32	/* seconds; 64 * T1: as long as a transaction */

/* Requests that begin a dialog or stand in one; their Contacts get called. */
static bool is_callable(const struct sipalg_ctx *ctx)
{
	if (ctx->msg.status >= 300)
		return false;
	switch (ctx->msg.method) {
	case SIP_REGISTER:
		return sipalg_is_request(ctx);
	case SIP_INVITE:
	case SIP_SUBSCRIBE:
	case SIP_NOTIFY:
	case SIP_REFER:
	case SIP_UPDATE:
		return true;
	default:
		return false;
	}
}

/* A transport of its own in the URI or Via is another protocol's port. */
static u8 proto_of(const struct sipalg_ctx *ctx, const struct sip_ask *ask)
{
	const char *data = ctx->msg.data;
	struct sip_span v;

	if (ask->via)
		return ask->via->transport == SIP_TRANSPORT_UDP ? IPPROTO_UDP :
								  IPPROTO_TCP;
	if (ask->uri && sip_param(data, ask->uri->params, "transport", &v))
		return sip_span_is_nocase(data, v, "udp") ? IPPROTO_UDP :
							    IPPROTO_TCP;
	return ctx->proto;
}

static struct sipalg_binding *find(const struct sipalg_ctx *ctx,
				   enum sipalg_side side,
				   const struct sip_endpoint *at,
				   const struct sip_host *other, u8 proto)
{
	struct sipalg_end_key key;

	sipalg_end_key_set(&key, side, at, proto,
			   side == SIPALG_INNER ? ctx->zone : ctx->outer_zone);
	return sipalg_binding_find(ctx->sn, &key, other, NULL, true);
}

/* What the inside host's way of writing itself tells; kept if all goes well. */
static void learn(struct sipalg_ctx *ctx, u8 flag, bool yes)
{
	if (yes)
		ctx->flow_set |= flag;
	else
		ctx->flow_clear |= flag;
}

static void learn_style(struct sipalg_ctx *ctx, const struct sip_ask *ask,
			bool inner)
{
	switch (ask->place) {
	case SIP_PLACE_VIA:
		learn(ctx, SIPALG_FLOW_VIA_PUBLIC, !inner);
		learn(ctx, SIPALG_FLOW_VIA_BARE, !ask->port_written);
		break;
	case SIP_PLACE_CONTACT:
		learn(ctx, SIPALG_FLOW_CONTACT_PUBLIC, !inner);
		learn(ctx, SIPALG_FLOW_CONTACT_BARE, !ask->port_written);
		break;
	case SIP_PLACE_ROUTE:
		learn(ctx, SIPALG_FLOW_ROUTE_BARE, !ask->port_written);
		break;
	case SIP_PLACE_IDENTITY:
		if (ask->hdr == SIP_HDR_FROM)
			learn(ctx, SIPALG_FLOW_IDENTITY_PUBLIC, !inner);
		break;
	default:
		break;
	}
}

static void note_contact(struct sipalg_ctx *ctx, const struct sip_ask *ask,
			 const struct sip_endpoint *outer,
			 struct sipalg_binding *b)
{
	struct sipalg_contact *c;

	if (ctx->ncontacts == SIPALG_CTX_CONTACTS)
		return;
	c = &ctx->contacts[ctx->ncontacts++];
	memset(c, 0, sizeof(*c));
	c->at = ask->at;
	c->outer = *outer;
	c->uri = ask->element->uri;
	c->params = ask->element->params;
	c->binding = b;
}

/*
 * Can the flow's outer port be called from outside? NAT gives a host the port
 * that it has, also where a server on this gateway waits on that port.
 */
static bool is_callable_back(const struct sipalg_ctx *ctx)
{
	return !ctx->src_nat ||
	       !sipalg_is_local(ctx, &ctx->path.src_out, ctx->proto);
}

/*
 * The binding for an own endpoint: found, or made. Where the port is the
 * flow's own, its outer port is the flow's outer port, if it can be.
 */
static struct sipalg_binding *own_binding(struct sipalg_ctx *ctx,
					  const struct sip_ask *ask,
					  const struct sip_endpoint *inner)
{
	u8 proto = proto_of(ctx, ask);
	struct sipalg_binding *b;
	bool same;

	same = sip_endpoint_equal(inner, &ctx->path.src_in) &&
	       proto == ctx->proto && is_callable_back(ctx);
	b = find(ctx, SIPALG_INNER, inner, &ctx->path.src_out.host, proto);
	if (b) {
		struct sip_endpoint outer;

		sipalg_end_get(b, SIPALG_OUTER, &outer);
		/* A flow that NAT gave another port by now makes it stale. */
		if (!same || sip_endpoint_equal(&outer, &ctx->path.src_out))
			return b;
	}
	if (same)
		b = sipalg_make(ctx, SIPALG_BINDING_SIGNALLING, inner,
				&ctx->path.src_out, proto, true);
	else
		b = sipalg_allocate(ctx, SIPALG_BINDING_SIGNALLING, inner,
				    proto, NULL);
	if (!IS_ERR(b))
		b->bare = !ask->port_written;
	return b;
}

/* An own endpoint that has to be reachable: it gets a binding. */
static enum sipalg_reason resolve_contact(struct sipalg_ctx *ctx,
					  const struct sip_ask *ask,
					  struct sip_answer *answer)
{
	struct sipalg_binding *b;

	if (ask->at.port < PORT_LOW) {
		sipalg_count(ctx->sn, SIPALG_R_LOW_PORT);
		return SIPALG_R_UNCHANGED;
	}
	b = own_binding(ctx, ask, &ask->at);
	if (IS_ERR(b))
		return sipalg_reason_of(PTR_ERR(b));
	sipalg_end_get(b, SIPALG_OUTER, &answer->at);
	if (ask->place == SIP_PLACE_CONTACT)
		note_contact(ctx, ask, &answer->at, b);
	if (!is_callable(ctx) || ask->place != SIP_PLACE_CONTACT) {
		sipalg_binding_lease(b, &ctx->path.dst_in.host, NULL,
				     LEASE_SHORT);
		sipalg_binding_set_master(b, ctx->ct);
	}
	return SIPALG_R_TRANSLATED;
}

/* Which identities are the sender's own, if they name its host alone. */
static bool is_own_identity(const struct sipalg_ctx *ctx, enum sip_hdr_id hdr,
			    bool out)
{
	/* Who sent the request is named by From, its target by To. */
	bool requester = sipalg_is_request(ctx) == out;

	switch (hdr) {
	case SIP_HDR_FROM:
		return requester;
	case SIP_HDR_TO:
		return !requester || ctx->msg.method == SIP_REGISTER ||
		       ctx->msg.method == SIP_PUBLISH ||
		       ctx->msg.method == SIP_SUBSCRIBE;
	case SIP_HDR_P_ASSOCIATED_URI:
		return true;
	default:
		return out;
	}
}

/* A contact that its owner wrote with the outer address: followed, not changed. */
static enum sipalg_reason resolve_public(struct sipalg_ctx *ctx,
					 const struct sip_ask *ask)
{
	struct sipalg_binding *b;

	learn_style(ctx, ask, false);
	if (ask->place != SIP_PLACE_CONTACT || !is_callable(ctx) ||
	    !sip_endpoint_equal(&ask->at, &ctx->path.src_out))
		return SIPALG_R_UNCHANGED;
	b = own_binding(ctx, ask, &ctx->path.src_in);
	if (IS_ERR(b))
		return sipalg_reason_of(PTR_ERR(b));
	b->verbatim = true;
	note_contact(ctx, ask, &ctx->path.src_out, b);
	return SIPALG_R_UNCHANGED;
}

static enum sipalg_reason resolve_out(struct sipalg_ctx *ctx,
				      const struct sip_ask *ask,
				      struct sip_answer *answer)
{
	const struct sipalg_path *path = &ctx->path;
	enum sipalg_reason ret = SIPALG_R_TRANSLATED;
	struct sipalg_binding *b;

	if (ask->place == SIP_PLACE_RURI ||
	    (ask->place == SIP_PLACE_VIA && !sipalg_is_request(ctx)) ||
	    (ask->place == SIP_PLACE_IDENTITY &&
	     !is_own_identity(ctx, ask->hdr, true)))
		return SIPALG_R_UNCHANGED;
	if (ctx->src_nat && sip_host_equal(&ask->at.host, &path->src_out.host) &&
	    !sip_host_equal(&ask->at.host, &path->src_in.host))
		return resolve_public(ctx, ask);
	if (!sip_host_equal(&ask->at.host, &path->src_in.host))
		return SIPALG_R_UNCHANGED;
	learn_style(ctx, ask, true);

	if (ask->place == SIP_PLACE_IDENTITY && !ask->port_written) {
		answer->at.host = path->src_out.host;
		return SIPALG_R_TRANSLATED;
	}
	if (ask->place == SIP_PLACE_CONTACT && is_callable(ctx)) {
		ret = resolve_contact(ctx, ask, answer);
	} else if (sip_endpoint_equal(&ask->at, &path->src_in) &&
		   proto_of(ctx, ask) == ctx->proto) {
		answer->at = path->src_out;
	} else {
		b = find(ctx, SIPALG_INNER, &ask->at, &path->src_out.host,
			 proto_of(ctx, ask));
		if (b)
			sipalg_end_get(b, SIPALG_OUTER, &answer->at);
		else if (ask->place == SIP_PLACE_VIA ||
			 ask->place == SIP_PLACE_CONTACT ||
			 ask->hdr == SIP_HDR_RECORD_ROUTE ||
			 ask->hdr == SIP_HDR_PATH)
			ret = resolve_contact(ctx, ask, answer);
		else
			return SIPALG_R_UNCHANGED;
	}
	answer->write_port = ask->port_written ||
			     answer->at.port != SIP_PORT_DEFAULT;
	return ctx->src_nat || ret != SIPALG_R_TRANSLATED ? ret :
							   SIPALG_R_UNCHANGED;
}

static bool is_public(u8 flags, enum sip_place place)
{
	switch (place) {
	case SIP_PLACE_VIA:
		return flags & SIPALG_FLOW_VIA_PUBLIC;
	case SIP_PLACE_IDENTITY:
		return flags & SIPALG_FLOW_IDENTITY_PUBLIC;
	default:
		return flags & SIPALG_FLOW_CONTACT_PUBLIC;
	}
}

static bool is_bare(u8 flags, enum sip_place place)
{
	switch (place) {
	case SIP_PLACE_VIA:
		return flags & SIPALG_FLOW_VIA_BARE;
	case SIP_PLACE_ROUTE:
		return flags & SIPALG_FLOW_ROUTE_BARE;
	default:
		return flags & SIPALG_FLOW_CONTACT_BARE;
	}
}

static void fill_via(const struct sipalg_ctx *ctx, const struct sip_via *v,
		     struct sip_answer *answer)
{
	const struct sipalg_path *path = &ctx->path;
	u32 rport;

	if (v->received.len && sip_host_equal(&v->received_addr, &path->dst_in.host))
		answer->received = path->dst_out.host;
	if (v->rport.len && !sip_number(ctx->msg.data, v->rport, &rport) &&
	    rport == path->dst_in.port)
		answer->rport = path->dst_out.port;
}

static enum sipalg_reason resolve_in(struct sipalg_ctx *ctx,
				     const struct sip_ask *ask,
				     struct sip_answer *answer)
{
	u8 flags = READ_ONCE(ctx->flow->flags[!ctx->dir]);
	const struct sipalg_path *path = &ctx->path;
	bool bare = is_bare(flags, ask->place);
	struct sipalg_binding *b;

	if (!sip_host_equal(&ask->at.host, &path->dst_in.host) ||
	    (ask->place == SIP_PLACE_VIA && sipalg_is_request(ctx)) ||
	    (ask->place == SIP_PLACE_CONTACT && sipalg_is_request(ctx)))
		return SIPALG_R_UNCHANGED;
	if (ask->place == SIP_PLACE_IDENTITY && !ask->port_written) {
		if (!is_own_identity(ctx, ask->hdr, false) ||
		    is_public(flags, ask->place))
			return SIPALG_R_UNCHANGED;
		answer->at.host = path->dst_out.host;
		return SIPALG_R_TRANSLATED;
	}
	b = ask->place == SIP_PLACE_VIA ? NULL :
	    find(ctx, SIPALG_OUTER, &ask->at, &path->dst_out.host,
		 proto_of(ctx, ask));
	if (b) {
		if (b->verbatim)
			return SIPALG_R_UNCHANGED;
		sipalg_end_get(b, SIPALG_INNER, &answer->at);
		if (ask->place != SIP_PLACE_ROUTE)
			bare = b->bare;
	} else if (sip_endpoint_equal(&ask->at, &path->dst_in)) {
		if (is_public(flags, ask->place))
			return SIPALG_R_UNCHANGED;
		answer->at = path->dst_out;
	} else if (ask->place == SIP_PLACE_VIA) {
		b = find(ctx, SIPALG_OUTER, &ask->at, &path->dst_out.host,
			 proto_of(ctx, ask));
		if (!b)
			return SIPALG_R_UNCHANGED;
		sipalg_end_get(b, SIPALG_INNER, &answer->at);
		bare = b->bare;
	} else {
		return SIPALG_R_UNCHANGED;
	}
	if (ask->via)
		fill_via(ctx, ask->via, answer);
	answer->write_port = answer->at.port != SIP_PORT_DEFAULT ||
			     (ask->port_written && !bare);
	return SIPALG_R_TRANSLATED;
}

enum sipalg_reason sipalg_resolve(void *priv, const struct sip_ask *ask,
				  struct sip_answer *answer)
{
	enum sipalg_reason ret = SIPALG_R_UNCHANGED;
	struct sipalg_ctx *ctx = priv;

	/* A hairpin is both: the sender's own go out, the receiver's come in. */
	if (sipalg_sender_is_near(ctx))
		ret = resolve_out(ctx, ask, answer);
	if (ret == SIPALG_R_UNCHANGED && ctx->dst_nat)
		ret = resolve_in(ctx, ask, answer);
	return ret;
}

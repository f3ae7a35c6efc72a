// SPDX-License-Identifier: GPL-2.0
/*
 * Which hosts in the text are ours, and what they are called on the other side.
 *
 * Outbound, a sender behind our NAT is known to itself by its inner address:
 * that becomes the outer one. Inbound, the receiver's outer address becomes
 * the inner one, as it once wrote it. Only the sender's or the receiver's own
 * addresses are ever translated, never those of third hosts.
 */
#include <linux/slab.h>

#include "ctx.h"
#include "net.h"

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
	/* sips: means TLS, except for those who say it where they are. */
	if (ask->uri && ask->uri->scheme == SIP_SCHEME_SIPS &&
	    !sip_endpoint_equal(&ask->at, &ctx->path.src_in) &&
	    !sip_endpoint_equal(&ask->at, &ctx->path.dst_in))
		return IPPROTO_TCP;
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

/*
 * A contact that is going to be called: the lease is taken now, when nothing
 * has happened yet, because there may be no memory for it.
 */
static int note_contact(struct sipalg_ctx *ctx, const struct sip_ask *ask,
			const struct sip_endpoint *outer,
			struct sipalg_binding *b)
{
	struct sipalg_contact *c = &ctx->contacts[ctx->ncontacts];
	int err;

	if (ctx->ncontacts == SIPALG_CTX_CONTACTS)
		return 0;
	if (ctx->call && !ctx->reach &&
	    !sipalg_call_reach(ctx->call, ctx->side, SIPALG_REACH_CONTACT)) {
		ctx->reach = kzalloc(sizeof(*ctx->reach), GFP_ATOMIC);
		if (!ctx->reach)
			return -ENOMEM;
	}
	err = sipalg_binding_hold(b, &ctx->path.dst_in.host);
	if (err)
		return err;
	ctx->ncontacts++;
	memset(c, 0, sizeof(*c));
	c->at = ask->at;
	c->outer = *outer;
	sipalg_end_get(b, SIPALG_INNER, &c->inner);
	c->proto = sipalg_binding_key(b, SIPALG_INNER)->proto;
	c->uri = ask->element->uri;
	c->params = ask->element->params;
	c->bare = !ask->port_written;
	c->path = ask->hdr == SIP_HDR_PATH;
	c->binding = b;
	c->held = true;
	return 0;
}

/* Others are only answered. */
static int lease_short(struct sipalg_ctx *ctx, struct sipalg_binding *b)
{
	int err = sipalg_binding_lease(b, &ctx->path.dst_in.host, LEASE_SHORT);

	if (!err)
		sipalg_binding_set_master(b, ctx->ct);
	return err;
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
	const struct sipalg_run run = {
		.type = SIPALG_BINDING_SIGNALLING,
		.proto = proto_of(ctx, ask),
		.n = 1,
		.step = 1,
	};
	u8 proto = run.proto;
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
		b = sipalg_allocate(ctx, inner, &run);
	if (!IS_ERR(b))
		b->bare = !ask->port_written;
	return b;
}

/* The outer side reads this Contact: so the binding's host writes it. */
static void set_style(struct sipalg_binding *b, bool verbatim, bool bare)
{
	WRITE_ONCE(b->verbatim, verbatim);
	WRITE_ONCE(b->bare, bare);
}

/*
 * Places that others call later on. A proxy of the inside that passes REGISTER
 * on writes itself into Path, by which its phones are called (RFC 3327).
 */
static bool is_called(const struct sipalg_ctx *ctx, const struct sip_ask *ask)
{
	if (!is_callable(ctx))
		return false;
	return ask->place == SIP_PLACE_CONTACT ||
	       (ask->hdr == SIP_HDR_PATH && ctx->msg.method == SIP_REGISTER);
}

/* An own endpoint that has to be reachable: it gets a binding. */
static enum sipalg_reason resolve_contact(struct sipalg_ctx *ctx,
					  const struct sip_ask *ask,
					  struct sip_answer *answer)
{
	bool called = is_called(ctx, ask);
	struct sipalg_binding *b;
	int err;

	if (ask->at.port < SIPALG_PORT_LOW) {
		sipalg_count(ctx->sn, SIPALG_R_LOW_PORT);
		return SIPALG_R_UNCHANGED;
	}
	do {
		b = own_binding(ctx, ask, &ask->at);
		if (IS_ERR(b))
			return sipalg_reason_of(ctx, PTR_ERR(b));
		sipalg_end_get(b, SIPALG_OUTER, &answer->at);
		err = called ? note_contact(ctx, ask, &answer->at, b) :
			       lease_short(ctx, b);
	} while (err == -ENOENT);
	if (err)
		return sipalg_reason_of(ctx, err);
	if (ask->place == SIP_PLACE_CONTACT)
		set_style(b, false, !ask->port_written);
	else if (ask->hdr == SIP_HDR_RECORD_ROUTE &&
		 (!ctx->proxy || !sipalg_is_request(ctx)))
		/* The other side's next hop (RFC 3261 12.1). */
		ctx->proxy = b;
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
	case SIP_HDR_HISTORY_INFO:
		/* A response tells the request's (RFC 7044 10.1.2). */
		return out || !sipalg_is_request(ctx);
	default:
		return out;
	}
}

/* A contact that its owner wrote with the outer address: followed, not changed. */
static enum sipalg_reason resolve_public(struct sipalg_ctx *ctx,
					 const struct sip_ask *ask)
{
	struct sipalg_binding *b;
	int err;

	learn_style(ctx, ask, false);
	if (ask->place != SIP_PLACE_CONTACT || !is_callable(ctx) ||
	    !sip_endpoint_equal(&ask->at, &ctx->path.src_out))
		return SIPALG_R_UNCHANGED;
	do {
		b = own_binding(ctx, ask, &ctx->path.src_in);
		if (IS_ERR(b))
			return sipalg_reason_of(ctx, PTR_ERR(b));
		err = note_contact(ctx, ask, &ctx->path.src_out, b);
	} while (err == -ENOENT);
	if (err)
		return sipalg_reason_of(ctx, err);
	set_style(b, true, !ask->port_written);
	return SIPALG_R_UNCHANGED;
}

/* Places that never name the sender itself. */
static bool is_theirs(const struct sipalg_ctx *ctx, const struct sip_ask *ask)
{
	switch (ask->place) {
	case SIP_PLACE_RURI:
		return true;
	case SIP_PLACE_VIA:
		return !sipalg_is_request(ctx);
	case SIP_PLACE_IDENTITY:
		return !is_own_identity(ctx, ask->hdr, true);
	default:
		return false;
	}
}

/* Others come to these although no binding is there yet. */
static bool is_reachable(const struct sip_ask *ask)
{
	return ask->place == SIP_PLACE_VIA || ask->place == SIP_PLACE_CONTACT ||
	       ask->hdr == SIP_HDR_RECORD_ROUTE || ask->hdr == SIP_HDR_PATH;
}

/* The sender's inner address, and a port. */
static enum sipalg_reason resolve_own(struct sipalg_ctx *ctx,
				      const struct sip_ask *ask,
				      struct sip_answer *answer)
{
	const struct sipalg_path *path = &ctx->path;
	u8 proto = proto_of(ctx, ask);
	struct sipalg_binding *b = NULL;
	bool same;

	if (is_called(ctx, ask) ||
	    (is_callable(ctx) && ask->hdr == SIP_HDR_RECORD_ROUTE))
		return resolve_contact(ctx, ask, answer);
	same = sip_endpoint_equal(&ask->at, &path->src_in) && proto == ctx->proto;
	if (!same || ask->place == SIP_PLACE_CONTACT)
		b = find(ctx, SIPALG_INNER, &ask->at, &path->src_out.host, proto);
	if (b && ask->place == SIP_PLACE_CONTACT)
		set_style(b, false, !ask->port_written);
	if (same) {
		answer->at = path->src_out;
		return SIPALG_R_TRANSLATED;
	}
	if (b) {
		sipalg_end_get(b, SIPALG_OUTER, &answer->at);
		return SIPALG_R_TRANSLATED;
	}
	return is_reachable(ask) ? resolve_contact(ctx, ask, answer) :
				   SIPALG_R_UNCHANGED;
}

static enum sipalg_reason resolve_out(struct sipalg_ctx *ctx,
				      const struct sip_ask *ask,
				      struct sip_answer *answer)
{
	bool names = ask->place == SIP_PLACE_IDENTITY;
	const struct sipalg_path *path = &ctx->path;
	enum sipalg_reason ret = SIPALG_R_TRANSLATED;

	if (is_theirs(ctx, ask))
		return SIPALG_R_UNCHANGED;
	if (ctx->src_nat && sip_host_equal(&ask->at.host, &path->src_out.host) &&
	    !sip_host_equal(&ask->at.host, &path->src_in.host))
		return resolve_public(ctx, ask);
	if (!sip_host_equal(&ask->at.host, &path->src_in.host))
		return SIPALG_R_UNCHANGED;
	learn_style(ctx, ask, true);
	if (names && !ask->port_written)
		answer->at.host = path->src_out.host;
	else
		ret = resolve_own(ctx, ask, answer);
	answer->write_port = ask->port_written ||
			     (!names && answer->at.port != ask->port_default);
	return ctx->src_nat || ret != SIPALG_R_TRANSLATED ? ret :
							   SIPALG_R_UNCHANGED;
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

static struct sipalg_binding *find_outer(const struct sipalg_ctx *ctx,
					 const struct sip_ask *ask,
					 const struct sip_endpoint *at)
{
	return find(ctx, SIPALG_OUTER, at, &ctx->path.dst_out.host,
		    proto_of(ctx, ask));
}

/*
 * The receiver's Via comes back. One with a name, or with an address that is
 * not ours, keeps it; but the receiver of such a message whose Contact is
 * translated is not told its outer address by "received" either.
 */
static enum sipalg_reason resolve_via(const struct sipalg_ctx *ctx,
				      const struct sip_ask *ask, u8 flags,
				      struct sip_answer *answer)
{
	const struct sipalg_path *path = &ctx->path;
	bool bare = flags & SIPALG_FLOW_VIA_BARE;
	const struct sip_via *v = ask->via;
	struct sipalg_binding *b;

	if (!sip_host_equal(&ask->at.host, &path->dst_in.host)) {
		b = find_outer(ctx, ask, &path->dst_in);
		if (!b || READ_ONCE(b->verbatim) || !v->received.len ||
		    !sip_host_equal(&v->received_addr, &path->dst_in.host))
			return SIPALG_R_UNCHANGED;
		fill_via(ctx, v, answer);
		return SIPALG_R_TRANSLATED;
	}
	if (flags & SIPALG_FLOW_VIA_PUBLIC)
		return SIPALG_R_UNCHANGED;
	b = find_outer(ctx, ask, &ask->at);
	if (sip_endpoint_equal(&ask->at, &path->dst_in)) {
		answer->at = path->dst_out;
		/* The response came on a flow of its own: nothing is known of it. */
		if (b && !flags)
			bare = READ_ONCE(b->bare);
	} else if (b) {
		sipalg_end_get(b, SIPALG_INNER, &answer->at);
		bare = READ_ONCE(b->bare);
	} else {
		return SIPALG_R_UNCHANGED;
	}
	fill_via(ctx, v, answer);
	answer->write_port = answer->at.port != ask->port_default ||
			     (ask->port_written && !bare);
	return SIPALG_R_TRANSLATED;
}

/* Did the receiver write itself with a port where the sender writes it now? */
static bool is_bare(const struct sipalg_ctx *ctx, const struct sip_ask *ask,
		    u8 flags, const struct sipalg_binding *b)
{
	if (ask->place == SIP_PLACE_ROUTE)
		return flags & SIPALG_FLOW_ROUTE_BARE;
	if (ask->place == SIP_PLACE_RURI && ctx->call &&
	    sipalg_call_reach(ctx->call, !ctx->side, SIPALG_REACH_CONTACT))
		return ctx->call->bare[!ctx->side];
	return b ? READ_ONCE(b->bare) : flags & SIPALG_FLOW_CONTACT_BARE;
}

/* An outer address and port that name the receiver. */
static enum sipalg_reason resolve_ours(const struct sipalg_ctx *ctx,
				       const struct sip_ask *ask, u8 flags,
				       struct sip_answer *answer)
{
	bool names = ask->place == SIP_PLACE_IDENTITY;
	const struct sipalg_path *path = &ctx->path;
	struct sipalg_binding *b;

	b = find_outer(ctx, ask, &ask->at);
	if (b) {
		if (READ_ONCE(b->verbatim))
			return SIPALG_R_UNCHANGED;
		sipalg_end_get(b, SIPALG_INNER, &answer->at);
	} else if (sip_endpoint_equal(&ask->at, &path->dst_in)) {
		if (flags & (names ? SIPALG_FLOW_IDENTITY_PUBLIC :
				     SIPALG_FLOW_CONTACT_PUBLIC))
			return SIPALG_R_UNCHANGED;
		answer->at = path->dst_out;
	} else {
		return SIPALG_R_UNCHANGED;
	}
	answer->write_port = answer->at.port != ask->port_default ||
			     (ask->port_written &&
			      (names || !is_bare(ctx, ask, flags, b)));
	return SIPALG_R_TRANSLATED;
}

static enum sipalg_reason resolve_in(struct sipalg_ctx *ctx,
				     const struct sip_ask *ask,
				     struct sip_answer *answer)
{
	u8 flags = READ_ONCE(ctx->flow->flags[!ctx->dir]);
	const struct sipalg_path *path = &ctx->path;

	/* The sender's own, which only happens to be spelled alike. */
	if (sipalg_is_request(ctx) && (ask->place == SIP_PLACE_VIA ||
				       ask->place == SIP_PLACE_CONTACT))
		return SIPALG_R_UNCHANGED;
	if (ask->place == SIP_PLACE_VIA)
		return resolve_via(ctx, ask, flags, answer);
	if (!sip_host_equal(&ask->at.host, &path->dst_in.host))
		return SIPALG_R_UNCHANGED;
	if (ask->place != SIP_PLACE_IDENTITY || ask->port_written)
		return resolve_ours(ctx, ask, flags, answer);
	if (!is_own_identity(ctx, ask->hdr, false) ||
	    flags & SIPALG_FLOW_IDENTITY_PUBLIC)
		return SIPALG_R_UNCHANGED;
	answer->at.host = path->dst_out.host;
	return SIPALG_R_TRANSLATED;
}

/* Where the sender says it is to be called during the dialog. */
static void note_target(struct sipalg_ctx *ctx, const struct sip_ask *ask)
{
	if (ask->place == SIP_PLACE_CONTACT && !ctx->target.family)
		ctx->target = ask->uri->addr;
}

enum sipalg_reason sipalg_resolve(void *priv, const struct sip_ask *ask,
				  struct sip_answer *answer)
{
	static const u8 groups[] = {
		[SIP_PLACE_RURI] = SIPALG_HEADERS_CONTACT,
		[SIP_PLACE_VIA] = SIPALG_HEADERS_VIA,
		[SIP_PLACE_CONTACT] = SIPALG_HEADERS_CONTACT,
		[SIP_PLACE_ROUTE] = SIPALG_HEADERS_ROUTE,
		[SIP_PLACE_REFER] = SIPALG_HEADERS_REFER,
		[SIP_PLACE_IDENTITY] = SIPALG_HEADERS_IDENTITY,
	};
	enum sipalg_reason ret = SIPALG_R_UNCHANGED;
	struct sipalg_ctx *ctx = priv;

	note_target(ctx, ask);
	if (!(ctx->rule->option[SIPALG_O_HEADERS] & groups[ask->place]))
		return SIPALG_R_UNCHANGED;
	/* A hairpin is both: the sender's own go out, the receiver's come in. */
	if (sipalg_sender_is_near(ctx))
		ret = resolve_out(ctx, ask, answer);
	if (ret == SIPALG_R_UNCHANGED && ctx->dst_nat)
		ret = resolve_in(ctx, ask, answer);
	return ret;
}

/* Places that never name the sender itself: is_theirs() at a glance. */
static u64 theirs(const struct sipalg_ctx *ctx)
{
	u64 all = 0;

	if (!sipalg_is_request(ctx))
		return SIP_HDR_BIT(SIP_HDR_VIA) | SIP_HDR_BIT(SIP_HDR_FROM);
	if (!is_own_identity(ctx, SIP_HDR_TO, true))
		all = SIP_HDR_BIT(SIP_HDR_TO);
	return all | SIP_HDR_BIT(SIP_HDR_OTHER);
}

/*
 * Most of a message's hosts are of those that the answer is clear of before
 * they are read. A Contact is noted in any case.
 */
u64 sipalg_resolve_skips(const struct sipalg_ctx *ctx)
{
	u64 in = 0;

	if (sipalg_is_request(ctx))
		in = SIP_HDR_BIT(SIP_HDR_VIA) | SIP_HDR_BIT(SIP_HDR_CONTACT);
	return (sipalg_sender_is_near(ctx) ? theirs(ctx) : ~0ULL) &
	       (ctx->dst_nat ? in : ~0ULL) & ~SIP_HDR_BIT(SIP_HDR_CONTACT);
}

/*
 * A phone that knows its outer address is reached there by its flow's own port,
 * which is then where it is inside.
 */
enum sipalg_reason sipalg_observe(void *priv, const struct sip_ask *ask,
				  struct sip_answer *answer)
{
	struct sipalg_ctx *ctx = priv;
	struct sipalg_contact *c = &ctx->contacts[ctx->ncontacts];
	const struct sipalg_path *path = &ctx->path;
	bool own = sip_host_equal(&ask->at.host, &path->src_in.host);

	note_target(ctx, ask);
	if (ask->place != SIP_PLACE_CONTACT || !sipalg_is_request(ctx) ||
	    ctx->msg.method != SIP_REGISTER || !sipalg_sender_is_near(ctx) ||
	    (!own && !sip_endpoint_equal(&ask->at, &path->src_out)) ||
	    ctx->ncontacts == SIPALG_CTX_CONTACTS)
		return SIPALG_R_UNCHANGED;
	ctx->ncontacts++;
	memset(c, 0, sizeof(*c));
	c->at = ask->at;
	c->outer = ask->at;
	c->inner = own ? ask->at : path->src_in;
	c->proto = proto_of(ctx, ask);
	c->uri = ask->element->uri;
	c->params = ask->element->params;
	c->bare = !ask->port_written;
	return SIPALG_R_UNCHANGED;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Finding a free outer port.
 */
#include <linux/random.h>
#include <net/l3mdev.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "compat/compat.h"
#include "compat/socket.h"
#include "ctx.h"
#include "event.h"
#include "net.h"

#define TRIES		64
#define YIELD_TRIES	4	/* dialogs that may have had no binding of their own */

enum sipalg_reason sipalg_reason_of(const struct sipalg_ctx *ctx, int err)
{
	switch (err) {
	case -ENOSPC:
		sipalg_event_limit(ctx->sn, SIPALG_LIMIT_BINDINGS, &ctx->path.src_in.host);
		return SIPALG_R_LIMIT_BINDINGS;
	case -EADDRINUSE:
		return SIPALG_R_NO_PORT;
	default:
		return SIPALG_R_NO_MEMORY;
	}
}

/* Unanswered calls give way, if it is the number of all bindings that is too high. */
static bool make_room(struct sipalg_ctx *ctx, unsigned int *tries)
{
	return (*tries)-- &&
	       atomic_read(&ctx->sn->nbindings) >= READ_ONCE(ctx->sn->limits.bindings) &&
	       sipalg_yield_make_room(ctx, true);
}

struct sipalg_binding *sipalg_make(struct sipalg_ctx *ctx, u8 type,
				   const struct sip_endpoint *inner,
				   const struct sip_endpoint *outer, u8 proto,
				   bool shared)
{
	bool signalling = type == SIPALG_BINDING_SIGNALLING;
	const u16 zones[] = {
		[SIPALG_INNER] = ctx->zone,
		[SIPALG_OUTER] = ctx->outer_zone,
	};
	unsigned int tries = YIELD_TRIES;
	struct sipalg_binding *b;

	if (ctx->nmade == SIPALG_CTX_MADE)
		return ERR_PTR(-ENOSPC);
	/* What is out of date opens nothing. */
	if (ctx->stale && !signalling)
		return ERR_PTR(-ESTALE);
	do {
		b = sipalg_binding_create(ctx->sn, type, inner, outer, proto,
					  zones, signalling ? NULL : ctx->call,
					  shared);
	} while (b == ERR_PTR(-ENOSPC) && make_room(ctx, &tries));
	if (!IS_ERR(b))
		ctx->made[ctx->nmade++] = b;
	return b;
}

bool sipalg_is_local(const struct sipalg_ctx *ctx, const struct sip_endpoint *at,
		     u8 proto)
{
	const struct net_device *out = ctx->out_dev;
	bool v4 = at->host.family == 4;
	union nf_inet_addr addr;
	int dev;

	if (!out)
		return false;
	sip_host_to_inet(&addr, &at->host);
	dev = l3mdev_master_ifindex_rcu(out) ?: out->ifindex;
	if (proto == IPPROTO_TCP)
		return compat_tcp_is_bound(ctx->sn->net, v4, &addr, at->port, dev);
	return compat_udp_is_bound(ctx->sn->net, v4, &addr, htons(at->port), dev);
}

/* Behind our NAT, only ports that are not in use on this very host are free. */
static bool is_in_use(const struct sipalg_ctx *ctx, const struct sip_endpoint *at,
		      u8 proto)
{
	return ctx->src_nat && sipalg_is_local(ctx, at, proto);
}

static void tuple_set(struct nf_conntrack_tuple *t, const struct sip_endpoint *src,
		      const struct sip_endpoint *dst, u8 proto)
{
	memset(t, 0, sizeof(*t));
	t->src.l3num = src->host.family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	sip_host_to_inet(&t->src.u3, &src->host);
	t->src.u.all = htons(src->port);
	sip_host_to_inet(&t->dst.u3, &dst->host);
	t->dst.u.all = htons(dst->port);
	t->dst.protonum = proto;
}

/*
 * Does what comes from the receiver of this message to that port belong to a
 * flow of somebody else, which NAT gave the port? What asks for the binding
 * would go astray then.
 */
static bool is_taken(const struct sipalg_ctx *ctx, const struct sip_endpoint *inner,
		     const struct sip_endpoint *outer, u8 proto)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_zone zone;
	struct nf_conntrack_tuple t;
	struct sipalg_path path;
	struct nf_conn *ct;

	if (!ctx->src_nat)
		return false;
	tuple_set(&t, &ctx->path.dst_out, outer, proto);
	nf_ct_zone_init(&zone, ctx->outer_zone, NF_CT_DEFAULT_ZONE_DIR, 0);
	h = nf_conntrack_find_get(ctx->sn->net, &zone, &t);
	if (!h)
		return false;
	ct = nf_ct_tuplehash_to_ctrack(h);
	sipalg_path_of(&path, ct, NF_CT_DIRECTION(h));
	nf_ct_put(ct);
	return !sip_endpoint_equal(&path.dst_out, inner);
}

/* Bindings for all ports of the run, or none of them. */
static struct sipalg_binding *try_run(struct sipalg_ctx *ctx,
				      const struct sip_endpoint *inner, u16 port,
				      const struct sipalg_run *run, bool shared)
{
	struct sip_endpoint from = *inner;
	struct sip_endpoint to = { .host = *sipalg_outer_host(ctx, &inner->host) };
	unsigned int i, first = ctx->nmade, each = 1 + run->rtcp;
	struct sipalg_binding *b;

	for (i = 0; i < run->n * each; i++) {
		unsigned int off = i / each * run->step + i % each;
		u8 type = i % each ? SIPALG_BINDING_RTCP : run->type;

		from.port = inner->port + off;
		to.port = port + off;
		if (inner->port + off > 65535 || port + off > 65535 ||
		    is_in_use(ctx, &to, run->proto) ||
		    (type == SIPALG_BINDING_SIGNALLING &&
		     is_taken(ctx, &from, &to, run->proto)))
			b = ERR_PTR(-EADDRINUSE);
		else
			b = sipalg_make(ctx, type, &from, &to, run->proto, shared);
		if (!IS_ERR(b))
			continue;
		while (ctx->nmade > first)
			sipalg_binding_destroy(ctx->made[--ctx->nmade]);
		return b;
	}
	return ctx->made[first];
}

struct sipalg_binding *sipalg_allocate(struct sipalg_ctx *ctx,
				       const struct sip_endpoint *inner,
				       const struct sipalg_run *run)
{
	u32 min = ctx->rule->option[SIPALG_O_MEDIA_PORT_MIN];
	u32 max = ctx->rule->option[SIPALG_O_MEDIA_PORT_MAX];
	u32 more = (run->n - 1) * run->step + run->rtcp;
	struct sipalg_binding *b;
	unsigned int i;
	u32 at, port;

	/* Without NAT an address is what it is, and may be in several calls. */
	b = try_run(ctx, inner, inner->port, run, !ctx->src_nat);
	if (!ctx->src_nat || b != ERR_PTR(-EADDRINUSE))
		return b;
	at = compat_random_below(max - min + 1);
	for (i = 0; i < TRIES && b == ERR_PTR(-EADDRINUSE); i++, at += 2) {
		/* RTP has the even port (RFC 3550 11), as far as there is a choice. */
		port = (min + at % (max - min + 1)) & ~1;
		if (port >= min && port + more <= max)
			b = try_run(ctx, inner, port, run, false);
	}
	return b;
}

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
#include "net.h"

#define TRIES 64

enum sipalg_reason sipalg_reason_of(int err)
{
	switch (err) {
	case -ENOSPC:
		return SIPALG_R_LIMIT_BINDINGS;
	case -EADDRINUSE:
		return SIPALG_R_NO_PORT;
	default:
		return SIPALG_R_NO_MEMORY;
	}
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
	struct sipalg_binding *b;

	if (ctx->nmade == SIPALG_CTX_MADE)
		return ERR_PTR(-ENOSPC);
	b = sipalg_binding_create(ctx->sn, type, inner, outer, proto, zones,
				  signalling ? NULL : ctx->call, shared);
	if (!IS_ERR(b))
		ctx->made[ctx->nmade++] = b;
	return b;
}

bool sipalg_is_local(const struct sipalg_ctx *ctx, const struct sip_endpoint *at,
		     u8 proto)
{
	const struct net_device *out = ctx->out_dev;
	union nf_inet_addr addr;

	if (!out || proto != IPPROTO_UDP)
		return false;
	sip_host_to_inet(&addr, &at->host);
	return compat_udp_is_bound(ctx->sn->net, at->host.family == 4, &addr,
				   htons(at->port),
				   l3mdev_master_ifindex_rcu(out) ?: out->ifindex);
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

/* The binding, and with it the one for RTCP, or none of them. */
static struct sipalg_binding *try_port(struct sipalg_ctx *ctx, u8 type,
				       const struct sip_endpoint *inner,
				       struct sip_endpoint *outer, u8 proto,
				       bool shared,
				       struct sipalg_binding **rtcp)
{
	struct sip_endpoint inner1 = *inner, outer1 = *outer;
	struct sipalg_binding *b, *b1;

	if (rtcp && (inner->port == 65535 || outer->port == 65535))
		return ERR_PTR(-EADDRINUSE);
	inner1.port++;
	outer1.port++;
	if (is_in_use(ctx, outer, proto) ||
	    (rtcp && is_in_use(ctx, &outer1, proto)))
		return ERR_PTR(-EADDRINUSE);
	if (type == SIPALG_BINDING_SIGNALLING &&
	    is_taken(ctx, inner, outer, proto))
		return ERR_PTR(-EADDRINUSE);
	b = sipalg_make(ctx, type, inner, outer, proto, shared);
	if (IS_ERR(b) || !rtcp)
		return b;
	b1 = sipalg_make(ctx, SIPALG_BINDING_RTCP, &inner1, &outer1, proto,
			 shared);
	if (!IS_ERR(b1)) {
		*rtcp = b1;
		return b;
	}
	ctx->nmade--;
	sipalg_binding_destroy(b);
	return b1;
}

struct sipalg_binding *sipalg_allocate(struct sipalg_ctx *ctx, u8 type,
				       const struct sip_endpoint *inner,
				       u8 proto, struct sipalg_binding **rtcp)
{
	u32 span = ctx->sn->media_max - ctx->sn->media_min + 1;
	struct sip_endpoint outer = {
		.host = ctx->path.src_out.host,
		.port = inner->port,
	};
	struct sipalg_binding *b;
	unsigned int i;
	u32 at;

	/* Without NAT an address is what it is, and may be in several calls. */
	b = try_port(ctx, type, inner, &outer, proto, !ctx->src_nat, rtcp);
	if (!ctx->src_nat || b != ERR_PTR(-EADDRINUSE))
		return b;
	at = compat_random_below(span);
	for (i = 0; i < TRIES && b == ERR_PTR(-EADDRINUSE); i++, at += 2) {
		outer.port = ctx->sn->media_min + at % span;
		/* RTP has the even port (RFC 3550 11), as far as there is a choice. */
		outer.port &= ~1;
		if (outer.port < ctx->sn->media_min ||
		    outer.port + !!rtcp > ctx->sn->media_max)
			continue;
		b = try_port(ctx, type, inner, &outer, proto, false, rtcp);
	}
	return b;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The table of bindings, without messages.
 */

#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "../../kmod/ctx.h"
#include "gateway.h"

#define AT(port)	PHONE ":" #port
#define OUT(port)	PUBLIC ":" #port

static struct sipalg_binding *create(struct gateway *g, u8 type,
				     const char *inner, const char *outer,
				     bool shared)
{
	struct sip_endpoint in = endpoint(inner), out = endpoint(outer);
	static const u16 zones[2];

	return sipalg_binding_create(&g->sn, type, &in, &out, IPPROTO_UDP, zones,
				     NULL, shared);
}

static struct sipalg_binding *media(struct gateway *g, const char *inner,
				    const char *outer)
{
	return create(g, SIPALG_BINDING_MEDIA, inner, outer, false);
}

static struct sipalg_binding *signalling(struct gateway *g, const char *inner,
					 const char *outer)
{
	return create(g, SIPALG_BINDING_SIGNALLING, inner, outer, true);
}

static int hold(struct sipalg_binding *b, const char *who)
{
	struct sip_host h = host(who);

	return sipalg_binding_hold(b, &h);
}

static void drop(struct sipalg_binding *b, const char *who, u32 linger)
{
	struct sip_host h = host(who);

	sipalg_binding_drop(b, &h, linger);
}

static int lease(struct sipalg_binding *b, const char *who, u32 seconds)
{
	struct sip_host h = host(who);

	return sipalg_binding_lease(b, &h, seconds);
}

/* As the module asks: by one end, and the host of the other. */
static struct sipalg_binding *find(struct gateway *g, enum sipalg_side side,
				   const char *at, const char *other, u8 proto,
				   u16 zone, bool is_signalling)
{
	struct sip_endpoint e = endpoint(at);
	struct sip_host h = host(other ?: "0.0.0.0");
	struct sipalg_end_key key;
	struct sipalg_binding *b;

	sipalg_end_key_set(&key, side, &e, proto, zone);
	rcu_read_lock();
	b = sipalg_binding_find(&g->sn, &key, other ? &h : NULL, NULL,
				is_signalling);
	rcu_read_unlock();
	return b;
}

static void binding_found(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = media(g, AT(4000), OUT(5000));
	struct sip_endpoint at;

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	EXPECT_COUNTS(g, 0, 0, 0, 1);
	sipalg_end_get(b, SIPALG_INNER, &at);
	KUNIT_EXPECT_EQ(test, at.port, 4000);
	sipalg_end_get(b, SIPALG_OUTER, &at);
	KUNIT_EXPECT_EQ(test, at.port, 5000);
	KUNIT_EXPECT_PTR_EQ(test, b, find(g, SIPALG_INNER, AT(4000), NULL,
					  IPPROTO_UDP, 0, false));
	KUNIT_EXPECT_PTR_EQ(test, b, find(g, SIPALG_OUTER, OUT(5000), PHONE,
					  IPPROTO_UDP, 0, false));
	/* Everything has to be the same. */
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_OUTER, AT(4000), NULL, IPPROTO_UDP, 0, false));
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_INNER, OUT(5000), NULL, IPPROTO_UDP, 0, false));
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_INNER, AT(4001), NULL, IPPROTO_UDP, 0, false));
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_INNER, OTHER ":4000", NULL, IPPROTO_UDP, 0, false));
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_INNER, AT(4000), NULL, IPPROTO_TCP, 0, false));
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_INNER, AT(4000), NULL, IPPROTO_UDP, 7, false));
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_INNER, AT(4000), FAR, IPPROTO_UDP, 0, false));
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_INNER, AT(4000), NULL, IPPROTO_UDP, 0, true));
	sipalg_binding_destroy(b);
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_INNER, AT(4000), NULL, IPPROTO_UDP, 0, false));
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_OUTER, OUT(5000), NULL, IPPROTO_UDP, 0, false));
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

static void binding_ipv6(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = media(g, "[2001:db8::1]:4000", "[2001:db8::1]:4000");
	struct sip_endpoint at;

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	sipalg_end_get(b, SIPALG_INNER, &at);
	KUNIT_EXPECT_EQ(test, at.host.family, 6);
	KUNIT_EXPECT_PTR_EQ(test, b, find(g, SIPALG_OUTER, "[2001:db8::1]:4000", NULL,
					  IPPROTO_UDP, 0, false));
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_OUTER, "[2001:db8::2]:4000", NULL,
				     IPPROTO_UDP, 0, false));
	/* An IPv4 address is not an IPv6 address with the same first bytes. */
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_OUTER, "32.1.13.184:4000", NULL,
				     IPPROTO_UDP, 0, false));
}

static void binding_taken(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = media(g, AT(4000), OUT(4000)), *c;

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	c = media(g, OTHER ":4000", OUT(4000));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(c), -EADDRINUSE);
	EXPECT_COUNTS(g, 0, 0, 0, 1);
	/* Somebody who may share does. */
	c = create(g, SIPALG_BINDING_MEDIA, OTHER ":4000", OUT(4000), true);
	KUNIT_ASSERT_FALSE(test, IS_ERR(c));
	KUNIT_EXPECT_PTR_EQ(test, b, find(g, SIPALG_OUTER, OUT(4000), PHONE,
					  IPPROTO_UDP, 0, false));
	KUNIT_EXPECT_PTR_EQ(test, c, find(g, SIPALG_OUTER, OUT(4000), OTHER,
					  IPPROTO_UDP, 0, false));
	sipalg_binding_destroy(b);
	KUNIT_EXPECT_NULL(test, find(g, SIPALG_OUTER, OUT(4000), PHONE, IPPROTO_UDP, 0, false));
	KUNIT_EXPECT_PTR_EQ(test, c, find(g, SIPALG_OUTER, OUT(4000), NULL,
					  IPPROTO_UDP, 0, false));
	sipalg_binding_destroy(c);
	b = media(g, AT(4000), OUT(4000));
	KUNIT_EXPECT_FALSE(test, IS_ERR(b));
}

static void binding_limit(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b;

	g->sn.limits.bindings = 2;
	b = media(g, AT(4000), OUT(4000));
	KUNIT_EXPECT_FALSE(test, IS_ERR(b));
	KUNIT_EXPECT_FALSE(test, IS_ERR(signalling(g, AT(5060), OUT(5060))));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(media(g, AT(4002), OUT(4002))), -ENOSPC);
	EXPECT_COUNTS(g, 0, 0, 0, 2);
	sipalg_binding_destroy(b);
	KUNIT_EXPECT_FALSE(test, IS_ERR(media(g, AT(4002), OUT(4002))));
}

static void binding_no_memory(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	unsigned int nth, failed = 0;
	struct sipalg_binding *b;

	for (nth = 1;; nth++) {
		current->fail_nth = nth;
		b = signalling(g, AT(5060), OUT(5060));
		if (current->fail_nth)
			break;
		failed++;
		/* A table that cannot grow is fuller, that is all. */
		if (!IS_ERR(b)) {
			sipalg_binding_destroy(b);
			continue;
		}
		KUNIT_EXPECT_EQ(test, PTR_ERR(b), -ENOMEM);
		EXPECT_COUNTS(g, 0, 0, 0, 0);
		KUNIT_EXPECT_NULL(test, gateway_binding(g, SIPALG_INNER, AT(5060)));
		KUNIT_EXPECT_NULL(test, gateway_binding(g, SIPALG_OUTER, OUT(5060)));
	}
	current->fail_nth = 0;
	KUNIT_EXPECT_GT(test, failed, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	current->fail_nth = 1;
	KUNIT_EXPECT_EQ(test, hold(b, PROXY), -ENOMEM);
	current->fail_nth = 1;
	KUNIT_EXPECT_EQ(test, lease(b, PROXY, 10), -ENOMEM);
	current->fail_nth = 0;
	EXPECT_CLOSED(g, OUT(5060), PROXY);
	EXPECT_COUNTS(g, 0, 0, 0, 1);
}

/* Nobody takes a lease: it goes by itself. */
static void binding_unleased(struct kunit *test)
{
	struct gateway *g = gateway_new(test);

	KUNIT_ASSERT_FALSE(test, IS_ERR(signalling(g, AT(5060), OUT(5060))));
	wait_seconds(30);
	EXPECT_COUNTS(g, 0, 0, 0, 1);
	EXPECT_CLOSED(g, OUT(5060), PROXY);
	wait_seconds(4);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

static void binding_leases(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = signalling(g, AT(5060), OUT(5060));

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	KUNIT_EXPECT_EQ(test, lease(b, PROXY, 10), 0);
	KUNIT_EXPECT_EQ(test, lease(b, FAR, 60), 0);
	EXPECT_OPEN(g, OUT(5060), PROXY);
	EXPECT_OPEN(g, OUT(5060), FAR);
	EXPECT_CLOSED(g, OUT(5060), OTHER);
	wait_seconds(9);
	EXPECT_OPEN(g, OUT(5060), PROXY);
	/* Longer: the new time counts. */
	KUNIT_EXPECT_EQ(test, lease(b, PROXY, 20), 0);
	wait_seconds(19);
	EXPECT_OPEN(g, OUT(5060), PROXY);
	wait_seconds(2);
	EXPECT_CLOSED(g, OUT(5060), PROXY);
	EXPECT_OPEN(g, OUT(5060), FAR);
	wait_seconds(28);
	EXPECT_OPEN(g, OUT(5060), FAR);
	wait_seconds(4);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

static void binding_holds(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = signalling(g, AT(5060), OUT(5060));

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	KUNIT_EXPECT_EQ(test, hold(b, PROXY), 0);
	KUNIT_EXPECT_EQ(test, hold(b, PROXY), 0);
	KUNIT_EXPECT_EQ(test, hold(b, FAR), 0);
	wait_seconds(100);
	EXPECT_OPEN(g, OUT(5060), PROXY);
	drop(b, FAR, 0);
	EXPECT_CLOSED(g, OUT(5060), FAR);
	drop(b, PROXY, 0);
	EXPECT_OPEN(g, OUT(5060), PROXY);
	/* A lease by time is added, and does not take the hold along. */
	KUNIT_EXPECT_EQ(test, lease(b, PROXY, 10), 0);
	wait_seconds(12);
	EXPECT_OPEN(g, OUT(5060), PROXY);
	/* Nor the other way round */
	KUNIT_EXPECT_EQ(test, lease(b, PROXY, 10), 0);
	drop(b, PROXY, 0);
	EXPECT_OPEN(g, OUT(5060), PROXY);
	EXPECT_COUNTS(g, 0, 0, 0, 1);
	wait_seconds(12);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

static void binding_last_hold(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = signalling(g, AT(5060), OUT(5060));

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	hold(b, PROXY);
	rcu_read_lock();
	drop(b, PROXY, 0);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	/* Whoever found it just before comes too late. */
	KUNIT_EXPECT_EQ(test, hold(b, PROXY), -ENOENT);
	KUNIT_EXPECT_EQ(test, lease(b, PROXY, 5), -ENOENT);
	drop(b, PROXY, 0);
	rcu_read_unlock();
	/* Kept in the table for a while, for nobody's use */
	b = signalling(g, AT(5060), OUT(5060));
	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	hold(b, PROXY);
	wait_seconds(40);
	drop(b, PROXY, 20);
	EXPECT_CLOSED(g, OUT(5060), PROXY);
	wait_seconds(19);
	EXPECT_COUNTS(g, 0, 0, 0, 1);
	wait_seconds(2);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

static void binding_discard(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = signalling(g, AT(5060), OUT(5060));

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	hold(b, PROXY);
	sipalg_binding_discard(b);
	EXPECT_OPEN(g, OUT(5060), PROXY);
	lease(b, FAR, 30);
	drop(b, PROXY, 0);
	sipalg_binding_discard(b);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	b = media(g, AT(4000), OUT(4000));
	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	sipalg_binding_discard(b);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* As many hosts as the limit says, each as often as it wants. */
static void binding_peers(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = signalling(g, AT(5060), OUT(5060));
	unsigned int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	g->sn.limits.peers = 2;
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, hold(b, PROXY), 0);
	KUNIT_EXPECT_EQ(test, lease(b, FAR, 10), 0);
	KUNIT_EXPECT_EQ(test, hold(b, OTHER), -ENOSPC);
	KUNIT_EXPECT_EQ(test, lease(b, OTHER, 10), -ENOSPC);
	EXPECT_CLOSED(g, OUT(5060), OTHER);
	wait_seconds(12);
	KUNIT_EXPECT_EQ(test, hold(b, OTHER), 0);
	for (i = 0; i < 100; i++)
		drop(b, PROXY, 0);
	EXPECT_CLOSED(g, OUT(5060), PROXY);
	EXPECT_OPEN(g, OUT(5060), OTHER);
}

/* Who the flows belong to while the binding lives, and that they go with it. */
static void binding_flows(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = media(g, AT(4000), OUT(4000));
	struct nf_conn *ct[SIPALG_FLOWS_MAX + 1];
	static const char * const peers[] = {
		FAR ":30000", FAR ":30002", FAR ":30004", FAR ":30006", FAR ":30008",
	};
	unsigned int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	for (i = 0; i < ARRAY_SIZE(ct); i++) {
		ct[i] = gateway_flow(g, AT(4000), OUT(4000), peers[i], peers[i]);
		flow_confirm(g, ct[i]);
	}
	for (i = 0; i < SIPALG_FLOWS_MAX; i++)
		KUNIT_EXPECT_TRUE(test, sipalg_binding_add_flow(b, ct[i]));
	KUNIT_EXPECT_FALSE(test, sipalg_binding_add_flow(b, ct[i]));
	/* One that ended makes room. */
	nf_ct_delete(ct[2], 0, 0);
	KUNIT_EXPECT_TRUE(test, sipalg_binding_add_flow(b, ct[i]));
	KUNIT_EXPECT_EQ(test, b->nflows, SIPALG_FLOWS_MAX);
	KUNIT_EXPECT_EQ(test, refcount_read(&ct[2]->ct_general.use), 1);
	rcu_read_lock();
	sipalg_binding_destroy(b);
	for (i = 0; i < ARRAY_SIZE(ct); i++)
		KUNIT_EXPECT_TRUE(test, nf_ct_is_dying(ct[i]));
	KUNIT_EXPECT_FALSE(test, sipalg_binding_add_flow(b, ct[0]));
	rcu_read_unlock();
}

/* A flow whose first packet is still on its way dies before it arrives. */
static void binding_flow_unconfirmed(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = media(g, AT(4000), OUT(4000));
	struct nf_conn *ct = gateway_flow(g, AT(4000), OUT(4000), FAR ":30000",
					  FAR ":30000");

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	KUNIT_EXPECT_TRUE(test, sipalg_binding_add_flow(b, ct));
	sipalg_binding_destroy(b);
	rcu_barrier();
	KUNIT_EXPECT_TRUE(test, nf_ct_is_dying(ct));
	KUNIT_EXPECT_EQ(test, refcount_read(&ct->ct_general.use), 1);
}

/* When the module goes, the flows stay: audio goes on. */
static void binding_flows_stay(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = media(g, AT(4000), OUT(4000));
	struct nf_conn *ct = gateway_flow(g, AT(4000), OUT(4000), FAR ":30000",
					  FAR ":30000");

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	flow_confirm(g, ct);
	KUNIT_EXPECT_TRUE(test, sipalg_binding_add_flow(b, ct));
	sipalg_tables_flush(&g->sn);
	rcu_barrier();
	KUNIT_EXPECT_FALSE(test, nf_ct_is_dying(ct));
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* An entry of the same two endpoints that the binding did not make. */
static void binding_clear_way(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_binding *b = media(g, AT(4000), OUT(5000));
	struct sip_endpoint peer = endpoint(FAR ":30000");
	struct nf_conn *own, *in, *out, *other;

	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	other = gateway_flow(g, AT(4000), OUT(4000), FAR ":30002", FAR ":30002");
	flow_confirm(g, other);
	in = gateway_flow(g, FAR ":30000", FAR ":30000", OUT(5000), OUT(5000));
	flow_confirm(g, in);
	sipalg_binding_clear_way(b, &peer);
	KUNIT_EXPECT_TRUE(test, nf_ct_is_dying(in));
	out = gateway_flow(g, AT(4000), OUT(4000), FAR ":30000", FAR ":30000");
	flow_confirm(g, out);
	sipalg_binding_clear_way(b, &peer);
	KUNIT_EXPECT_TRUE(test, nf_ct_is_dying(out));
	KUNIT_EXPECT_FALSE(test, nf_ct_is_dying(other));
	/* Its own stays. */
	own = gateway_flow(g, AT(4000), OUT(5000), FAR ":30000", FAR ":30000");
	flow_confirm(g, own);
	KUNIT_EXPECT_TRUE(test, sipalg_binding_add_flow(b, own));
	sipalg_binding_clear_way(b, &peer);
	KUNIT_EXPECT_FALSE(test, nf_ct_is_dying(own));
	/* IPv6 cannot be in the way of IPv4. */
	peer = endpoint("[2001:db8::1]:30000");
	sipalg_binding_clear_way(b, &peer);
}

/* A context in which ports are looked for. */
static struct sipalg_ctx *ctx_new(struct gateway *g, bool nat)
{
	struct sipalg_ctx *ctx = kunit_kzalloc(g->test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(g->test, ctx);
	ctx->sn = &g->sn;
	ctx->rule = g->rule;
	ctx->src_nat = nat;
	ctx->path.src_out = endpoint(nat ? OUT(5060) : AT(5060));
	return ctx;
}

/* @n ports, each with RTCP above it or without; the last of these in @rtcp */
static struct sipalg_binding *allocate(struct sipalg_ctx *ctx,
				       const struct sip_endpoint *inner,
				       unsigned int n, struct sipalg_binding **rtcp)
{
	const struct sipalg_run run = {
		.type = SIPALG_BINDING_MEDIA,
		.proto = IPPROTO_UDP,
		.n = n,
		.step = rtcp ? 2 : 1,
		.rtcp = rtcp,
	};
	struct sipalg_binding *b = sipalg_allocate(ctx, inner, &run);

	if (rtcp && !IS_ERR(b))
		*rtcp = ctx->made[ctx->nmade - 1];
	return b;
}

static u16 outer_port(const struct sipalg_binding *b)
{
	struct sip_endpoint at;

	sipalg_end_get(b, SIPALG_OUTER, &at);
	return at.port;
}

static void port_same(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_ctx *ctx = ctx_new(g, true);
	struct sip_endpoint inner = endpoint(AT(4001));
	struct sipalg_binding *b, *rtcp = NULL;

	/* The same, if it is free: odd ones as well */
	b = allocate(ctx, &inner, 1, &rtcp);
	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	KUNIT_ASSERT_NOT_NULL(test, rtcp);
	KUNIT_EXPECT_EQ(test, outer_port(b), 4001);
	KUNIT_EXPECT_EQ(test, outer_port(rtcp), 4002);
	KUNIT_EXPECT_EQ(test, rtcp->type, SIPALG_BINDING_RTCP);
	KUNIT_EXPECT_EQ(test, ctx->nmade, 2);
	/* There is no port above the last. */
	inner.port = 65535;
	b = allocate(ctx, &inner, 1, &rtcp);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(b), -EADDRINUSE);
	b = allocate(ctx, &inner, 1, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	KUNIT_EXPECT_EQ(test, outer_port(b), 65535);
	EXPECT_COUNTS(g, 0, 0, 0, 3);
}

static void port_range(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_ctx *ctx = ctx_new(g, true);
	struct sip_endpoint inner = endpoint(AT(4000));
	struct sipalg_binding *b, *rtcp;
	unsigned int i;

	g->rule->option[SIPALG_O_MEDIA_PORT_MIN] = 20001;
	g->rule->option[SIPALG_O_MEDIA_PORT_MAX] = 20100;
	/* One half of the pair is somebody else's. */
	KUNIT_ASSERT_FALSE(test, IS_ERR(media(g, OTHER ":4001", OUT(4001))));
	for (i = 0; i < 20; i++) {
		ctx->nmade = 0;
		rtcp = NULL;
		b = allocate(ctx, &inner, 1, &rtcp);
		KUNIT_ASSERT_FALSE(test, IS_ERR(b));
		KUNIT_ASSERT_NOT_NULL(test, rtcp);
		KUNIT_EXPECT_GE(test, outer_port(b), 20001);
		KUNIT_EXPECT_LE(test, outer_port(rtcp), 20100);
		KUNIT_EXPECT_EQ(test, outer_port(b) % 2, 0);
		KUNIT_EXPECT_EQ(test, outer_port(rtcp), outer_port(b) + 1);
		KUNIT_EXPECT_EQ(test, ctx->nmade, 2);
	}
	/* The half that was free was given back. */
	KUNIT_EXPECT_NULL(test, gateway_binding(g, SIPALG_OUTER, OUT(4000)));
	EXPECT_COUNTS(g, 0, 0, 0, 41);
}

static void port_exhausted(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_ctx *ctx = ctx_new(g, true);
	struct sip_endpoint inner = endpoint(AT(4000));
	struct sipalg_binding *b, *rtcp;
	unsigned int i, n = 0;

	g->rule->option[SIPALG_O_MEDIA_PORT_MIN] = 20000;
	g->rule->option[SIPALG_O_MEDIA_PORT_MAX] = 20007;
	for (i = 0; i < 8; i++) {
		rtcp = NULL;
		b = allocate(ctx, &inner, 1, &rtcp);
		if (IS_ERR(b))
			break;
		n++;
	}
	/* The same port, and the four pairs of the range */
	KUNIT_EXPECT_EQ(test, n, 5);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(b), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, sipalg_reason_of(ctx, PTR_ERR(b)), SIPALG_R_NO_PORT);
	KUNIT_EXPECT_EQ(test, ctx->nmade, 10);
	EXPECT_COUNTS(g, 0, 0, 0, 10);
	/* One pair comes back. */
	sipalg_binding_destroy(ctx->made[4]);
	sipalg_binding_destroy(ctx->made[5]);
	b = allocate(ctx, &inner, 1, &rtcp);
	KUNIT_EXPECT_FALSE(test, IS_ERR(b));
	/* At the limit of bindings, no half of a pair stays. */
	inner.port = 6000;
	g->sn.limits.bindings = 11;
	b = allocate(ctx, &inner, 1, &rtcp);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(b), -ENOSPC);
	EXPECT_COUNTS(g, 0, 0, 0, 10);
}

/* Ports in a row stay in a row, and one that is taken moves all of them. */
static void port_row(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_ctx *ctx = ctx_new(g, true);
	struct sip_endpoint inner = endpoint(AT(4000));
	struct sipalg_binding *b, *rtcp;
	unsigned int i;

	b = allocate(ctx, &inner, 3, &rtcp);
	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	KUNIT_EXPECT_EQ(test, ctx->nmade, 6);
	KUNIT_EXPECT_PTR_EQ(test, b, ctx->made[0]);
	for (i = 0; i < 6; i++) {
		KUNIT_EXPECT_EQ(test, outer_port(ctx->made[i]), 4000 + i);
		KUNIT_EXPECT_EQ(test, ctx->made[i]->type,
				i % 2 ? SIPALG_BINDING_RTCP : SIPALG_BINDING_MEDIA);
	}
	g->rule->option[SIPALG_O_MEDIA_PORT_MIN] = 20000;
	g->rule->option[SIPALG_O_MEDIA_PORT_MAX] = 20006;
	b = allocate(ctx, &inner, 3, &rtcp);
	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	KUNIT_EXPECT_EQ(test, outer_port(b), 20000);
	KUNIT_EXPECT_EQ(test, outer_port(rtcp), 20005);
	/* 20006 alone is left: no row, and nothing stays of the try. */
	b = allocate(ctx, &inner, 2, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(b), -EADDRINUSE);
	b = allocate(ctx, &inner, 1, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	KUNIT_EXPECT_EQ(test, outer_port(b), 20006);
	KUNIT_EXPECT_EQ(test, ctx->nmade, 13);
	EXPECT_COUNTS(g, 0, 0, 0, 13);
}

/* Without NAT, an address is what it is, and may be in several calls. */
static void port_without_nat(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_ctx *ctx = ctx_new(g, false);
	struct sip_endpoint inner = endpoint(AT(4000));
	struct sipalg_binding *b, *rtcp;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		b = allocate(ctx, &inner, 1, &rtcp);
		KUNIT_ASSERT_FALSE(test, IS_ERR(b));
		KUNIT_EXPECT_EQ(test, outer_port(b), 4000);
		KUNIT_EXPECT_EQ(test, outer_port(rtcp), 4001);
	}
	EXPECT_COUNTS(g, 0, 0, 0, 6);
	/* But no more than a message may make */
	ctx->nmade = SIPALG_CTX_MADE;
	b = allocate(ctx, &inner, 1, &rtcp);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(b), -ENOSPC);
	EXPECT_COUNTS(g, 0, 0, 0, 6);
}

#define ROUNDS	400

/*
 * Both share one binding: make it, hold it, ask it, let go, destroy it. They
 * give way to each other at every step.
 */
static int share(void *data)
{
	struct gateway *g = data;
	struct sipalg_binding *b;
	unsigned int i;
	int held;

	for (i = 0; i < ROUNDS; i++) {
		rcu_read_lock();
		b = find(g, SIPALG_INNER, AT(5060), PUBLIC, IPPROTO_UDP, 0, true);
		if (!b)
			b = signalling(g, AT(5060), OUT(5060));
		held = IS_ERR(b) ? -ENOMEM : hold(b, PROXY);
		rcu_read_unlock();
		cond_resched();
		schedule_timeout_uninterruptible(i % 3);
		if (held)
			continue;
		KUNIT_EXPECT_FALSE(g->test, b->dead);
		EXPECT_OPEN(g, OUT(5060), PROXY);
		schedule_timeout_uninterruptible(i % 2);
		drop(b, PROXY, 0);
		/* So that now and then nobody holds it */
		schedule_timeout_uninterruptible((i * 7 + task_pid_nr(current)) % 11);
	}
	return 0;
}

/* Each takes media ports as the other does, and gives them back. */
static int take_ports(void *data)
{
	struct gateway *g = data;
	struct sipalg_binding *b[8];
	char inner[32], outer[32];
	unsigned int i, k;

	for (i = 0; i < ROUNDS / 4; i++) {
		for (k = 0; k < ARRAY_SIZE(b); k++) {
			snprintf(inner, sizeof(inner), "192.168.%u.1:4000",
				 task_pid_nr(current) % 255);
			snprintf(outer, sizeof(outer), PUBLIC ":%u", 4000 + k);
			b[k] = media(g, inner, outer);
			schedule_timeout_uninterruptible((i + k) % 2);
		}
		for (k = 0; k < ARRAY_SIZE(b); k++) {
			if (IS_ERR(b[k])) {
				KUNIT_EXPECT_EQ(g->test, PTR_ERR(b[k]), -EADDRINUSE);
				continue;
			}
			KUNIT_EXPECT_EQ(g->test, outer_port(b[k]), 4000 + k);
			sipalg_binding_destroy(b[k]);
			schedule_timeout_uninterruptible((i ^ k) % 2);
		}
	}
	return 0;
}

static void concurrently(struct kunit *test, int (*work)(void *data))
{
	struct gateway *g = gateway_new(test);
	struct task_struct *tasks[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tasks); i++) {
		tasks[i] = kthread_create(work, g, "sipalg-kunit/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(tasks[i]));
		get_task_struct(tasks[i]);
	}
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		wake_up_process(tasks[i]);
	/* One that has not begun yet would not begin any more. */
	schedule_timeout_uninterruptible(2);
	for (i = 0; i < ARRAY_SIZE(tasks); i++) {
		kthread_stop(tasks[i]);
		put_task_struct(tasks[i]);
	}
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	KUNIT_EXPECT_GT(test, gateway_count(g, SIPALG_R_BINDINGS), 10);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_BINDINGS),
			gateway_count(g, SIPALG_R_BINDINGS_GONE));
}

static void binding_concurrent_holds(struct kunit *test)
{
	concurrently(test, share);
}

static void binding_concurrent_ports(struct kunit *test)
{
	concurrently(test, take_ports);
}

/* Many at once, through all sizes of the table, and gone in one go. */
static void binding_many(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	unsigned int i, n = 5000;
	char inner[32], outer[32];

	g->sn.limits.bindings = n;
	for (i = 0; i < n; i++) {
		snprintf(inner, sizeof(inner), PHONE ":%u", 1024 + i);
		snprintf(outer, sizeof(outer), PUBLIC ":%u", 60000 - i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(media(g, inner, outer)));
	}
	EXPECT_COUNTS(g, 0, 0, 0, n);
	for (i = 0; i < n; i += 7) {
		snprintf(outer, sizeof(outer), PUBLIC ":%u", 60000 - i);
		KUNIT_EXPECT_NOT_NULL(test, gateway_binding(g, SIPALG_OUTER, outer));
	}
	sipalg_tables_flush(&g->sn);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

static struct kunit_case binding_cases[] = {
	KUNIT_CASE(binding_found),
	KUNIT_CASE(binding_ipv6),
	KUNIT_CASE(binding_taken),
	KUNIT_CASE(binding_limit),
	KUNIT_CASE(binding_no_memory),
	KUNIT_CASE(binding_unleased),
	KUNIT_CASE(binding_leases),
	KUNIT_CASE(binding_holds),
	KUNIT_CASE(binding_last_hold),
	KUNIT_CASE(binding_discard),
	KUNIT_CASE(binding_peers),
	KUNIT_CASE(binding_flows),
	KUNIT_CASE(binding_flow_unconfirmed),
	KUNIT_CASE(binding_flows_stay),
	KUNIT_CASE(binding_clear_way),
	KUNIT_CASE(port_same),
	KUNIT_CASE(port_range),
	KUNIT_CASE(port_exhausted),
	KUNIT_CASE(port_row),
	KUNIT_CASE(port_without_nat),
	KUNIT_CASE(binding_concurrent_holds),
	KUNIT_CASE(binding_concurrent_ports),
	KUNIT_CASE(binding_many),
	{}
};

static struct kunit_suite binding_suite = {
	.name = "binding",
	.test_cases = binding_cases,
};

kunit_test_suite(binding_suite);

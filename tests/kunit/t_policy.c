// SPDX-License-Identifier: GPL-2.0
/*
 * Rules: which flow has which, while policies come and go.
 */
#include <kunit/test.h>
#include <net/netfilter/nf_conntrack.h>

#include "../../kmod/flow.h"
#include "gateway.h"

#define PHONE	"10.0.0.2:5060"
#define OUTER	"203.0.113.1:5060"
#define SERVER	"198.51.100.7:5060"

struct prefix_case {
	const char *prefix;
	u8 len;
	const char *host;
	bool has;
};

static const struct prefix_case prefix_cases[] = {
	{ "10.0.0.0", 8, "10.255.0.1", true },
	{ "10.0.0.0", 8, "11.0.0.0", false },
	{ "10.0.0.2", 32, "10.0.0.2", true },
	{ "10.0.0.2", 32, "10.0.0.3", false },
	{ "10.0.0.2", 31, "10.0.0.3", true },
	{ "10.0.0.8", 29, "10.0.0.15", true },
	{ "10.0.0.8", 29, "10.0.0.16", false },
	{ "10.0.0.0", 0, "203.0.113.1", true },
	{ "10.0.0.0", 0, "2001:db8::1", false },
	{ "2001:db8::", 33, "2001:db8:7fff::1", true },
	{ "2001:db8::", 33, "2001:db8:8000::1", false },
	{ "2001:db8::1", 128, "2001:db8::1", true },
	{ "2001:db8::1", 128, "2001:db8::2", false },
	{ "2001:db8::1", 127, "2001:db8::2", false },
	{ "2001:db8::", 0, "::1", true },
};

static void prefixes(struct kunit *test)
{
	struct sipalg_prefix any = {};
	struct sip_host h;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prefix_cases); i++) {
		const struct prefix_case *c = &prefix_cases[i];
		struct sipalg_prefix p = { .host = host(c->prefix), .len = c->len };

		h = host(c->host);
		KUNIT_EXPECT_EQ_MSG(test, sipalg_prefix_has(&p, &h), c->has, "%s/%u and %s",
				    c->prefix, c->len, c->host);
		KUNIT_EXPECT_TRUE(test, sipalg_prefix_has(&any, &h));
	}
}

/* A policy of so many rules for port 5060, which all bypass, in use. */
static struct sipalg_policy *policy_new(struct gateway *g, u32 n)
{
	struct sipalg_policy *p = sipalg_policy_new(n, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(g->test, p);
	while (p->n < n) {
		struct sipalg_rule *r = sipalg_rule_new(GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(g->test, r);
		r->id = p->n + 1;
		r->action = SIPALG_ACTION_BYPASS;
		r->match.port_min = SIP_PORT_DEFAULT;
		r->match.port_max = SIP_PORT_DEFAULT;
		p->rule[p->n++] = r;
	}
	sipalg_policy_set(&g->sn, p);
	return p;
}

static u32 rule_id(struct gateway *g, struct nf_conn *ct, enum ip_conntrack_dir dir, bool known)
{
	const struct nf_hook_state state = {
		.hook = NF_INET_POST_ROUTING, .pf = NFPROTO_IPV4, .net = &init_net,
	};
	struct sipalg_rule *r;
	u32 id;

	rcu_read_lock();
	r = sipalg_policy_rule(&g->sn, ct, dir, &state, known ? sipalg_flow(ct) : NULL);
	id = r ? r->id : 0;
	rcu_read_unlock();
	return id;
}

static void end(struct gateway *g)
{
	struct sipalg_policy *p = rcu_replace_pointer(g->sn.policy, NULL, true);

	synchronize_rcu();
	sipalg_policy_free(p);
	gateway_free(g);
}

/* The first that matches, both ways; NULL where none does. */
static void order(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct nf_conn *ct = gateway_flow(g, PHONE, OUTER, SERVER, SERVER);
	struct sipalg_policy *p = policy_new(g, 5);

	p->rule[0]->match.proto = IPPROTO_TCP;
	p->rule[1]->match.src = (struct sipalg_prefix){ host("203.0.113.1"), 32 };
	p->rule[2]->match.dst = (struct sipalg_prefix){ host("198.51.100.0"), 24 };
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, false), 3);
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_REPLY, false), 3);
	p->rule[2]->match.has_zone = true;
	p->rule[2]->match.zone = 7;
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, false), 4);
	strscpy(p->rule[3]->match.iif, "lan", IFNAMSIZ);
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, false), 5);
	p->rule[4]->match.port_max = 5061;
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, false), 5);
	p->rule[4]->match.port_min = 5061;
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, false), 0);
	end(g);
}

/* A flow that came by a binding fits a rule that serves it, without the port. */
static void bound(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct nf_conn *ct = gateway_flow(g, SERVER, SERVER, OUTER, PHONE);
	struct sipalg_policy *p = policy_new(g, 2);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		p->rule[i]->match.port_min = 5070;
		p->rule[i]->match.port_max = 5070;
	}
	p->rule[1]->action = SIPALG_ACTION_ALG;
	p->rule[1]->match.src = (struct sipalg_prefix){ host("10.0.0.0"), 8 };
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, false), 0);
	sipalg_flow(ct)->flags[0] |= SIPALG_FLOW_BOUND;
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, true), 2);
	end(g);
}

/* It is looked for again in each policy, and a number of an older one is none. */
static void generations(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct nf_conn *ct = gateway_flow(g, PHONE, OUTER, SERVER, SERVER);
	struct sipalg_flow *flow = sipalg_flow(ct);
	struct sipalg_policy *p = policy_new(g, 200);
	unsigned int i;
	u16 late;

	for (i = 0; i < 199; i++)
		p->rule[i]->match.proto = IPPROTO_TCP;
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, true), 200);
	p->rule[0]->match.proto = 0;
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, true), 200);
	late = flow->rule;
	p = policy_new(g, 1);
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, true), 1);
	KUNIT_EXPECT_EQ(test, flow->generation, p->generation);
	/* A CPU that had the old policy writes after one that had the new one. */
	flow->rule = late;
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, true), 1);
	policy_new(g, 0);
	KUNIT_EXPECT_EQ(test, rule_id(g, ct, IP_CT_DIR_ORIGINAL, true), 0);
	end(g);
}

/* A rule that is in use outlives its policy. */
static void references(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct sipalg_rule *r = policy_new(g, 3)->rule[1];

	sipalg_rule_get(r);
	KUNIT_EXPECT_EQ(test, refcount_read(&r->ref), 2);
	policy_new(g, 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&r->ref), 1);
	KUNIT_EXPECT_EQ(test, r->id, 2);
	sipalg_rule_put(r);
	sipalg_rule_put(NULL);
	end(g);
}

static void options(struct kunit *test)
{
	static const u32 bounds[][3] = {
#define X(e, name, kind, min, max, def, text) { min, max, def },
		SIPALG_OPTIONS(X)
#undef X
	};
	struct sipalg_rule *r = sipalg_rule_new(GFP_KERNEL);
	unsigned int o;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (o = 0; o < SIPALG_O_COUNT; o++) {
		const u32 *b = bounds[o];

		KUNIT_EXPECT_EQ(test, r->option[o], b[2]);
		KUNIT_EXPECT_EQ(test, sipalg_option_check(o, b[0], NULL), 0);
		KUNIT_EXPECT_EQ(test, sipalg_option_check(o, b[1], NULL), 0);
		KUNIT_EXPECT_EQ(test, sipalg_option_check(o, b[2], NULL), 0);
		if (b[0])
			KUNIT_EXPECT_EQ(test, sipalg_option_check(o, b[0] - 1, NULL), -ERANGE);
		if (b[1] != U32_MAX)
			KUNIT_EXPECT_EQ(test, sipalg_option_check(o, b[1] + 1, NULL), -ERANGE);
	}
	sipalg_rule_put(r);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(prefixes),
	KUNIT_CASE(order),
	KUNIT_CASE(bound),
	KUNIT_CASE(generations),
	KUNIT_CASE(references),
	KUNIT_CASE(options),
	{}
};

static struct kunit_suite suite = {
	.name = "policy",
	.test_cases = cases,
};

kunit_test_suite(suite);

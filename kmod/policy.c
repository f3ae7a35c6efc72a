// SPDX-License-Identifier: GPL-2.0
/*
 * Rules: kept, replaced, matched.
 */
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "compat/extack.h"
#include "flow.h"
#include "net.h"
#include "policy.h"

static const struct {
	const char *name;
	u32 min;
	u32 max;
	u32 def;
} options[] = {
#define X(e, name, kind, min, max, def, text) { #name, min, max, def },
	SIPALG_OPTIONS(X)
#undef X
};

const char *sipalg_option_name(u32 o)
{
	return options[o].name;
}

int sipalg_option_check(u32 o, u32 value, struct netlink_ext_ack *extack)
{
	if (value >= options[o].min && value <= options[o].max)
		return 0;
	compat_set_msg(extack, "%s cannot be %u: it is %u to %u", options[o].name,
		       value, options[o].min, options[o].max);
	return -ERANGE;
}

void sipalg_rule_put(struct sipalg_rule *r)
{
	if (r && refcount_dec_and_test(&r->ref))
		kfree_rcu(r, rcu);
}

void sipalg_rule_mark(const struct sipalg_rule *r, struct nf_conn *ct, enum sipalg_option kind)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	u32 mask = r->option[kind + 1];

	if (!mask)
		return;
	WRITE_ONCE(ct->mark, (READ_ONCE(ct->mark) & ~mask) | r->option[kind]);
	nf_conntrack_event_cache(IPCT_MARK, ct);
#endif
}

struct sipalg_rule *sipalg_rule_new(gfp_t gfp)
{
	struct sipalg_rule *r = kzalloc(sizeof(*r), gfp);
	unsigned int i;

	if (!r)
		return NULL;
	refcount_set(&r->ref, 1);
	r->match.port_max = U16_MAX;
	for (i = 0; i < SIPALG_O_COUNT; i++)
		r->option[i] = options[i].def;
	return r;
}

struct sipalg_policy *sipalg_policy_new(u32 n, gfp_t gfp)
{
	return kvzalloc(struct_size((struct sipalg_policy *)NULL, rule, n), gfp);
}

void sipalg_policy_free(struct sipalg_policy *p)
{
	u32 i;

	if (!p)
		return;
	for (i = 0; i < p->n; i++)
		sipalg_rule_put(p->rule[i]);
	kvfree(p);
}

struct sipalg_policy *sipalg_policy_default(gfp_t gfp)
{
	struct sipalg_policy *p = sipalg_policy_new(1, gfp);
	struct sipalg_rule *r = sipalg_rule_new(gfp);

	if (!p || !r) {
		sipalg_rule_put(r);
		sipalg_policy_free(p);
		return NULL;
	}
	r->id = 1;
	r->action = SIPALG_ACTION_ALG;
	r->match.port_min = SIP_PORT_DEFAULT;
	r->match.port_max = SIP_PORT_DEFAULT;
	strscpy(r->name, "default", sizeof(r->name));
	p->rule[p->n++] = r;
	return p;
}

static bool is_limited(const struct sipalg_rule *r)
{
	unsigned int i;

	if (r->option[SIPALG_O_RATE])
		return true;
	for (i = 0; i < SIPALG_METHOD_COUNT; i++) {
		if (r->rate[i])
			return true;
	}
	return false;
}

void sipalg_policy_set(struct sipalg_net *sn, struct sipalg_policy *p)
{
	struct sipalg_policy *old;
	u32 i;

	for (i = 0; i < p->n; i++)
		p->rule[i]->limited = is_limited(p->rule[i]);
	p->generation = ++sn->policy_generation;
	old = rcu_replace_pointer(sn->policy, p, true);
	if (!old)
		return;
	synchronize_rcu();
	sipalg_policy_free(old);
}

bool sipalg_prefix_has(const struct sipalg_prefix *p, const struct sip_host *h)
{
	unsigned int bytes = p->len / 8, bits = p->len % 8;

	if (!p->host.family)
		return true;
	if (p->host.family != h->family || memcmp(p->host.addr, h->addr, bytes))
		return false;
	return !bits || !((p->host.addr[bytes] ^ h->addr[bytes]) >> (8 - bits));
}

bool sipalg_prefixes_have(const struct sipalg_prefixes *p, const struct sip_host *h)
{
	unsigned int i;

	for (i = 0; i < p->n; i++) {
		if (sipalg_prefix_has(&p->at[i], h))
			return true;
	}
	return false;
}

static bool is_device(const char *name, const struct net_device *dev)
{
	return !name[0] || (dev && !strcmp(name, dev->name));
}

/*
 * struct ends - what rules look at
 * @in: device by which the first packet came
 * @out: by which it left
 * @path: of the first packet
 * @any_port: the ports do not count
 * @any_device: nor the devices
 */
struct ends {
	const struct net_device *in;
	const struct net_device *out;
	struct sipalg_path path;
	bool any_port;
	bool any_device;
};

/*
 * Where it was sent to counts as it arrived and as it left: a forwarded port is
 * SIP by the one or by the other.
 */
static bool has_port(const struct sipalg_match *m, const struct ends *e)
{
	const struct sipalg_path *path = &e->path;

	return e->any_port ||
	       (path->dst_in.port >= m->port_min && path->dst_in.port <= m->port_max) ||
	       (path->dst_out.port >= m->port_min && path->dst_out.port <= m->port_max);
}

static bool has_hosts(const struct sipalg_match *m, const struct sipalg_path *path)
{
	return sipalg_prefix_has(&m->src, &path->src_in.host) &&
	       (sipalg_prefix_has(&m->dst, &path->dst_in.host) ||
		sipalg_prefix_has(&m->dst, &path->dst_out.host));
}

static bool matches(const struct sipalg_match *m, const struct nf_conn *ct,
		    const struct ends *e)
{
	if (m->proto && m->proto != nf_ct_protonum(ct))
		return false;
	if (!has_port(m, e) || !has_hosts(m, &e->path))
		return false;
	if (m->has_zone && m->zone != sipalg_inner_zone(ct))
		return false;
#ifdef CONFIG_NF_CONNTRACK_MARK
	if ((READ_ONCE(ct->mark) & m->mask) != m->mark)
		return false;
#endif
	return e->any_device || (is_device(m->iif, e->in) && is_device(m->oif, e->out));
}

/* As if the other side had begun it. */
static void turn(struct ends *e)
{
	swap(e->in, e->out);
	swap(e->path.src_in, e->path.dst_out);
	swap(e->path.src_out, e->path.dst_in);
}

static u32 find(const struct sipalg_policy *p, const struct nf_conn *ct,
		enum ip_conntrack_dir dir, const struct nf_hook_state *state,
		bool bound)
{
	bool back = dir == IP_CT_DIR_REPLY;
	struct ends e = {
		.in = back ? state->out : state->in,
		.out = back ? state->in : state->out,
	};
	u32 i;

	sipalg_path_of(&e.path, ct, IP_CT_DIR_ORIGINAL);
	for (i = 0; i < p->n; i++) {
		const struct sipalg_match *m = &p->rule[i]->match;
		bool lenient = bound && p->rule[i]->action == SIPALG_ACTION_ALG;

		e.any_port = lenient;
		if (matches(m, ct, &e))
			return i + 1;
		/*
		 * It came by what an inside host said in a flow of its own. But
		 * what shuts flows out means those that it names.
		 */
		if (!lenient)
			continue;
		turn(&e);
		if (matches(m, ct, &e))
			return i + 1;
		turn(&e);
	}
	return 0;
}

/*
 * A CPU that still has the old policy may write its number of a flow's rule
 * after another one wrote the generation of the new policy. So the number has
 * the lowest bits of its own generation with it; no more than two policies are
 * in use at a time, because each waits for the one before it to be gone.
 */
#define RULE_BITS 13

static struct sipalg_rule *rule_of(const struct sipalg_policy *p, u32 n)
{
	BUILD_BUG_ON(BIT(RULE_BITS) <= SIPALG_RULES_MAX);
	return n ? p->rule[n - 1] : NULL;
}

struct sipalg_rule *sipalg_policy_rule(struct sipalg_net *sn, const struct nf_conn *ct,
				       enum ip_conntrack_dir dir,
				       const struct nf_hook_state *state,
				       struct sipalg_flow *flow)
{
	const struct sipalg_policy *p = rcu_dereference(sn->policy);
	u32 tag = p->generation & (BIT(16 - RULE_BITS) - 1);
	u32 n;

	/* Two CPUs that look at the same time find the same. */
	if (flow && smp_load_acquire(&flow->generation) == p->generation) {
		n = READ_ONCE(flow->rule);
		if (n >> RULE_BITS == tag)
			return rule_of(p, n & (BIT(RULE_BITS) - 1));
	}
	n = find(p, ct, dir, state, flow && READ_ONCE(flow->flags[0]) & SIPALG_FLOW_BOUND);
	if (flow) {
		WRITE_ONCE(flow->rule, tag << RULE_BITS | n);
		/* Who sees the generation sees the rule as well. */
		smp_store_release(&flow->generation, p->generation);
	}
	return rule_of(p, n);
}

bool sipalg_policy_wants(struct sipalg_net *sn, const struct nf_conn *ct)
{
	const struct sipalg_policy *p = rcu_dereference(sn->policy);
	struct ends e = { .any_device = true };
	u32 i;

	sipalg_path_of(&e.path, ct, IP_CT_DIR_ORIGINAL);
	for (i = 0; i < p->n; i++) {
		const struct sipalg_rule *r = p->rule[i];

		if (r->action != SIPALG_ACTION_BYPASS && matches(&r->match, ct, &e))
			return true;
	}
	return false;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Signalling flows.
 */
#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "flow.h"
#include "net.h"
#include "policy.h"

u32 sipalg_flow_magic;

static void src_of(struct sip_endpoint *e, const struct nf_conntrack_tuple *t)
{
	sip_host_from_inet(&e->host, &t->src.u3, t->src.l3num);
	e->port = ntohs(t->src.u.all);
}

static void dst_of(struct sip_endpoint *e, const struct nf_conntrack_tuple *t)
{
	sip_host_from_inet(&e->host, &t->dst.u3, t->src.l3num);
	e->port = ntohs(t->dst.u.all);
}

void sipalg_path_of(struct sipalg_path *path, const struct nf_conn *ct,
		    enum ip_conntrack_dir dir)
{
	const struct nf_conntrack_tuple *in = &ct->tuplehash[dir].tuple;
	const struct nf_conntrack_tuple *out = &ct->tuplehash[!dir].tuple;

	src_of(&path->src_in, in);
	dst_of(&path->dst_in, in);
	dst_of(&path->src_out, out);
	src_of(&path->dst_out, out);
}

/*
 * Say that the entry has something of ours: the hooks look at the status alone.
 * It means that a helper was chosen on purpose, and nobody shall choose another.
 */
static void *ext_add(struct nf_conn *ct)
{
	struct nf_conn_help *help = nf_ct_helper_ext_add(ct, GFP_ATOMIC);

	if (!help)
		return NULL;
	set_bit(IPS_HELPER_BIT, &ct->status);
	return help->data;
}

struct sipalg_flow *sipalg_flow_mark(struct sipalg_net *sn, struct nf_conn *ct)
{
	BUILD_BUG_ON(sizeof(struct sipalg_flow) >
		     sizeof_field(struct nf_conn_help, data));
	struct nf_conn_help *help = nfct_help(ct);
	struct sipalg_flow *flow;

	if (help) {
		flow = sipalg_flow(ct);
		if (!flow)
			sipalg_count(sn, SIPALG_R_FOREIGN_HELPER);
		return flow;
	}
	flow = ext_add(ct);
	if (!flow)
		return NULL;
	flow->magic = sipalg_flow_magic;
	flow->zone = sipalg_inner_zone(ct);
	sipalg_count(sn, SIPALG_R_FLOWS);
	return flow;
}

void sipalg_flow_set_dscp(struct nf_conn *ct, u8 dscp)
{
	struct sipalg_flow *flow;

	/* Between two inside hosts, both of their calls' rules may want it. */
	if (nfct_help(ct))
		return;
	flow = ext_add(ct);
	if (!flow)
		return;
	flow->magic = sipalg_flow_magic;
	flow->flags[0] = SIPALG_FLOW_MEDIA;
	flow->rule = dscp;
}

void sipalg_flow_refresh(struct nf_conn *ct, const struct sipalg_flow *flow)
{
	unsigned long until = READ_ONCE(flow->until);
	u32 left, timeout;

	if (!until || !time_before(jiffies, until) ||
	    test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status))
		return;
	left = until - jiffies;
	/* Before it is confirmed, an entry's time-out is relative. */
	if (!nf_ct_is_confirmed(ct)) {
		if (ct->timeout < left)
			ct->timeout = left;
		return;
	}
	timeout = nfct_time_stamp + left;
	if ((s32)(timeout - READ_ONCE(ct->timeout)) > 0)
		WRITE_ONCE(ct->timeout, timeout);
}

void sipalg_flow_keep(struct nf_conn *ct, struct sipalg_flow *flow, u32 seconds)
{
	unsigned long until = jiffies + min_t(u32, seconds, 86400) * HZ;
	unsigned long old = READ_ONCE(flow->until);

	if (!old || time_after(until, old))
		WRITE_ONCE(flow->until, until ?: 1);
	sipalg_flow_refresh(ct, flow);
}

void sipalg_flow_let_go(struct nf_conn *ct, struct sipalg_flow *flow)
{
	WRITE_ONCE(flow->until, 0);
	if (!nf_ct_is_confirmed(ct) ||
	    test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status))
		return;
	WRITE_ONCE(ct->timeout, nfct_time_stamp + HZ);
	/* Or the outside would keep it for as long as it likes. */
	set_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status);
}

/*
 * A flow whose own master is kept in its place: a chain of masters would keep
 * every flow of a phone's life in memory.
 */
struct nf_conn *sipalg_flow_root(struct nf_conn *ct)
{
	return ct->master ?: ct;
}

/*
 * The extension of an earlier load of the module: nobody's helper, not our magic.
 * Media have it for their DSCP only, and are no flow of messages.
 */
static struct sipalg_flow *stale_flow(struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);
	struct sipalg_flow *flow;

	if (!help || rcu_access_pointer(help->helper) || sipalg_flow(ct))
		return NULL;
	flow = (struct sipalg_flow *)help->data;
	return flow->flags[0] & SIPALG_FLOW_MEDIA ? NULL : flow;
}

void sipalg_flow_again(struct sipalg_net *sn, struct nf_conn *ct, u16 flags)
{
	struct sipalg_flow *flow = sipalg_flow(ct);

	/* Adopted already: what was known is known again. */
	if (flow) {
		WRITE_ONCE(flow->flags[0], READ_ONCE(flow->flags[0]) | (flags & 0xff));
		WRITE_ONCE(flow->flags[1], READ_ONCE(flow->flags[1]) | flags >> 8);
		return;
	}
	flow = stale_flow(ct);
	if (!flow || nf_ct_protonum(ct) != IPPROTO_UDP)
		return;
	/* A packet may be looking at it. */
	memset(flow, 0, sizeof(*flow));
	flow->flags[0] = flags;
	flow->flags[1] = flags >> 8;
	flow->zone = sipalg_inner_zone(ct);
	/* Pairs with the dependency of whoever compared it: the rest is there then. */
	smp_store_release(&flow->magic, sipalg_flow_magic);
	set_bit(IPS_HELPER_BIT, &ct->status);
	sipalg_count(sn, SIPALG_R_FLOWS);
}

/*
 * One that an earlier load of the module followed has the extension, and goes on
 * with its mapping. It has a master if it came by a binding.
 *
 * An extension can only be added before a flow is confirmed, so a flow that is
 * older than us begins anew with its next packet. NAT gives it the same
 * mapping if it is still free, which it is: it was this flow's.
 */
static int is_old_flow(struct nf_conn *ct, void *data)
{
	struct sipalg_net *sn = data;
	bool ours;

	if (nf_ct_protonum(ct) != IPPROTO_UDP || (nfct_help(ct) && !stale_flow(ct)))
		return 0;
	rcu_read_lock();
	ours = sipalg_policy_wants(sn, ct) || (ct->master && stale_flow(ct));
	rcu_read_unlock();
	if (!ours)
		return 0;
	this_cpu_inc(sn->stats->n[SIPALG_R_ADOPTED]);
	if (stale_flow(ct)) {
		sipalg_flow_again(sn, ct, ct->master ? SIPALG_FLOW_BOUND : 0);
		return 0;
	}
	return 1;
}

void sipalg_flow_adopt(struct sipalg_net *sn)
{
	struct nf_ct_iter_data data = { .net = sn->net, .data = sn };

	nf_ct_iterate_cleanup_net(is_old_flow, &data);
}

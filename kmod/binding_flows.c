// SPDX-License-Identifier: GPL-2.0
/*
 * The conntrack entries that a media binding let through.
 */
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "binding.h"
#include "flow.h"
#include "net.h"

/*
 * Remove a conntrack entry. One that is not confirmed must not be taken out of
 * tables that it is not in; being dying, it will never get there.
 */
static void flow_kill(struct nf_conn *ct)
{
	if (nf_ct_is_confirmed(ct))
		nf_ct_delete(ct, 0, 0);
	else
		set_bit(IPS_DYING_BIT, &ct->status);
}

/* Of the flows that a media binding had, only these are left. */
static void flows_set(struct sipalg_binding *b, struct nf_conn *const *flows,
		      unsigned int n)
{
	struct nf_conn **many = b->nflows > 1 ? b->flows : NULL;

	if (n > 1) {
		memcpy(many, flows, n * sizeof(*flows));
	} else {
		b->flow = n ? flows[0] : NULL;
		kfree(many);
	}
	b->nflows = n;
}

/* One more. False: there is no room, or no memory. */
static bool flows_add(struct sipalg_binding *b, struct nf_conn *ct)
{
	struct nf_conn **many;

	if (b->nflows == SIPALG_FLOWS_MAX)
		return false;
	if (b->nflows == 1) {
		many = kcalloc(SIPALG_FLOWS_MAX, sizeof(*many), GFP_ATOMIC);
		if (!many)
			return false;
		many[0] = b->flow;
		b->flows = many;
	}
	b->nflows++;
	sipalg_binding_flows(b)[b->nflows - 1] = ct;
	return true;
}

/*
 * Flows that were not confirmed when the binding went were on their way
 * through the hooks of another CPU. By now, they have arrived or are queued.
 */
void sipalg_binding_free_flows(struct sipalg_binding *b)
{
	struct nf_conn **flows = sipalg_binding_flows(b);
	unsigned int i;

	for (i = 0; i < b->nflows; i++) {
		flow_kill(flows[i]);
		nf_ct_put(flows[i]);
	}
	flows_set(b, NULL, 0);
}

void sipalg_binding_kill_flows(struct sipalg_binding *b)
{
	struct nf_conn *flows[SIPALG_FLOWS_MAX], *left[SIPALG_FLOWS_MAX];
	bool keep = READ_ONCE(b->sn->closing);
	unsigned int i, n = 0, nleft = 0;

	if (b->type == SIPALG_BINDING_SIGNALLING)
		return;
	spin_lock_bh(&b->lock);
	for (i = 0; i < b->nflows; i++) {
		struct nf_conn *ct = sipalg_binding_flows(b)[i];

		if (keep || nf_ct_is_confirmed(ct))
			flows[n++] = ct;
		else
			left[nleft++] = ct;
	}
	flows_set(b, left, nleft);
	spin_unlock_bh(&b->lock);
	for (i = 0; i < n; i++) {
		if (!keep)
			flow_kill(flows[i]);
		nf_ct_put(flows[i]);
	}
}

void sipalg_binding_let_flows_go(struct sipalg_binding *b)
{
	struct nf_conn *flows[SIPALG_FLOWS_MAX];
	unsigned int i, n;

	spin_lock_bh(&b->lock);
	n = b->nflows;
	memcpy(flows, sipalg_binding_flows(b), n * sizeof(*flows));
	flows_set(b, NULL, 0);
	spin_unlock_bh(&b->lock);
	for (i = 0; i < n; i++)
		nf_ct_put(flows[i]);
}

static bool admits_tuple(const struct sipalg_binding *b, const struct nf_conn *ct,
			 enum ip_conntrack_dir dir, bool src,
			 bool (*admits)(const struct sipalg_binding *b,
					const struct sip_host *host, bool outbound))
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[dir].tuple;
	bool outbound = dir == IP_CT_DIR_ORIGINAL && !src;
	struct sip_host host;

	sip_host_from_inet(&host, src ? &t->src.u3 : &t->dst.u3, t->src.l3num);
	return admits(b, &host, outbound);
}

/*
 * The host at the other end, as the flow began or, between two inside hosts, as
 * the binding of that one calls it.
 */
static bool is_admitted(const struct sipalg_binding *b, const struct nf_conn *ct,
			bool (*admits)(const struct sipalg_binding *b,
				       const struct sip_host *host, bool outbound))
{
	if (sipalg_end_begins(b, SIPALG_INNER, ct))
		return admits_tuple(b, ct, IP_CT_DIR_ORIGINAL, false, admits);
	return admits_tuple(b, ct, IP_CT_DIR_ORIGINAL, true, admits) ||
	       admits_tuple(b, ct, IP_CT_DIR_REPLY, false, admits);
}

void sipalg_binding_prune(struct sipalg_binding *b,
			  bool (*admits)(const struct sipalg_binding *b,
					 const struct sip_host *host, bool outbound))
{
	struct nf_conn *flows[SIPALG_FLOWS_MAX], *left[SIPALG_FLOWS_MAX];
	unsigned int i, n = 0, nleft = 0;

	if (!READ_ONCE(b->nflows) || READ_ONCE(b->dead) || READ_ONCE(b->sn->closing))
		return;
	spin_lock_bh(&b->lock);
	for (i = 0; i < b->nflows; i++) {
		struct nf_conn *ct = sipalg_binding_flows(b)[i];

		if (nf_ct_is_confirmed(ct) && !is_admitted(b, ct, admits))
			flows[n++] = ct;
		else
			left[nleft++] = ct;
	}
	flows_set(b, left, nleft);
	spin_unlock_bh(&b->lock);
	for (i = 0; i < n; i++) {
		flow_kill(flows[i]);
		nf_ct_put(flows[i]);
	}
}

/*
 * An entry that ended; or one that never got into conntrack's tables, because
 * its packet was dropped: nobody but us knows of it any more.
 */
static bool is_over(const struct nf_conn *ct)
{
	if (nf_ct_is_dying(ct))
		return true;
	if (nf_ct_is_confirmed(ct))
		return nf_ct_is_expired(ct);
	return refcount_read(&ct->ct_general.use) == 1;
}

bool sipalg_binding_add_flow(struct sipalg_binding *b, struct nf_conn *ct)
{
	struct nf_conn *old = NULL;
	bool ok = false;
	unsigned int i;

	spin_lock_bh(&b->lock);
	if (b->dead || READ_ONCE(b->killed))
		goto out;
	/* Entries that ended are replaced first. */
	for (i = 0; i < b->nflows && !old; i++) {
		struct nf_conn **slot = &sipalg_binding_flows(b)[i];

		if (is_over(*slot)) {
			old = *slot;
			*slot = ct;
		}
	}
	ok = old || flows_add(b, ct);
	if (ok)
		nf_conntrack_get(&ct->ct_general);
out:
	spin_unlock_bh(&b->lock);
	if (old)
		nf_ct_put(old);
	return ok;
}

bool sipalg_binding_heard(struct sipalg_binding *b, struct sip_endpoint *peer)
{
	struct sipalg_path path;
	bool found = false;
	unsigned int i;

	spin_lock_bh(&b->lock);
	for (i = 0; !found && i < b->nflows; i++) {
		const struct nf_conn *ct = sipalg_binding_flows(b)[i];
		bool out = sipalg_end_begins(b, SIPALG_INNER, ct);

		if (is_over(ct) || !test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
			continue;
		sipalg_path_of(&path, ct, IP_CT_DIR_ORIGINAL);
		*peer = out ? path.dst_in : path.src_out;
		found = true;
	}
	spin_unlock_bh(&b->lock);
	return found;
}

static bool is_flow_of(struct sipalg_binding *b, const struct nf_conn *ct)
{
	bool found = false;
	unsigned int i;

	spin_lock_bh(&b->lock);
	for (i = 0; i < b->nflows; i++)
		found = found || sipalg_binding_flows(b)[i] == ct;
	spin_unlock_bh(&b->lock);
	return found;
}

/*
 * @answers: only an entry of which this is the answer: it was led to this host
 * itself because the binding was not open yet, whoever's media it is.
 */
static void clear_tuple(struct sipalg_binding *b,
			const struct sipalg_end_key *src,
			const struct sipalg_end_key *dst, bool answers)
{
	struct nf_conntrack_tuple t = {};
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_zone zone;
	struct nf_conn *ct;

	t.src.l3num = src->pf;
	t.src.u3 = src->addr;
	t.src.u.all = src->port;
	t.dst.u3 = dst->addr;
	t.dst.u.all = dst->port;
	t.dst.protonum = src->proto;
	t.dst.dir = IP_CT_DIR_ORIGINAL;
	nf_ct_zone_init(&zone, src->zone, NF_CT_DEFAULT_ZONE_DIR, 0);
	h = nf_conntrack_find_get(b->sn->net, &zone, &t);
	if (!h)
		return;
	ct = nf_ct_tuplehash_to_ctrack(h);
	if (answers ? NF_CT_DIRECTION(h) == IP_CT_DIR_REPLY :
		      !ct->master && !is_flow_of(b, ct))
		nf_ct_delete(ct, 0, 0);
	nf_ct_put(ct);
}

/* Is this what a host behind a binding is called outside? */
static bool is_outer(struct sipalg_net *sn, const struct sip_endpoint *at, u8 proto, u16 zone)
{
	bool is;

	rcu_read_lock();
	is = sipalg_binding_lookup(sn, SIPALG_OUTER, at, proto, zone);
	rcu_read_unlock();
	return is;
}

void sipalg_binding_clear_way(struct sipalg_binding *b,
			      const struct sip_endpoint *peer)
{
	struct sipalg_end_key inner, outer, key;

	sipalg_end_key_get(b, SIPALG_INNER, &inner);
	sipalg_end_key_get(b, SIPALG_OUTER, &outer);
	sipalg_end_key_set(&key, SIPALG_OUTER, peer, inner.proto, outer.zone);
	if (key.pf != inner.pf)
		return;
	clear_tuple(b, &key, &outer, false);
	clear_tuple(b, &inner, &key, false);
	/* Only a host that is behind a binding itself comes by another name. */
	if ((inner.port != outer.port || !nf_inet_addr_cmp(&inner.addr, &outer.addr)) &&
	    is_outer(b->sn, peer, inner.proto, outer.zone))
		clear_tuple(b, &outer, &key, true);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The netfilter hooks: the only file that returns verdicts.
 *
 * Right after conntrack has made an entry, and before NAT looks at it, a new
 * flow to or from a binding gets the binding's mapping. Right before conntrack
 * confirms, when the packet's addresses are final, signalling is inspected.
 * All other packets are let go after a few comparisons.
 */
#include <linux/inetdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_nat.h>
#include <net/route.h>

#include "binding.h"
#include "call.h"
#include "event.h"
#include "flow.h"
#include "hook.h"
#include "inspect.h"
#include "media.h"
#include "net.h"
#include "packet.h"
#include "policy.h"
#include "stream.h"
#include "turn.h"

/* After conntrack, before DNAT; after SNAT, before conntrack confirms. */
#define PRIORITY_NEW		(NF_IP_PRI_CONNTRACK + 1)
#define PRIORITY_INSPECT	(NF_IP_PRI_CONNTRACK_CONFIRM - 2)

/* To this endpoint, or where @last is another one, to any port up to that. */
static void set_nat(struct nf_conn *ct, const struct sip_endpoint *at, u16 last,
		    enum nf_nat_manip_type type)
{
	struct nf_nat_range2 range = {
		.flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED,
	};

	if (nf_nat_initialized(ct, type))
		return;
	sip_host_to_inet(&range.min_addr, &at->host);
	range.max_addr = range.min_addr;
	range.min_proto.all = htons(at->port);
	range.max_proto.all = htons(last);
	nf_nat_setup_info(ct, &range, type);
}

static bool has_nat(const struct sipalg_binding *b)
{
	struct sip_endpoint inner, outer;

	sipalg_end_get(b, SIPALG_INNER, &inner);
	sipalg_end_get(b, SIPALG_OUTER, &outer);
	return !sip_endpoint_equal(&inner, &outer);
}

/*
 * ct state related, as with any helper; a dump follows the master. Marks are
 * inherited as well: rulesets route by them and tell LANs apart.
 */
static void set_related(struct sk_buff *skb, struct nf_conn *ct,
			struct nf_conn *master)
{
	nf_conntrack_get(&master->ct_general);
	ct->master = master;
#ifdef CONFIG_NF_CONNTRACK_MARK
	ct->mark = READ_ONCE(master->mark);
#endif
#ifdef CONFIG_NF_CONNTRACK_SECMARK
	ct->secmark = master->secmark;
#endif
	__set_bit(IPS_EXPECTED_BIT, &ct->status);
	nf_ct_set(skb, ct, IP_CT_RELATED);
}

/*
 * May @peer use this media binding for this entry? Then the binding knows of
 * the entry from now on, and will close it. What leaves by a binding is related
 * to the call only if it goes where the other side wants it: without NAT the
 * binding may be that of an outside host.
 */
static bool take_media(struct sipalg_net *sn, struct sk_buff *skb,
		       struct nf_conn *ct, struct sipalg_binding *b,
		       const struct sip_endpoint *peer, bool inbound)
{
	struct sipalg_call *call = b->call;
	bool ok = false;
	spinlock_t *lock;

	lock = sipalg_lock(sn, call->hash);
	spin_lock_bh(lock);
	/* Bindings die under this lock, and before their call does. */
	if (READ_ONCE(b->dead) || b->killed)
		goto out;
	/*
	 * Restored where none of its flows is, a call has no master until its next
	 * message: what an inside host sends is for the ruleset to judge until then.
	 * Nobody may look at a call that is not in the table.
	 */
	if (!call->master && (inbound || call->dead))
		goto out;
	if (!sipalg_media_admits(b, &peer->host, !inbound))
		goto out;
	if (inbound && call->rule->option[SIPALG_O_MEDIA_SOURCE] == SIPALG_SOURCE_EXACT &&
	    !sipalg_media_leads_to(b, peer))
		goto out;
	if (inbound && !sipalg_media_latch(b, peer))
		goto out;
	if (!sipalg_binding_add_flow(b, ct)) {
		sipalg_count(sn, SIPALG_R_FLOWS_FULL);
		sipalg_event_limit(sn, SIPALG_LIMIT_FLOWS, inbound ? &peer->host : NULL);
		goto out;
	}
	if (!ct->master && call->master && (inbound || sipalg_media_leads_to(b, peer)))
		set_related(skb, ct, call->master);
	sipalg_rule_mark(call->rule, ct, SIPALG_O_MARK_MEDIA);
	if (call->rule->option[SIPALG_O_DSCP_MEDIA] != SIPALG_DSCP_KEEP)
		sipalg_flow_set_dscp(ct, call->rule->option[SIPALG_O_DSCP_MEDIA]);
	ok = true;
out:
	spin_unlock_bh(lock);
	return ok;
}

static bool begin_signalling(struct sipalg_net *sn, struct sk_buff *skb,
			     struct nf_conn *ct, struct sipalg_binding *b,
			     bool inbound)
{
	struct sipalg_flow *flow;
	struct nf_conn *master;

	flow = sipalg_flow_mark(sn, ct);
	if (!flow)
		return false;
	/* From outside, only the binding tells whose zone it leads to. */
	if (inbound) {
		flow->zone = sipalg_binding_key(b, SIPALG_INNER)->zone;
		flow->flags[0] |= SIPALG_FLOW_BOUND;
	}
	/* What an inside host begins is for the ruleset to judge. */
	if (!inbound || ct->master)
		return true;
	master = sipalg_binding_master(b);
	if (master) {
		set_related(skb, ct, master);
		nf_ct_put(master);
	} else if (!READ_ONCE(b->dead)) {
		/*
		 * Restored where none of its flows is: to be expected, an entry needs
		 * a master. This packet is related without one, and what comes after
		 * it once the phone has answered.
		 */
		nf_ct_set(skb, ct, IP_CT_RELATED);
	}
	return true;
}

/* The binding of this end that lets @peer through, and has done so. */
static struct sipalg_binding *take(struct sipalg_net *sn, struct sk_buff *skb,
				   struct nf_conn *ct, struct rhlist_head *list,
				   const struct sip_endpoint *peer, bool inbound)
{
	struct rhlist_head *pos;
	struct sipalg_end *end;

	rhl_for_each_entry_rcu(end, pos, list, node) {
		struct sipalg_binding *b = sipalg_binding_of(end);

		if (READ_ONCE(b->stale))
			continue;
		if (b->type == SIPALG_BINDING_SIGNALLING ?
		    (sipalg_binding_leased(b, &peer->host) ||
		     sipalg_binding_has_caller(b, &peer->host)) &&
		    begin_signalling(sn, skb, ct, b, inbound) :
		    take_media(sn, skb, ct, b, peer, inbound))
			return b;
	}
	return NULL;
}

#define PEERS 4

static bool is_peer_of(struct sipalg_binding *b, const struct sip_host *peers,
		       unsigned int n)
{
	while (n--) {
		if (sipalg_binding_leased(b, &peers[n]))
			return true;
	}
	return false;
}

/*
 * The phone of this zone behind our NAT whose end this is. Phones of different
 * registrars may share an outer port: one that has a peer of these is preferred.
 */
static struct sipalg_binding *phone_of(struct rhlist_head *list, u16 zone,
				       const struct sip_host *peers, unsigned int n)
{
	struct sipalg_binding *b, *found = NULL;
	struct rhlist_head *pos;
	struct sipalg_end *end;
	struct sip_host any;

	rhl_for_each_entry_rcu(end, pos, list, node) {
		b = sipalg_binding_of(end);
		if (b->type != SIPALG_BINDING_SIGNALLING || READ_ONCE(b->stale) ||
		    sipalg_binding_key(b, SIPALG_INNER)->zone != zone || !has_nat(b) ||
		    !sipalg_binding_peers(b, &any, 1))
			continue;
		if (is_peer_of(b, peers, n))
			return b;
		found = found ?: b;
	}
	return found;
}

/*
 * Phones of ours may call each other by their public contacts, which proxies
 * tell them when they redirect or leave the path: nothing is opened to the
 * outside by that. Other hosts of the inside may not.
 */
static void connect_phones(struct sipalg_net *sn, struct sk_buff *skb,
			   struct nf_conn *ct, struct rhlist_head *from,
			   struct rhlist_head *to, struct sipalg_binding **s,
			   struct sipalg_binding **d)
{
	u16 zone = sipalg_inner_zone(ct);
	struct sipalg_binding *caller, *callee;
	struct sip_host peers[PEERS];
	unsigned int n;

	caller = *s ?: phone_of(from, zone, NULL, 0);
	if (!caller || caller->type != SIPALG_BINDING_SIGNALLING)
		return;
	n = sipalg_binding_peers(caller, peers, PEERS);
	callee = phone_of(to, zone, peers, n);
	if (!callee || !begin_signalling(sn, skb, ct, callee, true))
		return;
	*s = caller;
	*d = callee;
}

/* Would what comes back to this endpoint belong to another flow? */
static bool is_taken(const struct nf_conn *ct, const struct sip_endpoint *at)
{
	struct nf_conntrack_tuple t = ct->tuplehash[IP_CT_DIR_REPLY].tuple;

	sip_host_to_inet(&t.dst.u3, &at->host);
	t.dst.u.all = htons(at->port);
	return nf_conntrack_tuple_taken(&t, ct);
}

/*
 * Give the flow the mapping of the bindings of its source and destination. The
 * port of a phone that calls another may be in use towards that one already, by
 * a phone that shares it: any other will do, because its messages will name it.
 */
static void map_flow(struct sipalg_net *sn, struct nf_conn *ct,
		     const struct sipalg_binding *s, const struct sipalg_binding *d)
{
	struct sip_endpoint at;
	u16 last;

	if (d && has_nat(d)) {
		sipalg_end_get(d, SIPALG_INNER, &at);
		set_nat(ct, &at, at.port, NF_NAT_MANIP_DST);
	}
	if (!s || !has_nat(s))
		return;
	sipalg_end_get(s, SIPALG_OUTER, &at);
	last = at.port;
	if (d && s->type == SIPALG_BINDING_SIGNALLING && is_taken(ct, &at)) {
		at.port = sn->media_min;
		last = sn->media_max;
	}
	set_nat(ct, &at, last, NF_NAT_MANIP_SRC);
}

/*
 * A new flow, before anything was decided about it. From a binding's inner
 * end: it leaves by the outer one. To its outer end: it is led to the inner
 * one. Both: two inside hosts (hairpin); who may send is compared after the
 * first translation.
 */
static void map_new_flow(struct sipalg_net *sn, struct sk_buff *skb,
			 struct nf_conn *ct)
{
	struct sipalg_binding *s = NULL, *d = NULL;
	struct rhlist_head *from, *to;
	struct sip_endpoint outer;
	struct sipalg_path path;
	u8 proto = nf_ct_protonum(ct);

	sipalg_path_of(&path, ct, IP_CT_DIR_ORIGINAL);
	from = sipalg_binding_lookup(sn, SIPALG_INNER, &path.src_in, proto,
				     sipalg_inner_zone(ct));
	to = sipalg_binding_lookup(sn, SIPALG_OUTER, &path.dst_in, proto,
				   sipalg_outer_zone(ct));
	if (from)
		s = take(sn, skb, ct, from, &path.dst_in, false);
	outer = path.src_in;
	if (s)
		sipalg_end_get(s, SIPALG_OUTER, &outer);
	if (to)
		d = take(sn, skb, ct, to, &outer, true);
	if (from && to && !d)
		connect_phones(sn, skb, ct, from, to, &s, &d);
	if (!d || s || !sipalg_turn_is_needed(d) || !sipalg_turn(skb, ct, d))
		map_flow(sn, ct, s, d);
	if (s && s->type != SIPALG_BINDING_SIGNALLING)
		sipalg_count(sn, SIPALG_R_MEDIA_FLOWS);
	else if (d && d->type != SIPALG_BINDING_SIGNALLING)
		sipalg_count(sn, SIPALG_R_MEDIA_FLOWS);
	else if (to && !d)
		sipalg_count(sn, SIPALG_R_STRANGERS);
}

static noinline unsigned int new_flow(struct sipalg_net *sn, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (!ct || nf_ct_is_confirmed(ct) || ct->master ||
	    !atomic_read(&sn->nbindings))
		return NF_ACCEPT;
	/* A VRF passes a packet on as its own: it has been here already. */
	if (state->in && netif_is_l3_master(state->in))
		return NF_ACCEPT;
	if (nf_ct_protonum(ct) == IPPROTO_UDP ||
	    nf_ct_protonum(ct) == IPPROTO_TCP)
		map_new_flow(sn, skb, ct);
	return NF_ACCEPT;
}

/*
 * The two that all packets of a gateway pass: no more than a look at what the
 * packet carries already, and nothing that a tracer adds.
 */
static notrace unsigned int hook_new(void *priv, struct sk_buff *skb,
				     const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;

	nf_ct_get(skb, &ctinfo);
	return ctinfo == IP_CT_NEW ? new_flow(priv, skb, state) : NF_ACCEPT;
}

/*
 * A flow is SIP by its port, in the packet that begins it, or never.
 * *rule: what the policy says; without a flow it counts for this packet only.
 */
static struct sipalg_flow *recognise(struct sipalg_net *sn, struct nf_conn *ct,
				     enum ip_conntrack_dir dir,
				     const struct nf_hook_state *state,
				     struct sipalg_rule **rule)
{
	struct sipalg_flow *flow;
	u8 proto = nf_ct_protonum(ct);

	*rule = NULL;
	if (proto != IPPROTO_UDP && proto != IPPROTO_TCP)
		return NULL;
	*rule = sipalg_policy_rule(sn, ct, dir, state, NULL);
	if (!*rule)
		return NULL;
	atomic64_inc(&(*rule)->flows);
	if ((*rule)->action == SIPALG_ACTION_BYPASS || (*rule)->action == SIPALG_ACTION_DROP)
		return NULL;
	flow = sipalg_flow_mark(sn, ct);
	/* Another policy may have come meanwhile, without a rule for it. */
	if (flow)
		*rule = sipalg_policy_rule(sn, ct, dir, state, flow);
	return flow;
}

/*
 * Merged datagrams are messages of their own, and will not have the same length
 * any more: each goes on alone. Only conntrack's confirmation comes after us.
 * False: they could not be taken apart.
 */
static bool inspect_each(struct sipalg_net *sn, struct sk_buff *skb,
			 const struct nf_hook_state *state,
			 struct sipalg_flow *flow, struct sipalg_rule *rule)
{
	enum ip_conntrack_info ctinfo;
	struct sk_buff *list, *next;
	struct nf_conn *ct;
	bool bridged;

	bridged = state->pf == NFPROTO_BRIDGE || sipalg_packet_is_bridged(skb);
	list = sipalg_packet_split(skb, bridged);
	if (!list)
		return false;
	skb_list_walk_safe(list, skb, next) {
		skb_mark_not_on_list(skb);
		ct = nf_ct_get(skb, &ctinfo);
		if (sipalg_inspect(sn, skb, state, ct, ctinfo, flow, rule) &&
		    nf_conntrack_confirm(skb) == NF_ACCEPT)
			state->okfn(state->net, state->sk, skb);
		else
			kfree_skb(skb);
	}
	return true;
}

/* An error about a message, or the first packets of what is related. */
static void learn_path(const struct sk_buff *skb, const struct nf_conn *ct,
		       struct sipalg_flow *flow)
{
	unsigned int mtu;

	if (nf_ct_l3num(ct) != NFPROTO_IPV6)
		return;
	mtu = sipalg_packet_too_big(skb);
	if (mtu)
		WRITE_ONCE(flow->path_mtu, mtu);
}

/*
 * What we send to a local socket in the name of its peer comes by the loopback
 * device, from somebody who is not here.
 */
static bool is_own_segment(const struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	if (!state->in || !(state->in->flags & IFF_LOOPBACK))
		return false;
	if (state->pf == NFPROTO_IPV4)
		return inet_addr_type(state->net, ip_hdr(skb)->saddr) != RTN_LOCAL;
#if IS_ENABLED(CONFIG_IPV6)
	return !ipv6_chk_addr(state->net, &ipv6_hdr(skb)->saddr, NULL, 0);
#else
	return false;
#endif
}

/* An ICMP error belongs to the flow that it is about. */
static bool is_error(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV4 ? ip_hdr(skb)->protocol == IPPROTO_ICMP :
				    ipv6_hdr(skb)->nexthdr == IPPROTO_ICMPV6;
}

/* A bridge has no routes by which we could answer a sender. */
static bool is_bridged(const struct sk_buff *skb, const struct nf_hook_state *state)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	if (nf_bridge_info_exists(skb))
		return true;
#endif
	return state->pf == NFPROTO_BRIDGE;
}

/* All that a hook knows of a packet of ours. */
struct packet {
	struct sk_buff *skb;
	const struct nf_hook_state *state;
	struct nf_conn *ct;
	enum ip_conntrack_info ctinfo;
	struct sipalg_flow *flow;
	struct sipalg_rule *rule;
};

static unsigned int inspect_segment(struct sipalg_net *sn, struct packet *p)
{
	if (!nf_ct_is_confirmed(p->ct) && !rcu_access_pointer(p->flow->stream) &&
	    !is_bridged(p->skb, p->state))
		p->flow = sipalg_stream_begin(sn, p->skb, p->ct, p->flow, p->rule);
	if (is_own_segment(p->skb, p->state) ||
	    !sipalg_stream_packet(sn, p->skb, p->state, p->ct, p->ctinfo, p->flow,
				  p->rule))
		return NF_ACCEPT;
	consume_skb(p->skb);
	return NF_STOLEN;
}

static void inspect_error(const struct packet *p)
{
	u8 pf = nf_ct_l3num(p->ct);

	if (nf_ct_protonum(p->ct) == IPPROTO_TCP)
		sipalg_stream_error(p->skb, pf, CTINFO2DIR(p->ctinfo), p->flow);
	else
		learn_path(p->skb, p->ct, p->flow);
}

static void set_dscp(const struct packet *p, u32 dscp)
{
	if (dscp == SIPALG_DSCP_KEEP)
		return;
	if (nf_ct_l3num(p->ct) == NFPROTO_IPV4) {
		if (!skb_ensure_writable(p->skb, sizeof(struct iphdr)))
			ipv4_change_dsfield(ip_hdr(p->skb), INET_ECN_MASK, dscp << 2);
	} else if (!skb_ensure_writable(p->skb, sizeof(struct ipv6hdr))) {
		ipv6_change_dsfield(ipv6_hdr(p->skb), INET_ECN_MASK, dscp << 2);
	}
}

static unsigned int inspect_packet(struct sipalg_net *sn, struct packet *p)
{
	if (nf_ct_protonum(p->ct) == IPPROTO_TCP)
		return inspect_segment(sn, p);
	if (p->rule->action == SIPALG_ACTION_BYPASS)
		return NF_ACCEPT;
	if (sipalg_packet_is_merged(p->skb) && inspect_each(sn, p->skb, p->state, p->flow, p->rule))
		return NF_STOLEN;
	return sipalg_inspect(sn, p->skb, p->state, p->ct, p->ctinfo, p->flow, p->rule) ?
	       NF_ACCEPT : NF_DROP;
}

/* Of a flow that we follow, or of one that we may. */
static noinline unsigned int inspect_flow(struct sipalg_net *sn, struct sk_buff *skb,
					  const struct nf_hook_state *state)
{
	struct packet p = { .skb = skb, .state = state };
	enum ip_conntrack_dir dir;

	p.ct = nf_ct_get(skb, &p.ctinfo);
	p.flow = sipalg_flow(p.ct);
	if (!p.flow && nf_ct_is_confirmed(p.ct))
		return NF_ACCEPT;
	if (p.flow && p.flow->flags[0] & SIPALG_FLOW_MEDIA) {
		if (!is_error(skb, nf_ct_l3num(p.ct)))
			set_dscp(&p, p.flow->rule);
		return NF_ACCEPT;
	}
	dir = CTINFO2DIR(p.ctinfo);
	if (p.flow)
		p.rule = sipalg_policy_rule(sn, p.ct, dir, state, p.flow);
	else
		p.flow = recognise(sn, p.ct, dir, state, &p.rule);
	if (!p.rule)
		return NF_ACCEPT;
	if (p.rule->action == SIPALG_ACTION_DROP) {
		sipalg_count(sn, SIPALG_R_POLICY_DROP);
		return NF_DROP;
	}
	if (p.flow && is_error(skb, nf_ct_l3num(p.ct))) {
		inspect_error(&p);
		return NF_ACCEPT;
	}
	/* What goes to this host itself is seen once, on its way in. */
	if (!p.flow || (state->hook == NF_INET_POST_ROUTING &&
			(state->out->flags & IFF_LOOPBACK ||
			 netif_is_l3_master(state->out))))
		return NF_ACCEPT;
	if (p.rule->action == SIPALG_ACTION_ALG) {
		if (!nf_ct_is_confirmed(p.ct))
			sipalg_rule_mark(p.rule, p.ct, SIPALG_O_MARK_SIGNALLING);
		/* What is made of it is sent the same way. */
		set_dscp(&p, p.rule->option[SIPALG_O_DSCP_SIGNALLING]);
	}
	return inspect_packet(sn, &p);
}

/* Others are let go by one look at their entry: it is old, and has nothing of ours. */
static notrace unsigned int hook_inspect(void *priv, struct sk_buff *skb,
					 const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (!ct || (READ_ONCE(ct->status) & (IPS_CONFIRMED | IPS_HELPER)) == IPS_CONFIRMED)
		return NF_ACCEPT;
	return inspect_flow(priv, skb, state);
}

#ifdef CONFIG_NETFILTER_FAMILY_BRIDGE
/*
 * On a bridge whose rules are nftables' own (family bridge), conntrack is there
 * as well. Where they are those of IP (br_netfilter), IP's hooks see the packet.
 * What a bridge hands to its host is routed, and they see that, too: only frames
 * that it forwards are left, new flows before its rules ask for their state.
 */
static unsigned int hook_bridged_new(void *priv, struct sk_buff *skb,
				     const struct nf_hook_state *state)
{
	if (sipalg_packet_is_bridged(skb))
		return NF_ACCEPT;
	return hook_new(priv, skb, state);
}

static unsigned int hook_bridged(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	if (sipalg_packet_is_bridged(skb))
		return NF_ACCEPT;
	return hook_inspect(priv, skb, state);
}
#endif

static const struct nf_hook_ops hooks[] = {
	{
		.hook = hook_new,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_NEW,
	},
	{
		.hook = hook_new,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_NEW,
	},
	{
		.hook = hook_inspect,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = PRIORITY_INSPECT,
	},
	{
		.hook = hook_inspect,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = PRIORITY_INSPECT,
	},
#ifdef CONFIG_NETFILTER_FAMILY_BRIDGE
	{
		.hook = hook_bridged_new,
		.pf = NFPROTO_BRIDGE,
		.hooknum = NF_BR_FORWARD,
		.priority = NF_BR_PRI_FIRST,
	},
	{
		.hook = hook_bridged,
		.pf = NFPROTO_BRIDGE,
		.hooknum = NF_BR_FORWARD,
		.priority = PRIORITY_INSPECT,
	},
#endif
};

int sipalg_hooks_register(struct sipalg_net *sn)
{
	unsigned int i;
	int err;

	sn->ops = kmemdup(hooks, sizeof(hooks), GFP_KERNEL);
	if (!sn->ops)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		sn->ops[i].priv = sn;
	err = nf_ct_netns_get(sn->net, NFPROTO_INET);
	if (err)
		goto err_ops;
	err = nf_register_net_hooks(sn->net, sn->ops, ARRAY_SIZE(hooks));
	if (err)
		goto err_conntrack;
	return 0;

err_conntrack:
	nf_ct_netns_put(sn->net, NFPROTO_INET);
err_ops:
	kfree(sn->ops);
	sn->ops = NULL;
	return err;
}

void sipalg_hooks_unregister(struct sipalg_net *sn)
{
	nf_unregister_net_hooks(sn->net, sn->ops, ARRAY_SIZE(hooks));
	synchronize_net();
	nf_ct_netns_put(sn->net, NFPROTO_INET);
	kfree(sn->ops);
	sn->ops = NULL;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Flows that begin outside, entered as if the inside had begun them.
 */
#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netfilter/nf_conntrack_timestamp.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_nat.h>

#include "binding.h"
#include "turn.h"

#define UNREPLIED 30	/* seconds until a second packet sets conntrack's own */

bool sipalg_turn_is_needed(const struct sipalg_binding *b)
{
	const struct sipalg_end_key *inner = sipalg_binding_key(b, SIPALG_INNER);

	/* TCP has states, which begin with the side that sends the SYN. */
	return inner->zone != sipalg_binding_key(b, SIPALG_OUTER)->zone &&
	       inner->proto == IPPROTO_UDP;
}

/* An entry has one number of a zone: the other direction is in the default one. */
static void set_zone(struct nf_conntrack_zone *zone, const struct sipalg_binding *b)
{
	u16 inner = sipalg_binding_key(b, SIPALG_INNER)->zone;

	if (inner != NF_CT_DEFAULT_ZONE_ID)
		nf_ct_zone_init(zone, inner, NF_CT_ZONE_DIR_ORIG, 0);
	else
		nf_ct_zone_init(zone, sipalg_binding_key(b, SIPALG_OUTER)->zone,
				NF_CT_ZONE_DIR_REPL, 0);
}

/* From the inner end to whoever sent the packet. */
static struct nf_conn *alloc(const struct nf_conn *ct, const struct sipalg_binding *b)
{
	const struct nf_conntrack_tuple *in = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	struct nf_conntrack_tuple orig = {}, reply;
	struct nf_conntrack_zone zone;
	struct sipalg_end_key inner;

	sipalg_end_key_get(b, SIPALG_INNER, &inner);
	orig.src.l3num = inner.pf;
	orig.src.u3 = inner.addr;
	orig.src.u.all = inner.port;
	orig.dst.u3 = in->src.u3;
	orig.dst.u.all = in->src.u.all;
	orig.dst.protonum = inner.proto;
	orig.dst.dir = IP_CT_DIR_ORIGINAL;
	if (!nf_ct_invert_tuple(&reply, &orig))
		return ERR_PTR(-EINVAL);
	set_zone(&zone, b);
	return nf_conntrack_alloc(nf_ct_net(ct), &zone, &orig, &reply, GFP_ATOMIC);
}

/* What conntrack gives each entry, and what we gave the one that there was. */
static bool extend(struct nf_conn *new, const struct nf_conn *ct)
{
	const struct nf_conn_help *old = nfct_help(ct);
	struct nf_conn_help *help;

	nf_ct_acct_ext_add(new, GFP_ATOMIC);
	nf_ct_tstamp_ext_add(new, GFP_ATOMIC);
	nf_ct_labels_ext_add(new);
	nf_ct_ecache_ext_add(new, 0, 0, GFP_ATOMIC);
	if (!old)
		return true;
	help = nf_ct_helper_ext_add(new, GFP_ATOMIC);
	if (!help)
		return false;
	memcpy(help->data, old->data, sizeof(help->data));
	__set_bit(IPS_HELPER_BIT, &new->status);
	return true;
}

static bool set_nat(struct nf_conn *new, const struct sipalg_binding *b)
{
	struct nf_nat_range2 range = {
		.flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED,
	};
	struct sipalg_end_key outer;

	sipalg_end_key_get(b, SIPALG_OUTER, &outer);
	range.min_addr = outer.addr;
	range.max_addr = outer.addr;
	range.min_proto.all = outer.port;
	range.max_proto.all = outer.port;
	return nf_nat_setup_info(new, &range, NF_NAT_MANIP_SRC) == NF_ACCEPT &&
	       nf_nat_alloc_null_binding(new, NF_INET_PRE_ROUTING) == NF_ACCEPT;
}

static void set_state(struct nf_conn *new, struct nf_conn *ct)
{
	struct nf_conn_tstamp *tstamp = nf_conn_tstamp_find(new);

	if (tstamp)
		tstamp->start = ktime_get_real_ns();
#ifdef CONFIG_NF_CONNTRACK_MARK
	new->mark = ct->mark;
#endif
#ifdef CONFIG_NF_CONNTRACK_SECMARK
	new->secmark = ct->secmark;
#endif
	if (ct->master) {
		nf_conntrack_get(&ct->master->ct_general);
		new->master = ct->master;
		__set_bit(IPS_EXPECTED_BIT, &new->status);
	}
	/* As conntrack has it of an answered flow that is no stream yet. */
	__set_bit(IPS_SEEN_REPLY_BIT, &new->status);
	__set_bit(IPS_CONFIRMED_BIT, &new->status);
	new->timeout = nfct_time_stamp + UNREPLIED * HZ;
	memset(&new->proto, 0, sizeof(new->proto));
	new->proto.udp.stream_ts = jiffies + 2 * HZ;
}

bool sipalg_turn(struct sk_buff *skb, struct nf_conn *ct, struct sipalg_binding *b)
{
	struct nf_conn *new = alloc(ct, b);

	if (IS_ERR(new))
		return false;
	if (!extend(new, ct) || !set_nat(new, b))
		goto err;
	set_state(new, ct);
	if (nf_conntrack_hash_check_insert(new))
		goto err_master;
	/* The binding's list has room: an entry that ended is replaced first. */
	set_bit(IPS_DYING_BIT, &ct->status);
	if (b->type != SIPALG_BINDING_SIGNALLING && !sipalg_binding_add_flow(b, new))
		nf_ct_delete(new, 0, 0);
	/* One of its two references was for us, and is the packet's now. */
	nf_ct_set(skb, new, IP_CT_ESTABLISHED_REPLY);
	nf_ct_put(ct);
	return true;

err_master:
	if (new->master)
		nf_ct_put(new->master);
err:
	nf_conntrack_free(new);
	return false;
}

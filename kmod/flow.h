/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signalling flows: conntrack entries that carry SIP.
 *
 * A flow that we follow has conntrack's helper extension without a helper:
 * flowtables leave such a flow alone (its packets have to come by), and the
 * extension's private bytes hold what we know of the flow.
 */
#ifndef SIPALG_FLOW_H
#define SIPALG_FLOW_H

#include <linux/jiffies.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "sip/translate.h"

struct sipalg_net;
struct sipalg_stream;

/* How the inside host of a flow writes itself; a bit per direction it has. */
enum sipalg_flow_flag {
	SIPALG_FLOW_VIA_PUBLIC = 0x01,		/* it knows its outer address */
	SIPALG_FLOW_CONTACT_PUBLIC = 0x02,
	SIPALG_FLOW_IDENTITY_PUBLIC = 0x04,
	SIPALG_FLOW_VIA_BARE = 0x08,		/* it writes no port for 5060 */
	SIPALG_FLOW_CONTACT_BARE = 0x10,
	SIPALG_FLOW_ROUTE_BARE = 0x20,
	/* In the first direction's only: it carries media, and @rule is their DSCP. */
	SIPALG_FLOW_MEDIA = 0x40,
	/*
	 * In the first direction's only: it came by a binding, and a rule's port
	 * and who began it do not count.
	 */
	SIPALG_FLOW_BOUND = 0x80,
};

/**
 * struct sipalg_flow - what we keep in the conntrack extension
 * @magic: says that the bytes are ours; new with each load of the module
 * @flags: enum sipalg_flow_flag, per direction of the host that wrote;
 *	written by any CPU without a lock: each bit is an observation
 * @zone: conntrack zone of the inside; set before the flow is confirmed
 * @path_mtu: IPv6: the limit that a router told, 0 none
 * @until: jiffies, the flow is kept alive at least so long; 0 never set
 * @stream: TCP: where the connection is, NULL if it is left alone
 * @generation: of the policy in which @rule was found
 * @rule: its number there, 0: none; see sipalg_policy_rule()
 */
struct sipalg_flow {
	u32 magic;
	u32 generation;
	u8 flags[IP_CT_DIR_MAX];
	u16 zone;
	u16 path_mtu;
	u16 rule;
	unsigned long until;
	struct sipalg_stream __rcu *stream;
};

extern u32 sipalg_flow_magic;

/* The flow's data, or NULL where it is none of ours. */
static inline struct sipalg_flow *sipalg_flow(const struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);
	struct sipalg_flow *flow;

	if (!help)
		return NULL;
	flow = (struct sipalg_flow *)help->data;
	return flow->magic == sipalg_flow_magic &&
	       !rcu_access_pointer(help->helper) ? flow : NULL;
}

/*
 * A zone may count for one direction only: two LANs with equal addresses are
 * then told apart by the zone of what they send, and share the addresses
 * outside. So each end of a binding has the zone that conntrack uses there.
 */
static inline u16 sipalg_inner_zone(const struct nf_conn *ct)
{
	return nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_ORIGINAL);
}

static inline u16 sipalg_outer_zone(const struct nf_conn *ct)
{
	return nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_REPLY);
}

/**
 * struct sipalg_path - the four endpoints of a message in flight
 * @src_in: the sender as the packet arrived
 * @src_out: the sender as the packet leaves
 * @dst_in: the receiver as the packet arrived
 * @dst_out: the receiver as the packet leaves
 * A sender behind our NAT has src_in != src_out; a receiver behind it has
 * dst_in != dst_out.
 */
struct sipalg_path {
	struct sip_endpoint src_in;
	struct sip_endpoint src_out;
	struct sip_endpoint dst_in;
	struct sip_endpoint dst_out;
};

void sipalg_path_of(struct sipalg_path *path, const struct nf_conn *ct,
		    enum ip_conntrack_dir dir);

/*
 * Make an unconfirmed conntrack entry a signalling flow. NULL: no memory, or
 * somebody else's helper is on it (which is counted).
 */
struct sipalg_flow *sipalg_flow_mark(struct sipalg_net *sn, struct nf_conn *ct);

/*
 * The packets of an unconfirmed entry of media come by us, and get this DSCP.
 * Without memory, or with somebody else's helper on it, they stay as they are.
 */
void sipalg_flow_set_dscp(struct nf_conn *ct, u8 dscp);

/*
 * Keep the flow for so many seconds from now on, or longer; and make that
 * last although each packet sets conntrack's own, shorter time-out.
 */
void sipalg_flow_keep(struct nf_conn *ct, struct sipalg_flow *flow, u32 seconds);
void sipalg_flow_refresh(struct nf_conn *ct, const struct sipalg_flow *flow);
/*
 * Nobody is to be reached by it any more: it ends in a second, whatever still
 * comes. That is enough for what is under way; the inside can begin another.
 */
void sipalg_flow_let_go(struct nf_conn *ct, struct sipalg_flow *flow);

/* Restart UDP flows on the SIP port that are older than us. May sleep. */
void sipalg_flow_adopt(struct sipalg_net *sn);

/*
 * A confirmed flow that an earlier load of the module followed is followed again,
 * and @flags are what was known of it. Others are left as they are.
 */
void sipalg_flow_again(struct sipalg_net *sn, struct nf_conn *ct, u16 flags);

/* The flow that others become related to: its own master, if it has one. */
struct nf_conn *sipalg_flow_root(struct nf_conn *ct);

/* Inlined, and each length a constant: these are some moves. */
static inline void sip_host_from_inet(struct sip_host *h, const union nf_inet_addr *a,
				      u8 pf)
{
	if (pf == NFPROTO_IPV4) {
		h->family = 4;
		memcpy(h->addr, a, 4);
		memset(h->addr + 4, 0, 12);
	} else {
		h->family = 6;
		memcpy(h->addr, a, 16);
	}
}

static inline void sip_host_to_inet(union nf_inet_addr *a, const struct sip_host *h)
{
	if (h->family == 4) {
		memcpy(a, h->addr, 4);
		memset((u8 *)a + 4, 0, 12);
	} else {
		memcpy(a, h->addr, 16);
	}
}

#endif

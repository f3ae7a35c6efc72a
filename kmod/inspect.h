/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pipeline for one message.
 */
#ifndef SIPALG_INSPECT_H
#define SIPALG_INSPECT_H

#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack.h>

struct sip_stream;
struct sipalg_flow;
struct sipalg_net;
struct sipalg_rule;

int sipalg_inspect_init(void);
void sipalg_inspect_exit(void);

/**
 * sipalg_inspect() - look at a packet of a signalling flow, and translate it
 * @sn: the namespace
 * @skb: the packet, its addresses final; may be reallocated inside
 * @state: of the hook
 * @ct: its conntrack entry
 * @ctinfo: its direction
 * @flow: what we know of the entry
 * @rule: that counts for it
 *
 * The packet is changed completely or not at all. Softirq or process context.
 * Return: false: the policy wants it dropped, which has been counted.
 */
bool sipalg_inspect(struct sipalg_net *sn, struct sk_buff *skb,
		    const struct nf_hook_state *state, struct nf_conn *ct,
		    enum ip_conntrack_info ctinfo, struct sipalg_flow *flow,
		    struct sipalg_rule *rule);

/**
 * sipalg_inspect_stream() - look at a message of a TCP connection
 * @sn: the namespace
 * @state: of the hook
 * @ct: the connection
 * @ctinfo: the message's direction
 * @flow: what we know of the entry
 * @rule: that counts for it
 * @s: the stream; has its lock. Room for the new text is reserved there
 * @data: the message, which stays where it is
 * @len: its bytes
 * Return: true if the message was translated.
 */
bool sipalg_inspect_stream(struct sipalg_net *sn,
			   const struct nf_hook_state *state, struct nf_conn *ct,
			   enum ip_conntrack_info ctinfo, struct sipalg_flow *flow,
			   struct sipalg_rule *rule, struct sip_stream *s,
			   const char *data, u32 len);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Policy: which flows are SIP, and what may be done with them.
 *
 * A policy is an ordered list of rules that is replaced as a whole. Flows
 * remember the number of their rule, and look again when the policy is another
 * one; calls and registrations keep a reference to the rule that they began
 * under, so that a new policy is none of their business.
 */
#ifndef SIPALG_POLICY_H
#define SIPALG_POLICY_H

#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/refcount.h>
#include <net/netfilter/nf_conntrack.h>

#include "../include/sipalg.h"
#include "../include/sipalg_options.h"
#include "sip/translate.h"

struct netlink_ext_ack;
struct sipalg_flow;
struct sipalg_net;

#define SIPALG_RULES_MAX	4096

/* @host: family 0: any. */
struct sipalg_prefix {
	struct sip_host host;
	u8 len;
};

/* @n: of @at that are used */
struct sipalg_prefixes {
	u8 n;
	struct sipalg_prefix at[SIPALG_RULE_PREFIXES];
};

/**
 * struct sipalg_match - what a flow has to be; zero matches all
 * @iif: interface by which its first packet came
 * @oif: by which it left
 * @src: host that began it, as it arrived
 * @dst: host that it was sent to, as it arrived or as it left
 * @proto: IPPROTO_UDP or IPPROTO_TCP, 0: both
 * @port_min: the port that it was sent to is at least this
 * @port_max: and at most this
 * @mark: of the ct mark, the bits of @mask
 * @mask: see @mark
 * @has_zone: @zone counts
 * @zone: conntrack zone of the side that began it
 */
struct sipalg_match {
	char iif[IFNAMSIZ];
	char oif[IFNAMSIZ];
	struct sipalg_prefix src;
	struct sipalg_prefix dst;
	u8 proto;
	u16 port_min;
	u16 port_max;
	u32 mark;
	u32 mask;
	bool has_zone;
	u16 zone;
};

/**
 * struct sipalg_rule - a rule; nothing but the counters changes
 * @ref: of the policy, of each call and registration
 * @rcu: freed a grace period after the last reference
 * @id: of the rule, for people; its number in the policy, from 1
 * @action: enum sipalg_action
 * @name: for people
 * @match: see there
 * @option: by enum sipalg_option
 * @rate: messages per second from one host, by enum sipalg_method; 0: any number
 * @limited: one of these rates, or that of all methods, counts
 * @inner: inside hosts besides the sender that session descriptions may name
 * @callers: hosts that may call phones that registered, besides the registrar
 * @flows: that matched
 * @dialogs: that live
 * @registrations: that live
 */
struct sipalg_rule {
	refcount_t ref;
	struct rcu_head rcu;
	u32 id;
	u8 action;
	char name[SIPALG_RULE_NAME_MAX + 1];
	struct sipalg_match match;
	u32 option[SIPALG_O_COUNT];
	u32 rate[SIPALG_METHOD_COUNT];
	bool limited;
	struct sipalg_prefixes inner;
	struct sipalg_prefixes callers;
	atomic64_t flows;
	atomic_t dialogs;
	atomic_t registrations;
};

/**
 * struct sipalg_policy - rules in their order
 * @rcu: freed a grace period after another one took its place
 * @generation: never the same again
 * @n: how many
 * @rule: each a reference
 */
struct sipalg_policy {
	struct rcu_head rcu;
	u32 generation;
	u32 n;
	struct sipalg_rule *rule[];
};

static inline void sipalg_rule_get(struct sipalg_rule *r)
{
	refcount_inc(&r->ref);
}

/* NULL is fine. */
void sipalg_rule_put(struct sipalg_rule *r);

/* Give a flow the mark of its kind: SIPALG_O_MARK_SIGNALLING or SIPALG_O_MARK_MEDIA. */
void sipalg_rule_mark(const struct sipalg_rule *r, struct nf_conn *ct, enum sipalg_option kind);

/* A rule with all defaults, or NULL. Its caller has the reference. */
struct sipalg_rule *sipalg_rule_new(gfp_t gfp);

/* A policy with room for so many rules and none yet, or NULL. */
struct sipalg_policy *sipalg_policy_new(u32 n, gfp_t gfp);

/* With all of its rules. It was never in use, or a grace period has passed. */
void sipalg_policy_free(struct sipalg_policy *p);

/* The policy of a namespace that nobody has changed: udp and tcp port 5060. */
struct sipalg_policy *sipalg_policy_default(gfp_t gfp);

/**
 * sipalg_policy_set() - put another policy in the place of the old one
 * @sn: the namespace
 * @p: the new one, which is the namespace's from now on
 * Process context; callers exclude each other (genl mutex). May sleep.
 */
void sipalg_policy_set(struct sipalg_net *sn, struct sipalg_policy *p);

/**
 * sipalg_policy_rule() - the rule of a flow, now
 * @sn: the namespace
 * @ct: the flow
 * @dir: its packet's direction
 * @state: of the hook that its packet is in
 * @flow: what we know of it, where the rule is remembered; NULL for a flow
 *	that is none of ours yet
 * Return: the rule, under RCU, or NULL: none matches.
 */
struct sipalg_rule *sipalg_policy_rule(struct sipalg_net *sn, const struct nf_conn *ct,
				       enum ip_conntrack_dir dir,
				       const struct nf_hook_state *state,
				       struct sipalg_flow *flow);

/*
 * Might a rule want to see this flow, whatever its devices are? Under RCU.
 */
bool sipalg_policy_wants(struct sipalg_net *sn, const struct nf_conn *ct);

bool sipalg_prefix_has(const struct sipalg_prefix *p, const struct sip_host *h);
/* Is it in one of them? */
bool sipalg_prefixes_have(const struct sipalg_prefixes *p, const struct sip_host *h);

/**
 * sipalg_option_check() - may an option have this value?
 * @o: enum sipalg_option
 * @value: wanted
 * @extack: gets a sentence that names option, value and range
 * Return: 0 or -ERANGE.
 */
int sipalg_option_check(u32 o, u32 value, struct netlink_ext_ack *extack);

/* Name of an option, for messages. */
const char *sipalg_option_name(u32 o);

#endif

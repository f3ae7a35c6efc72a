// SPDX-License-Identifier: GPL-2.0
/*
 * Live state as netlink attributes, to be given back later: what a call needs
 * to go on, and no more. Dialogs that are over, and leases of transactions, are
 * not part of it.
 */
#include <linux/slab.h>
#include <net/genetlink.h>

#include "binding.h"
#include "call.h"
#include "flow.h"
#include "genl.h"
#include "net.h"
#include "policy.h"
#include "registration.h"
#include "state.h"

struct sipalg_transaction *sipalg_state_transaction(struct sipalg_dialog *d, u8 kind, u8 side)
{
	switch (kind) {
	case STATE_INVITE:
		return &d->invite[side];
	case STATE_UPDATE:
		return &d->update[side];
	case STATE_PRACK:
		return &d->prack[side];
	default:
		return &d->bye[side];
	}
}

struct sipalg_session **sipalg_state_session(struct sipalg_dialog *d, u8 kind)
{
	switch (kind) {
	case STATE_AGREED:
		return &d->agreed;
	case STATE_KEPT:
		return &d->kept;
	case STATE_OFFER_A:
		return &d->offer[0];
	case STATE_OFFER_B:
		return &d->offer[1];
	default:
		return &d->early;
	}
}

static u32 seconds_left(unsigned long until)
{
	return time_before(jiffies, until) ? (until - jiffies) / HZ : 0;
}

static bool put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return value && nla_put_u64_64bit(skb, attr, value, SIPALG_STATE_PAD);
}

/* What is zero is not worth an attribute. */
static bool put_u32(struct sk_buff *skb, int attr, u32 value)
{
	return value && nla_put_u32(skb, attr, value);
}

static bool put_u16(struct sk_buff *skb, int attr, u16 value)
{
	return value && nla_put_u16(skb, attr, value);
}

static bool put_u8(struct sk_buff *skb, int attr, u8 value)
{
	return value && nla_put_u8(skb, attr, value);
}

/* Tags and the like are not followed by a NUL everywhere. */
static bool put_text(struct sk_buff *skb, int attr, const char *text, u32 len)
{
	struct nlattr *nla = nla_reserve(skb, attr, len + 1);

	if (!nla)
		return true;
	memcpy(nla_data(nla), text, len);
	((char *)nla_data(nla))[len] = '\0';
	return false;
}

/* Address and port, in attributes that follow each other. */
static bool put_at(struct sk_buff *skb, int attr, const struct sip_endpoint *at)
{
	return sipalg_fill_host(skb, attr, &at->host) || put_u16(skb, attr + 1, at->port);
}

static bool put_flow(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct sipalg_flow *flow = sipalg_flow(ct);
	struct nlattr *nest = nla_nest_start(skb, SIPALG_STATE_FLOW);
	struct sipalg_path path;

	if (!nest)
		return true;
	sipalg_path_of(&path, ct, IP_CT_DIR_ORIGINAL);
	if (put_at(skb, SIPALG_STATE_ADDR, &path.src_in) ||
	    put_at(skb, SIPALG_STATE_OUTER_ADDR, &path.dst_in) ||
	    put_u8(skb, SIPALG_STATE_PROTOCOL, nf_ct_protonum(ct)) ||
	    put_u16(skb, SIPALG_STATE_ZONE, sipalg_inner_zone(ct)) ||
	    (flow && put_u32(skb, SIPALG_STATE_FLAGS, flow->flags[0] | flow->flags[1] << 8)))
		return true;
	nla_nest_end(skb, nest);
	return false;
}

static bool put_flows(struct sk_buff *skb, struct sipalg_binding *b)
{
	bool full = false;
	unsigned int i;

	spin_lock_bh(&b->lock);
	if (b->type == SIPALG_BINDING_SIGNALLING)
		full = sipalg_binding_own(b)->master &&
		       put_flow(skb, sipalg_binding_own(b)->master);
	else
		for (i = 0; i < b->nflows && !full; i++)
			full = put_flow(skb, sipalg_binding_flows(b)[i]);
	spin_unlock_bh(&b->lock);
	return full;
}

static bool put_binding(struct sk_buff *skb, struct sipalg_binding *b)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_STATE_BINDING);
	bool signalling = b->type == SIPALG_BINDING_SIGNALLING;
	struct sip_endpoint inner, outer;
	u32 flags = 0;

	if (!nest)
		return true;
	sipalg_end_get(b, SIPALG_INNER, &inner);
	sipalg_end_get(b, SIPALG_OUTER, &outer);
	if (signalling && READ_ONCE(b->verbatim))
		flags |= STATE_VERBATIM;
	if (signalling && READ_ONCE(b->bare))
		flags |= STATE_BINDING_BARE;
	if (put_u32(skb, SIPALG_STATE_ID, b->id) ||
	    put_u8(skb, SIPALG_STATE_TYPE, b->type) ||
	    put_u32(skb, SIPALG_STATE_FLAGS, flags) ||
	    put_u8(skb, SIPALG_STATE_PROTOCOL, sipalg_binding_key(b, 0)->proto) ||
	    put_u16(skb, SIPALG_STATE_ZONE, sipalg_binding_key(b, SIPALG_INNER)->zone) ||
	    put_u16(skb, SIPALG_STATE_OUTER_ZONE, sipalg_binding_key(b, SIPALG_OUTER)->zone) ||
	    put_at(skb, SIPALG_STATE_ADDR, &inner) ||
	    put_at(skb, SIPALG_STATE_OUTER_ADDR, &outer) || put_flows(skb, b))
		return true;
	nla_nest_end(skb, nest);
	return false;
}

static bool put_reach(struct sk_buff *skb, const struct sipalg_call *call, u8 side,
		      enum sipalg_reach_kind kind)
{
	const struct sipalg_reach *r = sipalg_call_reach(call, side, kind);
	struct nlattr *nest;
	unsigned int i;

	if (!r)
		return false;
	nest = nla_nest_start(skb, SIPALG_STATE_REACH);
	if (!nest || put_u8(skb, SIPALG_STATE_SIDE, side) ||
	    put_u8(skb, SIPALG_STATE_KIND, kind) || put_binding(skb, r->binding))
		return true;
	for (i = 0; i < SIPALG_HOSTS; i++) {
		if (sipalg_fill_host(skb, SIPALG_STATE_HOST,
				     sipalg_hosts_get(&r->leased, i, &call->host[!side])))
			return true;
	}
	nla_nest_end(skb, nest);
	return false;
}

static bool put_end(struct sk_buff *skb, const struct sipalg_media_end *e)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_STATE_END);
	u32 flags = (e->mux ? STATE_MUX : 0) | (e->held ? STATE_HELD : 0) |
		    (e->early ? STATE_EARLY : 0);

	if (!nest || put_at(skb, SIPALG_STATE_ADDR, &e->at) ||
	    (!sip_endpoint_equal(&e->at, &e->rtcp) &&
	     put_at(skb, SIPALG_STATE_RTCP_ADDR, &e->rtcp)) ||
	    (e->rtp_binding && put_u32(skb, SIPALG_STATE_RTP_BINDING, e->rtp_binding->id)) ||
	    (e->rtcp_binding && put_u32(skb, SIPALG_STATE_RTCP_BINDING, e->rtcp_binding->id)) ||
	    put_u8(skb, SIPALG_STATE_KIND, e->kind) ||
	    put_u8(skb, SIPALG_STATE_DIRECTION, e->direction) ||
	    put_u32(skb, SIPALG_STATE_FLAGS, flags) ||
	    put_u8(skb, SIPALG_STATE_PART, e->part) ||
	    put_u8(skb, SIPALG_STATE_INDEX, e->index) ||
	    put_u8(skb, SIPALG_STATE_PAIR, e->pair) ||
	    nla_put(skb, SIPALG_STATE_CODECS, sizeof(e->codecs), e->codecs))
		return true;
	nla_nest_end(skb, nest);
	return false;
}

static bool put_line(struct sk_buff *skb, const struct sipalg_line *l)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_STATE_LINE);

	if (!nest || put_end(skb, &l->end[0]) || put_end(skb, &l->end[1]))
		return true;
	nla_nest_end(skb, nest);
	return false;
}

static bool put_session(struct sk_buff *skb, const struct sipalg_session *s, u8 kind)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_STATE_SESSION);
	unsigned int i;
	u32 flags = (s->answered ? STATE_ANSWERED : 0) | (s->late ? STATE_LATE : 0) |
		    (s->offerer ? STATE_OFFERER_B : 0);

	if (!nest || put_u8(skb, SIPALG_STATE_KIND, kind) ||
	    put_u32(skb, SIPALG_STATE_FLAGS, flags) ||
	    put_u32(skb, SIPALG_STATE_CSEQ, s->cseq))
		return true;
	for (i = 0; i < s->n; i++) {
		if (put_line(skb, &s->line[i]))
			return true;
	}
	nla_nest_end(skb, nest);
	return false;
}

static bool put_transaction(struct sk_buff *skb, const struct sipalg_transaction *t, u8 kind,
			    u8 side)
{
	u32 flags = (t->active ? STATE_ACTIVE : 0) | (t->initial ? STATE_INITIAL : 0) |
		    (t->offered ? STATE_OFFERED : 0);
	struct nlattr *nest;

	if (!t->seen)
		return false;
	nest = nla_nest_start(skb, SIPALG_STATE_TRANSACTION);
	if (!nest || put_u8(skb, SIPALG_STATE_KIND, kind) ||
	    put_u8(skb, SIPALG_STATE_SIDE, side) ||
	    put_u32(skb, SIPALG_STATE_FLAGS, flags) ||
	    put_u32(skb, SIPALG_STATE_CSEQ, t->cseq))
		return true;
	nla_nest_end(skb, nest);
	return false;
}

static u32 dialog_flags(const struct sipalg_dialog *d)
{
	return (d->known[0] ? STATE_KNOWN(0) : 0) | (d->known[1] ? STATE_KNOWN(1) : 0) |
	       (d->cancelled ? STATE_CANCELLED : 0) | (d->hurried ? STATE_HURRIED : 0) |
	       (d->lost ? STATE_LOST : 0) | (d->refer ? STATE_REFER : 0) |
	       d->sight.held * STATE_HELD_BY;
}

static bool put_dialog(struct sk_buff *skb, struct sipalg_dialog *d)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_STATE_DIALOG);
	u8 kind;

	if (!nest || put_u32(skb, SIPALG_STATE_ID, d->id) ||
	    put_u8(skb, SIPALG_STATE_STATE, d->state) ||
	    put_u16(skb, SIPALG_STATE_STATUS, d->status) ||
	    put_u32(skb, SIPALG_STATE_FLAGS, dialog_flags(d)) ||
	    put_u32(skb, SIPALG_STATE_A_CSEQ, d->cseq[0]) ||
	    put_u32(skb, SIPALG_STATE_B_CSEQ, d->cseq[1]) ||
	    put_u64(skb, SIPALG_STATE_START, d->start) ||
	    put_u64(skb, SIPALG_STATE_ANSWER, d->answer) ||
	    put_u32(skb, SIPALG_STATE_LEFT, seconds_left(d->deadline)) ||
	    put_u32(skb, SIPALG_STATE_EXPIRES, d->session_expires) ||
	    (d->b_tag && put_text(skb, SIPALG_STATE_B_TAG, d->b_tag, d->b_tag_len)))
		return true;
	for (kind = 0; kind < STATE_TRANSACTIONS; kind++) {
		if (put_transaction(skb, sipalg_state_transaction(d, kind, 0), kind, 0) ||
		    put_transaction(skb, sipalg_state_transaction(d, kind, 1), kind, 1))
			return true;
	}
	for (kind = 0; kind < STATE_SESSIONS; kind++) {
		const struct sipalg_session *s = *sipalg_state_session(d, kind);

		if (s && put_session(skb, s, kind))
			return true;
	}
	nla_nest_end(skb, nest);
	return false;
}

/* The media bindings of a call, each once: those that no line before this had. */
struct seen {
	struct sk_buff *skb;
	int first;	/* where the call's attributes begin */
};

static bool was_put(const struct seen *seen, u32 id)
{
	const struct nlattr *nla;
	int left = seen->skb->len - seen->first;

	nla_for_each_attr(nla, (struct nlattr *)(seen->skb->data + seen->first), left, left) {
		const struct nlattr *first = nla_data(nla);

		if (nla_type(nla) == SIPALG_STATE_BINDING && nla_len(nla) >= NLA_HDRLEN + 4 &&
		    nla_type(first) == SIPALG_STATE_ID && nla_get_u32(first) == id)
			return true;
	}
	return false;
}

static bool put_new(const struct seen *seen, struct sipalg_binding *b)
{
	return b && !was_put(seen, b->id) && put_binding(seen->skb, b);
}

static bool put_bindings(const struct seen *seen, struct sipalg_dialog *d)
{
	unsigned int i, side;
	u8 kind;

	for (kind = 0; kind < STATE_SESSIONS; kind++) {
		const struct sipalg_session *s = *sipalg_state_session(d, kind);

		for (i = 0; s && i < s->n; i++) {
			for (side = 0; side < 2; side++) {
				const struct sipalg_media_end *e = &s->line[i].end[side];

				if (put_new(seen, e->rtp_binding) ||
				    put_new(seen, e->rtcp_binding))
					return true;
			}
		}
	}
	return false;
}

static bool put_hosts(struct sk_buff *skb, const struct sipalg_call *call)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (sipalg_fill_host(skb, SIPALG_STATE_A_HOST + i, &call->host[i]) ||
		    sipalg_fill_host(skb, SIPALG_STATE_A_TARGET + i, sipalg_call_target(call, i)) ||
		    sipalg_fill_host(skb, SIPALG_STATE_A_ROUTE + i, sipalg_call_route(call, i)) ||
		    put_reach(skb, call, i, SIPALG_REACH_CONTACT) ||
		    put_reach(skb, call, i, SIPALG_REACH_PROXY))
			return true;
	}
	return call->master && put_flow(skb, call->master);
}

static bool put_call(struct sk_buff *skb, struct sipalg_call *call)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_STATE_CALL);
	struct seen seen = { .skb = skb, .first = skb->len };
	u32 flags = (call->bare[0] ? STATE_BARE(0) : 0) | (call->bare[1] ? STATE_BARE(1) : 0);
	struct sipalg_dialog *d;

	if (!nest || put_u32(skb, SIPALG_STATE_ID, call->id) ||
	    put_u32(skb, SIPALG_STATE_FLAGS, flags) ||
	    put_u16(skb, SIPALG_STATE_ZONE, call->zone) ||
	    nla_put_string(skb, SIPALG_STATE_METHOD, sip_method_name(call->method)) ||
	    put_u32(skb, SIPALG_STATE_RULE, call->rule->id) ||
	    put_text(skb, SIPALG_STATE_CALL_ID, sipalg_call_id(call), call->call_id_len) ||
	    put_text(skb, SIPALG_STATE_A_TAG, sipalg_call_a_tag(call), call->a_tag_len) ||
	    nla_put_string(skb, SIPALG_STATE_A_URI, sipalg_call_a_uri(call)) ||
	    nla_put_string(skb, SIPALG_STATE_B_URI, sipalg_call_b_uri(call)) ||
	    put_hosts(skb, call))
		return true;
	list_for_each_entry(d, &call->dialogs, list) {
		if (d->state != SIPALG_DIALOG_TERMINATED &&
		    (put_bindings(&seen, d) || put_dialog(skb, d)))
			return true;
	}
	nla_nest_end(skb, nest);
	return false;
}

static bool put_registration(struct sk_buff *skb, struct sipalg_registration *r)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_STATE_REGISTRATION);

	if (!nest || put_u32(skb, SIPALG_STATE_ID, r->id) ||
	    put_u32(skb, SIPALG_STATE_FLAGS, r->path ? STATE_PATH : 0) ||
	    put_u16(skb, SIPALG_STATE_ZONE, r->zone) ||
	    put_u8(skb, SIPALG_STATE_PROTOCOL, r->proto) ||
	    put_u32(skb, SIPALG_STATE_RULE, r->rule->id) ||
	    nla_put_string(skb, SIPALG_STATE_USER, r->user) ||
	    nla_put_string(skb, SIPALG_STATE_DOMAIN, r->domain) ||
	    nla_put_string(skb, SIPALG_STATE_AOR, r->aor) ||
	    nla_put_string(skb, SIPALG_STATE_CONTACT, r->contact) ||
	    sipalg_fill_host(skb, SIPALG_STATE_REGISTRAR, &r->registrar) ||
	    put_at(skb, SIPALG_STATE_ADDR, &r->inner) ||
	    put_at(skb, SIPALG_STATE_OUTER_ADDR, &r->outer) ||
	    put_u32(skb, SIPALG_STATE_LEFT, seconds_left(r->until)) ||
	    put_u32(skb, SIPALG_STATE_EXPIRES, r->expires) ||
	    put_u64(skb, SIPALG_STATE_START, r->since) ||
	    put_u64(skb, SIPALG_STATE_REFRESHED, r->refreshed) ||
	    put_u32(skb, SIPALG_STATE_ASKED, r->asked) ||
	    (r->binding && put_binding(skb, r->binding)))
		return true;
	nla_nest_end(skb, nest);
	return false;
}

/* Calls, then registrations: how far the dump is. */
struct walk {
	struct rhashtable_iter iter;
	struct sipalg_net *sn;
	bool registrations;
	bool again;
};

int sipalg_state_start(struct netlink_callback *cb)
{
	struct sipalg_net *sn = sipalg_net(sock_net(cb->skb->sk));
	struct walk *w;

	if (!sn->locks)
		return 0;
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return -ENOMEM;
	w->sn = sn;
	rhltable_walk_enter(&sn->calls, &w->iter);
	cb->args[0] = (unsigned long)w;
	return 0;
}

int sipalg_state_done(struct netlink_callback *cb)
{
	struct walk *w = (struct walk *)cb->args[0];

	if (w)
		rhashtable_walk_exit(&w->iter);
	kfree(w);
	return 0;
}

static bool has_living(const struct sipalg_call *call)
{
	const struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list) {
		if (d->state != SIPALG_DIALOG_TERMINATED)
			return !call->dead;
	}
	return false;
}

static bool put_entry(struct sk_buff *skb, const struct walk *w, void *entry)
{
	struct sipalg_registration *r = entry;
	struct sipalg_call *call = entry;
	spinlock_t *lock = sipalg_lock(w->sn, w->registrations ? r->hash : call->hash);
	bool full = false;

	spin_lock_bh(lock);
	if (w->registrations)
		full = !r->dead && r->granted && put_registration(skb, r);
	else
		full = has_living(call) && put_call(skb, call);
	spin_unlock_bh(lock);
	return full;
}

/* Return: whether the message is full. */
static bool put_message(struct sk_buff *skb, struct netlink_callback *cb,
			const struct walk *w, void *entry)
{
	bool alone = !skb->len;
	struct nlattr *nest;
	void *head;
	int was;

	head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &sipalg_genl_family, NLM_F_MULTI, SIPALG_CMD_STATE_GET);
	nest = head ? nla_nest_start(skb, SIPALG_A_STATE) : NULL;
	if (!nest) {
		genlmsg_cancel(skb, head);
		return true;
	}
	genl_dump_check_consistent(cb, head);
	was = skb->len;
	if (put_entry(skb, w, entry)) {
		if (!alone) {
			genlmsg_cancel(skb, head);
			return true;
		}
		/* It will not fit into the next one either. */
		nlmsg_trim(skb, skb->data + was);
		nla_put_u32(skb, SIPALG_STATE_LOST, w->registrations ? 0 :
			    ((struct sipalg_call *)entry)->id);
	}
	if (skb->len == was) {
		genlmsg_cancel(skb, head);
		return false;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, head);
	return false;
}

/* Shows what there is of one table. Return: whether the message is full. */
static bool dump_table(struct sk_buff *skb, struct netlink_callback *cb, struct walk *w)
{
	bool full = false;
	void *entry;

	if (rhashtable_walk_start_check(&w->iter) == -EAGAIN) {
		cb->prev_seq = 1;
		cb->seq = 2;
		w->again = false;
	}
	while (!full) {
		entry = w->again ? rhashtable_walk_peek(&w->iter) :
				   rhashtable_walk_next(&w->iter);
		w->again = false;
		if (!entry)
			break;
		if (IS_ERR(entry)) {
			cb->prev_seq = 1;
			cb->seq = 2;
			continue;
		}
		full = put_message(skb, cb, w, entry);
	}
	w->again = full;
	rhashtable_walk_stop(&w->iter);
	return full;
}

int sipalg_state_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct walk *w = (struct walk *)cb->args[0];

	if (!w)
		return 0;
	if (!dump_table(skb, cb, w) && !w->registrations) {
		rhashtable_walk_exit(&w->iter);
		w->registrations = true;
		rhltable_walk_enter(&w->sn->registrations, &w->iter);
		dump_table(skb, cb, w);
	}
	return skb->len;
}

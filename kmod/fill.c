// SPDX-License-Identifier: GPL-2.0
/*
 * Dialogs, registrations and bindings as netlink attributes.
 */
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netlink.h>

#include "binding.h"
#include "call.h"
#include "genl.h"
#include "net.h"
#include "registration.h"

static u32 seconds_left(unsigned long until)
{
	return time_before(jiffies, until) ? (until - jiffies) / HZ : 0;
}

int sipalg_fill_host(struct sk_buff *skb, int attr, const struct sip_host *h)
{
	if (!h->family)
		return 0;
	return nla_put(skb, attr, h->family == 4 ? 4 : 16, h->addr);
}

static int put_text(struct sk_buff *skb, int attr, const char *text, u32 len)
{
	struct nlattr *nla = nla_reserve(skb, attr, len + 1);
	char *to;

	if (!nla)
		return -EMSGSIZE;
	to = nla_data(nla);
	memcpy(to, text, len);
	to[len] = '\0';
	return 0;
}

/* What a side sent: the packets of its flows in the direction from it. */
static void count_flows(struct sipalg_binding *b, u64 *packets, u64 *bytes)
{
	const struct sipalg_end_key *inner = &b->end[SIPALG_INNER].key;
	unsigned int i;

	spin_lock_bh(&b->lock);
	for (i = 0; i < b->nflows; i++) {
		struct nf_conn *ct = b->flows[i];
		struct nf_conntrack_tuple *t;
		struct nf_conn_acct *acct;
		int dir;

		acct = nf_conn_acct_find(ct);
		if (!acct)
			continue;
		for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
			t = &ct->tuplehash[dir].tuple;
			if (t->src.u.all != inner->port ||
			    !nf_inet_addr_cmp(&t->src.u3, &inner->addr))
				continue;
			*packets += atomic64_read(&acct->counter[dir].packets);
			*bytes += atomic64_read(&acct->counter[dir].bytes);
			break;
		}
	}
	spin_unlock_bh(&b->lock);
}

static int fill_end(struct sk_buff *skb, const struct sipalg_media_end *end,
		    u8 side, u8 index)
{
	struct sip_endpoint outer, rtcp = {};
	struct nlattr *nest;

	nest = nla_nest_start(skb, SIPALG_DIALOG_MEDIA);
	if (!nest)
		return -EMSGSIZE;
	sipalg_media_outer(end, &outer);
	if (end->rtcp_binding)
		sipalg_end_get(end->rtcp_binding, SIPALG_OUTER, &rtcp);
	if (nla_put_u8(skb, SIPALG_MEDIA_SIDE, side) ||
	    nla_put_u8(skb, SIPALG_MEDIA_INDEX, index) ||
	    nla_put_u8(skb, SIPALG_MEDIA_KIND, end->kind) ||
	    nla_put_u8(skb, SIPALG_MEDIA_DIRECTION, end->direction) ||
	    sipalg_fill_host(skb, SIPALG_MEDIA_INNER_ADDR, &end->at.host) ||
	    nla_put_u16(skb, SIPALG_MEDIA_INNER_PORT, end->at.port) ||
	    sipalg_fill_host(skb, SIPALG_MEDIA_OUTER_ADDR, &outer.host) ||
	    nla_put_u16(skb, SIPALG_MEDIA_OUTER_PORT, outer.port) ||
	    nla_put_u16(skb, SIPALG_MEDIA_RTCP_PORT, rtcp.port) ||
	    nla_put_u8(skb, SIPALG_MEDIA_BOUND, !!end->rtp_binding) ||
	    nla_put_string(skb, SIPALG_MEDIA_CODECS, end->codecs))
		goto cancel;
	if (end->rtp_binding) {
		u64 packets = 0, bytes = 0;

		count_flows(end->rtp_binding, &packets, &bytes);
		if (nla_put_u64_64bit(skb, SIPALG_MEDIA_PACKETS, packets,
				      SIPALG_MEDIA_PAD) ||
		    nla_put_u64_64bit(skb, SIPALG_MEDIA_BYTES, bytes,
				      SIPALG_MEDIA_PAD))
			goto cancel;
	}
	nla_nest_end(skb, nest);
	return 0;

cancel:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}

static int fill_media(struct sk_buff *skb, const struct sipalg_dialog *d)
{
	const struct sipalg_session *s = d->agreed ?: d->offer[0] ?: d->offer[1];
	unsigned int i, side;

	for (i = 0; s && i < s->n; i++) {
		for (side = 0; side < 2; side++) {
			if (!s->answered && side != s->offerer)
				continue;
			if (fill_end(skb, &s->line[i].end[side], side,
				     s->line[i].end[s->offerer].index))
				return -EMSGSIZE;
		}
	}
	return 0;
}

static int fill_names(struct sk_buff *skb, const struct sipalg_dialog *d)
{
	const struct sipalg_call *call = d->call;

	return put_text(skb, SIPALG_DIALOG_CALL_ID, call->call_id,
			call->call_id_len) ||
	       nla_put_string(skb, SIPALG_DIALOG_METHOD,
			      sip_method_name(call->method)) ||
	       nla_put_string(skb, SIPALG_DIALOG_A_URI, call->a_uri) ||
	       nla_put_string(skb, SIPALG_DIALOG_B_URI, call->b_uri) ||
	       put_text(skb, SIPALG_DIALOG_A_TAG, call->a_tag, call->a_tag_len) ||
	       (d->b_tag && put_text(skb, SIPALG_DIALOG_B_TAG, d->b_tag,
				     d->b_tag_len)) ||
	       sipalg_fill_host(skb, SIPALG_DIALOG_A_ADDR, &call->host[0]) ||
	       sipalg_fill_host(skb, SIPALG_DIALOG_B_ADDR, &call->host[1]);
}

int sipalg_fill_dialog(struct sk_buff *skb, const struct sipalg_dialog *d)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_A_DIALOG);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, SIPALG_DIALOG_ID, d->id) ||
	    nla_put_u8(skb, SIPALG_DIALOG_STATE, d->state) ||
	    nla_put_u8(skb, SIPALG_DIALOG_END_REASON, d->reason) ||
	    nla_put_u16(skb, SIPALG_DIALOG_STATUS, d->status) ||
	    fill_names(skb, d) ||
	    nla_put_u64_64bit(skb, SIPALG_DIALOG_START, d->start,
			      SIPALG_DIALOG_PAD) ||
	    (d->answer && nla_put_u64_64bit(skb, SIPALG_DIALOG_ANSWER, d->answer,
					    SIPALG_DIALOG_PAD)) ||
	    (d->end && nla_put_u64_64bit(skb, SIPALG_DIALOG_END, d->end,
					 SIPALG_DIALOG_PAD)) ||
	    nla_put_u32(skb, SIPALG_DIALOG_SESSION_EXPIRES, d->session_expires) ||
	    nla_put_u32(skb, SIPALG_DIALOG_EXPIRES_IN, seconds_left(d->deadline)) ||
	    fill_media(skb, d)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

int sipalg_fill_registration(struct sk_buff *skb,
			     const struct sipalg_registration *r)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_A_REGISTRATION);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, SIPALG_REG_ID, r->id) ||
	    nla_put_string(skb, SIPALG_REG_AOR, r->aor) ||
	    nla_put_string(skb, SIPALG_REG_CONTACT, r->contact) ||
	    nla_put_u8(skb, SIPALG_REG_STATE, r->granted) ||
	    nla_put_u32(skb, SIPALG_REG_EXPIRES, r->expires) ||
	    nla_put_u32(skb, SIPALG_REG_EXPIRES_IN, seconds_left(r->until)) ||
	    sipalg_fill_host(skb, SIPALG_REG_REGISTRAR, &r->registrar) ||
	    sipalg_fill_host(skb, SIPALG_REG_INNER_ADDR, &r->inner.host) ||
	    nla_put_u16(skb, SIPALG_REG_INNER_PORT, r->inner.port) ||
	    sipalg_fill_host(skb, SIPALG_REG_OUTER_ADDR, &r->outer.host) ||
	    nla_put_u16(skb, SIPALG_REG_OUTER_PORT, r->outer.port) ||
	    nla_put_u8(skb, SIPALG_REG_PROTOCOL, r->proto)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_leases(struct sk_buff *skb, struct sipalg_binding *b)
{
	struct sipalg_lease *l;
	int err = 0;

	spin_lock_bh(&b->lock);
	list_for_each_entry(l, &b->leases, list) {
		if (!err)
			err = sipalg_fill_host(skb, SIPALG_BINDING_PEER, &l->host);
	}
	spin_unlock_bh(&b->lock);
	return err;
}

/* The hosts that the other side named for lines of this binding. */
static int fill_peers(struct sk_buff *skb, const struct sipalg_binding *b)
{
	struct sip_host last = {};
	const struct sipalg_dialog *d;

	list_for_each_entry(d, &b->call->dialogs, list) {
		const struct sipalg_session *s = d->agreed ?: d->offer[0] ?: d->offer[1];
		unsigned int i, side;

		for (i = 0; s && s->answered && i < s->n; i++) {
			for (side = 0; side < 2; side++) {
				const struct sipalg_line *l = &s->line[i];
				struct sip_endpoint at;

				if (l->end[side].rtp_binding != b &&
				    l->end[side].rtcp_binding != b)
					continue;
				sipalg_media_outer(&l->end[!side], &at);
				if (sip_host_equal(&at.host, &last))
					continue;
				last = at.host;
				if (sipalg_fill_host(skb, SIPALG_BINDING_PEER, &last))
					return -EMSGSIZE;
			}
		}
	}
	return 0;
}

int sipalg_fill_binding(struct sk_buff *skb, struct sipalg_binding *b)
{
	bool signalling = b->type == SIPALG_BINDING_SIGNALLING;
	struct sip_endpoint inner, outer;
	struct nlattr *nest;

	nest = nla_nest_start(skb, SIPALG_A_BINDING);
	if (!nest)
		return -EMSGSIZE;
	sipalg_end_get(b, SIPALG_INNER, &inner);
	sipalg_end_get(b, SIPALG_OUTER, &outer);
	if (nla_put_u32(skb, SIPALG_BINDING_ID, b->id) ||
	    nla_put_u8(skb, SIPALG_BINDING_TYPE, b->type) ||
	    nla_put_u8(skb, SIPALG_BINDING_PROTOCOL, b->end[0].key.proto) ||
	    nla_put_u16(skb, SIPALG_BINDING_ZONE, b->end[0].key.zone) ||
	    sipalg_fill_host(skb, SIPALG_BINDING_INNER_ADDR, &inner.host) ||
	    nla_put_u16(skb, SIPALG_BINDING_INNER_PORT, inner.port) ||
	    sipalg_fill_host(skb, SIPALG_BINDING_OUTER_ADDR, &outer.host) ||
	    nla_put_u16(skb, SIPALG_BINDING_OUTER_PORT, outer.port) ||
	    nla_put_u8(skb, SIPALG_BINDING_FLOWS, signalling ? 0 : b->nflows) ||
	    (signalling ? fill_leases(skb, b) : fill_peers(skb, b)) ||
	    (!signalling && nla_put_string(skb, SIPALG_BINDING_OWNER,
					   b->call->call_id))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

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
#include "probe.h"
#include "registration.h"

/* What a media line's nest takes at most, for both sides together. */
#define MEDIA_SIZE	(2 * (256 + SIPALG_CODECS * SDP_CODEC_TEXT))

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

/* The direction of a flow's packets that come from the binding's inner end. */
static int dir_from_inner(const struct nf_conn *ct, const struct sipalg_binding *b)
{
	return sipalg_end_begins(b, SIPALG_INNER, ct) ? IP_CT_DIR_ORIGINAL : IP_CT_DIR_REPLY;
}

/*
 * What a line's side sent, as its own binding's flows say, or else those of the
 * other side, which got it. False: conntrack does not account.
 */
static bool count_sent(const struct sipalg_line *l, u8 side, u64 *packets, u64 *bytes)
{
	struct sipalg_binding *b = l->end[side].rtp_binding;
	bool own = b, accounted;
	unsigned int i;

	b = b ?: l->end[!side].rtp_binding;
	if (!b)
		return false;
	accounted = nf_ct_acct_enabled(b->sn->net);
	spin_lock_bh(&b->lock);
	for (i = 0; i < b->nflows; i++) {
		const struct nf_conn *ct = sipalg_binding_flows(b)[i];
		struct nf_conn_acct *acct = nf_conn_acct_find(ct);
		int dir = own ? dir_from_inner(ct, b) : !dir_from_inner(ct, b);

		if (!acct)
			continue;
		accounted = true;
		*packets += atomic64_read(&acct->counter[dir].packets);
		*bytes += atomic64_read(&acct->counter[dir].bytes);
	}
	spin_unlock_bh(&b->lock);
	return accounted;
}

static int fill_sent(struct sk_buff *skb, const struct sipalg_line *l, u8 side)
{
	u64 packets = 0, bytes = 0;

	if (!count_sent(l, side, &packets, &bytes))
		return 0;
	return nla_put_u64_64bit(skb, SIPALG_MEDIA_PACKETS, packets, SIPALG_MEDIA_PAD) ||
	       nla_put_u64_64bit(skb, SIPALG_MEDIA_BYTES, bytes, SIPALG_MEDIA_PAD);
}

static int fill_codecs(struct sk_buff *skb, const struct sipalg_media_end *end)
{
	char text[SIPALG_CODECS * SDP_CODEC_TEXT];

	return put_text(skb, SIPALG_MEDIA_CODECS, text,
			sdp_codecs_print(text, end->codecs, SIPALG_CODECS));
}

/* Where the other side sends RTCP; 0 where that is RTP's port, or nowhere. */
static u16 rtcp_port(const struct sipalg_line *l, u8 side)
{
	const struct sipalg_media_end *end = &l->end[side];
	struct sip_endpoint at = end->rtcp;

	if (end->mux && l->end[!side].mux)
		return 0;
	if (end->rtcp_binding)
		sipalg_end_get(end->rtcp_binding, SIPALG_OUTER, &at);
	return sip_endpoint_equal(&end->rtcp, &end->at) ? 0 : at.port;
}

static int fill_end(struct sk_buff *skb, const struct sipalg_line *l, u8 side, u8 index)
{
	const struct sipalg_media_end *end = &l->end[side];
	struct sip_endpoint outer;
	struct nlattr *nest;

	nest = nla_nest_start(skb, SIPALG_DIALOG_MEDIA);
	if (!nest)
		return -EMSGSIZE;
	sipalg_media_outer(end, &outer);
	if (nla_put_u8(skb, SIPALG_MEDIA_SIDE, side) ||
	    nla_put_u8(skb, SIPALG_MEDIA_INDEX, index) ||
	    nla_put_u8(skb, SIPALG_MEDIA_KIND, end->kind) ||
	    nla_put_u8(skb, SIPALG_MEDIA_DIRECTION, end->direction) ||
	    sipalg_fill_host(skb, SIPALG_MEDIA_INNER_ADDR, &end->at.host) ||
	    nla_put_u16(skb, SIPALG_MEDIA_INNER_PORT, end->at.port) ||
	    sipalg_fill_host(skb, SIPALG_MEDIA_OUTER_ADDR, &outer.host) ||
	    nla_put_u16(skb, SIPALG_MEDIA_OUTER_PORT, outer.port) ||
	    nla_put_u16(skb, SIPALG_MEDIA_RTCP_PORT, rtcp_port(l, side)) ||
	    nla_put_u8(skb, SIPALG_MEDIA_MUX, end->mux) ||
	    nla_put_u8(skb, SIPALG_MEDIA_BOUND, !!end->rtp_binding) ||
	    fill_codecs(skb, end) ||
	    fill_sent(skb, l, side)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static const struct sipalg_session *session_of(const struct sipalg_dialog *d)
{
	return d->agreed ?: d->offer[0] ?: d->offer[1];
}

static int fill_media(struct sk_buff *skb, const struct sipalg_dialog *d)
{
	const struct sipalg_session *s = session_of(d);
	unsigned int i, side;

	for (i = 0; s && i < s->n; i++) {
		for (side = 0; side < 2; side++) {
			if (!s->answered && side != s->offerer)
				continue;
			if (fill_end(skb, &s->line[i], side,
				     s->line[i].end[s->offerer].index))
				return -EMSGSIZE;
		}
	}
	return 0;
}

size_t sipalg_fill_dialog_size(const struct sipalg_dialog *d)
{
	const struct sipalg_session *s = session_of(d);

	return NLMSG_GOODSIZE + (s ? s->n * MEDIA_SIZE : 0);
}

static int fill_names(struct sk_buff *skb, const struct sipalg_dialog *d)
{
	const struct sipalg_call *call = d->call;

	return put_text(skb, SIPALG_DIALOG_CALL_ID, sipalg_call_id(call),
			call->call_id_len) ||
	       nla_put_string(skb, SIPALG_DIALOG_METHOD,
			      sip_method_name(call->method)) ||
	       nla_put_string(skb, SIPALG_DIALOG_A_URI, sipalg_call_a_uri(call)) ||
	       nla_put_string(skb, SIPALG_DIALOG_B_URI, sipalg_call_b_uri(call)) ||
	       put_text(skb, SIPALG_DIALOG_A_TAG, sipalg_call_a_tag(call), call->a_tag_len) ||
	       (d->b_tag && put_text(skb, SIPALG_DIALOG_B_TAG, d->b_tag,
				     d->b_tag_len)) ||
	       sipalg_fill_host(skb, SIPALG_DIALOG_A_ADDR, &call->host[0]) ||
	       sipalg_fill_host(skb, SIPALG_DIALOG_B_ADDR, &call->host[1]);
}

/* The session timer; @deadline is 32 s behind it, and a BYE's own while one waits. */
static int fill_timer(struct sk_buff *skb, const struct sipalg_dialog *d)
{
	u32 left = seconds_left(d->deadline);

	if (!d->session_expires || d->state != SIPALG_DIALOG_CONFIRMED || d->sight.bye)
		return 0;
	return nla_put_u32(skb, SIPALG_DIALOG_SESSION_LEFT,
			   left > SIPALG_BYE_SECONDS ? left - SIPALG_BYE_SECONDS : 0) ||
	       nla_put_u8(skb, SIPALG_DIALOG_REFRESHER, d->sight.refresher);
}

static int fill_call(struct sk_buff *skb, const struct sipalg_dialog *d)
{
	const struct sipalg_sight *s = &d->sight;

	return nla_put_u16(skb, SIPALG_DIALOG_PROVISIONAL, s->provisional) ||
	       (s->rang && nla_put_u64_64bit(skb, SIPALG_DIALOG_RINGING,
					     d->start + s->rang, SIPALG_DIALOG_PAD)) ||
	       (d->answer && nla_put_u32(skb, SIPALG_DIALOG_SETUP,
					 d->answer - d->start)) ||
	       nla_put_u8(skb, SIPALG_DIALOG_HELD_BY, s->held) ||
	       nla_put_u16(skb, SIPALG_DIALOG_REINVITES, s->reinvites) ||
	       nla_put_u16(skb, SIPALG_DIALOG_UPDATES, s->updates) ||
	       nla_put_u8(skb, SIPALG_DIALOG_BYE_BY, s->bye) ||
	       fill_timer(skb, d);
}

static int fill_refer(struct sk_buff *skb, const struct sipalg_referral *r)
{
	if (!r || !r->by)
		return 0;
	return nla_put_u8(skb, SIPALG_DIALOG_REFER_BY, r->by) ||
	       nla_put_string(skb, SIPALG_DIALOG_REFER_TO, r->text + r->target) ||
	       nla_put_u16(skb, SIPALG_DIALOG_REFER_STATUS, r->status);
}

/* A REFER subscribes to its own event (RFC 3515 2.4.4). */
static int fill_subscription(struct sk_buff *skb, const struct sipalg_dialog *d)
{
	const struct sipalg_referral *r = d->sight.referral;

	if (!r)
		return 0;
	return nla_put_string(skb, SIPALG_DIALOG_EVENT, r->by ? "refer" : r->text) ||
	       nla_put_u8(skb, SIPALG_DIALOG_SUB_STATE, r->state) ||
	       nla_put_u32(skb, SIPALG_DIALOG_SUB_EXPIRES, r->expires) ||
	       (r->until && nla_put_u32(skb, SIPALG_DIALOG_SUB_EXPIRES_IN,
					seconds_left(r->until))) ||
	       nla_put_u32(skb, SIPALG_DIALOG_NOTIFIES, r->notifies);
}

static int fill_sight(struct sk_buff *skb, const struct sipalg_dialog *d)
{
	bool call = d->call->method == SIP_INVITE;

	return nla_put_u32(skb, SIPALG_DIALOG_CALL, d->call->id) ||
	       nla_put_u16(skb, SIPALG_DIALOG_FORKS, d->call->ndialogs) ||
	       (call ? fill_call(skb, d) : fill_subscription(skb, d)) ||
	       fill_refer(skb, d->sight.referral);
}

int sipalg_fill_dialog(struct sk_buff *skb, const struct sipalg_dialog *d, bool cut)
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
	    (d->state == SIPALG_DIALOG_TERMINATED &&
	     nla_put_u64_64bit(skb, SIPALG_DIALOG_END, d->end,
			       SIPALG_DIALOG_PAD)) ||
	    nla_put_u32(skb, SIPALG_DIALOG_SESSION_EXPIRES, d->session_expires) ||
	    nla_put_u32(skb, SIPALG_DIALOG_EXPIRES_IN, seconds_left(d->deadline)) ||
	    fill_sight(skb, d) ||
	    (fill_media(skb, d) && !cut)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_asked(struct sk_buff *skb, const struct sipalg_asked *asked, u8 by)
{
	struct nlattr *nest;

	if (!asked->time)
		return 0;
	nest = nla_nest_start(skb, SIPALG_REG_OPTIONS);
	if (!nest ||
	    nla_put_u8(skb, SIPALG_OPTIONS_BY, by) ||
	    nla_put_u64_64bit(skb, SIPALG_OPTIONS_TIME, asked->time,
			      SIPALG_OPTIONS_PAD) ||
	    nla_put_u16(skb, SIPALG_OPTIONS_STATUS, asked->status) ||
	    nla_put_u16(skb, SIPALG_OPTIONS_UNANSWERED,
			sipalg_probe_unanswered(asked)) ||
	    (asked->status && nla_put_u32(skb, SIPALG_OPTIONS_RTT, asked->rtt)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_probe(struct sk_buff *skb, const struct sipalg_registration *r)
{
	u8 reachable = SIPALG_REACHABLE_UNKNOWN;
	struct sipalg_probe probe = {};
	const struct sipalg_asked *asked = &probe.by[SIPALG_BY_REGISTRAR];

	if (r->binding)
		sipalg_probe_read(r->binding, &r->registrar, &probe);
	if (sipalg_probe_unanswered(asked))
		reachable = SIPALG_REACHABLE_NO;
	else if (asked->status)
		reachable = SIPALG_REACHABLE_YES;
	return nla_put_u8(skb, SIPALG_REG_REACHABLE, reachable) ||
	       fill_asked(skb, &probe.by[SIPALG_BY_REGISTRAR], SIPALG_BY_REGISTRAR) ||
	       fill_asked(skb, &probe.by[SIPALG_BY_PHONE], SIPALG_BY_PHONE);
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
	    nla_put_u8(skb, SIPALG_REG_PROTOCOL, r->proto) ||
	    nla_put_u32(skb, SIPALG_REG_ASKED, r->asked) ||
	    (r->since && nla_put_u64_64bit(skb, SIPALG_REG_SINCE, r->since,
					   SIPALG_REG_PAD)) ||
	    (r->refreshed && nla_put_u64_64bit(skb, SIPALG_REG_REFRESHED,
					       r->refreshed, SIPALG_REG_PAD)) ||
	    fill_probe(skb, r)) {
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
	list_for_each_entry(l, &sipalg_binding_own(b)->leases, list) {
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
	    nla_put_u8(skb, SIPALG_BINDING_PROTOCOL, sipalg_binding_key(b, 0)->proto) ||
	    nla_put_u16(skb, SIPALG_BINDING_ZONE, sipalg_binding_key(b, 0)->zone) ||
	    sipalg_fill_host(skb, SIPALG_BINDING_INNER_ADDR, &inner.host) ||
	    nla_put_u16(skb, SIPALG_BINDING_INNER_PORT, inner.port) ||
	    sipalg_fill_host(skb, SIPALG_BINDING_OUTER_ADDR, &outer.host) ||
	    nla_put_u16(skb, SIPALG_BINDING_OUTER_PORT, outer.port) ||
	    nla_put_u8(skb, SIPALG_BINDING_FLOWS, signalling ? 0 : b->nflows) ||
	    (signalling ? fill_leases(skb, b) : fill_peers(skb, b)) ||
	    (!signalling && nla_put_string(skb, SIPALG_BINDING_OWNER,
					   sipalg_call_id(b->call)))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

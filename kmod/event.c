// SPDX-License-Identifier: GPL-2.0
/*
 * Events on the family's multicast groups.
 */
#include <net/genetlink.h>

#include "binding.h"
#include "ctx.h"
#include "event.h"
#include "genl.h"
#include "net.h"
#include "stream.h"

/* Of a message's strings, what is told of them: an event has a bounded size. */
#define TEXT_TOLD	255

/* A limit that is reached all the time is told once in so many seconds. */
#define LIMIT_SECONDS	10

/* Asked first, and by itself: mostly there are none. */
static inline bool is_heard(const struct sipalg_net *sn, enum sipalg_group group)
{
	return genl_has_listeners(&sipalg_genl_family, sn->net, group);
}

static noinline struct sk_buff *
event_new(struct sipalg_net *sn, enum sipalg_group group, enum sipalg_event event,
	  size_t size, void **head)
{
	struct sk_buff *skb;

	skb = genlmsg_new(size, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		goto lost;
	*head = genlmsg_put(skb, 0, 0, &sipalg_genl_family, 0, SIPALG_CMD_EVENT);
	if (*head && !nla_put_u32(skb, SIPALG_A_EVENT, event) &&
	    !nla_put_u64_64bit(skb, SIPALG_A_TIME,
			       ktime_to_ms(ktime_get_real()), SIPALG_A_PAD))
		return skb;
	nlmsg_free(skb);
lost:
	sipalg_count(sn, SIPALG_R_EVENTS_LOST);
	return NULL;
}

static void event_send(struct sipalg_net *sn, enum sipalg_group group,
		       struct sk_buff *skb, void *head, int err)
{
	if (err) {
		nlmsg_free(skb);
		sipalg_count(sn, SIPALG_R_EVENTS_LOST);
		return;
	}
	genlmsg_end(skb, head);
	/* A listener that went away meanwhile is none that lost something. */
	if (genlmsg_multicast_netns(&sipalg_genl_family, sn->net, skb, 0, group,
				    GFP_ATOMIC) == -ENOBUFS)
		sipalg_count(sn, SIPALG_R_EVENTS_LOST);
}

void sipalg_event_dialog(const struct sipalg_dialog *d, enum sipalg_event event)
{
	struct sipalg_net *sn = d->call->sn;
	struct sk_buff *skb;
	void *head;

	if (!is_heard(sn, SIPALG_GROUP_EVENTS))
		return;
	skb = event_new(sn, SIPALG_GROUP_EVENTS, event, sipalg_fill_dialog_size(d), &head);
	if (skb)
		event_send(sn, SIPALG_GROUP_EVENTS, skb, head,
			   sipalg_fill_dialog(skb, d, false));
}

void sipalg_event_registration(const struct sipalg_registration *r,
			       enum sipalg_event event)
{
	struct sipalg_net *sn = r->sn;
	struct sk_buff *skb;
	void *head;

	if (!is_heard(sn, SIPALG_GROUP_EVENTS))
		return;
	skb = event_new(sn, SIPALG_GROUP_EVENTS, event, NLMSG_GOODSIZE, &head);
	if (skb)
		event_send(sn, SIPALG_GROUP_EVENTS, skb, head,
			   sipalg_fill_registration(skb, r));
}

void sipalg_event_stream(struct sipalg_stream *st, enum sipalg_event event)
{
	struct sk_buff *skb;
	void *head;

	if (!is_heard(st->sn, SIPALG_GROUP_EVENTS))
		return;
	skb = event_new(st->sn, SIPALG_GROUP_EVENTS, event, NLMSG_GOODSIZE, &head);
	if (skb)
		event_send(st->sn, SIPALG_GROUP_EVENTS, skb, head, sipalg_fill_stream(skb, st));
}

void sipalg_event_binding(struct sipalg_binding *b, enum sipalg_event event)
{
	struct sk_buff *skb;
	void *head;

	if (!is_heard(b->sn, SIPALG_GROUP_EVENTS))
		return;
	skb = event_new(b->sn, SIPALG_GROUP_EVENTS, event, NLMSG_GOODSIZE, &head);
	if (skb)
		event_send(b->sn, SIPALG_GROUP_EVENTS, skb, head, sipalg_fill_binding(skb, b));
}

static int put_span(struct sk_buff *skb, int attr, const char *data, struct sip_span s)
{
	u32 len = min_t(u32, s.len, TEXT_TOLD);
	struct nlattr *nla = nla_reserve(skb, attr, len + 1);

	if (!nla)
		return -EMSGSIZE;
	memcpy(nla_data(nla), data + s.off, len);
	((char *)nla_data(nla))[len] = '\0';
	return 0;
}

static int put_endpoint(struct sk_buff *skb, int attr, const struct sip_endpoint *at)
{
	return sipalg_fill_host(skb, attr, &at->host) ||
	       nla_put_u16(skb, attr + 1, at->port);
}

static u8 way_of(const struct sipalg_ctx *ctx)
{
	if (ctx->src_nat)
		return ctx->dst_nat ? SIPALG_WAY_BOTH : SIPALG_WAY_OUT;
	return ctx->dst_nat ? SIPALG_WAY_IN : SIPALG_WAY_PLAIN;
}

static int fill_message(struct sk_buff *skb, const struct sipalg_ctx *ctx,
			enum sipalg_reason reason, bool parsed)
{
	const struct sipalg_path *path = &ctx->path;
	const struct sip_msg *m = &ctx->msg;
	struct nlattr *nest;

	nest = nla_nest_start(skb, SIPALG_A_MESSAGE);
	if (!nest)
		return -EMSGSIZE;
	if (parsed &&
	    (put_span(skb, SIPALG_MSG_CALL_ID, m->data, m->call_id) ||
	     put_span(skb, SIPALG_MSG_METHOD, m->data, m->method_name) ||
	     nla_put_u16(skb, SIPALG_MSG_STATUS, m->status) ||
	     nla_put_u32(skb, SIPALG_MSG_CSEQ, m->cseq)))
		return -EMSGSIZE;
	if (nla_put_u32(skb, SIPALG_MSG_REASON, reason) ||
	    put_endpoint(skb, SIPALG_MSG_SRC_ADDR, &path->src_in) ||
	    put_endpoint(skb, SIPALG_MSG_DST_ADDR, &path->dst_out) ||
	    put_endpoint(skb, SIPALG_MSG_SRC_OUT_ADDR, &path->src_out) ||
	    put_endpoint(skb, SIPALG_MSG_DST_IN_ADDR, &path->dst_in) ||
	    nla_put_u8(skb, SIPALG_MSG_WAY, way_of(ctx)) ||
	    nla_put_u8(skb, SIPALG_MSG_PROTOCOL, ctx->proto))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

void sipalg_event_message(const struct sipalg_ctx *ctx, enum sipalg_reason reason,
			  bool parsed)
{
	bool passed = reason == SIPALG_R_TRANSLATED || reason == SIPALG_R_UNCHANGED;
	enum sipalg_group group = passed ? SIPALG_GROUP_MESSAGES : SIPALG_GROUP_EVENTS;
	struct sk_buff *skb;
	void *head;

	if (!is_heard(ctx->sn, group))
		return;
	skb = event_new(ctx->sn, group, SIPALG_EVENT_MESSAGE, NLMSG_GOODSIZE, &head);
	if (skb)
		event_send(ctx->sn, group, skb, head,
			   fill_message(skb, ctx, reason, parsed));
}

/* Zero: it was never told. Of several CPUs, the one that changes the time tells it. */
static bool limit_is_due(struct sipalg_net *sn, enum sipalg_limit limit)
{
	unsigned long *told = &sn->limit_told[limit];
	unsigned long last = READ_ONCE(*told), now = jiffies ?: 1;

	if (last && now - last < LIMIT_SECONDS * HZ)
		return false;
	return cmpxchg(told, last, now) == last;
}

static int fill_limit(struct sk_buff *skb, enum sipalg_limit limit,
		      const struct sip_host *host)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_A_LIMIT);

	if (!nest || nla_put_u8(skb, SIPALG_REACHED_LIMIT, limit) ||
	    (host && sipalg_fill_host(skb, SIPALG_REACHED_ADDR, host)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

void sipalg_event_limit(struct sipalg_net *sn, enum sipalg_limit limit,
			const struct sip_host *host)
{
	struct sk_buff *skb;
	void *head;

	/* What nobody heard is not yet told. */
	if (!is_heard(sn, SIPALG_GROUP_EVENTS) || !limit_is_due(sn, limit))
		return;
	skb = event_new(sn, SIPALG_GROUP_EVENTS, SIPALG_EVENT_LIMIT, NLMSG_GOODSIZE, &head);
	if (skb)
		event_send(sn, SIPALG_GROUP_EVENTS, skb, head, fill_limit(skb, limit, host));
}

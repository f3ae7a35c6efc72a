// SPDX-License-Identifier: GPL-2.0
/*
 * Events on the family's multicast group.
 */
#include <net/genetlink.h>

#include "ctx.h"
#include "event.h"
#include "genl.h"
#include "net.h"

static struct sk_buff *event_new(struct sipalg_net *sn, enum sipalg_event event,
				 size_t size, void **head)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&sipalg_genl_family, sn->net, 0))
		return NULL;
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

static void event_send(struct sipalg_net *sn, struct sk_buff *skb, void *head, int err)
{
	if (err) {
		nlmsg_free(skb);
		sipalg_count(sn, SIPALG_R_EVENTS_LOST);
		return;
	}
	genlmsg_end(skb, head);
	/* A listener that went away meanwhile is none that lost something. */
	if (genlmsg_multicast_netns(&sipalg_genl_family, sn->net, skb, 0, 0,
				    GFP_ATOMIC) == -ENOBUFS)
		sipalg_count(sn, SIPALG_R_EVENTS_LOST);
}

void sipalg_event_dialog(const struct sipalg_dialog *d, enum sipalg_event event)
{
	struct sipalg_net *sn = d->call->sn;
	struct sk_buff *skb;
	void *head;

	skb = event_new(sn, event, sipalg_fill_dialog_size(d), &head);
	if (skb)
		event_send(sn, skb, head, sipalg_fill_dialog(skb, d, false));
}

void sipalg_event_registration(const struct sipalg_registration *r,
			       enum sipalg_event event)
{
	struct sipalg_net *sn = r->sn;
	struct sk_buff *skb;
	void *head;

	skb = event_new(sn, event, NLMSG_GOODSIZE, &head);
	if (skb)
		event_send(sn, skb, head, sipalg_fill_registration(skb, r));
}

static int put_span(struct sk_buff *skb, int attr, const char *data, struct sip_span s)
{
	struct nlattr *nla = nla_reserve(skb, attr, s.len + 1);

	if (!nla)
		return -EMSGSIZE;
	memcpy(nla_data(nla), data + s.off, s.len);
	((char *)nla_data(nla))[s.len] = '\0';
	return 0;
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
	     nla_put_u16(skb, SIPALG_MSG_STATUS, m->status)))
		return -EMSGSIZE;
	if (nla_put_u32(skb, SIPALG_MSG_REASON, reason) ||
	    sipalg_fill_host(skb, SIPALG_MSG_SRC_ADDR, &path->src_in.host) ||
	    nla_put_u16(skb, SIPALG_MSG_SRC_PORT, path->src_in.port) ||
	    sipalg_fill_host(skb, SIPALG_MSG_DST_ADDR, &path->dst_out.host) ||
	    nla_put_u16(skb, SIPALG_MSG_DST_PORT, path->dst_out.port))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

void sipalg_event_message(const struct sipalg_ctx *ctx, enum sipalg_reason reason,
			  bool parsed)
{
	struct sk_buff *skb;
	void *head;

	skb = event_new(ctx->sn, SIPALG_EVENT_MESSAGE, NLMSG_GOODSIZE, &head);
	if (skb)
		event_send(ctx->sn, skb, head, fill_message(skb, ctx, reason, parsed));
}

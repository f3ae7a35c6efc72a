// SPDX-License-Identifier: GPL-2.0
/*
 * TCP connections as netlink attributes.
 */
#include <net/genetlink.h>

#include "flow.h"
#include "genl.h"
#include "net.h"
#include "stream.h"
#include "../include/sipalg.h"

/* User space knows the machine's reasons by its own names. */
static_assert((int)SIPALG_LEFT_ASKED == (int)SIP_STREAM_R_ASKED);

static u8 state_of(const struct sip_stream_half *h)
{
	if (h->phase == SIP_STREAM_LEFT)
		return SIPALG_STREAM_LEFT_ALONE;
	return h->decided ? SIPALG_STREAM_SIP : SIPALG_STREAM_DECIDING;
}

/* An end as it names itself, and as the other one does. */
static int fill_end(struct sk_buff *skb, int first, const struct sip_endpoint *inner,
		    const struct sip_endpoint *outer)
{
	return sipalg_fill_host(skb, first, &inner->host) ||
	       nla_put_u16(skb, first + 1, inner->port) ||
	       sipalg_fill_host(skb, first + 2, &outer->host) ||
	       nla_put_u16(skb, first + 3, outer->port);
}

static int fill_half(struct sk_buff *skb, int first, const struct sip_stream *s, u8 dir)
{
	const struct sip_stream_half *h = &s->half[dir];

	return nla_put_u8(skb, first, state_of(h)) ||
	       nla_put_u8(skb, first + 1, h->reason) ||
	       nla_put_u32(skb, first + 2, h->messages) ||
	       nla_put_u32(skb, first + 3, h->held ? h->held->len : 0) ||
	       nla_put_u32(skb, first + 4, sip_stream_memory(s, dir)) ||
	       nla_put_s32(skb, first + 5, sip_stream_offset(s, dir));
}

int sipalg_fill_stream(struct sk_buff *skb, struct sipalg_stream *st)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_A_STREAM);
	struct sipalg_path path;

	lockdep_assert_held(&st->lock);
	if (!nest)
		return -EMSGSIZE;
	sipalg_path_of(&path, st->ct, IP_CT_DIR_ORIGINAL);
	if (nla_put_u32(skb, SIPALG_STREAM_ID, st->id) ||
	    nla_put_u64_64bit(skb, SIPALG_STREAM_START, st->start, SIPALG_STREAM_PAD) ||
	    fill_end(skb, SIPALG_STREAM_A_INNER_ADDR, &path.src_in, &path.src_out) ||
	    fill_half(skb, SIPALG_STREAM_A_STATE, &st->stream, IP_CT_DIR_ORIGINAL) ||
	    fill_end(skb, SIPALG_STREAM_B_INNER_ADDR, &path.dst_out, &path.dst_in) ||
	    fill_half(skb, SIPALG_STREAM_B_STATE, &st->stream, IP_CT_DIR_REPLY)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* Its lock is held from the look at @dead until it is shown. */
static int put_stream(struct sk_buff *skb, void *head, struct sipalg_stream *st)
{
	int err = -ENOENT;

	if (!head)
		return -EMSGSIZE;
	spin_lock_bh(&st->lock);
	if (!st->dead)
		err = sipalg_fill_stream(skb, st);
	spin_unlock_bh(&st->lock);
	if (err)
		genlmsg_cancel(skb, head);
	else
		genlmsg_end(skb, head);
	return err;
}

/* The list is in the order of ids, so that a dump goes on behind the last one. */
int sipalg_stream_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sipalg_net *sn = sipalg_net(sock_net(cb->skb->sk));
	struct sipalg_stream *st;
	int err = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(st, &sn->streams, list) {
		void *head;

		if (cb->args[0] && (s32)(st->id - (u32)cb->args[1]) <= 0)
			continue;
		head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				   cb->nlh->nlmsg_seq, &sipalg_genl_family,
				   NLM_F_MULTI, SIPALG_CMD_STREAM_GET);
		err = put_stream(skb, head, st);
		if (err == -EMSGSIZE)
			break;
		cb->args[0] = true;
		cb->args[1] = st->id;
		err = 0;
	}
	rcu_read_unlock();
	return skb->len ? skb->len : err;
}

static struct sipalg_stream *find_stream(struct sipalg_net *sn, u32 id)
{
	struct sipalg_stream *st;

	list_for_each_entry_rcu(st, &sn->streams, list) {
		if (st->id == id)
			return st;
	}
	return NULL;
}

static int refuse(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SIPALG_A_ID],
			    "there is no stream with this id");
	return -ENOENT;
}

int sipalg_stream_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sipalg_net *sn = sipalg_net(genl_info_net(info));
	struct sipalg_stream *st;
	struct sk_buff *reply;
	int err = -ENOENT;

	if (GENL_REQ_ATTR_CHECK(info, SIPALG_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "which stream? its id is missing");
		return -EINVAL;
	}
	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	rcu_read_lock();
	st = find_stream(sn, nla_get_u32(info->attrs[SIPALG_A_ID]));
	if (st)
		err = put_stream(reply, genlmsg_put_reply(reply, info,
							  &sipalg_genl_family, 0,
							  SIPALG_CMD_STREAM_GET), st);
	rcu_read_unlock();
	if (!err)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	return err == -ENOENT ? refuse(info) : err;
}

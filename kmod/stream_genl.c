// SPDX-License-Identifier: GPL-2.0
/*
 * TCP connections by netlink: shown, and left alone.
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

static u8 reason_of(const struct sipalg_stream *st, u8 reason)
{
	if (reason == SIP_STREAM_R_MEMORY && st->source_full)
		return SIPALG_LEFT_HELD_SOURCE;
	if (reason == SIP_STREAM_R_ASKED && st->killed)
		return SIPALG_LEFT_KILLED;
	return reason;
}

static int fill_half(struct sk_buff *skb, int first, const struct sipalg_stream *st, u8 dir)
{
	const struct sip_stream *s = &st->stream;
	const struct sip_stream_half *h = &s->half[dir];

	return nla_put_u8(skb, first, state_of(h)) ||
	       nla_put_u8(skb, first + 1, reason_of(st, h->reason)) ||
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
	    fill_half(skb, SIPALG_STREAM_A_STATE, st, IP_CT_DIR_ORIGINAL) ||
	    fill_end(skb, SIPALG_STREAM_B_INNER_ADDR, &path.dst_out, &path.dst_in) ||
	    fill_half(skb, SIPALG_STREAM_B_STATE, st, IP_CT_DIR_REPLY)) {
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

/*
 * The list is in the order of ids, and a dump goes on behind the one that it
 * showed last, a reference to which is in cb->args[0]. So nothing is shown twice,
 * and nothing missed that was there all the time. That it is refused is in
 * cb->args[1], until it can be said: 6.1 takes no words where a dump starts.
 */
int sipalg_stream_start(struct netlink_callback *cb)
{
	struct nlattr *attrs[SIPALG_A_ID + 1];
	int err;

	err = genlmsg_parse(cb->nlh, &sipalg_genl_family, attrs, SIPALG_A_ID,
			    sipalg_id_policy, cb->extack);
	if (!err && attrs[SIPALG_A_ID])
		cb->args[1] = -EINVAL;
	return err;
}

int sipalg_stream_done(struct netlink_callback *cb)
{
	if (cb->args[0])
		sipalg_stream_put((struct sipalg_stream *)cb->args[0]);
	return 0;
}

/*
 * Behind @last, or from the first one. One that was in the list when this
 * grace period began leads to others that are still there; only from one that
 * has left has the way to be looked for, by its id.
 */
static struct sipalg_stream *stream_behind(struct sipalg_net *sn,
					   const struct sipalg_stream *last)
{
	struct sipalg_stream *st;

	if (last && !READ_ONCE(last->dead))
		return list_entry_rcu(last->list.next, struct sipalg_stream, list);
	list_for_each_entry_rcu(st, &sn->streams, list) {
		if (!last || (s32)(st->id - last->id) > 0)
			break;
	}
	return st;
}

/* The next part goes on behind this one. One that is just being freed: behind the old one. */
static void remember(struct netlink_callback *cb, struct sipalg_stream *st)
{
	if (!st || !refcount_inc_not_zero(&st->ref))
		return;
	sipalg_stream_done(cb);
	cb->args[0] = (unsigned long)st;
}

int sipalg_stream_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sipalg_net *sn = sipalg_net(sock_net(cb->skb->sk));
	struct sipalg_stream *st, *last = NULL;
	int err = 0;

	if (cb->args[1]) {
		NL_SET_ERR_MSG(cb->extack,
			       "an id asks for one thing, and a dump for all: leave out either");
		return cb->args[1];
	}
	rcu_read_lock();
	st = stream_behind(sn, (struct sipalg_stream *)cb->args[0]);
	list_for_each_entry_from_rcu(st, &sn->streams, list) {
		void *head;

		head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				   cb->nlh->nlmsg_seq, &sipalg_genl_family,
				   NLM_F_MULTI, SIPALG_CMD_STREAM_GET);
		err = put_stream(skb, head, st);
		if (err == -EMSGSIZE)
			break;
		last = st;
		err = 0;
	}
	remember(cb, last);
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

int sipalg_stream_kill_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sipalg_net *sn = sipalg_net(genl_info_net(info));
	struct sipalg_stream *st;
	int err = -ENOENT;

	if (GENL_REQ_ATTR_CHECK(info, SIPALG_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "which stream? its id is missing");
		return -EINVAL;
	}
	rcu_read_lock();
	st = find_stream(sn, nla_get_u32(info->attrs[SIPALG_A_ID]));
	if (st)
		err = sipalg_stream_kill(st);
	rcu_read_unlock();
	if (!st)
		return refuse(info);
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SIPALG_A_ID],
				    "it is left alone already");
	return err;
}

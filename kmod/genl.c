// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family; include/sipalg.h has the contract.
 *
 * The family runs under the genl mutex, so that enabling, disabling and each
 * part of a dump exclude each other.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "binding.h"
#include "call.h"
#include "genl.h"
#include "net.h"
#include "policy.h"
#include "policy_genl.h"
#include "registration.h"
#include "state.h"
#include "../include/sipalg_version.h"

/* What the first rule says of ports; without a rule nothing is SIP. */
static int fill_ports(struct sk_buff *skb, const struct sipalg_net *sn)
{
	const struct sipalg_policy *p;
	const struct sipalg_rule *r;
	int ret = 0;

	rcu_read_lock();
	p = rcu_dereference(sn->policy);
	r = p->n ? p->rule[0] : NULL;
	if (r)
		ret = nla_put_u16(skb, SIPALG_STATUS_PORT, r->match.port_min) ||
		      nla_put_u16(skb, SIPALG_STATUS_MEDIA_PORT_MIN,
				  r->option[SIPALG_O_MEDIA_PORT_MIN]) ||
		      nla_put_u16(skb, SIPALG_STATUS_MEDIA_PORT_MAX,
				  r->option[SIPALG_O_MEDIA_PORT_MAX]);
	rcu_read_unlock();
	return ret;
}

static int fill_classes(struct sk_buff *skb, const struct sipalg_net *sn)
{
	u32 held = sipalg_class_read(sn, SIPALG_CLASS_HELD);

	return nla_put_u32(skb, SIPALG_STATUS_CALLS_TRYING,
			   sipalg_class_read(sn, SIPALG_CLASS_TRYING)) ||
	       nla_put_u32(skb, SIPALG_STATUS_CALLS_RINGING,
			   sipalg_class_read(sn, SIPALG_CLASS_RINGING)) ||
	       nla_put_u32(skb, SIPALG_STATUS_CALLS_ANSWERED,
			   sipalg_class_read(sn, SIPALG_CLASS_ANSWERED) + held) ||
	       nla_put_u32(skb, SIPALG_STATUS_CALLS_HELD, held) ||
	       nla_put_u32(skb, SIPALG_STATUS_SUBSCRIPTIONS,
			   sipalg_class_read(sn, SIPALG_CLASS_SUBSCRIPTION));
}

static int fill_status(struct sk_buff *skb, const struct sipalg_net *sn)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_A_STATUS);

	if (!nest ||
	    nla_put_string(skb, SIPALG_STATUS_VERSION, SIPALG_VERSION) ||
	    nla_put_u8(skb, SIPALG_STATUS_ENABLED, sn->enabled) ||
	    nla_put_u32(skb, SIPALG_STATUS_DIALOGS, atomic_read(&sn->ndialogs)) ||
	    nla_put_u32(skb, SIPALG_STATUS_REGISTRATIONS,
			atomic_read(&sn->nregistrations)) ||
	    nla_put_u32(skb, SIPALG_STATUS_BINDINGS, atomic_read(&sn->nbindings)) ||
	    nla_put_u32(skb, SIPALG_STATUS_DIALOGS_MAX, sn->limits.dialogs) ||
	    nla_put_u32(skb, SIPALG_STATUS_REGISTRATIONS_MAX,
			sn->limits.registrations) ||
	    nla_put_u32(skb, SIPALG_STATUS_BINDINGS_MAX, sn->limits.bindings) ||
	    fill_ports(skb, sn) ||
	    fill_classes(skb, sn) ||
	    nla_put_u32(skb, SIPALG_STATUS_STREAMS, atomic_read(&sn->nstreams)) ||
	    nla_put_u32(skb, SIPALG_STATUS_STREAMS_MAX, sn->limits.streams) ||
	    nla_put_u64_64bit(skb, SIPALG_STATUS_STREAM_BYTES,
			      atomic_long_read(&sn->stream_bytes),
			      SIPALG_STATUS_PAD) ||
	    nla_put_u64_64bit(skb, SIPALG_STATUS_STREAM_BYTES_MAX,
			      sn->limits.streams_bytes, SIPALG_STATUS_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_stats(struct sk_buff *skb, const struct sipalg_net *sn)
{
	struct nlattr *nla;
	unsigned int i;
	u64 n;

	nla = nla_reserve_64bit(skb, SIPALG_A_STATS, SIPALG_R_COUNT * sizeof(u64),
				SIPALG_A_PAD);
	if (!nla)
		return -EMSGSIZE;
	for (i = 0; i < SIPALG_R_COUNT; i++) {
		n = sipalg_stats_read(sn, i);
		memcpy(nla_data(nla) + i * sizeof(n), &n, sizeof(n));
	}
	return 0;
}

static int reply(struct genl_info *info,
		 int (*fill)(struct sk_buff *skb, const struct sipalg_net *sn))
{
	const struct sipalg_net *sn = sipalg_net(genl_info_net(info));
	struct sk_buff *skb;
	void *head;

	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb) {
		NL_SET_ERR_MSG(info->extack, "there is no memory for the answer");
		return -ENOMEM;
	}
	head = genlmsg_put_reply(skb, info, &sipalg_genl_family, 0,
				 info->genlhdr->cmd);
	if (!head || fill(skb, sn)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

static int status_get(struct sk_buff *skb, struct genl_info *info)
{
	return reply(info, fill_status);
}

static int stats_get(struct sk_buff *skb, struct genl_info *info)
{
	return reply(info, fill_stats);
}

static int enable(struct sk_buff *skb, struct genl_info *info)
{
	int err = sipalg_net_enable(sipalg_net(genl_info_net(info)));

	if (err == -EALREADY)
		NL_SET_ERR_MSG(info->extack,
			       "sipalg is enabled in this network namespace already");
	else if (err)
		NL_SET_ERR_MSG(info->extack,
			       "the hooks or tables could not be set up; is memory short?");
	return err;
}

static int disable(struct sk_buff *skb, struct genl_info *info)
{
	int err = sipalg_net_disable(sipalg_net(genl_info_net(info)));

	if (err)
		NL_SET_ERR_MSG(info->extack,
			       "sipalg is not enabled in this network namespace");
	return err;
}

/* Of commands without attributes: the others are refused as unknown. */
static const struct nla_policy no_policy[] = {
	[SIPALG_A_PAD] = { .type = NLA_REJECT },
};

static const struct nla_policy rules_policy[] = {
	[SIPALG_A_PAD] = { .type = NLA_REJECT },
	[SIPALG_A_RULE] = { .type = NLA_NESTED },
};

static const struct nla_policy set_policy[] = {
	[SIPALG_A_PAD] = { .type = NLA_REJECT },
	[SIPALG_A_STATE] = { .type = NLA_NESTED },
};

/* Shows @entry if it has this id. -ENOENT: it has not. */
typedef int (*put_if)(struct sk_buff *skb, void *entry, u32 id);

static int put_dialog_if(struct sk_buff *skb, void *entry, u32 id)
{
	struct sipalg_call *call = entry;
	spinlock_t *lock = sipalg_lock(call->sn, call->hash);
	const struct sipalg_dialog *d;
	int err = -ENOENT;

	spin_lock_bh(lock);
	if (!call->dead) {
		list_for_each_entry(d, &call->dialogs, list) {
			if (d->id == id) {
				err = sipalg_fill_dialog(skb, d, false);
				break;
			}
		}
	}
	spin_unlock_bh(lock);
	return err;
}

static int put_registration_if(struct sk_buff *skb, void *entry, u32 id)
{
	struct sipalg_registration *r = entry;
	spinlock_t *lock = sipalg_lock(r->sn, r->hash);
	int err = -ENOENT;

	if (r->id != id)
		return err;
	spin_lock_bh(lock);
	if (!r->dead)
		err = sipalg_fill_registration(skb, r);
	spin_unlock_bh(lock);
	return err;
}

static int put_binding_if(struct sk_buff *skb, void *entry, u32 id)
{
	struct sipalg_end *end = entry;
	struct sipalg_binding *b = sipalg_binding_of(end);
	spinlock_t *lock;
	int err;

	if (end->key.side == SIPALG_OUTER || b->id != id || READ_ONCE(b->dead) ||
	    READ_ONCE(b->killed))
		return -ENOENT;
	if (b->type == SIPALG_BINDING_SIGNALLING)
		return sipalg_fill_binding(skb, b);
	lock = sipalg_lock(b->sn, b->call->hash);
	spin_lock_bh(lock);
	err = READ_ONCE(b->dead) ? -ENOENT : sipalg_fill_binding(skb, b);
	spin_unlock_bh(lock);
	return err;
}

static int find_one(struct sk_buff *skb, struct rhltable *table, put_if put, u32 id)
{
	struct rhashtable_iter iter;
	int err = -ENOENT;
	void *entry;

	rhltable_walk_enter(table, &iter);
	rhashtable_walk_start(&iter);
	while (err == -ENOENT && (entry = rhashtable_walk_next(&iter))) {
		if (!IS_ERR(entry))
			err = put(skb, entry, id);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	return err;
}

/* Memory comes before any lock is taken. -EMSGSIZE: @size was too little. */
static int reply_in(struct genl_info *info, struct rhltable *table, put_if put,
		    size_t size)
{
	struct sk_buff *skb;
	void *head;
	int err;

	skb = genlmsg_new(size, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &sipalg_genl_family, 0,
				 info->genlhdr->cmd);
	err = !head ? -EMSGSIZE :
	      find_one(skb, table, put, nla_get_u32(info->attrs[SIPALG_A_ID]));
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

/* Answers with the one thing of @table that has the id asked for. */
static int reply_one(struct genl_info *info, struct rhltable *table, put_if put)
{
	int err = -ENOENT;

	if (GENL_REQ_ATTR_CHECK(info, SIPALG_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "which one? its id is missing");
		return -EINVAL;
	}
	if (sipalg_net(genl_info_net(info))->locks)
		err = reply_in(info, table, put, NLMSG_GOODSIZE);
	/* A dialog with many media lines. */
	if (err == -EMSGSIZE)
		err = reply_in(info, table, put, SIPALG_FILL_MAX);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SIPALG_A_ID],
				    "there is none with this id");
	else if (err == -ENOMEM)
		NL_SET_ERR_MSG(info->extack, "there is no memory for the answer");
	else if (err == -EMSGSIZE)
		NL_SET_ERR_MSG(info->extack, "it is too large for one message");
	return err;
}

static int dialog_get(struct sk_buff *skb, struct genl_info *info)
{
	unsigned int i;

	for (i = SIPALG_A_ID + 1; i <= SIPALG_A_KIND; i++) {
		if (!info->attrs[i])
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[i],
				    "this filters a dump: one dialog is asked for by its id");
		return -EINVAL;
	}
	return reply_one(info, &sipalg_net(genl_info_net(info))->calls, put_dialog_if);
}

static int registration_get(struct sk_buff *skb, struct genl_info *info)
{
	return reply_one(info, &sipalg_net(genl_info_net(info))->registrations,
			 put_registration_if);
}

static int binding_get(struct sk_buff *skb, struct genl_info *info)
{
	return reply_one(info, &sipalg_net(genl_info_net(info))->ends, put_binding_if);
}

static const struct genl_ops ops[] = {
	{
		.cmd = SIPALG_CMD_STATUS_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = no_policy,
		.maxattr = ARRAY_SIZE(no_policy) - 1,
		.doit = status_get,
	},
	{
		.cmd = SIPALG_CMD_ENABLE,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = no_policy,
		.maxattr = ARRAY_SIZE(no_policy) - 1,
		.doit = enable,
	},
	{
		.cmd = SIPALG_CMD_DISABLE,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = no_policy,
		.maxattr = ARRAY_SIZE(no_policy) - 1,
		.doit = disable,
	},
	{
		.cmd = SIPALG_CMD_DIALOG_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = sipalg_dialog_policy,
		.maxattr = SIPALG_A_KIND,
		.doit = dialog_get,
		.start = sipalg_dialog_start,
		.dumpit = sipalg_dialog_dump,
		.done = sipalg_dump_done,
	},
	{
		.cmd = SIPALG_CMD_REGISTRATION_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = sipalg_id_policy,
		.maxattr = SIPALG_A_ID,
		.doit = registration_get,
		.start = sipalg_registration_start,
		.dumpit = sipalg_registration_dump,
		.done = sipalg_dump_done,
	},
	{
		.cmd = SIPALG_CMD_BINDING_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = sipalg_id_policy,
		.maxattr = SIPALG_A_ID,
		.doit = binding_get,
		.start = sipalg_binding_start,
		.dumpit = sipalg_binding_dump,
		.done = sipalg_dump_done,
	},
	{
		.cmd = SIPALG_CMD_STREAM_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = sipalg_id_policy,
		.maxattr = SIPALG_A_ID,
		.doit = sipalg_stream_get,
		.start = sipalg_stream_start,
		.dumpit = sipalg_stream_dump,
		.done = sipalg_stream_done,
	},
	{
		.cmd = SIPALG_CMD_STATS_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = no_policy,
		.maxattr = ARRAY_SIZE(no_policy) - 1,
		.doit = stats_get,
	},
	{
		.cmd = SIPALG_CMD_POLICY_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = no_policy,
		.maxattr = ARRAY_SIZE(no_policy) - 1,
		.dumpit = sipalg_policy_get_dumpit,
	},
	{
		.cmd = SIPALG_CMD_POLICY_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = rules_policy,
		.maxattr = ARRAY_SIZE(rules_policy) - 1,
		.doit = sipalg_policy_set_doit,
	},
	{
		.cmd = SIPALG_CMD_DIALOG_KILL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = sipalg_kill_policy,
		.maxattr = SIPALG_A_CALL_ID,
		.doit = sipalg_dialog_kill_doit,
	},
	{
		.cmd = SIPALG_CMD_REGISTRATION_KILL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = sipalg_id_policy,
		.maxattr = SIPALG_A_ID,
		.doit = sipalg_registration_kill_doit,
	},
	{
		.cmd = SIPALG_CMD_STATE_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = no_policy,
		.maxattr = ARRAY_SIZE(no_policy) - 1,
		.start = sipalg_state_start,
		.dumpit = sipalg_state_dump,
		.done = sipalg_state_done,
	},
	{
		.cmd = SIPALG_CMD_STATE_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = set_policy,
		.maxattr = ARRAY_SIZE(set_policy) - 1,
		.doit = sipalg_state_set,
	},
	{
		.cmd = SIPALG_CMD_STREAM_KILL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = sipalg_id_policy,
		.maxattr = SIPALG_A_ID,
		.doit = sipalg_stream_kill_doit,
	},
	{
		.cmd = SIPALG_CMD_BINDING_KILL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = sipalg_id_policy,
		.maxattr = SIPALG_A_ID,
		.doit = sipalg_binding_kill_doit,
	},
};

static const struct genl_multicast_group groups[] = {
	/* They tell who calls whom. */
	[SIPALG_GROUP_EVENTS] = {
		.name = SIPALG_GENL_GROUP, .flags = GENL_MCAST_CAP_NET_ADMIN
	},
	[SIPALG_GROUP_MESSAGES] = {
		.name = SIPALG_GENL_GROUP_MESSAGES, .flags = GENL_MCAST_CAP_NET_ADMIN
	},
};

struct genl_family sipalg_genl_family __ro_after_init = {
	.name = SIPALG_GENL_NAME,
	.version = SIPALG_GENL_VERSION,
	.maxattr = ARRAY_SIZE(no_policy) - 1,
	.policy = no_policy,
	.netnsok = true,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = SIPALG_CMD_STATUS_GET,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int sipalg_genl_init(void)
{
	return genl_register_family(&sipalg_genl_family);
}

void sipalg_genl_exit(void)
{
	genl_unregister_family(&sipalg_genl_family);
}

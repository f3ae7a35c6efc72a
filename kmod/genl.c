// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family; include/sipalg.h has the contract.
 *
 * The family runs under the genl mutex, so that enabling, disabling and each
 * part of a dump exclude each other.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "binding.h"
#include "call.h"
#include "genl.h"
#include "net.h"
#include "policy.h"
#include "policy_genl.h"
#include "registration.h"
#include "../include/sipalg_version.h"

/* The port that the first rule speaks of; 0: there is none. */
static u16 first_port(const struct sipalg_net *sn)
{
	const struct sipalg_policy *p;
	u16 port = 0;

	rcu_read_lock();
	p = rcu_dereference(sn->policy);
	if (p && p->n)
		port = p->rule[0]->match.port_min;
	rcu_read_unlock();
	return port;
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
	    nla_put_u16(skb, SIPALG_STATUS_PORT, first_port(sn)) ||
	    nla_put_u16(skb, SIPALG_STATUS_MEDIA_PORT_MIN, sn->media_min) ||
	    nla_put_u16(skb, SIPALG_STATUS_MEDIA_PORT_MAX, sn->media_max))
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
	if (!skb)
		return -ENOMEM;
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

/*
 * What a dump keeps between its parts, in cb->args[0]: a walk of a table and
 * the entry that did not fit into the last part.
 */
struct dump {
	struct rhashtable_iter iter;
	bool again;	/* show the walk's current entry, do not go on */
	u32 skip;	/* dialogs of the current call that were shown */
	u64 call_id;	/* hash of the Call-ID asked for, 0: all */
};

static int dump_start(struct netlink_callback *cb, struct rhltable *table)
{
	struct dump *dump;

	dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	if (!dump)
		return -ENOMEM;
	rhltable_walk_enter(table, &dump->iter);
	cb->args[0] = (unsigned long)dump;
	return 0;
}

static int dump_done(struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->args[0];

	if (!dump)
		return 0;
	rhashtable_walk_exit(&dump->iter);
	kfree(dump);
	return 0;
}

typedef int (*put_one)(struct sk_buff *skb, struct netlink_callback *cb,
		       struct dump *dump, void *entry);

/* Shows entries until the message is full; -EMSGSIZE of @put says so. */
static int dump_some(struct sk_buff *skb, struct netlink_callback *cb, put_one put)
{
	struct dump *dump = (struct dump *)cb->args[0];
	void *entry;
	int err = 0;

	if (!dump)
		return 0;
	rhashtable_walk_start(&dump->iter);
	for (;;) {
		entry = dump->again ? rhashtable_walk_peek(&dump->iter) :
				      rhashtable_walk_next(&dump->iter);
		dump->again = false;
		if (!entry)
			break;
		if (IS_ERR(entry)) {
			/* Resized: what follows may repeat or lack something. */
			cb->prev_seq = 1;
			cb->seq = 2;
			continue;
		}
		err = put(skb, cb, dump, entry);
		if (err) {
			dump->again = true;
			break;
		}
	}
	rhashtable_walk_stop(&dump->iter);
	return skb->len ? skb->len : err;
}

static void *dump_begin(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	void *head;

	head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &sipalg_genl_family, NLM_F_MULTI, cmd);
	if (head)
		genl_dump_check_consistent(cb, head);
	return head;
}

static int put_dialog(struct sk_buff *skb, struct netlink_callback *cb,
		      const struct sipalg_dialog *d)
{
	void *head = dump_begin(skb, cb, SIPALG_CMD_DIALOG_GET);

	if (!head)
		return -EMSGSIZE;
	if (sipalg_fill_dialog(skb, d)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

static int put_call(struct sk_buff *skb, struct netlink_callback *cb,
		    struct dump *dump, void *entry)
{
	struct sipalg_call *call = entry;
	const struct sipalg_dialog *d;
	spinlock_t *lock;
	u32 n = 0;
	int err = 0;

	if (dump->call_id && call->hash != dump->call_id)
		return 0;
	lock = sipalg_lock(call->sn, call->hash);
	spin_lock_bh(lock);
	if (!call->dead) {
		list_for_each_entry(d, &call->dialogs, list) {
			if (n++ < dump->skip)
				continue;
			err = put_dialog(skb, cb, d);
			if (err)
				break;
			dump->skip++;
		}
	}
	spin_unlock_bh(lock);
	if (!err)
		dump->skip = 0;
	return err;
}

static int put_registration(struct sk_buff *skb, struct netlink_callback *cb,
			    struct dump *dump, void *entry)
{
	struct sipalg_registration *r = entry;
	spinlock_t *lock = sipalg_lock(r->sn, r->hash);
	void *head;
	int err = 0;

	spin_lock_bh(lock);
	if (r->dead)
		goto out;
	err = -EMSGSIZE;
	head = dump_begin(skb, cb, SIPALG_CMD_REGISTRATION_GET);
	if (!head)
		goto out;
	err = sipalg_fill_registration(skb, r);
	if (err)
		genlmsg_cancel(skb, head);
	else
		genlmsg_end(skb, head);
out:
	spin_unlock_bh(lock);
	return err;
}

static int put_living(struct sk_buff *skb, struct netlink_callback *cb,
		      struct sipalg_binding *b)
{
	void *head;

	if (READ_ONCE(b->dead))
		return 0;
	head = dump_begin(skb, cb, SIPALG_CMD_BINDING_GET);
	if (!head)
		return -EMSGSIZE;
	if (sipalg_fill_binding(skb, b)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

static int put_binding(struct sk_buff *skb, struct netlink_callback *cb,
		       struct dump *dump, void *entry)
{
	struct sipalg_end *end = entry;
	struct sipalg_binding *b = sipalg_binding_of(end);
	spinlock_t *lock;
	int err;

	if (end->key.side == SIPALG_OUTER)
		return 0;
	if (b->type == SIPALG_BINDING_SIGNALLING)
		return put_living(skb, cb, b);
	/* A media binding's call lives while the binding does, under its lock. */
	lock = sipalg_lock(b->sn, b->call->hash);
	spin_lock_bh(lock);
	err = put_living(skb, cb, b);
	spin_unlock_bh(lock);
	return err;
}

/* The namespace of a dump, or NULL where it was never enabled: nothing to show. */
static struct sipalg_net *dump_net(struct netlink_callback *cb)
{
	struct sipalg_net *sn = sipalg_net(sock_net(cb->skb->sk));

	return sn->locks ? sn : NULL;
}

static const struct nla_policy policy[SIPALG_A_MAX + 1] = {
	[SIPALG_A_ID] = { .type = NLA_U32 },
	[SIPALG_A_CALL_ID] = { .type = NLA_NUL_STRING, .len = 255 },
	[SIPALG_A_RULE] = { .type = NLA_NESTED },
};

static int dialog_start(struct netlink_callback *cb)
{
	struct nlattr *attrs[SIPALG_A_MAX + 1];
	struct sipalg_net *sn = dump_net(cb);
	struct nlattr *call_id;
	struct dump *dump;
	int err;

	if (!sn)
		return 0;
	err = genlmsg_parse(cb->nlh, &sipalg_genl_family, attrs, SIPALG_A_MAX,
			    policy, cb->extack);
	if (!err)
		err = dump_start(cb, &sn->calls);
	if (err)
		return err;
	call_id = attrs[SIPALG_A_CALL_ID];
	dump = (struct dump *)cb->args[0];
	if (call_id)
		dump->call_id = sipalg_hash(sn, nla_data(call_id),
					    strnlen(nla_data(call_id),
						    nla_len(call_id)));
	return 0;
}

static int registration_start(struct netlink_callback *cb)
{
	struct sipalg_net *sn = dump_net(cb);

	return sn ? dump_start(cb, &sn->registrations) : 0;
}

static int binding_start(struct netlink_callback *cb)
{
	struct sipalg_net *sn = dump_net(cb);

	return sn ? dump_start(cb, &sn->ends) : 0;
}

static int dialog_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_some(skb, cb, put_call);
}

static int registration_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_some(skb, cb, put_registration);
}

static int binding_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_some(skb, cb, put_binding);
}

static int reply_dialog(struct genl_info *info, const struct sipalg_dialog *d)
{
	struct sk_buff *skb;
	void *head;

	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_ATOMIC);
	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &sipalg_genl_family, 0,
				 SIPALG_CMD_DIALOG_GET);
	if (!head || sipalg_fill_dialog(skb, d)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

/* -ENOENT: the id is none of this call's. */
static int reply_if_in(struct genl_info *info, struct sipalg_call *call, u32 id)
{
	spinlock_t *lock = sipalg_lock(call->sn, call->hash);
	const struct sipalg_dialog *d;
	int err = -ENOENT;

	spin_lock_bh(lock);
	if (!call->dead) {
		list_for_each_entry(d, &call->dialogs, list) {
			if (d->id == id) {
				err = reply_dialog(info, d);
				break;
			}
		}
	}
	spin_unlock_bh(lock);
	return err;
}

static int dialog_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sipalg_net *sn = sipalg_net(genl_info_net(info));
	struct rhashtable_iter iter;
	struct sipalg_call *call;
	int err = -ENOENT;
	u32 id;

	if (GENL_REQ_ATTR_CHECK(info, SIPALG_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "which dialog? its id is missing");
		return -EINVAL;
	}
	id = nla_get_u32(info->attrs[SIPALG_A_ID]);
	if (sn->locks) {
		rhltable_walk_enter(&sn->calls, &iter);
		rhashtable_walk_start(&iter);
		while (err == -ENOENT && (call = rhashtable_walk_next(&iter))) {
			if (!IS_ERR(call))
				err = reply_if_in(info, call, id);
		}
		rhashtable_walk_stop(&iter);
		rhashtable_walk_exit(&iter);
	}
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SIPALG_A_ID],
				    "there is no dialog with this id");
	return err;
}

static const struct genl_ops ops[] = {
	{
		.cmd = SIPALG_CMD_STATUS_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = status_get,
	},
	{
		.cmd = SIPALG_CMD_ENABLE,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = enable,
	},
	{
		.cmd = SIPALG_CMD_DISABLE,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = disable,
	},
	{
		.cmd = SIPALG_CMD_DIALOG_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = dialog_get,
		.start = dialog_start,
		.dumpit = dialog_dump,
		.done = dump_done,
	},
	{
		.cmd = SIPALG_CMD_REGISTRATION_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.start = registration_start,
		.dumpit = registration_dump,
		.done = dump_done,
	},
	{
		.cmd = SIPALG_CMD_BINDING_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.start = binding_start,
		.dumpit = binding_dump,
		.done = dump_done,
	},
	{
		.cmd = SIPALG_CMD_STATS_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = stats_get,
	},
	{
		.cmd = SIPALG_CMD_POLICY_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.dumpit = sipalg_policy_get_dumpit,
	},
	{
		.cmd = SIPALG_CMD_POLICY_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = sipalg_policy_set_doit,
	},
};

static const struct genl_multicast_group groups[] = {
	/* They tell who calls whom. */
	{ .name = SIPALG_GENL_GROUP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family sipalg_genl_family __ro_after_init = {
	.name = SIPALG_GENL_NAME,
	.version = SIPALG_GENL_VERSION,
	.maxattr = SIPALG_A_MAX,
	.policy = policy,
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

// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of dialogs, registrations and bindings.
 *
 * The family runs under the genl mutex, so that each part of a dump excludes
 * that the namespace is turned on or off.
 */
#include <linux/slab.h>
#include <net/genetlink.h>

#include "binding.h"
#include "call.h"
#include "genl.h"
#include "net.h"
#include "registration.h"

/*
 * What a dump keeps between its parts, in cb->args[0]: a walk of a table and
 * the entry that did not fit into the last part. What it is refused for is in
 * cb->args[1], until it can be said: 6.1 takes no words where a dump starts.
 */
struct dump {
	struct rhashtable_iter iter;
	bool again;	/* show the walk's current entry, do not go on */
	const void *call;	/* what @skip is about; it may be gone */
	u32 skip;	/* dialogs of that call that were shown */
	bool by_call_id;
	u64 call_id;	/* hash of the Call-ID asked for */
	u8 kind;	/* enum sipalg_dialog_kind */
};

static void dump_start(struct netlink_callback *cb, struct rhltable *table)
{
	struct dump *dump;

	dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	if (!dump) {
		cb->args[1] = -ENOMEM;
		return;
	}
	rhltable_walk_enter(table, &dump->iter);
	cb->args[0] = (unsigned long)dump;
}

int sipalg_dump_done(struct netlink_callback *cb)
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

/* The table was resized: what follows may repeat or lack something. */
static void dump_interrupted(struct netlink_callback *cb)
{
	cb->prev_seq = 1;
	cb->seq = 2;
}

static int dump_refused(struct netlink_callback *cb)
{
	if (cb->args[1] == -EINVAL)
		NL_SET_ERR_MSG(cb->extack,
			       "an id asks for one thing, and a dump for all: leave out either");
	else if (cb->args[1])
		NL_SET_ERR_MSG(cb->extack, "there is no memory for a dump");
	return cb->args[1];
}

/* Shows entries until the message is full; -EMSGSIZE of @put says so. */
static int dump_some(struct sk_buff *skb, struct netlink_callback *cb, put_one put)
{
	struct dump *dump = (struct dump *)cb->args[0];
	void *entry;
	int err = 0;

	if (!dump)
		return dump_refused(cb);
	/* Between two parts, too; the walk then begins once more. */
	if (rhashtable_walk_start_check(&dump->iter) == -EAGAIN) {
		dump_interrupted(cb);
		dump->again = false;
	}
	for (;;) {
		entry = dump->again ? rhashtable_walk_peek(&dump->iter) :
				      rhashtable_walk_next(&dump->iter);
		dump->again = false;
		if (!entry)
			break;
		if (IS_ERR(entry)) {
			dump_interrupted(cb);
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
	/* One that does not fit into an empty message never will. */
	bool cut = !skb->len;
	void *head = dump_begin(skb, cb, SIPALG_CMD_DIALOG_GET);

	if (!head)
		return -EMSGSIZE;
	if (sipalg_fill_dialog(skb, d, cut)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

static bool is_asked_for(const struct dump *dump, const struct sipalg_call *call)
{
	if (dump->by_call_id && call->hash != dump->call_id)
		return false;
	switch (dump->kind) {
	case SIPALG_KIND_CALL:
		return call->method == SIP_INVITE;
	case SIPALG_KIND_SUBSCRIPTION:
		return call->method != SIP_INVITE;
	default:
		return true;
	}
}

static int put_call(struct sk_buff *skb, struct netlink_callback *cb,
		    struct dump *dump, void *entry)
{
	struct sipalg_call *call = entry;
	const struct sipalg_dialog *d;
	spinlock_t *lock;
	u32 n = 0;
	int err = 0;

	if (!is_asked_for(dump, call))
		return 0;
	if (dump->call != call)
		dump->skip = 0;
	dump->call = call;
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
		dump->call = NULL;
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

	if (READ_ONCE(b->dead) || READ_ONCE(b->killed))
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

const struct nla_policy sipalg_id_policy[SIPALG_A_ID + 1] = {
	[SIPALG_A_PAD] = { .type = NLA_REJECT },
	[SIPALG_A_ID] = { .type = NLA_U32 },
};

const struct nla_policy sipalg_dialog_policy[SIPALG_A_KIND + 1] = {
	[SIPALG_A_ID] = { .type = NLA_U32 },
	[SIPALG_A_CALL_ID] = { .type = NLA_NUL_STRING, .len = 255 },
	[SIPALG_A_KIND] = NLA_POLICY_MAX(NLA_U8, SIPALG_KIND_MAX),
};

/* The id picks one thing: not of those that are dumped. */
static bool refuse_id(struct netlink_callback *cb, struct nlattr **attrs)
{
	if (attrs[SIPALG_A_ID])
		cb->args[1] = -EINVAL;
	return attrs[SIPALG_A_ID];
}

int sipalg_dialog_start(struct netlink_callback *cb)
{
	struct nlattr *attrs[SIPALG_A_KIND + 1];
	struct sipalg_net *sn = dump_net(cb);
	struct nlattr *call_id;
	struct dump *dump;
	int err;

	err = genlmsg_parse(cb->nlh, &sipalg_genl_family, attrs, SIPALG_A_KIND,
			    sipalg_dialog_policy, cb->extack);
	if (err || refuse_id(cb, attrs) || !sn)
		return err;
	dump_start(cb, &sn->calls);
	dump = (struct dump *)cb->args[0];
	if (!dump)
		return 0;
	if (attrs[SIPALG_A_KIND])
		dump->kind = nla_get_u8(attrs[SIPALG_A_KIND]);
	call_id = attrs[SIPALG_A_CALL_ID];
	if (call_id) {
		dump->by_call_id = true;
		dump->call_id = sipalg_hash(sn, nla_data(call_id),
					    strnlen(nla_data(call_id),
						    nla_len(call_id)));
	}
	return 0;
}

/* Of a dump without filters. */
static int plain_start(struct netlink_callback *cb, struct sipalg_net *sn,
		       struct rhltable *table)
{
	struct nlattr *attrs[SIPALG_A_ID + 1];
	int err;

	err = genlmsg_parse(cb->nlh, &sipalg_genl_family, attrs, SIPALG_A_ID,
			    sipalg_id_policy, cb->extack);
	if (err || refuse_id(cb, attrs) || !sn)
		return err;
	dump_start(cb, table);
	return 0;
}

int sipalg_registration_start(struct netlink_callback *cb)
{
	struct sipalg_net *sn = dump_net(cb);

	return plain_start(cb, sn, sn ? &sn->registrations : NULL);
}

int sipalg_binding_start(struct netlink_callback *cb)
{
	struct sipalg_net *sn = dump_net(cb);

	return plain_start(cb, sn, sn ? &sn->ends : NULL);
}

int sipalg_dialog_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_some(skb, cb, put_call);
}

int sipalg_registration_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_some(skb, cb, put_registration);
}

int sipalg_binding_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_some(skb, cb, put_binding);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What the operator ends: dialogs, registrations and media bindings.
 */
#include <net/genetlink.h>

#include "binding.h"
#include "call.h"
#include "event.h"
#include "genl.h"
#include "net.h"
#include "registration.h"

const struct nla_policy sipalg_kill_policy[SIPALG_A_CALL_ID + 1] = {
	[SIPALG_A_PAD] = { .type = NLA_REJECT },
	[SIPALG_A_ID] = { .type = NLA_U32 },
	[SIPALG_A_CALL_ID] = { .type = NLA_NUL_STRING, .len = 255 },
};

/**
 * struct victims - which, and what came of it
 * @call_id: all dialogs with this one, or NULL
 * @len: of it
 * @id: or the one with this id
 * @found: there were some
 * @killed: and some were not over yet
 * @signalling: it is a binding for signalling, which is left
 */
struct victims {
	const char *call_id;
	u32 len;
	u32 id;
	bool found;
	bool killed;
	bool signalling;
};

static void kill_dialogs(struct sipalg_call *call, struct victims *v)
{
	struct sipalg_dialog *d;

	if (v->call_id && (call->call_id_len != v->len ||
			   memcmp(sipalg_call_id(call), v->call_id, v->len)))
		return;
	list_for_each_entry(d, &call->dialogs, list) {
		if (!v->call_id && d->id != v->id)
			continue;
		v->found = true;
		if (d->state == SIPALG_DIALOG_TERMINATED)
			continue;
		sipalg_dialog_kill(d);
		v->killed = true;
	}
}

static void kill_call(void *entry, struct victims *v)
{
	struct sipalg_call *call = entry;
	spinlock_t *lock = sipalg_lock(call->sn, call->hash);

	spin_lock_bh(lock);
	if (!call->dead)
		kill_dialogs(call, v);
	spin_unlock_bh(lock);
}

static void kill_registration(void *entry, struct victims *v)
{
	struct sipalg_registration *r = entry;
	spinlock_t *lock = sipalg_lock(r->sn, r->hash);

	if (r->id != v->id)
		return;
	spin_lock_bh(lock);
	if (!r->dead) {
		sipalg_registration_kill(r);
		v->found = true;
		v->killed = true;
	}
	spin_unlock_bh(lock);
}

/* A table that is resized meanwhile is walked once more, from its begin. */
static void kill_in(struct rhltable *table, struct victims *v,
		    void (*kill)(void *entry, struct victims *v))
{
	struct rhashtable_iter iter;
	void *entry;

	rhltable_walk_enter(table, &iter);
	rhashtable_walk_start(&iter);
	while ((entry = rhashtable_walk_next(&iter))) {
		if (!IS_ERR(entry))
			kill(entry, v);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

static int result(struct genl_info *info, int attr, const struct victims *v)
{
	if (v->killed)
		return 0;
	if (v->found)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr], "it is over already");
	else if (v->call_id)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
				    "no dialog has this Call-ID");
	else
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
				    "there is none with this id");
	return -ENOENT;
}

static int get_id(struct genl_info *info, struct victims *v)
{
	if (GENL_REQ_ATTR_CHECK(info, SIPALG_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "which one? its id is missing");
		return -EINVAL;
	}
	v->id = nla_get_u32(info->attrs[SIPALG_A_ID]);
	return 0;
}

int sipalg_dialog_kill_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sipalg_net *sn = sipalg_net(genl_info_net(info));
	struct nlattr *call_id = info->attrs[SIPALG_A_CALL_ID];
	struct nlattr *id = info->attrs[SIPALG_A_ID];
	struct victims v = {};

	if (!id == !call_id) {
		NL_SET_ERR_MSG(info->extack, "which one? give its id or its Call-ID");
		return -EINVAL;
	}
	if (id)
		v.id = nla_get_u32(id);
	else
		v.call_id = nla_data(call_id);
	if (v.call_id)
		v.len = strnlen(v.call_id, nla_len(call_id));
	if (sn->locks)
		kill_in(&sn->calls, &v, kill_call);
	return result(info, id ? SIPALG_A_ID : SIPALG_A_CALL_ID, &v);
}

static void kill_media(struct sipalg_binding *b, struct victims *v)
{
	spinlock_t *lock = sipalg_lock(b->sn, b->call->hash);

	spin_lock_bh(lock);
	if (!READ_ONCE(b->dead) && !b->killed) {
		WRITE_ONCE(b->killed, true);
		sipalg_binding_kill_flows(b);
		sipalg_event_binding(b, SIPALG_EVENT_BINDING_KILLED);
		v->found = true;
		v->killed = true;
	} else if (!READ_ONCE(b->dead)) {
		/* What was on its way through the hooks at the first time. */
		sipalg_binding_kill_flows(b);
	}
	spin_unlock_bh(lock);
}

static void kill_binding(void *entry, struct victims *v)
{
	struct sipalg_end *end = entry;
	struct sipalg_binding *b = sipalg_binding_of(end);

	if (end->key.side == SIPALG_OUTER || b->id != v->id)
		return;
	if (b->type == SIPALG_BINDING_SIGNALLING)
		v->signalling = true;
	else
		kill_media(b, v);
}

int sipalg_binding_kill_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sipalg_net *sn = sipalg_net(genl_info_net(info));
	struct victims v = {};
	int err;

	err = get_id(info, &v);
	if (err)
		return err;
	if (sn->locks)
		kill_in(&sn->ends, &v, kill_binding);
	if (v.signalling) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SIPALG_A_ID],
				    "it is for signalling, which is left: kill its registration or wait for its dialog");
		return -EOPNOTSUPP;
	}
	if (v.killed) {
		synchronize_net();
		kill_in(&sn->ends, &v, kill_binding);
	}
	return result(info, SIPALG_A_ID, &v);
}

int sipalg_registration_kill_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sipalg_net *sn = sipalg_net(genl_info_net(info));
	struct victims v = {};
	int err;

	err = get_id(info, &v);
	if (err)
		return err;
	if (sn->locks)
		kill_in(&sn->registrations, &v, kill_registration);
	return result(info, SIPALG_A_ID, &v);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Live state that comes back, each call or registration whole or not at all.
 * It is input like any other: nothing of it is believed that a message could
 * not have brought about.
 *
 * What is made stands in no table until the end but its bindings, which let
 * nobody through as long as their call is in none and has no master.
 */
#include <linux/inetdevice.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "binding.h"
#include "call.h"
#include "flow.h"
#include "genl.h"
#include "net.h"
#include "policy.h"
#include "registration.h"
#include "restore.h"
#include "state.h"

#define PORT_MIN	1024
#define LEFT_MAX	(8 * 86400U)	/* more than SIP grants here */

/* The policy has to be there before what began under it. */
static int rule_get(struct restore *r, const struct nest *n, struct sipalg_rule **rule)
{
	const struct sipalg_policy *p;
	u32 id = nest_number(n, A(RULE));

	rcu_read_lock();
	p = rcu_dereference(r->sn->policy);
	*rule = id && id <= p->n ? p->rule[id - 1] : NULL;
	if (*rule && (*rule)->action != SIPALG_ACTION_ALG &&
	    (*rule)->action != SIPALG_ACTION_OBSERVE)
		*rule = NULL;
	if (*rule)
		sipalg_rule_get(*rule);
	rcu_read_unlock();
	return *rule ? 0 : REFUSE(r, EINVAL,
		"the policy has no rule of this number that follows calls: restore the policy first");
}

/*
 * The entry of a flow that is still there, with a reference, or NULL. One of
 * its ends has to be @inner: nobody else's flows are taken.
 */
static struct nf_conn *flow_get(struct restore *r, const struct nlattr *nla,
				const struct sip_host *inner, u16 *flags, int *err)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_tuple t = {};
	struct nf_conntrack_zone zone;
	struct sip_endpoint from, to;
	struct sipalg_path path;
	struct nf_conn *ct = NULL;
	struct nest *n;

	n = nest_open(r, nla, err);
	if (!n)
		return NULL;
	*err = nest_at(r, n, A(ADDR), &from) ?: nest_at(r, n, A(OUTER_ADDR), &to);
	if (!*err && (!from.host.family || from.host.family != to.host.family))
		*err = REFUSE(r, EINVAL, "a flow has two addresses of one family");
	if (*err)
		goto out;
	t.src.l3num = from.host.family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	sip_host_to_inet(&t.src.u3, &from.host);
	t.src.u.all = htons(from.port);
	sip_host_to_inet(&t.dst.u3, &to.host);
	t.dst.u.all = htons(to.port);
	t.dst.protonum = nest_number(n, A(PROTOCOL));
	*flags = nest_number(n, A(FLAGS));
	nf_ct_zone_init(&zone, nest_number(n, A(ZONE)), NF_CT_DEFAULT_ZONE_DIR, 0);
	h = nf_conntrack_find_get(r->sn->net, &zone, &t);
	if (!h)
		goto out;
	ct = nf_ct_tuplehash_to_ctrack(h);
	sipalg_path_of(&path, ct, IP_CT_DIR_ORIGINAL);
	if (NF_CT_DIRECTION(h) == IP_CT_DIR_ORIGINAL &&
	    (sip_host_equal(&path.src_in.host, inner) || sip_host_equal(&path.dst_out.host, inner)))
		goto out;
	nf_ct_put(ct);
	ct = NULL;
out:
	kfree(n);
	return ct;
}

static int binding_check(struct restore *r, const struct nest *n,
			 const struct sip_endpoint *inner, const struct sip_endpoint *outer)
{
	u8 proto = nest_number(n, A(PROTOCOL));

	if (!nest_number(n, A(ID)))
		return REFUSE(r, EINVAL, "a binding has an id");
	if (!inner->host.family || inner->host.family != outer->host.family)
		return REFUSE(r, EINVAL, "a binding has an inside and an outside of one family");
	if (inner->port < PORT_MIN || outer->port < PORT_MIN)
		return REFUSE(r, ERANGE, "a binding cannot have a port below 1024");
	if (proto != IPPROTO_UDP && proto != IPPROTO_TCP)
		return REFUSE(r, EINVAL, "a binding's protocol is udp or tcp");
	return 0;
}

static int binding_error(struct restore *r, int err)
{
	switch (err) {
	case -EADDRINUSE:
		return REFUSE(r, EADDRINUSE, "the outer port of a binding is somebody else's");
	case -ENOSPC:
		return REFUSE(r, ENOSPC, "there are as many bindings as there may be");
	default:
		return REFUSE(r, ENOMEM, "there is no memory for a binding");
	}
}

static struct sipalg_binding *binding_same(struct restore *r, const struct sip_endpoint *inner,
					   const struct sip_endpoint *outer, u8 proto,
					   const u16 zones[2])
{
	struct rhlist_head *list, *pos;
	struct sipalg_end *end;

	list = sipalg_binding_lookup(r->sn, SIPALG_OUTER, outer, proto, zones[SIPALG_OUTER]);
	rhl_for_each_entry_rcu(end, pos, list, node) {
		struct sipalg_binding *b = sipalg_binding_of(end);
		struct sip_endpoint at;

		sipalg_end_get(b, SIPALG_INNER, &at);
		if (b->type == SIPALG_BINDING_SIGNALLING && !READ_ONCE(b->dead) &&
		    sipalg_binding_key(b, SIPALG_INNER)->zone == zones[SIPALG_INNER] &&
		    sip_endpoint_equal(&at, inner))
			return b;
	}
	return NULL;
}

/* Flows that run already: the binding will end them. Or the one it was made for. */
static int take_flows(struct restore *r, const struct nest *n, struct sipalg_binding *b,
		      const struct sip_host *inner)
{
	const struct nlattr *nla;
	int left, err = 0;

	nla_for_each_nested(nla, n->nla, left) {
		struct nf_conn *ct;
		u16 flags = 0;

		if (nla_type(nla) != A(FLOW))
			continue;
		ct = flow_get(r, nla, inner, &flags, &err);
		if (err)
			return err;
		if (!ct)
			continue;
		if (b->type == SIPALG_BINDING_SIGNALLING) {
			sipalg_flow_again(r->sn, ct, flags);
			sipalg_binding_set_master(b, ct);
		} else {
			sipalg_binding_add_flow(b, ct);
		}
		nf_ct_put(ct);
	}
	return 0;
}

/* Under RCU: makes a binding, or finds that of signalling. */
static struct sipalg_binding *binding_make(struct restore *r, const struct nest *n, int *err)
{
	u8 proto = nest_number(n, A(PROTOCOL)), type = nest_number(n, A(TYPE));
	bool signalling = type == SIPALG_BINDING_SIGNALLING;
	u16 zones[] = {
		[SIPALG_INNER] = nest_number(n, A(ZONE)),
		[SIPALG_OUTER] = nest_number(n, A(OUTER_ZONE)),
	};
	struct sip_endpoint inner, outer;
	struct sipalg_binding *b = NULL;
	u32 flags = nest_number(n, A(FLAGS));

	*err = nest_at(r, n, A(ADDR), &inner) ?: nest_at(r, n, A(OUTER_ADDR), &outer) ?:
	       binding_check(r, n, &inner, &outer);
	if (*err)
		return NULL;
	if (signalling)
		b = binding_same(r, &inner, &outer, proto, zones);
	r->made = !b;
	if (b)
		return b;
	b = sipalg_binding_create(r->sn, type, &inner, &outer, proto, zones,
				  signalling ? NULL : r->call,
				  signalling || sip_endpoint_equal(&inner, &outer));
	if (IS_ERR(b)) {
		*err = binding_error(r, PTR_ERR(b));
		return NULL;
	}
	b->id = nest_number(n, A(ID));
	sipalg_id_taken(r->sn, b->id);
	if (signalling) {
		b->verbatim = flags & STATE_VERBATIM;
		b->bare = flags & STATE_BINDING_BARE;
	}
	return b;
}

static int media_binding(struct restore *r, const struct nlattr *nla)
{
	struct sipalg_binding *b;
	struct sip_endpoint at;
	struct nest *n;
	int err;

	if (r->n == SIPALG_RESTORE_BINDINGS)
		return REFUSE(r, ENOSPC, "a call cannot have so many bindings");
	n = nest_open(r, nla, &err);
	if (!n)
		return err;
	if (nest_number(n, A(TYPE)) == SIPALG_BINDING_SIGNALLING) {
		kfree(n);
		return REFUSE(r, EINVAL, "a binding of signalling belongs to a reach");
	}
	rcu_read_lock();
	b = binding_make(r, n, &err);
	rcu_read_unlock();
	if (b) {
		r->bindings[r->n++] = b;
		sipalg_end_get(b, SIPALG_INNER, &at);
		err = take_flows(r, n, b, &at.host);
	}
	kfree(n);
	return err;
}

static int dialog_parts(struct restore *r, const struct nest *n, struct sipalg_dialog *d)
{
	const struct nlattr *nla;
	int left, err = 0;

	nla_for_each_nested(nla, n->nla, left) {
		if (nla_type(nla) == A(TRANSACTION))
			err = restore_transaction(r, nla, d);
		else if (nla_type(nla) == A(SESSION))
			err = restore_session(r, nla, d);
		if (err)
			return err;
	}
	return 0;
}

static int dialog_fill(struct restore *r, const struct nest *n, struct sipalg_dialog *d)
{
	const char *tag = nest_text(n, A(B_TAG));
	u32 flags = nest_number(n, A(FLAGS));

	if (!nest_number(n, A(ID)))
		return REFUSE(r, EINVAL, "a dialog has an id");
	if (nest_number(n, A(STATE)) != SIPALG_DIALOG_TRYING && !*tag)
		return REFUSE(r, EINVAL, "a dialog that was answered has a tag of its callee");
	d->id = nest_number(n, A(ID));
	d->state = nest_number(n, A(STATE));
	d->status = nest_number(n, A(STATUS));
	d->known[0] = flags & STATE_KNOWN(0);
	d->known[1] = flags & STATE_KNOWN(1);
	d->cancelled = flags & STATE_CANCELLED;
	d->hurried = flags & STATE_HURRIED;
	d->lost = flags & STATE_LOST;
	d->refer = flags & STATE_REFER;
	d->sight.held = flags / STATE_HELD_BY & SIPALG_PARTY_BOTH;
	d->cseq[0] = nest_number(n, A(A_CSEQ));
	d->cseq[1] = nest_number(n, A(B_CSEQ));
	d->start = nest_stamp(n, A(START));
	d->answer = nest_stamp(n, A(ANSWER));
	d->deadline = jiffies + (unsigned long)min(nest_number(n, A(LEFT)), LEFT_MAX) * HZ;
	d->session_expires = nest_number(n, A(EXPIRES));
	if (*tag) {
		d->b_tag_len = strlen(tag);
		d->b_tag = kmemdup(tag, d->b_tag_len, GFP_KERNEL);
		if (!d->b_tag)
			return REFUSE(r, ENOMEM, "there is no memory for a dialog");
	}
	return dialog_parts(r, n, d);
}

static int dialog_get(struct restore *r, const struct nlattr *nla)
{
	struct sipalg_dialog *d;
	struct nest *n;
	int err;

	n = nest_open(r, nla, &err);
	if (!n)
		return err;
	rcu_read_lock();
	d = sipalg_dialog_new(r->call, GFP_ATOMIC);
	rcu_read_unlock();
	if (IS_ERR(d)) {
		err = PTR_ERR(d) == -ENOMEM ?
		      REFUSE(r, ENOMEM, "there is no memory for a dialog") :
		      REFUSE(r, ENOSPC, "there are as many dialogs as there may be");
	} else {
		list_add_tail(&d->list, &r->call->dialogs);
		r->call->ndialogs++;
		err = dialog_fill(r, n, d);
		sipalg_id_taken(r->sn, d->id);
	}
	kfree(n);
	return err;
}

/* Who may come by there holds it; a host that nobody names does not. */
static int reach_make(struct restore *r, const struct nest *n, struct sipalg_binding *b)
{
	struct sipalg_reach *reach = kzalloc(sizeof(*reach), GFP_KERNEL);
	u8 side = nest_number(n, A(SIDE));
	const struct nlattr *nla;
	int left, err, i = 0;

	if (!reach)
		return -ENOMEM;
	reach->binding = b;
	sipalg_call_add_reach(r->call, side, nest_number(n, A(KIND)), reach);
	nla_for_each_nested(nla, n->nla, left) {
		struct sip_host host;

		if (nla_type(nla) != A(HOST))
			continue;
		if (i == SIPALG_HOSTS)
			return REFUSE(r, EINVAL, "a reach has too many hosts");
		err = nest_address(r, nla, &host);
		if (err)
			return err;
		if (sipalg_binding_hold(b, &host))
			return REFUSE(r, ENOSPC, "too many hosts may send to a binding");
		if (!sipalg_hosts_set(&reach->leased, i++, &host, &r->call->host[!side])) {
			sipalg_binding_drop(b, &host, 0);
			return -ENOMEM;
		}
	}
	return i ? 0 : REFUSE(r, EINVAL, "a reach has a host that may come by it");
}

static int signalling_make(struct restore *r, const struct nlattr *nla,
			   const struct sip_host *inside, struct sipalg_binding **found)
{
	struct sip_endpoint at;
	struct nest *n;
	int err;

	n = nest_open(r, nla, &err);
	if (!n)
		return err;
	rcu_read_lock();
	if (nest_number(n, A(TYPE)) != SIPALG_BINDING_SIGNALLING)
		err = REFUSE(r, EINVAL, "only a binding of signalling leads to a Contact");
	if (!err)
		*found = binding_make(r, n, &err);
	rcu_read_unlock();
	if (!err) {
		sipalg_end_get(*found, SIPALG_INNER, &at);
		if (sip_host_equal(&at.host, inside))
			err = take_flows(r, n, *found, &at.host);
		else
			err = REFUSE(r, EINVAL, "a binding leads to a host that is not its owner");
		if (err && r->made)
			sipalg_binding_discard(*found);
	}
	kfree(n);
	return err;
}

static int reach_get(struct restore *r, const struct nlattr *nla)
{
	struct sipalg_call *call = r->call;
	struct sipalg_binding *b;
	struct nest *n;
	u8 side;
	int err;

	n = nest_open(r, nla, &err);
	if (!n)
		return err;
	side = nest_number(n, A(SIDE));
	if (sipalg_call_reach(call, side, nest_number(n, A(KIND))) ||
	    !n->attr[A(BINDING)])
		err = REFUSE(r, EINVAL,
			     "a side has one binding for its Contact and one for its route");
	else
		err = signalling_make(r, n->attr[A(BINDING)], &call->host[side], &b);
	if (!err) {
		err = reach_make(r, n, b);
		/* Without a host it would stay for a while; with one, undo ends it. */
		if (err && r->made)
			sipalg_binding_discard(b);
	}
	kfree(n);
	return err;
}

static int master_get(struct restore *r, const struct nlattr *nla)
{
	struct nf_conn *ct;
	u16 flags = 0;
	int err, side;

	for (side = 0; side < 2; side++) {
		ct = flow_get(r, nla, &r->call->host[side], &flags, &err);
		if (err)
			return err;
		if (!ct)
			continue;
		sipalg_flow_again(r->sn, ct, flags);
		if (r->call->master)
			nf_ct_put(r->call->master);
		r->call->master = ct;
		return 0;
	}
	return 0;
}

/* In this order: what comes later refers to what comes first. */
static int call_parts(struct restore *r, const struct nest *n)
{
	static const struct {
		int attr;
		int (*get)(struct restore *r, const struct nlattr *nla);
	} parts[] = {
		{ A(REACH), reach_get },
		{ A(BINDING), media_binding },
		{ A(DIALOG), dialog_get },
	};
	const struct nlattr *nla;
	unsigned int i;
	int left, err;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		nla_for_each_nested(nla, n->nla, left) {
			if (nla_type(nla) != parts[i].attr)
				continue;
			err = parts[i].get(r, nla);
			if (err)
				return err;
		}
	}
	for (i = 0; i < r->n; i++) {
		if (!r->bindings[i]->users)
			return REFUSE(r, EINVAL, "a binding belongs to no line of the call");
	}
	return list_empty(&r->call->dialogs) ? REFUSE(r, EINVAL, "a call has a dialog") : 0;
}

static int call_fill(struct restore *r, const struct nest *n)
{
	static const enum sip_method methods[] = { SIP_INVITE, SIP_SUBSCRIBE, SIP_REFER };
	struct sipalg_call *call = r->call;
	u32 flags = nest_number(n, A(FLAGS));
	struct sip_host target, route;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(methods); i++) {
		if (!strcmp(nest_text(n, A(METHOD)), sip_method_name(methods[i])))
			call->method = methods[i];
	}
	if (!call->method)
		return REFUSE(r, EINVAL, "a call begins with INVITE, SUBSCRIBE or REFER");
	call->id = nest_number(n, A(ID));
	call->zone = nest_number(n, A(ZONE));
	for (i = 0; i < 2; i++) {
		call->bare[i] = flags & STATE_BARE(i);
		err = nest_host(r, n, A(A_HOST) + i, &call->host[i]) ?:
		      nest_host(r, n, A(A_TARGET) + i, &target) ?:
		      nest_host(r, n, A(A_ROUTE) + i, &route);
		if (err)
			return err;
		if (!sipalg_call_set_target(call, i, &target) ||
		    !sipalg_call_set_route(call, i, &route))
			return -ENOMEM;
		if (!call->host[i].family)
			return REFUSE(r, EINVAL, "a call is between two hosts");
	}
	err = rule_get(r, n, &call->rule);
	if (!err && sipalg_call_is_known(call) == -EEXIST)
		err = REFUSE(r, EEXIST, "this call is there already");
	return err ?: call_parts(r, n);
}

/* The flow may be gone; then that of a Contact stands in for it. */
static int call_master(struct restore *r, const struct nest *n)
{
	struct sipalg_call *call = r->call;
	struct sipalg_reach *reach;
	unsigned int side;
	int err;

	if (n->attr[A(FLOW)]) {
		err = master_get(r, n->attr[A(FLOW)]);
		if (err)
			return err;
	}
	for (side = 0; side < 2 && !call->master; side++) {
		reach = sipalg_call_reach(call, side, SIPALG_REACH_CONTACT);
		if (reach)
			call->master = sipalg_binding_master(reach->binding);
	}
	return 0;
}

/* Nothing has changed: flows that run go on. */
static void drop_unused(struct restore *r)
{
	unsigned int i;

	for (i = 0; i < r->n; i++) {
		sipalg_binding_let_flows_go(r->bindings[i]);
		if (!r->bindings[i]->users)
			sipalg_binding_destroy(r->bindings[i]);
	}
}

static int call_set(struct restore *r, const struct nlattr *nla)
{
	struct nest *n;
	int err;

	n = nest_open(r, nla, &err);
	if (!n)
		return err;
	if (!*nest_text(n, A(CALL_ID)) || !*nest_text(n, A(A_TAG))) {
		kfree(n);
		return REFUSE(r, EINVAL, "a call has a Call-ID and the tag of who began it");
	}
	err = -ENOMEM;
	r->call = sipalg_call_new(r->sn, nest_text(n, A(CALL_ID)), nest_text(n, A(A_TAG)),
				  nest_text(n, A(A_URI)), nest_text(n, A(B_URI)));
	if (r->call) {
		/* The master comes last: until then, nobody gets through. */
		err = call_fill(r, n) ?: call_master(r, n);
		if (!err) {
			err = sipalg_call_add(r->call);
			if (err == -EEXIST)
				NL_SET_ERR_MSG(r->extack, "this call is there already");
			else if (err == -ENOSPC)
				NL_SET_ERR_MSG(r->extack,
					       "there are too many calls of this Call-ID");
		}
		if (err) {
			/* Bindings that no line took; then those of lines with it. */
			drop_unused(r);
			sipalg_call_undo(r->call);
		}
	}
	kfree(n);
	return err;
}

static int registration_fill(struct restore *r, const struct nest *n,
			     struct sipalg_registration *reg)
{
	int err;

	reg->id = nest_number(n, A(ID));
	reg->zone = nest_number(n, A(ZONE));
	reg->proto = nest_number(n, A(PROTOCOL));
	reg->path = nest_number(n, A(FLAGS)) & STATE_PATH;
	reg->expires = nest_number(n, A(EXPIRES));
	reg->until = jiffies + (unsigned long)min(nest_number(n, A(LEFT)), LEFT_MAX) * HZ;
	reg->since = nest_stamp(n, A(START));
	reg->refreshed = nest_stamp(n, A(REFRESHED));
	reg->asked = nest_number(n, A(ASKED));
	err = nest_at(r, n, A(ADDR), &reg->inner) ?: nest_at(r, n, A(OUTER_ADDR), &reg->outer) ?:
	      nest_host(r, n, A(REGISTRAR), &reg->registrar) ?: rule_get(r, n, &reg->rule);
	if (err)
		return err;
	if (!reg->id || !reg->inner.host.family || !reg->registrar.family ||
	    !nest_number(n, A(LEFT)))
		return REFUSE(r, EINVAL,
			"a registration has an id, a phone, a registrar and some time left");
	if (!n->attr[A(BINDING)])
		return 0;
	err = signalling_make(r, n->attr[A(BINDING)], &reg->inner.host, &reg->binding);
	if (err) {
		reg->binding = NULL;
	} else if (sipalg_binding_hold(reg->binding, &reg->registrar)) {
		if (r->made)
			sipalg_binding_discard(reg->binding);
		reg->binding = NULL;
		err = REFUSE(r, ENOSPC, "too many hosts may send to a binding");
	}
	return err;
}

static int registration_set(struct restore *r, const struct nlattr *nla)
{
	struct sipalg_registration *reg;
	struct nest *n;
	int err;

	n = nest_open(r, nla, &err);
	if (!n)
		return err;
	err = -ENOMEM;
	reg = sipalg_registration_new(r->sn, nest_text(n, A(USER)), nest_text(n, A(DOMAIN)),
				      nest_text(n, A(AOR)), nest_text(n, A(CONTACT)));
	if (reg) {
		err = registration_fill(r, n, reg);
		if (!err) {
			sipalg_id_taken(r->sn, reg->id);
			err = sipalg_registration_add(reg);
			if (err == -EEXIST)
				NL_SET_ERR_MSG(r->extack, "this registration is there already");
			else if (err == -ENOSPC)
				NL_SET_ERR_MSG(r->extack,
					       "there are as many registrations as there may be");
		}
		if (err)
			sipalg_registration_undo(reg);
	}
	kfree(n);
	return err;
}

int sipalg_state_set(struct sk_buff *skb, struct genl_info *info)
{
	struct restore *r;
	struct nest *n;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, SIPALG_A_STATE)) {
		NL_SET_ERR_MSG(info->extack, "what is to be restored? there is no state");
		return -EINVAL;
	}
	r = kvzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	r->sn = sipalg_net(genl_info_net(info));
	r->extack = info->extack;
	n = nest_open(r, info->attrs[SIPALG_A_STATE], &err);
	if (n) {
		if (!r->sn->enabled)
			err = REFUSE(r, ENETDOWN,
				     "sipalg is not enabled in this network namespace");
		else if (n->attr[A(CALL)])
			err = call_set(r, n->attr[A(CALL)]);
		else if (n->attr[A(REGISTRATION)])
			err = registration_set(r, n->attr[A(REGISTRATION)]);
		else
			err = REFUSE(r, EINVAL, "only a call or a registration can be restored");
	}
	if (err == -ENOMEM)
		NL_SET_ERR_MSG(r->extack, "there is no memory for it");
	kfree(n);
	kvfree(r);
	return err;
}

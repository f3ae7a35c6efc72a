// SPDX-License-Identifier: GPL-2.0
/*
 * Registrations (RFC 3261 10): asked for, granted, refreshed, ended.
 */
#include <linux/slab.h>

#include "compat/compat.h"
#include "ctx.h"
#include "event.h"
#include "net.h"
#include "source.h"

#define TEXT_KEPT 127	/* of a URI, for showing */

static const struct rhashtable_params registration_params = {
	.head_offset = offsetof(struct sipalg_registration, node),
	.key_offset = offsetof(struct sipalg_registration, hash),
	.key_len = sizeof_field(struct sipalg_registration, hash),
	.automatic_shrinking = true,
};

/* The phone: who sent the request, who gets the response. */
static const struct sip_host *phone(const struct sipalg_ctx *ctx)
{
	return sipalg_is_request(ctx) ? &ctx->path.src_in.host :
					&ctx->path.dst_out.host;
}

/* The registrar, as the phone sees it. */
static const struct sip_host *registrar(const struct sipalg_ctx *ctx)
{
	return sipalg_is_request(ctx) ? &ctx->path.dst_in.host :
					&ctx->path.src_out.host;
}

static struct sip_span to_uri(const struct sipalg_ctx *ctx)
{
	const struct sip_hdr *h = sip_hdr_first(&ctx->msg, SIP_HDR_TO);
	struct sip_span rest = h->value;
	struct sip_nameaddr na;

	if (sip_nameaddr_next(ctx->msg.data, &rest, &na) != 1)
		return (struct sip_span){};
	return na.uri;
}

/*
 * Whose registration it is: the user, and the domain if it is a name. An
 * address may be translated on the way, and so does not tell anybody apart.
 */
struct owner {
	struct sip_span user;
	struct sip_span domain;
};

static struct owner owner_of(const struct sipalg_ctx *ctx)
{
	struct sip_span uri = to_uri(ctx);
	struct owner o = {};
	struct sip_uri u;

	if (sip_uri_parse(ctx->msg.data, uri, &u))
		return o;
	/* tel: has a number, and nothing else. */
	o.user = u.host.len ? u.user : uri;
	if (!u.addr.family)
		o.domain = u.host;
	o.user.len = min_t(u32, o.user.len, TEXT_KEPT);
	o.domain.len = min_t(u32, o.domain.len, TEXT_KEPT);
	return o;
}

static bool is_text(const struct sipalg_ctx *ctx, struct sip_span s, const char *text)
{
	return s.len == strlen(text) && !memcmp(ctx->msg.data + s.off, text, s.len);
}

u64 sipalg_registration_hash(const struct sipalg_ctx *ctx)
{
	struct sip_span user = owner_of(ctx).user;
	u64 hash = siphash(ctx->msg.data + user.off, user.len, &ctx->sn->secret);

	return hash ^ siphash(phone(ctx), sizeof(struct sip_host), &ctx->sn->secret);
}

static bool is_of(const struct sipalg_ctx *ctx, const struct sipalg_registration *r)
{
	struct owner o = owner_of(ctx);

	return r->zone == ctx->zone &&
	       sip_host_equal(&r->inner.host, phone(ctx)) &&
	       sip_host_equal(&r->registrar, registrar(ctx)) &&
	       is_text(ctx, o.user, r->user) && is_text(ctx, o.domain, r->domain);
}

static struct sipalg_registration *find(struct sipalg_ctx *ctx,
					const struct sip_endpoint *inner)
{
	struct sipalg_registration *r;
	struct rhlist_head *list, *pos;

	list = rhltable_lookup(&ctx->sn->registrations, &ctx->hash,
			       registration_params);
	rhl_for_each_entry_rcu(r, pos, list, node) {
		if (!r->dead && is_of(ctx, r) &&
		    sip_endpoint_equal(&r->inner, inner))
			return r;
	}
	return NULL;
}

/* The one that an earlier contact of this message stands for as well. */
static struct sipalg_registration *find_made(const struct sipalg_ctx *ctx, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct sipalg_contact *c = &ctx->contacts[i];

		if (c->proto == ctx->contacts[n].proto &&
		    sip_endpoint_equal(&c->inner, &ctx->contacts[n].inner))
			return c->registration;
	}
	return NULL;
}

static const char *put_text(char **at, const char *text, u32 len)
{
	char *s = *at;

	memcpy(s, text, len);
	s[len] = '\0';
	*at += len + 1;
	return s;
}

static void registration_timer(struct timer_list *t);

static struct sipalg_registration *registration_alloc(struct sipalg_ctx *ctx,
						      const struct sipalg_contact *c)
{
	struct sip_span aor = to_uri(ctx), contact = c->uri;
	struct owner o = owner_of(ctx);
	const char *data = ctx->msg.data;
	struct sipalg_registration *r;
	char *at;

	aor.len = min_t(u32, aor.len, TEXT_KEPT);
	contact.len = min_t(u32, contact.len, TEXT_KEPT);
	r = kzalloc(struct_size(r, text, o.user.len + o.domain.len + aor.len +
				contact.len + 4), GFP_ATOMIC);
	if (!r)
		return NULL;
	r->sn = ctx->sn;
	r->hash = ctx->hash;
	r->id = sipalg_new_id(ctx->sn);
	r->dead = true;
	r->zone = ctx->zone;
	r->proto = c->proto;
	r->registrar = *registrar(ctx);
	r->inner = c->inner;
	r->outer = c->outer;
	r->path = c->path;
	at = r->text;
	r->user = put_text(&at, data + o.user.off, o.user.len);
	r->domain = put_text(&at, data + o.domain.off, o.domain.len);
	r->aor = put_text(&at, data + aor.off, aor.len);
	r->contact = put_text(&at, data + contact.off, contact.len);
	timer_setup(&r->timer, registration_timer, 0);
	return r;
}

struct sipalg_registration *sipalg_registration_new(struct sipalg_net *sn, const char *user,
						    const char *domain, const char *aor,
						    const char *contact)
{
	u32 len[] = { strlen(user), strlen(domain), strlen(aor), strlen(contact) };
	struct sipalg_registration *r;
	char *at;

	r = kzalloc(struct_size(r, text, len[0] + len[1] + len[2] + len[3] + 4), GFP_KERNEL);
	if (!r)
		return NULL;
	r->sn = sn;
	r->dead = true;
	at = r->text;
	r->user = put_text(&at, user, len[0]);
	r->domain = put_text(&at, domain, len[1]);
	r->aor = put_text(&at, aor, len[2]);
	r->contact = put_text(&at, contact, len[3]);
	timer_setup(&r->timer, registration_timer, 0);
	return r;
}

static bool has_room(const struct sipalg_ctx *ctx)
{
	const struct sipalg_registration *r;
	struct rhlist_head *list, *pos;
	unsigned int n = 0;

	list = rhltable_lookup(&ctx->sn->registrations, &ctx->hash,
			       registration_params);
	rhl_for_each_entry_rcu(r, pos, list, node) {
		if (++n == SIPALG_SAME_KEY)
			return false;
	}
	return true;
}

/* The rule's limits, of all and of the phone's host. */
static bool count_for_rule(struct sipalg_registration *r, struct sipalg_rule *rule)
{
	enum sipalg_limit limit = SIPALG_LIMIT_REGISTRATIONS_RULE;

	if (atomic_inc_return(&rule->registrations) > rule->option[SIPALG_O_MAX_REGISTRATIONS])
		goto full;
	limit = SIPALG_LIMIT_REGISTRATIONS_SOURCE;
	if (!sipalg_source_take(r->sn, rule->option[SIPALG_O_MAX_REGISTRATIONS_SOURCE], true,
				&r->inner.host, r->zone, &r->source))
		goto full;
	sipalg_rule_get(rule);
	r->rule = rule;
	return true;
full:
	atomic_dec(&rule->registrations);
	sipalg_event_limit(r->sn, limit, &r->inner.host);
	return false;
}

static void uncount(struct sipalg_registration *r)
{
	atomic_dec(&r->rule->registrations);
	sipalg_source_give(r->source, true);
	sipalg_rule_put(r->rule);
}

/* In the table, but dead: nobody sees it until the message has left. */
static enum sipalg_reason registration_make(struct sipalg_ctx *ctx,
					    struct sipalg_contact *c)
{
	struct sipalg_net *sn = ctx->sn;
	struct sipalg_registration *r;

	if (!has_room(ctx)) {
		sipalg_event_limit(sn, SIPALG_LIMIT_REGISTRATIONS_AOR, &ctx->path.src_in.host);
		return SIPALG_R_LIMIT_REGISTRATIONS;
	}
	if (atomic_inc_return(&sn->nregistrations) >
	    READ_ONCE(sn->limits.registrations)) {
		atomic_dec(&sn->nregistrations);
		sipalg_event_limit(sn, SIPALG_LIMIT_REGISTRATIONS, &ctx->path.src_in.host);
		return SIPALG_R_LIMIT_REGISTRATIONS;
	}
	r = registration_alloc(ctx, c);
	if (!r)
		goto err;
	if (!count_for_rule(r, ctx->rule)) {
		kfree(r);
		atomic_dec(&sn->nregistrations);
		return SIPALG_R_LIMIT_REGISTRATIONS;
	}
	if (rhltable_insert(&sn->registrations, &r->node, registration_params)) {
		uncount(r);
		kfree(r);
		goto err;
	}
	c->registration = r;
	c->made = true;
	return SIPALG_R_OK;
err:
	atomic_dec(&sn->nregistrations);
	return SIPALG_R_NO_MEMORY;
}

enum sipalg_reason sipalg_registration_prepare(struct sipalg_ctx *ctx)
{
	enum sipalg_reason ret;
	unsigned int i;

	if (!sipalg_is_request(ctx))
		return SIPALG_R_OK;
	for (i = 0; i < ctx->ncontacts; i++) {
		struct sipalg_contact *c = &ctx->contacts[i];

		c->registration = find(ctx, &c->inner) ?: find_made(ctx, i);
		if (c->registration)
			continue;
		ret = registration_make(ctx, c);
		if (ret != SIPALG_R_OK)
			return ret;
	}
	return SIPALG_R_OK;
}

/* Once it was granted, those may call that its rule names, as the registrar may. */
static void open_binding(struct sipalg_registration *r)
{
	if (r->open || !r->granted || !r->binding || !r->rule->callers.n)
		return;
	sipalg_binding_open(r->binding, r->rule);
	r->open = true;
}

/* Let go of the way to it. */
static void drop_binding(struct sipalg_registration *r)
{
	struct sipalg_binding *b = r->binding;

	if (!b)
		return;
	if (r->open)
		sipalg_binding_shut(b);
	r->open = false;
	r->binding = NULL;
	sipalg_binding_drop(b, &r->registrar, 0);
}

static void unhash(struct sipalg_registration *r)
{
	r->dead = true;
	timer_delete(&r->timer);
	rhltable_remove(&r->sn->registrations, &r->node, registration_params);
	atomic_dec(&r->sn->nregistrations);
	drop_binding(r);
	uncount(r);
	kfree_rcu(r, rcu);
}

void sipalg_registration_abort(struct sipalg_ctx *ctx)
{
	unsigned int i;

	for (i = 0; i < ctx->ncontacts; i++) {
		if (ctx->contacts[i].made)
			unhash(ctx->contacts[i].registration);
		ctx->contacts[i].made = false;
	}
}

static void registration_end(struct sipalg_registration *r)
{
	if (r->granted) {
		sipalg_count(r->sn, SIPALG_R_REGISTRATIONS_ENDED);
		sipalg_event_registration(r, SIPALG_EVENT_UNREGISTERED);
	}
	unhash(r);
}

void sipalg_registration_kill(struct sipalg_registration *r)
{
	registration_end(r);
}

/*
 * The timer wheel is late by an eighth, which is minutes of an hour. So the
 * timer comes an eighth early, and looks again.
 */
static void arm(struct sipalg_registration *r)
{
	unsigned long now = jiffies, left = r->until - now;

	if (time_after(r->until, now) && left > 2 * HZ)
		mod_timer(&r->timer, now + left - left / 8);
	else
		mod_timer(&r->timer, r->until);
}

/* Under RCU and the lock: is there such a registration, or no room? */
static int same_registration(const struct sipalg_registration *r)
{
	const struct sipalg_registration *other;
	struct rhlist_head *list, *pos;
	unsigned int n = 0;

	list = rhltable_lookup(&r->sn->registrations, &r->hash, registration_params);
	rhl_for_each_entry_rcu(other, pos, list, node) {
		if (++n == SIPALG_SAME_KEY)
			return -ENOSPC;
		if (!other->dead && other->zone == r->zone &&
		    sip_endpoint_equal(&other->inner, &r->inner) &&
		    sip_host_equal(&other->registrar, &r->registrar) &&
		    !strcmp(other->user, r->user) && !strcmp(other->domain, r->domain))
			return -EEXIST;
	}
	return 0;
}

/* As sipalg_registration_hash() has it. */
static u64 hash_of(const struct sipalg_registration *r)
{
	return siphash(r->user, strlen(r->user), &r->sn->secret) ^
	       siphash(&r->inner.host, sizeof(r->inner.host), &r->sn->secret);
}

int sipalg_registration_add(struct sipalg_registration *r)
{
	struct sipalg_net *sn = r->sn;
	spinlock_t *lock;
	int err;

	r->hash = hash_of(r);
	lock = sipalg_lock(sn, r->hash);
	rcu_read_lock();
	spin_lock_bh(lock);
	err = same_registration(r);
	if (err)
		goto out;
	err = -ENOSPC;
	if (atomic_inc_return(&sn->nregistrations) > READ_ONCE(sn->limits.registrations))
		goto out_count;
	/* It takes a reference of its own; that of the caller goes. */
	if (!count_for_rule(r, r->rule))
		goto out_count;
	sipalg_rule_put(r->rule);
	err = rhltable_insert(&sn->registrations, &r->node, registration_params);
	if (err) {
		sipalg_rule_get(r->rule);
		uncount(r);
		goto out_count;
	}
	r->dead = false;
	r->granted = true;
	sipalg_count(sn, SIPALG_R_REGISTRATIONS);
	arm(r);
	goto out;
out_count:
	atomic_dec(&sn->nregistrations);
out:
	spin_unlock_bh(lock);
	rcu_read_unlock();
	return err;
}

void sipalg_registration_undo(struct sipalg_registration *r)
{
	if (r->binding)
		sipalg_binding_drop(r->binding, &r->registrar, 0);
	sipalg_rule_put(r->rule);
	kfree(r);
}

static void registration_timer(struct timer_list *t)
{
	struct sipalg_registration *r = compat_timer_of(r, t, timer);
	spinlock_t *lock;

	rcu_read_lock();
	lock = sipalg_lock(r->sn, r->hash);
	spin_lock_bh(lock);
	if (!r->dead && !READ_ONCE(r->sn->closing)) {
		if (time_before(jiffies, r->until))
			arm(r);
		else
			registration_end(r);
	}
	spin_unlock_bh(lock);
	rcu_read_unlock();
}

/* What a contact asks for or is granted: its own parameter, then Expires. */
static u32 expires_of(const struct sipalg_ctx *ctx, struct sip_span params)
{
	const struct sip_hdr *h = sip_hdr_first(&ctx->msg, SIP_HDR_EXPIRES);
	struct sip_span value;
	u32 n;

	if (sip_param(ctx->msg.data, params, "expires", &value) &&
	    !sip_number(ctx->msg.data, value, &n))
		return n;
	if (h && !sip_number(ctx->msg.data, h->value, &n))
		return n;
	return SIPALG_EXPIRES_DEFAULT;
}

static void remember(struct sipalg_ctx *ctx, struct sipalg_registration *r, u32 asked)
{
	r->call_id_hash = sipalg_hash(ctx->sn, ctx->msg.data + ctx->msg.call_id.off,
				      ctx->msg.call_id.len);
	r->cseq = ctx->msg.cseq;
	r->asked = asked;
}

/*
 * The hold that the plan took is ours now; where we have one, it goes again. A
 * phone that another rule let in before is only observed by now.
 */
static void take_binding(struct sipalg_ctx *ctx, struct sipalg_contact *c)
{
	struct sipalg_registration *r = c->registration;

	if (!c->binding) {
		drop_binding(r);
		r->outer = c->outer;
		return;
	}
	sipalg_binding_set_master(c->binding, ctx->ct);
	/* Without a way to it, what the plan took lasts for the answer. */
	if (c->binding == r->binding || !r->rule->option[SIPALG_O_REGISTRATION_PINHOLES])
		return;
	c->held = false;
	drop_binding(r);
	r->binding = c->binding;
	sipalg_end_get(r->binding, SIPALG_OUTER, &r->outer);
	open_binding(r);
}

static void commit_contact(struct sipalg_ctx *ctx, struct sipalg_contact *c)
{
	struct sipalg_registration *r = c->registration;

	take_binding(ctx, c);
	/* What Path has is none of this. */
	remember(ctx, r, expires_of(ctx, c->path ? (struct sip_span){} : c->params));
	c->made = false;
	if (r->dead || !r->granted) {
		r->dead = false;
		r->until = jiffies + SIPALG_PENDING_SECONDS * HZ;
		arm(r);
	}
}

/* "Contact: *" asks to end all that this phone has registered. */
static void commit_star(struct sipalg_ctx *ctx)
{
	struct sipalg_registration *r;
	struct rhlist_head *list, *pos;

	list = rhltable_lookup(&ctx->sn->registrations, &ctx->hash,
			       registration_params);
	rhl_for_each_entry_rcu(r, pos, list, node) {
		if (!r->dead && is_of(ctx, r))
			remember(ctx, r, 0);
	}
}

/* Does this URI lead there, by its host or by what says better (maddr)? */
static bool leads_to(const char *data, struct sip_span uri,
		     const struct sip_endpoint *there)
{
	struct sip_endpoint at = {};
	struct sip_span maddr;
	struct sip_uri u;

	if (sip_uri_parse(data, uri, &u) || !u.host.len)
		return false;
	at.host = u.addr;
	at.port = u.port ?: u.scheme == SIP_SCHEME_SIPS ? SIP_PORT_SECURE :
							  SIP_PORT_DEFAULT;
	if (sip_endpoint_equal(&at, there))
		return true;
	if (!sip_param(data, u.params, "maddr", &maddr))
		return false;
	sip_host_parse(data, maddr, &at.host);
	return sip_endpoint_equal(&at, there);
}

/*
 * The seconds that a 2xx grants to a registration; 0: it is not in the list.
 * A registrar that lists nothing at all grants what was asked for. One that
 * lists an endpoint twice, as after a restart of the phone with another URI,
 * may call it until the last of them ends; and so it may a Path for the contacts
 * behind it, which are not told apart here.
 */
static u32 granted(const struct sipalg_ctx *ctx, const struct sipalg_registration *r)
{
	const struct sip_hdr *h = sip_hdr_first(&ctx->msg, SIP_HDR_CONTACT);
	const char *data = ctx->msg.data;
	struct sip_nameaddr na;
	u32 seconds = 0;

	if (!h)
		return min(r->asked, expires_of(ctx, (struct sip_span){}));
	for (; h; h = sip_hdr_next(&ctx->msg, h)) {
		struct sip_span rest = h->value;

		while (sip_nameaddr_next(data, &rest, &na) == 1) {
			if (!na.star && (r->path || leads_to(data, na.uri, &r->outer)))
				seconds = max(seconds, expires_of(ctx, na.params));
		}
	}
	return seconds;
}

static void grant(struct sipalg_ctx *ctx, struct sipalg_registration *r, u32 seconds)
{
	bool was = r->granted;

	seconds = min_t(u32, seconds, 7 * 86400);
	r->granted = true;
	r->refreshed = ktime_to_ms(ktime_get_real());
	if (!was)
		r->since = r->refreshed;
	r->expires = seconds;
	r->until = jiffies + seconds * HZ;
	arm(r);
	open_binding(r);
	if (r->binding)
		sipalg_flow_keep(ctx->ct, ctx->flow, seconds);
	if (!was) {
		sipalg_count(ctx->sn, SIPALG_R_REGISTRATIONS);
		sipalg_event_registration(r, SIPALG_EVENT_REGISTERED);
	}
}

/*
 * The registrar has let the phone go. Unless others still need the binding,
 * the flow that it registered by is not kept for them either.
 */
static void withdraw(struct sipalg_ctx *ctx, struct sipalg_registration *r)
{
	struct sipalg_binding *b = r->binding;
	bool was = r->granted;

	registration_end(r);
	if (was && b && READ_ONCE(b->dead))
		sipalg_flow_let_go(ctx->ct, ctx->flow);
}

/* Answers after which the phone asks again; others refuse. */
static bool is_challenge(u16 status)
{
	return status == 401 || status == 407 || status == 423 || status == 494;
}

static void step(struct sipalg_ctx *ctx, struct sipalg_registration *r)
{
	u32 seconds;

	if (ctx->msg.status >= 300) {
		/* What was granted before lasts as long as it was granted. */
		if (!r->granted && !is_challenge(ctx->msg.status))
			registration_end(r);
		return;
	}
	seconds = granted(ctx, r);
	if (seconds)
		grant(ctx, r, seconds);
	else
		withdraw(ctx, r);
}

static void commit_response(struct sipalg_ctx *ctx)
{
	u64 call_id = sipalg_hash(ctx->sn, ctx->msg.data + ctx->msg.call_id.off,
				  ctx->msg.call_id.len);
	struct sipalg_registration *r;
	struct rhlist_head *list, *pos;

	list = rhltable_lookup(&ctx->sn->registrations, &ctx->hash,
			       registration_params);
	rhl_for_each_entry_rcu(r, pos, list, node) {
		if (!r->dead && r->call_id_hash == call_id &&
		    r->cseq == ctx->msg.cseq && is_of(ctx, r))
			step(ctx, r);
	}
}

void sipalg_registration_commit(struct sipalg_ctx *ctx)
{
	unsigned int i;

	if (!sipalg_is_request(ctx)) {
		if (ctx->msg.status >= 200)
			commit_response(ctx);
		return;
	}
	for (i = 0; i < ctx->ncontacts; i++)
		commit_contact(ctx, &ctx->contacts[i]);
	if (ctx->star)
		commit_star(ctx);
}

int sipalg_registrations_init(struct sipalg_net *sn)
{
	return rhltable_init(&sn->registrations, &registration_params);
}

void sipalg_registrations_flush(struct sipalg_net *sn)
{
	struct sipalg_registration *r;
	struct rhashtable_iter iter;

	while (atomic_read(&sn->nregistrations)) {
		rhltable_walk_enter(&sn->registrations, &iter);
		rhashtable_walk_start(&iter);
		while ((r = rhashtable_walk_next(&iter))) {
			spinlock_t *lock;

			if (IS_ERR(r))
				continue;
			lock = sipalg_lock(sn, r->hash);
			spin_lock_bh(lock);
			if (!r->dead)
				registration_end(r);
			spin_unlock_bh(lock);
		}
		rhashtable_walk_stop(&iter);
		rhashtable_walk_exit(&iter);
		cond_resched();
	}
}

void sipalg_registrations_clean(struct sipalg_net *sn)
{
	rhltable_destroy(&sn->registrations);
}

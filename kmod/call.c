// SPDX-License-Identifier: GPL-2.0
/*
 * The table of calls: what begins one, forks it, and takes it out again.
 */
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "call_priv.h"
#include "compat/compat.h"
#include "ctx.h"
#include "event.h"
#include "idle.h"
#include "mem.h"
#include "net.h"
#include "source.h"

/* Its 32 bits are enough for a table, where names are compared as well. */
u64 sipalg_hash(const struct sipalg_net *sn, const char *text, u32 len)
{
	const hsiphash_key_t key = { { sn->secret.key[0], sn->secret.key[1] } };

	return hsiphash(text, len, &key);
}

static bool begins_call(const struct sip_msg *m)
{
	if (m->status)
		return false;
	return m->method == SIP_INVITE || m->method == SIP_SUBSCRIBE ||
	       m->method == SIP_REFER;
}

#define URI_KEPT	127

static struct sip_span uri_of(const struct sip_nameaddr *na)
{
	struct sip_span uri = na->uri;

	uri.len = min_t(u32, uri.len, URI_KEPT);
	return uri;
}

static void call_timer(struct timer_list *t);

/* What is kept of a call in words; longer URIs are only shown. */
struct texts {
	const char *call_id;
	const char *a_tag;
	const char *a_uri;
	const char *b_uri;
	u32 call_id_len;
	u32 a_tag_len;
	u32 a_uri_len;
	u32 b_uri_len;
};

static char *put_text(char *at, const char *text, u32 len)
{
	memcpy(at, text, len);
	return at + len + 1;
}

static size_t size_of(u32 call_id_len, u32 a_tag_len, u32 a_uri_len, u32 b_uri_len)
{
	return offsetof(struct sipalg_call, text) + call_id_len + a_tag_len + a_uri_len +
	       b_uri_len + 4;
}

static struct sipalg_call *call_new(struct sipalg_net *sn, const struct texts *t, gfp_t gfp)
{
	struct sipalg_call *call;
	char *at;

	call = sipalg_mem_get(size_of(t->call_id_len, t->a_tag_len, t->a_uri_len,
				      t->b_uri_len), gfp);
	if (!call)
		return NULL;
	call->sn = sn;
	call->dead = true;
	INIT_LIST_HEAD(&call->dialogs);
	timer_setup(&call->timer, call_timer, 0);
	call->call_id_len = t->call_id_len;
	call->a_tag_len = t->a_tag_len;
	call->a_uri_len = t->a_uri_len;
	call->b_uri_len = t->b_uri_len;
	at = put_text(call->text, t->call_id, t->call_id_len);
	at = put_text(at, t->a_tag, t->a_tag_len);
	at = put_text(at, t->a_uri, t->a_uri_len);
	put_text(at, t->b_uri, t->b_uri_len);
	return call;
}

static void call_free(struct rcu_head *rcu)
{
	struct sipalg_call *call = container_of(rcu, struct sipalg_call, rcu);

	sipalg_mem_put(call, size_of(call->call_id_len, call->a_tag_len, call->a_uri_len,
				     call->b_uri_len));
}

/* Nobody finds it any more. */
static void call_put(struct sipalg_call *call)
{
	sipalg_hosts_clear(&call->learned);
	sipalg_rule_put(call->rule);
	call_rcu(&call->rcu, call_free);
}

static struct sipalg_call *call_alloc(struct sipalg_ctx *ctx)
{
	const struct sip_msg *m = &ctx->msg;
	struct sip_span from = uri_of(&m->from);
	struct sip_span to = uri_of(&m->to);
	const struct texts texts = {
		.call_id = m->data + m->call_id.off,
		.a_tag = m->data + m->from_tag.off,
		.a_uri = m->data + from.off,
		.b_uri = m->data + to.off,
		.call_id_len = m->call_id.len,
		.a_tag_len = m->from_tag.len,
		.a_uri_len = from.len,
		.b_uri_len = to.len,
	};
	struct sipalg_call *call = call_new(ctx->sn, &texts, GFP_ATOMIC);

	if (!call)
		return NULL;
	call->hash = ctx->hash;
	call->zone = ctx->zone;
	call->rule = ctx->rule;
	sipalg_rule_get(call->rule);
	call->method = m->method;
	call->host[0] = ctx->path.src_in.host;
	call->host[1] = ctx->path.dst_out.host;
	return call;
}

static bool count_up(atomic_t *counter, u32 limit)
{
	if (atomic_inc_return(counter) <= limit)
		return true;
	atomic_dec(counter);
	return false;
}

/* Each try takes one away from others, who may come first to the free place. */
static bool count_dialog(struct sipalg_net *sn, struct sipalg_ctx *ctx)
{
	unsigned int tries = 2;

	do {
		if (count_up(&sn->ndialogs, READ_ONCE(sn->limits.dialogs)))
			return true;
	} while (tries-- && sipalg_yield_make_room(ctx, false));
	sipalg_event_limit(sn, SIPALG_LIMIT_DIALOGS, &ctx->path.src_in.host);
	return false;
}

/* The rule's limits, of all and of the host that began the call. */
static bool count_for_rule(struct sipalg_call *call, struct sipalg_dialog *d)
{
	struct sipalg_rule *r = call->rule;

	if (!count_up(&r->dialogs, r->option[SIPALG_O_MAX_DIALOGS])) {
		sipalg_event_limit(call->sn, SIPALG_LIMIT_DIALOGS_RULE, &call->host[0]);
		return false;
	}
	if (!sipalg_source_take(call->sn, r->option[SIPALG_O_MAX_DIALOGS_SOURCE], false,
				&call->host[0], call->zone, &d->source)) {
		atomic_dec(&r->dialogs);
		sipalg_event_limit(call->sn, SIPALG_LIMIT_DIALOGS_SOURCE, &call->host[0]);
		return false;
	}
	d->counted = true;
	return true;
}

void sipalg_call_uncount(struct sipalg_dialog *d)
{
	if (!d->counted)
		return;
	d->counted = false;
	atomic_dec(&d->call->rule->dialogs);
	sipalg_source_give(d->source, false);
	d->source = NULL;
}

static enum sipalg_reason dialog_alloc(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d;

	if (ctx->call->ndialogs >= ctx->sn->limits.forks) {
		sipalg_event_limit(ctx->sn, SIPALG_LIMIT_DIALOGS_CALL, &ctx->path.src_in.host);
		return SIPALG_R_LIMIT_CALLS;
	}
	if (!count_dialog(ctx->sn, ctx))
		return SIPALG_R_LIMIT_CALLS;
	d = sipalg_mem_get(sizeof(*d), GFP_ATOMIC);
	if (!d) {
		atomic_dec(&ctx->sn->ndialogs);
		return SIPALG_R_NO_MEMORY;
	}
	INIT_LIST_HEAD(&d->yield);
	d->call = ctx->call;
	if (!count_for_rule(ctx->call, d)) {
		sipalg_mem_put(d, sizeof(*d));
		atomic_dec(&ctx->sn->ndialogs);
		return SIPALG_R_LIMIT_CALLS;
	}
	d->id = sipalg_new_id(ctx->sn);
	if (!ctx->call->id)
		ctx->call->id = d->id;
	d->start = ktime_to_ms(ktime_get_real());
	d->deadline = jiffies + ctx->call->rule->option[SIPALG_O_EARLY_SECONDS] * HZ;
	ctx->dialog = d;
	ctx->new_dialog = true;
	return SIPALG_R_OK;
}

/* The response tells a tag: of the dialog, or of another fork of it. */
static enum sipalg_reason prepare_tag(struct sipalg_ctx *ctx)
{
	const struct sip_msg *m = &ctx->msg;
	struct sip_span tag = m->status ? m->to_tag : m->from_tag;

	if (!sipalg_is_request(ctx) ? ctx->side != 1 : m->method != SIP_NOTIFY)
		return SIPALG_R_OK;
	if (!tag.len || tag.len > SIPALG_TAG_MAX || m->status == 100 ||
	    ctx->dialog->b_tag)
		return SIPALG_R_OK;
	ctx->new_tag = kmemdup(m->data + tag.off, tag.len, GFP_ATOMIC);
	/* A failure has to end what was asked for: it can do without its tag. */
	return ctx->new_tag || m->status >= 300 ? SIPALG_R_OK : SIPALG_R_NO_MEMORY;
}

/* The dialog that a response with a new tag forks, or NULL. */
static struct sipalg_dialog *forked_by_response(const struct sipalg_ctx *ctx)
{
	const struct sip_msg *m = &ctx->msg;

	if (ctx->side != 1 || !m->to_tag.len || m->status < 101 ||
	    m->status > 299 || m->method != ctx->call->method)
		return NULL;
	return call_dialog_by_cseq(ctx, ctx->call, false);
}

/*
 * A SUBSCRIBE that forks has only one response: the others that took it tell
 * their tag by NOTIFY (RFC 6665 4.1.4).
 */
static struct sipalg_dialog *forked_by_notify(const struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d;

	if (ctx->side != 1 || !ctx->msg.from_tag.len ||
	    ctx->call->method == SIP_INVITE)
		return NULL;
	list_for_each_entry(d, &ctx->call->dialogs, list) {
		if (d->state != SIPALG_DIALOG_TERMINATED)
			return d;
	}
	return NULL;
}

/* A tag of B's that no dialog has, and none is free for it. */
static enum sipalg_reason prepare_fork(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *from;
	enum sipalg_reason ret;

	from = ctx->msg.status ? forked_by_response(ctx) : forked_by_notify(ctx);
	if (!from) {
		ctx->stale = true;
		return SIPALG_R_OK;
	}
	ret = dialog_alloc(ctx);
	if (ret != SIPALG_R_OK)
		return ret;
	/* Each fork counts for itself from the INVITE on (RFC 3261 12.1.2). */
	ctx->dialog->cseq[0] = from->invite[0].cseq;
	ctx->dialog->known[0] = true;
	ctx->dialog->invite[0] = from->invite[0];
	/* The others got their final response: this one still may. */
	ctx->dialog->invite[0].active = true;
	ctx->dialog->cancelled = from->cancelled;
	ctx->dialog->start = from->start;
	return sipalg_media_fork(ctx->dialog) ? SIPALG_R_OK : SIPALG_R_NO_MEMORY;
}

/* A request without a dialog: the call's next try, or none of ours. */
static enum sipalg_reason prepare_retry(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d;

	ctx->stale = ctx->side != 0 || !call_is_initial(ctx, ctx->call);
	list_for_each_entry(d, &ctx->call->dialogs, list) {
		if (ctx->msg.cseq < d->cseq[0] ||
		    (ctx->msg.cseq == d->cseq[0] &&
		     d->state != SIPALG_DIALOG_TERMINATED))
			ctx->stale = true;
	}
	if (ctx->stale)
		return SIPALG_R_OK;
	return dialog_alloc(ctx);
}

static bool has_room(const struct sipalg_ctx *ctx)
{
	struct rhlist_head *list, *pos;
	const struct sipalg_call *call;
	unsigned int n = 0;

	list = rhltable_lookup(&ctx->sn->calls, &ctx->hash, call_params);
	rhl_for_each_entry_rcu(call, pos, list, node) {
		if (++n == SIPALG_SAME_KEY)
			return false;
	}
	return true;
}

static enum sipalg_reason prepare_call(struct sipalg_ctx *ctx)
{
	const struct sip_msg *m = &ctx->msg;
	enum sipalg_reason ret;

	if (!begins_call(m))
		return SIPALG_R_OK;
	/* A REFER within a dialog that we do not know begins nothing new. */
	if (m->to_tag.len && m->method != SIP_INVITE)
		return SIPALG_R_OK;
	if (m->call_id.len > SIPALG_TAG_MAX || m->from_tag.len > SIPALG_TAG_MAX ||
	    m->to_tag.len > SIPALG_TAG_MAX)
		return SIPALG_R_OK;
	if (!has_room(ctx)) {
		sipalg_event_limit(ctx->sn, SIPALG_LIMIT_DIALOGS_CALL, &ctx->path.src_in.host);
		return SIPALG_R_LIMIT_CALLS;
	}
	ctx->call = call_alloc(ctx);
	if (!ctx->call)
		return SIPALG_R_NO_MEMORY;
	/* In the table, but dead: nobody sees it until the message has left. */
	if (rhltable_insert(&ctx->sn->calls, &ctx->call->node, call_params)) {
		call_put(ctx->call);
		ctx->call = NULL;
		return SIPALG_R_NO_MEMORY;
	}
	atomic_inc(&ctx->sn->ncalls);
	ctx->new_call = true;
	ctx->side = 0;
	ctx->stale = false;
	ret = dialog_alloc(ctx);
	if (ret != SIPALG_R_OK || !m->to_tag.len)
		return ret;
	/* A re-INVITE of a call that is older than us: it is a dialog already. */
	ctx->new_tag = kmemdup(m->data + m->to_tag.off, m->to_tag.len, GFP_ATOMIC);
	return ctx->new_tag ? SIPALG_R_OK : SIPALG_R_NO_MEMORY;
}

enum sipalg_reason sipalg_call_prepare(struct sipalg_ctx *ctx)
{
	enum sipalg_reason ret;

	ctx->new_call = false;
	ctx->new_dialog = false;
	ctx->new_tag = NULL;
	if (!ctx->call)
		return prepare_call(ctx);
	if (ctx->stale)
		return SIPALG_R_OK;
	if (!ctx->dialog) {
		ret = ctx->msg.status || ctx->msg.method == SIP_NOTIFY ?
		      prepare_fork(ctx) : prepare_retry(ctx);
		if (ret != SIPALG_R_OK || ctx->stale)
			return ret;
	}
	if (ctx->dialog->state == SIPALG_DIALOG_TERMINATED ||
	    !sipalg_dialog_fits(ctx)) {
		ctx->killed = ctx->dialog->killed;
		ctx->stale = true;
		return SIPALG_R_OK;
	}
	return prepare_tag(ctx);
}

struct sipalg_call *sipalg_call_new(struct sipalg_net *sn, const char *call_id,
				    const char *a_tag, const char *a_uri, const char *b_uri)
{
	const struct texts texts = {
		.call_id = call_id,
		.a_tag = a_tag,
		.a_uri = a_uri,
		.b_uri = b_uri,
		.call_id_len = strlen(call_id),
		.a_tag_len = strlen(a_tag),
		.a_uri_len = strnlen(a_uri, URI_KEPT),
		.b_uri_len = strnlen(b_uri, URI_KEPT),
	};
	struct sipalg_call *call;

	if (texts.call_id_len > SIPALG_TAG_MAX || texts.a_tag_len > SIPALG_TAG_MAX)
		return NULL;
	call = call_new(sn, &texts, GFP_KERNEL);
	if (call)
		call->hash = sipalg_hash(sn, call_id, texts.call_id_len);
	return call;
}

struct sipalg_dialog *sipalg_dialog_new(struct sipalg_call *call, gfp_t gfp)
{
	struct sipalg_net *sn = call->sn;
	struct sipalg_dialog *d;

	if (call->ndialogs >= sn->limits.forks ||
	    !count_up(&sn->ndialogs, READ_ONCE(sn->limits.dialogs)))
		return ERR_PTR(-ENOSPC);
	d = sipalg_mem_get(sizeof(*d), gfp);
	if (d) {
		INIT_LIST_HEAD(&d->yield);
		d->call = call;
		if (count_for_rule(call, d))
			return d;
	}
	atomic_dec(&sn->ndialogs);
	if (!d)
		return ERR_PTR(-ENOMEM);
	sipalg_mem_put(d, sizeof(*d));
	return ERR_PTR(-ENOSPC);
}

static void dialog_free(struct sipalg_dialog *d)
{
	sipalg_yield_forget(d);
	sipalg_media_close(d);
	sipalg_call_uncount(d);
	atomic_dec(&d->call->sn->ndialogs);
	kfree(d->sight.referral);
	kfree(d->b_tag);
	sipalg_mem_put(d, sizeof(*d));
}

void sipalg_call_abort(struct sipalg_ctx *ctx)
{
	kfree(ctx->new_tag);
	ctx->new_tag = NULL;
	if (ctx->new_dialog)
		dialog_free(ctx->dialog);
	if (ctx->new_call) {
		rhltable_remove(&ctx->sn->calls, &ctx->call->node, call_params);
		atomic_dec(&ctx->sn->ncalls);
		call_put(ctx->call);
	}
	ctx->new_dialog = false;
	ctx->new_call = false;
	ctx->call = NULL;
	ctx->dialog = NULL;
}

void sipalg_call_arm(struct sipalg_call *call, unsigned long when)
{
	/* One that leaves the table ends its dialogs, but waits for nothing. */
	if (call->dead)
		return;
	if (!timer_pending(&call->timer) || time_before(when, call->timer.expires))
		mod_timer(&call->timer, when);
}

void sipalg_call_publish(struct sipalg_ctx *ctx)
{
	struct sipalg_call *call = ctx->call;
	struct sipalg_dialog *d = ctx->dialog;

	if (ctx->new_tag) {
		const struct sip_msg *m = &ctx->msg;

		d->b_tag = ctx->new_tag;
		d->b_tag_len = m->status || ctx->new_call ? m->to_tag.len :
							    m->from_tag.len;
		ctx->new_tag = NULL;
	}
	if (ctx->new_dialog) {
		list_add_tail(&d->list, &call->dialogs);
		call->ndialogs++;
		sipalg_yield_update(d);
		sipalg_count(ctx->sn, SIPALG_R_DIALOGS);
	}
	call->dead = false;
}

/* Under RCU: the same call in the table; more than may share a key count, too. */
static int same_call(const struct sipalg_call *call)
{
	const struct sipalg_call *other;
	struct rhlist_head *list, *pos;
	unsigned int n = 0;

	list = rhltable_lookup(&call->sn->calls, &call->hash, call_params);
	rhl_for_each_entry_rcu(other, pos, list, node) {
		if (++n == SIPALG_SAME_KEY)
			return -ENOSPC;
		if (!other->dead && other->zone == call->zone &&
		    !strcmp(sipalg_call_id(other), sipalg_call_id(call)) &&
		    !strcmp(sipalg_call_a_tag(other), sipalg_call_a_tag(call)) &&
		    sip_host_equal(&other->host[0], &call->host[0]) &&
		    sip_host_equal(&other->host[1], &call->host[1]))
			return -EEXIST;
	}
	return 0;
}

int sipalg_call_is_known(const struct sipalg_call *call)
{
	int err;

	rcu_read_lock();
	err = same_call(call);
	rcu_read_unlock();
	return err;
}

int sipalg_call_add(struct sipalg_call *call)
{
	spinlock_t *lock = sipalg_lock(call->sn, call->hash);
	struct sipalg_dialog *d;
	int err;

	rcu_read_lock();
	spin_lock_bh(lock);
	err = same_call(call) ?: rhltable_insert(&call->sn->calls, &call->node, call_params);
	if (err)
		goto out;
	atomic_inc(&call->sn->ncalls);
	call->dead = false;
	list_for_each_entry(d, &call->dialogs, list) {
		sipalg_count(call->sn, SIPALG_R_DIALOGS);
		sipalg_yield_update(d);
		sipalg_media_open(d);
		sipalg_sight_settle(d, 0, true);
		sipalg_call_arm(call, d->deadline);
	}
out:
	spin_unlock_bh(lock);
	rcu_read_unlock();
	return err;
}

void sipalg_call_undo(struct sipalg_call *call)
{
	spinlock_t *lock = sipalg_lock(call->sn, call->hash);
	struct sipalg_dialog *d, *tmp;

	spin_lock_bh(lock);
	list_for_each_entry_safe(d, tmp, &call->dialogs, list) {
		list_del(&d->list);
		dialog_free(d);
	}
	sipalg_call_unlease(call);
	if (call->master)
		nf_ct_put(call->master);
	call->master = NULL;
	spin_unlock_bh(lock);
	call_put(call);
}

/* With the call's lock. Frees what nobody can find any more. */
static void call_remove(struct sipalg_call *call)
{
	struct sipalg_dialog *d, *tmp;

	call->dead = true;
	timer_delete(&call->timer);
	rhltable_remove(&call->sn->calls, &call->node, call_params);
	list_for_each_entry_safe(d, tmp, &call->dialogs, list) {
		if (d->state != SIPALG_DIALOG_TERMINATED)
			sipalg_dialog_end(d, SIPALG_END_DISABLED);
		list_del(&d->list);
		dialog_free(d);
	}
	sipalg_call_unlease(call);
	if (call->master)
		nf_ct_put(call->master);
	atomic_dec(&call->sn->ncalls);
	call_put(call);
}

void sipalg_call_forget(struct sipalg_dialog *d)
{
	struct sipalg_call *call = d->call;

	list_del(&d->list);
	call->ndialogs--;
	dialog_free(d);
	if (list_empty(&call->dialogs))
		call_remove(call);
}

static void call_timer(struct timer_list *t)
{
	struct sipalg_call *call = compat_timer_of(call, t, timer);
	struct sipalg_dialog *d, *tmp;
	spinlock_t *lock;

	rcu_read_lock();
	lock = sipalg_lock(call->sn, call->hash);
	spin_lock_bh(lock);
	if (call->dead || READ_ONCE(call->sn->closing))
		goto out;
	list_for_each_entry_safe(d, tmp, &call->dialogs, list) {
		if (!time_before(jiffies, d->deadline) && !sipalg_dialog_timeout(d)) {
			sipalg_call_forget(d);
			continue;
		}
		sipalg_idle_look(d);
		sipalg_call_arm(call, d->deadline);
	}
out:
	spin_unlock_bh(lock);
	rcu_read_unlock();
}

int sipalg_calls_init(struct sipalg_net *sn)
{
	return rhltable_init(&sn->calls, &call_params);
}

void sipalg_calls_flush(struct sipalg_net *sn)
{
	struct rhashtable_iter iter;
	struct sipalg_call *call;

	while (atomic_read(&sn->ncalls)) {
		rhltable_walk_enter(&sn->calls, &iter);
		rhashtable_walk_start(&iter);
		while ((call = rhashtable_walk_next(&iter))) {
			spinlock_t *lock;

			if (IS_ERR(call))
				continue;
			lock = sipalg_lock(sn, call->hash);
			spin_lock_bh(lock);
			if (!call->dead)
				call_remove(call);
			spin_unlock_bh(lock);
		}
		rhashtable_walk_stop(&iter);
		rhashtable_walk_exit(&iter);
		cond_resched();
	}
}

void sipalg_calls_clean(struct sipalg_net *sn)
{
	rhltable_destroy(&sn->calls);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The states of a dialog: what each message means once it has left.
 */
#include <linux/slab.h>

#include "ctx.h"
#include "event.h"
#include "idle.h"
#include "net.h"

#define SUBSCRIPTION_MAX	(7 * 86400)

static u64 now_ms(void)
{
	return ktime_to_ms(ktime_get_real());
}

static void set_deadline(struct sipalg_dialog *d, u32 seconds)
{
	d->deadline = jiffies + seconds * HZ;
	sipalg_call_arm(d->call, d->deadline);
}

/* What leads to the Contacts of a call goes when no dialog needs it any more. */
static void unlease_unneeded(struct sipalg_call *call)
{
	const struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list) {
		if (d->state != SIPALG_DIALOG_TERMINATED || d->killed)
			return;
	}
	sipalg_call_unlease(call);
}

void sipalg_dialog_end(struct sipalg_dialog *d, u8 reason)
{
	if (d->state == SIPALG_DIALOG_TERMINATED)
		return;
	d->state = SIPALG_DIALOG_TERMINATED;
	d->reason = reason;
	d->end = now_ms();
	sipalg_sight_count(d);
	sipalg_count(d->call->sn, SIPALG_R_DIALOGS_ENDED);
	if (d->refer)
		sipalg_call_linger(d->call);
	/* Before the media go, so that the event still shows them. */
	sipalg_event_dialog(d, SIPALG_EVENT_DIALOG_ENDED);
	sipalg_media_close(d);
	sipalg_call_uncount(d);
	sipalg_yield_update(d);
	set_deadline(d, SIPALG_LINGER_SECONDS);
	unlease_unneeded(d->call);
}

void sipalg_dialog_kill(struct sipalg_dialog *d)
{
	unsigned long deadline = d->deadline;

	d->killed = true;
	sipalg_dialog_end(d, SIPALG_END_KILLED);
	d->deadline = deadline;
}

void sipalg_dialog_step_killed(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	u16 status = ctx->msg.status;

	/* With credentials, a BYE that was challenged comes again. */
	if (ctx->msg.method != SIP_BYE || status < 200 || status == 401 || status == 407)
		return;
	d->killed = false;
	set_deadline(d, SIPALG_LINGER_SECONDS);
	unlease_unneeded(d->call);
}

static bool is_leaving(const struct sipalg_dialog *d)
{
	return d->bye[0].active || d->bye[1].active;
}

/* The answer may have been one that could not be taken in. */
static bool is_answered(const struct sipalg_call *call)
{
	const struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list) {
		if (d->answer)
			return true;
	}
	return false;
}

static u8 timeout_reason(const struct sipalg_dialog *d)
{
	if (is_leaving(d))
		return SIPALG_END_BYE_TIMEOUT;
	if (d->lost)
		return SIPALG_END_LOST;
	if (d->state == SIPALG_DIALOG_CONFIRMED)
		return SIPALG_END_TIMEOUT;
	if (d->cancelled)
		return SIPALG_END_CANCEL;
	return d->hurried && is_answered(d->call) ? SIPALG_END_REPLACED :
						    SIPALG_END_TIMEOUT;
}

bool sipalg_dialog_timeout(struct sipalg_dialog *d)
{
	if (d->state == SIPALG_DIALOG_TERMINATED)
		return false;
	sipalg_dialog_end(d, timeout_reason(d));
	return true;
}

/* Where requests of this kind are noted, of the side that sends them. */
static struct sipalg_transaction *transaction_of(struct sipalg_dialog *d,
						 u8 method, u8 side)
{
	if (method == d->call->method)
		return &d->invite[side];
	switch (method) {
	case SIP_UPDATE:
		return &d->update[side];
	case SIP_PRACK:
		return &d->prack[side];
	case SIP_BYE:
		return &d->bye[side];
	default:
		return NULL;
	}
}

static bool is_of(const struct sipalg_ctx *ctx, const struct sipalg_transaction *t)
{
	return t->seen && t->cseq == ctx->msg.cseq;
}

/*
 * Sent again, and not anew: some phones give a request that was challenged the
 * same number when it comes with credentials, but hardly the same branch.
 */
static bool is_again(const struct sipalg_ctx *ctx, const struct sipalg_transaction *t)
{
	return is_of(ctx, t) && (t->active || t->via == sipalg_via_hash(ctx));
}

bool sipalg_dialog_is_repeated(const struct sipalg_ctx *ctx)
{
	const struct sipalg_transaction *t =
		transaction_of(ctx->dialog, ctx->msg.method, ctx->side);

	return sipalg_is_request(ctx) && t && is_again(ctx, t);
}

bool sipalg_dialog_fits(const struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	const struct sipalg_transaction *t;

	if (ctx->new_dialog)
		return true;
	if (ctx->msg.method == SIP_ACK || ctx->msg.method == SIP_CANCEL)
		return is_of(ctx, &d->invite[sipalg_requester(ctx)]);
	t = transaction_of(d, ctx->msg.method, sipalg_requester(ctx));
	if (!sipalg_is_request(ctx))
		return !t || is_of(ctx, t);
	return !d->known[ctx->side] || ctx->msg.cseq >= d->cseq[ctx->side] ||
	       (t && is_of(ctx, t));
}

/* Sent again, it is still what it was. Return: whether it is new. */
static bool begin(const struct sipalg_ctx *ctx, struct sipalg_transaction *t)
{
	if (is_again(ctx, t))
		return false;
	t->seen = true;
	t->active = true;
	t->initial = !ctx->msg.to_tag.len;
	t->offered = ctx->media.present && !ctx->media.answer;
	t->cseq = ctx->msg.cseq;
	t->via = sipalg_via_hash(ctx);
	return true;
}

static bool header_number(const struct sip_msg *m, enum sip_hdr_id id, u32 *n)
{
	const struct sip_hdr *h = sip_hdr_first(m, id);
	struct sip_span s;
	u32 i;

	if (!h)
		return false;
	/* The number ends where parameters or white space begin. */
	s = h->value;
	for (i = 0; i < s.len; i++) {
		char c = m->data[s.off + i];

		if (c < '0' || c > '9')
			break;
	}
	s.len = i;
	return !sip_number(m->data, s, n);
}

/* Subscription-State: is it over? If not, its time is the one that counts. */
static bool is_over(const struct sip_msg *m, const struct sip_hdr *h, u32 *seconds)
{
	struct sip_span word = h->value, params = {}, value;
	const char *semi = memchr(m->data + word.off, ';', word.len);

	if (semi) {
		word.len = semi - m->data - word.off;
		params.off = word.off + word.len + 1;
		params.len = h->value.off + h->value.len - params.off;
	}
	while (word.len && strchr(" \t\r\n", m->data[word.off + word.len - 1]))
		word.len--;
	if (sip_param(m->data, params, "expires", &value) &&
	    !sip_number(m->data, value, seconds))
		*seconds = clamp_t(u32, *seconds, 32, SUBSCRIPTION_MAX);
	return sip_span_is_nocase(m->data, word, "terminated");
}

static void step_notify(struct sipalg_ctx *ctx)
{
	const struct sip_hdr *h = sip_hdr_first(&ctx->msg, SIP_HDR_SUBSCRIPTION_STATE);
	struct sipalg_dialog *d = ctx->dialog;
	u32 seconds = 0;
	bool over;

	if (!h)
		return;
	over = is_over(&ctx->msg, h, &seconds);
	if (d->call->method == SIP_INVITE) {
		/* Of a REFER within the call, which lives on without it. */
		d->refer = d->refer && !over;
		return;
	}
	if (over) {
		sipalg_dialog_end(d, SIPALG_END_BYE);
		return;
	}
	if (d->state < SIPALG_DIALOG_CONFIRMED) {
		d->state = SIPALG_DIALOG_CONFIRMED;
		d->answer = now_ms();
		sipalg_yield_update(d);
		seconds = seconds ?: SIPALG_EXPIRES_DEFAULT;
		sipalg_event_dialog(d, SIPALG_EVENT_DIALOG_ANSWERED);
	}
	if (seconds)
		set_deadline(d, seconds + SIPALG_BYE_SECONDS);
}

/* Answers after which a subscription is no more (RFC 6665 4.1.2.2). */
static bool ends_subscription(u16 status)
{
	switch (status) {
	case 404:
	case 405:
	case 410:
	case 416:
	case 480 ... 485:
	case 489:
	case 501:
	case 604:
		return true;
	default:
		return false;
	}
}

/* As long as an INVITE may ring; but not longer for what is about to end. */
static void prolong_early(struct sipalg_dialog *d)
{
	if (!d->cancelled && !d->hurried && !is_leaving(d))
		set_deadline(d, d->call->rule->option[SIPALG_O_EARLY_SECONDS]);
}

/*
 * All forks have 64 * T1 for the 487, or for a 2xx that crossed (RFC 3261 9.1).
 * A re-INVITE that is cancelled is refused, no more.
 */
static void step_cancel(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d;

	if (ctx->side)
		return;
	list_for_each_entry(d, &ctx->call->dialogs, list) {
		if (d->invite[0].cseq != ctx->msg.cseq || d->cancelled ||
		    d->state >= SIPALG_DIALOG_CONFIRMED)
			continue;
		d->cancelled = true;
		set_deadline(d, SIPALG_BYE_SECONDS);
	}
}

/* It may be refused: then it rings on. */
static void step_cancel_response(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d;

	if (ctx->msg.status < 300)
		return;
	list_for_each_entry(d, &ctx->call->dialogs, list) {
		if (d->invite[0].cseq != ctx->msg.cseq || !d->cancelled ||
		    d->state >= SIPALG_DIALOG_CONFIRMED)
			continue;
		d->cancelled = false;
		prolong_early(d);
	}
}

static void step_request(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	const struct sip_msg *m = &ctx->msg;
	struct sipalg_transaction *t = transaction_of(d, m->method, ctx->side);
	bool new;

	if (m->method != SIP_ACK && m->method != SIP_CANCEL &&
	    (!d->known[ctx->side] || m->cseq > d->cseq[ctx->side])) {
		d->known[ctx->side] = true;
		d->cseq[ctx->side] = m->cseq;
	}
	new = t && begin(ctx, t);
	if (m->method == d->call->method) {
		if (d->state < SIPALG_DIALOG_CONFIRMED)
			prolong_early(d);
		return;
	}
	switch (m->method) {
	case SIP_BYE:
		/* A repeated BYE does not give it more time. */
		if (new)
			set_deadline(d, SIPALG_BYE_SECONDS);
		break;
	case SIP_CANCEL:
		step_cancel(ctx);
		break;
	case SIP_NOTIFY:
		step_notify(ctx);
		break;
	}
}

/* All but @answered get 32 seconds for a 2xx of their own (RFC 3261 13.2.2.4). */
static void hurry_others(struct sipalg_call *call, u32 cseq,
			 const struct sipalg_dialog *answered)
{
	struct sipalg_dialog *other;

	list_for_each_entry(other, &call->dialogs, list) {
		if (other == answered || other->hurried ||
		    other->state >= SIPALG_DIALOG_CONFIRMED ||
		    other->invite[0].cseq != cseq)
			continue;
		other->hurried = true;
		set_deadline(other, SIPALG_BYE_SECONDS);
	}
}

void sipalg_dialog_missed(struct sipalg_ctx *ctx)
{
	const struct sip_msg *m = &ctx->msg;

	if (ctx->call && !ctx->new_call && !ctx->stale && ctx->side == 1 &&
	    m->method == SIP_INVITE && ctx->call->method == SIP_INVITE &&
	    m->status >= 200 && m->status < 300)
		hurry_others(ctx->call, m->cseq, NULL);
}

/* What the 2xx to an INVITE, UPDATE or SUBSCRIBE grants. */
static u32 granted(struct sipalg_dialog *d, const struct sip_msg *m)
{
	u32 seconds;

	if (d->call->method == SIP_INVITE) {
		d->session_expires = 0;
		if (!header_number(m, SIP_HDR_SESSION_EXPIRES, &seconds))
			return d->call->rule->option[SIPALG_O_CONFIRMED_SECONDS];
		d->session_expires = clamp_t(u32, seconds, 90, 7 * 86400);
		return d->session_expires;
	}
	seconds = SIPALG_EXPIRES_DEFAULT;
	header_number(m, SIP_HDR_EXPIRES, &seconds);
	return clamp_t(u32, seconds, 32, SUBSCRIPTION_MAX);
}

static void refresh(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	u32 seconds = granted(d, &ctx->msg);

	d->lost = false;
	/* A BYE on its way is not undone by a repeated 2xx. */
	if (!is_leaving(d))
		set_deadline(d, seconds + SIPALG_BYE_SECONDS);
	if (!ctx->observe)
		sipalg_flow_keep(ctx->ct, ctx->flow, min_t(u32, seconds, 3600));
}

static void step_2xx(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	u8 requester = sipalg_requester(ctx);
	bool first = d->invite[requester].active;

	d->invite[requester].active = false;
	sipalg_media_agree(d, requester, ctx->msg.cseq, true);
	refresh(ctx);
	if (d->state < SIPALG_DIALOG_CONFIRMED) {
		d->state = SIPALG_DIALOG_CONFIRMED;
		d->answer = now_ms();
		sipalg_yield_update(d);
		sipalg_media_trim(d);
		sipalg_idle_begin(d);
		hurry_others(d->call, d->invite[0].cseq, d);
		sipalg_event_dialog(d, SIPALG_EVENT_DIALOG_ANSWERED);
	} else if (first && ctx->media.present) {
		sipalg_event_dialog(d, SIPALG_EVENT_DIALOG_CHANGED);
	}
}

/*
 * A request within the dialog was refused. 481: the other side has no such call
 * any more, and nobody will send a BYE. 408 says less: whoever asked should hang
 * up (RFC 3261 12.2.1.2), and has the time for it; if the next refresh is
 * answered, all is well. The others leave the dialog as it was (RFC 5057).
 */
static void step_refused(struct sipalg_dialog *d, u16 status)
{
	if (d->state != SIPALG_DIALOG_CONFIRMED || is_leaving(d))
		return;
	if (status == 481) {
		sipalg_dialog_end(d, SIPALG_END_LOST);
	} else if (status == 408 && !d->lost) {
		d->lost = true;
		set_deadline(d, SIPALG_BYE_SECONDS);
	}
}

/* A re-INVITE failed: what was agreed before still holds. */
static void step_reinvite_failure(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	u8 requester = sipalg_requester(ctx);

	/* Sent again, or of a fork that others chose not to take. */
	if (!d->invite[requester].active)
		return;
	d->invite[requester].active = false;
	sipalg_media_refuse(d, requester, ctx->msg.cseq, true);
	step_refused(d, ctx->msg.status);
}

/* A final failure of the first INVITE ends all of its forks. */
static void step_failure(struct sipalg_ctx *ctx)
{
	struct sipalg_call *call = ctx->call;
	struct sipalg_dialog *d = ctx->dialog;
	u32 cseq = ctx->msg.cseq;

	if (d->state == SIPALG_DIALOG_CONFIRMED || sipalg_requester(ctx)) {
		step_reinvite_failure(ctx);
		if (call->method == SIP_SUBSCRIBE && ends_subscription(ctx->msg.status))
			sipalg_dialog_end(d, SIPALG_END_FAILURE);
		return;
	}
	list_for_each_entry(d, &call->dialogs, list) {
		if (d->invite[0].cseq != cseq ||
		    d->state >= SIPALG_DIALOG_CONFIRMED)
			continue;
		d->invite[0].active = false;
		d->status = ctx->msg.status;
		sipalg_dialog_end(d, d->cancelled && d->status == 487 ?
				  SIPALG_END_CANCEL : SIPALG_END_FAILURE);
	}
}

static bool is_only_fork(const struct sipalg_dialog *d)
{
	const struct sipalg_dialog *other;

	list_for_each_entry(other, &d->call->dialogs, list) {
		if (other != d && other->state != SIPALG_DIALOG_TERMINATED &&
		    other->invite[0].cseq == d->invite[0].cseq)
			return false;
	}
	return true;
}

/*
 * One fork gave up (RFC 6228). The INVITE did not: if nobody has answered it and
 * there is no other fork, it waits for the next as it did for the first.
 */
static void step_199(struct sipalg_dialog *d)
{
	if (d->hurried || !is_only_fork(d)) {
		d->status = 199;
		sipalg_dialog_end(d, SIPALG_END_FAILURE);
		return;
	}
	kfree(d->b_tag);
	d->b_tag = NULL;
	d->b_tag_len = 0;
	d->state = SIPALG_DIALOG_TRYING;
	d->known[1] = false;
	d->cseq[0] = d->invite[0].cseq;
	memset(d->update, 0, sizeof(d->update));
	memset(d->prack, 0, sizeof(d->prack));
	sipalg_media_unanswer(d);
	prolong_early(d);
	sipalg_event_dialog(d, SIPALG_EVENT_DIALOG_CHANGED);
}

static void step_invite_response(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	u16 status = ctx->msg.status;

	if (d->state == SIPALG_DIALOG_TERMINATED)
		return;
	if (status >= 300) {
		step_failure(ctx);
		return;
	}
	if (status >= 200) {
		d->status = status;
		step_2xx(ctx);
		return;
	}
	if (d->state == SIPALG_DIALOG_CONFIRMED)
		return;
	if (status == 199 && d->b_tag) {
		step_199(d);
		return;
	}
	prolong_early(d);
	if (d->b_tag && d->state == SIPALG_DIALOG_TRYING) {
		d->state = SIPALG_DIALOG_EARLY;
		sipalg_event_dialog(d, SIPALG_EVENT_DIALOG_EARLY);
	}
}

/* An UPDATE, or a PRACK, whose failure tells nothing about the dialog. */
static void step_update_response(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	const struct sip_msg *m = &ctx->msg;
	u8 requester = sipalg_requester(ctx);

	transaction_of(d, m->method, requester)->active = false;
	if (m->status >= 300) {
		sipalg_media_refuse(d, requester, m->cseq, false);
		if (m->method == SIP_UPDATE)
			step_refused(d, m->status);
		return;
	}
	sipalg_media_agree(d, requester, m->cseq, false);
	/* A session timer may be refreshed by UPDATE (RFC 4028 7). */
	if (m->method == SIP_UPDATE && d->state == SIPALG_DIALOG_CONFIRMED)
		refresh(ctx);
}

/*
 * The last answered fork was hung up. Those that rang on for a 2xx of their own
 * are not waited for: whoever asked is gone, and their media go as well.
 */
static void end_hurried(struct sipalg_call *call)
{
	struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list) {
		if (d->state == SIPALG_DIALOG_CONFIRMED)
			return;
	}
	list_for_each_entry(d, &call->dialogs, list) {
		if (d->hurried)
			sipalg_dialog_end(d, SIPALG_END_REPLACED);
	}
}

static void step_bye_response(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	u16 status = ctx->msg.status;

	if (status != 401 && status != 407) {
		sipalg_dialog_end(d, SIPALG_END_BYE);
		end_hurried(d->call);
		return;
	}
	/* It comes again, with credentials. */
	d->bye[sipalg_requester(ctx)].active = false;
	if (is_leaving(d))
		return;
	if (d->state == SIPALG_DIALOG_CONFIRMED)
		set_deadline(d, (d->session_expires ?:
				 d->call->rule->option[SIPALG_O_CONFIRMED_SECONDS]) +
				SIPALG_BYE_SECONDS);
	else
		prolong_early(d);
}

static void step_response(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	const struct sip_msg *m = &ctx->msg;

	if (m->method == d->call->method) {
		step_invite_response(ctx);
		return;
	}
	if (m->status < 200)
		return;
	switch (m->method) {
	case SIP_UPDATE:
	case SIP_PRACK:
		step_update_response(ctx);
		break;
	case SIP_REFER:
		d->refer = d->refer || m->status < 300;
		break;
	case SIP_NOTIFY:
		/* The subscriber does not know it any more. */
		if (m->status == 481 && d->call->method != SIP_INVITE)
			sipalg_dialog_end(d, SIPALG_END_FAILURE);
		break;
	case SIP_BYE:
		step_bye_response(ctx);
		break;
	case SIP_CANCEL:
		step_cancel_response(ctx);
		break;
	}
}

static void keep_master(struct sipalg_call *call, struct nf_conn *ct)
{
	ct = sipalg_flow_root(ct);
	if (call->master == ct)
		return;
	if (call->master)
		nf_ct_put(call->master);
	nf_conntrack_get(&ct->ct_general);
	call->master = ct;
}

/* The other leg sees no more messages: it lasts as long as this one. */
static void step_twin(const struct sipalg_dialog *d, struct sipalg_dialog *twin)
{
	if (d->state == SIPALG_DIALOG_TERMINATED) {
		sipalg_dialog_end(twin, d->reason);
		return;
	}
	if (twin->state == SIPALG_DIALOG_TERMINATED)
		return;
	sipalg_media_mirror(twin, d);
	memcpy(twin->bye, d->bye, sizeof(twin->bye));
	twin->deadline = d->deadline;
	sipalg_call_arm(twin->call, twin->deadline);
}

void sipalg_dialog_step(struct sipalg_ctx *ctx)
{
	struct sipalg_dialog *d = ctx->dialog;
	u32 events;

	keep_master(ctx->call, ctx->ct);
	if (d->state != SIPALG_DIALOG_TERMINATED)
		sipalg_call_lease(ctx);
	sipalg_media_commit(ctx);
	events = sipalg_sight_message(ctx);
	if (sipalg_is_request(ctx))
		step_request(ctx);
	else
		step_response(ctx);
	if (ctx->twin)
		step_twin(d, ctx->twin);
	if (ctx->new_call && d->state == SIPALG_DIALOG_TRYING)
		sipalg_event_dialog(d, SIPALG_EVENT_DIALOG_NEW);
	/* A request without a description changes nothing about media. */
	sipalg_sight_settle(d, events, ctx->media.present || !sipalg_is_request(ctx));
}

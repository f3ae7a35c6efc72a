// SPDX-License-Identifier: GPL-2.0
/*
 * What operators want to know of a dialog and the gateway itself does not: who
 * rings, who holds, who was transferred where, who watches whom.
 */
#include <linux/slab.h>

#include "ctx.h"
#include "event.h"
#include "net.h"

#define EVENT_KEPT	63
#define TARGET_KEPT	127
#define EXPIRES_MAX	(7 * 86400)

static u8 party(u8 side)
{
	return side ? SIPALG_PARTY_B : SIPALG_PARTY_A;
}

static void count_up(u16 *n)
{
	if (*n < U16_MAX)
		++*n;
}

/* The first word of a header field's value; what is behind its ';'. */
static struct sip_span word_of(const struct sip_msg *m, enum sip_hdr_id id,
			       struct sip_span *params)
{
	const struct sip_hdr *h = sip_hdr_first(m, id);
	struct sip_span s = {};
	const char *end;

	*params = s;
	if (!h)
		return s;
	s = h->value;
	end = memchr(m->data + s.off, ';', s.len);
	if (end) {
		u32 len = end - (m->data + s.off);

		params->off = s.off + len + 1;
		params->len = s.len - len - 1;
		s.len = len;
	}
	while (s.len && m->data[s.off + s.len - 1] <= ' ')
		s.len--;
	return s;
}

/* An event package alone: its parameters tell apart what nobody looks at. */
static struct sip_span event_of(const struct sip_msg *m)
{
	struct sip_span params, s = word_of(m, SIP_HDR_EVENT, &params);

	s.len = min_t(u32, s.len, EVENT_KEPT);
	return s;
}

static struct sip_span target_of(const struct sip_msg *m)
{
	const struct sip_hdr *h = sip_hdr_first(m, SIP_HDR_REFER_TO);
	struct sip_nameaddr na;
	struct sip_span rest;

	if (!h)
		return (struct sip_span){};
	rest = h->value;
	if (sip_nameaddr_next(m->data, &rest, &na) != 1)
		return (struct sip_span){};
	na.uri.len = min_t(u32, na.uri.len, TARGET_KEPT);
	return na.uri;
}

/* In place of what was there, which is gone if there is no memory. */
static struct sipalg_referral *referral_new(struct sipalg_ctx *ctx,
					    struct sip_span event,
					    struct sip_span target)
{
	struct sipalg_sight *s = &ctx->dialog->sight;
	const char *data = ctx->msg.data;
	struct sipalg_referral *r;

	kfree(s->referral);
	r = kzalloc(struct_size(r, text, event.len + target.len + 2),
		    GFP_ATOMIC | __GFP_NOWARN);
	s->referral = r;
	if (!r)
		return NULL;
	r->target = event.len + 1;
	memcpy(r->text, data + event.off, event.len);
	memcpy(r->text + r->target, data + target.off, target.len);
	return r;
}

static bool has_event(const struct sipalg_referral *r, const struct sip_msg *m,
		      struct sip_span event)
{
	return r->target == event.len + 1 &&
	       !memcmp(r->text, m->data + event.off, event.len);
}

/* That of a subscription, made if it was not there. */
static struct sipalg_referral *subscription(struct sipalg_ctx *ctx)
{
	struct sipalg_referral *r = ctx->dialog->sight.referral;
	struct sip_span event = event_of(&ctx->msg);

	if (ctx->call->method == SIP_INVITE)
		return r;
	if (r && (!event.len || has_event(r, &ctx->msg, event) ||
		  ctx->call->method == SIP_REFER))
		return r;
	return referral_new(ctx, event, (struct sip_span){});
}

static void set_expires(struct sipalg_referral *r, const struct sip_msg *m,
			struct sip_span number)
{
	u32 n;

	if (sip_number(m->data, number, &n))
		return;
	r->expires = min_t(u32, n, EXPIRES_MAX);
	r->until = jiffies + r->expires * HZ;
}

static void note_expires(struct sipalg_ctx *ctx)
{
	const struct sip_hdr *h = sip_hdr_first(&ctx->msg, SIP_HDR_EXPIRES);
	struct sipalg_referral *r = subscription(ctx);

	if (r && h)
		set_expires(r, &ctx->msg, h->value);
}

static u32 note_refer(struct sipalg_ctx *ctx)
{
	struct sipalg_referral *r;

	if (ctx->call->method != SIP_INVITE && ctx->call->method != SIP_REFER)
		return 0;
	r = referral_new(ctx, (struct sip_span){}, target_of(&ctx->msg));
	if (!r)
		return 0;
	r->by = party(ctx->side);
	return BIT(SIPALG_EVENT_DIALOG_TRANSFER);
}

/* "SIP/2.0 180 Ringing": what became of a REFER (RFC 3515 2.4.5). */
static u16 fragment_status(const struct sip_msg *m)
{
	static const char version[] = "SIP/2.0 ";
	struct sip_span number = { m->body.off + strlen(version), 3 };
	u32 n;

	if (m->body.len < strlen(version) + number.len ||
	    memcmp(m->data + m->body.off, version, strlen(version)) ||
	    sip_number(m->data, number, &n) || n < 100 || n > 699)
		return 0;
	return n;
}

static u8 state_of(const struct sip_msg *m, struct sip_span word)
{
	if (sip_span_is_nocase(m->data, word, "active"))
		return SIPALG_SUBSCRIPTION_ACTIVE;
	if (sip_span_is_nocase(m->data, word, "pending"))
		return SIPALG_SUBSCRIPTION_PENDING;
	if (sip_span_is_nocase(m->data, word, "terminated"))
		return SIPALG_SUBSCRIPTION_TERMINATED;
	return SIPALG_SUBSCRIPTION_OTHER;
}

static u32 note_notify(struct sipalg_ctx *ctx)
{
	struct sipalg_referral *r = subscription(ctx);
	const struct sip_msg *m = &ctx->msg;
	struct sip_span params, word, value;
	u32 events = 0;
	u16 status;
	u8 state;

	if (!r)
		return 0;
	r->notifies++;
	status = r->by ? fragment_status(m) : 0;
	if (status && status != r->status) {
		r->status = status;
		events |= BIT(SIPALG_EVENT_DIALOG_TRANSFER);
	}
	word = word_of(m, SIP_HDR_SUBSCRIPTION_STATE, &params);
	if (ctx->call->method == SIP_INVITE || !word.len)
		return events;
	if (sip_param(m->data, params, "expires", &value))
		set_expires(r, m, value);
	state = state_of(m, word);
	if (state != r->state)
		events |= BIT(SIPALG_EVENT_SUBSCRIPTION);
	r->state = state;
	return events;
}

/* Has this request come before? */
static bool is_repeated(const struct sipalg_ctx *ctx)
{
	const struct sipalg_dialog *d = ctx->dialog;

	return d->known[ctx->side] && ctx->msg.cseq <= d->cseq[ctx->side];
}

static u32 note_request(struct sipalg_ctx *ctx)
{
	struct sipalg_sight *s = &ctx->dialog->sight;

	if (is_repeated(ctx))
		return 0;
	switch (ctx->msg.method) {
	case SIP_INVITE:
		if (ctx->dialog->state == SIPALG_DIALOG_CONFIRMED)
			count_up(&s->reinvites);
		return 0;
	case SIP_UPDATE:
		count_up(&s->updates);
		return 0;
	case SIP_BYE:
		s->bye |= party(ctx->side);
		return 0;
	case SIP_REFER:
		return note_refer(ctx);
	case SIP_SUBSCRIBE:
		note_expires(ctx);
		return 0;
	case SIP_NOTIFY:
		return note_notify(ctx);
	default:
		return 0;
	}
}

static u32 note_provisional(struct sipalg_dialog *d, u16 status)
{
	struct sipalg_sight *s = &d->sight;

	if (d->state == SIPALG_DIALOG_CONFIRMED)
		return 0;
	s->provisional = status;
	if (s->rang || status < 180 || status > 189)
		return 0;
	s->rang = max_t(u64, 1, ktime_to_ms(ktime_get_real()) - d->start);
	return BIT(SIPALG_EVENT_DIALOG_RINGING);
}

/* "1800;refresher=uac" (RFC 4028 4): the requester, or who answers. */
static void note_session_timer(struct sipalg_ctx *ctx)
{
	u8 requester = sipalg_requester(ctx);
	struct sip_span params, value;

	ctx->dialog->sight.refresher = SIPALG_PARTY_NONE;
	word_of(&ctx->msg, SIP_HDR_SESSION_EXPIRES, &params);
	if (!sip_param(ctx->msg.data, params, "refresher", &value))
		return;
	if (sip_span_is_nocase(ctx->msg.data, value, "uac"))
		ctx->dialog->sight.refresher = party(requester);
	else if (sip_span_is_nocase(ctx->msg.data, value, "uas"))
		ctx->dialog->sight.refresher = party(!requester);
}

static u32 note_response(struct sipalg_ctx *ctx)
{
	struct sipalg_referral *r = ctx->dialog->sight.referral;
	u16 status = ctx->msg.status;

	switch (ctx->msg.method) {
	case SIP_INVITE:
		if (status < 200)
			return note_provisional(ctx->dialog, status);
		fallthrough;
	case SIP_UPDATE:
		if (status >= 200 && status < 300)
			note_session_timer(ctx);
		return 0;
	case SIP_SUBSCRIBE:
		if (status >= 200 && status < 300)
			note_expires(ctx);
		return 0;
	case SIP_BYE:
		/* It comes again, with credentials; or not. */
		if (status == 401 || status == 407)
			ctx->dialog->sight.bye &= ~party(sipalg_requester(ctx));
		return 0;
	case SIP_REFER:
		/* A NOTIFY that came first knows better. */
		if (!r || r->notifies || status < 200 || r->status == status)
			return 0;
		r->status = status;
		return BIT(SIPALG_EVENT_DIALOG_TRANSFER);
	default:
		return 0;
	}
}

u32 sipalg_sight_message(struct sipalg_ctx *ctx)
{
	return sipalg_is_request(ctx) ? note_request(ctx) : note_response(ctx);
}

/* Lines that can be on hold; others go on, or have nothing to do with it. */
static bool is_heard_or_seen(const struct sipalg_line *l)
{
	if (!l->end[0].at.port || !l->end[1].at.port)
		return false;
	switch (l->end[0].kind) {
	case SDP_KIND_AUDIO:
	case SDP_KIND_VIDEO:
	case SDP_KIND_IMAGE:
	case SDP_KIND_TEXT:
		return true;
	default:
		return false;
	}
}

/* Of all such lines together, as struct sipalg_sight has it; 0: there is none. */
static u8 direction_of(const struct sipalg_session *s, u8 side)
{
	bool any = false, sends = false, receives = false;
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		const struct sipalg_media_end *end = &s->line[i].end[side];

		if (!is_heard_or_seen(&s->line[i]))
			continue;
		any = true;
		sends |= end->direction == SDP_SENDRECV || end->direction == SDP_SENDONLY;
		receives |= (end->direction == SDP_SENDRECV ||
			     end->direction == SDP_RECVONLY) && !end->held;
	}
	if (!any)
		return 0;
	if (receives)
		return 1 + (sends ? SDP_SENDRECV : SDP_RECVONLY);
	return 1 + (sends ? SDP_SENDONLY : SDP_INACTIVE);
}

/*
 * Who does not want to hear holds the call (RFC 3264 8.4); who only agreed to
 * not being heard, does not. A call that began so is not on hold.
 */
static u32 settle_hold(struct sipalg_dialog *d)
{
	const struct sipalg_session *s = d->agreed;
	u8 now[2], held = d->sight.held;
	u32 side, old = held;

	if (!s)
		return 0;
	now[0] = direction_of(s, 0);
	now[1] = direction_of(s, 1);
	if (!now[0])
		return 0;
	for (side = 0; side < 2; side++) {
		u8 dir = now[side] - 1, peer = now[!side] - 1;

		if (!d->sight.direction[side] || d->sight.direction[side] == now[side])
			continue;
		if (dir == SDP_SENDRECV || dir == SDP_RECVONLY)
			held &= ~party(side);
		else if (s->offerer == side || dir == SDP_SENDONLY ||
			 peer == SDP_SENDRECV || peer == SDP_RECVONLY)
			held |= party(side);
	}
	memcpy(d->sight.direction, now, sizeof(now));
	d->sight.held = held;
	return (held & ~old ? BIT(SIPALG_EVENT_DIALOG_HELD) : 0) |
	       (old & ~held ? BIT(SIPALG_EVENT_DIALOG_RESUMED) : 0);
}

static u8 class_of(const struct sipalg_dialog *d)
{
	if (d->state == SIPALG_DIALOG_TERMINATED)
		return SIPALG_CLASS_NONE;
	if (d->call->method != SIP_INVITE)
		return SIPALG_CLASS_SUBSCRIPTION;
	if (d->state == SIPALG_DIALOG_CONFIRMED)
		return d->sight.held ? SIPALG_CLASS_HELD : SIPALG_CLASS_ANSWERED;
	return d->sight.rang ? SIPALG_CLASS_RINGING : SIPALG_CLASS_TRYING;
}

void sipalg_sight_count(struct sipalg_dialog *d)
{
	struct sipalg_net *sn = d->call->sn;
	u8 class = class_of(d);

	if (class == d->sight.class)
		return;
	this_cpu_dec(sn->stats->class[d->sight.class]);
	this_cpu_inc(sn->stats->class[class]);
	d->sight.class = class;
}

void sipalg_sight_settle(struct sipalg_dialog *d, u32 events, bool media)
{
	u32 event;

	/* Its end has been told, with all that this message said. */
	if (d->state == SIPALG_DIALOG_TERMINATED)
		return;
	if (media)
		events |= settle_hold(d);
	sipalg_sight_count(d);
	for (event = 0; events; event++, events >>= 1) {
		if (events & 1)
			sipalg_event_dialog(d, event);
	}
}

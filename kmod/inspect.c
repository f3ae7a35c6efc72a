// SPDX-License-Identifier: GPL-2.0
/*
 * The pipeline: parse, find, plan, translate, prepare, commit, rewrite.
 *
 * Nothing is committed before the packet has room for the new message in memory
 * of its own, and nothing can fail after that; so a failure anywhere leaves
 * message and state as they were.
 */
#include <linux/slab.h>

#include "ctx.h"
#include "event.h"
#include "inspect.h"
#include "net.h"
#include "probe.h"
#include "source.h"
#include "trace.h"

static struct sipalg_ctx * __percpu *contexts;

static void ctx_begin(struct sipalg_ctx *ctx, struct sipalg_net *sn,
		      const struct nf_hook_state *state, struct nf_conn *ct,
		      enum ip_conntrack_info ctinfo, struct sipalg_flow *flow,
		      struct sipalg_rule *rule)
{
	ctx->sn = sn;
	ctx->rule = rule;
	ctx->out_dev = state->out;
	ctx->ct = ct;
	ctx->flow = flow;
	ctx->stream = NULL;
	ctx->observe = rule->action == SIPALG_ACTION_OBSERVE;
	ctx->dir = CTINFO2DIR(ctinfo);
	ctx->proto = nf_ct_protonum(ct);
	ctx->zone = flow->zone;
	ctx->outer_zone = sipalg_outer_zone(ct);
	ctx->flow_set = 0;
	ctx->flow_clear = 0;
	ctx->call = NULL;
	ctx->dialog = NULL;
	ctx->twin = NULL;
	ctx->new_call = false;
	ctx->new_dialog = false;
	ctx->new_tag = NULL;
	ctx->stale = false;
	ctx->killed = false;
	ctx->star = false;
	sipalg_media_init(&ctx->media);
	ctx->nmade = 0;
	ctx->ncontacts = 0;
	ctx->proxy = NULL;
	ctx->reach = NULL;
	ctx->target.family = 0;
	sipalg_path_of(&ctx->path, ct, ctx->dir);
	ctx->src_nat = !sip_endpoint_equal(&ctx->path.src_in, &ctx->path.src_out);
	ctx->dst_nat = !sip_endpoint_equal(&ctx->path.dst_in, &ctx->path.dst_out);
	sip_edits_init(&ctx->edits);
}

static bool is_register(const struct sipalg_ctx *ctx)
{
	return ctx->msg.method == SIP_REGISTER;
}

static bool has_star(const struct sip_msg *m)
{
	const struct sip_hdr *h = sip_hdr_first(m, SIP_HDR_CONTACT);

	return h && sip_span_is(m->data, h->value, "*");
}

/* All decisions, and all memory they need. */
static enum sipalg_reason plan(struct sipalg_ctx *ctx)
{
	const struct sip_resolver resolver = {
		.resolve = ctx->observe ? sipalg_observe : sipalg_resolve,
		.priv = ctx,
		/* Who observes looks at Contacts only. */
		.skip = ctx->observe ? ~SIP_HDR_BIT(SIP_HDR_CONTACT) :
				       sipalg_resolve_skips(ctx),
	};
	enum sipalg_reason ret;

	if (!is_register(ctx)) {
		sipalg_call_find(ctx);
		ret = sipalg_call_prepare(ctx);
		if (ret != SIPALG_R_OK)
			return ret;
		ret = sipalg_media_plan(ctx);
		if (ret != SIPALG_R_OK)
			return ret;
	}
	ret = sip_translate(&ctx->msg, &resolver, &ctx->edits);
	if (ret != SIPALG_R_OK)
		return ret;
	if (is_register(ctx)) {
		ctx->star = has_star(&ctx->msg);
		ret = sipalg_registration_prepare(ctx);
		if (ret != SIPALG_R_OK)
			return ret;
	}
	if (!sip_edits_body_length(&ctx->edits, &ctx->msg))
		return SIPALG_R_TOO_MANY_EDITS;
	return SIPALG_R_OK;
}

/* A message of a stream stays where it is; the new one has a place of its own. */
static enum sipalg_reason apply_stream(struct sipalg_ctx *ctx)
{
	u32 len = ctx->packet.payload_len;
	char *room;

	room = sip_stream_reserve(ctx->stream, len + ctx->edits.growth);
	if (!room)
		return SIPALG_R_NO_MEMORY;
	sip_edits_apply(&ctx->edits, ctx->msg.data, len, room);
	return SIPALG_R_TRANSLATED;
}

/*
 * After this, nothing can fail any more; but the message is still the old one,
 * although it may have moved.
 */
static enum sipalg_reason prepare(struct sipalg_ctx *ctx)
{
	u32 len = ctx->packet.payload_len + ctx->edits.growth;
	int err;

	if (ctx->observe)
		return SIPALG_R_OBSERVED;
	if (!ctx->edits.n)
		return SIPALG_R_UNCHANGED;
	if (ctx->stream)
		return apply_stream(ctx);
	if (len > SIPALG_MESSAGE_MAX)
		return SIPALG_R_TOO_LONG;
	err = sipalg_packet_prepare(&ctx->packet, len);
	/* Events read it, also of one for which memory ran out halfway. */
	ctx->msg.data = sipalg_packet_payload(&ctx->packet);
	return err ? SIPALG_R_EDIT_FAILED : SIPALG_R_TRANSLATED;
}

static void write_edits(char *payload, unsigned int old, unsigned int len, const void *priv)
{
	sip_edits_apply_here(priv, payload, old);
}

/* The last that happens: until now, the message was read as it came. */
static void rewrite(struct sipalg_ctx *ctx, const struct nf_hook_state *state)
{
	const struct sip_edits *e = &ctx->edits;

	sipalg_packet_rewrite(&ctx->packet, ctx->packet.payload_len + e->growth,
			      e->edit[0].off, write_edits, e);
	if (e->growth > 0 && state->hook == NF_INET_POST_ROUTING)
		sipalg_packet_allow_fragments(&ctx->packet, state->net,
					      READ_ONCE(ctx->flow->path_mtu));
}

/* Contacts that nobody took over; what leads to them is still understood. */
static void release_contacts(struct sipalg_ctx *ctx, u32 linger)
{
	unsigned int i;

	for (i = 0; i < ctx->ncontacts; i++) {
		struct sipalg_contact *c = &ctx->contacts[i];

		if (c->held)
			sipalg_binding_drop(c->binding, &ctx->path.dst_in.host, linger);
		c->held = false;
	}
	kfree(ctx->reach);
	ctx->reach = NULL;
}

static void abort_plan(struct sipalg_ctx *ctx)
{
	unsigned int i;

	sipalg_dialog_missed(ctx);
	sipalg_media_abort(ctx);
	sipalg_registration_abort(ctx);
	release_contacts(ctx, 0);
	for (i = 0; i < ctx->nmade; i++)
		sipalg_binding_discard(ctx->made[i]);
	ctx->nmade = 0;
	ctx->ncontacts = 0;
	sipalg_call_abort(ctx);
}

static void learn_flow(struct sipalg_ctx *ctx)
{
	u8 *flags = &ctx->flow->flags[ctx->dir];
	u8 old = READ_ONCE(*flags);
	u8 new = (old & ~ctx->flow_clear) | ctx->flow_set;

	if (new != old)
		WRITE_ONCE(*flags, new);
}

/* Bindings that found no use, such as for lines that the offer did not have. */
static void drop_unused(struct sipalg_ctx *ctx)
{
	unsigned int i;

	for (i = 0; i < ctx->nmade; i++) {
		struct sipalg_binding *b = ctx->made[i];

		if (b->type != SIPALG_BINDING_SIGNALLING && !b->users)
			sipalg_binding_destroy(b);
	}
}

/* Does a message claim to belong to something that it does not fit? */
static bool is_stale(const struct sipalg_ctx *ctx)
{
	const struct sip_msg *m = &ctx->msg;

	if (ctx->call)
		return !ctx->dialog || ctx->dialog->state != SIPALG_DIALOG_TERMINATED;
	if (!m->status)
		return m->to_tag.len || m->method == SIP_CANCEL;
	return m->method == SIP_INVITE || m->method == SIP_BYE ||
	       m->method == SIP_UPDATE || m->method == SIP_PRACK;
}

static void commit(struct sipalg_ctx *ctx)
{
	learn_flow(ctx);
	if (is_register(ctx)) {
		sipalg_registration_commit(ctx);
	} else if (ctx->dialog && !ctx->stale) {
		sipalg_call_publish(ctx);
		sipalg_dialog_step(ctx);
	} else if (ctx->killed) {
		sipalg_dialog_step_killed(ctx);
	} else if (is_stale(ctx)) {
		sipalg_count(ctx->sn, SIPALG_R_STALE);
	}
	if (ctx->msg.method == SIP_OPTIONS)
		sipalg_probe_message(ctx);
	release_contacts(ctx, SIPALG_LINGER_SECONDS);
	drop_unused(ctx);
}

static enum sipalg_reason run(struct sipalg_ctx *ctx)
{
	enum sipalg_reason ret;
	spinlock_t *lock;

	ctx->hash = is_register(ctx) ? sipalg_registration_hash(ctx) :
		    sipalg_hash(ctx->sn, ctx->msg.data + ctx->msg.call_id.off,
				ctx->msg.call_id.len);
	lock = sipalg_lock(ctx->sn, ctx->hash);
	spin_lock(lock);
	ret = plan(ctx);
	if (ret == SIPALG_R_OK)
		ret = prepare(ctx);
	if (ret == SIPALG_R_TRANSLATED || ret == SIPALG_R_UNCHANGED ||
	    ret == SIPALG_R_OBSERVED)
		commit(ctx);
	else
		abort_plan(ctx);
	spin_unlock(lock);
	return ret;
}

static enum sipalg_reason parse(struct sipalg_ctx *ctx, const char *data, u32 len)
{
	enum sipalg_reason ret = sip_parse(&ctx->msg, data, len);

	if (ret != SIPALG_R_OK || ctx->observe)
		return ret;
	return sip_is_signed(&ctx->msg) ? SIPALG_R_SIGNED : SIPALG_R_OK;
}

static enum sipalg_reason read_message(struct sipalg_ctx *ctx, struct sk_buff *skb,
				       u8 pf)
{
	enum sipalg_reason ret;
	const char *data;

	ret = sipalg_packet_init(&ctx->packet, skb, pf);
	if (ret != SIPALG_R_OK)
		return ret;
	if (!ctx->packet.payload_len)
		return SIPALG_R_NOT_SIP;
	if (ctx->packet.payload_len > ctx->rule->option[SIPALG_O_MAX_MESSAGE])
		return SIPALG_R_TOO_LONG;
	data = sipalg_packet_payload(&ctx->packet);
	if (!data)
		return SIPALG_R_NO_MEMORY;
	return parse(ctx, data, ctx->packet.payload_len);
}

/* What a rule says of a message before anything else is done with it. */
static enum sipalg_reason judge(struct sipalg_ctx *ctx, enum sipalg_reason ret)
{
	const struct sipalg_rule *r = ctx->rule;
	const struct sip_msg *m = &ctx->msg;

	/* Who only observes drops nothing. */
	if (ctx->observe)
		return ret;
	switch (ret) {
	case SIPALG_R_OK:
	case SIPALG_R_SIGNED:
		break;
	case SIPALG_R_MALFORMED:
	case SIPALG_R_BAD_LENGTH:
	case SIPALG_R_NO_MANDATORY:
	case SIPALG_R_TOO_MANY_HEADERS:
		return r->option[SIPALG_O_MALFORMED] == SIPALG_FATE_DROP ?
		       SIPALG_R_DROP_MALFORMED : ret;
	default:
		return ret;
	}
	if (!m->status && !(r->option[SIPALG_O_METHODS] & 1u << m->method))
		return SIPALG_R_DROP_METHOD;
	if (sipalg_source_allows(ctx->sn, r, &ctx->path.src_in.host, ctx->zone, m->method))
		return ret;
	sipalg_event_limit(ctx->sn, SIPALG_LIMIT_RATE, &ctx->path.src_in.host);
	return SIPALG_R_DROP_RATE;
}

/* What is left to do when the message was read, or could not be. */
static enum sipalg_reason inspect(struct sipalg_ctx *ctx,
				  const struct nf_hook_state *state,
				  enum sipalg_reason ret)
{
	/* One that is signed was understood too. */
	bool parsed = ret == SIPALG_R_OK || ret == SIPALG_R_SIGNED;

	sipalg_count(ctx->sn, SIPALG_R_SEEN);
	ret = judge(ctx, ret);
	if (ret == SIPALG_R_OK) {
		sipalg_count(ctx->sn, SIPALG_R_OK);
		ret = run(ctx);
	}
	sipalg_count(ctx->sn, ret);
	sipalg_event_message(ctx, ret, parsed);
	if (ret == SIPALG_R_TRANSLATED && !ctx->stream)
		rewrite(ctx, state);
	trace_verdict(ctx, ret, parsed);
	sipalg_flow_refresh(ctx->ct, ctx->flow);
	return ret;
}

static bool is_dropped(enum sipalg_reason r)
{
	return r == SIPALG_R_DROP_METHOD || r == SIPALG_R_DROP_MALFORMED ||
	       r == SIPALG_R_DROP_RATE;
}

bool sipalg_inspect(struct sipalg_net *sn, struct sk_buff *skb,
		    const struct nf_hook_state *state, struct nf_conn *ct,
		    enum ip_conntrack_info ctinfo, struct sipalg_flow *flow,
		    struct sipalg_rule *rule)
{
	enum sipalg_reason ret;
	struct sipalg_ctx *ctx;

	local_bh_disable();
	rcu_read_lock();
	ctx = *this_cpu_ptr(contexts);
	ctx_begin(ctx, sn, state, ct, ctinfo, flow, rule);
	trace_message_in(ctx);
	ret = inspect(ctx, state, read_message(ctx, skb, nf_ct_l3num(ct)));
	rcu_read_unlock();
	local_bh_enable();
	return !is_dropped(ret);
}

/*
 * A stream has no gaps, and its receiver has to acknowledge something: an empty
 * line, which nobody minds between messages (RFC 3261 7.5).
 */
static bool drop_from_stream(struct sip_stream *s)
{
	char *room = sip_stream_reserve(s, 2);

	if (!room)
		return false;
	memcpy(room, "\r\n", 2);
	return true;
}

bool sipalg_inspect_stream(struct sipalg_net *sn,
			   const struct nf_hook_state *state, struct nf_conn *ct,
			   enum ip_conntrack_info ctinfo, struct sipalg_flow *flow,
			   struct sipalg_rule *rule, struct sip_stream *s,
			   const char *data, u32 len)
{
	struct sipalg_ctx *ctx = *this_cpu_ptr(contexts);
	enum sipalg_reason ret;

	ctx_begin(ctx, sn, state, ct, ctinfo, flow, rule);
	ctx->stream = s;
	ctx->observe = ctx->observe || s->observed;
	ctx->packet.payload_len = len;
	trace_message_in(ctx);
	ret = inspect(ctx, state, parse(ctx, data, len));
	if (is_dropped(ret))
		return drop_from_stream(s);
	return ret == SIPALG_R_TRANSLATED;
}

void sipalg_inspect_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kvfree(*per_cpu_ptr(contexts, cpu));
	free_percpu(contexts);
}

int sipalg_inspect_init(void)
{
	int cpu;

	contexts = alloc_percpu(struct sipalg_ctx *);
	if (!contexts)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct sipalg_ctx *ctx;

		ctx = kvzalloc_node(sizeof(*ctx), GFP_KERNEL, cpu_to_node(cpu));
		if (!ctx) {
			sipalg_inspect_exit();
			return -ENOMEM;
		}
		*per_cpu_ptr(contexts, cpu) = ctx;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Offers and answers (RFC 3264) as sessions of a dialog.
 *
 * A session is an offer until it is agreed; a refused one is dropped, and
 * what was agreed before still holds (RFC 6141). Bindings count the media
 * lines that refer to them, and go with the last.
 */

#include "ctx.h"
#include "net.h"

static void ref(struct sipalg_media_end *end)
{
	if (end->rtp_binding)
		end->rtp_binding->users++;
	if (end->rtcp_binding)
		end->rtcp_binding->users++;
}

/* Where others still use it, who was let in by this line alone is not any more. */
static void drop(struct sipalg_binding **slot)
{
	struct sipalg_binding *b = *slot;

	*slot = NULL;
	if (!b)
		return;
	if (--b->users)
		sipalg_binding_prune(b, sipalg_media_admits);
	else
		sipalg_binding_destroy(b);
}

static void unref(struct sipalg_media_end *end)
{
	drop(&end->rtp_binding);
	drop(&end->rtcp_binding);
}

/* Of a session that the dialog does not have any more. */
static void session_free(struct sipalg_session *s)
{
	unsigned int i;

	if (!s)
		return;
	for (i = 0; i < s->n; i++) {
		unref(&s->line[i].end[0]);
		unref(&s->line[i].end[1]);
	}
	sipalg_session_free(s);
}

/* Running flows of hosts that nothing admits any more end. */
static void prune(const struct sipalg_media_end *end)
{
	if (end->rtp_binding)
		sipalg_binding_prune(end->rtp_binding, sipalg_media_admits);
	if (end->rtcp_binding)
		sipalg_binding_prune(end->rtcp_binding, sipalg_media_admits);
}

static void session_prune(const struct sipalg_session *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		prune(&s->line[i].end[0]);
		prune(&s->line[i].end[1]);
	}
}

void sipalg_media_outer(const struct sipalg_media_end *end, struct sip_endpoint *at)
{
	if (end->rtp_binding)
		sipalg_end_get(end->rtp_binding, SIPALG_OUTER, at);
	else
		*at = end->at;
}

static void outer_rtcp(const struct sipalg_media_end *end, struct sip_endpoint *at)
{
	if (end->rtcp_binding)
		sipalg_end_get(end->rtcp_binding, SIPALG_OUTER, at);
	else
		*at = end->rtcp;
}

static void let_go(struct sipalg_session **slot)
{
	struct sipalg_session *s = *slot;

	*slot = NULL;
	session_free(s);
}

void sipalg_media_close(struct sipalg_dialog *d)
{
	let_go(&d->agreed);
	let_go(&d->kept);
	let_go(&d->offer[0]);
	let_go(&d->offer[1]);
	let_go(&d->early);
}

static bool is_session(const struct sipalg_session *s, u8 offerer, u32 cseq, bool late)
{
	return s && s->offerer == offerer && s->cseq == cseq && s->late == late;
}

/*
 * The session of a transaction, offered, or agreed already. A late offer has
 * the other side's number, which may be equal to one of the offerer's own.
 */
static struct sipalg_session *session_of(const struct sipalg_dialog *d,
					 u8 offerer, u32 cseq, bool late)
{
	if (is_session(d->offer[offerer], offerer, cseq, late))
		return d->offer[offerer];
	if (is_session(d->agreed, offerer, cseq, late))
		return d->agreed;
	return NULL;
}

static bool is_inviting(const struct sipalg_dialog *d)
{
	return d->invite[0].active || d->invite[1].active;
}

/*
 * An offer becomes what is agreed. What an UPDATE or PRACK changes while an
 * INVITE is pending is kept: a re-INVITE that fails brings it back (RFC 6141),
 * and a fork takes the INVITE's offer from it.
 */
static void settle(struct sipalg_dialog *d, u8 side, bool keep)
{
	struct sipalg_session *old = d->agreed;

	d->agreed = d->offer[side];
	d->offer[side] = NULL;
	if (keep && old && !d->kept && is_inviting(d)) {
		d->kept = old;
		session_prune(old);
	} else {
		session_free(old);
	}
}

void sipalg_media_agree(struct sipalg_dialog *d, u8 side, u32 cseq, bool invite)
{
	struct sipalg_session *s = d->offer[side];

	if (s && s->cseq == cseq && s->answered)
		settle(d, side, !invite);
	if (invite)
		let_go(&d->kept);
}

void sipalg_media_refuse(struct sipalg_dialog *d, u8 side, u32 cseq, bool invite)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct sipalg_session *s = d->offer[i];
		bool own = i == side;

		/* The other side's offer may have been in a response to this one. */
		if (s && s->cseq == cseq && own != s->late)
			let_go(&d->offer[i]);
	}
	if (invite && d->kept) {
		struct sipalg_session *s = d->agreed;

		d->agreed = d->kept;
		d->kept = NULL;
		session_free(s);
	}
}

static struct sipalg_session *session_copy(const struct sipalg_session *from)
{
	struct sipalg_session *s;
	unsigned int i;

	s = sipalg_session_alloc(from->n, GFP_ATOMIC);
	if (!s)
		return NULL;
	memcpy(s, from, struct_size(from, line, from->n));
	for (i = 0; i < s->n; i++) {
		/* A fork shares the offer; the answer is its own. */
		memset(&s->line[i].end[!s->offerer], 0,
		       sizeof(s->line[i].end[!s->offerer]));
		ref(&s->line[i].end[s->offerer]);
	}
	s->answered = false;
	return s;
}

/* The offer of the INVITE that began the call, wherever it is by now. */
static const struct sipalg_session *first_offer(const struct sipalg_call *call, u32 cseq)
{
	const struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list) {
		const struct sipalg_session *s = session_of(d, 0, cseq, false);

		if (!s && is_session(d->kept, 0, cseq, false))
			s = d->kept;
		if (s)
			return s;
	}
	return NULL;
}

bool sipalg_media_fork(struct sipalg_dialog *to)
{
	const struct sipalg_session *s = first_offer(to->call, to->invite[0].cseq);

	if (!s)
		return true;
	to->offer[0] = session_copy(s);
	return to->offer[0];
}

void sipalg_media_unanswer(struct sipalg_dialog *d)
{
	struct sipalg_session **slot[] = { &d->offer[0], &d->agreed, &d->kept };
	struct sipalg_session *s = NULL;
	unsigned int i;

	for (i = 0; !s && i < ARRAY_SIZE(slot); i++) {
		if (is_session(*slot[i], 0, d->invite[0].cseq, false))
			swap(s, *slot[i]);
	}
	sipalg_media_close(d);
	if (!s)
		return;
	s->answered = false;
	for (i = 0; i < s->n; i++) {
		unref(&s->line[i].end[1]);
		memset(&s->line[i].end[1], 0, sizeof(s->line[i].end[1]));
	}
	d->offer[0] = s;
	session_prune(s);
}

/* The late offer, which has the INVITE's number, that waits for PRACK's answer. */
static struct sipalg_session *pracked(const struct sipalg_ctx *ctx)
{
	const struct sipalg_dialog *d = ctx->dialog;
	struct sipalg_session *s;

	s = session_of(d, !ctx->side, d->invite[ctx->side].cseq, true);
	return s && !s->answered ? s : NULL;
}

/* Is a message's description an answer? If not, it is an offer. */
static bool is_answer(const struct sipalg_ctx *ctx)
{
	switch (ctx->msg.method) {
	case SIP_ACK:
		return true;
	case SIP_INVITE:
		/* Also where that was settled in the meantime (RFC 3261 13.2.1). */
		return !sipalg_is_request(ctx) &&
		       ctx->dialog->invite[!ctx->side].offered;
	case SIP_PRACK:
		return !sipalg_is_request(ctx) || pracked(ctx);
	default:
		return !sipalg_is_request(ctx);
	}
}

/* What this answer belongs to, NULL: nothing any more. */
static struct sipalg_session *session_answered(const struct sipalg_ctx *ctx)
{
	if (ctx->msg.method == SIP_PRACK && sipalg_is_request(ctx))
		return pracked(ctx);
	return session_of(ctx->dialog, !ctx->side, ctx->msg.cseq,
			  ctx->msg.method == SIP_ACK);
}

/* The offer, where it came before. */
static struct sipalg_session *session_offered(const struct sipalg_ctx *ctx)
{
	return session_of(ctx->dialog, ctx->side, ctx->msg.cseq,
			  !sipalg_is_request(ctx));
}

void sipalg_media_role(const struct sipalg_ctx *ctx, struct sipalg_media_role *role)
{
	role->answer = is_answer(ctx);
	role->session = role->answer ? session_answered(ctx) : session_offered(ctx);
}

static bool is_end(const struct sipalg_media_end *a, unsigned int part,
		   unsigned int index, unsigned int pair)
{
	return a->part == part && a->index == index && a->pair == pair;
}

struct sipalg_line *sipalg_session_line(const struct sipalg_session *s,
					const struct sipalg_media_end *key)
{
	unsigned int i;

	for (i = 0; s && i < s->n; i++) {
		const struct sipalg_line *l = &s->line[i];

		if (is_end(&l->end[s->offerer], key->part, key->index, key->pair))
			return (struct sipalg_line *)l;
	}
	return NULL;
}

static void put_end(struct sipalg_media_end *end, const struct sipalg_media_end *from)
{
	struct sipalg_media_end old = *end;

	*end = *from;
	ref(end);
	unref(&old);
}

/* The offerer's lines: they are what the session was made for. */
static void fill_offer(struct sipalg_session *s, const struct sipalg_media_plan *plan,
		       bool early)
{
	unsigned int i, n = 0;

	for (i = 0; i < plan->n && n < s->n; i++) {
		if (plan->end[i].early == early)
			put_end(&s->line[n++].end[s->offerer], &plan->end[i]);
	}
}

/*
 * The answer to a line. Where several descriptions were offered as
 * alternatives, and one was answered, it is the answer to each; where one port
 * answers several pairs, it is the other end of each.
 */
static const struct sipalg_media_end *answer_of(const struct sipalg_media_plan *plan,
						const struct sipalg_media_end *key)
{
	const struct sipalg_media_end *end, *best = NULL;
	unsigned int i;

	for (i = 0; i < plan->n; i++) {
		end = &plan->end[i];
		if (end->early != key->early || end->index != key->index)
			continue;
		if (is_end(end, key->part, key->index, key->pair))
			return end;
		if ((!end->pair || end->pair == key->pair) &&
		    (!best || end->pair == key->pair))
			best = end;
	}
	return best;
}

static void fill_answer(struct sipalg_session *s, const struct sipalg_media_plan *plan)
{
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		struct sipalg_line *l = &s->line[i];
		const struct sipalg_media_end *from;

		from = answer_of(plan, &l->end[s->offerer]);
		if (from)
			put_end(&l->end[!s->offerer], from);
	}
}

/* Entries of the flows to be that belong to somebody else would be in the way. */
static void clear_way(const struct sipalg_media_end *end,
		      const struct sipalg_media_end *peer)
{
	struct sip_endpoint at;

	if (!peer->at.port || peer->held)
		return;
	if (end->rtp_binding) {
		sipalg_media_outer(peer, &at);
		sipalg_binding_clear_way(end->rtp_binding, &at);
	}
	if (end->rtcp_binding) {
		outer_rtcp(peer, &at);
		sipalg_binding_clear_way(end->rtcp_binding, &at);
	}
}

/* Are there ends that are chosen by what they send? */
static bool may_latch(const struct sipalg_binding *b)
{
	return b->call->rule->option[SIPALG_O_MEDIA_SOURCE] == SIPALG_SOURCE_LATCH;
}

/* At another place than before, whoever sends first from now on is chosen anew. */
static void follow(struct sipalg_binding *b, const struct sip_endpoint *place)
{
	u32 named;

	if (!b || !may_latch(b))
		return;
	named = siphash(&place->host, sizeof(place->host), &b->sn->secret) + place->port;
	swap(named, b->named);
	if (named == b->named || !b->latched.host.family)
		return;
	memset(&b->latched, 0, sizeof(b->latched));
	sipalg_binding_kill_flows(b);
}

static void follow_peer(const struct sipalg_media_end *end, const struct sipalg_media_end *peer)
{
	struct sip_endpoint at;

	if (peer->held)
		return;
	sipalg_media_outer(peer, &at);
	follow(end->rtp_binding, &at);
	outer_rtcp(peer, &at);
	follow(end->rtcp_binding, &at);
}

static bool is_refused(const struct sipalg_line *l)
{
	return !l->end[0].at.port || !l->end[1].at.port;
}

/* What the answer made needless. */
static void trim_line(struct sipalg_line *l)
{
	/* A line that one side refuses needs no port of the other. */
	if (is_refused(l)) {
		unref(&l->end[0]);
		unref(&l->end[1]);
	} else if (l->end[0].mux && l->end[1].mux) {
		drop(&l->end[0].rtcp_binding);
		drop(&l->end[1].rtcp_binding);
	}
}

static void trim(struct sipalg_session *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		trim_line(&s->line[i]);
}

void sipalg_media_trim(struct sipalg_dialog *d)
{
	if (d->agreed) {
		trim(d->agreed);
		/* Who was let in before an answer, and is not named by one. */
		session_prune(d->agreed);
	}
	/* The call's own media take the early one's place (RFC 3959 4). */
	let_go(&d->early);
}

static void open_line(const struct sipalg_line *l)
{
	if (!is_refused(l)) {
		clear_way(&l->end[0], &l->end[1]);
		clear_way(&l->end[1], &l->end[0]);
		follow_peer(&l->end[0], &l->end[1]);
		follow_peer(&l->end[1], &l->end[0]);
	}
	/* Another answer than before may name another host. */
	prune(&l->end[0]);
	prune(&l->end[1]);
}

static void open_lines(const struct sipalg_session *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		open_line(&s->line[i]);
}

void sipalg_media_open(const struct sipalg_dialog *d)
{
	if (d->agreed)
		open_lines(d->agreed);
	if (d->offer[0] && d->offer[0]->answered)
		open_lines(d->offer[0]);
	if (d->offer[1] && d->offer[1]->answered)
		open_lines(d->offer[1]);
}

/* The session that this answer changes, as an offer of the same once more. */
static struct sipalg_session *offer_again(struct sipalg_ctx *ctx,
					  const struct sipalg_session *from)
{
	struct sipalg_session *s = ctx->media.session;
	u8 side = from->offerer;
	unsigned int i;

	ctx->media.session = NULL;
	s->cseq = from->cseq;
	s->offerer = side;
	for (i = 0; i < s->n; i++)
		put_end(&s->line[i].end[side], &from->line[i].end[side]);
	let_go(&ctx->dialog->offer[side]);
	ctx->dialog->offer[side] = s;
	return s;
}

static void commit_answer(struct sipalg_ctx *ctx)
{
	struct sipalg_session *s = session_answered(ctx);
	struct sipalg_dialog *d = ctx->dialog;

	if (!s)
		return;
	if (ctx->media.session)
		s = offer_again(ctx, s);
	fill_answer(s, &ctx->media);
	s->answered = true;
	open_lines(s);
	/* Until the call is answered, a fork may want what this one does not. */
	if (d->state == SIPALG_DIALOG_CONFIRMED)
		trim(s);
	/* The INVITE's responses that tell the offer once more are no offers. */
	if (ctx->msg.method == SIP_PRACK && s->late)
		d->invite[ctx->side].offered = true;
	/* Only a re-INVITE's answer may still be withdrawn (RFC 6141). */
	if (d->state != SIPALG_DIALOG_CONFIRMED || sipalg_is_request(ctx))
		sipalg_media_agree(d, !ctx->side, s->cseq,
				   ctx->msg.method == SIP_ACK);
}

static void commit_offer(struct sipalg_ctx *ctx)
{
	struct sipalg_session *s = ctx->media.session;
	struct sipalg_dialog *d = ctx->dialog;
	u8 side = ctx->side;

	if (ctx->media.refresh) {
		d->agreed->cseq = ctx->msg.cseq;
		d->agreed->offerer = side;
		d->agreed->late = false;
		return;
	}
	if (!s) {
		s = session_offered(ctx);
		if (s)
			fill_offer(s, &ctx->media, false);
		return;
	}
	ctx->media.session = NULL;
	s->cseq = ctx->msg.cseq;
	s->offerer = side;
	s->late = !sipalg_is_request(ctx);
	fill_offer(s, &ctx->media, false);
	/* A re-INVITE that was answered by a reliable 1xx is in force. */
	if (d->offer[side] && d->offer[side]->answered)
		settle(d, side, true);
	let_go(&d->offer[side]);
	d->offer[side] = s;
}

/*
 * Early media that have a description of their own are offered and answered in
 * any messages before the call is; each side's part is kept as it comes.
 */
static void commit_early(struct sipalg_ctx *ctx)
{
	struct sipalg_session *s = ctx->media.early;
	struct sipalg_dialog *d = ctx->dialog;

	ctx->media.early = NULL;
	if (d->state == SIPALG_DIALOG_CONFIRMED) {
		sipalg_session_free(s);
		return;
	}
	if (s) {
		s->offerer = ctx->side;
		s->answered = true;
		let_go(&d->early);
		d->early = s;
	}
	if (d->early->offerer == ctx->side)
		fill_offer(d->early, &ctx->media, true);
	else
		fill_answer(d->early, &ctx->media);
	open_lines(d->early);
}

void sipalg_media_commit(struct sipalg_ctx *ctx)
{
	if (ctx->media.nearly)
		commit_early(ctx);
	if (!ctx->media.present)
		return;
	if (ctx->media.answer)
		commit_answer(ctx);
	else
		commit_offer(ctx);
}

/* Does the session lead to both of its ends? */
static bool is_complete(const struct sipalg_session *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		if (s->line[i].end[0].rtp_binding && s->line[i].end[1].rtp_binding)
			return true;
	}
	return false;
}

/* Seen from the callee's leg, the caller is where its outer address is. */
static void answer_from_afar(struct sipalg_session *s, const struct sipalg_session *from)
{
	unsigned int i;

	for (i = 0; i < s->n && i < from->n; i++) {
		const struct sipalg_media_end *end = &from->line[i].end[0];
		struct sipalg_media_end *copy = &s->line[i].end[0];

		*copy = *end;
		sipalg_media_outer(end, &copy->at);
		outer_rtcp(end, &copy->rtcp);
		copy->rtp_binding = NULL;
		copy->rtcp_binding = NULL;
	}
	s->answered = true;
}

void sipalg_media_mirror(struct sipalg_dialog *to, const struct sipalg_dialog *from)
{
	const struct sipalg_session *agreed = from->agreed;
	struct sipalg_session *s = to->offer[1];

	if (!agreed)
		return;
	if (is_complete(agreed)) {
		/* A direct re-INVITE: what it agreed to replaces both legs' media. */
		sipalg_media_close(to);
	} else if (s && s->late && !s->answered && s->cseq == agreed->cseq) {
		/* The proxy brought the offer in its 200, and this ACK answers it. */
		answer_from_afar(s, agreed);
		to->offer[1] = NULL;
		session_free(to->agreed);
		to->agreed = s;
	}
}

/* Is RTCP's binding in use, or kept for another fork only? */
static bool has_rtcp(const struct sipalg_line *l, unsigned int side)
{
	return l->end[side].rtcp_binding && !(l->end[0].mux && l->end[1].mux);
}

/* What has to be equal to say that a host is the other side's. */
enum how {
	BY_HOST,
	BY_HOST_OR_NAME,	/* a name may be any host's address */
	EXACTLY,
	ANYBODY,
};

static bool is_peer(const struct sip_endpoint *peer, const struct sip_endpoint *at,
		    enum how how)
{
	if (how == ANYBODY)
		return true;
	if (how == EXACTLY)
		return sip_endpoint_equal(peer, at);
	return sip_host_equal(&peer->host, &at->host) ||
	       (how == BY_HOST_OR_NAME && !peer->host.family);
}

static bool line_admits(const struct sipalg_line *l, unsigned int side,
			const struct sipalg_binding *b,
			const struct sip_endpoint *from, enum how how)
{
	const struct sipalg_media_end *end = &l->end[side], *peer = &l->end[!side];
	bool rtcp = end->rtcp_binding == b && has_rtcp(l, side);
	struct sip_endpoint at;

	if (end->rtp_binding != b && !rtcp)
		return false;
	sipalg_media_outer(peer, &at);
	if (is_peer(&at, from, how))
		return true;
	outer_rtcp(peer, &at);
	return rtcp && is_peer(&at, from, how);
}

static bool session_admits(const struct sipalg_session *s,
			   const struct sipalg_binding *b,
			   const struct sip_endpoint *from, enum how how)
{
	unsigned int i;

	if (!s || !s->answered)
		return false;
	for (i = 0; i < s->n; i++) {
		const struct sipalg_line *l = &s->line[i];

		if (!is_refused(l) && (line_admits(l, 0, b, from, how) ||
				       line_admits(l, 1, b, from, how)))
			return true;
	}
	return false;
}

static bool call_admits(const struct sipalg_binding *b,
			const struct sip_endpoint *from, enum how how)
{
	const struct sipalg_dialog *d;

	list_for_each_entry(d, &b->call->dialogs, list) {
		if (session_admits(d->agreed, b, from, how) ||
		    session_admits(d->offer[0], b, from, how) ||
		    session_admits(d->offer[1], b, from, how) ||
		    session_admits(d->early, b, from, how))
			return true;
	}
	return false;
}

static bool is_signalling_host(const struct sipalg_call *call, const struct sip_host *host)
{
	return sip_host_equal(host, &call->host[0]) ||
	       sip_host_equal(host, &call->host[1]);
}

/* Does the call's rule let this host in, whoever was named? */
static bool is_welcome(const struct sipalg_call *call, const struct sip_host *host)
{
	switch (call->rule->option[SIPALG_O_MEDIA_SOURCE]) {
	case SIPALG_SOURCE_ANY:
	case SIPALG_SOURCE_LATCH:
		return true;
	case SIPALG_SOURCE_SIGNALLING:
		return is_signalling_host(call, host);
	default:
		return false;
	}
}

/* And before an answer has named anybody, if it lets in early media? */
static bool is_early_welcome(const struct sipalg_binding *b, const struct sip_host *host)
{
	const struct sipalg_call *call = b->call;

	return call->rule->option[SIPALG_O_EARLY_MEDIA] &&
	       (is_welcome(call, host) || is_signalling_host(call, host)) &&
	       sipalg_media_is_offered(b);
}

/* What goes to a name leaves by the binding; what comes from it comes on that flow. */
bool sipalg_media_admits(const struct sipalg_binding *b, const struct sip_host *host,
			 bool outbound)
{
	const struct sip_endpoint at = { .host = *host };

	if (outbound)
		return call_admits(b, &at, BY_HOST_OR_NAME);
	if (b->latched.host.family && !sip_host_equal(host, &b->latched.host))
		return false;
	return call_admits(b, &at, is_welcome(b->call, host) ? ANYBODY : BY_HOST) ||
	       is_early_welcome(b, host);
}

bool sipalg_media_latch(struct sipalg_binding *b, const struct sip_endpoint *from)
{
	if (!may_latch(b))
		return true;
	/* Who answers what the inside sends has been chosen by that. */
	if (!b->latched.host.family && !sipalg_binding_heard(b, &b->latched))
		b->latched = *from;
	return sip_endpoint_equal(&b->latched, from);
}

bool sipalg_media_leads_to(const struct sipalg_binding *b, const struct sip_endpoint *at)
{
	return call_admits(b, at, EXACTLY);
}

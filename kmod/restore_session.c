// SPDX-License-Identifier: GPL-2.0
/*
 * Live state that comes back: the sessions and transactions of a dialog.
 */
#include <linux/slab.h>

#include "binding.h"
#include "call.h"
#include "restore.h"
#include "state.h"

/* The line's reference to one of the call's bindings, which leads to its host. */
static int use_binding(struct restore *r, u32 id, const struct sip_host *host,
		       struct sipalg_binding **slot)
{
	struct sip_endpoint at;
	unsigned int i;

	for (i = 0; id && i < r->n; i++) {
		struct sipalg_binding *b = r->bindings[i];

		if (b->id != id)
			continue;
		sipalg_end_get(b, SIPALG_INNER, &at);
		if (!sip_host_equal(&at.host, host))
			return REFUSE(r, EINVAL, "a binding does not lead to the host of its line");
		b->users++;
		*slot = b;
		return 0;
	}
	return id ? REFUSE(r, EINVAL, "a line names a binding that the call has not") : 0;
}

static int end_get(struct restore *r, const struct nlattr *nla, struct sipalg_media_end *e)
{
	struct nest *n;
	u32 flags;
	int err;

	n = nest_open(r, nla, &err);
	if (!n)
		return err;
	flags = nest_number(n, A(FLAGS));
	e->kind = nest_number(n, A(KIND));
	e->direction = nest_number(n, A(DIRECTION));
	e->part = nest_number(n, A(PART));
	e->index = nest_number(n, A(INDEX));
	e->pair = nest_number(n, A(PAIR));
	e->mux = flags & STATE_MUX;
	e->held = flags & STATE_HELD;
	e->early = flags & STATE_EARLY;
	if (n->attr[A(CODECS)])
		nla_memcpy(e->codecs, n->attr[A(CODECS)], sizeof(e->codecs));
	err = nest_at(r, n, A(ADDR), &e->at);
	e->rtcp = e->at;
	if (!err && n->attr[A(RTCP_PORT)]) {
		err = nest_at(r, n, A(RTCP_ADDR), &e->rtcp);
		if (!e->rtcp.host.family)
			e->rtcp.host = e->at.host;
	}
	if (!err && e->kind > SDP_KIND_APPLICATION)
		err = REFUSE(r, ERANGE, "there is no such kind of media");
	err = err ?: use_binding(r, nest_number(n, A(RTP_BINDING)), &e->at.host, &e->rtp_binding) ?:
	      use_binding(r, nest_number(n, A(RTCP_BINDING)), &e->rtcp.host, &e->rtcp_binding);
	kfree(n);
	return err;
}

static int line_get(struct restore *r, const struct nlattr *line, struct sipalg_line *l)
{
	const struct nlattr *nla;
	int left, err, side = 0;

	nla_for_each_nested(nla, line, left) {
		if (nla_type(nla) != A(END) || side == 2)
			return REFUSE(r, EINVAL, "a line has two ends");
		err = end_get(r, nla, &l->end[side++]);
		if (err)
			return err;
	}
	return side == 2 ? 0 : REFUSE(r, EINVAL, "a line has two ends");
}

static unsigned int count(const struct nlattr *nest, int type)
{
	const struct nlattr *nla;
	unsigned int n = 0;
	int left;

	nla_for_each_nested(nla, nest, left)
		n += nla_type(nla) == type;
	return n;
}

static int session_lines(struct restore *r, const struct nest *n, struct sipalg_session *s)
{
	const struct nlattr *nla;
	int left, err, i = 0;

	nla_for_each_nested(nla, n->nla, left) {
		if (nla_type(nla) != A(LINE))
			continue;
		err = line_get(r, nla, &s->line[i++]);
		if (err)
			return err;
	}
	return 0;
}

int restore_session(struct restore *r, const struct nlattr *nla, struct sipalg_dialog *d)
{
	struct sipalg_session **slot;
	unsigned int lines;
	struct nest *n;
	u32 flags;
	int err;

	n = nest_open(r, nla, &err);
	if (!n)
		return err;
	lines = count(nla, A(LINE));
	err = -EINVAL;
	if (nest_number(n, A(KIND)) >= STATE_SESSIONS || lines > SIPALG_MEDIA_ENDS) {
		NL_SET_ERR_MSG(r->extack, "there is no such session, or not with so many lines");
		goto out;
	}
	slot = sipalg_state_session(d, nest_number(n, A(KIND)));
	if (*slot) {
		NL_SET_ERR_MSG(r->extack, "a dialog has each kind of session once");
		goto out;
	}
	err = -ENOMEM;
	*slot = sipalg_session_alloc(lines, GFP_KERNEL);
	if (!*slot)
		goto out;
	flags = nest_number(n, A(FLAGS));
	(*slot)->cseq = nest_number(n, A(CSEQ));
	(*slot)->answered = flags & STATE_ANSWERED;
	(*slot)->late = flags & STATE_LATE;
	(*slot)->offerer = !!(flags & STATE_OFFERER_B);
	err = session_lines(r, n, *slot);
out:
	kfree(n);
	return err;
}

int restore_transaction(struct restore *r, const struct nlattr *nla, struct sipalg_dialog *d)
{
	struct sipalg_transaction *t;
	struct nest *n;
	u32 flags;
	int err;

	n = nest_open(r, nla, &err);
	if (!n)
		return err;
	if (nest_number(n, A(KIND)) >= STATE_TRANSACTIONS) {
		kfree(n);
		return REFUSE(r, EINVAL, "there is no such kind of transaction");
	}
	t = sipalg_state_transaction(d, nest_number(n, A(KIND)), nest_number(n, A(SIDE)));
	flags = nest_number(n, A(FLAGS));
	t->seen = true;
	t->active = flags & STATE_ACTIVE;
	t->initial = flags & STATE_INITIAL;
	t->offered = flags & STATE_OFFERED;
	t->cseq = nest_number(n, A(CSEQ));
	kfree(n);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Calls whose media have fallen silent.
 *
 * No packet of media is looked at for this: each of them sets the time-out of
 * its conntrack entry anew, so an entry with the same time-out as before has had
 * none since. That is looked up four times in the time that a call may be silent.
 */
#include <linux/jiffies.h>
#include <net/netfilter/nf_conntrack.h>

#include "binding.h"
#include "call.h"
#include "idle.h"
#include "policy.h"

#define LOOKS 4

/*
 * struct ears - what was heard of a dialog's media
 * @sum: of all time-outs, in their order
 * @bound: something comes by us
 * @moving: something is known to come
 */
struct ears {
	u32 sum;
	bool bound;
	bool moving;
};

static void listen_flow(struct ears *e, const struct nf_conn *ct)
{
	/* A flowtable sets the time-out as it likes, and gives up what is silent. */
	if (test_bit(IPS_OFFLOAD_BIT, &ct->status))
		e->moving = true;
	e->sum = e->sum * 31 + READ_ONCE(ct->timeout);
}

static void listen_binding(struct ears *e, struct sipalg_binding *b)
{
	unsigned int i;

	if (!b)
		return;
	e->bound = true;
	spin_lock_bh(&b->lock);
	for (i = 0; i < b->nflows; i++)
		listen_flow(e, sipalg_binding_flows(b)[i]);
	spin_unlock_bh(&b->lock);
}

static void listen_session(struct ears *e, const struct sipalg_session *s)
{
	unsigned int i, side;

	for (i = 0; s && i < s->n; i++) {
		for (side = 0; side < 2; side++) {
			listen_binding(e, s->line[i].end[side].rtp_binding);
			listen_binding(e, s->line[i].end[side].rtcp_binding);
		}
	}
}

/* Nobody has to say anything on hold; and what does not come by us is not heard. */
static bool is_heard(struct sipalg_dialog *d)
{
	struct ears e = {};
	bool same;

	listen_session(&e, d->agreed);
	listen_session(&e, d->offer[0]);
	listen_session(&e, d->offer[1]);
	same = e.sum == d->heard_sum;
	d->heard_sum = e.sum;
	return !same || e.moving || !e.bound || d->sight.held;
}

static unsigned long limit_of(const struct sipalg_dialog *d)
{
	return d->call->rule->option[SIPALG_O_MEDIA_IDLE] * HZ;
}

static void set_look(struct sipalg_dialog *d)
{
	unsigned long next = jiffies + limit_of(d) / LOOKS;

	d->look = next;
	sipalg_call_arm(d->call, next);
}

void sipalg_idle_begin(struct sipalg_dialog *d)
{
	if (!limit_of(d) || d->call->method != SIP_INVITE)
		return;
	d->listens = true;
	d->heard = jiffies;
	set_look(d);
}

void sipalg_idle_look(struct sipalg_dialog *d)
{
	s32 left;

	if (!d->listens || d->state != SIPALG_DIALOG_CONFIRMED)
		return;
	left = d->look - (u32)jiffies;
	if (left > 0) {
		sipalg_call_arm(d->call, jiffies + left);
		return;
	}
	if (is_heard(d))
		d->heard = jiffies;
	if (time_before32((u32)jiffies, d->heard + (u32)limit_of(d)))
		set_look(d);
	else
		sipalg_dialog_end(d, SIPALG_END_SILENT);
}

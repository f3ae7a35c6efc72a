// SPDX-License-Identifier: GPL-2.0
/*
 * At a limit, unanswered calls give way to answered ones.
 */
#include "ctx.h"
#include "event.h"
#include "net.h"

#define TRIES 16	/* dialogs that are looked at for one that can be had */

void sipalg_yield_update(struct sipalg_dialog *d)
{
	struct sipalg_yield *y = &d->call->sn->yield;

	spin_lock_bh(&y->lock);
	if (d->state == SIPALG_DIALOG_TERMINATED)
		list_move_tail(&d->yield, &y->over);
	else if (d->state == SIPALG_DIALOG_CONFIRMED)
		list_del_init(&d->yield);
	else if (list_empty(&d->yield))
		list_add_tail(&d->yield, &y->unanswered);
	spin_unlock_bh(&y->lock);
}

void sipalg_yield_forget(struct sipalg_dialog *d)
{
	struct sipalg_yield *y = &d->call->sn->yield;

	spin_lock_bh(&y->lock);
	list_del_init(&d->yield);
	spin_unlock_bh(&y->lock);
}

/*
 * The lock of a dialog's call, if it is free; the message's own is held already.
 * A dialog leaves the lists under both locks before it is freed: what is found
 * in one of them stays as long as its call's lock is held.
 */
static bool try_lock(struct sipalg_ctx *ctx, struct sipalg_dialog *d, spinlock_t **lock)
{
	spinlock_t *l = sipalg_lock(ctx->sn, d->call->hash);

	*lock = NULL;
	if (l == sipalg_lock(ctx->sn, ctx->hash))
		return true;
	if (!spin_trylock(l))
		return false;
	/* Sparse counts within a function; unlock() has the other half. */
	__release(l);
	*lock = l;
	return true;
}

static void unlock(spinlock_t *lock)
{
	if (!lock)
		return;
	__acquire(lock);
	spin_unlock(lock);
}

static struct sipalg_dialog *pick(struct sipalg_ctx *ctx, struct list_head *list,
				  spinlock_t **lock)
{
	struct sipalg_dialog *d;
	unsigned int n = 0;

	list_for_each_entry(d, list, yield) {
		if (n++ == TRIES)
			break;
		if (d->call != ctx->call && try_lock(ctx, d, lock))
			return d;
	}
	return NULL;
}

bool sipalg_yield_make_room(struct sipalg_ctx *ctx, bool bindings)
{
	struct sipalg_yield *y = &ctx->sn->yield;
	struct sipalg_dialog *d = NULL;
	spinlock_t *lock;

	spin_lock_bh(&y->lock);
	if (!bindings)
		d = pick(ctx, &y->over, &lock);
	if (!d)
		d = pick(ctx, &y->unanswered, &lock);
	spin_unlock_bh(&y->lock);
	if (!d)
		return false;
	if (d->state != SIPALG_DIALOG_TERMINATED) {
		sipalg_count(ctx->sn, SIPALG_R_EVICTED);
		sipalg_event_limit(ctx->sn,
				   bindings ? SIPALG_LIMIT_BINDINGS : SIPALG_LIMIT_DIALOGS,
				   &ctx->path.src_in.host);
		sipalg_dialog_end(d, SIPALG_END_EVICTED);
	}
	sipalg_call_forget(d);
	unlock(lock);
	return true;
}

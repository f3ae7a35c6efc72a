// SPDX-License-Identifier: GPL-2.0
/*
 * Hosts that send to us, and what they may still do.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "event.h"
#include "net.h"
#include "source.h"

#define GC_SECONDS	10
#define NO_LIMIT	1048576	/* of a host: the option's highest value */

static const struct rhashtable_params source_params = {
	.head_offset = offsetof(struct sipalg_source, node),
	.key_offset = offsetof(struct sipalg_source, key),
	.key_len = sizeof(struct sipalg_source_key),
	.automatic_shrinking = true,
};

static void set_key(struct sipalg_source_key *key, const struct sip_host *host, u16 zone)
{
	memset(key, 0, sizeof(*key));
	memcpy(key->addr, host->addr, sizeof(key->addr));
	key->family = host->family;
	key->zone = zone;
}

static struct sipalg_source *source_new(struct sipalg_net *sn,
					const struct sip_host *host,
					const struct sipalg_source_key *key)
{
	struct sipalg_source *s, *old;

	if (atomic_read(&sn->sources.nelems) >= SIPALG_SOURCES_MAX) {
		sipalg_event_limit(sn, SIPALG_LIMIT_SOURCES, host);
		goto full;
	}
	s = kzalloc(sizeof(*s), GFP_ATOMIC);
	if (!s)
		goto full;
	s->key = *key;
	s->seen = jiffies;
	spin_lock_init(&s->lock);
	old = rhashtable_lookup_get_insert_fast(&sn->sources, &s->node, source_params);
	if (!old)
		return s;
	kfree(s);
	if (!IS_ERR(old))
		return old;
full:
	sipalg_count(sn, SIPALG_R_SOURCES_FULL);
	return NULL;
}

static struct sipalg_source *source_get(struct sipalg_net *sn,
					const struct sip_host *host, u16 zone)
{
	struct sipalg_source_key key;
	struct sipalg_source *s;

	set_key(&key, host, zone);
	s = rhashtable_lookup_fast(&sn->sources, &key, source_params);
	return s ?: source_new(sn, host, &key);
}

/* A second's worth may come at once, no more. */
static bool bucket_take(struct sipalg_bucket *b, u32 rate)
{
	u32 now = jiffies, past = min_t(u32, now - b->last, HZ);
	u64 tokens;

	if (!rate)
		return true;
	tokens = b->last ? min_t(u64, b->tokens + (u64)past * rate, (u64)rate * HZ) :
			   (u64)rate * HZ;
	b->last = now ?: 1;
	if (tokens < HZ) {
		b->tokens = tokens;
		return false;
	}
	b->tokens = min_t(u64, tokens - HZ, U32_MAX);
	return true;
}

bool sipalg_source_allows(struct sipalg_net *sn, const struct sipalg_rule *r,
			  const struct sip_host *host, u16 zone, u8 method)
{
	struct sipalg_source *s;
	bool ok;

	if (!r->limited)
		return true;
	s = source_get(sn, host, zone);
	if (!s)
		return true;
	spin_lock_bh(&s->lock);
	WRITE_ONCE(s->seen, jiffies);
	ok = bucket_take(&s->all, r->option[SIPALG_O_RATE]) &&
	     bucket_take(&s->method[method], r->rate[method]);
	spin_unlock_bh(&s->lock);
	return ok;
}

static atomic_t *counter_of(struct sipalg_source *s, bool registration)
{
	return registration ? &s->registrations : &s->dialogs;
}

bool sipalg_source_take(struct sipalg_net *sn, u32 limit, bool registration,
			const struct sip_host *host, u16 zone,
			struct sipalg_source **taken)
{
	struct sipalg_source *s;
	bool ok = true;

	*taken = NULL;
	if (limit >= NO_LIMIT)
		return true;
	s = source_get(sn, host, zone);
	if (!s)
		return true;
	/* With the lock: one that is counted does not leave the table. */
	spin_lock_bh(&s->lock);
	if (!s->dead) {
		ok = atomic_inc_return(counter_of(s, registration)) <= limit;
		if (ok)
			*taken = s;
		else
			atomic_dec(counter_of(s, registration));
	}
	spin_unlock_bh(&s->lock);
	return ok;
}

void sipalg_source_give(struct sipalg_source *s, bool registration)
{
	if (s)
		atomic_dec(counter_of(s, registration));
}

struct sipalg_source *sipalg_source_stream(struct sipalg_net *sn,
					   const struct sip_host *host, u16 zone, u32 held)
{
	struct sipalg_source *s = source_get(sn, host, zone);
	bool ok;

	if (!s)
		return NULL;
	/* With the lock, as above. */
	spin_lock_bh(&s->lock);
	ok = !s->dead;
	if (ok) {
		atomic_inc(&s->streams);
		atomic_add(held, &s->held);
	}
	spin_unlock_bh(&s->lock);
	return ok ? s : NULL;
}

/* It may be freed a grace period later: nothing of it is touched from here on. */
void sipalg_source_stream_over(struct sipalg_source *s)
{
	if (s)
		atomic_dec(&s->streams);
}

bool sipalg_source_hold(struct sipalg_source *s, u32 size, u32 limit)
{
	if (!s)
		return true;
	/* What all connections may have is far from what the number can be. */
	if ((u32)atomic_add_return(size, &s->held) <= limit)
		return true;
	atomic_sub(size, &s->held);
	return false;
}

void sipalg_source_release(struct sipalg_source *s, u32 size)
{
	if (s)
		atomic_sub(size, &s->held);
}

static bool is_idle(const struct sipalg_source *s)
{
	return !atomic_read(&s->dialogs) && !atomic_read(&s->registrations) &&
	       !atomic_read(&s->streams) &&
	       time_after(jiffies, READ_ONCE(s->seen) + GC_SECONDS * HZ);
}

static void source_drop(struct sipalg_net *sn, struct sipalg_source *s, bool idle)
{
	bool gone;

	spin_lock_bh(&s->lock);
	gone = !s->dead && (!idle || is_idle(s));
	s->dead = s->dead || gone;
	spin_unlock_bh(&s->lock);
	if (!gone)
		return;
	rhashtable_remove_fast(&sn->sources, &s->node, source_params);
	kfree_rcu(s, rcu);
}

static void sources_sweep(struct sipalg_net *sn, bool idle)
{
	struct rhashtable_iter iter;
	struct sipalg_source *s;

	rhashtable_walk_enter(&sn->sources, &iter);
	rhashtable_walk_start(&iter);
	while ((s = rhashtable_walk_next(&iter))) {
		if (!IS_ERR(s))
			source_drop(sn, s, idle);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

static void sources_gc(struct work_struct *work)
{
	struct sipalg_net *sn = container_of(to_delayed_work(work),
					     struct sipalg_net, sources_work);

	if (atomic_read(&sn->sources.nelems))
		sources_sweep(sn, true);
	schedule_delayed_work(&sn->sources_work, GC_SECONDS * HZ);
}

int sipalg_sources_init(struct sipalg_net *sn)
{
	INIT_DELAYED_WORK(&sn->sources_work, sources_gc);
	return rhashtable_init(&sn->sources, &source_params);
}

void sipalg_sources_start(struct sipalg_net *sn)
{
	schedule_delayed_work(&sn->sources_work, GC_SECONDS * HZ);
}

void sipalg_sources_stop(struct sipalg_net *sn)
{
	cancel_delayed_work_sync(&sn->sources_work);
	/* A walk may miss some when the table is resized meanwhile. */
	while (atomic_read(&sn->sources.nelems)) {
		sources_sweep(sn, false);
		cond_resched();
	}
}

void sipalg_sources_clean(struct sipalg_net *sn)
{
	rhashtable_destroy(&sn->sources);
}

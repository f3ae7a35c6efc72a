// SPDX-License-Identifier: GPL-2.0
/*
 * The table of bindings.
 */
#include <linux/jhash.h>
#include <linux/slab.h>

#include "binding.h"
#include "compat/compat.h"
#include "flow.h"
#include "mem.h"
#include "net.h"
#include "policy.h"
#include "trace.h"

#define UNLEASED 32	/* seconds for a new signalling binding to get a lease */

#define TABLE_MIN 512	/* buckets; so that a few calls do not resize the table */

static u32 end_hash(const void *data, u32 len, u32 seed)
{
	const struct sipalg_end_key *key = data;
	const u32 *head = (const u32 *)key;

	if (key->pf != NFPROTO_IPV4)
		seed = jhash2(&key->addr.all[1], 3, seed);
	return jhash_3words(key->addr.all[0], head[0], head[1], seed);
}

/* Of the same family, if what is before the address is equal. */
static int end_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct sipalg_end_key *a = arg->key, *b = &((const struct sipalg_end *)obj)->key;
	const u32 *x = (const u32 *)a, *y = (const u32 *)b;

	if (x[0] != y[0] || x[1] != y[1] || a->addr.ip != b->addr.ip)
		return 1;
	return a->pf != NFPROTO_IPV4 && !nf_inet_addr_cmp(&a->addr, &b->addr);
}

static const struct rhashtable_params end_params = {
	.head_offset = offsetof(struct sipalg_end, node),
	.key_offset = offsetof(struct sipalg_end, key),
	.key_len = sizeof(struct sipalg_end_key),
	.hashfn = end_hash,
	.obj_cmpfn = end_differs,
	.min_size = TABLE_MIN,
	.automatic_shrinking = true,
};

void sipalg_end_key_set(struct sipalg_end_key *key, enum sipalg_side side,
			const struct sip_endpoint *at, u8 proto, u16 zone)
{
	memset(key, 0, sizeof(*key));
	sip_host_to_inet(&key->addr, &at->host);
	key->port = htons(at->port);
	key->zone = zone;
	key->proto = proto;
	key->pf = at->host.family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	key->side = side;
}

void sipalg_end_get(const struct sipalg_binding *b, enum sipalg_side side,
		    struct sip_endpoint *at)
{
	const struct sipalg_end_key *key = sipalg_binding_key(b, side);

	sip_host_from_inet(&at->host, &key->addr, key->pf);
	at->port = ntohs(key->port);
}

void sipalg_end_key_get(const struct sipalg_binding *b, enum sipalg_side side,
			struct sipalg_end_key *key)
{
	const struct sipalg_end_key *from = sipalg_binding_key(b, side);

	memset(key, 0, sizeof(*key));
	memcpy(key, from, from->pf == NFPROTO_IPV4 ?
	       offsetof(struct sipalg_end_key, addr) + sizeof(__be32) : sizeof(*key));
}

bool sipalg_end_begins(const struct sipalg_binding *b, enum sipalg_side side,
		       const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	const struct sipalg_end_key *key = sipalg_binding_key(b, side);

	if (t->src.u.all != key->port || t->src.l3num != key->pf)
		return false;
	return key->pf == NFPROTO_IPV4 ? t->src.u3.ip == key->addr.ip :
					 nf_inet_addr_cmp(&t->src.u3, &key->addr);
}

static bool has_host(const struct sipalg_binding *b, enum sipalg_side side,
		     const struct sip_host *host)
{
	struct sip_endpoint at;

	sipalg_end_get(b, side, &at);
	return sip_host_equal(&at.host, host);
}

static bool is_signalling(const struct sipalg_binding *b)
{
	return b->type == SIPALG_BINDING_SIGNALLING;
}

struct sipalg_binding *sipalg_binding_find(struct sipalg_net *sn,
					   const struct sipalg_end_key *key,
					   const struct sip_host *other,
					   const struct sipalg_call *call,
					   bool signalling)
{
	struct rhlist_head *list, *pos;
	struct sipalg_binding *b;
	struct sipalg_end *end;

	list = rhltable_lookup(&sn->ends, key, end_params);
	rhl_for_each_entry_rcu(end, pos, list, node) {
		b = sipalg_binding_of(end);
		if (is_signalling(b) != signalling ||
		    READ_ONCE(b->dead) || (call && b->call != call) ||
		    (other && !has_host(b, !key->side, other)))
			continue;
		return b;
	}
	return NULL;
}

struct rhlist_head *sipalg_binding_lookup(struct sipalg_net *sn,
					  enum sipalg_side side,
					  const struct sip_endpoint *at,
					  u8 proto, u16 zone)
{
	struct sipalg_end_key key;

	sipalg_end_key_set(&key, side, at, proto, zone);
	return rhltable_lookup(&sn->ends, &key, end_params);
}

struct nf_conn *sipalg_binding_master(struct sipalg_binding *b)
{
	struct nf_conn *ct = NULL;

	spin_lock_bh(&b->lock);
	if (!b->dead && sipalg_binding_own(b)->master) {
		ct = sipalg_binding_own(b)->master;
		nf_conntrack_get(&ct->ct_general);
	}
	spin_unlock_bh(&b->lock);
	return ct;
}

void sipalg_binding_set_master(struct sipalg_binding *b, struct nf_conn *ct)
{
	struct sipalg_signalling *own = sipalg_binding_own(b);
	struct nf_conn *old = NULL;

	ct = sipalg_flow_root(ct);
	spin_lock_bh(&b->lock);
	if (!b->dead && own->master != ct) {
		old = own->master;
		nf_conntrack_get(&ct->ct_general);
		own->master = ct;
	}
	spin_unlock_bh(&b->lock);
	if (old)
		nf_ct_put(old);
}

/* How many have the same end as this one, which is the latest of them. */
static unsigned int rank(const struct sipalg_end *end)
{
	const struct rhlist_head *pos = &end->node;
	unsigned int n = 0;

	/* Nearly always, it is the only one. */
	if (!rcu_access_pointer(pos->next))
		return 1;
	rcu_read_lock();
	for (; pos; pos = rcu_dereference(pos->next))
		n++;
	rcu_read_unlock();
	return n;
}

/*
 * Into the table, if no more than @max have the same end then: to insert and
 * look costs one hash, to look before that another. Return: 0, -EBUSY for too
 * many, or what the table says.
 */
static int end_insert(struct sipalg_binding *b, enum sipalg_side side, unsigned int max)
{
	struct sipalg_end *end = sipalg_binding_end(b, side);
	struct sipalg_end_key key;
	int err;

	sipalg_end_key_get(b, side, &key);
	err = rhltable_insert_key(&b->sn->ends, &key, &end->node, end_params);
	if (err || rank(end) <= max)
		return err;
	rhltable_remove(&b->sn->ends, &end->node, end_params);
	return -EBUSY;
}

static size_t binding_size(u8 type, u8 pf)
{
	return sizeof(struct sipalg_binding) + 2 * sipalg_end_size(pf) +
	       (type == SIPALG_BINDING_SIGNALLING ? sizeof(struct sipalg_signalling) : 0);
}

static void binding_free(struct rcu_head *rcu)
{
	struct sipalg_binding *b = container_of(rcu, struct sipalg_binding, rcu);

	if (is_signalling(b)) {
		if (sipalg_binding_own(b)->master)
			nf_ct_put(sipalg_binding_own(b)->master);
		sipalg_rule_put(sipalg_binding_own(b)->callers);
	} else {
		sipalg_binding_free_flows(b);
	}
	sipalg_mem_put(b, binding_size(b->type, sipalg_binding_key(b, SIPALG_INNER)->pf));
}

static void lease_free(struct sipalg_lease *l)
{
	kfree(l->probe);
	kfree(l);
}

static void leases_free(struct sipalg_binding *b)
{
	struct sipalg_lease *l, *tmp;

	list_for_each_entry_safe(l, tmp, &sipalg_binding_own(b)->leases, list)
		lease_free(l);
	INIT_LIST_HEAD(&sipalg_binding_own(b)->leases);
}

/* True for the one caller that makes it dead, and has to remove it. */
static bool binding_die(struct sipalg_binding *b)
{
	lockdep_assert_held(&b->lock);
	if (b->dead)
		return false;
	WRITE_ONCE(b->dead, true);
	if (is_signalling(b))
		leases_free(b);
	return true;
}

static void binding_unhash(struct sipalg_binding *b)
{
	struct sipalg_net *sn = b->sn;

	rhltable_remove(&sn->ends, &sipalg_binding_end(b, SIPALG_INNER)->node, end_params);
	rhltable_remove(&sn->ends, &sipalg_binding_end(b, SIPALG_OUTER)->node, end_params);
	atomic_dec(&sn->nbindings);
	sipalg_count(sn, SIPALG_R_BINDINGS_GONE);
	trace_binding_gone(b);
}

static void binding_remove(struct sipalg_binding *b)
{
	binding_unhash(b);
	if (is_signalling(b))
		timer_delete(&sipalg_binding_own(b)->timer);
	sipalg_binding_kill_flows(b);
	call_rcu(&b->rcu, binding_free);
}

void sipalg_binding_destroy(struct sipalg_binding *b)
{
	bool died;

	spin_lock_bh(&b->lock);
	died = binding_die(b);
	spin_unlock_bh(&b->lock);
	if (died)
		binding_remove(b);
}

void sipalg_binding_discard(struct sipalg_binding *b)
{
	struct sipalg_lease *l;
	bool held = false, died;

	spin_lock_bh(&b->lock);
	if (is_signalling(b)) {
		list_for_each_entry(l, &sipalg_binding_own(b)->leases, list)
			held = held || l->holds;
	}
	died = !held && binding_die(b);
	spin_unlock_bh(&b->lock);
	if (died)
		binding_remove(b);
}

static bool lease_ended(const struct sipalg_lease *l)
{
	return !l->timed || !time_before(jiffies, l->until);
}

/* Forget what nobody may use any more. Return: when to look again, 0 never. */
static unsigned long leases_expire(struct sipalg_binding *b)
{
	struct sipalg_lease *l, *tmp;
	unsigned long next = 0;

	list_for_each_entry_safe(l, tmp, &sipalg_binding_own(b)->leases, list) {
		if (!lease_ended(l)) {
			if (!next || time_before(l->until, next))
				next = l->until ?: 1;
			continue;
		}
		l->timed = false;
		if (!l->holds) {
			list_del(&l->list);
			lease_free(l);
		}
	}
	return next;
}

/* Drops ended leases; the binding goes with the last one. */
static void binding_timer(struct timer_list *t)
{
	struct sipalg_signalling *own = compat_timer_of(own, t, timer);
	struct sipalg_binding *b = own->binding;
	unsigned long next;
	bool died = false;

	rcu_read_lock();
	spin_lock_bh(&b->lock);
	if (!b->dead && !READ_ONCE(b->sn->closing)) {
		next = leases_expire(b);
		if (next)
			mod_timer(&sipalg_binding_own(b)->timer, next + 1);
		/* Under the lock: nobody can take a lease of it in between. */
		died = list_empty(&sipalg_binding_own(b)->leases) && binding_die(b);
	}
	spin_unlock_bh(&b->lock);
	if (died)
		binding_remove(b);
	rcu_read_unlock();
}

static void end_key_put(struct sipalg_end *end, const struct sipalg_end_key *key)
{
	memcpy((void *)end + offsetof(struct sipalg_end, key), key,
	       sipalg_end_size(key->pf) - offsetof(struct sipalg_end, key));
}

/* Both ends are of one family. */
static struct sipalg_binding *binding_alloc(struct sipalg_net *sn, u8 type,
					    const struct sip_endpoint *inner,
					    const struct sip_endpoint *outer,
					    u8 proto, const u16 zones[2])
{
	struct sipalg_signalling *own;
	struct sipalg_end_key key;
	struct sipalg_binding *b;

	sipalg_end_key_set(&key, SIPALG_INNER, inner, proto, zones[SIPALG_INNER]);
	b = sipalg_mem_get(binding_size(type, key.pf), GFP_ATOMIC);
	if (!b)
		return NULL;
	end_key_put(sipalg_binding_end(b, SIPALG_INNER), &key);
	sipalg_end_key_set(&key, SIPALG_OUTER, outer, proto, zones[SIPALG_OUTER]);
	end_key_put(sipalg_binding_end(b, SIPALG_OUTER), &key);
	b->sn = sn;
	b->type = type;
	spin_lock_init(&b->lock);
	if (type == SIPALG_BINDING_SIGNALLING) {
		own = sipalg_binding_own(b);
		own->binding = b;
		INIT_LIST_HEAD(&own->leases);
		timer_setup(&own->timer, binding_timer, 0);
		mod_timer(&sipalg_binding_own(b)->timer, jiffies + UNLEASED * HZ);
	}
	return b;
}

struct sipalg_binding *sipalg_binding_create(struct sipalg_net *sn, u8 type,
					     const struct sip_endpoint *inner,
					     const struct sip_endpoint *outer,
					     u8 proto, const u16 zones[2],
					     struct sipalg_call *call,
					     bool shared)
{
	struct sipalg_binding *b;
	spinlock_t *lock;
	int err;

	if (atomic_inc_return(&sn->nbindings) > READ_ONCE(sn->limits.bindings)) {
		atomic_dec(&sn->nbindings);
		return ERR_PTR(-ENOSPC);
	}
	err = -ENOMEM;
	b = binding_alloc(sn, type, inner, outer, proto, zones);
	if (!b)
		goto err_count;
	b->call = call;
	b->id = sipalg_new_id(sn);
	/* Who finds a port free and takes it must be one and the same. */
	lock = &sn->port_locks[outer->port % SIPALG_LOCKS].lock;
	spin_lock_bh(lock);
	err = end_insert(b, SIPALG_OUTER, shared ? SIPALG_SAME_KEY : 1);
	spin_unlock_bh(lock);
	if (err == -EBUSY)
		err = -EADDRINUSE;
	if (err)
		goto err_free;
	err = end_insert(b, SIPALG_INNER, SIPALG_SAME_KEY);
	if (err == -EBUSY)
		err = -ENOSPC;
	if (err)
		goto err_unhash;
	sipalg_count(sn, SIPALG_R_BINDINGS);
	trace_binding_made(b);
	return b;

err_unhash:
	rhltable_remove(&sn->ends, &sipalg_binding_end(b, SIPALG_OUTER)->node, end_params);
err_free:
	/* The timer was armed just now, and whoever found it can do nothing yet. */
	WRITE_ONCE(b->dead, true);
	if (type == SIPALG_BINDING_SIGNALLING)
		timer_delete(&sipalg_binding_own(b)->timer);
	call_rcu(&b->rcu, binding_free);
err_count:
	atomic_dec(&sn->nbindings);
	return ERR_PTR(err);
}

static struct sipalg_lease *lease_find(struct sipalg_binding *b,
				       const struct sip_host *host)
{
	struct sipalg_lease *l;

	lockdep_assert_held(&b->lock);
	list_for_each_entry(l, &sipalg_binding_own(b)->leases, list) {
		if (sip_host_equal(&l->host, host))
			return l;
	}
	return NULL;
}

/* The lease of this host; an ERR_PTR as sipalg_binding_hold() returns. */
static struct sipalg_lease *lease_get(struct sipalg_binding *b,
				      const struct sip_host *host)
{
	struct sipalg_lease *l;

	if (b->dead)
		return ERR_PTR(-ENOENT);
	l = lease_find(b, host);
	if (l)
		return l;
	if (list_count_nodes(&sipalg_binding_own(b)->leases) >= READ_ONCE(b->sn->limits.peers))
		return ERR_PTR(-ENOSPC);
	l = kzalloc(sizeof(*l), GFP_ATOMIC);
	if (!l)
		return ERR_PTR(-ENOMEM);
	l->host = *host;
	list_add_tail(&l->list, &sipalg_binding_own(b)->leases);
	return l;
}

int sipalg_binding_hold(struct sipalg_binding *b, const struct sip_host *host)
{
	struct sipalg_lease *l;

	spin_lock_bh(&b->lock);
	l = lease_get(b, host);
	if (!IS_ERR(l))
		l->holds++;
	spin_unlock_bh(&b->lock);
	return PTR_ERR_OR_ZERO(l);
}

void sipalg_binding_drop(struct sipalg_binding *b, const struct sip_host *host,
			 u32 linger)
{
	struct sipalg_lease *l;
	bool died = false;

	spin_lock_bh(&b->lock);
	l = lease_find(b, host);
	if (l && l->holds && !--l->holds && lease_ended(l)) {
		list_del(&l->list);
		lease_free(l);
	}
	if (list_empty(&sipalg_binding_own(b)->leases) && !b->dead) {
		if (linger)
			mod_timer(&sipalg_binding_own(b)->timer, jiffies + linger * HZ);
		else
			died = binding_die(b);
	}
	spin_unlock_bh(&b->lock);
	if (died)
		binding_remove(b);
}

int sipalg_binding_lease(struct sipalg_binding *b, const struct sip_host *host,
			 u32 seconds)
{
	struct timer_list *timer = &sipalg_binding_own(b)->timer;
	unsigned long until = jiffies + seconds * HZ;
	struct sipalg_lease *l;

	spin_lock_bh(&b->lock);
	l = lease_get(b, host);
	if (!IS_ERR(l)) {
		l->timed = true;
		l->until = until;
		if (!timer_pending(timer) || time_before(until, timer->expires))
			mod_timer(&sipalg_binding_own(b)->timer, until + 1);
	}
	spin_unlock_bh(&b->lock);
	return PTR_ERR_OR_ZERO(l);
}

bool sipalg_binding_leased(struct sipalg_binding *b, const struct sip_host *host)
{
	struct sipalg_lease *l;
	bool ok;

	spin_lock_bh(&b->lock);
	l = lease_find(b, host);
	ok = l && (l->holds || !lease_ended(l));
	spin_unlock_bh(&b->lock);
	return ok;
}

unsigned int sipalg_binding_peers(struct sipalg_binding *b,
				  struct sip_host hosts[], unsigned int max)
{
	struct sipalg_lease *l;
	unsigned int n = 0;

	spin_lock_bh(&b->lock);
	list_for_each_entry(l, &sipalg_binding_own(b)->leases, list) {
		if (n < max && (l->holds || !lease_ended(l)))
			hosts[n++] = l->host;
	}
	spin_unlock_bh(&b->lock);
	return n;
}

int sipalg_bindings_init(struct sipalg_net *sn)
{
	return rhltable_init(&sn->ends, &end_params);
}

void sipalg_bindings_flush(struct sipalg_net *sn)
{
	struct rhashtable_iter iter;
	struct sipalg_end *end;

	/* A walk may miss some when the table is resized meanwhile. */
	while (atomic_read(&sn->nbindings)) {
		rhltable_walk_enter(&sn->ends, &iter);
		rhashtable_walk_start(&iter);
		while ((end = rhashtable_walk_next(&iter))) {
			if (!IS_ERR(end))
				sipalg_binding_destroy(sipalg_binding_of(end));
		}
		rhashtable_walk_stop(&iter);
		rhashtable_walk_exit(&iter);
		cond_resched();
	}
}

void sipalg_bindings_moved(struct sipalg_net *sn, const struct sip_host *host,
			   bool gone)
{
	struct rhashtable_iter iter;
	struct sipalg_end *end;

	rhltable_walk_enter(&sn->ends, &iter);
	rhashtable_walk_start(&iter);
	while ((end = rhashtable_walk_next(&iter))) {
		struct sipalg_binding *b;

		/* The table was resized: some come twice, which does no harm. */
		if (IS_ERR(end))
			continue;
		b = sipalg_binding_of(end);
		if (end->key.side != SIPALG_OUTER ||
		    !has_host(b, SIPALG_OUTER, host) ||
		    has_host(b, SIPALG_INNER, host))
			continue;
		WRITE_ONCE(b->stale, gone);
		if (gone)
			sipalg_binding_kill_flows(b);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

void sipalg_bindings_clean(struct sipalg_net *sn)
{
	rhltable_destroy(&sn->ends);
}

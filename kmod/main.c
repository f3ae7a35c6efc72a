// SPDX-License-Identifier: GPL-2.0
/*
 * Loading, unloading, and the life of a namespace.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "address.h"
#include "binding.h"
#include "call.h"
#include "flow.h"
#include "genl.h"
#include "hook.h"
#include "inspect.h"
#include "mem.h"
#include "net.h"
#include "policy.h"
#include "registration.h"
#include "source.h"
#include "stream.h"
#include "../include/sipalg.h"
#include "sipalg_version.h"

unsigned int sipalg_net_id;

static DEFINE_MUTEX(sipalg_mutex);

static const struct sipalg_limits default_limits = {
	.dialogs = 131072,
	.registrations = 65536,
	.bindings = 524288,
	.message = 65535,
	.forks = 16,
	.peers = 256,
	.streams = 65536,
	.stream_bytes = 512 * 1024,
	.streams_bytes = 64 * 1024 * 1024,
	.stall = 5,
	.stream = {
		.message = 65535,
		.growth = 8192,
		.kept = 256,
		.queue = 64,
		.ahead = 256 * 1024,
	},
};

u64 sipalg_stats_read(const struct sipalg_net *sn, enum sipalg_reason r)
{
	u64 sum = 0;
	int cpu;

	if (!sn->stats)
		return 0;
	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(sn->stats, cpu)->n[r];
	return sum;
}

u32 sipalg_class_read(const struct sipalg_net *sn, enum sipalg_class class)
{
	u32 sum = 0;
	int cpu;

	if (!sn->stats)
		return 0;
	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(sn->stats, cpu)->class[class];
	return sum;
}

/* Locks of one kind, which lockdep has to tell from the other kind. */
static struct sipalg_lock *locks_alloc(struct lock_class_key *key)
{
	struct sipalg_lock *locks = kvmalloc_array(SIPALG_LOCKS, sizeof(*locks), GFP_KERNEL);
	unsigned int i;

	for (i = 0; locks && i < SIPALG_LOCKS; i++) {
		spin_lock_init(&locks[i].lock);
		lockdep_set_class(&locks[i].lock, key);
	}
	return locks;
}

int sipalg_tables_init(struct sipalg_net *sn)
{
	static struct lock_class_key call_key, port_key;
	int err = -ENOMEM;

	if (sn->locks)
		return 0;
	spin_lock_init(&sn->yield.lock);
	INIT_LIST_HEAD(&sn->yield.over);
	INIT_LIST_HEAD(&sn->yield.unanswered);
	sn->stats = alloc_percpu(struct sipalg_stats);
	sn->port_locks = locks_alloc(&port_key);
	sn->locks = locks_alloc(&call_key);
	if (!sn->stats || !sn->port_locks || !sn->locks)
		goto err_locks;
	err = sipalg_bindings_init(sn);
	if (err)
		goto err_locks;
	err = sipalg_calls_init(sn);
	if (err)
		goto err_bindings;
	err = sipalg_registrations_init(sn);
	if (err)
		goto err_calls;
	err = sipalg_sources_init(sn);
	if (err)
		goto err_registrations;
	return 0;

err_registrations:
	sipalg_registrations_clean(sn);
err_calls:
	sipalg_calls_clean(sn);
err_bindings:
	sipalg_bindings_clean(sn);
err_locks:
	kvfree(sn->locks);
	kvfree(sn->port_locks);
	free_percpu(sn->stats);
	sn->locks = NULL;
	sn->port_locks = NULL;
	sn->stats = NULL;
	return err;
}

void sipalg_tables_clean(struct sipalg_net *sn)
{
	if (!sn->locks)
		return;
	sipalg_sources_clean(sn);
	sipalg_registrations_clean(sn);
	sipalg_calls_clean(sn);
	sipalg_bindings_clean(sn);
	kvfree(sn->locks);
	kvfree(sn->port_locks);
	free_percpu(sn->stats);
}

int sipalg_net_enable(struct sipalg_net *sn)
{
	int err;

	mutex_lock(&sipalg_mutex);
	err = -EALREADY;
	if (sn->enabled)
		goto out;
	err = sipalg_tables_init(sn);
	if (err)
		goto out;
	WRITE_ONCE(sn->closing, false);
	memset(sn->limit_told, 0, sizeof(sn->limit_told));
	err = sipalg_hooks_register(sn);
	if (err)
		goto out;
	sn->enabled = true;
	sipalg_streams_start(sn);
	sipalg_sources_start(sn);
	sipalg_flow_adopt(sn);
out:
	mutex_unlock(&sipalg_mutex);
	return err;
}

/* Timers see @closing, or have ended when the grace period has. */
void sipalg_tables_flush(struct sipalg_net *sn)
{
	WRITE_ONCE(sn->closing, true);
	synchronize_rcu();
	sipalg_streams_flush(sn);
	sipalg_calls_flush(sn);
	sipalg_registrations_flush(sn);
	sipalg_bindings_flush(sn);
	sipalg_sources_stop(sn);
	synchronize_rcu();
}

int sipalg_net_disable(struct sipalg_net *sn)
{
	int err = -EALREADY;

	mutex_lock(&sipalg_mutex);
	if (sn->enabled) {
		/* A namespace that goes has no connections to go on. */
		if (check_net(sn->net))
			sipalg_streams_leave(sn);
		sipalg_hooks_unregister(sn);
		sipalg_tables_flush(sn);
		sn->enabled = false;
		err = 0;
	}
	mutex_unlock(&sipalg_mutex);
	return err;
}

/* The policy is there from the beginning: it can be changed before sipalg is on. */
static int __net_init sipalg_net_init(struct net *net)
{
	struct sipalg_policy *p = sipalg_policy_default(GFP_KERNEL);
	struct sipalg_net *sn = sipalg_net(net);

	if (!p)
		return -ENOMEM;
	sipalg_policy_set(sn, p);
	sn->net = net;
	sn->limits = default_limits;
	sn->media_min = 16384;
	sn->media_max = 32767;
	sipalg_streams_init(sn);
	get_random_bytes(&sn->secret, sizeof(sn->secret));
	return 0;
}

static void __net_exit sipalg_net_exit(struct net *net)
{
	struct sipalg_net *sn = sipalg_net(net);

	sipalg_net_disable(sn);
	sipalg_tables_clean(sn);
	sipalg_policy_free(rcu_dereference_protected(sn->policy, true));
}

static struct pernet_operations sipalg_net_ops = {
	.init = sipalg_net_init,
	.exit = sipalg_net_exit,
	.id = &sipalg_net_id,
	.size = sizeof(struct sipalg_net),
};

static int __init sipalg_init(void)
{
	int err;

	sipalg_flow_magic = get_random_u32();
	err = sipalg_inspect_init();
	if (err)
		return err;
	err = sipalg_mem_init();
	if (err)
		goto err_inspect;
	err = register_pernet_subsys(&sipalg_net_ops);
	if (err)
		goto err_mem;
	err = sipalg_address_init();
	if (err)
		goto err_net;
	err = sipalg_genl_init();
	if (err)
		goto err_address;
	err = sipalg_net_enable(sipalg_net(&init_net));
	if (err)
		goto err_genl;
	return 0;

err_genl:
	sipalg_genl_exit();
err_address:
	sipalg_address_exit();
err_net:
	unregister_pernet_subsys(&sipalg_net_ops);
err_mem:
	sipalg_mem_exit();
err_inspect:
	sipalg_inspect_exit();
	return err;
}

static void __exit sipalg_exit(void)
{
	sipalg_genl_exit();
	sipalg_address_exit();
	unregister_pernet_subsys(&sipalg_net_ops);
	/* Bindings and calls are freed by our own code, after a grace period. */
	rcu_barrier();
	sipalg_mem_exit();
	sipalg_inspect_exit();
}

module_init(sipalg_init);
module_exit(sipalg_exit);

MODULE_DESCRIPTION("SIP application layer gateway");
MODULE_VERSION(SIPALG_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(SIPALG_GENL_NAME);

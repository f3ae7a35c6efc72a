// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of this host that go and come.
 *
 * When a provider gives the gateway another address, its NAT begins anew, and
 * so do bindings: those with the old address are left at once, and the next
 * message of each phone makes new ones. Notifiers may not sleep, and a table
 * can be long: hence a queue, in which the order is kept.
 */
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/addrconf.h>

#include "address.h"
#include "binding.h"
#include "flow.h"
#include "net.h"

struct change {
	struct work_struct work;
	struct net *net;	/* a reference */
	struct sip_host host;
	bool gone;
};

static struct workqueue_struct *queue;

static void change_work(struct work_struct *work)
{
	struct change *c = container_of(work, struct change, work);
	struct sipalg_net *sn = sipalg_net(c->net);

	if (atomic_read(&sn->nbindings))
		sipalg_bindings_moved(sn, &c->host, c->gone);
	put_net(c->net);
	kfree(c);
}

static int changed(const struct net_device *dev, unsigned long event,
		   const void *addr, u8 pf)
{
	struct sipalg_net *sn = sipalg_net(dev_net(dev));
	struct change *c;

	if ((event != NETDEV_UP && event != NETDEV_DOWN) ||
	    !atomic_read(&sn->nbindings) || !maybe_get_net(sn->net))
		return NOTIFY_DONE;
	c = kzalloc(sizeof(*c), GFP_ATOMIC);
	if (!c) {
		put_net(sn->net);
		return NOTIFY_DONE;
	}
	INIT_WORK(&c->work, change_work);
	c->net = sn->net;
	c->gone = event == NETDEV_DOWN;
	sip_host_from_inet(&c->host, addr, pf);
	queue_work(queue, &c->work);
	return NOTIFY_DONE;
}

static int changed4(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct in_ifaddr *ifa = ptr;

	return changed(ifa->ifa_dev->dev, event, &ifa->ifa_local, NFPROTO_IPV4);
}

static struct notifier_block notifier4 = { .notifier_call = changed4 };

#if IS_ENABLED(CONFIG_IPV6)
static int changed6(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct inet6_ifaddr *ifa = ptr;

	return changed(ifa->idev->dev, event, &ifa->addr, NFPROTO_IPV6);
}

static struct notifier_block notifier6 = { .notifier_call = changed6 };

static int register6(void)
{
	return register_inet6addr_notifier(&notifier6);
}

static void unregister6(void)
{
	unregister_inet6addr_notifier(&notifier6);
}
#else
static int register6(void)
{
	return 0;
}

static void unregister6(void)
{
}
#endif

int sipalg_address_init(void)
{
	int err;

	queue = alloc_ordered_workqueue("sipalg", 0);
	if (!queue)
		return -ENOMEM;
	err = register_inetaddr_notifier(&notifier4);
	if (err)
		goto err_queue;
	err = register6();
	if (err)
		goto err_inet;
	return 0;

err_inet:
	unregister_inetaddr_notifier(&notifier4);
err_queue:
	destroy_workqueue(queue);
	return err;
}

void sipalg_address_exit(void)
{
	unregister6();
	unregister_inetaddr_notifier(&notifier4);
	destroy_workqueue(queue);
}

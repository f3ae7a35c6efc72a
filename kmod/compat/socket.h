/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Is a port in use by a socket of this host?
 *
 * The look-up that hands a datagram to its socket is exported for netfilter's
 * socket and tproxy matches, and only where one of them is configured; without
 * them no port is said to be in use.
 */
#ifndef SIPALG_SOCKET_H
#define SIPALG_SOCKET_H

#include <linux/netfilter.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/sock.h>
#include <net/udp.h>

#if IS_ENABLED(CONFIG_NF_TPROXY_IPV4) || IS_ENABLED(CONFIG_NF_SOCKET_IPV4)
#define compat_udp4_lookup(net, addr, port, dev) \
	udp4_lib_lookup(net, 0, 0, addr, port, dev)
#else
#define compat_udp4_lookup(net, addr, port, dev) NULL
#endif

#if IS_ENABLED(CONFIG_IPV6) && \
	(IS_ENABLED(CONFIG_NF_TPROXY_IPV6) || IS_ENABLED(CONFIG_NF_SOCKET_IPV6))
#define compat_udp6_lookup(net, addr, port, dev) \
	udp6_lib_lookup(net, &in6addr_any, 0, addr, port, dev)
#else
#define compat_udp6_lookup(net, addr, port, dev) NULL
#endif

/*
 * Since 6.2 a namespace may have a table of its own; Kbuild looks for it. Most
 * ports have no socket in any namespace, which their slot says at once.
 */
static inline bool compat_udp_has_sockets(struct net *net, __be16 port)
{
#ifdef COMPAT_NET_UDP_TABLE
	struct udp_table *table = net->ipv4.udp_table;
#else
	struct udp_table *table = &udp_table;
#endif

	return READ_ONCE(udp_hashslot(table, net, ntohs(port))->count);
}

/* Under RCU. @dev: the index of the device or VRF that it would come in by. */
static inline bool compat_udp_is_bound(struct net *net, bool v4,
				       const union nf_inet_addr *addr,
				       __be16 port, int dev)
{
	struct sock *sk;

	if (!compat_udp_has_sockets(net, port))
		return false;
	sk = v4 ? compat_udp4_lookup(net, addr->ip, port, dev) :
		  compat_udp6_lookup(net, &addr->in6, port, dev);
	if (sk)
		sock_put(sk);
	return sk;
}

#if IS_ENABLED(CONFIG_IPV6)
#define compat_tcp6_listener(net, addr, port, dev) \
	inet6_lookup_listener(net, (net)->ipv4.tcp_death_row.hashinfo, NULL, 0, \
			      &in6addr_any, 0, addr, port, dev, 0)
#else
#define compat_tcp6_listener(net, addr, port, dev) NULL
#endif

/*
 * Does somebody wait there for connections? Likewise under RCU, which is all
 * that a listener needs: the look-up takes no reference.
 */
static inline bool compat_tcp_is_bound(struct net *net, bool v4,
				       const union nf_inet_addr *addr,
				       u16 port, int dev)
{
	if (v4)
		return __inet_lookup_listener(net, net->ipv4.tcp_death_row.hashinfo,
					      NULL, 0, 0, 0, addr->ip, port, dev, 0);
	return compat_tcp6_listener(net, &addr->in6, port, dev);
}

#endif

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

/* Under RCU. @dev: the index of the device or VRF that it would come in by. */
static inline bool compat_udp_is_bound(struct net *net, bool v4,
				       const union nf_inet_addr *addr,
				       __be16 port, int dev)
{
	struct sock *sk;

	sk = v4 ? compat_udp4_lookup(net, addr->ip, port, dev) :
		  compat_udp6_lookup(net, &addr->in6, port, dev);
	if (sk)
		sock_put(sk);
	return sk;
}

#endif

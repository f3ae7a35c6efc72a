/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SIPALGCTL_NETNS_H
#define SIPALGCTL_NETNS_H

/*
 * Moves the process to a network namespace: a name, which `ip netns` knows, or
 * a path. Returns 0 or -1 after an error message.
 */
int netns_enter(const char *name);

#endif

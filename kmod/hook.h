/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netfilter hooks of a namespace.
 */
#ifndef SIPALG_HOOK_H
#define SIPALG_HOOK_H

struct sipalg_net;

/* Process context. Return: 0, or what failed. */
int sipalg_hooks_register(struct sipalg_net *sn);
/* When it returns, no packet is in a hook of ours any more. */
void sipalg_hooks_unregister(struct sipalg_net *sn);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family, and what it shows of things.
 */
#ifndef SIPALG_GENL_H
#define SIPALG_GENL_H

#include <linux/types.h>

struct genl_family;
struct sip_host;
struct sipalg_binding;
struct sipalg_dialog;
struct sipalg_registration;
struct sk_buff;

extern struct genl_family sipalg_genl_family;

int sipalg_genl_init(void);
void sipalg_genl_exit(void);

/*
 * Put one thing into a message, as a nest. The lock that protects it is held.
 * Return: 0, or -EMSGSIZE with the message as it was.
 */
int sipalg_fill_dialog(struct sk_buff *skb, const struct sipalg_dialog *d);
int sipalg_fill_registration(struct sk_buff *skb,
			     const struct sipalg_registration *r);
int sipalg_fill_binding(struct sk_buff *skb, struct sipalg_binding *b);
int sipalg_fill_host(struct sk_buff *skb, int attr, const struct sip_host *h);

#endif

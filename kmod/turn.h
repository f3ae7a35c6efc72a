/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flows that begin outside, entered as if the inside had begun them.
 *
 * A conntrack zone for one direction only tells LANs with equal addresses
 * apart by what they send first. What is sent in answer to a flow from outside
 * is looked up in the common zone, in which the equal addresses of two LANs
 * are one: the second phone's audio would go by the first one's port. So such
 * a flow is entered the other way round, with the inner host at its origin.
 */
#ifndef SIPALG_TURN_H
#define SIPALG_TURN_H

#include <linux/types.h>

struct nf_conn;
struct sipalg_binding;
struct sk_buff;

/* Are the zones of the binding's ends different, so that flows have to turn? */
bool sipalg_turn_is_needed(const struct sipalg_binding *b);

/**
 * sipalg_turn() - enter a new flow the other way round
 * @skb: its first packet, from outside, before NAT
 * @ct: its unconfirmed entry, which the binding has let through
 * @b: the binding
 * Return: true if it is done: the packet belongs to the new entry then, and is
 * an answer of it; @ct is gone. Otherwise all is as it was.
 */
bool sipalg_turn(struct sk_buff *skb, struct nf_conn *ct, struct sipalg_binding *b);

#endif

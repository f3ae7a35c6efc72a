/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ICMP errors that quote a segment of a followed connection.
 */
#ifndef SIPALG_ICMP_H
#define SIPALG_ICMP_H

#include <linux/types.h>

struct sk_buff;

/**
 * struct sipalg_icmp - where things are in an ICMP error
 * @skb: the packet; not owned
 * @off: where the ICMP header begins
 * @seq_off: where the quoted TCP header has its sequence number
 * @seq: the quoted sequence number
 * @mtu: bytes that a packet of the quoted one's way may have, 0: it is not
 *	about that
 */
struct sipalg_icmp {
	struct sk_buff *skb;
	unsigned int off;
	unsigned int seq_off;
	u32 seq;
	u32 mtu;
};

/**
 * sipalg_icmp_init() - find the quoted segment
 * @i: filled in
 * @skb: the packet; not changed
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * Return: false if this is no ICMP error about a TCP segment.
 */
bool sipalg_icmp_init(struct sipalg_icmp *i, struct sk_buff *skb, u8 pf);

/* Have it quote this sequence number. The packet may move. -ENOMEM. */
int sipalg_icmp_set_seq(struct sipalg_icmp *i, u32 seq);

#endif

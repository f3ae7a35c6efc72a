/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading and editing the payload of a packet in a netfilter hook.
 *
 * Places in the packet are kept as offsets from skb->data, because every
 * function here that takes a non-const packet may move the packet: pointers
 * into it from before the call are void.
 */
#ifndef SIPALG_PACKET_H
#define SIPALG_PACKET_H

#include <linux/types.h>
#include "../include/sipalg_reasons.h"

struct net;
struct sk_buff;

/**
 * struct sipalg_packet - where things are in a packet
 * @skb: the packet; not owned
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @l4proto: IPPROTO_UDP or IPPROTO_TCP
 * @l4off: where the UDP or TCP header begins
 * @payload_off: where the payload begins
 * @payload_len: bytes of payload; of UDP, as its own header says: what an
 *	IP packet carries beyond that is not part of the datagram
 */
struct sipalg_packet {
	struct sk_buff *skb;
	u8 pf;
	u8 l4proto;
	unsigned int l4off;
	unsigned int payload_off;
	unsigned int payload_len;
};

/**
 * sipalg_packet_init() - find the UDP or TCP header and the payload
 * @p: filled in
 * @skb: the packet; neither changed nor linearised
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * Return: SIPALG_R_OK; SIPALG_R_TRUNCATED for a packet shorter than its
 * headers say, and for a fragment; SIPALG_R_GSO for datagrams merged into one
 * skb; SIPALG_R_NOT_SIP for what is neither UDP nor TCP.
 */
enum sipalg_reason sipalg_packet_init(struct sipalg_packet *p,
				      struct sk_buff *skb, u8 pf);

/**
 * sipalg_packet_payload() - the payload in one piece
 * @p: the packet; may move
 * Return: its first byte, or NULL if memory is short.
 */
const char *sipalg_packet_payload(struct sipalg_packet *p);

/**
 * sipalg_packet_peek() - the first bytes of the payload, at no cost
 * @p: the packet; stays where it is
 * @n: bytes wanted; fewer are there if @p->payload_len is smaller
 * @buf: room for @n bytes, used if the bytes are not in one piece
 * Return: the bytes, in the packet or in @buf; NULL if there are none.
 */
const void *sipalg_packet_peek(const struct sipalg_packet *p, unsigned int n,
			       void *buf);

/**
 * sipalg_packet_prepare() - make a UDP datagram ready for a new payload
 * @p: the packet; may move, also if this fails
 * @len: the length that the payload is going to have
 * Return: 0, and sipalg_packet_rewrite() cannot fail; -EMSGSIZE if no datagram
 * can be that long, -ENOMEM, -EOPNOTSUPP if this is no plain UDP datagram. The
 * bytes are what they were in any case.
 */
int sipalg_packet_prepare(struct sipalg_packet *p, unsigned int len);

/* Turns @old bytes at @payload into @len others, where they stand. */
typedef void (*sipalg_write_t)(char *payload, unsigned int old, unsigned int len,
			       const void *priv);

/**
 * sipalg_packet_rewrite() - give a UDP datagram a new payload
 * @p: the packet, prepared for it
 * @len: the new length, as it was prepared for
 * @first_changed: so many bytes at the start stay as they are
 * @write: writes the payload
 * @priv: for it
 * The lengths and checksums follow, but nothing is repaired: a datagram that
 * came with a wrong checksum leaves with a wrong one.
 */
void sipalg_packet_rewrite(struct sipalg_packet *p, unsigned int len,
			   unsigned int first_changed, sipalg_write_t write,
			   const void *priv);

/**
 * sipalg_packet_allow_fragments() - deliver a packet that we made longer
 * @p: the packet, at POST_ROUTING; may move
 * @net: the hook's namespace
 * @path: IPv6: what a router further on said is its limit, or 0
 * The sender cannot know that its message grows on the way. An answer of "too
 * big", from here or from a router further on, would tell it a size that its
 * message already has: it would send the same again, and never be heard.
 */
void sipalg_packet_allow_fragments(struct sipalg_packet *p, struct net *net,
				   unsigned int path);

/* The limit that an ICMPv6 "packet too big" tells; 0: it is no such message. */
unsigned int sipalg_packet_too_big(const struct sk_buff *skb);

/* Is this several datagrams in one (GRO, UDP_SEGMENT)? */
bool sipalg_packet_is_merged(const struct sk_buff *skb);

/* Do IP's hooks see it on its way through a bridge (br_netfilter)? */
bool sipalg_packet_is_bridged(const struct sk_buff *skb);

/**
 * sipalg_packet_split() - take merged datagrams apart
 * @skb: the packet, in a netfilter hook; gone afterwards, unless this fails
 * @bridged: it is on its way through a bridge
 * Return: a list of packets, with all that belongs to @skb (conntrack entry,
 * route); NULL if memory is short, and then @skb is as it was.
 */
struct sk_buff *sipalg_packet_split(struct sk_buff *skb, bool bridged);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP segments of a followed stream, as packets: read, rewritten, made anew.
 *
 * A new or rewritten packet leaves its checksum to the device
 * (CHECKSUM_PARTIAL), and one that is longer than an MSS leaves the cutting to
 * the stack (GSO). So nothing here sums or cuts payloads.
 */
#ifndef SIPALG_SEGMENT_H
#define SIPALG_SEGMENT_H

#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack.h>

#include "packet.h"
#include "sip/stream.h"

/**
 * struct sipalg_segment - a TCP segment in a packet
 * @packet: where things are in it
 * @seg: what it says; @seg.data is set only by sipalg_segment_data()
 * @head_len: bytes of the TCP header
 * @sack_off: where in the header the SACK option begins, 0: there is none
 * @sack_len: its bytes
 * @bound: an option signs the bytes, or counts them on its own (MPTCP)
 * @mss: of a SYN: its MSS option, or what counts where it has none
 */
struct sipalg_segment {
	struct sipalg_packet packet;
	struct sip_stream_seg seg;
	u8 head_len;
	bool bound;
	u8 sack_off;
	u8 sack_len;
	u16 mss;
};

/**
 * sipalg_segment_init() - read a segment's header
 * @s: filled in
 * @skb: the packet; not changed
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @dir: of conntrack
 * Return: SIPALG_R_OK, or as sipalg_packet_init().
 */
enum sipalg_reason sipalg_segment_init(struct sipalg_segment *s,
				       struct sk_buff *skb, u8 pf, u8 dir);

/* Let @seg.data be the payload, in one piece. The packet may move. -ENOMEM. */
int sipalg_segment_data(struct sipalg_segment *s);

/**
 * sipalg_segment_set_header() - write @seg's seq, ack and SACK blocks
 * @s: the segment; the packet may move
 * The SACK option keeps its size: what is not needed becomes padding.
 * Return: 0 or -ENOMEM; then the packet is as it was.
 */
int sipalg_segment_set_header(struct sipalg_segment *s);

/**
 * sipalg_segment_rewrite() - write all that @seg says, payload included
 * @s: the segment; the packet may move. @seg.data may lie in it
 * @mss: payload bytes that may travel in one packet
 * Return: 0, -ENOMEM, or -EMSGSIZE; then the packet is as it was.
 */
int sipalg_segment_rewrite(struct sipalg_segment *s, unsigned int mss);

/**
 * sipalg_segment_copy() - another packet on the way of this one
 * @s: the segment, whose packet is the model; not changed
 * @seg: what the new one says
 * @mss: payload bytes that may travel in one packet
 * Return: a packet with all that belongs to the model (conntrack entry, route,
 * marks), or NULL.
 */
struct sk_buff *sipalg_segment_copy(const struct sipalg_segment *s,
				    const struct sip_stream_seg *seg,
				    unsigned int mss);

/**
 * struct sipalg_segment_way - how packets of one direction travel
 * @mark: of the packet
 * @l3mdev: index of the VRF, or 0
 * @dst: the route of those that leave this host, a reference, or NULL
 * @cookie: says if @dst is still good
 * @mss: that the receiver announced, or what the path is known to take
 * @ttl: time to live, or hop limit
 * @tos: type of service, or traffic class
 */
struct sipalg_segment_way {
	u32 mark;
	int l3mdev;
	struct dst_entry *dst;
	u32 cookie;
	u16 mss;
	u8 ttl;
	u8 tos;
};

/* Remember how this packet travels; and forget it. */
void sipalg_segment_learn(struct sipalg_segment_way *way,
			  const struct sipalg_segment *s,
			  const struct nf_hook_state *state);
void sipalg_segment_forget(struct sipalg_segment_way *way);

/* Packets of this way may have so many bytes, a router says. */
void sipalg_segment_learn_mtu(struct sipalg_segment_way *way, u8 pf, u32 mtu);

/**
 * sipalg_segment_make() - a packet from nothing, with a route
 * @net: the namespace
 * @ct: the connection; the packet gets a reference
 * @way: of the direction
 * @seg: what it says
 * Return: a packet for sipalg_segment_send(), or NULL: no memory, or no route.
 */
struct sk_buff *sipalg_segment_make(struct net *net, struct nf_conn *ct,
				    const struct sipalg_segment_way *way,
				    const struct sip_stream_seg *seg);

/* Send it, past all hooks. */
void sipalg_segment_send(struct net *net, struct sk_buff *skb);

/*
 * Payload bytes that each packet may carry into which this one is cut, given the
 * receiver's MSS. All of them get its options: SACK blocks, too.
 */
unsigned int sipalg_segment_room(const struct sipalg_segment *s, u16 mss);

#endif

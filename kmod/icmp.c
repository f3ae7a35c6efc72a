// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors that quote a segment of a followed connection.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "compat/unaligned.h"
#include "icmp.h"

static bool read_seq(struct sipalg_icmp *i, unsigned int tcp_off)
{
	const u8 *at;
	u8 buf[4];

	i->seq_off = tcp_off + offsetof(struct tcphdr, seq);
	at = skb_header_pointer(i->skb, i->seq_off, sizeof(buf), buf);
	if (!at)
		return false;
	i->seq = get_unaligned_be32(at);
	return true;
}

static bool init4(struct sipalg_icmp *i)
{
	unsigned int off = skb_network_offset(i->skb);
	const struct icmphdr *icmph;
	const struct iphdr *iph;
	struct icmphdr icmp_buf;
	struct iphdr buf;

	iph = skb_header_pointer(i->skb, off, sizeof(buf), &buf);
	if (!iph || iph->protocol != IPPROTO_ICMP || ip_is_fragment(iph))
		return false;
	i->off = off + iph->ihl * 4;
	icmph = skb_header_pointer(i->skb, i->off, sizeof(icmp_buf), &icmp_buf);
	if (!icmph || !icmp_is_err(icmph->type))
		return false;
	if (icmph->type == ICMP_DEST_UNREACH && icmph->code == ICMP_FRAG_NEEDED)
		i->mtu = ntohs(icmph->un.frag.mtu);
	off = i->off + sizeof(*icmph);
	iph = skb_header_pointer(i->skb, off, sizeof(buf), &buf);
	if (!iph || iph->protocol != IPPROTO_TCP || iph->ihl < 5 ||
	    iph->frag_off & htons(IP_OFFSET))
		return false;
	return read_seq(i, off + iph->ihl * 4);
}

static bool init6(struct sipalg_icmp *i)
{
	unsigned int off = skb_network_offset(i->skb) + sizeof(struct ipv6hdr);
	const struct icmp6hdr *icmph;
	const struct ipv6hdr *ip6h;
	struct icmp6hdr icmp_buf;
	struct ipv6hdr buf;
	__be16 frag_off;
	u8 nexthdr;
	int at;

	nexthdr = ipv6_hdr(i->skb)->nexthdr;
	at = ipv6_skip_exthdr(i->skb, off, &nexthdr, &frag_off);
	if (at < 0 || nexthdr != IPPROTO_ICMPV6 || frag_off)
		return false;
	i->off = at;
	icmph = skb_header_pointer(i->skb, i->off, sizeof(icmp_buf), &icmp_buf);
	if (!icmph || icmph->icmp6_type & ICMPV6_INFOMSG_MASK)
		return false;
	if (icmph->icmp6_type == ICMPV6_PKT_TOOBIG)
		i->mtu = ntohl(icmph->icmp6_mtu);
	off = i->off + sizeof(*icmph);
	ip6h = skb_header_pointer(i->skb, off, sizeof(buf), &buf);
	if (!ip6h)
		return false;
	nexthdr = ip6h->nexthdr;
	at = ipv6_skip_exthdr(i->skb, off + sizeof(buf), &nexthdr, &frag_off);
	if (at < 0 || nexthdr != IPPROTO_TCP || frag_off & htons(IP6_OFFSET))
		return false;
	return read_seq(i, at);
}

bool sipalg_icmp_init(struct sipalg_icmp *i, struct sk_buff *skb, u8 pf)
{
	memset(i, 0, sizeof(*i));
	i->skb = skb;
	return pf == NFPROTO_IPV4 ? init4(i) : init6(i);
}

/* Both kinds have their checksum at the same place. */
int sipalg_icmp_set_seq(struct sipalg_icmp *i, u32 seq)
{
	struct sk_buff *skb = i->skb;
	struct icmphdr *icmph;

	if (skb->ip_summed == CHECKSUM_PARTIAL ||
	    skb_ensure_writable(skb, i->seq_off + sizeof(seq)))
		return -ENOMEM;
	icmph = (struct icmphdr *)(skb->data + i->off);
	csum_replace4(&icmph->checksum, htonl(i->seq), htonl(seq));
	put_unaligned_be32(seq, skb->data + i->seq_off);
	i->seq = seq;
	return 0;
}

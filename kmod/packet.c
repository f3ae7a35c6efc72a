// SPDX-License-Identifier: GPL-2.0
/* Reading and editing the payload of a packet in a netfilter hook. */

#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/udp.h>	/* and skb_gso_segment(), wherever it is declared */

#include "packet.h"

/* The longest that the 16 bit length of IPv4, IPv6 or UDP can say. */
#define LENGTH_MAX	0xffffU

/* What every host has to take in (RFC 791), and every link of today takes. */
#define ALWAYS_FITS	576

/*
 * Finds the transport header. *end is where the IP packet ends, which may be
 * before the end of the skb.
 */
static enum sipalg_reason find_l4_ipv4(struct sipalg_packet *p,
				       unsigned int *end)
{
	unsigned int off = skb_network_offset(p->skb);
	const struct iphdr *iph;
	struct iphdr buf;
	unsigned int tot;

	iph = skb_header_pointer(p->skb, off, sizeof(buf), &buf);
	if (!iph || iph->version != 4 || iph->ihl < 5)
		return SIPALG_R_TRUNCATED;
	if (ip_is_fragment(iph))
		return SIPALG_R_TRUNCATED;

	/* Merged TCP segments may be longer than tot_len can say: it is 0 */
	tot = ntohs(iph->tot_len);
	if (!tot && skb_is_gso(p->skb))
		tot = p->skb->len - off;

	p->l4proto = iph->protocol;
	p->l4off = off + iph->ihl * 4;
	*end = off + tot;
	return SIPALG_R_OK;
}

static enum sipalg_reason find_l4_ipv6(struct sipalg_packet *p,
				       unsigned int *end)
{
	unsigned int off = skb_network_offset(p->skb);
	const struct ipv6hdr *ip6h;
	struct ipv6hdr buf;
	__be16 frag_off;
	u8 nexthdr;
	int l4off;

	ip6h = skb_header_pointer(p->skb, off, sizeof(buf), &buf);
	if (!ip6h || ip6h->version != 6)
		return SIPALG_R_TRUNCATED;

	*end = off + sizeof(*ip6h) + ntohs(ip6h->payload_len);
	if (!ip6h->payload_len && skb_is_gso(p->skb))
		*end = p->skb->len;

	nexthdr = ip6h->nexthdr;
	l4off = ipv6_skip_exthdr(p->skb, off + sizeof(*ip6h), &nexthdr,
				 &frag_off);
	if (l4off < 0 || frag_off & htons(IP6_OFFSET | IP6_MF))
		return SIPALG_R_TRUNCATED;

	p->l4proto = nexthdr;
	p->l4off = l4off;
	return SIPALG_R_OK;
}

/*
 * Several datagrams. A datagram that a device or guest left to be cut into IP
 * fragments (UFO) is only one.
 */
static bool is_many(const struct sk_buff *skb)
{
	return skb_is_gso(skb) && !(skb_shinfo(skb)->gso_type & SKB_GSO_UDP);
}

static enum sipalg_reason find_payload_udp(struct sipalg_packet *p,
					   unsigned int end)
{
	const struct udphdr *uh;
	struct udphdr buf;
	unsigned int len;

	if (is_many(p->skb))
		return SIPALG_R_GSO;
	uh = skb_header_pointer(p->skb, p->l4off, sizeof(buf), &buf);
	if (!uh)
		return SIPALG_R_TRUNCATED;
	len = ntohs(uh->len);
	if (len < sizeof(*uh) || len > end - p->l4off)
		return SIPALG_R_TRUNCATED;

	p->payload_off = p->l4off + sizeof(*uh);
	p->payload_len = len - sizeof(*uh);
	return SIPALG_R_OK;
}

static enum sipalg_reason find_payload_tcp(struct sipalg_packet *p,
					   unsigned int end)
{
	const struct tcphdr *th;
	struct tcphdr buf;
	unsigned int len;

	th = skb_header_pointer(p->skb, p->l4off, sizeof(buf), &buf);
	if (!th)
		return SIPALG_R_TRUNCATED;
	len = th->doff * 4;
	if (len < sizeof(*th) || len > end - p->l4off)
		return SIPALG_R_TRUNCATED;

	p->payload_off = p->l4off + len;
	p->payload_len = end - p->payload_off;
	return SIPALG_R_OK;
}

enum sipalg_reason sipalg_packet_init(struct sipalg_packet *p,
				      struct sk_buff *skb, u8 pf)
{
	enum sipalg_reason reason;
	unsigned int end;

	p->skb = skb;
	p->pf = pf;
	switch (pf) {
	case NFPROTO_IPV4:
		reason = find_l4_ipv4(p, &end);
		break;
	case NFPROTO_IPV6:
		reason = find_l4_ipv6(p, &end);
		break;
	default:
		return SIPALG_R_NOT_SIP;
	}
	if (reason != SIPALG_R_OK)
		return reason;
	if (end > skb->len || p->l4off > end)
		return SIPALG_R_TRUNCATED;

	switch (p->l4proto) {
	case IPPROTO_UDP:
		return find_payload_udp(p, end);
	case IPPROTO_TCP:
		return find_payload_tcp(p, end);
	default:
		return SIPALG_R_NOT_SIP;
	}
}

const char *sipalg_packet_payload(struct sipalg_packet *p)
{
	if (!pskb_may_pull(p->skb, p->payload_off + p->payload_len))
		return NULL;
	return p->skb->data + p->payload_off;
}

const void *sipalg_packet_peek(const struct sipalg_packet *p, unsigned int n,
			       void *buf)
{
	n = min(n, p->payload_len);
	if (!n)
		return NULL;
	return skb_header_pointer(p->skb, p->payload_off, n, buf);
}

/*
 * Would the lengths in the headers still fit, grown by this much? The IP header
 * is always in the linear part: the stack has read it before any hook does.
 */
static bool lengths_fit(const struct sipalg_packet *p, int growth)
{
	const void *nh = skb_network_header(p->skb);
	unsigned int len;

	if (p->pf == NFPROTO_IPV4)
		len = ntohs(((const struct iphdr *)nh)->tot_len);
	else
		len = ntohs(((const struct ipv6hdr *)nh)->payload_len);
	/* The UDP length is the smaller one */
	return growth <= (int)(LENGTH_MAX - len);
}

/*
 * A checksum that is left to the device must be this very datagram's. The
 * device may be asked for that of a packet carried inside instead.
 */
static bool partial_is_ours(const struct sipalg_packet *p)
{
	const struct sk_buff *skb = p->skb;

	return skb_checksum_start_offset(skb) == (int)p->l4off &&
	       skb->csum_offset == offsetof(struct udphdr, check);
}

/*
 * The whole packet in one piece of memory that nobody else sees, with room
 * for growth at its end. The bytes stay what they were, also on failure.
 */
static int make_room(struct sk_buff *skb, int growth)
{
	int missing;

	if (skb_linearize(skb))
		return -ENOMEM;
	missing = growth - skb_tailroom(skb);
	if (missing > 0 || skb_cloned(skb))
		return pskb_expand_head(skb, 0, max(missing, 0), GFP_ATOMIC);
	return 0;
}

/*
 * What a part of the payload adds to the checksum. Sums are over pairs of bytes,
 * counted from the header on: @from is even.
 */
static __wsum sum_from(const struct udphdr *uh, unsigned int from, unsigned int len)
{
	return csum_partial((const char *)(uh + 1) + from, len - from, 0);
}

/*
 * Brings the UDP checksum from the old length and payload to the new ones,
 * without a look at the rest: what was wrong about it stays wrong.
 */
static void update_check(struct sipalg_packet *p, struct udphdr *uh, __be16 uh_len,
			 __wsum diff)
{
	if (p->skb->ip_summed == CHECKSUM_PARTIAL) {
		/* Only the pseudo header is in it, with the length */
		inet_proto_csum_replace2(&uh->check, p->skb, uh->len, uh_len,
					 true);
		return;
	}
	/* The sender did not want one */
	if (!uh->check)
		return;

	/* Once in the header, once in the pseudo header */
	diff = csum_sub(diff, csum_unfold((__force __sum16)uh->len));
	diff = csum_sub(diff, csum_unfold((__force __sum16)uh->len));
	diff = csum_add(diff, csum_unfold((__force __sum16)uh_len));
	diff = csum_add(diff, csum_unfold((__force __sum16)uh_len));
	csum_replace_by_diff(&uh->check, diff);
	if (!uh->check)
		uh->check = CSUM_MANGLED_0;
}

/* Does the sum change with the bytes? */
static bool is_summed(const struct sipalg_packet *p, const struct udphdr *uh)
{
	return p->skb->ip_summed != CHECKSUM_PARTIAL && uh->check;
}

static void update_ip_length(struct sipalg_packet *p, int growth)
{
	struct ipv6hdr *ip6h;
	struct iphdr *iph;
	__be16 len;

	if (p->pf == NFPROTO_IPV4) {
		iph = ip_hdr(p->skb);
		len = htons(ntohs(iph->tot_len) + growth);
		csum_replace2(&iph->check, iph->tot_len, len);
		iph->tot_len = len;
	} else {
		ip6h = ipv6_hdr(p->skb);
		ip6h->payload_len = htons(ntohs(ip6h->payload_len) + growth);
	}
}

int sipalg_packet_prepare(struct sipalg_packet *p, unsigned int len)
{
	struct sk_buff *skb = p->skb;
	int growth;

	if (p->l4proto != IPPROTO_UDP || is_many(skb))
		return -EOPNOTSUPP;
	if (skb->ip_summed == CHECKSUM_PARTIAL && !partial_is_ours(p))
		return -EOPNOTSUPP;
	if (len > LENGTH_MAX)
		return -EMSGSIZE;
	growth = (int)len - (int)p->payload_len;
	if (!lengths_fit(p, growth))
		return -EMSGSIZE;
	return make_room(skb, growth);
}

void sipalg_packet_rewrite(struct sipalg_packet *p, unsigned int len,
			   unsigned int first_changed, sipalg_write_t write,
			   const void *priv)
{
	unsigned int old = p->payload_len, from;
	int growth = (int)len - (int)old;
	struct sk_buff *skb = p->skb;
	unsigned int trailing;
	struct udphdr *uh;
	__be16 uh_len;
	bool summed;
	__wsum sum;
	u8 *payload;

	from = round_down(min3(first_changed, len, old), 2);
	trailing = skb->len - p->payload_off - old;
	uh = (struct udphdr *)(skb->data + p->l4off);
	uh_len = htons(sizeof(*uh) + len);
	payload = skb->data + p->payload_off;
	summed = is_summed(p, uh);

	sum = summed ? sum_from(uh, from, old) : 0;
	if (growth > 0) {
		skb_put(skb, growth);
		memmove(payload + len, payload + old, trailing);
	}
	write(payload, old, len, priv);
	if (growth < 0) {
		memmove(payload + len, payload + old, trailing);
		skb_trim(skb, skb->len + growth);
	}
	sum = summed ? csum_sub(sum_from(uh, from, len), sum) : 0;
	update_check(p, uh, uh_len, sum);
	uh->len = uh_len;
	if (growth)
		update_ip_length(p, growth);
	p->payload_len = len;

	/* The sum over the whole packet that a driver gave is of the old bytes */
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
}

/* An IPv4 packet that may be fragmented needs an id of its own. */
static void clear_df(struct sk_buff *skb, struct net *net)
{
	struct iphdr *iph = ip_hdr(skb);
	__be16 frag_off = iph->frag_off;
	__be16 id = iph->id;

	/*
	 * With DF the id was anybody's guess, often 0. The source address is
	 * ours now (or that of one host), so the id comes from our counter.
	 */
	__ip_select_ident(net, iph, 1);
	csum_replace2(&iph->check, id, iph->id);
	iph->frag_off &= ~htons(IP_DF);
	csum_replace2(&iph->check, frag_off, iph->frag_off);
}

/*
 * IPv6 has no bit for it, and fragments only here: ip6_fragment() asks
 * ignore_df for the next link, and frag_max_size for one further on.
 */
static void fit_path6(struct sk_buff *skb, unsigned int next, unsigned int path)
{
	if (path && path < next && skb->len > path)
		IP6CB(skb)->frag_max_size = path;
}

void sipalg_packet_allow_fragments(struct sipalg_packet *p, struct net *net,
				   unsigned int path)
{
	struct sk_buff *skb = p->skb;
	const struct dst_entry *dst = skb_dst(skb);

	if (!dst || skb_is_gso(skb))
		return;
	if (skb->len <= min_t(u32, ALWAYS_FITS, dst_mtu(dst)))
		return;
	if (p->pf == NFPROTO_IPV4) {
		if (skb_ensure_writable(skb, p->l4off))
			return;
		if (ip_hdr(skb)->frag_off & htons(IP_DF))
			clear_df(skb, net);
	} else {
		fit_path6(skb, dst_mtu(dst), path);
	}
	if (skb->len > dst_mtu(dst))
		skb->ignore_df = 1;
}

unsigned int sipalg_packet_too_big(const struct sk_buff *skb)
{
	unsigned int off = skb_network_offset(skb);
	const struct ipv6hdr *ip6h;
	const struct icmp6hdr *ih;
	struct icmp6hdr ibuf;
	struct ipv6hdr buf;
	__be16 frag_off;
	u8 nexthdr;
	int at;

	ip6h = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!ip6h || ip6h->version != 6)
		return 0;
	nexthdr = ip6h->nexthdr;
	at = ipv6_skip_exthdr(skb, off + sizeof(buf), &nexthdr, &frag_off);
	if (at < 0 || nexthdr != IPPROTO_ICMPV6)
		return 0;
	ih = skb_header_pointer(skb, at, sizeof(ibuf), &ibuf);
	if (!ih || ih->icmp6_type != ICMPV6_PKT_TOOBIG)
		return 0;
	return clamp_t(u32, ntohl(ih->icmp6_mtu), IPV6_MIN_MTU, LENGTH_MAX);
}

bool sipalg_packet_is_merged(const struct sk_buff *skb)
{
	return skb_is_gso(skb) &&
	       skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4;
}

bool sipalg_packet_is_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return nf_bridge_info_exists(skb);
#else
	return false;
#endif
}

struct sk_buff *sipalg_packet_split(struct sk_buff *skb, bool bridged)
{
	struct sk_buff *list, *pos;
	unsigned int mac;

	/* A bridge wants to find the Ethernet header in front of each. */
	mac = bridged ? skb_network_header(skb) - skb_mac_header(skb) : 0;

	__skb_push(skb, mac);
	list = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(list)) {
		__skb_pull(skb, mac);
		return NULL;
	}
	for (pos = list; pos; pos = pos->next)
		__skb_pull(pos, mac);
	/* What was merged as a list is taken apart in place, and has a reference. */
	consume_skb(skb);
	return list;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * TCP segments: from packets, and into them.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/tcp.h>

#include "compat/unaligned.h"
#include "segment.h"

#define HEAD_MAX	60
#define TS_LEN		12	/* two NOPs and the option */

/* Of these not all kernels have names: RFC 2385, 5925 and 8684. */
#define OPTION_MD5SIG	19
#define OPTION_AO	29
#define OPTION_MPTCP	30

static void read_sack(struct sipalg_segment *s, const u8 *opt, unsigned int len)
{
	struct sip_stream_seg *seg = &s->seg;
	unsigned int i;

	seg->nsack = min_t(unsigned int, (len - 2) / 8, SIP_STREAM_SACKS);
	for (i = 0; i < seg->nsack; i++) {
		seg->sack[i].left = get_unaligned_be32(opt + 2 + 8 * i);
		seg->sack[i].right = get_unaligned_be32(opt + 6 + 8 * i);
	}
}

static void read_option(struct sipalg_segment *s, const u8 *head, unsigned int at)
{
	const u8 *opt = head + at;
	struct sip_stream_seg *seg = &s->seg;
	unsigned int len = opt[1];

	switch (opt[0]) {
	case TCPOPT_MSS:
		if (len == TCPOLEN_MSS)
			s->mss = get_unaligned_be16(opt + 2);
		break;
	case TCPOPT_WINDOW:
		if (len == TCPOLEN_WINDOW)
			seg->wscale = min_t(u8, opt[2], TCP_MAX_WSCALE);
		break;
	case TCPOPT_SACK_PERM:
		seg->sack_ok = len == TCPOLEN_SACK_PERM;
		break;
	case TCPOPT_TIMESTAMP:
		if (len != TCPOLEN_TIMESTAMP)
			break;
		seg->has_ts = true;
		seg->tsval = get_unaligned_be32(opt + 2);
		seg->tsecr = get_unaligned_be32(opt + 6);
		break;
	case OPTION_MD5SIG:
	case OPTION_AO:
	case OPTION_MPTCP:
		s->bound = true;
		break;
	case TCPOPT_SACK:
		if (len < 10 || (len - 2) % 8 || s->sack_off)
			break;
		s->sack_off = at;
		s->sack_len = len;
		read_sack(s, opt, len);
		break;
	}
}

static void read_options(struct sipalg_segment *s, const u8 *head)
{
	unsigned int at = sizeof(struct tcphdr);

	while (at < s->head_len && head[at] != TCPOPT_EOL) {
		if (head[at] == TCPOPT_NOP) {
			at++;
			continue;
		}
		if (at + 2 > s->head_len || head[at + 1] < 2 ||
		    at + head[at + 1] > s->head_len)
			return;
		read_option(s, head, at);
		at += head[at + 1];
	}
}

enum sipalg_reason sipalg_segment_init(struct sipalg_segment *s,
				       struct sk_buff *skb, u8 pf, u8 dir)
{
	struct sip_stream_seg *seg = &s->seg;
	enum sipalg_reason ret;
	u8 buf[HEAD_MAX];
	const u8 *head;

	ret = sipalg_packet_init(&s->packet, skb, pf);
	if (ret != SIPALG_R_OK)
		return ret;
	if (s->packet.l4proto != IPPROTO_TCP)
		return SIPALG_R_NOT_SIP;
	s->head_len = s->packet.payload_off - s->packet.l4off;
	head = skb_header_pointer(skb, s->packet.l4off, s->head_len, buf);
	if (!head)
		return SIPALG_R_TRUNCATED;
	memset(seg, 0, sizeof(*seg));
	seg->dir = dir;
	seg->len = s->packet.payload_len;
	seg->seq = get_unaligned_be32(head + offsetof(struct tcphdr, seq));
	seg->ack = get_unaligned_be32(head + offsetof(struct tcphdr, ack_seq));
	seg->win = get_unaligned_be16(head + offsetof(struct tcphdr, window));
	seg->flags = tcp_flag_byte((const struct tcphdr *)head) & 0x3f;
	seg->wscale = SIP_STREAM_NO_SCALE;
	s->bound = false;
	s->sack_off = 0;
	s->sack_len = 0;
	s->mss = pf == NFPROTO_IPV4 ? TCP_MSS_DEFAULT : IPV6_MIN_MTU -
		 sizeof(struct ipv6hdr) - sizeof(struct tcphdr);
	read_options(s, head);
	return SIPALG_R_OK;
}

int sipalg_segment_data(struct sipalg_segment *s)
{
	s->seg.data = sipalg_packet_payload(&s->packet);
	return s->seg.data ? 0 : -ENOMEM;
}

static void put_sacks(u8 *opt, const struct sip_stream_seg *seg)
{
	unsigned int i;

	opt[0] = TCPOPT_SACK;
	opt[1] = 2 + 8 * seg->nsack;
	for (i = 0; i < seg->nsack; i++) {
		put_unaligned_be32(seg->sack[i].left, opt + 2 + 8 * i);
		put_unaligned_be32(seg->sack[i].right, opt + 6 + 8 * i);
	}
}

/* The header as it is in the packet, with what the segment says now. */
static void edit_head(const struct sipalg_segment *s, u8 *head)
{
	const struct sip_stream_seg *seg = &s->seg;
	unsigned int used = seg->nsack ? 2 + 8 * seg->nsack : 0;

	memcpy(head, s->packet.skb->data + s->packet.l4off, s->head_len);
	put_unaligned_be32(seg->seq, head + offsetof(struct tcphdr, seq));
	if (seg->flags & SIP_TCP_ACK)
		put_unaligned_be32(seg->ack, head + offsetof(struct tcphdr, ack_seq));
	if (!s->sack_off)
		return;
	if (used)
		put_sacks(head + s->sack_off, seg);
	memset(head + s->sack_off + used, TCPOPT_NOP, s->sack_len - used);
}

static void set_flags(u8 *head, u8 flags)
{
	u8 *at = head + 13;

	*at = (*at & 0xc0) | flags;
}

int sipalg_segment_set_header(struct sipalg_segment *s)
{
	struct sk_buff *skb = s->packet.skb;
	struct tcphdr *th;
	u8 head[HEAD_MAX];
	__wsum diff;

	/* Merged as a list, each segment still has a header of its own. */
	if (skb_is_gso(skb) && skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST) {
		if (sipalg_segment_data(s))
			return -ENOMEM;
		return sipalg_segment_rewrite(s, skb_shinfo(skb)->gso_size);
	}
	if (skb_ensure_writable(skb, s->packet.payload_off))
		return -ENOMEM;
	edit_head(s, head);
	th = (struct tcphdr *)(skb->data + s->packet.l4off);
	/*
	 * The device sums the header anew; where it does not, the check moves
	 * with it, and a sum over the whole packet stays what it is.
	 */
	if (skb->ip_summed != CHECKSUM_PARTIAL) {
		diff = csum_sub(csum_partial(head, s->head_len, 0),
				csum_partial(th, s->head_len, 0));
		csum_replace_by_diff(&((struct tcphdr *)head)->check, diff);
	}
	memcpy(th, head, s->head_len);
	return 0;
}

/* As many packets as it takes, to be cut by the device or the stack. */
static void set_gso(struct sk_buff *skb, u8 pf, unsigned int len, unsigned int mss)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);

	if (len <= mss) {
		skb_gso_reset(skb);
		return;
	}
	shinfo->gso_size = mss;
	shinfo->gso_segs = DIV_ROUND_UP(len, mss);
	shinfo->gso_type = pf == NFPROTO_IPV4 ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
}

/* The sum of the pseudo header; the device adds the rest. */
static void set_check(struct sk_buff *skb, u8 pf, unsigned int l4off,
		      unsigned int len)
{
	struct tcphdr *th = (struct tcphdr *)(skb->data + l4off);

	if (pf == NFPROTO_IPV4)
		th->check = ~tcp_v4_check(len, ip_hdr(skb)->saddr,
					  ip_hdr(skb)->daddr, 0);
	else
		th->check = ~tcp_v6_check(len, &ipv6_hdr(skb)->saddr,
					  &ipv6_hdr(skb)->daddr, 0);
	skb_set_transport_header(skb, l4off);
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
	skb->ip_summed = CHECKSUM_PARTIAL;
}

static void set_ip_length(struct sk_buff *skb, u8 pf)
{
	unsigned int len = skb->len - skb_network_offset(skb);

	if (pf == NFPROTO_IPV4) {
		ip_hdr(skb)->tot_len = htons(len);
		ip_send_check(ip_hdr(skb));
	} else {
		ipv6_hdr(skb)->payload_len = htons(len - sizeof(struct ipv6hdr));
	}
}

/*
 * Give a packet another TCP segment: everything from @l4off on. It is linear,
 * nobody else sees it, and it has the room; @data may lie in it.
 */
static void put_segment(struct sk_buff *skb, u8 pf, unsigned int l4off,
			const u8 *head, unsigned int head_len,
			const char *data, unsigned int len, unsigned int mss)
{
	unsigned int end = l4off + head_len + len;

	if (end > skb->len)
		skb_put(skb, end - skb->len);
	memmove(skb->data + l4off + head_len, data, len);
	memcpy(skb->data + l4off, head, head_len);
	skb_trim(skb, end);
	set_ip_length(skb, pf);
	set_check(skb, pf, l4off, head_len + len);
	set_gso(skb, pf, len, mss);
}

static bool is_too_long(const struct sk_buff *skb, unsigned int l4off,
			unsigned int head_len, unsigned int len)
{
	return l4off - skb_network_offset(skb) + head_len + len > 0xffff;
}

int sipalg_segment_rewrite(struct sipalg_segment *s, unsigned int mss)
{
	struct sipalg_packet *p = &s->packet;
	struct sk_buff *skb = p->skb;
	struct sip_stream_seg *seg = &s->seg;
	bool inside = seg->data >= (char *)skb->data &&
		      seg->data <= (char *)skb->data + skb->len;
	unsigned int at = inside ? seg->data - (char *)skb->data : 0;
	u8 head[HEAD_MAX];
	int missing;

	if (is_too_long(skb, p->l4off, s->head_len, seg->len))
		return -EMSGSIZE;
	if (skb_linearize(skb))
		return -ENOMEM;
	missing = (int)(p->payload_off + seg->len) - (int)skb->len - skb_tailroom(skb);
	if ((missing > 0 || skb_cloned(skb)) &&
	    pskb_expand_head(skb, 0, max(missing, 0), GFP_ATOMIC))
		return -ENOMEM;
	/* The packet may have moved, and what lies in it. */
	if (inside)
		seg->data = skb->data + at;
	edit_head(s, head);
	set_flags(head, seg->flags);
	put_segment(skb, p->pf, p->l4off, head, s->head_len, seg->data, seg->len, mss);
	p->payload_len = seg->len;
	return 0;
}

/* A header from nothing. Return: its length. */
static unsigned int make_head(u8 *head, const struct sip_stream_seg *seg,
			      __be16 sport, __be16 dport)
{
	struct tcphdr *th = (struct tcphdr *)head;
	unsigned int len = sizeof(*th);

	memset(head, 0, HEAD_MAX);
	th->source = sport;
	th->dest = dport;
	th->seq = htonl(seg->seq);
	th->ack_seq = htonl(seg->ack);
	th->window = htons(seg->win);
	if (seg->has_ts) {
		head[len] = TCPOPT_NOP;
		head[len + 1] = TCPOPT_NOP;
		head[len + 2] = TCPOPT_TIMESTAMP;
		head[len + 3] = TCPOLEN_TIMESTAMP;
		put_unaligned_be32(seg->tsval, head + len + 4);
		put_unaligned_be32(seg->tsecr, head + len + 8);
		len += TS_LEN;
	}
	if (seg->nsack && len + 4 + 8 * seg->nsack <= HEAD_MAX) {
		head[len] = TCPOPT_NOP;
		head[len + 1] = TCPOPT_NOP;
		put_sacks(head + len + 2, seg);
		len += 4 + 8 * seg->nsack;
	}
	th->doff = len / 4;
	set_flags(head, seg->flags);
	return len;
}

/*
 * An empty packet that has all of the model's but its payload, so that many
 * messages in one packet do not cost the square of its length.
 */
static struct sk_buff *copy_way(const struct sk_buff *model, unsigned int l4off,
				unsigned int room)
{
	unsigned int headroom = skb_headroom(model);
	struct sk_buff *skb;

	skb = alloc_skb(headroom + l4off + room, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, headroom);
	/* What a bridge wants to find in front of it is there, too. */
	memcpy(skb->head, model->head, headroom);
	skb_put_data(skb, model->data, l4off);
	skb_copy_header(skb, model);
	return skb;
}

struct sk_buff *sipalg_segment_copy(const struct sipalg_segment *s,
				    const struct sip_stream_seg *seg,
				    unsigned int mss)
{
	const struct sipalg_packet *p = &s->packet;
	const struct tcphdr *th = (const struct tcphdr *)(p->skb->data + p->l4off);
	unsigned int head_len;
	struct sk_buff *skb;
	u8 head[HEAD_MAX];

	head_len = make_head(head, seg, th->source, th->dest);
	if (is_too_long(p->skb, p->l4off, head_len, seg->len))
		return NULL;
	skb = copy_way(p->skb, p->l4off, head_len + seg->len);
	if (skb)
		put_segment(skb, p->pf, p->l4off, head, head_len, seg->data,
			    seg->len, mss);
	return skb;
}

/* The route of a packet that leaves this host, if others may leave by it. */
static void learn_route(struct sipalg_segment_way *way, const struct sk_buff *skb)
{
	struct dst_entry *dst = skb_dst(skb);

	if (!dst || dst == way->dst || dst->flags & DST_FAKE_RTABLE ||
	    !dst_hold_safe(dst))
		return;
	dst_release(way->dst);
	way->dst = dst;
	way->cookie = dst->ops->family == AF_INET6 ?
		      rt6_get_cookie((struct rt6_info *)dst) : 0;
}

void sipalg_segment_learn(struct sipalg_segment_way *way,
			  const struct sipalg_segment *s,
			  const struct nf_hook_state *state)
{
	const struct net_device *dev = state->out ?: state->in;
	const struct sk_buff *skb = s->packet.skb;

	way->mark = skb->mark;
	way->l3mdev = dev ? l3mdev_master_ifindex_rcu(dev) : 0;
	if (state->hook == NF_INET_POST_ROUTING)
		learn_route(way, skb);
	if (s->packet.pf == NFPROTO_IPV4) {
		way->ttl = ip_hdr(skb)->ttl;
		way->tos = ip_hdr(skb)->tos;
	} else {
		way->ttl = ipv6_hdr(skb)->hop_limit;
		way->tos = ipv6_get_dsfield(ipv6_hdr(skb));
	}
}

/* Nobody has to do with less than this, and a liar shall not make us. */
#define MTU_MIN4	552
#define MTU_MIN6	IPV6_MIN_MTU

void sipalg_segment_learn_mtu(struct sipalg_segment_way *way, u8 pf, u32 mtu)
{
	u32 head = sizeof(struct tcphdr) + (pf == NFPROTO_IPV4 ?
		   sizeof(struct iphdr) : sizeof(struct ipv6hdr));

	mtu = max_t(u32, mtu, pf == NFPROTO_IPV4 ? MTU_MIN4 : MTU_MIN6);
	way->mss = min_t(u32, way->mss, mtu - head);
}

void sipalg_segment_forget(struct sipalg_segment_way *way)
{
	dst_release(way->dst);
	way->dst = NULL;
}

static struct dst_entry *route4(struct net *net, const struct nf_conntrack_tuple *back,
				const struct sipalg_segment_way *way)
{
	struct flowi fl = {};
	struct dst_entry *dst;

	fl.u.ip4.saddr = back->dst.u3.ip;
	fl.u.ip4.daddr = back->src.u3.ip;
	fl.u.ip4.flowi4_tos = way->tos & IPTOS_TOS_MASK & ~3;
	fl.u.ip4.flowi4_mark = way->mark;
	fl.u.ip4.flowi4_oif = way->l3mdev;
	/* The source is somebody else. */
	fl.u.ip4.flowi4_flags = FLOWI_FLAG_ANYSRC;
	return nf_route(net, &dst, &fl, false, AF_INET) ? NULL : dst;
}

static struct dst_entry *route6(struct net *net, const struct nf_conntrack_tuple *back,
				const struct sipalg_segment_way *way)
{
	struct flowi fl = {};
	struct dst_entry *dst;

	fl.u.ip6.saddr = back->dst.u3.in6;
	fl.u.ip6.daddr = back->src.u3.in6;
	fl.u.ip6.flowi6_mark = way->mark;
	fl.u.ip6.flowi6_oif = way->l3mdev;
	return nf_route(net, &dst, &fl, false, AF_INET6) ? NULL : dst;
}

/* As the others of this direction go, which a look-up alone may not tell. */
static struct dst_entry *find_route(struct net *net,
				    const struct nf_conntrack_tuple *back,
				    const struct sipalg_segment_way *way)
{
	if (way->dst && dst_check(way->dst, way->cookie))
		return dst_clone(way->dst);
	return back->src.l3num == NFPROTO_IPV4 ? route4(net, back, way) :
						 route6(net, back, way);
}

static void put_ip4(struct sk_buff *skb, const struct nf_conntrack_tuple *back,
		    const struct sipalg_segment_way *way)
{
	struct iphdr *iph = skb_put_zero(skb, sizeof(*iph));

	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = way->tos;
	iph->ttl = way->ttl;
	iph->frag_off = htons(IP_DF);
	iph->protocol = IPPROTO_TCP;
	iph->saddr = back->dst.u3.ip;
	iph->daddr = back->src.u3.ip;
	skb->protocol = htons(ETH_P_IP);
}

static void put_ip6(struct sk_buff *skb, const struct nf_conntrack_tuple *back,
		    const struct sipalg_segment_way *way)
{
	struct ipv6hdr *ip6h = skb_put_zero(skb, sizeof(*ip6h));

	ip6_flow_hdr(ip6h, way->tos, 0);
	ip6h->nexthdr = IPPROTO_TCP;
	ip6h->hop_limit = way->ttl;
	ip6h->saddr = back->dst.u3.in6;
	ip6h->daddr = back->src.u3.in6;
	skb->protocol = htons(ETH_P_IPV6);
}

/* Options count against the MSS and against the MTU. */
static unsigned int room(unsigned int mtu, u8 pf, u16 mss, unsigned int options)
{
	unsigned int head = sizeof(struct tcphdr) + (pf == NFPROTO_IPV4 ?
			    sizeof(struct iphdr) : sizeof(struct ipv6hdr));

	mtu = max_t(unsigned int, mtu, 576);
	return max_t(int, min_t(int, mss, mtu - head) - (int)options, 64);
}

unsigned int sipalg_segment_room(const struct sipalg_segment *s, u16 mss)
{
	const struct dst_entry *dst = skb_dst(s->packet.skb);
	unsigned int options = s->head_len - sizeof(struct tcphdr);

	if (s->seg.has_ts)
		options = max_t(unsigned int, options, TS_LEN);
	return room(dst ? dst_mtu(dst) : 0xffff, s->packet.pf, mss, options);
}

struct sk_buff *sipalg_segment_make(struct net *net, struct nf_conn *ct,
				    const struct sipalg_segment_way *way,
				    const struct sip_stream_seg *seg)
{
	/* It leaves with the addresses that the other direction comes with. */
	const struct nf_conntrack_tuple *back = &ct->tuplehash[!seg->dir].tuple;
	u8 pf = back->src.l3num;
	bool v4 = pf == NFPROTO_IPV4;
	struct dst_entry *dst;
	unsigned int head_len;
	struct sk_buff *skb;
	u8 head[HEAD_MAX];

	dst = find_route(net, back, way);
	if (!dst)
		return NULL;
	skb = alloc_skb(LL_MAX_HEADER + sizeof(struct ipv6hdr) + HEAD_MAX + seg->len,
			GFP_ATOMIC);
	if (!skb) {
		dst_release(dst);
		return NULL;
	}
	skb_dst_set(skb, dst);
	skb->dev = dst->dev;
	skb->mark = way->mark;
	skb_reserve(skb, LL_MAX_HEADER);
	skb_reset_network_header(skb);
	if (v4)
		put_ip4(skb, back, way);
	else
		put_ip6(skb, back, way);
	nf_conntrack_get(&ct->ct_general);
	nf_ct_set(skb, ct, seg->dir == IP_CT_DIR_ORIGINAL ? IP_CT_ESTABLISHED :
							    IP_CT_ESTABLISHED_REPLY);
	head_len = make_head(head, seg, back->dst.u.tcp.port, back->src.u.tcp.port);
	put_segment(skb, pf, skb->len, head, head_len, seg->data, seg->len,
		    room(dst_mtu(dst), pf, way->mss,
			 head_len - sizeof(struct tcphdr)));
	return skb;
}

/*
 * It has its final addresses, and conntrack would not understand its numbers:
 * no hook has to see it. POST_ROUTING is not passed twice by packets that say
 * that they have been there.
 */
void sipalg_segment_send(struct net *net, struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP)) {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		IPCB(skb)->flags = IPSKB_REROUTED;
	} else {
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		IP6CB(skb)->flags = IP6SKB_REROUTED;
	}
	dst_output(net, NULL, skb);
}

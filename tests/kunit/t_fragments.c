// SPDX-License-Identifier: GPL-2.0
/*
 * A packet that outgrew the MTU: what is changed in it, and whether the kernel
 * then really sends it, in fragments that make up the whole.
 */

#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "../../kmod/packet.h"
#include "wire.h"

#define MTU	1280

static unsigned int mtu_of(const struct dst_entry *dst)
{
	return MTU;
}

static struct dst_ops mtu_ops = { .mtu = mtu_of };
static struct dst_entry mtu_dst = { .ops = &mtu_ops };

/* A datagram of this many bytes, IP header included, on a link of MTU bytes. */
static struct sk_buff *on_link(struct kunit *test, struct sipalg_packet *p,
			       struct wire *w, const struct form *f,
			       const struct layout *l, unsigned int size)
{
	unsigned int len = size - (f->pf == NFPROTO_IPV4 ? 20 : 40) -
			   (f->l4proto == IPPROTO_TCP ? 20 : 8);
	struct sk_buff *skb;

	wire_build(w, f, text_build(test, len, 0), len);
	KUNIT_ASSERT_EQ(test, w->len, size);
	skb = skb_build(test, w, f, l);
	skb->_skb_refdst = (unsigned long)&mtu_dst | SKB_DST_NOREF;
	KUNIT_ASSERT_EQ(test, sipalg_packet_init(p, skb, f->pf), SIPALG_R_OK);
	return skb;
}

/* As a hook would: a route may be held by RCU only. */
static void allow_fragments(struct sipalg_packet *p)
{
	rcu_read_lock();
	sipalg_packet_allow_fragments(p, &init_net, 0);
	rcu_read_unlock();
}

static void fragments_ipv4(struct kunit *test)
{
	const struct layout *l = test->param_value;
	struct sk_buff *skb, *clone;
	struct sipalg_packet p;
	struct wire wire;
	u16 id[3] = {};
	unsigned int i;

	wire_init(test, &wire);
	for (i = 0; i < ARRAY_SIZE(id); i++) {
		skb = on_link(test, &p, &wire, &form_udp4, l, MTU + 1);
		clone = skb_clone(skb, GFP_KERNEL);
		allow_fragments(&p);

		KUNIT_EXPECT_TRUE(test, skb->ignore_df);
		KUNIT_EXPECT_EQ(test, ip_hdr(skb)->frag_off, 0);
		KUNIT_EXPECT_EQ(test, ip_fast_csum(ip_hdr(skb), 5), 0);
		KUNIT_EXPECT_EQ(test, p.payload_len, MTU + 1 - 28);
		expect_same(test, clone, &wire, "the clone", "IPv4");
		/* Nothing else has changed */
		id[i] = ntohs(ip_hdr(skb)->id);
		put16(wire.data + 4, id[i]);
		put16(wire.data + 6, 0);
		put16(wire.data + 10, 0);
		put16(wire.data + 10, ~sum_add(0, wire.data, 20));
		expect_same(test, skb, &wire, "the packet", "IPv4");
		kfree_skb(clone);
		kfree_skb(skb);
	}
	/* An id each, from the kernel's counter */
	KUNIT_EXPECT_NE(test, id[0], id[1]);
	KUNIT_EXPECT_NE(test, id[1], id[2]);
	KUNIT_EXPECT_NE(test, id[0], id[2]);
}

static void fragments_not_needed(struct kunit *test)
{
	const struct layout *l = test->param_value;
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;

	wire_init(test, &wire);

	/* It fits here, but not everywhere */
	skb = on_link(test, &p, &wire, &form_udp4, l, MTU);
	allow_fragments(&p);
	KUNIT_EXPECT_FALSE(test, skb->ignore_df);
	KUNIT_EXPECT_EQ(test, ip_hdr(skb)->frag_off, 0);
	KUNIT_EXPECT_EQ(test, ip_fast_csum(ip_hdr(skb), 5), 0);
	kfree_skb(skb);

	/* No route is known, as on a bridge */
	skb = on_link(test, &p, &wire, &form_udp4, l, MTU + 1);
	skb->_skb_refdst = 0;
	allow_fragments(&p);
	KUNIT_EXPECT_FALSE(test, skb->ignore_df);
	expect_same(test, skb, &wire, "the packet", "no route");
	kfree_skb(skb);

	/* It is several packets yet, of a size that fits */
	skb = on_link(test, &p, &wire, &form_tcp4, l, MTU + 1);
	skb_shinfo(skb)->gso_size = 500;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
	allow_fragments(&p);
	KUNIT_EXPECT_FALSE(test, skb->ignore_df);
	expect_same(test, skb, &wire, "the packet", "merged");
	kfree_skb(skb);

	/* It may be fragmented anyway: the id is the sender's */
	skb = on_link(test, &p, &wire, &form_udp4, l, MTU + 1);
	kfree_skb(skb);
	put16(wire.data + 6, 0);
	put16(wire.data + 10, 0);
	put16(wire.data + 10, ~sum_add(0, wire.data, 20));
	skb = skb_build(test, &wire, &form_udp4, l);
	skb->_skb_refdst = (unsigned long)&mtu_dst | SKB_DST_NOREF;
	p.skb = skb;
	allow_fragments(&p);
	expect_same(test, skb, &wire, "the packet", "no DF");
	kfree_skb(skb);
}

static void fragments_no_memory(struct kunit *test)
{
	struct sk_buff *skb, *clone;
	struct sipalg_packet p;
	struct wire wire;

	wire_init(test, &wire);
	skb = on_link(test, &p, &wire, &form_udp4, &layout_linear, MTU + 1);
	clone = skb_clone(skb, GFP_KERNEL);
	current->fail_nth = 1;
	allow_fragments(&p);
	KUNIT_EXPECT_EQ(test, current->fail_nth, 0);
	current->fail_nth = 0;
	expect_same(test, skb, &wire, "the packet", "no memory");
	expect_same(test, clone, &wire, "the clone", "no memory");
	kfree_skb(clone);
	kfree_skb(skb);
}

static void fragments_ipv6(struct kunit *test)
{
	const struct layout *l = test->param_value;
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;

	wire_init(test, &wire);
	skb = on_link(test, &p, &wire, &form_udp6, l, MTU + 1);
	allow_fragments(&p);
	KUNIT_EXPECT_TRUE(test, skb->ignore_df);
	expect_same(test, skb, &wire, "the packet", "IPv6");
	kfree_skb(skb);

	skb = on_link(test, &p, &wire, &form_udp6, l, MTU);
	allow_fragments(&p);
	KUNIT_EXPECT_FALSE(test, skb->ignore_df);
	kfree_skb(skb);
}

/* A link that keeps what is sent over it. */
static struct sk_buff_head sent;

static netdev_tx_t keep(struct sk_buff *skb, struct net_device *dev)
{
	__skb_pull(skb, ETH_HLEN);
	skb_reset_network_header(skb);
	/* The kernel says things of its own over a new link */
	if (skb->protocol == htons(ETH_P_IP) ? ip_hdr(skb)->protocol == IPPROTO_UDP :
	    ipv6_hdr(skb)->nexthdr == IPPROTO_UDP ||
	    ipv6_hdr(skb)->nexthdr == IPPROTO_FRAGMENT) {
		skb_orphan(skb);
		skb_dst_drop(skb);
		skb_queue_tail(&sent, skb);
	} else {
		kfree_skb(skb);
	}
	return NETDEV_TX_OK;
}

static const struct net_device_ops link_ops = { .ndo_start_xmit = keep };

static void link_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &link_ops;
	dev->flags |= IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	eth_hw_addr_random(dev);
}

static struct net_device *link_create(struct kunit *test)
{
	struct net_device *dev;

	skb_queue_head_init(&sent);
	dev = alloc_netdev(0, "kunit%d", NET_NAME_ENUM, link_setup);
	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->mtu = MTU;
	KUNIT_ASSERT_EQ(test, register_netdev(dev), 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_change_flags(dev, dev->flags | IFF_UP, NULL),
			0);
	rtnl_unlock();
	return dev;
}

static void link_destroy(struct net_device *dev)
{
	skb_queue_purge(&sent);
	unregister_netdev(dev);
	free_netdev(dev);
}

static struct dst_entry *route4(struct kunit *test, struct net_device *dev,
				const struct wire *w)
{
	struct flowi4 fl4 = {
		.flowi4_oif = dev->ifindex,
		.flowi4_flags = FLOWI_FLAG_ANYSRC,
		.flowi4_proto = IPPROTO_UDP,
	};
	struct rtable *rt;

	memcpy(&fl4.saddr, w->data + 12, 4);
	memcpy(&fl4.daddr, w->data + 16, 4);
	rt = ip_route_output_key(&init_net, &fl4);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rt));
	return &rt->dst;
}

static struct dst_entry *route6(struct kunit *test, struct net_device *dev,
				const struct wire *w)
{
	struct flowi6 fl6 = {
		.flowi6_oif = dev->ifindex,
		.flowi6_flags = FLOWI_FLAG_ANYSRC,
		.flowi6_proto = IPPROTO_UDP,
	};
	struct dst_entry *dst;

	memcpy(&fl6.saddr, w->data + 8, 16);
	memcpy(&fl6.daddr, w->data + 24, 16);
	dst = ip6_route_output(&init_net, NULL, &fl6);
	KUNIT_ASSERT_EQ(test, dst->error, 0);
	return dst;
}

/* Put what was sent back together; Return: bytes behind the (first) IP header */
static unsigned int collect(struct kunit *test, u8 pf, u8 *to)
{
	unsigned int off, len, hlen, total = 0;
	struct sk_buff *skb;
	const u8 *ip;
	int id = -1;

	while ((skb = skb_dequeue(&sent))) {
		KUNIT_EXPECT_LE(test, skb->len, MTU);
		KUNIT_ASSERT_EQ(test, skb_linearize(skb), 0);
		ip = skb->data;
		if (pf == NFPROTO_IPV4) {
			off = (get16(ip + 6) & IP_OFFSET) * 8;
			hlen = 20;
			len = get16(ip + 2) - hlen;
			KUNIT_EXPECT_FALSE(test, get16(ip + 6) & IP_DF);
			KUNIT_EXPECT_EQ(test, ip_fast_csum(ip, 5), 0);
			if (id >= 0)
				KUNIT_EXPECT_EQ(test, get16(ip + 4), id);
			id = get16(ip + 4);
		} else {
			KUNIT_EXPECT_EQ(test, ip[6], IPPROTO_FRAGMENT);
			hlen = 48;
			off = get16(ip + 42) & IP6_OFFSET;
			len = get16(ip + 4) - 8;
		}
		KUNIT_ASSERT_EQ(test, skb->len, hlen + len);
		KUNIT_ASSERT_LE(test, off + len, 0xffff);
		memcpy(to + off, ip + hlen, len);
		total += len;
		kfree_skb(skb);
	}
	return total;
}

/*
 * Grown from what the link can carry to what it cannot, as in POST_ROUTING;
 * then down the kernel's own way out.
 */
static void send(struct kunit *test, const struct form *f,
		 const struct layout *l, bool allow)
{
	struct net_device *dev = link_create(test);
	u8 *got = kunit_kzalloc(test, 65536, GFP_KERNEL);
	unsigned int hlen = f->pf == NFPROTO_IPV4 ? 20 : 40;
	char *new = text_build(test, 3001, 100);
	char *old = text_build(test, 1200, 1200);
	struct sipalg_packet p;
	struct sk_buff *skb;
	struct wire wire;

	KUNIT_ASSERT_NOT_NULL(test, got);
	wire_init(test, &wire);
	wire_build(&wire, f, old, 1200);
	if (f->pf == NFPROTO_IPV6) {
		/* There is always a route to link-local addresses */
		put16(wire.data + 24, 0xfe80);
		put16(wire.data + 26, 0);
	}
	skb = skb_build(test, &wire, f, l);
	skb->dev = dev;
	skb_dst_set(skb, f->pf == NFPROTO_IPV4 ? route4(test, dev, &wire) :
			 route6(test, dev, &wire));
	KUNIT_ASSERT_EQ(test, sipalg_packet_init(&p, skb, f->pf), SIPALG_R_OK);
	KUNIT_ASSERT_EQ(test, replace_payload(&p, new, 3001, 100), 0);
	if (allow)
		allow_fragments(&p);
	dst_output(&init_net, NULL, skb);

	if (allow) {
		KUNIT_EXPECT_EQ(test, skb_queue_len(&sent), 3);
		KUNIT_EXPECT_EQ(test, collect(test, f->pf, got), 3009);
		KUNIT_EXPECT_EQ(test, memcmp(got + 8, new, 3001), 0);
		/* The UDP checksum is of another destination for IPv6 */
		if (hlen == 20) {
			wire_build(&wire, f, new, 3001);
			KUNIT_EXPECT_EQ(test,
					memcmp(got, wire.data + hlen, 8), 0);
		}
	} else {
		KUNIT_EXPECT_EQ(test, skb_queue_len(&sent), 0);
	}
	link_destroy(dev);
}

static void fragments_sent(struct kunit *test)
{
	const struct layout *l = test->param_value;

	send(test, &form_udp4, l, true);
	send(test, &form_udp6, l, true);
}

/* What would happen otherwise: that the test above is worth something. */
static void fragments_lost(struct kunit *test)
{
	send(test, &form_udp4, &layout_linear, false);
	send(test, &form_udp6, &layout_linear, false);
}

static struct kunit_case fragments_cases[] = {
	KUNIT_CASE_PARAM(fragments_ipv4, layout_gen_params),
	KUNIT_CASE_PARAM(fragments_ipv6, layout_gen_params),
	KUNIT_CASE_PARAM(fragments_not_needed, layout_gen_params),
	KUNIT_CASE_PARAM(fragments_sent, layout_gen_params),
	KUNIT_CASE(fragments_lost),
	KUNIT_CASE(fragments_no_memory),
	{}
};

static struct kunit_suite fragments_suite = {
	.name = "fragments",
	.test_cases = fragments_cases,
};

kunit_test_suite(fragments_suite);

// SPDX-License-Identifier: GPL-2.0
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include "../../kmod/packet.h"
#include "wire.h"

const struct layout layouts[] = {
	{ .name = "linear" },
	{ .name = "linear, no tailroom", .tight = true },
	{ .name = "cloned", .cloned = true },
	{ .name = "cloned, no tailroom", .cloned = true, .tight = true },
	{ .name = "page frags", .linear = 99, .frag = 301 },
	{ .name = "page frags from the UDP header on", .linear = 48,
	  .frag = 333 },
	{ .name = "frag_list", .linear = 111, .list = 257 },
	{ .name = "frags and frag_list", .linear = 90, .frag = 55, .list = 257 },
	{ .name = "cloned page frags", .linear = 99, .frag = 301,
	  .cloned = true },
	{ .name = "cloned frag_list", .linear = 111, .list = 257,
	  .cloned = true },
};

const unsigned int n_layouts = ARRAY_SIZE(layouts);

const void *layout_gen_params(const void *prev, char *desc)
{
	const struct layout *next = prev ? prev + sizeof(*next) : layouts;

	if (next == layouts + n_layouts)
		return NULL;
	strscpy(desc, next->name, KUNIT_PARAM_DESC_SIZE);
	return next;
}

const struct form forms[] = {
	{ "IPv4", NFPROTO_IPV4 },
	{ "IPv4, wrong checksum", NFPROTO_IPV4, .check = CHECK_WRONG },
	{ "IPv4, no checksum", NFPROTO_IPV4, .check = CHECK_ZERO },
	{ "IPv4, options", NFPROTO_IPV4, .options = 8 },
	{ "IPv4, all options", NFPROTO_IPV4, .options = 40 },
	{ "IPv4, bytes behind the datagram", NFPROTO_IPV4, .trailing_ip = 7 },
	{ "IPv4, padding", NFPROTO_IPV4, .trailing_skb = 6 },
	{ "IPv4, both", NFPROTO_IPV4, .trailing_ip = 9, .trailing_skb = 3 },
	{ "IPv4, left to the device", NFPROTO_IPV4, .check = CHECK_PSEUDO },
	{ "IPv6", NFPROTO_IPV6 },
	{ "IPv6, wrong checksum", NFPROTO_IPV6, .check = CHECK_WRONG },
	{ "IPv6, no checksum", NFPROTO_IPV6, .check = CHECK_ZERO },
	{ "IPv6, extension header", NFPROTO_IPV6, .options = 8 },
	{ "IPv6, bytes behind the datagram", NFPROTO_IPV6, .trailing_ip = 7 },
	{ "IPv6, left to the device", NFPROTO_IPV6, .check = CHECK_PSEUDO },
};

const unsigned int n_forms = ARRAY_SIZE(forms);

const struct form form_udp4 = { "UDP over IPv4", NFPROTO_IPV4 };
const struct form form_udp6 = { "UDP over IPv6", NFPROTO_IPV6 };
const struct form form_tcp4 = { "TCP over IPv4", NFPROTO_IPV4, IPPROTO_TCP };
const struct form form_tcp6 = { "TCP over IPv6", NFPROTO_IPV6, IPPROTO_TCP };
const struct layout layout_linear = { .name = "linear" };

/*
 * The Internet checksum as RFC 1071 describes it, not as the kernel computes
 * it: big endian pairs, one at a time.
 */
u32 sum_add(u32 sum, const u8 *data, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++) {
		sum += i & 1 ? data[i] : data[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static void put32(u8 *to, u32 v)
{
	put16(to, v >> 16);
	put16(to + 2, v);
}

static u32 pseudo_sum(const struct wire *w, u8 pf)
{
	u8 rest[4] = { 0, IPPROTO_UDP };

	memcpy(rest + 2, w->data + w->l4off + 4, 2);
	if (pf == NFPROTO_IPV4)
		return sum_add(sum_add(0, rest, 4), w->data + 12, 8);
	return sum_add(sum_add(0, rest, 4), w->data + 8, 32);
}

/* Over pseudo header, header and payload, the checksum field included. */
static u32 udp_sum(const struct wire *w, u8 pf)
{
	return sum_add(pseudo_sum(w, pf), w->data + w->l4off,
		       get16(w->data + w->l4off + 4));
}

static void wire_ipv4(struct wire *w, const struct form *f, u8 proto)
{
	u8 *ip = w->data;

	ip[0] = 0x40 | (20 + f->options) / 4;
	put16(ip + 2, w->ip_len);
	put16(ip + 4, 0x1234);
	put16(ip + 6, 0x4000);	/* DF */
	ip[8] = 64;
	ip[9] = proto;
	put32(ip + 12, SADDR4);
	put32(ip + 16, DADDR4);
	memset(ip + 20, IPOPT_NOOP, f->options);
	put16(ip + 10, ~sum_add(0, ip, 20 + f->options));
}

static void wire_ipv6(struct wire *w, const struct form *f, u8 proto)
{
	u8 *ip = w->data;

	ip[0] = 0x60;
	put16(ip + 4, w->ip_len - 40);
	ip[6] = proto;
	ip[7] = 64;
	put32(ip + 8, 0x20010db8);
	ip[23] = 2;
	put32(ip + 24, 0x20010db8);
	ip[39] = 99;
	if (f->options) {
		ip[6] = IPPROTO_DSTOPTS;
		ip[40] = proto;
		ip[42] = IPV6_TLV_PADN;
		ip[43] = 4;
	}
}

/* The right checksum, and then what the form wants. */
static void wire_check(struct wire *w, const struct form *f)
{
	u8 *check = w->data + w->l4off + 6;

	put16(check, ~udp_sum(w, f->pf));
	if (!get16(check))
		put16(check, 0xffff);
	switch (f->check) {
	case CHECK_RIGHT:
		break;
	case CHECK_WRONG:
		/* One more, and never 0 */
		put16(check, get16(check) % 0xffff + 1);
		break;
	case CHECK_ZERO:
		put16(check, 0);
		break;
	case CHECK_PSEUDO:
		put16(check, pseudo_sum(w, f->pf));
		break;
	}
}

void wire_init(struct kunit *test, struct wire *w)
{
	w->data = kunit_kzalloc(test, WIRE_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w->data);
}

void wire_build(struct wire *w, const struct form *f, const char *text,
		unsigned int len)
{
	u8 proto = f->l4proto ?: IPPROTO_UDP;
	unsigned int hlen = proto == IPPROTO_UDP ? 8 : 20;

	w->l4off = (f->pf == NFPROTO_IPV4 ? 20 : 40) + f->options;
	w->payload_off = w->l4off + hlen;
	w->ip_len = w->payload_off + len + f->trailing_ip;
	w->len = w->ip_len + f->trailing_skb;
	memset(w->data, 0, w->payload_off);
	if (f->pf == NFPROTO_IPV4)
		wire_ipv4(w, f, proto);
	else
		wire_ipv6(w, f, proto);
	put16(w->data + w->l4off, 5060);
	put16(w->data + w->l4off + 2, 5061);
	memcpy(w->data + w->payload_off, text, len);
	memset(w->data + w->payload_off + len, 0xee, f->trailing_ip);
	memset(w->data + w->ip_len, 0xdd, f->trailing_skb);
	if (proto == IPPROTO_TCP) {
		w->data[w->l4off + 12] = 0x50;
		return;
	}
	put16(w->data + w->l4off + 4, 8 + len);
	wire_check(w, f);
}

static void add_frag(struct kunit *test, struct sk_buff *skb, const u8 *data,
		     unsigned int len)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	memcpy(page_address(page) + 3, data, len);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 3, len,
			PAGE_SIZE);
}

static void add_list(struct kunit *test, struct sk_buff *skb, const u8 *data,
		     unsigned int len)
{
	struct sk_buff **last = &skb_shinfo(skb)->frag_list;
	struct sk_buff *part = alloc_skb(len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, part);
	skb_put_data(part, data, len);
	while (*last)
		last = &(*last)->next;
	*last = part;
	skb->len += len;
	skb->data_len += len;
	skb->truesize += part->truesize;
}

/* The bytes of the wire as an skb. */
struct sk_buff *skb_build(struct kunit *test, const struct wire *w,
			  const struct form *f, const struct layout *l)
{
	unsigned int linear = l->linear ? min(l->linear, w->len) : w->len;
	unsigned int room = l->tight ? 0 : 2048;
	unsigned int at = linear;
	struct sk_buff *skb;

	skb = alloc_skb(HEADROOM + linear + room, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, l->tight ? skb_tailroom(skb) - linear : HEADROOM);
	skb_put_data(skb, w->data, linear);
	while (l->frag && at < w->len &&
	       !(l->list && skb_shinfo(skb)->nr_frags == 3) &&
	       skb_shinfo(skb)->nr_frags < MAX_SKB_FRAGS) {
		unsigned int n = min(l->frag, w->len - at);

		add_frag(test, skb, w->data + at, n);
		at += n;
	}
	while (l->list && at < w->len) {
		unsigned int n = min(l->list, w->len - at);

		add_list(test, skb, w->data + at, n);
		at += n;
	}
	KUNIT_ASSERT_EQ(test, at, w->len);
	KUNIT_ASSERT_EQ(test, skb->len, w->len);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, w->l4off);
	skb->protocol = htons(f->pf == NFPROTO_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	if (f->check == CHECK_PSEUDO) {
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) + w->l4off;
		skb->csum_offset = offsetof(struct udphdr, check);
	}
	return skb;
}

/* The message: 0, 1, ... up to some place, and from there on other bytes. */
char *text_build(struct kunit *test, unsigned int len,
		 unsigned int first_changed)
{
	char *text = kunit_kzalloc(test, len + 1, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	for (i = 0; i < len; i++)
		text[i] = i < first_changed ? i * 7 : i * 13 + 5;
	return text;
}

/* Where two packets differ, or -1. */
int differ_at(const struct sk_buff *skb, const struct wire *w)
{
	unsigned int i;
	u8 byte;

	for (i = 0; i < min(skb->len, w->len); i++) {
		if (skb_copy_bits(skb, i, &byte, 1) || byte != w->data[i])
			return i;
	}
	return skb->len == w->len ? -1 : (int)i;
}

void expect_same(struct kunit *test, const struct sk_buff *skb,
		 const struct wire *w, const char *what, const char *form)
{
	int at = differ_at(skb, w);

	if (at < 0)
		return;
	KUNIT_FAIL(test, "%s: %s differs at byte %d (length %u, not %u)\n",
		   form, what, at, skb->len, w->len);
}

struct change {
	const char *text;
	unsigned int first;
};

static void write_text(char *payload, unsigned int old, unsigned int len, const void *priv)
{
	const struct change *c = priv;

	if (c->first < len)
		memcpy(payload + c->first, c->text + c->first, len - c->first);
}

int replace_payload(struct sipalg_packet *p, const char *text, unsigned int len,
		    unsigned int first_changed)
{
	const struct change c = { text, min3(first_changed, len, p->payload_len) };
	int err = sipalg_packet_prepare(p, len);

	if (!err)
		sipalg_packet_rewrite(p, len, first_changed, write_text, &c);
	return err;
}

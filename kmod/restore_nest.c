// SPDX-License-Identifier: GPL-2.0
/*
 * Live state that comes back: what single attributes may say.
 */
#include <linux/inetdevice.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "media.h"
#include "restore.h"
#include "sip/sdp.h"

#define TEXT_MAX	255
#define TEXT		{ .type = NLA_NUL_STRING, .len = TEXT_MAX }
#define ADDRESS		{ .type = NLA_BINARY, .len = 16 }

static const struct nla_policy state_policy[SIPALG_STATE_MAX + 1] = {
	[A(CALL)] = { .type = NLA_NESTED },
	[A(REGISTRATION)] = { .type = NLA_NESTED },
	[A(LOST)] = { .type = NLA_U32 },
	[A(DIALOG)] = { .type = NLA_NESTED },
	[A(TRANSACTION)] = { .type = NLA_NESTED },
	[A(SESSION)] = { .type = NLA_NESTED },
	[A(LINE)] = { .type = NLA_NESTED },
	[A(END)] = { .type = NLA_NESTED },
	[A(BINDING)] = { .type = NLA_NESTED },
	[A(REACH)] = { .type = NLA_NESTED },
	[A(FLOW)] = { .type = NLA_NESTED },
	[A(ID)] = { .type = NLA_U32 },
	[A(KIND)] = { .type = NLA_U8 },
	[A(TYPE)] = NLA_POLICY_MAX(NLA_U8, SIPALG_BINDING_RTCP),
	[A(SIDE)] = NLA_POLICY_MAX(NLA_U8, 1),
	[A(FLAGS)] = { .type = NLA_U32 },
	[A(ZONE)] = { .type = NLA_U16 },
	[A(OUTER_ZONE)] = { .type = NLA_U16 },
	[A(PROTOCOL)] = { .type = NLA_U8 },
	[A(METHOD)] = { .type = NLA_NUL_STRING, .len = 16 },
	[A(RULE)] = { .type = NLA_U32 },
	[A(CALL_ID)] = TEXT,
	[A(A_TAG)] = TEXT,
	[A(A_URI)] = TEXT,
	[A(B_URI)] = TEXT,
	[A(A_HOST)] = ADDRESS,
	[A(B_HOST)] = ADDRESS,
	[A(A_TARGET)] = ADDRESS,
	[A(B_TARGET)] = ADDRESS,
	[A(A_ROUTE)] = ADDRESS,
	[A(B_ROUTE)] = ADDRESS,
	[A(STATE)] = NLA_POLICY_MAX(NLA_U8, SIPALG_DIALOG_CONFIRMED),
	[A(STATUS)] = { .type = NLA_U16 },
	[A(A_CSEQ)] = { .type = NLA_U32 },
	[A(B_CSEQ)] = { .type = NLA_U32 },
	[A(START)] = { .type = NLA_U64 },
	[A(ANSWER)] = { .type = NLA_U64 },
	[A(LEFT)] = { .type = NLA_U32 },
	[A(EXPIRES)] = { .type = NLA_U32 },
	[A(B_TAG)] = TEXT,
	[A(USER)] = TEXT,
	[A(DOMAIN)] = TEXT,
	[A(AOR)] = TEXT,
	[A(CONTACT)] = TEXT,
	[A(REGISTRAR)] = ADDRESS,
	[A(REFRESHED)] = { .type = NLA_U64 },
	[A(ASKED)] = { .type = NLA_U32 },
	[A(ADDR)] = ADDRESS,
	[A(PORT)] = { .type = NLA_U16 },
	[A(OUTER_ADDR)] = ADDRESS,
	[A(OUTER_PORT)] = { .type = NLA_U16 },
	[A(HOST)] = ADDRESS,
	[A(RTCP_ADDR)] = ADDRESS,
	[A(RTCP_PORT)] = { .type = NLA_U16 },
	[A(RTP_BINDING)] = { .type = NLA_U32 },
	[A(RTCP_BINDING)] = { .type = NLA_U32 },
	[A(DIRECTION)] = NLA_POLICY_MAX(NLA_U8, SDP_INACTIVE),
	[A(PART)] = { .type = NLA_U8 },
	[A(INDEX)] = { .type = NLA_U8 },
	[A(PAIR)] = { .type = NLA_U8 },
	[A(CODECS)] = { .type = NLA_BINARY, .len = SIPALG_CODECS },
	[A(CSEQ)] = { .type = NLA_U32 },
};

/* Too large for the stack, several levels deep. */
struct nest *nest_open(struct restore *r, const struct nlattr *nla, int *err)
{
	struct nest *n = kmalloc(sizeof(*n), GFP_KERNEL);

	if (!n) {
		*err = REFUSE(r, ENOMEM, "there is no memory for it");
		return NULL;
	}
	n->nla = nla;
	*err = nla_parse_nested(n->attr, SIPALG_STATE_MAX, nla, state_policy, r->extack);
	if (!*err)
		return n;
	kfree(n);
	return NULL;
}

u32 nest_number(const struct nest *n, int attr)
{
	const struct nlattr *nla = n->attr[attr];

	if (!nla)
		return 0;
	switch (state_policy[attr].type) {
	case NLA_U8:
		return nla_get_u8(nla);
	case NLA_U16:
		return nla_get_u16(nla);
	default:
		return nla_get_u32(nla);
	}
}

u64 nest_stamp(const struct nest *n, int attr)
{
	return n->attr[attr] ? nla_get_u64(n->attr[attr]) : 0;
}

const char *nest_text(const struct nest *n, int attr)
{
	return n->attr[attr] ? nla_data(n->attr[attr]) : "";
}

/* An address that packets may have; absent: family 0. */
int nest_address(struct restore *r, const struct nlattr *nla, struct sip_host *h)
{
	__be32 v4;

	memset(h, 0, sizeof(*h));
	if (!nla)
		return 0;
	if (nla_len(nla) != 4 && nla_len(nla) != 16)
		return REFUSE(r, EINVAL, "an address has 4 or 16 bytes");
	h->family = nla_len(nla) == 4 ? 4 : 6;
	memcpy(h->addr, nla_data(nla), nla_len(nla));
	if (h->family == 4) {
		memcpy(&v4, h->addr, sizeof(v4));
		if (ipv4_is_zeronet(v4) || ipv4_is_loopback(v4) || ipv4_is_multicast(v4) ||
		    ipv4_is_lbcast(v4))
			return REFUSE(r, EINVAL, "an address cannot be that of any host");
	} else if (ipv6_addr_type((const struct in6_addr *)h->addr) &
		   (IPV6_ADDR_MULTICAST | IPV6_ADDR_LOOPBACK | IPV6_ADDR_MAPPED) ||
		   ipv6_addr_any((const struct in6_addr *)h->addr)) {
		return REFUSE(r, EINVAL, "an address cannot be that of any host");
	}
	return 0;
}

int nest_host(struct restore *r, const struct nest *n, int attr, struct sip_host *h)
{
	return nest_address(r, n->attr[attr], h);
}

int nest_at(struct restore *r, const struct nest *n, int attr, struct sip_endpoint *at)
{
	at->port = nest_number(n, attr + 1);
	return nest_host(r, n, attr, &at->host);
}

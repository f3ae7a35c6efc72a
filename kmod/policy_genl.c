// SPDX-License-Identifier: GPL-2.0
/*
 * Policy as netlink attributes: rules are read completely, or nothing is done.
 */
#include <linux/slab.h>
#include <net/genetlink.h>

#include "compat/extack.h"
#include "genl.h"
#include "net.h"
#include "policy.h"
#include "policy_genl.h"

static const struct nla_policy prefix_policy[SIPALG_PREFIX_MAX + 1] = {
	[SIPALG_PREFIX_ADDR] = NLA_POLICY_MIN_LEN(4),
	[SIPALG_PREFIX_LEN] = { .type = NLA_U8 },
};

static const struct nla_policy rule_policy[SIPALG_RULE_MAX + 1] = {
	[SIPALG_RULE_ID] = { .type = NLA_U32 },
	[SIPALG_RULE_NAME] = { .type = NLA_NUL_STRING, .len = SIPALG_RULE_NAME_MAX },
	[SIPALG_RULE_ACTION] = NLA_POLICY_MAX(NLA_U8, SIPALG_ACTION_COUNT - 1),
	[SIPALG_RULE_IIF] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[SIPALG_RULE_OIF] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[SIPALG_RULE_SRC] = NLA_POLICY_NESTED(prefix_policy),
	[SIPALG_RULE_DST] = NLA_POLICY_NESTED(prefix_policy),
	[SIPALG_RULE_PROTOCOL] = { .type = NLA_U8 },
	[SIPALG_RULE_PORT_MIN] = NLA_POLICY_MIN(NLA_U16, 1),
	[SIPALG_RULE_PORT_MAX] = NLA_POLICY_MIN(NLA_U16, 1),
	[SIPALG_RULE_MARK] = { .type = NLA_U32 },
	[SIPALG_RULE_MASK] = { .type = NLA_U32 },
	[SIPALG_RULE_ZONE] = { .type = NLA_U16 },
	[SIPALG_RULE_OPTIONS] = { .type = NLA_NESTED },
	[SIPALG_RULE_RATES] = { .type = NLA_NESTED },
	[SIPALG_RULE_INNER] = NLA_POLICY_NESTED(prefix_policy),
	[SIPALG_RULE_CALLERS] = NLA_POLICY_NESTED(prefix_policy),
	/* Told, never taken */
	[SIPALG_RULE_FLOWS] = { .type = NLA_REJECT },
};

static int read_prefix(const struct nlattr *nla, struct sipalg_prefix *p,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[SIPALG_PREFIX_MAX + 1];
	const struct nlattr *addr;
	unsigned int bits;
	int err;

	err = nla_parse_nested(tb, SIPALG_PREFIX_MAX, nla, prefix_policy, extack);
	if (err)
		return err;
	addr = tb[SIPALG_PREFIX_ADDR];
	if (!addr || (nla_len(addr) != 4 && nla_len(addr) != 16)) {
		NL_SET_ERR_MSG_ATTR(extack, nla, "a prefix needs an address of 4 or 16 bytes");
		return -EINVAL;
	}
	bits = nla_len(addr) * 8;
	memset(p, 0, sizeof(*p));
	p->host.family = bits == 32 ? 4 : 6;
	memcpy(p->host.addr, nla_data(addr), nla_len(addr));
	p->len = tb[SIPALG_PREFIX_LEN] ? nla_get_u8(tb[SIPALG_PREFIX_LEN]) : bits;
	if (p->len <= bits)
		return 0;
	compat_set_msg(extack, "a prefix cannot have %u bits: it is 0 to %u", p->len, bits);
	NL_SET_BAD_ATTR(extack, tb[SIPALG_PREFIX_LEN]);
	return -ERANGE;
}

/* All prefixes of this kind in a rule. */
static int read_prefixes(const struct nlattr *rule, int attr, const char *name,
			 struct sipalg_prefixes *list, struct netlink_ext_ack *extack)
{
	const struct nlattr *nla;
	int rem, err;

	nla_for_each_nested(nla, rule, rem) {
		if (nla_type(nla) != attr)
			continue;
		if (list->n == SIPALG_RULE_PREFIXES) {
			NL_SET_BAD_ATTR(extack, nla);
			compat_set_msg(extack, "%s cannot have more prefixes: it is 0 to %u",
				       name, SIPALG_RULE_PREFIXES);
			return -E2BIG;
		}
		err = read_prefix(nla, &list->at[list->n], extack);
		if (err)
			return err;
		list->n++;
	}
	return 0;
}

static int read_options(const struct nlattr *nest, struct sipalg_rule *r,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *nla;
	int rem, err;

	nla_for_each_nested(nla, nest, rem) {
		unsigned int o = nla_type(nla) - 1;

		NL_SET_BAD_ATTR(extack, nla);
		if (o >= SIPALG_O_COUNT || nla_len(nla) != sizeof(u32)) {
			compat_set_msg(extack, "there is no option %u of 4 bytes", o);
			return -EINVAL;
		}
		err = sipalg_option_check(o, nla_get_u32(nla), extack);
		if (err)
			return err;
		r->option[o] = nla_get_u32(nla);
	}
	NL_SET_BAD_ATTR(extack, NULL);
	return 0;
}

static int read_rates(const struct nlattr *nest, struct sipalg_rule *r,
		      struct netlink_ext_ack *extack)
{
	const struct nlattr *nla;
	int rem;

	nla_for_each_nested(nla, nest, rem) {
		unsigned int m = nla_type(nla) - 1;

		NL_SET_BAD_ATTR(extack, nla);
		if (m >= SIPALG_METHOD_COUNT || nla_len(nla) != sizeof(u32)) {
			compat_set_msg(extack, "there is no method %u", m);
			return -EINVAL;
		}
		if (nla_get_u32(nla) > 1000000) {
			compat_set_msg(extack, "a rate cannot be %u: it is 0 to 1000000",
				       nla_get_u32(nla));
			return -ERANGE;
		}
		r->rate[m] = nla_get_u32(nla);
	}
	NL_SET_BAD_ATTR(extack, NULL);
	return 0;
}

static void read_name(char *to, size_t size, const struct nlattr *nla)
{
	if (nla)
		nla_strscpy(to, nla, size);
}

static int read_match(struct nlattr **tb, struct sipalg_match *m,
		      struct netlink_ext_ack *extack)
{
	int err;

	read_name(m->iif, sizeof(m->iif), tb[SIPALG_RULE_IIF]);
	read_name(m->oif, sizeof(m->oif), tb[SIPALG_RULE_OIF]);
	err = tb[SIPALG_RULE_SRC] ? read_prefix(tb[SIPALG_RULE_SRC], &m->src, extack) : 0;
	if (!err && tb[SIPALG_RULE_DST])
		err = read_prefix(tb[SIPALG_RULE_DST], &m->dst, extack);
	if (err)
		return err;
	if (tb[SIPALG_RULE_PROTOCOL])
		m->proto = nla_get_u8(tb[SIPALG_RULE_PROTOCOL]);
	if (m->proto && m->proto != IPPROTO_UDP && m->proto != IPPROTO_TCP) {
		compat_set_msg(extack, "the protocol cannot be %u: it is 6 (TCP) or 17 (UDP)",
			       m->proto);
		return -EINVAL;
	}
	m->port_min = SIP_PORT_DEFAULT;
	if (tb[SIPALG_RULE_PORT_MIN])
		m->port_min = nla_get_u16(tb[SIPALG_RULE_PORT_MIN]);
	m->port_max = tb[SIPALG_RULE_PORT_MAX] ? nla_get_u16(tb[SIPALG_RULE_PORT_MAX]) :
						 m->port_min;
	if (m->port_min > m->port_max) {
		compat_set_msg(extack, "the ports %u to %u are none: the first is the higher one",
			       m->port_min, m->port_max);
		return -EINVAL;
	}
	if (tb[SIPALG_RULE_MARK])
		m->mark = nla_get_u32(tb[SIPALG_RULE_MARK]);
	if (tb[SIPALG_RULE_MARK] || tb[SIPALG_RULE_MASK])
		m->mask = tb[SIPALG_RULE_MASK] ? nla_get_u32(tb[SIPALG_RULE_MASK]) : U32_MAX;
	if (m->mark & ~m->mask) {
		compat_set_msg(extack, "the mark 0x%x has bits that the mask 0x%x has not",
			       m->mark, m->mask);
		return -EINVAL;
	}
	m->has_zone = tb[SIPALG_RULE_ZONE];
	if (m->has_zone)
		m->zone = nla_get_u16(tb[SIPALG_RULE_ZONE]);
	return 0;
}

/* What two options say together. */
static int check_rule(const struct sipalg_rule *r, struct netlink_ext_ack *extack)
{
	static const u8 marks[] = { SIPALG_O_MARK_SIGNALLING, SIPALG_O_MARK_MEDIA };
	unsigned int i;

	if (r->option[SIPALG_O_MEDIA_PORT_MIN] >= r->option[SIPALG_O_MEDIA_PORT_MAX]) {
		compat_set_msg(extack, "media_port_min %u has to be less than media_port_max %u",
			       r->option[SIPALG_O_MEDIA_PORT_MIN],
			       r->option[SIPALG_O_MEDIA_PORT_MAX]);
		return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		if (!(r->option[marks[i]] & ~r->option[marks[i] + 1]))
			continue;
		compat_set_msg(extack, "%s 0x%x has bits that %s 0x%x has not",
			       sipalg_option_name(marks[i]), r->option[marks[i]],
			       sipalg_option_name(marks[i] + 1), r->option[marks[i] + 1]);
		return -EINVAL;
	}
	return 0;
}

static int read_rule(const struct nlattr *nest, struct sipalg_rule *r,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[SIPALG_RULE_MAX + 1];
	int err;

	err = nla_parse_nested(tb, SIPALG_RULE_MAX, nest, rule_policy, extack);
	if (err)
		return err;
	read_name(r->name, sizeof(r->name), tb[SIPALG_RULE_NAME]);
	if (tb[SIPALG_RULE_ACTION])
		r->action = nla_get_u8(tb[SIPALG_RULE_ACTION]);
	err = read_match(tb, &r->match, extack);
	if (!err && tb[SIPALG_RULE_OPTIONS])
		err = read_options(tb[SIPALG_RULE_OPTIONS], r, extack);
	if (!err && tb[SIPALG_RULE_RATES])
		err = read_rates(tb[SIPALG_RULE_RATES], r, extack);
	if (!err)
		err = read_prefixes(nest, SIPALG_RULE_INNER, "inner", &r->inner, extack);
	if (!err)
		err = read_prefixes(nest, SIPALG_RULE_CALLERS, "callers", &r->callers, extack);
	return err ?: check_rule(r, extack);
}

static int read_rules(struct genl_info *info, struct sipalg_policy *p)
{
	const struct nlattr *nla;
	struct sipalg_rule *r;
	int rem, err;

	nlmsg_for_each_attr(nla, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(nla) != SIPALG_A_RULE)
			continue;
		r = sipalg_rule_new(GFP_KERNEL);
		if (!r)
			return -ENOMEM;
		r->id = p->n + 1;
		p->rule[p->n++] = r;
		err = read_rule(nla, r, info->extack);
		if (err)
			return err;
	}
	return 0;
}

int sipalg_policy_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sipalg_net *sn = sipalg_net(genl_info_net(info));
	const struct nlattr *nla;
	struct sipalg_policy *p;
	int rem, err;
	u32 n = 0;

	nlmsg_for_each_attr(nla, info->nlhdr, GENL_HDRLEN, rem)
		n += nla_type(nla) == SIPALG_A_RULE;
	if (n > SIPALG_RULES_MAX) {
		compat_set_msg(info->extack, "a policy cannot have %u rules: it is at most %u",
			       n, SIPALG_RULES_MAX);
		return -E2BIG;
	}
	p = sipalg_policy_new(n, GFP_KERNEL);
	err = p ? read_rules(info, p) : -ENOMEM;
	if (err) {
		sipalg_policy_free(p);
		return err;
	}
	sipalg_policy_set(sn, p);
	return 0;
}

static int put_prefix(struct sk_buff *skb, int attr, const struct sipalg_prefix *p)
{
	struct nlattr *nest;

	if (!p->host.family)
		return 0;
	nest = nla_nest_start(skb, attr);
	if (!nest || sipalg_fill_host(skb, SIPALG_PREFIX_ADDR, &p->host) ||
	    nla_put_u8(skb, SIPALG_PREFIX_LEN, p->len))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_prefixes(struct sk_buff *skb, int attr, const struct sipalg_prefixes *list)
{
	unsigned int i;

	for (i = 0; i < list->n; i++) {
		if (put_prefix(skb, attr, &list->at[i]))
			return -EMSGSIZE;
	}
	return 0;
}

static int put_numbers(struct sk_buff *skb, int attr, const u32 *numbers, unsigned int n)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < n; i++) {
		if (nla_put_u32(skb, i + 1, numbers[i]))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_match(struct sk_buff *skb, const struct sipalg_match *m)
{
	return (m->iif[0] && nla_put_string(skb, SIPALG_RULE_IIF, m->iif)) ||
	       (m->oif[0] && nla_put_string(skb, SIPALG_RULE_OIF, m->oif)) ||
	       put_prefix(skb, SIPALG_RULE_SRC, &m->src) ||
	       put_prefix(skb, SIPALG_RULE_DST, &m->dst) ||
	       (m->proto && nla_put_u8(skb, SIPALG_RULE_PROTOCOL, m->proto)) ||
	       nla_put_u16(skb, SIPALG_RULE_PORT_MIN, m->port_min) ||
	       nla_put_u16(skb, SIPALG_RULE_PORT_MAX, m->port_max) ||
	       (m->mask && (nla_put_u32(skb, SIPALG_RULE_MARK, m->mark) ||
			    nla_put_u32(skb, SIPALG_RULE_MASK, m->mask))) ||
	       (m->has_zone && nla_put_u16(skb, SIPALG_RULE_ZONE, m->zone)) ?
	       -EMSGSIZE : 0;
}

static int put_rule(struct sk_buff *skb, const struct sipalg_rule *r)
{
	struct nlattr *nest = nla_nest_start(skb, SIPALG_A_RULE);

	if (!nest || nla_put_u32(skb, SIPALG_RULE_ID, r->id) ||
	    (r->name[0] && nla_put_string(skb, SIPALG_RULE_NAME, r->name)) ||
	    nla_put_u8(skb, SIPALG_RULE_ACTION, r->action) ||
	    put_match(skb, &r->match) ||
	    put_numbers(skb, SIPALG_RULE_OPTIONS, r->option, SIPALG_O_COUNT) ||
	    put_numbers(skb, SIPALG_RULE_RATES, r->rate, SIPALG_METHOD_COUNT) ||
	    put_prefixes(skb, SIPALG_RULE_INNER, &r->inner) ||
	    put_prefixes(skb, SIPALG_RULE_CALLERS, &r->callers) ||
	    nla_put_u64_64bit(skb, SIPALG_RULE_FLOWS, atomic64_read(&r->flows),
			      SIPALG_RULE_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* cb->args[0]: the next rule; cb->seq: another policy took its place. */
int sipalg_policy_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sipalg_net *sn = sipalg_net(sock_net(cb->skb->sk));
	const struct sipalg_policy *p;
	void *head;

	rcu_read_lock();
	p = rcu_dereference(sn->policy);
	cb->seq = p ? p->generation : 0;
	for (; p && cb->args[0] < p->n; cb->args[0]++) {
		head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   &sipalg_genl_family, NLM_F_MULTI, SIPALG_CMD_POLICY_GET);
		if (!head)
			break;
		genl_dump_check_consistent(cb, head);
		if (put_rule(skb, p->rule[cb->args[0]])) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
	}
	rcu_read_unlock();
	return skb->len;
}

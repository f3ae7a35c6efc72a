// SPDX-License-Identifier: GPL-2.0
/* Rules as netlink attributes. */
#include <string.h>

#include "rule.h"

static const uint32_t defaults[] = {
#define X(e, name, kind, min, max, def, text) def,
	SIPALG_OPTIONS(X)
#undef X
};

void rule_init(struct rule *r)
{
	memset(r, 0, sizeof(*r));
	r->port_min = 5060;
	r->port_max = 5060;
	memcpy(r->option, defaults, sizeof(defaults));
}

/* Names are words of a line: what would end one, or steer a terminal, is not shown. */
static void read_string(char *to, size_t size, const struct nlattr *attr)
{
	if (!attr)
		return;
	snprintf(to, size, "%s", mnl_attr_get_str(attr));
	for (; *to; to++) {
		if ((unsigned char)*to <= ' ' || *to == 0x7f)
			*to = '?';
	}
}

static void read_prefix(struct prefix *p, const struct nlattr *nest)
{
	const struct nlattr *attr;

	if (!nest)
		return;
	mnl_attr_for_each_nested(attr, nest) {
		uint16_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == SIPALG_PREFIX_LEN && len == 1) {
			p->len = mnl_attr_get_u8(attr);
		} else if (mnl_attr_get_type(attr) == SIPALG_PREFIX_ADDR && len <= 16) {
			p->family = len == 4 ? 4 : 6;
			memcpy(p->addr, mnl_attr_get_payload(attr), len);
		}
	}
}

static void read_prefixes(struct prefixes *list, const struct record *rec, uint16_t type)
{
	const struct nlattr *attr;

	record_for_each(attr, rec) {
		if (mnl_attr_get_type(attr) == type && list->n < SIPALG_RULE_PREFIXES)
			read_prefix(&list->at[list->n++], attr);
	}
}

static void read_numbers(uint32_t *to, unsigned int max, const struct nlattr *nest)
{
	const struct nlattr *attr;

	if (!nest)
		return;
	mnl_attr_for_each_nested(attr, nest) {
		unsigned int i = mnl_attr_get_type(attr) - 1;

		if (i < max && mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
			to[i] = mnl_attr_get_u32(attr);
	}
}

void rule_read(struct rule *r, const struct record *rec)
{
	rule_init(r);
	read_string(r->name, sizeof(r->name), rec->attr[SIPALG_RULE_NAME]);
	read_string(r->iif, sizeof(r->iif), rec->attr[SIPALG_RULE_IIF]);
	read_string(r->oif, sizeof(r->oif), rec->attr[SIPALG_RULE_OIF]);
	r->action = record_number(rec, SIPALG_RULE_ACTION);
	read_prefix(&r->src, rec->attr[SIPALG_RULE_SRC]);
	read_prefix(&r->dst, rec->attr[SIPALG_RULE_DST]);
	r->proto = record_number(rec, SIPALG_RULE_PROTOCOL);
	r->port_min = record_number(rec, SIPALG_RULE_PORT_MIN);
	r->port_max = record_number(rec, SIPALG_RULE_PORT_MAX);
	r->mark = record_number(rec, SIPALG_RULE_MARK);
	r->mask = record_number(rec, SIPALG_RULE_MASK);
	r->has_zone = rec->attr[SIPALG_RULE_ZONE];
	r->zone = record_number(rec, SIPALG_RULE_ZONE);
	read_numbers(r->option, SIPALG_O_COUNT, rec->attr[SIPALG_RULE_OPTIONS]);
	read_numbers(r->rate, SIPALG_METHOD_COUNT, rec->attr[SIPALG_RULE_RATES]);
	read_prefixes(&r->inner, rec, SIPALG_RULE_INNER);
	read_prefixes(&r->callers, rec, SIPALG_RULE_CALLERS);
}

static bool put_prefix(struct nlmsghdr *nlh, size_t size, uint16_t type, const struct prefix *p)
{
	struct nlattr *nest;

	if (!p->family)
		return true;
	nest = mnl_attr_nest_start_check(nlh, size, type);
	if (!nest ||
	    !mnl_attr_put_check(nlh, size, SIPALG_PREFIX_ADDR, p->family == 4 ? 4 : 16, p->addr) ||
	    !mnl_attr_put_u8_check(nlh, size, SIPALG_PREFIX_LEN, p->len))
		return false;
	mnl_attr_nest_end(nlh, nest);
	return true;
}

static bool put_prefixes(struct nlmsghdr *nlh, size_t size, uint16_t type,
			 const struct prefixes *list)
{
	for (unsigned int i = 0; i < list->n; i++) {
		if (!put_prefix(nlh, size, type, &list->at[i]))
			return false;
	}
	return true;
}

/* What is the default goes without saying. */
static bool put_numbers(struct nlmsghdr *nlh, size_t size, uint16_t type,
			const uint32_t *numbers, const uint32_t *def, unsigned int n)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, type);

	if (!nest)
		return false;
	for (unsigned int i = 0; i < n; i++) {
		if (numbers[i] != (def ? def[i] : 0) &&
		    !mnl_attr_put_u32_check(nlh, size, i + 1, numbers[i]))
			return false;
	}
	mnl_attr_nest_end(nlh, nest);
	return true;
}

static bool put_match(struct nlmsghdr *nlh, size_t size, const struct rule *r)
{
	return (!r->iif[0] || mnl_attr_put_strz_check(nlh, size, SIPALG_RULE_IIF, r->iif)) &&
	       (!r->oif[0] || mnl_attr_put_strz_check(nlh, size, SIPALG_RULE_OIF, r->oif)) &&
	       put_prefix(nlh, size, SIPALG_RULE_SRC, &r->src) &&
	       put_prefix(nlh, size, SIPALG_RULE_DST, &r->dst) &&
	       (!r->proto || mnl_attr_put_u8_check(nlh, size, SIPALG_RULE_PROTOCOL, r->proto)) &&
	       mnl_attr_put_u16_check(nlh, size, SIPALG_RULE_PORT_MIN, r->port_min) &&
	       mnl_attr_put_u16_check(nlh, size, SIPALG_RULE_PORT_MAX, r->port_max) &&
	       (!(r->mask | r->mark) ||
		(mnl_attr_put_u32_check(nlh, size, SIPALG_RULE_MARK, r->mark) &&
		 mnl_attr_put_u32_check(nlh, size, SIPALG_RULE_MASK, r->mask))) &&
	       (!r->has_zone || mnl_attr_put_u16_check(nlh, size, SIPALG_RULE_ZONE, r->zone));
}

bool rule_put(struct nlmsghdr *nlh, size_t size, const struct rule *r)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, SIPALG_A_RULE);

	if (!nest ||
	    (r->name[0] && !mnl_attr_put_strz_check(nlh, size, SIPALG_RULE_NAME, r->name)) ||
	    !mnl_attr_put_u8_check(nlh, size, SIPALG_RULE_ACTION, r->action) ||
	    !put_match(nlh, size, r) ||
	    !put_numbers(nlh, size, SIPALG_RULE_OPTIONS, r->option, defaults, SIPALG_O_COUNT) ||
	    !put_numbers(nlh, size, SIPALG_RULE_RATES, r->rate, NULL, SIPALG_METHOD_COUNT) ||
	    !put_prefixes(nlh, size, SIPALG_RULE_INNER, &r->inner) ||
	    !put_prefixes(nlh, size, SIPALG_RULE_CALLERS, &r->callers))
		return false;
	mnl_attr_nest_end(nlh, nest);
	return true;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules of the policy: as netlink attributes, and as the words that people
 * write on the command line and in /etc/sipalg.conf. Both are the same words.
 */
#ifndef SIPALGCTL_RULE_H
#define SIPALGCTL_RULE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <net/if.h>
#include <libmnl/libmnl.h>

#include "record.h"
#include "sipalg.h"
#include "sipalg_options.h"

#define RULE_WORDS	256	/* of a rule, at most */

/* @family: 4 or 6; 0: any. */
struct prefix {
	uint8_t family;
	uint8_t len;
	uint8_t addr[16];
};

struct prefixes {
	uint8_t n;
	struct prefix at[SIPALG_RULE_PREFIXES];
};

/**
 * struct rule - what a rule says; see enum sipalg_rule_attr
 * @set: by enum sipalg_option: it is not the default
 */
struct rule {
	char name[SIPALG_RULE_NAME_MAX + 1];
	uint8_t action;
	char iif[IF_NAMESIZE];
	char oif[IF_NAMESIZE];
	struct prefix src;
	struct prefix dst;
	uint8_t proto;
	uint16_t port_min;
	uint16_t port_max;
	uint32_t mark;
	uint32_t mask;
	bool has_zone;
	uint16_t zone;
	uint32_t option[SIPALG_O_COUNT];
	uint32_t rate[SIPALG_METHOD_COUNT];
	struct prefixes inner;
	struct prefixes callers;
};

/* Everything as it is where nothing is said. */
void rule_init(struct rule *r);

/* Words; returns 0, or -1 after an error message that names the bad word. */
int rule_parse(struct rule *r, char *const *words, int n);

/* The words of a rule, without what is the default; no newline. */
void rule_print(FILE *out, const struct rule *r);

/* From a nest that was dumped; the record was parsed. */
void rule_read(struct rule *r, const struct record *rec);

/* Appends a SIPALG_A_RULE; false: no room. */
bool rule_put(struct nlmsghdr *nlh, size_t size, const struct rule *r);

#endif

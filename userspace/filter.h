/* SPDX-License-Identifier: GPL-2.0 */
/* Which entries of a list are shown, as the options of its command say. */
#ifndef SIPALGCTL_FILTER_H
#define SIPALGCTL_FILTER_H

#include "cmd.h"
#include "record.h"

/**
 * struct filter_attrs - which attributes of a kind of thing the options mean
 * @user: URIs
 * @address: addresses, those that come more than once too
 * @state: values with names
 * @method: a string
 * @start: a time
 * @owner: what --call-id is compared with; 0: the kernel does that
 *
 * An unused place is 0.
 */
struct filter_attrs {
	unsigned short user[2];
	unsigned short address[4];
	unsigned short state[2];
	unsigned short method;
	unsigned short start;
	unsigned short owner;
};

/**
 * struct filter - the options of a command, understood
 * @attrs: of the kind of thing that is listed
 * @call_id: or NULL, as what follows
 * @user: with or without its domain
 * @method: in any case of letters
 * @state: by number, below 0: any
 * @addr: in network order
 * @addr_len: in bytes, 0: any
 * @bits: of it that count
 * @after: it began then or later, in ms since the epoch
 * @before: or earlier, 0: whenever
 */
struct filter {
	const struct filter_attrs *attrs;
	const char *call_id;
	const char *user;
	const char *method;
	int state;
	unsigned char addr[16];
	unsigned int addr_len;
	unsigned int bits;
	uint64_t after;
	uint64_t before;
};

/* Returns 0, or -1 after an error message. */
int filter_init(struct filter *filter, const struct ctx *ctx, const struct schema *schema,
		const struct filter_attrs *attrs);

bool filter_takes(const struct filter *filter, const struct record *rec);

#endif

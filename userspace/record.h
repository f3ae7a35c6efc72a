/* SPDX-License-Identifier: GPL-2.0 */
/* A nest of attributes, taken apart and validated. */
#ifndef SIPALGCTL_RECORD_H
#define SIPALGCTL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

#include "schema.h"

/**
 * struct record - spans into a netlink message; owns nothing
 * @schema: what the attributes are
 * @data: the attributes, one after the other
 * @len: in bytes
 * @attr: by number; of one that came more than once, the last
 */
struct record {
	const struct schema *schema;
	const void *data;
	size_t len;
	const struct nlattr *attr[SCHEMA_MAX + 1];
};

/*
 * All return 0, or -1 after an error message: an attribute is too short, has
 * no NUL at its end, or the message was cut. Unknown attributes are fine.
 */
int record_parse(struct record *rec, const struct schema *schema, const void *data, size_t len);
int record_parse_message(struct record *rec, const struct nlmsghdr *nlh);
int record_parse_nest(struct record *rec, const struct schema *schema, const struct nlattr *nest);

/* The field of an attribute, NULL if this tool does not know it. */
const struct field *record_field(const struct record *rec, unsigned int attr);

/* Whether this tool does not know it, and it has not come before. */
bool record_unknown(const struct record *rec, const struct nlattr *attr);

/* The number that an attribute holds, 0 if it is absent or holds none. */
uint64_t record_number(const struct record *rec, unsigned int attr);

/* Over all attributes, the unknown ones included; the record was parsed. */
#define record_for_each(pos, rec) \
	mnl_attr_for_each_payload_const(pos, (rec)->data, (rec)->len)
#define mnl_attr_for_each_payload_const(pos, payload, size)			\
	for ((pos) = (payload);							\
	     mnl_attr_ok((pos), (const char *)(payload) + (size) - (const char *)(pos)); \
	     (pos) = mnl_attr_next(pos))

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the attributes of include/sipalg.h are called and hold. Validation,
 * JSON and text all follow these tables, so that an attribute is described
 * once; the index of a field is the attribute's number.
 */
#ifndef SIPALGCTL_SCHEMA_H
#define SIPALGCTL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

enum value_type {
	V_NONE,			/* not shown: padding, or an unknown attribute */
	V_STRING,
	V_U8,
	V_U16,
	V_U32,
	V_U64,
	V_S32,
	V_BOOL,			/* u8 */
	V_NAME8,		/* u8 with names */
	V_NAME32,		/* u32 with names */
	V_ADDR,			/* 4 or 16 bytes */
	V_TIME,			/* u64, ms since the epoch */
	V_NEST,
	V_BINARY,
};

/**
 * struct field - one attribute
 * @key: its name in JSON, NULL where there is no such attribute
 * @type: what it holds
 * @many: it may come more than once: an array in JSON
 * @names: of a V_NAME's values, from 0
 * @name_count: how many of them
 * @nest: what is inside of a V_NEST
 */
struct field {
	const char *key;
	enum value_type type;
	bool many;
	const char *const *names;
	unsigned int name_count;
	const struct schema *nest;
};

/**
 * struct schema - the attributes of one nest
 * @name: what error messages call it
 * @fields: by attribute number
 * @max: the highest attribute known
 */
struct schema {
	const char *name;
	const struct field *fields;
	unsigned int max;
};

/* No schema has a higher attribute than this. */
#define SCHEMA_MAX	63

extern const struct schema schema_top;
extern const struct schema schema_status;
extern const struct schema schema_dialog;
extern const struct schema schema_media;
extern const struct schema schema_registration;
extern const struct schema schema_options;
extern const struct schema schema_binding;
extern const struct schema schema_message;
extern const struct schema schema_limit;
extern const struct schema schema_stream;
extern const struct schema schema_rule;

#endif

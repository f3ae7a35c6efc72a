/* SPDX-License-Identifier: GPL-2.0 */
/* The value of one attribute, as text or as JSON. */
#ifndef SIPALGCTL_VALUE_H
#define SIPALGCTL_VALUE_H

#include <stdint.h>
#include <stdio.h>

#include "json.h"
#include "record.h"

/*
 * As text. Returns the columns that it takes. Control characters and bytes
 * that are not UTF-8 are shown as \xNN, so that no message can play tricks on
 * the terminal. @field is NULL for an unknown attribute.
 */
unsigned int value_text(FILE *out, const struct field *field, const struct nlattr *attr);

/* Any bytes, in the same way. */
unsigned int value_string(FILE *out, const char *s, size_t len);

/* As JSON. A nest becomes an object. */
void value_json(struct json *json, const char *key, const struct field *field,
		const struct nlattr *attr);

/* All attributes of a record, into an object that is open. */
void value_json_fields(struct json *json, const struct record *rec);

/* Local time as ISO 8601, with milliseconds. */
unsigned int value_time(FILE *out, uint64_t ms);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON, written as it comes: nothing is collected. Inside of an object each
 * value has a key, inside of an array the key is NULL.
 */
#ifndef SIPALGCTL_JSON_H
#define SIPALGCTL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	bool pretty;
	unsigned int depth;
	bool comma;		/* the next value at this depth follows another */
};

/* @bracket is '{' or '[', and '}' or ']'. The outermost ends its line. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);

void json_number(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);

/* Any bytes: what is not UTF-8 becomes U+FFFD. */
void json_string(struct json *json, const char *key, const char *value, size_t len);

#endif

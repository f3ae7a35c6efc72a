// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "utf8.h"
#include "value.h"

#define HEX_BYTES	32
#define HEX_SIZE	(2 * HEX_BYTES + sizeof("..."))

_Static_assert(HEX_SIZE >= INET6_ADDRSTRLEN, "one buffer is used for both");

unsigned int value_string(FILE *out, const char *s, size_t len)
{
	unsigned int columns = 0;
	uint32_t c;
	size_t n;

	for (; len; s += n, len -= n) {
		n = utf8_decode(s, len, &c);
		if (n && utf8_printable(c)) {
			fwrite(s, 1, n, out);
			columns++;
			continue;
		}
		n = n ?: 1;
		for (size_t i = 0; i < n; i++)
			columns += fprintf(out, "\\x%02x", (unsigned char)s[i]);
	}
	return columns;
}

unsigned int value_time(FILE *out, uint64_t ms)
{
	time_t seconds = ms / 1000;
	char text[64];
	struct tm tm;

	if (!localtime_r(&seconds, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		return fprintf(out, "%" PRIu64, ms);
	return fprintf(out, "%s.%03u", text, (unsigned int)(ms % 1000));
}

static uint64_t number(const struct nlattr *attr)
{
	uint64_t u64 = 0;

	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		memcpy(&u64, mnl_attr_get_payload(attr), sizeof(u64));
		break;
	}
	return u64;
}

static int32_t signed_number(const struct nlattr *attr)
{
	return (int32_t)number(attr);
}

static const char *name(const struct field *field, uint64_t value)
{
	return value < field->name_count ? field->names[value] : NULL;
}

static void address(const struct nlattr *attr, char text[INET6_ADDRSTRLEN])
{
	int family = mnl_attr_get_payload_len(attr) == 4 ? AF_INET : AF_INET6;

	inet_ntop(family, mnl_attr_get_payload(attr), text, INET6_ADDRSTRLEN);
}

/* Without the NUL at the end; others inside belong to it. */
static size_t string_len(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) - 1;
}

/* Of a long one the beginning is enough: nobody knows what it means. */
static void hex(const struct nlattr *attr, char text[HEX_SIZE])
{
	const unsigned char *data = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	*text = '\0';
	for (size_t i = 0; i < len && i < HEX_BYTES; i++)
		sprintf(text + 2 * i, "%02x", data[i]);
	if (len > HEX_BYTES)
		strcat(text, "...");
}

/* What it most probably is, going by its length. */
static enum value_type unknown_type(const struct nlattr *attr)
{
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return V_U8;
	case 2:
		return V_U16;
	case 4:
		return V_U32;
	case 8:
		return V_U64;
	}
	return V_BINARY;
}

unsigned int value_text(FILE *out, const struct field *field, const struct nlattr *attr)
{
	char text[HEX_SIZE];

	switch (field ? field->type : unknown_type(attr)) {
	case V_STRING:
		return value_string(out, mnl_attr_get_payload(attr), string_len(attr));
	case V_BOOL:
		return fprintf(out, number(attr) ? "yes" : "no");
	case V_NAME8:
	case V_NAME32:
		if (name(field, number(attr)))
			return fprintf(out, "%s", name(field, number(attr)));
		break;
	case V_ADDR:
		address(attr, text);
		return fprintf(out, "%s", text);
	case V_TIME:
		return value_time(out, number(attr));
	case V_S32:
		return fprintf(out, "%" PRId32, signed_number(attr));
	case V_NONE:
	case V_NEST:
	case V_BINARY:
		hex(attr, text);
		return fprintf(out, "%s", text);
	case V_U8:
	case V_U16:
	case V_U32:
	case V_U64:
		break;
	}
	return fprintf(out, "%" PRIu64, number(attr));
}

void value_json(struct json *json, const char *key, const struct field *field,
		const struct nlattr *attr)
{
	char text[HEX_SIZE];
	const char *word;
	struct record nest;

	switch (field ? field->type : unknown_type(attr)) {
	case V_STRING:
		json_string(json, key, mnl_attr_get_payload(attr), string_len(attr));
		return;
	case V_BOOL:
		json_bool(json, key, number(attr));
		return;
	case V_NAME8:
	case V_NAME32:
		word = name(field, number(attr));
		if (!word)
			break;
		json_string(json, key, word, strlen(word));
		return;
	case V_ADDR:
		address(attr, text);
		json_string(json, key, text, strlen(text));
		return;
	case V_NEST:
		json_open(json, key, '{');
		if (record_parse_nest(&nest, field->nest, attr) == 0)
			value_json_fields(json, &nest);
		json_close(json, '}');
		return;
	case V_NONE:
	case V_BINARY:
		hex(attr, text);
		json_string(json, key, text, strlen(text));
		return;
	case V_S32:
		json_signed(json, key, signed_number(attr));
		return;
	case V_TIME:
	case V_U8:
	case V_U16:
	case V_U32:
	case V_U64:
		break;
	}
	json_number(json, key, number(attr));
}

static void many_json(struct json *json, const struct field *field, unsigned int type,
		      const struct record *rec)
{
	const struct nlattr *attr;

	json_open(json, field->key, '[');
	record_for_each(attr, rec) {
		if (mnl_attr_get_type(attr) == type)
			value_json(json, NULL, field, attr);
	}
	json_close(json, ']');
}

void value_json_fields(struct json *json, const struct record *rec)
{
	const struct nlattr *attr;

	for (unsigned int i = 0; i <= rec->schema->max; i++) {
		const struct field *field = record_field(rec, i);

		if (field && field->many)
			many_json(json, field, i, rec);
		else if (field && rec->attr[i])
			value_json(json, field->key, field, rec->attr[i]);
	}
	record_for_each(attr, rec) {
		char key[16];

		if (!record_unknown(rec, attr))
			continue;
		snprintf(key, sizeof(key), "attr_%u", mnl_attr_get_type(attr));
		value_json(json, key, NULL, attr);
	}
}

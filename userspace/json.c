// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "utf8.h"

static void put_string(FILE *out, const char *s, size_t len)
{
	const char *plain = s;	/* not yet written, goes as it is */
	uint32_t c;
	size_t n;

	fputc('"', out);
	for (; len; s += n, len -= n) {
		n = utf8_decode(s, len, &c);
		if (n && c != '"' && c != '\\' && (utf8_printable(c) || c > 0xffff))
			continue;
		fwrite(plain, 1, s - plain, out);
		if (!n)
			fputs("\\ufffd", out);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (char)c);
		else
			fprintf(out, "\\u%04x", c);
		n = n ?: 1;
		plain = s + n;
	}
	fwrite(plain, 1, s - plain, out);
	fputc('"', out);
}

static void new_line(struct json *json)
{
	if (!json->pretty)
		return;
	fputc('\n', json->out);
	for (unsigned int i = 0; i < json->depth; i++)
		fputs("    ", json->out);
}

static void begin(struct json *json, const char *key)
{
	if (json->comma)
		fputc(',', json->out);
	if (json->depth)
		new_line(json);
	json->comma = true;
	if (key) {
		put_string(json->out, key, strlen(key));
		fputs(json->pretty ? ": " : ":", json->out);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	fputc(bracket, json->out);
	json->depth++;
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->comma)
		new_line(json);
	fputc(bracket, json->out);
	json->comma = json->depth;
	if (!json->depth)
		fputc('\n', json->out);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_signed(struct json *json, const char *key, int64_t value)
{
	begin(json, key);
	fprintf(json->out, "%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_string(struct json *json, const char *key, const char *value, size_t len)
{
	begin(json, key);
	put_string(json->out, value, len);
}

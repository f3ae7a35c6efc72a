// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "sipalg.h"
#include "state.h"

#define DEPTH_MAX	8

enum type { NOTHING, NEST, U8, U16, U32, U64, TEXT, ADDRESS, BYTES };

static const struct {
	const char *name;
	enum type type;
} fields[SIPALG_STATE_MAX + 1] = {
	[SIPALG_STATE_CALL] = { "call", NEST },
	[SIPALG_STATE_REGISTRATION] = { "registration", NEST },
	[SIPALG_STATE_DIALOG] = { "dialog", NEST },
	[SIPALG_STATE_TRANSACTION] = { "transaction", NEST },
	[SIPALG_STATE_SESSION] = { "session", NEST },
	[SIPALG_STATE_LINE] = { "line", NEST },
	[SIPALG_STATE_END] = { "end", NEST },
	[SIPALG_STATE_BINDING] = { "binding", NEST },
	[SIPALG_STATE_REACH] = { "reach", NEST },
	[SIPALG_STATE_FLOW] = { "flow", NEST },
	[SIPALG_STATE_ID] = { "id", U32 },
	[SIPALG_STATE_KIND] = { "kind", U8 },
	[SIPALG_STATE_TYPE] = { "type", U8 },
	[SIPALG_STATE_SIDE] = { "side", U8 },
	[SIPALG_STATE_FLAGS] = { "flags", U32 },
	[SIPALG_STATE_ZONE] = { "zone", U16 },
	[SIPALG_STATE_OUTER_ZONE] = { "outer-zone", U16 },
	[SIPALG_STATE_PROTOCOL] = { "protocol", U8 },
	[SIPALG_STATE_METHOD] = { "method", TEXT },
	[SIPALG_STATE_RULE] = { "rule", U32 },
	[SIPALG_STATE_CALL_ID] = { "call-id", TEXT },
	[SIPALG_STATE_A_TAG] = { "a-tag", TEXT },
	[SIPALG_STATE_A_URI] = { "a-uri", TEXT },
	[SIPALG_STATE_B_URI] = { "b-uri", TEXT },
	[SIPALG_STATE_A_HOST] = { "a-host", ADDRESS },
	[SIPALG_STATE_B_HOST] = { "b-host", ADDRESS },
	[SIPALG_STATE_A_TARGET] = { "a-target", ADDRESS },
	[SIPALG_STATE_B_TARGET] = { "b-target", ADDRESS },
	[SIPALG_STATE_A_ROUTE] = { "a-route", ADDRESS },
	[SIPALG_STATE_B_ROUTE] = { "b-route", ADDRESS },
	[SIPALG_STATE_STATE] = { "state", U8 },
	[SIPALG_STATE_STATUS] = { "status", U16 },
	[SIPALG_STATE_A_CSEQ] = { "a-cseq", U32 },
	[SIPALG_STATE_B_CSEQ] = { "b-cseq", U32 },
	[SIPALG_STATE_START] = { "start", U64 },
	[SIPALG_STATE_ANSWER] = { "answer", U64 },
	[SIPALG_STATE_LEFT] = { "left", U32 },
	[SIPALG_STATE_EXPIRES] = { "expires", U32 },
	[SIPALG_STATE_B_TAG] = { "b-tag", TEXT },
	[SIPALG_STATE_USER] = { "user", TEXT },
	[SIPALG_STATE_DOMAIN] = { "domain", TEXT },
	[SIPALG_STATE_AOR] = { "aor", TEXT },
	[SIPALG_STATE_CONTACT] = { "contact", TEXT },
	[SIPALG_STATE_REGISTRAR] = { "registrar", ADDRESS },
	[SIPALG_STATE_REFRESHED] = { "refreshed", U64 },
	[SIPALG_STATE_ASKED] = { "asked", U32 },
	[SIPALG_STATE_ADDR] = { "addr", ADDRESS },
	[SIPALG_STATE_PORT] = { "port", U16 },
	[SIPALG_STATE_OUTER_ADDR] = { "outer-addr", ADDRESS },
	[SIPALG_STATE_OUTER_PORT] = { "outer-port", U16 },
	[SIPALG_STATE_HOST] = { "host", ADDRESS },
	[SIPALG_STATE_RTCP_ADDR] = { "rtcp-addr", ADDRESS },
	[SIPALG_STATE_RTCP_PORT] = { "rtcp-port", U16 },
	[SIPALG_STATE_RTP_BINDING] = { "rtp-binding", U32 },
	[SIPALG_STATE_RTCP_BINDING] = { "rtcp-binding", U32 },
	[SIPALG_STATE_DIRECTION] = { "direction", U8 },
	[SIPALG_STATE_PART] = { "part", U8 },
	[SIPALG_STATE_INDEX] = { "index", U8 },
	[SIPALG_STATE_PAIR] = { "pair", U8 },
	[SIPALG_STATE_CODECS] = { "codecs", BYTES },
	[SIPALG_STATE_CSEQ] = { "cseq", U32 },
};

static const size_t sizes[] = { [U8] = 1, [U16] = 2, [U32] = 4, [U64] = 8 };

/* What would end a word is written as % and two digits. */
static void write_text(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len && text[i]; i++) {
		unsigned char c = text[i];

		if (c <= ' ' || c == '%' || c >= 0x7f)
			fprintf(out, "%%%02x", c);
		else
			fputc(c, out);
	}
}

static void write_value(FILE *out, enum type type, const void *data, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	uint64_t n = 0;

	switch (type) {
	case TEXT:
		write_text(out, data, len);
		break;
	case ADDRESS:
		fputs(inet_ntop(len == 4 ? AF_INET : AF_INET6, data, text, sizeof(text)), out);
		break;
	case BYTES:
		for (size_t i = 0; i < len; i++)
			fprintf(out, "%02x", ((const unsigned char *)data)[i]);
		break;
	default:
		/* Of any size, in the machine's own order. */
		if (sizes[type] == 1)
			n = *(const uint8_t *)data;
		else if (sizes[type] == 2)
			n = *(const uint16_t *)data;
		else if (sizes[type] == 4)
			n = *(const uint32_t *)data;
		else
			memcpy(&n, data, sizeof(n));
		fprintf(out, "%llu", (unsigned long long)n);
	}
}

static bool is_sound(enum type type, size_t len)
{
	switch (type) {
	case TEXT:
	case BYTES:
		return true;
	case ADDRESS:
		return len == 4 || len == 16;
	default:
		return len == sizes[type];
	}
}

static void write_nest(FILE *out, const struct nlattr *nest, const char *before)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		unsigned int n = mnl_attr_get_type(attr);
		size_t len = mnl_attr_get_payload_len(attr);

		/* What is unknown is not needed by who does not know it. */
		if (n > SIPALG_STATE_MAX || fields[n].type == NOTHING)
			continue;
		if (fields[n].type == NEST) {
			fprintf(out, "%s%s {", before, fields[n].name);
			write_nest(out, attr, " ");
			fputs(" }", out);
		} else if (is_sound(fields[n].type, len)) {
			fprintf(out, "%s%s=", before, fields[n].name);
			write_value(out, fields[n].type, mnl_attr_get_payload(attr), len);
		}
		before = " ";
	}
}

void state_write(FILE *out, const struct nlattr *nest)
{
	write_nest(out, nest, "");
	fputc('\n', out);
}

static unsigned int find(const char *name, bool nest)
{
	for (unsigned int n = 1; n <= SIPALG_STATE_MAX; n++) {
		bool is_nest = fields[n].type == NEST;

		if (fields[n].name && is_nest == nest && strcmp(fields[n].name, name) == 0)
			return n;
	}
	return 0;
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? at - digits : -1;
}

/* Two digits at @text, or -1. */
static int byte(const char *text)
{
	int high = digit(text[0]);

	return high < 0 || digit(text[1]) < 0 ? -1 : high * 16 + digit(text[1]);
}

/* In place: it only becomes shorter. False: a % without its digits. */
static bool read_text(char *text)
{
	char *to = text;

	for (; *text; text++) {
		int c = *text;

		if (c == '%') {
			c = byte(text + 1);
			if (c <= 0)
				return false;
			text += 2;
		}
		*to++ = c;
	}
	*to = '\0';
	return true;
}

static ssize_t read_bytes(unsigned char *data, size_t size, const char *text)
{
	size_t n;

	for (n = 0; *text; n++, text += 2) {
		int c = byte(text);

		if (n == size || c < 0)
			return -1;
		data[n] = c;
	}
	return n;
}

static bool read_number(uint64_t *n, size_t size, const char *text)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno &&
	       (size == 8 || *n < 1ull << (8 * size));
}

static bool put_number(struct nlmsghdr *nlh, size_t size, unsigned int attr, uint64_t n)
{
	switch (fields[attr].type) {
	case U8:
		return mnl_attr_put_u8_check(nlh, size, attr, n);
	case U16:
		return mnl_attr_put_u16_check(nlh, size, attr, n);
	case U32:
		return mnl_attr_put_u32_check(nlh, size, attr, n);
	default:
		return mnl_attr_put_u64_check(nlh, size, attr, n);
	}
}

/* Returns whether the value makes sense; *fits: whether there was room for it. */
static bool put_value(struct nlmsghdr *nlh, size_t size, unsigned int attr, char *text, bool *fits)
{
	enum type type = fields[attr].type;
	unsigned char data[256];
	ssize_t len;
	uint64_t n;

	switch (type) {
	case TEXT:
		if (!read_text(text))
			return false;
		*fits = mnl_attr_put_strz_check(nlh, size, attr, text);
		return true;
	case ADDRESS:
		len = strchr(text, ':') ? 16 : 4;
		if (inet_pton(len == 4 ? AF_INET : AF_INET6, text, data) != 1)
			return false;
		break;
	case BYTES:
		len = read_bytes(data, sizeof(data), text);
		if (len < 0)
			return false;
		break;
	default:
		if (!read_number(&n, sizes[type], text))
			return false;
		*fits = put_number(nlh, size, attr, n);
		return true;
	}
	*fits = mnl_attr_put_check(nlh, size, attr, len, data);
	return true;
}

/* What state_read() has open. */
struct nests {
	struct nlattr *at[DEPTH_MAX];
	unsigned int n;
};

static bool open_nest(struct nests *nests, struct nlmsghdr *nlh, size_t size, unsigned int attr)
{
	struct nlattr *nest;

	if (nests->n == DEPTH_MAX)
		return false;
	nest = mnl_attr_nest_start_check(nlh, size, attr);
	if (nest)
		nests->at[nests->n++] = nest;
	return nest;
}

/* A word and, of a nest, the bracket behind it. Returns 0 or -1 after an error message. */
static int read_word(struct nests *nests, struct nlmsghdr *nlh, size_t size, char *word,
		     char **save)
{
	char *value = strchr(word, '='), *bracket;
	bool fits = true;
	unsigned int attr;

	if (strcmp(word, "}") == 0) {
		if (nests->n < 2) {
			error_say("a \"}\" has no \"{\" before it");
			return -1;
		}
		mnl_attr_nest_end(nlh, nests->at[--nests->n]);
		return 0;
	}
	if (value)
		*value++ = '\0';
	attr = find(word, !value);
	if (!attr) {
		error_say("\"%s\" is nothing that a state has", word);
		return -1;
	}
	if (value) {
		if (!put_value(nlh, size, attr, value, &fits)) {
			error_say("%s cannot be \"%s\"", word, value);
			return -1;
		}
	} else {
		bracket = strtok_r(NULL, " \t\n", save);
		if (!bracket || strcmp(bracket, "{") != 0) {
			error_say("there is no \"{\" behind \"%s\"", word);
			return -1;
		}
		fits = open_nest(nests, nlh, size, attr);
	}
	if (!fits)
		error_say("the line is too long, or too deep");
	return fits ? 0 : -1;
}

int state_read(struct nlmsghdr *nlh, size_t size, char *line)
{
	struct nests nests = { .n = 0 };
	char *save, *word;

	if (!open_nest(&nests, nlh, size, SIPALG_A_STATE))
		return -1;
	for (word = strtok_r(line, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
		if (read_word(&nests, nlh, size, word, &save) < 0)
			return -1;
	}
	if (nests.n != 1) {
		error_say("a \"{\" has no \"}\" behind it");
		return -1;
	}
	mnl_attr_nest_end(nlh, nests.at[0]);
	return 0;
}

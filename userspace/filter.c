// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "filter.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* What begins a dialog. */
static const char *const methods[] = { "INVITE", "SUBSCRIBE", "REFER" };

static void append(char *text, size_t size, const char *word, bool first, bool last)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s%s", first ? "" : last ? " or " : ", ", word);
}

static int read_state(struct filter *filter, const struct ctx *ctx, const struct field *field)
{
	const char *word = ctx->opt[OPT_STATE];
	char allowed[256] = "";

	for (unsigned int i = 0; i < field->name_count; i++) {
		if (strcmp(word, field->names[i]) == 0) {
			filter->state = i;
			return 0;
		}
		append(allowed, sizeof(allowed), field->names[i], !i, i + 1 == field->name_count);
	}
	error_say("%s: \"%s\" is no state here: %s", ctx->what, word, allowed);
	return -1;
}

static int read_method(struct filter *filter, const struct ctx *ctx)
{
	const char *word = ctx->opt[OPT_METHOD];
	char allowed[64] = "";

	for (size_t i = 0; i < COUNT(methods); i++) {
		if (strcasecmp(word, methods[i]) == 0) {
			filter->method = methods[i];
			return 0;
		}
		append(allowed, sizeof(allowed), methods[i], !i, i + 1 == COUNT(methods));
	}
	error_say("%s: \"%s\" is no method that begins a dialog: %s", ctx->what, word, allowed);
	return -1;
}

static int read_address(struct filter *filter, const struct ctx *ctx)
{
	const char *word = ctx->opt[OPT_ADDRESS];
	const char *slash = strchr(word, '/');
	size_t len = slash ? (size_t)(slash - word) : strlen(word);
	unsigned long bits;
	char host[64], *end;

	if (len >= sizeof(host))
		goto bad;
	memcpy(host, word, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, filter->addr) == 1)
		filter->addr_len = 4;
	else if (inet_pton(AF_INET6, host, filter->addr) == 1)
		filter->addr_len = 16;
	else
		goto bad;
	filter->bits = filter->addr_len * 8;
	if (!slash)
		return 0;
	bits = strtoul(slash + 1, &end, 10);
	if (slash[1] < '0' || slash[1] > '9' || *end || bits > filter->bits)
		goto bad;
	filter->bits = bits;
	return 0;
bad:
	error_say("%s: \"%s\" is no address or prefix: as 10.0.0.0/8 (up to /32) or "
		  "2001:db8::/32 (up to /128)", ctx->what, word);
	return -1;
}

static int read_age(uint64_t *when, const struct ctx *ctx, enum option option)
{
	static const struct {
		const char *unit;
		unsigned int seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	const char *word = ctx->opt[option];
	unsigned long long n;
	struct timespec now;
	uint64_t ms;
	char *end;

	errno = 0;
	n = strtoull(word, &end, 10);
	for (size_t i = 0; i < COUNT(units); i++) {
		if (*word < '0' || *word > '9' || errno || n > 1000000000 ||
		    strcmp(end, units[i].unit) != 0)
			continue;
		clock_gettime(CLOCK_REALTIME, &now);
		ms = now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
		*when = ms > n * units[i].seconds * 1000 ? ms - n * units[i].seconds * 1000 : 1;
		return 0;
	}
	error_say("%s: \"%s\" is no age: a number up to 1000000000 and s, m, h or d, as 90s or 2h",
		  ctx->what, word);
	return -1;
}

int filter_init(struct filter *filter, const struct ctx *ctx, const struct schema *schema,
		const struct filter_attrs *attrs)
{
	*filter = (struct filter){ .attrs = attrs, .user = ctx->opt[OPT_USER], .state = -1 };
	if (attrs && attrs->owner)
		filter->call_id = ctx->opt[OPT_CALL_ID];
	if (ctx->opt[OPT_STATE] &&
	    read_state(filter, ctx, &schema->fields[attrs->state[0]]) < 0)
		return -1;
	if (ctx->opt[OPT_METHOD] && read_method(filter, ctx) < 0)
		return -1;
	if (ctx->opt[OPT_ADDRESS] && read_address(filter, ctx) < 0)
		return -1;
	if (ctx->opt[OPT_OLDER] && read_age(&filter->before, ctx, OPT_OLDER) < 0)
		return -1;
	if (ctx->opt[OPT_YOUNGER] && read_age(&filter->after, ctx, OPT_YOUNGER) < 0)
		return -1;
	return 0;
}

/* The user of "sip:user@domain;parameters", or with an "@" asked for, both. */
static bool user_is(const char *uri, const char *user)
{
	const char *colon = strchr(uri, ':');
	size_t len;

	if (colon)
		uri = colon + 1;
	len = strcspn(uri, strchr(user, '@') ? ";?>" : "@;?>");
	return len == strlen(user) && memcmp(uri, user, len) == 0;
}

static bool has_user(const struct filter *f, const struct record *rec)
{
	for (size_t i = 0; i < COUNT(f->attrs->user); i++) {
		const struct nlattr *attr = rec->attr[f->attrs->user[i]];

		if (f->attrs->user[i] && attr && user_is(mnl_attr_get_str(attr), f->user))
			return true;
	}
	return false;
}

static bool in_prefix(const struct filter *f, const struct nlattr *attr)
{
	const unsigned char *addr = mnl_attr_get_payload(attr);
	unsigned int whole = f->bits / 8, rest = f->bits % 8;

	if (mnl_attr_get_payload_len(attr) != f->addr_len ||
	    memcmp(addr, f->addr, whole) != 0)
		return false;
	return !rest || !((addr[whole] ^ f->addr[whole]) >> (8 - rest));
}

/* Of all that it has: some addresses come several times. */
static bool has_address(const struct filter *f, const struct record *rec)
{
	const struct nlattr *attr;

	record_for_each(attr, rec) {
		for (size_t i = 0; i < COUNT(f->attrs->address); i++) {
			if (f->attrs->address[i] == mnl_attr_get_type(attr) && in_prefix(f, attr))
				return true;
		}
	}
	return false;
}

static bool has_state(const struct filter *f, const struct record *rec)
{
	for (size_t i = 0; i < COUNT(f->attrs->state); i++) {
		unsigned short attr = f->attrs->state[i];

		if (attr && rec->attr[attr] && record_number(rec, attr) == (uint64_t)f->state)
			return true;
	}
	return false;
}

static bool string_is(const struct record *rec, unsigned short attr, const char *value)
{
	return rec->attr[attr] && strcmp(mnl_attr_get_str(rec->attr[attr]), value) == 0;
}

/* What has not begun has no age. */
static bool began(const struct filter *f, const struct record *rec)
{
	uint64_t start = record_number(rec, f->attrs->start);

	return start && start >= f->after && (!f->before || start <= f->before);
}

bool filter_takes(const struct filter *f, const struct record *rec)
{
	return (!f->call_id || string_is(rec, f->attrs->owner, f->call_id)) &&
	       (!f->user || has_user(f, rec)) &&
	       (!f->method || string_is(rec, f->attrs->method, f->method)) &&
	       (f->state < 0 || has_state(f, rec)) &&
	       (!f->addr_len || has_address(f, rec)) &&
	       ((!f->after && !f->before) || began(f, rec));
}

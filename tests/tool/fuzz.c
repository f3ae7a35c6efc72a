// SPDX-License-Identifier: GPL-2.0
/*
 * Random and damaged messages through all that reads them. Nothing may crash
 * (the sanitizers see to that) and what is printed is always JSON, which
 * ./output cannot check as often. The seed is fixed.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>

#include "cmd_monitor.h"
#include "cmd_policy.h"
#include "cmd_stats.h"
#include "message.h"
#include "sipalg.h"
#include "tap.h"
#include "view.h"

#define ROUNDS	100000

static uint64_t state = 20250102;

static uint32_t random_below(uint32_t n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 33) % n;
}

/* One value at @s; returns what follows it, NULL if it is none. */
static const char *json_value(const char *s)
{
	char end;

	if (*s == '"') {
		for (s++; *s != '"'; s++) {
			if ((unsigned char)*s < 0x20)
				return NULL;
			if (*s == '\\' && !strchr("\"\\u", *++s))
				return NULL;
		}
		return s + 1;
	}
	if (*s == '{' || *s == '[') {
		bool object = *s == '{';

		end = object ? '}' : ']';
		if (*++s == end)
			return s + 1;
		for (;; s++) {
			if (object) {
				s = *s == '"' ? json_value(s) : NULL;
				if (!s || *s++ != ':')
					return NULL;
			}
			s = json_value(s);
			if (!s)
				return NULL;
			if (*s == end)
				return s + 1;
			if (*s != ',')
				return NULL;
		}
	}
	if (strncmp(s, "true", 4) == 0)
		return s + 4;
	if (strncmp(s, "false", 5) == 0)
		return s + 5;
	if (*s == '-')
		s++;
	if (!isdigit((unsigned char)*s))
		return NULL;
	while (isdigit((unsigned char)*s))
		s++;
	return s;
}

/* Any number of values, each on its line. */
static bool is_json(const char *s)
{
	while (*s) {
		s = json_value(s);
		if (!s || *s++ != '\n')
			return false;
	}
	return true;
}

static void put_random_attrs(struct nlmsghdr *nlh, unsigned int depth)
{
	unsigned int n = random_below(12);

	while (n--) {
		uint16_t type = random_below(48);
		char data[40];
		size_t len;

		if (depth && random_below(3) == 0) {
			struct nlattr *nest = mnl_attr_nest_start(nlh, type);

			put_random_attrs(nlh, depth - 1);
			mnl_attr_nest_end(nlh, nest);
			continue;
		}
		static const size_t lens[] = { 1, 2, 4, 8, 16, 40 };

		len = random_below(3) ? lens[random_below(6)] : random_below(sizeof(data));
		for (size_t i = 0; i < len; i++)
			data[i] = random_below(256);
		if (len && random_below(2))
			data[len - 1] = '\0';
		mnl_attr_put(nlh, type, len, data);
	}
}

static struct nlmsghdr *random_message(char *buf)
{
	struct nlmsghdr *nlh = message_start(buf, SIPALG_CMD_EVENT, 0, 0);

	mnl_attr_put_u32(nlh, SIPALG_A_EVENT, random_below(16));
	switch (random_below(9)) {
	case 0:
		message_put_dialog(nlh, 1);
		break;
	case 1:
		message_put_registration(nlh, 1);
		break;
	case 2:
		message_put_binding(nlh, 1);
		break;
	case 3:
		message_put_stream(nlh, 1);
		break;
	case 4:
		message_put_status(nlh);
		message_put_stats(nlh, random_below(60));
		break;
	case 5:
		message_put_subscription(nlh, 1);
		break;
	case 6:
		message_put_rule(nlh, 1);
		break;
	default:
		put_random_attrs(nlh, 3);
	}
	return nlh;
}

/* Bytes changed, or the end cut off; the header stays a header. */
static void damage(struct nlmsghdr *nlh)
{
	unsigned int n = random_below(6);
	size_t len = nlh->nlmsg_len - NLMSG_HDRLEN;

	while (n--)
		((char *)nlh)[NLMSG_HDRLEN + random_below(len)] = random_below(256);
	if (random_below(4) == 0)
		nlh->nlmsg_len = NLMSG_HDRLEN + random_below(len);
	if (random_below(50) == 0)
		nlh->nlmsg_type = 1 + random_below(4);
	if (random_below(50) == 0)
		nlh->nlmsg_flags = random_below(65536);
}

static void read_all(struct ctx *ctx, const struct nlmsghdr *nlh)
{
	static const struct view *const views[] = {
		&view_status, &view_dialog, &view_subscription, &view_registration,
		&view_binding, &view_stream, &view_policy,
	};
	struct nl nl = { .family = FAKE_FAMILY };
	size_t len = nlh->nlmsg_len;

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		struct view_walk one = { .ctx = ctx, .view = views[i] };

		if (views[i]->lines)
			nl_walk(&nl, nlh, len, view_one_message, &one);
		if (views[i]->columns) {
			struct view_walk list = { .ctx = ctx, .view = views[i] };

			nl_walk(&nl, nlh, len, view_list_message, &list);
			if (list.open)
				print_list_close(&ctx->print);
		}
	}
	struct stats_walk stats = { .ctx = ctx };

	nl_walk(&nl, nlh, len, stats_message, &stats);
	nl_walk(&nl, nlh, len, monitor_message, ctx);
	if (!ctx->print.is_json) {
		struct policy_walk policy = { .ctx = ctx };

		nl_walk(&nl, nlh, len, policy_message, &policy);
	}
}

int main(void)
{
	static char buf[65536] __attribute__((aligned(8)));
	unsigned int bad_json = 0, escapes = 0, printed = 0;

	freopen("/dev/null", "w", stderr);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct nlmsghdr *nlh = random_message(buf), *copy;
		bool json = random_below(2);
		struct ctx ctx = { 0 };
		char *text = NULL;
		size_t size = 0;
		FILE *out;

		damage(nlh);
		/* Exactly as long as it is, for the sanitizer. */
		copy = malloc(nlh->nlmsg_len);
		memcpy(copy, nlh, nlh->nlmsg_len);
		out = open_memstream(&text, &size);
		print_init(&ctx.print, out, json, false);
		ctx.opt[OPT_EXPLAIN] = random_below(2) ? "" : NULL;
		read_all(&ctx, copy);
		fclose(out);
		printed += size > 0;
		if (json && (strlen(text) != size || !is_json(text)))
			bad_json++;
		for (size_t at = 0; at < size; at++)
			escapes += text[at] != '\n' && iscntrl((unsigned char)text[at]);
		free(text);
		free(copy);
	}
	printf("# %u of %u messages led to output\n", printed, ROUNDS);
	ok(printed > ROUNDS / 4, "enough messages can be understood");
	ok(!bad_json, "JSON was always JSON");
	ok(!escapes, "no control character in any output");
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/* stats: the counters. */
#include <inttypes.h>
#include <string.h>

#include "cmd_stats.h"
#include "sipalg.h"
#include "sipalg_reasons.h"

static const struct {
	const char *name;
	const char *class;
	const char *text;
} reasons[] = {
#define SEEN	"seen"
#define PASSED	"passed"
#define DROPPED	"dropped"
#define EVENT	"event"
#define X(e, name, class, text) [SIPALG_R_##e] = { #name, class, text },
	SIPALG_REASONS(X)
#undef X
#undef SEEN
#undef PASSED
#undef DROPPED
#undef EVENT
};

int stats_message(const struct nlmsghdr *nlh, void *data)
{
	struct stats_walk *walk = data;
	struct printer *p = &walk->ctx->print;
	bool explain = walk->ctx->opt[OPT_EXPLAIN];
	const struct nlattr *stats;
	const char *values;
	struct record top;

	if (record_parse_message(&top, nlh) < 0)
		return -1;
	stats = top.attr[SIPALG_A_STATS];
	if (!stats)
		return 0;
	values = mnl_attr_get_payload(stats);
	walk->found = true;
	print_group_open(p);
	for (size_t i = 0; (i + 1) * sizeof(uint64_t) <= mnl_attr_get_payload_len(stats); i++) {
		bool known = i < SIPALG_R_COUNT;
		char name[32];
		uint64_t value;

		/* The kernel aligns to 4 bytes only. */
		memcpy(&value, values + i * sizeof(value), sizeof(value));
		snprintf(name, sizeof(name), "reason_%zu", i);
		print_counter(p, known ? reasons[i].name : name, value,
			      known ? reasons[i].class : "unknown",
			      !explain ? NULL : known ? reasons[i].text :
			      "a counter that this sipalgctl does not know: the module is newer");
	}
	print_group_close(p);
	return 0;
}

int cmd_stats(struct ctx *ctx)
{
	struct stats_walk walk = { .ctx = ctx };
	union nl_request req;

	nl_request(&ctx->nl, &req, SIPALG_CMD_STATS_GET, NLM_F_ACK);
	if (nl_talk(&ctx->nl, &req, stats_message, &walk) < 0)
		nl_error_say(&ctx->nl, ctx->what);
	else if (!walk.found)
		error_say("%s: the kernel's answer has no counters in it", ctx->what);
	else
		return EXIT_OK;
	return EXIT_FAILED;
}

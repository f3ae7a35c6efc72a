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

/* The reasons that most messages were left alone for, the first ones first. */
struct top {
	size_t reason[5];
	uint64_t value[5];
	size_t count;
};

static void top_add(struct top *top, size_t reason, uint64_t value)
{
	const size_t room = sizeof(top->reason) / sizeof(top->reason[0]);
	size_t at = top->count;

	while (at && top->value[at - 1] < value)
		at--;
	if (at == room)
		return;
	if (top->count < room)
		top->count++;
	for (size_t i = top->count - 1; i > at; i--) {
		top->reason[i] = top->reason[i - 1];
		top->value[i] = top->value[i - 1];
	}
	top->reason[at] = reason;
	top->value[at] = value;
}

/* The nth counter; the kernel aligns to 4 bytes only. */
static bool counter(const struct nlattr *stats, size_t nth, uint64_t *value)
{
	if ((nth + 1) * sizeof(*value) > mnl_attr_get_payload_len(stats))
		return false;
	memcpy(value, (const char *)mnl_attr_get_payload(stats) + nth * sizeof(*value),
	       sizeof(*value));
	return true;
}

static int top_message(const struct nlmsghdr *nlh, void *data)
{
	struct top *top = data;
	struct record rec;
	uint64_t value;

	if (record_parse_message(&rec, nlh) < 0)
		return -1;
	if (!rec.attr[SIPALG_A_STATS])
		return 0;
	for (size_t i = 0; i < SIPALG_R_COUNT; i++) {
		bool alone = strcmp(reasons[i].class, "passed") == 0 ||
			     strcmp(reasons[i].class, "dropped") == 0;

		if (alone && counter(rec.attr[SIPALG_A_STATS], i, &value) && value)
			top_add(top, i, value);
	}
	return 0;
}

int stats_left_alone(struct ctx *ctx, const char *key)
{
	struct printer *p = &ctx->print;
	struct top top = { .count = 0 };
	union nl_request req;

	nl_request(&ctx->nl, &req, SIPALG_CMD_STATS_GET, NLM_F_ACK);
	if (nl_talk(&ctx->nl, &req, top_message, &top) < 0) {
		nl_error_say(&ctx->nl, ctx->what);
		return EXIT_FAILED;
	}
	if (top.count)
		print_gap(p);
	print_reasons_open(p, key, top.count ? "left alone:" : NULL);
	for (size_t i = 0; i < top.count; i++)
		print_reason(p, reasons[top.reason[i]].name, top.value[i],
			     reasons[top.reason[i]].text);
	print_reasons_close(p);
	return EXIT_OK;
}

int stats_message(const struct nlmsghdr *nlh, void *data)
{
	struct stats_walk *walk = data;
	struct printer *p = &walk->ctx->print;
	bool explain = walk->ctx->opt[OPT_EXPLAIN];
	const struct nlattr *stats;
	struct record top;
	uint64_t value;

	if (record_parse_message(&top, nlh) < 0)
		return -1;
	stats = top.attr[SIPALG_A_STATS];
	if (!stats)
		return 0;
	walk->found = true;
	print_group_open(p);
	for (size_t i = 0; counter(stats, i, &value); i++) {
		bool known = i < SIPALG_R_COUNT;
		char name[32];

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

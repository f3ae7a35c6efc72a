// SPDX-License-Identifier: GPL-2.0
/*
 * metrics: OpenMetrics text, which node_exporter's textfile collector takes from
 * a file. Counters are samples of one family for each class of them, told apart by
 * a label; the list of them is that of include/sipalg_reasons.h.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"
#include "file.h"
#include "record.h"
#include "sipalg.h"
#include "sipalg_reasons.h"

enum class { SEEN, PASSED, DROPPED, EVENT };

static const struct {
	const char *name;
	enum class class;
} reasons[] = {
#define X(e, name, class, text) [SIPALG_R_##e] = { #name, class },
	SIPALG_REASONS(X)
#undef X
};

/* By enum class. */
static const struct {
	const char *name;
	const char *label;
	const char *help;
} families[] = {
	[SEEN] = { "seen", "what", "SIP messages inspected, and what happened to them" },
	[PASSED] = { "left_alone", "reason", "Messages that went on byte-identical, by reason" },
	[DROPPED] = { "dropped", "reason", "Messages dropped because the policy says so" },
	[EVENT] = { "events", "event", "Other events; sipalgctl stats --explain explains them" },
};

/* A gauge for one number of the status, or one of several with a label. */
static const struct {
	uint16_t attr;
	const char *name;
	const char *state;
	const char *unit;
	const char *help;
} gauges[] = {
	{ SIPALG_STATUS_ENABLED, "enabled", NULL, NULL,
	  "Whether sipalg is on in this network namespace" },
	{ SIPALG_STATUS_DIALOGS, "dialogs", NULL, NULL,
	  "Calls and subscriptions; each fork counts" },
	{ SIPALG_STATUS_DIALOGS_MAX, "dialogs_max", NULL, NULL, "Limit of dialogs" },
	{ SIPALG_STATUS_CALLS_TRYING, "calls", "trying", NULL,
	  "Calls by state; held ones are answered too" },
	{ SIPALG_STATUS_CALLS_RINGING, "calls", "ringing" },
	{ SIPALG_STATUS_CALLS_ANSWERED, "calls", "answered" },
	{ SIPALG_STATUS_CALLS_HELD, "calls", "held" },
	{ SIPALG_STATUS_SUBSCRIPTIONS, "subscriptions", NULL, NULL, "Subscriptions" },
	{ SIPALG_STATUS_REGISTRATIONS, "registrations", NULL, NULL, "Registered contacts" },
	{ SIPALG_STATUS_REGISTRATIONS_MAX, "registrations_max", NULL, NULL,
	  "Limit of registrations" },
	{ SIPALG_STATUS_BINDINGS, "bindings", NULL, NULL,
	  "Pairs of addresses that are translated" },
	{ SIPALG_STATUS_BINDINGS_MAX, "bindings_max", NULL, NULL, "Limit of bindings" },
	{ SIPALG_STATUS_STREAMS, "streams", NULL, NULL, "TCP connections that are followed" },
	{ SIPALG_STATUS_STREAMS_MAX, "streams_max", NULL, NULL, "Limit of TCP connections" },
	{ SIPALG_STATUS_STREAM_BYTES, "stream_memory_bytes", NULL, "bytes",
	  "Memory of all TCP connections" },
	{ SIPALG_STATUS_STREAM_BYTES_MAX, "stream_memory_max_bytes", NULL, "bytes",
	  "Limit of that memory" },
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* What was read; numbers by their attribute. */
struct metrics {
	char version[64];
	bool has[SCHEMA_MAX + 1];
	uint64_t number[SCHEMA_MAX + 1];
	uint64_t counter[SIPALG_R_COUNT];
	size_t counters;
};

static int read_status(const struct nlmsghdr *nlh, void *data)
{
	struct metrics *m = data;
	struct record top, status;

	if (record_parse_message(&top, nlh) < 0)
		return -1;
	if (!top.attr[SIPALG_A_STATUS])
		return 0;
	if (record_parse_nest(&status, &schema_status, top.attr[SIPALG_A_STATUS]) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(gauges); i++) {
		m->has[gauges[i].attr] = status.attr[gauges[i].attr];
		m->number[gauges[i].attr] = record_number(&status, gauges[i].attr);
	}
	if (status.attr[SIPALG_STATUS_VERSION])
		snprintf(m->version, sizeof(m->version), "%s",
			 mnl_attr_get_str(status.attr[SIPALG_STATUS_VERSION]));
	return 0;
}

/* A module that is older has fewer counters, one that is newer more. */
static int read_stats(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *stats;
	struct metrics *m = data;
	struct record top;

	if (record_parse_message(&top, nlh) < 0)
		return -1;
	stats = top.attr[SIPALG_A_STATS];
	if (!stats)
		return 0;
	m->counters = mnl_attr_get_payload_len(stats) / sizeof(uint64_t);
	if (m->counters > SIPALG_R_COUNT)
		m->counters = SIPALG_R_COUNT;
	memcpy(m->counter, mnl_attr_get_payload(stats), m->counters * sizeof(uint64_t));
	return 0;
}

static void write_family(FILE *out, const char *name, const char *type, const char *unit,
			 const char *help)
{
	fprintf(out, "# TYPE sipalg_%s %s\n", name, type);
	if (unit)
		fprintf(out, "# UNIT sipalg_%s %s\n", name, unit);
	fprintf(out, "# HELP sipalg_%s %s.\n", name, help);
}

/* In a label, three characters have to be escaped. */
static void write_label(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void write_gauges(FILE *out, const struct metrics *m)
{
	for (size_t i = 0; i < COUNT(gauges); i++) {
		if (!m->has[gauges[i].attr])
			continue;
		if (gauges[i].help)
			write_family(out, gauges[i].name, "gauge", gauges[i].unit, gauges[i].help);
		fprintf(out, "sipalg_%s", gauges[i].name);
		if (gauges[i].state)
			fprintf(out, "{state=\"%s\"}", gauges[i].state);
		fprintf(out, " %" PRIu64 "\n", m->number[gauges[i].attr]);
	}
}

static void write_counters(FILE *out, const struct metrics *m, enum class class)
{
	write_family(out, families[class].name, "counter", NULL, families[class].help);
	for (size_t i = 0; i < m->counters; i++) {
		if (reasons[i].class == class)
			fprintf(out, "sipalg_%s_total{%s=\"%s\"} %" PRIu64 "\n",
				families[class].name, families[class].label, reasons[i].name,
				m->counter[i]);
	}
}

static void write_metrics(FILE *out, const void *data)
{
	const struct metrics *m = data;

	write_family(out, "module", "gauge", NULL, "The module, by its version");
	fputs("sipalg_module{version=\"", out);
	write_label(out, m->version);
	fputs("\"} 1\n", out);
	write_gauges(out, m);
	for (enum class class = SEEN; class <= EVENT; class++)
		write_counters(out, m, class);
	fputs("# EOF\n", out);
}

static int ask(struct ctx *ctx, uint8_t cmd, nl_cb cb, struct metrics *m)
{
	union nl_request req;

	nl_request(&ctx->nl, &req, cmd, NLM_F_ACK);
	if (nl_talk(&ctx->nl, &req, cb, m) == 0)
		return 0;
	nl_error_say(&ctx->nl, ctx->what);
	return -1;
}

int cmd_metrics(struct ctx *ctx)
{
	struct metrics m = { .version = "" };

	if (ask(ctx, SIPALG_CMD_STATUS_GET, read_status, &m) < 0 ||
	    ask(ctx, SIPALG_CMD_STATS_GET, read_stats, &m) < 0)
		return EXIT_FAILED;
	if (file_replace(ctx->nwords ? ctx->words[0] : "-", write_metrics, &m) < 0)
		return EXIT_FAILED;
	return EXIT_OK;
}

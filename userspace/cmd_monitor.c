// SPDX-License-Identifier: GPL-2.0
/* monitor: events as they happen. */
#include "cmd_monitor.h"
#include "sipalg.h"

static const struct cell event_words[] = {
	{ "", 0, SIPALG_A_TIME },
	{ "", 0, SIPALG_A_EVENT },
	{ NULL }
};

static const struct cell dialog_words[] = {
	{ "dialog", 0, SIPALG_DIALOG_ID },
	{ "", 0, SIPALG_DIALOG_METHOD },
	{ "", 0, SIPALG_DIALOG_STATE, SIPALG_DIALOG_END_REASON, "/" },
	{ "1xx", 0, SIPALG_DIALOG_PROVISIONAL },
	{ "status", 0, SIPALG_DIALOG_STATUS },
	{ "held-by", 0, SIPALG_DIALOG_HELD_BY },
	{ "event", 0, SIPALG_DIALOG_EVENT },
	{ "", 0, SIPALG_DIALOG_SUB_STATE },
	{ "refer-to", 0, SIPALG_DIALOG_REFER_TO, SIPALG_DIALOG_REFER_STATUS, " status " },
	{ "from", 0, SIPALG_DIALOG_A_URI },
	{ "to", 0, SIPALG_DIALOG_B_URI },
	{ "call-id", 0, SIPALG_DIALOG_CALL_ID },
	{ NULL }
};

static const struct cell registration_words[] = {
	{ "registration", 0, SIPALG_REG_ID },
	{ "", 0, SIPALG_REG_AOR },
	{ "", 0, SIPALG_REG_PROTOCOL },
	{ "inner", 0, SIPALG_REG_INNER_ADDR, SIPALG_REG_INNER_PORT, ":" },
	{ "outer", 0, SIPALG_REG_OUTER_ADDR, SIPALG_REG_OUTER_PORT, ":" },
	{ "registrar", 0, SIPALG_REG_REGISTRAR },
	{ "expires", 0, SIPALG_REG_EXPIRES },
	{ NULL }
};

static const struct cell message_words[] = {
	{ "", 0, SIPALG_MSG_REASON },
	{ "", 0, SIPALG_MSG_METHOD },
	{ "status", 0, SIPALG_MSG_STATUS },
	{ "cseq", 0, SIPALG_MSG_CSEQ },
	{ "", 0, SIPALG_MSG_PROTOCOL },
	{ "way", 0, SIPALG_MSG_WAY },
	{ "from", 0, SIPALG_MSG_SRC_ADDR, SIPALG_MSG_SRC_PORT, ":" },
	{ "as", 0, SIPALG_MSG_SRC_OUT_ADDR, SIPALG_MSG_SRC_OUT_PORT, ":" },
	{ "sent-to", 0, SIPALG_MSG_DST_IN_ADDR, SIPALG_MSG_DST_IN_PORT, ":" },
	{ "to", 0, SIPALG_MSG_DST_ADDR, SIPALG_MSG_DST_PORT, ":" },
	{ "call-id", 0, SIPALG_MSG_CALL_ID },
	{ NULL }
};

static const struct cell stream_words[] = {
	{ "stream", 0, SIPALG_STREAM_ID },
	{ "a", 0, SIPALG_STREAM_A_INNER_ADDR, SIPALG_STREAM_A_INNER_PORT, ":" },
	{ "b", 0, SIPALG_STREAM_B_OUTER_ADDR, SIPALG_STREAM_B_OUTER_PORT, ":" },
	{ "a-state", 0, SIPALG_STREAM_A_STATE, SIPALG_STREAM_A_REASON, "/" },
	{ "b-state", 0, SIPALG_STREAM_B_STATE, SIPALG_STREAM_B_REASON, "/" },
	{ NULL }
};

static const struct cell binding_words[] = {
	{ "binding", 0, SIPALG_BINDING_ID },
	{ "", 0, SIPALG_BINDING_TYPE },
	{ "", 0, SIPALG_BINDING_PROTOCOL },
	{ "inner", 0, SIPALG_BINDING_INNER_ADDR, SIPALG_BINDING_INNER_PORT, ":" },
	{ "outer", 0, SIPALG_BINDING_OUTER_ADDR, SIPALG_BINDING_OUTER_PORT, ":" },
	{ "owner", 0, SIPALG_BINDING_OWNER },
	{ NULL }
};

static const struct cell limit_words[] = {
	{ "", 0, SIPALG_REACHED_LIMIT },
	{ "by", 0, SIPALG_REACHED_ADDR },
	{ NULL }
};

static const struct {
	uint16_t attr;
	const struct schema *schema;
	const struct cell *words;
} parts[] = {
	{ SIPALG_A_DIALOG, &schema_dialog, dialog_words },
	{ SIPALG_A_REGISTRATION, &schema_registration, registration_words },
	{ SIPALG_A_MESSAGE, &schema_message, message_words },
	{ SIPALG_A_STREAM, &schema_stream, stream_words },
	{ SIPALG_A_BINDING, &schema_binding, binding_words },
	{ SIPALG_A_LIMIT, &schema_limit, limit_words },
};

/* One that makes no sense is reported and skipped: others will follow. */
int monitor_message(const struct nlmsghdr *nlh, void *data)
{
	struct ctx *ctx = data;
	struct record top, part;

	if (record_parse_message(&top, nlh) < 0 || !top.attr[SIPALG_A_EVENT])
		return 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct nlattr *nest = top.attr[parts[i].attr];

		if (!nest)
			continue;
		if (record_parse_nest(&part, parts[i].schema, nest) == 0)
			print_line(&ctx->print, event_words, &top, parts[i].words, &part);
		return 0;
	}
	print_line(&ctx->print, event_words, &top, NULL, NULL);
	return 0;
}

void monitor_lost(uint32_t count, void *data)
{
	struct ctx *ctx = data;

	print_lost(&ctx->print, count);
}

int cmd_monitor(struct ctx *ctx)
{
	/* One event, one line. */
	ctx->print.json.pretty = false;
	if (ctx->opt[OPT_CDR] && ctx->opt[OPT_MESSAGES]) {
		error_say("%s: --cdr has no messages: leave out either", ctx->what);
		return EXIT_USAGE;
	}
	if (ctx->opt[OPT_CDR])
		return monitor_cdr(ctx);
	ctx->nl.all = ctx->opt[OPT_MESSAGES];
	if (nl_listen(&ctx->nl, monitor_message, monitor_lost, ctx) == 0)
		return EXIT_OK;
	nl_error_say(&ctx->nl, ctx->what);
	return EXIT_FAILED;
}

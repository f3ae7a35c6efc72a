// SPDX-License-Identifier: GPL-2.0
/* dialog, subscription: calls, and who watches whom. */
#include <string.h>

#include "sipalg.h"
#include "view.h"

static const struct cell columns[] = {
	{ "ID", 6, SIPALG_DIALOG_ID },
	{ "CALL", 6, SIPALG_DIALOG_CALL },
	{ "STATE", 10, SIPALG_DIALOG_STATE, SIPALG_DIALOG_END_REASON, "/" },
	{ "1XX", 3, SIPALG_DIALOG_PROVISIONAL },
	{ "HELD", 4, SIPALG_DIALOG_HELD_BY },
	{ "METHOD", 9, SIPALG_DIALOG_METHOD },
	{ "FROM", 26, SIPALG_DIALOG_A_URI },
	{ "TO", 26, SIPALG_DIALOG_B_URI },
	{ "START", 23, SIPALG_DIALOG_START },
	{ "CALL-ID", 0, SIPALG_DIALOG_CALL_ID },
	{ NULL }
};

static const struct cell lines[] = {
	{ "id", 0, SIPALG_DIALOG_ID },
	{ "call-id", 0, SIPALG_DIALOG_CALL_ID },
	{ "state", 0, SIPALG_DIALOG_STATE, SIPALG_DIALOG_END_REASON, "/" },
	{ "method", 0, SIPALG_DIALOG_METHOD },
	{ "call", 0, SIPALG_DIALOG_CALL, SIPALG_DIALOG_FORKS, ", dialogs " },
	{ "provisional", 0, SIPALG_DIALOG_PROVISIONAL },
	{ "status", 0, SIPALG_DIALOG_STATUS },
	{ "event", 0, SIPALG_DIALOG_EVENT },
	{ "subscription", 0, SIPALG_DIALOG_SUB_STATE },
	{ "expires", 0, SIPALG_DIALOG_SUB_EXPIRES, SIPALG_DIALOG_SUB_EXPIRES_IN, ", left " },
	{ "notifies", 0, SIPALG_DIALOG_NOTIFIES },
	{ "a: uri", 0, SIPALG_DIALOG_A_URI },
	{ "a: tag", 0, SIPALG_DIALOG_A_TAG },
	{ "a: address", 0, SIPALG_DIALOG_A_ADDR },
	{ "b: uri", 0, SIPALG_DIALOG_B_URI },
	{ "b: tag", 0, SIPALG_DIALOG_B_TAG },
	{ "b: address", 0, SIPALG_DIALOG_B_ADDR },
	{ "start", 0, SIPALG_DIALOG_START },
	{ "ringing", 0, SIPALG_DIALOG_RINGING },
	{ "answer", 0, SIPALG_DIALOG_ANSWER },
	{ "setup-ms", 0, SIPALG_DIALOG_SETUP },
	{ "end", 0, SIPALG_DIALOG_END },
	{ "held-by", 0, SIPALG_DIALOG_HELD_BY },
	{ "bye-by", 0, SIPALG_DIALOG_BYE_BY },
	{ "reinvites", 0, SIPALG_DIALOG_REINVITES },
	{ "updates", 0, SIPALG_DIALOG_UPDATES },
	{ "refer-by", 0, SIPALG_DIALOG_REFER_BY },
	{ "refer-to", 0, SIPALG_DIALOG_REFER_TO },
	{ "refer-status", 0, SIPALG_DIALOG_REFER_STATUS },
	{ "session-expires", 0, SIPALG_DIALOG_SESSION_EXPIRES, SIPALG_DIALOG_SESSION_LEFT,
	  ", left " },
	{ "refresher", 0, SIPALG_DIALOG_REFRESHER },
	{ "expires-in", 0, SIPALG_DIALOG_EXPIRES_IN },
	{ NULL }
};

static const struct cell subscription_columns[] = {
	{ "ID", 6, SIPALG_DIALOG_ID },
	{ "STATE", 10, SIPALG_DIALOG_SUB_STATE },
	{ "EVENT", 15, SIPALG_DIALOG_EVENT },
	{ "EXPIRES", 7, SIPALG_DIALOG_SUB_EXPIRES_IN },
	{ "NOTIFIES", 8, SIPALG_DIALOG_NOTIFIES },
	{ "WATCHER", 26, SIPALG_DIALOG_A_URI },
	{ "WATCHED", 26, SIPALG_DIALOG_B_URI },
	{ "CALL-ID", 0, SIPALG_DIALOG_CALL_ID },
	{ NULL }
};

static const struct cell media_columns[] = {
	{ "SIDE", 4, SIPALG_MEDIA_SIDE },
	{ "LINE", 4, SIPALG_MEDIA_INDEX },
	{ "KIND", 6, SIPALG_MEDIA_KIND },
	{ "DIRECTION", 9, SIPALG_MEDIA_DIRECTION },
	{ "INNER", 21, SIPALG_MEDIA_INNER_ADDR, SIPALG_MEDIA_INNER_PORT, ":" },
	{ "OUTER", 21, SIPALG_MEDIA_OUTER_ADDR, SIPALG_MEDIA_OUTER_PORT, ":" },
	{ "RTCP", 5, SIPALG_MEDIA_RTCP_PORT },
	{ "MUX", 3, SIPALG_MEDIA_MUX },
	{ "BOUND", 5, SIPALG_MEDIA_BOUND },
	{ "PACKETS", 10, SIPALG_MEDIA_PACKETS },
	{ "BYTES", 12, SIPALG_MEDIA_BYTES },
	{ "CODECS", 0, SIPALG_MEDIA_CODECS },
	{ NULL }
};

static const struct filter_attrs filter = {
	.user = { SIPALG_DIALOG_A_URI, SIPALG_DIALOG_B_URI },
	.address = { SIPALG_DIALOG_A_ADDR, SIPALG_DIALOG_B_ADDR },
	.state = { SIPALG_DIALOG_STATE },
	.method = SIPALG_DIALOG_METHOD,
	.start = SIPALG_DIALOG_START,
};

const struct view view_dialog = {
	.cmd = SIPALG_CMD_DIALOG_GET,
	.attr = SIPALG_A_DIALOG,
	.schema = &schema_dialog,
	.columns = columns,
	.lines = lines,
	.part = SIPALG_DIALOG_MEDIA,
	.part_columns = media_columns,
	.filter = &filter,
};

static const struct filter_attrs subscription_filter = {
	.user = { SIPALG_DIALOG_A_URI, SIPALG_DIALOG_B_URI },
	.address = { SIPALG_DIALOG_A_ADDR, SIPALG_DIALOG_B_ADDR },
	.state = { SIPALG_DIALOG_SUB_STATE },
	.method = SIPALG_DIALOG_METHOD,
	.start = SIPALG_DIALOG_START,
};

const struct view view_subscription = {
	.cmd = SIPALG_CMD_DIALOG_GET,
	.attr = SIPALG_A_DIALOG,
	.kind = SIPALG_KIND_SUBSCRIPTION,
	.schema = &schema_dialog,
	.columns = subscription_columns,
	.filter = &subscription_filter,
};

int cmd_dialog_list(struct ctx *ctx)
{
	const struct field *field = &schema_top.fields[SIPALG_A_KIND];
	const char *kind = ctx->opt[OPT_KIND];
	struct view view = view_dialog;

	if (kind) {
		while (view.kind < field->name_count &&
		       strcmp(kind, field->names[view.kind]) != 0)
			view.kind++;
		if (view.kind == field->name_count) {
			error_say("%s: \"%s\" is no kind of dialog: call, subscription or all",
				  ctx->what, kind);
			return EXIT_USAGE;
		}
	}
	return view_list(ctx, &view, NULL);
}

int cmd_dialog_show(struct ctx *ctx)
{
	return view_show(ctx, &view_dialog);
}

int cmd_subscription_list(struct ctx *ctx)
{
	return view_list(ctx, &view_subscription, NULL);
}

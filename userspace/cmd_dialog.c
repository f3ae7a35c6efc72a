// SPDX-License-Identifier: GPL-2.0
/* dialog: calls and subscriptions. */
#include "sipalg.h"
#include "view.h"

static const struct cell columns[] = {
	{ "ID", 6, SIPALG_DIALOG_ID },
	{ "STATE", 10, SIPALG_DIALOG_STATE, SIPALG_DIALOG_END_REASON, "/" },
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
	{ "status", 0, SIPALG_DIALOG_STATUS },
	{ "a: uri", 0, SIPALG_DIALOG_A_URI },
	{ "a: tag", 0, SIPALG_DIALOG_A_TAG },
	{ "a: address", 0, SIPALG_DIALOG_A_ADDR },
	{ "b: uri", 0, SIPALG_DIALOG_B_URI },
	{ "b: tag", 0, SIPALG_DIALOG_B_TAG },
	{ "b: address", 0, SIPALG_DIALOG_B_ADDR },
	{ "start", 0, SIPALG_DIALOG_START },
	{ "answer", 0, SIPALG_DIALOG_ANSWER },
	{ "end", 0, SIPALG_DIALOG_END },
	{ "session-expires", 0, SIPALG_DIALOG_SESSION_EXPIRES },
	{ "expires-in", 0, SIPALG_DIALOG_EXPIRES_IN },
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
	{ "BOUND", 5, SIPALG_MEDIA_BOUND },
	{ "PACKETS", 10, SIPALG_MEDIA_PACKETS },
	{ "BYTES", 12, SIPALG_MEDIA_BYTES },
	{ "CODECS", 0, SIPALG_MEDIA_CODECS },
	{ NULL }
};

const struct view view_dialog = {
	.cmd = SIPALG_CMD_DIALOG_GET,
	.attr = SIPALG_A_DIALOG,
	.schema = &schema_dialog,
	.columns = columns,
	.lines = lines,
	.part = SIPALG_DIALOG_MEDIA,
	.part_columns = media_columns,
};

int cmd_dialog_list(struct ctx *ctx)
{
	return view_list(ctx, &view_dialog, NULL);
}

int cmd_dialog_show(struct ctx *ctx)
{
	union nl_request req;

	nl_request(&ctx->nl, &req, SIPALG_CMD_DIALOG_GET, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, SIPALG_A_ID, ctx->id);
	return view_one(ctx, &view_dialog, NULL, &req);
}

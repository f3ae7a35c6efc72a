// SPDX-License-Identifier: GPL-2.0
/* stream: TCP connections that carry SIP. */
#include "sipalg.h"
#include "view.h"

static const struct cell columns[] = {
	{ "ID", 6, SIPALG_STREAM_ID },
	{ "A", 21, SIPALG_STREAM_A_INNER_ADDR, SIPALG_STREAM_A_INNER_PORT, ":" },
	{ "A-OUTER", 21, SIPALG_STREAM_A_OUTER_ADDR, SIPALG_STREAM_A_OUTER_PORT, ":" },
	{ "B-OUTER", 21, SIPALG_STREAM_B_OUTER_ADDR, SIPALG_STREAM_B_OUTER_PORT, ":" },
	{ "A-STATE", 18, SIPALG_STREAM_A_STATE, SIPALG_STREAM_A_REASON, "/" },
	{ "B-STATE", 18, SIPALG_STREAM_B_STATE, SIPALG_STREAM_B_REASON, "/" },
	{ "MESSAGES", 11, SIPALG_STREAM_A_MESSAGES, SIPALG_STREAM_B_MESSAGES, "/" },
	{ "HELD", 11, SIPALG_STREAM_A_HELD, SIPALG_STREAM_B_HELD, "/" },
	{ "OFFSET", 0, SIPALG_STREAM_A_OFFSET, SIPALG_STREAM_B_OFFSET, "/" },
	{ NULL }
};

static const struct cell lines[] = {
	{ "id", 0, SIPALG_STREAM_ID },
	{ "start", 0, SIPALG_STREAM_START },
	{ "a: inner", 0, SIPALG_STREAM_A_INNER_ADDR, SIPALG_STREAM_A_INNER_PORT, ":" },
	{ "a: outer", 0, SIPALG_STREAM_A_OUTER_ADDR, SIPALG_STREAM_A_OUTER_PORT, ":" },
	{ "a: state", 0, SIPALG_STREAM_A_STATE, SIPALG_STREAM_A_REASON, "/" },
	{ "a: messages", 0, SIPALG_STREAM_A_MESSAGES },
	{ "a: held", 0, SIPALG_STREAM_A_HELD },
	{ "a: memory", 0, SIPALG_STREAM_A_MEMORY },
	{ "a: offset", 0, SIPALG_STREAM_A_OFFSET },
	{ "b: inner", 0, SIPALG_STREAM_B_INNER_ADDR, SIPALG_STREAM_B_INNER_PORT, ":" },
	{ "b: outer", 0, SIPALG_STREAM_B_OUTER_ADDR, SIPALG_STREAM_B_OUTER_PORT, ":" },
	{ "b: state", 0, SIPALG_STREAM_B_STATE, SIPALG_STREAM_B_REASON, "/" },
	{ "b: messages", 0, SIPALG_STREAM_B_MESSAGES },
	{ "b: held", 0, SIPALG_STREAM_B_HELD },
	{ "b: memory", 0, SIPALG_STREAM_B_MEMORY },
	{ "b: offset", 0, SIPALG_STREAM_B_OFFSET },
	{ NULL }
};

static const struct filter_attrs filter = {
	.address = { SIPALG_STREAM_A_INNER_ADDR, SIPALG_STREAM_A_OUTER_ADDR,
		     SIPALG_STREAM_B_INNER_ADDR, SIPALG_STREAM_B_OUTER_ADDR },
	.state = { SIPALG_STREAM_A_STATE, SIPALG_STREAM_B_STATE },
	.start = SIPALG_STREAM_START,
};

const struct view view_stream = {
	.cmd = SIPALG_CMD_STREAM_GET,
	.attr = SIPALG_A_STREAM,
	.schema = &schema_stream,
	.columns = columns,
	.lines = lines,
	.filter = &filter,
};

int cmd_stream_list(struct ctx *ctx)
{
	return view_list(ctx, &view_stream, NULL);
}

int cmd_stream_show(struct ctx *ctx)
{
	union nl_request req;

	nl_request(&ctx->nl, &req, SIPALG_CMD_STREAM_GET, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, SIPALG_A_ID, ctx->id);
	return view_one(ctx, &view_stream, NULL, &req);
}

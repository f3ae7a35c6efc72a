// SPDX-License-Identifier: GPL-2.0
/* binding: the pairs of addresses that sipalg translates between. */
#include "sipalg.h"
#include "view.h"

static const struct cell columns[] = {
	{ "ID", 6, SIPALG_BINDING_ID },
	{ "TYPE", 10, SIPALG_BINDING_TYPE },
	{ "PROTO", 5, SIPALG_BINDING_PROTOCOL },
	{ "ZONE", 5, SIPALG_BINDING_ZONE },
	{ "INNER", 21, SIPALG_BINDING_INNER_ADDR, SIPALG_BINDING_INNER_PORT, ":" },
	{ "OUTER", 21, SIPALG_BINDING_OUTER_ADDR, SIPALG_BINDING_OUTER_PORT, ":" },
	{ "FLOWS", 5, SIPALG_BINDING_FLOWS },
	{ "PEERS", 15, SIPALG_BINDING_PEER },
	{ "OWNER", 0, SIPALG_BINDING_OWNER },
	{ NULL }
};

static const struct cell lines[] = {
	{ "id", 0, SIPALG_BINDING_ID },
	{ "type", 0, SIPALG_BINDING_TYPE },
	{ "protocol", 0, SIPALG_BINDING_PROTOCOL },
	{ "zone", 0, SIPALG_BINDING_ZONE },
	{ "inner", 0, SIPALG_BINDING_INNER_ADDR, SIPALG_BINDING_INNER_PORT, ":" },
	{ "outer", 0, SIPALG_BINDING_OUTER_ADDR, SIPALG_BINDING_OUTER_PORT, ":" },
	{ "flows", 0, SIPALG_BINDING_FLOWS },
	{ "peers", 0, SIPALG_BINDING_PEER },
	{ "owner", 0, SIPALG_BINDING_OWNER },
	{ NULL }
};

static const struct filter_attrs filter = {
	.user = { SIPALG_BINDING_OWNER },
	.address = { SIPALG_BINDING_INNER_ADDR, SIPALG_BINDING_OUTER_ADDR, SIPALG_BINDING_PEER },
	.owner = SIPALG_BINDING_OWNER,
};

const struct view view_binding = {
	.cmd = SIPALG_CMD_BINDING_GET,
	.attr = SIPALG_A_BINDING,
	.schema = &schema_binding,
	.columns = columns,
	.lines = lines,
	.filter = &filter,
};

int cmd_binding_list(struct ctx *ctx)
{
	return view_list(ctx, &view_binding, NULL);
}

int cmd_binding_show(struct ctx *ctx)
{
	return view_show(ctx, &view_binding);
}

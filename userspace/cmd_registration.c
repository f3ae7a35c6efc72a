// SPDX-License-Identifier: GPL-2.0
/* registration: the contacts that phones registered. */
#include "sipalg.h"
#include "view.h"

static const struct cell columns[] = {
	{ "ID", 6, SIPALG_REG_ID },
	{ "AOR", 26, SIPALG_REG_AOR },
	{ "STATE", 7, SIPALG_REG_STATE },
	{ "REACHABLE", 9, SIPALG_REG_REACHABLE },
	{ "EXPIRES", 7, SIPALG_REG_EXPIRES_IN },
	{ "PROTO", 5, SIPALG_REG_PROTOCOL },
	{ "INNER", 21, SIPALG_REG_INNER_ADDR, SIPALG_REG_INNER_PORT, ":" },
	{ "OUTER", 21, SIPALG_REG_OUTER_ADDR, SIPALG_REG_OUTER_PORT, ":" },
	{ "REGISTRAR", 15, SIPALG_REG_REGISTRAR },
	{ "CONTACT", 0, SIPALG_REG_CONTACT },
	{ NULL }
};

static const struct cell lines[] = {
	{ "id", 0, SIPALG_REG_ID },
	{ "aor", 0, SIPALG_REG_AOR },
	{ "contact", 0, SIPALG_REG_CONTACT },
	{ "state", 0, SIPALG_REG_STATE },
	{ "reachable", 0, SIPALG_REG_REACHABLE },
	{ "protocol", 0, SIPALG_REG_PROTOCOL },
	{ "inner", 0, SIPALG_REG_INNER_ADDR, SIPALG_REG_INNER_PORT, ":" },
	{ "outer", 0, SIPALG_REG_OUTER_ADDR, SIPALG_REG_OUTER_PORT, ":" },
	{ "registrar", 0, SIPALG_REG_REGISTRAR },
	{ "asked", 0, SIPALG_REG_ASKED },
	{ "expires", 0, SIPALG_REG_EXPIRES, SIPALG_REG_EXPIRES_IN, ", left " },
	{ "since", 0, SIPALG_REG_SINCE },
	{ "refreshed", 0, SIPALG_REG_REFRESHED },
	{ NULL }
};

static const struct cell options_columns[] = {
	{ "OPTIONS-BY", 10, SIPALG_OPTIONS_BY },
	{ "TIME", 23, SIPALG_OPTIONS_TIME },
	{ "STATUS", 6, SIPALG_OPTIONS_STATUS },
	{ "RTT-MS", 6, SIPALG_OPTIONS_RTT },
	{ "UNANSWERED", 0, SIPALG_OPTIONS_UNANSWERED },
	{ NULL }
};

static const struct filter_attrs filter = {
	.user = { SIPALG_REG_AOR },
	.address = { SIPALG_REG_INNER_ADDR, SIPALG_REG_OUTER_ADDR, SIPALG_REG_REGISTRAR },
	.state = { SIPALG_REG_STATE },
	.start = SIPALG_REG_SINCE,
};

const struct view view_registration = {
	.cmd = SIPALG_CMD_REGISTRATION_GET,
	.attr = SIPALG_A_REGISTRATION,
	.schema = &schema_registration,
	.columns = columns,
	.lines = lines,
	.part = SIPALG_REG_OPTIONS,
	.part_columns = options_columns,
	.filter = &filter,
};

int cmd_registration_list(struct ctx *ctx)
{
	return view_list(ctx, &view_registration, NULL);
}

int cmd_registration_show(struct ctx *ctx)
{
	return view_show(ctx, &view_registration);
}

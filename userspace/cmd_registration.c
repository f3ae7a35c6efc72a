// SPDX-License-Identifier: GPL-2.0
/* registration: the contacts that phones registered. */
#include "sipalg.h"
#include "view.h"

static const struct cell columns[] = {
	{ "ID", 6, SIPALG_REG_ID },
	{ "AOR", 26, SIPALG_REG_AOR },
	{ "STATE", 7, SIPALG_REG_STATE },
	{ "EXPIRES", 7, SIPALG_REG_EXPIRES_IN },
	{ "PROTO", 5, SIPALG_REG_PROTOCOL },
	{ "INNER", 21, SIPALG_REG_INNER_ADDR, SIPALG_REG_INNER_PORT, ":" },
	{ "OUTER", 21, SIPALG_REG_OUTER_ADDR, SIPALG_REG_OUTER_PORT, ":" },
	{ "REGISTRAR", 15, SIPALG_REG_REGISTRAR },
	{ "CONTACT", 0, SIPALG_REG_CONTACT },
	{ NULL }
};

const struct view view_registration = {
	.cmd = SIPALG_CMD_REGISTRATION_GET,
	.attr = SIPALG_A_REGISTRATION,
	.schema = &schema_registration,
	.columns = columns,
};

int cmd_registration_list(struct ctx *ctx)
{
	return view_list(ctx, &view_registration, NULL);
}

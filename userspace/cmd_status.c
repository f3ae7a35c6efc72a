// SPDX-License-Identifier: GPL-2.0
/* status, enable, disable; and what is shown without any command. */
#include <errno.h>

#include "cmd_stats.h"
#include "sipalg.h"
#include "view.h"

static const struct cell lines[] = {
	{ "module", 0, SIPALG_STATUS_VERSION },
	{ "enabled", 0, SIPALG_STATUS_ENABLED },
	{ "dialogs", 0, SIPALG_STATUS_DIALOGS, SIPALG_STATUS_DIALOGS_MAX, " of " },
	{ "calls-trying", 0, SIPALG_STATUS_CALLS_TRYING },
	{ "calls-ringing", 0, SIPALG_STATUS_CALLS_RINGING },
	{ "calls-answered", 0, SIPALG_STATUS_CALLS_ANSWERED },
	{ "calls-held", 0, SIPALG_STATUS_CALLS_HELD },
	{ "subscriptions", 0, SIPALG_STATUS_SUBSCRIPTIONS },
	{ "registrations", 0, SIPALG_STATUS_REGISTRATIONS, SIPALG_STATUS_REGISTRATIONS_MAX,
	  " of " },
	{ "bindings", 0, SIPALG_STATUS_BINDINGS, SIPALG_STATUS_BINDINGS_MAX, " of " },
	{ "streams", 0, SIPALG_STATUS_STREAMS, SIPALG_STATUS_STREAMS_MAX, " of " },
	{ "stream-bytes", 0, SIPALG_STATUS_STREAM_BYTES, SIPALG_STATUS_STREAM_BYTES_MAX, " of " },
	{ "port", 0, SIPALG_STATUS_PORT },
	{ "media-ports", 0, SIPALG_STATUS_MEDIA_PORT_MIN, SIPALG_STATUS_MEDIA_PORT_MAX, " to " },
	{ NULL }
};

const struct view view_status = {
	.cmd = SIPALG_CMD_STATUS_GET,
	.attr = SIPALG_A_STATUS,
	.schema = &schema_status,
	.lines = lines,
};

static int show_status(struct ctx *ctx, const char *key)
{
	union nl_request req;

	nl_request(&ctx->nl, &req, SIPALG_CMD_STATUS_GET, NLM_F_ACK);
	return view_one(ctx, &view_status, key, &req);
}

int cmd_status(struct ctx *ctx)
{
	return show_status(ctx, NULL);
}

/* All of it fits on a screen. */
#define OVERVIEW_DIALOGS	16

int cmd_overview(struct ctx *ctx)
{
	int result;

	print_group_open(&ctx->print);
	result = show_status(ctx, "status");
	if (result == EXIT_OK)
		result = stats_left_alone(ctx, "left_alone");
	if (result == EXIT_OK) {
		print_gap(&ctx->print);
		result = view_list_some(ctx, &view_dialog, "dialogs", OVERVIEW_DIALOGS);
	}
	print_group_close(&ctx->print);
	return result;
}

static int no_message(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	return 0;
}

/* It is no failure that it was so already: a script can say it twice. */
static int turn(struct ctx *ctx, uint8_t cmd)
{
	union nl_request req;

	nl_request(&ctx->nl, &req, cmd, NLM_F_ACK);
	if (nl_talk(&ctx->nl, &req, no_message, NULL) == 0)
		return EXIT_OK;
	nl_error_say(&ctx->nl, ctx->what);
	return ctx->nl.error == EALREADY ? EXIT_OK : EXIT_FAILED;
}

int cmd_enable(struct ctx *ctx)
{
	return turn(ctx, SIPALG_CMD_ENABLE);
}

int cmd_disable(struct ctx *ctx)
{
	return turn(ctx, SIPALG_CMD_DISABLE);
}

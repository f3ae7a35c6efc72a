// SPDX-License-Identifier: GPL-2.0
/* dialog, registration, stream and binding kill: what the operator ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "sipalg.h"

static int no_answer(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	return 0;
}

static int talk(struct ctx *ctx, union nl_request *req)
{
	if (nl_talk(&ctx->nl, req, no_answer, NULL) == 0)
		return EXIT_OK;
	nl_error_say(&ctx->nl, ctx->what);
	return EXIT_FAILED;
}

/* A word of digits alone is an id, as the lists show it. */
static bool is_id(const char *word, uint32_t *id)
{
	unsigned long long value;

	if (!*word || word[strspn(word, "0123456789")])
		return false;
	errno = 0;
	value = strtoull(word, NULL, 10);
	*id = value;
	return !errno && value <= UINT32_MAX;
}

int cmd_dialog_kill(struct ctx *ctx)
{
	const char *call_id = ctx->opt[OPT_CALL_ID];
	union nl_request req;
	uint32_t id;

	if (!call_id == !ctx->nwords) {
		error_say("%s needs an id or a Call-ID, and not both: \"sipalgctl dialog list\" "
			  "shows them", ctx->what);
		return EXIT_USAGE;
	}
	nl_request(&ctx->nl, &req, SIPALG_CMD_DIALOG_KILL, NLM_F_ACK);
	if (!call_id && is_id(ctx->words[0], &id)) {
		mnl_attr_put_u32(&req.nlh, SIPALG_A_ID, id);
		return talk(ctx, &req);
	}
	call_id = call_id ?: ctx->words[0];
	if (!mnl_attr_put_strz_check(&req.nlh, sizeof(req), SIPALG_A_CALL_ID, call_id)) {
		error_say("%s: a Call-ID cannot be as long as %zu bytes", ctx->what,
			  strlen(call_id));
		return EXIT_USAGE;
	}
	return talk(ctx, &req);
}

static int kill_one(struct ctx *ctx, uint8_t cmd)
{
	union nl_request req;

	nl_request(&ctx->nl, &req, cmd, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, SIPALG_A_ID, ctx->id);
	return talk(ctx, &req);
}

int cmd_registration_kill(struct ctx *ctx)
{
	return kill_one(ctx, SIPALG_CMD_REGISTRATION_KILL);
}

int cmd_stream_kill(struct ctx *ctx)
{
	return kill_one(ctx, SIPALG_CMD_STREAM_KILL);
}

int cmd_binding_kill(struct ctx *ctx)
{
	return kill_one(ctx, SIPALG_CMD_BINDING_KILL);
}

// SPDX-License-Identifier: GPL-2.0
/* policy, save and restore. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_policy.h"
#include "policy.h"
#include "view.h"

#define CONFIG	"/etc/sipalg.conf"
#define WORD	"rule"	/* what its lines begin with */

static const struct cell no_columns[] = { { NULL } };

const struct view view_policy = {
	.cmd = SIPALG_CMD_POLICY_GET,
	.attr = SIPALG_A_RULE,
	.schema = &schema_rule,
	.columns = no_columns,
};

/* The words of a rule, behind what the kernel has to say of it. */
int policy_message(const struct nlmsghdr *nlh, void *data)
{
	struct policy_walk *walk = data;
	FILE *out = walk->ctx->print.out;
	struct record top, rec;
	struct rule r;

	walk->failed = true;
	if (record_parse_message(&top, nlh) < 0)
		return -1;
	if (top.attr[SIPALG_A_RULE]) {
		if (record_parse_nest(&rec, &schema_rule, top.attr[SIPALG_A_RULE]) < 0)
			return -1;
		rule_read(&r, &rec);
		fprintf(out, "%-6u %-10llu ", (unsigned int)record_number(&rec, SIPALG_RULE_ID),
			(unsigned long long)record_number(&rec, SIPALG_RULE_FLOWS));
		rule_print(out, &r);
		fputc('\n', out);
	}
	walk->failed = false;
	return 0;
}

int cmd_policy_list(struct ctx *ctx)
{
	struct policy_walk walk = { .ctx = ctx };
	union nl_request req;

	if (ctx->print.is_json)
		return view_list(ctx, &view_policy, NULL);
	fprintf(ctx->print.out, "%-6s %-10s %s\n", "ID", "FLOWS", "RULE");
	nl_request(&ctx->nl, &req, SIPALG_CMD_POLICY_GET, NLM_F_DUMP);
	if (nl_talk(&ctx->nl, &req, policy_message, &walk) < 0) {
		nl_error_say(&ctx->nl, ctx->what);
		return EXIT_FAILED;
	}
	if (ctx->nl.interrupted && !walk.failed)
		error_say("%s: the policy was replaced while it was read: see it again", ctx->what);
	return walk.failed ? EXIT_FAILED : EXIT_OK;
}

/* Sends what is left of @p, and frees it. */
static int commit(struct ctx *ctx, struct policy *p)
{
	int result = policy_commit(&ctx->nl, ctx->what, p);

	policy_free(p);
	return result < 0 ? EXIT_FAILED : EXIT_OK;
}

/* @at: 0: behind all others. */
static int put_rule(struct ctx *ctx, uint32_t at, char *const *words, int n)
{
	struct policy p = { 0 };
	struct rule r;

	if (rule_parse(&r, words, n) < 0)
		return EXIT_USAGE;
	if (policy_fetch(&ctx->nl, ctx->what, &p) < 0) {
		policy_free(&p);
		return EXIT_FAILED;
	}
	if (at > p.n + 1) {
		error_say("%s: rule %u cannot be there: there are %u", ctx->what, at, p.n);
		policy_free(&p);
		return EXIT_FAILED;
	}
	if (policy_insert(&p, at ? at - 1 : p.n, &r) < 0) {
		policy_free(&p);
		return EXIT_FAILED;
	}
	return commit(ctx, &p);
}

int cmd_policy_add(struct ctx *ctx)
{
	return put_rule(ctx, 0, ctx->words, ctx->nwords);
}

/* Returns 0 after an error message. */
static uint32_t place(const struct ctx *ctx)
{
	const char *word = ctx->words[0];
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(word, &end, 10);
	if (*word >= '0' && *word <= '9' && !*end && !errno && n && n < UINT32_MAX)
		return n;
	error_say("%s: \"%s\" is not the number of a rule: \"sipalgctl policy list\" shows them",
		  ctx->what, word);
	return 0;
}

int cmd_policy_insert(struct ctx *ctx)
{
	uint32_t at = place(ctx);

	return at ? put_rule(ctx, at, ctx->words + 1, ctx->nwords - 1) : EXIT_USAGE;
}

int cmd_policy_delete(struct ctx *ctx)
{
	uint32_t at = place(ctx);
	struct policy p = { 0 };

	if (!at)
		return EXIT_USAGE;
	if (policy_fetch(&ctx->nl, ctx->what, &p) < 0) {
		policy_free(&p);
		return EXIT_FAILED;
	}
	if (at > p.n) {
		error_say("%s: there is no rule %u: there are %u", ctx->what, at, p.n);
		policy_free(&p);
		return EXIT_FAILED;
	}
	p.n--;
	memmove(&p.rules[at - 1], &p.rules[at], (p.n - at + 1) * sizeof(*p.rules));
	return commit(ctx, &p);
}

static int replace(struct ctx *ctx, const char *path, const char *word)
{
	struct policy p = { 0 };

	if (policy_read(&p, path, word) < 0) {
		policy_free(&p);
		return EXIT_FAILED;
	}
	return commit(ctx, &p);
}

int cmd_policy_load(struct ctx *ctx)
{
	return replace(ctx, ctx->words[0], NULL);
}

int cmd_policy_reset(struct ctx *ctx)
{
	char *const words[] = { "alg", "name", "default" };
	struct policy p = { 0 };
	struct rule r;

	if (rule_parse(&r, words, 3) < 0 || policy_insert(&p, 0, &r) < 0)
		return EXIT_FAILED;
	return commit(ctx, &p);
}

static const char *config(const struct ctx *ctx)
{
	return ctx->nwords ? ctx->words[0] : CONFIG;
}

int cmd_restore(struct ctx *ctx)
{
	if (ctx->opt[OPT_LIVE])
		return cmd_restore_state(ctx);
	return replace(ctx, config(ctx), WORD);
}

int cmd_save(struct ctx *ctx)
{
	struct policy p = { 0 };
	int result;

	if (ctx->opt[OPT_LIVE])
		return cmd_save_state(ctx);
	result = policy_fetch(&ctx->nl, ctx->what, &p);
	if (result == 0)
		result = policy_write(&p, config(ctx), WORD);
	policy_free(&p);
	return result < 0 ? EXIT_FAILED : EXIT_OK;
}

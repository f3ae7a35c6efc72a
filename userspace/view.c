// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "sipalg.h"
#include "view.h"

/* How often a dump is tried whose table changes before anything was printed. */
#define TRIES	4

/* Returns 1 if the message has what is asked for, 0 if not, -1 after an error message. */
static int read_message(const struct nlmsghdr *nlh, const struct view *view, struct record *rec)
{
	struct record top;

	if (record_parse_message(&top, nlh) < 0)
		return -1;
	if (!top.attr[view->attr])
		return 0;
	return record_parse_nest(rec, view->schema, top.attr[view->attr]) < 0 ? -1 : 1;
}

int view_list_message(const struct nlmsghdr *nlh, void *data)
{
	struct view_walk *walk = data;
	struct printer *p = &walk->ctx->print;
	struct record rec;
	int found = read_message(nlh, walk->view, &rec);

	walk->failed = found < 0;
	if (found <= 0)
		return found;
	if (walk->filter && !filter_takes(walk->filter, &rec))
		return 0;
	if (walk->count) {
		walk->rows++;
		return 0;
	}
	if (!walk->open)
		print_list_open(p, walk->key, walk->view->columns);
	walk->open = true;
	walk->rows++;
	if (p->is_json || !walk->limit || walk->rows <= walk->limit)
		print_row(p, walk->view->columns, &rec);
	return 0;
}

int view_one_message(const struct nlmsghdr *nlh, void *data)
{
	struct view_walk *walk = data;
	const struct view *view = walk->view;
	struct printer *p = &walk->ctx->print;
	struct record rec;
	int found = read_message(nlh, view, &rec);

	walk->failed = found < 0;
	if (found <= 0)
		return found;
	walk->open = true;
	print_record(p, walk->key, view->lines, &rec);
	if (view->part)
		print_part(p, view->part_columns, &rec, view->part);
	return 0;
}

static bool list_request(struct ctx *ctx, const struct view *view, union nl_request *req)
{
	const char *call_id = ctx->opt[OPT_CALL_ID];

	nl_request(&ctx->nl, req, view->cmd, NLM_F_DUMP);
	if (view->kind)
		mnl_attr_put_u8(&req->nlh, SIPALG_A_KIND, view->kind);
	if (call_id && !(view->filter && view->filter->owner) &&
	    !mnl_attr_put_strz_check(&req->nlh, sizeof(*req), SIPALG_A_CALL_ID, call_id)) {
		error_say("%s: a Call-ID cannot be as long as %zu bytes", ctx->what,
			  strlen(call_id));
		return false;
	}
	return true;
}

int view_list(struct ctx *ctx, const struct view *view, const char *key)
{
	return view_list_some(ctx, view, key, 0);
}

int view_list_some(struct ctx *ctx, const struct view *view, const char *key,
		   unsigned long limit)
{
	struct view_walk walk = { .ctx = ctx, .view = view, .key = key, .limit = limit };
	struct filter filter;
	union nl_request req;
	int result, tries = TRIES;

	if (filter_init(&filter, ctx, view->schema, view->filter) < 0)
		return EXIT_USAGE;
	walk.filter = &filter;
	walk.count = ctx->opt[OPT_NUMBER];
	do {
		walk.rows = 0;
		if (!list_request(ctx, view, &req))
			return EXIT_USAGE;
		result = nl_talk(&ctx->nl, &req, view_list_message, &walk);
	} while (result == 0 && ctx->nl.interrupted && !walk.open && --tries);

	/* An empty list has a heading too; one that failed halfway, its end. */
	if (walk.count && result == 0 && !walk.failed)
		print_count(&ctx->print, walk.rows);
	if (!walk.count && !walk.open && result == 0 && !walk.failed) {
		print_list_open(&ctx->print, key, view->columns);
		walk.open = true;
	}
	if (walk.open) {
		print_list_close(&ctx->print);
		if (limit && walk.rows > limit)
			print_more(&ctx->print, walk.rows - limit, view->schema->name);
	}
	if (result < 0)
		nl_error_say(&ctx->nl, ctx->what);
	else if (ctx->nl.interrupted && !walk.failed)
		error_say("%s: the list changed while it was read: an entry may be missing "
			  "or shown twice", ctx->what);
	return result < 0 || walk.failed ? EXIT_FAILED : EXIT_OK;
}

int view_show(struct ctx *ctx, const struct view *view)
{
	union nl_request req;

	nl_request(&ctx->nl, &req, view->cmd, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, SIPALG_A_ID, ctx->id);
	return view_one(ctx, view, NULL, &req);
}

int view_one(struct ctx *ctx, const struct view *view, const char *key, union nl_request *req)
{
	struct view_walk walk = { .ctx = ctx, .view = view, .key = key };

	if (nl_talk(&ctx->nl, req, view_one_message, &walk) < 0)
		nl_error_say(&ctx->nl, ctx->what);
	else if (!walk.open && !walk.failed)
		error_say("%s: the kernel's answer has no %s in it", ctx->what,
			  view->schema->name);
	else
		return walk.failed ? EXIT_FAILED : EXIT_OK;
	return EXIT_FAILED;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* What all commands share that list things or show one. */
#ifndef SIPALGCTL_VIEW_H
#define SIPALGCTL_VIEW_H

#include "cmd.h"
#include "filter.h"

/**
 * struct view - how a kind of thing is asked for and shown
 * @cmd: the command that gets or dumps it
 * @attr: the nest with one of them
 * @kind: of dialogs, enum sipalg_dialog_kind; 0: all
 * @schema: what is inside of the nest
 * @columns: of the list as text
 * @lines: of one of them as text
 * @part: an attribute of many nests, listed under the lines, or 0
 * @part_columns: of that list
 * @filter: what the options of its list mean, NULL: it has none
 */
struct view {
	uint8_t cmd;
	uint16_t attr;
	uint8_t kind;
	const struct schema *schema;
	const struct cell *columns;
	const struct cell *lines;
	uint16_t part;
	const struct cell *part_columns;
	const struct filter_attrs *filter;
};

extern const struct view view_status;
extern const struct view view_dialog;
extern const struct view view_subscription;
extern const struct view view_registration;
extern const struct view view_binding;
extern const struct view view_stream;
extern const struct view view_policy;

/* Prints a list as it is dumped; @key is NULL outside of a group. Returns the exit code. */
int view_list(struct ctx *ctx, const struct view *view, const char *key);

/* As view_list(), but text has no more than so many lines, and says what is left. */
int view_list_some(struct ctx *ctx, const struct view *view, const char *key,
		   unsigned long limit);

/* Asks for the one with ctx->id and prints it. Returns the exit code. */
int view_show(struct ctx *ctx, const struct view *view);

/* Sends the request and prints the one thing it gets. Returns the exit code. */
int view_one(struct ctx *ctx, const struct view *view, const char *key, union nl_request *req);

/**
 * struct view_walk - what goes through an answer, for view.c and the tests
 * @ctx: the printer is in there
 * @view: what is shown
 * @key: of the list or the object
 * @filter: which entries of a list, NULL: all
 * @count: show how many there are, and nothing else
 * @limit: lines of text, 0: all
 * @rows: of the list
 * @open: the list is begun, or the one was printed
 * @failed: after an error message
 */
struct view_walk {
	struct ctx *ctx;
	const struct view *view;
	const char *key;
	const struct filter *filter;
	bool count;
	unsigned long limit;
	unsigned long rows;
	bool open;
	bool failed;
};

/* nl_cb for a message of a dump, and for the answer about one thing. */
int view_list_message(const struct nlmsghdr *nlh, void *walk);
int view_one_message(const struct nlmsghdr *nlh, void *walk);

#endif

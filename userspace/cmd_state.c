// SPDX-License-Identifier: GPL-2.0
/* save --state and restore --state. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "file.h"
#include "record.h"
#include "sipalg.h"
#include "state.h"

#define FILE_NAME	"/run/sipalg.state"	/* of what a reboot makes void */
#define TRIES		4
#define REQUEST		65536

static const char *path_of(const struct ctx *ctx)
{
	return ctx->nwords ? ctx->words[0] : FILE_NAME;
}

/**
 * struct saved - what a dump gave
 * @out: its lines
 * @lost: calls that did not fit into a message
 * @failed: after an error message
 */
struct saved {
	FILE *out;
	unsigned int lost;
	bool failed;
};

static int save_message(const struct nlmsghdr *nlh, void *data)
{
	struct saved *s = data;
	const struct nlattr *first;
	struct record top;

	s->failed = record_parse_message(&top, nlh) < 0;
	if (s->failed)
		return -1;
	if (!top.attr[SIPALG_A_STATE])
		return 0;
	first = mnl_attr_get_payload(top.attr[SIPALG_A_STATE]);
	if (mnl_attr_ok(first, mnl_attr_get_payload_len(top.attr[SIPALG_A_STATE])) &&
	    mnl_attr_get_type(first) == SIPALG_STATE_LOST)
		s->lost++;
	else
		state_write(s->out, top.attr[SIPALG_A_STATE]);
	return 0;
}

/* Returns 0, 1: the table changed while it was read, or -1 after an error message. */
static int dump(struct ctx *ctx, struct saved *s)
{
	union nl_request req;

	s->lost = 0;
	fprintf(s->out, "%s %d\n", STATE_HEAD, STATE_VERSION);
	nl_request(&ctx->nl, &req, SIPALG_CMD_STATE_GET, NLM_F_DUMP);
	if (nl_talk(&ctx->nl, &req, save_message, s) < 0) {
		nl_error_say(&ctx->nl, ctx->what);
		return -1;
	}
	return s->failed ? -1 : ctx->nl.interrupted;
}

static void write_all(FILE *out, const void *data)
{
	fputs(data, out);
}

int cmd_save_state(struct ctx *ctx)
{
	struct saved s = { 0 };
	int result = 1, tries;
	char *text = NULL;
	size_t size;

	for (tries = TRIES; result == 1 && tries; tries--) {
		free(text);
		s.out = open_memstream(&text, &size);
		if (!s.out) {
			error_say("%s: there is no memory for the state", ctx->what);
			return EXIT_FAILED;
		}
		result = dump(ctx, &s);
		if (fclose(s.out)) {
			error_say("%s: there is no memory for the state", ctx->what);
			result = -1;
		}
	}
	if (result == 1)
		error_say("%s: the state changed while it was read: something may be missing",
			  ctx->what);
	if (result >= 0)
		result = file_replace_private(path_of(ctx), write_all, text);
	free(text);
	if (s.lost)
		error_say("%s: %u calls have too many media lines and are not in it", ctx->what,
			  s.lost);
	return result < 0 ? EXIT_FAILED : EXIT_OK;
}

static int no_message(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	return 0;
}

static int restore_line(struct ctx *ctx, char *line)
{
	static union {
		union nl_request req;
		char room[REQUEST];
	} u;

	nl_request(&ctx->nl, &u.req, SIPALG_CMD_STATE_SET, NLM_F_ACK);
	if (state_read(&u.req.nlh, sizeof(u), line) < 0)
		return -1;
	if (nl_talk(&ctx->nl, &u.req, no_message, NULL) == 0)
		return 0;
	nl_error_say(&ctx->nl, ctx->what);
	return -1;
}

/* Returns 0, or -1 after an error message. */
static int check_head(const char *line)
{
	int version;

	if (sscanf(line, STATE_HEAD " %d", &version) != 1) {
		error_say("this is no state: it does not begin with \"%s\"", STATE_HEAD);
		return -1;
	}
	if (version != STATE_VERSION) {
		error_say("a state of version %d is not known here, only version %d", version,
			  STATE_VERSION);
		return -1;
	}
	return 0;
}

/* A line that is refused keeps none of the others from coming back. */
static int restore_lines(struct ctx *ctx, FILE *in, const char *path)
{
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	int result = 0;

	while (getline(&line, &size, in) >= 0) {
		error_place(path, ++number);
		if (number == 1) {
			result = check_head(line);
			if (result < 0)
				break;
		} else if (line[strspn(line, " \t\n")] && line[0] != '#' &&
			   restore_line(ctx, line) < 0) {
			result = -1;
		}
	}
	error_place(NULL, 0);
	free(line);
	if (!number || ferror(in)) {
		error_say("cannot read %s: %s", path, number ? strerror(errno) : "it is empty");
		return -1;
	}
	return result;
}

int cmd_restore_state(struct ctx *ctx)
{
	const char *path = path_of(ctx);
	bool is_input = strcmp(path, "-") == 0;
	FILE *in = is_input ? stdin : fopen(path, "re");
	int result;

	if (!in) {
		error_say("cannot open %s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	result = restore_lines(ctx, in, is_input ? "the standard input" : path);
	if (!is_input)
		fclose(in);
	return result < 0 ? EXIT_FAILED : EXIT_OK;
}

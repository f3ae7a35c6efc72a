// SPDX-License-Identifier: GPL-2.0
/* ladder: the messages of a call as they come, or out of a file of events. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>

#include "cmd_monitor.h"
#include "ladder.h"
#include "sipalg.h"
#include "value.h"

/* Dialogs of a Call-ID that are followed; legs and forks. */
#define DIALOGS_MAX	64

/* Behind the end of the last dialog: its 200 and ACK still come. */
#define AFTERWARDS_MS	1000

/**
 * struct follow - a call that is followed
 * @ctx: the printer is in there
 * @ladder: what is drawn
 * @call_id: of the call
 * @alive: ids of its dialogs that live, 0: the place is free
 * @over: when the last of them ended, in ms, 0: not yet
 */
struct follow {
	struct ctx *ctx;
	struct ladder ladder;
	const char *call_id;
	uint32_t alive[DIALOGS_MAX];
	uint64_t over;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static bool string_is(const struct record *rec, unsigned int attr, const char *value)
{
	return rec->attr[attr] && strcmp(mnl_attr_get_str(rec->attr[attr]), value) == 0;
}

/* A value as it is shown, cut where there is no room. */
static void read_text(char text[LADDER_TEXT], const struct record *rec, unsigned int attr)
{
	FILE *out = fmemopen(text, LADDER_TEXT, "w");

	text[0] = '\0';
	if (!out)
		return;
	if (rec->attr[attr])
		value_text(out, record_field(rec, attr), rec->attr[attr]);
	fclose(out);
	text[LADDER_TEXT - 1] = '\0';
}

static void follow_message(struct follow *f, const struct record *top, const struct record *message)
{
	struct rung rung = {
		.time = record_number(top, SIPALG_A_TIME),
		.status = record_number(message, SIPALG_MSG_STATUS),
	};

	if (f->ctx->print.is_json) {
		print_line(&f->ctx->print, NULL, top, NULL, NULL);
		return;
	}
	read_text(rung.src, message, SIPALG_MSG_SRC_ADDR);
	read_text(rung.dst, message, SIPALG_MSG_DST_ADDR);
	read_text(rung.method, message, SIPALG_MSG_METHOD);
	read_text(rung.reason, message, SIPALG_MSG_REASON);
	ladder_draw(&f->ladder, &rung);
}

/* Notes who lives; the socket wakes us up when nothing comes after the end. */
static void follow_dialog(struct follow *f, const struct record *dialog)
{
	bool over = record_number(dialog, SIPALG_DIALOG_STATE) == SIPALG_DIALOG_TERMINATED;
	struct timeval wait = { 0 };
	uint32_t id = record_number(dialog, SIPALG_DIALOG_ID);
	size_t found = DIALOGS_MAX, living = 0;

	for (size_t i = 0; i < DIALOGS_MAX; i++) {
		if (f->alive[i] == id)
			f->alive[i] = 0;
		if (f->alive[i])
			living++;
		else
			found = i;
	}
	if (!over && found < DIALOGS_MAX)
		f->alive[found] = id;
	f->over = over && !living ? now_ms() : 0;
	if (f->over)
		wait.tv_sec = AFTERWARDS_MS / 1000;
	setsockopt(mnl_socket_get_fd(f->ctx->nl.sock), SOL_SOCKET, SO_RCVTIMEO, &wait,
		   sizeof(wait));
}

static int follow_event(const struct nlmsghdr *nlh, void *data)
{
	struct follow *f = data;
	struct record top, part;

	if (record_parse_message(&top, nlh) < 0)
		return 0;
	if (top.attr[SIPALG_A_MESSAGE] &&
	    record_parse_nest(&part, &schema_message, top.attr[SIPALG_A_MESSAGE]) == 0 &&
	    string_is(&part, SIPALG_MSG_CALL_ID, f->call_id))
		follow_message(f, &top, &part);
	if (top.attr[SIPALG_A_DIALOG] &&
	    record_parse_nest(&part, &schema_dialog, top.attr[SIPALG_A_DIALOG]) == 0 &&
	    string_is(&part, SIPALG_DIALOG_CALL_ID, f->call_id))
		follow_dialog(f, &part);
	return f->over && now_ms() - f->over >= AFTERWARDS_MS;
}

static void follow_lost(uint32_t count, void *data)
{
	struct follow *f = data;

	print_lost(&f->ctx->print, count);
}

static int follow(struct follow *f)
{
	struct nl *nl = &f->ctx->nl;

	nl->all = true;
	if (nl_listen(nl, follow_event, follow_lost, f) == 0 || (f->over && nl->error == EAGAIN))
		return EXIT_OK;
	nl_error_say(nl, f->ctx->what);
	return EXIT_FAILED;
}

static int draw_file(struct follow *f, const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *line = NULL;
	struct rung rung;
	size_t size = 0;

	if (!in) {
		error_say("%s: cannot read %s: %s", f->ctx->what, path, strerror(errno));
		return EXIT_FAILED;
	}
	while (getline(&line, &size, in) >= 0) {
		if (!ladder_read(&rung, line, f->call_id))
			continue;
		if (f->ctx->print.is_json)
			fputs(line, stdout);
		else
			ladder_draw(&f->ladder, &rung);
		f->over = 1;
	}
	free(line);
	if (in != stdin)
		fclose(in);
	if (f->over)
		return EXIT_OK;
	error_say("%s: %s has no message of the call \"%s\": it wants lines of "
		  "\"sipalgctl -j monitor --messages\"", f->ctx->what, path, f->call_id);
	return EXIT_FAILED;
}

int cmd_ladder(struct ctx *ctx)
{
	struct follow f = { .ctx = ctx, .call_id = ctx->words[0], .ladder.out = stdout };

	ctx->print.json.pretty = false;
	if (ctx->opt[OPT_EVENTS])
		return draw_file(&f, ctx->opt[OPT_EVENTS]);
	return follow(&f);
}

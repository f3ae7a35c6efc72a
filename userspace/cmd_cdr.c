// SPDX-License-Identifier: GPL-2.0
/*
 * monitor --cdr: a record for each finished call.
 *
 * Each fork of a call ends by itself. So the record of a call that forked waits
 * for the last of them, and is that of the fork that was answered, or else of
 * the one that ended last.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_monitor.h"
#include "sipalg.h"
#include "value.h"

/* Calls that forked and wait for the end of another fork; then the oldest one goes. */
#define WAITING_MAX	1024

#define CODECS_MAX	256

/**
 * struct waiting - a call of which a fork has ended
 * @call: SIPALG_DIALOG_CALL, 0: the place is free
 * @ended: forks of it
 * @answered: the one that is kept
 * @kept: its event, or NULL: none of them makes a record
 */
struct waiting {
	uint32_t call;
	unsigned int ended;
	bool answered;
	struct nlmsghdr *kept;
};

/**
 * struct cdr - the listener's state
 * @ctx: the printer is in there
 * @waiting: in the order in which they began to wait, from @next on
 * @next: the place that is taken next
 */
struct cdr {
	struct ctx *ctx;
	struct waiting waiting[WAITING_MAX];
	unsigned int next;
};

/**
 * struct media - of all lines of a call
 * @counted: conntrack accounts
 * @packets: by side that sent them
 * @bytes: likewise
 * @codecs: that both sides named, separated by commas
 */
struct media {
	bool counted;
	uint64_t packets[2];
	uint64_t bytes[2];
	char codecs[CODECS_MAX];
};

static const unsigned short shown[] = {
	SIPALG_DIALOG_CALL_ID, SIPALG_DIALOG_A_URI, SIPALG_DIALOG_B_URI, SIPALG_DIALOG_A_ADDR,
	SIPALG_DIALOG_B_ADDR, SIPALG_DIALOG_START, SIPALG_DIALOG_ANSWER, SIPALG_DIALOG_END,
	SIPALG_DIALOG_END_REASON, SIPALG_DIALOG_STATUS,
};

static bool names(const char *list, const char *word, size_t len)
{
	for (; *list; list += strspn(list, ", ")) {
		size_t n = strcspn(list, ", ");

		if (n == len && memcmp(list, word, n) == 0)
			return true;
		list += n;
	}
	return false;
}

static void add_codecs(struct media *media, const char *a, const char *b)
{
	for (; *a; a += strspn(a, ", ")) {
		size_t n = strcspn(a, ", "), used = strlen(media->codecs);

		if (names(b, a, n) && !names(media->codecs, a, n) &&
		    used + n + 2 < sizeof(media->codecs))
			snprintf(media->codecs + used, sizeof(media->codecs) - used, "%s%.*s",
				 used ? "," : "", (int)n, a);
		a += n;
	}
}

/* The codecs of a side's line, "" if it is not there or was refused. */
static const char *codecs_of(const struct record *dialog, unsigned int side, uint64_t index)
{
	const struct nlattr *attr;
	struct record line;

	record_for_each(attr, dialog) {
		if (mnl_attr_get_type(attr) != SIPALG_DIALOG_MEDIA ||
		    record_parse_nest(&line, &schema_media, attr) < 0)
			continue;
		if (record_number(&line, SIPALG_MEDIA_SIDE) == side &&
		    record_number(&line, SIPALG_MEDIA_INDEX) == index &&
		    record_number(&line, SIPALG_MEDIA_OUTER_PORT) &&
		    line.attr[SIPALG_MEDIA_CODECS])
			return mnl_attr_get_str(line.attr[SIPALG_MEDIA_CODECS]);
	}
	return "";
}

static void add_line(struct media *media, const struct record *dialog, const struct record *line)
{
	uint64_t index = record_number(line, SIPALG_MEDIA_INDEX);
	unsigned int side = record_number(line, SIPALG_MEDIA_SIDE) & 1;

	if (line->attr[SIPALG_MEDIA_PACKETS]) {
		media->counted = true;
		media->packets[side] += record_number(line, SIPALG_MEDIA_PACKETS);
		media->bytes[side] += record_number(line, SIPALG_MEDIA_BYTES);
	}
	if (!side)
		add_codecs(media, codecs_of(dialog, 0, index), codecs_of(dialog, 1, index));
}

static void read_media(struct media *media, const struct record *dialog)
{
	const struct nlattr *attr;
	struct record line;

	*media = (struct media){ 0 };
	record_for_each(attr, dialog) {
		if (mnl_attr_get_type(attr) == SIPALG_DIALOG_MEDIA &&
		    record_parse_nest(&line, &schema_media, attr) == 0)
			add_line(media, dialog, &line);
	}
}

/* From the answer to the end. */
static uint64_t duration(const struct record *dialog)
{
	uint64_t answer = record_number(dialog, SIPALG_DIALOG_ANSWER);
	uint64_t end = record_number(dialog, SIPALG_DIALOG_END);

	return answer && end > answer ? end - answer : 0;
}

static void put_number(struct printer *p, const char *key, uint64_t value)
{
	if (p->is_json)
		json_number(&p->json, key, value);
	else
		fprintf(p->out, " %s %" PRIu64, key, value);
}

static void put_record(struct printer *p, const struct record *dialog)
{
	struct media media;

	read_media(&media, dialog);
	if (p->is_json)
		json_open(&p->json, NULL, '{');
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const struct field *field = record_field(dialog, shown[i]);
		const struct nlattr *attr = dialog->attr[shown[i]];

		if (!attr)
			continue;
		if (p->is_json) {
			value_json(&p->json, field->key, field, attr);
		} else {
			fprintf(p->out, "%s%s ", i ? " " : "", field->key);
			value_text(p->out, field, attr);
		}
	}
	put_number(p, "duration_ms", duration(dialog));
	if (p->is_json)
		json_string(&p->json, "codecs", media.codecs, strlen(media.codecs));
	else if (media.codecs[0])
		fprintf(p->out, " codecs %s", media.codecs);
	if (media.counted) {
		put_number(p, "a_packets", media.packets[0]);
		put_number(p, "a_bytes", media.bytes[0]);
		put_number(p, "b_packets", media.packets[1]);
		put_number(p, "b_bytes", media.bytes[1]);
	}
	if (p->is_json)
		json_close(&p->json, '}');
	else
		fputc('\n', p->out);
	fflush(p->out);
}

static bool read_dialog(struct record *dialog, const struct nlmsghdr *nlh)
{
	struct record top;

	return record_parse_message(&top, nlh) == 0 && top.attr[SIPALG_A_EVENT] &&
	       record_number(&top, SIPALG_A_EVENT) == SIPALG_EVENT_DIALOG_ENDED &&
	       top.attr[SIPALG_A_DIALOG] &&
	       record_parse_nest(dialog, &schema_dialog, top.attr[SIPALG_A_DIALOG]) == 0 &&
	       dialog->attr[SIPALG_DIALOG_METHOD] &&
	       strcmp(mnl_attr_get_str(dialog->attr[SIPALG_DIALOG_METHOD]), "INVITE") == 0;
}

/* Its INVITE comes again, with credentials: a dialog of the same call. */
static bool is_challenged(const struct record *dialog)
{
	uint64_t status = record_number(dialog, SIPALG_DIALOG_STATUS);

	return status == 401 || status == 407;
}

static void finish(struct cdr *cdr, struct waiting *w)
{
	struct record dialog;

	if (w->kept && read_dialog(&dialog, w->kept))
		put_record(&cdr->ctx->print, &dialog);
	free(w->kept);
	*w = (struct waiting){ 0 };
}

static struct waiting *waiting_for(struct cdr *cdr, uint32_t call)
{
	struct waiting *w;

	for (size_t i = 0; i < WAITING_MAX; i++) {
		if (cdr->waiting[i].call == call)
			return &cdr->waiting[i];
	}
	w = &cdr->waiting[cdr->next++ % WAITING_MAX];
	if (w->call)
		finish(cdr, w);
	w->call = call;
	return w;
}

static int cdr_message(const struct nlmsghdr *nlh, void *data)
{
	struct cdr *cdr = data;
	struct record dialog;
	struct waiting *w;
	bool answered;

	if (!read_dialog(&dialog, nlh))
		return 0;
	w = waiting_for(cdr, record_number(&dialog, SIPALG_DIALOG_CALL));
	answered = dialog.attr[SIPALG_DIALOG_ANSWER];
	w->ended++;
	if (!is_challenged(&dialog) && (answered || !w->answered)) {
		struct nlmsghdr *copy = malloc(nlh->nlmsg_len);

		if (copy) {
			memcpy(copy, nlh, nlh->nlmsg_len);
			free(w->kept);
			w->kept = copy;
			w->answered = answered;
		}
	}
	/* One that was challenged waits for the other, which may never come. */
	if (w->kept && w->ended >= record_number(&dialog, SIPALG_DIALOG_FORKS))
		finish(cdr, w);
	return 0;
}

static void cdr_lost(uint32_t count, void *data)
{
	struct cdr *cdr = data;

	print_lost(&cdr->ctx->print, count);
}

int monitor_cdr(struct ctx *ctx)
{
	static struct cdr cdr;

	cdr.ctx = ctx;
	if (nl_listen(&ctx->nl, cdr_message, cdr_lost, &cdr) == 0)
		return EXIT_OK;
	nl_error_say(&ctx->nl, ctx->what);
	return EXIT_FAILED;
}

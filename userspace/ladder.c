// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ladder.h"

/* From one host to the next, and where the first one stands. */
#define LANE	28
#define MARGIN	22

static void draw_hosts(const struct ladder *l)
{
	unsigned int column = 0;

	for (unsigned int i = 0; i < l->hosts; i++) {
		unsigned int len = strlen(l->host[i]), middle = MARGIN + i * LANE;
		unsigned int start = middle > len / 2 ? middle - len / 2 : 0;

		if (i && start <= column)
			start = column + 1;
		fprintf(l->out, "%*s%s", (int)(start - column), "", l->host[i]);
		column = start + len;
	}
	fputc('\n', l->out);
}

/* Its place, a new one if it has none; more hosts than there is room share the last. */
static unsigned int place_of(struct ladder *l, const char *host, bool *more)
{
	unsigned int i;

	for (i = 0; i < l->hosts; i++) {
		if (strcmp(l->host[i], host) == 0)
			return i;
	}
	if (i == LADDER_HOSTS)
		return LADDER_HOSTS - 1;
	snprintf(l->host[i], sizeof(l->host[i]), "%s", host);
	l->hosts++;
	*more = true;
	return i;
}

static void label_of(char *label, size_t size, const struct rung *r)
{
	bool passed = strcmp(r->reason, "translated") == 0 || strcmp(r->reason, "unchanged") == 0;
	char status[16] = "";

	if (r->status)
		snprintf(status, sizeof(status), "%u ", r->status);
	snprintf(label, size, " %s%s%s%s%s ", status, r->method, passed ? "" : " [",
		 passed ? "" : r->reason, passed ? "" : "]");
}

/* The arrow, over the lines of all hosts. */
static void draw_arrow(const struct ladder *l, unsigned int from, unsigned int to,
		       const char *label)
{
	unsigned int left = (from < to ? from : to) * LANE, right = (from < to ? to : from) * LANE;
	unsigned int len = strlen(label), width = (l->hosts - 1) * LANE + 1;
	char line[LADDER_HOSTS * LANE + 1];

	memset(line, ' ', sizeof(line));
	for (unsigned int i = 0; i < l->hosts; i++)
		line[i * LANE] = '|';
	if (left != right) {
		memset(line + left + 1, '-', right - left - 1);
		line[from < to ? right - 1 : left + 1] = from < to ? '>' : '<';
		if (len > right - left - 5)
			len = right - left - 5;
		memcpy(line + left + 1 + (right - left - 1 - len) / 2, label, len);
	}
	fprintf(l->out, "%.*s%s%s\n", (int)width, line, left == right ? " to itself:" : "",
		left == right ? label : "");
}

void ladder_draw(struct ladder *l, const struct rung *r)
{
	unsigned int from, to;
	char label[2 * LADDER_TEXT + 32], when[16];
	time_t seconds = r->time / 1000;
	bool more = false;
	struct tm tm;

	from = place_of(l, r->src, &more);
	to = place_of(l, r->dst, &more);
	if (more)
		draw_hosts(l);
	label_of(label, sizeof(label), r);
	localtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%H:%M:%S", &tm);
	fprintf(l->out, "%s.%03u%*s", when, (unsigned int)(r->time % 1000), MARGIN - 12, "");
	draw_arrow(l, from, to, label);
	fflush(l->out);
}

/* Where the value of a key begins, or NULL. A quote within a string has a backslash. */
static const char *value_of(const char *line, const char *key)
{
	char quoted[32];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	at = strstr(line, quoted);
	return at ? at + strlen(quoted) : NULL;
}

static bool read_string(char *text, size_t size, const char *line, const char *key)
{
	const char *at = value_of(line, key);
	size_t n = 0;

	if (!at || *at++ != '"')
		return false;
	for (; *at && *at != '"'; at++) {
		if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		/* The terminal gets nothing that a file may have smuggled in. */
		if (n + 1 < size)
			text[n++] = (unsigned char)*at < ' ' || *at == 127 ? '?' : *at;
	}
	text[n] = '\0';
	return *at == '"';
}

bool ladder_read(struct rung *r, const char *line, const char *call_id)
{
	const char *time = value_of(line, "time"), *status = value_of(line, "status");
	char event[32], found[256];

	if (!read_string(event, sizeof(event), line, "event") || strcmp(event, "message") != 0 ||
	    !read_string(found, sizeof(found), line, "call_id") || strcmp(found, call_id) != 0)
		return false;
	r->time = time ? strtoull(time, NULL, 10) : 0;
	r->status = status ? strtoul(status, NULL, 10) : 0;
	return read_string(r->src, sizeof(r->src), line, "src_addr") &&
	       read_string(r->dst, sizeof(r->dst), line, "dst_addr") &&
	       read_string(r->method, sizeof(r->method), line, "method") &&
	       read_string(r->reason, sizeof(r->reason), line, "reason");
}

// SPDX-License-Identifier: GPL-2.0
/* explain: what the dry run found out, as text and as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "explain.h"
#include "value.h"

static const struct {
	const char *name;
	const char *text;
} reasons[] = {
#define X(e, name, class, text) [SIPALG_R_##e] = { #name, text },
	SIPALG_REASONS(X)
#undef X
};

/* "192.0.2.1", "192.0.2.1:5060", "2001:db8::1" or "[2001:db8::1]:5060". */
static int parse_endpoint(const char *what, const char *word, struct sip_endpoint *ep)
{
	const char *colon = strrchr(word, ':');
	struct sip_span host = { 0, strlen(word) };
	unsigned int port = 0;
	int end = 0;

	if (colon && (strchr(word, ':') == colon || colon[-1] == ']'))
		host.len = colon - word;
	sip_host_parse(word, host, &ep->host);
	if (word[host.len] == ':' &&
	    (sscanf(colon + 1, "%5u%n", &port, &end) != 1 || colon[1 + end] || !port ||
	     port > UINT16_MAX))
		ep->host.family = 0;
	ep->port = port;
	if (ep->host.family)
		return 0;
	error_say("%s: \"%s\" is not an address, or an address and a port: 192.0.2.1:5060, "
		  "[2001:db8::1]:5060", what, word);
	return -1;
}

/* Return: how many bytes, or -1 after an error message. */
static long read_message(const char *path, char *data, size_t room)
{
	bool is_input = !path || strcmp(path, "-") == 0;
	FILE *in = is_input ? stdin : fopen(path, "re");
	size_t n = in ? fread(data, 1, room, in) : 0;
	long result = n;

	if (!in || ferror(in)) {
		error_say("cannot read %s: %s", is_input ? "the standard input" : path,
			  strerror(errno));
		result = -1;
	} else if (n == room) {
		error_say("%s is longer than a datagram can be: %u bytes",
			  is_input ? "the standard input" : path, EXPLAIN_MAX_MESSAGE);
		result = -1;
	}
	if (in && !is_input)
		fclose(in);
	return result;
}

static unsigned int line_of(const struct explain *e, uint32_t off)
{
	unsigned int line = 1;

	for (uint32_t i = 0; i < off; i++)
		line += e->data[i] == '\n';
	return line;
}

/* Padded to a column. */
static void put_text(FILE *out, const struct explain *e, struct sip_span s, unsigned int width)
{
	unsigned int n = value_string(out, e->data + s.off, s.len);

	fprintf(out, "%*s", n < width ? (int)(width - n) : 0, "");
}

static void print_endpoint(FILE *out, const struct sip_endpoint *ep)
{
	char text[SIP_HOSTPORT_MAX + 1];

	text[sip_host_print(text, &ep->host, ep->port, true)] = '\0';
	fputs(text, out);
}

/* Of the way in; the host inside comes second. */
static void print_receiver(FILE *out, const struct explain *e)
{
	if (!e->to.host.family) {
		fputs("to an unknown receiver", out);
	} else {
		fputs("sent to ", out);
		print_endpoint(out, &e->to);
		if (e->is_guess)
			fprintf(out, " (as its %s says)", e->msg.status ? "Via" : "Request-URI");
	}
	if (e->from.host.family) {
		fputs(", inside ", out);
		print_endpoint(out, &e->from);
	}
	fputs("\n", out);
}

static void print_head(FILE *out, const struct explain *e)
{
	struct sip_span method = e->msg.method_name;

	if (e->msg.status)
		fprintf(out, "response %u to ", e->msg.status);
	put_text(out, e, method, 0);
	fprintf(out, ", %u bytes, ", e->msg.len);
	if (e->is_in) {
		print_receiver(out, e);
		return;
	}
	if (!e->from.host.family) {
		fputs("of an unknown sender", out);
	} else {
		fputs("sent by ", out);
		print_endpoint(out, &e->from);
		if (e->is_guess)
			fprintf(out, " (as its %s says)", e->msg.status ? "Contact" : "Via");
	}
	if (e->to.host.family) {
		fputs(", outside ", out);
		print_endpoint(out, &e->to);
	}
	fputs("\n", out);
}

static void print_places(FILE *out, const struct explain *e)
{
	if (!e->nplaces)
		return;
	fprintf(out, "\n%-5s %-6s %-20s %-26s %-25s %s\n", "LINE", "OFFSET", "FIELD", "VALUE",
		"WHAT IT IS", "BECOMES");
	for (size_t i = 0; i < e->nplaces; i++) {
		const struct explain_place *p = &e->places[i];

		fprintf(out, "%-5u %-6u %-20s ", line_of(e, p->text.off), p->text.off, p->field);
		put_text(out, e, p->text, 26);
		fprintf(out, " %-25s ", p->use);
		if (p->why)
			fprintf(out, "left: %s\n", p->why);
		else
			fprintf(out, "%s\n", *p->becomes ? p->becomes :
				e->is_in ? "its inside address" : "its outside address");
	}
}

static void print_media(FILE *out, const struct explain *e)
{
	if (!e->nmedia)
		return;
	fprintf(out, "\n%-5s %-6s %-12s %-26s %-11s %-6s %s\n", "LINE", "OFFSET", "MEDIA",
		"ADDRESS", "PORT", "RTCP", "WHAT HAPPENS");
	for (size_t i = 0; i < e->nmedia; i++) {
		const struct explain_media *m = &e->media[i];
		char port[16], rtcp[8] = "-";

		snprintf(port, sizeof(port), m->count > 1 ? "%u/%u" : "%u", m->port, m->count);
		if (m->rtcp_port)
			snprintf(rtcp, sizeof(rtcp), "%u", m->rtcp_port);
		fprintf(out, "%-5u %-6u %-12s ", line_of(e, m->text.off), m->text.off, m->kind);
		put_text(out, e, m->addr, 26);
		fprintf(out, " %-11s %-6s ", port, rtcp);
		if (m->why)
			fprintf(out, "left: %s\n", m->why);
		else
			fputs("opened outside: this port if it is free\n", out);
	}
}

/* Edits neither add nor remove lines. */
static void print_changes(FILE *out, const struct explain *e, const char *new, uint32_t len)
{
	const char *old = e->data, *old_end = e->data + e->len, *new_end = new + len;

	while (old < old_end && new < new_end) {
		const char *a = memchr(old, '\n', old_end - old) ?: old_end;
		const char *b = memchr(new, '\n', new_end - new) ?: new_end;

		if (a - old != b - new || memcmp(old, new, a - old) != 0) {
			fputs("-", out);
			value_string(out, old, a - old - (a > old && a[-1] == '\r'));
			fputs("\n+", out);
			value_string(out, new, b - new - (b > new && b[-1] == '\r'));
			fputc('\n', out);
		}
		old = a + 1;
		new = b + 1;
	}
}

static void print_text(FILE *out, const struct explain *e, const char *new, uint32_t len)
{
	if (e->is_parsed)
		print_head(out, e);
	print_places(out, e);
	print_media(out, e);
	if (e->is_parsed)
		fputc('\n', out);
	if (e->reason != SIPALG_R_TRANSLATED && e->reason != SIPALG_R_UNCHANGED)
		fputs("left alone: ", out);
	fprintf(out, "%s: %s\n", reasons[e->reason].name, reasons[e->reason].text);
	if (e->missing)
		fprintf(out, "There is no %s.\n", e->missing);
	if (e->bad.len) {
		fprintf(out, "Line %u, offset %u: ", line_of(e, e->bad.off), e->bad.off);
		put_text(out, e, e->bad, 0);
		fputc('\n', out);
	}
	if (new) {
		fputc('\n', out);
		print_changes(out, e, new, len);
	}
}

static void json_text(struct json *json, const char *key, const char *text)
{
	json_string(json, key, text, strlen(text));
}

static void json_place(struct json *json, const struct explain *e, struct sip_span at)
{
	json_number(json, "line", line_of(e, at.off));
	json_number(json, "offset", at.off);
}

static void json_outcome(struct json *json, const char *why)
{
	json_bool(json, "translated", !why);
	if (why)
		json_text(json, "why", why);
}

static void json_endpoint(struct json *json, const struct sip_endpoint *ep, const char *addr,
			  const char *port)
{
	char text[SIP_HOSTPORT_MAX];

	if (!ep->host.family)
		return;
	json_string(json, addr, text, sip_host_print(text, &ep->host, 0, false));
	json_number(json, port, ep->port);
}

static void json_message(struct json *json, const struct explain *e)
{
	struct sip_span method = e->msg.method_name;

	if (!e->is_parsed)
		return;
	json_string(json, "method", e->data + method.off, method.len);
	json_number(json, "status", e->msg.status);
	json_number(json, "bytes", e->msg.len);
	json_endpoint(json, &e->from, "from_addr", "from_port");
	json_endpoint(json, &e->to, "to_addr", "to_port");
}

static void json_places(struct json *json, const struct explain *e)
{
	json_open(json, "places", '[');
	for (size_t i = 0; i < e->nplaces; i++) {
		const struct explain_place *p = &e->places[i];

		json_open(json, NULL, '{');
		json_place(json, e, p->text);
		json_text(json, "field", p->field);
		json_string(json, "value", e->data + p->text.off, p->text.len);
		json_text(json, "use", p->use);
		json_outcome(json, p->why);
		if (*p->becomes)
			json_text(json, "becomes", p->becomes);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void json_media(struct json *json, const struct explain *e)
{
	json_open(json, "media", '[');
	for (size_t i = 0; i < e->nmedia; i++) {
		const struct explain_media *m = &e->media[i];

		json_open(json, NULL, '{');
		json_place(json, e, m->text);
		json_text(json, "kind", m->kind);
		if (m->addr.len)
			json_string(json, "addr", e->data + m->addr.off, m->addr.len);
		json_number(json, "port", m->port);
		json_number(json, "count", m->count);
		json_number(json, "rtcp_port", m->rtcp_port);
		json_outcome(json, m->why);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void print_json(struct json *json, const struct explain *e, const char *new, uint32_t len)
{
	json_open(json, NULL, '{');
	json_text(json, "result", reasons[e->reason].name);
	json_text(json, "text", reasons[e->reason].text);
	if (e->missing)
		json_text(json, "missing", e->missing);
	if (e->bad.len) {
		json_open(json, "bad", '{');
		json_place(json, e, e->bad);
		json_string(json, "value", e->data + e->bad.off, e->bad.len);
		json_close(json, '}');
	}
	json_message(json, e);
	json_places(json, e);
	json_media(json, e);
	if (new)
		json_string(json, "message", new, len);
	json_close(json, '}');
}

/* The message as it goes out, if that is known; NULL: it is not, or there is no memory. */
static char *translated(const struct explain *e, uint32_t *len)
{
	char *new;

	if (e->reason != SIPALG_R_TRANSLATED || !explain_is_known(e))
		return NULL;
	new = malloc(e->len + e->edits.growth);
	if (new)
		*len = sip_edits_apply(&e->edits, e->data, e->len, new);
	else
		error_say("there is no memory for the new message");
	return new;
}

static int show(struct ctx *ctx, struct explain *e)
{
	uint32_t len = 0;
	char *new;

	if (explain_run(e) < 0)
		return EXIT_FAILED;
	new = translated(e, &len);
	if (ctx->print.is_json)
		print_json(&ctx->print.json, e, new, len);
	else
		print_text(ctx->print.out, e, new, len);
	free(new);
	return EXIT_OK;
}

int cmd_explain(struct ctx *ctx)
{
	static char data[EXPLAIN_MAX_MESSAGE + 1];
	static struct explain e;
	long len;
	int result;

	if (ctx->opt[OPT_FROM] && parse_endpoint("--from", ctx->opt[OPT_FROM], &e.from) < 0)
		return EXIT_USAGE;
	if (ctx->opt[OPT_TO] && parse_endpoint("--to", ctx->opt[OPT_TO], &e.to) < 0)
		return EXIT_USAGE;
	len = read_message(ctx->nwords ? ctx->words[0] : NULL, data, sizeof(data));
	if (len < 0)
		return EXIT_FAILED;
	e.is_in = ctx->opt[OPT_IN];
	e.data = data;
	e.len = len;
	result = show(ctx, &e);
	explain_free(&e);
	return result;
}

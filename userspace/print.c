// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <string.h>

#include "print.h"
#include "value.h"

void print_init(struct printer *p, FILE *out, bool is_json, bool pretty)
{
	*p = (struct printer){
		.out = out,
		.is_json = is_json,
		.json = { .out = out, .pretty = pretty },
	};
}

void print_group_open(struct printer *p)
{
	if (p->is_json)
		json_open(&p->json, NULL, '{');
}

void print_group_close(struct printer *p)
{
	if (p->is_json)
		json_close(&p->json, '}');
}

void print_gap(struct printer *p)
{
	if (!p->is_json)
		fputc('\n', p->out);
}

/* Behind an attribute comes another one: a port, a limit, a reason. */
static unsigned int print_also(FILE *out, const struct cell *cell, const struct record *rec)
{
	const struct field *field = record_field(rec, cell->also);

	if (!cell->also || !rec->attr[cell->also])
		return 0;
	if (field->type == V_NAME8 && !record_number(rec, cell->also))
		return 0;
	return fprintf(out, "%s", cell->between) + value_text(out, field, rec->attr[cell->also]);
}

static unsigned int print_cell(FILE *out, const struct cell *cell, const struct record *rec)
{
	const struct field *field = record_field(rec, cell->attr);
	const struct nlattr *attr = rec->attr[cell->attr];
	unsigned int columns = 0;

	if (!attr)
		return fprintf(out, "-");
	if (field->many) {
		record_for_each(attr, rec) {
			if (mnl_attr_get_type(attr) != cell->attr)
				continue;
			columns += fprintf(out, columns ? "," : "");
			columns += value_text(out, field, attr);
		}
		return columns;
	}
	/* A port behind an IPv6 address. */
	if (field->type == V_ADDR && cell->also && mnl_attr_get_payload_len(attr) == 16) {
		columns = fprintf(out, "[") + value_text(out, field, attr) + fprintf(out, "]");
		return columns + print_also(out, cell, rec);
	}
	columns = value_text(out, field, attr);
	return columns + print_also(out, cell, rec);
}

void print_list_open(struct printer *p, const char *key, const struct cell *cells)
{
	p->rows = 0;
	if (p->is_json) {
		json_open(&p->json, key, '[');
		return;
	}
	for (; cells->label; cells++)
		fprintf(p->out, "%-*s%s", cells[1].label ? (int)cells->width : 0, cells->label,
			cells[1].label ? " " : "\n");
}

void print_row(struct printer *p, const struct cell *cells, const struct record *rec)
{
	unsigned int at = 0, column = 0;

	p->rows++;
	if (p->is_json) {
		json_open(&p->json, NULL, '{');
		value_json_fields(&p->json, rec);
		json_close(&p->json, '}');
		return;
	}
	for (; cells->label; cells++) {
		/* After a value that was too long, the next ones catch up. */
		if (column)
			at += fprintf(p->out, "%*s", at < column ? (int)(column - at) : 1, "");
		at += print_cell(p->out, cells, rec);
		column += cells->width + 1;
	}
	fputc('\n', p->out);
}

void print_list_close(struct printer *p)
{
	if (p->is_json)
		json_close(&p->json, ']');
}

void print_more(struct printer *p, unsigned long count, const char *object)
{
	if (!p->is_json)
		fprintf(p->out, "... and %lu more: \"sipalgctl %s list\" shows them\n", count,
			object);
}

void print_record(struct printer *p, const char *key, const struct cell *cells,
		  const struct record *rec)
{
	const struct nlattr *attr;

	if (p->is_json) {
		json_open(&p->json, key, '{');
		value_json_fields(&p->json, rec);
		json_close(&p->json, '}');
		return;
	}
	for (; cells->label; cells++) {
		if (!rec->attr[cells->attr])
			continue;
		fprintf(p->out, "%-*s", PRINT_LABEL_WIDTH, cells->label);
		print_cell(p->out, cells, rec);
		fputc('\n', p->out);
	}
	record_for_each(attr, rec) {
		int n;

		if (!record_unknown(rec, attr))
			continue;
		n = fprintf(p->out, "attr_%u", mnl_attr_get_type(attr));
		fprintf(p->out, "%*s", PRINT_LABEL_WIDTH - n, "");
		value_text(p->out, NULL, attr);
		fputc('\n', p->out);
	}
}

void print_part(struct printer *p, const struct cell *cells, const struct record *rec,
		unsigned int attr)
{
	const struct field *field = record_field(rec, attr);
	const struct nlattr *nest;
	struct record part;

	if (p->is_json || !rec->attr[attr])
		return;
	fputc('\n', p->out);
	print_list_open(p, NULL, cells);
	record_for_each(nest, rec) {
		if (mnl_attr_get_type(nest) == attr &&
		    record_parse_nest(&part, field->nest, nest) == 0)
			print_row(p, cells, &part);
	}
	print_list_close(p);
}

static void print_words(FILE *out, const char *lead, const struct cell *cells,
			const struct record *rec)
{
	for (; cells->label; cells++) {
		if (!rec->attr[cells->attr])
			continue;
		fprintf(out, "%s%s%s", lead, cells->label, *cells->label ? " " : "");
		print_cell(out, cells, rec);
		lead = " ";
	}
}

void print_line(struct printer *p, const struct cell *cells, const struct record *rec,
		const struct cell *part_cells, const struct record *part)
{
	if (p->is_json) {
		json_open(&p->json, NULL, '{');
		value_json_fields(&p->json, rec);
		json_close(&p->json, '}');
	} else {
		print_words(p->out, "", cells, rec);
		if (part)
			print_words(p->out, " ", part_cells, part);
		fputc('\n', p->out);
	}
	fflush(p->out);
}

void print_counter(struct printer *p, const char *name, uint64_t value, const char *class,
		   const char *text)
{
	struct json *json = &p->json;

	if (!p->is_json) {
		fprintf(p->out, "%-*s %12" PRIu64 "%s%s\n", PRINT_NAME_WIDTH, name, value,
			text ? "  " : "", text ?: "");
	} else if (!text) {
		json_number(json, name, value);
	} else {
		json_open(json, name, '{');
		json_number(json, "value", value);
		json_string(json, "class", class, strlen(class));
		json_string(json, "text", text, strlen(text));
		json_close(json, '}');
	}
}

void print_reasons_open(struct printer *p, const char *key, const char *heading)
{
	if (p->is_json)
		json_open(&p->json, key, '[');
	else if (heading)
		fprintf(p->out, "%s\n", heading);
}

void print_reason(struct printer *p, const char *name, uint64_t value, const char *text)
{
	if (!p->is_json) {
		fprintf(p->out, "%12" PRIu64 "  %s\n", value, text);
		return;
	}
	json_open(&p->json, NULL, '{');
	json_string(&p->json, "name", name, strlen(name));
	json_number(&p->json, "value", value);
	json_string(&p->json, "text", text, strlen(text));
	json_close(&p->json, '}');
}

void print_reasons_close(struct printer *p)
{
	if (p->is_json)
		json_close(&p->json, ']');
}

void print_lost(struct printer *p, uint32_t count)
{
	if (p->is_json) {
		json_open(&p->json, NULL, '{');
		json_string(&p->json, "event", "lost", strlen("lost"));
		json_number(&p->json, "count", count);
		json_close(&p->json, '}');
	} else {
		fprintf(p->out, "%" PRIu32 " events were lost\n", count);
	}
	fflush(p->out);
}

void print_word(struct printer *p, const char *key, const char *value)
{
	if (p->is_json)
		json_string(&p->json, key, value, strlen(value));
	else
		fprintf(p->out, "%s %s\n", key, value);
}

void print_count(struct printer *p, unsigned long count)
{
	if (!p->is_json) {
		fprintf(p->out, "%lu\n", count);
		return;
	}
	json_open(&p->json, NULL, '{');
	json_number(&p->json, "count", count);
	json_close(&p->json, '}');
}

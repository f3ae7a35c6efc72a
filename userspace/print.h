/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one layer that all output goes through, as text or as JSON. A command
 * says what it shows, by attribute, and for text how the cells are laid out;
 * JSON always has all attributes, under the keys of the schema.
 */
#ifndef SIPALGCTL_PRINT_H
#define SIPALGCTL_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "json.h"
#include "record.h"

struct printer {
	FILE *out;
	bool is_json;
	struct json json;
	unsigned long rows;	/* printed by print_row() */
};

/**
 * struct cell - a column of a table, or a line of a single record
 * @label: its heading
 * @width: of the column; a longer value pushes the next ones, which catch up
 * @attr: what it shows
 * @also: shown behind @attr if it is there (a name only if it is not 0)
 * @between: what stands between the two
 */
struct cell {
	const char *label;
	unsigned int width;
	unsigned short attr;
	unsigned short also;
	const char *between;
};

/* Of a single record's labels. */
#define PRINT_LABEL_WIDTH	18

/* Of a counter's name. */
#define PRINT_NAME_WIDTH	22

void print_init(struct printer *p, FILE *out, bool is_json, bool pretty);

/* Several things are an object in JSON; in text there can be gaps. */
void print_group_open(struct printer *p);
void print_group_close(struct printer *p);
void print_gap(struct printer *p);

/* A list: an array in JSON, in text a heading and a line per record. */
void print_list_open(struct printer *p, const char *key, const struct cell *cells);
void print_row(struct printer *p, const struct cell *cells, const struct record *rec);
void print_list_close(struct printer *p);

/* In text, that a list goes on: how many more, and which list has them. */
void print_more(struct printer *p, unsigned long count, const char *object);

/*
 * One record: an object in JSON (@key is NULL unless in a group), in text a
 * line per cell that is there, then the unknown attributes.
 */
void print_record(struct printer *p, const char *key, const struct cell *cells,
		  const struct record *rec);

/* In text, the nests of an attribute that has many; JSON had them in the record. */
void print_part(struct printer *p, const struct cell *cells, const struct record *rec,
		unsigned int attr);

/*
 * One record in one line: in JSON an object, in text the cells that are there,
 * each behind its label. The line is flushed. @part is a nest of
 * @rec and @part_cells what is shown of it, or NULL.
 */
void print_line(struct printer *p, const struct cell *cells, const struct record *rec,
		const struct cell *part_cells, const struct record *part);

/* A counter: in text a line, in JSON a value, or with @text an object. */
void print_counter(struct printer *p, const char *name, uint64_t value, const char *class,
		   const char *text);

/* A line or an object for one of a list of counters. */
void print_reason(struct printer *p, const char *name, uint64_t value, const char *text);
void print_reasons_open(struct printer *p, const char *key, const char *heading);
void print_reasons_close(struct printer *p);

/* A line that says how many events are missing at this place. */
void print_lost(struct printer *p, uint32_t count);

/* How many entries a list has. */
void print_count(struct printer *p, unsigned long count);

/* A single word of the tool's own. */
void print_word(struct printer *p, const char *key, const char *value);

#endif

// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "error.h"

static const char *place_file;
static unsigned int place_line;

void error_place(const char *file, unsigned int line)
{
	place_file = file;
	place_line = line;
}

void error_say(const char *format, ...)
{
	va_list args;

	/* What was printed before the error stays before it. */
	fflush(stdout);
	fputs("sipalgctl: ", stderr);
	if (place_file)
		fprintf(stderr, "%s, line %u: ", place_file, place_line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

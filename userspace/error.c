// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "error.h"

void error_say(const char *format, ...)
{
	va_list args;

	/* What was printed before the error stays before it. */
	fflush(stdout);
	fputs("sipalgctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

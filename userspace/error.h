/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SIPALGCTL_ERROR_H
#define SIPALGCTL_ERROR_H

/* What sipalgctl exits with. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* it was tried and did not work */
	EXIT_USAGE = 2,		/* the command line makes no sense */
};

/* Writes "sipalgctl: ...\n" to stderr. */
__attribute__((format(printf, 1, 2)))
void error_say(const char *format, ...);

/* From now on messages name this file and line; NULL: not any more. */
void error_place(const char *file, unsigned int line);

#endif

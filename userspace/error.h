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

#endif

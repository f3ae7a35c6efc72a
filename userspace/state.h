/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Live state as text: a line for each call and registration, of words like
 * name=value, and name { ... } for what is nested.
 */
#ifndef SIPALGCTL_STATE_H
#define SIPALGCTL_STATE_H

#include <stdio.h>

#include "nl.h"

#define STATE_HEAD	"sipalg-state"	/* what its first line begins with */
#define STATE_VERSION	1

/* Writes the attributes of a SIPALG_A_STATE nest as a line. */
void state_write(FILE *out, const struct nlattr *nest);

/*
 * The other way: appends the nest to @nlh, which has room for @size bytes. Changes
 * @line. Returns 0, or -1 after an error message.
 */
int state_read(struct nlmsghdr *nlh, size_t size, char *line);

#endif

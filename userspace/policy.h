/* SPDX-License-Identifier: GPL-2.0 */
/* A whole policy: from the kernel, to the kernel, from a file, to a file. */
#ifndef SIPALGCTL_POLICY_H
#define SIPALGCTL_POLICY_H

#include "nl.h"
#include "rule.h"

/**
 * struct policy - rules in their order
 * @rules: that many are there
 * @n: how many
 * @room: for how many there is memory
 */
struct policy {
	struct rule *rules;
	unsigned int n;
	unsigned int room;
};

/* All return 0, or -1 after an error message. */

/* Puts a rule in front of the one at @at, which is at most @n. */
int policy_insert(struct policy *p, unsigned int at, const struct rule *r);

/* The one that is in use; @what is for error messages. */
int policy_fetch(struct nl *nl, const char *what, struct policy *p);

/* Puts @p in its place, all of it or nothing. */
int policy_commit(struct nl *nl, const char *what, const struct policy *p);

/*
 * Appends the rules of a file ("-": the standard input), one per line. @word is
 * what each of these lines begins with, NULL: nothing. A message names the line.
 */
int policy_read(struct policy *p, const char *path, const char *word);

/* Replaces a file ("-": the standard output) at once, so that it is never half there. */
int policy_write(const struct policy *p, const char *path, const char *word);

void policy_free(struct policy *p);

#endif

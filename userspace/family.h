/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SIPALGCTL_FAMILY_H
#define SIPALGCTL_FAMILY_H

#include "nl.h"

/*
 * Asks for the family's number and its group's; this loads the module if it
 * is installed. Returns 0 or -1 after an error message.
 */
int family_find(struct nl *nl);

/* Whether a message says that this family does not exist any more. */
bool family_is_gone(const struct nlmsghdr *nlh, uint16_t family);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SIPALGCTL_EXTACK_H
#define SIPALGCTL_EXTACK_H

#include <stddef.h>
#include <libmnl/libmnl.h>

/*
 * Puts the kernel's words about a refused request into @text, with the name of
 * the attribute that it did not like and what would be allowed there. They come
 * behind the first @fixed bytes of @answer's payload; @request may be NULL.
 * Without any words @text stays as it is.
 */
void extack_read(char *text, size_t size, const struct nlmsghdr *answer, size_t fixed,
		 const struct nlmsghdr *request);

#endif

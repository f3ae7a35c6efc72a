/* SPDX-License-Identifier: GPL-2.0 */
/* Files that others read at any time. */
#ifndef SIPALGCTL_FILE_H
#define SIPALGCTL_FILE_H

#include <stdio.h>

/**
 * file_replace() - write a file so that its readers see the old text or the new one
 * @path: the file; "-": the standard output
 * @write: writes the text
 * @data: for @write
 * Return: 0, or -1 after an error message; the old file is then as it was.
 */
int file_replace(const char *path, void (*write)(FILE *out, const void *data), const void *data);

/* As file_replace(), for the owner's eyes only. */
int file_replace_private(const char *path, void (*write)(FILE *out, const void *data),
			 const void *data);

#endif

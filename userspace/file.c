// SPDX-License-Identifier: GPL-2.0
/* A file's new text goes to another one next to it, which then takes its name. */
#include <errno.h>
#include <stdbool.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "file.h"

/* @new ends with XXXXXX. The errno is that of the step that failed. */
static int replace(const char *path, char *new, void (*write)(FILE *out, const void *data),
		   const void *data, mode_t mode)
{
	int fd = mkostemp(new, O_CLOEXEC);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	bool bad;

	if (!out) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	write(out, data);
	bad = fflush(out) || ferror(out) || fchmod(fd, mode) || fsync(fd);
	bad = fclose(out) || bad;
	return bad || rename(new, path) ? -1 : 0;
}

static int replace_with(const char *path, void (*write)(FILE *out, const void *data),
			const void *data, mode_t mode)
{
	int result, error;
	char *new;

	if (strcmp(path, "-") == 0) {
		write(stdout, data);
		return 0;
	}
	if (asprintf(&new, "%s.XXXXXX", path) < 0) {
		error_say("there is no memory to write %s", path);
		return -1;
	}
	result = replace(path, new, write, data, mode);
	error = errno;
	if (result < 0) {
		unlink(new);
		error_say("cannot write %s: %s", path, strerror(error));
	}
	free(new);
	return result;
}

int file_replace(const char *path, void (*write)(FILE *out, const void *data), const void *data)
{
	return replace_with(path, write, data, 0644);
}

int file_replace_private(const char *path, void (*write)(FILE *out, const void *data),
			 const void *data)
{
	return replace_with(path, write, data, 0600);
}

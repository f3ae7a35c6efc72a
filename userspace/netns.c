// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "netns.h"

int netns_enter(const char *name)
{
	char path[PATH_MAX];
	int fd, result, error;

	result = snprintf(path, sizeof(path), strchr(name, '/') ? "%s%s" : "%s/%s",
			  strchr(name, '/') ? "" : "/run/netns", name);
	if (!*name || result >= (int)sizeof(path)) {
		error_say("\"%s\" cannot be the name of a network namespace", name);
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		error_say("cannot open the network namespace %s: %s%s", path, strerror(errno),
			  errno == ENOENT ? "; \"ip netns list\" shows those that there are" : "");
		return -1;
	}
	result = setns(fd, CLONE_NEWNET);
	error = errno;
	close(fd);
	if (result == 0)
		return 0;
	if (error == EINVAL)
		error_say("%s is not a network namespace", path);
	else
		error_say("cannot enter the network namespace %s: %s%s", path, strerror(error),
			  error == EPERM ? "; CAP_SYS_ADMIN is needed: run it as root" : "");
	return -1;
}

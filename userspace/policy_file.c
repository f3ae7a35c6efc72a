// SPDX-License-Identifier: GPL-2.0
/* A whole policy, between memory and a file that people can read and write. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "policy.h"

/* Returns how many words there are before a '#', or RULE_WORDS + 1. */
static int split(char *line, char **words)
{
	char *save, *word;
	int n = 0;

	line[strcspn(line, "#\n")] = '\0';
	for (word = strtok_r(line, " \t\r", &save); word; word = strtok_r(NULL, " \t\r", &save)) {
		if (n == RULE_WORDS)
			return n + 1;
		words[n++] = word;
	}
	return n;
}

static int read_line(struct policy *p, char *line, const char *first)
{
	char *words[RULE_WORDS], **word = words;
	int n = split(line, words);
	struct rule r;

	if (!n)
		return 0;
	if (n > RULE_WORDS) {
		error_say("a rule cannot have more than %u words", RULE_WORDS);
		return -1;
	}
	if (first) {
		if (strcmp(words[0], first) != 0) {
			error_say("a line cannot begin with \"%s\": it is \"%s ...\"", words[0],
				  first);
			return -1;
		}
		word++;
		n--;
	}
	if (rule_parse(&r, word, n) < 0)
		return -1;
	return policy_insert(p, p->n, &r);
}

static int read_lines(struct policy *p, FILE *in, const char *path, const char *word)
{
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	int result = 0;
	ssize_t len;

	while (!result && (len = getline(&line, &size, in)) >= 0) {
		error_place(path, ++number);
		if (strlen(line) != (size_t)len) {
			error_say("there is a NUL in it");
			result = -1;
		} else {
			result = read_line(p, line, word);
		}
	}
	error_place(NULL, 0);
	free(line);
	if (!result && ferror(in)) {
		error_say("cannot read %s: %s", path, strerror(errno));
		result = -1;
	}
	return result;
}

int policy_read(struct policy *p, const char *path, const char *word)
{
	bool is_input = strcmp(path, "-") == 0;
	FILE *in = is_input ? stdin : fopen(path, "re");
	int result;

	if (!in) {
		error_say("cannot open %s: %s", path, strerror(errno));
		return -1;
	}
	result = read_lines(p, in, is_input ? "the standard input" : path, word);
	if (!is_input)
		fclose(in);
	return result;
}

static void write_lines(const struct policy *p, FILE *out, const char *word)
{
	fputs("# The policy of sipalg, written by sipalgctl save; see sipalgctl(8).\n", out);
	for (unsigned int i = 0; i < p->n; i++) {
		if (word)
			fprintf(out, "%s ", word);
		rule_print(out, &p->rules[i]);
		fputc('\n', out);
	}
}

/* To a new file next to it, which then takes its name. */
static int replace(const struct policy *p, const char *path, const char *word, char *new)
{
	int fd = mkostemp(new, O_CLOEXEC);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	bool bad;

	if (!out) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	write_lines(p, out, word);
	bad = fflush(out) || ferror(out) || fchmod(fd, 0644) || fsync(fd);
	bad = fclose(out) || bad;
	return bad || rename(new, path) ? -1 : 0;
}

int policy_write(const struct policy *p, const char *path, const char *word)
{
	int result, error;
	char *new;

	if (strcmp(path, "-") == 0) {
		write_lines(p, stdout, word);
		return 0;
	}
	if (asprintf(&new, "%s.XXXXXX", path) < 0) {
		error_say("there is no memory to write %s", path);
		return -1;
	}
	result = replace(p, path, word, new);
	error = errno;
	if (result < 0) {
		unlink(new);
		error_say("cannot write %s: %s", path, strerror(error));
	}
	free(new);
	return result;
}

// SPDX-License-Identifier: GPL-2.0
/* A whole policy, between memory and a file that people can read and write. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
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

/* What write_lines() gets. */
struct lines {
	const struct policy *policy;
	const char *word;
};

static void write_lines(FILE *out, const void *data)
{
	const struct lines *l = data;

	fputs("# The policy of sipalg, written by sipalgctl save; see sipalgctl(8).\n", out);
	for (unsigned int i = 0; i < l->policy->n; i++) {
		if (l->word)
			fprintf(out, "%s ", l->word);
		rule_print(out, &l->policy->rules[i]);
		fputc('\n', out);
	}
}

int policy_write(const struct policy *p, const char *path, const char *word)
{
	const struct lines lines = { p, word };

	return file_replace(path, write_lines, &lines);
}

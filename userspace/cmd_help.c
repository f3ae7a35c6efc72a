// SPDX-License-Identifier: GPL-2.0
/* help, version and completion: what the table says about itself. */
#include <string.h>

#include "cmd.h"
#include "sipalg_version.h"

/* Where sentences begin. */
#define HELP_COLUMN	46

static void print_command(const struct command *row)
{
	char line[512];
	size_t n;

	n = snprintf(line, sizeof(line), "%s%s%s%s%s", row->object, row->verb ? " " : "",
		     row->verb ?: "", row->arg ? " " : "", row->arg ?: "");
	for (unsigned int i = 0; i < OPT_COUNT && n < sizeof(line); i++) {
		if (row->options & 1u << i)
			n += snprintf(line + n, sizeof(line) - n, " [%s%s%s]",
				      option_infos[i].name, option_infos[i].value ? " " : "",
				      option_infos[i].value ?: "");
	}
	if (n > HELP_COLUMN)
		printf("  %s\n  %*s %s\n", line, HELP_COLUMN, "", row->help);
	else
		printf("  %-*s %s\n", HELP_COLUMN, line, row->help);
}

int cmd_help(struct ctx *ctx)
{
	(void)ctx;
	puts("sipalgctl [-j] [-p] [-n NETNS] OBJECT COMMAND\n"
	     "\n"
	     "Shows and controls sipalg, the SIP application layer gateway. Without a command:\n"
	     "the state on one screen. Words can be shortened as long as only one is meant.\n"
	     "\n"
	     "  -j, --json                                     as JSON\n"
	     "  -p, --pretty                                   as JSON, indented\n"
	     "  -n, --netns NETNS                              in this network namespace: a name or a path\n");
	for (const struct command *row = commands; row->object; row++)
		print_command(row);
	puts("\n"
	     "Exit codes: 0 done; 1 it did not work; 2 the command line makes no sense.\n"
	     "Turning on what is on, or off what is off, is done. A list that changed while\n"
	     "it was read is printed with a warning on stderr, and is done too.");
	return EXIT_OK;
}

int cmd_version(struct ctx *ctx)
{
	print_group_open(&ctx->print);
	print_word(&ctx->print, "sipalgctl", SIPALG_VERSION);
	print_group_close(&ctx->print);
	return EXIT_OK;
}

static bool first_of_object(const struct command *row)
{
	return row == commands || strcmp(row[-1].object, row->object) != 0;
}

static void complete_object(const char *object)
{
	printf("\t%s)\n\t\tnext=\"", object);
	for (const struct command *row = commands; row->object; row++) {
		if (strcmp(row->object, object) != 0)
			continue;
		if (row->verb)
			printf("%s ", row->verb);
		for (unsigned int i = 0; i < OPT_COUNT; i++) {
			if (row->options & 1u << i)
				printf("%s ", option_infos[i].name);
		}
	}
	puts("\"\n\t\t;;");
}

int cmd_completion(struct ctx *ctx)
{
	(void)ctx;
	puts("# bash completion for sipalgctl, printed by \"sipalgctl completion\"\n"
	     "_sipalgctl()\n"
	     "{\n"
	     "\tlocal word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]}\n"
	     "\tlocal object= skip= next= i\n"
	     "\tif [[ $last == -n || $last == --netns ]]; then\n"
	     "\t\tCOMPREPLY=($(compgen -W \"$(ls /run/netns 2> /dev/null)\" -- \"$word\"))\n"
	     "\t\treturn\n"
	     "\tfi\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\tif [[ -n $skip ]]; then skip=; continue; fi\n"
	     "\t\tcase ${COMP_WORDS[i]} in\n"
	     "\t\t-n|--netns) skip=1 ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) object=${object:-${COMP_WORDS[i]}} ;;\n"
	     "\t\tesac\n"
	     "\tdone\n"
	     "\tcase $object in");
	printf("\t\"\")\n\t\tnext=\"--json --pretty --netns ");
	for (const struct command *row = commands; row->object; row++) {
		if (first_of_object(row))
			printf("%s ", row->object);
	}
	puts("\"\n\t\t;;");
	for (const struct command *row = commands; row->object; row++) {
		if (first_of_object(row))
			complete_object(row->object);
	}
	puts("\tesac\n"
	     "\tCOMPREPLY=($(compgen -W \"$next\" -- \"$word\"))\n"
	     "}\n"
	     "complete -F _sipalgctl sipalgctl");
	return EXIT_OK;
}

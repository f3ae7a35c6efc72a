// SPDX-License-Identifier: GPL-2.0
/* sipalgctl: the command line, from its words to an exit code. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "netns.h"

/**
 * struct line - the command line, taken apart
 * @json: -j or -p was given
 * @pretty: -p was given
 * @netns: what came with -n, or NULL
 * @command: what is to be done
 */
struct line {
	bool json;
	bool pretty;
	const char *netns;
	const struct command *command;
};

static const struct command overview = { .object = "status", .run = cmd_overview };

/*
 * Options that every command takes. Returns how many words this one is, 0 if
 * it is none of them, -1 after an error message.
 */
static int global_option(struct line *line, const char *word, const char *next)
{
	static const struct {
		const char *name;
		char letter;
	} options[] = { { "--json", 'j' }, { "--pretty", 'p' }, { "--netns", 'n' },
			{ "--help", 'h' }, { "--version", 'V' } };
	char letter = word[1];
	bool verb_used;

	if (letter == '-') {
		for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
			if (strcmp(word, options[i].name) == 0)
				letter = options[i].letter;
		}
	} else {
		/* -jp is -j -p. */
		for (word += 2; *word; word++) {
			char single[] = { '-', *word, '\0' };

			if (letter == 'n' || global_option(line, single, NULL) != 1)
				return 0;
		}
	}
	switch (letter) {
	case 'p':
		line->pretty = true;
		line->json = true;
		return 1;
	case 'j':
		line->json = true;
		return 1;
	case 'n':
		if (!next) {
			error_say("-n needs the name or the path of a network namespace");
			return -1;
		}
		line->netns = next;
		return 2;
	case 'h':
		line->command = command_find("help", NULL, &verb_used);
		return 1;
	case 'V':
		line->command = command_find("version", NULL, &verb_used);
		return 1;
	}
	return 0;
}

/* An option of the command itself; returns as global_option(). */
static int own_option(struct ctx *ctx, const struct line *line, const char *word, const char *next)
{
	enum option option = OPT_COUNT;

	if (line->command)
		option = command_option(line->command, word);
	if (option == OPT_COUNT) {
		error_say("there is no option %s%s: see \"sipalgctl help\"", word,
			  line->command ? " for this command" : "");
		return -1;
	}
	if (!option_infos[option].value) {
		ctx->opt[option] = "";
		return 1;
	}
	if (!next) {
		error_say("%s needs a value: %s", word, option_infos[option].value);
		return -1;
	}
	ctx->opt[option] = next;
	return 2;
}

/* Does a command with these arguments take another one behind @n? */
static bool takes_word(const char *args, int n)
{
	int names = 1;

	if (!args)
		return false;
	for (const char *s = args; *s; s++)
		names += *s == ' ';
	return n < names || strstr(args, "...");
}

/* The name of the first argument that has to be there and is not, or NULL. */
static const char *missing_word(const char *args, int n)
{
	while (args && n-- > 0) {
		args = strchr(args, ' ');
		if (args)
			args++;
	}
	return args && *args != '[' ? args : NULL;
}

/* Words: the first is the object, the second its verb or argument. */
static int plain_word(struct ctx *ctx, struct line *line, char *word, const char *next)
{
	bool verb_used;

	if (!line->command) {
		if (next && *next == '-')
			next = NULL;
		line->command = command_find(word, next, &verb_used);
		if (!line->command)
			return -1;
		return verb_used ? 2 : 1;
	}
	if (ctx->nwords == WORDS_MAX || !takes_word(line->command->arg, ctx->nwords)) {
		error_say("%s does not take \"%s\": see \"sipalgctl help\"",
			  line->command->object, word);
		return -1;
	}
	ctx->words[ctx->nwords++] = word;
	return 1;
}

static int check_id(struct ctx *ctx, const struct command *command)
{
	unsigned long long value;
	const char *word = ctx->words[0];
	char *end;

	errno = 0;
	value = strtoull(word, &end, 10);
	if (*word < '0' || *word > '9' || *end || errno || value > UINT32_MAX) {
		error_say("%s: \"%s\" is not an id, which is a number up to %u: "
			  "\"sipalgctl %s list\" shows them", ctx->what, word, UINT32_MAX,
			  command->object);
		return -1;
	}
	ctx->id = value;
	return 0;
}

static int check_words(struct ctx *ctx, const struct command *command)
{
	const char *missing = missing_word(command->arg, ctx->nwords);

	if (missing) {
		error_say("%s needs an argument: %s", ctx->what, missing);
		return -1;
	}
	if (command->arg && strcmp(command->arg, "ID") == 0)
		return check_id(ctx, command);
	return 0;
}

static int parse(struct ctx *ctx, struct line *line, int argc, char **argv)
{
	bool options = true;
	int n;

	for (int i = 1; i < argc; i += n) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
			n = 1;
			continue;
		}
		if (options && argv[i][0] == '-' && argv[i][1]) {
			n = global_option(line, argv[i], argv[i + 1]);
			if (n == 0)
				n = own_option(ctx, line, argv[i], argv[i + 1]);
		} else {
			n = plain_word(ctx, line, argv[i], argv[i + 1]);
		}
		if (n < 0)
			return -1;
	}
	if (!line->command)
		line->command = &overview;
	snprintf(ctx->what, sizeof(ctx->what), "%s%s%s", line->command->object,
		 line->command->verb ? " " : "", line->command->verb ?: "");
	return check_words(ctx, line->command);
}

static int run(struct ctx *ctx, const struct line *line)
{
	int result;

	if (line->command->local || ctx->opt[OPT_EVENTS])
		return line->command->run(ctx);
	if (line->netns && netns_enter(line->netns) < 0)
		return EXIT_FAILED;
	if (nl_open(&ctx->nl) < 0) {
		nl_close(&ctx->nl);
		return EXIT_FAILED;
	}
	result = line->command->run(ctx);
	nl_close(&ctx->nl);
	return result;
}

int main(int argc, char **argv)
{
	static struct ctx ctx;
	struct line line = { 0 };
	int result;

	if (parse(&ctx, &line, argc, argv) < 0)
		return EXIT_USAGE;
	print_init(&ctx.print, stdout, line.json, line.pretty);
	result = run(&ctx, &line);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		error_say("cannot write the output: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return result;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Commands: what they get, and the table that names them. */
#ifndef SIPALGCTL_CMD_H
#define SIPALGCTL_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "nl.h"
#include "print.h"

/* Options of commands; those that any command takes are in main.c. */
enum option {
	OPT_CALL_ID,
	OPT_KIND,
	OPT_EXPLAIN,
	OPT_FROM,
	OPT_TO,
	OPT_USER,
	OPT_ADDRESS,
	OPT_STATE,
	OPT_METHOD,
	OPT_OLDER,
	OPT_YOUNGER,
	OPT_NUMBER,
	OPT_MESSAGES,
	OPT_CDR,
	OPT_EVENTS,
	OPT_LIVE,
	OPT_IN,
	OPT_COUNT
};

#define OPT(name)	(1u << OPT_##name)

/* Of a command line, at most. */
#define WORDS_MAX	256

struct option_info {
	const char *name;
	const char *value;	/* what it takes, NULL: nothing */
	const char *help;
};

extern const struct option_info option_infos[OPT_COUNT];

/**
 * struct ctx - what a command works with
 * @print: where its output goes
 * @nl: open unless the command is local
 * @what: object and verb, for error messages
 * @words: the command's arguments
 * @nwords: how many there are
 * @id: the first one as a number, where it is an ID
 * @opt: the value of each option given, "" if it takes none
 */
struct ctx {
	struct printer print;
	struct nl nl;
	char what[64];
	char *words[WORDS_MAX];
	int nwords;
	uint32_t id;
	const char *opt[OPT_COUNT];
};

/**
 * struct command - one row of the table behind dispatch, help and completion
 * @object: the first word
 * @verb: the second, NULL: there is none; an object's first row is the default
 * @arg: the names of its arguments, NULL: it has none; those in brackets may be
 *	missing, and a last one that ends with "..." may be several
 * @options: OPT()s that it takes
 * @local: it does not ask the kernel; nor does one that reads events from a file
 * @run: returns the exit code
 * @help: one sentence
 */
struct command {
	const char *object;
	const char *verb;
	const char *arg;
	unsigned int options;
	bool local;
	int (*run)(struct ctx *ctx);
	const char *help;
};

/* Ends with a row without object. */
extern const struct command commands[];

int cmd_overview(struct ctx *ctx);
int cmd_status(struct ctx *ctx);
int cmd_enable(struct ctx *ctx);
int cmd_disable(struct ctx *ctx);
int cmd_dialog_list(struct ctx *ctx);
int cmd_dialog_show(struct ctx *ctx);
int cmd_dialog_kill(struct ctx *ctx);
int cmd_subscription_list(struct ctx *ctx);
int cmd_registration_list(struct ctx *ctx);
int cmd_registration_show(struct ctx *ctx);
int cmd_registration_kill(struct ctx *ctx);
int cmd_stream_kill(struct ctx *ctx);
int cmd_binding_kill(struct ctx *ctx);
int cmd_binding_list(struct ctx *ctx);
int cmd_binding_show(struct ctx *ctx);
int cmd_stream_list(struct ctx *ctx);
int cmd_stream_show(struct ctx *ctx);
int cmd_stats(struct ctx *ctx);
int cmd_policy_list(struct ctx *ctx);
int cmd_policy_add(struct ctx *ctx);
int cmd_policy_insert(struct ctx *ctx);
int cmd_policy_delete(struct ctx *ctx);
int cmd_policy_load(struct ctx *ctx);
int cmd_policy_reset(struct ctx *ctx);
int cmd_save(struct ctx *ctx);
int cmd_restore(struct ctx *ctx);
int cmd_save_state(struct ctx *ctx);
int cmd_restore_state(struct ctx *ctx);
int cmd_metrics(struct ctx *ctx);
int cmd_monitor(struct ctx *ctx);
int cmd_explain(struct ctx *ctx);
int cmd_ladder(struct ctx *ctx);
int cmd_help(struct ctx *ctx);
int cmd_version(struct ctx *ctx);
int cmd_completion(struct ctx *ctx);

/* The command that the words mean: NULL after an error message. */
const struct command *command_find(const char *object, const char *verb, bool *verb_used);

/* An option of @command by its name or the begin of it, OPT_COUNT: none. */
enum option command_option(const struct command *command, const char *name);

#endif

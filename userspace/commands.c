// SPDX-License-Identifier: GPL-2.0
/* The table of commands, and how words find their row in it. */
#include <string.h>

#include "cmd.h"

const struct option_info option_infos[OPT_COUNT] = {
	[OPT_CALL_ID] = { "--call-id", "CALL-ID", "only those with this Call-ID" },
	[OPT_KIND] = { "--kind", "KIND", "call or subscription: only those" },
	[OPT_EXPLAIN] = { "--explain", NULL, "with a sentence for each" },
	[OPT_FROM] = { "--from", "ADDR", "the host inside, as it knows itself" },
	[OPT_TO] = { "--to", "ADDR", "the address that it has outside" },
	[OPT_USER] = { "--user", "USER", "only those of this user, or user@domain" },
	[OPT_ADDRESS] = { "--address", "PREFIX", "only those with an address of it" },
	[OPT_STATE] = { "--state", "STATE", "only those in this state" },
	[OPT_METHOD] = { "--method", "METHOD", "only those begun by this" },
	[OPT_OLDER] = { "--older", "AGE", "only those that began so long ago, as 90s or 2h" },
	[OPT_YOUNGER] = { "--younger", "AGE", "only those that began since then" },
	[OPT_NUMBER] = { "--count", NULL, "how many there are, and not which" },
	[OPT_MESSAGES] = { "--messages", NULL, "each message as well" },
	[OPT_CDR] = { "--cdr", NULL, "a record for each finished call instead" },
	[OPT_EVENTS] = { "--file", "FILE", "of \"-j monitor --messages\", not live" },
	[OPT_IN] = { "--in", NULL, "it comes from outside: what the host inside gets" },
	[OPT_LIVE] = { "--state", NULL, "calls and registrations instead, in /run/sipalg.state" },
};

#define OPT_AGES	(OPT(OLDER) | OPT(YOUNGER))
#define OPT_REGS	(OPT(USER) | OPT(ADDRESS) | OPT(STATE) | OPT_AGES | OPT(NUMBER))
#define OPT_DIALOGS	(OPT(CALL_ID) | OPT_REGS)
#define OPT_BINDINGS	(OPT(CALL_ID) | OPT(USER) | OPT(ADDRESS) | OPT(NUMBER))
#define OPT_STREAMS	(OPT(ADDRESS) | OPT(STATE) | OPT_AGES | OPT(NUMBER))

const struct command commands[] = {
	{ "status", NULL, NULL, 0, false, cmd_status,
	  "whether sipalg is on here, what it holds, its limits" },
	{ "dialog", "list", NULL, OPT_DIALOGS | OPT(KIND) | OPT(METHOD), false,
	  cmd_dialog_list,
	  "calls and subscriptions" },
	{ "dialog", "show", "ID", 0, false, cmd_dialog_show,
	  "one of them with its media" },
	{ "dialog", "kill", "[ID|CALL-ID]", OPT(CALL_ID), false, cmd_dialog_kill,
	  "close the media of one, or of all with this Call-ID" },
	{ "subscription", "list", NULL, OPT_DIALOGS, false, cmd_subscription_list,
	  "who watches whom, and which event" },
	{ "subscription", "show", "ID", 0, false, cmd_dialog_show,
	  "one of them" },
	{ "registration", "list", NULL, OPT_REGS, false, cmd_registration_list,
	  "contacts that phones registered, and whether they answer" },
	{ "registration", "show", "ID", 0, false, cmd_registration_show,
	  "one of them with its OPTIONS" },
	{ "registration", "kill", "ID", 0, false, cmd_registration_kill,
	  "end one here: nobody gets in by it until the phone registers again" },
	{ "binding", "list", NULL, OPT_BINDINGS, false, cmd_binding_list,
	  "pairs of addresses that are translated, and who may use them" },
	{ "binding", "show", "ID", 0, false, cmd_binding_show,
	  "one of them" },
	{ "binding", "kill", "ID", 0, false, cmd_binding_kill,
	  "close one for media, and what runs through it; its call goes on" },
	{ "stats", NULL, NULL, OPT(EXPLAIN), false, cmd_stats,
	  "counters" },
	{ "stream", "list", NULL, OPT_STREAMS, false, cmd_stream_list,
	  "TCP connections that carry SIP, or were found not to" },
	{ "stream", "show", "ID", 0, false, cmd_stream_show,
	  "one of them" },
	{ "stream", "kill", "ID", 0, false, cmd_stream_kill,
	  "leave one alone from now on: nothing in it is translated any more" },
	{ "policy", "list", NULL, 0, false, cmd_policy_list,
	  "the rules that say what is SIP and what is done with it" },
	{ "policy", "add", "RULE...", 0, false, cmd_policy_add,
	  "a rule behind all others" },
	{ "policy", "insert", "N RULE...", 0, false, cmd_policy_insert,
	  "a rule in front of the one with this number" },
	{ "policy", "delete", "N", 0, false, cmd_policy_delete,
	  "the rule with this number" },
	{ "policy", "load", "FILE", 0, false, cmd_policy_load,
	  "the rules of a file instead of all, or nothing if one is bad" },
	{ "policy", "reset", NULL, 0, false, cmd_policy_reset,
	  "the rule of the beginning instead of all: port 5060" },
	{ "save", NULL, "[FILE]", OPT(LIVE), false, cmd_save,
	  "the policy to a file, /etc/sipalg.conf by default" },
	{ "restore", NULL, "[FILE]", OPT(LIVE), false, cmd_restore,
	  "the policy from that file" },
	{ "metrics", NULL, "[FILE]", 0, false, cmd_metrics,
	  "status and counters for a monitoring system, as OpenMetrics text" },
	{ "monitor", NULL, NULL, OPT(MESSAGES) | OPT(CDR), false, cmd_monitor,
	  "events as they happen, until it is interrupted" },
	{ "explain", NULL, "[FILE]", OPT(FROM) | OPT(TO) | OPT(IN), true, cmd_explain,
	  "what would become of the message in a file, and why" },
	{ "ladder", NULL, "CALL-ID", OPT(EVENTS), false, cmd_ladder,
	  "the messages of a call as arrows between its hosts, until it ends" },
	{ "enable", NULL, NULL, 0, false, cmd_enable,
	  "turn sipalg on in this network namespace" },
	{ "disable", NULL, NULL, 0, false, cmd_disable,
	  "turn it off there: all that it holds is forgotten" },
	{ "help", NULL, NULL, 0, true, cmd_help,
	  "this text" },
	{ "version", NULL, NULL, 0, true, cmd_version,
	  "the version of sipalgctl; status has the module's" },
	{ "completion", NULL, NULL, 0, true, cmd_completion,
	  "print the completion for bash" },
	{ NULL }
};

static bool begins(const char *word, const char *prefix)
{
	return strncmp(word, prefix, strlen(prefix)) == 0;
}

/* Whether a row is meant, going by the beginnings of its words. */
static bool matches(const struct command *row, const char *object, const char *verb)
{
	if (!begins(row->object, object))
		return false;
	if (row->verb)
		return verb ? begins(row->verb, verb) :
			      row == commands || strcmp(row[-1].object, row->object) != 0;
	/* A second word that is neither a verb nor an argument. */
	return !verb || row->arg;
}

static bool is_exact(const struct command *row, const char *object, const char *verb)
{
	return strcmp(row->object, object) == 0 &&
	       (!verb || !row->verb || strcmp(row->verb, verb) == 0);
}

static void say_unknown(const char *object, const char *verb)
{
	for (const struct command *row = commands; row->object; row++) {
		if (!begins(row->object, object))
			continue;
		if (verb && row->verb)
			error_say("%s has no command \"%s\": see \"sipalgctl help\"", row->object,
				  verb);
		else if (verb)
			error_say("%s takes no argument \"%s\": see \"sipalgctl help\"",
				  row->object, verb);
		return;
	}
	error_say("there is no command \"%s\": see \"sipalgctl help\"", object);
}

const struct command *command_find(const char *object, const char *verb, bool *verb_used)
{
	const struct command *found = NULL;

	for (const struct command *row = commands; row->object; row++) {
		if (!matches(row, object, verb))
			continue;
		if (is_exact(row, object, verb)) {
			found = row;
			break;
		}
		if (found) {
			error_say("\"%s%s%s\" can be %s%s%s or %s%s%s: write more of it", object,
				  verb ? " " : "", verb ?: "", found->object,
				  found->verb ? " " : "", found->verb ?: "", row->object,
				  row->verb ? " " : "", row->verb ?: "");
			return NULL;
		}
		found = row;
	}
	if (!found)
		say_unknown(object, verb);
	else
		*verb_used = found->verb && verb;
	return found;
}

enum option command_option(const struct command *command, const char *name)
{
	enum option found = OPT_COUNT;

	for (unsigned int i = 0; i < OPT_COUNT; i++) {
		if (!(command->options & 1u << i) || !begins(option_infos[i].name, name))
			continue;
		if (found != OPT_COUNT)
			return OPT_COUNT;
		found = i;
	}
	return strlen(name) > 2 ? found : OPT_COUNT;
}

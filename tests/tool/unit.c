// SPDX-License-Identifier: GPL-2.0
/* The parts of sipalgctl, one by one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>

#include "cmd.h"
#include "json.h"
#include "message.h"
#include "nl.h"
#include "record.h"
#include "sipalg.h"
#include "tap.h"
#include "utf8.h"
#include "value.h"

static char buf[8192] __attribute__((aligned(8)));

static void test_utf8(void)
{
	static const struct {
		const char *text;
		size_t len, expect;
		uint32_t codepoint;
	} cases[] = {
		{ "a", 1, 1, 'a' },
		{ "\xc3\xa9", 2, 2, 0xe9 },
		{ "\xe2\x82\xac", 3, 3, 0x20ac },
		{ "\xf0\x9f\x93\x9e", 4, 4, 0x1f4de },
		{ "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff },
		{ "\xc3\xa9", 1, 0, 0 },		/* cut */
		{ "\xe2\x82", 2, 0, 0 },
		{ "\x80", 1, 0, 0 },			/* a continuation */
		{ "\xc0\xaf", 2, 0, 0 },		/* overlong */
		{ "\xe0\x80\xaf", 3, 0, 0 },
		{ "\xed\xa0\x80", 3, 0, 0 },		/* a surrogate */
		{ "\xf4\x90\x80\x80", 4, 0, 0 },	/* above U+10FFFF */
		{ "\xf8\x88\x80\x80", 4, 0, 0 },
		{ "\xff", 1, 0, 0 },
		{ "\xc3(", 2, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* Exactly as long as it is said to be, for the sanitizer. */
		char *text = malloc(cases[i].len);
		uint32_t c = 0;
		size_t n;

		memcpy(text, cases[i].text, cases[i].len);
		n = utf8_decode(text, cases[i].len, &c);
		ok(n == cases[i].expect && c == cases[i].codepoint, "utf8 case %zu", i);
		free(text);
	}
}

static char *json_of(const char *s, size_t len)
{
	char *text = NULL;
	size_t size;
	struct json json = { .out = open_memstream(&text, &size) };

	json_open(&json, NULL, '[');
	json_string(&json, NULL, s, len);
	json_close(&json, ']');
	fclose(json.out);
	return text;
}

static void test_json(void)
{
	static const struct {
		const char *text;
		size_t len;
		const char *expect;
	} cases[] = {
		{ "plain", 5, "[\"plain\"]\n" },
		{ "\"\\/", 3, "[\"\\\"\\\\/\"]\n" },
		{ "a\0b", 3, "[\"a\\u0000b\"]\n" },
		{ "\x1b[2J\r\n", 6, "[\"\\u001b[2J\\u000d\\u000a\"]\n" },
		{ "\xff\xc3\xa9\xc3", 4, "[\"\\ufffd\xc3\xa9\\ufffd\"]\n" },
		{ "\xe2\x80\xae", 3, "[\"\\u202e\"]\n" },
		{ "", 0, "[\"\"]\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = json_of(cases[i].text, cases[i].len);

		ok(strcmp(text, cases[i].expect) == 0, "json string %zu", i);
		free(text);
	}
}

/* Every attribute of every schema is refused if it is too short or too long. */
static void test_lengths(const struct schema *schema)
{
	for (unsigned int i = 0; i <= schema->max; i++) {
		const struct field *field = &schema->fields[i];
		unsigned int good = 0;
		struct record rec;

		if (!field->key || field->type == V_NEST || field->type == V_BINARY)
			continue;
		for (size_t len = 0; len <= 17; len++) {
			struct nlmsghdr *nlh = message_start(buf, 1, 0, 0);
			char data[17];

			memset(data, 'x', sizeof(data));
			if (field->type == V_STRING && len)
				data[len - 1] = '\0';
			mnl_attr_put(nlh, i, len, data);
			good += record_parse(&rec, schema,
					     mnl_nlmsg_get_payload_offset(nlh, GENL_HDRLEN),
					     mnl_nlmsg_get_payload_len(nlh) - GENL_HDRLEN) == 0;
		}
		ok(good == (field->type == V_STRING ? 17 : field->type == V_ADDR ? 2 : 1),
		   "%s.%s: %u lengths are right", schema->name, field->key, good);
	}
}

static int count(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	++*(int *)data;
	return 0;
}

static enum nl_state walk(struct nl *nl, const struct nlmsghdr *nlh, int *seen)
{
	*nl = (struct nl){ .family = FAKE_FAMILY, .seq = 5 };
	*seen = 0;
	return nl_walk(nl, nlh, nlh->nlmsg_len, count, seen);
}

static void test_walk(void)
{
	struct nlmsghdr *nlh;
	struct nl nl;
	int seen;

	ok(walk(&nl, message_error(buf, 5, 0, NULL), &seen) == NL_DONE && !nl.error, "an ack");
	ok(walk(&nl, message_error(buf, 4, EIO, NULL), &seen) == NL_MORE && !nl.error,
	   "another request's answer");
	ok(walk(&nl, message_error(buf, 5, EBUSY, "it is busy"), &seen) == NL_FAILED &&
	   nl.error == EBUSY && strcmp(nl.extack, "it is busy") == 0, "the kernel's words");
	ok(walk(&nl, message_done(buf, 5, 0, 0), &seen) == NL_DONE && !nl.error, "end of a dump");
	ok(walk(&nl, message_done(buf, 5, EIO, NLM_F_DUMP_INTR), &seen) == NL_FAILED &&
	   nl.error == EIO && nl.interrupted, "a dump that broke off");
	ok(walk(&nl, message_start(buf, 1, 0, 5), &seen) == NL_MORE && seen == 1, "a message");

	/* Without NETLINK_CAP_ACK the request comes back between error and words. */
	nlh = message_error(buf, 5, EINVAL, NULL);
	nlh->nlmsg_flags = NLM_F_ACK_TLVS;
	((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->msg.nlmsg_len = NLMSG_HDRLEN + 8;
	mnl_nlmsg_put_extra_header(nlh, 8);
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "words");
	ok(walk(&nl, nlh, &seen) == NL_FAILED && strcmp(nl.extack, "words") == 0,
	   "words behind the request");
	((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->msg.nlmsg_len = UINT32_MAX;
	ok(walk(&nl, nlh, &seen) == NL_FAILED && !nl.extack[0], "a request of absurd length");

	nlh = message_error(buf, 5, EINVAL, NULL);
	nlh->nlmsg_len = NLMSG_HDRLEN + 2;
	ok(walk(&nl, nlh, &seen) == NL_FAILED && nl.error == EBADMSG, "an error that was cut");
	nlh = message_done(buf, 5, 0, 0);
	nlh->nlmsg_len = NLMSG_HDRLEN;
	ok(walk(&nl, nlh, &seen) == NL_DONE && !nl.error, "an end without a result");
}

static const struct command *find(const char *object, const char *verb)
{
	bool used;

	return command_find(object, verb, &used);
}

static void test_commands(void)
{
	ok(find("dialog", "list")->run == cmd_dialog_list, "dialog list");
	ok(find("d", "l")->run == cmd_dialog_list, "d l");
	ok(find("d", "s")->run == cmd_dialog_show, "d s");
	ok(find("dialog", NULL)->run == cmd_dialog_list, "dialog");
	ok(!find("di", NULL), "di is ambiguous");
	ok(find("dis", NULL)->run == cmd_disable, "dis");
	ok(find("su", "l")->run == cmd_subscription_list, "su l");
	ok(find("reg", "s")->run == cmd_registration_show, "reg s");
	ok(!find("r", "s"), "r s is ambiguous");
	ok(find("p", NULL)->run == cmd_policy_list, "p");
	ok(!find("p", "l"), "p l is ambiguous");
	ok(find("p", "lo")->run == cmd_policy_load, "p lo");
	ok(find("restore", "x")->run == cmd_restore, "restore x");
	ok(find("b", "s")->run == cmd_binding_show, "b s");
	ok(!find("sta", NULL), "sta is ambiguous");
	ok(find("stats", NULL)->run == cmd_stats, "stats");
	ok(find("str", "s")->run == cmd_stream_show, "str s");
	ok(find("b", NULL)->run == cmd_binding_list, "b");
	ok(!find("status", "now"), "status takes no word");
	ok(!find("dialog", "x"), "no such verb");
	ok(!find("", NULL), "an empty word is ambiguous");
	ok(command_option(find("d", "l"), "--call") == OPT_CALL_ID, "--call");
	ok(command_option(find("d", "l"), "--") == OPT_COUNT, "--");
	ok(command_option(find("d", "l"), "--explain") == OPT_COUNT, "not its option");
}

int main(void)
{
	freopen("/dev/null", "w", stderr);
	test_utf8();
	test_json();
	test_lengths(&schema_top);
	test_lengths(&schema_status);
	test_lengths(&schema_dialog);
	test_lengths(&schema_media);
	test_lengths(&schema_registration);
	test_lengths(&schema_options);
	test_lengths(&schema_binding);
	test_lengths(&schema_message);
	test_lengths(&schema_limit);
	test_lengths(&schema_stream);
	test_lengths(&schema_rule);
	test_walk();
	test_commands();
	return tap_end();
}

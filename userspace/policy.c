// SPDX-License-Identifier: GPL-2.0
/* A whole policy, between memory and the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/genetlink.h>

#include "error.h"
#include "policy.h"

/* A rule with all that can be said of it has less. */
#define RULE_BYTES	2048

/* How often a policy is read that is replaced meanwhile. */
#define TRIES	4

int policy_insert(struct policy *p, unsigned int at, const struct rule *r)
{
	if (p->n == p->room) {
		unsigned int room = p->room ? 2 * p->room : 16;
		struct rule *rules = reallocarray(p->rules, room, sizeof(*rules));

		if (!rules) {
			error_say("there is no memory for %u rules", room);
			return -1;
		}
		p->rules = rules;
		p->room = room;
	}
	memmove(&p->rules[at + 1], &p->rules[at], (p->n - at) * sizeof(*r));
	p->rules[at] = *r;
	p->n++;
	return 0;
}

void policy_free(struct policy *p)
{
	free(p->rules);
	*p = (struct policy){ 0 };
}

struct fetch {
	struct policy *policy;
	bool failed;
};

static int fetch_rule(const struct nlmsghdr *nlh, void *data)
{
	struct fetch *f = data;
	struct record top, rec;
	struct rule r;

	f->failed = true;
	if (record_parse_message(&top, nlh) < 0)
		return -1;
	if (top.attr[SIPALG_A_RULE]) {
		if (record_parse_nest(&rec, &schema_rule, top.attr[SIPALG_A_RULE]) < 0)
			return -1;
		rule_read(&r, &rec);
		if (policy_insert(f->policy, f->policy->n, &r) < 0)
			return -1;
	}
	f->failed = false;
	return 0;
}

int policy_fetch(struct nl *nl, const char *what, struct policy *p)
{
	struct fetch f = { .policy = p };
	union nl_request req;

	for (int tries = TRIES; tries; tries--) {
		p->n = 0;
		nl_request(nl, &req, SIPALG_CMD_POLICY_GET, NLM_F_DUMP);
		if (nl_talk(nl, &req, fetch_rule, &f) < 0) {
			nl_error_say(nl, what);
			return -1;
		}
		if (f.failed)
			return -1;
		if (!nl->interrupted)
			return 0;
	}
	error_say("%s: others replace the policy all the time", what);
	return -1;
}

static int no_message(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	return 0;
}

int policy_commit(struct nl *nl, const char *what, const struct policy *p)
{
	size_t size = sizeof(union nl_request) + (size_t)p->n * RULE_BYTES;
	union nl_request *req = malloc(size);
	bool fits = req;
	int result = -1;

	if (req)
		nl_request(nl, req, SIPALG_CMD_POLICY_SET, NLM_F_ACK);
	for (unsigned int i = 0; fits && i < p->n; i++)
		fits = rule_put(&req->nlh, size, &p->rules[i]);
	if (!fits)
		error_say("%s: there is no memory for a policy of %u rules", what, p->n);
	else
		result = nl_talk(nl, req, no_message, NULL);
	if (fits && result < 0)
		nl_error_say(nl, what);
	free(req);
	return result;
}

// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "extack.h"
#include "schema.h"

/* Which attribute of the request begins at this place. */
static const char *attr_at(const struct nlmsghdr *request, uint32_t offset)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, request, GENL_HDRLEN) {
		unsigned int type = mnl_attr_get_type(attr);

		if ((const char *)attr - (const char *)request == offset)
			return type <= schema_top.max ? schema_top.fields[type].key : NULL;
	}
	return NULL;
}

static uint64_t number(const struct nlattr *attr)
{
	uint64_t value;

	if (mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
		return mnl_attr_get_u32(attr);
	if (mnl_attr_get_payload_len(attr) != sizeof(value))
		return 0;
	memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
	return value;
}

/* What the attribute has to be like. */
static void read_policy(char *text, size_t size, const struct nlattr *policy)
{
	uint64_t min = 0, max = UINT64_MAX;
	const struct nlattr *attr;
	const char *unit = "";

	mnl_attr_for_each_nested(attr, policy) {
		switch (mnl_attr_get_type(attr)) {
		case NL_POLICY_TYPE_ATTR_MIN_LENGTH:
			unit = " bytes";
			/* fall through */
		case NL_POLICY_TYPE_ATTR_MIN_VALUE_U:
			min = number(attr);
			break;
		case NL_POLICY_TYPE_ATTR_MAX_LENGTH:
			unit = " bytes";
			/* fall through */
		case NL_POLICY_TYPE_ATTR_MAX_VALUE_U:
			max = number(attr);
			break;
		}
	}
	if (max != UINT64_MAX && min)
		snprintf(text, size, " (%" PRIu64 " to %" PRIu64 "%s)", min, max, unit);
	else if (max != UINT64_MAX)
		snprintf(text, size, " (at most %" PRIu64 "%s)", max, unit);
	else if (min)
		snprintf(text, size, " (at least %" PRIu64 "%s)", min, unit);
}

void extack_read(char *text, size_t size, const struct nlmsghdr *answer, size_t fixed,
		 const struct nlmsghdr *request)
{
	const char *payload = mnl_nlmsg_get_payload(answer);
	size_t len = mnl_nlmsg_get_payload_len(answer);
	const char *words = NULL, *name = NULL;
	const struct nlattr *attr;
	char allowed[64] = "";

	fixed = MNL_ALIGN(fixed);
	if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS) || len <= fixed)
		return;
	for (attr = (const void *)(payload + fixed);
	     mnl_attr_ok(attr, payload + len - (const char *)attr); attr = mnl_attr_next(attr)) {
		switch (mnl_attr_get_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
				words = mnl_attr_get_str(attr);
			break;
		case NLMSGERR_ATTR_OFFS:
			if (request && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
				name = attr_at(request, mnl_attr_get_u32(attr));
			break;
		case NLMSGERR_ATTR_POLICY:
			if (mnl_attr_validate(attr, MNL_TYPE_NESTED) == 0)
				read_policy(allowed, sizeof(allowed), attr);
			break;
		}
	}
	if (words)
		snprintf(text, size, "%s%s%s%s", name ?: "", name ? ": " : "", words, allowed);
}

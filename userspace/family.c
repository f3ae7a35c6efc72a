// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <linux/genetlink.h>

#include "error.h"
#include "family.h"
#include "sipalg.h"

struct found {
	uint16_t family;
	uint32_t group;
	uint32_t messages;
};

static void read_group(struct found *found, const struct nlattr *nest)
{
	const struct nlattr *attr;
	const char *name = "";
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			name = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID &&
			 mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			id = mnl_attr_get_u32(attr);
	}
	if (strcmp(name, SIPALG_GENL_GROUP) == 0)
		found->group = id;
	else if (strcmp(name, SIPALG_GENL_GROUP_MESSAGES) == 0)
		found->messages = id;
}

static int read_answer(const struct nlmsghdr *nlh, void *data)
{
	struct found *found = data;
	const struct nlattr *attr, *group;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U16) == 0)
			found->family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS &&
		    mnl_attr_validate(attr, MNL_TYPE_NESTED) == 0) {
			mnl_attr_for_each_nested(group, attr)
				read_group(found, group);
		}
	}
	return 0;
}

bool family_is_gone(const struct nlmsghdr *nlh, uint16_t family)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct found found = { 0 };

	if (nlh->nlmsg_type != GENL_ID_CTRL || mnl_nlmsg_get_payload_len(nlh) < GENL_HDRLEN ||
	    genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	read_answer(nlh, &found);
	return found.family == family;
}

int family_find(struct nl *nl)
{
	struct found found = { 0 };
	union nl_request req;

	nl->family = GENL_ID_CTRL;
	nl_request(nl, &req, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	mnl_attr_put_strz(&req.nlh, CTRL_ATTR_FAMILY_NAME, SIPALG_GENL_NAME);
	if (nl_talk(nl, &req, read_answer, &found) < 0) {
		if (nl->error == ENOENT)
			error_say("the module sipalg is not loaded, nor could it be loaded by "
				  "itself: load it with \"modprobe sipalg\" as root");
		else
			nl_error_say(nl, "looking for the module sipalg");
		return -1;
	}
	if (!found.family) {
		error_say("the kernel did not tell the number of the netlink family sipalg");
		return -1;
	}
	nl->family = found.family;
	nl->group = found.group;
	nl->messages = found.messages;
	return 0;
}

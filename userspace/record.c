// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <linux/genetlink.h>

#include "error.h"
#include "record.h"

static const struct {
	enum mnl_attr_data_type type;
	size_t len;		/* exactly, 0: any */
} value_types[] = {
	[V_NONE] = { MNL_TYPE_UNSPEC, 0 },
	[V_STRING] = { MNL_TYPE_NUL_STRING, 0 },
	[V_U8] = { MNL_TYPE_U8, 1 },
	[V_U16] = { MNL_TYPE_U16, 2 },
	[V_U32] = { MNL_TYPE_U32, 4 },
	[V_U64] = { MNL_TYPE_U64, 8 },
	[V_S32] = { MNL_TYPE_U32, 4 },
	[V_BOOL] = { MNL_TYPE_U8, 1 },
	[V_NAME8] = { MNL_TYPE_U8, 1 },
	[V_NAME32] = { MNL_TYPE_U32, 4 },
	[V_ADDR] = { MNL_TYPE_BINARY, 0 },
	[V_TIME] = { MNL_TYPE_U64, 8 },
	[V_NEST] = { MNL_TYPE_NESTED, 0 },
	[V_BINARY] = { MNL_TYPE_BINARY, 0 },
};

static bool attr_valid(const struct field *field, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (mnl_attr_validate(attr, value_types[field->type].type) < 0)
		return false;
	if (field->type == V_ADDR)
		return len == 4 || len == 16;
	return !value_types[field->type].len || len == value_types[field->type].len;
}

const struct field *record_field(const struct record *rec, unsigned int attr)
{
	if (attr > rec->schema->max || !rec->schema->fields[attr].key)
		return NULL;
	return &rec->schema->fields[attr];
}

int record_parse(struct record *rec, const struct schema *schema, const void *data, size_t len)
{
	const char *end = (const char *)data + len;
	const struct nlattr *attr;

	*rec = (struct record){ .schema = schema, .data = data, .len = len };
	record_for_each(attr, rec) {
		unsigned int type = mnl_attr_get_type(attr);
		const struct field *field = record_field(rec, type);

		if (!field)
			continue;
		if (!attr_valid(field, attr)) {
			error_say("the kernel sent %s of a %s with %u bytes that make no sense; "
				  "are the module and sipalgctl of the same version?",
				  field->key, schema->name, mnl_attr_get_payload_len(attr));
			return -1;
		}
		rec->attr[type] = attr;
	}
	if ((const char *)attr < end) {
		error_say("the kernel sent a %s that was cut short", schema->name);
		return -1;
	}
	return 0;
}

int record_parse_message(struct record *rec, const struct nlmsghdr *nlh)
{
	if (mnl_nlmsg_get_payload_len(nlh) < GENL_HDRLEN) {
		error_say("the kernel sent a message that was cut short");
		return -1;
	}
	return record_parse(rec, &schema_top, mnl_nlmsg_get_payload_offset(nlh, GENL_HDRLEN),
			    mnl_nlmsg_get_payload_len(nlh) - GENL_HDRLEN);
}

int record_parse_nest(struct record *rec, const struct schema *schema, const struct nlattr *nest)
{
	return record_parse(rec, schema, mnl_attr_get_payload(nest),
			    mnl_attr_get_payload_len(nest));
}

bool record_unknown(const struct record *rec, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);
	const struct nlattr *before;

	/* 1 is padding everywhere. */
	if (type <= 1 || record_field(rec, type))
		return false;
	record_for_each(before, rec) {
		if (before == attr)
			return true;
		if (mnl_attr_get_type(before) == type)
			return false;
	}
	return false;
}

uint64_t record_number(const struct record *rec, unsigned int attr)
{
	const struct nlattr *a = rec->attr[attr];
	uint64_t u64;

	if (!a)
		return 0;
	switch (mnl_attr_get_payload_len(a)) {
	case 1:
		return mnl_attr_get_u8(a);
	case 2:
		return mnl_attr_get_u16(a);
	case 4:
		return mnl_attr_get_u32(a);
	case 8:
		memcpy(&u64, mnl_attr_get_payload(a), sizeof(u64));
		return u64;
	}
	return 0;
}

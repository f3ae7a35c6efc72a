// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters: ";name" and ";name = value", of URIs and of header fields.
 */
#include "scan.h"

/* A value ends at ';', but not within quotes; open quotes reach to the end. */
static u32 value_end(const char *data, u32 pos, u32 end)
{
	pos = sip_find_unquoted(data, pos, end, ';');
	return pos > end ? end : pos;
}

bool sip_param_next(const char *data, struct sip_span *rest,
		    struct sip_span *name, struct sip_span *value)
{
	u32 pos = rest->off, end = sip_span_end(*rest), stop;

	while (pos < end && (data[pos] == ';' || sip_is_ws(data[pos])))
		pos++;
	if (pos == end) {
		*rest = sip_span(end, end);
		return false;
	}
	stop = sip_until(data, pos, end, SIP_C_PARAM);
	*name = sip_trim(data, pos, stop);
	*value = sip_span(stop, stop);
	if (stop < end && data[stop] == '=') {
		pos = stop + 1;
		stop = value_end(data, pos, end);
		*value = sip_trim(data, pos, stop);
	} else if (stop < end && data[stop] != ';') {
		/* Odd: a quote or a comma in a name. Nobody asks for it. */
		stop = value_end(data, stop, end);
	}
	*rest = sip_span(stop, end);
	return true;
}

/* Others are passed over to their ';', unread: it is sought from their name on. */
bool sip_param_of(const char *data, struct sip_span params, const char *name,
		  u32 len, struct sip_span *value)
{
	u32 pos = params.off, end = sip_span_end(params);
	struct sip_span key;

	for (;;) {
		while (pos < end && (data[pos] == ';' || sip_is_ws(data[pos])))
			pos++;
		if (end - pos < len)
			return false;
		if (!sip_same(data + pos, name, len)) {
			pos = value_end(data, pos, end);
			continue;
		}
		params = sip_span(pos, end);
		if (!sip_param_next(data, &params, &key, value))
			return false;
		if (key.len == len)
			return true;
		pos = params.off;
	}
}

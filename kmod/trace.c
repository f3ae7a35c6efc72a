// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints, and what their records are made of.
 */
#include <linux/in.h>
#include <linux/in6.h>

#include "ctx.h"
#include "../include/sipalg_options.h"
#include "../include/sipalg_reasons.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

void sipalg_trace_addr(u8 *to, const struct sip_endpoint *at)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in4 = { .sin_family = AF_INET };

	memset(to, 0, SIPALG_TRACE_ADDR);
	if (at->host.family == 4) {
		in4.sin_port = htons(at->port);
		memcpy(&in4.sin_addr, at->host.addr, sizeof(in4.sin_addr));
		memcpy(to, &in4, sizeof(in4));
	} else {
		in6.sin6_port = htons(at->port);
		memcpy(&in6.sin6_addr, at->host.addr, sizeof(in6.sin6_addr));
		memcpy(to, &in6, sizeof(in6));
	}
}

const char *sipalg_trace_reason(enum sipalg_reason reason)
{
	static const char * const names[] = {
#define X(e, name, class, text) #name,
		SIPALG_REASONS(X)
#undef X
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "?";
}

const char *sipalg_trace_method(u8 method)
{
	static const char * const names[] = {
#define X(name) #name,
		SIPALG_METHODS(X)
#undef X
	};

	return method < ARRAY_SIZE(names) ? names[method] : "?";
}

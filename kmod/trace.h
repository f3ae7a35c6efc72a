/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the pipeline, in the group "sipalg": a message that comes in,
 * the verdict on it and why, bindings that are made and that go. Turned off,
 * each of them is a jump that is not taken.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sipalg

#if !defined(SIPALG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SIPALG_TRACE_H

#include <linux/in6.h>
#include <linux/tracepoint.h>

#include "binding.h"
#include "ctx.h"

#ifndef SIPALG_TRACE_ONCE
#define SIPALG_TRACE_ONCE

#define SIPALG_TRACE_ADDR	sizeof(struct sockaddr_in6)

/* An endpoint in the form that "%pISpc" writes; in trace.c. */
void sipalg_trace_addr(u8 *to, const struct sip_endpoint *at);
/* The name of a reason, and of a method; likewise. */
const char *sipalg_trace_reason(enum sipalg_reason reason);
const char *sipalg_trace_method(u8 method);

#endif

TRACE_EVENT(message_in,
	TP_PROTO(const struct sipalg_ctx *ctx),
	TP_ARGS(ctx),
	TP_STRUCT__entry(
		__field(u8, proto)
		__array(u8, from, SIPALG_TRACE_ADDR)
		__array(u8, to, SIPALG_TRACE_ADDR)
	),
	TP_fast_assign(
		__entry->proto = ctx->proto;
		sipalg_trace_addr(__entry->from, &ctx->path.src_in);
		sipalg_trace_addr(__entry->to, &ctx->path.dst_in);
	),
	TP_printk("%s %pISpc > %pISpc", __entry->proto == IPPROTO_TCP ? "tcp" : "udp",
		  __entry->from, __entry->to)
);

/* @parsed: what the message says is valid. */
TRACE_EVENT(verdict,
	TP_PROTO(const struct sipalg_ctx *ctx, enum sipalg_reason reason, bool parsed),
	TP_ARGS(ctx, reason, parsed),
	TP_STRUCT__entry(
		__array(char, reason, 32)
		__array(char, method, 16)
		__field(u16, status)
		__field(u32, cseq)
		__field(u32, len)
		__array(u8, from, SIPALG_TRACE_ADDR)
		__array(u8, to, SIPALG_TRACE_ADDR)
	),
	TP_fast_assign(
		strscpy(__entry->reason, sipalg_trace_reason(reason), 32);
		strscpy(__entry->method,
			parsed ? sipalg_trace_method(ctx->msg.method) : "?", 16);
		__entry->status = parsed ? ctx->msg.status : 0;
		__entry->cseq = parsed ? ctx->msg.cseq : 0;
		__entry->len = ctx->packet.payload_len;
		sipalg_trace_addr(__entry->from, &ctx->path.src_out);
		sipalg_trace_addr(__entry->to, &ctx->path.dst_out);
	),
	TP_printk("%s: %s %u, status %u, %u bytes, %pISpc > %pISpc", __entry->reason,
		  __entry->method, __entry->cseq, __entry->status, __entry->len,
		  __entry->from, __entry->to)
);

DECLARE_EVENT_CLASS(sipalg_binding,
	TP_PROTO(const struct sipalg_binding *b),
	TP_ARGS(b),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u8, type)
		__field(u8, proto)
		__array(u8, inner, SIPALG_TRACE_ADDR)
		__array(u8, outer, SIPALG_TRACE_ADDR)
	),
	TP_fast_assign(
		struct sip_endpoint at;

		__entry->id = b->id;
		__entry->type = b->type;
		__entry->proto = sipalg_binding_key(b, SIPALG_INNER)->proto;
		sipalg_end_get(b, SIPALG_INNER, &at);
		sipalg_trace_addr(__entry->inner, &at);
		sipalg_end_get(b, SIPALG_OUTER, &at);
		sipalg_trace_addr(__entry->outer, &at);
	),
	TP_printk("%u: %s, %s, %pISpc = %pISpc", __entry->id,
		  __print_symbolic(__entry->type, { SIPALG_BINDING_SIGNALLING, "signalling" },
				   { SIPALG_BINDING_MEDIA, "media" },
				   { SIPALG_BINDING_RTCP, "rtcp" }),
		  __entry->proto == IPPROTO_TCP ? "tcp" : "udp", __entry->inner,
		  __entry->outer)
);

DEFINE_EVENT(sipalg_binding, binding_made,
	TP_PROTO(const struct sipalg_binding *b),
	TP_ARGS(b)
);

DEFINE_EVENT(sipalg_binding, binding_gone,
	TP_PROTO(const struct sipalg_binding *b),
	TP_ARGS(b)
);

#endif

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

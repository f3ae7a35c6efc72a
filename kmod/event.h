/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Telling listeners what happens. Nothing is built where nobody listens.
 */
#ifndef SIPALG_EVENT_H
#define SIPALG_EVENT_H

#include "../include/sipalg.h"
#include "../include/sipalg_reasons.h"

struct sipalg_binding;
struct sipalg_ctx;
struct sipalg_dialog;
struct sipalg_net;
struct sipalg_registration;
struct sipalg_stream;
struct sip_host;

void sipalg_event_dialog(const struct sipalg_dialog *d, enum sipalg_event event);
void sipalg_event_registration(const struct sipalg_registration *r,
			       enum sipalg_event event);
/* With its lock. */
void sipalg_event_stream(struct sipalg_stream *st, enum sipalg_event event);
void sipalg_event_binding(struct sipalg_binding *b, enum sipalg_event event);
/* A message went through, or was left alone for @reason; @parsed: ctx->msg is valid. */
void sipalg_event_message(const struct sipalg_ctx *ctx, enum sipalg_reason reason,
			  bool parsed);
/*
 * A limit was reached, by @host unless that is NULL. Called each time; told once
 * in ten seconds. Any context, any of our locks.
 */
void sipalg_event_limit(struct sipalg_net *sn, enum sipalg_limit limit,
			const struct sip_host *host);

#endif

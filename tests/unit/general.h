/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pure layer compiled with SIP_GENERAL_ONLY, under the names that the
 * Makefile gives its functions.
 */
#ifndef GENERAL_H
#define GENERAL_H

#include "tap.h"

bool general_sip_looks_like(const char *data, u32 len);
enum sipalg_reason general_sip_parse(struct sip_msg *m, const char *data, u32 len);
int general_sip_uri_parse(const char *data, struct sip_span s, struct sip_uri *u);
void general_sip_host_parse(const char *data, struct sip_span s, struct sip_host *h);
int general_sip_nameaddr_next(const char *data, struct sip_span *rest,
			      struct sip_nameaddr *na);
int general_sip_via_next(const char *data, struct sip_span *rest, struct sip_via *v);
void general_sip_parts_init(struct sip_parts *w, const struct sip_msg *m);
bool general_sip_parts_next(struct sip_parts *w, struct sip_part *part);
bool general_sip_param_of(const char *data, struct sip_span params, const char *name,
			  u32 len, struct sip_span *value);
u32 general_sdp_codecs(const char *data, const struct sdp_media *m, u8 *codes, u32 max);
enum sipalg_reason general_sdp_parse(const char *data, struct sip_span s,
				     struct sdp *sdp);

#endif

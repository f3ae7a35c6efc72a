// SPDX-License-Identifier: GPL-2.0
#include "schema.h"
#include "sipalg.h"
#include "sipalg_options.h"
#include "sipalg_reasons.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define NAMES(a)	.names = (a), .name_count = COUNT(a)
#define SCHEMA(label, table)						\
	{ .name = (label), .fields = (table), .max = COUNT(table) - 1 }

static const char *const dialog_states[] = {
	[SIPALG_DIALOG_TRYING] = "trying",
	[SIPALG_DIALOG_EARLY] = "early",
	[SIPALG_DIALOG_CONFIRMED] = "confirmed",
	[SIPALG_DIALOG_TERMINATED] = "terminated",
};

static const char *const end_reasons[] = {
	[SIPALG_END_NONE] = "none",
	[SIPALG_END_BYE] = "bye",
	[SIPALG_END_BYE_TIMEOUT] = "bye_timeout",
	[SIPALG_END_CANCEL] = "cancel",
	[SIPALG_END_FAILURE] = "failure",
	[SIPALG_END_TIMEOUT] = "timeout",
	[SIPALG_END_REPLACED] = "replaced",
	[SIPALG_END_KILLED] = "killed",
	[SIPALG_END_DISABLED] = "disabled",
	[SIPALG_END_EVICTED] = "evicted",
	[SIPALG_END_LOST] = "lost",
	[SIPALG_END_SILENT] = "silent",
};

static const char *const parties[] = {
	[SIPALG_PARTY_NONE] = "none",
	[SIPALG_PARTY_A] = "a",
	[SIPALG_PARTY_B] = "b",
	[SIPALG_PARTY_BOTH] = "both",
};

static const char *const subscription_states[] = {
	[SIPALG_SUBSCRIPTION_ASKED] = "asked",
	[SIPALG_SUBSCRIPTION_PENDING] = "pending",
	[SIPALG_SUBSCRIPTION_ACTIVE] = "active",
	[SIPALG_SUBSCRIPTION_TERMINATED] = "terminated",
	[SIPALG_SUBSCRIPTION_OTHER] = "other",
};

static const char *const dialog_kinds[] = {
	[SIPALG_KIND_ALL] = "all",
	[SIPALG_KIND_CALL] = "call",
	[SIPALG_KIND_SUBSCRIPTION] = "subscription",
};

static const char *const reachables[] = {
	[SIPALG_REACHABLE_UNKNOWN] = "unknown",
	[SIPALG_REACHABLE_YES] = "yes",
	[SIPALG_REACHABLE_NO] = "no",
};

static const char *const askers[] = {
	[SIPALG_BY_REGISTRAR] = "registrar",
	[SIPALG_BY_PHONE] = "phone",
};

static const char *const directions[] = {
	[SIPALG_SENDRECV] = "sendrecv",
	[SIPALG_SENDONLY] = "sendonly",
	[SIPALG_RECVONLY] = "recvonly",
	[SIPALG_INACTIVE] = "inactive",
};

static const char *const media_kinds[] = {
	[SIPALG_MEDIA_OTHER] = "other",
	[SIPALG_MEDIA_AUDIO] = "audio",
	[SIPALG_MEDIA_VIDEO] = "video",
	[SIPALG_MEDIA_IMAGE] = "image",
	[SIPALG_MEDIA_TEXT] = "text",
	[SIPALG_MEDIA_MESSAGE] = "message",
	[SIPALG_MEDIA_APPLICATION] = "application",
};

static const char *const binding_types[] = {
	[SIPALG_BINDING_SIGNALLING] = "signalling",
	[SIPALG_BINDING_MEDIA] = "media",
	[SIPALG_BINDING_RTCP] = "rtcp",
};

static const char *const events[] = {
	[SIPALG_EVENT_DIALOG_NEW] = "dialog_new",
	[SIPALG_EVENT_DIALOG_EARLY] = "dialog_early",
	[SIPALG_EVENT_DIALOG_ANSWERED] = "dialog_answered",
	[SIPALG_EVENT_DIALOG_CHANGED] = "dialog_changed",
	[SIPALG_EVENT_DIALOG_ENDED] = "dialog_ended",
	[SIPALG_EVENT_REGISTERED] = "registered",
	[SIPALG_EVENT_UNREGISTERED] = "unregistered",
	[SIPALG_EVENT_MESSAGE] = "message",
	[SIPALG_EVENT_DIALOG_RINGING] = "dialog_ringing",
	[SIPALG_EVENT_DIALOG_HELD] = "dialog_held",
	[SIPALG_EVENT_DIALOG_RESUMED] = "dialog_resumed",
	[SIPALG_EVENT_DIALOG_TRANSFER] = "dialog_transfer",
	[SIPALG_EVENT_SUBSCRIPTION] = "subscription",
	[SIPALG_EVENT_STREAM_KILLED] = "stream_killed",
	[SIPALG_EVENT_BINDING_KILLED] = "binding_killed",
	[SIPALG_EVENT_LIMIT] = "limit_reached",
};

static const char *const limits[] = {
	[SIPALG_LIMIT_DIALOGS] = "dialogs",
	[SIPALG_LIMIT_DIALOGS_RULE] = "dialogs_rule",
	[SIPALG_LIMIT_DIALOGS_SOURCE] = "dialogs_source",
	[SIPALG_LIMIT_DIALOGS_CALL] = "dialogs_call",
	[SIPALG_LIMIT_REGISTRATIONS] = "registrations",
	[SIPALG_LIMIT_REGISTRATIONS_RULE] = "registrations_rule",
	[SIPALG_LIMIT_REGISTRATIONS_SOURCE] = "registrations_source",
	[SIPALG_LIMIT_REGISTRATIONS_AOR] = "registrations_aor",
	[SIPALG_LIMIT_BINDINGS] = "bindings",
	[SIPALG_LIMIT_STREAMS] = "streams",
	[SIPALG_LIMIT_STREAM_MESSAGES] = "stream_messages",
	[SIPALG_LIMIT_HELD] = "held",
	[SIPALG_LIMIT_HELD_STREAM] = "held_stream",
	[SIPALG_LIMIT_HELD_SOURCE] = "held_source",
	[SIPALG_LIMIT_FLOWS] = "flows",
	[SIPALG_LIMIT_RATE] = "rate",
	[SIPALG_LIMIT_SOURCES] = "sources",
};

static const char *const ways[] = {
	[SIPALG_WAY_PLAIN] = "plain",
	[SIPALG_WAY_OUT] = "out",
	[SIPALG_WAY_IN] = "in",
	[SIPALG_WAY_BOTH] = "both",
};

static const char *const reasons[] = {
#define X(e, name, class, text) [SIPALG_R_##e] = #name,
	SIPALG_REASONS(X)
#undef X
};

static const char *const stream_states[] = {
	[SIPALG_STREAM_DECIDING] = "deciding",
	[SIPALG_STREAM_SIP] = "sip",
	[SIPALG_STREAM_LEFT_ALONE] = "left_alone",
};

static const char *const stream_reasons[] = {
	[SIPALG_LEFT_NONE] = "none",
	[SIPALG_LEFT_NOT_SIP] = "not_sip",
	[SIPALG_LEFT_FRAMING] = "framing",
	[SIPALG_LEFT_LENGTH] = "length",
	[SIPALG_LEFT_TOO_LONG] = "too_long",
	[SIPALG_LEFT_STALLED] = "stalled",
	[SIPALG_LEFT_MEMORY] = "memory",
	[SIPALG_LEFT_LIMIT] = "limit",
	[SIPALG_LEFT_CLOSED] = "closed",
	[SIPALG_LEFT_URGENT] = "urgent",
	[SIPALG_LEFT_LATE] = "late",
	[SIPALG_LEFT_ASKED] = "asked",
	[SIPALG_LEFT_HELD_SOURCE] = "held_source",
	[SIPALG_LEFT_KILLED] = "killed",
};

static const char *const registration_states[] = { "asked", "granted" };
static const char *const sides[] = { "a", "b" };
static const char *const protocols[] = {
	[6] = "tcp", [17] = "udp", [132] = "sctp",
};

static const struct field status_fields[] = {
	[SIPALG_STATUS_VERSION] = { "version", V_STRING },
	[SIPALG_STATUS_ENABLED] = { "enabled", V_BOOL },
	[SIPALG_STATUS_DIALOGS] = { "dialogs", V_U32 },
	[SIPALG_STATUS_REGISTRATIONS] = { "registrations", V_U32 },
	[SIPALG_STATUS_BINDINGS] = { "bindings", V_U32 },
	[SIPALG_STATUS_DIALOGS_MAX] = { "dialogs_max", V_U32 },
	[SIPALG_STATUS_REGISTRATIONS_MAX] = { "registrations_max", V_U32 },
	[SIPALG_STATUS_BINDINGS_MAX] = { "bindings_max", V_U32 },
	[SIPALG_STATUS_PORT] = { "port", V_U16 },
	[SIPALG_STATUS_MEDIA_PORT_MIN] = { "media_port_min", V_U16 },
	[SIPALG_STATUS_MEDIA_PORT_MAX] = { "media_port_max", V_U16 },
	[SIPALG_STATUS_CALLS_TRYING] = { "calls_trying", V_U32 },
	[SIPALG_STATUS_CALLS_RINGING] = { "calls_ringing", V_U32 },
	[SIPALG_STATUS_CALLS_ANSWERED] = { "calls_answered", V_U32 },
	[SIPALG_STATUS_CALLS_HELD] = { "calls_held", V_U32 },
	[SIPALG_STATUS_SUBSCRIPTIONS] = { "subscriptions", V_U32 },
	[SIPALG_STATUS_STREAMS] = { "streams", V_U32 },
	[SIPALG_STATUS_STREAMS_MAX] = { "streams_max", V_U32 },
	[SIPALG_STATUS_STREAM_BYTES] = { "stream_bytes", V_U64 },
	[SIPALG_STATUS_STREAM_BYTES_MAX] = { "stream_bytes_max", V_U64 },
};

const struct schema schema_status = SCHEMA("status", status_fields);

static const struct field media_fields[] = {
	[SIPALG_MEDIA_SIDE] = { "side", V_NAME8, NAMES(sides) },
	[SIPALG_MEDIA_INDEX] = { "index", V_U8 },
	[SIPALG_MEDIA_KIND] = { "kind", V_NAME8, NAMES(media_kinds) },
	[SIPALG_MEDIA_DIRECTION] = { "direction", V_NAME8, NAMES(directions) },
	[SIPALG_MEDIA_INNER_ADDR] = { "inner_addr", V_ADDR },
	[SIPALG_MEDIA_INNER_PORT] = { "inner_port", V_U16 },
	[SIPALG_MEDIA_OUTER_ADDR] = { "outer_addr", V_ADDR },
	[SIPALG_MEDIA_OUTER_PORT] = { "outer_port", V_U16 },
	[SIPALG_MEDIA_RTCP_PORT] = { "rtcp_port", V_U16 },
	[SIPALG_MEDIA_BOUND] = { "bound", V_BOOL },
	[SIPALG_MEDIA_CODECS] = { "codecs", V_STRING },
	[SIPALG_MEDIA_PACKETS] = { "packets", V_U64 },
	[SIPALG_MEDIA_BYTES] = { "bytes", V_U64 },
	[SIPALG_MEDIA_MUX] = { "rtcp_mux", V_BOOL },
};

const struct schema schema_media = SCHEMA("media", media_fields);

static const struct field dialog_fields[] = {
	[SIPALG_DIALOG_ID] = { "id", V_U32 },
	[SIPALG_DIALOG_CALL_ID] = { "call_id", V_STRING },
	[SIPALG_DIALOG_STATE] = { "state", V_NAME8, NAMES(dialog_states) },
	[SIPALG_DIALOG_END_REASON] = { "end_reason", V_NAME8, NAMES(end_reasons) },
	[SIPALG_DIALOG_STATUS] = { "status", V_U16 },
	[SIPALG_DIALOG_METHOD] = { "method", V_STRING },
	[SIPALG_DIALOG_A_URI] = { "a_uri", V_STRING },
	[SIPALG_DIALOG_B_URI] = { "b_uri", V_STRING },
	[SIPALG_DIALOG_A_TAG] = { "a_tag", V_STRING },
	[SIPALG_DIALOG_B_TAG] = { "b_tag", V_STRING },
	[SIPALG_DIALOG_A_ADDR] = { "a_addr", V_ADDR },
	[SIPALG_DIALOG_B_ADDR] = { "b_addr", V_ADDR },
	[SIPALG_DIALOG_START] = { "start", V_TIME },
	[SIPALG_DIALOG_ANSWER] = { "answer", V_TIME },
	[SIPALG_DIALOG_END] = { "end", V_TIME },
	[SIPALG_DIALOG_SESSION_EXPIRES] = { "session_expires", V_U32 },
	[SIPALG_DIALOG_EXPIRES_IN] = { "expires_in", V_U32 },
	[SIPALG_DIALOG_MEDIA] = { "media", V_NEST, .many = true, .nest = &schema_media },
	[SIPALG_DIALOG_CALL] = { "call", V_U32 },
	[SIPALG_DIALOG_FORKS] = { "forks", V_U16 },
	[SIPALG_DIALOG_PROVISIONAL] = { "provisional", V_U16 },
	[SIPALG_DIALOG_RINGING] = { "ringing", V_TIME },
	[SIPALG_DIALOG_SETUP] = { "setup_ms", V_U32 },
	[SIPALG_DIALOG_HELD_BY] = { "held_by", V_NAME8, NAMES(parties) },
	[SIPALG_DIALOG_REINVITES] = { "reinvites", V_U16 },
	[SIPALG_DIALOG_UPDATES] = { "updates", V_U16 },
	[SIPALG_DIALOG_SESSION_LEFT] = { "session_left", V_U32 },
	[SIPALG_DIALOG_REFRESHER] = { "refresher", V_NAME8, NAMES(parties) },
	[SIPALG_DIALOG_BYE_BY] = { "bye_by", V_NAME8, NAMES(parties) },
	[SIPALG_DIALOG_REFER_BY] = { "refer_by", V_NAME8, NAMES(parties) },
	[SIPALG_DIALOG_REFER_TO] = { "refer_to", V_STRING },
	[SIPALG_DIALOG_REFER_STATUS] = { "refer_status", V_U16 },
	[SIPALG_DIALOG_EVENT] = { "event", V_STRING },
	[SIPALG_DIALOG_SUB_STATE] = { "subscription_state", V_NAME8,
				      NAMES(subscription_states) },
	[SIPALG_DIALOG_SUB_EXPIRES] = { "subscription_expires", V_U32 },
	[SIPALG_DIALOG_SUB_EXPIRES_IN] = { "subscription_expires_in", V_U32 },
	[SIPALG_DIALOG_NOTIFIES] = { "notifies", V_U32 },
};

const struct schema schema_dialog = SCHEMA("dialog", dialog_fields);

static const struct field options_fields[] = {
	[SIPALG_OPTIONS_BY] = { "by", V_NAME8, NAMES(askers) },
	[SIPALG_OPTIONS_TIME] = { "time", V_TIME },
	[SIPALG_OPTIONS_STATUS] = { "status", V_U16 },
	[SIPALG_OPTIONS_UNANSWERED] = { "unanswered", V_U16 },
	[SIPALG_OPTIONS_RTT] = { "rtt_ms", V_U32 },
};

const struct schema schema_options = SCHEMA("options", options_fields);

static const struct field registration_fields[] = {
	[SIPALG_REG_ID] = { "id", V_U32 },
	[SIPALG_REG_AOR] = { "aor", V_STRING },
	[SIPALG_REG_CONTACT] = { "contact", V_STRING },
	[SIPALG_REG_STATE] = { "state", V_NAME8, NAMES(registration_states) },
	[SIPALG_REG_EXPIRES] = { "expires", V_U32 },
	[SIPALG_REG_EXPIRES_IN] = { "expires_in", V_U32 },
	[SIPALG_REG_REGISTRAR] = { "registrar", V_ADDR },
	[SIPALG_REG_INNER_ADDR] = { "inner_addr", V_ADDR },
	[SIPALG_REG_INNER_PORT] = { "inner_port", V_U16 },
	[SIPALG_REG_OUTER_ADDR] = { "outer_addr", V_ADDR },
	[SIPALG_REG_OUTER_PORT] = { "outer_port", V_U16 },
	[SIPALG_REG_PROTOCOL] = { "protocol", V_NAME8, NAMES(protocols) },
	[SIPALG_REG_ASKED] = { "asked", V_U32 },
	[SIPALG_REG_SINCE] = { "since", V_TIME },
	[SIPALG_REG_REFRESHED] = { "refreshed", V_TIME },
	[SIPALG_REG_REACHABLE] = { "reachable", V_NAME8, NAMES(reachables) },
	[SIPALG_REG_OPTIONS] = { "options", V_NEST, .many = true, .nest = &schema_options },
};

const struct schema schema_registration = SCHEMA("registration", registration_fields);

static const struct field binding_fields[] = {
	[SIPALG_BINDING_ID] = { "id", V_U32 },
	[SIPALG_BINDING_TYPE] = { "type", V_NAME8, NAMES(binding_types) },
	[SIPALG_BINDING_PROTOCOL] = { "protocol", V_NAME8, NAMES(protocols) },
	[SIPALG_BINDING_ZONE] = { "zone", V_U16 },
	[SIPALG_BINDING_INNER_ADDR] = { "inner_addr", V_ADDR },
	[SIPALG_BINDING_INNER_PORT] = { "inner_port", V_U16 },
	[SIPALG_BINDING_OUTER_ADDR] = { "outer_addr", V_ADDR },
	[SIPALG_BINDING_OUTER_PORT] = { "outer_port", V_U16 },
	[SIPALG_BINDING_PEER] = { "peer", V_ADDR, .many = true },
	[SIPALG_BINDING_FLOWS] = { "flows", V_U8 },
	[SIPALG_BINDING_OWNER] = { "owner", V_STRING },
};

const struct schema schema_binding = SCHEMA("binding", binding_fields);

static const struct field message_fields[] = {
	[SIPALG_MSG_CALL_ID] = { "call_id", V_STRING },
	[SIPALG_MSG_METHOD] = { "method", V_STRING },
	[SIPALG_MSG_STATUS] = { "status", V_U16 },
	[SIPALG_MSG_REASON] = { "reason", V_NAME32, NAMES(reasons) },
	[SIPALG_MSG_SRC_ADDR] = { "src_addr", V_ADDR },
	[SIPALG_MSG_SRC_PORT] = { "src_port", V_U16 },
	[SIPALG_MSG_DST_ADDR] = { "dst_addr", V_ADDR },
	[SIPALG_MSG_DST_PORT] = { "dst_port", V_U16 },
	[SIPALG_MSG_SRC_OUT_ADDR] = { "src_out_addr", V_ADDR },
	[SIPALG_MSG_SRC_OUT_PORT] = { "src_out_port", V_U16 },
	[SIPALG_MSG_DST_IN_ADDR] = { "dst_in_addr", V_ADDR },
	[SIPALG_MSG_DST_IN_PORT] = { "dst_in_port", V_U16 },
	[SIPALG_MSG_WAY] = { "way", V_NAME8, NAMES(ways) },
	[SIPALG_MSG_PROTOCOL] = { "protocol", V_NAME8, NAMES(protocols) },
	[SIPALG_MSG_CSEQ] = { "cseq", V_U32 },
};

const struct schema schema_message = SCHEMA("message", message_fields);

static const struct field limit_fields[] = {
	[SIPALG_REACHED_LIMIT] = { "name", V_NAME8, NAMES(limits) },
	[SIPALG_REACHED_ADDR] = { "addr", V_ADDR },
};

const struct schema schema_limit = SCHEMA("limit", limit_fields);

static const struct field stream_fields[] = {
	[SIPALG_STREAM_ID] = { "id", V_U32 },
	[SIPALG_STREAM_START] = { "start", V_TIME },
	[SIPALG_STREAM_A_INNER_ADDR] = { "a_inner_addr", V_ADDR },
	[SIPALG_STREAM_A_INNER_PORT] = { "a_inner_port", V_U16 },
	[SIPALG_STREAM_A_OUTER_ADDR] = { "a_outer_addr", V_ADDR },
	[SIPALG_STREAM_A_OUTER_PORT] = { "a_outer_port", V_U16 },
	[SIPALG_STREAM_A_STATE] = { "a_state", V_NAME8, NAMES(stream_states) },
	[SIPALG_STREAM_A_REASON] = { "a_reason", V_NAME8, NAMES(stream_reasons) },
	[SIPALG_STREAM_A_MESSAGES] = { "a_messages", V_U32 },
	[SIPALG_STREAM_A_HELD] = { "a_held", V_U32 },
	[SIPALG_STREAM_A_MEMORY] = { "a_memory", V_U32 },
	[SIPALG_STREAM_A_OFFSET] = { "a_offset", V_S32 },
	[SIPALG_STREAM_B_INNER_ADDR] = { "b_inner_addr", V_ADDR },
	[SIPALG_STREAM_B_INNER_PORT] = { "b_inner_port", V_U16 },
	[SIPALG_STREAM_B_OUTER_ADDR] = { "b_outer_addr", V_ADDR },
	[SIPALG_STREAM_B_OUTER_PORT] = { "b_outer_port", V_U16 },
	[SIPALG_STREAM_B_STATE] = { "b_state", V_NAME8, NAMES(stream_states) },
	[SIPALG_STREAM_B_REASON] = { "b_reason", V_NAME8, NAMES(stream_reasons) },
	[SIPALG_STREAM_B_MESSAGES] = { "b_messages", V_U32 },
	[SIPALG_STREAM_B_HELD] = { "b_held", V_U32 },
	[SIPALG_STREAM_B_MEMORY] = { "b_memory", V_U32 },
	[SIPALG_STREAM_B_OFFSET] = { "b_offset", V_S32 },
};

const struct schema schema_stream = SCHEMA("stream", stream_fields);
static const char *const actions[] = {
	[SIPALG_ACTION_ALG] = "alg",
	[SIPALG_ACTION_BYPASS] = "bypass",
	[SIPALG_ACTION_DROP] = "drop",
	[SIPALG_ACTION_OBSERVE] = "observe",
};

static const struct field prefix_fields[] = {
	[SIPALG_PREFIX_ADDR] = { "addr", V_ADDR },
	[SIPALG_PREFIX_LEN] = { "len", V_U8 },
};

static const struct schema schema_prefix = SCHEMA("prefix", prefix_fields);

static const struct field option_fields[] = {
#define X(e, name, kind, min, max, def, text) [SIPALG_O_##e + 1] = { #name, V_U32 },
	SIPALG_OPTIONS(X)
#undef X
};

static const struct schema schema_rule_options = SCHEMA("options", option_fields);

static const struct field rate_fields[] = {
#define X(name) [SIPALG_METHOD_##name + 1] = { #name, V_U32 },
	SIPALG_METHODS(X)
#undef X
};

static const struct schema schema_rates = SCHEMA("rates", rate_fields);

static const struct field rule_fields[] = {
	[SIPALG_RULE_ID] = { "id", V_U32 },
	[SIPALG_RULE_NAME] = { "name", V_STRING },
	[SIPALG_RULE_ACTION] = { "action", V_NAME8, NAMES(actions) },
	[SIPALG_RULE_IIF] = { "iif", V_STRING },
	[SIPALG_RULE_OIF] = { "oif", V_STRING },
	[SIPALG_RULE_SRC] = { "src", V_NEST, .nest = &schema_prefix },
	[SIPALG_RULE_DST] = { "dst", V_NEST, .nest = &schema_prefix },
	[SIPALG_RULE_PROTOCOL] = { "protocol", V_NAME8, NAMES(protocols) },
	[SIPALG_RULE_PORT_MIN] = { "port_min", V_U16 },
	[SIPALG_RULE_PORT_MAX] = { "port_max", V_U16 },
	[SIPALG_RULE_MARK] = { "mark", V_U32 },
	[SIPALG_RULE_MASK] = { "mask", V_U32 },
	[SIPALG_RULE_ZONE] = { "zone", V_U16 },
	[SIPALG_RULE_OPTIONS] = { "options", V_NEST, .nest = &schema_rule_options },
	[SIPALG_RULE_RATES] = { "rates", V_NEST, .nest = &schema_rates },
	[SIPALG_RULE_FLOWS] = { "flows", V_U64 },
	[SIPALG_RULE_INNER] = { "inner", V_NEST, .nest = &schema_prefix, .many = true },
	[SIPALG_RULE_CALLERS] = { "callers", V_NEST, .nest = &schema_prefix, .many = true },
};

const struct schema schema_rule = SCHEMA("rule", rule_fields);

static const struct field top_fields[] = {
	[SIPALG_A_ID] = { "id", V_U32 },
	[SIPALG_A_CALL_ID] = { "call_id", V_STRING },
	[SIPALG_A_STATUS] = { "status", V_NEST, .nest = &schema_status },
	[SIPALG_A_DIALOG] = { "dialog", V_NEST, .nest = &schema_dialog },
	[SIPALG_A_REGISTRATION] = { "registration", V_NEST, .nest = &schema_registration },
	[SIPALG_A_BINDING] = { "binding", V_NEST, .nest = &schema_binding },
	[SIPALG_A_STATS] = { "stats", V_BINARY },
	[SIPALG_A_EVENT] = { "event", V_NAME32, NAMES(events) },
	[SIPALG_A_TIME] = { "time", V_TIME },
	[SIPALG_A_MESSAGE] = { "message", V_NEST, .nest = &schema_message },
	[SIPALG_A_KIND] = { "kind", V_NAME8, NAMES(dialog_kinds) },
	[SIPALG_A_STREAM] = { "stream", V_NEST, .nest = &schema_stream },
	[SIPALG_A_RULE] = { "rule", V_NEST, .nest = &schema_rule },
	[SIPALG_A_STATE] = { "state", V_BINARY },	/* state.c has its own table */
	[SIPALG_A_LIMIT] = { "limit", V_NEST, .nest = &schema_limit },
};

const struct schema schema_top = SCHEMA("message", top_fields);

/* struct record has room for this many attributes. */
_Static_assert(SIPALG_A_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_STATUS_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_DIALOG_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_MEDIA_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_REG_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_OPTIONS_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_BINDING_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_MSG_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_REACHED_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_STREAM_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_RULE_MAX <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_O_COUNT <= SCHEMA_MAX, "SCHEMA_MAX");
_Static_assert(SIPALG_METHOD_COUNT <= SCHEMA_MAX, "SCHEMA_MAX");

/* And an attribute that is added to the contract needs a row above. */
_Static_assert(COUNT(top_fields) == SIPALG_A_MAX + 1, "schema_top");
_Static_assert(COUNT(status_fields) == SIPALG_STATUS_MAX + 1, "schema_status");
_Static_assert(COUNT(dialog_fields) == SIPALG_DIALOG_MAX + 1, "schema_dialog");
_Static_assert(COUNT(media_fields) == SIPALG_MEDIA_MAX + 1, "schema_media");
_Static_assert(COUNT(registration_fields) == SIPALG_REG_MAX + 1, "schema_registration");
_Static_assert(COUNT(options_fields) == SIPALG_OPTIONS_MAX + 1, "schema_options");
_Static_assert(COUNT(binding_fields) == SIPALG_BINDING_MAX + 1, "schema_binding");
_Static_assert(COUNT(message_fields) == SIPALG_MSG_MAX + 1, "schema_message");
_Static_assert(COUNT(limits) == SIPALG_LIMIT_COUNT, "limits");
_Static_assert(COUNT(limit_fields) == SIPALG_REACHED_MAX + 1, "schema_limit");
_Static_assert(COUNT(stream_fields) == SIPALG_STREAM_MAX + 1, "schema_stream");
_Static_assert(COUNT(rule_fields) == SIPALG_RULE_MAX + 1, "schema_rule");

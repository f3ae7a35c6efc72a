/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Every counter of sipalg, once: its name on the wire and in JSON, and the
 * sentence that `sipalgctl stats --explain` prints for it.
 *
 * X(ENUM, name, class, sentence)
 *   class SEEN:    a message was seen and this happened to it
 *         PASSED:  a message went on byte-identical, and why
 *         DROPPED: a message was dropped, and why (only ever by policy)
 *         EVENT:   something else worth counting
 *
 * The order is the order on the wire: append only.
 */
#ifndef SIPALG_REASONS_H
#define SIPALG_REASONS_H

#define SIPALG_REASONS(X)                                                      \
	X(OK, messages, SEEN,                                                  \
	  "SIP messages inspected")                                            \
	X(TRANSLATED, translated, SEEN,                                        \
	  "messages in which at least one address was translated")             \
	X(UNCHANGED, unchanged, SEEN,                                          \
	  "messages that were understood and needed no translation")           \
	X(NOT_SIP, not_sip, PASSED,                                            \
	  "datagrams on a SIP flow that do not begin as a SIP message (keep-alives, STUN)") \
	X(MALFORMED, malformed, PASSED,                                        \
	  "messages whose start line or header fields break the grammar of RFC 3261") \
	X(BAD_LENGTH, bad_content_length, PASSED,                              \
	  "messages whose Content-Length is not a number, is given twice or is longer than the datagram") \
	X(TOO_LONG, too_long, PASSED,                                          \
	  "messages longer than the limit, in bytes")                          \
	X(TOO_MANY_HEADERS, too_many_headers, PASSED,                          \
	  "messages with more header fields than the limit")                   \
	X(NO_MANDATORY, missing_header, PASSED,                                \
	  "messages without Call-ID, CSeq, From, To or Via")                   \
	X(BAD_SDP, bad_sdp, PASSED,                                            \
	  "messages whose session description cannot be understood")           \
	X(TOO_MANY_MEDIA, too_many_media, PASSED,                              \
	  "messages with more media lines or candidates than the limit")       \
	X(TOO_MANY_EDITS, too_many_edits, PASSED,                              \
	  "messages that would need more replacements than one message may have") \
	X(SIGNED, signed_body, PASSED,                                         \
	  "messages whose addresses are covered by a signature (RFC 4474 Identity, auth-int)") \
	X(TRUNCATED, truncated, PASSED,                                        \
	  "datagrams shorter than their UDP or IP header says")                \
	X(GSO, aggregated, PASSED,                                             \
	  "aggregated datagrams (GRO) that could not be taken apart")          \
	X(NO_MEMORY, no_memory, PASSED,                                        \
	  "messages left alone because memory was short")                      \
	X(NO_PORT, no_port, PASSED,                                            \
	  "messages left alone because no outer port was free")                \
	X(LIMIT_CALLS, limit_dialogs, PASSED,                                  \
	  "messages left alone because the limit of dialogs was reached")      \
	X(LIMIT_REGISTRATIONS, limit_registrations, PASSED,                    \
	  "messages left alone because the limit of registrations was reached") \
	X(LIMIT_BINDINGS, limit_bindings, PASSED,                              \
	  "messages left alone because the limit of bindings was reached")     \
	X(EDIT_FAILED, edit_failed, PASSED,                                    \
	  "messages left alone because the packet could not be rewritten")     \
	X(FOREIGN_HELPER, foreign_helper, EVENT,                               \
	  "flows left alone because another conntrack helper is attached to them: remove it to let sipalg work") \
	X(STALE, stale, EVENT,                                                 \
	  "messages that fit no request seen before, or whose CSeq or tags do not fit: translated, but they changed no state") \
	X(FLOWS, flows, EVENT,                                                 \
	  "signalling flows followed")                                         \
	X(MEDIA_FLOWS, media_flows, EVENT,                                     \
	  "media flows let through by a binding")                              \
	X(STRANGERS, strangers, EVENT,                                         \
	  "new flows to a binding's outer side from a host that was not named: not let through by it") \
	X(FLOWS_FULL, flows_full, EVENT,                                       \
	  "new media flows not let through because their binding has as many as it may") \
	X(DIALOGS, dialogs_created, EVENT,                                     \
	  "dialogs begun")                                                     \
	X(DIALOGS_ENDED, dialogs_ended, EVENT,                                 \
	  "dialogs ended")                                                     \
	X(REGISTRATIONS, registrations_created, EVENT,                         \
	  "registrations granted by a registrar for the first time")           \
	X(REGISTRATIONS_ENDED, registrations_ended, EVENT,                     \
	  "registrations ended or expired")                                    \
	X(BINDINGS, bindings_created, EVENT,                                   \
	  "bindings made")                                                     \
	X(BINDINGS_GONE, bindings_gone, EVENT,                                 \
	  "bindings removed")                                                  \
	X(EVENTS_LOST, events_lost, EVENT,                                     \
	  "events that could not be told to a listener")                       \
	X(FOREIGN_MEDIA, foreign_media, EVENT,                                 \
	  "media lines left as they are because they name a host other than the sender") \
	X(LOW_PORT, low_port, EVENT,                                           \
	  "addresses left as they are because their port is under 1024")       \
	X(ADOPTED, adopted, EVENT,                                             \
	  "UDP flows from before the module was enabled that were restarted") \
	X(EVICTED, dialogs_evicted, EVENT,                                     \
	  "unanswered dialogs that gave way to others, because the limit of dialogs or bindings was reached")  \
	X(STREAMS, streams, EVENT,                                             \
	  "TCP connections followed from their beginning")                     \
	X(STREAM_NOT_SIP, stream_not_sip, EVENT,                               \
	  "TCP connections left alone because they do not begin as SIP (HTTP, TLS)") \
	X(STREAM_FRAMING, stream_framing, EVENT,                               \
	  "directions of TCP connections left alone because no message begins where the last one ended") \
	X(STREAM_LENGTH, stream_length, EVENT,                                 \
	  "directions of TCP connections left alone because a message's end cannot be known") \
	X(STREAM_TOO_LONG, stream_too_long, EVENT,                             \
	  "directions of TCP connections left alone because a message was longer than the limit") \
	X(STREAM_STALLED, stream_stalled, EVENT,                               \
	  "directions of TCP connections left alone because a message did not come to its end in time") \
	X(STREAM_MEMORY, stream_memory, EVENT,                                 \
	  "TCP connections, or directions of them, left alone because memory was short or its limit was reached") \
	X(STREAM_LIMIT, stream_limit, EVENT,                                   \
	  "TCP connections, or directions of them, left alone because the limit of connections or of unacknowledged messages was reached") \
	X(STREAM_URGENT, stream_urgent, EVENT,                                 \
	  "TCP connections left alone because of urgent data")                 \
	X(STREAM_LATE, stream_late, EVENT,                                     \
	  "TCP connections left alone because they are older than us, or did not begin with a plain SYN") \
	X(STREAM_OPTIONS, stream_options, EVENT,                               \
	  "TCP connections left alone because an option of theirs signs or counts the bytes (MPTCP, MD5, TCP-AO)") \
	X(POLICY_DROP, policy_drop, DROPPED,                                   \
	  "packets of flows that a rule of the policy drops")                  \
	X(DROP_METHOD, drop_method, DROPPED,                                   \
	  "requests dropped because a rule does not allow their method")       \
	X(DROP_MALFORMED, drop_malformed, DROPPED,                             \
	  "messages dropped because they break the grammar, and a rule says so") \
	X(DROP_RATE, drop_rate, DROPPED,                                       \
	  "messages dropped because their host sent more in a second than a rule allows") \
	X(SOURCES_FULL, sources_full, EVENT,                                   \
	  "messages that were not counted for their host: memory was short, or too many hosts sent") \
	X(OBSERVED, observed, PASSED,                                          \
	  "messages that were followed and left as they are, because a rule only observes") \
	X(SEEN, seen, SEEN,                                                    \
	  "datagrams, and messages of TCP connections, that were looked at: each was translated, unchanged, left alone or dropped, and counts there too") \
	X(STREAM_HELD_SOURCE, stream_held_source, EVENT,                       \
	  "TCP connections, or directions of them, left alone because those of their host had as much memory as a rule allows")

enum sipalg_reason {
#define X(e, name, class, text) SIPALG_R_##e,
	SIPALG_REASONS(X)
#undef X
	SIPALG_R_COUNT
};

#endif

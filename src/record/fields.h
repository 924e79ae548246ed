/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fields.h - every field of every record, in the order in which it is written.
 *
 * The writer can only write fields of this table, with their kind and in this order (json.c asserts it); schema.c makes
 * the JSON Schema from it. X(object, name, kind, need, of, description).
 *
 * kind: type of the value, see enum field_kind. need: ALWAYS or MAYBE (left out when there is no value). of: for a WORD
 * the set of its values, for an OBJECT its fields.
 */
#ifndef SMTPSCAN_RECORD_FIELDS_H
#define SMTPSCAN_RECORD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"

/* A counter of record.h is a field of stats. */
#define COUNTER_FIELD(name, sum, need, description) X(stats, name, NUMBER, need, none, description)

/* clang-format off */
#define FIELDS(X) \
	/* In every record, before the object named after event_type. */ \
	X(envelope, timestamp, TIME, MAYBE, none, "the packet that completed the event") \
	X(envelope, flow_id, NUMBER, MAYBE, none, "which connection: a hash of its addresses, ports and first packet; differs between captures") \
	X(envelope, pcap_cnt, NUMBER, MAYBE, none, "number of the packet that completed the event, from 1") \
	X(envelope, pcap_filename, TEXT, MAYBE, none, "the capture, as given") \
	X(envelope, event_type, WORD, ALWAYS, records, "which record this is") \
	X(envelope, vlan, NUMBERS, MAYBE, none, "VLAN identifiers that were seen, outermost first") \
	X(envelope, src_ip, ADDRESS, MAYBE, none, "the client") \
	X(envelope, src_port, NUMBER, MAYBE, none, "the client's port") \
	X(envelope, dest_ip, ADDRESS, MAYBE, none, "the server") \
	X(envelope, dest_port, NUMBER, MAYBE, none, "the server's port") \
	X(envelope, proto, WORD, MAYBE, protocols, "always TCP") \
	X(envelope, app_proto, WORD, MAYBE, applications, "always smtp") \
	X(envelope, community_id, ASCII, MAYBE, none, "Community ID version 1, seed 0") \
	X(envelope, tx_id, NUMBER, MAYBE, none, "number of the transaction in its session, from 0") \
	\
	X(alert, action, WORD, ALWAYS, actions, "always allowed: nothing is blocked") \
	X(alert, gid, NUMBER, ALWAYS, none, "always 1") \
	X(alert, signature_id, NUMBER, ALWAYS, none, "the number of the alert; it never changes") \
	X(alert, rev, NUMBER, ALWAYS, none, "always 1") \
	X(alert, signature, WORD, ALWAYS, alerts, "the id of the alert") \
	X(alert, category, WORD, ALWAYS, categories, "the category of the alert") \
	X(alert, severity, NUMBER, ALWAYS, none, "1 high, 2 medium, 3 low") \
	X(alert, severity_name, WORD, ALWAYS, severities, "the severity as a word") \
	X(alert, description, TEXT, ALWAYS, none, "what happened, in words a person can act on") \
	X(alert, outcome, WORD, MAYBE, alert_outcomes, "whether an attack succeeded, where the capture can show it") \
	X(alert, state, WORD, MAYBE, states, "the state of the session") \
	X(alert, direction, WORD, MAYBE, directions, "up: client to server, down: server to client") \
	X(alert, evidence, ASCII, MAYBE, none, "the first 256 of the bytes that matter, escaped") \
	\
	/* The transaction and mail of an alert or file; also named smtp and email. */ \
	X(about_smtp, helo, TEXT, MAYBE, none, "the argument of the greeting in force") \
	X(about_smtp, mail_from, TEXT, MAYBE, none, "the sender's path, as on the wire") \
	X(about_smtp, rcpt_to, TEXTS, MAYBE, none, "accepted recipients, as on the wire; at most 100") \
	X(about_smtp, rcpt_omitted, NUMBER, MAYBE, none, "accepted recipients beyond those") \
	\
	X(about_email, from, TEXT, MAYBE, none, "From, decoded; at most 1000 octets, as of the next") \
	X(about_email, subject, TEXT, MAYBE, none, "Subject, decoded") \
	X(about_email, message_id, TEXT, MAYBE, none, "Message-ID") \
	\
	X(smtp, helo, TEXT, MAYBE, none, "the argument of the greeting in force") \
	X(smtp, mail_from, TEXT, MAYBE, none, "the sender's path, as on the wire") \
	X(smtp, rcpt_to, TEXTS, MAYBE, none, "accepted recipients, as on the wire") \
	X(smtp, rejected_rcpt_to, TEXTS, MAYBE, none, "refused recipients") \
	X(smtp, pending_rcpt_to, TEXTS, MAYBE, none, "recipients that no reply was seen for") \
	X(smtp, rcpt_omitted, NUMBER, MAYBE, none, "recipients in none of these lists: there are too many") \
	X(smtp, rcpt_status, OBJECTS, MAYBE, rcpt_status, "LMTP: the reply after the content for each recipient") \
	X(smtp, mail_params, OBJECT, MAYBE, mail_params, "the parameters of MAIL; true for one without a value") \
	X(smtp, mail_params_base64, OBJECT, MAYBE, mail_params_base64, "exact bytes of those values that are not UTF-8") \
	X(smtp, tags, OBJECT, MAYBE, tags, "what rules noted of the transaction (tag)") \
	X(smtp, transfer, WORD, MAYBE, transfers, "how the content was sent") \
	X(smtp, outcome, WORD, ALWAYS, outcomes, "what became of the transaction") \
	X(smtp, stage, WORD, ALWAYS, stages, "where the transaction ended") \
	X(smtp, assumed, TRUE, MAYBE, none, "a reply that mattered was not seen; the usual one was assumed") \
	X(smtp, tls, TRUE, MAYBE, none, "it went through TLS, and was decrypted") \
	X(smtp, reply, OBJECT, MAYBE, reply, "the reply that decided") \
	X(smtp, size, NUMBER, MAYBE, none, "octets of the content, dot-unstuffed") \
	X(smtp, sha256, HEX, MAYBE, none, "SHA-256 of that content") \
	X(smtp, missing_bytes, NUMBER, MAYBE, none, "octets of the content that are not in the capture") \
	X(smtp, path, TEXT, MAYBE, none, "where --extract stored the content") \
	X(smtp, raw, ASCII, MAYBE, none, "the content (--raw)") \
	X(smtp, raw_base64, BASE64, MAYBE, none, "the content (--raw) when it is not UTF-8") \
	X(smtp, raw_truncated, TRUE, MAYBE, none, "raw or raw_base64 was cut at --raw-limit") \
	\
	X(reply, code, NUMBER, ALWAYS, none, "reply code") \
	X(reply, enhanced, ASCII, MAYBE, none, "enhanced status code") \
	X(reply, text, TEXT, MAYBE, none, "its text, lines joined by a line feed") \
	\
	X(rcpt_status, rcpt, TEXT, ALWAYS, none, "the recipient, as on the wire") \
	X(rcpt_status, code, NUMBER, ALWAYS, none, "reply code") \
	\
	X(email, status, WORD, ALWAYS, mail_status, "partial: a piece or the end of the content is missing, or some of it was not looked at") \
	X(email, from, TEXT, MAYBE, none, "From, decoded") \
	X(email, to, TEXTS, MAYBE, none, "To, one entry a mailbox") \
	X(email, cc, TEXTS, MAYBE, none, "Cc, one entry a mailbox") \
	X(email, bcc, TEXTS, MAYBE, none, "Bcc, one entry a mailbox") \
	X(email, reply_to, TEXT, MAYBE, none, "Reply-To") \
	X(email, subject, TEXT, MAYBE, none, "Subject, decoded") \
	X(email, date, TEXT, MAYBE, none, "Date, as sent") \
	X(email, message_id, TEXT, MAYBE, none, "Message-ID") \
	X(email, in_reply_to, TEXT, MAYBE, none, "In-Reply-To") \
	X(email, references, TEXT, MAYBE, none, "References") \
	X(email, x_mailer, TEXT, MAYBE, none, "X-Mailer") \
	X(email, user_agent, TEXT, MAYBE, none, "User-Agent") \
	X(email, x_originating_ip, TEXT, MAYBE, none, "X-Originating-IP") \
	X(email, received, TEXTS, MAYBE, none, "every Received field, the topmost first") \
	X(email, headers, OBJECT, MAYBE, headers, "the fields that --header named, decoded, one entry a field") \
	X(email, body, TEXT, MAYBE, none, "text of the first text part, text/plain before text/html") \
	X(email, body_type, TEXT, MAYBE, none, "the media type of that part; of text/html the body is the text in it") \
	X(email, html, TEXT, MAYBE, none, "the HTML from which body was made (--html)") \
	X(email, body_truncated, TRUE, MAYBE, none, "body was cut at --body-limit") \
	X(email, subject_md5, HEX, MAYBE, none, "MD5 of the value of Subject as sent, unfolded (--hash)") \
	X(email, body_md5, HEX, MAYBE, none, "MD5 of the body as sent: everything after the header (--hash)") \
	X(email, attachment, TEXTS, MAYBE, none, "names of the attachments") \
	X(email, url, TEXTS, MAYBE, none, "links in texts, HTML and PDFs") \
	X(email, unknown_charset, TEXTS, MAYBE, none, "declared charsets that are unknown: their text was guessed") \
	\
	X(fileinfo, filename, TEXT, MAYBE, none, "its name, decoded") \
	X(fileinfo, content_type, TEXT, MAYBE, none, "its media type, as declared") \
	X(fileinfo, magic, TEXT, MAYBE, none, "libmagic's description of its content") \
	X(fileinfo, mimetype, TEXT, MAYBE, none, "its media type by its content") \
	X(fileinfo, disposition, TEXT, MAYBE, none, "attachment or inline, as declared") \
	X(fileinfo, part, ASCII, MAYBE, none, "its place in the tree of parts, as 1.2") \
	X(fileinfo, size, NUMBER, ALWAYS, none, "decoded octets") \
	X(fileinfo, sha256, HEX, MAYBE, none, "SHA-256 of the decoded octets") \
	X(fileinfo, md5, HEX, MAYBE, none, "MD5 (--hash)") \
	X(fileinfo, sha1, HEX, MAYBE, none, "SHA-1 (--hash)") \
	X(fileinfo, state, WORD, ALWAYS, file_states, "TRUNCATED: its end or a piece of it is missing") \
	X(fileinfo, gaps, FLAG, ALWAYS, none, "a piece of it is missing") \
	X(fileinfo, yara, TEXTS, MAYBE, none, "rules of --yara that matched it") \
	X(fileinfo, stored, FLAG, ALWAYS, none, "--extract stored it") \
	X(fileinfo, path, TEXT, MAYBE, none, "where it is stored") \
	X(fileinfo, archive, OBJECT, MAYBE, archive, "what is in it") \
	X(fileinfo, has_macros, FLAG, MAYBE, none, "of an Office document: it contains macros") \
	\
	X(archive, format, ASCII, ALWAYS, none, "what it is, as zip, tar, gzip") \
	X(archive, encrypted, FLAG, ALWAYS, none, "an entry, or the list of entries") \
	X(archive, complete, FLAG, ALWAYS, none, "all of it was looked at: no limit was met, nothing missing or encrypted") \
	X(archive, entries, OBJECTS, MAYBE, archive_entry, "its entries, and those of archives in it as inner.zip!name") \
	\
	X(archive_entry, name, TEXT, ALWAYS, none, "its name, with its folders") \
	X(archive_entry, size, NUMBER, MAYBE, none, "octets unpacked") \
	X(archive_entry, encrypted, FLAG, ALWAYS, none, "its content is encrypted") \
	\
	X(smtp_command, verb, TEXT, MAYBE, none, "the command in upper case; none for a line of an AUTH exchange") \
	X(smtp_command, argument, TEXT, MAYBE, none, "what follows the verb; a secret is shown as *") \
	X(smtp_command, state, WORD, MAYBE, states, "the state of the session when it was taken") \
	X(smtp_command, line, ASCII, MAYBE, none, "the whole line, escaped, when it could not be parsed") \
	\
	X(smtp_response, code, NUMBER, ALWAYS, none, "reply code") \
	X(smtp_response, enhanced, ASCII, MAYBE, none, "enhanced status code") \
	X(smtp_response, lines, TEXTS, MAYBE, none, "the text of each line") \
	X(smtp_response, to, TEXT, MAYBE, none, "the command it answers, . for the end of the content") \
	X(smtp_response, state, WORD, MAYBE, states, "the state of the session when it was taken") \
	X(smtp_response, assumed, TRUE, MAYBE, none, "it was not seen; the usual reply was assumed") \
	\
	X(smtp_content, offset, NUMBER, ALWAYS, none, "place of this piece in the content") \
	X(smtp_content, length, NUMBER, ALWAYS, none, "octets of this piece") \
	X(smtp_content, last, FLAG, ALWAYS, none, "nothing follows") \
	X(smtp_content, text, ASCII, MAYBE, none, "the piece") \
	X(smtp_content, base64, BASE64, MAYBE, none, "the piece when it is not UTF-8") \
	\
	X(smtp_auth, mechanism, TEXT, MAYBE, none, "SASL mechanism in upper case") \
	X(smtp_auth, username, TEXT, MAYBE, none, "the user name") \
	X(smtp_auth, password, TEXT, MAYBE, none, "password or token (--show-secrets)") \
	X(smtp_auth, success, FLAG, MAYBE, none, "the server accepted it; missing when its reply was not seen") \
	X(smtp_auth, tls, FLAG, ALWAYS, none, "it went through TLS") \
	X(smtp_auth, assumed, TRUE, MAYBE, none, "the final reply was not seen") \
	\
	X(tls, decrypted, TRUE_OR_TEXT, MAYBE, none, "with keys: true, or why not") \
	X(tls, failures, NUMBER, MAYBE, none, "records that failed authentication so far") \
	X(tls, sni, TEXT, MAYBE, none, "server name that the client asked for") \
	X(tls, version, ASCII, MAYBE, none, "chosen version") \
	X(tls, cipher, ASCII, MAYBE, none, "chosen cipher suite, IANA's name") \
	X(tls, alpn, TEXTS, MAYBE, none, "protocols that the client offered") \
	X(tls, ja4, ASCII, MAYBE, none, "JA4 fingerprint of the client") \
	X(tls, subject, TEXT, MAYBE, none, "of the server's certificate") \
	X(tls, issuerdn, TEXT, MAYBE, none, "of the server's certificate") \
	X(tls, serial, TEXT, MAYBE, none, "of the server's certificate") \
	X(tls, notbefore, DATE, MAYBE, none, "of the server's certificate, UTC") \
	X(tls, notafter, DATE, MAYBE, none, "of the server's certificate, UTC") \
	X(tls, fingerprint, TEXT, MAYBE, none, "of the server's certificate") \
	X(tls, subjectaltname, TEXTS, MAYBE, none, "of the server's certificate") \
	\
	X(flow, pkts_toserver, NUMBER, ALWAYS, none, "packets from the client") \
	X(flow, pkts_toclient, NUMBER, ALWAYS, none, "packets from the server") \
	X(flow, bytes_toserver, NUMBER, ALWAYS, none, "octets of those packets on the wire") \
	X(flow, bytes_toclient, NUMBER, ALWAYS, none, "octets of those packets on the wire") \
	X(flow, start, TIME, ALWAYS, none, "its first packet") \
	X(flow, end, TIME, ALWAYS, none, "its last packet") \
	X(flow, age, NUMBER, ALWAYS, none, "whole seconds from start to end") \
	X(flow, state, WORD, ALWAYS, flow_states, "how far the connection came") \
	X(flow, reason, WORD, ALWAYS, flow_reasons, "why it ended, in EVE's words (closed is a timeout, too)") \
	X(flow, alerted, FLAG, ALWAYS, none, "an alert was raised") \
	X(flow, close, WORD, ALWAYS, flow_ends, "how it ended") \
	X(flow, first_packet, NUMBER, ALWAYS, none, "number of its first packet, from 1") \
	\
	X(smtp_session, state, WORD, MAYBE, states, "final state of the session") \
	X(smtp_session, banner, TEXT, MAYBE, none, "the server's greeting") \
	X(smtp_session, helo, TEXT, MAYBE, none, "the argument of the last greeting") \
	X(smtp_session, extensions, TEXTS, MAYBE, none, "what the last reply to EHLO or LHLO offered") \
	X(smtp_session, commands, NUMBER, ALWAYS, none, "commands seen") \
	X(smtp_session, responses, NUMBER, ALWAYS, none, "replies seen") \
	X(smtp_session, mails, NUMBER, ALWAYS, none, "transactions whose content was seen to its end") \
	X(smtp_session, authenticated, FLAG, ALWAYS, none, "an AUTH succeeded") \
	X(smtp_session, tls, FLAG, ALWAYS, none, "TLS began") \
	X(smtp_session, midstream, FLAG, ALWAYS, none, "the session began before the capture") \
	X(smtp_session, one_sided, FLAG, ALWAYS, none, "one direction is missing") \
	X(smtp_session, proxy, OBJECT, MAYBE, proxy, "the proxy or tunnel before the session") \
	X(smtp_session, gap_bytes, NUMBER, ALWAYS, none, "octets that are not in the capture") \
	X(smtp_session, given_up_bytes, NUMBER, MAYBE, none, "octets that were not waited for any longer, for lack of memory") \
	X(smtp_session, tags, OBJECT, MAYBE, tags, "what rules noted of the session (tag)") \
	X(smtp_session, alerts, OBJECT, MAYBE, alert_counts, "exact number of times that each alert was raised") \
	\
	X(proxy, protocol, WORD, ALWAYS, proxy_protocols, "the protocol used") \
	X(proxy, local, TRUE, MAYBE, none, "the proxy connected for itself") \
	X(proxy, src_ip, ADDRESS, MAYBE, none, "the client that it named") \
	X(proxy, src_port, NUMBER, MAYBE, none, "its port") \
	X(proxy, dest_ip, ADDRESS, MAYBE, none, "the server that it named") \
	X(proxy, dest_port, NUMBER, MAYBE, none, "its port") \
	X(proxy, dest_host, TEXT, MAYBE, none, "the server's name") \
	X(proxy, src_path, TEXT, MAYBE, none, "the client's socket") \
	X(proxy, dest_path, TEXT, MAYBE, none, "the server's socket") \
	X(proxy, username, TEXT, MAYBE, none, "who asked (SOCKS)") \
	\
	COUNTERS(COUNTER_FIELD) \
	X(stats, alerts, OBJECT, ALWAYS, severity_counts, "alerts raised, by severity") \
	X(stats, not_decoded, OBJECT, ALWAYS, not_decoded, "packets without a TCP segment, by reason") \
	X(stats, dropped, NUMBER, MAYBE, none, "packets that the capturing program says it lost (pcapng)") \
	X(stats, time_jumps, NUMBER, MAYBE, none, "times that packet time stamps jumped: back, or ahead for a moment or by more than a day") \
	X(stats, first_time_jump, NUMBER, MAYBE, none, "number of the first packet whose stamp jumped") \
	X(stats, start, TIME, MAYBE, none, "the first packet") \
	X(stats, end, TIME, MAYBE, none, "the last packet") \
	X(stats, shard, ASCII, MAYBE, none, "I/N: the part of the connections that was analysed (--shard)") \
	X(stats, complete, FLAG, ALWAYS, none, "false: the input ended early") \
	X(stats, cut, TRUE, MAYBE, none, "it ended in the middle of a packet, and all before was analysed") \
	X(stats, error, TEXT, MAYBE, none, "why it ended early") \
	\
	X(severity_counts, high, NUMBER, ALWAYS, none, "severity 1") \
	X(severity_counts, medium, NUMBER, ALWAYS, none, "severity 2") \
	X(severity_counts, low, NUMBER, ALWAYS, none, "severity 3")

/* Types of values. */
#define FIELD_KINDS(X) \
	X(TEXT)    /* bytes from outside; NAME_base64 follows when they are not UTF-8: see json.h */ \
	X(TEXTS)   /* an array of them */ \
	X(ASCII)   /* text that is known to be UTF-8 without NUL */ \
	X(WORD)    /* one of a fixed set of words */ \
	X(HEX)     /* lower case hexadecimal digits */ \
	X(BASE64)  /* bytes */ \
	X(ADDRESS) /* an IP address */ \
	X(NUMBER)  /* an integer from 0 up */ \
	X(NUMBERS) /* an array of them */ \
	X(FLAG)    /* true or false */ \
	X(TRUE)    /* true, or left out */ \
	X(TRUE_OR_TEXT) /* true, or a sentence why not */ \
	X(TIME)    /* RFC 3339, UTC */ \
	X(DATE)    /* the same without fraction and Z, as EVE has it */ \
	X(OBJECT) X(OBJECTS) /* an object, an array of objects */

/* X(id, name): the name it has in a record. */
#define OBJECTS(X) \
	X(envelope, "envelope") X(alert, "alert") X(about_smtp, "smtp") X(about_email, "email") X(smtp, "smtp") \
	X(reply, "reply") X(rcpt_status, "rcpt_status") X(email, "email") X(fileinfo, "fileinfo") \
	X(archive, "archive") X(archive_entry, "archive_entry") \
	X(smtp_command, "smtp_command") X(smtp_response, "smtp_response") X(smtp_content, "smtp_content") \
	X(smtp_auth, "smtp_auth") X(tls, "tls") X(flow, "flow") X(smtp_session, "smtp_session") X(proxy, "proxy") X(stats, "stats") \
	X(severity_counts, "severity_counts") \
	/* objects with variable keys, see schema.c */ \
	X(mail_params, "mail_params") X(mail_params_base64, "mail_params_base64") X(tags, "tags") X(alert_counts, "alert_counts") \
	X(headers, "headers") 	X(not_decoded, "not_decoded")

#define WORD_SETS(X) \
	X(records) X(protocols) X(applications) X(actions) X(alerts) X(categories) X(severities) X(states) X(directions) \
	X(alert_outcomes) X(transfers) X(outcomes) X(stages) X(mail_status) X(file_states) X(flow_states) X(flow_reasons) \
	X(flow_ends) X(proxy_protocols)
/* clang-format on */

enum field_kind {
#define X(kind) KIND_##kind,
	FIELD_KINDS(X)
#undef X
};

enum field_need { NEED_MAYBE, NEED_ALWAYS };

/* The values of a WORD, the fields of an OBJECT. */
enum field_of {
	OF_none,
#define X(id, ...) OF_##id,
	OBJECTS(X) WORD_SETS(X)
#undef X
		OF_COUNT
};

enum field {
#define X(object, name, kind, need, of, description) FIELD_##object##_##name,
	FIELDS(X)
#undef X
		FIELD_COUNT
};

#define FIELD_NAME_ROOM 24 /* octets copied for every name, so no name is longer */

struct field_info {
	char name[FIELD_NAME_ROOM];
	const char *name_base64;
	int name_size;
	enum field_of object; /* that it belongs to */
	enum field_kind kind;
	enum field_need need;
	enum field_of of;
	const char *description;
};

extern const struct field_info field_table[FIELD_COUNT];

/* A counter of record.h: its field, and its offset in struct input_stats. */
struct counter {
	enum field field;
	size_t offset;
	bool summed;
};

enum { COUNTER_SAME, COUNTER_SUMMED };
enum {
#define X(name, sum, need, description) COUNT_##name,
	COUNTERS(X)
#undef X
		COUNTER_COUNT
};

extern const struct counter counter_table[COUNTER_COUNT];

#endif

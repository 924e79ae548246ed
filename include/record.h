/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * record.h - records become JSON Lines. The only stage that knows cJSON.
 *
 * One compact line each, UTF-8 whatever the bytes were, fixed key order. Records are handed on in order of packet,
 * then of flow, then as they came: output_packet_done closes a packet.
 */
#ifndef SMTPSCAN_RECORD_H
#define SMTPSCAN_RECORD_H

#include "alert.h"
#include "flow.h"
#include "mail.h"
#include "outcome.h"
#include "packet.h"
#include "rules.h"
#include "session.h"
#include "tls.h"
#include "types.h"

/* clang-format off */
#define RECORDS(X) \
	X(ALERT, "alert") X(SMTP, "smtp") X(FILEINFO, "fileinfo") X(COMMAND, "smtp_command") X(RESPONSE, "smtp_response") \
	X(CONTENT, "smtp_content") X(AUTH, "smtp_auth") X(TLS, "tls") X(FLOW, "flow") X(STATS, "stats")
/* clang-format on */
enum record {
#define X(id, name) RECORD_##id,
	RECORDS(X)
#undef X
		RECORD_COUNT
};
extern const char *const record_names[RECORD_COUNT];
#define RECORD_BIT(id) (1u << RECORD_##id)
#define RECORDS_DEFAULT                                                                                                \
	(RECORD_BIT(ALERT) | RECORD_BIT(SMTP) | RECORD_BIT(FILEINFO) | RECORD_BIT(AUTH) | RECORD_BIT(TLS) |            \
		RECORD_BIT(FLOW) | RECORD_BIT(STATS))

/* Takes a finished line, its '\n' included. Returns false when it can't be written: output_failed is true then. */
typedef bool (*output_write)(void *context, uint64_t packet, uint64_t flow, const char *line, size_t size);

struct output_options {
	GPtrArray *headers; /* char*: fields to write into email.headers; NULL: none */
	unsigned records;   /* RECORD_BIT of those wanted */
	bool show_secrets;
	bool ascii;             /* nothing beyond ASCII in texts: \u escapes */
	bool nanoseconds;       /* 9 digits in timestamps (set for each input) */
	const char *filename;   /* pcap_filename (set for each input) */
	enum severity severity; /* alerts below are not written; 0: all */
	unsigned shard,
		shards; /* the part of the connections that is analysed (--shard), for the stats record; 0: all */
};

struct output;
struct output *output_new(output_write write, void *context);
/* output_begin - a new input begins; options are copied, filename is borrowed until the next one. */
void output_begin(struct output *output, const struct output_options *options);
/* output_wants - is this record to be written? Saves the work of preparing it. */
bool output_wants(const struct output *output, enum record record);
bool output_failed(const struct output *output);
void output_free(struct output *output);

/* Where a record belongs. */
struct place {
	const struct flow *flow;
	struct moment at;
	int tx; /* -1: none */
};

/* What an alert or a file belongs to, as far as it is known by then; either may be NULL. */
struct belongings {
	const struct transaction *tx;
	const struct mail *mail;
};

void output_alert(struct output *output, const struct place *place, const struct alert *alert,
	const struct belongings *belongings);
/* mail may be NULL: no content. tags: struct rule_tag*, of which the transaction's are written; NULL: none. */
void output_smtp(struct output *output, const struct place *place, const struct transaction *tx,
	const struct mail *mail, const GPtrArray *tags);
void output_fileinfo(struct output *output, const struct place *place, const struct mail_part *part,
	const struct belongings *belongings);
void output_command(struct output *output, const struct place *place, const struct session_command *command);
void output_response(struct output *output, const struct place *place, const struct session_response *response);
/* piece: content at `offset` of the content; empty with last. */
void output_content(struct output *output, const struct place *place, uint64_t offset, struct span piece, bool last);
void output_auth(struct output *output, const struct place *place, const struct session_auth *auth);
void output_tls(struct output *output, const struct place *place, const struct tls_info *tls);
/* alerts: exact counts by id. rule_alerts: those of rules by their own ids (char*, a number); NULL: none. tags: the
 * session's are written. */
void output_flow(struct output *output, const struct place *place, const struct session_summary *summary,
	const uint64_t alerts[ALERT_COUNT], GHashTable *rule_alerts, const GPtrArray *tags);

/* What is counted of an input, in the order of the stats record. X(name, sum, description): of what is SUMMED each
 * worker counts its share of the connections; the rest is the SAME in every worker. */
/* clang-format off */
#define COUNTERS(X) \
	X(packets, SAME, "packets read") \
	X(bytes, SAME, "octets of those packets on the wire") \
	X(filtered, SAME, "packets left out by --filter, --host, --after, --before, not counted above") \
	X(fragment_conflicts, SAME, "overlapping IP fragments that differ") \
	X(connections, SUMMED, "TCP connections") \
	X(sessions, SUMMED, "those that spoke SMTP") \
	X(transactions, SUMMED, "smtp records") \
	X(mails, SUMMED, "transactions whose content was seen to its end") \
	X(mail_bytes, SUMMED, "octets of content, of all transactions") \
	X(files, SUMMED, "fileinfo records") \
	X(gap_bytes, SUMMED, "octets of sessions that are not in the capture") \
	X(given_up_bytes, SUMMED, "octets of sessions that were not waited for any longer, for lack of memory") \
	X(evicted, SUMMED, "connections given up to stay under --memory") \
	X(invalid_resets, SUMMED, "TCP resets that did not fit their connection")
/* clang-format on */

struct input_stats {
#define X(name, sum, description) uint64_t name;
	COUNTERS(X)
#undef X
	uint64_t alerts[4]; /* SUMMED; by enum severity, [0] unused */
	uint64_t not_decoded[DECODE_RESULT_COUNT];
	uint64_t time_jumps, first_time_jump; /* see flow.h */
	struct moment first, last;
	bool complete,
		cut;       /* cut: not complete, since captures end in the middle of a packet and for no other reason */
	char error[512];   /* why not complete; empty */
	char unknown[256]; /* what of not_decoded was not known, in words (packet.h); empty. Not in the record */
};
/* input_stats_add - what another worker found in its share of the same input. */
void input_stats_add(struct input_stats *sum, const struct input_stats *part);
/* input_stats_break - it is not complete; the first reason stays. cut: see above. */
void input_stats_break(struct input_stats *stats, bool cut, const char *sentence);
/* input_stats_status - the exit status that comes of it. */
enum exit_status input_stats_status(const struct input_stats *stats);
void output_stats(struct output *output, const struct input_stats *stats);

/* output_packet_done - no more records for this packet: sorts and hands on what there is. output_flow_done - none of
 * this packet for flows up to this one. */
void output_packet_done(struct output *output);
void output_flow_done(struct output *output, uint64_t flow);

/* A stats record read back. */
struct stats_record {
	bool complete, cut;
	char *error;            /* why not complete; NULL */
	enum severity worst;    /* of its alerts; 0: none */
	unsigned shard, shards; /* which part it speaks of; 1 of 1: all */
};
/* output_last_stats - the last line of a file; free with g_free, NULL when there is none. output_stats_read - returns
 * false when a line is no stats record; release with output_stats_clear. */
char *output_last_stats(const char *path);
bool output_stats_read(const char *line, struct stats_record *record);
void output_stats_clear(struct stats_record *record);
/* output_stats_merge - what the stats records (char*) of all shards of one capture say together is appended to *line,
 * as a line. Returns false when they are of different captures. */
bool output_stats_merge(GPtrArray *lines, GString *line);

/* output_schema - the JSON Schema (2020-12) of every record, as text; free with g_free. */
char *output_schema(void);
/* output_alert_list - the catalogue of alerts as JSON Lines; free with g_free. */
char *output_alert_list(void);

#endif

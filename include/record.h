/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * record.h - writes records as JSON Lines.
 *
 * Each record is one compact line, valid UTF-8 whatever the bytes were, with a fixed order of keys. Records are written
 * in order of packet, then of flow, then of arrival: output_packet_done sorts and writes those of a packet.
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

/* Writes one or more complete lines of a packet and flow, each with its '\n'. Returns false when they can't be written:
 * output_failed is true then. */
typedef bool (*output_write)(void *context, uint64_t packet, uint64_t flow, const char *lines, size_t size);

struct output_options {
	GPtrArray *headers; /* char*: header fields for email.headers; NULL: none */
	unsigned records;   /* RECORD_BIT of the records to write */
	bool show_secrets;
	bool ascii;             /* only ASCII in texts: other characters as \u escapes */
	bool nanoseconds;       /* 9 digits in time stamps (set for each input) */
	const char *filename;   /* pcap_filename (set for each input) */
	const char *temp_dir;   /* for records that are too many for memory; NULL: the usual folder */
	enum severity severity; /* alerts of lower severity are not written; 0: all are */
	unsigned shard,
		shards; /* for the stats record: the part of the connections that is analysed (--shard); 0: all */
};

struct output;
struct output *output_new(output_write write, void *context);
/* output_begin - a new input begins; options are copied, filename is borrowed until the next call. */
void output_begin(struct output *output, const struct output_options *options);
/* output_wants - will this record be written? If not, the caller need not prepare it. */
bool output_wants(const struct output *output, enum record record);
bool output_failed(const struct output *output);
void output_free(struct output *output);

/* Flow, packet and transaction of a record. */
struct place {
	const struct flow *flow;
	struct moment at;
	int tx; /* -1: none */
};

/* The transaction and the mail that an alert or a file belongs to; NULL: none, or not known yet. */
struct related {
	const struct transaction *tx;
	const struct mail *mail;
};

void output_alert(
	struct output *output, const struct place *place, const struct alert *alert, const struct related *related);
/* mail: NULL when there was no content. tags: struct rule_tag*; those of the transaction are written; NULL: none. */
void output_smtp(struct output *output, const struct place *place, const struct transaction *tx,
	const struct mail *mail, const GPtrArray *tags);
void output_fileinfo(
	struct output *output, const struct place *place, const struct mail_part *part, const struct related *related);
void output_command(struct output *output, const struct place *place, const struct session_command *command);
void output_response(struct output *output, const struct place *place, const struct session_response *response);
/* A piece of content, at this offset of it; the last call has an empty piece and `last`. */
void output_content(struct output *output, const struct place *place, uint64_t offset, struct span piece, bool last);
void output_auth(struct output *output, const struct place *place, const struct session_auth *auth);
void output_tls(struct output *output, const struct place *place, const struct tls_info *tls);
/* alerts: exact counts by id. rule_alerts: counts of rules' alerts by the rules' own ids (char*, a number); NULL: none.
 * tags: those of the session are written. */
void output_flow(struct output *output, const struct place *place, const struct session_summary *summary,
	const uint64_t alerts[ALERT_COUNT], GHashTable *rule_alerts, const GPtrArray *tags);

/* The counters of an input, in the order of the stats record. X(name, sum, need, description). SUMMED: each worker
 * counts for its share of the connections. SAME: each worker counts all of it. MAYBE: left out when it is 0. */
/* clang-format off */
#define COUNTERS(X) \
	X(packets, SAME, ALWAYS, "packets read") \
	X(bytes, SAME, ALWAYS, "octets of those packets on the wire") \
	X(filtered, SAME, ALWAYS, "packets left out by --filter, --host, --after, --before, not counted above") \
	X(fragment_conflicts, SAME, ALWAYS, "overlapping IP fragments that differ") \
	X(connections, SUMMED, ALWAYS, "TCP connections") \
	X(sessions, SUMMED, ALWAYS, "those that spoke SMTP") \
	X(transactions, SUMMED, ALWAYS, "smtp records") \
	X(mails, SUMMED, ALWAYS, "transactions whose content was seen to its end") \
	X(mail_bytes, SUMMED, ALWAYS, "octets of content, of all transactions") \
	X(files, SUMMED, ALWAYS, "fileinfo records") \
	X(gap_bytes, SUMMED, ALWAYS, "octets of sessions that are not in the capture") \
	X(given_up_bytes, SUMMED, ALWAYS, "octets of sessions that were not waited for any longer, for lack of memory") \
	X(evicted, SUMMED, ALWAYS, "connections given up to stay under --memory") \
	X(invalid_resets, SUMMED, ALWAYS, "TCP resets that did not fit their connection") \
	X(ignored_segments, SUMMED, MAYBE, "TCP segments of sessions that no receiver takes: outside of the window, or without ACK")
/* clang-format on */

struct input_stats {
#define X(name, sum, need, description) uint64_t name;
	COUNTERS(X)
#undef X
	uint64_t alerts[4]; /* SUMMED; by enum severity, [0] unused */
	uint64_t not_decoded[DECODE_RESULT_COUNT];
	uint64_t time_jumps, first_time_jump; /* see flow.h */
	uint64_t dropped;                     /* packets that the capturing program says it lost */
	struct moment first, last;
	bool complete, cut; /* cut: not complete only because a capture ends in the middle of a packet */
	char error[512];    /* why it is not complete; else empty */
	char unknown[256];  /* unknown link types and protocols in words (decoder_unknown); not in the record */
};
/* input_stats_add - adds the counts of another worker, which had another share of the same input. */
void input_stats_add(struct input_stats *sum, const struct input_stats *part);
/* input_stats_break - the input is not complete; the first reason stays. cut: see above. */
void input_stats_break(struct input_stats *stats, bool cut, const char *sentence);
/* input_stats_status - the exit status for this input. */
enum exit_status input_stats_status(const struct input_stats *stats);
void output_stats(struct output *output, const struct input_stats *stats);

/* output_packet_done - the records of this packet are complete: sorts and writes them. output_flow_done - those of the
 * flows up to this one are. */
void output_packet_done(struct output *output);
void output_flow_done(struct output *output, uint64_t flow);

/* A stats record that was read from an output. */
struct stats_record {
	bool complete, cut;
	char *error;            /* why it is not complete; else NULL */
	enum severity worst;    /* of its alerts; 0: none */
	unsigned shard, shards; /* the part of the connections that it is about; 1 of 1: all */
};
/* output_last_stats - the last line of a file; NULL when there is none; free with g_free. output_stats_read - returns
 * false when the line is not a stats record; release with output_stats_clear. */
char *output_last_stats(const char *path);
bool output_stats_read(const char *line, struct stats_record *record);
void output_stats_clear(struct stats_record *record);
/* output_stats_merge - merges the stats records (char*) of all shards of one capture into one record, which is appended
 * to *line with a line feed. Returns false when they are of different captures. */
bool output_stats_merge(GPtrArray *lines, GString *line);

/* output_schema - the JSON Schema (2020-12) of every record, as text; free with g_free. */
char *output_schema(void);
/* output_alert_list - the catalogue of alerts as JSON Lines; free with g_free. */
char *output_alert_list(void);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - what the files of this folder share. record.c writes the envelope and sorts the records; alert.c,
 * transaction.c, fileinfo.c, dialogue.c, summary.c (with proxy.c) and stats.c write the fields of each record. Their
 * functions write nothing when the record is not wanted.
 */
#ifndef SMTPSCAN_RECORD_PRIVATE_H
#define SMTPSCAN_RECORD_PRIVATE_H

#include "json.h"
#include "record.h"

/* record_begin - begins a record with its envelope. record_end - ends it; its line is held until output_packet_done.
 * One record at a time. */
struct json record_begin(struct output *output, enum record record, const struct place *place);
void record_end(struct output *output, const struct place *place, const struct json *root);
/* record_time - a time with 6 or 9 digits, as the capture needs. */
void record_time(const struct output *output, struct json *object, enum field field, int64_t time);
const struct output_options *output_options(const struct output *output);

/* Words of records, for the schema; ended by the sizes of the enums they are indexed by. */
extern const char *const flow_reason_names[FLOW_END_INPUT + 1], *const flow_end_names[FLOW_END_INPUT + 1];

/* record_related - the smtp and email objects beside an alert or a file: its transaction and its mail, where known.
 */
void record_related(struct json *root, const struct related *about);

/* record_tags - the tags that rules gave to the transaction tx, or to the session (-1). */
void record_tags(struct json *parent, enum field field, const GPtrArray *tags, int tx);

/* record_address - an address as text; valid until json_reset. */
const char *record_address(const struct address *address);

/* record_proxy - smtp_session.proxy; NULL: none. */
void record_proxy(struct json *session, const struct flow_proxy *proxy);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - what the files of this folder share. record.c writes the envelope and keeps the order; alert.c,
 * transaction.c, fileinfo.c, dialogue.c and summary.c turn the structs of the stages into the fields of fields.h, a
 * record each. Their functions write nothing when the record is not wanted.
 */
#ifndef SMTPSCAN_RECORD_PRIVATE_H
#define SMTPSCAN_RECORD_PRIVATE_H

#include "json.h"
#include "record.h"

/* record_begin - a new record with its envelope. record_end - it is complete: its line waits for output_packet_done.
 * One record at a time. */
struct json record_begin(struct output *output, enum record record, const struct place *place);
void record_end(struct output *output, const struct place *place, const struct json *root);
/* record_time - with as many digits as the capture has. */
void record_time(const struct output *output, struct json *object, enum field field, int64_t time);
const struct output_options *output_options(const struct output *output);

/* Words of records, for the schema; ended by the sizes of the enums they are indexed by. */
extern const char *const flow_reason_names[FLOW_END_INPUT + 1], *const flow_end_names[FLOW_END_INPUT + 1];

/* gspan - the octets of a GString, while it is unchanged. */
static inline struct span gspan(const GString *text)
{
	return (struct span){ (const uint8_t *)text->str, text->len };
}

/* record_related - the smtp and email objects beside an alert or a file: its transaction and its mail, where known.
 */
void record_related(struct json *root, const struct related *about);

/* record_tags - those that rules gave to the transaction tx, or to the session (-1). */
void record_tags(struct json *parent, enum field field, const GPtrArray *tags, int tx);

/* record_address - an address as text; valid until json_reset. */
const char *record_address(const struct address *address);

/* record_proxy - smtp_session.proxy; NULL: none. */
void record_proxy(struct json *session, const struct flow_proxy *proxy);

#endif

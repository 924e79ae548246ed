/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - what record.c (envelope, order) offers to contents.c (contents). Private to the output
 * stage.
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

/* record_address - an address as text; valid until json_reset. */
const char *record_address(const struct address *address);

/* record_proxy - smtp_session.proxy; NULL: none. */
void record_proxy(struct json *session, const struct flow_proxy *proxy);

#endif

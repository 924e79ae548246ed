/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * records.h - for fuzz targets: the promises of the output, looked at line by line. One that does not hold ends the
 * process.
 *
 * Every line is one JSON object in UTF-8; records are in order of packet and connection; every transaction has one smtp
 * record, numbers from 0 without a gap, and its files after it (a MAIL that no server took has the number that is
 * next, and may have no such record); the pieces of a content are without a gap and add up to its size; every
 * connection that has a record ends with its flow record, and has none after that; the counters of stats are what was
 * counted, and nothing comes after stats.
 */
#ifndef SMTPSCAN_TESTS_FUZZ_RECORDS_H
#define SMTPSCAN_TESTS_FUZZ_RECORDS_H

#include "record.h"

struct records;

/* records_new - of one input, all of whose records are written (--events=all, --alert-limit=0). */
struct records *records_new(void);
/* records_lines - output_write; the context is the records. */
bool records_lines(void *context, uint64_t packet, uint64_t flow, const char *lines, size_t size);
/* records_end - the input ended: stats are what the program counted. Frees. Returns a checksum of all lines. */
uint64_t records_end(struct records *records, const struct input_stats *stats);

#endif

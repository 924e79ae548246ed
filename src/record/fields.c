/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fields.c - the tables of fields.h and record.h as data.
 */
#include "fields.h"

#include "record.h"

const char *const record_names[RECORD_COUNT] = {
#define X(id, name) name,
	RECORDS(X)
#undef X
};

const struct field_info field_table[FIELD_COUNT] = {
#define X(object, name, kind, need, of, description)                                                                   \
	{ #name, #name "_base64", sizeof #name - 1, OF_##object, KIND_##kind, NEED_##need, OF_##of, description },
	FIELDS(X)
#undef X
};

const struct counter counter_table[COUNTER_COUNT] = {
#define X(name, sum, need, description)                                                                                \
	{ FIELD_stats_##name, offsetof(struct input_stats, name), COUNTER_##sum == COUNTER_SUMMED },
	COUNTERS(X)
#undef X
};

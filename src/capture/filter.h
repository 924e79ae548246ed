/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * filter.h - a BPF expression for packets of several link types: one program per link type, compiled by libpcap when
 * its first packet comes. Private to src/capture.
 */
#ifndef SMTPSCAN_CAPTURE_FILTER_H
#define SMTPSCAN_CAPTURE_FILTER_H

#include "capture.h"

struct filter;

struct filter *filter_new(const char *bpf);
void filter_free(struct filter *filter);

/* filter_fits - does it compile for this link type? If not, *words is the reason (free with g_free). */
bool filter_fits(struct filter *filter, int link_type, char **words);

/* filter_matches - false also when the expression does not fit the packet's link type. */
bool filter_matches(struct filter *filter, const struct packet *packet);

#endif

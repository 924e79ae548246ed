/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * capture_files.h - makes capture files in memory: pcap and pcapng in either byte order (swap: the other one),
 * compressed or not. The caller frees the arrays.
 */
#ifndef SMTPSCAN_TESTS_CAPTURE_FILES_H
#define SMTPSCAN_TESTS_CAPTURE_FILES_H

#include <archive.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "packet_builder.h"

#define MICRO 0xa1b2c3d4u
#define NANO 0xa1b23c4du
#define ETHERNET 1

/* make_packet - the packet used in all files: a segment to port 25 when the number is odd, else to 80. */
void make_packet(struct built *b, uint32_t number);

void pcap_header(GByteArray *to, uint32_t magic, bool swap);
/* pcap_record - at 1700000000 + number seconds and number % 1000 * 111 units; four octets more on the wire. */
void pcap_record(GByteArray *to, uint32_t number, bool swap);
/* pcap_of - a file with records 1 to `count`. */
GByteArray *pcap_of(uint32_t magic, bool swap, uint32_t count);

/* pcapng_section - with a comment of this many octets. */
void pcapng_section(GByteArray *to, bool swap, uint16_t comment);
/* pcapng_interface - with a name before the resolution; 0: no such option. */
void pcapng_interface(GByteArray *to, bool swap, uint16_t link_type, uint8_t resolution);
void pcapng_packet(GByteArray *to, uint32_t number, uint64_t units, uint32_t interface, bool swap);

/* Other blocks, and bodies for them: put16, put32 and put64 append a number, pcapng_option an option with its padding,
 * pcapng_block the body (taken) with its lengths around it. */
void put16(GByteArray *to, uint16_t value, bool swap);
void put32(GByteArray *to, uint32_t value, bool swap);
void put64(GByteArray *to, uint64_t value, bool swap);
void pcapng_option(GByteArray *body, uint16_t code, const void *value, uint16_t size, bool swap);
void pcapng_block(GByteArray *to, uint32_t type, GByteArray *body, bool swap);

/* compress - by one of libarchive's archive_write_add_filter_*; takes the file. */
GByteArray *compress(GByteArray *file, int (*filter)(struct archive *));

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * capture.h - capture files, folders and standard input become packets. The only stage that knows libpcap's files.
 *
 * A capture is pcap or pcapng, of any resolution, either byte order, plain or compressed (gzip, xz, zstd, bzip2, lz4;
 * told by content). pcap is read by libpcap, through stdio, hence a 1 MiB buffer under it; pcapng block by block by a
 * reader of our own, because each of its packets has its own interface: link type, clock, snap length.
 */
#ifndef SMTPSCAN_CAPTURE_H
#define SMTPSCAN_CAPTURE_H

#include <glib.h>

#include "types.h"

/* A packet as it stands in the capture. data holds `captured` octets of `length` on the wire and is valid until
 * the next call of capture_next. */
struct packet {
	struct moment at;
	int link_type; /* DLT_* of libpcap */
	uint32_t captured;
	uint32_t length;
	const uint8_t *data;
	uint8_t fcs; /* octets of a frame check sequence at the end of `length`, when the capture says so; else 0 */
	const char *interface; /* its name, as valid as data; NULL when the capture has none */
	bool matches;          /* the filter, as it was captured; true without one */
};

struct capture;

/* capture_open - opens PATH ("-" is standard input), with BPF as a filter or NULL. Returns NULL and sets *error to a
 * sentence that names the file when it is missing, empty, no capture, or the filter does not compile. Free with
 * capture_close. */
struct capture *capture_open(const char *path, const char *bpf, GError **error);
void capture_close(struct capture *capture);

/* capture_filter_error - why this is no filter on any kind of link; NULL when it is one. Free with g_free. Whether it
 * fits a capture's own link is found out when that is opened. */
char *capture_filter_error(const char *bpf);

enum capture_status { CAPTURE_PACKET, CAPTURE_END, CAPTURE_CUT, CAPTURE_BROKEN };

/* capture_next - the next packet. CAPTURE_CUT: the capture ends in the middle of a record, as one does whose writer was
 * killed; everything before was delivered. CAPTURE_BROKEN: it is damaged or can't be read further. capture_error says
 * how, for both (for pcapng with the number and the offset of the block). Packets that the filter does not match
 * are given, too: what is within them may. Without a packet, packet->at.packet is the number of all packets read. A
 * signal whose handler has no SA_RESTART ends the wait for a pipe: CAPTURE_BROKEN, "Interrupted system call". */
enum capture_status capture_next(struct capture *capture, struct packet *packet);
const char *capture_error(const struct capture *capture);

/* capture_nanoseconds - true when time stamps are finer than a microsecond: those of a pcap, or of any interface of a
 * pcapng that was described so far. So it can change with a call of capture_next. */
bool capture_nanoseconds(const struct capture *capture);

/* capture_filter_ip - does the filter match an IP packet that was found within the last one? ip: its octets that are
 * here, of `length`. */
bool capture_filter_ip(struct capture *capture, struct span ip, uint32_t length);

/* Secrets to decrypt what is in the capture (the Decryption Secrets Block of pcapng): what they are, and the octets. */
#define CAPTURE_SECRETS_TLS 0x544c534bu /* lines of NSS' key log */
typedef void capture_secrets_sink(void *context, uint32_t type, struct span secrets);

/* capture_on_secrets - hands on secrets as their blocks are met, within capture_next; the octets are valid within the
 * call. Blocks may stand anywhere, also behind the packets that they belong to. */
void capture_on_secrets(struct capture *capture, capture_secrets_sink *sink, void *context);

/* capture_secrets - all secrets of a file at once, before its packets are looked at: reads it to its end. Returns
 * false when that can't be done: standard input or a pipe, no pcapng, or it can't be opened (reading it for good will
 * say why). What stands before damage is handed on. */
bool capture_secrets(const char *path, capture_secrets_sink *sink, void *context);

/* capture_position - octets of the file read so far and its size (0 when not known: a pipe), for progress. */
void capture_position(const struct capture *capture, uint64_t *read, uint64_t *size);

/* capture_begins_like - does a file's (decompressed) content begin like a capture? */
bool capture_begins_like(const char *path);

/* capture_list - the captures that the arguments mean: files and "-" as they are, folders walked and sorted by
 * name (hidden files are skipped; symbolic links to captures are taken, to folders not). Paths are appended to *paths
 * (owned strings). Returns false and sets *error for the first folder that can't be read; what could be found is in
 * *paths all the same. */
bool capture_list(char **arguments, GPtrArray *paths, GError **error);

#endif

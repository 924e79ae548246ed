/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * capture.h - reads packets from capture files and standard input, and finds captures in folders. The only stage that
 * reads files with libpcap.
 *
 * A capture is pcap or pcapng, of any resolution, either byte order, plain or compressed (gzip, xz, zstd, bzip2, lz4;
 * recognised by content). pcap is read by libpcap through stdio with a 1 MiB buffer; pcapng by a reader of our own,
 * block by block, because each packet of a pcapng may belong to another interface, with its own link type, clock and
 * snap length.
 */
#ifndef SMTPSCAN_CAPTURE_H
#define SMTPSCAN_CAPTURE_H

#include <glib.h>
#include <string.h>

#include "types.h"

/* A packet as the capture has it. data holds the first `captured` of its `length` octets on the wire, and is valid
 * until the next call of capture_next. */
struct packet {
	struct moment at;
	int link_type; /* DLT_* of libpcap */
	uint32_t captured;
	uint32_t length;
	const uint8_t *data;
	uint8_t fcs; /* octets of the frame check sequence at the end of `length`, if the capture says that there is
			one; else 0 */
	const char *interface; /* its name, valid as long as data; NULL when the capture has none */
	bool matches;          /* does the packet as captured match the filter? true without one */
};

/* capture_is_stdin - does the path mean standard input? */
static inline bool capture_is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* capture_title - what messages call it. */
static inline const char *capture_title(const char *path)
{
	return capture_is_stdin(path) ? "standard input" : path;
}

struct capture;

/* capture_open - opens PATH ("-" is standard input), with BPF as a filter or NULL. Returns NULL and sets *error to a
 * sentence that names the file when the file is missing, empty or no capture, or the filter does not compile. Free with
 * capture_close. */
struct capture *capture_open(const char *path, const char *bpf, GError **error);
void capture_close(struct capture *capture);

/* capture_filter_error - why the text is not a valid filter for any link type; NULL when it is valid. Free with g_free.
 * Whether it fits a capture's own link type shows when the capture is opened. */
char *capture_filter_error(const char *bpf);

enum capture_status { CAPTURE_PACKET, CAPTURE_END, CAPTURE_CUT, CAPTURE_BROKEN };

/* capture_next - the next packet. CAPTURE_CUT: the capture ends in the middle of a record, for example because its
 * writer was killed; everything before was delivered. CAPTURE_BROKEN: it is damaged or can't be read further. For both,
 * capture_error has the reason (for pcapng with the number and the offset of the block). Packets that the filter does
 * not match are returned, too: a packet inside of a tunnel may match. When no packet is returned, packet->at.packet is
 * the number of all packets read. A signal whose handler has no SA_RESTART ends the wait for a pipe: CAPTURE_BROKEN,
 * "Interrupted system call". */
enum capture_status capture_next(struct capture *capture, struct packet *packet);
const char *capture_error(const struct capture *capture);

/* capture_nanoseconds - true when time stamps are finer than a microsecond: those of a pcap, or of any interface of a
 * pcapng that was described so far. So a call of capture_next can change it. */
bool capture_nanoseconds(const struct capture *capture);

/* capture_dropped - packets that the capturing program says it lost, as far as the capture was read: the counts in
 * packet and statistics blocks of a pcapng. 0: none, or it says nothing; a pcap never does. */
uint64_t capture_dropped(const struct capture *capture);

/* capture_filter_ip - does the filter match an IP packet that was found inside of the last packet? ip: its captured
 * octets, of `length` on the wire. */
bool capture_filter_ip(struct capture *capture, struct span ip, uint32_t length);

/* Secrets that decrypt the capture (the Decryption Secrets Block of pcapng): their type, and the octets. */
#define CAPTURE_SECRETS_TLS 0x544c534bu /* lines of an NSS key log */
typedef void capture_secrets_sink(void *context, uint32_t type, struct span secrets);

/* capture_on_secrets - passes secrets to the sink as their blocks are read, within capture_next; the octets are valid
 * within the call. Blocks may stand anywhere, also after the packets that they belong to. */
void capture_on_secrets(struct capture *capture, capture_secrets_sink *sink, void *context);

/* capture_secrets - passes on all secrets of a file before its packets are analysed: reads the file to its end. Returns
 * false when that can't be done: standard input or a pipe, not a pcapng, or it can't be opened (capture_open reports
 * why). Secrets before a damaged block are passed on. */
bool capture_secrets(const char *path, capture_secrets_sink *sink, void *context);

/* capture_secrets_ahead - likewise of a capture that can be read only once, from the packet in hand on: what is read is
 * kept in a file without a name in this folder until capture_next comes to it. Does not wait for the end of a live
 * capture, which has packets of now, or sends nothing for a while. Returns false when there may be more secrets than
 * were passed on; *trouble (owned) has the reason then, when it is a failure. */
bool capture_secrets_ahead(
	struct capture *capture, const char *directory, capture_secrets_sink *sink, void *context, char **trouble);

/* capture_position - octets of the file read so far, and its size (0 when not known: a pipe), for progress. */
void capture_position(const struct capture *capture, uint64_t *read, uint64_t *size);

/* capture_file - a number that identifies the file and its present content (by size and time of change); 0: a pipe.
 * *changed: the file was changed or replaced since it was opened. */
uint64_t capture_file(const struct capture *capture, bool *changed);

/* capture_begins_like - does a file's (decompressed) content begin like a capture? */
bool capture_begins_like(const char *path);

/* capture_list - the captures that the arguments mean: files and "-" as they are, folders walked and sorted by name
 * (hidden files are skipped; symbolic links to captures are followed, to folders not). Paths are appended to *paths
 * (owned strings). Returns false and sets *error for the first folder that can't be read; *paths has what was found all
 * the same. */
bool capture_list(char **arguments, GPtrArray *paths, GError **error);

#endif

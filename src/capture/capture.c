/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * capture.c - reads packets from a capture_stream with libpcap (pcap) or the block reader (pcapng). See capture.h.
 *
 * libpcap reads through a stdio FILE whose cookie is the stream. Reads may be short, and stdio returns as soon as a
 * request is satisfied: so a record of a live pipe is delivered when its last octet has come, in spite of the large
 * buffer. The capture owns the stream, the FILE belongs to libpcap's handle.
 */
#include "capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "filter.h"
#include "format.h"
#include "memory.h"
#include "pcapng.h"
#include "source.h"

#define STDIO_BUFFER (1024 * 1024)
/* The kernel copies half as fast to a buffer that is not aligned. */
#define STDIO_ALIGNMENT 4096
/* Octets that are needed to recognise a format. */
#define HEADER_MIN 24
/* Offset of the snap length in the header of a pcap. */
#define SNAPLEN_OFFSET 16
#define SNAPLEN_SIZE 4
/* pcap_datalink_ext: the length of the frame check sequence, in units of 2 octets, when the bit is set. */
#define FCS_PRESENT 0x04000000
#define FCS_UNITS(extension) (((unsigned)(extension) >> 28 & 0x0f) * 2)
/* A packet is one of now when it is not older, in nanoseconds. */
#define LIVE_AGE (5 * NANOSECONDS_PER_SECOND)

struct capture {
	char *name;
	struct capture_stream *stream;
	pcap_t *pcap; /* one of these two */
	struct pcapng *pcapng;
	char *buffer; /* of stdio */
	struct filter *filter;
	bool nanoseconds; /* of a pcap */
	int link_type;    /* of a pcap */
	uint8_t fcs;      /* of a pcap */
	uint64_t packets;
	char *error;
};

static ssize_t read_cookie(void *cookie, char *to, size_t size)
{
	return capture_stream_read(cookie, to, size);
}

/* fail_open - sets *error to "NAME: words". Returns false. */
G_GNUC_PRINTF(3, 4)
static bool fail_open(const struct capture *capture, GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *words = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", capture->name, words);
	g_free(words);
	return false;
}

/* refuse_file - the file is no pcap or pcapng: sets *error to what it is, and what the user can do. Returns false. */
static bool refuse_file(struct capture *capture, GError **error)
{
	const struct foreign *foreign = capture_format_foreign(capture_stream_head(capture->stream, STREAM_HEAD_MAX));
	const char *name = foreign ? foreign->name : NULL;
	if (!foreign)
		return fail_open(capture, error, "not a capture (neither pcap nor pcapng)");
	switch (foreign->kind) {
	case FOREIGN_ARCHIVE:
		return fail_open(capture, error, "not a capture but %s: unpack it first", name);
	case FOREIGN_COMPRESSED:
		return fail_open(capture, error, "not a capture but %s: decompress it first", name);
	case FOREIGN_TEXT:
		return fail_open(capture, error, "not a capture but text (text2pcap makes one of a hexadecimal dump)");
	default:
		return fail_open(
			capture, error, "%s, neither pcap nor pcapng; convert it: editcap -F pcapng IN OUT", name);
	}
}

/* look_at_head - recognises the format. Returns false when it is no capture. */
static bool look_at_head(struct capture *capture, enum capture_format *format, GError **error)
{
	struct span head = capture_stream_head(capture->stream, HEADER_MIN);
	const char *trouble = capture_stream_error(capture->stream);
	if (head.size == 0 && trouble)
		return fail_open(capture, error, "%s", trouble);
	if (head.size == 0)
		return fail_open(capture, error, "%s",
			capture_stream_compressed(capture->stream) ? "empty when decompressed" : "empty file");
	*format = capture_format_of(head);
	if (*format == CAPTURE_FORMAT_NONE)
		return refuse_file(capture, error);
	capture->nanoseconds = capture_format_nanoseconds(head);
	return true;
}

/* forget_snaplen - libpcap cuts packets to the snap length in the header, which some writers set too small. 0 means
 * libpcap's maximum. */
static void forget_snaplen(struct capture *capture)
{
	static const uint8_t zeros[SNAPLEN_SIZE];
	if (capture_stream_head(capture->stream, HEADER_MIN).size >= HEADER_MIN)
		capture_stream_amend(capture->stream, SNAPLEN_OFFSET, span_of(zeros, sizeof zeros));
}

/* start_pcap - opens the stream with libpcap. */
static bool start_pcap(struct capture *capture, GError **error)
{
	forget_snaplen(capture);
	FILE *file = fopencookie(capture->stream, "r", (cookie_io_functions_t){ .read = read_cookie });
	if (!file)
		return fail_open(capture, error, "%s", g_strerror(errno));
	capture->buffer = aligned_alloc(STDIO_ALIGNMENT, STDIO_BUFFER);
	if (!capture->buffer)
		memory_gone();
	setvbuf(file, capture->buffer, _IOFBF, STDIO_BUFFER);
	__fsetlocking(file, FSETLOCKING_BYCALLER);
	char words[PCAP_ERRBUF_SIZE] = "";
	/* libpcap is to leave time stamps as they are, see pcap_moment. */
	capture->pcap = pcap_fopen_offline_with_tstamp_precision(
		file, capture->nanoseconds ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO, words);
	if (capture->pcap) {
		const int extension = pcap_datalink_ext(capture->pcap);
		capture->link_type = pcap_datalink(capture->pcap);
		capture->fcs = extension & FCS_PRESENT ? (uint8_t)FCS_UNITS(extension) : 0;
		return true;
	}
	fclose(file);
	const char *trouble = capture_stream_error(capture->stream);
	if (!trouble && strstr(words, "truncated"))
		trouble = "ends in the middle of its header";
	return fail_open(capture, error, "%s", trouble ? trouble : words);
}

/* start_pcapng - reads the first Section Header Block. */
static bool start_pcapng(struct capture *capture, GError **error)
{
	capture->pcapng = pcapng_new(capture->stream);
	switch (pcapng_start(capture->pcapng)) {
	case CAPTURE_CUT:
		return fail_open(capture, error, "ends in the middle of its header");
	case CAPTURE_BROKEN:
		return fail_open(capture, error, "%s", pcapng_error(capture->pcapng));
	default:
		return true;
	}
}

/* start_filter - compiles the filter for the link type of a pcap. For a pcapng that happens when packets come. */
static bool start_filter(struct capture *capture, const char *bpf, GError **error)
{
	char *words;
	capture->filter = filter_new(bpf);
	if (capture->pcapng || filter_fits(capture->filter, capture->link_type, &words))
		return true;
	fail_open(capture, error, "filter \"%s\": %s", bpf, words);
	g_free(words);
	return false;
}

struct capture *capture_open(const char *path, const char *bpf, GError **error)
{
	struct capture_stream *stream = capture_stream_open(path, error);
	if (!stream)
		return NULL;
	struct capture *capture = g_new0(struct capture, 1);
	capture->stream = stream;
	capture->name = g_strdup(capture_title(path));
	enum capture_format format = CAPTURE_FORMAT_NONE;
	if (look_at_head(capture, &format, error) &&
		(format == CAPTURE_FORMAT_PCAP ? start_pcap(capture, error) : start_pcapng(capture, error)) &&
		(!bpf || start_filter(capture, bpf, error)))
		return capture;
	capture_close(capture);
	return NULL;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	filter_free(capture->filter);
	pcapng_free(capture->pcapng);
	if (capture->pcap)
		pcap_close(capture->pcap);
	capture_stream_close(capture->stream);
	free(capture->buffer);
	g_free(capture->name);
	g_free(capture->error);
	g_free(capture);
}

/* set_error - sets the error to a sentence with the number of packets so far. */
static enum capture_status set_error(struct capture *capture, enum capture_status status, const char *words)
{
	g_free(capture->error);
	capture->error =
		g_strdup_printf("%s: after packet %" G_GUINT64_FORMAT ": %s", capture->name, capture->packets, words);
	return status;
}

/* pcap_trouble - the error of libpcap or of the stream. */
static enum capture_status pcap_trouble(struct capture *capture)
{
	const char *words = pcap_geterr(capture->pcap);
	const char *trouble = capture_stream_error(capture->stream);
	if (trouble)
		return set_error(
			capture, capture_stream_ended(capture->stream) ? CAPTURE_CUT : CAPTURE_BROKEN, trouble);
	if (strstr(words, "truncated"))
		return set_error(capture, CAPTURE_CUT, "ends in the middle of a record");
	char *damaged = g_strdup_printf("damaged (%s)", words);
	set_error(capture, CAPTURE_BROKEN, damaged);
	g_free(damaged);
	return CAPTURE_BROKEN;
}

/* pcap_moment - both words of a time stamp are unsigned 32-bit numbers; libpcap reads them as signed. Some writers have
 * fractions of more than a second: the seconds are carried over. */
static int64_t pcap_moment(const struct capture *capture, const struct timeval *at)
{
	const uint64_t fraction = (uint32_t)at->tv_usec;
	return clock_moment((int64_t)(uint32_t)at->tv_sec, capture->nanoseconds ? fraction : fraction * 1000);
}

static enum capture_status next_of_pcap(struct capture *capture, struct packet *packet)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int status = pcap_next_ex(capture->pcap, &header, &data);
	if (G_UNLIKELY(status != 1))
		return status == PCAP_ERROR_BREAK ? CAPTURE_END : pcap_trouble(capture);
	packet->at.time = pcap_moment(capture, &header->ts);
	packet->link_type = capture->link_type;
	packet->captured = header->caplen;
	packet->length = MAX(header->len, header->caplen);
	packet->data = data;
	packet->fcs = capture->fcs;
	packet->interface = NULL;
	return CAPTURE_PACKET;
}

static enum capture_status next_of_pcapng(struct capture *capture, struct packet *packet)
{
	enum capture_status status = pcapng_next(capture->pcapng, packet);
	if (status == CAPTURE_CUT || status == CAPTURE_BROKEN)
		set_error(capture, status, pcapng_error(capture->pcapng));
	return status;
}

enum capture_status capture_next(struct capture *capture, struct packet *packet)
{
	enum capture_status status = capture->pcapng ? next_of_pcapng(capture, packet) : next_of_pcap(capture, packet);
	if (G_LIKELY(status == CAPTURE_PACKET)) {
		capture->packets++;
		packet->matches = !capture->filter || filter_matches(capture->filter, packet);
	}
	packet->at.packet = capture->packets;
	return status;
}

bool capture_filter_ip(struct capture *capture, struct span ip, uint32_t length)
{
	const struct packet packet = {
		.link_type = DLT_RAW, .data = ip.data, .captured = (uint32_t)ip.size, .length = length
	};
	return !capture->filter || filter_matches(capture->filter, &packet);
}

const char *capture_error(const struct capture *capture)
{
	return capture->error;
}

uint64_t capture_dropped(const struct capture *capture)
{
	return capture->pcapng ? pcapng_dropped(capture->pcapng) : 0;
}

bool capture_nanoseconds(const struct capture *capture)
{
	return capture->pcapng ? pcapng_nanoseconds(capture->pcapng) : capture->nanoseconds;
}

void capture_on_secrets(struct capture *capture, capture_secrets_sink *sink, void *context)
{
	if (capture->pcapng)
		pcapng_on_secrets(capture->pcapng, sink, context);
}

bool capture_secrets(const char *path, capture_secrets_sink *sink, void *context)
{
	struct packet packet;
	struct stat status;
	/* Reading a pipe would consume what the analysis needs. */
	if (capture_is_stdin(path) || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	struct capture *capture = capture_open(path, NULL, NULL);
	const bool can = capture && capture->pcapng;
	if (can) {
		pcapng_on_secrets(capture->pcapng, sink, context);
		while (pcapng_next(capture->pcapng, &packet) == CAPTURE_PACKET)
			;
	}
	capture_close(capture);
	return can;
}

/* is_of_now - a live capture has packets that were just seen. */
static bool is_of_now(int64_t time)
{
	const int64_t now = g_get_real_time() * 1000;
	return time > now - LIVE_AGE && time <= now + LIVE_AGE;
}

bool capture_secrets_ahead(
	struct capture *capture, const char *directory, capture_secrets_sink *sink, void *context, char **trouble)
{
	struct capture_stream *stream;
	*trouble = NULL;
	if (!capture->pcapng) /* it has none */
		return true;
	if (is_of_now(pcapng_time(capture->pcapng)))
		return false;
	struct pcapng *ahead = pcapng_ahead(capture->pcapng, directory, &stream);
	if (!ahead) {
		*trouble = g_strdup(g_strerror(errno));
		return false;
	}
	struct packet packet = { 0 };
	pcapng_on_secrets(ahead, sink, context);
	while (pcapng_next(ahead, &packet) == CAPTURE_PACKET && !is_of_now(packet.at.time))
		;
	*trouble = g_strdup(capture_stream_over(capture->stream) ? NULL : capture_stream_error(stream));
	pcapng_free(ahead);
	capture_stream_close(stream);
	return capture_stream_over(capture->stream);
}

uint64_t capture_file(const struct capture *capture, bool *changed)
{
	return capture_stream_file(capture->stream, changed);
}

void capture_position(const struct capture *capture, uint64_t *position, uint64_t *size)
{
	capture_stream_position(capture->stream, position, size);
}

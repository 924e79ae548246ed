/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * capture.c - packets out of a capture: libpcap over a capture_stream. See capture.h.
 *
 * libpcap reads through a stdio FILE whose cookie is the stream. A cookie's read may be short, and stdio hands on what
 * came as soon as it is enough for the request; so a record of a live pipe is delivered when its last octet is there,
 * in spite of the large buffer. The capture owns the stream, the FILE belongs to libpcap's handle.
 */
#include "capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "source.h"

#define STDIO_BUFFER (1024 * 1024)
/* Copies from the kernel are half as fast to a buffer that is not aligned. */
#define STDIO_ALIGNMENT 4096
/* What a capture needs to begin with: the shorter header of the two formats. */
#define MAXIMUM_SNAPLEN 262144 /* libpcap's own */
#define HEADER_MIN 24

struct capture {
	char *name;
	struct capture_stream *stream;
	pcap_t *pcap;
	char *buffer; /* of stdio */
	struct bpf_program filter;
	bool filtered, nanoseconds, pcapng;
	uint64_t packets;
	char *error;
};

static ssize_t read_cookie(void *cookie, char *to, size_t size)
{
	return capture_stream_read(cookie, to, size);
}

/* fail - sets *error to "NAME: words". */
G_GNUC_PRINTF(3, 4)
static bool fail(const struct capture *capture, GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *words = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", capture->name, words);
	g_free(words);
	return false;
}

/* look_at_head - is it a capture, of which kind, and how fine is its clock. */
static bool look_at_head(struct capture *capture, GError **error)
{
	struct span head = capture_stream_head(capture->stream, HEADER_MIN);
	const char *trouble = capture_stream_error(capture->stream);
	if (head.size == 0 && trouble != NULL)
		return fail(capture, error, "%s", trouble);
	if (head.size == 0)
		return fail(capture, error, "%s",
			capture_stream_compressed(capture->stream) ? "empty when decompressed" : "empty file");
	enum capture_format format = capture_format_of(head);
	if (format == CAPTURE_FORMAT_NONE)
		return fail(capture, error, "not a capture (neither pcap nor pcapng)");
	capture->pcapng = format == CAPTURE_FORMAT_PCAPNG;
	size_t want;
	while ((want = capture_format_need(head)) > head.size && want <= STREAM_HEAD_MAX) {
		size_t had = head.size;
		head = capture_stream_head(capture->stream, want);
		if (head.size == had)
			break;
	}
	capture->nanoseconds = capture_format_nanoseconds(head);
	return true;
}

/* start_pcap - libpcap on top of the stream. */
static bool start_pcap(struct capture *capture, GError **error)
{
	FILE *file = fopencookie(capture->stream, "r", (cookie_io_functions_t){ .read = read_cookie });
	if (file == NULL)
		return fail(capture, error, "%s", g_strerror(errno));
	capture->buffer = aligned_alloc(STDIO_ALIGNMENT, STDIO_BUFFER);
	if (capture->buffer == NULL)
		g_error("out of memory");
	setvbuf(file, capture->buffer, _IOFBF, STDIO_BUFFER);
	__fsetlocking(file, FSETLOCKING_BYCALLER);
	char words[PCAP_ERRBUF_SIZE] = "";
	capture->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, words);
	if (capture->pcap != NULL)
		return true;
	fclose(file);
	const char *trouble = capture_stream_error(capture->stream);
	if (trouble == NULL && strstr(words, "truncated") != NULL)
		trouble = "ends in the middle of its header";
	return fail(capture, error, "%s", trouble != NULL ? trouble : words);
}

static bool start_filter(struct capture *capture, const char *bpf, GError **error)
{
	if (pcap_compile(capture->pcap, &capture->filter, bpf, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return fail(capture, error, "filter \"%s\": %s", bpf, pcap_geterr(capture->pcap));
	capture->filtered = true;
	return true;
}

char *capture_filter_error(const char *bpf)
{
	static const int links[] = { DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL2, DLT_IEEE802_11_RADIO, DLT_PFLOG, DLT_PPP };
	char *words = NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
		struct bpf_program program;
		pcap_t *pcap = pcap_open_dead(links[i], MAXIMUM_SNAPLEN);
		const bool good = pcap_compile(pcap, &program, bpf, 1, PCAP_NETMASK_UNKNOWN) == 0;
		if (good)
			pcap_freecode(&program);
		else if (words == NULL)
			words = g_strdup(pcap_geterr(pcap));
		pcap_close(pcap);
		if (!good)
			continue;
		g_free(words);
		return NULL;
	}
	return words;
}

struct capture *capture_open(const char *path, const char *bpf, GError **error)
{
	struct capture_stream *stream = capture_stream_open(path, error);
	if (stream == NULL)
		return NULL;
	struct capture *capture = g_new0(struct capture, 1);
	capture->stream = stream;
	capture->name = g_strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	if (look_at_head(capture, error) && start_pcap(capture, error) &&
		(bpf == NULL || start_filter(capture, bpf, error)))
		return capture;
	capture_close(capture);
	return NULL;
}

void capture_close(struct capture *capture)
{
	if (capture == NULL)
		return;
	if (capture->filtered)
		pcap_freecode(&capture->filter);
	if (capture->pcap != NULL)
		pcap_close(capture->pcap);
	capture_stream_close(capture->stream);
	free(capture->buffer);
	g_free(capture->name);
	g_free(capture->error);
	g_free(capture);
}

/* broken - puts what libpcap or the stream says into a sentence. */
static enum capture_status broken(struct capture *capture)
{
	const char *words = pcap_geterr(capture->pcap);
	const char *trouble = capture_stream_error(capture->stream);
	char *sentence;
	if (trouble != NULL)
		sentence = g_strdup(trouble);
	else if (strstr(words, "truncated") != NULL)
		sentence = g_strdup("ends in the middle of a record");
	else if (strstr(words, "of the first interface") != NULL)
		sentence = g_strdup_printf("its interfaces differ, which libpcap does not read (%s)", words);
	else
		sentence = g_strdup_printf("damaged (%s)", words);
	g_free(capture->error);
	capture->error = g_strdup_printf(
		"%s: after packet %" G_GUINT64_FORMAT ": %s", capture->name, capture->packets, sentence);
	g_free(sentence);
	return CAPTURE_BROKEN;
}

/* moment_of - a capture's seconds are 32 bits without sign in pcap, which libpcap reads with one; in pcapng they can be
 * anything. */
static int64_t moment_of(const struct capture *capture, const struct timeval *at)
{
	const int64_t limit = INT64_MAX / NANOSECONDS_PER_SECOND - 1;
	int64_t seconds = capture->pcapng ? at->tv_sec : (int64_t)(uint32_t)at->tv_sec;
	return CLAMP(seconds, 0, limit) * NANOSECONDS_PER_SECOND + CLAMP(at->tv_usec, 0, NANOSECONDS_PER_SECOND - 1);
}

enum capture_status capture_next(struct capture *capture, struct packet *packet)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	do {
		int status = pcap_next_ex(capture->pcap, &header, &data);
		if (G_UNLIKELY(status != 1)) {
			packet->at.packet = capture->packets;
			return status == PCAP_ERROR_BREAK ? CAPTURE_END : broken(capture);
		}
		capture->packets++;
	} while (capture->filtered && pcap_offline_filter(&capture->filter, header, data) == 0);
	packet->at.packet = capture->packets;
	packet->at.time = moment_of(capture, &header->ts);
	packet->link_type = pcap_datalink(capture->pcap);
	packet->captured = header->caplen;
	packet->length = MAX(header->len, header->caplen);
	packet->data = data;
	return CAPTURE_PACKET;
}

const char *capture_error(const struct capture *capture)
{
	return capture->error;
}

bool capture_nanoseconds(const struct capture *capture)
{
	return capture->nanoseconds;
}

void capture_position(const struct capture *capture, uint64_t *position, uint64_t *size)
{
	capture_stream_position(capture->stream, position, size);
}

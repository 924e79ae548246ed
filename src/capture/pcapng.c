/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pcapng.c - reads packets from the blocks of a pcapng file. See pcapng.h.
 *
 * blocks[] has a row for each type that is parsed. Such a block is read as a whole, its two lengths are compared, and
 * its handler parses it within them. It stays in the window until the next call, because the packet points into it. A
 * contradiction ends the file: after a wrong length nothing can be trusted.
 */
#include "pcapng.h"

#include <pcap/dlt.h>
#include <string.h>

#include "bytes.h"
#include "clock.h"
#include "window.h"

#define BLOCK_HEADER 8u      /* type and length */
#define BLOCK_TRAILER 4u     /* the length again */
#define DROPS_UNKNOWN 0xffff /* of an obsolete packet block */
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define VERSION_MAJOR 1
#define OPTION_HEADER 4u
#define INTERFACE_NAME_MAX 32u

enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED_PACKET = 6,
	BLOCK_SECRETS = 10
};

enum option_code {
	OPTION_END = 0,
	OPTION_PACKET_FLAGS = 2,
	OPTION_NAME = 2,
	OPTION_PACKET_DROPS = 4,
	OPTION_INTERFACE_DROPS = 5,
	OPTION_SYSTEM_DROPS = 7,
	OPTION_TSRESOL = 9,
	OPTION_FCSLEN = 13,
	OPTION_TSOFFSET = 14
};

struct interface {
	struct clock clock;
	int link_type;
	uint32_t snaplen;       /* 0: no limit */
	uint8_t fcs;            /* octets */
	uint64_t dropped;       /* packets lost before packets of this interface */
	uint64_t total_dropped; /* by the last statistics: from the beginning of the capture */
	char name[INTERFACE_NAME_MAX];
};

struct pcapng {
	struct window *window;
	struct capture_stream *stream;
	GArray *interfaces; /* of this section */
	capture_secrets_sink *secrets;
	void *context;
	uint64_t blocks;  /* blocks begun so far */
	uint64_t offset;  /* of the current block */
	size_t held;      /* octets in the window that belong to the last packet */
	int64_t time;     /* of the last packet with a time stamp */
	uint64_t dropped; /* in earlier sections */
	bool swap, nanoseconds;
	char *error;
};

/* The current block: the octets between its two lengths. */
struct body {
	const uint8_t *data;
	size_t size;
};

struct pcapng *pcapng_new(struct capture_stream *stream)
{
	struct pcapng *pcapng = g_new0(struct pcapng, 1);
	pcapng->stream = stream;
	pcapng->window = window_new(stream);
	pcapng->interfaces = g_array_new(FALSE, TRUE, sizeof(struct interface));
	return pcapng;
}

void pcapng_free(struct pcapng *pcapng)
{
	if (!pcapng)
		return;
	window_free(pcapng->window);
	g_array_free(pcapng->interfaces, TRUE);
	g_free(pcapng->error);
	g_free(pcapng);
}

struct pcapng *pcapng_ahead(struct pcapng *pcapng, const char *directory, struct capture_stream **stream)
{
	const size_t left = window_left(pcapng->window) - pcapng->held;
	const uint8_t *at = window_peek(pcapng->window, pcapng->held); /* it is there: nothing moves */
	*stream = capture_stream_ahead(pcapng->stream, span_of(at + pcapng->held, left), directory);
	if (!*stream)
		return NULL;
	struct pcapng *ahead = pcapng_new(*stream);
	g_array_append_vals(ahead->interfaces, pcapng->interfaces->data, pcapng->interfaces->len);
	ahead->swap = pcapng->swap;
	return ahead;
}

int64_t pcapng_time(const struct pcapng *pcapng)
{
	return pcapng->time;
}

void pcapng_on_secrets(struct pcapng *pcapng, capture_secrets_sink *sink, void *context)
{
	pcapng->secrets = sink;
	pcapng->context = context;
}

const char *pcapng_error(const struct pcapng *pcapng)
{
	return pcapng->error;
}

bool pcapng_nanoseconds(const struct pcapng *pcapng)
{
	return pcapng->nanoseconds;
}

static struct interface *interface_at(const struct pcapng *pcapng, guint id)
{
	return &g_array_index(pcapng->interfaces, struct interface, id);
}

uint64_t pcapng_dropped(const struct pcapng *pcapng)
{
	uint64_t dropped = pcapng->dropped;
	for (guint i = 0; i < pcapng->interfaces->len; i++) {
		const struct interface *interface = interface_at(pcapng, i);
		dropped += MAX(interface->dropped, interface->total_dropped);
	}
	return dropped;
}

/* ---- numbers in the byte order of the section ---- */

static uint16_t get16(const struct pcapng *pcapng, const uint8_t *at)
{
	return native16(at, pcapng->swap);
}

static uint32_t get32(const struct pcapng *pcapng, const uint8_t *at)
{
	return native32(at, pcapng->swap);
}

static int64_t get64(const struct pcapng *pcapng, const uint8_t *at)
{
	uint64_t value;
	memcpy(&value, at, sizeof value);
	return (int64_t)(pcapng->swap ? GUINT64_SWAP_LE_BE(value) : value);
}

static size_t padded_size(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* ---- errors ---- */

/* wrong - the current block contradicts itself: sets the error. Returns CAPTURE_BROKEN. */
G_GNUC_PRINTF(2, 3)
static enum capture_status wrong(struct pcapng *pcapng, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *words = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_free(pcapng->error);
	pcapng->error = g_strdup_printf("damaged: block %" G_GUINT64_FORMAT " at offset %" G_GUINT64_FORMAT ": %s",
		pcapng->blocks, pcapng->offset, words);
	g_free(words);
	return CAPTURE_BROKEN;
}

/* ends - the stream ended in the middle of a block: sets the error. */
static enum capture_status ends(struct pcapng *pcapng)
{
	const char *trouble = capture_stream_error(pcapng->stream);
	char *place = g_strdup_printf(
		"block %" G_GUINT64_FORMAT " at offset %" G_GUINT64_FORMAT, pcapng->blocks, pcapng->offset);
	g_free(pcapng->error);
	pcapng->error = trouble ? g_strdup_printf("%s, in %s", trouble, place)
				: g_strconcat("ends in the middle of ", place, NULL);
	g_free(place);
	return capture_stream_ended(pcapng->stream) ? CAPTURE_CUT : CAPTURE_BROKEN;
}

/* ---- options ---- */

struct option {
	uint16_t code, size;
	const uint8_t *value;
};

/* next_option - removes the first of `options`. Returns false at their end, and when they are damaged: then it sets
 * *status. */
static bool next_option(struct pcapng *pcapng, struct body *options, struct option *option, enum capture_status *status)
{
	if (options->size == 0)
		return false;
	option->code = options->size < OPTION_HEADER ? OPTION_END : get16(pcapng, options->data);
	if (option->code == OPTION_END)
		return false;
	option->size = get16(pcapng, options->data + 2);
	option->value = options->data + OPTION_HEADER;
	const size_t whole = OPTION_HEADER + padded_size(option->size);
	if (whole > options->size) {
		*status = wrong(pcapng, "option %u of %u octets is longer than the block", option->code, option->size);
		return false;
	}
	options->data += whole;
	options->size -= whole;
	return true;
}

/* has_size - has an option's value the required size? If not, sets *status. */
static bool has_size(struct pcapng *pcapng, const struct option *option, uint16_t size, enum capture_status *status)
{
	if (option->size == size)
		return true;
	*status = wrong(pcapng, "option %u has %u octets instead of %u", option->code, option->size, size);
	return false;
}

/* ---- sections and interfaces ---- */

/* section - a new section: forgets the interfaces. */
static enum capture_status section(struct pcapng *pcapng, struct body body, struct packet *packet)
{
	const uint16_t major = get16(pcapng, body.data + 4);
	if (major != VERSION_MAJOR)
		return wrong(pcapng, "version %u.%u of the format is not known", major, get16(pcapng, body.data + 6));
	pcapng->dropped = pcapng_dropped(pcapng);
	g_array_set_size(pcapng->interfaces, 0);
	return CAPTURE_END;
}

/* link_type_of - libpcap's number for a link type; a few have another number in files. */
static int link_type_of(uint16_t type)
{
	static const struct {
		uint16_t in_file;
		int type;
	} others[] = {
		{ 100, DLT_ATM_RFC1483 },
		{ 101, DLT_RAW },
		{ 102, DLT_SLIP_BSDOS },
		{ 103, DLT_PPP_BSDOS },
		{ 106, DLT_ATM_CLIP },
		{ 246, DLT_PFSYNC },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
		if (others[i].in_file == type)
			return others[i].type;
	return type;
}

/* fcs_octets - the draft defines if_fcslen in bits, but most writers use octets. */
static uint8_t fcs_octets(uint8_t length)
{
	return length >= 8 && length % 8 == 0 ? length / 8 : length;
}

static void set_interface_name(struct interface *interface, const struct option *option)
{
	const size_t size = MIN(option->size, sizeof interface->name - 1);
	memcpy(interface->name, option->value, size);
	interface->name[size] = '\0';
}

/* interface_options - parses the options of an interface. CAPTURE_END: no error. */
static enum capture_status interface_options(struct pcapng *pcapng, struct body options, struct interface *interface)
{
	enum capture_status status = CAPTURE_END;
	struct option option;
	uint8_t resolution = CLOCK_RESOLUTION_DEFAULT;
	int64_t offset = 0;
	while (next_option(pcapng, &options, &option, &status)) {
		if (option.code == OPTION_NAME)
			set_interface_name(interface, &option);
		else if (option.code == OPTION_TSRESOL && has_size(pcapng, &option, 1, &status))
			resolution = option.value[0];
		else if (option.code == OPTION_FCSLEN && has_size(pcapng, &option, 1, &status))
			interface->fcs = fcs_octets(option.value[0]);
		else if (option.code == OPTION_TSOFFSET && has_size(pcapng, &option, 8, &status))
			offset = get64(pcapng, option.value);
		if (status != CAPTURE_END)
			return status;
	}
	interface->clock = clock_of(resolution, offset);
	return status;
}

static enum capture_status interface_description(struct pcapng *pcapng, struct body body, struct packet *packet)
{
	struct interface interface = { .link_type = link_type_of(get16(pcapng, body.data)),
		.snaplen = get32(pcapng, body.data + 4) };
	if (pcapng->interfaces->len == PCAPNG_INTERFACES_MAX)
		return wrong(pcapng, "more than %u interfaces", PCAPNG_INTERFACES_MAX);
	enum capture_status status =
		interface_options(pcapng, (struct body){ body.data + 8, body.size - 8 }, &interface);
	if (status != CAPTURE_END)
		return status;
	g_array_append_val(pcapng->interfaces, interface);
	pcapng->nanoseconds = pcapng->nanoseconds || clock_finer_than_microseconds(&interface.clock);
	return CAPTURE_END;
}

/* statistics - what the capturing program says of an interface: packets that it lost, or that the system lost for it.
 * Nothing else depends on that, so damage in it ends nothing. */
static enum capture_status statistics(struct pcapng *pcapng, struct body body, struct packet *packet)
{
	if (body.size < 12)
		return CAPTURE_END;
	const uint32_t id = get32(pcapng, body.data);
	struct body options = { body.data + 12, body.size - 12 };
	enum capture_status status = CAPTURE_END;
	struct option option;
	uint64_t dropped = 0;
	while (next_option(pcapng, &options, &option, &status))
		if ((option.code == OPTION_INTERFACE_DROPS || option.code == OPTION_SYSTEM_DROPS) && option.size == 8)
			dropped += (uint64_t)get64(pcapng, option.value);
	g_clear_pointer(&pcapng->error, g_free);
	if (id < pcapng->interfaces->len)
		interface_at(pcapng, id)->total_dropped = dropped;
	return CAPTURE_END;
}

/* ---- packets ---- */

/* give_packet - fills in what all packet blocks have; the packet's octets are at the beginning of `rest`. */
static enum capture_status give_packet(struct pcapng *pcapng, struct packet *packet, uint32_t id, uint32_t captured,
	uint32_t length, const struct body *rest)
{
	if (id >= pcapng->interfaces->len)
		return wrong(pcapng, "a packet of interface %u, but %u are described", id, pcapng->interfaces->len);
	if (captured > rest->size)
		return wrong(pcapng, "a packet of %u octets does not fit into the block", captured);
	const struct interface *interface = interface_at(pcapng, id);
	packet->link_type = interface->link_type;
	packet->captured = captured;
	packet->length = MAX(length, captured);
	packet->data = rest->data;
	packet->fcs = interface->fcs;
	packet->interface = interface->name[0] ? interface->name : NULL;
	return CAPTURE_PACKET;
}

/* give_timed - the same with a time stamp: at `at` are two words of time, the captured length and the length. */
static enum capture_status give_timed(
	struct pcapng *pcapng, struct packet *packet, uint32_t id, const uint8_t *at, struct body *rest)
{
	const uint32_t captured = get32(pcapng, at + 8), length = get32(pcapng, at + 12);
	const uint64_t units = (uint64_t)get32(pcapng, at) << 32 | get32(pcapng, at + 4);
	enum capture_status status = give_packet(pcapng, packet, id, captured, length, rest);
	if (status != CAPTURE_PACKET)
		return status;
	packet->at.time = clock_time(&interface_at(pcapng, id)->clock, units);
	pcapng->time = packet->at.time;
	const size_t taken = MIN(padded_size(captured), rest->size);
	*rest = (struct body){ rest->data + taken, rest->size - taken };
	return CAPTURE_PACKET;
}

/* packet_options - epb_flags may have the length of the packet's frame check sequence, epb_dropcount the number of
 * packets that were lost since the one before. */
static enum capture_status packet_options(
	struct pcapng *pcapng, uint32_t id, struct body options, struct packet *packet)
{
	enum capture_status status = CAPTURE_PACKET;
	struct option option;
	while (next_option(pcapng, &options, &option, &status)) {
		if (option.code == OPTION_PACKET_DROPS && option.size == 8)
			interface_at(pcapng, id)->dropped += (uint64_t)get64(pcapng, option.value);
		if (option.code != OPTION_PACKET_FLAGS)
			continue;
		if (!has_size(pcapng, &option, 4, &status))
			break;
		const uint8_t fcs = get32(pcapng, option.value) >> 5 & 0x0f;
		if (fcs != 0)
			packet->fcs = fcs;
	}
	return status;
}

static enum capture_status enhanced_packet(struct pcapng *pcapng, struct body body, struct packet *packet)
{
	const uint32_t id = get32(pcapng, body.data);
	struct body rest = { body.data + 20, body.size - 20 };
	enum capture_status status = give_timed(pcapng, packet, id, body.data + 4, &rest);
	return status == CAPTURE_PACKET ? packet_options(pcapng, id, rest, packet) : status;
}

/* obsolete_packet - like an enhanced one, but with a 16-bit interface number and a drop count. */
static enum capture_status obsolete_packet(struct pcapng *pcapng, struct body body, struct packet *packet)
{
	const uint16_t id = get16(pcapng, body.data), dropped = get16(pcapng, body.data + 2);
	struct body rest = { body.data + 20, body.size - 20 };
	enum capture_status status = give_timed(pcapng, packet, id, body.data + 4, &rest);
	if (status != CAPTURE_PACKET)
		return status;
	if (dropped != DROPS_UNKNOWN)
		interface_at(pcapng, id)->dropped += dropped;
	return packet_options(pcapng, id, rest, packet);
}

/* simple_packet - a packet of the first interface. It has no time stamp: the one of the previous packet is used. */
static enum capture_status simple_packet(struct pcapng *pcapng, struct body body, struct packet *packet)
{
	const struct body rest = { body.data + 4, body.size - 4 };
	const uint32_t length = get32(pcapng, body.data);
	uint32_t captured = length;
	if (pcapng->interfaces->len != 0) {
		const uint32_t snaplen = interface_at(pcapng, 0)->snaplen;
		captured = snaplen != 0 ? MIN(length, snaplen) : length;
	}
	packet->at.time = pcapng->time;
	return give_packet(pcapng, packet, 0, captured, length, &rest);
}

static enum capture_status secrets(struct pcapng *pcapng, struct body body, struct packet *packet)
{
	const uint32_t type = get32(pcapng, body.data), size = get32(pcapng, body.data + 4);
	if (size > body.size - 8)
		return wrong(pcapng, "secrets of %u octets do not fit into the block", size);
	if (pcapng->secrets)
		pcapng->secrets(pcapng->context, type, span_of(body.data + 8, size));
	return CAPTURE_END;
}

/* ---- blocks ---- */

/* least: the size of the fixed part. Handlers return CAPTURE_END when the block is no packet. */
static const struct block_handler {
	enum block_type type;
	uint32_t least;
	enum capture_status (*handler)(struct pcapng *pcapng, struct body body, struct packet *packet);
} blocks[] = {
	{ BLOCK_ENHANCED_PACKET, 20, enhanced_packet },
	{ BLOCK_SIMPLE_PACKET, 4, simple_packet },
	{ BLOCK_PACKET, 20, obsolete_packet },
	{ BLOCK_INTERFACE, 8, interface_description },
	{ BLOCK_SECTION, 16, section },
	{ BLOCK_STATISTICS, 0, statistics },
	{ BLOCK_SECRETS, 8, secrets },
};

static const struct block_handler *find_block(uint32_t type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++)
		if (blocks[i].type == type)
			return &blocks[i];
	return NULL;
}

/* read_header - type and length of the next block, and the byte order when a section begins. CAPTURE_END: there is no
 * block; CAPTURE_PACKET: there is one. */
static enum capture_status read_header(struct pcapng *pcapng, uint32_t *type, uint32_t *length)
{
	window_take(pcapng->window, pcapng->held);
	pcapng->offset += pcapng->held;
	pcapng->held = 0;
	const uint8_t *at = window_peek(pcapng->window, BLOCK_HEADER);
	if (!at && window_left(pcapng->window) == 0 && !capture_stream_error(pcapng->stream))
		return CAPTURE_END;
	pcapng->blocks++;
	if (!at)
		return ends(pcapng);
	*type = get32(pcapng, at);
	if (*type == BLOCK_SECTION) {
		at = window_peek(pcapng->window, BLOCK_HEADER + sizeof(uint32_t));
		if (!at)
			return ends(pcapng);
		uint32_t order;
		memcpy(&order, at + BLOCK_HEADER, sizeof order);
		pcapng->swap = order != BYTE_ORDER_MAGIC;
		if (pcapng->swap && order != GUINT32_SWAP_LE_BE(BYTE_ORDER_MAGIC))
			return wrong(pcapng, "a section without a byte order");
	}
	*length = get32(pcapng, at + 4);
	return CAPTURE_PACKET;
}

/* check_trailer - compares the length at the end of the block. */
static enum capture_status check_trailer(struct pcapng *pcapng, const uint8_t *at, uint32_t length)
{
	const uint32_t again = get32(pcapng, at);
	return again == length ? CAPTURE_END
			       : wrong(pcapng, "its length is %u at its beginning and %u at its end", length, again);
}

/* skip_block - skips a block of another type, whatever its size. */
static enum capture_status skip_block(struct pcapng *pcapng, uint32_t length)
{
	const uint64_t size = padded_size(length);
	if (!window_skip(pcapng->window, size - BLOCK_TRAILER))
		return ends(pcapng);
	const uint8_t *trailer = window_peek(pcapng->window, BLOCK_TRAILER);
	if (!trailer)
		return ends(pcapng);
	enum capture_status status = check_trailer(pcapng, trailer, length);
	window_take(pcapng->window, BLOCK_TRAILER);
	pcapng->offset += size;
	return status;
}

/* look_into - parses a block of a known type. Some writers do not count the padding in the length. */
static enum capture_status look_into(
	struct pcapng *pcapng, const struct block_handler *block, uint32_t length, struct packet *packet)
{
	const size_t size = padded_size(length);
	if (length > PCAPNG_BLOCK_MAX)
		return wrong(pcapng, "a length of %u octets is too large", length);
	const uint8_t *at = window_peek(pcapng->window, size);
	if (!at)
		return ends(pcapng);
	pcapng->held = size;
	enum capture_status status = check_trailer(pcapng, at + size - BLOCK_TRAILER, length);
	if (status != CAPTURE_END)
		return status;
	return block->handler(pcapng, (struct body){ at + BLOCK_HEADER, size - BLOCK_HEADER - BLOCK_TRAILER }, packet);
}

/* next_block - reads a block. CAPTURE_END: it is no packet, or *over: there are no more blocks. */
static enum capture_status next_block(struct pcapng *pcapng, struct packet *packet, bool *over)
{
	uint32_t type = 0, length = 0;
	enum capture_status status = read_header(pcapng, &type, &length);
	*over = status == CAPTURE_END;
	if (status != CAPTURE_PACKET)
		return status;
	const struct block_handler *block = find_block(type);
	if (length < BLOCK_HEADER + BLOCK_TRAILER + (block ? block->least : 0))
		return wrong(pcapng, "a length of %u octets is too small", length);
	return block ? look_into(pcapng, block, length, packet) : skip_block(pcapng, length);
}

enum capture_status pcapng_start(struct pcapng *pcapng)
{
	struct packet packet;
	bool over;
	enum capture_status status = next_block(pcapng, &packet, &over);
	return status;
}

enum capture_status pcapng_next(struct pcapng *pcapng, struct packet *packet)
{
	enum capture_status status;
	bool over;
	do
		status = next_block(pcapng, packet, &over);
	while (status == CAPTURE_END && !over);
	return status;
}

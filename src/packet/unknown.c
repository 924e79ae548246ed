/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * unknown.c - counts unknown link types and protocols by number, and describes them. See packet.h.
 *
 * The first DECODE_UNKNOWN_MAX numbers are counted separately.
 */
#include <glib.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"

/* copy_printable - copies a name from the capture; replaces octets that are not printable. */
static void copy_printable(char *to, size_t room, const char *from)
{
	g_strlcpy(to, from, room);
	for (; *to; to++)
		if (!g_ascii_isprint(*to))
			*to = '?';
}

enum decode_result layers_note_unknown(struct layers *layers, enum unknown_kind kind, uint32_t number)
{
	struct unknown *last = &layers->decoder->last;
	*last = (struct unknown){ kind, number, 1, "" };
	if (kind == UNKNOWN_LINK_TYPE && layers->packet->interface)
		copy_printable(last->interface, sizeof last->interface, layers->packet->interface);
	return kind == UNKNOWN_LINK_TYPE ? DECODE_LINK_UNKNOWN : DECODE_UNKNOWN;
}

void decoder_count(struct decoder *decoder, enum decode_result result)
{
	if (result != DECODE_LINK_UNKNOWN && result != DECODE_UNKNOWN)
		return;
	for (size_t i = 0; i < decoder->unknown_count; i++)
		if (decoder->unknown[i].kind == decoder->last.kind &&
			decoder->unknown[i].number == decoder->last.number) {
			decoder->unknown[i].packets++;
			return;
		}
	if (decoder->unknown_count < DECODE_UNKNOWN_MAX)
		decoder->unknown[decoder->unknown_count++] = decoder->last;
	else
		decoder->unknown_rest++;
}

static int by_packets(const void *a, const void *b)
{
	const struct unknown *x = a, *y = b;
	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return x->kind != y->kind ? (int)x->kind - (int)y->kind : x->number < y->number ? -1 : x->number > y->number;
}

static void append_unknown(GString *text, const struct unknown *unknown)
{
	static const char *const formats[] = {
		[UNKNOWN_LINK_TYPE] = "link type %u",
		[UNKNOWN_ETHERTYPE] = "Ethernet type 0x%04x",
		[UNKNOWN_GRE] = "GRE protocol 0x%04x",
		[UNKNOWN_IP_PROTOCOL] = "IP protocol %u",
		[UNKNOWN_PPP] = "PPP protocol 0x%04x",
	};
	const char *name = unknown->kind == UNKNOWN_LINK_TYPE ? pcap_datalink_val_to_name((int)unknown->number) : NULL;
	g_string_append_printf(text, "%s%" G_GUINT64_FORMAT " of ", text->len ? ", " : "", unknown->packets);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	g_string_append_printf(text, formats[unknown->kind], unknown->number);
#pragma GCC diagnostic pop
	if (name)
		g_string_append_printf(text, " (%s)", name);
	if (unknown->interface[0])
		g_string_append_printf(text, " on %s", unknown->interface);
}

char *decoder_unknown(const struct decoder *decoder)
{
	struct unknown sorted[DECODE_UNKNOWN_MAX];
	if (decoder->unknown_count == 0)
		return NULL;
	memcpy(sorted, decoder->unknown, sizeof sorted);
	qsort(sorted, decoder->unknown_count, sizeof *sorted, by_packets);
	GString *text = g_string_new(NULL);
	for (size_t i = 0; i < decoder->unknown_count; i++)
		append_unknown(text, &sorted[i]);
	if (decoder->unknown_rest)
		g_string_append_printf(text, ", %" G_GUINT64_FORMAT " of others", decoder->unknown_rest);
	return g_string_free(text, FALSE);
}

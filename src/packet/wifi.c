/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wifi.c - 802.11 data frames, and the headers that drivers add before them. Private to the decoder; see layers.h.
 */
#include "layers.h"

#include <stddef.h>

enum wifi { WIFI_DATA = 2, WIFI_NO_DATA = 4, WIFI_QOS = 8 }; /* types and bits of subtypes */
enum wifi_flag { WIFI_TO_DS = 1, WIFI_FROM_DS = 2, WIFI_PROTECTED = 0x40, WIFI_ORDER = 0x80 };

/* wifi_frame - an 802.11 data frame that is not encrypted. `padded`: the driver padded its header to 4 octets.
 * `swapped`: its first two octets are swapped. */
static enum decode_result wifi_frame(struct layers *layers, struct cursor c, bool padded, bool swapped)
{
	const uint8_t *h = cursor_take(&c, 24);
	if (!h)
		/* Control frames are shorter. */
		return c.captured > 1 && (c.data[swapped] >> 2 & 3) != WIFI_DATA ? DECODE_NOT_IP : cursor_short(&c, 24);
	unsigned type = h[swapped] >> 2 & 3, subtype = h[swapped] >> 4, flags = h[!swapped];
	if (type != WIFI_DATA || (subtype & WIFI_NO_DATA) || (h[22] & 0x0f) != 0)
		return DECODE_NOT_IP; /* later fragments are not reassembled */
	if (flags & WIFI_PROTECTED)
		return DECODE_ENCRYPTED;
	uint32_t header = 24, rest = (flags & WIFI_TO_DS) && (flags & WIFI_FROM_DS) ? 6 : 0;
	bool aggregate = false;
	if (subtype & WIFI_QOS) {
		aggregate = cursor_peek(&c, rest) > 0 && (cursor_peek(&c, rest) & 0x80);
		rest += flags & WIFI_ORDER ? 6 : 2;
	}
	if (padded)
		rest += (4 - (header + rest) % 4) % 4;
	if (aggregate) /* only the first frame of several */
		rest += ETHERNET_HEADER;
	return layer_skip(layers, c, rest, layer_llc);
}

enum decode_result layer_wifi(struct layers *layers, struct cursor c)
{
	return wifi_frame(layers, c, false, false);
}

enum decode_result layer_wifi_swapped(struct layers *layers, struct cursor c)
{
	const uint8_t version = 3;
	bool swapped = c.captured > 1 && (c.data[0] & version) != 0 && (c.data[1] & version) == 0;
	return wifi_frame(layers, c, false, swapped);
}

/* radiotap - a header of known length, in which only the flag for padding matters. */
enum decode_result layer_radiotap(struct layers *layers, struct cursor c)
{
	const uint32_t more = UINT32_C(1) << 31, clock = 1, flags = 2;
	struct cursor fields = c;
	const uint8_t *h = cursor_take(&fields, 8);
	if (!h)
		return cursor_short(&fields, 8);
	uint32_t size = le16(h + 2), present = le32(h + 4), at = 8;
	if (size < 8)
		return DECODE_MALFORMED;
	const uint8_t *word = h + 4;
	while ((le32(word) & more) && (word = cursor_take(&fields, 4)))
		at += 4;
	if (!word)
		return cursor_short(&fields, 4);
	bool padded = false;
	if (present & flags) {
		if (present & clock)
			at = (at + 7) / 8 * 8 + 8;
		int octet = at < size ? cursor_peek(&c, at) : -1;
		padded = octet > 0 && (octet & 0x20);
	}
	if (!cursor_take(&c, size))
		return cursor_short(&c, size);
	return wifi_frame(layers, c, padded, false);
}

/* prism - two headers share the link type: Prism (with its length in the byte order of the host) and AVS. */
enum decode_result layer_prism(struct layers *layers, struct cursor c)
{
	struct cursor fields = c;
	const uint8_t *h = cursor_take(&fields, 8);
	if (!h)
		return cursor_short(&fields, 8);
	uint32_t big = be32(h + 4), little = le32(h + 4);
	uint32_t size = (be32(h) & 0xfffff000) == 0x80211000 ? big : big < little ? big : little;
	return size < 8 ? DECODE_MALFORMED : layer_skip(layers, c, size, layer_wifi);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lzfu.c - see lzfu.h. Behind a header, an octet of flags stands before each eight items: an octet, or a reference to
 * the dictionary, which begins with words that every RTF has. A reference to where the next octet will be written ends
 * the text. The checksum is not compared.
 */
#include "lzfu.h"

#include <string.h>

#include "bytes.h"

static const char first_words[] = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss "
				  "\\fmodern \\fscript \\fdecor MS Sans "
				  "SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
				  "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

struct lzfu *lzfu_new(void)
{
	struct lzfu *lzfu = g_new0(struct lzfu, 1);
	lzfu->at = sizeof first_words - 1;
	memcpy(lzfu->dictionary, first_words, lzfu->at);
	return lzfu;
}

/* lzfu_header - the sizes, packed and not, the kind, and a checksum. */
static void lzfu_header(struct lzfu *lzfu, uint8_t octet)
{
	const uint8_t *header = lzfu->header;
	lzfu->header[lzfu->header_size++] = octet;
	if (lzfu->header_size < LZFU_HEADER)
		return;
	lzfu->left = le32(header + 4);
	lzfu->plain = memcmp(header + 8, "MELA", 4) == 0;
	lzfu->bad = !lzfu->plain && memcmp(header + 8, "LZFu", 4) != 0;
	lzfu->ended = lzfu->left == 0;
}

/* lzfu_put - an octet of the text. */
static void lzfu_put(struct lzfu *lzfu, uint8_t octet)
{
	if (lzfu->ended)
		return;
	lzfu->dictionary[lzfu->at] = octet;
	lzfu->at = (lzfu->at + 1) % LZFU_DICTIONARY;
	lzfu->out[lzfu->out_size++] = octet;
	lzfu->ended = --lzfu->left == 0;
}

/* lzfu_packed - an octet of flags, of the text, or of a reference. */
static void lzfu_packed(struct lzfu *lzfu, uint8_t octet)
{
	if (lzfu->items == 0) {
		lzfu->flags = octet;
		lzfu->items = 8;
		return;
	}
	if (!(lzfu->flags & 1))
		lzfu_put(lzfu, octet);
	else if (!lzfu->have_high) {
		lzfu->high = octet;
		lzfu->have_high = true;
		return;
	} else {
		unsigned from = (unsigned)lzfu->high << 4 | octet >> 4, size = (octet & 0xfU) + 2;
		lzfu->have_high = false;
		lzfu->ended = lzfu->ended || from == lzfu->at;
		for (; size > 0; size--, from = (from + 1) % LZFU_DICTIONARY)
			lzfu_put(lzfu, lzfu->dictionary[from]);
	}
	lzfu->flags >>= 1;
	lzfu->items--;
}

void lzfu_feed(struct lzfu *lzfu, struct span in, mime_sink sink, void *context)
{
	const size_t most = 17; /* octets of a reference */
	for (size_t i = 0; i < in.size && !lzfu->bad && !lzfu->ended; i++) {
		if (lzfu->header_size < LZFU_HEADER)
			lzfu_header(lzfu, in.data[i]);
		else if (lzfu->plain)
			lzfu_put(lzfu, in.data[i]);
		else
			lzfu_packed(lzfu, in.data[i]);
		if (lzfu->out_size + most > LZFU_STEP) {
			sink(context, span_of(lzfu->out, lzfu->out_size));
			lzfu->out_size = 0;
		}
	}
	if (lzfu->out_size > 0)
		sink(context, span_of(lzfu->out, lzfu->out_size));
	lzfu->out_size = 0;
}

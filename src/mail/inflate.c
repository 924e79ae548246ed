/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inflate.c - see inflate.h. GIO does the work; GMime brings it. GIO loses what it made in a call that fails, so each
 * call gets one octet: what comes out does not depend on how the content is divided into pieces.
 */
#include "inflate.h"

#include <gio/gio.h>

#define OUT_SIZE 4096

struct inflate {
	GConverter *converter;
	mime_sink sink;
	void *context;
	uint64_t *budget;
	const char *trouble; /* what is wrong; NULL: nothing */
	bool ended;
};

struct inflate *inflate_new(uint64_t *budget, mime_sink sink, void *context)
{
	struct inflate *inflate = g_new0(struct inflate, 1);
	inflate->converter = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB));
	inflate->sink = sink;
	inflate->context = context;
	inflate->budget = budget;
	return inflate;
}

/* inflate_some - unpacks an octet, or (size 0) goes on with what the last one made. Returns whether there is more. */
static bool inflate_some(struct inflate *inflate, const uint8_t *octet, size_t size)
{
	uint8_t out[OUT_SIZE];
	gsize used = 0, made = 0;
	GError *error = NULL;
	GConverterResult result = g_converter_convert(
		inflate->converter, octet, size, out, sizeof out, G_CONVERTER_NO_FLAGS, &used, &made, &error);
	if (result == G_CONVERTER_ERROR) {
		if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
			inflate->trouble = "the compressed content is damaged";
		g_error_free(error);
		return false;
	}
	if (made > *inflate->budget)
		inflate->trouble = "the compressed content is larger than what is unpacked";
	const size_t kept = (size_t)MIN(made, *inflate->budget);
	*inflate->budget -= kept;
	if (kept > 0)
		inflate->sink(inflate->context, span_of(out, kept));
	inflate->ended = result == G_CONVERTER_FINISHED;
	return !inflate->ended && !inflate->trouble && made == sizeof out;
}

void inflate_feed(struct inflate *inflate, struct span in)
{
	for (size_t i = 0; i < in.size && !inflate->ended && !inflate->trouble; i++)
		for (size_t size = 1; inflate_some(inflate, in.data + i, size); size = 0)
			;
}

const char *inflate_free(struct inflate *inflate)
{
	const char *trouble = inflate->trouble;
	if (!trouble && !inflate->ended)
		trouble = "the compressed content ends too early";
	g_object_unref(inflate->converter);
	g_free(inflate);
	return trouble;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gzip.c - gzip, by zlib. See gzip.h.
 *
 * A file may have several members. Octets after a member that begin no other one are ignored, as by gzip(1).
 */
#include "gzip.h"

#include <glib.h>
#include <zlib.h>

#include "memory.h"

#define INPUT_SIZE (64 * 1024)
#define GZIP_ONLY (MAX_WBITS + 16) /* zlib's code for this format */
#define MAGIC 0x1f

struct gzip {
	gzip_source *source;
	void *context;
	z_stream inflate;
	bool between, over; /* between two members; at the end of the input */
	bool ended;         /* the input ended too early */
	const char *error;
	uint8_t input[INPUT_SIZE];
};

struct gzip *gzip_new(gzip_source *source, void *context)
{
	struct gzip *gzip = g_new0(struct gzip, 1);
	gzip->source = source;
	gzip->context = context;
	if (inflateInit2(&gzip->inflate, GZIP_ONLY) != Z_OK)
		memory_gone();
	return gzip;
}

void gzip_free(struct gzip *gzip)
{
	if (!gzip)
		return;
	inflateEnd(&gzip->inflate);
	g_free(gzip);
}

/* gzip_refill - reads more input when there is none; false when it can't be read. */
static bool gzip_refill(struct gzip *gzip)
{
	if (gzip->inflate.avail_in != 0 || gzip->over)
		return true;
	ssize_t got = gzip->source(gzip->context, gzip->input, sizeof gzip->input);
	if (got < 0)
		return false;
	gzip->over = got == 0;
	gzip->inflate.next_in = gzip->input;
	gzip->inflate.avail_in = (uInt)got;
	return true;
}

/* next_member - begins another member; false when there is none. */
static bool next_member(struct gzip *gzip)
{
	if (gzip->inflate.avail_in == 0 || *gzip->inflate.next_in != MAGIC)
		return false;
	inflateReset(&gzip->inflate);
	gzip->between = false;
	return true;
}

ssize_t gzip_read(struct gzip *gzip, void *to, size_t size)
{
	gzip->inflate.next_out = to;
	gzip->inflate.avail_out = (uInt)MIN(size, UINT_MAX);
	uInt room = gzip->inflate.avail_out;
	while (gzip->inflate.avail_out == room && !gzip->error) {
		if (!gzip_refill(gzip))
			return -1;
		if (gzip->between && !next_member(gzip))
			return 0;
		int status = inflate(&gzip->inflate, Z_SYNC_FLUSH);
		gzip->ended = status == Z_BUF_ERROR && gzip->over;
		if (status == Z_STREAM_END)
			gzip->between = true;
		else if (gzip->ended)
			gzip->error = "it ends too early";
		else if (status != Z_OK && status != Z_BUF_ERROR)
			gzip->error = gzip->inflate.msg ? gzip->inflate.msg : "not gzip";
	}
	/* Return the octets before the damage first. */
	return gzip->inflate.avail_out != room ? (ssize_t)(room - gzip->inflate.avail_out) : -1;
}

const char *gzip_error(const struct gzip *gzip)
{
	return gzip->error;
}

bool gzip_ended(const struct gzip *gzip)
{
	return gzip->ended;
}

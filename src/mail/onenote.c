/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * onenote.c - files in a section of OneNote (MS-ONESTORE 2.6.13, FileDataStoreObject). Each becomes a part below it.
 * Their names are elsewhere in the section, and are not looked for.
 */
#include <string.h>

#include "bytes.h"
#include "inner.h"
#include "kind.h"

#define GUID_SIZE 16
#define HEADER_SIZE 20 /* behind the GUID: the size, and 12 octets that do not matter */

static const uint8_t object_guid[GUID_SIZE] = { 0xe7, 0x16, 0xe3, 0xbd, 0x65, 0x26, 0x11, 0x45, 0xa4, 0xc4, 0x8d, 0x4d,
	0x0b, 0x7a, 0x9e, 0xac };

struct onenote {
	struct part *outer, *file; /* file: the open one; NULL: none */
	unsigned count;
	size_t matched; /* octets of the GUID */
	uint64_t left;  /* octets of the file */
	size_t header_size;
	bool inside; /* behind a GUID */
	uint8_t header[HEADER_SIZE];
};

static void *onenote_begin(struct part *part, struct span head)
{
	if (!part->kind || strcmp(part->kind->extension, ".one") != 0)
		return NULL;
	struct onenote *onenote = g_new0(struct onenote, 1);
	onenote->outer = part;
	return onenote;
}

static void close_embedded(struct onenote *onenote)
{
	if (onenote->file)
		inner_close(onenote->file, onenote->left > 0);
	onenote->file = NULL;
	onenote->inside = false;
	onenote->matched = onenote->header_size = 0;
}

/* seek_object - looks for the GUID, whose first octet is not in it again. Returns how many octets it used. */
static size_t seek_object(struct onenote *onenote, struct span in)
{
	if (onenote->matched == 0) {
		const uint8_t *first = memchr(in.data, *object_guid, in.size);
		onenote->matched = first != NULL;
		return first ? (size_t)(first + 1 - in.data) : in.size;
	}
	if (*in.data != object_guid[onenote->matched]) {
		onenote->matched = 0;
		return 0;
	}
	onenote->inside = ++onenote->matched == GUID_SIZE;
	return 1;
}

static void onenote_feed(void *state, struct span in)
{
	struct onenote *onenote = state;
	for (size_t used; in.size > 0; in = span_from(in, used))
		if (!onenote->inside)
			used = seek_object(onenote, in);
		else if (onenote->header_size < HEADER_SIZE) {
			used = 1;
			onenote->header[onenote->header_size++] = *in.data;
			onenote->left = le64(onenote->header);
			if (onenote->header_size == HEADER_SIZE && onenote->left > 0)
				onenote->file = inner_open(onenote->outer, &onenote->count);
			else if (onenote->header_size == HEADER_SIZE)
				close_embedded(onenote);
		} else {
			used = (size_t)MIN(onenote->left, in.size);
			onenote->left -= used;
			if (onenote->file)
				part_feed(onenote->file, span_of(in.data, used));
			if (onenote->left == 0)
				close_embedded(onenote);
		}
}

/* onenote_gap - what follows may belong to the open file, or not. */
static void onenote_gap(void *state, uint64_t size)
{
	close_embedded(state);
}

static void onenote_end(void *state, struct part *part)
{
	close_embedded(state);
	g_free(state);
}

static void onenote_drop(void *state)
{
	struct onenote *onenote = state;
	if (onenote->file)
		inner_close(onenote->file, true);
	g_free(onenote);
}

static size_t onenote_memory(const void *state)
{
	const struct onenote *onenote = state;
	return sizeof *onenote + (onenote->file ? part_memory(onenote->file) : 0);
}

const struct part_inspector onenote_inspector = { .begin = onenote_begin,
	.feed = onenote_feed,
	.gap = onenote_gap,
	.end = onenote_end,
	.drop = onenote_drop,
	.memory = onenote_memory };

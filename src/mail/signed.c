/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signed.c - see signed.h. The elements are read as BER, which mailers write when they do not know the length of the
 * content beforehand. Only those around the content are opened, and those without a length, whose end is to be found:
 *
 *     SEQUENCE { OID signedData, [0] { SEQUENCE { INTEGER, SET, SEQUENCE { OID, [0] { OCTET STRING
 */
#include "signed.h"

#include <string.h>

#define TAG_OID 0x06
#define TAG_OCTETS 0x04
#define CONSTRUCTED 0x20
#define CONTENT_DEPTH 6 /* open elements around the content */

static const uint8_t signed_data[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 },
		     compressed_data[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x09 };

/* For each depth: the element that leads to the content, by its place and its tag. */
static const struct {
	unsigned place;
	uint8_t tag;
} way[CONTENT_DEPTH] = { { 0, 0x30 }, { 1, 0xa0 }, { 0, 0x30 }, { 2, 0x30 }, { 1, 0xa0 }, { 0, TAG_OCTETS } };

void signed_begin(struct signed_content *content, mime_sink sink, void *context)
{
	*content = (struct signed_content){ .sink = sink, .context = context };
}

/* innermost_element - the element that is open; NULL: none. */
static struct signed_level *innermost_element(struct signed_content *content)
{
	return content->depth > 0 ? &content->levels[content->depth - 1] : NULL;
}

/* leave - the innermost element ends. */
static void leave(struct signed_content *content)
{
	content->depth--;
	content->ended = content->ended || (content->found && content->depth < CONTENT_DEPTH);
}

/* close_levels - ends the elements whose last octet was read. */
static void close_levels(struct signed_content *content)
{
	for (const struct signed_level *level; (level = innermost_element(content)); leave(content)) {
		if (level->open || content->at < level->end)
			return;
		content->failed = content->failed || content->at > level->end;
	}
}

/* on_way - does an element with this tag lead to the content, or hold some of it? */
static bool on_way(struct signed_content *content, uint8_t tag)
{
	const struct signed_level *level = innermost_element(content);
	if (level && !level->path)
		return false;
	if (content->depth >= CONTENT_DEPTH)
		return (tag & ~CONSTRUCTED) == TAG_OCTETS;
	unsigned place = level ? level->elements : 0;
	if (content->depth == CONTENT_DEPTH - 1)
		tag &= (uint8_t)~CONSTRUCTED;
	return place == way[content->depth].place && tag == way[content->depth].tag;
}

/* length_of - the length in a complete header. *open: it is not given. */
static uint64_t length_of(const struct signed_content *content, bool *open)
{
	const uint8_t *header = content->header;
	uint64_t length = 0;
	*open = header[1] == 0x80;
	if (header[1] < 0x80)
		return header[1];
	for (unsigned i = 2; i < content->header_size; i++)
		length = length << 8 | header[i];
	return length;
}

/* open_element - the header of an element is complete. */
static void open_element(struct signed_content *content)
{
	const uint8_t tag = *content->header;
	const bool path = on_way(content, tag), content_tag = path && (tag & ~CONSTRUCTED) == TAG_OCTETS;
	struct signed_level *level = innermost_element(content);
	bool open;
	uint64_t length = length_of(content, &open);
	content->header_size = 0;
	if (level && level->open && tag == 0 && length == 0) {
		leave(content);
		return;
	}
	if (level)
		level->elements++;
	content->found = content->found || content_tag;
	content->emits = content_tag && !(tag & CONSTRUCTED);
	content->proves = tag == TAG_OID && content->depth == 1;
	content->oid_size = 0;
	bool enter = (tag & CONSTRUCTED) && (path || open);
	content->failed = length > UINT64_MAX / 2 || (open && !(tag & CONSTRUCTED)) || (content->depth == 0 && !path) ||
			  (enter && content->depth == SIGNED_DEPTH_MAX);
	if (content->failed)
		return;
	if (enter)
		content->levels[content->depth++] = (struct signed_level){ content->at + length, open, path, 0 };
	else
		content->left = length;
}

/* element_header - an octet of a tag or a length. Tags above 30, of more than one octet, do not occur. */
static void element_header(struct signed_content *content, uint8_t octet)
{
	content->header[content->header_size++] = octet;
	content->at++;
	const uint8_t *header = content->header;
	unsigned more = content->header_size > 1 && header[1] > 0x80 ? header[1] & 0x7fU : 0;
	content->failed = (header[0] & 0x1f) == 0x1f || more > SIGNED_HEADER_MAX - 2;
	if (!content->failed && content->header_size == 2 + more)
		open_element(content);
}

static bool oid_is(const struct signed_content *content, const uint8_t *oid, size_t size)
{
	return content->oid_size == size && memcmp(content->oid, oid, size) == 0;
}

/* take_primitive - octets of the primitive element. */
static void take_primitive(struct signed_content *content, struct span octets)
{
	content->at += octets.size;
	content->left -= octets.size;
	if (content->emits)
		content->sink(content->context, octets);
	if (!content->proves)
		return;
	size_t size = MIN(octets.size, SIGNED_OID_MAX - content->oid_size);
	memcpy(content->oid + content->oid_size, octets.data, size);
	content->oid_size += size;
	if (content->left > 0)
		return;
	content->compressed = oid_is(content, compressed_data, sizeof compressed_data);
	content->failed = !content->compressed && !oid_is(content, signed_data, sizeof signed_data);
}

void signed_feed(struct signed_content *content, struct span in)
{
	while (in.size > 0 && !content->failed && !content->ended) {
		size_t used = 1;
		if (content->left > 0) {
			used = (size_t)MIN(content->left, in.size);
			take_primitive(content, span_of(in.data, used));
		} else
			element_header(content, *in.data);
		in = span_from(in, used);
		if (content->left == 0 && content->header_size == 0 && !content->failed)
			close_levels(content);
	}
}

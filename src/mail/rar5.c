/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rar5.c - see rar5.h. libarchive can't be used, because it unpacks a solid archive to get to the next name, and
 * ignores the record that says that a file is encrypted.
 */
#include "rar5.h"

#include <glib.h>
#include <string.h>

#define SIGNATURE_SIZE 8
#define HEADERS_MAX 10000
#define NAME_SIZE_MAX 4096

/* A position in the archive; octets beyond its end read as 0. */
struct rar5_cursor {
	struct span data;
	size_t at;
};

/* vint - reads a number in RAR's format: 7 bits per octet, low bits first. */
static uint64_t vint(struct rar5_cursor *cursor)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 63 && cursor->at < cursor->data.size; shift += 7) {
		uint8_t octet = cursor->data.data[cursor->at++];
		value |= (uint64_t)(octet & 0x7f) << shift;
		if ((octet & 0x80) == 0)
			break;
	}
	return value;
}

/* has_encryption - is there an encryption record in the extra area of a header, which starts at from? */
static bool has_encryption(struct span header, size_t from)
{
	enum { ENCRYPTION_RECORD = 1 };
	struct rar5_cursor cursor = { header, from };
	while (cursor.at < header.size) {
		uint64_t record = vint(&cursor);
		size_t next = cursor.at;
		if (vint(&cursor) == ENCRYPTION_RECORD)
			return true;
		if (record == 0 || record > header.size - next)
			break;
		cursor.at = next + (size_t)record;
	}
	return false;
}

/* take_file - reads a file header, starting at its flags. */
static void take_file(struct rar5_cursor cursor, uint64_t extra, rar5_entry entry, void *context)
{
	enum { TIME = 2, CHECKSUM = 4, UNKNOWN_SIZE = 8 };
	struct span header = cursor.data;
	uint64_t flags = vint(&cursor), size = vint(&cursor);
	vint(&cursor); /* attributes */
	cursor.at += (flags & TIME ? 4 : 0) + (flags & CHECKSUM ? 4 : 0);
	vint(&cursor); /* compression */
	vint(&cursor); /* operating system */
	uint64_t length = vint(&cursor);
	size_t left = cursor.at < header.size ? header.size - cursor.at : 0;
	char name[NAME_SIZE_MAX + 1];
	size_t kept = (size_t)MIN(MIN(length, left), NAME_SIZE_MAX);
	if (kept > 0)
		memcpy(name, header.data + cursor.at, kept);
	name[kept] = '\0';
	entry(context, name, flags & UNKNOWN_SIZE ? UINT64_MAX : size,
		has_encryption(header, header.size - (size_t)MIN(extra, header.size)));
}

bool rar5_list(struct span archive, rar5_entry entry, void *context)
{
	enum { FILE_HEADER = 2, ENCRYPTION_HEADER = 4, END_HEADER = 5, EXTRA = 1, DATA = 2 };
	struct rar5_cursor cursor = { archive, SIGNATURE_SIZE };
	for (unsigned i = 0; i < HEADERS_MAX && cursor.at + 4 < archive.size; i++) {
		cursor.at += 4; /* checksum */
		uint64_t size = vint(&cursor);
		if (size == 0 || size > archive.size - cursor.at)
			return false;
		size_t end = cursor.at + (size_t)size;
		struct rar5_cursor header = { { archive.data, end }, cursor.at };
		uint64_t type = vint(&header), flags = vint(&header);
		uint64_t extra = flags & EXTRA ? vint(&header) : 0, content = flags & DATA ? vint(&header) : 0;
		if (type == ENCRYPTION_HEADER) {
			entry(context, NULL, UINT64_MAX, true);
			return false;
		}
		if (type == END_HEADER)
			return true;
		if (type == FILE_HEADER)
			take_file(header, MIN(extra, size), entry, context);
		if (content > archive.size - end)
			return false;
		cursor.at = end + (size_t)content;
	}
	return false;
}

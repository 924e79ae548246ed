/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * folder.c - messages in one file (mbox, RFC 4155): each becomes a part below the file, and is parsed as an attached
 * message is.
 *
 * A message begins with a line "From address time" at the beginning or after an empty line. That line and the empty
 * line before it belong to no message.
 */
#include <string.h>

#include "inner.h"
#include "walk.h"

struct folder *folder_new(struct part *file, mime_sink sink, folder_next next, void *context)
{
	struct folder *folder = g_new(struct folder, 1);
	memset(folder, 0, offsetof(struct folder, line));
	folder->file = file;
	folder->sink = sink;
	folder->next = next;
	folder->context = context;
	folder->line_start = folder->blank_before = true;
	return folder;
}

/* begins_message - is it the line before a message? It has a time of day. */
static bool begins_message(const struct folder *folder)
{
	const struct span line = span_of(folder->line, folder->line_size);
	if (!folder->blank_before || !block_is_separator(line) || *line.data != 'F')
		return false;
	if (!folder->message)
		return true;
	for (size_t i = 6; i + 1 < line.size; i++)
		if (line.data[i] == ':' && g_ascii_isdigit(line.data[i - 1]) && g_ascii_isdigit(line.data[i + 1]))
			return true;
	return false;
}

/* emit_message - octets of the open message. */
static void emit_message(struct folder *folder, struct span octets)
{
	if (octets.size == 0 || !folder->message)
		return;
	part_feed(folder->message, octets);
	folder->sink(folder->context, octets);
}

/* emit_held - what is held of the open message is no separator. */
static void emit_held(struct folder *folder)
{
	emit_message(folder, span_of(folder->blank.octets, folder->blank.size));
	emit_message(folder, span_of(folder->line, folder->line_size));
	folder->blank.size = folder->line_size = 0;
}

/* close_message - the open message ends, if there is one. */
static void close_message(struct folder *folder, bool whole)
{
	if (!folder->message)
		return;
	folder->next(folder->context, NULL, whole);
	inner_close(folder->message, !whole);
	folder->message = NULL;
}

static void open_message(struct folder *folder)
{
	close_message(folder, true);
	folder->message = folder->file ? inner_open_text(folder->file, &folder->count, "message/rfc822", NULL) : NULL;
	if (folder->message)
		folder->next(folder->context, folder->message->about->number, true);
}

/* end_line - a line is complete, or as long as one that is held may be. */
static void end_line(struct folder *folder)
{
	const struct span line = span_of(folder->line, folder->line_size);
	const bool whole = line.data[line.size - 1] == '\n', blank = whole && block_is_empty(line);
	if (begins_message(folder)) {
		folder->blank.size = folder->line_size = 0;
		folder->skipping = !whole;
		open_message(folder);
	} else if (blank) {
		emit_message(folder, span_of(folder->blank.octets, folder->blank.size));
		folder->blank.size = line.size;
		memcpy(folder->blank.octets, line.data, line.size);
		folder->line_size = 0;
	} else
		emit_held(folder);
	folder->blank_before = blank;
	folder->line_start = whole;
}

/* hold_line - holds octets at the beginning of a line. Returns how many it took. */
static size_t hold_line(struct folder *folder, struct span in)
{
	const uint8_t *lf = memchr(in.data, '\n', in.size);
	size_t size = MIN(lf ? (size_t)(lf + 1 - in.data) : in.size, FOLDER_LINE_MAX - folder->line_size);
	memcpy(folder->line + folder->line_size, in.data, size);
	folder->line_size += size;
	if (folder->line[folder->line_size - 1] == '\n' || folder->line_size == FOLDER_LINE_MAX)
		end_line(folder);
	return size;
}

void folder_feed(struct folder *folder, struct span in)
{
	while (in.size > 0) {
		size_t size;
		if (folder->line_start && (folder->line_size > 0 || strchr("F\r\n", *in.data)))
			size = hold_line(folder, in);
		else {
			const uint8_t *lf = memchr(in.data, '\n', in.size);
			size = lf ? (size_t)(lf + 1 - in.data) : in.size;
			emit_held(folder);
			if (!folder->skipping)
				emit_message(folder, span_of(in.data, size));
			folder->blank_before = false;
			folder->line_start = lf;
			folder->skipping = folder->skipping && !lf;
		}
		in = span_from(in, size);
	}
}

void folder_gap(struct folder *folder, uint64_t size)
{
	emit_held(folder);
	folder->line_start = true;
	folder->blank_before = folder->skipping = false;
	if (folder->message)
		part_gap(folder->message, size);
}

void folder_end(struct folder *folder, bool whole)
{
	if (folder->line_size > 0)
		emit_held(folder);
	close_message(folder, whole);
}

size_t folder_memory(const struct folder *folder)
{
	return sizeof *folder + (folder->message ? part_memory(folder->message) : 0);
}

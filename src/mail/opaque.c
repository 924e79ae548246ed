/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opaque.c - a signed or compressed message (S/MIME, application/pkcs7-mime) around its content. In a mail that is a
 * part with its header (RFC 8551 3.1), which is parsed as if it stood alone; other programs sign files
 * (document.pdf.p7m).
 */
#include <string.h>

#include "inflate.h"
#include "inner.h"
#include "walk.h"

/* begins_part - does the content begin with the header of a part? */
static bool begins_part(struct span head)
{
	return block_is_mime(head) || entity_begins_message(head);
}

/* open_signed_file - the content is a file: its name is that of the signed message without the extension. */
static void open_signed_file(struct opaque *opaque)
{
	unsigned count = 0;
	if (!opaque->outer || !(opaque->file = inner_open(opaque->outer, &count)))
		return;
	static const char *const extensions[] = { ".p7m", ".p7z" };
	const char *name = opaque->outer->about->filename;
	for (size_t i = 0; i < G_N_ELEMENTS(extensions); i++)
		if (names_extension(name, extensions[i]))
			inner_name(opaque->file, "utf-8", span_of(name, strlen(name) - strlen(extensions[i])));
}

static void pass_signed(struct opaque *opaque, struct span octets)
{
	if (opaque->file)
		part_feed(opaque->file, octets);
	else if (opaque->sink)
		opaque->sink(opaque->context, octets);
}

/* decide - the first octets of the content are complete. */
static void decide(struct opaque *opaque)
{
	struct span head = span_of(opaque->head, opaque->head_size);
	opaque->decided = true;
	if (!begins_part(head)) {
		open_signed_file(opaque);
		opaque->sink = NULL;
	}
	pass_signed(opaque, head);
}

static void take_unpacked(void *context, struct span octets)
{
	struct opaque *opaque = context;
	if (!opaque->decided) {
		size_t size = MIN(octets.size, OPAQUE_HEAD - opaque->head_size);
		memcpy(opaque->head + opaque->head_size, octets.data, size);
		opaque->head_size += size;
		octets = span_from(octets, size);
		if (opaque->head_size == OPAQUE_HEAD)
			decide(opaque);
	}
	if (octets.size > 0)
		pass_signed(opaque, octets);
}

/* take_opaque - content as in the message: it may be compressed. */
static void take_opaque(void *context, struct span octets)
{
	struct opaque *opaque = context;
	if (opaque->content.compressed && !opaque->inflate)
		opaque->inflate = inflate_new(opaque->budget, take_unpacked, opaque);
	if (opaque->inflate)
		inflate_feed(opaque->inflate, octets);
	else
		take_unpacked(opaque, octets);
}

struct opaque *opaque_new(struct part *outer, uint64_t *budget, mime_sink sink, void *context)
{
	struct opaque *opaque = g_new(struct opaque, 1);
	memset(opaque, 0, offsetof(struct opaque, head));
	opaque->outer = outer;
	opaque->budget = budget;
	opaque->sink = sink;
	opaque->context = context;
	signed_begin(&opaque->content, take_opaque, opaque);
	return opaque;
}

void opaque_feed(struct opaque *opaque, struct span decoded)
{
	signed_feed(&opaque->content, decoded);
}

void opaque_gap(struct opaque *opaque)
{
	opaque->content.failed = true;
}

size_t opaque_memory(const struct opaque *opaque)
{
	return sizeof *opaque + (opaque->file ? part_memory(opaque->file) : 0) + (opaque->inflate ? INFLATE_MEMORY : 0);
}

const char *opaque_end(struct opaque *opaque)
{
	const char *trouble = opaque->inflate ? inflate_free(opaque->inflate) : NULL;
	if (opaque->content.found && !opaque->content.ended)
		trouble = "the content of the signed or compressed message ends too early";
	const bool cut = trouble;
	opaque->inflate = NULL;
	if (opaque->content.found && !opaque->decided && (opaque->head_size > 0 || !cut))
		decide(opaque);
	if (opaque->file)
		inner_close(opaque->file, cut);
	opaque->file = NULL;
	return trouble;
}

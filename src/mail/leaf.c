/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * leaf.c - decodes the part that is being read.
 */
#include <string.h>

#include "walk.h"

void leaf_open(struct walk *walk, bool part, mime_sink sink)
{
	struct leaf *leaf = &walk->leaf;
	const struct entity *entity = &walk->entity;
	leaf->about = NULL;
	leaf->part = NULL;
	leaf->inner = NULL;
	leaf->folder = NULL;
	leaf->opaque = NULL;
	leaf->trouble = NULL;
	leaf->whole = true;
	leaf->evidence_size = 0;
	leaf->mark = walk->mark;
	leaf->overflow = part && parts_full(walk->parts);
	if (part && !leaf->overflow) {
		struct mail *mail = walk->parts->mail;
		bool in_message = walk->in_message || walk->messages > 0;
		leaf->about = entity_part(walk->parts, entity, walk_number(walk, entity->root));
		mail_list_add(mail, &mail->parts, leaf->about);
		leaf->part = part_open(walk->parts, leaf->about, &entity->content, in_message);
	}
	transfer_begin(&leaf->transfer, walk->encoded, entity->encoding, sink, walk);
}

void leaf_feed(struct walk *walk, struct span octets)
{
	struct leaf *leaf = &walk->leaf;
	if (octets.size == 0)
		return;
	if (leaf->overflow)
		walk->sums.overflow += octets.size;
	else
		walk->sums.parts += octets.size;
	if (walk->messages > 0)
		level_messages(walk, octets);
	size_t evidence = MIN(octets.size, WALK_EVIDENCE_MAX - leaf->evidence_size);
	if (evidence > 0)
		memcpy(leaf->evidence + leaf->evidence_size, octets.data, evidence);
	leaf->evidence_size += evidence;
	transfer_feed(&leaf->transfer, octets);
}

void leaf_gap(struct walk *walk, uint64_t size)
{
	struct leaf *leaf = &walk->leaf;
	leaf->whole = false;
	transfer_gap(&leaf->transfer);
	if (leaf->opaque)
		opaque_gap(leaf->opaque);
	if (leaf->folder)
		folder_gap(leaf->folder, size);
	if (leaf->part)
		part_gap(leaf->part, size);
}

bool leaf_end(struct walk *walk, bool whole)
{
	struct leaf *leaf = &walk->leaf;
	leaf->whole = leaf->whole && whole;
	leaf->trouble = transfer_end(&leaf->transfer);
	const char *trouble = leaf->opaque ? opaque_end(leaf->opaque) : NULL;
	if (trouble)
		walk->parts->mail->partial = true;
	if (!leaf->trouble)
		leaf->trouble = trouble;
	return leaf->whole && !trouble;
}

void leaf_close(struct walk *walk)
{
	struct leaf *leaf = &walk->leaf;
	struct mail *mail = walk->parts->mail;
	struct mail_part *about = leaf->about;
	g_clear_pointer(&leaf->opaque, g_free);
	g_clear_pointer(&leaf->folder, g_free);
	if (leaf->trouble && leaf->whole)
		mail_defect(mail, MIME_MALFORMED, span_of(leaf->evidence, leaf->evidence_size), "part %s: %s",
			about ? about->number : walk_number(walk, walk->entity.root), leaf->trouble);
	if (leaf->part) {
		const char *name = transfer_name(&leaf->transfer);
		if (name) {
			names_inside(mail, about, mime_unfold(mail->arena, span_of(name, strlen(name)), NULL));
			about->attachment = true;
		}
		about->truncated |= !leaf->whole;
		part_close(leaf->part);
		leaf->part = NULL;
	}
	arena_release(&walk->scratch, &leaf->mark);
}

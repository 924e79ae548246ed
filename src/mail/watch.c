/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * watch.c - the inspector that passes decoded octets to a watcher outside this stage: mail_options.watch.
 */
#include <string.h>

#include "part.h"

struct watched {
	const struct mail_watch *watch;
	void *state;
};

static void *watch_begin(struct part *part, struct span head)
{
	const struct mail_watch *watch = part->parts->options->watch;
	void *state = watch ? watch->begin(part->parts->mail->watch_context) : NULL;
	if (!state)
		return NULL;
	struct watched *watched = g_new(struct watched, 1);
	*watched = (struct watched){ watch, state };
	return watched;
}

static void watch_feed(void *state, struct span piece)
{
	const struct watched *watched = state;
	watched->watch->piece(watched->state, piece);
}

static void watch_end(void *state, struct part *part)
{
	struct watched *watched = state;
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	watched->watch->end(watched->state, part->about, names);
	for (guint i = 0; i < names->len; i++)
		mail_list_add(part->parts->mail, &part->about->yara,
			arena_copy(part->parts->mail->arena, names->pdata[i], strlen(names->pdata[i])));
	g_ptr_array_free(names, TRUE);
	g_free(watched);
}

static void drop(void *state)
{
	struct watched *watched = state;
	watched->watch->drop(watched->state);
	g_free(watched);
}

static size_t watch_memory(const void *state)
{
	const struct watched *watched = state;
	return sizeof *watched + watched->watch->memory(watched->state);
}

const struct part_inspector watch_inspector = { watch_begin, watch_feed, NULL, watch_end, drop, watch_memory };

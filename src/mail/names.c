/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * names.c - chooses the name of a file when its header gives more than one.
 *
 * Names come in filename, filename* and name, in Content-Disposition and Content-Type, and each may be repeated; mail
 * clients differ in which they use. One name is reported. The others are kept for the detectors, unless they are an
 * ASCII form of the same name.
 */
#include <string.h>

#include "mime.h"

/* matches - may `plain` be an ASCII form of `name`? Any characters may replace non-ASCII ones, except dots and slashes,
 * because the extension matters. */
static bool matches(const char *name, const char *plain)
{
	const char *star = NULL,
		   *mark = NULL; /* after the last non-ASCII run in name; the place in plain that was tried for it */
	while (*plain != '\0') {
		if ((uint8_t)*name >= 0x80) {
			while ((uint8_t)*name >= 0x80)
				name++;
			star = name;
			mark = plain;
		} else if (*name != '\0' && g_ascii_tolower(*name) == g_ascii_tolower(*plain)) {
			name++;
			plain++;
		} else if (star && *mark != '.' && *mark != '/' && *mark != '\\') {
			name = star;
			plain = ++mark;
		} else
			return false;
	}
	while ((uint8_t)*name >= 0x80)
		name++;
	return *name == '\0';
}

/* names_differ - are these two names, and not one name written in two ways? */
static bool names_differ(const char *a, const char *b)
{
	bool plain_a = g_str_is_ascii(a), plain_b = g_str_is_ascii(b);
	if (plain_a == plain_b)
		return g_ascii_strcasecmp(a, b) != 0;
	return plain_a ? !matches(b, a) : !matches(a, b);
}

bool names_extension(const char *name, const char *extension)
{
	return names_listed(name, &extension, 1);
}

bool names_listed(const char *name, const char *const *extensions, size_t count)
{
	const char *dot = name ? strrchr(name, '.') : NULL;
	for (size_t i = 0; dot && i < count; i++)
		if (g_ascii_strcasecmp(dot, extensions[i]) == 0)
			return true;
	return false;
}

/* add_part_name - adds a name: as the part's file name if there was none before. */
static void add_part_name(struct mail *mail, struct mail_part *part, const char *name)
{
	if (!name)
		return;
	if (!part->filename) {
		part->filename = arena_copy(mail->arena, name, strlen(name));
		return;
	}
	if (!names_differ(part->filename, name))
		return;
	for (guint i = 0; part->other_names && i < part->other_names->len; i++)
		if (!names_differ(part->other_names->pdata[i], name))
			return;
	if (!part->other_names || part->other_names->len < MIME_NAMES_MAX)
		mail_list_add(mail, &part->other_names, arena_copy(mail->arena, name, strlen(name)));
}

/* add_repeated - adds a name from a repeated field. */
static void add_repeated(struct mime_params *params, char *text)
{
	if (text && params->other_count < MIME_NAMES_MAX)
		params->others[params->other_count++] = (struct mime_name){ text, true };
}

void names_again(struct arena *arena, struct mime_params *params, const struct mime_fields *fields, const char *hint)
{
	unsigned types = 0, dispositions = 0;
	for (size_t i = 0; i < fields->count; i++) {
		const struct mime_field *field = &fields->at[i];
		bool type = field->id == MIME_FIELD_CONTENT_TYPE,
		     disposition = field->id == MIME_FIELD_CONTENT_DISPOSITION;
		struct mime_params more;
		if (!(type && types++ > 0) && !(disposition && dispositions++ > 0))
			continue;
		if (types + dispositions > MIME_NAMES_MAX)
			break;
		mime_params_parse(arena, &more, field->value, hint);
		add_repeated(params, more.filename);
		if (type)
			add_repeated(params, more.name);
		for (unsigned j = 0; j < more.other_count; j++)
			if (type || more.others[j].filename)
				add_repeated(params, more.others[j].text);
	}
}

/* names_take - "name" in a Content-Disposition is ignored: it names a field of a form, not a file. */
void names_take(struct mail *mail, struct mail_part *part, const struct mime_params *field, bool disposition)
{
	add_part_name(mail, part, field->filename);
	if (!disposition)
		add_part_name(mail, part, field->name);
	for (unsigned i = 0; i < field->other_count; i++)
		if (!disposition || field->others[i].filename)
			add_part_name(mail, part, field->others[i].text);
}

void names_done(struct mail *mail, const struct mail_part *part)
{
	if (!part->other_names)
		return;
	GString *words = g_string_new(NULL);
	g_string_append_printf(words, "part %s has more than one name: %s", part->number, part->filename);
	for (guint i = 0; i < part->other_names->len; i++)
		g_string_append_printf(words, ", %s", (const char *)part->other_names->pdata[i]);
	mail_defect(mail, MIME_DUPLICATE_HEADER, span_of(words->str, words->len), "%s", words->str);
	g_string_free(words, TRUE);
}

void names_inside(struct mail *mail, struct mail_part *part, const char *name)
{
	const guint before = part->other_names ? part->other_names->len : 0;
	if (strcmp(name, "-") == 0 || g_str_has_prefix(name, "/dev/")) /* standard output is no name */
		return;
	add_part_name(mail, part, name);
	if (part->other_names && part->other_names->len > before)
		names_done(mail, part);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * path.c - envelope paths without brackets, and their domains.
 */
#include "private.h"

struct span bare_path(struct span path)
{
	if (path.size >= 2 && path.data[0] == '<' && path.data[path.size - 1] == '>')
		return span_of(path.data + 1, path.size - 2);
	return path;
}

bool path_of(enum verb verb, struct span argument, struct span *path)
{
	struct span rest;
	bool mail = verb_table[verb].flags & VERBFLAG_MAIL;
	if (!mail && verb != VERB_RCPT)
		return false;
	if (!grammar_path(argument, mail ? "FROM" : "TO", path, &rest))
		return false;
	*path = bare_path(*path);
	return true;
}

struct span domain_of(struct span path)
{
	for (size_t i = path.size; i > 0; i--)
		if (path.data[i - 1] == '@')
			return span_from(path, i);
	return span_of(path.data + path.size, 0);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * excerpt.c - cuts excerpts for evidence, and makes octets printable for descriptions.
 */
#include <string.h>

#include "private.h"
#include "text.h"

#define EVIDENCE_BEFORE 32 /* octets shown before a match */
#define PRINTABLE_MAX 120  /* octets of a text shown in a description */

struct span excerpt(struct span octets, size_t at, size_t size)
{
	size_t start = at > EVIDENCE_BEFORE ? at - EVIDENCE_BEFORE : 0;
	size_t end = MIN(octets.size, MAX(at + size + EVIDENCE_BEFORE, start + 2 * EVIDENCE_BEFORE));
	return span_of(octets.data + start, MIN(end - start, EVIDENCE_MAX));
}

char *printable(struct span octets)
{
	GString *text = g_string_new(NULL);
	for (size_t i = 0; i < octets.size && i < PRINTABLE_MAX; i++)
		if (octets.data[i] >= ' ' && octets.data[i] < 0x7f)
			g_string_append_c(text, (char)octets.data[i]);
		else
			g_string_append_printf(text, "\\x%02x", octets.data[i]);
	if (octets.size > PRINTABLE_MAX)
		g_string_append(text, "...");
	return g_string_free(text, FALSE);
}

struct span command_evidence(const struct session_command *command)
{
	return command->credentials ? command->parsed.name : command->parsed.line;
}

size_t find_octets(struct span octets, size_t from, const char *what)
{
	/* The strings begin with rare characters, and memmem is slow for short ones. */
	for (size_t size = strlen(what); from + size <= octets.size; from++) {
		const uint8_t *found = memchr(octets.data + from, what[0], octets.size - from);
		if (!found)
			break;
		from = (size_t)(found - octets.data);
		if (from + size <= octets.size && memcmp(found, what, size) == 0)
			return from;
	}
	return SIZE_MAX;
}

void append_address(GString *text, const struct address *address)
{
	char shown[ADDRESS_TEXT_MAX];
	g_string_append(text, address_text(address, shown));
}

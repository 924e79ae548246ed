/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * command_line.h - for tests: options as a user writes them.
 */
#ifndef SMTPSCAN_TESTS_COMMAND_LINE_H
#define SMTPSCAN_TESTS_COMMAND_LINE_H

#include "options.h"

/* command_line - parses the words of a line, which has blanks between them and no name of a program. */
static inline enum options_result command_line(struct options *options, const char *line)
{
	gchar **words = g_strsplit(line, " ", 0);
	GPtrArray *arguments = g_ptr_array_new();
	g_ptr_array_add(arguments, (char *)(uintptr_t) "smtpscan");
	for (gchar **word = words; *word; word++)
		if (**word)
			g_ptr_array_add(arguments, *word);
	g_ptr_array_add(arguments, NULL);
	const enum options_result result = options_parse((int)arguments->len - 1, (char **)arguments->pdata, options);
	g_ptr_array_free(arguments, TRUE);
	g_strfreev(words);
	return result;
}

#endif

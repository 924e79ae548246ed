/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_options.c - a fuzz target: a command line. The input is the arguments, each with a NUL at its end.
 *
 * Key logs that it names are read: only files in the current folder are used, and standard input is empty.
 */
#include <fcntl.h>

#include "capture.h"
#include "fuzz.h"
#include "options.h"

#define ARGUMENTS_MAX 32

/* is_harmless - does a path in it stay below the current folder? */
static bool is_harmless(const char *argument)
{
	return argument[0] != '/' && !strstr(argument, "=/") && !strstr(argument, "..") && !strstr(argument, "-/");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	char *arguments[ARGUMENTS_MAX + 2] = { g_strdup("smtpscan"), NULL }, *freed[ARGUMENTS_MAX + 1];
	int count = 1;
	if (!ready) {
		const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		require(null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO);
		close(null);
		ready = true;
	}
	while (size > 0 && count <= ARGUMENTS_MAX) {
		const uint8_t *piece;
		const size_t length = fuzz_next(&data, &size, &piece);
		arguments[count] = g_strndup((const char *)piece, length);
		if (is_harmless(arguments[count]))
			count++;
		else
			g_clear_pointer(&arguments[count], g_free);
	}
	memcpy(freed, arguments, sizeof freed);
	struct options options;
	const enum options_result result = options_parse(count, arguments, &options);
	require(result == OPTIONS_RUN || result == OPTIONS_DONE || result == OPTIONS_ERROR);
	require(result != OPTIONS_RUN || (options.captures && options.command));
	if (options.bpf)
		g_free(capture_filter_error(options.bpf));
	options_free(&options);
	for (int i = 0; i < count; i++)
		g_free(freed[i]);
	return 0;
}

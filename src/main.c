/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * main.c - options, wiring, exit status.
 */
#include "options.h"

int main(int argc, char **argv)
{
	struct options options;
	enum options_result result = options_parse(argc, argv, &options);
	options_free(&options);
	return result == OPTIONS_ERROR ? EXIT_USAGE : EXIT_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * yara_none.c - yara.h in a build without libyara.
 */
#include "yara.h"

struct yara *yara_load(char **paths, GError **error)
{
	g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_NOSYS,
		"--yara: this smtpscan was built without libyara (-Dyara=enabled)");
	return NULL;
}

bool yara_scan(struct yara *yara, struct span octets, yara_report report, void *context)
{
	return true;
}

void yara_free(struct yara *yara)
{
}

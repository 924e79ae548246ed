/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text.c - the view for each text format.
 */
#include "private.h"

struct view *view_text_new(const struct view_options *options, view_write write, void *context)
{
	struct view *view = options->format == VIEW_MAILS ? mails_new(options) : ladder_new(options);
	view->write = write;
	view->context = context;
	return view;
}

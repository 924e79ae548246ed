/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * html.h - extracts the text, the URLs and the links of HTML. Only links whose text looks like a host name are kept.
 */
#ifndef SMTPSCAN_MAIL_HTML_H
#define SMTPSCAN_MAIL_HTML_H

#include "mime.h"

/* html_read - html is UTF-8. Appends its text to `text` (may be NULL); adds to mail->links, and, when wanted, to
 * mail->urls, as mime_urls does. */
void html_read(struct mail *mail, GHashTable **seen, struct span html, GString *text, bool urls);
/* entity_decode - appends the character reference at `at` ("&amp;", "&#58;", "&#x3a;"). Returns its size; 0: it is
 * none.
 */
size_t entity_decode(GString *out, const char *at, const char *end);

#endif

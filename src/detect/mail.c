/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mail.c - checks a whole mail: MIME defects that the parser found, senders that differ, links whose text names another
 * target.
 */
#include <string.h>

#include "private.h"

/* is_address_octet - may the character be part of an address in a display name? */
static bool is_address_octet(char c)
{
	return g_ascii_isalnum(c) || strchr(".!#$%&*+-/=?^_{|}~", c);
}

/* plain_form - a name as it looks: compatibility characters (a full-width "@") as the ordinary ones, and without those
 * that are not seen. Free with g_free. */
static char *plain_form(const char *name)
{
	char *plain = g_str_is_ascii(name) ? NULL : g_utf8_normalize(name, -1, G_NORMALIZE_ALL_COMPOSE);
	if (!plain)
		return g_strdup(name);
	GString *seen = g_string_sized_new(strlen(plain));
	for (const char *at = plain; *at; at = g_utf8_next_char(at))
		if (g_unichar_type(g_utf8_get_char(at)) != G_UNICODE_FORMAT)
			g_string_append_unichar(seen, g_utf8_get_char(at));
	g_free(plain);
	return g_string_free(seen, FALSE);
}

/* first_address - the first address in a text, such as "ceo@example.org"; NULL: none. Free with g_free. */
static char *first_address(const char *name)
{
	for (const char *at = strchr(name, '@'); at; at = strchr(at + 1, '@')) {
		const char *start = at, *end = at + 1;
		while (start > name && is_address_octet(start[-1]))
			start--;
		while (g_ascii_isalnum(*end) || *end == '-' || (*end == '.' && g_ascii_isalnum(end[1])))
			end++;
		if (start < at && memchr(at + 1, '.', (size_t)(end - at - 1)))
			return g_strndup(start, (size_t)(end - start));
	}
	return NULL;
}

/* name_address - the first address in a display name. Free with g_free. */
static char *name_address(const char *name)
{
	char *plain = plain_form(name), *address = first_address(plain);
	g_free(plain);
	return address;
}

/* same_name - do two names look the same? */
static bool same_name(const char *a, const char *b)
{
	if (!a || !b)
		return false;
	char *texts[] = { plain_form(a), plain_form(b) };
	char *folded[] = { g_utf8_casefold(texts[0], -1), g_utf8_casefold(texts[1], -1) };
	bool same = strcmp(folded[0], folded[1]) == 0;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_free(texts[i]);
		g_free(folded[i]);
	}
	return same;
}

/* same_text - are they equal, ignoring ASCII case? */
static bool same_text(struct span a, const char *b)
{
	return b && a.size == strlen(b) && g_ascii_strncasecmp((const char *)a.data, b, a.size) == 0;
}

/* check_sender - sender_mismatch */
static void check_sender(struct detector *detector, const struct transaction *tx, const struct mail *mail)
{
	/* Few display names contain an address. */
	if (!tx->mail_from || !mail->from_address || !mail->from_name ||
		(!strchr(mail->from_name, '@') && g_str_is_ascii(mail->from_name)))
		return;
	struct span envelope = domain_of(bare_path(span_of_string(tx->mail_from)));
	const char *at = strrchr(mail->from_address, '@');
	if (envelope.size == 0 || !at || same_text(envelope, at + 1))
		return;
	char *shown = name_address(mail->from_name);
	if (shown && g_ascii_strcasecmp(shown, mail->from_address) != 0) {
		char *from = printable(span_of_text(mail->from_address)),
		     *path = printable(span_of_string(tx->mail_from));
		raise_alert(detector, ALERT_sender_mismatch, 0, AT_CONTENT(tx), span_of_text(mail->from_name),
			"From shows %s as its name, but the address is %s and the envelope sender %s", shown, from,
			path);
		g_free(from);
		g_free(path);
	}
	g_free(shown);
}

/* same_domain - have two domains the same registered domain? */
static bool same_domain(const char *a, const char *b)
{
	return g_ascii_strcasecmp(registered_domain(a), registered_domain(b)) == 0;
}

/* check_reply_to - reply_to_mismatch: Reply-To has the sender's name but the address of another domain. */
static void check_reply_to(struct detector *detector, const struct transaction *tx, const struct mail *mail)
{
	const char *from = mail->from_address ? strrchr(mail->from_address, '@') : NULL;
	const char *reply = mail->reply_to_address ? strrchr(mail->reply_to_address, '@') : NULL;
	const char *name = mail->reply_to_name;
	if (!from || !reply || !name || same_domain(from + 1, reply + 1))
		return;
	char *held = name_address(name);
	bool poses = (held && g_ascii_strcasecmp(held, mail->from_address) == 0) || same_name(name, mail->from_name);
	g_free(held);
	if (!poses)
		return;
	char *shown = printable(span_of_text(name)), *to = printable(span_of_text(mail->reply_to_address)),
	     *sender = printable(span_of_text(mail->from_address));
	raise_alert(detector, ALERT_reply_to_mismatch, 0, AT_CONTENT(tx), span_of_text(mail->reply_to),
		"answers go to %s under the name %s, the mail says that it is from %s", to, shown, sender);
	g_free(shown);
	g_free(to);
	g_free(sender);
}

/* leads_elsewhere - does the text of the link name a host in another domain than its target? */
static bool leads_elsewhere(const struct mail_link *link)
{
	char *text = text_host(link->text), *target = text ? url_host(link->target) : NULL;
	bool elsewhere = text && target && !same_domain(text, target);
	g_free(text);
	g_free(target);
	return elsewhere;
}

/* check_links - link_mismatch, once per mail. */
static void check_links(struct detector *detector, const struct transaction *tx, const struct mail *mail)
{
	const struct mail_link *first = NULL;
	unsigned more = 0;
	for (guint i = 0; mail->links && i < mail->links->len; i++)
		if (leads_elsewhere(mail->links->pdata[i])) {
			more += first != NULL;
			first = first ? first : mail->links->pdata[i];
		}
	if (!first)
		return;
	char *text = printable(span_of_text(first->text)), *target = printable(span_of_text(first->target));
	char *rest = more > 0 ? g_strdup_printf("; %u more like it", more) : g_strdup("");
	raise_alert(detector, ALERT_link_mismatch, 0, AT_CONTENT(tx), span_of_text(first->target),
		"a link reads %s and leads to %s%s", text, target, rest);
	g_free(rest);
	g_free(target);
	g_free(text);
}

void mail_defects(struct detector *detector, const struct transaction *tx, const struct mail *mail)
{
	static const enum alert_id ids[] = { [MIME_MALFORMED] = ALERT_mime_malformed,
		[MIME_TOO_DEEP] = ALERT_mime_depth,
		[MIME_HEADER_LIMIT] = ALERT_mime_header_limit,
		[MIME_DUPLICATE_HEADER] = ALERT_mime_duplicate_header };
	for (guint i = 0; i < mail->defects->len; i++) {
		const struct mime_defect *defect = g_ptr_array_index(mail->defects, i);
		raise_alert(detector, ids[defect->kind], 0, AT_CONTENT(tx), span_of_string(defect->evidence), "%s",
			defect->description);
	}
	check_sender(detector, tx, mail);
	check_reply_to(detector, tx, mail);
	check_links(detector, tx, mail);
}

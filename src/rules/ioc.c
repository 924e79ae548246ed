/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ioc.c - looks for the indicators of --ioc in addresses, server names, envelopes, header fields, URLs and files.
 *
 * An indicator is reported once per transaction; outside a transaction, once per session. Header values are split at
 * characters that can't be in a mail address, a host name or an IP address.
 */
#include <string.h>

#include "hash.h"
#include "private.h"
#include "text.h"

#define WORDS_MAX 50000 /* words of header fields that are looked up per mail */

/* A search in one event. */
struct search {
	struct rules_session *session;
	int tx;
	GHashTable *found; /* char*: reported already; NULL: nothing yet */
	unsigned words;    /* looked up so far */
};

/* report_match - `what`, found in `where`, is on a list. */
static void report_match(struct search *search, struct span what, const char *where, const char *comment)
{
	struct alert alert = { .id = ALERT_ioc_match,
		.severity = alert_catalogue[ALERT_ioc_match].severity,
		.tx = search->tx,
		.evidence = what };
	char *text = g_strndup((const char *)what.data, what.size), *legible = g_utf8_make_valid(text, -1);
	char *note = g_utf8_make_valid(comment, -1);
	if (!search->found)
		search->found = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
	if (g_hash_table_add(search->found, g_ascii_strdown(text, -1))) {
		char *description =
			g_strdup_printf("%s in %s is a known indicator%s%s", legible, where, *note ? ": " : "", note);
		alert.description = description;
		search->session->sink->alert(search->session->context, &alert);
		g_free(description);
	}
	g_free(text);
	g_free(legible);
	g_free(note);
}

/* search_lists - reports it if it is on a list. */
static void search_lists(struct search *search, struct span what, const char *where)
{
	const GPtrArray *lists = search->session->rules->lists;
	for (guint i = 0; i < lists->len && what.size > 0; i++) {
		const char *comment = list_find(lists->pdata[i], what);
		if (comment) {
			report_match(search, what, where, comment);
			return;
		}
	}
}

static void look_text(struct search *search, const char *text, const char *where)
{
	if (text)
		search_lists(search, span_of_text(text), where);
}

/* look_url - looks up the URL, and those in it, to which redirectors lead
 * ("http://a.example/?u=http%3A%2F%2Fb.example").
 */
static void look_url(struct search *search, const char *url)
{
	look_text(search, url, "a URL");
	char *plain = g_uri_unescape_string(url, NULL);
	const char *text = plain ? plain : url, *at = strstr(text, "://");
	while (at && (at = strstr(at + 3, "://"))) {
		const char *from = at;
		while (from > text && g_ascii_isalpha(from[-1]))
			from--;
		search_lists(search, span_of(from, strcspn(from, "& \"'<>")), "a URL");
	}
	g_free(plain);
}

static bool is_word_octet(uint8_t octet)
{
	return g_ascii_isalnum(octet) || octet >= 0x80 || strchr("@._-+=:/", octet);
}

/* look_words - looks up each word that can be an indicator. */
static void look_words(struct search *search, const char *text, const char *where)
{
	while (text && *text && search->words < WORDS_MAX) {
		size_t size = 0;
		while (text[size] && is_word_octet((uint8_t)text[size]))
			size++;
		struct span word = { (const uint8_t *)text, size };
		if (memchr(text, '.', size) || memchr(text, ':', size) || memchr(text, '@', size)) {
			search->words++;
			search_lists(search, word, where);
			/* "d=a.example" in a signature, "smtp.mailfrom=a.example" in authentication results */
			const uint8_t *value = memrchr(word.data, '=', size);
			if (value && !g_strstr_len(text, (gssize)size, "://"))
				search_lists(search, span_of(value + 1, (size_t)(word.data + size - value - 1)), where);
		}
		text += MAX(size, 1);
	}
}

/* look_headers - looks up the words of all header fields. */
static void look_headers(struct search *search, const struct mail *mail)
{
	for (size_t i = 0; i < mail->header_count; i++) {
		const struct mail_header *header = &mail->headers[i];
		char *name = g_strndup((const char *)header->name.data, header->name.size);
		char *value = mail_decode_header(header->value);
		look_words(search, value, name);
		g_free(value);
		g_free(name);
	}
}

static bool search_begin(struct search *search, struct rules_session *session, int tx)
{
	*search = (struct search){ .session = session, .tx = tx };
	return session->rules->lists->len > 0;
}

static void search_end(struct search *search)
{
	if (search->found)
		g_hash_table_destroy(search->found);
}

void ioc_mail(struct rules_session *session, const struct transaction *tx, const struct mail *mail)
{
	struct search search;
	if (!search_begin(&search, session, tx->number))
		return;
	if (tx->helo)
		look_text(&search, tx->helo->str, "HELO");
	if (tx->mail_from)
		look_text(&search, tx->mail_from->str, "MAIL FROM");
	for (guint i = 0; i < tx->recipients->len; i++)
		look_text(&search, ((struct recipient *)tx->recipients->pdata[i])->path->str, "RCPT TO");
	if (mail) {
		look_headers(&search, mail);
		for (guint i = 0; mail->urls && i < mail->urls->len; i++)
			look_url(&search, mail->urls->pdata[i]);
		look_text(&search, mail->sha256, "the mail's SHA-256");
	}
	search_end(&search);
}

void ioc_file(struct rules_session *session, const struct transaction *tx, const struct mail_part *part)
{
	struct search search;
	if (!search_begin(&search, session, tx->number))
		return;
	look_text(&search, part->sha256, "a file's SHA-256");
	look_text(&search, part->sha1, "a file's SHA-1");
	look_text(&search, part->md5, "a file's MD5");
	search_end(&search);
}

void ioc_tls(struct rules_session *session, const struct tls_info *tls)
{
	struct search search;
	if (!search_begin(&search, session, -1))
		return;
	look_text(&search, tls->sni, "the TLS server name");
	for (guint i = 0; tls->subject_alt_names && i < tls->subject_alt_names->len; i++)
		look_text(&search, tls->subject_alt_names->pdata[i], "the TLS certificate");
	search_end(&search);
}

void ioc_session(struct rules_session *session)
{
	struct search search;
	char text[ADDRESS_TEXT_MAX];
	if (!search_begin(&search, session, -1))
		return;
	const struct address *addresses[] = { &session->flow->client, &session->flow->server };
	static const char *const words[] = { "the client's address", "the server's address" };
	for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++)
		look_text(&search, address_text(addresses[i], text), words[i]);
	const struct flow_proxy *proxy = session->flow->proxy;
	if (proxy && proxy->source.family)
		look_text(&search, address_text(&proxy->source, text), "the client's address, as the proxy says");
	if (proxy && proxy->destination.family)
		look_text(&search, address_text(&proxy->destination, text), "the server's address, as the proxy says");
	if (proxy)
		look_text(&search, proxy->host, "the server's name, as the proxy says");
	search_end(&search);
}

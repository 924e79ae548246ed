/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * secrets.c - see secrets.h. It masks rather too much than too little.
 *
 * Limits: the last SECRETS_KEPT credentials of a session are recognised where they are repeated, each by its first
 * SECRET_MAX octets. A password that is repeated in another encoding is not recognised.
 */
#include "secrets.h"

#include <string.h>

#define SECRETS_KEPT 16
#define SECRET_MAX 1024
#define SECRET_MIN 4 /* shorter ones are not searched for: they occur in many words */
#define PIECE_MIN 6  /* a run of this many octets of a secret is masked */

/* Words that credentials follow: SASL mechanisms, and commands of other protocols. */
static const char *const heralds[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER", "CRAM-MD5", "DIGEST-MD5", "NTLM",
	"PASS" };

static bool is_word_character(uint8_t octet)
{
	return g_ascii_isalnum((gchar)octet) || octet == '-' || octet == '_';
}

/* next_word - the next run of letters, digits and hyphens; the rest begins after it. Returns false when none is left.
 */
static bool next_word(struct span *rest, struct span *word)
{
	while (rest->size > 0 && !is_word_character(*rest->data))
		rest->data++, rest->size--;
	word->data = rest->data;
	while (rest->size > 0 && is_word_character(*rest->data))
		rest->data++, rest->size--;
	word->size = (size_t)(rest->data - word->data);
	return word->size > 0;
}

/* is_herald - is this a word that credentials follow? */
static bool is_herald(struct span word, struct span rest)
{
	if (rest.size > 0 && *rest.data != ' ')
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(heralds); i++)
		if (grammar_is(word, heralds[i]))
			return true;
	return false;
}

/* is_command - does the line begin with a known verb? */
static bool is_command(struct span line)
{
	struct command command;
	size_t used;
	return grammar_command(line, true, &command, &used) != PARSE_MORE && command.verb != VERB_UNKNOWN;
}

/* credentials_of - finds the credentials in a line; false when there are none. */
static bool credentials_of(struct span line, struct span *secret)
{
	struct span word;
	*secret = line;
	if (!next_word(secret, &word))
		return false;
	if (grammar_is(word, "AUTH") || grammar_is(word, "X-EXPS")) {
		next_word(secret, &word); /* the mechanism */
		return true;
	}
	if (is_command(line))
		return false;
	return is_herald(word, *secret) || (next_word(secret, &word) && is_herald(word, *secret));
}

/* remember - remembers a secret, unless it is too short to be recognised. */
static void remember(struct secrets *secrets, struct span secret)
{
	while (secret.size > 0 && g_ascii_isspace(secret.data[secret.size - 1]))
		secret.size--;
	while (secret.size > 0 && g_ascii_isspace(*secret.data))
		secret.data++, secret.size--;
	if (secret.size < SECRET_MIN)
		return;
	if (!secrets->seen)
		secrets->seen = g_ptr_array_new();
	if (secrets->seen->len == SECRETS_KEPT)
		g_string_free(g_ptr_array_remove_index(secrets->seen, 0), TRUE);
	g_ptr_array_add(
		secrets->seen, g_string_new_len((const char *)secret.data, (gssize)MIN(secret.size, SECRET_MAX)));
}

void secrets_command(struct secrets *secrets, struct session_command *command)
{
	struct command *parsed = &command->parsed;
	struct span secret;
	bool doubtful = command->credentials || parsed->verb == VERB_UNKNOWN;
	if (command->continuation) {
		remember(secrets, parsed->argument);
	} else if (doubtful && credentials_of(parsed->line, &secret)) {
		remember(secrets, secret);
		command->credentials = true;
	} else if (secrets->expected && parsed->verb == VERB_UNKNOWN &&
		   !memchr(parsed->line.data, ' ', parsed->line.size)) {
		remember(secrets, parsed->line);
		command->credentials = command->continuation = true;
		parsed->argument = parsed->name; /* it was not a verb */
		parsed->name.size = 0;
	} else if (parsed->verb != VERB_UNKNOWN) {
		secrets->expected = false;
	}
	if (command->credentials)
		secrets->expected = true;
}

void secrets_response(struct secrets *secrets, const struct session_response *response)
{
	if (response->code == 334)
		secrets->expected = true;
}

/* mask_lines - masks what follows AUTH in lines of the client, and the lines after it. */
static GString *mask_lines(const struct secrets *secrets, struct span text)
{
	GString *masked = g_string_sized_new(text.size);
	bool expected = secrets->expected;
	for (size_t start = 0, end; start < text.size; start = end) {
		const uint8_t *feed = memchr(text.data + start, '\n', text.size - start);
		end = feed ? (size_t)(feed - text.data) + 1 : text.size;
		struct span line = { text.data + start, end - start }, secret;
		size_t ending = 0;
		while (ending < line.size && strchr("\r\n", line.data[line.size - 1 - ending]) &&
			line.data[line.size - 1 - ending])
			ending++;
		struct span shown = { line.data, line.size - ending };
		bool herald = credentials_of(shown, &secret);
		if (herald)
			shown.size -= secret.size;
		else if (expected && shown.size > 0 && !is_command(line))
			secret = shown, shown.size = 0;
		else
			secret.size = 0;
		g_string_append_len(masked, (const char *)shown.data, (gssize)shown.size);
		if (secret.size > 0)
			g_string_append(masked, shown.size > 0 ? " *" : "*");
		g_string_append_len(masked, (const char *)line.data + line.size - ending, (gssize)ending);
		expected = herald || (expected && shown.size == 0);
	}
	return masked;
}

/* common_octets - the number of octets at the start of a text that are also in this secret. */
static size_t common_octets(const GString *secret, const char *text, size_t size)
{
	size_t best = 0;
	for (size_t from = 0; from < secret->len; from++) {
		size_t length = 0;
		while (length < size && from + length < secret->len && secret->str[from + length] == text[length])
			length++;
		if (length >= MIN(PIECE_MIN, secret->len))
			best = MAX(best, length);
	}
	return best;
}

/* mask_seen - masks pieces of credentials sent earlier in this session. */
static void mask_seen(const struct secrets *secrets, GString *text)
{
	for (size_t at = 0; at < text->len; at++) {
		size_t size = 0;
		for (guint i = 0; i < secrets->seen->len; i++)
			size = MAX(size,
				common_octets(g_ptr_array_index(secrets->seen, i), text->str + at, text->len - at));
		if (size > 0) {
			g_string_erase(text, (gssize)at, (gssize)size);
			g_string_insert_c(text, (gssize)at, '*');
		}
	}
}

GString *secrets_mask(const struct secrets *secrets, enum direction direction, struct span text)
{
	GString *masked = direction == UP ? mask_lines(secrets, text)
					  : g_string_new_len((const char *)text.data, (gssize)text.size);
	if (secrets->seen)
		mask_seen(secrets, masked);
	return masked;
}

void secrets_clear(struct secrets *secrets)
{
	for (guint i = 0; secrets->seen && i < secrets->seen->len; i++)
		g_string_free(g_ptr_array_index(secrets->seen, i), TRUE);
	if (secrets->seen)
		g_ptr_array_free(secrets->seen, TRUE);
	*secrets = (struct secrets){ 0 };
}

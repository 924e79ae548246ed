/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * auth.c - finds the user name, and the password if there is one, in an AUTH exchange.
 *
 * Mechanisms: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195), DIGEST-MD5 (RFC 2831), SCRAM-* (RFC 5802), NTLM (MS-NLMP),
 * XOAUTH2, OAUTHBEARER (RFC 7628), EXTERNAL (RFC 4422). A response that does not decode leaves the fields empty,
 * but LOGIN's may be sent without base64.
 */
#include "auth.h"

#include <string.h>

#include "bytes.h"

#define AUTH_RESPONSE_MAX 65536 /* octets of base64 that are decoded */

struct auth {
	struct session_auth result;
	unsigned responses; /* client responses so far */
	bool lost;          /* one is not in the capture: the meaning of the next ones is not known */
	enum { ASKED_NOTHING, ASKED_USER, ASKED_PASSWORD } asked; /* LOGIN: by the server's last words */
};

/* decode_response - decodes base64; NULL when it is invalid. An "=" alone is an empty response. */
static GString *decode_response(struct span text)
{
	if (text.size > AUTH_RESPONSE_MAX)
		return NULL;
	if (text.size == 1 && text.data[0] == '=')
		return g_string_new("");
	for (size_t i = 0; i < text.size; i++)
		if (!g_ascii_isalnum(text.data[i]) && !strchr("+/=", text.data[i]))
			return NULL;
	char *copy = g_strndup((const char *)text.data, text.size);
	gsize size = 0;
	guchar *octets = g_base64_decode(copy, &size);
	GString *decoded = g_string_new_len((const char *)octets, (gssize)size);
	g_free(octets);
	g_free(copy);
	return decoded;
}

static void set_field(GString **field, const char *text, size_t size)
{
	if (*field)
		g_string_free(*field, TRUE);
	*field = g_string_new_len(text, (gssize)size);
}

/* take_plain - [authzid] NUL authcid NUL passwd */
static void take_plain(struct auth *auth, const GString *s)
{
	struct session_auth *r = &auth->result;
	const char *first = memchr(s->str, '\0', s->len);
	if (!first)
		return;
	const char *user = first + 1, *end = s->str + s->len;
	const char *second = memchr(user, '\0', (size_t)(end - user));
	if (!second)
		return;
	set_field(&r->username, user, (size_t)(second - user));
	set_field(&r->password, second + 1, (size_t)(end - second - 1));
}

/* take_login - what the server asked for; else the user name is the first response and the password the second one. */
static void take_login(struct auth *auth, const GString *s)
{
	struct session_auth *r = &auth->result;
	const bool asked = auth->asked != ASKED_NOTHING;
	if (asked ? auth->asked == ASKED_USER : auth->responses == 0)
		set_field(&r->username, s->str, s->len);
	else if (asked || auth->responses == 1)
		set_field(&r->password, s->str, s->len);
}

/* take_cram - user SP digest; the user may hold spaces */
static void take_cram(struct auth *auth, const GString *s)
{
	const char *space = strrchr(s->str, ' ');
	if (space)
		set_field(&auth->result.username, s->str, (size_t)(space - s->str));
}

/* attribute - the value of NAME=value in a list with this separator; may be quoted */
static void attribute(struct session_auth *r, const GString *s, const char *name, char separator)
{
	size_t length = strlen(name);
	for (const char *p = s->str; p; p = strchr(p, separator), p = p ? p + 1 : NULL) {
		while (*p == ' ')
			p++;
		if (strncmp(p, name, length) != 0)
			continue;
		p += length;
		bool quoted = *p == '"';
		p += quoted;
		set_field(&r->username, "", 0);
		for (; *p && *p != (quoted ? '"' : separator); p++) {
			p += quoted && *p == '\\' && p[1]; /* a quoted pair */
			g_string_append_c(r->username, *p);
		}
		return;
	}
}

/* undo_saslname - RFC 5802 5.1: =2C is a comma, =3D is an equals sign. */
static void undo_saslname(GString *name)
{
	size_t n = 0;
	for (size_t i = 0; i < name->len; i++) {
		bool comma = strncmp(name->str + i, "=2C", 3) == 0, equals = strncmp(name->str + i, "=3D", 3) == 0;
		name->str[n++] = comma ? ',' : equals ? '=' : name->str[i];
		if (comma || equals)
			i += 2;
	}
	g_string_truncate(name, n);
}

/* ntlm_field - the text of a security buffer of an AUTHENTICATE_MESSAGE, as UTF-8; NULL */
static char *ntlm_field(const GString *s, size_t at, bool unicode)
{
	const uint8_t *buffer = (const uint8_t *)s->str + at;
	const size_t size = le16(buffer), offset = le32(buffer + 4);
	if (offset > s->len || size > s->len - offset)
		return NULL;
	if (!unicode)
		return g_strndup(s->str + offset, size);
	return g_convert(s->str + offset, (gssize)size, "UTF-8", "UTF-16LE", NULL, NULL, NULL);
}

/* take_ntlm - DOMAIN\user out of message type 3 (MS-NLMP 2.2.1.3) */
static void take_ntlm(struct auth *auth, const GString *s)
{
	if (s->len < 64 || memcmp(s->str, "NTLMSSP", 8) != 0 || s->str[8] != 3)
		return;
	bool unicode = s->str[60] & 1;
	char *domain = ntlm_field(s, 28, unicode), *user = ntlm_field(s, 36, unicode);
	if (user) {
		char *name = domain && *domain ? g_strdup_printf("%s\\%s", domain, user) : g_strdup(user);
		set_field(&auth->result.username, name, strlen(name));
		g_free(name);
	}
	g_free(domain);
	g_free(user);
}

/* bearer - the token of auth=Bearer, up to ^A */
static void bearer(struct session_auth *r, const GString *s)
{
	const char *token = g_strstr_len(s->str, (gssize)s->len, "auth=Bearer ");
	if (token) {
		token += strlen("auth=Bearer ");
		set_field(&r->password, token, strcspn(token, "\001"));
	}
}

static void take_digest(struct auth *auth, const GString *s)
{
	attribute(&auth->result, s, "username=", ',');
}

static void take_scram(struct auth *auth, const GString *s)
{
	attribute(&auth->result, s, "n=", ',');
	if (auth->result.username)
		undo_saslname(auth->result.username);
}

static void take_xoauth2(struct auth *auth, const GString *s)
{
	attribute(&auth->result, s, "user=", '\001');
	bearer(&auth->result, s);
}

static void take_oauthbearer(struct auth *auth, const GString *s)
{
	attribute(&auth->result, s, "a=", ',');
	bearer(&auth->result, s);
}

static void take_external(struct auth *auth, const GString *s)
{
	if (s->len > 0)
		set_field(&auth->result.username, s->str, s->len);
}

/* first: only the client's first response counts. A name that ends in a hyphen is the beginning of several. */
static const struct {
	const char *name;
	bool first;
	void (*take)(struct auth *auth, const GString *response);
} mechanisms[] = {
	{ "PLAIN", false, take_plain },
	{ "LOGIN", false, take_login },
	{ "CRAM-MD5", false, take_cram },
	{ "DIGEST-MD5", false, take_digest },
	{ "SCRAM-", true, take_scram },
	{ "NTLM", false, take_ntlm },
	{ "XOAUTH2", true, take_xoauth2 },
	{ "OAUTHBEARER", true, take_oauthbearer },
	{ "EXTERNAL", true, take_external },
};

/* take_client_response - one decoded client response. */
static void take_client_response(struct auth *auth, const GString *s)
{
	const char *mechanism = auth->result.mechanism->str;
	for (size_t i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
		const char *name = mechanisms[i].name;
		const bool several = g_str_has_suffix(name, "-");
		if (several ? !g_str_has_prefix(mechanism, name) : strcmp(mechanism, name) != 0)
			continue;
		if (!mechanisms[i].first || auth->responses == 0)
			mechanisms[i].take(auth, s);
		return;
	}
}

struct auth *auth_new(struct span argument)
{
	struct auth *auth = g_new0(struct auth, 1);
	struct span mechanism, initial;
	grammar_word(&argument, &mechanism);
	auth->result.mechanism = g_string_new_len((const char *)mechanism.data, (gssize)mechanism.size);
	g_string_ascii_up(auth->result.mechanism);
	if (grammar_word(&argument, &initial))
		auth_line(auth, initial);
	return auth;
}

void auth_line(struct auth *auth, struct span line)
{
	if (line.size == 1 && line.data[0] == '*') {
		auth->result.cancelled = true;
		return;
	}
	GString *decoded = auth->lost ? NULL : decode_response(line);
	/* some clients send them as they are */
	if (!decoded && !auth->lost && strcmp(auth->result.mechanism->str, "LOGIN") == 0)
		decoded = g_string_new_len((const char *)line.data, (gssize)MIN(line.size, AUTH_RESPONSE_MAX));
	if (decoded) {
		take_client_response(auth, decoded);
		g_string_free(decoded, TRUE);
	}
	auth->asked = ASKED_NOTHING;
	/* Also when it does not decode: the password after it is not to be taken for the user name. */
	auth->responses++;
}

void auth_prompt(struct auth *auth, struct span text)
{
	GString *words = decode_response(text);
	auth->asked = ASKED_NOTHING;
	if (!words)
		return;
	g_string_ascii_down(words);
	if (strstr(words->str, "pass"))
		auth->asked = ASKED_PASSWORD;
	else if (strstr(words->str, "user") || strstr(words->str, "name"))
		auth->asked = ASKED_USER;
	g_string_free(words, TRUE);
}

void auth_lose(struct auth *auth)
{
	auth->lost = true;
}

struct session_auth *auth_result(struct auth *auth)
{
	return &auth->result;
}

void auth_free(struct auth *auth)
{
	if (!auth)
		return;
	struct session_auth *r = &auth->result;
	g_string_free(r->mechanism, TRUE);
	if (r->username)
		g_string_free(r->username, TRUE);
	if (r->password)
		g_string_free(r->password, TRUE);
	g_free(auth);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lists.c - lists of indicators: domains, mail addresses, IP addresses and networks, hashes, URLs. See private.h.
 *
 * A line has one indicator and, after a tab, a comment. Its kind is recognised by its form. The key of an indicator is
 * its normal form: lower case, no final dot, IP addresses as inet_ntop writes them. Keys and comments are in one block,
 * their offsets in a hash table with open addressing: about 60 octets per indicator. Of equal keys the first is used.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "hash.h"
#include "private.h"
#include "text.h"

#define KEY_MAX 2048                        /* octets of an indicator */
#define LIST_OCTETS_MAX (512 * 1024 * 1024) /* of a file */
#define PREFIX_MAX 128
#define ABOUT 40 /* octets shown of an invalid line */

enum kind { KIND_NONE, KIND_DOMAIN, KIND_MAIL, KIND_ADDRESS, KIND_NETWORK, KIND_HASH, KIND_URL };

/* The normal form of an indicator. */
struct key {
	enum kind kind;
	char text[KEY_MAX + 1];
	size_t size;
};

struct list {
	GString *texts;   /* key NUL comment NUL ... */
	uint32_t *places; /* offset of a key in texts, plus one; 0: free. Their number is a power of two */
	size_t room, count;
	bool prefixes[2][PREFIX_MAX + 1]; /* prefix lengths of the networks, IPv4 and IPv6 */
	bool kinds[KIND_URL + 1];         /* there are indicators of this kind */
	unsigned hashes;                  /* enum hash_kind: there are such hashes */
	bool single;                      /* there is a domain without a dot (a top-level domain) */
};

/* ---- keys ---- */

static bool all_of(struct span text, const char *set)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] == '\0' || !strchr(set, text.data[i]))
			return false;
	return true;
}

/* put_lower - the key is the text in lower case. */
static void put_lower(struct key *key, enum kind kind, struct span text)
{
	key->kind = kind;
	key->size = text.size;
	for (size_t i = 0; i < text.size; i++)
		key->text[i] = g_ascii_tolower((gchar)text.data[i]);
	key->text[key->size] = '\0';
}

/* mask - clears all but the first `bits` bits. */
static void mask(uint8_t *octets, size_t size, unsigned bits)
{
	for (size_t i = 0; i < size; i++) {
		unsigned kept = bits > 8 * i ? MIN(bits - 8 * (unsigned)i, 8u) : 0;
		octets[i] &= (uint8_t)(0xff00 >> kept);
	}
}

/* put_address - the key is an address, or a network when `bits` is not -1. */
static bool put_address(struct key *key, const char *text, int bits)
{
	uint8_t octets[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	const size_t size = family == AF_INET ? 4 : 16;
	if (inet_pton(family, text, octets) != 1 || bits > (int)(8 * size))
		return false;
	if (bits >= 0)
		mask(octets, size, (unsigned)bits);
	inet_ntop(family, octets, key->text, KEY_MAX);
	key->kind = bits >= 0 ? KIND_NETWORK : KIND_ADDRESS;
	key->size = strlen(key->text);
	if (bits >= 0)
		key->size += (size_t)g_snprintf(key->text + key->size, 8, "/%d", bits);
	return true;
}

/* put_network - an address or a network, if the text is one; brackets around an address are removed. */
static bool put_network(struct key *key, struct span text)
{
	char copy[64];
	int bits = -1;
	if (text.size > 2 && text.data[0] == '[' && text.data[text.size - 1] == ']')
		text = span_of(text.data + 1, text.size - 2);
	if (text.size > 5 && g_ascii_strncasecmp((const char *)text.data, "IPv6:", 5) == 0)
		text = span_from(text, 5);
	if (text.size == 0 || text.size >= sizeof copy || !all_of(text, "0123456789abcdefABCDEF.:/"))
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	char *slash = strchr(copy, '/');
	if (slash) {
		char *end;
		guint64 number = g_ascii_strtoull(slash + 1, &end, 10);
		if (!g_ascii_isdigit(slash[1]) || *end || number > PREFIX_MAX)
			return false;
		bits = (int)number;
		*slash = '\0';
	}
	return put_address(key, copy, bits);
}

/* put_domain - a host or domain name; "*." before it and dots around it are ignored. */
static bool put_domain(struct key *key, struct span text)
{
	if (text.size > 2 && text.data[0] == '*' && text.data[1] == '.')
		text = span_from(text, 2);
	while (text.size > 0 && text.data[0] == '.')
		text = span_from(text, 1);
	while (text.size > 0 && text.data[text.size - 1] == '.')
		text.size--;
	if (text.size == 0 || text.size > 255)
		return false;
	bool ascii = true;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < 0x80 && !g_ascii_isalnum(text.data[i]) && !strchr("-._", text.data[i]))
			return false;
		ascii &= text.data[i] < 0x80 && text.data[i] != '\0';
	}
	if (ascii) {
		put_lower(key, KIND_DOMAIN, text);
		return true;
	}
	char *name = g_strndup((const char *)text.data, text.size);
	char *encoded = g_utf8_validate(name, -1, NULL) ? g_hostname_to_ascii(name) : NULL;
	if (encoded && strlen(encoded) <= 255)
		put_lower(key, KIND_DOMAIN, span_of_text(encoded));
	else
		key->kind = KIND_NONE;
	g_free(encoded);
	g_free(name);
	return key->kind != KIND_NONE;
}

/* put_url - scheme and host in lower case, without a final slash or fragment. */
static void put_url(struct key *key, struct span url, size_t scheme)
{
	const uint8_t *fragment = memchr(url.data, '#', url.size);
	if (fragment)
		url.size = (size_t)(fragment - url.data);
	key->kind = KIND_URL;
	key->size = url.size;
	memcpy(key->text, url.data, url.size);
	for (size_t i = 0; i < url.size && (i < scheme || !strchr("/?", key->text[i])); i++)
		key->text[i] = g_ascii_tolower(key->text[i]);
	while (key->size > scheme && key->text[key->size - 1] == '/')
		key->size--;
	key->text[key->size] = '\0';
}

static bool is_hash(struct span text)
{
	return (text.size == 32 || text.size == 40 || text.size == 64) && all_of(text, "0123456789abcdefABCDEF");
}

/* scheme_size - what a URL or a UNC path ("\\\\host\\") begins with: "http://", "file:\\\\", "//", "\\\\"; 0: it is
 * none. */
static size_t scheme_size(struct span text)
{
	static const char file[] = "file:";
	const char *begin = (const char *)text.data, *colon = g_strstr_len(begin, (gssize)text.size, "://");
	const size_t name = sizeof file - 1;
	const bool is_file = text.size > name && g_ascii_strncasecmp(begin, file, name) == 0;
	const size_t at = is_file ? name : 0;
	if (text.size > at + 2 && strchr("/\\", begin[at]) && strchr("/\\", begin[at + 1]))
		return at + 2;
	return colon ? (size_t)(colon + 3 - begin) : 0;
}

/* indicator_key - recognises the text and makes its key. Returns false when it is not an indicator. */
static bool indicator_key(struct span text, struct key *key)
{
	key->kind = KIND_NONE;
	if (text.size > 2 && text.data[0] == '<' && text.data[text.size - 1] == '>')
		text = span_of(text.data + 1, text.size - 2);
	if (text.size == 0 || text.size > KEY_MAX || memchr(text.data, '\0', text.size))
		return false;
	static const char mailto[] = "mailto:";
	const size_t prefix = sizeof mailto - 1;
	if (text.size > prefix && g_ascii_strncasecmp((const char *)text.data, mailto, prefix) == 0) {
		const uint8_t *query = memchr(text.data, '?', text.size);
		const uint8_t *end = query ? query : text.data + text.size;
		text = span_of(text.data + prefix, (size_t)(end - text.data) - prefix);
	}
	const size_t scheme = scheme_size(text);
	const uint8_t *at = memrchr(text.data, '@', text.size);
	if (is_hash(text))
		put_lower(key, KIND_HASH, text);
	else if (scheme)
		put_url(key, text, scheme);
	else if (at && at > text.data && (size_t)(at - text.data) + 1 < text.size)
		put_lower(key, KIND_MAIL, text);
	else if (!put_network(key, text))
		put_domain(key, text);
	return key->kind != KIND_NONE;
}

/* ---- the table ---- */

/* slot_of - the slot of the key in the table, or the free one where it belongs. */
static uint32_t *slot_of(const struct list *list, const char *text, size_t size)
{
	size_t at = hash_octets(text, size) & (list->room - 1);
	while (list->places[at] > 0 && strcmp(list->texts->str + list->places[at] - 1, text) != 0)
		at = (at + 1) & (list->room - 1);
	return &list->places[at];
}

/* list_grow - doubles the table. */
static void list_grow(struct list *list)
{
	uint32_t *old = list->places;
	size_t old_room = list->room;
	list->room = MAX(2 * old_room, 64);
	list->places = g_new0(uint32_t, list->room);
	for (size_t i = 0; i < old_room; i++) {
		const char *text = old[i] > 0 ? list->texts->str + old[i] - 1 : NULL;
		if (text)
			*slot_of(list, text, strlen(text)) = old[i];
	}
	g_free(old);
}

static void list_add(struct list *list, const struct key *key, struct span comment)
{
	if (2 * list->count >= list->room)
		list_grow(list);
	uint32_t *slot = slot_of(list, key->text, key->size);
	if (*slot > 0)
		return;
	*slot = (uint32_t)list->texts->len + 1;
	list->count++;
	list->kinds[key->kind] = true;
	if (key->kind == KIND_HASH)
		list->hashes |= key->size == 32 ? HASH_MD5 : key->size == 40 ? HASH_SHA1 : HASH_SHA256;
	list->single |= key->kind == KIND_DOMAIN && !strchr(key->text, '.');
	g_string_append_len(list->texts, key->text, (gssize)key->size + 1);
	g_string_append_len(list->texts, (const char *)comment.data, (gssize)comment.size);
	g_string_append_c(list->texts, '\0');
	if (key->kind == KIND_NETWORK)
		list->prefixes[strchr(key->text, ':') != NULL][atoi(strchr(key->text, '/') + 1)] = true;
}

/* look_up - the comment of a key; NULL: not in the list. */
static const char *look_up(const struct list *list, const char *text, size_t size)
{
	uint32_t place = list->room > 0 ? *slot_of(list, text, size) : 0;
	return place > 0 ? list->texts->str + place + size : NULL;
}

/* ---- searching ---- */

/* find_domain - finds the name, or a domain above it. */
static const char *find_domain(const struct list *list, const char *name)
{
	if (!list->kinds[KIND_DOMAIN])
		return NULL;
	for (; name; name = strchr(name, '.')) {
		name += *name == '.';
		if (!list->single && !strchr(name, '.'))
			return NULL;
		const char *comment = look_up(list, name, strlen(name));
		if (comment)
			return comment;
	}
	return NULL;
}

/* find_address - finds the address, or a network that contains it. */
static const char *find_address(const struct list *list, const char *address)
{
	const char *comment = list->kinds[KIND_ADDRESS] ? look_up(list, address, strlen(address)) : NULL;
	const bool six = strchr(address, ':') != NULL;
	struct key network;
	for (int bits = PREFIX_MAX; !comment && bits >= 0; bits--)
		if (list->prefixes[six][bits] && put_address(&network, address, bits))
			comment = look_up(list, network.text, network.size);
	return comment;
}

/* find_host - finds a name or an address, as written in a mail address or a URL. */
static const char *find_host(const struct list *list, struct span host)
{
	struct key key = { .kind = KIND_NONE };
	if (put_network(&key, host) && key.kind == KIND_ADDRESS)
		return find_address(list, key.text);
	return put_domain(&key, host) ? find_domain(list, key.text) : NULL;
}

/* host_in_url - the host of a URL: after scheme and user, before port, path and query. */
static struct span host_in_url(const char *url)
{
	const char *host = url + strcspn(url, "/\\"); /* browsers read a backslash as a slash */
	host += strspn(host, "/\\");
	size_t size = strcspn(host, "/?\\");
	const bool file = strchr("/\\", *url) || strncmp(url, "file:", 5) == 0;
	const char *at = memrchr(host, '@', size);
	if (at && file)
		size = (size_t)(at - host); /* "\\\\host@SSL\\" */
	else if (at) {
		size -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	const char *port = *host == '[' ? NULL : memchr(host, ':', size);
	const char *bracket = *host == '[' ? memchr(host, ']', size) : NULL;
	if (port)
		size = (size_t)(port - host);
	if (bracket)
		size = (size_t)(bracket + 1 - host);
	return span_of(host, size);
}

/* find_url_host - finds the host of a URL as browsers read it: with percent encodings, and numbers of any form as an
 * address ("0x7f.1", "2130706433"). */
static const char *find_url_host(const struct list *list, const char *url)
{
	struct span host = host_in_url(url);
	struct in_addr number;
	char plain[INET_ADDRSTRLEN],
		*decoded = g_uri_unescape_segment((const char *)host.data, (const char *)host.data + host.size, NULL);
	if (!decoded)
		return find_host(list, host);
	const char *text = decoded;
	if (g_ascii_isdigit(*text) && inet_aton(text, &number))
		text = inet_ntop(AF_INET, &number, plain, sizeof plain);
	const char *comment = find_host(list, span_of_text(text));
	g_free(decoded);
	return comment;
}

const char *list_find(const struct list *list, struct span what)
{
	struct key key;
	if (list->count == 0 || !indicator_key(what, &key))
		return NULL;
	switch (key.kind) {
	case KIND_DOMAIN:
		return find_domain(list, key.text);
	case KIND_ADDRESS:
		return find_address(list, key.text);
	case KIND_MAIL:
	case KIND_URL: {
		const char *comment = list->kinds[key.kind] ? look_up(list, key.text, key.size) : NULL;
		const char *at = strrchr(key.text, '@');
		if (comment)
			return comment;
		if (key.kind == KIND_URL)
			return find_url_host(list, key.text);
		return find_host(list, span_of(at + 1, strlen(at + 1)));
	}
	default:
		return list->kinds[key.kind] ? look_up(list, key.text, key.size) : NULL;
	}
}

size_t list_size(const struct list *list)
{
	return list->count;
}

unsigned list_hashes(const struct list *list)
{
	return list->hashes;
}

/* ---- files ---- */

/* refanged - an indicator that was made harmless for people to read ("hxxp://bad[.]example"), as it was before. */
static GString *refanged(struct span line)
{
	static const char *const ways[][2] = { { "[.]", "." }, { "(.)", "." }, { "[dot]", "." }, { "[:]", ":" },
		{ "[://]", "://" }, { "[@]", "@" }, { "[at]", "@" } };
	GString *text = g_string_new_len((const char *)line.data, (gssize)line.size);
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
		g_string_replace(text, ways[i][0], ways[i][1], 0);
	const char *colon = strstr(text->str, "://");
	if (colon && g_ascii_strncasecmp(text->str, "hxxp", 4) == 0)
		memcpy(text->str, "http", 4);
	return text;
}

/* add_line - returns false when the line is not an indicator. */
static bool add_line(struct list *list, struct span line)
{
	struct key key;
	struct span comment = { NULL, 0 };
	while (line.size > 0 && strchr("\r \t", line.data[line.size - 1]))
		line.size--;
	if (line.size == 0 || line.data[0] == '#')
		return true;
	const uint8_t *tab = memchr(line.data, '\t', line.size);
	if (tab) {
		comment = span_of(tab + 1, line.size - (size_t)(tab + 1 - line.data));
		line.size = (size_t)(tab - line.data);
	}
	while (line.size > 0 && line.data[line.size - 1] == ' ')
		line.size--;
	GString *text = refanged(line);
	const bool valid = indicator_key(span_of(text->str, text->len), &key);
	g_string_free(text, TRUE);
	if (!valid || (comment.size > 0 && memchr(comment.data, '\0', comment.size)))
		return false;
	list_add(list, &key, comment);
	return true;
}

struct list *list_load(const char *path, GError **error)
{
	struct stat status;
	char *text;
	gsize size;
	if (stat(path, &status) == 0 && (!S_ISREG(status.st_mode) || status.st_size > LIST_OCTETS_MAX)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: not a list: %s", path,
			S_ISREG(status.st_mode) ? "it is too large" : "it is not a regular file");
		return NULL;
	}
	if (!g_file_get_contents(path, &text, &size, error))
		return NULL;
	struct list *list = g_new0(struct list, 1);
	list->texts = g_string_sized_new(size + size / 2 + 1);
	unsigned number = 1;
	for (const char *at = text, *end = text + size; at < end; number++) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((lf ? lf : end) - at);
		if (!add_line(list, span_of(at, length))) {
			char *shown = g_strndup(at, MIN(length, ABOUT)), *legible = g_strescape(shown, NULL);
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
				"%s:%u: neither a domain, an address, a network, a mail address, a hash nor a URL: "
				"\"%s\"",
				path, number, legible);
			g_free(legible);
			g_free(shown);
			g_clear_pointer(&list, list_free);
			break;
		}
		at += length + 1;
	}
	g_free(text);
	return list;
}

void list_free(struct list *list)
{
	if (!list)
		return;
	g_string_free(list->texts, TRUE);
	g_free(list->places);
	g_free(list);
}

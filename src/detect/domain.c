/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * domain.c - host names in links: the host of a URL, and its registered domain.
 *
 * The registered domain is the last two labels, or three when the second level is a public one below a country code
 * (co.uk). This is less than the public suffix list: two customers of one hosting domain count as the same, which may
 * miss a mismatch but never reports a false one.
 */
#include <arpa/inet.h>
#include <string.h>

#include "private.h"
#include "text.h"

#define HOST_MAX 253 /* RFC 1035 2.3.4 */

/* Public second-level domains below country codes. */
static const char *const second_levels[] = { "ac", "asn", "asso", "co", "com", "ed", "edu", "firm", "gen", "go", "gob",
	"gouv", "gov", "govt", "gv", "id", "info", "ltd", "me", "mil", "muni", "ne", "net", "nhs", "nom", "or", "org",
	"plc", "police", "sch", "web" };

/* File name extensions: in plain text, a last label that is one of these makes a file name, not a host name. */
static const char *const file_endings[] = { "aspx", "asp", "avi", "bmp", "conf", "cpp", "css", "csv", "dll", "doc",
	"docm", "docx", "eml", "exe", "gif", "gz", "htm", "html", "ics", "ini", "jar", "java", "jpeg", "jpg", "js",
	"json", "log", "md", "mp", "msi", "odp", "ods", "odt", "pdf", "php", "pl", "png", "pps", "ppt", "pptx", "ps",
	"py", "rar", "rb", "rs", "rtf", "sh", "so", "sql", "svg", "tar", "tif", "tiff", "txt", "wav", "webp", "xls",
	"xlsm", "xlsx", "xml", "zip" };

/* normal_host - at[0..size) as a host name in lower-case ASCII; NULL when it is not one. Free with g_free. */
static char *normal_host(const char *at, size_t size)
{
	while (size > 0 && at[size - 1] == '.')
		size--;
	if (size == 0 || size > HOST_MAX)
		return NULL;
	char *text = g_strndup(at, size), *host = NULL;
	bool good = text[0] != '.' && text[0] != '-' && strchr(text, '.') && !strstr(text, "..");
	for (const char *c = text; *c; c++)
		good = good && (g_ascii_isalnum(*c) || *c == '-' || *c == '.' || *c == '_' || (*c & 0x80));
	if (good && g_utf8_validate(text, -1, NULL)) {
		char *ascii = g_hostname_to_ascii(text);
		host = g_ascii_strdown(ascii ? ascii : text, -1);
		g_free(ascii);
	}
	g_free(text);
	return host;
}

/* plain_host - the host of a URL as browsers read it: with percent encodings, and numbers of any form as an address. */
static char *plain_host(const char *at, size_t size)
{
	char address[INET_ADDRSTRLEN], *decoded = g_uri_unescape_segment(at, at + size, NULL);
	struct in_addr number;
	const char *text = decoded;
	if (!decoded)
		return normal_host(at, size);
	if (g_ascii_isdigit(*text) && inet_aton(text, &number))
		text = inet_ntop(AF_INET, &number, address, sizeof address);
	char *host = normal_host(text, strlen(text));
	g_free(decoded);
	return host;
}

/* file_host - the host of a "file:" URL or a UNC path, before a port or "SSL" (both behind an "@"): "file://host/",
 * "file:////host/" and "\\\\host\\", but not "file:///path". NULL: it has none. */
static const char *file_host(const char *url, size_t *size)
{
	const char *from = g_ascii_strncasecmp(url, "file:", 5) == 0 ? url + 5 : *url == '\\' ? url : NULL;
	size_t slashes = from ? strspn(from, "/\\") : 0;
	if (slashes < 2 || slashes == 3)
		return NULL;
	*size = strcspn(from + slashes, "/?#\\@");
	return from + slashes;
}

char *url_host(const char *url)
{
	static const char *const schemes[] = { "http://", "https://", "ftp://", "smb://", "//" };
	size_t size;
	const char *file = file_host(url, &size);
	if (file)
		return normal_host(file, size);
	for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
		if (g_ascii_strncasecmp(url, schemes[i], strlen(schemes[i])) != 0)
			continue;
		const char *from = url + strlen(schemes[i]);
		size = strcspn(from, "/?#\\");
		const char *at = memrchr(from, '@', size);
		if (at) {
			size -= (size_t)(at + 1 - from);
			from = at + 1;
		}
		return plain_host(from, MIN(size, strcspn(from, ":")));
	}
	return NULL;
}

char *text_host(const char *text)
{
	char *host = url_host(text);
	if (host || strstr(text, "://"))
		return host;
	size_t size = strcspn(text, "/?#:");
	if (memchr(text, '@', size))
		return NULL;
	host = normal_host(text, size);
	const char *last = host ? strrchr(host, '.') + 1 : NULL;
	bool letters = last && strlen(last) > 1;
	for (const char *c = last; letters && *c; c++)
		letters = g_ascii_isalpha(*c) || g_str_has_prefix(last, "xn--");
	if (!letters || TEXT_LISTED(last, file_endings))
		g_clear_pointer(&host, g_free);
	return host;
}

const char *registered_domain(const char *host)
{
	const char *labels[3]; /* the last three, from right to left */
	size_t count = 0;
	if (g_hostname_is_ip_address(host))
		return host;
	for (const char *at = host + strlen(host); at >= host && count < 3; at--)
		if (at == host || at[-1] == '.')
			labels[count++] = at;
	if (count < 3)
		return host;
	char *second = g_strndup(labels[1], (gsize)(labels[0] - labels[1] - 1));
	bool three = strlen(labels[0]) == 2 && TEXT_LISTED(second, second_levels);
	g_free(second);
	return labels[three ? 2 : 1];
}

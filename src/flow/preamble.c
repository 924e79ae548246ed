/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * preamble.c - see preamble.h. One pair of functions for each protocol, and a table of them.
 *
 * PROXY: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt. SOCKS 4 and 4a have no RFC; SOCKS 5 is RFC 1928,
 * its login RFC 1929. Only requests for a connection are recognised: no BIND, no UDP, no GSSAPI.
 */
#include "preamble.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

#define V1_LINE_MAX 107 /* with its CRLF */
#define V2_HEADER 16u
#define V2_UNIX_PATH 108
#define V2_TYPE_AUTHORITY 2 /* a TLV: the name that the client asked for */
#define SOCKS_GRANTED 90
#define SOCKS5_LOGIN 2
#define SOCKS5_NO_METHOD 255

const char *const flow_proxy_names[FLOW_PROXY_COUNT] = {
#define X(id, name) [FLOW_PROXY_##id] = name,
	FLOW_PROXIES(X)
#undef X
};

/* A reader of the bytes. Reading past the end sets `more` and returns zeros. */
struct preamble_reader {
	const uint8_t *at, *end;
	bool more;
};

static struct preamble_reader reader_of(struct span bytes)
{
	return (struct preamble_reader){ bytes.data, bytes.data + bytes.size, false };
}

static const uint8_t *preamble_take(struct preamble_reader *r, size_t size)
{
	static const uint8_t zeros[V2_HEADER + 255];
	if ((size_t)(r->end - r->at) < size) {
		r->more = true;
		r->at = r->end;
		return zeros;
	}
	r->at += size;
	return r->at - size;
}

static unsigned preamble_octet(struct preamble_reader *r)
{
	return preamble_take(r, 1)[0];
}

static uint16_t take_port(struct preamble_reader *r)
{
	return be16(preamble_take(r, 2));
}

static void take_address(struct preamble_reader *r, uint8_t family, struct address *address)
{
	size_t size = family == 4 ? 4 : 16;
	*address = (struct address){ .family = family };
	memcpy(address->octets, preamble_take(r, size), size);
}

/* set_proxy_text - copies octets as a C string, up to the first NUL or FLOW_PROXY_TEXT_MAX. */
static void set_proxy_text(char text[FLOW_PROXY_TEXT_MAX], const uint8_t *data, size_t size)
{
	size = MIN(strnlen((const char *)data, size), FLOW_PROXY_TEXT_MAX - 1);
	memcpy(text, data, size);
	text[size] = 0;
}

/* begins - do the bytes begin with these octets, as far as there are bytes? True for no bytes. */
static bool begins(struct span bytes, const void *octets, size_t size)
{
	return bytes.size == 0 || memcmp(bytes.data, octets, MIN(bytes.size, size)) == 0;
}

/* parse_address - parses an IP address. */
static bool parse_address(const char *text, struct address *address)
{
	struct address four = { .family = 4 }, six = { .family = 6 };
	if (inet_pton(AF_INET, text, four.octets) == 1)
		*address = four;
	else if (inet_pton(AF_INET6, text, six.octets) == 1)
		*address = six;
	else
		return false;
	return true;
}

static bool parse_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	*port = (uint16_t)number;
	return g_ascii_isdigit(*text) && *end == 0 && number <= UINT16_MAX;
}

/* ---- the PROXY protocol ---- */

/* v1_damaged - the length of a line with a gap in it. If the bytes after the gap can't be the rest of the line, they
 * are another line. */
static size_t v1_damaged(const char *line, size_t size)
{
	const char *rest = (const char *)memrchr(line, 0, size - 2) + 1;
	bool goes_on = strspn(rest, "0123456789abcdefABCDEF.: ") == (size_t)(line + size - 2 - rest);
	return goes_on ? size : (size_t)(rest - line);
}

/* v1_line - parses a line of version 1. */
static bool v1_line(const char *line, struct flow_proxy *proxy)
{
	char **words = g_strsplit(line, " ", 7);
	unsigned count = g_strv_length(words);
	bool unknown = count >= 2 && strcmp(words[1], "UNKNOWN") == 0;
	uint8_t family = count >= 2 && strcmp(words[1], "TCP6") == 0 ? 6 : 4;
	bool fits = count == 6 && (family == 6 || strcmp(words[1], "TCP4") == 0) &&
		    parse_address(words[2], &proxy->source) && parse_address(words[3], &proxy->destination) &&
		    proxy->source.family == family && proxy->destination.family == family &&
		    parse_port(words[4], &proxy->source_port) && parse_port(words[5], &proxy->destination_port);
	g_strfreev(words);
	return unknown || fits;
}

static enum preamble_state v1_client(struct span bytes, unsigned rounds, struct flow_proxy *proxy, size_t *size)
{
	static const char *const beginnings[] = { "PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN" };
	bool known = false;
	for (size_t i = 0; i < G_N_ELEMENTS(beginnings); i++)
		known |= begins(bytes, beginnings[i], strlen(beginnings[i]));
	if (!known)
		return PREAMBLE_NONE;
	const uint8_t *end = memmem(bytes.data, MIN(bytes.size, V1_LINE_MAX), "\r\n", 2);
	if (!end)
		return bytes.size < V1_LINE_MAX ? PREAMBLE_MORE : PREAMBLE_NONE;
	char line[V1_LINE_MAX + 1];
	size_t length = (size_t)(end - bytes.data);
	memcpy(line, bytes.data, length);
	line[length] = 0;
	*size = length + 2;
	if (strlen(line) < length) {
		*size = v1_damaged(line, *size);
		return PREAMBLE_WHOLE;
	}
	return v1_line(line, proxy) ? PREAMBLE_WHOLE : PREAMBLE_NONE;
}

/* v2_values - parses the TLVs after the addresses. */
static void v2_values(struct preamble_reader *r, struct flow_proxy *proxy)
{
	while (r->end - r->at >= 3) {
		unsigned type = preamble_octet(r);
		size_t length = take_port(r);
		if ((size_t)(r->end - r->at) < length)
			return;
		if (type == V2_TYPE_AUTHORITY)
			set_proxy_text(proxy->host, r->at, length);
		r->at += length;
	}
}

/* v2_addresses - parses what follows the header, which is complete. */
static void v2_addresses(struct preamble_reader *r, unsigned family, struct flow_proxy *proxy)
{
	const ptrdiff_t left = r->end - r->at;
	if ((family == 1 && left >= 12) || (family == 2 && left >= 36)) {
		take_address(r, family == 1 ? 4 : 6, &proxy->source);
		take_address(r, family == 1 ? 4 : 6, &proxy->destination);
		proxy->source_port = take_port(r);
		proxy->destination_port = take_port(r);
	} else if (family == 3 && left >= 2 * V2_UNIX_PATH) {
		set_proxy_text(proxy->source_path, preamble_take(r, V2_UNIX_PATH), V2_UNIX_PATH);
		set_proxy_text(proxy->destination_path, preamble_take(r, V2_UNIX_PATH), V2_UNIX_PATH);
	} else if (family != 0) {
		return;
	}
	v2_values(r, proxy);
}

static enum preamble_state v2_client(struct span bytes, unsigned rounds, struct flow_proxy *proxy, size_t *size)
{
	static const uint8_t signature[] = "\r\n\r\n\0\r\nQUIT\n";
	if (!begins(bytes, signature, sizeof signature - 1))
		return PREAMBLE_NONE;
	struct preamble_reader r = reader_of(bytes);
	preamble_take(&r, sizeof signature - 1);
	unsigned command = preamble_octet(&r), family = preamble_octet(&r) >> 4;
	size_t length = take_port(&r);
	if (r.more)
		return PREAMBLE_MORE;
	if (command != 0x20 && command != 0x21)
		return PREAMBLE_NONE;
	*size = V2_HEADER + length;
	if (bytes.size < *size)
		return PREAMBLE_MORE;
	r.end = bytes.data + *size;
	proxy->local = command == 0x20;
	if (!proxy->local)
		v2_addresses(&r, family, proxy);
	return PREAMBLE_WHOLE;
}

static enum preamble_state no_server(struct span bytes, size_t *size, unsigned *rounds)
{
	*size = 0;
	return PREAMBLE_WHOLE;
}

/* ---- SOCKS 4 ---- */

/* take_string - a string up to its NUL. */
static bool take_string(struct preamble_reader *r, char text[FLOW_PROXY_TEXT_MAX])
{
	const size_t left = (size_t)(r->end - r->at);
	const uint8_t *end = left > 0 ? memchr(r->at, 0, left) : NULL;
	r->more |= !end && left < FLOW_PROXY_TEXT_MAX;
	if (!end || end - r->at >= FLOW_PROXY_TEXT_MAX)
		return false;
	set_proxy_text(text, r->at, (size_t)(end - r->at));
	r->at = end + 1;
	return true;
}

static enum preamble_state socks4_client(struct span bytes, unsigned rounds, struct flow_proxy *proxy, size_t *size)
{
	if (!begins(bytes, "\4\1", 2))
		return PREAMBLE_NONE;
	struct preamble_reader r = reader_of(bytes);
	preamble_take(&r, 2);
	proxy->destination_port = take_port(&r);
	take_address(&r, 4, &proxy->destination);
	if (r.more)
		return PREAMBLE_MORE;
	bool named = memcmp(proxy->destination.octets, "\0\0\0", 3) == 0 && proxy->destination.octets[3] != 0;
	if (!take_string(&r, proxy->user) || (named && !take_string(&r, proxy->host)))
		return r.more ? PREAMBLE_MORE : PREAMBLE_NONE;
	if (named) {
		proxy->protocol = FLOW_PROXY_SOCKS4A;
		proxy->destination.family = 0;
	}
	*size = (size_t)(r.at - bytes.data);
	return PREAMBLE_WHOLE;
}

static enum preamble_state socks4_server(struct span bytes, size_t *size, unsigned *rounds)
{
	if (!begins(bytes, "\0", 1) ||
		(bytes.size > 1 && (bytes.data[1] < SOCKS_GRANTED || bytes.data[1] > SOCKS_GRANTED + 3)))
		return PREAMBLE_NONE;
	*size = 8;
	if (bytes.size < *size)
		return PREAMBLE_MORE;
	return bytes.data[1] == SOCKS_GRANTED ? PREAMBLE_WHOLE : PREAMBLE_REFUSED;
}

/* ---- SOCKS 5 ---- */

/* socks5_address - the address and port at the end of a request or reply. Returns false when its type is unknown. */
static bool socks5_address(
	struct preamble_reader *r, struct address *address, char host[FLOW_PROXY_TEXT_MAX], uint16_t *port)
{
	unsigned kind = preamble_octet(r), length;
	*address = (struct address){ 0 };
	if (r->more)
		return true;
	if (kind == 3) {
		length = preamble_octet(r);
		set_proxy_text(host, preamble_take(r, length), length);
	} else if (kind == 1 || kind == 4) {
		take_address(r, kind == 1 ? 4 : 6, address);
	} else {
		return false;
	}
	*port = take_port(r);
	return true;
}

static enum preamble_state socks5_client(struct span bytes, unsigned rounds, struct flow_proxy *proxy, size_t *size)
{
	if (!begins(bytes, "\5", 1))
		return PREAMBLE_NONE;
	struct preamble_reader r = reader_of(bytes);
	preamble_take(&r, 1);
	unsigned count = preamble_octet(&r);
	if (!r.more && count == 0)
		return PREAMBLE_NONE;
	bool login = memchr(preamble_take(&r, count), SOCKS5_LOGIN, count) && !r.more;
	unsigned version = preamble_octet(&r);
	if (!r.more && version == 1 && login) {
		unsigned length = preamble_octet(&r);
		set_proxy_text(proxy->user, preamble_take(&r, length), length);
		preamble_take(&r, preamble_octet(&r)); /* the password */
		version = preamble_octet(&r);
	}
	const uint8_t *command = preamble_take(&r, 2);
	/* The bytes so far must be valid, even when more are needed. */
	if (version != 5 && !(r.more && version == 0))
		return PREAMBLE_NONE;
	if (r.more)
		return PREAMBLE_MORE;
	if (command[0] != 1 || command[1] != 0 ||
		!socks5_address(&r, &proxy->destination, proxy->host, &proxy->destination_port))
		return PREAMBLE_NONE;
	if (r.more)
		return PREAMBLE_MORE;
	*size = (size_t)(r.at - bytes.data);
	return PREAMBLE_WHOLE;
}

static enum preamble_state socks5_server(struct span bytes, size_t *size, unsigned *rounds)
{
	if (!begins(bytes, "\5", 1))
		return PREAMBLE_NONE;
	struct preamble_reader r = reader_of(bytes);
	preamble_take(&r, 1);
	unsigned method = preamble_octet(&r);
	*size = 2;
	if (r.more)
		return PREAMBLE_MORE;
	if (method == SOCKS5_NO_METHOD)
		return PREAMBLE_REFUSED;
	if (method == SOCKS5_LOGIN) {
		const uint8_t *status = preamble_take(&r, 2);
		*size += 2;
		if (!r.more && status[0] != 1)
			return PREAMBLE_NONE;
		if (!r.more && status[1] != 0)
			return PREAMBLE_REFUSED;
	} else if (method != 0) {
		return PREAMBLE_NONE;
	}
	struct address bound;
	char host[FLOW_PROXY_TEXT_MAX];
	uint16_t port;
	const uint8_t *reply = preamble_take(&r, 3);
	if (r.more)
		return PREAMBLE_MORE;
	if (reply[0] != 5 || reply[2] != 0 || !socks5_address(&r, &bound, host, &port))
		return PREAMBLE_NONE;
	if (r.more)
		return PREAMBLE_MORE;
	*size = (size_t)(r.at - bytes.data);
	return reply[1] == 0 ? PREAMBLE_WHOLE : PREAMBLE_REFUSED;
}

/* ---- HTTP CONNECT ---- */

/* head_of - the length of an HTTP header section with its empty line; 0: it is incomplete. */
static size_t head_of(struct span bytes)
{
	const uint8_t *end = memmem(bytes.data, bytes.size, "\r\n\r\n", 4);
	return end ? (size_t)(end - bytes.data) + 4 : 0;
}

/* connect_target - parses the request line: CONNECT host:port HTTP/1.1. */
static bool connect_target(struct span line, struct flow_proxy *proxy)
{
	const uint8_t *host = line.data + strlen("CONNECT "), *end = line.data + line.size;
	const uint8_t *space = memchr(host, ' ', (size_t)(end - host));
	if (!space || !begins(span_of(space + 1, (size_t)(end - space) - 1), "HTTP/1.", 7) || end - space != 9)
		return false;
	char *target = g_strndup((const char *)host, (gsize)(space - host)), *colon = strrchr(target, ':');
	bool fits = colon && parse_port(colon + 1, &proxy->destination_port);
	if (fits) {
		*colon = 0;
		bool bracket = target[0] == '[' && colon > target + 1 && colon[-1] == ']';
		if (bracket)
			colon[-1] = 0;
		proxy->destination = (struct address){ 0 };
		proxy->host[0] = 0;
		if (!parse_address(target + bracket, &proxy->destination))
			set_proxy_text(proxy->host, (const uint8_t *)target, strlen(target));
	}
	g_free(target);
	return fits;
}

static enum preamble_state connect_client(struct span bytes, unsigned rounds, struct flow_proxy *proxy, size_t *size)
{
	static const char word[] = "CONNECT ";
	unsigned round = 0;
	*size = 0;
	do {
		struct span rest = { bytes.data + *size, bytes.size - *size };
		if (!begins(rest, word, strlen(word)))
			return round > 0 && rounds == 0 ? PREAMBLE_WHOLE : PREAMBLE_NONE;
		const uint8_t *line = memchr(rest.data, '\r', rest.size);
		if (line && !connect_target(span_of(rest.data, (size_t)(line - rest.data)), proxy))
			return PREAMBLE_NONE;
		size_t head = head_of(rest);
		if (head == 0)
			return PREAMBLE_MORE;
		*size += head;
		round++;
	} while (rounds == 0 ? *size < bytes.size : round < rounds);
	return PREAMBLE_WHOLE;
}

/* header_value - the value of an HTTP header field; NULL: there is none of that name. */
static const char *header_value(const char *head, const char *name)
{
	size_t length = strlen(name);
	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (g_ascii_strncasecmp(line, name, length) == 0 && line[length] == ':')
			return line + length + 1 + strspn(line + length + 1, " \t");
	}
	return NULL;
}

/* body_of - the length of a response's body; SIZE_MAX: it is incomplete, or ends with the connection (*last). */
static size_t body_of(struct span head, struct span rest, bool *last)
{
	char *text = g_strndup((const char *)head.data, head.size);
	const char *length = header_value(text, "Content-Length"), *coding = header_value(text, "Transfer-Encoding");
	size_t size = SIZE_MAX;
	*last = false;
	if (coding && g_ascii_strncasecmp(coding, "chunked", 7) == 0) {
		bool empty = rest.size >= 5 && begins(rest, "0\r\n\r\n", 5);
		const uint8_t *end = memmem(rest.data, rest.size, "\r\n0\r\n\r\n", 7);
		size = empty ? 5 : end ? (size_t)(end - rest.data) + 7 : SIZE_MAX;
	} else if (length) {
		guint64 octets = g_ascii_strtoull(length, NULL, 10);
		size = octets <= rest.size ? (size_t)octets : SIZE_MAX;
	} else {
		*last = true;
	}
	g_free(text);
	return size;
}

static enum preamble_state connect_server(struct span bytes, size_t *size, unsigned *rounds)
{
	static const char word[] = "HTTP/1.";
	*size = 0;
	*rounds = 0;
	for (;;) {
		struct span rest = { bytes.data + *size, bytes.size - *size };
		if (!begins(rest, word, strlen(word)))
			return PREAMBLE_NONE;
		size_t head = head_of(rest);
		if (head == 0)
			return PREAMBLE_MORE;
		const uint8_t *code = memchr(rest.data, ' ', head);
		*size += head;
		*rounds += code && code[1] != '1';
		if (code && code[1] == '2')
			return PREAMBLE_WHOLE;
		if (code && code[1] == '1')
			continue;
		bool last;
		size_t body = body_of(
			(struct span){ rest.data, head }, (struct span){ rest.data + head, rest.size - head }, &last);
		if (last) {
			*size = bytes.size;
			return PREAMBLE_REFUSED;
		}
		if (body == SIZE_MAX)
			return PREAMBLE_MORE;
		*size += body;
	}
}

/* ---- all of them ---- */

static const struct protocol {
	enum preamble_state (*client)(struct span bytes, unsigned rounds, struct flow_proxy *proxy, size_t *size);
	enum preamble_state (*server)(struct span bytes, size_t *size, unsigned *rounds);
	bool answered;
} protocols[FLOW_PROXY_COUNT] = {
	[FLOW_PROXY_PROXY_V1] = { v1_client, no_server, false },
	[FLOW_PROXY_PROXY_V2] = { v2_client, no_server, false },
	[FLOW_PROXY_SOCKS4] = { socks4_client, socks4_server, true },
	[FLOW_PROXY_SOCKS4A] = { NULL, socks4_server, true }, /* by socks4_client */
	[FLOW_PROXY_SOCKS5] = { socks5_client, socks5_server, true },
	[FLOW_PROXY_CONNECT] = { connect_client, connect_server, true },
};

enum preamble_state preamble_client(struct span bytes, unsigned rounds, struct flow_proxy *proxy, size_t *size)
{
	for (enum flow_proxy_protocol p = 0; p < FLOW_PROXY_COUNT; p++) {
		if (!protocols[p].client)
			continue;
		*proxy = (struct flow_proxy){ .protocol = p };
		enum preamble_state state = protocols[p].client(bytes, rounds, proxy, size);
		if (state != PREAMBLE_NONE)
			return state;
	}
	return PREAMBLE_NONE;
}

enum preamble_state preamble_server(
	enum flow_proxy_protocol protocol, struct span bytes, size_t *size, unsigned *rounds)
{
	*rounds = 0;
	return protocols[protocol].server(bytes, size, rounds);
}

bool preamble_server_guess(struct span bytes, enum flow_proxy_protocol *protocol)
{
	size_t size;
	unsigned rounds;
	for (*protocol = 0; *protocol < FLOW_PROXY_COUNT; ++*protocol)
		if (protocols[*protocol].answered && preamble_server(*protocol, bytes, &size, &rounds) != PREAMBLE_NONE)
			return true;
	return false;
}

bool preamble_answered(enum flow_proxy_protocol protocol)
{
	return protocols[protocol].answered;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_preamble.c - what is said to a proxy ahead of a session: found, named, and left out of both streams.
 */
#include "kits/flow_kit.h"
#include "kits/reassembly.h"

#include <arpa/inet.h>
#include <string.h>

#include "flow/opening.h"
#include "flow/preamble.h"

#define V2 "\r\n\r\n\0\r\nQUIT\n"
/* Octets with NULs among them, and how many they are. */
#define OCTETS(text) text, sizeof text - 1

/* ---- the bytes of one direction ---- */

struct sample {
	const char *octets;
	size_t size;
	enum preamble_state state;
	size_t whole;
	enum flow_proxy_protocol protocol;
	const char *named; /* source|port|destination|port|host|user|paths */
};

static char *address_text(const struct address *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	if (address->family)
		inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->octets, text, sizeof text);
	return g_strdup(text);
}

static char *named_text(const struct flow_proxy *p)
{
	char *source = address_text(&p->source), *destination = address_text(&p->destination);
	char *text = g_strdup_printf("%s|%u|%s|%u|%s|%s|%s%s%s", source, p->source_port, destination,
		p->destination_port, p->host, p->user, p->source_path, p->destination_path, p->local ? "local" : "");
	g_free(source);
	g_free(destination);
	return text;
}

/* ask - with a copy that ends where the allocation ends. */
static enum preamble_state ask(const char *octets, size_t size, struct flow_proxy *proxy, size_t *whole)
{
	uint8_t *copy = g_memdup2(octets, size);
	enum preamble_state state = preamble_client(span_of(copy, size), 0, proxy, whole);
	g_free(copy);
	return state;
}

/* Every sample is asked whole and for each of its beginnings. */
static void the_client_names_what_it_wants(void **state)
{
	static const struct sample samples[] = {
		{ OCTETS("PROXY TCP4 203.0.113.9 192.0.2.25 51515 25\r\nEHLO"), PREAMBLE_WHOLE, 44, FLOW_PROXY_PROXY_V1,
			"203.0.113.9|51515|192.0.2.25|25|||" },
		{ OCTETS("PROXY TCP6 2001:db8::1 2001:db8::2 65535 0\r\n"), PREAMBLE_WHOLE, 44, FLOW_PROXY_PROXY_V1,
			"2001:db8::1|65535|2001:db8::2|0|||" },
		{ OCTETS("PROXY UNKNOWN\r\nEHLO"), PREAMBLE_WHOLE, 15, FLOW_PROXY_PROXY_V1, "|0||0|||" },
		{ OCTETS("PROXY UNKNOWN a b c d\r\n"), PREAMBLE_WHOLE, 23, FLOW_PROXY_PROXY_V1, "|0||0|||" },
		{ OCTETS("PROXY UNKNOWNS\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("PROXY TCP4 203.0.113.9 192.0.2.25 51515\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("PROXY TCP4 203.0.113.9 192.0.2.25 51515 25 6\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("PROXY TCP4 203.0.113.9 192.0.2.25 70000 25\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("PROXY TCP4 2001:db8::1 2001:db8::2 1 25\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("PROXY TCP6 1.2.3.4 1.2.3.5 1 25\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("PROXY me\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("PROXY TCP4 1.2.\0\0\0\0\0 9 25\r\nEHLO"), PREAMBLE_WHOLE, 27, FLOW_PROXY_PROXY_V1,
			"|0||0|||" },
		{ OCTETS("PROXY TCP4 1.2.\0\0\0\0\0EHLO me\r\n"), PREAMBLE_WHOLE, 20, FLOW_PROXY_PROXY_V1, "|0||0|||" },
		{ OCTETS(V2 "\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\0\x09\0\x19"
			    "EHLO"),
			PREAMBLE_WHOLE, 28, FLOW_PROXY_PROXY_V2, "1.2.3.4|9|5.6.7.8|25|||" },
		{ OCTETS(V2 "\x21\x21\0\x24"
			    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\1\0\2\x4b"),
			PREAMBLE_WHOLE, 52, FLOW_PROXY_PROXY_V2, "2001:db8::1|256|2001:db8::2|587|||" },
		{ OCTETS(V2 "\x21\x11\0\x1b\1\2\3\4\5\6\7\x08\0\x09\0\x19\3\0\4abcd\2\0\2mx\xee\0\0\1"), PREAMBLE_WHOLE,
			43, FLOW_PROXY_PROXY_V2, "1.2.3.4|9|5.6.7.8|25|mx||" },
		{ OCTETS(V2 "\x20\0\0\0"), PREAMBLE_WHOLE, 16, FLOW_PROXY_PROXY_V2, "|0||0|||local" },
		{ OCTETS(V2 "\x20\x11\0\x0c\1\2\3\4\5\6\7\x08\0\x09\0\x19"), PREAMBLE_WHOLE, 28, FLOW_PROXY_PROXY_V2,
			"|0||0|||local" },
		{ OCTETS(V2 "\x21\0\0\3\4\0\0"), PREAMBLE_WHOLE, 19, FLOW_PROXY_PROXY_V2, "|0||0|||" },
		{ OCTETS(V2 "\x21\0\0\5\2\0\2mx"), PREAMBLE_WHOLE, 21, FLOW_PROXY_PROXY_V2, "|0||0|mx||" },
		{ OCTETS(V2 "\x21\x41\0\5\2\0\2mx"), PREAMBLE_WHOLE, 21, FLOW_PROXY_PROXY_V2, "|0||0|||" },
		{ OCTETS(V2 "\x21\x11\0\2\1\2"), PREAMBLE_WHOLE, 18, FLOW_PROXY_PROXY_V2, "|0||0|||" },
		{ OCTETS(V2 "\x11\x11\0\0"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS(V2 "\x22\x11\0\0"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("\r\n\r\nQUIT"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("\4\1\0\x19\1\2\3\4me\0EHLO"), PREAMBLE_WHOLE, 11, FLOW_PROXY_SOCKS4, "|0|1.2.3.4|25||me|" },
		{ OCTETS("\4\1\0\x19\0\0\0\1\0mx.example\0"), PREAMBLE_WHOLE, 20, FLOW_PROXY_SOCKS4A,
			"|0||25|mx.example||" },
		{ OCTETS("\4\1\0\x19\0\0\0\0\0"), PREAMBLE_WHOLE, 9, FLOW_PROXY_SOCKS4, "|0|0.0.0.0|25|||" },
		{ OCTETS("\4\2\0\x19\1\2\3\4\0"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("\5\1\0\5\1\0\1\1\2\3\4\0\x19"
			 "EHLO"),
			PREAMBLE_WHOLE, 13, FLOW_PROXY_SOCKS5, "|0|1.2.3.4|25|||" },
		{ OCTETS("\5\2\0\2\1\2me\6secret\5\1\0\3\2mx\1\xd1"), PREAMBLE_WHOLE, 24, FLOW_PROXY_SOCKS5,
			"|0||465|mx|me|" },
		{ OCTETS("\5\1\0\5\1\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\x19"), PREAMBLE_WHOLE, 25,
			FLOW_PROXY_SOCKS5, "|0|2001:db8::1|25|||" },
		{ OCTETS("\5\1\0\1\2me\6secret"), PREAMBLE_NONE, 0, 0, NULL }, /* no login was offered */
		{ OCTETS("\5\1\0\5\2\0\1\1\2\3\4\0\x19"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("\5\1\0\5\1\0\2\1\2\3\4\0\x19"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("\5\1\0\5\1\1\1\1\2\3\4\0\x19"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("\5\0\5\1"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("\5\1\0\6"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("CONNECT mx.example:25 HTTP/1.1\r\nHost: mx.example:25\r\n\r\nEHLO"), PREAMBLE_WHOLE, 55,
			FLOW_PROXY_CONNECT, "|0||25|mx.example||" },
		{ OCTETS("CONNECT [2001:db8::1]:465 HTTP/1.0\r\n\r\n"), PREAMBLE_WHOLE, 38, FLOW_PROXY_CONNECT,
			"|0|2001:db8::1|465|||" },
		{ OCTETS("CONNECT a:1 HTTP/1.1\r\n\r\nCONNECT 1.2.3.4:25 HTTP/1.1\r\nA: b\r\n\r\n"), PREAMBLE_WHOLE, 61,
			FLOW_PROXY_CONNECT, "|0|1.2.3.4|25|||" },
		{ OCTETS("CONNECT mx.example HTTP/1.1\r\n\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("CONNECT mx.example:25 FTP/1.1\r\n\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("CONNECT mx.example:25 XTTP/1.1\r\n\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("CONNECT mx.example:25 HTTP/1.12\r\n\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("CONNECT mx.example:25x HTTP/1.1\r\n\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("EHLO me\r\n"), PREAMBLE_NONE, 0, 0, NULL },
		{ OCTETS("\x16\3\1\2"), PREAMBLE_NONE, 0, 0, NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		const struct sample *s = &samples[i];
		struct flow_proxy proxy;
		size_t whole = 0;
		for (size_t part = 1; part < s->size; part++) {
			enum preamble_state now = ask(s->octets, part, &proxy, &whole);
			if (s->state == PREAMBLE_WHOLE && part < s->whole)
				assert_true(now == PREAMBLE_MORE ||
					    (now == PREAMBLE_WHOLE && proxy.protocol == FLOW_PROXY_CONNECT));
			else if (s->state != PREAMBLE_WHOLE)
				assert_int_not_equal(now, PREAMBLE_WHOLE);
			else if (s->protocol != FLOW_PROXY_PROXY_V1 || strlen(s->octets) == s->size) /* no gap */
				assert_int_equal(now, PREAMBLE_WHOLE);
		}
		assert_int_equal(ask(s->octets, s->size, &proxy, &whole), s->state);
		if (s->state != PREAMBLE_WHOLE)
			continue;
		char *named = named_text(&proxy);
		assert_int_equal(whole, s->whole);
		assert_int_equal(proxy.protocol, s->protocol);
		assert_string_equal(named, s->named);
		g_free(named);
	}
}

static void too_long_is_none(void **state)
{
	struct flow_proxy proxy;
	size_t whole;
	char line[200] = "PROXY UNKNOWN ";
	memset(line + 14, 'x', sizeof line - 14);
	assert_int_equal(ask(line, 106, &proxy, &whole), PREAMBLE_MORE);
	memcpy(line + 105, "\r\n", 2);
	assert_int_equal(ask(line, 107, &proxy, &whole), PREAMBLE_WHOLE);
	memcpy(line + 105, "xx\r\n", 4);
	assert_int_equal(ask(line, 109, &proxy, &whole), PREAMBLE_NONE);
	/* A user of SOCKS 4. */
	char *user = g_strnfill(300, 'u');
	memcpy(user, "\4\1\0\x19\1\2\3\4", 8);
	user[8 + 255] = 0;
	assert_int_equal(ask(user, 300, &proxy, &whole), PREAMBLE_WHOLE);
	assert_int_equal(strlen(proxy.user), 255);
	user[8 + 255] = 'u';
	user[8 + 256] = 0;
	assert_int_equal(ask(user, 300, &proxy, &whole), PREAMBLE_NONE);
	g_free(user);
}

static void the_server_answers(void **state)
{
	static const struct {
		enum flow_proxy_protocol protocol;
		const char *octets;
		size_t size;
		enum preamble_state state;
		size_t whole;
		unsigned rounds;
	} samples[] = {
		{ FLOW_PROXY_SOCKS4, OCTETS("\0\x5a\0\x19\0\0\0\0220"), PREAMBLE_WHOLE, 8, 0 },
		{ FLOW_PROXY_SOCKS4A, OCTETS("\0\x5b\0\x19\0\0\0\0"), PREAMBLE_REFUSED, 8, 0 },
		{ FLOW_PROXY_SOCKS4, OCTETS("\0\x5e\0\x19\0\0\0\0"), PREAMBLE_NONE, 0, 0 },
		{ FLOW_PROXY_SOCKS4, OCTETS("220 mx"), PREAMBLE_NONE, 0, 0 },
		{ FLOW_PROXY_SOCKS5,
			OCTETS("\5\0\5\0\0\1\1\2\3\4\0\x19"
			       "220"),
			PREAMBLE_WHOLE, 12, 0 },
		{ FLOW_PROXY_SOCKS5, OCTETS("\5\2\1\0\5\0\0\3\2mx\0\x19"), PREAMBLE_WHOLE, 13, 0 },
		{ FLOW_PROXY_SOCKS5, OCTETS("\5\xff"), PREAMBLE_REFUSED, 2, 0 },
		{ FLOW_PROXY_SOCKS5, OCTETS("\5\2\1\1"), PREAMBLE_REFUSED, 4, 0 },
		{ FLOW_PROXY_SOCKS5, OCTETS("\5\2\2\0"), PREAMBLE_NONE, 0, 0 },
		{ FLOW_PROXY_SOCKS5, OCTETS("\5\0\5\5\0\1\0\0\0\0\0\0"), PREAMBLE_REFUSED, 12, 0 },
		{ FLOW_PROXY_SOCKS5, OCTETS("\5\0\5\0\0\7\0"), PREAMBLE_NONE, 0, 0 },
		{ FLOW_PROXY_SOCKS5, OCTETS("\5\0\4\0\0\1\0"), PREAMBLE_NONE, 0, 0 },
		{ FLOW_PROXY_SOCKS5, OCTETS("\5\1"), PREAMBLE_NONE, 0, 0 },
		{ FLOW_PROXY_CONNECT, OCTETS("HTTP/1.1 200 Connection established\r\nA: b\r\n\r\n220"), PREAMBLE_WHOLE,
			45, 1 },
		{ FLOW_PROXY_CONNECT, OCTETS("HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 ok\r\n\r\n"), PREAMBLE_WHOLE, 41,
			1 },
		{ FLOW_PROXY_CONNECT,
			OCTETS("HTTP/1.1 407 no\r\ncontent-length: 3\r\n\r\nnonHTTP/1.0 200 ok\r\n\r\n220"),
			PREAMBLE_WHOLE, 60, 2 },
		{ FLOW_PROXY_CONNECT,
			OCTETS("HTTP/1.1 407 no\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 "
			       "ok\r\n\r\n"),
			PREAMBLE_WHOLE, 79, 2 },
		{ FLOW_PROXY_CONNECT,
			OCTETS("HTTP/1.1 407 no\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 ok\r\n\r\n"),
			PREAMBLE_WHOLE, 71, 2 },
		{ FLOW_PROXY_CONNECT, OCTETS("HTTP/1.1 503 no\r\n\r\nsome words"), PREAMBLE_REFUSED, 29, 1 },
		{ FLOW_PROXY_CONNECT, OCTETS("HTTP/2 200\r\n"), PREAMBLE_NONE, 0, 0 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		size_t whole = 0;
		unsigned rounds;
		for (size_t part = 1; part <= samples[i].size; part++) {
			uint8_t *copy = g_memdup2(samples[i].octets, part);
			enum preamble_state now =
				preamble_server(samples[i].protocol, span_of(copy, part), &whole, &rounds);
			g_free(copy);
			if (part == samples[i].size)
				assert_int_equal(now, samples[i].state);
			else if (samples[i].state == PREAMBLE_WHOLE)
				assert_int_equal(now, part < samples[i].whole ? PREAMBLE_MORE : PREAMBLE_WHOLE);
		}
		if (samples[i].state != PREAMBLE_NONE) {
			assert_int_equal(whole, samples[i].whole);
			assert_int_equal(rounds, samples[i].rounds);
		}
	}
}

/* ---- both directions of a connection ---- */

/* A conversation: who says what, in order. Each knows all that was said before. */
struct word {
	bool up;
	const char *octets;
	size_t size;
};

#define UP_WORD(text)                                                                                                  \
	{                                                                                                              \
		true, OCTETS(text)                                                                                     \
	}
#define DOWN_WORD(text)                                                                                                \
	{                                                                                                              \
		false, OCTETS(text)                                                                                    \
	}
#define LETTERS "220 mx ESMTP\r\n", 14

static const struct scene {
	const char *what;
	uint16_t port;
	bool tls;
	enum flow_proxy_protocol protocol;
	struct word words[12];
} scenes[] = {
	{ "v1", 25, false, FLOW_PROXY_PROXY_V1, { UP_WORD("PROXY TCP4 203.0.113.9 192.0.2.25 51515 25\r\n") } },
	{ "v1, odd port", 2598, false, FLOW_PROXY_PROXY_V1,
		{ UP_WORD("PROXY TCP4 203.0.113.9 192.0.2.25 51515 2598\r\n") } },
	{ "v2", 587, false, FLOW_PROXY_PROXY_V2, { UP_WORD(V2 "\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\0\x09\0\x19") } },
	{ "v2 local", 2598, false, FLOW_PROXY_PROXY_V2, { UP_WORD(V2 "\x20\0\0\0") } },
	{ "two headers: the outer one", 25, false, FLOW_PROXY_PROXY_V2,
		{ UP_WORD(V2 "\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\0\x09\0\x19"), UP_WORD("PROXY UNKNOWN\r\n") } },
	{ "socks4", 1080, false, FLOW_PROXY_SOCKS4,
		{ UP_WORD("\4\1\0\x19\1\2\3\4me\0"), DOWN_WORD("\0\x5a\0\x19\0\0\0\0") } },
	{ "socks4a", 9050, false, FLOW_PROXY_SOCKS4A,
		{ UP_WORD("\4\1\x0a\x19\0\0\0\1me\0mx.example\0"), DOWN_WORD("\0\x5a\0\x19\0\0\0\0") } },
	{ "socks5", 1080, false, FLOW_PROXY_SOCKS5,
		{ UP_WORD("\5\1\0"), DOWN_WORD("\5\0"), UP_WORD("\5\1\0\1\1\2\3\4\0\x19"),
			DOWN_WORD("\5\0\0\1\1\2\3\4\0\x19") } },
	{ "socks5 to an odd port", 1080, false, FLOW_PROXY_SOCKS5,
		{ UP_WORD("\5\1\0"), DOWN_WORD("\5\0"), UP_WORD("\5\1\0\1\1\2\3\4\x0a\x42"),
			DOWN_WORD("\5\0\0\1\1\2\3\4\x0a\x42") } },
	{ "socks5 with login", 1080, false, FLOW_PROXY_SOCKS5,
		{ UP_WORD("\5\2\0\2"), DOWN_WORD("\5\2"), UP_WORD("\1\2me\3abc"), DOWN_WORD("\1\0"),
			UP_WORD("\5\1\0\3\2mx\2\x4b"), DOWN_WORD("\5\0\0\1\1\2\3\4\0\x19") } },
	{ "socks5, then v1", 1080, false, FLOW_PROXY_PROXY_V1,
		{ UP_WORD("\5\1\0"), DOWN_WORD("\5\0"), UP_WORD("\5\1\0\1\1\2\3\4\0\x19"),
			DOWN_WORD("\5\0\0\1\1\2\3\4\0\x19"), UP_WORD("PROXY UNKNOWN\r\n") } },
	{ "connect", 3128, false, FLOW_PROXY_CONNECT,
		{ UP_WORD("CONNECT mx:25 HTTP/1.1\r\n\r\n"), DOWN_WORD("HTTP/1.1 200 ok\r\n\r\n") } },
	{ "connect, refused first", 3128, false, FLOW_PROXY_CONNECT,
		{ UP_WORD("CONNECT mx:25 HTTP/1.1\r\n\r\n"),
			DOWN_WORD("HTTP/1.1 407 no\r\nContent-Length: 2\r\n\r\nno"),
			UP_WORD("CONNECT mx:25 HTTP/1.1\r\nA: b\r\n\r\n"), DOWN_WORD("HTTP/1.1 200 ok\r\n\r\n") } },
	{ "v1 and 465", 465, true, FLOW_PROXY_PROXY_V1,
		{ UP_WORD("PROXY TCP4 203.0.113.9 192.0.2.25 51515 465\r\n") } },
	{ "socks5 to 465", 1080, true, FLOW_PROXY_SOCKS5,
		{ UP_WORD("\5\1\0"), DOWN_WORD("\5\0"), UP_WORD("\5\1\0\1\1\2\3\4\1\xd1"),
			DOWN_WORD("\5\0\0\1\1\2\3\4\1\xd1") } },
	{ "connect to 465", 3128, true, FLOW_PROXY_CONNECT,
		{ UP_WORD("CONNECT mx:465 HTTP/1.1\r\n\r\n"), DOWN_WORD("HTTP/1.1 200 ok\r\n\r\n") } },
};

static const struct word clear[] = { DOWN_WORD("220 mx ESMTP\r\n"), UP_WORD("EHLO me\r\n"), DOWN_WORD("250 mx\r\n") };
static const struct word hidden[] = { UP_WORD("\x16\3\1\0\5hello"), DOWN_WORD("\x16\3\3\0\4well") };

/* say - a word at its place, in pieces of at most `piece` octets. */
static void say(struct kit *kit, const struct word *word, uint32_t said[2], size_t piece)
{
	for (size_t at = 0; at < word->size; at += piece) {
		size_t size = MIN(piece, word->size - at);
		if (word->up)
			kit_say(kit, true, "A", kit->client_isn + 1 + said[UP], kit->server_isn + 1 + said[DOWN],
				word->octets + at, size);
		else
			kit_say(kit, false, "A", kit->server_isn + 1 + said[DOWN], kit->client_isn + 1 + said[UP],
				word->octets + at, size);
		said[word->up ? UP : DOWN] += (uint32_t)size;
	}
}

/* Whole and byte by byte, on a known port and on others: the streams begin after it, and acknowledgements count so. */
static void a_preamble_is_left_out(void **state)
{
	static const size_t pieces[] = { 1, 2, 7, 1000 };
	for (size_t i = 0; i < G_N_ELEMENTS(scenes) * G_N_ELEMENTS(pieces); i++) {
		const struct scene *scene = &scenes[i / G_N_ELEMENTS(pieces)];
		const size_t piece = pieces[i % G_N_ELEMENTS(pieces)];
		const struct word *rest = scene->tls ? hidden : clear;
		struct kit *kit = kit_new(NULL);
		uint32_t said[2] = { 0, 0 };
		GString *expected = g_string_new(NULL);
		kit->server = scene->port;
		kit_handshake(kit);
		for (const struct word *w = scene->words; w->octets; w++)
			say(kit, w, said, piece);
		uint32_t behind[2] = { 0, 0 };
		for (size_t j = 0; j < (scene->tls ? G_N_ELEMENTS(hidden) : G_N_ELEMENTS(clear)); j++) {
			say(kit, &rest[j], said, 1000);
			g_string_append_printf(expected, "%s ", rest[j].up ? "up" : "down");
			for (size_t k = 0; k < rest[j].size; k++)
				if (rest[j].octets[k] != '\r')
					g_string_append_c(
						expected, rest[j].octets[k] == '\n' ? '~' : rest[j].octets[k]);
			g_string_append_printf(expected, " @%u\n", behind[rest[j].up ? DOWN : UP]);
			behind[rest[j].up ? UP : DOWN] += (uint32_t)rest[j].size;
		}
		const char *begun = strchr(kit->log->str, '\n');
		assert_non_null(begun);
		assert_int_equal(strstr(kit->log->str, " tls\n") != NULL, scene->tls);
		assert_int_equal((size_t)(kit->log->str + kit->log->len - begun - 1), expected->len);
		assert_memory_equal(begun + 1, expected->str, expected->len);
		flow_table_end(kit->table);
		assert_int_equal(kit->protocol, (int)scene->protocol);
		assert_int_equal(kit->last.side[UP].gap_bytes + kit->last.side[DOWN].gap_bytes, 0);
		g_string_free(expected, TRUE);
		kit_free(kit);
	}
}

/* The client sends all it has at once: preamble and greeting are one segment. */
static void a_preamble_and_what_follows_are_one_segment(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_up(kit, 0, 0, "PROXY UNKNOWN\r\nEHLO me\r\n");
	kit_expect(kit, "begin 1 client:40000 server:25\n");
	kit_down(kit, 0, 24, "220 mx\r\n");
	kit_expect(kit, "up EHLO me~ @0\ndown 220 mx~ @9\n");
}

/* Places in the stream count from after it, too. */
static void copies_and_cuts_behind_a_preamble(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_up(kit, 0, 0, "PROXY UNKNOWN\r\n");
	kit_down(kit, 0, 15, "220 mx\r\n");
	kit_up(kit, 15, 8, "EHLO me\r\n");
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\nup EHLO me~ @8\n");
	kit_up(kit, 15, 8, "XHLO");
	kit_up(kit, 18, 8, "Xy");
	kit->snap = 3;
	kit_up(kit, 24, 8, "NOOP\r\n");
	kit_expect(kit, "conflict up 0 XHLO\nconflict up 3 Xy\ncut up 12\nup NOO @8\n");
}

/* A server that did not know of the header says its greeting before it has it. */
static void a_client_that_only_looks_like_one(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_up(kit, 0, 0, "PROXY UNKNOWN\r\n");
	kit_down(kit, 0, 0, "220 mx\r\n");
	kit_expect(kit, "begin 1 client:40000 server:25\nup PROXY UNKNOWN~ @0\ndown 220 mx~ @0\n");
	kit_down(kit, 8, 15, "500 what?\r\n");
	kit_expect(kit, "down 500 what?~ @15\n");
	flow_table_end(kit->table);
	assert_int_equal(kit->protocol, -1);
}

static void a_proxy_that_does_not_answer_is_none(void **state)
{
	static const char *const words[] = { "CONNECT a:25 HTTP/1.1\r\n\r\n", "\5\1" };
	static const char *const replies[] = { "500 what?\r\n", "220 mx\r\n" };
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		struct kit *kit = kit_new(NULL);
		kit_handshake(kit);
		g_string_truncate(kit->log, 0);
		kit_up(kit, 0, 0, words[i]);
		kit_expect(kit, "");
		kit_down(kit, 0, (uint32_t)strlen(words[i]), replies[i]);
		assert_int_equal(kit->stream[UP]->len, strlen(words[i]));
		assert_int_equal(kit->stream[DOWN]->len, strlen(replies[i]));
		flow_table_end(kit->table);
		assert_int_equal(kit->protocol, -1);
		kit_free(kit);
	}
}

/* On any port, and longer than what else is looked at to tell whether a connection is SMTP. */
static void a_long_preamble_is_one(void **state)
{
	struct kit *kit = *state;
	uint8_t header[16 + 3 + 1500] = V2 "\x21\0\x05\xdf\4\x05\xdc";
	kit->server = 2598;
	kit_handshake(kit);
	kit_say(kit, true, "A", 1001, 5001, header, sizeof header);
	kit_down(kit, 0, sizeof header, "220 mx\r\n");
	kit_up(kit, sizeof header, 8, "EHLO me\r\n");
	kit_expect(kit, "begin 1 client:40000 server:2598\ndown 220 mx~ @0\nup EHLO me~ @8\n");
}

/* Refused: what was said is no SMTP, and nothing follows. */
static void a_proxy_that_refuses(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_say(kit, true, "A", 1001, 5001, "\5\1\0", 3);
	kit_say(kit, false, "A", 5001, 1004, "\5\xff", 2);
	kit_say(kit, false, "FA", 5003, 1004, NULL, 0);
	kit_say(kit, true, "FA", 1004, 5004, NULL, 0);
	kit_say(kit, false, "A", 5004, 1005, NULL, 0);
	kit_expect(kit, "begin 1 client:40000 server:25\nfin down\nfin up\nend fin\n");
}

static void nothing_is_held_when_the_input_ends(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_up(kit, 0, 0, "CONN");
	kit_expect(kit, "begin 1 client:40000 server:25\n");
	flow_table_end(kit->table);
	kit_expect(kit, "up CONN @0\nend input\n");
}

static void what_is_held_is_bounded(void **state)
{
	struct kit *kit = *state;
	static char block[4096];
	kit_handshake(kit);
	memset(block, 'x', sizeof block);
	memcpy(block, "CONNECT ", 8);
	for (unsigned i = 0; i < 20; i++) {
		kit_say(kit, true, "A", 1001 + i * (uint32_t)sizeof block, 5001, block, sizeof block);
		block[0] = 'x';
	}
	assert_int_equal(kit->stream[UP]->len, 20 * sizeof block);
	assert_int_equal(kit->stream[UP]->data[0], 'C');
}

static void four_preambles_and_no_more(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	for (uint32_t i = 0; i < 5; i++)
		kit_up(kit, 15 * i, 0, "PROXY UNKNOWN\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25\nup PROXY UNKNOWN~ @0\nend input\n");
}

/* memory_of - what is held of these first octets of a dialogue with a SOCKS proxy. */
static size_t memory_of(size_t up, size_t down)
{
	struct opening opening;
	opening_init(&opening, NULL, NULL);
	opening_sink.bytes(&opening, UP, (const uint8_t *)"\5\1\0", up, 0);
	opening_sink.bytes(&opening, DOWN, (const uint8_t *)"\5\0", down, up);
	size_t size = opening_memory(&opening);
	opening_clear(&opening);
	return size;
}

static void what_is_held_counts_as_memory(void **state)
{
	assert_int_equal(memory_of(3, 1), memory_of(2, 1) + 1);
	assert_int_equal(memory_of(3, 2), memory_of(3, 1) + 1);
}

/* ---- gaps ---- */

static void a_hole_in_a_header_names_nothing(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_say(kit, true, "A", 1001, 5001, V2 "\x21\x11\0\x0c\1\2", 18);
	kit_say(kit, true, "A", 1001 + 24, 5001, "\0\x09\0\x19", 4);
	kit_down(kit, 0, 28, "220 mx\r\n");
	kit_up(kit, 28, 8, "EHLO me\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\nup EHLO me~ @8\nend input\n");
	assert_int_equal(kit->protocol, FLOW_PROXY_PROXY_V2);
	assert_int_equal(kit->named, 0);
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.gap_bytes, 6);
}

/* Of SOCKS 5, one segment after the other is not in the capture: the directions are still in step. */
static void a_preamble_with_a_lost_segment(void **state)
{
	static const struct word words[] = { UP_WORD("\5\1\0"), DOWN_WORD("\5\0"), UP_WORD("\5\1\0\1\1\2\3\4\0\x19"),
		DOWN_WORD("\5\0\0\1\1\2\3\4\0\x19"), DOWN_WORD("220 mx ESMTP\r\n"), UP_WORD("EHLO me\r\n") };
	for (size_t lost = 0; lost < 4; lost++) {
		struct kit *kit = kit_new(NULL);
		uint32_t said[2] = { 0, 0 };
		kit->server = 1080;
		kit_handshake(kit);
		for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
			if (i == lost)
				said[words[i].up ? UP : DOWN] += (uint32_t)words[i].size;
			else
				say(kit, &words[i], said, 1000);
		flow_table_end(kit->table);
		kit_expect(
			kit, "begin 1 client:40000 server:1080\ndown 220 mx ESMTP~ @0\nup EHLO me~ @14\nend input\n");
		assert_int_equal(kit->protocol, FLOW_PROXY_SOCKS5);
		assert_int_equal(kit->last.side[words[lost].up ? UP : DOWN].gap_bytes, words[lost].size);
		kit_free(kit);
	}
}

static void one_side_of_it(void **state)
{
	static const struct word words[] = { UP_WORD("\5\1\0"), DOWN_WORD("\5\0"), UP_WORD("\5\1\0\1\1\2\3\4\0\x19"),
		DOWN_WORD("\5\0\0\1\1\2\3\4\0\x19"), DOWN_WORD("220 mx ESMTP\r\n"), UP_WORD("EHLO me\r\n") };
	for (unsigned missing = 0; missing < 2; missing++) {
		struct kit *kit = kit_new(NULL);
		uint32_t said[2] = { 0, 0 };
		kit->server = 1080;
		kit_say(kit, missing == DOWN, missing == DOWN ? "S" : "SA", missing == DOWN ? 1000 : 5000, 1001, NULL,
			0);
		for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
			if (words[i].up == (missing == UP))
				said[words[i].up ? UP : DOWN] += (uint32_t)words[i].size;
			else
				say(kit, &words[i], said, 1000);
		flow_table_end(kit->table);
		assert_int_equal(kit->stream[1 - missing]->len, missing == UP ? 14 : 9);
		assert_int_equal(kit->protocol, FLOW_PROXY_SOCKS5);
		kit_free(kit);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_names_what_it_wants),
		cmocka_unit_test(too_long_is_none),
		cmocka_unit_test(the_server_answers),
		cmocka_unit_test(a_preamble_is_left_out),
		TEST(a_preamble_and_what_follows_are_one_segment),
		TEST(copies_and_cuts_behind_a_preamble),
		TEST(a_client_that_only_looks_like_one),
		cmocka_unit_test(a_proxy_that_does_not_answer_is_none),
		TEST(a_long_preamble_is_one),
		TEST(a_proxy_that_refuses),
		TEST(nothing_is_held_when_the_input_ends),
		TEST(what_is_held_is_bounded),
		TEST(four_preambles_and_no_more),
		cmocka_unit_test(what_is_held_counts_as_memory),
		TEST(a_hole_in_a_header_names_nothing),
		cmocka_unit_test(a_preamble_with_a_lost_segment),
		cmocka_unit_test(one_side_of_it),
	};
	return cmocka_run_group_tests(tests, reassembly_set_up, reassembly_tear_down);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * letters.c - see letters.h.
 */
#include "letters.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#define LINE_OCTETS 57 /* of a file in a line of base64 */
#define LINE_TEXT 70
#define FILE_OCTETS_MIN 2048
#define RELAYED_MIN 600 /* octets of a mail that another server has put its line on */
#define BOUNDARY "----=_Part_7f3a91c2"

static const char *const words[] = { "the", "harbour", "of", "and", "timetable", "we", "ferry", "morning", "please",
	"invoice", "ready", "for", "your", "weather", "report", "is", "attached", "kind", "regards", "meeting", "on",
	"deck", "at", "noon", "bring", "a", "copy", "cargo", "manifest", "with", "customs", "signature", "to",
	"north" };

void sha256_text(GString *out, const void *data, size_t size)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	EVP_Digest(data, size, hash, &length, EVP_sha256(), NULL);
	for (unsigned i = 0; i < length; i++)
		g_string_append_printf(out, "%02x", hash[i]);
}

static const char *word(struct dice *dice)
{
	return words[dice_below(dice, G_N_ELEMENTS(words))];
}

/* put_text - lines of words up to `end`, now and then with a URL or the like. */
static void put_text(GString *out, struct dice *dice, size_t end, bool quoted_printable)
{
	size_t line = out->len;
	while (out->len + 2 < end) {
		uint32_t rare = dice_below(dice, 100);
		if (rare == 0)
			g_string_append_printf(
				out, "http://%s.example/%s/%u", word(dice), word(dice), dice_below(dice, 1000));
		else if (quoted_printable && rare < 12)
			g_string_append(out, rare < 6 ? "gr=C3=BC=C3=9Fe" : "=E2=82=AC");
		else if (line == out->len && rare < 4)
			g_string_append(out, "...");
		else
			g_string_append(out, word(dice));
		if (out->len - line < LINE_TEXT) {
			g_string_append_c(out, ' ');
		} else {
			g_string_append(out, quoted_printable && rare < 50 ? " =\r\n" : "\r\n");
			line = out->len;
		}
	}
	g_string_append(out, "\r\n");
}

static void put_header(GString *out, struct dice *dice, bool relayed)
{
	if (relayed)
		g_string_append_printf(out,
			"Received: from %s.example (%s.example [192.0.2.%u])\r\n\tby mx.corp.example (Postfix) with "
			"ESMTP id "
			"%08X\r\n\tfor <%s@corp.example>; Tue, 14 Nov 2023 22:13:20 +0000 (UTC)\r\n",
			word(dice), word(dice), dice_below(dice, 255), (unsigned)dice_word(dice), word(dice));
	g_string_append_printf(out, "From: \"%s %s\" <%s@client.example>\r\nTo: %s@corp.example\r\n", word(dice),
		word(dice), word(dice), word(dice));
	if (dice_below(dice, 4) == 0)
		g_string_append(out, "Subject: =?utf-8?B?R3LDvMOfZSB2b20gSGFmZW4=?=\r\n");
	else
		g_string_append_printf(out, "Subject: %s %s %s\r\n", word(dice), word(dice), word(dice));
	g_string_append_printf(out,
		"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <%016llx@client.example>\r\nMIME-Version: "
		"1.0\r\n",
		(unsigned long long)dice_word(dice));
}

void letter_short(struct letter *letter, struct dice *dice, size_t size)
{
	GString *out = letter->content;
	uint32_t kind = dice_below(dice, 10);
	g_string_truncate(out, 0);
	g_string_truncate(letter->files, 0);
	letter->parts = 1;
	put_header(out, dice, size > RELAYED_MIN);
	if (kind < 6 || size < 900) {
		g_string_append(
			out, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n");
		put_text(out, dice, size, false);
	} else if (kind < 8) {
		g_string_append(out, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
				     "quoted-printable\r\n\r\n");
		put_text(out, dice, size, true);
	} else {
		letter->parts = 2;
		g_string_append(out, "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n\r\n--" BOUNDARY
				     "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
		put_text(out, dice, out->len + (size - out->len) / 2 - 100, false);
		g_string_append(out, "--" BOUNDARY "\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>"
				     "<a href=\"http://harbour.example/\">harbour</a>\r\n<p>");
		put_text(out, dice, size - 40, false);
		g_string_append(out, "</p></body></html>\r\n--" BOUNDARY "--\r\n");
	}
}

/* A stored entry and the directory after it make a zip archive, as of an Office document. */
static void make_zip(uint8_t *file, size_t size)
{
	enum { LOCAL = 30 + 8, ENTRY = 46 + 8, END = 22 };
	uint32_t member = (uint32_t)(size - LOCAL - ENTRY - END), start = (uint32_t)(size - ENTRY - END);
	uint8_t *entry = file + start, *end = entry + ENTRY;
	memset(file, 0, LOCAL);
	memset(entry, 0, ENTRY + END);
	memcpy(file, "PK\3\4\24", 5);
	memcpy(entry, "PK\1\2\24\0\24", 7);
	memcpy(end, "PK\5\6", 4);
	for (unsigned i = 0; i < 2; i++) {
		memcpy(file + 18 + 4 * i, &member, 4);
		memcpy(entry + 20 + 4 * i, &member, 4);
		end[8 + 2 * i] = 1;
	}
	file[26] = entry[28] = 8;
	memcpy(file + 30, "text.xml", 8);
	memcpy(entry + 46, "text.xml", 8);
	end[12] = ENTRY;
	memcpy(end + 16, &start, 4);
}

/* make_file - random octets that begin as files of this kind do. */
static void make_file(uint8_t *file, size_t size, struct dice *dice, unsigned kind)
{
	for (size_t at = 0; at + 8 <= size; at += 8) {
		uint64_t octets = dice_word(dice);
		memcpy(file + at, &octets, 8);
	}
	if (kind == 0)
		memcpy(file, "%PDF-1.7\n", 9);
	else if (kind == 1)
		memcpy(file, "\xff\xd8\xff\xe0\0\20JFIF\0\1\1\0\0\1\0\1\0\0", 20);
	else if (kind == 2)
		memcpy(file, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\0\0\0\2\0\10\2\0\0\0", 29);
	else
		make_zip(file, size);
}

static void put_base64(GString *out, const uint8_t *file, size_t size)
{
	for (size_t at = 0; at < size; at += LINE_OCTETS) {
		size_t line = MIN(size - at, LINE_OCTETS), before = out->len;
		g_string_set_size(out, before + (line + 2) / 3 * 4);
		EVP_EncodeBlock((unsigned char *)out->str + before, file + at, (int)line);
		g_string_append_len(out, "\r\n", 2);
	}
}

static void put_file(struct letter *letter, struct dice *dice, size_t size)
{
	static const struct {
		const char *type, *extension;
	} kinds[] = { { "application/pdf", "pdf" }, { "image/jpeg", "jpg" }, { "image/png", "png" },
		{ "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx" } };
	unsigned kind = dice_below(dice, G_N_ELEMENTS(kinds));
	uint8_t *file = g_malloc0(size);
	make_file(file, size, dice, kind);
	g_string_append_printf(letter->content,
		"--" BOUNDARY "\r\nContent-Type: %s; name=\"%s.%s\"\r\nContent-Transfer-Encoding: base64\r\n"
		"Content-Disposition: attachment; filename=\"%s.%s\"\r\n\r\n",
		kinds[kind].type, words[kind], kinds[kind].extension, words[kind], kinds[kind].extension);
	put_base64(letter->content, file, size);
	if (letter->files->len > 0)
		g_string_append_c(letter->files, ',');
	sha256_text(letter->files, file, size);
	g_free(file);
	letter->parts++;
}

void letter_long(struct letter *letter, struct dice *dice, size_t size)
{
	GString *out = letter->content;
	unsigned files = dice_between(dice, 1, 3);
	g_string_truncate(out, 0);
	g_string_truncate(letter->files, 0);
	letter->parts = 1;
	put_header(out, dice, true);
	g_string_append(out,
		"Content-Type: multipart/mixed; boundary=\"" BOUNDARY "\"\r\n\r\nThis is a message in MIME "
		"format.\r\n--" BOUNDARY "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
	put_text(out, dice, out->len + dice_between(dice, 200, 2000), false);
	for (unsigned left = files; left > 0; left--) {
		size_t rest = size > out->len ? (size - out->len) / 4 * 3 : 0;
		put_file(letter, dice, MAX(rest / left, FILE_OCTETS_MIN));
	}
	g_string_append(out, "--" BOUNDARY "--\r\n");
}

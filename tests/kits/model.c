/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * model.c - see model.h. Sessions have greetings, transactions and other commands, with and without pipelining.
 */
#include "model.h"

#include <string.h>

struct talk {
	struct conversation_model *m;
	GRand *random;
	bool pipelining, chunking, lmtp;
	size_t seen;       /* octets of replies that the client has seen */
	bool group;        /* the previous command may be followed by others (RFC 2920) */
	GString *owed;     /* replies that the server sends after the group */
	GArray *owed_ends; /* of size_t: where each reply ends in owed */
	GString *from, *accepted, *rejected;
};

static bool chance(struct talk *t, int percent)
{
	return g_rand_int_range(t->random, 0, 100) < percent;
}

static void send_octets(struct talk *t, enum direction d, const char *data, size_t size, size_t acked)
{
	struct message message = { t->m->octets[d]->len + size, acked };
	g_byte_array_append(t->m->octets[d], (const guint8 *)data, (guint)size);
	g_array_append_val(t->m->messages[d], message);
}

/* settle - the server answers everything it owes; the client reads it */
static void settle(struct talk *t)
{
	size_t at = 0;
	for (guint i = 0; i < t->owed_ends->len; i++) {
		size_t end = g_array_index(t->owed_ends, size_t, i);
		send_octets(t, DOWN, t->owed->str + at, end - at, t->m->octets[UP]->len);
		at = end;
	}
	g_string_truncate(t->owed, 0);
	g_array_set_size(t->owed_ends, 0);
	t->seen = t->m->octets[DOWN]->len;
}

/* client - a command or content. It waits for the replies owed, unless the group can continue. */
static void client(struct talk *t, const char *data, size_t size)
{
	if (!(t->group && t->pipelining && chance(t, 80)))
		settle(t);
	send_octets(t, UP, data, size, t->seen);
}

static void command(struct talk *t, const char *line)
{
	char *text = g_strconcat(line, "\r\n", NULL);
	client(t, text, strlen(text));
	t->group = true;
	g_free(text);
}

static void owe(struct talk *t, unsigned code)
{
	static const char *const texts[] = { " ok", " 2.0.0 all is well", "", " ", " a longer text, with 250 in it" };
	for (int lines = chance(t, 15) ? 3 : 1; lines > 1; lines--)
		g_string_append_printf(t->owed, "%u-line\r\n", code);
	g_string_append_printf(t->owed, "%u%s\r\n", code, texts[g_rand_int_range(t->random, 0, G_N_ELEMENTS(texts))]);
	size_t end = t->owed->len;
	g_array_append_val(t->owed_ends, end);
}

/* last - the command was one that must be the last of its group */
static void last(struct talk *t)
{
	t->group = false;
}

static unsigned one_of(struct talk *t, const unsigned *codes, int n)
{
	return codes[g_rand_int_range(t->random, 0, n)];
}

static const unsigned good[] = { 250, 251, 252, 299 }, bad[] = { 450, 452, 550, 551, 553, 554, 599 };

static unsigned answer(struct talk *t, bool accept)
{
	return accept ? one_of(t, good, G_N_ELEMENTS(good)) : one_of(t, bad, G_N_ELEMENTS(bad));
}

/* ---- content ---- */

/* lines - CRLF lines as DATA carries them; commands among them, and dots where they may stand */
static GByteArray *lines(struct talk *t)
{
	static const char *const some[] = { "Subject: x", "", "QUIT", "MAIL FROM:<evil@x>", ".", "..", ".hidden",
		"RSET", "250 ok", "a rather long line with nothing of interest in it", "DATA", "\xff\xfe\x80 octets",
		"354 go" };
	GByteArray *content = g_byte_array_new();
	for (int n = g_rand_int_range(t->random, 0, 30); n > 0; n--) {
		const char *line = some[g_rand_int_range(t->random, 0, G_N_ELEMENTS(some))];
		g_byte_array_append(content, (const guint8 *)line, (guint)strlen(line));
		g_byte_array_append(content, (const guint8 *)"\r\n", 2);
	}
	return content;
}

/* stuffed - the content as sent, dot-stuffed (RFC 5321 4.5.2), without the terminator */
static GByteArray *stuffed(const GByteArray *content)
{
	GByteArray *wire = g_byte_array_new();
	for (guint i = 0; i < content->len; i++) {
		bool first = i == 0 || content->data[i - 1] == '\n';
		if (first && content->data[i] == '.')
			g_byte_array_append(wire, (const guint8 *)".", 1);
		g_byte_array_append(wire, content->data + i, 1);
	}
	return wire;
}

static void tell(struct talk *t, const char *outcome, const char *transfer, const GByteArray *content)
{
	char *digest =
		content ? g_compute_checksum_for_data(G_CHECKSUM_SHA256, content->data, content->len) : g_strdup("-");
	g_string_append_printf(t->m->truth, "%s|%s|%s|%s|%s|%s\n", t->from->str, t->accepted->str, t->rejected->str,
		outcome, transfer, digest);
	g_free(digest);
	g_string_truncate(t->accepted, 0);
	g_string_truncate(t->rejected, 0);
}

/* content_reply - one reply, or with LMTP one per recipient */
static bool content_reply(struct talk *t, unsigned recipients)
{
	bool accept = false;
	for (unsigned i = 0; i < (t->lmtp ? recipients : 1); i++) {
		bool one = chance(t, 80);
		owe(t, answer(t, one));
		accept |= one;
	}
	return accept;
}

/* by_data - returns false when the session ended in it */
static bool by_data(struct talk *t, unsigned recipients)
{
	bool accept = recipients > 0 && chance(t, 90);
	command(t, "DATA");
	last(t);
	owe(t, accept ? 354 : 554);
	if (!accept) {
		settle(t);
		command(t, "RSET");
		owe(t, 250);
		tell(t, "rejected", "-", NULL);
		return true;
	}
	settle(t);
	GByteArray *content = lines(t), *wire = stuffed(content);
	bool broken = chance(t, 4), unanswered = chance(t, 4);
	if (!broken)
		g_byte_array_append(wire, (const guint8 *)".\r\n", 3);
	send_octets(t, UP, (const char *)wire->data, wire->len, t->seen);
	t->group = true;
	if (broken)
		tell(t, "aborted", "data", content);
	else if (unanswered)
		tell(t, "unknown", "data", content);
	else
		tell(t, content_reply(t, recipients) ? "accepted" : "rejected", "data", content);
	g_byte_array_unref(content);
	g_byte_array_unref(wire);
	return !broken && !unanswered;
}

/* by_chunks - RFC 3030: any octets, in chunks of any size; after a refused chunk the client sends RSET */
static bool by_chunks(struct talk *t, unsigned recipients)
{
	GByteArray *content = g_byte_array_new();
	int chunks = g_rand_int_range(t->random, 1, 4);
	for (int i = 1; i <= chunks; i++) {
		char octets[64], line[64];
		int size = g_rand_int_range(t->random, 0, (int)sizeof octets);
		for (int k = 0; k < size; k++)
			octets[k] = "\r\n.aQUIT\0"[g_rand_int_range(t->random, 0, 9)];
		g_snprintf(line, sizeof line, "BDAT %d%s", size, i == chunks ? " LAST" : "");
		command(t, line);
		send_octets(t, UP, octets, (size_t)size, t->seen);
		g_byte_array_append(content, (const guint8 *)octets, (guint)size);
		if (i < chunks)
			owe(t, 250);
	}
	tell(t, content_reply(t, recipients) ? "accepted" : "rejected", "bdat", content);
	g_byte_array_unref(content);
	return true;
}

/* ---- other commands ---- */

static void side_talk(struct talk *t)
{
	switch (g_rand_int_range(t->random, 0, 6)) {
	case 0:
		command(t, "NOOP");
		owe(t, 250);
		last(t);
		break;
	case 1:
		command(t, "VRFY someone");
		owe(t, chance(t, 50) ? 252 : 550);
		last(t);
		break;
	case 2:
		command(t, "RSET");
		owe(t, 250);
		break;
	case 3:
		command(t, "X-UNHEARD-OF thing");
		owe(t, 500);
		break;
	case 4:
		command(t, "AUTH LOGIN");
		last(t);
		owe(t, 334);
		command(t, "YWxpY2U=");
		last(t);
		owe(t, 334);
		command(t, "c2VjcmV0");
		last(t);
		owe(t, chance(t, 50) ? 235 : 535);
		break;
	default:
		command(t, t->lmtp ? "LHLO again" : "EHLO again");
		last(t);
		g_string_append_printf(t->owed, "250-mx%s\r\n250 HELP\r\n", t->pipelining ? "\r\n250-PIPELINING" : "");
		size_t end = t->owed->len;
		g_array_append_val(t->owed_ends, end);
		break;
	}
}

/* ---- a transaction ---- */

static bool transaction(struct talk *t, int number)
{
	char line[128];
	bool accept = chance(t, 90);
	g_string_printf(t->from, "<sender%d@x>", number);
	g_snprintf(line, sizeof line, "MAIL FROM:%s", t->from->str);
	command(t, line);
	owe(t, answer(t, accept));
	if (!accept) {
		settle(t);
		tell(t, "rejected", "-", NULL);
		return true;
	}
	unsigned accepted = 0;
	for (int n = g_rand_int_range(t->random, 0, 5); n > 0; n--) {
		bool yes = chance(t, 75);
		g_snprintf(line, sizeof line, "RCPT TO:<rcpt%d@y>", n);
		command(t, line);
		owe(t, answer(t, yes));
		g_string_append_printf(yes ? t->accepted : t->rejected, "<rcpt%d@y>", n);
		accepted += yes;
	}
	if (chance(t, 85))
		return t->chunking && accepted > 0 && chance(t, 50) ? by_chunks(t, accepted) : by_data(t, accepted);
	command(t, "RSET");
	owe(t, 250);
	tell(t, accepted == 0 && t->rejected->len > 0 ? "rejected" : "aborted", "-", NULL);
	return true;
}

/* greet - banner, greeting, extensions */
static void greet(struct talk *t)
{
	send_octets(t, DOWN, "220 mx ESMTP\r\n", 14, 0);
	t->seen = t->m->octets[DOWN]->len;
	if (chance(t, 10)) {
		command(t, "EHLO refused");
		owe(t, 502);
		last(t);
	}
	t->lmtp = chance(t, 20);
	t->pipelining = chance(t, 60);
	t->chunking = chance(t, 50);
	command(t, t->lmtp ? "LHLO me" : "EHLO me");
	g_string_append_printf(t->owed, "250-mx\r\n%s%s250 HELP\r\n", t->pipelining ? "250-PIPELINING\r\n" : "",
		t->chunking ? "250-CHUNKING\r\n" : "");
	size_t end = t->owed->len;
	g_array_append_val(t->owed_ends, end);
	last(t);
}

struct conversation_model *model_new(GRand *random)
{
	struct conversation_model *m = g_new0(struct conversation_model, 1);
	struct talk t = { .m = m, .random = random, .owed = g_string_new(NULL), .from = g_string_new(NULL) };
	t.accepted = g_string_new(NULL);
	t.rejected = g_string_new(NULL);
	t.owed_ends = g_array_new(FALSE, FALSE, sizeof(size_t));
	m->truth = g_string_new(NULL);
	for (enum direction d = UP; d <= DOWN; d++) {
		m->octets[d] = g_byte_array_new();
		m->messages[d] = g_array_new(FALSE, FALSE, sizeof(struct message));
	}
	greet(&t);
	bool open = true;
	for (int n = g_rand_int_range(random, 0, 8), number = 0; open && n > 0; n--) {
		if (chance(&t, 40))
			side_talk(&t);
		else
			open = transaction(&t, number++);
	}
	if (open && chance(&t, 80)) {
		command(&t, "QUIT");
		owe(&t, 221);
	}
	settle(&t);
	g_string_free(t.owed, TRUE);
	g_string_free(t.from, TRUE);
	g_string_free(t.accepted, TRUE);
	g_string_free(t.rejected, TRUE);
	g_array_unref(t.owed_ends);
	return m;
}

void model_free(struct conversation_model *m)
{
	for (enum direction d = UP; d <= DOWN; d++) {
		g_byte_array_unref(m->octets[d]);
		g_array_unref(m->messages[d]);
	}
	g_string_free(m->truth, TRUE);
	g_free(m);
}

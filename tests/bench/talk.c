/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * talk.c - see talk.h. Half of the SMTP envelopes are pipelined; some recipients are refused.
 */
#include "talk.h"

#include <arpa/inet.h>
#include <string.h>

#include "letters.h"

#define LONG_MAIL 10000 /* from here on a mail has files */
#define OTHER_POOL (1024 * 1024)
#define CLIENTS 65536 /* addresses of clients; after that other ports */
#define SERVERS 50

enum turn { GREET, ENVELOPE, RECIPIENTS, DATA, CONTENT, OTHER };

struct talk {
	struct line line;
	struct seal *seal; /* NULL: in clear */
	enum turn turn;
	size_t size_min, size_max;
	uint64_t budget, spent;
	unsigned tx;
	char sender[64];
	GString *recipients; /* accepted, with commas */
	unsigned left;       /* recipients still to be sent */
	struct letter letter;
	GString *stuffed; /* the content as it is sent, terminator included */
	size_t sent;
};

static void address_of(struct address *address, bool v6, unsigned high, unsigned low)
{
	*address = (struct address){ .family = v6 ? 6 : 4 };
	uint8_t *to = address->octets;
	if (v6)
		to = mempcpy(to, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0", 12);
	const uint8_t octets[] = { v6 ? 0 : 198, (uint8_t)high, (uint8_t)(low >> 8), (uint8_t)low };
	memcpy(to, octets, sizeof octets);
}

static struct talk *talk_new(struct stage *stage, unsigned number, bool v6, uint16_t port)
{
	struct talk *talk = g_new0(struct talk, 1);
	struct line *line = &talk->line;
	address_of(&line->address[UP], v6, 18, number % CLIENTS);
	address_of(&line->address[DOWN], v6, 19, 1 + dice_below(&stage->dice, SERVERS));
	line->port[UP] = (uint16_t)(32768 + number / CLIENTS);
	line->port[DOWN] = port;
	line->seq[UP] = (uint32_t)dice_word(&stage->dice);
	line->seq[DOWN] = (uint32_t)dice_word(&stage->dice);
	line_open(&stage->wire, line);
	return talk;
}

struct talk *talk_smtp(struct stage *stage, unsigned number, bool v6, size_t size_min, size_t size_max, uint64_t budget)
{
	struct talk *talk = talk_new(stage, number, v6, stage->keylog ? 465 : 25);
	if (stage->keylog)
		talk->seal = seal_open(&stage->wire, &talk->line, stage->keylog, number);
	talk->turn = GREET;
	talk->size_min = size_min;
	talk->size_max = size_max;
	talk->budget = budget;
	talk->recipients = g_string_new(NULL);
	talk->stuffed = g_string_new(NULL);
	talk->letter.content = g_string_new(NULL);
	talk->letter.files = g_string_new(NULL);
	return talk;
}

struct talk *talk_other(struct stage *stage, unsigned number, bool v6, uint64_t budget)
{
	static const uint16_t ports[] = { 443, 443, 443, 80, 22, 3306, 8080, 5432, 50051 };
	struct talk *talk = talk_new(stage, number, v6, ports[dice_below(&stage->dice, G_N_ELEMENTS(ports))]);
	talk->turn = OTHER;
	talk->budget = budget;
	return talk;
}

static void talk_free(struct talk *talk)
{
	if (talk->turn != OTHER) {
		g_string_free(talk->recipients, TRUE);
		g_string_free(talk->stuffed, TRUE);
		g_string_free(talk->letter.content, TRUE);
		g_string_free(talk->letter.files, TRUE);
	}
	seal_free(talk->seal);
	g_free(talk);
}

/* transmit - octets of either side, as they go over the wire. */
static void transmit(struct talk *talk, struct stage *stage, enum direction direction, const void *data, size_t size)
{
	if (talk->seal)
		seal_send(talk->seal, &stage->wire, &talk->line, direction, data, size);
	else
		line_send(&stage->wire, &talk->line, direction, data, size);
	talk->spent += size;
}

static void say(struct talk *talk, struct stage *stage, enum direction direction, const char *text)
{
	transmit(talk, stage, direction, text, strlen(text));
}

/* ---- one mail ---- */

/* pick_size - each power of two is as likely as the next: small mails are the most common, as in life. None goes far
 * beyond the budget. */
static size_t pick_size(struct talk *talk, struct dice *dice)
{
	uint64_t left = talk->budget - talk->spent;
	unsigned powers = 0;
	while (talk->size_min << (powers + 1) < talk->size_max)
		powers++;
	size_t from = talk->size_min << dice_below(dice, powers + 1);
	size_t size = dice_between(dice, (uint32_t)from, (uint32_t)MIN(2 * from, talk->size_max));
	return MIN(size, MAX(left, talk->size_min));
}

/* stuff - dots at the beginning of lines are doubled (RFC 5321 4.5.2), and the terminator added. */
static void stuff(GString *out, const GString *content)
{
	const char *at = content->str, *end = at + content->len;
	g_string_truncate(out, 0);
	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *next = lf ? lf + 1 : end;
		if (*at == '.')
			g_string_append_c(out, '.');
		g_string_append_len(out, at, next - at);
		at = next;
	}
	g_string_append(out, ".\r\n");
}

static void new_mail(struct talk *talk, struct stage *stage)
{
	size_t size = pick_size(talk, &stage->dice);
	if (size < LONG_MAIL)
		letter_short(&talk->letter, &stage->dice, size);
	else
		letter_long(&talk->letter, &stage->dice, size);
	stuff(talk->stuffed, talk->letter.content);
	talk->sent = 0;
	g_string_truncate(talk->recipients, 0);
	g_snprintf(talk->sender, sizeof talk->sender, "<sender%u@client.example>", dice_below(&stage->dice, 1000));
	talk->left = dice_between(&stage->dice, 1, 3);
}

/* recipient - the next RCPT command and its reply; every twentieth is refused, but never the last. */
static void recipient(struct talk *talk, struct stage *stage, GString *up, GString *down)
{
	char path[64];
	talk->left--;
	bool refused = talk->left > 0 && dice_below(&stage->dice, 20) == 0;
	g_snprintf(path, sizeof path, "<user%u@corp.example>", dice_below(&stage->dice, 100000));
	g_string_append_printf(up, "RCPT TO:%s\r\n", path);
	g_string_append(down, refused ? "550 5.1.1 User unknown\r\n" : "250 2.1.5 Ok\r\n");
	if (refused)
		return;
	if (talk->recipients->len > 0)
		g_string_append_c(talk->recipients, ',');
	g_string_append(talk->recipients, path);
}

/* envelope - the commands of an envelope: all at once, or (one: true) the next one. */
static void envelope(struct talk *talk, struct stage *stage, bool one)
{
	GString *up = g_string_new(NULL), *down = g_string_new(NULL);
	do {
		if (talk->turn == ENVELOPE) {
			g_string_append_printf(up, "MAIL FROM:%s SIZE=%zu\r\n", talk->sender, talk->stuffed->len);
			g_string_append(down, "250 2.1.0 Ok\r\n");
			talk->turn = RECIPIENTS;
		} else if (talk->turn == RECIPIENTS) {
			recipient(talk, stage, up, down);
			talk->turn = talk->left > 0 ? RECIPIENTS : DATA;
		} else {
			g_string_append(up, "DATA\r\n");
			g_string_append(down, "354 End data with <CR><LF>.<CR><LF>\r\n");
			talk->turn = CONTENT;
		}
	} while (!one && talk->turn != CONTENT);
	say(talk, stage, UP, up->str);
	say(talk, stage, DOWN, down->str);
	g_string_free(up, TRUE);
	g_string_free(down, TRUE);
}

/* tell - writes the expected result of a mail to the truth file. */
static void tell(struct talk *talk, struct stage *stage)
{
	char address[INET6_ADDRSTRLEN];
	const GString *content = talk->letter.content;
	GString *hash = g_string_new(NULL);
	inet_ntop(talk->line.address[UP].family == 6 ? AF_INET6 : AF_INET, talk->line.address[UP].octets, address,
		sizeof address);
	sha256_text(hash, content->str, content->len);
	fprintf(stage->truth, "%s\t%u\t%u\t%zu\t%s\t%u\t%s\t%s\t%s\n", address, talk->line.port[UP], talk->tx++,
		content->len, hash->str, talk->letter.parts, talk->sender, talk->recipients->str,
		talk->letter.files->str);
	g_string_free(hash, TRUE);
	stage->mails++;
	stage->content += content->len;
}

/* content - sends as much content as one turn allows. */
static void content(struct talk *talk, struct stage *stage)
{
	size_t most = talk->seal ? TURN_OCTETS - SEAL_COST : TURN_OCTETS; /* in as many packets */
	size_t size = MIN(talk->stuffed->len - talk->sent, most);
	transmit(talk, stage, UP, talk->stuffed->str + talk->sent, size);
	talk->sent += size;
	if (talk->sent < talk->stuffed->len)
		return;
	char reply[64];
	g_snprintf(reply, sizeof reply, "250 2.0.0 Ok: queued as %010llX\r\n",
		(unsigned long long)(dice_word(&stage->dice) & 0xffffffffff));
	say(talk, stage, DOWN, reply);
	tell(talk, stage);
	talk->turn = ENVELOPE;
}

/* ---- turns ---- */

/* greet - up to the reply to EHLO. */
static void greet(struct talk *talk, struct stage *stage)
{
	say(talk, stage, DOWN, "220 mx.corp.example ESMTP Postfix\r\n");
	say(talk, stage, UP, "EHLO mail.client.example\r\n");
	say(talk, stage, DOWN,
		"250-mx.corp.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-ETRN\r\n250-ENHANCEDSTATUSCODES\r\n"
		"250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n");
	talk->turn = ENVELOPE;
}

/* other - a request and a piece of the response: random octets, since nothing parses them. */
static void other(struct talk *talk, struct stage *stage)
{
	static uint8_t *pool;
	if (!pool) {
		struct dice dice = { 1 };
		pool = g_malloc(OTHER_POOL);
		for (size_t at = 0; at < OTHER_POOL; at++)
			pool[at] = (uint8_t)dice_word(&dice);
	}
	uint32_t up = dice_between(&stage->dice, 40, 700), down = dice_between(&stage->dice, 100, TURN_OCTETS);
	line_send(&stage->wire, &talk->line, UP, pool + dice_below(&stage->dice, OTHER_POOL - up), up);
	line_send(&stage->wire, &talk->line, DOWN, pool + dice_below(&stage->dice, OTHER_POOL - down), down);
	talk->spent += up + down;
}

bool talk_turn(struct talk *talk, struct stage *stage)
{
	if (talk->spent >= talk->budget && (talk->turn == ENVELOPE || talk->turn == OTHER)) {
		if (talk->turn == ENVELOPE) {
			say(talk, stage, UP, "QUIT\r\n");
			say(talk, stage, DOWN, "221 2.0.0 Bye\r\n");
		}
		line_close(&stage->wire, &talk->line);
		talk_free(talk);
		return false;
	}
	switch (talk->turn) {
	case GREET:
		greet(talk, stage);
		break;
	case ENVELOPE:
		new_mail(talk, stage);
		envelope(talk, stage, dice_below(&stage->dice, 2) == 0);
		break;
	case RECIPIENTS:
	case DATA:
		envelope(talk, stage, true);
		break;
	case CONTENT:
		content(talk, stage);
		break;
	case OTHER:
		other(talk, stage);
		break;
	}
	return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transfer.c - see transfer.h. base64.c decodes base64. GMime's decoder for quoted-printable is not used, because it
 * reads octet by octet and loses an escape that was cut off.
 */
#include "transfer.h"

#include <string.h>

/* Decoded octets on their way to the sink, which may decode them again: a buffer for each depth. */
static uint8_t *buffers[TRANSFER_DEPTH_MAX];

enum mime_encoding mime_encoding_find(struct span value)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} names[] = {
		{ "7bit", MIME_IDENTITY },
		{ "8bit", MIME_IDENTITY },
		{ "binary", MIME_IDENTITY },
		{ "7-bit", MIME_IDENTITY },
		{ "8-bit", MIME_IDENTITY },
		{ "7bits", MIME_IDENTITY },
		{ "8bits", MIME_IDENTITY },
		{ "base64", MIME_BASE64 },
		{ "quoted-printable", MIME_QUOTED_PRINTABLE },
		{ "x-uuencode", MIME_UUENCODE },
		{ "uuencode", MIME_UUENCODE },
		{ "x-uue", MIME_UUENCODE },
		{ "uue", MIME_UUENCODE },
	};
	if (value.size == 0)
		return MIME_IDENTITY;
	const char *at = (const char *)value.data, *end = at + value.size;
	for (unsigned comments = 0; at < end && (comments > 0 || g_ascii_isspace(*at) || *at == '"' || *at == '(');
		at++)
		comments = *at == '(' ? comments + 1 : *at == ')' && comments > 0 ? comments - 1 : comments;
	size_t size = 0;
	while (at + size < end && !g_ascii_isspace(at[size]) && at[size] != '"' && at[size] != ';' && at[size] != '(' &&
		at[size] != '\0')
		size++;
	if (size == 0)
		return MIME_IDENTITY;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i].name) == size && mime_same(at, names[i].name, size))
			return names[i].encoding;
	return MIME_UNKNOWN;
}

static void emit(const struct transfer *transfer, size_t size)
{
	if (size > 0)
		transfer->sink(transfer->context, span_of(transfer->out, size));
}

/* ---- quoted-printable ---- */

/* hex_value - of a hexadecimal digit. */
static uint8_t hex_value(uint8_t digit)
{
	return (uint8_t)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

/* What begins at an '=': an encoded octet, a soft line break, neither, or more octets are needed to tell. */
enum escape { ESCAPE_OCTET, ESCAPE_BREAK, ESCAPE_NONE, ESCAPE_MORE };

/* escape - tells what begins at the '='. *size: its octets. A soft line break may contain blanks. */
static enum escape escape(const uint8_t *at, const uint8_t *end, size_t *size)
{
	const uint8_t *from = at + 1;
	*size = 1;
	if (from == end)
		return ESCAPE_MORE;
	if (g_ascii_isxdigit(*from)) {
		*size = 3;
		if (from + 1 == end)
			return ESCAPE_MORE;
		return g_ascii_isxdigit(from[1]) ? ESCAPE_OCTET : ESCAPE_NONE;
	}
	while (from < end && text_is_wsp(*from))
		from++;
	if (from == end || (*from == '\r' && from + 1 == end))
		return ESCAPE_MORE;
	from += *from == '\r';
	if (*from != '\n')
		return ESCAPE_NONE;
	*size = (size_t)(from + 1 - at);
	return ESCAPE_BREAK;
}

/* blank_run - ESCAPE_BREAK: white space at the end of a line, which is not part of the text (RFC 2045 6.7 rule 3).
 * *size: its octets. */
static enum escape blank_run(const uint8_t *at, const uint8_t *end, size_t *size)
{
	const uint8_t *from = at;
	while (from < end && text_is_wsp(*from))
		from++;
	*size = (size_t)(from - at);
	if (from == end || (*from == '\r' && from + 1 == end))
		return ESCAPE_MORE;
	return *from == '\n' || (*from == '\r' && from[1] == '\n') ? ESCAPE_BREAK : ESCAPE_NONE;
}

/* blanks_before - the number of blanks before data[at], back to data[from] at most. */
static size_t blanks_before(const uint8_t *data, size_t from, size_t at)
{
	size_t size = 0;
	while (at - size > from && text_is_wsp(data[at - size - 1]))
		size++;
	return size;
}

/* plain_end - the end of the plain text at `at`: at the next '=', or at blanks that end a line or the input. */
static size_t plain_end(const uint8_t *in, size_t at, size_t equals, bool last)
{
	while (at < equals) {
		const uint8_t *lf = memchr(in + at, '\n', equals - at);
		size_t stop = lf ? (size_t)(lf - in) : equals;
		size_t end = stop - (stop > at && in[stop - 1] == '\r');
		size_t blanks = lf || last ? blanks_before(in, at, end) : 0;
		if (blanks > 0)
			return end - blanks;
		at = stop + (lf ? 1 : 0);
	}
	return equals;
}

/* quoted_run - decodes as much as can be decided. Returns the number of octets used; *to: the number of octets in out.
 */
static size_t quoted_run(const struct transfer *transfer, const uint8_t *in, size_t size, size_t *to)
{
	size_t at = 0, equals = 0;
	while (at < size) {
		size_t taken = 0;
		enum escape found = ESCAPE_NONE;
		uint8_t *out = transfer->out;
		if (*to + 2 >= MIME_STEP) {
			emit(transfer, *to);
			*to = 0;
		}
		if (in[at] == '=')
			found = escape(in + at, in + size, &taken);
		else if (text_is_wsp(in[at]))
			found = blank_run(in + at, in + size, &taken);
		if (found == ESCAPE_MORE)
			break;
		if (found == ESCAPE_OCTET)
			out[(*to)++] = (uint8_t)(hex_value(in[at + 1]) << 4 | hex_value(in[at + 2]));
		if (found != ESCAPE_NONE) {
			at += taken;
			continue;
		}
		size_t from = at + MAX(in[at] == '=' ? 1 : taken, 1);
		if (equals < from) {
			const uint8_t *next = memchr(in + from, '=', size - from);
			equals = next ? (size_t)(next - in) : size;
		}
		size_t run = MIN(plain_end(in, from, equals, equals == size) - at, MIME_STEP - *to);
		memcpy(out + *to, in + at, run);
		*to += run;
		at += run;
	}
	return at;
}

static void quoted_feed(struct transfer *transfer, struct span in)
{
	size_t to = 0;
	while (transfer->held.size > 0 && in.size > 0) {
		/* the octets that are held, with enough new ones to decide */
		size_t more = MIN(in.size, QUOTED_HELD_MAX - transfer->held.size), before = transfer->held.size;
		memcpy(transfer->held.octets + before, in.data, more);
		size_t size = before + more, used = quoted_run(transfer, transfer->held.octets, size, &to);
		if (used == 0 && size == QUOTED_HELD_MAX) {
			/* too many blanks to wait for what follows */
			memcpy(transfer->out + to, transfer->held.octets, before);
			to += before;
			used = before;
		}
		if (used >= before) {
			transfer->held.size = 0;
			in = span_from(in, used - before);
		} else {
			memmove(transfer->held.octets, transfer->held.octets + used, size - used);
			transfer->held.size = size - used;
			in = span_from(in, more);
		}
	}
	size_t used = in.size > 0 ? quoted_run(transfer, in.data, in.size, &to) : 0;
	while (in.size - used >= QUOTED_HELD_MAX) {
		size_t run = MIN(in.size - used, MIME_STEP - to);
		memcpy(transfer->out + to, in.data + used, run);
		to += run;
		used += run;
		emit(transfer, to);
		to = 0;
		used += quoted_run(transfer, in.data + used, in.size - used, &to);
	}
	if (in.size > used) {
		memcpy(transfer->held.octets, in.data + used, in.size - used);
		transfer->held.size = in.size - used;
	}
	emit(transfer, to);
}

/* quoted_end - white space at the end is not part of the text; an incomplete soft line break counts as one. */
static void quoted_end(struct transfer *transfer)
{
	const uint8_t *held = transfer->held.octets;
	size_t size = transfer->held.size, blanks = 0;
	transfer->held.size = 0;
	if (size == 0)
		return;
	while (1 + blanks < size && text_is_wsp(held[1 + blanks]))
		blanks++;
	if (held[0] == '=' && (1 + blanks == size || held[1 + blanks] == '\r'))
		return;
	if (held[0] != '=' && held[size - 1] != '\r')
		return;
	if (held[0] != '=')
		held += size - 1, size = 1;
	transfer->sink(transfer->context, span_of(held, size));
}

/* ---- uuencode ---- */

/* begin_line - "begin", an octal mode, a name. */
static bool begin_line(struct transfer *transfer)
{
	const char *line = transfer->uuencode.line;
	if (!g_str_has_prefix(line, "begin "))
		return false;
	size_t mode = strspn(line + 6, "01234567");
	if (mode == 0 || line[6 + mode] != ' ')
		return false;
	g_strlcpy(transfer->uuencode.name, line + 6 + mode + 1, sizeof transfer->uuencode.name);
	return true;
}

/* uu_value - the value of a character; 0 when it is invalid or missing at the end of a line. */
static uint32_t uu_value(const char *line, size_t size, size_t at)
{
	return at < size ? ((uint32_t)(uint8_t)line[at] - ' ') & 63 : 0;
}

size_t transfer_uu_line(const char *line, size_t size, uint8_t *out)
{
	const size_t octets = uu_value(line, size, 0);
	for (size_t at = 0; at < octets; at += 3) {
		size_t from = 1 + at / 3 * 4;
		uint32_t bits = uu_value(line, size, from) << 18 | uu_value(line, size, from + 1) << 12 |
				uu_value(line, size, from + 2) << 6 | uu_value(line, size, from + 3);
		*out++ = (uint8_t)(bits >> 16);
		*out++ = (uint8_t)(bits >> 8);
		*out++ = (uint8_t)bits;
	}
	return octets;
}

/* has_text - is there more than white space? */
static bool has_text(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!g_ascii_isspace(text[i]))
			return true;
	return false;
}

/* uuencode_line - takes a complete line. */
static void uuencode_line(struct transfer *transfer)
{
	const char *line = transfer->uuencode.line;
	while (transfer->uuencode.size > 0 && transfer->uuencode.line[transfer->uuencode.size - 1] == '\r')
		transfer->uuencode.size--;
	transfer->uuencode.line[transfer->uuencode.size] = '\0';
	if (transfer->uuencode.begun && transfer->uuencode.size == 3 && memcmp(line, "end", 3) == 0)
		transfer->uuencode.ended = true;
	else if (transfer->uuencode.begun)
		emit(transfer, transfer_uu_line(line, transfer->uuencode.size, transfer->out));
	else if (!(transfer->uuencode.begun = begin_line(transfer)))
		transfer->uuencode.outside = transfer->uuencode.outside || has_text(line, transfer->uuencode.size);
	transfer->uuencode.size = 0;
}

/* uuencode_feed - decodes line by line; leaves out what is before the begin line and behind the end line. */
static void uuencode_feed(struct transfer *transfer, struct span in)
{
	size_t at = 0;
	while (at < in.size && !transfer->uuencode.ended) {
		const uint8_t *lf = memchr(in.data + at, '\n', in.size - at);
		size_t end = lf ? (size_t)(lf - in.data) : in.size;
		size_t room = UUENCODE_LINE_MAX - 1 - transfer->uuencode.size, size = MIN(end - at, room);
		memcpy(transfer->uuencode.line + transfer->uuencode.size, in.data + at, size);
		transfer->uuencode.size += size;
		at = end + (lf ? 1 : 0);
		if (lf)
			uuencode_line(transfer);
	}
	bool text = has_text((const char *)in.data + at, in.size - at);
	transfer->uuencode.outside = transfer->uuencode.outside || text;
}

static const char *uuencode_end(struct transfer *transfer)
{
	if (transfer->uuencode.size > 0 && !transfer->uuencode.ended)
		uuencode_line(transfer);
	if (!transfer->uuencode.begun)
		return "no begin line in uuencode";
	if (!transfer->uuencode.ended)
		return "uuencode without an end line";
	return transfer->uuencode.outside ? "text before or behind the uuencoded file" : NULL;
}

const char *transfer_name(const struct transfer *transfer)
{
	bool named = transfer->encoding == MIME_UUENCODE && *transfer->uuencode.name != '\0';
	return named ? transfer->uuencode.name : NULL;
}

/* ---- any encoding ---- */

void transfer_exit(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(buffers); i++)
		g_clear_pointer(&buffers[i], g_free);
}

void transfer_begin(
	struct transfer *transfer, unsigned depth, enum mime_encoding encoding, mime_sink sink, void *context)
{
	g_assert(depth < TRANSFER_DEPTH_MAX);
	if (!buffers[depth])
		buffers[depth] = g_malloc(MIME_STEP + BASE64_LINE_MAX + BASE64_SPARE);
	transfer->out = buffers[depth];
	transfer->encoding = encoding;
	transfer->sink = sink;
	transfer->context = context;
	if (encoding == MIME_BASE64)
		memset(&transfer->base64, 0, offsetof(struct base64, line));
	else if (encoding == MIME_UUENCODE)
		memset(&transfer->uuencode, 0, sizeof transfer->uuencode);
	else
		transfer->held.size = 0;
}

void transfer_feed(struct transfer *transfer, struct span in)
{
	switch (transfer->encoding) {
	case MIME_BASE64:
		for (size_t at = 0, step; at < in.size; at += step) {
			step = MIN(in.size - at, MIME_STEP);
			emit(transfer, base64_feed(&transfer->base64, in.data + at, step, transfer->out));
		}
		break;
	case MIME_QUOTED_PRINTABLE:
		quoted_feed(transfer, in);
		break;
	case MIME_UUENCODE:
		uuencode_feed(transfer, in);
		break;
	case MIME_IDENTITY:
	case MIME_UNKNOWN:
		if (in.size > 0)
			transfer->sink(transfer->context, in);
		break;
	}
}

void transfer_gap(struct transfer *transfer)
{
	if (transfer->encoding == MIME_BASE64)
		emit(transfer, base64_gap(&transfer->base64, transfer->out));
	else if (transfer->encoding == MIME_QUOTED_PRINTABLE)
		quoted_end(transfer);
}

const char *transfer_end(struct transfer *transfer)
{
	switch (transfer->encoding) {
	case MIME_BASE64:
		emit(transfer, base64_end(&transfer->base64, transfer->out));
		return transfer->base64.trouble;
	case MIME_QUOTED_PRINTABLE:
		quoted_end(transfer);
		return NULL;
	case MIME_UUENCODE:
		return uuencode_end(transfer);
	case MIME_IDENTITY:
	case MIME_UNKNOWN:
		return NULL;
	}
	g_assert_not_reached();
}

const char *mime_decode(enum mime_encoding encoding, struct span in, mime_sink sink, void *context)
{
	struct transfer transfer;
	transfer_begin(&transfer, TRANSFER_DEPTH_MAX - 1, encoding, sink, context);
	transfer_feed(&transfer, in);
	return transfer_end(&transfer);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * header.c - header fields: their names, and the decoded fields of the mail itself.
 *
 * block.c cuts a header block into fields, which are ranges of its octets.
 */
#include "mime.h"

#include <string.h>

static const struct {
	const char *name;
	size_t size;
} names[] = {
#define X(id, name) { name, sizeof name - 1 },
	MIME_FIELDS(X)
#undef X
};

const char *mime_field_name(enum mime_field_id id)
{
	return names[id].name;
}

/* mime_field_find - compares only the names with the same first letter. */
inline enum mime_field_id mime_field_find(struct span name)
{
	static const uint8_t firsts[32] = { ['b' & 31] = MIME_FIELD_BCC + 1,
		['c' & 31] = MIME_FIELD_CC + 1,
		['d' & 31] = MIME_FIELD_DATE + 1,
		['f' & 31] = MIME_FIELD_FROM + 1,
		['i' & 31] = MIME_FIELD_IN_REPLY_TO + 1,
		['m' & 31] = MIME_FIELD_MESSAGE_ID + 1,
		['r' & 31] = MIME_FIELD_RECEIVED + 1,
		['s' & 31] = MIME_FIELD_SUBJECT + 1,
		['t' & 31] = MIME_FIELD_TO + 1,
		['u' & 31] = MIME_FIELD_USER_AGENT + 1,
		['x' & 31] = MIME_FIELD_X_MAILER + 1 };
	unsigned first = name.data[0] | 0x20, found = firsts[first & 31];
	for (enum mime_field_id id = found - 1; found > 0 && id < MIME_FIELD_OTHER; id++) {
		if (((uint8_t)names[id].name[0] | 0x20) != first)
			break;
		if (names[id].size == name.size &&
			(memcmp(names[id].name, name.data, name.size) == 0 ||
				g_ascii_strncasecmp(names[id].name, (const char *)name.data, name.size) == 0))
			return id;
	}
	return MIME_FIELD_OTHER;
}

struct span mime_field_value(const struct mime_fields *fields, enum mime_field_id id)
{
	for (size_t i = 0; i < fields->count; i++)
		if (fields->at[i].id == id)
			return fields->at[i].value;
	return span_of(NULL, 0);
}

/* unfolded - a copy of a value without its line ends. */
static struct span unfolded(struct arena *arena, struct span value)
{
	uint8_t *out = arena_take(arena, value.size);
	size_t size = 0, next;
	for (size_t at = 0; at < value.size; at = next) {
		size_t end = mime_line_end(value, at, &next);
		memcpy(out + size, value.data + at, end - at);
		size += end - at;
	}
	return span_of(out, size);
}

static struct span trimmed(struct span value)
{
	while (value.size > 0 && g_ascii_isspace(*value.data))
		value = span_from(value, 1);
	while (value.size > 0 && g_ascii_isspace(value.data[value.size - 1]))
		value.size--;
	return value;
}

void mime_header_keep(struct mail *mail, const struct mime_fields *fields)
{
	struct arena *arena = mail->arena;
	mail->header_count = fields->count;
	mail->headers = arena_take(arena, fields->count * sizeof *mail->headers);
	for (size_t i = 0; i < fields->count; i++) {
		const struct mime_field *field = &fields->at[i];
		struct mail_header *header = &mail->headers[i];
		*header = (struct mail_header){ field->name, field->value };
		if (field->folded)
			header->value = unfolded(arena, header->value);
		header->value = trimmed(header->value);
	}
}

/* take_reply_to - answers go to the addresses of all such fields. */
static void take_reply_to(struct mail *mail, char *line)
{
	char *decoded = mime_decode_words(mail->arena, line);
	if (!mail->reply_to) {
		mime_mailbox(mail->arena, line, &mail->reply_to_name, &mail->reply_to_address);
		mail->reply_to = decoded;
	} else
		mail->reply_to = arena_string(
			mail->arena, g_string_append(g_string_append(g_string_new(mail->reply_to), ", "), decoded));
}

static void take_author(struct mail *mail, char *line)
{
	if (mail->from)
		return;
	mime_mailbox(mail->arena, line, &mail->from_name, &mail->from_address);
	mail->from = mime_decode_words(mail->arena, line);
}

/* How fields are decoded, and into which member of struct mail. */
enum decoding { NOT_DECODED, AS_TEXT, AS_WORDS, AS_ADDRESSES, AS_TRACE, AS_FROM, AS_REPLY_TO };
#define INTO(member) offsetof(struct mail, member)
static const struct {
	enum decoding how;
	size_t member;
} decodings[MIME_FIELD_OTHER + 1] = {
	[MIME_FIELD_FROM] = { .how = AS_FROM },
	[MIME_FIELD_REPLY_TO] = { .how = AS_REPLY_TO },
	[MIME_FIELD_TO] = { AS_ADDRESSES, INTO(to) },
	[MIME_FIELD_CC] = { AS_ADDRESSES, INTO(cc) },
	[MIME_FIELD_BCC] = { AS_ADDRESSES, INTO(bcc) },
	[MIME_FIELD_SUBJECT] = { AS_WORDS, INTO(subject) },
	[MIME_FIELD_X_MAILER] = { AS_WORDS, INTO(x_mailer) },
	[MIME_FIELD_USER_AGENT] = { AS_WORDS, INTO(user_agent) },
	[MIME_FIELD_DATE] = { AS_TEXT, INTO(date) },
	[MIME_FIELD_MESSAGE_ID] = { AS_TEXT, INTO(message_id) },
	[MIME_FIELD_IN_REPLY_TO] = { AS_TEXT, INTO(in_reply_to) },
	[MIME_FIELD_REFERENCES] = { AS_TEXT, INTO(references) },
	[MIME_FIELD_X_ORIGINATING_IP] = { AS_TEXT, INTO(x_originating_ip) },
	[MIME_FIELD_RECEIVED] = { AS_TRACE, INTO(received) },
};

/* decode_field - of repeated fields other than Reply-To and those with lists the first is used. */
static void decode_field(struct mail *mail, enum mime_field_id id, struct span value, const char *hint)
{
	void *member = (char *)mail + decodings[id].member;
	char **text = member;
	switch (decodings[id].how) {
	case AS_TEXT:
		*text = *text ? *text : mime_unfold(mail->arena, value, hint);
		break;
	case AS_WORDS:
		*text = *text ? *text : mime_words(mail->arena, value, hint);
		break;
	case AS_ADDRESSES:
		mime_addresses(mail, member, value, hint);
		break;
	case AS_TRACE:
		mail_list_add(mail, member, mime_unfold(mail->arena, value, hint));
		break;
	case AS_FROM:
		take_author(mail, mime_unfold(mail->arena, value, hint));
		break;
	case AS_REPLY_TO:
		take_reply_to(mail, mime_unfold(mail->arena, value, hint));
		break;
	case NOT_DECODED:
		break;
	}
}

void mime_header_decode(struct mail *mail, const struct mime_fields *fields, const char *hint)
{
	for (size_t i = 0; i < fields->count; i++)
		decode_field(mail, fields->at[i].id, fields->at[i].value, hint);
}

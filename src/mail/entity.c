/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * entity.c - reads the header of a part, reports what is wrong with it, and corrects it by the first octets of the
 * body.
 */
#include <string.h>

#include "walk.h"

/* Fields that should occur once, because mail readers differ in which of two they show. */
static const enum mime_field_id once[] = { MIME_FIELD_FROM, MIME_FIELD_SUBJECT, MIME_FIELD_DATE, MIME_FIELD_MESSAGE_ID,
	MIME_FIELD_CONTENT_TYPE, MIME_FIELD_CONTENT_DISPOSITION, MIME_FIELD_CONTENT_TRANSFER_ENCODING };

static char *keep_text(struct arena *arena, const char *text)
{
	return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

/* values - the values of a repeated field, for the alert's description: "7bit", "base64". */
static char *values(struct arena *arena, const struct mime_fields *fields, enum mime_field_id id)
{
	GString *text = g_string_new(NULL);
	for (size_t i = 0; i < fields->count; i++) {
		const struct mime_field *field = &fields->at[i];
		if (field->id == id)
			g_string_append_printf(text, "%s\"%s\"", text->len > 0 ? ", " : ": ",
				mime_unfold(arena, span_of(field->value.data, MIN(field->value.size, 100)), NULL));
	}
	return arena_string(arena, text);
}

static void check_repeated(struct parts *parts, struct arena *scratch, const struct block *block, const char *number)
{
	for (size_t i = 0; i < G_N_ELEMENTS(once); i++) {
		if ((block->repeated & UINT32_C(1) << once[i]) == 0)
			continue;
		unsigned count = 0;
		struct span last = { NULL, 0 };
		for (size_t j = 0; j < block->fields.count; j++) {
			const struct mime_field *field = &block->fields.at[j];
			if (field->id != once[i])
				continue;
			count++;
			last = span_of(
				field->name.data, (size_t)(field->value.data + field->value.size - field->name.data));
		}
		bool both = once[i] == MIME_FIELD_CONTENT_TRANSFER_ENCODING;
		mail_defect(parts->mail, MIME_DUPLICATE_HEADER, last, "%u %s headers%s%s%s", count,
			mime_field_name(once[i]), *number != '\0' ? " in part " : "", number,
			both ? values(scratch, &block->fields, once[i]) : "");
	}
}

/* check_block - reports exceeded limits, and lines that are not fields. */
static void check_block(struct parts *parts, const struct block *block, const char *number, bool damaged)
{
	const char *which = *number != '\0' ? number : "message";
	struct mail *mail = parts->mail;
	if (block->size > MIME_HEADER_BLOCK_MAX)
		mail_defect(mail, MIME_HEADER_LIMIT, span_of(NULL, 0), "header block of %zu octets (%s)", block->size,
			which);
	if (block->longest > MIME_HEADER_LINE_MAX)
		mail_defect(mail, MIME_HEADER_LIMIT, span_of(NULL, 0), "header line of %zu octets (%s)", block->longest,
			which);
	if (block->count > MIME_HEADER_COUNT_MAX)
		mail_defect(mail, MIME_HEADER_LIMIT, span_of(NULL, 0), "%zu header fields (%s)", block->count, which);
	mail->partial = mail->partial || block->dropped;
	if (block->odd_size > 0 && !damaged)
		mail_defect(mail, MIME_MALFORMED, span_of(block->odd, block->odd_size),
			"a line that is not a field among the header fields (%s)", which);
}

/* is_type - has it the form of a media type? */
static bool is_type(const char *value)
{
	const char *slash = value ? strchr(value, '/') : NULL;
	return slash && slash > value && slash[1] != '\0' && !strchr(slash + 1, '/') && !strpbrk(value, "\"<>@,=");
}

/* is_message_type - does the type say that the body is a message with a header? RFC 2046 5.2.2: of a message sent in
 * pieces (message/partial) the first one begins with the header. */
static bool is_message_type(const char *type, const struct mime_params *content)
{
	return mime_begins(type, "message/") &&
	       (strcmp(type, "message/rfc822") == 0 || strcmp(type, "message/global") == 0 ||
		       strcmp(type, "message/news") == 0 ||
		       (strcmp(type, "message/partial") == 0 && g_strcmp0(content->number, "1") == 0));
}

/* read_type - the media type of the part. An invalid one is a defect; the part is then text/plain or, when there is a
 * boundary, a multipart. */
static void read_type(
	struct parts *parts, struct entity *entity, struct span value, const char *default_type, bool damaged)
{
	entity->type = default_type;
	if (value.data && is_type(entity->content.value))
		entity->type = entity->content.value;
	else if (value.data) {
		entity->type = "text/plain";
		entity->multipart = entity->content.boundary && *entity->content.boundary;
		if (!damaged)
			mail_defect(parts->mail, MIME_MALFORMED, value, "bad Content-Type");
	}
	entity->multipart |= mime_begins(entity->type, "multipart/");
	entity->message = is_message_type(entity->type, &entity->content);
}

/* read_external - the body of the part is elsewhere: adds its URL, which may contain white space (RFC 2017 3). */
static void read_external(struct parts *parts, const struct entity *entity)
{
	char *url = entity->content.url;
	if (!url || !parts->options->urls || strcmp(entity->type, "message/external-body") != 0)
		return;
	size_t size = 0;
	for (const char *at = url; *at != '\0'; at++)
		if (!g_ascii_isspace(*at))
			url[size++] = *at;
	mime_url(parts->mail, &parts->seen, span_of(url, size));
}

/* read_second_type - takes the boundary of a second Content-Type: if the body uses it, the part is a multipart. */
static void read_second_type(
	struct parts *parts, struct arena *scratch, struct entity *entity, const struct block *block)
{
	bool first = true;
	for (size_t i = 0; i < block->fields.count && !entity->multipart && !entity->message; i++) {
		const struct mime_field *field = &block->fields.at[i];
		struct mime_params second;
		if (field->id != MIME_FIELD_CONTENT_TYPE)
			continue;
		if (!first) {
			mime_params_parse(scratch, &second, field->value, parts->hint);
			entity->multipart =
				second.boundary && second.value && g_str_has_prefix(second.value, "multipart/");
			if (entity->multipart)
				entity->content.boundary = second.boundary;
		}
		first = false;
	}
}

/* read_encoding - the first field is used; if a second one differs, entity_correct chooses by the octets. */
static void read_encoding(struct parts *parts, struct entity *entity, const struct block *block, bool damaged)
{
	bool first = true;
	entity->encoding = entity->other = MIME_IDENTITY;
	for (size_t i = 0; i < block->fields.count; i++) {
		const struct mime_field *field = &block->fields.at[i];
		if (field->id != MIME_FIELD_CONTENT_TRANSFER_ENCODING)
			continue;
		enum mime_encoding encoding = mime_encoding_find(field->value);
		if (encoding == MIME_UNKNOWN && !damaged)
			mail_defect(parts->mail, MIME_MALFORMED, field->value, "unknown transfer encoding");
		if (first)
			entity->encoding = entity->other = encoding;
		else if (encoding != entity->encoding && entity->other == entity->encoding)
			entity->other = encoding;
		first = false;
	}
}

/* has_extension - has one of the part's names this extension? */
static bool has_extension(const struct entity *entity, const char *extension)
{
	return names_extension(entity->disposition.filename, extension) ||
	       names_extension(entity->content.name, extension);
}

void entity_read(struct parts *parts, struct arena *scratch, struct entity *entity, const struct block *block,
	const char *default_type, const char *number, bool damaged)
{
	struct span type = mime_field_value(&block->fields, MIME_FIELD_CONTENT_TYPE);
	struct span disposition = mime_field_value(&block->fields, MIME_FIELD_CONTENT_DISPOSITION);
	damaged = damaged && block->damaged;
	check_block(parts, block, number, damaged);
	if (block->repeated != 0)
		check_repeated(parts, scratch, block, number);
	mime_params_parse(scratch, &entity->content, type, parts->hint);
	mime_params_parse(scratch, &entity->disposition, disposition, parts->hint);
	if (block->repeated & (UINT32_C(1) << MIME_FIELD_CONTENT_TYPE | UINT32_C(1) << MIME_FIELD_CONTENT_DISPOSITION))
		names_again(scratch, &entity->content, &block->fields, parts->hint);
	read_type(parts, entity, type, default_type, damaged);
	read_external(parts, entity);
	if (block->repeated & UINT32_C(1) << MIME_FIELD_CONTENT_TYPE)
		read_second_type(parts, scratch, entity, block);
	read_encoding(parts, entity, block, damaged);
	bool application = mime_begins(entity->type, "application/");
	bool plain_file = application && strcmp(entity->type, "application/octet-stream") == 0;
	entity->maybe_message = !entity->multipart && !entity->message &&
				(plain_file || has_extension(entity, ".eml") || has_extension(entity, ".mbox") ||
					has_extension(entity, ".mbx") || strcmp(entity->type, "application/mbox") == 0);
	entity->opaque = application &&
			 (strcmp(entity->type, "application/pkcs7-mime") == 0 ||
				 strcmp(entity->type, "application/x-pkcs7-mime") == 0 ||
				 (plain_file && (has_extension(entity, ".p7m") || has_extension(entity, ".p7z"))));
	if (!parts->hint && entity->content.charset)
		parts->hint = keep_text(parts->mail->arena, entity->content.charset);
}

/* ---- the first octets of the body ---- */

/* first_line - the first line that is not empty, without its line end. */
static struct span first_line(struct span body)
{
	while (body.size > 0 && (*body.data == '\r' || *body.data == '\n'))
		body = span_from(body, 1);
	size_t next;
	return span_of(body.data, body.size > 0 ? mime_line_end(body, 0, &next) : 0);
}

/* line_is_base64 - has the first line only characters of base64? */
static bool line_is_base64(struct span body)
{
	struct span line = first_line(body);
	for (size_t i = 0; i < line.size; i++)
		if (!g_ascii_isalnum(line.data[i]) && !memchr("+/= \t\r", line.data[i], 6))
			return false;
	return line.size > 0;
}

/* is_quoted - does every '=' begin an escape or a soft line break? */
static bool is_quoted(struct span body)
{
	for (size_t i = 0; i + 2 < body.size; i++) {
		uint8_t one = body.data[i + 1], two = body.data[i + 2];
		bool escape = g_ascii_isxdigit(one) && g_ascii_isxdigit(two) && !g_ascii_islower(one) &&
			      !g_ascii_islower(two);
		if (body.data[i] == '=' && !escape && !g_ascii_isspace(one))
			return false;
	}
	return true;
}

/* is_so - can the body be in this encoding? */
static bool is_so(enum mime_encoding encoding, struct span body)
{
	if (encoding == MIME_BASE64)
		return line_is_base64(body);
	return encoding != MIME_QUOTED_PRINTABLE || is_quoted(body);
}

bool entity_begins_message(struct span body)
{
	static const char *const begins[] = { "Received", "Return-Path", "Delivered-To", "From", "To", "Subject",
		"Date", "Message-ID", "MIME-Version", "Reply-To", "Sender", "X-Received", "DKIM-Signature",
		"Content-Type", "X-Mailer", "X-Originating-IP", "Authentication-Results", "ARC-Seal", "User-Agent",
		"X-Original-To" };
	struct span line = first_line(body);
	if (block_is_separator(line)) {
		size_t behind = (size_t)(line.data - body.data) + line.size;
		line = first_line(span_from(body, behind));
	}
	size_t value, size = block_field_name(line, &value);
	for (size_t i = 0; size > 0 && i < G_N_ELEMENTS(begins); i++)
		if (strlen(begins[i]) == size && g_ascii_strncasecmp((const char *)line.data, begins[i], size) == 0)
			return true;
	return false;
}

static void append_decoded(void *context, struct span decoded)
{
	g_byte_array_append(context, decoded.data, (guint)decoded.size);
}

/* holds_message - does the decoded body begin with the header of a message? *separator: there is an mbox separator
 * before it. */
static bool holds_message(enum mime_encoding encoding, struct span body, bool *separator)
{
	GByteArray *decoded = g_byte_array_new();
	mime_decode(encoding, body, append_decoded, decoded);
	bool message = entity_begins_message(span_of(decoded->data, decoded->len));
	*separator = block_is_separator(first_line(span_of(decoded->data, decoded->len)));
	g_byte_array_free(decoded, TRUE);
	return message;
}

/* check_label - corrects the transfer encoding of a multipart or message when the octets contradict it. */
static void check_label(struct parts *parts, struct entity *entity, struct span body, bool damaged)
{
	bool plain = entity->encoding == MIME_IDENTITY || entity->encoding == MIME_UNKNOWN;
	bool separator;
	bool hidden = plain && entity->message && line_is_base64(body) && holds_message(MIME_BASE64, body, &separator);
	if (!hidden && is_so(entity->encoding, body))
		return;
	if (!damaged)
		mail_defect(parts->mail, MIME_MALFORMED, body,
			hidden ? "%s is in base64, but is not declared to be"
			       : "%s is declared to be encoded, but is not",
			entity->type);
	entity->encoding = hidden ? MIME_BASE64 : MIME_IDENTITY;
}

void entity_correct(struct parts *parts, struct entity *entity, struct span body, bool damaged)
{
	/* two encodings are declared: use the second one if the octets fit it */
	if (entity->other != entity->encoding && entity->other != MIME_IDENTITY && entity->other != MIME_UNKNOWN &&
		is_so(entity->other, body))
		entity->encoding = entity->other;
	if ((entity->multipart || entity->message) && body.size > 0)
		check_label(parts, entity, body, damaged);
	if (entity->maybe_message)
		entity->message = holds_message(entity->encoding, body, &entity->folder);
	entity->folder = entity->folder && entity->message && !has_extension(entity, ".eml");
}

struct mail_part *entity_part(struct parts *parts, const struct entity *entity, const char *number)
{
	struct arena *arena = parts->mail->arena;
	struct mail_part *about = arena_take(arena, sizeof *about);
	*about = (struct mail_part){ 0 };
	about->content_type = keep_text(arena, entity->type);
	about->typed = entity->type == entity->content.value;
	about->charset = keep_text(arena, entity->content.charset);
	about->disposition = keep_text(arena, entity->disposition.value);
	about->number = keep_text(arena, number);
	names_take(parts->mail, about, &entity->disposition, true);
	names_take(parts->mail, about, &entity->content, false);
	names_done(parts->mail, about);
	about->attachment = about->filename || g_strcmp0(entity->disposition.value, "attachment") == 0;
	return about;
}

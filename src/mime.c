/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mime.c - the structure of a mail: header blocks, boundaries, parts, and what is wrong with them.
 *
 * One walk over the content: each line is looked at once, whatever the nesting, and only those that begin with "--"
 * are compared with the open boundaries, of which there are at most MAIL_DEPTH_MAX. Everything is a range of the
 * content. What is nested deeper is a leaf. A mail that is not whole has no structural defects: what is missing may
 * have been just what is missed.
 */
#include "mime.h"

#include <string.h>

#define PARTIAL_MESSAGE_MAX                                                                                            \
	(16 * 1024 * 1024) /* of an attached message that is encoded: beyond, its parts are not read */
#define RELEASE_STEP (4 * 1024 * 1024)

/* clang-format off */
#define FIELDS(X) \
	X(FROM, "From") X(TO, "To") X(CC, "Cc") X(BCC, "Bcc") X(REPLY_TO, "Reply-To") X(SUBJECT, "Subject") X(DATE, "Date") \
	X(MESSAGE_ID, "Message-ID") X(IN_REPLY_TO, "In-Reply-To") X(REFERENCES, "References") X(X_MAILER, "X-Mailer") \
	X(USER_AGENT, "User-Agent") X(X_ORIGINATING_IP, "X-Originating-IP") X(RECEIVED, "Received") \
	X(CONTENT_TYPE, "Content-Type") X(CONTENT_DISPOSITION, "Content-Disposition") \
	X(CONTENT_TRANSFER_ENCODING, "Content-Transfer-Encoding")
/* clang-format on */
enum field_id {
#define X(id, name) FIELD_##id,
	FIELDS(X)
#undef X
		FIELD_OTHER
};
static const char *const field_names[] = {
#define X(id, name) name,
	FIELDS(X)
#undef X
};

/* One header field: ranges of the content, the value folded as it is. */
struct field {
	enum field_id id;
	struct span name, value;
};

struct boundary {
	const char *text;
	size_t size;
	bool used; /* a line with it was seen */
};

/* Where a part ended: at a line of the boundary `level`, or (-1) at the end of the content. */
struct stop {
	int level;
	bool closing;
	size_t end;  /* of the part, without the line end that belongs to the boundary */
	size_t next; /* behind the line */
};

struct mime {
	struct mail *mail;
	const struct mail_options *options;
	const struct mime_source *source;
	struct mime_reader *reader;
	const uint8_t *data;
	size_t size, released;
	struct boundary boundaries[MAIL_DEPTH_MAX];
	int open;          /* boundaries */
	unsigned depth;    /* multiparts and messages around */
	unsigned messages; /* attached messages around */
	bool damaged;      /* not whole: nothing is said about what is missing */
	bool inherited;    /* in an encoded message that is not whole itself */
	GArray *fields;    /* struct field of the block read last */
	GArray *top;       /* those of the mail itself */
	GString *number;
	char *hint; /* a charset that a part declared */
};

static struct stop read_entity(struct mime *mime, size_t at, bool message, const char *default_type);

static enum field_id field_find(struct span name)
{
	for (enum field_id id = 0; id < FIELD_OTHER; id++)
		if (strlen(field_names[id]) == name.size &&
			g_ascii_strncasecmp(field_names[id], (const char *)name.data, name.size) == 0)
			return id;
	return FIELD_OTHER;
}

/* field_value - of the first field with this id; data is NULL when there is none. */
static struct span field_value(const GArray *fields, enum field_id id)
{
	for (guint i = 0; i < fields->len; i++)
		if (g_array_index(fields, struct field, i).id == id)
			return g_array_index(fields, struct field, i).value;
	return span_of(NULL, 0);
}

/* boundary_line - is the line data[at..end) one of the open boundaries? The innermost wins. Returns its level or -1. */
static int boundary_line(const struct mime *mime, size_t at, size_t end, bool *closing)
{
	if (end - at < 2 || mime->data[at] != '-' || mime->data[at + 1] != '-')
		return -1;
	const char *text = (const char *)mime->data + at + 2;
	size_t size = end - at - 2;
	while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
		size--;
	for (int level = mime->open - 1; level >= 0; level--) {
		const struct boundary *boundary = &mime->boundaries[level];
		if (size < boundary->size || memcmp(text, boundary->text, boundary->size) != 0)
			continue;
		*closing = size == boundary->size + 2 && memcmp(text + boundary->size, "--", 2) == 0;
		if (*closing || size == boundary->size)
			return level;
	}
	return -1;
}

/* line_end - where the line at `at` ends, without its line end; *next: the line after it. */
static size_t line_end(const struct mime *mime, size_t at, size_t *next)
{
	const uint8_t *lf = memchr(mime->data + at, '\n', mime->size - at);
	size_t end = lf != NULL ? (size_t)(lf - mime->data) : mime->size;
	*next = end + (lf != NULL);
	if (lf != NULL && end > at && mime->data[end - 1] == '\r')
		end--;
	return end;
}

/* stop_at - a boundary line at `at` ends the part that began at `begin`. */
static struct stop stop_at(struct mime *mime, size_t begin, size_t at, size_t next, int level, bool closing)
{
	size_t end = at;
	if (end > begin && mime->data[end - 1] == '\n')
		end--;
	if (end > begin && end < at && mime->data[end - 1] == '\r')
		end--;
	mime->boundaries[level].used = true;
	return (struct stop){ level, closing, end, next };
}

/* find_boundary - from `at`, the beginning of a line, to the next boundary line. What it ends began at `begin`. */
static struct stop find_boundary(struct mime *mime, size_t begin, size_t at)
{
	while (mime->open > 0 && at < mime->size) {
		size_t next, end;
		bool closing;
		if (mime->data[at] == '-') {
			end = line_end(mime, at, &next);
			int level = boundary_line(mime, at, end, &closing);
			if (level >= 0)
				return stop_at(mime, begin, at, next, level, closing);
		} else {
			const uint8_t *lf = memchr(mime->data + at, '\n', mime->size - at);
			next = lf != NULL ? (size_t)(lf - mime->data) + 1 : mime->size;
		}
		at = next;
		if (mime->source->mapped && at - mime->released > RELEASE_STEP) {
			mime_release(span_of(mime->data + mime->released, at - mime->released));
			mime->released = at;
		}
	}
	return (struct stop){ -1, false, mime->size, mime->size };
}

/* field_name_size - the size of the field name at the beginning of a line; 0 when it is no header line. *value: where
 * the value begins. */
static size_t field_name_size(const struct mime *mime, size_t at, size_t end, size_t *value)
{
	size_t name = at;
	while (name < end && mime->data[name] > ' ' && mime->data[name] < 0x7f && mime->data[name] != ':')
		name++;
	size_t colon = name;
	while (colon < end && (mime->data[colon] == ' ' || mime->data[colon] == '\t'))
		colon++;
	if (name == at || colon == end || mime->data[colon] != ':')
		return 0;
	*value = colon + 1;
	return name - at;
}

static bool starts_with(const struct mime *mime, size_t at, const char *word)
{
	size_t size = strlen(word);
	return mime->size - at >= size && memcmp(mime->data + at, word, size) == 0;
}

/* read_headers - the block at `at` into mime->fields. Returns where the body begins (a boundary line may be there). */
static size_t read_headers(struct mime *mime, size_t at)
{
	size_t begin = at, next, count = 0, longest = 0;
	g_array_set_size(mime->fields, 0);
	/* the separator line of a mail folder, sent along */
	if (mime->depth == 0 && (starts_with(mime, at, "From ") || starts_with(mime, at, ">From "))) {
		line_end(mime, at, &next);
		at = next;
	}
	for (; at < mime->size; at = next) {
		bool closing;
		size_t value, end = line_end(mime, at, &next);
		longest = MAX(longest, end - at);
		if (end == at) {
			at = next;
			break;
		}
		if (boundary_line(mime, at, end, &closing) >= 0)
			break;
		size_t name = field_name_size(mime, at, end, &value);
		if ((mime->data[at] == ' ' || mime->data[at] == '\t') && count > 0) {
			struct field *last = &g_array_index(mime->fields, struct field, mime->fields->len - 1);
			if (count <= MIME_HEADER_COUNT_MAX)
				last->value.size =
					MIN((size_t)(mime->data + end - last->value.data), MIME_HEADER_KEPT_MAX);
		} else if (name > 0) {
			struct field field = { FIELD_OTHER, span_of(mime->data + at, name),
				span_of(mime->data + value, MIN(end - value, MIME_HEADER_KEPT_MAX)) };
			field.id = field_find(field.name);
			if (count++ < MIME_HEADER_COUNT_MAX)
				g_array_append_val(mime->fields, field);
		} else
			break; /* no header line: the body begins without an empty line */
	}
	const char *which = mime->number->len > 0 ? mime->number->str : "message";
	if (at - begin > MIME_HEADER_BLOCK_MAX)
		mail_defect(mime->mail, MIME_HEADER_LIMIT, span_of(NULL, 0), "header block of %zu octets (%s)",
			at - begin, which);
	if (longest > MIME_HEADER_LINE_MAX)
		mail_defect(mime->mail, MIME_HEADER_LIMIT, span_of(NULL, 0), "header line of %zu octets (%s)", longest,
			which);
	if (count > MIME_HEADER_COUNT_MAX)
		mail_defect(mime->mail, MIME_HEADER_LIMIT, span_of(NULL, 0), "%zu header fields (%s)", count, which);
	return at;
}

/* check_duplicates - fields that decide what a reader sees, and that readers choose differently when there are two. */
static void check_duplicates(struct mime *mime)
{
	static const enum field_id once[] = { FIELD_FROM, FIELD_SUBJECT, FIELD_DATE, FIELD_MESSAGE_ID,
		FIELD_CONTENT_TYPE, FIELD_CONTENT_DISPOSITION };
	unsigned count[FIELD_OTHER + 1] = { 0 };
	struct span last[FIELD_OTHER + 1];
	for (guint i = 0; i < mime->fields->len; i++) {
		const struct field *field = &g_array_index(mime->fields, struct field, i);
		count[field->id]++;
		last[field->id] =
			span_of(field->name.data, (size_t)(field->value.data + field->value.size - field->name.data));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(once); i++)
		if (count[once[i]] > 1)
			mail_defect(mime->mail, MIME_DUPLICATE_HEADER, last[once[i]], "%u %s headers%s%s",
				count[once[i]], field_names[once[i]], mime->number->len > 0 ? " in part " : "",
				mime->number->str);
}

/* hit - is a piece of data[begin..end] missing? */
static bool hit(const struct mime *mime, size_t begin, size_t end)
{
	for (size_t i = 0; i < mime->source->hole_count; i++)
		if (mime->source->holes[i].offset >= begin && mime->source->holes[i].offset <= end)
			return true;
	return false;
}

/* part_new - a leaf is known: what its header says of it. NULL when there are too many. */
static struct mail_part *part_new(struct mime *mime, const char *type, const struct mime_params *content,
	const struct mime_params *disposition, const char *number)
{
	GPtrArray *parts = mime->mail->parts;
	if (parts->len == MAIL_PARTS_MAX)
		mail_defect(mime->mail, MIME_MALFORMED, span_of(NULL, 0), "more than %d parts", MAIL_PARTS_MAX);
	if (parts->len >= MAIL_PARTS_MAX)
		return NULL;
	struct mail_part *part = g_new0(struct mail_part, 1);
	part->content_type = g_strdup(type);
	part->charset = g_strdup(content->charset);
	part->filename = g_strdup(disposition->filename != NULL ? disposition->filename : content->name);
	part->disposition = g_strdup(disposition->value);
	part->attachment = part->filename != NULL || g_strcmp0(disposition->value, "attachment") == 0;
	part->number = g_strdup(number);
	mail_list_add(&mime->mail->parts, part, mail_part_free);
	return part;
}

/* part_damage - what of data[begin..end] is missing. */
static void part_damage(const struct mime *mime, struct mail_part *part, size_t begin, const struct stop *stop)
{
	part->gaps = mime->inherited || hit(mime, begin, stop->end);
	part->truncated = part->gaps || (stop->level < 0 && !mime->source->whole);
}

/* check_type - the type to go by; what is no type is a defect and text/plain. */
static const char *check_type(
	struct mime *mime, struct span value, const struct mime_params *content, const char *default_type)
{
	if (value.data == NULL)
		return default_type;
	const char *slash = content->value != NULL ? strchr(content->value, '/') : NULL;
	if (slash != NULL && slash > content->value && slash[1] != '\0' && strpbrk(slash + 1, "/\"<>@,=") == NULL &&
		strpbrk(content->value, "\"<>@,=") == NULL)
		return content->value;
	if (!mime->damaged)
		mail_defect(mime->mail, MIME_MALFORMED, value, "bad Content-Type");
	return "text/plain";
}

/* read_multipart - the parts behind the header of a multipart. */
static struct stop read_multipart(struct mime *mime, size_t at, const char *type, const char *boundary)
{
	int level = mime->open++;
	mime->boundaries[level] = (struct boundary){ boundary, strlen(boundary), false };
	const char *default_type = strcmp(type, "multipart/digest") == 0 ? "message/rfc822" : "text/plain";
	size_t number = mime->number->len;
	struct stop stop = find_boundary(mime, at, at);
	for (unsigned i = 1; stop.level == level && !stop.closing; i++) {
		g_string_append_printf(mime->number, number > 0 ? ".%u" : "%u", i);
		stop = read_entity(mime, stop.next, false, default_type);
		g_string_truncate(mime->number, number);
	}
	bool closed = stop.level == level;
	if (!closed && mime->boundaries[level].used && !mime->damaged)
		mail_defect(mime->mail, MIME_MALFORMED, span_of(boundary, strlen(boundary)), "unclosed boundary");
	mime->open--;
	return closed ? find_boundary(mime, stop.end, stop.next) : stop;
}

/* read_message - an attached message: a part as a whole, its own parts behind it. */
static struct stop read_message(struct mime *mime, size_t at, struct mail_part *part, const struct mime_leaf *leaf)
{
	mime->messages++;
	struct stop stop = read_entity(mime, at, true, "text/plain");
	mime->messages--;
	if (part != NULL) {
		part_damage(mime, part, at, &stop);
		mime_part_read(mime->reader, part, leaf, span_of(mime->data + at, stop.end - at));
	}
	return stop;
}

/* read_decoded - an attached message that is encoded, against the rules: the walk goes on in its decoded octets. */
static void read_decoded(struct mime *mime, const GByteArray *decoded, bool damaged)
{
	struct mime inner = *mime;
	struct mime_source source = { .content = span_of(decoded->data, decoded->len), .whole = !damaged };
	inner.source = &source;
	inner.data = decoded->data;
	inner.size = decoded->len;
	inner.open = 0;
	inner.messages++;
	inner.damaged = mime->damaged || damaged;
	inner.inherited = damaged;
	if (inner.size > 0)
		read_entity(&inner, 0, true, "text/plain");
	mime->hint = inner.hint;
}

/* What the header of a part says. */
struct entity {
	struct mime_params content, disposition;
	const char *type;
	enum mime_encoding encoding;
};

static void entity_clear(struct entity *entity)
{
	mime_params_clear(&entity->content);
	mime_params_clear(&entity->disposition);
}

static void entity_parse(struct mime *mime, struct entity *entity, const char *default_type)
{
	struct span type = field_value(mime->fields, FIELD_CONTENT_TYPE);
	struct span encoding = field_value(mime->fields, FIELD_CONTENT_TRANSFER_ENCODING);
	struct span disposition = field_value(mime->fields, FIELD_CONTENT_DISPOSITION);
	mime_params_parse(&entity->content, type, mime->hint);
	mime_params_parse(&entity->disposition, disposition, mime->hint);
	entity->type = check_type(mime, type, &entity->content, default_type);
	entity->encoding = mime_encoding_find(encoding);
	if (entity->encoding == MIME_UNKNOWN && !mime->damaged)
		mail_defect(mime->mail, MIME_MALFORMED, encoding, "unknown transfer encoding");
	if (mime->hint == NULL && entity->content.charset != NULL)
		mime->hint = g_strdup(entity->content.charset);
}

/* read_leaf - a part that has no parts that are read. */
static struct stop read_leaf(struct mime *mime, size_t at, const struct entity *entity, const char *type, bool message)
{
	size_t number = mime->number->len;
	/* as in IMAP: the only part of a message is its part 1 */
	if (message)
		g_string_append(mime->number, number > 0 ? ".1" : "1");
	struct stop stop = find_boundary(mime, at, at);
	struct mail_part *part = part_new(mime, type, &entity->content, &entity->disposition, mime->number->str);
	if (part != NULL) {
		struct mime_leaf leaf = { .type = &entity->content,
			.encoding = entity->encoding,
			.in_message = mime->messages > 0,
			.mapped = mime->source->mapped };
		struct span in = span_of(mime->data + at, stop.end - at);
		bool encoded_message = mime->depth < MAIL_DEPTH_MAX && entity->encoding != MIME_IDENTITY &&
				       entity->encoding != MIME_UNKNOWN && strcmp(type, "message/rfc822") == 0;
		part_damage(mime, part, at, &stop);
		leaf.partial = part->truncated;
		if (part->filename == NULL && entity->encoding == MIME_UUENCODE)
			part->filename = mime_uuencode_name(in);
		if (encoded_message) {
			leaf.decoded = g_byte_array_new();
			leaf.decoded_max = PARTIAL_MESSAGE_MAX;
		}
		mime_part_read(mime->reader, part, &leaf, in);
		if (encoded_message) {
			mime->depth++;
			read_decoded(mime, leaf.decoded, part->truncated || part->size > leaf.decoded_max);
			mime->depth--;
			g_byte_array_free(leaf.decoded, TRUE);
		}
	}
	g_string_truncate(mime->number, number);
	return stop;
}

/* is_message - types whose content is a message with parts of its own. */
static bool is_message(const char *type)
{
	return strcmp(type, "message/rfc822") == 0 || strcmp(type, "message/global") == 0 ||
	       strcmp(type, "message/news") == 0;
}

/* open_multipart - can the parts of this multipart be read? Says why not. */
static bool open_multipart(struct mime *mime, size_t at, const struct entity *entity)
{
	const char *boundary = entity->content.boundary, *why = NULL;
	if (boundary == NULL)
		why = "multipart without a boundary";
	else {
		/* look ahead for its first line: without one this is a leaf */
		int level = mime->open;
		mime->boundaries[mime->open++] = (struct boundary){ boundary, strlen(boundary), false };
		struct stop stop = find_boundary(mime, at, at);
		mime->open--;
		if (stop.level == level)
			return true;
		why = "boundary declared and never used";
	}
	if (!mime->damaged)
		mail_defect(mime->mail, MIME_MALFORMED, span_of(boundary, boundary != NULL ? strlen(boundary) : 0),
			"%s", why);
	return false;
}

/* read_entity - header and content at `at`. message: it is a message of its own, not a part of a multipart. */
static struct stop read_entity(struct mime *mime, size_t at, bool message, const char *default_type)
{
	struct stop stop;
	size_t body = read_headers(mime, at);
	check_duplicates(mime);
	if (mime->top == NULL)
		mime->top = g_array_copy(mime->fields);
	struct entity entity;
	entity_parse(mime, &entity, default_type);
	bool multipart = g_str_has_prefix(entity.type, "multipart/");
	bool container = multipart || is_message(entity.type);
	if (container && mime->depth >= MAIL_DEPTH_MAX) {
		mail_defect(mime->mail, MIME_TOO_DEEP, span_of(NULL, 0), "parts nested deeper than %d", MAIL_DEPTH_MAX);
		container = false;
	}
	mime->depth++;
	if (container && multipart && open_multipart(mime, body, &entity))
		stop = read_multipart(mime, body, entity.type, entity.content.boundary);
	else if (container && !multipart && (entity.encoding == MIME_IDENTITY || entity.encoding == MIME_UNKNOWN)) {
		size_t number = mime->number->len;
		if (message)
			g_string_append(mime->number, number > 0 ? ".1" : "1");
		struct mail_part *part =
			part_new(mime, entity.type, &entity.content, &entity.disposition, mime->number->str);
		struct mime_leaf leaf = {
			.type = &entity.content, .encoding = MIME_IDENTITY, .mapped = mime->source->mapped
		};
		stop = read_message(mime, body, part, &leaf);
		g_string_truncate(mime->number, number);
	} else
		stop = read_leaf(mime, body, &entity, entity.type, message);
	mime->depth--;
	entity_clear(&entity);
	return stop;
}

/* keep_headers - mail->headers, in one piece of memory. */
static void keep_headers(struct mail *mail, const GArray *fields)
{
	size_t size = 0, count = 0;
	for (; count < fields->len; count++) {
		const struct field *field = &g_array_index(fields, struct field, count);
		if (size + field->name.size + field->value.size > MIME_HEADER_KEPT_MAX)
			break;
		size += field->name.size + field->value.size + 2;
	}
	char *memory = g_malloc(count * (sizeof(struct mail_header) + sizeof(GString)) + size + 1);
	struct mail_header *headers = (struct mail_header *)(void *)memory;
	GString *values = (GString *)(void *)(headers + count);
	char *text = (char *)(values + count);
	mail->header_memory = memory;
	for (size_t i = 0; i < count; i++) {
		const struct field *field = &g_array_index(fields, struct field, i);
		headers[i].name = memcpy(text, field->name.data, field->name.size);
		text[field->name.size] = '\0';
		text += field->name.size + 1;
		values[i] = (GString){ .str = text };
		for (size_t j = 0; j < field->value.size; j++)
			if (field->value.data[j] != '\n' &&
				!(field->value.data[j] == '\r' && j + 1 < field->value.size &&
					field->value.data[j + 1] == '\n') &&
				(values[i].len > 0 || !g_ascii_isspace(field->value.data[j])))
				text[values[i].len++] = (char)field->value.data[j];
		while (values[i].len > 0 && g_ascii_isspace(text[values[i].len - 1]))
			values[i].len--;
		text[values[i].len] = '\0';
		text += values[i].len + 1;
		values[i].allocated_len = values[i].len + 1;
		headers[i].value = &values[i];
		mail_list_add(&mail->headers, &headers[i], NULL);
	}
}

/* decode_headers - the fields that have a place of their own in struct mail. The first of several counts. */
static void decode_headers(struct mail *mail, const GArray *fields, const char *hint)
{
	for (guint i = 0; i < fields->len; i++) {
		const struct field *field = &g_array_index(fields, struct field, i);
		char **words = NULL, **text = NULL;
		switch (field->id) {
		case FIELD_FROM:
			if (mail->from == NULL)
				mime_mailbox(field->value, hint, &mail->from_name, &mail->from_address);
			words = &mail->from;
			break;
		case FIELD_SUBJECT:
			words = &mail->subject;
			break;
		case FIELD_REPLY_TO:
			words = &mail->reply_to;
			break;
		case FIELD_X_MAILER:
			words = &mail->x_mailer;
			break;
		case FIELD_USER_AGENT:
			words = &mail->user_agent;
			break;
		case FIELD_DATE:
			text = &mail->date;
			break;
		case FIELD_MESSAGE_ID:
			text = &mail->message_id;
			break;
		case FIELD_IN_REPLY_TO:
			text = &mail->in_reply_to;
			break;
		case FIELD_REFERENCES:
			text = &mail->references;
			break;
		case FIELD_X_ORIGINATING_IP:
			text = &mail->x_originating_ip;
			break;
		case FIELD_TO:
			mime_addresses(&mail->to, field->value, hint);
			break;
		case FIELD_CC:
			mime_addresses(&mail->cc, field->value, hint);
			break;
		case FIELD_BCC:
			mime_addresses(&mail->bcc, field->value, hint);
			break;
		case FIELD_RECEIVED:
			mail_list_add(&mail->received, mime_unfold(field->value, hint), g_free);
			break;
		default:
			break;
		}
		if (words != NULL && *words == NULL)
			*words = mime_words(field->value, hint);
		if (text != NULL && *text == NULL)
			*text = mime_unfold(field->value, hint);
	}
}

void mime_parse(struct mail *mail, const struct mail_options *options, const struct mime_source *source)
{
	struct mime mime = { .mail = mail,
		.options = options,
		.source = source,
		.data = source->content.data,
		.size = source->content.size };
	if (mime.size == 0)
		return;
	mime.damaged = !source->whole || source->hole_count > 0;
	mime.fields = g_array_new(FALSE, FALSE, sizeof(struct field));
	mime.number = g_string_new(NULL);
	mime.reader = mime_reader_new(mail, options);

	read_entity(&mime, 0, true, "text/plain");
	keep_headers(mail, mime.top);
	decode_headers(mail, mime.top, mime.hint);

	g_array_free(mime.top, TRUE);
	mime_reader_free(mime.reader);
	g_array_free(mime.fields, TRUE);
	g_string_free(mime.number, TRUE);
	g_free(mime.hint);
}

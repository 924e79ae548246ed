/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mime.c - the structure of a mail: header blocks, boundaries, parts, and what is wrong with them.
 *
 * One walk over the content: each line is looked at once, whatever the nesting, and only those that begin with "--"
 * are compared with the open boundaries, of which there are at most MAIL_DEPTH_MAX. Everything is a range of the
 * content. What is nested deeper is a leaf. A mail that is not whole has no structural defects: what is missing may
 * have been just what is missed.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "part.h"

#define ENCODED_MESSAGE_MAX (16 * 1024 * 1024) /* octets in which the parts of an encoded message are looked for */
/* Attached messages are read once for each message around them: so often in sum, and so many octets more. */
#define AGAIN_FACTOR 16
#define AGAIN_FREE (256 * 1024 * 1024)
#define SCRATCH_FIRST 4096   /* octets for what is known of the parts around a part: enough for most */
#define GUESS_LINES_MAX 1000 /* in which a boundary is looked for that was not declared */
#define GUESS_SIZE_MAX 200
#define RELEASE_STEP (4 * 1024 * 1024)

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
	struct parts *parts; /* shared with the walk through an encoded message */
	const uint8_t *data;
	size_t size, released;
	struct boundary *boundaries; /* room for MAIL_DEPTH_MAX */
	int open;                    /* of them */
	unsigned depth;              /* multiparts and messages around */
	unsigned messages;           /* attached messages around */
	bool damaged;                /* not whole: nothing is said about what is missing */
	uint64_t again;              /* octets of attached messages: read as a whole, and as their parts */
	bool overflow;               /* too many parts */
	bool inherited;              /* in an encoded message that is not whole itself */
	GArray *fields;              /* where the next block goes: top_fields for the mail itself, then part_fields */
	struct arena *scratch;       /* what is known of the parts around */
	char *hint;                  /* a charset that a part declared */
};

/* How a leaf is read. */
struct mime_leaf {
	const struct mime_params *type; /* of the text: charset, format */
	enum mime_encoding encoding;
	bool in_message;     /* inside an attached message: its text is not the body of this mail */
	bool mapped;         /* its range is part of a mapped file */
	bool partial;        /* no wonder when it can't be decoded */
	GByteArray *decoded; /* when not NULL: the decoded octets, too, up to decoded_max */
	size_t decoded_max;
	struct part *part;
	struct span in;
	size_t released; /* octets of in */
};

/* Used again for each mail. */
static GArray *top_fields, *part_fields;
static GString *part_number;

void mime_init(void)
{
	top_fields = g_array_new(FALSE, FALSE, sizeof(struct mime_field));
	part_fields = g_array_new(FALSE, FALSE, sizeof(struct mime_field));
	part_number = g_string_new(NULL);
}

void mime_exit(void)
{
	g_array_free(top_fields, TRUE);
	g_array_free(part_fields, TRUE);
	g_string_free(part_number, TRUE);
}

static struct stop read_entity(struct mime *mime, size_t at, bool message, const char *default_type);

/* release - gives the pages of a mapped content back that hold data[0..size). */
static void release(struct span in)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)in.data + page - 1) & ~(page - 1),
		  to = ((uintptr_t)in.data + in.size) & ~(page - 1);
	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

/* read_piece - decoded octets to the part; the pages of a mapped input behind them are given back. */
static void read_piece(void *context, struct span data, size_t passed)
{
	struct mime_leaf *leaf = context;
	part_feed(leaf->part, data);
	if (leaf->decoded && leaf->decoded->len < leaf->decoded_max)
		g_byte_array_append(
			leaf->decoded, data.data, (guint)MIN(data.size, leaf->decoded_max - leaf->decoded->len));
	if (leaf->mapped && passed - leaf->released > RELEASE_STEP) {
		release(span_of(leaf->in.data + leaf->released, passed - leaf->released));
		leaf->released = passed;
	}
}

/* read_part - all of a leaf. */
static void read_part(struct mime *mime, struct mail_part *about, struct mime_leaf *leaf, struct span in)
{
	leaf->in = in;
	leaf->part = part_open(mime->parts, about, leaf->type, leaf->in_message);
	const char *trouble = mime_decode(leaf->encoding, in, read_piece, leaf);
	if (trouble != NULL && !leaf->partial)
		mail_defect(mime->mail, MIME_MALFORMED, in, "part %s: %s", about->number, trouble);
	part_close(leaf->part);
	if (leaf->mapped)
		release(in);
}

/* append_number - one level more: the part is number i there. */
static void append_number(unsigned i)
{
	char digits[] = ".0000000000", *at = digits + sizeof digits - 1;
	for (; i > 0; i /= 10)
		*--at = (char)('0' + i % 10);
	if (part_number->len > 0)
		*--at = '.';
	g_string_append(part_number, at);
}

static struct span content_of(const struct mime *mime)
{
	return span_of(mime->data, mime->size);
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
			end = mime_line_end(content_of(mime), at, &next);
			int level = boundary_line(mime, at, end, &closing);
			if (level >= 0)
				return stop_at(mime, begin, at, next, level, closing);
		} else {
			const uint8_t *lf = memchr(mime->data + at, '\n', mime->size - at);
			next = lf != NULL ? (size_t)(lf - mime->data) + 1 : mime->size;
		}
		at = next;
		if (mime->source->mapped && at - mime->released > RELEASE_STEP) {
			release(span_of(mime->data + mime->released, at - mime->released));
			mime->released = at;
		}
	}
	return (struct stop){ -1, false, mime->size, mime->size };
}

static bool stops_header(const void *context, size_t at, size_t end)
{
	bool closing;
	return boundary_line(context, at, end, &closing) >= 0;
}

/* check_repeated - fields that decide what a reader sees, and that readers choose differently when there are two. */
static void check_repeated(struct mime *mime, uint32_t repeated)
{
	static const enum mime_field_id once[] = { MIME_FIELD_FROM, MIME_FIELD_SUBJECT, MIME_FIELD_DATE,
		MIME_FIELD_MESSAGE_ID, MIME_FIELD_CONTENT_TYPE, MIME_FIELD_CONTENT_DISPOSITION };
	for (size_t i = 0; i < G_N_ELEMENTS(once); i++) {
		if ((repeated & UINT32_C(1) << once[i]) == 0)
			continue;
		unsigned count = 0;
		struct span last = { NULL, 0 };
		for (guint j = 0; j < mime->fields->len; j++) {
			const struct mime_field *field = &g_array_index(mime->fields, struct mime_field, j);
			if (field->id != once[i])
				continue;
			count++;
			last = span_of(
				field->name.data, (size_t)(field->value.data + field->value.size - field->name.data));
		}
		mail_defect(mime->mail, MIME_DUPLICATE_HEADER, last, "%u %s headers%s%s", count,
			mime_field_name(once[i]), part_number->len > 0 ? " in part " : "", part_number->str);
	}
}

/* read_header - the block at `at` into mime->fields. Returns where the body begins (a boundary line may be there). */
static size_t read_header(struct mime *mime, size_t at)
{
	struct mime_block block;
	size_t body = mime_header_read(mime->fields, content_of(mime), at, stops_header, mime, &block);
	const char *which = part_number->len > 0 ? part_number->str : "message";
	if (block.size > MIME_HEADER_BLOCK_MAX)
		mail_defect(mime->mail, MIME_HEADER_LIMIT, span_of(NULL, 0), "header block of %zu octets (%s)",
			block.size, which);
	if (block.longest > MIME_HEADER_LINE_MAX)
		mail_defect(mime->mail, MIME_HEADER_LIMIT, span_of(NULL, 0), "header line of %zu octets (%s)",
			block.longest, which);
	if (block.count > MIME_HEADER_COUNT_MAX)
		mail_defect(
			mime->mail, MIME_HEADER_LIMIT, span_of(NULL, 0), "%zu header fields (%s)", block.count, which);
	if (block.repeated != 0)
		check_repeated(mime, block.repeated);
	return body;
}

/* hit - is a piece of data[begin..end] missing? */
static bool hit(const struct mime *mime, size_t begin, size_t end)
{
	for (size_t i = 0; i < mime->source->hole_count; i++)
		if (mime->source->holes[i].offset >= begin && mime->source->holes[i].offset <= end)
			return true;
	return false;
}

static char *keep(struct arena *arena, const char *text)
{
	return text != NULL ? arena_copy(arena, text, strlen(text)) : NULL;
}

/* part_new - a leaf is known: what its header says of it. NULL when there are too many. */
static struct mail_part *part_new(
	struct mime *mime, const char *type, const struct mime_params *content, const struct mime_params *disposition)
{
	GPtrArray *parts = mime->mail->parts;
	if (parts->len >= MAIL_PARTS_MAX && !mime->overflow)
		mail_defect(mime->mail, MIME_MALFORMED, span_of(NULL, 0), "more than %d parts", MAIL_PARTS_MAX);
	mime->overflow = parts->len >= MAIL_PARTS_MAX;
	if (mime->overflow)
		return NULL;
	struct arena *arena = mime->mail->arena;
	struct mail_part *part = arena_take(arena, sizeof *part);
	*part = (struct mail_part){ 0 };
	part->content_type = keep(arena, type);
	part->charset = keep(arena, content->charset);
	part->disposition = keep(arena, disposition->value);
	part->number = arena_copy(arena, part_number->str, part_number->len);
	names_take(mime->mail, part, disposition, true);
	names_take(mime->mail, part, content, false);
	names_done(mime->mail, part);
	part->attachment = part->filename != NULL || g_strcmp0(disposition->value, "attachment") == 0;
	mail_list_add(mime->mail, &mime->mail->parts, part);
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
	size_t number = part_number->len;
	struct stop stop = find_boundary(mime, at, at);
	for (unsigned i = 1; stop.level == level && !stop.closing; i++) {
		append_number(i);
		stop = read_entity(mime, stop.next, false, default_type);
		g_string_truncate(part_number, number);
	}
	bool closed = stop.level == level;
	if (!closed && mime->boundaries[level].used && !mime->damaged)
		mail_defect(mime->mail, MIME_MALFORMED, span_of(boundary, strlen(boundary)), "unclosed boundary");
	mime->open--;
	return closed ? find_boundary(mime, stop.end, stop.next) : stop;
}

/* read_message - an attached message: a part as a whole, its own parts behind it. */
static struct stop read_message(struct mime *mime, size_t at, struct mail_part *part, struct mime_leaf *leaf)
{
	uint64_t most = mime->size - at;
	mime->messages++;
	mime->again += most; /* as far as it can be known before its end is */
	struct stop stop = read_entity(mime, at, true, "text/plain");
	mime->again -= most - (stop.end - at);
	mime->messages--;
	if (part != NULL) {
		part_damage(mime, part, at, &stop);
		read_part(mime, part, leaf, span_of(mime->data + at, stop.end - at));
	}
	return stop;
}

/* read_decoded - an attached message that is encoded, against the rules: the walk goes on in its decoded octets. */
static void read_decoded(struct mime *mime, const GByteArray *decoded, bool damaged)
{
	struct mime inner = *mime;
	struct boundary boundaries[MAIL_DEPTH_MAX];
	struct mime_source source = { .content = span_of(decoded->data, decoded->len), .whole = !damaged };
	inner.source = &source;
	inner.data = decoded->data;
	inner.size = decoded->len;
	inner.boundaries = boundaries;
	inner.open = 0;
	inner.messages++;
	inner.damaged = mime->damaged || damaged;
	inner.inherited = damaged;
	if (inner.size > 0)
		read_entity(&inner, 0, true, "text/plain");
	mime->hint = inner.hint;
	mime->overflow = inner.overflow;
}

/* What the header of a part says. */
struct entity {
	struct mime_params content, disposition;
	const char *type;
	enum mime_encoding encoding;
};

static void entity_parse(struct mime *mime, struct entity *entity, const char *default_type)
{
	struct span type = mime_field_value(mime->fields, MIME_FIELD_CONTENT_TYPE);
	struct span encoding = mime_field_value(mime->fields, MIME_FIELD_CONTENT_TRANSFER_ENCODING);
	struct span disposition = mime_field_value(mime->fields, MIME_FIELD_CONTENT_DISPOSITION);
	mime_params_parse(mime->scratch, &entity->content, type, mime->hint);
	mime_params_parse(mime->scratch, &entity->disposition, disposition, mime->hint);
	names_again(mime->scratch, &entity->content, mime->fields, mime->hint);
	entity->type = check_type(mime, type, &entity->content, default_type);
	entity->encoding = mime_encoding_find(encoding);
	if (entity->encoding == MIME_UNKNOWN && !mime->damaged)
		mail_defect(mime->mail, MIME_MALFORMED, encoding, "unknown transfer encoding");
	if (mime->hint == NULL && entity->content.charset != NULL)
		mime->hint = keep(mime->mail->arena, entity->content.charset);
}

/* read_leaf - a part that has no parts that are read. */
static struct stop read_leaf(struct mime *mime, size_t at, const struct entity *entity, const char *type, bool message)
{
	size_t number = part_number->len;
	/* as in IMAP: the only part of a message is its part 1 */
	if (message)
		append_number(1);
	struct stop stop = find_boundary(mime, at, at);
	struct mail_part *part = part_new(mime, type, &entity->content, &entity->disposition);
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
			part->filename = mime_uuencode_name(mime->mail->arena, in);
		if (encoded_message) {
			leaf.decoded = g_byte_array_new();
			leaf.decoded_max = ENCODED_MESSAGE_MAX;
		}
		read_part(mime, part, &leaf, in);
		if (encoded_message) {
			mime->depth++;
			read_decoded(mime, leaf.decoded, part->truncated || part->size > leaf.decoded_max);
			mime->depth--;
			g_byte_array_free(leaf.decoded, TRUE);
		}
	}
	g_string_truncate(part_number, number);
	return stop;
}

/* is_message - types whose content is a message with parts of its own. */
static bool is_message(const char *type)
{
	return strcmp(type, "message/rfc822") == 0 || strcmp(type, "message/global") == 0 ||
	       strcmp(type, "message/news") == 0;
}

/* is_used - does a line with this boundary come, before one of those around it? */
static bool is_used(struct mime *mime, size_t at, const char *boundary)
{
	int level = mime->open;
	mime->boundaries[mime->open++] = (struct boundary){ boundary, strlen(boundary), false };
	struct stop stop = find_boundary(mime, at, at);
	mime->open--;
	return stop.level == level;
}

/* guess_boundary - what separates the parts when the declared boundary does not: a line that begins with "--", with a
 * header behind it, and that comes again. NULL when there is none. */
static const char *guess_boundary(struct mime *mime, size_t at)
{
	size_t end = find_boundary(mime, at, at).end, next;
	struct span content = span_of(mime->data, end);
	for (unsigned lines = 0; at < end && lines < GUESS_LINES_MAX; at = next, lines++) {
		size_t stop = mime_line_end(content, at, &next), size = stop - at;
		while (size > 0 && g_ascii_isspace(mime->data[at + size - 1]))
			size--;
		if (size < 3 || size > GUESS_SIZE_MAX || memcmp(mime->data + at, "--", 2) != 0 || next == end)
			continue;
		bool header =
			mime->data[next] == '\r' || mime->data[next] == '\n' ||
			(end - next > 8 && g_ascii_strncasecmp((const char *)mime->data + next, "content-", 8) == 0);
		if (header && memmem(mime->data + next, end - next, mime->data + at, size) != NULL)
			return arena_copy(mime->scratch, (const char *)mime->data + at + 2, size - 2);
	}
	return NULL;
}

/* find_parts - the boundary to go by; NULL when the parts of this multipart can't be told: it is a leaf then. */
static const char *find_parts(struct mime *mime, size_t at, const char *boundary)
{
	if (boundary != NULL && is_used(mime, at, boundary))
		return boundary;
	if (!mime->damaged)
		mail_defect(mime->mail, MIME_MALFORMED, span_of(boundary, boundary != NULL ? strlen(boundary) : 0),
			"%s", boundary != NULL ? "boundary declared and never used" : "multipart without a boundary");
	boundary = guess_boundary(mime, at);
	return boundary != NULL && is_used(mime, at, boundary) ? boundary : NULL;
}

/* read_entity - header and content at `at`. message: it is a message of its own, not a part of a multipart. */
static struct stop read_entity(struct mime *mime, size_t at, bool message, const char *default_type)
{
	struct stop stop;
	size_t body = read_header(mime, at);
	struct entity entity;
	struct arena mark = *mime->scratch;
	entity_parse(mime, &entity, default_type);
	mime->fields = part_fields;
	bool multipart = g_str_has_prefix(entity.type, "multipart/");
	bool container = multipart || is_message(entity.type);
	bool large = !multipart && mime->again + (mime->size - body) > AGAIN_FACTOR * (uint64_t)mime->size + AGAIN_FREE;
	if (container && (large || mime->depth >= MAIL_DEPTH_MAX)) {
		mail_defect(mime->mail, MIME_TOO_DEEP, span_of(NULL, 0),
			large ? "attached messages nested too deep for their size" : "parts nested deeper than %d",
			MAIL_DEPTH_MAX);
		container = false;
	}
	mime->depth++;
	const char *boundary = container && multipart ? find_parts(mime, body, entity.content.boundary) : NULL;
	if (boundary != NULL)
		stop = read_multipart(mime, body, entity.type, boundary);
	else if (container && !multipart && (entity.encoding == MIME_IDENTITY || entity.encoding == MIME_UNKNOWN)) {
		size_t number = part_number->len;
		if (message)
			append_number(1);
		struct mail_part *part = part_new(mime, entity.type, &entity.content, &entity.disposition);
		struct mime_leaf leaf = {
			.type = &entity.content, .encoding = MIME_IDENTITY, .mapped = mime->source->mapped
		};
		stop = read_message(mime, body, part, &leaf);
		g_string_truncate(part_number, number);
	} else
		stop = read_leaf(mime, body, &entity, entity.type, message);
	mime->depth--;
	arena_release(mime->scratch, &mark);
	return stop;
}

/* separator_size - of the separator line of a mail folder that some send along with the mail. */
static size_t separator_size(struct span content)
{
	size_t next = 0;
	if ((content.size > 5 && memcmp(content.data, "From ", 5) == 0) ||
		(content.size > 6 && memcmp(content.data, ">From ", 6) == 0))
		mime_line_end(content, 0, &next);
	return next;
}

void mime_parse(struct mail *mail, const struct mail_options *options, const struct mime_source *source)
{
	if (source->content.size == 0)
		return;
	uint64_t memory[SCRATCH_FIRST / 8];
	struct boundary boundaries[MAIL_DEPTH_MAX];
	struct arena scratch = { .at = (char *)memory, .left = sizeof memory };
	struct parts parts;
	struct mime mime = { .mail = mail,
		.options = options,
		.source = source,
		.parts = &parts,
		.data = source->content.data,
		.size = source->content.size,
		.boundaries = boundaries,
		.damaged = !source->whole || source->hole_count > 0,
		.fields = top_fields,
		.scratch = &scratch };
	g_string_truncate(part_number, 0);
	parts_begin(&parts, mail, options);

	read_entity(&mime, separator_size(source->content), true, "text/plain");
	mime_header_keep(mail, top_fields, source->mapped);
	mime_header_decode(mail, top_fields, mime.hint);

	parts_end(&parts);
	arena_release(&scratch, &(struct arena){ 0 });
}

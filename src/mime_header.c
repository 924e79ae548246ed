/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mime_header.c - header blocks: cut into fields, and the fields of the mail itself decoded.
 *
 * Fields are ranges of the content. Lines end in CRLF or LF. The first line that is no header line ends the block, as
 * if an empty one stood before it. Up to MIME_HEADER_COUNT_MAX fields are kept, and up to MIME_HEADER_KEPT_MAX octets
 * of those that may be many (Received, To, ...); the rest is passed over and counted.
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

static enum mime_field_id field_find(struct span name)
{
	for (enum mime_field_id id = 0; id < MIME_FIELD_OTHER; id++) {
		size_t same = 0;
		/* in this bit alone letters and '-' differ from nothing else that a name may hold */
		while (names[id].size == name.size && same < name.size &&
			((uint8_t)names[id].name[same] | 0x20) == (name.data[same] | 0x20))
			same++;
		if (same > 0 && same == name.size)
			return id;
	}
	return MIME_FIELD_OTHER;
}

struct span mime_field_value(const GArray *fields, enum mime_field_id id)
{
	for (guint i = 0; i < fields->len; i++)
		if (g_array_index(fields, struct mime_field, i).id == id)
			return g_array_index(fields, struct mime_field, i).value;
	return span_of(NULL, 0);
}

size_t mime_line_end(struct span content, size_t at, size_t *next)
{
	const uint8_t *lf = memchr(content.data + at, '\n', content.size - at);
	size_t end = lf != NULL ? (size_t)(lf - content.data) : content.size;
	*next = end + (lf != NULL);
	if (lf != NULL && end > at && content.data[end - 1] == '\r')
		end--;
	return end;
}

/* is_long - fields of which a hostile mail may have many, and long ones. */
static bool is_long(enum mime_field_id id)
{
	return id == MIME_FIELD_OTHER || id == MIME_FIELD_RECEIVED || id == MIME_FIELD_TO || id == MIME_FIELD_CC ||
	       id == MIME_FIELD_BCC;
}

/* field_name_size - the size of the field name at the beginning of a line; 0 when it is no header line. *value: where
 * the value begins. */
static size_t field_name_size(const uint8_t *data, size_t at, size_t end, size_t *value)
{
	size_t name = at;
	while (name < end && data[name] > ' ' && data[name] < 0x7f && data[name] != ':')
		name++;
	size_t colon = name;
	while (colon < end && (data[colon] == ' ' || data[colon] == '\t'))
		colon++;
	if (name == at || colon == end || data[colon] != ':')
		return 0;
	*value = colon + 1;
	return name - at;
}

size_t mime_header_read(GArray *fields, struct span content, size_t at, mime_header_stop stop, const void *context,
	struct mime_block *block)
{
	size_t begin = at, next, kept = 0;
	struct mime_field *last = NULL; /* NULL: it is passed over */
	*block = (struct mime_block){ 0 };
	g_array_set_size(fields, 0);
	for (; at < content.size; at = next) {
		size_t value = 0, end = mime_line_end(content, at, &next);
		if (end == at) {
			at = next;
			break;
		}
		if (stop(context, at, end))
			break;
		bool folded = (content.data[at] == ' ' || content.data[at] == '\t') && block->count > 0;
		size_t name = folded ? 0 : field_name_size(content.data, at, end, &value);
		if (!folded && name == 0)
			break;
		block->longest = MAX(block->longest, end - at);
		block->count += !folded;
		if (folded && last != NULL) {
			size_t size = MIN((size_t)(content.data + end - last->value.data), MIME_HEADER_KEPT_MAX);
			kept += size - last->value.size;
			last->value.size = size;
		} else if (!folded) {
			struct mime_field field = { .name = span_of(content.data + at, name),
				.value = span_of(content.data + value, MIN(end - value, MIME_HEADER_KEPT_MAX)) };
			field.id = field_find(field.name);
			bool keep = block->count <= MIME_HEADER_COUNT_MAX &&
				    (kept < MIME_HEADER_KEPT_MAX || !is_long(field.id));
			kept += keep ? name + field.value.size : 0;
			if (keep)
				g_array_append_val(fields, field);
			last = keep ? &g_array_index(fields, struct mime_field, fields->len - 1) : NULL;
		}
	}
	block->size = at - begin;
	return at;
}

/* unfold_raw - copies a value without its line ends, trimmed, and terminates it. Returns its size. */
static size_t unfold_raw(char *out, struct span value)
{
	size_t size = 0, at = 0, next;
	for (; at < value.size; at = next) {
		size_t end = mime_line_end(value, at, &next);
		while (size == 0 && at < end && g_ascii_isspace(value.data[at]))
			at++;
		memcpy(out + size, value.data + at, end - at);
		size += end - at;
	}
	while (size > 0 && g_ascii_isspace(out[size - 1]))
		size--;
	out[size] = '\0';
	return size;
}

void mime_header_keep(struct mail *mail, const GArray *fields)
{
	for (guint i = 0; i < fields->len; i++) {
		const struct mime_field *field = &g_array_index(fields, struct mime_field, i);
		struct mail_header *header = arena_take(mail->arena, sizeof *header + sizeof *header->value);
		GString *value = (GString *)(void *)(header + 1);
		header->name = arena_copy(mail->arena, (const char *)field->name.data, field->name.size);
		header->value = value;
		value->str = arena_take(mail->arena, field->value.size + 1);
		value->len = unfold_raw(value->str, field->value);
		value->allocated_len = field->value.size + 1;
		mail_list_add(mail, &mail->headers, header);
	}
}

/* mime_header_decode - the fields that have a place of their own in struct mail. The first of several counts. */
void mime_header_decode(struct mail *mail, const GArray *fields, const char *hint)
{
	for (guint i = 0; i < fields->len; i++) {
		const struct mime_field *field = &g_array_index(fields, struct mime_field, i);
		char **words = NULL, **text = NULL;
		switch (field->id) {
		case MIME_FIELD_FROM:
			if (mail->from == NULL)
				mime_mailbox(mail->arena, field->value, hint, &mail->from_name, &mail->from_address);
			words = &mail->from;
			break;
		case MIME_FIELD_SUBJECT:
			words = &mail->subject;
			break;
		case MIME_FIELD_REPLY_TO:
			words = &mail->reply_to;
			break;
		case MIME_FIELD_X_MAILER:
			words = &mail->x_mailer;
			break;
		case MIME_FIELD_USER_AGENT:
			words = &mail->user_agent;
			break;
		case MIME_FIELD_DATE:
			text = &mail->date;
			break;
		case MIME_FIELD_MESSAGE_ID:
			text = &mail->message_id;
			break;
		case MIME_FIELD_IN_REPLY_TO:
			text = &mail->in_reply_to;
			break;
		case MIME_FIELD_REFERENCES:
			text = &mail->references;
			break;
		case MIME_FIELD_X_ORIGINATING_IP:
			text = &mail->x_originating_ip;
			break;
		case MIME_FIELD_TO:
			mime_addresses(mail, &mail->to, field->value, hint);
			break;
		case MIME_FIELD_CC:
			mime_addresses(mail, &mail->cc, field->value, hint);
			break;
		case MIME_FIELD_BCC:
			mime_addresses(mail, &mail->bcc, field->value, hint);
			break;
		case MIME_FIELD_RECEIVED:
			mail_list_add(mail, &mail->received, mime_unfold(mail->arena, field->value, hint));
			break;
		default:
			break;
		}
		if (words != NULL && *words == NULL)
			*words = mime_words(mail->arena, field->value, hint);
		if (text != NULL && *text == NULL)
			*text = mime_unfold(mail->arena, field->value, hint);
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * detector_bench.c - see detector_bench.h. Events are told as the session would tell them; content comes in pieces.
 */
#include "detector_bench.h"

#include <string.h>

static void take_alert(void *context, const struct alert *alert)
{
	struct bench *b = context;
	b->raised[alert->id]++;
	b->severity = alert->severity;
	g_free(b->description);
	g_free(b->evidence);
	b->description = g_strdup(alert->description);
	b->evidence = g_strndup(alert->evidence.size ? (const char *)alert->evidence.data : "", alert->evidence.size);
	assert_true(alert->evidence.size <= 256);
	assert_true(g_utf8_validate(alert->description, -1, NULL));
	assert_true(strlen(alert->description) > 20);
}

void bench_session(struct bench *b)
{
	detector_free(b->detector);
	b->detector = detector_new(b->detectors, &b->flow, take_alert, b);
}

void bench_init(struct bench *b, size_t step)
{
	memset(b, 0, sizeof *b);
	b->step = step;
	b->at = (struct moment){ 1, INT64_C(1700000000) * NANOSECONDS_PER_SECOND };
	b->flow.client = (struct address){ 4, { 192, 0, 2, 1 } };
	b->flow.server = (struct address){ 4, { 192, 0, 2, 25 } };
	b->flow.server_port = 25;
	b->tx.params = g_ptr_array_new();
	b->tx.recipients = g_ptr_array_new();
	b->tx.mail_from = g_string_new("<a@sender.example>");
	b->tx.outcome = OUTCOME_ACCEPTED;
	b->mail.parts = g_ptr_array_new();
	b->mail.defects = g_ptr_array_new();
	b->mail.text = g_string_new("hello");
	b->detectors = detectors_new(&b->options);
	bench_session(b);
}

void bench_clear(struct bench *b)
{
	detector_free(b->detector);
	detectors_free(b->detectors);
	g_ptr_array_free(b->tx.params, TRUE);
	g_ptr_array_free(b->tx.recipients, TRUE);
	g_string_free(b->tx.mail_from, TRUE);
	g_ptr_array_free(b->mail.parts, TRUE);
	g_ptr_array_free(b->mail.defects, TRUE);
	g_string_free(b->mail.text, TRUE);
	g_free(b->description);
	g_free(b->evidence);
}

/* command_bytes - one line of the client, with its end. */
void bench_command_bytes(struct bench *b, struct span line)
{
	size_t used;
	struct session_command command = { .state = "command",
		.tx = 0,
		.in_transaction = b->in_transaction,
		.refusal_unknown = b->refusal_unknown,
		.smtputf8 = b->smtputf8,
		.credentials = b->credentials,
		.continuation = b->continuation,
		.accepted_recipients = b->recipients };
	command.valid = grammar_command(line, true, &command.parsed, &used) == PARSE_DONE;
	detector_command(b->detector, b->at, &command);
}

void bench_command(struct bench *b, const char *line)
{
	bench_command_bytes(b, span_of_text(line));
}

void bench_command_long(struct bench *b, const char *start, size_t filler, const char *end)
{
	GString *line = g_string_new(start);
	for (size_t i = 0; i < filler; i++)
		g_string_append_c(line, 'a');
	g_string_append(line, end);
	bench_command_bytes(b, span_of(line->str, line->len));
	g_string_free(line, TRUE);
}

/* reply_bytes - the reply to a command, all lines of it. */
void bench_reply_bytes(struct bench *b, const char *to, struct span bytes)
{
	struct reply_line lines[10];
	struct command parsed = { .verb = VERB_UNKNOWN };
	struct session_response response = { .lines = lines, .state = "response", .tx = -1 };
	size_t used;
	if (*to && strcmp(to, ".") != 0) {
		assert_int_equal(grammar_command(span_of_text(to), true, &parsed, &used), PARSE_DONE);
		response.to = parsed.verb;
		response.to_name = parsed.name;
		response.argument = parsed.argument;
	}
	response.end_of_data = strcmp(to, ".") == 0;
	while (bytes.size > 0) {
		assert_int_equal(grammar_reply_line(bytes, true, &lines[response.line_count], &used), PARSE_DONE);
		response.code_mismatch |= lines[response.line_count].code != lines[0].code;
		response.line_count++;
		bytes = span_from(bytes, used);
	}
	response.code = lines[0].code;
	detector_response(b->detector, b->at, &response);
}

void bench_reply(struct bench *b, const char *to, const char *lines)
{
	bench_reply_bytes(b, to, span_of_text(lines));
}

void bench_content_bytes(struct bench *b, struct span content)
{
	detector_content_begin(b->detector, &b->tx);
	for (size_t at = 0; at < content.size; at += b->step) {
		size_t size = MIN(b->step, content.size - at);
		uint8_t *copy = g_memdup2(content.data + at, size);
		detector_content(b->detector, &b->tx, span_of(copy, size));
		g_free(copy);
	}
	b->tx.content_begun = b->tx.content_whole = true;
	b->tx.content_bytes = content.size;
	detector_transaction_end(b->detector, b->at, &b->tx);
}

void bench_content(struct bench *b, const char *octets)
{
	bench_content_bytes(b, span_of_text(octets));
}

/* bench_content_as - content of a MAIL with BODY=VALUE. */
void bench_content_as(struct bench *b, const char *value, const char *octets)
{
	struct mail_param param = { g_string_new("BODY"), g_string_new(value) };
	g_ptr_array_add(b->tx.params, &param);
	bench_content(b, octets);
	g_ptr_array_set_size(b->tx.params, 0);
	g_string_free(param.keyword, TRUE);
	g_string_free(param.value, TRUE);
}

void bench_recipient(struct bench *b, const char *path, enum recipient_status status)
{
	struct recipient r = { .path = g_string_new(path), .status = status };
	g_ptr_array_add(b->tx.recipients, &r);
	detector_transaction_end(b->detector, b->at, &b->tx);
	g_ptr_array_set_size(b->tx.recipients, 0);
	g_string_free(r.path, TRUE);
}

void bench_auth(struct bench *b, const char *mechanism, const char *user, const char *password, unsigned code)
{
	struct session_auth a = { .mechanism = g_string_new(mechanism),
		.username = user ? g_string_new(user) : NULL,
		.password = password ? g_string_new(password) : NULL,
		.success = code == 235,
		.cancelled = code == 501,
		.code = code };
	detector_auth(b->detector, b->at, &a);
	g_string_free(a.mechanism, TRUE);
	if (a.username)
		g_string_free(a.username, TRUE);
	if (a.password)
		g_string_free(a.password, TRUE);
}

void bench_header(struct bench *b, const char *name, const char *value)
{
	struct mail_header h = { { (const uint8_t *)name, strlen(name) }, { (const uint8_t *)value, strlen(value) } };
	b->mail.headers = &h;
	b->mail.header_count = 1;
	detector_mail(b->detector, &b->tx, &b->mail);
	b->mail.header_count = 0;
}

void bench_mail_text(struct bench *b, const char *octets)
{
	g_string_assign(b->mail.text, octets);
	detector_mail(b->detector, &b->tx, &b->mail);
}

void bench_file_bytes(struct bench *b, const char *name, const char *type, const void *head, size_t size)
{
	struct mail_part part = {
		.filename = g_strdup(name), .content_type = g_strdup(type), .typed = true, .attachment = name != NULL
	};
	assert_true(size <= sizeof part.head);
	memcpy(part.head, head, part.head_size = size);
	g_ptr_array_add(b->mail.parts, &part);
	detector_mail(b->detector, &b->tx, &b->mail);
	g_ptr_array_set_size(b->mail.parts, 0);
	g_free(part.filename);
	g_free(part.content_type);
}

void bench_file(struct bench *b, const char *name, const char *type)
{
	bench_file_bytes(b, name, type, "nothing", 7);
}

void bench_defect(struct bench *b, enum mime_defect_kind kind)
{
	char words[] = "something about the MIME structure";
	struct mime_defect d = { kind, words, NULL };
	g_ptr_array_add(b->mail.defects, &d);
	detector_mail(b->detector, &b->tx, &b->mail);
	g_ptr_array_set_size(b->mail.defects, 0);
}

void bench_handshake(struct bench *b, uint16_t version, int64_t not_before, int64_t not_after)
{
	char subject[] = "CN=mx.example.org", name[] = "TLSvX";
	struct tls_info info = { .server_hello = true,
		.version = name,
		.version_number = version,
		.has_certificate = not_after != 0,
		.subject = subject,
		.not_before = b->at.time + not_before * NANOSECONDS_PER_SECOND,
		.not_after = b->at.time + not_after * NANOSECONDS_PER_SECOND };
	detector_tls(b->detector, b->at, &info);
}

void bench_first(struct bench *b, const char *octets, size_t size)
{
	for (size_t at = 0; at < size; at += b->step)
		detector_client_bytes(b->detector, span_of(octets + at, MIN(b->step, size - at)));
}

void bench_wait(struct bench *b, int seconds)
{
	b->at.time += seconds * NANOSECONDS_PER_SECOND;
	b->at.packet++;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_session.c - libFuzzer target: a session fed with whatever comes.
 *
 * The input is a list of steps: one octet says what (direction, kind, how far the sender had seen), one how many octets
 * follow. Each piece is an allocation of its own, so that AddressSanitizer sees every octet that is read beyond it or
 * kept.
 */
#include "fuzz.h"
#include "session.h"

static uint64_t heard;

static void on_content(void *context, struct transaction *tx, struct span piece)
{
	for (size_t i = 0; i < piece.size; i++)
		heard += piece.data[i];
}

static void on_command(void *context, const struct session_command *command)
{
	on_content(context, NULL, command->parsed.line);
	on_content(context, NULL, command->parsed.argument);
}

static void on_response(void *context, const struct session_response *response)
{
	for (size_t i = 0; i < response->line_count; i++)
		on_content(context, NULL, response->lines[i].text);
}

static void on_alert(void *context, const struct alert *alert)
{
	on_content(context, NULL, alert->evidence);
	heard += strlen(alert->description);
}

static const struct session_sink sink = {
	.command = on_command,
	.response = on_response,
	.content = on_content,
	.alert = on_alert,
};

/* feed - one step. Returns the octets it used. */
static size_t feed(struct session *session, const uint8_t *data, size_t size, uint64_t sent[2])
{
	enum direction d = data[0] & 1 ? DOWN : UP;
	size_t length = size > 1 ? data[1] : 0, head = size > 1 ? 2 : 1;
	if (length > size - head)
		length = size - head;
	uint64_t seen = sent[direction_other(d)], acked = seen - seen % ((data[0] >> 4) + 1u);
	switch (data[0] >> 1 & 7) {
	case 0:
		session_gap(session, d, length);
		sent[d] += length;
		return head;
	case 1:
		session_fin(session, d);
		return head;
	case 2:
		if (data[0] == 4)
			session_one_sided(session, d);
		return head;
	default:
		break;
	}
	uint8_t *piece = fuzz_copy(data + head, length);
	session_bytes(session, d, span_of(piece, length), acked);
	free(piece);
	sent[d] += length;
	return head + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct session_options options = {
		.strict = data[0] & 1,
		.midstream = data[0] & 2,
		.implicit_tls = data[0] & 4,
		.early_pipeline = data[0] & 8,
	};
	uint64_t sent[2] = { 0, 0 };
	struct session *session = session_new(&options, &sink, NULL);
	for (size_t at = 1; at < size;)
		at += feed(session, data + at, size - at, sent);
	session_end(session, (enum session_end)(data[0] >> 4 & 3));
	session_free(session);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_record.c - what a record looks like, byte by byte; the order of records; what happens to odd bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kits/check.h"
#include "record.h"

#define TEXT(literal) (span_of((literal), sizeof(literal) - 1))

/* ---- a place to write to ---- */

struct sheet {
	struct output *output;
	GString *text;
	size_t room; /* times that lines can still be written */
	uint64_t last_packet, last_flow;
	struct flow flow;
	struct place place;
};

static bool sheet_write(void *context, uint64_t packet, uint64_t flow, const char *lines, size_t size)
{
	struct sheet *sheet = context;
	sheet->last_packet = packet;
	sheet->last_flow = flow;
	if (sheet->room == 0)
		return false;
	sheet->room--;
	assert_int_equal(lines[size - 1], '\n');
	g_string_append_len(sheet->text, lines, (gssize)size);
	return true;
}

static const struct output_options everything = { .records = (1u << RECORD_COUNT) - 1, .filename = "a.pcap" };

static int setup(void **state)
{
	struct sheet *sheet = g_new0(struct sheet, 1);
	sheet->output = output_new(sheet_write, sheet);
	sheet->text = g_string_new(NULL);
	sheet->room = SIZE_MAX;
	sheet->flow = (struct flow){
		.id = 4,
		.first = { 4, INT64_C(1700000000000001999) },
		.last = { 9, INT64_C(1700000061500000000) },
		.client = { 4, { 128, 232, 110, 120 } },
		.server = { 4, { 66, 35, 250, 204 } },
		.client_port = 34855,
		.server_port = 80,
		.side = { { .packets = 5, .wire_bytes = 500 }, { .packets = 6, .wire_bytes = 700 } },
	};
	sheet->place = (struct place){ &sheet->flow, { 7, INT64_C(1700000001123456789) }, -1 };
	output_begin(sheet->output, &everything);
	*state = sheet;
	return 0;
}

static int teardown(void **state)
{
	struct sheet *sheet = *state;
	output_free(sheet->output);
	g_string_free(sheet->text, TRUE);
	g_free(sheet);
	return 0;
}

/* inner - what is written since the last call, from the named key on. */
static const char *inner(struct sheet *sheet, const char *key)
{
	static char line[65536];
	output_packet_done(sheet->output);
	assert_true(sheet->text->len > 0 && sheet->text->len < sizeof(line));
	memcpy(line, sheet->text->str, sheet->text->len);
	line[sheet->text->len - 1] = '\0';
	g_string_truncate(sheet->text, 0);
	char *found = strstr(line, key);
	assert_non_null(found);
	return found;
}

#define ENVELOPE(type, tail)                                                                                           \
	"{\"timestamp\":\"2023-11-14T22:13:21.123456Z\",\"flow_id\":4,\"pcap_cnt\":7,\"pcap_filename\":\"a.pcap\","    \
	"\"event_type\":\"" type "\"," tail
#define ADDRESSES                                                                                                      \
	"\"src_ip\":\"128.232.110.120\",\"src_port\":34855,\"dest_ip\":\"66.35.250.204\",\"dest_port\":80,\"proto\":"  \
	"\"TCP\",\"app_proto\":\"smtp\","                                                                              \
	"\"community_id\":\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\","

/* ---- fixtures ---- */

static GString *gs(const char *text)
{
	return g_string_new(text);
}

static void free_gstring(gpointer text)
{
	g_string_free(text, TRUE);
}

static struct recipient *recipient(const char *path, enum recipient_status status, unsigned final_code)
{
	struct recipient *r = g_new0(struct recipient, 1);
	r->path = gs(path);
	r->status = status;
	r->final_code = final_code;
	return r;
}

static void free_recipient(gpointer data)
{
	struct recipient *r = data;
	g_string_free(r->path, TRUE);
	g_free(r);
}

static struct mail_param *param(const char *keyword, GString *value)
{
	struct mail_param *p = g_new0(struct mail_param, 1);
	p->keyword = gs(keyword);
	p->value = value;
	return p;
}

static void free_param(gpointer data)
{
	struct mail_param *p = data;
	g_string_free(p->keyword, TRUE);
	if (p->value)
		g_string_free(p->value, TRUE);
	g_free(p);
}

static struct transaction transaction_new(void)
{
	return (struct transaction){
		.helo = gs("client.example"),
		.mail_from = gs("<a@example>"),
		.params = g_ptr_array_new_with_free_func(free_param),
		.recipients = g_ptr_array_new_with_free_func(free_recipient),
		.stage = STAGE_END_OF_DATA,
		.outcome = OUTCOME_ACCEPTED,
	};
}

static void transaction_clear(struct transaction *tx)
{
	g_string_free(tx->helo, TRUE);
	if (tx->mail_from)
		g_string_free(tx->mail_from, TRUE);
	g_ptr_array_free(tx->params, TRUE);
	g_ptr_array_free(tx->recipients, TRUE);
}

/* ---- records ---- */

static const struct related nothing;

static void an_alert(void **state)
{
	struct sheet *sheet = *state;
	const struct alert alert = { .id = ALERT_unknown_command,
		.severity = SEVERITY_LOW,
		.state = "command",
		.direction = UP,
		.has_direction = true,
		.tx = 2,
		.description = "what is \"FOO\"?",
		.evidence = TEXT("FOO\t\\\x00\xff bar\r\n") };
	output_alert(sheet->output, &sheet->place, &alert, &nothing);
	assert_string_equal(inner(sheet, "{"),
		ENVELOPE("alert", ADDRESSES
			"\"tx_id\":2,") "\"alert\":{\"action\":\"allowed\",\"gid\":1,"
					"\"signature_id\":5321008,\"rev\":1,\"signature\":\"unknown_command\","
					"\"category\":\"protocol\",\"severity\":3,\"severity_name\":"
					"\"low\",\"description\":\"what is \\\"FOO\\\"?\",\"state\":"
					"\"command\",\"direction\":\"up\",\"evidence\":"
					"\"FOO\\\\t\\\\\\\\\\\\x00\\\\xff bar\\\\r\\\\n\"}}");
	assert_int_equal(sheet->last_packet, 7);
	assert_int_equal(sheet->last_flow, 4);
}

static void an_attack_and_what_it_belongs_to(void **state)
{
	struct sheet *sheet = *state;
	const struct alert alert = { .id = ALERT_smtp_smuggling,
		.severity = SEVERITY_HIGH,
		.outcome = ALERT_SUCCEEDED,
		.tx = 0,
		.description = "d" };
	struct transaction tx = transaction_new();
	char subject[2000] = "";
	struct mail mail = { .from = (char *)"a@b", .subject = subject };
	for (unsigned i = 0; i < 102; i++) {
		enum recipient_status status = i == 50 ? RECIPIENT_REJECTED : RECIPIENT_ACCEPTED;
		g_ptr_array_add(tx.recipients, recipient(i == 0 ? "<first>" : i == 100 ? "<last>" : "<r>", status, 0));
		tx.recipient_count[status]++;
	}
	memset(subject, 'x', 999);
	strcpy(subject + 999, "\xc3\xbcyz"); /* the limit is in the middle of this character */
	output_alert(sheet->output, &sheet->place, &alert, &(struct related){ &tx, &mail });
	const char *line = inner(sheet, "\"severity_name\"");
	assert_true(g_str_has_prefix(line,
		"\"severity_name\":\"high\",\"description\":\"d\",\"outcome\":\"succeeded\"},\"smtp\":{\"helo\":"
		"\"client.example\",\"mail_from\":\"<a@example>\",\"rcpt_to\":[\"<first>\",\"<r>\","));
	assert_has(line, "\"<r>\",\"<last>\"],\"rcpt_omitted\":1},\"email\":{\"from\":\"a@b\",\"subject\":\"x");
	assert_true(g_str_has_suffix(line, "x\"}}"));
	transaction_clear(&tx);
}

static void evidence_is_at_most_256_octets(void **state)
{
	struct sheet *sheet = *state;
	uint8_t bytes[300];
	memset(bytes, 'x', sizeof(bytes));
	const struct alert alert = { .id = ALERT_bare_lf,
		.severity = SEVERITY_LOW,
		.tx = -1,
		.description = "d",
		.evidence = { bytes, sizeof(bytes) } };
	output_alert(sheet->output, &sheet->place, &alert, &nothing);
	const char *evidence = inner(sheet, "\"evidence\":\"") + strlen("\"evidence\":\"");
	assert_int_equal(strspn(evidence, "x"), 256);
}

static void alerts_below_the_severity_are_not_written(void **state)
{
	struct sheet *sheet = *state;
	struct output_options options = everything;
	options.severity = SEVERITY_MEDIUM;
	output_begin(sheet->output, &options);
	struct alert alert = { .id = ALERT_bare_lf, .severity = SEVERITY_LOW, .tx = -1, .description = "d" };
	output_alert(sheet->output, &sheet->place, &alert, &nothing);
	output_packet_done(sheet->output);
	assert_int_equal(sheet->text->len, 0);
	alert.severity = SEVERITY_MEDIUM;
	output_alert(sheet->output, &sheet->place, &alert, &nothing);
	output_packet_done(sheet->output);
	assert_int_not_equal(sheet->text->len, 0);
}

static void a_transaction_with_its_mail(void **state)
{
	struct sheet *sheet = *state;
	struct transaction tx = transaction_new();
	g_ptr_array_add(tx.recipients, recipient("<b@example>", RECIPIENT_ACCEPTED, 0));
	g_ptr_array_add(tx.recipients, recipient("<no@example>", RECIPIENT_REJECTED, 0));
	g_ptr_array_add(tx.recipients, recipient("<c@example>", RECIPIENT_ACCEPTED, 0));
	g_ptr_array_add(tx.recipients, recipient("<who@example>", RECIPIENT_PENDING, 0));
	g_ptr_array_add(tx.params, param("SIZE", gs("12")));
	g_ptr_array_add(tx.params, param("SMTPUTF8", NULL));
	g_ptr_array_add(tx.params, param("SIZE", gs("13")));
	tx.transfer = TRANSFER_DATA;
	tx.reply_code = 250;
	strcpy(tx.reply_enhanced, "2.0.0");
	tx.reply_text = gs("2.0.0 Ok\nqueued");
	tx.content_bytes = UINT64_C(9007199254740992);
	tx.content_begun = tx.content_whole = true;
	struct mail mail = { .sha256 = "00ff",
		.subject = (char *)"Gr\xc3\xbc\xc3\x9f"
				   "e",
		.body = (char *)"a\nb" };
	mail.to = g_ptr_array_new();
	mail.cc = g_ptr_array_new();
	g_ptr_array_add(mail.to, (gpointer) "b@example");
	sheet->place.tx = 0;
	output_smtp(sheet->output, &sheet->place, &tx, &mail, NULL);
	assert_string_equal(inner(sheet, "\"tx_id\""),
		"\"tx_id\":0,\"smtp\":{\"helo\":\"client.example\",\"mail_from\":\"<a@example>\","
		"\"rcpt_to\":[\"<b@example>\",\"<c@example>\"],\"rejected_rcpt_to\":[\"<no@example>\"],"
		"\"pending_rcpt_to\":[\"<who@example>\"],\"mail_params\":{\"SIZE\":\"12\",\"SMTPUTF8\":true},"
		"\"transfer\":\"data\",\"outcome\":\"accepted\",\"stage\":\"eod\","
		"\"reply\":{\"code\":250,\"enhanced\":\"2.0.0\",\"text\":\"2.0.0 Ok\\nqueued\"},"
		"\"size\":9007199254740992,\"sha256\":\"00ff\"},\"email\":{\"status\":\"complete\","
		"\"to\":[\"b@example\"],\"subject\":\"Gr\xc3\xbc\xc3\x9f"
		"e\",\"body\":\"a\\nb\"}}");
	g_ptr_array_free(mail.to, TRUE);
	g_ptr_array_free(mail.cc, TRUE);
	g_string_free(tx.reply_text, TRUE);
	transaction_clear(&tx);
}

static void a_refused_transaction_has_no_content(void **state)
{
	struct sheet *sheet = *state;
	struct transaction tx = transaction_new();
	tx.outcome = OUTCOME_REJECTED;
	tx.stage = STAGE_MAIL;
	tx.assumed = true;
	sheet->place.tx = 3;
	output_smtp(sheet->output, &sheet->place, &tx, NULL, NULL);
	assert_string_equal(inner(sheet, "\"tx_id\""),
		"\"tx_id\":3,\"smtp\":{\"helo\":\"client.example\",\"mail_from\":\"<a@example>\","
		"\"outcome\":\"rejected\",\"stage\":\"mail\",\"assumed\":true}}");
	transaction_clear(&tx);
}

static void size_is_given_only_when_something_of_the_content_was_seen(void **state)
{
	struct sheet *sheet = *state;
	struct transaction tx = transaction_new();
	tx.content_begun = true;
	tx.missing_bytes = 10;
	struct mail mail = { .sha256 = "aa", .partial = true };
	output_smtp(sheet->output, &sheet->place, &tx, &mail, NULL);
	const char *smtp = inner(sheet, "\"smtp\":");
	assert_has_not(smtp, "\"size\"");
	assert_has(smtp, "\"missing_bytes\":10}");
	assert_has(smtp, "\"email\":{\"status\":\"partial\"}");
	tx.content_whole = true;
	tx.missing_bytes = 0;
	output_smtp(sheet->output, &sheet->place, &tx, &mail, NULL);
	assert_has(inner(sheet, "\"smtp\":"), "\"size\":0,\"sha256\":\"aa\"}");
	transaction_clear(&tx);
}

static void lmtp_says_what_became_of_each_recipient(void **state)
{
	struct sheet *sheet = *state;
	struct transaction tx = transaction_new();
	g_ptr_array_add(tx.recipients, recipient("<b>", RECIPIENT_ACCEPTED, 250));
	g_ptr_array_add(tx.recipients, recipient("<c>", RECIPIENT_ACCEPTED, 452));
	tx.lmtp = true;
	output_smtp(sheet->output, &sheet->place, &tx, NULL, NULL);
	assert_has(inner(sheet, "\"smtp\":"),
		"\"rcpt_status\":[{\"rcpt\":\"<b>\",\"code\":250},{\"rcpt\":\"<c>\",\"code\":452}]");
	transaction_clear(&tx);
}

static void bytes_that_are_no_utf8_are_kept(void **state)
{
	struct sheet *sheet = *state;
	struct transaction tx = transaction_new();
	g_string_assign(tx.mail_from, "<j\xf6rg@x>");
	g_string_append_len(tx.helo, "\0z", 2);
	g_ptr_array_add(tx.recipients, recipient("<b>", RECIPIENT_ACCEPTED, 0));
	g_ptr_array_add(tx.recipients, recipient("<\xe2\x82>", RECIPIENT_ACCEPTED, 0));
	g_ptr_array_add(tx.recipients, recipient("<c>", RECIPIENT_ACCEPTED, 0));
	g_ptr_array_add(tx.params, param("ENVID", gs("\xff")));
	g_ptr_array_add(tx.params, param("\xfe", NULL));
	output_smtp(sheet->output, &sheet->place, &tx, NULL, NULL);
	assert_string_equal(inner(sheet, "\"smtp\":"),
		"\"smtp\":{\"helo\":\"client.example\xef\xbf\xbdz\",\"helo_base64\":\"Y2xpZW50LmV4YW1wbGUAeg==\","
		"\"mail_from\":\"<j\xef\xbf\xbdrg@x>\",\"mail_from_base64\":\"PGr2cmdAeD4=\","
		"\"rcpt_to\":[\"<b>\",\"<\xef\xbf\xbd\xef\xbf\xbd>\",\"<c>\"],\"rcpt_to_base64\":[null,\"POKCPg==\","
		"null],"
		"\"mail_params\":{\"ENVID\":\"\xef\xbf\xbd\",\"\\\\xfe\":true},\"mail_params_base64\":{\"ENVID\":\"/"
		"w==\"},"
		"\"outcome\":\"accepted\",\"stage\":\"eod\"}}");
	transaction_clear(&tx);
}

static void raw_content_is_text_or_base64(void **state)
{
	struct sheet *sheet = *state;
	struct transaction tx = transaction_new();
	tx.content_begun = tx.content_whole = true;
	struct mail mail = { .raw = g_bytes_new("a\r\n", 3) };
	output_smtp(sheet->output, &sheet->place, &tx, &mail, NULL);
	assert_has(inner(sheet, "\"smtp\":"), "\"raw\":\"a\\r\\n\"}");
	g_bytes_unref(mail.raw);
	mail.raw = g_bytes_new("a\0\r\n", 4);
	mail.raw_truncated = true;
	output_smtp(sheet->output, &sheet->place, &tx, &mail, NULL);
	assert_has(inner(sheet, "\"smtp\":"), "\"raw_base64\":\"YQANCg==\",\"raw_truncated\":true}");
	g_bytes_unref(mail.raw);
	transaction_clear(&tx);
}

static void a_large_record_is_whole(void **state)
{
	struct sheet *sheet = *state;
	struct transaction tx = transaction_new();
	size_t size = (size_t)1024 * 1024;
	struct mail mail = { .body = g_malloc(size + 1) };
	memset(mail.body, '\1', size); /* each becomes six octets */
	mail.body[size] = '\0';
	output_smtp(sheet->output, &sheet->place, &tx, &mail, NULL);
	output_packet_done(sheet->output);
	const char *body = strstr(sheet->text->str, "\"body\":\"") + strlen("\"body\":\"");
	for (size_t i = 0; i < size; i++)
		assert_memory_equal(body + i * 6, "\\u0001", 6);
	assert_string_equal(body + size * 6, "\"}}\n");
	g_free(mail.body);
	transaction_clear(&tx);
}

static void a_file(void **state)
{
	struct sheet *sheet = *state;
	const struct mail_part part = { .filename = (char *)"a.txt",
		.content_type = (char *)"text/plain",
		.number = (char *)"1.2",
		.size = 5,
		.sha256 = (char *)"aa",
		.md5 = (char *)"bb",
		.truncated = true };
	sheet->place.tx = 1;
	output_fileinfo(sheet->output, &sheet->place, &part, &nothing);
	assert_string_equal(inner(sheet, "\"tx_id\""),
		"\"tx_id\":1,\"fileinfo\":{\"filename\":\"a.txt\",\"content_type\":\"text/"
		"plain\",\"part\":\"1.2\",\"size\":5,"
		"\"sha256\":\"aa\",\"md5\":\"bb\",\"state\":\"TRUNCATED\",\"gaps\":false,\"stored\":false}}");
}

static void a_command(void **state)
{
	struct sheet *sheet = *state;
	struct session_command command = {
		.parsed = { .verb = VERB_MAIL, .name = TEXT("mail"), .argument = TEXT("FROM:<>") },
		.valid = true,
		.state = "command"
	};
	output_command(sheet->output, &sheet->place, &command);
	assert_string_equal(inner(sheet, "\"smtp_command\":"),
		"\"smtp_command\":{\"verb\":\"MAIL\",\"argument\":\"FROM:<>\",\"state\":\"command\"}}");
	command = (struct session_command){ .parsed = { .line = TEXT("1\x80\r\n") }, .state = "command" };
	output_command(sheet->output, &sheet->place, &command);
	assert_string_equal(inner(sheet, "\"smtp_command\":"),
		"\"smtp_command\":{\"state\":\"command\",\"line\":\"1\\\\x80\\\\r\\\\n\"}}");
}

static void secrets_are_shown_only_when_asked_for(void **state)
{
	struct sheet *sheet = *state;
	struct session_command auth = {
		.parsed = { .verb = VERB_AUTH, .name = TEXT("AUTH"), .argument = TEXT("PLAIN AHUAcA==") },
		.valid = true,
		.credentials = true,
		.state = "command"
	};
	struct session_command line = { .parsed = { .argument = TEXT("cGFzcw=="), .line = TEXT("cGFzcw==\r\n") },
		.credentials = true,
		.continuation = true,
		.state = "auth" };
	struct session_auth done = {
		.mechanism = gs("PLAIN"), .username = gs("u"), .password = gs("p"), .success = true
	};
	output_command(sheet->output, &sheet->place, &auth);
	assert_string_equal(inner(sheet, "\"smtp_command\":"),
		"\"smtp_command\":{\"verb\":\"AUTH\",\"argument\":\"PLAIN *\",\"state\":\"command\"}}");
	output_command(sheet->output, &sheet->place, &line);
	assert_string_equal(inner(sheet, "\"smtp_command\":"),
		"\"smtp_command\":{\"argument\":\"*\",\"state\":\"auth\",\"line\":\"*\"}}");
	output_auth(sheet->output, &sheet->place, &done);
	assert_string_equal(inner(sheet, "\"smtp_auth\":"),
		"\"smtp_auth\":{\"mechanism\":\"PLAIN\",\"username\":\"u\",\"success\":true,\"tls\":false}}");
	done.assumed = true; /* nobody knows whether it succeeded */
	output_auth(sheet->output, &sheet->place, &done);
	assert_string_equal(inner(sheet, "\"smtp_auth\":"),
		"\"smtp_auth\":{\"mechanism\":\"PLAIN\",\"username\":\"u\",\"tls\":false,\"assumed\":true}}");

	struct output_options options = everything;
	options.show_secrets = true;
	output_begin(sheet->output, &options);
	output_command(sheet->output, &sheet->place, &auth);
	assert_has(inner(sheet, "{"), "\"argument\":\"PLAIN AHUAcA==\"");
	output_command(sheet->output, &sheet->place, &line);
	assert_has(inner(sheet, "{"), "\"line\":\"cGFzcw==\\\\r\\\\n\"");
	output_auth(sheet->output, &sheet->place, &done);
	assert_has(inner(sheet, "{"), "\"password\":\"p\"");
	g_string_free(done.mechanism, TRUE);
	g_string_free(done.username, TRUE);
	g_string_free(done.password, TRUE);
}

static void a_response(void **state)
{
	struct sheet *sheet = *state;
	const struct reply_line lines[] = { { .code = 550, .text = TEXT("5.1.1 a") },
		{ .code = 550, .text = TEXT("\xe9") }, { .code = 550, .text = { NULL, 0 } } };
	struct session_response response = {
		.code = 550, .lines = lines, .line_count = 3, .to_name = TEXT("rcpt"), .state = "response"
	};
	output_response(sheet->output, &sheet->place, &response);
	assert_string_equal(inner(sheet, "\"smtp_response\":"),
		"\"smtp_response\":{\"code\":550,\"enhanced\":\"5.1.1\",\"lines\":[\"5.1.1 a\",\"\xef\xbf\xbd\",\"\"],"
		"\"lines_base64\":[null,\"6Q==\",null],\"to\":\"RCPT\",\"state\":\"response\"}}");
	response = (struct session_response){ .code = 354, .assumed = true };
	output_response(sheet->output, &sheet->place, &response);
	assert_string_equal(inner(sheet, "\"smtp_response\":"), "\"smtp_response\":{\"code\":354,\"assumed\":true}}");
}

static void content_piece_by_piece(void **state)
{
	struct sheet *sheet = *state;
	output_content(sheet->output, &sheet->place, 0, TEXT("a\r\n"), false);
	assert_string_equal(inner(sheet, "\"smtp_content\":"),
		"\"smtp_content\":{\"offset\":0,\"length\":3,\"last\":false,\"text\":\"a\\r\\n\"}}");
	output_content(sheet->output, &sheet->place, 3, TEXT("\xff"), false);
	assert_string_equal(inner(sheet, "\"smtp_content\":"),
		"\"smtp_content\":{\"offset\":3,\"length\":1,\"last\":false,\"base64\":\"/w==\"}}");
	output_content(sheet->output, &sheet->place, 4, span_of(NULL, 0), true);
	assert_string_equal(
		inner(sheet, "\"smtp_content\":"), "\"smtp_content\":{\"offset\":4,\"length\":0,\"last\":true}}");
}

static void a_handshake(void **state)
{
	struct sheet *sheet = *state;
	struct tls_info tls = { .sni = (char *)"mx.example",
		.version = "TLS 1.2",
		.cipher_number = 0xfefe,
		.ja4 = "t12d",
		.subject = (char *)"CN=mx.example",
		.has_certificate = true,
		.not_before = INT64_C(1767225600000000000),
		.not_after = INT64_C(-1) };
	tls.alpn = g_ptr_array_new();
	g_ptr_array_add(tls.alpn, (gpointer) "smtp");
	output_tls(sheet->output, &sheet->place, &tls);
	assert_string_equal(inner(sheet, "\"tls\":"), "\"tls\":{\"sni\":\"mx.example\",\"version\":\"TLS 1.2\","
						      "\"cipher\":\"0xfefe\",\"alpn\":[\"smtp\"],\"ja4\":\"t12d\","
						      "\"subject\":\"CN=mx.example\",\"notbefore\":\"2026-01-01T00:00:"
						      "00\",\"notafter\":\"1969-12-31T23:59:59\"}}");
	g_ptr_array_free(tls.alpn, TRUE);
}

static void a_session(void **state)
{
	struct sheet *sheet = *state;
	uint64_t alerts[ALERT_COUNT] = { [ALERT_bare_lf] = 12, [ALERT_tcp_gap] = 1 };
	struct session_summary summary = { .state = "finish",
		.banner = gs("mx ESMTP"),
		.helo = gs("c"),
		.commands = 5,
		.responses = 6,
		.mails = 1,
		.tls = true,
		.lost_bytes = 9 };
	summary.extensions = g_ptr_array_new_with_free_func(free_gstring);
	g_ptr_array_add(summary.extensions, gs("SIZE 100"));
	sheet->flow.why = FLOW_END_FIN;
	sheet->flow.vlan[0] = 10;
	sheet->flow.vlan[1] = 20;
	sheet->flow.vlan_count = 2;
	output_flow(sheet->output, &sheet->place, &summary, alerts, NULL, NULL);
	assert_string_equal(inner(sheet, "{"),
		ENVELOPE("flow",
			"\"vlan\":[10,20]," ADDRESSES) "\"flow\":{\"pkts_toserver\":5,\"pkts_toclient\":6,"
						       "\"bytes_toserver\":500,\"bytes_toclient\":700,\"start\":"
						       "\"2023-11-14T22:13:20.000001Z\",\"end\":"
						       "\"2023-11-14T22:14:21.500000Z\",\"age\":61,\"state\":"
						       "\"closed\","
						       "\"reason\":\"timeout\",\"alerted\":true,"
						       "\"close\":\"fin\",\"first_packet\":4},\"smtp_session\":{"
						       "\"state\":\"finish\","
						       "\"banner\":\"mx ESMTP\",\"helo\":\"c\",\"extensions\":["
						       "\"SIZE 100\"],\"commands\":5,\"responses\":6,\"mails\":1,"
						       "\"authenticated\":false,\"tls\":true,\"midstream\":false,"
						       "\"one_sided\":false,\"gap_bytes\":9,\"alerts\":{\"bare_lf\":12,"
						       "\"tcp_gap\":1}}}");
	g_string_free(summary.banner, TRUE);
	g_string_free(summary.helo, TRUE);
	g_ptr_array_free(summary.extensions, TRUE);
}

static void the_state_and_the_end_of_a_connection(void **state)
{
	static const struct {
		enum flow_end why;
		const char *expected;
	} rows[] = {
		{ FLOW_END_FIN, "\"state\":\"closed\",\"reason\":\"timeout\",\"alerted\":false,\"close\":\"fin\"" },
		{ FLOW_END_RST, "\"state\":\"closed\",\"reason\":\"timeout\",\"alerted\":false,\"close\":\"rst\"" },
		{ FLOW_END_TIMEOUT,
			"\"state\":\"established\",\"reason\":\"timeout\",\"alerted\":false,\"close\":\"timeout\"" },
		{ FLOW_END_EVICTED,
			"\"state\":\"established\",\"reason\":\"forced\",\"alerted\":false,\"close\":\"evicted\"" },
		{ FLOW_END_REUSED,
			"\"state\":\"established\",\"reason\":\"tcp_reuse\",\"alerted\":false,\"close\":\"reused\"" },
		{ FLOW_END_INPUT,
			"\"state\":\"established\",\"reason\":\"shutdown\",\"alerted\":false,\"close\":\"end_of_"
			"capture\"" },
	};
	struct sheet *sheet = *state;
	static const uint64_t alerts[ALERT_COUNT];
	const struct session_summary summary = { .state = "command" };
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		sheet->flow.why = rows[i].why;
		output_flow(sheet->output, &sheet->place, &summary, alerts, NULL, NULL);
		const char *line = inner(sheet, "{");
		assert_has(line, rows[i].expected);
		assert_has_not(line, "\"alerts\"");
	}
}

static void the_statistics(void **state)
{
	struct sheet *sheet = *state;
	struct input_stats stats = {
		.packets = 9, .bytes = 900, .sessions = 1, .first = { 1, 0 }, .last = { 9, 1500 }, .complete = false
	};
	stats.alerts[SEVERITY_HIGH] = 1;
	stats.not_decoded[DECODE_NOT_IP] = 2;
	strcpy(stats.error, "a.pcap: cut");
	output_stats(sheet->output, &stats);
	const char *line = inner(sheet, "{");
	assert_ptr_equal(strstr(line, "{\"timestamp\":\"1970-01-01T00:00:00.000001Z\",\"pcap_filename\":\"a.pcap\","
				      "\"event_type\":\"stats\",\"stats\":{\"packets\":9,\"bytes\":900,"),
		line);
	assert_has(line, "\"alerts\":{\"high\":1,\"medium\":0,\"low\":0},\"not_decoded\":{");
	assert_has(line, "\"not_ip\":2,");
	assert_has(line, "\"complete\":false,\"error\":\"a.pcap: cut\"}}");
	assert_int_equal(sheet->last_flow, UINT64_MAX);
}

/* ---- all records ---- */

static void records_that_are_not_wanted_are_not_written(void **state)
{
	struct sheet *sheet = *state;
	struct output_options options = everything;
	options.records = RECORD_BIT(FLOW);
	output_begin(sheet->output, &options);
	assert_true(output_wants(sheet->output, RECORD_FLOW));
	assert_false(output_wants(sheet->output, RECORD_CONTENT));
	output_content(sheet->output, &sheet->place, 0, TEXT("a"), false);
	output_packet_done(sheet->output);
	assert_int_equal(sheet->text->len, 0);
}

static void records_of_a_packet_are_sorted_by_flow(void **state)
{
	struct sheet *sheet = *state;
	static const uint64_t flows[] = { 9, 4, 9, 4, 2 };
	for (size_t i = 0; i < G_N_ELEMENTS(flows); i++) {
		sheet->flow.id = flows[i];
		output_content(sheet->output, &sheet->place, i, TEXT("a"), false);
	}
	output_packet_done(sheet->output);
	GString *got = g_string_new(NULL);
	gchar **lines = g_strsplit(sheet->text->str, "\n", 0);
	for (gchar **line = lines; **line; line++)
		g_string_append_c(got, strstr(*line, "\"offset\":")[strlen("\"offset\":")]);
	assert_string_equal(got->str, "41302");
	g_strfreev(lines);
	g_string_free(got, TRUE);
}

static void a_failed_write_is_remembered(void **state)
{
	struct sheet *sheet = *state;
	sheet->room = 1;
	for (int i = 0; i < 3; i++) {
		output_content(sheet->output, &sheet->place, 0, TEXT("a"), false);
		assert_int_equal(output_failed(sheet->output), i > 1);
		output_packet_done(sheet->output);
	}
	assert_true(output_failed(sheet->output));
	assert_int_equal(sheet->room, 0);
}

static void nanoseconds_have_nine_digits(void **state)
{
	struct sheet *sheet = *state;
	struct output_options options = everything;
	options.nanoseconds = true;
	output_begin(sheet->output, &options);
	output_content(sheet->output, &sheet->place, 0, TEXT("a"), true);
	assert_has(inner(sheet, "{"), "\"timestamp\":\"2023-11-14T22:13:21.123456789Z\"");
}

/* The pairs are the specification's own examples (Community ID, baseline with seed 0). */
static void community_ids(void **state)
{
	static const struct {
		struct address client, server;
		uint16_t client_port, server_port;
		const char *expected;
	} rows[] = {
		{ { 4, { 128, 232, 110, 120 } }, { 4, { 66, 35, 250, 204 } }, 34855, 80,
			"1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ { 4, { 66, 35, 250, 204 } }, { 4, { 128, 232, 110, 120 } }, 80, 34855,
			"1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ { 6, { 0x20, 0x01, 0x04, 0x70, 0xe5, 0xbf, 0xde, 0xad, 0x49, 0x57, 0x21, 0x74, 0xe8, 0x2c, 0x48,
			       0x87 } },
			{ 6, { 0x26, 0x07, 0xf8, 0xb0, 0x40, 0x0c, 0x0c, 0x03, 0, 0, 0, 0, 0, 0, 0, 0x1a } }, 63943, 25,
			"1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=" },
	};
	struct sheet *sheet = *state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		sheet->flow.client = rows[i].client;
		sheet->flow.server = rows[i].server;
		sheet->flow.client_port = rows[i].client_port;
		sheet->flow.server_port = rows[i].server_port;
		for (int again = 0; again < 2; again++) {
			output_content(sheet->output, &sheet->place, 0, TEXT("a"), true);
			assert_has(inner(sheet, "{"), rows[i].expected);
		}
	}
	output_content(sheet->output, &sheet->place, 0, TEXT("a"), true);
	assert_has(inner(sheet, "{"), "\"src_ip\":\"2001:470:e5bf:dead:4957:2174:e82c:4887\",\"src_port\":63943,"
				      "\"dest_ip\":\"2607:f8b0:400c:c03::1a\",\"dest_port\":25");
}

static void the_schema_knows_every_record_and_alert(void **state)
{
	char *schema = output_schema(), *list = output_alert_list();
	for (int i = 0; i < RECORD_COUNT; i++)
		assert_has(schema, record_names[i]);
	for (int i = 0; i < ALERT_COUNT; i++) {
		assert_has(schema, alert_catalogue[i].name);
		assert_has(list, alert_catalogue[i].name);
	}
	g_free(schema);
	g_free(list);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_alert),
		TEST(an_attack_and_what_it_belongs_to),
		TEST(evidence_is_at_most_256_octets),
		TEST(alerts_below_the_severity_are_not_written),
		TEST(a_transaction_with_its_mail),
		TEST(a_refused_transaction_has_no_content),
		TEST(size_is_given_only_when_something_of_the_content_was_seen),
		TEST(lmtp_says_what_became_of_each_recipient),
		TEST(bytes_that_are_no_utf8_are_kept),
		TEST(raw_content_is_text_or_base64),
		TEST(a_large_record_is_whole),
		TEST(a_file),
		TEST(a_command),
		TEST(secrets_are_shown_only_when_asked_for),
		TEST(a_response),
		TEST(content_piece_by_piece),
		TEST(a_handshake),
		TEST(a_session),
		TEST(the_state_and_the_end_of_a_connection),
		TEST(the_statistics),
		TEST(records_that_are_not_wanted_are_not_written),
		TEST(records_of_a_packet_are_sorted_by_flow),
		TEST(a_failed_write_is_remembered),
		TEST(nanoseconds_have_nine_digits),
		TEST(community_ids),
		TEST(the_schema_knows_every_record_and_alert),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

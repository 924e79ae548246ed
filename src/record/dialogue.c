/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * dialogue.c - the records smtp_command, smtp_response, smtp_content, smtp_auth, tls.
 *
 * A password is written, and a command with credentials shown, only with output_options.show_secrets.
 */
#include <inttypes.h>
#include <stdio.h>

#include "private.h"

/* upper_case - a verb in upper case. */
static struct span upper_case(struct span name)
{
	uint8_t *text = json_alloc(name.size);
	for (size_t i = 0; i < name.size; i++)
		text[i] = (uint8_t)g_ascii_toupper((gchar)name.data[i]);
	return span_of(text, name.size);
}

/* masked_argument - the argument without credentials: for AUTH only the mechanism is kept, for anything else nothing.
 */
static struct span masked_argument(const struct session_command *command)
{
	struct span argument = command->parsed.argument;
	size_t keep = 0;
	bool mechanism = command->parsed.verb == VERB_AUTH || command->parsed.verb == VERB_X_EXPS;
	if (mechanism && !command->continuation)
		while (keep < argument.size && argument.data[keep] != ' ' && argument.data[keep] != '\t')
			keep++;
	if (keep == argument.size)
		return argument;
	uint8_t *text = json_alloc(keep + 2), *to = mempcpy(text, argument.data, keep);
	if (keep > 0)
		*to++ = ' ';
	*to++ = '*';
	return span_of(text, (size_t)(to - text));
}

void output_command(struct output *output, const struct place *place, const struct session_command *command)
{
	if (!output_wants(output, RECORD_COMMAND))
		return;
	bool hide = command->credentials && !output_options(output)->show_secrets;
	struct json root = record_begin(output, RECORD_COMMAND, place), object = json_part(&root, OF_smtp_command);
	if (command->parsed.name.size > 0)
		json_text(&object, FIELD_smtp_command_verb, upper_case(command->parsed.name));
	if (command->parsed.argument.size > 0)
		json_text(&object, FIELD_smtp_command_argument,
			hide ? masked_argument(command) : command->parsed.argument);
	json_word(&object, FIELD_smtp_command_state, command->state);
	if (!command->valid && hide)
		json_word(&object, FIELD_smtp_command_line, "*");
	else if (!command->valid)
		json_escaped(&object, FIELD_smtp_command_line, command->parsed.line, command->parsed.line.size);
	record_end(output, place, &root);
}

void output_response(struct output *output, const struct place *place, const struct session_response *response)
{
	if (!output_wants(output, RECORD_RESPONSE))
		return;
	struct json root = record_begin(output, RECORD_RESPONSE, place), object = json_part(&root, OF_smtp_response);
	json_number(&object, FIELD_smtp_response_code, response->code);
	char enhanced[GRAMMAR_ENHANCED_MAX];
	response_enhanced(response, enhanced);
	json_word(&object, FIELD_smtp_response_enhanced, enhanced);
	struct json_texts lines = json_texts(&object, FIELD_smtp_response_lines);
	for (size_t i = 0; i < response->line_count; i++)
		json_texts_add(&lines, response->lines[i].text);
	json_texts_end(&lines);
	if (response->to_name.size > 0)
		json_text(&object, FIELD_smtp_response_to, upper_case(response->to_name));
	json_word(&object, FIELD_smtp_response_state, response->state);
	json_true(&object, FIELD_smtp_response_assumed, response->assumed);
	record_end(output, place, &root);
}

void output_content(struct output *output, const struct place *place, uint64_t offset, struct span piece, bool last)
{
	if (!output_wants(output, RECORD_CONTENT))
		return;
	struct json root = record_begin(output, RECORD_CONTENT, place), object = json_part(&root, OF_smtp_content);
	json_number(&object, FIELD_smtp_content_offset, offset);
	json_number(&object, FIELD_smtp_content_length, piece.size);
	json_flag(&object, FIELD_smtp_content_last, last);
	if (piece.size > 0)
		json_content(&object, FIELD_smtp_content_text, FIELD_smtp_content_base64, piece);
	record_end(output, place, &root);
}

void output_auth(struct output *output, const struct place *place, const struct session_auth *auth)
{
	if (!output_wants(output, RECORD_AUTH))
		return;
	struct json root = record_begin(output, RECORD_AUTH, place), object = json_part(&root, OF_smtp_auth);
	json_gstring(&object, FIELD_smtp_auth_mechanism, auth->mechanism);
	json_gstring(&object, FIELD_smtp_auth_username, auth->username);
	if (output_options(output)->show_secrets)
		json_gstring(&object, FIELD_smtp_auth_password, auth->password);
	if (!auth->assumed)
		json_flag(&object, FIELD_smtp_auth_success, auth->success);
	json_flag(&object, FIELD_smtp_auth_tls, auth->tls);
	json_true(&object, FIELD_smtp_auth_assumed, auth->assumed);
	record_end(output, place, &root);
}

/* known_or_number - the name, or 0xNNNN for an unknown number; NULL for 0. */
static const char *known_or_number(const char *name, uint16_t number)
{
	if (name || number == 0)
		return name;
	char *text = json_alloc(8);
	snprintf(text, 8, "0x%04x", number);
	return text;
}

void output_tls(struct output *output, const struct place *place, const struct tls_info *tls)
{
	if (!output_wants(output, RECORD_TLS))
		return;
	struct json root = record_begin(output, RECORD_TLS, place), object = json_part(&root, OF_tls);
	json_true_or(&object, FIELD_tls_decrypted, tls->decrypted && !tls->why[0], tls->why[0] ? tls->why : NULL);
	if (tls->failures > 0 && tls->why[0])
		json_number(&object, FIELD_tls_failures, tls->failures);
	json_string(&object, FIELD_tls_sni, tls->sni);
	json_word(&object, FIELD_tls_version, known_or_number(tls->version, tls->version_number));
	json_word(&object, FIELD_tls_cipher, known_or_number(tls->cipher, tls->cipher_number));
	json_strings(&object, FIELD_tls_alpn, tls->alpn);
	json_word(&object, FIELD_tls_ja4, tls->ja4);
	json_string(&object, FIELD_tls_subject, tls->subject);
	json_string(&object, FIELD_tls_issuerdn, tls->issuerdn);
	json_string(&object, FIELD_tls_serial, tls->serial);
	if (tls->has_certificate) {
		json_date(&object, FIELD_tls_notbefore, tls->not_before);
		json_date(&object, FIELD_tls_notafter, tls->not_after);
	}
	json_string(&object, FIELD_tls_fingerprint, tls->fingerprint);
	json_strings(&object, FIELD_tls_subjectaltname, tls->subject_alt_names);
	record_end(output, place, &root);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rows.h - the guards and actions that the table of machine.c names (guards.c).
 */
#ifndef SMTPSCAN_SMTP_ROWS_H
#define SMTPSCAN_SMTP_ROWS_H

#include "machine.h"

/* clang-format off */
#define GUARDS(X) \
	X(code_is_220) X(code_is_221) X(code_is_354) X(code_is_421) X(code_is_554) \
	X(midstream) X(midstream_command) X(midstream_content) \
	X(foreign_protocol) X(client_hello) X(server_hello) X(midstream_tls) X(midstream_354) X(excused) \
	X(greeting) X(before_helo) X(assumed) X(still_ungreeted) \
	X(chunk_follows) X(chunk_complete) X(odd_end) X(end_of_data) X(end_of_data_lost) X(end_of_data_unseen) X(accepted_unended) X(gave_up) X(unseen_command) X(unseen_data) X(odd_end_answered) \
	X(resynchronising) X(resynchronising_reply) X(answers_lost) X(answered_enough) X(unheard) X(answers_close) \
	X(starts_tls) X(starts_over) X(asks_for_credentials) X(asks_for_octets) X(more_recipients) \
	X(stray_before_tls) X(answers_no_tls) X(never_was_tls) X(implicit_tls)

#define ACTIONS(X) \
	X(greet) X(resume_with_reply) X(turn_away) X(assume_banner) X(resume) X(take_command) X(lose_command) \
	X(skip_line) X(take_response) X(assume_response) X(take_stray_response) X(take_credentials) X(await_lost) X(settle) X(pass_over) \
	X(take_content) X(hold_content) X(end_content) X(take_chunk) X(take_tls) X(open_content) X(close_content) X(take_content_gap) X(split_content) X(take_lost_end) \
	X(begin_tls) X(take_tls_gap) X(start_over) X(skip_gap) X(drop_connection) \
	X(alert_unavailable_service) X(alert_invalid_response) X(alert_invalid_client_initiation) X(alert_invalid_command) \
	X(break_off) X(alert_invalid_data) X(alert_invalid_data_chunk) X(alert_tls_injection) X(alert_plaintext_after_starttls) \
	X(alert_unexpected_client_command) X(alert_unexpected_server_response)
/* clang-format on */

#define X(name) bool name(const struct session *s);
GUARDS(X)
#undef X
#define X(name) void name(struct session *s);
ACTIONS(X)
#undef X

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rows.h - the guards and actions that the table names. table.c says in which files they are.
 */
#ifndef SMTPSCAN_SMTP_ROWS_H
#define SMTPSCAN_SMTP_ROWS_H

#include "machine.h"

/* clang-format off */
/* Guards that are false without a certain code of the reply: X(name, code). The machine need not ask them then. */
#define REPLY_GUARDS(X) \
	X(code_is_220, 220) X(code_is_221, 221) X(code_is_354, 354) X(code_is_421, 421) X(code_is_554, 554) \
	X(goes_ahead, 354) X(midstream_354, 354) X(unseen_data, 354) X(asks_for_octets, 354) X(asks_for_credentials, 334) \
	X(starts_tls, 220) X(starts_over, 220) X(banner_after_greeting, 220) X(turn_accepted, 250)

#define GUARDS(X) \
	X(midstream) X(midstream_command) X(midstream_line) X(midstream_tls) \
	X(foreign_protocol) X(client_hello) X(server_hello) X(announced_early) X(quits) X(said_nothing) \
	X(greeting) X(out_of_turn) X(still_ungreeted) \
	X(resynchronising) X(resynchronising_reply) X(content_unasked) X(content_follows) X(interrupts_chunks) X(chunk_size_huge) X(chunk_size_odd) X(chunk_follows) \
	X(answers_lost) X(unseen_command) X(answers_close) \
	X(noise_answered) X(more_recipients) \
	X(answered_enough) X(unheard) X(too_many_waiting) X(judged_again) X(reply_unseen) X(may_be_grouped) \
	X(after_starttls) X(after_last_in_group) X(sent_before_banner) X(not_grouped) \
	X(odd_end) X(end_of_data) X(odd_end_passed) X(odd_end_passed_command) X(odd_end_answered) X(odd_end_passed_lf) X(answered_lf) X(odd_end_refused) \
	X(accepted_unended) X(end_of_data_lost) X(end_of_data_unseen) X(chunk_complete) X(chunk_unsent) \
	X(stray_before_tls) X(answers_no_tls) X(never_was_tls) X(greets_inside)

#define ACTIONS(X) \
	X(greet) X(resume_with_reply) X(turn_away) X(assume_banner) X(resume) X(resume_with_line) X(resume_midway) X(take_command) X(lose_command) \
	X(take_response) X(reverse_roles) X(assume_response) X(take_stray_response) X(take_credentials) X(await_lost) X(stop_waiting) X(pass_over) \
	X(open_content) X(resume_content) X(take_content) X(hold_content) X(end_content) X(end_content_lf) X(take_content_gap) X(take_lost_end) X(break_off) X(close_content) \
	X(open_chunk) X(take_chunk) X(take_chunk_gap) X(close_chunk) X(drop_chunk) \
	X(begin_tls) X(take_tls) X(take_tls_gap) X(start_over) X(skip_gap) X(drop_connection) \
	X(alert_unavailable_service) X(alert_unavailable_service_554) X(alert_invalid_response) X(alert_invalid_response_high) \
	X(alert_invalid_client_initiation) X(alert_invalid_command) X(alert_invalid_data) X(alert_invalid_data_chunk) \
	X(alert_early_talker) X(alert_data_after_quit) X(alert_invalid_pipelining) X(alert_unauthorized_pipelining) \
	X(alert_unexpected_client_command) X(alert_unexpected_server_response) X(alert_unexpected_server_response_354) X(alert_content_unasked) X(alert_pending_overflow) \
	X(alert_bdat_missing_last) X(alert_bdat_huge) X(alert_bdat_invalid) \
	X(alert_smtp_smuggling) X(alert_smtp_smuggling_failed) X(alert_nonstandard_end_of_data) X(alert_nonstandard_end_of_data_refused) \
	X(alert_starttls_command_injection) X(alert_starttls_command_injection_tls) X(alert_starttls_response_injection) \
	X(alert_plaintext_after_starttls)
/* clang-format on */

/* CODE_name - the code without which a guard is false; 0: none. */
enum { CODE_always };
#define X(name)                                                                                                        \
	enum { CODE_##name };                                                                                          \
	bool name(const struct session *s);
GUARDS(X)
#undef X
#define X(name, code)                                                                                                  \
	enum { CODE_##name = code };                                                                                   \
	bool name(const struct session *s);
REPLY_GUARDS(X)
#undef X
#define X(name) void name(struct session *s);
ACTIONS(X)
#undef X

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * table.c - the states and transitions of SMTP, as data.
 *
 * Rows are tried in order: those of a state first, those for `any` last; a row without a guard always applies. The last
 * two columns are the next state with --strict, and in the default mode; `no`: the row does not exist in that mode;
 * `on`: stay, and try the next rows, too. Guards are in guards.c, data.c, gaps.c and odd_end.c; actions in actions.c,
 * greeting.c, data.c, odd_end.c, unexpected.c, starttls.c and gaps.c.
 */
#include "machine.h"

#include "rows.h"

#define always NULL
#define nothing NULL
#define ROW(state, event, from, when, execute, strict, recover)                                                        \
	{                                                                                                              \
		STATE_##state, EVENT_##event, FROM_##from, { STATE_##recover, STATE_##strict }, CODE_##when, when,     \
			execute, #when, #execute                                                                       \
	}

/* clang-format off */
const struct transition machine_table[] = {
	/*  state               event            from   when                    do                                   strict              recover */
	/* the banner: RFC 5321 3.1 */
	ROW(session_initiation, down,            down, code_is_220,           greet,                               client_initiation,  client_initiation),
	ROW(session_initiation, down,            down, midstream_354,         resume_with_reply,                   no,                 data_transmission),
	ROW(session_initiation, down,            down, midstream,             resume_with_reply,                   no,                 command),
	ROW(session_initiation, down,            down, code_is_554,           turn_away,                           no,                 turned_away),
	ROW(session_initiation, down,            down, always,                alert_unavailable_service,           fail,               client_initiation),
	ROW(session_initiation, parse_error,     down, foreign_protocol,      alert_invalid_response_high,         no,                 fail),
	ROW(session_initiation, parse_error,     down, always,                alert_invalid_response_high,         fail,               stay),
	ROW(session_initiation, gap,             down, always,                assume_banner,                       client_initiation,  client_initiation),
	ROW(session_initiation, missing_grammar, up,   midstream_tls,         nothing,                             no,                 tls),
	ROW(session_initiation, missing_grammar, up,   midstream_command,     resume,                              no,                 command),
	ROW(session_initiation, missing_grammar, up,   midstream_line,        resume_with_line,                    no,                 command),
	ROW(session_initiation, missing_grammar, up,   midstream,             resume_midway,                       no,                 data_transmission),
	ROW(session_initiation, missing_grammar, up,   reply_unseen,          nothing,                             stay,               stay),
	ROW(session_initiation, missing_grammar, up,   announced_early,       nothing,                             stay,               stay),
	ROW(session_initiation, missing_grammar, up,   noise_answered,        nothing,                             no,                 stay),
	ROW(session_initiation, missing_grammar, up,   judged_again,          nothing,                             no,                 stay),
	ROW(session_initiation, missing_grammar, up,   client_hello,          alert_early_talker,                  no,                 tls),
	ROW(session_initiation, missing_grammar, up,   always,                alert_early_talker,                  on,                 stay),
	/* a server that offers no service waits for QUIT: RFC 5321 3.1 */
	ROW(turned_away,        up,              up,   quits,                 take_command,                        no,                 response),
	ROW(turned_away,        up,              up,   always,                alert_unavailable_service_554,       no,                 on),
	ROW(turned_away,        up,              up,   always,                take_command,                        no,                 response),
	ROW(turned_away,        parse_error,     up,   always,                alert_unavailable_service_554,       no,                 on),
	ROW(turned_away,        parse_error,     up,   always,                alert_invalid_command,               no,                 response),
	ROW(turned_away,        gap,             up,   always,                lose_command,                        no,                 response),
	ROW(turned_away,        leave,           both, said_nothing,          alert_unavailable_service_554,       no,                 stay),
	/* HELO, EHLO or LHLO first; RFC 5321 4.1.4 allows a few others */
	ROW(client_initiation,  up,              up,   greeting,              take_command,                        response,           response),
	ROW(client_initiation,  up,              up,   out_of_turn,           alert_invalid_client_initiation,     no,                 on),
	ROW(client_initiation,  up,              up,   always,                alert_invalid_client_initiation,     on,                 no),
	ROW(client_initiation,  up,              up,   chunk_follows,         take_command,                        no,                 chunk_transmission),
	ROW(client_initiation,  up,              up,   always,                take_command,                        fail,               response),
	ROW(client_initiation,  parse_error,     up,   client_hello,          nothing,                             no,                 tls),
	ROW(client_initiation,  parse_error,     up,   always,                alert_invalid_command,               fail,               response),
	ROW(client_initiation,  gap,             up,   always,                lose_command,                        response,           response),
	/* one command at a time: the next is taken after the reply */
	ROW(command,            up,              up,   resynchronising,       nothing,                             no,                 stay),
	ROW(command,            up,              up,   interrupts_chunks,     alert_bdat_missing_last,             on,                 on),
	ROW(command,            up,              up,   chunk_size_huge,       alert_bdat_huge,                     on,                 on),
	ROW(command,            up,              up,   chunk_size_odd,        alert_bdat_invalid,                  on,                 on),
	ROW(command,            up,              up,   chunk_follows,         take_command,                        chunk_transmission, chunk_transmission),
	ROW(command,            up,              up,   always,                take_command,                        response,           response),
	ROW(command,            parse_error,     up,   client_hello,          nothing,                             no,                 tls),
	ROW(command,            parse_error,     up,   resynchronising,       nothing,                             no,                 stay),
	ROW(command,            parse_error,     up,   always,                alert_invalid_command,               fail,               response),
	ROW(command,            gap,             up,   content_unasked,       alert_content_unasked,               fail,               data_transmission),
	ROW(command,            gap,             up,   content_follows,       resume_content,                      data_transmission,  data_transmission),
	ROW(command,            gap,             up,   always,                lose_command,                        response,           response),
	ROW(command,            missing_grammar, down, server_hello,          nothing,                             no,                 tls),
	ROW(command,            missing_grammar, down, answers_lost,          await_lost,                          response,           response),
	ROW(command,            missing_grammar, down, unseen_data,           take_stray_response,                 no,                 data_transmission),
	ROW(command,            missing_grammar, down, resynchronising_reply, take_stray_response,                 no,                 stay),
	/* the effect of a reply depends on its command */
	ROW(response,           down,            down, banner_after_greeting, greet,                               no,                 stay),
	ROW(response,           down,            down, starts_tls,            take_response,                       tls,                tls),
	ROW(response,           down,            down, starts_over,           take_response,                       client_initiation,  client_initiation),
	ROW(response,           down,            down, turn_accepted,         reverse_roles,                       session_initiation, session_initiation),
	ROW(response,           down,            down, asks_for_credentials,  take_response,                       auth,               auth),
	ROW(response,           down,            down, asks_for_octets,       take_response,                       chunk_transmission,  chunk_transmission),
	ROW(response,           down,            down, goes_ahead,            take_response,                       data_transmission,  data_transmission),
	ROW(response,           down,            down, code_is_354,           alert_unexpected_server_response_354, fail,               stay),
	ROW(response,           down,            down, code_is_221,           take_response,                       finish,             finish),
	ROW(response,           down,            down, more_recipients,       take_response,                       stay,               stay),
	ROW(response,           down,            down, still_ungreeted,       take_response,                       no,                 client_initiation),
	ROW(response,           down,            down, always,                take_response,                       command,            command),
	ROW(response,           parse_error,     down, server_hello,          nothing,                             no,                 tls),
	ROW(response,           parse_error,     down, always,                alert_invalid_response,              fail,               stay),
	ROW(response,           gap,             down, always,                assume_response,                     stay,               stay),
	/* commands sent before the reply: RFC 2920 */
	ROW(response,           missing_grammar, up,   client_hello,          nothing,                             no,                 tls),
	ROW(response,           missing_grammar, up,   noise_answered,        assume_response,                     stay,               stay),
	ROW(response,           missing_grammar, up,   answered_enough,       stop_waiting,                        command,            command),
	ROW(response,           missing_grammar, up,   unheard,               pass_over,                           no,                 command),
	ROW(response,           missing_grammar, up,   too_many_waiting,      alert_pending_overflow,              stay,               stay),
	ROW(response,           missing_grammar, up,   judged_again,          nothing,                             no,                 stay),
	ROW(response,           missing_grammar, up,   reply_unseen,          nothing,                             stay,               stay),
	ROW(response,           missing_grammar, up,   may_be_grouped,        nothing,                             stay,               stay),
	ROW(response,           missing_grammar, up,   after_starttls,        alert_starttls_command_injection,    on,                 stay),
	ROW(response,           missing_grammar, up,   sent_before_banner,    nothing,                             no,                 stay),
	ROW(response,           missing_grammar, up,   after_last_in_group,   alert_invalid_pipelining,            on,                 stay),
	ROW(response,           missing_grammar, up,   not_grouped,           alert_unauthorized_pipelining,       on,                 stay),
	/* content: RFC 5321 4.5.2 */
	ROW(data_transmission,  enter,           both, always,                open_content,                        stay,               stay),
	ROW(data_transmission,  up,              up,   odd_end,               hold_content,                        stay,               stay),
	ROW(data_transmission,  up,              up,   end_of_data,           end_content,                         response,           response),
	ROW(data_transmission,  up,              up,   odd_end_passed_lf,     end_content_lf,                      response,           response),
	ROW(data_transmission,  up,              up,   odd_end_passed_command, alert_smtp_smuggling_failed,         stay,               stay),
	ROW(data_transmission,  up,              up,   odd_end_passed,        alert_nonstandard_end_of_data,       stay,               stay),
	ROW(data_transmission,  up,              up,   always,                take_content,                        stay,               stay),
	ROW(data_transmission,  leave,           both, always,                close_content,                       stay,               stay),
	ROW(data_transmission,  parse_error,     up,   always,                break_off,                           on,                 on),
	ROW(data_transmission,  parse_error,     up,   accepted_unended,      alert_invalid_data,                  no,                 response),
	ROW(data_transmission,  parse_error,     up,   always,                alert_invalid_data,                  fail,               no),
	ROW(data_transmission,  parse_error,     up,   always,                nothing,                             no,                 response),
	ROW(data_transmission,  gap,             up,   always,                take_content_gap,                    stay,               stay),
	ROW(data_transmission,  gap,             down, end_of_data_unseen,    take_lost_end,                       response,           response),
	ROW(data_transmission,  missing_grammar, down, answered_lf,           end_content_lf,                      response,           response),
	ROW(data_transmission,  missing_grammar, down, odd_end_refused,       alert_nonstandard_end_of_data_refused, no,                  response),
	ROW(data_transmission,  missing_grammar, down, odd_end_answered,      alert_smtp_smuggling,                response,           response),
	ROW(data_transmission,  missing_grammar, down, end_of_data_lost,      take_lost_end,                       response,           response),
	ROW(data_transmission,  missing_grammar, down, always,                nothing,                             no,                 stay),
	/* chunks: RFC 3030 2, exactly N octets, replies are assigned afterwards */
	ROW(chunk_transmission, enter,           both, always,                open_chunk,                          stay,               stay),
	ROW(chunk_transmission, up,              up,   chunk_complete,        take_chunk,                          response,           response),
	ROW(chunk_transmission, up,              up,   always,                take_chunk,                          stay,               stay),
	ROW(chunk_transmission, leave,           both, always,                close_chunk,                         stay,               stay),
	ROW(chunk_transmission, parse_error,     up,   always,                alert_invalid_data_chunk,            fail,               response),
	ROW(chunk_transmission, gap,             up,   always,                take_chunk_gap,                      stay,               stay),
	ROW(chunk_transmission, missing_grammar, down, chunk_unsent,          drop_chunk,                          response,           response),
	ROW(chunk_transmission, missing_grammar, down, always,                nothing,                             stay,               stay),
	/* RFC 4954: one line of credentials after each 334 */
	ROW(auth,               up,              up,   always,                take_credentials,                    response,           response),
	ROW(auth,               gap,             up,   always,                lose_command,                        response,           response),
	/* RFC 3207: both directions go to the TLS stage */
	ROW(tls,                enter,           both, always,                begin_tls,                           stay,               stay),
	ROW(tls,                up,              up,   always,                take_tls,                            stay,               stay),
	ROW(tls,                down,            down, always,                take_tls,                            stay,               stay),
	ROW(tls,                parse_error,     down, answers_no_tls,        take_stray_response,                 fail,               stay),
	ROW(tls,                parse_error,     up,   stray_before_tls,      alert_starttls_command_injection_tls, fail,               stay),
	ROW(tls,                parse_error,     down, stray_before_tls,      alert_starttls_response_injection,   fail,               stay),
	ROW(tls,                parse_error,     both, never_was_tls,         nothing,                             fail,               session_initiation),
	ROW(tls,                parse_error,     both, always,                alert_plaintext_after_starttls,      fail,               client_initiation),
	ROW(tls,                gap,             both, always,                take_tls_gap,                        stay,               stay),
	ROW(tls,                decrypted,       both, greets_inside,         start_over,                          session_initiation, session_initiation),
	ROW(tls,                decrypted,       both, always,                start_over,                          client_initiation,  client_initiation),
	/* after the reply to QUIT */
	ROW(finish,             missing_grammar, up,   always,                alert_data_after_quit,               on,                 stay),
	/* in any state */
	ROW(any,                missing_grammar, up,   always,                alert_unexpected_client_command,     fail,               stay),
	ROW(any,                missing_grammar, down, unseen_command,        take_stray_response,                 no,                 stay),
	ROW(any,                missing_grammar, down, code_is_421,           take_stray_response,                 finish,             stay),
	ROW(any,                missing_grammar, down, answers_close,         take_stray_response,                 no,                 stay),
	ROW(any,                missing_grammar, down, always,                alert_unexpected_server_response,    fail,               stay),
	ROW(any,                gap,             both, always,                skip_gap,                            stay,               stay),
	ROW(any,                fail,            both, always,                drop_connection,                     fail,               fail),
};
/* clang-format on */

const size_t machine_table_size = sizeof machine_table / sizeof machine_table[0];

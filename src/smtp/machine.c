/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * machine.c - the states and transitions of SMTP, as data; the engine; the DOT printer.
 *
 * Rows are tried in order: those of a state first, those for `any` last; a row without a guard always applies. The last
 * two columns are the next state with --strict, and otherwise; `no`: the row is not for that mode; `on`: the rows
 * behind it are tried, too.
 */
#include "machine.h"

#include <glib.h>

#include "rows.h"

const struct state_info machine_states[STATE_COUNT] = {
#define X(id, up, down, terminal) [STATE_##id] = { #id, { GRAMMAR_##up, GRAMMAR_##down }, terminal },
	STATES(X)
#undef X
};

const char *const machine_event_names[EVENT_COUNT] = {
#define X(id) #id,
	EVENTS(X)
#undef X
};

#define always NULL
#define nothing NULL
#define ROW(state, event, from, when, execute, strict, recover)                                                        \
	{                                                                                                              \
		STATE_##state, EVENT_##event, FROM_##from, when, execute, { STATE_##recover, STATE_##strict }, #when,  \
			#execute                                                                                       \
	}

/* clang-format off */
const struct transition machine_table[] = {
	/*  state               event            from   when                    do                                   strict              recover */
	/* 220, or an apology: RFC 5321 3.1 */
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
	ROW(session_initiation, missing_grammar, up,   midstream_content,     resume,                              no,                 data_transmission),
	ROW(session_initiation, missing_grammar, up,   reply_unseen,          nothing,                             stay,               stay),
	ROW(session_initiation, missing_grammar, up,   announced_early,       nothing,                             stay,               stay),
	ROW(session_initiation, missing_grammar, up,   always,                alert_early_talker,                  on,                 on),
	ROW(session_initiation, missing_grammar, up,   client_hello,          alert_unexpected_client_command,     no,                 tls),
	/* a server that does not serve waits for QUIT: RFC 5321 3.1 */
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
	/* every command is answered before the next is taken */
	ROW(command,            up,              up,   resynchronising,       nothing,                             no,                 stay),
	ROW(command,            up,              up,   interrupts_chunks,     alert_bdat_missing_last,             on,                 on),
	ROW(command,            up,              up,   chunk_size_huge,       alert_bdat_huge,                     on,                 on),
	ROW(command,            up,              up,   chunk_size_odd,        alert_bdat_invalid,                  on,                 on),
	ROW(command,            up,              up,   chunk_follows,         take_command,                        chunk_transmission, chunk_transmission),
	ROW(command,            up,              up,   always,                take_command,                        response,           response),
	ROW(command,            parse_error,     up,   client_hello,          nothing,                             no,                 tls),
	ROW(command,            parse_error,     up,   resynchronising,       nothing,                             no,                 stay),
	ROW(command,            parse_error,     up,   always,                alert_invalid_command,               fail,               response),
	ROW(command,            gap,             up,   always,                lose_command,                        response,           response),
	ROW(command,            missing_grammar, down, server_hello,          nothing,                             no,                 tls),
	ROW(command,            missing_grammar, down, answers_lost,          await_lost,                          response,           response),
	ROW(command,            missing_grammar, down, unseen_data,           take_stray_response,                 no,                 data_transmission),
	ROW(command,            missing_grammar, down, resynchronising_reply, take_stray_response,                 no,                 stay),
	/* what the reply means depends on what it answers */
	ROW(response,           down,            down, starts_tls,            take_response,                       tls,                tls),
	ROW(response,           down,            down, starts_over,           take_response,                       client_initiation,  client_initiation),
	ROW(response,           down,            down, asks_for_credentials,  take_response,                       auth,               auth),
	ROW(response,           down,            down, asks_for_octets,       take_response,                       chunk_transmission,  chunk_transmission),
	ROW(response,           down,            down, code_is_354,           take_response,                       data_transmission,  data_transmission),
	ROW(response,           down,            down, code_is_221,           take_response,                       finish,             finish),
	ROW(response,           down,            down, more_recipients,       take_response,                       stay,               stay),
	ROW(response,           down,            down, still_ungreeted,       take_response,                       no,                 client_initiation),
	ROW(response,           down,            down, always,                take_response,                       command,            command),
	ROW(response,           parse_error,     down, server_hello,          nothing,                             no,                 tls),
	ROW(response,           parse_error,     down, always,                alert_invalid_response,              fail,               stay),
	ROW(response,           gap,             down, always,                assume_response,                     stay,               stay),
	/* and commands may stand ahead of it: RFC 2920 */
	ROW(response,           missing_grammar, up,   client_hello,          nothing,                             no,                 tls),
	ROW(response,           missing_grammar, up,   answered_enough,       settle,                              command,            command),
	ROW(response,           missing_grammar, up,   unheard,               pass_over,                           no,                 command),
	ROW(response,           missing_grammar, up,   too_many_waiting,      alert_pending_overflow,              stay,               stay),
	ROW(response,           missing_grammar, up,   reply_unseen,          nothing,                             stay,               stay),
	ROW(response,           missing_grammar, up,   may_be_grouped,        nothing,                             stay,               stay),
	ROW(response,           missing_grammar, up,   behind_starttls,       alert_starttls_command_injection,    on,                 on),
	ROW(response,           missing_grammar, up,   behind_last_in_group,  alert_invalid_pipelining,            on,                 on),
	ROW(response,           missing_grammar, up,   not_grouped,           alert_unauthorized_pipelining,       on,                 on),
	/* content: RFC 5321 4.5.2 */
	ROW(data_transmission,  enter,           both, always,                open_content,                        stay,               stay),
	ROW(data_transmission,  up,              up,   odd_end,               hold_content,                        stay,               stay),
	ROW(data_transmission,  up,              up,   end_of_data,           end_content,                         response,           response),
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
	ROW(data_transmission,  missing_grammar, down, command_answered,      alert_smtp_smuggling,                response,           response),
	ROW(data_transmission,  missing_grammar, down, odd_end_answered,      alert_nonstandard_end_of_data_answered, response,           response),
	ROW(data_transmission,  missing_grammar, down, end_of_data_lost,      take_lost_end,                       response,           response),
	ROW(data_transmission,  missing_grammar, down, always,                nothing,                             no,                 stay),
	/* content: RFC 3030 2, exactly N octets, replies matched afterwards */
	ROW(chunk_transmission, enter,           both, always,                open_chunk,                          stay,               stay),
	ROW(chunk_transmission, up,              up,   chunk_complete,        take_chunk,                          response,           response),
	ROW(chunk_transmission, up,              up,   always,                take_chunk,                          stay,               stay),
	ROW(chunk_transmission, leave,           both, always,                close_chunk,                         stay,               stay),
	ROW(chunk_transmission, parse_error,     up,   always,                alert_invalid_data_chunk,            fail,               response),
	ROW(chunk_transmission, gap,             up,   always,                take_chunk_gap,                      stay,               stay),
	ROW(chunk_transmission, missing_grammar, down, always,                nothing,                             stay,               stay),
	/* RFC 4954: a line of credentials for each 334 */
	ROW(auth,               up,              up,   always,                take_credentials,                    response,           response),
	ROW(auth,               gap,             up,   always,                lose_command,                        response,           response),
	/* RFC 3207: both directions go to the observer */
	ROW(tls,                enter,           both, always,                begin_tls,                           stay,               stay),
	ROW(tls,                up,              up,   always,                take_tls,                            stay,               stay),
	ROW(tls,                down,            down, always,                take_tls,                            stay,               stay),
	ROW(tls,                parse_error,     down, answers_no_tls,        take_stray_response,                 fail,               stay),
	ROW(tls,                parse_error,     up,   stray_before_tls,      alert_starttls_command_injection_tls, fail,               stay),
	ROW(tls,                parse_error,     down, stray_before_tls,      alert_starttls_response_injection,   fail,               stay),
	ROW(tls,                parse_error,     both, never_was_tls,         nothing,                             fail,               session_initiation),
	ROW(tls,                parse_error,     both, always,                alert_plaintext_after_starttls,      fail,               client_initiation),
	ROW(tls,                gap,             both, always,                take_tls_gap,                        stay,               stay),
	ROW(tls,                decrypted,       both, implicit_tls,          start_over,                          session_initiation, session_initiation),
	ROW(tls,                decrypted,       both, always,                start_over,                          client_initiation,  client_initiation),
	/* behind the reply to QUIT */
	ROW(finish,             missing_grammar, up,   always,                alert_data_after_quit,               on,                 on),
	/* whatever the state */
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

void machine_init(struct machine *m, const struct transition *table, size_t size, bool strict, enum state_id initial)
{
	g_assert(size <= UINT8_MAX);
	*m = (struct machine){ .table = table, .end = table + size, .strict = strict, .state = initial };
	for (size_t i = size; i-- > 0;)
		m->first[table[i].state][table[i].event] = (uint8_t)(i + 1);
}

/* first_row - the first that may apply in this state; NULL when none. */
static const struct transition *first_row(const struct machine *m, enum state_id state, enum machine_event event)
{
	unsigned number = m->first[state][event];
	if (number == 0)
		number = m->first[STATE_any][event];
	return number > 0 ? &m->table[number - 1] : NULL;
}

/* next_row - the one to try behind it: of the same state and event, then of any state; NULL when none. */
static const struct transition *next_row(const struct machine *m, const struct transition *row)
{
	const struct transition *next = row + 1;
	if (next < m->end && next->state == row->state && next->event == row->event)
		return next;
	return row->state == STATE_any ? NULL : first_row(m, STATE_any, row->event);
}

/* applies - is the row for this mode and direction, and does its guard hold? */
static bool applies(const struct transition *row, bool strict, enum direction direction, const struct session *session)
{
	return row->jump[strict] != STATE_no && (row->from == FROM_both || (enum direction)row->from == direction) &&
	       (!row->when || row->when(session));
}

/* jump - leaves the present state for the next. */
static void jump(struct machine *m, enum state_id next, enum direction direction, struct session *session)
{
	machine_fire(m, (struct event){ EVENT_leave, direction }, session);
	m->state = next;
	machine_fire(m, (struct event){ next == STATE_fail ? EVENT_fail : EVENT_enter, direction }, session);
}

bool machine_fire(struct machine *m, struct event event, struct session *session)
{
	if (event.id == EVENT_fail)
		m->state = STATE_fail;
	const struct transition *row = first_row(m, m->state, event.id);
	bool fired = false;
	enum state_id next = STATE_on;
	for (; row && next == STATE_on; row = next_row(m, row)) {
		if (!applies(row, m->strict, event.direction, session))
			continue;
		fired = true;
		next = row->jump[m->strict];
		if (row->execute)
			row->execute(session);
	}
	bool goes = event.id != EVENT_enter && event.id != EVENT_leave && event.id != EVENT_fail;
	if (goes && next != STATE_stay && next != STATE_on)
		jump(m, next, event.direction, session);
	return fired;
}

static const char *const from_names[] = { [FROM_up] = " up", [FROM_down] = " down", [FROM_both] = "" };
static const char *const grammar_names[] = { "-", "command", "responses", "data", "chunk", "credentials", "tls" };

static void print_edge(FILE *out, const struct transition *row, enum state_id from, bool strict)
{
	enum state_id next = row->jump[strict];
	enum state_id to = next == STATE_stay || next == STATE_on || row->event == EVENT_fail ? from : next;
	const char *from_name = from == STATE_any ? "any" : machine_states[from].name;
	const char *to_name = to == STATE_any ? "any" : machine_states[to].name;
	bool told = row->event == EVENT_up || row->event == EVENT_down;
	fprintf(out, "\t%s -> %s [label=\"%s%s", from_name, to_name, machine_event_names[row->event],
		told ? "" : from_names[row->from]);
	if (row->when)
		fprintf(out, " [%s]", row->when_name);
	if (row->execute)
		fprintf(out, " / %s", row->execute_name);
	fprintf(out, "%s\"];\n", next == STATE_on ? ", and on" : "");
}

void machine_graph(FILE *out, bool strict)
{
	fprintf(out, "digraph smtp {\n\trankdir=LR;\n\tnode [shape=box, style=rounded];\n");
	for (enum state_id id = 0; id < STATE_COUNT; id++) {
		const struct state_info *state = &machine_states[id];
		fprintf(out, "\t%s [label=\"%s\\nup: %s, down: %s\"%s];\n", state->name, state->name,
			grammar_names[state->grammar[UP]], grammar_names[state->grammar[DOWN]],
			state->terminal                  ? ", peripheries=2"
			: id == STATE_session_initiation ? ", penwidth=2"
							 : "");
	}
	fprintf(out, "\tany [shape=plaintext];\n");
	for (size_t i = 0; i < machine_table_size; i++)
		if (machine_table[i].jump[strict] != STATE_no)
			print_edge(out, &machine_table[i], machine_table[i].state, strict);
	fprintf(out, "}\n");
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_machine.c - the table: its form, every state with every event, and that no row can be missed.
 *
 * And mutation tests: each row is taken out of a copy of the table, and each of its targets is changed to every other;
 * the dialogues of dialogues.txt must tell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dialogues/dialogues.h"
#include "kits/check.h"
#include "kits/transcript.h"
#include "machine.h"

static GPtrArray *dialogues;

static void rows_for_any_come_last(void **state)
{
	bool any = false;
	for (size_t i = 0; i < machine_table_size; i++) {
		assert_true(!any || machine_table[i].state == STATE_any);
		any |= machine_table[i].state == STATE_any;
	}
}

static void rows_of_a_state_stand_together(void **state)
{
	bool done[STATE_COUNT + 1] = { false };
	for (size_t i = 1; i < machine_table_size; i++) {
		done[machine_table[i - 1].state] |= machine_table[i].state != machine_table[i - 1].state;
		assert_false(done[machine_table[i].state]);
	}
}

/* The engine goes from row to row and stops at the first of another event. */
static void rows_of_an_event_stand_together_in_their_state(void **state)
{
	bool done[STATE_COUNT + 1][EVENT_COUNT] = { { false } };
	for (size_t i = 1; i < machine_table_size; i++) {
		const struct transition *row = &machine_table[i], *before = row - 1;
		done[before->state][before->event] |= row->state != before->state || row->event != before->event;
		assert_false(done[row->state][row->event]);
	}
}

/* A message is of the direction that its event says. */
static void rows_of_messages_have_their_direction(void **state)
{
	for (size_t i = 0; i < machine_table_size; i++) {
		const struct transition *row = &machine_table[i];
		if (row->event == EVENT_up)
			assert_int_equal(row->from, FROM_up);
		if (row->event == EVENT_down)
			assert_int_equal(row->from, FROM_down);
	}
}

static void no_row_stands_behind_one_without_a_guard(void **state)
{
	for (size_t i = 0; i < machine_table_size; i++)
		for (size_t j = i + 1; !machine_table[i].when && j < machine_table_size; j++)
			for (int strict = 0; strict <= 1; strict++)
				assert_false(machine_table[i].state == machine_table[j].state &&
					     machine_table[i].event == machine_table[j].event &&
					     (machine_table[i].from == FROM_both ||
						     machine_table[i].from == machine_table[j].from) &&
					     machine_table[i].jump[strict] != STATE_no &&
					     machine_table[i].jump[strict] != STATE_on &&
					     machine_table[j].jump[strict] != STATE_no);
}

static void terminal_states_expect_nothing(void **state)
{
	for (enum state_id id = 0; id < STATE_COUNT; id++) {
		bool nothing = machine_states[id].grammar[UP] == GRAMMAR_NONE &&
			       machine_states[id].grammar[DOWN] == GRAMMAR_NONE;
		assert_int_equal(nothing, machine_states[id].terminal);
	}
}

/* Every state that a dialogue can reach, with every event: fire it on an empty message; the machine stays in its table.
 */
static void every_state_takes_every_event(void **state)
{
	for (enum state_id id = 0; id < STATE_COUNT; id++) {
		for (enum machine_event event = 0; event < EVENT_COUNT; event++) {
			bool known = false;
			for (size_t i = 0; i < machine_table_size; i++)
				known |= (machine_table[i].state == id || machine_table[i].state == STATE_any) &&
					 machine_table[i].event == event;
			bool optional = event == EVENT_enter || event == EVENT_leave;
			bool expects_up = machine_states[id].grammar[UP] != GRAMMAR_NONE &&
					  machine_states[id].grammar[UP] != GRAMMAR_TLS;
			bool expects_down = machine_states[id].grammar[DOWN] == GRAMMAR_RESPONSES;
			bool parses = (event == EVENT_up && expects_up) || (event == EVENT_down && expects_down);
			bool always = event == EVENT_missing_grammar || event == EVENT_gap || event == EVENT_fail;
			if (!optional && (parses || always))
				assert_true(known);
		}
	}
}

/* told - does this table change the transcript of any dialogue? */
static bool told(const struct transition *table, size_t size)
{
	struct machine_rows *rows = machine_rows_new(table, size);
	bool differs = false;
	for (guint i = 0; i < dialogues->len && !differs; i++) {
		struct dialogue *d = g_ptr_array_index(dialogues, i);
		struct session_options options = d->options;
		options.rows = rows;
		char *transcript = transcript_run(d->text, &options, WHOLE);
		differs = strcmp(transcript, d->expected) != 0;
		g_free(transcript);
	}
	g_free(rows);
	return differs;
}

static const char *target_name(enum state_id id)
{
	return id == STATE_stay ? "stay" : id == STATE_on ? "on" : id == STATE_no ? "no" : machine_states[id].name;
}

/* complain - nobody noticed what was done to this row */
static void complain(const struct transition *row, const char *what)
{
	print_error("nobody notices: %s %s [%s] / %s: %s\n",
		row->state == STATE_any ? "any" : machine_states[row->state].name, machine_event_names[row->event],
		row->when_name, row->execute_name, what);
}

static void every_row_is_missed_when_taken_out(void **state)
{
	struct transition *table = g_new(struct transition, machine_table_size);
	unsigned unmissed = 0;
	for (size_t out = 0; out < machine_table_size; out++) {
		memcpy(table, machine_table, out * sizeof *table);
		memcpy(table + out, machine_table + out + 1, (machine_table_size - out - 1) * sizeof *table);
		if (!told(table, machine_table_size - 1)) {
			complain(&machine_table[out], "taken out");
			unmissed++;
		}
	}
	g_free(table);
	assert_int_equal(unmissed, 0);
}

/* Rows of these events act only: the engine does not look at where they jump. */
static bool acts_only(enum machine_event event)
{
	return event == EVENT_enter || event == EVENT_leave || event == EVENT_fail;
}

/* reached - the states that rows of this mode lead to; with implicit TLS a session begins in its own. */
static void reached(bool strict, bool states[STATE_COUNT])
{
	bool more = true;
	states[STATE_session_initiation] = states[STATE_tls] = true;
	while (more) {
		more = false;
		for (size_t i = 0; i < machine_table_size; i++) {
			enum state_id from = machine_table[i].state, to = machine_table[i].jump[strict];
			if (to >= STATE_COUNT || states[to] || (from != STATE_any && !states[from]))
				continue;
			states[to] = more = true;
		}
	}
}

/* tried_behind - is the other row tried after this one, for the same event from the same side? */
static bool tried_behind(const struct transition *row, const struct transition *other)
{
	return other > row && (other->state == row->state || other->state == STATE_any) && other->event == row->event &&
	       (other->from == row->from || other->from == FROM_both || row->from == FROM_both);
}

static bool follows(const struct transition *row)
{
	for (const struct transition *r = row; r < machine_table + machine_table_size; r++)
		if (tried_behind(row, r))
			return true;
	return false;
}

/* shadowed - does a row before it always apply in this mode, and end the search? */
static bool shadowed(const struct transition *row, int strict)
{
	for (const struct transition *r = machine_table; r < row; r++)
		if (r->state == row->state && tried_behind(r, row) && !r->when && r->jump[strict] != STATE_no &&
			r->jump[strict] != STATE_on)
			return true;
	return false;
}

/* same_target - is it all one whether the row jumps there or here? A state without rows for enter and leave may as well
 * be left for itself; the last row may as well go on; a row that does nothing may as well not be there. */
static bool same_target(const struct transition *row, enum state_id a, enum state_id b)
{
	if (a == STATE_no || a == STATE_on) {
		enum state_id swap = a;
		a = b;
		b = swap;
	}
	bool itself = (a == STATE_stay && b == row->state) || (b == STATE_stay && a == row->state);
	for (size_t i = 0; itself && i < machine_table_size; i++)
		if (machine_table[i].state == row->state && acts_only(machine_table[i].event))
			return false;
	return a == b || itself || (a == STATE_stay && b == STATE_on && !follows(row)) ||
	       (a == STATE_on && b == STATE_no && !row->execute);
}

/* Targets that cannot matter, and why. EVENT_COUNT, NULL, STATE_COUNT: whatever the event, the guard, the target. */
static const char still_waits[] = "the hello still waits, and that state's own row leads to TLS";
static const char same_behind[] = "the row behind it does the same in this mode";
static const char excused[] =
	"the next row but one excuses them all the same: the banner may be in what was not captured";
static const char found_later[] = "a reply that comes first says by its acknowledgement that it answers what was lost";
static const char entered_again[] = "what the state is in the middle of goes on when it is left and entered again";
static const char no_hole_left[] = "the row behind it would skip a hole that is not there any more";
static const char empty_chunk[] = "a chunk of nothing ends at once, and then a reply is awaited";
static const char ended_by_noise[] = "in this mode a line that is no reply ended the dissection";
static const char excused_before[] = "in this mode what was not excused ended the dissection";
static const char ended_before[] = "in this mode a reply in the middle of content ended the dissection";
static const struct {
	enum state_id state;
	enum machine_event event;
	const char *when;
	int strict;
	enum state_id target;
	const char *why;
} cannot_matter[] = {
	{ STATE_session_initiation, EVENT_missing_grammar, "client_hello", 0, STATE_client_initiation, still_waits },
	{ STATE_session_initiation, EVENT_missing_grammar, "client_hello", 0, STATE_command, still_waits },
	{ STATE_client_initiation, EVENT_parse_error, "client_hello", 0, STATE_command, still_waits },
	{ STATE_client_initiation, EVENT_parse_error, "client_hello", 0, STATE_response, still_waits },
	{ STATE_client_initiation, EVENT_parse_error, "client_hello", 0, STATE_chunk_transmission, still_waits },
	{ STATE_command, EVENT_parse_error, "client_hello", 0, STATE_client_initiation, still_waits },
	{ STATE_command, EVENT_parse_error, "client_hello", 0, STATE_response, still_waits },
	{ STATE_command, EVENT_parse_error, "client_hello", 0, STATE_chunk_transmission, still_waits },
	{ STATE_command, EVENT_missing_grammar, "server_hello", 0, STATE_response, still_waits },
	{ STATE_command, EVENT_missing_grammar, "server_hello", 0, STATE_chunk_transmission, still_waits },
	{ STATE_response, EVENT_parse_error, "server_hello", 0, STATE_command, still_waits },
	{ STATE_session_initiation, EVENT_missing_grammar, "client_hello", 1, STATE_fail, same_behind },
	{ STATE_client_initiation, EVENT_up, "chunk_follows", 1, STATE_fail, same_behind },
	{ STATE_response, EVENT_down, "still_ungreeted", 1, STATE_command, same_behind },
	{ STATE_session_initiation, EVENT_parse_error, "foreign_protocol", 1, STATE_fail, same_behind },
	{ STATE_turned_away, EVENT_gap, "always", 0, STATE_command, found_later },
	{ STATE_client_initiation, EVENT_gap, "always", 0, STATE_command, found_later },
	{ STATE_command, EVENT_gap, "always", 0, STATE_command, found_later },
	{ STATE_command, EVENT_gap, "always", 0, STATE_stay, found_later },
	{ STATE_command, EVENT_gap, "always", 0, STATE_on, found_later },
	{ STATE_response, EVENT_missing_grammar, "client_hello", 0, STATE_client_initiation, still_waits },
	{ STATE_response, EVENT_missing_grammar, "client_hello", 0, STATE_command, still_waits },
	{ STATE_auth, EVENT_gap, "always", 0, STATE_command, found_later },
	{ STATE_auth, EVENT_gap, "always", 1, STATE_command, found_later },
	{ STATE_data_transmission, EVENT_gap, "always", 0, STATE_on, no_hole_left },
	{ STATE_data_transmission, EVENT_gap, "always", 1, STATE_on, no_hole_left },
	{ STATE_data_transmission, EVENT_up, "odd_end_passed_command", 0, STATE_on,
		"the row behind it takes a piece of nothing" },
	{ STATE_data_transmission, EVENT_up, "odd_end_passed_command", 1, STATE_on,
		"the row behind it takes a piece of nothing" },
	{ STATE_data_transmission, EVENT_up, "odd_end_passed", 0, STATE_on,
		"the row behind it takes a piece of nothing" },
	{ STATE_data_transmission, EVENT_up, "odd_end_passed", 1, STATE_on,
		"the row behind it takes a piece of nothing" },
	{ STATE_tls, EVENT_gap, "always", 0, STATE_on, no_hole_left },
	{ STATE_tls, EVENT_gap, "always", 1, STATE_on, no_hole_left },
	{ STATE_tls, EVENT_COUNT, NULL, 0, STATE_tls, entered_again },
	{ STATE_tls, EVENT_COUNT, NULL, 1, STATE_tls, entered_again },
	{ STATE_chunk_transmission, EVENT_COUNT, NULL, 0, STATE_chunk_transmission, entered_again },
	{ STATE_chunk_transmission, EVENT_COUNT, NULL, 1, STATE_chunk_transmission, entered_again },
	{ STATE_chunk_transmission, EVENT_missing_grammar, "chunk_unsent", 0, STATE_stay, empty_chunk },
	{ STATE_chunk_transmission, EVENT_missing_grammar, "chunk_unsent", 1, STATE_stay, empty_chunk },
	{ STATE_chunk_transmission, EVENT_missing_grammar, "chunk_unsent", 0, STATE_on, empty_chunk },
	{ STATE_chunk_transmission, EVENT_missing_grammar, "chunk_unsent", 1, STATE_on, empty_chunk },
	{ STATE_response, EVENT_missing_grammar, "too_many_waiting", 0, STATE_chunk_transmission, empty_chunk },
	{ STATE_response, EVENT_missing_grammar, "too_many_waiting", 1, STATE_chunk_transmission, empty_chunk },
	{ STATE_response, EVENT_missing_grammar, "noise_answered", 1, STATE_COUNT, ended_by_noise },
	{ STATE_session_initiation, EVENT_missing_grammar, "noise_answered", 1, STATE_COUNT, ended_by_noise },
	{ STATE_session_initiation, EVENT_missing_grammar, "judged_again", 1, STATE_COUNT, ended_by_noise },
	{ STATE_any, EVENT_missing_grammar, "always", 0, STATE_response, "it is reached from there only" },
	{ STATE_response, EVENT_missing_grammar, "judged_again", 1, STATE_COUNT, excused_before },
	{ STATE_data_transmission, EVENT_missing_grammar, "odd_end_refused", 1, STATE_COUNT, ended_before },
	{ STATE_response, EVENT_missing_grammar, "sent_before_banner", 1, STATE_COUNT, excused_before },
	{ STATE_response, EVENT_missing_grammar, "too_many_waiting", 1, STATE_on,
		"in this mode only what is excused waits" },
	{ STATE_data_transmission, EVENT_parse_error, "accepted_unended", 1, STATE_COUNT, ended_before },
	{ STATE_data_transmission, EVENT_parse_error, "accepted_unended", 0, STATE_on,
		"the row behind it leads there" },
	{ STATE_session_initiation, EVENT_missing_grammar, "midstream_tls", 1, STATE_session_initiation, excused },
	{ STATE_session_initiation, EVENT_missing_grammar, "midstream_tls", 1, STATE_stay, excused },
	{ STATE_session_initiation, EVENT_missing_grammar, "midstream_command", 1, STATE_session_initiation, excused },
	{ STATE_session_initiation, EVENT_missing_grammar, "midstream_command", 1, STATE_stay, excused },
	{ STATE_session_initiation, EVENT_missing_grammar, "midstream_command", 1, STATE_on, excused },
	{ STATE_session_initiation, EVENT_missing_grammar, "midstream_line", 1, STATE_session_initiation, excused },
	{ STATE_session_initiation, EVENT_missing_grammar, "midstream_line", 1, STATE_stay, excused },
	{ STATE_session_initiation, EVENT_missing_grammar, "midstream_line", 1, STATE_on, excused },
};

static bool can_matter(const struct transition *row, int strict, enum state_id target)
{
	for (size_t i = 0; i < sizeof cannot_matter / sizeof cannot_matter[0]; i++)
		if (cannot_matter[i].state == row->state && cannot_matter[i].strict == strict &&
			(cannot_matter[i].event == row->event || cannot_matter[i].event == EVENT_COUNT) &&
			(!cannot_matter[i].when || strcmp(cannot_matter[i].when, row->when_name) == 0) &&
			(cannot_matter[i].target == target || cannot_matter[i].target == STATE_COUNT))
			return false;
	return true;
}

static void rows_that_act_only_stay(void **state)
{
	for (size_t i = 0; i < machine_table_size; i++)
		for (int strict = 0; strict <= 1; strict++)
			if (acts_only(machine_table[i].event) && machine_table[i].event != EVENT_fail &&
				machine_table[i].jump[strict] != STATE_no)
				assert_int_equal(machine_table[i].jump[strict], STATE_stay);
}

static void every_changed_target_is_noticed(void **state)
{
	struct transition *table = g_memdup2(machine_table, machine_table_size * sizeof *table);
	unsigned unnoticed = 0;
	bool states[2][STATE_COUNT + 1] = { { false } };
	for (int strict = 0; strict <= 1; strict++) {
		reached(strict, states[strict]);
		states[strict][STATE_any] = true;
	}
	for (size_t i = 0; i < machine_table_size; i++) {
		for (int strict = 0; strict <= 1; strict++) {
			enum state_id own = machine_table[i].jump[strict];
			for (enum state_id other = 0; other <= STATE_no; other++) {
				if (other == STATE_any || !states[strict][table[i].state] ||
					shadowed(&machine_table[i], strict) ||
					same_target(&machine_table[i], own, other) || acts_only(table[i].event))
					continue;
				table[i].jump[strict] = other;
				if (can_matter(&machine_table[i], strict, other) && !told(table, machine_table_size)) {
					char *what = g_strdup_printf("%s is %s instead of %s",
						strict ? "strict" : "recover", target_name(other), target_name(own));
					complain(&machine_table[i], what);
					g_free(what);
					unnoticed++;
				}
			}
			table[i].jump[strict] = own;
		}
	}
	g_free(table);
	assert_int_equal(unnoticed, 0);
}

/* printed - what machine_graph prints */
static char *printed(bool strict)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	machine_graph(out, strict);
	fclose(out);
	return text;
}

/* Alerts that the machine raises are actions of its rows. */
static void the_graph_shows_every_alert_of_the_machine(void **state)
{
	char *recover = printed(false);
	for (enum alert_id id = 0; id < ALERT_COUNT; id++) {
		char *action = g_strdup_printf("/ alert_%s", alert_catalogue[id].name);
		if (alert_catalogue[id].by == BY_MACHINE && !strstr(recover, action))
			fail_msg("no row does %s", action + 2);
		g_free(action);
	}
	free(recover);
}

static void the_graph_names_every_state_and_both_modes_differ(void **state)
{
	char *strict = printed(true), *recover = printed(false);
	for (enum state_id id = 0; id < STATE_COUNT; id++) {
		assert_has(recover, machine_states[id].name);
		/* No strict row leads there. */
		assert_int_equal(strstr(strict, machine_states[id].name) == NULL, id == STATE_turned_away);
	}
	assert_has_not(strict, "out_of_turn");
	assert_has(recover, "out_of_turn");
	assert_int_equal(strncmp(strict, "digraph", 7), 0);
	free(strict);
	free(recover);
}

/* count - how often a part is in a text. */
static unsigned count(const char *text, const char *part)
{
	unsigned found = 0;
	for (; (text = strstr(text, part)); text += strlen(part))
		found++;
	return found;
}

/* The picture is the table: a line a row of the mode, an edge a pair of states. */
static void the_graph_has_every_row_once_and_one_edge_a_pair(void **state)
{
	for (int strict = 0; strict < 2; strict++) {
		char *text = printed(strict);
		bool pairs[STATE_COUNT + 1][STATE_COUNT + 1] = { 0 };
		unsigned rows = 0, edges = 0, alerts = 0, own = 0;
		for (size_t i = 0; i < machine_table_size; i++) {
			const struct transition *row = &machine_table[i];
			const enum state_id to = row->jump[strict];
			const bool alert = strncmp(row->execute_name, "alert_", strlen("alert_")) == 0;
			if (to == STATE_no)
				continue;
			rows++;
			alerts += alert;
			own += !alert && row->jump[!strict] == STATE_no;
			if (to < STATE_COUNT && to != row->state && row->event != EVENT_fail &&
				!pairs[row->state][to]) {
				pairs[row->state][to] = true;
				edges++;
			}
		}
		assert_int_equal(count(text, " -> "), edges);
		assert_int_equal(count(text, "<FONT COLOR=\"#b3261e\">"), alerts);
		assert_int_equal(count(text, "<FONT COLOR=\"#1f5fbf\">"), own);
		assert_int_equal(count(text, "<FONT COLOR=\"black\">"), rows - alerts - own);
		free(text);
	}
}

/* coloured_edges - an edge has the colour of its rows when all have one that stands out; else it is faint. Returns how
 * many have one. */
static unsigned coloured_edges(const char *graph)
{
	static const char faint[] = "#667085";
	char **lines = g_strsplit(graph, "];\n", -1);
	unsigned coloured = 0;
	for (char **line = lines; *line; line++) {
		if (!strstr(*line, " -> "))
			continue;
		char **rows = g_strsplit(*line, "<FONT COLOR=\"", -1);
		char *colour = g_strndup(strstr(rows[0], "color=\"") + strlen("color=\""), strlen(faint));
		bool same = !g_str_has_prefix(rows[1], "black");
		for (char **row = rows + 1; *row; row++)
			same = same && strncmp(*row, rows[1], strlen(faint)) == 0;
		coloured += same;
		assert_memory_equal(colour, same ? rows[1] : faint, strlen(faint));
		g_free(colour);
		g_strfreev(rows);
	}
	g_strfreev(lines);
	return coloured;
}

static void an_edge_has_the_colour_of_its_rows(void **state)
{
	for (int strict = 0; strict < 2; strict++) {
		char *text = printed(strict);
		assert_true(coloured_edges(text) > 0);
		free(text);
	}
}

/* add_flood - a dialogue too long to be written down: more commands than are kept wait for a reply. What the table as
 * it is makes of it must contain the alert. */
static void add_flood(bool strict)
{
	struct dialogue *d = g_new0(struct dialogue, 1);
	GString *text = g_string_new("S: 220 mx\nC: EHLO a\n");
	g_string_append(text, strict ? "S: 250-mx\nS: 250 PIPELINING\n" : "S: 250 mx\n");
	for (unsigned i = 0; i < 2 * SESSION_PENDING_COMMANDS; i++)
		g_string_append(text, "C+: RSET\n");
	d->options.strict = strict;
	d->text = g_string_free(text, FALSE);
	d->expected = transcript_run(d->text, &d->options, WHOLE);
	g_assert(strstr(d->expected, "alert pending_overflow medium"));
	g_ptr_array_add(dialogues, d);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_for_any_come_last),
		cmocka_unit_test(rows_of_a_state_stand_together),
		cmocka_unit_test(rows_of_an_event_stand_together_in_their_state),
		cmocka_unit_test(rows_of_messages_have_their_direction),
		cmocka_unit_test(no_row_stands_behind_one_without_a_guard),
		cmocka_unit_test(terminal_states_expect_nothing),
		cmocka_unit_test(every_state_takes_every_event),
		cmocka_unit_test(every_row_is_missed_when_taken_out),
		cmocka_unit_test(rows_that_act_only_stay),
		cmocka_unit_test(every_changed_target_is_noticed),
		cmocka_unit_test(the_graph_shows_every_alert_of_the_machine),
		cmocka_unit_test(the_graph_names_every_state_and_both_modes_differ),
		cmocka_unit_test(the_graph_has_every_row_once_and_one_edge_a_pair),
		cmocka_unit_test(an_edge_has_the_colour_of_its_rows),
	};
	dialogues = dialogues_load(argv[argc - 1]);
	add_flood(false);
	add_flood(true);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	g_ptr_array_unref(dialogues);
	return failed;
}

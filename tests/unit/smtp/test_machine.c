/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_machine.c - the table: its form, every state with every event, and that no row can be missed.
 *
 * The last is a mutation test: each row is taken out of a copy of the table, and the dialogues of dialogues.txt must
 * tell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dialogues/dialogues.h"
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

/* told - does any dialogue come out otherwise with this table? */
static bool told(const struct transition *table, size_t size)
{
	for (guint i = 0; i < dialogues->len; i++) {
		struct dialogue *d = g_ptr_array_index(dialogues, i);
		struct session_options options = d->options;
		options.table = table;
		options.table_size = size;
		char *transcript = transcript_run(d->text, &options, WHOLE);
		bool differs = strcmp(transcript, d->expected) != 0;
		g_free(transcript);
		if (differs)
			return true;
	}
	return false;
}

static void every_row_is_missed_when_taken_out(void **state)
{
	struct transition *table = g_new(struct transition, machine_table_size);
	unsigned unmissed = 0;
	for (size_t out = 0; out < machine_table_size; out++) {
		memcpy(table, machine_table, out * sizeof *table);
		memcpy(table + out, machine_table + out + 1, (machine_table_size - out - 1) * sizeof *table);
		if (!told(table, machine_table_size - 1)) {
			const struct transition *row = &machine_table[out];
			print_error("nobody misses: %s %s [%s] / %s\n",
				row->state == STATE_any ? "any" : machine_states[row->state].name,
				machine_event_names[row->event], row->when_name, row->execute_name);
			unmissed++;
		}
	}
	g_free(table);
	assert_int_equal(unmissed, 0);
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

static void the_graph_names_every_state_and_both_modes_differ(void **state)
{
	char *strict = printed(true), *recover = printed(false);
	for (enum state_id id = 0; id < STATE_COUNT; id++)
		assert_non_null(strstr(strict, machine_states[id].name));
	assert_null(strstr(strict, "before_helo"));
	assert_non_null(strstr(recover, "before_helo"));
	assert_int_equal(strncmp(strict, "digraph", 7), 0);
	free(strict);
	free(recover);
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
		cmocka_unit_test(the_graph_names_every_state_and_both_modes_differ),
	};
	dialogues = dialogues_load(argv[argc - 1]);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	g_ptr_array_unref(dialogues);
	return failed;
}

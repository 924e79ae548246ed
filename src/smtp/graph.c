/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * graph.c - prints the table as Graphviz DOT. Contract: machine.h.
 */
#include "machine.h"

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

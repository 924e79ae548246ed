/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * graph.c - prints the table as Graphviz DOT. Contract: machine.h.
 *
 * A state is a box with its name, the grammars it expects, and the rows that stay in it. An edge has all rows that lead
 * from one state to another, in the order of the table. Rows that raise an alert are red, rows that only this mode has
 * are blue.
 */
#include <string.h>

#include "machine.h"

#define ALERT_COLOUR "#b3261e"
#define OWN_COLOUR "#1f5fbf"
#define FAINT_COLOUR "#667085"
#define ALERT_PREFIX "alert_" /* prefix of actions that raise an alert */

static const char *const from_names[] = { [FROM_up] = " up", [FROM_down] = " down", [FROM_both] = "" };
static const char *const grammar_names[] = { "-", "command", "responses", "data", "chunk", "credentials", "tls" };

static const char *node_name(enum state_id state)
{
	return state == STATE_any ? "any" : machine_states[state].name;
}

/* end_of - the state that a row leads to: its own state when it stays. */
static enum state_id end_of(const struct transition *row, bool strict)
{
	const enum state_id next = row->jump[strict];
	return next == STATE_stay || next == STATE_on || row->event == EVENT_fail ? row->state : next;
}

static const char *colour_of(const struct transition *row, bool strict)
{
	if (row->execute && strncmp(row->execute_name, ALERT_PREFIX, strlen(ALERT_PREFIX)) == 0)
		return ALERT_COLOUR;
	return row->jump[!strict] == STATE_no ? OWN_COLOUR : "black";
}

/* print_words - prints a row: "down [code_is_220] / greet". */
static void print_words(FILE *out, const struct transition *row, bool strict)
{
	const bool told = row->event == EVENT_up || row->event == EVENT_down;
	fprintf(out, "<FONT COLOR=\"%s\">%s%s", colour_of(row, strict), machine_event_names[row->event],
		told ? "" : from_names[row->from]);
	if (row->when)
		fprintf(out, " [%s]", row->when_name);
	if (row->execute)
		fprintf(out, " / %s", row->execute_name);
	fprintf(out, "%s</FONT>", row->jump[strict] == STATE_on ? ", and on" : "");
}

/* print_rows - prints all rows that lead from one state to another, one per line. Returns their number. */
static unsigned print_rows(
	FILE *out, enum state_id from, enum state_id to, bool strict, const char *before, const char *after)
{
	unsigned count = 0;
	for (const struct transition *row = machine_table; row < machine_table + machine_table_size; row++) {
		if (row->state != from || row->jump[strict] == STATE_no || end_of(row, strict) != to)
			continue;
		fputs(before, out);
		print_words(out, row, strict);
		fputs(after, out);
		count++;
	}
	return count;
}

/* print_state - prints a box; `any` has no grammars. */
static void print_state(FILE *out, enum state_id id, bool strict)
{
	const bool any = id == STATE_any;
	fprintf(out, "\t%s [label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"1\"><TR><TD><B>%s</B></TD></TR>",
		node_name(id), any ? "any state" : node_name(id));
	if (!any && !machine_states[id].terminal)
		fprintf(out, "<TR><TD><FONT COLOR=\"" FAINT_COLOUR "\">up: %s, down: %s</FONT></TD></TR>",
			grammar_names[machine_states[id].grammar[UP]], grammar_names[machine_states[id].grammar[DOWN]]);
	print_rows(out, id, id, strict, "<TR><TD ALIGN=\"LEFT\">", "</TD></TR>");
	fprintf(out, "</TABLE>>%s];\n",
		any                              ? ", style=\"rounded,dashed\""
		: machine_states[id].terminal    ? ", peripheries=2"
		: id == STATE_session_initiation ? ", penwidth=2"
						 : "");
}

/* has_edge - does a row lead from one state to the other? */
static bool has_edge(enum state_id from, enum state_id to, bool strict)
{
	for (const struct transition *row = machine_table; row < machine_table + machine_table_size; row++)
		if (row->state == from && row->jump[strict] != STATE_no && end_of(row, strict) == to)
			return true;
	return false;
}

/* edge_colour - the colour of its rows, when all have the same. */
static const char *edge_colour(enum state_id from, enum state_id to, bool strict)
{
	const char *colour = NULL;
	for (const struct transition *row = machine_table; row < machine_table + machine_table_size; row++) {
		if (row->state != from || row->jump[strict] == STATE_no || end_of(row, strict) != to)
			continue;
		const char *own = colour_of(row, strict);
		if (colour && strcmp(colour, own) != 0)
			return FAINT_COLOUR;
		colour = own;
	}
	return colour && strcmp(colour, "black") != 0 ? colour : FAINT_COLOUR;
}

static void print_edge(FILE *out, enum state_id from, enum state_id to, bool strict)
{
	if (from == to || !has_edge(from, to, strict))
		return;
	fprintf(out, "\t%s -> %s [color=\"%s\", label=<", node_name(from), node_name(to),
		edge_colour(from, to, strict));
	print_rows(out, from, to, strict, "", "<BR ALIGN=\"LEFT\"/>");
	fputs(">];\n", out);
}

/* is_reached - can the state be reached in this mode? */
static bool is_reached(enum state_id id, bool strict)
{
	for (enum state_id from = 0; from <= STATE_any; from++)
		if (from != id && has_edge(from, id, strict))
			return true;
	return id == STATE_session_initiation || id == STATE_any;
}

void machine_graph(FILE *out, bool strict)
{
	fprintf(out, "digraph smtp {\n\trankdir=TB;\n\tbgcolor=white;\n\tnodesep=0.5;\n\tranksep=0.7;\n"
		     "\tnode [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];\n"
		     "\tedge [fontname=\"Helvetica\", fontsize=10, color=\"" FAINT_COLOUR "\"];\n");
	for (enum state_id id = 0; id <= STATE_any; id++)
		if (is_reached(id, strict))
			print_state(out, id, strict);
	fprintf(out, "\t{ rank=sink; finish; fail; }\n");
	for (enum state_id from = 0; from <= STATE_any; from++)
		for (enum state_id to = 0; to < STATE_COUNT; to++)
			print_edge(out, from, to, strict);
	fprintf(out, "}\n");
}

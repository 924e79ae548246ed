/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emit.c - passes replies to the sink.
 */
#include "private.h"

void response_enhanced(const struct session_response *response, char out[GRAMMAR_ENHANCED_MAX])
{
	grammar_enhanced(response->code, response->line_count > 0 ? response->lines[0].text : no_text, out);
}

void reply_emit(struct session *s, const struct awaited *to)
{
	struct reply *r = &s->reply;
	if (!r->assumed)
		s->summary.responses++;
	if (!s->sink->response)
		return;
	/* MAIL begins a transaction, also when it is refused; but not when it is refused inside of another
	 * transaction. */
	bool begins = to && to->candidate && (r->code < 400 || !transaction_goes_on(&s->mails));
	struct session_response response = {
		.code = r->code,
		.lines = r->lines,
		.line_count = r->line_count,
		.lines_seen = r->lines_seen,
		.code_mismatch = r->mismatch,
		.assumed = r->assumed,
		.state = session_state(s),
		.tx = begins ? s->mails.next : transaction_number(s),
	};
	if (to && !to->lost) {
		response.to = to->end_of_data ? (to->verb == VERB_BDAT ? VERB_BDAT : VERB_DATA) : to->verb;
		response.to_name = to->end_of_data && to->verb != VERB_BDAT ? span_of(".", 1) : to->name;
		response.argument = to->argument;
		response.end_of_data = to->end_of_data;
	}
	s->sink->response(s->context, &response);
}

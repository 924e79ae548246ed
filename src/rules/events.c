/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * events.c - events as rules see them: a table with the fields of the corresponding record, under the same names.
 *
 * Members of a struct that need no conversion are rows of a table; others have a function. The fields of the record's
 * own object are fields of the event; other objects in the record (`smtp`, `email`) are members with that name. A test
 * compares the names with those of the records.
 */
#include <string.h>

#include "private.h"
#include "text.h"

/* Type of a member of a struct. */
enum form { TEXT, ARRAY, GSTRING, TEXTS, GSTRINGS, FLAG, TRUE_ONLY, NUMBER };

struct member {
	const char *name;
	enum form form;
	size_t offset;
};
#define MEMBER(type, member, form)                                                                                     \
	{                                                                                                              \
#member, form, offsetof(struct type, member)                                                           \
	}
#define NAMED(name, type, member, form)                                                                                \
	{                                                                                                              \
		name, form, offsetof(struct type, member)                                                              \
	}

static void set_span(lua_State *lua, const char *name, struct span text)
{
	lua_pushlstring(lua, (const char *)text.data, text.size);
	lua_setfield(lua, -2, name);
}

static void set_text_field(lua_State *lua, const char *name, const char *text)
{
	if (text && *text) {
		lua_pushstring(lua, text);
		lua_setfield(lua, -2, name);
	}
}

static void set_number(lua_State *lua, const char *name, uint64_t number)
{
	lua_pushinteger(lua, (lua_Integer)number);
	lua_setfield(lua, -2, name);
}

static void set_flag(lua_State *lua, const char *name, bool flag)
{
	lua_pushboolean(lua, flag);
	lua_setfield(lua, -2, name);
}

/* set_texts - sets a list, unless it is empty. */
static void set_texts(lua_State *lua, const char *name, const GPtrArray *texts, bool gstrings)
{
	if (!texts || texts->len == 0)
		return;
	lua_createtable(lua, (int)texts->len, 0);
	for (guint i = 0; i < texts->len; i++) {
		const GString *text = texts->pdata[i];
		if (gstrings)
			lua_pushlstring(lua, text->str, text->len);
		else
			lua_pushstring(lua, texts->pdata[i]);
		lua_rawseti(lua, -2, (lua_Integer)i + 1);
	}
	lua_setfield(lua, -2, name);
}

/* set_member - sets one member of the struct at `base`. */
static void set_member(lua_State *lua, const void *base, const struct member *member)
{
	const void *at = (const uint8_t *)base + member->offset;
	const GString *text;
	switch (member->form) {
	case TEXT:
		set_text_field(lua, member->name, *(char *const *)at);
		break;
	case ARRAY:
		set_text_field(lua, member->name, at);
		break;
	case GSTRING:
		text = *(GString *const *)at;
		if (text)
			set_span(lua, member->name, span_of(text->str, text->len));
		break;
	case TEXTS:
	case GSTRINGS:
		set_texts(lua, member->name, *(GPtrArray *const *)at, member->form == GSTRINGS);
		break;
	case FLAG:
		set_flag(lua, member->name, *(const bool *)at);
		break;
	case TRUE_ONLY:
		if (*(const bool *)at)
			set_flag(lua, member->name, true);
		break;
	case NUMBER:
		set_number(lua, member->name, *(const uint64_t *)at);
		break;
	}
}

static void set_members(lua_State *lua, const void *base, const struct member *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		set_member(lua, base, &members[i]);
}
#define SET_MEMBERS(lua, base, members) set_members(lua, base, members, G_N_ELEMENTS(members))

static void set_tx(lua_State *lua, int tx)
{
	if (tx >= 0)
		set_number(lua, "tx_id", (uint64_t)tx);
}

void push_address(lua_State *lua, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	lua_pushstring(lua, address_text(address, text));
}

/* set_upper - sets a verb in upper case. */
static void set_upper(lua_State *lua, const char *name, struct span verb)
{
	if (verb.size == 0)
		return;
	char *text = g_ascii_strup((const char *)verb.data, (gssize)verb.size);
	lua_pushlstring(lua, text, verb.size);
	lua_setfield(lua, -2, name);
	g_free(text);
}

/* ---- the dialogue ---- */

void event_command(lua_State *lua, const struct session_command *command, bool show_secrets)
{
	const bool hide = command->credentials && !show_secrets;
	struct span argument = command->parsed.argument;
	lua_newtable(lua);
	set_upper(lua, "verb", command->parsed.name);
	if (hide) { /* the mechanism is not secret */
		size_t mechanism = 0;
		while (!command->continuation && mechanism < argument.size && argument.data[mechanism] != ' ')
			mechanism++;
		argument.size = mechanism;
	}
	if (argument.size > 0)
		set_span(lua, "argument", argument);
	set_text_field(lua, "state", command->state);
	if (!command->valid && !hide)
		set_span(lua, "line", command->parsed.line);
	set_tx(lua, command->tx);
}

void event_response(lua_State *lua, const struct session_response *response)
{
	char enhanced[GRAMMAR_ENHANCED_MAX];
	response_enhanced(response, enhanced);
	lua_newtable(lua);
	set_number(lua, "code", response->code);
	set_text_field(lua, "enhanced", enhanced);
	lua_createtable(lua, (int)response->line_count, 0);
	for (size_t i = 0; i < response->line_count; i++) {
		struct span text = response->lines[i].text;
		lua_pushlstring(lua, (const char *)text.data, text.size);
		lua_rawseti(lua, -2, (lua_Integer)i + 1);
	}
	lua_setfield(lua, -2, "lines");
	set_upper(lua, "to", response->to_name);
	set_text_field(lua, "state", response->state);
	if (response->assumed)
		set_flag(lua, "assumed", true);
	set_tx(lua, response->tx);
}

void event_content(lua_State *lua, const struct transaction *tx, uint64_t offset, struct span piece, bool last)
{
	lua_newtable(lua);
	set_span(lua, "data", piece);
	set_number(lua, "offset", offset);
	set_number(lua, "length", piece.size);
	set_flag(lua, "last", last);
	set_tx(lua, tx->number);
}

/* ---- mails ---- */

static const struct member email_members[] = {
	MEMBER(mail, from, TEXT),
	MEMBER(mail, to, TEXTS),
	MEMBER(mail, cc, TEXTS),
	MEMBER(mail, bcc, TEXTS),
	MEMBER(mail, reply_to, TEXT),
	MEMBER(mail, subject, TEXT),
	MEMBER(mail, date, TEXT),
	MEMBER(mail, message_id, TEXT),
	MEMBER(mail, in_reply_to, TEXT),
	MEMBER(mail, references, TEXT),
	MEMBER(mail, x_mailer, TEXT),
	MEMBER(mail, user_agent, TEXT),
	MEMBER(mail, x_originating_ip, TEXT),
	MEMBER(mail, received, TEXTS),
	MEMBER(mail, body, TEXT),
	MEMBER(mail, body_type, TEXT),
	MEMBER(mail, body_truncated, TRUE_ONLY),
	NAMED("url", mail, urls, TEXTS),
};

/* push_email - the object `email` of a record. */
static void push_email(lua_State *lua, const struct mail *mail)
{
	lua_newtable(lua);
	set_text_field(lua, "status", mail->partial ? "partial" : "complete");
	SET_MEMBERS(lua, mail, email_members);
	GPtrArray *names = g_ptr_array_new();
	for (guint i = 0; mail->parts && i < mail->parts->len; i++) {
		const struct mail_part *part = mail->parts->pdata[i];
		if (part->attachment && part->filename)
			g_ptr_array_add(names, part->filename);
	}
	set_texts(lua, "attachment", names, false);
	g_ptr_array_free(names, TRUE);
}

/* set_recipients - the recipients with this status. */
static void set_recipients(lua_State *lua, const char *name, const struct transaction *tx, enum recipient_status status)
{
	GPtrArray *paths = g_ptr_array_new();
	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *recipient = tx->recipients->pdata[i];
		if (recipient->status == status)
			g_ptr_array_add(paths, recipient->path);
	}
	set_texts(lua, name, paths, true);
	g_ptr_array_free(paths, TRUE);
}

/* set_params - the parameters of MAIL by keyword; true for one without a value. Of repeated ones the first is used. */
static void set_params(lua_State *lua, const GPtrArray *params)
{
	if (params->len == 0)
		return;
	lua_newtable(lua);
	for (guint i = params->len; i-- > 0;) {
		const struct mail_param *param = params->pdata[i];
		lua_pushlstring(lua, param->keyword->str, param->keyword->len);
		if (param->value)
			lua_pushlstring(lua, param->value->str, param->value->len);
		else
			lua_pushboolean(lua, true);
		lua_rawset(lua, -3);
	}
	lua_setfield(lua, -2, "mail_params");
}

/* set_envelope - the fields of a transaction that are in every record of it. */
static void set_envelope(lua_State *lua, const struct transaction *tx)
{
	static const struct member members[] = {
		MEMBER(transaction, helo, GSTRING),
		MEMBER(transaction, mail_from, GSTRING),
	};
	SET_MEMBERS(lua, tx, members);
	set_recipients(lua, "rcpt_to", tx, RECIPIENT_ACCEPTED);
	set_recipients(lua, "rejected_rcpt_to", tx, RECIPIENT_REJECTED);
	set_recipients(lua, "pending_rcpt_to", tx, RECIPIENT_PENDING);
}

void event_mail(lua_State *lua, const struct transaction *tx, const struct mail *mail)
{
	lua_newtable(lua);
	set_envelope(lua, tx);
	set_params(lua, tx->params);
	set_text_field(lua, "transfer", transfer_names[tx->transfer]);
	set_text_field(lua, "outcome", outcome_names[tx->outcome]);
	set_text_field(lua, "stage", stage_names[tx->stage]);
	if (tx->assumed)
		set_flag(lua, "assumed", true);
	if (tx->reply_code > 0) {
		lua_newtable(lua);
		set_number(lua, "code", tx->reply_code);
		set_text_field(lua, "enhanced", tx->reply_enhanced);
		if (tx->reply_text && tx->reply_text->len > 0)
			set_span(lua, "text", span_of(tx->reply_text->str, tx->reply_text->len));
		lua_setfield(lua, -2, "reply");
	}
	if (tx->content_begun && (tx->content_bytes > 0 || tx->content_whole)) {
		set_number(lua, "size", tx->content_bytes);
		set_text_field(lua, "sha256", mail ? mail->sha256 : NULL);
	}
	if (tx->missing_bytes > 0)
		set_number(lua, "missing_bytes", tx->missing_bytes);
	set_tx(lua, tx->number);
	if (mail) {
		push_email(lua, mail);
		lua_setfield(lua, -2, "email");
	}
}

/* push_about - what the files of a mail belong to: the objects are made once, since a mail can have many recipients and
 * many files. */
static void push_about(
	lua_State *lua, struct rules_session *session, const struct transaction *tx, const struct mail *mail)
{
	if (session->about == LUA_NOREF || session->about_tx != tx->number) {
		rules_forget_about(session);
		lua_newtable(lua);
		lua_newtable(lua);
		set_envelope(lua, tx);
		lua_setfield(lua, -2, "smtp");
		push_email(lua, mail);
		lua_setfield(lua, -2, "email");
		session->about = luaL_ref(lua, LUA_REGISTRYINDEX);
		session->about_tx = tx->number;
	}
	lua_rawgeti(lua, LUA_REGISTRYINDEX, session->about);
}

void event_file(lua_State *lua, struct rules_session *session, const struct transaction *tx, const struct mail *mail,
	const struct mail_part *part)
{
	static const struct member members[] = {
		MEMBER(mail_part, filename, TEXT),
		MEMBER(mail_part, content_type, TEXT),
		MEMBER(mail_part, magic, TEXT),
		MEMBER(mail_part, disposition, TEXT),
		NAMED("part", mail_part, number, TEXT),
		MEMBER(mail_part, size, NUMBER),
		MEMBER(mail_part, sha256, TEXT),
		MEMBER(mail_part, md5, TEXT),
		MEMBER(mail_part, sha1, TEXT),
		MEMBER(mail_part, gaps, FLAG),
		MEMBER(mail_part, yara, TEXTS),
		MEMBER(mail_part, stored, FLAG),
		MEMBER(mail_part, path, TEXT),
	};
	lua_newtable(lua);
	SET_MEMBERS(lua, part, members);
	set_text_field(lua, "state", part->truncated ? "TRUNCATED" : "CLOSED");
	set_span(lua, "head", span_of(part->head, part->head_size));
	set_tx(lua, tx->number);
	push_about(lua, session, tx, mail);
	lua_getfield(lua, -1, "smtp");
	lua_setfield(lua, -3, "smtp");
	lua_getfield(lua, -1, "email");
	lua_setfield(lua, -3, "email");
	lua_pop(lua, 1);
}

/* ---- the rest ---- */

void event_auth(lua_State *lua, const struct session_auth *auth, bool show_secrets)
{
	static const struct member members[] = {
		MEMBER(session_auth, mechanism, GSTRING),
		MEMBER(session_auth, username, GSTRING),
		MEMBER(session_auth, success, FLAG),
		MEMBER(session_auth, tls, FLAG),
		MEMBER(session_auth, assumed, TRUE_ONLY),
	};
	static const struct member secret[] = { MEMBER(session_auth, password, GSTRING) };
	lua_newtable(lua);
	SET_MEMBERS(lua, auth, members);
	if (show_secrets)
		SET_MEMBERS(lua, auth, secret);
}

void event_tls(lua_State *lua, const struct tls_info *tls)
{
	static const struct member members[] = {
		MEMBER(tls_info, sni, TEXT),
		MEMBER(tls_info, version, TEXT),
		MEMBER(tls_info, cipher, TEXT),
		MEMBER(tls_info, alpn, TEXTS),
		MEMBER(tls_info, ja4, ARRAY),
		MEMBER(tls_info, subject, TEXT),
		MEMBER(tls_info, issuerdn, TEXT),
		MEMBER(tls_info, serial, TEXT),
		MEMBER(tls_info, fingerprint, TEXT),
		NAMED("subjectaltname", tls_info, subject_alt_names, TEXTS),
	};
	lua_newtable(lua);
	SET_MEMBERS(lua, tls, members);
	if (tls->has_certificate) { /* seconds since 1970, for calculations */
		lua_pushinteger(lua, tls->not_before / NANOSECONDS_PER_SECOND);
		lua_setfield(lua, -2, "notbefore");
		lua_pushinteger(lua, tls->not_after / NANOSECONDS_PER_SECOND);
		lua_setfield(lua, -2, "notafter");
	}
}

void event_session(lua_State *lua, const struct flow *flow, const struct session_summary *summary)
{
	static const struct member members[] = {
		MEMBER(session_summary, state, TEXT),
		MEMBER(session_summary, banner, GSTRING),
		MEMBER(session_summary, helo, GSTRING),
		MEMBER(session_summary, extensions, GSTRINGS),
		MEMBER(session_summary, commands, NUMBER),
		MEMBER(session_summary, responses, NUMBER),
		MEMBER(session_summary, mails, NUMBER),
		MEMBER(session_summary, authenticated, FLAG),
		MEMBER(session_summary, tls, FLAG),
		MEMBER(session_summary, midstream, FLAG),
		MEMBER(session_summary, one_sided, FLAG),
	};
	const uint64_t given_up = session_given_up(summary, flow);
	lua_newtable(lua);
	SET_MEMBERS(lua, summary, members);
	set_number(lua, "gap_bytes", summary->lost_bytes - given_up);
	if (given_up > 0)
		set_number(lua, "given_up_bytes", given_up);
	set_number(lua, "pkts_toserver", flow->side[UP].packets);
	set_number(lua, "pkts_toclient", flow->side[DOWN].packets);
	set_number(lua, "bytes_toserver", flow->side[UP].wire_bytes);
	set_number(lua, "bytes_toclient", flow->side[DOWN].wire_bytes);
}

void event_alert(lua_State *lua, const struct alert *alert, const struct transaction *tx)
{
	lua_newtable(lua);
	set_text_field(lua, "signature", alert_name(alert));
	set_text_field(lua, "category", alert_category_name(alert_catalogue[alert->id].category));
	set_number(lua, "severity", alert->severity);
	set_text_field(lua, "severity_name", severity_name(alert->severity));
	set_text_field(lua, "description", alert->description);
	set_text_field(lua, "outcome", alert_outcome_names[alert->outcome]);
	set_text_field(lua, "state", alert->state);
	if (alert->has_direction)
		set_text_field(lua, "direction", direction_name(alert->direction));
	if (alert->evidence.size > 0)
		set_span(lua, "evidence", alert->evidence);
	set_tx(lua, alert->tx);
	if (tx && alert->tx == tx->number) {
		lua_newtable(lua);
		set_envelope(lua, tx);
		lua_setfield(lua, -2, "smtp");
	}
}

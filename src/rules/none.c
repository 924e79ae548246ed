/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * none.c - the rules stage of a build without rules (-Drules=disabled): reports that, and does nothing.
 */
#include "rules.h"

struct rules *rules_new(const struct rules_options *options, GError **error)
{
	if (options->rules || options->ioc || options->yara)
		g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_NOSYS,
			"this smtpscan was built without rules (-Drules=enabled)");
	return NULL;
}

bool rules_wants(const struct rules *rules, enum rule_event event)
{
	return false;
}

unsigned rules_hashes(const struct rules *rules)
{
	return 0;
}

bool rules_keep(const struct rules *rules)
{
	return false;
}

char *rules_list(const struct rules *rules)
{
	return g_strdup("");
}

void rules_empty_lists(const struct rules *rules, void (*tell)(const char *path))
{
}

void rules_begin(struct rules *rules)
{
}

void rules_free(struct rules *rules)
{
}

struct rules_session *rules_session_new(struct rules *rules, const struct flow *flow, const struct session *session,
	const struct rules_sink *sink, void *context)
{
	return NULL;
}

void rules_session_free(struct rules_session *session)
{
}

void rules_command(struct rules_session *session, const struct session_command *command)
{
}

void rules_response(struct rules_session *session, const struct session_response *response)
{
}

void rules_content(
	struct rules_session *session, const struct transaction *tx, uint64_t offset, struct span piece, bool last)
{
}

void rules_mail(struct rules_session *session, const struct transaction *tx, const struct mail *mail)
{
}

void rules_file(struct rules_session *session, const struct transaction *tx, const struct mail *mail,
	const struct mail_part *part)
{
}

void *rules_part_begin(struct rules_session *session, int tx)
{
	return NULL;
}

void rules_part_piece(void *part, struct span piece)
{
}

void rules_part_end(void *part, const struct mail_part *about, GPtrArray *names)
{
}

void rules_part_drop(void *part)
{
}

size_t rules_part_memory(const void *part)
{
	return 0;
}

size_t rules_memory(const struct rules_session *session)
{
	return 0;
}

bool rules_watches(const struct rules *rules)
{
	return false;
}

void rules_auth(struct rules_session *session, const struct session_auth *auth)
{
}

void rules_tls(struct rules_session *session, const struct tls_info *tls)
{
}

void rules_alert(struct rules_session *session, const struct alert *alert, const struct transaction *tx)
{
}

void rules_end(struct rules_session *session, const struct session_summary *summary)
{
}

bool rules_kept(const struct rules_session *session, int tx)
{
	return false;
}

const GPtrArray *rules_tags(const struct rules_session *session)
{
	return NULL;
}

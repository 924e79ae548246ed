/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls.c - one TLS connection: its memory, and when its record is ready. Contract: tls.h. parts.h lists what the other
 * files of this folder do.
 *
 * It owns the strings of tls_info, and everything gathered or held.
 */
#include "tls.h"

#include <openssl/crypto.h>

#include "parts.h"

struct tls *tls_new(struct tls_keys *keys, const struct tls_sink *sink, void *context, uint64_t scope)
{
	struct tls *tls = g_new0(struct tls, 1);
	tls->info.alpn = g_ptr_array_new_with_free_func(g_free);
	tls->info.subject_alt_names = g_ptr_array_new_with_free_func(g_free);
	tls->keys = keys;
	tls->sink = sink;
	tls->context = context;
	tls->scope = scope;
	for (enum direction d = UP; d <= DOWN; d++)
		g_queue_init(&tls->side[d].held);
	return tls;
}

size_t tls_memory(const struct tls *tls)
{
	size_t size = sizeof *tls;
	for (enum direction d = UP; d <= DOWN; d++) {
		const struct side *side = &tls->side[d];
		size += side->held_size + (side->message ? side->message->len : 0);
		size += side->record ? side->record->len : 0;
		size += side->marks.list ? side->marks.list->len * sizeof(struct mark) : 0;
	}
	return size;
}

/* side_clear - wipes and frees everything of a direction. */
static void side_clear(struct tls *tls, struct side *side)
{
	gather_drop(tls, side);
	decrypt_clear(side);
	marks_clear(&side->marks);
	g_queue_clear_full(&side->held, g_free);
	messages_forget(side);
	if (side->record)
		g_byte_array_free(side->record, TRUE);
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	struct tls_info *info = &tls->info;
	char *strings[] = { info->sni, info->alpn_chosen, info->subject, info->issuerdn, info->serial,
		info->fingerprint };
	for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	g_ptr_array_free(info->alpn, TRUE);
	g_ptr_array_free(info->subject_alt_names, TRUE);
	side_clear(tls, &tls->side[UP]);
	side_clear(tls, &tls->side[DOWN]);
	resume_clear(&tls->resume);
	g_free(tls);
}

int tls_looks_like(struct span bytes)
{
	size_t size = MIN(bytes.size, RECORD_HEADER_SIZE);
	if (size > 0 && record_is_ssl2_hello(bytes.data, size))
		return size == RECORD_HEADER_SIZE ? 1 : -1;
	if (!record_fits(bytes.data, size))
		return 0;
	if (size > 0 && bytes.data[0] != RECORD_HANDSHAKE && bytes.data[0] != RECORD_ALERT)
		return 0;
	if (size == RECORD_HEADER_SIZE)
		return bytes.data[3] || bytes.data[4];
	return -1;
}

/* is_decided - is it known whether the connection can be decrypted, and was everything seen that the tls record
 * shows? */
static bool is_decided(const struct tls *tls)
{
	if (!tls->info.asked || tls->info.why[0] || tls->within)
		return true;
	return tls->exchange.version >= TLS_VERSION_13 ? tls->finished : tls->info.decrypted;
}

/* was_seen - is the visible part of the handshake over? */
static bool was_seen(const struct tls *tls)
{
	const struct side *up = &tls->side[UP], *down = &tls->side[DOWN];
	bool client = tls->info.client_hello || up->lost || up->seeking;
	bool server = (tls->info.server_hello && tls->server_done) || down->lost || down->seeking;
	return client && server;
}

bool tls_ready(struct tls *tls)
{
	const bool failed = tls->info.why[0] != '\0';
	if (tls->reported && failed && !tls->reported_why) {
		tls->reported_why = true;
		return true;
	}
	if (tls->reported || !(tls->failed || (was_seen(tls) && is_decided(tls))))
		return false;
	tls->reported = true;
	tls->reported_why = failed;
	return true;
}

const struct tls_info *tls_info(const struct tls *tls)
{
	return &tls->info;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * decrypt.c - the current keys of each direction, and decryption with them.
 *
 * Up to TLS 1.2 both directions get keys from one secret at the ServerHello and use them from their ChangeCipherSpec
 * on, again and again (renegotiation). In TLS 1.3 each direction goes through epochs (RFC 8446 7.1), and through any
 * number of updates in the last one. The client's first protected records wait (HELD_MAX octets) until it is known
 * whether the server accepted early data. A failed authentication ends decryption of the direction.
 */
#include "parts.h"

#include <string.h>

#include <openssl/crypto.h>

#define SKIP_MAX (1024 * 1024) /* octets of records that may fail where failures are expected */
#define SUITE_13_FIRST 0x1301  /* RFC 8446 B.4 */
#define SUITE_13_LAST 0x1305
#define TRY_COST 256                      /* cost of one try besides its octets, in octets */
#define TURN_COST 16384                   /* ... and of deriving keys */
#define TRY_WORK_MAX (256u * 1024 * 1024) /* octets tried after all gaps of a connection */
#define TRY_SEQUENCES_MAX (1024 * 1024)   /* most records that are assumed in a gap */

static const char not_supported[] = "cipher not supported";

static bool is_tls13(const struct tls *tls)
{
	return tls->exchange.version >= TLS_VERSION_13;
}

bool decrypt_wanted(const struct tls *tls, const struct side *side)
{
	if (!tls->keys || side->shut)
		return false;
	if (tls->exchange.version == 0 || is_tls13(tls))
		return side->type == RECORD_APPLICATION_DATA;
	return side->open != NULL;
}

bool decrypt_waits(const struct tls *tls)
{
	return tls->exchange.version == 0 || (is_tls13(tls) && tls->early == EARLY_OFFERED);
}

void decrypt_clear(struct side *side)
{
	cipher_free(side->open);
	cipher_free(side->next);
	side->open = side->next = NULL;
	OPENSSL_cleanse(side->secret, sizeof side->secret);
}

void decrypt_shut(struct tls *tls, enum direction direction, const char *why)
{
	struct side *side = &tls->side[direction];
	if (!tls->keys || side->shut)
		return;
	side->shut = true;
	side->seeking = false;
	decrypt_clear(side);
	tls->info.asked |= tls_keys_count(tls->keys) > 0;
	if (why && tls->info.asked && tls->info.why[0] == '\0')
		g_strlcpy(tls->info.why, why, sizeof tls->info.why);
	/* It will not be known any more whether early data was accepted. */
	if (direction == DOWN && tls->early == EARLY_OFFERED)
		decrypt_early(tls, EARLY_TAKEN);
}

/* fail_record - a record that must be authentic is not. */
static void fail_record(struct tls *tls, enum direction direction, uint64_t at)
{
	char why[sizeof tls->info.why];
	g_snprintf(why, sizeof why, "record fails authentication at octet %" G_GUINT64_FORMAT, at);
	decrypt_shut(tls, direction, why);
}

/* ---- up to TLS 1.2 ---- */

/* master_keys - prepares the keys of both directions for the ChangeCipherSpec. Returns the reason why not, or NULL. */
static const char *master_keys(struct tls *tls)
{
	struct cipher *ciphers[2] = { NULL, NULL };
	struct span master = keys_find(tls->keys, LABEL_MASTER, tls->exchange.client_random);
	if (!master.data)
		master = resume_secret(tls);
	if (!master.data)
		return keys_missing(tls->keys);
	resume_learn(tls, master);
	bool good = keys_of_master(&tls->exchange, master, ciphers);
	for (enum direction d = UP; d <= DOWN; d++) {
		cipher_free(tls->side[d].next);
		tls->side[d].next = good ? ciphers[d] : NULL;
		if (!good)
			cipher_free(ciphers[d]);
	}
	return good ? NULL : not_supported;
}

void decrypt_change(struct tls *tls, enum direction direction)
{
	struct side *side = &tls->side[direction];
	if (!tls->keys || side->shut || tls->exchange.version == 0 || is_tls13(tls))
		return;
	cipher_free(side->open);
	side->open = side->next;
	side->next = NULL;
	if (!side->open)
		decrypt_shut(tls, direction, tls->missing ? tls->missing : DECRYPT_NO_HANDSHAKE);
}

/* ---- TLS 1.3 ---- */

/* The keys of an epoch. */
struct turn {
	enum epoch epoch;
	uint8_t secret[SECRET_MAX];
	size_t size;
	struct cipher *cipher;
	enum skip skipping; /* an epoch was skipped, because its secret is not known */
};

/* turn_secret - the secret after that of the current epoch of a direction. */
static bool turn_secret(struct tls *tls, enum direction direction, struct turn *turn)
{
	static const enum label labels[2][EPOCH_TRAFFIC + 1] = {
		{ LABEL_COUNT, LABEL_EARLY, LABEL_HANDSHAKE_UP, LABEL_TRAFFIC_UP },
		{ LABEL_COUNT, LABEL_COUNT, LABEL_HANDSHAKE_DOWN, LABEL_TRAFFIC_DOWN },
	};
	const struct side *side = &tls->side[direction];
	const struct span now = { side->secret, side->secret_size };
	turn->epoch = side->epoch;
	if (side->epoch == EPOCH_TRAFFIC) {
		turn->size = now.size;
		return keys_expand_label(tls->exchange.suite, now, "traffic upd", turn->secret, now.size);
	}
	while (turn->epoch < EPOCH_TRAFFIC) {
		turn->epoch++;
		if (turn->epoch == EPOCH_EARLY && (direction == DOWN || tls->early != EARLY_TAKEN))
			continue;
		struct span secret = keys_find(tls->keys, labels[direction][turn->epoch], tls->exchange.client_random);
		turn->size = secret.size;
		if (secret.data) {
			memcpy(turn->secret, secret.data, secret.size);
			return true;
		}
		turn->skipping = turn->epoch == EPOCH_EARLY ? SKIP_UNKNOWN : SKIP_REFUSED;
	}
	return false;
}

/* turn_make - prepares the next epoch with its cipher. */
static bool turn_make(struct tls *tls, enum direction direction, struct turn *turn)
{
	*turn = (struct turn){ 0 };
	if (!tls->exchange.suite || !turn_secret(tls, direction, turn))
		return false;
	turn->cipher = keys_of_traffic(tls->exchange.suite, span_of(turn->secret, turn->size));
	return turn->cipher != NULL;
}

/* turn_take - begins the epoch. */
static void turn_take(struct side *side, struct turn *turn)
{
	cipher_free(side->open);
	side->open = turn->cipher;
	side->epoch = turn->epoch;
	memcpy(side->secret, turn->secret, sizeof side->secret);
	side->secret_size = turn->size;
	if (turn->skipping != SKIP_NONE)
		side->skipping = turn->skipping;
	OPENSSL_cleanse(turn, sizeof *turn);
}

void decrypt_advance(struct tls *tls, enum direction direction)
{
	struct side *side = &tls->side[direction];
	struct turn turn;
	if (!tls->keys || side->shut || !is_tls13(tls))
		return;
	if (turn_make(tls, direction, &turn))
		turn_take(side, &turn);
	else
		decrypt_shut(tls, direction, tls->missing ? tls->missing : keys_missing(tls->keys));
}

void decrypt_early(struct tls *tls, enum early early)
{
	if (tls->early != EARLY_OFFERED)
		return;
	tls->early = early;
	if (early == EARLY_REFUSED)
		tls->side[UP].skipping = SKIP_REFUSED;
}

void decrypt_hello(struct tls *tls)
{
	const struct key_exchange *exchange = &tls->exchange;
	if (!tls->keys)
		return;
	tls->info.asked |= tls_keys_count(tls->keys) > 0;
	tls->missing = NULL;
	if (!tls->info.client_hello)
		tls->missing = DECRYPT_NO_HANDSHAKE;
	else if (!exchange->suite || exchange->version < TLS_VERSION_10)
		tls->missing = not_supported;
	else if (!is_tls13(tls))
		tls->missing = master_keys(tls);
	if (is_tls13(tls))
		decrypt_advance(tls, DOWN);
	tls->info.asked |= tls_keys_count(tls->keys) > 0; /* the callback `more` may have added secrets */
}

bool decrypt_guess(struct tls *tls, const struct sealed *record)
{
	bool found = false;
	if (!tls->info.client_hello || tls->exchange.version > 0 || tls->side[UP].shut)
		return false;
	for (uint16_t number = SUITE_13_FIRST; number <= SUITE_13_LAST && !found; number++) {
		struct opened opened = { .buffer = keys_buffer(tls->keys) };
		struct turn turn;
		tls->exchange.suite = suite_find(number);
		found = turn_make(tls, UP, &turn) && cipher_open(turn.cipher, 0, record, &opened);
		cipher_free(turn.cipher);
		OPENSSL_cleanse(&turn, sizeof turn);
	}
	if (!found) {
		tls->exchange.suite = NULL;
		return false;
	}
	tls->exchange.version = TLS_VERSION_13;
	decrypt_early(tls, EARLY_REFUSED); /* or it would have been read with other keys */
	return true;
}

/* ---- records ---- */

bool decrypt_record(struct tls *tls, enum direction direction, const struct sealed *record, struct opened *opened)
{
	struct side *side = &tls->side[direction];
	if (!side->open)
		decrypt_advance(tls, direction);
	if (!side->open) {
		decrypt_shut(tls, direction, DECRYPT_NO_HANDSHAKE);
		inside_lose(tls, direction, record->payload.size);
		return false;
	}
	if (cipher_open(side->open, cipher_sequence(side->open), record, opened)) {
		tls->info.decrypted = true;
		side->skipping = SKIP_NONE;
		return true;
	}
	tls->info.failures++;
	side->skipped += record->payload.size;
	if (side->skipping == SKIP_NONE || side->skipped > SKIP_MAX)
		fail_record(tls, direction, record->at);
	if (side->skipping != SKIP_REFUSED)
		inside_lose(tls, direction, record->payload.size);
	return false;
}

/* try_cipher - tries all sequence numbers that the record can have. */
static bool try_cipher(
	struct tls *tls, struct cipher *cipher, uint64_t hidden, const struct sealed *record, struct opened *opened)
{
	const uint64_t first = cipher_sequence(cipher);
	for (uint64_t n = 0; n <= MIN(hidden, TRY_SEQUENCES_MAX) && tls->work <= TRY_WORK_MAX; n++) {
		tls->work += record->payload.size + TRY_COST;
		if (cipher_open(cipher, first + n, record, opened))
			return true;
	}
	return false;
}

/* try_next - tries the next keys: the change to them may be in the gap. */
static bool try_next(
	struct tls *tls, enum direction direction, uint64_t hidden, const struct sealed *record, struct opened *opened)
{
	struct side *side = &tls->side[direction];
	struct turn turn;
	if (!is_tls13(tls)) {
		if (!side->next || !try_cipher(tls, side->next, hidden, record, opened))
			return false;
		decrypt_change(tls, direction);
		return true;
	}
	tls->work += TURN_COST;
	if (!turn_make(tls, direction, &turn))
		return false;
	if (try_cipher(tls, turn.cipher, hidden, record, opened)) {
		turn_take(side, &turn);
		return true;
	}
	cipher_free(turn.cipher);
	OPENSSL_cleanse(&turn, sizeof turn);
	return false;
}

bool decrypt_try(struct tls *tls, enum direction direction, const struct sealed *record, struct span before,
	struct opened *opened, uint64_t *hidden)
{
	struct side *side = &tls->side[direction];
	const uint64_t most = (record->at - side->lost_from) / (RECORD_HEADER_SIZE + 1);
	if (!side->open && is_tls13(tls))
		decrypt_advance(tls, direction);
	for (size_t i = 0; i < 2; i++)
		if (i == 0 ? side->open != NULL : side->next != NULL)
			cipher_follow(i == 0 ? side->open : side->next, before);
	const uint64_t first = side->open ? cipher_sequence(side->open) : 0;
	bool found = side->open && try_cipher(tls, side->open, most, record, opened);
	*hidden = found ? cipher_sequence(side->open) - 1 - first : UINT64_MAX;
	found = found || try_next(tls, direction, most, record, opened);
	tls->info.decrypted |= found;
	if (!found && tls->work > TRY_WORK_MAX)
		decrypt_shut(tls, direction, "too much is missing");
	return found;
}

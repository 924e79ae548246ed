/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * keylog.c - the secrets of a key log (NSS Key Log Format: "LABEL CLIENT_RANDOM SECRET", hexadecimal), found by client
 * random.
 *
 * At most TLS_KEYS_MAX secrets are kept, in blocks that are wiped when they are freed. Comments, other labels and
 * invalid lines are skipped. The author of a capture can write secrets into it, so the hash is seeded.
 * A store can have a base (the key logs of the user), to which it adds the secrets of one input.
 */
#include "parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "hash.h"

#define SECRET_SHORT 32 /* with SHA-256; with SHA-384, and in TLS 1.2: SECRET_MAX */
#define BLOCK_SECRETS 1024
#define READ_SIZE (64 * 1024)
#define BYTE_ORDER_MARK 0x80 /* octets of a byte order mark are at least this; no label begins so */
#define LINE_MAX_SIZE 1024   /* longer lines are skipped */
#define RANDOM_WORDS (TLS_RANDOM_SIZE / 8)

struct secret {
	uint64_t random[RANDOM_WORDS];
	uint8_t label, size;
	uint8_t octets[SECRET_MAX];
};

struct tls_keys {
	const struct tls_keys *base;
	GHashTable *secrets; /* a set */
	GPtrArray *blocks;   /* of BLOCK_SECRETS each */
	size_t count;
	tls_keys_more more;
	void *context;
	bool asked; /* more was called */
	bool open;  /* ... and said that there may be others, later */
	uint8_t line[LINE_MAX_SIZE];
	uint8_t buffer[RECORD_SIZE_MAX];
	struct gather gather;
	size_t line_size; /* of the incomplete line; > LINE_MAX_SIZE: skip it */
};

/* Values of hexadecimal digits; NO_DIGIT for other characters. A table, for speed. */
#define NO_DIGIT 0x100
static uint16_t digits[UINT8_MAX + 1];

static void make_digits(void)
{
	for (int c = 0; c <= UINT8_MAX; c++) {
		int value = g_ascii_xdigit_value((gchar)c);
		digits[c] = (uint16_t)(value < 0 ? NO_DIGIT : value);
	}
}

static guint secret_hash(gconstpointer key)
{
	const struct secret *secret = key;
	return (guint)hash_octets(secret->random, sizeof secret->random) + secret->label;
}

static gboolean secret_equal(gconstpointer a, gconstpointer b)
{
	const struct secret *one = a, *other = b;
	return one->label == other->label && memcmp(one->random, other->random, sizeof one->random) == 0;
}

struct tls_keys *tls_keys_new(const struct tls_keys *base, tls_keys_more more, void *context)
{
	struct tls_keys *keys = g_new0(struct tls_keys, 1);
	make_digits();
	keys->base = base;
	keys->more = more;
	keys->context = context;
	keys->secrets = g_hash_table_new(secret_hash, secret_equal);
	keys->blocks = g_ptr_array_new();
	return keys;
}

void tls_keys_free(struct tls_keys *keys)
{
	if (!keys)
		return;
	g_hash_table_destroy(keys->secrets);
	for (guint i = 0; i < keys->blocks->len; i++) {
		OPENSSL_cleanse(keys->blocks->pdata[i], BLOCK_SECRETS * sizeof(struct secret));
		g_free(keys->blocks->pdata[i]);
	}
	g_ptr_array_free(keys->blocks, TRUE);
	OPENSSL_cleanse(keys, sizeof *keys);
	g_free(keys);
}

size_t tls_keys_count(const struct tls_keys *keys)
{
	return keys ? keys->count + tls_keys_count(keys->base) : 0;
}

const char *keys_missing(const struct tls_keys *keys)
{
	return keys->open ? "no key for this client random so far" : "no key for this client random";
}

uint8_t *keys_buffer(struct tls_keys *keys)
{
	return keys->buffer;
}

struct gather *keys_gather(struct tls_keys *keys)
{
	return &keys->gather;
}

/* ---- lines ---- */

/* label_of - the label of a line; LABEL_COUNT: one that is not used. */
static enum label label_of(struct span word)
{
	static const char *const names[LABEL_COUNT] = {
		[LABEL_MASTER] = "CLIENT_RANDOM",
		[LABEL_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
		[LABEL_HANDSHAKE_UP] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		[LABEL_HANDSHAKE_DOWN] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
		[LABEL_TRAFFIC_UP] = "CLIENT_TRAFFIC_SECRET_0",
		[LABEL_TRAFFIC_DOWN] = "SERVER_TRAFFIC_SECRET_0",
	};
	enum label label = 0;
	while (label < LABEL_COUNT &&
		(strlen(names[label]) != word.size || memcmp(names[label], word.data, word.size) != 0))
		label++;
	return label;
}

/* next_label - the next word of a line; spaces and control characters separate words. */
static struct span next_label(struct span *line)
{
	while (line->size > 0 && line->data[0] <= ' ')
		*line = span_of(line->data + 1, line->size - 1);
	struct span word = { line->data, 0 };
	while (word.size < line->size && line->data[word.size] > ' ')
		word.size++;
	*line = span_of(line->data + word.size, line->size - word.size);
	return word;
}

/* from_hex - decodes a hexadecimal word, at most `most` octets; 0 when it is invalid or too long. */
static size_t from_hex(struct span word, uint8_t *out, size_t most)
{
	if (word.size % 2 != 0 || word.size / 2 > most)
		return 0;
	for (size_t i = 0; i < word.size; i += 2) {
		const int octet = digits[word.data[i]] << 4 | digits[word.data[i + 1]];
		if (octet > UINT8_MAX)
			return 0;
		out[i / 2] = (uint8_t)octet;
	}
	return word.size / 2;
}

/* keep_secret - stores a secret, unless there are too many. Of two with the same label and client random the first
 * counts. */
static void keep_secret(struct tls_keys *keys, const struct secret *secret)
{
	if (keys->count == TLS_KEYS_MAX)
		return;
	if (keys->count / BLOCK_SECRETS == keys->blocks->len)
		g_ptr_array_add(keys->blocks, g_new(struct secret, BLOCK_SECRETS));
	struct secret *block = keys->blocks->pdata[keys->count / BLOCK_SECRETS];
	struct secret *kept = &block[keys->count % BLOCK_SECRETS];
	*kept = *secret;
	if (g_hash_table_contains(keys->secrets, kept))
		return;
	g_hash_table_add(keys->secrets, kept);
	keys->count++;
}

static void take_words(struct tls_keys *keys, struct span line)
{
	struct secret secret = { 0 };
	while (line.size > 0 && line.data[0] >= BYTE_ORDER_MARK)
		line = span_from(line, 1);
	enum label label = label_of(next_label(&line));
	if (label == LABEL_COUNT ||
		from_hex(next_label(&line), (uint8_t *)secret.random, TLS_RANDOM_SIZE) != TLS_RANDOM_SIZE)
		return;
	secret.label = (uint8_t)label;
	secret.size = (uint8_t)from_hex(next_label(&line), secret.octets, SECRET_MAX);
	if (secret.size == SECRET_MAX || (secret.size == SECRET_SHORT && label != LABEL_MASTER))
		keep_secret(keys, &secret);
	OPENSSL_cleanse(&secret, sizeof secret);
}

/* take_secret_line - every other octet of a line in UTF-16, which some shells write, is a NUL. */
static void take_secret_line(struct tls_keys *keys, struct span line)
{
	uint8_t narrow[LINE_MAX_SIZE];
	size_t size = 0;
	if (line.size == 0 || line.size > sizeof narrow || !memchr(line.data, '\0', line.size)) {
		take_words(keys, line);
		return;
	}
	for (size_t i = 0; i < line.size; i++)
		if (line.data[i])
			narrow[size++] = line.data[i];
	take_words(keys, span_of(narrow, size));
	OPENSSL_cleanse(narrow, sizeof narrow);
}

/* line_end - the first line feed or carriage return in so many octets; NULL: none. */
static const uint8_t *line_end(const uint8_t *text, size_t size)
{
	const uint8_t *feed = memchr(text, '\n', size);
	const uint8_t *carriage = memchr(text, '\r', feed ? (size_t)(feed - text) : size);
	return carriage ? carriage : feed;
}

void tls_keys_add(struct tls_keys *keys, struct span text)
{
	while (text.size > 0) {
		const size_t most = MIN(text.size, LINE_MAX_SIZE);
		const uint8_t *end = line_end(text.data, most);
		const size_t size = end ? (size_t)(end - text.data) : most;
		if (keys->line_size == 0 && end) { /* the usual case: no copy */
			take_secret_line(keys, span_of(text.data, size));
		} else {
			if (keys->line_size + size <= LINE_MAX_SIZE)
				memcpy(keys->line + keys->line_size, text.data, size);
			keys->line_size = MIN(keys->line_size + size, LINE_MAX_SIZE + 1);
			if (end)
				tls_keys_line_end(keys);
		}
		text = (struct span){ text.data + size + (end != NULL), text.size - size - (end != NULL) };
	}
}

void tls_keys_line_end(struct tls_keys *keys)
{
	if (keys->line_size <= LINE_MAX_SIZE)
		take_secret_line(keys, span_of(keys->line, keys->line_size));
	OPENSSL_cleanse(keys->line, sizeof keys->line);
	keys->line_size = 0;
}

bool tls_keys_file(struct tls_keys *keys, const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t *buffer = g_malloc(READ_SIZE);
	size_t size = 0;
	bool good = file != NULL;
	if (file)
		setvbuf(file, NULL, _IONBF, 0); /* so that stdio keeps no copy of secrets */
	while (good && (size = fread(buffer, 1, READ_SIZE, file)) > 0)
		tls_keys_add(keys, span_of(buffer, size));
	good = good && !ferror(file);
	int why = errno;
	tls_keys_line_end(keys);
	OPENSSL_cleanse(buffer, READ_SIZE);
	g_free(buffer);
	if (file)
		fclose(file);
	errno = why;
	return good;
}

void keys_remember(struct tls_keys *keys, enum label label, const uint8_t *client_random, struct span secret)
{
	struct secret more = { .label = (uint8_t)label, .size = (uint8_t)secret.size };
	g_assert(secret.size <= SECRET_MAX);
	memcpy(more.random, client_random, TLS_RANDOM_SIZE);
	memcpy(more.octets, secret.data, secret.size);
	keep_secret(keys, &more);
	OPENSSL_cleanse(&more, sizeof more);
}

/* ---- looking up ---- */

/* find_secret - searches this store and its base. */
static struct span find_secret(const struct tls_keys *keys, const struct secret *wanted)
{
	for (; keys; keys = keys->base) {
		const struct secret *secret = g_hash_table_lookup(keys->secrets, wanted);
		if (secret)
			return span_of(secret->octets, secret->size);
	}
	return span_of(NULL, 0);
}

struct span keys_find(struct tls_keys *keys, enum label label, const uint8_t *client_random)
{
	struct secret wanted = { .label = (uint8_t)label };
	memcpy(wanted.random, client_random, TLS_RANDOM_SIZE);
	struct span secret = find_secret(keys, &wanted);
	if (secret.data || !keys->more || keys->asked)
		return secret;
	keys->asked = true;
	keys->open = !keys->more(keys->context);
	return find_secret(keys, &wanted);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hash.c - see hash.h.
 */
#include "hash.h"

#include <string.h>
#include <sys/random.h>

#define WORD sizeof(uint64_t)
#define ROUNDS_OF_WORD 1
#define ROUNDS_AT_END 3

static uint64_t seed[2];

uint64_t hash_seed(void)
{
	if (seed[0] == 0) {
		if (getrandom(seed, sizeof seed, 0) != sizeof seed)
			g_error("no random octets for hashes");
		seed[0] |= 1;
	}
	return seed[0];
}

struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t turn(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void rounds(struct sip *s, unsigned count)
{
	while (count-- > 0) {
		s->a += s->b;
		s->c += s->d;
		s->b = turn(s->b, 13) ^ s->a;
		s->d = turn(s->d, 16) ^ s->c;
		s->a = turn(s->a, 32);
		s->c += s->b;
		s->a += s->d;
		s->b = turn(s->b, 17) ^ s->c;
		s->d = turn(s->d, 21) ^ s->a;
		s->c = turn(s->c, 32);
	}
}

static inline void sip_add(struct sip *s, uint64_t word)
{
	s->d ^= word;
	rounds(s, ROUNDS_OF_WORD);
	s->a ^= word;
}

/* word_at - up to eight octets, the first one lowest. */
static inline uint64_t word_at(const uint8_t *octets, size_t size)
{
	uint64_t word = 0;
	if (size > 0)
		memcpy(&word, octets, size);
	return GUINT64_FROM_LE(word);
}

uint64_t hash_keyed(const uint64_t key[static 2], const void *octets, size_t size)
{
	struct sip s = { key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573) };
	const uint8_t *at = octets, *end = at + size / WORD * WORD;
	for (; at < end; at += WORD)
		sip_add(&s, word_at(at, WORD));
	sip_add(&s, word_at(at, size % WORD) | (uint64_t)size << 56);
	s.c ^= 0xff;
	rounds(&s, ROUNDS_AT_END);
	return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t hash_octets(const void *octets, size_t size)
{
	hash_seed();
	return hash_keyed(seed, octets, size);
}

guint hash_text(gconstpointer text)
{
	return (guint)hash_octets(text, strlen(text));
}

guint hash_number(gconstpointer number)
{
	return (guint)hash_octets(number, sizeof(uint64_t));
}

guint hash_bytes(gconstpointer bytes)
{
	gsize size;
	const void *octets = g_bytes_get_data((GBytes *)(uintptr_t)bytes, &size);
	return (guint)hash_octets(octets, size);
}

guint hash_pointer(gconstpointer pointer)
{
	return (guint)hash_octets(&pointer, sizeof pointer);
}

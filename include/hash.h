/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hash.h - the hash of every table whose keys come from outside: seeded, so that nobody can choose keys that collide.
 *
 * SipHash-1-3 (Aumasson, Bernstein) with a key that is drawn once in the life of the program; workers have their
 * parent's. Nothing that is written may depend on it: no table is walked in its own order. Private to src/.
 */
#ifndef SMTPSCAN_HASH_H
#define SMTPSCAN_HASH_H

#include <glib.h>
#include <stdint.h>

#include "types.h"

/* hash_seed - draws the key, unless there is one; the first hash does it, too. Returns a word of it, never 0, for
 * hashes of another kind. */
uint64_t hash_seed(void);

uint64_t hash_octets(const void *octets, size_t size);
/* hash_keyed - the same with a key of the caller's. */
uint64_t hash_keyed(const uint64_t key[static 2], const void *octets, size_t size);

/* For tables of GLib: of a C string, of an int64_t or uint64_t, of a GBytes, of a pointer or what was made into one. */
guint hash_text(gconstpointer text);
guint hash_number(gconstpointer number);
guint hash_bytes(gconstpointer bytes);
guint hash_pointer(gconstpointer pointer);

#endif

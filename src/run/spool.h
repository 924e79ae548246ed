/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spool.h - what a worker has sent and nobody has taken yet: a little in memory, the rest in an unlinked temporary
 * file. Private to the jobs.
 *
 * So a worker never has to wait, though it may be let wait (merge.c), and memory stays small; only when that file
 * can't be written (said) memory is taken for it.
 */
#ifndef SMTPSCAN_RUN_SPOOL_H
#define SMTPSCAN_RUN_SPOOL_H

#include "types.h"

struct spool;

struct spool *spool_new(void);
void spool_free(struct spool *spool);

enum spool_got {
	SPOOL_GOT,   /* some octets */
	SPOOL_NONE,  /* nothing there now */
	SPOOL_CLOSED /* nothing will come any more */
};

/* spool_full - would what is received now go to the file? */
bool spool_full(const struct spool *spool);
/* spool_receive - reads once from a pipe that does not block. */
enum spool_got spool_receive(struct spool *spool, int fd);
/* spool_peek - the next `size` octets in one piece, valid until the next call; NULL when they are not there yet. */
const uint8_t *spool_peek(struct spool *spool, size_t size);
/* spool_take - the first `size` octets are done with. They were peeked at. */
void spool_take(struct spool *spool, size_t size);

#endif

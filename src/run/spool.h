/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spool.h - holds what a worker has sent and merge.c has not taken yet: a little in memory, the rest in an unlinked
 * temporary file. Private to this stage.
 *
 * So a worker need not wait (though merge.c may make it wait), and little memory is used; only when the file can't be
 * written (reported) is everything kept in memory.
 */
#ifndef SMTPSCAN_RUN_SPOOL_H
#define SMTPSCAN_RUN_SPOOL_H

#include "types.h"

struct spool;

struct spool *spool_new(void);
void spool_free(struct spool *spool);

enum spool_got {
	SPOOL_GOT,   /* octets were read */
	SPOOL_NONE,  /* nothing to read now */
	SPOOL_CLOSED /* end of the pipe */
};

/* spool_full - would newly received octets go to the file? */
bool spool_full(const struct spool *spool);
/* spool_receive - reads once from a pipe that does not block. */
enum spool_got spool_receive(struct spool *spool, int fd);
/* spool_peek - the next `size` octets in one piece, valid until the next call; NULL when they are not there yet. */
const uint8_t *spool_peek(struct spool *spool, size_t size);
/* spool_take - removes the first `size` octets, which spool_peek has returned. */
void spool_take(struct spool *spool, size_t size);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_spool.c - what goes through a spool comes out in the same order: from memory, through the file, and when the
 * file can't be written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "run/spool.h"

#define MEBIBYTE ((size_t)1 << 20)

/* octet_at - each octet of the stream tells its place. */
static uint8_t octet_at(size_t at)
{
	return (uint8_t)(at ^ at >> 8 ^ at >> 16);
}

struct stream {
	struct spool *spool;
	int in, out;
	size_t sent, taken;
};

static struct stream begin(void)
{
	struct stream stream = { .spool = spool_new() };
	int pipes[2];
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(fcntl(pipes[0], F_SETFL, O_NONBLOCK), 0);
	stream.in = pipes[1];
	stream.out = pipes[0];
	return stream;
}

/* send_octets - sends this many more octets, received at once. */
static void send_octets(struct stream *stream, size_t size)
{
	uint8_t block[4096];
	while (size > 0) {
		size_t piece = MIN(size, sizeof block);
		for (size_t i = 0; i < piece; i++)
			block[i] = octet_at(stream->sent + i);
		assert_int_equal(write(stream->in, block, piece), piece);
		assert_int_equal(spool_receive(stream->spool, stream->out), SPOOL_GOT);
		stream->sent += piece;
		size -= piece;
	}
}

/* take - the next octets, which must be there. */
static void take(struct stream *stream, size_t size)
{
	const uint8_t *octets = spool_peek(stream->spool, size);
	assert_non_null(octets);
	for (size_t i = 0; i < size; i++)
		if (octets[i] != octet_at(stream->taken + i))
			fail_msg("octet %zu is another", stream->taken + i);
	spool_take(stream->spool, size);
	stream->taken += size;
}

static void end(struct stream *stream)
{
	assert_null(spool_peek(stream->spool, stream->sent - stream->taken + 1));
	if (stream->sent > stream->taken)
		take(stream, stream->sent - stream->taken);
	assert_int_equal(spool_receive(stream->spool, stream->out), SPOOL_NONE);
	close(stream->in);
	assert_int_equal(spool_receive(stream->spool, stream->out), SPOOL_CLOSED);
	close(stream->out);
	spool_free(stream->spool);
}

static void through_memory(void **state)
{
	struct stream stream = begin();
	assert_null(spool_peek(stream.spool, 1));
	send_octets(&stream, 10);
	take(&stream, 3);
	assert_null(spool_peek(stream.spool, 8));
	take(&stream, 7);
	send_octets(&stream, 5000);
	end(&stream);
}

static void through_the_file(void **state)
{
	struct stream stream = begin();
	send_octets(&stream, MEBIBYTE / 2);
	assert_false(spool_full(stream.spool));
	send_octets(&stream, 4 * MEBIBYTE);
	assert_true(spool_full(stream.spool));
	for (int i = 0; i < 40; i++) { /* more comes while it is taken */
		take(&stream, 77777);
		send_octets(&stream, 33333);
	}
	end(&stream);
}

/* A piece that is larger than what is kept in memory is had in one. */
static void one_large_piece(void **state)
{
	struct stream stream = begin();
	send_octets(&stream, 100);
	take(&stream, 50);
	assert_null(spool_peek(stream.spool, 3 * MEBIBYTE));
	send_octets(&stream, 3 * MEBIBYTE - 50);
	take(&stream, 3 * MEBIBYTE);
	assert_null(spool_peek(stream.spool, 1));
	send_octets(&stream, 2 * MEBIBYTE);
	end(&stream);
}

/* Files can't grow beyond 1 MiB: what is after that is kept in memory, in order. */
static void a_full_disk(void **state)
{
	struct rlimit before, limit;
	struct stream stream = begin();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = MEBIBYTE;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	send_octets(&stream, 5 * MEBIBYTE);
	take(&stream, 2 * MEBIBYTE);
	send_octets(&stream, 100);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	end(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(through_memory),
		cmocka_unit_test(through_the_file),
		cmocka_unit_test(one_large_piece),
		cmocka_unit_test(a_full_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

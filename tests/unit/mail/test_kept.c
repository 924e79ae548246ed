/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_kept.c - octets that are kept, in memory and in the file, can be read again; limits hold, and what was dropped
 * is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "mail/kept.h"

#define EACH ((size_t)64 * 1024)

static uint8_t octets[1 << 20];

/* add - this many more octets, in pieces of 1,000. */
static void add(struct kept *kept, size_t from, size_t size)
{
	for (size_t at = 0; at < size; at += 1000)
		kept_add(kept, span_of(octets + from + at, MIN(1000, size - at)));
}

/* holds - the first octets, read both ways. */
static void holds(struct kept *kept, size_t size)
{
	static uint8_t read[sizeof octets];
	size_t got = 0;
	ssize_t piece;
	assert_int_equal(kept_size(kept), size);
	while ((piece = kept_read(kept, got, read + got, MIN(sizeof read - got, 7000))) > 0)
		got += (size_t)piece;
	assert_int_equal(piece, 0);
	assert_int_equal(got, size);
	assert_memory_equal(read, octets, size);
	struct span span = kept_span(kept);
	assert_int_equal(span.size, size);
	if (size > 0)
		assert_memory_equal(span.data, octets, size);
}

static void in_memory_and_in_the_file(void **state)
{
	static const size_t sizes[] = { 0, 1, 4096, 4097, KEPT_BUFFER, EACH, EACH + 1, 3 * EACH + 5 };
	struct kept_budget budget = { .memory_each = EACH, .memory_total = 4 * EACH, .files = 2 };
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		struct kept *kept = kept_new(&budget, UINT64_MAX, NULL);
		add(kept, 0, sizes[i]);
		assert_int_equal(budget.files_used, sizes[i] > EACH);
		holds(kept, sizes[i]);
		add(kept, sizes[i], 5000); /* adding continues after a read */
		holds(kept, sizes[i] + 5000);
		assert_true(kept_whole(kept));
		assert_true(kept_memory(kept) <= EACH + 512);
		kept_free(kept);
		assert_int_equal(budget.files_used, 0);
		assert_int_equal(budget.memory_used, 0);
	}
}

static void no_more_than_the_limit(void **state)
{
	struct kept_budget budget = { .memory_each = EACH, .memory_total = EACH, .files = 1 };
	static const size_t limits[] = { 0, 999, 1000, 2 * EACH };
	for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
		struct kept *kept = kept_new(&budget, limits[i], NULL);
		add(kept, 0, limits[i]);
		assert_true(kept_whole(kept));
		add(kept, limits[i], 1);
		assert_false(kept_whole(kept));
		assert_int_equal(kept_failed(kept), 0);
		holds(kept, limits[i]);
		kept_free(kept);
	}
}

/* Together they have no more memory than the total, but for a buffer each; then there are files, as many as may be. */
static void a_budget_for_all(void **state)
{
	struct kept_budget budget = { .memory_each = EACH, .memory_total = EACH, .files = 2 };
	struct kept *kept[4];
	for (int i = 0; i < 4; i++) {
		kept[i] = kept_new(&budget, UINT64_MAX, NULL);
		add(kept[i], 0, EACH);
	}
	assert_true(budget.memory_used <= EACH + 4 * KEPT_BUFFER);
	assert_int_equal(budget.files_used, 2);
	for (int i = 0; i < 3; i++) {
		assert_true(kept_whole(kept[i]));
		holds(kept[i], EACH);
	}
	assert_int_equal(kept_failed(kept[3]), EMFILE);
	holds(kept[3], KEPT_BUFFER);
	kept_free(kept[0]);
	kept_free(kept[1]);
	add(kept[3], KEPT_BUFFER, 10); /* what was dropped leaves no gap */
	holds(kept[3], KEPT_BUFFER);
	kept_free(kept[2]);
	kept_free(kept[3]);
}

static void no_folder(void **state)
{
	struct kept_budget budget = { .memory_each = EACH, .memory_total = EACH, .files = 2 };
	struct kept *kept = kept_new(&budget, UINT64_MAX, "/nonexistent");
	add(kept, 0, EACH);
	assert_true(kept_whole(kept));
	add(kept, EACH, 1);
	assert_int_equal(kept_failed(kept), ENOENT);
	holds(kept, EACH);
	kept_free(kept);
}

/* A disk that is full in the middle of a piece: what was written is kept, what comes later is not put after it. */
static void a_full_disk(void **state)
{
	struct kept_budget budget = { .memory_each = EACH, .memory_total = EACH, .files = 2 };
	struct kept *kept = kept_new(&budget, UINT64_MAX, NULL);
	struct rlimit before, limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = EACH + 100;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	add(kept, 0, 4 * EACH);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(kept_failed(kept), EFBIG);
	add(kept, 4 * EACH, 1000);
	holds(kept, EACH + 100);
	kept_free(kept);
}

int main(void)
{
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_memory_and_in_the_file),
		cmocka_unit_test(no_more_than_the_limit),
		cmocka_unit_test(a_budget_for_all),
		cmocka_unit_test(no_folder),
		cmocka_unit_test(a_full_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_analysis.c - a fuzz target: the octets of a file go the whole way in this process, through decompression, the
 * formats of captures, packets, libnids, connections, TLS, sessions and mails to records, which keep their promises
 * (records.h). Without workers and sandbox.
 *
 * The input is the file as it is, so that every capture is a seed. Its size chooses the options: 1: --strict,
 * 2: little memory, 4: --checksums, 8: as two captures of one recording, 16: once more after the input before, with the
 * same records.
 */
#include "analysis.h"
#include "fuzz.h"
#include "records.h"
#include "run/mbox.h"

#define LITTLE_MEMORY 20000

static struct options options;
static struct output *output;
static struct analysis *analysis;
static struct records *records;

static bool on_lines(void *context, uint64_t packet, uint64_t flow, const char *lines, size_t size)
{
	return records_lines(records, packet, flow, lines, size);
}

static void on_tick(void *context, uint64_t next, bool live)
{
	static uint64_t before;
	require(next == 1 || next > before);
	before = next;
}

static void on_broken(void *context, const char *sentence)
{
	require(sentence != NULL && *sentence != '\0');
}

static bool on_mail_piece(void *context, const void *data, size_t size)
{
	fuzz_touch(data, size);
	return true;
}

static bool on_keep(void *context, const struct place *place, bool ending, struct mail *mail, const char *sender)
{
	require(mbox_format(mail, sender, place->at.time, on_mail_piece, NULL));
	return true;
}

static const struct analysis_sink sink = { .tick = on_tick, .broken = on_broken, .keep = on_keep };

/* begin - once: libnids keeps what it has in globals. */
static void begin(void)
{
	require(command_line(&options, "--events=all --alert-limit=0 --hash=md5,sha1 --raw --mbox=mbox capture") ==
		OPTIONS_RUN);
	options.output.records &= ~RECORD_BIT(STATS); /* the parent's */
	output = output_new(on_lines, NULL);
	analysis = analysis_new(&options, output, &sink);
	require(analysis != NULL);
}

/* look - one input from its beginning to its end. Returns a checksum of its records. */
static uint64_t look(char **paths, size_t count)
{
	struct input_stats stats;
	records = records_new();
	const enum exit_status status = analysis_input(analysis, paths, count);
	analysis_stats(analysis, &stats);
	require(status == input_stats_status(&stats) && stats.complete == !stats.error[0]);
	require(stats.sessions <= stats.connections && !output_failed(output));
	return records_end(records, &stats);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct {
		int fd;
		char path[FUZZ_PATH_MAX];
	} before = { .fd = -1 };
	char path[FUZZ_PATH_MAX];
	if (!analysis)
		begin();
	const int fd = fuzz_file(data, size, path);
	options.strict = size & 1;
	options.flow.memory_limit = size & 2 ? LITTLE_MEMORY : 0;
	options.checksums = size & 4;
	options.continuous = size & 8;
	const size_t count = options.continuous ? 2 : 1;
	const uint64_t sum = look((char *[]){ path, path }, count);
	if (size & 16 && before.fd >= 0) {
		look((char *[]){ before.path, before.path }, count);
		require(look((char *[]){ path, path }, count) == sum);
	}
	if (before.fd >= 0)
		close(before.fd);
	before.fd = fd;
	memcpy(before.path, path, sizeof path);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_capture.c - capture files of every format, compressed or not, damaged or not, folders, and a live pipe.
 *
 * The files are written to a folder of their own under the system's folder for temporary files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "kits/capture_files.h"
#include "kits/check.h"
#include "kits/folder.h"

static char *folder;

static int set_up(void **state)
{
	folder = folder_new();
	return folder == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	folder_remove(folder);
	return 0;
}

/* save - writes and frees; the path is to be freed. */
static char *save(const char *name, GByteArray *file)
{
	char *path = g_build_filename(folder, name, NULL);
	assert_true(g_file_set_contents(path, (const char *)file->data, file->len, NULL));
	g_byte_array_free(file, TRUE);
	return path;
}

/* Checks ---------------------------------------------------------------------------------------------------------- */

static void assert_record(const struct packet *packet, uint32_t number, int64_t time)
{
	static struct built b;
	make_packet(&b, number);
	assert_int_equal(packet->at.packet, number);
	assert_int_equal(packet->at.time, time);
	assert_int_equal(packet->link_type, ETHERNET);
	assert_int_equal(packet->captured, b.size);
	assert_memory_equal(packet->data, b.data, b.size);
}

/* read_pcap - the capture at `path` must have `count` records as pcap_of makes them, and end with `end`; the capture is
 * to be closed. */
static struct capture *read_pcap(const char *path, bool nanoseconds, uint32_t count, enum capture_status end)
{
	GError *error = NULL;
	struct capture *capture = capture_open(path, NULL, &error);
	if (capture == NULL)
		fail_msg("%s", error->message);
	struct packet packet;
	assert_int_equal(capture_nanoseconds(capture), nanoseconds);
	for (uint32_t i = 1; i <= count; i++) {
		assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
		assert_record(&packet, i,
			(1700000000 + i) * NANOSECONDS_PER_SECOND + i % 1000 * 111 * (nanoseconds ? 1 : 1000));
		assert_int_equal(packet.length, packet.captured + 4);
	}
	assert_int_equal(capture_next(capture, &packet), end);
	return capture;
}

/* assert_refused - it can't be opened; the sentence names the file and has these words. */
static void assert_refused(const char *path, const char *bpf, const char *words)
{
	GError *error = NULL;
	assert_null(capture_open(path, bpf, &error));
	assert_non_null(error);
	assert_has(error->message, path);
	assert_has(error->message, words);
	g_error_free(error);
}

static void assert_broken(struct capture *capture, const char *words)
{
	const char *error = capture_error(capture);
	assert_non_null(error);
	assert_has(error, folder);
	assert_has(error, words);
	capture_close(capture);
}

/* Tests ----------------------------------------------------------------------------------------------------------- */

static void pcap_in_both_byte_orders_and_resolutions(void **state)
{
	for (int swap = 0; swap < 2; swap++)
		for (int nano = 0; nano < 2; nano++) {
			char *path = save("a.pcap", pcap_of(nano ? NANO : MICRO, swap, 3));
			capture_close(read_pcap(path, nano, 3, CAPTURE_END));
			g_free(path);
		}
}

static void pcapng_has_the_resolution_of_its_first_interface(void **state)
{
	/* 0: microseconds; 9: nanoseconds; 6; 0x94: 2^-20 */
	static const struct {
		uint8_t resolution;
		bool nanoseconds;
		uint64_t units;
		int64_t time;
	} cases[] = {
		{ 0, false, 1700000000123456, 1700000000123456000 },
		{ 6, false, 1700000000123456, 1700000000123456000 },
		{ 3, false, 1700000000123, 1700000000123000000 },
		{ 9, true, 1700000000123456789, 1700000000123456789 },
		{ 0x94, true, (UINT64_C(1700000000) << 20) + (1 << 19), 1700000000500000000 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		for (int swap = 0; swap < 2; swap++) {
			GByteArray *file = g_byte_array_new();
			pcapng_section(file, swap, i == 3 ? 9000 : 10);
			pcapng_interface(file, swap, ETHERNET, cases[i].resolution);
			pcapng_packet(file, 1, cases[i].units, 0, swap);
			char *path = save("a.pcapng", file);
			struct capture *capture = capture_open(path, NULL, NULL);
			struct packet packet;
			assert_non_null(capture);
			assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
			assert_int_equal(capture_nanoseconds(capture), cases[i].nanoseconds);
			assert_record(&packet, 1, cases[i].time);
			assert_int_equal(capture_next(capture, &packet), CAPTURE_END);
			capture_close(capture);
			g_free(path);
		}
}

static const struct compression {
	const char *name;
	int (*filter)(struct archive *);
} compressions[] = {
	{ "gzip", archive_write_add_filter_gzip },
	{ "xz", archive_write_add_filter_xz },
	{ "zstd", archive_write_add_filter_zstd },
	{ "bzip2", archive_write_add_filter_bzip2 },
	{ "lz4", archive_write_add_filter_lz4 },
};

static void compression_is_told_by_content(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(compressions); i++) {
		/* More than any buffer on the way. */
		char *path = save("compressed", compress(pcap_of(MICRO, false, 30000), compressions[i].filter));
		capture_close(read_pcap(path, false, 30000, CAPTURE_END));
		g_free(path);
	}
}

static void members_of_gzip_are_joined(void **state)
{
	GByteArray *half = g_byte_array_new(), *file;
	pcap_header(half, NANO, false);
	pcap_record(half, 1, false);
	file = compress(half, archive_write_add_filter_gzip);
	half = g_byte_array_new();
	pcap_record(half, 2, false);
	half = compress(half, archive_write_add_filter_gzip);
	g_byte_array_append(file, half->data, half->len);
	g_byte_array_append(file, (const guint8 *)"\0\0\0\0", 4); /* padding of a tape */
	g_byte_array_free(half, TRUE);
	char *path = save("members.gz", file);
	capture_close(read_pcap(path, true, 2, CAPTURE_END));
	g_free(path);
}

static void an_end_within_a_record_is_said(void **state)
{
	for (guint cut = 1; cut < 16 + 60; cut += 5) {
		GByteArray *file = pcap_of(MICRO, false, 3);
		g_byte_array_set_size(file, file->len - cut);
		char *path = save("cut.pcap", file);
		assert_broken(read_pcap(path, false, 2, CAPTURE_CUT), "after packet 2: ends in the middle of a record");
		g_free(path);
	}
}

static void what_precedes_the_damage_is_delivered(void **state)
{
	/* A length that can't be. */
	GByteArray *file = pcap_of(MICRO, false, 3);
	memset(file->data + 24 + 2 * (16 + 60) + 8, 0x7f, 4);
	char *path = save("damaged.pcap", file);
	assert_broken(read_pcap(path, false, 2, CAPTURE_BROKEN), "damaged");
	g_free(path);
	/* A compressed file that is cut: zlib hands out everything before that place. */
	file = compress(pcap_of(MICRO, false, 100), archive_write_add_filter_gzip);
	g_byte_array_set_size(file, file->len - 8);
	path = save("cut.gz", file);
	assert_broken(read_pcap(path, false, 100, CAPTURE_CUT), "damaged gzip data (it ends too early)");
	g_free(path);
	/* The checksum of the decompressed octets. */
	file = compress(pcap_of(MICRO, false, 100), archive_write_add_filter_gzip);
	file->data[file->len - 8] ^= 1;
	path = save("damaged.gz", file);
	assert_broken(read_pcap(path, false, 100, CAPTURE_BROKEN), "damaged gzip data (incorrect data check)");
	g_free(path);
}

static void damage_of_every_compression_is_said(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(compressions); i++) {
		GByteArray *file = compress(pcap_of(MICRO, false, 30000), compressions[i].filter);
		g_byte_array_set_size(file, file->len / 2);
		char *path = save("half", file);
		GError *error = NULL;
		struct capture *capture = capture_open(path, NULL, &error);
		if (capture == NULL) { /* none of it could be decompressed */
			assert_has(error->message, "damaged");
			g_error_free(error);
		} else {
			struct packet packet;
			enum capture_status status;
			while ((status = capture_next(capture, &packet)) == CAPTURE_PACKET)
				;
			/* Only of gzip is it known that all before that place was there. */
			assert_int_equal(status, i == 0 ? CAPTURE_CUT : CAPTURE_BROKEN);
			assert_broken(capture, compressions[i].name);
		}
		g_free(path);
	}
}

static void what_is_no_capture_is_refused(void **state)
{
	char *path = g_build_filename(folder, "missing.pcap", NULL);
	assert_refused(path, NULL, "No such file");
	assert_refused(folder, NULL, "directory");
	g_free(path);
	path = save("empty.pcap", g_byte_array_new());
	assert_refused(path, NULL, "empty file");
	g_free(path);
	path = save("empty.gz", compress(g_byte_array_new(), archive_write_add_filter_gzip));
	assert_refused(path, NULL, "empty when decompressed");
	g_free(path);
	path = save(
		"text", g_byte_array_append(g_byte_array_new(), (const guint8 *)"Dear reader, this is text.\n", 27));
	assert_refused(path, NULL, "not a capture");
	g_free(path);
	GByteArray *file = pcap_of(MICRO, false, 0);
	g_byte_array_set_size(file, 20);
	path = save("header", file);
	assert_refused(path, NULL, "middle of its header");
	g_free(path);
	path = save("a.pcap", pcap_of(MICRO, false, 1));
	assert_refused(path, "tcp port wrong", "filter \"tcp port wrong\"");
	g_free(path);
}

static GByteArray *octets(const void *data, guint size)
{
	return g_byte_array_append(g_byte_array_new(), data, size);
}

/* erf_of - an ERF file with this many Ethernet records. */
static GByteArray *erf_of(int records)
{
	GByteArray *file = g_byte_array_new();
	for (int i = 0; i < records; i++) {
		g_byte_array_append(file, (const guint8 *)"\0\0\0\0\0\xf1\x53\x65\x02\x04\0\x50\0\0\0\x3c", 16);
		g_byte_array_set_size(file, file->len + 64);
		memset(file->data + file->len - 64, 0x33, 64);
	}
	return file;
}

static void a_foreign_file_is_named_and_what_to_do_said(void **state)
{
	static const struct {
		const char *octets;
		guint size;
		const char *words;
	} cases[] = {
		{ "snoop\0\0\0\0\0\0\x02\0\0\0\x04", 16, "a snoop capture" },
		{ "RTSS\x01\x01\x01\0", 8, "a Network Monitor 1 capture" },
		{ "GMBU\0\x02\x01\0", 8, "a Network Monitor 2 capture" },
		{ "TRSNIFF data    \x1a\x01", 18, "a Sniffer capture" },
		{ "\x7fver\0\0\0\x08", 8, "an OmniPeek capture" },
		{ "\x1c\0\x01\xac\0\0\0\0", 8, "an Ixia capture" },
		{ "PK\x03\x04\x14\0\0\0", 8, "a zip archive: unpack it first" },
		{ "7z\xbc\xaf\x27\x1c\0\x04", 8, "a 7z archive: unpack it first" },
		{ "LZIP\x01\x0c\0\0", 8, "an lzip file: decompress it first" },
		{ "\x1f\x9d\x90\0\0\0\0\0", 8, "a file of compress(1): decompress it first" },
		{ "0000  45 00 00 28 00 01", 23, "text2pcap" },
		{ "\x01\x02\x03\x04\x05\x06\x07\x08", 8, "not a capture (neither pcap nor pcapng)" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		for (int compressed = 0; compressed < 2; compressed++) {
			GByteArray *file = octets(cases[i].octets, cases[i].size);
			char *path = save("foreign", compressed ? compress(file, archive_write_add_filter_gzip) : file);
			assert_refused(path, NULL, cases[i].words);
			if (strstr(cases[i].words, " capture") && i < 6)
				assert_refused(path, NULL, "convert it: editcap -F pcapng IN OUT");
			g_free(path);
		}
	GByteArray *file = g_byte_array_new();
	g_byte_array_set_size(file, 1024);
	memset(file->data, 0, 1024);
	memcpy(file->data, "a.pcap", 6);
	memcpy(file->data + 257, "ustar", 5);
	char *path = save("a.tar.gz", compress(file, archive_write_add_filter_gzip));
	assert_refused(path, NULL, "a tar archive: unpack it first");
	g_free(path);
	path = save("erf", erf_of(3));
	assert_refused(path, NULL, "an ERF capture (Endace)");
	g_free(path);
	path = save("one", erf_of(1));
	assert_refused(path, NULL, "not a capture (neither");
	g_free(path);
}

static void a_capture_without_packets_is_one(void **state)
{
	char *path = save("none.pcap", pcap_of(MICRO, false, 0));
	capture_close(read_pcap(path, false, 0, CAPTURE_END));
	g_free(path);
}

static void a_fraction_beyond_a_second_is_carried_over(void **state)
{
	static const struct {
		uint32_t magic, fraction;
		int64_t time;
	} cases[] = {
		{ MICRO, 999999, 1700000001999999000 },
		{ MICRO, 1023000, 1700000002023000000 },
		{ MICRO, 0xffffffff, 1700000001000000000 + 4294967295000 },
		{ NANO, 999999999, 1700000001999999999 },
		{ NANO, 1000000000, 1700000002000000000 },
		{ NANO, 0xffffffff, 1700000001000000000 + 4294967295 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		for (int swap = 0; swap < 2; swap++) {
			GByteArray *file = pcap_of(cases[i].magic, swap, 1);
			const uint32_t fraction = cases[i].fraction;
			const uint32_t put = swap ? GUINT32_SWAP_LE_BE(fraction) : fraction;
			memcpy(file->data + 24 + 4, &put, sizeof put);
			char *path = save("fraction.pcap", file);
			struct capture *capture = capture_open(path, NULL, NULL);
			struct packet packet;
			assert_non_null(capture);
			assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
			assert_int_equal(packet.at.time, cases[i].time);
			capture_close(capture);
			g_free(path);
		}
}

static void a_wrong_snap_length_cuts_nothing(void **state)
{
	for (uint64_t wide = 1; wide < 0x100000000; wide *= 16)
		for (int swap = 0; swap < 2; swap++) {
			GByteArray *file = pcap_of(MICRO, swap, 3);
			const uint32_t snaplen = (uint32_t)wide, put = swap ? GUINT32_SWAP_LE_BE(snaplen) : snaplen;
			memcpy(file->data + 16, &put, sizeof put);
			char *path = save("snap.pcap", file);
			capture_close(read_pcap(path, false, 3, CAPTURE_END));
			g_free(path);
		}
}

static void the_length_of_the_check_sequence_is_handed_on(void **state)
{
	GByteArray *file = pcap_of(MICRO, false, 1);
	const uint32_t link = 0x24000000u | ETHERNET; /* two units, present */
	memcpy(file->data + 20, &link, sizeof link);
	char *path = save("fcs.pcap", file);
	struct capture *capture = read_pcap(path, false, 1, CAPTURE_END);
	capture_close(capture);
	capture = capture_open(path, NULL, NULL);
	struct packet packet;
	assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
	assert_int_equal(packet.fcs, 4);
	capture_close(capture);
	g_free(path);
}

static void the_filter_says_what_matches(void **state)
{
	char *path = save("a.pcap", pcap_of(MICRO, false, 10));
	struct capture *capture = capture_open(path, "tcp dst port 25", NULL);
	struct packet packet;
	assert_non_null(capture);
	for (uint32_t i = 1; i <= 10; i++) {
		assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
		assert_int_equal(packet.at.packet, i);
		assert_int_equal(packet.matches, i % 2 == 1);
		/* The same IP packet, found within something. */
		const struct span ip = { packet.data + 14, packet.captured - 14 };
		assert_int_equal(capture_filter_ip(capture, ip, packet.length - 14), i % 2 == 1);
	}
	assert_int_equal(capture_next(capture, &packet), CAPTURE_END);
	assert_int_equal(packet.at.packet, 10);
	capture_close(capture);
	g_free(path);
}

static void the_position_is_that_in_the_file(void **state)
{
	GByteArray *file = compress(pcap_of(MICRO, false, 100), archive_write_add_filter_gzip);
	uint64_t length = file->len, at, size;
	char *path = save("a.gz", file);
	struct capture *capture = read_pcap(path, false, 100, CAPTURE_END);
	capture_position(capture, &at, &size);
	assert_int_equal(at, length);
	assert_int_equal(size, length);
	capture_close(capture);
	g_free(path);
}

/* with_input - runs `check` with standard input at the reading end of a pipe. */
static void with_input(void (*check)(int to))
{
	int ends[2], saved = dup(STDIN_FILENO);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	alarm(20); /* waiting for octets that nobody sends is how this fails */
	check(ends[1]);
	alarm(0);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void send_all(int to, GByteArray *octets)
{
	assert_int_equal(write(to, octets->data, octets->len), octets->len);
	g_byte_array_free(octets, TRUE);
}

static void check_live(int to)
{
	struct packet packet;
	GByteArray *record = g_byte_array_new();
	pcap_record(record, 1, false);
	send_all(to, pcap_of(NANO, true, 0));
	struct capture *capture = capture_open("-", NULL, NULL);
	assert_non_null(capture);
	assert_true(capture_nanoseconds(capture));
	for (uint32_t i = 1; i <= 3; i++) {
		GByteArray *octets = g_byte_array_new();
		pcap_record(octets, i, true);
		send_all(to, octets);
		assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
		assert_int_equal(packet.at.packet, i);
	}
	uint64_t at, size;
	capture_position(capture, &at, &size);
	assert_int_equal(size, 0);
	assert_int_equal(at, 24 + 3 * record->len);
	send_all(to, g_byte_array_append(g_byte_array_new(), record->data, 10));
	g_byte_array_free(record, TRUE);
	close(to);
	assert_int_equal(capture_next(capture, &packet), CAPTURE_CUT);
	assert_has(capture_error(capture), "standard input");
	capture_close(capture);
}

static void check_live_pcapng(int to)
{
	struct packet packet;
	GByteArray *octets = g_byte_array_new();
	pcapng_section(octets, false, 4);
	pcapng_interface(octets, false, ETHERNET, 9);
	send_all(to, octets);
	struct capture *capture = capture_open("-", NULL, NULL);
	assert_non_null(capture);
	for (uint32_t i = 1; i <= 3; i++) {
		octets = g_byte_array_new();
		pcapng_packet(octets, i, i, 0, false);
		send_all(to, octets);
		assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
		assert_true(capture_nanoseconds(capture));
		assert_record(&packet, i, i);
	}
	close(to);
	assert_int_equal(capture_next(capture, &packet), CAPTURE_END);
	capture_close(capture);
}

static void check_compressed(int to)
{
	send_all(to, compress(pcap_of(MICRO, false, 100), archive_write_add_filter_zstd));
	close(to);
	capture_close(read_pcap("-", false, 100, CAPTURE_END));
}

static void check_nothing(int to)
{
	GError *error = NULL;
	close(to);
	assert_null(capture_open("-", NULL, &error));
	assert_string_equal(error->message, "standard input: empty file");
	g_error_free(error);
}

static void a_live_pipe_gives_each_record_at_once(void **state)
{
	with_input(check_live);
	with_input(check_live_pcapng);
}

static void standard_input_is_read(void **state)
{
	with_input(check_compressed);
	with_input(check_nothing);
}

/* Folders --------------------------------------------------------------------------------------------------------- */

/* list - the names that the arguments mean, relative to the folder, joined by spaces. */
static char *list(char **arguments, bool good)
{
	GError *error = NULL;
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	assert_int_equal(capture_list(arguments, paths, &error), good);
	assert_int_equal(error == NULL, good);
	g_clear_error(&error);
	GString *names = g_string_new(NULL);
	for (guint i = 0; i < paths->len; i++) {
		const char *path = paths->pdata[i];
		if (g_str_has_prefix(path, folder))
			path += strlen(folder) + 1;
		g_string_append_printf(names, "%s%s", i == 0 ? "" : " ", path);
	}
	g_ptr_array_free(paths, TRUE);
	return g_string_free(names, FALSE);
}

static void assert_list(char **arguments, bool good, const char *expected)
{
	char *names = list(arguments, good);
	assert_string_equal(names, expected);
	g_free(names);
}

static void make(const char *name, GByteArray *file)
{
	char *path = g_build_filename(folder, name, NULL), *parent = g_path_get_dirname(path);
	g_mkdir_with_parents(parent, 0700);
	g_free(save(name, file));
	g_free(parent);
	g_free(path);
}

static void link_to(const char *target, const char *name)
{
	char *path = g_build_filename(folder, name, NULL);
	assert_int_equal(symlink(target, path), 0);
	g_free(path);
}

static void folders_are_walked_in_the_order_of_names(void **state)
{
	make("b/two", pcap_of(MICRO, false, 1));
	make("b/one", compress(pcap_of(MICRO, false, 1), archive_write_add_filter_xz));
	make("a.pcap10", pcap_of(MICRO, false, 1));
	make("a.pcap9", pcap_of(MICRO, true, 1));
	make("a.pcap", pcap_of(NANO, false, 1));
	make("c.pcapng.gz", g_byte_array_new()); /* should be one: what is wrong with it will be said */
	make("notes.txt", g_byte_array_append(g_byte_array_new(), (const guint8 *)"no capture at all, but text", 27));
	make("d.pcap.json", g_byte_array_append(g_byte_array_new(), (const guint8 *)"{}", 2));
	make("e", erf_of(4)); /* that of another program: it will be said */
	make("f.zip", octets("PK\x03\x04", 4));
	make(".hidden.pcap", pcap_of(MICRO, false, 1));
	make(".git/x.pcap", pcap_of(MICRO, false, 1));
	link_to("/", "z");
	link_to("a.pcap", "z.pcap");
	char *slash = g_strconcat(folder, "/", NULL), *notes = g_build_filename(folder, "notes.txt", NULL);
	assert_list((char *[]){ folder, NULL }, true, "a.pcap a.pcap9 a.pcap10 b/one b/two c.pcapng.gz e");
	assert_list((char *[]){ slash, NULL }, true, "a.pcap a.pcap9 a.pcap10 b/one b/two c.pcapng.gz e");
	/* What is named is taken, whatever it is. */
	char *arguments[] = { notes, (char *)"-", (char *)"/no/such/file", NULL };
	assert_list(arguments, true, "notes.txt - /no/such/file");
	g_free(notes);
	g_free(slash);
}

static void links_to_captures_are_taken_once(void **state)
{
	make("in/a.pcap", pcap_of(MICRO, false, 1));
	make("out/capture", pcap_of(MICRO, false, 1));
	make("out/text", g_byte_array_append(g_byte_array_new(), (const guint8 *)"no capture at all, but text", 27));
	link_to("../out/capture", "in/l");
	link_to("../out/capture", "in/m");
	link_to("../out/text", "in/text");
	link_to("../out", "in/out");
	link_to("nowhere", "in/n.pcap"); /* what is wrong with it will be said */
	link_to("nowhere", "in/o");
	char *in = g_build_filename(folder, "in", NULL);
	assert_list((char *[]){ in, NULL }, true, "in/a.pcap in/l in/n.pcap");
	g_free(in);
}

static void a_folder_without_captures_is_said(void **state)
{
	make("a/x.pcap", pcap_of(MICRO, false, 1));
	make("b/text", g_byte_array_append(g_byte_array_new(), (const guint8 *)"no capture at all, but text", 27));
	char *a = g_build_filename(folder, "a", NULL), *b = g_build_filename(folder, "b", NULL);
	assert_list((char *[]){ b, a, NULL }, false, "a/x.pcap");
	g_free(a);
	g_free(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pcap_in_both_byte_orders_and_resolutions),
		TEST(pcapng_has_the_resolution_of_its_first_interface),
		TEST(compression_is_told_by_content),
		TEST(members_of_gzip_are_joined),
		TEST(an_end_within_a_record_is_said),
		TEST(what_precedes_the_damage_is_delivered),
		TEST(damage_of_every_compression_is_said),
		TEST(what_is_no_capture_is_refused),
		TEST(a_foreign_file_is_named_and_what_to_do_said),
		TEST(a_capture_without_packets_is_one),
		TEST(a_fraction_beyond_a_second_is_carried_over),
		TEST(a_wrong_snap_length_cuts_nothing),
		TEST(the_length_of_the_check_sequence_is_handed_on),
		TEST(the_filter_says_what_matches),
		TEST(the_position_is_that_in_the_file),
		TEST(a_live_pipe_gives_each_record_at_once),
		TEST(standard_input_is_read),
		TEST(folders_are_walked_in_the_order_of_names),
		TEST(links_to_captures_are_taken_once),
		TEST(a_folder_without_captures_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_pcapng.c - pcapng block by block: every kind of block, interfaces that differ, sections of either byte order,
 * damage and ends at every place; whole, octet by octet through a pipe, and compressed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "kits/capture_files.h"
#include "kits/check.h"

#define COOKED 113
#define PACKET_SIZE 60u /* of make_packet */

static char *path;

static int set_up(void **state)
{
	int fd = g_file_open_tmp("smtpscan-XXXXXX", &path, NULL);
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	g_unlink(path);
	g_free(path);
	return 0;
}

/* Blocks ---------------------------------------------------------------------------------------------------------- */

/* interface_with - an Interface Description Block with one option; `code` 0: none. */
static void interface_with(GByteArray *to, uint16_t link_type, uint32_t snaplen, uint16_t code, const void *value,
	uint16_t size, bool swap)
{
	GByteArray *body = g_byte_array_new();
	put16(body, link_type, swap);
	put16(body, 0, swap);
	put32(body, snaplen, swap);
	if (code != 0)
		pcapng_option(body, code, value, size, swap);
	pcapng_block(to, 1, body, swap);
}

static void simple_packet(GByteArray *to, uint32_t number, uint32_t captured, bool swap)
{
	static struct built b;
	make_packet(&b, number);
	GByteArray *body = g_byte_array_new();
	put32(body, (uint32_t)b.size, swap);
	g_byte_array_append(body, b.data, captured);
	pcapng_block(to, 3, body, swap);
}

static void obsolete_packet(GByteArray *to, uint32_t number, uint16_t interface, uint64_t units, bool swap)
{
	static struct built b;
	make_packet(&b, number);
	GByteArray *body = g_byte_array_new();
	put16(body, interface, swap);
	put16(body, 0xffff, swap); /* drops */
	put32(body, (uint32_t)(units >> 32), swap);
	put32(body, (uint32_t)units, swap);
	put32(body, (uint32_t)b.size, swap);
	put32(body, (uint32_t)b.size + 4, swap);
	g_byte_array_append(body, b.data, (guint)b.size);
	pcapng_block(to, 2, body, swap);
}

/* counting_packet - an Enhanced Packet Block with epb_dropcount. */
static void counting_packet(GByteArray *to, uint32_t interface, uint64_t dropped, uint16_t size, bool swap)
{
	GByteArray *body = g_byte_array_new(), *value = g_byte_array_new();
	put32(body, interface, swap);
	put64(body, 0, swap);
	put32(body, 0, swap);
	put32(body, 0, swap);
	put64(value, dropped, swap);
	pcapng_option(body, 4, value->data, size, swap);
	g_byte_array_free(value, TRUE);
	pcapng_block(to, 6, body, swap);
}

/* statistics - an Interface Statistics Block: after the time and a comment, how many packets the interface and the
 * system dropped. */
static void statistics(GByteArray *to, uint32_t interface, uint64_t of_interface, uint64_t of_system, bool swap)
{
	GByteArray *body = g_byte_array_new(), *values = g_byte_array_new();
	put32(body, interface, swap);
	put64(body, 0, swap);
	put64(values, of_interface, swap);
	put64(values, of_system, swap);
	pcapng_option(body, 1, "a comment", 9, swap);
	pcapng_option(body, 4, values->data, 8, swap); /* isb_ifrecv: not lost */
	pcapng_option(body, 5, values->data, 8, swap);
	pcapng_option(body, 7, values->data + 8, 8, swap);
	g_byte_array_free(values, TRUE);
	pcapng_block(to, 5, body, swap);
}

/* flagged_packet - an Enhanced Packet Block of interface 0 with epb_flags after a comment. */
static void flagged_packet(GByteArray *to, uint32_t number, uint32_t flags)
{
	static struct built b;
	make_packet(&b, number);
	GByteArray *body = g_byte_array_new();
	put32(body, 0, false);
	put64(body, 0, false);
	put32(body, (uint32_t)b.size, false);
	put32(body, (uint32_t)b.size, false);
	g_byte_array_append(body, b.data, (guint)b.size);
	g_assert_cmpint(b.size % 4, ==, 0);
	pcapng_option(body, 1, "a comment", 9, false);
	pcapng_option(body, 2, &flags, 4, false);
	put32(body, 0, false);
	pcapng_block(to, 6, body, false);
}

static void secrets(GByteArray *to, uint32_t type, const char *octets, bool swap)
{
	GByteArray *body = g_byte_array_new();
	put32(body, type, swap);
	put32(body, (uint32_t)strlen(octets), swap);
	g_byte_array_append(body, (const guint8 *)octets, (guint)strlen(octets));
	pcapng_block(to, 10, body, swap);
}

static void other_block(GByteArray *to, uint32_t type, guint size, bool swap)
{
	GByteArray *body = g_byte_array_new();
	g_byte_array_set_size(body, size);
	memset(body->data, 0x55, size);
	pcapng_block(to, type, body, swap);
}

/* Checks ---------------------------------------------------------------------------------------------------------- */

static void save(const GByteArray *file)
{
	assert_true(g_file_set_contents(path, (const char *)file->data, file->len, NULL));
}

static struct capture *open_file(const GByteArray *file, const char *bpf)
{
	GError *error = NULL;
	save(file);
	struct capture *capture = capture_open(path, bpf, &error);
	if (!capture)
		fail_msg("%s", error->message);
	return capture;
}

/* Everything that a capture says, as text: a line for each packet, one for its end. */
static char *account(struct capture *capture)
{
	GString *text = g_string_new(NULL);
	struct packet packet;
	enum capture_status status;
	static struct built b;
	while ((status = capture_next(capture, &packet)) == CAPTURE_PACKET) {
		uint32_t number = 1; /* of make_packet: its sequence number */
		if (packet.captured >= 42)
			number = (uint32_t)packet.data[38] << 24 | (uint32_t)packet.data[39] << 16 |
				 (uint32_t)packet.data[40] << 8 | packet.data[41];
		make_packet(&b, number);
		g_assert_cmpmem(packet.data, packet.captured, b.data, packet.captured);
		g_string_append_printf(text, "%u link %d %u/%u time %" G_GINT64_FORMAT "%s fcs %u %s\n", number,
			packet.link_type, packet.captured, packet.length, packet.at.time,
			capture_nanoseconds(capture) ? "n" : "", packet.fcs, packet.interface ? packet.interface : "-");
	}
	const char *names[] = { "packet", "end", "cut", "broken" }, *error = capture_error(capture);
	g_string_append(text, names[status]);
	if (error)
		g_string_append_printf(text, "%s", strstr(error, ": after") ? strstr(error, ": after") : error);
	capture_close(capture);
	return g_string_free(text, FALSE);
}

static void assert_account(struct capture *capture, const char *expected)
{
	char *text = account(capture);
	assert_string_equal(text, expected);
	g_free(text);
}

/* trickled - the capture comes through a pipe, `step` octets at a time, written by a process of its own. */
static struct capture *trickled(const GByteArray *file, size_t step, pid_t *writer)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	*writer = fork();
	if (*writer == 0) {
		close(ends[0]);
		for (size_t at = 0; at < file->len; at += step)
			if (write(ends[1], file->data + at, MIN(step, file->len - at)) < 0)
				break;
		_exit(0);
	}
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	struct capture *capture = capture_open("-", NULL, NULL);
	assert_non_null(capture);
	return capture;
}

/* assert_everywhere - the same account whole, octet by octet, and compressed. Takes the file. */
static void assert_everywhere(GByteArray *file, const char *expected)
{
	assert_account(open_file(file, NULL), expected);
	pid_t writer;
	const int saved = dup(STDIN_FILENO);
	assert_account(trickled(file, 1, &writer), expected);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	dup2(saved, STDIN_FILENO);
	close(saved);
	int (*const filters[])(struct archive *) = { archive_write_add_filter_gzip, archive_write_add_filter_zstd };
	for (size_t i = 0; i < G_N_ELEMENTS(filters); i++) {
		GByteArray *copy = g_byte_array_append(g_byte_array_new(), file->data, file->len);
		copy = compress(copy, filters[i]);
		assert_account(open_file(copy, NULL), expected);
		g_byte_array_free(copy, TRUE);
	}
	g_byte_array_free(file, TRUE);
}

/* Tests ----------------------------------------------------------------------------------------------------------- */

static void every_interface_is_its_own(void **state)
{
	for (int swap = 0; swap < 2; swap++) {
		const uint64_t offset = swap ? GUINT64_SWAP_LE_BE(100) : 100;
		GByteArray *file = g_byte_array_new();
		pcapng_section(file, swap, 5);
		interface_with(file, ETHERNET, 96, 0, NULL, 0, swap);
		interface_with(file, COOKED, 0, 2, "eth1", 4, swap);
		interface_with(file, 147, 65535, 0, NULL, 0, swap); /* without a packet */
		pcapng_packet(file, 1, 1700000000000001, 0, swap);
		pcapng_packet(file, 2, 1700000000000002, 1, swap);
		interface_with(file, ETHERNET, 262144, 9, "\x09", 1, swap); /* in the middle */
		pcapng_packet(file, 3, 1700000000000000003, 3, swap);
		interface_with(file, 101, 262144, 14, &offset, 8, swap);
		pcapng_packet(file, 4, 1699999900000004, 4, swap);
		pcapng_packet(file, 5, 1700000000000005, 0, swap);
		assert_everywhere(file, "1 link 1 60/60 time 1700000000000001000 fcs 0 -\n"
					"2 link 113 60/60 time 1700000000000002000 fcs 0 eth1\n"
					"3 link 1 60/60 time 1700000000000000003n fcs 0 -\n"
					"4 link 12 60/60 time 1700000000000004000n fcs 0 -\n"
					"5 link 1 60/60 time 1700000000000005000n fcs 0 -\n"
					"end");
	}
}

static void a_long_name_is_cut(void **state)
{
	static const char name[] = "a-name-that-is-longer-than-any-interface-has-and-then-some-more";
	for (uint16_t size = 30; size < 34; size++) {
		GByteArray *file = g_byte_array_new();
		pcapng_section(file, false, 0);
		interface_with(file, ETHERNET, 0, 2, name, size, false);
		pcapng_packet(file, 1, 1, 0, false);
		char *expected = g_strdup_printf("1 link 1 60/60 time 1000 fcs 0 %.*s\nend", MIN(size, 31), name);
		assert_account(open_file(file, NULL), expected);
		g_free(expected);
		g_byte_array_free(file, TRUE);
	}
}

static void sections_begin_anew(void **state)
{
	GByteArray *file = g_byte_array_new();
	for (int swap = 0; swap < 2; swap++) {
		pcapng_section(file, swap, 5);
		interface_with(file, swap ? COOKED : ETHERNET, 0, 9, swap ? "\x03" : "\x06", 1, swap);
		pcapng_packet(file, 1, 1700000000000, 0, swap);
	}
	pcapng_section(file, false, 0); /* the interfaces of the one before are forgotten */
	pcapng_packet(file, 2, 1, 0, false);
	assert_everywhere(file, "1 link 1 60/60 time 1700000000000000 fcs 0 -\n"
				"1 link 113 60/60 time 1700000000000000000 fcs 0 -\n"
				"broken: after packet 2: damaged: block 8 at offset 364: a packet of interface 0, but "
				"0 are described");
}

static void all_kinds_of_packet_blocks(void **state)
{
	for (int swap = 0; swap < 2; swap++) {
		GByteArray *file = g_byte_array_new();
		pcapng_section(file, swap, 5);
		interface_with(file, ETHERNET, 50, 13, "\x04", 1, swap);
		interface_with(file, COOKED, 0, 13, "\x20", 1, swap); /* in bits */
		simple_packet(file, 1, 50, swap);
		obsolete_packet(file, 2, 1, 1700000000000001, swap);
		other_block(file, 5, 20, swap);
		simple_packet(file, 3, 50, swap);
		other_block(file, 0x0bad, 17, swap);
		pcapng_packet(file, 4, 1700000000000002, 1, swap);
		assert_everywhere(file, "1 link 1 50/60 time 0 fcs 4 -\n"
					"2 link 113 60/64 time 1700000000000001000 fcs 4 -\n"
					"3 link 1 50/60 time 1700000000000001000 fcs 4 -\n"
					"4 link 113 60/60 time 1700000000000002000 fcs 4 -\n"
					"end");
	}
}

static void flags_tell_the_check_sequence_of_a_packet(void **state)
{
	GByteArray *file = g_byte_array_new();
	pcapng_section(file, false, 0);
	interface_with(file, ETHERNET, 0, 13, "\x02", 1, false);
	flagged_packet(file, 1, 0x01); /* inbound; not said: that of the interface */
	flagged_packet(file, 2, 4 << 5 | 2);
	assert_everywhere(file, "1 link 1 60/60 time 0 fcs 2 -\n"
				"2 link 1 60/60 time 0 fcs 4 -\n"
				"end");
}

static void a_length_without_its_padding_is_taken(void **state)
{
	GByteArray *file = g_byte_array_new();
	pcapng_section(file, false, 0);
	interface_with(file, ETHERNET, 50, 0, NULL, 0, false);
	const guint at = file->len;
	simple_packet(file, 1, 50, false);
	const uint32_t length = 12 + 4 + 50;
	memcpy(file->data + at + 4, &length, sizeof length);
	memcpy(file->data + file->len - 4, &length, sizeof length);
	pcapng_packet(file, 2, 1, 0, false);
	assert_everywhere(file, "1 link 1 50/60 time 0 fcs 0 -\n2 link 1 60/60 time 1000 fcs 0 -\nend");
}

static void blocks_larger_than_the_buffer(void **state)
{
	GByteArray *file = g_byte_array_new();
	pcapng_section(file, false, 0);
	interface_with(file, ETHERNET, 0, 0, NULL, 0, false);
	for (uint32_t i = 1; i <= 20000; i++)
		pcapng_packet(file, i, i, 0, false);
	other_block(file, 0x0bad, 3 * 1024 * 1024 + 1, false); /* passed over */
	GByteArray *body = g_byte_array_new();                 /* looked into */
	put32(body, 0, false);
	put64(body, 0, false);
	put32(body, PACKET_SIZE, false);
	put32(body, PACKET_SIZE, false);
	static struct built b;
	make_packet(&b, 20001);
	g_byte_array_append(body, b.data, (guint)b.size);
	for (int i = 0; i < 80; i++) {
		static const uint8_t comment[65000];
		pcapng_option(body, 1, comment, sizeof comment, false);
	}
	pcapng_block(file, 6, body, false);
	pcapng_packet(file, 20002, 1, 0, false);
	struct capture *capture = open_file(file, NULL);
	struct packet packet;
	for (uint32_t i = 1; i <= 20002; i++) {
		assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
		make_packet(&b, i);
		assert_int_equal(packet.captured, b.size);
		assert_memory_equal(packet.data, b.data, b.size);
	}
	assert_int_equal(capture_next(capture, &packet), CAPTURE_END);
	capture_close(capture);
	g_byte_array_free(file, TRUE);
}

/* dropped - what a whole capture says that was lost. */
static uint64_t dropped(const GByteArray *file)
{
	struct capture *capture = open_file(file, NULL);
	struct packet packet;
	enum capture_status status;
	while ((status = capture_next(capture, &packet)) == CAPTURE_PACKET)
		;
	assert_int_equal(status, CAPTURE_END);
	const uint64_t count = capture_dropped(capture);
	capture_close(capture);
	return count;
}

static void lost_packets_are_counted(void **state)
{
	for (int swap = 0; swap <= 1; swap++) {
		GByteArray *file = g_byte_array_new();
		pcapng_section(file, swap, 0);
		for (int i = 0; i < 3; i++)
			interface_with(file, ETHERNET, 0, 0, NULL, 0, swap);
		assert_int_equal(dropped(file), 0);
		counting_packet(file, 0, 3, 8, swap);
		counting_packet(file, 0, 4, 8, swap);
		counting_packet(file, 1, 5, 8, swap);
		counting_packet(file, 1, 100, 4, swap); /* no count */
		obsolete_packet(file, 1, 2, 0, swap);   /* not known */
		assert_int_equal(dropped(file), 12);
		const guint at = file->len;
		obsolete_packet(file, 1, 1, 0, swap);
		memcpy(file->data + at + 10, swap ? "\0\2" : "\2\0", 2);
		assert_int_equal(dropped(file), 14);
		statistics(file, 0, 1, 1, swap); /* less than the packets say */
		assert_int_equal(dropped(file), 14);
		statistics(file, 0, 5, 15, swap); /* up to now: not one more */
		statistics(file, 0, 6, 15, swap);
		statistics(file, 2, 1000, 0, swap);
		statistics(file, 3, 7, 7, swap); /* there is none */
		other_block(file, 5, 8, swap);   /* damage that ends nothing */
		other_block(file, 5, 40, swap);
		assert_int_equal(dropped(file), 21 + 7 + 1000);
		pcapng_section(file, swap, 0);
		interface_with(file, ETHERNET, 0, 0, NULL, 0, swap);
		counting_packet(file, 0, 1, 8, swap);
		assert_int_equal(dropped(file), 21 + 7 + 1000 + 1);
		g_byte_array_free(file, TRUE);
	}
}

/* Secrets --------------------------------------------------------------------------------------------------------- */

static void note_secrets(void *context, uint32_t type, struct span octets)
{
	g_string_append_printf(context, "%x %.*s;", type, (int)octets.size, (const char *)octets.data);
}

static void secrets_are_handed_on_as_they_are_met(void **state)
{
	for (int swap = 0; swap < 2; swap++) {
		GByteArray *file = g_byte_array_new();
		GString *text = g_string_new(NULL);
		struct packet packet;
		pcapng_section(file, swap, 0);
		interface_with(file, ETHERNET, 0, 0, NULL, 0, swap);
		secrets(file, CAPTURE_SECRETS_TLS, "CLIENT_RANDOM 00 11", swap);
		pcapng_packet(file, 1, 1, 0, swap);
		secrets(file, 0x57474b4c, "wire", swap);
		secrets(file, CAPTURE_SECRETS_TLS, "", swap);
		struct capture *capture = open_file(file, NULL);
		capture_on_secrets(capture, note_secrets, text);
		assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
		assert_string_equal(text->str, "544c534b CLIENT_RANDOM 00 11;");
		assert_int_equal(capture_next(capture, &packet), CAPTURE_END);
		assert_string_equal(text->str, "544c534b CLIENT_RANDOM 00 11;57474b4c wire;544c534b ;");
		capture_close(capture);
		/* Or all of them first. */
		g_string_truncate(text, 0);
		assert_true(capture_secrets(path, note_secrets, text));
		assert_string_equal(text->str, "544c534b CLIENT_RANDOM 00 11;57474b4c wire;544c534b ;");
		/* What comes before the damage. */
		g_byte_array_set_size(file, file->len - 1);
		save(file);
		g_string_truncate(text, 0);
		assert_true(capture_secrets(path, note_secrets, text));
		assert_string_equal(text->str, "544c534b CLIENT_RANDOM 00 11;57474b4c wire;");
		/* Nobody has to listen. */
		assert_account(open_file(file, NULL), "1 link 1 60/60 time 1000 fcs 0 -\ncut: after packet 1: ends in "
						      "the middle of block 6 at offset 212");
		g_string_free(text, TRUE);
		g_byte_array_free(file, TRUE);
	}
}

static void secrets_are_only_in_pcapng_files(void **state)
{
	GString *text = g_string_new(NULL);
	GByteArray *file = pcap_of(MICRO, false, 1);
	save(file);
	g_byte_array_free(file, TRUE);
	assert_false(capture_secrets(path, note_secrets, text));
	assert_false(capture_secrets("/nonexistent", note_secrets, text));
	assert_false(capture_secrets("/dev/null", note_secrets, text));
	assert_false(capture_secrets("-", note_secrets, text));
	struct capture *capture = capture_open(path, NULL, NULL);
	capture_on_secrets(capture, note_secrets, text); /* of no use, and no harm */
	capture_close(capture);
	assert_int_equal(text->len, 0);
	g_string_free(text, TRUE);
}

/* Filters --------------------------------------------------------------------------------------------------------- */

static void a_filter_is_compiled_for_each_link_type(void **state)
{
	GByteArray *file = g_byte_array_new();
	struct packet packet;
	pcapng_section(file, false, 0);
	interface_with(file, ETHERNET, 0, 0, NULL, 0, false);
	interface_with(file, 101, 0, 0, NULL, 0, false);  /* raw IP: an Ethernet header is not valid */
	interface_with(file, 1000, 0, 0, NULL, 0, false); /* libpcap does not know it */
	for (uint32_t i = 1; i <= 8; i++)
		pcapng_packet(file, i, i, i % 4 == 0 ? 2 : i % 2, false);
	struct capture *capture = open_file(file, "tcp port 80");
	for (uint32_t i = 1; i <= 8; i++) { /* port 80 is in every other packet, Ethernet in half of these */
		assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
		assert_int_equal(packet.at.packet, i);
		assert_int_equal(packet.matches, i == 2 || i == 6);
		assert_true(!packet.matches || packet.link_type == ETHERNET);
	}
	assert_int_equal(capture_next(capture, &packet), CAPTURE_END);
	assert_int_equal(packet.at.packet, 8);
	capture_close(capture);
	g_byte_array_free(file, TRUE);
}

/* Damage ---------------------------------------------------------------------------------------------------------- */

/* A file of a section (28 octets), an interface with if_tsresol (at 28, 28 octets), two packets (at 56 and 148, 92
 * octets each), and secrets (at 240, 24 octets). */
static GByteArray *sound(bool swap)
{
	GByteArray *file = g_byte_array_new();
	GByteArray *body = g_byte_array_new();
	put32(body, 0x1a2b3c4d, swap);
	put16(body, 1, swap);
	put16(body, 2, swap);
	put64(body, UINT64_MAX, swap);
	pcapng_block(file, 0x0a0d0d0a, body, swap);
	interface_with(file, ETHERNET, 0, 9, "\x06", 1, swap);
	pcapng_packet(file, 1, 1, 0, swap);
	pcapng_packet(file, 2, 2, 0, swap);
	secrets(file, 1, "word", swap);
	return file;
}

static void damage_names_block_and_offset(void **state)
{
	static const struct {
		const char *what;
		guint offset;   /* of the octets that are changed */
		int width;      /* 2 or 4 */
		uint32_t value; /* in the order of the section */
		const char *expected;
	} cases[] = {
		{ "version", 12, 2, 2, "0" },
		{ "least length", 32, 4, 16, "0: damaged: block 2 at offset 28: a length of 16 octets is too small" },
		{ "trailer", 52, 4, 32,
			"0: damaged: block 2 at offset 28: its length is 28 at its beginning and 32 at its end" },
		{ "option", 46, 2, 5,
			"0: damaged: block 2 at offset 28: option 9 of 5 octets is longer than the block" },
		{ "option's size", 46, 2, 2, "0: damaged: block 2 at offset 28: option 9 has 2 octets instead of 1" },
		{ "interface", 64, 4, 1,
			"0: damaged: block 3 at offset 56: a packet of interface 1, but 1 are described" },
		{ "captured", 76, 4, 61,
			"0: damaged: block 3 at offset 56: a packet of 61 octets does not fit into the block" },
		{ "captured, much", 76, 4, 0xfffffffd,
			"0: damaged: block 3 at offset 56: a packet of 4294967293 octets does not fit into the block" },
		{ "length of a packet", 152, 4, 31,
			"1: damaged: block 4 at offset 148: a length of 31 octets is too small" },
		{ "length, much", 152, 4, 0x7ffffffc,
			"1: damaged: block 4 at offset 148: a length of 2147483644 octets is too large" },
		{ "secrets", 252, 4, 5,
			"2: damaged: block 5 at offset 240: secrets of 5 octets do not fit into the block" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		for (int swap = 0; swap < 2; swap++) {
			GByteArray *file = sound(swap), *value = g_byte_array_new();
			GError *error = NULL;
			if (cases[i].width == 2)
				put16(value, (uint16_t)cases[i].value, swap);
			else
				put32(value, cases[i].value, swap);
			memcpy(file->data + cases[i].offset, value->data, value->len);
			g_byte_array_free(value, TRUE);
			save(file);
			struct capture *capture = capture_open(path, NULL, &error);
			if (i == 0) {
				assert_null(capture);
				assert_has(error->message, "version 2.2 of the format is not known");
				g_error_free(error);
			} else {
				char *text = account(capture), *after = strstr(text, "broken: after packet ");
				if (!after ||
					!g_str_has_prefix(after + strlen("broken: after packet "), cases[i].expected))
					fail_msg("%s: %s", cases[i].what, text);
				g_free(text);
			}
			g_byte_array_free(file, TRUE);
		}
}

static void an_end_at_any_place_is_told_from_damage(void **state)
{
	for (int swap = 0; swap < 2; swap++) {
		GByteArray *file = sound(swap);
		static const guint ends[] = { 28, 56, 148, 240, 264 };
		size_t block = 0;
		while (file->len > 28) {
			while (ends[block] < file->len)
				block++;
			while (block > 0 && ends[block - 1] >= file->len)
				block--;
			struct capture *capture = open_file(file, NULL);
			char *text = account(capture);
			const bool whole = ends[block] == file->len;
			char *expected =
				g_strdup_printf("cut: after packet %u: ends in the middle of block %zu at offset %u",
					block == 3   ? 1
					: block == 4 ? 2
						     : 0,
					block + 1, block == 0 ? 0 : ends[block - 1]);
			if (!g_str_has_suffix(text, whole ? "\nend" : expected) && !(whole && strcmp(text, "end") == 0))
				fail_msg("%u octets: %s", file->len, text);
			g_free(expected);
			g_free(text);
			g_byte_array_set_size(file, file->len - 1);
		}
		g_byte_array_free(file, TRUE);
	}
}

static void an_end_within_the_first_section_is_no_capture(void **state)
{
	for (guint size = 12; size < 28; size++) {
		GByteArray *file = sound(false);
		GError *error = NULL;
		g_byte_array_set_size(file, size);
		save(file);
		assert_null(capture_open(path, NULL, &error));
		assert_has(error->message, "middle of its header");
		g_error_free(error);
		g_byte_array_free(file, TRUE);
	}
}

static void a_compressed_end_is_one(void **state)
{
	GByteArray *file = g_byte_array_new();
	pcapng_section(file, false, 0);
	interface_with(file, ETHERNET, 0, 0, NULL, 0, false);
	for (uint32_t i = 1; i <= 100; i++)
		pcapng_packet(file, i, i, 0, false);
	file = compress(file, archive_write_add_filter_gzip);
	g_byte_array_set_size(file, file->len - 8);
	struct capture *capture = open_file(file, NULL);
	struct packet packet;
	for (uint32_t i = 1; i <= 100; i++)
		assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
	assert_int_equal(capture_next(capture, &packet), CAPTURE_CUT);
	assert_has(capture_error(capture), "damaged gzip data");
	capture_close(capture);
	g_byte_array_free(file, TRUE);
}

static void interfaces_are_bounded(void **state)
{
	GByteArray *file = g_byte_array_new();
	struct packet packet;
	pcapng_section(file, false, 0);
	for (uint32_t i = 0; i < 65536; i++)
		interface_with(file, ETHERNET, 0, 0, NULL, 0, false);
	pcapng_packet(file, 1, 1, 65535, false);
	interface_with(file, ETHERNET, 0, 0, NULL, 0, false);
	struct capture *capture = open_file(file, NULL);
	assert_int_equal(capture_next(capture, &packet), CAPTURE_PACKET);
	assert_int_equal(capture_next(capture, &packet), CAPTURE_BROKEN);
	assert_has(capture_error(capture), "more than 65536 interfaces");
	capture_close(capture);
	g_byte_array_free(file, TRUE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_interface_is_its_own),
		TEST(a_long_name_is_cut),
		TEST(sections_begin_anew),
		TEST(all_kinds_of_packet_blocks),
		TEST(flags_tell_the_check_sequence_of_a_packet),
		TEST(a_length_without_its_padding_is_taken),
		TEST(blocks_larger_than_the_buffer),
		TEST(lost_packets_are_counted),
		TEST(secrets_are_handed_on_as_they_are_met),
		TEST(secrets_are_only_in_pcapng_files),
		TEST(a_filter_is_compiled_for_each_link_type),
		TEST(damage_names_block_and_offset),
		TEST(an_end_at_any_place_is_told_from_damage),
		TEST(an_end_within_the_first_section_is_no_capture),
		TEST(a_compressed_end_is_one),
		TEST(interfaces_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

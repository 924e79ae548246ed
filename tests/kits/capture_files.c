/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * capture_files.c - capture files made in memory. See capture_files.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive_entry.h>

#include "capture_files.h"

void put16(GByteArray *to, uint16_t value, bool swap)
{
	value = swap ? GUINT16_SWAP_LE_BE(value) : value;
	g_byte_array_append(to, (const guint8 *)&value, sizeof(value));
}

void put32(GByteArray *to, uint32_t value, bool swap)
{
	value = swap ? GUINT32_SWAP_LE_BE(value) : value;
	g_byte_array_append(to, (const guint8 *)&value, sizeof(value));
}

void put64(GByteArray *to, uint64_t value, bool swap)
{
	value = swap ? GUINT64_SWAP_LE_BE(value) : value;
	g_byte_array_append(to, (const guint8 *)&value, sizeof(value));
}

void pcap_header(GByteArray *to, uint32_t magic, bool swap)
{
	put32(to, magic, swap);
	put16(to, 2, swap);
	put16(to, 4, swap);
	put32(to, 0, swap);
	put32(to, 0, swap);
	put32(to, 65535, swap);
	put32(to, ETHERNET, swap);
}

void make_packet(struct built *b, uint32_t number)
{
	built_payload(b, "NOOP\r\n", 6);
	built_tcp(b, &(struct built_tcp){ 1025, number % 2 ? 25 : 80, number, 1, 512, TCP_ACK, 0 });
	built_ipv4(b, "192.0.2.1", "192.0.2.2");
	built_ethernet(b);
}

void pcap_record(GByteArray *to, uint32_t number, bool swap)
{
	static struct built b;
	make_packet(&b, number);
	put32(to, 1700000000 + number, swap);
	put32(to, number % 1000 * 111, swap);
	put32(to, (uint32_t)b.size, swap);
	put32(to, (uint32_t)b.size + 4, swap); /* as if four octets had been cut off */
	g_byte_array_append(to, b.data, (guint)b.size);
}

GByteArray *pcap_of(uint32_t magic, bool swap, uint32_t count)
{
	GByteArray *file = g_byte_array_new();
	pcap_header(file, magic, swap);
	for (uint32_t i = 1; i <= count; i++)
		pcap_record(file, i, swap);
	return file;
}

void pcapng_block(GByteArray *to, uint32_t type, GByteArray *body, bool swap)
{
	uint32_t padding = (4 - body->len % 4) % 4, size = 12 + body->len + padding;
	put32(to, type, swap);
	put32(to, size, swap);
	g_byte_array_append(to, body->data, body->len);
	g_byte_array_append(to, (const guint8 *)"\0\0\0", padding);
	put32(to, size, swap);
	g_byte_array_free(body, TRUE);
}

void pcapng_option(GByteArray *body, uint16_t code, const void *value, uint16_t size, bool swap)
{
	put16(body, code, swap);
	put16(body, size, swap);
	g_byte_array_append(body, value, size);
	g_byte_array_append(body, (const guint8 *)"\0\0\0", (4 - size % 4) % 4);
}

void pcapng_section(GByteArray *to, bool swap, uint16_t comment)
{
	GByteArray *body = g_byte_array_new();
	put32(body, 0x1a2b3c4d, swap);
	put16(body, 1, swap);
	put16(body, 0, swap);
	put32(body, 0xffffffff, swap);
	put32(body, 0xffffffff, swap);
	put16(body, 1, swap);
	put16(body, comment, swap);
	for (uint16_t i = 0; i < (comment + 3) / 4; i++)
		put32(body, 0x20202020, swap);
	put32(body, 0, swap);
	pcapng_block(to, 0x0a0d0d0a, body, swap);
}

void pcapng_interface(GByteArray *to, bool swap, uint16_t link_type, uint8_t resolution)
{
	GByteArray *body = g_byte_array_new();
	put16(body, link_type, swap);
	put16(body, 0, swap);
	put32(body, 65535, swap);
	pcapng_option(body, 2, "lo", 2, swap);
	if (resolution != 0)
		pcapng_option(body, 9, &resolution, 1, swap);
	put32(body, 0, swap);
	pcapng_block(to, 1, body, swap);
}

void pcapng_packet(GByteArray *to, uint32_t number, uint64_t units, uint32_t interface, bool swap)
{
	static struct built b;
	make_packet(&b, number);
	GByteArray *body = g_byte_array_new();
	put32(body, interface, swap);
	put32(body, (uint32_t)(units >> 32), swap);
	put32(body, (uint32_t)units, swap);
	put32(body, (uint32_t)b.size, swap);
	put32(body, (uint32_t)b.size, swap);
	g_byte_array_append(body, b.data, (guint)b.size);
	pcapng_block(to, 6, body, swap);
}

GByteArray *compress(GByteArray *file, int (*filter)(struct archive *))
{
	size_t room = file->len * 2 + 65536, used = 0;
	GByteArray *to = g_byte_array_sized_new((guint)room);
	g_byte_array_set_size(to, (guint)room);
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_pathname(entry, "data");
	assert_int_equal(filter(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_set_format_raw(archive), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(archive, 1);
	assert_int_equal(archive_write_open_memory(archive, to->data, room, &used), ARCHIVE_OK);
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(archive, file->data, file->len), file->len);
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	archive_entry_free(entry);
	g_byte_array_set_size(to, (guint)used);
	g_byte_array_free(file, TRUE);
	return to;
}

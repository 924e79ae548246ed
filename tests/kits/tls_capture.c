/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls_capture.c - see tls_capture.h.
 */
#include "tls_capture.h"

#include <string.h>

#define FILE_HEADER 24
#define PACKET_HEADER 16
#define ETHERNET 14
#define TCP_SYN 2

static uint32_t number(const uint8_t *at, int octets)
{
	uint32_t number = 0;
	while (octets-- > 0)
		number = number << 8 | *at++;
	return number;
}

static void free_piece(void *data)
{
	struct tls_piece *piece = data;
	g_byte_array_free(piece->octets, TRUE);
	g_free(piece);
}

GPtrArray *tls_capture(const char *folder, const char *name)
{
	char *path = g_strdup_printf("%s/%s.pcap", folder, name), *file;
	gsize size;
	uint32_t first[2] = { 0 }, client = 0;
	GPtrArray *pieces = g_ptr_array_new_with_free_func(free_piece);
	if (!g_file_get_contents(path, &file, &size, NULL))
		g_error("%s can't be read", path);
	for (const uint8_t *at = (uint8_t *)file + FILE_HEADER, *end = (uint8_t *)file + size; at < end;) {
		const uint8_t *ip = at + PACKET_HEADER + ETHERNET, *tcp = ip + (ip[0] & 15) * 4;
		const uint8_t *payload = tcp + (tcp[12] >> 4) * 4;
		const size_t length = number(ip + 2, 2) - (size_t)(payload - ip);
		at += PACKET_HEADER + (at[8] | at[9] << 8);
		if (client == 0)
			client = number(tcp, 2);
		const enum direction d = number(tcp, 2) > number(tcp + 2, 2) ? UP : DOWN;
		if (number(d == UP ? tcp : tcp + 2, 2) != client)
			continue;
		if (tcp[13] & TCP_SYN)
			first[d] = number(tcp + 4, 4) + 1;
		if (length == 0)
			continue;
		struct tls_piece *piece = g_new0(struct tls_piece, 1);
		*piece = (struct tls_piece){ d, number(tcp + 4, 4) - first[d],
			number(tcp + 8, 4) - first[direction_other(d)], g_byte_array_new() };
		g_byte_array_append(piece->octets, payload, (guint)length);
		g_ptr_array_add(pieces, piece);
	}
	g_free(file);
	g_free(path);
	return pieces;
}

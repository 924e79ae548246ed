/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * foreign.c - recognises files other than pcap and pcapng by their first octets. See format.h.
 *
 * magics[] has a row for each. Endace's ERF has no magic number: its records are followed from one to the next.
 */
#include <glib.h>
#include <string.h>

#include "bytes.h"
#include "format.h"

static const struct foreign_magic {
	struct foreign foreign;
	uint16_t offset;
	uint8_t size;
	const char *octets;
} magics[] = {
	{ { "a snoop capture", FOREIGN_CAPTURE }, 0, 8, "snoop\0\0\0" },
	{ { "a btsnoop capture (Bluetooth)", FOREIGN_CAPTURE }, 0, 8, "btsnoop\0" },
	{ { "a Network Monitor 1 capture", FOREIGN_CAPTURE }, 0, 4, "RTSS" },
	{ { "a Network Monitor 2 capture", FOREIGN_CAPTURE }, 0, 4, "GMBU" },
	{ { "a Sniffer capture", FOREIGN_CAPTURE }, 0, 17, "TRSNIFF data    \x1a" },
	{ { "a NetXRay capture", FOREIGN_CAPTURE }, 0, 4, "VL\0\0" },
	{ { "a Sniffer for Windows capture", FOREIGN_CAPTURE }, 0, 4, "XCP\0" },
	{ { "a LANalyzer capture", FOREIGN_CAPTURE }, 0, 4, "\x01\x10\x4c\0" },
	{ { "a LANalyzer capture", FOREIGN_CAPTURE }, 0, 4, "\x07\x10\x4c\0" },
	{ { "an OmniPeek capture", FOREIGN_CAPTURE }, 0, 4, "\x7fver" },
	{ { "a Visual Networks capture", FOREIGN_CAPTURE }, 0, 4, "\x05VNF" },
	{ { "an iptrace capture", FOREIGN_CAPTURE }, 0, 8, "iptrace " },
	{ { "a 5View capture", FOREIGN_CAPTURE }, 0, 4, "\xaa\xaa\xaa\xaa" },
	{ { "an HP-UX nettl trace", FOREIGN_CAPTURE }, 0, 4, "TR\0\x64" },
	{ { "an HP-UX nettl trace", FOREIGN_CAPTURE }, 0, 12, "\0\0\0\x01\0\0\0\0\0\x07\xd0\0" },
	{ { "a Tektronix K12 capture", FOREIGN_CAPTURE }, 0, 8, "\0\0\x02\0\x12\x05\0\x10" },
	{ { "an Ixia capture", FOREIGN_CAPTURE }, 0, 4, "\xac\x01\0\x1c" },
	{ { "an Ixia capture", FOREIGN_CAPTURE }, 0, 4, "\x1c\0\x01\xac" },
	{ { "an Ixia capture", FOREIGN_CAPTURE }, 0, 4, "\xab\x01\0\x1c" },
	{ { "an Ixia capture", FOREIGN_CAPTURE }, 0, 4, "\x1c\0\x01\xab" },
	{ { "an Observer capture", FOREIGN_CAPTURE }, 0, 25, "ObserverPktBufferVersion=" },
	{ { "a BLF capture (Vector)", FOREIGN_CAPTURE }, 0, 4, "LOGG" },
	{ { "a zip archive", FOREIGN_ARCHIVE }, 0, 4, "PK\x03\x04" },
	{ { "a zip archive", FOREIGN_ARCHIVE }, 0, 4, "PK\x05\x06" },
	{ { "a 7z archive", FOREIGN_ARCHIVE }, 0, 6, "7z\xbc\xaf\x27\x1c" },
	{ { "a rar archive", FOREIGN_ARCHIVE }, 0, 6, "Rar!\x1a\x07" },
	{ { "a tar archive", FOREIGN_ARCHIVE }, 257, 5, "ustar" },
	{ { "a cpio archive", FOREIGN_ARCHIVE }, 0, 5, "07070" },
	{ { "a cab archive", FOREIGN_ARCHIVE }, 0, 4, "MSCF" },
	{ { "an ar archive", FOREIGN_ARCHIVE }, 0, 8, "!<arch>\n" },
	{ { "a file of compress(1)", FOREIGN_COMPRESSED }, 0, 2, "\x1f\x9d" },
	{ { "an lzip file", FOREIGN_COMPRESSED }, 0, 4, "LZIP" },
	{ { "an lzop file", FOREIGN_COMPRESSED }, 0, 9, "\x89LZO\0\r\n\x1a\n" },
	{ { "an lzma file", FOREIGN_COMPRESSED }, 0, 3, "\x5d\0\0" },
	{ { "a snappy file", FOREIGN_COMPRESSED }, 0, 10, "\xff\x06\0\0sNaPpY" },
};

static const struct foreign endace = { "an ERF capture (Endace)", FOREIGN_CAPTURE };
static const struct foreign plain_text = { "text", FOREIGN_TEXT };

/* ERF: a 64-bit time whose upper half is seconds, a type, flags, the record's length, a loss counter, the length on the
 * wire. */
#define ERF_HEADER 16u
#define ERF_TYPE_MAX 48u
#define ERF_RECORDS_MIN 2 /* fewer may be chance */
#define YEAR_1995 788918400u
#define YEAR_2100 4102444800u

/* erf_record - the length of the record at an offset; 0: it is no record. */
static size_t erf_record(struct span head, size_t at)
{
	const uint8_t *h = head.data + at;
	const uint32_t seconds = le32(h + 4);
	const size_t length = be16(h + 10);
	const unsigned type = h[8] & 0x7f;
	return type >= 1 && type <= ERF_TYPE_MAX && seconds > YEAR_1995 && seconds < YEAR_2100 && length >= ERF_HEADER
		       ? length
		       : 0;
}

static bool is_erf(struct span head)
{
	size_t records = 0;
	for (size_t at = 0; at + ERF_HEADER <= head.size; records++) {
		const size_t length = erf_record(head, at);
		if (length == 0)
			return false;
		at += length;
	}
	return records >= ERF_RECORDS_MIN;
}

static bool looks_like_text(struct span head)
{
	for (size_t i = 0; i < head.size; i++)
		if (!g_ascii_isprint(head.data[i]) && !g_ascii_isspace(head.data[i]))
			return false;
	return head.size != 0;
}

const struct foreign *capture_format_foreign(struct span head)
{
	for (size_t i = 0; i < G_N_ELEMENTS(magics); i++) {
		const struct foreign_magic *magic = &magics[i];
		if (head.size >= (size_t)magic->offset + magic->size &&
			memcmp(head.data + magic->offset, magic->octets, magic->size) == 0)
			return &magic->foreign;
	}
	if (is_erf(head))
		return &endace;
	return looks_like_text(head) ? &plain_text : NULL;
}

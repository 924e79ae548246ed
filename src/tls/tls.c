/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls.c - TLS records and handshake messages of both directions, put together and shown to who takes them apart.
 *
 * A record may come in any pieces, a message may be spread over records, a record may hold several messages. One
 * message a direction is kept until it is whole: at most TLS_HANDSHAKE_MAX octets, a longer one is passed over. What is
 * not a hello or a certificate is not kept at all. From the change to encryption on, or behind a hole, octets are only
 * counted.
 *
 * The observer owns the strings of tls_info. hello.c, certificate.c and ja4.c read the messages.
 */
#include "tls.h"

#include <string.h>

#include "parts.h"

#define RECORD_HEADER_SIZE 5
#define RECORD_SIZE_MAX (16384 + 2048) /* RFC 5246 6.2.3 */
#define MESSAGE_HEADER_SIZE 4
#define ALERT_SIZE 2
#define ALERT_FATAL 2
#define SSL2_LENGTH_BIT 0x80
#define SSL2_CLIENT_HELLO 1
#define SSL2_HELLO_MIN 9 /* message type and the fixed fields */

enum record_type {
	RECORD_PASSED = 0, /* nothing in it is read */
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_APPLICATION_DATA = 23,
	RECORD_HEARTBEAT = 24
};

enum message_type {
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_SERVER_HELLO = 2,
	MESSAGE_CERTIFICATE = 11,
	MESSAGE_SERVER_HELLO_DONE = 14
};

/* One direction. */
struct side {
	uint8_t header[RECORD_HEADER_SIZE];
	size_t header_size; /* octets of the header that are there */
	size_t record_left; /* octets of the record that are to come */
	enum record_type type;
	GByteArray *message; /* header and body of the handshake message in the making */
	size_t skip;         /* octets of a message that is passed over */
	uint8_t alert[ALERT_SIZE];
	size_t alert_size;
	bool begun; /* a first record fitted */
	bool encrypted;
	bool lost; /* out of step: nothing more is read */
};

struct tls {
	struct tls_info info;
	struct side side[2];
	bool retry;       /* a HelloRetryRequest was seen, its ServerHello not yet */
	bool server_done; /* ServerHelloDone, or whatever follows is encrypted */
	bool failed;      /* a fatal alert in clear */
	bool told;        /* tls_ready has said so */
};

struct tls *tls_new(void)
{
	struct tls *tls = g_new0(struct tls, 1);
	tls->info.alpn = g_ptr_array_new_with_free_func(g_free);
	tls->info.subject_alt_names = g_ptr_array_new_with_free_func(g_free);
	tls->side[UP].message = g_byte_array_new();
	tls->side[DOWN].message = g_byte_array_new();
	return tls;
}

size_t tls_memory(const struct tls *tls)
{
	return sizeof *tls + tls->side[UP].message->len + tls->side[DOWN].message->len;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	struct tls_info *info = &tls->info;
	char *strings[] = { info->sni, info->alpn_chosen, info->subject, info->issuerdn, info->serial,
		info->fingerprint };
	for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	g_ptr_array_free(info->alpn, TRUE);
	g_ptr_array_free(info->subject_alt_names, TRUE);
	g_byte_array_free(tls->side[UP].message, TRUE);
	g_byte_array_free(tls->side[DOWN].message, TRUE);
	g_free(tls);
}

/* is_ssl2_hello - can these first octets begin a ClientHello in the format of SSL 2 (RFC 5246 E.2)? */
static bool is_ssl2_hello(const uint8_t *header, size_t size)
{
	if (size > 0 && !(header[0] & SSL2_LENGTH_BIT))
		return false;
	if (size > 1 && (header[0] & ~SSL2_LENGTH_BIT) * 256 + header[1] < SSL2_HELLO_MIN)
		return false;
	if (size > 2 && header[2] != SSL2_CLIENT_HELLO)
		return false;
	if (size > 3 && header[3] != 3 && header[3] != 0)
		return false;
	return size <= 4 || (header[3] == 3 ? header[4] <= 4 : header[4] == 2);
}

/* fits_header - can these octets, up to five, begin the header of a record? */
static bool fits_header(const uint8_t *header, size_t size)
{
	if (size > 0 && (header[0] < RECORD_CHANGE_CIPHER_SPEC || header[0] > RECORD_HEARTBEAT))
		return false;
	if (size > 1 && header[1] != 3)
		return false;
	if (size > 2 && header[2] > 4)
		return false;
	if (size > 3 && header[3] * 256 > RECORD_SIZE_MAX)
		return false;
	return size <= 4 || header[3] * 256 + header[4] <= RECORD_SIZE_MAX;
}

int tls_looks_like(struct span bytes)
{
	size_t size = MIN(bytes.size, RECORD_HEADER_SIZE);
	if (size > 0 && is_ssl2_hello(bytes.data, size))
		return size == RECORD_HEADER_SIZE ? 1 : -1;
	if (!fits_header(bytes.data, size))
		return 0;
	if (size > 0 && bytes.data[0] != RECORD_HANDSHAKE && bytes.data[0] != RECORD_ALERT)
		return 0;
	if (size == RECORD_HEADER_SIZE)
		return bytes.data[3] || bytes.data[4];
	return -1;
}

/* message_done - a handshake message is whole. */
static void message_done(struct tls *tls, enum direction direction, struct span message)
{
	struct span body = { message.data + MESSAGE_HEADER_SIZE, message.size - MESSAGE_HEADER_SIZE };
	switch (message.data[0]) {
	case MESSAGE_CLIENT_HELLO:
		/* the second one answers a HelloRetryRequest and says the same again */
		if (direction == UP && !tls->info.client_hello)
			tls_client_hello(body, &tls->info);
		break;
	case MESSAGE_SERVER_HELLO:
		if (direction == DOWN && !tls->info.server_hello) {
			tls_server_hello(body, &tls->info, &tls->retry);
			if (tls->info.server_hello && tls->info.version_number >= TLS_VERSION_13)
				tls->server_done = tls->side[DOWN].encrypted = true;
		}
		break;
	case MESSAGE_CERTIFICATE:
		if (direction == DOWN)
			tls_certificate(body, &tls->info);
		break;
	case MESSAGE_SERVER_HELLO_DONE:
		if (direction == DOWN && tls->info.server_hello)
			tls->server_done = true;
		break;
	default:
		break;
	}
}

/* is_kept - is the body of such a message read by anybody? */
static bool is_kept(uint8_t type)
{
	return type == MESSAGE_CLIENT_HELLO || type == MESSAGE_SERVER_HELLO || type == MESSAGE_CERTIFICATE;
}

/* message_size - the octets of a message whose header is there, header included. */
static size_t message_size(const uint8_t *header)
{
	return MESSAGE_HEADER_SIZE + ((size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3]);
}

/* take_handshake - puts messages together. */
static void take_handshake(struct tls *tls, enum direction direction, struct span bytes)
{
	struct side *side = &tls->side[direction];
	struct reader reader = { bytes, false };
	while (reader_more(&reader) && !side->encrypted) {
		if (side->skip > 0) {
			side->skip -= reader_take(&reader, MIN(side->skip, reader.rest.size)).size;
			continue;
		}
		GByteArray *message = side->message;
		size_t want = message->len < MESSAGE_HEADER_SIZE ? MESSAGE_HEADER_SIZE : message_size(message->data);
		struct span piece = reader_take(&reader, MIN(want - message->len, reader.rest.size));
		g_byte_array_append(message, piece.data, (guint)piece.size);
		if (message->len < want)
			continue;
		if (want == MESSAGE_HEADER_SIZE) {
			want = message_size(message->data);
			if (want > MESSAGE_HEADER_SIZE && is_kept(message->data[0]) && want <= TLS_HANDSHAKE_MAX)
				continue;
			side->skip = want - MESSAGE_HEADER_SIZE;
		}
		if (side->skip == 0)
			message_done(tls, direction, (struct span){ message->data, message->len });
		g_byte_array_set_size(message, 0);
	}
}

/* take_alert - a fatal alert in clear ends a handshake. */
static void take_alert(struct tls *tls, struct side *side, struct span bytes)
{
	for (size_t i = 0; i < bytes.size && side->alert_size < ALERT_SIZE; i++)
		side->alert[side->alert_size++] = bytes.data[i];
	if (side->alert_size == ALERT_SIZE && side->alert[0] == ALERT_FATAL)
		tls->failed = true;
}

/* record_begin - a header is whole: what does it say? */
static void record_begin(struct tls *tls, enum direction direction)
{
	struct side *side = &tls->side[direction];
	bool ssl2 = !side->begun && direction == UP && is_ssl2_hello(side->header, RECORD_HEADER_SIZE);
	side->begun = true;
	side->header_size = 0;
	side->alert_size = 0;
	if (ssl2) {
		side->type = RECORD_PASSED;
		side->record_left =
			(size_t)(side->header[0] & ~SSL2_LENGTH_BIT) * 256 + side->header[1] + 2 - RECORD_HEADER_SIZE;
		tls->info.client_hello = true;
		return;
	}
	side->type = side->header[0];
	side->record_left = (size_t)side->header[3] * 256 + side->header[4];
	/* Between a HelloRetryRequest and its ServerHello a ChangeCipherSpec is for show (RFC 8446 D.4). */
	bool for_show = direction == DOWN && tls->retry && !tls->info.server_hello;
	if (side->type == RECORD_APPLICATION_DATA || (side->type == RECORD_CHANGE_CIPHER_SPEC && !for_show))
		side->encrypted = true;
	if (side->encrypted && direction == DOWN)
		tls->server_done = true;
}

/* header_take - adds to a record's header. Returns the octets taken; sets `lost` when they do not fit, takes none. */
static size_t header_take(struct tls *tls, enum direction direction, struct span bytes)
{
	struct side *side = &tls->side[direction];
	size_t size = MIN(RECORD_HEADER_SIZE - side->header_size, bytes.size);
	memcpy(side->header + side->header_size, bytes.data, size);
	size_t have = side->header_size + size;
	bool ssl2 = !side->begun && direction == UP && is_ssl2_hello(side->header, have);
	if (!ssl2 && !fits_header(side->header, have)) {
		side->lost = true;
		return 0;
	}
	side->header_size = have;
	if (have == RECORD_HEADER_SIZE)
		record_begin(tls, direction);
	return size;
}

bool tls_bytes(struct tls *tls, enum direction direction, struct span bytes)
{
	struct side *side = &tls->side[direction];
	struct reader reader = { bytes, false };
	while (reader_more(&reader) && !side->lost) {
		if (side->record_left == 0) {
			reader_take(&reader, header_take(tls, direction, reader.rest));
			continue;
		}
		struct span payload = reader_take(&reader, MIN(side->record_left, reader.rest.size));
		side->record_left -= payload.size;
		if (side->encrypted)
			continue;
		if (side->type == RECORD_HANDSHAKE)
			take_handshake(tls, direction, payload);
		else if (side->type == RECORD_ALERT)
			take_alert(tls, side, payload);
	}
	if (side->lost && !side->begun)
		return false;
	tls->info.bytes[direction] += bytes.size;
	return true;
}

void tls_gap(struct tls *tls, enum direction direction, uint64_t size)
{
	/* Behind the handshake nothing is read anyway; within it, nobody knows where the next message begins. */
	tls->side[direction].begun = tls->side[direction].lost = true;
}

bool tls_ready(struct tls *tls)
{
	bool client = tls->info.client_hello || tls->side[UP].lost;
	bool server = (tls->info.server_hello && tls->server_done) || tls->side[DOWN].lost;
	if (tls->told || !((client && server) || tls->failed))
		return false;
	tls->told = true;
	return true;
}

const struct tls_info *tls_info(const struct tls *tls)
{
	return &tls->info;
}

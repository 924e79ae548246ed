/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * parts.h - what the files of the TLS layer promise each other. Nobody else includes it.
 *
 *   tls.c       the contract of tls.h, and what a message of the handshake means
 *   records.c   octets become records (header.c), also behind a hole (seek.c); messages.c: records become messages
 *   gather.c    the pieces of a record; handshake.c: what messages mean
 *   hello.c, certificate.c, ja4.c, ciphers.c   what is in messages
 *   keylog.c    secrets by client random; keys.c: from secrets to keys; suites.c, cipher.c: from keys to open records
 *   resume.c    secrets of sessions seen before
 *   decrypt.c   which keys a direction has when; inside.c: what comes out, marks.c: where
 */
#ifndef SMTPSCAN_TLS_PARTS_H
#define SMTPSCAN_TLS_PARTS_H

#include <openssl/evp.h>

#include "tls.h"

#define TLS_VERSION_10 0x0301
#define TLS_VERSION_11 0x0302
#define TLS_VERSION_12 0x0303
#define TLS_VERSION_13 0x0304
#define TLS_RANDOM_SIZE 32
/* RFC 8701: values that a client throws in to keep servers honest; they mean nothing. */
#define TLS_IS_GREASE(value) (((value)&0x0f0f) == 0x0a0a && ((value) >> 8) == ((value)&0xff))

enum tls_extension {
	EXTENSION_SERVER_NAME = 0x0000,
	EXTENSION_SIGNATURE_ALGORITHMS = 0x000d,
	EXTENSION_ALPN = 0x0010,
	EXTENSION_SESSION_TICKET = 0x0023,
	EXTENSION_ENCRYPT_THEN_MAC = 0x0016,
	EXTENSION_EARLY_DATA = 0x002a,
	EXTENSION_SUPPORTED_VERSIONS = 0x002b
};

/* A cursor over borrowed bytes. What is not there reads as 0 and sets `bad`, which stays. */
struct reader {
	struct span rest;
	bool bad;
};

/* reader_take - the next `size` octets. */
static inline struct span reader_take(struct reader *reader, size_t size)
{
	if (reader->bad || size > reader->rest.size) {
		reader->bad = true;
		return (struct span){ 0 };
	}
	struct span taken = { reader->rest.data, size };
	reader->rest.data += size;
	reader->rest.size -= size;
	return taken;
}

/* reader_number - the next `size` (up to 4) octets as a big-endian number. */
static inline uint32_t reader_number(struct reader *reader, size_t size)
{
	struct span taken = reader_take(reader, size);
	uint32_t number = 0;
	for (size_t i = 0; i < taken.size; i++)
		number = number << 8 | taken.data[i];
	return number;
}

/* reader_vector - the next vector: its length in `size` octets, then that many. */
static inline struct reader reader_vector(struct reader *reader, size_t size)
{
	struct span taken = reader_take(reader, reader_number(reader, size));
	return (struct reader){ taken, reader->bad };
}

/* reader_more - is there anything left to read? */
static inline bool reader_more(const struct reader *reader)
{
	return !reader->bad && reader->rest.size > 0;
}

/* What JA4 needs of a ClientHello, in the order of the wire, GREASE left out. Of uint16_t. */
struct client_hello {
	uint16_t version; /* the highest of supported_versions, else the message's own */
	bool has_sni;
	GArray *ciphers, *extensions, *signature_algorithms;
	struct span first_alpn; /* data is NULL when there is none */
};

/* tls_text - octets as a string; a NUL, which no string can hold, becomes "\0" spelled out. Free with g_free. */
char *tls_text(struct span octets);
/* tls_version_name - "TLS 1.2"; NULL when the number is no version of TLS. */
const char *tls_version_name(uint16_t number);
/* tls_cipher_name - the IANA name; NULL when the number has none. */
const char *tls_cipher_name(uint16_t number);
/* A ServerHello. */
struct server_hello {
	uint16_t version, cipher;
	uint8_t random[TLS_RANDOM_SIZE];
	bool retry; /* it is a HelloRetryRequest */
	bool etm;   /* encrypt-then-MAC was agreed on */
	bool compressed;
};
/* tls_client_hello, tls_encrypted_extensions - take apart the body of the message into *info. A message that does not
 * fit its own lengths gives what stands before the misfit. They return true when there is early data, or it was taken.
 * tls_server_hello - likewise; false: it is too short to be one. */
bool tls_client_hello(struct span body, struct tls_info *info);
bool tls_server_hello(struct span body, struct server_hello *hello, struct tls_info *info);
bool tls_encrypted_extensions(struct span body, struct tls_info *info);
/* tls_ja4 - the fingerprint. Sorts the lists of *hello. */
void tls_ja4(const struct client_hello *hello, char ja4[static 40]);
/* tls_certificate - the leaf out of the body of a Certificate message into *info. */
void tls_certificate(struct span body, struct tls_info *info);

#define RECORD_SIZE_MAX (16384 + 2048) /* RFC 5246 6.2.3 */

/* ---- keylog.c ---- */
#define SECRET_MAX 48

enum label {
	LABEL_MASTER,
	LABEL_EARLY,
	LABEL_HANDSHAKE_UP,
	LABEL_HANDSHAKE_DOWN,
	LABEL_TRAFFIC_UP,
	LABEL_TRAFFIC_DOWN,
	LABEL_COUNT,
	LABEL_SESSION /* of no key log: the master secret of a session that can be resumed, by keys_session */
};
/* keys_find - the secret, which the store owns; data is NULL when there is none. */
/* keys_remember - one more secret, copied. */
void keys_remember(struct tls_keys *keys, enum label label, const uint8_t *client_random, struct span secret);
struct span keys_find(struct tls_keys *keys, enum label label, const uint8_t *client_random);

/* keys_buffer - RECORD_SIZE_MAX octets for what a record opens into: one for all connections, so that it stays in the
 * processor's cache. */
uint8_t *keys_buffer(struct tls_keys *keys);
/* keys_gather - likewise for what is gathered of a record: see gather.c. */
struct gather {
	struct side *owner; /* NULL: free */
	size_t size;
	uint8_t octets[RECORD_SIZE_MAX];
};
struct gather *keys_gather(struct tls_keys *keys);

/* ---- suites.c ---- */
#define CIPHER_NONCE_SIZE 12

enum suite_kind { SUITE_GCM, SUITE_CCM, SUITE_CHACHA, SUITE_CBC };
struct suite {
	const char *name;
	enum suite_kind kind;
	const char *cipher, *mac, *prf; /* libcrypto's names; mac: NULL with AEAD */
	size_t key_size, tag_size;
};
/* suite_find - NULL: a suite whose records can't be opened. */
const struct suite *suite_find(uint16_t number);

/* ---- cipher.c ---- */
struct cipher;
struct cipher_keys {
	const uint8_t *key, *iv, *mac; /* as long as the suite has them */
	bool etm;                      /* RFC 7366 */
};
/* A record as it came: what its header says, and what stands behind it. */
struct sealed {
	uint8_t type;
	uint16_t version;
	struct span payload;
	uint64_t at;    /* where it begins in the stream */
	uint64_t acked; /* what its sender had received of the other direction */
};
/* What was in it. */
struct opened {
	uint8_t *buffer; /* the caller's, as long as the payload */
	bool in_place;   /* the payload can be written to, and is not needed any more: AEAD opens it where it is */
	uint8_t type;
	struct span content; /* in one of the two */
};
size_t cipher_mac_size(const struct suite *suite);
/* cipher_iv_size - octets of vector that the key block has for it. */
size_t cipher_iv_size(const struct suite *suite, uint16_t version);
/* cipher_new - copies the keys. NULL: libcrypto does not have it. */
struct cipher *cipher_new(const struct suite *suite, uint16_t version, const struct cipher_keys *keys);
/* cipher_open - true: it is authentic, and the next record has the number behind this one. */
bool cipher_open(struct cipher *cipher, uint64_t sequence, const struct sealed *record, struct opened *opened);
/* cipher_follow - the octets before the next record, for TLS 1.0, where they belong to its vector. */
void cipher_follow(struct cipher *cipher, struct span before);
uint64_t cipher_sequence(const struct cipher *cipher);
/* cipher_overhead - how much longer the payload is than what is in it; with CBC at least. */
size_t cipher_overhead(const struct cipher *cipher);
void cipher_free(struct cipher *cipher);

/* ---- keys.c ---- */
struct key_exchange {
	const struct suite *suite; /* NULL: not known, or not supported */
	uint16_t version;
	uint8_t client_random[TLS_RANDOM_SIZE], server_random[TLS_RANDOM_SIZE];
	bool etm;
};
/* keys_of_master - up to TLS 1.2: the ciphers of both directions. */
bool keys_of_master(const struct key_exchange *exchange, struct span master, struct cipher *ciphers[static 2]);
/* keys_of_traffic - TLS 1.3: the cipher of one direction; NULL when the suite is none of TLS 1.3. */
struct cipher *keys_of_traffic(const struct suite *suite, struct span secret);
/* keys_expand_label - HKDF-Expand-Label with an empty context (RFC 8446 7.1). */
bool keys_expand_label(const struct suite *suite, struct span secret, const char *label, uint8_t *out, size_t size);

/* ---- marks.c ---- */
struct mark {
	uint64_t stream, inside; /* behind a record */
};
struct marks {
	struct mark last;
	GArray *list;    /* the last one included */
	uint64_t before; /* inside, at the first that is kept */
};
void marks_add(struct marks *marks, uint64_t stream, uint64_t inside);
/* marks_inside - how much of what is inside was received with so much of the stream. */
uint64_t marks_inside(const struct marks *marks, uint64_t stream);
void marks_clear(struct marks *marks);

/* ---- resume.c ---- */
struct resume {
	bool offered, with_ticket, answered, taken; /* taken: the server goes on with what the client offered */
	uint8_t id[TLS_RANDOM_SIZE], ticket[TLS_RANDOM_SIZE]; /* digests */
	uint8_t secret[SECRET_MAX];                           /* of this session */
	size_t size;
};
/* resume_offer - what a ClientHello has; resume_answer - a ServerHello. */
void resume_offer(struct tls *tls, struct span body);
void resume_answer(struct tls *tls, struct span body);
/* resume_secret - the master secret, when it is a session that was seen before. resume_learn - this is the secret. */
struct span resume_secret(struct tls *tls);
void resume_learn(struct tls *tls, struct span secret);
/* resume_ticket - the body of a NewSessionTicket. */
void resume_ticket(struct tls *tls, struct span body);
void resume_clear(struct resume *resume);

/* ---- the connection ---- */
#define RECORD_HEADER_SIZE 5
#define ALERT_SIZE 2

enum record_type {
	RECORD_PASSED = 0, /* nothing in it is read */
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_APPLICATION_DATA = 23,
	RECORD_HEARTBEAT = 24
};

/* TLS 1.3: which secret a direction is protected with. */
enum epoch { EPOCH_CLEAR, EPOCH_EARLY, EPOCH_HANDSHAKE, EPOCH_TRAFFIC };

/* Records that do not open, until one does. */
enum skip {
	SKIP_NONE,    /* there are none: the first one is a failure */
	SKIP_REFUSED, /* early data that the server did not take, or messages whose secret is not known */
	SKIP_UNKNOWN  /* early data whose secret is not known: lost */
};

/* One direction. What each segment needs comes first, for there are many connections and they take turns. */
struct side {
	size_t record_left; /* octets of the record that are to come */
	size_t header_size; /* octets of the header that are there */
	uint8_t header[RECORD_HEADER_SIZE];
	uint8_t type; /* enum record_type */
	bool begun;   /* a first record fitted */
	bool encrypted;
	bool lost; /* out of step: nothing more is read */
	/* what follows is for those whose keys are known */
	bool shut;          /* nothing more is opened */
	bool seeking;       /* behind a hole: for the next record that opens */
	uint64_t offset;    /* in the stream, behind the octets taken */
	uint64_t record_at; /* where the record in the making begins */
	uint64_t acked;     /* what its sender had received of the other direction then */
	struct cipher *open;
	GByteArray *record; /* its payload, when another connection needed the room; while seeking: the octets behind
			       the hole; NULL before there is any */
	uint64_t inside;    /* octets that came out, those that are missing included */
	struct marks marks;

	GByteArray *message; /* header and body of the handshake message in the making; NULL when there is none */
	size_t message_left; /* octets of its body that are to come */
	uint8_t alert[ALERT_SIZE];
	size_t alert_size;
	struct cipher *next; /* from the change to it on (up to TLS 1.2) */
	enum epoch epoch;
	uint8_t secret[SECRET_MAX]; /* of the epoch, for the next one */
	size_t secret_size;
	enum skip skipping;
	uint64_t skipped; /* octets of records that did not open */
	GQueue held;      /* of struct held: records that wait for the other direction */
	size_t held_size;

	size_t scanned;     /* octets of `record` in which none begins */
	uint64_t lost_from; /* where the first record that is not whole begins */
	uint64_t lost_told; /* what was said to be missing of what was inside */
	uint64_t refused;   /* what looked like a record and did not open */
	bool lost_data;     /* ... and whether there can have been any */

	uint64_t unread; /* missing, and not told yet */
};

enum early { EARLY_NONE, EARLY_OFFERED, EARLY_TAKEN, EARLY_REFUSED };

struct tls {
	struct tls_info info;
	struct side side[2];
	bool retry;       /* a HelloRetryRequest was seen, its ServerHello not yet */
	bool server_done; /* ServerHelloDone, or whatever follows is encrypted */
	bool failed;      /* a fatal alert in clear */
	bool told;        /* tls_ready has said so */
	bool told_why;    /* ... and why not all is decrypted */

	struct tls_keys *keys; /* NULL: nothing is decrypted */
	const struct tls_sink *sink;
	void *context;
	struct key_exchange exchange;
	uint64_t scope;
	struct resume resume;
	const char *missing; /* why the exchange at hand gives no keys; NULL */
	enum early early;
	bool within;   /* something came out */
	bool finished; /* of the server: nothing that a record shows follows */
	uint64_t work; /* octets tried behind holes */
};

/* ---- header.c ---- */
#define RECORD_SSL2_BIT 0x80 /* of the length in such a hello */
/* record_fits - can these octets, up to five, begin the header of a record? */
bool record_fits(const uint8_t *header, size_t size);
/* record_is_ssl2_hello - can these first octets begin a ClientHello in the format of SSL 2 (RFC 5246 E.2)? */
bool record_is_ssl2_hello(const uint8_t *header, size_t size);

/* ---- gather.c ---- */
/* gather_add - one more piece of the side's record. Returns all of it: valid until another call, and free
 * to be written to. gather_begun - is
 * there a piece of it? gather_drop - what is there is not needed any more. */
struct span gather_add(struct tls *tls, struct side *side, struct span piece);
bool gather_begun(struct tls *tls, const struct side *side);
void gather_drop(struct tls *tls, struct side *side);

/* ---- inside.c ---- */
/* inside_bytes - what a record had in it. inside_lose - so much of it is missing. inside_close - close_notify. */
void inside_bytes(struct tls *tls, enum direction direction, const struct sealed *record, struct span content);
void inside_lose(struct tls *tls, enum direction direction, uint64_t size);
void inside_close(struct tls *tls, enum direction direction);

/* ---- decrypt.c ---- */
#define DECRYPT_NO_HANDSHAKE "the beginning of the handshake is not in the capture"
/* decrypt_wanted - is the record in the making one that is gathered, to be opened? */
bool decrypt_wanted(const struct tls *tls, const struct side *side);
/* decrypt_waits - do the client's protected records wait for what the server says? */
bool decrypt_waits(const struct tls *tls);
/* decrypt_hello - the randoms, the version and the suite are known: so are the keys, or why not. */
void decrypt_hello(struct tls *tls);
/* decrypt_change - a ChangeCipherSpec, up to TLS 1.2. decrypt_advance - TLS 1.3: the next keys of a direction. */
void decrypt_change(struct tls *tls, enum direction direction);
void decrypt_advance(struct tls *tls, enum direction direction);
/* decrypt_early - it is known now what became of early data, if there was any. */
void decrypt_early(struct tls *tls, enum early early);
/* decrypt_record - opens a record, the next one. What can't be opened is lost, or ends the direction. */
bool decrypt_record(struct tls *tls, enum direction direction, const struct sealed *record, struct opened *opened);
/* decrypt_try - behind a hole, is this a record? before: what stands before it. *hidden: how many records were in the
 * hole; UINT64_MAX when it had a change of keys, too. */
bool decrypt_try(struct tls *tls, enum direction direction, const struct sealed *record, struct span before,
	struct opened *opened, uint64_t *hidden);
/* decrypt_shut - nothing more of this direction is opened; why: a sentence. */
void decrypt_shut(struct tls *tls, enum direction direction, const char *why);
/* decrypt_clear - wipes the keys. */
void decrypt_clear(struct side *side);

/* ---- handshake.c ---- */
enum message_type {
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_SERVER_HELLO = 2,
	MESSAGE_NEW_SESSION_TICKET = 4,
	MESSAGE_END_OF_EARLY_DATA = 5,
	MESSAGE_ENCRYPTED_EXTENSIONS = 8,
	MESSAGE_CERTIFICATE = 11,
	MESSAGE_SERVER_HELLO_DONE = 14,
	MESSAGE_FINISHED = 20,
	MESSAGE_KEY_UPDATE = 24
};
/* handshake_message - what it means; the body is empty where messages.c passed it over. */
void handshake_message(struct tls *tls, enum direction direction, uint8_t type, struct span body);
/* handshake_alert - octets of an alert; opened: it was encrypted. */
void handshake_alert(struct tls *tls, enum direction direction, struct span bytes, bool opened);

/* ---- messages.c ---- */
#define MESSAGE_HEADER_SIZE 4
/* messages_take - puts messages together. opened: they were encrypted. messages_forget - the one in the making is lost.
 */
void messages_take(struct tls *tls, enum direction direction, struct span bytes, bool opened);
void messages_forget(struct side *side);

/* ---- seek.c ---- */
/* seek_begin - so many octets are not in the capture. */
void seek_begin(struct tls *tls, enum direction direction, uint64_t size);
/* seek_bytes - the next octets behind the hole. Returns true when a record was found in all that came: *record and
 * *opened are it, and *rest is what stands behind it, in memory of the side's. last: nothing more will come. */
bool seek_bytes(struct tls *tls, enum direction direction, struct span bytes, bool last, struct sealed *record,
	struct opened *opened, struct span *rest);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * parts.h - types and functions that the files of the TLS stage share. Private to src/tls.
 *
 *   tls.c       the functions of tls.h
 *   records.c   octets become records (header.c), also after a gap (seek.c); messages.c: records become messages
 *   gather.c    gathers the pieces of a record; handshake.c: evaluates messages
 *   hello.c, certificate.c, ja4.c, ciphers.c   the content of messages
 *   keylog.c    secrets by client random; keys.c: keys from secrets; suites.c, cipher.c: decrypt records
 *   resume.c    secrets of earlier sessions
 *   decrypt.c   the current keys of a direction; inside.c: the decrypted stream, marks.c: its offsets
 */
#ifndef SMTPSCAN_TLS_PARTS_H
#define SMTPSCAN_TLS_PARTS_H

#include <openssl/evp.h>

#include "bytes.h"
#include "tls.h"

#define TLS_VERSION_10 0x0301
#define TLS_VERSION_11 0x0302
#define TLS_VERSION_12 0x0303
#define TLS_VERSION_13 0x0304
#define TLS_RANDOM_SIZE 32

enum tls_extension {
	EXTENSION_SERVER_NAME = 0x0000,
	EXTENSION_SIGNATURE_ALGORITHMS = 0x000d,
	EXTENSION_ALPN = 0x0010,
	EXTENSION_SESSION_TICKET = 0x0023,
	EXTENSION_ENCRYPT_THEN_MAC = 0x0016,
	EXTENSION_EARLY_DATA = 0x002a,
	EXTENSION_SUPPORTED_VERSIONS = 0x002b
};

/* A cursor over borrowed bytes. Reading past the end returns 0 and sets `bad` for good. */
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

/* reader_vector - the next vector: its length in `size` octets, then as many octets. */
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

/* The parts of a ClientHello for JA4, in their order on the wire, without GREASE. Lists of uint16_t. */
struct client_hello {
	uint16_t version; /* the highest of supported_versions, else that of the message */
	bool has_sni;
	GArray *ciphers, *extensions, *signature_algorithms;
	struct span first_alpn; /* data is NULL when there is none */
};

/* tls_text - octets as a string; a NUL becomes a backslash and a 0. Free with g_free. */
char *tls_text(struct span octets);
/* tls_version_name - for example "TLS 1.2"; NULL when the number is not a version of TLS. */
const char *tls_version_name(uint16_t number);
/* tls_cipher_name - the IANA name; NULL when the number has none. */
const char *tls_cipher_name(uint16_t number);
/* A ServerHello. */
struct server_hello {
	uint16_t version, cipher;
	uint8_t random[TLS_RANDOM_SIZE];
	bool retry; /* it is a HelloRetryRequest */
	bool etm;   /* encrypt-then-MAC was negotiated */
	bool compressed;
};
/* tls_client_hello, tls_encrypted_extensions - parse the body of the message into *info. Of a message with wrong
 * lengths they take what comes before the error. They return true when early data is offered, or accepted.
 * tls_server_hello - likewise; returns false when the body is too short. */
bool tls_client_hello(struct span body, struct tls_info *info);
bool tls_server_hello(struct span body, struct server_hello *hello, struct tls_info *info);
bool tls_encrypted_extensions(struct span body, struct tls_info *info);
/* tls_ja4 - the fingerprint. Sorts the lists of *hello. */
void tls_ja4(const struct client_hello *hello, char ja4[static 40]);
/* tls_certificate - parses the leaf certificate of a Certificate message into *info. */
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
	LABEL_SESSION /* not from a key log: the master secret of a session that can be resumed (resume.c) */
};
/* keys_remember - adds a copy of a secret. keys_find - the secret, owned by the store; data is NULL when there is none.
 */
void keys_remember(struct tls_keys *keys, enum label label, const uint8_t *client_random, struct span secret);
struct span keys_find(struct tls_keys *keys, enum label label, const uint8_t *client_random);

/* keys_missing - the sentence for that there is none. */
const char *keys_missing(const struct tls_keys *keys);
/* keys_buffer - RECORD_SIZE_MAX octets for a decrypted record: one buffer for all connections, so that it stays in the
 * processor's cache. */
uint8_t *keys_buffer(struct tls_keys *keys);
/* keys_gather - likewise, for the pieces of a record: see gather.c. */
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
/* suite_find - NULL: the suite is not supported. */
const struct suite *suite_find(uint16_t number);

/* ---- cipher.c ---- */
struct cipher;
struct cipher_keys {
	const uint8_t *key, *iv, *mac; /* with the lengths of the suite */
	bool etm;                      /* RFC 7366 */
};
/* A record as received: its header fields and its payload. */
struct sealed {
	uint8_t type;
	uint16_t version;
	struct span payload;
	uint64_t at;    /* stream offset of its header */
	uint64_t acked; /* what its sender had received of the other direction */
};
/* The decrypted record. */
struct opened {
	uint8_t *buffer; /* the caller's, at least as long as the payload */
	bool in_place;   /* the payload can be written to, and is not needed any more: AEAD opens it where it is */
	uint8_t type;
	struct span content; /* in one of the two */
};
size_t cipher_mac_size(const struct suite *suite);
/* cipher_iv_size - octets of the IV that the key block has for the suite. */
size_t cipher_iv_size(const struct suite *suite, uint16_t version);
/* cipher_new - copies the keys. NULL: libcrypto does not support the cipher. */
struct cipher *cipher_new(const struct suite *suite, uint16_t version, const struct cipher_keys *keys);
/* cipher_open - decrypts a record. true: it is authentic, and the next record has the next sequence number. */
bool cipher_open(struct cipher *cipher, uint64_t sequence, const struct sealed *record, struct opened *opened);
/* cipher_follow - the octets before the next record: in TLS 1.0 they are its IV. */
void cipher_follow(struct cipher *cipher, struct span before);
uint64_t cipher_sequence(const struct cipher *cipher);
/* cipher_overhead - how much longer the payload is than the decrypted content; with CBC a minimum. */
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
/* keys_of_traffic - TLS 1.3: the cipher of one direction; NULL when the suite is not one of TLS 1.3. */
struct cipher *keys_of_traffic(const struct suite *suite, struct span secret);
/* keys_expand_label - HKDF-Expand-Label with an empty context (RFC 8446 7.1). */
bool keys_expand_label(const struct suite *suite, struct span secret, const char *label, uint8_t *out, size_t size);

/* ---- marks.c ---- */
struct mark {
	uint64_t stream, inside; /* offsets after a record: encrypted, decrypted */
};
struct marks {
	GArray *list;
	uint64_t before; /* decrypted offset before the first mark that is kept */
};
void marks_add(struct marks *marks, uint64_t stream, uint64_t inside);
/* marks_inside - the decrypted offset that was received with this offset of the encrypted stream. */
uint64_t marks_inside(const struct marks *marks, uint64_t stream);
void marks_clear(struct marks *marks);

/* ---- resume.c ---- */
struct resume {
	bool offered, with_ticket, answered, taken; /* taken: the server resumes the session that the client offered */
	uint8_t id[TLS_RANDOM_SIZE], ticket[TLS_RANDOM_SIZE]; /* digests */
	uint8_t secret[SECRET_MAX];                           /* of this session */
	size_t size;
};
/* resume_offer - takes the session id and ticket of a ClientHello; resume_answer - the session id of a ServerHello. */
void resume_offer(struct tls *tls, struct span body);
void resume_answer(struct tls *tls, struct span body);
/* resume_secret - the master secret, when an earlier session is resumed. resume_learn - remembers the master secret of
 * this session. */
struct span resume_secret(struct tls *tls);
void resume_learn(struct tls *tls, struct span secret);
/* resume_ticket - takes the body of a NewSessionTicket. */
void resume_ticket(struct tls *tls, struct span body);
void resume_clear(struct resume *resume);

/* ---- the connection ---- */
#define RECORD_HEADER_SIZE 5
#define ALERT_SIZE 2

enum record_type {
	RECORD_PASSED = 0, /* its content is ignored */
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_APPLICATION_DATA = 23,
	RECORD_HEARTBEAT = 24
};

/* TLS 1.3: the secret that protects a direction. */
enum epoch { EPOCH_CLEAR, EPOCH_EARLY, EPOCH_HANDSHAKE, EPOCH_TRAFFIC };

/* Records that can't be decrypted, until one can. */
enum skip {
	SKIP_NONE,    /* none expected: the first one is a failure */
	SKIP_REFUSED, /* early data that the server refused, or messages whose secret is not known */
	SKIP_UNKNOWN  /* early data whose secret is not known: a gap */
};

/* One direction. What each segment needs comes first, for there are many connections and they take turns. */
struct side {
	size_t record_left; /* octets of the record still to come */
	size_t header_size; /* octets of the header so far */
	uint8_t header[RECORD_HEADER_SIZE];
	uint8_t type; /* enum record_type */
	bool begun;   /* the first record's header was valid */
	bool encrypted;
	bool lost; /* record boundaries are lost: nothing more is parsed */
	/* the rest is used only with keys */
	bool shut;          /* nothing more is decrypted */
	bool seeking;       /* after a gap: searching the next record that can be decrypted */
	uint64_t offset;    /* stream offset after the octets taken */
	uint64_t record_at; /* stream offset of the current record */
	uint64_t acked;     /* acknowledgement of its sender, see flow.h */
	struct cipher *open;
	GByteArray *record; /* its payload, when another connection needed the shared memory; while seeking: the octets
			       after the gap; NULL: none yet */
	uint64_t inside;    /* offset in the decrypted stream, gaps included */
	struct marks marks;

	GByteArray *message; /* header and body of the incomplete handshake message; NULL when there is none */
	size_t message_left; /* octets of its body still to come */
	uint8_t alert[ALERT_SIZE];
	size_t alert_size;
	struct cipher *next; /* from the change to it on (up to TLS 1.2) */
	enum epoch epoch;
	uint8_t secret[SECRET_MAX]; /* of the epoch, to derive the next one */
	size_t secret_size;
	enum skip skipping;
	uint64_t skipped; /* octets of records that could not be decrypted */
	GQueue held;      /* struct held: records that wait for the other direction */
	size_t held_size;

	size_t scanned;         /* octets of `record` in which no record begins */
	uint64_t lost_from;     /* stream offset of the first incomplete record */
	uint64_t lost_reported; /* decrypted octets already reported as missing */
	uint64_t refused;       /* number of apparent records that could not be decrypted */
	bool lost_data;         /* can decrypted data be missing? */

	uint64_t unread; /* missing decrypted octets, not reported yet */
};

enum early { EARLY_NONE, EARLY_OFFERED, EARLY_TAKEN, EARLY_REFUSED };

struct tls {
	struct tls_info info;
	struct side side[2];
	bool retry;        /* a HelloRetryRequest was seen, its ServerHello not yet */
	bool server_done;  /* ServerHelloDone, or whatever follows is encrypted */
	bool failed;       /* a fatal alert in clear */
	bool reported;     /* tls_ready has returned true */
	bool reported_why; /* ... with the reason why not all is decrypted */

	struct tls_keys *keys; /* NULL: nothing is decrypted */
	const struct tls_sink *sink;
	void *context;
	struct key_exchange exchange;
	uint64_t scope;
	struct resume resume;
	const char *missing; /* why there are no keys for the current handshake; NULL */
	enum early early;
	bool within;   /* something was decrypted */
	bool finished; /* by the server: all that the tls record shows was seen */
	uint64_t work; /* octets tried after gaps */
};

/* ---- header.c ---- */
#define RECORD_SSL2_BIT 0x80 /* set in the length of an SSL 2 hello */
/* record_fits - can these octets, up to five, be the beginning of a record's header? */
bool record_fits(const uint8_t *header, size_t size);
/* record_is_ssl2_hello - can these octets be the beginning of a ClientHello in SSL 2 format (RFC 5246 E.2)? */
bool record_is_ssl2_hello(const uint8_t *header, size_t size);

/* ---- gather.c ---- */
/* gather_add - adds a piece to the side's record. Returns all pieces: valid until the next call, and the caller may
 * change them. gather_begun - is there a piece already? gather_drop - frees the pieces. */
struct span gather_add(struct tls *tls, struct side *side, struct span piece);
bool gather_begun(struct tls *tls, const struct side *side);
void gather_drop(struct tls *tls, struct side *side);

/* ---- inside.c ---- */
/* inside_bytes - passes decrypted content to the sink. inside_lose - reports missing decrypted octets as a gap.
 * inside_close - close_notify. */
void inside_bytes(struct tls *tls, enum direction direction, const struct sealed *record, struct span content);
void inside_lose(struct tls *tls, enum direction direction, uint64_t size);
void inside_close(struct tls *tls, enum direction direction);

/* ---- decrypt.c ---- */
#define DECRYPT_NO_HANDSHAKE "the beginning of the handshake is not in the capture"
/* decrypt_wanted - will the current record be gathered and decrypted? */
bool decrypt_wanted(const struct tls *tls, const struct side *side);
/* decrypt_waits - must the client's protected records wait for the server's messages? */
bool decrypt_waits(const struct tls *tls);
/* decrypt_hello - the randoms, the version and the suite are known: finds the keys, or the reason why not. */
void decrypt_hello(struct tls *tls);
/* decrypt_change - a ChangeCipherSpec, up to TLS 1.2. decrypt_advance - TLS 1.3: the next keys of a direction. */
void decrypt_change(struct tls *tls, enum direction direction);
void decrypt_advance(struct tls *tls, enum direction direction);
/* decrypt_early - the server accepted or refused early data, if there was any. */
void decrypt_early(struct tls *tls, enum early early);
/* decrypt_record - decrypts the next record. One that can't be decrypted becomes a gap, or ends decryption of the
 * direction. */
bool decrypt_record(struct tls *tls, enum direction direction, const struct sealed *record, struct opened *opened);
/* decrypt_guess - nothing of the server is in the capture: in TLS 1.3 the client's secrets are enough, and the suite is
 * that with which this record, one of the first, opens. Returns false when none does. */
bool decrypt_guess(struct tls *tls, const struct sealed *record);
/* decrypt_try - tries to decrypt an apparent record after a gap. before: the octets before it. *hidden: number of
 * records in the gap; UINT64_MAX: the keys changed in it, too. */
bool decrypt_try(struct tls *tls, enum direction direction, const struct sealed *record, struct span before,
	struct opened *opened, uint64_t *hidden);
/* decrypt_shut - ends decryption of this direction; why: the reason. */
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
/* handshake_needs - is the body of such a message needed? handshake_message - evaluates a message; the body is empty
 * when it was not needed, or too long. */
bool handshake_needs(uint8_t type);
void handshake_message(struct tls *tls, enum direction direction, uint8_t type, struct span body);
/* handshake_alert - takes octets of an alert; opened: it was encrypted. */
void handshake_alert(struct tls *tls, enum direction direction, struct span bytes, bool opened);

/* ---- messages.c ---- */
/* messages_take - assembles messages. opened: they were encrypted. messages_forget - discards an incomplete one. */
void messages_take(struct tls *tls, enum direction direction, struct span bytes, bool opened);
void messages_forget(struct side *side);

/* ---- seek.c ---- */
/* seek_begin - a gap of `size` octets. */
void seek_begin(struct tls *tls, enum direction direction, uint64_t size);
/* seek_bytes - takes the next octets after the gap. Returns true when a record was found: *record and *opened, and
 * *rest are the octets after it, in memory of the side. last: no more octets will come. */
bool seek_bytes(struct tls *tls, enum direction direction, struct span bytes, bool last, struct sealed *record,
	struct opened *opened, struct span *rest);

#endif

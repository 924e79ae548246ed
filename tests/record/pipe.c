/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pipe.c - standard input and output as one end of TLS, by mbedTLS 2.28:
 *
 *	pipe server|client HOST PORT PEM KEYLOG SUITE [no-etm]
 *
 * TLS 1.2 with one suite, by its name in mbedTLS. Debian builds mbedTLS without ARIA: for these suites it has to be
 *built with MBEDTLS_ARIA_C. The key log gets CLIENT_RANDOM lines.
 */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *keylog;

static void check(int result, const char *what)
{
	if (result == 0)
		return;
	fprintf(stderr, "%s: -0x%04x\n", what, (unsigned)-result);
	exit(1);
}

static void hex(FILE *file, const unsigned char *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(file, "%02x", octets[i]);
}

static int log_key(void *context, const unsigned char *master, const unsigned char *block, size_t mac, size_t key,
	size_t iv, const unsigned char client_random[32], const unsigned char server_random[32],
	mbedtls_tls_prf_types prf)
{
	FILE *file = fopen(keylog, "a");
	fputs("CLIENT_RANDOM ", file);
	hex(file, client_random, 32);
	fputc(' ', file);
	hex(file, master, 48);
	fputc('\n', file);
	fclose(file);
	return 0;
}

/* copy - until one side ends. */
static void copy(mbedtls_ssl_context *ssl, int socket)
{
	unsigned char data[4096];
	struct pollfd wait[] = { { STDIN_FILENO, POLLIN, 0 }, { socket, POLLIN, 0 } };
	while (poll(wait, 2, -1) > 0) {
		if (wait[0].revents) {
			ssize_t got = read(STDIN_FILENO, data, sizeof data);
			if (got <= 0)
				break;
			for (ssize_t done = 0, n; done < got; done += n)
				if ((n = mbedtls_ssl_write(ssl, data + done, (size_t)(got - done))) <= 0)
					return;
		}
		if (wait[1].revents) {
			do {
				int got = mbedtls_ssl_read(ssl, data, sizeof data);
				if (got <= 0 || write(STDOUT_FILENO, data, (size_t)got) != got)
					return;
			} while (mbedtls_ssl_get_bytes_avail(ssl) > 0);
		}
	}
	mbedtls_ssl_close_notify(ssl);
}

int main(int argc, char **argv)
{
	if (argc < 7)
		return 2;
	const int server = strcmp(argv[1], "server") == 0;
	const int suites[] = { mbedtls_ssl_get_ciphersuite_id(argv[6]), 0 };
	mbedtls_net_context listener, net;
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config config;
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	mbedtls_x509_crt certificate;
	mbedtls_pk_context key;
	keylog = argv[5];
	mbedtls_net_init(&listener);
	mbedtls_net_init(&net);
	mbedtls_ssl_init(&ssl);
	mbedtls_ssl_config_init(&config);
	mbedtls_entropy_init(&entropy);
	mbedtls_ctr_drbg_init(&random);
	mbedtls_x509_crt_init(&certificate);
	mbedtls_pk_init(&key);
	check(suites[0] == 0, "suite");
	check(mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0), "random");
	check(mbedtls_ssl_config_defaults(&config, server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
		      MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT),
		"config");
	mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
	mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_ciphersuites(&config, suites);
	mbedtls_ssl_conf_encrypt_then_mac(&config, argc < 8);
	if (!server)
		mbedtls_ssl_conf_export_keys_ext_cb(&config, log_key, NULL);
	check(mbedtls_x509_crt_parse_file(&certificate, argv[4]), "certificate");
	check(mbedtls_pk_parse_keyfile(&key, argv[4], NULL), "key");
	if (server)
		check(mbedtls_ssl_conf_own_cert(&config, &certificate, &key), "own certificate");
	check(mbedtls_ssl_setup(&ssl, &config), "setup");
	if (server) {
		check(mbedtls_net_bind(&listener, argv[2], argv[3], MBEDTLS_NET_PROTO_TCP), "bind");
		check(mbedtls_net_accept(&listener, &net, NULL, 0, NULL), "accept");
	} else {
		check(mbedtls_ssl_set_hostname(&ssl, "mail.example"), "name");
		check(mbedtls_net_connect(&net, argv[2], argv[3], MBEDTLS_NET_PROTO_TCP), "connect");
	}
	mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
	check(mbedtls_ssl_handshake(&ssl), "handshake");
	copy(&ssl, net.fd);
	return 0;
}

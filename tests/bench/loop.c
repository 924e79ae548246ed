/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * loop.c - the yardstick: libpcap reads every packet of a capture through a 1 MiB stdio buffer, and nothing is done
 * with it. Prints the packets and their octets.
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#define STDIO_BUFFER (1024 * 1024)

int main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE] = "usage: loop CAPTURE";
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
	char *buffer = malloc(STDIO_BUFFER);
	if (file)
		setvbuf(file, buffer, _IOFBF, STDIO_BUFFER);
	pcap_t *pcap = file ? pcap_fopen_offline(file, error) : NULL;
	if (!pcap) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	struct pcap_pkthdr *header;
	const u_char *data;
	unsigned long long packets = 0, octets = 0;
	while (pcap_next_ex(pcap, &header, &data) == 1) {
		packets++;
		octets += header->caplen;
	}
	pcap_close(pcap);
	free(buffer);
	printf("%llu packets, %llu octets\n", packets, octets);
	return 0;
}

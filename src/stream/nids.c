/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * nids.c - runs libnids in such a way that it loses no data (see nids.h).
 *
 * It gets IPv4 packets with a new 40-byte header, the connection's number as the client's address, an injected
 * handshake, acknowledgements of exactly the delivered bytes, no FIN, no RST, no urgent data. So it does only the
 * ordering and the queueing. They go straight to its TCP part (process_tcp). Some of its limits are changed:
 *  - its window is 2^30 and follows the stream; its counters (int) are reset in time,
 *  - its limit on the queue (64 KiB, then it frees the whole queue) counts no octets; the owner limits the queue,
 *  - it writes into a buffer that it gets for the time of a call (history.c), so it keeps none per connection,
 *  - gaps are skipped by moving the first sequence number and feeding one marker octet,
 *  - its hash function is replaced (mkhash), because the addresses are numbers of ours.
 */
#include "nids.h"

#include <glib.h>
#include <nids.h>
#include <stdio.h>
#include <string.h>

#include "history.h"
#include "memory.h"
#include "text.h"

#define NIDS_TABLE 4096                         /* size of libnids' table, of which it uses three quarters */
#define NIDS_RESIDENT (NIDS_TABLE / 4 * 3 - 64) /* up to this number of connections it never evicts one */
#define NIDS_QUEUING (NIDS_RESIDENT - 1024)     /* so many links may queue; the others share the remaining places */
#define HEADER_SIZE 40
#define PIECE_MAX (65535 - HEADER_SIZE)
#define WINDOW_SCALE (1U << 14)
#define REBASE_AFTER (UINT64_C(1) << 29) /* half of the window */
#define SERVER_ADDRESS 0xffffffffU
#define CLIENT_PORT 1
#define SERVER_PORT 2

static const struct nids_owner *owner;
static pcap_t *dead;
static struct nids_link *feeding; /* the link whose packet libnids is processing */
static bool marker;               /* that packet is the marker octet */
static uint32_t last_number;
static bool wrapped; /* numbers may already be in use */
static uint8_t packet[HEADER_SIZE + PIECE_MAX];

/* Links that are in libnids, in the order in which they were added: those with nothing queued, and the others. */
struct link_list {
	struct nids_link *oldest, *newest;
	unsigned count;
};
static struct link_list drained, busy;

static void list_remove(struct link_list *list, struct nids_link *link)
{
	*(link->older ? &link->older->newer : &list->oldest) = link->newer;
	*(link->newer ? &link->newer->older : &list->newest) = link->older;
	list->count--;
}

static void list_append(struct link_list *list, struct nids_link *link)
{
	link->older = list->newest;
	link->newer = NULL;
	*(list->newest ? &list->newest->newer : &list->oldest) = link;
	list->newest = link;
	link->list = list;
	list->count++;
}

static bool queues(const struct nids_link *link)
{
	return link->queued[UP] + link->queued[DOWN] > 0;
}

/* list_choose - moves a link to the right list after it was fed. */
static void list_choose(struct nids_link *link)
{
	struct link_list *list = queues(link) ? &busy : &drained;
	link->used = true;
	if (link->list == list)
		return;
	list_remove(link->list, link);
	list_append(list, link);
}

/* list_idle - a link with nothing queued that was not fed lately (the second chance algorithm). */
static struct nids_link *list_idle(void)
{
	struct nids_link *link;
	while ((link = drained.oldest) && link->used) {
		link->used = false;
		list_remove(&drained, link);
		list_append(&drained, link);
	}
	return link;
}

/* sequence - the sequence number that libnids gets for an offset. */
static uint32_t sequence(uint64_t offset)
{
	return (uint32_t)offset + 1;
}

/* receiver - libnids' half that collects the bytes of a direction. sender - the half that sends them. */
static struct half_stream *receiver(struct tcp_stream *tcp, enum direction direction)
{
	return direction == UP ? &tcp->server : &tcp->client;
}

static struct half_stream *sending_half(struct tcp_stream *tcp, enum direction direction)
{
	return direction == UP ? &tcp->client : &tcp->server;
}

static void lend_buffer(struct half_stream *half)
{
	half->data = (char *)history_room();
	half->bufsize = HISTORY_CHUNK_MAX;
}

u_int mkhash(u_int source, u_short source_port, u_int destination, u_short destination_port);

/* mkhash - replaces libnids' own function, which hashes twelve octets one by one. For a packet of the server libnids
 * first looks up the connection with the addresses exchanged, which does not exist: it gets slot 0, which is always
 * empty. Weak: a statically linked libnids keeps its own. */
__attribute__((weak)) u_int mkhash(u_int source, u_short source_port, u_int destination, u_short destination_port)
{
	return source == htonl(SERVER_ADDRESS) ? 0 : ntohl(source);
}

/* on_tcp - libnids' callback. */
static void on_tcp(struct tcp_stream *tcp, void **unused)
{
	if (tcp->nids_state == NIDS_JUST_EST) {
		feeding->tcp = tcp;
		tcp->client.collect = tcp->server.collect = 1;
		tcp->client.wscale = tcp->server.wscale = WINDOW_SCALE;
		return;
	}
	if (tcp->nids_state != NIDS_DATA || marker) {
		marker = false;
		return;
	}
	enum direction direction = tcp->server.count_new > 0 ? UP : DOWN;
	struct half_stream *half = receiver(tcp, direction);
	owner->bytes(feeding, direction, (const uint8_t *)half->data, (size_t)half->count_new);
	lend_buffer(half);
}

/* process_tcp - the TCP part of libnids, which its header file does not declare: takes an IP packet; counted: octets
 * that count for its limit on a queue. nids_pcap_handler would look for a link layer, verify IP's checksum and look for
 * fragments first, which takes half as long as all the rest, and these packets are made here. */
void process_tcp(u_char *data, int counted);

/* set_headers - what the headers of all packets have in common. */
static void set_headers(void)
{
	memset(packet, 0, HEADER_SIZE);
	struct ip *ip = (struct ip *)(void *)packet;
	struct tcphdr *tcp = (struct tcphdr *)(void *)(packet + sizeof *ip);
	ip->ip_v = 4;
	ip->ip_hl = 5;
	ip->ip_ttl = 64;
	ip->ip_p = IPPROTO_TCP;
	tcp->th_off = 5;
	tcp->th_win = htons(65535);
}

/* hand_over - passes one packet to libnids. The payload is already in `packet`. */
static void hand_over(
	const struct nids_link *link, enum direction direction, uint8_t flags, uint32_t seq, uint32_t ack, size_t size)
{
	struct ip *ip = (struct ip *)(void *)packet;
	struct tcphdr *tcp = (struct tcphdr *)(void *)(packet + sizeof *ip);
	const uint32_t client = htonl(link->number), server = htonl(SERVER_ADDRESS);

	ip->ip_len = htons((uint16_t)(HEADER_SIZE + size));
	ip->ip_src.s_addr = direction == UP ? client : server;
	ip->ip_dst.s_addr = direction == UP ? server : client;
	tcp->th_sport = htons(direction == UP ? CLIENT_PORT : SERVER_PORT);
	tcp->th_dport = htons(direction == UP ? SERVER_PORT : CLIENT_PORT);
	tcp->th_seq = htonl(seq);
	tcp->th_ack = htonl(ack);
	tcp->th_flags = flags;
	process_tcp(packet, 0);
}

/* rebase - restarts libnids' counters and window for a direction at the next expected offset. Its buffer is empty
 * between two calls. */
static void rebase(struct nids_link *link, enum direction direction, uint64_t offset)
{
	struct half_stream *half = receiver(link->tcp, direction);
	half->count = half->offset = 0;
	half->ack_seq = sequence(offset);
	sending_half(link->tcp, direction)->first_data_seq = sequence(offset);
	link->opened[direction] = offset;
}

/* park - removes the link from libnids; it keeps its offsets. */
static void park(struct nids_link *link)
{
	list_remove(link->list, link);
	nids_free_tcp_stream(link->tcp);
	link->tcp = NULL;
}

/* connect_link - adds the link to libnids: injects a handshake with the sequence numbers that the link expects next. */
static void connect_link(struct nids_link *link)
{
	if (drained.count + busy.count >= NIDS_RESIDENT)
		park(list_idle());
	struct tuple4 address = { .source = CLIENT_PORT, .dest = SERVER_PORT, .daddr = htonl(SERVER_ADDRESS) };
	do {
		link->number = ++last_number;
		address.saddr = htonl(link->number);
		wrapped |= link->number == 0;
	} while (link->number % NIDS_TABLE == 0 || link->number == SERVER_ADDRESS ||
		 (wrapped && nids_find_tcp_stream(&address)));

	uint32_t up = sequence(link->expected[UP]), down = sequence(link->expected[DOWN]);
	feeding = link;
	hand_over(link, UP, TH_SYN, up - 1, 0, 0);
	hand_over(link, DOWN, TH_SYN | TH_ACK, down - 1, up, 0);
	hand_over(link, UP, TH_ACK, up, down, 0);
	g_assert(link->tcp);
	rebase(link, UP, link->expected[UP]);
	rebase(link, DOWN, link->expected[DOWN]);
	list_append(&drained, link);
}

/* feed_piece - feeds one piece of at most PIECE_MAX octets. */
static void feed_piece(
	struct nids_link *link, enum direction direction, uint64_t offset, const uint8_t *data, size_t size)
{
	struct half_stream *half = receiver(link->tcp, direction);
	lend_buffer(half);
	memcpy(packet + HEADER_SIZE, data, size);
	feeding = link;
	hand_over(
		link, direction, TH_ACK, sequence(offset), sequence(link->expected[direction_other(direction)]), size);
	half->data = NULL;
	half->bufsize = 0;
}

bool nids_link_may_queue(const struct nids_link *link)
{
	return queues(link) || busy.count < NIDS_QUEUING;
}

void nids_link_feed(struct nids_link *link, enum direction direction, uint64_t offset, const uint8_t *data, size_t size)
{
	if (!link->tcp)
		connect_link(link);
	if (link->expected[direction] - link->opened[direction] > REBASE_AFTER)
		rebase(link, direction, link->expected[direction]);
	while (size > 0) {
		size_t part = size < PIECE_MAX ? size : PIECE_MAX;
		if (offset != link->expected[direction])
			link->queued[direction]++;
		feed_piece(link, direction, offset, data, part);
		offset += part;
		data += part;
		size -= part;
	}
	list_choose(link);
}

void nids_link_skip(struct nids_link *link, enum direction direction, uint64_t offset)
{
	if (link->tcp && link->queued[direction] > 0) {
		rebase(link, direction, offset - 1);
		link->expected[direction] = offset;
		marker = true;
		feed_piece(link, direction, offset - 1, (const uint8_t *)"", 1);
		list_choose(link);
	} else {
		link->expected[direction] = offset;
		if (link->tcp)
			rebase(link, direction, offset);
	}
}

void nids_link_release(struct nids_link *link)
{
	if (link->tcp)
		park(link);
}

static void be_quiet(int type, int number, struct ip *ip, void *data)
{
}

static void no_memory(char *where)
{
	memory_gone();
}

bool nids_open(const struct nids_owner *new_owner)
{
	static struct nids_chksum_ctl no_checksums = { .action = NIDS_DONT_CHKSUM };

	dead = pcap_open_dead(DLT_RAW, 65535);
	if (!dead) {
		say("libpcap returned no handle");
		return false;
	}
	owner = new_owner;
	nids_params.pcap_desc = dead;
	nids_params.n_tcp_streams = NIDS_TABLE;
	nids_params.n_hosts = 1;
	nids_params.scan_num_hosts = 0;
	nids_params.syslog = be_quiet;
	nids_params.no_mem = no_memory;
	nids_params.tcp_workarounds = 0;
	nids_params.tcp_flow_timeout = 0;
	nids_params.multiproc = 0;
	nids_params.one_loop_less = 0;
	nids_params.promisc = 0;
	if (!nids_init()) {
		say("libnids can't be initialised: %s", nids_errbuf);
		pcap_close(dead);
		dead = NULL;
		return false;
	}
	nids_register_chksum_ctl(&no_checksums, 1);
	nids_register_tcp((void *)(uintptr_t)on_tcp);

	static struct pcap_pkthdr header; /* process_tcp looks at its time */
	nids_last_pcap_header = &header;
	set_headers();
	return true;
}

void nids_close(void)
{
	if (!dead)
		return;
	nids_unregister_tcp((void *)(uintptr_t)on_tcp);
	nids_exit();
	pcap_close(dead);
	dead = NULL;
}

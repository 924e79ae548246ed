/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * filter.c - a BPF expression for packets of several link types. See filter.h.
 */
#include "filter.h"

#include <pcap/pcap.h>

#define SNAPLEN_MAX 262144 /* libpcap's maximum */

struct program {
	int link_type;
	bool good;
	struct bpf_program code;
};

struct filter {
	char *bpf;
	GArray *programs;
	guint last; /* index of the program used last */
};

struct filter *filter_new(const char *bpf)
{
	struct filter *filter = g_new0(struct filter, 1);
	filter->bpf = g_strdup(bpf);
	filter->programs = g_array_new(FALSE, TRUE, sizeof(struct program));
	return filter;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (guint i = 0; i < filter->programs->len; i++) {
		struct program *program = &g_array_index(filter->programs, struct program, i);
		if (program->good)
			pcap_freecode(&program->code);
	}
	g_array_free(filter->programs, TRUE);
	g_free(filter->bpf);
	g_free(filter);
}

/* compile_filter - false when the expression does not fit the link type; *words (may be NULL) is the reason. */
static bool compile_filter(const char *bpf, int link_type, struct bpf_program *code, char **words)
{
	pcap_t *pcap = pcap_open_dead(link_type, SNAPLEN_MAX);
	const bool good = pcap_compile(pcap, code, bpf, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!good && words)
		*words = g_strdup(pcap_geterr(pcap));
	pcap_close(pcap);
	return good;
}

/* program_for - the program for a link type, compiled the first time; valid until the next call. */
static const struct program *program_for(struct filter *filter, int link_type, char **words)
{
	GArray *programs = filter->programs;
	for (guint i = 0; i < programs->len; i++)
		if (g_array_index(programs, struct program, i).link_type == link_type) {
			filter->last = i;
			return &g_array_index(programs, struct program, i);
		}
	struct program program = { .link_type = link_type };
	program.good = compile_filter(filter->bpf, link_type, &program.code, words);
	g_array_append_val(programs, program);
	filter->last = programs->len - 1;
	return &g_array_index(programs, struct program, filter->last);
}

bool filter_fits(struct filter *filter, int link_type, char **words)
{
	return program_for(filter, link_type, words)->good;
}

bool filter_matches(struct filter *filter, const struct packet *packet)
{
	const struct program *program = NULL;
	if (G_LIKELY(filter->programs->len != 0))
		program = &g_array_index(filter->programs, struct program, filter->last);
	if (G_UNLIKELY(!program || program->link_type != packet->link_type))
		program = program_for(filter, packet->link_type, NULL);
	const struct pcap_pkthdr header = { .caplen = packet->captured, .len = packet->length };
	return program->good && pcap_offline_filter(&program->code, &header, packet->data) != 0;
}

char *capture_filter_error(const char *bpf)
{
	static const int links[] = { DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL2, DLT_IEEE802_11_RADIO, DLT_PFLOG, DLT_PPP };
	char *first = NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
		struct bpf_program code;
		char *words = NULL;
		if (compile_filter(bpf, links[i], &code, &words)) {
			pcap_freecode(&code);
			g_free(first);
			return NULL;
		}
		if (!first)
			first = words;
		else
			g_free(words);
	}
	return first;
}

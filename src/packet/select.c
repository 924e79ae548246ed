/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * select.c - selects packets by capture time, and by the addresses inside of all encapsulations. See packet.h.
 */
#include <arpa/inet.h>
#include <string.h>

#include "packet.h"

#define TEXT_MAX INET6_ADDRSTRLEN

bool network_parse(const char *text, struct network *network)
{
	char address[TEXT_MAX];
	const char *slash = strchr(text, '/');
	const size_t size = slash ? (size_t)(slash - text) : strlen(text);
	if (size >= sizeof address)
		return false;
	memcpy(address, text, size);
	address[size] = '\0';
	const bool is_ipv6 = strchr(address, ':') != NULL;
	guint64 bits = is_ipv6 ? 128 : 32;
	if (slash && !g_ascii_string_to_unsigned(slash + 1, 10, 0, bits, &bits, NULL))
		return false;
	*network = (struct network){ .address.family = is_ipv6 ? 6 : 4, .bits = (uint8_t)bits };
	return inet_pton(is_ipv6 ? AF_INET6 : AF_INET, address, network->address.octets) == 1;
}

static bool is_in(const struct network *network, const struct address *address)
{
	const size_t whole = network->bits / 8;
	const unsigned rest = network->bits % 8;
	if (network->address.family != address->family || memcmp(network->address.octets, address->octets, whole) != 0)
		return false;
	return rest == 0 || (network->address.octets[whole] ^ address->octets[whole]) >> (8 - rest) == 0;
}

bool selection_has_time(const struct selection *selection, int64_t time)
{
	return time >= selection->after && (selection->before == 0 || time < selection->before);
}

bool selection_has_host(const struct selection *selection, const struct segment *segment)
{
	for (guint i = 0; i < selection->networks->len; i++) {
		const struct network *network = &g_array_index(selection->networks, struct network, i);
		if (is_in(network, &segment->source) || is_in(network, &segment->destination))
			return true;
	}
	return false;
}

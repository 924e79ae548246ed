/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * proxy.c - smtp_session.proxy: what a proxy header or a tunnel request before the session said.
 */
#include <string.h>

#include "private.h"
#include "text.h"

/* put_named - an address and port, if known. */
static void put_named(
	struct json *object, const struct address *address, uint16_t port, enum field ip, enum field number)
{
	if (address->family)
		json_word(object, ip, record_address(address));
	if (port > 0)
		json_number(object, number, port);
}

/* put_if_any - a text, if there is one. */
static void put_if_any(struct json *object, enum field field, const char *text)
{
	if (*text)
		json_text(object, field, span_of_text(text));
}

void record_proxy(struct json *session, const struct flow_proxy *proxy)
{
	if (!proxy)
		return;
	struct json object = json_object(session, FIELD_smtp_session_proxy);
	json_word(&object, FIELD_proxy_protocol, flow_proxy_names[proxy->protocol]);
	json_true(&object, FIELD_proxy_local, proxy->local);
	put_named(&object, &proxy->source, proxy->source_port, FIELD_proxy_src_ip, FIELD_proxy_src_port);
	put_named(&object, &proxy->destination, proxy->destination_port, FIELD_proxy_dest_ip, FIELD_proxy_dest_port);
	put_if_any(&object, FIELD_proxy_dest_host, proxy->host);
	put_if_any(&object, FIELD_proxy_src_path, proxy->source_path);
	put_if_any(&object, FIELD_proxy_dest_path, proxy->destination_path);
	put_if_any(&object, FIELD_proxy_username, proxy->user);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * expiry.c - the queues of the flow table (see connection.h): connections that expire after the same time, in order of
 * their last packet.
 */
#include "connection.h"

void expiry_remove(struct connection *connection)
{
	struct expiry *queue = connection->queue;
	*(connection->older ? &connection->older->newer : &queue->oldest) = connection->newer;
	*(connection->newer ? &connection->newer->older : &queue->newest) = connection->older;
}

void expiry_append(struct connection *connection, struct expiry *queue)
{
	struct flow_table *table = connection->table;
	connection->queue = queue;
	connection->heard = table->clock.now;
	table->deadline = MIN(table->deadline, table->clock.now + queue->timeout);
	connection->older = queue->newest;
	connection->newer = NULL;
	*(queue->newest ? &queue->newest->newer : &queue->oldest) = connection;
	queue->newest = connection;
}

void expiry_renew(struct connection *connection, struct expiry *queue)
{
	if (connection->queue == queue && queue->newest == connection) {
		connection->heard = connection->table->clock.now;
		return;
	}
	expiry_remove(connection);
	expiry_append(connection, queue);
}

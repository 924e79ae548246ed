/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * expiry.c - the queues of the flow table (see connection.h): connections that expire after the same time, in order of
 * their last packet; and the list of connections that wait for missing octets, in the order in which they began to
 * wait.
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
	connection->last_seen = table->elapsed.now;
	table->deadline = MIN(table->deadline, table->elapsed.now + queue->timeout);
	connection->older = queue->newest;
	connection->newer = NULL;
	*(queue->newest ? &queue->newest->newer : &queue->oldest) = connection;
	queue->newest = connection;
}

void expiry_renew(struct connection *connection, struct expiry *queue)
{
	if (connection->queue == queue && queue->newest == connection) {
		connection->last_seen = connection->table->elapsed.now;
		return;
	}
	expiry_remove(connection);
	expiry_append(connection, queue);
}

void expiry_wait(struct connection *connection, bool waits)
{
	struct flow_table *table = connection->table;
	struct work *work = connection->work;
	if (work->waits == waits)
		return;
	work->waits = waits;
	if (waits) {
		struct connection *before = table->waits_shortest;
		work->waits_since = table->elapsed.now;
		table->deadline = MIN(table->deadline, table->elapsed.now + table->queues[QUEUE_OPEN].timeout);
		work->waits_longer = before;
		work->waits_shorter = NULL;
		*(before ? &before->work->waits_shorter : &table->waits_longest) = connection;
		table->waits_shortest = connection;
		return;
	}
	struct connection *longer = work->waits_longer, *shorter = work->waits_shorter;
	*(longer ? &longer->work->waits_shorter : &table->waits_longest) = shorter;
	*(shorter ? &shorter->work->waits_longer : &table->waits_shortest) = longer;
}

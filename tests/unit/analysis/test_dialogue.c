/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_dialogue.c - 10,000 random conversations of a model that knows the truth (tests/kits/model.h), cut into segments
 * at random places, give exactly the model's transactions, and no alert. The segments of the two directions come as
 * they were sent, or mixed in any order whatever, each direction in its own order: the acknowledgements must be enough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kits/model.h"
#include "session.h"

#define DIALOGUES 10000

struct found {
	GString *transactions, *alerts;
	GChecksum *digest;
};

static void on_content_begin(void *context, struct transaction *tx)
{
	struct found *f = context;
	g_checksum_reset(f->digest);
}

static void on_content(void *context, struct transaction *tx, struct span piece)
{
	struct found *f = context;
	g_checksum_update(f->digest, piece.data, (gssize)piece.size);
}

static void on_transaction_end(void *context, struct transaction *tx)
{
	static const char *const transfers[] = { "-", "data", "bdat" };
	struct found *f = context;
	GString *accepted = g_string_new(NULL), *rejected = g_string_new(NULL);
	for (guint i = 0; i < tx->recipients->len; i++) {
		struct recipient *r = g_ptr_array_index(tx->recipients, i);
		g_string_append(r->status == RECIPIENT_ACCEPTED ? accepted : rejected, r->path->str);
	}
	bool content = tx->content_begun;
	g_string_append_printf(f->transactions, "%s|%s|%s|%s|%s|%s\n", tx->mail_from->str, accepted->str, rejected->str,
		outcome_names[tx->outcome], transfers[tx->transfer], content ? g_checksum_get_string(f->digest) : "-");
	g_string_free(accepted, TRUE);
	g_string_free(rejected, TRUE);
}

static void on_alert(void *context, const struct alert *alert)
{
	struct found *f = context;
	g_string_append_printf(f->alerts, "%s ", alert_catalogue[alert->id].name);
}

static const struct session_sink sink = {
	.content_begin = on_content_begin,
	.content = on_content,
	.transaction_end = on_transaction_end,
	.alert = on_alert,
};

/* Where one direction's segments stand. */
struct cursor {
	size_t at;
	guint message;
};

/* feed - the next segment of a direction: not beyond a message whose sender knew more. Returns false when none is left.
 */
static bool feed(
	struct session *session, struct conversation_model *m, GRand *random, enum direction d, struct cursor *c)
{
	while (c->message < m->messages[d]->len &&
		g_array_index(m->messages[d], struct message, c->message).end == c->at)
		c->message++;
	if (c->message == m->messages[d]->len)
		return false;
	struct message now = g_array_index(m->messages[d], struct message, c->message);
	size_t end = now.end;
	for (guint i = c->message + 1; i < m->messages[d]->len; i++) {
		struct message next = g_array_index(m->messages[d], struct message, i);
		if (next.acked != now.acked)
			break;
		end = next.end;
	}
	size_t size =
		g_rand_boolean(random) ? end - c->at : (size_t)g_rand_int_range(random, 1, (gint32)(end - c->at) + 1);
	uint8_t *copy = g_memdup2(m->octets[d]->data + c->at, size);
	session_bytes(session, d, span_of(copy, size), now.acked);
	g_free(copy);
	c->at += size;
	while (c->message < m->messages[d]->len &&
		g_array_index(m->messages[d], struct message, c->message).end <= c->at)
		c->message++;
	return true;
}

/* may_go - the sender of the next segment has seen what it had seen: the order of the wire */
static bool may_go(struct conversation_model *m, enum direction d, const struct cursor *own, const struct cursor *other)
{
	return own->message < m->messages[d]->len &&
	       g_array_index(m->messages[d], struct message, own->message).acked <= other->at;
}

static void play(struct session *session, struct conversation_model *m, GRand *random, bool any_order)
{
	struct cursor c[2] = { { 0, 0 }, { 0, 0 } };
	bool left[2] = { true, true };
	while (left[UP] || left[DOWN]) {
		enum direction d = g_rand_boolean(random) ? UP : DOWN;
		if (!any_order && !may_go(m, d, &c[d], &c[direction_other(d)]))
			d = direction_other(d);
		left[d] = feed(session, m, random, d, &c[d]);
		if (!left[d])
			left[direction_other(d)] = feed(session, m, random, direction_other(d), &c[direction_other(d)]);
	}
}

static void conversations(bool any_order)
{
	for (guint32 seed = 0; seed < DIALOGUES / 2; seed++) {
		GRand *random = g_rand_new_with_seed(seed * 2 + any_order);
		struct conversation_model *m = model_new(random);
		struct found f = { g_string_new(NULL), g_string_new(NULL), g_checksum_new(G_CHECKSUM_SHA256) };
		struct session_options options = { 0 };
		struct session *session = session_new(&options, &sink, &f);
		play(session, m, random, any_order);
		session_end(session, SESSION_END_CLOSED);
		session_free(session);
		if (strcmp(f.transactions->str, m->truth->str) != 0 || f.alerts->len > 0)
			print_error("seed %u: %s\n%.*s\n---\n%.*s\n", seed, f.alerts->str, (int)m->octets[UP]->len,
				m->octets[UP]->data, (int)m->octets[DOWN]->len, m->octets[DOWN]->data);
		assert_string_equal(f.transactions->str, m->truth->str);
		assert_string_equal(f.alerts->str, "");
		g_string_free(f.transactions, TRUE);
		g_string_free(f.alerts, TRUE);
		g_checksum_free(f.digest);
		model_free(m);
		g_rand_free(random);
	}
}

static void as_sent(void **state)
{
	conversations(false);
}

static void in_any_order(void **state)
{
	conversations(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_sent),
		cmocka_unit_test(in_any_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * marks.c - the ends of records in the encrypted and in the decrypted stream: converts acknowledgements from one to the
 * other. Octets count as received when their whole record was.
 *
 * At most MARKS_MAX are kept per direction, the newest ones: older acknowledgements are not needed.
 */
#include "parts.h"

#define MARKS_MAX 4096
#define MARKS_DROP 1024 /* so many are removed at once */

void marks_add(struct marks *marks, uint64_t stream, uint64_t inside)
{
	const struct mark mark = { stream, inside };
	if (!marks->list)
		marks->list = g_array_new(FALSE, FALSE, sizeof mark);
	if (marks->list->len == MARKS_MAX) {
		marks->before = g_array_index(marks->list, struct mark, MARKS_DROP - 1).inside;
		g_array_remove_range(marks->list, 0, MARKS_DROP);
	}
	g_array_append_val(marks->list, mark);
}

uint64_t marks_inside(const struct marks *marks, uint64_t stream)
{
	if (!marks->list)
		return 0;
	guint low = 0, high = marks->list->len;
	const struct mark *last = &g_array_index(marks->list, struct mark, high - 1);
	if (last->stream <= stream) /* the usual case: no search */
		return last->inside;
	while (low < high) {
		guint middle = (low + high) / 2;
		if (g_array_index(marks->list, struct mark, middle).stream <= stream)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? marks->before : g_array_index(marks->list, struct mark, low - 1).inside;
}

void marks_clear(struct marks *marks)
{
	if (marks->list)
		g_array_free(marks->list, TRUE);
	marks->list = NULL;
}

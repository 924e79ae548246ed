/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pdf.c - the targets of links in a PDF (ISO 32000-1 12.6.4.7): the strings behind /URI. Those in compressed objects
 * are not found.
 */
#include <string.h>

#include "kind.h"
#include "part.h"

#define TARGET_MAX 2048 /* octets of a target; longer ones are cut */

static const char uri_name[] = "/URI";
#define URI_NAME_SIZE (sizeof uri_name - 1)

enum pdf_place { PDF_NAME, PDF_BEHIND, PDF_STRING };

struct pdf {
	struct part *part;
	enum pdf_place place;
	size_t matched; /* octets of the name, PDF_NAME */
	unsigned depth; /* open brackets in the string */
	bool escaped;   /* the octet before is a backslash */
	size_t size;
	uint8_t target[TARGET_MAX];
};

static void *pdf_begin(struct part *part, struct span head)
{
	if (!part->kind || strcmp(part->kind->extension, ".pdf") != 0 || !part->parts->options->urls)
		return NULL;
	struct pdf *pdf = g_new(struct pdf, 1);
	memset(pdf, 0, offsetof(struct pdf, target));
	pdf->part = part;
	return pdf;
}

/* end_target - the string is complete. */
static void end_target(struct pdf *pdf)
{
	struct parts *parts = pdf->part->parts;
	GString *text = g_string_new(NULL);
	charset_guess(text, NULL, span_of(pdf->target, pdf->size));
	mime_url(parts->mail, &parts->seen, span_of(text->str, text->len));
	g_string_free(text, TRUE);
	pdf->place = PDF_NAME;
	pdf->matched = pdf->size = 0;
}

/* string_octet - an octet of the string. A backslash stands before brackets, and before line ends, which do not count.
 */
static void string_octet(struct pdf *pdf, uint8_t octet)
{
	bool plain = pdf->escaped || (octet != '(' && octet != ')');
	if (!pdf->escaped && octet == '\\') {
		pdf->escaped = true;
		return;
	}
	pdf->escaped = false;
	if (!plain && octet == ')' && pdf->depth-- == 0) {
		end_target(pdf);
		return;
	}
	pdf->depth += !plain && octet == '(';
	if (octet >= ' ' && pdf->size < TARGET_MAX)
		pdf->target[pdf->size++] = octet;
}

/* name_octet - an octet outside of strings that are wanted. */
static void name_octet(struct pdf *pdf, uint8_t octet)
{
	if (pdf->place == PDF_BEHIND && octet == '(') {
		pdf->place = PDF_STRING;
		pdf->depth = 0;
	} else if (pdf->place == PDF_NAME || !g_ascii_isspace(octet)) {
		pdf->place = PDF_NAME;
		pdf->matched = octet == (uint8_t)uri_name[pdf->matched] ? pdf->matched + 1 : octet == '/';
		if (pdf->matched == URI_NAME_SIZE) {
			pdf->place = PDF_BEHIND;
			pdf->matched = 0;
		}
	}
}

static void pdf_feed(void *state, struct span piece)
{
	struct pdf *pdf = state;
	for (const uint8_t *at = piece.data, *end = at + piece.size; at < end; at++) {
		if (pdf->place == PDF_NAME && pdf->matched == 0 && !(at = memchr(at, '/', (size_t)(end - at))))
			return;
		if (pdf->place == PDF_STRING)
			string_octet(pdf, *at);
		else
			name_octet(pdf, *at);
	}
}

/* pdf_gap - a string that has a gap is not the target. */
static void pdf_gap(void *state, uint64_t size)
{
	struct pdf *pdf = state;
	pdf->place = PDF_NAME;
	pdf->matched = pdf->size = 0;
	pdf->escaped = false;
}

static void pdf_end(void *state, struct part *part)
{
	g_free(state);
}

static size_t pdf_memory(const void *state)
{
	return sizeof(struct pdf);
}

const struct part_inspector pdf_inspector = {
	.begin = pdf_begin, .feed = pdf_feed, .gap = pdf_gap, .end = pdf_end, .drop = g_free, .memory = pdf_memory
};

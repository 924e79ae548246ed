/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * detector_cases_content.c - what raises the alerts on credentials, content and transport, and near misses.
 */
#include <string.h>

#include "detector_bench.h"

/* ---- credentials ---- */

void case_cleartext_auth(struct bench *b, bool hit)
{
	static const char *const mechanisms[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER" };
	for (int i = 0; i < 4; i++)
		bench_auth(b, hit ? mechanisms[i] : "SCRAM-SHA-256", "alice", "secret", i % 2 ? 235 : 535);
	bench_auth(b, "LOGIN", "alice", NULL, 501); /* cancelled before the password */
	assert_int_equal(b->raised[ALERT_cleartext_auth], hit ? 4 : 0);
	assert_true(!hit || (!strstr(b->description, "secret") && strstr(b->description, "alice")));
	struct session_auth inside = { .mechanism = g_string_new("PLAIN"), .password = g_string_new("x"), .tls = true };
	detector_auth(b->detector, b->at, &inside);
	assert_int_equal(b->raised[ALERT_cleartext_auth], hit ? 4 : 0);
	g_string_free(inside.mechanism, TRUE);
	g_string_free(inside.password, TRUE);
}

void case_weak_auth(struct bench *b, bool hit)
{
	bench_auth(b, hit ? "CRAM-MD5" : "PLAIN", "alice", NULL, 235);
	bench_auth(b, "NTLM", hit ? "alice" : NULL, NULL, hit ? 535 : 504);
	bench_auth(b, "DIGEST-MD5", NULL, NULL, 501);
	assert_int_equal(b->raised[ALERT_weak_auth], hit ? 2 : 0);
}

/* ---- content ---- */

void case_mime_malformed(struct bench *b, bool hit)
{
	bench_defect(b, hit ? MIME_MALFORMED : MIME_TOO_DEEP);
}

void case_mime_depth(struct bench *b, bool hit)
{
	bench_defect(b, hit ? MIME_TOO_DEEP : MIME_HEADER_LIMIT);
}

void case_mime_header_limit(struct bench *b, bool hit)
{
	bench_defect(b, hit ? MIME_HEADER_LIMIT : MIME_DUPLICATE_HEADER);
}

void case_mime_duplicate_header(struct bench *b, bool hit)
{
	bench_defect(b, hit ? MIME_DUPLICATE_HEADER : MIME_MALFORMED);
}

void case_attachment_executable(struct bench *b, bool hit)
{
	static const char *const hits[] = { "setup.EXE", "run.js", "a.ps1", "x.lnk", "x.vbs ", "y.bat.", "z.jar",
		"run.js::$DATA", "'run.js'", "run.js\302\240", "run.js\342\200\213 ." };
	static const char *const misses[] = { "report.pdf", "exe", "notes.json", "js", "a.exe.txt", "photo.jpeg",
		".com", "run.js$DATA", "'run.js)'", "\302\240", "run.\342\200\213js" };
	for (size_t i = 0; i < G_N_ELEMENTS(hits); i++)
		bench_file(b, hit ? hits[i] : misses[i], "application/octet-stream");
	assert_int_equal(b->raised[ALERT_attachment_executable], hit ? 11 : 0);
	if (hit) {
		bench_file_bytes(b, "data.bin", "application/octet-stream", WINDOWS_PROGRAM);
		bench_file_bytes(b, "data", "application/octet-stream", "\177ELF\2\1\1", 7);
		bench_file_bytes(b, NULL, "application/octet-stream", WINDOWS_PROGRAM);
		bench_file_bytes(b, "x", "text/plain", "#!/bin/sh\n", 10);
		bench_file_bytes(b, NULL, "text/plain", WINDOWS_PROGRAM);
		bench_file_bytes(b, "a.dat", "application/octet-stream", "ITSF\3\0\0\0", 8);
		bench_file_bytes(b, "a.dat", "application/octet-stream", "!<arch>\ndebian-binary   ", 24);
		bench_file_bytes(b, "a.dat", "application/octet-stream", "\xed\xab\xee\xdb\3\0", 6);
		assert_int_equal(b->raised[ALERT_attachment_executable], 19);
	} else {
		bench_file_bytes(b, "data.bin", "application/octet-stream", "MZ is how it begins", 19);
		bench_file_bytes(b, NULL, "text/plain", "#!/bin/sh\n", 10); /* the text of a mail */
		bench_file_bytes(b, "data.bin", "application/octet-stream", "", 0);
		bench_file_bytes(b, "data.bin", "application/octet-stream", "!<arch>\nother/          ", 24);
	}
}

void case_attachment_double_extension(struct bench *b, bool hit)
{
	static const char *const hits[] = { "invoice.pdf.exe", "photo.JPG   .scr", "a.b.doc.js",
		"a\xe2\x80\xa4pdf.exe" };
	static const char *const misses[] = { "jquery.min.js", "tool-1.2.exe", "archive.tar.gz", "a\xe2\x80\xa4pdf" };
	for (size_t i = 0; i < G_N_ELEMENTS(hits); i++)
		bench_file(b, hit ? hits[i] : misses[i], "application/octet-stream");
	assert_int_equal(b->raised[ALERT_attachment_double_extension], hit ? G_N_ELEMENTS(hits) : 0);
}

void case_attachment_type_mismatch(struct bench *b, bool hit)
{
	bench_file_bytes(b, hit ? "report.pdf" : "report.exe", "application/octet-stream", WINDOWS_PROGRAM);
	bench_file_bytes(b, "tool", hit ? "image/png" : "application/x-msdownload", WINDOWS_PROGRAM);
	bench_file_bytes(b, hit ? "a.png" : "a.txt", hit ? "image/png" : "text/plain", "#!/bin/sh\n", 10);
	bench_file_bytes(b, "report.pdf", "application/pdf", "%PDF-1.7", 8);
	assert_int_equal(b->raised[ALERT_attachment_type_mismatch], hit ? 3 : 0);
}

void case_attachment_encrypted(struct bench *b, bool hit)
{
	char name[] = "a.zip";
	GPtrArray none = { 0 };
	struct mail_archive archive = { .format = "zip", .encrypted = hit, .entries = &none };
	struct mail_part part = { .filename = name, .archive = &archive };
	g_ptr_array_add(b->mail.parts, &part);
	detector_mail(b->detector, &b->tx, &b->mail);
	g_ptr_array_set_size(b->mail.parts, 0);
}

void case_filename_traversal(struct bench *b, bool hit)
{
	static const char *const hits[] = { "../../etc/passwd", "a\\b.txt", "/etc/passwd", ".." };
	static const char *const misses[] = { "a..b.txt", "...", "plan..", ".profile" };
	for (size_t i = 0; i < G_N_ELEMENTS(hits); i++)
		bench_file(b, hit ? hits[i] : misses[i], "text/plain");
	assert_int_equal(b->raised[ALERT_filename_traversal], hit ? 4 : 0);
}

void case_filename_bidi(struct bench *b, bool hit)
{
	bench_file(b,
		hit ? "ann\xe2\x80\xae"
		      "cod.txt"
		    : "ann\xe2\x80\x93"
		      "cod.txt",
		"text/plain");
	bench_file(b,
		hit ? "ann\xe2\x81\xa6"
		      "cod.txt"
		    : "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d.txt",
		"text/plain");
	assert_int_equal(b->raised[ALERT_filename_bidi], hit ? 2 : 0);
}

void case_sender_mismatch(struct bench *b, bool hit)
{
	static const struct {
		const char *name, *address, *envelope;
	} hits[] = { { "The boss <ceo@firm.example>", "x@evil.example", "<bounce@other.example>" },
		{ "ceo@firm.example", "x@evil.example", "<x@mail.evil.example>" },
		{ "ceo\xef\xbc\xa0"
		  "firm.example",
			"x@evil.example", "<x@mail.evil.example>" },
		{ "x@\xe2\x80\x8b"
		  "firm.example",
			"x@evil.example", "<x@mail.evil.example>" } },
	  misses[] = { { "ceo@firm.example", "x@evil.example", "<bounce@EVIL.example>" },
		  { "The boss", "x@evil.example", "<x@other.example>" },
		  { "x@evil.ex\xc2\xad"
		    "ample",
			  "x@evil.example", "<x@other.example>" },
		  { "\xc3\xa4", "x@evil.example", "<x@other.example>" } };
	for (size_t i = 0; i < G_N_ELEMENTS(hits); i++) {
		char *name = g_strdup(hit ? hits[i].name : misses[i].name);
		char *address = g_strdup(hit ? hits[i].address : misses[i].address);
		b->mail.from_name = name;
		b->mail.from_address = address;
		g_string_assign(b->tx.mail_from, hit ? hits[i].envelope : misses[i].envelope);
		detector_mail(b->detector, &b->tx, &b->mail);
		/* the name repeats its own address */
		b->mail.from_name = b->mail.from_address;
		detector_mail(b->detector, &b->tx, &b->mail);
		b->mail.from_name = b->mail.from_address = NULL;
		g_free(name);
		g_free(address);
	}
	assert_int_equal(b->raised[ALERT_sender_mismatch], hit ? G_N_ELEMENTS(hits) : 0);
}

void case_reply_to_mismatch(struct bench *b, bool hit)
{
	static const struct {
		const char *name, *address, *reply_name, *reply_address;
	} hits[] = { { "Jo Doe", "jo@firm.example", "Jo Doe", "jo@evil.test" },
		{ NULL, "jo@firm.example", "jo@firm.example", "x@evil.test" },
		{ "Jo Doe", "jo@firm.example", "JO \xef\xbc\xa4oe\xe2\x80\x8b", "jo@evil.test" },
		{ "Jo Doe", "jo@firm.co.uk", "Jo (JO@firm.co.uk)", "x@evil.co.uk" } },
	  misses[] = { { "Jo Doe", "jo@firm.example", "Jo Doe", "answers@mail.FIRM.example" },
		  { "Jo Doe", "jo@firm.example", "The list", "list@lists.test" },
		  { NULL, "jo@firm.example", NULL, "jo@evil.test" },
		  { NULL, "jo@firm.example", "Jo", "jo@evil.test" } };
	for (size_t i = 0; i < G_N_ELEMENTS(hits); i++) {
		b->mail.from_name = g_strdup(hit ? hits[i].name : misses[i].name);
		b->mail.from_address = g_strdup(hit ? hits[i].address : misses[i].address);
		b->mail.reply_to_name = g_strdup(hit ? hits[i].reply_name : misses[i].reply_name);
		b->mail.reply_to_address = g_strdup(hit ? hits[i].reply_address : misses[i].reply_address);
		detector_mail(b->detector, &b->tx, &b->mail);
		g_clear_pointer(&b->mail.from_name, g_free);
		g_clear_pointer(&b->mail.from_address, g_free);
		g_clear_pointer(&b->mail.reply_to_name, g_free);
		g_clear_pointer(&b->mail.reply_to_address, g_free);
	}
	assert_int_equal(b->raised[ALERT_reply_to_mismatch], hit ? G_N_ELEMENTS(hits) : 0);
}

void case_link_mismatch(struct bench *b, bool hit)
{
	static const char *const hits[][2] = { { "www.bank.example", "http://evil.test/" },
		{ "https://bank.example/login", "https://bank.example.evil.test/login" },
		{ "bank.co.uk", "http://evil.co.uk" }, { "http://bank.example", "http://bank.example@192.0.2.7/" },
		{ "http://192.0.2.1/", "http://192.0.2.7/" }, { "Bank.Example/a", "https://b\xc3\xa4nk.example/a" },
		{ "http://a.bank.example:80", "ftp://evil.test:8080/x?y" }, { "bank.example", "\\\\evil.test@SSL\\x" },
		{ "bank.example", "file://evil.test/x" }, { "bank.example", "FILE:////evil.test@80/x" },
		{ "bank.example", "file:\\\\evil.test\\x" }, { "bank.example", "//evil.test/x" },
		{ "bank.example", "smb://u@evil.test/x" }, { "bank.example", "http://3232235777/x" },
		{ "bank.example", "http://0x7f.1/" }, { "bank.example", "http://evil%2etest/" } };
	static const char *const misses[][2] = { { "www.bank.example", "http://login.bank.example/" },
		{ "https://bank.example/login", "http://BANK.example." }, { "a.bank.co.uk", "http://b.bank.co.uk" },
		{ "click.here", "mailto:x@evil.test" }, { "report.pdf", "http://evil.test/" },
		{ "jo@bank.example", "http://evil.test/" }, { "1.2.3", "http://evil.test" },
		{ "b\xc3\xa4nk.example", "http://xn--bnk-qla.example/" }, { "and...so", "http://evil.test" },
		{ "http://bank", "http://evil.test" }, { "ftp:bank.example", "http://evil.test" },
		{ "bank.example", "file:///evil.test" }, { "bank.example", "\\evil.test\\x" },
		{ "bank.example", "\\\\bank.example@evil.test\\x" }, { "bank.example", "file:/evil.test" },
		{ "bank.example", "http://b%61nk.example/" }, { "192.0.2.1", "http://3221225985/" },
		{ "bank.example", "http://%00evil.test" } };
	GPtrArray *links = b->mail.links = g_ptr_array_new();
	for (size_t i = 0; i < (hit ? G_N_ELEMENTS(hits) : G_N_ELEMENTS(misses)); i++) {
		struct mail_link link = { g_strdup(hit ? hits[i][0] : misses[i][0]),
			g_strdup(hit ? hits[i][1] : misses[i][1]) };
		unsigned before = b->raised[ALERT_link_mismatch];
		g_ptr_array_set_size(links, 0);
		g_ptr_array_add(links, &link);
		detector_mail(b->detector, &b->tx, &b->mail);
		if (b->raised[ALERT_link_mismatch] - before != hit)
			fail_msg("%s -> %s", link.text, link.target);
		g_free(link.text);
		g_free(link.target);
	}
	struct mail_link good = { (char[]){ "bank.example" }, (char[]){ "http://bank.example" } },
			 bad = { (char[]){ "bank.example" }, (char[]){ "http://evil.test" } };
	struct mail_link *both[] = { &good, hit ? &bad : &good, hit ? &bad : &good };
	g_ptr_array_set_size(links, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(both); i++)
		g_ptr_array_add(links, both[i]);
	detector_mail(b->detector, &b->tx, &b->mail);
	assert_true(!hit || strstr(b->description, "; 1 more like it"));
	assert_int_equal(b->raised[ALERT_link_mismatch], hit ? G_N_ELEMENTS(hits) + 1 : 0);
	g_ptr_array_free(links, TRUE);
	b->mail.links = NULL;
}

/* ---- transport ---- */

void case_tcp_gap(struct bench *b, bool hit)
{
	detector_gap(b->detector, DOWN, 17, hit ? 1460 : 0, false);
	assert_true(!hit || (strstr(b->description, "1460") && strstr(b->description, "17")));
	b->flow.one_sided = true;
	b->flow.missing = DOWN;
	detector_gap(b->detector, DOWN, 1477, 100, false);
	assert_int_equal(b->raised[ALERT_tcp_gap], hit);
}

void case_tcp_overlap_conflict(struct bench *b, bool hit)
{
	detector_trouble(
		b->detector, hit ? FLOW_OVERLAP_CONFLICT : FLOW_TRUNCATED, UP, 5, span_of_text("other octets"));
	assert_true(!hit || strcmp(b->evidence, "other octets") == 0);
}

void case_tcp_midstream(struct bench *b, bool hit)
{
	b->flow.midstream = hit;
	bench_session(b);
	detector_end(b->detector, &b->flow);
	assert_int_equal(b->raised[ALERT_tcp_midstream], hit);
}

void case_tcp_one_sided(struct bench *b, bool hit)
{
	b->flow.one_sided = hit; /* it turns out in the end */
	detector_end(b->detector, &b->flow);
	detector_end(b->detector, &b->flow);
	assert_int_equal(b->raised[ALERT_tcp_one_sided], hit);
}

void case_truncated_packets(struct bench *b, bool hit)
{
	for (int i = 0; i < 3; i++)
		detector_trouble(b->detector, hit ? FLOW_TRUNCATED : FLOW_OVERLAP_CONFLICT, UP, 5, span_of_text(""));
	assert_int_equal(b->raised[ALERT_truncated_packets], hit);
}

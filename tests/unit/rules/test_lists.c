/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_lists.c - what a list of indicators matches, and what it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "kits/check.h"
#include "rules/private.h"

static const char text[] = "# a comment\r\n"
			   "\n"
			   "Bad.example\tbad domain\n"
			   "*.wild.example.\n"
			   ".dot.example\t\n"
			   "m\xc3\xbcnchen.example\tIDN\n"
			   "192.0.2.7\tone host\n"
			   "198.51.100.0/24\ta network\n"
			   "10.1.2.3/8\n"
			   "2001:DB8:0::/48\tsix\n"
			   "2001:db8:ffff::1\n"
			   "Anna@Mail.Example\tperson\n"
			   "d41d8cd98f00b204e9800998ecf8427e\tmd5\n"
			   "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709  \tsha1\n"
			   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\tsha256\n"
			   "HTTP://Host.Example/Path/\turl\n"
			   "https://only.example\n"
			   "hXXp[:]//fang[.]example/x\tfangs\n"
			   "dots(.)fang[dot]example\tdots\n"
			   "hxxp.example\n"
			   "192[.]0[.]2[.]99\n"
			   "u[@]fang.example\tat\n"
			   "bad.example\tsecond, does not count";

/* written - a file with this in it. */
static char *written(const void *octets, size_t size)
{
	GError *error = NULL;
	char *path;
	int fd = g_file_open_tmp("list-XXXXXX", &path, &error);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, size), size);
	close(fd);
	return path;
}

static struct list *loaded(const char *octets)
{
	GError *error = NULL;
	char *path = written(octets, strlen(octets));
	struct list *list = list_load(path, &error);
	assert_null(error);
	assert_non_null(list);
	g_unlink(path);
	g_free(path);
	return list;
}

static const char *find(const struct list *list, const char *what)
{
	/* at the end of its memory, so that nothing after it is read */
	size_t size = strlen(what);
	char *copy = g_memdup2(what, size > 0 ? size : 1);
	const char *comment = list_find(list, span_of(copy, size));
	g_free(copy);
	return comment;
}

static void what_matches(void **state)
{
	static const char *const cases[][2] = {
		{ "bad.example", "bad domain" },
		{ "BAD.Example.", "bad domain" },
		{ "a.b.bad.example", "bad domain" },
		{ "wild.example", "" },
		{ "x.wild.example", "" },
		{ "dot.example", "" },
		{ "m\xc3\xbcnchen.example", "IDN" },
		{ "xn--mnchen-3ya.example", "IDN" },
		{ "192.0.2.7", "one host" },
		{ "[192.0.2.7]", "one host" },
		{ "198.51.100.0", "a network" },
		{ "198.51.100.255", "a network" },
		{ "10.255.0.1", "" },
		{ "2001:db8::1", "six" },
		{ "2001:0db8:0000:ffff::", "six" },
		{ "[IPv6:2001:db8::1]", "six" },
		{ "2001:db8:ffff:0:0::1", "" },
		{ "anna@mail.example", "person" },
		{ "<ANNA@mail.example>", "person" },
		{ "otto@bad.example", "bad domain" },
		{ "<otto@sub.bad.example>", "bad domain" },
		{ "otto@[192.0.2.7]", "one host" },
		{ "D41D8CD98F00B204E9800998ECF8427E", "md5" },
		{ "da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha1" },
		{ "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "sha256" },
		{ "http://host.example/Path", "url" },
		{ "http://HOST.example/Path/#top", "url" },
		{ "https://only.example/", "" },
		{ "http://bad.example/x?y", "bad domain" },
		{ "http://user:pw@www.bad.example:8080/x", "bad domain" },
		{ "\\\\www.bad.example@SSL\\x", "bad domain" },
		{ "//bad.example/x", "bad domain" },
		{ "FILE:\\\\bad.example\\x", "bad domain" },
		{ "file:////bad.example@80/x", "bad domain" },
		{ "smb://bad.example", "bad domain" },
		{ "ftp://192.0.2.7/", "one host" },
		{ "http://fang.example/x", "fangs" },
		{ "dots.fang.example", "dots" },
		{ "192.0.2.99", "" },
		{ "u@fang.example", "at" },
		{ "http://[2001:db8::1]:80/", "six" },
	};
	struct list *list = loaded(text);
	assert_int_equal(list_size(list), 20);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *comment = find(list, cases[i][0]);
		if (!comment)
			fail_msg("%s is not found", cases[i][0]);
		assert_string_equal(comment, cases[i][1]);
	}
	assert_int_equal(list_hashes(list), HASH_MD5 | HASH_SHA1 | HASH_SHA256);
	list_free(list);
	list = loaded("a.example\nDA39A3EE5E6B4B0D3255BFEF95601890AFD80709\n");
	assert_int_equal(list_hashes(list), HASH_SHA1);
	list_free(list);
}

static void what_does_not(void **state)
{
	static const char *const cases[] = { "", "example", "notbad.example", "bad.example.org", "mail.example",
		"otto@mail.example", "192.0.2.8", "198.51.101.0", "9.255.255.255", "11.0.0.0",
		"2001:db8:1::", "192.0.2.7.example", "http.example", "fang.example", "http://host.example/path",
		"http://host.example/Path/more", "https://host.example/Path", "d41d8cd98f00b204", "\xff\xff", "a b",
		"@", "<>", "://", "http://", "\\\\", "//", "file://", "\\\\good.example@bad.example\\x",
		"file:bad.example/", "\\bad.example\\", "http://[", "[", "[]", "1.2.3.4/33", "/", "192.0.2.7/24" };
	struct list *list = loaded(text);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		if (find(list, cases[i]))
			fail_msg("%s is found", cases[i]);
	assert_null(list_find(list, span_of("bad.example\0", 12)));
	char *huge = g_strnfill(100000, 'a');
	assert_null(find(list, huge));
	g_free(huge);
	list_free(list);
	list = loaded("# nothing\n");
	assert_int_equal(list_size(list), 0);
	assert_null(find(list, "bad.example"));
	list_free(list);
}

/* What is not looked up for want of its kind is found when there is one. */
static void every_kind_alone(void **state)
{
	static const char *const cases[][3] = {
		{ "zip\n", "a.b.zip", "a.b.zap" },
		{ "a.b.example\n", "x@c.a.b.example", "x@b.example" },
		{ "192.0.2.7\n", "http://192.0.2.7/x", "192.0.2.8" },
		{ "192.0.2.0/24\n", "192.0.2.9", "192.0.3.9" },
		{ "a@b.example\n", "<A@B.example>", "b.example" },
		{ "http://b.example/x\n", "http://b.example/x", "b.example" },
		{ "d41d8cd98f00b204e9800998ecf8427e\n", "d41d8cd98f00b204e9800998ecf8427e",
			"a.d41d8cd98f00b204e9800998ecf8427e" },
		{ "d41d8cd98f00b204\n", "a.d41d8cd98f00b204", "d41d8cd98f00b204e9800998ecf8427e" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct list *list = loaded(cases[i][0]);
		assert_non_null(find(list, cases[i][1]));
		assert_null(find(list, cases[i][2]));
		list_free(list);
	}
}

static void many(void **state)
{
	GString *lines = g_string_new(NULL);
	for (int i = 0; i < 5000; i++)
		g_string_append_printf(lines, "d%d.example\tnumber %d\n%d.%d.0.0/16\n", i, i, 11 + i / 250, i % 250);
	struct list *list = loaded(lines->str);
	assert_int_equal(list_size(list), 10000);
	for (int i = 0; i < 5000; i++) {
		char name[40], wanted[40];
		g_snprintf(name, sizeof name, "x.d%d.example", i);
		g_snprintf(wanted, sizeof wanted, "number %d", i);
		assert_string_equal(find(list, name), wanted);
		g_snprintf(name, sizeof name, "%d.%d.7.8", 11 + i / 250, i % 250);
		assert_non_null(find(list, name));
	}
	assert_null(find(list, "d5000.example"));
	list_free(list);
	g_string_free(lines, TRUE);
}

/* refused - such a file is no list; the sentence has these words. */
static void refused(const void *octets, size_t size, const char *words)
{
	GError *error = NULL;
	char *path = written(octets, size);
	assert_null(list_load(path, &error));
	assert_non_null(error);
	assert_has(error->message, words);
	assert_has(error->message, path);
	g_error_free(error);
	g_unlink(path);
	g_free(path);
}

static void files_that_are_no_lists(void **state)
{
	GError *error = NULL;
	refused("good.example\ntwo words\n", 23, ":2: neither");
	refused("a.example\n\n\x1b[31m\n", 16, ":3: neither");
	refused("1.2.3.4/33\n", 11, ":1: neither");
	refused("x\0y.example\n", 12, ":1: neither");
	refused("x.example\tc\0d\n", 14, ":1: neither");
	assert_null(list_load("/nonexistent/list", &error));
	assert_non_null(error);
	g_clear_error(&error);
	assert_null(list_load("/", &error));
	assert_has(error->message, "it is not a regular file");
	g_clear_error(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matches),
		cmocka_unit_test(what_does_not),
		cmocka_unit_test(every_kind_alone),
		cmocka_unit_test(many),
		cmocka_unit_test(files_that_are_no_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

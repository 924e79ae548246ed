/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_extract.c - files under --extract: what they are called, when they are there, and what a part is by its octets.
 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "kits/folder.h"
#include "kits/mail_kit.h"

struct place {
	char *folder;
	struct mail_options options;
};

static int make_place(void **state)
{
	struct place *place = g_new0(struct place, 1);
	place->folder = folder_new();
	place->options = (struct mail_options){
		.parse = true, .extract_dir = place->folder, .hashes = HASH_SHA256 | HASH_SHA1 | HASH_MD5, .magic = true
	};
	*state = place;
	return 0;
}

/* count_files - what is in the folder, temporary files too. */
static unsigned count_files(const char *folder)
{
	GDir *directory = g_dir_open(folder, 0, NULL);
	unsigned count = 0;
	while (g_dir_read_name(directory) != NULL)
		count++;
	g_dir_close(directory);
	return count;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	folder_remove(place->folder);
	g_free(place);
	/* the folder is opened once a process */
	mail_exit();
	mail_init();
	return 0;
}

static void file_is(const char *path, const void *octets, size_t size)
{
	char *text;
	gsize length;
	assert_true(g_file_get_contents(path, &text, &length, NULL));
	assert_int_equal(length, size);
	assert_memory_equal(text, octets, size);
	g_free(text);
}

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* SHA-256 of "abc" */

static const char evil[] = "Subject: x\r\nContent-Type: application/pdf; name=\"../../../tmp/evil\"\r\n"
			   "Content-Transfer-Encoding: base64\r\n\r\nYWJj\r\n";

static void files_are_named_by_their_hash(void **state)
{
	struct place *place = *state;
	struct mail *mail = mail_of(&place->options, evil, strlen(evil), WHOLE);
	const struct mail_part *part = mail->parts->pdata[0];
	char *content = g_strdup_printf("%s/%s.eml", place->folder, mail->sha256);
	char *file = g_strdup_printf(
		"%s/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.txt", place->folder);
	assert_string_equal(part->filename, "../../../tmp/evil");
	assert_string_equal(mail->path, content);
	assert_string_equal(part->path, file);
	assert_true(part->stored);
	assert_string_equal(part->md5, "900150983cd24fb0d6963f7d28e17f72");
	assert_string_equal(part->sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	file_is(content, evil, strlen(evil));
	file_is(file, "abc", 3);
	assert_int_equal(count_files(place->folder), 3);
	mail_free(mail);
	/* the same content again is the same files */
	mail = mail_of(&place->options, evil, strlen(evil), WHOLE);
	assert_string_equal(mail->path, content);
	assert_null(mail->error);
	assert_int_equal(count_files(place->folder), 3);
	mail_free(mail);
	g_free(content);
	g_free(file);
}

static void what_is_there_is_compared(void **state)
{
	static const char *const lies[] = { "", "abd", "abcd", "ab" };
	struct place *place = *state;
	char *file = g_strdup_printf("%s/" ABC ".txt", place->folder);
	for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
		assert_true(g_file_set_contents(file, lies[i], -1, NULL));
		struct mail *mail = mail_of(&place->options, evil, strlen(evil), WHOLE);
		assert_null(mail->error);
		file_is(file, "abc", 3);
		assert_int_equal(count_files(place->folder), 3);
		mail_free(mail);
	}
	GStatBuf before, after;
	assert_int_equal(g_stat(file, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	struct mail *mail = mail_of(&place->options, evil, strlen(evil), WHOLE);
	assert_int_equal(g_stat(file, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(count_files(place->folder), 3);
	mail_free(mail);
	g_unlink(file);
	/* a folder is in the way */
	assert_int_equal(g_mkdir(file, 0700), 0);
	mail = mail_of(&place->options, evil, strlen(evil), WHOLE);
	assert_has(mail->error, ABC);
	assert_false(((const struct mail_part *)mail->parts->pdata[0])->stored);
	assert_int_equal(count_files(place->folder), 3);
	mail_free(mail);
	g_rmdir(file);
	g_free(file);
}

static void an_index_says_whose_they_are(void **state)
{
	static const char quoted[] =
		"Message-ID: <1@x>\r\nContent-Disposition: attachment; filename=\"a\\\"\\\\b\t.txt\"\r\n\r\nabc";
	struct place *place = *state;
	struct mail *mail = mail_of(&place->options, quoted, strlen(quoted), WHOLE);
	char *index = g_build_filename(place->folder, "index.jsonl", NULL), *text;
	char *expected =
		g_strdup_printf("{\"sha256\":\"%s\",\"file\":\"%s.eml\",\"mail\":\"%s\",\"message_id\":\"<1@x>\"}\n"
				"{\"sha256\":\"" ABC "\",\"file\":\"" ABC ".txt\",\"name\":\"a\\\"\\\\b\\u0009.txt\","
				"\"part\":\"1\",\"mail\":\"%s\"}\n",
			mail->sha256, mail->sha256, mail->sha256, mail->sha256);
	assert_true(g_file_get_contents(index, &text, NULL, NULL));
	assert_string_equal(text, expected);
	mail_free(mail);
	g_free(text);
	/* nobody else's file is written to */
	g_unlink(index);
	assert_int_equal(symlink("/dev/null", index), 0);
	mail = mail_of(&place->options, quoted, strlen(quoted), WHOLE);
	assert_has(mail->error, "index.jsonl");
	mail_free(mail);
	g_free(expected);
	g_free(index);
}

static void extension_is(const struct place *place, const char *octets, size_t size, const char *expected)
{
	GString *text =
		g_string_new("Content-Type: image/gif; name=a.gif\r\nContent-Transfer-Encoding: binary\r\n\r\n");
	g_string_append_len(text, octets, (gssize)size);
	struct mail *mail = mail_of(&place->options, text->str, text->len, WHOLE);
	const struct mail_part *part = mail->parts->pdata[0];
	const char *slash = strrchr(part->path, '/');
	assert_string_equal(slash + 65, expected);
	mail_free(mail);
	g_string_free(text, TRUE);
}

static void the_content_gives_the_extension(void **state)
{
	extension_is(*state, "%PDF-1.4", 8, ".pdf");
	extension_is(*state, "\x89PNG\r\n\x1a\n", 8, ".png");
	extension_is(*state, "MZ\x90\0\3", 5, ".exe");
	extension_is(*state, "MZ is a text", 12, ".txt");
	extension_is(*state, "\xef\xbb\xbf <!DOCTYPE html>", 19, ".html");
	extension_is(*state, "From: a@b.example\r\n", 19, ".eml");
	extension_is(*state, "{\\rtf1", 6, ".rtf");
	extension_is(*state, "\0\0\0 ftypheic", 12, ".heic");
	extension_is(*state, "\0\0\0 ftypisom", 12, ".mp4");
	extension_is(*state, "\1\2\3", 3, "");
	extension_is(*state, "", 0, "");
}

static void a_link_in_the_way_is_not_followed(void **state)
{
	struct place *place = *state;
	char *file = g_strdup_printf(
		"%s/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.txt", place->folder);
	char *target = g_strdup_printf("%s/target", place->folder);
	assert_true(g_file_set_contents(target, "keep", 4, NULL));
	assert_int_equal(symlink(target, file), 0);
	struct mail *mail = mail_of(&place->options, evil, strlen(evil), WHOLE);
	file_is(target, "keep", 4);
	file_is(file, "abc", 3);
	mail_free(mail);
	g_free(file);
	g_free(target);
}

static void what_cannot_be_stored_is_named(void **state)
{
	struct place *place = *state;
	struct rlimit before, limit;
	GString *text = g_string_new("Content-Type: text/plain\r\n\r\n");
	for (unsigned i = 0; i < 5000; i++)
		g_string_append(text, "more than the disk holds\r\n");
	/* a file size limit fails as a full disk does */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = (struct rlimit){ 4096, before.rlim_max };
	setrlimit(RLIMIT_FSIZE, &limit);
	struct mail *mail = mail_of(&place->options, text->str, text->len, WHOLE);
	setrlimit(RLIMIT_FSIZE, &before);
	const struct mail_part *part = mail->parts->pdata[0];
	assert_non_null(mail->error);
	assert_has(mail->error, mail->sha256);
	assert_has(mail->error, part->sha256);
	assert_false(part->stored);
	assert_null(part->path);
	assert_null(mail->path);
	assert_int_equal(count_files(place->folder), 0);
	mail_free(mail);
	g_string_free(text, TRUE);
}

static void without_the_folder_it_says_so(void **state)
{
	struct mail_options options = { .parse = true, .extract_dir = "/nonexistent/folder" };
	struct mail *mail = mail_of(&options, evil, strlen(evil), WHOLE);
	assert_has(mail->error, "/nonexistent/folder");
	mail_free(mail);
}

static void octets_say_what_a_file_is(void **state)
{
#if HAVE_MAGIC
	static const char png[] = "Content-Type: application/octet-stream; "
				  "name=a\r\n\r\n\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0";
	struct place *place = *state;
	struct mail *mail = mail_of(&place->options, png, sizeof png - 1, WHOLE);
	const struct mail_part *part = mail->parts->pdata[0];
	assert_non_null(part->magic);
	assert_true(g_str_has_prefix(part->magic, "PNG image data"));
	mail_free(mail);
	mail = mail_of(&place->options, "Subject: x\r\n\r\ntext", 18, WHOLE);
	assert_null(((const struct mail_part *)mail->parts->pdata[0])->magic);
	mail_free(mail);
#endif
}

/* Archives of one small member or two, made by zip, 7z and by hand (rar). */
static bool is_encrypted(const char *base64)
{
	static const struct mail_options options = { .parse = true, .archives = true };
	char *text = g_strdup_printf(
		"Content-Type: application/octet-stream; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n",
		base64);
	struct mail *mail = mail_of(&options, text, strlen(text), WHOLE);
	const struct mail_part *part = mail->parts->pdata[0];
	bool encrypted = part->archive && part->archive->encrypted;
	mail_free(mail);
	g_free(text);
	return encrypted;
}

static void encrypted_archives_are_told(void **state)
{
	static const struct {
		const char *what, *base64;
		bool encrypted;
	} archives[] = {
		{ "a zip",
			"UEsDBAoAAAAAALFydl1DvrfoAQAAAAEAAAABAAAAYWFQSwECHgMKAAAAAACxcnZdQ7636AEAAAABAAAAAQAAAAAA"
			"AAABAAAApIEAAAAAYVBLBQYAAAAAAQABAC8AAAAgAAAAAAA=",
			false },
		{ "an encrypted zip",
			"UEsDBAoACQAAALFydl1DvrfoDQAAAAEAAAABAAAAYRC8CougIYuEupzcH8pQSwcIQ7636A0AAAABAAAAUEsBAh4D"
			"CgAJAAAAsXJ2XUO+t+gNAAAAAQAAAAEAAAAAAAAAAQAAAKSBAAAAAGFQSwUGAAAAAAEAAQAvAAAAPAAAAAAA",
			true },
		{ "a zip whose second member is encrypted",
			"UEsDBAoAAAAAALFydl1DvrfoAQAAAAEAAAABAAAAYWFQSwMECgAJAAAAsXJ2XfnvvnENAAAAAQAAAAEAAABi0gmW"
			"4fF6U5ZKDTbNVFBLBwj5775xDQAAAAEAAABQSwECHgMKAAAAAACxcnZdQ7636AEAAAABAAAAAQAAAAAAAAABAAAA"
			"pIEAAAAAYVBLAQIeAwoACQAAALFydl35775xDQAAAAEAAAABAAAAAAAAAAEAAACkgSAAAABiUEsFBgAAAAACAAIA"
			"XgAAAFwAAAAAAA==",
			true },
		{ "a 7z",
			"N3q8ryccAASsGRf/BQAAAAAAAABKAAAAAAAAAOXYNKgBAABhAAEEBgABCQUABwsBAAEhIQEADAEACAoBQ7636AAA"
			"BQEZDAAAAAAAAAAAAAAAABEFAGEAAAAUCgEAJ/gKx4x63QEVBgEAIICkgQAA",
			false },
		{ "an encrypted 7z",
			"N3q8ryccAAQjLri5EAAAAAAAAABaAAAAAAAAACIZtrpuk+NHQ9VBwDsw7+fP0UqjAQQGAAEJEAAHCwEAAiQG8QcB"
			"ElMPDnmek5lkazSJzxoDWrWyTSEhAQABAAwFAQAICgFDvrfoAAAFARkBABEFAGEAAAAUCgEAJ/gKx4x63QEVBgEA"
			"IICkgQAA",
			true },
		{ "a 7z with encrypted names",
			"N3q8ryccAAQ1JwxOcAAAAAAAAAAuAAAAAAAAAMXNQliLTaLqkbreoWugaFJ5AQaNrOVtNFb46ghU02vYyucwveIX"
			"eV3Y+vEBO3CkzQbY6osZ7UEIdY9oF3ZehRJDEMXU+Zc8ylZVOhaBE4fdPmYFJnVQ2IcKBHGaUZeGABe4zjK70oJt"
			"Bbrf60sE9Noi6DR2FwYQAQlgAAcLAQABJAbxBwESUw/q+G4+UoDwE6ABTMxfmJx4DFoKASA6S3EAAA==",
			true },
		{ "a rar 4", "UmFyIRoHAM+QcwAADQAAAAAAAABWyHQAgCEABQAAAAUAAAADhqYQNgAAAAAdMAEApIEAAGFoZWxsb8Q9ewBABwA=",
			false },
		{ "a rar 4 with an encrypted member",
			"UmFyIRoHAM+QcwAADQAAAAAAAAB2RHQEgCEABQAAAAUAAAADhqYQNgAAAAAdMAEApIEAAGFoZWxsb8Q9ewBABwA=",
			true },
		{ "a rar 4 with encrypted headers",
			"UmFyIRoHAM6Zc4AADQAAAAAAAAB2RHQEgCEABQAAAAUAAAADhqYQNgAAAAAdMAEApIEAAGFoZWxsb8Q9ewBABwA=",
			true },
		{ "a rar 5", "UmFyIRoHAQDFGjMyAwEAAJvztfEQAgIFBAWkgwKGphA2AAEBYWhlbGxvGbI6NQMFAAA=", false },
		{ "a rar 5 with an encrypted member",
			"UmFyIRoHAQDFGjMyAwEAAN6M7ek2AgMlBQQFpIMChqYQNgABAWEkAQAAD1NTU1NTU1NTU1NTU1NTU1NJSUlJSUlJ"
			"SUlJSUlJSUlJaGVsbG8Zsjo1AwUAAA==",
			true },
		{ "a rar 5 with encrypted headers",
			"UmFyIRoHAQA7+b1UFQQAAAAPU1NTU1NTU1NTU1NTU1NTU6qqqqqqqqqqqqqqqqqqqqq7u7u7u7u7u7u7u7u7u7u7"
			"u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7",
			true },
		{ "an encrypted zip that is cut off", "UEsDBAoACQAAALFydl1DvrfoDQAAAAEAAAABAAAAYRC8CougIYuEupzcH8pQ",
			true },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(archives); i++) {
		print_message("%s\n", archives[i].what);
		assert_int_equal(is_encrypted(archives[i].base64), archives[i].encrypted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_are_named_by_their_hash, make_place, remove_place),
		cmocka_unit_test_setup_teardown(what_is_there_is_compared, make_place, remove_place),
		cmocka_unit_test_setup_teardown(an_index_says_whose_they_are, make_place, remove_place),
		cmocka_unit_test_setup_teardown(the_content_gives_the_extension, make_place, remove_place),
		cmocka_unit_test_setup_teardown(a_link_in_the_way_is_not_followed, make_place, remove_place),
		cmocka_unit_test_setup_teardown(what_cannot_be_stored_is_named, make_place, remove_place),
		cmocka_unit_test(without_the_folder_it_says_so),
		cmocka_unit_test_setup_teardown(octets_say_what_a_file_is, make_place, remove_place),
		cmocka_unit_test(encrypted_archives_are_told),
	};
	mail_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mail_exit();
	return failed;
}

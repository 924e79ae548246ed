/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_mail.c - a fuzz target: the content of one mail. The first octet says: 1: it is whole, 2: it comes in pieces of
 * 7 octets, 4: something is missing in the middle, 8: its files are stored, 16: all that is known of it is wanted.
 */
#include <dirent.h>

#include "fuzz.h"
#include "mail.h"

static const char *folder; /* where files are stored */

static void remove_folder(void)
{
	rmdir(folder);
}

/* empty_folder - of what was stored, none of which is half there. */
static void empty_folder(void)
{
	DIR *dir = opendir(folder);
	require(dir != NULL);
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			require(unlinkat(dirfd(dir), entry->d_name, 0) == 0);
		else
			require(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
	closedir(dir);
}

/* read_back - the content is what came, octet for octet. */
static void read_back(struct mail *mail, const uint8_t *data, size_t size)
{
	uint8_t block[1000];
	uint64_t at = 0;
	for (ssize_t got; (got = mail_content(mail, at, block, sizeof block)) != 0; at += (uint64_t)got)
		require(got > 0 && at + (uint64_t)got <= size && memcmp(block, data + at, (size_t)got) == 0);
	require(at == size && mail->size == size);
}

static void check_text(const char *text)
{
	require(!text || g_utf8_validate(text, -1, NULL));
}

static void check_part(const struct mail_part *part)
{
	require(part->sha256 && part->number && part->content_type && part->head_size <= part->size);
	check_text(part->content_type);
	check_text(part->filename);
	for (guint i = 0; part->other_names && i < part->other_names->len; i++)
		check_text(part->other_names->pdata[i]);
	for (guint i = 0; part->archive && i < part->archive->entries->len; i++)
		check_text(((struct mail_entry *)part->archive->entries->pdata[i])->name);
}

/* check - what every reader of a mail relies on. */
static void check(const struct mail *mail)
{
	const char *const texts[] = { mail->from, mail->subject, mail->reply_to, mail->date, mail->message_id,
		mail->body, mail->from_name, mail->from_address };
	require(mail->unaccounted == 0);
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		check_text(texts[i]);
	for (guint i = 0; i < mail->parts->len; i++)
		check_part(mail->parts->pdata[i]);
	for (guint i = 0; i < mail->urls->len; i++)
		check_text(mail->urls->pdata[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!folder) {
		mail_init();
		folder = g_dir_make_tmp("fuzz-XXXXXX", NULL);
		require(folder != NULL);
		atexit(remove_folder);
	}
	if (size == 0)
		return 0;
	uint8_t how = data[0];
	const bool all = how & 16;
	const struct mail_options options = { .parse = true,
		.body = true,
		.urls = true,
		.archives = true,
		.html = all,
		.raw = all,
		.keep = all,
		.body_limit = 1000,
		.raw_limit = 1000,
		.magic = all && size % 8 == 0,
		.hashes = all ? HASH_MD5 | HASH_SHA1 | HASH_SHA256 : HASH_SHA256,
		.extract_dir = how & 8 ? folder : NULL };
	size_t step = how & 2 ? 7 : size;
	struct mail *mail = mail_new(&options);
	for (size_t at = 1; at < size; at += step) {
		mail_feed(mail, span_of(data + at, MIN(step, size - at)));
		if (how & 4 && at > size / 2) {
			mail_gap(mail, 100);
			how &= (uint8_t)~4;
		}
	}
	mail_finish(mail, how & 1);
	check(mail);
	if (all)
		read_back(mail, data + 1, size - 1);
	mail_free(mail);
	if (options.extract_dir)
		empty_folder();
	return 0;
}

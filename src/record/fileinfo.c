/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fileinfo.c - the fileinfo record: a body part that is a file.
 */
#include "private.h"

/* put_archive - the entries of an archive. */
static void put_archive(struct json *file, const struct mail_archive *archive)
{
	struct json object = json_object(file, FIELD_fileinfo_archive);
	cJSON *array = cJSON_CreateArray();
	json_word(&object, FIELD_archive_format, archive->format);
	json_flag(&object, FIELD_archive_encrypted, archive->encrypted);
	json_flag(&object, FIELD_archive_complete, archive->complete);
	for (guint i = 0; i < archive->entries->len; i++) {
		const struct mail_entry *entry = archive->entries->pdata[i];
		struct json row = json_detached(OF_archive_entry);
		json_string(&row, FIELD_archive_entry_name, entry->name);
		if (entry->size != UINT64_MAX)
			json_number(&row, FIELD_archive_entry_size, entry->size);
		json_flag(&row, FIELD_archive_entry_encrypted, entry->encrypted);
		cJSON_AddItemToArray(array, row.node);
	}
	json_objects(&object, FIELD_archive_entries, array);
}

void output_fileinfo(
	struct output *output, const struct place *place, const struct mail_part *part, const struct related *related)
{
	if (!output_wants(output, RECORD_FILEINFO))
		return;
	struct json root = record_begin(output, RECORD_FILEINFO, place), file = json_part(&root, OF_fileinfo);
	json_string(&file, FIELD_fileinfo_filename, part->filename);
	json_string(&file, FIELD_fileinfo_content_type, part->content_type);
	json_string(&file, FIELD_fileinfo_magic, part->magic);
	json_string(&file, FIELD_fileinfo_mimetype, part->mimetype);
	json_string(&file, FIELD_fileinfo_disposition, part->disposition);
	json_word(&file, FIELD_fileinfo_part, part->number);
	json_number(&file, FIELD_fileinfo_size, part->size);
	json_word(&file, FIELD_fileinfo_sha256, part->sha256);
	json_word(&file, FIELD_fileinfo_md5, part->md5);
	json_word(&file, FIELD_fileinfo_sha1, part->sha1);
	json_word(&file, FIELD_fileinfo_state, part->truncated ? "TRUNCATED" : "CLOSED");
	json_flag(&file, FIELD_fileinfo_gaps, part->gaps);
	json_strings(&file, FIELD_fileinfo_yara, part->yara);
	json_flag(&file, FIELD_fileinfo_stored, part->stored);
	json_string(&file, FIELD_fileinfo_path, part->path);
	if (part->archive)
		put_archive(&file, part->archive);
	if (part->macros != MACROS_UNKNOWN)
		json_flag(&file, FIELD_fileinfo_has_macros, part->macros == MACROS_PRESENT);
	record_related(&root, related);
	record_end(output, place, &root);
}

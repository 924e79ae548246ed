/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mbox.h - mails in one file (--mbox): mboxrd, as mutt, formail and Python's mailbox read it.
 *
 * Lines end in LF; lines of the content that begin with "From ", after any number of '>', get one more '>'. A mail
 * takes this form where it is found (mbox_format) and goes into the file where all come together (struct mbox): these
 * are two processes. The file is locked while a mail is written, so several runs may share it.
 */
#ifndef SMTPSCAN_RUN_MBOX_H
#define SMTPSCAN_RUN_MBOX_H

#include "mail.h"

/* mbox_format - a mail in this form, piece by piece, after mail_finish (with mail_options.keep or parse). sender: the
 * path of MAIL as on the wire, may be NULL; time: nanoseconds since 1970. Returns false with errno set when the content
 * can't be read, or when `put` returned false. */
typedef bool (*mbox_put)(void *context, const void *data, size_t size);
bool mbox_format(struct mail *mail, const char *sender, int64_t time, mbox_put put, void *context);

struct mbox;

/* mbox_open - appends to path, which is made when it is not there. Returns NULL with errno set. */
struct mbox *mbox_open(const char *path);
/* mbox_write - the next octets of a mail. mbox_end - that was all of it; with `whole` false, or when something of it
 * could not be written (disk full), the file ends as it did before. Returns false with errno set in the latter case. */
void mbox_write(struct mbox *mbox, const void *data, size_t size);
bool mbox_end(struct mbox *mbox, bool whole);
/* mbox_close - returns false with errno set when what was written did not get to the disk. Frees mbox. */
bool mbox_close(struct mbox *mbox);

#endif

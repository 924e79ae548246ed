/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mbox.h - mails in one file (--mbox): mboxrd, as mutt, formail and Python's mailbox read it.
 *
 * Lines end in LF. Lines of the content that begin with any number of '>' and "From " get one more '>'. The worker that
 * finds a mail formats it (mbox_format); the parent writes all mails to the file (struct mbox). The file is locked
 * while a mail is written, so several runs may share it.
 */
#ifndef SMTPSCAN_RUN_MBOX_H
#define SMTPSCAN_RUN_MBOX_H

#include "mail.h"

/* mbox_format - formats a mail piece by piece, after mail_finish (with mail_options.keep or parse). sender: the path of
 * MAIL as on the wire, may be NULL; time: nanoseconds since 1970. Returns false with errno set when the content can't
 * be read, or when `put` returned false. */
typedef bool (*mbox_put)(void *context, const void *data, size_t size);
bool mbox_format(struct mail *mail, const char *sender, int64_t time, mbox_put put, void *context);

struct mbox;

/* mbox_open - opens path for appending; creates it if needed. Returns NULL with errno set. */
struct mbox *mbox_open(const char *path);
/* mbox_write - writes the next octets of a mail. mbox_end - the mail is complete; when `whole` is false, or a write
 * failed (disk full), the file is truncated to its size before the mail. Returns false with errno set when a write
 * failed. */
void mbox_write(struct mbox *mbox, const void *data, size_t size);
bool mbox_end(struct mbox *mbox, bool whole);
/* mbox_close - returns false with errno set on a late write error. Frees mbox. */
bool mbox_close(struct mbox *mbox);

#endif

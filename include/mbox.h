/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mbox.h - mails in one file (--mbox): mboxrd, as mutt, formail and Python's mailbox read it.
 *
 * Lines end in LF; lines of the content that begin with "From ", behind any number of '>', get one more '>'. A mail with
 * less than two header fields, which readers would not see as one, gets Return-Path and X-Content-SHA256. A mail is
 * appended by one process at a time: the file is locked while it is written, so workers may share it.
 */
#ifndef SMTPSCAN_MBOX_H
#define SMTPSCAN_MBOX_H

#include "mail.h"

struct mbox;

/* mbox_open - appends to path, which is made when it is not there. Returns NULL with errno set. */
struct mbox *mbox_open(const char *path);
/* mbox_append - one mail, after mail_finish (with mail_options.keep or parse). sender: the path of MAIL as on the wire,
 * may be NULL; time: nanoseconds since 1970. Returns false with errno set when it can't be written (disk full): the
 * file ends as it did before. */
bool mbox_append(struct mbox *mbox, struct mail *mail, const char *sender, int64_t time);
/* mbox_close - returns false with errno set when what was written did not get to the disk. Frees mbox. */
bool mbox_close(struct mbox *mbox);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hidden.h - a file that has a hidden name until it is whole, so that a run that is killed leaves no half file. Private
 * to this stage.
 */
#ifndef SMTPSCAN_RUN_HIDDEN_H
#define SMTPSCAN_RUN_HIDDEN_H

#include "writer.h"

/* hidden_open - makes the file for PATH in the same folder, and locks it. Returns its writer, and its name in *hidden;
 * NULL, reported, on failure. */
struct writer *hidden_open(const char *path, char **hidden);
/* hidden_close - after its writer was closed: gives the file its name PATH; removes it when it is not good, or,
 * reported, when that fails. Frees *hidden. Returns whether the file is there and good. *hidden may be NULL: there is
 * none. */
bool hidden_close(char **hidden, const char *path, bool good);
/* hidden_clear - removes those without a lock from a folder: killed runs left them. */
void hidden_clear(const char *folder);

#endif

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""man_alerts.py SMTPSCAN MANPAGE - writes the list of the section ALERTS of the man page out of --list-alerts=json."""
import json
import re
import subprocess
import sys
import textwrap


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti")
    return "\\&" + text if text[:1] in ".'" else text


def wrapped(condition):
    """Lines of at most 80 columns, as mandoc's lint wants them."""
    return [escape(line) for line in textwrap.wrap(condition, 76, break_long_words=False, break_on_hyphens=False)]


def main():
    program, page = sys.argv[1:]
    rows = subprocess.run([program, "--list-alerts=json"], check=True, stdout=subprocess.PIPE).stdout.splitlines()
    lines, category = [], None
    for row in map(json.loads, rows):
        if row["category"] != category:
            category = row["category"]
            lines.append(".SS " + category.capitalize())
        lines += [".TP", ".BR %s \" (%s)\"" % (row["signature"], row["severity_name"]), *wrapped(row["condition"])]
    with open(page, encoding="utf-8") as file:
        text = file.read()
    head, tail = re.fullmatch(r"(.*\n\.SH ALERTS\n(?:(?!\.SS)[^\n]*\n)*).*?(\n\.SH EXAMPLES\n.*)", text, re.S).groups()
    with open(page, "w", encoding="utf-8") as file:
        file.write(head + "\n".join(lines) + tail)


main()

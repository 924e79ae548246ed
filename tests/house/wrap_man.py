#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""wrap_man.py PAGE... - wraps the text of manual pages to 80 columns, as mandoc's lint wants it; requests and examples stay."""
import re
import sys


def lines_of(line):
    """The words of a line in lines that are short enough; none begins like a request."""
    current = ""
    for word in line.split(" "):
        if current and len((current + " " + word).encode()) > 80:
            yield current
            current = ("\\&" if word[:1] in (".", "'") else "") + word
        else:
            current = current + " " + word if current else word
    yield current


def main():
    for path in sys.argv[1:]:
        wrapped, as_is = [], False
        with open(path, encoding="utf-8") as file:
            for line in file.read().splitlines():
                as_is = bool(re.match(r"\.(nf|EX|TS)\b", line)) or (as_is and not re.match(r"\.(fi|EE|TE)\b", line))
                keep = as_is or line.startswith(".") or len(line.encode()) <= 80
                wrapped += [line] if keep else lines_of(line)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(wrapped) + "\n")


main()

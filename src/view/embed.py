#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""embed.py OUTPUT NAME FILE... [- NAME FILE...] - writes a C header with one array per NAME: the contents of its files, in order."""
import sys

PER_LINE = 32  # octets


def array(name, octets):
    """A C array of octets with a NUL at the end. A string literal of this length is more than C guarantees."""
    rows = [octets[at:at + PER_LINE] for at in range(0, len(octets), PER_LINE)]
    body = "".join("\t" + ",".join(map(str, row)) + ",\n" for row in rows)
    return "static const char embedded_%s[] = {\n%s\t0 };\n" % (name, body)


def main():
    words = sys.argv[2:]
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        while words:
            end = words.index("-") if "-" in words else len(words)
            name, *files = words[:end]
            text = b""
            for path in files:
                with open(path, "rb") as file:
                    text += file.read()
            if not text.isascii() or b"\0" in text:
                sys.exit("embed.py: %s: not plain ASCII" % name)
            out.write(array(name, text))
            words = words[end + 1:]


main()

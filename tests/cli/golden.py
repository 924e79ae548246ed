#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""golden.py - checks that the output for each capture of testdata is, byte for byte, one that a person has reviewed.

    golden.py SMTPSCAN [NAME...]            compares
    golden.py SMTPSCAN --update [NAME...]   rewrites tests/golden/; read the difference before it is committed

tests/golden/TESTLIST has a line for each: name, captures (a comma between), exit status, options. A capture is a file of
testdata, or dialogues/X.txt of which X.pcap is made; `-` in front of one gives it on standard input. Two runs, the second
under another time zone and locale, must agree. Every capture of testdata must be in the list.
"""
import difflib
import os
import sys
import tempfile

import program
from generate import make_dialogues
from program import HERE, TESTDATA, captures, read_text

GOLDEN = os.path.join(HERE, "..", "golden")


def test_list():
    for line in read_text(os.path.join(GOLDEN, "TESTLIST")).splitlines():
        words = line.split()
        if words and not line.startswith("#"):
            yield words[0], words[1].split(","), int(words[2]), words[3:]


def prepare(folder):
    """prepare - puts every capture into one folder, so that pcap_filename is the same everywhere."""
    for name in captures():
        os.symlink(os.path.join(TESTDATA, name), os.path.join(folder, name))
    make_dialogues(TESTDATA, folder)


def run(folder, names, options, **environment):
    files = [name.replace("dialogues/", "").replace(".txt", ".pcap") for name in names]
    stdin = None
    if files[0].startswith("-"):
        stdin, files[0] = open(os.path.join(folder, files[0][1:]), "rb"), "-"
    done = program.run(*options, *files, cwd=folder, stdin=stdin, **environment)
    return done.stdout.decode(), done.returncode, done.stderr.decode()


def check(folder, name, names, status, options, update):
    """check - the differences, as lines."""
    output, code, errors = run(folder, names, options, TZ="UTC", LC_ALL="C")
    wrong = [] if code == status else ["exit status %d, not %d: %s" % (code, status, errors)]
    if run(folder, names, options, TZ="Asia/Tokyo", LC_ALL="C.UTF-8")[0] != output:
        wrong.append("the output depends on the time zone, the locale or chance")
    path = os.path.join(GOLDEN, name + ".jsonl")
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(output)
    expected = read_text(path) if os.path.exists(path) else ""
    if expected != output:
        wrong += list(
            difflib.unified_diff(expected.splitlines(), output.splitlines(), "expected", "got", lineterm="", n=0)
        )
    return wrong


def unlisted(tests):
    used = {c.lstrip("-") for t in tests for c in t[1]}
    have = set(captures())
    dialogues = os.listdir(os.path.join(TESTDATA, "dialogues"))
    have |= {"dialogues/" + n for n in dialogues if n.replace(".txt", ".pcap") not in have}
    return sorted(have - used)


def main():
    wanted, update = [a for a in sys.argv[1:] if a != "--update"], "--update" in sys.argv
    tests = list(test_list())
    passed = failed = 0
    for capture in unlisted(tests):
        print("FAIL %s is not in TESTLIST" % capture)
        failed += 1
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        for name, names, status, options in tests:
            if wanted and name not in wanted:
                continue
            wrong = check(folder, name, names, status, options, update)
            if wrong:
                print("FAIL %s" % name, *wrong[:20], sep="\n    ")
            passed, failed = passed + (not wrong), failed + bool(wrong)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

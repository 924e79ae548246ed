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
import subprocess
import sys
import tempfile

from generate import make

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "testdata")
GOLDEN = os.path.join(HERE, "..", "golden")


def test_list():
    with open(os.path.join(GOLDEN, "TESTLIST"), encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words and not line.startswith("#"):
                yield words[0], words[1].split(","), int(words[2]), words[3:]


def prepare(folder):
    """prepare - puts every capture into one folder, so that pcap_filename is the same everywhere."""
    for name in os.listdir(DATA):
        if name.endswith(".pcap"):
            os.symlink(os.path.join(DATA, name), os.path.join(folder, name))
    for name in os.listdir(os.path.join(DATA, "dialogues")):
        target = os.path.join(folder, name.replace(".txt", ".pcap"))
        if not os.path.exists(target):  # one that is stored holds what chance made
            with open(os.path.join(DATA, "dialogues", name), encoding="utf-8") as file:
                make(file.read(), target, DATA)


def run(smtpscan, folder, captures, options, environment):
    files = [c.replace("dialogues/", "").replace(".txt", ".pcap") for c in captures]
    stdin = None
    if files[0].startswith("-"):
        stdin, files[0] = open(os.path.join(folder, files[0][1:]), "rb"), "-"
    done = subprocess.run(
        [smtpscan, *options, *files], cwd=folder, stdin=stdin, capture_output=True, env={**os.environ, **environment}
    )
    return done.stdout.decode(), done.returncode, done.stderr.decode()


def check(smtpscan, folder, name, captures, status, options, update):
    """check - the differences, as lines."""
    output, code, errors = run(smtpscan, folder, captures, options, {"TZ": "UTC", "LC_ALL": "C"})
    wrong = [] if code == status else ["exit status %d, not %d: %s" % (code, status, errors)]
    if run(smtpscan, folder, captures, options, {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"})[0] != output:
        wrong.append("the output depends on the time zone, the locale or chance")
    path = os.path.join(GOLDEN, name + ".jsonl")
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(output)
    expected = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            expected = file.read()
    if expected != output:
        wrong += list(
            difflib.unified_diff(expected.splitlines(), output.splitlines(), "expected", "got", lineterm="", n=0)
        )
    return wrong


def unlisted(tests):
    used = {c.lstrip("-") for t in tests for c in t[1]}
    have = {n for n in os.listdir(DATA) if n.endswith(".pcap")}
    have |= {
        "dialogues/" + n for n in os.listdir(os.path.join(DATA, "dialogues")) if n.replace(".txt", ".pcap") not in have
    }
    return sorted(have - used)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    smtpscan, wanted, update = os.path.abspath(arguments[0]), arguments[1:], "--update" in sys.argv
    tests = list(test_list())
    passed = failed = 0
    for capture in unlisted(tests):
        print("FAIL %s is not in TESTLIST" % capture)
        failed += 1
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        for name, captures, status, options in tests:
            if wanted and name not in wanted:
                continue
            wrong = check(smtpscan, folder, name, captures, status, options, update)
            if wrong:
                print("FAIL %s" % name, *wrong[:20], sep="\n    ")
            passed, failed = passed + (not wrong), failed + bool(wrong)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

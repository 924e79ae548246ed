#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_recipes.py SMTPSCAN - the recipes run when pasted, and print results.

Each block of recipes/README.md is run by bash in a folder with the output of a few captures; blocks of a program that is not
installed are left out and named. Configurations of log shippers are checked by the shipper where it is installed.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from program import PROGRAM, RECIPES, TESTDATA, WAIT, read, read_text
from program import run as scan

CAPTURES = ["postfix-smuggle-lf-dot-lf.pcap", "exim-nodemailer.pcap", "postfix-rcpt-refused.pcap", "postfix-starttls-1.2.pcap",
            "cut.pcap"]


def blocks():
    return re.findall(r"^```(\w+)\n(.*?)^```$", read_text(os.path.join(RECIPES, "README.md")), re.S | re.M)


def prepare(folder):
    """prepare - an output, and logs of the other programs, of the same connections."""
    os.symlink(RECIPES, os.path.join(folder, "recipes"))
    scan("-q", "-o", "all.jsonl", *(os.path.join(TESTDATA, name) for name in CAPTURES), cwd=folder)
    with open(os.path.join(folder, "all.jsonl"), encoding="utf-8") as file:
        ids = sorted({row["community_id"] for row in map(json.loads, file) if "community_id" in row})
    with open(os.path.join(folder, "eve.json"), "w", encoding="utf-8") as file:
        for community_id in ids:
            file.write(json.dumps({"event_type": "alert", "timestamp": "t", "community_id": community_id,
                                   "alert": {"signature": "SURICATA SMTP invalid reply"}}) + "\n")
    with open(os.path.join(folder, "conn.log"), "w", encoding="utf-8") as file:
        for number, community_id in enumerate(ids):
            file.write(json.dumps({"uid": "C%d" % number, "community_id": community_id}) + "\n")


def run(folder, commands):
    return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", commands], cwd=folder, timeout=WAIT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def program_of(kind, commands):
    return kind if kind != "sh" else "sqlite3" if commands.startswith("sqlite3") else "jq"


def wrong_in_readme(folder):
    found = blocks()
    if len(found) < 9:
        yield "only %d blocks are left in recipes/README.md" % len(found)
    for kind, commands in found:
        program = program_of(kind, commands)
        if not shutil.which(program):
            print("left out, without %s: %s" % (program, commands.splitlines()[0]))
            continue
        done = run(folder, commands)
        # `head` ends the pipe of jq early, which pipefail takes for a fault.
        if done.returncode not in (0, 141) or not done.stdout.strip() or done.stderr.strip():
            yield "status %d, %r, %r:\n%s" % (done.returncode, done.stdout[-300:], done.stderr[-300:], commands)


def wrong_in_files():
    """Every file is named in the README; configurations are checked by their program or as YAML."""
    text = read_text(os.path.join(RECIPES, "README.md"))
    yield from ("%s is not in recipes/README.md" % name for name in sorted(os.listdir(RECIPES))
                if name not in text and name != "README.md" and not name.startswith("__"))
    checks = {"filebeat.yml": ["filebeat", "test", "config", "-c"], "vector.yaml": ["vector", "validate", "--no-environment"]}
    for name, command in checks.items():
        path = os.path.join(RECIPES, name)
        content = read_text(path)
        if not content.startswith("# No test runs this"):
            yield "%s does not say in its first line that no test runs it" % name
        if shutil.which(command[0]):
            done = subprocess.run([*command, path], capture_output=True)
            if done.returncode:
                yield "%s: %s" % (name, done.stderr.decode())
        try:
            import yaml
        except ImportError:
            print("left out, without python3-yaml: %s" % name)
            continue
        if not isinstance(yaml.safe_load(content), dict):
            yield "%s is no YAML" % name


def dask_python():
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import distributed"], capture_output=True).returncode == 0:
            return python
    return None


def wrong_with_dask(folder):
    python = dask_python()
    if not python:
        print("left out, without python3-distributed: dask_captures.py, dask_shards.py")
        return
    environment = dict(os.environ, SMTPSCAN=PROGRAM)
    captures = [os.path.join(TESTDATA, name) for name in CAPTURES]
    expected = scan("-q", *captures).stdout.splitlines()
    done = subprocess.run([python, os.path.join(RECIPES, "dask_captures.py"), "local", "out", *captures], cwd=folder,
                          env=environment, capture_output=True, timeout=WAIT * 2)
    if done.returncode != 1 or b"cut.pcap: exit status 5" not in done.stderr:
        yield "dask_captures.py: %d, %s" % (done.returncode, done.stderr.decode()[-2000:])
    outputs = glob.glob(os.path.join(folder, "out", "*.jsonl"))
    lines = b"".join(map(read, outputs)).splitlines()
    if sorted(lines) != sorted(expected):
        yield "dask_captures.py: not what one run writes"
    done = subprocess.run([python, os.path.join(RECIPES, "dask_shards.py"), "local", "3", "parts", captures[0]], cwd=folder,
                          env=environment, capture_output=True, timeout=WAIT * 2)
    if done.returncode != 0:
        yield "dask_shards.py: %d, %s" % (done.returncode, done.stderr.decode()[-2000:])
    merged = run(folder, "'%s' --merge parts/*.jsonl" % PROGRAM)
    if merged.stdout.encode() != scan(captures[0]).stdout:
        yield "dask_shards.py: not what one run writes: %s" % merged.stderr


def main():
    if not shutil.which("bash") or not shutil.which("jq"):
        print("no bash or no jq")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        wrong = [*wrong_in_readme(folder), *wrong_in_files(), *wrong_with_dask(folder)]
    print("\n".join(wrong) or "%d recipes" % len(blocks()))
    return 1 if wrong else 0


sys.exit(main())

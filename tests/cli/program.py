# SPDX-License-Identifier: GPL-3.0-or-later
"""program.py - what tests of the whole program share: its runs, its records, its processes, and a folder to work in.

The first argument of such a test is the program; it is taken from sys.argv here. Captures are those of testdata.
"""
import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
TESTDATA, RECIPES = os.path.join(ROOT, "testdata"), os.path.join(ROOT, "recipes")
PLAIN = os.path.join(TESTDATA, "postfix-plain.pcap")
HIGH = os.path.join(TESTDATA, "postfix-smuggle-lf-dot-lf.pcap")  # with an alert of high severity
WAIT = 60  # seconds until a run counts as one that hangs


def run(*arguments, **more):
    """run - runs the program to its end. more: as of subprocess.run; names in capitals go into the environment."""
    variables = {name: more.pop(name) for name in list(more) if name.isupper()}
    usual = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": WAIT, "env": {**os.environ, **variables}}
    return subprocess.run([PROGRAM, *arguments], **{**usual, **more})


def records(output, kind=None):
    """records - of an output: those of a kind, or all."""
    rows = [json.loads(line) for line in output.decode("utf-8").splitlines()]
    return [row for row in rows if kind in (None, row["event_type"])]


def completes(output):
    """completes - stats.complete of each capture."""
    return [row["stats"]["complete"] for row in records(output, "stats")]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def read_text(path):
    return read(path).decode("utf-8")


def captures():
    """captures - the names of all files of testdata in their order."""
    return sorted(name for name in os.listdir(TESTDATA) if name.endswith(".pcap"))


def on_terminal(columns, *arguments, stream="stdout", **more):
    """on_terminal - runs the program with a stream on a terminal of so many columns. -> what it shows"""
    try:
        master, slave = os.openpty()
    except OSError as error:  # as in a container without /dev/pts
        raise unittest.SkipTest(str(error))
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen([PROGRAM, *arguments], **{"stdout": subprocess.DEVNULL, **more, stream: slave}) as child:
        os.close(slave)
        seen = b""
        try:
            while True:
                seen += os.read(master, 65536)
        except OSError:  # the other end is closed
            pass
        child.wait(WAIT)
    os.close(master)
    return seen.decode("utf-8").replace("\r\n", "\n")


class Folder(unittest.TestCase):
    """Tests that work in a folder of their own, which is removed."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="smtpscan-test-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def file(self, name, data):
        """file - writes a file. -> its path"""
        with open(self.path(name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def status(self, expected, *arguments, **more):
        """status - runs the program, which ends with this status."""
        done = run(*arguments, **more)
        self.assertEqual(done.returncode, expected, done.stderr.decode())
        return done


# ---- processes ----


def children(pid):
    try:
        return [int(word) for word in read("/proc/%d/task/%d/children" % (pid, pid)).split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def status_of(pid):
    """status_of - the fields of /proc/PID/stat behind the name; "Z" when it has ended."""
    try:
        return read("/proc/%d/stat" % pid).decode("ascii", "replace").rsplit(") ", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["Z"]


def state_of(pid):
    return status_of(pid)[0]


def lives(pid):
    return state_of(pid) not in "ZX"


def rests(pid):
    """rests - has it waited, and used no CPU, for a while?"""
    seen = set()
    for _ in range(5):
        state, *more = status_of(pid)
        seen.add((state, *more[10:12]))
        time.sleep(0.04)
    return len(seen) == 1 and state == "S"


def until(condition, what):
    """until - waits until something is so. -> it"""
    end = time.monotonic() + WAIT
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, "not in time: " + what
        time.sleep(0.01)


def workers_of(process, count):
    """workers_of - waits for as many children. -> their numbers"""
    return until(lambda: len(children(process.pid)) == count and children(process.pid), "%d workers" % count)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_faults.py SMTPSCAN TESTDATA FAULTS - machines that fail: disks that can't be read or are full, too few descriptors,
processes that are killed.

What is the same everywhere: the program comes to its end, with a status that the manual has; where it is not 0 there is
a sentence; where something of the input is lost, stats.complete is false; status 0 means that nothing is missing.
FAULTS is the library of kits/faults.c. Works in a folder of its own, which is removed.
"""
import gzip
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM, TESTDATA, FAULTS = (os.path.abspath(path) for path in sys.argv[1:4])
PLAIN = os.path.join(TESTDATA, "postfix-plain.pcap")
OTHER = os.path.join(TESTDATA, "postfix-smuggle-lf-dot-lf.pcap")
WAIT = 30  # seconds until it counts as a hang
JOBS = "1", "3"


def run(*arguments, before=None, **environment):
    return subprocess.run(
        [PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT,
        preexec_fn=before, env=dict(os.environ, **environment))  # fmt: skip


def completes(output):
    """completes - stats.complete of each capture."""
    rows = (json.loads(line) for line in output.decode("utf-8").splitlines())
    return [row["stats"]["complete"] for row in rows if row["event_type"] == "stats"]


def small_files(size):
    """small_files - for a process: no file may be larger, as if the disk were full."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


class Faults(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="smtpscan-faults-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def path(self, name):
        return os.path.join(self.folder, name)

    # ---- what is read ----

    def read_until(self, kind, octets, path, jobs, *more):
        return run("-j", jobs, path, *more, LD_PRELOAD=FAULTS, FAULTS_FILE=path, FAULTS_AFTER=str(octets), FAULTS_KIND=kind)

    def test_a_disk_that_can_not_be_read(self):
        size = os.path.getsize(PLAIN)
        for jobs in JOBS:
            for octets in 0, 4, 23, 24, 30, 100, size // 2, size - 1:
                done = self.read_until("eio", octets, PLAIN, jobs, OTHER)
                self.assertEqual(done.returncode, 3, (octets, done.stderr))
                self.assertIn(b"postfix-plain.pcap: ", done.stderr)
                self.assertIn(b"Input/output error", done.stderr)
                self.assertEqual(completes(done.stdout), [False, True], octets)

    def test_a_compressed_capture_that_can_not_be_read(self):
        path = self.path("plain.pcap.gz")
        with open(PLAIN, "rb") as file, gzip.open(path, "wb") as out:
            out.write(file.read())
        for octets in 0, 5, 100, os.path.getsize(path) - 1:
            done = self.read_until("eio", octets, path, "1")
            self.assertEqual(done.returncode, 3, (octets, done.stderr))
            self.assertIn(b"plain.pcap.gz: ", done.stderr)
            self.assertEqual(completes(done.stdout), [False], octets)

    def test_a_capture_that_shrinks_while_it_is_read(self):
        size = os.path.getsize(PLAIN)
        for jobs in JOBS:
            for octets in 30, size // 2, size - 1:
                done = self.read_until("end", octets, PLAIN, jobs, OTHER)
                self.assertIn(done.returncode, (3, 5), (octets, done.stderr))
                self.assertIn(b"postfix-plain.pcap: ", done.stderr)
                self.assertEqual(completes(done.stdout), [False, True], octets)

    # ---- what is written ----

    def test_a_full_disk(self):
        for option in "-o", "--report", "--mbox":
            for jobs in JOBS:
                path = self.path("whole")
                self.assertEqual(run("-j", jobs, option, path, PLAIN).returncode, 0)
                size = os.path.getsize(path)
                for room in 0, 10, size // 2, size - 1:
                    done = run("-j", jobs, option, self.path("out%s%d" % (jobs, room)), PLAIN, before=small_files(room))
                    self.assertEqual(done.returncode, 4, (option, room, done.stderr))
                    self.assertIn(b"File too large", done.stderr)
                os.remove(path)
                shutil.rmtree(self.folder)
                os.mkdir(self.folder)

    def test_a_full_disk_for_information(self):
        for option in "--help", "--version", "--schema", "--list-alerts", "--graph":
            with open("/dev/full", "wb") as full:
                done = subprocess.run([PROGRAM, option], stdout=full, stderr=subprocess.PIPE, timeout=WAIT)
            self.assertEqual((done.returncode, done.stderr), (4, b"smtpscan: standard output: can't be written\n"), option)

    def test_a_full_disk_for_what_is_extracted(self):
        for jobs in JOBS:
            for room in 0, 10, 300:
                out = self.path("out%s%d" % (jobs, room))
                os.mkdir(out)
                done = run("-j", jobs, "--extract", out, PLAIN, before=small_files(room))
                self.assertEqual(done.returncode, 4, (room, done.stderr))
                self.assertIn(b"File too large", done.stderr)
                for name in os.listdir(out):
                    if name != "index.jsonl":
                        self.assertTrue(name.split(".")[0].isalnum() and os.path.getsize(os.path.join(out, name)) > 0, name)

    def test_no_room_for_temporary_files(self):
        whole, read_only = run("-e", "all", PLAIN, OTHER), self.path("read-only")
        os.mkdir(read_only, 0o500)
        for folder in self.path("nowhere"), read_only, "/dev/null":
            done = run("-j", "3", "-e", "all", PLAIN, OTHER, TMPDIR=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout == whole.stdout)

    # ---- what is there ----

    def test_too_few_descriptors(self):
        whole = run(PLAIN, PLAIN).stdout
        for files in range(4, 21):
            limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
            for jobs in JOBS:
                done = run("-j", jobs, PLAIN, PLAIN, before=limit)
                if done.returncode == 127:  # not even the libraries
                    continue
                self.assertIn(done.returncode, (0, 3, 4), (files, done.stderr))
                if done.returncode == 0:
                    self.assertTrue(done.stdout == whole, files)
                else:
                    self.assertTrue(done.stderr.startswith(b"smtpscan: "), files)
                    self.assertNotIn(True, completes(done.stdout), files)

    def test_a_parent_that_is_killed_leaves_nothing(self):
        pipe, out = self.path("pipe.pcap"), self.path("out")
        os.mkfifo(pipe)
        process = subprocess.Popen([PROGRAM, "-j", "2", "--resume", out, pipe, PLAIN])
        with open(pipe, "wb"):
            children = self.children_of(process.pid)
            process.kill()
            process.wait(WAIT)
            end = time.monotonic() + WAIT
            while any(self.lives(pid) for pid in children) and time.monotonic() < end:
                time.sleep(0.02)
            self.assertEqual([pid for pid in children if self.lives(pid)], [])
        for name in os.listdir(out):
            if not name.startswith("."):
                with open(os.path.join(out, name), "rb") as file:
                    self.assertEqual(completes(file.read()), [True], name)

    def children_of(self, pid):
        """children_of - when there are some that have lived for a moment."""
        end, path = time.monotonic() + WAIT, "/proc/%d/task/%d/children" % (pid, pid)
        while time.monotonic() < end:
            with open(path, encoding="ascii") as file:
                found = [int(word) for word in file.read().split()]
            if found:
                time.sleep(0.2)
                return found
            time.sleep(0.02)
        return self.fail("no workers")

    @staticmethod
    def lives(pid):
        try:
            with open("/proc/%d/stat" % pid, encoding="ascii") as file:
                return file.read().rsplit(") ", 1)[1][0] not in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return False


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])

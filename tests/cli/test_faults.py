#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_faults.py SMTPSCAN FAULTS - machines that fail: disks that can't be read or are full, too few descriptors,
processes that are killed or stopped.

What is the same everywhere: the program comes to its end, with a status that the manual has; where it is not 0 there is
a sentence; where something of the input is lost, stats.complete is false; status 0 means that nothing is missing.
FAULTS is the library of kits/faults.c. Works in a folder of its own, which is removed.
"""
import gzip
import itertools
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
import unittest

from dialogue import envelope, message, session
from generate import make, split_pcap
from program import HIGH, PLAIN, PROGRAM, WAIT, Folder, children, completes, lives, read, rests, run, state_of, until

FAULTS = os.path.abspath(sys.argv.pop(1))
JOBS = "1", "3"

def boundaries(path):
    """boundaries - where the packets of a pcap begin, and its end."""
    header, found = split_pcap(read(path))
    return list(itertools.accumulate(map(len, found), initial=len(header)))


def small_files(size):
    """small_files - for a process: no file may be larger, as if the disk were full."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


class Faults(Folder):
    # ---- what is read ----

    def read_until(self, kind, octets, path, jobs, *more):
        return run("-j", jobs, path, *more, LD_PRELOAD=FAULTS, FAULTS_FILE=path, FAULTS_AFTER=str(octets), FAULTS_KIND=kind)

    def test_a_disk_that_can_not_be_read(self):
        size = os.path.getsize(PLAIN)
        for jobs in JOBS:
            for octets in 0, 4, 23, 24, 30, 100, size // 2, size - 1:
                done = self.read_until("eio", octets, PLAIN, jobs, HIGH)
                self.assertEqual(done.returncode, 3, (octets, done.stderr))
                self.assertIn(b"postfix-plain.pcap: ", done.stderr)
                self.assertIn(b"Input/output error", done.stderr)
                self.assertEqual(completes(done.stdout), [False, True], octets)

    def test_a_compressed_capture_that_can_not_be_read(self):
        path = self.path("plain.pcap.gz")
        with gzip.open(path, "wb") as out:
            out.write(read(PLAIN))
        for octets in 0, 5, 100, os.path.getsize(path) - 1:
            done = self.read_until("eio", octets, path, "1")
            self.assertEqual(done.returncode, 3, (octets, done.stderr))
            self.assertIn(b"plain.pcap.gz: ", done.stderr)
            self.assertEqual(completes(done.stdout), [False], octets)

    def test_a_capture_that_shrinks_while_it_is_read(self):
        size = os.path.getsize(PLAIN)
        for jobs in JOBS:
            for octets in 30, size // 2, size - 1:
                done = self.read_until("end", octets, PLAIN, jobs, HIGH)
                self.assertIn(done.returncode, (3, 5), (octets, done.stderr))
                self.assertIn(b"postfix-plain.pcap: ", done.stderr)
                self.assertEqual(completes(done.stdout), [False, True], octets)

    # ---- what is stopped, and changes meanwhile ----

    def start(self, path, kind, octets, *arguments, jobs="1"):
        """start - starts a run whose workers stop themselves. -> the run and its workers"""
        process = subprocess.Popen(
            [PROGRAM, "-j", jobs, *arguments, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(
                os.environ, LD_PRELOAD=FAULTS, FAULTS_FILE=path, FAULTS_KIND=kind, FAULTS_AFTER=str(octets)))  # fmt: skip
        self.addCleanup(process.kill)
        stopped = lambda: [pid for pid in children(process.pid) if state_of(pid) == "T"]
        until(lambda: len(stopped()) == int(jobs), "workers stop")
        return process, stopped()

    def finish(self, process, workers):
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        output, errors = process.communicate(timeout=WAIT)
        return subprocess.CompletedProcess([], process.returncode, output, errors)

    def copy(self, name="copy.pcap", more=b""):
        return self.file(name, read(PLAIN) + more)

    def test_a_worker_that_is_stopped_goes_on(self):
        whole = run("-e", "all", PLAIN).stdout
        for octets in boundaries(PLAIN)[::5]:
            done = self.finish(*self.start(PLAIN, "stop", octets, "-e", "all"))
            self.assertEqual((done.returncode, done.stderr, done.stdout == whole), (0, b"", True), octets)

    def test_a_worker_that_is_stopped_when_all_is_done(self):
        process, workers = self.start(PLAIN, "stop", 24, "-o", "/dev/full", HIGH, HIGH, HIGH)
        self.assertEqual(len(workers), 1)
        self.assertEqual(process.wait(WAIT) if self.finish(process, workers) else None, 4)
        pipe = self.path("pipe.pcap")
        os.mkfifo(pipe)
        process = subprocess.Popen([PROGRAM, "-j", "2", PLAIN, pipe], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        with open(PLAIN, "rb") as file, open(pipe, "wb", buffering=0) as out:
            out.write(file.read(boundaries(PLAIN)[19]))  # with a mail, which is written at once
            first = b""
            while b'"event_type":"stats"' not in first:
                first += os.read(process.stdout.fileno(), 65536)
            done = children(process.pid)[0]  # the first worker had the first capture
            os.kill(done, signal.SIGSTOP)
            until(lambda: state_of(done) == "T", "it stops")
            out.write(file.read())
        output, errors = process.communicate(timeout=WAIT)
        self.assertEqual((process.returncode, errors, completes(first + output)), (0, b"", [True, True]))

    def test_the_process_of_the_views_is_stopped_or_killed(self):
        whole = run("-t", PLAIN).stdout
        for number, status in (signal.SIGSTOP, 0), (signal.SIGKILL, 4):
            process, workers = self.start(PLAIN, "stop", boundaries(PLAIN)[9], "-t")
            viewers = [pid for pid in children(process.pid) if pid not in workers]
            self.assertEqual(len(viewers), 1)
            os.kill(viewers[0], number)
            until(lambda: state_of(viewers[0]) in "TZ", "the signal arrives")
            done = self.finish(process, workers)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertEqual(b"was killed by signal 9" in done.stderr, status == 4)
            self.assertTrue(done.stdout == (b"" if status else whole))

    def test_a_capture_that_changes_while_it_is_read(self):
        def grow(path):
            with open(path, "ab") as out:
                out.write(read(PLAIN)[24:])

        def shrink(path):
            os.truncate(path, boundaries(path)[5])

        def rewrite(path):
            time.sleep(0.02)  # more than the clock of the file system's grain
            with open(path, "r+b") as file:
                data = bytearray(file.read())
                data[-200:-100] = b"x" * 100
                file.seek(0)
                file.write(data)

        for change in grow, shrink, rewrite:
            path = self.copy()
            process, workers = self.start(path, "stop", boundaries(path)[9])
            change(path)
            done = self.finish(process, workers)
            self.assertEqual(done.returncode, 3, (change, done.stderr))
            self.assertIn(b"copy.pcap: it was written to while it was read\n", done.stderr, change)
            self.assertEqual(completes(done.stdout), [False], change)

    def test_a_capture_that_is_replaced_while_it_is_read(self):
        path, whole = self.copy(), run(PLAIN).stdout
        process, workers = self.start(path, "stop", boundaries(path)[9])
        os.rename(self.copy("new.pcap", b"damage"), path)  # what was opened is read
        done = self.finish(process, workers)
        self.assertEqual((done.returncode, done.stdout.replace(path.encode(), PLAIN.encode())), (0, whole))

    def test_a_capture_that_is_replaced_before_another_worker_opens_it(self):
        junk = struct.pack("<IIII", 1700000000, 0, 60000, 60000) + bytes(60000)
        path = self.copy("large.pcap", junk * 150)
        process, workers = self.start(path, "open", 0, "--no-sandbox", jobs="2")  # in which the new one can't be opened
        os.kill(workers[0], signal.SIGCONT)
        until(lambda: rests(workers[0]), "the first one is done")
        os.rename(self.copy("new.pcap", junk * 150), path)
        done = self.finish(process, workers)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn(b"large.pcap: it was replaced while it was read", done.stderr)
        self.assertEqual(completes(done.stdout), [False])

    def test_a_worker_that_is_killed_at_every_packet(self):
        whole = set(run("-e", "all", PLAIN, HIGH).stdout.splitlines())
        for octets in boundaries(PLAIN)[:-1]:
            done = self.read_until("kill", octets, PLAIN, "1", "-e", "all", HIGH)
            self.assertEqual(done.returncode, 3, (octets, done.stderr))
            self.assertIn(b"postfix-plain.pcap: a worker process was killed by signal 9", done.stderr)
            self.assertEqual(completes(done.stdout), [False, True], octets)
            self.assertEqual([line for line in done.stdout.splitlines() if line not in whole and b'"stats":{' not in line], [])

    def test_what_a_run_lost_is_not_what_is_expected(self):
        for options in ("--update",), ():
            done = self.read_until("kill", 1000, PLAIN, "1", *options, "--check", self.path("expected"))
            self.assertEqual(done.returncode, 3, done.stderr)

    # ---- what is written ----

    def test_a_full_disk(self):
        for option in "-o", "--report", "--mbox":
            for jobs in JOBS:
                path = self.path("whole")
                self.assertEqual(run("-j", jobs, option, path, PLAIN).returncode, 0)
                size = os.path.getsize(path)
                for room in 0, 10, size // 2, size - 1:
                    done = run("-j", jobs, option, self.path("out%s%d" % (jobs, room)), PLAIN, preexec_fn=small_files(room))
                    self.assertEqual(done.returncode, 4, (option, room, done.stderr))
                    self.assertIn(b"File too large", done.stderr)
                os.remove(path)
                shutil.rmtree(self.folder)
                os.mkdir(self.folder)

    def test_a_full_disk_for_outputs_of_their_own(self):
        for option in ("--resume",), ("--update", "--check"):
            for room in 0, 10, 500:
                out = self.path("out-%s%d" % (option[0], room))
                done = run(*option, out, PLAIN, preexec_fn=small_files(room))
                self.assertEqual(done.returncode, 4, (option, room, done.stderr))
                self.assertIn(b"File too large", done.stderr)
                self.assertEqual([name for name in os.listdir(out) if not name.startswith(".")], [], option)

    def test_nobody_reads_what_is_written(self):
        for options in ("-o",), ("--report",), ("--mbox",), ("-t", "-o"), ("--format=mails", "-o"):
            pipe = self.path("pipe")
            os.mkfifo(pipe)
            reader = threading.Thread(target=lambda: os.close(os.open(pipe, os.O_RDONLY)))
            reader.start()
            done = run(*options, pipe, *[PLAIN] * 20)
            reader.join()
            os.remove(pipe)
            self.assertEqual(done.returncode, 4, (options, done.stderr))

    def test_no_room_for_the_temporary_file_of_a_mail(self):
        path, read_only = self.path("big.pcap"), self.path("read-only")
        make(session(envelope() + message(*["a line of a mail that goes to a temporary file when it becomes larger than this"] * 20000)), path)
        os.mkdir(read_only, 0o500)
        full = {"LD_PRELOAD": FAULTS, "FAULTS_FILE": path, "FAULTS_KIND": "full"}
        for environment in [
            {"TMPDIR": self.path("nowhere")}, {"TMPDIR": "/dev/null"}, dict(full, FAULTS_AFTER="0"),
            dict(full, FAULTS_AFTER="300000")]:  # fmt: skip
            for options in ("--raw",), ("--mbox", self.path("mbox")):
                done = run(*options, path, **environment)
                self.assertEqual(done.returncode, 4, (environment, done.stderr))
                self.assertIn(b"can't write a temporary file: ", done.stderr)
                self.assertIn(b'"email":{"status":"partial"', done.stdout)

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
                done = run("-j", jobs, "--extract", out, PLAIN, preexec_fn=small_files(room))
                self.assertEqual(done.returncode, 4, (room, done.stderr))
                self.assertIn(b"File too large", done.stderr)
                for name in os.listdir(out):
                    if name != "index.jsonl":
                        self.assertTrue(name.split(".")[0].isalnum() and os.path.getsize(os.path.join(out, name)) > 0, name)

    def test_no_room_for_temporary_files(self):
        whole, read_only = run("-e", "all", PLAIN, HIGH), self.path("read-only")
        os.mkdir(read_only, 0o500)
        for folder in self.path("nowhere"), read_only, "/dev/null":
            done = run("-j", "3", "-e", "all", PLAIN, HIGH, TMPDIR=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout == whole.stdout)

    # ---- what is there ----

    def test_too_few_descriptors(self):
        whole = run(PLAIN, PLAIN).stdout
        for files in range(3, 21):
            limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
            for jobs in JOBS:
                done = run("-j", jobs, PLAIN, PLAIN, preexec_fn=limit)
                if done.returncode == 127:  # not even the libraries
                    self.assertEqual(files, 3)
                    continue
                self.assertIn(done.returncode, (0, 3), (files, done.stderr))
                if done.returncode == 0:
                    self.assertTrue(done.stdout == whole, files)
                else:
                    self.assertTrue(done.stderr.startswith(b"smtpscan: "), files)
                    self.assertNotIn(True, completes(done.stdout), files)

    def test_no_proc(self):
        whole = run("-e", "all", "--raw", PLAIN, HIGH)
        for more in [], ["-t"], ["--extract", self.path("out")]:
            done = run("-e", "all", "--raw", PLAIN, HIGH, *more, LD_PRELOAD=FAULTS, FAULTS_FILE=PLAIN, FAULTS_KIND="no-proc")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertTrue(more or done.stdout == whole.stdout)

    def test_a_worker_that_was_broken_into(self):
        """It sends reports and records that no worker sends: the parent believes none of it, and says so."""
        for kind in "false-report", "false-frame":
            for jobs in JOBS:
                with self.subTest(kind=kind, jobs=jobs):
                    done = run("-e", "all", "-j", jobs, PLAIN, HIGH, LD_PRELOAD=FAULTS, FAULTS_FILE=PLAIN, FAULTS_KIND=kind)
                    self.assertEqual(done.returncode, 3, done.stderr)
                    self.assertEqual(completes(done.stdout), [False, False])
                    self.assertEqual(done.stderr.count(b"sent what no worker sends"), 2, done.stderr)
                    expected = self.path("expected-%s-%s" % (kind, jobs))
                    done = run("--check", expected, "--update", "-j", jobs, PLAIN, LD_PRELOAD=FAULTS, FAULTS_FILE=PLAIN, FAULTS_KIND=kind)
                    self.assertEqual(done.returncode, 3, done.stderr)

    def test_a_parent_that_is_killed_at_any_time_leaves_no_half_file(self):
        names = {name: os.path.getsize(os.path.join(self.path("whole"), name)) for name in self.extracted(self.path("whole"))}
        for i, octets in enumerate(boundaries(PLAIN)[::4]):
            out, records, page = self.path("out%d" % i), self.path("records%d" % i), self.path("page%d" % i)
            writes = ["--report", page] if i % 2 else ["--resume", records]
            process, workers = self.start(PLAIN, "stop", octets, "--extract", out, *writes)
            process.kill()
            process.communicate(timeout=WAIT)
            until(lambda: not any(map(lives, workers)), "workers end")
            self.assertFalse(os.path.exists(page))
            if os.path.exists(records):
                self.assertEqual([name for name in os.listdir(records) if not name.startswith(".")], [])
            for name in os.listdir(out):
                if not name.startswith(".") and name != "index.jsonl":
                    self.assertEqual(os.path.getsize(os.path.join(out, name)), names[name])

    def extracted(self, folder):
        self.assertEqual(run("--extract", folder, PLAIN).returncode, 0)
        return [name for name in os.listdir(folder) if name != "index.jsonl"]

    def test_a_parent_that_is_killed_leaves_nothing(self):
        pipe, out = self.path("pipe.pcap"), self.path("out")
        os.mkfifo(pipe)
        process = subprocess.Popen([PROGRAM, "-j", "2", "--resume", out, pipe, PLAIN])
        with open(pipe, "wb"):
            pids = until(lambda: children(process.pid), "workers")
            time.sleep(0.2)
            process.kill()
            process.wait(WAIT)
            until(lambda: not any(map(lives, pids)), "workers end")
        for name in os.listdir(out):
            if not name.startswith("."):
                self.assertEqual(completes(read(os.path.join(out, name))), [True], name)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_evidence.py SMTPSCAN - checks that no options overwrite a capture, or write two outputs to one file."""
import hashlib
import os
import shutil
import subprocess
import unittest

from program import PLAIN, Folder, read, run


def digest(path):
    return hashlib.sha256(read(path)).hexdigest()


class Evidence(Folder):
    def setUp(self):
        super().setUp()
        self.capture = self.path("ev.pcap")
        shutil.copy(PLAIN, self.capture)
        self.before = digest(self.capture)

    def run_(self, *arguments, **more):
        return run(*arguments, cwd=self.folder, **more)

    def refused(self, words, *arguments, **more):
        names = sorted(os.listdir(self.folder))
        result = self.run_(*arguments, **more)
        self.assertEqual(result.returncode, 2, (arguments, result.stderr))
        self.assertIn(words, result.stderr.decode())
        self.assertEqual(result.stderr.count(b"\n"), 1)
        self.assertEqual(digest(self.capture), self.before, arguments)
        self.assertEqual(sorted(os.listdir(self.folder)), names, "nothing was made")

    def test_an_input_is_no_output(self):
        os.symlink("ev.pcap", self.path("link"))
        os.link(self.capture, self.path("hard"))
        os.mkdir(self.path("sub"))
        for name in ("ev.pcap", "./sub/../ev.pcap", self.capture, "link", "hard"):
            for option in ("-o", "--mbox"):
                self.refused("this is an input (a capture)", option, name, "ev.pcap")
                self.refused("this is an input (a capture)", option, name, ".")
            self.refused("this is an input (a capture)", "-o", "ev.pcap", PLAIN, name)

    def test_standard_input_and_output_are_files_too(self):
        with open(self.capture, "rb") as file:
            self.refused("this is an input (standard input)", "-o", "ev.pcap", "-", stdin=file)
        with open(self.capture, "ab") as file:
            self.refused("standard output can't write to it", "ev.pcap", stdout=file)

    def test_a_capture_is_not_overwritten_though_it_is_not_read(self):
        for option in ("-o", "--mbox"):
            self.refused("this is a capture", option, "ev.pcap", PLAIN)
        subprocess.run(["gzip", "-k", self.capture], check=True)
        self.refused("this is a capture", "-o", "ev.pcap.gz", PLAIN)

    def test_two_outputs_are_two_files(self):
        os.symlink("new", self.path("dangling"))
        os.symlink("dangling", self.path("twice"))
        for one, other in (("new", "new"), ("new", "./new"), ("new", "dangling"), ("twice", "new")):
            self.refused("can't write to the same file", "-o", one, "--mbox", other, "ev.pcap")

    def test_parts_that_are_merged_are_not_overwritten(self):
        self.assertEqual(self.run_("-o", "part", "ev.pcap").returncode, 0)
        part = digest(self.path("part"))
        self.refused("this is an input (an output to merge)", "--merge", "-o", "part", "part")
        self.assertEqual(digest(self.path("part")), part)

    def test_what_harms_nobody_is_allowed(self):
        for arguments in (["-o", "/dev/null", "--mbox", "/dev/null"], ["-o", "out", "--mbox", "box"], ["-o", "out"],
                          ["--extract", "files", "-o", "-"], ["--resume", "done"]):
            result = self.run_(*arguments, "ev.pcap")
            self.assertEqual((result.returncode, result.stderr), (0, b""), arguments)
        for name in "out", "box", "files", "done":
            self.assertTrue(os.path.exists(self.path(name)), name)
        with open(self.capture, "ab") as file:  # nothing is written there
            self.assertEqual(self.run_("-o", "out", "ev.pcap", stdout=file).returncode, 0)
            self.assertEqual(self.run_("--resume", "done", "ev.pcap", stdout=file).returncode, 0)
        self.assertEqual(digest(self.capture), self.before)


if __name__ == "__main__":
    unittest.main()

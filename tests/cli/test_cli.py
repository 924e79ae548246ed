#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_cli.py SMTPSCAN - the program as users see it: exit statuses, outputs, reproducible results.

Works in a folder of its own, which is removed. What a test needs beside Python (graphviz) is looked for; without it that
test is skipped.
"""
import json
import mailbox
import os
import re
import shutil
import signal
import subprocess
import unittest

from dialogue import BYE, hello
from generate import FILE_HEADER, make, split_pcap
from program import HIGH, PLAIN, PROGRAM, ROOT, TESTDATA, WAIT, Folder, captures, read, read_text, records, run

SECRETS = os.path.join(TESTDATA, "postfix-auth-plain.pcap")
FILES = os.path.join(TESTDATA, "exim-nodemailer.pcap")


class Cli(Folder):
    # ---- terminals ----

    def test_nothing_acts_on_a_terminal(self):
        name = "a\x1b[31m\nsmtpscan: all is well\u202e\x7f"
        path = self.file(name, b"no capture")
        said = self.status(3, path).stderr
        self.assertEqual(said.count(b"\n"), 1)
        for octets in (b"\x1b", b"\x7f", "\u202e".encode()):
            self.assertNotIn(octets, said)
        for arguments in ([path + "x"], ["--ports", name, PLAIN], ["--" + name, PLAIN], ["-f", name, PLAIN], ["-o", path + "/x", PLAIN],
                          ["--rules", path + "x", PLAIN], ["--" + name + "=x"], ["-\x1b"]):
            result = run(*arguments)
            self.assertNotEqual(result.returncode, 0)
            self.assertNotIn(b"\x1b", result.stderr, arguments)
            for line in result.stderr.splitlines():
                self.assertFalse(line.startswith(b"smtpscan: all is well"), arguments)
        self.assertIn("\\u202e", self.status(3, path).stdout.decode())

    def test_ascii_only(self):
        path = self.file("\u20ac.pcap", b"")
        self.assertIn("\u20ac", self.status(3, path).stdout.decode())
        output = self.status(3, "--ascii", path).stdout
        self.assertIn(b"\\u20ac.pcap", output)
        self.assertTrue(output.isascii())

    # ---- the sandbox ----

    def test_the_sandbox_is_told_and_can_be_left_out(self):
        said = self.status(0, "-v", PLAIN).stderr.decode()
        self.assertIn("sandbox: ", said)
        locked, free = self.status(0, "-e", "all", PLAIN), self.status(0, "--no-sandbox", "-e", "all", PLAIN)
        self.assertEqual(locked.stdout, free.stdout)
        self.assertIn("sandbox: off", self.status(0, "-v", "--no-sandbox", PLAIN).stderr.decode())

    def test_no_folder_for_temporary_files_is_no_reason_to_stop(self):
        for folder in (self.path("missing"), "/proc"):
            result = self.status(0, PLAIN, TMPDIR=folder)
            self.assertEqual(result.stdout, self.status(0, PLAIN).stdout)
            self.assertTrue(records(result.stdout, "smtp"))

    def test_nothing_is_left_behind(self):
        for arguments in (["-e", "all"], ["-t"], ["--report", self.path("page.html")], ["--no-such-option"]):
            run(*arguments, PLAIN, TMPDIR=self.folder)
        self.assertEqual(os.listdir(self.folder), ["page.html"])

    # ---- options that print information ----

    def test_questions_are_answered_on_standard_output(self):
        for option in ("--help", "-h", "--version", "--list-alerts", "--list-alerts=json", "--schema", "--graph"):
            result = self.status(0, option)
            self.assertTrue(result.stdout and not result.stderr, option)
        json.loads(self.status(0, "--schema").stdout)
        alerts = map(json.loads, self.status(0, "--list-alerts=json").stdout.splitlines())
        self.assertIn("smtp_smuggling", [row["signature"] for row in alerts])

    def test_help_fits_a_terminal_and_names_every_record(self):
        text = self.status(0, "--help").stdout.decode()
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        for record in ("smtp_command", "smtp_response", "smtp_content", "alert", "stats"):
            self.assertIn(record, text)

    def test_messages_do_not_name_the_path_of_the_program(self):
        for arguments in (["--nonsense"], ["-o"], [], ["--help=x"], ["/no/capture"], ["-Q", PLAIN]):
            done = run(*arguments)
            self.assertTrue(done.stderr or done.stdout, arguments)
            self.assertNotIn(os.path.dirname(PROGRAM).encode(), done.stderr)

    def test_progress_without_a_terminal(self):
        result = self.status(0, "--progress", "-e", "stats", PLAIN)
        self.assertRegex(result.stderr.decode(), r"^smtpscan: 100% .* 1 mails, 0 alerts\n$")
        self.assertEqual(self.status(0, "-e", "stats", PLAIN).stderr, b"")

    def test_readme_shows_the_strict_machine(self):
        """The picture agrees with the table: the same nodes, edges and labels; Graphviz decides the layout."""
        if not shutil.which("dot"):
            self.skipTest("no graphviz")
        self.assertIn("](man/machine-strict.svg)", read_text(os.path.join(ROOT, "README.md")))
        shown = read_text(os.path.join(ROOT, "man", "machine-strict.svg"))
        graph = self.status(0, "--graph=strict").stdout
        drawn = subprocess.run(["dot", "-Tsvg"], input=graph, check=True, stdout=subprocess.PIPE, timeout=WAIT).stdout.decode()
        shown, drawn = ([re.sub(' (x|y)="[^"]*"', "", part) for part in re.findall("<title>.*?</title>|<text.*?</text>", picture)]
                        for picture in (shown, drawn))
        self.assertIn('fill="#b3261e"', "".join(shown))
        self.assertEqual(shown, drawn, "smtpscan --graph=strict | dot -Tsvg > man/machine-strict.svg")

    def test_graphviz_takes_the_graph(self):
        if not shutil.which("dot"):
            self.skipTest("no graphviz")
        for option in ("--graph", "--graph=strict"):
            graph = self.status(0, option).stdout
            drawn = subprocess.run(["dot", "-Tsvg"], input=graph, check=True, stdout=subprocess.PIPE, timeout=WAIT).stdout
            self.assertIn(b">data_transmission<", drawn)

    # ---- exit statuses ----

    def test_0_even_with_alerts(self):
        result = self.status(0, HIGH)
        self.assertTrue(records(result.stdout, "alert"))
        self.assertEqual(result.stderr, b"")

    def test_1_after_an_alert_that_is_bad_enough(self):
        self.status(1, "--fail-on", "high", HIGH)
        self.status(1, "--fail-on", "low", "-e", "stats", HIGH)
        self.status(0, "--fail-on", "high", PLAIN)
        self.status(0, "--fail-on", "high", "--disable", "smtp_smuggling", HIGH)

    def test_2_for_bad_usage_with_a_sentence(self):
        for arguments in ([], ["--nonsense", PLAIN], ["-e", "nonsense", PLAIN], ["--fail-on", "x", PLAIN],
                          ["-f", "tcp prot 25", PLAIN]):
            result = self.status(2, *arguments)
            self.assertTrue(result.stderr.startswith(b"smtpscan: ") or b"smtpscan: " in result.stderr, arguments)
            self.assertEqual(result.stdout, b"")

    def test_a_filter_for_any_kind_of_link_is_no_bad_usage(self):
        self.status(0, "-f", "tcp port 25 and ether host 00:00:00:00:00:00", PLAIN)
        self.status(3, "-f", "type mgt", PLAIN)  # of 802.11 alone

    def broken(self, path, mails, status=3):
        """PATH can't be read to its end: this is reported, and the capture after it is analysed."""
        result = self.status(status, path, PLAIN)
        self.assertIn(("smtpscan: " + path).encode(), result.stderr)
        stats = records(result.stdout, "stats")
        self.assertEqual([row["stats"]["complete"] for row in stats], [False, True])
        self.assertIn(path, stats[0]["stats"]["error"])
        self.assertNotIn("error", stats[1]["stats"])
        self.assertEqual([row["stats"]["mails"] for row in stats], [mails, 1])
        self.assertEqual([row["pcap_filename"] for row in stats], [path, PLAIN])

    def test_3_for_what_cannot_be_read(self):
        self.broken(self.path("missing.pcap"), 0)
        self.broken(self.file("empty.pcap", b""), 0)
        self.broken(self.file("text.pcap", b"this is no capture, but long enough to be one\n" * 9), 0)
        self.broken(self.file("header.pcap", read(PLAIN)[:10]), 0)

    def test_5_for_what_ends_in_the_middle_of_a_packet(self):
        data = read(PLAIN)
        cut = self.file("cut.pcap", data + data[FILE_HEADER:FILE_HEADER + 40])
        self.broken(cut, 1, status=5)
        self.assertTrue(records(run(cut).stdout, "stats")[0]["stats"]["cut"])
        missing = records(run(self.path("missing.pcap")).stdout, "stats")
        self.assertNotIn("cut", missing[0]["stats"])

    def test_4_wins_over_1_over_3_over_5(self):
        data = read(PLAIN)
        cut, missing = self.file("cut.pcap", data[:-5]), self.path("missing.pcap")
        self.status(3, cut, missing)
        self.status(3, missing, cut)
        self.status(1, "--fail-on", "high", cut, HIGH, missing)
        self.status(1, "--fail-on", "high", HIGH, self.path("no", "folder"))
        self.status(4, "--fail-on", "high", "-o", "/dev/full", cut, HIGH, missing)

    def test_4_when_output_fails(self):
        with open("/dev/full", "wb") as full:
            result = self.status(4, PLAIN, stdout=full)
        self.assertIn(b"smtpscan: standard output: ", result.stderr)
        self.assertIn(b"smtpscan: /dev/full: ", self.status(4, "-o", "/dev/full", PLAIN).stderr)
        nowhere = self.path("no", "file")
        self.assertIn(nowhere.encode(), self.status(4, "-o", nowhere, PLAIN).stderr)
        for option in ("--extract", "--mbox"):
            result = self.status(4, option, os.path.join(PLAIN, "x"), PLAIN)
            self.assertIn(b"smtpscan: ", result.stderr)

    def test_4_when_nobody_reads(self):
        read, write = os.pipe()
        os.close(read)
        try:
            result = self.status(4, *[PLAIN] * 200, stdout=write)
            self.assertEqual(result.stderr, b"")  # as after `| head`
        finally:
            os.close(write)

    # ---- the same bytes ----

    def test_output_depends_on_the_capture_alone(self):
        output = self.status(0, "-e", "all", FILES).stdout
        self.assertTrue(records(output, "smtp"))
        self.assertEqual(self.status(0, "-e", "all", FILES).stdout, output)
        for env in ({"TZ": "Asia/Kathmandu"}, {"TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8"},
                    {"LANG": "de_DE.ISO-8859-1", "LC_ALL": "C"}, {"LANGUAGE": "fr", "LC_NUMERIC": "de_DE.UTF-8"}):
            self.assertEqual(self.status(0, "-e", "all", FILES, **env).stdout, output, env)

    def test_standard_input_is_a_capture_like_another(self):
        expected = [dict(row, pcap_filename="-") for row in records(self.status(0, "-e", "all", FILES).stdout)]
        self.assertIn("smtp", {row["event_type"] for row in expected})
        self.assertEqual(records(self.status(0, "-e", "all", "-", input=read(FILES)).stdout), expected)

    def test_a_file_gets_what_standard_output_would(self):
        path = self.path("out")
        self.assertEqual(self.status(0, "-o", path, PLAIN).stdout, b"")
        self.assertEqual(read(path), self.status(0, PLAIN).stdout)

    def test_a_folder_is_its_captures_sorted(self):
        for name in ("b.pcap", "a.pcap"):
            shutil.copy(PLAIN, self.path(name))
        names = [row["pcap_filename"] for row in records(self.status(0, "-e", "stats", self.folder).stdout)]
        self.assertEqual([os.path.basename(name) for name in names], ["a.pcap", "b.pcap"])

    # ---- records ----

    def test_every_line_is_an_object_in_order(self):
        for name in captures():
            result = run("-e", "all", os.path.join(TESTDATA, name))
            self.assertIn(result.returncode, (0, 5), name)
            rows = records(result.stdout)
            self.assertEqual(rows[-1]["stats"]["complete"], result.returncode == 0, name)
            keys = [(row["pcap_cnt"], row["flow_id"]) for row in rows if "flow_id" in row]
            self.assertEqual(keys, sorted(keys), name)
            self.assertEqual([row["event_type"] == "stats" for row in rows].index(True), len(rows) - 1, name)

    def test_secrets_stay_secret(self):
        quiet = self.status(0, "-e", "all", SECRETS).stdout
        loud = records(self.status(0, "-e", "all", "--show-secrets", SECRETS).stdout)
        password = next(row["smtp_auth"]["password"] for row in loud if row["event_type"] == "smtp_auth")
        self.assertNotIn(password.encode(), quiet)
        shown = [row["smtp_command"]["argument"] for row in loud
                 if row.get("smtp_command", {}).get("verb") == "AUTH"][0].split()[-1]
        self.assertNotIn(shown.encode(), quiet)
        self.assertIn(b'"PLAIN *"', quiet)

    def test_secrets_stay_secret_where_they_do_not_belong(self):
        """Credentials outside a normal AUTH exchange: no record contains them."""
        plain, user, word = "AG90dG8AVHIwdWI0ZG9yMw==", "b3R0bw==", "VHIwdWI0ZG9yM3h5"  # the last one might be a verb
        dialogues = {
            "refused": "C: AUTH LOGIN\nS: 503 no\nC: %s\nS: 500 what\nC: %s\nS: 500 unknown: \"%s\"\n" % (user, word, word),
            "pipelined": "C: AUTH PLAIN\nC: %s\nS: 504 no\nS: 500 no\n" % plain,
            "no-verb": "C:  AUTH PLAIN %s\nS: 500 no\nC: AUTH=PLAIN %s\nS: 500 no\n" % (plain, plain),
            "misspelt": "C: AUHT PLAIN %s\nS: 500 no\n" % plain,
            "of-pop3": "C: USER otto\nS: 500 no\nC: PASS %s\nS: 500 no\n" % word,
            "behind-starttls": "C: STARTTLS\nC: AUTH PLAIN %s\nS: 454 no\nS: 535 no\n" % plain,
            "behind-data": "C: MAIL FROM:<a@b.example>\nC: DATA\nC: AUTH LOGIN\nC: %s\nC: %s\nS: 250 ok\nS: 503 no\nS: 503 no\n"
                           "S: 500 no\nS: 500 no\n" % (user, word),
            "no-exchange-seen": "! lose\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: %s\nS: 334 UGFzc3dvcmQ6\nC: %s\nS: 235 ok\n" % (user, word),
            "retransmitted": "C: AUTH PLAIN %s\n! alter AUTH PLAIX\nS: 235 ok\n" % plain,
            "user-not-base64": "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: o@b\nS: 334 UGFzc3dvcmQ6\nC: %s\nS: 535 no\n" % word,
        }
        for name, text in dialogues.items():
            with self.subTest(name):
                capture = self.path(name + ".pcap")
                make(hello("PIPELINING", "AUTH PLAIN") + text + BYE, capture)
                for options in [], ["--strict"]:
                    shown = self.status(0, "-e", "all", *options, capture).stdout.decode()
                    for secret in plain, word, "Tr0ub4dor3":
                        self.assertNotIn(secret[:12], shown)
                        self.assertNotIn(secret[:12].upper(), shown)
                loud = self.status(0, "-e", "all", "--show-secrets", capture).stdout.decode()
                self.assertTrue(plain in loud or word in loud)

    def test_alerts_say_where_and_which_way(self):
        for name in ("postfix-smuggle-lf-dot-lf", "postfix-http", "exim-auth-plain", "npm-auth-plain-bruteforce"):
            rows = records(self.status(0, "-e", "alert", os.path.join(TESTDATA, name + ".pcap")).stdout)
            self.assertTrue(rows, name)
            for row in rows:
                self.assertIn("state", row["alert"])
                self.assertEqual(row["alert"]["direction"], "up")

    def test_only_what_is_wanted_is_written(self):
        rows = records(self.status(0, "-e", "flow,stats", PLAIN).stdout)
        self.assertEqual([row["event_type"] for row in rows], ["flow", "stats"])
        rows = records(self.status(0, "-e", "+smtp_command", PLAIN).stdout)
        self.assertIn("smtp_command", {row["event_type"] for row in rows})
        low = records(self.status(0, "-s", "high", "-e", "alert", HIGH).stdout)
        self.assertEqual({row["alert"]["severity_name"] for row in low}, {"high"})

    def test_content_pieces_are_the_raw_content(self):
        rows = records(self.status(0, "-e", "all", "--raw", FILES).stdout)
        raw = next(row["smtp"]["raw"] for row in rows if row["event_type"] == "smtp")
        pieces = [row["smtp_content"] for row in rows if row["event_type"] == "smtp_content"]
        self.assertEqual("".join(piece.get("text", "") for piece in pieces), raw)
        self.assertEqual([piece["last"] for piece in pieces], [False] * (len(pieces) - 1) + [True])
        cut = records(self.status(0, "--raw", "--raw-limit", "10", "--body-limit", "0", FILES).stdout, "smtp")[0]
        self.assertEqual((cut["smtp"]["raw"], cut["smtp"]["raw_truncated"]), (raw[:10], True))
        self.assertNotIn("body", cut["email"])

    # ---- mails beside the records ----

    def test_mails_and_files_are_stored(self):
        folder, box = self.path("new", "out"), self.path("mbox")
        rows = records(self.status(0, "--extract", folder, "--mbox", box, FILES).stdout)
        stored = {row["fileinfo"]["sha256"] for row in rows if row["event_type"] == "fileinfo"}
        stored |= {row["smtp"]["sha256"] for row in rows if row["event_type"] == "smtp"}
        self.assertEqual({name.split(".")[0] for name in os.listdir(folder)}, stored | {"index"})
        mails = mailbox.mbox(box)
        self.assertEqual(len(mails), 1)
        mails.close()

    # ---- recordings, live pipes ----

    def split(self, path, at):
        header, found = split_pcap(read(path))
        return (self.file("z-first.pcap", header + b"".join(found[:at])),
                self.file("a-second.pcap", header + b"".join(found[at:])))

    def test_a_rotated_recording_is_one_input(self):
        whole = records(self.status(0, "-e", "all", PLAIN).stdout)
        first, second = self.split(PLAIN, 12)
        for arguments in ([second, first], [self.folder], ["--keep-order", first, second]):
            rows = records(self.status(0, "--continuous", "-e", "all", *arguments).stdout)
            self.assertEqual({row["pcap_filename"] for row in rows}, {first, second})
            strip = lambda row: {key: value for key, value in row.items() if key != "pcap_filename"}
            self.assertEqual([strip(row) for row in rows], [strip(row) for row in whole])
        kept = records(self.status(0, "--continuous", "--keep-order", "-e", "all", second, first).stdout)
        self.assertNotEqual([strip(row) for row in kept], [strip(row) for row in whole])
        apart = records(self.status(0, "-e", "stats", first, second).stdout)
        self.assertEqual(len(apart), 2)

    def test_a_live_pipe_gets_each_record_at_once(self):
        header, found = split_pcap(read(PLAIN))
        with subprocess.Popen([PROGRAM, "-e", "all", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            try:
                process.stdin.write(header + b"".join(found[:6]))
                process.stdin.flush()
                signal.alarm(WAIT)
                self.assertEqual(json.loads(process.stdout.readline())["event_type"], "smtp_response")
                process.stdin.write(b"".join(found[6:]))
                process.stdin.close()
                self.assertEqual(records(process.stdout.read())[-1]["event_type"], "stats")
                signal.alarm(0)
            finally:
                process.kill()


if __name__ == "__main__":
    unittest.main()

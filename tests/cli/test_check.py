#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_check.py SMTPSCAN - --check: expected records are stored, and every difference is reported with its field.

Works on copies of captures in a folder of its own.
"""
import json
import os
import shutil
import unittest

from program import TESTDATA, Folder, run

PLACES = {"a.pcap": "postfix-smuggle-lf-dot-lf.pcap", "deep/er/b.pcap": "mixed-ports.pcap", "deep/c.pcap": "exim-swaks-attach.pcap",
          "deep/cut.pcap": "cut.pcap", "deep/early.pcap": "postfix-early-talker.pcap"}
COUNT = len(PLACES)


class Check(Folder):
    def setUp(self):
        super().setUp()
        self.corpus, self.golden = (os.path.join(self.folder, name) for name in ("corpus", "golden"))
        for place, name in PLACES.items():
            path = os.path.join(self.corpus, place)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy(os.path.join(TESTDATA, name), path)

    def run_it(self, *arguments, captures=None):
        return run("-q", "--check", self.golden, *arguments, *(captures or [self.corpus]))

    def check(self, *arguments, captures=None):
        done = self.run_it(*arguments, captures=captures)
        return done.returncode, done.stdout.decode().splitlines()

    def update(self, *arguments):
        status, said = self.check("--update", *arguments)
        self.assertEqual((status, said), (0, ["%d captures read, 0 differ" % COUNT]))

    def expected(self, place):
        return os.path.join(self.golden, place)

    def lines(self, place):
        with open(self.expected(place), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def write(self, place, records):
        os.makedirs(os.path.dirname(self.expected(place)), exist_ok=True)
        with open(self.expected(place), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)

    def test_nothing_is_expected_yet(self):
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertEqual(said, [place + ": no expected records (--update writes them)" for place in sorted(PLACES)] +
                         ["%d captures checked, %d differ" % (COUNT, COUNT)])

    def test_what_was_written_is_what_is_found(self):
        self.update()
        fine = (0, ["%d captures checked, 0 differ" % COUNT])
        for arguments in ((), ("-j1",), ("-j2",)):
            self.assertEqual(self.check(*arguments), fine)
        self.assertEqual(self.check(captures=[self.corpus + "/"]), fine)
        os.rename(self.corpus, self.corpus + "2")
        self.assertEqual(self.check(captures=[os.path.relpath(self.corpus + "2")]), fine)
        self.assertEqual(self.check(captures=[self.corpus + "2/a.pcap", self.corpus + "2/deep"])[1][-1],
                         "%d captures checked, %d differ" % (COUNT, COUNT - 1))  # er/b.pcap is another name
        self.assertEqual(self.check(captures=[self.corpus + "2/a.pcap"]), (0, ["1 capture checked, 0 differ"]))

    def test_expected_files_are_records(self):
        self.update("-e", "all")
        records = run("-e", "all", "a.pcap", cwd=self.corpus).stdout.decode()
        wanted = [json.loads(line) for line in records.splitlines()]
        for record in wanted:
            del record["pcap_filename"]
            for word in ("magic", "mimetype"):
                record.get("fileinfo", {}).pop(word, None)
        self.assertEqual(self.lines("a.pcap.jsonl"), wanted)
        self.assertEqual(self.check("-e", "all")[0], 0)

    def expect(self, place, change, *said, arguments=()):
        records = self.lines(place + ".jsonl")
        change(records)
        self.write(place + ".jsonl", records)
        status, found = self.check(*arguments)
        self.assertEqual((status, found), (1, [place + " " + line for line in said] + ["%d captures checked, 1 differ" % COUNT]))

    def find(self, records, event, number=0):
        return [record for record in records if record["event_type"] == event][number]

    def test_differences_by_field(self):
        self.update()

        def change(records):
            self.find(records, "smtp")["smtp"]["outcome"] = "rejected"
            self.find(records, "smtp", 1)["smtp"]["rcpt_to"] = ["<x@y>"]
            self.find(records, "smtp", 1)["email"]["date"] = "today"
            del self.find(records, "flow")["smtp_session"]["banner"]
            self.find(records, "stats")["stats"]["packets"] = 7

        self.expect("a.pcap", change,
                    "flow 1 tx 0 smtp.outcome: expected rejected, got accepted",
                    'flow 1 tx 1 smtp.rcpt_to: expected ["<x@y>"], got ["<ben@corp.example>"]',
                    "flow 1 tx 1 email.date: expected today, not there",
                    "flow 1 smtp_session.banner: not expected, got mail.example ESMTP Postfix",
                    "stats.packets: expected 7, got 20")

    def test_numbers_are_exact(self):
        self.update()
        number = self.lines("a.pcap.jsonl")[0]["flow_id"]
        self.assertGreater(number, 10 ** 15)

        def change(records):
            for record in records[:-1]:
                record["flow_id"] += 1

        count = len(self.lines("a.pcap.jsonl")) - 1
        records = self.lines("a.pcap.jsonl")
        change(records)
        self.write("a.pcap.jsonl", records)
        said = [line for line in self.check()[1] if line.endswith("flow_id: expected %d, got %d" % (number + 1, number))]
        self.assertEqual(len(said), count)

    def test_alerts_that_are_missing_and_that_are_new(self):
        self.update()

        def change(records):
            alert = self.find(records, "alert")
            self.assertEqual(alert["alert"]["signature"], "bare_lf")
            alert["alert"]["signature"] = "nul_byte"

        self.expect("a.pcap", change, "flow 1 tx 0 alert nul_byte: expected, not there", "flow 1 tx 0 alert bare_lf: not expected")

    def test_order_of_records(self):
        self.update()
        records = self.lines("a.pcap.jsonl")
        self.write("a.pcap.jsonl", records[::-1])
        self.assertEqual(self.check()[1][0], "a.pcap: the records are in another order")

    def test_words_of_libmagic_do_not_count(self):
        self.update()
        records = self.lines("deep/c.pcap.jsonl")
        self.find(records, "fileinfo", 1)["fileinfo"].update(magic="something else", mimetype="x/y")
        self.write("deep/c.pcap.jsonl", records)
        self.assertEqual(self.check()[0], 0)

    def test_which_flow(self):
        self.update()

        def change(records):
            self.find(records, "flow", 1)["smtp_session"]["mails"] = 9

        records = self.lines("deep/er/b.pcap.jsonl")
        first = list(dict.fromkeys(r["flow_id"] for r in records if "flow_id" in r))
        number = first.index(self.find(records, "flow", 1)["flow_id"]) + 1
        got = self.find(records, "flow", 1)["smtp_session"]["mails"]
        self.expect("deep/er/b.pcap", change, "flow %d smtp_session.mails: expected 9, got %d" % (number, got))

    def test_at_most_so_many(self):
        self.update()
        self.write("a.pcap.jsonl", [])
        for most in (1, 3):
            status, said = self.check("--differences", str(most))
            self.assertEqual(status, 1)
            self.assertEqual(len(said), most + 2)
            self.assertRegex(said[-2], r"^and \d+ more differences$")
        self.assertFalse([line for line in self.check("--differences", "0")[1] if "more differences" in line])

    def test_no_capture_for_it(self):
        self.update()
        self.write("deep/gone.pcap.jsonl", [])
        self.assertEqual(self.check(), (1, ["deep/gone.pcap.jsonl: no capture has these expected records",
                                            "%d captures checked, 0 differ" % COUNT]))
        self.assertEqual(self.check(captures=[self.corpus + "/a.pcap"])[0], 0)

    def test_lines_that_are_no_records(self):
        self.update()
        with open(self.expected("a.pcap.jsonl"), "a", encoding="utf-8") as file:
            file.write("no record\n")
        lines = len(self.lines("deep/c.pcap.jsonl"))
        self.assertGreater(lines, 1)
        self.assertRegex(self.check()[1][0], r"^a\.pcap line \d+ of the expected file: not a record$")

    def test_subset(self):
        self.assertEqual(self.check("--update=subset")[0], 0)
        self.assertEqual(sorted(os.listdir(self.golden)), ["a.pcap.subset.jsonl", "deep"])
        self.assertEqual(self.check()[0], 0)
        records = self.lines("a.pcap.subset.jsonl")
        self.assertEqual({record["event_type"] for record in records}, {"alert", "smtp"})
        self.assertEqual(self.check("--strict")[0], 1)
        mails = [record for record in records if record["event_type"] == "smtp"]
        self.write("a.pcap.subset.jsonl", [record for record in records if record not in mails[:1]])
        self.assertEqual(self.check()[0], 0)  # a mail more is fine
        mails[0]["smtp"]["outcome"] = "rejected"
        self.write("a.pcap.subset.jsonl", [{"event_type": "alert"}] + mails)
        said = self.check()[1]
        self.assertIn("a.pcap subset line 2, smtp, in the closest one: outcome: expected rejected, got accepted", said)
        self.assertEqual(len([line for line in said if line.endswith("not expected")]), 1)  # the second alert
        self.write("a.pcap.subset.jsonl", [{"event_type": "alert"}] * 3)
        self.assertIn("a.pcap subset line 3, alert: matches only a record that another line matches", self.check()[1])
        self.write("a.pcap.subset.jsonl", [{"event_type": "alert"}] * 2 + [{"event_type": "tls"}])
        self.assertIn("a.pcap subset line 3, tls: no such record", self.check()[1])

    def test_the_particular_is_fitted_first(self):
        self.write("a.pcap.subset.jsonl", [{"event_type": "alert"}] + [{"event_type": "alert", "alert": {"signature": "bare_lf"}}])
        self.assertEqual(self.check(captures=[self.corpus + "/a.pcap"]), (0, ["1 capture checked, 0 differ"]))

    def test_update_leaves_a_subset_alone(self):
        self.write("a.pcap.subset.jsonl", [{"event_type": "alert"}] * 2)
        self.update()
        self.assertEqual(len(self.lines("a.pcap.subset.jsonl")), 2)
        self.assertFalse(os.path.exists(self.expected("a.pcap.jsonl")))

    def test_nothing_moves_a_terminal(self):
        self.write("a.pcap.jsonl", [{"event_type": "alert", "flow_id": 1, "alert": {"signature": "\x1b[2J\u202e"}}])
        said = self.run_it(captures=[self.corpus + "/a.pcap"]).stdout
        self.assertIn(b"<U+001B>[2J<U+202E>: expected, not there", said)
        self.assertNotIn(b"\x1b", said)

    def test_options_that_do_not_go_with_it(self):
        for options in (["-t"], ["--format=mails"], ["--flow", "1"], ["--continuous"], ["--resume", self.folder], ["--shard", "1/2"]):
            self.assertEqual(self.run_it(*options).returncode, 2, options)
        for options in (["--update"], ["--differences", "3"]):
            self.assertEqual(run(*options, self.corpus).returncode, 2)
        self.assertEqual(self.run_it("--update=all").returncode, 2)
        self.assertEqual(self.run_it("--differences=x").returncode, 2)
        if os.geteuid() != 0:
            os.mkdir(self.golden, 0o555)
            self.assertEqual(self.run_it("--update").returncode, 4)
        self.golden = self.corpus + "/a.pcap"
        self.assertEqual(self.run_it("--update").returncode, 4)

    def test_report_beside(self):
        page = self.path("r.html")
        self.assertEqual(self.check("--update", "--report", page)[0], 0)
        self.assertGreater(os.path.getsize(page), 10000)
        self.assertEqual(self.check()[0], 0)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_view.py SMTPSCAN - records as text, on a terminal and in a file.

Works in a folder of its own. A test that needs a pseudo-terminal is skipped where there is none.
"""
import functools
import os
import unicodedata
import unittest

import program
from program import ROOT, TESTDATA, Folder, captures, read_text

SMUGGLED = "postfix-smuggle-lf-dot-lf.pcap"
run = functools.partial(program.run, cwd=TESTDATA)


def text(*arguments):
    return run(*arguments).stdout.decode("utf-8")


def on_terminal(columns, *arguments, **variables):
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment.update({"TERM": "xterm"}, **variables)
    return program.on_terminal(columns, "-q", *arguments, cwd=TESTDATA, env=environment)


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class View(Folder):
    def test_text_and_records_say_the_same(self):
        shown = text("-t", SMUGGLED)
        records = program.records(run("-e", "all", SMUGGLED).stdout)
        self.assertLessEqual({"alert", "smtp_command", "smtp_response", "smtp", "fileinfo"}, {record["event_type"] for record in records})
        for record in records:
            kind = record["event_type"]
            if kind == "alert":
                self.assertIn("!! %s %s: %s" % (record["alert"]["severity_name"].upper(), record["alert"]["signature"],
                                                record["alert"]["description"]), shown)
            elif kind == "smtp_command":
                self.assertIn("→  " + record["smtp_command"]["verb"], shown)
            elif kind == "smtp_response":
                self.assertIn(record["smtp_response"]["lines"][0], shown)
            elif kind == "smtp":
                self.assertIn("[%d octets, mail %d" % (record["smtp"]["size"], record["tx_id"]), shown)
            elif kind == "fileinfo":
                self.assertIn(record["fileinfo"]["sha256"][:12], shown)

    def test_short_and_long_option(self):
        self.assertEqual(text("-t", SMUGGLED), text("--format=text", SMUGGLED))
        self.assertEqual(text("--format=json", SMUGGLED), text(SMUGGLED))
        self.assertEqual(run("--format=html", SMUGGLED).returncode, 2)
        self.assertEqual(run("--color=red", SMUGGLED).returncode, 2)
        self.assertEqual(run("-t", "--resume", self.folder, SMUGGLED).returncode, 2)

    def test_text_does_not_depend_on_workers_or_language(self):
        names = [name for name in captures() if name.startswith("postfix")]
        first = run("-t", "-j1", *names).stdout
        self.assertGreater(first.count(b"\n"), 100)
        for variables in ({"LC_ALL": "C", "TZ": "UTC"}, {"LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"}):
            self.assertEqual(run("-t", "-j2", *names, **variables).stdout, first)

    def test_mails_are_a_line_each(self):
        lines = text("--format=mails", SMUGGLED).splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r"^!! \S+ accepted +250  otto@client.example → anna@corp.example  .*smtp_smuggling")
        self.assertIn('"Smuggled"', lines[1])

    def test_one_session_is_picked(self):
        records = program.records(run("-e", "flow", "mixed-ports.pcap").stdout)
        self.assertGreater(len(records), 1)
        for name in ("flow_id", "community_id"):
            shown = text("-t", "--flow", str(records[1][name]), "mixed-ports.pcap")
            self.assertEqual(shown.count("━ ") + shown.count("━\n"), 1)
            self.assertIn(records[1]["community_id"], shown)
            picked = program.records(run("--flow", str(records[1][name]), "mixed-ports.pcap").stdout)
            self.assertEqual({record["flow_id"] for record in picked if "flow_id" in record}, {records[1]["flow_id"]})
            self.assertEqual(picked[-1]["event_type"], "stats")
        done = run("-t", "--flow", "999", SMUGGLED)
        self.assertIn(b"no record of a session '999'", done.stderr)

    def test_records_of_shards_are_shown_as_those_of_a_run(self):
        names = ["mixed-ports.pcap", SMUGGLED]
        parts = [self.path("%d.jsonl" % i) for i in (1, 2, 3)]
        for i, part in enumerate(parts):
            run("-e", "all,-smtp_content", "--shard", "%d/3" % (i + 1), "-o", part, *names)
        for form in ("text", "mails"):
            shown = text("--merge", "--format", form, *parts)
            self.assertIn("Smuggled", shown)
            self.assertEqual(shown, text("--format", form, *names))

    def test_terminal_has_its_width_and_colours(self):
        for columns in (40, 80, 160):
            seen = on_terminal(columns, "-t", "--color=never", SMUGGLED)
            self.assertNotIn("\x1b", seen)
            widths = [width(line) for line in seen.splitlines()]
            self.assertLessEqual(max(widths), columns)
            self.assertIn(columns, widths)  # the rule
        self.assertIn("\x1b[1;97;41mHIGH", on_terminal(80, "-t", SMUGGLED))
        for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn("\x1b", on_terminal(80, "-t", SMUGGLED, **variables))
        self.assertIn("\x1b", on_terminal(80, "-t", "--color=always", SMUGGLED, NO_COLOR="1"))
        self.assertIn("\x1b", on_terminal(80, "-t", SMUGGLED, NO_COLOR=""))

    def test_a_file_gets_neither(self):
        self.assertNotIn("\x1b", text("-t", SMUGGLED))
        path = self.path("out")
        on_terminal(80, "-t", "-o", path, SMUGGLED)
        self.assertEqual(read_text(path), text("-t", SMUGGLED))
        self.assertIn("\x1b[", text("-t", "--color=always", SMUGGLED))

    def test_records_do_not_fly_by_when_a_report_is_made(self):
        page = self.path("r.html")
        self.assertEqual(on_terminal(80, "--report", page, SMUGGLED), "")
        self.assertGreater(os.path.getsize(page), 10000)
        self.assertIn("smtp_smuggling", on_terminal(80, "-t", "--report", page, SMUGGLED))

    def test_readme_shows_what_is_shown(self):
        section = read_text(os.path.join(ROOT, "README.md")).split("\n## An attack, in text and in records\n")[1].split("\n## ")[0]
        shown = text("-t", SMUGGLED).splitlines()
        block = [line[4:] for line in section.splitlines() if line.startswith("    ") and "smtpscan -t" not in line]
        ladder = [line for line in block if line.strip() and not line.lstrip().startswith(("{", '"'))]
        self.assertGreater(len(ladder), 10)
        missing = [line for line in ladder if line not in shown and line.strip() != "..."]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()

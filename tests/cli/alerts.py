#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""alerts.py - checks that every alert of the catalogue is raised where it must be, and not elsewhere.

    alerts.py SMTPSCAN [ID...]

Walks `smtpscan --list-alerts=json` (a line for each): each id needs a dialogue in alert_cases.py that raises it and a near miss that does
not. Each dialogue raises exactly what its case says, nothing more.
"""
import json
import sys
import tempfile

from alert_cases import CASES
from generate import make
from program import TESTDATA, records, run


def raised(path, options):
    done = run(*options, "-e", "alert,flow,stats", path)
    alerts, counts = {}, {}
    for record in records(done.stdout):
        if record["event_type"] == "alert":
            alerts[record["alert"]["signature"]] = record["alert"].get("evidence", "")
        for id, count in record.get("smtp_session", {}).get("alerts", {}).items():
            counts[id] = counts.get(id, 0) + count
    if set(counts) != set(alerts):
        alerts["(smtp_session.alerts says otherwise)"] = str(counts)
    return alerts, done.returncode


def check(folder, number, case):
    id, kind, dialogue, options, others = case
    path = "%s/%d.pcap" % (folder, number)
    make(dialogue, path, TESTDATA)
    alerts, status = raised(path, options)
    wanted = others | ({id} if kind == "raises" else set())
    wrong = ["exit status %d" % status] if status else []
    wrong += ["not raised: " + i for i in sorted(wanted - set(alerts))]
    wrong += ["raised: %s %r" % (i, alerts[i][:60]) for i in sorted(set(alerts) - wanted)]
    return wrong


def main():
    wanted, listed = sys.argv[1:], run("--list-alerts=json", check=True).stdout
    ids = [json.loads(line)["signature"] for line in listed.splitlines()]
    passed = failed = 0
    for id in ids:
        for kind in "raises", "near":
            if not any(c[0] == id and c[1] == kind for c in CASES):
                print("FAIL %s: no case that says %s" % (id, kind))
                failed += 1
    for id in sorted({c[0] for c in CASES} - set(ids)):
        print("FAIL %s is not in the catalogue" % id)
        failed += 1
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(CASES):
            if wanted and case[0] not in wanted:
                continue
            wrong = check(folder, number, case)
            if wrong:
                print("FAIL %d %s %s: %s" % (number, case[0], case[1], "; ".join(wrong)))
            passed, failed = passed + (not wrong), failed + bool(wrong)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

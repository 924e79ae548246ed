#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_eve.py SMTPSCAN - checks that readers of Suricata's EVE JSON find the fields they need.

WANTED has the fields that EVE's own JSON schema has, and that its usual readers ask for (EveBox: event_type, timestamp, the
addresses, alert.action, signature_id, severity and app_proto; Filebeat's module suricata and Telegraf's plugin: the names
below), with the types that they take. They are looked for in the expected outputs of tests/golden. A field with "!" must be
in every record of its kind. Words are those of EVE, too.
"""
import glob
import os
import re
import sys

import program
from program import HERE, TESTDATA, captures, read, run

TEXT, NUMBER, FLAG, TEXTS, NUMBERS = "text", "number", "flag", "texts", "numbers"
TYPES = {
    TEXT: lambda v: isinstance(v, str),
    NUMBER: lambda v: isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 2**53,
    FLAG: lambda v: isinstance(v, bool),
    TEXTS: lambda v: isinstance(v, list) and v and all(isinstance(x, str) for x in v),
    NUMBERS: lambda v: isinstance(v, list) and v and all(isinstance(x, int) for x in v),
}
ENVELOPE = {
    "timestamp!": TEXT, "flow_id!": NUMBER, "pcap_cnt!": NUMBER, "pcap_filename!": TEXT, "event_type!": TEXT, "vlan": NUMBERS,
    "src_ip!": TEXT, "src_port!": NUMBER, "dest_ip!": TEXT, "dest_port!": NUMBER, "proto!": TEXT, "app_proto!": TEXT,
    "community_id!": TEXT, "tx_id": NUMBER,
}
SMTP = {"helo": TEXT, "mail_from": TEXT, "rcpt_to": TEXTS}
EMAIL = {
    "from": TEXT, "to": TEXTS, "cc": TEXTS, "bcc": TEXTS, "reply_to": TEXT, "subject": TEXT, "date": TEXT, "message_id": TEXT,
    "in_reply_to": TEXT, "references": TEXT, "x_mailer": TEXT, "user_agent": TEXT, "x_originating_ip": TEXT, "received": TEXTS,
    "attachment": TEXTS, "url": TEXTS, "subject_md5": TEXT, "body_md5": TEXT,
}
WANTED = {
    "alert": {
        "alert": {"action!": TEXT, "gid!": NUMBER, "signature_id!": NUMBER, "rev!": NUMBER, "signature!": TEXT,
                  "category!": TEXT, "severity!": NUMBER},
        "smtp": SMTP, "email": EMAIL,
    },
    "smtp": {"smtp": SMTP, "email": {**EMAIL, "status!": TEXT}},
    "fileinfo": {
        "fileinfo": {"filename": TEXT, "magic": TEXT, "mimetype": TEXT, "gaps!": FLAG, "state!": TEXT, "md5": TEXT,
                     "sha1": TEXT, "sha256!": TEXT, "stored!": FLAG, "size!": NUMBER},
        "smtp": SMTP, "email": EMAIL,
    },
    "tls": {
        "tls": {"sni": TEXT, "version": TEXT, "subject": TEXT, "issuerdn": TEXT, "serial": TEXT, "fingerprint": TEXT,
                "notbefore": TEXT, "notafter": TEXT, "subjectaltname": TEXTS},
    },
    "flow": {
        "flow": {"pkts_toserver!": NUMBER, "pkts_toclient!": NUMBER, "bytes_toserver!": NUMBER, "bytes_toclient!": NUMBER,
                 "start!": TEXT, "end!": TEXT, "age!": NUMBER, "state!": TEXT, "reason!": TEXT, "alerted!": FLAG},
    },
}
# Not in the expected outputs.
NOT_SEEN = {"email." + name for name in ("cc", "bcc", "in_reply_to", "reply_to", "user_agent",
                                         "x_originating_ip")}
WORDS = {
    "alert.action": r"allowed",
    "alert.severity": r"[123]",
    "tls.version": r"SSLv3|TLSv1|TLS 1\.[123]",
    "tls.fingerprint": r"[0-9a-f]{2}(:[0-9a-f]{2}){19}",
    "tls.serial": r"[0-9A-F]{2}(:[0-9A-F]{2})*",
    "tls.notafter": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "flow.state": r"new|established|closed",
    "flow.reason": r"timeout|forced|shutdown|tcp_reuse",
    "fileinfo.state": r"CLOSED|TRUNCATED",
    "email.subject_md5": r"[0-9a-f]{32}",
    "email.body_md5": r"[0-9a-f]{32}",
    "proto": r"TCP",
    "app_proto": r"smtp",
}
seen = set()


def check(row, fields, prefix):
    """check - the fields of one object. Yields what is wrong."""
    for name, kind in fields.items():
        key, needed = name.rstrip("!"), name.endswith("!")
        if key not in row:
            if needed:
                yield "%s%s is missing" % (prefix, key)
            continue
        seen.add(prefix + key)
        if not TYPES[kind](row[key]):
            yield "%s%s is no %s: %r" % (prefix, key, kind, row[key])
        elif prefix + key in WORDS and not re.fullmatch(WORDS[prefix + key], str(row[key])):
            yield "%s%s: %r is no word of EVE" % (prefix, key, row[key])


def wrong_of(row):
    yield from check(row, ENVELOPE, "")
    for name, fields in WANTED[row["event_type"]].items():
        if name in row:
            yield from check(row[name], fields, name + ".")
    if row["event_type"] == "flow" and row["flow"]["alerted"] != ("alerts" in row["smtp_session"]):
        yield "flow.alerted is not what smtp_session.alerts says"


def records():
    for path in glob.glob(os.path.join(HERE, "..", "golden", "*.jsonl")):
        yield from (row for row in program.records(read(path)) if row["event_type"] in WANTED)


def same_in_two_captures():
    """Connections of two captures never have one flow_id. (cut.pcap is the beginning of another capture.)"""
    done = run("-e", "flow", *(name for name in captures() if name != "cut.pcap"), cwd=TESTDATA, check=True)
    flows = {}
    for row in program.records(done.stdout):
        flows.setdefault(row["flow_id"], []).append(row["pcap_filename"])
    if len(flows) < 100:
        yield "only %d connections were found" % len(flows)
    yield from ("flow_id %d is in %s" % (flow, names) for flow, names in flows.items() if len(names) > 1)


def main():
    wrong = ["%s in %s" % (words, str(row)[:300]) for row in records() for words in wrong_of(row)]
    wrong += same_in_two_captures()
    every = {prefix + "." + key.rstrip("!") for objects in WANTED.values() for prefix, fields in objects.items()
             for key in fields} | {key.rstrip("!") for key in ENVELOPE}
    wrong += ["no record has %s" % name for name in sorted(every - seen - NOT_SEEN)]
    print("\n".join(wrong[:20]) or "%d kinds of fields" % len(seen))
    return 1 if wrong else 0


sys.exit(main())

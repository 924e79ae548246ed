#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""cut.py SMTPSCAN TESTDATA - analyses every capture of testdata, truncated after every packet.

What was sent before the cut is told: no sender or recipient is missing, whether anybody answered or not. And nothing is
invented: no mail is accepted but by a reply that was captured.
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

PATH = re.compile(rb"\b(?:MAIL FROM|RCPT TO) *: *(<[^>\r\n]*>)[^\r\n]*\r\n", re.I)
# Names in content, in what the server discarded, or after a MAIL that it refused, are not senders and recipients.
LEFT_OUT = re.compile("smuggle|pipelining-refused|injection|unheard|odd-addresses|mail-twice|bdat|early-talker|not-smtp|too-many-errors|http")


def packets(capture):
    """Returns the file's header and its packets, each with its own."""
    order = "<" if capture[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, found = 24, []
    while at + 16 <= len(capture):
        size = struct.unpack(order + "I", capture[at + 8 : at + 12])[0]
        found.append(capture[at : at + 16 + size])
        at += 16 + size
    return capture[:24], found


def envelope(record):
    names = [record.get("mail_from")]
    for key in ("rcpt_to", "rejected_rcpt_to", "pending_rcpt_to"):
        names += record.get(key, [])
    return names


def main():
    program, testdata = sys.argv[1:]
    faults, cuts = 0, 0
    for name in sorted(name for name in os.listdir(testdata) if name.endswith(".pcap")):
        with open(os.path.join(testdata, name), "rb") as file:
            header, found = packets(file.read())
        with tempfile.TemporaryDirectory() as folder:
            for cut in range(1, len(found) + 1):
                with open(os.path.join(folder, "%04d.pcap" % cut), "wb") as file:
                    file.write(header + b"".join(found[:cut]))
            lines = subprocess.run([program, "-q", folder], stdout=subprocess.PIPE).stdout.splitlines()
        told = {cut: [] for cut in range(1, len(found) + 1)}
        for record in map(json.loads, lines):
            if record["event_type"] == "smtp":
                told[int(os.path.basename(record["pcap_filename"])[:4])].append(record["smtp"])
        for cut, mails in told.items():
            cuts += 1
            sent = {path.decode() for packet in found[:cut] for path in PATH.findall(packet)}
            missing = sent - {path for mail in mails for path in envelope(mail)}
            if missing and not LEFT_OUT.search(name):
                print("%s after packet %d: %s is missing" % (name, cut, sorted(missing)))
                faults += 1
            for mail in mails:
                if mail["outcome"] == "accepted" and mail.get("reply", {}).get("code", 0) // 100 != 2 and "missing_bytes" not in mail:
                    print("%s after packet %d: %s was accepted by nobody" % (name, cut, mail.get("mail_from")))
                    faults += 1
    print("%d cuts, %d faults" % (cuts, faults))
    sys.exit(faults > 0 or cuts < 1000)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""cut.py SMTPSCAN - every capture of testdata, cut after every packet, begun at every packet, and without any one.

What was sent in the packets that are left is told: no sender or recipient is missing, whether anybody answered or not.
And nothing is invented: no mail is accepted but by a reply that was captured.
"""
import os
import re
import sys
import tempfile

from generate import split_pcap
from program import TESTDATA, captures, read, records, run

PATH = re.compile(rb"\b(?:MAIL FROM|RCPT TO) *: *(<[^>\r\n]*>)[^\r\n]*\r\n", re.I)
# Names in content, in what the server threw away, or after a MAIL that it refused, are no senders and recipients.
LEFT_OUT = re.compile("smuggle|unheard|exim-bdat|pipelining-refused")


def envelope(record):
    names = [record.get("mail_from")]
    for key in ("rcpt_to", "rejected_rcpt_to", "pending_rcpt_to"):
        names += record.get(key, [])
    return names


def pieces(found):
    """Yields how a capture is damaged, in words, and what is left of its packets."""
    for n in range(1, len(found) + 1):
        yield "up to packet %d" % n, found[:n]
    for n in range(1, len(found)):
        yield "from packet %d on" % (n + 1), found[n:]
        yield "without packet %d" % (n + 1), found[:n] + found[n + 1 :]


def faults_of(packets, mails, names):
    """Yields what is wrong with the mails that were told of these packets."""
    sent = {path.decode() for packet in packets for path in PATH.findall(packet)}
    missing = sent - {path for mail in mails for path in envelope(mail)}
    if missing and names:
        yield "%s is missing" % sorted(missing)
    for mail in mails:
        replied = mail.get("reply", {}).get("code", 0) // 100 == 2
        if mail["outcome"] == "accepted" and not replied and "missing_bytes" not in mail:
            yield "%s was accepted by nobody" % mail.get("mail_from")


def main():
    faults, cuts = 0, 0
    for name in captures():
        header, found = split_pcap(read(os.path.join(TESTDATA, name)))
        damaged = list(pieces(found))
        with tempfile.TemporaryDirectory() as folder:
            for number, (_, left) in enumerate(damaged):
                with open(os.path.join(folder, "%04d.pcap" % number), "wb") as file:
                    file.write(header + b"".join(left))
            mails = records(run("-q", folder).stdout, "smtp")
        told = [[] for _ in damaged]
        for record in mails:
            told[int(os.path.basename(record["pcap_filename"])[:4])].append(record["smtp"])
        for (words, left), mails in zip(damaged, told):
            cuts += 1
            for fault in faults_of(left, mails, not LEFT_OUT.search(name)):
                print("%s %s: %s" % (name, words, fault))
                faults += 1
    print("%d cuts, %d faults" % (cuts, faults))
    sys.exit(faults > 0 or cuts < 1000)


if __name__ == "__main__":
    main()

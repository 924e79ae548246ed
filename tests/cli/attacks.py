# SPDX-License-Identifier: GPL-3.0-or-later
"""attacks.py - captures written by an attacker to cost time or memory, of any size; test_growth.py measures them.

An attack is a function of a number to the octets of a capture file, with the words that the records must hold so that
it is known to have reached its aim. It is made once for each size, so what it costs to make counts: segments are big.
"""
import gzip
import lzma
import random
import struct
import zipfile
import zlib

from dialogue import file_part, zipped
from generate import (
    ACK,
    DOWN,
    PSH,
    START,
    SYN,
    UP,
    Connection,
    block,
    enhanced_packet,
    ethernet,
    frame,
    interface,
    ip_header,
    pcap,
    section,
)

ATTACKS = []
MSS = 16000


class Attack:
    """One attack: name, smallest size, function of a size, words in the records, MiB (None: as the test has it), status,
    options (FOLDER stands for one that can be written to), and files that are there: name -> text."""

    def __init__(self, name, least, make, seen, memory, status, options, files):
        self.name, self.least, self.make, self.seen = name, least, make, seen
        self.memory, self.status, self.options, self.files = memory, status, options, files


def attack(name, least, seen=b'"event_type":"flow"', memory=None, status=0, options=(), files={}):
    """attack - decorator: registers the function below, which makes the file."""

    def add(make):
        ATTACKS.append(Attack(name, least, make, seen, memory, status, options, files))
        return make

    return add


def capture(connections):
    """capture - a file of connections, sorted by time."""
    segments = sorted((s for c in connections for s in c.segments), key=lambda s: s.time)
    return pcap((s.time, *frame(s, i)) for i, s in enumerate(segments))


def frames(packets):
    """frames - a file of IP packets, a millisecond apart."""
    return pcap((START + i * 1000, f) for i, f in enumerate(map(ethernet, packets)))


def talk(*blocks, before=(), mss=MSS):
    """talk - a file of one session. blocks: (side, octets), after the server's greeting. before: ahead of it."""
    c = Connection(mss=mss)
    c.handshake()
    greeting = (DOWN, b"220 mail.example\r\n"), (UP, b"EHLO a.example\r\n"), (DOWN, b"250 ok\r\n")
    for way, data in (*before, *greeting, *blocks):
        c.send(way, data)
    c.close()
    return capture([c])


ENVELOPE = (
    (UP, b"MAIL FROM:<a@a.example>\r\n"),
    (DOWN, b"250 ok\r\n"),
    (UP, b"RCPT TO:<b@b.example>\r\n"),
    (DOWN, b"250 ok\r\n"),
)
GO_ON, DONE = (DOWN, b"354 go on\r\n"), (DOWN, b"250 queued\r\n")


def mail(content):
    """mail - a file of one session with one mail."""
    return talk(*ENVELOPE, (UP, b"DATA\r\n"), GO_ON, (UP, content + b"\r\n.\r\n"), DONE)


def each(text, n):
    """each - text n times, with {} replaced by the number."""
    return "".join(text.replace("{}", str(i)) for i in range(n)).encode()


# ---- the conversation ----


def add_talk(name, least, blocks, **more):
    attack(name, least, **more)(lambda n: talk(*blocks(n)))


add_talk("354 repeated", 24000, lambda n: (*ENVELOPE, (UP, b"DATA\r\n"), (DOWN, b"354 go on\r\n" * n)))
add_talk("354 repeated, more than is kept", 200000, lambda n: (
    *ENVELOPE, (UP, b"DATA\r\n"), (DOWN, b"354 go on\r\n" * n)), seen=b'"signature":"pending_overflow"')  # fmt: skip
add_talk("replies nobody asked for", 30000, lambda n: ((DOWN, b"250 ok\r\n" * n),))
add_talk("a reply of many lines", 60000, lambda n: ((UP, b"HELP\r\n"), (DOWN, b"214-x\r\n" * n + b"214 x\r\n")))
add_talk("EHLO with many keywords", 30000, lambda n: ((UP, b"EHLO a\r\n"), (DOWN, each("250-X{}\r\n", n) + b"250 x\r\n")))
add_talk("pipelined commands", 30000, lambda n: ((UP, b"NOOP\r\n" * n), (DOWN, b"250 ok\r\n" * n)))
add_talk("pipelined commands without replies", 30000, lambda n: ((UP, b"NOOP\r\n" * n),))
add_talk("pipelined recipients", 24000, lambda n: (
    ENVELOPE[0], ENVELOPE[1], (UP, each("RCPT TO:<u{}@b.example>\r\n", n)), (DOWN, b"250 ok\r\n" * n),
    (UP, b"DATA\r\n"), GO_ON, (UP, b"Subject: x\r\n\r\nx\r\n.\r\n"), DONE))  # fmt: skip
add_talk("recipients that are refused", 24000, lambda n: (
    ENVELOPE[0], ENVELOPE[1], (UP, each("RCPT TO:<u{}@b.example>\r\n", n)), (DOWN, b"550 no\r\n" * n)))  # fmt: skip
add_talk("VRFY", 24000, lambda n: ((UP, each("VRFY user{}\r\n", n)), (DOWN, each("252 user{}\r\n", n))))
add_talk("transactions", 9000, lambda n: (
    (UP, b"MAIL FROM:<a@a.example>\r\nRSET\r\n" * n), (DOWN, b"250 ok\r\n" * 2 * n)))  # fmt: skip
add_talk("chunks of one octet", 12000, lambda n: (*ENVELOPE, (UP, b"BDAT 1\r\nx" * n), (DOWN, b"250 ok\r\n" * n)))
add_talk("verbs that nobody knows", 24000, lambda n: ((UP, each("X{} y\r\n", n)), (DOWN, b"500 no\r\n" * n)))
add_talk("AUTH", 12000, lambda n: ((UP, b"AUTH PLAIN AGEAYg==\r\n" * n), (DOWN, b"535 no\r\n" * n)))
add_talk("one long command", 2000000, lambda n: ((UP, b"MAIL FROM:<" + b"a" * n + b">\r\n"), (DOWN, b"250 ok\r\n")))
add_talk("one long command without end", 2000000, lambda n: ((UP, b"x" * n),))
add_talk("MAIL with many parameters", 120000, lambda n: ((UP, b"MAIL FROM:<a@a>" + each(" X{}=1", n) + b"\r\n"), DONE))
add_talk("RCPT with a long source route", 120000, lambda n: (
    ENVELOPE[0], ENVELOPE[1], (UP, b"RCPT TO:<" + b"@a," * n + b":b@c>\r\n"), DONE))  # fmt: skip
add_talk("RCPT with an unclosed quote", 200000, lambda n: (
    ENVELOPE[0], ENVELOPE[1], (UP, b'RCPT TO:<"' + b'\\"' * n + b"\r\n"), DONE))  # fmt: skip
add_talk("one long reply", 2000000, lambda n: ((UP, b"NOOP\r\n"), (DOWN, b"250 " + b"a" * n + b"\r\n")))
add_talk("one long reply without end", 2000000, lambda n: ((UP, b"NOOP\r\n"), (DOWN, b"250 " + b"a" * n)))
add_talk("ends of data that are odd", 20000, lambda n: (
    *ENVELOPE, (UP, b"DATA\r\n"), GO_ON, (UP, b"\n.\nx\r.\rx\n.\r\nx\r\n.\nx" * n + b"\r\n.\r\n"), DONE))  # fmt: skip
add_talk("lines that are no commands", 15000, lambda n: ((UP, b".\r\n" * n), (DOWN, b"500 no\r\n" * n)))
add_talk("odd ends of data, and more behind them than is kept", 60000, lambda n: (
    *ENVELOPE, (UP, b"DATA\r\n"), GO_ON, (UP, b"\n.\n\r\n.\r\n" + b"a longer line that is no command\r\n" * n), DONE),
    seen=b'"signature":"pending_overflow"')  # fmt: skip
add_talk("commands behind odd ends of data", 4000, lambda n: (
    *ENVELOPE, (UP, b"DATA\r\n"), GO_ON, (UP, b"x\n.\nMAIL FROM:<x@y>\r\nDATA\r\n" * n + b"\r\n.\r\n"), DONE))  # fmt: skip


def before_banner(name, least, blocks):
    """before_banner - what a proxy says of a client, or is asked by it."""
    attack(name, least)(lambda n: talk(before=blocks(n)))


before_banner("a PROXY header that is long", 2000000, lambda n: ((UP, b"PROXY TCP4 " + b"1" * n + b"\r\n"),))
before_banner("SOCKS with a long name", 2000000, lambda n: ((UP, b"\5\1\0\5\1\0\3\xff" + b"a" * n),))
before_banner("CONNECT with a long name", 2000000, lambda n: ((UP, b"CONNECT " + b"a" * n + b":25 HTTP/1.1\r\n\r\n"),))
add_talk("credentials that are long", 2000000, lambda n: (
    (UP, b"AUTH PLAIN\r\n"), (DOWN, b"334 \r\n"), (UP, b"QUFB" * (n // 4) + b"\r\n"), (DOWN, b"535 no\r\n")))
add_talk("TLS that is long", 2000000, lambda n: (
    (UP, b"STARTTLS\r\n"), (DOWN, b"220 go\r\n"), (UP, b"\x16\3\1\x40\0\1\xff\xff\xff" + b"a" * n)), seen=b'"event_type":"tls"')
add_talk("one long chunk", 2000000, lambda n: (*ENVELOPE, (UP, b"BDAT %d LAST\r\n" % n + b"a" * n), DONE))


def add_slow(name, least, mss, blocks):
    """add_slow - a line that comes in many segments: nothing is to be looked at again with each."""
    attack(name + ", in small segments", least)(lambda n: talk(*blocks(n), mss=mss))


add_slow("one long command", 500000, 50, lambda n: ((UP, b"MAIL FROM:<" + b"a" * n + b">\r\n"), DONE))
add_slow("one long reply", 500000, 50, lambda n: ((UP, b"NOOP\r\n"), (DOWN, b"250 " + b"a" * n + b"\r\n")))
add_slow("one long reply nobody asked for", 500000, 50, lambda n: ((DOWN, b"250 " + b"a" * n + b"\r\n"),))
add_slow("credentials that are long", 500000, 50, lambda n: (
    (UP, b"AUTH PLAIN\r\n"), (DOWN, b"334 \r\n"), (UP, b"QUFB" * (n // 4) + b"\r\n"), (DOWN, b"535 no\r\n")))
add_slow("one long command before its turn", 240000, 30, lambda n: (
    (UP, b"NOOP\r\nMAIL FROM:<" + b"a" * n + b">\r\n"), (DOWN, b"250 ok\r\n" * 2)))


@attack("segments of one octet", 8000)
def _(n):
    c = Connection(mss=1)
    c.handshake()
    c.send(DOWN, b"220 x\r\n")
    c.send(UP, b"NOOP\r\n" * (n // 6))
    return capture([c])


# ---- the mail ----


def add_mail(name, least, content, **more):
    attack(name, least, **more)(lambda n: mail(content(n)))


MIXED = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
TEXT, HTML = b"Content-Type: text/plain\r\n\r\n", b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"


def nested(n):
    """nested - n nested multiparts, each with a boundary of its own that is never closed."""
    kinds = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(n))
    return b"".join(kinds) + b"--none\r\n" * n


def word(charset, n):
    return (b"Subject: " + b"=?%s?B?w6Q=?=\r\n " % charset * n) + b"x\r\n\r\nx"


add_mail("header fields", 60000, lambda n: each("X-{}: y\r\n", n) + b"\r\nx")
add_mail("header fields of one name", 60000, lambda n: b"Subject: y\r\n" * n + b"\r\nx")
add_mail("Received fields", 30000, lambda n: b"Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n" * n + b"\r\nx")
add_mail("one field of many lines", 300000, lambda n: b"Subject: x\r\n" + b" y\r\n" * n + b"\r\nx")
add_mail("one long header line", 2000000, lambda n: b"Subject: " + b"x" * n + b"\r\n\r\nx")
add_mail("one long parameter", 2000000, lambda n: (
    b'MIME-Version: 1.0\r\nContent-Type: text/plain; name="' + b"x" * n + b'"\r\n\r\nx'))  # fmt: skip
add_mail("one long boundary", 2000000, lambda n: (
    b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="' + b"x" * n + b'"\r\n\r\nx'))  # fmt: skip
add_mail("lines that are no fields", 120000, lambda n: b"From nobody\r\n" * n + b"\r\nx")
add_mail("addresses", 30000, lambda n: b"To: " + each("u{}@b.example,\r\n ", n) + b"x@y\r\n\r\nx")
add_mail("groups of addresses", 60000, lambda n: b"To: " + b"g:" * n + b"\r\n\r\nx")
add_mail("angles that do not close", 300000, lambda n: b"To: " + b"<" * n + b"\r\n\r\nx")
add_mail("brackets that do not close", 100000, lambda n: b"To: " + b"a@[" * n + b"\r\n\r\nx")
add_mail("unclosed quotes in addresses", 120000, lambda n: b"To: " + b'"a\\"' * n + b"\r\n\r\nx")
add_mail("quotes", 300000, lambda n: b"To: " + b'"' * n + b"\r\nCc: " + b'" ' * n + b"\r\n\r\nx")
add_mail("unclosed comments", 300000, lambda n: b"To: a " + b"(" * n + b"\r\nDate: " + b"(" * n + b"\r\n\r\nx")
add_mail("unclosed comments in Content-Type", 300000, lambda n: (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain " + b"(" * n + b'; charset="' + b"(" * n + b"\r\n\r\nx"))  # fmt: skip
add_mail("unclosed quotes in parameters", 60000, lambda n: (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; " + b'a="b; \\"' * n + b"\r\n\r\nx"))  # fmt: skip
add_mail("Message-IDs", 60000, lambda n: b"References: " + each("<m{}@x>\r\n ", n) + b"\r\n\r\nx")
add_mail("encoded words", 30000, lambda n: word(b"utf-8", n))
add_mail("encoded words without end", 120000, lambda n: b"Subject: " + b"=?utf-8?Q?" * n + b"\r\n\r\nx")
add_mail("encoded words of unknown charsets", 30000, lambda n: word(b"x-none", n))
add_mail("encoded words in addresses", 18000, lambda n: b"To: " + b"=?utf-8?Q?=C3=A4?= <a@b>,\r\n " * n + b"x\r\n\r\nx")
add_mail("parameters", 30000, lambda n: (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain" + each(";\r\n p{}=v", n) + b"\r\n\r\nx"))  # fmt: skip
add_mail("parameters of one name", 30000, lambda n: (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain" + b";\r\n name=v" * n + b"\r\n\r\nx"))  # fmt: skip


def pieces(numbers, text):
    kinds = b"".join(b";\r\n filename*%d%s" % (i, text) for i in numbers)
    return b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Disposition: attachment" + kinds + b"\r\n\r\nx"


add_mail("RFC 2231 pieces", 18000, lambda n: pieces(range(n), b"=x"))
add_mail("RFC 2231 pieces from the last", 18000, lambda n: pieces(range(n - 1, -1, -1), b"*=%41"))
add_mail("RFC 2231 pieces of many names", 18000, lambda n: (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain" + each(";\r\n p{}*0=v", n) + b"\r\n\r\nx"))  # fmt: skip
add_mail("parts", 12000, lambda n: MIXED + (b"--b\r\n" + TEXT + b"x\r\n") * n + b"--b--")
add_mail("parts without anything", 60000, lambda n: MIXED + b"--b\r\n" * n + b"--b--")
add_mail("parts with names", 1000, lambda n: (
    MIXED + each("--b\r\nContent-Disposition: attachment; filename=f{}.txt\r\n\r\nx{}\r\n", n) + b"--b--"))  # fmt: skip
add_mail("parts with names, with a rule", 2000, lambda n: (
    MIXED + each("--b\r\nContent-Disposition: attachment; filename=f{}.txt\r\n\r\nx{}\r\n", n) + b"--b--"),
    options=("--rules", "FOLDER/a.lua"),
    files={"a.lua": "rule{on = 'file', eval = function(s, e) return #e.email.attachment == 0 end}\n"})  # fmt: skip
add_mail("lines that look like boundaries", 120000, lambda n: MIXED + b"--b\r\n" + TEXT + b"--bx\r\n--a\r\n" * n)
add_mail("multiparts in each other", 12000, lambda n: b"MIME-Version: 1.0\r\n" + nested(n))
add_mail("messages in each other", 12000, lambda n: (
    b"MIME-Version: 1.0\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * n + b"Subject: x\r\n\r\nx"))  # fmt: skip
add_mail("messages beside each other", 6000, lambda n: (
    MIXED + b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n" * n + b"--b--"))  # fmt: skip
add_mail("one long line of text", 2000000, lambda n: MIXED + b"--b\r\n" + TEXT + b"x" * n)
add_mail("hyphens", 500000, lambda n: MIXED + b"--b\r\n" + TEXT + b"\r\n--" * (n // 4) + b"-" * n)
add_mail("one long line in base64", 1500000, lambda n: (
    b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUFB" * (n // 4)), memory=200)  # fmt: skip
add_mail("octets that are no base64", 500000, lambda n: (
    b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"=*" * (n // 2)))  # fmt: skip
add_mail("quoted-printable that ends in blanks", 300000, lambda n: (
    b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + b" " * n + b"=\r\n" * (n // 3)))
add_mail("tags", 200000, lambda n: HTML + b"<a" * n)
add_mail("tags in each other", 180000, lambda n: HTML + b"<div>" * n)
add_mail("comments and scripts that do not close", 120000, lambda n: HTML + b"<!--<script><style>" * n)
add_mail("character references", 300000, lambda n: HTML + b"&amp;&#65;&none" * n)
add_mail("attributes without end", 300000, lambda n: HTML + b'<a href="x' * n)
add_mail("links", 18000, lambda n: HTML + each('<a href="http://h{}.example/">http://x{}.example/</a>\r\n', n))
add_mail("URLs", 30000, lambda n: TEXT + each("http://h{}.example/\r\n", n))
add_mail("colons and slashes", 200000, lambda n: TEXT + b"http://" * n)
add_mail("at signs", 200000, lambda n: TEXT + b"a@" * n)
add_mail("URLs that are not closed", 30000, lambda n: TEXT + each("<http://h{}.example/\r\n", n))
add_mail("files in yEnc that are none", 18000, lambda n: TEXT + b"=ybegin line=998 size=9 name=x\r\n" * n + b"=ybegin line=998 size=9 name=x\r\nx" * n)
add_mail("files in BinHex that are none", 12000, lambda n: TEXT + b"(This file must be converted with BinHex 4.0)\r\n:A\r\n" * n)
add_mail("uuencoded files that do not end", 18000, lambda n: TEXT + b"begin 644 x\r\n" * n)
add_mail("uuencoded files", 1000, lambda n: TEXT + b"begin 644 x\r\n#86)C\r\n`\r\nend\r\n" * n)
add_mail("shifts of charsets", 300000, lambda n: (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + b"\x1b$B$\"\x1b(B" * n))  # fmt: skip
add_mail("octets of UTF-8 that are wrong", 200000, lambda n: (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + b"\xe2\x82" * n))  # fmt: skip


def attached(octets):
    """attached - a part that is a file."""
    return "\r\n".join(["--b", *file_part("filename=x", octets), ""]).encode()


def small_files(n):
    """small_files - n files of 300 octets that begin like files of many kinds."""
    rng, heads = random.Random(1), (b"MZ", b"%PDF-1.4\n", b"\x7fELF", b"PK\3\4", b"GIF89a", b"<html>", b"#!/bin/sh\n", b"")
    return b"".join(attached(heads[i % len(heads)] + rng.randbytes(300)) for i in range(n))


def boxes(n):
    """boxes - n nested archives."""
    octets = b"x"
    for _ in range(n):
        octets = zipped([("x.zip", octets)], zipfile.ZIP_STORED)
    return octets


add_mail("small files", 300, lambda n: MIXED + small_files(n) + b"--b--")
add_mail("an archive of many files", 3000, lambda n: MIXED + attached(zipped((str(i), b"x") for i in range(n))) + b"--b--")
add_mail("an archive that expands a thousand times", 4, lambda n: (
    MIXED + attached(zipped([("x", bytes(n << 20))])) + b"--b--"))  # fmt: skip
add_mail("archives that expand", 10, lambda n: (
    MIXED + attached(zipped([("x", bytes(1 << 20))])) * n + b"--b--"))  # fmt: skip
add_mail("archives in each other", 50, lambda n: MIXED + attached(boxes(n)) + b"--b--")


# ---- tables: texts and addresses of one hash, where that is Bernstein's without a seed ----


def same_hash(n, one="az", other="c8"):
    """same_hash - n different texts: both words count the same."""
    return ["".join(other if i >> bit & 1 else one for bit in range(14)).encode() for i in range(n)]


TABLES = 240  # as many tables are filled, since each has a limit


def add_tables(name, least, block, **more):
    """add_tables - block: what one table is filled by, with texts of one hash."""
    attack(name, least, **more)(lambda n: talk(*block(n) * TABLES))


add_tables("URLs of one hash", 250, lambda n: (
    *ENVELOPE, (UP, b"DATA\r\n"), GO_ON, (UP, TEXT + b"".join(b"http://h.example/" + t + b"\r\n" for t in same_hash(n)) + b".\r\n"), DONE))
add_tables("parameters of MAIL of one hash", 250, lambda n: (
    (UP, b"MAIL FROM:<a@a>" + b"".join(b" " + t + b"=1" for t in same_hash(n, "AZ", "B9")) + b"\r\n"), DONE, (UP, b"RSET\r\n"), DONE))
add_tables("indicators of one hash", 250, lambda n: (
    *ENVELOPE, (UP, b"DATA\r\n"), GO_ON,
    (UP, b"To: " + b",\r\n ".join(b"a@" + t + b".bad.example" for t in same_hash(n)) + b"\r\n\r\n.\r\n"), DONE), seen=b"ioc_match",
    options=("--ioc", "FOLDER/list"), files={"list": "bad.example\n"})  # fmt: skip


@attack("replies of one hash, in a report", 4000, options=("--report", "FOLDER/page.html"))
def _(n):
    texts, out = same_hash(n), []
    for i in range(0, n, 1250):
        c = opened(i)
        for text in texts[i : i + 1250]:
            c.send(UP, b"NOOP\r\n")
            c.send(DOWN, b"250 " + text + b"\r\n")
        c.close()
        out.append(c)
    return capture(out)


RULE = """rule{name = "seen", on = "command", eval = function(s) s.pair.seen = (s.pair.seen or 0) + 1 end}\n"""


@attack("sessions of addresses of one hash, with a rule", 2500, memory=200, options=("--rules", "FOLDER/a.lua"), files={"a.lua": RULE})
def _(n):
    out = []
    for i in range(n):
        octets = ["0243" if i >> bit & 1 else "0164" for bit in range(14)]
        client = ":".join(["0164"] + octets[:7])
        server = ":".join(["2001"] + octets[7:])
        c = Connection(client, 1024 + i, server, time=START + i * 1000)
        c.handshake()
        c.send(DOWN, b"220 x\r\n")
        c.send(UP, b"EHLO a\r\n")
        c.close()
        out.append(c)
    return capture(out)


# ---- packets ----


def opened(i, greeting=b"220 mail.example\r\n"):
    """opened - a session from an address of its own that stays open."""
    c = Connection("10.%d.%d.%d" % (i >> 16 & 255, i >> 8 & 255, i & 255), 1024 + i % 60000, time=START + i * 1000)
    c.handshake()
    if greeting:
        c.send(DOWN, greeting)
    return c


STATS = b'"event_type":"stats"'


@attack("SYNs", 10000, STATS)
def _(n):
    all_of_them = [opened(i, None) for i in range(n)]
    for c in all_of_them:
        del c.segments[1:]
    return capture(all_of_them)


@attack("half-open sessions", 3000, memory=160)
def _(n):
    return capture([opened(i) for i in range(n)])


@attack("sessions that expire at once", 3000, memory=160)
def _(n):
    all_of_them = [opened(i) for i in range(2 * n + 1)]
    for c, later in zip(all_of_them[n:], [595] * n + [610]):
        for s in c.segments:
            s.time += later * 1_000_000
    return capture(all_of_them)


@attack("sessions of the same addresses and ports", 2000)
def _(n):
    out = []
    for i in range(n):
        c = Connection(time=START + i * 100000, isn=(i * 100000, i * 70000))
        c.handshake()
        c.send(DOWN, b"220 x\r\n")
        c.reset(UP)
        out.append(c)
    return capture(out)


def holes(n, order):
    """holes - one session with n segments, with a gap before each. order: of the segments."""
    c = opened(1)
    for i in order(range(n)):
        c.emit(UP, ACK | PSH, b"x", c.sent[UP] + 10 + 2 * i)
    return capture([c])


def shuffled(numbers):
    numbers = list(numbers)
    random.Random(1).shuffle(numbers)
    return numbers


attack("segments that never fill", 8000, memory=160)(lambda n: holes(n, list))
attack("segments that never fill, from the last", 8000, memory=160)(lambda n: holes(n, reversed))
attack("segments that never fill, in no order", 8000, memory=160)(lambda n: holes(n, shuffled))


@attack("a hole that is filled at last", 50000)
def _(n):
    c = opened(1)
    octets = b"MAIL FROM:<>\r\nRSET\r\n" * n
    for i in range(1, len(octets), MSS):
        c.emit(UP, ACK | PSH, octets[i:i + MSS], c.sent[UP] + i)
    c.emit(UP, ACK | PSH, octets[:1], c.sent[UP])
    return capture([c])


@attack("segments that overlap", 8000)
def _(n):
    c = opened(1)
    for i in range(n):
        c.emit(UP, ACK | PSH, b"NOOP\r\nNO", c.sent[UP] + i)
    return capture([c])


@attack("the same segment again", 10000)
def _(n):
    c = opened(1)
    c.send(UP, b"NOOP\r\n")
    for _ in range(n):
        c.emit(UP, ACK | PSH, b"QUIT\r\n", c.sent[UP] - 6)
    return capture([c])


@attack("forged acknowledgements", 10000)
def _(n):
    c, rng = opened(1), random.Random(1)
    for i in range(n):
        c.seen[i % 2] = rng.randrange(1 << 32)
        c.emit(i % 2, ACK)
    return capture([c])


@attack("forged resets", 10000)
def _(n):
    c, rng = opened(1), random.Random(1)
    for i in range(n):
        c.emit(i % 2, 4, b"", rng.randrange(1 << 32))
    return capture([c])


A, B = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))
A6, B6 = bytes(15) + b"\1", bytes(15) + b"\2"
PLAIN = struct.pack("!HHIIBBHHH", 4000, 25, 1, 0, 0x50, SYN, 100, 0, 0)


@attack("fragments that never complete", 10000, STATS, memory=160)
def _(n):
    return frames(ip_header(A, B, 1000, 6, i, 0x2000) + bytes(1000) for i in range(n))


@attack("fragments of one packet that never completes", 8000, STATS)
def _(n):
    return frames(ip_header(A, B, 8, 6, 1, 0x2000 | 2 * i % 8000) + bytes(8) for i in range(n))


@attack("fragments of IPv6 that never complete", 10000, STATS, memory=160)
def _(n):
    heads = (ip_header(A6, B6, 1008, 44) + struct.pack("!BBHI", 6, 0, 1, i) for i in range(n))
    return frames(head + bytes(1000) for head in heads)


@attack("many extension headers", 2000, STATS)
def _(n):
    options = struct.pack("!BBHI", 60, 0, 0x0104, 0) * 500
    return frames([ip_header(A6, B6, len(options) + 20, 60) + options[:-8] + b"\6" + options[-7:] + PLAIN] * n)


@attack("tunnels in tunnels", 2000, STATS)
def _(n):
    packet = PLAIN
    for i in range(500):
        packet = ip_header(A, B, len(packet), 4 if i else 6) + packet
    return frames([packet] * n)


@attack("GRE in GRE", 2000, STATS)
def _(n):
    packet = ip_header(A, B, len(PLAIN), 6) + PLAIN
    for _ in range(500):
        packet = ip_header(A, B, 4 + len(packet), 47) + struct.pack("!HH", 0, 0x0800) + packet
    return frames([packet] * n)


@attack("VLAN tags", 2000, STATS)
def _(n):
    return pcap((START + i, f) for i, f in enumerate([ethernet(ip_header(A, B, 20) + PLAIN, [(0x8100, 5)] * 500)] * n))


# ---- the file ----


def interfaces(n, links):
    kinds = b"".join(interface(links[i % len(links)]) for i in range(n))
    octets = ethernet(ip_header(A, B, 20) + PLAIN)
    return section() + kinds + b"".join(enhanced_packet(i, i, octets) for i in range(n))


attack("interfaces of a pcapng", 10000, STATS)(lambda n: interfaces(n, [1]))
attack("interfaces of many link types", 10000, STATS)(lambda n: interfaces(n, range(1, 280)))
attack("sections of a pcapng", 10000, STATS)(lambda n: (section() + interface()) * n)
attack("blocks that nobody knows", 40000, STATS)(lambda n: section() + block(0x0BAD, b"x") * n)


@attack("a gzip file that expands a thousand times", 4, STATS)
def _(n):
    return gzip.compress(pcap([]) + bytes(n << 22))


@attack("a gzip file of many members", 6000, STATS)
def _(n):
    member = gzip.compress(b"", mtime=0)
    return gzip.compress(pcap([]), mtime=0) + member * n


def xz(octets, size):
    """xz - compressed, with a dictionary of 2^size octets in its header (xz 5.3.1: even values of the property)."""
    packed = bytearray(lzma.compress(octets, preset=0))
    end = 12 + (packed[12] + 1) * 4
    head = packed[12:end]
    head[head.index(b"\x21\x01") + 2] = (size - 12) * 2
    packed[12:end] = head[:-4] + struct.pack("<I", zlib.crc32(head[:-4]))
    return bytes(packed)


attack("an xz file that expands a thousand times", 4, STATS)(lambda n: xz(pcap([]) + bytes(n << 22), 24))
attack("an xz file with a dictionary of 1 GiB", 32, b"not enough memory to decompress xz data", status=3)(lambda n: xz(pcap([]) + bytes(n << 22), 30))
attack("a block of a pcapng that is long", 1 << 20, STATS, memory=160)(lambda n: (
    section() + block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HH", 2, 65532) + bytes(n))))  # fmt: skip

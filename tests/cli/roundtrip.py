#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Round trip: sends messages made by Python's email package through a capture, and compares the records with them.

roundtrip.py SMTPSCAN [COUNT [SEED]]

Builds COUNT messages (all transfer encodings, many charsets, nestings, nasty names), writes them as SMTP sessions
into pcap files, runs SMTPSCAN on them, and compares subjects, addresses, parts (number, type, name, size, SHA-256),
body text and content hashes with what was put in. Where Python's own reader does not give back what its writer was
given, the writer has lost it, and that name or subject is not compared (counted, and at most a twentieth of all).
"""
import binascii
import email
import email.policy
import hashlib
import os
import random
import re
import sys
import tempfile
from email import encoders
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart

from generate import DOWN, START, UP, Connection, frame, write_pcap
from program import records, run

POLICY = email.policy.SMTP.clone(refold_source="none", max_line_length=78)
MAILS_PER_SESSION = 25

# charset -> letters that it has
LETTERS = {
    "us-ascii": "abcdefghijklmnopqrstuvwxyz.,!?-",
    "utf-8": "aäßéçñøł жщыэ かなカナ漢字 한국어 עברית عربي ✓€🙂",
    "iso-8859-1": "aàéèêöüßñçøåÆ£§",
    "iso-8859-2": "ąćęłńóśźżčěšřž",
    "iso-8859-5": "абвгдежзиклмнопрст",
    "iso-8859-7": "αβγδεζηθικλμνξοπρ",
    "iso-8859-9": "ğüşöçıİ",
    "iso-8859-15": "œšž€éè",
    "windows-1250": "ąćęłńóśźżčěšřž„”",
    "windows-1251": "абвгдежзиклмнопрстёЁ№",
    "windows-1252": "àéèêö“quoted”—€",
    "windows-1253": "αβγδεζηθικλμνξοπρ",
    "windows-1256": "عربيسلام",
    "koi8-r": "абвгдежзиклмнопрст",
    "koi8-u": "абвгґєії",
    "cp866": "абвгдежз",
    "shift_jis": "かなカナ漢字日本語テスト表示",
    "euc-jp": "かなカナ漢字日本語",
    "iso-2022-jp": "かなカナ漢字日本語",
    "gb2312": "中文测试邮件附件",
    "gbk": "中文测试郵件附件",
    "gb18030": "中文测试邮件🙂éю",
    "big5": "中文測試郵件附件",
    "euc-kr": "한국어메일시험",
    "utf-7": "aéжかな漢+-",
}
NAMES = [
    "plain.txt", "two words.pdf", "three  spaces.doc", "dots...many..txt", "semi;colon.txt", "comma,name.txt",
    "quote\"inside.txt", "back\\slash.txt", "..\\..\\windows.exe", "../../etc/passwd", "/absolute/path", "percent%41.txt",
    "apostrophe's.txt", "(parens) [brackets] {braces}.txt", "equals=sign.txt", "question?.txt", "star*name*0.txt",
    "résumé.pdf", "naïve café.png", "Übergröße.docx", "価格表のお知らせ.xlsx", "прайс-лист.xls", "견적서.hwp",
    "emoji🙂.gif", "invoice\u202efdp.exe", "mixed дата 2024 年.zip", "no_extension", ".hidden", "UPPER.TXT", "at@sign.txt",
    "a" * 120 + ".txt", "é" * 80 + ".txt", "long name with spaces " * 6 + "end.txt", "長い名前" * 20 + ".txt", "<tag>.html",
    "trailing.dot.", "&amp;.txt", "colon:name.txt", "pipe|name.txt", "#hash.txt", "~tilde$.txt", "x'y''z.txt",
]
TYPES = [("application", "octet-stream"), ("application", "pdf"), ("image", "png"), ("application", "zip"),
         ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"), ("audio", "mpeg"), ("text", "csv"),
         ("application", "x-msdownload"), ("model", "vnd.odd")]


class Leaf:
    """Expected values of a part without subparts. name ...: not compared."""

    def __init__(self, kind, name, octets, text=None):
        self.kind, self.name, self.octets, self.text = kind, name, octets, text

    def rows(self, number, is_message):
        if is_message:
            number = number + ".1" if number else "1"
        yield number, self.kind, self.name, self.octets, self.text


class Multipart:
    def __init__(self, children):
        self.children = children

    def rows(self, number, is_message):
        for index, child in enumerate(self.children, 1):
            yield from child.rows("%s.%d" % (number, index) if number else str(index), False)


class Attached:
    """An attached message: a part as a whole, followed by its parts."""

    def __init__(self, name, message, child):
        self.name, self.message, self.child = name, message, child

    def rows(self, number, is_message):
        if is_message:
            number = number + ".1" if number else "1"
        yield number, "message/rfc822", self.name, self.message.as_bytes(policy=POLICY), None
        yield from self.child.rows(number, True)


class Builder:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lost = self.asked = 0

    def words(self, charset, count):
        letters = LETTERS[charset].replace(" ", "")
        return " ".join("".join(self.random.choices(letters, k=self.random.randint(1, 9))) for _ in range(count))

    def octets(self):
        return self.random.choice([
            lambda: b"", lambda: self.random.randbytes(self.random.randint(1, 5)),
            lambda: self.random.randbytes(self.random.randint(6, 4000)), lambda: b"\r\n.\r\n" * 20 + b"\x00\r\r\n\n" * 3,
            lambda: bytes(range(256)) * self.random.randint(1, 8), lambda: b"From a\n\n--b--\n=3D=\n.\n"])()

    def text_part(self):
        charset = self.random.choice(list(LETTERS))
        lines = [self.words(charset, self.random.randint(0, 8)) for _ in range(self.random.randint(1, 12))]
        for odd in self.random.sample([".", "..dots", "From here", "=3D = =", "tab\there", "end space ", "--", "-- ", "--b"], 3):
            lines.insert(self.random.randint(0, len(lines)), odd)
        subtype = self.random.choice(["plain", "plain", "html"])
        seven = charset in ("us-ascii", "utf-7", "iso-2022-jp")
        part = EmailMessage(policy=POLICY)
        part.set_content("\n".join(lines) + "\n", subtype=subtype, charset=charset,
                         cte=self.random.choice(["base64", "quoted-printable", "7bit" if seven else "8bit"]))
        octets = b"".join(line.encode(charset) + b"\r\n" for line in lines)
        if charset == "utf-7":  # each line alone is not the same octets as all of them
            octets = ("\n".join(lines) + "\n").encode(charset).replace(b"\n", b"\r\n")
        return part, Leaf("text/" + subtype, None, octets, "\n".join(lines) + "\n")

    def name_part(self, part, name):
        """Gives part a name in one of the ways that clients use. Returns the expected name."""
        disposition = self.random.choice(["attachment", "inline"])
        words = lambda value: Header(value, "utf-8", 60).encode(linesep="\r\n")
        style = self.random.randrange(5)
        self.asked += 1
        if style == 0:  # RFC 2231 with a charset and a language
            part.add_header("Content-Disposition", disposition, filename=("utf-8", "en", name))
        elif style == 1:  # RFC 2231 in pieces of 20 octets
            coded = "".join(chr(c) if c < 128 and chr(c).isalnum() else "%%%02X" % c for c in name.encode())
            pieces = ["utf-8''"] + [coded[i:i + 20] for i in range(0, len(coded), 20)]
            order = list(enumerate(pieces))
            self.random.shuffle(order)
            part["Content-Disposition"] = disposition + "".join(";\r\n filename*%d*=%s" % p for p in order)
        elif style == 2:  # RFC 2047 in quotes, as many clients do
            part["Content-Disposition"] = '%s; filename="%s"' % (disposition, words(name).replace('"', '\\"'))
        elif style == 3:  # only a name of the Content-Type
            part.set_param("name", name, charset=None if name.isascii() else "utf-8")
        else:  # RFC 2047 in the Content-Type, and something else in the Content-Disposition: the latter counts
            part.set_param("name", words("not " + name).replace('"', '\\"'))
            part.add_header("Content-Disposition", disposition, filename=("utf-8", "", name))
        return name

    def file_part(self):
        maintype, subtype = self.random.choice(TYPES)
        name, octets = self.random.choice(NAMES), self.octets()
        encoding = self.random.choice(["base64", "quoted-printable", "x-uuencode", "unpadded", "modern"])
        if encoding == "modern":
            part = EmailMessage(policy=POLICY)
            part.set_content(octets, maintype=maintype, subtype=subtype, filename=name,
                             cte=self.random.choice(["base64", "quoted-printable"]))
            self.asked += 1
            if email.message_from_bytes(part.as_bytes(policy=POLICY), policy=POLICY).get_filename() != name:
                self.lost += 1
                name = ...
            return part, Leaf("%s/%s" % (maintype, subtype), name, octets)
        part = MIMEBase(maintype, subtype)
        if encoding == "quoted-printable":  # this encoder takes all for text
            octets = octets.replace(b"\r", b"").replace(b"\n", b"")
        part.set_payload(octets)
        if encoding == "quoted-printable":
            encoders.encode_quopri(part)
        elif encoding == "x-uuencode":
            part["Content-Transfer-Encoding"] = "x-uuencode"
            lines = [binascii.b2a_uu(octets[i:i + 45], backtick=True).decode() for i in range(0, len(octets), 45)]
            inside = self.random.choice([name, "-"]).encode().decode("ascii", "surrogateescape")
            part.set_payload("begin 644 " + inside + "\n" + "".join(lines) + "`\nend\n")
        else:
            encoders.encode_base64(part)
            if encoding == "unpadded":
                part.set_payload(part.get_payload().replace("=", "").rstrip("\n"))
        return part, Leaf("%s/%s" % (maintype, subtype), self.name_part(part, name), octets)

    def multipart(self, depth):
        part = MIMEMultipart(self.random.choice(["mixed", "mixed", "alternative", "related", "report"]))
        style = self.random.choice(["b", "=_x", "----=_Part_0", "a'b(c)+d", "x y", "=" * 20])
        part.set_boundary("%s%d" % (style, self.random.randrange(10**9)))
        part.preamble = self.random.choice([None, "preamble\n"])
        part.epilogue = self.random.choice([None, "", "\nepilogue\n"])
        children = [self.part(depth + 1) for _ in range(self.random.randint(1, 4))]
        for child, _ in children:
            part.attach(child)
        return part, Multipart([expected for _, expected in children])

    def part(self, depth):
        kind = self.random.random()
        if kind < 0.25 + 0.4 * (depth == 0) and depth < 5:
            return self.multipart(depth)
        if kind < 0.35 and 0 < depth < 4:
            inner, expected = self.part(depth + 1)
            inner["Subject"] = self.words("us-ascii", 3)
            part = MIMEMessage(inner)
            name = self.random.choice([None, "forwarded.eml"])
            if name:
                part.add_header("Content-Disposition", "attachment", filename=name)
            return part, Attached(name, inner, expected)
        return self.text_part() if kind < 0.6 else self.file_part()

    def header(self):
        """-> octets of Subject and To, what they say: by the old interface, by the new one."""
        charset = self.random.choice(list(LETTERS))
        subject = self.words(charset, self.random.randint(1, 14))
        modern = self.random.random() < 0.5
        # the modern interface loses the space between two encoded words, so it gets names of one word
        people = [Address(self.words(self.random.choice(["us-ascii", "utf-8", "iso-8859-1"]), 1 if modern else 2).strip(".,!?- "),
                          "user%d" % i, "dest.example") for i in range(self.random.randint(1, 3))]
        if modern:
            head = EmailMessage(policy=POLICY)
            head["Subject"], head["To"] = subject, people
            octets = head.as_bytes().rstrip() + b"\r\n"
        else:
            words = lambda text: Header(text, "utf-8", 60).encode(linesep="\r\n")
            to = ",\r\n ".join(str(p) if p.display_name.isascii() else "%s <%s>" % (words(p.display_name), p.addr_spec)
                               for p in people)
            coded = Header(subject, "utf-8" if charset == "utf-7" else charset, 60).encode(linesep="\r\n")
            octets = ("Subject: %s\r\nTo: %s\r\n" % (coded, to)).encode()
        back = email.message_from_bytes(octets + b"\r\n", policy=POLICY)
        self.asked += 2
        if str(back["Subject"]) != subject:
            self.lost += 1
            subject = None
        if [(a.display_name, a.addr_spec) for a in back["To"].addresses] != [(a.display_name, a.addr_spec) for a in people]:
            self.lost += 1
            people = None
        return octets, {"subject": subject, "to": people}

    def message(self, number):
        part, expected = self.part(0)
        head, wanted = self.header()
        content = b"Message-ID: <%d@roundtrip.example>\r\n" % number + head + part.as_bytes(policy=POLICY)
        if not content.endswith(b"\r\n"):  # SMTP needs a line end, and here it is part of the text
            content += b"\r\n"
            if part["Content-Transfer-Encoding"] == "quoted-printable":
                expected.octets += b"\r\n"
        wanted["rows"] = list(expected.rows("", True))
        return content, wanted


# --- captures


def session(mails, port, time):
    """session - the connection in which these mails are sent."""
    c = Connection("192.0.2.1", port, "198.51.100.2", time=time)
    c.ack_every = 1
    ask = lambda line, reply: (c.send(UP, line + b"\r\n"), c.send(DOWN, reply + b"\r\n"))
    c.handshake()
    c.send(DOWN, b"220 mx ESMTP\r\n")
    ask(b"EHLO client.example", b"250-mx\r\n250 8BITMIME")
    for content in mails:
        ask(b"MAIL FROM:<a@source.example> BODY=8BITMIME", b"250 ok")
        ask(b"RCPT TO:<b@dest.example>", b"250 ok")
        ask(b"DATA", b"354 go on")
        stuffed = content.replace(b"\r\n.", b"\r\n..")
        ask((b"." if content.startswith(b".") else b"") + stuffed + b".", b"250 ok")
    ask(b"QUIT", b"221 bye")
    c.close()
    return c


# --- comparison


def differences(wanted, email_record, files):
    """The differences, as text."""
    if wanted["subject"] is not None and email_record.get("subject") != wanted["subject"]:
        yield "subject: %r is %r" % (wanted["subject"], email_record.get("subject"))
    have = email_record.get("to", [])
    want = [(p.display_name, "<%s>" % p.addr_spec if p.display_name else p.addr_spec) for p in wanted["to"] or []]
    if wanted["to"] is None:
        pass
    elif len(have) != len(want) or not all(h.endswith(a) and n in h for h, (n, a) in zip(have, want)):
        yield "to: %r is %r" % (want, have)
    rows = [(f.get("part"), f.get("content_type"), f.get("filename"), f.get("size"), f.get("sha256")) for f in files]
    expect = [(number, kind, name, len(octets), hashlib.sha256(octets).hexdigest())
              for number, kind, name, octets, text in wanted["rows"]]
    if len(rows) != len(expect):
        yield "parts: %r are %r" % ([e[:3] for e in expect], [r[:3] for r in rows])
    for row, want in zip(rows, expect):
        if want[2] is ...:
            row, want = row[:2] + row[3:], want[:2] + want[3:]
        if row != want:
            yield "part: %r is %r" % (want, row)
    depths = {number for number, kind, *_ in wanted["rows"] if kind == "message/rfc822"}
    texts = [(kind, text) for number, kind, name, octets, text in wanted["rows"] if text is not None and
             not any(number.startswith(d + ".") for d in depths)]
    best = next((t for t in texts if t[0] == "text/plain"), texts[0] if texts else (None, None))
    # the HTML parts do not contain real HTML: blanks are compared only in the octets
    have = email_record.get("body_type"), email_record.get("html" if best[0] == "text/html" else "body")
    if have != best:
        yield "body: %r is %r" % (best, have)
    if best[0] == "text/html" and " ".join(email_record["body"].split()) != " ".join(best[1].split()):
        yield "text of HTML: %r is %r" % (best[1], email_record["body"])


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    builder = Builder(seed)
    mails = [builder.message(number) for number in range(count)]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "roundtrip.pcap")
        packets, time = [], START
        for at in range(0, count, MAILS_PER_SESSION):
            c = session([content for content, _ in mails[at:at + MAILS_PER_SESSION]], 40000 + at, time)
            packets, time = packets + [(s.time, *frame(s, i)) for i, s in enumerate(c.segments)], c.time
        write_pcap(path, packets)
        done = run("--html", "-e", "smtp,fileinfo,alert", path)
    assert done.returncode == 0, done.returncode
    rows = records(done.stdout)
    alerts = [r["alert"] for r in rows if r["event_type"] == "alert" and r["alert"]["category"] == "content"
              and r["alert"]["signature"].startswith("mime_")]
    smtp = {r["email"]["message_id"]: r for r in rows if r["event_type"] == "smtp"}
    files = {}
    for r in rows:
        if r["event_type"] == "fileinfo":
            files.setdefault((r["flow_id"], r["tx_id"]), []).append(r["fileinfo"])
    for number, (content, wanted) in enumerate(mails):
        record = smtp.get("<%d@roundtrip.example>" % number)
        said = ["no record"]
        if record:
            said = list(differences(wanted, record["email"], files.get((record["flow_id"], record["tx_id"]), [])))
            if record["smtp"]["sha256"] != hashlib.sha256(content).hexdigest():
                said.append("content: another hash")
        for words in said:
            print("mail %d: %s" % (number, words))
        failed += bool(said)
    # only the additional names from set_param are reported
    alerts = [a for a in alerts if not re.fullmatch(r"part \S+ has more than one name: (.*), not \1", a["description"], re.S)]
    for alert in alerts:
        print("alert: %s" % alert)
    print("%d mails, %d parts, %d differ, %d of %d names lost by the writer" % (
        count, sum(len(w["rows"]) for _, w in mails), failed, builder.lost, builder.asked))
    return 1 if failed or alerts or builder.lost > builder.asked / 20 else 0


if __name__ == "__main__":
    sys.exit(main())

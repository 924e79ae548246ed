# SPDX-License-Identifier: GPL-3.0-or-later
"""dialogue.py - the usual parts of dialogues (their format is that of generate.py), and of mails with files."""
import base64
import io
import zipfile

BYE = "C: QUIT\nS: 221 bye\n"


def hello(*keywords, name="client.example"):
    lines = ["mail.example", *keywords]
    reply = "".join("S: 250%s%s\n" % (" " if i + 1 == len(lines) else "-", line) for i, line in enumerate(lines))
    return "S: 220 mail.example ESMTP\nC: EHLO %s\n%s" % (name, reply)


def envelope(sender="<otto@client.example>", *recipients, parameters=""):
    text = "C: MAIL FROM:%s%s\nS: 250 ok\n" % (sender, parameters)
    return text + "".join("C: RCPT TO:%s\nS: 250 ok\n" % r for r in recipients or ["<anna@corp.example>"])


def message(*lines):
    """message - DATA and its lines, which the server takes."""
    return "C: DATA\nS: 354 go on\n" + "".join("C: %s\n" % line for line in lines) + "C: .\nS: 250 2.0.0 taken\n"


def content(*lines, headers=("Subject: case",), sender="Otto <otto@client.example>"):
    return message("From: " + sender, "To: anna@corp.example", *headers, "", *(lines or ["Text."]))


def mail(*lines, **more):
    return envelope() + content(*lines, **more)


def session(middle, *keywords):
    return hello(*keywords) + middle + BYE


def encoded(octets):
    return base64.encodebytes(octets).decode().splitlines()


def file_part(name, octets, kind="application/octet-stream"):
    """file_part - the lines of a file. name: the parameter with its name."""
    return ["Content-Type: " + kind, "Content-Transfer-Encoding: base64", "Content-Disposition: attachment; " + name, "",
            *encoded(octets)]  # fmt: skip


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    """zipped - an archive. entries: (name, octets)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, octets in entries:
            archive.writestr(name, octets)
    return out.getvalue()

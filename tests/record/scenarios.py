# SPDX-License-Identifier: GPL-3.0-or-later
"""scenarios.py - what record.py records: (name, root of the client, its command, what is captured, its standard input)."""

SERVERS = [
    ("postfix", "postfix start-fg"),
    ("exim", "exim -C /etc/exim4/server.conf -bdf"),
    ("opensmtpd", "smtpd -d"),
    ("sendmail", "sendmail -bD -C /etc/mail/lab.cf"),
    ("tools", "dovecot -F -c /etc/dovecot/lab.conf"),
    ("tools", "/usr/bin/python3 aiosmtpd-server.py"),
    ("tools", "node smtp-server.js"),
    ("tools", "vsftpd /etc/vsftpd-lab.conf"),
    ("tools", "chasquid -config_dir /etc/chasquid-lab"),
]
POSTFIX, EXIM, OPENSMTPD, SENDMAIL = "192.0.2.25", "192.0.2.26", "192.0.2.27", "192.0.2.28"
AIOSMTPD, DOVECOT, NPM, VSFTPD = "192.0.2.31", "192.0.2.32", "192.0.2.33", "192.0.2.34"
CHASQUID = "192.0.2.35"

HELLO = """\
S: 220
C: EHLO client.example
S: 250
"""
ENVELOPE = """\
C: MAIL FROM:<otto@client.example>
S: 250
C: RCPT TO:<anna@corp.example>
S: 250
"""
DATA = """\
C: DATA
S: 354
"""
CONTENT = """\
C: From: Otto <otto@client.example>
C: To: Anna <anna@corp.example>
C: Subject: Harbour dues
C: Date: Mon, 16 Jun 2025 10:00:00 +0200
C: Message-ID: <1@client.example>
C: 
C: The dues for June are 120.
C: ..Two dots begin this line on the wire, one in the mail.
C: .
"""
MAIL = ENVELOPE + DATA + CONTENT + "S: 250\n"
QUIT = """\
C: QUIT
S: 221
"""
PIPELINED = """\
C: MAIL FROM:<otto@client.example>
C: RCPT TO:<anna@corp.example>
C: RCPT TO:<ben@corp.example>
C: DATA
S: 250
S: 250
S: 250
S: 354
"""
REFUSED_RCPT = """\
C: MAIL FROM:<otto@client.example>
S: 250
C: RCPT TO:<nobody@corp.example>
S: 550
C: RCPT TO:<anna@corp.example>
S: 250
"""
ALL_REFUSED = """\
C: MAIL FROM:<otto@client.example>
C: RCPT TO:<nobody@corp.example>
C: DATA
S: 250
S: 550
S:
C: RSET
S: 250
"""
PART_OF_CONTENT = CONTENT.replace("C: .\n", "")
BDAT_TEXT = "From: otto@client.example\\r\\nTo: anna@corp.example\\r\\nSubject: Chunks\\r\\n\\r\\n"
CHUNK = "C: BDAT %d\nC: %s\\\n" % (len(BDAT_TEXT.encode().decode("unicode_escape")), BDAT_TEXT)
ANSWERS = {"anna": "AGFubmEAc2VjcmV0LWFubmE=", "wrong": "AGFubmEAd3Jvbmc="}  # \0anna\0secret-anna, \0anna\0wrong

SCENARIOS = []


def raw(name, server, dialogue, port=25, client=None):
    capture = "host %s and tcp port %d" % (server, port)
    SCENARIOS.append((name, "tools", "python3 talk.py %s %d" % (server, port), capture, dialogue))


def tool(name, server, command, port=25, root="tools", text="", capture=None):
    capture = capture or "host %s and tcp port %d" % (server, port)
    SCENARIOS.append((name, root, command.format(server=server, port=port), capture, text))


# ---- the same dialogues with every server ----
for name, server in (
    ("postfix", POSTFIX),
    ("exim", EXIM),
    ("opensmtpd", OPENSMTPD),
    ("sendmail", SENDMAIL),
    ("aiosmtpd", AIOSMTPD),
):
    accepted = [HELLO + MAIL + QUIT, HELLO + PIPELINED + CONTENT + "S: 250\n" + QUIT]
    raw(name + "-plain", server, accepted[0])
    if name not in ("aiosmtpd", "opensmtpd"):
        raw(name + "-pipelined", server, accepted[1])
    raw(name + "-rcpt-refused", server, HELLO + REFUSED_RCPT + DATA + CONTENT + "S: 250\n" + QUIT)
    raw(name + "-data-fin", server, HELLO + ENVELOPE + DATA + PART_OF_CONTENT + "! wait 0.2\n! fin C\n")
    raw(name + "-data-rst", server, HELLO + ENVELOPE + DATA + PART_OF_CONTENT + "! wait 0.2\n! rst C\n")
raw("opensmtpd-pipelining-refused", OPENSMTPD, HELLO + PIPELINED.split("S:")[0] + "S: 500\n")
raw("postfix-plain-v6", "2001:db8::25", HELLO + MAIL + QUIT)
raw("exim-two-mails-v6", "2001:db8::26", HELLO + MAIL + MAIL.replace("Harbour dues", "Second") + QUIT)
raw("aiosmtpd-plain-v6", "2001:db8::31", HELLO + MAIL + QUIT)
raw("exim-odd-port", EXIM, HELLO + MAIL + QUIT, 2525)

# ---- transactions ----
raw("postfix-pipelined-all-refused", POSTFIX, HELLO + ALL_REFUSED + MAIL + QUIT)
raw("exim-pipelined-all-refused", EXIM, HELLO + ALL_REFUSED + MAIL + QUIT)
raw(
    "postfix-sender-refused",
    POSTFIX,
    HELLO + "C: MAIL FROM:<offers@spam.example>\nS: 250\nC: RCPT TO:<anna@corp.example>\nS: 554\n" + QUIT,
)
raw(
    "postfix-data-refused",
    POSTFIX,
    HELLO + ENVELOPE.replace("otto@", "nodata@") + "C: DATA\nS: 554\nC: RSET\nS: 250\n" + MAIL + QUIT,
)
raw(
    "postfix-content-refused",
    POSTFIX,
    HELLO + ENVELOPE + DATA + CONTENT.replace("Subject: ", "Subject: REFUSE ") + "S: 550\n" + MAIL + QUIT,
)
raw(
    "exim-content-refused",
    EXIM,
    HELLO + ENVELOPE + DATA + CONTENT.replace("Subject: ", "Subject: REFUSE ") + "S: 550\n" + QUIT,
)
raw(
    "aiosmtpd-content-refused",
    AIOSMTPD,
    HELLO + ENVELOPE + DATA + CONTENT.replace("Subject: ", "Subject: REFUSE ") + "S: 554\n" + QUIT,
)
raw(
    "postfix-temporary",
    POSTFIX,
    HELLO + "C: MAIL FROM:<otto@client.example>\nS: 250\nC: RCPT TO:<full@corp.example>\nS: 452\n" + QUIT,
)
raw("postfix-rset", POSTFIX, HELLO + ENVELOPE + "C: RSET\nS: 250\n" + MAIL + "C: RSET\nS: 250\n" + QUIT)
raw("postfix-second-ehlo", POSTFIX, HELLO + ENVELOPE + "C: EHLO other.example\nS: 250\n" + MAIL + QUIT)
raw(
    "postfix-mail-twice",
    POSTFIX,
    HELLO
    + "C: MAIL FROM:<otto@client.example>\nS: 250\nC: MAIL FROM:<otto@client.example>\nS: 503\n"
    + MAIL[MAIL.index("C: RCPT") :]
    + QUIT,
)
raw("exim-quit-in-transaction", EXIM, HELLO + ENVELOPE + QUIT)
raw("postfix-gone-without-quit", POSTFIX, HELLO + MAIL + "! fin C\n")
raw("postfix-helo", POSTFIX, "S: 220\nC: HELO client.example\nS: 250\n" + MAIL + QUIT)
raw(
    "postfix-pipelined-mails",
    POSTFIX,
    HELLO
    + PIPELINED
    + CONTENT
    + PIPELINED.split("S: ")[0].replace("otto", "olga")
    + "S: 250\nS: 250\nS: 250\nS: 250\nS: 354\n"
    + CONTENT.replace("Harbour dues", "Pipelined behind the first")
    + "C: QUIT\nS: 250\nS: 221\n",
)
raw(
    "postfix-lower-case",
    POSTFIX,
    "S: 220\nC: ehlo client.example\nS: 250\nC: mail from: <otto@client.example>\nS: 250\nC: rcpt to:anna@corp.example  \nS: 250\nC: data\nS: 354\n"
    + CONTENT
    + "S: 250\nC: quit\nS: 221\n",
)
raw(
    "postfix-odd-addresses",
    POSTFIX,
    HELLO
    + """\
C: MAIL FROM:<>
S: 250
C: RCPT TO:<@relay.example,@two.example:anna@corp.example>
S: 250
C: RCPT TO:<"anna of the > harbour"@corp.example>
S: 250
C: RCPT TO:<postmaster>
S: 250
C: RCPT TO:<anna@[192.0.2.25]>
S:
"""
    + DATA
    + CONTENT
    + "S: 250\n"
    + QUIT,
)

# chasquid discards what it reads together with the end of data, and still replies to clients that close
UNHEARD = "".join(line for line in PIPELINED.splitlines(True) if line.startswith("C:")).replace("otto", "olga")
AGAIN = "S: 250\n! wait 0.3\n" + MAIL.replace("Harbour dues", "Once more") + QUIT
raw("chasquid-unheard", CHASQUID, HELLO + ENVELOPE + DATA + CONTENT + UNHEARD + AGAIN)
raw("chasquid-gone-without-quit", CHASQUID, HELLO + "! fin C\nS: 554\n")
raw("chasquid-starttls-then-gone", CHASQUID, HELLO + "C: STARTTLS\nS: 220\n! wait 0.2\n! fin C\nS: 554\nS: 554\n")
raw("chasquid-quit-unheard", CHASQUID, HELLO + ENVELOPE + DATA + CONTENT + "C: QUIT\nS: 250\n! wait 0.3\n" + QUIT)

# ---- extensions ----
raw(
    "postfix-bdat",
    POSTFIX,
    HELLO + ENVELOPE + CHUNK + "S: 250\nC: BDAT 12 LAST\nC: one\\r\\ntwo\\r\\n.\\n\\\nS: 250\n" + QUIT,
)
raw(
    "exim-bdat-pipelined",
    EXIM,
    HELLO
    + "C: MAIL FROM:<otto@client.example>\nC: RCPT TO:<anna@corp.example>\n"
    + CHUNK
    + "C: BDAT 19\nC: QUIT\\r\\nMAIL FROM:<x>\\\nC: BDAT 0 LAST\nC: QUIT\nS: 250\nS: 250\nS: 250\nS: 250\nS: 250\nS: 221\n",
)
raw(
    "postfix-bdat-refused",
    POSTFIX,
    HELLO
    + "C: MAIL FROM:<otto@client.example>\nC: RCPT TO:<nobody@corp.example>\n"
    + CHUNK
    + "C: BDAT 5 LAST\nC: two\nS: 250\nS: 550\nS: 554\nS:\nC: RSET\nS: 250\n"
    + MAIL
    + QUIT,
)
raw(
    "postfix-smtputf8",
    POSTFIX,
    HELLO
    + "C: MAIL FROM:<\u00f6tt\u00f6@client.example> SMTPUTF8 BODY=8BITMIME\nS: 250\nC: RCPT TO:<anna@corp.example>\nS: 250\n"
    + DATA
    + CONTENT.replace("Harbour dues", "\u6e2f\u306e\u6599\u91d1")
    + "S: 250\n"
    + QUIT,
)
raw(
    "postfix-dsn",
    POSTFIX,
    HELLO
    + "C: MAIL FROM:<otto@client.example> SIZE=400 RET=HDRS ENVID=QQ+2B314159\nS: 250\nC: RCPT TO:<anna@corp.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;anna+2Bboat@corp.example\nS: 250\n"
    + DATA
    + CONTENT
    + "S: 250\n"
    + QUIT,
)
raw(
    "postfix-size-too-big",
    POSTFIX,
    HELLO + "C: MAIL FROM:<otto@client.example> SIZE=100000000\nS: 552\nC: RSET\nS: 250\n" + MAIL + QUIT,
)
raw(
    "postfix-vrfy-etrn-noop",
    POSTFIX,
    HELLO
    + "C: VRFY anna@corp.example\nS: 252\nC: EXPN staff\nS:\nC: HELP\nS:\nC: NOOP\nS: 250\nC: NOOP with words\nS:\nC: ETRN corp.example\nS:\nC: TURN\nS:\n"
    + MAIL
    + QUIT,
)
raw(
    "exim-vrfy-expn-help",
    EXIM,
    HELLO
    + "C: VRFY anna@corp.example\nS: 250\nC: EXPN staff@corp.example\nS:\nC: HELP\nS: 214\nC: NOOP\nS: 250\nC: ETRN #corp.example\nS: 250\n"
    + QUIT,
)
raw("sendmail-help", SENDMAIL, HELLO + "C: HELP\nS: 214\nC: VRFY anna\nS:\nC: VERB\nS:\n" + QUIT)
raw(
    "postfix-xclient",
    POSTFIX,
    HELLO + "C: XCLIENT NAME=outside.example ADDR=203.0.113.9\nS: 220\nC: EHLO outside.example\nS: 250\n" + MAIL + QUIT,
    2529,
)
raw(
    "postfix-xforward",
    POSTFIX,
    HELLO
    + "C: XFORWARD NAME=outside.example ADDR=203.0.113.9 PROTO=ESMTP\nS: 250\nC: XFORWARD HELO=outside.example SOURCE=REMOTE\nS: 250\n"
    + MAIL
    + QUIT,
    2529,
)
raw("postfix-unknown-command", POSTFIX, HELLO + "C: FROBNICATE now\nS: 500\n" + MAIL + QUIT)

# ---- AUTH ----
PLAIN, LOGIN = "C: AUTH PLAIN %s\nS: %%s\n", "C: AUTH LOGIN\nS: 334\nC: %s\nS: 334\nC: %s\nS: %%s\n"
raw("postfix-auth-plain", POSTFIX, HELLO + PLAIN % "AGFubmFAbWFpbC5leGFtcGxlAHNlY3JldC1hbm5h" % 235 + MAIL + QUIT, 587)
raw("postfix-auth-plain-failed", POSTFIX, HELLO + PLAIN % ANSWERS["wrong"] % 535 + QUIT, 587)
raw(
    "postfix-auth-plain-no-initial",
    POSTFIX,
    HELLO + "C: AUTH PLAIN\nS: 334\nC: AGFubmFAbWFpbC5leGFtcGxlAHNlY3JldC1hbm5h\nS: 235\n" + QUIT,
    587,
)
raw(
    "postfix-auth-login",
    POSTFIX,
    HELLO + LOGIN % ("YmVuQG1haWwuZXhhbXBsZQ==", "c2VjcmV0LWJlbg==") % 235 + MAIL + QUIT,
    587,
)
raw("postfix-auth-cancelled", POSTFIX, HELLO + "C: AUTH LOGIN\nS: 334\nC: *\nS: 501\n" + QUIT, 587)
raw("exim-auth-login-failed", EXIM, HELLO + LOGIN % ("YW5uYQ==", "d3Jvbmc=") % 535 + QUIT)
raw("exim-auth-plain", EXIM, HELLO + PLAIN % ANSWERS["anna"] % 235 + MAIL + QUIT)
raw("npm-auth-plain-bruteforce", NPM, HELLO + PLAIN % ANSWERS["wrong"] % 535 * 6 + QUIT, 587)
raw(
    "npm-xoauth2",
    NPM,
    HELLO + "C: AUTH XOAUTH2 dXNlcj1hbm5hAWF1dGg9QmVhcmVyIHNlY3JldC1hbm5hAQE=\nS: 235\n" + MAIL + QUIT,
    587,
)
raw("npm-xoauth2-failed", NPM, HELLO + "C: AUTH XOAUTH2 dXNlcj1hbm5hAWF1dGg9QmVhcmVyIHdyb25nAQE=\nS: 535\n" + QUIT, 587)
for server, host, port in ("postfix", POSTFIX, 587), ("exim", EXIM, 25), ("npm", NPM, 587):
    user = "anna@mail.example" if server == "postfix" else "anna"
    tool(
        server + "-swaks-cram-md5",
        host,
        "swaks -s {server} -p {port} -h client.example -f otto@client.example -t anna@corp.example "
        "--auth CRAM-MD5 --auth-user %s --auth-password secret-anna --body 'by CRAM-MD5'" % user,
        port,
    )
tool(
    "postfix-swaks-digest-md5",
    POSTFIX,
    "swaks -s {server} -p {port} -h client.example -f otto@client.example -t anna@corp.example "
    "--auth DIGEST-MD5 --auth-user anna --auth-extra realm=mail.example --auth-password secret-anna --body 'by DIGEST-MD5'",
    587,
)
tool(
    "exim-swaks-cram-md5-failed",
    EXIM,
    "swaks -s {server} -p {port} -h client.example -f otto@client.example -t anna@corp.example "
    "--auth CRAM-MD5 --auth-user anna --auth-password wrong",
)

# ---- TLS ----
for version in "1.2", "1.3":
    tls = HELLO + "C: STARTTLS\nS: 220\n! tls %s mail.example\nC: EHLO client.example\nS: 250\n" % version + MAIL + QUIT
    raw("postfix-starttls-" + version, POSTFIX, tls)
    raw("exim-starttls-" + version, EXIM, tls)
    raw("postfix-465-tls-" + version, POSTFIX, "! tls %s mail.example\n" % version + HELLO + MAIL + QUIT, 465)
raw(
    "npm-starttls",
    NPM,
    HELLO + "C: STARTTLS\nS: 220\n! tls 1.3 mail.example\nC: EHLO client.example\nS: 250\n" + MAIL + QUIT,
    587,
)
raw("npm-465", NPM, "! tls 1.3 mail.example\n" + HELLO + MAIL + QUIT, 465)
raw("opensmtpd-starttls-not-offered", OPENSMTPD, HELLO + "C: STARTTLS\nS: 503\n" + MAIL + QUIT)
raw("postfix-starttls-injection", POSTFIX, HELLO + "C: STARTTLS\nC: RSET\nS: 220\n! wait 0.3\n! fin C\n")
tool(
    "postfix-swaks-tls",
    POSTFIX,
    "swaks -s {server} -p {port} -h client.example -f otto@client.example -t anna@corp.example -tls",
    587,
)
tool(
    "postfix-curl-tls-v6",
    "2001:db8::25",
    "curl -sk --ssl-reqd 'smtp://[2001:db8::25]:587/client.example' --mail-from otto@client.example --mail-rcpt anna@corp.example -T -",
    587,
    text="Subject: curl\r\n\r\nTLS over IPv6\r\n",
)

# ---- LMTP ----
LMTP = "S: 220\nC: LHLO client.example\nS: 250\n"
TWO = "C: MAIL FROM:<otto@client.example>\nS: 250\nC: RCPT TO:<anna@corp.example>\nS: 250\nC: RCPT TO:<nobody@corp.example>\nS: 550\nC: RCPT TO:<ben@corp.example>\nS: 250\n"
raw("dovecot-lmtp", DOVECOT, LMTP + TWO + DATA + CONTENT + "S: 250\nS: 250\n" + QUIT, 24)
raw(
    "dovecot-lmtp-pipelined",
    DOVECOT,
    LMTP
    + "".join(line + "\n" for line in TWO.splitlines() if line[0] == "C")
    + "C: DATA\nS: 250\nS: 250\nS: 550\nS: 250\nS: 354\n"
    + CONTENT
    + "S: 250\nS: 250\n"
    + QUIT,
    2424,
)
raw(
    "dovecot-lmtp-one-fails",
    DOVECOT,
    LMTP + TWO.replace("nobody", "full").replace("550", "250") + DATA + CONTENT + "S: 250\nS: 451\nS: 250\n" + QUIT,
    24,
)
raw("dovecot-lmtp-bdat", DOVECOT, LMTP + TWO + CHUNK + "C: BDAT 5 LAST\nC: two\nS: 250\nS: 250\nS: 250\n" + QUIT, 24)
tool(
    "dovecot-lmtp-smtplib",
    DOVECOT,
    """python3 -c 'import smtplib; s = smtplib.LMTP("{server}", {port}); s.sendmail("otto@client.example", ["anna@corp.example", "ben@corp.example", "nobody@corp.example"], "Subject: smtplib\\r\\n\\r\\nby LMTP\\r\\n"); s.quit()'""",
    24,
)
raw("aiosmtpd-lmtp", AIOSMTPD, LMTP + ENVELOPE + DATA + CONTENT + "S: 250\n" + QUIT, 2424)

# ---- what goes wrong ----
raw("postfix-421-too-many-errors", POSTFIX, HELLO + "C: NONSENSE\nS: 500\n" * 3 + "C: NONSENSE\nS: 421\n", 2531)
raw("postfix-554-then-quit", POSTFIX, "S: 554\nC: QUIT\nS: 221\n", 2530)
raw("postfix-no-pipelining", POSTFIX, HELLO + MAIL + QUIT, 2532)
raw("postfix-unauthorized-pipelining", POSTFIX, HELLO + PIPELINED + CONTENT + "S: 250\n" + QUIT, 2532)
raw(
    "postfix-early-talker", POSTFIX, "C: EHLO client.example\nS: 220\nS: 250\n" + MAIL + QUIT, 2534
)  # it waits a second
raw("exim-early-ehlo", EXIM, "C: EHLO client.example\nS: 220\nS: 250\n" + MAIL + QUIT)
raw(
    "postfix-http",
    POSTFIX,
    "C: GET /index.html HTTP/1.1\nC: Host: mail.example\nC: \nS: 220\nS:\n! wait 0.3\n! fin C\n",
)
raw("exim-http", EXIM, "S: 220\nC: GET / HTTP/1.0\nC: \nS:\n! fin C\n")
raw(
    "postfix-bare-lf",
    POSTFIX,
    HELLO
    + ENVELOPE
    + DATA
    + CONTENT.replace("120.", "120.\\nThis line ends in a bare LF\\n\\nand so did that.\\rBare CR")
    + "S: 250\n"
    + QUIT,
)
raw(
    "postfix-bare-lf-commands",
    POSTFIX,
    "S: 220\nC: EHLO client.example\\n\\\nS: 250\nC: MAIL FROM:<otto@client.example>\\n\\\nS: 250\nC: RCPT TO:<anna@corp.example>\\n\\\nS: 250\nC: DATA\\n\\\nS: 354\n"
    + CONTENT
    + "S: 250\nC: QUIT\\n\\\nS: 221\n",
)
raw("postfix-long-line", POSTFIX, HELLO + ENVELOPE + DATA + CONTENT.replace("120.", "x" * 3000) + "S: 250\n" + QUIT)
raw("postfix-nul", POSTFIX, HELLO + ENVELOPE + DATA + CONTENT.replace("120.", "12\\0\\0.") + "S: 250\n" + QUIT)
raw(
    "vsftpd-not-smtp",
    VSFTPD,
    "S: 220\nC: USER anonymous\nS: 331\nC: PASS otto@client.example\nS: 230\nC: NOOP\nS: 200\nC: HELP\nS: 214\nC: QUIT\nS: 221\n",
    2100,
)
raw("dovecot-pop3-not-smtp", DOVECOT, "S:\nC: CAPA\nC: QUIT\n! wait 0.3\n", 110)

# ---- smuggling: content with an odd end of data and a second envelope after it ----
SECOND = "MAIL FROM:<boss@corp.example>\nC: RCPT TO:<ben@corp.example>\nC: DATA\nC: Subject: Smuggled\nC: \nC: Pay at once.\nC: .\n"
BASE = HELLO + ENVELOPE + DATA + CONTENT.replace("C: .\n", "")
for server, host, port, count in (
    ("postfix", POSTFIX, 25, 5),
    ("exim", EXIM, 25, 1),
    ("aiosmtpd", AIOSMTPD, 25, 1),
    ("postfix-strict", POSTFIX, 2526, 1),
):
    for name, odd in (
        ("lf-dot-lf", "\\n.\\n"),
        ("lf-dot-crlf", "\\n.\\r\\n"),
        ("crlf-dot-lf", ".\\n"),
        ("cr-dot-cr", "\\r.\\r"),
        ("lf-dot-cr", "\\n.\\r"),
    ):
        if count == 5 or name in ("lf-dot-lf", "cr-dot-cr", "lf-dot-crlf"):
            first = "text" if odd[0] == "\\" else ""
            raw(
                "%s-smuggle-%s" % (server, name),
                host,
                BASE + "C: " + first + odd + SECOND + "S:\n! wait 0.5\n! fin C\n",
                port,
            )
raw(
    "postfix-odd-end-no-command",
    POSTFIX,
    BASE + "C: text\\n.\\r\\nThis is no command.\nC: .\nS:\n! wait 0.5\n! fin C\n",
    2526,
)

# ---- other clients ----
MIXED = """From: Otto <otto@client.example>
To: anna@corp.example
Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_vom_Hafen?=
Message-ID: <7@client.example>

Greetings from the harbour. See http://harbour.example/timetable?day=1
"""
for name, server, port in (
    ("postfix", POSTFIX, 25),
    ("exim", EXIM, 25),
    ("opensmtpd", OPENSMTPD, 25),
    ("sendmail", SENDMAIL, 25),
    ("npm", NPM, 587),
):
    tool(
        name + "-msmtp",
        server,
        "msmtp --host={server} --port={port} --domain=client.example --auth=off --tls=off -f otto@client.example anna@corp.example ben@corp.example",
        port,
        text=MIXED,
    )
tool(
    "postfix-curl-form",
    POSTFIX,
    "curl -s smtp://{server}/client.example --mail-from otto@client.example --mail-rcpt anna@corp.example -H 'Subject: Two forms' -H 'From: otto@client.example' "
    "-F 'text=Read the files.;type=text/plain' -F 'file=@conf/tools.sh;type=text/plain;encoder=base64' -F 'file=@talk.py;encoder=quoted-printable'",
)
tool(
    "exim-curl-chunked",
    EXIM,
    "curl -s smtp://{server}:2525/client.example --mail-from otto@client.example --mail-rcpt anna@corp.example --mail-rcpt ben@corp.example -T -",
    2525,
    text=MIXED.replace("\n", "\r\n"),
)
tool(
    "exim-swaks-attach",
    EXIM,
    "swaks -s {server} -h client.example -f otto@client.example -t anna@corp.example --attach-type application/pdf --attach-name 'dues june.pdf' --attach @talk.py --attach-body 'See the file'",
)
NODEMAILER = """
const t = require("/opt/node/node_modules/nodemailer").createTransport({ host: "%s", port: %d, name: "client.example", ignoreTLS: true });
t.sendMail({ from: "Otto <otto@client.example>", to: "anna@corp.example, Ben <ben@corp.example>", subject: "Gr\u00fc\u00dfe \u2693", text: "The plan is attached.",
  html: "<p>The plan is <b>attached</b>. <a href='http://harbour.example/plan'>Plan</a></p>",
  attachments: [{ filename: "plan \u2693.txt", content: "Quay 1\\nQuay 2\\n" }, { filename: "pixel.png", content: Buffer.from("89504e470d0a1a0a", "hex"), cid: "p" },
    { filename: "note.eml", contentType: "message/rfc822", content: "Subject: inner\\r\\n\\r\\nInner text\\r\\n" }] }, (e) => { if (e) throw e; });
"""
for name, server, port in ("postfix", POSTFIX, 25), ("npm", NPM, 587), ("exim", "2001:db8::26", 25):
    tool(name + "-nodemailer", server, "node -", port, text=NODEMAILER % (server, port))
EXIM_OUT = "sed 's/HOST/{server}/; s/PORT/{port}/; s/NOTLS/*/; s/EARLY/%s/; s/FASTOPEN/%s/' /etc/exim4/client.conf > /tmp/client.conf && "
SEND = "exim -C /tmp/client.conf -odf -oi -f otto@client.example "
tool(
    "postfix-exim-bdat",
    POSTFIX,
    EXIM_OUT % (":", ":") + SEND + "anna@corp.example ben@corp.example nobody@corp.example",
    root="exim",
    text=MIXED,
)
tool(
    "exim-exim-pipeconnect",
    EXIM,
    "rm -rf /var/spool/exim4-out/db; "
    + EXIM_OUT % ("*", ":")
    + "for n in 1 2; do echo Subject: Connect $n | "
    + SEND
    + "anna@corp.example; done",
    root="exim",
)
tool(
    "exim-exim-fastopen",
    EXIM,
    "rm -rf /var/spool/exim4-out/db; "
    + EXIM_OUT % ("*", "*")
    + "for n in 1 2 3; do echo Subject: Fast open $n | "
    + SEND
    + "anna@corp.example; done",
    root="exim",
)
POSTFIX_OUT = (
    "postconf -c /etc/postfix-out -e default_transport=%s; postfix -c /etc/postfix-out start; "
    "sendmail -C /etc/postfix-out -f otto@client.example anna@corp.example ben@corp.example nobody@corp.example; "
    "sleep 3; postfix -c /etc/postfix-out stop"
)
tool("exim-postfix", EXIM, POSTFIX_OUT % "smtp:[{server}]:25", root="postfix", text=MIXED)
tool("dovecot-postfix-lmtp", DOVECOT, POSTFIX_OUT % "lmtp:[{server}]:24", 24, root="postfix", text=MIXED)
tool(
    "postfix-smtplib",
    POSTFIX,
    """python3 -c 'import smtplib; s = smtplib.SMTP("{server}"); s.sendmail("otto@client.example", "anna@corp.example", "Subject: smtplib\\r\\n\\r\\nfirst\\r\\n"); s.rset(); s.sendmail("otto@client.example", "ben@corp.example", "Subject: smtplib\\r\\n\\r\\nsecond\\r\\n"); s.quit()'""",
)
tool(
    "postfix-smtp-source",
    POSTFIX,
    "smtp-source -M client.example -s 4 -m 8 -f otto@client.example -t anna@corp.example {server}:{port}",
    root="postfix",
)
tool(
    "mixed-ports",
    POSTFIX,
    "python3 -m http.server 8025 --bind 192.0.2.34 > /tmp/http.log 2>&1 & sleep 1; curl -s http://192.0.2.34:8025/conf/ > /dev/null; "
    "swaks -s 192.0.2.26 -p 2525 -h client.example -f otto@client.example -t anna@corp.example > /dev/null; swaks -s {server} -p 2532 -h client.example -f otto@client.example -t anna@corp.example > /dev/null; kill $!",
    capture="tcp port 8025 or tcp port 2525 or tcp port 2532",
)

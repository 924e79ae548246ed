# SPDX-License-Identifier: GPL-3.0-or-later
"""alert_cases.py - for every alert of the catalogue: dialogues that raise it, and similar ones that do not.

CASES: (id, "raises" or "near", dialogue, options of smtpscan, ids of the other alerts that it rightly raises too).
The format of dialogues is that of generate.py. tests/cli/alerts.py runs them.
"""
import base64
import os
import struct
import zipfile

from dialogue import BYE, content, envelope, file_part, hello, mail, session, zipped
from program import HERE

CASES = []
CLEAR = {"cleartext_auth"}


def case(id, kind, dialogue, options=(), others=()):
    CASES.append((id, kind, dialogue, list(options), set(others)))


def raises(id, dialogue, options=(), others=()):
    case(id, "raises", dialogue, options, others)


def near(id, dialogue, options=(), others=()):
    case(id, "near", dialogue, options, others)


def attachment(name, data, kind="application/octet-stream"):
    """attachment - lines and headers of a mail with an attachment. name: the value of filename, with its quotes."""
    lines = ["--b", "Content-Type: text/plain", "", "See the file.", "--b", *file_part(name, data, kind), "--b--"]
    return session(
        mail(*lines, headers=("Subject: file", "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"'))
    )


# ---- session ----
GOOD = session(mail())
raises("unavailable_service", "S: 554 5.7.1 not you\n! fin S\n")
raises("unavailable_service", "S: 421 too busy\n! fin S\n")
near("unavailable_service", "S: 220-mail.example\nS: 220 ready\nC: EHLO a.example\nS: 250 mail.example\n" + BYE)
raises("invalid_response", hello() + "C: NOOP\nS: what do you mean\nS: 250 ok\n" + BYE)
raises("invalid_response", "S: welcome to the server\n! fin S\n")
near("invalid_response", session("C: NOOP\nS: 299 nobody registered this\nC: NOOP\nS: 250\n"))
raises("invalid_client_initiation", "S: 220 mail.example\n" + envelope() + BYE)
near(
    "invalid_client_initiation",
    "S: 220 mail.example\nC: NOOP\nS: 250 ok\nC: VRFY anna\nS: 252 ok\nC: ehlo client.example\nS: 250 x\n" + BYE,
)
raises("invalid_command", session("C: !?\nS: 500 what\n"))
raises("invalid_command", session("C: MAIL\nS: 501 syntax\n"))
near(
    "invalid_command",
    session("C: NOOP \nS: 250 ok\nC: RSET\\x20\nS: 250 ok\nC: MAIL FROM:otto@client.example\nS: 250 ok\n"),
)
PART = envelope() + "C: DATA\nS: 354 go\nC: Subject: part\nC:\nC: text\n"
raises("invalid_data", hello() + PART + "! fin C\n", ["--strict"])  # by default the mail's own record says so
raises("invalid_data", hello() + PART + "! rst C\n", ["--strict"])
raises("invalid_data", hello("CHUNKING") + envelope() + "C: BDAT 100 LAST\nC: short\n! fin C\n")
near("invalid_data", hello() + PART + "! fin C\n")
near("invalid_data", hello() + PART + "C: .\nS: 250 taken\n! rst C\n")
raises(
    "unexpected_client_command",
    hello() + "C: RSET\nC+: (what?)\nS: 250 ok\nS: 500 no\n" + BYE,
    others={"invalid_command"},
)
raises("unexpected_client_command", "S: 220 x\nC: EHLO a\nC+: NOOP\nS: 250 x\n", ["--strict"], {"invalid_pipelining"})
near("unexpected_client_command", hello("PIPELINING") + "C: RSET\nC: NOOP\nS: 250 ok\nS: 250 ok\n" + BYE)
raises("unexpected_server_response", hello() + "! wait 1\nS/: 250 and again\n" + BYE)
near("unexpected_server_response", hello() + "! wait 300\nS/: 421 4.4.2 timeout\n! fin S\n")

# ---- protocol ----
raises("unknown_command", session("C: FROBNICATE now\nS: 500 what\n"))
near(
    "unknown_command",
    session(
        "C: XFORWARD NAME=a.example\nS: 250 ok\nC: ETRN b.example\nS: 250 ok\nC: XCLIENT ADDR=192.0.2.1\nS: 550 no\n"
    ),
)
raises("bad_sequence", session("C: RCPT TO:<anna@corp.example>\nS: 503 MAIL first\n"))
raises("bad_sequence", session(envelope() + "C: MAIL FROM:<olga@client.example>\nS: 503 nested\n"))
raises("bad_sequence", session("C: DATA\nS: 503 RCPT first\n"))
REFUSED_CHUNK = "C: BDAT 1000 LAST\nS: 552 5.3.4 too big\n"  # what is left of the transaction is not defined
near("bad_sequence", session(envelope() + REFUSED_CHUNK + "C: MAIL FROM:<olga@client.example>\nS: 250 ok\n", "CHUNKING"))
near(
    "bad_sequence",
    session(
        "C: MAIL FROM:<offers@spam.example>\nC: RCPT TO:<anna@corp.example>\nC: DATA\nS: 550 no\nS: 503 no\nS: 503 no\n",
        "PIPELINING",
    ),
)
raises("reply_code_mismatch", hello() + "C: VRFY anna\nS: 250-anna\nS: 550 nobody\n" + BYE)
near("reply_code_mismatch", hello() + "C: VRFY anna\nS: 250-anna\nS: 250-\nS: 250 olga\n" + BYE)
raises(
    "early_talker",
    "C: EHLO client.example\n! wait 1\nS+: 220 mail.example\nS/: 250 mail.example\n" + BYE,
)
near("early_talker", "S: 220 mail.example\nC: EHLO client.example\n! swap\nS: 250 mail.example\n" + BYE)
near(
    "early_talker",
    hello("X_PIPE_CONNECT", "PIPELINING")
    + BYE
    + "@\nC: EHLO client.example\n! wait 1\nS+: 220 mail.example\nS/: 250 x\n"
    + BYE,
)
PIPELINED = "C: MAIL FROM:<otto@client.example>\nC: RCPT TO:<anna@corp.example>\nS: 250 ok\nS: 250 ok\n"
raises("unauthorized_pipelining", session(PIPELINED))
near("unauthorized_pipelining", session(PIPELINED, "PIPELINING"))
raises(
    "invalid_pipelining",
    session(envelope() + "C: DATA\nC: Subject: early\nC: \nC: text\nC: .\nS: 354 go\nS: 250 taken\n", "PIPELINING"),
)
raises(
    "invalid_pipelining",
    "S: 220 x\nC: EHLO client.example\nC: NOOP\nS: 250-x\nS: 250 PIPELINING\nS: 250 ok\n" + BYE,
)
near(
    "invalid_pipelining",
    session(PIPELINED.replace("S: 250 ok\nS", "C: DATA\nS: 250 ok\nS") + content()[8:], "PIPELINING"),
)
raises("bdat_invalid", session(envelope() + "C: BDAT\nS: 501 size\nC: RSET\nS: 250 ok\n", "CHUNKING"))
raises("bdat_invalid", session(envelope() + "C: BDAT ten LAST\nS: 501 size\nC: RSET\nS: 250 ok\n", "CHUNKING"))
raises("bdat_invalid", session(envelope() + "C: BDAT -5\nS: 501 size\nC: RSET\nS: 250 ok\n", "CHUNKING"))
raises("bdat_invalid", session(envelope() + "C: BDAT 5 FIRST\nS: 501 tail\nC: RSET\nS: 250 ok\n", "CHUNKING"))
near("bdat_invalid", session(envelope() + "C: bdat 0 last\nS: 250 taken\n", "CHUNKING"))
raises("bdat_huge", session(envelope() + "C: BDAT 9223372036854775808\nS: 552 size\nC: RSET\nS: 250 ok\n", "CHUNKING"))
near("bdat_huge", hello("CHUNKING") + envelope() + "C: BDAT 4294967296\nC: some\n! fin C\n", others={"invalid_data"})
raises(
    "bdat_missing_last",
    session(
        envelope()
        + "C: BDAT 6\nC: some\nS: 250 ok\nC: RCPT TO:<ben@corp.example>\nS: 503 BDAT first\nC: RSET\nS: 250 ok\n",
        "CHUNKING",
    ),
)
near(
    "bdat_missing_last",
    session(
        envelope()
        + "C: BDAT 6\nC: some\nS: 250 ok\nC: NOOP\nS: 250 ok\nC: BDAT 0 LAST\nS: 250 ok\n"
        + envelope()
        + "C: BDAT 6\nC: some\nS: 250 ok\nC: RSET\nS: 250 ok\n",
        "CHUNKING",
    ),
)
raises("data_after_quit", GOOD + "C: NOOP\n")
near("data_after_quit", GOOD + "! fin C\n")
raises("illegal_command", session("C: DEBUG\nS: 500 no\nC: WIZ\nS: 500 no\n"))
near("illegal_command", session("C: NOOP DEBUG\nS: 250 ok\nC: VRFY wiz\nS: 252 ok\n"))
BODY = ["x" * 70] * 40  # 2880 octets, with the header about 2950
SIZED = envelope(parameters=" SIZE=%d") + content(*BODY)
raises("size_exceeded", session(SIZED % 1500, "SIZE 100000"))
raises("size_exceeded", session(mail(*BODY), "SIZE 2000"))
near("size_exceeded", session(SIZED % 2700, "SIZE 100000"))
near("size_exceeded", session(SIZED % 0, "SIZE"))
raises("bare_lf", hello() + "C: NOOP\\n\\\nS: 250 ok\n" + BYE)
raises("bare_lf", session(mail("one\\ntwo")))
raises("bare_lf", hello() + "C: NOOP\nS: 250 ok\\n\\\n" + BYE)
near(
    "bare_lf",
    session(envelope() + "C: BDAT 4 LAST\nC: a\\nb\\n\\\nS: 250 ok\n", "CHUNKING", "BINARYMIME").replace(
        "<otto@client.example>", "<otto@client.example> BODY=BINARYMIME"
    ),
)
raises("bare_cr", session(mail("one\\rtwo")))
raises("bare_cr", session("C: NOOP a\\rb\nS: 250 ok\n"))
near("bare_cr", session(mail("one=0Dtwo", headers=("Subject: q", "Content-Transfer-Encoding: quoted-printable"))))
raises("nul_byte", session("C: NOOP \\0\nS: 250 ok\n"))
raises("nul_byte", session(mail("a\\0b")))
near(
    "nul_byte",
    session(mail("AAAA", headers=("Subject: zeros", "Content-Type: text/plain", "Content-Transfer-Encoding: base64"))),
)
raises("eight_bit_command", session("C: MAIL FROM:<\u00f6tto@client.example>\nS: 501 no\n"))
near(
    "eight_bit_command",
    session(envelope("<\u00f6tto@client.example> SMTPUTF8", "<\u00e5nna@corp.example>") + content(), "SMTPUTF8"),
)
near("eight_bit_command", session(mail("Gr\u00fc\u00dfe"), "8BITMIME"))

# ---- limits ----
raises("command_too_long", session("C: NOOP %s\nS: 500 too long\n" % ("x" * 600)))
near("command_too_long", session("C: NOOP %s\nS: 250 ok\n" % ("x" * 505)))
near(
    "command_too_long",
    session(envelope(parameters=" SIZE=1 ENVID=" + "x" * 480) + content(), "DSN", "SIZE", "SMTPUTF8"),
)
raises("helo_too_long", "S: 220 x\nC: EHLO %s\nS: 501 no\n" % ("x" * 1100) + BYE)
near("helo_too_long", "S: 220 x\nC: EHLO %s\nS: 250 no\n" % ("x" * 1000) + BYE, others={"command_too_long"})
raises("response_too_long", session("C: NOOP\nS: 250 %s\n" % ("x" * 600)))
raises("response_too_long", session("C: HELP\n" + "S: 214-x\n" * 1000 + "S: 214 x\n"))
near("response_too_long", session("C: HELP\n" + "S: 214-x\n" * 999 + "S: 214 x\n"))
near("response_too_long", session("C: NOOP\nS: 250 %s\n" % ("x" * 500), "AUTH " + "MECHANISM " * 100))
raises("data_line_too_long", session(mail("x" * 1001)))
near("data_line_too_long", session(mail("x" * 998, "." + "x" * 998)))


def recipients(count):
    paths = ["<r%d@corp.example>" % n for n in range(count)]
    groups = [paths[i : i + 500] for i in range(0, count, 500)]
    text = "C: MAIL FROM:<otto@client.example>\nS: 250 ok\n"
    text += "".join("".join("C: RCPT TO:%s\n" % p for p in g) + "S: 250 ok\n" * len(g) for g in groups)
    return hello("PIPELINING") + text + content() + BYE


raises("too_many_recipients", recipients(1001))
near("too_many_recipients", recipients(1000))
REFUSED = "C: NOOP %d\nS: 500 no\n"
raises("too_many_invalid", session("".join(REFUSED % n for n in range(26))))
near("too_many_invalid", session("".join(REFUSED % n for n in range(25)) + "C: NOOP\nS: 250 ok\n"))
raises("pending_overflow", session("C: RSET\n" * 1002 + "S: 250 ok\n" * 1002, "PIPELINING"))
near("pending_overflow", session("C: RSET\n" * 990 + "S: 250 ok\n" * 990, "PIPELINING"))

# ---- attack: smuggling ----
SECOND = (
    "MAIL FROM:<boss@corp.example>\nC: RCPT TO:<ben@corp.example>\nC: DATA\nC: Subject: smuggled\nC: \nC: text\nC: .\n"
)
INTO = envelope() + "C: DATA\nS: 354 go\nC: Subject: first\nC:\nC: text"
TAKEN = "S: 250 taken\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 taken\n"
for odd in (
    "\\n.\\n",
    "\\n.\\r\\n",
    "\\n.\\r",
    "\\r\\n.\\n",
    "\\r\\n.\\r",
    "\\r.\\r",
    "\\r.\\r\\n",
    "\\r.\\n",
    "\\r\\n\\0.\\r\\n",
    "\\r\\n.\\0\\r\\n",
):
    bare = (
        {"nul_byte"}
        if "\\0" in odd
        else ({"bare_lf"} if "\\n" in odd.replace("\\r\\n", "") else set())
        | ({"bare_cr"} if "\\r" in odd.replace("\\r\\n", "") else set())
    )
    if odd == "\\r\\n\\0.\\r\\n":
        continue  # NUL ahead of the dot is no end for anybody
    raises("smtp_smuggling", hello("PIPELINING") + INTO + odd + SECOND + "S: 250 taken\n" + BYE, others=bare)
raises(
    "smtp_smuggling",
    hello("PIPELINING") + INTO + "\\n.\\r\\n" + SECOND + TAKEN + BYE,
    others={"bare_lf"},
)
near(
    "smtp_smuggling",
    session(INTO + "\\n.\\r\\nI said MAIL FROM:<x>, did I not?\nC: .\nS: 250 taken\n"),
    others={"nonstandard_end_of_data", "bare_lf"},
)
raises("smtp_smuggling", hello("PIPELINING") + INTO + "\\r\\n. \\r\\n" + SECOND + TAKEN + BYE)
raises("smtp_smuggling", hello("PIPELINING") + INTO + "\\r\\n.\\t\\x0b\\r\\n" + SECOND + TAKEN + BYE)
near("smtp_smuggling", hello("PIPELINING") + INTO + "\\r\\n. \\r\\n" + SECOND + "S: 250 taken\n" + BYE)
near("smtp_smuggling", session(mail("It ends.", "MAIL FROM:<boss@corp.example>", "RCPT TO:<ben@corp.example>", "DATA")))
near(
    "smtp_smuggling",
    session(envelope() + "C: BDAT 37 LAST\nC: text\\n.\\r\\nMAIL FROM:<boss@corp.example>\\\nS: 250 ok\n", "CHUNKING"),
    others={"bare_lf"},
)
raises("nonstandard_end_of_data", session(INTO + "\\n.\\nmore\nC: .\nS: 250 taken\n"), others={"bare_lf"})
raises("nonstandard_end_of_data", session(INTO + "\nC: .\\n\\\nC: more\nC: .\nS: 250 taken\n"), others={"bare_lf"})
near("nonstandard_end_of_data", session(INTO + "\\n..\\nmore\\n.x\\n\nC: ..\nC: .\nS: 250 taken\n"), others={"bare_lf"})

# ---- attack: STARTTLS ----
TLS = hello("STARTTLS") + "C: STARTTLS\nS: 220 go\n! tls %s %s\n"
PLAIN_TLS = TLS % ("1.3", "valid.pem")
raises(
    "starttls_command_injection",
    hello("STARTTLS") + "C: STARTTLS\nC: RSET\nS: 220 go\n! tls 1.3 valid.pem\n",
)
near("starttls_command_injection", PLAIN_TLS)
raises(
    "starttls_response_injection", hello("STARTTLS") + "C: STARTTLS\nS: 220 go\nS: 250 injected\n! tls 1.3 valid.pem\n"
)
near("starttls_response_injection", hello("STARTTLS") + "C: STARTTLS\nS: 220-go\nS: 220 on\n! tls 1.3 valid.pem\n")
raises("starttls_stripped", session(mail(), "SIZE", "XXXXXXXX", "8BITMIME"))
raises("starttls_stripped", session(mail(), "SIZE", "XXXXXXXA", "8BITMIME"))
raises("starttls_stripped", hello("STARTTLS") + BYE + "@\n" + session(mail(), "SIZE"))
near("starttls_stripped", session(mail(), "X", "XXX", "XCLIENT NAME", "X-ANONYMOUSTLS", "STARTTLS"))
near("starttls_stripped", PLAIN_TLS + "@ client=198.51.100.8\n" + session(mail(), "SIZE"))
raises("tls_refused", session("C: STARTTLS\nS: 454 4.7.0 not now\n", "STARTTLS"))
near("tls_refused", PLAIN_TLS)
raises(
    "plaintext_after_starttls",
    hello("STARTTLS") + "C: STARTTLS\nS: 220 go\nC: EHLO client.example\nS: 250-x\nS: 250 STARTTLS\n" + BYE,
)
near(
    "plaintext_after_starttls",
    session("C: STARTTLS\nS: 454 not now\nC: EHLO client.example\nS: 250-x\nS: 250 STARTTLS\n", "STARTTLS"),
    others={"tls_refused"},
)
raises("tls_certificate_expired", TLS % ("1.2", "expired.pem"))
near("tls_certificate_expired", TLS % ("1.2", "valid.pem"))
raises("tls_obsolete", TLS % ("1.1", "valid.pem"))
near("tls_obsolete", TLS % ("1.2", "valid.pem"))

# ---- attack: addresses and names ----
raises("user_enumeration", session("C: VRFY anna\nS: 252 ok\nC: EXPN crew\nS: 502 no\nC: VRFY ben\nS: 252 ok\n"))
near("user_enumeration", session("C: VRFY anna\nS: 252 ok\nC: EXPN crew\nS: 502 no\n"))
NOBODY = "C: RCPT TO:<n%d@corp.example>\nS: 550 no such user\n"
START = "C: MAIL FROM:<otto@client.example>\nS: 250 ok\n"
raises("user_enumeration", session(START + "".join(NOBODY % n for n in range(5))))
raises("user_enumeration", "@\n".join(session(START + NOBODY % n) for n in range(5)))
near("user_enumeration", session(START + "".join(NOBODY % n for n in range(4)) + NOBODY % 3))
near("user_enumeration", "@ after=100\n".join(session(START + NOBODY % n) for n in range(5)))


def failed(user):
    secret = base64.b64encode(b"\0%s\0wrong" % user.encode()).decode()
    return "C: AUTH PLAIN %s\nS: 535 5.7.8 no\n" % secret


raises("auth_bruteforce", session(failed("anna") * 5, "AUTH PLAIN"), others=CLEAR)
raises("auth_bruteforce", "@\n".join([session(failed("anna"), "AUTH PLAIN")] * 5), others=CLEAR)
near("auth_bruteforce", session(failed("anna") * 4, "AUTH PLAIN"), others=CLEAR)
near("auth_bruteforce", "@ after=20\n".join([session(failed("anna"), "AUTH PLAIN")] * 5), others=CLEAR)
near("auth_bruteforce", session(failed("anna") * 5, "AUTH PLAIN"), ["--threshold", "auth_bruteforce=6"], CLEAR)
raises(
    "auth_password_spray",
    session("".join(failed("user%d" % n) for n in range(5)), "AUTH PLAIN"),
    others=CLEAR | {"auth_bruteforce"},
)
near(
    "auth_password_spray",
    session("".join(failed("user%d" % (n % 4)) for n in range(5)), "AUTH PLAIN"),
    others=CLEAR | {"auth_bruteforce"},
)
LOCAL = ["--local-domain", "corp.example"]
raises("open_relay", session(envelope("<otto@client.example>", "<carl@elsewhere.example>") + content()), LOCAL)
near("open_relay", session(mail()), LOCAL)
near(
    "open_relay",
    session(envelope("<anna@sub.corp.example>", "<carl@elsewhere.example>") + content()),
    LOCAL + ["--local-domain", "sub.corp.example"],
)
raises(
    "relay_probe", session("C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<carl%elsewhere.example@corp.example>\nS: 550 no\n")
)
raises(
    "relay_probe", session("C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<elsewhere.example!carl@corp.example>\nS: 550 no\n")
)
raises(
    "relay_probe",
    session('C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<"carl@elsewhere.example"@corp.example>\nS: 550 no\n'),
)
near(
    "relay_probe",
    session(
        envelope("<>", "<anna+list=client.example@corp.example>", "<@a.example,@b.example:anna@corp.example>")
        + content()
    ),
)
raises("exim_expansion", session("C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<${run{id}}@localhost>\nS: 501 no\n"))
near("exim_expansion", session(envelope("<otto@client.example>", "<pay$now{a}@corp.example>") + content("${run{id}}")))
raises("shellshock", session(mail(headers=("Subject: () { :; }; /bin/true",))))
raises("shellshock", session("C: NOOP () { :; }; /bin/true\nS: 250 ok\n"))
near("shellshock", session(mail("function f() { return 1; }", headers=("Subject: f() and {}",))))
raises("jndi_lookup", session(mail("${jndi:ldap://198.51.100.9/a}")))
raises("jndi_lookup", session(mail(headers=("Subject: ${${lower:j}ndi:ldap://198.51.100.9/a}",))))
raises("jndi_lookup", hello(name="${JnDi:dns://x}") + BYE, others={"exim_expansion"})
near("jndi_lookup", session(mail("About jndi:ldap and ${name} and {jndi: }")))
raises("shell_metacharacters", session("C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<`id`@corp.example>\nS: 501 no\n"))
raises("shell_metacharacters", session("C: MAIL FROM:<;id;@client.example>\nS: 501 no\n"))
raises("shell_metacharacters", session("C: MAIL FROM:<|/bin/id@client.example>\nS: 501 no\n"))
near("shell_metacharacters", session(envelope('<"a;b`c|"@client.example>', "<a|b@corp.example>") + content()))
raises(
    "cross_protocol",
    "C: GET / HTTP/1.1\nC: Host: mail.example\nC:\nS+: 220 mail.example\n! wait 1\n! fin C\n",
)
raises("cross_protocol", "S: 220 mail.example\nC: SSH-2.0-OpenSSH_9.2\nS: 500 what\n! fin C\n")
near("cross_protocol", hello(name="GET") + "C: NOOP HTTP/1.1\nS: 250 ok\n" + BYE)
raises(
    "turned_connection", session("C: TURN\nS: 250 ok, you are the server\n")[: -len(BYE)], others={"illegal_command"}
)
near("turned_connection", session("C: TURN\nS: 502 no\n"), others={"illegal_command"})

# ---- credentials ----
GOOD_AUTH = "C: AUTH PLAIN AGFubmEAc2VjcmV0\nS: 235 ok\n"
raises("cleartext_auth", session(GOOD_AUTH, "AUTH PLAIN"))
raises(
    "cleartext_auth",
    session(
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YW5uYQ==\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 235 ok\n", "AUTH LOGIN"
    ),
)
near("cleartext_auth", session("C: AUTH EXTERNAL =\nS: 235 ok\n", "AUTH EXTERNAL PLAIN"))
raises(
    "weak_auth",
    session(
        "C: AUTH CRAM-MD5\nS: 334 PDFAYT4=\nC: YW5uYSAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==\nS: 235 ok\n",
        "AUTH CRAM-MD5",
    ),
)
near("weak_auth", session("C: AUTH EXTERNAL =\nS: 235 ok\n", "AUTH EXTERNAL CRAM-MD5"))

# ---- content ----
TEXT = b"Quay 1\r\nQuay 2\r\n"
PROGRAM = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0\x4c\x01" + bytes(200)
MULTIPART = ("Subject: parts", "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"')
PARTS = ["--b", "Content-Type: text/plain", "", "one", "--b--"]
raises(
    "mime_malformed",
    session(mail(*PARTS, headers=("Subject: x", "MIME-Version: 1.0", "Content-Type: multipart/mixed"))),
)
raises("mime_malformed", session(mail(*PARTS[:-1], headers=MULTIPART)))
near("mime_malformed", session(mail("A preamble.", *PARTS, "An epilogue.", headers=MULTIPART)))


def nested(depth):
    lines, ends = [], []
    for n in range(depth):
        lines += ["--n%d" % n, "Content-Type: multipart/mixed; boundary=n%d" % (n + 1), ""]
        ends.insert(0, "--n%d--" % n)
    lines += ["--n%d" % depth, "Content-Type: text/plain", "", "deep", "--n%d--" % depth, *ends]
    return session(
        mail(*lines, headers=("Subject: deep", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=n0"))
    )


raises("mime_depth", nested(110))
near("mime_depth", nested(90))
raises("mime_header_limit", session(mail(headers=["X-%d: %s" % (n, "x" * 900) for n in range(80)])))
raises("mime_header_limit", session(mail(headers=["X-Many-%d: x" % n for n in range(1001)])))
raises("mime_header_limit", session(mail(headers=["X-Long: " + "x" * 10000])), others={"data_line_too_long"})
near(
    "mime_header_limit",
    session(mail(headers=["X-%d: %s" % (n, "x" * 50) for n in range(900)] + ["X-Long: a"] + [" " + "x" * 900] * 10)),
)
raises("mime_duplicate_header", session(mail(headers=("Subject: one", "Subject: two"))))
near(
    "mime_duplicate_header",
    session(mail("Subject: body", headers=("Subject: one", "Received: by a", "Received: by b", "X-Subject: no"))),
)
raises("attachment_executable", attachment('filename="setup.exe"', PROGRAM))
raises("attachment_executable", attachment('filename="start.vbs"', TEXT, "text/plain"))
near("attachment_executable", attachment('filename="exe.txt"', b"MZ stands for Mozambique.\r\n", "text/plain"))
raises(
    "attachment_double_extension", attachment('filename="invoice.pdf.exe"', PROGRAM), others={"attachment_executable"}
)
near(
    "attachment_double_extension", attachment('filename="invoice.2025.06.pdf"', b"%PDF-1.4\n%%EOF\n", "application/pdf")
)
near(
    "attachment_double_extension",
    attachment('filename="backup.tar.gz"', b"\x1f\x8b\x08\0\0\0\0\0\0\3" + bytes(10), "application/gzip"),
)
raises(
    "attachment_type_mismatch",
    attachment('filename="plan.pdf"', PROGRAM, "application/pdf"),
    others={"attachment_executable"},
)
near("attachment_type_mismatch", attachment('filename="plan.pdf"', b"%PDF-1.4\n%%EOF\n", "application/pdf"))


def archive(encrypted):
    """archive - a zip with one file; encrypted: sets the flag in the local and in the central header."""
    data = bytearray(zipped([("plan.txt", TEXT)], zipfile.ZIP_STORED))
    if encrypted:
        data[6] |= 1
        data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


raises("attachment_encrypted", attachment('filename="plan.zip"', archive(True), "application/zip"))
near("attachment_encrypted", attachment('filename="plan.zip"', archive(False), "application/zip"))
raises("filename_traversal", attachment('filename="../../etc/cron.d/x"', TEXT))
raises("filename_traversal", attachment('filename="..\\\\\\\\plan.txt"', TEXT))
near("filename_traversal", attachment('filename="plan..final.txt"', TEXT))
raises("filename_bidi", attachment("filename*=utf-8''plan%E2%80%AEtxt.dat", TEXT))
near("filename_bidi", attachment("filename*=utf-8''%D7%A9%D7%9C%D7%95%D7%9D.txt", TEXT))
raises("sender_mismatch", session(mail(sender='"boss@corp.example" <x17@evil.example>')))
near("sender_mismatch", session(mail(sender='"Boss (corp.example)" <x17@evil.example>')))
near("sender_mismatch", session(mail(sender='"otto@client.example" <otto@client.example>')))
HTML = ("Subject: case", "Content-Type: text/html")
raises("link_mismatch", session(mail('<a href="http://evil.example/">https://www.bank.test/login</a>', headers=HTML)))
near("link_mismatch", session(mail('<a href="http://login.bank.test/">www.bank.test</a>', headers=HTML)))
near("link_mismatch", session(mail('<a href="http://evil.example/">our bank</a>', headers=HTML)))
REPLY = "Reply-To: %s <x17@evil.test>"
raises("reply_to_mismatch", session(mail(headers=("Subject: case", REPLY % "Otto"))))
raises("reply_to_mismatch", session(mail(headers=("Subject: case", REPLY % '"otto@client.example"'))))
near("reply_to_mismatch", session(mail(headers=("Subject: case", REPLY % "Somebody"))))
near("reply_to_mismatch", session(mail(headers=("Subject: case", "Reply-To: Otto <otto@mail.client.example>"))))

# ---- transport ----
LONG = hello() + envelope() + "C: DATA\nS: 354 go\nC: Subject: long\nC:\nC: one\n"
REST = "C/: three\nC: .\nS: 250 taken\n" + BYE
raises("tcp_gap", LONG + "! lose\nC/: two\n" + REST)
near("tcp_gap", LONG + "C/: two\n! swap\n" + REST)
raises("tcp_overlap_conflict", LONG + "C/: two\n! alter TWO\n" + REST)
near("tcp_overlap_conflict", LONG + "C/: two\n! again\n" + REST)
raises("tcp_midstream", "@ from=6\n" + GOOD)
near("tcp_midstream", GOOD)
raises("tcp_one_sided", "@ only=C\n" + GOOD)
raises("tcp_one_sided", "@ only=S\n" + GOOD)
near("tcp_one_sided", GOOD)
raises("truncated_packets", LONG + "! snap 2\nC/: two\n" + REST, others={"tcp_gap"})
near("truncated_packets", LONG + "! snap 5\nC/: two\n" + REST)

# ---- the user's own

FOLDER = os.path.join(HERE, "..", "rules")


def rules(name):
    return ["--rules", os.path.join(FOLDER, name)]


def indicators():
    return ["--ioc", os.path.join(FOLDER, "indicators.txt")]


raises("rule", session(mail()), rules("as_rule.lua"))
near("rule", session(mail()), rules("nothing.lua"))
raises("ioc_match", session(envelope("<otto@mx.bad.example>") + content()), indicators())
raises("yara_match", session(mail("Send me a gift card.")), ["--yara", os.path.join(FOLDER, "test.yar")])
near("yara_match", session(mail("Send me a card.")), ["--yara", os.path.join(FOLDER, "test.yar")])
near("ioc_match", session(envelope("<otto@notbad.example>") + content()), indicators())

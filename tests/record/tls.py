#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tls.py OUT [NAME...] - records one SMTP dialogue in TLS of every kind, each with its key log: OUT/NAME.pcap, NAME.keylog.

As root, with openssl 3, gnutls-cli, curl, Go, the source of mbedTLS 2.28, tcpdump, ethtool and Python 3.11. The scenarios are the table at the end. The
server is Python's ssl, or openssl s_server with its dialogue through a pipe; so is the client, or gnutls-cli, or curl.
The same dialogue in clear is the scenario `clear`. Lines of the dialogue do not begin with a letter that is a command of
openssl's tools, hence "rcpt to" and "quit".
"""
import os
import queue
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

OUT, WANTED = sys.argv[1], sys.argv[2:]
SERVER, CLIENT, NETNS = "192.0.2.25", "198.51.100.7", "tls-record"
WORK, HERE = tempfile.mkdtemp(), os.path.dirname(os.path.abspath(__file__))
NO_ETM, NO_EMS, NO_TICKET, RENEGOTIATION = 1 << 19, 1, 1 << 14, 1 << 8
REPLY = re.compile(rb"^(\d\d\d)([ -])")
PSK = "6d61696c2e6578616d706c652e70736b"

MAIL = "\r\n".join(
    ["From: Otto <otto@client.example>", "To: Anna <anna@mail.example>", "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=",
     "Date: Mon, 16 Jun 2025 10:00:00 +0200", "Message-ID: <inside@client.example>", "MIME-Version: 1.0",
     'Content-Type: multipart/mixed; boundary="b"', "", "--b", "Content-Type: text/plain; charset=utf-8", "",
     "Look at https://www.example/inside today.", "..a line with a dot"]
    + ["- filled up, so that there are several records and packets: line %02d" % n for n in range(25)] + ["", "--b",
     "Content-Type: application/octet-stream; name=a.bin", "Content-Transfer-Encoding: base64",
     "Content-Disposition: attachment; filename=a.bin", "", "AAECAwQFBgcICQoLDA0ODw==", "--b--", ""])
HELLO = "EHLO client.example"
AUTH = "AUTH PLAIN AG90dG8AZ2VoZWlt"
ENVELOPE = ["MAIL FROM:<otto@client.example>", "rcpt to:<anna@mail.example>"]


# ---- the dialogue ----


def replies(command, tls):
    verb = command.split(b" ")[0].upper()
    if verb == b"EHLO":
        return b"250-mail.example\r\n250-SIZE 1000000\r\n" + (b"" if tls else b"250-STARTTLS\r\n") + b"250 AUTH PLAIN\r\n"
    return {b"AUTH": b"235 2.7.0 ok\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n",
            b"STARTTLS": b"220 go on\r\n"}.get(verb, b"250 ok\r\n")


def serve(lines, write, tls, starttls=None):
    """the server's side of one connection; lines() gives the next line, None at the end"""
    write(b"220 mail.example ESMTP\r\n")
    while (line := lines()) is not None:
        command = line.strip()
        if not re.match(rb"^(EHLO|AUTH|MAIL|RCPT|DATA|QUIT|STARTTLS)\b", command, re.I):
            continue
        write(replies(command, tls))
        if command.upper() == b"STARTTLS":
            lines, write = starttls()
            tls = True
        elif command.upper() == b"DATA":
            while (line := lines()) is not None and line.strip() != b".":
                pass
            write(b"250 2.0.0 taken\r\n")
        elif command.upper() == b"QUIT":
            return


def talk(lines, write, before=None, greeting=True, hello=True):
    """the client's side; before: command -> what to do ahead of it"""

    def reply():
        while (line := lines()) is not None:
            match = REPLY.match(line)
            if match and match[2] == b" ":
                return

    if greeting:
        reply()
    if not hello:  # it was sent as early data
        reply()
    for line in ([HELLO] if hello else []) + [AUTH] + ENVELOPE + ["DATA"]:
        if before:
            before(line)
        write(line.encode() + b"\r\n")
        reply()
    write(MAIL.encode() + b".\r\n")
    reply()
    write(b"quit\r\n")
    reply()


def reader(file):
    """file as a function for the next line; None at its end"""
    return lambda: file.readline() or None


# ---- Python's ends ----


def context(server, options):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    version = options.get("version", ssl.TLSVersion.TLSv1_2)
    c.minimum_version = c.maximum_version = version
    if options.get("ciphers"):
        c.set_ciphers(options["ciphers"] + ":@SECLEVEL=0")
    c.options |= options.get("flags", 0)
    if server:
        c.load_cert_chain(WORK + ("/rsa.pem" if options.get("rsa") else "/ec.pem"))
        if options.get("rsa"):
            c.load_dh_params(WORK + "/dh.pem")
        if options.get("curve"):
            c.set_ecdh_curve(options["curve"])
    else:
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
        c.keylog_filename = options["keylog"]
    return c


def ends(sock):
    file = sock.makefile("rb")
    return reader(file), sock.sendall


def python_server(options):
    listener = socket.create_server((SERVER, options["port"]))
    c = None if options.get("clear") else context(True, options)

    def one():
        sock = listener.accept()[0]
        sock.settimeout(20)
        held = [sock]

        def start():
            held[0] = c.wrap_socket(sock, server_side=True)
            return ends(held[0])

        implicit = c and options["port"] == 465
        lines, write = start() if implicit else (None, None)
        if not implicit:
            unbuffered = sock.makefile("rb", buffering=0)
            lines, write = reader(unbuffered), sock.sendall
        serve(lines, write, bool(implicit), start)
        goodbye(held[0])

    def run():
        for _ in range(options.get("connections", 1)):
            one()
        listener.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread.join


def goodbye(sock):
    try:
        sock = sock.unwrap() if isinstance(sock, ssl.SSLSocket) else sock
    except (OSError, ssl.SSLError):
        pass
    sock.close()


def python_client(options):
    session = None
    c = None if options.get("clear") else context(False, options)
    for _ in range(options.get("connections", 1)):
        sock = socket.create_connection((SERVER, options["port"]), source_address=(CLIENT, 0))
        sock.settimeout(20)
        greeting = True
        if c and options["port"] != 465:
            lines = reader(sock.makefile("rb", buffering=0))
            for line in [None, HELLO, "STARTTLS"]:
                if line:
                    sock.sendall(line.encode() + b"\r\n")
                while REPLY.match(lines())[2] == b"-":
                    pass
            greeting = False
        if c:
            sock = c.wrap_socket(sock, server_hostname="mail.example", session=session)
        lines, write = ends(sock)
        talk(lines, write, greeting=greeting)
        session = sock.session if c else None
        goodbye(sock)


# ---- programs as ends ----


def piped(arguments, env=None):
    process = subprocess.Popen(["ip", "netns", "exec", NETNS] + arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, env=dict(os.environ, **(env or {})))
    lines = queue.Queue()

    def read():
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()

    def write(octets):
        time.sleep(0.05)
        process.stdin.write(octets)
        process.stdin.flush()

    def next_line():
        try:
            return lines.get(timeout=10)
        except queue.Empty:
            return None

    return process, next_line, write


def openssl_server(options):
    arguments = ["openssl", "s_server", "-accept", "%s:%d" % (SERVER, options["port"]), "-cert", WORK + "/ec.pem",
                 "-naccept", str(options.get("connections", 1)), *options.get("server", [])]
    process, lines, write = piped(arguments)
    while b"ACCEPT" not in (lines() or b"ACCEPT"):
        pass

    def run():
        for _ in range(options.get("connections", 1)):
            serve(lines, write, True)
        time.sleep(1)
        process.stdin.close()
        process.wait(10)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread.join


def openssl_client(options):
    for number in range(options.get("connections", 1)):
        arguments = ["openssl", "s_client", "-connect", "%s:%d" % (SERVER, options["port"]), "-bind", CLIENT + ":0",
                     "-servername", "mail.example", "-keylogfile", options["keylog"], *options.get("client", [])]
        arguments += options.get("first" if number == 0 else "second", [])
        if options["port"] != 465:
            arguments += ["-starttls", "smtp", "-name", "client.example"]
        process, lines, write = piped(arguments)

        def before(line):
            for letter in options.get("commands", {}).get(line.split(" ")[0], ""):
                time.sleep(0.2)
                write(letter.encode() + b"\n")
                time.sleep(0.2)

        early = number > 0 and options.get("early")
        if early:
            time.sleep(0.5)
        talk(lines, write, before, options["port"] == 465, not early)
        process.stdin.close()
        process.wait(10)


def gnutls_client(options):
    process, lines, write = piped(
        ["gnutls-cli", "--insecure", "-p", str(options["port"]), "--sni-hostname", "mail.example", "--priority",
         options["priority"], SERVER], {"SSLKEYLOGFILE": options["keylog"]})
    talk(lines, write)
    process.stdin.close()
    process.wait(10)


def curl_client(options):
    path = WORK + "/mail"
    with open(path, "w", newline="") as file:
        file.write(MAIL.replace("\r\n..", "\r\n."))
    subprocess.run(
        ["ip", "netns", "exec", NETNS, "curl", "-sSk", "--url", "smtps://mail.example:465/client.example", "--resolve",
         "mail.example:465:" + SERVER, "--user", "otto:geheim", "--sasl-ir", "--mail-from", "otto@client.example", "--mail-rcpt",
         "anna@mail.example", "-T", path], env=dict(os.environ, SSLKEYLOGFILE=options["keylog"]), check=True)


def pipe_of_go():
    """pipe.go: one end in the TLS of Go"""
    program = WORK + "/pipe-go"
    if not os.path.exists(program):
        subprocess.run(["go", "build", "-o", program, HERE + "/pipe.go"], check=True)
    return program


def pipe_of_mbedtls():
    """pipe.c: one end in mbedTLS; MBEDTLS names the folder of its source, built with ARIA"""
    program, source = WORK + "/pipe-mbedtls", os.environ["MBEDTLS"]
    if not os.path.exists(program):
        libraries = ["%s/library/libmbed%s.a" % (source, name) for name in ("tls", "x509", "crypto")]
        subprocess.run(["gcc", "-I" + source + "/include", HERE + "/pipe.c", "-o", program, *libraries], check=True)
    return program


def pipe_end(role, options):
    log = options["keylog"] if role == "client" else WORK + "/keylog-of-server"
    return piped([options["pipe"](), role, SERVER, str(options["port"]), WORK + "/rsa.pem", log, *options["words"]])


def pipe_server(options):
    process, lines, write = pipe_end("server", options)

    def run():
        serve(lines, write, True)
        time.sleep(0.3)
        process.stdin.close()
        process.wait(10)

    time.sleep(0.5)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread.join


def pipe_client(options):
    process, lines, write = pipe_end("client", options)
    talk(lines, write)
    process.stdin.close()
    process.wait(10)


# ---- the scenarios ----

TLS10, TLS11, TLS13 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_3
PYTHON, OPENSSL = (python_server, python_client), (openssl_server, openssl_client)
MIXED, GNUTLS, CURL = (python_server, openssl_client), (python_server, gnutls_client), (python_server, curl_client)
EC = "ECDHE-ECDSA-"
NORMAL = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+"
SESSION = WORK + "/session"
EARLY = WORK + "/early"
AGAIN = dict(connections=2, first=["-sess_out", SESSION], second=["-sess_in", SESSION])


def suite(ciphers, port=465, flags=0, **options):
    return PYTHON, dict(ciphers=ciphers, port=port, flags=flags, **options)


def go(version, number):
    return (pipe_server, pipe_client), dict(port=465, pipe=pipe_of_go, words=[version, number])


def mbedtls(*words):
    return (pipe_server, pipe_client), dict(port=465, pipe=pipe_of_mbedtls, words=words)


SCENARIOS = {
    "clear": (PYTHON, dict(clear=True, port=25)),
    "12-aes128-gcm": suite(EC + "AES128-GCM-SHA256", 587),
    "12-aes256-gcm": suite(EC + "AES256-GCM-SHA384"),
    "12-aes128-ccm": suite(EC + "AES128-CCM"),
    "12-aes256-ccm": suite(EC + "AES256-CCM"),
    "12-aes128-ccm8": suite(EC + "AES128-CCM8"),
    "12-aes256-ccm8": suite(EC + "AES256-CCM8"),
    "12-chacha20": suite(EC + "CHACHA20-POLY1305", 587),
    "12-aria128-gcm": suite(EC + "ARIA128-GCM-SHA256"),
    "12-aria256-gcm": suite(EC + "ARIA256-GCM-SHA384"),
    "12-aes128-cbc-sha": suite(EC + "AES128-SHA"),
    "12-aes256-cbc-sha-no-etm": suite(EC + "AES256-SHA", flags=NO_ETM),
    "12-aes128-cbc-sha256": suite(EC + "AES128-SHA256", 587),
    "12-aes128-cbc-sha256-no-etm-no-ems": suite(EC + "AES128-SHA256", flags=NO_ETM | NO_EMS),
    "12-aes256-cbc-sha384": suite(EC + "AES256-SHA384"),
    "12-aes256-cbc-sha384-no-etm": suite(EC + "AES256-SHA384", flags=NO_ETM),
    "12-camellia128-cbc-sha256": suite(EC + "CAMELLIA128-SHA256"),
    "12-camellia256-cbc-sha384-no-etm": suite(EC + "CAMELLIA256-SHA384", flags=NO_ETM),
    "12-rsa-camellia128-cbc-sha": suite("CAMELLIA128-SHA", rsa=True),
    "12-rsa-camellia256-cbc-sha-no-etm": suite("CAMELLIA256-SHA", rsa=True, flags=NO_ETM),
    "12-rsa-aes256-cbc-sha256": suite("AES256-SHA256", rsa=True),
    "12-rsa-camellia256-cbc-sha256": suite("CAMELLIA256-SHA256", rsa=True),
    "12-rsa-aes128-gcm-no-ems": suite("AES128-GCM-SHA256", rsa=True, flags=NO_EMS),
    "12-dhe-aes256-gcm": suite("DHE-RSA-AES256-GCM-SHA384", rsa=True),
    "12-resumed-by-id": suite(EC + "AES128-GCM-SHA256", flags=NO_TICKET, connections=2),
    "12-resumed-by-ticket": suite(EC + "AES128-SHA256", connections=2),
    "11-aes256-cbc-sha": suite(EC + "AES256-SHA", version=TLS11),
    "11-aes128-cbc-sha-no-etm": suite(EC + "AES128-SHA", version=TLS11, flags=NO_ETM),
    "10-aes128-cbc-sha": suite(EC + "AES128-SHA", version=TLS10),
    "10-aes256-cbc-sha-no-etm": suite(EC + "AES256-SHA", 587, version=TLS10, flags=NO_ETM),
    "12-renegotiation": (MIXED, dict(ciphers=EC + "AES256-GCM-SHA384", port=465, flags=RENEGOTIATION,
                                     client=["-tls1_2"], commands={"AUTH": "R", "DATA": "R"})),
    "12-renegotiation-cbc": (MIXED, dict(ciphers=EC + "AES128-SHA256", port=587, flags=RENEGOTIATION,
                                         client=["-tls1_2"], commands={"rcpt": "R"})),
    "12-psk-aes128-cbc-sha256": (OPENSSL, dict(port=465, server=["-psk", PSK, "-nocert", "-tls1_2"], client=[
        "-psk", PSK, "-tls1_2", "-cipher", "PSK-AES128-CBC-SHA256"])),
    "12-small-records": (MIXED, dict(ciphers=EC + "CHACHA20-POLY1305", port=465, client=[
        "-tls1_2", "-max_send_frag", "512"])),
    "12-gnutls-chacha20": (GNUTLS, dict(port=465, ciphers="ALL", priority=NORMAL + "CHACHA20-POLY1305")),
    "12-gnutls-aes128-ccm": (GNUTLS, dict(port=465, ciphers="ALL", priority=NORMAL + "AES-128-CCM")),
    "12-gnutls-aes256-cbc-no-etm-no-ems": (GNUTLS, dict(
        port=465, ciphers="ALL", priority=NORMAL + "AES-256-CBC:%NO_ETM:%NO_SESSION_HASH")),
    "13-aes128-gcm": (MIXED, dict(port=587, version=TLS13, client=["-ciphersuites", "TLS_AES_128_GCM_SHA256"])),
    "13-aes256-gcm": suite("", version=TLS13),
    "13-chacha20": (MIXED, dict(port=465, version=TLS13, client=["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"])),
    "13-aes128-ccm": (OPENSSL, dict(port=465, server=["-ciphersuites", "TLS_AES_128_CCM_SHA256"], client=[
        "-ciphersuites", "TLS_AES_128_CCM_SHA256"])),
    "13-aes128-ccm8": (OPENSSL, dict(port=465, server=["-ciphersuites", "TLS_AES_128_CCM_8_SHA256:@SECLEVEL=0"], client=[
        "-ciphersuites", "TLS_AES_128_CCM_8_SHA256"])),
    "13-retry": (MIXED, dict(port=465, version=TLS13, curve="secp384r1", client=["-groups", "X25519:P-384"])),
    "13-resumed": (MIXED, dict(port=465, version=TLS13, **AGAIN)),
    "13-psk": (OPENSSL, dict(port=465, server=["-psk", PSK, "-nocert", "-tls1_3"], client=[
        "-psk", PSK, "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"])),
    "13-key-update": (MIXED, dict(port=587, version=TLS13, commands={"MAIL": "K", "rcpt": "k", "DATA": "K"})),
    "13-fragments": (OPENSSL, dict(port=465, server=["-max_send_frag", "512"])),
    "13-padding": (OPENSSL, dict(port=465, server=["-record_padding", "256"], client=["-record_padding", "512"])),
    "13-small-records": (MIXED, dict(port=465, version=TLS13, client=["-max_send_frag", "512"])),
    "13-early-data": (OPENSSL, dict(port=465, early=True, server=["-early_data"], **dict(
        AGAIN, second=["-sess_in", SESSION, "-early_data", EARLY]))),
    "13-early-data-refused": (OPENSSL, dict(port=465, server=["-max_early_data", "16384"], **dict(
        AGAIN, second=["-sess_in", SESSION, "-early_data", EARLY]))),
    "13-gnutls": (GNUTLS, dict(port=465, version=TLS13, priority="NORMAL:-VERS-ALL:+VERS-TLS1.3")),
    "12-go-3des-cbc-sha": go("0x0303", "0xc012"),
    "11-go-rsa-3des-cbc-sha": go("0x0302", "0x000a"),
    "13-go": go("0x0304", "0"),
    "12-mbedtls-aria128-cbc-sha256": mbedtls("TLS-ECDHE-RSA-WITH-ARIA-128-CBC-SHA256"),
    "12-mbedtls-rsa-aria256-cbc-sha384-no-etm": mbedtls("TLS-RSA-WITH-ARIA-256-CBC-SHA384", "no-etm"),
    "13-curl": (CURL, dict(port=465, version=TLS13)),
}


def setup():
    run = lambda *words: subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(["ip", "netns", "delete", NETNS], stderr=subprocess.DEVNULL)
    run("ip", "netns", "add", NETNS)
    inside = ["ip", "netns", "exec", NETNS]
    run(*inside, "ip", "link", "set", "lo", "mtu", "1500", "up")
    run(*inside, "ethtool", "-K", "lo", "tso", "off", "gso", "off", "gro", "off")
    run(*inside, "ip", "address", "add", CLIENT, "dev", "lo")
    run(*inside, "ip", "address", "add", SERVER, "dev", "lo")
    run(*inside, "ip", "route", "replace", "local", SERVER, "dev", "lo", "table", "local", "src", CLIENT)
    for name, kind in (("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]), ("rsa", ["rsa:2048"])):
        run("openssl", "req", "-x509", "-nodes", "-subj", "/CN=mail.example", "-addext", "subjectAltName=DNS:mail.example",
            "-days", "36500", "-keyout", WORK + "/key", "-out", WORK + "/crt", "-newkey", *kind)
        with open("%s/%s.pem" % (WORK, name), "w") as out:
            out.write(open(WORK + "/key").read() + open(WORK + "/crt").read())
    run("openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", WORK + "/dh.pem")
    with open(EARLY, "w", newline="") as file:
        file.write(HELLO + "\r\n")
    with open("/run/netns/" + NETNS) as namespace:
        import ctypes
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0) != 0:
            raise OSError("setns")


def record(name, ends_of, options):
    capture, options["keylog"] = "%s/%s.pcap" % (OUT, name), WORK + "/keylog"
    if os.path.exists(options["keylog"]):
        os.unlink(options["keylog"])
    tcpdump = subprocess.Popen(["tcpdump", "-i", "lo", "-w", capture, "-s", "0", "-U", "--immediate-mode", "-Z", "root",
                                "tcp port %d" % options["port"]], stderr=subprocess.PIPE, text=True)
    tcpdump.stderr.readline()
    wait = ends_of[0](options)
    ends_of[1](options)
    wait()
    time.sleep(0.3)
    tcpdump.terminate()
    tcpdump.wait()
    if os.path.exists(options["keylog"]):
        with open("%s/%s.keylog" % (OUT, name), "w") as out:
            out.write(open(options["keylog"]).read())
    print("%-36s %6d octets" % (name, os.path.getsize(capture)))


setup()
for scenario, (both, settings) in SCENARIOS.items():
    if not WANTED or scenario in WANTED:
        record(scenario, both, dict(settings))

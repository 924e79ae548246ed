#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_tls.py SMTPSCAN - with keys, sessions in TLS give the same records as in clear, for every cipher suite.

testdata/tls has one dialogue in clear and in every kind of TLS, each capture with its key log. Each is read whole, cut
behind every packet, without each packet, with wrong keys and with octets changed.
"""
import functools
import glob
import gzip
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import time
import unittest

import program
from generate import RECORD_HEADER, packets_in, pcapng, split_pcap
from program import PROGRAM, TESTDATA, Folder, read, read_text

FOLDER = os.path.join(TESTDATA, "tls")
NAMES = sorted(os.path.basename(path)[:-5] for path in glob.glob(FOLDER + "/1*.pcap"))
TWICE = {name for name in NAMES if "resumed" in name or "early-data" in name}  # two connections
SERVER_PORTS = (25, 465, 587)
ETHERNET = 14  # octets of its header
QUIET_ALERTS = {"tls_obsolete", "mime_malformed", "tcp_gap", "tcp_one_sided", "truncated_packets"}
run = functools.partial(program.run, "-j", "1", timeout=120)


def capture(name):
    return "%s/%s.pcap" % (FOLDER, name)


def keylog(name):
    return "%s/%s.keylog" % (FOLDER, name)


def records(*arguments, **more):
    return program.records(run("-e", "all", *arguments, **more).stdout)


def of_kind(rows, kind):
    return [row[kind] for row in rows if row["event_type"] == kind]


def alerts(rows):
    return {alert["signature"] for alert in of_kind(rows, "alert")}


def what_was_said(rows):
    """smtp, email and fileinfo of a dialogue, without what differs between clear and TLS"""
    found = []
    for row in rows:
        if row["event_type"] in ("smtp", "fileinfo"):
            smtp = {key: value for key, value in row["smtp"].items() if key not in ("tls", "mail_params")}
            found.append((smtp, row.get("email"), row.get("fileinfo")))
    return found


def packets(path):
    return split_pcap(read(path))


def payload(packet):
    """-> where the TCP payload of a packet's record begins, and whether it goes to the server"""
    ip = RECORD_HEADER + ETHERNET
    tcp = ip + (packet[ip] & 15) * 4
    size = struct.unpack_from(">H", packet, ip + 2)[0]
    at = tcp + (packet[tcp + 12] >> 4) * 4
    return at, ip + size - at, struct.unpack_from(">H", packet, tcp + 2)[0] in SERVER_PORTS


def as_pcapng(name, later=0, **keys):
    """a capture as pcapng, this many seconds later, with key logs before and behind its packets"""
    return pcapng([(time + later * 1_000_000, *rest) for time, *rest in packets_in(read(capture(name)))], **keys)


class Inside(Folder):
    def setUp(self):
        super().setUp()
        rows = records(capture("clear"))
        self.clear = what_was_said(rows)
        self.alerts = alerts(rows)
        self.assertGreater(len(self.clear), 2)

    def test_the_same_as_in_clear(self):
        for name in NAMES:
            with self.subTest(name):
                rows = records("--tls-keys", keylog(name), capture(name))
                times = 2 if name in TWICE else 1
                got = what_was_said(rows)
                if name == "13-curl":  # it names itself otherwise, and its RCPT is its own
                    got = [({**smtp, "helo": "client.example"}, email, file) for smtp, email, file in got]
                self.assertEqual(got, self.clear * times)
                self.assertEqual([tls["decrypted"] for tls in of_kind(rows, "tls")], [True] * times)
                self.assertTrue(all(row["smtp"]["tls"] for row in rows if row["event_type"] == "smtp"))
                self.assertEqual([auth["tls"] for auth in of_kind(rows, "smtp_auth")], [True] * times)
                more = {"tls_obsolete"} if name[:2] in ("10", "11") else set()
                if name == "13-early-data":  # its EHLO came before the banner
                    more = {"early_talker"}
                self.assertEqual(alerts(rows), self.alerts - {"cleartext_auth"} | more)

    def test_certificates_of_tls_1_3(self):
        tls = of_kind(records("--tls-keys", keylog("13-aes256-gcm"), capture("13-aes256-gcm")), "tls")[0]
        self.assertEqual((tls["subject"], tls["subjectaltname"]), ("CN=mail.example", ["mail.example"]))
        hidden = of_kind(records(capture("13-aes256-gcm")), "tls")[0]
        self.assertNotIn("subject", hidden)
        self.assertNotIn("decrypted", hidden)

    def test_other_keys(self):
        other = keylog("12-aes256-gcm")
        for name in ("12-aes128-gcm", "13-aes256-gcm", "12-aes128-cbc-sha256", "12-resumed-by-id"):
            rows = records("--tls-keys", other, capture(name))
            self.assertEqual({tls["decrypted"] for tls in of_kind(rows, "tls")}, {"no key for this client random"})
            self.assertEqual(of_kind(rows, "smtp"), [])

    def test_wrong_keys(self):
        for name in NAMES:
            with self.subTest(name):
                text = read_text(keylog(name))
                wrong = re.sub(r"\b([0-9a-f]+)$", lambda match: match[1].translate(str.maketrans("0123", "1234")), text,
                               flags=re.M)
                rows = records("--tls-keys", self.file("wrong", wrong), capture(name))
                for tls in of_kind(rows, "tls"):
                    self.assertRegex(tls["decrypted"], r"^record fails authentication at octet \d+$")
                    self.assertGreaterEqual(tls["failures"], 1)
                self.assertEqual(len(of_kind(rows, "tls")), 2 if name in TWICE else 1)
                self.assertEqual(of_kind(rows, "smtp"), [])
                self.assertLessEqual(alerts(rows), QUIET_ALERTS)

    def test_what_a_key_log_may_have(self):
        name = "13-chacha20"
        text = read_text(keylog(name))
        upper = re.sub(r" ([0-9a-f]+)", lambda match: " " + match[1].upper(), text)
        odd = "# a comment\r\n\r\nRSA 0011 2233\nCLIENT_RANDOM 00 11\nCLIENT_RANDOM\n" + "x" * 5000 + "\n"
        random = text.split("CLIENT_TRAFFIC_SECRET_0 ")[1][:64]
        for secret in ("abc", "1234", "1" * 62, "1" * 98, "1", "zz", "0" * 63 + "g"):
            odd += "CLIENT_TRAFFIC_SECRET_0 %s %s\n" % (random, secret)
        odd += "CLIENT_RANDOM %s zz\nSERVER_TRAFFIC_SECRET_0 %s\n" % ("0" * 64, "1" * 64)
        for log in (upper, text.replace("\n", "\r\n"), "\ufeff" + text, odd + text, text.rstrip("\n"),
                    text.replace("\n", "\r"), text.encode("utf-16"), ("\ufeff" + odd + text).encode("utf-16-be")):
            rows = records("--tls-keys", self.file("odd", log), capture(name))
            self.assertEqual(what_was_said(rows), self.clear)
        several = records("--tls-keys", keylog("12-aes256-gcm"), "--tls-keys", keylog(name), capture(name),
                          capture("12-aes256-gcm"))
        self.assertEqual(what_was_said(several), self.clear * 2)

    def test_a_resumed_session_has_the_secret_of_the_one_before(self):
        """not every program logs it again"""
        for name in ("12-resumed-by-id", "12-resumed-by-ticket"):
            lines = [line for line in read_text(keylog(name)).splitlines(True) if line[0] != "#"]
            self.assertEqual(len(lines), 2)
            for kept, times in ((lines[:1], 2), (lines[1:], 1)):
                rows = records("--tls-keys", self.file("log", "".join(kept)), capture(name))
                self.assertEqual(what_was_said(rows), self.clear * times)

    def test_the_text_says_so(self):
        text = lambda *words: run("--format=text", *words).stdout.decode()
        self.assertIn(", for mail.example, decrypted\n",
                      text("--tls-keys", keylog("13-aes256-gcm"), capture("13-aes256-gcm")))
        self.assertIn(", not decrypted: no key for this client random\n",
                      text("--tls-keys", keylog("12-aes256-gcm"), capture("13-aes256-gcm")))

    def side(self, name, wanted):
        """the packets of one side"""
        header, found = packets(capture(name))
        side = [p for p in found if (payload(p)[2] if payload(p)[1] >= 0 else True) == wanted]
        return self.file("side", header + b"".join(side))

    def test_one_side_alone(self):
        """without both hellos nothing can be decrypted, and this is reported"""
        for name, wanted in (("12-aes256-gcm", True), ("12-aes256-gcm", False), ("13-aes256-gcm", False)):
            rows = records("--tls-keys", keylog(name), self.side(name, wanted))
            self.assertEqual([tls.get("decrypted") for tls in of_kind(rows, "tls")],
                             ["the beginning of the handshake is not in the capture"])
            self.assertEqual(of_kind(rows, "smtp"), [])

    def test_the_client_alone_in_tls_1_3(self):
        """its secrets are enough: the suite is the one with which its records open"""
        clear = what_was_said(records(self.side("clear", True)))
        self.assertEqual([smtp["outcome"] for smtp, _, file in clear if not file], ["unknown"])
        for name in NAMES:
            if name[:2] == "13" and name not in TWICE | {"13-curl"}:
                for text in (None, "CLIENT_HANDSHAKE"):  # a log without it will do
                    log = [line for line in read_text(keylog(name)).splitlines(True) if not text or text not in line]
                    rows = records("--tls-keys", self.file("log", "".join(log)), self.side(name, True))
                    with self.subTest(name):
                        self.assertEqual(what_was_said(rows), clear)
                        self.assertEqual([tls["decrypted"] for tls in of_kind(rows, "tls")], [True])
        rows = records("--tls-keys", keylog("13-chacha20"), self.side("13-aes256-gcm", True))
        self.assertEqual([tls["decrypted"] for tls in of_kind(rows, "tls")],
                         ["the beginning of the handshake is not in the capture"])

    def test_what_is_missing_in_a_key_log(self):
        """without the handshake secrets of TLS 1.3: what follows is decrypted"""
        text = "".join(line for line in read_text(keylog("13-aes256-gcm")).splitlines(True) if "HANDSHAKE" not in line)
        rows = records("--tls-keys", self.file("log", text), capture("13-aes256-gcm"))
        self.assertEqual(what_was_said(rows), self.clear)

    def test_a_key_log_that_is_none(self):
        gone = run("--tls-keys", self.folder + "/none", capture("clear"))
        self.assertEqual((gone.returncode, gone.stdout), (2, b""))
        self.assertIn(b"No such file", gone.stderr)
        empty = run("--tls-keys", self.file("empty", b""), capture("clear"))
        self.assertEqual(empty.returncode, 0)
        self.assertIn(b"it has no new secret", empty.stderr)

    def test_a_key_log_is_not_overwritten(self):
        path = self.file("log", read(keylog("13-psk")))
        self.assertEqual(run("--tls-keys", path, "-o", path, capture("clear")).returncode, 2)
        self.assertEqual(read(path), read(keylog("13-psk")))

    def test_secrets_in_the_capture(self):
        for name in ("12-chacha20", "13-aes256-gcm"):
            secrets = read(keylog(name))
            before = self.file("before.pcapng", as_pcapng(name, before=secrets))
            behind = self.file("behind.pcapng", as_pcapng(name, behind=secrets))
            for path in (before, behind):
                self.assertEqual(what_was_said(records(path)), self.clear)
                self.assertEqual(of_kind(records("--no-tls-keys", path), "smtp"), [])
                alone = records("--no-tls-keys", "--tls-keys", keylog(name), path)
                self.assertEqual(what_was_said(alone), self.clear)
            with open(before, "rb") as stream:
                self.assertEqual(what_was_said(records("-", stdin=stream)), self.clear)
            # secrets of one capture are not used for the next
            both = of_kind(records(before, capture(name)), "tls")
            self.assertEqual([tls.get("decrypted") for tls in both], [True, None])

    def behind(self, name="13-aes256-gcm", **more):
        """a capture whose secrets come after its packets"""
        return as_pcapng(name, behind=read(keylog(name)), **more)

    def test_a_pipe_is_read_ahead(self):
        for name in ("12-resumed-by-id", "13-aes256-gcm"):
            path = self.file("behind.pcapng", self.behind(name))
            wanted = run("-e", "all", path).stdout.replace(path.encode(), b"-")
            self.assertIn(b'"decrypted":true', wanted)
            octets = self.behind(name)
            for given in (octets, gzip.compress(octets)):
                piped = run("-e", "all", "-", input=given)
                self.assertEqual((piped.stdout, piped.stderr), (wanted, b""))
            with open(path, "rb") as stream:
                self.assertEqual(run("-e", "all", "-", stdin=stream).stdout, wanted)
            fifo = self.path("fifo")
            os.mkfifo(fifo)
            with subprocess.Popen(["cp", path, fifo]):
                self.assertEqual(run("-e", "all", fifo).stdout.replace(fifo.encode(), b"-"), wanted)
            os.unlink(fifo)

    def test_damage_behind_the_secrets_of_a_pipe(self):
        path = self.file("cut.pcapng", self.behind() + b"\x06\0\0\0\x40\0")
        wanted = run("-e", "all", path).stdout.replace(path.encode(), b"-")
        piped = run("-e", "all", "-", input=read(path))
        self.assertIn(b'"decrypted":true', piped.stdout)
        self.assertEqual((piped.returncode, piped.stdout.replace(b"standard input", b"-")), (5, wanted))

    def test_no_temporary_file(self):
        piped = run("-e", "tls,smtp", "-", input=self.behind(), TMPDIR="/nonexistent")
        self.assertIn(b"-: can't look ahead for TLS secrets: ", piped.stderr)
        self.assertIn(b"-: TLS secrets after packet ", piped.stderr)
        self.assertNotIn(b'"smtp"', piped.stdout.replace(b'"app_proto":"smtp"', b""))

    def live(self, octets, rest):
        """-> the first record of TLS of a pipe that stays open, how long it took, all output, and what it said"""
        with subprocess.Popen([PROGRAM, "-e", "tls,smtp", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            signal.alarm(60)
            began = time.monotonic()
            process.stdin.write(octets)
            process.stdin.flush()
            first = process.stdout.readline()
            took = time.monotonic() - began
            output, error = process.communicate(rest)
            signal.alarm(0)
        return json.loads(first)["tls"], took, output, error

    def test_a_live_pipe_is_not_waited_for(self):
        found = packets(capture("13-aes256-gcm"))[1]
        now = int(time.time()) - struct.unpack_from("<I", found[-1])[0]
        other = "CLIENT_RANDOM %s %s\n" % ("1" * 64, "2" * 96)  # there are secrets, but not for it
        for later in (now, 0):  # packets of now; a pipe that sends nothing
            whole = as_pcapng("13-aes256-gcm", before=other.encode(), later=later)
            behind = self.behind(later=later)[len(as_pcapng("13-aes256-gcm")):]
            tls, took, output, error = self.live(whole, behind)
            self.assertEqual(tls["decrypted"], "no key for this client random so far")
            self.assertEqual(output, b"")
            self.assertRegex(error, rb"^smtpscan: -: TLS secrets after packet %d came too late for .*\n$" % len(found))
            if later:
                self.assertLess(took, 30)

    def test_nobody_waits_for_what_is_not_wanted(self):
        piped = run("-e", "tls", "--no-tls-keys", "-", input=self.behind())
        self.assertEqual((piped.stderr, json.loads(piped.stdout)["tls"].get("decrypted")), (b"", None))

    def test_no_secret_is_written(self):
        name = "13-aes256-gcm"
        secrets = [line.split()[2] for line in read_text(keylog(name)).splitlines() if line[0] != "#"]
        out = run("-e", "all", "-v", "--tls-keys", keylog(name), capture(name))
        shown = (out.stdout + out.stderr).decode().lower()
        self.assertIn('"decrypted":true', shown)
        self.assertGreater(len(secrets), 3)
        self.assertEqual([secret for secret in secrets if secret in shown], [])

    def test_a_cipher_that_is_not_supported(self):
        header, found = packets(capture("12-aes256-gcm"))
        whole = header + b"".join(found)
        self.assertEqual(whole.count(b"\xc0\x2c\x00\x00"), 1)  # the ServerHello's: the ClientHello has others behind it
        for suite in (b"\xc0\x86", b"\xfe\xfe"):  # Camellia in GCM, none
            path = self.file("suite.pcap", whole.replace(b"\xc0\x2c\x00\x00", suite + b"\x00\x00"))
            tls = of_kind(records("--tls-keys", keylog("12-aes256-gcm"), path), "tls")[0]
            self.assertEqual(tls["decrypted"], "cipher not supported")

    def test_a_changed_octet(self):
        """a fault in each packet: no false records, and its place is reported"""
        for name in ("12-aes128-cbc-sha256", "12-aes256-cbc-sha-no-etm", "12-aes256-gcm", "13-aes256-gcm"):
            header, found = packets(capture(name))
            whole = records("--tls-keys", keylog(name), capture(name))
            told = [json.dumps(command) for command in of_kind(whole, "smtp_command")]
            failed = 0
            for number, packet in enumerate(found):
                at, size, up = payload(packet)
                if size < 22:
                    continue
                changed = packet[:at + size - 5] + bytes([packet[at + size - 5] ^ 1]) + packet[at + size - 4:]
                path = self.file("changed.pcap", header + b"".join(found[:number] + [changed] + found[number + 1:]))
                rows = records("--tls-keys", keylog(name), path)
                got = [json.dumps(command) for command in of_kind(rows, "smtp_command")]
                self.assertLessEqual(set(got), set(told))
                why = [tls["decrypted"] for tls in of_kind(rows, "tls") if tls.get("decrypted", True) is not True]
                failed += bool(why)
            self.assertGreater(failed, 12)

    def many(self, name, variants):
        """reads all variants of a capture in one run: {number: its records}"""
        folder = self.path("many")
        os.mkdir(folder)
        for number, octets in variants.items():
            self.file("many/%04d.pcap" % number, octets)
        out = run("-e", "all", "--tls-keys", keylog(name), folder)
        self.assertIn(out.returncode, (0, 5), out.stderr)
        shutil.rmtree(folder)
        rows = {number: [] for number in variants}
        for line in out.stdout.decode("utf-8").splitlines():
            row = json.loads(line)
            rows[int(row["pcap_filename"][-9:-5])].append(row)
        return rows

    def test_cut_behind_every_packet(self):
        for name in NAMES:
            with self.subTest(name):
                header, found = packets(capture(name))
                whole = [json.dumps(row) for row in of_kind(records("--tls-keys", keylog(name), capture(name)), "smtp_command")]
                cut = self.many(name, {n: header + b"".join(found[:n]) for n in range(1, len(found))})
                most = 0
                for rows in cut.values():
                    got = [json.dumps(row) for row in of_kind(rows, "smtp_command")]
                    if name not in TWICE:
                        self.assertEqual(got, whole[:len(got)])
                        self.assertGreaterEqual(len(got), most)
                    most = len(got)
                    if name != "13-early-data" and name != "13-early-data-refused":
                        self.assertLessEqual({tls.get("decrypted") for tls in of_kind(rows, "tls")}, {None, True})
                    self.assertLessEqual(alerts(rows), QUIET_ALERTS | {"early_talker"})
                self.assertEqual(most, len(whole))

    def test_without_each_packet(self):
        """what was in the lost packet is missing, and nothing else, once the handshake is over"""
        for name in NAMES:
            if name in TWICE or "renegotiation" in name:
                continue
            with self.subTest(name):
                header, found = packets(capture(name))
                data = [n for n, packet in enumerate(found) if payload(packet)[1] > 0]
                lost = self.many(name, {n: header + b"".join(found[:n] + found[n + 1:]) for n in data})
                starttls = 6 if packets_to_587(found) else 0  # packets of the dialogue before TLS
                handshake = starttls + (4 if name == "13-retry" else 2)  # the hellos have what keys are made of
                most = 600 if "padding" in name else 150  # how much of a record is none of what is inside
                no_quit = 0
                for place, n in enumerate(data):
                    rows, up = lost[n], payload(found[n])[2]
                    self.assertLessEqual(alerts(rows), QUIET_ALERTS | {"starttls_stripped"})
                    if place < handshake:
                        continue
                    said = [command.get("verb") for command in of_kind(rows, "smtp_command")]
                    no_quit += "QUIT" not in said
                    mail = of_kind(rows, "smtp")[0]
                    self.assertIn(mail["outcome"], ("accepted", "unknown"))
                    if not up:
                        self.assertEqual(mail["sha256"], self.clear[0][0]["sha256"])
                    elif mail.get("missing_bytes"):
                        self.assertLessEqual(abs(mail["size"] + mail["missing_bytes"] - self.clear[0][0]["size"]), most)
                self.assertEqual(no_quit, 1)


def packets_to_587(found):
    return any(struct.unpack_from(">H", packet, RECORD_HEADER + ETHERNET + 22)[0] == 587 for packet in found)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_captures.py SMTPSCAN - captures of every shape through the whole program: pcapng whose interfaces differ, what a
user is told when packets can't be decoded or a filter lets nothing through, and the options that select packets.

Works in a folder of its own, which is removed.
"""
import json
import struct
import unittest

from dialogue import envelope, message, session
from generate import (
    ETHERNET,
    Player,
    block,
    enhanced_packet,
    ethernet,
    interface,
    ip_header,
    ip_packets,
    make,
    packets_in,
    pcapng,
    section,
)
from program import Folder, read, records, run

RAW, COOKED, USB = 101, 113, 220
ENDS = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))


def dialogue(subject="Alpha", more=""):
    return "@ client=192.0.2.7 %s\n" % more + session(envelope() + message("Subject: " + subject, "", "Hello"))


class Captures(Folder):
    def pcap(self, name, subject="Alpha", more=""):
        make(dialogue(subject, more), self.path(name))
        return self.path(name)

    def frames(self, **more):
        """frames -> [(microseconds, octets)] of a dialogue"""
        return [(time, octets) for time, octets, _ in packets_in(read(self.pcap("frames.pcap", **more)))]

    def assert_mails(self, done, subjects, status=0):
        self.assertEqual([row["email"]["subject"] for row in records(done.stdout, "smtp")], subjects, done.stderr)
        self.assertEqual(done.returncode, status, done.stderr)

    # pcapng

    def test_packets_of_one_connection_on_interfaces_of_three_link_types(self):
        for order in "<>":
            links = [(ETHERNET, lambda o: o), (RAW, lambda o: o[14:]), (COOKED, lambda o: b"\0\0\0\1\0\6" + b"\0" * 8 + o[12:])]
            data = section(order) + interface(USB, 64, None, order)
            data += b"".join(interface(link, 96 * i, None, order) for i, (link, _) in enumerate(links))
            for i, (time, octets) in enumerate(self.frames()):
                data += enhanced_packet(1 + i % 3, time, links[i % 3][1](octets), order=order)
            done = run(self.file("links.pcapng", data))
            self.assert_mails(done, ["Alpha"])
            self.assertEqual(done.stderr, b"")
            for more in (["-j", "2"], ["-f", "tcp port 25"]):
                self.assertEqual(run(*more, self.path("links.pcapng")).stdout, done.stdout)
            piped = run("-", input=data).stdout.decode().replace('"-"', '"links"')
            self.assertEqual(piped, done.stdout.decode().replace(json.dumps(self.path("links.pcapng")), '"links"'))

    def test_sections_of_either_order(self):
        data = b""
        for order, subject in (("<", "Alpha"), (">", "Beta")):
            data += section(order) + interface(ETHERNET, 0, None, order)
            for time, octets in self.frames(subject=subject, more="cport=%d" % (40000 + ord(order))):
                data += enhanced_packet(0, time + (10000000 if order == ">" else 0), octets, order=order)
        self.assert_mails(run(self.file("sections.pcapng", data)), ["Alpha", "Beta"])

    def test_nine_digits_from_the_first_finer_interface_on(self):
        frames = self.frames()
        half = len(frames) // 2
        data = pcapng(frames[:half]) + interface(ETHERNET, 0, 9)
        data += b"".join(enhanced_packet(1, time * 1000 + 7, octets) for time, octets in frames[half:])
        rows = records(run("-e", "all", self.file("finer.pcapng", data)).stdout)
        for row in rows:
            digits = len(row["timestamp"].split(".")[1].rstrip("Z"))
            self.assertEqual(digits, 6 if row.get("pcap_cnt", len(frames)) <= half else 9, row)
        self.assertEqual({row["timestamp"][-4:] for row in rows if row.get("pcap_cnt", 0) > half}, {"007Z"})

    def test_what_is_before_the_damage_or_the_end_is_analysed(self):
        data = pcapng(self.frames())
        for damage, status, words in ((block(6, b"\0" * 8), 3, "block"), (enhanced_packet(7, 0, b""), 3, "interface 7"), (block(6, b"\0" * 40)[:20], 5, "ends")):
            done = run(self.file("damaged.pcapng", data + damage))
            self.assert_mails(done, ["Alpha"], status)
            self.assertIn(words, done.stderr.decode())
            self.assertIn("at offset %d" % len(data), done.stderr.decode())
            stats = records(done.stdout, "stats")[0]["stats"]
            self.assertFalse(stats["complete"])
            self.assertIn("at offset %d" % len(data), stats["error"])

    def test_what_the_capturing_program_lost_is_told(self):
        data = pcapng(self.frames())
        lost = block(5, struct.pack("<IIIHHQHHQ", 0, 0, 0, 5, 8, 3, 7, 8, 4))
        words = b"the program that captured it says that it lost 7 packets"
        for more in ([], ["-j", "2"], ["--continuous"]):
            done = run(*more, self.file("lost.pcapng", data + lost))
            self.assert_mails(done, ["Alpha"])
            self.assertIn(words, done.stderr)
            self.assertEqual(records(done.stdout, "stats")[0]["stats"]["dropped"], 7)
        done = run("-q", self.path("lost.pcapng"), self.file("whole.pcapng", data))
        self.assertEqual([row["stats"].get("dropped") for row in records(done.stdout, "stats")], [7, None])
        self.assertEqual(done.stderr, b"")

    # messages on standard error

    def usb(self, name, links=(USB,), often=1):
        data = section() + b"".join(interface(link) for link in links)
        for time, octets in self.frames():
            nothing = bytes(octet ^ 0x5A for octet in octets)  # in which no IP is found
            data += b"".join(enhanced_packet(i, time, nothing if links[i] == USB else octets) for i in range(len(links)) for _ in range(often if i else 1))
        return self.file(name, data)

    def test_an_unknown_link_type_is_told(self):
        path = self.usb("usb.pcapng")
        done = run("-j", "2", path)
        count = records(done.stdout, "stats")[0]["stats"]["packets"]
        self.assertEqual(done.stderr.decode(), "smtpscan: %s: %d of %d packets could not be decoded: %d of link type 220 (USB_LINUX_MMAPPED)\n" % (path, count, count, count))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(run("-q", path).stderr, b"")

    def test_a_mail_hides_only_few_of_them(self):
        half = run(self.usb("half.pcapng", (ETHERNET, USB)))
        self.assertIn(b"could not be decoded", half.stderr)
        self.assert_mails(half, ["Alpha"])
        frames = self.frames()
        few = run(self.file("few.pcapng", pcapng(frames) + interface(USB) + enhanced_packet(1, frames[-1][0], b"x")))
        self.assertEqual(few.stderr, b"")
        self.assertEqual(records(few.stdout, "stats")[0]["stats"]["not_decoded"]["link_type_unknown"], 1)

    def test_encapsulations_and_reasons_are_named(self):
        of_type = lambda kind, octets: bytes(12) + struct.pack(">H", kind) + octets
        odd = [of_type(0x9999, b"x" * 40)] * 3 + [ethernet(ip_header(*ENDS, 40, 50) + b"x" * 40)] * 2 + [ethernet(b"\x45\0"), of_type(0x0806, b"x" * 28)]
        path = self.file("odd.pcapng", pcapng(enumerate(odd)))
        self.assertEqual(run(path).stderr.decode(), "smtpscan: %s: 6 of 7 packets could not be decoded: 3 of Ethernet type 0x9999, 2 encrypted, 1 malformed\n" % path)

    def test_fragments_that_never_were_a_datagram_are_told(self):
        player = Player(self.folder)
        player.play(dialogue())
        frames = [(segment.time, ethernet(piece)) for number, segment in enumerate(player.connections[0].segments)
                  for piece in ip_packets(segment, number, 24)]
        make = lambda name, frames: self.file(name, pcapng(frames))
        whole = records(run(make("whole.pcapng", frames)).stdout, "stats")[0]["stats"]["not_decoded"]
        self.assertGreater(whole["fragment_held"], 0)
        self.assertEqual(whole["fragment_dropped"], 0)
        places = [(octets[20] & 0x1F) << 8 | octets[21] for _, octets in frames]
        last = max(i for i, place in enumerate(places) if place)
        first = max(i for i, place in enumerate(places[:last]) if not place)
        # Without the first fragment nobody knows where the others belong; with it, they are used.
        for lost, of_use in ((first, False), (last, True)):
            for arguments in ["-j", "1"], ["-j", "2"], ["-f", "tcp"]:
                done = run(*arguments, make("lost.pcapng", frames[:lost] + frames[lost + 1:]))
                stats = records(done.stdout, "stats")[0]["stats"]
                some = stats["not_decoded"]
                self.assertEqual(some["fragment_dropped"] == 0, of_use)
                if arguments != ["-f", "tcp"]:
                    self.assertEqual(some["fragment_held"] + some["fragment_dropped"], whole["fragment_held"])
                if of_use:
                    size = len(frames[lost][1]) - 34  # of Ethernet's and IP's header
                    self.assertEqual(stats["gap_bytes"], size)

    # selected

    def test_a_filter_that_lets_nothing_through_says_so(self):
        path = self.pcap("a.pcap")
        count = len(self.frames())
        for arguments, name in ((["-f", "udp"], "--filter"), (["--host", "10.0.0.0/8"], "--host"), (["--after", "2030-01-01"], "--after"),
                                (["--before", "2001-01-01"], "--before"), (["-f", "tcp", "--host", "::1"], "--filter and --host")):
            done = run(*arguments, path)
            self.assertIn("smtpscan: %s: %s let no TCP segment through, and left out %d packets" % (path, name, count), done.stderr.decode())
            self.assertEqual(records(done.stdout, "stats")[0]["stats"]["filtered"], count)
            self.assertEqual(records(done.stdout, "stats")[0]["stats"]["packets"], 0)
            self.assertEqual(run("-q", *arguments, path).stderr, b"")
            self.assertEqual(done.returncode, 0)

    def test_a_filter_looks_within_tags_and_tunnels(self):
        for more, expression in (("", "tcp port 25"), ("vlan=5", "tcp port 25"), ("vlan=5,6", "host 192.0.2.7"), ("vlan=5", "vlan and port 25"), ("vlan=5", "vlan 5")):
            done = run("-f", expression, self.pcap("tags.pcap", more=more))
            self.assert_mails(done, ["Alpha"])
            self.assertEqual(done.stderr, b"")
        gre = lambda packet: ethernet(ip_header(*ENDS, 4 + len(packet), 47) + struct.pack(">HH", 0, 0x0800) + packet)
        path = self.file("gre.pcapng", pcapng((time, gre(octets[14:])) for time, octets in self.frames()))
        for expression, mails in (("port 25", ["Alpha"]), ("host 10.0.0.1", ["Alpha"]), ("host 192.0.2.7", ["Alpha"]), ("port 26", []), ("udp", [])):
            self.assert_mails(run("-f", expression, path), mails)

    def test_hosts_are_found_within_tags(self):
        for more in ("", "vlan=5", "vlan=5,6"):
            path = self.pcap("host.pcap", more=more)
            for hosts in ("192.0.2.7", "192.0.2.0/29,10.0.0.1", "192.0.2.25"):
                done = run("--host", hosts, path)
                self.assert_mails(done, ["Alpha"])
                self.assertEqual(records(done.stdout, "stats")[0]["stats"]["filtered"], 0)
            self.assert_mails(run("--host", "192.0.2.8", path), [])

    def test_only_the_connections_of_a_host(self):
        text = dialogue() + dialogue("Beta", "cport=41000 client=192.0.2.8")
        make(text, self.path("two.pcap"))
        done = run("--host", "192.0.2.8", self.path("two.pcap"))
        self.assert_mails(done, ["Beta"])
        stats = records(done.stdout, "stats")[0]["stats"]
        self.assertEqual(stats["filtered"], stats["packets"])
        for more in (["-j", "2"], ["--shard", "1/1"]):
            self.assertEqual(run(*more, "--host", "192.0.2.8", self.path("two.pcap")).stdout, done.stdout)

    def test_times_cut_out_a_part(self):
        text = dialogue() + dialogue("Beta", "cport=41000 after=100")
        make(text, self.path("two.pcap"))
        whole = run(self.path("two.pcap"))
        rows = records(whole.stdout, "flow")
        start = rows[1]["flow"]["start"]
        done = run("--after", start, self.path("two.pcap"))
        self.assert_mails(done, ["Beta"])
        self.assertEqual(records(done.stdout, "smtp")[0]["pcap_cnt"], records(whole.stdout, "smtp")[1]["pcap_cnt"])
        self.assert_mails(run("--before", start, self.path("two.pcap")), ["Alpha"])
        both = run("--after", rows[0]["flow"]["start"], "--before", start, self.path("two.pcap"))
        self.assert_mails(both, ["Alpha"])

    def test_what_waits_beyond_what_is_kept_is_told(self):
        # The server sends 354 again and again, and the client sends nothing: it is unknown what these replies answer.
        head = dialogue().split("C: Subject")[0]
        path, lines = self.path("many.pcap"), 6_000
        line = "S: 354 " + "x" * 400 + "\n"
        make(head + line * lines, path)
        done = run("-j", "1", path)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        (flow,), (stats,) = records(done.stdout, "flow"), records(done.stdout, "stats")
        lost = flow["smtp_session"]["given_up_bytes"]
        self.assertTrue(2 << 20 < lost <= lines * len(line), lost)
        self.assertEqual(flow["smtp_session"]["gap_bytes"], 0)
        self.assertEqual((stats["stats"]["given_up_bytes"], stats["stats"]["gap_bytes"]), (lost, 0))
        (alert,) = [row["alert"] for row in records(done.stdout, "alert") if row["alert"]["signature"] == "pending_overflow"]
        self.assertIn("octets of the server wait", alert["description"])
        self.assertEqual([row["email"]["status"] for row in records(done.stdout, "smtp")], ["partial"])
        make(head + line * (lines // 2), path)
        self.assertNotIn("given_up_bytes", records(run(path).stdout, "flow")[0]["smtp_session"])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_jobs.py SMTPSCAN - work divided among workers, shards and runs, with signals and crashes.

Every division must give the bytes of the undivided run. What a test needs beside Python (GNU parallel) is looked for;
without it that test is skipped.
"""
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import time
import unittest

from dialogue import BYE, content, envelope, hello, session
from generate import ETHERNET, UP, Connection, Player, packets_in, packets_of, split_pcap, write_pcap
from program import HIGH, PLAIN, PROGRAM, ROOT, TESTDATA, WAIT, Folder, captures, children, completes, lives, on_terminal, read, records, rests, run, until, workers_of

JOBS = ("1", "2", "3", "7")
SPLIT_SIZE = 4 << 20  # octets of a capture that are worth a worker of their own (jobs.c)
PADDING = bytes.fromhex("020000000001020000000002" "0800" "4500001c000000004011" "0000" "c0000201c0000202" "1234123500080000") + bytes(250_000)  # UDP


def play(path, text, padding=0):
    """A capture of these dialogues, interleaved with this many octets of other packets."""
    player = Player(TESTDATA)
    player.play(text)
    found = packets_of(player.connections)
    count = padding // len(PADDING)
    for i in range(count):
        at = (len(found) - 1) * i // count
        found.insert(at, (found[at][0], PADDING))
    write_pcap(path, found)
    return path


def visible(folder):
    return [name for name in os.listdir(folder) if name[0] != "."]


def packets(path):
    return records(run("-e", "stats", path).stdout)[0]["stats"]["packets"]


def mail(settings, number, end=BYE):
    sender, recipient = "<s%d@client.example>" % number, "<r%d@mail.example>" % number
    sent = content("From here to there", headers=("Subject: %d" % number,), sender=sender)
    return "@ %s\n" % settings + hello() + envelope(sender, recipient) + sent + end


def many_sessions():
    """Sessions that overlap, between the same two addresses and between others; logins that fail over several sessions; two
    that expire in the middle, at the same packet; some that are open at the end, the last packet being of an old one."""
    text = []
    for i in range(60):
        text.append(mail("client=198.51.100.%d server=192.0.2.%d after=-0.05" % (i % 13, 20 + i % 3), i))
        if i % 9 == 0:
            text.append("@ client=198.51.100.99 server=192.0.2.20 after=0.5\n" + session("C: AUTH PLAIN AGFubmEAd3Jvbmc=\nS: 535 no\n", "AUTH PLAIN"))
    for i in range(60, 64):
        text.append(mail("client=203.0.113.%d after=-0.02" % i, i, "C: MAIL FROM:<late@client.example>\n! open\n"))
    for i in range(14):  # time passes, up to the idle timeout
        text.append(mail("client=203.0.113.200 after=50", 100 + i))
    text.append(mail("client=203.0.113.200 after=50", 70))
    for i in range(71, 90):
        text.append(mail("client=203.0.113.%d after=-0.03" % i, i, "C: NOOP\n! open\n"))
    # The oldest open connection continues; its last packet completes a record.
    text.insert(-19, mail("client=203.0.113.201 after=0.01", 91, "! wait 60\n" + BYE + "! open\n"))
    return "".join(text)


def segment(client, seq, ack, flags, payload=b"", up=True):
    """segment - a packet of the connection of client number `client`, made as fast as possible."""
    ends = bytes([203, 0, client >> 8, client & 255]), bytes([192, 0, 2, 25])
    ports = (40000, 25) if up else (25, 40000)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0) + ends[not up] + ends[up]
    return bytes(12) + b"\x08\0" + ip + struct.pack("!HHIIBBHHH", *ports, seq, ack, 0x50, flags, 9000, 0, 0) + payload


def waiting_connections(count):
    """waiting_connections - this many connections that each hold a segment after a gap; one gap in seven is filled at the end."""
    out = []
    for step in range(5):
        for n in range(count):
            if step == 0:
                out.append(segment(n, 1000, 0, 2))
                out.append(segment(n, 5000, 1001, 18, up=False))
            elif step == 1:
                out.append(segment(n, 1001, 5001, 16))
                out.append(segment(n, 5001, 1001, 24, b"220 mx\r\n", up=False))
            elif step == 2:
                out.append(segment(n, 1006, 5009, 24, b"EHLO %d\r\n" % n))
            elif step == 4 and n % 7 == 0:
                out.append(segment(n, 1001, 5009, 24, b"NOOP\n"))
        if step == 3:
            out.append(None)  # here comes the bystander
    return out


class Jobs(Folder):
    def same_for_all(self, status, *arguments):
        """-> output of -j 1, after comparing it with the others"""
        first = self.status(status, "-j", "1", *arguments)
        self.assertTrue(first.stdout)
        for jobs in JOBS[1:]:
            other = self.status(status, "-j", jobs, *arguments)
            self.assertTrue(other.stdout == first.stdout, "-j %s differs" % jobs)
            self.assertEqual(other.stderr, first.stderr, "-j " + jobs)
        return first.stdout

    def large(self, name="large.pcap"):
        return play(self.path(name), many_sessions(), 7 * SPLIT_SIZE + (1 << 20))

    def everything(self):
        """The captures of testdata as one, large enough for seven workers."""
        path, packets, end = self.path("everything.pcap"), [], 1_000_000_000_000_000
        for name in captures():
            data = read(os.path.join(TESTDATA, name))
            if data[:4] != b"\xd4\xc3\xb2\xa1" or struct.unpack_from("<I", data, 20)[0] != ETHERNET:
                continue
            found = list(packets_in(data))
            packets += [(end + time - found[0][0], *rest) for time, *rest in found]
            end = packets[-1][0] + 1_000_000
            packets.append((end, PADDING))
        write_pcap(path, packets)
        self.assertGreater(os.path.getsize(path), 7 * SPLIT_SIZE)
        return path

    # ---- workers ----

    def test_one_capture_for_any_number_of_workers(self):
        output = self.same_for_all(0, "-e", "all", "--raw", self.large())
        kinds = {row["alert"]["signature"] for row in records(output, "alert")}
        self.assertIn("auth_bruteforce", kinds)
        stats = records(output, "stats")[0]["stats"]
        self.assertEqual((stats["mails"], stats["complete"]), (99, True))
        self.assertIn("timeout", {row["flow"]["reason"] for row in records(output, "flow")})

    def test_everything_for_any_number_of_workers(self):
        path = self.everything()
        self.same_for_all(0, "-e", "all", path)
        self.same_for_all(1, "--fail-on", "high", "-e", "flow,stats", path)
        self.same_for_all(0, "-f", "tcp port 25", path)

    def test_what_is_remembered_for_any_number_of_workers(self):
        # Retransmissions after other data: whether they are recognised must not depend on the other connections.
        again = "! wait 2\nC: NOOP\n! wait %s\n! alter NOPE\n" + BYE
        text = [mail("client=198.51.100.%d after=-%s" % (i, 2.06 + (i - 1) * 0.05), i, again % (i * 0.05)) for i in range(60)]
        lines = "C: " + "x" * 998 + "\n"
        text += [mail("client=203.0.113.%d after=-%s" % (i, 0 if i else 2.9), i).replace("C: .\n", lines * 200 + "C: .\n")
                 for i in range(30)]
        path = play(self.path("again.pcap"), "".join(text), 7 * SPLIT_SIZE)
        found = records(self.same_for_all(0, "-e", "all", path), "alert")
        conflicts = [row for row in found if row["alert"]["signature"] == "tcp_overlap_conflict"]
        self.assertTrue(5 < len(conflicts) < 55, len(conflicts))

    def test_a_large_capture_is_read_by_several(self):
        process = subprocess.Popen([PROGRAM, "-j", "3", self.sparse()], stdout=subprocess.DEVNULL)
        try:
            workers_of(process, 3)
        finally:
            process.kill()
            process.wait()

    def test_records_are_in_order_to_the_end(self):
        rows = records(self.status(0, "-j", "3", "-e", "all", self.large()).stdout)
        keys = [(row["pcap_cnt"], row["flow_id"]) for row in rows if "flow_id" in row]
        self.assertEqual(keys, sorted(keys))
        # the difficult case: the last packet completes a record, and older sessions are open
        last = [row for row in rows if row.get("pcap_cnt") == keys[-1][0]]
        self.assertIn("smtp_command", {row["event_type"] for row in last})
        self.assertGreater(len({row["flow_id"] for row in last}), 10)

    def test_many_captures_for_any_number_of_workers(self):
        paths = [os.path.join(TESTDATA, name) for name in captures()]
        missing = self.path("missing.pcap")
        output = self.same_for_all(3, "-e", "all", *paths[:90], missing, *paths[90:])
        self.assertEqual([row["pcap_filename"] for row in records(output, "stats")],
                         [*paths[:90], missing, *paths[90:]])

    def test_large_and_small_captures_together(self):
        self.same_for_all(0, PLAIN, self.large(), HIGH, self.large("other.pcap"), PLAIN)

    def test_a_recording_for_any_number_of_workers(self):
        header, found = split_pcap(read(self.large()))
        paths = []
        for i in range(3):
            piece = found[len(found) * i // 3:len(found) * (i + 1) // 3]
            paths.append(self.file("piece%d.pcap" % i, header + b"".join(piece)))
        output = self.same_for_all(0, "--continuous", "-e", "all", *paths)
        strip = lambda text: [dict(row, pcap_filename="") for row in records(text)]
        self.assertEqual(strip(output), strip(self.status(0, "-e", "all", self.path("large.pcap")).stdout))

    def test_a_large_capture_on_standard_input(self):
        path = self.large()
        whole = [dict(row, pcap_filename="-") for row in records(self.status(0, path).stdout)]
        self.assertGreater(len(whole), 99)
        with open(path, "rb") as file:
            self.assertEqual(records(self.status(0, "-j", "3", "-", stdin=file).stdout), whole)

    def test_large_records_pass(self):
        lines = "C: " + "x" * 998 + "\n"
        text = mail("", 1).replace("C: .\n", lines * 6000 + "C: .\n")
        path = play(self.path("big.pcap"), text + mail("client=203.0.113.7 after=-4", 2), 7 * SPLIT_SIZE)
        rows = records(self.same_for_all(0, "--raw", path), "smtp")
        self.assertGreater(max(len(row["smtp"]["raw"]) for row in rows), 6_000_000)

    def test_mails_beside_the_records_for_any_number_of_workers(self):
        path, found = self.everything(), []
        for jobs in JOBS:
            box, out = self.path("box" + jobs), self.path("out" + jobs)
            result = self.status(0, "-j", jobs, "--mbox", box, "--extract", out, path, HIGH)
            files = {name: read(os.path.join(out, name)) for name in sorted(visible(out))}
            found.append((read(box), files, result.stdout.replace(out.encode(), b"OUT")))
        for other in found[1:]:
            self.assertTrue(other == found[0])
        self.assertGreater(found[0][0].count(b"\nFrom "), 100)
        self.assertGreater(len(found[0][1]), 50)

    # ---- workers that die, output that fails ----

    def sparse(self, size=3 << 30):
        """A capture that takes seconds to read but little disk space: its packets are holes in a sparse file."""
        path = play(self.path("sparse.pcap"), mail("client=203.0.113.1", 1, "! open\n"))
        with open(path, "r+b") as file:
            file.seek(0, os.SEEK_END)
            while file.tell() < size:
                file.write(struct.pack("<IIII", 1_750_000_100, 0, 262_000, 262_000) + PADDING[:42])
                file.seek(262_000 - 42, os.SEEK_CUR)
            file.truncate()
        return path

    def died(self, arguments, expected_complete):
        process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = workers_of(process, 2)[0]
        time.sleep(0.3)
        os.kill(first, signal.SIGKILL)
        output, errors = process.communicate(timeout=WAIT)
        self.assertEqual(process.returncode, 3, errors)
        stats = records(output, "stats")
        self.assertEqual([row["stats"]["complete"] for row in stats], expected_complete)
        for row in stats:
            if not row["stats"]["complete"]:
                self.assertIn("killed by signal 9", row["stats"]["error"])
                self.assertIn(row["stats"]["error"], errors.decode())
        return output

    def test_a_worker_that_dies_takes_down_its_share(self):
        path = self.sparse()
        output = self.died(["-j", "2", path, PLAIN], [False, True])
        self.assertGreater(records(output, "stats")[0]["stats"]["packets"], 0)
        self.assertIn(b"postfix-plain.pcap", output)

    def test_a_worker_that_dies_takes_down_its_capture(self):
        path = self.sparse()
        os.link(path, self.path("copy.pcap"))
        self.died(["-j", "2", path, self.path("copy.pcap"), PLAIN], [False, True, True])

    # ---- workers that are ahead ----

    def talkative(self):
        """A capture for which every worker sends many times what may be held for it (spool.c)."""
        lines = "C: " + "x" * 998 + "\n"
        text = [mail("client=203.0.113.%d after=-%s" % (i % 100, 3 if i else 0), i).replace("C: .\n", lines * 200 + "C: .\n")
                for i in range(120)]
        return play(self.path("talkative.pcap"), "".join(text), 7 * SPLIT_SIZE)

    def start(self, jobs, capture, out):
        """A run that complains when it needs a temporary file -> process, workers"""
        process = subprocess.Popen([PROGRAM, "-j", str(jobs), "-e", "all", "--raw", "-o", out, capture],
                                   stderr=subprocess.PIPE, env=dict(os.environ, TMPDIR=self.path("nowhere")))
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, workers_of(process, jobs)

    def test_who_is_ahead_waits_in_memory(self):
        capture = self.talkative()
        expected = self.status(0, "-j", "1", "-e", "all", "--raw", capture).stdout
        self.assertGreater(len(expected), 40_000_000)
        for slow in range(3):  # each worker in turn is the slow one
            process, pids = self.start(3, capture, self.path("out"))
            os.kill(pids[slow], signal.SIGSTOP)
            for pid in pids[:slow] + pids[slow + 1:] + [process.pid]:
                until(lambda pid=pid: rests(pid), "rest: others wait for the slow one")
            self.assertEqual(len(children(process.pid)), 3)
            with open("/proc/%d/status" % process.pid, encoding="utf-8") as file:
                self.assertLess(int(re.search(r"VmHWM:\s*(\d+)", file.read()).group(1)), 64 << 10)
            os.kill(pids[slow], signal.SIGCONT)
            self.assertEqual((process.wait(timeout=WAIT), process.stderr.read()), (0, b""))
            self.assertTrue(read(self.path("out")) == expected, "worker %d was slow" % slow)

    def test_who_waits_may_die(self):
        process, pids = self.start(2, self.talkative(), self.path("out"))
        os.kill(pids[0], signal.SIGSTOP)
        until(lambda: rests(pids[1]), "rest")
        os.kill(pids[1], signal.SIGKILL)
        until(lambda: rests(process.pid), "rest: the rest of the dead one's records is taken")
        os.kill(pids[0], signal.SIGCONT)
        self.assertEqual(process.wait(timeout=WAIT), 3)
        rows = records(read(self.path("out")))
        self.assertIn("killed by signal 9", rows[-1]["stats"]["error"])

    def test_who_waits_may_be_interrupted(self):
        process, pids = self.start(2, self.talkative(), self.path("out"))
        os.kill(pids[1], signal.SIGSTOP)
        until(lambda: rests(pids[0]), "rest")
        process.send_signal(signal.SIGTERM)
        os.kill(pids[1], signal.SIGCONT)
        self.assertEqual(process.wait(timeout=WAIT), 3)
        self.assertFalse(records(read(self.path("out")), "stats")[0]["stats"]["complete"])

    def test_inputs_that_nobody_writes_yet_do_not_wait(self):
        # The first input is delayed; the records of the second go to the file, and its worker becomes idle.
        capture = self.talkative()
        os.link(capture, self.path("again.pcap"))
        inputs = [capture, self.path("again.pcap"), PLAIN]
        expected = self.status(0, "-j", "1", "-e", "all", "--raw", *inputs).stdout
        process = subprocess.Popen([PROGRAM, "-j", "2", "-e", "all", "--raw", "-o", self.path("out"), *inputs])
        pids = workers_of(process, 2)
        os.kill(pids[0], signal.SIGSTOP)
        until(lambda: rests(pids[1]) and rests(process.pid), "rest")
        os.kill(pids[0], signal.SIGCONT)
        self.assertEqual(process.wait(timeout=WAIT), 0)
        self.assertTrue(read(self.path("out")) == expected)

    def test_output_that_fails_ends_the_run(self):
        with open("/dev/full", "wb") as full:
            result = self.status(4, "-j", "3", "-e", "all", self.large(), stdout=full)
        self.assertEqual(result.stderr.count(b"\n"), 1)
        result = self.status(4, "-j", "3", "--mbox", "/dev/full", self.large())
        self.assertIn(b"smtpscan: /dev/full: ", result.stderr)
        self.assertTrue(records(result.stdout, "stats")[0]["stats"]["complete"])

    def test_no_room_for_temporary_files(self):
        path, capture = self.path("out"), self.large()
        expected = self.status(0, "-e", "all", capture, PLAIN, capture, capture).stdout
        result = self.status(0, "-j", "3", "-e", "all", "-o", path, capture, PLAIN, capture, capture,
                             TMPDIR=self.path("nowhere"))
        self.assertTrue(read(path) == expected, result.stderr)

    def test_fewer_processes_than_planned(self):
        capture = self.large()
        expected = self.status(0, "-e", "all", capture, PLAIN).stdout
        for files in 14, 20:  # descriptors: enough for one worker, for a few
            limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
            result = self.status(0, "-j", "7", "-e", "all", capture, PLAIN, preexec_fn=limit)
            self.assertTrue(result.stdout == expected)
        result = self.status(3, "-j", "2", PLAIN, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (7, 7)))
        self.assertIn("worker process", records(result.stdout, "stats")[0]["stats"]["error"])

    # ---- shards ----

    def shards(self, count, *captures, jobs="1"):
        paths = []
        for i in range(1, count + 1):
            paths.append(self.path("shard%dof%d" % (i, count)))
            self.status(0, "-j", jobs, "-e", "all", "--shard", "%d/%d" % (i, count), "-o", paths[-1], *captures)
        return paths

    def test_more_waiting_connections_than_libnids_has_places(self):
        count = 13000
        player = Player(TESTDATA)
        player.play(mail("mss=40 client=198.51.100.9", 1).replace("C: .\n", "C: .\n! swap\n"))
        bystander = packets_of(player.connections)
        start, found = bystander[0][0] - 1_000_000, []
        for data in waiting_connections(count):
            found += [(start + len(found), data)] if data else bystander
        path = self.path("waiting.pcap")
        write_pcap(path, found)
        kinds = "smtp,smtp_command,flow,stats"
        whole = self.status(0, "-e", kinds, "-j", "1", path).stdout
        self.assertEqual(self.status(0, "-e", kinds, "-j", "2", path).stdout, whole)
        paths = []
        for shard in range(1, 4):
            paths.append(self.path("waiting.%d" % shard))
            self.status(0, "-e", kinds, "--shard", "%d/3" % shard, "-o", paths[-1], path)
        self.assertEqual(self.status(0, "--merge", *paths).stdout, whole)
        (taken,) = records(whole, "smtp")
        self.assertEqual(taken["smtp"]["outcome"], "accepted")
        self.assertNotIn("missing_bytes", taken["smtp"])
        stats = records(whole, "stats")[0]["stats"]
        filled = (count + 6) // 7
        self.assertEqual((stats["sessions"], stats["given_up_bytes"]), (count + 1, 0))
        self.assertEqual(stats["gap_bytes"], 5 * (count - filled))
        verbs = [r["smtp_command"].get("verb") for r in records(whole, "smtp_command")]
        self.assertEqual(verbs.count("NOOP"), filled)
        self.assertGreaterEqual(verbs.count("EHLO"), filled + 1)

    def test_ignored_segments_of_shards_are_added(self):
        connections = [Connection("198.51.100.%d" % i, 40000 + i) for i in range(1, 7)]
        for i, connection in enumerate(connections):
            connection.handshake()
            if i > 0:
                connection.emit(UP, 0, b"no acknowledgement")  # ACK is missing
                connection.emit(UP, 0, b"nor here")
            connection.first, connection.only = 0, ""
        path = self.path("ignored.pcap")
        write_pcap(path, packets_of(connections))
        whole = self.status(0, path).stdout
        self.assertEqual(records(whole, "stats")[0]["stats"]["ignored_segments"], 10)
        for count in 2, 6:
            paths = self.shards(count, path)
            parts = [records(read(p), "stats")[0]["stats"].get("ignored_segments", 0) for p in paths]
            self.assertEqual(sum(parts), 10)
            self.assertEqual(self.status(0, "--merge", *sorted(paths, key=lambda p: parts[paths.index(p)])).stdout,
                self.status(0, "-e", "all", path).stdout)

    def test_shards_merged_are_the_whole(self):
        for captures in ([self.everything()], [self.large(), PLAIN, HIGH]):
            whole = self.status(0, "-e", "all", *captures).stdout
            for count, jobs in (2, "1"), (3, "2"), (1, "1"):
                paths = self.shards(count, *captures, jobs=jobs)
                result = self.status(0, "--merge", *reversed(paths))
                self.assertTrue(result.stdout == whole, "%d shards" % count)
                out = self.path("merged")
                self.status(0, "--merge", "-o", out, *paths)
                self.assertTrue(read(out) == whole)
                sizes = [os.path.getsize(path) for path in paths]
                self.assertGreater(min(sizes), max(sizes) / 20, "the shards are not of the same size at all")

    def test_records_of_shards_are_merged_by_sort(self):
        capture = self.large()
        paths = self.shards(3, capture)
        whole = [line for line in self.status(0, "-e", "all", capture).stdout.splitlines() if b'"stats":{' not in line]
        command = "cat \"$@\" | grep -v '\"event_type\":\"stats\"' | sort -s -t, -k3.12,3n -k2.11,2n"
        merged = subprocess.run(["sh", "-c", command, "sh", *paths], stdout=subprocess.PIPE, check=True,
                                env=dict(os.environ, LC_ALL="C")).stdout
        self.assertEqual(merged.splitlines(), whole)

    def test_shards_that_do_not_belong_together_are_refused(self):
        one, two, _ = self.shards(3, PLAIN)
        for wrong, words in (([one, two], b"shard 1 of 3, but 2"), ([one, two, two], b"twice"),
                             ([one, two, PLAIN], b"not a stats record"), ([one, two, self.path("missing")], b"not a stats")):
            self.assertIn(words, self.status(3, "--merge", *wrong).stderr)
        first, second = self.shards(2, PLAIN)
        self.status(0, "--shard", "2/2", "-o", second, HIGH)
        self.assertIn(b"not of the same capture", self.status(3, "--merge", first, second).stderr)

    def test_shards_of_what_is_broken_say_so(self):
        path = self.file("cut.pcap", read(PLAIN)[:-5])
        whole = self.status(5, path).stdout
        paths = []
        for i in "12":
            paths.append(self.path("part" + i))
            self.status(5, "--shard", i + "/2", "-o", paths[-1], path)
        merged = self.status(5, "--merge", *paths)
        self.assertEqual(merged.stdout, whole)
        self.assertIn(b"not complete: " + path.encode(), merged.stderr)

    def test_merged_alerts_count_for_fail_on(self):
        paths = self.shards(2, HIGH)
        self.status(0, "--merge", *paths)
        self.status(1, "--merge", "--fail-on", "high", *paths)

    # ---- resume ----

    def test_resume_skips_what_is_complete(self):
        captures, out = self.path("captures"), self.path("out")
        os.mkdir(captures)
        for name in ("a.pcap", "b.pcap", "odd name;$x.pcap"):
            shutil.copy(PLAIN if name != "b.pcap" else HIGH, os.path.join(captures, name))
        arguments = ("--resume", out, "-e", "all", captures)
        first = self.status(0, *arguments)
        self.assertEqual(first.stdout, b"")
        names = sorted(visible(out))
        self.assertEqual(len(names), 3)
        for name in names:
            self.assertRegex(name, r"^(a\.pcap|b\.pcap|odd_name__x\.pcap)-[0-9a-f]{16}\.jsonl$")
        path = os.path.join(captures, "a.pcap")
        self.assertEqual(read(os.path.join(out, names[0])), self.status(0, "-e", "all", path).stdout)
        before = {name: os.stat(os.path.join(out, name)).st_ino for name in names}
        os.truncate(os.path.join(out, names[0]), os.path.getsize(os.path.join(out, names[0])) - 1)
        os.utime(os.path.join(captures, "b.pcap"))
        self.status(0, "-j", "2", *arguments)
        after = {name: os.stat(os.path.join(out, name)).st_ino for name in visible(out)}
        self.assertEqual([before[name] == after[name] for name in names], [False, False, True])
        self.assertEqual(read(os.path.join(out, names[0])), self.status(0, "-e", "all", path).stdout)

    def test_resume_says_that_other_options_made_what_is_there(self):
        out, name = self.path("out"), self.path("out", ".smtpscan-options")
        self.assertEqual(self.status(0, "--resume", out, "-j", "1", "-e", "+smtp_command", PLAIN).stderr, b"")
        self.assertEqual(self.status(0, "-v", "--resume", out, "-e", "+smtp_command", "-j", "2", HIGH).stderr.count(b"other options"), 0)
        said = self.status(0, "--resume", out, "--raw", "-e", "+smtp_command", PLAIN).stderr.decode()
        self.assertIn("with other options: 'smtpscan", said)
        self.assertIn("--events=+smtp_command', now '", said)
        self.assertIn("--raw --events=+smtp_command'", said)
        self.assertEqual(self.status(0, "-q", "--resume", out, PLAIN).stderr, b"")
        self.assertIn(b"--events=+smtp_command\n", read(name))

    def test_resume_clears_what_a_killed_run_left(self):
        out = self.path("out")
        self.status(0, "--resume", out, PLAIN)
        stale, used, other = (self.path("out", ".x-0.jsonl." + end) for end in ("aBcDe1", "aBcDe2", "aBc"))
        for path in (stale, used, other):
            open(path, "wb").close()
        with open(used, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # another run is at it
            self.status(0, "--resume", out, HIGH)
        self.assertEqual([os.path.exists(path) for path in (stale, used, other)], [False, True, True])

    def test_resume_counts_alerts_of_what_is_skipped(self):
        arguments = ("--resume", self.path("out"), "-e", "smtp", "--fail-on", "high", HIGH)
        self.status(1, *arguments)
        self.status(1, *arguments)
        self.status(0, "--resume", self.path("out"), HIGH)
        self.assertEqual(len(visible(self.path("out"))), 1)

    def test_resume_tries_again_what_is_broken(self):
        capture = self.file("cut.pcap", read(PLAIN)[:-5])
        for _ in range(2):
            result = self.status(5, "--resume", self.path("out"), capture)
            self.assertIn(b"cut.pcap", result.stderr)
        name = visible(self.path("out"))[0]
        self.assertFalse(records(read(self.path("out", name)), "stats")[0]["stats"]["complete"])

    def test_resume_after_an_interruption(self):
        capture, out = self.sparse(), self.path("out")
        arguments = ["-j", "2", "--resume", out, PLAIN, capture, HIGH]
        process = subprocess.Popen([PROGRAM, *arguments], stderr=subprocess.PIPE)
        until(lambda: os.path.isdir(out) and len(visible(out)) >= 1, "first output")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=WAIT), 3)
        process.stderr.close()
        self.assertFalse([name for name in os.listdir(out) if name.startswith(".") and ".jsonl." in name])
        with open(capture, "r+b") as file:
            file.truncate(8 << 20)
        self.status(5, *arguments)  # the end of a packet is missing now
        with open(capture, "r+b") as file:
            file.truncate(24)
        os.utime(capture)
        self.status(0, *arguments)
        self.assertEqual(len(visible(out)), 3)

    def test_shards_have_files_of_their_own(self):
        out = self.path("out")
        for i in "12":
            self.status(0, "--resume", out, "--shard", i + "/2", PLAIN)
        self.assertEqual([name[-13:] for name in sorted(visible(out))], [".1-of-2.jsonl", ".2-of-2.jsonl"])

    def test_resume_refuses_what_makes_no_sense(self):
        for more in (["-o", "x"], ["--mbox", "x"], ["--continuous"], ["-"]):
            self.status(2, "--resume", self.path("out"), *more, PLAIN)

    def test_gnu_parallel_over_a_list_of_captures(self):
        if not shutil.which("parallel"):
            self.skipTest("no GNU parallel")
        captures, out, log = self.path("captures"), self.path("out"), self.path("log")
        os.mkdir(captures)
        for i in range(5):
            shutil.copy(PLAIN, os.path.join(captures, "%d.pcap" % i))
        # The README's own command, in this folder and with this program.
        readme = read(os.path.join(ROOT, "README.md")).decode()
        command = next(line.strip() for line in readme.splitlines() if "| parallel " in line)
        os.symlink(PROGRAM, self.path("smtpscan"))
        env = dict(os.environ, HOME=self.folder, PATH=self.folder + ":" + os.environ["PATH"])
        for _ in range(2):
            subprocess.run(["sh", "-c", command], check=True, timeout=WAIT, env=env, cwd=self.folder,
                           stderr=subprocess.DEVNULL)
            self.assertEqual(len(visible(out)), 5)
        with open(log, encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()), 6)  # a header, and each capture once

    # ---- signals, progress ----

    def live(self, *arguments):
        """A run on a pipe that has seen a mail, but not the end of its session."""
        process = subprocess.Popen([PROGRAM, *arguments, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for stream in (process.stdin, process.stdout, process.stderr):
            self.addCleanup(stream.close)
        process.stdin.write(read(play(self.path("live.pcap"), mail("", 1, "! open\n"))))
        process.stdin.flush()
        signal.alarm(WAIT)
        self.addCleanup(signal.alarm, 0)
        self.assertEqual(json.loads(process.stdout.readline())["event_type"], "smtp")
        return process

    def test_a_signal_ends_cleanly(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.live("-q")
            process.send_signal(number)
            if number == signal.SIGINT:  # one is spared for the writer of the pipe
                time.sleep(0.3)
                self.assertIsNone(process.poll())
                process.send_signal(number)
            rows = records(process.stdout.read())
            self.assertEqual(process.wait(), 3)
            self.assertEqual([row["event_type"] for row in rows], ["fileinfo", "flow", "stats"])
            self.assertEqual((rows[-1]["stats"]["complete"], rows[-1]["stats"]["mails"]), (False, 1))
            self.assertIn("interrupted", rows[-1]["stats"]["error"])
            self.assertEqual(process.stderr.read(), b"smtpscan: interrupted\n")

    def test_the_first_interrupt_of_a_pipe_reads_to_its_end(self):
        process = self.live()
        for worker in children(process.pid):
            os.kill(worker, signal.SIGINT)  # as a terminal sends it
        process.send_signal(signal.SIGINT)
        self.assertIn(b"reading to the end of the pipe", process.stderr.readline())
        self.assertIsNone(process.poll())
        rest = read(play(self.path("more.pcap"), mail("", 2)))[24:]  # without the header of the file
        process.stdin.write(rest)
        process.stdin.close()
        rows = records(process.stdout.read())
        self.assertEqual(process.wait(), 0)
        self.assertEqual((rows[-1]["stats"]["complete"], rows[-1]["stats"]["packets"]),
                         (True, packets(self.path("live.pcap")) + packets(self.path("more.pcap"))))

    def test_a_signal_to_all_processes_ends_cleanly(self):
        capture = self.sparse()
        process = subprocess.Popen([PROGRAM, "-j", "2", capture, PLAIN], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True)
        workers_of(process, 2)
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=WAIT)
        self.assertEqual((process.returncode, errors), (3, b"smtpscan: interrupted\n"))
        stats = records(output, "stats")
        self.assertEqual([row["pcap_filename"] for row in stats], [capture, PLAIN])
        self.assertFalse(stats[0]["stats"]["complete"])

    def test_a_second_signal_ends_at_once(self):
        process = self.live("-j", "2")
        pids = children(process.pid)
        for worker in pids:
            os.kill(worker, signal.SIGSTOP)  # it will not answer
        for _ in range(2):  # the first one is spared
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=WAIT), -signal.SIGINT)
        until(lambda: not any(map(lives, pids)), "end of the workers")

    def test_workers_give_up_system_calls(self):
        process = self.live()
        modes = []
        for pid in process.pid, *children(process.pid):
            with open("/proc/%d/status" % pid, encoding="utf-8") as file:
                modes.append(re.search(r"^Seccomp:\s*(\d)", file.read(), re.M).group(1))
        if modes == ["0", "0"]:
            self.skipTest("built without libseccomp, or with a sanitizer")
        self.assertEqual(modes[1], "2")

    def test_usr1_prints_progress(self):
        process = self.live()
        process.send_signal(signal.SIGUSR1)
        line = process.stderr.readline()
        self.assertRegex(line.decode(), r"^smtpscan: .*\b1 mails, \d+ alerts$")
        process.stdin.close()
        self.assertTrue(records(process.stdout.read(), "stats")[0]["stats"]["complete"])
        self.assertEqual(process.wait(), 0)

    def test_progress_in_json(self):
        capture = self.sparse()
        process = subprocess.Popen([PROGRAM, "-j", "2", "--progress=json", capture], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        rows = [json.loads(line)["progress"] for line in process.stderr]
        self.assertEqual(process.wait(timeout=WAIT), 0)
        process.stderr.close()
        self.assertEqual([row["done"] for row in rows], [False] * (len(rows) - 1) + [True])
        self.assertEqual([row["read"] for row in rows], sorted(row["read"] for row in rows))
        size = os.path.getsize(capture)
        self.assertEqual((rows[-1]["size"], rows[-1]["captures_done"], rows[-1]["mails"]), (size, 1, 1))
        self.assertGreater(rows[-1]["read"], size * 0.99)

    def test_no_progress_where_nobody_looks(self):
        done = self.status(0, self.large())
        self.assertEqual((completes(done.stdout), done.stderr), ([True], b""))

    def test_progress_on_a_terminal(self):
        capture = self.sparse()
        self.assertEqual(on_terminal(120, "-q", "-j", "2", capture, stream="stderr"), "")
        text = on_terminal(120, "-j", "2", capture, stream="stderr")
        self.assertRegex(text, r"\r *\d+% [\d.]+ [kMG]?B of 3\.2 GB, .*/s, 0:0\d:\d\d left, 1 mails, 0 alerts\x1b\[K")
        self.assertRegex(text, r"\r\x1b\[K(smtpscan: [^\n]*\n)*$")

    def test_a_slow_pipe_gets_each_record_at_once(self):
        data = read(play(self.path("slow.pcap"), mail("", 1) + mail("", 2)))
        process = subprocess.Popen([PROGRAM, "-e", "smtp_command", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        os.set_blocking(process.stdout.fileno(), False)
        got = b""
        for at in range(0, len(data), 97):
            process.stdin.write(data[at:at + 97])
            process.stdin.flush()
            seen = len(re.findall(rb"(EHLO|MAIL|RCPT) [^\r]*\r\n|(DATA|QUIT)\r\n", data[:at + 97]))
            end = time.monotonic() + 5
            # all but the one whose packet is perhaps not there to its end
            while got.count(b"\n") < seen - 1 and time.monotonic() < end:
                got += process.stdout.read() or b""
                time.sleep(0.001)
            self.assertGreaterEqual(got.count(b"\n"), seen - 1, "octet %d" % at)
        process.stdin.close()
        os.set_blocking(process.stdout.fileno(), True)
        got += process.stdout.read()
        process.stdout.close()
        process.wait()
        self.assertEqual(got.count(b"\n"), 10)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_memory.py SMTPSCAN NO_MEMORY [--every N] [CASE...] - simulates a failed allocation at each place that allocates.

A run is repeated with one request refused, for one place (the calls that lead to it) after the other: NO_MEMORY, the
library of kits/no_memory.c, refuses it in whichever process comes by first. Then either all is as without it, or the
program says that something is lost: a sentence on standard error, an exit status that is not 0, and no stats record
of a capture that is not whole is `complete`. It always comes to its end, not by a signal, and what it wrote are whole
records, each of them one of those that are written without the fault.

The suite takes one place of EVERY, and all that ask for a large block; at every other one all requests that follow in
that process are refused, too. All places, each once: --every 1. --show tells of each what it came to.
"""
import argparse
import collections
import gzip
import lzma
import mmap
import os
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile

from dialogue import encoded, envelope, message, session
from generate import ethernet, ip_header, make, packets_in, pcap, pcapng
from program import HERE, PROGRAM, RECIPES, TESTDATA, WAIT, completes, read

EVERY = 40
LARGE = 1 << 20  # octets of a block that may be refused while others are not
FRAMES, SITES, MODULES, NAME_SIZE = 8, 16384, 64, 120  # as in no_memory.c
HEAD = struct.Struct("<QIIII")
SITE = struct.Struct("<QQII%dQ" % FRAMES)
SITES_AT = HEAD.size + MODULES * NAME_SIZE
TABLE_SIZE = SITES_AT + SITES * SITE.size
SAME, SAID, SILENT, CRASHED, HUNG, MISSED = "the same", "said so", "silent", "crashed", "hung", "was not asked again"
WRONG = SILENT, CRASHED, HUNG

Site = collections.namedtuple("Site", "hash size child order frames")
Done = collections.namedtuple("Done", "status output errors files")


class Table:
    """What the processes under NO_MEMORY share."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(TABLE_SIZE)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), TABLE_SIZE)

    def clear(self, fail=0, ever=False):
        self.map[:] = bytes(TABLE_SIZE)
        HEAD.pack_into(self.map, 0, fail, ever, 0, 0, 0)

    def refused(self):
        return HEAD.unpack_from(self.map)[2]

    def sites(self):
        assert HEAD.unpack_from(self.map)[4] == 0, "more sites than there is room for"
        rows = (SITE.unpack_from(self.map, SITES_AT + i * SITE.size) for i in range(SITES))
        return [Site(*row[:4], row[4:]) for row in rows if row[0]]

    def modules(self):
        names = (self.map[HEAD.size + i * NAME_SIZE :][:NAME_SIZE] for i in range(MODULES))
        return [name.split(b"\0")[0].decode() for name in names]


# ---- the cases ----


def wrap(capture):
    """wrap - a capture's packets, each in a tunnel (IP in IP)."""
    ends = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
    return pcap((time, ethernet(ip_header(*ends, len(frame) - 14, 4) + frame[14:])) for time, frame, _ in packets_in(capture))


def prepare(folder):
    """prepare - the captures of the cases."""

    def write(name, octets):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(octets)

    known = lambda name: read(os.path.join(TESTDATA, name))
    plain, sealed, keys = map(known, ("postfix-plain.pcap", "tls/13-aes256-gcm.pcap", "tls/13-aes256-gcm.keylog"))
    write("plain.pcap", plain)
    write("other.pcap", known("exim-nodemailer.pcap"))
    write("login.pcap", known("postfix-auth-login.pcap"))
    write("tunnel.pcap", wrap(plain))
    write("plain.pcap.xz", lzma.compress(plain))
    write("plain.pcap.gz", gzip.compress(plain))
    write("sealed.pcap", sealed)
    write("sealed.keylog", keys)
    write("secrets.pcapng", pcapng(packets_in(sealed), keys))
    write("old.pcap", known("tls/12-aes128-cbc-sha.pcap"))
    write("old.keylog", known("tls/12-aes128-cbc-sha.keylog"))
    with tarfile.open(os.path.join(folder, "packed"), "w:xz") as packed:
        packed.add(os.path.join(folder, "plain.pcap"), "plain.exe")
    lines = encoded(read(os.path.join(folder, "packed")))
    packed = message("Content-Type: application/x-xz", "Content-Transfer-Encoding: base64", "", *lines)
    make(session(envelope() + packed), os.path.join(folder, "packed.pcap"))
    for name in "files-in-files", "bdat-odd", "lost-in-content":
        make(known("dialogues/%s.txt" % name).decode(), os.path.join(folder, name + ".pcap"), TESTDATA)
    os.makedirs(os.path.join(folder, "folder", "below"))
    for name in "folder/plain.pcap", "folder/below/login.pcap":
        shutil.copy(os.path.join(folder, os.path.basename(name)), os.path.join(folder, name))
    for name in "test.yar", "indicators.txt":
        shutil.copy(os.path.join(HERE, "..", "rules", name), folder)
    shutil.copy(os.path.join(RECIPES, "rules", "spam_filter.lua"), folder)


# name: options and captures. OUT/... is made by the run, and compared.
CASES = {
    "plain": "-e all plain.pcap login.pcap",
    "one worker": "-j 1 -e all plain.pcap login.pcap",
    "files": "--html --hash md5,sha1 --raw --extract OUT/x --mbox OUT/m files-in-files.pcap other.pcap",
    "keys": "-e all --tls-keys sealed.keylog sealed.pcap",
    "old keys": "--tls-keys old.keylog old.pcap",
    "secrets": "secrets.pcapng",
    "compressed": "plain.pcap.xz plain.pcap.gz",
    "packed": "packed.pcap",
    "tunnel": "--continuous --filter tcp tunnel.pcap bdat-odd.pcap lost-in-content.pcap",
    "rules": "--rules spam_filter.lua --ioc indicators.txt files-in-files.pcap",
    "yara": "--yara test.yar files-in-files.pcap",
    "text": "-t -o OUT/t plain.pcap bdat-odd.pcap",
    "report": "--report OUT/r other.pcap",
    "resume": "--resume OUT/d plain.pcap bdat-odd.pcap",
    "check": "--check expected plain.pcap",
    "update": "--check OUT/c --update plain.pcap",
    "merge": "--merge shard-1 shard-2",
    "folder": "--fail-on low --verbose --severity high folder",
    "catalogue": "--list-alerts",
    "standard input": "-",
}


class Bench:
    def __init__(self, library, folder):
        self.library, self.folder = library, folder
        self.out = os.path.join(folder, "OUT")
        self.table = Table(os.path.join(folder, "table"))
        prepare(folder)
        for options in "--shard 1/2 -o shard-1", "--shard 2/2 -o shard-2", "--update --check expected":
            subprocess.run([PROGRAM, *options.split(), "plain.pcap"], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    def run(self, case):
        """run - -> Done; its status is None when it hung."""
        shutil.rmtree(self.out, True)
        os.mkdir(self.out)
        environment = dict(os.environ, LD_PRELOAD=self.library, FAULTS_MEMORY=self.table.path, LC_ALL="C")
        with open(os.path.join(self.folder, "plain.pcap"), "rb") as standard_input:
            process = subprocess.Popen(
                [PROGRAM, "-j", "2", *CASES[case].split()], cwd=self.folder, env=environment, stdin=standard_input,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip
            try:
                output, errors = process.communicate(timeout=WAIT)
                status = process.returncode
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, errors = process.communicate()
                status = None
        return Done(status, output, errors, self.files())

    def files(self):
        found = {}
        for folder, _, names in os.walk(self.out):
            for name in names:
                path = os.path.join(folder, name)
                # what a killed run leaves has a name that differs
                found[os.path.relpath(path, self.out).split(".jsonl.")[0]] = read(path)
        return found


def stats_of(octets):
    """stats_of - the number of complete captures; None: not an output of records, or a record is incomplete."""
    try:
        return sum(completes(octets))
    except ValueError:
        return None


def news(whole, done):
    """news - lines that are not written without the fault."""
    lines = collections.Counter(done.output.splitlines()) - collections.Counter(whole.output.splitlines())
    return list(lines)


def judge(whole, done):
    """judge - -> what the fault did, and what is wrong about it."""
    if done.status is None:
        return HUNG, ""
    if done.status < 0:
        return CRASHED, "signal %d" % -done.status
    lost = done.output != whole.output or done.files != whole.files
    if not lost and done.status == whole.status:
        return SAME, ""
    fresh = news(whole, done)
    if done.status == whole.status and fresh and all(b'"complete":false' in line for line in fresh):
        return SAID, ""  # of an archive
    if b"a worker process" in done.errors and (b"ran out of memory" not in done.errors or done.status not in (1, 3)):
        return SILENT, "status %d, %r" % (done.status, done.errors[-300:])
    said = any(line.startswith(b"smtpscan: ") for line in done.errors.splitlines())
    if not said or done.status in (0, whole.status):
        return SILENT, "status %d, %r" % (done.status, done.errors[-300:])
    if done.output and stats_of(done.output) is None and stats_of(whole.output) is not None:
        return SILENT, "a record that is not whole"
    if lost and done.output and stats_of(done.output) is not None:
        alien = [line for line in fresh if b'"event_type":"stats"' not in line]
        if alien:
            return SILENT, "a record that would not be there: %r" % alien[0][:300]
    return SAID, ""


def where(site, modules):
    """where - the calls, for people."""
    text = []
    for frame in site.frames:
        if frame in (0, 0xFFFFFFFFFFFFFFFF):
            continue
        name = modules[frame >> 48]
        place = hex((frame & 0xFFFFFFFFFFFF) - 1)
        if name != "-":
            text.append("%s+%s" % (os.path.basename(name), place))
        else:
            text.append(symbol(place))
    return " < ".join(text)


KNOWN = {}


def symbol(place):
    if place not in KNOWN:
        done = subprocess.run(["addr2line", "-sfe", PROGRAM, place], stdout=subprocess.PIPE, check=False)
        KNOWN[place] = ":".join(done.stdout.decode().split()[:1] + done.stdout.decode().split(":")[-1:]).strip()
    return KNOWN[place]


def sweep(bench, case, given, seen):
    """sweep - the places that were not seen before. -> Counter of what happened, for the first process and others."""
    bench.table.clear()
    whole = bench.run(case)
    sites, modules = bench.table.sites(), bench.table.modules()
    sites = sorted(site for site in sites if site.hash % given.every == 0 or site.size >= LARGE)
    if case != "packed":  # whose decompressor's places are those of a compressed capture
        sites = [site for site in sites if site.hash not in seen]
    seen.update(site.hash for site in sites)
    counts = collections.Counter()
    for i, site in enumerate(sites):
        bench.table.clear(site.hash, i % 2 == 1 and given.every > 1)
        done = bench.run(case)
        result, why = judge(whole, done) if bench.table.refused() else (MISSED, "")
        counts["child" if site.child else "parent", result] += 1
        if result in WRONG or given.show:
            print("%s: %s: %d octets: %s: %s" % (case, result, site.size, why, where(site, modules)), flush=True)
    return counts


def loses_what_was_found(bench):
    """loses_what_was_found - is it not written when memory is gone at one of the last places of a worker, of the parent?"""
    bench.table.clear()
    records, sites, lost = len(bench.run("one worker").output.splitlines()), bench.table.sites(), False
    for process, least in ("child", records // 2), ("parent", records // 4):
        late = sorted((site for site in sites if site.child == (process == "child")), key=lambda site: site.order)[-4]
        bench.table.clear(late.hash)
        found = len(bench.run("one worker").output.splitlines())
        if bench.table.refused() == 0 or found < least:
            print("one worker: %s without memory late: %d of %d records" % (process, found, records))
            lost = True
    return lost


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--every", type=int, default=EVERY)
    parser.add_argument("--show", action="store_true")
    given = parser.parse_intermixed_args()
    total, seen = collections.Counter(), set()
    with tempfile.TemporaryDirectory(prefix="smtpscan-memory-") as folder:
        bench = Bench(os.path.abspath(given.library), folder)
        for case in given.cases or CASES:
            total += sweep(bench, case, given, seen)
        lost = loses_what_was_found(bench)
    for (process, result), count in sorted(total.items(), key=str):
        print("%6d %s: %s" % (count, process, result))
    return lost or any(result in WRONG for _, result in total)


if __name__ == "__main__":
    sys.exit(main())

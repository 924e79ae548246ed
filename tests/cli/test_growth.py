#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_growth.py SMTPSCAN [--table] [WORD] - checks that time and memory grow at most linearly with the size of an attack.

Each attack of attacks.py is made at three sizes: once, twice and four times its smallest. What counts is the processor
time of the program and the most memory that it held; where four times the input takes more than GROWTH times the time, or
memory is above the bound, the test fails. Times below FLOOR are taken as FLOOR, so that noise does not decide; an attack
that fails is measured a second time. The smallest and the largest are also run in another way, which changes from attack to
attack: by two workers, --strict, as text, as a report, with little memory. --table prints what was measured, WORD selects attacks by name.
Limits: what is quadratic only far above these sizes is not found. Works in a folder of its own, which is removed.
"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

from attacks import ATTACKS

SIZES = 1, 2, 4
GROWTH = 8  # a line: 4; a square: 16
FLOOR = 0.04  # seconds
MEMORY = 96  # MiB, where the attack names no bound of its own
WAYS = ("-j", "2"), ("--strict",), ("-t",), ("--report", "FOLDER/page.html"), ("--memory", "8M")
WAY_MEMORY = 160  # MiB: text and report hold the records of open sessions
PATIENCE = 60  # seconds until a run counts as one that hangs


def measure(program, options, path, output):
    """measure - (exit status, seconds of processor time, MiB at most) of one run."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
    with open(output, "wb") as out, open(output + ".err", "wb") as err:
        child = subprocess.Popen([program, "-j", "1", "-e", "all", *options, path], stdout=out, stderr=err, preexec_fn=limit)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def write(attack, size, path):
    """write - writes the capture in a separate process, so that this process stays small when it forks the program."""
    child = os.fork()
    if not child:
        with open(path, "wb") as file:
            file.write(attack.make(size))
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("could not be made: " + attack.name)


def too_slow(times):
    """too_slow - a fault where the last time is too long for the first one."""
    if times[-1] > GROWTH * max(times[0], FLOOR):
        yield "time grows faster than the input: %s seconds" % ", ".join("%.2f" % t for t in times)


def try_attack(program, attack, folder):
    """try_attack - (times, memory, faults) of an attack at each size."""
    times, memory, faults, other = [], [], [], []
    way = [] if attack.options else [word.replace("FOLDER", folder) for word in WAYS[ATTACKS.index(attack) % len(WAYS)]]
    path, output = folder + "/capture", folder + "/output"
    options = [option.replace("FOLDER", folder) for option in attack.options]
    for name, text in attack.files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    for size in SIZES:
        write(attack, attack.least * size, path)
        status, seconds, most = measure(program, options, path, output)
        times.append(seconds)
        memory.append(most)
        with open(output, "rb") as file:
            found = any(attack.seen in line for line in file)
        if status != attack.status:
            faults.append("exit status %d, not %d, at size %d" % (status, attack.status, size))
        if not found:
            faults.append("no %r in the records at size %d: the attack is not seen" % (attack.seen, size))
        if way and size in (SIZES[0], SIZES[-1]):
            status, seconds, most = measure(program, way, path, output)
            other.append(seconds)
            if status != attack.status or most > max(attack.memory or 0, WAY_MEMORY):
                faults.append("exit status %d, %.0f MiB at size %d with %s" % (status, most, size, " ".join(way)))
    faults += too_slow(times)
    faults += ("with %s: %s" % (" ".join(way), fault) for fault in too_slow(other or [0]))
    bound = attack.memory or MEMORY
    if max(memory) > bound:
        faults.append("%.0f MiB of memory, the bound is %d" % (max(memory), bound))
    return times, memory, faults


def main():
    program, words = os.path.abspath(sys.argv[1]), [w for w in sys.argv[2:] if w != "--table"]
    folder, failed, start = tempfile.mkdtemp(prefix="smtpscan-growth-"), 0, time.monotonic()
    try:
        attacks = [a for a in ATTACKS if all(w in a.name for w in words)]
        for attack in attacks:
            times, memory, faults = try_attack(program, attack, folder)
            if faults:
                times, memory, faults = try_attack(program, attack, folder)
            if "--table" in sys.argv:
                numbers = "".join("%7.2f" % t for t in times) + "".join("%6.0f" % m for m in memory)
                print("%-44s %8d %s" % (attack.name, attack.least, numbers), flush=True)
            for fault in faults:
                print("FAIL %s (%d at least): %s" % (attack.name, attack.least, fault), flush=True)
            failed += bool(faults)
    finally:
        shutil.rmtree(folder)
    print("%d of %d attacks failed, %.0f s" % (failed, len(attacks), time.monotonic() - start))
    sys.exit(1 if failed or not attacks else 0)


if __name__ == "__main__":
    main()

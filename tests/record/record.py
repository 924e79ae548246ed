#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""record.py - records real clients talking to real servers into testdata/, after setup.sh: record.py ROOTS OUT [NAME...]

The table is in scenarios.py: name of the capture, root and command of the client, what to capture. Servers run in the
network namespace `rec`; tcpdump listens on its loopback. Without names everything is recorded.
"""
import os
import subprocess
import sys
import time

from scenarios import SCENARIOS, SERVERS

roots, out, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
NETNS = ["ip", "netns", "exec", "rec"]


def command(root, line):
    return NETNS + ["chroot", "%s/%s/root" % (roots, root), "sh", "-c", "cd /rec && " + line]


def start_servers():
    running = []
    for root, line in SERVERS:
        log = open("%s/%s.log" % (roots, root), "ab")
        running.append(
            subprocess.Popen(
                command(root, line), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        )
    time.sleep(4)
    return running


def record(name, root, line, capture, dialogue):
    path = "%s/%s.pcap" % (out, name)
    tcpdump = subprocess.Popen(
        NETNS + ["tcpdump", "-i", "lo", "-w", path, "-s", "0", "-U", "--immediate-mode", "-Z", "root", capture],
        stderr=subprocess.PIPE,
        text=True,
    )
    tcpdump.stderr.readline()
    client = subprocess.run(command(root, line), input=dialogue, text=True, capture_output=True, timeout=60)
    time.sleep(0.6)
    tcpdump.terminate()
    tcpdump.wait()
    print(
        "%-34s %7d  exit %d" % (name, os.path.getsize(path), client.returncode),
        (client.stderr or client.stdout)[-150:].strip() if client.stderr or client.returncode else "",
    )


servers = start_servers()
try:
    for scenario in SCENARIOS:
        if not wanted or scenario[0] in wanted:
            record(*scenario)
finally:
    for server in servers:
        os.killpg(server.pid, 15)
    subprocess.run(command("postfix", "postfix stop"), stderr=subprocess.DEVNULL)  # it is in a group of its own

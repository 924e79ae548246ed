#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tls_seeds.py TESTDATA OUT - makes seeds for fuzz_tls from the recorded connections in TESTDATA/tls with implicit TLS."""
import os
import struct
import sys

NAMES = ["10-aes128-cbc-sha", "12-aes128-cbc-sha256-no-etm-no-ems", "12-aes256-cbc-sha384", "12-aes128-ccm8",
         "12-renegotiation", "12-resumed-by-id", "12-small-records", "13-aes256-gcm", "13-early-data", "13-padding",
         "13-psk", "13-retry"]
HOLES = {"12-aes128-ccm8": 9, "13-aes256-gcm": 12, "13-psk": 4}  # the segment that is missing


def segments(path):
    """(is the server's, payload) of the last connection"""
    data, at, found = open(path, "rb").read(), 24, []
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        packet, at = data[at + 30:at + 16 + size], at + 16 + size
        tcp = packet[(packet[0] & 15) * 4:struct.unpack_from(">H", packet, 2)[0]]
        if tcp[13] & 2 and not tcp[13] & 16:
            found = []
        if payload := tcp[(tcp[12] >> 4) * 4:]:
            found.append((tcp[:2] == b"\x01\xd1", payload))
    return found


testdata, out = sys.argv[1:]
for name in NAMES:
    with open("%s/tls/%s.keylog" % (testdata, name), "rb") as file:
        log = b"".join(line for line in file if b"EXPORTER" not in line and line[:1] != b"#")
    seed = struct.pack(">H", len(log)) + log
    for number, (server, octets) in enumerate(segments("%s/tls/%s.pcap" % (testdata, name))):
        hole = HOLES.get(name) == number
        seed += struct.pack(">BH", server | hole << 1, len(octets)) + (b"" if hole else octets)
    with open(os.path.join(out, name), "wb") as file:
        file.write(seed + b"\x04\x00\x00\x05\x00\x00")

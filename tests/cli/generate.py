#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""generate.py - makes captures: dialogues written as text become TCP connections in a pcap file.

    generate.py DIALOGUE.txt CAPTURE.pcap

A dialogue is lines:

    # a comment
    @ port=587 client=192.0.2.7     a new connection (all keys in `DEFAULTS` below); without it, one with the defaults
    S: 220 mail.example             the server sends this and CRLF; lines of one side that follow each other are one block,
    C: EHLO client.example          sent at once; the other side's block acknowledges what was sent before it
    C/: NOOP                        a block of its own though the side is the same
    C+: MAIL FROM:<a@b.example>     a block of its own, sent before the other side's last block arrived (the old acknowledgement)
    C: without line end\\           a single backslash at the end: no CRLF; \\r \\n \\0 \\t \\\\ \\xHH stand for octets
    ! fin C, ! rst S                the side closes, resets. By default both close at the end, the client first; ! open: neither
    ! wait 3.5                      seconds pass
    ! lose, ! snap 20               the next block is not in the capture; only 20 octets of the payload of its packets are
    ! swap                          the capture shows the last two packets with data in the wrong order
    ! again, ! alter TEXT           the last block is sent again, with TEXT instead of its first octets
    ! tls 1.3 CERTIFICATE           a real handshake between two ends of Python's ssl, and a little traffic

The same format, read by tests/record/talk.py, makes a client that talks to a real server.
What it promises: sequence and acknowledgement numbers, checksums and lengths are right, and the same text gives the same
bytes (but for `! tls`). Limits: no retransmission timers, no windows. tests/cli/impair.py damages what is made here.
"""
import os
import re
import socket
import ssl
import struct
import sys

DEFAULTS = {
    "client": "198.51.100.7",
    "server": "192.0.2.25",
    "cport": "",  # 40000 and up
    "port": "25",
    "vlan": "",  # 5 or 5,6 (the outer one first)
    "after": "1",  # seconds since the connection before it ended (negative: they overlap)
    "isn": "",  # initial sequence number of both sides
    "mss": "1460",
    "only": "",  # C or S: the capture holds this side only
    "from": "0",  # the capture begins at this packet of the connection
}
START = 1_750_000_000_000_000  # capture time of the first packet in microseconds, 2025-06-15
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
UP, DOWN = 0, 1
ETHERNET = 1  # the link type
FILE_HEADER, RECORD_HEADER = 24, 16  # octets of a pcap, and of a packet in it


def checksum(data):
    """checksum - the Internet checksum (a number modulo 65535 is its own ones' complement sum)."""
    if len(data) % 2:
        data += b"\0"
    rest = int.from_bytes(data, "big") % 65535
    return 65535 - rest if rest or not any(data) else 0


class Segment:
    """One TCP segment of a connection; snap: octets of payload that the capture keeps, None for all."""

    __slots__ = "connection", "time", "way", "seq", "ack", "flags", "payload", "snap"

    def __init__(self, connection, time, way, seq, ack, flags, payload=b""):
        self.connection, self.time, self.way, self.snap = connection, time, way, None
        self.seq, self.ack, self.flags, self.payload = seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, flags, payload


class Connection:
    """A TCP connection without faults: `segments` gets what each side sends, in order of time."""

    def __init__(
        self, client="198.51.100.7", cport=40000, server="192.0.2.25", port=25, time=START, isn=None, mss=1460
    ):
        self.ends = (client, cport), (server, port)
        self.time, self.mss, self.segments, self.vlan = time, mss, [], []
        self.isn = isn if isn is not None else (1_000_000 + cport, 2_000_000_000 + cport)
        self.sent, self.seen = [0, 0], [0, 0]  # octets (SYN and FIN count) each side sent, and saw of the other
        self.closed = [False, False]
        self.ack_every = 0  # the other side acknowledges after so many segments of a long block; 0: at its end

    def emit(self, way, flags, payload=b"", seq=None):
        """emit - one segment, now."""
        offset = self.sent[way] if seq is None else seq
        ack = self.isn[1 - way] + self.seen[way] if flags & ACK else 0
        self.segments.append(Segment(self, self.time, way, self.isn[way] + offset, ack, flags, payload))
        self.time += 500
        if seq is None:
            self.sent[way] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def handshake(self):
        self.emit(UP, SYN)
        self.see(DOWN)
        self.emit(DOWN, SYN | ACK)
        self.acknowledge(UP)

    def see(self, way):
        """see - this side has received all that the other sent."""
        self.seen[way] = self.sent[1 - way]

    def acknowledge(self, way):
        """acknowledge - sends an acknowledgement without data, when one is due."""
        if self.seen[way] < self.sent[1 - way]:
            self.see(way)
            self.emit(way, ACK)

    def send(self, way, data, old=False):
        """send - data in segments of at most the MSS. old: before the other side's last data arrived."""
        if not old:
            self.acknowledge(1 - way) if self.segments and self.segments[-1].way == way else None
            self.see(way)
        for n, i in enumerate(range(0, len(data), self.mss), 1):
            last = i + self.mss >= len(data)
            self.emit(way, ACK | PSH if last else ACK, data[i : i + self.mss])
            if self.ack_every and n % self.ack_every == 0 and not last:
                self.acknowledge(1 - way)
        self.time += 4000

    def fin(self, way):
        self.see(way)
        self.emit(way, FIN | ACK)
        self.closed[way] = True
        self.acknowledge(1 - way)

    def reset(self, way):
        self.emit(way, RST | ACK)
        self.closed = [True, True]

    def close(self):
        for way in UP, DOWN:
            if not self.closed[way] and not all(self.closed):
                self.fin(way)


# ---- packets ----


def address_bytes(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def tcp_packet(segment):
    """tcp_packet - (protocol family, source, destination, TCP header and payload)."""
    (source, sport), (destination, dport) = (
        segment.connection.ends[segment.way],
        segment.connection.ends[1 - segment.way],
    )
    options = struct.pack("!BBH", 2, 4, segment.connection.mss) if segment.flags & SYN else b""
    offset = (5 + len(options) // 4) << 4
    header = struct.pack("!HHIIBBHHH", sport, dport, segment.seq, segment.ack, offset, segment.flags, 64240, 0, 0)
    source, destination = address_bytes(source), address_bytes(destination)
    body = header + options + segment.payload
    pseudo = source + destination + struct.pack("!HH", 6, len(body))
    body = body[:16] + struct.pack("!H", checksum(pseudo + body)) + body[18:]
    return len(source), source, destination, body


def ip_header(source, destination, length, protocol=6, identification=0, fragment=0):
    if len(source) == 16:
        return struct.pack("!IHBB", 6 << 28, length, protocol, 64) + source + destination
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, identification & 0xFFFF, fragment, 64, protocol, 0)
    header += source + destination
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:]


def ip_packets(segment, identification, fragment_size=None):
    """ip_packets - the IP packet of a segment, or its fragments of at most fragment_size octets of IP payload."""
    size, source, destination, body = tcp_packet(segment)
    if not fragment_size or len(body) <= fragment_size:
        return [ip_header(source, destination, len(body), 6, identification) + body]
    packets = []
    for at in range(0, len(body), fragment_size):
        piece = body[at : at + fragment_size]
        more = at + fragment_size < len(body)
        if size == 4:
            word = at // 8 | (0x2000 if more else 0)
            packets.append(ip_header(source, destination, len(piece), 6, identification, word) + piece)
        else:
            extension = struct.pack("!BBHI", 6, 0, at | more, identification)
            packets.append(ip_header(source, destination, 8 + len(piece), 44) + extension + piece)
    return packets


def ethernet(packet, vlan=(), way=UP):
    """ethernet - a frame. vlan: (type, number) of each tag, the outer one first."""
    macs = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    tags = b"".join(struct.pack("!HH", tpid, number) for tpid, number in vlan)
    return macs[1 - way] + macs[way] + tags + struct.pack("!H", kind) + packet


def frame(segment, identification):
    """frame - (captured octets, length on the wire) of a segment on Ethernet."""
    tags = [
        (0x88A8 if i + 1 < len(segment.connection.vlan) else 0x8100, n) for i, n in enumerate(segment.connection.vlan)
    ]
    data = ethernet(ip_packets(segment, identification)[0], tags, segment.way)
    kept = (
        len(data)
        if segment.snap is None
        else len(data) - len(segment.payload) + min(segment.snap, len(segment.payload))
    )
    return data[:kept], len(data)


# ---- files: packets are (time in microseconds, captured octets), and the length on the wire where that is another ----


def pcap(packets):
    """pcap - the octets of a file."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
    for time, data, *length in packets:
        out.append(struct.pack("<IIII", time // 1_000_000, time % 1_000_000, len(data), *length or [len(data)]) + data)
    return b"".join(out)


def write_pcap(path, packets):
    with open(path, "wb") as file:
        file.write(pcap(packets))


def split_pcap(data):
    """split_pcap - the file's header, and its packets, each with its own. The last one may be cut off."""
    order = "<" if data[0] in b"\xd4\x4d" else ">"
    at, found = FILE_HEADER, []
    while at + RECORD_HEADER <= len(data):
        size = RECORD_HEADER + struct.unpack_from(order + "I", data, at + 8)[0]
        found.append(data[at : at + size])
        at += size
    return data[:FILE_HEADER], found


def packets_in(data):
    """packets_in - the packets of a file as pcap() makes it, with their lengths, but for one that is cut off."""
    for record in split_pcap(data)[1]:
        seconds, micros, size, length = struct.unpack_from("<IIII", record)
        if len(record) == RECORD_HEADER + size:
            yield seconds * 1_000_000 + micros, record[RECORD_HEADER:], length


def block(kind, body, order="<"):
    """block - a block of pcapng."""
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order="<"):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link=ETHERNET, snaplen=0, resolution=None, order="<"):
    options = struct.pack(order + "HHBxxx", 9, 1, resolution) if resolution else b""
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def enhanced_packet(number, units, octets, length=None, order="<"):
    """enhanced_packet - a packet of the interface of this number. units: its time, in those of the interface."""
    head = struct.pack(order + "IIIII", number, units >> 32, units & 0xFFFFFFFF, len(octets), length or len(octets))
    return block(6, head + octets, order)


def secrets(keys):
    """secrets - a block with a key log; nothing without keys."""
    return block(10, struct.pack("<II", 0x544C534B, len(keys)) + keys) if keys else b""


def pcapng(packets, before=b"", behind=b""):
    """pcapng - the octets of a file with one interface. before, behind: key logs ahead of the packets and after them."""
    blocks = b"".join(enhanced_packet(0, *packet) for packet in packets)
    return section() + interface() + secrets(before) + blocks + secrets(behind)


# ---- dialogues ----


def unescape(text):
    """unescape - the octets of a line; CRLF is added unless it ends in a single backslash."""
    names = {"r": b"\r", "n": b"\n", "0": b"\0", "t": b"\t", "\\": b"\\"}
    out, end = b"", b"\r\n"
    for piece in re.findall(r"\\x[0-9a-fA-F]{2}|\\.|\\$|[^\\]+", text):
        if piece == "\\":
            end = b""
        elif piece.startswith("\\x"):
            out += bytes([int(piece[2:], 16)])
        elif piece.startswith("\\"):
            out += names[piece[1]]
        else:
            out += piece.encode()
    return out + end


def parse(text):
    """parse - steps of a dialogue: (side, old, octets), ("!", words), ("@", settings)."""
    steps, fresh = [], True
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] in "@!":
            words = line[1:].split(None, 1) if line[0] == "!" else dict(w.split("=", 1) for w in line[1:].split())
            steps.append((line[0], words))
            fresh = True
            continue
        match = re.match(r"([CS])([+/]?):(?: (.*))?$", line)
        if not match:
            raise ValueError("not a line of a dialogue: " + line)
        side, flag, rest = match.groups()
        data = unescape(rest or "")
        if not fresh and not flag and steps[-1][0] == side:
            steps[-1] = (side, steps[-1][1], steps[-1][2] + data)
        else:
            steps.append((side, flag == "+", data))
        fresh = False
    return steps


def tls_handshake(version, certificate):
    """tls_handshake - blocks (way, octets) of a handshake of Python's ssl with itself and a little traffic.

    certificate: file with key and certificate. Old versions need OpenSSL's security level 0."""
    number = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2}
    ends = []
    for side in UP, DOWN:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if side == UP else ssl.PROTOCOL_TLS_SERVER)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = number.get(version, ssl.TLSVersion.TLSv1_3)
        if side == DOWN:
            context.load_cert_chain(certificate)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = "mail.example" if side == UP else None
        ends.append((context.wrap_bio(incoming, outgoing, side == DOWN, name), incoming, outgoing))
    blocks, done = [], [False, False]
    for turn in range(12):
        way = turn % 2
        tls, _, outgoing = ends[way]
        try:
            if not done[way]:
                tls.do_handshake()
                done[way] = True
            elif turn < 8:
                tls.write(b"NOOP\r\n")
        except ssl.SSLWantReadError:
            pass
        data = outgoing.read()
        if data:
            blocks.append((way, data))
            ends[1 - way][1].write(data)
    assert all(done)
    return blocks


class Player:
    """Plays the steps of a dialogue into connections."""

    def __init__(self, folder):
        self.folder, self.connections, self.time = folder, [], START
        self.connection = None

    def begin(self, settings):
        self.end()
        unknown = set(settings) - set(DEFAULTS)
        if unknown:
            raise ValueError("unknown keys: %s" % unknown)
        s = {**DEFAULTS, **settings}
        time = self.time + (int(float(s["after"]) * 1_000_000) if self.connections else 0)
        isn = (int(s["isn"]),) * 2 if s["isn"] else None
        cport = int(s["cport"] or 40000 + len(self.connections))
        c = Connection(s["client"], cport, s["server"], int(s["port"]), time, isn, int(s["mss"]))
        c.vlan = [int(n) for n in s["vlan"].split(",") if n]
        c.only, c.first = s["only"], int(s["from"])
        self.connection, self.open, self.lose, self.snap, self.last = c, False, False, None, None
        self.connections.append(c)
        c.handshake()

    def end(self):
        if self.connection:
            if not self.open:
                self.connection.close()
            self.time = self.connection.time

    def block(self, way, old, data):
        c = self.connection
        start, offset = len(c.segments), c.sent[way]
        c.send(way, data, old)
        self.last = way, offset, data
        for segment in [s for s in c.segments[start:] if s.payload]:
            segment.snap = self.snap
            if self.lose:
                c.segments.remove(segment)
        self.lose, self.snap = False, None

    def directive(self, word, rest):
        c = self.connection
        if word in ("fin", "rst"):
            (c.fin if word == "fin" else c.reset)("CS".index(rest))
        elif word == "wait":
            c.time += int(float(rest) * 1_000_000)
        elif word == "lose":
            self.lose = True
        elif word == "snap":
            self.snap = int(rest)
        elif word == "swap":
            first, second = [s for s in c.segments if s.payload][-2:]
            first.time, second.time = second.time, first.time
        elif word == "open":
            self.open = True
        elif word in ("again", "alter"):
            way, offset, data = self.last
            new = unescape(rest + "\\") if word == "alter" else b""
            c.emit(way, ACK | PSH, new + data[len(new) :], offset)
        elif word == "tls":
            version, certificate = rest.split()
            for way, data in tls_handshake(version, "%s/%s" % (self.folder, certificate)):
                self.block(way, False, data)
        else:
            raise ValueError("unknown directive: " + word)

    def play(self, text):
        for step in parse(text):
            if step[0] == "@":
                self.begin(step[1])
                continue
            if not self.connection:
                self.begin({})
            if step[0] == "!":
                self.directive(step[1][0], step[1][1] if len(step[1]) > 1 else "")
            else:
                self.block("CS".index(step[0]), step[1], step[2])
        self.end()


def packets_of(connections):
    """packets_of - the packets of these connections, sorted by time."""
    segments = []
    for c in connections:
        kept = c.segments[c.first :]
        segments += [s for s in kept if not c.only or "CS"[s.way] == c.only]
    segments.sort(key=lambda s: s.time)
    return [(s.time, *frame(s, i)) for i, s in enumerate(segments)]


def make(text, path, folder="."):
    """make - the capture of a dialogue. folder: contains the certificates that it names."""
    player = Player(folder)
    player.play(text)
    write_pcap(path, packets_of(player.connections))


def make_dialogues(testdata, folder):
    """make_dialogues - the captures of testdata's dialogues, but for those that are stored, since chance made them."""
    for name in os.listdir(os.path.join(testdata, "dialogues")):
        capture = name.replace(".txt", ".pcap")
        if not os.path.exists(os.path.join(testdata, capture)):
            with open(os.path.join(testdata, "dialogues", name), encoding="utf-8") as file:
                make(file.read(), os.path.join(folder, capture), testdata)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        make(file.read(), sys.argv[2], sys.argv[1].rpartition("/")[0] or ".")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""impair.py - checks that known sessions are found complete after faults of networks and captures.

    impair.py SMTPSCAN [KIND...]

For each kind of impairment 20 seeds, or more, make a capture each (several sessions at once, one or more mails each, DATA or BDAT,
pipelined or not). Asserted: a mail of which nothing is truly lost is byte-exact (size, SHA-256, envelope); with true
loss exactly the lost octets are missing; nothing captured is counted as lost; no alert but the transport ones. As an
oracle that none of us wrote, tshark (where installed) must find the streams that the generator meant.
"""
import hashlib
import ipaddress
import json
import random
import shutil
import struct
import subprocess
import sys
import tempfile

from generate import (
    ACK,
    DOWN,
    FIN,
    START,
    SYN,
    UP,
    Connection,
    Segment,
    ethernet,
    frame,
    ip_header,
    ip_packets,
    write_pcap,
)
from program import records, run

SEEDS = 20
SEEDS_LOSS_ANYWHERE = 100  # where it matters most what exactly is lost
TRANSPORT = {"tcp_gap", "tcp_overlap_conflict", "tcp_midstream", "tcp_one_sided", "truncated_packets"}
ORDER = "protocol local src_ip src_port dest_ip dest_port dest_host src_path dest_path username".split()
WORDS = "anchor berth crane dock ebb ferry gull harbour inlet jetty keel lock mole naut oar pier quay rope sail tide".split()


class Mail:
    """What was sent: envelope, content as received, and its place in the client's stream."""

    def __init__(self, sender, recipients, content, chunked):
        self.sender, self.recipients, self.content, self.chunked = sender, recipients, content, chunked
        self.begin = self.end = 0  # of the content on the wire
        self.envelope = 0  # where MAIL begins


def text(rng, size, dots):
    lines, length = [], 0
    while length < size:
        line = "%06d %s" % (len(lines), " ".join(rng.choices(WORDS, k=rng.randint(1, 12))))
        if dots and rng.random() < 0.05:
            line = "." * rng.randint(1, 3) + line
        lines.append(line)
        length += len(line) + 2
    return "\r\n".join(lines).encode() + b"\r\n"


def proxied(rng, v6):
    """proxied - proxy headers and requests before a session: (direction, octets) of each, and what is recorded of it."""
    source, target = ("2001:db8:9::9", "2001:db8::25") if v6 else ("203.0.113.9", "192.0.2.25")
    packed = [ipaddress.ip_address(a).packed for a in (source, target)]
    named = {"src_ip": source, "src_port": 51515, "dest_ip": target, "dest_port": 25}
    at, answer = {k: named[k] for k in ("dest_ip", "dest_port")}, b"\5\0\0\1\0\0\0\0\0\0"
    kind = rng.choice(("v1", "v2", "unknown", "local", "unix", "socks4", "socks4a", "socks5", "login", "connect", "407"))
    if kind in ("v1", "unknown"):
        line = "TCP%d %s %s 51515 25" % (6 if v6 else 4, source, target) if kind == "v1" else "UNKNOWN"
        return [(UP, b"PROXY %s\r\n" % line.encode())], {"protocol": "proxy_v1", **(named if kind == "v1" else {})}
    if kind in ("v2", "local", "unix"):
        body = b"".join(packed) + struct.pack("!HH", 51515, 25) + b"\3\0\4\1\2\3\4\x20\0\5\1\0\0\0\0"
        command, family, more = 0x21, 0x21 if v6 else 0x11, named
        if kind == "local":
            command, family, body, more = 0x20, 0, b"", {"local": True}
        if kind == "unix":
            family, more = 0x31, {"src_path": "/run/a", "dest_path": "/run/b"}
            body = b"/run/a".ljust(108, b"\0") + b"/run/b".ljust(108, b"\0")
        head = b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, family, len(body))
        return [(UP, head + body)], {"protocol": "proxy_v2", **more}
    if kind in ("socks4", "socks4a"):
        host = kind == "socks4a" or v6
        request = b"\4\1\0\x19" + (b"\0\0\0\1me\0mx.example\0" if host else packed[1] + b"me\0")
        more = {"dest_host": "mx.example", "dest_port": 25} if host else at
        words = [(UP, request), (DOWN, b"\0\x5a\0\x19\0\0\0\0")]
        return words, {"protocol": "socks4a" if host else "socks4", "username": "me", **more}
    if kind in ("socks5", "login"):
        words = [(UP, b"\5\2\0\2"), (DOWN, b"\5\0" if kind == "socks5" else b"\5\2")]
        if kind == "login":
            words += [(UP, b"\1\2me\6geheim"), (DOWN, b"\1\0")]
            at["username"] = "me"
        words += [(UP, b"\5\1\0" + (b"\4" if v6 else b"\1") + packed[1] + b"\0\x19"), (DOWN, answer)]
        return words, {"protocol": "socks5", **at}
    request, words = b"CONNECT mx.example:25 HTTP/1.1\r\nHost: mx.example:25\r\n", []
    if kind == "407":
        words = [(UP, request + b"\r\n"), (DOWN, b"HTTP/1.1 407 Login\r\nContent-Length: 9\r\n\r\nLog in.\r\n")]
    words += [(UP, request + b"Proxy-Authorization: Basic bWU6Z2VoZWlt\r\n\r\n"), (DOWN, b"HTTP/1.1 200 Ok\r\n\r\n")]
    return words, {"protocol": "http_connect", "dest_host": "mx.example", "dest_port": 25}


def session(rng, number, v6, sizes, dots=True, chunks=True, isn=None, proxy=False):
    """session - a connection and the mails that it carried."""
    host = rng.randint(1, 200)
    client, server = ("2001:db8:7::%x" % host, "2001:db8::25") if v6 else ("198.51.100.%d" % host, "192.0.2.25")
    c = Connection(
        client,
        41000 + number,
        server,
        rng.choice((25, 587, 2525)),
        START + number * 20_000,
        isn,
        rng.choice((536, 1360, 1440)),
    )
    c.ack_every = rng.choice((1, 2, 3))
    pipelining, mails = rng.random() < 0.5, []
    c.handshake()
    c.proxy = None
    if proxy:
        words, c.proxy = proxied(rng, v6)
        piece = rng.choice((1, 3, 1000))
        for way, octets in words:
            for i in range(0, len(octets), piece):
                c.send(way, octets[i : i + piece])
        if c.proxy["protocol"][0] != "p":
            c.ends = c.ends[0], (c.ends[1][0], rng.choice((1080, 3128, 8080, 9050)))
    c.send(DOWN, b"220 mail.example ESMTP\r\n")
    c.send(UP, b"EHLO client.example\r\n")
    keywords = [b"mail.example", b"PIPELINING", b"SIZE 52428800", b"8BITMIME", b"CHUNKING"]
    c.send(DOWN, b"".join(b"250%s%s\r\n" % (b" " if k == keywords[-1] else b"-", k) for k in keywords))
    for size in sizes:
        recipients = ["<r%d.%d@corp.example>" % (len(mails), n) for n in range(rng.randint(1, 3))]
        sender = "<s%d.%d@client.example>" % (number, len(mails))
        header = "From: %s\r\nTo: %s\r\nSubject: Mail %s\r\nMessage-ID: %s\r\n" % (
            sender,
            recipients[0],
            sender,
            sender,
        )
        content = header.encode() + b"Date: Mon, 16 Jun 2025 10:00:00 +0200\r\n\r\n" + text(rng, size, dots)
        mail = Mail(sender, recipients, content, chunks and rng.random() < 0.3)
        mail.envelope = c.sent[UP] - 1
        commands = ["MAIL FROM:" + sender] + ["RCPT TO:" + r for r in recipients] + ([] if mail.chunked else ["DATA"])
        replies = ["250 2.1.0 ok"] + ["250 2.1.5 ok"] * len(recipients) + ([] if mail.chunked else ["354 go on"])
        if pipelining:
            c.send(UP, "".join(line + "\r\n" for line in commands).encode())
            c.send(DOWN, "".join(line + "\r\n" for line in replies).encode())
        else:
            for command, reply in zip(commands, replies):
                c.send(UP, command.encode() + b"\r\n")
                c.send(DOWN, reply.encode() + b"\r\n")
        if mail.chunked:
            head = b"BDAT %d LAST\r\n" % len(content)
            mail.begin, wire = c.sent[UP] - 1 + len(head), head + content
            mail.end = mail.begin + len(content)
        else:
            stuffed = b"".join(b"." + line if line.startswith(b".") else line for line in content.splitlines(True))
            mail.begin, wire = c.sent[UP] - 1, stuffed + b".\r\n"
            mail.end = mail.begin + len(stuffed)
        c.send(UP, wire)
        c.send(DOWN, b"250 2.0.0 queued\r\n")
        mails.append(mail)
    c.send(UP, b"QUIT\r\n")
    c.send(DOWN, b"221 2.0.0 bye\r\n")
    c.close()
    return c, mails


def sessions(rng, v6=None, sizes=None, count=3, **more):
    out = []
    for number in range(count):
        family = rng.random() < 0.5 if v6 is None else v6
        out.append(
            session(rng, number, family, sizes or [rng.randint(50, 30000) for _ in range(rng.randint(1, 3))], **more)
        )
    return out


# ---- impairments: each turns a list of segments into another ----


def in_order(connections):
    return sorted((s for c, _ in connections for s in c.segments), key=lambda s: s.time)


def retime(segments, times):
    """retime - segments are captured in this order, at these moments."""
    for segment, time in zip(segments, sorted(times)):
        segment.time = time
    return segments


def displace(rng, segments, share, furthest):
    """displace - the capture has packets slightly out of order, with their original acknowledgements."""
    times = [s.time for s in segments]
    places = [(i + rng.uniform(0.5, furthest) if rng.random() < share else i, i) for i in range(len(segments))]
    return retime([segments[i] for _, i in sorted(places)], times)


def reorder(rng, connection, share, furthest):
    """reorder - the network delays data segments (not beyond the end of their block: the other side waits for them), and
    the receiver acknowledges only what came without a gap. furthest: octets."""
    segments, times, order, end = connection.segments, [s.time for s in connection.segments], [], 0
    while end < len(segments):
        begin, way = end, segments[end].way
        while (
            end < len(segments)
            and (segments[end].way == way or not segments[end].payload)
            and not segments[end].flags & (SYN | FIN)
        ):
            end += 1
        end = max(end, begin + 1)
        octets, places = 0, []
        for i in range(begin, end):
            delay = rng.uniform(1, furthest) if segments[i].payload and rng.random() < share else 0
            places.append((min(octets + delay, 1 << 40), i))
            octets += len(segments[i].payload)
        order += [segments[i] for _, i in sorted(places)]
    got, held = [0, 0], [{}, {}]
    for s in order:
        other = 1 - s.way
        if s.flags & ACK and not s.flags & (SYN | FIN):
            s.ack = min((s.ack - connection.isn[other]) & 0xFFFFFFFF, got[other]) + connection.isn[other] & 0xFFFFFFFF
        offset = (s.seq - connection.isn[s.way]) & 0xFFFFFFFF
        held[s.way][offset] = max(held[s.way].get(offset, 0), len(s.payload) + (1 if s.flags & (SYN | FIN) else 0))
        while held[s.way].get(got[s.way]):
            got[s.way] += held[s.way].pop(got[s.way])
    connection.segments = retime(order, times)


def copy(segment, time, payload=None, back=0):
    new = Segment(
        segment.connection,
        time,
        segment.way,
        segment.seq - back,
        segment.ack,
        segment.flags,
        payload or segment.payload,
    )
    return new


def duplicate(rng, segments, share):
    return sorted(
        segments + [copy(s, s.time + rng.randint(1, 3000)) for s in segments if rng.random() < share],
        key=lambda s: s.time,
    )


def retransmit(rng, connection, share):
    """retransmit - data is sent again later, in different segments: it begins in the middle of what was sent before."""
    extra, last = [], {}
    for s in connection.segments:
        before = last.get(s.way)
        if s.payload and before and rng.random() < share:
            back = rng.randint(0, len(before.payload))
            joined = before.payload[len(before.payload) - back :] + s.payload
            extra.append(copy(s, s.time + rng.randint(600, 2000), joined[: rng.randint(1, len(joined))], back))
        last[s.way] = s if s.payload else last.get(s.way)
    connection.segments = sorted(connection.segments + extra, key=lambda s: s.time)


def lose(rng, connection, mails, share, anywhere):
    """lose - segments are not in the capture. Returns the lost ranges of each side's stream. Not anywhere: only those
    wholly inside content, with at least a line before and after it."""
    lost, kept = [[], []], []
    for s in connection.segments:
        offset = (s.seq - connection.isn[s.way] - 1) & 0xFFFFFFFF
        inside = s.way == UP and any(m.begin + 600 <= offset and offset + len(s.payload) <= m.end - 200 for m in mails)
        if s.payload and (anywhere or inside) and rng.random() < share:
            lost[s.way].append((offset, offset + len(s.payload)))
        else:
            kept.append(s)
    connection.segments = kept
    return lost


def renumber(connection, isn):
    """renumber - with other initial sequence numbers."""
    for s in connection.segments:
        s.seq = (s.seq - connection.isn[s.way] + isn[s.way]) & 0xFFFFFFFF
        s.ack = (s.ack - connection.isn[1 - s.way] + isn[1 - s.way]) & 0xFFFFFFFF if s.flags & ACK else 0
    connection.isn = isn


# ---- packets ----


def plain(segments, vlan=()):
    return [(s.time, ethernet(ip_packets(s, i)[0], vlan, s.way)) for i, s in enumerate(segments)]


def in_vlans(segments, vlans_of):
    """in_vlans - each segment in every VLAN that vlans_of(segment) has; each copy comes slightly later."""
    packets = [(s.time + n * 7, ethernet(ip_packets(s, i)[0], [(0x8100, vlan)] if vlan else [], s.way))
               for i, s in enumerate(segments) for n, vlan in enumerate(vlans_of(s))]  # fmt: skip
    return sorted(packets, key=lambda p: p[0])


def gre(segments, key_of=lambda s: 7):
    out = []
    for i, s in enumerate(segments):
        inner = ip_packets(s, i)[0]
        kind = b"\x86\xdd" if inner[0] >> 4 == 6 else b"\x08\x00"
        payload = b"\x20\x00" + kind + key_of(s).to_bytes(4, "big") + inner
        outer = ip_header(bytes([203, 0, 113, 1]), bytes([203, 0, 113, 2]), len(payload), 47, i)
        out.append((s.time, ethernet(outer + payload, (), s.way)))
    return out


def fragments(rng, segments):
    out = []
    for i, s in enumerate(segments):
        pieces = ip_packets(s, i + 1, rng.choice((8, 64, 256, 512)) * 2 if len(s.payload) < 200 else 512)
        if rng.random() < 0.3:
            rng.shuffle(pieces)
        out += [(s.time, ethernet(piece, (), s.way)) for piece in pieces]
    return out


# ---- expectations ----


class Truth:
    """What a capture holds: mails that must be exact, and octets really lost (for each side, None: not asserted)."""

    def __init__(self, exact=(), partial=(), gap=None, sessions=None, proxies=()):
        self.exact, self.partial, self.gap, self.sessions = list(exact), list(partial), gap, sessions
        self.proxies = list(proxies)


def whole(connections):
    proxies = [c.proxy for c, _ in connections if c.proxy]
    return Truth([m for _, mails in connections for m in mails], gap=0, sessions=len(connections), proxies=proxies)


def holes(content_begin, content, ranges):
    """holes - the content without the lost ranges of the stream."""
    kept, at = b"", 0
    for begin, end in sorted(ranges):
        kept += content[at : begin - content_begin]
        at = end - content_begin
    return kept + content[at:]


def impaired(kind, rng):
    """impaired - packets and truth of one capture of a kind."""
    make = plain
    if kind in ("ipv4", "ipv6"):
        all_ = sessions(rng, kind == "ipv6")
        return plain(in_order(all_)), whole(all_)
    if kind in ("vlan", "qinq"):
        all_ = sessions(rng)
        return plain(in_order(all_), [(0x8100, 30)] if kind == "vlan" else [(0x88A8, 7), (0x8100, 30)]), whole(all_)
    if kind == "gre":
        all_ = sessions(rng)
        return gre(in_order(all_)), whole(all_)
    if kind == "vlan-by-direction":
        all_ = sessions(rng)
        vlans = rng.choice(((10, 20), (0, 20), (10, 0)))
        return in_vlans(in_order(all_), lambda s: [vlans[s.way]]), whole(all_)
    if kind == "two-vlans":
        all_ = sessions(rng)
        return in_vlans(in_order(all_), lambda s: [10, 20]), whole(all_)
    if kind == "key-by-direction":
        all_ = sessions(rng)
        return gre(in_order(all_), lambda s: 7 + s.way), whole(all_)
    if kind == "tenants":  # the same addresses and ports in several networks, at once
        all_ = sessions(rng)
        networks = {c: 10 + 10 * n for n, (c, _) in enumerate(all_)}
        by_way = rng.choice((0, 5))
        for c, _ in all_:
            c.ends = all_[0][0].ends
            renumber(c, (rng.getrandbits(32), rng.getrandbits(32)))
        return in_vlans(in_order(all_), lambda s: [networks[s.connection] + by_way * s.way]), whole(all_)
    if kind == "proxied":
        all_ = sessions(rng, proxy=True)
        return plain(displace(rng, in_order(all_), 0.02, 4)), whole(all_)
    if kind == "reorder":
        all_ = sessions(rng)
        for c, _ in all_:
            reorder(rng, c, rng.uniform(0.02, 0.2), rng.choice((3000, 20000, 100000)))
        return plain(in_order(all_)), whole(all_)
    if kind == "reorder-2MiB":
        all_ = sessions(rng, sizes=[2_600_000], count=1)
        reorder(rng, all_[0][0], 0.01, 2 << 20)
        return plain(in_order(all_)), whole(all_)
    if kind == "displaced":
        all_ = sessions(rng)
        return plain(displace(rng, in_order(all_), rng.uniform(0.02, 0.2), 4)), whole(all_)
    if kind == "displaced-400":  # long after they were acknowledged, as queues of a card that are written one by one
        all_ = sessions(rng, sizes=[rng.randint(400_000, 700_000)], count=1)
        return plain(displace(rng, in_order(all_), rng.uniform(0.02, 0.2), 400)), whole(all_)
    if kind == "directions-apart":  # the file has one direction behind the other
        all_ = sessions(rng)
        first = rng.choice((UP, DOWN))
        segments = in_order(all_)
        times = [s.time for s in segments]
        return plain(retime(sorted(segments, key=lambda s: s.way != first), times)), whole(all_)
    if kind == "duplicates":
        all_ = sessions(rng)
        return plain(duplicate(rng, in_order(all_), 0.2)), whole(all_)
    if kind == "retransmissions":
        all_ = sessions(rng)
        for c, _ in all_:
            retransmit(rng, c, 0.1)
        return plain(in_order(all_)), whole(all_)
    if kind == "wrap":
        all_ = sessions(rng, isn=(0xFFFFFFFF - rng.randint(0, 3000), 0xFFFFFFFF - rng.randint(0, 300)))
        return plain(in_order(all_)), whole(all_)
    if kind == "fragments":
        all_ = sessions(rng)
        return fragments(rng, in_order(all_)), whole(all_)
    if kind == "loss-in-content":
        all_, truth = sessions(rng, dots=False), Truth(gap=0)
        for c, mails in all_:
            lost = lose(rng, c, mails, rng.uniform(0.01, 0.1), False)[UP]
            truth.gap += sum(end - begin for begin, end in lost)
            for m in mails:
                ranges = [r for r in lost if m.begin <= r[0] < m.end]
                if ranges:
                    truth.partial.append((m, holes(m.begin, m.content, ranges), sum(e - b for b, e in ranges)))
                else:
                    truth.exact.append(m)
        return plain(in_order(all_)), truth
    if kind == "loss-anywhere":
        all_, truth = sessions(rng), Truth(gap=0)
        for c, mails in all_:
            lost = lose(rng, c, mails, rng.uniform(0.01, 0.1), True)
            truth.gap += sum(end - begin for way in lost for begin, end in way)
            for m in mails:
                if not any(begin < m.end + 5 and end > m.envelope for begin, end in lost[UP]):
                    truth.exact.append(m)
        return plain(in_order(all_)), truth
    if kind == "snap":
        all_, truth = sessions(rng), Truth(gap=0)
        packets = []
        for i, s in enumerate(in_order(all_)):
            s.snap = 30 if len(s.payload) > 400 else None
            truth.gap += max(0, len(s.payload) - 30) if s.snap else 0
            packets.append((s.time, *frame(s, i)))
        return packets, truth
    if kind == "midstream":
        all_ = sessions(rng, count=1)
        ((c, mails),) = all_
        c.segments = c.segments[rng.randint(1, len(c.segments) * 2 // 3) :]
        first = (
            (c.segments[0].seq - c.isn[UP] - 1) & 0xFFFFFFFF
            if c.segments[0].way == UP
            else (c.segments[0].ack - c.isn[UP] - 1) & 0xFFFFFFFF
        )
        return plain(in_order(all_)), Truth([m for m in mails if m.envelope >= first], gap=0)
    if kind in ("client-only", "server-only"):
        all_ = sessions(rng)
        way = UP if kind == "client-only" else DOWN
        truth = whole(all_)
        truth.exact = truth.exact if way == UP else []
        truth.gap = None  # the other side is missing as a whole; whether that is a gap is not asserted
        return plain([s for s in in_order(all_) if s.way == way]), truth
    raise ValueError(kind)


KINDS = (
    "ipv4 ipv6 vlan qinq gre vlan-by-direction two-vlans key-by-direction tenants proxied reorder reorder-2MiB displaced "
    "displaced-400 directions-apart duplicates retransmissions wrap fragments loss-in-content "
    "loss-anywhere snap midstream client-only server-only"
).split()


def check(truth, records):
    """check - what is wrong with the records of a capture, as sentences."""
    wrong = []
    mails = {}
    for r in records:
        if r["event_type"] == "smtp" and "mail_from" in r["smtp"]:
            mails.setdefault(r["smtp"]["mail_from"], r["smtp"])
        if r["event_type"] == "alert" and r["alert"]["signature"] not in TRANSPORT:
            wrong.append("alert %s: %s" % (r["alert"]["signature"], r["alert"].get("evidence", "")))
    for mail in truth.exact:
        got = mails.get(mail.sender)
        if not got:
            wrong.append("%s is not there" % mail.sender)
            continue
        want = {
            "rcpt_to": mail.recipients,
            "size": len(mail.content),
            "sha256": hashlib.sha256(mail.content).hexdigest(),
        }
        for key, value in want.items():
            if got.get(key) != value:
                wrong.append("%s: %s is %s, not %s" % (mail.sender, key, got.get(key), value))
        if got.get("missing_bytes"):
            wrong.append("%s: missing_bytes %d" % (mail.sender, got["missing_bytes"]))
    for mail, kept, missing in truth.partial:
        got = mails.get(mail.sender, {})
        want = {"size": len(kept), "sha256": hashlib.sha256(kept).hexdigest(), "missing_bytes": missing}
        for key, value in want.items():
            if got.get(key) != value:
                wrong.append("%s (partial): %s is %s, not %s" % (mail.sender, key, got.get(key), value))
    flows = [r["smtp_session"] for r in records if r["event_type"] == "flow"]
    gap = sum(f.get("gap_bytes", 0) for f in flows)
    if truth.gap is not None and gap != truth.gap:
        wrong.append("gap_bytes %d, truly lost are %d" % (gap, truth.gap))
    proxies = [f["proxy"] for f in flows if "proxy" in f]
    if sorted(map(json.dumps, proxies)) != sorted(json.dumps({k: p[k] for k in ORDER if k in p}) for p in truth.proxies):
        wrong.append("proxies are %s, not %s" % (proxies, truth.proxies))
    if truth.sessions is not None and len(flows) != truth.sessions:
        wrong.append("%d sessions, not %d" % (len(flows), truth.sessions))
    return wrong


def run_kind(folder, kind):
    truths = {}
    for seed in range(SEEDS_LOSS_ANYWHERE if kind == "loss-anywhere" else SEEDS):
        path = "%s/%s-%d.pcap" % (folder, kind, seed)
        packets, truths[path] = impaired(kind, random.Random("%s %d" % (kind, seed)))
        write_pcap(path, packets)
    done = run("-e", "alert,smtp,flow,stats", *truths)
    found = {path: [] for path in truths}
    for record in records(done.stdout):
        found[record["pcap_filename"]].append(record)
    wrong = ["%s: %s" % (path.rpartition("/")[2], w) for path in truths for w in check(truths[path], found[path])]
    if done.returncode:
        wrong.append("exit status %d %s" % (done.returncode, done.stderr))
    return wrong


def oracle(folder):
    """oracle - tshark's streams of an unimpaired capture are the generator's."""
    rng = random.Random("oracle")
    all_ = sessions(rng, count=4)
    path = folder + "/oracle.pcap"
    write_pcap(path, plain(in_order(all_)))
    arguments = [a for n in range(len(all_)) for a in ("-z", "follow,tcp,raw,%d" % n)]
    done = subprocess.run(["tshark", "-r", path, "-q", *arguments], capture_output=True, text=True)
    found = []
    for part in done.stdout.split("Follow: tcp,raw")[1:]:
        lines = [line for line in part.splitlines()[1:] if line and line[0] in "\t0123456789abcdef"]
        ways = [[line for line in lines if line[0] != "\t"], [line for line in lines if line[0] == "\t"]]
        found.append(tuple(bytes.fromhex("".join(w)) for w in ways))
    meant = [tuple(b"".join(s.payload for s in c.segments if s.way == way) for way in (DOWN, UP)) for c, _ in all_]
    meant += [(b, a) for a, b in meant]
    return [] if len(found) == len(all_) and all(f in meant for f in found) else ["the streams differ from tshark's"]


def main():
    kinds = sys.argv[1:] or KINDS + ["oracle"]
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            if kind == "oracle" and not shutil.which("tshark"):
                print("skip oracle: no tshark")
                skipped += 1
                continue
            wrong = oracle(folder) if kind == "oracle" else run_kind(folder, kind)
            print("%s %s" % ("FAIL" if wrong else "ok  ", kind), *wrong[:5], sep="\n    " if wrong else "")
            passed, failed = passed + (not wrong), failed + bool(wrong)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""talk.py - a client that plays a dialogue (see generate.py) to a real server: talk.py SERVER PORT < DIALOGUE

C: lines are sent; an S: line waits for one reply and says so on standard error when its code is another than the one
given (`S: 250`; `S:` takes any, `S: -` expects the connection to be closed). Directives: ! fin C, ! rst C, ! wait 2,
! tls 1.3 NAME (the client's side of TLS, with this server name). Without ! open it waits at its end for the server to close.
"""
import socket
import ssl
import struct
import sys
import time

from generate import parse


class Client:
    def __init__(self, server, port):
        self.socket = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(8)
        self.socket.connect((server, port))
        self.buffer, self.open = b"", False

    def line(self):
        while b"\n" not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except (ConnectionError, TimeoutError):
                data = b""
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line

    def reply(self, expected):
        line = self.line()
        begin = line[:3] + b" " if line and line[3:4] == b"-" else None
        while line and begin and line[:4] != begin:
            line = self.line()
        code = (line or b"-")[:3].decode()
        if expected and code != expected:
            print("expected %s, got %s" % (expected, line), file=sys.stderr)

    def directive(self, word, rest):
        if word == "wait":
            time.sleep(float(rest))
        elif word == "fin":
            self.socket.shutdown(socket.SHUT_WR)
        elif word == "rst":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
            self.open = True
        elif word == "tls":
            version, name = rest.split()
            context = ssl._create_unverified_context()
            number = ssl.TLSVersion.TLSv1_2 if version == "1.2" else ssl.TLSVersion.TLSv1_3
            context.minimum_version = context.maximum_version = number
            self.socket = context.wrap_socket(self.socket, server_hostname=name)

    def play(self, text):
        for step in parse(text):
            if step[0] == "!":
                self.directive(*(step[1] + [""])[:2])
            elif step[0] == "C":
                try:
                    self.socket.sendall(step[2])
                except ConnectionError as error:
                    print(error, file=sys.stderr)
            else:
                for expected in step[2].decode().splitlines():
                    self.reply(expected)
        while not self.open and self.line():
            pass
        self.socket.close()


Client(sys.argv[1], int(sys.argv[2])).play(sys.stdin.read())

# SPDX-License-Identifier: GPL-3.0-or-later
# aiosmtpd: an SMTP server on 25 and an LMTP one on 2424, with a few refusals.
import signal

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import AuthResult


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if b"Subject: REFUSE" in envelope.content:
            return "554 no such subject"
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password == b"secret-" + data.login)


class LmtpController(Controller):
    def factory(self):
        return LMTP(self.handler, hostname="aiosmtpd.example")


settings = dict(enable_SMTPUTF8=True, auth_require_tls=False, authenticator=authenticate, data_size_limit=100000)
settings["server_hostname"] = "aiosmtpd.example"
for host in "192.0.2.31", "2001:db8::31":
    Controller(Handler(), hostname=host, port=25, **settings).start()
LmtpController(Handler(), hostname="192.0.2.31", port=2424).start()
signal.pause()

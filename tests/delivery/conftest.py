"""A real mail server and a real webhook on loopback."""

from __future__ import annotations

import email
import json
import socket
import threading
from collections.abc import Iterator
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Inbox:
    """Keeps every envelope."""

    def __init__(self) -> None:
        self.envelopes: list = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.envelopes.append(envelope)
        return "250 OK"

    @property
    def mails(self) -> list[Mail]:
        return [email.message_from_bytes(envelope.content) for envelope in self.envelopes]


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    """A mail server that asks for a password."""
    kept = Inbox()

    def known(server: SMTP, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"report", b"s3cret"))

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(kept, hostname="127.0.0.1", port=port, authenticator=known, auth_require_tls=False, auth_required=True)
    server.start()
    yield kept, port
    server.stop()


@pytest.fixture
def webhook() -> Iterator[tuple[list[dict], int]]:
    """A receiver of JSON."""
    received: list[dict] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield received, server.server_port
    server.shutdown()
    server.server_close()
    thread.join()

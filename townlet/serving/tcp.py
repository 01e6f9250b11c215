"""Serves the feed on a port of this machine. Each client has a queue of its own."""

import contextlib
import os
import re
import resource
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from threading import Condition, Thread
from typing import Final

from projections.telemetry.backlog import Step, steps
from projections.telemetry.frame import Frame
from projections.telemetry.versions import lines
from townlet.errors import TelemetryError
from townlet.serving.mailbox import Mailbox

LOOPBACK: Final = ("127.0.0.1", "localhost")
"""The allowed hosts: the feed has no password, so it is served only on this machine."""

PORT: Final = re.compile(r"[0-9]{1,5}")

PATIENCE_S: Final = 30.0
"""After so many seconds without reading, a client is disconnected."""

RETRY_S: Final = 0.1
"""Seconds until a client is welcomed again after that has failed."""

DRAIN_S: Final = 5.0
"""Seconds in which a client may read its last messages and close, after all of them were sent."""

CLIENTS_MOST: Final = 256
"""The most clients at a time; fewer if this process may open only few files."""

FILES_SPARE: Final = 16
"""The number of files that this process can open beside its clients, to read the log."""


def address_of(place: str) -> tuple[str, int]:
    """The host and port of `tcp://127.0.0.1:PORT`; port 0 means any free port. Raises TelemetryError."""
    host, _, port = place.removeprefix("tcp://").rpartition(":")
    if not place.startswith("tcp://") or host not in LOOPBACK or not PORT.fullmatch(port) or int(port) > 65535:
        raise TelemetryError(
            f"{place!r} is not a place where the feed can be served. Name a port of this machine, such as "
            "tcp://127.0.0.1:7777; to reach it from another one, forward it: ssh -L 7777:127.0.0.1:7777 HOST"
        )
    return "127.0.0.1", int(port)


class Server:
    """Serves a feed to any number of clients. The first message to each client is a snapshot of the present tick.

    With `lossless`, the feed begins with the first client, waits for the slowest one, and ends with the last. Without,
    the feed does not wait, and a slow client gets a snapshot. A client for whom there is no room is disconnected.
    """

    def __init__(self, place: str, schemas: Sequence[int], *, lossless: bool, room: int) -> None:
        """Raises TelemetryError if the port is taken."""
        self._schemas, self._lossless, self._room = schemas, lossless, room
        self._clients: list[Mailbox] = []
        self._latest: Step | None = None
        self._changed = Condition()
        self._writers: list[Thread] = []
        self.served = 0
        self._clients_most = min(CLIENTS_MOST, max(_files_left() - FILES_SPARE, 1))
        host, port = address_of(place)
        try:
            self._socket = socket.create_server((host, port))
        except OSError as error:
            raise TelemetryError(
                f"nothing can be served at {place}: {error.strerror or error}. Name another port, or 0 for any"
            ) from error
        self.place = f"tcp://{host}:{self._socket.getsockname()[1]}"

    def serve(self, frames: Iterable[Frame], announce: Callable[[str], None]) -> None:
        """Serve the feed to its end; calls `announce` when a client comes or leaves. Raises the errors of the feed."""
        Thread(target=self._welcome, args=(announce,), daemon=True).start()
        try:
            if self._lossless:
                with self._changed:
                    self._changed.wait_for(lambda: self.served > 0)
            for step in steps(frames):
                if not self._put(step) and self._lossless:
                    break
        finally:
            self._socket.close()
            for mailbox in list(self._clients):
                mailbox.close()
        for writer in self._writers:
            writer.join()

    def _put(self, step: Step) -> bool:
        """Give a step to all clients. Returns False if no client is left."""
        with self._changed:
            self._latest = step
            clients = list(self._clients)
            if not self._lossless:
                for mailbox in clients:
                    mailbox.put(step)
                return bool(clients)
        stayed = [mailbox.put(step) for mailbox in clients]
        return any(stayed)

    def _welcome(self, announce: Callable[[str], None]) -> None:
        while True:
            try:
                client, address = self._socket.accept()
            except OSError:
                if self._socket.fileno() < 0:
                    return  # the feed is over
                time.sleep(RETRY_S)  # no file is free, or the client has left already
                continue
            if len(self._clients) >= self._clients_most:
                client.close()
                announce(
                    f"{address[0]}:{address[1]} is refused: {self._clients_most} clients listen already. "
                    "Next: let one leave, or allow more open files: ulimit -n"
                )
                continue
            mailbox = Mailbox(self._room, lossless=self._lossless)
            writer = Thread(
                target=self._write, args=(client, mailbox, announce, f"{address[0]}:{address[1]}"), daemon=True
            )
            with self._changed:
                if self._latest is not None:
                    mailbox.put(self._latest)
                self._clients.append(mailbox)
                self._writers.append(writer)
                self.served += 1
                writer.start()
                self._changed.notify_all()

    def _write(self, client: socket.socket, mailbox: Mailbox, announce: Callable[[str], None], who: str) -> None:
        """Send a client its messages until the feed ends or the client leaves."""
        announce(f"{who} listens")
        with client:
            client.settimeout(PATIENCE_S)
            try:
                for message in mailbox.messages():
                    client.sendall("".join(f"{line}\n" for line in lines(message, self._schemas)).encode())
                _drain(client)
            except OSError:
                pass  # the client has left or does not read
            finally:
                mailbox.leave()
                with self._changed:
                    self._clients.remove(mailbox)
        left_out = f"; {mailbox.dropped:,} messages were left out" if mailbox.dropped else ""
        announce(f"{who} has left{left_out}")


def _drain(client: socket.socket) -> None:
    """End the connection without loss: closing it while unread bytes of the client wait would discard what was sent."""
    client.shutdown(socket.SHUT_WR)
    until_s = time.monotonic() + DRAIN_S
    while (left_s := until_s - time.monotonic()) > 0:
        client.settimeout(left_s)
        if not client.recv(1 << 16):
            return


def _files_left() -> int:
    """How many more files this process may open."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = 64
    with contextlib.suppress(OSError):
        used = len(os.listdir("/dev/fd"))
    return CLIENTS_MOST + FILES_SPARE if most == resource.RLIM_INFINITY else most - used

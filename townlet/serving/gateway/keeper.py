"""Keeps a gateway running, from the town's process: starts it, starts it anew when it dies, hands over its wishes."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import Queue
from threading import Event, Thread
from types import TracebackType
from typing import Final, NamedTuple, Self

from pydantic import TypeAdapter

from townlet.errors import ServingError
from townlet.serving.gateway.between import MESSAGE_BYTES_MOST, STOP, Failed, GatewayBeginning, Ready, Reply, Wish

START_S: Final = 60.0
"""The longest time that a gateway may take until it takes calls."""

END_S: Final = 5.0
"""How long a gateway may take to end before it is killed."""

REST_S: Final = (0.0, 0.1, 0.5, 1.0, 2.0)
"""The pauses before a gateway is started anew: the longer, the more often it died within a minute."""

CALM_S: Final = 60.0
"""A gateway that has lived for so long was not one that dies at once."""

SHOWN: Final = "TOWNLET_TRACEBACK"
"""The variable with which whoever serves a town sees what fails in the gateway; clients never do."""

HIDDEN: Final = "TOWNLET_TOKEN"
"""What the variables begin with that a gateway does not need to see: it is told the tokens over the pipe."""

Take = Callable[[Wish, Callable[[Reply], None]], None]
"""Takes a wish, and a function that sends the reply to it."""

_SAID: Final[TypeAdapter[Ready | Failed | Wish]] = TypeAdapter(Ready | Failed | Wish)


class Ports(NamedTuple):
    """Where a gateway takes calls."""

    port: int
    http_port: int | None


class Keeper:
    """Keeps a gateway running while it is entered. `restarts` counts how often it was started anew."""

    def __init__(self, beginning: GatewayBeginning, take: Take, announce: Callable[[str], None]) -> None:
        """`announce` is told in words when a gateway died."""
        self.ports: Ports | None = None
        self.restarts = 0
        self._beginning, self._take, self._announce = beginning, take, announce
        self._ready, self._stopping = Event(), Event()
        self._failed = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._outgoing: Queue[bytes | None] = Queue()
        self._thread = Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        """Start the gateway, and wait until it takes calls. Raises ServingError if it cannot."""
        for port in (self._beginning.port, self._beginning.http_port):
            if port:
                require_free_port(self._beginning.host, port)
        self._thread.start()
        if not self._ready.wait(START_S) or self.ports is None:
            self._end()
            words = self._failed or "it did not begin in time"
            raise ServingError(f"nothing can be served at {self._beginning.host}:{self._beginning.port}: {words}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    @property
    def pid(self) -> int | None:
        """The number of the gateway's process now."""
        process = self._process
        return None if process is None else process.pid

    def _end(self) -> None:
        self._stopping.set()
        self._outgoing.put(STOP)
        if self._thread.is_alive():
            self._thread.join(END_S)
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _keep(self) -> None:
        quick = 0
        while not self._stopping.is_set():
            began_s = time.monotonic()
            self._run_once()
            if self._stopping.is_set() or self._failed:
                self._ready.set()
                return
            quick = quick + 1 if time.monotonic() - began_s < CALM_S else 0
            self.restarts += 1
            rest_s = REST_S[min(quick, len(REST_S) - 1)]
            self._announce("the gateway died and is started anew; the town lives on")
            self._stopping.wait(rest_s)

    def _run_once(self) -> None:
        """Let one gateway live, from its beginning to its end."""
        ours, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "townlet.serving.gateway.process", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=None if SHOWN in os.environ else subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=_environment(os.environ),
                start_new_session=True,  # Ctrl-C is the town's: it ends the gateway in order
            )
        outgoing = self._outgoing = Queue()
        outgoing.put(self._begun().encoded())
        if self._stopping.is_set():
            outgoing.put(STOP)
        with contextlib.closing(ours), contextlib.suppress(EOFError, OSError):
            Thread(target=_send_all, args=(ours, outgoing), daemon=True).start()
            while True:
                self._hear(outgoing, _SAID.validate_json(ours.recv_bytes(MESSAGE_BYTES_MOST)))
        outgoing.put(None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        self._process.kill()
        self._process.wait()

    def _begun(self) -> GatewayBeginning:
        """What the next gateway is told: the ports that clients know, and how many there were before."""
        known: dict[str, object] = {"restarts": self.restarts}
        if self.ports is not None:
            known |= self.ports._asdict()
        return self._beginning.model_copy(update=known)

    def _hear(self, outgoing: "Queue[bytes | None]", said: Ready | Failed | Wish) -> None:
        if isinstance(said, Ready):
            self.ports = Ports(said.port, said.http_port)
            self._ready.set()
        elif isinstance(said, Failed):
            if self.ports is None:
                self._failed = said.words
        else:
            # The town waits for no gateway: if this one has died, its client asks again.
            self._take(said, lambda reply: outgoing.put(reply.encoded()))


def _send_all(connection: Connection, outgoing: "Queue[bytes | None]") -> None:
    """Send what is put into a queue, until that is None or the other end is gone."""
    with contextlib.suppress(OSError, ValueError):
        while (content := outgoing.get()) is not None:
            connection.send_bytes(content)


def require_free_port(host: str, port: int) -> None:
    """Raise ServingError if somebody listens at a port: the system would let two share it."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError as error:
        raise ServingError(
            f"nothing can be served at {host}:{port}: {error.strerror or error}. Name another port, or 0 for any"
        ) from error


def _environment(known: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in known.items() if not name.startswith(HIDDEN)}

"""The process of the gateway: it bounds itself, takes calls, and ends when the town's process says so or is gone."""

import os
import resource
import sys
import time
from contextlib import closing, suppress
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, Queue
from threading import Lock, Thread
from typing import Any, Final

import pyarrow as pa

from townlet.errors import ServingError
from townlet.serving.children.asked import MIB
from townlet.serving.children.pool import Children
from townlet.serving.gateway.admission import CALLS_MOST, Admission
from townlet.serving.gateway.between import MESSAGE_BYTES_MOST, STOP, Failed, GatewayBeginning, Ready, Reply, Wish
from townlet.serving.gateway.flights import TownFlights
from townlet.serving.gateway.pages import Figures, Pages
from townlet.serving.gateway.status import Status, Streams
from townlet.serving.protocol import CommandAnswer, Role
from townlet.serving.tokens import Tokens

MEMORY_BYTES: Final = 2048 * MIB
"""What the gateway may take beyond what it has when it begins: a flood ends the gateway, and the town lives on."""

NICENESS: Final = 5

OOM_SCORE: Final = "500"
"""Where the machine itself runs out of memory, the gateway is ended before the town."""

COMMAND_S: Final = 20.0
"""How long a command waits for the town's answer, in seconds."""

END_S: Final = 2.0
"""How long open calls have to end, in seconds."""


CLOGGED_S: Final = 60.0
"""Where all calls are taken, and one waits for its reader for so long, in seconds, the gateway is started anew."""

LOOK_S: Final = 1.0


class Wishes:
    """The commands that wait for the town's answers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._numbers, self._lock = count(), Lock()
        self._waiting: dict[int, Queue[Reply]] = {}

    def give(self, role: Role, command: dict[str, Any]) -> CommandAnswer:
        """Give a command to the town, and wait for its answer. Raises ServingError."""
        number, reply = next(self._numbers), Queue[Reply](1)
        self._waiting[number] = reply
        try:
            with self._lock:
                self._connection.send_bytes(Wish(number=number, role=role, command=command).encoded())
            found = reply.get(timeout=COMMAND_S)
        except (Empty, OSError):
            raise ServingError(
                f"the town has not answered in {COMMAND_S:.0f} s. Next: give the command again with the same cmd_id"
            ) from None
        finally:
            self._waiting.pop(number, None)
        if found.answer is None:
            raise ServingError(found.words)
        return found.answer

    def take(self, reply: Reply) -> None:
        """Hand over an answer of the town."""
        waiting = self._waiting.get(reply.number)
        if waiting is not None:
            waiting.put(reply)


def serve(connection: Connection) -> None:
    """Serve until the other end of the connection says so, or is closed."""
    beginning = GatewayBeginning.model_validate_json(connection.recv_bytes(MESSAGE_BYTES_MOST))
    _step_back()
    tokens, run = Tokens(beginning.tokens, beginning.expires_s), Path(beginning.run)
    admission, status, wishes = Admission(tokens), Status(run), Wishes(connection)
    with closing(Children(run, beginning.limits, beginning.children)) as children:
        try:
            server = TownFlights(beginning, admission, status, children, wishes.give)
            pages = None
            if beginning.http_port is not None:
                figures = Figures(status, admission, children.counts, beginning.restarts)
                pages = Pages(beginning.host, beginning.http_port, figures, tokens, beginning.certificates)
        except (OSError, pa.ArrowException) as error:
            connection.send_bytes(Failed(words=str(error)[:500]).encoded())
            return
        _bound_memory()
        status.begin()
        Thread(target=_end_if_clogged, args=(admission, status), daemon=True).start()
        connection.send_bytes(Ready(port=server.port, http_port=None if pages is None else pages.port).encoded())
        with suppress(EOFError, OSError):
            while (said := connection.recv_bytes(MESSAGE_BYTES_MOST)) != STOP:
                wishes.take(Reply.model_validate_json(said))
        status.end()
        ending = Thread(target=server.shutdown, daemon=True)  # with an open stream it does not come back
        ending.start()
        ending.join(END_S)


def is_clogged(admission: Admission, streams: Streams, now_s: float) -> bool:
    """Whether nobody else can call, because of a reader who does not read: his call cannot be ended from here."""
    return admission.open_calls >= CALLS_MOST and streams.longest_wait_s(now_s) > CLOGGED_S


def _end_if_clogged(admission: Admission, status: Status) -> None:
    """End this process once it is clogged. Those who do read go on with the next gateway."""
    while not status.is_over:
        time.sleep(LOOK_S)
        if is_clogged(admission, status.streams, time.monotonic()):
            os._exit(1)


def _step_back() -> None:
    """Let the town have the processor and the memory first."""
    with suppress(OSError):
        os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE, encoding="ascii")


def _bound_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY_BYTES
    # Only what holds for this process: a child that answers queries has a bound of its own.
    resource.setrlimit(resource.RLIMIT_AS, (bound if hard == resource.RLIM_INFINITY else min(bound, hard), hard))


def main() -> None:
    """Begin, with the number of the connection's file as the one argument."""
    sys.tracebacklimit = 0  # Arrow sends the traceback of an error in `get_schema`, whatever its class
    with closing(Connection(int(sys.argv[1]))) as connection:
        serve(connection)
    os._exit(0)  # a thread of an open stream would hold the process


if __name__ == "__main__":
    main()

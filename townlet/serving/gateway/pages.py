"""Two pages over HTTP for those who watch machines: `/healthz`, for anybody, and `/metrics`, with a token."""

import contextlib
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import BoundedSemaphore, Thread, Timer
from typing import Any, Final, NamedTuple

from townlet.serving.children.pool import Counts
from townlet.serving.gateway.admission import Admission
from townlet.serving.gateway.between import Certificates
from townlet.serving.gateway.status import Status
from townlet.serving.tokens import Tokens

REQUESTS_MOST: Final = 16
"""The most requests at a time; who comes beyond them is disconnected."""

PATIENCE_S: Final = 5.0
"""The longest time that a connection may take, from its beginning to the end of the answer, in seconds."""

CONTENT: Final = "text/plain; version=0.0.4; charset=utf-8"


class Figures(NamedTuple):
    """Where the figures come from."""

    status: Status
    admission: Admission
    counts: Counts
    restarts: int


def metrics(figures: Figures) -> str:
    """The figures as Prometheus reads them."""
    status, admission, counts = figures.status, figures.admission, figures.counts
    lags = list(status.streams.lags.values())
    rows: list[tuple[str, str, str, float]] = [
        ("tick", "gauge", "The tick of the town.", status.head.tick),
        ("events", "gauge", "The events that are committed.", status.head.seq),
        ("ticks_per_second", "gauge", "Ticks a second in the last seconds.", status.ticks_per_second),
        ("living", "gauge", "1 while a process lets the town live.", int(status.state == "living")),
        ("seconds_since_commit", "gauge", "Seconds since the last commit was seen.", status.idle_s),
        ("durable_gap_bytes", "gauge", "Committed bytes that are not on the disk yet.", status.durable_gap_bytes),
        ("lag_events", "gauge", "Events that the last of the open streams has not read yet.", max(lags, default=0)),
        ("streams", "gauge", "Open streams of events.", len(lags)),
        ("clients", "gauge", "Calls that are answered now.", admission.open_calls),
        ("calls_total", "counter", "Calls that were let in.", admission.calls),
        ("refusals_total", "counter", "Calls that were not let in.", admission.refused),
        (
            "too_slow_total",
            "counter",
            "Streams that were sent away because they were too slow.",
            status.streams.too_slow,
        ),
        ("queries_total", "counter", "Queries that were asked.", counts.queries),
        ("queries_refused_total", "counter", "Queries that could not be answered.", counts.refused),
        ("queries_killed_total", "counter", "Queries that were ended by force.", counts.killed),
        ("queries_busy_total", "counter", "Queries for which no child was free.", counts.busy),
        ("restarts_total", "counter", "How often the gateway was started anew.", figures.restarts),
    ]
    lines = []
    for name, kind, words, value in rows:
        lines += [f"# HELP townlet_{name} {words}", f"# TYPE townlet_{name} {kind}", f"townlet_{name} {value:.12g}"]
    return "\n".join(lines) + "\n"


class Pages:
    """Serves the pages at a port until `close`."""

    def __init__(
        self, host: str, port: int, figures: Figures, tokens: Tokens, certificates: Certificates | None
    ) -> None:
        """Raises OSError if the port is taken."""
        self._server = _Server((host, port), _handler(figures, tokens))
        if certificates is not None:
            self._server.context = _context(certificates)
        self.port = int(self._server.server_address[1])
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = REQUESTS_MOST
    context: ssl.SSLContext | None = None

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._room = BoundedSemaphore(REQUESTS_MOST)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            if self.context is not None:
                request = self.context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
            request.settimeout(PATIENCE_S)
            with _ended_in_time(request):
                if isinstance(request, ssl.SSLSocket):
                    request.do_handshake()
                super().process_request_thread(request, client_address)
        except OSError:
            self.shutdown_request(request)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what fails here is a client that went away."""


@contextlib.contextmanager
def _ended_in_time(connection: socket.socket) -> Iterator[None]:
    """End the connection after `PATIENCE_S`, whatever still waits for it: the next read finds the end."""
    deadline = Timer(PATIENCE_S, _end, (connection,))
    deadline.daemon = True
    deadline.start()
    try:
        yield
    finally:
        deadline.cancel()


def _end(connection: socket.socket) -> None:
    """End a connection without TLS's own goodbye, for which the other side would have to answer."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _handler(figures: Figures, tokens: Tokens) -> type[BaseHTTPRequestHandler]:
    pages: dict[str, Callable[[], tuple[int, str]]] = {
        "/healthz": lambda: (503, "damaged\n") if figures.status.damaged else (200, f"ok {figures.status.state}\n"),
        "/metrics": lambda: (200, metrics(figures)),
    }

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE_S
        server_version, sys_version = "townlet", ""

        def do_GET(self) -> None:
            page = pages.get(self.path)
            if page is None:
                self._send(404, "there are /healthz and /metrics\n")
                return
            shown = tokens.shown(self.headers.get("authorization", ""))
            if self.path != "/healthz" and (shown is None or shown.fault):
                figures.admission.refuse()
                words = shown.fault if shown else "no valid token. Next: send the header `authorization: Bearer TOKEN`"
                self._send(401, f"{words}\n")
            else:
                self._send(*page())

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            self._send(code, "this is not answered\n")

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing: a header may hold a token."""

        def _send(self, code: int, text: str) -> None:
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", CONTENT)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

    return Handler


def _context(certificates: Certificates) -> ssl.SSLContext:
    """TLS 1.2 or newer. The library reads certificates from files only, so they are written for that moment."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder) / "certificate.pem", Path(folder) / "key.pem"
        certificate.write_text(certificates.certificate, encoding="ascii")
        key.touch(mode=0o600)
        key.write_text(certificates.key, encoding="ascii")
        context.load_cert_chain(certificate, key)
    if certificates.client_authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=certificates.client_authority)
    return context

"""Serves the observer to a browser on this machine, with textual-serve; a gate refuses every other machine and site."""

import asyncio
import contextlib
import errno
import logging
import shlex
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.app_service import AppService
from textual_serve.server import Server

HOST: Final = "127.0.0.1"
"""The address that is served: only this machine can reach it."""

PAGES: Final = Path(__file__).parent / "pages"
"""The folder of the page. Unlike textual-serve's own page it loads nothing from another site."""

SIDE_MOST: Final = 1000
"""The most columns, and the most rows, of an observer in a browser."""

LEAVING_S: Final = 3.0
"""Seconds that an observer has to end when the server ends."""


def serve(arguments: Sequence[str], title: str, port: int, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. For each page that is opened, `python` runs with these arguments.

    Port 0 stands for any free port. Raises OSError with EADDRINUSE or EACCES for a port that is not to be had.
    """
    with listening(port) as place, contextlib.redirect_stdout(sys.stderr):
        number = place.getsockname()[1]
        served = Gated(shlex.join([sys.executable, *arguments]), number, title)
        say(f"the observer of {title} is at http://{HOST}:{number}, for this machine alone\n  Ctrl-C ends it")
        web.run_app(served.app(), sock=place, shutdown_timeout=LEAVING_S, access_log=None, print=None)
    say("the observer is no longer served")


def listening(port: int) -> socket.socket:
    """A socket that listens on a port of this machine. Raises OSError."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"{HOST}:{port}") from error


def free_port() -> int:
    """A port that was free a moment ago."""
    with listening(0) as place:
        number: int = place.getsockname()[1]
        return number


def is_taken(error: OSError) -> bool:
    """Whether the error says that another program listens on the port."""
    return error.errno == errno.EADDRINUSE


class Gated(Server):
    """textual-serve, for its own pages only.

    A browser lets any site open a WebSocket to any address, and whoever has one can fork runs. So a request is refused
    where its Origin is not this address, or its Host is not (a foreign name that is rebound to 127.0.0.1 keeps its own
    Host). No other page can show this one in a frame.
    """

    def __init__(self, command: str, port: int, title: str) -> None:
        # exec: when the page closes, the observer must end, and not only a shell that started it
        super().__init__(f"exec {command}", host=HOST, port=port, title=title, templates_path=PAGES)
        self.address = f"http://{HOST}:{port}"
        self.public_url = self.address
        self._open: set[asyncio.Task[object]] = set()

    async def app(self) -> web.Application:
        """The application, behind its gate."""
        logging.getLogger("textual-serve").setLevel(logging.CRITICAL)  # a closed page is no error
        made = await self._make_app()
        made.router.add_get("/focus.js", _focus)
        made.middlewares.append(self._gate())
        made.on_response_prepare.append(self._keep_in)
        return made

    def refusal(self, host: str | None, origin: str | None, opens: bool) -> str | None:
        """Why a request with these headers is refused; None where it is allowed. `opens`: it opens an observer."""
        if f"http://{host}" != self.address:
            return f"{host or 'a request without Host'} is not served here; open {self.address}"
        if origin != self.address and (opens or origin is not None):
            return f"{origin or 'a request without Origin'} may not open an observer; open {self.address}"
        return None

    async def on_startup(self, app: web.Application) -> None:
        """Print nothing: `serve` says where the page is."""

    async def on_shutdown(self, app: web.Application) -> None:
        """Let every observer end."""
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=LEAVING_S)

    async def _process_messages(self, websocket: web.WebSocketResponse, app_service: AppService) -> None:
        """Pass the page's messages on, with sizes of the screen in bounds."""
        resize = app_service.set_terminal_size

        async def bounded(width: int, height: int) -> None:
            await resize(*(min(max(int(side), 1), SIDE_MOST) for side in (width, height)))

        app_service.set_terminal_size = bounded  # type: ignore[method-assign]
        await super()._process_messages(websocket, app_service)

    def _gate(self) -> Middleware:
        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            opens = request.path == "/ws"
            why = self.refusal(request.headers.get("Host"), request.headers.get("Origin"), opens)
            if why is not None:
                return web.Response(status=403, text=f"{why}\n")
            if opens and (wrong := out_of_size(request.query)):
                return web.Response(status=400, text=f"{wrong}\n")
            if not opens:
                return await handler(request)
            task = asyncio.current_task()
            assert task is not None, "a request is answered in a task"
            self._open.add(task)
            try:
                return await handler(request)
            finally:
                self._open.discard(task)

        return gate

    async def _keep_in(self, _: web.Request, response: web.StreamResponse) -> None:
        """Let the page talk to this address only, and stand in no frame."""
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; connect-src {self.address} ws{self.address.removeprefix('http')}; "
            "style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"


def out_of_size(query: Mapping[str, str]) -> str | None:
    """Why an observer of this size is not opened; None if it is. The size decides how much memory the screen takes."""
    for name in ("width", "height"):
        said = query.get(name, "1")
        if not said.isascii() or not said.isdecimal() or not 1 <= int(said[:9]) <= SIDE_MOST:
            return f"{name} is {said[:20]!r}, and must be a whole number from 1 to {SIDE_MOST}"
    return None


async def _focus(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGES / "focus.js")

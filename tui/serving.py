"""The observer in a browser of this machine: textual-serve on the loopback, behind a gate that lets nobody else in."""

import asyncio
import contextlib
import errno
import logging
import shlex
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.server import Server

HOST: Final = "127.0.0.1"
"""Where it is served: on this machine, for this machine."""

PAGES: Final = Path(__file__).parent / "pages"
"""The page, which unlike textual-serve's own asks no other site for anything."""

LEAVING_S: Final = 3.0
"""How long an observer has to end when the server does."""


def serve(arguments: Sequence[str], title: str, port: int, say: Callable[[str], None]) -> None:
    """Serve `python` with these arguments, an observer for each page that is opened, until SIGINT or SIGTERM.

    Port 0 is any that is free. Raises OSError with EADDRINUSE or EACCES for a port that cannot be had.
    """
    with listening(port) as place, contextlib.redirect_stdout(sys.stderr):
        number = place.getsockname()[1]
        served = Gated(shlex.join([sys.executable, *arguments]), number, title)
        say(f"the observer of {title} is at http://{HOST}:{number}, for this machine alone\n  Ctrl-C ends it")
        web.run_app(served.app(), sock=place, shutdown_timeout=LEAVING_S, access_log=None, print=None)
    say("the observer is no longer served")


def listening(port: int) -> socket.socket:
    """A socket that listens on the loopback. Raises OSError."""
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
    """Whether somebody else listens there."""
    return error.errno == errno.EADDRINUSE


class Gated(Server):
    """textual-serve, for pages of its own alone.

    A browser lets any site open a WebSocket to any address, and whoever has one can fork runs. So what does not come
    from this address (Origin), or was not sent to it (Host, which a name that is rebound to 127.0.0.1 gets wrong), is
    refused; a page that another would put in a frame is not drawn.
    """

    def __init__(self, command: str, port: int, title: str) -> None:
        # exec: the process that is to end with the page is the observer, not a shell before it
        super().__init__(f"exec {command}", host=HOST, port=port, title=title, templates_path=PAGES)
        self.address = f"http://{HOST}:{port}"
        self.public_url = self.address
        self._open: set[asyncio.Task[object]] = set()

    async def app(self) -> web.Application:
        """The application, behind its gate."""
        logging.getLogger("textual-serve").setLevel(logging.CRITICAL)  # a page that is closed is no error
        made = await self._make_app()
        made.router.add_get("/focus.js", _focus)
        made.middlewares.append(self._gate())
        made.on_response_prepare.append(self._keep_in)
        return made

    def refusal(self, host: str | None, origin: str | None, opens: bool) -> str | None:
        """Why a request with these headers is refused; None where it is not. `opens`: it wants an observer."""
        if f"http://{host}" != self.address:
            return f"{host or 'a request without Host'} is not served here; open {self.address}"
        if origin != self.address and (opens or origin is not None):
            return f"{origin or 'a request without Origin'} may not open an observer; open {self.address}"
        return None

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: whoever serves says where."""

    async def on_shutdown(self, app: web.Application) -> None:
        """Let every observer end."""
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=LEAVING_S)

    def _gate(self) -> Middleware:
        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            opens = request.path == "/ws"
            why = self.refusal(request.headers.get("Host"), request.headers.get("Origin"), opens)
            if why is not None:
                return web.Response(status=403, text=f"{why}\n")
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
        """The page talks to this address alone, and stands in no frame."""
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; connect-src {self.address} ws{self.address.removeprefix('http')}; "
            "style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"


async def _focus(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGES / "focus.js")

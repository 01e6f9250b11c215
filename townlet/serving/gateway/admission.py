"""Who may call: every call shows a token, and so many are answered at a time."""

from threading import Lock
from typing import Any, Final

from pyarrow import flight

from townlet.serving.protocol import Role
from townlet.serving.tokens import Shown, Tokens

CALLS_MOST: Final = 64
"""The most calls at a time, streams that are followed among them."""

NAME: Final = "admission"
"""What the middleware is called."""


class Admitted(flight.ServerMiddleware):
    """A call that was let in, with the role of its token and its headers."""

    def __init__(self, door: "Admission", shown: Shown, headers: dict[str, list[Any]]) -> None:
        self._shown, self.headers = shown, headers
        self._door, self._is_open = door, True

    @property
    def role(self) -> Role:
        """The role of the call's token."""
        return self._shown.role

    def require_valid(self) -> None:
        """Raises FlightUnauthenticatedError once the call's token has expired."""
        if fault := self._shown.fault:
            self._door.refuse()
            raise flight.FlightUnauthenticatedError(fault)

    def call_completed(self, exception: BaseException | None) -> None:
        """Make room for another call."""
        if self._is_open:
            self._is_open = False
            self._door.leave()


class Admission(flight.ServerMiddlewareFactory):
    """Lets calls in. `open_calls` are answered now; `refused` were not let in."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens, self._lock = tokens, Lock()
        self.open_calls = self.refused = self.calls = 0

    def start_call(self, info: flight.CallInfo, headers: dict[str, list[Any]]) -> Admitted:
        """Let a call in. Raises FlightUnauthenticatedError for its token, FlightUnavailableError where all is full."""
        given = headers.get("authorization", [])
        shown = self._tokens.shown(str(given[0])) if len(given) == 1 else None
        if shown is None or shown.fault:
            self.refuse()
            if shown is not None:
                raise flight.FlightUnauthenticatedError(shown.fault)
            raise flight.FlightUnauthenticatedError(
                "no valid token. Next: send the header `authorization: Bearer TOKEN`"
                if given
                else "there is no token. Next: send the header `authorization: Bearer TOKEN`"
            )
        with self._lock:
            if self.open_calls >= CALLS_MOST:
                self.refused += 1
                raise flight.FlightUnavailableError(
                    f"{CALLS_MOST} calls are open already. Next: come again in a moment"
                )
            self.open_calls += 1
            self.calls += 1
        return Admitted(self, shown, headers)

    def leave(self) -> None:
        """A call has ended."""
        with self._lock:
            self.open_calls -= 1

    def refuse(self) -> None:
        """Count a refusal."""
        with self._lock:
            self.refused += 1

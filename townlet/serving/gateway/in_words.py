"""Turns every error of a handler into words: no traceback, no path and no source leaves the gateway."""

import os
import traceback
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final, TypeVar

from pyarrow import flight

from townlet.errors import QueryError, ServingError

UNEXPECTED: Final = "the request failed, and what failed stays on the server"

SHOWN_MOST: Final = 50
"""How many calls of an error are shown to whoever serves the town."""

Result = TypeVar("Result")


def told(error: Exception) -> flight.FlightError:
    """The error as a client may see it. Only errors of Flight leave without a traceback."""
    if isinstance(error, flight.FlightError):
        return error
    if isinstance(error, QueryError | ServingError):
        return flight.FlightServerError(str(error))
    return flight.FlightServerError(UNEXPECTED)


def in_words(handler: Callable[..., Result]) -> Callable[..., Result]:
    """A handler whose errors are told in words."""

    @wraps(handler)
    def guarded(*arguments: Any) -> Result:
        try:
            return handler(*arguments)
        except Exception as error:
            _show(error)
            raise told(error) from None

    return guarded


def stream_in_words(items: Iterator[Result]) -> Iterator[Result]:
    """The same items; an error between them is told in words."""
    try:
        yield from items
    except Exception as error:
        _show(error)
        raise told(error) from None


def _show(error: Exception) -> None:
    """Show an error that nobody foresaw to whoever serves the town, if that is wanted."""
    if "TOWNLET_TRACEBACK" in os.environ and not isinstance(error, flight.FlightError | QueryError | ServingError):
        traceback.print_exception(error, limit=SHOWN_MOST)

"""Addresses of served towns, `grpc://HOST:PORT/RUN`, and what opens the door there."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from townlet.errors import ServingError

if TYPE_CHECKING:
    from townlet.serving.client import Client

_ADDRESS: Final = re.compile(r"(grpc(?:\+tls)?://[^/@\s]+:([0-9]{1,5}))(?:/([^/\s]{1,255}))?/?")
PORT_MOST: Final = 65535


class Address(NamedTuple):
    """Where a town is served, and the name of its run (None: the one that is served there)."""

    place: str
    run: str | None


class Access(NamedTuple):
    """What a client shows to be let in: a file with its token (None: the variable TOWNLET_TOKEN), and files for TLS.

    `authority` has the certificates that the server's must follow from; `certificate` and `key` are the client's own.
    """

    token_file: Path | None = None
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def client(self, place: str) -> "Client":
        """A client of the town that is served at a place. Raises ServingError, OSError."""
        from townlet.serving.client import Client

        if (self.certificate is None) != (self.key is None):
            raise ServingError("a client's certificate and its key belong together: give both, or none")
        if not place.startswith("grpc+tls:") and (self.authority or self.certificate):
            raise ServingError(f"{place} is reached without TLS, and certificates are for grpc+tls://HOST:PORT")
        return Client(
            place,
            token_file=self.token_file,
            authority=self.authority,
            certificate=self.certificate,
            key=self.key,
        )


def read_address(text: str) -> Address:
    """The address that a text means. Raises ServingError."""
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found[2]) <= PORT_MOST:
        raise ServingError(
            f"{text[:200]!r} is no address of a served town.\n"
            "  Next: write grpc://HOST:PORT or grpc+tls://HOST:PORT, and /RUN behind it to name the run"
        )
    return Address(found[1], found[3])

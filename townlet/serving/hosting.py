"""Serves a run from this process: its town lives here, or it lies still, and a gateway beside it talks to clients."""

import ssl
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from townlet.errors import ServingError
from townlet.living.commands.door import Answer
from townlet.living.progress import Pulse
from townlet.living.town import Town
from townlet.serving.children.asked import ChildLimits
from townlet.serving.gateway.between import Certificates, GatewayBeginning, Reply, Wish
from townlet.serving.gateway.keeper import Keeper, Ports, require_free_port
from townlet.serving.living_town import Mail, Paced, ServedTown
from townlet.serving.tokens import Tokens

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
"""The hosts that only this machine reaches."""

LOOK_S: Final = 0.1


class Place(NamedTuple):
    """Where a town is served: host, port of Flight (0: any), port of HTTP (None: no pages), and certificates."""

    host: str = "127.0.0.1"
    port: int = 0
    http_port: int | None = None
    certificates: Certificates | None = None

    def require_usable(self) -> None:
        """Raise ServingError for a host that others reach without TLS, and for a port that is taken."""
        if self.host not in LOOPBACK and self.certificates is None:
            raise ServingError(
                f"{self.host} is reached from other machines, and without TLS everybody on the way reads the tokens.\n"
                "  Next: give --tls-cert and --tls-key, or serve at 127.0.0.1 and forward the port by ssh"
            )
        for port in (self.port, self.http_port):
            if port:
                require_free_port(self.host, port)

    def address(self, ports: Ports) -> str:
        """What a client connects to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'grpc' if self.certificates is None else 'grpc+tls'}://{host}:{ports.port}"


class Hosted:
    """A run that is served while this is entered, or from the first commit of its town on.

    `begun` is called with the gateway's keeper when clients may come, and `announce` with words when a gateway died.
    """

    def __init__(
        self,
        run: Path,
        place: Place,
        tokens: Tokens,
        *,
        limits: ChildLimits,
        children: int,
        pace: str | None,
        begun: Callable[[Keeper], None],
        announce: Callable[[str], None],
    ) -> None:
        """`pace` is the name of the town's pace; None: it lies still, and takes no commands."""
        self._mail = Mail()
        by_role, expires_s = tokens.revealed()
        self._begun, self._announce = begun, announce
        self._session: ServedTown | None = None
        self._keeper: Keeper | None = None
        self._beginning = GatewayBeginning(
            run=str(run.resolve()),
            host=place.host,
            port=place.port,
            http_port=place.http_port,
            tokens=by_role,
            expires_s=expires_s,
            certificates=place.certificates,
            limits=limits,
            children=children,
            restarts=0,
            pace=pace,
            takes_commands=pace is not None,
            version=version("townlet"),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._keeper is not None:
            self._keeper.__exit__(kind, error, at)

    def begin(self) -> None:
        """Let clients come. Raises ServingError."""
        self._keeper = Keeper(self._beginning, self._take, self._announce)
        self._keeper.__enter__()
        self._begun(self._keeper)

    def wait(self, pace: Paced) -> None:
        """Serve a run that lies still, until `pace.stop` is set."""
        self.begin()
        while not pace.stop:
            time.sleep(LOOK_S)

    def attend(self, town: Town, answers: Mapping[str, Answer], pace: Paced) -> ServedTown:
        """The session of the town that is served."""
        self._session = ServedTown(town, answers, self._mail, pace)
        return self._session

    def see(self, pulse: Pulse) -> None:
        """The log is committed up to a pulse. Clients may come after the first. Raises ServingError."""
        if self._keeper is None:
            self.begin()
        assert self._session is not None, "a town has its session before its first commit"
        self._session.see(pulse)

    def _take(self, wish: Wish, send: Callable[[Reply], None]) -> None:
        self._mail.take(wish, send)


def certificates_in(certificate: Path, key: Path, client_authority: Path | None) -> Certificates:
    """The certificates of these files. Raises ServingError for what is none, or a key that does not fit; OSError."""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key, password=lambda: "")
        if client_authority is not None:
            context.load_verify_locations(client_authority)
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).replace("_", " ").lower()
        raise ServingError(f"{certificate} and {key} are no certificate with its key in PEM: {reason}") from error
    authority = None if client_authority is None else client_authority.read_text(encoding="ascii")
    return Certificates(
        certificate=certificate.read_text(encoding="ascii"),
        key=key.read_text(encoding="ascii"),
        client_authority=authority,
    )

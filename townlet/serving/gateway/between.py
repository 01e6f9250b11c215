"""What the town's process and the gateway say to each other over a pipe, as JSON: no object is sent."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from townlet.serving.children.asked import ChildLimits
from townlet.serving.protocol import CommandAnswer, Role

MESSAGE_BYTES_MOST: Final = 1 << 20


class Said(BaseModel):
    """What is said between the two."""

    model_config = ConfigDict(frozen=True)

    def encoded(self) -> bytes:
        """As JSON."""
        return self.model_dump_json().encode()


class Certificates(Said):
    """PEM texts: the server's certificate and its key, and what the clients' certificates must follow from, if any."""

    certificate: str
    key: str = Field(repr=False)
    client_authority: str | None = None


class GatewayBeginning(Said):
    """All that a gateway needs to begin. It holds the tokens, so it goes over the pipe and nowhere else."""

    run: str
    host: str
    port: int
    http_port: int | None
    tokens: dict[Role, str] = Field(repr=False)
    expires_s: dict[Role, float] = {}
    certificates: Certificates | None = Field(repr=False)
    limits: ChildLimits
    children: int
    restarts: int
    pace: str | None
    takes_commands: bool
    version: str


class Ready(Said):
    """The gateway takes calls at these ports."""

    say: Literal["ready"] = "ready"
    port: int
    http_port: int | None


class Failed(Said):
    """The gateway cannot begin, and why."""

    say: Literal["failed"] = "failed"
    words: str


class Wish(Said):
    """A client's command, for the town. `number` is the gateway's own, for the answer."""

    say: Literal["wish"] = "wish"
    number: int
    role: Role
    command: dict[str, str | int | float | bool | None]


class Reply(Said):
    """What became of a wish, or why it did not become a command."""

    number: int
    answer: CommandAnswer | None = None
    words: str = ""


STOP: Final = b"stop"
"""What the town's process sends to end the gateway."""

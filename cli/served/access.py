"""How a command is let in by a served town: its options, and a replica of the town's run to read."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import click

from cli import options, output
from eventlog.places import is_address

if TYPE_CHECKING:
    from townlet.serving.address import Access, Address
    from townlet.serving.replica import Replica

FLAGS: Final = {
    "token_file": "--token-file",
    "authority": "--ca",
    "certificate": "--client-cert",
    "key": "--client-key",
}
"""The options by the name of what they give."""


class Given(NamedTuple):
    """The files that were given to be let in by a served town."""

    token_file: Path | None
    authority: Path | None
    certificate: Path | None
    key: Path | None

    def access(self) -> "Access":
        """What a client shows. Raises `click.UsageError`."""
        from townlet.serving.address import Access

        if (self.certificate is None) != (self.key is None):
            raise click.UsageError("--client-cert and --client-key belong together: give both, or none")
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it writes to stderr what the error says in our words
        return Access(*self)

    def arguments(self) -> list[str]:
        """The same options, as words of another command."""
        given = [(FLAGS[name], value) for name, value in self._asdict().items() if value is not None]
        return [word for flag, value in given for word in (flag, str(value.absolute()))]

    def require_none(self) -> None:
        """Raise `click.UsageError` for one that was given with a run that is not served."""
        for name, value in self._asdict().items():
            if value is not None:
                raise click.UsageError(f"{FLAGS[name]} is for a served town, such as grpc://127.0.0.1:7777")


def access_options(command: options.Command) -> options.Command:
    """`--token-file`, `--ca`, `--client-cert` and `--client-key`, as the argument `given`."""

    @functools.wraps(command)
    def with_given(*arguments: Any, **said: Any) -> Any:
        return command(*arguments, given=Given(*(said.pop(name) for name in FLAGS)), **said)

    meaning = {
        "token_file": "A file with the token for a served town; by default the variable TOWNLET_TOKEN holds it.",
        "authority": "The certificates that a served town's must follow from; by default this system's.",
        "certificate": "Your certificate, where a served town asks for one.",
        "key": "The key of your certificate.",
    }
    wrapped: Any = with_given
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    for name in reversed(FLAGS):
        wrapped = click.option(FLAGS[name], name, type=file, metavar="FILE", help=meaning[name])(wrapped)
    return cast(options.Command, wrapped)


def address_of(run: object, given: Given) -> "Address | None":
    """The address that names a served town; None for another run, for which nothing may be given.

    Raises `click.UsageError`, ServingError.
    """
    if not is_address(run):
        given.require_none()
        return None
    from townlet.serving.address import read_address

    return read_address(run)


@contextmanager
def replica_of(address: "Address", given: Given, told: Callable[[str], None] | None = None) -> Iterator["Replica"]:
    """A replica of the run at an address; `told` hears of a connection that is lost. Raises ServingError, OSError."""
    from townlet.serving.replica import Replica

    with output.Line() as line:
        replica = Replica(
            address,
            given.access(),
            told=told,
            progress=lambda come, whole: line.draw(f"{come:,} of {whole:,} events have come"),
        )
        with replica:
            line.clear()
            yield replica


@contextmanager
def readable(run: Path | str, given: Given, *, follow: bool) -> Iterator[Path | str]:
    """The run, or a replica of it where it is served, which with `follow` goes on until the block ends.

    Raises `click.UsageError`, ServingError, OSError.
    """
    address = address_of(run, given)
    if address is None:
        yield run
        return
    with replica_of(address, given, output.words) as replica:
        if follow:
            replica.follow()
        yield replica.path

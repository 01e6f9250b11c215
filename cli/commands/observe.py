"""`townlet observe`"""

import contextlib
import gc
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from cli import living, options, output
from cli.main import COMMANDS
from cli.names import THEME, Person
from cli.renamed import Renamed
from cli.served import access
from eventlog.places import is_address, is_uri, place_name
from projections.spelling import proposal

if TYPE_CHECKING:
    from townlet.run import Run
    from townlet.serving.replica import Replica

PORT: Final = 8000
FOUNDED: Final = 1
"""The first tick after the founding: at tick 0 nobody has moved in."""
WIDTH_LEAST, HEIGHT_LEAST = 40, 12


class Size(click.ParamType[tuple[int, int]]):
    """`80x24`: columns and rows."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Columns and rows; fails for anything else."""
        found = re.fullmatch(r"(\d{1,4})[x×](\d{1,4})", str(value).strip())
        if found and int(found[1]) >= WIDTH_LEAST and int(found[2]) >= HEIGHT_LEAST:
            return int(found[1]), int(found[2])
        return self.fail(
            f"{value!r} is not a size; write columns x rows, {WIDTH_LEAST}x{HEIGHT_LEAST} at least: 120x40", param, ctx
        )


class Begin(NamedTuple):
    """Where to begin: at `tick`, or with `follow` at the run's head and on with it; with the card of `person`."""

    tick: int
    follow: bool
    person: str | None


@click.command(
    "observe",
    help=f"""{COMMANDS["observe"]}

    A finished run begins at the founding, or at the time --at: a tick, or "day 3 08:00". A running town begins at its
    last tick and follows the town; --follow does the same. You can play time, reverse it, and go to any tick; `?` lists
    the keys. docs/observer.md lists every key, and says how to change it.

    --plain prints the town as text, for pipes and screen readers: one moment, at the time --at; with --to one moment
    for every --every ticks; with --follow the moments of a running town until it ends. --web serves the observer to a
    browser on this machine only.

    RUN may be the address of a served town, such as grpc://127.0.0.1:7777. Its events are fetched and folded here.
    Where the connection is lost, a line says so, and the town goes on once it is there again.
    """,
    epilog=options.examples(
        "townlet observe",
        'townlet observe runs/a --at "day 1 08:00" --person alice',
        "townlet observe runs/a --follow",
        'townlet observe runs/a --plain --at "day 1 08:00" --to "day 1 12:00" --every 60',
        "townlet observe runs/a --web --port 8080",
        "townlet observe grpc+tls://town.example:7777 --ca ca.pem",
    ),
)
@options.run_argument
@access.access_options
@click.option("--at", metavar="TIME", help="Begin at this tick or time.")
@click.option(
    "--follow", "-f", cls=Renamed, old="--live", is_flag=True, help="Begin at the last tick, and follow the town."
)
@click.option("--person", type=Person(), metavar="NAME", help="Begin with the card of this person.")
@click.option("--theme", type=THEME, metavar="NAME", help="Begin in this theme.")
@click.option("--size", type=Size(), metavar="80x24", help="Draw at this size, whatever the terminal's size.")
@click.option("--plain", is_flag=True, help="Print the town as text.")
@click.option("--to", metavar="TIME", help="With --plain: print moments up to this tick or time.")
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="TICKS",
    help="With --plain: the ticks between two moments; else 1 h.",
)
@click.option(
    "--map/--no-map", "shows_map", default=None, help="With --plain: print the map, as the last part, or leave it out."
)
@click.option("--web", is_flag=True, help="Serve the observer to a browser on this machine.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help=f"With --web: the port, by default {PORT}; 0 means any free port."
)
def command(
    run: Path | str,
    given: access.Given,
    at: str | None,
    follow: bool,
    person: str | None,
    theme: str | None,
    size: tuple[int, int] | None,
    plain: bool,
    to: str | None,
    every: int | None,
    shows_map: bool | None,
    web: bool,
    port: int | None,
) -> None:
    chosen = {
        "--plain": plain,
        "--web": web,
        "--at": at is not None,
        "--follow": follow,
        "--to": to is not None,
        "--every": every is not None,
        "--map": shows_map is not None,
        "--theme": theme is not None,
        "--port": port is not None,
        "--size": size is not None,
    }
    _require_possible({name for name, is_chosen in chosen.items() if is_chosen})
    address = access.address_of(run, given)
    keys = {} if plain else changed_keys()
    look = _theme(theme)
    if living.is_cold():
        living.compile_kernels()
    import townlet
    from eventlog.folder.holding import is_written_to

    with contextlib.ExitStack() as stack:
        if address is None:
            opened, replica = townlet.open(run), None
            lives = isinstance(run, Path) and not opened.log.manifest.closed and is_written_to(run)
        else:
            replica = stack.enter_context(access.replica_of(address, given, output.words if plain else None))
            opened, lives = townlet.open(replica.path), replica.health.state == "living"
        begin = _begin(opened, run, at, follow, person, lives)
        if replica is not None and (follow or not plain):
            replica.follow()
        if plain:
            _print(opened, begin, to, every, shows_map is not False)
        elif web:
            _serve(run, begin, look, PORT if port is None else port, given.arguments())
        else:
            _show(opened, begin, look, keys, size, replica)


EXCLUDES: Final[Mapping[str, tuple[str, ...]]] = {
    "--plain": ("--web", "--theme", "--size"),
    "--follow": ("--at", "--to"),
    "--web": ("--size",),
}
"""For each option, the options that cannot be given with it."""

NEEDS: Final[Mapping[str, str]] = {"--to": "--plain", "--every": "--plain", "--map": "--plain", "--port": "--web"}
"""For each option, the option that it needs."""


def _require_possible(given: set[str]) -> None:
    """Raise `click.UsageError` for options that do not go together, and if there is no screen to draw on."""
    for one, others in EXCLUDES.items():
        for other in others:
            if {one, other} <= given:
                raise click.UsageError(f"{one} and {other} do not go together: leave one out")
    for one, needed in NEEDS.items():
        if one in given and needed not in given:
            raise click.UsageError(f"{one} works only with {needed}: add {needed}, or leave out {one}")
    if not given & {"--plain", "--web"} and (why := _cannot_draw()):
        raise click.UsageError(f"{why}, so nothing can be drawn; --plain prints the town as text")


def _cannot_draw() -> str:
    """Why there is no screen; empty for a terminal, and for a browser to which `--web` serves this process.

    Textual reads keys from stdin and draws on stderr; what the observer says at its end goes to stdout.
    """
    if "TEXTUAL_DRIVER" in os.environ:
        return ""
    for name in ("stdout", "stdin", "stderr"):
        stream = getattr(sys, name)
        if stream is None or not stream.isatty():
            return f"{name} is not a terminal"
    return "this terminal can draw no screen (TERM is dumb)" if os.environ.get("TERM") == "dumb" else ""


def changed_keys() -> dict[str, str]:
    """The keys that the user has changed, by action. Raises ConfigurationError for a file that cannot be used."""
    from tui.actions import KEYS
    from tui.keys import keys_of

    return {name: ",".join(keys) for name, keys in keys_of().items() if keys != KEYS[name]}


def _theme(name: str | None) -> str | None:
    """The name of a theme; without one, the bare theme if NO_COLOR is set, else None.

    Raises `click.UsageError` with the nearest name.
    """
    from tui.looks import BARE, LOOKS

    if name is None:
        return BARE if os.environ.get("NO_COLOR") else None
    if name not in LOOKS:
        raise click.UsageError(f"there is no theme {name!r}; {proposal(name, LOOKS)}")
    return name


def _begin(opened: "Run", run: Path | str, at: str | None, follow: bool, person: str | None, lives: bool) -> Begin:
    """Where to begin. Raises `click.UsageError`, QueryError for a wrong name or time, TickOutOfRange."""
    from townlet.telling.why import known_person

    if follow and is_uri(run) and not is_address(run):
        raise click.UsageError(f"{place_name(run)} is on a store, where no town is running: leave out --follow")
    last = opened.head.tick
    if person is not None:
        person = known_person(opened, last, person)
    if at is not None:
        return Begin(_tick(opened, at), False, person)
    if follow or lives:
        return Begin(last, True, person)
    return Begin(min(FOUNDED, last), False, person)


def _show(
    opened: "Run",
    begin: Begin,
    theme: str | None,
    keys: dict[str, str],
    size: tuple[int, int] | None,
    replica: "Replica | None",
) -> None:
    """Show the observer on the terminal, or in the browser to which this process is served.

    After it, the terminal is restored; then it raises the error that ended the observer, if any.
    """
    from tui.stage.observer import Observer

    is_served = "TEXTUAL_DRIVER" in os.environ
    if is_served:
        _end_with_the_server()
    shown: Any = {"tick": begin.tick, "follow": begin.follow, "person": begin.person, "theme": theme, "keys": keys}
    if replica is None:
        observer = Observer(opened.place, **shown)
    else:
        observer = Observer(str(replica.path), **shown, connection=lambda: replica.trouble)
    gc.freeze()  # a collection of all that is loaded by now takes a tenth of a second, in which no key is answered
    try:
        with contextlib.nullcontext() if is_served else observer.leaving.by_signals():
            observer.run(size=size)
    finally:
        gc.unfreeze()
    if observer.error is not None:
        raise observer.error
    if observer.leaving.signal is not None:
        raise click.exceptions.Exit(128 + observer.leaving.signal)


def _end_with_the_server() -> None:
    """End this process when the process that serves it to a browser has ended, in any way."""
    import threading
    import time

    parent = os.getppid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing is to be tidied up on a screen that is gone

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="server", daemon=True).start()


def _serve(run: Path | str, begin: Begin, theme: str | None, port: int, access_given: list[str]) -> None:
    """Serve the observer to a browser. Raises `click.UsageError` without textual-serve, and for a port in use."""
    try:
        from tui import serving
    except ImportError as error:
        raise click.UsageError(
            f"--web needs {error.name}, which is not installed. Next: pip install 'townlet[web]'"
        ) from error
    chosen = {"--person": begin.person, "--theme": theme, "--at": None if begin.follow else str(begin.tick)}
    shown = [text for name, value in chosen.items() if value is not None for text in (name, value)]
    shown += ["--follow"] if begin.follow else []
    arguments = ["-P", "-m", "cli.main", "observe", *shown, *access_given, "--", str(run)]
    try:
        serving.serve(arguments, place_name(run), port, output.words)
    except OSError as error:
        if not serving.is_taken(error):
            raise
        raise click.UsageError(
            f"port {port} of this machine is in use. Next: --port {serving.free_port()}, or --port 0 for any free port"
        ) from error


def _print(opened: "Run", begin: Begin, to: str | None, every: int | None, shows_map: bool) -> None:
    """Print the wanted moments as text. Exits with code 3 if the run is damaged. Raises QueryError, TickOutOfRange."""
    from townlet.observing.run_reader import RunReader
    from tui.plain import Plain

    per_day = opened.config.town.ticks_per_day
    apart = every or per_day // 24
    plain = Plain(RunReader(opened), person=begin.person, shows_map=shows_map)
    last = begin.tick if to is None else _tick(opened, to)
    if last < begin.tick:
        raise click.UsageError(f"--to is tick {last:,}, before tick {begin.tick:,}, where it begins")
    views = plain.live(apart) if begin.follow else plain.frames(begin.tick, last, apart)
    for number, view in enumerate(views):
        output.line(("\n" if number else "") + plain.text(view).removesuffix("\n"))
        if view.trouble is not None and view.tick < view.wanted.tick:
            output.failure(f"{view.trouble.what}\n  Next: {view.trouble.next_step}")
            raise click.exceptions.Exit(3)


def _tick(opened: "Run", said: str) -> int:
    """The tick that a text means. Raises QueryError, TickOutOfRange."""
    from townlet.daytime import tick_of
    from townlet.errors import TickOutOfRange

    tick, last = tick_of(said, opened.config.town.ticks_per_day), opened.head.tick
    if tick > last:
        raise TickOutOfRange(opened.place, tick, last)
    return tick

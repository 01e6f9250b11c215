"""`townlet serve`"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import founding, living, names, options, output
from cli.commands.console import RunOrConfig
from cli.main import COMMANDS
from eventlog.folder.run_folders import is_run

if TYPE_CHECKING:
    from townlet.serving.gateway.keeper import Keeper
    from townlet.serving.hosting import Hosted, Place

MIB = 1 << 20


@click.command(
    "serve",
    help=f"""{COMMANDS["serve"]}

    Given a run, it is served as it is, and may be written to by another process; with --pace its town lives on.
    Given a configuration, a town is founded, by default into runs/<name>-<seed>, and lives at 1x or as --pace says.

    Clients speak Arrow Flight, or Flight SQL on the same port: ADBC, and whatever knows it. Each shows a token, in the
    header `authorization: Bearer TOKEN`. --tokens names a YAML file of lines `role: token`, which nobody else may read
    (chmod 600); TOWNLET_TOKEN_VIEWER, _OPERATOR and _ADMIN hold tokens, too. A viewer reads and asks in SQL; an
    operator and an admin also give the town commands. A token that expires is a line
    `role: {{token: TOKEN, expires: 2027-01-31}}`: from then on, 00:00 UTC, it is refused, also in calls that are open.

    Nobody but this machine reaches the port, unless --host says so; another machine needs --tls-cert and --tls-key.
    With --client-ca a client needs a certificate of its own as well. Queries run in --children processes of their own,
    which are killed at --query-seconds. --http-port serves /healthz, and /metrics for Prometheus.

    Ctrl-C or SIGTERM ends it after a commit; the log is whole whatever ends it.
    """,
    epilog=options.examples(
        "townlet serve town --port 7777 --tokens tokens.yaml",
        "townlet serve runs/a --port 7777 --tokens tokens.yaml --http-port 7778",
        "townlet serve runs/a --port 7777 --tokens tokens.yaml --pace 10x",
        "townlet serve runs/a --port 7777 --tokens tokens.yaml --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
    ),
)
@click.argument("place", metavar="[RUN|CONFIG]", required=False, type=RunOrConfig())
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="The port of Arrow Flight; 0 is any.")
@click.option(
    "--tokens",
    "tokens_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A YAML file of lines `role: token`, of mode 600; roles are viewer, operator, admin. A token may expire.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address at which clients are heard.")
@click.option("--http-port", type=click.IntRange(0, 65535), help="The port of /healthz and /metrics; by default none.")
@click.option(
    "--pace",
    type=click.Choice(["1x", "10x", "100x", "max"]),
    help="How fast the town lives: at 1x a tick takes 250 ms of real time. A run without it is served as it is.",
)
@click.option("--tls-cert", type=click.Path(path_type=Path), help="The server's certificate, in PEM.")
@click.option("--tls-key", type=click.Path(path_type=Path), help="The key of that certificate, in PEM.")
@click.option(
    "--client-ca", type=click.Path(path_type=Path), help="Clients need a certificate that follows from these, in PEM."
)
@click.option(
    "--children", type=click.IntRange(1, 16), default=2, show_default=True, help="How many queries run at a time."
)
@click.option(
    "--query-seconds",
    type=click.FloatRange(0.2, 600),
    default=5.0,
    show_default=True,
    help="The time after which a query is killed.",
)
@founding.new_town_options
@click.pass_context
def command(
    ctx: click.Context,
    place: str | None,
    port: int,
    tokens_file: Path | None,
    host: str,
    http_port: int | None,
    pace: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    client_ca: Path | None,
    children: int,
    query_seconds: float,
    seed: int | None,
    into: Path | None,
    overrides: dict[str, object],
    perturb: str | None,
    durability: str,
) -> None:
    founds = place is not None and not is_run(Path(place)) and not is_run(options.RUNS / place) and _is_config(place)
    run = None if founds else _run_to_serve(place, {"seed": seed, "into": into, "set": overrides, "perturb": perturb})
    if (tls_cert is None) != (tls_key is None) or (client_ca is not None and tls_cert is None):
        raise click.UsageError("--tls-cert and --tls-key belong together, and --client-ca needs both")
    from townlet.foreground import Pace, interruptible
    from townlet.serving.children.asked import ChildLimits
    from townlet.serving.hosting import Hosted, Place, certificates_in
    from townlet.serving.tokens import Tokens

    tokens = Tokens.of(tokens_file)
    for each in tokens.expired:
        output.words(f"the token of {each} has expired: its calls are refused")
    certificates = certificates_in(tls_cert, tls_key, client_ca) if tls_cert and tls_key else None
    at = Place(host, port, http_port, certificates)
    at.require_usable()
    if living.is_cold():
        living.compile_kernels()
    paced = Pace(pace or "1x")
    goes_on = "townlet serve {path} --pace 1x goes on"
    found = founding.new_town(str(place), seed, into, overrides, perturb, goes_on) if run is None else None
    path = run if run is not None else found[0]  # type: ignore[index]
    live = found[1] if found is not None else _going_on(path) if pace else None
    hosted = Hosted(
        path,
        at,
        tokens,
        limits=ChildLimits(time_s=query_seconds),
        children=children,
        pace=(pace or "1x") if live is not None else None,
        begun=partial(_greet, path, at, tokens.roles),
        announce=output.words,
    )
    with interruptible(paced), hosted:
        if live is None:
            hosted.wait(paced)
        else:
            how: Any = {"durability": durability, "commit_ticks": paced.commit_ticks}
            live(attend=partial(hosted.attend, pace=paced), progress=partial(_see, hosted), **how)
    _say_farewell(path)
    if paced.stop:
        ctx.exit(128 + paced.stop)


def _see(hosted: "Hosted", pulse: Any) -> None:
    if pulse.trouble:
        output.words(pulse.trouble)
    hosted.see(pulse)


def _going_on(path: Path) -> Any:
    """What lets the town of a run live on."""
    from townlet.history.decisions import settle, wanted_guide
    from townlet.living import loop
    from townlet.living.commands.typed import TICK_MOST
    from townlet.run import Run

    run = Run(path)
    how: Any = {"by": wanted_guide(run, None, None), "settle": lambda: settle(run), "from_start": True}
    return partial(loop.resume, path, lambda: run.at().town, run.seed, TICK_MOST, **how)


def _greet(path: Path, at: "Place", roles: tuple[str, ...], keeper: "Keeper") -> None:
    assert keeper.ports is not None, "a keeper that has begun has ports"
    output.words(f"{path} is served at {at.address(keeper.ports)}, with tokens for {', '.join(roles)}")
    if keeper.ports.http_port is not None:
        scheme = "http" if at.certificates is None else "https"
        output.words(f"/healthz and /metrics are at {scheme}://{at.host}:{keeper.ports.http_port}")


def _say_farewell(path: Path) -> None:
    from townlet.run import Run

    head = Run(path).head
    output.words(f"served {path} up to tick {head.tick:,}: {head.seq:,} events in its log")


def _is_config(name: str) -> bool:
    """Whether a name is that of a configuration: a file, or a shipped one."""
    return Path(name).is_file() or name in names.configurations()


def _run_to_serve(name: str | None, of_new: dict[str, object]) -> Path:
    """The folder of the run. Raises `click.UsageError` for options that are for a new town."""
    path = options.find_own_run(name)
    given = [f"--{flag}" for flag, value in of_new.items() if value not in (None, {})]
    if given:
        raise click.UsageError(f"{path} is a run, and {given[0]} is for a new town: leave it out, or name a CONFIG")
    return path

"""What lets the towns of many cells live: the options that every command has which runs cells."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

Command = TypeVar("Command", bound=Callable[..., Any])


def engine_options(command: Command) -> Command:
    """`--engine` and `--address`, as the arguments `engine` and `address`: what lets the towns of many cells live."""

    def fitting(ctx: click.Context, _: click.Parameter, address: str | None) -> str | None:
        given = ctx.get_parameter_source("engine") == ParameterSource.COMMANDLINE
        if address is not None and given and ctx.params["engine"] == "processes":
            raise click.UsageError("--address is that of a Ray cluster: leave out --engine processes", ctx)
        return address

    engine = click.option(
        "--engine",
        type=click.Choice(["processes", "ray"]),
        default="processes",
        show_default=True,
        is_eager=True,
        help="What lets towns live: processes of this machine, or Ray (pip install 'townlet[ray]').",
    )
    address = click.option(
        "--address",
        metavar="HOST:PORT",
        callback=fitting,
        help="The Ray cluster, HOST:PORT, ray://HOST:PORT or auto; without it Ray starts on this machine.",
    )
    return engine(address(command))


class Shard(click.ParamType[tuple[int, int]]):
    """`i/n`: part i of n, from 1."""

    name = "shard"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Both numbers; fails for anything else."""
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", str(value).strip())
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            self.fail(f"{value!r} is no part: 1/4 is the first of four, 4/4 the last", param, ctx)
        return int(found[1]), int(found[2])

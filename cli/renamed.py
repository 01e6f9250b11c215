"""Options that had another name: the old one works for one release more, and says so."""

from collections.abc import Mapping
from typing import Any

import click
from click.parser import _OptionParser

from cli import output


class Renamed(click.Option):
    """An option with an old name, which is taken but not shown; using it writes a warning to stderr."""

    def __init__(self, *arguments: Any, old: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.old = old

    def add_to_parser(self, parser: _OptionParser, ctx: click.Context) -> None:
        """Let the parser also take the old name."""
        super().add_to_parser(parser, ctx)
        shown, self.opts = self.opts, [self.old]
        name, self.name = self.name, self._old_name
        try:
            super().add_to_parser(parser, ctx)
        finally:
            self.opts, self.name = shown, name

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """The value under either name. Raises `click.UsageError` if both are given."""
        if self._old_name in opts:
            new = self.opts[0]
            if self.name in opts:
                raise click.UsageError(f"{self.old} is the old name of {new}: give only {new}", ctx)
            if not ctx.resilient_parsing:
                output.words(f"{self.old} is called {new} now; the next release no longer takes {self.old}")
            opts = {**opts, str(self.name): opts[self._old_name]}
        return super().handle_parse_result(ctx, opts, args)

    @property
    def _old_name(self) -> str:
        return f"{self.old} as it was"

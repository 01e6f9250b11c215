"""`townlet runs`"""

import os
from pathlib import Path
from typing import Any

import click

from cli import options, output
from cli.main import COMMANDS

COLUMNS = ("run", "config", "seed", "ticks", "events", "bytes", "state", "log_digest")


@click.command(
    "runs",
    help=f"""{COMMANDS["runs"]}

    DIR is a folder of runs, by default runs/. A run is `closed`, `running`, `stopped` (its process ended without
    closing it; resume goes on with it), or `damaged`.
    """,
    epilog=options.examples("townlet runs", "townlet runs experiments --json"),
)
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@options.output_formats
def command(folder: Path | None, form: str) -> None:
    if folder is not None and not folder.is_dir():
        raise click.UsageError(f"there is no folder {folder}")
    rows = [_described(path) for path in options.runs_in(folder or options.RUNS)]
    if form == "table":
        if not rows:
            output.words(f"there is no run under {folder or options.RUNS}/ yet; make one with: townlet run")
        rows = [row | {"bytes": _size(row["bytes"]), "log_digest": row["log_digest"][:12]} for row in rows]
    output.records(rows, COLUMNS, form)


def _described(path: Path) -> dict[str, Any]:
    """What there is to say of a run without opening its log."""
    from eventlog.errors import EventLogError
    from eventlog.head import read_head
    from eventlog.manifest import read_manifest

    row = dict.fromkeys(COLUMNS) | {"run": path.name, "bytes": _bytes(path), "state": "damaged", "log_digest": ""}
    try:
        manifest = read_manifest(path)
    except EventLogError:
        return row
    row |= {"config": manifest.name, "seed": manifest.epochs[-1].seed}
    head = read_head(path / "log" / "head")
    if head is not None:
        state = "closed" if manifest.closed else "running" if _is_written_to(path) else "stopped"
        row |= {"ticks": head.tick, "events": head.seq, "log_digest": head.digest, "state": state}
    return row


def _is_written_to(run: Path) -> bool:
    """Whether the process that last said it writes to the run is alive, without touching the run's lock."""
    import json

    try:
        os.kill(int(json.loads((run / "lock.holder").read_text())["pid"]), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def _bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _size(many: int) -> str:
    """Bytes as people read them: `12.4 MB`."""
    size = float(many)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"

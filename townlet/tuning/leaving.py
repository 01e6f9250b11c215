"""What a study leaves beside its trials: `study.parquet`, a row for each, and `best.yaml`, a training file."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from eventlog.folder import disk
from townlet.learning.settings import Training
from townlet.tuning.settings import Dimension, Search, Value, changed, is_whole
from townlet.tuning.trials import Trial

TABLE: Final = "study.parquet"
BEST: Final = "best.yaml"

TRUTHS: Final = ("on", "off", "yes", "no", "y", "n")

NAME_MOST: Final = 54
"""So much of a training's name goes before `-tuned`."""


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The trial with the highest value, the first of equals; None where all were stopped."""
    valued = [trial for trial in trials if trial.value is not None]
    return max(valued, key=lambda trial: (trial.value, -trial.number), default=None)


def table_of(trials: Sequence[Trial], search: Search) -> pa.Table:
    """The trials as a table: number, state, value and its interval, two figures, each key that is searched, and why."""
    columns = {
        "trial": pa.array([trial.number for trial in trials], pa.int64()),
        "state": pa.array([trial.state for trial in trials], pa.string()),
    }
    for name in ("value", "low", "high", "exits", "self_sufficiency"):
        columns[name] = pa.array([getattr(trial, name) for trial in trials], pa.float64())
    for key, dimension in search.search.items():
        columns[key] = _column([trial.values[key] for trial in trials], key, dimension)
    columns["why"] = pa.array([trial.why or None for trial in trials], pa.string())
    return pa.table(columns)


def write_study(into: Path, trials: Sequence[Trial], search: Search, training: Training) -> None:
    """Write the table and, where a trial has a value, the training file of the best; atomically. Raises OSError."""
    sink = pa.BufferOutputStream()
    pq.write_table(table_of(trials, search), sink)
    disk.replace_file(into / TABLE, sink.getvalue().to_pybytes())
    if best := best_of(trials):
        disk.replace_file(into / BEST, best_text(best, len(trials), training).encode())


def tuned(training: Training, trial: Trial) -> Training:
    """The training that is tuned, with the values of a trial, and with a name of its own."""
    return changed(training, {**trial.values, "name": f"{training.name[:NAME_MOST]}-tuned"})


def best_text(best: Trial, of: int, training: Training) -> str:
    """The training file of the best trial: every key, under a comment that says where its values are from."""
    from ruamel.yaml import YAML

    text = io.StringIO()
    YAML().dump(_quoted(tuned(training, best).model_dump(mode="json")), text)
    told = ", ".join(f"{key} {json.dumps(value)}" for key, value in best.values.items())
    return (
        f"# Trial {best.number}, the best of {of} of the study {best.study}. In the tuning towns its return was "
        f"{best.value:.4f}\n# ({best.low:.4f} to {best.high:.4f}) a seat-day, by: {told}.\n{text.getvalue()}"
    )


def _quoted(value: Any) -> Any:
    """The same content, with quotes around texts that an older reader of YAML takes for truth, such as OFF."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, dict):
        return {key: _quoted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_quoted(each) for each in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) and value.lower() in TRUTHS else value


def _column(values: Sequence[Value], key: str, dimension: Dimension) -> pa.Array:
    """Whole numbers, numbers, or where there are other choices their JSON."""
    if is_whole(key):
        return pa.array(values, pa.int64())
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in dimension.ends):
        return pa.array([float(value) for value in values], pa.float64())
    return pa.array([json.dumps(value) for value in values], pa.string())


__all__ = ["BEST", "TABLE", "best_of", "best_text", "table_of", "tuned", "write_study"]

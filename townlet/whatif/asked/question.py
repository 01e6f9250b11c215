"""A question in SQL that is asked of every future: a key figure by its name, or a file with a query."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from projections.spelling import proposal
from townlet.asking.key_figures import COLUMNS, HEADER, Query, in_town, parts, shipped, value_of
from townlet.errors import QueryError
from townlet.whatif.paired.outcomes import NAMES

SUFFIX: Final = ".sql"

MOMENT: Final = "$moment"
"""What stands in a query for the tick at which the futures begin."""


class Question(NamedTuple):
    """A question: `name` is that of its outcome, `sql` what is asked.

    A query that gives rows `tick, part, whole` is a key figure: its value over the days since the moment is the sum of
    the parts over that of the wholes. Any other gives one number, which is asked for at the end alone.
    """

    name: str
    sql: str

    def values(self, query: Query, moment: int, ends: np.ndarray, ticks_per_day: int) -> np.ndarray:
        """The answers of one future at the end of each day, f8[days]: NaN for NULL, and for what is asked only last.

        `query` answers over the whole future; `ends`, i8[days], are the ticks at which days end. Raises QueryError,
        LogDamaged.
        """
        answer = self._answer(query, moment, ticks_per_day)
        if _is_figure(answer):
            rows = parts(lambda _: answer, self._what, self.sql)
            return value_of(*rows.sums(np.full(len(ends), moment), ends))
        found = np.full(len(ends), np.nan)
        found[-1] = _number(answer, self._what)
        return found

    def require_askable(self, query: Query, moment: int, ticks_per_day: int) -> None:
        """Ask the run itself, before any future lives. Raises QueryError for what no future could answer, LogDamaged.

        An answer of one column without rows is left to the futures: they may have what the run has not.
        """
        answer = self._answer(query, moment, ticks_per_day)
        if _is_figure(answer):
            parts(lambda _: answer, self._what, self.sql)
        elif answer.num_rows or answer.num_columns != 1:
            _number(answer, self._what)

    @property
    def _what(self) -> str:
        """What messages call the question."""
        return f"the outcome {self.name}"

    def _answer(self, query: Query, moment: int, ticks_per_day: int) -> pa.Table:
        """What the query gives over one run. Raises QueryError, LogDamaged."""
        try:
            return query(in_town(self.sql, ticks_per_day).replace(MOMENT, str(moment)))
        except QueryError as error:
            raise QueryError(f"{self._what}: {error}") from error


def questions_of(texts: Sequence[str], folder: Path | None = None) -> list[Question]:
    """The questions that texts name, each with a name of its own. Raises QueryError."""
    found = [question_of(text, folder) for text in texts]
    taken = set(NAMES)
    for question in found:
        if question.name in taken:
            raise QueryError(f"two outcomes are called {question.name!r}: give the file another name")
        taken.add(question.name)
    return found


def question_of(text: str, folder: Path | None = None) -> Question:
    """The question that a text names: a key figure, or a file of SQL (from `folder`). Raises QueryError."""
    if not text.endswith(SUFFIX):
        if text not in shipped():
            known = proposal(text, list(shipped()))
            raise QueryError(f"there is no key figure {text!r}; {known}\n  Next: one of these, or a file of SQL")
        return Question(text, shipped()[text].sql)
    file = (folder or Path()) / text
    try:
        sql = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it is not text in UTF-8").lower()
        raise QueryError(f"{file}: the query of an outcome cannot be read: {reason}") from error
    header = HEADER.match(sql)
    return Question(file.stem, sql[header.end() if header else 0 :].strip())


def _is_figure(answer: pa.Table) -> bool:
    """Whether an answer is that of a key figure."""
    return {name.lower() for name in answer.column_names} == set(COLUMNS)


def _number(answer: pa.Table, what: str) -> float:
    """The one number of an answer; NaN for NULL. Raises QueryError."""
    if (answer.num_rows, answer.num_columns) != (1, 1):
        raise QueryError(
            f"{what}: its query gives {answer.num_rows:,} rows of {answer.num_columns} columns. It must give one "
            f"number, or rows {', '.join(COLUMNS)}"
        )
    try:
        value = answer.column(0).cast(pa.float64())[0].as_py()
    except pa.ArrowException as error:
        raise QueryError(f"{what}: its query must give a number: {error}") from error
    return np.nan if value is None else float(value)

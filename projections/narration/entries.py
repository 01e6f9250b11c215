"""The columns of `narrations`, and what is put forward to be told."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import pyarrow as pa

from eventlog.rows import MISSING

NARRATIONS: Final = pa.schema(
    [
        ("seq", pa.int64()),  # number of the entry in the story, from 0
        ("tick", pa.int64()),
        ("category", pa.string()),  # one of limiter.CATEGORIES
        ("priority", pa.bool_()),  # whether it passed the limiter by its priority
        ("text", pa.string()),
        ("cause", pa.int64()),  # seq of the event that it tells of
        ("agent", pa.int64()),  # person; NULL: nobody in particular
        ("other", pa.int64()),  # person; NULL: nobody else
        ("place", pa.int64()),  # object; NULL: nowhere in particular
        ("template", pa.string()),  # the situation's name in the templates, such as conflict.cut
    ]
)
"""A row for each entry that was told. Persons and places are numbers; SQL has names, and numbers in `<field>_id`."""


class Moment(NamedTuple):
    """Something that is worth telling: `template` says how, `facts` fill its placeholders.

    Of the `asides`, the first that has a wording the facts can fill ends the entry.
    """

    template: str
    facts: Mapping[str, str]
    agent: int = MISSING
    other: int = MISSING
    place: int = MISSING
    priority: bool = False
    asides: tuple[str, ...] = ()

    @property
    def category(self) -> str:
        """The sort of news: what stands before the dot."""
        return self.template.partition(".")[0]

    @property
    def key(self) -> str:
        """The same for what says the same of the same people at the same place."""
        return f"{self.template}/{self.agent}/{self.other}/{self.place}"

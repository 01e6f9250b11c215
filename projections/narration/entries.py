"""The columns of `narrations`, and the moments that the narrator may tell."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import pyarrow as pa

from eventlog.rows import MISSING

NARRATIONS: Final = pa.schema(
    [
        ("seq", pa.int64()),  # number of the entry in the story, from 0
        ("tick", pa.int64()),
        ("category", pa.string()),  # one of limiter.CATEGORIES
        ("priority", pa.bool_()),  # whether it passed the limiter as a priority entry
        ("text", pa.string()),
        ("cause", pa.int64()),  # seq of the event that it is about
        ("agent", pa.int64()),  # person; NULL: none
        ("other", pa.int64()),  # second person; NULL: none
        ("place", pa.int64()),  # object; NULL: none
        ("template", pa.string()),  # the situation's name in the templates, such as conflict.cut
    ]
)
"""A row for each entry of the story. Persons and places are numbers; SQL has names, and numbers in `<field>_id`."""


class Moment(NamedTuple):
    """A proposed entry: `template` is its situation in the templates, `facts` fill the placeholders of the wording.

    At most one of the `asides` is added as the last sentence.
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
        """The category: the part of `template` before the dot."""
        return self.template.partition(".")[0]

    @property
    def key(self) -> str:
        """Equal for moments with the same template, people and place."""
        return f"{self.template}/{self.agent}/{self.other}/{self.place}"

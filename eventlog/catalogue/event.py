"""The base class of events. A kind is one class: its code, columns, SQL view, JSON Schema and docs come from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from eventlog.catalogue.registries import REGISTRIES

COLUMNS = ("agent", "other", "object", "tile", "code", "code2", "value", "value2")
"""The columns of a row that a kind may use, in physical order."""

WHAT = ("person", "object", "tile", "count", "number", "affordance", "job")
"""What a field can hold, apart from the code of a registry. A run's settings register affordances and jobs."""


@dataclass(frozen=True)
class Slot:
    """The column and the meaning of a field: `what` is one of WHAT or the name of a registry."""

    column: str
    what: str
    unit: str = ""


Agent = Annotated[int, Slot("agent", "person")]
Object = Annotated[int, Slot("object", "object")]
Tile = Annotated[int, Slot("tile", "tile")]
Count = Annotated[int, Slot("code", "count")]
Amount = Annotated[float, Slot("value", "number")]
OptionCode = Annotated[int, Slot("code", "option")]
ActionCode = Annotated[int, Slot("code", "action")]
ItemCode = Annotated[int, Slot("code", "item")]
TraitCode = Annotated[int, Slot("code", "trait")]
DimensionCode = Annotated[int, Slot("code", "dimension")]
WeatherCode = Annotated[int, Slot("code", "weather")]
ReasonCode = Annotated[int, Slot("code", "reason")]
AffordanceCode = Annotated[int, Slot("code", "affordance")]
NewsCode = Annotated[int, Slot("code", "news")]
DeedCode = Annotated[int, Slot("code", "deed")]
NeedCode = Annotated[int, Slot("code", "need")]
CommandCode = Annotated[int, Slot("code", "command")]
IssuerCode = Annotated[int, Slot("code2", "issuer")]
RefusalCode = Annotated[int, Slot("code", "refusal")]
OutcomeCode = Annotated[int, Slot("code", "outcome")]
LimitCode = Annotated[int, Slot("code", "limit")]
PersonTold = Annotated[int, Slot("tile", "person")]
"""A third person, in the column that other kinds keep a tile in."""
JobCode = Annotated[int, Slot("code", "job")]


def column(name: str = "", meaning: str = "", unit: str = "", missing: bool = False) -> Any:
    """A field with another column than its type's, a meaning and a unit; `missing`: it may be absent (-1, NaN)."""
    extra: dict[str, Any] = {"column": name, "unit": unit, "missing": missing}
    return Field(description=meaning or None, json_schema_extra=extra)


@dataclass(frozen=True)
class EventField:
    """A declared field of a kind."""

    name: str
    column: str
    what: str
    unit: str
    meaning: str
    missing: bool


class Event(BaseModel):
    """A kind of event. A subclass declares `kind` (its code), `version`, and `cause`: which event leads to it.

    `first` is the version with which the kind came into the catalogue; there are no events of an older version.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kind: ClassVar[int] = 0
    version: ClassVar[int] = 1
    first: ClassVar[int] = 1
    cause: ClassVar[str] = ""
    family: ClassVar[str] = ""

    def __init_subclass__(
        cls, *, kind: int = 0, version: int = 1, first: int = 1, cause: str = "", **options: Any
    ) -> None:
        super().__init_subclass__(**options)
        cls.kind, cls.version, cls.first, cls.cause = kind, version, first, cause
        cls.family = cls.__module__.rpartition(".")[2]

    @classmethod
    def snake(cls) -> str:
        """The kind's name in SQL and in the names of its fold and recorder: ShiftTakeover -> shift_takeover."""
        return "".join("_" + c.lower() if c.isupper() else c for c in cls.__name__).lstrip("_")

    @classmethod
    def slots(cls) -> list[EventField]:
        """The declared fields in physical column order."""
        return sorted(_fields(cls), key=lambda field: COLUMNS.index(field.column))


def _fields(cls: type[Event]) -> Iterator[EventField]:
    for name, info in cls.model_fields.items():
        slot = next(mark for mark in info.metadata if isinstance(mark, Slot))
        extra: dict[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        where = extra.get("column") or slot.column
        unit = extra.get("unit") or slot.unit
        known = slot.what in REGISTRIES or slot.what in WHAT
        assert where in COLUMNS and known, f"{cls.__name__}.{name}: no such column or registry"
        yield EventField(name, where, slot.what, unit, info.description or "", bool(extra.get("missing")))

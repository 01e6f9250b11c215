"""The document of city events, generated from the profile's models."""

from typing import Any, Final

from pydantic import BaseModel

from townlet.living.perturbing.profile import (
    KINDS,
    TOWNWIDE,
    Fairness,
    Hours,
    KindOfEvent,
    PriceSpike,
    Profile,
    Span,
    profile_of,
    shipped_profiles,
)

COMMANDS: Final = {
    "price_spike": "`price` for raw food and for meals, and again when it is over",
    "blackout": "`blackout`, and `blackout` with `on: false`",
    "water_outage": "`outage`, and `outage` with `on: false`",
    "closed_facility": "`close`",
    "arranged_meeting": "`arrange_meet`",
    "illness": "`ill`",
}
"""By kind, the commands that it is."""

INTRODUCTION: Final = """# City events

Generated from the profile's models by `make docs`.

City events (perturbations) happen to a town from outside: `townlet run --perturb wild`. A profile says how often each
kind comes. Profile, seed and town fix the whole calendar before the run, by draws of the seed's `events` stream, each
with an address (day, kind, number, purpose):

```console
$ townlet perturb --calendar 7 --profile wild --days 7
```

Each event is ordinary [commands](interventions.md) of the issuer `perturbation`, given at its tick, so a log replays
without the profile. The ids of the commands name the event: `p1359.blackout.175.100.on` began at tick 1,359 and lasts
175 ticks, at 100 % of its strength. Only a price spike has another strength than that.
"""

RULES: Final = """
* **Exits.** While an event that hits the town lasts, and for `grace_ticks` after it, nobody leaves the town by itself:
  one command `toggle_mortality` holds everybody, newcomers too, and one lets people leave again. Who had a reason to
  leave may do so then. If an operator has switched departures off already, that stays as it is. Whom a command removes
  leaves at once.
* **Operators.** What an operator switches while an event lasts is the operator's from then on: power, water and
  departures. The event then switches nothing back, also where the operator's command was rejected because it is so
  already. A venue that is closed for longer, or a person who is unwell for longer, stays so: the event's command is
  rejected (`E_CONFLICT`).
* **Mercy.** For `mercy_ticks` after anybody has left, events are withheld. This is judged when an event's tick comes,
  because departures depend on the town. The log has an `announce` that says what was withheld and why. An event is also
  withheld while one of its kind still lasts, which only a change of profile can bring about, and a meeting to which
  one of the two cannot come: because work or sleep lasts until it is over, or because the venue has no places for the
  two at that moment (it is closed or without power, it rains on its benches, or one of them cannot pay).
* **Fair turns.** The calendar names people by their place in the order of seats, and venues by name. Within a kind,
  nobody and nothing is hit again before all others were (`fairness`). Where somebody has left, the places count those
  who live there now. Homes are never closed.
* **Prices.** A spike ends with its day at the latest, when the town sets its prices anew. A price that somebody else
  set meanwhile stays.
* **Resume and fork** go on with the profile that the run keeps in `perturbations.json`, and are equal to the unbroken
  run, bit for bit. Its digest is part of the run's id. A fork with another seed gets that seed's calendar. With
  `--perturb none` no more events come; what lasts is ended as it was to end.
* **Another profile** holds from the present tick on: `townlet perturb --reload RUN FILE`. With `--dry-run` only the
  calendar's changes are listed.
* **Paired futures** of `townlet whatif` and `townlet trial` have the city events of their own seed, both towns of a
  pair the same ones, where the run had some before their first tick; else they have none.
"""

BLOCKS: Final[dict[str, type[BaseModel]]] = {
    "fairness": Fairness,
    "a kind": KindOfEvent,
    "price_spike": PriceSpike,
    "hours": Hours,
    "ticks, strength_percent": Span,
}


def document() -> str:
    """The text of docs/perturbations.md: what city events are, every key of a profile, the shipped profiles."""
    lines = [
        *INTRODUCTION.splitlines(),
        "",
        "| kind | commands | hits |",
        "|---|---|---|",
        *(f"| `{kind}` | {COMMANDS[kind]} | {'the town' if kind in TOWNWIDE else 'people'} |" for kind in KINDS),
        "",
        *RULES.strip().splitlines(),
        "",
        "## Keys of a profile",
        "",
        "A profile is a YAML file; a kind that is left out never comes.",
        "",
        *_table(Profile),
    ]
    for name, block in BLOCKS.items():
        lines += ["", f"### {name}", "", (block.__doc__ or "").strip(), "", *_table(block)]
    lines += ["", "## Shipped profiles", "", "| | budget a day | mercy | " + " | ".join(KINDS) + " |"]
    lines += ["|---" * (len(KINDS) + 3) + "|"]
    for name in shipped_profiles():
        profile = profile_of(name)
        assert profile is not None, "a shipped profile has events"
        rates = " | ".join(f"{each.rate_a_day:g} a day" for each in profile.kinds.values())
        lines.append(f"| `{name}` | {profile.budget_a_day} | {profile.mercy_ticks:,} ticks | {rates} |")
    return "\n".join(lines) + "\n"


def _table(block: type[BaseModel]) -> list[str]:
    rows = ["| key | default | meaning |", "|---|---|---|"]
    inherited = KindOfEvent.model_fields if block is PriceSpike else {}
    for key, field in block.model_fields.items():
        if key not in inherited:
            rows.append(f"| `{key}` | {_default(field)} | {field.description or f'see {key}'} |")
    return rows


def _default(field: Any) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default()
    if isinstance(value, BaseModel):
        return "as below"
    return "never" if value is None else f"`{value}`"

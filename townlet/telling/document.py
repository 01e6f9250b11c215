"""Makes docs/narration.md from the declared situations, the settings and the plain wordings."""

from collections.abc import Iterator, Mapping, Sequence

from projections.narration.situations import ASIDES, DAYS, LIVES, SITUATIONS
from projections.settings import Narration
from townlet.history.narrator import shipped_templates

INTRODUCTION = """# Story: situations and wordings

Generated from `projections/narration/situations.py` and `configs/narration/plain.yaml` by `make docs`.

The story is folded from the log. What happened is matched with a *situation*, and one of its wordings is filled in.
Each table shows the first wording of `configs/narration/plain.yaml` as an example, and the *placeholders* that a
wording of the situation may use. `townlet story --templates FILE` tells the story in wordings of your own, and says
what is wrong with them. Where a placeholder is a count, `{count:talk|talks}` also writes the noun. To read a story, see
[Read the story of a town](howto/read-the-story.md).

An *aside* may follow the sentence of a situation of its category. An entry is left out if a rule of
[`narration`](configuration.md#narration) says so: a category that is off, a repeat, the time since the last entry, or a
full window.
"""

PARTS = (
    ("Sentences of `story --by-day`", "days", DAYS),
    ("Sentences of `story --life` and `story --pair`", "lives", LIVES),
)


def document() -> str:
    """The text of docs/narration.md."""
    return INTRODUCTION + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    templates, settings = shipped_templates("plain"), Narration()
    for name in type(settings.categories).model_fields:
        minutes = getattr(settings.categories, name).cooldown_minutes
        yield from ("", f"## {name}", "")
        yield from (f"By default at least {minutes} minutes lie between two ordinary entries of this category.", "")
        yield from _table("situation", name, SITUATIONS, templates.tell[name])
        if asides := templates.asides.get(name):
            yield ""
            yield from _table("aside", name, ASIDES, asides)
    for title, part, declared in PARTS:
        yield from ("", f"## {title}", "")
        yield from _table("sentence", "", declared, getattr(templates, part))


def _table(
    title: str, category: str, declared: Mapping[str, frozenset[str]], wordings: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    yield from (f"| {title} | for example | placeholders |", "|---|---|---|")
    for name, placeholders in declared.items():
        of, _, last = name.rpartition(".")
        if of == category:
            example = wordings[last][0].replace("|", "\\|") if last in wordings else "none in the plain wordings"
            names = ", ".join(f"`{placeholder}`" for placeholder in sorted(placeholders)) or "none"
            yield f"| `{name}` | {example} | {names} |"

"""Makes docs/policy/OBSERVATIONS.md from the declaration of the layout."""

from collections.abc import Iterator

from projections.observations.layout import EPISODE_SUM, HINT, MAPS, Feature, Layout, layout_of
from projections.settings import Observations, Social

INTRODUCTION = """# Observations

Generated from `projections/observations/layout.py` by `make docs`.

An observation is a pure function of the town at a tick, the same for a living town and for its log. It is a row of
floats and, except with `compact`, a map with planes of 11x11 bytes and the agent in the middle. The settings
`observations.*` in a [configuration](../configuration.md) say what it contains.

```python
from projections.observations.observer import Observer

observer = Observer(settings.observations, town.plans, towns=1, seats=8)
observer.see(town.towns)  # written in place, nothing is allocated
observer.scalars  # f4[towns, seats, numbers], read-only
observer.map  # u1[towns, seats, planes, 11, 11], read-only
observer.scalars.view(observer.layout.dtype)["needs"]
```

An empty seat is all zeros. `see` writes to the same two arrays each time, and only values that have changed: copy the
arrays if you want to keep or change them.
"""

LAYOUTS = """
## Layouts

A policy keeps the hash of the layout that it learned on. Loading it with another layout raises `NotImplementedError`,
which names both; so does a social snippet in a town without ties (`relationships.capacity: 0`).
"""


def document() -> str:
    """The text of the document."""
    layout = layout_of(Observations())
    lines = [INTRODUCTION, *_layouts(), "## Numbers", "", "With the default settings, in order.", ""]
    lines += _table(layout.features, layout)
    compact = layout_of(Observations(variant="compact"))
    summed = layout_of(Observations(episode_sum=True))
    lines += ["", "`episode_sum: true` adds this, before the personality.", "", *_table(EPISODE_SUM, summed)]
    lines += ["", "`compact` also has these, before the social numbers.", "", *_table(HINT, compact)]
    lines += ["", "## Planes", "", "A cell beyond the map is 0, and 255 in `distance`."]
    for variant, planes in MAPS.items():
        if planes:
            lines += ["", f"`{variant}`:", "", "| plane | at most | meaning |", "|---|---|---|"]
            lines += [f"| `{plane.name}` | {plane.high} | {plane.meaning} |" for plane in planes]
    return "\n".join(lines) + "\n"


def _layouts() -> Iterator[str]:
    yield from (LAYOUTS.lstrip("\n"), "| settings | numbers | planes | hash |", "|---|---|---|---|")
    alone = Observations(social=Social(enabled=False), personality=False)
    before = Observations(debts=False)
    made = [(f"`variant: {variant}`", Observations.model_validate({"variant": variant})) for variant in MAPS]
    made += [("`social.enabled: false`, `personality: false`", alone), ("`debts: false`, as before version 4", before)]
    for words, settings in made:
        layout = layout_of(settings)
        yield f"| {words} | {layout.size} | {len(layout.planes)} | `{layout.hash}` |"
    yield ""


def _table(features: tuple[Feature, ...], layout: Layout) -> Iterator[str]:
    yield from ("| name | numbers | from | to | meaning |", "|---|---|---|---|---|")
    for one in features:
        first, last = layout.slices[one.name].start, layout.slices[one.name].stop - 1
        numbers = f"{first}" if first == last else f"{first} to {last}"
        yield f"| `{one.name}` | {numbers} | {one.low:g} | {one.high:g} | {one.meaning} |"

"""docs/policy/OBSERVATIONS.md: the layout in words, from its declaration."""

from collections.abc import Iterator

from projections.observations.layout import HINT, MAPS, Feature, Layout, layout_of
from projections.settings import Observations, Social

INTRODUCTION = """# Observations

Generated from `projections/observations/layout.py` by `make docs`.

What an agent observes is a fold like any other: a pure function of the town at a tick, the same from a living town and
from its log. It is a row of floats and, but for `compact`, a map of 11x11 bytes a plane with the agent in its middle.
`observations.*` in a [configuration](../configuration.md) says what there is of it.

```python
from projections.observations.observer import Observer

observer = Observer(settings.observations, town.plans, towns=1, seats=8)
observer.see(town.towns)  # written in place, nothing is allocated
observer.scalars  # f4[towns, seats, numbers], read-only
observer.map  # u1[towns, seats, planes, 11, 11], read-only
observer.scalars.view(observer.layout.dtype)["needs"]
```

The axis is seats: an empty seat is all zeros. `see` writes to the same two arrays each time, and only what has changed:
copy what is to be kept or changed.
"""

LAYOUTS = """
## Layouts

A policy keeps the hash of the layout that it learned on. Another one is refused when the policy is loaded, with
`NotImplementedError` that names both; so is a social snippet where nobody keeps ties (`relationships.capacity: 0`).
"""


def document() -> str:
    """The whole document."""
    layout = layout_of(Observations())
    lines = [INTRODUCTION, *_layouts(), "## Numbers", "", "Of the default settings, in order.", ""]
    lines += _table(layout.features, layout)
    compact = layout_of(Observations(variant="compact"))
    lines += ["", "`compact` has these as well, and what is social behind them.", "", *_table(HINT, compact)]
    lines += ["", "## Planes", "", "A cell beyond the map is 0, and 255 in `distance`."]
    for variant, planes in MAPS.items():
        if planes:
            lines += ["", f"`{variant}`:", "", "| plane | at most | meaning |", "|---|---|---|"]
            lines += [f"| `{plane.name}` | {plane.high} | {plane.meaning} |" for plane in planes]
    return "\n".join(lines) + "\n"


def _layouts() -> Iterator[str]:
    yield from (LAYOUTS.lstrip("\n"), "| settings | numbers | planes | hash |", "|---|---|---|---|")
    alone = Observations(social=Social(enabled=False), personality=False)
    made = [(f"`variant: {variant}`", Observations.model_validate({"variant": variant})) for variant in MAPS]
    for words, settings in (*made, ("`social.enabled: false`, `personality: false`", alone)):
        layout = layout_of(settings)
        yield f"| {words} | {layout.size} | {len(layout.planes)} | `{layout.hash}` |"
    yield ""


def _table(features: tuple[Feature, ...], layout: Layout) -> Iterator[str]:
    yield from ("| name | numbers | from | to | meaning |", "|---|---|---|---|---|")
    for one in features:
        first, last = layout.slices[one.name].start, layout.slices[one.name].stop - 1
        numbers = f"{first}" if first == last else f"{first} to {last}"
        yield f"| `{one.name}` | {numbers} | {one.low:g} | {one.high:g} | {one.meaning} |"

"""The marks that tell people apart: initials that nobody else has, and a colour."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits

from rich.style import Style

from townlet.observing.view import View
from tui.looks import Look, badge, text_in


def initials(view: View) -> Mapping[str, str]:
    """Different initials for everybody who lives in the town: one letter each where that is enough, else two."""
    return initials_of(tuple(view.town.state["agents"]))


@lru_cache(maxsize=64)
def initials_of(names: Sequence[str]) -> Mapping[str, str]:
    """Different initials for these names, for up to 1,612 people; the first names get those that suit them best."""
    firsts = [name[:1].upper() for name in names]
    if len(set(firsts)) == len(names):
        return dict(zip(names, firsts, strict=True))
    made: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        first, rest = name[:1].upper(), [char for char in name[1:] if char.isalnum()]
        rest.sort(key=str.isalpha)  # the number of alice_2 before her letters
        wished = [first + char for char in rest] + [first + char for char in ascii_lowercase + digits]
        others = (a + b for a in ascii_uppercase for b in ascii_lowercase + digits + ascii_uppercase)
        made[name] = next(each for each in (*wished, *others) if each not in taken)
        taken.add(made[name])
    return made


@lru_cache(maxsize=1024)
def style_of(style: str) -> Style:
    """The rich style of a style's text; each text is parsed once."""
    return Style.parse(style)


def colour_of(look: Look, person: int) -> str:
    """The style of text in a person's colour, by their number."""
    return text_in(look, look.people[person % len(look.people)])


def badge_of(look: Look, person: int) -> str:
    """The style of a person's mark on the map: text on their colour."""
    return badge(look, look.people[person % len(look.people)])

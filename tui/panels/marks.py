"""How a person is told from the others: initials that are theirs alone, and a colour."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits

from rich.style import Style

from townlet.observing.view import View
from tui.looks import Look


def initials(view: View) -> Mapping[str, str]:
    """The initials of everybody who lives there, no two alike: one letter where that will do, else two."""
    return initials_of(tuple(view.town.state["agents"]))


@lru_cache(maxsize=64)
def initials_of(names: Sequence[str]) -> Mapping[str, str]:
    """Initials for these names: those who come first have the better ones. 1,612 people have different ones."""
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
def parsed(style: str) -> Style:
    """A style of a theme, parsed once."""
    return Style.parse(style)


def colour_of(look: Look, person: int) -> str:
    """The style of a person, by number."""
    return look.people[person % len(look.people)]

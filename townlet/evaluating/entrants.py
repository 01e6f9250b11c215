"""The policies that are evaluated, by name or file, and for how many people of a town they act."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

from townlet.errors import PolicyError
from townlet.policies.file import Policy
from townlet.policies.guide import Share
from townlet.policies.seats import people_of
from townlet.policies.shelf import ENDING, policy_file, shipped_policies

SCRIPTED: Final = "scripted"
RANDOM: Final = "random"
BUILT_IN: Final = (SCRIPTED, RANDOM)
"""The script, and a policy to which every allowed option is as likely as another. They act for everybody."""

EVERYBODY: Final = "8/8"


class Entrant(NamedTuple):
    """A policy that is evaluated, under the name that was given.

    `files` are the policies of several trainings under the same settings, one file each, empty for the script and the
    random policy. `weights` are the digests of their weights, in the same order.
    """

    name: str
    files: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """What a town is told: `scripted`, `random` or a file each."""
        return self.files or (self.name,)


def entrants_of(policies: Iterable[str | Path]) -> list[Entrant]:
    """The policies of these names and files.

    A policy is `scripted`, `random`, the name of a shipped policy, a file, or `NAME=FILE,FILE,...`: trainings under the
    same settings, which differ in their seeds and are evaluated together under this name. Raises PolicyError for none,
    for a name that is given twice or that nobody has (with the nearest one), and for a file that is no policy.
    """
    found: list[Entrant] = []
    for given in policies:
        entrant = _entrant_of(str(given))
        if entrant.name in (each.name for each in found):
            raise PolicyError(f"policies: {entrant.name!r} is given twice. Next: give each policy once")
        found.append(entrant)
    if not found:
        raise PolicyError(f"policies: none given. Next: {', '.join(known_names())}, or a policy's file")
    return found


def known_names() -> list[str]:
    """The names of policies: those that are built in, then the shipped ones."""
    return [*BUILT_IN, *shipped_policies()]


def _entrant_of(given: str) -> Entrant:
    if given in BUILT_IN:
        return Entrant(given)
    name, sign, files = given.partition("=")
    if sign and not Path(given).exists():
        if not name or name in known_names():
            raise PolicyError(
                f"policies: {given!r} has no name of its own before the =. Next: mine=a{ENDING},b{ENDING}"
            )
        read = [_read(file) for file in files.split(",")]
    else:
        read = [_read(given)]
    paths, weights = zip(*read, strict=True)
    if len(set(weights)) < len(weights):
        raise PolicyError(f"policies: {given!r} has the same weights twice: each training counts once")
    return Entrant(name if len(read) > 1 or sign else given, paths, weights)


def _read(given: str) -> tuple[str, str]:
    """The path of a policy's file, and the digest of its weights."""
    path = policy_file(given, BUILT_IN)
    policy = Policy.read(path)
    if policy.identity.control != "option":
        raise PolicyError(f"{given}: this policy chooses every step, and an evaluation asks for options. Next: another")
    return str(path.resolve()), policy.identity.weights


def share_of(given: str, people: int) -> int:
    """How many of `people` a share such as `4/8` is. Raises PolicyError if that is no whole number of people."""
    try:
        share = Fraction(given)
    except (ValueError, ZeroDivisionError) as error:
        raise PolicyError(f"share {given!r} is no share. Next: 1/8, 4/8 or 8/8") from error
    if not 0 < share <= 1:
        raise PolicyError(f"share {given!r} is not above 0 and at most 1. Next: 1/8, 4/8 or 8/8")
    return people_of(Share(share.numerator, share.denominator), people)


def require_shares(shares: Sequence[str], people: int) -> dict[str, int]:
    """How many people each share is, by the share as it was given. Raises PolicyError for none, or for one twice."""
    counts = {given: share_of(given, people) for given in shares}
    if not counts or len(counts) < len(shares) or len(set(counts.values())) < len(counts):
        raise PolicyError(f"shares: {', '.join(shares) or 'none'} given. Next: give one or more, each once")
    return counts


__all__ = [
    "BUILT_IN",
    "EVERYBODY",
    "RANDOM",
    "SCRIPTED",
    "Entrant",
    "entrants_of",
    "known_names",
    "require_shares",
    "share_of",
]

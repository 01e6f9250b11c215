"""Which policy a town's people live by, and how many of them: everybody, or a share of them."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from townlet.errors import PolicyError
from townlet.policies.file import Policy
from townlet.policies.shelf import find_policy

EVERYBODY: Final = "8/8"
SCRIPTED: Final = "scripted"
"""The name that stands for no policy: people live by the script."""


class Share(NamedTuple):
    """How many people live by a policy: `part` of every `whole`. `policies.seats` says which seats these are."""

    part: int
    whole: int

    @classmethod
    def parse(cls, text: str) -> "Share":
        """The share that a text such as 4/8 says. Raises PolicyError."""
        found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text, re.ASCII)
        share = cls(int(found[1]), int(found[2])) if found else cls(0, 0)
        if not 0 < share.part <= share.whole:
            raise PolicyError(
                f"the share {text!r:.40} is not possible: give how many of how many people live by the policy, such as "
                "4/8 for half of them, or 8/8 for all"
            )
        return share

    def __str__(self) -> str:
        return f"{self.part}/{self.whole}"


class Guide(NamedTuple):
    """A policy and the share of people who live by it."""

    policy: Policy
    share: Share

    def __str__(self) -> str:
        return f"{self.policy.name} {self.policy.digest} {self.share}"

    @property
    def who(self) -> str:
        """The guide as a part of a run's identity; the policy's name is no part of it."""
        return f" policy {self.policy.digest} {self.share}"


def guide(policy: Policy | Path | str | None, share: str | None = None) -> Guide | None:
    """The guide of a policy's name, file or object, for a share such as 4/8; None for None and for `scripted`.

    Raises PolicyError, also for a share without a policy.
    """
    if policy is None or policy == SCRIPTED:
        if share is not None:
            raise PolicyError(f"a share of {share} is to live by a policy, and none is given: add --policy")
        return None
    return Guide(find_policy(policy), Share.parse(share or EVERYBODY))

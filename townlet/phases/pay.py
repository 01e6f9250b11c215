"""What each social stage pays, by a town's reward settings."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from projections.settings import SocialRewards
from townlet.configuration.stages import SocialStages, Stage

KEY: Final = "rewards.social.stage"
"""The key of a town's settings that a training sets by the stages."""


class Span(NamedTuple):
    """A stage, and the updates in which it pays: from `from_update` to `to_update`, both included."""

    stage: Stage
    from_update: int
    to_update: int
    pays: str


def spans_of(stages: SocialStages, updates: int, social: SocialRewards) -> list[Span]:
    """The stages of a training of so many updates, in their order; none for one without updates.

    A stage that begins after the last update is left out.
    """
    begun = [(update, stage) for update, stage in stages.spans() if update < updates]
    ends = [*(update for update, _ in begun[1:]), updates]
    return [Span(stage, first, end - 1, pays(stage, social)) for (first, stage), end in zip(begun, ends, strict=False)]


def pays(stage: Stage, social: SocialRewards) -> str:
    """What a stage pays, in words, with the numbers of the settings. A chat's tie is the one before it."""
    if stage == "OFF":
        return "nothing"
    chat = (
        f"a chat: ({social.chat:g} + {social.trust:g} x trust + {social.familiarity:g} x familiarity) x quality, "
        f"0 to {social.chat_most:g}"
    )
    parts = [chat]
    if stage in ("C2", "C3"):
        parts.append(f"a place given up in a line: {social.avoided_conflict:g}")
    if stage == "C3":
        parts.append(f"both times 1 + {social.standing:g} x mean standing")
    return "; ".join(parts)


def doubts(stages: SocialStages, updates: int, overrides: Iterable[str]) -> list[str]:
    """A sentence for each thing in a training of so many updates that changes nothing: it may be a mistake.

    `overrides` are the dotted keys of the town that the training sets itself.
    """
    found = [
        f"the schedule's entry [{update}, {stage}] is never reached: the training's last update is {updates - 1:,}"
        for update, stage in stages.social_reward_schedule
        if update >= updates
    ]
    if stages.social_reward_override and stages.social_reward_schedule[:1] and not stages.social_reward_schedule[0][0]:
        found.append("the override is never used: the schedule begins with update 0")
    found += [f"overrides: {key} is not used: the stages say what is paid as social" for key in overrides if key == KEY]
    return found

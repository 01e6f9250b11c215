"""Tellers of gifts and loans."""

from collections.abc import Iterator

from projections.narration.entries import Moment
from projections.narration.scene import Scene, pair
from projections.narration.words import nth


def meal_given(scene: Scene) -> Iterator[Moment]:
    """A person gives a meal to somebody in need, or somebody in need takes one from a person who is asleep."""
    asleep = scene.agent in scene.living and scene.agent not in scene.awake()
    yield _gift(scene, "help.meal_taken" if asleep else "help.meal_given")


def money_lent(scene: Scene) -> Iterator[Moment]:
    """A person lends money."""
    yield _gift(scene, "help.money_lent")


def money_returned(scene: Scene) -> Iterator[Moment]:
    """A person pays a loan back."""
    yield _gift(scene, "help.money_returned")


def _gift(scene: Scene, template: str) -> Moment:
    """The moment of a gift, with how often the one gave the same to the other."""
    count = scene.memory.add(f"gift_{scene.kind}", scene.agent, scene.other)
    scene.memory.add("gifts", *pair(scene.agent, scene.other))
    facts = {
        "amount": f"{scene.value:.2f}",
        "nth": nth(count),
        "where": scene.names.near(scene.stands(scene.agent), scene.stands(scene.other)),
    }
    again = count >= 2 and template not in ("help.money_returned", "help.meal_taken")
    return scene.moment(template, facts, priority=True, asides=["help.gift_again"] if again else [])

"""The seeds of a study: nothing else has them."""

from pathlib import Path

import pytest

from cli.commands.evaluate import command as evaluate
from tests.townlet.tuning.tiny import FILE, search, training
from townlet.env.decisions.experience import Experience
from townlet.errors import ConfigurationError
from townlet.experiments.settings import HeldOut, planned, shipped_experiments
from townlet.learning.settings import Training, shipped_trainings, training_of
from townlet.tuning.seeds import HELD_OUT, require_apart, town_seeds
from townlet.tuning.settings import Search, search_of, shipped_searches
from townlet.tuning.study import trainings_of


def checked(given: Training, found: Search) -> None:
    trials = trainings_of(given, found, 0, {})
    require_apart(given, {f"training {place}": each for place, each in enumerate(trials)}, found)


def test_the_held_out_towns_are_those_of_evaluations_and_experiments() -> None:
    default = next(option for option in evaluate.params if option.name == "seeds").default
    assert default == f"{HELD_OUT.start}-{HELD_OUT.stop - 1}"
    assert HeldOut().seeds == HELD_OUT


@pytest.mark.parametrize("name", shipped_searches())
def test_a_study_shares_no_town_with_trainings_evaluations_and_experiments(name: str) -> None:
    found = search_of(name)
    trials = [town_seeds(each) for each in trainings_of(training_of("town"), found, 0, {"towns": 4096})]
    others = [town_seeds(training_of(each)) for each in shipped_trainings()] + [HELD_OUT, found.towns.seeds]
    for each in shipped_experiments():
        plan = planned(each)
        others += [town_seeds(plan.training(arm, seed)) for arm, seed in plan.cells()] + [plan.settings.towns.seeds]
    for trial in trials:
        assert not [seeds for seeds in others if seeds.start < trial.stop and trial.start < seeds.stop]
    others.remove(found.towns.seeds)
    assert not [seeds for seeds in others if set(found.towns.seeds) & set(seeds)]
    for each in shipped_trainings():
        checked(training_of(each), found)


@pytest.mark.parametrize(
    ("given", "text", "words"),
    [
        ({"seed": 200}, FILE, "the training that is tuned and the tuning towns share towns"),
        ({"first_town_seed": 1_000_001}, FILE, "the training that is tuned and the held-out towns share towns"),
        ({"seed": 1_000_000}, FILE, "the training that is tuned and training 0 share towns"),
        ({}, FILE.replace("count: 2", "count: 2, first_seed: 1000020"), "the tuning towns and the held-out towns"),
        ({}, FILE.replace("updates: 2", "updates: 2\nfirst_training_seed: 100"), "the held-out towns and training 0"),
        ({}, FILE.replace("updates: 2", "updates: 2\nfirst_training_seed: 1"), "tuned and training 0 share towns"),
    ],
)
def test_towns_that_two_would_share_are_refused(tmp_path: Path, given: dict[str, int], text: str, words: str) -> None:
    given = {**given}
    with pytest.raises(ConfigurationError, match=words):
        checked(training(**given), search(tmp_path, text))


def test_a_training_founds_no_town_beyond_its_seeds() -> None:
    given = training(towns=3, rollout_ticks=1000, updates=7)
    seeds = town_seeds(given)
    with Experience(
        given.config, given.towns, rollout_ticks=1000, gamma=0.99, life_days=1, first_seed=given.first_seed
    ) as experience:
        experience.spread()
        met = set(experience.seeds)
        for _ in range(given.updates):
            experience.gather_scripted()
            met |= set(experience.seeds)
    assert met <= set(seeds) and len(met) > 2 * given.towns


def test_ranges_are_compared_at_their_edges(tmp_path: Path) -> None:
    seeds = town_seeds(training())
    beside = FILE.replace("count: 2", f"count: 2, first_seed: {seeds.stop}")
    checked(training(), search(tmp_path, beside))
    with pytest.raises(ConfigurationError, match="share towns"):
        checked(training(), search(tmp_path, FILE.replace("count: 2", f"count: 2, first_seed: {seeds.stop - 1}")))

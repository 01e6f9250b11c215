"""A search file: what it can say, and what is said of one with faults."""

from pathlib import Path

import pytest

from tests.townlet.tuning.tiny import FILE, file_of, search, training
from townlet.errors import ConfigurationError
from townlet.learning.settings import training_of
from townlet.tuning.sampling import is_within
from townlet.tuning.settings import require_possible, search_of, searched_keys, shipped_searches, value_of


@pytest.mark.parametrize("name", shipped_searches())
@pytest.mark.parametrize("tuned", ["town", "smoke"])
def test_a_shipped_search_fits_the_shipped_trainings_and_has_their_own_values(name: str, tuned: str) -> None:
    found, training = search_of(name), training_of(tuned)
    require_possible(found, training)
    assert is_within(found, {key: value_of(training, key) for key in found.search})


def test_only_what_changes_no_judgement_can_be_searched() -> None:
    keys = searched_keys()
    assert {"ppo.rate", "ppo.gae", "horizon_days", "network.hidden", "cloning.updates"} <= set(keys)
    assert not {"seed", "config", "overrides", "updates", "control", "placebo", "first_town_seed"} & set(keys)
    assert not [key for key in keys if key.startswith(("training.", "guards."))]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "ppo.rate:",
            "ppo.rat:",
            "search.yaml:7: search: ppo.rat: this key cannot be searched; did you mean ppo.rate?",
        ),
        ("ppo.rate:", "seed:", "seed: this key cannot be searched"),
        ("trials: 5", "trial: 5", "search.yaml:1: trial: there is no such key (5 given); did you mean trials?"),
        ("count: 2", "coun: 2", "towns.coun: there is no such key (2 given); did you mean count?"),
        ("trials: 5", "trials: 0", "search.yaml:1: trials: input should be greater than or equal to 1 (0 given)"),
        ("low: 0.0002", "low: 0.2", "search.yaml:7: search.ppo.rate: low must be below high (0.2 and 0.01 given)"),
        ("low: 0.0002", "low: 0", "log: low must be above 0"),
        ("low: 0.0002, ", "", "search.ppo.rate: give low and high, or choices"),
        ("low: 0.0002", "lo: 0.0002", "there is no such key (0.0002 given); did you mean low?"),
        ("low: 8, high: 32", "low: 8.5, high: 32", "ppo.minibatch: this key has whole numbers"),
        ("{choices: [8, 16]}", "{choices: [8, 8]}", "choices: give two or more values, each once"),
        ("{choices: [8, 16]}", "{choices: [8, 16], low: 8}", "give either choices, or low and high"),
        ("{choices: [8, 16]}", "[8, 16]", "this is a block of keys, such as ppo.gae: {low: 0.8, high: 1.0}"),
        ("ppo.minibatch:", "ppo.anneal:", "ppo.anneal: this key is no number, so it needs choices"),
    ],
)
def test_faults_are_told_with_line_key_and_what_is_possible(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        search_of(file_of(tmp_path, FILE.replace(old, new)))
    assert words in str(raised.value)


def test_an_unknown_search_names_the_shipped_ones() -> None:
    with pytest.raises(ConfigurationError, match="shipped are default"):
        search_of("defalt")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[8, 16]", "[8, 12]", "search: network.hidden: 12 is not possible here"),
        ("high: 32", "high: 2000000", "search: ppo.minibatch: 2000000 is not possible here"),
    ],
)
def test_a_value_that_no_training_can_have_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        require_possible(search(tmp_path, FILE.replace(old, new)), training())


def test_a_policy_that_chooses_every_step_is_not_tuned(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"control: a policy that chooses every step \(primitive given\)"):
        require_possible(search(tmp_path), training(control="primitive"))

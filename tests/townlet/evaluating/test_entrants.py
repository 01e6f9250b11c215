"""Which policies are evaluated, and which seats they act for."""

from pathlib import Path

import pytest

from tests.townlet.policies.making import identity_of, policy_file, tensors_of
from townlet.errors import PolicyError
from townlet.evaluating.entrants import entrants_of, require_shares, share_of
from townlet.policies.file import ACTIONS, write_policy


def test_names_and_files(tmp_path: Path) -> None:
    one, two = policy_file(tmp_path / "one.safetensors", 1), policy_file(tmp_path / "two.safetensors", 2)
    found = entrants_of(["scripted", "random", one, f"both={one},{two}"])
    assert [each.name for each in found] == ["scripted", "random", str(one), "both"]
    assert found[0].sources == ("scripted",) and found[2].sources == (str(one),)
    assert found[3].sources == (str(one), str(two)) and len(set(found[3].weights)) == 2
    assert found[3].weights[0] == found[2].weights[0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["scripted", "randm"], "there is no policy 'randm'; did you mean random?"),
        (["script"], "did you mean scripted?"),
        ([], "policies: none given. Next: scripted, random"),
        (["random", "random"], "'random' is given twice"),
        (["scripted=a.safetensors"], "has no name of its own before the ="),
        (["nowhere/a.safetensors"], "the policy cannot be read: no such file"),
    ],
)
def test_what_is_no_policy_is_refused(given: list[str], words: str) -> None:
    with pytest.raises(PolicyError) as refused:
        entrants_of(given)
    assert words in str(refused.value)


def test_the_same_training_twice_is_refused(tmp_path: Path) -> None:
    one = policy_file(tmp_path / "one.safetensors")
    two = policy_file(tmp_path / "two.safetensors")
    with pytest.raises(PolicyError, match="has the same weights twice"):
        entrants_of([f"mine={one},{two}"])


def test_a_policy_of_single_steps_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "steps.safetensors"
    write_policy(file, tensors_of(), identity_of(control="primitive", actions=ACTIONS))
    with pytest.raises(PolicyError, match="chooses every step"):
        entrants_of([file])


def test_a_share_is_a_whole_number_of_people() -> None:
    assert [share_of(share, 8) for share in ("1/8", "4/8", "1/2", "8/8", "1")] == [1, 4, 4, 8, 8]
    assert share_of("1/8", 16) == 2
    for share, words in (
        ("1/8", "of 6 people is no whole number of people. Next: 1/6"),
        ("0/8", "not above 0"),
        ("9/8", "at most 1"),
        ("half", "is no share"),
        ("1/0", "is no share"),
    ):
        with pytest.raises(PolicyError, match=words):
            share_of(share, 6)


def test_shares_are_given_once() -> None:
    assert require_shares(["1/8", "8/8"], 8) == {"1/8": 1, "8/8": 8}
    for shares in ([], ["4/8", "4/8"], ["4/8", "1/2"]):
        with pytest.raises(PolicyError, match="each once"):
            require_shares(shares, 8)

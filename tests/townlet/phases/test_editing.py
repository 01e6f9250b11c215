"""Stages are edited in the text of a training file: comments and everything else stay, and what comes out is meant."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from townlet.configuration.stages import STAGES, SocialStages
from townlet.errors import ConfigurationError
from townlet.phases.changing import ever_pays, spans_in_words, with_stage
from townlet.phases.editing import difference, edited
from townlet.yaml_text import read_yaml

COMMENTED = """\
# A training of mine.
name: mine   # it is mine
training:
  # what company pays
  social_reward_stage:   OFF  # the base
  social_reward_schedule:
    # first warm up
    - [100, C1]  # begin here
    - [200, C2]  # and here
  # the end of the block
overrides: {"town.people": 6}   # small

notes: |
  # this is text
"""

SHAPES = {
    "none": "name: mine # mine\nseed: 3\n",
    "no line end": "name: mine # mine",
    "empty": "",
    "only comments": "# nothing yet\n",
    "empty block": "training:\nseed: 3 # three\n",
    "null block": "training: ~ # nothing\nseed: 3\n",
    "braces": "training: {} # nothing\n",
    "flow": "training: {social_reward_stage: C1, social_reward_override: C2} # all\nseed: 3\n",
    "flow schedule": "training:\n  social_reward_schedule: [[5, C1], [9, C3]] # both\nseed: 3\n",
    "flow in lines": "training:\n  social_reward_schedule: [\n    [5, C1], # one\n    [9, C3]  # two\n  ] # both\n",
    "block entries": "training:\n  social_reward_schedule:\n  - - 5 # five\n    - c1\n  - - 9\n    - 'C3' # three\n",
    "block last": "seed: 3\ntraining:\n  social_reward_schedule:\n    - [5, C1]\n    # last",
    "schedule first": "training:\n  social_reward_schedule: # all\n    - [5, C1]\n  social_reward_stage: c1\n",
    "windows": "training:\r\n  social_reward_stage: OFF # base\r\n  social_reward_schedule:\r\n    - [5, C1] # one\r\n",
    "document": "---\ntraining:\n    social_reward_override: null # none\nseed: 3\n",
    "bom": "\ufefftraining:\n  social_reward_stage: OFF\n",
    "json": '{"name": "mine", "training": {"social_reward_stage": "OFF"}}\n',
    "commented": COMMENTED,
}


def stages_in(text: str) -> SocialStages:
    return SocialStages.model_validate((read_yaml(text, "it") or {}).get("training") or {})


def comments_in(text: str) -> list[str]:
    return sorted(found.strip() for found in re.findall(r"#[^\r\n]*", text))


def lines_changed(old: str, new: str) -> list[str]:
    return [line for line in difference(old, new, "it").splitlines()[2:] if line[0] in "+-"]


def test_one_value_is_changed_where_it_stands() -> None:
    new = edited(
        COMMENTED, SocialStages.model_validate({**stages_in(COMMENTED).model_dump(), "social_reward_stage": "C1"}), "it"
    )
    assert lines_changed(COMMENTED, new) == [
        "-  social_reward_stage:   OFF  # the base",
        "+  social_reward_stage:   C1  # the base",
    ]


def test_an_entry_with_another_stage_keeps_its_line_and_its_comment() -> None:
    new = edited(COMMENTED, with_stage(stages_in(COMMENTED), "C3", 200), "it")
    assert lines_changed(COMMENTED, new) == ["-    - [200, C2]  # and here", "+    - [200, C3]  # and here"]


def test_a_later_entry_is_added_as_a_line() -> None:
    new = edited(COMMENTED, with_stage(stages_in(COMMENTED), "OFF", 300), "it")
    assert lines_changed(COMMENTED, new) == ["+    - [300, OFF]"]


def test_what_was_planned_for_later_goes_and_its_comments_stay() -> None:
    new = edited(COMMENTED, with_stage(stages_in(COMMENTED), "OFF"), "it")
    assert lines_changed(COMMENTED, new) == [
        "-  social_reward_schedule:",
        "+  social_reward_schedule: []",
        "-    - [100, C1]  # begin here",
        "-    - [200, C2]  # and here",
        "+    # begin here",
        "+    # and here",
    ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("stage", "update"), [("C1", 0), ("OFF", 0), ("C2", 5), ("OFF", 7)])
def test_every_shape_of_file_can_be_edited(shape: str, update: int, stage: str) -> None:
    text = SHAPES[shape]
    wanted = with_stage(stages_in(text), stage, update)  # type: ignore[arg-type]
    new = edited(text, wanted, "it")
    assert stages_in(new) == wanted
    assert comments_in(new) == comments_in(text)
    old_rest, new_rest = (read_yaml(each, "it") or {} for each in (text, new))
    old_rest.pop("training", None), new_rest.pop("training", None)
    assert old_rest == new_rest
    assert ("\r\n" in text) == ("\r\n" in new)
    assert "\r\n" not in text or re.search(r"(?<!\r)\n", new) is None


entries = st.dictionaries(st.integers(0, 400), st.sampled_from(STAGES), max_size=4).map(
    lambda found: sorted(found.items())
)


@settings(max_examples=40)
@given(st.sampled_from(STAGES), st.none() | st.sampled_from(STAGES), entries, st.sampled_from(sorted(SHAPES)))
def test_any_stages_can_be_written_into_any_shape(base: str, override: str | None, schedule: list, shape: str) -> None:
    keys = {"stage": base, "override": override, "schedule": schedule}
    wanted = SocialStages.model_validate({f"social_reward_{key}": value for key, value in keys.items()})
    new = edited(SHAPES[shape], wanted, "it")
    assert stages_in(new) == wanted
    assert comments_in(new) == comments_in(SHAPES[shape])
    assert edited(new, wanted, "it") == new


@pytest.mark.parametrize(
    "text",
    [
        "x: &it {social_reward_stage: OFF}\ntraining: *it\n",
        "training:\n  social_reward_stage: &base OFF\n  social_reward_override: *base\n",
        "name: mine\n...\n",
        "{name: mine}\n",
    ],
    ids=["a block by an alias", "a value by an alias", "a document's end", "no block of lines"],
)
def test_what_cannot_be_edited_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"it: .*by hand: .*social_reward_stage: C1"):
        edited(text, SocialStages(social_reward_stage="C1"), "it")


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="it:1: this is not YAML"):
        edited("training: [", SocialStages(), "it")


def test_from_update_0_on_a_stage_is_the_base_alone() -> None:
    found = with_stage(stages_in(COMMENTED), "C1")
    assert found == SocialStages(social_reward_stage="C1")
    assert with_stage(found, "C1") is found
    assert spans_in_words(found) == "C1"


def test_from_a_later_update_on_what_came_before_stays() -> None:
    found = with_stage(stages_in(COMMENTED), "C3", 150)
    assert spans_in_words(found) == "OFF, C1 from update 100, C3 from update 150"
    assert with_stage(found, "C3", 150) is with_stage(found, "C3", 999) is found


@given(st.sampled_from(STAGES), entries, st.sampled_from(STAGES), st.integers(0, 500))
def test_a_change_begins_at_its_update_and_ends_never(base: str, schedule: list, stage: str, update: int) -> None:
    before = SocialStages.model_validate({"social_reward_stage": base, "social_reward_schedule": schedule})
    after = with_stage(before, stage, update)  # type: ignore[arg-type]
    assert all(after.stage_at(each) == before.stage_at(each) for each in range(update))
    assert all(after.stage_at(each) == stage for each in range(update, 600))


def test_whether_anything_is_ever_paid() -> None:
    stages = stages_in(COMMENTED)
    assert (ever_pays(stages, 100), ever_pays(stages, 101)) == (False, True)
    assert not ever_pays(SocialStages(), 10)

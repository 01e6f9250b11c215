"""The page on rolling out social rewards: its commands, run in their order, say what it shows.

`python -m tests.test_rollout` writes its outputs anew; read the diff before you commit it.
"""

import pytest

from tests.test_handbook import with_real_outputs
from tests.test_readme import ROOT, text_of
from townlet.configuration.stages import STAGES, SocialStages
from townlet.judging.soak_record import DAYS_LEAST, SEEDS_LEAST
from townlet.learning.settings import GuardSettings

PAGE = ROOT / "docs" / "ops" / "SOCIAL_REWARDS_ROLLOUT.md"


@pytest.mark.slow
def test_the_page_shows_what_comes_out() -> None:
    pytest.importorskip("torch")
    assert with_real_outputs(text_of(PAGE)) == text_of(PAGE), "`python -m tests.test_rollout` writes it anew"


def test_the_page_tells_of_every_stage_key_and_guard() -> None:
    text = text_of(PAGE)
    for name in (*STAGES, *SocialStages.model_fields, *(f"guards.{name}" for name in GuardSettings.model_fields)):
        assert f"`{name}`" in text, f"{PAGE.name} says nothing of {name}"


def test_the_page_has_the_numbers_of_the_code() -> None:
    text, guards = text_of(PAGE), GuardSettings()
    assert f"it has {SEEDS_LEAST} seeds and {DAYS_LEAST} days at least" in text
    assert f"more than {guards.kl_most:g} (`guards.kl_most`)" in text
    assert f"more than {guards.gradient_norm_most:g} (`guards.gradient_norm_most`)" in text
    assert f"more than {guards.variance_factor:g} times that of the random policy" in text
    assert f"more than {guards.exits_factor:g} times those of the random policy" in text
    assert (
        f"over {guards.window} updates (`guards.window`), judged after the first {guards.grace} (`guards.grace`)"
        in text
    )


if __name__ == "__main__":
    PAGE.write_text(with_real_outputs(text_of(PAGE)), "utf-8")

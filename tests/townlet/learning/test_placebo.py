"""The placebo: the social pay stays what it is in all, and falls to decisions at random."""

from collections.abc import Iterator

import numpy as np
import pytest

from projections.riders.rewards import COLUMNS
from tests.townlet.learning.decisions import many
from tests.townlet.learning.small import small
from townlet.configuration.load import load
from townlet.env.decisions.experience import Experience
from townlet.env.decisions.rows import DECIDED, DIED
from townlet.errors import ConfigurationError
from townlet.learning.placebo import paid_at_random
from townlet.learning.settings import Training, digest_of
from townlet.learning.trainer import Trainer

C1 = {"training": {"social_reward_stage": "C1"}, "overrides": {"rewards.company.enabled": False}}


def ended(rows: np.ndarray) -> np.ndarray:
    found: np.ndarray = (rows["ended"] == DECIDED) | (rows["ended"] == DIED)
    return found


@pytest.fixture(scope="module")
def lived() -> Iterator[tuple[np.ndarray, float]]:
    """The rows of a day by the script under C1, without a discount, and the social pay in its books."""
    overrides = {"rewards.social.stage": "c1", "rewards.company.enabled": False}
    with Experience(None, 2, rollout_ticks=1440, gamma=1.0, life_days=3, overrides=overrides) as experience:
        experience.gather_scripted()
        paid = float(experience.books["terms"][:, COLUMNS.index("social")].sum())
        yield experience.rows.view(np.ndarray)[: experience.n].copy(), paid


def test_a_row_knows_its_social_part(lived: tuple[np.ndarray, float]) -> None:
    rows, paid = lived
    assert paid > 0.0
    assert rows["social"].sum() == pytest.approx(paid, abs=1e-9)


def test_the_sum_stays_and_only_ended_decisions_are_dealt(lived: tuple[np.ndarray, float]) -> None:
    rows, _ = lived
    before = rows.copy()
    dealt = paid_at_random(rows, 1, 0)
    assert (rows == before).all(), "the rows themselves stay"
    for name in ("social", "reward"):
        assert dealt[name].sum() == pytest.approx(rows[name].sum(), abs=1e-9)
    assert (dealt[~ended(rows)] == rows[~ended(rows)]).all()
    assert (np.sort(dealt["social"][ended(rows)]) == np.sort(rows["social"][ended(rows)])).all()
    assert np.allclose(dealt["reward"] - dealt["social"], rows["reward"] - rows["social"], atol=1e-12)
    assert (dealt["social"] != rows["social"]).any()
    others = [name for name in rows.dtype.names or () if name not in ("social", "reward")]
    assert (dealt[others] == rows[others]).all()


def test_the_order_has_an_address() -> None:
    rows, _ = many(200)
    rows["social"] = np.arange(200)
    first = paid_at_random(rows, 1, 0)
    assert (paid_at_random(rows, 1, 0) == first).all()
    for seed, update in ((2, 0), (1, 1)):
        assert (paid_at_random(rows, seed, update) != first).any()


def test_no_rows_are_dealt_without_error() -> None:
    assert len(paid_at_random(many(8)[0][:0], 1, 0)) == 0


def test_it_teaches_something_else_than_the_stage_and_off_changes_no_bit() -> None:
    """After one update: the same rollout, other weights; where the stage pays, but `placebo` is off, the same."""
    town = load("town", {"rewards.company.enabled": False}, founded=True)

    def after(**changes: object) -> dict[str, object]:
        trainer = Trainer(small(**C1, updates=2, rollout_ticks=720, **changes), town).begin()
        row = trainer.step()
        trainer.close()
        return dict(row)

    plain, off, placebo = after(), after(placebo=False), after(placebo=True)
    assert plain == off
    assert plain["return.social"] == placebo["return.social"] != 0.0
    assert plain["rollout"] == placebo["rollout"]
    assert plain["weights"] != placebo["weights"]
    assert plain["reward_variance"] == placebo["reward_variance"], "the guard sees what was paid, not what was dealt"


def test_a_training_without_it_keeps_its_name() -> None:
    def without_the_key(training: Training) -> str:
        return digest_of(training.model_copy(update={"placebo": False}), "")

    assert digest_of(small(**C1), "") == without_the_key(small(**C1))
    assert digest_of(small(**C1, placebo=True), "") != without_the_key(small(**C1))


def test_it_needs_a_stage_that_pays() -> None:
    with pytest.raises(ConfigurationError, match="placebo: it needs a stage that pays"):
        small(placebo=True)

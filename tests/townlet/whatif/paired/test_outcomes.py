"""The outcomes of a town: what is counted over many towns at once is what the tables of one town say."""

import pytest

from projections.bonds import society
from tests.townlet.towns import DAY, default_settings, town_of
from townlet.history.town_tables import town_table
from townlet.whatif.paired.outcomes import FIGURES, figures


def test_the_figures_of_a_town_are_those_of_the_table_society() -> None:
    town = town_of(default_settings())
    town.found(2)
    for _ in town.live(4 * DAY):
        pass
    (row,) = society(town_table(town, "agents"), town_table(town, "ties")).to_pylist()
    assert row["rivalries"] and row["friendships"]
    assert figures(town.towns)[0].tolist() == pytest.approx([row[name] for name in FIGURES], rel=1e-12)

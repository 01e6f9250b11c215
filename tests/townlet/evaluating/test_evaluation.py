"""Whole evaluations: rows, shares, digests, alarms, a second reward."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog import codes
from eventlog.rows import ROW
from tests.townlet.policies.making import policy_file
from tests.townlet.towns import KITCHEN, ROOT
from townlet.configuration.load import load
from townlet.errors import ConfigurationError, PolicyError, QueryError, TownletError
from townlet.evaluating.counting import Counts
from townlet.evaluating.evaluation import Evaluation, evaluate
from townlet.evaluating.figures import PLAIN
from townlet.evaluating.hours_picture import COLOURS, plot_hours
from townlet.evaluating.living import OPTIONS, seated_town, town_sums
from townlet.evaluating.paying import Midnights, mutual_ties
from townlet.evaluating.picture import DRAWN, plot_evaluation
from townlet.evaluating.rows import Row, alarms, summed
from townlet.policies.seats import learned_seats

SEEDS = (5, 9)


def small(*policies: str | Path, **changes: Any) -> Evaluation:
    how: dict[str, Any] = {"seeds": SEEDS, "days": 1, "jobs": 1, "shares": ["4/4"], **changes}
    return evaluate(policies, KITCHEN, **how)


def of(found: Evaluation, policy: str, share: str = "8/8") -> dict[str, Row]:
    return {row.figure: row for row in found.rows if (row.policy, row.share) == (policy, share)}


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Evaluation]:
    """The name of a policy's file, and an evaluation of it, the script and the random policy."""
    file = policy_file(tmp_path_factory.mktemp("policies") / "mine.safetensors", 4)
    also = {"rewards.survival": 0.01}
    return str(file), small(file, "scripted", "random", shares=["2/4", "4/4"], days=2, also=also)


def test_every_policy_and_share_has_every_figure(three: Any) -> None:
    name, found = three
    kinds = {(row.policy, row.share) for row in found.rows}
    assert kinds == {(name, "2/4"), (name, "4/4"), ("scripted", "8/8"), ("random", "8/8")}
    script = of(found, "scripted")
    wanted = {"return", "return.needs", "return.iqm", "also.return", "exits", "exits.most", "exits.faint", "chats"}
    wanted |= {"self_sufficiency", "shared_meals", "helps", "takeovers", "quarrels", "wallet_slope", "sleep_at_night"}
    assert wanted | {"time.sleep"} <= set(script) <= set(of(found, "random"))
    assert set(of(found, name, "2/4")) - set(of(found, name, "4/4")) == {
        f"others.{figure}" for figure in ("return", "exits", "self_sufficiency", "chats", "shared_meals", "quarrels")
    }
    json.dumps([row._asdict() for row in found.rows], allow_nan=False)


def test_terms_add_up_and_time_is_whole(three: Any) -> None:
    _, found = three
    for policy in ("scripted", "random"):
        rows = of(found, policy)
        terms = [row.value for name, row in rows.items() if name.startswith("return.") and row.unit == "a seat-day"]
        assert sum(terms) - rows["return.iqm"].value == pytest.approx(rows["return"].value)  # type: ignore[arg-type, operator]
        time = [row.value for name, row in rows.items() if name.startswith("time.") and name.count(".") == 1]
        assert sum(time) == pytest.approx(1.0)  # type: ignore[arg-type]


def test_the_time_of_each_hour_is_whole() -> None:
    rows = of(small("scripted", seeds=[5], by_hour=True), "scripted")
    for hour in ("00", "03", "23"):
        shares = [row.value for name, row in rows.items() if name.startswith("time.") and name.endswith(f".{hour}")]
        assert len(shares) == 9 and sum(shares) == pytest.approx(1.0)  # type: ignore[arg-type]
    assert rows["time.sleep.03"].value > 0.9 > rows["time.sleep.12"].value  # type: ignore[operator]


def test_a_second_reward_pays_the_same_towns(three: Any) -> None:
    _, found = three
    rows = of(found, "scripted")
    assert rows["return.survival"].value == pytest.approx(0.002 * 1440)
    assert rows["also.return.survival"].value == pytest.approx(0.01 * 1440)
    assert rows["also.return.needs"] == rows["return.needs"]._replace(figure="also.return.needs")


def test_differences_are_to_the_same_seats_under_the_script(three: Any) -> None:
    name, found = three
    text = load(KITCHEN, founded=True).text
    script = [town_sums(text, seed, 2, "scripted", [], "") for seed in SEEDS]
    for share, count in (("2/4", 2), ("4/4", 4)):
        row = of(found, name, share)["return"]
        seats = [learned_seats(seed, 4, count) for seed in SEEDS]
        paid = sum(town["total"][seat] for town, chosen in zip(script, seats, strict=True) for seat in chosen)
        assert row.value - row.difference == pytest.approx(paid / (2 * 2 * count))  # type: ignore[operator]


def test_exactly_the_learned_seats_are_asked(tmp_path: Path) -> None:
    text = load(None, founded=True).text
    source = str(policy_file(tmp_path / "mine.safetensors"))
    for count in (1, 4, 8):
        seats = learned_seats(7, 8, count)
        sums = town_sums(text, 7, 1, source, seats, "")
        assert [seat for seat, asked in enumerate(sums["decisions"]) if asked] == seats
        assert len(seats) == count
    assert not any(town_sums(text, 7, 1, "scripted", [], "")["decisions"])


def test_trainings_are_told_together(tmp_path: Path) -> None:
    one, two = (str(policy_file(tmp_path / f"{name}.safetensors", name)) for name in (1, 2))
    found = small(one, two, f"both={one},{two}", "scripted", days=2)
    single = [of(found, name, "4/4")["return"] for name in (one, two)]
    both = of(found, "both", "4/4")["return"]
    assert both.value == pytest.approx((single[0].value + single[1].value) / 2)  # type: ignore[operator]
    assert both.low <= min(each.value for each in single) <= both.high  # type: ignore[operator, type-var]
    most = [of(found, name, "4/4")["exits.most"].value for name in (one, two, "both")]
    assert most[2] == max(most[:2])  # type: ignore[type-var]


def test_a_file_that_was_written_anew_is_evaluated_anew(tmp_path: Path) -> None:
    file, kept = tmp_path / "mine.safetensors", tmp_path / "kept"
    first = small(policy_file(file, 1), into=kept)
    assert small(file, into=kept).rows == first.rows
    again = small(policy_file(file, 2), into=kept)
    assert again.digest != first.digest and again.rows == small(file).rows
    text = load(KITCHEN, founded=True).text
    with pytest.raises(PolicyError, match="written anew"):
        town_sums(text, 5, 1, str(file), [0], "", weights="0" * 64)


def test_processes_change_nothing() -> None:
    one, two = (small("scripted", "random", jobs=jobs) for jobs in (1, 2))
    assert one == two


def test_the_digest_is_of_seeds_days_and_what_was_lived(tmp_path: Path) -> None:
    one, other = (policy_file(tmp_path / name, 3) for name in ("one.safetensors", "other.safetensors"))
    digests = [small(*asked, **how).digest for asked, how in (
        ((one,), {}),
        ((other,), {}),
        ((policy_file(tmp_path / "third.safetensors", 5),), {}),
        ((one,), {"seeds": (5, 10)}),
        ((one,), {"days": 2}),
        ((one,), {"overrides": {"rewards.survival": 0.003}}),
    )]  # fmt: skip
    assert digests[0] == digests[1], "a file's place is no part of it"
    assert len(set(digests)) == 5


def test_what_cannot_be_evaluated_is_refused() -> None:
    for words, error, how in (
        ("seeds: none given", TownletError, {"seeds": []}),
        ("one is there twice", TownletError, {"seeds": [1, 1]}),
        ("days", TownletError, {"days": 0}),
        ("begin with rewards.", ConfigurationError, {"also": {"town.people": 3}}),
        ("no whole number of people. Next: 1/4", PolicyError, {"shares": ["1/8"]}),
    ):
        with pytest.raises(error, match=words):
            small("scripted", **how)


def test_a_policy_of_another_layout_is_refused(tmp_path: Path) -> None:
    file = policy_file(tmp_path / "mine.safetensors")
    with pytest.raises(NotImplementedError, match="layout"):
        small(file, overrides={"observations.personality": False})


def test_a_town_without_ties_is_evaluated_too(tmp_path: Path) -> None:
    off = {"relationships.capacity": 0}
    found = small("scripted", "random", overrides=off)
    assert of(found, "scripted")["chats"].value is not None and of(found, "random")["mutual_ties"].value == 0
    with pytest.raises(NotImplementedError, match="ties"):
        small(policy_file(tmp_path / "mine.safetensors"), overrides=off)


def test_one_policy_may_stand_alone() -> None:
    found = evaluate("scripted", KITCHEN, seeds=[5], days=1, jobs=1, shares=["4/4"])
    assert {(row.policy, row.low, row.difference) for row in found.rows} == {("scripted", None, None)}


def test_more_exits_than_at_random_are_an_alarm() -> None:
    def exits(policy: str, value: float) -> Row:
        return Row(policy, "8/8", "exits", value, None, None, None, None, None, "a person-day")

    rows = [exits("mine", 0.03), exits("random", 0.02), exits("scripted", 0.0)]
    (alarm,) = alarms(rows, "random")
    assert "under mine at 8/8" in alarm and "0.0300 a person-day against 0.0200" in alarm
    assert alarms(rows[1:], "random") == [] and alarms([rows[0], rows[2]], "random") == []


def test_sums_are_of_the_chosen_seats() -> None:
    towns = [[{"log": "a", "chats": [1.0, 2.0, 4.0]}, {"log": "b", "chats": [8.0, 16.0, 32.0]}]]
    assert summed(towns, [[0, 2], [1]])["chats"].tolist() == [[5.0, 16.0]]  # type: ignore[arg-type]


def test_a_wallet_is_held_against_the_same_persons_a_week_before() -> None:
    town, midnights = seated_town(load(KITCHEN).settings), Midnights(2)
    agents = town.record["agents"]
    agents["alive"][:2], agents["person"][:2] = 1, (0, 1)
    for day in range(15):
        # The first one gains 0.5 a day, and 3 more at the week's ends; the second is somebody else from day 10 on.
        agents["wallet"][:2] = 0.5 * day + 3.0 * (day % 7 > 4), 4.0 + 100.0 * (day >= 10)
        agents["person"][1] = 1 + 16 * (day >= 10)
        midnights.note(town)
    found = midnights.wallets()
    assert found["wallet_gains"].tolist() == [0.5 * 7, 0.0] and found["wallet_weeks"].tolist() == [7.0, 2.0]
    assert found["wallet"].tolist() == [7.0, 104.0]


def test_ties_count_where_both_like_each_other() -> None:
    agents = seated_town(load(KITCHEN).settings).record["agents"][:4].copy()
    agents["alive"][:3], agents["person"][:3] = 1, (0, 1, 2)
    for seat, other, trust, rivalry in ((0, 1, 0.5, 0.1), (1, 0, 0.31, 0.0), (0, 2, 0.9, 0.0), (2, 0, 0.5, 0.3)):
        tie = agents["ties"][seat, np.flatnonzero(agents["ties"]["known"][seat] == 0)[0]]
        tie["known"], tie["other"], tie["trust"], tie["rivalry"] = 1, other, trust, rivalry
    assert mutual_ties(agents).tolist() == [1.0, 1.0, 0.0, 0.0]


def test_partners_are_counted_by_how_evenly_one_talks() -> None:
    rows = np.zeros(6, ROW)
    rows["kind"], rows["agent"], rows["other"] = codes.CHAT_STARTED, (0, 0, 2, 0, 0, 0), (1, 2, 0, 1, 1, 1)
    counts = Counts(3, 16)
    counts.add(rows)
    assert counts.counted["chats"].tolist() == [5.0, 0.0, 1.0]
    found = counts.partners()
    assert found["partners"].tolist() == [6**2 / (4**2 + 2**2), 1.0, 1.0] and found["talkers"].tolist() == [1.0] * 3


def test_the_same_rows_give_the_same_picture(three: Any, tmp_path: Path) -> None:
    files = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for file in files:
        plot_evaluation(three[1].rows, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert "sleep_at_night" in files[0].read_text(encoding="utf-8")


def test_the_hours_are_drawn_with_every_option_or_not_at_all(three: Any, tmp_path: Path) -> None:
    assert set(COLOURS) == set(OPTIONS)
    with pytest.raises(QueryError, match="no rows of hours"):
        plot_hours(three[1].rows, tmp_path / "none.svg")


def test_the_document_names_every_figure() -> None:
    text = (ROOT / "docs" / "policy" / "EVALUATION.md").read_text(encoding="utf-8")
    known = [figure.name for figure in PLAIN if not figure.name.startswith(("time.", "exits."))]
    missing = [
        name for name in (*known, *DRAWN, "return.iqm", "return.improves", "exits.most") if f"`{name}`" not in text
    ]
    assert not missing


def test_the_public_door() -> None:
    assert townlet.evaluate is evaluate

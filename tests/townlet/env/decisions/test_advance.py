"""Towns that run ahead until somebody decides, against the same towns stepped tick by tick."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import townlet
from tests.townlet.env.decisions.acting import at_random, experience, net, plain_rows
from townlet import warming
from townlet.env.decisions.experience import Experience
from townlet.env.decisions.rows import CLOSING, DECIDED, DIED, OPEN
from townlet.errors import TownletError
from townlet.policies.forward import answer_rows

HARSH = {"rewards.social.stage": "c1", "needs.decay.hunger": 0.0025, "needs.faint_at": 0.1}
"""People faint and leave within days, so that seats change hands."""

GAMMA = 0.999


def stepped(
    rows: np.ndarray, seen: np.ndarray, towns: int, ticks: int, **changes: object
) -> tuple[list[str], dict[int, list[float]], list[bytes]]:
    """Live by the same choices through `VectorEnv.step`, and sum up each row's rewards in plain Python.

    Returns what differs, the sums [reward, discount, ticks] by row, and the towns' states.
    """
    where = {(int(row["town"]), int(row["person"]), int(row["tick"])): i for i, row in enumerate(rows)}
    sums: dict[int, list[float]] = {}
    latest: dict[tuple[int, int], int] = {}
    wrong = []
    with townlet.vector_env(None, towns=towns, variant="compact", episode_ticks=10**6, **changes) as env:
        observations, infos = env.reset(seed=77)
        for now in range(ticks):
            asked = np.where(infos["alive"], infos["actions"], 0)
            for e, a in np.argwhere(infos["decides"]).tolist():
                who = e, int(infos["person"][e, a])
                i = where[*who, now]
                if observations["scalars"][e, a].tobytes() != seen[i].tobytes():
                    wrong.append(f"observation of row {i}")
                if observations["action_mask"][e, a].tobytes() != rows[i]["mask"].tobytes():
                    wrong.append(f"mask of row {i}")
                asked[e, a] = rows[i]["action"]
                latest[who], sums[i] = i, [0.0, 1.0, 0]
            persons = infos["person"].copy()
            observations, _, gone, _, infos = env.step(asked)
            total = env.breakdown[..., -1]
            for e, a in np.ndindex(persons.shape):
                who = e, int(persons[e, a])
                if who in latest:
                    each = sums[latest[who]]
                    each[0], each[1], each[2] = each[0] + each[1] * total[e, a], each[1] * GAMMA, each[2] + 1
                    if gone[e, a]:
                        each[1] = 0.0
                        del latest[who]
        states = [
            env.record(index)["agents"].tobytes() + env.record(index)["clock"].tobytes() for index in range(towns)
        ]
    return wrong, sums, states


def test_running_ahead_is_stepping_to_the_last_bit() -> None:
    ticks, towns = 1800, 2
    with experience(towns, rollout_ticks=ticks, life_days=30, first_seed=77, overrides=HARSH) as lived:
        lived.gather(at_random)
        rows, seen = plain_rows(lived), lived.seen[: lived.n]
        records = lived.lives.towns.towns.view(np.ndarray)
        states = [records[index]["agents"].tobytes() + records[index]["clock"].tobytes() for index in range(towns)]
    wrong, sums, other_states = stepped(rows, seen, towns, ticks, overrides=HARSH)
    assert not wrong
    assert states == other_states
    assert (rows["ended"] == DIED).sum() >= 2 and len(set(rows["person"].tolist())) > 8, "nobody left: nothing is shown"
    late = rows["tick"] == ticks  # decided after the last tick
    assert sorted(sums) == np.flatnonzero(~late).tolist()
    for i, (reward, discount, lasted) in sums.items():
        assert (rows["reward"][i], rows["discount"][i], rows["ticks"][i]) == (reward, discount, lasted), i


def test_rows_are_linked_by_person_and_forward() -> None:
    with experience(3, rollout_ticks=2 * 1440, life_days=1, overrides=HARSH) as lived:
        lived.gather(at_random)
        rows = plain_rows(lived)
        kinds = {int(kind): int((rows["ended"] == kind).sum()) for kind in (OPEN, DECIDED, DIED, CLOSING)}
    assert min(kinds.values()) > 0
    for i in np.flatnonzero(rows["ended"] == DECIDED).tolist():
        row, after = rows[i], rows[rows[i]["next"]]
        assert row["next"] > i
        assert (after["town"], after["seat"], after["person"]) == (row["town"], row["seat"], row["person"])
        assert after["tick"] == row["tick"] + row["ticks"] and row["discount"] == pytest.approx(GAMMA ** row["ticks"])
    others = rows[rows["ended"] != DECIDED]
    assert (others["next"] == -1).all()
    assert (rows["discount"][rows["ended"] == DIED] == 0.0).all()
    closing = rows[rows["ended"] == CLOSING]
    assert (closing["tick"] == 1440).all() and (closing["action"] == -1).all() and (closing["ticks"] == 0).all()
    decisions = rows[rows["ended"] != CLOSING]
    assert (decisions["mask"][np.arange(len(decisions)), decisions["action"]] == 1).all()


def test_a_newcomer_never_gets_the_rewards_of_who_left() -> None:
    with experience(2, rollout_ticks=3 * 1440, life_days=30, first_seed=77, overrides=HARSH) as lived:
        lived.gather(at_random)
        rows = plain_rows(lived)
    for town, seat in {(row["town"], row["seat"]) for row in rows[rows["ended"] == DIED]}:
        of_seat = rows[(rows["town"] == town) & (rows["seat"] == seat)]
        of_seat = of_seat[np.argsort(of_seat["tick"], kind="stable")]
        for before, after in pairwise(of_seat):
            if before["person"] != after["person"]:
                assert before["ended"] == DIED and before["tick"] + before["ticks"] <= after["tick"]


def test_the_net_inside_chooses_as_its_answers_outside() -> None:
    def outside(lived: Experience, first: int, last: int) -> None:
        log_probs, values = np.zeros((last - first, 9), "f4"), np.zeros(last - first, "f4")
        answer_rows(net(), lived.seen[first:last], plain_rows(lived)["mask"][first:last], log_probs, values)
        lived.answer(log_probs, values, first, last)

    def lives(towns: int, is_inside: bool) -> np.ndarray:
        with experience(towns, rollout_ticks=1000, life_days=30, first_seed=5) as lived:
            if is_inside:
                lived.gather_compiled(net())
            else:
                lived.gather(outside)
            rows = plain_rows(lived).copy()
            rows["next"] = np.where(rows["next"] >= 0, rows["tick"][rows["next"]], -1)  # numbers of rows differ
            return rows[np.lexsort((rows["seat"], rows["tick"], rows["town"]))]

    whole = lives(4, True)
    assert len(whole) > 300
    assert lives(4, False).tobytes() == whole.tobytes()
    for towns in (1, 3):
        assert lives(towns, True).tobytes() == whole[whole["town"] < towns].tobytes()
        assert lives(towns, False).tobytes() == whole[whole["town"] < towns].tobytes()


def test_seats_of_the_script_have_no_rows_and_live_by_it() -> None:
    with experience(2, rollout_ticks=700) as lived:
        which = np.zeros((2, 8), np.bool_)
        lived.learned = which
        lived.gather(at_random)
        alone = lived.lives.towns.towns.view(np.ndarray)["agents"].tobytes()
        assert lived.n == 0 and lived.books["lived"].sum() == 0 and lived.books_of_others["lived"].sum() == 2 * 8 * 700
    with experience(2, rollout_ticks=700) as lived:
        lived.gather_scripted()
        assert lived.lives.towns.towns.view(np.ndarray)["agents"].tobytes() == alone
        assert (plain_rows(lived)["action"][plain_rows(lived)["ended"] == DECIDED] >= 0).mean() > 0.9
    with experience(2, rollout_ticks=700) as lived:
        which[:, :4] = True
        lived.learned = which
        lived.gather(at_random)
        assert set(plain_rows(lived)["seat"].tolist()) == {0, 1, 2, 3}
        assert lived.books["lived"].sum() == lived.books_of_others["lived"].sum() == 2 * 4 * 700


def test_a_first_run_does_not_compile_it() -> None:
    """Neither `townlet warm` nor an environment imports what is compiled at first use."""
    code = "import sys, townlet.warming, townlet.env.vector; print([m for m in sys.modules if 'env.decisions' in m])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"
    assert "decisions" not in Path(warming.__file__).read_text("utf-8")


def test_a_wrong_answer_is_refused() -> None:
    def spoilt(lived: Experience, first: int, last: int) -> None:
        lived.answer(np.full((last - first, 9), np.nan), np.zeros(last - first), first, last)

    def short(lived: Experience, first: int, last: int) -> None:
        lived.answer(np.zeros((last - first, 8)), np.zeros(last - first), first, last)

    with experience(1) as lived:
        with pytest.raises(TownletError, match="not a number"):
            lived.gather(spoilt)
        with pytest.raises(TownletError, match=r"log-probabilities \[\d+, 9\]"):
            lived.gather(short)
        with pytest.raises(TownletError, match="another observation layout"):
            lived.gather_compiled(net(7))
        with pytest.raises(TownletError, match=r"learned is bool \[1, 8\]"):
            lived.learned = np.ones(3, np.bool_)
    with pytest.raises(TownletError, match="gamma"):
        experience(1, gamma=1.5)
    with pytest.raises(TownletError, match="logs=FOLDER"):
        experience(1, logged_towns=1)
    with experience(1, control="primitive") as lived:
        with pytest.raises(TownletError, match="control='option'"):
            lived.gather_scripted()
        lived.gather(at_random)
        assert lived.n > 360, "with primitives nearly every tick is a decision"
